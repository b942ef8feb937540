"""Archived scenarios, what became of a name, and the revision that two scenarios come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sop_core.errors import StoreError
from sop_core.store import Store


def body(name: str, parent: str = "", note: str = "") -> str:
    return json.dumps({"name": name, "parent": parent, "note": note, "changes": []})


def save(store: Store, name: str, parent: str = "", note: str = "", who: str = "anna") -> int:
    return store.save_scenario(name, body(name, parent, note), who).revision


def origin(store: Store, one: str, other: str) -> tuple[str, int] | None:
    found = store.common_ancestor(one, other)
    assert found == store.common_ancestor(other, one)
    return None if found is None else (json.loads(found.json)["name"], found.revision)


# -- archive ----------------------------------------------------------------------------------------------


def test_an_archived_scenario_says_so_and_comes_back(store: Store) -> None:
    save(store, "Peak")
    assert store.load_scenario("Peak").archived is None
    put = store.archive_scenario("Peak", "ben", "superseded. ")
    assert put.archived is not None
    assert put.archived.startswith("Archived by ben on ")
    assert put.archived.endswith(": superseded")
    with pytest.raises(StoreError, match="archived already"):
        store.archive_scenario("Peak", "ben")
    assert store.unarchive_scenario("Peak", "cy").archived is None
    with pytest.raises(StoreError, match="not archived"):
        store.unarchive_scenario("Peak", "cy")
    assert [(r.archived, r.who, r.reason) for r in store.scenario_archives("Peak")] == [
        (False, "cy", ""),
        (True, "ben", "superseded"),
    ]
    assert store.scenario_archives("Peak")[0].sentence().startswith("Brought back by cy on ")


def test_an_archived_scenario_is_not_saved_over_and_keeps_its_name(store: Store) -> None:
    save(store, "Peak")
    store.archive_scenario("Peak", "ben")
    with pytest.raises(StoreError, match=r"is archived .*Bring it back"):
        store.save_scenario("Peak", body("Peak", note="late"), "anna", 1)
    with pytest.raises(StoreError, match=r"already a scenario 'Peak' \(archived\)"):
        store.save_scenario("PEAK", body("PEAK"), "anna", 0)
    assert save(store, "Branch", "Peak") == 1  # branches stay possible
    assert store.rename_scenario("Peak", "Old peak", "ben").archived is not None


def test_an_archive_outlives_the_process_and_other_scenarios_are_untouched(store: Store) -> None:
    save(store, "Peak")
    save(store, "Other")
    store.archive_scenario("Peak", "ben")
    path: Path = store.path
    store.close()
    with Store.open(path) as again:
        assert [s.name for s in again.scenarios() if s.archived is None] == ["Other"]


def test_who_saved_last_stands_beside_who_made_it(store: Store) -> None:
    save(store, "Peak", who="anna")
    save(store, "Peak", note="more", who="ben")
    found = store.load_scenario("Peak")
    assert (found.owner, found.by) == ("anna", "ben")


# -- what became of a name --------------------------------------------------------------------------------


def test_a_name_that_is_gone_is_traced(store: Store) -> None:
    assert store.trace_scenario("Peak") is None
    save(store, "Peak")
    store.rename_scenario("Peak", "Spring", "ben")
    renamed = store.trace_scenario("Peak")
    assert renamed is not None
    assert (renamed.now, renamed.who) == ("Spring", "ben")
    store.delete_scenario("Spring", "cy")
    for name in ("Peak", "Spring"):
        deleted = store.trace_scenario(name)
        assert deleted is not None
        assert deleted.now is None
    assert store.trace_scenario("Spring").who == "cy"  # type: ignore[union-attr]


# -- what two scenarios come from -------------------------------------------------------------------------


def test_a_branch_comes_from_its_parent_as_it_was_then(store: Store) -> None:
    save(store, "Peak", note="1")
    save(store, "Branch", "Peak")
    save(store, "Peak", note="2")
    assert origin(store, "Peak", "Branch") == ("Peak", 1)


def test_a_branch_of_an_older_revision_says_which(store: Store) -> None:
    for note in "123":
        save(store, "Peak", note=note)
    store.save_scenario("Back", body("Back", "Peak"), "anna", 0, source=("Peak", 2))
    assert origin(store, "Peak", "Back") == ("Peak", 2)


def test_siblings_come_from_the_revision_where_the_older_line_began(store: Store) -> None:
    save(store, "Peak", note="1")
    save(store, "A", "Peak")
    save(store, "Peak", note="2")
    save(store, "B", "Peak")
    save(store, "C", "B")
    assert origin(store, "A", "B") == ("Peak", 1)
    assert origin(store, "A", "C") == ("Peak", 1)
    assert origin(store, "C", "Peak") == ("Peak", 2)


def test_a_merge_moves_the_origin(store: Store) -> None:
    save(store, "Peak", note="1")
    save(store, "Branch", "Peak")
    save(store, "Branch", "Peak", note="more")
    merged = store.save_scenario("Peak", body("Peak"), "anna", 1, source=("Branch", 2))
    assert store.scenario_history("Peak")[0].action == "merged"
    assert merged.revision == 2
    save(store, "Branch", "Peak", note="most")
    assert origin(store, "Peak", "Branch") == ("Branch", 2)


def test_duplicates_come_from_their_original(store: Store) -> None:
    save(store, "Peak")
    store.duplicate_scenario("Peak", "Twin", "ben")
    assert origin(store, "Peak", "Twin") == ("Peak", 1)


def test_strangers_have_only_the_base_in_common(store: Store) -> None:
    save(store, "A")
    save(store, "B", "Base")
    assert origin(store, "A", "B") is None
    with pytest.raises(StoreError, match="no scenario 'C'"):
        store.common_ancestor("A", "C")


def test_origins_survive_renaming(store: Store) -> None:
    save(store, "Peak")
    save(store, "Branch", "Peak")
    store.rename_scenario("Peak", "Spring", "ben")
    assert origin(store, "Spring", "Branch") == ("Peak", 1)
