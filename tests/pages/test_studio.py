"""The studio at work: branches, sentences, merges, history, drafts; nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.scenarios import studio_history, studio_tree
from sop_core.changes import DemandGrowth, Scope
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages.studio import GROW, HOURS, ODD, PRICE, build, keep, page, press, row, said, sentences, tick


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = build(tmp_path)
    monkeypatch.setenv("SOP_STORE", str(path))
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened


# -- the tree ---------------------------------------------------------------------------------------------


def test_a_branch_is_made_at_once_from_any_scenario_and_from_the_base(path: Path, store: Store) -> None:
    app = page()
    press(app, f"tree_branch_{row(app, 'Peak')}")
    assert app.selectbox(key="scenario").value == "Peak 2"
    made = store.load_scenario("Peak 2")
    assert (made.parent, made.owner) == ("Peak", "test@example.com")
    assert Scenario.from_json(made.json).active == (HOURS, GROW)
    press(app, "tree_branch_-1")
    assert app.selectbox(key="scenario").value == "What-if 1"
    assert not Scenario.from_json(store.load_scenario("What-if 1").json).steps
    origin = store.common_ancestor("Peak", "Peak 2")
    assert origin is not None
    assert origin.revision == 2


def test_lines_search_and_leave_out(store: Store) -> None:
    records = store.scenarios()
    assert [(line.record.name, line.depth) for line in studio_tree.lines(records, archived=True)] == [
        ("Old", 0),
        ("Peak", 0),
        ("Branch", 1),
        (ODD, 0),
    ]
    found = studio_tree.lines(records, search=" for march")
    assert [line.record.name for line in found] == ["Peak"]
    assert [line.record.name for line in studio_tree.lines(records, search="cy")] == ["Branch"]
    store.archive_scenario("Peak", "Ada")
    open_ones = studio_tree.lines(store.scenarios())
    assert [(line.record.name, line.depth) for line in open_ones] == [("Branch", 0), (ODD, 0)]


def test_two_hundred_scenarios_are_overlays_and_add_next_to_nothing(path: Path) -> None:
    """No table of data grows, the store's file hardly does, and the base plan is solved once for all of them."""
    with Store.open(path) as store:
        before = store.content_fingerprint(), store.versions(), path.stat().st_size
        peak = Scenario.from_json(store.load_scenario("Peak").json)
        for number in range(200):
            keep(store, replace(peak, name=f"Peak no {number}", parent="Peak"))
        assert (store.content_fingerprint(), store.versions()) == before[:2]
        assert sum(len(s.json) for s in store.scenarios()) < 200_000
    assert path.stat().st_size - before[2] < 2_000_000
    app = page("Peak no 77")
    assert len([b for b in app.button if str(b.key).startswith("tree_choose_")]) == studio_tree.MOST + 1
    assert any("more: search by name" in c.value for c in app.caption)
    app.text_input(key="studio_search").set_value("no 199").run()
    assert len([b for b in app.button if str(b.key).startswith("tree_choose_")]) == 2


# -- sentences --------------------------------------------------------------------------------------------


def test_a_change_that_does_not_fit_is_named(path: Path) -> None:
    with Store.open(path) as opened:
        keep(opened, Scenario("Alien").add(DemandGrowth(scope=Scope.of(family="Bicycles"), pct=0.1)))
    app = page("Alien")
    assert any("There is no family" in w.value for w in app.warning)
    assert len(sentences(app)) == 1


# -- saved in between -------------------------------------------------------------------------------------


# -- dialogs: a script that keeps one open, as the browser does ------------------------------------------


def dialog(body: str, name: str = "Peak") -> AppTest:
    script = f"""
import streamlit as st
from pages.parts import merging, state
from pages.parts.scenarios import studio_steps
st.session_state.setdefault("_view", {{}})
work = state.work({name!r})
{body}
"""
    app = AppTest.from_string(script, default_timeout=120).run()
    assert not app.exception
    return app


def test_a_branch_is_merged_back_with_its_conflict_named(path: Path, store: Store) -> None:
    branch = Scenario.from_json(store.load_scenario("Branch").json)
    keep(store, branch.replace(1, DemandGrowth(pct=0.09)), "Cy")
    keep(
        store, Scenario.from_json(store.load_scenario("Peak").json).replace(1, DemandGrowth(pct=0.02)), "Ben"
    )
    app = dialog("merging.scenarios('Peak', work, ['Branch'])")
    assert any("Both changed: All products: demand" in m.value.replace("\\", "") for m in app.markdown)
    assert app.button(key="merge_save").disabled
    (choice,) = [r for r in app.radio if str(r.key).startswith("merge_")]
    choice.set_value("theirs").run()
    press(app, "merge_save")
    stored = store.load_scenario("Peak")
    assert Scenario.from_json(stored.json).active == (HOURS, DemandGrowth(pct=0.09), PRICE)
    assert Scenario.from_json(stored.json).note == "Options for March"
    assert store.scenario_history("Peak")[0].action == "merged"
    again = dialog("merging.scenarios('Peak', work, ['Branch'])")
    assert any("No conflict" in m.value for m in again.success)
    assert again.button(key="merge_save").disabled  # nothing more comes in


EDIT = """
if 'edited' not in st.session_state:
    st.session_state['edited'] = True
    work.history = work.history.push(work.history.present.remove(0))
"""


def test_what_was_saved_in_between_is_merged_and_nothing_is_lost(path: Path, store: Store) -> None:
    app = dialog(f"{EDIT}\nst.text('open')")
    keep(store, Scenario.from_json(store.load_scenario("Peak").json).add(PRICE), "Ben")
    app = dialog(
        "from sop_core.scenario import Scenario, History\nfrom pages.parts.state import Work\n"
        "if 'edited' not in st.session_state:\n"
        "    st.session_state['edited'] = True\n"
        "    old = Scenario.from_json(state.store().scenario_history('Peak')[1].json)\n"
        "    state.adopt('Peak', Work(History(old).push(old.remove(0)), old, 2))\n"
        "merging.after_save('Peak', state.work('Peak'))"
    )
    assert "Removed: Forge" in said(app)
    assert "Added: All products: price +2 %" in said(app)
    press(app, "merge_save")
    assert Scenario.from_json(store.load_scenario("Peak").json).active == (GROW, PRICE)
    told = [(r.revision, r.who) for r in store.scenario_history("Peak")]
    assert told[:2] == [(4, "test@example.com"), (3, "Ben")]


def test_a_session_with_nothing_unsaved_sees_the_newer_one_and_the_other_is_told(
    path: Path, store: Store
) -> None:
    one, other = page(), page()
    tick(one, 0)
    press(one, "studio_remove")
    keep(store, Scenario.from_json(store.load_scenario("Peak").json).add(PRICE), "Ben")
    one.run()
    other.run()
    assert len(sentences(other)) == 3
    assert len(sentences(one)) == 1
    assert any("Ben saved" in m.value for m in one.markdown)
    press(one, "overtaken_merge")
    assert "Added: All products: price +2 %" in said(one)


def test_a_change_gets_its_note(path: Path) -> None:
    app = dialog("studio_steps._note(work, 1)\nst.text(work.history.present.sentences()[1])")
    app.text_input(key="studio_note_text").set_value("retail order")
    next(b for b in app.button if b.label == "Keep the note").click().run()
    assert "retail order" in app.text[0].value


def test_ticked_ones_are_moved_into_another_scenario_and_not_saved_there(path: Path, store: Store) -> None:
    app = dialog(
        "studio_steps._send('Branch', work, [0, 2])\nst.text(str(len(work.history.present.steps)))\n"
        "st.text(str(len(state.work('Peak').history.present.steps)))",
        "Branch",
    )
    assert "Old" not in app.selectbox(key="studio_send_to").options
    app.selectbox(key="studio_send_to").select("Peak")
    app.button(key="studio_move").click().run()
    assert [t.value for t in app.text] == ["1", "3"]  # the hours stood there already
    assert "1 stood there already" in app.session_state["_studio_told"]
    assert len(Scenario.from_json(store.load_scenario("Peak").json).steps) == 2


# -- by address -------------------------------------------------------------------------------------------


def test_a_deleted_scenario_says_so_and_comes_back(path: Path, store: Store) -> None:
    store.delete_scenario("Branch", "Cy")
    app = page("Branch", "supply")
    assert app.selectbox(key="scenario").value == "Base"
    (warning,) = app.warning
    assert "“Branch” was deleted by Cy on" in warning.value
    app.run()
    assert app.warning  # it stays until it is answered
    press(app, "lost_restore")
    assert app.selectbox(key="scenario").value == "Branch"
    assert not app.warning
    assert Scenario.from_json(store.load_scenario("Branch").json).active == (HOURS, GROW, PRICE)


def test_a_renamed_scenario_is_found_again(path: Path, store: Store) -> None:
    store.rename_scenario("Branch", "Spring", "Cy")
    app = page("Branch")
    assert "is now called “Spring”" in app.warning[0].value
    press(app, "lost_open")
    assert app.selectbox(key="scenario").value == "Spring"


def test_unsaved_changes_survive_the_deletion_of_their_scenario(path: Path, store: Store) -> None:
    app = page("Branch")
    tick(app, 0)
    press(app, "studio_remove")
    store.delete_scenario("Branch", "Cy")
    app.run()
    assert "Your unsaved changes on it are kept" in app.warning[0].value
    press(app, "lost_restore")
    assert Scenario.from_json(store.load_scenario("Branch").json).active == (GROW, PRICE)


def test_unsaved_changes_follow_a_renamed_scenario(path: Path, store: Store) -> None:
    app = page("Branch")
    tick(app, 0)
    press(app, "studio_remove")
    store.rename_scenario("Branch", "Spring", "Cy")
    app.run()
    press(app, "lost_open")
    assert app.selectbox(key="scenario").value == "Spring"
    assert len(sentences(app)) == 2
    assert "not saved" in said(app)


# -- history ----------------------------------------------------------------------------------------------


def test_the_history_is_told_in_sentences_newest_first(path: Path, store: Store) -> None:
    store.lock_scenario("Peak", "Dora", "Shown to the board")
    app = page("Peak", studio_view="History")
    text = said(app)
    order = [
        text.index(words)
        for words in ("Locked: Shown to the board", "Added: All products: demand +5 %", "Made from the base")
    ]
    assert order == sorted(order)
    assert "<b>Ben</b>" in text
    assert "Note: Options for March" in text


def test_an_older_revision_is_restored_and_opened_as_a_branch(path: Path, store: Store) -> None:
    app = page("Peak", studio_view="History")
    assert app.button(key="history_restore_2").disabled
    press(app, "history_restore_1")
    assert "not saved" in said(app)
    assert len(store.scenario_history("Peak")) == 2  # nothing is written until it is saved
    press(app, "history_branch_1")
    assert app.selectbox(key="scenario").value == "Peak 2"
    assert Scenario.from_json(store.load_scenario("Peak 2").json).active == (HOURS,)
    origin = store.common_ancestor("Peak", "Peak 2")
    assert origin is not None
    assert origin.revision == 1


def test_a_revision_that_cannot_be_read_is_told(store: Store) -> None:
    text = json.dumps({"name": "Peak", "changes": [{"kind": "from a later release"}]})
    store.save_scenario("Peak", text, "Eve")
    newest = studio_history.entries(store.scenario_history("Peak"), (), ())[0]
    assert newest.said[0].startswith("Cannot be read: change 1: there is no kind")


def test_renaming_a_parent_is_told_by_its_branch(store: Store) -> None:
    store.rename_scenario("Peak", "Spring", "Ben")
    newest = studio_history.entries(store.scenario_history("Branch"), (), ())[0]
    assert newest.said == ("Comes from “Spring” now",)


# -- drafts -----------------------------------------------------------------------------------------------


def token(app: AppTest) -> str:
    found: Any = app.query_params["draft"]
    return str(found[0] if isinstance(found, list) else found)


def test_a_reload_offers_what_was_not_saved(path: Path, store: Store) -> None:
    app = page("Branch")
    assert "draft" not in app.query_params
    tick(app, 0)
    press(app, "studio_remove")
    before = token(app)
    again = page("Branch", "supply", draft=before)  # what a reload does: the same address, a new session
    assert "Removed: Forge" in said(again)
    assert "are kept</b>" in said(again)
    press(again, "draft_take")
    assert token(again) != before
    again.switch_page("pages/scenarios.py").run()
    studio_again = said(again)
    assert "not saved" in studio_again
    assert "are kept</b>" not in studio_again
    once_more = page("Branch", draft=before)
    assert not any(b.key == "draft_take" for b in once_more.button)  # it was taken up
    assert len(sentences(once_more)) == 3


def test_drafts_are_left_and_found_in_the_studio(path: Path) -> None:
    app = page("Branch")
    tick(app, 0)
    press(app, "studio_remove")
    again = page("Branch", draft=token(app))
    press(again, "draft_leave")
    assert "draft" not in again.query_params
    assert len(sentences(again)) == 3
    later = page("Branch", studio_view="Unsaved drafts")
    assert "Removed: Forge" in said(later)
    press(later, "draft_take_0")
    assert "not saved" in said(later)
    last = page("Branch", studio_view="Unsaved drafts")
    drops = [b.key for b in last.button if str(b.key).startswith("draft_drop_")]
    press(last, drops[-1])
    assert len([b for b in last.button if str(b.key).startswith("draft_drop_")]) == len(drops) - 1


def test_nobody_takes_up_the_draft_of_somebody_else(path: Path, store: Store) -> None:
    app = page("Branch")
    tick(app, 0)
    press(app, "studio_remove")
    page("Branch", draft=token(app))  # writes what is due
    (draft,) = store.drafts.of(token(app))
    store.drafts.keep(replace(draft, who="Somebody else"))
    again = page("Branch", draft=token(app))
    assert not any(b.key == "draft_take" for b in again.button)
    assert "None: everything was saved" in said(page("Branch", studio_view="Unsaved drafts"))


def test_saving_and_undoing_leave_no_draft(path: Path, store: Store) -> None:
    app = page("Branch")
    tick(app, 0)
    press(app, "studio_remove")
    mine = token(app)
    page("Peak", draft=mine)
    assert len(store.drafts.of(mine)) == 1
    press(app, "studio_undo")
    assert "draft" not in app.query_params
    page("Peak", draft="another")  # the next session's arrival writes what is due
    assert store.drafts.of(mine) == ()


def test_a_draft_of_a_deleted_scenario_goes_on_as_a_what_if(path: Path, store: Store) -> None:
    app = page("Branch")
    tick(app, 0)
    press(app, "studio_remove")
    store.delete_scenario("Branch", "Cy")
    again = page("Peak", draft=token(app))
    press(again, "draft_take")
    assert again.selectbox(key="scenario").value == "Base"
    assert len(sentences(again)) == 2


# -- files ------------------------------------------------------------------------------------------------
