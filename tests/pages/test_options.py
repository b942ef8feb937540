"""Trade-offs, Options: found beside the screen, taken into the scenario and undone, saved, sought and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import jobs, state
from pages.parts.tradeoffs import options_kept
from sop_core.changes import DemandGrowth, Scope
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]


def line(demand: float = 300.0) -> dict[str, pd.DataFrame]:
    """The company of one line, with its busy month at the end, where what is late is lost."""
    tables = companies.full_line()
    plan = tables["demand_plan"]
    level = plan["quantity"].where(plan["quantity"] != 140.0, 60.0)
    last = (plan["month"] == plan["month"].max()) & (plan["product"] == "Anvil")
    tables["demand_plan"] = plan.assign(quantity=level.where(~last, demand))
    return tables


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return companies.build(tmp_path / "line.duckdb", line())


def opened(store: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("SOP_STORE", str(store))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in ({"tradeoffs_view": "Options"} | query).items():
        app.query_params[name] = value
    app = app.switch_page("pages/tradeoffs.py").run()
    assert not app.exception
    return app


def pressed(app: AppTest, key: str, job: str) -> AppTest:
    """Presses a button that starts a job, waits for its end, and runs the page again."""
    app.button(key=key).click().run()
    assert not app.exception
    started: jobs.Job[Any] = app.session_state["_jobs"][job]
    assert started.wait(120)
    assert not started.error
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def test_where_it_hurts_is_said_before_anything_is_tried(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options_kept, "UNASKED", -1.0)  # plans that take long are searched when asked
    app = opened(store, monkeypatch)
    assert "Forge is full" in said(app)
    assert "Nothing tried yet" in said(app)
    assert "Where this plan hurts" in said(app)
    assert "options" not in app.session_state["_jobs"] if "_jobs" in app.session_state else True
    assert not app.dataframe


def test_a_quick_search_starts_by_itself_once_a_scenario(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(store, monkeypatch)
    job: jobs.Job[Any] = app.session_state["_jobs"]["options"]
    assert job.wait(120)
    app.run()
    assert "Best found" in said(app)
    # Another session has the answer at once; an edit does not start the search again.
    other = opened(store, monkeypatch)
    assert "Best found" in said(other)
    assert "_jobs" not in other.session_state or "options" not in other.session_state["_jobs"]
    other.button(key="option_take").click().run()
    assert not other.exception
    assert "has changed since" in other.info[0].value
    assert "_jobs" not in other.session_state or "options" not in other.session_state["_jobs"]


def test_an_option_is_found_taken_and_undone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = pressed(opened(store, monkeypatch), "options_start", "options")
    table = app.dataframe[0].value
    assert list(table.columns) == ["Option", "Worth", "Margin", "Service", "Stock", "Cash", "Effort"]
    assert table["Worth"].is_monotonic_decreasing
    assert table["Worth"].iloc[0] > 0
    assert "Best found" in said(app)
    assert "plans made" in " ".join(box.label for box in app.expander)
    app.button(key="option_take").click().run()
    assert not app.exception
    work = app.session_state["_work"]["Base"]
    found = next(iter(app.session_state["_options"].values()))
    assert [step.change for step in work.history.present.steps] == list(found.options[0].changes)
    assert "has changed since" in app.info[0].value
    app.button(key="option_undo").click().run()
    assert work.history.present == Scenario.base()
    assert not app.info  # the answer kept for the plan before counts again
    assert not app.exception


def test_an_option_is_saved_as_a_scenario_of_its_own(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = pressed(opened(store, monkeypatch), "options_start", "options")
    app.text_input(key="option_name").set_value("More hours").run()
    app.button(key="option_save").click().run()
    assert not app.exception
    assert app.selectbox(key="scenario").value == "More hours"
    (kept,) = [one for one in state.store().scenarios() if one.name == "More hours"]
    found = next(iter(app.session_state["_options"].values()))
    assert Scenario.from_json(kept.json).active == found.options[0].changes
    # A name that is taken is refused in words.
    app.text_input(key="option_name").set_value("More hours").run()
    app.button(key="option_save").click().run()
    assert not app.exception
    assert app.error


def test_what_is_left_alone_is_not_proposed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(store, monkeypatch)
    app.get("button_group")[-1].set_value(["Supply"]).run()
    pressed(app, "options_start", "options")
    found = next(iter(app.session_state["_options"].values()))
    assert all(row.change.group != "Supply" for row in found.tried)


def test_what_it_would_take_is_answered_and_verified(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(store, monkeypatch, options_view="What would it take")
    assert "stands at" in said(app)
    assert "What can be asked for" in said(app)
    app.number_input(key="goal_service_level").set_value(99.0).run()
    pressed(app, "goal_start", "goal")
    assert "Service level of at least 99.00 %" in said(app)
    assert app.button(key="goal_take")
    app.selectbox(key="goal_kpi").select("stock_value").run()
    assert not app.exception
    assert "Stock value stands at" in said(app)


def test_the_frontier_is_drawn_and_a_plan_is_picked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = pressed(opened(store, monkeypatch, options_view="Frontier"), "frontier_start", "frontier")
    assert len(app.get("plotly_chart")) == 1
    picked = app.selectbox(key="frontier_point")
    assert picked.options
    assert "Worth" in said(app)
    for axis in ("Service against stock", "Service against cost"):
        group = next(g for g in app.get("button_group") if g.proto.id.endswith("frontier_axis"))
        group.set_value([axis]).run()
        assert not app.exception
    picked.set_value(0).run()
    assert "nothing to take" in said(app)


def test_nothing_short_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calm = companies.build(tmp_path / "calm.duckdb", line(60.0))
    app = opened(calm, monkeypatch)
    assert "All demand is served on time. There is nothing to find for service" in said(app)
    pressed(app, "options_start", "options")


def test_a_scenario_that_cannot_be_planned_is_explained(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alien = Scenario("Alien").add(DemandGrowth(scope=Scope.of(family="Bicycles"), pct=0.1))
    with Store.open(store) as opened_store:
        opened_store.save_scenario(alien.name, alien.to_json(), "Ada", 0)
    app = opened(store, monkeypatch, scenario="Alien")
    assert "cannot be planned" in app.error[0].value
