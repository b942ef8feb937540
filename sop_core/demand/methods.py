"""Small forecasting methods, vectorised over many histories.

Every method takes a Batch of histories and a horizon and returns an array (n, horizon) in the batch's
order. Recursions run over time once for all rows and all candidate parameters together; only elementwise
arithmetic is used across rows, so a row's digits never depend on its neighbours.

Sources: Assimakopoulos & Nikolopoulos 2000 (Theta); Gardner & McKenzie 1985, Hyndman et al. 2008 (damped
Holt-Winters in error-correction form); Syntetos & Boylan 2005 (Croston with the SBA correction); Teunter,
Syntetos & Babai 2011 (TSB); Makridakis et al. 2020 (Naive2 as used in M4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sop_core.demand.forecast_season import Season, decompose, is_seasonal, is_strongly_seasonal, no_season

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_THETA_CYCLES = 10
_ALPHAS = np.linspace(0.02, 0.98, 49)
_ROUNDS = (1.0, 0.5, 0.25, 0.12, 0.06)  # width of the search box in each round, as a share of its range
_CANDIDATES = (48, 24, 24, 24, 24)
# Ranges of alpha, beta / alpha, gamma / (1 - alpha), phi: the usual admissible region, damping 0.8 to 0.98.
_LOW = np.array([0.01, 0.0, 0.0, 0.80])
_HIGH = np.array([0.99, 0.6, 0.6, 0.98])


@dataclass(frozen=True)
class Batch:
    """Histories of unequal length, padded on the right. Build it with `Batch.of`."""

    values: Array  # (n, longest), NaN after the end of each row
    lengths: IntArray  # (n,)
    period: int  # seasons per cycle: 12 for months

    @staticmethod
    def of(histories: Sequence[Array], period: int) -> Batch:
        """Batch of `histories` (each at least one finite value), in the order given."""
        lengths = np.array([len(h) for h in histories], dtype=np.int64)
        values = np.full((len(histories), int(lengths.max(initial=1))), np.nan)
        for row, history in enumerate(histories):
            values[row, : lengths[row]] = history
        return Batch(values, lengths, period)

    def row(self, i: int) -> Array:
        return self.values[i, : self.lengths[i]]

    def __len__(self) -> int:
        return int(self.lengths.size)


Method = Callable[[Batch, int], Array]


def naive(batch: Batch, horizon: int) -> Array:
    """The last value, repeated."""
    last = batch.values[np.arange(len(batch)), batch.lengths - 1]
    return np.repeat(last[:, None], horizon, axis=1)


def seasonal_naive(batch: Batch, horizon: int) -> Array:
    """The value of the same season a cycle ago; the last value where there is no full cycle."""
    out = naive(batch, horizon)
    for i in range(len(batch)):
        y = batch.row(i)
        if y.size >= batch.period:
            out[i] = y[-batch.period :][np.arange(horizon) % batch.period]
    return out


def naive2(batch: Batch, horizon: int) -> Array:
    """M4's Naive2: naive on the seasonally adjusted series where seasonality is significant."""
    out = np.empty((len(batch), horizon))
    for i in range(len(batch)):
        y = batch.row(i)
        season = _season_where(is_seasonal(y, batch.period), y, batch.period)
        out[i] = season.put_back(np.full(horizon, season.remove(y)[-1]), y.size)
    return out


def level(batch: Batch, horizon: int, last: int = 6) -> Array:
    """Mean of the last `last` values, repeated."""
    out = np.empty((len(batch), horizon))
    for i in range(len(batch)):
        out[i] = batch.row(i)[-last:].mean()
    return out


def theta(batch: Batch, horizon: int) -> Array:
    """Classic Theta: mean of the trend line and of exponential smoothing of the doubled curvature, on the
    seasonally adjusted series where seasonality is significant. Looks back ten cycles at most: one straight
    line and one season through more than that say little about the next year."""
    recent = [batch.row(i)[-_THETA_CYCLES * batch.period :] for i in range(len(batch))]
    batch = Batch.of(recent, batch.period)
    n = len(batch)
    rows = [batch.row(i) for i in range(n)]
    seasons = [
        _season_where(is_seasonal(y, batch.period) or is_strongly_seasonal(y, batch.period), y, batch.period)
        for y in rows
    ]
    lines = np.empty((n, 2))
    doubled = []
    for i, season in enumerate(seasons):
        adjusted = season.remove(batch.row(i))
        intercept, slope = _line(adjusted)
        lines[i] = intercept, slope
        doubled.append(2.0 * adjusted - (intercept + slope * np.arange(adjusted.size)))
    levels = _smoothed_level(Batch.of(doubled, batch.period))
    ahead = np.arange(horizon)
    out = np.empty((n, horizon))
    for i, season in enumerate(seasons):
        size = int(batch.lengths[i])
        line = lines[i, 0] + lines[i, 1] * (size + ahead)
        out[i] = season.put_back(0.5 * (line + levels[i]), size)
    return out


def simple_smoothing(batch: Batch, horizon: int) -> Array:
    """Simple exponential smoothing, alpha and start fitted to squared one-step errors."""
    return np.repeat(_smoothed_level(batch)[:, None], horizon, axis=1)


def damped_holt(batch: Batch, horizon: int) -> Array:
    """Exponential smoothing with a damped trend and no season."""
    return _holt_winters(batch, [no_season(1)] * len(batch), horizon)[0]


def damped_holt_winters(batch: Batch, horizon: int) -> Array:
    """Damped Holt-Winters. Additive season; where all values are positive, the mean of the additive and the
    multiplicative fit, weighted by 1 / squared errors: steadier than choosing one. No season with less than
    two full cycles."""
    period = batch.period
    out = np.empty((len(batch), horizon))
    # Rows with and without season run apart: a state of one season is not one of twelve that start at 0.
    seasonal = (batch.lengths >= 2 * period) & (period >= 2)
    for rows in (np.flatnonzero(~seasonal), np.flatnonzero(seasonal)):
        if rows.size == 0:
            continue
        part = Batch.of([batch.row(int(i)) for i in rows], period)
        if not seasonal[rows[0]]:
            out[rows] = damped_holt(part, horizon)
            continue
        seasons = [decompose(part.row(i), period, multiplicative=False) for i in range(len(part))]
        out[rows], ssr = _holt_winters(part, seasons, horizon)
        positive = np.array([i for i in range(len(part)) if part.row(i).min() > 0.0], dtype=np.int64)
        if positive.size == 0:
            continue
        again = Batch.of([part.row(int(i)) for i in positive], period)
        seasons = [decompose(again.row(i), period, multiplicative=True) for i in range(len(again))]
        other, other_ssr = _holt_winters(again, seasons, horizon)
        both = ssr[positive] + other_ssr
        share = np.where(both > 0.0, ssr[positive] / np.where(both > 0.0, both, 1.0), 0.5)[:, None]
        out[rows[positive]] = (1.0 - share) * out[rows[positive]] + share * other
    return out


def croston_sba(batch: Batch, horizon: int, alpha: float = 0.1) -> Array:
    """Croston's method with the Syntetos-Boylan correction: size / interval * (1 - alpha / 2)."""
    out = np.zeros((len(batch), horizon))
    for i in range(len(batch)):
        y = batch.row(i)
        at = np.flatnonzero(y)
        if at.size == 0:
            continue
        sizes, gaps = y[at], np.diff(at, prepend=-1).astype(np.float64)
        # Start from the means: with a dozen demands, Croston's first gap would weigh too much.
        size, gap = float(sizes.mean()), float(gaps.mean())
        for s, g in zip(sizes, gaps, strict=True):
            size += alpha * (s - size)
            gap += alpha * (g - gap)
        out[i] = (1.0 - alpha / 2.0) * size / gap
    return out


def tsb(batch: Batch, horizon: int, alpha: float = 0.1, beta: float = 0.1) -> Array:
    """Teunter-Syntetos-Babai: probability of a demand, updated every period, times its size. The forecast
    fades when demand stops, which Croston's does not."""
    out = np.zeros((len(batch), horizon))
    for i in range(len(batch)):
        y = batch.row(i)
        hits = y != 0.0
        if not hits.any():
            continue
        probability, size = float(hits.mean()), float(y[hits].mean())
        for value, hit in zip(y, hits, strict=True):
            probability += beta * (float(hit) - probability)
            if hit:
                size += alpha * (value - size)
        out[i] = probability * size
    return out


def _season_where(seasonal: bool, y: Array, period: int) -> Season:
    if not seasonal:
        return no_season(period)
    return decompose(y, period, multiplicative=bool(y.min() > 0.0))


def _line(y: Array) -> tuple[float, float]:
    """Least-squares intercept and slope of y against 0, 1, 2..."""
    if y.size < 2:
        return float(y[0]), 0.0
    x = np.arange(y.size) - (y.size - 1) / 2.0
    slope = float((x * y).sum() / (x * x).sum())
    return float(y.mean() - slope * (y.size - 1) / 2.0), slope


def _by_length(batch: Batch) -> tuple[IntArray, Array, IntArray]:
    """Rows longest first, so that at each step the rows still running are the first ones."""
    order = np.argsort(-batch.lengths, kind="stable")
    alive = np.array([(batch.lengths > t).sum() for t in range(batch.values.shape[1])], dtype=np.int64)
    return order, batch.values[order], alive


def _smoothed_level(batch: Batch) -> Array:
    """Last level of simple exponential smoothing; alpha from a grid, start by least squares given alpha."""
    order, values, alive = _by_length(batch)
    n = len(batch)
    shape = (n, _ALPHAS.size)
    keep = 1.0 - _ALPHAS
    # With the start l0 unknown, level_t = a_t + l0 c_t with c_t = (1 - alpha)^t: both run together.
    part, ssr, cross = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    coefficient, square = np.ones(shape), np.zeros(shape)
    for t, rows in enumerate(alive):
        error = values[:rows, t, None] - part[:rows]
        c = coefficient[:rows]
        ssr[:rows] += error * error
        cross[:rows] += error * c
        square[:rows] += c * c
        part[:rows] += _ALPHAS * error
        coefficient[:rows] = c * keep
    start = cross / square
    best = (ssr - start * cross).argmin(axis=1)
    rows_index = np.arange(n)
    final = part[rows_index, best] + start[rows_index, best] * coefficient[rows_index, best]
    levels = np.empty(n)
    levels[order] = final
    return levels


def _holt_winters(batch: Batch, seasons: Sequence[Season], horizon: int) -> tuple[Array, Array]:
    """Forecast (n, horizon) and squared one-step errors (n,) on the scale of each row's largest value; all
    `seasons` of one kind and length. Parameters by a search in shrinking boxes."""
    order, values, alive = _by_length(batch)
    n = len(batch)
    starts = np.empty((n, 2))
    period = seasons[0].indices.size
    indices = np.zeros((period, n, 1))
    multiplicative = seasons[0].multiplicative
    scale = np.empty(n)
    for position, i in enumerate(order):
        y = batch.row(int(i))
        season = seasons[int(i)]
        adjusted = season.remove(y)
        first = adjusted[: max(min(adjusted.size, 2 * batch.period), 2)]
        intercept, slope = _line(first)
        starts[position] = intercept - slope, slope
        indices[:, position, 0] = season.at(np.arange(period))
        scale[position] = max(float(np.abs(y).max()), 1e-300)
    # On one scale for all rows, so that the guards against dividing by zero mean the same everywhere.
    values = values / scale[:, None]
    starts = starts / scale[:, None]
    if not multiplicative:
        indices = indices / scale[None, :, None]
    best = np.broadcast_to(0.5 * (_LOW + _HIGH), (n, 4))
    for count, width in zip(_CANDIDATES, _ROUNDS, strict=True):
        box = width * (_HIGH - _LOW)
        spread = best[:, None, :] + (_quasi_random(count) - 0.5) * box
        spread[:, 0, :] = best  # the best so far stays a candidate
        candidates = np.clip(spread, _LOW, _HIGH)
        run = _Recursion(candidates, starts, indices, multiplicative)
        run.over(values, alive)
        best = candidates[np.arange(n), run.ssr.argmin(axis=1)]
    final = _Recursion(best[:, None, :], starts, indices, multiplicative)
    final.over(values, alive)
    forecast = final.forecast(horizon, batch.lengths[order]) * scale[:, None]
    out, ssr = np.empty((n, horizon)), np.empty(n)
    out[order], ssr[order] = forecast, final.ssr[:, 0]
    return out, ssr


class _Recursion:
    """Damped Holt-Winters over time for n rows times c candidate parameter sets."""

    def __init__(self, candidates: Array, starts: Array, indices: Array, multiplicative: bool) -> None:
        self.alpha = candidates[:, :, 0]
        self.alpha_beta = candidates[:, :, 0] * candidates[:, :, 1]
        self.gamma = (1.0 - candidates[:, :, 0]) * candidates[:, :, 2]
        self.phi = candidates[:, :, 3]
        shape = self.alpha.shape
        self.level = np.broadcast_to(starts[:, :1], shape).copy()
        self.trend = np.broadcast_to(starts[:, 1:], shape).copy()
        self.season = np.broadcast_to(indices, (indices.shape[0], *shape)).copy()
        self.ssr = np.zeros(shape)
        self.multiplicative = multiplicative

    def over(self, values: Array, alive: IntArray) -> None:
        """Run through the history; `alive[t]` rows have a value at t."""
        period = self.season.shape[0]
        for t, rows in enumerate(alive):
            damped = self.phi[:rows] * self.trend[:rows]
            base = self.level[:rows] + damped
            season = self.season[t % period, :rows]
            observed = values[:rows, t, None]
            if self.multiplicative:
                base = np.maximum(base, 1e-6)
                error = observed - base * season
                corrected = error / season
                self.season[t % period, :rows] = np.maximum(season + self.gamma[:rows] * error / base, 0.01)
            else:
                error = observed - base - season
                corrected = error
                if period > 1:
                    self.season[t % period, :rows] = season + self.gamma[:rows] * error
            self.ssr[:rows] += error * error
            self.level[:rows] = base + self.alpha[:rows] * corrected
            self.trend[:rows] = damped + self.alpha_beta[:rows] * corrected

    def forecast(self, horizon: int, lengths: IntArray) -> Array:
        """Forecast (n, horizon) of the first candidate of each row."""
        period = self.season.shape[0]
        n = lengths.size
        phi, level_, trend = self.phi[:, 0], self.level[:, 0].copy(), self.trend[:, 0].copy()
        out = np.empty((n, horizon))
        for h in range(horizon):
            trend = trend * phi
            level_ = level_ + trend
            season = self.season[(lengths + h) % period, np.arange(n), 0]
            out[:, h] = level_ * season if self.multiplicative else level_ + season
        return out


def _quasi_random(count: int) -> Array:
    """`count` evenly spread points in the unit cube of 4 dimensions (Roberts' R sequence), without a seed."""
    root = 1.167303978261418684  # the positive root of x^5 = x + 1
    steps = root ** -np.arange(1.0, 5.0)
    points: Array = (0.5 + np.arange(count)[:, None] * steps) % 1.0
    return points
