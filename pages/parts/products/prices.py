"""Prices: the price list ahead, planned changes and what they do, elasticity as history tells it, a what-if."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts.context import ALL, COMPANY, FAMILY, View
from pages.parts.filters import Group, split
from pages.parts.products import working
from pages.parts.tables import download, listing
from sop_core.calendar import month_label
from sop_core.changes import DEFAULT_ELASTICITY, PriceChange, Scope
from sop_core.charts.products import elasticity_chart
from sop_core.charts.template import CONFIG
from sop_core.demand.elasticity import LEAST_MONTHS, LEAST_MOVE, LEAST_MOVES, Elasticity
from sop_core.demand.price_response import GIVEN, NONE, ProductElasticity
from sop_core.products.prices import PlannedChange, mean_prices, planned_changes

_number = st.column_config.NumberColumn
_SOURCE = {GIVEN: "given", "estimated": "history", NONE: "none: demand stays"}


def render(view: View) -> None:
    """The section."""
    if not (view.unconstrained.demand.price > 0).any():
        st.html('<p class="sop-headline">There are no prices to plan with yet.</p>')
        st.info(
            "Bring `price` in the table `products`, the table `prices` (month, product, region, price) for the "
            "list over time, or `revenue` in `sales`."
        )
        st.page_link("pages/data.py", label="Bring prices", icon=":material/upload_file:")
        return
    changes = [
        change
        for change in planned_changes(view.company, view.unconstrained)
        if working.in_view(view, change.product)
        and (change.region == ALL or view.region in (ALL, change.region))
    ]
    st.html(f'<p class="sop-headline">{fmt.safe(headline(view, changes))}</p>')
    working.strip(view)
    if changes:
        _changes(view, changes)
    else:
        st.caption("No list price changes within the horizon. Planned ones come from the table prices.")
    _elasticity(view)
    _grid(view)


def headline(view: View, changes: list[PlannedChange]) -> str:
    """The planned changes, and what they do where an elasticity is known."""
    if not changes:
        return "No list price changes within the horizon."
    products = len({change.product for change in changes})
    first = min(change.month for change in changes)
    known = [change for change in changes if np.isfinite(change.units)]
    said = (
        f"{len(changes)} list-price change{'s' if len(changes) > 1 else ''} ahead on {products} "
        f"product{'s' if products > 1 else ''}, the first in {month_label(first)}"
    )
    if known:
        units, revenue = sum(c.units for c in known), sum(c.revenue for c in known)
        said += (
            f": {fmt.short(units, signed=True)} units and {fmt.money(revenue, view.currency, signed=True)} of revenue "
            "over the horizon"
        )
    if len(known) < len(changes):
        said += f"; {len(changes) - len(known)} leave demand alone, as no elasticity is known"
    return said + "."


def changes_frame(view: View, changes: list[PlannedChange]) -> pd.DataFrame:
    """One line a planned change, as listed and downloaded."""
    return pd.DataFrame(
        [
            {
                "Product": view.desk.label(change.product),
                "Where": change.region,
                "From": pd.Timestamp(change.month.astype("datetime64[us]")),
                "Price before": change.before,
                "Price after": change.after,
                "Change %": 100 * change.part,
                "Elasticity": change.elasticity.value if change.elasticity.source != NONE else np.nan,
                "Source": _SOURCE[change.elasticity.source],
                "Units": np.round(change.units),
                "Revenue": np.round(change.revenue),
            }
            for change in changes
        ]
    )


def _changes(view: View, changes: list[PlannedChange]) -> None:
    frame = changes_frame(view, changes)
    money = _number(format="%.2f", help=f"List price, {view.currency} a unit")
    listing(
        frame,
        "price_changes",
        config={
            "From": st.column_config.DateColumn(format="MMM YY", help="First month of the new price"),
            "Price before": money,
            "Price after": money,
            "Change %": _number(format="%+.1f"),
            "Elasticity": _number(
                format="%.2f",
                help="Percent of demand that one percent of price moves: given, or as history tells",
            ),
            "Units": _number(
                format="localized", help="What the change does to demand over the horizon; blank = not known"
            ),
            "Revenue": _number(
                format="localized", help=f"{view.currency} over the horizon, price and demand together"
            ),
        },
    )
    download("Planned price changes", frame, "price_changes.csv", "price_changes_csv", quiet=True)


# -- elasticity --


def _elasticity(view: View) -> None:
    response = view.company.price_response
    st.html('<div class="sop-group">Elasticity</div>')
    if response is None:
        st.caption("Demand is a plan of the company's own: it is not forecast, so history is not asked.")
        _what_if(view, None, _told(view, None, None))
        return
    inside = [e for e, shown in zip(response.items, view.items, strict=True) if shown]
    found = {e.name: e for e in sorted(inside, key=lambda e: (not e.clear, bool(e.why)))}
    frame = elasticity_frame(view, list(found.values()))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        listing(
            frame,
            "elasticities",
            height=330,
            config={
                "Estimate": _number(
                    format="%.2f",
                    help="Percent of demand that one percent of price moves, from past price moves",
                ),
                "Low 80": _number(format="%.2f", help="Lower end of the 80 % interval"),
                "High 80": _number(format="%.2f", help="Upper end of the 80 % interval"),
                "Low 95": _number(format="%.2f", help="Lower end of the 95 % interval"),
                "High 95": _number(format="%.2f", help="Upper end of the 95 % interval"),
                "Error": _number(format="%.2f", help="Standard error"),
                "Moves": _number(format="%d", help=f"Price moves of at least {LEAST_MOVE:.0%} that held"),
                "R2": _number(
                    format="%.2f", help="Part of the variance left by season and trend that price explains"
                ),
                "In the plan": _number(
                    format="%.2f",
                    help="Elasticity with which planned list prices act: given, or the estimate drawn towards "
                    f"{DEFAULT_ELASTICITY} by its error; blank = they leave demand alone",
                ),
                "Verdict": st.column_config.TextColumn(width="large"),
            },
        )
        least = f"{LEAST_MONTHS} months, {LEAST_MOVES} price moves of at least {100 * LEAST_MOVE:.0f} %"
        st.caption(
            f"Estimated where history offers {least}; it acts on planned list prices where the 95 % interval lies "
            "below zero. A given elasticity (column elasticity of products) goes first."
        )
        download("Elasticities", frame, "elasticities.csv", "elasticities_csv", quiet=True)
    with right:
        best = next((name for name, e in found.items() if e.clear), next(iter(found)))
        names = list(found)
        chosen = st.selectbox(
            "Product", names, index=names.index(best), key="elasticity_chosen", format_func=view.desk.label
        )
        own = found[chosen]
        _scatter(view, own)
        _what_if(view, own.name, _told(view, own, chosen))


def elasticity_frame(view: View, found: list[Elasticity]) -> pd.DataFrame:
    """One line a planning item: estimate, intervals, what it rests on, verdict."""
    response = view.company.price_response
    assert response is not None
    rows = []
    for own in found:
        i = view.inputs.items.index(own.name)
        used = response.of_item(view.inputs.item_products[i], view.company.items.share)
        low80, high80 = own.interval(0.8)
        low95, high95 = own.interval(0.95)
        rows.append(
            {
                "Product": view.inputs.title(i),
                "In the plan": used.value if used.source != NONE else np.nan,
                "Source": _SOURCE[used.source],
                "Estimate": own.value,
                "Low 80": low80,
                "High 80": high80,
                "Low 95": low95,
                "High 95": high95,
                "Error": own.error,
                "Moves": own.moves,
                "Months": own.months,
                "R2": own.r2 if not own.why else np.nan,
                "Verdict": own.verdict(),
            }
        )
    return pd.DataFrame(rows)


def _scatter(view: View, own: Elasticity) -> None:
    if not len(own.price):
        st.caption(fmt.plain(own.verdict()[:1].upper() + own.verdict()[1:] + "."))
        return
    low, high = own.interval(0.95)
    drawn = elasticity_chart(
        view.palette, own.price, own.demand, (own.value, low, high), f"{own.name}: {own.verdict()}."
    )
    st.plotly_chart(drawn.figure, key="elasticity_chart", theme=None, config=CONFIG, alt=drawn.alt)
    st.caption(fmt.plain(drawn.alt))


def _told(view: View, own: Elasticity | None, item: str | None) -> ProductElasticity:
    """The elasticity that a what-if starts from."""
    response = view.company.price_response
    if response is None or own is None or item is None:
        return ProductElasticity(DEFAULT_ELASTICITY, NONE)
    i = view.inputs.items.index(item)
    used = response.of_item(view.inputs.item_products[i], view.company.items.share)
    return used if used.source != NONE else ProductElasticity(DEFAULT_ELASTICITY, NONE)


def _what_if(view: View, item: str | None, told: ProductElasticity) -> None:
    """Another price from a month on, with the elasticity filled in."""
    with st.form("price_what_if", border=True):
        st.html('<div class="sop-group">What if the price were another</div>')
        names = list(view.inputs.items) if item is None else [item]
        what = st.selectbox("Of", names, format_func=view.desk.label) if item is None else item
        left, middle, right = st.columns(3)
        part = left.number_input("Price, %", -90.0, 300.0, 3.0, step=0.5, help="Change of the net price")
        months = [str(m) for m in view.inputs.months]
        labels = dict(zip(months, fmt.months(view.inputs.months), strict=True))
        first = middle.selectbox("From", months, format_func=labels.__getitem__)
        said = "as the plan has it" if told.source != NONE else "the stated default: history does not tell it"
        value = right.number_input(
            "Elasticity", -10.0, 0.0, round(told.value, 2), step=0.1,
            help=f"Percent of demand for one percent of price; {said}",
        )  # fmt: skip
        pressed = st.form_submit_button("Add to the scenario")
    if pressed and what is not None:
        i = view.inputs.items.index(what)
        members = view.inputs.item_products[i]
        scope = (
            Scope(products=(what,), first=first)
            if view.inputs.level == "product"
            else Scope(products=tuple(members), first=first)
        )
        working.put(view, PriceChange(scope=scope, pct=round(part / 100, 6), elasticity=value))
        st.rerun()


# -- the price list --


def _grid(view: View) -> None:
    """List and net price by month of what is in view, one level further down where there are not too many."""
    inputs = view.unconstrained.inputs
    level = FAMILY if view.level == COMPANY else view.level
    groups = split(inputs, level, view.items)
    if len(groups) == 1:
        groups = split(inputs, "Product", view.items)
    frame = prices_frame(view, groups)
    st.html('<div class="sop-group">Prices by month</div>')
    decimals = "%.0f" if frame.iloc[:, 3:].max().max() >= 10_000 else "%.2f"
    months = {name: _number(format=decimals) for name in frame.columns[3:]}
    pinned = {name: st.column_config.TextColumn(pinned=True) for name in frame.columns[:2]}
    listing(frame, "prices_by_month", height=400, config=months | pinned)
    st.caption(
        "Mean over products, regions and segments at the demand of the whole horizon, so that only prices move "
        "it. Net = what customers pay after discounts, promotions included."
    )
    download("Prices by month", frame, "prices_by_month.csv", "prices_csv", quiet=True)


def prices_frame(view: View, groups: list[Group]) -> pd.DataFrame:
    """List and net price of each group, months across, money a unit."""
    rows = []
    for group in groups:
        listed, net = mean_prices(view.company, view.unconstrained, group.items, view.regions)
        for name, values in (("List", listed), ("Net", net)):
            if np.isfinite(values).any() and (values > 0).any():
                months = dict(zip(view.months, np.round(values, 4).tolist(), strict=True))
                rows.append({"Group": group.name, "Price": name, "Unit": f"{view.currency}/unit"} | months)
    return pd.DataFrame(rows, columns=["Group", "Price", "Unit", *view.months])
