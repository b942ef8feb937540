"""The scenario in view as a list of sentences: tick some, then move, mute, duplicate, edit, note, copy or remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from pages.parts import change_form, state
from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.scenario_menu import Lock
from pages.parts.state import Work
from pages.parts.tables import page
from sop_core.errors import SopError
from sop_core.scenario import Scenario, Step

#: Sentences drawn at once: each is a widget.
PAGE = 30
_OF, _REFUSED = "_studio_picks_of", "_studio_steps_refused"


def _key(at: int) -> str:
    return f"studio_pick_{at}"


def picked(count: int) -> list[int]:
    """Positions of the ticked sentences."""
    return [at for at in range(count) if st.session_state.get(_key(at))]


def _pick(positions: Sequence[int]) -> None:
    """Ticks these and no others; for callbacks."""
    for key in [key for key in st.session_state if str(key).startswith("studio_pick_")]:
        st.session_state[key] = False
    for at in positions:
        st.session_state[_key(at)] = True


def draw(view: View, name: str, work: Work, lock: Lock | None) -> None:
    """Tools and sentences."""
    if st.session_state.get(_OF) != name:
        st.session_state[_OF] = name
        _pick(())
    scenario = work.history.present
    chosen = picked(len(scenario.steps))
    _tools(view, name, work, chosen)
    refused = st.session_state.pop(_REFUSED, "")
    if refused:
        st.error(refused)
    if not scenario.steps:
        st.html(
            '<div class="sop-quiet">No changes yet: it plans as the base does. Add a change, or move a lever.</div>'
        )
        return
    _fits(view, scenario)
    with st.container(gap="xxsmall", key="studio_list"):
        for at in page("Changes shown", len(scenario.steps), PAGE, "studio_page", 230):
            step = scenario.steps[at]
            said = fmt.plain(f"{at + 1}. {step.change.sentence(view.inputs)}")
            st.checkbox(f"~~{said}~~ muted" if step.muted else said, key=_key(at), width="stretch")
    st.caption(
        "Space ticks a sentence, Alt+Up and Alt+Down move the ticked ones. Where two changes set the same value, "
        "the later one counts."
    )


def _fits(view: View, scenario: Scenario) -> None:
    try:
        scenario.check(view.inputs)
    except SopError as error:
        st.warning(f"This cannot be planned with the data as they are. {error}", icon=":material/rule:")


def _tools(view: View, name: str, work: Work, chosen: list[int]) -> None:
    count = len(work.history.present.steps)
    one = len(chosen) == 1
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="studio_tools"):
        if st.button("Add a change", icon=":material/add:", key="studio_add", type="tertiary"):
            change_form.dialog(work, view.inputs)
        everything = len(chosen) < count
        st.button(
            "Tick all" if everything or not count else "Tick none", key="studio_all", type="tertiary",
            on_click=_pick, args=(tuple(range(count)) if everything else (),), disabled=not count,
            icon=":material/checklist:",
        )  # fmt: skip
        _tool("Up", "arrow_upward", "up", "One place up", chosen, lambda: _shift(work, chosen, -1), "Alt+Up")
        _tool(
            "Down",
            "arrow_downward",
            "down",
            "One place down",
            chosen,
            lambda: _shift(work, chosen, 1),
            "Alt+Down",
        )
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="studio_tools_more"):
        _tool(
            "Mute",
            "visibility_off",
            "mute",
            "Mute; what is muted acts again",
            chosen,
            lambda: _mute(work, chosen),
        )
        _tool(
            "Duplicate", "content_copy", "duplicate", "A muted copy below, to be edited", chosen,
            lambda: _push(work, lambda s: s.duplicate(chosen)),
        )  # fmt: skip
        if st.button(
            "Edit", icon=":material/edit:", key="studio_edit", type="tertiary", disabled=not one,
            help="What, where, when, how much and why" if one else "Tick one change",
        ):  # fmt: skip
            change_form.dialog(work, view.inputs, chosen[0])
        if st.button(
            "Note", icon=":material/sticky_note_2:", key="studio_note", type="tertiary", disabled=not one,
            help="Why: stands in brackets behind the sentence" if one else "Tick one change",
        ):  # fmt: skip
            _note(work, chosen[0])
        if st.button(
            "Copy or move", icon=":material/drive_file_move:", key="studio_send", type="tertiary",
            disabled=not chosen, help="Into another scenario" if chosen else "Tick changes first",
        ):  # fmt: skip
            _send(name, work, chosen)
        _tool("Remove", "delete", "remove", "Undo brings it back", chosen, lambda: _remove(work, chosen))


def _tool(
    label: str, icon: str, key: str, what: str, chosen: list[int], do: Callable[[], None], shortcut: str | None = None
) -> None:  # fmt: skip
    st.button(
        label, icon=f":material/{icon}:", key=f"studio_{key}", type="tertiary", disabled=not chosen, on_click=do,
        help=what if chosen else "Tick changes first", shortcut=shortcut,
    )  # fmt: skip


def _push(work: Work, edit: Callable[[Scenario], Scenario]) -> None:
    try:
        work.history = work.history.push(edit(work.history.present))
    except SopError as error:
        st.session_state[_REFUSED] = str(error)


def _shift(work: Work, chosen: list[int], by: Literal[-1, 1]) -> None:
    moved, places = work.history.present.shift(chosen, by)
    work.history = work.history.push(moved)
    _pick(places)


def _mute(work: Work, chosen: list[int]) -> None:
    """Mutes all ticked ones, or lets them act again where all are muted already."""
    steps = work.history.present.steps
    mute = not all(steps[at].muted for at in chosen)
    edited = work.history.present
    for at in chosen:
        edited = edited.mute(at, mute)
    work.history = work.history.push(edited)


def _remove(work: Work, chosen: list[int]) -> None:
    work.history = work.history.push(work.history.present.without(chosen))
    _pick(())


@st.dialog("Note on the change")
def _note(work: Work, at: int) -> None:
    step = work.history.present.steps[at]
    st.caption(fmt.plain(step.change.noted("").sentence()))
    given = st.text_input(
        "Why", value=step.change.note, key="studio_note_text", placeholder="for the minutes"
    )
    if st.button("Keep the note", type="primary", width="stretch"):
        try:
            work.history = work.history.push(work.history.present.replace(at, step.change.noted(given)))
        except SopError as error:
            st.error(str(error))
        else:
            st.rerun()


@st.dialog("Copy or move into another scenario")
def _send(name: str, work: Work, chosen: list[int]) -> None:
    chosen = [at for at in chosen if at < len(work.history.present.steps)]
    steps = tuple(work.history.present.steps[at] for at in chosen)
    targets = [
        record.name
        for record in state.store().scenarios()
        if record.name != name and record.locked is None and record.archived is None
    ]
    lines = "".join(f"<li>{fmt.safe(step.change.sentence())}</li>" for step in steps)
    st.html(f'<ul class="sop-said">{lines}</ul>')
    if not targets:
        st.info("There is no other scenario that may be changed. Branch from one in the list first.")
        return
    target = st.selectbox("Into", targets, key="studio_send_to")
    st.caption("They stand at its end and are not saved there until you save it.")
    left, right = st.columns(2)
    copy = left.button("Copy", type="primary", width="stretch", key="studio_copy")
    move = right.button("Move", width="stretch", key="studio_move")
    if (copy or move) and target is not None:
        try:
            told = send(name, work, steps, chosen if move else [], target)
        except SopError as error:
            st.error(str(error))
        else:
            st.session_state["_studio_told"] = told
            st.rerun()


def send(name: str, work: Work, steps: tuple[Step, ...], leaving: list[int], target: str) -> str:
    """Puts steps at the end of another scenario's working copy and takes those that leave out of this one; what was
    done, as a sentence. Raises ScenarioError where the other one would be too long."""
    other = state.work(target)
    edited = other.history.present.extend(steps)
    added = len(edited.steps) - len(other.history.present.steps)
    other.history = other.history.push(edited)
    if leaving:
        work.history = work.history.push(work.history.present.without(leaving))
        st.session_state[_OF] = None
    there = f"; {len(steps) - added} stood there already" if added < len(steps) else ""
    return f"{'Moved' if leaving else 'Copied'} {added} into “{target}”{there}. It is not saved there yet."
