"""A simulation as a pack shows it: ranges, and the chance to miss each target and the budget."""

from __future__ import annotations

from typing import Final

import numpy as np

from sop_core import risk as core
from sop_core.inputs import Floats
from sop_core.kpis import KPIS
from sop_core.pack.evidence import Evidence
from sop_core.pack.value import Number, RiskLine, RiskPart
from sop_core.risk.words import goal_words
from sop_core.risk.words import headline as said
from sop_core.wording import kpi_value, percent

#: KPIs whose range is shown where no goal is set for them.
_ALWAYS: Final = ("service_level", "margin", "stock_value")
#: Families named as carrying the risk of service, and the least part worth naming.
_CARRIERS: Final = 5
_LEAST: Final = 0.005


def key(goal: core.Goal) -> str:
    """The name of a goal's line: the KPI, with `_budget` behind it for the budget."""
    return f"{goal.kpi}_budget" if goal.kind == "budget" else goal.kpi


def risk_part(evidence: Evidence) -> RiskPart | None:
    """What demand may do to the proposal; None where nothing was simulated."""
    found = evidence.risks.get(evidence.plan.scenario.name)
    if found is None:
        return None
    goals = core.goals(evidence.company)
    family = evidence.plan.inputs.item_family
    lines = [_line(evidence, found, miss) for miss in core.misses(found, goals)]
    lines += [_range(evidence, found, name) for name in _ALWAYS if all(g.kpi != name for g in goals)]
    service = next((goal for goal in goals if goal.kpi == "service_level"), None)
    parts = core.carriers(found, "service_level", service.of_paths(found) if service else None)
    by = core.by_family(parts, family)
    held = core.holds(found, goals)
    return RiskPart(
        paths=found.paths,
        seed=found.seed,
        sentence=said(found, goals, family),
        lines=tuple(lines),
        carriers=tuple((name, float(part)) for name, part in list(by.items())[:_CARRIERS] if part >= _LEAST),
        holds=f"Nobody reacts on a path: production, purchases, people and prices stay as planned. {held}",
    )


def misses(evidence: Evidence, name: str) -> dict[str, Number]:
    """Chance to miss each goal in the plan of that name, by name of its line; empty where it was not simulated."""
    found = evidence.risks.get(name)
    if found is None:
        return {}
    return {key(miss.goal): miss.probability for miss in core.misses(found, core.goals(evidence.company))}


def _line(evidence: Evidence, found: core.Risk, miss: core.Miss) -> RiskLine:
    goal, kpi = miss.goal, KPIS[miss.goal.kpi]
    budget = goal.kind == "budget"
    if budget:
        values = found.by_month[goal.kpi][:, goal.months].sum(axis=1)
        low, middle, high = _quantiles(values)
        plan = float(found.planned_by_month[goal.kpi][goal.months].sum())
    else:
        low, middle, high = found.bands(goal.kpi)
        plan = found.planned[goal.kpi]
    return RiskLine(
        name=key(goal),
        kpi=goal.kpi,
        title=f"{kpi.title}, budget" if budget else kpi.title,
        unit=kpi.unit,
        p10=low,
        p50=middle,
        p90=high,
        plan=plan,
        target=goal.value,
        miss=miss.probability,
        good=not miss.planned,
        sentence=_sentence(found, miss),
    )


def _quantiles(values: Floats) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, core.QUANTILES)
    return float(low), float(middle), float(high)


def _sentence(found: core.Risk, miss: core.Miss) -> str:
    already = "; the plan itself does" if miss.planned else ""
    count = round(miss.probability * found.paths)
    if not count:
        return f"No path of {found.paths:,} misses {goal_words(miss.goal)}{already}."
    return f"{percent(miss.probability, 0)} of {found.paths:,} paths miss {goal_words(miss.goal)}{already}."


def _range(evidence: Evidence, found: core.Risk, name: str) -> RiskLine:
    kpi, currency = KPIS[name], evidence.plan.inputs.currency
    low, middle, high = found.bands(name)
    return RiskLine(
        name, name, kpi.title, kpi.unit, low, middle, high, found.planned[name],
        sentence=f"Eight of ten paths lie between {kpi_value(name, low, currency)} and "
        f"{kpi_value(name, high, currency)}; no target is set.",
    )  # fmt: skip
