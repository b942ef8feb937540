"""Agreements and locks in the store: whole or not at all, one winner, nothing agreed ever changes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sop_core.cycle.agreement import Agreement, Voice, fingerprint
from sop_core.errors import ReviewError, StoreError
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.store.agreed import CYCLE, estimate, proposal

ROOT = Path(__file__).resolve().parents[2]
ADA, BEN = Voice("Ada", "Sales"), Voice("Ben", "Operations")


def agree(store: Store, version: int = 1, **more: object) -> Agreement:
    return store.agreements.agree(proposal(version, **more), [ADA, BEN], "Ada")  # type: ignore[arg-type]


def test_an_agreement_keeps_numbers_scenario_lock_and_voices(store: Store) -> None:
    agreed = agree(store, note="as discussed")
    assert store.agreements.current(CYCLE) == agreed
    assert (agreed.version, agreed.scenario, agreed.note, agreed.who) == (
        1,
        "Demand Nov 26 v1",
        "as discussed",
        "Ada",
    )
    assert [(v.name, v.role) for v in agreed.voices] == [("Ada", "Sales"), ("Ben", "Operations")]
    assert all(v.at is not None and v.at.utcoffset() is not None for v in agreed.voices)
    assert agreed.fingerprint == fingerprint(estimate(), agreed.first_month, agreed.last_month)
    kept = store.estimates.load(agreed.estimate)
    assert (kept.kind, kept.scenario) == ("agreed", "Demand Nov 26 v1")
    np.testing.assert_array_equal(kept.consensus, estimate().consensus)
    stored = store.load_scenario("Demand Nov 26 v1")
    assert stored.json == agreed.scenario_json
    assert stored.locked is not None
    assert stored.locked.startswith("Demand agreed for Nov 26 (v1): locked by Ada on")
    assert agreed.sentence().endswith("by 2 people (v1)")
    assert "Ada (Sales) and Ben (Operations)" in agreed.minutes()
    assert store.agreements.current(CYCLE + 1) is None


def test_a_saved_scenario_is_agreed_as_it_stands(store: Store) -> None:
    saved = store.save_scenario("Consensus", Scenario("Consensus").to_json(), "anna")
    agreed = agree(store, scenario=Scenario("Consensus"), expected=saved.revision)
    assert agreed.scenario == "Consensus"
    assert store.load_scenario("Consensus").revision == saved.revision
    assert store.load_scenario("Consensus").locked


def test_a_scenario_saved_in_between_is_not_agreed(store: Store) -> None:
    saved = store.save_scenario("Consensus", Scenario("Consensus").to_json(), "anna")
    store.save_scenario("Consensus", Scenario("Consensus", note="more").to_json(), "ben")
    with pytest.raises(StoreError, match="saved again since you opened it"):
        agree(store, scenario=Scenario("Consensus"), expected=saved.revision)
    nothing_was_written(store)
    assert store.load_scenario("Consensus").locked is None


def nothing_was_written(store: Store) -> None:
    assert store.agreements.list() == ()
    assert store.estimates.list() == ()


def test_nobody_or_a_taken_name_writes_nothing(store: Store) -> None:
    with pytest.raises(StoreError, match="at least one person"):
        store.agreements.agree(proposal(), [], "Ada")
    store.save_scenario("Demand Nov 26 v1", Scenario("Demand Nov 26 v1").to_json(), "anna")
    with pytest.raises(StoreError, match="already a scenario"):
        agree(store)
    nothing_was_written(store)


def test_of_two_who_agree_at_once_one_wins(store: Store) -> None:
    outcomes: list[object] = []
    ready = threading.Barrier(2)

    def one(who: str) -> None:
        ready.wait()
        try:
            scenario = Scenario(f"Demand of {who}")
            outcomes.append(store.agreements.agree(proposal(scenario=scenario), [Voice(who)], who))
        except StoreError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=one, args=(who,)) for who in ("Ada", "Ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = (o for o in outcomes if isinstance(o, Agreement))
    (lost,) = (o for o in outcomes if isinstance(o, StoreError))
    assert f"{won.who} agreed demand for Nov 26 (v1)" in str(lost)
    assert "Add your name to it, or reopen it" in str(lost)
    assert store.agreements.list() == (won,)
    assert [s.name for s in store.scenarios()] == [won.scenario]


def test_more_people_join_later_each_once(store: Store) -> None:
    agreed = agree(store)
    later = store.agreements.add_voices(agreed.id, [Voice("Cy", "Finance"), Voice("ada")])
    assert [v.name for v in later.voices] == ["Ada", "Ben", "Cy"]
    assert replace(later, voices=agreed.voices) == agreed
    with pytest.raises(StoreError, match="agreed already"):
        store.agreements.add_voices(agreed.id, [Voice("BEN")])


def test_reopening_keeps_the_version_and_the_next_is_v2(store: Store) -> None:
    first = agree(store)
    for who, reason in (("Dora", " "), (" ", "a reason")):
        with pytest.raises(StoreError, match="Say"):
            store.agreements.reopen(first.id, who, reason)
    back = store.agreements.reopen(first.id, "Dora", "The Polish listing moved.")
    assert store.agreements.current(CYCLE) is None
    assert not back.in_force
    assert back.reopened is not None
    assert (back.reopened.who, back.reopened.reason) == ("Dora", "The Polish listing moved")
    assert "Reopened" in back.minutes()
    assert store.load_scenario("Demand Nov 26 v1").locked is None
    locks = [(record.locked, record.who) for record in store.scenario_locks("Demand Nov 26 v1")]
    assert locks == [(False, "Dora"), (True, "Ada")]
    for attempt in (
        lambda: store.agreements.reopen(first.id, "Eve", "again"),
        lambda: store.agreements.add_voices(first.id, [Voice("Eve")]),
    ):
        with pytest.raises(StoreError, match="Dora reopened Nov 26"):
            attempt()
    with pytest.raises(StoreError, match="agree on version 2"):
        agree(store)
    second = agree(store, 2, scenario=Scenario("Demand Nov 26 v2"))
    assert store.agreements.list(CYCLE) == (second, back)
    assert store.agreements.list(CYCLE + 1) == ()
    assert replace(back, reopened=None) == first


def test_what_was_agreed_is_never_deleted(store: Store) -> None:
    first = agree(store)
    store.agreements.reopen(first.id, "Dora", "late")
    with pytest.raises(StoreError, match="used by the agreement Nov 26 v1"):
        store.delete_scenario("Demand Nov 26 v1", "anna")


# -- locks --


def refused(store: Store) -> None:
    for attempt in (
        lambda: store.save_scenario("Peak", Scenario("Peak", note="new").to_json(), "ben"),
        lambda: store.rename_scenario("Peak", "Summit", "ben"),
        lambda: store.delete_scenario("Peak", "ben"),
        lambda: store.lock_scenario("Peak", "ben", "mine"),
    ):
        with pytest.raises(StoreError, match=r"locked by .*Derive a new scenario from it"):
            attempt()


def test_a_locked_scenario_stays_as_it_is(store: Store) -> None:
    saved = store.save_scenario("Peak", Scenario("Peak").to_json(), "anna")
    locked = store.lock_scenario("Peak", "anna", "Shown to the board.")
    assert locked.locked is not None
    assert locked.locked.startswith("Shown to the board: locked by anna on ")
    refused(store)
    assert replace(store.load_scenario("Peak"), locked=None) == saved
    assert store.duplicate_scenario("Peak", "Peak 2", "ben").locked is None
    child = store.save_scenario("Child", Scenario("Child", parent="Peak").to_json(), "ben")
    assert (child.parent, child.locked) == ("Peak", None)


def test_a_lock_comes_off_with_a_reason_that_is_kept(store: Store) -> None:
    store.save_scenario("Peak", Scenario("Peak").to_json(), "anna")
    with pytest.raises(StoreError, match="is not locked"):
        store.unlock_scenario("Peak", "ben", "why not")
    with pytest.raises(StoreError, match="Say why"):
        store.lock_scenario("Peak", "anna", "  ")
    store.lock_scenario("Peak", "anna", "Shown to the board")
    with pytest.raises(StoreError, match="Say why"):
        store.unlock_scenario("Peak", "ben", "")
    assert store.unlock_scenario("Peak", "ben", "The board wants more").locked is None
    assert store.save_scenario("Peak", Scenario("Peak", note="more").to_json(), "ben").revision == 2
    told = [(record.locked, record.who, record.reason) for record in store.scenario_locks("Peak")]
    assert told == [(False, "ben", "The board wants more"), (True, "anna", "Shown to the board")]
    store.lock_scenario("Peak", "carl", "again")
    refused(store)


def test_an_agreements_lock_goes_by_reopening_only(store: Store) -> None:
    agreed = agree(store)
    with pytest.raises(StoreError, match="Reopen the agreement"):
        store.unlock_scenario(agreed.scenario, "ben", "I want to")
    assert store.load_scenario(agreed.scenario).locked


# -- proposals --


def test_months_must_lie_within_the_plan() -> None:
    with pytest.raises(ReviewError, match="Nov 26-Apr 27"):
        proposal(first=CYCLE - 1)
    with pytest.raises(ReviewError, match="first to last"):
        proposal(first=CYCLE + 3, last=CYCLE + 1)


@pytest.mark.parametrize("delay", [0.02, 0.11, 0.23])
def test_a_kill_in_the_middle_leaves_all_or_nothing(tmp_path: Path, delay: float) -> None:
    """Killed at an arbitrary moment of a loop of agreeing and reopening, every agreement in the store is whole."""
    path = tmp_path / "s.duckdb"
    Store.open(path).close()
    process = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    time.sleep(delay)
    process.kill()
    told = [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    with Store.open(path) as store:
        found = store.agreements.list(CYCLE)
        assert [a.version for a in found] == list(range(len(found), 0, -1))
        assert len(found) >= max(told, default=0)
        assert len(store.estimates.list()) == len(found)
        assert {s.name for s in store.scenarios()} == {a.scenario for a in found}
        for position, agreement in enumerate(found):
            assert agreement.in_force == (position == 0) or not agreement.in_force
            assert len(agreement.voices) == 2
            kept = store.estimates.load(agreement.estimate)
            assert fingerprint(kept, agreement.first_month, agreement.last_month) == agreement.fingerprint
            assert bool(store.load_scenario(agreement.scenario).locked) == agreement.in_force


VICTIM = """
import sys
from sop_core.cycle.agreement import Voice
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.store.agreed import proposal
store = Store.open(sys.argv[1])
print("ready", flush=True)
version = 0
while True:
    version += 1
    given = proposal(version, scenario=Scenario(f"Demand v{version}"), size=30)
    agreed = store.agreements.agree(given, [Voice("Ada"), Voice("Ben")], "Ada")
    print(version, flush=True)
    store.agreements.reopen(agreed.id, "Ada", "next")
"""
