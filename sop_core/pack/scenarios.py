"""The scenarios of a pack side by side, each with what sets it apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sop_core.pack.evidence import Evidence
from sop_core.pack.lines import number, shown
from sop_core.pack.risks import misses
from sop_core.pack.value import ScenarioLine
from sop_core.plan import Plan
from sop_core.wording import kpi_delta, money, percent

#: KPIs in which the best of all is told, with how it is said.
_BEST: Final = (
    ("margin", "most margin"),
    ("service_level", "best service"),
    ("stock_value", "least stock"),
    ("cash", "most cash"),
)


def scenario_lines(evidence: Evidence) -> tuple[ScenarioLine, ...]:
    """The base, the proposal (recommended) and what else was looked at."""
    plans = [evidence.base]
    if evidence.plan.scenario.active:
        plans.append(evidence.plan)
    plans += evidence.others
    names = shown(evidence.company)
    lines = []
    for plan in plans:
        base = not plan.scenario.active
        own = evidence.plan if base and not evidence.plan.scenario.active else plan
        lines.append(
            ScenarioLine(
                name=own.scenario.name,
                changes=plan.scenario.sentences(evidence.base.inputs),
                kpis={name: number(plan.kpis[name]) for name in names},
                recommended=plan.scenario.fingerprint() == evidence.plan.scenario.fingerprint(),
                base=base,
                sentence=_sentence(plan, evidence.base, plans),
                misses=misses(evidence, own.scenario.name),
                note=plan.scenario.note,
            )
        )
    return tuple(lines)


def _sentence(plan: Plan, base: Plan, plans: Sequence[Plan]) -> str:
    best = [said for name, said in _BEST if _is_best(name, plan, plans)]
    of = f" of the {len(plans)}" if len(plans) > 2 else ""
    praise = f"{', '.join(best)}{of}" if best and len(plans) > 1 else ""
    if not plan.scenario.active:
        said = "the company as it is, without any Change"
        return _written([said, praise])
    apart = difference(plan, base)
    return _written([f"{apart} than the base" if apart else "margin and service as in the base", praise])


def _written(parts: Sequence[str]) -> str:
    said = "; ".join(part for part in parts if part)
    return f"{said[:1].upper()}{said[1:]}."


def difference(plan: Plan, base: Plan) -> str:
    """`118 k EUR more margin and 3.1 points more service`; empty where neither differs."""
    currency = plan.inputs.currency
    parts = []
    delta = kpi_delta("margin", plan.kpis["margin"], base.kpis["margin"])
    amount = plan.kpis["margin"] - base.kpis["margin"]
    if delta.good is not None and round(amount):
        parts.append(f"{money(abs(amount), currency)} {'more' if amount > 0 else 'less'} margin")
    delta = kpi_delta("service_level", plan.kpis["service_level"], base.kpis["service_level"])
    amount = plan.kpis["service_level"] - base.kpis["service_level"]
    if delta.good is not None:
        points = percent(abs(amount)).removesuffix(" %")
        parts.append(f"{points} points {'more' if amount > 0 else 'less'} service")
    return " and ".join(parts)


def _is_best(name: str, plan: Plan, plans: Sequence[Plan]) -> bool:
    """Whether it is favourable in that KPI against each of the others."""
    others = [other for other in plans if other is not plan]
    return all(kpi_delta(name, plan.kpis[name], other.kpis[name]).good for other in others)
