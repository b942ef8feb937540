"""Months-across grids: every balance can be checked by eye, in units and in money."""

from __future__ import annotations

import numpy as np
import pytest

from pages.parts import budget, goals, review, tables
from pages.parts.grid import (
    Block,
    MonthGrid,
    Past,
    Row,
    days_of_supply,
    family_grid,
    flows,
    past_facts,
    unit_of,
    zones,
)
from sop_core.calendar import months_from
from sop_core.charts.roles import palette
from sop_core.demo import build
from sop_core.explain import explain
from sop_core.explain.subject import shortage_findings
from sop_core.plan import Plan
from sop_core.planner import Company, Planner, prepare
from sop_core.snapshot import Snapshot
from tests.pages import companies


@pytest.fixture(scope="module")
def line() -> tuple[Company, Plan, Past]:
    company = prepare(Snapshot.from_tables(companies.full_line()))
    return company, Planner(company).base, past_facts(company)


@pytest.fixture(scope="module")
def demo() -> tuple[Company, Plan, Past]:
    company = prepare(Snapshot.from_tables(build()))
    return company, Planner(company).base, past_facts(company)


def rows(grid: MonthGrid, title: str) -> dict[str, np.ndarray]:
    block = next(block for block in grid.blocks if block.title == title)
    return {row.label: row.amounts for row in block.rows}


@pytest.mark.parametrize("money", [False, True])
def test_inventory_and_backlog_balance_in_every_month(demo: tuple[Company, Plan, Past], money: bool) -> None:
    """End = start + in - out (+ other movements), for every family of the demo with lanes and lead times."""
    company, plan, past = demo
    families = np.array(company.inputs.item_family)
    for family in dict.fromkeys(families):
        grid = family_grid(plan, past, families == family, family, money=money)
        stock = rows(grid, "Inventory")
        parts = [stock[name] for name in ("Start", "In", "Out", "Other movements") if name in stock]
        known = np.isfinite(np.sum(parts, axis=0))
        assert known[-company.inputs.horizon :].all()
        scale = 1e-6 * max(float(np.nanmax(np.abs(stock["End"]))), 1.0)
        np.testing.assert_allclose(np.sum(parts, axis=0)[known], stock["End"][known], atol=scale)
        np.testing.assert_allclose(stock["Start"][-17:], stock["End"][-18:-1], atol=scale)
        late = next((rows(grid, b.title) for b in grid.blocks if b.title == "Backlog"), None)
        if late is not None:
            moved = [late[name] for name in ("Start", "Orders", "Deliveries", "Lost") if name in late]
            ahead = slice(-company.inputs.horizon, None)
            np.testing.assert_allclose(np.sum(moved, axis=0)[ahead], late["End"][ahead], atol=scale)


def test_families_add_up_to_the_company(demo: tuple[Company, Plan, Past]) -> None:
    company, plan, _ = demo
    families = np.array(company.inputs.item_family)
    whole = flows(plan, np.ones(len(families), dtype=bool))
    for name in ("demand", "served", "received", "stock", "transit", "target", "backlog", "lost"):
        parts = [getattr(flows(plan, families == family), name) for family in dict.fromkeys(families)]
        np.testing.assert_allclose(np.sum(parts, axis=0), getattr(whole, name), atol=1e-6)


def test_past_months_show_actual_against_plan_with_a_running_difference(
    line: tuple[Company, Plan, Past],
) -> None:
    """Budget 65 a month, 55 sold: -10 each month, -30 after three; made 52 of 55 planned."""
    _, plan, past = line
    grid = family_grid(plan, past, np.ones(2, dtype=bool), "Iron")
    sales, made = rows(grid, "Sales"), rows(grid, "Production and purchases")
    np.testing.assert_allclose(sales["Difference"][:3], -10.0)
    np.testing.assert_allclose(sales["Cumulative difference"][:3], [-10.0, -20.0, -30.0])
    np.testing.assert_allclose(made["Cumulative difference"][:3], [-3.0, -6.0, -9.0])
    assert np.isnan(sales["Actual"][3:]).all()
    assert grid.zones == ("actuals",) * 3 + ("plan",) * 6


def test_stock_that_books_cannot_explain_is_named(line: tuple[Company, Plan, Past]) -> None:
    """20 in stock each month, 52 made, 55 sold of all items: 3 came from elsewhere."""
    _, plan, past = line
    stock = rows(family_grid(plan, past, np.ones(2, dtype=bool), "Iron"), "Inventory")
    np.testing.assert_allclose(stock["Other movements"][:3], 3.0)


def test_without_stock_or_production_history_nothing_is_claimed() -> None:
    company = prepare(Snapshot.from_tables(companies.demand_plan_only()))
    plan, past = Planner(company).base, past_facts(company)
    assert len(past.months) == 0
    grid = family_grid(plan, past, np.ones(1, dtype=bool), "Anvil")
    assert len(grid.months) == 6
    assert "Actual" not in rows(grid, "Sales")
    assert not any("difference" in row.label.lower() for block in grid.blocks for row in block.rows)


def test_budget_and_estimate_compare_the_same_months(line: tuple[Company, Plan, Past]) -> None:
    """Actuals of 2025 are 550 a month against 700; the plan's months carry the plan's revenue."""
    company, plan, past = line
    found = {(y.year, y.measure): y for y in budget.by_year(company, plan, past)}
    year = found[2026, "revenue"]
    assert year.months == "Jan-Jun 26"
    assert year.budget == 6 * 700.0
    assert year.estimate == pytest.approx(plan.money.revenue.sum())
    assert year.gap == pytest.approx(year.estimate - 4200.0)
    assert (2026, "margin") not in found


def test_a_target_that_is_missed_is_unfavourable(line: tuple[Company, Plan, Past]) -> None:
    company, plan, _ = line
    held = goals.goals(company, plan, plan, "service_level")
    assert [(g.name, g.good) for g in held] == [("target", False)]
    assert held[0].gap == pytest.approx(plan.kpis["service_level"] - 0.99)
    assert "unfavourable" in goals.strip(company, plan, plan, palette(), ["service_level"])


def test_days_of_supply_look_at_the_next_month() -> None:
    days = days_of_supply(np.array([100.0, 50.0]), np.array([80.0, 50.0]))
    np.testing.assert_allclose(days, np.array([100.0 / 50.0, 50.0 / 50.0]) * 365.25 / 12)
    assert np.isnan(days_of_supply(np.array([5.0]), np.array([0.0])))[0]


def test_units_are_named_once_where_they_are_the_same() -> None:
    assert unit_of(("piece", "kg"), np.array([True, False])) == "pieces"
    assert unit_of(("piece", "kg"), np.array([False, True])) == "kg"
    assert unit_of(("piece", "kg"), np.array([True, True])) == "units"


def test_zones_never_exceed_the_horizon() -> None:
    assert zones(2, 3, 2) == ("actuals", "actuals", "frozen", "frozen")


def _grid(*lines: Row, past: int = 1, title: str = "B") -> MonthGrid:
    count = len(lines[0].amounts)
    return MonthGrid(
        months_from(np.datetime64("2026-11", "M"), count),
        zones(past, 1, count - past),
        (Block(title, lines),),
        "G",
    )


def test_zero_is_a_dash_and_unknown_is_blank() -> None:
    text = tables.month_html(_grid(Row("R", np.array([0.0, np.nan, 1234.0]), "pieces")), "L")
    assert "–</td>" in text
    assert '<td class="frozen starts"></td>' in text
    assert ">1,234</td>" in text


def test_large_numbers_are_in_thousands_with_the_exact_one_at_hand() -> None:
    text = tables.month_html(_grid(Row("R", np.array([2_500_000.0, 1.0, 2.0]), "pieces")), "L")
    assert "thousand pieces" in text
    assert 'title="2,500,000.0">2,500</td>' in text


def test_a_difference_says_in_a_word_whether_it_is_good() -> None:
    text = tables.month_html(_grid(Row("R", np.array([-5.0, 5.0, 0.0]), "pieces", "difference", 1)), "L")
    assert "-5.0, unfavourable" in text
    assert ">+5</td>" in text
    assert "5.0, favourable" in text


def test_the_download_keeps_every_digit_and_row() -> None:
    frame = _grid(Row("R", np.array([0.123456789, np.nan, 3.0]), "pieces")).frame()
    assert frame.columns.tolist() == [
        "group",
        "block",
        "row",
        "unit",
        "2026-11-01",
        "2026-12-01",
        "2027-01-01",
    ]
    assert frame.loc[0, "2026-11-01"] == 0.123456789
    assert frame["2026-12-01"].isna().all()


def test_names_in_a_table_are_text() -> None:
    text = tables.month_html(_grid(Row("<b>x</b>", np.array([1.0, 2.0, 3.0]), "pieces")), "<i>")
    assert "<b>x</b>" not in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text


def test_shortages_are_gathered_as_explained_and_by_item_in_money_order(
    demo: tuple[Company, Plan, Past],
) -> None:
    """The list loses nothing of what the plan reports, and each line asks about an exception of the plan."""
    _, plan, _ = demo
    table = plan.shortages
    listed, subjects = review.shortage_rows(plan, table)
    assert listed["Money"].is_monotonic_decreasing
    assert listed["Money"].sum() == pytest.approx(table["value"].sum())
    assert (listed["Late"] + listed["Lost"]).sum() == pytest.approx(table["quantity"].sum())
    titles = {one.title for one in shortage_findings(plan)}
    assert set(listed["Because"]) == titles
    assert len(subjects) == len(listed)
    told = [explain(plan, subject) for subject in subjects]
    assert all(one is not None and one.subject == asked for one, asked in zip(told, subjects, strict=True))
    assert review.shortage_rows(plan, table.head(0))[0].empty


def test_load_is_listed_fullest_first_and_overtime_is_part_of_it(line: tuple[Company, Plan, Past]) -> None:
    """The forge works 10 hours beyond its 70 in March: 114 % load, an eighth of it overtime."""
    _, plan, _ = line
    names, used, extra = review.load_parts(plan)
    assert names == ["Forge"]
    assert used[0, 2] == pytest.approx(80 / 70)
    assert extra[0, 2] == pytest.approx(10 / 80)


def test_a_company_without_resources_has_no_load() -> None:
    company = prepare(Snapshot.from_tables(companies.demand_plan_only()))
    names, used, extra = review.load_parts(Planner(company).base)
    assert names == []
    assert used.shape[0] == extra.shape[0] == 0
