"""Forecast methods on the Demand page: what is listed, in which order, and what one series tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.demand import methods, picture
from sop_core.charts.backtests import SeriesView, backtest_chart, past_forecasts
from sop_core.charts.roles import LIGHT
from sop_core.planner import Company, prepare
from sop_core.snapshot import Snapshot
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]


def tables() -> dict[str, pd.DataFrame]:
    """Two regular products in two regions, one that stopped, one new, one that sells now and then, one to come."""
    rng = np.random.default_rng(2)
    stamps = pd.date_range("2023-01-01", periods=36, freq="MS")
    season = 1.0 + 0.4 * np.sin(2 * np.pi * np.arange(36) / 12)
    rows = []
    for region, share in (("North", 0.6), ("South", 0.4)):
        for n, stamp in enumerate(stamps):
            units = {
                "Anvil": 200.0 * season[n] * rng.lognormal(0.0, 0.2),
                "Bellows": 80.0 * rng.lognormal(0.0, 0.2),
                "Stopped": 50.0 if n < 20 else 0.0,
                "Fresh": 30.0 * rng.lognormal(0.0, 0.1) if n >= 26 else 0.0,
                "Rare": 12.0 if rng.random() < 0.3 else 0.0,
            }
            rows += [
                {"month": stamp, "product": name, "region": region, "quantity": float(round(share * q))}
                for name, q in units.items()
                if q
            ]
    names = ["Anvil", "Bellows", "Stopped", "Fresh", "Rare", "Unborn"]
    return {
        "products": pd.DataFrame({"product": names, "name": [f"The {n.lower()}" for n in names]}),
        "sales": pd.DataFrame(rows),
    }


@pytest.fixture(scope="module")
def company() -> Company:
    return prepare(Snapshot.from_tables(tables()))


@pytest.fixture(scope="module")
def frame(company: Company) -> pd.DataFrame:
    assert company.baseline is not None
    return methods.methods_frame(company.baseline, company.inputs)


def test_every_series_has_a_line_with_the_names_people_know(frame: pd.DataFrame) -> None:
    assert {"Company", "Region", "Product", "Product × region"} <= set(frame["Level"])
    assert {"All", "North", "The anvil", "The anvil · North"} <= set(frame["Series"])
    assert frame["unique_id"].is_unique
    assert frame["Why"].str.len().min() > 10


def test_the_worst_comes_first_and_what_was_not_tested_last(frame: pd.DataFrame) -> None:
    ratio = methods.ordered(frame, "Worst against repeating the past")["Error / naive"]
    known = ratio.dropna()
    assert known.is_monotonic_decreasing
    assert ratio.isna().to_numpy()[len(known) :].all()
    moved = methods.ordered(frame, "Moved most by reconciliation")["Moved"].abs().dropna()
    assert moved.is_monotonic_decreasing
    assert methods.ordered(frame, "By level")["Level"].iloc[0] == "Company"


def test_dead_new_and_intermittent_products_are_named(company: Company) -> None:
    assert company.baseline is not None
    told = " ".join(methods.special_sentences(company.baseline, company.inputs))
    assert "The stopped has had no demand for a year and is forecast at zero." in told
    assert "The fresh is new: too short a history" in told
    assert "The rare sells in some months only" in told
    assert "The unborn has no history at all" in told


def test_reconciliation_is_told_by_how_far_it_moved(company: Company, frame: pd.DataFrame) -> None:
    assert company.baseline is not None
    sentence = methods.moved_sentence(frame)
    most = frame.loc[frame["Moved"].abs().idxmax()]
    assert most["Series"] in sentence
    details = company.baseline.details.set_index("unique_id")
    anvil = details.loc["item|Anvil"]
    expected = 100 * (anvil["reconciled"] / anvil["own"] - 1)
    assert frame.set_index("unique_id").at["item|Anvil", "Moved"] == pytest.approx(expected)
    dead = details.loc["item|Stopped"]
    assert methods.reconciled_sentence(dead, "units").startswith("Nothing is forecast here")
    assert picture.moved_clause(dead) == ""
    assert picture.moved_clause(pd.Series({"moved": 0.021})) == "Moved by +2.1 % so that all levels add up."


def test_members_add_up_to_the_forecast(company: Company) -> None:
    assert company.baseline is not None
    details = company.baseline.details.set_index("unique_id")
    members = methods.members_frame(details.loc["item|Anvil"])
    assert members["Member"].iloc[-1] == "Weighted mean"
    assert members["Weight %"].iloc[:-1].sum() == pytest.approx(100.0)
    assert members["Error a month"].iloc[-1] == pytest.approx(details.at["item|Anvil", "mae"])
    assert len(methods.members_frame(details.loc["item|Stopped"])) == 0


def test_backtests_are_put_back_where_they_were_made(company: Company) -> None:
    """The mean distance between what each backtest drew and the history is the error that the list tells."""
    baseline, history = company.baseline, company.history
    assert baseline is not None
    assert history is not None
    row = baseline.details.set_index("unique_id").loc["item|Anvil"]
    items, regions, segments = methods.masks(row, company.inputs)
    past = history.cleaned[np.ix_(items, regions, segments)].sum(axis=(0, 1, 2))
    found = past_forecasts(history.months, past, row["errors"])
    assert len(found) == row["origins"] > 1
    assert found[0].months[-1] == history.months[-1]
    at = [np.searchsorted(history.months, test.months) for test in found]
    gaps = [np.abs(test.units - past[where]).mean() for test, where in zip(found, at, strict=True)]
    assert np.mean(gaps) == pytest.approx(row["mae"])
    # A forecast of demand does not fall below zero: the errors stand at the months they belong to.
    assert all((test.units >= -1e-6).all() for test in found)
    view = SeriesView(
        history.months,
        past,
        baseline.months,
        baseline.own["item|Anvil"],
        baseline.own["item|Anvil"],
        found,
        "units",
    )
    drawn = backtest_chart(LIGHT, view)
    assert len(drawn.figure.data) == len(found) + 2
    assert drawn.alt.startswith(f"{len(found)} backtests over the history")
    assert past_forecasts(history.months, past, np.empty((0, 0))) == []


def test_the_section_filters_searches_and_opens_a_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOP_STORE", str(companies.build(tmp_path / "sop.duckdb", tables())))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["demand_view"] = "Forecast methods"
    app = app.switch_page("pages/demand.py").run()
    assert not app.exception

    def listed() -> pd.DataFrame:
        found: pd.DataFrame = next(d.value for d in app.dataframe if "Why" in d.value.columns)
        return found

    whole = len(listed())
    app.selectbox(key="methods_level").select("Product").run()
    assert 0 < len(listed()) < whole
    assert set(listed()["Level"]) == {"Product"}
    app.text_input(key="methods_search").input("anvil").run()
    assert listed()["Series"].tolist() == ["The anvil"]
    told = "\n".join(block.proto.body for block in app.get("html"))
    assert "weighted by how well each forecast the past" in told
    members = next(d.value for d in app.dataframe if "Member" in d.value.columns)
    assert members["Member"].iloc[-1] == "Weighted mean"
    app.text_input(key="methods_search").input("nothing like it").run()
    assert not app.exception
    assert "No series answers to" in "\n".join(block.proto.body for block in app.get("html"))
