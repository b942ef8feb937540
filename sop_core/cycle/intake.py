"""Order intake: what is on the books for a month, and what the month will end at if it fills as months usually do.

A month's order book grows from weeks before its first day to its last. The part that was on the books the same
number of days before (or into) each of the last closed months turns today's book into a month-end projection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.axes import Axes
from sop_core.calendar import MonthArray, days_in, months_from
from sop_core.inputs import Bools, Floats, Ints
from sop_core.planner import Company

#: Closed months from which the usual filling is read.
PAST_MONTHS = 12
#: Fewer closed months than this say nothing about what is usual.
LEAST_MONTHS = 6
#: A book that usually holds less than this part of the month is too thin to project from.
LEAST_SHARE = 0.05
#: Days before a month's first from which its book is drawn.
DAYS_BEFORE = 45
_LOW, _HIGH = 10.0, 90.0


@dataclass(frozen=True, slots=True)
class Book:
    """Order lines at planning level [n], for questions about any month and part of the company."""

    ordered: Ints  #: [n] day of the order, days since 1970-01-01
    due: MonthArray  #: [n] month that the customer asked for
    item: Ints
    region: Ints
    segment: Ints
    units: Floats
    price: Floats  #: [n] net price of today, money/unit
    as_of: np.datetime64  #: day of the newest order
    months: MonthArray  #: closed months whose orders are complete, oldest first


def order_book(company: Company) -> Book | None:
    """The company's order lines; None where it brought none. Only those closed months count as complete whose
    orders reach the month's sales (see history), and of which orders placed `DAYS_BEFORE` days ahead can be known.
    """
    orders = company.snapshot.table("orders")
    if not len(orders):
        return None
    inputs = company.inputs
    axes = Axes(company.items, (), (), inputs.regions)
    item = axes.item_at(orders["product"])
    region = axes.at(orders["region"], inputs.regions)
    segment = axes.at(orders["segment"], inputs.segments)
    ok = (item >= 0) & (region >= 0) & (segment >= 0)
    ordered = orders["ordered_on"].to_numpy().astype("datetime64[D]")[ok]
    if not len(ordered):
        return None
    item, region, segment = item[ok], region[ok], segment[ok]
    return Book(
        ordered=ordered.astype(np.int64),
        due=orders["due_on"].to_numpy().astype("datetime64[M]")[ok],
        item=item,
        region=region,
        segment=segment,
        units=orders["quantity"].to_numpy(dtype=float)[ok],
        price=inputs.demand.price[item, region, segment, 0],
        as_of=ordered.max(),
        months=_complete(company, ordered.min()),
    )


def _complete(company: Company, first_order: np.datetime64) -> MonthArray:
    """The last closed months whose orders are all there."""
    start = company.snapshot.settings.plan_start
    months = months_from(start - PAST_MONTHS, PAST_MONTHS)
    history = company.history
    if history is None:
        return months[:0]
    covered = {m for m, signal in zip(history.months, history.signal, strict=True) if signal == "orders"}
    # The first months of an extract lack what was ordered before it begins.
    known = months.astype("datetime64[D]") >= first_order
    return months[[bool(k) and m in covered for m, k in zip(months, known, strict=True)]]


@dataclass(frozen=True, slots=True)
class Intake:
    """The book of one month of one part of the company, units or money. nan where it is not known."""

    month: np.datetime64
    as_of: np.datetime64
    days: int  #: from the month's first day to `as_of`, that day included; 0 or less = before it began
    booked: float  #: on the books for the month
    shares: Floats  #: [h] part of each past month that was on the books at the same day
    months: MonthArray  #: [h] those months
    low: float  #: projected month end, P10
    middle: float  #: P50
    high: float  #: P90
    expected: float  #: latest estimate of the month
    last_year: float  #: the same month of last year as it ended

    @property
    def usual(self) -> tuple[float, float, float]:
        """P10, P50 and P90 of the part of a month that is on the books at this day."""
        if len(self.shares) < LEAST_MONTHS:
            return (float("nan"),) * 3
        low, middle, high = np.percentile(self.shares, [_LOW, 50.0, _HIGH])
        return float(low), float(middle), float(high)

    @property
    def progress(self) -> float:
        """Booked / latest estimate."""
        return self.booked / self.expected if self.expected > 0 else float("nan")

    @property
    def standing(self) -> str:
        """`ahead` or `behind` where the book holds more or less of the estimate than it did at this day in four of
        five past months; `usual` within; blank where that cannot be told.
        """
        low, middle, high = self.usual
        if not np.isfinite(self.progress) or not np.isfinite(middle) or middle < LEAST_SHARE:
            return ""
        return "ahead" if self.progress > high else "behind" if self.progress < low else "usual"


def intake(
    book: Book, month: np.datetime64, lines: Bools, expected: float, last_year: float, *, money: bool = False
) -> Intake:
    """The book of a month over the order lines of a mask [n] beside its estimate and last year.

    Projection = booked / share, share = part of a closed month that was on the books the same number of days before
    or into it; its P10, P50 and P90 are those of the shares of the last closed months.
    """
    worth = (book.units * (book.price if money else 1.0))[lines]
    due, ordered = book.due[lines], book.ordered[lines]
    days = int(book.as_of.astype(np.int64) - month.astype("datetime64[D]").astype(np.int64)) + 1
    shares, months = [], []
    for past in book.months:
        own = due == past
        final = float(worth[own].sum())
        if final > 0:
            until = past.astype("datetime64[D]").astype(np.int64) + _same_day(days, month, past)
            shares.append(float(worth[own & (ordered < until)].sum()) / final)
            months.append(past)
    booked = float(worth[(due == month)].sum())
    found = Intake(
        month=month,
        as_of=book.as_of,
        days=days,
        booked=booked,
        shares=np.array(shares),
        months=np.array(months, dtype="datetime64[M]"),
        low=np.nan,
        middle=np.nan,
        high=np.nan,
        expected=expected,
        last_year=last_year,
    )
    low, middle, high = found.usual
    if not np.isfinite(middle) or middle < LEAST_SHARE or low <= 0:
        return found
    return Intake(
        month, book.as_of, days, booked, found.shares, found.months,
        max(booked / high, booked), max(booked / middle, booked), booked / low, expected, last_year,
    )  # fmt: skip


def _same_day(days: int, month: np.datetime64, past: np.datetime64) -> int:
    """The day of another month that is as far: days before it count as they are, days within it by their part, so
    that a month's last day is the last day of any month.
    """
    if days <= 0:
        return days
    here, there = (float(days_in(np.array([m], dtype="datetime64[M]"))[0]) for m in (month, past))
    return round(days * there / here) if days < here else days + int(there - here)


@dataclass(frozen=True, slots=True)
class Filling:
    """How books fill: part of the month on the books by day. [d] days from the month's first (0 = that day)."""

    days: Ints
    low: Floats  #: P10 of the closed months
    middle: Floats
    high: Floats
    booked: Floats  #: what is on the books of the month in view by day; nan after `as_of`
    last_year: Floats  #: the same month of last year by day; nan where it is not complete


def filling(book: Book, month: np.datetime64, lines: Bools, *, money: bool = False) -> Filling | None:
    """How the book of a month fills, over the order lines of a mask [n]; None with too few closed months."""
    worth = (book.units * (book.price if money else 1.0))[lines]
    due, ordered = book.due[lines], book.ordered[lines]
    length = int(days_in(np.array([month], dtype="datetime64[M]"))[0])
    days = np.arange(-DAYS_BEFORE, length)

    def by_day(of: np.datetime64) -> Floats:
        own = due == of
        at = ordered[own] - int(of.astype("datetime64[D]").astype(np.int64))
        summed = np.bincount(np.clip(at + DAYS_BEFORE, 0, len(days) - 1), worth[own], len(days))
        return np.cumsum(summed).astype(np.float64)

    past = [(of, by_day(of)) for of in book.months]
    shares = [values / values[-1] for _, values in past if values[-1] > 0]
    if len(shares) < LEAST_MONTHS:
        return None
    low, middle, high = np.percentile(np.array(shares), [_LOW, 50.0, _HIGH], axis=0)
    until = int(book.as_of.astype(np.int64) - month.astype("datetime64[D]").astype(np.int64))
    own = np.where(days <= until, by_day(month), np.nan)
    before = dict(past)
    last_year = before.get(month - 12, np.full(len(days), np.nan))
    return Filling(days, low, middle, high, own, last_year)
