"""Supply review: what can be made and when, what is full, what falls short and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import cached, context, filters, state
from pages.parts import format as fmt
from pages.parts.filters import Group
from pages.parts.grid import (
    Block,
    MonthGrid,
    Row,
    days_of_supply,
    family_grid,
    flows,
    unit_of,
    zones,
)
from pages.parts.tables import download, listing, month_table
from sop_core import frames
from sop_core.calendar import span_label
from sop_core.charts.supply import (
    cover_chart,
    load_map,
    load_sentence,
    source_chart,
    staffing_chart,
    stock_chart,
)
from sop_core.charts.template import CONFIG
from sop_core.inputs import Floats
from sop_core.kpis import utilisation
from sop_core.plan import Plan

_PAST = 3
_PAST_CHART = 12
#: Rows of the load map; the fullest come first, the rest are in the table below it.
_RESOURCES = 14

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
    section = st.segmented_control(
        "Section",
        sections(view.plan),
        default=_LOAD,
        key="supply_view",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
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


def load_parts(plan: Plan) -> tuple[list[str], Floats, Floats]:
    """(resources, load / regular hours [q, t], part of the load beyond regular hours [q, t]), fullest first;
    resources without any limit are left out."""
    used = utilisation(plan.facts)
    load = plan.solution.load
    beyond = plan.solution.overtime + plan.solution.shift_hours_used
    extra = np.divide(beyond, load, out=np.zeros_like(load), where=load > 1e-9)
    keep = [q for q in range(len(used)) if not np.isnan(used[q]).all()]
    keep.sort(key=lambda q: -float(np.nanmax(used[q])))
    return [plan.inputs.resource_names[q] for q in keep], used[keep], np.clip(extra[keep], 0.0, 1.0)


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
        listing(shortage_list(plan, table), "shortages", height=270, config=_shortage_columns(view.currency))
    if plan.solution.promises:
        st.html('<div style="font-weight:600;margin-top:.4rem">Limits that cannot be held</div>')
        listing(promises_frame(plan), "promises")


def shortage_list(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """Shortages gathered by item and cause, largest money first: months, units late and lost, money, why."""
    inputs = plan.inputs
    title = {name: inputs.title(i) for i, name in enumerate(inputs.items)}
    rows = []
    for (item, _, _), part in table.groupby(["item", "cause_kind", "binding"], sort=False, dropna=False):
        units = part.groupby("kind")["quantity"].sum()
        worst = part.iloc[int(part["value"].to_numpy().argmax())]
        rows.append(
            (
                title[str(item)],
                span_label(part["month"].min(), part["month"].max()),
                float(units.get("late", 0.0)),
                float(units.get("lost", 0.0)),
                float(part["value"].sum()),
                _capital(str(worst["cause"])),
            )
        )
    frame = pd.DataFrame(rows, columns=["Item", "Asked for in", "Late", "Lost", "Money", "Why"])
    return frame.sort_values("Money", ascending=False, ignore_index=True)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shortage_columns(currency: str) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "Item": st.column_config.TextColumn(width="medium"),
        "Asked for in": st.column_config.TextColumn(width="small"),
        "Late": number("Late, units", format="localized", step=1, width="small"),
        "Lost": number("Lost, units", format="localized", step=1, width="small"),
        "Money": number(f"Money, {currency}", format="localized", step=1, width="small"),
        "Why": st.column_config.TextColumn(width="large"),
    }


def promises_frame(plan: Plan) -> pd.DataFrame:
    """Hard rules that needed their way out: month, where, what, by how much."""
    rows = [(pd.Timestamp(str(p.month)), p.where, str(p), p.amount, p.unit) for p in plan.solution.promises]
    return pd.DataFrame(rows, columns=["month", "where", "what", "amount", "unit"])


# -- the family grid --------------------------------------------------------------------------------------


def grid_groups(view: context.View) -> list[Group]:
    """What the family grid can show: the whole view, then each family (or product, where one was chosen)."""
    level = filters.finer(view)
    level = context.FAMILY if level in (context.COMPANY, context.CATEGORY) else level
    parts = filters.split(view.inputs, level, view.items)
    whole = Group(filters.title(view) if view.item != context.ALL else "Company", view.items)
    return [whole, *parts] if len(parts) > 1 else [whole]


def shortest(plan: Plan, choices: list[Group]) -> int:
    """Position of the group with most demand not served in time, in money; the first where none is."""
    price = plan.demand.price
    late = np.minimum(plan.demand.total, plan.solution.backlog + plan.solution.lost) * price
    per_item = late.sum(axis=(1, 2, 3))
    worth = [float(per_item[group.items].sum()) for group in choices[1:]]
    return 1 + int(np.argmax(worth)) if worth and max(worth) > 0.5 else 0


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
    held, sold = _known(window.stock, view.items), _known(window.sold, view.items)
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


def _known(values: Floats, items: np.ndarray) -> Floats:
    part = values[items]
    blank = np.isnan(part).all(axis=0)
    return np.where(blank, np.nan, np.nansum(part, axis=0))


def stock_grid(view: context.View, plan: Plan, money: bool) -> MonthGrid:
    """Stock at month end, distance to target and days of supply, line by line."""
    level = filters.finer(view)
    level = context.FAMILY if level == context.COMPANY else level
    shown = filters.split(view.inputs, level, view.items)
    value = view.inputs.item.unit_cost if money else None
    unit = view.currency if money else unit_of(view.inputs.item_unit, view.items)
    found = [(g.name, flows(plan, g.items, value)) for g in shown]
    stock = [Row(name, f.stock + f.transit, "") for name, f in found]
    below = [
        Row(name, -f.below_target, "", "difference", 1)
        for name, f in found
        if f.below_target.max(initial=0.0) > 0.5
    ]
    cover = [Row(name, days_of_supply(f.stock + f.transit, f.demand), "days", "share") for name, f in found]
    everything = flows(plan, view.items, value)
    stock.append(Row("Total", everything.stock + everything.transit, unit, "total"))
    stock.append(Row("Target", everything.target, unit, "plan"))
    blocks = [Block("Stock at month end", tuple(stock), unit)]
    if below:
        blocks.append(Block("Below target", tuple(below), unit))
    blocks.append(Block("Days of supply", tuple(cover)))
    return MonthGrid(
        months=plan.inputs.months,
        zones=zones(0, plan.inputs.policy.frozen_months, plan.inputs.horizon),
        blocks=tuple(blocks),
        group=filters.title(view),
    )


# -- sources and lanes ------------------------------------------------------------------------------------

_KINDS = {"make": "Made", "subcontract": "Subcontracted", "buy": "Bought"}


def by_source(view: context.View, plan: Plan) -> dict[str, Floats]:
    """What arrives [t] by kind and site, of the items in view."""
    source, inputs = plan.inputs.source, plan.inputs
    weight = inputs.item.unit_cost if view.show == context.MONEY else np.ones(len(inputs.items))
    out: dict[str, Floats] = {}
    for k in np.flatnonzero(view.items[source.item]):
        name = f"{_KINDS[source.kind[k]]}, {inputs.site_names[source.site[k]]}"
        out[name] = (
            out.get(name, np.zeros(inputs.horizon)) + plan.solution.received[k] * weight[source.item[k]]
        )
    return {name: values for name, values in out.items() if values.sum() > 0.5}


def by_lane(view: context.View, plan: Plan) -> dict[str, Floats]:
    """What leaves [t] on each lane, of the items in view."""
    inputs = plan.inputs
    weight = np.where(view.items, inputs.item.unit_cost if view.show == context.MONEY else 1.0, 0.0)
    flow: Floats = np.tensordot(weight, plan.solution.flow, axes=1)
    lanes = range(len(inputs.lane.origin))
    return {inputs.lane_name(lane): flow[lane] for lane in lanes if flow[lane].sum() > 0.5}


def _sources(view: context.View) -> None:
    plan = view.plan
    money = view.show == context.MONEY
    unit = f"{view.currency} at standard cost" if money else unit_of(view.inputs.item_unit, view.items)
    frozen = view.inputs.policy.frozen_months
    parts = by_source(view, plan)
    picture = source_chart(view.palette, plan.inputs.months, parts, unit, frozen)
    st.plotly_chart(picture.figure, key="source_chart", theme=None, config=CONFIG, alt=picture.alt)
    blocks = [_block("Arrivals by source", parts, unit)]
    lanes = by_lane(view, plan)
    if lanes:
        blocks.append(_block("Transport by lane", lanes, unit))
    grid = _plain_grid(plan, blocks, filters.title(view))
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


def _block(title: str, rows: dict[str, Floats], unit: str) -> Block:
    ranked = sorted(rows.items(), key=lambda pair: -float(pair[1].sum()))
    total = np.sum([v for _, v in ranked], axis=0) if ranked else None
    lines = [Row(name, values, "") for name, values in ranked]
    if total is not None and len(ranked) > 1:
        lines.append(Row("Total", total, unit, "total"))
    return Block(title, tuple(lines), unit)


def _plain_grid(plan: Plan, blocks: list[Block], group: str) -> MonthGrid:
    return MonthGrid(
        months=plan.inputs.months,
        zones=zones(0, plan.inputs.policy.frozen_months, plan.inputs.horizon),
        blocks=tuple(blocks),
        group=group,
    )


# -- staffing ---------------------------------------------------------------------------------------------


def staffing_grid(plan: Plan) -> MonthGrid:
    """Heads, hires, releases and hours of every staffed resource."""
    inputs, solution = plan.inputs, plan.solution
    blocks = []
    for q in np.flatnonzero(inputs.resource.people):
        rows = [
            Row("Headcount", solution.headcount[q], "heads", "total"),
            Row("Hired", solution.hired[q], "heads", "part"),
            Row("Released", -solution.released[q], "heads", "part"),
            Row("Regular hours used", solution.regular[q], "h", "part"),
            Row("Overtime", solution.overtime[q], "h", "part"),
        ]
        if solution.shift_hours_used[q].max(initial=0.0) > 0.5:
            rows.append(Row("Extra shifts", solution.shift_hours_used[q], "h", "part"))
        blocks.append(
            Block(inputs.resource_names[q], tuple(rows), inputs.site_names[inputs.resource.site[q]])
        )
    return _plain_grid(plan, blocks, "Staffing")


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


def limits_frame(view: context.View, plan: Plan) -> pd.DataFrame:
    """Sources in view that have a contractual minimum or maximum: what is taken against it."""
    inputs, solution = plan.inputs, plan.solution
    source = inputs.source
    rows = []
    for k in np.flatnonzero(view.items[source.item]):
        low, high = source.min_quantity[k], source.max_quantity[k]
        bounded = np.isfinite(high)
        if not (low > 0).any() and not bounded.any():
            continue
        taken = solution.started[k]
        full = int((bounded & (taken >= high - 1e-6 * np.maximum(high, 1.0))).sum())
        rows.append(
            (
                inputs.source_names[k],
                _KINDS[source.kind[k]],
                source.supplier[k],
                float(taken.sum()),
                float(low.sum()),
                float(high[bounded].sum()) if bounded.any() else np.nan,
                float(100 * taken[bounded].sum() / high[bounded].sum())
                if high[bounded].sum() > 0
                else np.nan,
                full,
                float(solution.contract_shortfall[k].sum()),
            )
        )
    columns = [
        "Source",
        "How",
        "Supplier",
        "Planned",
        "Minimum",
        "Maximum",
        "Used",
        "Months full",
        "Below minimum",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["Months full", "Used"], ascending=False, ignore_index=True, na_position="last")


def materials_grid(plan: Plan) -> MonthGrid:
    """Materials bought against their contract, by supplier, and what is held."""
    inputs, solution = plan.inputs, plan.solution
    material = inputs.material
    blocks = []
    for at, name in enumerate(inputs.material_names):
        rows = []
        for n in np.flatnonzero(material.material == at):
            supplier = material.supplier[n] or "Supplier"
            rows.append(Row(f"Bought, {supplier}", solution.bought[n], ""))
            if np.isfinite(material.max_quantity[n]).any():
                limit = np.where(np.isfinite(material.max_quantity[n]), material.max_quantity[n], np.nan)
                rows.append(Row(f"Most, {supplier}", limit, "", "share"))
            if (material.min_quantity[n] > 0).any():
                rows.append(Row(f"Least, {supplier}", material.min_quantity[n], "", "share"))
        rows.append(Row("Held at month end", solution.material_stock[at], "", "part"))
        blocks.append(Block(name, tuple(rows)))
    return _plain_grid(plan, blocks, "Materials")


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
        listing(frame, "limits", config=columns)
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
