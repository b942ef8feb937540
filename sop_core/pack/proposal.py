"""What is proposed, in one sentence, and what else must be said: worked out from the plan, never written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sop_core.bridge import by_driver
from sop_core.changes import Change
from sop_core.changes.text import listing
from sop_core.kpis import KPIS, favourable
from sop_core.pack.evidence import Evidence
from sop_core.pack.scenarios import difference
from sop_core.pack.value import BUDGET, TARGET, DecisionCard, KpiLine
from sop_core.wording import kpi_value, money, percent

#: Changes named in the line below the sentence; the rest are counted.
_NAMED: Final = 4
#: Costs told, so that the sentence stays one.
_DEAREST: Final = 2
#: What a proposal may cost elsewhere, in the order in which it is told, with how more of it is said.
_COSTS: Final = (
    ("stock_value", "stock"),
    ("working_capital", "working capital"),
    ("overtime_hours", "hours of overtime"),
    ("cash", "cash"),
)
#: Differences below this part of a KPI are not worth a word.
_LEAST: Final = 0.005


def proposal(evidence: Evidence, kpis: Sequence[KpiLine], cards: Sequence[DecisionCard]) -> str:
    """What is proposed brings against base, budget and target, what it costs, and what is still open: two lines on a
    projector. Its Changes are told by `changes`."""
    plan = evidence.plan
    held = _yardsticks(evidence, kpis)
    if plan.scenario.active:
        said = f"{plan.scenario.name} {_brings(evidence)}, {held}, {_costs(evidence)}"
    else:
        said = f"The base is proposed, the company without any Change, {held}"
    return f"{said[:1].upper()}{said[1:]}; {_open(cards)}."


def changes(evidence: Evidence) -> str:
    """`4 Changes: Mower Weeks 2027: promotion 2 months later; ...`; empty where the base is proposed."""
    active = evidence.plan.scenario.active
    if not active:
        return ""
    said = [_short(change.sentence(evidence.base.inputs), change) for change in active[:_NAMED]]
    more = f"; and {len(active) - _NAMED} more" if len(active) > _NAMED else ""
    return f"{len(active)} Change{'s' if len(active) > 1 else ''}: {'; '.join(said)}{more}."


def _brings(evidence: Evidence) -> str:
    apart = difference(evidence.plan, evidence.base)
    if not apart:
        return "leaves margin and service as in the base"
    if _improves(evidence):
        return f"brings {apart} than the base"
    return f"improves neither margin nor service ({apart} than the base)"


def _short(sentence: str, change: Change) -> str:
    """A Change's sentence without its note."""
    note = f"({change.note})"
    return sentence.replace(note, "").strip().rstrip(".") if change.note else sentence.rstrip(".")


def _improves(evidence: Evidence) -> bool:
    return any(
        favourable(name, evidence.plan.kpis[name] - evidence.base.kpis[name], least)
        for name, least in (("margin", 0.5), ("service_level", 0.0005))
    )


def _yardsticks(evidence: Evidence, kpis: Sequence[KpiLine]) -> str:
    """`margin 798 k EUR above budget and service on target`."""
    plan, currency = evidence.plan, evidence.plan.inputs.currency
    found = {(line.name, one.kind): one for line in kpis for one in line.against}
    parts: list[str] = []
    what = "margin" if ("margin", BUDGET) in found else "revenue"
    budget = found.get((what, BUDGET))
    if budget is not None:
        level = (
            f"{money(abs(budget.gap), currency)} {'above' if budget.gap > 0 else 'below'}"
            if round(budget.gap)
            else "on"
        )
        parts.append(f"{what} {level} budget{f' in {budget.months}' if budget.months else ''}")
    elif plan.kpis["revenue"] > 0:
        parts.append(f"margin {kpi_value('margin', plan.kpis['margin'], currency)}")
    target, service = found.get(("service_level", TARGET)), percent(plan.kpis["service_level"])
    if target is None:
        parts.append(f"service {service}")
    elif target.good:
        parts.append("service on target")
    else:
        parts.append(f"service {service} below its target of {percent(target.amount)}")
    return " and ".join(parts)


def _costs(evidence: Evidence) -> str:
    """What gets worse for it: other KPIs, else the largest unfavourable driver of the margin."""
    plan, base, currency = evidence.plan, evidence.base, evidence.plan.inputs.currency
    parts: list[str] = []
    for name, said in _COSTS:
        now, before = plan.kpis[name], base.kpis[name]
        gap = now - before
        if favourable(name, gap, _LEAST * max(abs(before), 1.0)) is not False:
            continue
        if name == "working_capital" and parts:
            continue  # mostly the stock that was named already
        size = money(abs(gap), currency) if KPIS[name].unit == "money" else f"{abs(gap):,.0f}"
        parts.append(f"{size} {'more' if gap > 0 else 'less'} {said}")
    if parts:
        return f"for {listing(parts[:_DEAREST])}"
    steps = by_driver(base, plan, "margin")
    worst = min(steps, key=lambda step: step.amount, default=None)
    if worst is not None and worst.amount < -0.5:
        title = f"{worst.title[:1].lower()}{worst.title[1:]}"
        return f"with {money(-worst.amount, currency)} less by {title}"
    return "at no cost elsewhere"


def _open(cards: Sequence[DecisionCard]) -> str:
    if not cards:
        return "no decision is put to the executives"
    waiting = [card for card in cards if card.open]
    if not waiting:
        return "no decision is open"
    count = f"{len(waiting)} of {len(cards)} decisions" if len(cards) > 1 else "the decision"
    return f"{count} {'are' if len(waiting) > 1 else 'is'} open"


# -- what else must be said -----------------------------------------------------------------------------------


def sentences(evidence: Evidence, cards: Sequence[DecisionCard]) -> tuple[tuple[str, ...], int]:
    """What else must be said, and how much of it comes before the numbers: the Changes, promises broken, demand that is
    not the agreed one, what nobody saved. The rest are notes: what is agreed, not known, or left out."""
    plan, company = evidence.plan, evidence.company
    first = [said for said in (changes(evidence),) if said]
    first += [f"Cannot be kept: {promise}." for promise in plan.summary()["promises_broken"][:5]]
    if evidence.agreement is not None and evidence.agreed_otherwise:
        first.append(evidence.agreed_otherwise)
    if evidence.scenario_revision == 0 and plan.scenario.active:
        first.append("The proposal holds changes that are not saved.")
    late = [card for card in cards if card.open and card.options and _old(card, plan.data_version)]
    if late:
        names = listing([f"decision {card.id}" for card in late])
        first.append(f"The options of {names} were worked out on an earlier data version.")
    if plan.kpis["demand"] > 0 and not plan.inputs.demand.price.any():
        first.append(
            "No prices were brought, so revenue, margin and cash are not known; they stand as nothing."
        )
    notes = [
        "Demand of this cycle is not agreed." if evidence.agreement is None else evidence.agreement.minutes()
    ]
    tables = company.snapshot.table
    if not len(tables("targets")):
        notes.append("No targets were brought, so KPIs are held against none.")
    if not len(tables("budget")):
        notes.append("No budget was brought, so nothing is held against one.")
    if evidence.last is None and evidence.estimate is None:
        notes.append(
            "There is no signed plan and no kept estimate of an earlier cycle to read, so there is no last LE."
        )
    if not company.inputs.resource_names:
        notes.append("No resources were brought, so no capacity limits the plan.")
    if evidence.without_risk:
        notes.append(evidence.without_risk)
    return (*first, *notes, *evidence.left_out), len(first)


def _old(card: DecisionCard, version: int) -> bool:
    return any(0 < option.data_version < version for option in card.options)
