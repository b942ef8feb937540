"""Change of a product's end: sold until another day than the data say, or ended where they say nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.calendar import MonthArray, days_in, month_label
from sop_core.changes import fields
from sop_core.changes.base import Change, need, register
from sop_core.errors import ScenarioError
from sop_core.inputs import Floats, Inputs


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseOut(Change):
    """A product is sold until a day and no longer, whatever end it had before; a family loses its part."""

    kind: ClassVar[str] = "phase_out"
    title: ClassVar[str] = "Phase-out"
    axes: ClassVar[tuple[str, ...]] = ("products",)
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "phase_out",
            "scope": {"products": ["Trail 500"]},
            "end": "2027-08-31",
            "note": "stock is sold off first",
        }
    )

    end: dt.date = fields.date("Last day of sale")  # noqa: RUF009 - a field, not a day

    def _check(self, inputs: Inputs) -> None:
        if not self.scope.products:
            raise ScenarioError("say in `scope` which product ends: products.")
        shares = np.array([inputs.product_share[product][1] for product in self.scope.products])
        need(
            shares,
            f"{', '.join(self.scope.products)} has no part in the demand of its family, so nothing would end. "
            "Choose a product that sells.",
        )

    def apply(self, inputs: Inputs) -> None:
        demand, last = inputs.demand, np.datetime64(self.end, "D")
        nat = np.datetime64("NaT", "D")
        for product in self.scope.products:
            i, share = inputs.product_share[product]
            first, before = demand.sale_days.get(product, (nat, nat))
            change = on_sale(inputs.months, first, last) - on_sale(inputs.months, first, before)
            demand.running[i] = np.clip(demand.running[i] + share * change, 0.0, 1.0)
            demand.sale_days[product] = (first, last)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("No product", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return f"sold until {self.end.day} {month_label(self.end)}"


def on_sale(months: MonthArray, first: np.datetime64, last: np.datetime64) -> Floats:
    """[t] part of each month's days between the first and the last day of sale, both included; NaT = open."""
    begin, stop = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
    begin = begin if np.isnat(first) else np.maximum(begin, first)
    stop = stop if np.isnat(last) else np.minimum(stop, last + 1)
    part: Floats = np.clip((stop - begin).astype(int), 0, None) / days_in(months)
    return part
