"""The part of a month that a span of days covers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, days_in, months_from
from sop_core.inputs import Floats


def month_part(
    months: MonthArray, start: pd.Timestamp | np.datetime64, end: pd.Timestamp | np.datetime64
) -> Floats:
    """[t] the part of each month's days that lies within start..end, both included."""
    first = months.astype("datetime64[D]")
    last = (months + 1).astype("datetime64[D]")
    begin, stop = _day(start), _day(end) + 1
    overlap = np.minimum(last, stop).astype(int) - np.maximum(first, begin).astype(int)
    return np.clip(overlap, 0, None) / days_in(months)


def months_long(start: pd.Timestamp | np.datetime64, end: pd.Timestamp | np.datetime64) -> float:
    """Length of a span of days in months: the sum of the parts of the months it covers."""
    first, last = _day(start).astype("datetime64[M]"), _day(end).astype("datetime64[M]")
    return float(month_part(months_from(first, int((last - first).astype(int)) + 1), start, end).sum())


def _day(value: pd.Timestamp | np.datetime64) -> np.datetime64:
    day: np.datetime64 = pd.Timestamp(value).to_datetime64().astype("datetime64[D]")
    return day
