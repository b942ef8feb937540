"""The keeper of drafts: nothing is written while the hands are at work, the last edit is what is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.parts.draft_keeper import DraftKeeper
from sop_core.changes import DemandGrowth
from sop_core.errors import StoreError
from sop_core.scenario import Scenario
from sop_core.store import Store
from sop_core.store.drafts import Draft, Drafts

OLD = Scenario("Peak")
NEW = OLD.add(DemandGrowth(pct=0.05))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "s.duckdb") as opened:
        yield opened


def test_an_edit_is_remembered_and_written_only_later(store: Store) -> None:
    keeper = DraftKeeper(store.drafts, quiet=60, longest=600)
    keeper.note("t", "Peak", "anna", 2, OLD, NEW)
    assert store.drafts.of("t") == ()
    keeper.flush()
    (found,) = store.drafts.of("t")
    assert Scenario.from_json(found.json) == NEW
    assert (Scenario.from_json(found.saved), found.revision, found.who) == (OLD, 2, "anna")


def test_it_writes_by_itself_in_a_thread_of_its_own(store: Store) -> None:
    written, threads = threading.Event(), []

    class Watched(Drafts):
        def keep(self, draft: Draft) -> None:
            super().keep(draft)
            threads.append(threading.current_thread())
            written.set()

    keeper = DraftKeeper(Watched(store._connection), quiet=0.01)
    keeper.note("t", "Peak", "anna", 1, OLD, NEW)
    assert written.wait(30)
    assert threads[0] is not threading.main_thread()
    assert len(store.drafts.of("t")) == 1


def test_of_many_edits_only_the_last_is_written(store: Store) -> None:
    keeper = DraftKeeper(store.drafts, quiet=60, longest=600)
    for pct in range(1, 20):
        keeper.note("t", "Peak", "anna", 1, OLD, OLD.add(DemandGrowth(pct=pct / 100)))
    keeper.note("u", "Peak", "ben", 1, OLD, NEW)
    keeper.flush()
    assert "0.19" in store.drafts.of("t")[0].json
    assert Scenario.from_json(store.drafts.of("u")[0].json) == NEW


def test_what_is_saved_or_given_up_leaves_no_draft(store: Store) -> None:
    keeper = DraftKeeper(store.drafts, quiet=60, longest=600)
    keeper.drop("t", "Peak")  # nothing to drop, nothing to write
    keeper.note("t", "Peak", "anna", 1, OLD, NEW)
    keeper.flush()
    keeper.drop("t", "Peak")
    keeper.flush()
    assert store.drafts.of("t") == ()
    keeper.note("t", "Peak", "anna", 1, OLD, NEW)
    keeper.drop("t", "Peak")
    keeper.flush()
    assert store.drafts.of("t") == ()


def test_a_draft_that_cannot_be_kept_is_told_and_the_next_one_is_tried(store: Store) -> None:
    class Full(Drafts):
        full = True

        def keep(self, draft: Draft) -> None:
            if self.full:
                raise StoreError("The disk is full.")
            super().keep(draft)

    drafts = Full(store._connection)
    keeper = DraftKeeper(drafts, quiet=60, longest=600)
    keeper.note("t", "Peak", "anna", 1, OLD, NEW)
    keeper.flush()
    assert keeper.trouble == "The disk is full."
    drafts.full = False
    keeper.note("t", "Peak", "anna", 1, OLD, NEW)
    keeper.flush()
    assert keeper.trouble == ""
    assert len(store.drafts.of("t")) == 1
