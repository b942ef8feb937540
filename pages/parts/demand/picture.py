"""The one series that the view adds up to, and a line on how it is forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context, filters
from pages.parts import format as fmt
from pages.parts.budget import budget_months
from pages.parts.grid import budget_units, unit_of
from sop_core.charts.demand import DemandView
from sop_core.demand.statistical import Baseline
from sop_core.inputs import Floats
from sop_core.plan import Unconstrained

#: Months of the past in the chart.
_PAST_CHART = 36


def series(view: context.View, plan: Unconstrained) -> DemandView:
    """The one series that the view adds up to: history, baseline with its interval, demand plan, budget."""
    kept = view.kept.get("series")
    if isinstance(kept, tuple) and kept[0] is plan:
        found: DemandView = kept[1]
        return found
    found = _series(view, plan)
    view.kept["series"] = (plan, found)
    return found


def _series(view: context.View, plan: Unconstrained) -> DemandView:
    history, baseline = view.company.history, view.company.baseline
    money = view.show == context.MONEY
    empty: Floats = np.zeros(0)
    months = view.inputs.months
    past, actual, cleaned = months[:0], empty, empty
    if history is not None:
        keep = slice(max(len(history.months) - _PAST_CHART, 0), None)
        past = history.months[keep]
        actual = view.cells((history.revenue if money else history.actual)[..., keep]).sum(axis=(0, 1, 2))
        cleaned = actual if money else view.cells(history.cleaned[..., keep]).sum(axis=(0, 1, 2))
    base = view.total(plan.demand.base, plan.demand.price)
    low = high = None
    if baseline is not None:
        width = interval(view, plan, baseline)
        low, high = np.maximum(base - width, 0.0), base + width
    return DemandView(
        past_months=past,
        actual=actual,
        cleaned=cleaned,
        months=months,
        baseline=base,
        total=view.demand(plan),
        low=low,
        high=high,
        budget=_budget(view, money),
        frozen=0,
        unit=filters.unit(view),
        baseline_name="Baseline" if baseline is not None else "Own demand plan",
    )


def interval(view: context.View, plan: Unconstrained, baseline: Baseline) -> Floats:
    """[t] half-width of the 80 % interval of the baseline in view, units or money at the month's price."""
    price = plan.demand.price if view.show == context.MONEY else None
    return baseline.half_width(view.items, view.regions, view.segments, price)


def _budget(view: context.View, money: bool) -> Floats | None:
    """[t] the budget of what is in view; None where there is none at that level (it is kept for the whole
    company in money, by family and product in units)."""
    if not (view.regions.all() and view.segments.all()):
        return None
    if money:
        if not view.items.all():
            return None
        found = budget_months(view.company, "revenue")
        values = np.array([found.get(m, np.nan) for m in view.inputs.months])
    else:
        values = np.nansum(budget_units(view.company, view.inputs.months)[view.items], axis=0)
        values = np.where(values > 0, values, np.nan)
    return values if np.isfinite(values).any() else None


def explain(view: context.View) -> None:
    """One line: how the forecast in view is made and how well it did."""
    baseline = view.company.baseline
    if baseline is None:
        st.html(
            '<p class="sop-quiet">Demand is the company\'s own plan (setting <b>demand</b> = demand_plan): '
            "no statistical forecast, so no interval.</p>"
        )
        return
    known = baseline.series_of(view.items, view.regions, view.segments)
    if known is None:
        st.html(f'<p class="sop-quiet">{fmt.safe(no_series(view))}</p>')
        return
    row = baseline.details[baseline.details["unique_id"] == known].iloc[0]
    how, tested, worse = method_sentences(row, unit_of(view.inputs.item_unit, view.items))
    style = ' class="sop-bad"' if worse else ""
    moved = fmt.safe(moved_clause(row))
    st.html(f'<p class="sop-quiet">{fmt.safe(how)} <span{style}>{fmt.safe(tested)}</span> {moved}</p>')


def no_series(view: context.View) -> str:
    """How what is in view is forecast where it has no series of its own."""
    baseline, history = view.company.baseline, view.company.history
    if baseline is None or history is None or not view.cells(history.cleaned).any():
        return "No demand so far: what is planned here comes from the layers, such as a launch."
    if not view.cells(baseline.units).any():
        return "No demand in the last year: forecast at zero."
    if not view.segments.all():
        return (
            "A sum of parts without a series of its own: each is its share of the last twelve months in its product "
            "and region, moved so that all levels add up. See Forecast methods."
        )
    return (
        "The sum of its products and regions, each forecast or shared out from its product by the last twelve months, "
        "moved so that all levels add up. See Forecast methods."
    )


def moved_clause(row: pd.Series) -> str:
    """`Moved by +1.2 % so that all levels add up.`; empty where it hardly moved. `row`: of Baseline.details."""
    moved = float(row["moved"])
    if not np.isfinite(moved) or abs(moved) < 0.0005:
        return ""
    return f"Moved by {fmt.percent(moved, signed=True)} so that all levels add up."


def method_sentences(row: pd.Series, unit: str) -> tuple[str, str, bool]:
    """(how a series is forecast, how it did in its backtests beside repeating the past, whether it did worse).

    `row`: a line of Baseline.details; `unit`: what its errors are in.
    """
    weights, reason = row["weights"], str(row["reason"]).replace(" periods of history", " months of history")
    seen = reason.partition(": ")[2].rstrip(".")
    how = reason
    if isinstance(weights, dict) and len(weights) > 1 and seen:
        shares = ", ".join(f"{name} {share * 100:.0f} %" for name, share in weights.items())
        by = "by how well each forecast the past" if row["origins"] else "equally, too short to test"
        how = f"{shares}, weighted {by} ({seen})."
    error, naive, count = float(row["mae"]), float(row["naive_mae"]), int(row["origins"])
    if not np.isfinite(error) or not count:
        return how, "Not tested: the history is too short for backtests.", False
    times = f"{count} backtest{'s' if count != 1 else ''}"
    if not np.isfinite(naive) or naive <= 0:
        return how, f"Past errors {error:,.0f} {unit} a month in {times}.", False
    past = "the last value" if "fewer than two years" in reason else "last year"
    gain = 1.0 - error / naive
    figures = f"{_figure(error)} against {_figure(naive)} {unit} a month in {times}"
    if gain < -0.005:
        return how, f"Worse than repeating {past}: past errors {-gain * 100:.0f} % larger, {figures}.", True
    if gain < 0.005:
        return how, f"No better than repeating {past}: {figures}.", False
    return how, f"Past errors {gain * 100:.0f} % smaller than repeating {past}: {figures}.", False


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
