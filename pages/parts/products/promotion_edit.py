"""Levers of promotions: move, cancel, other terms, one more; each a Change of the working scenario."""

from __future__ import annotations

import datetime as dt
from typing import Any

import streamlit as st

from pages.parts.context import ALL, View
from pages.parts.products import working
from sop_core.changes import PromotionAdd, PromotionCancel, PromotionMove, PromotionTerms, Scope
from sop_core.errors import ScenarioError
from sop_core.products.promotions import PlannedPromotion


def terms(view: View, name: str, uplift: float, note: str) -> None:
    """Plans a promotion with another uplift."""
    working.put(view, PromotionTerms(promotion=name, uplift=uplift, note=note))


def levers(view: View, planned: list[PlannedPromotion]) -> None:
    """Moves, cancels or changes one of the planned promotions."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="promotion_levers"):
        names = [line.name for line in planned]
        chosen = st.selectbox("Planned promotion", names, key="promotion_chosen", width=240)
        line = planned[names.index(chosen)]
        shift = st.number_input(
            "Months later", -24, 24, 0, key="promotion_shift", width=130, help="Negative = earlier"
        )
        st.button(
            "Move", key="promotion_move", icon=":material/event:", on_click=_move, args=(view, chosen, shift),
            disabled=shift == 0,
        )  # fmt: skip
        st.button(
            "Cancel it",
            key="promotion_cancel",
            icon=":material/event_busy:",
            on_click=_cancel,
            args=(view, chosen),
        )
        uplift = st.number_input(
            "Uplift, %", -90.0, 500.0, round(100 * line.uplift, 1), step=1.0, key=f"promotion_uplift_{chosen}",
            width=120, help="More demand while it runs",
        )  # fmt: skip
        price = st.number_input(
            "Price, %", -95.0, 100.0, round(100 * line.price_change, 1), step=1.0, key=f"promotion_price_{chosen}",
            width=120, help="Change of price while it runs",
        )  # fmt: skip
        cost = st.number_input(
            f"Cost, {view.currency}", 0.0, None, float(round(line.cost)), step=1000.0,
            key=f"promotion_cost_{chosen}", width=140, format="%.0f", help="Cost of running it",
        )  # fmt: skip
        st.button(
            "Take the terms", key="promotion_terms", on_click=_terms, args=(view, line, uplift, price, cost),
            icon=":material/edit:",
        )  # fmt: skip


def _move(view: View, name: str, months: int) -> None:
    # Moving what was moved already is one move.
    change = PromotionMove(promotion=name, months=int(months))
    scenario = view.scenario
    position = scenario.find(change.lever)
    if position is not None:
        before = scenario.steps[position].change
        assert isinstance(before, PromotionMove)
        change = PromotionMove(promotion=name, months=before.months + int(months))
    working.put(view, change)


def _cancel(view: View, name: str) -> None:
    working.put(view, PromotionCancel(promotion=name))


def _terms(view: View, line: PlannedPromotion, uplift: float, price: float, cost: float) -> None:
    """Only what differs from the terms as they are, on top of what was set before."""
    found = PromotionTerms(promotion=line.name)
    position = view.scenario.find(found.lever)
    before = view.scenario.steps[position].change if position is not None else found
    assert isinstance(before, PromotionTerms)
    differs = {
        "uplift": (uplift / 100, line.uplift),
        "price_change": (price / 100, line.price_change),
        "cost": (cost, round(line.cost)),
    }
    values: dict[str, Any] = {
        name: round(new, 6) if abs(new - old) > 1e-9 else getattr(before, name)
        for name, (new, old) in differs.items()
    }
    working.put(
        view,
        PromotionTerms(promotion=line.name, pull_forward=before.pull_forward, note=before.note, **values),
    )


def add(view: View) -> None:
    """One more promotion."""
    with st.expander("Add a promotion", icon=":material/add:"), st.form("promotion_add", border=False):
        inputs = view.inputs
        top = st.columns(4)
        name = top[0].text_input("Name")
        families = [("families", family) for family in dict.fromkeys(inputs.item_family)]
        products = [("products", p) for p, (_, share) in inputs.product_share.items() if share > 0]
        axis, what = top[1].selectbox(
            "Of",
            families + products,
            format_func=lambda one: one[1] if one[0] == "families" else view.desk.label(one[1]),
        )
        region = top[2].selectbox("Region", [ALL, *inputs.regions] if len(inputs.regions) > 1 else [ALL])
        segment = top[3].selectbox("Segment", [ALL, *inputs.segments] if len(inputs.segments) > 1 else [ALL])
        low = st.columns(6)
        start, end = _span(view)
        first = low[0].date_input("First day", value=start)
        last = low[1].date_input("Last day", value=end)
        uplift = low[2].number_input(
            "Uplift, %", -90.0, 500.0, 20.0, step=1.0, help="More demand while it runs"
        )
        pull = low[3].number_input(
            "Bought early, %",
            0.0,
            100.0,
            5.0,
            step=1.0,
            help="Part of the following month's demand bought early",
        )
        price = low[4].number_input(
            "Price, %", -95.0, 100.0, -5.0, step=1.0, help="Change of price while it runs"
        )
        cost = low[5].number_input(f"Cost, {view.currency}", 0.0, None, 0.0, step=1000.0, format="%.0f")
        pressed = st.form_submit_button("Add to the scenario")
    if not pressed:
        return
    chosen: dict[str, tuple[str, ...]] = {axis: (what,)}
    chosen |= {key: (value,) for key, value in (("regions", region), ("segments", segment)) if value != ALL}
    try:
        change = PromotionAdd(
            scope=Scope(**chosen),  # type: ignore[arg-type]
            name=name,
            start=first,
            end=last,
            uplift=uplift / 100,
            pull_forward=pull / 100,
            price_change=price / 100,
            cost=cost,
        )
    except ScenarioError as error:
        st.error(str(error))
        return
    working.put(view, change)
    st.rerun()


def _span(view: View) -> tuple[dt.date, dt.date]:
    """The third month of the plan."""
    month = view.inputs.months[min(2, view.inputs.horizon - 1)]
    first: dt.date = month.astype("datetime64[D]").item()
    last: dt.date = ((month + 1).astype("datetime64[D]") - 1).item()
    return first, last
