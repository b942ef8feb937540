"""The room's stage: KPIs, agenda, the topic in hand with its pictures, and beside it levers, decisions, parking."""

from __future__ import annotations

import time

import streamlit as st

from pages.parts import format as fmt
from pages.parts import kpi_strip, theme
from pages.parts.desk import Desk
from pages.parts.meeting import room_end, room_foot, room_side
from pages.parts.meeting.hub import Room, hub
from pages.parts.meeting.room_head import act
from pages.parts.meeting.room_pictures import about, pictures
from sop_core.cycle.meeting import Meeting, Topic
from sop_core.errors import SopError
from sop_core.headline import money_text
from sop_core.plan import Plan

#: Words of a topic's title that the agenda has room for.
_TITLE = 58


@st.fragment
def stage(number: int, seat: str, desk: Desk, latest: int) -> None:
    """Draws the meeting as it stands. All that a lever needs runs in here: no file, no forecast, no store.

    `latest` is the newest data version that there is."""
    room = hub().room(number)
    drawn, meeting = room.look()
    if meeting.data_version not in (0, desk.version):
        st.rerun()  # the room has taken newer data: the whole page fetches their desk
    st.session_state["_room_drawn"] = drawn
    at = own_position(meeting, number)
    topic = meeting.agenda[at] if at < len(meeting.agenda) else None
    plan, problem = _planned(room, desk, meeting)
    palette = theme.colours()
    with st.container(key="room_strip"):
        kpi_strip.draw(plan, desk.base, palette)
    with st.container(key="room_problem"):  # a place of its own: what follows never shifts
        _refused(problem)
    left, middle, right = st.columns([0.21, 0.54, 0.25], gap="medium")
    with left, st.container(key="room_rail", gap="xxsmall"):
        _rail(meeting, seat, number, at, desk)
        room_foot.draw(room, meeting, seat, desk, latest)
    with middle:
        if topic is None:
            room_end.draw(room, meeting, seat, desk, plan)
        else:
            with st.container(key="room_topic", gap="xxsmall"):
                _topic(room, meeting, topic, desk, plan)
            with st.container(key="room_pictures", gap="xsmall"):
                for n, (option, said) in enumerate(pictures(plan, desk.base, topic, palette)):
                    st.echarts_chart(option, height="stretch", theme=None, key=f"room_picture_{n}", alt=said)
            _steps(meeting, seat, number, at)
    with right, st.container(key="room_side"):
        room_side.draw(room, meeting, seat, topic, desk, plan)


def own_position(meeting: Meeting, number: int) -> int:
    """The topic that this session looks at: the room's, or one that a follower chose for the time being."""
    kept: dict[int, int] = st.session_state.setdefault("_own_at", {})
    at = kept.get(number, meeting.at)
    return min(at, len(meeting.agenda))


def look_at(meeting: Meeting, seat: str, number: int, at: int) -> None:
    """Goes to a topic: with the room where this seat holds the pen, else alone."""
    kept: dict[int, int] = st.session_state.setdefault("_own_at", {})
    kept.pop(number, None)
    if meeting.pen == seat and not meeting.is_closed:
        act(number, lambda now: now.go(seat, at, time.time()))
    elif at != meeting.at:
        kept[number] = min(max(at, 0), len(meeting.agenda))


def _planned(room: Room, desk: Desk, meeting: Meeting) -> tuple[Plan, str]:
    """The plan on the table, and why it is not the scenario's own where it cannot be made."""
    try:
        plan = room.plan(desk, meeting.scenario)
    except SopError as error:
        last: Plan | None = st.session_state.get("_room_plan")
        same = last is not None and last.data_version == desk.version
        return (last if last is not None and same else desk.base), str(error)
    st.session_state["_room_plan"] = plan
    return plan, ""


def _refused(problem: str) -> None:
    refused = st.session_state.pop("_room_refused", "")
    if problem:
        st.error(
            f"**This cannot be planned.** {problem} The numbers are those of the last plan; undo goes back."
        )
    if refused:
        st.warning(refused)


# -- the agenda --


def _rail(meeting: Meeting, seat: str, number: int, at: int, desk: Desk) -> None:
    done = sum(topic.key in meeting.discussed for topic in meeting.agenda)
    st.html(f'<div class="room-label">Agenda · {done} of {len(meeting.agenda)} discussed</div>')
    currency = desk.company.inputs.currency
    for n, topic in enumerate(meeting.agenda):
        tick = ":material/check:" if topic.key in meeting.discussed else None
        # Number, letter and currency stay on one line.
        worth = money_text(topic.money, currency).replace(" ", "\N{NO-BREAK SPACE}")
        money = f" · **{worth}**" if topic.money else ""
        here = " :material/play_arrow:" if n == meeting.at and at != meeting.at else ""
        st.button(
            f"{fmt.plain(_short(topic.title))}{money}{here}", key=f"room_go_{n}", icon=tick, width="stretch",
            type="secondary" if n == at else "tertiary", help=topic.title if len(topic.title) > _TITLE else None,
            on_click=look_at, args=(meeting, seat, number, n),
        )  # fmt: skip
    last = len(meeting.agenda)
    st.button(
        "Minutes and close", key="room_go_end", width="stretch", icon=":material/description:",
        type="secondary" if at == last else "tertiary", on_click=look_at, args=(meeting, seat, number, last),
    )  # fmt: skip


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1].rstrip()}…"


def _topic(room: Room, meeting: Meeting, topic: Topic, desk: Desk, plan: Plan) -> None:
    st.html(
        f'<p class="room-title">{fmt.safe(topic.title)}</p><p class="room-text">{_kept(topic.sentence, plan)}</p>'
        f'<p class="room-now">{_kept(_now(room, meeting, topic, desk, plan), plan)}</p>'
    )


def _kept(text: str, plan: Plan) -> str:
    """Text made harmless, with number, letter and currency of an amount on one line."""
    for letter in ("k", "M"):
        text = text.replace(
            f" {letter} {plan.inputs.currency}",
            f"\N{NO-BREAK SPACE}{letter}\N{NO-BREAK SPACE}{plan.inputs.currency}",
        )
    return fmt.safe(text)


def _now(room: Room, meeting: Meeting, topic: Topic, desk: Desk, plan: Plan) -> str:
    """What became of the topic in the scenario on the table; what the pictures show."""
    shown = f"Below: {about(plan, topic)}."
    if topic.money <= 0 or not meeting.scenario.active:
        return shown
    currency = plan.inputs.currency
    found = next((t for t in room.exceptions(desk, plan) if t.key == topic.key), None)
    if found is None:
        return f"On the table: solved, nothing of it is left. {shown}"
    change = found.money - topic.money
    if abs(change) < 0.005 * topic.money:
        return f"On the table: the same, {money_text(found.money, currency)}. {shown}"
    word = "more" if change > 0 else "less"
    return (
        f"On the table: {money_text(found.money, currency)}, {money_text(abs(change), currency)} {word} than at the "
        f"start. {shown}"
    )


def _steps(meeting: Meeting, seat: str, number: int, at: int) -> None:
    """Previous, next, the tick; a follower who looks elsewhere finds the way back."""
    holds = meeting.pen == seat and not meeting.is_closed
    topic = meeting.agenda[at]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="room_steps"):
        st.button(
            "Previous", key="room_previous", icon=":material/chevron_left:", shortcut="Left", disabled=at == 0,
            on_click=look_at, args=(meeting, seat, number, at - 1),
        )  # fmt: skip
        st.button(
            "Next", key="room_next", icon=":material/chevron_right:", shortcut="Right",
            type="primary" if holds else "secondary", on_click=look_at, args=(meeting, seat, number, at + 1),
            help="Ticks this topic as discussed and goes on" if holds else "Looks ahead; the room stays where it is",
        )  # fmt: skip
        done = topic.key in meeting.discussed
        if st.session_state.get("room_tick") != done:
            st.session_state["room_tick"] = done
        st.checkbox(
            "Discussed",
            key="room_tick",
            disabled=not holds,
            on_change=_on_tick,
            args=(number, seat, topic.key),
        )
        if at != meeting.at:
            there = meeting.topic
            st.button(
                f"Back to the room: {fmt.plain(_short(there.title)) if there else 'minutes'}", key="room_back",
                icon=":material/undo:", type="primary", on_click=look_at, args=(meeting, seat, number, meeting.at),
            )  # fmt: skip


def _on_tick(number: int, seat: str, key: str) -> None:
    wanted = bool(st.session_state["room_tick"])
    act(number, lambda now: now.tick(seat, key, wanted))
