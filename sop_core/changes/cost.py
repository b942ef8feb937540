"""Changes of cost: wages, transport, holding and storage, waiting and lost orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, Group, grid, need, register, scale
from sop_core.changes.capacity import chosen_resources
from sop_core.changes.scope import ITEM_AXES, Scope
from sop_core.errors import ScenarioError
from sop_core.inputs import Floats, Inputs


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class WageChange(Change):
    """Dearer or cheaper work: wages, and the cost of regular and overtime hours, over the whole plan."""

    kind: ClassVar[str] = "wages"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Wages"
    axes: ClassVar[tuple[str, ...]] = ("resources", "sites")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "wages", "scope": {"sites": ["Milan"]}, "pct": 0.035, "note": "collective agreement"}
    )

    pct: float = fields.percent(
        "Wages", "change of wages, hour cost and overtime cost", min=-0.2, max=0.2, step=0.005
    )

    def _check(self, inputs: Inputs) -> None:
        mask, resource = chosen_resources(self.scope, inputs), inputs.resource
        need(
            (resource.wage.max(axis=1) + resource.hour_cost + resource.overtime_cost)[mask],
            "work costs nothing here, so a percentage changes nothing: give `hour_cost` in the table "
            "`resources`, or `wage` in the table `workforce`.",
        )

    def apply(self, inputs: Inputs) -> None:
        mask = self.scope.resource_mask(inputs)
        factor = 1 + self.pct * mask.astype(float)
        scale(inputs.resource.wage, factor[:, None])
        for cost in (inputs.resource.hour_cost, inputs.resource.overtime_cost):
            scale(cost, factor)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All resources", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return f"wages {text.percent(self.pct)}"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class TransportCost(Change):
    """Dearer or cheaper transport; `sites` are where lanes start, `regions` where they end."""

    kind: ClassVar[str] = "transport_cost"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Transport cost"
    axes: ClassVar[tuple[str, ...]] = ("lanes", "sites", "regions", "months")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "transport_cost", "scope": {"lanes": ["Milan to South"], "first": "2027-01"}, "pct": 0.12}
    )

    pct: float = fields.percent("Transport cost", "change of the cost of moving one unit")

    def _check(self, inputs: Inputs) -> None:
        mask = self.scope.lane_mask(inputs)
        need(
            len(mask),
            "the company has no lanes: every site serves every region for nothing. Bring the table `lanes`.",
        )
        need(mask, f"no lane fits {self.scope.place('the scope')}: choose fewer limits.")
        need(
            inputs.lane.unit_cost[mask],
            "these lanes cost nothing, so a percentage changes nothing: give `unit_cost` in the "
            "table `lanes`.",
        )

    def apply(self, inputs: Inputs) -> None:
        weight = grid(self.scope.lane_mask(inputs), self.scope.months(inputs))
        scale(inputs.lane.unit_cost, 1 + self.pct * weight)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All lanes", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return f"transport cost {text.percent(self.pct)}"


class _ItemCost:
    """What Changes of a cost per item share: a percentage of the cost declared, or a new value."""

    __slots__ = ()

    title: ClassVar[str]
    scope: Scope
    pct: float
    value: float | None

    def _validate(self) -> None:
        if self.pct and self.value is not None:
            raise ScenarioError(f"{self.title}: give `pct` or `value`, not both.")

    def _set(self, cost: Floats, inputs: Inputs) -> None:
        """The part of an item in scope gets the new cost; a cost not declared counts as 0 in the mean."""
        share = self.scope.item_share(inputs)
        scale(cost, 1 + self.pct * share)
        if self.value is not None:
            mean = np.nan_to_num(cost) * (1 - share) + self.value * share
            np.copyto(cost, mean, where=share > 0)

    def _scalable(self, cost: Floats, inputs: Inputs, remedy: str) -> None:
        declared = np.nan_to_num(cost)[self.scope.item_share(inputs) > 0]
        need(
            declared if self.pct else True,
            f"there is no such cost to change for {self.scope.place('all products')}: {remedy}",
        )

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All products", inputs)

    def _said(self, what: str, unit: str, inputs: Inputs | None) -> str:
        if self.value is None:
            return f"{what} {text.percent(self.pct)}"
        currency = f" {inputs.currency}" if inputs is not None else ""
        return f"{what} {text.number(self.value)}{currency} a {unit}"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogCost(_ItemCost, Change):
    """Another cost of one unit waiting one month. A value makes waiting count in money where it did not."""

    kind: ClassVar[str] = "backlog_cost"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Backlog cost"
    axes: ClassVar[tuple[str, ...]] = ITEM_AXES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType({"kind": "backlog_cost", "value": 12.0})

    pct: float = fields.percent("Backlog cost", "change of the cost declared", max=1.0)
    value: float | None = fields.new_value("New backlog cost", "money/unit/month", "blank = as it is")

    def _check(self, inputs: Inputs) -> None:
        self._scalable(inputs.item.backorder_cost, inputs, "give `value`, or the setting `backorder_cost`.")

    def apply(self, inputs: Inputs) -> None:
        self._set(inputs.item.backorder_cost, inputs)
        if self.value is not None:
            inputs.policy.late_is_priced = True

    def _what(self, inputs: Inputs | None) -> str:
        return self._said("waiting costs", "unit and month", inputs)


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class LostSaleCost(_ItemCost, Change):
    """Another cost of one unit lost, on top of its margin."""

    kind: ClassVar[str] = "lost_sale_cost"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Lost-sale cost"
    axes: ClassVar[tuple[str, ...]] = ITEM_AXES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "lost_sale_cost", "scope": {"families": ["Road"]}, "value": 40.0}
    )

    pct: float = fields.percent("Lost-sale cost", "change of the cost declared", max=1.0)
    value: float | None = fields.new_value("New lost-sale cost", "money/unit", "blank = as it is")

    def _check(self, inputs: Inputs) -> None:
        self._scalable(inputs.item.lost_sale_cost, inputs, "give `value`, or the setting `lost_sale_cost`.")

    def apply(self, inputs: Inputs) -> None:
        self._set(inputs.item.lost_sale_cost, inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return self._said("a lost sale costs", "unit", inputs)


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingCost(_ItemCost, Change):
    """Another cost of one unit in stock for a month, as dearer money or insurance makes it."""

    kind: ClassVar[str] = "holding_cost"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Holding cost"
    axes: ClassVar[tuple[str, ...]] = ITEM_AXES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "holding_cost", "pct": 0.25, "note": "interest"}
    )

    pct: float = fields.percent("Holding cost", "change of the cost of holding stock", max=1.0)
    value: float | None = fields.new_value("New holding cost", "money/unit/month", "blank = as it is")

    def _check(self, inputs: Inputs) -> None:
        self._scalable(inputs.item.holding_cost, inputs, "give `value`, or the setting `holding_rate`.")

    def apply(self, inputs: Inputs) -> None:
        self._set(inputs.item.holding_cost, inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return self._said("holding stock costs", "unit and month", inputs)


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class StorageCost(Change):
    """Another cost of one unit stored for a month at sites, in percent or as a new value."""

    kind: ClassVar[str] = "storage_cost"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Storage cost"
    axes: ClassVar[tuple[str, ...]] = ("sites",)
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "storage_cost", "scope": {"sites": ["Milan"]}, "pct": 0.1, "note": "energy"}
    )

    pct: float = fields.percent("Storage cost", "change of the cost of storing one unit", max=1.0)
    value: float | None = fields.new_value("New storage cost", "money/unit/month", "blank = as it is")

    def _validate(self) -> None:
        if self.pct and self.value is not None:
            raise ScenarioError(f"{self.title}: give `pct` or `value`, not both.")

    def _check(self, inputs: Inputs) -> None:
        need(
            inputs.site.storage_cost[self.scope.site_mask(inputs)] if self.pct else True,
            f"storing costs nothing for {self.scope.place('all sites')}, so a percentage changes nothing: give "
            "`value`, or `storage_cost` in the table `sites`.",
        )

    def apply(self, inputs: Inputs) -> None:
        mask = self.scope.site_mask(inputs)
        scale(inputs.site.storage_cost, 1 + self.pct * mask.astype(float))
        if self.value is not None:
            inputs.site.storage_cost[mask] = self.value

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All sites", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        if self.value is None:
            return f"storage cost {text.percent(self.pct)}"
        currency = f" {inputs.currency}" if inputs is not None else ""
        return f"storing costs {text.number(self.value)}{currency} a unit and month"
