"""Demand by month: actuals and the demand plan at the level in view, how the total is made up, and its editing."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts import context, filters, state
from pages.parts import format as fmt
from pages.parts.demand import changes, edit, lines
from pages.parts.demand.last_estimate import last_estimate
from pages.parts.demand.picture import series
from pages.parts.grid import Block, MonthGrid, Row, zones
from pages.parts.tables import download, month_table
from sop_core.calendar import fiscal_year, span_label
from sop_core.charts.demand import (
    LAYER_HELP,
    LAYER_TITLES,
    DemandPicture,
    DemandView,
    LayersView,
    layers_chart,
    layers_sentence,
)
from sop_core.frames import demand_frame
from sop_core.inputs import Floats
from sop_core.plan import Unconstrained

TABLE, EDIT = "Table", "Edit"
#: Months of the past in the grid.
_PAST_GRID = 6
#: Units or money below which a layer does nothing worth a line.
_NOTHING = 0.5


@st.fragment
def render(view: context.View) -> None:
    """The table of what is in view or the grid to edit it, and what was changed in the scenario. Another mode redraws
    this alone; an edit of the scenario the whole review."""
    with state.explained():
        _render(view)


def _render(view: context.View) -> None:
    work = state.work(view.scenario_name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="demand_tools"):
        mode = st.segmented_control(
            "Table or edit", [TABLE, EDIT], default=TABLE, key="demand_mode", required=True,
            label_visibility="collapsed", bind="query-params", width="content",
        )  # fmt: skip
        measure, period = edit.choose() if mode == EDIT else ("", "")
        changes.toolbar(view, work)
        waiting = len(edit.pending_of(view.scenario_name))
        if waiting and mode != EDIT:
            word = "cell waits" if waiting == 1 else "cells wait"
            st.html(f'<span class="sop-bad">{waiting} typed {word} to be applied: choose Edit.</span>')
    with st.container(key="demand_body"):
        if mode == EDIT:
            edit.render(view, work, measure, period)
        else:
            _table(view)
    with st.container(key="demand_changes", gap="xxsmall"):
        changes.listing(view, work)


def _table(view: context.View) -> None:
    plan = view.unconstrained
    found = lines.all_lines(view)
    shown = lines.page_of(len(found))
    grid = demand_grid(view, plan, found, shown)
    month_table(grid, f"Demand by month, {filters.title(view)}", height=470)
    with st.container(horizontal=True, vertical_alignment="center"):
        download(
            "This table",
            lambda: demand_grid(view, plan, found).frame(),
            "demand_by_month.csv",
            "demand_grid_csv",
        )
        download("Full detail", lambda: demand_frame(plan), "demand.csv", "demand_full_csv", quiet=True)
        if len(found) > shown.stop - shown.start:
            st.html(f'<span class="sop-quiet">The file holds all {len(found)} lines.</span>')


def demand_grid(
    view: context.View, plan: Unconstrained, found: list[lines.Line] | None = None, shown: slice | None = None
) -> MonthGrid:
    """Actuals and the demand plan line by line at the view's level, then how the total is made up. `shown`: the
    lines of `found` that are drawn; the total is always of all."""
    history = view.company.history
    money = view.show == context.MONEY
    count = 0 if history is None else min(_PAST_GRID, len(history.months))
    start = view.inputs.months[0]
    past = np.arange(start - count, start)
    ahead = lines.volumes(view, plan.demand.total * plan.demand.price if money else plan.demand.total)
    if history is not None and count:
        before = lines.volumes(view, (history.revenue if money else history.actual)[..., -count:])
        ahead = np.concatenate([before, ahead], axis=1)

    def line(label: str, mask: np.ndarray, kind: str = "plain") -> Row:
        return Row(label, mask.astype(float) @ ahead, "" if kind == "plain" else filters.unit(view), kind)

    found = lines.all_lines(view) if found is None else found
    drawn = found if shown is None else found[shown]
    rows = [line(entry.label, entry.items) for entry in drawn]
    if len(drawn) < len(found):
        rest = np.logical_or.reduce([entry.items for entry in found if entry not in drawn])
        rows.append(line(f"{len(found) - len(drawn)} other lines", rest, "part"))
    if len(found) > 1:
        rows.append(line("Total", view.items, "total"))
    title = f"Demand by {filters.finer(view).lower()}" if len(found) > 1 else "Demand"
    blocks = [Block(title, tuple(rows)), Block("How it is made up", tuple(_made(view, plan, count)))]
    return MonthGrid(
        months=np.concatenate([past, view.inputs.months]).astype("datetime64[M]"),
        zones=zones(count, 0, view.inputs.horizon),
        blocks=tuple(blocks if len(found) > 1 or count else blocks[1:]),
        group=filters.title(view),
    )


def _made(view: context.View, plan: Unconstrained, count: int) -> list[Row]:
    """Rows of the layers up to the unconstrained demand, its interval and the budget; blank in the past."""
    unit, blank = filters.unit(view), np.full(count, np.nan)

    def row(label: str, values: Floats, kind: str = "part", favourable: int = 0, note: str = "") -> Row:
        return Row(
            label, np.concatenate([blank, values]), unit if kind != "part" else "", kind, favourable, note
        )

    base, layers = layer_months(view, plan)
    made = [row(LAYER_TITLES["base"], base, note=LAYER_HELP["base"])]
    made += [row(LAYER_TITLES.get(n, n), values, note=LAYER_HELP.get(n, "")) for n, values in layers.items()]
    data = series(view, plan)
    made.append(row("Unconstrained demand", data.total, "total", note=LAYER_HELP["total"]))
    if data.low is not None and data.high is not None:
        made += [row("Low (80 %)", data.low, "share"), row("High (80 %)", data.high, "share")]
    if data.budget is not None:
        made.append(row("Budget", data.budget, "share"))
        made.append(row("Demand less budget", data.total - data.budget, "difference", 1))
    return made


def layer_months(view: context.View, plan: Unconstrained) -> tuple[Floats, dict[str, Floats]]:
    """([t] baseline, [t] of each layer that does something) in view, units or money."""
    base = view.total(plan.demand.base, plan.demand.price)
    found = {
        name: view.total(values, plan.demand.price)
        for name, values in plan.demand.layers.items()
        if values.any()
    }
    return base, {n: v for n, v in found.items() if np.abs(v).max(initial=0.0) > _NOTHING}


def layers_picture(view: context.View, data: DemandView) -> DemandPicture:
    """The layer chart of what is in view, beside the budget and the last cycle's latest estimate."""
    base, layers = layer_months(view, view.unconstrained)
    last = last_estimate(view)
    values = None if last is None else last.money if view.show == context.MONEY else last.units
    shown = LayersView(
        months=view.inputs.months,
        base=base,
        layers=layers,
        unit=filters.unit(view),
        budget=data.budget,
        estimate=None if values is None else view.total(values),
        estimate_name="" if last is None else last.label,
    )
    return layers_chart(view.palette, shown)


def layer_years(view: context.View, plan: Unconstrained) -> str:
    """What each layer adds or takes by fiscal year and over the horizon, as an HTML table with its sentence."""
    base, layers = layer_months(view, plan)
    months = view.inputs.months
    start = view.company.snapshot.settings.fiscal_year_start
    years = np.array([fiscal_year(month, start) for month in months])
    total = base + sum(layers.values(), np.zeros_like(base))
    columns = [(years == year) for year in dict.fromkeys(years.tolist())]
    columns = [*columns, np.ones(len(months), dtype=bool)] if len(columns) > 1 else columns
    heads = [span_label(*months[np.flatnonzero(mask)[[0, -1]]]) for mask in columns]
    rows = [("base", base), *layers.items(), ("total", total)]
    body = []
    for name, values in rows:
        layer = name not in ("base", "total")
        cells = "".join(
            f'<td title="{values[mask].sum():,.1f}">{fmt.exact(float(values[mask].sum()), 0, signed=layer)}</td>'
            for mask in columns
        )
        part = fmt.percent(float(values.sum() / base.sum()), signed=layer) if base.sum() > 0 else fmt.DASH
        bold = ' style="font-weight:600"' if name == "total" else ""
        tip = fmt.safe(LAYER_HELP.get(name, ""))
        body.append(
            f'<tr{bold}><td title="{tip}">{fmt.safe(LAYER_TITLES.get(name, name))}</td>{cells}<td>{part}</td></tr>'
        )
    head = "".join(f"<th>{fmt.safe(text)}</th>" for text in heads)
    unit = fmt.safe(filters.unit(view))
    said = fmt.safe(layers_sentence(base, layers, filters.unit(view)))
    return (
        f'<p class="sop-quiet">{said}</p><div style="max-width:820px"><table class="sop-table"><thead><tr>'
        f'<th>Layers, {unit}</th>{head}<th title="Part of the baseline">of baseline</th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )
