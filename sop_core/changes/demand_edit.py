"""Demand typed into the grid: one line, many months, with its reason and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.calendar import month_label, span_label
from sop_core.changes import fields, text
from sop_core.changes.base import Change, need, register
from sop_core.changes.fields import Monthly
from sop_core.changes.scope import DEMAND_AXES
from sop_core.errors import ScenarioError
from sop_core.inputs import Edit, Inputs

#: What the typed numbers are: units of the whole scope, units on top, a fraction on top.
SET, ADD, PERCENT = "set", "add", "percent"

#: Spans of months that a sentence names one by one.
_MOST_SPANS = 3


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandEdit(Change):
    """Demand of a scope typed month by month: its total, units on top of it, or a percentage on top of it.

    It acts after all layers, on the demand as the changes before it left it, promotions and launches included, and
    is spread in the mix of that demand: the total is the number typed, to the last unit. Edits act in the order of
    the scenario, the later one counts: a family set after one of its products scales all its products, a product
    set after its family changes the family's total. `owner` says who answers for the numbers.
    """

    kind: ClassVar[str] = "demand_edit"
    title: ClassVar[str] = "Demand by month"
    axes: ClassVar[tuple[str, ...]] = DEMAND_AXES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "demand_edit",
            "scope": {"families": ["Road"], "regions": ["South"]},
            "mode": "set",
            "values": {"2027-03": 1200.0, "2027-04": 1350.0},
            "owner": "A. Rossi",
            "note": "dealer listing",
        }
    )

    mode: str = fields.choice(
        "What the numbers are",
        (SET, ADD, PERCENT),
        "set: units of the whole scope; add: units on top; percent: a fraction on top, 0.05 is 5 % more",
        default=SET,
        key=True,
    )
    values: tuple[tuple[str, float], ...] = fields.monthly(
        "Month by month", "unit/month", "months that are not given stay as they are"
    )
    owner: str | None = fields.remark("Owner", "who answers for the numbers", key=True)

    def _validate(self) -> None:
        low, high = {SET: (0.0, 1e12), ADD: (-1e12, 1e12), PERCENT: (-1.0, 10.0)}[self.mode]
        for month, value in self.values:
            if not low <= value <= high:
                allowed = f"at least {low:g}" if self.mode == SET else f"from {low:g} to {high:g}"
                raise ScenarioError(
                    f"{self.title}: `values[{month}]` is {value:g}: with mode {self.mode} it must be {allowed}."
                )

    def _check(self, inputs: Inputs) -> None:
        need(
            self.scope.item_share(inputs),
            f"{text.listing(self.scope.products)} has no part in the demand of its family, so nothing would "
            "change. Choose the family, or the launch where the product is new.",
        )
        need(
            np.isfinite(self.by_month(inputs)),
            f"no month of `values` lies in the plan: choose months in "
            f"{span_label(inputs.months[0], inputs.months[-1])}.",
        )

    def apply(self, inputs: Inputs) -> None:
        inputs.demand.edits.append(self.edit(inputs))

    def edit(self, inputs: Inputs) -> Edit:
        """What is typed, on the axes of a company."""
        return Edit(
            self.scope.item_share(inputs),
            self.scope.region_mask(inputs),
            self.scope.segment_mask(inputs),
            self.by_month(inputs),
            self.mode,
        )

    def by_month(self, inputs: Inputs) -> np.ndarray:
        """[t] the values on the company's horizon; nan where a month is not given."""
        first = int(inputs.months[0].astype(int))
        out = np.full(inputs.horizon, np.nan)
        for month, value in self.values:
            at = _ordinal(month) - first
            if 0 <= at < inputs.horizon:
                out[at] = value
        return out

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All products", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        spans = _spans(self.values)
        if spans:
            said = ", ".join(f"{self._number(value)} {when}" for when, value in spans)
            return {SET: f"demand set to {said}", ADD: said, PERCENT: f"demand {said}"}[self.mode]
        first, last = self.values[0][0], self.values[-1][0]
        over = f"in {len(self.values)} months, {month_label(first)} to {month_label(last)}"
        numbers = [value for _, value in self.values]
        if self.mode == PERCENT:
            return f"demand {text.percent(min(numbers))} to {text.percent(max(numbers))} {over}"
        if self.mode == ADD:
            return f"{text.number(sum(numbers), signed=True)} units {over}"
        return f"demand set {over}, {text.number(sum(numbers))} units in all"

    def _number(self, value: float) -> str:
        if self.mode == PERCENT:
            return text.percent(value)
        return text.number(value) if self.mode == SET else f"{text.number(value, signed=True)} units"

    def _why(self) -> str:
        return ", ".join(part for part in (self.note, self.owner) if part)


def _ordinal(month: str) -> int:
    """Months since January 1970 of a `YYYY-MM` text, as numpy counts them."""
    return (int(month[:4]) - 1970) * 12 + int(month[5:7]) - 1


def _spans(values: Monthly) -> list[tuple[str, float]]:
    """Months in a row of one value as one: [("in Mar 27", 1200.0), ("a month in Apr-May 27", 1350.0)]; empty where
    they are too many to be named."""
    runs: list[tuple[str, str, float]] = []
    for month, value in values:
        if runs and runs[-1][2] == value and _ordinal(month) == _ordinal(runs[-1][1]) + 1:
            runs[-1] = (runs[-1][0], month, value)
        else:
            runs.append((month, month, value))
    if len(runs) > _MOST_SPANS:
        return []
    return [
        (f"in {month_label(a)}" if a == b else f"a month in {span_label(a, b)}", value)
        for a, b, value in runs
    ]
