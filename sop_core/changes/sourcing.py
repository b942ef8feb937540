"""Changes of sources and stock: volumes, purchase cost, safety stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, Group, grid, need, register, scale
from sop_core.changes.scope import ITEM_AXES, SOURCE_AXES, Scope
from sop_core.errors import ScenarioError
from sop_core.inputs import Floats, Inputs

_SOURCES = (*SOURCE_AXES, *ITEM_AXES, "sites", "months")


def chosen_sources(scope: Scope, inputs: Inputs) -> Floats:
    """[k] part of each source in scope. Raises ScenarioError where there is none."""
    weight = scope.source_weight(inputs)
    need(
        weight,
        f"no source fits {scope.place('the scope')}: choose fewer limits, or bring it in the "
        "table `sources`.",
    )
    return weight


class _OnSources:
    """Words that Changes of sources share."""

    __slots__ = ()

    scope: Scope

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All sources", inputs)


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceVolume(_OnSources, Change):
    """Another volume of sources: the maximum in percent, or a new maximum or minimum for each source.

    A minimum above the maximum is brought down to it.
    """

    kind: ClassVar[str] = "source_volume"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Source volume"
    axes: ClassVar[tuple[str, ...]] = _SOURCES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "source_volume",
            "scope": {"suppliers": ["Kunshan Frames"], "products": ["Trail 500"], "first": "2027-03"},
            "maximum": 900.0,
            "minimum": 300.0,
        }
    )

    pct: float = fields.percent("Maximum volume", "change of the maximum of each source")
    maximum: float | None = fields.new_value(
        "New maximum", "unit/month", "units a month of each source; blank = as it is"
    )
    minimum: float | None = fields.new_value(
        "New minimum", "unit/month", "contractual units a month of each source; blank = as it is"
    )

    def _validate(self) -> None:
        if self.maximum is not None and self.pct:
            raise ScenarioError(f"{self.title}: give `pct` or `maximum`, not both.")
        if self.maximum is not None and self.minimum is not None and self.minimum > self.maximum:
            raise ScenarioError(
                f"{self.title}: `minimum` ({self.minimum:g}) is above `maximum` ({self.maximum:g}): lower it."
            )

    def _check(self, inputs: Inputs) -> None:
        weight, limit = chosen_sources(self.scope, inputs), inputs.source.max_quantity
        need(
            np.isfinite(limit[weight > 0]) if self.pct else True,
            f"there is no maximum that a percentage could change for {self.scope.place('all sources')}: "
            "give `maximum` here, or "
            "`max_quantity` in the table `sources`.",
        )
        partly = (weight > 0) & (weight < 1)
        if partly.any() and (self.maximum is not None or self.minimum is not None):
            raise ScenarioError(
                f"{text.listing(self.scope.products)} is planned as a part of its family, whose sources have "
                "one volume: choose the family, or change the volume in percent."
            )

    def apply(self, inputs: Inputs) -> None:
        source = inputs.source
        weight = grid(self.scope.source_weight(inputs), self.scope.months(inputs))
        scale(source.max_quantity, 1 + self.pct * weight)
        if self.maximum is not None:
            source.max_quantity[weight > 0] = self.maximum
        if self.minimum is not None:
            source.min_quantity[weight > 0] = self.minimum
        # Only where something was changed: what the company brought itself stays as it is.
        np.minimum(source.min_quantity, source.max_quantity, out=source.min_quantity, where=weight > 0)

    def _what(self, inputs: Inputs | None) -> str:
        parts = [f"maximum volume {text.percent(self.pct)}"] if self.pct else []
        if self.maximum is not None:
            parts.append(f"maximum {text.number(self.maximum)} units a month")
        if self.minimum is not None:
            parts.append(f"minimum {text.number(self.minimum)} units a month")
        return " and ".join(parts) or "volume unchanged"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCost(_OnSources, Change):
    """Another unit cost of sources; the standard cost that values stock stays."""

    kind: ClassVar[str] = "source_cost"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Source cost"
    axes: ClassVar[tuple[str, ...]] = _SOURCES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "source_cost",
            "scope": {"kinds": ["buy"], "first": "2027-01"},
            "pct": 0.04,
            "note": "dollar",
        }
    )

    pct: float = fields.percent("Unit cost", "change of the cost of one unit from these sources")

    def _check(self, inputs: Inputs) -> None:
        weight = chosen_sources(self.scope, inputs)
        need(
            inputs.source.unit_cost[weight > 0],
            f"units cost nothing from {self.scope.place('all sources')}: "
            "give `unit_cost` in "
            "the table `sources` or `products`.",
        )

    def apply(self, inputs: Inputs) -> None:
        weight = grid(self.scope.source_weight(inputs), self.scope.months(inputs))
        scale(inputs.source.unit_cost, 1 + self.pct * weight)

    def _what(self, inputs: Inputs | None) -> str:
        return f"unit cost {text.percent(self.pct)}"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyStockCover(Change):
    """Higher or lower stock targets, in every month and at every site."""

    kind: ClassVar[str] = "safety_stock"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Safety stock"
    axes: ClassVar[tuple[str, ...]] = ITEM_AXES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "safety_stock", "scope": {"families": ["Accessories"]}, "pct": -0.3}
    )

    pct: float = fields.percent("Stock targets", "change of the stock targets; -1 = none", min=-1.0, max=1.0)

    def _check(self, inputs: Inputs) -> None:
        share = self.scope.item_share(inputs)
        need(
            inputs.stock.target[share > 0],
            f"there is no stock target to change for {self.scope.place('all products')}: bring "
            "the table `stock_targets`, or "
            "history from which safety stock is worked out.",
        )

    def apply(self, inputs: Inputs) -> None:
        inputs.stock.cover_factor *= 1 + self.pct * self.scope.item_share(inputs)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All products", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return f"stock targets {text.percent(self.pct)}"
