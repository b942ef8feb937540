"""The cleansing review on screen: decide, see what it did, take back; shared by sessions, kept across imports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages import demand
from pages.parts.demand import cleansing
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
#: The section by whatever name the page has it.
SECTION = next(name for name, draw in demand.SECTIONS.items() if draw is cleansing.render)
MONTHS = 36


def company(months: int = MONTHS) -> dict[str, pd.DataFrame]:
    """Two products in two regions: a promotion of Anvils in Nov 24, a single order of Bellows in May 25."""
    stamps = pd.date_range("2023-01-01", periods=months, freq="MS")
    draw = np.random.default_rng(7)
    rows = []
    for product, level in (("Anvil", 400.0), ("Bellows", 160.0)):
        for region, part in (("North", 0.6), ("South", 0.4)):
            units = level * part * np.exp(draw.normal(0, 0.05, MONTHS + 12))[:months]
            if product == "Anvil":
                units[22] *= 1.5
            elif region == "North":
                units[28] += 600.0
            rows += [
                {"month": m, "product": product, "region": region, "quantity": float(round(q))}
                for m, q in zip(stamps, units, strict=True)
            ]
    sale = {
        "promotion": "Black week",
        "product": "Anvil",
        "start": pd.Timestamp("2024-11-01"),
        "end": pd.Timestamp("2024-11-30"),
        "uplift": 0.5,
    }
    return {"sales": pd.DataFrame(rows), "promotions": pd.DataFrame([sale])}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with that company; the app looks at it."""
    made = companies.build(tmp_path / "company.duckdb", company())
    monkeypatch.setenv("SOP_STORE", str(made))
    return made


Open = Callable[..., AppTest]


@pytest.fixture
def opened(path: Path) -> Open:
    """Opens the section in a session of its own: opened(region="North")."""

    def open_page(**query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        app.query_params["demand_view"] = SECTION
        for name, value in query.items():
            app.query_params[name] = value
        app = app.switch_page("pages/demand.py").run()
        assert not app.exception
        return app

    return open_page


def listed(app: AppTest) -> pd.DataFrame:
    return app.dataframe[0].value


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def line(app: AppTest, kind: str) -> pd.Series:
    rows = listed(app)
    (at,) = np.flatnonzero(rows["Kind"] == kind)
    return rows.iloc[int(at)]


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=f"cleansing_{key}").click()
    app.run()
    assert not app.exception
    assert not app.error
    return app


def select(app: AppTest, *kinds: str) -> None:
    """Selects the lines of these kinds, as a click into the list does."""
    rows: list[Any] = [int(np.flatnonzero(listed(app)["Kind"] == kind)[0]) for kind in kinds]
    key = app.dataframe[0].key
    assert key is not None
    app.session_state[key] = {"selection": {"rows": rows}}
    app.run()


def choose(app: AppTest, kind: str) -> None:
    app.segmented_control(key="cleansing_kind").set_value(kind).run()


def stored(path: Path) -> Any:
    """Opens the store beside the running app, in the same process."""
    return Store.open(path)


def test_what_is_proposed_is_listed_with_what_acts(opened: Open) -> None:
    app = opened()
    promotion, outlier = line(app, "Promotion"), line(app, "Outlier")
    assert (promotion["Month"], promotion["Acts"], promotion["Decided"]) == ("Nov 24", "Yes", "by itself")
    assert (outlier["Month"], outlier["Acts"], outlier["Decided"]) == ("May 25", "No", "open")
    assert outlier["Recorded"] > 600
    assert outlier["Difference"] == outlier["Cleansed"] - outlier["Recorded"]
    assert "1 line waits for a decision" in said(app)


def test_a_kind_is_rejected_seen_by_others_and_taken_back(opened: Open, path: Path) -> None:
    app = opened()
    choose(app, "promotion")
    press(app, "reject_all")
    assert line(app, "Promotion")["Acts"] == "No"
    assert line(app, "Promotion")["Decided"].startswith("test@example.com, ")
    assert "Promotion, all: rejected. Forecast of the next 12 months: " in said(app)

    other = opened()
    assert line(other, "Promotion")["Acts"] == "No"

    press(app, "undo")
    assert line(app, "Promotion")["Acts"] == "Yes"
    assert line(app, "Promotion")["Decided"] == "by itself"
    other.run()
    assert line(other, "Promotion")["Acts"] == "Yes"
    with stored(path) as store:
        assert store.cleansing.revision() == 2


def test_a_line_is_accepted_with_a_note_and_the_forecast_moves(opened: Open, path: Path) -> None:
    app = opened()
    select(app, "Outlier")
    assert "where" in said(app)
    assert "is usual" in said(app)
    app.text_input(key="cleansing_note|0").set_value("One order for a fair").run()
    press(app, "accept")
    assert line(app, "Outlier")["Acts"] == "Yes"
    assert "Outlier, Bellows, May 25: accepted. Forecast of the next 12 months: Bellows" in said(app)
    assert app.text_input(key="cleansing_note|1").value == ""
    with stored(path) as store:
        assert store.cleansing.history()[0].note == "One order for a fair"
    log = app.dataframe[-1].value
    assert list(log["Note"]) == ["One order for a fair"]
    press(app, "take_back")
    assert line(app, "Outlier")["Acts"] == "No"


def test_several_lines_are_decided_at_once(opened: Open, path: Path) -> None:
    app = opened()
    select(app, "Outlier", "Promotion")
    press(app, "reject")
    assert set(listed(app)["Acts"]) == {"No"}
    with stored(path) as store:
        assert store.cleansing.revision() == 1


def test_new_data_keep_what_was_decided(opened: Open, path: Path) -> None:
    app = opened()
    select(app, "Outlier")
    press(app, "accept")
    with stored(path) as store:
        store.import_tables({"sales": company(MONTHS + 1)["sales"]}, "test")
    later = opened()
    assert line(later, "Outlier")["Acts"] == "Yes"
    assert line(later, "Outlier")["Decided"].startswith("test@example.com, ")


def test_in_a_filtered_view_decisions_count_for_that_part(opened: Open) -> None:
    app = opened(region="North")
    assert "counts for North alone" in said(app)
    choose(app, "promotion")
    press(app, "reject_all")
    assert line(app, "Promotion")["Acts"] == "No"
    whole = opened()
    assert line(whole, "Promotion")["Acts"] == "In part"


def test_deciding_twice_says_that_nothing_changes(opened: Open) -> None:
    app = opened()
    for _ in range(2):
        choose(app, "promotion")
        press(app, "reject_all")
    assert "that was decided already" in said(app)


def test_a_clean_history_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Open) -> None:
    clean = companies.build(tmp_path / "clean.duckdb", companies.sales_only())
    monkeypatch.setenv("SOP_STORE", str(clean))
    assert "nothing in it needs a correction" in said(opened())


def test_a_company_with_its_own_plan_can_review_its_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Open
) -> None:
    """No forecast rests on it, and the screen says so instead of inventing an effect."""
    tables = company() | {
        "demand_plan": pd.DataFrame(
            {
                "month": pd.date_range("2026-01-01", periods=6, freq="MS"),
                "product": "Anvil",
                "quantity": 300.0,
            }
        ),
        "settings": pd.DataFrame({"setting": ["demand", "horizon_months"], "value": ["demand_plan", "6"]}),
    }
    planned = companies.build(tmp_path / "planned.duckdb", tables)
    monkeypatch.setenv("SOP_STORE", str(planned))
    app = opened()
    choose(app, "promotion")
    press(app, "reject_all")
    assert "so no forecast changes" in said(app)


def test_names_from_files_are_text_not_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Open
) -> None:
    tables = company()
    tables["promotions"]["promotion"] = "<img src=x onerror=alert(1)>"
    monkeypatch.setenv("SOP_STORE", str(companies.build(tmp_path / "markup.duckdb", tables)))
    app = opened()
    select(app, "Promotion")
    press(app, "reject")
    assert "<img src=x" not in said(app)
    assert "&lt;img src=x" in said(app)
