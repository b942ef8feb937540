"""A locked scenario on the Scenarios page: seen as locked, moved as a what-if, saved as a branch."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import scenario_menu
from pages.parts.state import Work
from sop_core.changes import DemandGrowth
from sop_core.scenario import History, Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company with a locked scenario of 5 % more demand."""
    path = companies.build(tmp_path / "line.duckdb", companies.full_line())
    scenario = Scenario("Board").add(DemandGrowth(pct=0.05))
    with Store.open(path) as opened:
        opened.save_scenario(scenario.name, scenario.to_json(), "Ada", 0)
        opened.lock_scenario("Board", "Ada", "Shown to the board")
    monkeypatch.setenv("SOP_STORE", str(path))
    return path


def page() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["scenario"] = "Board"
    return app.switch_page("pages/scenarios.py").run()


def locks(app: AppTest) -> str:
    return "\n".join(c.value for c in app.caption if ":material/lock:" in c.value)


def test_the_page_says_who_locked_it_and_the_way_out(store: Path) -> None:
    app = page()
    assert not app.exception
    assert "Shown to the board\\: locked by Ada on" in locks(app)
    assert "What you move is a what-if on it; save it as a branch" in locks(app)


def test_levers_make_a_what_if_and_undo_gives_the_locked_one_back(store: Path) -> None:
    app = page()
    app.slider(key="lever_demand_growth").set_value(9.0).run()
    assert "This is What-if on Board; save it as a branch" in locks(app)
    app.slider(key="lever_demand_growth").set_value(5.0).run()
    assert "What you move is a what-if on it" in locks(app)
    app.slider(key="lever_demand_growth").set_value(9.0).run()
    app.button(key="undo").click().run()
    assert "What you move is a what-if on it" in locks(app)
    app.button(key="redo").click().run()
    assert "This is What-if on Board" in locks(app)
    with Store.open(store) as opened:
        assert "0.05" in opened.load_scenario("Board").json


def worked(scenario: Scenario) -> Work:
    return Work(History(scenario), scenario, 1)


def test_the_menu_offers_what_a_lock_allows() -> None:
    work = worked(Scenario("Board"))
    by_hand, agreed = scenario_menu.Lock("why", agreed=False), scenario_menu.Lock("why", agreed=True)
    assert scenario_menu.choices("Board", work, agreed) == ["Save as a branch", "Duplicate"]
    assert scenario_menu.choices("Board", work, by_hand)[-1] == "Take the lock off"
    assert "Lock" in scenario_menu.choices("Board", work)
    work.history = work.history.push(work.saved.add(DemandGrowth(pct=0.1)))
    assert "Lock" not in scenario_menu.choices("Board", work)
    assert "Discard changes" in scenario_menu.choices("Board", work, agreed)
    for lock in (by_hand, agreed):
        assert not {"Save", "Rename", "Delete", "Note"} & set(scenario_menu.choices("Board", work, lock))
    assert scenario_menu.choices("Base", worked(Scenario.base())) == []


def test_edits_of_a_locked_scenario_bear_a_name_of_their_own() -> None:
    work = worked(Scenario("Board"))
    work.locked = True
    assert work.scenario.name == "Board"
    work.history = work.history.push(work.history.present.add(DemandGrowth(pct=0.1)))
    assert (work.scenario.name, work.changed) == ("What-if on Board", True)
    work.history = work.history.push(work.history.present.remove(0))
    assert (work.scenario.name, work.changed) == ("Board", False)
