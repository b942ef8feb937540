"""Meetings that are on: one live state each, shared by all sessions of the server, written to the store beside them.

A move is taken under the room's lock in microseconds, so everybody sees it at the next look; a thread writes the
newest state a moment later. After a restart a room is taken up from the store as it was written last.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import streamlit as st

from pages.parts import state
from pages.parts.desk import Desk
from sop_core.cycle.agenda import exceptions
from sop_core.cycle.decision import Decision
from sop_core.cycle.meeting import Meeting, Topic
from sop_core.errors import SopError
from sop_core.plan import Plan
from sop_core.scenario import Scenario
from sop_core.store import Store
from sop_core.store.meetings import MeetingRecord

#: Rooms kept in memory; the least recently used go first, written before they go.
ROOMS = 12
#: Plans whose exceptions a room remembers.
PLANS = 8
#: Seconds between two writes of one room at least, and before a write that failed is tried again.
EVERY, AGAIN = 0.2, 2.0

Move = Callable[[Meeting], Meeting]
_LOG = logging.getLogger(__name__)


class Room:
    """One meeting that is on. Safe to share among threads."""

    def __init__(self, record: MeetingRecord, changed: Callable[[], None] = lambda: None) -> None:
        self.id, self.cycle, self.opener = record.id, record.cycle, record.who
        #: Why the state could not be written, as a sentence; blank where it could.
        self.trouble = ""
        # Reentrant: a move may ask how long somebody has been away.
        self._lock = threading.RLock()
        self._writing, self._planning = threading.Lock(), threading.Lock()
        self._meeting, self._number, self._written = record.meeting, record.number, record.number
        self._mover = record.who
        self._beats: dict[str, float] = {}
        self._exceptions: OrderedDict[tuple[int, str], tuple[Topic, ...]] = OrderedDict()
        self._decided: tuple[int, tuple[tuple[int, Decision], ...]] = (-1, ())
        self._changed = changed

    def look(self) -> tuple[int, Meeting]:
        """The number of the state, which grows by one with each move, and the meeting as it stands."""
        with self._lock:
            return self._number, self._meeting

    @property
    def meeting(self) -> Meeting:
        """The meeting as it stands."""
        return self.look()[1]

    def act(self, move: Move) -> Meeting:
        """Takes a move upon the meeting as it stands now, whatever the mover had seen. Raises what the move raises;
        then nothing has changed."""
        with self._lock:
            after = move(self._meeting)
            if after is self._meeting or after == self._meeting:
                return self._meeting
            self._meeting = after
            self._number += 1
            holder = after.person(after.pen)
            self._mover = holder.name if holder is not None else self._mover
        self._changed()
        return after

    # -- who is here --

    def beat(self, id: str) -> None:
        """A sign of life of who sits there."""
        with self._lock:
            self._beats[id] = time.monotonic()

    def away(self, id: str) -> float:
        """Seconds since the last sign of life; endless for who never gave one to this server."""
        with self._lock:
            last = self._beats.get(id)
        return float("inf") if last is None else time.monotonic() - last

    # -- plans --

    def plan(self, desk: Desk, scenario: Scenario) -> Plan:
        """The plan of a scenario. Where several look at once, one works it out and the others wait for its answer.
        Raises ScenarioError, PlanError."""
        with self._planning:
            return desk.plan(scenario)

    def exceptions(self, desk: Desk, plan: Plan) -> tuple[Topic, ...]:
        """What needs a decision in a plan, from memory where it was asked for before."""
        key = (desk.version, plan.scenario.fingerprint())
        with self._lock:
            found = self._exceptions.get(key)
        if found is None:
            found = exceptions(plan, desk.company)
            with self._lock:
                self._exceptions[key] = found
                while len(self._exceptions) > PLANS:
                    self._exceptions.popitem(last=False)
        return found

    # -- the store --

    def decisions(self, store: Store) -> tuple[tuple[int, Decision], ...]:
        """What was decided in this meeting as the register has it now: (number, decision). The register is read
        again only where somebody wrote into it."""
        stamp = store.decisions.stamp()
        with self._lock:
            known, found = self._decided
        if known != stamp:
            kept = store.decisions.list()
            found = tuple((entry.id, entry.value) for entry in kept if entry.value.meeting == self.id)
            with self._lock:
                self._decided = (stamp, found)
        return found

    @property
    def dirty(self) -> bool:
        """Whether there is a move that the store does not know yet."""
        with self._lock:
            return self._written < self._number

    def write(self, store: Store) -> None:
        """Writes the newest state where the store does not have it. Raises StoreError."""
        with self._writing:
            with self._lock:
                number, meeting, who = self._number, self._meeting, self._mover
                if self._written >= number:
                    return
            store.meetings.write(self.id, number, meeting, who)
            with self._lock:
                self._written = number


class Hub:
    """The rooms of one store, and the thread that writes them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._rooms: OrderedDict[int, Room] = OrderedDict()
        self._lock = threading.Lock()
        self._wake, self._end = threading.Event(), threading.Event()
        self._writer = threading.Thread(target=self._run, name="meetings", daemon=True)
        self._writer.start()

    def open(self, meeting: Meeting, cycle: np.datetime64, who: str) -> Room:
        """Opens a meeting in the store and its room."""
        return self._keep(self.store.meetings.open(meeting, cycle, who))

    def room(self, id: int) -> Room:
        """The room of a meeting, taken up from the store where it is not here. Raises StoreError."""
        with self._lock:
            found = self._rooms.get(id)
            if found is not None:
                self._rooms.move_to_end(id)
                return found
        return self._keep(self.store.meetings.get(id))

    def _keep(self, record: MeetingRecord) -> Room:
        with self._lock:
            room = self._rooms.setdefault(record.id, Room(record, self._wake.set))
            self._rooms.move_to_end(record.id)
            while len(self._rooms) > ROOMS:
                old = next(iter(self._rooms))
                if not self._written(self._rooms[old]):
                    break  # better one room too many than a move lost
                del self._rooms[old]
        return room

    def close(self) -> None:
        """Writes what is not written and ends the thread. Closing twice is harmless."""
        self._end.set()
        self._wake.set()
        self._writer.join(timeout=10)

    def _run(self) -> None:
        while not self._end.is_set():
            # Woken by a move; looks again by itself only where a write has failed.
            self._wake.wait(AGAIN if self._troubled() else None)
            self._wake.clear()
            self.flush()
            self._end.wait(EVERY)
        self.flush()

    def flush(self) -> None:
        """Writes what the store does not know yet; what goes wrong stands on the room's screens."""
        with self._lock:
            rooms = list(self._rooms.values())
        for room in rooms:
            self._written(room)

    def _troubled(self) -> bool:
        with self._lock:
            return any(room.trouble for room in self._rooms.values())

    def _written(self, room: Room) -> bool:
        """Writes a room; what went wrong stands on its screens until it has gone well."""
        try:
            room.write(self.store)
        except SopError as error:
            if not room.trouble:
                _LOG.error("Meeting %s is not written: %s", room.id, error)
            room.trouble = str(error)
            return False
        room.trouble = ""
        return True


@st.cache_resource(max_entries=1, show_spinner=False, on_release=lambda hub: hub.close())
def _hub(path: str) -> Hub:
    opened = Hub(state.store())
    atexit.register(opened.close)  # before the store, which was opened earlier
    return opened


def hub() -> Hub:
    """The rooms of this server's store."""
    return _hub(str(state.store_path()))
