"""Financials on the Pre-S&OP page: the headline, the table across months and years, what it says where data lack."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.meeting import financials_table as table
from sop_core import projection as fin
from sop_core.calendar import months_from, to_month
from sop_core.changes import PriceChange
from sop_core.charts.projection import Cash, Flow, cash_chart, flow_chart
from sop_core.charts.roles import DARK, LIGHT
from sop_core.cycle.estimate import estimate_of
from sop_core.planner import Company, make_plan, prepare, unconstrained
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., AppTest]


def tables(first_month: str = "10", margin: bool = True) -> dict[str, pd.DataFrame]:
    """The company of one line; its fiscal year starts in October, so three months of it are closed."""
    made = companies.full_line()
    setting = pd.DataFrame({"setting": ["fiscal_year_start"], "value": [first_month]})
    made["settings"] = pd.concat([made["settings"], setting])
    if margin:
        made["budget"] = made["budget"].assign(margin=300.0)
    return made


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens Financials of a company: opened(tables, scenario="Dearer")."""

    def open_page(given: dict[str, pd.DataFrame], estimate: bool = False, **query: str) -> AppTest:
        path = companies.build(tmp_path / "company.duckdb", given)
        with Store.open(path) as store:
            dearer = Scenario("Dearer").add(PriceChange(pct=0.05, elasticity=0.0))
            store.save_scenario("Dearer", dearer.to_json(), "Ada", 0)
            if estimate:
                company = prepare(Snapshot.from_tables(given, 1))
                kept = estimate_of(company, unconstrained(company, Scenario.base()), kind="kept", who="Ada")
                store.estimates.keep(replace(kept, cycle=kept.cycle - 1, months=kept.months - 1))
        monkeypatch.setenv("SOP_STORE", str(path))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        app.query_params["meeting_view"] = "Financials"
        for name, value in query.items():
            app.query_params[name] = value
        return app.switch_page("pages/meeting.py").run()

    return open_page


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def test_the_headline_tells_the_margin_the_gap_to_budget_and_what_makes_it(opened: Open) -> None:
    app = opened(tables())
    text = said(app)
    assert not app.exception
    headline = re.search(r'<p class="sop-headline">(FY.*?)</p>', text)
    assert headline
    for part in ("FY 26", "margin", "budget", "volume", "price", "cost", "Cash flow"):
        assert part in headline[1], part
    assert len(app.get("plotly_chart")) == 4
    assert app.get("download_button")


def test_closed_months_are_marked_and_have_revenue_only(opened: Open) -> None:
    text = said(opened(tables()))
    assert "Invoiced Oct-Dec 25" in text
    assert "planned months alone: what closed months cost is not in the tables" in text
    row = re.search(r'<tr class="total"><th scope="row"[^>]*>Revenue</th>(.*?)</tr>', text)
    assert row
    assert ">1,650<" in row[1], "three months of 550"


def test_without_a_budget_the_page_says_what_to_bring(opened: Open) -> None:
    given = tables()
    del given["budget"]
    app = opened(given)
    assert not app.exception
    assert "no budget to compare with" in said(app)
    assert "bring the table budget" in said(app)
    assert len(app.get("plotly_chart")) == 3


def test_a_budget_without_units_is_compared_but_not_explained(opened: Open) -> None:
    given = tables(margin=False)
    given["budget"] = given["budget"].drop(columns="quantity")
    text = said(opened(given))
    assert "The budget has no units in these months" in text
    assert "Difference to budget" in text


def test_a_company_with_one_file_sees_its_money(opened: Open) -> None:
    app = opened(companies.sales_only())
    assert not app.exception
    assert "Contribution margin" in said(app)


def test_a_scenario_is_held_against_the_base_and_the_last_estimate(opened: Open) -> None:
    app = opened(tables(), estimate=True, scenario="Dearer")
    text = said(app)
    assert not app.exception
    assert "above the base" in text
    for part in (
        "LE of Dec 25",
        "Difference to LE of Dec 25",
        "Difference to base",
        "Contribution margin, base",
    ):
        assert part in text
    assert "margin cannot" in text


@pytest.mark.parametrize("across", ["Months", "Quarters", "Fiscal years"])
@pytest.mark.parametrize("what", ["Company", "By family"])
def test_every_way_of_looking_opens(opened: Open, across: str, what: str) -> None:
    app = opened(tables())
    app.segmented_control(key="fin_across").set_value(across)
    app.segmented_control(key="fin_what").set_value(what).run()
    assert not app.exception
    assert ("Revenue by family" in said(app)) == (what == "By family")


def test_the_headline_follows_the_fiscal_year_that_is_chosen(opened: Open) -> None:
    app = opened(tables(first_month="4"))
    assert "FY 26 (Jan-Mar 26): margin" in said(app)
    app.segmented_control(key="fin_year").set_value("FY 27").run()
    assert "FY 27 (Apr-Jun 26): margin" in said(app)


def test_a_filter_says_that_money_is_the_whole_companys(opened: Open) -> None:
    app = opened(companies.sales_only(), level="Product", item="Anvil")
    assert "Money is projected for the whole company" in said(app)


# -- the table as data --


@pytest.fixture(scope="module")
def company() -> Company:
    return prepare(Snapshot.from_tables(tables(), 1))


@pytest.mark.parametrize("kind", fin.PERIODS)
def test_every_fiscal_year_is_the_sum_of_the_columns_before_it(company: Company, kind: str) -> None:
    plan = make_plan(company.snapshot)
    money = fin.project(plan)
    revenue = fin.with_actuals(company, money)
    shown = table.columns(revenue, 10, kind)
    assert shown[-1].label == "Plan"
    assert [c.label for c in shown if c.sum] == ["FY 26", "Plan"]
    totals = table.over_all(revenue.amounts, shown)
    parts = [n for n, column in enumerate(shown) if not column.sum]
    assert sorted(np.concatenate([shown[n].at for n in parts] or [shown[0].at])) == list(range(9))
    if parts:
        assert totals[parts].sum() == pytest.approx(totals[-2])
    assert totals[-1] == pytest.approx(plan.kpis["revenue"])
    margin = table.over_plan(money.money["margin"], shown, 3)
    assert margin[-1] == pytest.approx(plan.kpis["margin"])
    stock = table.over_plan(money.money["stock_value"], shown, 3, fin.BALANCE)
    assert stock[-1] == plan.money.stock_value[-1]


def test_every_number_of_the_table_is_the_projections(company: Company) -> None:
    """What stands in the cells' tooltips is the money of the plan, to the cent."""
    plan = make_plan(company.snapshot)
    money = fin.project(plan)
    revenue = fin.with_actuals(company, money)
    shown = table.columns(revenue, 10, fin.MONTH)
    blocks = table.statement_blocks(money, shown, 3, None, None)
    html = table.html(blocks, shown, "EUR", "x")
    row = re.search(r'<tr class="total"><th scope="row"[^>]*>Contribution margin</th>(.*?)</tr>', html)
    assert row
    amounts = [float(v.replace(",", "")) for v in re.findall(r'title="([-\d,.]+)', row[1])]
    expected = [*plan.money.margin, plan.money.margin.sum(), plan.money.margin.sum()]
    assert amounts == pytest.approx(expected, abs=0.0051)


def test_families_add_up_to_the_company_line(company: Company) -> None:
    plan = make_plan(company.snapshot)
    shown = table.columns(fin.with_actuals(company, fin.project(plan)), 10, fin.YEAR)
    for block in table.family_blocks(fin.by_family(plan), shown, 3):
        assert np.nansum([row.amounts for row in block.rows[:-1]], axis=0) == pytest.approx(
            block.rows[-1].amounts
        )


# -- pictures --


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_pictures_show_what_they_say(palette: object) -> None:
    months = months_from(to_month("2026-10"), 5)
    amounts, budget = np.array([5.0, 4.0, -2.0, 6.0, 7.0]), np.array([np.nan, 5.0, 5.0, 5.0, 5.0])
    picture = flow_chart(palette, Flow("Margin", "EUR", months, amounts, 1, budget))  # type: ignore[arg-type]
    assert list(picture.figure.data[0].y) == amounts.tolist()
    assert picture.figure.data[1].y[0] is None
    assert picture.alt == "Margin Nov 26-Feb 27: 15 EUR, 5 below budget."
    low, high = picture.figure.layout.yaxis.range
    assert low < -2
    assert high > 7
    assert any(note.text == "Budget" for note in picture.figure.layout.annotations)
    cash = cash_chart(palette, Cash("EUR", months, amounts, budget[1:].repeat(2)[:5]))  # type: ignore[arg-type]
    assert "Cumulative cash ends at 7 EUR, lowest -2 in Dec 26" in cash.alt
