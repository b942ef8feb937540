"""The financial year: sums, identities, what is compared with what, and what is said where something is missing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core import projection as fin
from sop_core.calendar import to_month
from sop_core.changes import PriceChange
from sop_core.cycle.estimate import Estimate, estimate_of
from sop_core.pack import year as module
from sop_core.pack.value import FinancialYear, KpiLine, Pack, Picture, Series, YearRow
from sop_core.pack.year import INVOICED, financial_year
from sop_core.plan import Plan
from sop_core.planner import Company, Planner, make_plan, prepare, unconstrained
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests import packs
from tests.pages.companies import full_line, sales_only

CENT = 0.005
FLOWS = ("revenue", "cost", "margin", "cash_flow")


def line(horizon: int = 6, first: int = 1, start: str = "2026-01-01", **tables: Any) -> tuple[Company, Plan]:
    """The company of one line over a horizon, its fiscal year beginning with that month; None drops a table."""
    made = full_line()
    rows = {"horizon_months": str(horizon), "fiscal_year_start": str(first), "plan_start": start}
    kept = made["settings"][~made["settings"]["setting"].isin(rows)]
    added = pd.DataFrame({"setting": list(rows), "value": list(rows.values())})
    made |= {"settings": pd.concat([kept, added])} | tables
    snapshot = Snapshot.from_tables(
        {name: table for name, table in made.items() if table is not None}, version=1
    )
    return prepare(snapshot), make_plan(snapshot)


def demand(months: int) -> pd.DataFrame:
    """A demand plan that is never the same two months running."""
    stamps = pd.date_range("2026-01-01", periods=months, freq="MS")
    return pd.DataFrame(
        [
            {"month": m, "product": p, "quantity": q + 3.0 * (n % 5)}
            for n, m in enumerate(stamps)
            for p, q in (("Anvil", 55.0), ("Order", 5.0))
        ]
    )


def budget(months: int = 24, **columns: Any) -> pd.DataFrame:
    stamps = pd.date_range("2025-10-01", periods=months, freq="MS")
    return pd.DataFrame({"month": stamps} | columns)


def row(year: FinancialYear, name: str) -> YearRow:
    return next(found for found in year.rows if found.name == name)


def at(year: FinancialYear, label: str) -> int:
    return year.periods.index(label)


@cache
def planned(horizon: int) -> tuple[Company, Plan]:
    """A plan from April on, with a budget of revenue, margin and units; never edited."""
    held = budget(30, revenue=700.0, margin=300.0, quantity=65.0, family="Iron")
    return line(horizon, 1, "2026-04-01", demand_plan=demand(36), budget=held)


def year_from(first: int, horizon: int) -> tuple[Company, Plan]:
    """The same company whose fiscal year begins with another month: its plan does not depend on that."""
    company, plan = planned(horizon)
    settings = replace(company.snapshot.settings, fiscal_year_start=first)
    return replace(company, snapshot=replace(company.snapshot, settings=settings)), plan


FIRSTS, HORIZONS = st.integers(1, 12), st.sampled_from([1, 2, 8, 12, 27])


# -- sums --


@settings(max_examples=25)
@given(
    first=st.integers(1, 12),
    horizon=st.integers(1, 27),
    start=st.sampled_from(["2026-01-01", "2026-02-01", "2026-06-01"]),
)
def test_quarters_add_up_to_their_year_and_the_years_to_the_plan(
    first: int, horizon: int, start: str
) -> None:
    company, plan = line(
        horizon, first, start, demand_plan=demand(36),
        budget=budget(30, revenue=700.0, margin=300.0, quantity=65.0, family="Iron"),
    )  # fmt: skip
    year = financial_year(company, plan, None, None)
    assert list(year.years).count(True) == len({label[:5] for label in year.periods})
    for found in year.rows:
        for values in (found.plan, found.budget, found.last):
            quarters: list[float | None] = []
            total = 0.0
            for value, is_year in zip(values, year.years, strict=True):
                if not is_year:
                    quarters.append(value)
                    continue
                known = [part for part in quarters if part is not None]
                if found.kind == "flow" and value is not None:
                    assert sum(known) == pytest.approx(value, abs=CENT)
                if found.kind == "balance":
                    assert value == quarters[-1]
                total += value or 0.0
                quarters = []
            if values is found.plan and found.kind == "flow" and found.name != INVOICED:
                assert total == pytest.approx(fin.project(plan).money[found.name].sum(), abs=CENT)


@settings(max_examples=30)
@given(first=FIRSTS, horizon=HORIZONS)
def test_margin_is_revenue_less_costs_and_capital_its_parts_in_every_period(first: int, horizon: int) -> None:
    company, plan = year_from(first, horizon)
    year = financial_year(company, plan, None, None)
    costs = fin.project(plan).costs
    for n in range(len(year.periods)):
        value = {found.name: found.plan[n] for found in year.rows}
        if value["revenue"] is None:
            assert value["margin"] is None, "costs of closed months are not known, and not zero"
            assert value[INVOICED] is not None
            continue
        assert value["revenue"] - value["cost"] == pytest.approx(value["margin"], abs=CENT)
        assert sum(value[name] for name in costs) == pytest.approx(value["cost"], abs=CENT)
        capital = value["stock_value"] + value["receivables"] - value["payables"]
        assert capital == pytest.approx(value["working_capital"], abs=CENT)
        held = {found.name: found.budget[n] for found in year.rows}
        if held["revenue"] is not None and held["margin"] is not None:
            assert held["revenue"] - held["cost"] == pytest.approx(held["margin"], abs=CENT)


@settings(max_examples=20)
@given(first=FIRSTS, horizon=HORIZONS)
def test_the_variance_leads_from_the_budget_to_the_plan_to_the_cent(first: int, horizon: int) -> None:
    company, plan = year_from(first, horizon)
    year = financial_year(company, plan, None, None)
    bridge = year.variance
    assert bridge is not None
    assert bridge.start_value + sum(step.amount for step in bridge.steps) == pytest.approx(
        bridge.end_value, abs=CENT
    )
    main = at(year, year.main)
    assert year.years[main]
    assert bridge.end_value == pytest.approx(row(year, "margin").plan[main], abs=CENT)
    assert bridge.start_value == pytest.approx(row(year, "margin").budget[main], abs=CENT)
    assert {step.label for step in bridge.steps} == {"Volume", "Mix", "Price", "Cost"}
    assert year.main in year.sentence
    assert year.main in bridge.sentence


# -- periods --


def test_two_years_and_a_half_stand_one_behind_the_other() -> None:
    company, plan = line(30, 4, demand_plan=demand(36))
    year = financial_year(company, plan, None, None)
    assert [label for label, flag in zip(year.periods, year.years, strict=True) if flag] == [
        "FY 26", "FY 27", "FY 28", "FY 29",
    ]  # fmt: skip
    assert year.periods[:5] == ("FY 26 Q1", "FY 26 Q2", "FY 26 Q3", "FY 26 Q4", "FY 26")
    assert year.closed[:5] == (3, 3, 3, 0, 9)
    assert year.main == "FY 27", "the first that is planned as a whole"
    assert year.whole[-1] is False
    assert row(year, INVOICED).plan[0] == pytest.approx(3 * 550.0)


def test_a_horizon_shorter_than_a_year_is_about_the_months_that_it_has() -> None:
    company, plan = line(2)
    year = financial_year(company, plan, None, None)
    assert year.periods == ("FY 26 Q1", "FY 26")
    assert year.whole == (False, False)
    assert year.main == "FY 26"
    assert "(Jan-Feb 26)" in year.sentence
    assert INVOICED not in {found.name for found in year.rows}


def test_closed_months_have_revenue_alone_and_the_remarks_say_so() -> None:
    company, plan = line(6, 10)
    year = financial_year(company, plan, None, None)
    gone = at(year, "FY 26 Q1")
    assert year.closed[gone] == 3
    for found in year.rows:
        assert (found.plan[gone] is not None) == (found.name == INVOICED), found.name
    whole = at(year, "FY 26")
    planned = fin.project(plan)
    assert row(year, "margin").plan[whole] == pytest.approx(planned.money["margin"].sum())
    assert any("Oct-Dec 25 are closed" in remark for remark in year.remarks)
    assert row(year, "revenue").title == "Revenue of planned months"


# -- budget --


def test_without_a_budget_nothing_is_compared_and_the_remark_says_what_to_bring() -> None:
    company, plan = line(budget=None)
    year = financial_year(company, plan, None, None)
    assert year.variance is None
    assert all(value is None for found in year.rows for value in (*found.budget, *found.last))
    assert "no budget to compare with" in year.sentence
    assert module.NO_BUDGET_REMARK in year.remarks
    assert module.NO_ESTIMATE_REMARK in year.remarks
    assert year.last_name == ""


def test_a_budget_without_units_is_compared_but_not_told_apart() -> None:
    company, plan = line(budget=budget(revenue=700.0, margin=300.0))
    year = financial_year(company, plan, None, None)
    assert year.variance is None
    assert row(year, "margin").budget[at(year, "FY 26")] == pytest.approx(6 * 300.0)
    assert "budget" in year.sentence
    assert any("no units in FY 26" in remark for remark in year.remarks)


def test_a_budget_without_margin_explains_revenue_alone() -> None:
    company, plan = line(budget=budget(revenue=700.0, quantity=65.0, family="Iron"))
    year = financial_year(company, plan, None, None)
    assert year.variance is not None
    assert {step.label for step in year.variance.steps} == {"Volume", "Mix", "Price"}
    assert year.variance.title.startswith("Revenue against budget")
    assert all(value is None for value in row(year, "cost").budget)
    assert any("no margin" in remark for remark in year.remarks)


def test_a_budget_that_ends_within_a_quarter_is_not_compared_with_it() -> None:
    company, plan = line(budget=budget(5, revenue=700.0, margin=300.0))  # October to February
    year = financial_year(company, plan, None, None)
    assert row(year, "revenue").budget[at(year, "FY 26 Q1")] is None
    assert "in the 2 months that it holds" in year.sentence


# -- the last latest estimate --


def kept(company: Company, back: int = 1) -> Estimate:
    """What was expected of the same demand some months ago."""
    estimate = estimate_of(company, unconstrained(company, Scenario.base()), kind="kept", who="Ada")
    return replace(estimate, cycle=estimate.cycle - back, months=estimate.months - back)


def test_an_estimate_is_revenue_alone_behind_what_was_invoiced() -> None:
    company, plan = line(6, 10, budget=None)
    year = financial_year(company, plan, None, kept(company, back=1))
    assert year.last_name == "LE of Dec 25"
    assert module.ESTIMATE_REMARK in year.remarks
    assert all(value is None for name in ("cost", "margin", "cash_flow") for value in row(year, name).last)
    quarter = at(year, "FY 26 Q1")
    expected = float(fin.estimate_revenue(company, kept(company), np.array([to_month("2025-12")]))[0])
    assert row(year, INVOICED).last[quarter] == pytest.approx(2 * 550.0 + expected)
    assert row(year, INVOICED).last[at(year, "FY 26 Q3")] is None, "the estimate ends in May"


def signed(plan: Plan, company: Company, **changes: Any) -> Pack:
    """The pack of a plan as far as the financial year reads one: KPIs by month, the money picture, the year."""
    money = fin.project(plan).money
    names = {
        "revenue": "revenue", "cost": "cost", "margin": "margin", "cash": "cash_flow",
        "working_capital": "working_capital", "stock_value": "stock_value",
    }  # fmt: skip
    lines = tuple(
        KpiLine(name, name, "money", "up", "", float(money[of].sum()), tuple(money[of].tolist()))
        for name, of in names.items()
    )
    whole = packs.example(
        currency=plan.inputs.currency,
        cycle=str(plan.inputs.months[0]),
        months=tuple(str(month) for month in plan.inputs.months),
        closed=0,
        kpis=lines,
        pictures=(),
        year=financial_year(company, plan, None, None),
    )
    return replace(whole, **changes)


def test_the_plan_signed_before_is_compared_line_by_line_over_the_months_of_both() -> None:
    company, plan = line(18, demand_plan=demand(36))
    before_company, before = line(18, start="2025-12-01", demand_plan=demand(36))
    last = signed(before, before_company)
    year = financial_year(company, plan, last, kept(company))
    assert year.last_name == "Signed plan of Dec 25"
    assert module.ESTIMATE_REMARK not in year.remarks
    old = fin.project(before).money
    first = at(year, "FY 26 Q1")
    for name in FLOWS:
        assert row(year, name).last[first] == pytest.approx(float(old[name][1:4].sum())), name
    assert row(year, "working_capital").last[first] == pytest.approx(float(old["working_capital"][3]))
    assert row(year, "cumulative_cash").last[first] == pytest.approx(float(old["cash_flow"][1:4].sum()))
    cut = at(year, "FY 27 Q2")
    assert row(year, "margin").last[cut] is None, "the signed plan ends in May 27"
    # Components and terms are taken from its own financial year where a period is whole in both.
    costs = fin.project(before).costs
    assert row(year, costs[0]).last[first] == pytest.approx(float(old[costs[0]][1:4].sum()))
    assert row(year, "receivables").last[first] == pytest.approx(float(old["receivables"][3]))


def test_a_signed_plan_that_keeps_pictures_alone_is_read_from_them() -> None:
    company, plan = line(6)
    money = fin.project(plan).money
    series = tuple(
        Series(name, name, "money", tuple(money[of].tolist()))
        for name, of in (
            ("revenue", "revenue"), ("margin", "margin"), ("cash", "cumulative_cash"),
            ("working_capital", "working_capital"),
        )
    )  # fmt: skip
    last = signed(
        plan, company, kpis=(), pictures=(Picture("money", "Money", "", "money", series),), year=None
    )
    year = financial_year(company, plan, last, None)
    whole = at(year, "FY 26")
    for name in (*FLOWS, "working_capital", "cumulative_cash"):
        assert row(year, name).last[whole] == pytest.approx(row(year, name).plan[whole]), name


def test_a_fiscal_year_that_began_elsewhere_then_is_not_taken_for_the_same() -> None:
    company, plan = line(12, 1, demand_plan=demand(36))
    other, before = line(12, 3, demand_plan=demand(36))
    year = financial_year(company, plan, signed(before, other), None)
    costs = fin.project(plan).costs
    assert all(value is None for value in row(year, costs[0]).last)
    assert row(year, "margin").last[0] is not None


def test_a_signed_plan_in_another_currency_or_of_other_months_is_not_compared() -> None:
    company, plan = line(6)
    year = financial_year(company, plan, signed(plan, company, currency="CHF"), None)
    assert year.last_name == ""
    assert any("CHF" in remark for remark in year.remarks)
    far = tuple(f"2019-{n:02d}" for n in range(1, 7))
    year = financial_year(company, plan, signed(plan, company, months=far, cycle="2019-01"), None)
    assert year.last_name == ""
    assert any("shares no month" in remark for remark in year.remarks)


# -- whole companies --


def test_a_newcomer_with_sales_alone_has_a_financial_year() -> None:
    snapshot = Snapshot.from_tables(sales_only(), 1)
    year = financial_year(prepare(snapshot), make_plan(snapshot), None, None)
    assert year.sentence
    assert row(year, "margin").plan[at(year, year.main)] is not None


def test_of_a_scenario_it_is_the_scenarios(demo_company: Company, demo_planner: Planner) -> None:
    dearer = demo_planner.plan(Scenario("Dearer").add(PriceChange(pct=0.05, elasticity=0.0)))
    mine = financial_year(demo_company, dearer, None, None)
    base = financial_year(demo_company, demo_planner.base, None, None)
    main = at(mine, mine.main)
    assert row(mine, "revenue").plan[main] > row(base, "revenue").plan[main]
    assert row(mine, "revenue").budget == row(base, "revenue").budget
    assert mine.variance is not None
    assert mine.variance.end_value == pytest.approx(row(mine, "margin").plan[main], abs=CENT)
