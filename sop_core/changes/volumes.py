"""Changes of volume that several items share: what a supplier sends of a material, what a lane carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, Group, grid, need, register, scale
from sop_core.changes.scope import Scope
from sop_core.errors import ScenarioError
from sop_core.inputs import Bools, Inputs


def chosen_lines(scope: Scope, inputs: Inputs) -> Bools:
    """[n] materials of suppliers in scope. Raises ScenarioError where there is none."""
    need(inputs.material_names, "the company has no materials: bring the tables `materials` and `bom`.")
    mask = scope.material_mask(inputs)
    need(
        mask,
        f"no material fits {scope.place('the scope')}: choose fewer limits, or bring it in the table `materials`.",
    )
    return mask


def chosen_lanes(scope: Scope, inputs: Inputs) -> Bools:
    """[l] lanes in scope. Raises ScenarioError where there is none."""
    need(
        len(inputs.lane.origin),
        "the company has no lanes: every site serves every region without limit. Bring the table `lanes`.",
    )
    mask = scope.lane_mask(inputs)
    need(
        mask,
        f"no lane fits {scope.place('the scope')}: choose fewer limits, or bring it in the table `lanes`.",
    )
    return mask


def _one_maximum(title: str, pct: float, maximum: float | None) -> None:
    if maximum is not None and pct:
        raise ScenarioError(f"{title}: give `pct` or `maximum`, not both.")


def _maximum_said(pct: float, maximum: float | None) -> list[str]:
    parts = [f"maximum volume {text.percent(pct)}"] if pct else []
    return parts + ([f"maximum {text.number(maximum)} units a month"] if maximum is not None else [])


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialVolume(Change):
    """Another volume of materials: the maximum of each supplier in percent, or a new maximum or minimum.

    Months are those in which the material is bought; it arrives after the supplier's lead time. A minimum above
    the maximum is brought down to it. The price of the material is part of the cost of the units made of it.
    """

    kind: ClassVar[str] = "material_volume"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Material volume"
    axes: ClassVar[tuple[str, ...]] = ("materials", "suppliers", "months")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "material_volume",
            "scope": {"materials": ["Aluminium tube"], "first": "2027-03", "last": "2027-05"},
            "pct": 0.2,
            "note": "second shift at the mill",
        }
    )

    pct: float = fields.percent("Maximum volume", "change of the maximum of each supplier")
    maximum: float | None = fields.new_value(
        "New maximum", "unit/month", "units a month of each supplier; blank = as it is"
    )
    minimum: float | None = fields.new_value(
        "New minimum", "unit/month", "contractual units a month of each supplier; blank = as it is"
    )

    def _validate(self) -> None:
        _one_maximum(self.title, self.pct, self.maximum)
        if self.maximum is not None and self.minimum is not None and self.minimum > self.maximum:
            raise ScenarioError(
                f"{self.title}: `minimum` ({self.minimum:g}) is above `maximum` ({self.maximum:g}): lower it."
            )

    def _check(self, inputs: Inputs) -> None:
        mask = chosen_lines(self.scope, inputs)
        need(
            np.isfinite(inputs.material.max_quantity[mask]) if self.pct else True,
            f"there is no maximum that a percentage could change for {self.scope.place('all materials')}: "
            "give `maximum` here, or `max_quantity` in the table `materials`.",
        )

    def apply(self, inputs: Inputs) -> None:
        material = inputs.material
        weight = grid(self.scope.material_mask(inputs), self.scope.months(inputs))
        scale(material.max_quantity, 1 + self.pct * weight)
        if self.maximum is not None:
            material.max_quantity[weight > 0] = self.maximum
        if self.minimum is not None:
            material.min_quantity[weight > 0] = self.minimum
        # Only where something was changed: what the company brought itself stays as it is.
        np.minimum(material.min_quantity, material.max_quantity, out=material.min_quantity, where=weight > 0)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All materials", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        parts = _maximum_said(self.pct, self.maximum)
        if self.minimum is not None:
            parts.append(f"minimum {text.number(self.minimum)} units a month")
        return " and ".join(parts) or "volume unchanged"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class LaneVolume(Change):
    """Another volume of lanes, all items together: the maximum in percent, or a new maximum for each lane.

    A maximum of 0 closes a lane; a lane that stands in the table `lanes` with 0 is opened by a higher one.
    `sites` are where lanes start, `regions` where they end; months are those of departure.
    """

    kind: ClassVar[str] = "lane_volume"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Lane volume"
    axes: ClassVar[tuple[str, ...]] = ("lanes", "sites", "regions", "months")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "lane_volume",
            "scope": {"lanes": ["Milan to South"], "first": "2027-02"},
            "maximum": 4000.0,
            "note": "second haulier",
        }
    )

    pct: float = fields.percent("Maximum volume", "change of the maximum of each lane")
    maximum: float | None = fields.new_value(
        "New maximum", "unit/month", "units a month of each lane, all items; 0 = closed, blank = as it is"
    )

    def _validate(self) -> None:
        _one_maximum(self.title, self.pct, self.maximum)

    def _check(self, inputs: Inputs) -> None:
        mask = chosen_lanes(self.scope, inputs)
        limit = inputs.lane.max_quantity[mask]
        need(
            np.isfinite(limit) & (limit > 0) if self.pct else True,
            f"there is no maximum that a percentage could change for {self.scope.place('all lanes')}: "
            "give `maximum` here, or `max_quantity` in the table `lanes`.",
        )

    def apply(self, inputs: Inputs) -> None:
        weight = grid(self.scope.lane_mask(inputs), self.scope.months(inputs))
        scale(inputs.lane.max_quantity, 1 + self.pct * weight)
        if self.maximum is not None:
            inputs.lane.max_quantity[weight > 0] = self.maximum

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All lanes", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        if self.maximum == 0:
            return "closed"
        return " and ".join(_maximum_said(self.pct, self.maximum)) or "volume unchanged"
