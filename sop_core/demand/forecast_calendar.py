"""What is known of each period beforehand: its working days and its moving feasts, as regressors.

A month's holidays mean nothing to a model that sees one number a month; how many days were worked does. Working
days are Mondays to Fridays less the country's public holidays, or what the company's own calendar says. Feasts
that fall into another month each year (Easter, Lunar New Year, Eid) are counted apart, since people buy otherwise
around them. Holidays come from the package `holidays`, which Prophet uses for its own.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Sequence

import holidays
import numpy as np
import numpy.typing as npt

from sop_core.demand.forecast_season import Array
from sop_core.demand.forecast_series import ForecastSettings
from sop_core.errors import ForecastError

#: A feast moves when at least this share of its days fall outside its most frequent month.
_MOVES = 0.1
_ENOUGH = 5  # days; one year says nothing about moving
_WINDOW = 30  # years looked at, to say which feasts move
Days = npt.NDArray[np.datetime64]


@functools.cache
def countries() -> dict[str, tuple[str, ...]]:
    """Codes of the countries with a holiday calendar, and their parts: {"DE": ("BB", "BE", ...), ...}."""
    return {code: tuple(parts) for code, parts in holidays.list_supported_countries().items()}


def check_country(country: str) -> str:
    """The country, or country and part ("DE", "DE-BY"), as its code. Raises ForecastError if there is none."""
    code, _, part = country.strip().upper().partition("-")
    known = countries()
    if code not in known:
        raise ForecastError(
            f"There is no holiday calendar for the country {country!r}. Use its two-letter code, such as DE, FR, "
            f"GB or US, or with a part of it DE-BY; there are {len(known)} countries."
        )
    parts = known[code]
    if part and part not in parts:
        shown = ", ".join(parts[:20]) or "none"
        raise ForecastError(f"{code} has no holiday calendar for the part {part!r}. There are: {shown}.")
    return f"{code}-{part}" if part else code


def working_days(starts: Days, country: str | None, ends: Days) -> Array:
    """Mondays to Fridays from each of `starts` up to before `ends`, less the country's public holidays."""
    public = _public(country, *_years(starts, ends)) if country else ()
    free = np.array(sorted(public), dtype="datetime64[D]")
    counted = np.busday_count(starts.astype("datetime64[D]"), ends.astype("datetime64[D]"), holidays=free)
    return counted.astype(np.float64)


def moving_feasts(starts: Days, country: str, ends: Days) -> Array:
    """Days of public holidays that do not keep to one month, from each of `starts` up to before `ends`."""
    first, last = _years(starts, ends)
    feasts = np.array(_moving_days(country, first, last), dtype="datetime64[D]")
    return (np.searchsorted(feasts, ends) - np.searchsorted(feasts, starts)).astype(np.float64)


def regressors(days: Array, period: int, known: int, settings: ForecastSettings) -> Array | None:
    """Columns known beforehand for the periods that begin at `days` (since 1970-01-01): (len(days), K).

    Only columns that differ within the first `known` periods, the history; None where there are none, or where
    `settings` asks for none. Raises ForecastError for weeks: nearly all have five working days.
    """
    if not settings.working_days:
        return None
    if period == 52:
        raise ForecastError(
            "Working days are counted for months and quarters, not for weeks. Leave them out."
        )
    starts = days.astype("datetime64[D]")
    months = starts.astype("datetime64[M]")
    span = 12 // period
    counted = np.zeros(days.size)
    given = {np.datetime64(month, "M"): float(value) for month, value in settings.calendar}
    for ahead in range(span):
        month = months + ahead
        first, after = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]")
        usual = working_days(first, settings.country, after)
        counted += [given.get(m, u) for m, u in zip(month, usual, strict=True)]
    columns = [counted]
    if settings.country:
        columns.append(moving_feasts(starts, settings.country, (months + span).astype("datetime64[D]")))
    telling = [column for column in columns if known and np.ptp(column[:known]) > 0.0]
    return np.column_stack(telling) if telling else None


def _years(starts: Days, ends: Days) -> tuple[int, int]:
    years = np.r_[starts, ends].astype("datetime64[Y]").astype(int) + 1970
    return int(years.min()), int(years.max())


def _calendar(country: str, years: Sequence[int]) -> dict[dt.date, str]:
    code, _, part = check_country(country).partition("-")
    found = holidays.country_holidays(code, subdiv=part or None, years=years)
    return dict(found.items())


@functools.lru_cache(maxsize=64)
def _public(country: str, first: int, last: int) -> tuple[dt.date, ...]:
    """Public holidays of the country from the year `first` to `last`."""
    return tuple(_calendar(country, range(first, last + 1)))


@functools.lru_cache(maxsize=64)
def _moving_days(country: str, first: int, last: int) -> tuple[dt.date, ...]:
    """Days, in order, of the feasts that move from month to month."""
    middle = (first + last) // 2
    wide = range(min(first, middle - _WINDOW // 2), max(last, middle + _WINDOW // 2) + 1)
    by_name: defaultdict[str, list[dt.date]] = defaultdict(list)
    for day, names in _calendar(country, wide).items():
        for name in names.split("; "):
            by_name[name].append(day)
    # "Labour Day (observed)", in whatever language: a remark that stands behind several names.
    bases: defaultdict[str, set[str]] = defaultdict(set)
    for name in by_name:
        base, remark = _remark(name)
        bases[remark].add(base)
    feasts: set[str] = set()
    for name, days in by_name.items():
        remark = _remark(name)[1]
        if remark and len(bases[remark]) > 1:
            continue
        months = np.bincount([day.month for day in days])
        if len(days) >= _ENOUGH and months.max() <= (1.0 - _MOVES) * len(days):
            feasts.add(name)
    # What replaces a feast that falls on a Sunday belongs to it.
    moving = {
        day
        for name, days in by_name.items()
        if name in feasts or _remark(name)[0] in feasts
        for day in days
        if first <= day.year <= last
    }
    return tuple(sorted(moving))


def _remark(name: str) -> tuple[str, str]:
    """A holiday's name and the remark in brackets behind it."""
    base, _, remark = name.rpartition(" (")
    return (base, remark) if base else (name, "")
