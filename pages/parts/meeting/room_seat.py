"""A seat in the room: who somebody is, asked once, and known again after a reload or a dropped connection.

With a login the seat is the login's. Without one the browser keeps a seat number and a name in a cookie; where it does
not, the same name takes the same seat again once it is free.
"""

from __future__ import annotations

import json
import secrets
import time
from urllib.parse import quote, unquote

import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from pages.parts.meeting import room_foot
from pages.parts.meeting.hub import Room
from sop_core.cycle.meeting import GONE, Meeting
from sop_core.errors import SopError

_COOKIE = "sop_seat"
#: Seconds that a browser keeps the seat: a year.
_KEPT = 365 * 24 * 3600
_LONGEST = 64


def taken(room: Room) -> str:
    """This session's seat in the room; "" where it has none yet (then `draw_join` asks for a name).

    Whoever was in the room before, by login, session or cookie, sits down again without being asked.
    """
    seats: dict[int, str] = st.session_state.setdefault("_seats", {})
    known = seats.get(room.id, "")
    meeting = room.meeting
    if known and meeting.person(known) is not None:
        return known
    login = state.who()
    if login != "Planner":
        seat = f"login:{login}"[:_LONGEST]
        room.act(lambda now: now.join(seat, login, time.time()))
        seats[room.id] = seat
        return seat
    seat, _ = _remembered()
    if seat and meeting.person(seat) is not None:
        seats[room.id] = seat
        return seat
    return ""


def draw_join(room: Room) -> None:
    """Asks for a name and takes the seat."""
    meeting = room.meeting
    _, name = _remembered()
    with st.container(key="room_join", width=560):
        st.html(f'<p class="room-title">{fmt.safe(meeting.title)}</p>')
        here = [person.name for person in meeting.people if room.away(person.id) < GONE]
        said = (
            f"In the room: {', '.join(here)}."
            if here
            else "Nobody is in the room yet: the first one holds the pen."
        )
        st.html(f'<p class="room-text">{fmt.safe(said)}</p>')
        with st.form("room_join_form", border=False):
            given = st.text_input(
                "Your name", value=name, max_chars=60, key="room_name", placeholder="for the minutes"
            )
            pressed = st.form_submit_button("Join the meeting", type="primary", width="stretch")
        st.button("Back to the list of meetings", key="room_leave", type="tertiary", on_click=room_foot.leave)
        if pressed:
            try:
                sit(room, given)
            except SopError as error:
                st.error(str(error))
            else:
                st.rerun()


def sit(room: Room, name: str) -> str:
    """Takes a seat under a name: the one of that name where it is free, else a new one. Raises ReviewError."""
    remembered, _ = _remembered()

    def join(meeting: Meeting) -> Meeting:
        return meeting.join(
            _seat_of(room, meeting, name) or remembered or secrets.token_hex(8), name, time.time()
        )

    after = room.act(join)
    wanted = " ".join(name.split()).casefold()
    seat = next(person.id for person in after.people if person.name.casefold() == wanted)
    st.session_state.setdefault("_seats", {})[room.id] = seat
    st.session_state["_seat_to_keep"] = (seat, after.name(seat))
    room.beat(seat)
    return seat


def keep() -> None:
    """Has the browser remember a seat that was just taken. Call it once the room is drawn."""
    kept = st.session_state.get("_seat_to_keep")
    if kept is None:
        return
    value = quote(f"{kept[0]}~{kept[1]}", safe="")
    cookie = f"{_COOKIE}={value}; path=/; max-age={_KEPT}; samesite=lax"
    st.html(f"<script>document.cookie = {json.dumps(cookie)};</script>", unsafe_allow_javascript=True)


def _seat_of(room: Room, meeting: Meeting, name: str) -> str:
    """The seat of somebody of that name who is not in the room just now; "" where there is none."""
    wanted = " ".join(name.split()).casefold()
    for person in meeting.people:
        if person.name.casefold() == wanted and room.away(person.id) >= GONE:
            return person.id
    return ""


def _remembered() -> tuple[str, str]:
    """(seat, name) that this session or its browser has from before; blanks where there is none."""
    kept = st.session_state.get("_seat_to_keep")
    if kept is not None:
        return str(kept[0]), str(kept[1])
    seat, _, name = unquote(st.context.cookies.to_dict().get(_COOKIE, "")).partition("~")
    ok = seat.isascii() and seat.replace(":", "").isalnum() and len(seat) <= _LONGEST
    return (seat, name[:60]) if ok else ("", "")
