"""What kind of history is this? Cleaning and classification of one series before it is forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sop_core.demand.forecast_season import Array, is_seasonal

Kind = Literal["regular", "short", "level", "intermittent", "zero", "constant", "none"]

LEVEL_BELOW = 6  # periods of history below which only a level is forecast
# Demand in fewer than 1 / 1.32 of the periods is intermittent (Syntetos, Boylan & Croston 2005).
_INTERVAL_LIMIT = 1.32
_GAP_SHARE = 1.0 / 3.0
_SHIFT = np.log(2.5)  # in the level, to be called one
_PLAIN_SHIFT = 0.5 * _SHIFT


@dataclass(frozen=True)
class Profile:
    """A history ready to be forecast.

    values: (n,) without gaps and, unless negative values occur, without the zeros before the first demand.
    first: position of values[0] in the history as given.
    notes: what was done to the history, as sentences.
    """

    values: Array
    first: int
    kind: Kind
    non_negative: bool
    notes: tuple[str, ...]

    def sentence(self, borrowed: bool = False) -> str:
        """What the history looks like and what was done to it; `borrowed`: it took the season of its family."""
        size = self.values.size
        own = "the season is that of the family" if borrowed else "no season of its own"
        level = (
            "the level is its own, the season that of the family"
            if borrowed
            else "the level is all that it tells"
        )
        seen = {
            "none": "no quantity in any period, so there is nothing to forecast from",
            "regular": f"{size} periods of history",
            "short": f"only {size} periods of history, fewer than two years: {own}",
            "level": f"only {_counted(size)} of history: {level}",
            "intermittent": f"demand in {int((self.values != 0).sum())} of {size} periods: intermittent",
            "zero": "no demand in the last year of history"
            if self.values.any()
            else "no demand at all so far",
            "constant": f"the same value in all {size} periods",
        }[self.kind]
        return "; ".join([seen, *self.notes])


def examine(values: Array, period: int, gaps: Literal["interpolate", "zero"]) -> Profile:
    """Fill gaps, drop what lies before the first demand, and say what kind of history it is.

    Missing periods (NaN) are interpolated between their neighbours; if more than a third is missing, or
    `gaps` is "zero", they count as periods without demand.
    """
    known = np.flatnonzero(~np.isnan(values))
    if known.size == 0:
        return Profile(np.zeros(1), 0, "none", True, ())
    first = int(known[0])
    y = values[first : known[-1] + 1].copy()
    notes: list[str] = []
    missing = int(np.isnan(y).sum())
    if missing:
        as_zero = gaps == "zero" or missing > _GAP_SHARE * y.size
        at = np.arange(y.size)
        hole = np.isnan(y)
        y[hole] = 0.0 if as_zero else np.interp(at[hole], at[~hole], y[~hole])
        how = "counted as no demand" if as_zero else "filled between their neighbours"
        notes.append(f"of these, {_counted(missing)} missing and {how}")
    non_negative = bool(y.min() >= 0.0)
    if non_negative and y[0] == 0.0 and y.any():
        before = int(np.flatnonzero(y)[0])
        y = y[before:]
        first += before
        notes.append(f"{_counted(before)} before the first demand left out")
    kind = _kind(y, period, non_negative)
    shift = level_shift(y, period) if kind == "regular" else None
    if shift is not None:
        since, factor = shift
        y[:since] *= factor
        change = f"rose to {factor:.1f} times" if factor > 1.0 else f"fell to {factor:.0%} of"
        notes.append(
            f"the level {change} what it was {_counted(y.size - since)} before the end and stayed: what lies before "
            "is taken at the new level"
        )
    return Profile(y, first, kind, non_negative, tuple(notes))


def level_shift(y: Array, period: int) -> tuple[int, float] | None:
    """A single, large and lasting change of level: the position where it begins, and its factor; None without one.

    Compared with the same season a cycle before, so that a strong season is not taken for it: for half a cycle or
    more each value is a multiple (2.5 times, or 1 / 2.5) of the one a cycle earlier, before and afterwards it is
    not. Growth that goes on, and histories that touch zero, are left alone.
    """
    if period < 4 or y.size < 2 * period or y.min() <= 0.0:
        return None
    change = np.log(y[period:] / y[:-period])
    least = period // 2
    if (np.abs(change) > _PLAIN_SHIFT).sum() < least:
        return None
    best: tuple[float, int, float] | None = None
    for start in range(max(3, period // 4), change.size - least + 1):
        inside = change[start : start + period]
        size = float(np.median(inside))
        if abs(size) < _SHIFT or (inside * np.sign(size)).min() < 0.5 * abs(size):
            continue
        outside = np.r_[change[:start], change[start + period :]]
        left = float(np.abs(inside - size).sum() + np.abs(outside).sum())
        if best is None or left < best[0]:
            best = (left, start, size)
    if best is None:
        return None
    left, start, size = best
    outside = np.r_[change[:start], change[start + period :]]
    if np.quantile(np.abs(outside), 0.9) > 0.5 * abs(size):
        return None
    return start + period, float(np.exp(size))


def _counted(periods: int) -> str:
    return f"{periods} period" if periods == 1 else f"{periods} periods"


def _kind(y: Array, period: int, non_negative: bool) -> Kind:
    if not y.any() or (y.size > period and not y[-period:].any()):
        return "zero"
    if y.size < LEVEL_BELOW:
        return "level"
    if y.min() == y.max():
        return "constant"
    if non_negative and (y != 0.0).sum() * _INTERVAL_LIMIT < y.size and not is_seasonal(y, period):
        return "intermittent"
    return "short" if y.size < 2 * period else "regular"


def typical_change(y: Array, period: int) -> float:
    """Mean absolute change against the same season a cycle ago (against the period before, if shorter);
    with nothing to compare, or no change at all, a tenth of the mean absolute value. In units of y."""
    lag = period if y.size >= 2 * period else 1
    change = float(np.abs(y[lag:] - y[:-lag]).mean()) if y.size > lag else 0.0
    return change if change > 0.0 else 0.1 * float(np.abs(y).mean())
