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

    kind and where: `resource` (q: a regular hour, of people where people stand behind it), `machine` (q: an hour of
    the machine's own limit beside its people), `source` (k: a unit of max_quantity), `demand` (item, region,
    segment: a unit asked for), `lane` (l), `material` (n: a unit the supplier may send), `storage` (s, month ignored).
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
    if kind == "resource" and inputs.resource.people[at]:
        return float(np.inf)  # the solver says
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
    if lever.kind == "resource" and inputs.resource.people[at]:
        line = int(np.flatnonzero(np.flatnonzero(inputs.resource.people) == at)[0])
        case.nudges.append(("staff_regular", line, month, amount))
    elif lever.kind in ("resource", "machine"):
        running = 1 - inputs.resource.outage[at, month]
        if running > 0:
            inputs.resource.hours[at, month] += amount / running
    elif lever.kind == "source":
        inputs.source.max_quantity[at, month] += amount
    elif lever.kind == "lane":
        inputs.lane.max_quantity[at, month] += amount
    elif lever.kind == "material":
        inputs.material.max_quantity[at, month] += amount
    elif lever.kind == "storage":
        inputs.site.capacity[at] += amount
    else:
        case.demand[(*lever.where, month)] += amount


@dataclass(frozen=True, slots=True)
class WayOut:
    """One lever pulled against a shortage, and what the whole plan makes of it."""

    lever: str  #: overtime, shift, hire, machine hours, supplier volume, source, material, lane, storage
    name: str  #: resource, source, material, lane or site
    unit: str  #: hours, shifts, heads, units
    amount: float  #: how much of it the new plan uses more than the old one
    month: np.datetime64  #: the month in which most of it is used
    relieved: float  #: units of this item, region and month no longer late or lost
    relieved_all: float  #: units over everything, lost or left at the end no more
    cost: float  #: money more spent by the plan as a whole
    gain: float  #: margin more; negative = does not pay


def ways_out(
    solver: SupplySolver,
    solution: Solution,
    item: int,
    region: int,
    month: int,
    inputs: Inputs | None = None,
    demand: Floats | None = None,
    price: Floats | None = None,
) -> tuple[WayOut, ...]:
    """Levers on the chain that holds a shortage back, each re-planned exactly; the best for the margin first, among
    those that relieve it. Under `service` the most relieving first, then the cheapest.

    Empty where the cell is not short, where time is the cause (lead time, frozen months), or where serving does not
    pay. `solution` is the plan of inputs, demand and price (default: the solver's base case).
    """
    base = solver.base
    inputs = base[0] if inputs is None else inputs
    demand = base[1] if demand is None else demand
    price = base[2] if price is None else price
    missing = short_units(inputs, demand, solution)
    short: Bools = np.zeros(missing.shape, dtype=np.bool_)
    short[item, region, month] = missing[item, region, month] > 1e-6
    if not short.any():
        return ()
    found = causes.find_causes(inputs, solution, short)
    quantity = float(missing[item, region, month])
    ways = []
    for lever, change in _candidates(inputs, solution, found, quantity):
        other = inputs.copy()
        change(other)
        plan = solver.solve(other, demand, price)
        amount, at, name, unit = _used(lever, inputs, solution, plan)
        after = short_units(inputs, demand, plan)
        relieved = quantity - float(after[item, region, month])
        if relieved <= 1e-6 * max(quantity, 1.0):
            continue
        ways.append(
            WayOut(
                lever=lever[0],
                name=name,
                unit=unit,
                amount=amount,
                month=inputs.months[at],
                relieved=relieved,
                relieved_all=_not_served(solution) - _not_served(plan),
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


def _not_served(solution: Solution) -> float:
    return float(solution.lost.sum() + solution.end_lost.sum())


_Change = Callable[[Inputs], None]
_Pull = tuple[str, int]


def _candidates(
    inputs: Inputs, solution: Solution, found: causes.Causes, quantity: float
) -> list[tuple[_Pull, _Change]]:
    """Levers worth trying for one cell's cause, each with what it changes in a copy of the inputs."""
    kind, binding = causes.KINDS[int(found.kind[0])], int(found.binding[0])
    start, item = int(found.start[0]), int(found.item[0])
    first = int(found.first[0]) if found.first[0] >= 0 else max(start, 0)
    window = slice(min(first, max(start, 0)), max(start, 0) + 1)
    ways: list[tuple[_Pull, _Change]] = []
    if kind == causes.RESOURCE:
        ways += _hours(
            inputs, binding, window, quantity * _hours_per_unit(inputs, int(found.source[0]), binding)
        )
    if kind == causes.MATERIAL:
        for line in np.flatnonzero(inputs.material.material == binding).tolist():
            ways.append((("material", line), _more_material(line, window, quantity, inputs)))
    if kind == causes.LANE:
        ways.append((("lane", binding), _more_of("lane", binding, slice(0, inputs.horizon), quantity)))
    if kind == causes.STORAGE:
        ways.append((("storage", binding), _more_storage(binding, quantity)))
    if kind in (causes.RESOURCE, causes.SUPPLIER, causes.MATERIAL, causes.STORAGE):
        for line in np.flatnonzero(inputs.source.item == item).tolist():
            if np.isfinite(inputs.source.max_quantity[line]).any():
                ways.append((("source", line), _more_of("source", line, slice(0, window.stop), quantity)))
    return ways


def _hours(inputs: Inputs, q: int, window: slice, hours: float) -> list[tuple[_Pull, _Change]]:
    resource = inputs.resource
    ways: list[tuple[_Pull, _Change]] = []

    def overtime(other: Inputs) -> None:
        other.resource.overtime_hours[q, window] += hours
        if resource.people[q]:
            # Heads limit it as well: lift what a head may work by as much.
            heads = np.maximum(other.resource.headcount[q], 1.0)
            other.resource.overtime_per_head[q, window] += hours / heads

    def shifts(other: Inputs) -> None:
        other.resource.max_shifts[q, window] += np.ceil(hours / resource.shift_hours[q])

    def hire(other: Inputs) -> None:
        per_head = np.maximum(resource.hours_per_head[q, window], 1e-9)
        other.resource.can_hire[q, : window.stop] = True
        other.resource.max_headcount[q, : window.stop] += float((hours / per_head).max())

    def machine(other: Inputs) -> None:
        other.resource.hours[q, window] += hours

    ways.append((("overtime", q), overtime))
    if resource.shift_hours[q] > 0:
        ways.append((("shift", q), shifts))
    if resource.people[q]:
        ways.append((("hire", q), hire))
    if np.isfinite(resource.hours[q, window]).any():
        ways.append((("machine hours", q), machine))
    return ways


def _more_of(table: str, line: int, window: slice, quantity: float) -> _Change:
    def change(other: Inputs) -> None:
        limit = other.source.max_quantity if table == "source" else other.lane.max_quantity
        limit[line, window] += quantity

    return change


def _more_material(line: int, window: slice, quantity: float, inputs: Inputs) -> _Change:
    most = float(inputs.material.usage_quantity.max(initial=1.0))

    def change(other: Inputs) -> None:
        other.material.max_quantity[line, : window.stop] += quantity * most

    return change


def _more_storage(site: int, quantity: float) -> _Change:
    def change(other: Inputs) -> None:
        other.site.capacity[site] += quantity

    return change


def _hours_per_unit(inputs: Inputs, source: int, resource: int) -> float:
    routing = inputs.source
    own: Ints = np.flatnonzero((routing.routing_source == source) & (routing.routing_resource == resource))
    return float(routing.routing_hours[own].sum())


def _used(lever: _Pull, inputs: Inputs, old: Solution, new: Solution) -> tuple[float, int, str, str]:
    """(how much more the new plan uses, the month it uses most in, name, unit)."""
    kind, line = lever
    if kind == "overtime":
        more, name, unit = (new.overtime - old.overtime)[line], inputs.resource_names[line], "hours"
    elif kind == "shift":
        more, name, unit = (new.shifts - old.shifts)[line], inputs.resource_names[line], "shifts"
    elif kind == "hire":
        more, name, unit = (new.headcount - old.headcount)[line], inputs.resource_names[line], "heads"
        month = int(np.argmax(more))
        return float(more[month]), month, name, unit
    elif kind == "machine hours":
        more, name, unit = (new.regular - old.regular)[line], inputs.resource_names[line], "hours"
    elif kind == "source":
        more, name, unit = (new.started - old.started)[line], inputs.source_names[line], "units"
    elif kind == "material":
        position = int(inputs.material.material[line])
        more, name, unit = (new.bought - old.bought)[line], inputs.material_names[position], "units"
    elif kind == "lane":
        more, name, unit = (new.flow - old.flow).sum(axis=0)[line], inputs.lane_name(line), "units"
    else:
        more, name, unit = (new.stock - old.stock).sum(axis=0)[line], inputs.site_names[line], "units"
        month = int(np.argmax(more))
        return float(more[month]), month, name, unit
    return float(np.maximum(more, 0.0).sum()), int(np.argmax(more)), name, unit
