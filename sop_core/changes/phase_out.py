"""Change of a product's end: sold until another day than the data say, or ended where they say nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.calendar import month_label, month_part
from sop_core.changes import fields
from sop_core.changes.base import Change, need, register
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs


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
            change = month_part(inputs.months, first, last) - month_part(inputs.months, first, before)
            demand.running[i] = np.clip(demand.running[i] + share * change, 0.0, 1.0)
            demand.sale_days[product] = (first, last)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("No product", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return f"sold until {self.end.day} {month_label(self.end)}"
