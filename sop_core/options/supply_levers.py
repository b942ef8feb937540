"""Levers of supply for a pain: overtime, shifts, heads, other sources, volumes of contracts, materials and lanes, room,
stock targets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import numpy as np

from sop_core.changes import (
    Change,
    ExtraShift,
    LaneVolume,
    MaterialVolume,
    OvertimeChange,
    ProductionMode,
    SafetyStockCover,
    Scope,
    SourceVolume,
    StorageCapacity,
    WorkforcePolicy,
)
from sop_core.inputs import Floats, Inputs
from sop_core.options.pains import MINIMUM, Pain, first_open
from sop_core.options.sizing import tidy, tidy_part
from sop_core.plan import Plan
from sop_core.supply import causes

#: Overtime proposed on top, at most this part of the regular hours worked: what people can be asked for.
MOST_OVERTIME = 0.2
#: Heads proposed on top, at most this part of those there are; volume of a source on top of its maximum.
MOST_HEADS, MOST_VOLUME = 0.25, 1.0
#: Items and sources looked at for one pain.
_MOST_ITEMS, _MOST_SOURCES = 4, 4


def for_shortage(plan: Plan, pain: Pain) -> Iterator[Change]:
    """Hours where a resource is full, more of the material, on the lane or in the room that is, volume of the items'
    sources, less stock of what is short."""
    if pain.kind in (causes.RESOURCE, causes.POLICY) and pain.binding >= 0:
        yield from hours(plan, pain, _hours_missing(plan.inputs, pain))
    if pain.binding >= 0:
        for window in _windows(pain):
            yield from _limits(plan.inputs, pain, *window)
    if pain.kind != causes.FROZEN:
        yield from volumes(plan, pain)
    if pain.kind not in (causes.FROZEN, causes.LEAD):
        yield from _targets(plan, pain)


def instead_of_overtime(plan: Plan, pain: Pain) -> Iterator[Change]:
    """Shifts, heads or other sources where overtime is worked now."""
    q, months = pain.binding, slice(pain.first, pain.last + 1)
    worked = float((plan.solution.overtime[q, months] + plan.solution.shift_hours_used[q, months]).sum())
    yield from (change for change in hours(plan, pain, worked) if not isinstance(change, OvertimeChange))
    yield from volumes(plan, pain)


def less_overtime(plan: Plan, pain: Pain) -> Iterator[Change]:
    """A lower limit of overtime and no extra shifts: what a goal on hours is reached with directly."""
    inputs, q = plan.inputs, pain.binding
    scope = Scope.of(resource=pain.name, first=inputs.months[first_open(inputs)])
    limits = np.stack([inputs.resource.overtime_hours[q], inputs.resource.overtime_per_head[q]])
    if (np.isfinite(limits) & (limits > 0)).any():
        for part in (-1.0, -0.5):
            yield OvertimeChange(scope=scope, pct=part)
    else:
        worked = float(plan.solution.overtime[q].max())
        if worked > 0 and np.isfinite(limits[0]).any():
            yield OvertimeChange(scope=scope, hours=-tidy(worked))
    most = float(inputs.resource.max_shifts[q].max())
    if inputs.resource.shift_hours[q] > 0 and most > 0:
        yield ExtraShift(scope=scope, shifts=-float(min(math.ceil(most), 10)))


def _hours_missing(inputs: Inputs, pain: Pain) -> float:
    """Hours at the full resource that the missing units take."""
    routing = inputs.source
    own = routing.routing_resource == pain.binding
    per_unit = np.zeros(len(inputs.items))
    np.maximum.at(per_unit, routing.item[routing.routing_source[own]], routing.routing_hours[own])
    return float(sum(per_unit[i] * units for i, units in zip(pain.items, pain.units, strict=True)))


def _windows(pain: Pain) -> list[tuple[int, int]]:
    """Months to act in: all in which something could be done, and those of the orders alone where they are fewer."""
    late = (max(pain.wanted[0], pain.first), pain.last)
    whole = (pain.first, pain.last)
    return [whole, late] if late != whole and late[0] <= late[1] else [whole]


def _span(inputs: Inputs, first: int, last: int) -> dict[str, Any]:
    return {"first": inputs.months[first], "last": inputs.months[last]}


def hours(plan: Plan, pain: Pain, missing: float) -> Iterator[Change]:
    """Overtime, shifts and heads that together make `missing` hours in the pain's months, or as much as is sensible."""
    inputs, q = plan.inputs, pain.binding
    resource = inputs.resource
    if missing <= 0 or not np.isfinite(missing):
        return
    windows = _windows(pain)
    for first, last in windows:
        months = slice(first, last + 1)
        a_month = missing / (last + 1 - first)
        scope = Scope.of(resource=pain.name, **_span(inputs, first, last))
        regular = float(plan.solution.regular[q, months].mean())
        if regular > 0:
            yield OvertimeChange(scope=scope, hours=tidy(min(a_month, MOST_OVERTIME * regular)))
        if resource.shift_hours[q] > 0:
            wanted = math.ceil(a_month / float(resource.shift_hours[q]) - 1e-9)
            yield ExtraShift(scope=scope, shifts=float(min(max(wanted, 1), 2)))
        if resource.people[q]:
            yield from _heads(plan, pain, a_month, first)
    if plan.solution.regular[q].max() > 0 and a_month > 2:
        first, last = windows[0]
        regular = float(plan.solution.regular[q, first : last + 1].mean())
        half = tidy(min(missing / (last + 1 - first), MOST_OVERTIME * regular) / 2)
        yield OvertimeChange(scope=Scope.of(resource=pain.name, **_span(inputs, first, last)), hours=half)


def _heads(plan: Plan, pain: Pain, a_month: float, first: int) -> Iterator[Change]:
    """More heads allowed from the first month on."""
    inputs, q = plan.inputs, pain.binding
    resource = inputs.resource
    per_head = float(resource.hours_per_head[q, first:].max())
    if per_head <= 0:
        return
    limit = resource.max_headcount[q, first:]
    today = (
        float(limit.max()) if np.isfinite(limit).all() else float(plan.solution.headcount[q, first:].max())
    )
    room = not np.isfinite(limit).all() or bool((plan.solution.headcount[q, first:] < limit - 0.5).all())
    if room and resource.can_hire[q, first:].all():
        return  # the plan may hire already and does not
    more = min(math.ceil(a_month / per_head - 1e-9), math.ceil(MOST_HEADS * max(today, 1.0)))
    allowed = "free" if resource.can_release[q, first:].all() else "no_release"
    scope = Scope.of(resource=pain.name, first=inputs.months[first])
    yield WorkforcePolicy(scope=scope, policy=allowed, max_headcount=float(math.ceil(today) + max(more, 1)))


def volumes(plan: Plan, pain: Pain) -> Iterator[Change]:
    """More from sources with a maximum: the one that is full, another supplier, a subcontractor, another site.

    Over all the months in which something could be done, and in those of the orders alone.
    """
    for pair in zip_longest(*(list(_volumes(plan.inputs, pain, *window)) for window in _windows(pain))):
        yield from (change for change in pair if change is not None)


def _volumes(inputs: Inputs, pain: Pain, first: int, last: int) -> Iterator[Change]:
    source = inputs.source
    missing = dict(zip(pain.items, pain.units, strict=False))
    offers: list[tuple[float, int, int, float]] = []
    for item in pain.items[:_MOST_ITEMS]:
        for k in np.flatnonzero(source.item == item).tolist():
            start = min(max(first - int(source.lead[k]), first_open(inputs)), last)
            limit = source.max_quantity[k, start : last + 1]
            known = limit[np.isfinite(limit) & (limit > 0)]
            if len(known):
                units = missing.get(item, 0.25 * float(known.sum()))
                part = min(tidy_part(units / float(known.sum())), MOST_VOLUME)
                offers.append((units, k, start, part))
    offers.sort(key=lambda offer: (-offer[0], offer[1]))
    by_supplier: dict[str, list[tuple[int, float]]] = {}
    for _, k, start, part in offers:
        by_supplier.setdefault(source.supplier[k], []).append((start, part))
    for supplier, rows in sorted(by_supplier.items(), key=lambda pair: -max(part for _, part in pair[1])):
        if supplier and len(rows) > 1:
            span = _span(inputs, min(start for start, _ in rows), last)
            yield SourceVolume(scope=Scope.of(supplier=supplier, **span), pct=max(part for _, part in rows))
    for _, k, start, part in offers[:_MOST_SOURCES]:
        yield SourceVolume(
            scope=Scope.of(source=inputs.source_names[k], **_span(inputs, start, last)), pct=part
        )


def _limits(inputs: Inputs, pain: Pain, first: int, last: int) -> Iterator[Change]:
    """More of the material, on the lane or in the room that holds the pain's items back: by what is missing and by
    half of it, at most by `MOST_VOLUME` of today's limit."""
    units = sum(pain.units)
    if pain.kind == causes.MATERIAL:
        material = inputs.material
        needed = units * _usage(inputs, pain)
        for line in np.flatnonzero(material.material == pain.binding).tolist():
            start = min(max(first - int(material.lead[line]), first_open(inputs)), last)
            scope = Scope.of(
                material=pain.name, supplier=material.supplier[line], **_span(inputs, start, last)
            )
            limit = material.max_quantity[line, start : last + 1]
            yield from (MaterialVolume(scope=scope, pct=part) for part in _parts(needed, limit))
    elif pain.kind == causes.LANE:
        start = min(max(first - int(inputs.lane.lead[pain.binding]), first_open(inputs)), last)
        scope = Scope.of(lane=pain.name, **_span(inputs, start, last))
        limit = inputs.lane.max_quantity[pain.binding, start : last + 1]
        yield from (LaneVolume(scope=scope, pct=part) for part in _parts(units, limit))
    elif pain.kind == causes.STORAGE:
        limit = inputs.site.capacity[pain.binding : pain.binding + 1]
        yield from (
            StorageCapacity(scope=Scope.of(site=pain.name), pct=part) for part in _parts(units, limit)
        )


def _parts(missing: float, limit: Floats) -> tuple[float, ...]:
    """Parts of a limit that cover what is missing, and half of it; none where a percentage changes nothing."""
    known = limit[np.isfinite(limit) & (limit > 0)]
    if not len(known) or missing <= 0:
        return ()
    whole = min(tidy_part(missing / float(known.sum())), MOST_VOLUME)
    return tuple(dict.fromkeys((whole, tidy_part(whole / 2))))


def _usage(inputs: Inputs, pain: Pain) -> float:
    """Units of the material in a unit of the pain's items, the most that one of them takes."""
    material = inputs.material
    own = (material.usage_material == pain.binding) & np.isin(
        inputs.source.item[material.usage_source], pain.items
    )
    return float(material.usage_quantity[own].max(initial=0.0))


def contract(plan: Plan, pain: Pain) -> Iterator[Change]:
    """Another contract: a higher maximum where it is taken in full, a lower minimum where it weighs."""
    inputs, k = plan.inputs, pain.binding
    scope = Scope.of(source=pain.name, **_span(inputs, pain.first, pain.last))
    if pain.kind == MINIMUM:
        low = inputs.source.min_quantity[k, pain.first : pain.last + 1]
        for part in (0.5, 0.0):
            yield SourceVolume(scope=scope, minimum=float(math.floor(part * float(low.min()))))
        return
    for part in (0.1, 0.25):
        yield SourceVolume(scope=scope, pct=part)


def _targets(plan: Plan, pain: Pain) -> Iterator[Change]:
    """Lower stock targets of what is short: units on the shelf serve orders."""
    inputs = plan.inputs
    families = tuple(dict.fromkeys(inputs.item_family[i] for i in pain.items[:_MOST_ITEMS]))
    for family in families:
        own = [i for i in range(len(inputs.items)) if inputs.item_family[i] == family]
        if family and inputs.stock_target[own].any():
            for part in (-0.2, -0.4):
                yield SafetyStockCover(scope=Scope.of(family=family), pct=part)


def less_stock(plan: Plan, pain: Pain, deep: bool) -> Iterator[Change]:
    """Lower stock targets of a family; what is slow made to order. `deep`: large steps too, for a goal on stock."""
    inputs = plan.inputs
    if inputs.stock_target[list(pain.items)].any():
        for part in (-0.2, -0.4) if not deep else (-0.2, -0.5, -1.0):
            yield SafetyStockCover(scope=Scope.of(family=pain.name), pct=part)
    stocked = [i for i in pain.items if not inputs.item.make_to_order[i]]
    if stocked and deep:
        scope = items_scope(inputs, (stocked[0],))
        if (scope.item_share(inputs)[stocked[0]]) >= 1:
            yield ProductionMode(scope=scope, mode="MTO")


def items_scope(inputs: Inputs, items: tuple[int, ...]) -> Scope:
    """The scope of these planning items in the widest words: families where all of a family is meant, else products."""
    families: list[str] = []
    products: list[str] = []
    chosen = set(items)
    for family in dict.fromkeys(inputs.item_family[i] for i in items):
        own = {i for i, name in enumerate(inputs.item_family) if name == family}
        if family and own <= chosen:
            families.append(family)
        else:
            products += [p for i in sorted(own & chosen) for p in inputs.item_products[i]]
    return Scope(families=tuple(families), products=tuple(products))
