"""The register of assumptions in the store: revisions, and nobody's edit lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from sop_core.cycle.assumption import RETIRED, Assumption
from sop_core.errors import StoreError
from sop_core.store import Store

LISTING = Assumption(
    "Polish listing", "growth", 0.03, 0.01, 0.05, dt.date(2026, 11, 1), dt.date(2027, 5, 31), owner="Sales East"
)  # fmt: skip


def test_every_revision_is_kept(store: Store) -> None:
    added = store.assumptions.add(LISTING, "anna")
    assert (added.revision, added.action, added.assumption) == (1, "added", LISTING)
    second = store.assumptions.change(added.id, replace(LISTING, value=0.04), "ben", 1)
    gone = store.assumptions.change(added.id, replace(second.assumption, status=RETIRED), "carl", 2)
    back = store.assumptions.change(added.id, second.assumption, "dora", 3)
    assert (gone.action, back.action) == ("retired", "taken up again")
    told = [(r.revision, r.action, r.who) for r in store.assumptions.history(added.id)]
    assert told == [
        (4, "taken up again", "dora"),
        (3, "retired", "carl"),
        (2, "changed", "ben"),
        (1, "added", "anna"),
    ]
    other = store.assumptions.add(replace(LISTING, driver="Index clause"), "anna")
    assert [(r.id, r.revision) for r in store.assumptions.list()] == [(added.id, 4), (other.id, 1)]
    assert all(r.at.utcoffset() is not None for r in store.assumptions.list())


def test_a_change_in_between_is_told_and_not_overwritten(store: Store) -> None:
    first = store.assumptions.add(LISTING, "anna")
    store.assumptions.change(first.id, replace(LISTING, note="ben was here"), "ben", 1)
    with pytest.raises(StoreError, match=r"ben changed 'Polish listing' at .*revision 2, yours is 1"):
        store.assumptions.change(first.id, replace(LISTING, note="anna was here"), "anna", 1)
    (now,) = store.assumptions.list()
    assert (now.revision, now.assumption.note) == (2, "ben was here")


def test_the_same_again_is_no_revision(store: Store) -> None:
    first = store.assumptions.add(LISTING, "anna")
    assert store.assumptions.change(first.id, LISTING, "ben", 1) == first


def test_an_event_is_adopted_once(store: Store) -> None:
    store.assumptions.add(replace(LISTING, event="Listing in Poland"), "anna")
    with pytest.raises(StoreError, match="anna has adopted the event 'Listing in Poland' already"):
        store.assumptions.add(replace(LISTING, event="Listing in Poland"), "ben")
    store.assumptions.add(LISTING, "ben")
    assert len(store.assumptions.list()) == 2


def test_unknown_numbers_are_explained(store: Store) -> None:
    with pytest.raises(StoreError, match="no assumption number 7"):
        store.assumptions.change(7, LISTING, "anna", 1)
    with pytest.raises(StoreError, match="no assumption number 7"):
        store.assumptions.history(7)
