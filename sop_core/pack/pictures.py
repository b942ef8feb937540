"""The four pictures of a pack, each with a sentence that is worked out from its lines."""

from __future__ import annotations

import numpy as np

from sop_core.calendar import month_label, span_label
from sop_core.explain.subject import shortage_findings
from sop_core.inputs import Floats
from sop_core.pack.evidence import Evidence
from sop_core.pack.lines import expected_units
from sop_core.pack.months import Closed, monthly
from sop_core.pack.value import Picture, Series
from sop_core.projection import budget_line
from sop_core.wording import DASH, money, percent, short

_LEAST = 0.5


def pictures(evidence: Evidence, closed: Closed) -> tuple[Picture, ...]:
    """Demand, supply, stock and money over the months of the pack."""
    return (
        _demand(evidence, closed),
        _supply(evidence, closed),
        _stock(evidence, closed),
        _money(evidence, closed),
    )


def _some(
    name: str, title: str, unit: str, values: Floats, closed: Closed, role: str = ""
) -> tuple[Series, ...]:
    """A line over the planned months, left out where nothing of it is known."""
    if not np.isfinite(values).any():
        return ()
    return (Series(name, title, unit, monthly(values, None, closed.count), role),)


def _total(values: Floats) -> Floats:
    result: Floats = values.reshape(-1, values.shape[-1]).sum(axis=0)
    return result


def _span(evidence: Evidence) -> str:
    months = evidence.plan.inputs.months
    return span_label(months[0], months[-1])


def _demand(evidence: Evidence, closed: Closed) -> Picture:
    plan, company = evidence.plan, evidence.company
    units = _total(plan.demand.total)
    budget = budget_line(company, plan.inputs.months, "quantity")
    low, high = _band(evidence, units)
    actual = () if closed.demand is None else (
        Series("actual", "Actual", "units", monthly(np.full(len(units), np.nan), closed.demand.sum(axis=0), closed.count),
               "actual"),
    )  # fmt: skip
    return Picture(
        "demand",
        "Demand",
        _demand_sentence(evidence, units, budget),
        "units",
        (
            *actual,
            Series("demand", "Demand", "units", monthly(units, None, closed.count), "demand"),
            *_some("budget", "Budget", "units", budget, closed, "budget"),
            *_some("last_le", "Last LE", "units", _last_units(evidence), closed, "last_le"),
            *_some("low", "P10", "units", low, closed),
            *_some("high", "P90", "units", high, closed),
        ),
    )


def _band(evidence: Evidence, units: Floats) -> tuple[Floats, Floats]:
    """The forecast's 80 % interval, as wide in parts of the demand as it is of the baseline; nan without a forecast."""
    baseline, inputs = evidence.company.baseline, evidence.plan.inputs
    if baseline is None:
        nothing = np.full(len(units), np.nan)
        return nothing, nothing
    width = baseline.half_width(
        *(np.ones(len(n), dtype=bool) for n in (inputs.items, inputs.regions, inputs.segments))
    )
    forecast = _total(baseline.units)
    part = np.divide(width, forecast, out=np.zeros_like(width), where=forecast > 0)
    return np.maximum(units * (1.0 - part), 0.0), units * (1.0 + part)


def _last_units(evidence: Evidence) -> Floats:
    pack, months = evidence.last, evidence.plan.inputs.months
    if pack is None:
        return expected_units(evidence)
    line = pack.kpi("demand")
    known = dict(zip(pack.months, line.by_month if line else (), strict=False))
    found = [known.get(str(month)) for month in months]
    return np.array([np.nan if value is None else value for value in found], dtype=float)


def _demand_sentence(evidence: Evidence, units: Floats, budget: Floats) -> str:
    months = evidence.plan.inputs.months
    total = float(units.sum())
    if total <= 0:
        return f"There is no demand in {_span(evidence)}."
    said = f"Demand is {short(total)} units in {_span(evidence)}"
    peak = int(np.argmax(units))
    parts = []
    both = np.isfinite(budget)
    if both.any() and budget[both].sum() > 0:
        share = float(units[both].sum() / budget[both].sum()) - 1.0
        where = "" if both.all() else " in its months"
        side = "above" if share > 0 else "below"
        level = "on budget" if abs(share) < 0.0005 else f"{percent(abs(share))} {side} budget"
        parts.append(f"{level}{where}")
    parts.append(f"most of it in {month_label(months[peak])} ({short(float(units[peak]))})")
    return f"{said}, {', '.join(parts)}."


def _supply(evidence: Evidence, closed: Closed) -> Picture:
    plan = evidence.plan
    solution = plan.solution
    demand, served = _total(plan.demand.total), _total(solution.served)
    late, lost, output = _total(solution.backlog), _total(solution.lost), _total(solution.received)
    sold = None if closed.served is None else closed.served.sum(axis=0)
    lines = (
        Series("demand", "Demand", "units", monthly(demand, None, closed.count), "demand"),
        Series("served", "Served", "units", monthly(served, sold, closed.count), "supply"),
        Series("late", "Late at month end", "units", monthly(late, None, closed.count), "shortage"),
        Series("lost", "Lost", "units", monthly(lost, None, closed.count), "shortage"),
        Series("output", "Output", "units", monthly(output, None, closed.count), "supply"),
    )
    return Picture("supply", "Supply", _supply_sentence(evidence, late, lost), "units", lines)


def _supply_sentence(evidence: Evidence, late: Floats, lost: Floats) -> str:
    plan, months = evidence.plan, evidence.plan.inputs.months
    level = percent(plan.kpis["service_level"])
    gone = float(lost.sum())
    if late.max(initial=0.0) < _LEAST and gone < _LEAST:
        return f"All demand is served on time in {_span(evidence)}."
    parts = []
    if late.max() >= _LEAST:
        worst = int(np.argmax(late))
        parts.append(
            f"most wait at the end of {month_label(months[worst])} ({short(float(late[worst]))} units)"
        )
    if gone >= _LEAST:
        parts.append(f"{short(gone)} units are lost")
    why = next((f". Most of it: {one.title}" for one in shortage_findings(plan)), "")
    return f"{level} of the units are served on time; {', '.join(parts)}{why}."


def _stock(evidence: Evidence, closed: Closed) -> Picture:
    plan = evidence.plan
    cost = plan.inputs.item.unit_cost
    value = plan.money.stock_value
    target = np.einsum("i,ist->t", cost, plan.inputs.stock_target)
    past = None if closed.stock is None else (closed.stock * cost[:, None]).sum(axis=0)
    wanted = _some("target", "Stock target", "money", target, closed) if target.any() else ()
    line = Series("stock", "Stock", "money", monthly(value, past, closed.count), "stock")
    return Picture("stock", "Stock", _stock_sentence(evidence, value, target), "money", (line, *wanted))


def _stock_sentence(evidence: Evidence, value: Floats, target: Floats) -> str:
    plan = evidence.plan
    months, currency = plan.inputs.months, plan.inputs.currency
    if value.max(initial=0.0) <= 0:
        return "No stock is held, or no standard costs were brought to value it by."
    peak = int(np.argmax(value))
    said = (
        f"Stock is {money(float(value.mean()), currency)} on average, {money(float(value[peak]), currency)} at its peak "
        f"in {month_label(months[peak])}, and ends at {_amount(float(value[-1]), currency)}"
    )
    if target.any():
        share = float(value.sum() / target.sum()) - 1.0
        if share >= 1.0:
            said += f"; {share + 1.0:.1f} times its targets"
        elif abs(share) >= 0.0005:
            said += f"; {percent(abs(share))} {'above' if share > 0 else 'below'} its targets"
    return f"{said}."


def _amount(value: float, currency: str) -> str:
    text = money(value, currency)
    return "nothing" if text == DASH else text


def _money(evidence: Evidence, closed: Closed) -> Picture:
    plan, company = evidence.plan, evidence.company
    own = plan.money
    budget = budget_line(company, plan.inputs.months, "margin")
    past = None if closed.revenue is None else closed.revenue.sum(axis=0)
    cash = np.cumsum(own.cash_flow)
    lines = (
        Series("revenue", "Revenue", "money", monthly(own.revenue, past, closed.count), "demand"),
        Series("margin", "Margin", "money", monthly(own.margin, None, closed.count), "supply"),
        *_some("budget_margin", "Budgeted margin", "money", budget, closed, "budget"),
        Series("cash", "Cash, cumulative", "money", monthly(cash, None, closed.count)),
        Series("working_capital", "Working capital", "money", monthly(own.working_capital, None, closed.count), "stock"),
    )  # fmt: skip
    return Picture("money", "Money", _money_sentence(evidence, budget, cash), "money", lines)


def _money_sentence(evidence: Evidence, budget: Floats, cash: Floats) -> str:
    plan = evidence.plan
    own, currency, months = plan.money, plan.inputs.currency, plan.inputs.months
    revenue, margin = float(own.revenue.sum()), float(own.margin.sum())
    if revenue <= 0:
        return "Nothing is earned in this plan: there is no demand, or no prices were brought."
    said = (
        f"Margin is {money(margin, currency)} in {_span(evidence)}, {percent(margin / revenue)} of "
        f"{money(revenue, currency)} revenue"
    )
    both = np.isfinite(budget)
    if both.any():
        gap = float((own.margin - budget)[both].sum())
        where = "" if both.all() else f" over the {int(both.sum())} months budgeted"
        said += f", {money(abs(gap), currency)} {'above' if gap > 0 else 'below'} budget{where}"
    low = int(np.argmin(cash))
    if cash[low] < 0:
        said += (
            f"; cash is {money(float(-cash[low]), currency)} down at the most, in {month_label(months[low])}"
        )
    return f"{said}; {money(float(cash[-1]), currency)} of cash by {month_label(months[-1])}."
