"""Decisions and issues in the store: every revision kept, nobody's edit lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from sop_core.cycle.decision import APPROVED, PROPOSED, Decision
from sop_core.cycle.issue import OPEN, RESOLVED, Issue
from sop_core.errors import StoreError
from sop_core.store import Store

ENTRIES: dict[str, Any] = {
    "decisions": Decision(
        "Overtime in February", why="Trail is late", owner="Anna", due=dt.date(2027, 1, 15)
    ),
    "issues": Issue("Who pays the shift", ("Sales", "Production"), "Anna", dt.date(2027, 1, 15)),
}
BOTH = pytest.mark.parametrize("kind", ["decisions", "issues"])


def test_every_revision_of_a_decision_is_kept(store: Store) -> None:
    first = ENTRIES["decisions"]
    added = store.decisions.add(first, "anna")
    assert (added.revision, added.action, added.value) == (1, "added", first)
    second = store.decisions.change(added.id, replace(first, owner="Ben"), "ben", 1)
    third = store.decisions.change(added.id, replace(second.value, state=APPROVED, comment="Go"), "carl", 2)
    store.decisions.change(added.id, replace(third.value, state=PROPOSED), "dora", 3)
    told = [(r.revision, r.action, r.who) for r in store.decisions.history(added.id)]
    assert told == [
        (4, "proposed", "dora"),
        (3, "approved", "carl"),
        (2, "changed", "ben"),
        (1, "added", "anna"),
    ]
    assert all(r.at.utcoffset() is not None for r in store.decisions.history(added.id))
    trail = store.decisions.trail()[added.id]
    assert [(step.action, step.who) for step in trail] == [row[1:] for row in reversed(told)]
    other = store.decisions.add(replace(first, title="Another"), "anna")
    assert [(r.id, r.revision) for r in store.decisions.list()] == [(added.id, 4), (other.id, 1)]
    assert store.decisions.get(other.id) == other


def test_an_issue_is_resolved_and_opened_again(store: Store) -> None:
    added = store.issues.add(ENTRIES["issues"], "anna")
    done = store.issues.change(added.id, replace(added.value, state=RESOLVED, outcome="Sales"), "ben", 1)
    again = store.issues.change(added.id, replace(done.value, state=OPEN), "carl", 2)
    assert (done.action, again.action) == ("resolved", "open")
    assert [r.value.state for r in store.issues.history(added.id)] == [OPEN, RESOLVED, OPEN]


@BOTH
def test_a_change_in_between_is_told_and_not_overwritten(store: Store, kind: str) -> None:
    register, entry = getattr(store, kind), ENTRIES[kind]
    first = register.add(entry, "anna")
    register.change(first.id, replace(entry, title="Ben was here"), "ben", 1)
    with pytest.raises(StoreError, match=r"ben changed 'Ben was here' at .*revision 2, yours is 1"):
        register.change(first.id, replace(entry, title="Anna was here"), "anna", 1)
    (now,) = register.list()
    assert (now.revision, now.value.title) == (2, "Ben was here")


@BOTH
def test_the_same_again_is_no_revision_and_the_stamp_moves_with_each_write(store: Store, kind: str) -> None:
    register, entry = getattr(store, kind), ENTRIES[kind]
    assert register.stamp() == 0
    first = register.add(entry, "anna")
    assert register.change(first.id, entry, "ben", 1) == first
    assert register.stamp() == 1
    register.change(first.id, replace(entry, title="New"), "ben", 1)
    assert register.stamp() == 2


@BOTH
def test_unknown_numbers_are_explained(store: Store, kind: str) -> None:
    register = getattr(store, kind)
    for ask in (register.get, register.history, lambda n: register.change(n, ENTRIES[kind], "anna", 1)):
        with pytest.raises(StoreError, match=f"no {kind[:-1]} number 7"):
            ask(7)


def test_decisions_and_issues_are_there_when_the_store_is_opened_again(store: Store) -> None:
    path = store.path
    for kind, entry in ENTRIES.items():
        getattr(store, kind).add(entry, "anna")
    store.close()
    with Store.open(path) as again:
        assert [r.value for r in again.decisions.list()] == [ENTRIES["decisions"]]
        assert [r.value for r in again.issues.list()] == [ENTRIES["issues"]]
