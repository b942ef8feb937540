"""The financial projection: the money of the plan to the cent, periods, budget, estimate, variance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.calendar import months_from, to_month
from sop_core.cycle.estimate import estimate_of
from sop_core.demo import build as demo_tables
from sop_core.inputs import Floats
from sop_core.money import NOT_CASH
from sop_core.plan import Plan
from sop_core.planner import Company, Planner, make_plan, prepare, unconstrained
from sop_core.projection import (
    COST,
    MIX,
    MONTH,
    PRICE,
    QUARTER,
    UNCOUNTED,
    VARIANCE_FORMULAS,
    VOLUME,
    YEAR,
    budget_by_month,
    by_family,
    comparisons,
    estimate_revenue,
    frame,
    main_year,
    periods,
    project,
    variance,
    with_actuals,
)
from sop_core.projection import _steps as steps_of
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests.pages.companies import full_line

CENT = 0.005


@pytest.fixture(scope="module")
def demo() -> tuple[Company, Plan]:
    company = prepare(Snapshot.from_tables(demo_tables(), 1))
    return company, Planner(company).base


def line(**tables: Any) -> tuple[Company, Plan]:
    """The company of one line, with other tables."""
    snapshot = Snapshot.from_tables(full_line() | tables, 1)
    company = prepare(snapshot)
    return company, make_plan(snapshot)


def budget(**columns: Any) -> pd.DataFrame:
    months = pd.date_range("2026-01-01", periods=6, freq="MS")
    return pd.DataFrame({"month": months} | columns)


# -- the plan's own money --


def test_totals_are_those_of_the_plan_and_its_kpis_to_the_cent(demo: tuple[Company, Plan]) -> None:
    _, plan = demo
    money, everything = project(plan), slice(None)
    for name in ("revenue", "cost", "margin"):
        assert money.total(name, everything) == pytest.approx(plan.kpis[name], abs=CENT)
    assert money.total("cash_flow", everything) == pytest.approx(plan.kpis["cash"], abs=CENT)
    assert money.money["stock_value"].mean() == pytest.approx(plan.kpis["stock_value"], abs=CENT)
    assert money.money["working_capital"].mean() == pytest.approx(plan.kpis["working_capital"], abs=CENT)
    assert money.total("cumulative_cash", everything) == pytest.approx(plan.kpis["cash"], abs=CENT)


def test_margin_is_revenue_less_the_components_shown_in_every_month(demo: tuple[Company, Plan]) -> None:
    money = project(demo[1]).money
    costs = project(demo[1]).costs
    assert costs
    assert np.allclose(
        money["revenue"] - sum(money[name] for name in costs), money["margin"], rtol=0, atol=CENT
    )
    capital = money["stock_value"] + money["receivables"] - money["payables"]
    assert np.allclose(capital, money["working_capital"], rtol=0, atol=CENT)


def test_cash_is_the_margin_without_what_is_not_paid_less_the_growth_of_terms(
    demo: tuple[Company, Plan],
) -> None:
    money = project(demo[1]).money
    not_cash = sum(money[name] for name in NOT_CASH if name in money)
    terms = money["receivables"] - money["payables"]
    after_first = (money["margin"] + not_cash)[1:] - np.diff(terms)
    assert np.allclose(after_first, money["cash_flow"][1:], rtol=0, atol=CENT)


@pytest.mark.parametrize("kind", [QUARTER, YEAR])
@pytest.mark.parametrize("first", [1, 4, 10])
def test_periods_add_up_to_the_plan_and_balances_are_those_of_their_last_month(
    demo: tuple[Company, Plan], kind: str, first: int
) -> None:
    money = project(demo[1])
    found = periods(money.months, first, kind)
    assert sorted(np.concatenate([p.at for p in found])) == list(range(len(money.months)))
    for entry in money.lines:
        parts = [money.total(entry.name, p.at) for p in found]
        if entry.kind == "flow":
            assert sum(parts) == pytest.approx(money.money[entry.name].sum(), abs=CENT)
        else:
            assert parts == [money.money[entry.name][p.at[-1]] for p in found]


def test_fiscal_years_and_quarters_begin_with_the_companys_first_month() -> None:
    months = months_from(to_month("2026-11"), 18)
    found = periods(months, 4, QUARTER)
    assert [p.label for p in found[:3]] == ["FY 27 Q3", "FY 27 Q4", "FY 28 Q1"]
    assert [p.whole for p in found[:2]] == [False, True]
    assert [(p.label, len(p.at), p.whole) for p in periods(months, 1, YEAR)] == [
        ("FY 26", 2, False), ("FY 27", 12, True), ("FY 28", 4, False),
    ]  # fmt: skip
    assert main_year(months, 1).label == "FY 27"
    assert main_year(months[:6], 1).label == "FY 27"
    assert main_year(months[:3], 1).label == "FY 26"
    assert [p.label for p in periods(months[:2], 1, MONTH)] == ["Nov 26", "Dec 26"]
    with pytest.raises(ValueError, match="no period"):
        periods(months, 1, "week")


def test_families_add_up_to_the_company(demo: tuple[Company, Plan]) -> None:
    _, plan = demo
    families = by_family(plan)
    assert [f.family for f in families] == list(dict.fromkeys(plan.inputs.item_family))
    assert np.allclose(sum(f.revenue for f in families), plan.money.revenue, rtol=0, atol=CENT)
    assert np.allclose(sum(f.stock_value for f in families), plan.money.stock_value, rtol=0, atol=CENT)
    assert np.allclose(sum(f.units for f in families), plan.solution.served.sum(axis=(0, 1, 2)))


# -- actuals, budget, estimate --


def test_closed_months_of_the_running_fiscal_year_stand_before_the_plan() -> None:
    company, plan = line(settings=full_line()["settings"])
    shown = with_actuals(company, project(plan))
    assert not shown.closed.any(), "the plan starts with the fiscal year"
    settings = pd.concat(
        [full_line()["settings"], pd.DataFrame({"setting": ["fiscal_year_start"], "value": ["10"]})]
    )
    company, plan = line(settings=settings)
    shown = with_actuals(company, project(plan))
    assert [str(m) for m in shown.months[shown.closed]] == ["2025-10", "2025-11", "2025-12"]
    assert shown.amounts[shown.closed] == pytest.approx([550.0] * 3)
    assert shown.amounts[~shown.closed] == pytest.approx(plan.money.revenue)


def test_without_sales_no_closed_month_is_made_up() -> None:
    tables = {
        name: table for name, table in full_line().items() if name not in ("sales", "production", "inventory")
    }
    settings = pd.DataFrame({"setting": ["fiscal_year_start"], "value": ["10"]})
    tables["settings"] = pd.concat([tables["settings"], settings])
    snapshot = Snapshot.from_tables(tables, 1)
    company = prepare(snapshot)
    shown = with_actuals(company, project(make_plan(snapshot)))
    assert not shown.closed.any()
    assert len(shown.months) == 6


def test_the_budget_is_the_sum_of_its_rows_and_blank_where_it_has_none(demo: tuple[Company, Plan]) -> None:
    company, plan = demo
    table = demo_tables()["budget"]
    found = budget_by_month(company, "revenue")
    assert sum(found.values()) == pytest.approx(table["revenue"].sum(), abs=CENT)
    against = comparisons(company, plan, plan)
    assert set(against["base"]) >= {"revenue", "margin", "cash_flow"}
    months = {str(m)[:7] for m in table["month"].astype(str)}
    known = np.array([str(m) in months for m in plan.inputs.months])
    assert (np.isfinite(against["budget"]["revenue"]) == known).all()
    bare, planned = line(budget=pd.DataFrame())
    assert comparisons(bare, planned) == {}


def test_an_estimate_is_compared_in_revenue_alone(demo: tuple[Company, Plan]) -> None:
    company, plan = demo
    wanted = unconstrained(company, Scenario.base())
    kept = estimate_of(company, wanted, kind="kept", who="Ada")
    months = plan.inputs.months
    worth = (wanted.demand.total * wanted.demand.price).sum(axis=(0, 1, 2))
    assert estimate_revenue(company, kept, months) == pytest.approx(worth)
    assert np.isnan(estimate_revenue(company, replace(kept, price=None), months)).all()
    later = estimate_revenue(company, kept, months + 6)
    assert np.isnan(later[-6:]).all()
    assert later[:-6] == pytest.approx(worth[6:])
    assert set(comparisons(company, plan, estimate=kept)["last_estimate"]) == {"revenue"}


# -- variance --


def test_the_demos_variance_adds_up_to_the_difference_from_budget(demo: tuple[Company, Plan]) -> None:
    company, plan = demo
    for year in periods(plan.inputs.months, company.snapshot.settings.fiscal_year_start, YEAR):
        found = variance(company, plan, year.at)
        if found is None:
            continue
        assert sum(amount for _, amount in found.steps) == pytest.approx(found.gap, abs=CENT)
        assert {name for name, _ in found.steps} <= set(VARIANCE_FORMULAS)
    first = variance(company, plan, main_year(plan.inputs.months, 1).at)
    assert first is not None
    assert first.by == "family"


def test_volume_price_and_cost_of_one_family_by_hand() -> None:
    """Budget 65 units at 10.77 with a margin of 300 a month; the plan serves 395 in six months at 10."""
    company, plan = line(budget=budget(revenue=700.0, quantity=65.0, margin=300.0, family="Iron"))
    found = variance(company, plan, np.arange(6))
    assert found is not None
    steps = dict(found.steps)
    units, revenue = plan.solution.served.sum(), plan.money.revenue.sum()
    assert steps[VOLUME] == pytest.approx((units - 390) * 300 / 65)
    assert steps[MIX] == pytest.approx(0.0, abs=CENT)
    assert steps[PRICE] == pytest.approx(revenue - units * 700 / 65)
    assert steps[COST] == pytest.approx(units * 400 / 65 - plan.money.cost.sum())
    assert (found.measure, found.budget, found.months) == ("margin", 1800.0, "Jan-Jun 26")
    assert found.plan == pytest.approx(plan.money.margin.sum())


def test_without_a_budgeted_margin_the_revenue_is_explained() -> None:
    company, plan = line(budget=budget(revenue=700.0, quantity=65.0, family="Iron"))
    found = variance(company, plan, np.arange(6))
    assert found is not None
    assert found.measure == "revenue"
    assert COST not in dict(found.steps)
    assert found.plan == pytest.approx(plan.money.revenue.sum())
    assert sum(dict(found.steps).values()) == pytest.approx(found.gap, abs=CENT)


def test_a_budget_without_families_has_no_mix_and_one_without_units_no_variance() -> None:
    company, plan = line(budget=budget(revenue=700.0, quantity=65.0))
    found = variance(company, plan, np.arange(6))
    assert found is not None
    assert (found.by, MIX in dict(found.steps)) == ("company", False)
    assert sum(dict(found.steps).values()) == pytest.approx(found.gap, abs=CENT)
    company, plan = line(budget=budget(revenue=700.0, family="Iron"))
    assert variance(company, plan, np.arange(6)) is None
    company, plan = line(budget=pd.DataFrame())
    assert variance(company, plan, np.arange(6)) is None


def test_only_months_with_a_budget_are_compared() -> None:
    part = budget(revenue=700.0, quantity=65.0, family="Iron").iloc[2:4]
    company, plan = line(budget=part)
    found = variance(company, plan, np.arange(6))
    assert found is not None
    assert found.months == "Mar-Apr 26"
    assert found.plan == pytest.approx(plan.money.revenue[2:4].sum())


AMOUNT = st.floats(0, 1e7)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(AMOUNT, AMOUNT, AMOUNT, AMOUNT, AMOUNT), min_size=1, max_size=6), AMOUNT, st.booleans()
)
def test_the_steps_add_up_whatever_is_budgeted_and_planned(
    rows: list[tuple[float, ...]], cost: float, full: bool
) -> None:
    """Families new in the plan, gone from it, budgeted without units or for nothing: the sum is the difference."""
    columns: list[Floats] = list(np.array([[round(v, 2) for v in row] for row in rows]).T)
    units, revenue, margin, made, sold = columns
    units[0] += 1.0
    sold[made == 0] = 0.0  # no revenue without units
    budgeted = {"quantity": units, "revenue": revenue, "margin": margin}
    steps = steps_of(budgeted, {"quantity": made, "revenue": sold}, cost, full)
    wanted = sold.sum() - cost - margin.sum() if full else sold.sum() - revenue.sum()
    size = max(float(np.abs(np.concatenate(columns)).sum()), cost, 1.0)
    rest = sum(steps.values()) - wanted
    # A family budgeted at next to no units has a huge worth a unit: only rounding relative to that may remain.
    largest = max(size, *(abs(v) for v in steps.values()))
    assert abs(rest) <= max(CENT, 1e-9 * largest)
    assert (UNCOUNTED in steps) == bool(((units == 0) & ((revenue != 0) | (margin != 0))).any())


# -- the table --


def test_the_table_has_a_column_a_period_and_one_for_the_plan(demo: tuple[Company, Plan]) -> None:
    company, plan = demo
    money = project(plan)
    against = comparisons(company, plan, plan)
    for kind in (MONTH, QUARTER, YEAR):
        table = frame(money, 1, kind, against).set_index("line")
        assert table.loc["revenue", "Plan"] == pytest.approx(plan.kpis["revenue"], abs=CENT)
        assert table.loc["margin_base", "Plan"] == pytest.approx(plan.kpis["margin"], abs=CENT)
        columns = [c for c in table.columns if c not in ("title", "kind", "unit", "Plan")]
        assert table.loc["margin", columns].sum() == pytest.approx(plan.kpis["margin"], abs=CENT)
        assert table.loc["margin_budget", "title"] == "Contribution margin, budget"
    assert frame(money, 1, MONTH).columns[4] == f"{plan.inputs.months[0]}-01"


def test_a_period_that_the_budget_holds_in_part_is_blank() -> None:
    part = budget(revenue=700.0, quantity=65.0, family="Iron").iloc[:4]
    company, plan = line(budget=part)
    table = frame(project(plan), 1, QUARTER, comparisons(company, plan)).set_index("line")
    assert table.loc["revenue_budget", "FY 26 Q1"] == pytest.approx(2100.0)
    assert np.isnan(table.loc["revenue_budget", "FY 26 Q2"])
    assert table.loc["revenue", "unit"] == "EUR"
