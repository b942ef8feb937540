"""Production mode: whether an item is made to stock, made to order or assembled to order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, Group, need, register
from sop_core.changes.scope import ITEM_AXES
from sop_core.errors import ScenarioError
from sop_core.inputs import Bools, Floats, Inputs

#: Days in an average month, for targets in days of demand.
_MONTH_DAYS: Final = 365.25 / 12

MODES: Final[Mapping[str, str]] = MappingProxyType(
    {"MTS": "made to stock", "MTO": "made to order", "ATO": "assembled to order"}
)


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionMode(Change):
    """Items made to stock (MTS), to order (MTO) or assembled to order (ATO).

    MTO and ATO hold no finished stock: what is there at the start is used up, then a unit is made only for an
    order, and stock targets and minima do not apply. They differ in the materials, which the plan may hold
    for either: ATO says that they are held, so that only assembly and transport are waited for. MTS holds the
    targets of the table `stock_targets`, or `cover_days` of the coming demand.
    """

    kind: ClassVar[str] = "production_mode"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Production mode"
    axes: ClassVar[tuple[str, ...]] = ITEM_AXES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "production_mode",
            "scope": {"families": ["Trail"]},
            "mode": "MTO",
            "note": "customers wait six weeks",
        }
    )

    mode: str = fields.choice(
        "Mode", tuple(MODES), "MTS = to stock, MTO = to order, ATO = assembled to order"
    )
    cover_days: float | None = fields.new_value(
        "Stock target",
        "days",
        "of the coming demand, with MTS; blank = the targets there are",
        neutral=fields.NO_NEUTRAL,
        highest=3650.0,
    )

    def _validate(self) -> None:
        if self.cover_days is not None and self.mode != "MTS":
            raise ScenarioError(
                f"{self.title}: `cover_days` goes with MTS: {self.mode} holds no finished stock, leave it out."
            )

    def _rows(self, inputs: Inputs) -> Bools:
        return np.asarray(self.scope.item_share(inputs) > 0, dtype=np.bool_)

    def _check(self, inputs: Inputs) -> None:
        share = self.scope.item_share(inputs)
        need(share > 0, f"no item fits {self.scope.place('the scope', inputs)}: choose another.")
        partly = np.flatnonzero((share > 0) & (share < 1))
        if len(partly):
            raise ScenarioError(
                f"{text.listing(self.scope.products)} is planned as a part of {inputs.items[partly[0]]}, which "
                "has one production mode: choose the family."
            )

    def apply(self, inputs: Inputs) -> None:
        rows = self._rows(inputs)
        inputs.item.make_to_order[rows] = self.mode != "MTS"
        if self.mode != "MTS":
            inputs.stock.end_minimum[rows] = 0.0
        elif self.cover_days is not None:
            demand = inputs.demand.base.sum(axis=(1, 2))
            ahead = np.concatenate([demand[:, 1:], demand[:, -1:]], axis=1)
            units = ahead * self.cover_days / _MONTH_DAYS
            inputs.stock.target[rows] = (stock_places(inputs)[:, :, None] * units[:, None, :])[rows]

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All products", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        held = ""
        if self.cover_days is not None:
            held = f", stock target {text.count(self.cover_days, 'day')} of demand"
        return f"{MODES[self.mode]}{held}"


def stock_places(inputs: Inputs) -> Floats:
    """[i, s] part of an item's stock at each site, sums to 1: where targets lie already, else the warehouses that
    serve its demand (other sites where there are none), else the sites of its sources, else the first site."""
    lane, demand = inputs.lane, inputs.demand.base.sum(axis=(2, 3))
    serves = np.zeros((len(inputs.regions), len(inputs.site_names)))
    ends = np.flatnonzero(lane.to_region >= 0)
    serves[lane.to_region[ends], lane.origin[ends]] = 1.0
    warehouses = serves * ~inputs.site.is_plant
    serves = np.where(warehouses.any(axis=1, keepdims=True), warehouses, serves)
    sourced = np.zeros((len(inputs.items), len(inputs.site_names)))
    sourced[inputs.source.item, inputs.source.site] = 1.0
    first = np.zeros_like(sourced)
    first[:, 0] = 1.0
    places = inputs.stock.target.sum(axis=2)
    for other in (demand @ _parts(serves), sourced, first):
        places = np.where(places.sum(axis=1, keepdims=True) > 0, places, other)
    return _parts(places)


def _parts(weight: Floats) -> Floats:
    total = weight.sum(axis=1, keepdims=True)
    result: Floats = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    return result
