"""The room's head: who is here, who holds the pen, the clocks; and the pulse that notices what others did."""

from __future__ import annotations

import time

import streamlit as st

from pages.parts import format as fmt
from pages.parts.meeting.hub import Move, Room, hub
from sop_core.cycle.meeting import AWAY, GONE, Meeting
from sop_core.cycle.minutes import clock
from sop_core.errors import SopError

#: Seconds between two looks at what others did: a move is on every screen after the next of them.
EVERY = 0.5
#: Names that the head has room for.
MOST_NAMES = 6
#: Set in a session while it fills in a form that another draw of the page would close.
FORM_OPEN = "_room_form_open"


def act(number: int, move: Move) -> None:
    """Takes a move in a callback; why it was refused is told at the next draw."""
    try:
        hub().room(number).act(move)
    except SopError as error:
        st.session_state["_room_refused"] = str(error)


@st.fragment(run_every=EVERY)
def head(number: int, seat: str) -> None:
    """Draws the head and, where somebody else has moved something, has the whole page drawn again."""
    room = hub().room(number)
    room.beat(seat)
    state, meeting = room.look()
    waits = bool(st.session_state.get(FORM_OPEN))
    if state != st.session_state.get("_room_drawn") and not waits:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="room_head"):
        st.html(_line(room, meeting, seat))
        _pen(room, meeting, seat)
    if room.trouble:
        st.warning(f"The meeting goes on, but it could not be written down just now: {room.trouble}")


def _line(room: Room, meeting: Meeting, seat: str) -> str:
    """Title, people and clocks in one line."""
    here = [person for person in meeting.people if room.away(person.id) < GONE or person.id == meeting.pen]
    # The presenter first, then in the order in which they came.
    here.sort(key=lambda person: person.id != meeting.pen)
    names = []
    for person in here[:MOST_NAMES]:
        look = "room-pen" if person.id == meeting.pen else ""
        away = " room-away" if room.away(person.id) >= GONE else ""
        said = fmt.safe(person.name) + (" (you)" if person.id == seat else "")
        said += " · has the pen" if person.id == meeting.pen else ""
        said += " · away" if away else ""
        names.append(f'<span class="{look}{away}" title="{said}">{said}</span>')
    if len(here) > MOST_NAMES:
        names.append(f"<span>and {len(here) - MOST_NAMES} more</span>")
    return (
        f'<div class="room-head"><b>{fmt.safe(meeting.title)}</b><div class="room-names">{"".join(names)}</div>'
        f'<div class="room-clocks">{_clocks(meeting)}</div></div>'
    )


def _clocks(meeting: Meeting) -> str:
    now = time.time()
    topic = meeting.topic
    planned = meeting.minutes_each * 60
    spent = meeting.seconds(topic.key, now) if topic is not None else 0.0
    over = topic is not None and planned > 0 and spent > planned
    this = (
        f"{clock(spent)} of {clock(planned)}"
        + (" · over" if over else "")
        + (" · paused" if meeting.paused else "")
    )
    age = clock(meeting.elapsed(now))
    tip = "Time since the meeting was opened"
    if topic is None:
        return f'<span class="room-clock" title="{tip}">Meeting {age}</span>'
    look = "room-over" if over else ""
    return (
        f'<span class="room-clock {look}" title="Time spent on this topic, of the time planned for each">'
        f'Topic {this}</span><span title="{tip}">Meeting {age}</span>'
    )


def _pen(room: Room, meeting: Meeting, seat: str) -> None:
    """What this seat can do about the pen."""
    number = room.id
    if seat == meeting.pen:
        for other in meeting.asked[:2]:
            st.button(
                f"Hand the pen to {fmt.plain(meeting.name(other))}", key=f"room_hand_{other}", type="primary",
                icon=":material/edit:", on_click=act, args=(number, lambda now, to=other: now.hand(seat, to)),
            )  # fmt: skip
        st.button(
            "", icon=":material/play_arrow:" if meeting.paused else ":material/pause:", key="room_pause",
            type="tertiary", help="Let the topic's clock go on" if meeting.paused else "Stop the topic's clock",
            on_click=act, args=(number, lambda now: now.pause(seat, not meeting.paused, time.time())),
        )  # fmt: skip
        return
    if not meeting.pen or room.away(meeting.pen) >= AWAY:
        gone = (
            f"{meeting.name(meeting.pen)} gave no sign of life for {AWAY:.0f} seconds"
            if meeting.pen
            else "It is free"
        )
        st.button(
            "Take the pen", key="room_take", type="primary", icon=":material/edit:", help=gone, on_click=act,
            args=(number, lambda now: now.take(seat, room.away(now.pen))),
        )  # fmt: skip
    elif seat in meeting.asked:
        st.button(
            "Asked for the pen", key="room_withdraw", icon=":material/back_hand:", help="Take it back",
            on_click=act, args=(number, lambda now: now.withdraw(seat)),
        )  # fmt: skip
    else:
        st.button(
            "Ask for the pen", key="room_ask", icon=":material/back_hand:", on_click=act,
            help="Who holds the pen moves the levers and the agenda; they can hand it to you",
            args=(number, lambda now: now.ask(seat)),
        )  # fmt: skip
