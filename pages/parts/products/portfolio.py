"""Portfolio: what each item earns a unit and an hour of the bottleneck, its class, and what ties up without earning."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import filters
from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.products import working
from pages.parts.products.planned import show_planned
from pages.parts.tables import download, listing
from sop_core.changes import Change
from sop_core.charts.portfolio import Bubbles, portfolio_chart
from sop_core.charts.template import CONFIG
from sop_core.products.dead_weight import DeadWeight, dead_weight, sentence
from sop_core.products.portfolio import BASIS, Portfolio, matrix, of_items, of_products

_OWN: Final = "Each item's own"
_EVERY: Final = "All classes"
_KIND: Final = {"loss": "Below cost", "hours": "Scarce hours", "stock": "Stock"}
_CLASSES: Final = tuple(first + second for first in "ABC" for second in "XYZ")
_number = st.column_config.NumberColumn


def render(view: View) -> None:
    """The section."""
    with st.spinner("Planning supply: hours and stock come from the plan"):
        plan = view.plan
    by_product = _level(view)
    resource = st.session_state.get("portfolio_resource", _OWN)
    names = plan.inputs.resource_names
    chosen = names.index(resource) if resource in names else None
    portfolio, weights = _made(working.plan_key(view), by_product, chosen, view)
    st.html(f'<p class="sop-headline">{fmt.safe(sentence(portfolio, weights, view.currency))}</p>')
    _missing(portfolio)
    if filters.everywhere(view):
        st.html(f'<p class="sop-quiet">{filters.everywhere(view)}</p>')
    working.strip(view)
    inside = _inside(view, portfolio)
    left, right = st.columns([0.63, 0.37], gap="medium")
    with left:
        _picture(view, portfolio, weights, inside)
    with right:
        _matrix(portfolio)
        _weights(view, weights)
    _planned(view)
    _table(view, portfolio, inside)


@st.cache_resource(max_entries=8, show_spinner=False)
def _made(
    key: tuple[object, ...], by_product: bool, chosen: int | None, _view: View
) -> tuple[Portfolio, tuple[DeadWeight, ...]]:
    """The portfolio of a plan and what takes more than it earns, worked out once per plan. Read only."""
    plan, company = _view.plan, _view.company
    if by_product:
        portfolio = of_products(plan, company.snapshot, working.signal(company), resource=chosen)
    else:
        portfolio = of_items(plan, company.history, resource=chosen)
    return portfolio, dead_weight(portfolio, plan)


def _level(view: View) -> bool:
    """Whether products are shown, where families are planned."""
    if view.inputs.level == "product":
        return False
    shown = st.segmented_control(
        "Rows", ["Families", "Products"], default="Families", key="portfolio_rows", required=True,
        bind="query-params", label_visibility="collapsed",
        help="A product takes its part of its family's planned units, hours and stock by its share of recent "
        "sales; its cost, price, stock today and variability are its own.",
    )  # fmt: skip
    return shown == "Products"


def _missing(portfolio: Portfolio) -> None:
    """What the numbers cannot say, and what to bring."""
    said = []
    if portfolio.basis == "revenue":
        said.append(
            "No unit costs: items are ranked by revenue. Bring `unit_cost` in **products** to see margins."
        )
    if portfolio.basis == "units":
        said.append(
            "Nothing has a price: items are ranked by volume. Bring `price` in **products** or `revenue` in **sales**."
        )
    if not portfolio.bottlenecks:
        said.append(
            "No resource has a limit: bring **resources** (hours), **sources** and **routings** (hours per unit) "
            "to see what an hour earns. Shown is the margin of a unit."
        )
    if not portfolio.history:
        said.append(
            "No history: nothing shows an item to be steady, so all are Z. Bring **sales** or **orders**."
        )
    if portfolio.uncosted:
        said.append(f"{portfolio.uncosted} items are sold without a unit cost: their margin is their price.")
    for line in said:
        st.info(line, icon=":material/table_view:")


def _inside(view: View, portfolio: Portfolio) -> np.ndarray:
    """[rows] in view and in the chosen class."""
    frame = portfolio.frame
    inside = view.items[frame["position"].to_numpy(dtype=np.int64)]
    chosen = st.session_state.get("portfolio_class", _EVERY)
    if chosen in _CLASSES:
        inside = inside & ((frame["abc"] + frame["xyz"]) == chosen).to_numpy()
    return np.asarray(inside, dtype=bool)


# -- the picture ------------------------------------------------------------------------------------------


def _picture(view: View, portfolio: Portfolio, weights: tuple[DeadWeight, ...], inside: np.ndarray) -> None:
    limits = [limit.name for limit in portfolio.bottlenecks]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if limits:
            across = st.segmented_control(
                "Across", ["Per hour", "Per unit"], default="Per hour", key="portfolio_across", required=True,
                help="Margin per hour of the bottleneck: net price less unit cost, over the hours that a unit takes "
                "there. With a full resource it ranks what to sell.",
            )  # fmt: skip
        else:
            across = "Per unit"
        size = st.segmented_control(
            "Up", ["Margin", "Volume"] if portfolio.basis == "margin" else ["Revenue", "Volume"],
            default="Margin" if portfolio.basis == "margin" else "Revenue", key="portfolio_up", required=True,
            help=f"Sum over {portfolio.months} months of the plan",
        )  # fmt: skip
        if len(limits) > 1:
            st.selectbox(
                "Bottleneck", [_OWN, *limits], key="portfolio_resource", width=210,
                help="Resources with a month at 95 % of their regular hours or more in this plan. Each item's own = "
                "the one that is full in most months among those it uses.",
            )  # fmt: skip
    data = _bubbles(view, portfolio, weights, inside, across == "Per hour", size or "Margin")
    picture = portfolio_chart(view.palette, data)
    st.plotly_chart(picture.figure, key="portfolio_chart", theme=None, config=CONFIG, alt=picture.alt)
    basis = BASIS[portfolio.basis]
    st.html(
        '<p class="sop-quiet"><b>Size</b>: stock value, average over the plan. <b>Colour</b>: A (blue) brings the '
        f"first 80 % of {basis}, B (sand) up to 95 %, C (grey) the rest. <b>Shape</b>: X circle, steady; Y diamond; "
        "Z triangle, hard to foresee. <b>Orange rim</b>: takes more than it earns. Dotted: the average across, the "
        "middle item up.</p>"
    )


def _bubbles(
    view: View,
    portfolio: Portfolio,
    weights: tuple[DeadWeight, ...],
    inside: np.ndarray,
    hourly: bool,
    size: str,
) -> Bubbles:
    frame, currency = portfolio.frame, view.currency
    if hourly:
        across = frame["margin_hour"].to_numpy()
        used = frame[frame["margin_hour"].notna() & (frame["hours"] > 0)]
        weight = used["hours"]
        said = f"Margin per hour of {_bottleneck_name()}, {currency}"
        value = used["margin_hour"]
    else:
        column = "margin_unit" if portfolio.basis == "margin" else "price"
        across = frame[column].to_numpy()
        used = frame[frame["units"] > 0]
        weight, value = used["units"], used[column]
        said = f"{'Margin' if column == 'margin_unit' else 'Price'} per unit, {currency}"
    total = float(weight.sum())
    up = {"Margin": "margin", "Revenue": "revenue", "Volume": "units"}[size]
    unit = currency if size != "Volume" else "units"
    outside = np.flatnonzero(~inside)
    return Bubbles(
        names=frame["title"].tolist(),
        across=np.asarray(across, dtype=float),
        up=frame[up].fillna(0.0).to_numpy(dtype=float),
        stock=frame["stock"].to_numpy(dtype=float),
        abc=frame["abc"].tolist(),
        xyz=frame["xyz"].tolist(),
        notes=[_note(line, currency) for line in frame.to_dict("records")],
        across_title=said,
        up_title=f"{size}, {portfolio.months} months, {unit}",
        average=float((value * weight).sum() / total) if total > 0 else float("nan"),
        strip="Uses no bottleneck" if hourly else "",
        mark=frozenset(w.row for w in weights),
        faded=frozenset(int(n) for n in outside),
    )


def _bottleneck_name() -> str:
    chosen = str(st.session_state.get("portfolio_resource", _OWN))
    return "its bottleneck" if chosen == _OWN else chosen


def _note(line: dict[Any, Any], currency: str) -> str:
    """A hover: the numbers of an item. Data are escaped: Plotly reads a few tags."""
    hours = (
        f"<br>{fmt.short(line['hours_unit'])} h of {fmt.safe(line['bottleneck'])} a unit"
        if line["bottleneck"]
        else ""
    )
    hour = f", {fmt.money(line['margin_hour'], currency)} an hour" if line["bottleneck"] else ""
    return (
        f"<b>{fmt.safe(line['title'])}</b> {line['abc']}{line['xyz']}"
        f"<br>Margin {fmt.money(line['margin_unit'], currency)} a unit{hour}"
        f"<br>{fmt.short(line['units'])} units, margin {fmt.money(line['margin'], currency)}"
        f"<br>Stock {fmt.money(line['stock'], currency)}, {fmt.short(line['turns'])} turns a year{hours}"
    )


# -- classes ----------------------------------------------------------------------------------------------


def _matrix(portfolio: Portfolio) -> None:
    """Nine classes as buttons: how many items, their part of the margin. A click shows a class alone."""
    rules, table = portfolio.rules, matrix(portfolio)
    basis = BASIS[portfolio.basis]
    chosen = st.session_state.get("portfolio_class", _EVERY)
    st.html(
        f'<div class="sop-part" style="font-weight:600">Classes: items, part of the {basis}</div>'
        f'<p class="sop-quiet">ABC by cumulative {basis}: A to {rules.a * 100:.0f} %, B to {rules.b * 100:.0f} %. '
        "XYZ by the variation of monthly demand around its season and trend (coefficient of variation): X below "
        f"{rules.x * 100:.0f} %, Y below {rules.y * 100:.0f} %, Z above or too little history. A click shows one "
        "class.</p>"
    )
    for first in "ABC":
        columns = st.columns(3, gap="xxsmall")
        for column, second in zip(columns, "XYZ", strict=True):
            row = table[(table["abc"] == first) & (table["xyz"] == second)].iloc[0]
            name = first + second
            count = int(row["items"])
            column.button(
                f"**{name}** {count} · {fmt.percent(float(row['share']), 0)}" if count else f"**{name}** {fmt.DASH}",
                key=f"portfolio_{name}", width="stretch", disabled=not count,
                type="primary" if chosen == name else "secondary", on_click=_choose, args=(name,),
                help=f"{count} items, {fmt.percent(float(row['share']))} of the {basis}, "
                f"{fmt.percent(float(row['stock_share']))} of the stock value",
            )  # fmt: skip


def _choose(name: str) -> None:
    same = st.session_state.get("portfolio_class") == name
    st.session_state["portfolio_class"] = _EVERY if same else name


# -- dead weight ------------------------------------------------------------------------------------------


def _weights(view: View, weights: tuple[DeadWeight, ...]) -> None:
    st.html(
        '<div class="sop-part" style="font-weight:600" title="An item is named where its part of the stock value, or '
        "of a full resource's hours, is at least 1.5 times its part of the margin and 1 percentage point above it, or "
        'where it is sold below its cost.">Takes more than it earns</div>'
    )
    if not weights:
        st.html('<p class="sop-quiet">Nothing: stock and scarce hours go where the margin is.</p>')
        return
    with st.container(height=218, border=False, gap="xxsmall", key="portfolio_weights"):
        for n, weight in enumerate(weights):
            with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xxsmall"):
                st.html(
                    f'<div class="sop-said"><b>{fmt.safe(weight.name)}</b>: {fmt.safe(weight.finding)}. '
                    f"{fmt.safe(weight.remedy)}</div>"
                )
                if weight.change is not None:
                    st.button(
                        "Plan it", key=f"portfolio_try_{n}", on_click=_try, args=(view, weight.change),
                        help=weight.change.sentence(view.inputs),
                    )  # fmt: skip


def _try(view: View, change: Change) -> None:
    st.session_state["_portfolio_tried"] = (view.scenario_name, change)


def _planned(view: View) -> None:
    """The exact plan of the working scenario with one more Change, beside the scenario as it is."""
    name, change = st.session_state.get("_portfolio_tried", ("", None))
    if change is None or name != view.scenario_name:
        return
    show_planned(view, [change], "portfolio", _forget)


def _forget() -> None:
    st.session_state.pop("_portfolio_tried", None)


# -- the table --------------------------------------------------------------------------------------------


def _table(view: View, portfolio: Portfolio, inside: np.ndarray) -> None:
    frame = portfolio.frame[inside]
    chosen = st.session_state.get("portfolio_class", _EVERY)
    which = f"Class {chosen}" if chosen in _CLASSES else "All items"
    st.html(
        f'<div class="sop-part" style="font-weight:600">{which}: {len(frame)} of {len(portfolio.frame)}</div>'
    )
    shown = table(frame, portfolio)
    listing(shown, "portfolio_table", config=_columns(view.currency, portfolio))
    download("All numbers", portfolio.frame.drop(columns="position"), "portfolio.csv", "portfolio_csv")


def table(frame: pd.DataFrame, portfolio: Portfolio) -> pd.DataFrame:
    """The rows as the screen shows them, largest first; columns that say nothing for this company are left out."""
    percents = {name: 100 * frame[name] for name in ("margin_rate", "hours_share", "hours_margin_share")}
    shown = frame.assign(
        **percents,
        share=100 * frame["worth_share"],
        stock_share=100 * frame["stock_share"],
        cv=100 * frame["cv"],
        abcxyz=frame["abc"] + frame["xyz"],
        flags=[
            "no demand ahead" if idle else "slow" if slow else ""
            for slow, idle in zip(frame["slow"], frame["idle"], strict=True)
        ],
    ).sort_values("worth", ascending=False, kind="stable")
    names = list(_TEXTS)
    if portfolio.basis != "margin":
        names = [name for name in names if not name.startswith("margin")]
    if not portfolio.bottlenecks:
        names = [name for name in names if name not in _OF_HOURS]
    if not portfolio.history:
        names = [name for name in names if name not in ("units_past", "revenue_past", "cv")]
    return shown[names].round({name: digits for name, (_, digits, _) in _TEXTS.items() if digits is not None})


_OF_HOURS = ("bottleneck", "hours_unit", "margin_hour", "hours", "hours_share", "hours_margin_share")
#: column -> (header, with {} for the currency; digits, None for texts; definition)
_TEXTS: dict[str, tuple[str, int | None, str]] = {
    "title": ("Item", None, ""),
    "abcxyz": ("Class", None, "ABC by cumulative margin, XYZ by variability"),
    "margin_hour": ("Margin an hour, {}", 2, "Margin per unit / hours of its bottleneck per unit"),
    "margin_unit": ("Margin a unit, {}", 2, "Net price - standard unit cost"),
    "margin": ("Margin, {}", 0, "Margin per unit x units served in the plan's months"),
    "margin_rate": ("Margin rate, %", 1, "Margin / revenue"),
    "share": ("Part, %", 1, "Part of all items' margin (revenue or volume, where there is none); losses count as none"),
    "units": ("Units, plan", 0, "Units served in the plan's next 12 months"),
    "units_past": ("Units, past", 0, "Units invoiced in the last 12 months"),
    "revenue": ("Revenue, plan, {}", 0, "Units served x net price, the plan's next 12 months"),
    "revenue_past": ("Revenue, past, {}", 0, "Net revenue of the last 12 months"),
    "price": ("Net price, {}", 2, "Revenue / units of the plan"),
    "unit_cost": ("Unit cost, {}", 2, "Standard cost: variable cost, material included"),
    "bottleneck": ("Bottleneck", None, "The resource it uses that is full in most months"),
    "hours_unit": ("Hours a unit", 3, "Hours of its bottleneck for one unit, as the plan gets it"),
    "hours": ("Hours", 0, "Hours of its bottleneck in the plan's months"),
    "hours_share": ("Part of hours, %", 1, "Part of all hours taken on its bottleneck"),
    "hours_margin_share": ("Part of margin there, %", 1, "Part of the margin of all items that use its bottleneck"),
    "stock_now": ("Stock today, {}", 0, "Units in stock at the start of the plan x unit cost"),
    "stock": ("Stock, {}", 0, "Average month-end stock of the plan x unit cost"),
    "stock_share": ("Part of stock, %", 1, "Part of all items' stock value, average of the plan"),
    "turns": ("Turns a year", 1, "Units served a year / average units in stock"),
    "cover": ("Cover, months", 1, "Stock today / average monthly demand of the plan"),
    "cv": ("Variation, %", 0, "Spread of monthly demand around its trend and season / its mean, last 36 months"),
    "flags": ("Stock is", None, "slow = more than 6 months of cover; no demand ahead = the plan never asks for it"),
}  # fmt: skip


def _columns(currency: str, portfolio: Portfolio) -> dict[str, Any]:
    """Headers with units, and definitions as tooltips."""
    out: dict[str, Any] = {}
    for name, (title, digits, meaning) in _TEXTS.items():
        label = title.format(currency)
        if name == "title":
            out[name] = st.column_config.TextColumn(label, width="medium", pinned=True)
        elif digits is None:
            out[name] = st.column_config.TextColumn(label, help=meaning, width="small")
        else:
            step = 10.0**-digits if digits else 1
            # Wide enough for its header: a column that is cut says nothing about its unit.
            out[name] = _number(label, help=meaning, format="localized", step=step, width=30 + 7 * len(label))
    return out
