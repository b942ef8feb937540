"""Demand by month: actuals and the demand plan at the level in view, and how the total is made up."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts import context, filters
from pages.parts import format as fmt
from pages.parts.demand.picture import series
from pages.parts.grid import Block, MonthGrid, Row, zones
from pages.parts.tables import download, month_table
from sop_core.charts.demand import LAYER_TITLES, layers_chart, layers_sentence
from sop_core.charts.template import CONFIG
from sop_core.frames import demand_frame
from sop_core.inputs import Floats
from sop_core.plan import Unconstrained

#: Months of the past in the grid.
_PAST_GRID = 6


def demand_grid(view: context.View, plan: Unconstrained) -> MonthGrid:
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


def render(view: context.View) -> None:
    """The grid of what is in view."""
    grid = demand_grid(view, view.unconstrained)
    month_table(grid, f"Demand by month, {filters.title(view)}", height=430)
    _downloads(view, grid)


def _downloads(view: context.View, grid: MonthGrid) -> None:
    with st.container(horizontal=True):
        download("This table", grid.frame, "demand_by_month.csv", "demand_grid_csv")
        download(
            "Full detail",
            lambda: demand_frame(view.unconstrained),
            "demand.csv",
            "demand_full_csv",
            quiet=True,
        )


def render_layers(view: context.View) -> None:
    """The layer chart and its table."""
    plan = view.unconstrained
    base = view.total(plan.demand.base, plan.demand.price)
    layers = {name: view.total(values, plan.demand.price) for name, values in plan.demand.layers.items()}
    picture = layers_chart(view.palette, plan.inputs.months, base, layers, filters.unit(view), 0, height=340)
    st.plotly_chart(picture.figure, key="layers_chart", theme=None, config=CONFIG, alt=picture.alt)
    acting = {n: v for n, v in layers.items() if np.abs(v).max(initial=0.0) > 0.5}
    st.html(f'<p class="sop-quiet">{fmt.safe(layers_sentence(base, acting, filters.unit(view)))}</p>')
    grid = demand_grid(view, plan)
    month_table(MonthGrid(grid.months, grid.zones, grid.blocks[-1:], grid.group), "Layers of demand by month")
    _downloads(view, grid)
