"""Lists of a pack: decisions as cards, assumptions, actions, shortages, definitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from sop_core.cycle.assumption import FORMULAS
from sop_core.cycle.decision import APPROVED, DEFERRED, OPTION_KPIS, PROPOSED, CostOfWaiting, Decision
from sop_core.cycle.waiting import RULE
from sop_core.explain.subject import shortage_findings, shortage_thing
from sop_core.kpis import KPIS
from sop_core.pack.evidence import Evidence, Kept
from sop_core.pack.value import (
    ActionLine,
    AssumptionLine,
    DecisionCard,
    Definition,
    FinancialYear,
    KpiLine,
    OptionLine,
)
from sop_core.plan import Plan
from sop_core.wording import money

#: Shortages listed.
_SHORTAGES: Final = 12

#: How the threats to a plan are ranked, see threats.py.
RANKING: Final = Definition(
    "Threats to the plan",
    "",
    "Ranked by margin at stake x chance: what the plan itself shows is certain, what the paths of demand show has the "
    "part of them, what nobody knows the chance of counts as one in two; rules that cannot be kept stand first",
)

#: Terms of a pack that are no KPI.
TERMS: Final = (
    Definition("Target", "", "What the company wants of a KPI over the horizon (table targets), less its tolerance"),
    Definition("Budget", "", "The table budget, over the planned months that it holds"),
    Definition(
        "Last LE", "",
        "The plan signed in an earlier cycle; without one the latest estimate kept or brought of the cycle before, which "
        "knows demand and prices only; over the months that both plan",
    ),
    Definition("Base", "", "The plan of the same data without any Change"),
    Definition("P10, P50, P90", "", "10, 50 and 90 % of the paths of demand lie below, the plan held as it is"),
    Definition("Chance to miss", "%", "Part of the paths that miss a target (less its tolerance) or the budget"),
    Definition("Cost of waiting", "money a month", RULE),
    Definition(
        "Margin at stake", "money",
        "Units late or lost x (price of the month of asking - standard cost), never below nothing",
    ),
    Definition(
        "Favourable", "",
        "More of what should rise, less of what should fall; nothing is said of KPIs that aim at a level",
    ),
)  # fmt: skip


def decision_cards(evidence: Evidence) -> tuple[DecisionCard, ...]:
    """Decisions of the list as cards: what is open first, then what is deferred, the dearest to
    wait with on top."""
    return tuple(_card(evidence, kept) for kept in sorted(evidence.decisions, key=_rank))


def _rank(kept: Kept) -> tuple[int, float, str, int]:
    decision = kept.decision
    waiting = decision.cost_of_waiting.amount if decision.cost_of_waiting else 0.0
    return (
        {PROPOSED: 0, DEFERRED: 1}.get(decision.state, 2),
        -waiting,
        decision.due.isoformat() if decision.due else "9999",
        kept.id,
    )


def _card(evidence: Evidence, kept: Kept) -> DecisionCard:
    decision, inputs = kept.decision, evidence.plan.inputs
    waiting = decision.cost_of_waiting
    return DecisionCard(
        id=kept.id,
        revision=kept.revision,
        title=decision.title,
        why=decision.why,
        owner=decision.owner,
        due=decision.due.isoformat() if decision.due else "",
        scenario=decision.scenario,
        changes=tuple(change.sentence(inputs) for change in decision.changes),
        options=tuple(
            OptionLine(
                option.title,
                {name: getattr(option.kpis, name) for name in OPTION_KPIS},
                option.title == decision.recommendation,
                option.data_version,
            )
            for option in decision.options
        ),
        recommendation=decision.recommendation,
        waiting="" if waiting is None else waiting_sentence(waiting, inputs.currency),
        waiting_amount=None if waiting is None else waiting.amount,
        state=decision.state,
        comment=decision.comment,
    )


def waiting_sentence(waiting: CostOfWaiting, currency: str) -> str:
    """`A month of waiting costs 24.6 k EUR of margin and 0.3 points of service.`"""
    said = "A month of waiting "
    if round(waiting.amount):
        said += (
            f"{'costs' if waiting.amount > 0 else 'brings'} {money(abs(waiting.amount), currency)} of margin"
        )
    else:
        said += "costs no margin"
    if waiting.service is not None and abs(waiting.service) >= 0.0005:
        points = f"{abs(waiting.service) * 100:.1f} points of service"
        same = (waiting.service > 0) == (waiting.amount > 0) and bool(round(waiting.amount))
        verb = "" if same else "costs " if waiting.service > 0 else "brings "
        said += f" and {verb}{points}"
    how = "computed from two plans" if waiting.computed else waiting.basis or "an estimate"
    return f"{said} ({how})." if not waiting.computed else f"{said}, {how}."


def assumption_lines(evidence: Evidence) -> tuple[AssumptionLine, ...]:
    """Assumptions on demand in the order of the register."""
    return tuple(
        AssumptionLine(
            driver=one.driver,
            value=one.said(one.value),
            band="" if one.low == one.high else one.range,
            owner=one.owner,
            until=one.valid_until.isoformat(),
            status=one.status,
            sentence=f"{one.sentence()}.",
        )
        for one in evidence.assumptions
    )


def action_lines(evidence: Evidence) -> tuple[ActionLine, ...]:
    """What somebody does by a day: approved decisions and open issues, by day; without a day last."""
    approved = (kept for kept in evidence.decisions if kept.decision.state == APPROVED)
    lines = [_action(kept.id, kept.decision) for kept in approved]
    lines += [
        ActionLine(
            issue.title,
            issue.resolver,
            issue.due.isoformat() if issue.due else "",
            issue.state,
            f"Issue {number}",
        )
        for number, issue in evidence.issues
    ]
    return tuple(sorted(lines, key=lambda line: line.due or "9999"))


def _action(number: int, decision: Decision) -> ActionLine:
    due = decision.due.isoformat() if decision.due else ""
    return ActionLine(decision.title, decision.owner, due, decision.state, f"Decision {number}")


# -- shortages ------------------------------------------------------------------------------------------------


def margin_at_stake(plan: Plan) -> dict[tuple[str, str], float]:
    """Margin of the units late or lost by (cause, thing that holds them back), as in explain.shortage_findings."""
    table, inputs = plan.shortages, plan.inputs
    cost = dict(zip(inputs.items, inputs.item.unit_cost.tolist(), strict=True))
    out: dict[tuple[str, str], float] = {}
    columns = ("cause_kind", "binding", "item", "quantity", "value")
    for cause, binding, item, units, value in zip(*(table[name].tolist() for name in columns), strict=True):
        named = (cause, shortage_thing(plan, cause, binding))
        out[named] = out.get(named, 0.0) + max(value - units * cost[item], 0.0)
    return out


def shortage_lines(plan: Plan) -> tuple[tuple[str, float], ...]:
    """What holds demand back, in a sentence each, with the margin at stake; the largest first."""
    stake = margin_at_stake(plan)
    found = [
        (f"{one.title}: {one.sentence}", stake.get((one.subject.cause, one.subject.thing), 0.0))
        for one in shortage_findings(plan)
    ]
    return tuple(sorted(found, key=lambda pair: -pair[1])[:_SHORTAGES])


# -- definitions ----------------------------------------------------------------------------------------------


def definitions(
    evidence: Evidence, kpis: Iterable[KpiLine], year: FinancialYear | None
) -> tuple[Definition, ...]:
    """What every number and term of the pack means, each title once."""
    currency = evidence.plan.inputs.currency
    unit = {"money": currency, "fraction": "%", "turns": "a year"}
    found = [Definition(line.title, unit.get(line.unit, line.unit), line.formula) for line in kpis]
    found += [
        Definition(kpi.title, unit.get(kpi.unit, kpi.unit), kpi.formula)
        for kpi in KPIS.values()
        if any(kpi.name == risked for risked in _risked(evidence))
    ]
    found += [Definition(row.title, currency, row.formula) for row in (year.rows if year else ())]
    found += [Definition(d.title, d.unit.replace("money", currency), d.formula) for d in (*TERMS, RANKING)]
    measures = dict.fromkeys(one.measure for one in evidence.assumptions)
    found += [Definition(f"Assumption: {measure}", "", FORMULAS[measure]) for measure in measures]
    known: dict[str, Definition] = {}
    for definition in found:
        known.setdefault(definition.title, definition)
    return tuple(known.values())


def _risked(evidence: Evidence) -> tuple[str, ...]:
    simulated = evidence.risks.get(evidence.plan.scenario.name)
    targets = evidence.company.snapshot.table("targets")["kpi"]
    return tuple(np.unique([str(name) for name in targets])) if simulated is not None else ()
