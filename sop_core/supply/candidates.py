"""Levers worth trying against one shortage: each with its Change and the inputs that it makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from sop_core.changes import (
    CapacityChange,
    Change,
    ExtraShift,
    LaneVolume,
    MachineHours,
    MaterialVolume,
    OvertimeChange,
    Scope,
    SourceVolume,
    StorageCapacity,
    WorkforcePolicy,
)
from sop_core.errors import ScenarioError
from sop_core.inputs import Floats, Inputs, Ints
from sop_core.supply import causes
from sop_core.supply.result import Solution

#: Shifts that one Change may add.
_MOST_SHIFTS = 10.0
#: Overtime and shifts beyond this part of a month's regular hours are spread over the months that are full.
_ONE_MONTH = 0.4

#: A kind of lever and the line of its table.
Pull = tuple[str, int]
Candidate = tuple[Pull, Change, Inputs]


def candidates(inputs: Inputs, found: causes.Causes, quantity: float) -> Iterator[Candidate]:
    """Levers worth trying for one cell's cause, each with its Change and the inputs that it makes."""
    kind, binding, source = causes.KINDS[int(found.kind[0])], int(found.binding[0]), int(found.source[0])
    item, start, wanted = int(found.item[0]), max(int(found.start[0]), 0), int(found.month[0])
    if kind == causes.RESOURCE:
        hours = quantity * _per_unit(inputs, source, binding)
        yield from _hours(inputs, binding, max(int(found.first[0]), 0), start, hours)
    elif kind == causes.MATERIAL:
        used = (inputs.material.usage_source == source) & (inputs.material.usage_material == binding)
        need = quantity * float(inputs.material.usage_quantity[used].sum())
        for line in np.flatnonzero(inputs.material.material == binding).tolist():
            month = start - int(inputs.material.lead[line])
            if month >= 0:
                yield from _material(inputs, line, month, need)
    elif kind == causes.LANE:
        month = max(wanted - int(inputs.lane.lead[binding]), 0)
        yield from _lane(inputs, binding, month, quantity)
    elif kind == causes.STORAGE:
        room = StorageCapacity(
            scope=Scope.of(site=inputs.site_names[binding]),
            capacity=float(inputs.site.capacity[binding]) + quantity,
        )
        yield from by_change(inputs, ("storage", binding), room)
    if kind in (causes.RESOURCE, causes.SUPPLIER, causes.MATERIAL, causes.STORAGE):
        # Any source of the item with a maximum may give more, in the latest month that is still in time.
        late = start + int(inputs.source.lead[source])
        for line in np.flatnonzero(inputs.source.item == item).tolist():
            month = late - int(inputs.source.lead[line])
            if month >= 0 and np.isfinite(inputs.source.max_quantity[line, month]):
                most = float(inputs.source.max_quantity[line, month]) + quantity
                scope = Scope.of(source=inputs.source_names[line]) if _known(inputs, line) else None
                if scope is not None:
                    yield from by_change(
                        inputs, ("source", line), SourceVolume(scope=_in(inputs, scope, month), maximum=most)
                    )


def _known(inputs: Inputs, line: int) -> bool:
    """Whether a source's name tells it from all others."""
    return inputs.source_names.count(inputs.source_names[line]) == 1


def _in(inputs: Inputs, scope: Scope, first: int, last: int | None = None) -> Scope:
    """The scope in these months of the horizon."""
    end = first if last is None else last
    return dataclasses.replace(scope, first=str(inputs.months[first]), last=str(inputs.months[end]))


def by_change(inputs: Inputs, pull: Pull, change: Change) -> Iterator[Candidate]:
    """The candidate that a Change makes; none where it does not fit the company."""
    other = inputs.copy()
    try:
        change.check(other)
    except ScenarioError:  # what cannot be entered in a scenario is no way out
        return
    change.apply(other)
    yield pull, change, other


def _hours(inputs: Inputs, q: int, first: int, month: int, hours: float) -> Iterator[Candidate]:
    """More hours of each kind that the resource knows: in the month, or where they are many over the full months
    up to it."""
    resource = inputs.resource
    scope = Scope.of(resource=inputs.resource_names[q])
    regular = _regular(inputs, q, month)
    spread = hours > _ONE_MONTH * regular and first < month
    begin = first if spread else month
    each = hours / (month - begin + 1)
    yield from by_change(
        inputs, ("overtime", q), OvertimeChange(scope=_in(inputs, scope, begin, month), hours=each)
    )
    if resource.shift_hours[q] > 0:
        shifts = min(float(np.ceil(each / resource.shift_hours[q])), _MOST_SHIFTS)
        yield from by_change(
            inputs, ("shift", q), ExtraShift(scope=_in(inputs, scope, begin, month), shifts=shifts)
        )
    if resource.people[q]:
        per_head = max(float(resource.hours_per_head[q, month]), 1e-9)
        most = float(resource.max_headcount[q].max()) + hours / per_head
        policy = "free" if resource.can_release[q].all() else "no_release"
        limit = most if np.isfinite(most) else None
        yield from by_change(
            inputs, ("hire", q), WorkforcePolicy(scope=scope, policy=policy, max_headcount=limit)
        )
    if np.isfinite(resource.hours[q, month]):
        # Where there are people, the machine alone: a Change of capacity would give paid hours for nothing.
        more = MachineHours if resource.people[q] else CapacityChange
        yield from by_change(inputs, ("machine hours", q), more(scope=_in(inputs, scope, month), hours=hours))


def _regular(inputs: Inputs, q: int, month: int) -> float:
    """Regular hours of a month as they are at the start: machine, and heads where people stand behind it."""
    resource = inputs.resource
    people = resource.headcount[q] * resource.hours_per_head[q, month] if resource.people[q] else np.inf
    return float(min(resource.hours[q, month], people))


def _material(inputs: Inputs, line: int, month: int, quantity: float) -> Iterator[Candidate]:
    """More of a material from one supplier in the month in which it is bought, where there is a limit."""
    material = inputs.material
    most = float(material.max_quantity[line, month])
    name = inputs.material_names[int(material.material[line])]
    scope = Scope.of(material=name, supplier=material.supplier[line])
    if np.isfinite(most) and scope.material_mask(inputs).sum() == 1:
        change = MaterialVolume(scope=_in(inputs, scope, month), maximum=most + quantity)
        yield from by_change(inputs, ("material", line), change)


def _lane(inputs: Inputs, lane: int, month: int, quantity: float) -> Iterator[Candidate]:
    """More on a lane in the month of departure, where there is a limit."""
    most = float(inputs.lane.max_quantity[lane, month])
    scope = Scope.of(lane=inputs.lane_name(lane))
    if np.isfinite(most) and scope.lane_mask(inputs).sum() == 1:
        change = LaneVolume(scope=_in(inputs, scope, month), maximum=most + quantity)
        yield from by_change(inputs, ("lane", lane), change)


def _per_unit(inputs: Inputs, source: int, resource: int) -> float:
    routing = inputs.source
    own: Ints = np.flatnonzero((routing.routing_source == source) & (routing.routing_resource == resource))
    return float(routing.routing_hours[own].sum())


def pulled(lever: Pull, inputs: Inputs, old: Solution, new: Solution) -> tuple[Floats, float, str, str]:
    """([t] how much more of the lever the new plan uses, money at its rate, name, unit)."""
    kind, line = lever
    resource = inputs.resource
    if kind in ("overtime", "shift", "machine hours", "hire"):
        name = inputs.resource_names[line]
        if kind == "overtime":
            more = (new.overtime - old.overtime)[line]
            return more, float(more.sum() * resource.overtime_cost[line]), name, "hours"
        if kind == "shift":
            more = (new.shifts - old.shifts)[line]
            return more, float(more.sum() * resource.shift_cost[line]), name, "shifts"
        if kind == "machine hours":
            more = (new.regular - old.regular)[line]
            rate = 0.0 if resource.people[line] else float(resource.hour_cost[line])
            return more, float(more.sum()) * rate, name, "hours"
        more = (new.headcount - old.headcount)[line]
        moves = (new.hired - old.hired)[line].sum() * resource.hire_cost[line]
        moves += (new.released - old.released)[line].sum() * resource.release_cost[line]
        return more, float(more @ resource.wage[line] + moves), name, "heads"
    if kind == "source":
        more = (new.started - old.started)[line]
        return more, float(more @ inputs.source.unit_cost[line]), inputs.source_names[line], "units"
    if kind == "material":
        more = (new.bought - old.bought)[line]
        name = inputs.material_names[int(inputs.material.material[line])]
        return more, float(more.sum() * inputs.material.unit_cost[line]), name, "units"
    if kind == "lane":
        more = (new.flow - old.flow).sum(axis=0)[line]
        return more, float(more @ inputs.lane.unit_cost[line]), inputs.lane_name(line), "units"
    more = (new.stock - old.stock).sum(axis=0)[line]
    return more, float(more.sum() * inputs.site.storage_cost[line]), inputs.site_names[line], "units"
