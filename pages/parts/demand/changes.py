"""What was changed in demand: the scenario's sentences with mute and remove, undo, redo and save."""

from __future__ import annotations

import streamlit as st

from pages.parts import change_form, context, scenario_menu, state
from pages.parts import format as fmt
from pages.parts.state import Work
from pages.parts.tables import page

#: The fragment that shows a scenario's demand, from the headline down. What is drawn in a fragment inside it and edits
#: the scenario has all of it drawn anew, with `edited`.
REVIEW = "demand_review"
#: Sentences with buttons at once: each costs the page three widgets.
_SHOWN = 8


def edited() -> None:
    """Has the whole review drawn anew. The last line of a callback that edits the scenario."""
    st.rerun(REVIEW)


def toolbar(view: context.View, work: Work) -> None:
    """Undo, redo and save, as on the Scenarios page. Here with Ctrl+Shift, because letters are typed into the grid."""
    for word, key, step, there in (
        ("Undo", "Ctrl+Shift+Z", _undo, work.history.can_undo),
        ("Redo", "Ctrl+Shift+Y", _redo, work.history.can_redo),
    ):
        st.button(
            "", help=f"{word} ({key})", icon=f":material/{word.lower()}:", shortcut=key,
            key=f"demand_{word.lower()}", on_click=step, args=(work,), disabled=not there, type="tertiary",
        )  # fmt: skip
    offered = scenario_menu.choices(view.scenario_name, work, scenario_menu.lock_of(view.scenario_name))
    chosen = st.menu_button(
        "Save", offered or [scenario_menu.SAVE_AS], icon=":material/save:", key="demand_scenario_menu",
        disabled=not offered, type="tertiary",
    )  # fmt: skip
    unsaved = " · not saved" if work.changed else ""
    st.html(f'<span class="sop-quiet">{fmt.safe(view.scenario.name)}{unsaved}</span>')
    if chosen:
        with state.explained():
            scenario_menu.act(chosen, view.scenario_name, work)


def listing(view: context.View, work: Work) -> None:
    """Every change of demand in the scenario, the latest first: what, by how much, why and who."""
    scenario = work.history.present
    own = [at for at, step in enumerate(scenario.steps) if step.change.group == "Demand"][::-1]
    others = len(scenario.steps) - len(own)
    fixed = scenario_menu.lock_of(view.scenario_name) is not None
    beside = f" · {others} of supply and money on Scenarios" if others else ""
    st.html(f'<div class="sop-group">Changes of demand ({len(own)}){beside}</div>')
    if not own:
        st.html('<div class="sop-quiet">None yet: this is the demand of the forecast and the calendar.</div>')
        return
    for n in page("Changes shown", len(own), _SHOWN, "demand_changes_page", 230, "latest first"):
        at = own[n]
        step = scenario.steps[at]
        look = "sop-said sop-muted" if step.muted else "sop-said"
        said = fmt.safe(step.change.sentence(view.inputs))
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap=None):
            st.html(f'<div class="{look}">{said}</div>')
            if fixed:
                continue
            if st.button("", icon=":material/edit:", key=f"demand_edit_{at}", type="tertiary", help="Edit"):
                change_form.dialog(work, view.inputs, at)
            st.button(
                "", icon=":material/visibility_off:" if step.muted else ":material/visibility:",
                key=f"demand_mute_{at}", type="tertiary", on_click=_mute, args=(work, at),
                help="Let it act again" if step.muted else "Mute",
            )  # fmt: skip
            st.button(
                "", icon=":material/close:", key=f"demand_remove_{at}", type="tertiary", on_click=_remove,
                args=(work, at), help="Remove",
            )  # fmt: skip


def _undo(work: Work) -> None:
    work.history = work.history.undo()
    edited()


def _redo(work: Work) -> None:
    work.history = work.history.redo()
    edited()


def _mute(work: Work, at: int) -> None:
    work.history = work.history.push(work.history.present.mute(at))
    edited()


def _remove(work: Work, at: int) -> None:
    work.history = work.history.push(work.history.present.remove(at))
    edited()
