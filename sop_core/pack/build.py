"""From evidence to a board pack: a pure function, so the same evidence gives the same pack to the last byte."""

from __future__ import annotations

import dataclasses

from sop_core import bridge
from sop_core.kpis import favourable
from sop_core.pack import cards, lines, pictures, proposal, risks, scenarios, threats, value
from sop_core.pack.basis import basis
from sop_core.pack.evidence import Evidence
from sop_core.pack.months import Closed, closed_months, labels
from sop_core.pack.year import financial_year

#: How the bridge from base to proposal shares the difference out.
RULE = (
    "By driver from the two plans alone: units at the base's mix, mix, price, then each cost by quantity and rate; the "
    "steps add up to the difference."
)


def build(evidence: Evidence) -> value.Pack:
    """The pack of what is proposed. Raises nothing of its own: what is not known is None, and said."""
    plan, company = evidence.plan, evidence.company
    settings = company.snapshot.settings
    closed: Closed = closed_months(company)
    kpis = lines.kpi_lines(evidence, closed)
    decided = cards.decision_cards(evidence)
    said, foremost = proposal.sentences(evidence, decided)
    year = financial_year(company, plan, evidence.last, evidence.estimate)
    return value.Pack(
        company=settings.company,
        currency=plan.inputs.currency,
        cycle=str(plan.inputs.months[0]),
        months=labels(closed, plan),
        closed=closed.count,
        frozen=int(plan.inputs.policy.frozen_months),
        title=plan.scenario.name,
        proposal=proposal.proposal(evidence, kpis, decided),
        sentences=said,
        foremost=foremost,
        kpis=kpis,
        pictures=pictures.pictures(evidence, closed),
        resources=lines.resource_lines(plan, closed),
        families=lines.family_lines(plan, closed),
        scenarios=scenarios.scenario_lines(evidence),
        risk=risks.risk_part(evidence),
        threats=threats.threats(evidence),
        decisions=decided,
        bridge=_bridge(evidence),
        year=year,
        assumptions=cards.assumption_lines(evidence),
        actions=cards.action_lines(evidence),
        shortages=cards.shortage_lines(plan),
        definitions=cards.definitions(evidence, kpis, year),
        basis=basis(evidence),
    )


def _bridge(evidence: Evidence) -> value.Bridge | None:
    """Margin from base to proposal by driver; None where the base is proposed."""
    base, plan = evidence.base, evidence.plan
    if not plan.scenario.active:
        return None
    inputs = plan.inputs
    families = dict(zip(inputs.items, inputs.item_family, strict=True))
    titles = dict(zip(inputs.items, inputs.item_title or inputs.items, strict=True))
    found = bridge.by_driver(base, plan, "margin")
    before, after = base.kpis["margin"], plan.kpis["margin"]
    steps = [
        value.Step(
            step.title,
            step.amount,
            favourable("margin", step.amount),
            bridge.step_sentence(step, "margin", inputs.currency, families, titles),
        )
        for step in found
    ]
    # Floats add up to a few last digits of each other: the largest step takes them, so that the bars end where they say.
    if steps:
        largest = max(range(len(steps)), key=lambda n: abs(steps[n].amount))
        rest = (after - before) - sum(step.amount for step in steps)
        steps[largest] = dataclasses.replace(steps[largest], amount=steps[largest].amount + rest)
    names = (base.scenario.name, plan.scenario.name)
    parts = [(step.title, step.amount) for step in found]
    return value.Bridge(
        title=f"Margin from {names[0]} to {names[1]}",
        unit="money",
        start=names[0],
        start_value=before,
        end=names[1],
        end_value=after,
        steps=tuple(steps),
        sentence=bridge.whole_sentence("margin", before, after, names, parts, inputs.currency),
        rule=RULE,
    )
