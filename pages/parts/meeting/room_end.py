"""The end of a meeting: the minutes so far, saving the scenario, closing, and the minutes to take away."""

from __future__ import annotations

import time
import zoneinfo

import streamlit as st

from pages.parts import format as fmt
from pages.parts import kpi_strip, state
from pages.parts.desk import Desk
from pages.parts.meeting import capture
from pages.parts.meeting.hub import Room
from sop_core.cycle.meeting import Meeting
from sop_core.cycle.minutes import Figure, minutes
from sop_core.errors import SopError
from sop_core.kpis import KPIS
from sop_core.plan import Plan


def draw(room: Room, meeting: Meeting, seat: str, desk: Desk, plan: Plan) -> None:
    """Minutes so far, with what the pen's holder does at the end."""
    if meeting.pen == seat and not meeting.is_closed:
        _ending(room, meeting, seat)
    text = written(room, meeting, desk, plan)
    downloads(text, meeting)
    with st.container(key="room_minutes", border=True):
        st.markdown(fmt_minutes(text))


def _ending(room: Room, meeting: Meeting, seat: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="room_ending"):
        if meeting.unsaved and st.button("Save the scenario", key="room_save", icon=":material/save:"):
            _try(lambda: capture.save(room, seat))
        hint = "Saves the scenario on the table, stops the clock; minutes and decisions stay"
        if st.button(
            "Close the meeting", key="room_close", type="primary", icon=":material/task_alt:", help=hint
        ):
            _try(lambda: close(room, seat))
        said = "the scenario on the table is not saved yet" if meeting.unsaved else (
            f"the scenario is saved as “{meeting.saved}”" if meeting.saved else "no changes on the table"
        )  # fmt: skip
        st.html(f'<div class="room-said">{fmt.safe(said[:1].upper() + said[1:])}.</div>')


def close(room: Room, seat: str) -> None:
    """Saves what lies on the table and closes the meeting. Raises StoreError, ReviewError."""
    if room.meeting.unsaved:
        capture.save(room, seat)
    room.act(lambda now: now.close(seat, time.time()))


def _try(what: object) -> None:
    assert callable(what)
    try:
        what()
    except SopError as error:
        st.error(str(error))
    else:
        st.rerun()


def written(room: Room, meeting: Meeting, desk: Desk, plan: Plan) -> str:
    """The minutes of a meeting as Markdown, in the reader's time zone."""
    return minutes(
        meeting,
        room.id,
        now=time.time(),
        currency=desk.company.inputs.currency,
        decisions=room.decisions(state.store()),
        changes=[
            step.change.sentence(desk.company.inputs) for step in meeting.scenario.steps if not step.muted
        ],
        figures=figures(plan, desk.base) if meeting.scenario.active else (),
        zone=_zone(),
    )


def figures(plan: Plan, base: Plan) -> tuple[Figure, ...]:
    """The KPIs of the strip, as the minutes say them."""
    currency = plan.inputs.currency
    found = []
    for name in kpi_strip.LIVE:
        delta = fmt.kpi_delta(name, plan.kpis[name], base.kpis[name])
        said = f"{delta.text} {delta.word}".strip() if delta.arrow else ""
        values = [fmt.kpi_value(name, one.kpis[name], currency) for one in (plan, base)]
        found.append(Figure(KPIS[name].title, values[0], values[1], said))
    return tuple(found)


def downloads(text: str, meeting: Meeting) -> None:
    """The minutes to take away."""
    name = "".join(letter if letter.isalnum() else "-" for letter in meeting.title).strip("-").lower()
    with st.container(horizontal=True, gap="small"):
        for kind, mime in (("md", "text/markdown"), ("txt", "text/plain")):
            # Made when it is asked for: while a meeting is on, the next draw would take a ready file away.
            st.download_button(
                f"Minutes (.{kind})", lambda: text, f"minutes-{name}.{kind}", mime, key=f"room_{kind}", on_click="ignore",
                icon=":material/download:",
            )  # fmt: skip


def fmt_minutes(text: str) -> str:
    """The minutes for the screen: what people wrote stays text, headings and bullets are kept."""
    lines = []
    for line in text.splitlines():
        mark = next((mark for mark in ("# ", "## ", "- ") if line.startswith(mark)), "")
        shown = {"# ": "### ", "## ": "##### "}.get(mark, mark)
        lines.append(shown + fmt.plain(line[len(mark) :]))
    return "\n".join(lines)


def _zone() -> zoneinfo.ZoneInfo:
    """The browser's time zone; UTC until it has told."""
    return zoneinfo.ZoneInfo(st.context.timezone or "UTC")
