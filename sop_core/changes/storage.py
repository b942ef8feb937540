"""Changes of room and stock at a site: storage capacity, the least stock when the plan ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, Group, need, register, scale
from sop_core.changes.mode import stock_places
from sop_core.changes.scope import ITEM_AXES
from sop_core.errors import ScenarioError
from sop_core.inputs import Bools, Floats, Inputs


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class StorageCapacity(Change):
    """More or less room at sites: in percent, or a new capacity of each. It holds in every month of the plan.

    What does not fit is planned all the same and reported as overfull. The room itself costs what the site's
    storage cost says for the units in it, and no rent beside.
    """

    kind: ClassVar[str] = "storage_capacity"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Storage capacity"
    axes: ClassVar[tuple[str, ...]] = ("sites",)
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "storage_capacity",
            "scope": {"sites": ["Milan"]},
            "capacity": 12000.0,
            "note": "hall rented",
        }
    )

    pct: float = fields.percent("Storage capacity", "change of the units that each site can hold")
    capacity: float | None = fields.new_value(
        "New capacity", "unit", "units of all items at each site; blank = as it is"
    )

    def _validate(self) -> None:
        if self.capacity is not None and self.pct:
            raise ScenarioError(f"{self.title}: give `pct` or `capacity`, not both.")

    def _check(self, inputs: Inputs) -> None:
        need(
            np.isfinite(inputs.site.capacity[self.scope.site_mask(inputs)]) if self.pct else True,
            f"there is no capacity that a percentage could change for {self.scope.place('all sites')}: "
            "give `capacity` here, or `storage_capacity` in the table `sites`.",
        )

    def apply(self, inputs: Inputs) -> None:
        mask = self.scope.site_mask(inputs)
        scale(inputs.site.capacity, 1 + self.pct * mask.astype(float))
        if self.capacity is not None:
            inputs.site.capacity[mask] = self.capacity

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All sites", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        if self.capacity is not None:
            return f"room for {text.number(self.capacity)} units"
        return f"storage capacity {text.percent(self.pct)}"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class EndStock(Change):
    """The least stock of each item when the plan ends: in percent, or so many units of each item.

    New units are split over the sites in scope as the item's stock targets are (else over the sites that serve
    it). What is missing at the end is reported. Items made to order hold no stock and are left out.
    """

    kind: ClassVar[str] = "end_stock"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Stock at the end"
    axes: ClassVar[tuple[str, ...]] = (*ITEM_AXES, "sites")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "end_stock",
            "scope": {"families": ["Trail"]},
            "units": 400.0,
            "note": "stock for the trade fair after the plan",
        }
    )

    pct: float = fields.percent("Least stock at the end", "change of the minimum there is", max=1.0)
    units: float | None = fields.new_value(
        "New least stock at the end", "unit", "units of each item when the plan ends; blank = as it is"
    )

    def _validate(self) -> None:
        if self.units is not None and self.pct:
            raise ScenarioError(f"{self.title}: give `pct` or `units`, not both.")

    def _share(self, inputs: Inputs) -> Floats:
        """[i] part of each item in scope; nil of what is made to order."""
        return self.scope.item_share(inputs) * ~inputs.item.make_to_order

    def _check(self, inputs: Inputs) -> None:
        share = self._share(inputs)
        place = self.scope.place("all products")
        need(
            share,
            f"{place}: nothing there is made to stock, so there is no stock to keep. Choose another item.",
        )
        need(
            inputs.stock.end_minimum[np.ix_(share > 0, self.scope.site_mask(inputs))] if self.pct else True,
            f"there is no least stock at the end that a percentage could change for {place}: give `units` here, "
            "or `minimum` in the table `stock_targets`.",
        )
        partly = np.flatnonzero((share > 0) & (share < 1))
        if len(partly) and self.units is not None:
            raise ScenarioError(
                f"{text.listing(self.scope.products)} is planned as a part of {inputs.items[partly[0]]}, which has "
                "one stock: choose the family, or change it in percent."
            )

    def apply(self, inputs: Inputs) -> None:
        share, sites = self._share(inputs), self.scope.site_mask(inputs)
        least = inputs.stock.end_minimum
        least *= 1 + self.pct * share[:, None] * sites
        if self.units is not None:
            block = np.ix_(share > 0, sites)
            least[block] = self.units * _split(stock_places(inputs), sites)[block]

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All products", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        if self.units is not None:
            return f"at least {text.number(self.units)} units of each item in stock when the plan ends"
        return f"least stock at the end of the plan {text.percent(self.pct)}"


def _split(places: Floats, sites: Bools) -> Floats:
    """[i, s] parts over these sites alone, which sum to 1; alike where the item has none of its stock there."""
    own = places * sites
    own[own.sum(axis=1) <= 0] = sites
    result: Floats = own / own.sum(axis=1, keepdims=True)
    return result
