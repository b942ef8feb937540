"""Sections of the product review on companies that brought everything, one table, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sop_core.demo import build as demo_tables
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ("Launches", "Phase-outs", "Prices", "Promotions")

Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A store of each kind, built once."""
    folder = tmp_path_factory.mktemp("stores")
    made = {
        "sales": companies.sales_only(),
        "plan": companies.demand_plan_only(),
        "nothing": {},
        "demo": demo_tables(),
    }
    return {name: companies.build(folder / f"{name}.duckdb", tables) for name, tables in made.items()}


@pytest.fixture
def opened(stores: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a section of the page on one of the stores."""

    def open_section(section: str, store: str, **address: str) -> AppTest:
        monkeypatch.setenv("SOP_STORE", str(stores[store]))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=240)
        app.query_params["products_view"] = section
        for name, value in address.items():
            app.query_params[name] = value
        return app.switch_page("pages/products.py").run()

    return open_section


def said(app: AppTest) -> str:
    """All text on the page."""
    blocks = [block.proto.body for block in app.get("html")]  # type: ignore[attr-defined]
    return "\n".join(
        [*blocks, *(str(part.value) for kind in ("markdown", "info") for part in getattr(app, kind))]
    )


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("store", ["sales", "plan", "demo"])
def test_every_section_opens_with_its_sentence(opened: Open, section: str, store: str) -> None:
    app = opened(section, store)
    assert not app.exception
    assert not app.error
    assert 'class="sop-headline"' in said(app)


def test_without_data_the_page_says_what_to_bring(opened: Open) -> None:
    app = opened("Launches", "nothing")
    assert not app.exception
    assert "no products to review yet" in said(app)


@pytest.mark.parametrize(
    ("section", "what"),
    [("Launches", "No launch is planned"), ("Promotions", "no promotions"), ("Prices", "no prices")],
)
def test_an_empty_section_says_what_to_bring(opened: Open, section: str, what: str) -> None:
    app = opened(section, "sales")
    assert what in said(app)
    assert any("Bring" in info.value for info in app.info)


def test_a_lever_of_a_launch_becomes_a_change_and_can_be_taken_back(opened: Open) -> None:
    app = opened("Launches", "demo")
    before = said(app)
    app.number_input(key="launch_probability_MOW-40").set_value(50).run()
    assert not app.exception
    assert "MOW-40: launch counts at 50 %" in said(app)
    assert said(app).split("units and")[0] != before.split("units and")[0]
    app.button(key="products_remove_0").click().run()
    assert "MOW-40: launch counts at 50 %" not in said(app)


def test_an_end_is_set_and_a_promotion_cancelled(opened: Open) -> None:
    app = opened("Phase-outs", "demo")
    app.button(key="phase_out_set").click().run()
    assert not app.exception
    assert ": sold until" in said(app)
    app = opened("Promotions", "demo")
    app.button(key="promotion_cancel").click().run()
    assert not app.exception
    assert "promotion cancelled" in said(app)


def test_past_promotions_are_told_with_their_interval(opened: Open) -> None:
    text = said(opened("Promotions", "demo"))
    assert "measured (80 %:" in text
    assert "planned" in text


def test_promotions_follow_the_filters(opened: Open) -> None:
    """One family's promotions, whole; none where nothing was promoted."""
    mowers = said(opened("Promotions", "demo", level="Family", item="Mowers"))
    assert "1 promotion is planned" in mowers
    assert "Mower Weeks 2025" in mowers
    assert "Grill Opener" not in mowers
    none = opened("Promotions", "demo", level="Family", item="Hand tools")
    assert not none.exception
    assert "No promotion, past or planned, is in what is chosen above" in said(none)
