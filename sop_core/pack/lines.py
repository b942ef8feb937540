"""A pack's numbers: KPIs against their yardsticks, families, resources, and scenarios side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from sop_core.calendar import MonthArray, span_label, to_month
from sop_core.explain.words import unit_of
from sop_core.inputs import Bools, Floats
from sop_core.kpis import KPIS
from sop_core.pack.evidence import Evidence
from sop_core.pack.months import Closed, monthly
from sop_core.pack.value import (
    BASE,
    BUDGET,
    LAST,
    TARGET,
    Against,
    FamilyLine,
    KpiLine,
    Number,
    ResourceLine,
)
from sop_core.plan import Plan
from sop_core.planner import Company
from sop_core.projection import budget_line, by_family, estimate_revenue
from sop_core.risk import Goal, targets
from sop_core.wording import kpi_delta, kpi_value

#: KPIs of a pack, in the order in which they are shown; those with a target follow.
SHOWN: Final = (
    "revenue", "margin", "margin_rate", "service_level", "stock_value", "working_capital", "cash", "cost",
    "revenue_at_risk", "utilisation", "overtime_hours", "demand", "served",
)  # fmt: skip
#: KPIs that are sums of their months; others in _MEANS are averages of them.
_SUMS: Final = frozenset(
    {"revenue", "margin", "cost", "cash", "demand", "served", "output", "lost_sales", "overtime_hours"}
)
_MEANS: Final = frozenset({"stock_value", "stock_units", "working_capital", "backlog", "headcount"})
#: Ratios by the KPI whose months weigh them.
_WEIGHED: Final[Mapping[str, str]] = {"margin_rate": "revenue", "service_level": "demand"}


def number(value: float) -> Number:
    """A value as a pack holds it: None where it is not known."""
    return float(value) + 0.0 if np.isfinite(value) else None


def shown(company: Company) -> tuple[str, ...]:
    """KPIs of a company's pack."""
    targets = [str(name) for name in company.snapshot.table("targets")["kpi"]]
    return tuple(dict.fromkeys((*SHOWN, *(name for name in targets if name in KPIS))))


def kpi_lines(evidence: Evidence, closed: Closed) -> tuple[KpiLine, ...]:
    """Every KPI of the pack over the horizon and by month, against target, budget, last LE and base."""
    plan = evidence.plan
    months = plan.inputs.months
    budget = {name: budget_line(evidence.company, months, name) for name in ("revenue", "margin", "quantity")}
    goals = {goal.kpi: goal for goal in targets(evidence.company)}
    lines = []
    for name in shown(evidence.company):
        kpi = KPIS[name]
        series = kpi.series(plan.facts)
        value = number(plan.kpis[name])
        against = [] if value is None else list(_against(evidence, name, value, goals.get(name), budget))
        lines.append(
            KpiLine(
                name,
                kpi.title,
                kpi.unit,
                kpi.direction,
                kpi.formula,
                value,
                monthly(series, None, closed.count),
                tuple(against),
            )
        )
    return tuple(lines)


def _against(
    evidence: Evidence, name: str, value: float, goal: Goal | None, budget: Mapping[str, Floats]
) -> Iterable[Against]:
    plan, base = evidence.plan, evidence.base
    if goal is not None:
        kept = not bool(goal.missed(np.array([value]))[0])
        note = _tolerance(name, goal.tolerance, plan.inputs.currency)
        yield Against(TARGET, goal.value, value, good=kept, note=note)
    for kind, found, note in (
        (BUDGET, _budget(budget, name), ""),
        (LAST, *_last(evidence, name)),
    ):
        if found is None:
            continue
        mask = np.isfinite(found[0])
        if mask.any():
            yield _over(kind, name, plan, found, mask, note)
    before = base.kpis[name]
    if plan.scenario.active and np.isfinite(before):
        yield Against(BASE, before, value, good=kpi_delta(name, value, before).good)


def _tolerance(name: str, value: float, currency: str) -> str:
    """`tolerance 200 k EUR`, `tolerance 0.5 pp`; empty where there is none."""
    if not value:
        return ""
    points = f"{value * 100:.2f}".rstrip("0").rstrip(".")
    return (
        f"tolerance {f'{points} pp' if KPIS[name].unit == 'fraction' else kpi_value(name, value, currency)}"
    )


def _over(
    kind: str, name: str, plan: Plan, found: tuple[Floats, Floats | None], mask: Bools, note: str
) -> Against:
    """A KPI and a yardstick over the months that both have."""
    own = KPIS[name].series(plan.facts)
    if name in _WEIGHED:
        weight = KPIS[_WEIGHED[name]].series(plan.facts)
        theirs = found[1] if found[1] is not None else weight
        amount, value = _mean(found[0][mask], theirs[mask]), _mean(own[mask], weight[mask])
    elif name in _MEANS:
        amount, value = float(found[0][mask].mean()), float(own[mask].mean())
    else:
        amount, value = float(found[0][mask].sum()), float(own[mask].sum())
    if mask.all():  # the KPI as it is shown, to the last digit
        value = plan.kpis[name]
    return Against(
        kind, amount, value, _span(plan.inputs.months, mask), kpi_delta(name, value, amount).good, note
    )


def _mean(values: Floats, weights: Floats) -> float:
    total = float(weights.sum())
    return float((np.nan_to_num(values) * weights).sum() / total) if total > 0 else 1.0


def _span(months: MonthArray, mask: Bools) -> str:
    """`Jan-Dec 27`; empty where it is all of them."""
    if mask.all():
        return ""
    inside = months[mask]
    said = span_label(inside[0], inside[-1])
    return (
        said
        if len(inside) == int((inside[-1] - inside[0]).astype(int)) + 1
        else f"{len(inside)} months, {said}"
    )


def _budget(lines: Mapping[str, Floats], name: str) -> tuple[Floats, Floats | None] | None:
    """([t] the budget of a KPI, [t] what weighs it), nan in months without. `lines` [t]: revenue, margin, quantity."""
    if name == "demand":
        return lines["quantity"], None
    if name == "cost":
        return lines["revenue"] - lines["margin"], None
    if name == "margin_rate":
        revenue = lines["revenue"]
        rate = np.divide(
            lines["margin"], revenue, out=np.full_like(revenue, np.nan), where=np.nan_to_num(revenue) > 0
        )
        return rate, np.nan_to_num(revenue)
    return (lines[name], None) if name in lines else None


def _last(evidence: Evidence, name: str) -> tuple[tuple[Floats, Floats | None] | None, str]:
    """([t] what was signed or expected before, [t] what weighs it) and what it rests on."""
    months = evidence.base.inputs.months
    pack, estimate = evidence.last, evidence.estimate
    if pack is not None:
        if pack.currency != evidence.base.inputs.currency:
            return None, ""
        known = {to_month(month): n for n, month in enumerate(pack.months)}

        def laid(kpi: str) -> Floats | None:
            line = pack.kpi(kpi)
            if line is None or not line.by_month:
                return None
            values = [line.by_month[known[m]] if m in known else None for m in months]
            return np.array([np.nan if x is None else x for x in values], dtype=float)

        values = laid(name) if name in (*_SUMS, *_MEANS, *_WEIGHED) else None
        weight = laid(_WEIGHED[name]) if name in _WEIGHED else None
        if values is None or (name in _WEIGHED and weight is None):
            return None, ""
        return (values, weight), evidence.last_name
    if estimate is None:
        return None, ""
    if name == "revenue":
        return (estimate_revenue(evidence.company, estimate, months), None), evidence.estimate_note
    if name == "demand":
        return (expected_units(evidence), None), evidence.estimate_note
    return None, ""


def expected_units(evidence: Evidence) -> Floats:
    """[t] units that the estimate expected, nan in months that it did not plan."""
    months, estimate = evidence.base.inputs.months, evidence.estimate
    out = np.full(len(months), np.nan)
    if estimate is not None:
        known = {month: n for n, month in enumerate(estimate.months)}
        units = estimate.consensus.sum(axis=(0, 1, 2))
        for t, month in enumerate(months):
            if month in known:
                out[t] = units[known[month]]
    return out


# -- families and resources -----------------------------------------------------------------------------------


def family_lines(plan: Plan, closed: Closed) -> tuple[FamilyLine, ...]:
    """Every family; they add up to the company."""
    inputs = plan.inputs
    names = np.array(inputs.item_family, dtype=object)
    demand = plan.demand.total.sum(axis=(1, 2))
    stock = plan.solution.stock.sum(axis=1)
    cost = inputs.item.unit_cost[:, None]
    lines = []
    for family in by_family(plan):
        mine = np.asarray(names == family.family)
        units = {unit_of(inputs, int(i)) for i in np.flatnonzero(mine)}

        def past(values: Floats | None, mine: Bools = mine) -> Floats | None:
            return None if values is None else values[mine].sum(axis=0)

        worth = None if closed.stock is None else closed.stock * cost
        lines.append(
            FamilyLine(
                name=family.family,
                unit=units.pop() if len(units) == 1 else "units",
                demand=monthly(demand[mine].sum(axis=0), past(closed.demand), closed.count),
                served=monthly(family.units, past(closed.served), closed.count),
                stock=monthly(stock[mine].sum(axis=0), past(closed.stock), closed.count),
                stock_value=monthly(family.stock_value, past(worth), closed.count),
                revenue=monthly(family.revenue, past(closed.revenue), closed.count),
            )
        )
    return tuple(lines)


def resource_lines(plan: Plan, closed: Closed) -> tuple[ResourceLine, ...]:
    """Hours needed and regular hours at hand of every resource, the fullest first."""
    inputs, solution = plan.inputs, plan.solution
    resource = inputs.resource
    people = np.where(resource.people[:, None], solution.headcount * resource.hours_per_head, np.inf)
    regular = np.minimum(resource.hours, people) * (1.0 - resource.outage)
    need, have = solution.load.sum(axis=1), np.where(np.isfinite(regular), regular, np.nan).sum(axis=1)
    full = np.divide(need, have, out=np.zeros_like(need), where=np.nan_to_num(have) > 0)
    order = sorted(range(len(inputs.resource_names)), key=lambda q: (-full[q], inputs.resource_names[q]))
    return tuple(
        ResourceLine(
            inputs.resource_names[q],
            inputs.resource_names[q],
            inputs.site_names[int(resource.site[q])] if resource.site[q] >= 0 else "",
            monthly(solution.load[q], None, closed.count),
            monthly(regular[q], None, closed.count),
            monthly(solution.overtime[q], None, closed.count),
        )
        for q in order
    )
