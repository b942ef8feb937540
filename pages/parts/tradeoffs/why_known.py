"""Explanations worked out before, for all sessions: by data, scenario and subject, the latest few."""

from __future__ import annotations

import threading
from collections import OrderedDict

import streamlit as st

from pages.parts.context import View
from sop_core.explain import Explanation, Finding, Subject, findings

#: Priced explanations and lists of exceptions kept; the least recently used go first.
MOST = 96

Key = tuple[str, str, str, str]


class Known:
    """A bounded memory, safe for sessions side by side."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Explanation | tuple[Finding, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Explanation | tuple[Finding, ...] | None:
        """What is kept for the key."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Key, what: Explanation | tuple[Finding, ...]) -> None:
        """Keeps it, and lets the oldest go."""
        with self._lock:
            self._kept[key] = what
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)


@st.cache_resource(max_entries=1, show_spinner=False)
def memory() -> Known:
    """The process's memory."""
    return Known()


def key(view: View, subject: Subject | None = None) -> Key:
    """What an answer rests on: the data, cleansing verdicts, the scenario's acting changes, the subject."""
    about = "" if subject is None else subject.key
    data = f"{view.desk.version} {view.company.snapshot.fingerprint}"
    return data, view.company.verdicts.fingerprint(), view.scenario.fingerprint(), about


def all_findings(view: View) -> tuple[Finding, ...]:
    """The exceptions of the plan shown, from memory where they were listed before. Raises PlanError."""
    known = memory().get(key(view))
    if isinstance(known, tuple):
        return known
    found = findings(view.plan)
    memory().put(key(view), found)
    return found


def priced(view: View, subject: Subject) -> Explanation | None:
    """An explanation with its worth, where it was worked out before."""
    known = memory().get(key(view, subject))
    return known if isinstance(known, Explanation) else None
