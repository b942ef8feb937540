"""What an explanation needs re-plans for: the two-sided worth of a step, ways out with their effect, and the plan
without the hours in question. Every number here is an exact re-solve from the base plan's optimum."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from sop_core.calendar import span_label
from sop_core.changes import OvertimeChange, Scope, SourceVolume, WorkforcePolicy
from sop_core.changes.capacity import CapacityChange
from sop_core.errors import PlanError
from sop_core.explain import subject, words
from sop_core.explain.explanation import Binding, Explanation, Priced, Term, Way, Without
from sop_core.inputs import Inputs
from sop_core.money import build_money
from sop_core.plan import Plan
from sop_core.planner import Planner
from sop_core.supply import causes
from sop_core.supply.candidates import Candidate, by_change, candidates, pulled
from sop_core.supply.priced import Tried, WayOut, short_units, tried, used_span, worth
from sop_core.supply.result import Solution
from sop_core.supply.solve import SupplySolver
from sop_core.supply.whole import needs_whole

Progress = Callable[[str, int, int], None]
#: Steps of pricing as progress tells them.
_STEPS = 3


def price(
    planner: Planner,
    plan: Plan,
    found: Explanation,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Explanation:
    """The explanation with its worth and ways out: at most 15 warm re-solves for the worth (4 more where people and
    machine bind together), and one for each way out. `stop` is asked between them; what is known by then is given,
    `complete` says whether it was all. Raises PlanError."""
    solver = planner.solver
    tell = progress if progress is not None else _silent
    halted = False

    def go_on() -> bool:
        nonlocal halted
        halted = halted or (stop is not None and stop())
        return not halted

    tell("Looking for ways out", 0, _STEPS)
    ways = tuple(sorted(_ways(solver, plan, found, go_on), key=lambda way: _rank(plan, way)))
    tell("Planning without it", 1, _STEPS)
    without = _without(solver, plan, found) if found.subject.kind == subject.OVERLOAD and go_on() else None
    tell("Pricing one step more and less", 2, _STEPS)
    priced = _worth(solver, plan, found.binding, go_on) if found.binding is not None and go_on() else None
    verdict, terms = found.verdict, found.arithmetic
    if priced is not None and priced.worth.up < priced.cost:
        verdict = (
            f"To the whole plan a unit there is worth {words.rate_text(priced.worth.up, found.currency)}; to have it "
            f"costs {words.rate_text(priced.cost, found.currency)}, so the plan leaves it."
        )
        terms = (
            Term("Worth of a unit there to the whole plan", priced.worth.up),
            Term("Cost to have it there", -priced.cost),
        )
    return dataclasses.replace(
        found,
        verdict=verdict,
        arithmetic=terms,
        worth=priced,
        ways_out=ways,
        without=without,
        priced=True,
        complete=not halted,
    )


def _silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


def _rank(plan: Plan, way: Way) -> tuple[float, float]:
    if plan.inputs.policy.objective == "service":
        return -round(way.relieved, 6), -way.margin
    return -way.margin, -way.relieved


# -- worth ----------------------------------------------------------------------------------------------------


def _worth(solver: SupplySolver, plan: Plan, binding: Binding, go_on: Callable[[], bool]) -> Priced:
    inputs, demand = capped(plan, binding), plan.demand
    start = solver.value(inputs, demand.total, demand.price)
    both = worth(
        solver, binding.levers, 1.0, inputs, demand.total, demand.price, grow=4.0, refine=1, start=start,
        go_on=go_on,
    )  # fmt: skip
    alone = []
    for name, lever in binding.alone:
        if not go_on():
            break
        one = worth(solver, lever, 1.0, inputs, demand.total, demand.price, reach=False, start=start)
        alone.append((name, one.up))
    return Priced(both, binding.name, binding.unit, tuple(alone), binding.cost)


def capped(plan: Plan, binding: Binding) -> Inputs:
    """The plan's inputs; for the worth of overtime that is worked, with the limit brought down to it."""
    if not binding.capped:
        return plan.inputs
    inputs = plan.inputs.copy()
    month = binding.levers[0].month
    for q in binding.capped:
        running = max(1.0 - float(inputs.resource.outage[q, month]), 1e-12)
        inputs.resource.overtime_hours[q, month] = plan.solution.overtime[q, month] / running
    return inputs


# -- ways out -------------------------------------------------------------------------------------------------


def _ways(solver: SupplySolver, plan: Plan, found: Explanation, go_on: Callable[[], bool]) -> list[Way]:
    kind = found.subject.kind
    inputs, asked = plan.inputs, found.subject
    month = [str(m) for m in inputs.months].index(asked.month) if asked.month else 0
    if kind == subject.SHORTAGE:
        item = inputs.items.index(asked.item)
        tries = tried(
            solver, plan.solution, item, None, month, inputs, plan.demand.total, plan.demand.price, go_on
        )
        return [_way(plan, one, found.units) for one in tries]
    if kind == subject.OVERLOAD:
        options = _hours_options(plan, inputs.resource_names.index(asked.thing), found.units)
        return [
            _way(plan, one, 0.0) for one in _each(solver, plan, options, lambda new: 0.0, go_on, keep=True)
        ]
    if kind == subject.CONTRACT:
        k = inputs.source_names.index(asked.thing)
        before = float(plan.solution.contract_shortfall[k, month])
        tries = tuple(
            _each(
                solver, plan, _contract_options(plan, k, month),
                lambda new: before - float(new.contract_shortfall[k, month]), go_on,
            )
        )  # fmt: skip
        return [_way(plan, one, 0.0) for one in tries]
    if kind == subject.BELOW:
        i, s = inputs.items.index(asked.item), inputs.site_names.index(asked.thing)
        short = float(plan.solution.short_target[i, s, month])
        tries = tuple(
            _each(
                solver, plan, _below_options(plan, i, s, month, short),
                lambda new: short - float(new.short_target[i, s, month]), go_on,
            )
        )  # fmt: skip
        return [_way(plan, one, short) for one in tries]
    return []


def _each(
    solver: SupplySolver,
    plan: Plan,
    options: Iterable[Candidate],
    relief: Callable[[Solution], float],
    go_on: Callable[[], bool],
    keep: bool = False,
) -> Iterator[Tried]:
    """Re-plans each option; those that relieve (all with `keep`), with the relief as `relieved_here`."""
    inputs, demand, old = plan.inputs, plan.demand, plan.solution
    if needs_whole(inputs):
        return  # each would be a search of its own
    late = short_units(inputs, demand.total, old)
    for lever, change, other in options:
        if not go_on():
            return
        try:
            new = solver.solve(other, demand.total, demand.price)
        except PlanError:  # a lever without a plan behind it is no way out
            continue
        here = relief(new)
        if here <= 1e-6 and not keep:
            continue
        more, spent, name, unit = pulled(lever, inputs, old, new)
        used = np.maximum(more, 0.0)
        way = WayOut(
            lever[0], name, unit, float(used.max() if lever[0] == "hire" else np.abs(more).sum()),
            inputs.months[int(np.argmax(np.abs(more)))], spent,
            float((late - short_units(inputs, demand.total, new)).sum()), here, new.cost - old.cost,
            new.margin - old.margin, change, used_span(inputs, np.abs(more)),
        )  # fmt: skip
        yield Tried(way, other, new)


def _hours_options(plan: Plan, q: int, hours: float) -> Iterator[Candidate]:
    """Instead of overtime: people hired, or more regular hours; and the hours not worked at all."""
    inputs, resource = plan.inputs, plan.inputs.resource
    scope = Scope.of(resource=inputs.resource_names[q])
    if resource.people[q]:
        per_head = max(float(resource.hours_per_head[q].mean()), 1e-9)
        most = float(resource.max_headcount[q].max()) + hours / per_head
        policy = "free" if resource.can_release[q].all() else "no_release"
        limit = most if np.isfinite(most) else None
        yield from by_change(
            inputs, ("hire", q), WorkforcePolicy(scope=scope, policy=policy, max_headcount=limit)
        )
    elif np.isfinite(resource.hours[q]).all():
        over = inputs.months[subject.over_regular(plan)[q] > 1e-6]
        when = dataclasses.replace(scope, first=str(over[0]), last=str(over[-1]))
        yield from by_change(inputs, ("machine hours", q), CapacityChange(scope=when, hours=hours))
    allowed = np.isfinite(resource.overtime_hours[q]) & (resource.overtime_hours[q] > 0)
    if allowed.any() and plan.solution.overtime[q].sum() > 1e-6:
        yield from by_change(inputs, ("overtime", q), OvertimeChange(scope=scope, pct=-1.0))


def _contract_options(plan: Plan, k: int, month: int) -> Iterator[Candidate]:
    """The minimum brought down to what can be taken."""
    inputs = plan.inputs
    at = str(inputs.months[month])
    taken = float(plan.solution.started[k, month])
    scope = Scope.of(source=inputs.source_names[k], first=at, last=at)
    yield from by_change(inputs, ("source", k), SourceVolume(scope=scope, minimum=max(taken, 0.0)))


def _below_options(plan: Plan, i: int, s: int, month: int, short: float) -> Iterator[Candidate]:
    """The levers of what blocks the source that could have been in time."""
    from sop_core.explain.others import source_for

    k, start, blocked = source_for(plan, i, s, month)
    if k is None or blocked is None:
        return
    kind, binding, source, _, first, last = blocked
    one = np.array([0])
    cause = causes.Causes(
        one + i, one, one + month, one + causes.KINDS.index(kind), one + binding, one + source, one + start,
        one + first, one + last,
    )  # fmt: skip
    yield from candidates(plan.inputs, cause, short)


def _way(plan: Plan, one: Tried, units: float) -> Way:
    new = _plan_of(plan, one)
    delta = {name: new.kpis[name] - plan.kpis[name] for name in ("margin", "service_level", "stock_value")}
    way = one.way
    return Way(
        text=way_text(way, plan.inputs.currency),
        change=way.change,
        relieved=way.relieved,
        relieved_here=way.relieved_here,
        spent=way.spent,
        margin=delta["margin"],
        service=delta["service_level"],
        stock=delta["stock_value"],
    )


def _plan_of(plan: Plan, one: Tried) -> Plan:
    """The whole plan of a way out, so that its KPIs are those of the scenario with its Change."""
    return dataclasses.replace(
        plan, scenario=plan.scenario.add(one.way.change), inputs=one.inputs, solution=one.solution,
        money=build_money(one.inputs, plan.demand, one.solution),
    )  # fmt: skip


def way_text(way: WayOut, currency: str) -> str:
    """A way out as a part of a sentence, the same on every screen: what, when, for how much, and what it brings."""
    if isinstance(way.change, OvertimeChange) and way.change.pct == -1.0:
        what = f"no overtime at {way.name}"
    elif isinstance(way.change, SourceVolume) and way.change.minimum is not None:
        what = f"the minimum of {way.name} lowered to {words.count(way.change.minimum)} units"
    else:
        amount = f"{way.amount:,.0f}" if way.amount >= 10 else f"{way.amount:.1f}"
        what = {
            "overtime": f"{amount} more overtime hours at {way.name}",
            "shift": f"{amount} extra shifts at {way.name}",
            "hire": f"{amount} more heads at {way.name}",
            "machine hours": f"{amount} more hours of {way.name}",
            "source": f"{amount} units more from {way.name}",
            "material": f"{amount} units more of {way.name}",
            "lane": f"{amount} units more on {way.name}",
            "storage": f"{amount} units more room at {way.name}",
        }[way.lever]
    when = span_label(*way.span) if way.span is not None else ""
    what = f"{what} ({when})" if when else what
    gain = words.money_text(abs(way.gain), currency)
    pays = f"which pays {gain}" if way.gain >= 0 else f"at a margin {gain} lower"
    if way.relieved > 0.5:
        return f"{what}, for {way.relieved:,.0f} units on time, {pays}"
    if way.relieved < -0.5:
        return f"{what}, with {-way.relieved:,.0f} units more late or lost, {pays}"
    return f"{what}, {pays}"


# -- without overtime -----------------------------------------------------------------------------------------


def _without(solver: SupplySolver, plan: Plan, found: Explanation) -> Without | None:
    """The plan without overtime and extra shifts of the resource in the months in which it is over regular."""
    inputs = plan.inputs
    if needs_whole(inputs):
        return None
    q = inputs.resource_names.index(found.subject.thing)
    months = np.flatnonzero(subject.over_regular(plan)[q] > 1e-6)
    other = inputs.copy()
    other.resource.overtime_hours[q, months] = 0.0
    other.resource.max_shifts[q, months] = 0.0
    try:
        new = solver.solve(other, plan.demand.total, plan.demand.price)
    except PlanError:
        return None
    demand, old = plan.demand.total, plan.solution
    by_item = (short_units(other, demand, new) - short_units(inputs, demand, old)).sum(axis=(1, 2))
    worked = old.overtime[q] + old.shift_hours_used[q] - new.overtime[q] - new.shift_hours_used[q]
    saved = float(
        (old.overtime - new.overtime)[q].sum() * inputs.resource.overtime_cost[q]
        + (old.shifts - new.shifts)[q].sum() * inputs.resource.shift_cost[q]
    )
    order = [i for i in np.argsort(-by_item, kind="stable").tolist() if by_item[i] > 0.5]
    return Without(
        hours=float(worked.sum()),
        saved=saved,
        margin=float(new.margin - old.margin),
        short=float(by_item.sum()),
        items=tuple((inputs.title(i), float(by_item[i])) for i in order),
    )
