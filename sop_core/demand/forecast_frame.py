"""From a long frame of histories to the tasks of the forecaster: checks, dates, and what is shared.

Dates come in several habits: the first day of the month or quarter, its last day, a fixed day of the week, the
number 202401, or a plain count of periods. Each is understood, and the forecast's dates come back in the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sop_core.demand.forecast_calendar import regressors
from sop_core.demand.forecast_season import Array, is_seasonal, is_strongly_seasonal
from sop_core.demand.forecast_series import ForecastSettings, SeriesTask
from sop_core.errors import ForecastError

_COLUMNS = ("unique_id", "ds", "y")
_UNITS = {12: "month", 4: "quarter", 52: "week"}
_STEP = {12: 1, 4: 3, 52: 1}  # months or weeks per period
_HABITS = {"MS": 12, "ME": 12, "M": 12, "QS": 4, "QE": 4, "Q": 4, "W": 52}
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """What is to be forecast, in the order of the series' names.

    dates: the forecast's dates in the frame's own habit, (series x horizon,).
    """

    ids: list[str]
    dates: npt.NDArray[Any] | pd.DatetimeIndex
    tasks: list[SeriesTask]


def period_of(freq: str) -> int:
    """Periods per year of a frequency: 12, 4 or 52. Raises ForecastError for one that is not known."""
    period = _HABITS.get(freq.split("-")[0])
    if period is None:
        raise ForecastError(
            f"Frequency {freq!r} cannot be forecast. Use 'MS' (months), 'QS' (quarters) or 'W-MON' "
            "(weeks that end on a Monday, or another day)."
        )
    return period


def read_histories(
    frame: pd.DataFrame,
    horizon: int,
    freq: str,
    parents: Mapping[str, str] | None,
    settings: ForecastSettings,
) -> Histories:
    """Tasks of every series of a long frame. Raises ForecastError with what to put right.

    parents: see `baseline.forecast`.
    """
    period = period_of(freq)
    named, y = _checked(frame)
    habit = _habit(frame["ds"], named, period)
    codes, found = pd.factorize(
        named, sort=True
    )  # on the column: arrow's strings are slow to visit one by one
    names = [str(name) for name in found]
    order = np.lexsort((habit.numbers, codes))
    codes, numbers, days, y = codes[order], habit.numbers[order], habit.days[order], y[order]
    _refuse_twice(codes, numbers, names, days)
    if period == 12 and habit.kind != "count":
        _refuse_sparse(codes, numbers)
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if codes.size else np.empty(0, dtype=int)
    ends = np.r_[starts[1:], codes.size]
    if codes.size and np.isnan(y).all():
        raise ForecastError(
            f"There is no quantity at all for {_named(names)}. Remove it, or give it a value."
        )
    tasks: list[SeriesTask] = []
    ahead = np.empty((len(names), horizon), dtype=np.int64)
    firsts = np.empty(len(names), dtype=np.int64)
    step = _STEP[period]
    calendars: dict[tuple[int, int], Array] = {}
    columns: dict[tuple[int, int], Array | None] = {}
    for i, (start, end) in enumerate(zip(starts, ends, strict=False)):
        known = np.flatnonzero(~np.isnan(y[start:end])) + start
        if known.size == 0:
            known = np.arange(start, end)  # nothing to learn from, but it has a last date
        first, last = int(numbers[known[0]]), int(numbers[known[-1]])
        at, off = np.divmod(numbers[known] - first, step)
        if off.any():
            wrong = days[known[int(off.argmax())]]
            _refuse_date(names[i], wrong, freq, period)
        size = (last - first) // step + 1
        if size > _LONGEST:
            raise ForecastError(
                f"Series {names[i]} spans {size:,} {_UNITS[period]}s, from {days[known[0]]} to "
                f"{days[known[-1]]}. Check its dates; {_LONGEST:,} is the most that can be forecast."
            )
        values = np.full(size, np.nan)
        values[at] = y[known]
        span = (first, size)
        if span not in calendars:
            calendars[span] = habit.to_days(first + step * np.arange(size + horizon))
            columns[span] = regressors(calendars[span], period, size, settings) if habit.dated else None
        firsts[i] = first
        ahead[i] = first + step * (size + np.arange(horizon))
        tasks.append(SeriesTask(calendars[span], values, regressors=columns[span]))
    if settings.wants_calendar and not habit.dated and tasks:
        raise ForecastError(
            "Working days cannot be counted where ds counts periods. Give dates in ds, or leave working days out."
        )
    if parents:
        tasks = _with_families(names, tasks, firsts, step, parents, period)
    return Histories(names, habit.back(ahead.ravel()), tasks)


#: Periods in the longest history: two centuries of months, fifty years of weeks.
_LONGEST = 3_000


def _checked(frame: pd.DataFrame) -> tuple[pd.Series, Array]:
    """Names and quantities, row by row; or a ForecastError."""
    missing = sorted(set(_COLUMNS) - set(frame.columns))
    if missing:
        raise ForecastError(
            f"The history lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. "
            "A history has unique_id, ds (date) and y (quantity)."
        )
    if frame["unique_id"].isna().any():
        raise ForecastError("The history has rows without unique_id. Name the series of every row.")
    named = frame["unique_id"].astype("str").reset_index(drop=True)
    try:
        y = pd.to_numeric(frame["y"]).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ForecastError(
            f"The history has a quantity that cannot be read: {error}. y takes numbers."
        ) from error
    empty = frame["ds"].isna().to_numpy()
    if empty.any():
        raise ForecastError(
            f"The history has rows without a date ({_named(named[empty])}). Give every row its month."
        )
    infinite = np.isinf(y)
    if infinite.any():
        raise ForecastError(
            f"The history has infinite quantities ({_named(named[infinite])}). "
            "Put numbers there, or leave them empty."
        )
    return named, y


@dataclass(frozen=True)
class _Habit:
    """Dates as whole numbers (months or weeks since 1970, or the frame's own count) and the way back."""

    numbers: Integers
    days: npt.NDArray[Any]  # as people read them, for messages
    kind: str  # first, last, yyyymm, week, count
    period: int
    weekday: int = 0  # of weekly dates: days since 1970-01-01, modulo 7

    @property
    def dated(self) -> bool:
        return self.kind != "count"

    def to_days(self, numbers: Integers) -> Array:
        """Days since 1970-01-01 of the first day of each period."""
        if self.period == 52:
            return (numbers * 7 + self.weekday).astype(np.float64)
        return numbers.astype("datetime64[M]").astype("datetime64[D]").astype(np.float64)

    def back(self, numbers: Integers) -> npt.NDArray[Any] | pd.DatetimeIndex:
        """Dates in the habit they came in."""
        if self.kind == "count":
            return numbers if self.period != 4 else numbers // 3
        if self.kind == "yyyymm":
            months = numbers + 1970 * 12
            return months // 12 * 100 + months % 12 + 1
        days = self.to_days(numbers).astype(np.int64)
        if self.kind == "last":
            after = numbers + _STEP[self.period]
            days = after.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1
        return pd.DatetimeIndex(days.astype("datetime64[D]").astype("datetime64[us]"))


def _habit(ds: pd.Series, named: pd.Series, period: int) -> _Habit:
    """Understand the dates of a frame; or a ForecastError that names the first that is in no habit."""
    if pd.api.types.is_integer_dtype(ds.dtype):
        return _counted(ds.to_numpy(dtype=np.int64), period)
    if pd.api.types.is_float_dtype(ds.dtype) and (ds % 1 == 0).all():
        return _counted(ds.to_numpy(dtype=np.int64), period)
    if pd.api.types.is_float_dtype(ds.dtype):
        raise ForecastError(
            f"The history has {ds[ds % 1 != 0].iloc[0]:g} in ds, which is no date. Give dates such as 2024-01-31, "
            "months such as 202401, or a count of periods."
        )
    try:
        if isinstance(ds.dtype, pd.PeriodDtype):
            ds = ds.dt.to_timestamp()
        stamps = _written(ds) if pd.api.types.is_string_dtype(ds.dtype) else pd.to_datetime(ds)
        if getattr(stamps.dt, "tz", None) is not None:
            stamps = stamps.dt.tz_localize(None)
        exact = stamps.to_numpy().astype("datetime64[us]")
    except (ValueError, TypeError, AttributeError) as error:
        reason = str(error).splitlines()[0].partition(". You might")[0]
        raise ForecastError(
            f"The history has a date that cannot be read: {reason}. ds takes dates such as 2024-01-31."
        ) from error
    days = exact.astype("datetime64[D]")
    if period == 52:
        return _weekly(days, named)
    months = days.astype("datetime64[M]")
    firsts = months.astype("datetime64[D]") == days
    numbers = months.astype(np.int64)
    if firsts.all():
        return _Habit(numbers, days, "first", period)
    lasts = (months + 1).astype("datetime64[D]") - 1 == days
    if lasts.all():
        return _Habit(numbers - (_STEP[period] - 1), days, "last", period)
    wrong = int((~firsts).argmax() if firsts.sum() >= lasts.sum() else (~lasts).argmax())
    return _refuse_date(str(named[wrong]), days[wrong], "QS" if period == 4 else "MS", period)


#: Ways of writing a date beside ISO's. Where two read every row (day or month first), the one in which all dates
#: begin or end a month is meant.
_WRITTEN = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y/%m", "%m/%Y", "%m.%Y",
    "%YM%m", "%b %Y", "%Y %b", "%B %Y", "%Y %B", "%b-%Y", "%b-%y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y",
)  # fmt: skip
_QUARTER = r"(\d{4})[-\s]?[Qq]([1-4])"


def _written(ds: pd.Series) -> pd.Series:
    """Text as dates: ISO (2024-01, 2024-01-31, with a time), each row as it comes; else the one form of `_WRITTEN`
    that all rows have, or 2024Q1. Raises ValueError."""
    stamps = pd.to_datetime(ds, format="ISO8601", errors="coerce")
    if not stamps.isna().any():
        return stamps
    parts = ds.str.fullmatch(_QUARTER)
    if parts.all():
        found = ds.str.extract(_QUARTER).astype(int)
        return pd.to_datetime(pd.DataFrame({"year": found[0], "month": found[1] * 3 - 2, "day": 1}))
    readings = [pd.to_datetime(ds, format=form, errors="coerce") for form in _WRITTEN]
    whole = [reading for reading in readings if not reading.isna().any()]
    if not whole:
        raise ValueError(f"'{ds[stamps.isna()].iloc[0]}'")
    return next((r for r in whole if r.dt.is_month_start.all() or r.dt.is_month_end.all()), whole[0])


def _weekly(days: npt.NDArray[Any], named: pd.Series) -> _Habit:
    number = days.astype(np.int64)
    weekday = int(np.bincount(number % 7).argmax()) if number.size else 0
    wrong = number % 7 != weekday
    if wrong.any():
        raise ForecastError(
            f"Series {named[int(wrong.argmax())]} has a date, {days[int(wrong.argmax())]}, on another weekday "
            "than most. Give every week the same weekday, and sum the quantities by week first."
        )
    return _Habit((number - weekday) // 7, days, "week", 52, weekday)


def _counted(numbers: Integers, period: int) -> _Habit:
    """Whole numbers: 202401 is January 2024; anything else counts periods."""
    if numbers.size and ((numbers >= 190001) & (numbers <= 299912)).all():
        month = numbers % 100
        if ((month >= 1) & (month <= 12)).all():
            return _Habit(numbers // 100 * 12 + month - 1 - 1970 * 12, numbers, "yyyymm", period)
    if numbers.size and np.abs(numbers).max() > 100_000:
        raise ForecastError(
            f"The history has {int(numbers[np.abs(numbers).argmax()])} in ds, which is neither a date, nor a month "
            "such as 202401, nor a count of periods. Give dates such as 2024-01-01."
        )
    return _Habit(numbers * 3 if period == 4 else numbers, numbers, "count", period)


def _refuse_date(name: str, day: Any, freq: str, period: int) -> _Habit:
    unit = _UNITS[period]
    raise ForecastError(
        f"Series {name} has a date, {day}, that does not begin a {unit} of frequency {freq}. "
        f"Sum the quantities by {unit} first."
    )


def _refuse_sparse(codes: Integers, numbers: Integers) -> None:
    """Quarters or years that are said to be months would be forecast as months mostly without demand."""
    steps = np.diff(numbers)[codes[1:] == codes[:-1]]
    if steps.size < _GRID_FROM:
        return
    for apart, said in ((12, "a year apart, and yearly series cannot be forecast: give months or quarters"),
                        (3, "three months apart: say that they are quarters (freq 'QS')")):  # fmt: skip
        if not (steps % apart).any() and (steps == apart).mean() >= _GRID_PART:
            raise ForecastError(f"The history's dates are {said}. For months, name every month.")


#: So many steps between dates, and so large a part of them alike, tell a grid from months that happen to be missing.
_GRID_FROM, _GRID_PART = 4, 0.8


def _refuse_twice(codes: Integers, numbers: Integers, names: list[str], days: npt.NDArray[Any]) -> None:
    twice = (codes[1:] == codes[:-1]) & (numbers[1:] == numbers[:-1])
    if twice.any():
        first = int(twice.argmax())
        raise ForecastError(
            f"The history has more than one row for {names[codes[first]]} on {days[first]}"
            f" and {int(twice.sum()) - 1} more such. Sum them up first."
        )


def _named(ids: Iterable[object]) -> str:
    """The first few distinct names, and how many more there are."""
    names = sorted({str(name) for name in ids})
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _with_families(
    names: list[str],
    tasks: list[SeriesTask],
    firsts: Integers,
    step: int,
    parents: Mapping[str, str],
    period: int,
) -> list[SeriesTask]:
    """The tasks, those of short histories with the history of the nearest series above that has a season.

    What lies after a series' own end is not given: its backtests and forecast must not know it.
    """
    place = {name: i for i, name in enumerate(names)}
    out = list(tasks)
    for i, (name, task) in enumerate(zip(names, tasks, strict=True)):
        # From three years on, a history has a season of its own in its backtests too.
        if np.count_nonzero(~np.isnan(task.y)) >= 3 * period:
            continue
        end = int(firsts[i]) + step * task.y.size
        above, seen = parents.get(name), {name}
        while above is not None and above in place:
            if above in seen:
                raise ForecastError(f"The parents of series go in a circle: {name} is above itself.")
            seen.add(above)
            j = place[above]
            history = _until(tasks[j].y, int(firsts[j]), end, step)
            if history is not None and _has_season(history, period):
                out[i] = replace(task, family=history)
                break
            above = parents.get(above)
    return out


def _until(y: Array, first: int, end: int, step: int) -> Array | None:
    """A history up to `end`, NaN where it stops earlier; None where it is on other dates, or begins later."""
    size, off = divmod(end - first, step)
    if off or size <= 0:
        return None
    return y[:size] if size <= y.size else np.r_[y, np.full(size - y.size, np.nan)]


def _has_season(history: Array, period: int) -> bool:
    known = np.flatnonzero(~np.isnan(history))
    if known.size < 2 * period:
        return False
    y = history[known[0] : known[-1] + 1]
    at = np.arange(y.size)
    hole = np.isnan(y)
    y = np.interp(at, at[~hole], y[~hole])
    return is_seasonal(y, period) or is_strongly_seasonal(y, period)
