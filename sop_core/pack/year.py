"""The financial year of a plan, as the executives see it: fiscal quarters and years to contribution margin, working
capital and cash, beside the budget and the last latest estimate, with the variance against the budget.

Nothing is worked out here that `projection.py` knows: flows add up over the months of a period, balances are those of
its last month. A number that some month of a period lacks is None, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sop_core import projection as fin
from sop_core.calendar import MonthArray, month_label, span_label, to_month
from sop_core.cycle.estimate import Estimate
from sop_core.inputs import Floats, Ints
from sop_core.pack.value import Bridge, FinancialYear, Monthly, Number, Pack, Step, YearRow
from sop_core.plan import Plan
from sop_core.planner import Company
from sop_core.projection import FLOW, Period, Projection, Revenue, Variance
from sop_core.wording import money as written
from sop_core.wording import short

#: The row of revenue that counts invoiced months too; there only where months of the running year are closed.
INVOICED = "revenue_with_actuals"
#: What stands behind the title of revenue then.
PLANNED = " of planned months"


def financial_year(
    company: Company, plan: Plan, last: Pack | None, estimate: Estimate | None
) -> FinancialYear:
    """The financial year of a plan of that company.

    `last`: the signed pack of an earlier cycle, taken as the last latest estimate; without it `estimate`, which knows
    revenue alone. Costs of closed months are in no table, so every row but INVOICED counts planned months alone, of the
    plan, the budget and the last LE alike.
    """
    money = fin.project(plan)
    first = company.snapshot.settings.fiscal_year_start
    revenue = fin.with_actuals(company, money)
    spans = _spans(revenue, first)
    budget = _budget(company, revenue)
    expected = _last(company, revenue, last, estimate, money.currency)
    main = fin.main_year(money.months, first)
    gap = fin.variance(company, plan, main.at)
    rows = _rows(money, revenue, spans, budget, expected)
    return FinancialYear(
        periods=tuple(span.label for span in spans),
        whole=tuple(span.whole for span in spans),
        years=tuple(span.is_year for span in spans),
        closed=tuple(int((span.at < _closed(revenue)).sum()) for span in spans),
        rows=rows,
        main=main.label,
        sentence=sentence(company, money, main, gap),
        variance=bridge(gap, main, money.currency) if gap is not None else None,
        last_name=expected.name,
        remarks=(*_remarks(company, money, revenue, gap, main), *expected.remarks),
    )


# -- periods ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Span:
    """A column: `at`, positions among closed and planned months together."""

    label: str
    at: Ints
    whole: bool
    is_year: bool


def _spans(revenue: Revenue, first_month: int) -> list[_Span]:
    """Quarters and years in time, each year behind its quarters."""
    quarters = fin.periods(revenue.months, first_month, fin.QUARTER)
    out: list[_Span] = []
    for year in fin.periods(revenue.months, first_month, fin.YEAR):
        out += [_Span(q.label, q.at, q.whole, False) for q in quarters if q.year == year.year]
        out.append(_Span(year.label, year.at, year.whole, True))
    return out


def _closed(revenue: Revenue) -> int:
    return int(revenue.closed.sum())


# -- rows ---------------------------------------------------------------------------------------------------


def _rows(
    money: Projection, revenue: Revenue, spans: list[_Span], budget: Mapping[str, Floats], expected: _Expected
) -> tuple[YearRow, ...]:
    closed, nothing = _closed(revenue), np.full(len(revenue.months), np.nan)
    rows: list[YearRow] = []
    if closed:
        rows.append(
            YearRow(
                INVOICED,
                "Revenue, invoiced and planned",
                FLOW,
                "up",
                "Invoiced in closed months, planned deliveries at their prices ahead",
                plan=_over(revenue.amounts, spans, 0, FLOW),
                budget=_over(budget.get("revenue", nothing), spans, 0, FLOW),
                last=_over(expected.by_month.get("revenue", nothing), spans, 0, FLOW),
            )
        )
    for entry in money.lines:
        plan = np.concatenate([nothing[:closed], money.money[entry.name]])
        rows.append(
            YearRow(
                entry.name,
                f"{entry.title}{PLANNED}" if closed and entry.name == "revenue" else entry.title,
                entry.kind,
                "up" if entry.favourable > 0 else "down",
                entry.formula,
                plan=_over(plan, spans, closed, entry.kind),
                budget=_over(budget.get(entry.name, nothing), spans, closed, entry.kind),
                last=expected.over(entry.name, entry.kind, spans, closed),
            )
        )
    return tuple(rows)


def _over(values: Floats, spans: list[_Span], since: int, kind: str) -> tuple[Number, ...]:
    """Sums of a flow [n], or last values of a balance, over the months of each span from `since` on; None where there
    are none, or one is not known."""
    out: list[Number] = []
    for span in spans:
        part = values[span.at[span.at >= since]]
        total = np.nan if not len(part) else part.sum() if kind == FLOW else part[-1]
        out.append(float(total) if np.isfinite(total) else None)
    return tuple(out)


def _budget(company: Company, revenue: Revenue) -> dict[str, Floats]:
    """[n] what the budget holds by line; cost where it has both revenue and margin."""
    lines = {name: fin.budget_line(company, revenue.months, name) for name in ("revenue", "margin")}
    lines["cost"] = lines["revenue"] - lines["margin"]
    return {name: values for name, values in lines.items() if np.isfinite(values).any()}


# -- the last latest estimate -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Expected:
    """What the last LE knows: [n] by line over closed and planned months, nan where it does not."""

    name: str
    by_month: Mapping[str, Floats]
    pack: Pack | None = None
    remarks: tuple[str, ...] = ()

    def over(self, name: str, kind: str, spans: list[_Span], closed: int) -> tuple[Number, ...]:
        """A line over spans; where months are not kept, the period of its own financial year that has the same ones."""
        nothing = np.full(max(int(span.at[-1]) for span in spans) + 1, np.nan)
        known = _over(self.by_month.get(name, nothing), spans, closed, kind)
        kept = self._kept(name, spans, closed)
        return tuple(mine if mine is not None else theirs for mine, theirs in zip(known, kept, strict=True))

    def _kept(self, name: str, spans: list[_Span], closed: int) -> tuple[Number, ...]:
        nothing = (None,) * len(spans)
        year = self.pack.year if self.pack is not None else None
        rows = {row.name: row for row in year.rows} if year is not None else {}
        if year is None or name not in rows or "revenue" not in rows or "revenue" not in self.by_month:
            return nothing
        revenue = _over(self.by_month["revenue"], spans, closed, FLOW)
        out: list[Number] = []
        for span, sum_of_months in zip(spans, revenue, strict=True):
            at = year.periods.index(span.label) if span.label in year.periods else -1
            there = rows["revenue"].plan[at] if at >= 0 else None
            # The same name may stand for other months: a fiscal year that starts elsewhere, months closed since.
            same = (
                at >= 0 and span.whole and year.whole[at] and not year.closed[at] and (span.at >= closed).all()
                and there is not None and sum_of_months is not None and abs(there - sum_of_months) < 0.005
            )  # fmt: skip
            out.append(rows[name].plan[at] if same else None)
        return tuple(out)


def _last(
    company: Company, revenue: Revenue, last: Pack | None, estimate: Estimate | None, currency: str
) -> _Expected:
    """The signed plan of an earlier cycle, else the kept estimate, else nothing; said in its remarks."""
    if last is not None and last.currency != currency:
        return _Expected(
            "", {}, remarks=(f"The last signed plan is in {last.currency}, so it is not compared.",)
        )
    if last is not None:
        found = _of_pack(last, revenue)
        if found:
            return _Expected(f"Signed plan of {month_label(to_month(last.cycle))}", found, last)
        return _Expected("", {}, remarks=("The last signed plan shares no month with this one.",))
    if estimate is not None:
        expected = fin.estimate_revenue(company, estimate, revenue.months)
        if np.isfinite(expected[_closed(revenue) :]).any():
            return _Expected(
                f"LE of {month_label(estimate.cycle)}",
                {"revenue": _behind_actuals(expected, revenue)},
                remarks=(ESTIMATE_REMARK,),
            )
    return _Expected("", {}, remarks=(NO_ESTIMATE_REMARK,))


NO_ESTIMATE_REMARK = "No latest estimate of a cycle before is kept yet."
ESTIMATE_REMARK = (
    "The latest estimate holds unconstrained demand and prices only: revenue can be compared, margin cannot."
)


def _behind_actuals(expected: Floats, revenue: Revenue) -> Floats:
    """[n] what was expected, behind what was invoiced in closed months that it did not plan."""
    return np.where(revenue.closed & ~np.isfinite(expected), revenue.amounts, expected)


def _of_pack(last: Pack, revenue: Revenue) -> dict[str, Floats]:
    """[n] a signed plan's money by line over these months; empty where it plans none of those ahead."""
    ahead = revenue.months[~revenue.closed]
    mine = {name: _of_kpi(last, name) for name in ("revenue", "cost", "margin", "working_capital")}
    mine |= {"stock_value": _of_kpi(last, "stock_value"), "cash_flow": _of_kpi(last, "cash")}
    for name, picture, series in (
        ("revenue", "money", "revenue"),
        ("margin", "money", "margin"),
        ("working_capital", "money", "working_capital"),
        ("stock_value", "stock", "stock"),
    ):
        mine[name] = mine[name] or _of_picture(last, picture, series)
    months = np.array([to_month(month) for month in last.months], dtype="datetime64[M]")
    found = {name: _at(values, months, revenue.months) for name, values in mine.items() if values}
    if not mine["cash_flow"]:
        cumulative = _of_picture(last, "money", "cash")
        if cumulative:
            found["cash_flow"] = _at(_differences(cumulative, last.closed), months, revenue.months)
    if not mine["cost"] and {"revenue", "margin"} <= set(found):
        found["cost"] = found["revenue"] - found["margin"]
    found = {name: values for name, values in found.items() if np.isfinite(values[~revenue.closed]).any()}
    if "cash_flow" in found:
        flow = found["cash_flow"][-len(ahead) :]
        since = np.full(len(revenue.months), np.nan)
        since[-len(ahead) :] = np.cumsum(flow)
        found["cumulative_cash"] = since  # since this plan's first month, as the plan's own
    if "revenue" in found:
        found["revenue"] = _behind_actuals(found["revenue"], revenue)
    return found


def _of_kpi(pack: Pack, name: str) -> Monthly:
    line = pack.kpi(name)
    return line.by_month if line is not None else ()


def _of_picture(pack: Pack, name: str, series: str) -> Monthly:
    picture = pack.picture(name)
    lines = {line.name: line.values for line in picture.series} if picture is not None else {}
    return lines.get(series, ())


def _differences(cumulative: Monthly, closed: int) -> Monthly:
    """Flows of a sum since the first month that is planned."""
    values = np.array([np.nan if value is None else value for value in cumulative], dtype=float)
    before = np.concatenate([[np.nan], values[:-1]])
    before[closed] = 0.0
    return tuple((values - before).tolist())


def _at(values: Monthly, months: MonthArray, wanted: MonthArray) -> Floats:
    """[n] values of these months, nan elsewhere."""
    known = {
        month: np.nan if value is None else float(value) for month, value in zip(months, values, strict=True)
    }
    return np.array([known.get(month, np.nan) for month in wanted], dtype=float)


# -- words --------------------------------------------------------------------------------------------------


def sentence(
    company: Company, money: Projection, year: Period, gap: Variance | None, base: Projection | None = None
) -> str:
    """`FY 27: margin 31.6 M EUR, 808 k above budget: cost +2.76 M, volume −1.49 M. Cash flow 33.7 M EUR, ...`

    `gap`: the variance of that year; `base`: the plan that a scenario starts from.
    """
    currency = money.currency
    months = "" if year.whole else f" ({_months(money, year)})"
    said = f"{year.label}{months}: margin {written(money.total('margin', year.at), currency)}"
    if gap is not None:
        of = ", " if gap.measure == "margin" else "; revenue "
        said += f"{of}{_apart(gap.gap, currency, 'budget')}{_months_of(gap, money, year)}: {steps(gap)}"
    else:
        said += _plain_budget(company, money, year)
    if base is not None:
        difference = money.total("margin", year.at) - base.total("margin", year.at)
        said += f"; {_apart(difference, currency, 'the base')}"
    cash, capital = money.total("cash_flow", year.at), money.total("working_capital", year.at)
    return f"{said}. Cash flow {written(cash, currency)}, working capital {written(capital, currency)} at its end."


def steps(gap: Variance) -> str:
    """`cost +2.76 M, volume −1.49 M`, the largest first."""
    ordered = sorted(gap.steps, key=lambda step: -abs(step[1]))
    return ", ".join(
        f"{name.lower()} {short(amount, signed=True)}" for name, amount in ordered if round(amount)
    )


def _plain_budget(company: Company, money: Projection, year: Period) -> str:
    """Against a budget that tells no volume from price, over the months that it holds."""
    for measure, of in (("margin", ","), ("revenue", "; revenue")):
        budget = fin.budget_line(company, money.months, measure)[year.at]
        known = np.isfinite(budget)
        if known.any():
            gap = float((money.money[measure][year.at] - budget)[known].sum())
            part = "" if known.all() else f" in the {int(known.sum())} months that it holds"
            return f"{of} {_apart(gap, money.currency, 'budget')}{part}"
    return ", no budget to compare with"


def _apart(amount: float, currency: str, what: str) -> str:
    if round(amount) == 0:
        return f"as in {what}" if what == "the base" else f"on {what}"
    return f"{written(abs(amount), currency)} {'above' if amount > 0 else 'below'} {what}"


def _months(money: Projection, year: Period) -> str:
    return span_label(money.months[year.at[0]], money.months[year.at[-1]])


def _months_of(gap: Variance, money: Projection, year: Period) -> str:
    return "" if gap.months == _months(money, year) else f" in {gap.months}"


def bridge(gap: Variance, year: Period, currency: str) -> Bridge:
    """The variance as a bridge from the budget to the plan; its steps add up to the difference."""
    of = gap.measure.capitalize()
    parts = []
    for name, amount in gap.steps:
        good = None if round(amount) == 0 else amount > 0
        word = {True: ", favourable", False: ", unfavourable", None: ""}[good]
        said = f"{name} {written(amount, currency, signed=True)}{word}: {fin.VARIANCE_FORMULAS[name]}."
        parts.append(Step(name, amount, good, said))
    said = f"{year.label}: {gap.measure} {_apart(gap.gap, currency, 'budget')}"
    told = steps(gap)
    level = "families" if gap.by == "family" else "the company as a whole"
    return Bridge(
        title=f"{of} against budget, {gap.months}",
        unit="money",
        start="Budget",
        start_value=gap.budget,
        end="Plan",
        end_value=gap.plan,
        steps=tuple(parts),
        sentence=f"{said}: {told}." if told else f"{said}.",
        rule=f"Volume, mix and price are told apart by {level}; positive is favourable.",
    )


def _remarks(
    company: Company, money: Projection, revenue: Revenue, gap: Variance | None, main: Period
) -> tuple[str, ...]:
    """What the year rests on and cannot say."""
    said = [TERMS_REMARK]
    closed = _closed(revenue)
    if closed:
        gone = revenue.months[:closed]
        said.append(
            f"{span_label(gone[0], gone[-1])} {'is' if closed == 1 else 'are'} closed: revenue is what was invoiced, "
            "what it cost is not in the tables, so cost, margin and cash flow count planned months alone."
        )
    remark = budget_remark(company, money.months, gap, main)
    return (*said, remark) if remark else tuple(said)


TERMS_REMARK = (
    "Receivables and payables follow the company's receivable_days and payable_days; holding, backlog and lost-sale "
    "costs count in the margin but are not paid in cash."
)
NO_BUDGET_REMARK = (
    "No budget: bring the table budget (month, family, quantity, revenue, margin) on the Data page."
)


def budget_remark(company: Company, months: MonthArray, gap: Variance | None, year: Period) -> str:
    """What the budget cannot say of that year; empty where it says all."""
    if not fin.budget_by_month(company, "revenue"):
        return NO_BUDGET_REMARK
    if not np.isfinite(fin.budget_line(company, months, "revenue")[year.at]).any():
        return f"The budget holds nothing of the planned months of {year.label}."
    if gap is None:
        return f"The budget holds no units in {year.label}, so volume, mix and price cannot be told apart."
    if gap.measure == "revenue":
        return "The budget holds no margin, so revenue alone is explained, without cost."
    return ""
