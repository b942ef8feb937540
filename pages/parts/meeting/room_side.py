"""Beside the topic: its levers and the scenario in words, a decision captured on the spot, the parking lot."""

from __future__ import annotations

import datetime as dt
import time
import zlib

import streamlit as st

from pages.parts import format as fmt
from pages.parts.desk import Desk
from pages.parts.meeting import capture
from pages.parts.meeting.hub import Room, hub
from pages.parts.meeting.room_head import act
from pages.parts.meeting.room_levers import RoomLever, levers_for
from sop_core.changes import Change
from sop_core.cycle.meeting import LONGEST_THOUGHT, Meeting, Thought, Topic
from sop_core.errors import SopError
from sop_core.plan import Plan
from sop_core.supply.priced import WayOut

#: Days until a decision is due, unless somebody says otherwise.
DUE_IN = 14
#: Ways out that are offered as buttons.
MOST_WAYS = 3


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
        _ways(room, seat, topic, desk, plan, holds)
    _scenario(room, meeting, seat, desk, holds)


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
    st.slider(
        fmt.plain(lever.label), low, high, step=step, key=key,
        format="%+d months" if whole else f"%+.0f {lever.unit.replace('%', '%%')}", disabled=bool(why_not),
        help=why_not or f"{lever.spec.label}: {lever.spec.help}", on_change=_on_slider, args=(number, seat, lever, key),
    )  # fmt: skip


def _on_slider(number: int, seat: str, lever: RoomLever, key: str) -> None:
    value = float(st.session_state[key])
    act(number, lambda now: now.set_lever(seat, lever.at(now.scenario, value)))


def _ways(room: Room, seat: str, topic: Topic, desk: Desk, plan: Plan, holds: bool) -> None:
    """The priced ways out of the topic's worst cell, asked for by a button: some ten re-plans."""
    asked: set[tuple[str, str]] = st.session_state.setdefault("_room_ways", set())
    mark = (topic.key, plan.scenario.fingerprint())
    if mark not in asked:
        if st.button("Find ways out", key="room_find", icon=":material/travel_explore:", width="stretch"):
            asked.clear()
            asked.add(mark)
            st.rerun()
        return
    cell = _worst(plan, topic)
    if cell is None:
        st.html('<div class="room-said">Nothing of this shortage is left in the plan on the table.</div>')
        return
    ways = [way for way in desk.ways_out(plan, *cell) if way.change is not None][:MOST_WAYS]
    if not ways:
        st.html('<div class="room-said">No single lever relieves it.</div>')
    for n, way in enumerate(ways):
        assert way.change is not None
        st.button(
            _way_said(way, plan), key=f"room_way_{n}", width="stretch", disabled=not holds,
            help=fmt.plain(way.change.sentence(plan.inputs)), on_click=act,
            args=(room.id, lambda now, change=way.change: now.set_lever(seat, change)),
        )  # fmt: skip


def _way_said(way: WayOut, plan: Plan) -> str:
    assert way.change is not None
    gain = fmt.money(way.gain, plan.inputs.currency, signed=True)
    return f"{fmt.plain(way.change.sentence(plan.inputs))}: **{fmt.short(way.relieved)}** units on time, margin {gain}"


def _worst(plan: Plan, topic: Topic) -> tuple[int, int] | None:
    """(item, month) of the topic's cell that weighs most in the plan on the table; None where it is served."""
    short = plan.shortages
    rows = short[short["item"].isin(topic.items)]
    if not len(rows):
        return None
    cells = rows.groupby(["item", "month"], as_index=False, sort=False)["value"].sum()
    worst = cells.loc[cells["value"].idxmax()]
    return plan.inputs.items.index(worst["item"]), list(plan.stamps).index(worst["month"])


def _scenario(room: Room, meeting: Meeting, seat: str, desk: Desk, holds: bool) -> None:
    """The scenario on the table in words; the pen's holder mutes, removes, undoes."""
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
        key="room_changes", height=170 if len(said) > 3 else "content", border=False, gap="xxsmall"
    ):
        if not said:
            st.html('<div class="room-said sop-quiet">None yet: this is the base.</div>')
        for n, (sentence, step) in enumerate(zip(said, scenario.steps, strict=True)):
            with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap=None):
                look = "room-said sop-muted" if step.muted else "room-said"
                st.html(f'<div class="{look}">{fmt.safe(sentence)}</div>')
                if holds:
                    _change_buttons(number, seat, n, step.change, step.muted)


def _change_buttons(number: int, seat: str, n: int, change: Change, muted: bool) -> None:
    st.button(
        "", icon=":material/visibility_off:" if muted else ":material/visibility:", key=f"room_mute_{n}",
        type="tertiary", help="Let it act again" if muted else "Mute", on_click=act,
        args=(number, lambda now: now.mute(seat, change, not muted)),
    )  # fmt: skip
    st.button(
        "", icon=":material/close:", key=f"room_remove_{n}", type="tertiary", help="Remove", on_click=act,
        args=(number, lambda now: now.remove(seat, change)),
    )  # fmt: skip


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
    for n, decision in reversed(capture.decisions(room.id) if meeting.decided else ()):
        st.html(f'<div class="room-said"><b>D{n}</b> {fmt.safe(decision.sentence())}</div>')


def _decision_form(room: Room, meeting: Meeting, seat: str, topic: Topic | None, plan: Plan) -> None:
    # A form of its own for each topic and each decision: it starts with what lies on the table.
    form = f"room_decide_{topic.key if topic else 'close'}_{len(meeting.decided)}"
    latest = meeting.scenario.active[-1:]
    proposal = latest[0].sentence(plan.inputs) if latest else (topic.title if topic else "")
    with st.form(form, border=False, enter_to_submit=True):
        # A lever that moves proposes another title; what stands in the other boxes stays.
        what = f"{form}_what_{zlib.crc32(proposal.encode()):x}"
        title = st.text_input("What", value=proposal[:200], max_chars=200, key=what)
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
