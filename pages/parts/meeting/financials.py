"""The financial projection of the scenario shown: P&L to contribution margin, working capital and cash."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context, state
from pages.parts import format as fmt
from pages.parts.meeting import financials_table as table
from pages.parts.tables import download
from sop_core import projection as fin
from sop_core.calendar import iso_month, month_label
from sop_core.charts.projection import Cash, Flow, cash_chart, flow_chart, variance_chart
from sop_core.charts.template import CONFIG
from sop_core.charts.timeline import Picture
from sop_core.cycle.estimate import Estimate, final_by_cycle
from sop_core.inputs import Floats
from sop_core.pack import year as words
from sop_core.projection import Period, Projection, Revenue, Variance

MONTHS, QUARTERS, YEARS = "Months", "Quarters", "Fiscal years"
_KIND = {MONTHS: fin.MONTH, QUARTERS: fin.QUARTER, YEARS: fin.YEAR}
COMPANY, FAMILIES = "Company", "By family"
_HEIGHT = 235


def render(view: context.View) -> None:
    """The section."""
    plan, company = view.plan, view.company
    money = fin.project(plan)
    base = fin.project(view.base) if view.scenario.active else None
    first = company.snapshot.settings.fiscal_year_start
    revenue = fin.with_actuals(company, money)
    top = st.container(gap="small")
    year = _year(money, first)
    gap = fin.variance(company, plan, year.at)
    top.html(f'<p class="sop-headline">{fmt.safe(words.sentence(company, money, year, gap, base))}</p>')
    if not view.whole:
        st.html(
            '<p class="sop-quiet">Money is projected for the whole company: level, region and segment chosen above do '
            "not act here. What belongs to one family exactly stands under “By family”.</p>"
        )
    others = against(view, revenue)
    _pictures(view, money, base, revenue, others, year, gap)
    with st.container(horizontal=True, vertical_alignment="center"):
        across = st.segmented_control(
            "Across",
            list(_KIND),
            default=MONTHS,
            key="fin_across",
            required=True,
            label_visibility="collapsed",
        )
        what = st.segmented_control(
            "What",
            [COMPANY, FAMILIES],
            default=COMPANY,
            key="fin_what",
            required=True,
            label_visibility="collapsed",
        )
    shown = table.columns(revenue, first, _KIND[across or MONTHS])
    closed = int(revenue.closed.sum())
    if what == FAMILIES:
        shown = tuple(column for column in shown if not column.closed)  # families are planned months alone
        blocks = table.family_blocks(fin.by_family(plan), shown, closed)
        label = "Revenue and stock by family"
    else:
        budget = fin.budget_line(company, money.months, "margin")
        blocks = [
            table.revenue_block(revenue, shown, others),
            *table.statement_blocks(
                money, shown, closed, budget if np.isfinite(budget).any() else None, base
            ),
        ]
        label = "Financial projection"
    st.html(table.html(blocks, shown, view.currency, label))
    st.html(f'<p class="sop-quiet">{fmt.safe(remarks(view, year, others, gap, what == FAMILIES))}</p>')
    _downloads(view, money, first, _KIND[across or MONTHS])


def _year(money: Projection, first_month: int) -> Period:
    """The fiscal year that the headline and the variance are about; nothing to choose where there is one."""
    years = {period.label: period for period in fin.periods(money.months, first_month, fin.YEAR)}
    main = fin.main_year(money.months, first_month).label
    if len(years) < 2:
        return years[main]
    chosen = st.segmented_control(
        "Fiscal year", list(years), default=main, key="fin_year", required=True, label_visibility="collapsed",
        help="The year of the sentence above and of the margin against budget",
    )  # fmt: skip
    return years.get(chosen or main, years[main])


def last_estimate(view: context.View) -> Estimate | None:
    """The estimate with which the latest cycle before this plan ended; None where none was kept."""
    start = view.inputs.months[0]
    kept = final_by_cycle(state.store().estimates.list())
    before = [head for cycle, head in kept.items() if cycle < start]
    return _estimate(str(state.store_path()), before[-1].id) if before else None


@st.cache_resource(max_entries=4, show_spinner=False)
def _estimate(path: str, number: int) -> Estimate:
    return state.store().estimates.load(number)


def against(view: context.View, revenue: Revenue) -> list[tuple[str, Floats, str]]:
    """(name, [n] revenue by month, remark) of what the revenue can be held against."""
    found: list[tuple[str, Floats, str]] = []
    budget = fin.budget_line(view.company, revenue.months, "revenue")
    if np.isfinite(budget).any():
        found.append(("Budget", budget, "Revenue of the table budget"))
    estimate = last_estimate(view)
    if estimate is not None:
        expected = fin.estimate_revenue(view.company, estimate, revenue.months)
        if np.isfinite(expected).any():
            remark = "Unconstrained demand of the last latest estimate at its own prices; it holds no costs"
            found.append((f"LE of {month_label(estimate.cycle)}", expected, remark))
    if view.scenario.active:
        base = np.concatenate([revenue.amounts[revenue.closed], view.base.money.revenue])
        found.append(("Base", base, "Invoiced, then the plan without changes"))
    return found


# -- words --------------------------------------------------------------------------------------------------


def remarks(
    view: context.View,
    year: Period,
    others: Sequence[tuple[str, Floats, str]],
    gap: Variance | None,
    families: bool,
) -> str:
    """What the table rests on and cannot say."""
    if families:
        return (
            "Revenue and stock belong to one family exactly; wages, machine hours, transport and the like are shared, so "
            "no margin is split by family here."
        )
    said = [words.TERMS_REMARK]
    names = [name for name, *_ in others]
    remark = words.budget_remark(view.company, view.inputs.months, gap, year)
    if remark:
        said.append(remark)
    if not any(name.startswith("LE") for name in names):
        said.append(words.NO_ESTIMATE_REMARK)
    else:
        said.append(words.ESTIMATE_REMARK)
    return " ".join(said)


# -- pictures -----------------------------------------------------------------------------------------------


def _pictures(
    view: context.View, money: Projection, base: Projection | None, revenue: Revenue,
    others: Sequence[tuple[str, Floats, str]], year: Period, gap: Variance | None,
) -> None:  # fmt: skip
    named = {"LE" if name.startswith("LE") else name: values for name, values, _ in others}
    closed = int(revenue.closed.sum())
    margin_budget = fin.budget_line(view.company, money.months, "margin")
    left, right = st.columns(2, gap="medium")
    with left:
        flow = Flow(
            "Revenue", view.currency, revenue.months, revenue.amounts, closed, named.get("Budget"), named.get("LE"),
            named.get("Base"),
        )  # fmt: skip
        _draw(flow_chart(view.palette, flow, _HEIGHT), "fin_revenue")
        if gap is not None:
            _draw(
                variance_chart(view.palette, view.currency, words.bridge(gap, year, view.currency), _HEIGHT),
                "fin_variance",
            )
        else:
            st.html(f'<p class="sop-quiet">{fmt.safe(_no_variance(view))}</p>')
    with right:
        flow = Flow(
            "Contribution margin", view.currency, money.months, money.money["margin"], 0,
            margin_budget if np.isfinite(margin_budget).any() else None, None,
            base.money["margin"] if base is not None else None,
        )  # fmt: skip
        _draw(flow_chart(view.palette, flow, _HEIGHT), "fin_margin")
        cash = Cash(
            view.currency, money.months, money.money["cumulative_cash"], money.money["working_capital"],
            base.money["cumulative_cash"] if base is not None else None,
            base.money["working_capital"] if base is not None else None,
        )  # fmt: skip
        _draw(cash_chart(view.palette, cash, _HEIGHT), "fin_cash")


def _draw(picture: Picture, key: str) -> None:
    st.plotly_chart(picture.figure, key=key, theme=None, config=CONFIG, alt=picture.alt)


def _no_variance(view: context.View) -> str:
    if not len(view.company.snapshot.table("budget")):
        return (
            "No budget to explain: bring the table budget with month, family, quantity, revenue and margin on the Data "
            "page, and the difference is told apart into volume, mix, price and cost."
        )
    return (
        "The budget has no units in these months: bring its quantity, and the difference to it is told apart into "
        "volume, mix, price and cost."
    )


# -- downloads ----------------------------------------------------------------------------------------------


def _downloads(view: context.View, money: Projection, first: int, kind: str) -> None:
    def statement() -> pd.DataFrame:
        others = fin.comparisons(
            view.company, view.plan, view.base if view.scenario.active else None, last_estimate(view)
        )
        return fin.frame(money, first, kind, others)

    with st.container(horizontal=True):
        download("This projection", statement, "financials.csv", "financials_csv")
        download(
            "By family",
            lambda: family_frame(view),
            "financials_by_family.csv",
            "financials_family_csv",
            quiet=True,
        )


def family_frame(view: context.View) -> pd.DataFrame:
    """One row a family and month: units served, revenue, stock value at month end."""
    rows = [
        (found.family, iso_month(month), found.units[t], found.revenue[t], found.stock_value[t])
        for found in fin.by_family(view.plan)
        for t, month in enumerate(view.plan.inputs.months)
    ]
    money = view.currency
    return pd.DataFrame(
        rows,
        columns=[
            "family",
            "month",
            "units served",
            f"revenue, {money}",
            f"stock value at month end, {money}",
        ],
    )
