"""Beside the topic: its levers and the scenario in words, a decision captured on the spot, the parking lot."""

from __future__ import annotations

import datetime as dt
import time

import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from pages.parts.desk import Desk
from pages.parts.meeting import capture, room_table, room_ways
from pages.parts.meeting.hub import Room, hub
from pages.parts.meeting.room_head import act
from pages.parts.meeting.room_levers import RoomLever, levers_for
from sop_core.cycle.meeting import LONGEST_THOUGHT, Meeting, Thought, Topic
from sop_core.errors import SopError
from sop_core.plan import Plan

#: Days until a decision is due, unless somebody says otherwise.
DUE_IN = 14


def draw(room: Room, meeting: Meeting, seat: str, topic: Topic | None, desk: Desk, plan: Plan) -> None:
    """The three tabs. Who does not hold the pen sees the levers move and may park."""
    holds = meeting.pen == seat and not meeting.is_closed
    st.html(f'<div class="room-label">{len(meeting.decided)} decided · {len(meeting.parked)} parked</div>')
    # Counts stand above and not in the labels: another label would be another tab, and the first one would open.
    levers, decide, park = st.tabs(["Levers", "Decide", "Park"], key="room_tabs")
    with levers:
        _levers(room, meeting, seat, topic, desk, plan, holds)
    with decide:
        _decide(room, meeting, seat, topic, desk, plan, holds)
    with park:
        _park(room, meeting, seat, topic, holds)


# -- levers --


def _levers(
    room: Room, meeting: Meeting, seat: str, topic: Topic | None, desk: Desk, plan: Plan, holds: bool
) -> None:
    inputs = desk.company.inputs
    why_not = "" if holds else f"{meeting.name(meeting.pen)} holds the pen"
    months = topic.months.when() if topic is not None else ""
    st.html(f'<div class="room-label">Levers{f", {fmt.safe(months)}" if months else ""}</div>')
    for lever in levers_for(topic, inputs):
        _slider(room.id, meeting, seat, lever, why_not)
    if topic is not None and topic.kind == "shortage":
        room_ways.draw(room, seat, topic, desk, plan, holds)
    room_table.draw(room, meeting, seat, desk, holds)


def _slider(number: int, meeting: Meeting, seat: str, lever: RoomLever, why_not: str) -> None:
    low, high, step = lever.range
    value = lever.value(meeting.scenario)
    whole = lever.spec.kind == "integer"
    low, high = min(low, value), max(high, value)
    if whole:
        low, high, step, value = int(low), int(high), int(step), int(value)
    key = f"room_lever_{lever.neutral.kind}_{hash(lever.neutral.lever) & 0xFFFFFFFF:x}"
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    # With a value of its own: a slider that the browser draws anew without one starts at its lowest, and reports that
    # as a move.
    st.slider(
        fmt.plain(lever.label), low, high, value, step=step, key=key,
        format="%+d months" if whole else f"%+.0f {lever.unit.replace('%', '%%')}", disabled=bool(why_not),
        help=why_not or f"{lever.spec.label}: {lever.spec.help}", on_change=_on_slider, args=(number, seat, lever, key),
    )  # fmt: skip


def _on_slider(number: int, seat: str, lever: RoomLever, key: str) -> None:
    value = float(st.session_state[key])
    act(number, lambda now: now.set_lever(seat, lever.at(now.scenario, value)))


# -- decisions --


def _decide(
    room: Room, meeting: Meeting, seat: str, topic: Topic | None, desk: Desk, plan: Plan, holds: bool
) -> None:
    if not holds:
        said = (
            f"{meeting.name(meeting.pen)} writes decisions down."
            if not meeting.is_closed
            else "The meeting is closed."
        )
        st.html(f'<div class="room-said">{fmt.safe(said)}</div>')
    else:
        _decision_form(room, meeting, seat, topic, plan)
    for n, decision in reversed(room.decisions(state.store()) if meeting.decided else ()):
        st.html(f'<div class="room-said"><b>D{n}</b> {fmt.safe(decision.sentence())}</div>')


def _decision_form(room: Room, meeting: Meeting, seat: str, topic: Topic | None, plan: Plan) -> None:
    # A form of its own for each topic and each decision: it starts with what lies on the table.
    form = f"room_decide_{topic.key if topic else 'close'}_{len(meeting.decided)}"
    latest = meeting.scenario.active[-1:]
    proposal = latest[0].sentence(plan.inputs) if latest else (topic.title if topic else "")
    with st.form(form, border=False, enter_to_submit=True):
        # A lever that moves proposes another title; what stands in the other boxes stays. The box is the same one all
        # the while: another one in its place could leave the old one standing below it.
        what, offered = f"{form}_what", f"{form}_offered"
        if what not in st.session_state or st.session_state.get(offered) != proposal:
            st.session_state[offered] = proposal
            st.session_state[what] = proposal[:200]
        title = st.text_input("What", max_chars=200, key=what)
        why = st.text_input("Why", max_chars=1000, key=f"{form}_why", placeholder="for the minutes")
        names = [person.name for person in meeting.people]
        owner = st.selectbox(
            "Owner",
            names,
            index=None,
            accept_new_options=True,
            key=f"{form}_owner",
            placeholder="who does it",
        )
        due = st.date_input(
            "Due", value=_today() + dt.timedelta(days=DUE_IN), key=f"{form}_due", format="YYYY-MM-DD"
        )
        count = len(meeting.scenario.active)
        with_changes = st.checkbox(
            f"With the {count} changes on the table" if count > 1 else "With the change on the table",
            value=count > 0, disabled=count == 0, key=f"{form}_changes_{count > 0}",
            help="The scenario is saved, and the decision can be replayed with exactly these changes",
        )  # fmt: skip
        pressed = st.form_submit_button("Record the decision", type="primary", width="stretch")
    if pressed:
        try:
            capture.record(
                room, seat, title=title, why=why, owner=owner or "", due=due,
                plan=plan if with_changes and count else None,
            )  # fmt: skip
        except SopError as error:
            st.error(str(error))
        else:
            st.rerun()


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


# -- parking --


def _park(room: Room, meeting: Meeting, seat: str, topic: Topic | None, holds: bool) -> None:
    number = room.id
    if not meeting.is_closed:
        with st.form("room_park_form", border=False, clear_on_submit=True):
            thought = st.text_input("Park a thought", max_chars=LONGEST_THOUGHT, key="room_park_text",
                                    placeholder="comes back after the meeting")  # fmt: skip
            if st.form_submit_button("Park", width="stretch") and thought.strip():
                key = topic.key if topic else ""
                try:
                    hub().room(number).act(lambda now: now.park(seat, thought, time.time(), key))
                except SopError as error:
                    st.error(str(error))
                else:
                    st.rerun()
    mine = meeting.name(seat)
    for n, entry in enumerate(meeting.parked):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap=None):
            st.html(f'<div class="room-said">{fmt.safe(entry.text)} <i>{fmt.safe(entry.who)}</i></div>')
            if (holds or entry.who == mine) and not meeting.is_closed:
                _unpark_button(number, seat, n, entry)


def _unpark_button(number: int, seat: str, n: int, entry: Thought) -> None:
    st.button(
        "", icon=":material/close:", key=f"room_unpark_{n}", type="tertiary", help="Take it out", on_click=act,
        args=(number, lambda now: now.unpark(seat, entry)),
    )  # fmt: skip
