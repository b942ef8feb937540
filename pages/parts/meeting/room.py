"""The room of a meeting: the lobby, where meetings are opened and found; the room itself, by its address."""

from __future__ import annotations

import time
from dataclasses import replace
from urllib.parse import quote

import streamlit as st

from pages.parts import context, state
from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.desk import Desk
from pages.parts.meeting import room_end, room_foot, room_head, room_seat, room_stage, room_style
from pages.parts.meeting.hub import Room, hub
from sop_core.calendar import month_label
from sop_core.cycle.meeting import LONGEST_TITLE, Meeting, Topic
from sop_core.errors import StoreError
from sop_core.headline import money_text
from sop_core.store.meetings import MeetingRecord

#: Past meetings that the lobby lists.
MOST_PAST = 8


def asked_for() -> bool:
    """Whether the address names a meeting."""
    return room_foot.ADDRESS in st.query_params


# -- the lobby --


def render(view: View) -> None:
    """The lobby: what would be on the agenda, a meeting to open or to join, minutes of those before."""
    hub().flush()  # a meeting closed a moment ago stands among the minutes
    known = state.store().meetings.list()
    found = room_foot.todays_agenda(view.desk, view.plan)
    many = f"{len(found)} topics" if len(found) != 1 else "1 topic"
    said = f"{many} for the room from the plan of {view.scenario.name}."
    if found and found[0].money > 0:
        said += f" First {found[0].title}: {money_text(found[0].money, view.currency)}."
    shown = said if found else "Nothing needs a decision in this plan."
    st.html(f'<p class="sop-headline">{fmt.safe(shown)}</p>')
    left, right = st.columns([0.55, 0.45], gap="large")
    with left:
        _agenda_list(found, view.currency)
    with right:
        on = [record for record in known if not record.meeting.is_closed]
        if on:
            st.html('<div class="sop-group">Meetings that are on</div>')
            for record in on:
                _record_button(record, "Join")
        _open_form(view, found)
        past = [record for record in known if record.meeting.is_closed][:MOST_PAST]
        if past:
            st.html('<div class="sop-group">Minutes</div>')
            for record in past:
                _record_button(record, "Read")


def _agenda_list(found: tuple[Topic, ...], currency: str) -> None:
    st.html('<div class="sop-group">Agenda, largest money first</div>')
    rows = "".join(
        f"<tr><td>{n}</td><td style='text-align:left;white-space:normal'><b>{fmt.safe(topic.title)}</b><br>"
        f"{fmt.safe(topic.sentence)}</td>"
        f"<td>{fmt.safe(money_text(topic.money, currency)) if topic.money else fmt.DASH}</td></tr>"
        for n, topic in enumerate(found, start=1)
    )
    head = "<tr><th></th><th style='text-align:left'>Topic</th><th>At stake</th></tr>"
    st.html(f'<table class="sop-table">{head}{rows}</table>')


def _record_button(record: MeetingRecord, word: str) -> None:
    meeting = record.meeting
    people = ", ".join(person.name for person in meeting.people[:4]) or "nobody yet"
    label = f"{word}: {fmt.plain(meeting.title)}, {record.made:%d %b %Y %H:%M} UTC, {fmt.plain(people)}"
    st.button(label, key=f"room_open_{record.id}", width="stretch", on_click=_enter, args=(record.id,),
              icon=":material/login:" if word == "Join" else ":material/description:")  # fmt: skip


def _open_form(view: View, found: tuple[Topic, ...]) -> None:
    st.html('<div class="sop-group">Open a meeting</div>')
    cycle = view.inputs.months[0]
    with st.form("room_new", border=False):
        title = st.text_input(
            "Title", value=f"Pre-S&OP {month_label(cycle)}", max_chars=LONGEST_TITLE, key="room_title"
        )
        each = st.number_input(
            "Minutes for each topic",
            1,
            60,
            5,
            key="room_each",
            help="The clock turns red beyond it; nothing stops",
        )
        st.caption(
            f"It begins from the scenario in view, {fmt.plain(view.scenario.name)}. What is moved in the meeting "
            "changes no other scenario; it is saved under the meeting's title."
        )
        pressed = st.form_submit_button(
            "Open the meeting", type="primary", width="stretch", icon=":material/groups:"
        )
    if pressed:
        number = open_meeting(view, title.strip() or f"Pre-S&OP {month_label(cycle)}", float(each), found)
        _enter(number)
        st.rerun()


def open_meeting(view: View, title: str, each: float, found: tuple[Topic, ...]) -> int:
    """Opens a meeting on the scenario in view and gives its number. Raises StoreError."""
    parent = view.scenario_name if view.scenario_name != state.BASE else ""
    now = time.time()
    scenario = replace(view.scenario, name=title, parent=parent, owner=state.who())
    meeting = Meeting(
        title=title, opened=now, since=now, agenda=found, start=view.scenario.name, data_version=view.desk.version,
        minutes_each=each,
    )  # fmt: skip
    meeting = replace(meeting, history=replace(meeting.history, present=scenario))
    return hub().open(meeting, view.inputs.months[0], state.who()).id


def _enter(number: int) -> None:
    st.query_params[room_foot.ADDRESS] = str(number)


# -- the room --


def enter() -> None:
    """The whole page of the meeting that the address names: join, stage, or the minutes of one that is over."""
    given = st.query_params[room_foot.ADDRESS]
    if not given.isdecimal() or len(given) > 15:
        _lost(f"There is no meeting '{given}'.")
        return
    try:
        room = hub().room(int(given))
    except StoreError as error:
        _lost(str(error))
        return
    view = context.whole()
    number, meeting = room.look()
    # A meeting stays on the data that it was opened on, for everybody, until the pen's holder takes newer ones.
    same = meeting.data_version in (0, view.desk.version)
    desk = view.desk if same else state.desk(meeting.data_version)
    if meeting.is_closed:
        _over(room, meeting, desk)
        return
    room_style.apply()
    seat = room_seat.taken(room)
    if not seat:
        room_seat.draw_join(room)
        return
    room.beat(seat)
    st.session_state["_room_drawn"] = number
    st.session_state.pop(room_head.FORM_OPEN, None)  # no dialog outlives a whole run
    with st.container(key="room", gap="small"):
        top = st.container(key="room_top")
        room_stage.stage(room.id, seat, desk, view.desk.version)
        # Drawn last: the browser counts the half second to its next look from here. A look that begins while it is
        # still taking in this run keeps it from clearing away what the run before had drawn.
        with top:
            room_head.head(room.id, seat)
    room_seat.keep()


def _over(room: Room, meeting: Meeting, desk: Desk) -> None:
    """The minutes of a meeting that is closed."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("All meetings", key="room_leave", icon=":material/arrow_back:", on_click=room_foot.leave)
        if meeting.saved:
            st.link_button(f"Open {fmt.plain(meeting.saved)}", _scenario_address(meeting.saved),
                           icon=":material/tune:")  # fmt: skip
    text = room_end.written(room, meeting, desk, room.plan(desk, meeting.scenario))
    room_end.downloads(text, meeting)
    with st.container(key="room_minutes", border=True, width=980):
        st.markdown(room_end.fmt_minutes(text))


def _scenario_address(name: str) -> str:
    return f"/scenarios?scenario={quote(name)}"


def _lost(said: str) -> None:
    st.error(said)
    st.button("All meetings", key="room_leave", icon=":material/arrow_back:", on_click=room_foot.leave)
