"""The studio as it is read: tree, sentences, differences, addresses, files. One company for all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import scenario_menu
from pages.parts.scenarios import studio, studio_files, studio_tree
from pages.parts.state import Work
from sop_core.errors import ScenarioError
from sop_core.scenario import History, Scenario
from sop_core.store import Store
from tests.pages.studio import GROW, HOURS, ODD, PRICE, build, page, press, said, sentences, tick


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("studio"))


@pytest.fixture
def path(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOP_STORE", str(built))
    return built


def token(app: AppTest) -> str:
    found: Any = app.query_params["draft"]
    return str(found[0] if isinstance(found, list) else found)


def lever(app: AppTest, value: float) -> None:
    app.slider(key="lever_demand_growth").set_value(value).run()


def test_the_tree_tells_what_comes_from_what_and_who_did_it(path: Path) -> None:
    app = page()
    labels = [b.label for b in app.button if str(b.key).startswith("tree_choose_")]
    assert labels[0] == "Base"
    peak = next(at for at, label in enumerate(labels) if label == "└ Peak")
    assert labels[peak + 1] == "\u2003└ Branch"
    assert not any("Old" in label for label in labels)
    text = said(app)
    assert "<b>2 changes</b> · rev 2 · Ben (of Ada)" in text
    assert "Options for March" in text
    assert "SCENARIOS (3)".casefold() in text.casefold()
    assert any("never a copy: 4 take" in c.value for c in app.caption)


def test_archived_ones_are_there_when_asked_for(path: Path) -> None:
    app = page()
    app.toggle(key="studio_archived").set_value(True).run()
    assert any("Old" in str(b.label) for b in app.button)
    assert "superseded" in said(app)


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("Peak", [], "Peak 2"),
        ("Peak", ["peak 2"], "Peak 3"),
        ("Peak 7", ["Peak 8"], "Peak 9"),
        ("Plan 2027", [], "Plan 2027 2"),
        ("What-if 0", [], "What-if 1"),
        ("x" * 120, [], "x" * 114 + " 2"),
    ],
)
def test_the_next_free_name(name: str, taken: list[str], free: str) -> None:
    assert studio_tree.free_name(name, taken) == free


def test_sentences_are_moved_muted_duplicated_and_removed(path: Path) -> None:
    app = page("Branch")
    start = sentences(app)
    assert len(start) == 3
    assert app.button(key="studio_up").disabled
    tick(app, 2)
    press(app, "studio_up")
    assert sentences(app)[1].endswith(start[2].partition(" ")[2])
    assert app.checkbox(key="studio_pick_1").value  # the tick goes along
    assert not app.checkbox(key="studio_pick_2").value
    press(app, "studio_up")
    press(app, "studio_up")  # at the top it stays
    assert app.checkbox(key="studio_pick_0").value
    press(app, "studio_mute")
    assert sentences(app)[0].startswith("~~")
    press(app, "studio_mute")
    press(app, "studio_duplicate")
    assert len(sentences(app)) == 4
    assert "muted" in sentences(app)[1]
    press(app, "studio_remove")
    assert len(sentences(app)) == 3
    assert not any(app.checkbox(key=f"studio_pick_{at}").value for at in range(3))
    press(app, "studio_undo")
    assert len(sentences(app)) == 4
    assert "not saved" in said(app)
    with Store.open(path) as store:
        assert Scenario.from_json(store.load_scenario("Branch").json).active == (HOURS, GROW, PRICE)


def test_all_are_ticked_and_none(path: Path) -> None:
    app = page("Branch")
    press(app, "studio_all")
    assert all(app.checkbox(key=f"studio_pick_{at}").value for at in range(3))
    assert app.button(key="studio_edit").disabled  # one at a time
    press(app, "studio_all")
    assert app.button(key="studio_mute").disabled


def test_the_base_has_nothing_to_tick_and_merges_nothing(path: Path) -> None:
    app = page("Base")
    assert "No changes yet" in said(app)
    assert app.button(key="studio_merge").disabled
    assert "The base takes no changes" in app.button(key="studio_merge").help


def test_the_difference_is_told_in_sentences(path: Path) -> None:
    app = page("Branch", studio_view="Difference")
    assert app.selectbox(key="studio_against_Branch").value == "Peak"
    assert "1 differences" in said(app)
    assert "Added: All products: price +2 %" in said(app)
    app.selectbox(key="studio_against_Branch").select("Base").run()
    assert "3 differences" in said(app)


def test_the_menu_archives_and_brings_back() -> None:
    work = Work(History(Scenario("Peak")), Scenario("Peak"), 1)
    assert scenario_menu.ARCHIVE in scenario_menu.choices("Peak", work)
    work.archived = True
    assert scenario_menu.choices("Peak", work) == ["Save as a branch", "Duplicate", "Bring it back"]
    work.history = work.history.push(work.saved.add(GROW))
    assert "Discard changes" in scenario_menu.choices("Peak", work)
    work.archived = False
    assert scenario_menu.ARCHIVE not in scenario_menu.choices("Peak", work)


def test_an_archived_scenario_is_chosen_only_by_its_address(path: Path) -> None:
    assert "Old" not in page().selectbox(key="scenario").options
    app = page("Old")
    assert app.selectbox(key="scenario").value == "Old"
    assert "Old (archived)" in app.selectbox(key="scenario").options
    assert any("superseded" in c.value for c in app.caption)
    app.selectbox(key="scenario").select("Peak").run()
    assert "Old (archived)" not in app.selectbox(key="scenario").options


@pytest.mark.parametrize("where", ["scenarios", "supply", "demand", "overview"])
def test_a_scenario_opens_by_its_address_on_every_page(path: Path, where: str) -> None:
    app = page(ODD, where)
    assert app.selectbox(key="scenario").value == ODD


def test_links_carry_any_name() -> None:
    assert studio.link("http://host/scenarios", "Base") == "http://host/scenarios"
    assert (
        studio.link("http://h/s", "a&b=c d", mode="Studio") == "http://h/s?scenario=a%26b%3Dc%20d&mode=Studio"
    )


def test_a_name_that_never_was_is_told(path: Path) -> None:
    app = page("Nobody")
    assert "there never was one" in app.warning[0].value
    press(app, "lost_stay")
    assert not app.warning


def test_a_save_over_somebody_elses_opens_the_merge(path: Path) -> None:
    work = Work(History(Scenario("Peak")), Scenario("Peak"), 1)
    with pytest.MonkeyPatch.context() as patch:
        asked: list[str] = []
        patch.setattr(scenario_menu, "overtaken", lambda name, work: True)
        patch.setattr(scenario_menu.merging, "after_save", lambda name, work: asked.append(name))
        scenario_menu.act(scenario_menu.SAVE, "Peak", work)
    assert asked == ["Peak"]


def test_a_what_if_on_the_base_is_kept_too(path: Path) -> None:
    app = page("Base", mode="What-if")
    lever(app, -20.0)
    again = page("Base", mode="What-if", draft=token(app))
    assert again.slider(key="lever_demand_growth").value == 0  # never taken up unasked
    press(again, "draft_take")
    assert again.slider(key="lever_demand_growth").value == -20
    press(again, "undo")
    assert again.slider(key="lever_demand_growth").value == 0


def test_a_file_goes_out_and_comes_in_as_it_was() -> None:
    scenario = Scenario(ODD, "Ada", "Peak", "Why", ()).add(GROW.noted("fair"))
    assert studio_files.read(scenario.to_json().encode(), "x.json") == scenario
    assert studio_files.read(b"\xef\xbb\xbf" + scenario.to_json().encode(), "x.json") == scenario
    name = studio_files.file_name(scenario)
    assert name.endswith(".json")
    assert not set(name) & set('<>:"/\\|?*')
    assert studio_files.file_name(Scenario("???")) == "___.json"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "x.json: "),
        (b"month,product", "x.json: "),
        (b"[]", "must hold one object"),
        (b'{"name": "A", "changes": [{"kind": "demand_grow"}]}', "Did you mean 'demand_growth'"),
        (b'{"name": "A", "changes": [{"kind": "demand_growth", "pct": "five"}]}', "change 1: "),
        (b'{"name": "A", "format": 99}', "newer release"),
        (b'{"name": "A", "name": "B"}', "name"),
        ('{"name": "Übung"}'.encode("latin-1"), "not a text in UTF-8"),
        (b" " * 4_000_001, "no scenario is that long"),
    ],
)
def test_a_file_that_is_no_scenario_is_explained(data: bytes, words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        studio_files.read(data, "x.json")
    assert words in str(caught.value)
