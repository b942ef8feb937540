"""The Risk section: on companies that brought everything, one table, or a demand plan alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import jobs
from pages.parts.tradeoffs import risk as section
from sop_core import changes
from sop_core.demo import build as demo_tables
from sop_core.errors import PlanError
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]

Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A store of each kind, built once; the demo's with a scenario of its own."""
    folder = tmp_path_factory.mktemp("risk")
    made = {
        "sales": companies.sales_only(),
        "plan": companies.demand_plan_only(),
        "line": companies.full_line(),
        "demo": demo_tables(),
    }
    paths = {name: companies.build(folder / f"{name}.duckdb", tables) for name, tables in made.items()}
    more = Scenario.base().add(changes.SafetyStockCover(pct=0.5)).rename("Safer")
    with Store.open(paths["demo"]) as store:
        store.save_scenario(more.name, more.to_json(), "Planner")
    return paths


@pytest.fixture
def opened(stores: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the section on one of the stores."""

    def open_section(store: str, **query: str) -> AppTest:
        monkeypatch.setenv("SOP_STORE", str(stores[store]))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=240)
        app.query_params["tradeoffs_view"] = "Risk"
        for name, value in query.items():
            app.query_params[name] = value
        return app.switch_page("pages/tradeoffs.py").run()

    return open_section


def said(app: AppTest) -> str:
    """All text on the page."""
    blocks = [block.proto.body for block in app.get("html")]  # type: ignore[attr-defined]
    return "\n".join(
        [*blocks, *(str(part.value) for kind in ("markdown", "info") for part in getattr(app, kind))]
    )


@pytest.mark.parametrize("store", ["sales", "plan", "line", "demo"])
def test_the_section_opens_with_its_sentence_table_and_method(opened: Open, store: str) -> None:
    app = opened(store)
    assert not app.exception
    assert not app.error
    text = said(app)
    assert 'id="risk-headline"' in text
    assert "Service level, %" in text
    assert "1,000 paths from seed 1" in text
    assert len(app.get("plotly_chart")) >= 2


def test_a_demand_plan_alone_says_what_is_assumed_and_what_to_bring(opened: Open) -> None:
    text = said(opened("plan"))
    assert "No forecast error is known" in text.replace("\\", "")
    assert "No targets: bring <b>targets</b>" in text
    assert "eight of ten paths" in text


def test_targets_and_budget_have_a_probability(opened: Open) -> None:
    text = said(opened("demo"))
    assert "98 % service level" in text
    assert ">target 98.5 %</span>" in text
    assert ">budget " in text
    assert "Items: mean correlation" in text
    assert "over-forecast by" in text.replace("\\", "")


def test_another_seed_and_more_paths_are_other_paths(opened: Open) -> None:
    app = opened("line")
    before = said(app)
    app.number_input(key="risk_seed").set_value(7).run()
    assert not app.exception
    assert "from seed 7" in said(app)
    assert said(app) != before
    app.number_input(key="risk_seed").set_value(1).run()
    assert said(app) == before
    app.segmented_control(key="risk_paths").set_value(200).run()
    assert "200 paths from seed 1" in said(app)


def test_scenarios_are_compared_on_the_same_paths(opened: Open) -> None:
    app = opened("demo")
    app.multiselect(key="risk_beside").set_value(["Safer"]).run()
    assert not app.exception
    text = said(app)
    assert "better than Base" in text
    assert "Misses target: service level" in text
    app = opened("demo", scenario="Safer")
    assert not app.exception
    assert "Safer" not in app.multiselect(key="risk_beside").options


def test_what_carries_the_risk_follows_the_choice(opened: Open) -> None:
    app = opened("demo")
    assert "of the units late or lost in the paths that miss the target" in said(app)
    app.segmented_control(key="risk_of").set_value("Margin").run()
    assert "of the swing in margin" in said(app)
    app.segmented_control(key="risk_by").set_value("Products").run()
    app.segmented_control(key="risk_of").set_value("Stock").run()
    assert not app.exception
    assert "of the swing in stock value" in said(app)


def test_a_large_company_is_simulated_beside_the_screen(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frame and progress at once, the answer when the work has ended."""
    section._shelf.clear()
    monkeypatch.setattr(section, "AT_ONCE", 0)
    app = opened("line")
    assert not app.exception
    job = app.session_state["_jobs"]["risk"]
    assert isinstance(job, jobs.Job)
    assert job.wait(60)
    app.run()
    assert not app.exception
    assert 'id="risk-headline"' in said(app)


def test_a_simulation_that_failed_says_why_and_can_be_started_again(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    section._shelf.clear()
    monkeypatch.setattr(section, "AT_ONCE", 0)

    def refused(*_: object, **__: object) -> None:
        raise PlanError("The simulation was stopped before its first paths.")

    with monkeypatch.context() as broken:
        broken.setattr(section.core, "simulate", refused)
        app = opened("sales")
        assert app.session_state["_jobs"]["risk"].wait(60)
        app.run()
    assert not app.exception
    assert "before its first paths" in app.warning[0].value
    app.button(key="risk_again").click().run()
    assert app.session_state["_jobs"]["risk"].wait(60)
    app.run()
    assert 'id="risk-headline"' in said(app)
