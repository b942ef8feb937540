"""What a month of waiting costs: the plan with a decision taken now against the plan with it taken a month later.

The rule, stated wherever the number is shown (`RULE`):

- what the company does (capacity, overtime, shifts, people, supplier volumes and costs, transport, prices, its own
  promotions, phase-outs) begins and ends one month later; without a first month it begins in the second planned month;
- a launch or promotion that is pulled forward gains one month less; one that is put off can still be put off later;
- what the market or fate brings (growth, sales input, typed demand, outages, what a launch will sell) does not wait;
- what holds for the whole plan (policy, priorities, production mode, safety stock, wages, penalties) cannot be made to
  begin later in the model: it stays in both plans, and the basis says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sop_core.calendar import MonthArray, days_in, span_label, to_month
from sop_core.changes import Change, LaunchMove, PhaseOut, PromotionAdd, PromotionMove
from sop_core.changes.text import listing
from sop_core.cycle.decision import CostOfWaiting
from sop_core.errors import ReviewError
from sop_core.plan import Plan
from sop_core.scenario import MOST_CHANGES, Scenario, Step

RULE: Final = (
    "The scenario is planned twice: with the decision taken now, and a month later. What the company does begins and "
    "ends one month later; a launch or promotion pulled forward gains one month less; what the market brings, outages "
    "too, does not wait; policies that hold for the whole plan stay in both. The cost of waiting is the margin of now "
    "less the margin of later, over the horizon."
)

#: Changes that say what happens to the company, whatever it decides and when.
_HAPPENS: Final = frozenset(
    {
        "demand_growth", "sales_input", "demand_override", "demand_edit", "outage", "launch_probability",
        "launch_volume", "launch_ramp", "launch_cannibalisation",
    }
)  # fmt: skip


def happens(change: Change) -> bool:
    """Whether a Change says what happens to the company (the market, fate) rather than what the company does."""
    return change.kind in _HAPPENS


@dataclass(frozen=True, slots=True)
class Later:
    """A Change a month later. `change` is None where nothing of it is left within the plan. `moved`: whether waiting
    makes a difference to it at all; `stuck`: it holds for the whole plan, so the model cannot make it wait."""

    change: Change | None
    moved: bool = False
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The two plans and what lies between them: money and service level of now less those of later."""

    now: Plan
    later: Plan
    cost: CostOfWaiting


def a_month_later(change: Change, months: MonthArray) -> Later:
    """A Change as it would be if it were decided one month later, over the plan's `months` [t]."""
    if happens(change):
        return Later(change)
    if isinstance(change, PromotionAdd):
        start = _day_later(change.start)
        if to_month(start) > months[-1]:
            return Later(None, moved=to_month(change.start) <= months[-1])
        return Later(replace(change, start=start, end=_day_later(change.end)), moved=True)
    if isinstance(change, PhaseOut):
        return Later(replace(change, end=_day_later(change.end)), moved=True)
    if isinstance(change, LaunchMove | PromotionMove):
        if change.months >= 0:
            return Later(change)
        return Later(replace(change, months=change.months + 1) if change.months < -1 else None, moved=True)
    if "months" not in change.axes:
        return Later(change, stuck=True)
    return _scope_later(change, months)


def _scope_later(change: Change, months: MonthArray) -> Later:
    """The months of its scope one later; from the second planned month on where it has begun already."""
    scope = change.scope
    first = max(to_month(scope.first), months[0]) if scope.first else months[0]
    if first > months[-1]:
        return Later(change)  # outside the plan now and later
    if first == months[-1]:
        return Later(None, moved=True)
    last = None if scope.last is None else str(to_month(scope.last) + 1)
    return Later(replace(change, scope=replace(scope, first=str(first + 1), last=last)), moved=True)


def _day_later(day: dt.date) -> dt.date:
    """The same day of the next month; its last day where the month is shorter or the day is the last."""
    following = to_month(day) + 1
    length = int(days_in(np.array([following]))[0])
    last = (day + dt.timedelta(days=1)).month != day.month
    first: dt.date = following.astype("datetime64[D]").item()
    return first.replace(day=length if last else min(day.day, length))


def scenarios(scenario: Scenario, changes: Sequence[Change], months: MonthArray) -> tuple[Scenario, Scenario]:
    """(now, later): the scenario with a decision's Changes, and with those a month later, in their places.

    Changes that the scenario does not have yet stand behind its own. Raises ReviewError where waiting makes no
    difference that the model can tell: then a person has to say what it costs.
    """
    if not changes:
        raise ReviewError(
            "The decision has no Changes to plan with: say yourself what a month of waiting costs."
        )
    wanted = [change.acting() for change in changes]
    present = [step.change.acting() for step in scenario.steps if not step.muted]
    missing = [change for change in changes if change.acting() not in present]
    if len(scenario.steps) + len(missing) > MOST_CHANGES:
        raise ReviewError(f"The scenario and the decision have more than {MOST_CHANGES} Changes together.")
    now = replace(scenario, steps=(*scenario.steps, *(Step(change) for change in missing)))
    steps, moved = [], False
    for step in now.steps:
        if step.muted or step.change.acting() not in wanted:
            steps.append(step)
            continue
        found = a_month_later(step.change, months)
        moved |= found.moved
        if found.change is not None:
            steps.append(Step(found.change))
    if not moved:
        raise ReviewError(
            "None of the decision's Changes begins in a month of the plan, so the plan cannot tell what a month of "
            "waiting costs: say it yourself."
        )
    return now, replace(now, steps=tuple(steps))


def cost_of_waiting(
    plan: Callable[[Scenario], Plan], scenario: Scenario, changes: Sequence[Change], months: MonthArray
) -> Waiting:
    """What waiting a month with a decision costs in a scenario: two plans. `months` [t]: the plan's.

    Raises ReviewError where it cannot be computed, ScenarioError and PlanError of the plans.
    """
    now, later = scenarios(scenario, changes, months)
    first, second = plan(now), plan(later)
    amount = float(first.money.margin.sum()) - float(second.money.margin.sum())
    service = first.kpis["service_level"] - second.kpis["service_level"]
    cost = CostOfWaiting(
        amount=round(amount, 2) + 0.0,
        basis=_basis(scenario, changes, months),
        service=round(service, 6) + 0.0 if np.isfinite(service) else None,
        computed=True,
    )
    return Waiting(first, second, cost)


def _basis(scenario: Scenario, changes: Sequence[Change], months: MonthArray) -> str:
    later = [(change, a_month_later(change, months)) for change in changes]
    moved = sum(found.moved for _, found in later)
    said = (
        f"Margin of '{scenario.name}' {span_label(months[0], months[-1])} with {moved} of {len(later)} Changes beginning "
        "one month later, against now."
    )
    stuck = list(dict.fromkeys(change.title for change, found in later if found.stuck))
    if stuck:
        said += f" Held in both plans, since it cannot begin later in the model: {listing(stuck)}."
    return said
