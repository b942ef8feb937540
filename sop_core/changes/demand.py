"""Changes of demand: growth, sales input, overrides, price with elasticity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, need, register
from sop_core.changes.scope import DEMAND_AXES, Scope
from sop_core.inputs import Edit, Floats, Inputs

#: Stated default: 1 % dearer sells 1.2 % less.
DEFAULT_ELASTICITY = -1.2


class _OnDemand:
    """Words that Changes of demand share."""

    __slots__ = ()

    scope: Scope

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All products", inputs)


def in_scope(scope: Scope, inputs: Inputs) -> Floats:
    """[i, r, m, t] cells in scope. Raises ScenarioError where the products have no part in any item."""
    cells = scope.cells(inputs)
    need(
        cells,
        f"{text.listing(scope.products)} has no part in the demand of its family, so nothing would change. "
        "Choose the family, or the launch where the product is new.",
    )
    return cells


def spread(base: Floats, cells: Floats) -> Floats:
    """[i, r, m, t] shares that sum to 1 in each month in scope: by base demand, evenly where that is 0."""
    weight = np.maximum(base, 0.0) * cells
    total = weight.sum(axis=(0, 1, 2))
    even = cells.sum(axis=(0, 1, 2))
    weight = np.where(total > 0, weight, cells)
    total = np.where(total > 0, total, even)
    return weight / np.where(total > 0, total, 1.0)


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandGrowth(_OnDemand, Change):
    """More or less demand, in percent, before sales input and overrides."""

    kind: ClassVar[str] = "demand_growth"
    title: ClassVar[str] = "Demand growth"
    axes: ClassVar[tuple[str, ...]] = (*DEMAND_AXES, "months")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "demand_growth",
            "scope": {"families": ["Trail"], "regions": ["North"], "first": "2027-03", "last": "2027-05"},
            "pct": 0.05,
            "note": "new dealer",
        }
    )

    pct: float = fields.percent("Demand", "change of demand; 0.05 is 5 % more")

    def _check(self, inputs: Inputs) -> None:
        in_scope(self.scope, inputs)

    def apply(self, inputs: Inputs) -> None:
        inputs.demand.growth *= 1 + self.pct * self.scope.cells(inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return f"demand {text.percent(self.pct)}"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class SalesInput(_OnDemand, Change):
    """Units that sales adds to the plan each month, over the scope by base demand."""

    kind: ClassVar[str] = "sales_input"
    title: ClassVar[str] = "Sales input"
    axes: ClassVar[tuple[str, ...]] = (*DEMAND_AXES, "months")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "sales_input",
            "scope": {
                "products": ["Trail 500"],
                "segments": ["Retail"],
                "first": "2027-04",
                "last": "2027-06",
            },
            "units": 250.0,
        }
    )

    units: float = fields.number(
        "Units a month", "unit/month", "units added in each month to the whole scope, spread by base demand"
    )

    def _check(self, inputs: Inputs) -> None:
        in_scope(self.scope, inputs)

    def apply(self, inputs: Inputs) -> None:
        inputs.demand.added += self.units * spread(inputs.demand.base, self.scope.cells(inputs))

    def _what(self, inputs: Inputs | None) -> str:
        return f"{text.number(self.units, signed=True)} units a month"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandOverride(_OnDemand, Change):
    """Units a month that replace the demand of the scope, spread by base demand.

    Where a product is only a part of its planning item, its part of the item's baseline, as changed so far
    by growth, price and events, is replaced; the item's promotions and launches stay. After demand was typed by
    month it acts as one more of those edits, spread by the demand that they left.
    """

    kind: ClassVar[str] = "demand_override"
    title: ClassVar[str] = "Demand override"
    axes: ClassVar[tuple[str, ...]] = (*DEMAND_AXES, "months")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "demand_override",
            "scope": {"families": ["Road"], "regions": ["South"], "first": "2027-06", "last": "2027-06"},
            "units": 1800.0,
        }
    )

    units: float = fields.number(
        "Units a month",
        "unit/month",
        "units that replace the demand of the whole scope in each month",
        default=fields.REQUIRED,
        neutral=fields.NO_NEUTRAL,
        lowest=0.0,
    )

    def _check(self, inputs: Inputs) -> None:
        in_scope(self.scope, inputs)

    def apply(self, inputs: Inputs) -> None:
        demand, cells = inputs.demand, self.scope.cells(inputs)
        if demand.edits:  # the later change counts
            where = (
                self.scope.item_share(inputs),
                self.scope.region_mask(inputs),
                self.scope.segment_mask(inputs),
            )
            values = np.where(self.scope.months(inputs), self.units, np.nan)
            demand.edits.append(Edit(*where, values, "set"))
            return
        units = self.units * spread(demand.base, cells)
        partly = (cells > 0) & (cells < 1)
        set_before = partly & ~np.isnan(demand.override)
        replaced = cells * demand.base * demand.growth * demand.elasticity_factor * demand.event_factor
        replaced *= demand.running[:, None, None, :]
        np.copyto(demand.override, demand.override * (1 - cells) + units, where=set_before)
        np.copyto(demand.override, units, where=cells >= 1)
        np.add(demand.added, units - replaced, out=demand.added, where=partly & ~set_before)

    def _what(self, inputs: Inputs | None) -> str:
        return f"demand set to {text.number(self.units)} units a month"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange(_OnDemand, Change):
    """Another price, and the demand that follows from it: (1 + pct) ^ elasticity.

    Where a product is only a part of its planning item, the item's price becomes the mean over its units.
    """

    kind: ClassVar[str] = "price_change"
    title: ClassVar[str] = "Price"
    axes: ClassVar[tuple[str, ...]] = (*DEMAND_AXES, "months")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "price_change",
            "scope": {"categories": ["Bikes"], "first": "2027-01"},
            "pct": 0.03,
            "elasticity": -1.2,
        }
    )

    pct: float = fields.percent("Price", "change of the net price; 0.03 is 3 % dearer", lowest=-0.95)
    elasticity: float = fields.number(
        "Elasticity",
        "",
        "change of demand in percent for 1 % of price; -1.2 unless the company knows its own, 0 = none",
        default=DEFAULT_ELASTICITY,
        neutral=fields.NO_NEUTRAL,
        lowest=-10.0,
        highest=0.0,
        min=-4.0,
        max=0.0,
        step=0.1,
    )

    def _check(self, inputs: Inputs) -> None:
        cells = in_scope(self.scope, inputs)
        need(
            inputs.demand.price[cells > 0],
            "there is no price to change here: bring `price` in the table `products`, or the table `prices`.",
        )

    def apply(self, inputs: Inputs) -> None:
        cells = self.scope.cells(inputs)
        follows = (1 + self.pct) ** self.elasticity
        demand = 1 + cells * (follows - 1)
        # Part of the item's units, after the change, that is sold at the new price.
        mix = np.where(cells >= 1, 1.0, cells * follows / demand)
        inputs.demand.elasticity_factor *= demand
        inputs.demand.price_factor *= 1 + mix * self.pct

    def _what(self, inputs: Inputs | None) -> str:
        return f"price {text.percent(self.pct)} at elasticity {text.number(self.elasticity)}"
