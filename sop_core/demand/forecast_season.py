"""Seasonal indices of one history: test, classical decomposition, and putting the season back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_PLAIN = 0.9
_Z_90 = 1.645  # 90 % two-sided normal quantile, as in the M4 benchmarks' test


@dataclass(frozen=True)
class Season:
    """Seasonal indices by position in the cycle; position 0 is that of the first observation.

    `multiplicative`: indices average 1 and multiply; else they sum to 0 and are added.
    """

    indices: Array  # (period,)
    multiplicative: bool

    def at(self, positions: npt.NDArray[np.int64]) -> Array:
        return self.indices[positions % self.indices.size]

    def remove(self, y: Array) -> Array:
        season = self.at(np.arange(y.size))
        return y / season if self.multiplicative else y - season

    def put_back(self, forecast: Array, start: int) -> Array:
        """Forecast (horizon,) of the adjusted series, whose first value lies `start` steps after the first
        observation, with its season."""
        season = self.at(np.arange(start, start + forecast.size))
        return forecast * season if self.multiplicative else forecast + season


def no_season(period: int) -> Season:
    """A season that changes nothing."""
    return Season(np.zeros(max(period, 1)), multiplicative=False)


def is_seasonal(y: Array, period: int) -> bool:
    """Whether the autocorrelation at lag `period` is significant at 90 % (test of the M4 benchmarks).

    False with fewer than three full cycles, where the autocorrelation says nothing.
    """
    n = y.size
    if period < 2 or n < 3 * period:
        return False
    centred = y - y.mean()
    variance = float((centred * centred).sum())
    if variance <= 0.0:
        return False
    acf = np.array([(centred[lag:] * centred[:-lag]).sum() for lag in range(1, period + 1)]) / variance
    limit = _Z_90 * np.sqrt((1.0 + 2.0 * float((acf[:-1] ** 2).sum())) / n)
    return bool(abs(acf[-1]) > limit)


def is_strongly_seasonal(y: Array, period: int) -> bool:
    """Whether one cycle repeats the one before so plainly that no test is needed: correlation of the detrended
    series with itself a cycle later above 0.9.

    The autocorrelation test fails just where the season is plainest: a large smooth swing makes the lags before
    the season large too, and they widen its limit; and it says nothing below three cycles. Needs two full cycles.
    """
    if period < 4 or y.size < 2 * period:
        return False
    x = np.arange(y.size) - (y.size - 1) / 2.0
    left = y - y.mean() - x * float((x * y).sum() / (x * x).sum())
    before, after = left[:-period] - left[:-period].mean(), left[period:] - left[period:].mean()
    size = float(np.sqrt((before * before).sum() * (after * after).sum()))
    return size > 1e-9 * float((y * y).sum()) and float((before * after).sum()) > _PLAIN * size


def decompose(y: Array, period: int, multiplicative: bool) -> Season:
    """Classical decomposition: ratios (or differences) to the centred moving average, averaged by position.

    Needs two full cycles (ValueError otherwise). Multiplicative needs positive values.
    """
    if y.size < 2 * period:
        raise ValueError("seasonal indices need two full cycles")
    if period % 2:
        window = np.full(period, 1.0 / period)
    else:
        window = np.full(period + 1, 1.0 / period)
        window[[0, -1]] *= 0.5
    trend = np.convolve(y, window, mode="valid")
    half = (window.size - 1) // 2
    middle = y[half : half + trend.size]
    detrended = middle / trend if multiplicative else middle - trend
    positions = (np.arange(trend.size) + half) % period
    indices = np.bincount(positions, detrended, period) / np.bincount(positions, minlength=period)
    mean = indices.mean()
    return Season(np.maximum(indices / mean, 0.01) if multiplicative else indices - mean, multiplicative)


def borrowed_season(family: Array, period: int) -> Array | None:
    """Seasonal factors (period,) of a longer history for a short one to multiply with, mean 1; position 0 is that
    of family[0]. NaN = not known. None with fewer than two full cycles, or where the level is not positive.
    """
    known = np.flatnonzero(~np.isnan(family))
    if known.size == 0:
        return None
    y = family[known[0] : known[-1] + 1]
    at = np.arange(y.size)
    hole = np.isnan(y)
    y = np.interp(at, at[~hole], y[~hole])
    first = int(known[0])
    if y.min() >= 0.0 and y.any():
        start = int(np.flatnonzero(y)[0])
        y, first = y[start:], first + start
    if y.size < 2 * period or y.mean() <= 0.0:
        return None
    if y.min() > 0.0:
        indices = decompose(y, period, multiplicative=True).indices
    else:
        indices = np.maximum(1.0 + decompose(y, period, multiplicative=False).indices / y.mean(), 0.05)
        indices = indices / indices.mean()
    # Never near zero: a history is divided by these.
    return np.maximum(np.roll(indices, first % period), 0.05)
