"""Ranges, targets missed, what carries the risk, scenarios on the same paths, and the sentence on top."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sop_core import changes
from sop_core.calendar import month_label
from sop_core.demo import build as demo_tables
from sop_core.errors import PlanError
from sop_core.kpis import KPIS
from sop_core.planner import Company, Planner, prepare
from sop_core.risk import (
    CARRIED,
    SIMULATED,
    Goal,
    Risk,
    Uncertainty,
    beats,
    by_family,
    carriers,
    goals,
    headline,
    holds,
    misses,
    simulate,
    uncertainty,
)
from sop_core.risk.uncertainty import DEFAULT_SPREAD
from sop_core.risk.words import odds
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests.pages import companies


@pytest.fixture(scope="module")
def error(demo_company: Company) -> Uncertainty:
    return uncertainty(demo_company)


@pytest.fixture(scope="module")
def base(demo_planner: Planner, error: Uncertainty) -> Risk:
    return simulate(demo_planner.base, error, paths=500)


@pytest.fixture(scope="module")
def safer(demo_planner: Planner, error: Uncertainty) -> Risk:
    """More safety stock."""
    more = Scenario.base().add(changes.SafetyStockCover(pct=0.5)).rename("Safer")
    return simulate(demo_planner.plan(more), error, paths=500)


def test_every_simulated_kpi_is_one_of_the_kpis(base: Risk) -> None:
    assert set(SIMULATED) <= set(KPIS)
    assert set(base.kpis) == set(SIMULATED)
    assert all(values.shape == (500,) for values in base.kpis.values())


def test_quantiles_are_in_order_and_months_add_up(base: Risk) -> None:
    for name in SIMULATED:
        low, middle, high = base.bands(name)
        assert low <= middle <= high, name
    for name, values in base.by_month.items():
        bands = base.month_bands(name)
        assert (np.diff(bands, axis=0) >= 0).all()
        assert values.shape == (500, 18)
    for name in ("margin", "revenue", "cash"):
        assert base.by_month[name].sum(axis=1) == pytest.approx(base.kpis[name])
    assert base.by_month["stock_value"].mean(axis=1) == pytest.approx(base.kpis["stock_value"])


def test_a_wider_error_misses_more(demo_planner: Planner, error: Uncertainty, base: Risk) -> None:
    half = dataclasses.replace(error, spread=error.spread / 4)
    calm = simulate(demo_planner.base, half, paths=500)
    assert calm.kpis["service_level"].mean() > base.kpis["service_level"].mean()
    low, _, high = base.bands("margin")
    less, _, more = calm.bands("margin")
    assert more - less < high - low


@pytest.mark.parametrize("measure", CARRIED)
def test_what_items_carry_adds_up(base: Risk, measure: str, demo_company: Company) -> None:
    parts = carriers(base, measure)
    assert parts.sum() == pytest.approx(1.0)
    family = by_family(parts, demo_company.inputs.item_family)
    assert sum(family.values()) == pytest.approx(1.0)
    assert list(family.values()) == sorted(family.values(), reverse=True)


def test_items_money_is_the_companys(base: Risk, demo_planner: Planner) -> None:
    """Items' margins and the committed costs are the margin; items' stock is the stock."""
    money = demo_planner.base.money
    moving = ("transport", "storage", "holding", "backlog", "lost_sales")
    committed = sum(float(v.sum()) for name, v in money.costs.items() if name not in moving)
    assert base.item_margin.sum(axis=1) - committed == pytest.approx(base.kpis["margin"])
    assert base.item_stock.sum(axis=1) == pytest.approx(base.kpis["stock_value"])
    on_time = 1 - base.item_late.sum(axis=1) / base.item_demand.sum(axis=1)
    assert on_time == pytest.approx(base.kpis["service_level"])


def test_carriers_without_any_swing_are_nil(demo_planner: Planner, error: Uncertainty) -> None:
    still = simulate(demo_planner.base, error.none(), paths=3)
    assert carriers(still, "margin").sum() == 0
    with pytest.raises(ValueError, match="not shared out"):
        carriers(still, "cash")


def test_a_missed_target_is_counted_beyond_its_tolerance(base: Risk, demo_company: Company) -> None:
    found = {(miss.goal.kpi, miss.goal.kind): miss for miss in misses(base, goals(demo_company))}
    service = found["service_level", "target"]
    assert service.goal.line == pytest.approx(0.98)
    assert service.probability == pytest.approx(float((base.kpis["service_level"] < 0.98).mean()))
    stock = found["stock_value", "target"]
    assert stock.goal.line == pytest.approx(3_650_000)
    assert stock.probability == pytest.approx(float((base.kpis["stock_value"] > 3_650_000).mean()))
    assert "forecast_bias" not in {kpi for kpi, _ in found}
    days = found["days_of_supply", "target"]
    outside = np.abs(base.kpis["days_of_supply"] - 35) > 8
    assert days.probability == pytest.approx(float(outside.mean()))


def test_the_budget_counts_in_its_own_months(base: Risk, demo_company: Company) -> None:
    budget = next(g for g in goals(demo_company) if g.kpi == "margin" and g.kind == "budget")
    assert 0 < budget.months.sum() <= 18
    value = base.by_month["margin"][:, budget.months].sum(axis=1)
    assert np.array_equal(budget.of_paths(base), value < budget.value * (1 - 1e-9))


def test_unknown_values_miss_nothing_and_equal_ones_keep_the_promise() -> None:
    every = np.ones(1, dtype=bool)
    goal = Goal("margin", "target", 100.0, 0.0, "up", every)
    assert goal.missed(np.array([99.0, 100.0, 100.0 - 1e-8, np.nan, 101.0])).tolist() == [True, *[False] * 4]
    less = Goal("stock_value", "target", 100.0, 5.0, "down", every)
    assert less.missed(np.array([104.0, 106.0])).tolist() == [False, True]


def test_scenarios_meet_on_the_same_paths(base: Risk, safer: Risk) -> None:
    assert np.array_equal(base.item_demand, safer.item_demand)
    assert beats(base, base, "margin") == 0.0
    better, worse = beats(safer, base, "service_level"), beats(base, safer, "service_level")
    assert better > 0.8
    assert better + worse <= 1.0
    assert beats(safer, base, "stock_value") < 0.2
    assert np.isnan(beats(safer, base, "days_of_supply"))


def test_the_headline_names_odds_target_and_family(base: Risk, demo_company: Company) -> None:
    found = goals(demo_company)
    said = headline(base, found, demo_company.inputs.item_family)
    missed = found[0].of_paths(base)
    family, part = next(
        iter(by_family(carriers(base, "service_level", missed), demo_company.inputs.item_family).items())
    )
    assert said.startswith(odds(float(missed.mean())))
    assert "98 % service level" in said
    assert f"{part * 100:.0f} % of the units late or lost then are {family}." in said
    assert "eight of ten paths" in headline(base, [], demo_company.inputs.item_family)
    easy = dataclasses.replace(found[0], value=0.1)
    assert headline(base, [easy], demo_company.inputs.item_family).startswith("None of 500 paths misses")


def test_how_long_the_plan_holds_by_itself(base: Risk, demo_company: Company) -> None:
    found = goals(demo_company)
    low = base.month_bands("service_level")[0]
    first = int(np.flatnonzero(low < 0.975)[0])
    said = holds(base, found)
    assert first > 0
    assert f"Up to {month_label(base.months[first - 1])} nine in ten paths reach 98 % service" in said
    assert f"from {month_label(base.months[first])} on" in said
    easy = [dataclasses.replace(found[0], value=0.2, tolerance=0.0)]
    assert holds(base, easy).startswith("In every month")
    hard = [dataclasses.replace(found[0], value=1.1, tolerance=0.0)]
    assert holds(base, hard).startswith("Already in")
    assert "the service planned less a point" in holds(base, [])


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (0.002, "Hardly"),
        (0.25, "One in four"),
        (0.5, "Every other"),
        (0.75, "Three in four"),
        (0.998, "Nearly every"),
        (1.0, "Every path"),
    ],
)
def test_odds_in_words(part: float, words: str) -> None:
    assert odds(part).startswith(words)


def test_stopped_runs_give_what_they_have_and_tell_how_far_they_are(
    demo_planner: Planner, error: Uncertainty
) -> None:
    told: list[tuple[int, int]] = []
    found = simulate(
        demo_planner.base, error, paths=600,
        progress=lambda _, done, total: told.append((done, total)), stop=lambda: len(told) >= 1,
    )  # fmt: skip
    assert told == [(250, 600)]
    assert found.paths == 250
    with pytest.raises(PlanError, match="stopped"):
        simulate(demo_planner.base, error, paths=10, stop=lambda: True)


def test_a_plan_of_another_company_is_refused(demo_planner: Planner, error: Uncertainty) -> None:
    other = dataclasses.replace(error, items=("somebody else's",))
    with pytest.raises(PlanError, match="same company"):
        simulate(demo_planner.base, other)


# -- companies without a forecast -------------------------------------------------------------------------


def test_a_demand_plan_alone_gets_a_stated_error() -> None:
    company = prepare(Snapshot.from_tables(companies.demand_plan_only(), version=1))
    error = uncertainty(company)
    assert error.assumed.all()
    assert "is assumed" in error.source
    assert error.spread[0, 0, 0] == pytest.approx(DEFAULT_SPREAD)
    assert error.spread[0, 0, 3] == pytest.approx(DEFAULT_SPREAD * 4**0.25)
    assert simulate(Planner(company).base, error, paths=50).paths == 50


def test_past_forecasts_tell_the_error_of_a_demand_plan() -> None:
    """24 cycles whose forecasts of the next three months were wrong by 20 % of demand, up and down by turns."""
    past = pd.date_range("2024-01-01", periods=24, freq="MS")
    tables = companies.full_line()
    tables["sales"] = pd.DataFrame([{"month": m, "product": "Anvil", "quantity": 100.0} for m in past])
    rows = [
        {"cycle": cycle, "month": month, "product": "Anvil", "step": "consensus",
         "quantity": 100.0 * (1.2 if n % 2 else 0.8)}
        for cycle in past[6:]
        for n, month in enumerate(pd.date_range(cycle, periods=3, freq="MS"))
        if month <= past[-1]
    ]  # fmt: skip
    tables["past_forecasts"] = pd.DataFrame(rows)
    company = prepare(Snapshot.from_tables(tables, version=1))
    error = uncertainty(company)
    anvil, order = (company.inputs.items.index(name) for name in ("Anvil", "Order"))
    assert error.assumed.tolist() == [n == order for n in range(2)]
    assert "1 of 2 items" in error.source
    assert error.spread[anvil, 0, 0] == pytest.approx(0.2, rel=1e-6)
    assert error.spread[order, 0, 0] == pytest.approx(DEFAULT_SPREAD)
    assert error.bias == pytest.approx(-0.06, abs=0.08)


def test_the_demo_with_its_own_demand_plan_reads_its_past_forecasts() -> None:
    tables = demo_tables()
    settings = tables["settings"]
    tables["settings"] = pd.concat(
        [
            settings[settings["setting"] != "demand"],
            pd.DataFrame({"setting": ["demand"], "value": ["demand_plan"]}),
        ],
        ignore_index=True,
    )
    tables["demand_plan"] = pd.DataFrame(
        [
            {"month": month, "product": product, "quantity": 100.0}
            for product in tables["products"]["product"].iloc[:12]
            for month in pd.date_range("2027-01-01", periods=18, freq="MS")
        ]
    )
    company = prepare(Snapshot.from_tables(tables, version=1))
    error = uncertainty(company)
    assert (~error.assumed).sum() > 10
    assert error.observed > 6
    assert 0 < np.median(error.spread[~error.assumed]) < 1
    assert np.linalg.eigvalsh(error.between).min() > 0
