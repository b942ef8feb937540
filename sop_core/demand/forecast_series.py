"""From one cleaned history to one forecast: which methods, how they are weighed, what they got wrong before.

Works on many series at once (`fit_chunk`), because the methods do, but no series influences another here;
what is pooled over series, the width of the intervals, comes later (forecast_intervals.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from sop_core.demand import forecast_profile as profile
from sop_core.demand import methods
from sop_core.demand.methods import Array, Batch
from sop_core.demand.prophet_map import ProphetSpec, fit_map

PROPHET, THETA, HOLT_WINTERS = "Prophet", "Theta", "damped Holt-Winters"
_SHORT_MEMBERS: dict[str, methods.Method] = {
    "simple smoothing": methods.simple_smoothing,
    "damped Holt": methods.damped_holt,
    THETA: methods.theta,
}
_INTERMITTENT_MEMBERS: dict[str, methods.Method] = {"TSB": methods.tsb, "Croston-SBA": methods.croston_sba}


@dataclass(frozen=True)
class ForecastSettings:
    """What a planner may set about the forecast; part of each series' cache key.

    origins: how many points in the past the methods are tried from (0 = no backtest, equal weights).
    gaps: what a missing period means: "interpolate" = not reported, "zero" = nothing was asked for.
    prophet: "map" computes Prophet's estimate in this process, "reference" runs the Prophet package (slow).
    """

    origins: int = 3
    gaps: Literal["interpolate", "zero"] = "interpolate"
    prophet: Literal["map", "reference"] = "map"


@dataclass(frozen=True)
class SeriesTask:
    """One series to forecast: regular dates, history then horizon.

    days: dates as days since 1970-01-01, (T + horizon,). y: (T,), NaN where a period is missing.
    """

    days: Array
    y: Array

    @property
    def horizon(self) -> int:
        return self.days.size - self.y.size


@dataclass(frozen=True)
class SeriesFit:
    """The forecast of one series before intervals, with all that explains it."""

    kind: str
    method: str
    yhat: Array  # (horizon,) units of y
    errors: Array  # (origins, backtest horizon) forecast - actual of the weighted mean, earlier origins
    scale: float  # typical size of one step's change, units of y: what errors are compared in
    weights: dict[str, float] = field(default_factory=dict)
    member_mae: dict[str, float] = field(default_factory=dict)  # backtest MAE, units of y
    naive_mae: float | None = None  # backtest MAE of the seasonal naive forecast
    bias: float | None = None  # sum of (forecast - actual) / sum of actual over the backtests
    non_negative: bool = True
    reason: str = ""


@dataclass(frozen=True)
class _Row:
    """One training history: series `series` up to `cut` periods, forecast `ahead` periods."""

    series: int
    cut: int
    ahead: int
    members: tuple[str, ...]


def prophet_pair(order: int, cycles: float) -> tuple[ProphetSpec, ProphetSpec]:
    """The two Prophet models whose mean is one member: on log y, and multiplicative.

    Prophet's default lets the trend bend only in the first 80 % of the history, which loses to naive methods
    on monthly data. Its freedom to bend, `changepoint_prior_scale`, is stated per length of history, whatever
    that is, for 25 points. The same freedom per month, as a random walk of the slope, grows with length^1.5:
    below five years it is reduced accordingly, or two years could bend as much as five.
    """
    share = min(1.0, cycles / 5.0) ** 1.5
    return (
        ProphetSpec(yearly_order=order, changepoint_range=0.95, changepoint_prior_scale=0.05 * share),
        ProphetSpec(
            yearly_order=order,
            changepoint_range=1.0,
            changepoint_prior_scale=0.2 * share,
            seasonality_mode="multiplicative",
        ),
    )


def fit_chunk(tasks: Sequence[SeriesTask], period: int, settings: ForecastSettings) -> list[SeriesFit]:
    """Forecast every task. Pure: the same task gives the same digits in any chunk, in any process."""
    profiles = [profile.examine(task.y, period, settings.gaps) for task in tasks]
    rows: list[_Row] = []
    for i, (task, seen) in enumerate(zip(tasks, profiles, strict=True)):
        rows.extend(_rows_of(i, seen, task.horizon, period, settings))
    forecasts = _member_forecasts(rows, tasks, profiles, period, settings)
    by_series: list[list[tuple[_Row, Array]]] = [[] for _ in tasks]
    for row, forecast in zip(rows, forecasts, strict=True):
        by_series[row.series].append((row, forecast))
    return [
        _combine(seen, task.horizon, found, period)
        for task, seen, found in zip(tasks, profiles, by_series, strict=True)
    ]


def backtest_cuts(size: int, horizon: int, origins: int, least: int) -> tuple[list[int], int]:
    """Lengths of history to forecast from, latest first, and how far ahead each is tried.

    A quarter of the history at most is tried at once; origins lie half of that apart; each keeps at
    least `least` periods to learn from.
    """
    ahead = min(horizon, max(1, size // 4))
    step = max(1, ahead // 2)
    cuts = [size - ahead - j * step for j in range(origins)]
    return [cut for cut in cuts if cut >= least], ahead


def _rows_of(
    i: int, seen: profile.Profile, horizon: int, period: int, settings: ForecastSettings
) -> list[_Row]:
    if seen.kind in ("zero", "constant"):
        return []
    size = seen.values.size
    rows = [_Row(i, size, horizon, _members(seen.kind, size, period))]
    least = 3 if seen.kind in ("short", "level") else min(2 * period, max(3, size // 2))
    cuts, ahead = backtest_cuts(size, horizon, settings.origins, least)
    rows.extend(_Row(i, cut, ahead, _members(seen.kind, cut, period)) for cut in cuts)
    return rows


def _members(kind: str, size: int, period: int) -> tuple[str, ...]:
    if kind == "intermittent":
        return tuple(_INTERMITTENT_MEMBERS)
    if kind == "level" or size < profile.LEVEL_BELOW:
        return ("level",)
    if kind == "short" or size < 2 * period:
        return tuple(_SHORT_MEMBERS)
    # Prophet's yearly curve needs months or quarters; weekly data with 52 seasons lost with it.
    return (PROPHET, THETA, HOLT_WINTERS) if period <= 12 else (THETA, HOLT_WINTERS)


def _member_forecasts(
    rows: Sequence[_Row],
    tasks: Sequence[SeriesTask],
    profiles: Sequence[profile.Profile],
    period: int,
    settings: ForecastSettings,
) -> list[Array]:
    """For each row the members' forecasts (members, ahead)."""
    out = [np.empty((len(row.members), row.ahead)) for row in rows]
    for name in sorted({name for row in rows for name in row.members}):
        chosen = [j for j, row in enumerate(rows) if name in row.members]
        histories = [profiles[rows[j].series].values[: rows[j].cut] for j in chosen]
        furthest = max(rows[j].ahead for j in chosen)
        if name == PROPHET:
            days = [_days_of(tasks[rows[j].series], profiles[rows[j].series], rows[j]) for j in chosen]
            found = _prophet(histories, days, period, settings)
        else:
            method = {
                **_SHORT_MEMBERS,
                **_INTERMITTENT_MEMBERS,
                "level": methods.level,
                HOLT_WINTERS: methods.damped_holt_winters,
            }[name]
            found = list(method(Batch.of(histories, period), furthest))
        for j, history, forecast in zip(chosen, histories, found, strict=True):
            row = rows[j]
            non_negative = profiles[row.series].non_negative
            out[j][row.members.index(name)] = _within_reason(
                forecast[: row.ahead], history, non_negative, period
            )
    return out


def _days_of(task: SeriesTask, seen: profile.Profile, row: _Row) -> tuple[Array, Array]:
    known = task.days[seen.first : seen.first + row.cut]
    ahead = task.days[seen.first + row.cut : seen.first + row.cut + row.ahead]
    return known, ahead


def _prophet(
    histories: Sequence[Array], days: Sequence[tuple[Array, Array]], period: int, settings: ForecastSettings
) -> list[Array]:
    """Mean of the Prophet pair for each history; those with the same dates are fitted together."""
    order = 6 if period == 12 else max(1, period // 2)
    out: list[Array] = [np.empty(0)] * len(histories)
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for j, (known, ahead) in enumerate(days):
        groups.setdefault((known.tobytes(), ahead.tobytes()), []).append(j)
    for members in groups.values():
        known, ahead = days[members[0]]
        on_log, multiplicative = prophet_pair(order, known.size / period)
        y = np.array([histories[j] for j in members])
        # Prophet's priors see log y on its own scale: in percent of the largest value, the unit of y does not
        # matter. A history that touches zero has no logarithm: its first model is fitted to y itself.
        peak = np.abs(y).max(axis=1, keepdims=True)
        percent = 100.0 * y / np.where(peak > 0.0, peak, 1.0)
        logged = (y.min(axis=1) > 0.0)[:, None]
        inner = np.where(logged, np.log(np.where(logged, percent, 1.0)), percent)
        first = _prophet_fit(known, inner, ahead, on_log, settings)
        # e^700 is about the largest number there is; the bounds of _within_reason are far below
        first = np.where(logged, np.exp(np.minimum(first, 700.0)), first) * peak / 100.0
        second = _prophet_fit(known, y, ahead, multiplicative, settings)
        for position, j in enumerate(members):
            history = y[position]
            low = bool(history.min() >= 0.0)
            out[j] = 0.5 * (
                _within_reason(first[position], history, low, period)
                + _within_reason(second[position], history, low, period)
            )
    return out


def _prophet_fit(
    known: Array, y: Array, ahead: Array, spec: ProphetSpec, settings: ForecastSettings
) -> Array:
    if settings.prophet == "map":
        return fit_map(known, y, spec).predict(ahead)
    # Imported here: baseline.py, the one module that may import prophet, itself imports this one.
    from sop_core.demand.baseline import prophet_reference

    return np.array([prophet_reference(known, row, ahead, spec) for row in y])


def _within_reason(forecast: Array, history: Array, non_negative: bool, period: int) -> Array:
    """A member may leave the range of the history by its width, not more: an exponential trend that runs
    away must not carry the mean with it. In the third year only a quarter of that upwards: from two cycles, a
    step in the level (a range launched, a channel won) cannot be told from a season that will come again."""
    low, high = float(history.min()), float(history.max())
    width = max(high - low, 0.5 * max(abs(low), abs(high)))
    above = 0.25 if 2 * period <= history.size < 3 * period else 1.0
    floor = 0.0 if non_negative else low - width
    bounded: Array = np.clip(forecast, max(floor, low - width), high + above * width)
    return bounded


def _bias(errors: Array, actuals: Sequence[Array]) -> float | None:
    total = float(sum(actual.sum() for actual in actuals))
    return float(errors.sum()) / total if total > 0 else None


def _combine(
    seen: profile.Profile, horizon: int, found: Sequence[tuple[_Row, Array]], period: int
) -> SeriesFit:
    scale = profile.typical_change(seen.values, period)
    if not found:
        value = float(seen.values[-1]) if seen.kind == "constant" else 0.0
        method = "constant" if seen.kind == "constant" else "zero (no demand)"
        return SeriesFit(
            seen.kind,
            method,
            np.full(horizon, value),
            np.empty((0, 0)),
            scale,
            non_negative=seen.non_negative,
            reason=seen.sentence(),
        )
    final, forecast = found[0]
    tried = found[1:]
    actuals = [seen.values[row.cut : row.cut + row.ahead] for row, _ in tried]
    # Only origins at which the same methods were possible say how these methods compare.
    same = [j for j, (row, _) in enumerate(tried) if row.members == final.members]
    mae = np.array([np.abs(tried[j][1] - actuals[j]).mean(axis=1) for j in same]).reshape(
        len(same), len(final.members)
    )
    weights = _weights(mae, len(final.members))
    errors = np.empty((len(tried), tried[0][0].ahead if tried else 0))
    for j, (row, members) in enumerate(tried):
        # An origin's own errors must not have chosen the weights it is scored with.
        others = mae[[k for k, origin in enumerate(same) if origin != j]]
        applied = (
            _weights(others, len(row.members)) if row.members == final.members else _equal(len(row.members))
        )
        errors[j] = _weighted(applied, members) - actuals[j]
    yardstick = [
        methods.seasonal_naive(Batch.of([seen.values[: row.cut]], period), row.ahead)[0] - actual
        for (row, _), actual in zip(tried, actuals, strict=True)
    ]
    member_mae = dict(zip(final.members, mae.mean(axis=0).tolist(), strict=True)) if len(same) else {}
    naive_mae = float(np.abs(np.array(yardstick)).mean()) if yardstick else None
    return SeriesFit(
        kind=seen.kind,
        method=_method_name(seen.kind, final.members),
        yhat=_weighted(weights, forecast),
        errors=errors,
        scale=scale,
        weights=dict(zip(final.members, weights.tolist(), strict=True)),
        member_mae=member_mae,
        naive_mae=naive_mae,
        bias=_bias(errors, actuals),
        non_negative=seen.non_negative,
        reason=seen.sentence(),
    )


def _equal(count: int) -> Array:
    return np.full(count, 1.0 / count)


def _weights(mae: Array, count: int) -> Array:
    """Weights of `count` members in proportion to 1 / MAE over the origins (rows); equal without any."""
    if len(mae) == 0:
        return _equal(count)
    error = mae.mean(axis=0)
    # A member that happened to be (nearly) exact must not take all the weight.
    inverse = 1.0 / np.maximum(error, 0.1 * max(float(error.mean()), 1e-300))
    weights: Array = inverse / inverse.sum()
    return weights


def _weighted(weights: Array, members: Array) -> Array:
    mean: Array = (weights[:, None] * members).sum(axis=0)
    return mean


def _method_name(kind: str, members: tuple[str, ...]) -> str:
    if len(members) == 1:
        return "level (short history)"
    names = " + ".join(members)
    return f"{names} (no season)" if kind == "short" else names
