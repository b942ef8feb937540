"""A Change that the product review proposes, planned exactly before it is taken into the scenario."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts import format as fmt
from pages.parts import kpi_strip
from pages.parts.context import View
from pages.parts.products import working
from sop_core.changes import Change
from sop_core.errors import SopError

_SHOWN = ("margin", "service_level", "revenue_at_risk", "stock_value", "turns", "cash")


def show_planned(view: View, changes: Sequence[Change], key: str, forget: Callable[[], None]) -> None:
    """Plans the scenario in view with these Changes and shows the difference; a button takes them over."""
    with st.container(border=True, key=f"{key}_planned"):
        scenario = view.scenario
        try:
            for change in changes:
                scenario = scenario.set_lever(change)
            scenario.check(view.inputs)
            with st.spinner("Planning"):
                plan = view.desk.plan(scenario)
        except SopError as error:
            st.error(str(error), icon=":material/error:")
            st.button("Close", key=f"{key}_close", on_click=forget)
            return
        said = "; ".join(change.sentence(view.inputs) for change in changes)
        st.html(f'<div class="sop-said"><b>Planned:</b> {fmt.safe(said)}</div>')
        against = view.scenario.name if view.scenario.active else "base"
        kpi_strip.draw(plan, view.plan, view.palette, _SHOWN, against)
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Add to the scenario", type="primary", key=f"{key}_take", on_click=_take,
                args=(view, changes, forget),
            )  # fmt: skip
            st.button("Close", key=f"{key}_close", on_click=forget)


def _take(view: View, changes: Sequence[Change], forget: Callable[[], None]) -> None:
    for change in changes:
        working.put(view, change)
    forget()
