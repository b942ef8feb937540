"""What one more step of something is worth, by re-solving one step up and one step down; and ways out of a shortage.

A shadow price is one of many on a degenerate plan and often right on one side only. A pair of re-solves is exact
for the step taken, on both sides, and doubling the step shows how far the value holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.changes import Change
from sop_core.errors import Infeasible
from sop_core.inputs import Bools, Floats, Inputs
from sop_core.supply import causes
from sop_core.supply.candidates import candidates, pulled
from sop_core.supply.result import Solution
from sop_core.supply.solve import SupplySolver, Value
from sop_core.supply.whole import needs_whole

#: A value holds as long as a unit is worth this part of what the first step was, at least.
_HOLDS = 0.99
_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Lever:
    """One thing in one month.

    kind and where: `resource` (q: a regular hour; of people and machine together where both limit it), `people`
    (q: an hour of people already paid), `machine` (q: an hour of the machine's own limit), `source` (k: a unit of
    max_quantity), `demand` (item, region, segment: a unit asked for), `lane` (l), `material` (n: a unit the supplier
    may send), `storage` (s, month ignored), `overtime` (q: an hour of overtime allowed), `receipt` (item, site: a
    unit that arrives there for nothing, as a spot purchase before its price).
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
    waits_up: float = 0.0  #: units x months that orders wait less, per unit of the step more
    waits_down: float = 0.0  #: units x months that they wait longer, per unit of the step less


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
    *,
    grow: float = 2.0,
    refine: int = 0,
    start: Value | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Worth:
    """Two-sided worth of `step` units of a lever, or of several moved together (people and machine, say).

    inputs, demand, price: the plan asked about, else the solver's base case; `start` its optimum where it is known.
    With `reach`, also how far each value holds: the step is multiplied by `grow` until it does no longer, then
    halved in between `refine` times; the optimum is concave in every limit, so a value that holds at a distance
    holds all the way. Up to 14 warm re-solves; `go_on` is asked before each that is not needed for the value itself.
    Raises PlanError as `SupplySolver.solve` does.
    """
    levers = (what,) if isinstance(what, Lever) else tuple(what)
    base = solver.base
    case = (base[0] if inputs is None else inputs, base[1] if demand is None else demand)
    money = base[2] if price is None else price
    at_hand = min(_at_hand(case[0], case[1], lever) for lever in levers)
    begin = solver.value(case[0], case[1], money) if start is None else start

    def moved(amount: float) -> Value | None:
        changed = _Case(case[0].copy(), case[1].copy(), [])
        for lever in levers:
            _apply(changed, lever, amount)
        try:
            return solver.value(changed.inputs, changed.demand, money, changed.nudges)
        except Infeasible:  # fewer hours than people are paid for: there is no such step
            return None

    further = _Reach(_DOUBLINGS - refine if reach else 0, grow, refine if reach else 0, go_on)
    up = _side(begin, moved, step, 1.0, np.inf, further)
    down = _side(begin, moved, step, -1.0, at_hand, further)
    return Worth(
        step, up.per_unit, down.per_unit, up.holds, down.holds, up.served, down.served, up.waits, down.waits
    )


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far a value is followed: so many larger steps, each so many times the last, then so many halvings."""

    steps: int
    grow: float
    halvings: int
    go_on: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Side:
    per_unit: float
    served: float
    waits: float
    holds: float


_NO_STEP = _Side(float("nan"), float("nan"), float("nan"), 0.0)


def _side(
    start: Value,
    moved: Callable[[float], Value | None],
    step: float,
    sign: float,
    limit: float,
    reach: _Reach,
) -> _Side:
    """What a unit is worth on one side, and for how many units."""
    if step > limit:
        return _NO_STEP
    first = moved(sign * step)
    if first is None:
        return _NO_STEP
    per_unit = sign * (first.objective - start.objective) / step
    noise = 1e-7 * max(abs(start.objective), 1.0)

    def holds_at(size: float) -> bool:
        further = moved(sign * size)
        if further is None:
            return False
        average = sign * (further.objective - start.objective) / size
        return abs(average - per_unit) <= (1 - _HOLDS) * abs(per_unit) + noise / size

    holds, ends = step, np.inf
    for _ in range(reach.steps):
        size = holds * reach.grow
        if size > limit or not reach.go_on():
            break
        if not holds_at(size):
            ends = size
            break
        holds = size
    for _ in range(reach.halvings):
        if not np.isfinite(ends) or not reach.go_on():
            break
        size = float(np.sqrt(holds * ends))
        holds, ends = (size, ends) if holds_at(size) else (holds, size)
    return _Side(
        per_unit,
        sign * (start.not_served - first.not_served) / step,
        sign * (start.waiting - first.waiting) / step,
        holds,
    )


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
    if kind == "overtime":
        return float(inputs.resource.overtime_hours[at, month] * (1 - inputs.resource.outage[at, month]))
    if kind == "receipt":
        return float(inputs.stock.receipts[(*lever.where, month)])
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
    if lever.kind == "overtime":
        running = 1 - inputs.resource.outage[at, month]
        if inputs.resource.people[at] and not np.isnan(inputs.resource.overtime_per_head[at, month]):
            line = int(np.flatnonzero(np.flatnonzero(inputs.resource.people) == at)[0])
            case.nudges.append(("staff_overtime", line, month, amount))
        if running > 0:
            inputs.resource.overtime_hours[at, month] = max(
                inputs.resource.overtime_hours[at, month] + amount / running, 0.0
            )
    elif lever.kind == "receipt":
        inputs.stock.receipts[(*lever.where, month)] += amount
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
    change: Change  #: what a scenario needs for it
    span: tuple[np.datetime64, np.datetime64] | None = None  #: first and last month in which it is used


@dataclass(frozen=True, slots=True)
class Tried:
    """A way out with the numbers and the plan behind it."""

    way: WayOut
    inputs: Inputs
    solution: Solution


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
    where time is the cause (lead time, frozen months), where serving does not pay, or where plans are
    made in whole lots (each would be a search of its own). `solution` is the plan of
    inputs, demand and price (default: the solver's base case). Some ten warm re-solves.
    """
    found = tried(solver, solution, item, region, month, inputs, demand, price)
    return tuple(one.way for one in found)


def tried(
    solver: SupplySolver,
    solution: Solution,
    item: int,
    region: int | None,
    month: int,
    inputs: Inputs | None = None,
    demand: Floats | None = None,
    price: Floats | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> tuple[Tried, ...]:
    """As `ways_out`, each with its whole plan. Asks `go_on` before each re-plan and gives what it has where it is
    told to stop."""
    if needs_whole(solver.base[0] if inputs is None else inputs):
        return ()
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
    ways: list[Tried] = []
    cause = causes.find_causes(inputs, solution, short)
    for lever, change, other in candidates(inputs, cause, quantity):
        if not go_on():
            break
        plan = solver.solve(other, demand, price)
        after = short_units(inputs, demand, plan)
        relieved = float(before.sum() - after.sum())
        if relieved <= 1e-6 * max(quantity, 1.0):
            continue
        more, rate, name, unit = pulled(lever, inputs, solution, plan)
        used = np.maximum(more, 0.0)
        # What stays from month to month counts by its height, not by its sum.
        standing = lever[0] in ("hire", "storage")
        way = WayOut(
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
            change=change,
            span=used_span(inputs, used),
        )
        ways.append(Tried(way, other, plan))
    if inputs.policy.objective == "service":
        return tuple(sorted(ways, key=lambda one: (-round(one.way.relieved, 6), one.way.cost)))
    return tuple(sorted(ways, key=lambda one: (-one.way.gain, one.way.cost)))


def used_span(inputs: Inputs, used: Floats) -> tuple[np.datetime64, np.datetime64] | None:
    """First and last month in which more than a trace of a lever is used; None where it is not used."""
    months = np.flatnonzero(used > 0.01 * max(float(used.max(initial=0.0)), 1e-9))
    return (inputs.months[months[0]], inputs.months[months[-1]]) if len(months) else None


def short_units(inputs: Inputs, demand: Floats, solution: Solution) -> Floats:
    """[i, r, t] units asked for in t that are served late or never."""
    late, lost = causes.late_and_lost(inputs, demand, solution)
    return np.asarray((late + lost).sum(axis=2))
