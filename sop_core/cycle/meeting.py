"""The pre-S&OP meeting as a value: agenda, working scenario, who holds the pen, clock, parking lot, who was there.

A move is a pure function: the meeting before, who moves, and when → the meeting after. Moves say what shall happen,
never what the whole meeting shall look like, so that moves made at the same time are taken one after the other and
none is lost. Only the one who holds the pen moves the scenario and the agenda; anybody may park a thought or ask for
the pen. Times are seconds since 1970 (UTC).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from sop_core.changes import Change, strict_json
from sop_core.changes.scope import EVERYTHING, Scope
from sop_core.errors import ReviewError, ScenarioError
from sop_core.scenario import History, Scenario

#: Version of the JSON form.
FORMAT: Final = 1
MOST_PEOPLE: Final = 100
MOST_PARKED: Final = 200
MOST_TOPICS: Final = 60
LONGEST_NAME: Final = 60
LONGEST_TITLE: Final = 120
LONGEST_THOUGHT: Final = 500
#: Seconds without a sign of life after which anybody may take the pen.
AWAY: Final = 20.0
#: Seconds without a sign of life after which a name is free to come back from another browser.
GONE: Final = 4.0
#: Steps back that outlive a restart of the server.
_PAST: Final = 10


@dataclass(frozen=True, slots=True)
class Topic:
    """One exception on the agenda. `key` tells it apart; `money` orders it; the rest says what its pictures show.

    `items`: planning items; `resource`, `source`, `promotion`: names, blank where it is not about one; `first`,
    `last`: months such as 2027-03, blank where it is about all of them.
    """

    key: str
    title: str
    sentence: str
    money: float = 0.0
    kind: str = ""
    items: tuple[str, ...] = ()
    resource: str = ""
    source: str = ""
    promotion: str = ""
    first: str = ""
    last: str = ""

    @property
    def months(self) -> Scope:
        """Its months as a scope; open where it is about all of them."""
        return (
            Scope(first=self.first or None, last=self.last or None) if self.first or self.last else EVERYTHING
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is or was in the room; `since` is when they came first."""

    id: str
    name: str
    since: float


@dataclass(frozen=True, slots=True)
class Thought:
    """Something that was parked: what, by whom, when, and at which topic (its key)."""

    text: str
    who: str
    at: float
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting at one moment. Every method that moves it gives the next one, or raises ReviewError."""

    title: str
    opened: float
    agenda: tuple[Topic, ...] = ()
    history: History = field(default_factory=lambda: History(Scenario.base()))
    start: str = "Base"  #: name of the scenario that it began from
    data_version: int = 0
    minutes_each: float = 5.0  #: planned minutes for each topic
    at: int = 0  #: position on the agenda; one past the last topic is the close
    since: float = 0.0  #: when the room came to the topic in hand; while paused, when it was paused
    paused: bool = False
    spent: tuple[
        tuple[str, float], ...
    ] = ()  #: (topic's key, seconds), the one in hand counted up to `since`
    discussed: tuple[str, ...] = ()  #: keys of topics
    pen: str = ""  #: id of who holds it; blank = it lies on the table
    asked: tuple[str, ...] = ()  #: ids of those who asked for it, in order
    people: tuple[Person, ...] = ()
    parked: tuple[Thought, ...] = ()
    decided: tuple[tuple[int, str], ...] = ()  #: (number in the register of decisions, topic's key)
    saved: str = ""  #: name under which the scenario was saved last
    saved_revision: int = 0
    saved_as: str = ""  #: fingerprint of what was saved
    closed: float = 0.0  #: when it was closed; 0 = it is on

    # -- reading ------------------------------------------------------------------------------------------

    @property
    def scenario(self) -> Scenario:
        """The scenario on the table."""
        return self.history.present

    @property
    def topic(self) -> Topic | None:
        """The topic in hand; None at the close."""
        return self.agenda[self.at] if self.at < len(self.agenda) else None

    @property
    def is_closed(self) -> bool:
        """Whether it is over."""
        return self.closed > 0

    @property
    def unsaved(self) -> bool:
        """Whether the scenario holds Changes that no stored scenario holds."""
        return bool(self.scenario.active) and self.scenario.fingerprint() != self.saved_as

    def person(self, id: str) -> Person | None:
        """Who sits there."""
        return next((person for person in self.people if person.id == id), None)

    def name(self, id: str) -> str:
        """The name of who sits there; `nobody` where nobody does."""
        found = self.person(id)
        return found.name if found is not None else "nobody"

    def seconds(self, key: str, now: float) -> float:
        """Seconds spent on a topic so far; "" is the close."""
        running = not self.is_closed and not self.paused and key == self._key
        return dict(self.spent).get(key, 0.0) + (max(now - self.since, 0.0) if running else 0.0)

    def elapsed(self, now: float) -> float:
        """Seconds since it was opened, up to its close."""
        return max((self.closed or now) - self.opened, 0.0)

    @property
    def _key(self) -> str:
        return self.topic.key if self.topic is not None else ""

    # -- people and the pen -------------------------------------------------------------------------------

    def join(self, id: str, name: str, now: float) -> Meeting:
        """With somebody in the room. The first one takes the pen. The same seat again changes nothing but its name."""
        said = " ".join(name.split())
        if not said:
            raise ReviewError("Say your name: the room wants to know who is here.")
        if len(said) > LONGEST_NAME:
            raise ReviewError(f"A name here has {LONGEST_NAME} characters at most: shorten it.")
        if not id:
            raise ReviewError("A seat needs an id.")
        for person in self.people:
            if person.id != id and person.name.casefold() == said.casefold():
                raise ReviewError(
                    f"{person.name} is in the room already. Add an initial or your department, so that the minutes "
                    "tell you apart."
                )
        known = self.person(id)
        if known is not None:
            people = tuple(replace(p, name=said) if p.id == id else p for p in self.people)
        elif len(self.people) >= MOST_PEOPLE:
            raise ReviewError(f"{MOST_PEOPLE} people are in this meeting already; that is the most it takes.")
        else:
            people = (*self.people, Person(id, said, now))
        return replace(self, people=people, pen=self.pen or ("" if self.is_closed else id))

    def ask(self, id: str) -> Meeting:
        """With somebody's wish for the pen noted; a pen that lies on the table is theirs at once."""
        self._seated(id)
        self._on()
        if not self.pen:
            return self._give(id)
        return self if id == self.pen or id in self.asked else replace(self, asked=(*self.asked, id))

    def withdraw(self, id: str) -> Meeting:
        """Without that wish."""
        return replace(self, asked=tuple(other for other in self.asked if other != id))

    def hand(self, id: str, to: str) -> Meeting:
        """With the pen handed over by who holds it."""
        self.must_hold(id)
        self._seated(to)
        return self._give(to)

    def take(self, id: str, away: float) -> Meeting:
        """With the pen taken from somebody who gave no sign of life for `away` seconds."""
        self._seated(id)
        self._on()
        if self.pen and self.pen != id and away < AWAY:
            raise ReviewError(f"{self.name(self.pen)} holds the pen and is here. Ask for it.")
        return self._give(id)

    def _give(self, id: str) -> Meeting:
        return replace(self, pen=id, asked=tuple(other for other in self.asked if other != id))

    def _seated(self, id: str) -> None:
        if self.person(id) is None:
            raise ReviewError("Join the meeting first.")

    def _on(self) -> None:
        if self.is_closed:
            raise ReviewError("The meeting is closed. Open a new one.")

    def must_hold(self, id: str) -> None:
        """Raises ReviewError unless that seat holds the pen of a meeting that is on."""
        self._seated(id)
        self._on()
        if self.pen != id:
            holder = f"{self.name(self.pen)} holds the pen" if self.pen else "Nobody holds the pen"
            raise ReviewError(f"{holder}, so this move was not taken. Ask for it.")

    # -- the scenario -------------------------------------------------------------------------------------

    def set_lever(self, id: str, change: Change) -> Meeting:
        """With a lever at the Change's value."""
        self.must_hold(id)
        return replace(self, history=self.history.set_lever(change))

    def add(self, id: str, change: Change) -> Meeting:
        """With one Change more."""
        self.must_hold(id)
        return replace(self, history=self.history.push(self.scenario.add(change)))

    def remove(self, id: str, change: Change) -> Meeting:
        """Without a Change; the same meeting where it is gone already."""
        self.must_hold(id)
        for position, step in enumerate(self.scenario.steps):
            if step.change == change:
                return replace(self, history=self.history.push(self.scenario.remove(position)))
        return self

    def mute(self, id: str, change: Change, muted: bool) -> Meeting:
        """With a Change muted or not."""
        self.must_hold(id)
        for position, step in enumerate(self.scenario.steps):
            if step.change == change:
                return replace(self, history=self.history.push(self.scenario.mute(position, muted)))
        return self

    def exchange(self, id: str, old: Change, new: Change) -> Meeting:
        """With a Change in the place of another; at the end where that one is gone."""
        self.must_hold(id)
        for position, step in enumerate(self.scenario.steps):
            if step.change == old:
                return replace(self, history=self.history.push(self.scenario.replace(position, new)))
        return self.add(id, new)

    def load(self, id: str, scenario: Scenario, start: str = "") -> Meeting:
        """With another scenario on the table, which was called `start`; undo goes back to the one before."""
        self.must_hold(id)
        return replace(self, history=self.history.push(scenario), start=start or scenario.name)

    def undo(self, id: str) -> Meeting:
        """One step of the scenario back."""
        self.must_hold(id)
        return self._stepped(self.history.undo())

    def redo(self, id: str) -> Meeting:
        """One step of the scenario forward."""
        self.must_hold(id)
        return self._stepped(self.history.redo())

    def _stepped(self, history: History) -> Meeting:
        """With the scenario a step away; where it comes from another one, that is what it began from."""
        came, comes = self.scenario.parent, history.present.parent
        return replace(self, history=history, start=self.start if came == comes else comes or "Base")

    def keep(self, id: str, name: str, revision: int, fingerprint: str) -> Meeting:
        """With the scenario noted as stored under that name. It is stored by then, so no pen is needed."""
        self._seated(id)
        return replace(self, saved=name, saved_revision=revision, saved_as=fingerprint)

    # -- the agenda and the clock -------------------------------------------------------------------------

    def go(self, id: str, at: int, now: float) -> Meeting:
        """With another topic in hand; the one left is ticked as discussed where the room moves on from it."""
        self.must_hold(id)
        at = min(max(at, 0), len(self.agenda))
        if at == self.at:
            return self
        left = self.topic
        moved = self._clocked(now)
        if left is not None and at == self.at + 1 and left.key not in moved.discussed:
            moved = replace(moved, discussed=(*moved.discussed, left.key))
        return replace(moved, at=at, since=now)

    def tick(self, id: str, key: str, discussed: bool) -> Meeting:
        """With a topic ticked as discussed, or not."""
        self.must_hold(id)
        rest = tuple(other for other in self.discussed if other != key)
        return replace(self, discussed=(*rest, key) if discussed else rest)

    def refresh(self, id: str, agenda: Sequence[Topic], now: float) -> Meeting:
        """With the agenda of today's plan, each topic as it is said now; one that is no exception any more stays
        where it was discussed or is in hand."""
        self.must_hold(id)
        found = {topic.key: topic for topic in agenda}
        stay = {*self.discussed, self._key, *found}
        kept = [found.get(topic.key, topic) for topic in self.agenda if topic.key in stay]
        known = {topic.key for topic in kept}
        new = [topic for topic in agenda if topic.key not in known]
        merged = tuple([*kept, *new][:MOST_TOPICS])
        keys = [topic.key for topic in merged]
        here = self._clocked(now)
        return replace(here, agenda=merged, at=keys.index(self._key) if self._key in keys else len(merged))

    def renew(self, id: str, version: int, agenda: Sequence[Topic], now: float) -> Meeting:
        """With newer data under the plan, and the agenda that they give."""
        return replace(self.refresh(id, agenda, now), data_version=version)

    def pause(self, id: str, paused: bool, now: float) -> Meeting:
        """With the topic's clock stopped, or going again."""
        self.must_hold(id)
        return replace(self._clocked(now), paused=paused)

    def _clocked(self, now: float) -> Meeting:
        """With the time of the topic in hand counted up to now."""
        spent = dict(self.spent) | {self._key: self.seconds(self._key, now)}
        return replace(self, spent=tuple(spent.items()), since=now)

    # -- what is kept -------------------------------------------------------------------------------------

    def park(self, id: str, text: str, now: float, topic: str = "") -> Meeting:
        """With a thought in the parking lot; anybody in the room may."""
        self._seated(id)
        self._on()
        said = " ".join(text.split())
        if not said:
            raise ReviewError("Write down what is to be parked.")
        if len(said) > LONGEST_THOUGHT:
            raise ReviewError(f"A parked thought has {LONGEST_THOUGHT} characters at most: shorten it.")
        if len(self.parked) >= MOST_PARKED:
            raise ReviewError(f"The parking lot holds {MOST_PARKED} thoughts; take some out.")
        return replace(self, parked=(*self.parked, Thought(said, self.name(id), now, topic)))

    def unpark(self, id: str, thought: Thought) -> Meeting:
        """Without a parked thought: by who parked it, or by who holds the pen."""
        self._seated(id)
        self._on()
        if thought.who != self.name(id):
            self.must_hold(id)
        return replace(self, parked=tuple(other for other in self.parked if other != thought))

    def decide(self, id: str, decision: int, topic: str = "") -> Meeting:
        """With a decision of the register noted at a topic. It is registered by then, so no pen is needed."""
        self._seated(id)
        return replace(self, decided=(*self.decided, (decision, topic)))

    def close(self, id: str, now: float) -> Meeting:
        """Over: the clock stands, nothing moves any more."""
        self.must_hold(id)
        return replace(self._clocked(now), closed=now, asked=())

    # -- JSON ---------------------------------------------------------------------------------------------

    def to_json(self) -> str:
        """The JSON form: every value written, sorted. Redo, and all but the last steps back, are left out."""
        past = self.history.past[-_PAST:]
        body: dict[str, Any] = {
            "format": FORMAT,
            "scenario": json.loads(self.scenario.to_json()),
            "past": [json.loads(scenario.to_json()) for scenario in past],
            "agenda": [_plain(topic) | {"items": list(topic.items)} for topic in self.agenda],
            "people": [_plain(person) for person in self.people],
            "parked": [_plain(thought) for thought in self.parked],
            "spent": [list(entry) for entry in self.spent],
            "decided": [list(entry) for entry in self.decided],
        }
        body |= {name: getattr(self, name) for name in _SIMPLE}
        body |= {name: list(getattr(self, name)) for name in ("discussed", "asked")}
        return json.dumps(body, sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Meeting:
        """The inverse of `to_json`, redo aside. Raises ReviewError where it is none."""
        body = strict_json.read(text, "meeting", ReviewError)
        if not isinstance(body, dict) or body.get("format") != FORMAT:
            raise ReviewError(f"A meeting must be one JSON object of format {FORMAT}.")
        try:
            past = tuple(Scenario.from_json(json.dumps(entry)) for entry in body["past"])
            made = {name: kind(body[name]) for name, kind in _SIMPLE.items()}
            return cls(
                history=History(Scenario.from_json(json.dumps(body["scenario"])), past),
                agenda=tuple(Topic(**entry | {"items": tuple(entry["items"])}) for entry in body["agenda"]),
                people=tuple(Person(**entry) for entry in body["people"]),
                parked=tuple(Thought(**entry) for entry in body["parked"]),
                spent=tuple((str(key), _seconds(value)) for key, value in body["spent"]),
                decided=tuple((int(number), str(key)) for number, key in body["decided"]),
                discussed=tuple(map(str, body["discussed"])),
                asked=tuple(map(str, body["asked"])),
                **made,
            )
        except (KeyError, TypeError, ValueError, AttributeError, ScenarioError) as error:
            raise ReviewError(f"The meeting cannot be read: {type(error).__name__}: {error}.") from error


def _seconds(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a time")
    return float(value)


def _plain(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


#: Fields that JSON holds as they are.
_SIMPLE: Final[Mapping[str, type]] = MappingProxyType(
    {
        "title": str, "opened": float, "start": str, "data_version": int, "minutes_each": float, "at": int,
        "since": float, "paused": bool, "pen": str, "saved": str, "saved_revision": int, "saved_as": str,
        "closed": float,
    }
)  # fmt: skip
