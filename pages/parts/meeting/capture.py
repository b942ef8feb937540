"""A decision captured on the spot: into the register of decisions, with the scenario and the Changes on the table."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from pages.parts import state
from pages.parts.meeting.hub import Room
from sop_core.cycle.decision import Decision, OptionConsidered
from sop_core.cycle.meeting import Meeting
from sop_core.errors import StoreError
from sop_core.plan import Plan
from sop_core.scenario import Scenario


def record(
    room: Room,
    seat: str,
    *,
    title: str,
    why: str,
    owner: str,
    due: dt.date | None,
    plan: Plan | None,
) -> Decision:
    """Writes a decision into the register and notes it in the meeting.

    With a `plan` the decision carries its scenario's Changes, and the scenario is saved first. Raises StoreError,
    ReviewError.
    """
    meeting = room.meeting
    meeting.must_hold(seat)
    who = meeting.name(seat)
    decision = Decision(title=title, why=why, owner=owner, due=due, meeting=room.id)
    if plan is not None and plan.scenario.active:
        name = save(room, seat)
        option = OptionConsidered.of(plan, title)
        decision = replace(
            decision,
            scenario=name,
            changes=plan.scenario.active,
            options=(option,),
            recommendation=option.title,
        )
    topic = meeting.topic.key if meeting.topic is not None else ""
    added = state.store().decisions.add(decision, who)
    room.act(lambda now: now.decide(seat, added.id, topic))
    return decision


def save(room: Room, seat: str) -> str:
    """Saves the scenario on the table as an ordinary scenario and gives its name. Raises StoreError, ReviewError."""
    meeting = room.meeting
    meeting.must_hold(seat)
    if meeting.saved and not meeting.unsaved:
        return meeting.saved
    store, who = state.store(), meeting.name(seat)
    known = {stored.name for stored in store.scenarios()}
    name, revision = meeting.saved, meeting.saved_revision
    if not name or name not in known:
        name, revision = free_name(meeting.scenario.name, known), 0
    scenario = replace(
        meeting.scenario, name=name, owner=who, note=_noted(meeting, room.id),
        parent=meeting.scenario.parent if meeting.scenario.parent in known else "",
    )  # fmt: skip
    try:
        kept = store.save_scenario(name, scenario.to_json(), who, revision)
    except StoreError:
        if not revision:
            raise
        # Somebody saved over it, or locked it, in between: theirs stays, the meeting's goes under a name of its own.
        name = free_name(meeting.scenario.name, known)
        kept = store.save_scenario(name, replace(scenario, name=name).to_json(), who, 0)
    room.act(lambda now: now.keep(seat, name, kept.revision, scenario.fingerprint()))
    return name


def on_the_table(scenario: Scenario, parent: str, title: str, who: str) -> Scenario:
    """A scenario as a meeting takes it up: under the meeting's title, coming from the stored one it was."""
    return replace(scenario, name=title, parent=parent, owner=who)


def free_name(wanted: str, known: set[str]) -> str:
    """That name, or the first of `name 2`, `name 3` … that no scenario has."""
    if wanted not in known and wanted != state.BASE:
        return wanted
    return next(name for n in range(2, len(known) + 3) if (name := f"{wanted} {n}") not in known)


def _noted(meeting: Meeting, number: int) -> str:
    day = dt.datetime.fromtimestamp(meeting.opened, dt.UTC)
    said = f"From meeting {number}, {meeting.title}, {day:%d %b %Y}."
    note = meeting.scenario.note
    return note if said in note else f"{note}\n{said}".strip()
