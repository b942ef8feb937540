"""Sentences of the reading pages, worked out from plans and forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.bring import readings_frame, said
from pages.parts.demand.picture import method_sentences
from pages.parts.goals import goals
from sop_core import headline
from sop_core.planner import Planner, prepare
from sop_core.snapshot import Snapshot
from sop_core.store import ColumnReading, FileReading, Hint, Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
REASON = (
    "Mean of Theta 60%, Prophet 40%, weighted by how well each forecast the past; past errors 21% smaller than "
    "repeating the past: 60 periods of history."
)


def row(error: float, naive: float, origins: int = 12, reason: str = REASON, **more: Any) -> pd.Series:
    """A line of Baseline.details."""
    weights = {"Theta": 0.6, "Prophet": 0.4}
    return pd.Series(
        {"weights": weights, "reason": reason, "mae": error, "naive_mae": naive, "origins": origins} | more
    )


def test_a_forecast_that_did_better_says_by_how_much() -> None:
    how, tested, worse = method_sentences(row(79.0, 100.0), "pieces")
    assert (
        how == "Theta 60 %, Prophet 40 %, weighted by how well each forecast the past (60 months of history)."
    )
    assert (
        tested
        == "Past errors 21 % smaller than repeating last year: 79 against 100 pieces a month in 12 backtests."
    )
    assert not worse


def test_a_forecast_that_did_worse_says_so_plainly() -> None:
    _, tested, worse = method_sentences(row(134.0, 100.0, origins=1), "units")
    assert tested.startswith("Worse than repeating last year: past errors 34 % larger, 134 against 100 units")
    assert tested.endswith("in 1 backtest.")
    assert worse


@pytest.mark.parametrize(
    ("line", "tested"),
    [
        (row(100.2, 100.0), "No better than repeating last year"),
        (row(np.nan, np.nan, origins=0), "Not tested"),
        (row(5.0, np.nan), "Past errors 5 units a month in 12 backtests."),
        (row(5.0, 0.0), "Past errors 5 units a month in 12 backtests."),
        (
            row(
                6.0,
                5.0,
                reason="Mean of Theta 100%, weighted: only 12 periods of history, fewer than two years.",
            ),
            "Worse than repeating the last value",
        ),
    ],
)
def test_what_is_not_known_is_not_claimed(line: pd.Series, tested: str) -> None:
    assert method_sentences(line, "units")[1].startswith(tested)


def test_one_method_gives_its_own_reason() -> None:
    line = row(np.nan, np.nan, 0, reason="Zero: no demand in the last year of history.", weights={})
    assert method_sentences(line, "units")[0] == "Zero: no demand in the last year of history."


def test_the_headline_names_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line of 100 hours, short in March: an hour more of it is the way out, and the link stands behind."""
    tables = companies.full_line()
    store = companies.build(tmp_path / "sop.duckdb", tables)
    with Store.open(store) as opened:
        planner = Planner(prepare(Snapshot.from_tables(opened.tables(), 1)))
    cell = headline.worst_cell(planner.base)
    assert cell is not None
    expected = headline.way_out(planner.ways_out(planner.base, *cell), "EUR")
    assert expected.startswith("Best way out: ")
    monkeypatch.setenv("SOP_STORE", str(store))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    assert not app.exception
    shown = " ".join(block.proto.body for block in app.get("html"))
    assert expected in shown
    assert "Company" in shown


def test_a_budget_of_some_months_is_compared_over_those_months() -> None:
    tables = companies.full_line()
    tables["budget"] = tables["budget"][tables["budget"]["month"] <= pd.Timestamp("2026-02-01")]
    planner = Planner(prepare(Snapshot.from_tables(tables, 1)))
    (found,) = [
        g for g in goals(planner.company, planner.base, planner.base, "revenue") if g.name == "budget"
    ]
    assert found.span == "Jan-Feb 26"
    assert found.goal == 1400.0
    assert found.value == pytest.approx(planner.base.money.revenue[:2].sum())


def test_proposals_left_standing_and_columns_at_hand_are_told_to_the_import() -> None:
    columns = (ColumnReading("Menge", "quantity", "mapping", "3"),)
    readings = (
        FileReading("a.csv", "", table="sales", proposed=True, rows=2, columns=columns),
        FileReading("b.csv", "", table="regions", proposed=True),
        FileReading("c.csv", "", left_out=True),
    )
    hints, mapping = said(
        readings,
        {("b.csv", ""): Hint(table="segments"), ("c.csv", ""): Hint(table="")},
        {"sales": {"Menge": "quantity", "Gone": "month"}, "orders": {"Menge": "quantity"}},
    )
    assert {place: hint.table for place, hint in hints.items()} == {
        ("a.csv", ""): "sales",
        ("b.csv", ""): "segments",
        ("c.csv", ""): "",
    }
    assert mapping == {"sales": {"Menge": "quantity"}}
    frame = readings_frame(readings)
    assert list(frame["Table"]) == ["sales (proposed)", "regions (proposed)", "Leave out"]
    assert list(frame["Columns taken"]) == ["1 of 1", "", ""]
