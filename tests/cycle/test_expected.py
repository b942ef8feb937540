"""Past forecasts of every source, brought to one level; the budget beside them; what is recorded about a miss."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sop_core.cycle.causes import known_causes
from sop_core.cycle.estimate import estimate_of
from sop_core.cycle.expected import expected, record, with_current
from sop_core.cycle.gap import budget_cells, by_fiscal_year, in_view
from sop_core.demand.accuracy import EVERY, STEPS, compare
from sop_core.planner import Company, prepare, unconstrained
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests.pages import companies

NAIVE, STATISTICAL, CONSENSUS = (STEPS.index(s) for s in ("naive", "statistical", "consensus"))


def two_regions(**more: pd.DataFrame) -> Company:
    """Anvil and Bellows in North and South, 30 months of sales from Jan 24 on; the plan starts in Jul 26."""
    sales = companies.sales_only()["sales"]
    both = pd.concat([sales.assign(region="North"), sales.assign(region="South")], ignore_index=True)
    return prepare(Snapshot.from_tables({"sales": both, **more}, version=1))


def past(rows: list[tuple[str, str, str, str, str, float, str]]) -> pd.DataFrame:
    columns = ["cycle", "month", "product", "region", "step", "quantity", "owner"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(cycle=pd.to_datetime(frame["cycle"]), month=pd.to_datetime(frame["month"]))


def test_a_forecast_for_all_regions_is_compared_at_that_level() -> None:
    rows = [
        ("2026-05-01", "2026-05-01", "Anvil", "All", "statistical", 200.0, ""),
        ("2026-05-01", "2026-05-01", "Anvil", "North", "consensus", 90.0, "Ada"),
        ("2026-05-01", "2026-05-01", "Anvil", "South", "consensus", 95.0, "Ben"),
    ]
    company = two_regions(past_forecasts=past(rows))
    found = expected(company, []).rows
    assert len(found) == 1
    assert found.region.tolist() == [EVERY]
    assert found.units[0, [STATISTICAL, CONSENSUS]].tolist() == [200.0, 185.0]
    assert found.owners[found.owner[0, CONSENSUS]] == "Several"


def test_a_missing_naive_step_is_the_same_month_of_last_year() -> None:
    rows = [("2026-05-01", "2026-06-01", "Anvil", "North", "consensus", 100.0, "Ada")]
    company = two_regions(past_forecasts=past(rows))
    found = expected(company, []).rows
    history = company.history
    assert history is not None
    at = int((np.datetime64("2025-06", "M") - history.months[0]).astype(int))
    item, region = company.inputs.items.index("Anvil"), company.inputs.regions.index("North")
    assert found.units[0, NAIVE] == history.cleaned[item, region, 0, at]


def test_a_cell_without_a_row_was_expected_to_be_nothing() -> None:
    rows = [
        ("2026-05-01", "2026-05-01", "Anvil", "North", "consensus", 100.0, "Ada"),
        ("2026-05-01", "2026-06-01", "Anvil", "South", "consensus", 50.0, "Ada"),
    ]
    found = expected(two_regions(past_forecasts=past(rows)), []).rows
    assert sorted(found.units[:, CONSENSUS].tolist()) == [0.0, 0.0, 50.0, 100.0]
    assert np.isnan(found.units[:, STATISTICAL]).all()


def test_what_somebody_kept_goes_before_what_was_brought_and_that_before_what_was_kept_by_itself() -> None:
    rows = [("2026-07-01", "2026-07-01", "Anvil", "All", "consensus", 7.0, "Ada")]
    company = two_regions(past_forecasts=past(rows))
    own = estimate_of(company, unconstrained(company, Scenario.base()), kind="opened", who="test")
    assert expected(company, [own]).rows.units[:, CONSENSUS].tolist() == [7.0]
    kept = dataclasses.replace(own, kind="kept")
    found = expected(company, [kept])
    assert found.rows.units[:, CONSENSUS].sum() == pytest.approx(own.consensus.sum())
    assert found.kept == (np.datetime64("2026-07", "M"),)
    assert found.brought == ()


def test_names_that_the_company_no_longer_knows_are_told() -> None:
    company = two_regions()
    own = estimate_of(company, unconstrained(company, Scenario.base()), kind="kept", who="test")
    gone = dataclasses.replace(own, items=("Anvil", "Tongs"))
    found = expected(company, [gone])
    assert found.unknown == ("Tongs",)
    assert set(found.rows.item.tolist()) == {company.inputs.items.index("Anvil")}


def test_the_current_estimate_is_the_last_cycle() -> None:
    company = two_regions()
    own = estimate_of(company, unconstrained(company, Scenario.base()), kind="kept", who="test")
    rows = with_current(expected(company, []).rows, own)
    assert rows.units[:, CONSENSUS].sum() == pytest.approx(own.consensus.sum())
    assert len(with_current(rows, own)) == len(rows)


def test_forecasts_brought_as_csv_are_scored(tmp_path: Path) -> None:
    """From a file to an error: 110 expected of Anvil in May 26 in a cycle of that month."""
    sales, forecasts = tmp_path / "sales.csv", tmp_path / "past_forecasts.csv"
    companies.sales_only()["sales"].to_csv(sales, index=False)
    forecasts.write_text("cycle,month,product,step,quantity,owner\n2026-05,2026-05,Anvil,consensus,110,Ada\n")
    with Store.open(tmp_path / "s.duckdb") as store:
        store.import_files([sales, forecasts], "test")
        company = prepare(Snapshot.from_tables(store.tables(), 1))
    happened = record(company)
    assert happened is not None
    found = compare(expected(company, []).rows, happened, company.inputs.demand.price[..., 0])
    assert len(found) == 1
    at = int((np.datetime64("2026-05", "M") - happened.months[0]).astype(int))
    item, first = np.array([company.inputs.items.index("Anvil")]), np.zeros(1, dtype=np.int64)
    assert found.actual[0] == happened.of(item, first, first)[0, at]
    assert found.rows.units[0, CONSENSUS] == 110.0
    assert found.rows.lag.tolist() == [1]


def test_budget_of_a_family_is_spread_over_its_items_and_adds_up() -> None:
    company = prepare(Snapshot.from_tables(companies.full_line(), version=1))
    cells = budget_cells(company, company.inputs.months, "quantity")
    assert cells is not None
    assert np.nansum(cells, axis=(0, 1, 2)) == pytest.approx(np.full(6, 65.0))
    every = np.ones(2, dtype=bool)
    one = np.ones(1, dtype=bool)
    assert in_view(cells, every, one, one) == pytest.approx(np.full(6, 65.0))


def test_a_budget_for_all_regions_has_no_part_in_one_of_them() -> None:
    budget = pd.DataFrame({"month": [pd.Timestamp("2026-08-01")], "quantity": [100.0], "revenue": [5.0]})
    company = two_regions(budget=budget)
    cells = budget_cells(company, company.inputs.months, "quantity")
    assert cells is not None
    items, segments = np.ones(2, dtype=bool), np.ones(1, dtype=bool)
    assert in_view(cells, items, np.array([True, False]), segments) is None
    whole = in_view(cells, items, np.array([True, True]), segments)
    assert whole is not None
    assert np.nansum(whole) == pytest.approx(100.0)
    assert np.isnan(whole[0])


def test_fiscal_years_part_the_months() -> None:
    months = np.arange("2026-02", "2026-06", dtype="datetime64[M]")
    assert [(year, at.tolist()) for year, at in by_fiscal_year(months, 4)] == [(2026, [0, 1]), (2027, [2, 3])]


def test_causes_are_facts_of_the_month() -> None:
    promotions = pd.DataFrame(
        {
            "promotion": ["Spring"],
            "product": ["Anvil"],
            "start": [pd.Timestamp("2025-05-05")],
            "end": [pd.Timestamp("2025-05-25")],
            "uplift": [0.2],
        }
    )
    company = two_regions(promotions=promotions)
    anvil = company.inputs.items.index("Anvil")
    assert known_causes(company, anvil, EVERY, np.datetime64("2025-05", "M")) == ("promotion Spring ran",)
    assert known_causes(company, anvil, 0, np.datetime64("2026-05", "M")) == (
        "promotion Spring ran in May 25, not now",
    )
    assert known_causes(company, anvil, EVERY, np.datetime64("2026-03", "M")) == ()
