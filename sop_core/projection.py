"""The financial projection of a plan: P&L to contribution margin, working capital and cash, by month, quarter and
fiscal year, against budget, the last latest estimate and another plan.

Nothing is worked out twice: flows and balances are those of `money.py`, to the cent; periods add flows up and take
balances at their end. What the tables do not hold (costs of closed months, costs of an estimate) is nan, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, fiscal_year, iso_month, month_column, months_from, span_label
from sop_core.compare import COST_TITLES
from sop_core.cycle.agreement import on_axes
from sop_core.cycle.estimate import Estimate
from sop_core.inputs import Bools, Floats, Ints
from sop_core.money import NOT_CASH
from sop_core.plan import Plan
from sop_core.planner import Company

FLOW, BALANCE = "flow", "balance"
MONTH, QUARTER, YEAR = "month", "quarter", "year"
PERIODS: Final = (MONTH, QUARTER, YEAR)

#: Lines that are neither revenue nor a cost component: (title, flow or balance, direction that is favourable, formula).
_LINES: Final[Mapping[str, tuple[str, str, int, str]]] = MappingProxyType(
    {
        "revenue": ("Revenue", FLOW, 1, "Units served x the price of the month in which they were asked for"),
        "cost": ("Cost", FLOW, -1, "Sum of all cost components"),
        "margin": ("Contribution margin", FLOW, 1, "Revenue - cost"),
        "stock_value": ("Stock value", BALANCE, -1, "Units in stock x standard cost, at the end"),
        "receivables": ("Receivables", BALANCE, -1, "The last receivable_days of revenue, at the end"),
        "payables": ("Payables", BALANCE, 1, "The last payable_days of what suppliers are owed, at the end"),
        "working_capital": ("Working capital", BALANCE, -1, "Stock value + receivables - payables, at the end"),
        "cash_flow": (
            "Cash flow", FLOW, 1,
            "Margin without holding, backlog and lost-sale costs, less the growth of receivables net of payables",
        ),
        "cumulative_cash": ("Cumulative cash", BALANCE, 1, "Cash flow since the plan's first month"),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the projection. `favourable`: +1 where more is good, -1 where less is."""

    name: str
    title: str
    kind: str  #: flow or balance
    favourable: int
    formula: str


@dataclass(frozen=True, slots=True)
class Projection:
    """A plan's money by month. `money` [t] by line; nothing here is nan."""

    months: MonthArray
    money: Mapping[str, Floats]
    costs: tuple[str, ...]  #: cost components that are not all zero, in the order of the P&L
    currency: str

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line, in the order in which they are read."""
        return tuple(line(name) for name in ("revenue", *self.costs, *list(_LINES)[1:]))

    def total(self, name: str, at: Ints | slice) -> float:
        """A line over some months: the sum of a flow, the last month of a balance; 0 without months."""
        part = self.money[name][at]
        if not len(part):
            return 0.0
        return float(part.sum()) if line(name).kind == FLOW else float(part[-1])


@dataclass(frozen=True, slots=True)
class Period:
    """A month, quarter or fiscal year: `at`, positions of its months; `whole`: none of its months is missing."""

    label: str  #: `Mar 26`, `FY 26 Q2`, `FY 26`
    year: int
    at: Ints
    whole: bool


def line(name: str) -> Line:
    """What a line is; cost components too."""
    if name in _LINES:
        title, kind, favourable, formula = _LINES[name]
        return Line(name, title, kind, favourable, formula)
    paid = ", not paid in cash" if name in NOT_CASH else ""
    title = COST_TITLES.get(name, name.replace("_", " ").capitalize())
    return Line(name, title, FLOW, -1, f"Cost component{paid}, in the month in which it arises")


def project(plan: Plan) -> Projection:
    """The projection of a plan: the arrays of `plan.money`, and cash added up."""
    money = plan.money
    values: dict[str, Floats] = {"revenue": money.revenue} | dict(money.costs)
    values |= {
        "cost": money.cost,
        "margin": money.margin,
        "stock_value": money.stock_value,
        "receivables": money.receivables,
        "payables": money.payables,
        "working_capital": money.working_capital,
        "cash_flow": money.cash_flow,
        "cumulative_cash": np.cumsum(money.cash_flow),
    }
    order = dict.fromkeys([*COST_TITLES, *money.costs])
    shown = tuple(name for name in order if name in money.costs and np.any(money.costs[name] != 0.0))
    return Projection(plan.inputs.months, MappingProxyType(values), shown, plan.inputs.currency)


# -- periods ----------------------------------------------------------------------------------------------


def periods(months: MonthArray, first_month: int, kind: str) -> tuple[Period, ...]:
    """The periods that have months among these, in order. `first_month`: month number in which the fiscal year
    starts. Raises ValueError for an unknown kind."""
    if kind not in PERIODS:
        raise ValueError(f"{kind!r} is no period: one of {', '.join(PERIODS)}")
    years = [fiscal_year(month, first_month) for month in months]
    if kind == MONTH:
        return tuple(Period(span_label(m, m), years[n], np.array([n]), True) for n, m in enumerate(months))
    quarter = ((months.astype("datetime64[M]").astype(int) % 12 - (first_month - 1)) % 12) // 3 + 1
    keys = [(year, int(q) if kind == QUARTER else 0) for year, q in zip(years, quarter, strict=True)]
    out = []
    for year, q in dict.fromkeys(keys):
        at = np.array([n for n, key in enumerate(keys) if key == (year, q)])
        label = f"FY {year % 100:02d}" + (f" Q{q}" if q else "")
        out.append(Period(label, year, at, len(at) == (3 if q else 12)))
    return tuple(out)


def main_year(months: MonthArray, first_month: int) -> Period:
    """The fiscal year that a plan is about: the first that is planned as a whole, else the one with most months."""
    found = periods(months, first_month, YEAR)
    whole = [period for period in found if period.whole]
    return whole[0] if whole else max(found, key=lambda period: len(period.at))


# -- what happened, what was budgeted, what was expected ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Revenue:
    """Revenue by month [n], the closed months of the running fiscal year first. nan: not known."""

    months: MonthArray
    closed: Bools  #: [n] invoiced, before the plan's first month
    amounts: Floats


def with_actuals(company: Company, projection: Projection) -> Revenue:
    """The plan's revenue behind what was invoiced in the months of its first fiscal year that are closed.

    Closed months of which the company brought no sales are left out.
    """
    first = company.snapshot.settings.fiscal_year_start
    start = projection.months[0]
    since = (int(start.astype("datetime64[M]").astype(int)) % 12 - (first - 1)) % 12
    before = months_from(start - since, since)
    known = np.full(since, np.nan)
    if company.history is not None and company.snapshot.has("sales"):
        at = (before - company.history.months[0]).astype(int)
        inside = (at >= 0) & (at < len(company.history.months))
        known[inside] = company.history.revenue.sum(axis=(0, 1, 2))[at[inside]]
    keep = np.isfinite(known)
    months = np.concatenate([before[keep], projection.months])
    closed = np.concatenate(
        [np.ones(int(keep.sum()), dtype=bool), np.zeros(len(projection.months), dtype=bool)]
    )
    return Revenue(months, closed, np.concatenate([known[keep], projection.money["revenue"]]))


BUDGETED: Final = ("revenue", "margin", "quantity")


def budget_by_month(company: Company, measure: str) -> dict[np.datetime64, float]:
    """The company's budget by month: revenue and margin in money, quantity in units; empty where it brought none."""
    frame = company.snapshot.table("budget")
    frame = frame[frame[measure].notna()] if len(frame) else frame
    out: dict[np.datetime64, float] = {}
    for month, value in zip(month_column(frame["month"]), frame[measure].to_numpy(dtype=float), strict=True):
        out[month] = out.get(month, 0.0) + float(value)
    return out


def budget_line(company: Company, months: MonthArray, measure: str) -> Floats:
    """[n] the budget of these months; nan where it holds none."""
    found = budget_by_month(company, measure)
    return np.array([found.get(month, np.nan) for month in months], dtype=float)


def estimate_revenue(company: Company, estimate: Estimate, months: MonthArray) -> Floats:
    """[n] revenue that an estimate expected: its unconstrained demand at its own prices, of names that are still
    planned; nan in months that it did not plan, and where it kept no prices. It holds no costs."""
    if estimate.price is None:
        return np.full(len(months), np.nan)
    inputs = company.inputs
    worth = estimate.consensus * estimate.price
    cells = on_axes(estimate, months, inputs.items, inputs.regions, inputs.segments, worth)
    total: Floats = cells.sum(axis=(0, 1, 2))
    return np.where(np.isin(months, estimate.months), total, np.nan)


# -- the variance against budget ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variance:
    """Plan less budget over the months that both have. `steps` add up to `plan` - `budget`; positive = favourable."""

    measure: str  #: margin, or revenue where the budget has no margin
    months: str  #: `Jan-Dec 27`
    budget: float
    plan: float
    steps: tuple[tuple[str, float], ...]
    by: str  #: at which level volume, mix and price are told apart: family or company

    @property
    def gap(self) -> float:
        """Plan less budget."""
        return self.plan - self.budget


VOLUME, MIX, PRICE, COST, UNCOUNTED = "Volume", "Mix", "Price", "Cost", "Budgeted without units"

#: How each step is worked out, for help texts and docs. g runs over families, b is the budget, p the plan.
VARIANCE_FORMULAS: Final[Mapping[str, str]] = MappingProxyType(
    {
        VOLUME: "(units of the plan - units of the budget) x the budget's average worth of a unit",
        MIX: "sum over families of (units of the plan - all units of the plan x the family's part of the budget's units) "
        "x the family's worth of a unit in the budget",
        PRICE: "sum over families of (average price of the plan - of the budget) x units of the plan",
        COST: "the budget's cost of the plan's units - cost of the plan",
        UNCOUNTED: "revenue of the plan - of the budget for families whose budget has revenue but no units",
    }
)


def variance(company: Company, plan: Plan, at: Ints) -> Variance | None:
    """Volume, mix, price and cost between the budget and the plan over those of the plan's months `at` for which the
    budget has revenue and units; None where it has none.

    Of the margin where every budgeted row has one, else of the revenue (then without cost). The worth of a unit is its
    margin, or its revenue. A family that was not budgeted is valued at the plan's price and the budget's average cost
    rate. Volume + mix + price + cost = plan - budget, exactly.
    """
    inputs = plan.inputs
    frame = company.snapshot.table("budget")
    chosen = np.isin(month_column(frame["month"]), inputs.months[at]) & frame["revenue"].notna().to_numpy()
    frame = frame[chosen]
    if not frame["quantity"].fillna(0.0).sum() > 0:
        return None
    both = at[np.isin(inputs.months[at], month_column(frame["month"]))]
    groups, level = _groups(company, frame)
    names = list(dict.fromkeys([*(inputs.item_family if level == "family" else ()), *groups]))
    place = {name: n for n, name in enumerate(names)}
    of_row = np.array([place[name] for name in groups])
    of_item = np.array([place[name] if level == "family" else 0 for name in inputs.item_family], dtype=int)
    budget = {
        column: _gathered(of_row, frame[column].fillna(0.0).to_numpy(dtype=float), len(names))
        for column in ("quantity", "revenue", "margin")
    }
    planned = {
        "quantity": _gathered(of_item, plan.solution.served[..., both].sum(axis=(1, 2, 3)), len(names)),
        "revenue": _gathered(of_item, plan.solution.revenue[..., both].sum(axis=(1, 2, 3)), len(names)),
    }
    full = bool(frame["margin"].notna().all())
    cost = float(plan.money.cost[both].sum())
    steps = _steps(budget, planned, cost, full)
    if level == "company":
        steps.pop(MIX)
    revenue = float(plan.money.revenue[both].sum())
    return Variance(
        measure="margin" if full else "revenue",
        months=span_label(inputs.months[both[0]], inputs.months[both[-1]]),
        budget=float((budget["margin"] if full else budget["revenue"]).sum()),
        plan=revenue - cost if full else revenue,
        steps=tuple(steps.items()),
        by=level,
    )


def _gathered(place: Ints, values: Floats, count: int) -> Floats:
    """[g] sums of values by place."""
    out = np.zeros(count)
    np.add.at(out, place, values)
    return out


def _groups(company: Company, frame: pd.DataFrame) -> tuple[list[str], str]:
    """(family of each budget row, "family"); all rows one group and "company" where one names no family."""
    products = company.snapshot.table("products")
    family = dict(
        zip(products["product"].astype(str), products["family"].fillna("").astype(str), strict=True)
    )
    named = [
        family.get(str(product), "") if isinstance(product, str) and product else str(of_family or "")
        for product, of_family in zip(frame["product"], frame["family"].fillna(""), strict=True)
    ]
    return (named, "family") if all(named) else (["Company"] * len(named), "company")


def _steps(
    budget: Mapping[str, Floats], plan: Mapping[str, Floats], cost: float, full: bool
) -> dict[str, float]:
    """The steps over groups [g]; see `VARIANCE_FORMULAS`."""
    units, revenue = budget["quantity"], budget["revenue"]
    nothing = (units == 0) & (revenue == 0) & (budget["margin"] == 0)
    counted = (units > 0) | nothing
    spent = revenue - budget["margin"] if full else np.zeros_like(revenue)
    rate = float(spent[counted].sum() / revenue[counted].sum()) if revenue[counted].sum() else 0.0
    price = np.divide(plan["revenue"], plan["quantity"], out=np.zeros_like(units), where=plan["quantity"] > 0)
    old_price = np.divide(revenue, units, out=price.copy(), where=units > 0)
    old_cost = np.divide(spent, units, out=old_price * rate, where=units > 0)
    worth = old_price - old_cost
    made = np.where(counted, plan["quantity"], 0.0)
    all_units, all_made = float(units[counted].sum()), float(made.sum())
    average = float((worth * units)[counted].sum()) / all_units
    volume = (all_made - all_units) * average
    steps = {
        VOLUME: volume,
        MIX: float((made * worth).sum()) - all_made * average,
        PRICE: float(plan["revenue"][counted].sum() - (made * old_price).sum()),
    }
    if (~counted).any():
        steps[UNCOUNTED] = float((plan["revenue"] - revenue)[~counted].sum())
    if full:
        steps[COST] = float((made * old_cost).sum() + spent[~counted].sum()) - cost
    return steps


# -- by family -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FamilyMoney:
    """What of a plan's money belongs to one family exactly [t]; costs of shared people, lanes and sites do not."""

    family: str
    units: Floats  #: served
    revenue: Floats
    stock_value: Floats  #: at month end, standard cost


def by_family(plan: Plan) -> tuple[FamilyMoney, ...]:
    """Units, revenue and stock value of each family, in planning order. Revenue and stock add up to the plan's."""
    inputs, solution = plan.inputs, plan.solution
    families = np.array(inputs.item_family, dtype=object)
    stock = np.einsum("i,ist->it", inputs.item.unit_cost, solution.stock)
    served, revenue = solution.served.sum(axis=(1, 2)), solution.revenue.sum(axis=(1, 2))
    return tuple(
        FamilyMoney(str(name), served[mask].sum(axis=0), revenue[mask].sum(axis=0), stock[mask].sum(axis=0))
        for name in dict.fromkeys(families)
        for mask in [families == name]
    )


# -- as a table ----------------------------------------------------------------------------------------------


def frame(
    projection: Projection,
    first_month: int,
    kind: str = MONTH,
    against: Mapping[str, Mapping[str, Floats]] | None = None,
) -> pd.DataFrame:
    """The projection as a table: line, title, kind, unit, then a column a period (months as YYYY-MM-01) and `Plan`,
    the whole of it. `against`: {"budget": {"revenue": [t], ...}}: more lines, blank where a month of a period is nan."""
    found = periods(projection.months, first_month, kind)
    labels = [iso_month(projection.months[p.at[0]]) if kind == MONTH else p.label for p in found]
    everything = np.arange(len(projection.months))
    rows: list[dict[str, object]] = []
    for entry in projection.lines:
        spans = [*(p.at for p in found), everything]
        rows.append(
            {"line": entry.name, "title": entry.title, "kind": entry.kind, "unit": projection.currency}
            | dict(zip([*labels, "Plan"], (projection.total(entry.name, at) for at in spans), strict=True))
        )
        for name, lines in (against or {}).items():
            if entry.name not in lines:
                continue
            other = lines[entry.name]
            totals = [float(other[at].sum() if entry.kind == FLOW else other[at][-1]) for at in spans]
            rows.append(
                {
                    "line": f"{entry.name}_{name}",
                    "title": f"{entry.title}, {name.replace('_', ' ')}",
                    "kind": entry.kind,
                    "unit": projection.currency,
                }
                | dict(zip([*labels, "Plan"], totals, strict=True))
            )
    return pd.DataFrame(rows, columns=["line", "title", "kind", "unit", *labels, "Plan"])


def comparisons(
    company: Company, plan: Plan, base: Plan | None = None, estimate: Estimate | None = None
) -> dict[str, dict[str, Floats]]:
    """What a plan's months can be held against, by name and line [t]: budget, last estimate, base."""
    months = plan.inputs.months
    out: dict[str, dict[str, Floats]] = {}
    budget = {name: budget_line(company, months, name) for name in ("revenue", "margin")}
    known = {name: values for name, values in budget.items() if np.isfinite(values).any()}
    if known:
        out["budget"] = known
    if estimate is not None:
        expected = estimate_revenue(company, estimate, months)
        if np.isfinite(expected).any():
            out["last_estimate"] = {"revenue": expected}
    if base is not None:
        out["base"] = dict(project(base).money)
    return out
