"""Keeps unsaved work in the store, beside the screen: nothing is written while a lever waits for its answer.

    keeper.note(token, name, who, revision, saved, present)    at every edit: remembers, writes nothing
    keeper.drop(token, name)                                    the work is saved or given up
    keeper.flush()                                              writes what is due now (a reload, the end)

A thread of its own writes when the hands have rested for a moment. Scenarios are frozen, so it may read them at
any time; of several edits only the last one is written.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from sop_core.errors import StoreError
from sop_core.scenario import Scenario
from sop_core.store.drafts import Draft, Drafts

#: Seconds without an edit after which a draft is written, and the longest that one waits.
QUIET, LONGEST = 1.0, 5.0


@dataclass(frozen=True, slots=True)
class _Noted:
    who: str
    revision: int
    saved: Scenario
    present: Scenario


class DraftKeeper:
    """The drafts of all sessions of a server, on their way to the store. Safe to share among threads."""

    def __init__(self, drafts: Drafts, quiet: float = QUIET, longest: float = LONGEST) -> None:
        self._drafts = drafts
        self._quiet, self._longest = quiet, longest
        self._due: dict[tuple[str, str], _Noted | None] = {}
        self._written: set[tuple[str, str]] = set()
        self._first = self._last = 0.0
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        #: Why the last draft could not be kept, as a sentence; blank where it could.
        self.trouble = ""

    def note(
        self, token: str, name: str, who: str, revision: int, saved: Scenario, present: Scenario
    ) -> None:
        """Remembers a session's unsaved work on a scenario; it is written a moment later."""
        self._remember((token, name), _Noted(who, revision, saved, present))

    def drop(self, token: str, name: str) -> None:
        """A session has nothing unsaved on a scenario any more."""
        with self._lock:
            known = (token, name) in self._written or (token, name) in self._due
        if known:
            self._remember((token, name), None)

    def flush(self) -> None:
        """Writes all that is due, in the calling thread."""
        with self._writing:
            with self._lock:
                due, self._due = self._due, {}
            for key, noted in due.items():
                self._write(key, noted)

    def _remember(self, key: tuple[str, str], noted: _Noted | None) -> None:
        now = time.monotonic()
        with self._lock:
            if not self._due:
                self._first = now
            self._last = now
            self._due[key] = noted
            if self._timer is None:
                self._arm(self._quiet)

    def _arm(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def _ring(self) -> None:
        now = time.monotonic()
        with self._lock:
            rest = min(self._last + self._quiet, self._first + self._longest) - now
            if self._due and rest > 0:
                self._arm(rest)
                return
            self._timer = None
        self.flush()

    def _write(self, key: tuple[str, str], noted: _Noted | None) -> None:
        token, name = key
        try:
            if noted is None:
                self._drafts.drop(token, name)
                self._written.discard(key)
            else:
                saved, text = noted.saved.to_json(), noted.present.to_json()
                self._drafts.keep(Draft(token, name, noted.who, noted.revision, saved, text))
                self._written.add(key)
        except StoreError as error:
            self.trouble = str(error)
        else:
            self.trouble = ""
