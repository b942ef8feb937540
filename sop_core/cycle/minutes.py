"""Minutes of a meeting as text that reads well as it stands and as Markdown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sop_core.cycle.decision import Decision
from sop_core.cycle.meeting import Meeting, Thought, Topic
from sop_core.headline import money_text


@dataclass(frozen=True, slots=True)
class Figure:
    """A KPI of the scenario on the table beside the base, as people read it."""

    title: str
    value: str
    base: str
    difference: str = ""  #: with sign and the word favourable or unfavourable; blank where there is none


def clock(seconds: float) -> str:
    """`4:05`, `1:02:30`."""
    whole = max(int(seconds), 0)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def duration(seconds: float) -> str:
    """`1 minute`, `25 minutes`, `1 h 5 min`: to the minute, at least one."""
    hours, rest = divmod(max(round(seconds / 60), 1), 60)
    if hours:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return "1 minute" if rest == 1 else f"{rest} minutes"


def minutes(
    meeting: Meeting,
    number: int,
    *,
    now: float,
    currency: str,
    decisions: Sequence[tuple[int, Decision]] = (),
    changes: Sequence[str] = (),
    figures: Sequence[Figure] = (),
    zone: dt.tzinfo = dt.UTC,
) -> str:
    """The minutes: who was there, what was decided, discussed (with its time), not reached and parked, the scenario.

    `now`: seconds since 1970, what "so far" means while the meeting is on. `decisions`: (number in the register,
    decision). `changes`: the scenario's sentences.
    """
    began = dt.datetime.fromtimestamp(meeting.opened, zone)
    until = dt.datetime.fromtimestamp(meeting.closed or now, zone)
    length = duration(meeting.elapsed(now))
    state = f" to {until:%H:%M}" if meeting.is_closed else f", still on at {until:%H:%M}"
    reached = [topic for topic in meeting.agenda if _reached(topic, meeting, now)]
    rest = [topic for topic in meeting.agenda if topic not in reached]
    parts = [
        f"# {_line(meeting.title)}",
        f"Meeting {number}, {began:%d %b %Y}, {began:%H:%M}{state} ({began:%Z}), {length}.",
        f"Present: {_present(meeting)}.",
        "## Decided",
        _bullets([_decision(entry, n, meeting) for n, entry in decisions], "Nothing was decided."),
        "## Discussed",
        _bullets([_topic(topic, meeting, now, currency) for topic in reached], "No topic was discussed."),
        *(["## Not reached", _bullets([_titled(topic, currency) for topic in rest], "")] if rest else []),
        "## Parked",
        _bullets([_thought(thought, meeting) for thought in meeting.parked], "Nothing was parked."),
        "## Scenario on the table",
        _scenario(meeting, changes),
    ]
    if figures:
        parts.append(
            _bullets([f"{f.title}: {f.value} (base {f.base}){_behind(f.difference)}" for f in figures], "")
        )
    return "\n\n".join(part for part in parts if part) + "\n"


def _decision(decision: Decision, number: int, meeting: Meeting) -> str:
    who = _line(decision.owner) or "no owner"
    by = f", due {decision.due:%d %b %Y}" if decision.due else ""
    why = f" Why: {_line(decision.why)}." if decision.why else ""
    scenario = f" Scenario: {_line(decision.scenario)}." if decision.scenario else ""
    key = dict(meeting.decided).get(number, "")
    at = next((f" At: {_line(topic.title)}." for topic in meeting.agenda if topic.key == key), "")
    return f"D{number}. {_line(decision.title)} ({who}{by}).{why}{scenario}{at}".replace("..", ".")


def _thought(thought: Thought, meeting: Meeting) -> str:
    at = next((f", at “{_line(topic.title)}”" for topic in meeting.agenda if topic.key == thought.topic), "")
    return f"{_line(thought.text)} ({_line(thought.who)}{at})"


def _reached(topic: Topic, meeting: Meeting, now: float) -> bool:
    """Ticked as discussed, or talked about for a minute: the last topic of a meeting that runs out of time."""
    return topic.key in meeting.discussed or meeting.seconds(topic.key, now) >= 60


def _titled(topic: Topic, currency: str) -> str:
    money = f" ({money_text(topic.money, currency)})" if topic.money else ""
    return f"{_line(topic.title)}{money}"


def _topic(topic: Topic, meeting: Meeting, now: float, currency: str) -> str:
    spent = meeting.seconds(topic.key, now)
    time = f", {duration(spent)}" if spent >= 30 else ""
    return f"{_titled(topic, currency)}{time}. {_line(topic.sentence)}"


def _present(meeting: Meeting) -> str:
    names = [
        _line(person.name) + (" (presenting at the end)" if person.id == meeting.pen else "")
        for person in meeting.people
    ]
    if len(names) < 2:
        return names[0] if names else "nobody"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _scenario(meeting: Meeting, changes: Sequence[str]) -> str:
    began = f" It began from {_line(meeting.start)}." if meeting.start != meeting.scenario.name else ""
    if not changes:
        return f"No changes: the plan is that of {_line(meeting.start)}."
    kept = f"Saved as “{_line(meeting.saved)}”." if meeting.saved and not meeting.unsaved else "Not saved."
    count = "One change" if len(changes) == 1 else f"{len(changes)} changes"
    said = f"{count}. {kept}{began}"
    return f"{said}\n\n{_bullets([_line(change) for change in changes], '')}"


def _behind(text: str) -> str:
    return f", {text}" if text else ""


def _line(text: str) -> str:
    return " ".join(text.split())


def _bullets(lines: Sequence[str], empty: str) -> str:
    return "\n".join(f"- {line}" for line in lines) if lines else empty
