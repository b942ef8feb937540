"""At the foot of the agenda: leaving, looking elsewhere, and the agenda that today's registers and plan give."""

from __future__ import annotations

import datetime as dt
import time

import streamlit as st

from pages.parts import state
from pages.parts.desk import Desk
from pages.parts.meeting.hub import Room, hub
from pages.parts.meeting.room_head import act
from sop_core.cycle.agenda import agenda
from sop_core.cycle.meeting import Meeting, Topic
from sop_core.errors import SopError
from sop_core.plan import Plan

#: Query parameter that names the meeting.
ADDRESS = "meeting"


def draw(room: Room, meeting: Meeting, seat: str, desk: Desk, latest: int) -> None:
    """Draws them. `latest`: the newest data version."""
    with st.container(gap=None, key="room_foot"):
        st.button("Leave", key="room_leave", type="tertiary", icon=":material/logout:", on_click=leave,
                  help="Back to the list of meetings; your seat is kept")  # fmt: skip
        st.link_button("Look elsewhere", "/scenarios", type="tertiary", icon=":material/open_in_new:",
                       help="Another page in a tab of its own; the meeting stays as it is")  # fmt: skip
        if meeting.pen == seat:
            st.button("Agenda from the plan on the table", key="room_refresh", type="tertiary",
                      icon=":material/refresh:", on_click=_refresh, args=(room.id, seat, desk),
                      help="Adds what the moved plan brings up; what was discussed stays")  # fmt: skip
        if latest != desk.version:
            st.html(
                f'<div class="sop-quiet">This meeting is on data version {desk.version}; version {latest} has come in '
                "since. The room stays on its own until new ones are taken.</div>"
            )
            if meeting.pen == seat:
                st.button(f"Take data version {latest}", key="room_renew", type="tertiary", icon=":material/update:",
                          on_click=_renew, args=(room.id, seat),
                          help="Plans what is on the table with the newest data, for everybody")  # fmt: skip


def _renew(number: int, seat: str) -> None:
    """Takes the newest data under the meeting's plan."""
    room = hub().room(number)
    try:
        desk = state.desk()
        try:
            plan = room.plan(desk, room.meeting.scenario)
        except (
            SopError
        ):  # what is on the table does not fit the new data: the room is told, the agenda is the base's
            plan = desk.base
        found = todays_agenda(desk, plan)
    except SopError as error:
        st.session_state["_room_refused"] = str(error)
        return
    act(number, lambda now: now.renew(seat, desk.version, found, time.time()))


def _refresh(number: int, seat: str, desk: Desk) -> None:
    room = hub().room(number)
    try:
        found = todays_agenda(desk, room.plan(desk, room.meeting.scenario))
    except SopError as error:
        st.session_state["_room_refused"] = str(error)
        return
    act(number, lambda now: now.refresh(seat, found, time.time()))


def leave() -> None:
    """Back to the lobby. The seat is kept."""
    if ADDRESS in st.query_params:
        del st.query_params[ADDRESS]


def todays_agenda(desk: Desk, plan: Plan) -> tuple[Topic, ...]:
    """The agenda of a plan as the registers stand today. Raises StoreError."""
    store = state.store()
    return agenda(
        plan,
        desk.company,
        day=dt.datetime.now(dt.UTC).date(),
        agreement=store.agreements.current(desk.company.inputs.months[0]),
        assumptions=[(record.id, record.assumption) for record in store.assumptions.list()],
        issues=[(record.id, record.value) for record in store.issues.list()],
    )
