"""Supply review: what can be made and when, what is full, what falls short and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import cached, context, filters, state
from pages.parts import format as fmt
from pages.parts.grid import days_of_supply, family_grid, flows, unit_of
from pages.parts.review import (
    by_lane,
    by_source,
    grid_groups,
    known,
    limits_frame,
    load_parts,
    materials_grid,
    plan_grid,
    promises_frame,
    ranked_block,
    shortage_rows,
    shortest,
    staffing_grid,
    stock_grid,
)
from pages.parts.tables import download, listing, month_table
from sop_core import frames
from sop_core.charts.supply import (
    cover_chart,
    load_map,
    load_sentence,
    source_chart,
    staffing_chart,
    stock_chart,
)
from sop_core.charts.template import CONFIG
from sop_core.kpis import utilisation
from sop_core.plan import Plan

_PAST = 3
_PAST_CHART = 12
#: Rows of the load map; the fullest come first, the rest are in the table below it.
_RESOURCES = 14

#: Where a click on a shortage's Why is kept.
_ASKED = "shortage_asked"

_LOAD, _GRID, _STOCK, _SOURCES, _PEOPLE, _LIMITS = (
    "Load and shortages",
    "Family grid",
    "Stock",
    "Sources and lanes",
    "Staffing",
    "Contracts and materials",
)


def render() -> None:
    """The page."""
    if not state.has_data():
        st.html('<p class="sop-headline">There is no supply to review yet.</p>')
        st.page_link("pages/data.py", label="Bring your files", icon=":material/upload_file:")
        return
    view = context.bar()
    st.html(f'<p class="sop-headline">{fmt.safe(sentence(view))}</p>')
    section = context.section(sections(view.plan), "supply_view")
    if filters.everywhere(view):
        st.html(f'<p class="sop-quiet">{filters.everywhere(view)}</p>')
    parts = {_GRID: _family, _STOCK: _stock, _SOURCES: _sources, _PEOPLE: _people, _LIMITS: _limits}
    parts.get(section or _LOAD, _load)(view)


def sections(plan: Plan) -> list[str]:
    """The parts of the page that have something to show for this company."""
    inputs = plan.inputs
    found = [_LOAD, _GRID, _STOCK, _SOURCES]
    if inputs.resource.people.any():
        found.append(_PEOPLE)
    limited = (inputs.source.min_quantity > 0).any() or np.isfinite(inputs.source.max_quantity).any()
    if limited or len(inputs.material_names):
        found.append(_LIMITS)
    return found


def sentence(view: context.View) -> str:
    """Where supply stands: the fullest resource, what is short, promises that could not be held."""
    plan = view.plan
    used = utilisation(plan.facts)
    said = []
    if np.isfinite(used).any() or np.isinf(used).any():
        said.append(load_sentence(plan.inputs.months, plan.inputs.resource_names, used))
    else:
        said.append("No resource limits this plan: bring resources, sources and routings to see load.")
    now = flows(plan, view.items)
    short = float((now.demand - now.on_time).sum())
    unit = unit_of(plan.inputs.item_unit, view.items)
    total = float(now.demand.sum())
    if short > 0.5 and total > 0:
        said.append(f"{short:,.0f} {unit} ({short / total * 100:.1f} %) are not served in their month.")
    else:
        said.append("All demand is served in its month.")
    if plan.solution.promises:
        said.append(f"{len(plan.solution.promises)} hard limits cannot be held.")
    return " ".join(said)


# -- load and shortages -----------------------------------------------------------------------------------


def _load(view: context.View) -> None:
    plan = view.plan
    names, used, extra = load_parts(plan)
    if names:
        shown = slice(0, _RESOURCES)
        picture = load_map(view.palette, plan.inputs.months, names[shown], used[shown], extra[shown])
        st.plotly_chart(picture.figure, key="load_map", theme=None, config=CONFIG, alt=picture.alt)
        cut = len(names) - _RESOURCES
        more = f" The {cut} least loaded of {len(names)} resources are in the download." if cut > 0 else ""
        st.html(
            '<p class="sop-quiet">Hatched: over 100 % of regular hours. Strip at the foot of a cell: part of its '
            f"hours that is overtime or extra shifts.{more}</p>"
        )
    else:
        st.info(
            "No resource has hours to fill. Bring **resources** (hours), **sources** (what is made where) "
            "and **routings** (hours per unit) to see the load of every resource and month.",
            icon=":material/factory:",
        )
    _shortages(view)
    with st.container(horizontal=True):
        download("Load", lambda: frames.load_frame(plan), "load.csv", "load_csv")
        download("Shortages", lambda: plan.shortages, "shortages.csv", "shortages_csv")
        if plan.solution.promises:
            download("Limits not held", lambda: promises_frame(plan), "limits_not_held.csv", "promises_csv")


def _shortages(view: context.View) -> None:
    plan = view.plan
    st.html('<div class="sop-part" style="font-weight:600">What falls short, and why</div>')
    table = plan.shortages
    chosen = {n for n, take in zip(plan.inputs.items, view.items, strict=True) if take}
    table = table[table["item"].isin(chosen)]
    if view.region != context.ALL:
        table = table[table["region"] == view.region]
    if view.segment != context.ALL:
        table = table[table["segment"] == view.segment]
    if not len(table):
        st.html('<p class="sop-quiet">Nothing: every order in view is served in its month.</p>')
    else:
        rows, subjects = shortage_rows(plan, table)
        # A column of whole numbers cuts what stands behind the point: round first.
        rows = rows.round({"Late": 0, "Lost": 0, "Money": 0})
        listing(rows, "shortages", height=270, config=_shortage_columns(view.currency))
        clicked = st.session_state.get(_ASKED)
        if clicked is not None and int(clicked["row"]) < len(subjects):
            address = {"tradeoffs_view": "Why", "why": subjects[int(clicked["row"])].key}
            address |= {} if view.scenario_name == state.BASE else {"scenario": view.scenario_name}
            st.switch_page("pages/tradeoffs.py", query_params=address)
    if plan.solution.promises:
        st.html('<div style="font-weight:600;margin-top:.4rem">Limits that cannot be held</div>')
        listing(promises_frame(plan), "promises")


def _shortage_columns(currency: str) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "Item": st.column_config.TextColumn(width=220),
        "Asked for in": st.column_config.TextColumn(width=110, help="Months in which the orders were placed"),
        "Late": number("Late, units", format="localized", step=1, width=90),
        "Lost": number("Lost, units", format="localized", step=1, width=90),
        "Money": number(
            f"Money, {currency}",
            format="localized",
            step=1,
            width=110,
            help="Revenue of what is late or lost",
        ),
        "Because": st.column_config.TextColumn(width=420),
        "Ask": st.column_config.ButtonColumn(
            "",
            type="tertiary",
            key=_ASKED,
            width=70,
            help="The chain to what binds, what one more step is worth, and the ways out",
        ),
    }


# -- the family grid --------------------------------------------------------------------------------------


def _family(view: context.View) -> None:
    choices = grid_groups(view)
    names = [group.name for group in choices]
    money = view.show == context.MONEY
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.selectbox(
            "Family",
            names,
            index=shortest(view.plan, choices),
            key="grid_group",
            width=260,
            persist_state="session",
        )
        st.html(
            '<p class="sop-quiet">End = start + in − out. Past months: actual against plan; '
            f"{'money at standard cost' if money else 'quantities in the items’ unit'}.</p>"
        )
    group = choices[names.index(picked)] if picked in names else choices[0]
    past = cached.past(view.company)
    grid = family_grid(view.plan, past, group.items, group.name, shown=_PAST, money=money)
    month_table(grid, f"Sales, production and inventory, {group.name}")

    def all_grids() -> pd.DataFrame:
        parts = [
            family_grid(view.plan, past, g.items, g.name, shown=_PAST, money=money).frame() for g in choices
        ]
        return pd.concat(parts, ignore_index=True)

    with st.container(horizontal=True):
        download("This grid", grid.frame, "family_grid.csv", "family_grid_csv")
        download("All grids", all_grids, "family_grids.csv", "family_grids_csv", quiet=True)


# -- stock ------------------------------------------------------------------------------------------------


def _stock(view: context.View) -> None:
    plan, inputs = view.plan, view.inputs
    money = view.show == context.MONEY
    value = inputs.item.unit_cost if money else None
    now = flows(plan, view.items, value)
    window = cached.past(view.company).window(_PAST_CHART)
    window = window.valued(inputs.item.unit_cost) if money else window
    held, sold = known(window.stock, view.items), known(window.sold, view.items)
    unit = f"{view.currency} at standard cost" if money else unit_of(inputs.item_unit, view.items)
    frozen, h = inputs.policy.frozen_months, len(window.months)
    left, right = st.columns(2, gap="medium")
    stock = now.stock + now.transit
    with left:
        picture = stock_chart(
            view.palette, window.months, held, inputs.months, stock, now.target, unit, frozen
        )
        st.plotly_chart(picture.figure, key="stock_chart", theme=None, config=CONFIG, alt=picture.alt)
    with right:
        demand = np.concatenate([sold, now.demand])
        days = days_of_supply(np.concatenate([held, stock]), demand)
        goal = days_of_supply(np.concatenate([np.full(h, np.nan), now.target]), demand)
        months = np.concatenate([window.months, inputs.months])
        picture = cover_chart(view.palette, months, days, goal, frozen, h)
        st.plotly_chart(picture.figure, key="cover_chart", theme=None, config=CONFIG, alt=picture.alt)
    grid = stock_grid(view, plan, money)
    month_table(grid, "Stock by family against target", height=360)
    with st.container(horizontal=True):
        download("This table", grid.frame, "stock_by_month.csv", "stock_grid_csv")
        download("By item and site", lambda: frames.stock_frame(plan), "stock.csv", "stock_csv", quiet=True)


# -- sources and lanes ------------------------------------------------------------------------------------


def _sources(view: context.View) -> None:
    plan = view.plan
    money = view.show == context.MONEY
    unit = f"{view.currency} at standard cost" if money else unit_of(view.inputs.item_unit, view.items)
    frozen = view.inputs.policy.frozen_months
    parts = by_source(view, plan)
    picture = source_chart(view.palette, plan.inputs.months, parts, unit, frozen)
    st.plotly_chart(picture.figure, key="source_chart", theme=None, config=CONFIG, alt=picture.alt)
    blocks = [ranked_block("Arrivals by source", parts, unit)]
    lanes = by_lane(view, plan)
    if lanes:
        blocks.append(ranked_block("Transport by lane", lanes, unit))
    grid = plan_grid(plan, blocks, filters.title(view))
    month_table(grid, "Supply by source and transport by lane", height=380)
    if not len(view.inputs.lane.origin):
        st.html('<p class="sop-quiet">No lanes were given: every site serves every region at no cost.</p>')
    if plan.inputs.source.assumed.any():
        count = int(plan.inputs.source.assumed.sum())
        st.html(
            f'<p class="sop-quiet">{count} items have no source of their own: they are bought without limit at '
            "their unit cost. Bring <b>sources</b> to plan them.</p>"
        )
    with st.container(horizontal=True):
        download("This table", grid.frame, "supply_by_month.csv", "sources_grid_csv")
        download(
            "Plan by source",
            lambda: frames.production_frame(plan),
            "production.csv",
            "production_csv",
            quiet=True,
        )
        if lanes:
            download(
                "Shipments",
                lambda: frames.shipments_frame(plan),
                "shipments.csv",
                "shipments_csv",
                quiet=True,
            )


# -- staffing ---------------------------------------------------------------------------------------------


def _people(view: context.View) -> None:
    plan, inputs = view.plan, view.inputs
    staffed = np.flatnonzero(inputs.resource.people)
    heads = {inputs.resource_names[q]: plan.solution.headcount[q] for q in staffed}
    picture = staffing_chart(view.palette, inputs.months, heads, inputs.policy.frozen_months)
    st.plotly_chart(picture.figure, key="staffing_chart", theme=None, config=CONFIG, alt=picture.alt)
    grid = staffing_grid(plan)
    month_table(grid, "Staffing by resource", height=420)
    with st.container(horizontal=True):
        download("This table", grid.frame, "staffing_by_month.csv", "staffing_grid_csv")
        download("Staffing", lambda: frames.staffing_frame(plan), "staffing.csv", "staffing_csv", quiet=True)


# -- contracts and materials ------------------------------------------------------------------------------


def _limits(view: context.View) -> None:
    plan = view.plan
    frame = limits_frame(view, plan)
    if len(frame):
        st.html('<div style="font-weight:600">Contractual volumes over the horizon</div>')
        number = st.column_config.NumberColumn
        columns: dict[str, Any] = {
            name: number(format="localized", step=1)
            for name in ("Planned", "Minimum", "Maximum", "Below minimum")
        }
        columns["Used"] = st.column_config.ProgressColumn(
            "Used of maximum, %", format="%.0f", min_value=0.0, max_value=100.0
        )
        whole = dict.fromkeys(("Planned", "Minimum", "Maximum", "Below minimum"), 0)
        listing(frame.round(whole), "limits", config=columns)
    if plan.inputs.material_names:
        grid = materials_grid(plan)
        month_table(grid, "Materials by month", height=320)
    with st.container(horizontal=True):
        download("Contracts", frame, "contracts.csv", "contracts_csv")
        if plan.inputs.material_names:
            download(
                "Materials",
                lambda: frames.materials_frame(plan),
                "materials.csv",
                "materials_csv",
                quiet=True,
            )


if __name__ == "__main__":
    render()
