"""Scenarios in the store: revisions, names, parents, deletion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sop_core.errors import StoreError
from sop_core.store import Store


def body(name: str, parent: str | None = None, **more: object) -> str:
    return json.dumps({"name": name, "parent": parent, "changes": []} | more)


def test_save_and_load(store: Store) -> None:
    saved = store.save_scenario("Peak", body("Peak"), "anna")
    assert saved == store.load_scenario("Peak")
    assert (saved.revision, saved.owner, saved.parent, saved.json) == (1, "anna", None, body("Peak"))
    assert saved.created.utcoffset() is not None
    assert [s.name for s in store.scenarios()] == ["Peak"]


def test_a_save_in_between_is_told_and_not_overwritten(store: Store) -> None:
    first = store.save_scenario("Peak", body("Peak"), "anna", 0)
    store.save_scenario("Peak", body("Peak", note="ben"), "ben", first.revision)
    with pytest.raises(StoreError, match=r"ben saved scenario 'Peak' at .*revision 2, yours is 1"):
        store.save_scenario("Peak", body("Peak", note="anna"), "anna", first.revision)
    assert "ben" in store.load_scenario("Peak").json
    assert store.load_scenario("Peak").owner == "anna"
    with pytest.raises(StoreError, match="already a scenario"):
        store.save_scenario("Peak", body("Peak"), "anna", 0)
    assert store.save_scenario("Peak", body("Peak"), "anna").revision == 3


def test_saving_what_was_deleted_meanwhile_is_told(store: Store) -> None:
    revision = store.save_scenario("Peak", body("Peak"), "anna").revision
    store.delete_scenario("Peak", "ben")
    with pytest.raises(StoreError, match="renamed or deleted"):
        store.save_scenario("Peak", body("Peak"), "anna", revision)


def test_history_keeps_every_revision(store: Store) -> None:
    store.save_scenario("Peak", body("Peak"), "anna")
    store.save_scenario("Peak", body("Peak", note="more"), "ben")
    store.rename_scenario("Peak", "Spring", "carl")
    store.delete_scenario("Spring", "dora")
    told = [(r.revision, r.action, r.name, r.who) for r in store.scenario_history("Spring")]
    assert told == [
        (4, "deleted", "Spring", "dora"),
        (3, "renamed", "Spring", "carl"),
        (2, "saved", "Peak", "ben"),
        (1, "saved", "Peak", "anna"),
    ]
    assert json.loads(store.scenario_history("Spring")[1].json)["name"] == "Spring"
    store.save_scenario("Spring", body("Spring"), "eve")
    assert len(store.scenario_history("Spring")) == 1
    with pytest.raises(StoreError, match="never was"):
        store.scenario_history("Autumn")


def test_renaming_takes_children_along(store: Store) -> None:
    store.save_scenario("Peak", body("Peak"), "anna")
    store.save_scenario("Child", body("Child", "Peak"), "anna")
    renamed = store.rename_scenario("Peak", "  Spring ", "ben")
    assert (renamed.name, json.loads(renamed.json)["name"]) == ("Spring", "Spring")
    child = store.load_scenario("Child")
    assert (child.parent, json.loads(child.json)["parent"]) == ("Spring", "Spring")
    with pytest.raises(StoreError, match="no scenario 'Peak'"):
        store.load_scenario("Peak")


def test_names_are_unique_whatever_their_case(store: Store) -> None:
    store.save_scenario("Peak", body("Peak"), "anna")
    for attempt in (
        lambda: store.save_scenario("PEAK", body("PEAK"), "ben"),
        lambda: store.duplicate_scenario("Peak", "peak", "ben"),
        lambda: (store.save_scenario("B", body("B"), "ben"), store.rename_scenario("B", "peaK", "ben")),
    ):
        with pytest.raises(StoreError, match="already a scenario 'Peak'"):
            attempt()
    assert store.rename_scenario("Peak", "PEAK", "anna").name == "PEAK"


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "two\nlines", "Base", "base"])
def test_names_that_cannot_be(store: Store, name: str) -> None:
    with pytest.raises(StoreError):
        store.save_scenario(name, body(name), "anna")
    assert store.scenarios() == ()


def test_duplicate(store: Store) -> None:
    store.save_scenario("Peak", body("Peak", "Base"), "anna")
    twin = store.duplicate_scenario("Peak", "Peak 2", "ben")
    assert (twin.owner, twin.parent, twin.revision) == ("ben", "Base", 1)
    assert json.loads(twin.json) == json.loads(body("Peak 2", "Base"))


def test_deletion_is_refused_while_it_has_children(store: Store) -> None:
    store.save_scenario("Peak", body("Peak"), "anna")
    store.save_scenario("Child", body("Child", "Peak"), "anna")
    with pytest.raises(StoreError, match="parent of 'Child'"):
        store.delete_scenario("Peak", "anna")
    store.delete_scenario("Child", "anna")
    store.delete_scenario("Peak", "anna")
    assert store.scenarios() == ()


def test_parents_must_exist_and_not_go_in_circles(store: Store) -> None:
    with pytest.raises(StoreError, match="names the parent 'Nobody'"):
        store.save_scenario("A", body("A", "Nobody"), "anna")
    store.save_scenario("A", body("A", "Base"), "anna")
    store.save_scenario("B", body("B", "A"), "anna")
    with pytest.raises(StoreError, match="its own ancestor"):
        store.save_scenario("A", body("A", "B"), "anna")


@pytest.mark.parametrize("text", ["", "not json", "[1, 2]", '"text"', "{" + '"a":1' * 10, " " * 1_000_001])
def test_text_that_is_no_scenario(store: Store, text: str) -> None:
    with pytest.raises(StoreError):
        store.save_scenario("A", text, "anna")
    assert store.scenarios() == ()


def test_unknown_names_list_what_there_is(store: Store) -> None:
    with pytest.raises(StoreError, match="none yet"):
        store.load_scenario("A")
    store.save_scenario("Peak", body("Peak"), "anna")
    with pytest.raises(StoreError, match="The store has 'Peak'"):
        store.delete_scenario("A", "anna")


def test_scenarios_outlive_the_process(store: Store) -> None:
    store.save_scenario("Peak", body("Peak", note="Überstunden €"), "anna")
    path: Path = store.path
    store.close()
    with Store.open(path) as again:
        assert json.loads(again.load_scenario("Peak").json)["note"] == "Überstunden €"
