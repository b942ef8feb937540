"""What lies on the room's table: the scenario in words; any Change by its form; another stored scenario instead."""

from __future__ import annotations

import inspect

import streamlit as st

from pages.parts import change_form, state
from pages.parts import format as fmt
from pages.parts.desk import Desk
from pages.parts.meeting import capture
from pages.parts.meeting.hub import Room
from pages.parts.meeting.room_head import FORM_OPEN, act
from pages.parts.state import Work
from sop_core.cycle.meeting import Meeting
from sop_core.errors import SopError
from sop_core.inputs import Inputs
from sop_core.scenario import History, Scenario

#: The form of any Change; here it stands in a dialog that knows when it is left.
_form = inspect.unwrap(change_form.dialog)
#: Sentences beyond which the list scrolls, and of a scenario that is offered.
_LONG, _MOST_SAID = 3, 8


def draw(room: Room, meeting: Meeting, seat: str, desk: Desk, holds: bool) -> None:
    """The Changes on the table in words; the pen's holder adds, edits, mutes, removes, undoes, puts another there."""
    scenario, number = meeting.scenario, room.id
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
        kept = " · not saved" if meeting.unsaved else ""
        st.html(f'<div class="room-label">Changes on the table ({len(scenario.steps)}){kept}</div>')
        if holds:
            for word, there, move in (
                ("Undo", meeting.history.can_undo, Meeting.undo), ("Redo", meeting.history.can_redo, Meeting.redo),
            ):  # fmt: skip
                st.button(
                    "", icon=f":material/{word.lower()}:", key=f"room_{word.lower()}", type="tertiary", help=word,
                    disabled=not there, on_click=act, args=(number, lambda now, move=move: move(now, seat)),
                )  # fmt: skip
    said = scenario.sentences(desk.company.inputs)
    with st.container(
        key="room_changes", height=170 if len(said) > _LONG else "content", border=False, gap="xxsmall"
    ):
        if not said:
            st.html('<div class="room-said sop-quiet">None yet: this is the base.</div>')
        for n, (sentence, step) in enumerate(zip(said, scenario.steps, strict=True)):
            with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap=None):
                look = "room-said sop-muted" if step.muted else "room-said"
                st.html(f'<div class="{look}">{fmt.safe(sentence)}</div>')
                if holds:
                    _buttons(meeting, seat, n, number, desk)
    if holds:
        with st.container(horizontal=True, gap="xsmall", key="room_table_more"):
            if st.button("Change", key="room_add", icon=":material/add:", type="tertiary",
                         help="Any change, by its form"):  # fmt: skip
                _open(_change, number, seat, meeting.scenario, desk.company.inputs, None)
            if st.button("Another scenario", key="room_another", icon=":material/swap_horiz:", type="tertiary",
                         help="Put a stored scenario on the table"):  # fmt: skip
                _open(_another, number, seat, meeting, desk)


def _buttons(meeting: Meeting, seat: str, n: int, number: int, desk: Desk) -> None:
    step = meeting.scenario.steps[n]
    change, muted = step.change, step.muted
    if st.button("", icon=":material/edit:", key=f"room_edit_{n}", type="tertiary", help="Edit"):
        _open(_change, number, seat, meeting.scenario, desk.company.inputs, n)
    st.button(
        "", icon=":material/visibility_off:" if muted else ":material/visibility:", key=f"room_mute_{n}",
        type="tertiary", help="Let it act again" if muted else "Mute", on_click=act,
        args=(number, lambda now: now.mute(seat, change, not muted)),
    )  # fmt: skip
    st.button(
        "", icon=":material/close:", key=f"room_remove_{n}", type="tertiary", help="Remove", on_click=act,
        args=(number, lambda now: now.remove(seat, change)),
    )  # fmt: skip


# -- dialogs: while one is open, the screen is not drawn again, or the form would be gone --


def _open(dialog: object, *given: object) -> None:
    st.session_state[FORM_OPEN] = True
    assert callable(dialog)
    dialog(*given)


def _closed() -> None:
    st.session_state.pop(FORM_OPEN, None)


@st.dialog("Change", width="medium", on_dismiss=_closed)
def _change(number: int, seat: str, scenario: Scenario, inputs: Inputs, position: int | None) -> None:
    """Any Change by its form, new or the one at `position`; what is taken goes to the room as a move."""
    _form(handed_over(number, seat, scenario, position), inputs, position)


def handed_over(number: int, seat: str, scenario: Scenario, position: int | None) -> Work:
    """A scenario for the form to edit, whose edit becomes a move in the room: a Change added (`position` None), or one
    in the place of another."""

    def taken(work: Work) -> None:
        after = work.history.present
        if position is None:
            added = after.steps[-1].change
            act(number, lambda now: now.add(seat, added))
        else:
            old, new = scenario.steps[position].change, after.steps[position].change
            act(number, lambda now: now.exchange(seat, old, new))

    return Work(History(scenario), scenario, watch=taken)


@st.dialog("Another scenario on the table", on_dismiss=_closed)
def _another(number: int, seat: str, meeting: Meeting, desk: Desk) -> None:
    """A stored scenario, or the base, instead of what lies there; undo brings that back."""
    name = st.selectbox("Scenario", state.scenario_names(), key="room_another_name")
    try:
        scenario = Scenario.base() if name == state.BASE else _stored(name)
    except SopError as error:
        st.error(str(error))
        return
    said = [fmt.safe(line) for line in scenario.sentences(desk.company.inputs)]
    more = [f"and {len(said) - _MOST_SAID} more"] if len(said) > _MOST_SAID else []
    lines = "".join(f"<li>{line}</li>" for line in [*said[:_MOST_SAID], *more])
    st.html(
        f'<div class="sop-short"><ul>{lines}</ul></div>' if lines else '<p class="sop-quiet">No changes.</p>'
    )
    if meeting.unsaved:
        st.caption("What lies on the table now is not saved; undo brings it back.")
    if st.button("Put it on the table", type="primary", width="stretch", key="room_another_put"):
        parent = "" if name == state.BASE else name
        put = capture.on_the_table(scenario, parent, meeting.title, meeting.name(seat))
        act(number, lambda now: now.load(seat, put, name))
        st.rerun()


def _stored(name: str) -> Scenario:
    return Scenario.from_json(state.store().load_scenario(name).json)
