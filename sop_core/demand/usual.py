"""What is usual for a month of a series: a level from the months around it, and a season where there is one.

Every value is judged without itself: the level comes from neighbouring months, the season from other years,
all by medians, so that one odd month bends neither. Used to fill months without stock and to find outliers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray
from sop_core.inputs import Bools, Floats

#: Months of history from which a season can be told from an odd month.
TWO_YEARS = 24
#: Months looked at on either side to tell what came before and what after.
_SIDE = 4
#: Added to both sides of a ratio, as a part of the usual month (and half a unit), so that months near zero can be
#: compared.
_OFFSET = 0.05
#: A seasonal picture is taken where its scatter is at least this much smaller.
_SEASON_GAIN = 0.95


@dataclass(frozen=True, slots=True)
class Usual:
    """What was to be expected of each month [n, h], from all others. nan: cannot be said."""

    expected: Floats  #: units
    deviation: (
        Floats  #: log ratio of the month to what is usual before and after it; 0 where the two disagree
    )
    scatter: (
        Floats  #: [n] usual size of that log ratio (1.4826 x median absolute), never below noise of counts
    )
    seasonal: Bools  #: [n] whether the season is part of what is expected
    months: Floats  #: [n] months between the first and last sale that count


def usual(series: Floats, months: MonthArray, good: Bools) -> Usual:
    """What is usual for series [n, h]. Months that are not `good` [n, h] are left out of all comparisons, but
    an expectation is given for them too."""
    units = np.maximum(series, 0.0)
    sold = good & (units > 0)
    alive = np.logical_or.accumulate(sold, axis=1)
    alive &= np.logical_or.accumulate(sold[:, ::-1], axis=1)[:, ::-1]
    y = np.where(alive & good, units, np.nan)
    count = alive.sum(axis=1).astype(float)
    typical = np.nan_to_num(_median(y))
    offset = (_OFFSET * typical + 0.5 * (typical > 0))[:, None]
    plain = _Picture.of(units, y, np.ones_like(y), np.ones_like(y), offset)
    ordinal = months.astype("datetime64[M]").astype(int) % 12
    level = _around(y, 6)
    for _ in range(2):  # the second time with a level that the season no longer bends
        ratio = np.divide(y, level, out=np.full_like(y, np.nan), where=level > 0)
        season, others = _season(ratio, ordinal)
        level = _around(np.divide(y, season, out=np.full_like(y, np.nan), where=season > 0), 3)
    seasonal = _Picture.of(units, y, season, others, offset)
    better = (count >= TWO_YEARS) & (seasonal.scatter < _SEASON_GAIN * plain.scatter)
    noise = 1.0 / np.sqrt(np.maximum(typical, 1.0))
    chosen = better[:, None]
    # One strong month a year leaves the usual scatter as it is: a month that repeats itself is a season all the same.
    both = np.sign(plain.deviation) == np.sign(seasonal.deviation)
    least = np.minimum(np.abs(plain.deviation), np.abs(seasonal.deviation))
    plainly = np.where(both, np.sign(plain.deviation) * least, 0.0)
    plainly = np.where(count[:, None] >= TWO_YEARS, plainly, plain.deviation)
    return Usual(
        expected=np.where(chosen, seasonal.expected, plain.expected),
        deviation=np.where(chosen, seasonal.deviation, plainly),
        scatter=np.maximum(np.where(better, seasonal.scatter, plain.scatter), noise),
        seasonal=better,
        months=count,
    )


def typical_month(series: Floats) -> Floats:
    """[n] median of the months with sales; 0 without any."""
    return np.nan_to_num(_median(np.where(series > 0, series, np.nan)))


@dataclass(frozen=True, slots=True)
class _Picture:
    """One way of seeing the series: with its season or without."""

    expected: Floats
    deviation: Floats
    scatter: Floats

    @classmethod
    def of(cls, units: Floats, y: Floats, season: Floats, others: Floats, offset: Floats) -> _Picture:
        """`y`: the good months of `units`; `season`: the month's factor from all years, `others`: from all years
        but its own."""
        flat = np.divide(y, season, out=np.full_like(y, np.nan), where=season > 0)
        expected = _around(flat, 3) * others
        whole = np.log((units + offset + 1e-12) / (expected + offset + 1e-12))
        own = np.divide(units, others, out=np.full_like(y, np.nan), where=others > 0)
        before, after = _sides(flat)
        first = np.log((own + offset + 1e-12) / (before + offset + 1e-12))
        second = np.log((own + offset + 1e-12) / (after + offset + 1e-12))
        same = (np.sign(first) == np.sign(second)) & (np.sign(first) == np.sign(whole))
        least = np.minimum(np.minimum(np.abs(first), np.abs(second)), np.abs(whole))
        deviation = np.where(same, np.sign(whole) * least, 0.0)
        deviation = np.where(np.isfinite(first) & np.isfinite(second) & np.isfinite(whole), deviation, 0.0)
        return cls(expected, deviation, 1.4826 * _median(np.where(np.isfinite(y), np.abs(whole), np.nan)))


def _around(values: Floats, reach: int) -> Floats:
    """[n, h] median of the `2 reach` months around each month, without itself; at the ends the window slides
    inwards, so that a whole cycle is looked at everywhere."""
    count = values.shape[1]
    width = min(2 * reach + 1, count)
    start = np.clip(np.arange(count) - reach, 0, count - width)
    index = start[:, None] + np.arange(width)
    windows = values[:, index]
    own = index == np.arange(count)[:, None]
    return _median(np.where(own[None], np.nan, windows))


def _sides(values: Floats) -> tuple[Floats, Floats]:
    """[n, h] medians of the months before and of the months after; nan where there are fewer than two before
    or none after."""
    count = values.shape[1]
    padded = np.pad(values, ((0, 0), (_SIDE, _SIDE)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SIDE, axis=1)
    before, after = windows[:, :count], windows[:, _SIDE + 1 : _SIDE + 1 + count]
    enough = np.isfinite(before).sum(axis=-1) >= 2
    return np.where(enough, _median(before), np.nan), _median(after)


def _season(ratio: Floats, ordinal: np.ndarray) -> tuple[Floats, Floats]:
    """([n, h] factor of the month's place in the year, the same from the other years alone)."""
    number, count = ratio.shape
    lead = int(ordinal[0]) if count else 0
    years = -(-(lead + count) // 12)
    table = np.full((number, years * 12), np.nan)
    table[:, lead : lead + count] = ratio
    table = table.reshape(number, years, 12)
    every = np.repeat(_median(np.swapaxes(table, 1, 2))[:, None, :], years, axis=1)
    others = np.empty_like(table)
    for year in range(years):
        others[:, year] = _median(np.swapaxes(np.delete(table, year, axis=1), 1, 2))
    cut = slice(lead, lead + count)
    flat = (number, years * 12)
    return every.reshape(flat)[:, cut], others.reshape(flat)[:, cut]


def _median(values: Floats) -> Floats:
    """Median over the last axis of what is known; nan where nothing is. (np.nanmedian is many times slower.)"""
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    ranked = np.sort(values, axis=-1)  # nan last
    known = np.isfinite(ranked).sum(axis=-1)
    high = np.minimum(known // 2, values.shape[-1] - 1)
    low = np.maximum((known - 1) // 2, 0)
    pick = [np.take_along_axis(ranked, at[..., None], axis=-1)[..., 0] for at in (low, high)]
    middle: Floats = (pick[0] + pick[1]) / 2.0
    return np.where(known > 0, middle, np.nan)
