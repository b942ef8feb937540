"""Portfolio and production mode on the Products page: read, filter by class, plan a way out, take it over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sop_core.demo import build as demo_tables
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("stores")
    made = {
        "sales": companies.sales_only(),
        "plan": companies.demand_plan_only(),
        "line": companies.full_line(),
        "demo": demo_tables(),
    }
    return {name: companies.build(folder / f"{name}.duckdb", tables) for name, tables in made.items()}


@pytest.fixture
def opened(stores: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Open:
    def open_page(section: str, store: str) -> AppTest:
        monkeypatch.setenv("SOP_STORE", str(stores[store]))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
        app.query_params["products_view"] = section
        return app.switch_page("pages/products.py").run()

    return open_page


def said(app: AppTest) -> str:
    parts = [block.proto.body for block in app.get("html")]  # type: ignore[attr-defined]
    return "\n".join([*parts, *(str(info.value) for info in app.info)])


def button(app: AppTest, key: str) -> bool:
    return any(found.key == key for found in app.button)


@pytest.mark.parametrize("section", ["Portfolio", "Production mode"])
@pytest.mark.parametrize("store", ["sales", "plan", "line", "demo"])
def test_every_company_has_both_sections(opened: Open, section: str, store: str) -> None:
    app = opened(section, store)
    assert not app.exception
    assert not app.error
    assert "sop-headline" in said(app)
    assert "nan" not in said(app).replace("finance", "")
    assert len(app.dataframe) == 1


def test_sales_alone_are_told_what_is_missing(opened: Open) -> None:
    text = said(opened("Portfolio", "sales"))
    assert "Nothing has a price" in text
    assert "No resource has a limit" in text
    assert "No orders" in said(opened("Production mode", "sales"))


def test_a_class_shows_its_items_alone(opened: Open) -> None:
    app = opened("Portfolio", "demo")
    everything = len(app.dataframe[0].value)
    app.button(key="portfolio_AX").click().run()
    shown = app.dataframe[0].value
    assert 0 < len(shown) < everything
    assert set(shown["abcxyz"]) == {"AX"}
    app.button(key="portfolio_AX").click().run()
    assert len(app.dataframe[0].value) == everything


def test_a_way_out_is_planned_and_taken_into_the_scenario(opened: Open) -> None:
    app = opened("Portfolio", "demo")
    first = next(found.key for found in app.button if (found.key or "").startswith("portfolio_try_"))
    app.button(key=first).click().run()
    assert "Planned:" in said(app)
    app.button(key="portfolio_take").click().run()
    assert not app.exception
    assert not button(app, "portfolio_take")
    assert "changes (1)" in said(app)


def test_the_suggested_modes_are_planned_and_taken(opened: Open) -> None:
    app = opened("Production mode", "demo")
    assert not app.button(key="modes_plan").disabled
    app.button(key="modes_plan").click().run()
    assert "Planned:" in said(app)
    app.button(key="modes_take").click().run()
    assert not app.exception
    assert "changes (1)" in said(app)
    assert "assembled to order" in said(app)


def test_one_bottleneck_alone(opened: Open) -> None:
    app = opened("Portfolio", "demo")
    app.selectbox(key="portfolio_resource").select("Grill Line").run()
    assert not app.exception
    assert set(app.dataframe[0].value["bottleneck"]) == {"", "Grill Line"}
