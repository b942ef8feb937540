"""Calendar months: labels, ranges, fiscal years, working days.

Inside the core a month is numpy's `datetime64[M]`; in frames and files it is the first of the month.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MonthArray = NDArray[np.datetime64]

_ISO = re.compile(r"^\d{4}-(0[1-9]|1[0-2])(-\d{2}([T ].*)?)?$")
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def to_month(value: Any) -> np.datetime64:
    """The calendar month of a date, timestamp, `YYYY-MM` text or datetime64. Raises ValueError."""
    problem = f"{value!r} is not a month: write it as 2026-03 or 2026-03-01"
    if isinstance(value, np.datetime64):
        month = value.astype("datetime64[M]")
    elif isinstance(value, str) and _ISO.match(value.strip()):
        month = np.datetime64(value.strip()[:7], "M")
    elif isinstance(value, dt.date):
        month = pd.Timestamp(value).to_datetime64().astype("datetime64[M]")
    else:
        raise ValueError(problem)
    if np.isnat(month):
        raise ValueError(problem)
    return np.datetime64(month, "M")


def months_from(start: np.datetime64, count: int) -> MonthArray:
    """`count` consecutive months from `start` on."""
    first = start.astype("datetime64[M]")
    return np.arange(first, first + count, dtype="datetime64[M]")


def month_column(values: pd.Series) -> MonthArray:
    """A frame's month column as datetime64[M]."""
    return values.to_numpy().astype("datetime64[M]")


def timestamps(months: MonthArray) -> pd.DatetimeIndex:
    """Months as the first of the month, for frames and charts."""
    return pd.DatetimeIndex(months.astype("datetime64[us]"))


def month_label(month: Any) -> str:
    """`Mar 26`, as on every screen."""
    value = to_month(month)
    ordinal = int(value.astype(int))
    return f"{_NAMES[ordinal % 12]} {(1970 + ordinal // 12) % 100:02d}"


def iso_month(month: Any) -> str:
    """`2026-03-01`, as in files."""
    return f"{to_month(month)}-01"


def span_label(first: Any, last: Any) -> str:
    """`Mar-May 26`, `Nov 26-Feb 27` or `Mar 26`."""
    a, b = month_label(first), month_label(last)
    if a == b:
        return a
    return f"{a[:3]}-{b}" if a[-2:] == b[-2:] else f"{a}-{b}"


def fiscal_year(month: Any, first_month: int = 1) -> int:
    """The fiscal year in which a month lies, named after the calendar year in which it ends.

    `first_month` is the month number (1-12) in which the fiscal year starts.
    """
    ordinal = int(to_month(month).astype(int))
    year, index = 1970 + ordinal // 12, ordinal % 12 + 1
    return year + 1 if first_month > 1 and index >= first_month else year


def weekdays(months: MonthArray) -> NDArray[np.float64]:
    """Mondays to Fridays in each month: the stated default for working days."""
    starts = months.astype("datetime64[D]")
    ends = (months + 1).astype("datetime64[D]")
    return np.busday_count(starts, ends).astype(float)


def days_in(months: MonthArray) -> NDArray[np.float64]:
    """Calendar days in each month."""
    return ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(float)


def month_part(
    months: MonthArray, start: pd.Timestamp | np.datetime64, end: pd.Timestamp | np.datetime64
) -> NDArray[np.float64]:
    """[t] the part (0..1) of each month's days within start..end, both included; NaT leaves a side open."""
    first, last = _day(start), _day(end)
    begin, stop = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
    begin = begin if np.isnat(first) else np.maximum(begin, first)
    stop = stop if np.isnat(last) else np.minimum(stop, last + 1)
    part: NDArray[np.float64] = np.clip((stop - begin).astype(int), 0, None) / days_in(months)
    return part


def months_long(start: pd.Timestamp | np.datetime64, end: pd.Timestamp | np.datetime64) -> float:
    """Length of a span of days in months: the sum of the parts of the months it covers."""
    first, last = _day(start).astype("datetime64[M]"), _day(end).astype("datetime64[M]")
    return float(month_part(months_from(first, int((last - first).astype(int)) + 1), start, end).sum())


def _day(value: pd.Timestamp | np.datetime64) -> np.datetime64:
    day: np.datetime64 = pd.Timestamp(value).to_datetime64().astype("datetime64[D]")
    return day
