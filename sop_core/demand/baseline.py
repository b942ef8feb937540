"""The statistical baseline forecast: tidy frames in, tidy frames out.

    forecast(history, horizon=18)            unique_id, ds, y  ->  unique_id, ds, yhat, lo, hi, method
    forecast_with_diagnostics(history, 18)   the same, and per series: weights, backtest error, reason

Also the only place that knows the Prophet package (`prophet_reference`): the forecaster computes Prophet's
estimate itself (prophet_map.py), and the package is the reference it is tested against.
"""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sop_core.demand.fleet import ForecastCache, Progress, fit_fleet
from sop_core.demand.forecast_calendar import check_country
from sop_core.demand.forecast_frame import period_of, read_histories
from sop_core.demand.forecast_intervals import half_widths
from sop_core.demand.forecast_season import Array
from sop_core.demand.forecast_series import ForecastSettings, SeriesFit
from sop_core.demand.prophet_map import ProphetSpec
from sop_core.errors import ForecastError

__all__ = ["Forecast", "ForecastSettings", "forecast", "forecast_with_diagnostics", "prophet_reference"]

MAX_HORIZON = 60
_DEFAULTS = ForecastSettings()


@dataclass(frozen=True)
class Forecast:
    """A forecast and what explains it.

    frame: unique_id, ds, yhat, lo, hi, method; sorted by unique_id and ds; units of y.
    diagnostics: one row per series, sorted by unique_id: method, champion (member with the smallest backtest
    error, "" where none was tried), mae (backtest MAE of the forecast, units of y), naive_mae (of the
    seasonal naive forecast), bias (sum of (forecast - actual) / sum of actual of the backtests, positive =
    over-forecast), origins (how many points in the past were
    tried), weights and member_mae (dicts by member), errors (origins x steps ahead: forecast - actual of the
    backtests, latest origin first), reason (one sentence).
    """

    frame: pd.DataFrame
    diagnostics: pd.DataFrame


def forecast(
    frame: pd.DataFrame,
    horizon: int,
    freq: str = "MS",
    level: int = 80,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    cache: ForecastCache | None = None,
    progress: Progress | None = None,
    settings: ForecastSettings = _DEFAULTS,
    parents: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Forecast every series of a long frame `unique_id, ds, y`: long `unique_id, ds, yhat, lo, hi, method`.

    Each series is forecast for `horizon` periods after its own last date, with the interval that held
    `level` % of past errors. Missing y (NaN or absent periods) are filled as `settings.gaps` says.
    Non-negative where the history is. The same frame gives the same digits whatever the order of its rows
    and the number of workers.

    freq: "MS" months, "QS" quarters, or "W-MON" and the like for weeks. Months and quarters may be dated on their
    first day, on their last, as 202401, or be counted 1, 2, 3...; the forecast is dated in the same way.
    executor, workers, cache, progress: see `fleet.fit_fleet`.
    parents: the series above a series, by name ({"item|A": "family|B"}). One with less than two years of history
    borrows the season of the nearest series above it that has one, and one with less than three does so where its
    backtests begin before it had two; names without a series in `frame` are passed over.
    Raises ForecastError, with what to put right, for a frame that cannot be forecast.
    """
    return forecast_with_diagnostics(
        frame,
        horizon,
        freq,
        level,
        executor=executor,
        workers=workers,
        cache=cache,
        progress=progress,
        settings=settings,
        parents=parents,
    ).frame


def forecast_with_diagnostics(
    frame: pd.DataFrame,
    horizon: int,
    freq: str = "MS",
    level: int = 80,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    cache: ForecastCache | None = None,
    progress: Progress | None = None,
    settings: ForecastSettings = _DEFAULTS,
    parents: Mapping[str, str] | None = None,
) -> Forecast:
    """As `forecast`, with the diagnostics of each series beside it."""
    period = _check_request(horizon, freq, level, settings)
    histories = read_histories(frame, horizon, freq, parents, settings)
    ids, tasks = histories.ids, histories.tasks
    fits = fit_fleet(
        tasks, period, settings, executor=executor, workers=workers, cache=cache, progress=progress
    )
    half = half_widths(fits, horizon, level)
    yhat = np.array([fit.yhat for fit in fits]).reshape(len(fits), horizon)
    low, high = yhat - half, yhat + half
    non_negative = np.array([fit.non_negative for fit in fits], dtype=bool)
    low[non_negative] = np.maximum(low[non_negative], 0.0)
    frame_ahead = pd.DataFrame(
        {
            "unique_id": pd.array(ids, dtype="str").repeat(horizon),
            "ds": histories.dates,
            "yhat": yhat.ravel(),
            "lo": low.ravel(),
            "hi": high.ravel(),
            "method": pd.array([fit.method for fit in fits], dtype="str").repeat(horizon),
        }
    )
    as_given = frame["unique_id"].dtype
    return Forecast(_named_as(frame_ahead, as_given), _named_as(_diagnostics(ids, fits), as_given))


def _named_as(result: pd.DataFrame, dtype: Any) -> pd.DataFrame:
    """Numbered series come back numbered and in the order of their numbers, so that results can be joined."""
    if not pd.api.types.is_numeric_dtype(dtype):
        return result
    numbered = result.assign(unique_id=pd.to_numeric(result["unique_id"]).astype(dtype))
    return numbered.sort_values("unique_id", kind="stable", ignore_index=True)


def _check_request(horizon: int, freq: str, level: int, settings: ForecastSettings) -> int:
    period = period_of(freq)
    if not 1 <= horizon <= MAX_HORIZON:
        raise ForecastError(f"A horizon of {horizon} periods cannot be forecast. Choose 1 to {MAX_HORIZON}.")
    if not 50 <= level <= 99:
        raise ForecastError(f"An interval of {level} % cannot be made from past errors. Choose 50 to 99.")
    if settings.growth == "logistic" and settings.cap <= 0.0:
        raise ForecastError(
            f"A cap of {settings.cap:g} times the largest value cannot be grown to. Choose 1.2 or so."
        )
    if settings.country is not None:
        check_country(settings.country)
    return period


def _diagnostics(ids: list[str], fits: list[SeriesFit]) -> pd.DataFrame:
    nothing = float("nan")
    return pd.DataFrame(
        {
            "unique_id": pd.array(ids, dtype="str"),
            "method": pd.array([fit.method for fit in fits], dtype="str"),
            "champion": pd.array(
                [min(fit.member_mae, key=fit.member_mae.__getitem__, default="") for fit in fits], dtype="str"
            ),
            "mae": [_mae(fit) for fit in fits],
            "naive_mae": [nothing if fit.naive_mae is None else fit.naive_mae for fit in fits],
            "bias": [nothing if fit.bias is None else fit.bias for fit in fits],
            "origins": np.array([fit.errors.shape[0] for fit in fits], dtype=np.int64),
            "weights": pd.Series([fit.weights for fit in fits], dtype=object),
            "member_mae": pd.Series([fit.member_mae for fit in fits], dtype=object),
            "errors": pd.Series([fit.errors for fit in fits], dtype=object),
            "reason": pd.array([_reason(fit) for fit in fits], dtype="str"),
        }
    )


def _mae(fit: SeriesFit) -> float:
    """Backtest MAE of the forecast, units of y; NaN without a backtest."""
    return float(np.abs(fit.errors).sum() / fit.errors.size) if fit.errors.size else float("nan")


def _reason(fit: SeriesFit) -> str:
    """Why this method, in one sentence that a planner can read."""
    if fit.kind in ("none", "zero"):
        return f"Zero: {fit.reason}."
    if fit.kind == "constant":
        return f"The same value goes on: {fit.reason}."
    if len(fit.weights) < 2:
        return f"Mean of the last periods: {fit.reason}."
    shares = ", ".join(f"{name} {share:.0%}" for name, share in fit.weights.items())
    tested = (
        "weighted by how well each forecast the past"
        if fit.member_mae
        else "equally weighted, too short to test"
    )
    return f"Mean of {shares}, {tested}{_compared(fit)}: {fit.reason}."


def _compared(fit: SeriesFit) -> str:
    """How the past errors compare with those of repeating the past; nothing where other methods made them."""
    if not (fit.member_mae and fit.naive_mae):
        return ""
    ratio = _mae(fit) / fit.naive_mae
    if ratio >= 2.0:
        words = f"{ratio:.1f} times"
    elif abs(ratio - 1.0) < 0.005:
        words = "as large as"
    else:
        words = f"{abs(1.0 - ratio):.0%} {'smaller' if ratio < 1.0 else 'larger'} than"
    return f"; its past errors were {words} those of repeating the past"


def prophet_reference(
    known: Array,
    y: Array,
    ahead: Array,
    spec: ProphetSpec,
    algorithm: str = "BFGS",
    *,
    holidays: pd.DataFrame | None = None,
    country: str | None = None,
    regressors: Array | None = None,
    cap: float | None = None,
    floor: float = 0.0,
) -> Array:
    """Forecast of one series by the Prophet package, by Stan's `algorithm`, at the dates `ahead`.

    known, ahead: days since 1970-01-01; y: (len(known),) in its own units. The reference for prophet_map, and
    100 times slower.
    holidays: Prophet's own frame (holiday, ds, lower_window, upper_window); country: its calendar by country code.
    Both act on the day, so they tell something about daily and weekly data only; for months, count working days.
    regressors: (len(known) + len(ahead), R), in any unit, multiplied or added as the season is.
    cap, floor: where logistic growth ends, units of y.
    Raises ForecastError when Stan finds no estimate, when logistic growth has no cap, or for an unknown country.
    """
    logistic = spec.growth == "logistic"
    if logistic and cap is None:
        raise ForecastError("Logistic growth needs a cap: the level that demand will not pass.")
    model = _prophet_class()(
        growth=spec.growth,
        changepoint_range=spec.changepoint_range,
        n_changepoints=spec.n_changepoints,
        changepoint_prior_scale=spec.changepoint_prior_scale,
        yearly_seasonality=spec.yearly_order,
        weekly_seasonality=False,
        daily_seasonality=False,
        seasonality_mode=spec.seasonality_mode,
        seasonality_prior_scale=spec.seasonality_prior_scale,
        holidays=holidays,
        uncertainty_samples=0,
    )
    if country is not None:
        model.add_country_holidays(country_name=check_country(country).partition("-")[0])
    table = pd.DataFrame({"ds": _dates(np.concatenate([known, ahead]))})
    if regressors is not None:
        for r, column in enumerate(regressors.T):
            table[f"regressor {r}"] = column
            model.add_regressor(f"regressor {r}", prior_scale=spec.regressor_prior_scale)
    if logistic:
        table["cap"], table["floor"] = cap, floor
    past, future = table.iloc[: known.size].assign(y=y), table.iloc[known.size :]
    with warnings.catch_warnings():
        # Prophet 1.5 still drops columns in place, which pandas 3.1 deprecates.
        warnings.filterwarnings("ignore", category=pd.errors.Pandas4Warning, module="prophet")
        try:
            model.fit(past, algorithm=algorithm)
        except RuntimeError as error:
            raise ForecastError(
                "Prophet found no estimate for a series. Use the setting prophet='map'."
            ) from error
        predicted = model.predict(future.reset_index(drop=True))
    yhat: Array = predicted["yhat"].to_numpy(dtype=np.float64)
    return yhat


def _dates(days: Array) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.datetime64("1970-01-01", "us") + (days * 86_400e6).astype("timedelta64[us]"))


@functools.cache
def _prophet_class() -> type:
    """Prophet, imported when first needed: the import takes seconds. It and CmdStanPy say nothing about each
    fit; what goes wrong is raised."""
    from prophet import Prophet

    for name in ("cmdstanpy", "prophet"):
        logger = logging.getLogger(name)
        # CmdStanPy sets its own level and prints to the terminal when it finds no handler.
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.ERROR)
    return Prophet
