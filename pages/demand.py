"""Demand review: what was asked for, what is expected, how sure that is, and what each layer adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context, filters, state
from pages.parts import format as fmt
from pages.parts.budget import budget_months
from pages.parts.grid import Block, MonthGrid, Row, budget_units, unit_of, zones
from pages.parts.tables import download, listing, month_table
from sop_core.charts.demand import LAYER_TITLES, DemandView, demand_chart, layers_chart, layers_sentence
from sop_core.charts.template import CONFIG
from sop_core.demand.statistical import Baseline, summed_width
from sop_core.frames import demand_frame
from sop_core.inputs import Floats, Inputs
from sop_core.plan import Plan

_PAST_CHART = 36
_PAST_GRID = 6

_GRID, _LAYERS, _METHODS, _CLEANSED = "By month", "Layers", "Forecast methods", "Cleansed history"


def render() -> None:
    """The page."""
    if not state.has_data():
        st.html('<p class="sop-headline">There is no demand to review yet.</p>')
        st.page_link(
            "pages/data.py", label="Bring sales, orders or a demand plan", icon=":material/upload_file:"
        )
        return
    view = context.bar()
    data = series(view, view.plan)
    picture = demand_chart(view.palette, data, height=340)
    st.html(f'<p class="sop-headline">{fmt.safe(filters.title(view))}: {fmt.safe(picture.alt)}</p>')
    st.plotly_chart(picture.figure, key="demand_chart", theme=None, config=CONFIG, alt=picture.alt)
    _explain(view)
    section = st.segmented_control(
        "Section",
        sections(view),
        default=_GRID,
        key="demand_view",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    {_LAYERS: _layers, _METHODS: _methods, _CLEANSED: _cleansed}.get(section or _GRID, _grid)(view)


def sections(view: context.View) -> list[str]:
    """The parts of the page that have something to show."""
    found = [_GRID, _LAYERS]
    if view.company.baseline is not None:
        found.append(_METHODS)
    if view.company.history is not None:
        found.append(_CLEANSED)
    return found


# -- what is in view --------------------------------------------------------------------------------------


def series(view: context.View, plan: Plan) -> DemandView:
    """The one series that the view adds up to: history, baseline with its interval, demand plan, budget."""
    history, baseline = view.company.history, view.company.baseline
    money = view.show == context.MONEY
    empty: Floats = np.zeros(0)
    months = view.inputs.months
    past, actual, cleaned = months[:0], empty, empty
    if history is not None:
        keep = slice(max(len(history.months) - _PAST_CHART, 0), None)
        past = history.months[keep]
        actual = view.cells(history.revenue if money else history.actual).sum(axis=(0, 1, 2))[keep]
        cleaned = actual if money else view.cells(history.cleaned).sum(axis=(0, 1, 2))[keep]
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


def interval(view: context.View, plan: Plan, baseline: Baseline) -> Floats:
    """[t] half-width of the 80 % interval of the baseline in view: leaves (item x region) added up with the
    correlation of their errors. A segment has its part of its leaf's width; in money a leaf counts at its
    price."""
    base, price = plan.demand.base, plan.demand.price
    chosen = base[:, :, view.segments].sum(axis=2)
    leaf = base.sum(axis=2)
    share = np.divide(chosen, leaf, out=np.zeros_like(chosen), where=leaf > 0)
    width = baseline.leaf_width * share
    if view.show == context.MONEY:
        worth = (base * price)[:, :, view.segments].sum(axis=2)
        width = width * np.divide(worth, chosen, out=np.zeros_like(worth), where=chosen > 0)
    picked = width[view.items][:, view.regions]
    return summed_width(picked.reshape(-1, picked.shape[-1]), baseline.correlation)


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


def _explain(view: context.View) -> None:
    """One line: how the forecast in view is made and how well it did."""
    baseline = view.company.baseline
    if baseline is None:
        st.html(
            '<p class="sop-quiet">Demand is the company\'s own plan (setting <b>demand</b> = demand_plan): '
            "no statistical forecast, so no interval.</p>"
        )
        return
    row = _details_of(baseline, filters.series_id(view))
    if row is None:
        st.html('<p class="sop-quiet">The sum of its forecast series, see Forecast methods.</p>')
        return
    how, tested, worse = method_sentences(row, unit_of(view.inputs.item_unit, view.items))
    style = ' class="sop-bad"' if worse else ""
    st.html(f'<p class="sop-quiet">{fmt.safe(how)} <span{style}>{fmt.safe(tested)}</span></p>')


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


def _details_of(baseline: Baseline, unique_id: str) -> pd.Series | None:
    rows = baseline.details[baseline.details["unique_id"] == unique_id]
    return rows.iloc[0] if len(rows) else None


# -- by month ---------------------------------------------------------------------------------------------


def demand_grid(view: context.View, plan: Plan) -> MonthGrid:
    """Actuals and the demand plan line by line at the view's level, then how the total is made up."""
    history = view.company.history
    money = view.show == context.MONEY
    count = 0 if history is None else min(_PAST_GRID, len(history.months))
    start = view.inputs.months[0]
    past = np.arange(start - count, start)
    price = plan.demand.price if money else 1.0

    def line(label: str, mask: np.ndarray, kind: str = "plain") -> Row:
        ahead = _sum(plan.demand.total * price, mask, view)
        values = ahead
        if history is not None and count:
            before = _sum(history.revenue if money else history.actual, mask, view)[-count:]
            values = np.concatenate([before, ahead])
        return Row(label, values, "" if kind == "plain" else filters.unit(view), kind)

    shown = filters.groups(view)
    lines = [line(group.name, group.items) for group in shown]
    if len(shown) > 1:
        lines.append(line("Total", view.items, "total"))
    blank = np.full(count, np.nan)
    made = [
        _layer_row(
            LAYER_TITLES["base"], view.total(plan.demand.base, plan.demand.price), blank, filters.unit(view)
        )
    ]
    for name, values in plan.demand.layers.items():
        amount = view.total(values, plan.demand.price)
        if np.abs(amount).max(initial=0.0) > 0.5:
            made.append(_layer_row(LAYER_TITLES.get(name, name), amount, blank, filters.unit(view)))
    data = series(view, plan)
    made.append(_layer_row("Unconstrained demand", data.total, blank, filters.unit(view), "total"))
    if data.low is not None and data.high is not None:
        made.append(_layer_row("Low (80 %)", data.low, blank, filters.unit(view), "share"))
        made.append(_layer_row("High (80 %)", data.high, blank, filters.unit(view), "share"))
    if data.budget is not None:
        made.append(_layer_row("Budget", data.budget, blank, filters.unit(view), "share"))
        gap = data.total - data.budget
        row = Row("Demand less budget", np.concatenate([blank, gap]), filters.unit(view), "difference", 1)
        made.append(row)
    blocks = [
        Block(f"Demand by {filters.finer(view).lower()}" if len(shown) > 1 else "Demand", tuple(lines)),
        Block("How it is made up", tuple(made)),
    ]
    return MonthGrid(
        months=np.concatenate([past, view.inputs.months]).astype("datetime64[M]"),
        zones=zones(count, 0, view.inputs.horizon),
        blocks=tuple(blocks if len(shown) > 1 or count else blocks[1:]),
        group=filters.title(view),
    )


def _sum(values: Floats, items: np.ndarray, view: context.View) -> Floats:
    total: Floats = values[np.ix_(items, view.regions, view.segments)].sum(axis=(0, 1, 2))
    return total


def _layer_row(label: str, values: Floats, blank: Floats, unit: str, kind: str = "part") -> Row:
    return Row(label, np.concatenate([blank, values]), unit if kind != "part" else "", kind)


def _grid(view: context.View) -> None:
    grid = demand_grid(view, view.plan)
    month_table(grid, f"Demand by month, {filters.title(view)}", height=430)
    _downloads(view, grid)


def _downloads(view: context.View, grid: MonthGrid) -> None:
    with st.container(horizontal=True):
        download("This table", grid.frame, "demand_by_month.csv", "demand_grid_csv")
        download("Full detail", lambda: demand_frame(view.plan), "demand.csv", "demand_full_csv", quiet=True)


# -- layers, methods, history -----------------------------------------------------------------------------


def _layers(view: context.View) -> None:
    plan = view.plan
    base = view.total(plan.demand.base, plan.demand.price)
    layers = {name: view.total(values, plan.demand.price) for name, values in plan.demand.layers.items()}
    picture = layers_chart(view.palette, plan.inputs.months, base, layers, filters.unit(view), 0, height=340)
    st.plotly_chart(picture.figure, key="layers_chart", theme=None, config=CONFIG, alt=picture.alt)
    acting = {n: v for n, v in layers.items() if np.abs(v).max(initial=0.0) > 0.5}
    st.html(f'<p class="sop-quiet">{fmt.safe(layers_sentence(base, acting, filters.unit(view)))}</p>')
    grid = demand_grid(view, plan)
    month_table(MonthGrid(grid.months, grid.zones, grid.blocks[-1:], grid.group), "Layers of demand by month")
    _downloads(view, grid)


_LEVELS = {
    "company": "Company",
    "category": "Category",
    "family": "Family",
    "region": "Region",
    "item": "Product",
}


def methods_frame(baseline: Baseline, inputs: Inputs) -> pd.DataFrame:
    """One line a forecast series: level, name, method, errors in backtests, why."""
    details = baseline.details
    naive = details["naive_mae"].to_numpy(dtype=float)
    error = details["mae"].to_numpy(dtype=float)
    skill = np.divide(error, naive, out=np.full(len(naive), np.nan), where=naive > 0)
    frame = pd.DataFrame(
        {
            "Level": details["level"].map(_LEVELS),
            "Series": _titled(details["name"], inputs).where(details["level"] == "item", details["name"]),
            "Method": details["method"],
            "Best single": details["champion"],
            "Error a month": np.round(error, 1),
            "Naive error": np.round(naive, 1),
            "Error / naive": skill,
            "Backtests": details["origins"],
            "Why": details["reason"].str.replace(" periods of history", " months of history"),
        }
    )
    rank = {level: n for n, level in enumerate(_LEVELS.values())}
    return frame.sort_values("Level", key=lambda names: names.map(rank), kind="stable", ignore_index=True)


def _titled(items: pd.Series, inputs: Inputs) -> pd.Series:
    """Planning items by the name that people know them by; other names as they are."""
    titles = {name: inputs.title(i) for i, name in enumerate(inputs.items)}
    return items.map(lambda name: titles.get(name, name))


def _methods(view: context.View) -> None:
    baseline = view.company.baseline
    if baseline is None:
        return
    frame = methods_frame(baseline, view.inputs)
    level = st.segmented_control(
        "Series", ["All", *dict.fromkeys(frame["Level"])], default="All", key="methods_level", required=True
    )
    shown = frame if level in (None, "All") else frame[frame["Level"] == level]
    ratio = shown["Error / naive"].to_numpy(dtype=float)
    tested = np.isfinite(ratio)
    if tested.any():
        worse = int((ratio[tested] > 1.005).sum())
        st.html(
            f'<p class="sop-quiet">{worse:,} of {int(tested.sum()):,} series did worse in their backtests than '
            "repeating the past would have.</p>"
        )
    number = st.column_config.NumberColumn
    listing(
        shown,
        "methods",
        height=380,
        config={
            "Error a month": number(
                format="localized", help="Mean absolute error in the backtests, units a month"
            ),
            "Naive error": number(
                format="localized",
                help="The same for repeating the past: last year's month where there is one",
            ),
            "Error / naive": number(format="%.2f", help="Below 1: better than repeating the past"),
            "Why": st.column_config.TextColumn(width="large"),
        },
    )
    download("Methods and errors", baseline_frame(baseline), "forecast_methods.csv", "methods_csv")


def baseline_frame(baseline: Baseline) -> pd.DataFrame:
    """The forecaster's own record for download; weights and member errors as text."""
    frame = baseline.details.copy()
    for column in frame.columns:
        if frame[column].map(lambda value: isinstance(value, dict)).any():
            frame[column] = frame[column].map(_pairs)
    return frame


def _pairs(value: object) -> str:
    return ", ".join(f"{k} {v:.4g}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _cleansed(view: context.View) -> None:
    history = view.company.history
    if history is None:
        return
    frame = history.corrections_frame()
    if not len(frame):
        st.html('<p class="sop-quiet">The history was taken as it is: nothing to correct was found.</p>')
        return
    kinds = frame["kind"].value_counts()
    said = ", ".join(f"{count:,} x {kind}" for kind, count in kinds.items())
    st.html(
        f'<p class="sop-quiet">{len(frame):,} corrections on the way to the forecast: {fmt.safe(said)}.</p>'
    )
    names: Sequence[str] = [n for n, take in zip(view.inputs.items, view.items, strict=True) if take]
    shown = frame[frame["item"].isin([*names, "All"])].head(1000)
    shown = shown.assign(item=_titled(shown["item"], view.inputs))
    listing(shown, "corrections", height=360, config=_QUANTITIES)
    if len(shown) < len(frame):
        st.caption(f"{len(shown):,} of {len(frame):,} shown; the download has them all.")
    download("All corrections", frame, "corrections.csv", "corrections_csv")


_QUANTITIES: dict[str, Any] = {
    "before": st.column_config.NumberColumn(format="localized"),
    "after": st.column_config.NumberColumn(format="localized"),
}


if __name__ == "__main__":
    render()
