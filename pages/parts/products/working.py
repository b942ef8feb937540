"""The working scenario on the product review: what an edit here does to it, and its sentences with remove.

Edits go into the same working scenario as on the Scenarios page: the one chosen in the context bar.
"""

from __future__ import annotations

import streamlit as st

from pages.parts import format as fmt
from pages.parts import scenario_menu, state
from pages.parts.context import View
from sop_core.changes import Change
from sop_core.demand.signal import Signal, product_signal
from sop_core.errors import ScenarioError
from sop_core.planner import Company

_REFUSED = "_products_refused"


def put(view: View, change: Change, *, own: bool = False) -> None:
    """Takes a Change into the working scenario in place of an earlier one of the same lever. `own`: it says
    what the company's data say already, so the earlier one is only taken out. For callbacks: what cannot be
    is kept for `refused` to show."""
    work = state.work(view.scenario_name)
    present = work.history.present
    position = present.find(change.lever)
    edited = present.set_lever(change)
    if own:
        edited = present if position is None else present.remove(position)
    try:
        edited.check(view.inputs)
    except ScenarioError as error:
        st.session_state[_REFUSED] = str(error)
        return
    if edited != present:
        work.history = work.history.push(edited)


def refused() -> None:
    """Shows what the last edit could not do."""
    problem = st.session_state.pop(_REFUSED, "")
    if problem:
        st.error(problem, icon=":material/error:")


def in_view(view: View, product: str) -> bool:
    """Whether a product belongs to the items that the context bar shows."""
    return bool(view.items[view.inputs.product_share[product][0]])


def plan_key(view: View) -> tuple[object, ...]:
    """What a plan rests on: data version, cleansing verdicts and the scenario's changes."""
    snapshot = view.company.snapshot
    verdicts = view.company.verdicts.fingerprint()
    return snapshot.version, snapshot.fingerprint, verdicts, view.scenario.fingerprint()


def effect(view: View) -> str:
    """What the scenario does to demand over the horizon, against the base, of what is in view: `Demand of the
    horizon against the base: +1,204 units, +88.1 k EUR of revenue before supply.`"""
    now, base = view.unconstrained.demand, view.base_demand.demand
    units = float(view.cells(now.total).sum() - view.cells(base.total).sum())
    revenue = float(view.cells(now.total * now.price).sum() - view.cells(base.total * base.price).sum())
    said = f"Demand of the horizon against the base: {fmt.exact(units, 0, signed=True)} units"
    if (now.price > 0).any():
        said += f", {fmt.money(revenue, view.currency, signed=True)} of revenue before supply"
    return said + "."


def strip(view: View) -> None:
    """The scenario in words, each Change with remove, undo and the scenario's menu. Nothing on the base."""
    work = state.work(view.scenario_name)
    lock = scenario_menu.lock_of(view.scenario_name)
    scenario = work.history.present
    refused()
    if lock is not None:
        st.caption(fmt.plain(f"{lock.sentence}. It stays as it is; changes here are saved as a branch."))
    if not scenario.steps and not work.history.can_undo and not work.history.can_redo:
        return
    with st.container(border=True, gap="xxsmall", key="products_scenario"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
            unsaved = " · not saved" if work.changed else ""
            st.html(
                f'<div class="sop-group">{fmt.safe(work.scenario.name)}: changes '
                f"({len(scenario.steps)}){unsaved}</div>"
            )
            scenario_menu.undo_redo(work, "products_")
            offered = scenario_menu.choices(view.scenario_name, work, lock)
            chosen = st.menu_button(
                "Save", offered or [scenario_menu.SAVE_AS], icon=":material/save:", key="products_menu",
                disabled=not offered, type="tertiary",
            )  # fmt: skip
        for at, (said, step) in enumerate(zip(scenario.sentences(view.inputs), scenario.steps, strict=True)):
            with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap=None):
                look = "sop-said sop-muted" if step.muted else "sop-said"
                st.html(f'<div class="{look}">{fmt.safe(said)}</div>')
                st.button(
                    "", icon=":material/close:", key=f"products_remove_{at}", type="tertiary",
                    on_click=_remove, args=(view, at), help="Remove",
                )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<div class="sop-said" id="products-effect"><b>{fmt.safe(effect(view))}</b></div>')
            st.page_link("pages/scenarios.py", label="Plan it on Scenarios", icon=":material/arrow_forward:")
    if chosen:
        with state.explained():
            scenario_menu.act(chosen, view.scenario_name, work)


def _remove(view: View, at: int) -> None:
    work = state.work(view.scenario_name)
    work.history = work.history.push(work.history.present.remove(at))


@st.cache_resource(max_entries=2, show_spinner=False)
def _signal(version: int, fingerprint: str, verdicts: str, _company: Company) -> Signal | None:
    return None if _company.history is None else product_signal(_company.snapshot, _company.history)


def signal(company: Company) -> Signal | None:
    """The demand signal by product, worked out once per data version; None without a history."""
    snapshot = company.snapshot
    return _signal(snapshot.version, snapshot.fingerprint, company.verdicts.fingerprint(), company)
