"""Change of lead times: a supplier late by a month, a lane that takes a month less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, Group, register
from sop_core.errors import ScenarioError
from sop_core.inputs import Bools, Inputs, Ints


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTime(Change):
    """Longer or shorter lead times of sources, of materials and of lanes, over the whole plan.

    `suppliers` are meant with all they send, items and materials. It holds for what is started in the plan: what
    is under way arrives as announced. Stock targets stay as they are. Output committed in the frozen months that
    can no longer be there in time is no longer expected. A plan with other lead times is solved from the beginning,
    which takes longer than other Changes do.
    """

    kind: ClassVar[str] = "lead_time"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Lead time"
    axes: ClassVar[tuple[str, ...]] = ("sources", "suppliers", "materials", "lanes", "sites")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "lead_time",
            "scope": {"suppliers": ["Kunshan Frames"]},
            "months": 1,
            "note": "ships go round the cape",
        }
    )

    months: int = fields.integer(
        "Lead time",
        "months",
        "months more; negative = shorter, never below none",
        default=0,
        neutral=0,
        min=-2,
        max=3,
        lowest=-24,
        highest=24,
    )

    def _hits(self, inputs: Inputs) -> tuple[Bools, Bools, Bools]:
        """Sources [k], material lines [n] and lanes [l] that are meant."""
        scope = self.scope
        elsewhere = scope.suppliers or scope.materials or scope.lanes
        sources = bool(scope.sources) or (bool(scope.suppliers) and not scope.materials)
        sources |= bool(scope.sites) and not elsewhere
        lines = bool(scope.materials) or (bool(scope.suppliers) and not (scope.sources or scope.sites))
        return (
            (scope.source_weight(inputs) > 0) & sources,
            scope.material_mask(inputs) & lines,
            scope.lane_mask(inputs) & bool(scope.lanes),
        )

    def _validate(self) -> None:
        if not self.scope.used:
            raise ScenarioError(
                f"{self.title}: say in `scope` what takes longer: sources, suppliers, materials, lanes, sites."
            )

    def _check(self, inputs: Inputs) -> None:
        sources, lines, lanes = self._hits(inputs)
        wanted = (
            (sources, self.scope.sources),
            (lines, self.scope.materials),
            (lanes, self.scope.lanes),
            (np.concatenate([sources, lines]), self.scope.suppliers),
            (np.concatenate([sources, lanes]), self.scope.sites),
        )
        for hit, names in wanted:
            if names and not hit.any():
                raise ScenarioError(
                    f"nothing fits {self.scope.place('the scope')}: choose fewer limits, so that "
                    f"{text.listing(names)} has a lead time to change."
                )

    def apply(self, inputs: Inputs) -> None:
        hits = self._hits(inputs)
        before = _first_output(inputs)
        for lead, hit in zip((inputs.source.lead, inputs.material.lead, inputs.lane.lead), hits, strict=True):
            lead[hit] = np.maximum(lead[hit] + self.months, 0)
        after = _first_output(inputs)
        month = np.arange(inputs.horizon)
        gone = (month >= before[:, :, None]) & (month < after[:, :, None])
        inputs.stock.committed[gone] = np.nan

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("Nothing", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        if not self.months:
            return "lead time unchanged"
        return f"lead time {text.count(self.months, 'month')} {'longer' if self.months > 0 else 'shorter'}"


def _first_output(inputs: Inputs) -> Ints:
    """[i, s] first month of the plan in which something started in it can be there; the horizon without a source."""
    source = inputs.source
    first = np.full((len(inputs.items), len(inputs.site_names)), inputs.horizon, dtype=np.int64)
    np.minimum.at(first, (source.item, source.site), source.lead)
    return first
