"""What one more step of something is worth, by re-solving one step up and one step down; and ways out of a shortage.

A shadow price is one of many on a degenerate plan and often right on one side only. A pair of re-solves is exact
for the step taken, on both sides, and doubling the step shows how far the value holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.errors import Infeasible
from sop_core.inputs import Bools, Floats, Inputs, Ints
from sop_core.supply import causes
from sop_core.supply.result import Solution
from sop_core.supply.solve import SupplySolver, Value

#: A value holds as long as a unit is worth this part of what the first step was, at least.
_HOLDS = 0.99
_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Lever:
    """One thing in one month.

    kind and where: `resource` (q: a regular hour; of people and machine together where both limit it), `people`
    (q: an hour of people already paid), `machine` (q: an hour of the machine's own limit), `source` (k: a unit of
    max_quantity), `demand` (item, region, segment: a unit asked for), `lane` (l), `material` (n: a unit the supplier
    may send), `storage` (s, month ignored).
    """

    kind: str
    where: tuple[int, ...]
    month: int


@dataclass(frozen=True, slots=True)
class Worth:
    """Both sides of a step, money per unit; positive = more of it raises the optimum."""

    step: float
    up: float  #: gained per unit by one step more
    down: float  #: lost per unit by one step less; nan where there is no step less to take
    holds_up: float  #: units up to which `up` was seen to hold (a lower bound)
    holds_down: float
    served_up: float  #: units served within the horizon, per unit of the step more
    served_down: float  #: units no longer served, per unit of the step less


@dataclass(slots=True)
class _Case:
    inputs: Inputs
    demand: Floats
    nudges: list[tuple[str, int, int, float]]


def worth(
    solver: SupplySolver,
    what: Lever | Sequence[Lever],
    step: float = 1.0,
    inputs: Inputs | None = None,
    demand: Floats | None = None,
    price: Floats | None = None,
    reach: bool = True,
) -> Worth:
    """Two-sided worth of `step` units of a lever, or of several moved together (people and machine, say).

    inputs, demand, price: the plan asked about, else the solver's base case. With `reach`, also how far each value
    holds, by doubling the step. Up to 14 warm re-solves. Raises PlanError as `SupplySolver.solve` does.
    """
    levers = (what,) if isinstance(what, Lever) else tuple(what)
    base = solver.base
    case = (base[0] if inputs is None else inputs, base[1] if demand is None else demand)
    money = base[2] if price is None else price
    at_hand = min(_at_hand(case[0], case[1], lever) for lever in levers)
    start = solver.value(case[0], case[1], money)

    def moved(amount: float) -> Value | None:
        changed = _Case(case[0].copy(), case[1].copy(), [])
        for lever in levers:
            _apply(changed, lever, amount)
        try:
            return solver.value(changed.inputs, changed.demand, money, changed.nudges)
        except Infeasible:  # fewer hours than people are paid for: there is no such step
            return None

    up, served_up, holds_up = _side(start, moved, step, 1.0, np.inf, reach)
    down, served_down, holds_down = _side(start, moved, step, -1.0, at_hand, reach)
    return Worth(step, up, down, holds_up, holds_down, served_up, served_down)


def _side(
    start: Value, moved: Callable[[float], Value | None], step: float, sign: float, limit: float, reach: bool
) -> tuple[float, float, float]:
    """(worth per unit, units served per unit, units for which it holds) on one side."""
    if step > limit:
        return float("nan"), float("nan"), 0.0
    first = moved(sign * step)
    if first is None:
        return float("nan"), float("nan"), 0.0
    per_unit = sign * (first.objective - start.objective) / step
    served = sign * (start.not_served - first.not_served) / step
    holds, size = step, step
    noise = 1e-7 * max(abs(start.objective), 1.0)
    for _ in range(_DOUBLINGS if reach else 0):
        size *= 2
        if size > limit:
            break
        further = moved(sign * size)
        if further is None:
            break
        average = sign * (further.objective - start.objective) / size
        if abs(average - per_unit) > (1 - _HOLDS) * abs(per_unit) + noise / size:
            break
        holds = size
    return per_unit, served, holds


def _at_hand(inputs: Inputs, demand: Floats, lever: Lever) -> float:
    """How much less of a lever there can be."""
    month, kind = lever.month, lever.kind
    at = lever.where[0]
    if kind == "people" or (kind == "resource" and inputs.resource.people[at]):
        return float(np.inf)  # the solver says: there is none where it finds no plan
    if kind in ("resource", "machine"):
        return float(inputs.resource.hours[at, month] * (1 - inputs.resource.outage[at, month]))
    if kind == "source":
        return float(inputs.source.max_quantity[at, month])
    if kind == "lane":
        return float(inputs.lane.max_quantity[at, month])
    if kind == "material":
        return float(inputs.material.max_quantity[at, month])
    if kind == "storage":
        return float(inputs.site.capacity[at])
    if kind == "demand":
        return float(demand[(*lever.where, month)])
    raise ValueError(f"unknown kind of lever {kind!r}")


def _apply(case: _Case, lever: Lever, amount: float) -> None:
    inputs, month, at = case.inputs, lever.month, lever.where[0]
    hours = lever.kind in ("resource", "people", "machine")
    if hours and lever.kind != "machine" and inputs.resource.people[at]:
        line = int(np.flatnonzero(np.flatnonzero(inputs.resource.people) == at)[0])
        case.nudges.append(("staff_regular", line, month, amount))
    if hours and lever.kind != "people":
        running = 1 - inputs.resource.outage[at, month]
        if running > 0:
            inputs.resource.hours[at, month] = max(inputs.resource.hours[at, month] + amount / running, 0.0)
    if lever.kind == "source":
        inputs.source.max_quantity[at, month] += amount
    elif lever.kind == "lane":
        inputs.lane.max_quantity[at, month] += amount
    elif lever.kind == "material":
        inputs.material.max_quantity[at, month] += amount
    elif lever.kind == "storage":
        inputs.site.capacity[at] += amount
    elif lever.kind == "demand":
        case.demand[(*lever.where, month)] += amount


@dataclass(frozen=True, slots=True)
class WayOut:
    """One lever pulled against a shortage by as much as is missing, and what the whole plan makes of it."""

    lever: str  #: overtime, shift, hire, machine hours, source, material, lane, storage
    name: str  #: resource, source, material, lane or site
    unit: str  #: hours, shifts, heads, units
    amount: float  #: how much of it the new plan uses more than the old one
    month: np.datetime64  #: the month in which most of it is used
    spent: float  #: money for the lever itself, at its rate
    relieved: float  #: units, of any item, no longer late or lost
    relieved_here: float  #: of them, units of the cell asked about
    cost: float  #: money more spent by the plan as a whole (less backlog and lost sales may make it negative)
    gain: float  #: margin more; negative = does not pay


def ways_out(
    solver: SupplySolver,
    solution: Solution,
    item: int,
    region: int | None,
    month: int,
    inputs: Inputs | None = None,
    demand: Floats | None = None,
    price: Floats | None = None,
) -> tuple[WayOut, ...]:
    """Levers on the chain that holds a shortage back, each pulled alone and re-planned exactly.

    The cell is an item in a region (None: all regions) in the month in which the units were asked for. Best for the
    margin first; under `service` the most relieving first, then the cheapest. Empty where the cell is not short,
    where time is the cause (lead time, frozen months), or where serving does not pay. `solution` is the plan of
    inputs, demand and price (default: the solver's base case). Some ten warm re-solves.
    """
    base = solver.base
    inputs = base[0] if inputs is None else inputs
    demand = base[1] if demand is None else demand
    price = base[2] if price is None else price
    before = short_units(inputs, demand, solution)
    cell = (item, slice(None) if region is None else slice(region, region + 1), month)
    quantity = float(before[cell].sum())
    if quantity <= 1e-6:
        return ()
    short: Bools = np.zeros(before.shape, dtype=np.bool_)
    short[item, int(np.argmax(before[item, :, month])) if region is None else region, month] = True
    ways = []
    for lever, change in _candidates(inputs, causes.find_causes(inputs, solution, short), quantity):
        other = inputs.copy()
        change(other)
        plan = solver.solve(other, demand, price)
        after = short_units(inputs, demand, plan)
        relieved = float(before.sum() - after.sum())
        if relieved <= 1e-6 * max(quantity, 1.0):
            continue
        more, rate, name, unit = _pulled(lever, inputs, solution, plan)
        used = np.maximum(more, 0.0)
        standing = lever[0] in (
            "hire",
            "storage",
        )  # stays from month to month: its height counts, not its sum
        ways.append(
            WayOut(
                lever=lever[0],
                name=name,
                unit=unit,
                amount=float(used.max() if standing else used.sum()),
                month=inputs.months[int(np.argmax(used))],
                spent=rate,
                relieved=relieved,
                relieved_here=quantity - float(after[cell].sum()),
                cost=plan.cost - solution.cost,
                gain=plan.margin - solution.margin,
            )
        )
    if inputs.policy.objective == "service":
        return tuple(sorted(ways, key=lambda way: (-round(way.relieved, 6), way.cost)))
    return tuple(sorted(ways, key=lambda way: (-way.gain, way.cost)))


def short_units(inputs: Inputs, demand: Floats, solution: Solution) -> Floats:
    """[i, r, t] units asked for in t that are served late or never."""
    late, lost = causes.late_and_lost(inputs, demand, solution)
    return np.asarray((late + lost).sum(axis=2))


_Change = Callable[[Inputs], None]
_Pull = tuple[str, int]


def _candidates(inputs: Inputs, found: causes.Causes, quantity: float) -> list[tuple[_Pull, _Change]]:
    """Levers worth trying for one cell's cause, each with what it changes in a copy of the inputs."""
    kind, binding, source = causes.KINDS[int(found.kind[0])], int(found.binding[0]), int(found.source[0])
    item, start, wanted = int(found.item[0]), max(int(found.start[0]), 0), int(found.month[0])
    ways: list[tuple[_Pull, _Change]] = []
    if kind == causes.RESOURCE:
        ways += _hours(inputs, binding, start, quantity * _per_unit(inputs, source, binding))
    elif kind == causes.MATERIAL:
        used = (inputs.material.usage_source == source) & (inputs.material.usage_material == binding)
        need = quantity * float(inputs.material.usage_quantity[used].sum())
        for line in np.flatnonzero(inputs.material.material == binding).tolist():
            month = start - int(inputs.material.lead[line])
            if month >= 0:
                ways.append((("material", line), _raise("material", line, month, need)))
    elif kind == causes.LANE:
        month = max(wanted - int(inputs.lane.lead[binding]), 0)
        ways.append((("lane", binding), _raise("lane", binding, month, quantity)))
    elif kind == causes.STORAGE:
        ways.append((("storage", binding), _raise("storage", binding, 0, quantity)))
    if kind in (causes.RESOURCE, causes.SUPPLIER, causes.MATERIAL, causes.STORAGE):
        # Any source of the item with a maximum may give more, in the latest month that is still in time.
        late = start + int(inputs.source.lead[source])
        for line in np.flatnonzero(inputs.source.item == item).tolist():
            month = late - int(inputs.source.lead[line])
            if month >= 0 and np.isfinite(inputs.source.max_quantity[line, month]):
                ways.append((("source", line), _raise("source", line, month, quantity)))
    return ways


def _hours(inputs: Inputs, q: int, month: int, hours: float) -> list[tuple[_Pull, _Change]]:
    """More hours of each kind that the resource knows, in one month."""
    resource = inputs.resource
    ways: list[tuple[_Pull, _Change]] = []

    def overtime(other: Inputs) -> None:
        other.resource.overtime_hours[q, month] += hours
        if resource.people[q]:  # what a head may work limits it as well
            other.resource.overtime_per_head[q, month] += hours / max(resource.headcount[q], 1.0)

    def shifts(other: Inputs) -> None:
        other.resource.max_shifts[q, month] += np.ceil(hours / resource.shift_hours[q])

    def hire(other: Inputs) -> None:
        other.resource.can_hire[q, : month + 1] = True
        other.resource.max_headcount[q] += hours / max(resource.hours_per_head[q, month], 1e-9)

    def machine(other: Inputs) -> None:
        other.resource.hours[q, month] += hours

    ways.append((("overtime", q), overtime))
    if resource.shift_hours[q] > 0:
        ways.append((("shift", q), shifts))
    if resource.people[q]:
        ways.append((("hire", q), hire))
    if np.isfinite(resource.hours[q, month]):
        ways.append((("machine hours", q), machine))
    return ways


def _raise(table: str, line: int, month: int, quantity: float) -> _Change:
    """Lifts one limit, where there is one."""

    def change(other: Inputs) -> None:
        if table == "storage":
            other.site.capacity[line] += quantity
        else:
            limits = {
                "source": other.source.max_quantity,
                "lane": other.lane.max_quantity,
                "material": other.material.max_quantity,
            }
            limits[table][line, month] += quantity

    return change


def _per_unit(inputs: Inputs, source: int, resource: int) -> float:
    routing = inputs.source
    own: Ints = np.flatnonzero((routing.routing_source == source) & (routing.routing_resource == resource))
    return float(routing.routing_hours[own].sum())


def _pulled(lever: _Pull, inputs: Inputs, old: Solution, new: Solution) -> tuple[Floats, float, str, str]:
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
