"""From one cleaned history to one forecast: which methods, how they are weighed, what they got wrong before.

Works on many series at once (`fit_chunk`), because the methods do, but no series influences another here;
what is pooled over series, the width of the intervals, comes later (forecast_intervals.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from sop_core.demand import forecast_profile as profile
from sop_core.demand import methods
from sop_core.demand.forecast_prophet import Span, prophet_member, within_reason
from sop_core.demand.forecast_season import borrowed_season
from sop_core.demand.methods import Array, Batch

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
    growth: "linear", or "logistic" where growth saturates: towards `cap` times the largest value of each series.
    Logistic growth is the Prophet package's, whatever `prophet` says.
    working_days: whether demand follows the working days of the period, Mondays to Fridays less the public
    holidays of `country` ("DE", "DE-BY"; None: no holidays); with a country, its moving feasts too.
    calendar: the company's own working days by month, ("2026-01", 20.0), in place of those counted.
    """

    origins: int = 3
    gaps: Literal["interpolate", "zero"] = "interpolate"
    prophet: Literal["map", "reference"] = "map"
    growth: Literal["linear", "logistic"] = "linear"
    cap: float = 1.5
    working_days: bool = False
    country: str | None = None
    calendar: tuple[tuple[str, float], ...] = ()

    @property
    def wants_calendar(self) -> bool:
        """Whether the forecast needs to know what date each period is."""
        return self.working_days


@dataclass(frozen=True)
class SeriesTask:
    """One series to forecast: regular dates, history then horizon.

    days: dates as days since 1970-01-01, (T + horizon,). y: (T,), NaN where a period is missing.
    regressors: what is known of each period beforehand, (T + horizon, K), or None.
    family: a longer history whose season a short one borrows, ending in the same period as y, or None.
    """

    days: Array
    y: Array
    regressors: Array | None = None
    family: Array | None = None

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
    season: Array | None = None  # (cut + ahead,) borrowed factors, or None


def fit_chunk(tasks: Sequence[SeriesTask], period: int, settings: ForecastSettings) -> list[SeriesFit]:
    """Forecast every task. Pure: the same task gives the same digits in any chunk, in any process."""
    # On one scale for all, by a power of two: exact, and neither pieces nor billions can under- or overflow.
    powers = [_power(task.y) for task in tasks]
    tasks = [replace(task, y=np.ldexp(task.y, -power)) for task, power in zip(tasks, powers, strict=True)]
    profiles = [profile.examine(task.y, period, settings.gaps) for task in tasks]
    rows: list[_Row] = []
    for i, (task, seen) in enumerate(zip(tasks, profiles, strict=True)):
        rows.extend(_rows_of(i, task, seen, period, settings))
    forecasts = _member_forecasts(rows, tasks, profiles, period, settings)
    by_series: list[list[tuple[_Row, Array]]] = [[] for _ in tasks]
    for row, forecast in zip(rows, forecasts, strict=True):
        by_series[row.series].append((row, forecast))
    return [
        _scaled(_combine(seen, task.horizon, found, period), power)
        for task, seen, found, power in zip(tasks, profiles, by_series, powers, strict=True)
    ]


def _power(y: Array) -> int:
    """The power of two just above the largest absolute value; 0 where nothing is known."""
    known = np.abs(y[~np.isnan(y)])
    return int(np.frexp(known.max())[1]) if known.size else 0


def _scaled(fit: SeriesFit, power: int) -> SeriesFit:
    """A fit made on y / 2^power, in units of y."""

    def back(value: float) -> float:
        return float(np.ldexp(value, power))

    return replace(
        fit,
        yhat=np.ldexp(fit.yhat, power),
        errors=np.ldexp(fit.errors, power),
        scale=back(fit.scale),
        member_mae={name: back(value) for name, value in fit.member_mae.items()},
        naive_mae=None if fit.naive_mae is None else back(fit.naive_mae),
    )


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
    i: int, task: SeriesTask, seen: profile.Profile, period: int, settings: ForecastSettings
) -> list[_Row]:
    if seen.kind in ("none", "zero", "constant"):
        return []
    size, horizon = seen.values.size, task.horizon

    def row(cut: int, ahead: int) -> _Row:
        members = _members(seen.kind, cut, period)
        # In its third year a series knows its own season, but what it was tried from in the past did not yet.
        borrows = cut < 2 * period and seen.kind != "intermittent"
        season = _borrowed(task, seen, cut, ahead, period) if borrows else None
        return _Row(i, cut, ahead, members, season)

    least = 3 if seen.kind in ("short", "level") else min(2 * period, max(3, size // 2))
    cuts, ahead = backtest_cuts(size, horizon, settings.origins, least)
    return [row(size, horizon), *(row(cut, ahead) for cut in cuts)]


def _borrowed(task: SeriesTask, seen: profile.Profile, cut: int, ahead: int, period: int) -> Array | None:
    """Seasonal factors of the family for `cut` periods of history and `ahead` more, from what was known of the
    family then; None where it has no season to lend, or where it does not suit what the series shows."""
    if task.family is None:
        return None
    shift = task.family.size - task.y.size + seen.first  # the family's position of the series' first value
    if shift + cut <= 0:
        return None
    found = borrowed_season(task.family[: shift + cut], period)
    if found is None:
        return None
    factors: Array = found[(shift + np.arange(cut + ahead)) % period]
    y = seen.values[:cut]
    if cut >= profile.LEVEL_BELOW and _unrest(y / factors[:cut]) > _unrest(y):
        return None
    return factors


def _unrest(y: Array) -> float:
    """Spread about a straight line, as a share of the mean absolute value."""
    x = np.arange(y.size) - (y.size - 1) / 2.0
    left = y - y.mean() - x * float((x * y).sum() / (x * x).sum())
    return float(np.sqrt((left * left).mean()) / max(float(np.abs(y).mean()), 1e-300))


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
    # Factors by which a row's periods differ from plain ones, (cut + ahead,): a borrowed season, working days.
    factors = [row.season for row in rows]
    # Prophet first: it estimates what the regressors do, which is then taken out for the other members.
    for name in sorted(
        {name for row in rows for name in row.members}, key=lambda name: (name != PROPHET, name)
    ):
        chosen = [j for j, row in enumerate(rows) if name in row.members]
        histories = [profiles[rows[j].series].values[: rows[j].cut] for j in chosen]
        furthest = max(rows[j].ahead for j in chosen)
        if name == PROPHET:
            spans = [_span_of(tasks[rows[j].series], profiles[rows[j].series], rows[j]) for j in chosen]
            found, effects = prophet_member(histories, spans, period, settings)
            for j, effect in zip(chosen, effects, strict=True):
                factors[j] = effect
        else:
            histories = [_without(history, factors[j]) for j, history in zip(chosen, histories, strict=True)]
            method = {
                **_SHORT_MEMBERS,
                **_INTERMITTENT_MEMBERS,
                "level": methods.level,
                HOLT_WINTERS: methods.damped_holt_winters,
            }[name]
            found = list(method(Batch.of(histories, period), furthest))
        for j, history, forecast in zip(chosen, histories, found, strict=True):
            row, factor = rows[j], factors[j]
            non_negative = profiles[row.series].non_negative
            ahead = within_reason(forecast[: row.ahead], history, non_negative, period)
            if factor is not None and name != PROPHET:
                ahead = ahead * factor[row.cut :]
            out[j][row.members.index(name)] = ahead
    return out


def _without(history: Array, factor: Array | None) -> Array:
    return history if factor is None else history / factor[: history.size]


def _span_of(task: SeriesTask, seen: profile.Profile, row: _Row) -> Span:
    known = slice(seen.first, seen.first + row.cut)
    ahead = slice(seen.first + row.cut, seen.first + row.cut + row.ahead)
    columns = task.regressors
    return Span(
        task.days[known],
        task.days[ahead],
        None if columns is None else columns[seen.first : seen.first + row.cut + row.ahead],
        backtest=row.cut < seen.values.size,
    )


def _bias(errors: Array, actuals: Sequence[Array]) -> float | None:
    total = float(sum(actual.sum() for actual in actuals))
    return float(errors.sum()) / total if total > 0 else None


def _combine(
    seen: profile.Profile, horizon: int, found: Sequence[tuple[_Row, Array]], period: int
) -> SeriesFit:
    scale = profile.typical_change(seen.values, period)
    if not found:
        value = float(seen.values[-1]) if seen.kind == "constant" else 0.0
        method = {"constant": "constant", "none": "none (no history)"}.get(seen.kind, "zero (no demand)")
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
        method=_method_name(seen.kind, final),
        yhat=_weighted(weights, forecast),
        errors=errors,
        scale=scale,
        weights=dict(zip(final.members, weights.tolist(), strict=True)),
        member_mae=member_mae,
        naive_mae=naive_mae,
        bias=_bias(errors, actuals),
        non_negative=seen.non_negative,
        reason=seen.sentence(borrowed=final.season is not None),
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


def _method_name(kind: str, row: _Row) -> str:
    if row.season is not None:
        return f"{' + '.join(row.members)} (season of the family)"
    if len(row.members) == 1:
        return "level (short history)"
    names = " + ".join(row.members)
    return f"{names} (no season)" if kind == "short" else names
