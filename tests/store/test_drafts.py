"""Drafts of unsaved work in the store: one a session and scenario, bounded in number, size and time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sop_core.errors import StoreError
from sop_core.store import Store
from sop_core.store import drafts as module
from sop_core.store.drafts import DAYS, Draft


def draft(token: str = "t1", name: str = "Peak", text: str = "{}", who: str = "anna") -> Draft:
    return Draft(token, name, who, 3, '{"name": "Peak"}', text)


def test_a_draft_is_written_over_as_the_work_goes_on(store: Store) -> None:
    store.drafts.keep(draft(text="1"))
    store.drafts.keep(draft(text="2"))
    (found,) = store.drafts.of("t1")
    assert (found.name, found.who, found.revision, found.json, found.taken) == ("Peak", "anna", 3, "2", None)
    assert found.at is not None
    assert found.at.utcoffset() == dt.timedelta(0)


def test_sessions_do_not_meet(store: Store) -> None:
    store.drafts.keep(draft("t1", text="mine"))
    store.drafts.keep(draft("t2", text="theirs"))
    store.drafts.keep(draft("t2", "Base", "what-if"))
    assert [d.json for d in store.drafts.of("t1")] == ["mine"]
    store.drafts.drop("t2", "Peak")
    assert [d.json for d in store.drafts.of("t1")] == ["mine"]
    assert [d.json for d in store.drafts.of("t2")] == ["what-if"]
    store.drafts.drop("t2")
    assert store.drafts.of("t2") == ()
    store.drafts.drop("nobody", "nothing")


def test_people_see_their_own(store: Store) -> None:
    store.drafts.keep(draft("t1", who="anna"))
    store.drafts.keep(draft("t2", who="ben"))
    assert [d.token for d in store.drafts.by("anna")] == ["t1"]
    assert store.drafts.by("cy") == ()


def test_what_was_taken_up_stays_and_says_so_until_it_is_edited_again(store: Store) -> None:
    store.drafts.keep(draft())
    store.drafts.take("t1", "Peak")
    assert store.drafts.of("t1")[0].taken is not None
    store.drafts.keep(draft())
    assert store.drafts.of("t1")[0].taken is None


def test_old_drafts_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = module.utc_now
    monkeypatch.setattr(module, "utc_now", lambda: real() - dt.timedelta(days=DAYS + 1))
    store.drafts.keep(draft("old"))
    monkeypatch.setattr(module, "utc_now", real)
    assert store.drafts.of("old") == ()  # not shown even before it is swept away
    store.drafts.keep(draft("new"))
    assert [d.token for d in store.drafts.by("anna")] == ["new"]


def test_the_oldest_go_where_there_are_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for number in range(5):
        store.drafts.keep(draft(f"t{number}"))
    assert [d.token for d in store.drafts.by("anna")] == ["t4", "t3", "t2"]


def test_a_draft_that_is_too_long_is_refused_in_words(store: Store) -> None:
    with pytest.raises(StoreError, match="longer than 1,000,000 characters"):
        store.drafts.keep(draft(text=" " * 1_000_001))


def test_drafts_outlive_the_process(store: Store) -> None:
    store.drafts.keep(draft(text="Überstunden €"))
    path: Path = store.path
    store.close()
    with Store.open(path) as again:
        assert again.drafts.of("t1")[0].json == "Überstunden €"
