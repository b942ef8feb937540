"""Latest estimate, Accuracy and Order intake of the demand review, on full, bare and young companies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sop_core.demo import build as demo_tables
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ("Latest estimate", "Accuracy", "Order intake")
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("accuracy")
    with_past = companies.sales_only()
    with_past["past_forecasts"] = pd.DataFrame(
        {
            "cycle": pd.to_datetime(["2026-04-01", "2026-05-01", "2026-06-01"]),
            "month": pd.to_datetime(["2026-04-01", "2026-05-01", "2026-06-01"]),
            "product": "Anvil",
            "step": "consensus",
            "quantity": [200.0, 150.0, 150.0],
            "owner": "Ada",
        }
    )
    made = {
        "sales": companies.sales_only(),
        "young": companies.sales_only(4),
        "plan": companies.demand_plan_only(),
        "line": companies.full_line(),
        "past": with_past,
        "demo": demo_tables(),
    }
    return {name: companies.build(folder / f"{name}.duckdb", tables) for name, tables in made.items()}


@pytest.fixture
def opened(stores: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Open:
    def open_section(section: str, store: str, **query: str) -> AppTest:
        monkeypatch.setenv("SOP_STORE", str(stores[store]))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
        app.query_params["demand_view"] = section
        for name, value in query.items():
            app.query_params[name] = value
        return app.switch_page("pages/demand.py").run()

    return open_section


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("store", ["sales", "young", "plan", "line", "past", "demo"])
def test_every_section_opens_on_every_company(opened: Open, section: str, store: str) -> None:
    app = opened(section, store)
    assert not app.exception
    assert not app.error
    assert said(app).count("sop-headline") >= 2


def test_accuracy_names_the_step_and_family_that_made_it_worse(opened: Open) -> None:
    app = opened("Accuracy", "demo")
    text = said(app)
    assert "Lag 1, last 6 months (May-Oct 26)" in text
    assert "Sales input made it worse in Blowers" in text
    assert "Most of it: " in text
    assert "Tracking signal" in text
    assert "Value added" in text


def test_accuracy_follows_lag_span_step_level_and_owner(opened: Open) -> None:
    app = opened("Accuracy", "demo", show="Money")
    before = said(app)
    app.selectbox(key="accuracy_step").set_value("Sales input")
    app.selectbox(key="accuracy_span").set_value("12 months").run()
    app.selectbox(key="accuracy_level").set_value("Company")
    app.selectbox(key="accuracy_owner_3").set_value("Jonas Brandt").run()
    assert not app.exception
    assert "last 12 months" in said(app)
    assert said(app) != before


@pytest.mark.parametrize(
    "query", [{"region": "Italy"}, {"segment": "Online"}, {"level": "Product", "item": "MOW-37"}]
)
@pytest.mark.parametrize("section", SECTIONS)
def test_sections_follow_the_view(opened: Open, section: str, query: dict[str, str]) -> None:
    app = opened(section, "demo", **query)
    assert not app.exception
    assert not app.error


def test_forecasts_for_all_segments_together_say_so(opened: Open) -> None:
    assert "made for all segments together" in said(opened("Accuracy", "demo", segment="Online"))


def test_without_past_forecasts_the_backtests_say_what_to_expect(opened: Open) -> None:
    app = opened("Accuracy", "sales")
    assert "What accuracy to expect" in said(app)
    assert "past_forecasts.csv" in said(app)
    assert "Accuracy" in app.dataframe[-1].value.columns


def test_without_orders_the_intake_says_what_to_bring(opened: Open) -> None:
    assert "orders.csv" in said(opened("Order intake", "sales"))


def test_intake_projects_the_running_month(opened: Open) -> None:
    app = opened("Order intake", "demo")
    assert "on the books" in said(app)
    assert "if it fills as usual" in said(app)


def test_estimate_is_held_against_budget_and_the_last_cycle(opened: Open) -> None:
    text = said(opened("Latest estimate", "demo"))
    assert "budget" in text
    assert "the LE of Oct 26" in text
    assert "Gap to budget" in text


def test_keeping_an_estimate_adds_it_to_the_list(opened: Open, stores: dict[str, Path]) -> None:
    app = opened("Latest estimate", "line")
    app.session_state["estimate_tabs"] = "Estimates kept"
    app.run()
    app.text_input(key="estimate_note").set_value("before the board")
    next(b for b in app.button if b.label == "Keep this estimate").click().run()
    assert not app.exception
    kept = app.dataframe[-1].value
    assert "before the board" in kept["Note"].tolist()
    assert set(kept["How"]) == {"kept", "by itself at the opening"}
    del app
    with Store.open(stores["line"]) as store:
        assert store.estimates.list()[0].note == "before the board"
