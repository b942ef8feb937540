"""Changes of capacity: regular hours, machine hours, hours per unit, overtime, shifts, outages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, Group, add, grid, need, register, scale
from sop_core.changes.scope import ITEM_AXES, Scope
from sop_core.errors import ScenarioError
from sop_core.inputs import Bools, Floats, Inputs

_RESOURCES = ("resources", "sites", "months")


def chosen_resources(scope: Scope, inputs: Inputs) -> Bools:
    """[q] resources in scope. Raises ScenarioError where there is none."""
    mask = scope.resource_mask(inputs)
    if not mask.any():
        if not inputs.resource_names:
            raise ScenarioError("the company has no resources: bring the table `resources`.")
        named = text.listing(scope.resources) if scope.resources else "no resource"
        raise ScenarioError(
            f"{named} is at {text.listing(scope.sites)}: choose another site, or leave the site out."
            if not scope.resources
            else f"{named} is not at {text.listing(scope.sites)}: leave the site out, or choose its own."
        )
    return mask


def _heads_hours(inputs: Inputs, hours: float) -> Floats:
    """[q, 1] hours of each head at the start that together make `hours`; 0 without heads."""
    heads = inputs.resource.headcount
    return np.where(heads > 0, hours / np.where(heads > 0, heads, 1.0), 0.0)[:, None]


class _OnResources:
    """Words that Changes of resources share."""

    __slots__ = ()

    scope: Scope

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All resources", inputs)


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityChange(_OnResources, Change):
    """More or fewer regular hours, in percent, in hours a month of each resource, or both.

    Where people stand behind a resource, its machine hours and the hours of each head change alike; wages
    stay as they are. Resources without a limit of their own have nothing to change.
    """

    kind: ClassVar[str] = "capacity"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Capacity"
    axes: ClassVar[tuple[str, ...]] = _RESOURCES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "capacity",
            "scope": {"resources": ["Line 2"], "first": "2027-03", "last": "2027-05"},
            "pct": -0.2,
            "note": "press overhaul",
        }
    )

    pct: float = fields.percent("Regular hours", "change of the regular hours; -0.2 is 20 % fewer")
    hours: float = fields.number(
        "Regular hours a month", "h/month", "hours added to each resource, after the percentage"
    )

    def _check(self, inputs: Inputs) -> None:
        mask, resource = chosen_resources(self.scope, inputs), inputs.resource
        limited = np.isfinite(resource.hours).any(axis=1) | resource.people
        need(
            limited[mask],
            f"there is no limit of hours to change for {self.scope.place('all resources')}: "
            "give `hours` in the table `resources`.",
        )

    def apply(self, inputs: Inputs) -> None:
        resource = inputs.resource
        weight = grid(self.scope.resource_mask(inputs), self.scope.months(inputs))
        people = weight * resource.people[:, None]
        scale(resource.hours, 1 + self.pct * weight)
        add(resource.hours, self.hours * weight)
        scale(resource.hours_per_head, 1 + self.pct * people)
        add(resource.hours_per_head, _heads_hours(inputs, self.hours) * people)

    def _what(self, inputs: Inputs | None) -> str:
        return _hours_said(self.pct, self.hours, "hours")


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class MachineHours(_OnResources, Change):
    """More or fewer hours of the machines alone, in percent, in hours a month of each resource, or both.

    The people behind a machine, their hours and wages stay as they are. Without people it is the same as Capacity.
    """

    kind: ClassVar[str] = "machine_hours"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Machine hours"
    axes: ClassVar[tuple[str, ...]] = _RESOURCES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "machine_hours",
            "scope": {"resources": ["Line 1"], "first": "2027-06"},
            "hours": 120.0,
            "note": "second press",
        }
    )

    pct: float = fields.percent("Machine hours", "change of the machines' own regular hours")
    hours: float = fields.number(
        "Machine hours a month", "h/month", "hours added to each resource's own limit, after the percentage"
    )

    def _check(self, inputs: Inputs) -> None:
        mask = chosen_resources(self.scope, inputs)
        need(
            np.isfinite(inputs.resource.hours[mask]),
            f"the machine itself has no limit of hours for {self.scope.place('all resources')}: give `hours` in "
            "the table `resources`.",
        )

    def apply(self, inputs: Inputs) -> None:
        weight = grid(self.scope.resource_mask(inputs), self.scope.months(inputs))
        scale(inputs.resource.hours, 1 + self.pct * weight)
        add(inputs.resource.hours, self.hours * weight)

    def _what(self, inputs: Inputs | None) -> str:
        return _hours_said(self.pct, self.hours, "machine hours")


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class HoursPerUnit(Change):
    """More or fewer hours that one unit takes on the resources, over the whole plan: productivity.

    A product planned in its family counts with its part of the family.
    """

    kind: ClassVar[str] = "hours_per_unit"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Hours per unit"
    axes: ClassVar[tuple[str, ...]] = ("resources", "sites", "sources", *ITEM_AXES)
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "hours_per_unit",
            "scope": {"resources": ["Line 1"], "families": ["Trail"]},
            "pct": -0.05,
            "note": "new fixture",
        }
    )

    pct: float = fields.percent(
        "Hours per unit", "change of the hours of one unit; -0.05 is 5 % faster", lowest=-0.9
    )

    def _weight(self, inputs: Inputs) -> Floats:
        """[j] part of each routing row in scope."""
        source = inputs.source
        by_source = self.scope.source_weight(inputs)[source.routing_source]
        result: Floats = by_source * self.scope.resource_mask(inputs)[source.routing_resource]
        return result

    def _check(self, inputs: Inputs) -> None:
        need(
            self._weight(inputs),
            f"no unit takes hours for {self.scope.place('all products')}: choose fewer limits, or give "
            "`hours_per_unit` in the table `routings`.",
        )

    def apply(self, inputs: Inputs) -> None:
        scale(inputs.source.routing_hours, 1 + self.pct * self._weight(inputs))

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All products", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return f"hours per unit {text.percent(self.pct)}"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class OvertimeChange(_OnResources, Change):
    """More or less overtime allowed: the resource's own limit and, behind people, that of each head."""

    kind: ClassVar[str] = "overtime"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Overtime"
    axes: ClassVar[tuple[str, ...]] = _RESOURCES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "overtime",
            "scope": {"sites": ["Milan"], "first": "2027-02", "last": "2027-03"},
            "hours": 180.0,
        }
    )

    pct: float = fields.percent("Overtime allowed", "change of the overtime allowed", max=1.0)
    hours: float = fields.number(
        "Overtime hours a month", "h/month", "hours added to each resource's limit, after the percentage"
    )
    per_head: float = fields.number(
        "Overtime a head and month", "h/head/month", "hours added to the limit of each head, where one is set"
    )

    def _check(self, inputs: Inputs) -> None:
        mask, resource = chosen_resources(self.scope, inputs), inputs.resource
        some = np.isfinite(resource.overtime_hours) & (resource.overtime_hours > 0)
        some |= np.isfinite(resource.overtime_per_head) & (resource.overtime_per_head > 0)
        where = self.scope.place("all resources")
        need(
            some[mask] if self.pct and not (self.hours or self.per_head) else True,
            f"there is no overtime that a percentage could change for {where}: give `hours` instead.",
        )
        need(
            np.isfinite(resource.overtime_per_head)[mask] if self.per_head else True,
            f"there is no overtime limit by head for {where}: give `overtime_per_head` in the "
            "table `workforce`, or change `hours` here.",
        )

    def apply(self, inputs: Inputs) -> None:
        resource = inputs.resource
        weight = grid(self.scope.resource_mask(inputs), self.scope.months(inputs))
        scale(resource.overtime_hours, 1 + self.pct * weight)
        add(resource.overtime_hours, self.hours * weight)
        scale(resource.overtime_per_head, 1 + self.pct * weight)
        add(resource.overtime_per_head, (_heads_hours(inputs, self.hours) + self.per_head) * weight)

    def _what(self, inputs: Inputs | None) -> str:
        head = f"{text.number(self.per_head, signed=True)} h overtime a head and month"
        if not self.per_head:
            return _hours_said(self.pct, self.hours, "overtime")
        if not (self.pct or self.hours):
            return head
        return f"{_hours_said(self.pct, self.hours, 'overtime')} and {head}"


def _hours_said(pct: float, hours: float, what: str) -> str:
    unit = {"hours": "h", "machine hours": "h of the machine"}.get(what, f"h {what}")
    parts = [f"{text.percent(pct)} {what}"] if pct or not hours else []
    parts += [f"{text.number(hours, signed=True)} {unit} a month"] if hours else []
    return " and ".join(parts)


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraShift(_OnResources, Change):
    """More (or fewer) extra shifts that the plan may run, on top of those it may run anyway."""

    kind: ClassVar[str] = "extra_shift"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Extra shift"
    axes: ClassVar[tuple[str, ...]] = _RESOURCES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "extra_shift",
            "scope": {"resources": ["Line 1"], "first": "2027-02", "last": "2027-05"},
            "shifts": 1.0,
        }
    )

    shifts: float = fields.number(
        "Shifts",
        "shifts",
        "extra shifts allowed on top; negative = fewer",
        min=-1.0,
        max=2.0,
        step=1.0,
        lowest=-10.0,
        highest=10.0,
    )

    def _check(self, inputs: Inputs) -> None:
        mask = chosen_resources(self.scope, inputs)
        need(
            inputs.resource.shift_hours[mask] > 0,
            f"one more shift adds no hours for {self.scope.place('all resources')}: give "
            "`shift_hours` in the table `resources`.",
        )

    def apply(self, inputs: Inputs) -> None:
        resource = inputs.resource
        rows = self.scope.resource_mask(inputs) & (resource.shift_hours > 0)
        add(resource.max_shifts, self.shifts * grid(rows, self.scope.months(inputs)))

    def _what(self, inputs: Inputs | None) -> str:
        if self.shifts < 0:
            return f"{text.count(self.shifts, 'extra shift')} fewer allowed"
        return f"{text.count(self.shifts, 'more shift')} allowed"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class Outage(Change):
    """A part of a resource, source, material or lane is lost.

    `resources` (or `sites` alone: all resources there) lose that part of their hours, people's included.
    `sources`, `materials` and `lanes` lose that part of their maximum, the first two of their minimum too;
    `suppliers` lose it of all they send, items and materials.
    """

    kind: ClassVar[str] = "outage"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Outage"
    axes: ClassVar[tuple[str, ...]] = (
        "resources",
        "sites",
        "sources",
        "suppliers",
        "materials",
        "lanes",
        "months",
    )
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "outage",
            "scope": {"suppliers": ["Kunshan Frames"], "first": "2027-04", "last": "2027-04"},
            "part": 1.0,
            "note": "port strike",
        }
    )

    part: float = fields.part("Part lost", "0 = nothing, 1 = all of it", neutral=0.0)

    def _hits(self, inputs: Inputs) -> tuple[Bools, Bools, Bools, Bools]:
        """Resources [q], sources [k], material lines [n] and lanes [l] that are hit."""
        scope = self.scope
        sources = bool(scope.sources) or (bool(scope.suppliers) and not scope.materials)
        lines = bool(scope.materials) or (bool(scope.suppliers) and not (scope.sources or scope.sites))
        lanes = bool(scope.lanes)
        resources = bool(scope.resources) or (bool(scope.sites) and not (sources or lines or lanes))
        return (
            scope.resource_mask(inputs) & resources,
            (scope.source_weight(inputs) > 0) & sources,
            scope.material_mask(inputs) & lines,
            scope.lane_mask(inputs) & lanes,
        )

    def _validate(self) -> None:
        if not set(self.scope.used) - {"months"}:
            raise ScenarioError(
                f"{self.title}: say in `scope` what fails: resources, sites, sources, suppliers, materials, "
                "lanes."
            )

    def _check(self, inputs: Inputs) -> None:
        scope = self.scope
        resources, sources, lines, lanes = self._hits(inputs)
        elsewhere = scope.sources or scope.suppliers or scope.materials or scope.lanes
        wanted = (
            (resources, scope.resources or (() if elsewhere else scope.sites)),
            (sources, scope.sources),
            (lines, scope.materials),
            (np.concatenate([sources, lines]), scope.suppliers),
            (lanes, scope.lanes),
            # What a site does not limit has nothing to do with it: materials are the company's.
            (np.concatenate([resources, sources, lanes]), scope.sites),
        )
        for hit, names in wanted:
            if names and not hit.any():
                raise ScenarioError(
                    f"nothing fits {scope.place('the scope')}: choose fewer limits, so that "
                    f"{text.listing(names)} has something to lose."
                )
        if 0 < self.part < 1:
            self._measurable(inputs, sources, lines, lanes)

    def _measurable(self, inputs: Inputs, sources: Bools, lines: Bools, lanes: Bools) -> None:
        """A part of something without a limit cannot be taken away."""
        for hit, limit, table in (
            (sources, inputs.source.max_quantity, "sources"),
            (lines, inputs.material.max_quantity, "materials"),
            (lanes, inputs.lane.max_quantity, "lanes"),
        ):
            need(
                np.isfinite(limit[hit]) if hit.any() else True,
                f"there is no maximum of which {text.percent(self.part, signed=False)} could be lost: give "
                f"`max_quantity` in the table `{table}`, or let all of it fail (part 1).",
            )

    def apply(self, inputs: Inputs) -> None:
        resources, sources, lines, lanes = self._hits(inputs)
        months = self.scope.months(inputs)
        outage = inputs.resource.outage
        np.subtract(1.0, (1 - outage) * (1 - self.part * grid(resources, months)), out=outage)
        _lose(inputs.source.max_quantity, self.part * grid(sources, months))
        _lose(inputs.source.min_quantity, self.part * grid(sources, months))
        _lose(inputs.material.max_quantity, self.part * grid(lines, months))
        _lose(inputs.material.min_quantity, self.part * grid(lines, months))
        _lose(inputs.lane.max_quantity, self.part * grid(lanes, months))

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All resources", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        if self.part < 1:
            return f"{text.percent(self.part, signed=False)} lost"
        return (
            "no supply"
            if self.scope.sources or self.scope.suppliers or self.scope.materials
            else "out of use"
        )


def _lose(limit: Floats, part: Floats) -> None:
    scale(limit, 1 - part)
    limit[part >= 1] = 0.0
