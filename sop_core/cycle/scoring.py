"""Whether an assumption came true, what the plan itself says about it, and the Change that would carry it.

Formulas are those of `assumption.FORMULAS`. What happened is read from the company's own rows of sales and
orders, product by product, so that a product within a planned family is scored by its own numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, month_column, span_label, to_month
from sop_core.changes import Change, DemandGrowth, DemandOverride, LaunchMove, PriceChange, Scope
from sop_core.cycle.assumption import (
    BROKEN,
    CONFIRMED,
    GROWTH,
    JUDGED,
    LAUNCH,
    OPEN,
    RETIRED,
    UNITS,
    Assumption,
    month_value,
)  # fmt: skip
from sop_core.errors import ReviewError
from sop_core.inputs import Floats
from sop_core.plan import Unconstrained
from sop_core.planner import Company

Verdict = Literal["waiting", "inside", "outside", "unmeasured", "unscored"]

#: Words for verdicts, as lists show them.
VERDICTS: Final[Mapping[Verdict, str]] = MappingProxyType(
    {
        "waiting": "no month closed yet",
        "inside": "inside its range",
        "outside": "outside its range",
        "unmeasured": "cannot be measured",
        "unscored": "outcome to be recorded",
    }
)

_YEAR = 12


@dataclass(frozen=True, slots=True)
class Score:
    """Expected against actual so far. `actual` is in the assumption's own measure, nan where it is not known;
    `months` of `of` months that it is about are closed.
    """

    verdict: Verdict
    actual: float
    months: int
    of: int
    sentence: str

    @property
    def inside(self) -> bool | None:
        """Whether the actual lies in the range; None where that cannot be said."""
        return {"inside": True, "outside": False}.get(self.verdict)


def score(assumption: Assumption, company: Company) -> Score:
    """How the assumption did so far; never raises on a company that lacks what it takes, the sentence says so."""
    if assumption.measure == JUDGED:
        return _judged(assumption, company)
    if assumption.measure == LAUNCH:
        return _launched(assumption, company)
    closed = _closed(assumption, company)
    if not len(closed):
        return _none(assumption, "waiting", "None of its months is closed yet.")
    if assumption.measure == UNITS:
        actual = float(demand_rows(company, assumption.scope, closed).sum()) / len(closed)
        return _measured(assumption, actual, closed)
    paired = _paired(closed, company)
    if not len(paired):
        return _none(assumption, "unmeasured", "The history does not reach a year back from its months.")
    if assumption.measure == GROWTH:
        actual = _growth(company, assumption.scope, paired)
        if not np.isfinite(actual):
            return _none(assumption, "unmeasured", "Nothing was asked for in the same months a year before.")
        return _measured(assumption, actual, paired)
    actual = realised_price(company, assumption.scope, paired)
    if not np.isfinite(actual):
        why = "No product was sold, with its revenue, both in its months and a year before."
        return _none(assumption, "unmeasured", why)
    return _measured(assumption, actual, paired)


def in_plan(assumption: Assumption, company: Company, wanted: Unconstrained) -> float | None:
    """What the plan itself says, in the assumption's own measure, over those of its months that lie on the
    horizon; None where it says nothing.
    """
    inputs = wanted.inputs
    if assumption.measure == JUDGED:
        return None
    if assumption.measure == LAUNCH:
        found = [x.month for x in inputs.demand.launches if x.name == assumption.scope.products[0]]
        return month_value(found[0]) if found else None
    ahead = np.isin(inputs.months, assumption.months)
    scope = replace(assumption.scope, first=None, last=None)
    cells = scope.cells(inputs)
    if not ahead.any() or not cells.any():
        return None
    total = wanted.demand.total * cells
    if assumption.measure == UNITS:
        return float(total[..., ahead].sum()) / int(ahead.sum())
    if company.history is None:
        return None
    if assumption.measure == GROWTH:
        before = demand_rows(company, scope, inputs.months - _YEAR)
        # Months a year before that are planned themselves are compared with the plan.
        planned = total.sum(axis=(0, 1, 2))
        known = np.isin(inputs.months - _YEAR, company.history.months)
        before[_YEAR:] = planned[:-_YEAR] if len(planned) > _YEAR else before[_YEAR:]
        known[_YEAR:] = True
        use = ahead & known
        base = float(before[use].sum())
        return float(planned[use].sum()) / base - 1.0 if base > 0 else None
    return _price_in_plan(company, wanted, cells, ahead)


def change_for(assumption: Assumption, company: Company, wanted: Unconstrained) -> Change:
    """The Change that brings the plan to what is assumed. Raises ReviewError saying why there is none."""
    if assumption.measure == JUDGED:
        raise ReviewError(
            "An assumption in own words says nothing that a plan could follow: link a Change to it."
        )
    note = assumption.driver
    planned = in_plan(assumption, company, wanted)
    if assumption.measure == LAUNCH:
        product = assumption.scope.products[0]
        if planned is None:
            raise ReviewError(f"The plan has no launch of {product}: bring it in the table `launches`.")
        months = int(assumption.value - planned)
        return _worth(LaunchMove(product=product, months=months, note=note))
    scope = _ahead(assumption, wanted)
    if assumption.measure == UNITS:
        return DemandOverride(scope=scope, units=assumption.value, note=note)
    if planned is None or planned <= -1.0:
        raise ReviewError("There is no year before to compare the plan with, so no Change follows from it.")
    pct = round((1.0 + assumption.value) / (1.0 + planned) - 1.0, 4)
    if assumption.measure == GROWTH:
        return _worth(DemandGrowth(scope=scope, pct=pct, note=note))
    return _worth(PriceChange(scope=scope, pct=pct, note=note))


def _worth(change: Change) -> Change:
    if change.is_neutral:
        raise ReviewError("The plan already says what is assumed: there is nothing to change.")
    return change


def _ahead(assumption: Assumption, wanted: Unconstrained) -> Scope:
    """The scope with the assumption's months, cut to the horizon. Raises ReviewError where none is on it."""
    ahead = assumption.months[np.isin(assumption.months, wanted.inputs.months)]
    if not len(ahead):
        horizon = span_label(wanted.inputs.months[0], wanted.inputs.months[-1])
        raise ReviewError(f"Its months lie outside the plan ({horizon}): nothing there can be changed.")
    return replace(assumption.scope, first=str(ahead[0]), last=str(ahead[-1]))


# -- attention --------------------------------------------------------------------------------------------


def attention(assumption: Assumption, scored: Score, day: dt.date) -> tuple[int, str]:
    """(rank, word): 0 is looked at first. Overdue, then broken, then those whose outcome is missing, then the open
    ones, the confirmed, the retired.
    """
    if assumption.status == RETIRED:
        return 6, "retired"
    if assumption.overdue(day):
        return 0, "overdue"
    if assumption.status == BROKEN:
        return 1, "broken"
    if assumption.status == OPEN and scored.verdict == "outside":
        return 1, "outside its range"
    if assumption.status == OPEN and scored.verdict in ("unscored", "unmeasured"):
        return 2, "not scored"
    if assumption.status == CONFIRMED:
        return 5, "confirmed"
    return (3, "inside its range") if scored.verdict == "inside" else (4, "open")


def review_day(company: Company, today: dt.date) -> dt.date:
    """The day against which assumptions are overdue: today, but not beyond the first planned month, so that a
    company with older data is judged by its own calendar.
    """
    start = company.snapshot.settings.plan_start
    end: dt.date = ((start + 1).astype("datetime64[D]") - np.timedelta64(1, "D")).item()
    return min(today, end)


# -- events -----------------------------------------------------------------------------------------------


def adopted(
    event: Mapping[str, object], families: Iterable[str], products: Iterable[str], regions: Iterable[str],
    day: dt.date,
) -> Assumption:  # fmt: skip
    """An event of the table `events` (its row by column) as an assumption in own words: its impact in percent of
    demand, with half of it (at least one point) to both sides as the range to start from. It is to be looked at
    again when it ends, or after a quarter where no end is known.
    """
    start, end = _as_day(event["start"]) or day, _as_day(event.get("end"))
    impact = event.get("impact")
    value = round(float(impact) * 100, 4) if isinstance(impact, int | float) and impact == impact else 0.0
    half = max(abs(value) / 2, 1.0)
    name = str(event.get("scope") or "All")
    if name in set(products):
        scope = Scope.of(product=name)
    elif name in set(families):
        scope = Scope.of(family=name)
    elif name in set(regions):
        scope = Scope.of(region=name)
    else:
        scope = Scope()
    until = max(end or max(start, day) + dt.timedelta(days=91), start)
    return Assumption(
        driver=str(event["event"])[:200],
        measure=JUDGED,
        value=value,
        low=value - half,
        high=value + half,
        unit="% of demand",
        scope=scope,
        owner=_blank(event.get("owner")),
        valid_from=start,
        valid_until=until,
        note=_blank(event.get("note")),
        event=str(event["event"])[:200],
    )


def _blank(value: object) -> str:
    return value if isinstance(value, str) else ""


def _as_day(value: object) -> dt.date | None:
    stamp = pd.Timestamp(value) if value is not None else pd.NaT  # type: ignore[arg-type]
    return None if pd.isna(stamp) else stamp.date()


# -- what happened ----------------------------------------------------------------------------------------


def demand_rows(company: Company, scope: Scope, months: MonthArray) -> Floats:
    """[n] demand of a scope as recorded, units by month: orders where they are the signal, else sales; 0 in months
    that the history does not hold. The scope's own months do not count.
    """
    out = np.zeros(len(months))
    history = company.history
    if history is None:
        return out
    signal = dict(zip(history.months.tolist(), history.signal, strict=True))
    kinds = np.array([signal.get(m, "") for m in months.tolist()], dtype=object)
    for table, column in (("sales", "month"), ("orders", "due_on")):
        rows = _in_scope(company, table, scope)
        wanted = kinds == table
        if not len(rows) or not wanted.any():
            continue
        by_month = rows["quantity"].groupby(month_column(rows[column])).sum()
        by_month.index = by_month.index.to_numpy().astype("datetime64[M]").astype(int)
        found = by_month.reindex(months.astype(int)).fillna(0.0).to_numpy(dtype=float)
        out[wanted] = found[wanted]
    return out


def realised_price(company: Company, scope: Scope, months: MonthArray) -> float:
    """Change of realised prices in those months against the same months a year before, weighted by the units of
    the later ones (a Paasche index less 1), by product, region and segment; nan where nothing can be compared.
    """
    rows = _in_scope(company, "sales", scope)
    rows = rows[rows["revenue"].notna() & rows["quantity"].notna()]
    month = month_column(rows["month"])
    keys = ["product", "region", "segment"]
    now = rows[np.isin(month, months)].groupby(keys)[["quantity", "revenue"]].sum()
    before = rows[np.isin(month, months - _YEAR)].groupby(keys)[["quantity", "revenue"]].sum()
    both = now.join(before.add_suffix("_before"), how="inner")
    both = both[(both["quantity"] > 0) & (both["quantity_before"] > 0) & (both["revenue_before"] > 0)]
    if not len(both):
        return float("nan")
    at_old_price = both["quantity"] * both["revenue_before"] / both["quantity_before"]
    return float(both["revenue"].sum() / at_old_price.sum() - 1.0)


def _in_scope(company: Company, table: str, scope: Scope) -> pd.DataFrame:
    """Rows of sales or orders in a scope, whatever their month."""
    rows = company.snapshot.table(table)
    if not len(rows):
        return rows
    keep = np.ones(len(rows), dtype=bool)
    if scope.products or scope.families or scope.categories:
        products = company.snapshot.table("products")
        chosen = products["product"].isin(scope.products) | products["family"].isin(scope.families)
        chosen |= products["category"].isin(scope.categories)
        keep &= rows["product"].isin(products.loc[chosen, "product"]).to_numpy()
    if scope.regions:
        keep &= rows["region"].isin(scope.regions).to_numpy()
    if scope.segments:
        keep &= rows["segment"].isin(scope.segments).to_numpy()
    return rows[keep]


def _closed(assumption: Assumption, company: Company) -> MonthArray:
    """Months of the assumption that the history holds."""
    history = company.history
    if history is None:
        return assumption.months[:0]
    return assumption.months[np.isin(assumption.months, history.months)]


def _paired(closed: MonthArray, company: Company) -> MonthArray:
    """Closed months whose month a year before is in the history too."""
    assert company.history is not None
    return closed[np.isin(closed - _YEAR, company.history.months)]


def _growth(company: Company, scope: Scope, months: MonthArray) -> float:
    before = float(demand_rows(company, scope, months - _YEAR).sum())
    return float(demand_rows(company, scope, months).sum()) / before - 1.0 if before > 0 else float("nan")


def _measured(assumption: Assumption, actual: float, months: MonthArray) -> Score:
    """The score of a number that was worked out over those months."""
    # Rounding of sums must not decide at the edge of a range.
    slack = 1e-9 * max(abs(assumption.low), abs(assumption.high), 1.0)
    inside = assumption.low - slack <= actual <= assumption.high + slack
    of = len(assumption.months)
    where = "inside" if inside else "below" if actual < assumption.low else "above"
    when = span_label(months[0], months[-1])
    closed = "" if len(months) == of else f" ({len(months)} of {of} months)"
    said = (
        f"{when}{closed}: {assumption.about(actual)}, assumed {assumption.said(assumption.value)}; {where} the range "
        f"{assumption.range}."
    )
    return Score("inside" if inside else "outside", actual, len(months), of, said)


def _none(assumption: Assumption, verdict: Verdict, why: str) -> Score:
    return Score(verdict, float("nan"), 0, len(assumption.months), why)


def _launched(assumption: Assumption, company: Company) -> Score:
    history = company.history
    if history is None:
        return _none(assumption, "unmeasured", "The company brought no sales to see a launch in.")
    rows = _in_scope(company, "sales", assumption.scope)
    sold = month_column(rows.loc[rows["quantity"] > 0, "month"]) if len(rows) else history.months[:0]
    said, low, high = assumption.said, assumption.low, assumption.high
    last = month_value(history.months[-1])
    if not len(sold):
        if last < high:
            return _none(
                assumption, "waiting", f"Not on sale by {said(last)}, assumed {said(assumption.value)}."
            )
        why = f"Not on sale by {said(last)}; assumed {said(assumption.value)}, {said(high)} at the latest."
        return Score("outside", float("nan"), 1, 1, why)
    actual = month_value(sold.min())
    inside = low <= actual <= high
    where = "inside" if inside else "before" if actual < low else "after"
    return Score(
        "inside" if inside else "outside",
        actual,
        1,
        1,
        f"On sale since {said(actual)}, assumed {said(assumption.value)}; {where} the range {assumption.range}.",
    )


def _judged(assumption: Assumption, company: Company) -> Score:
    """By what a person recorded; where nobody did, with the growth of its scope as something to go by."""
    closed, of = _closed(assumption, company), len(assumption.months)
    if assumption.outcome is not None:
        came = assumption.outcome
        inside = assumption.low <= came.value <= assumption.high
        said = (
            f"Recorded: {assumption.said(came.value)}, assumed {assumption.said(assumption.value)}; "
            f"{'inside' if inside else 'outside'} its range."
        )
        return Score(
            "inside" if inside else "outside", came.value, len(closed), of, f"{said} {came.text}".strip()
        )
    told = ""
    paired = _paired(closed, company) if len(closed) else closed
    growth = _growth(company, assumption.scope, paired) if len(paired) else float("nan")
    if np.isfinite(growth):
        moved = f"{growth * 100:+.1f} %".replace("-", "\N{MINUS SIGN}")
        told = f" Demand of its scope, {span_label(paired[0], paired[-1])}: {moved} against the year before."
    start = company.snapshot.settings.plan_start
    if of and assumption.months[-1] >= to_month(start):
        return Score("waiting", float("nan"), len(closed), of, f"Its months are not over.{told}")
    return Score(
        "unscored", float("nan"), len(closed), of, f"Its months are over: record what happened.{told}"
    )


def _price_in_plan(company: Company, wanted: Unconstrained, cells: Floats, ahead: np.ndarray) -> float | None:
    """The plan's price against the realised one a year before, by item, region and segment, weighted by the plan's
    units; None where nothing can be compared.
    """
    history, months = company.history, wanted.inputs.months
    assert history is not None
    use = ahead & np.isin(months - _YEAR, history.months)
    if not use.any():
        return None
    at = np.searchsorted(history.months, months[use] - _YEAR)
    sold, revenue = history.sold[..., at].sum(axis=-1), history.revenue[..., at].sum(axis=-1)
    units = (wanted.demand.total * cells)[..., use]
    worth = (units * wanted.demand.price[..., use]).sum(axis=-1)
    units = units.sum(axis=-1)
    both = (sold > 0) & (revenue > 0) & (units > 0)
    old = float((units[both] * revenue[both] / sold[both]).sum())
    return float(worth[both].sum()) / old - 1.0 if old > 0 else None
