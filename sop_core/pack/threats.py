"""What is most likely to break the plan: the three that stand first by money at stake x chance.

What the plan itself shows (shortages, contracts) is certain: chance 1. What the paths of demand show has the part of
them. What nobody knows the chance of (an assumption, an hour of the fullest resource) counts as one in two. A rule of
the company that the plan breaks stands before all money: such a plan cannot be carried out as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from sop_core import risk as core
from sop_core.calendar import month_label, span_label
from sop_core.cycle.assumption import BROKEN, GROWTH, OPEN, PRICE, UNITS, Assumption
from sop_core.errors import ScenarioError
from sop_core.explain.subject import contract_findings, shortage_findings
from sop_core.inputs import Bools, Floats, Inputs
from sop_core.kpis import KPIS
from sop_core.pack.cards import margin_at_stake
from sop_core.pack.evidence import Evidence
from sop_core.pack.value import Number, Threat
from sop_core.plan import Plan
from sop_core.risk.words import goal_words
from sop_core.wording import money, percent

MOST: Final = 3
#: Chance of what nobody knows the chance of.
_UNKNOWN: Final = 0.5
#: Part of a month's regular hours of the fullest resource that a stoppage is told by: a week.
_WEEK: Final = 0.25
#: Threats below this part of the margin's size are not worth the executives' time.
_LEAST: Final = 0.0005

_KINDS: Final = {
    "resource": "capacity",
    "storage": "capacity",
    "supplier contract": "supplier",
    "material": "supplier",
    "lane": "supplier",
}


@dataclass(frozen=True, slots=True)
class _Found:
    threat: Threat
    score: float
    subject: str  #: at most one of each is shown


def threats(evidence: Evidence) -> tuple[Threat, ...]:
    """At most three, the heaviest first; nothing where nothing was found."""
    found = [
        *_promises(evidence.plan),
        *_shortages(evidence.plan),
        *_contracts(evidence.plan),
        *_misses(evidence),
        *(one for a in evidence.assumptions for one in _assumption(evidence, a)),
        *_stoppage(evidence.plan),
    ]
    least = _LEAST * abs(float(evidence.plan.money.margin.sum()))
    ranked = sorted(found, key=lambda one: (-one.score, one.threat.title))
    chosen: dict[str, Threat] = {}
    for one in ranked:
        if one.score > least and one.subject not in chosen and len(chosen) < MOST:
            chosen[one.subject] = one.threat
    return tuple(chosen.values())


# -- what the plan itself shows -------------------------------------------------------------------------------


def _promises(plan: Plan) -> Iterable[_Found]:
    broken = [str(promise) for promise in plan.solution.promises]
    if broken:
        more = f" {len(broken) - 1} more rules are not kept." if len(broken) > 1 else ""
        threat = Threat("A rule cannot be kept", f"{broken[0]}.{more}", None, 1.0, "promise")
        yield _Found(threat, float("inf"), "promise")


def _shortages(plan: Plan) -> Iterable[_Found]:
    stake = margin_at_stake(plan)
    for one in shortage_findings(plan):
        amount = stake.get((one.subject.cause, one.subject.thing), 0.0)
        said = one.sentence.removesuffix(".")
        threat = Threat(
            one.title,
            f"{said}, {money(amount, plan.inputs.currency)} of margin." if amount >= 1 else one.sentence,
            amount,
            1.0,
            _KINDS.get(one.subject.cause, "shortage"),
        )
        yield _Found(threat, amount, f"thing {one.subject.thing}")


def _contracts(plan: Plan) -> Iterable[_Found]:
    for one in contract_findings(plan):
        said = one.sentence.removesuffix(".")
        worth = f"{said}: {money(one.money, plan.inputs.currency)} that the contract may ask for."
        threat = Threat(one.title, worth, one.money, 1.0, "supplier")
        yield _Found(threat, one.money, f"contract {one.subject.thing}")


# -- what demand may do ---------------------------------------------------------------------------------------


def _misses(evidence: Evidence) -> Iterable[_Found]:
    """Goals of margin and revenue with the money that missing paths fall short by; those of service with the margin of
    the units that come late beyond them."""
    found = evidence.risks.get(evidence.plan.scenario.name)
    if found is None:
        return
    plan = evidence.plan
    for miss in core.misses(found, core.goals(evidence.company)):
        goal = miss.goal
        # What the plan itself misses is no threat to it: it stands among the KPIs.
        if (
            miss.planned
            or miss.probability <= 0
            or goal.kpi not in ("margin", "revenue", "service_level", "fill_rate")
        ):
            continue
        short = _short(plan, found, goal)
        amount = float(short[short > 0].mean()) if (short > 0).any() else 0.0
        money_goal = goal.kpi in ("margin", "revenue")
        what = "of margin short" if goal.kpi != "revenue" else "of revenue short"
        lack = f", {money(amount, plan.inputs.currency)} {what} on average" if money_goal else (
            f"; the units beyond it carry {money(amount, plan.inputs.currency)} of margin"
        )  # fmt: skip
        against = "budget" if goal.kind == "budget" else "target"
        title = f"{KPIS[goal.kpi].title} {against} missed"
        threat = Threat(
            title,
            f"{percent(miss.probability, 0)} of the paths of demand miss {goal_words(goal)}{lack}.",
            amount,
            miss.probability,
            "target",
        )
        worth = amount * miss.probability
        if goal.kpi == "revenue":  # its margin only, so that it ranks beside the others
            worth *= max(float(plan.money.margin.sum()) / max(float(plan.money.revenue.sum()), 1.0), 0.0)
        yield _Found(threat, worth, "goal of money" if money_goal else "goal of service")


def _short(plan: Plan, found: core.Risk, goal: core.Goal) -> Floats:
    """[p] money by which a path falls short of a goal."""
    budget = goal.kind == "budget"
    values = found.by_month[goal.kpi][:, goal.months].sum(axis=1) if budget else found.kpis[goal.kpi]
    gap: Floats = np.maximum(goal.line - values, 0.0)
    if goal.kpi in ("margin", "revenue"):
        return gap
    return gap * found.kpis["demand"] * _unit_margin(plan)


def _unit_margin(plan: Plan) -> float:
    """Margin of an average unit asked for: price less standard cost."""
    units = plan.demand.total
    total = float(units.sum())
    if total <= 0:
        return 0.0
    earned = float((units * plan.demand.price).sum()) - float(
        np.einsum("irmt,i->", units, plan.inputs.item.unit_cost)
    )
    return max(earned / total, 0.0)


# -- assumptions ----------------------------------------------------------------------------------------------


def _assumption(evidence: Evidence, one: Assumption) -> Iterable[_Found]:
    """The worse end of its range, at the plan's own margin of its scope; where nobody measures money, its end."""
    plan = evidence.plan
    months = plan.inputs.months
    about = np.isin(months, one.months)
    if one.status not in (OPEN, BROKEN) or not about.any():
        return
    amount = _worse(plan, one, about)
    chance = 1.0 if one.status == BROKEN else None
    ends = np.datetime64(one.valid_until, "M")
    inside = months[about]
    said = f"{one.sentence()}"
    if amount is not None and amount > 0:
        said += (
            f"; at {one.said(one.low)} the plan loses up to {money(amount, plan.inputs.currency)} of margin"
        )
    if one.status == BROKEN:
        said += "; it did not come true"
    elif ends < inside[-1]:
        span = span_label(inside[0], inside[-1])
        said += f"; it is valid until {month_label(ends)} only, the plan counts on it in {span}"
    threat = Threat(one.driver, f"{said}.", amount, chance, "assumption")
    yield _Found(threat, (amount or 0.0) * (chance or _UNKNOWN), f"assumption {one.driver}")


def _worse(plan: Plan, one: Assumption, about: Bools) -> Number:
    """Margin that the lower end of its range takes from the plan's scope; None where it has no measure."""
    inputs, demand = plan.inputs, plan.demand
    mask = _scope(inputs, one)
    if mask is None:
        return None
    units = demand.total[..., about] * mask
    price = demand.price[..., about]
    unit = np.maximum(price - inputs.item.unit_cost[:, None, None, None], 0.0)
    earned = float((units * unit).sum())
    if one.measure == GROWTH:
        return earned * max((one.value - one.low) / (1.0 + one.value), 0.0)
    if one.measure == PRICE:
        return float((units * price).sum()) * max((one.value - one.low) / (1.0 + one.value), 0.0)
    if one.measure == UNITS:
        total = float(units.sum())
        return (one.value - one.low) * int(about.sum()) * (earned / total if total > 0 else 0.0)
    return None


def _scope(inputs: Inputs, one: Assumption) -> Floats | None:
    """[i, r, m, 1] part of each cell that an assumption is about; None where it names what is not planned."""
    scope = one.scope
    try:
        scope.check(inputs)
    except ScenarioError:
        return None
    share, regions, segments = scope.item_share(inputs), scope.region_mask(inputs), scope.segment_mask(inputs)
    result: Floats = share[:, None, None, None] * regions[None, :, None, None] * segments[None, None, :, None]
    return result


# -- the fullest resource -------------------------------------------------------------------------------------


def _stoppage(plan: Plan) -> Iterable[_Found]:
    """A week without the resource whose hours are worth most."""
    inputs, solution = plan.inputs, plan.solution
    if not len(inputs.resource_names):
        return
    hours = np.where(np.isfinite(solution.capacity), solution.load, 0.0) * _WEEK
    loss = np.maximum(solution.duals["resource"], 0.0) * hours
    q, t = np.unravel_index(int(np.argmax(loss)), loss.shape)
    if loss[q, t] <= 0:
        return
    name, amount = inputs.resource_names[q], float(loss[q, t])
    worth = money(float(solution.duals["resource"][q, t]), inputs.currency)
    said = (
        f"In {month_label(inputs.months[t])} an hour of {name} is worth {worth} of margin: a week without it costs "
        f"{money(amount, inputs.currency)} or more."
    )
    threat = Threat(f"{name} stands still for a week", said, amount, None, "capacity")
    yield _Found(threat, amount * _UNKNOWN, f"thing {name}")
