"""Exponential smoothing chosen by information criterion, as a yardstick: the AutoETS class.

All state space models of Hyndman, Koehler, Ord & Snyder (2008) that R's `ets` admits by default: additive or
multiplicative errors; no, additive or damped additive trend; no, additive or multiplicative season, without the
unstable additive error with multiplicative season. Smoothing parameters and initial states maximise the
likelihood; the model with the smallest AICc forecasts. statsforecast, which has the same, pins pandas below 3.

Every series of a batch is fitted at once: quasi-Newton steps (BFGS) with gradients by differences, each series with
its own matrix and step length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from sop_core.demand.forecast_season import Array

Integers = npt.NDArray[np.int64]

_STEPS = 120
_LADDER = np.array([1.0, 0.5, 0.2, 0.05, 0.01, 0.001])
_TINY = 1e-8


@dataclass(frozen=True)
class Model:
    """error "A" or "M"; trend "N", "A" or "D" (damped); season "N", "A" or "M"."""

    error: str
    trend: str
    season: str

    @property
    def name(self) -> str:
        """As in the books, such as `MAdM`."""
        return self.error + {"D": "Ad"}.get(self.trend, self.trend) + self.season

    def parameters(self, period: int) -> int:
        """Smoothing parameters, free initial states and the variance: what AICc counts."""
        smoothing = 1 + {"N": 0, "A": 1, "D": 2}[self.trend] + (self.season != "N")
        states = 1 + (self.trend != "N") + (period - 1 if self.season != "N" else 0)
        return smoothing + states + 1


MODELS = tuple(
    Model(error, trend, season)
    for error, trend, season in product("AM", "NAD", "NAM")
    if not (error == "A" and season == "M")
)


def auto_ets(
    histories: Sequence[Array], period: int, horizon: int, models: Sequence[Model] = MODELS
) -> tuple[Array, list[str]]:
    """(forecasts (n, horizon), chosen models) of histories of any length, none with gaps."""
    longest = max(y.size for y in histories)
    y = np.zeros((len(histories), longest))
    known = np.zeros(y.shape, dtype=bool)
    for row, history in enumerate(histories):
        y[row, longest - history.size :] = history
        known[row, longest - history.size :] = True
    scale = np.array([max(float(np.abs(history).mean()), 1e-300) for history in histories])
    y = y / scale[:, None]
    size = known.sum(axis=1)
    positive = np.array([history.min() > 0.0 for history in histories])
    best = np.full(len(y), np.inf)
    out = np.zeros((len(y), horizon))
    chosen = [""] * len(y)
    for model in models:
        room = size - model.parameters(period) - 1
        able = room > 0
        if model.season != "N":
            able &= size >= 2 * period
        if "M" in (model.error, model.season):
            able &= positive
        rows = np.flatnonzero(able)
        if not rows.size:
            continue
        criterion, ahead = _fit(model, y[rows], known[rows], period, horizon)
        count = model.parameters(period)
        criterion = criterion + 2.0 * count + 2.0 * count * (count + 1.0) / room[rows]
        for at, row in enumerate(rows.tolist()):
            if criterion[at] < best[row]:
                best[row], out[row], chosen[row] = criterion[at], ahead[at], model.name
    return out * scale[:, None], chosen


def _fit(model: Model, y: Array, known: Array, period: int, horizon: int) -> tuple[Array, Array]:
    """(-2 log likelihood up to a constant (n,), forecasts (n, horizon)) at the best parameters."""

    def cost(x: Array, rows: Integers) -> Array:
        return _run(model, x, y[rows], known[rows], period, 0)[0]

    start = _start(model, y, known, period)
    found, least = _minimise(cost, start)
    second, other = _minimise(cost, _start(model, y, known, period, low=True))
    better = other < least
    found[better], least[better] = second[better], other[better]
    return least, _run(model, found, y, known, period, horizon)[1]


def _start(model: Model, y: Array, known: Array, period: int, low: bool = False) -> Array:
    """Parameters to begin with: moderate or slow smoothing, states from the first years."""
    n, longest = y.shape
    first = known.argmax(axis=1)
    head = np.array([row[at : at + 2 * period].mean() for row, at in zip(y, first, strict=True)])
    columns = [np.full(n, -3.0 if low else -0.5)]
    if model.trend != "N":
        columns.append(np.full(n, -4.0 if low else -2.0))
    if model.trend == "D":
        columns.append(np.full(n, 1.0))
    if model.season != "N":
        columns.append(np.full(n, -4.0 if low else -2.0))
    columns.append(head)
    if model.trend != "N":
        columns.append(np.zeros(n))
    if model.season != "N":
        season = np.zeros((n, period))
        for row, at in enumerate(first):
            part = y[row, at : min(at + 4 * period, longest)]
            whole = part[: part.size // period * period].reshape(-1, period)
            level = whole.mean(axis=1, keepdims=True)
            shape = whole - level if model.season == "A" else whole / np.maximum(level, _TINY)
            season[row] = np.roll(shape.mean(axis=0), at % period)
        columns.extend(season.T)
    return np.array(columns).T.copy()


def _run(model: Model, x: Array, y: Array, known: Array, period: int, horizon: int) -> tuple[Array, Array]:
    """(-2 log likelihood (n,), forecasts (n, horizon)) for parameters x (n, p)."""
    n, longest = y.shape
    column = iter(x.T)

    def squeezed(low: float, high: float) -> Array:
        value: Array = low + (high - low) / (1.0 + np.exp(-np.clip(next(column), -30.0, 30.0)))
        return value

    alpha = squeezed(0.0001, 0.9999)
    beta = alpha * squeezed(0.0001, 0.9999) if model.trend != "N" else np.zeros(n)
    phi = squeezed(0.8, 0.98) if model.trend == "D" else np.ones(n)
    gamma = (1.0 - alpha) * squeezed(0.0001, 0.9999) if model.season != "N" else np.zeros(n)
    level = next(column).copy()
    trend = next(column).copy() if model.trend != "N" else np.zeros(n)
    none = np.ones(n) if model.season == "M" else np.zeros(n)
    season = [none] * period
    if model.season != "N":
        raw = np.array([next(column) for _ in range(period)])
        raw = raw - raw.mean(axis=0) if model.season == "A" else raw / np.maximum(raw.mean(axis=0), _TINY)
        season = list(raw)
    multiplied = model.season == "M"
    squares, logs = np.zeros(n), np.zeros(n)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for t in range(longest):
            seen = known[:, t]
            s = season[t % period]
            base = level + phi * trend
            mean = base * s if multiplied else base + s
            if model.error == "M":
                mean = np.maximum(mean, _TINY)
            gap = y[:, t] - mean
            step = np.where(seen, gap, 0.0)
            if model.error == "M":
                relative = step / mean
                squares += relative * relative
                logs += np.where(seen, np.log(mean), 0.0)
            else:
                squares += step * step
            # With the same gap, additive and multiplicative errors move the states alike: l = base + a m e / s.
            by = step / np.maximum(s, _TINY) if multiplied else step
            level = np.where(seen, base + alpha * by, level)
            trend = np.where(seen, phi * trend + beta * by, trend)
            if model.season != "N":
                season[t % period] = s + gamma * (step / np.maximum(base, _TINY) if multiplied else step)
        size = known.sum(axis=1)
        cost = size * np.log(np.maximum(squares, 1e-12 * size)) + 2.0 * logs
    cost = np.where(np.isfinite(cost), cost, 1e10)
    ahead = np.zeros((n, horizon))
    damped = np.zeros(n)
    for h in range(horizon):
        damped = damped + phi ** (h + 1)
        base = level + damped * trend
        s = season[(longest + h) % period]
        ahead[:, h] = base * s if multiplied else base + s
    return cost, ahead


def _minimise(cost: Callable[[Array, Integers], Array], start: Array) -> tuple[Array, Array]:
    """Batched BFGS: (arguments (n, p), values (n,)); each row is a problem of its own."""
    x = start.copy()
    n, p = x.shape
    everything = np.arange(n)
    value = cost(x, everything)
    gradient = _gradient(cost, x, value, everything)
    inverse = np.tile(0.05 * np.eye(p), (n, 1, 1))
    active = everything
    for _ in range(_STEPS):
        g = gradient[active]
        direction = -np.einsum("nij,nj->ni", inverse[active], g)
        uphill = (direction * g).sum(axis=1) >= 0.0
        direction[uphill] = -0.05 * g[uphill]
        longest = np.abs(direction).max(axis=1, keepdims=True)
        direction = direction / np.maximum(longest, 1.0)
        tried = (x[active, None, :] + _LADDER[None, :, None] * direction[:, None, :]).reshape(-1, p)
        values = cost(tried, np.repeat(active, len(_LADDER))).reshape(len(active), -1)
        at = values.argmin(axis=1)
        lower = values[np.arange(len(active)), at]
        gain = value[active] - lower
        moved = gain > 1e-6
        active, at, direction, lower, g = active[moved], at[moved], direction[moved], lower[moved], g[moved]
        if not active.size:
            break
        change = _LADDER[at][:, None] * direction
        x[active] += change
        value[active] = lower
        after = _gradient(cost, x[active], lower, active)
        gradient[active] = after
        _update(inverse, active, change, after - g)
    return x, value


def _gradient(cost: Callable[[Array, Integers], Array], x: Array, value: Array, rows: Integers) -> Array:
    n, p = x.shape
    step = 1e-6 * np.maximum(np.abs(x), 1.0)
    moved = x[:, None, :] + step[:, None, :] * np.eye(p)[None]
    values = cost(moved.reshape(-1, p), np.repeat(rows, p)).reshape(n, p)
    gradient: Array = (values - value[:, None]) / step
    return gradient


def _update(inverse: Array, rows: Integers, change: Array, difference: Array) -> None:
    """BFGS update of the inverse Hessians of `rows` where the curvature is positive."""
    curve = (change * difference).sum(axis=1)
    good = curve > 1e-10
    rows, change, difference, curve = rows[good], change[good], difference[good], curve[good]
    if not rows.size:
        return
    h = inverse[rows]
    product_ = np.einsum("nij,nj->ni", h, difference)
    stretch = (curve + (difference * product_).sum(axis=1)) / curve**2
    outer = np.einsum("ni,nj->nij", product_, change)
    inverse[rows] = (
        h
        + stretch[:, None, None] * np.einsum("ni,nj->nij", change, change)
        - (outer + outer.transpose(0, 2, 1)) / curve[:, None, None]
    )
