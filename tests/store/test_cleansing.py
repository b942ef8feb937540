"""Verdicts on the cleansing in the store: revisions, replay, taking back, imports, two at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.demand.cleansing import Rule, Verdict, Verdicts
from sop_core.errors import StoreError
from sop_core.store import Store
from tests.pages import companies

ALL_PROMOTIONS = Rule("promotion")
ONE = Rule("outlier", item="Anvil", month="2025-03")


def test_nothing_decided_is_revision_zero(store: Store) -> None:
    assert store.cleansing.revision() == 0
    assert store.cleansing.verdicts() == Verdicts()
    assert store.cleansing.history() == ()


def test_each_call_is_a_revision_and_the_last_word_counts(store: Store) -> None:
    assert store.cleansing.decide([(ALL_PROMOTIONS, False), (ONE, True)], "anna", "no proof") == 1
    assert store.cleansing.decide([(ONE, False)], "ben") == 2
    found = store.cleansing.verdicts()
    assert found.all == (Verdict(ALL_PROMOTIONS, False), Verdict(ONE, False))
    assert found.revision == store.cleansing.revision() == 2


def test_every_older_state_reads_back_exactly(store: Store) -> None:
    states = [store.cleansing.verdicts()]
    for number, verdict in enumerate([True, False, None, True, None]):
        rules = [(ONE, verdict)] + ([(Rule("returns"), False)] if number == 1 else [])
        store.cleansing.decide(rules, "anna")
        states.append(store.cleansing.verdicts())
    assert [store.cleansing.verdicts(n) for n in range(len(states))] == states
    with pytest.raises(StoreError, match="newest is 5"):
        store.cleansing.verdicts(6)


def test_a_decision_that_changes_nothing_writes_nothing(store: Store) -> None:
    store.cleansing.decide([(ONE, True)], "anna")
    assert store.cleansing.decide([(ONE, True)], "ben") == 1
    assert store.cleansing.decide([(Rule("returns"), None)], "ben") == 1
    assert store.cleansing.decide([], "ben") == 1
    assert len(store.cleansing.history()) == 1


def test_taking_back_a_revision_restores_what_was_before(store: Store) -> None:
    store.cleansing.decide([(ONE, True)], "anna")
    store.cleansing.decide([(ONE, False), (ALL_PROMOTIONS, False)], "ben")
    assert store.cleansing.take_back(2, "anna") == 3
    assert store.cleansing.verdicts().all == (Verdict(ONE, True),)
    told = [(d.revision, d.who, d.note) for d in store.cleansing.history()]
    assert told == [(3, "anna", "Revision 2 taken back"), (2, "ben", ""), (1, "anna", "")]
    with pytest.raises(StoreError, match="no revision 9"):
        store.cleansing.take_back(9, "anna")


def test_taking_back_leaves_what_somebody_decided_since(store: Store) -> None:
    store.cleansing.decide([(ONE, True), (ALL_PROMOTIONS, False)], "anna")
    store.cleansing.decide([(ONE, False)], "ben")
    store.cleansing.take_back(1, "anna")
    assert store.cleansing.verdicts().all == (Verdict(ONE, False),)


def test_what_comes_back_keeps_its_place_among_equally_narrow_rules(store: Store) -> None:
    """Item and month meet in one correction: the later rule counts, also after an undo."""
    item, month = Rule("outlier", item="Anvil"), Rule("outlier", month="2025-03")
    store.cleansing.decide([(item, True)], "anna")
    store.cleansing.decide([(month, False)], "anna")
    store.cleansing.decide([(item, None)], "anna")
    store.cleansing.take_back(3, "anna")
    assert store.cleansing.verdicts().all == store.cleansing.verdicts(2).all
    assert not store.cleansing.verdicts().accepts("outlier", "Anvil", "All", "All", "2025-03")
    # Writing rules again to keep their place is no decision on them.
    assert store.cleansing.history()[0].changes == ((item, True),)
    store.cleansing.take_back(2, "anna")
    assert store.cleansing.verdicts().all == (Verdict(item, True),)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule("gremlins"), "no correction of kind"),
        (Rule("outlier", month="March"), "2026-03"),
        (Rule("outlier", month="2025-13"), "2026-03"),
        (Rule("partial last month"), "plan_start"),
    ],
)
def test_rules_that_cannot_be_are_refused_whole(store: Store, rule: Rule, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        store.cleansing.decide([(ONE, True), (rule, True)], "anna")
    assert store.cleansing.revision() == 0


def test_verdicts_outlive_imports_and_the_process(store: Store) -> None:
    """Rules are names and months: new data do not touch them, and names that are gone are kept."""
    store.import_tables(companies.sales_only(), "test")
    kept = Rule("promotion", item="Sold off", region="Île-de-France", cause='"Quoted", ünï')
    store.cleansing.decide([(ONE, True), (kept, False)], "anna", "Überstunden €")
    before = store.cleansing.verdicts()
    store.import_tables(companies.sales_only(31), "test")
    path: Path = store.path
    store.close()
    with Store.open(path) as again:
        assert again.cleansing.verdicts() == before
        assert again.cleansing.history()[0].note == "Überstunden €"
        assert again.cleansing.history()[0].at.utcoffset() is not None


def test_many_at_once_lose_no_decision(store: Store) -> None:
    def decide(number: int) -> None:
        for n in range(5):
            store.cleansing.decide([(Rule("outlier", item=f"P{number}-{n}"), True)], f"planner {number}")

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.cleansing.revision() == 20
    assert len(store.cleansing.verdicts().all) == 20
    assert [d.revision for d in store.cleansing.history()] == list(range(20, 0, -1))


NAMES = st.sampled_from(["", "A", "B"])
RULES = st.builds(
    Rule,
    kind=st.sampled_from(["outlier", "promotion"]),
    item=NAMES,
    region=NAMES,
    segment=NAMES,
    month=st.sampled_from(["", "2025-01", "2025-02"]),
    cause=NAMES,
)
VERDICTS = st.lists(st.builds(Verdict, RULES, st.booleans()), max_size=12).map(
    lambda found: Verdicts(tuple(found))
)


@given(VERDICTS)
def test_the_mask_says_what_single_verdicts_say(verdicts: Verdicts) -> None:
    """All cells at once and one by one: the narrowest rule counts, of equally narrow ones the last."""
    names, months = ("A", "B", "C"), ("2025-01", "2025-02", "2025-03")
    for kind in ("outlier", "promotion", "stock-out"):
        mask = verdicts.mask(kind, names, names[:2], names[1:], months, "A")
        for i, item in enumerate(names):
            for r, region in enumerate(names[:2]):
                for m, segment in enumerate(names[1:]):
                    for h, month in enumerate(months):
                        assert mask[i, r, m, h] == verdicts.accepts(kind, item, region, segment, month, "A")
