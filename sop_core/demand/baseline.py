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
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sop_core.demand.fleet import ForecastCache, Progress, fit_fleet
from sop_core.demand.forecast_intervals import half_widths
from sop_core.demand.forecast_season import Array
from sop_core.demand.forecast_series import ForecastSettings, SeriesFit, SeriesTask
from sop_core.demand.prophet_map import ProphetSpec
from sop_core.errors import ForecastError

__all__ = ["Forecast", "ForecastSettings", "forecast", "forecast_with_diagnostics", "prophet_reference"]

_COLUMNS = ("unique_id", "ds", "y")
_PERIODS = {"MS": 12, "QS": 4, "W": 52}
_UNITS = {12: "month", 4: "quarter", 52: "week"}
MAX_HORIZON = 60
Dates = npt.NDArray[np.datetime64]
_DEFAULTS = ForecastSettings()


@dataclass(frozen=True)
class Forecast:
    """A forecast and what explains it.

    frame: unique_id, ds, yhat, lo, hi, method; sorted by unique_id and ds; units of y.
    diagnostics: one row per series, sorted by unique_id: method, champion (member with the smallest backtest
    error, "" where none was tried), mae (backtest MAE of the forecast, units of y), naive_mae (of the
    seasonal naive forecast), bias (sum of (forecast - actual) / sum of actual of the backtests, positive =
    over-forecast), origins (how many points in the past were
    tried), weights and member_mae (dicts by member), reason (one sentence).
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
) -> pd.DataFrame:
    """Forecast every series of a long frame `unique_id, ds, y`: long `unique_id, ds, yhat, lo, hi, method`.

    Each series is forecast for `horizon` periods after its own last date, with the interval that held
    `level` % of past errors. Missing y (NaN or absent periods) are filled as `settings.gaps` says.
    Non-negative where the history is. The same frame gives the same digits whatever the order of its rows
    and the number of workers.

    freq: "MS" months, "QS" quarters (dates on the first day), or "W-MON" and the like.
    executor, workers, cache, progress: see `fleet.fit_fleet`.
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
) -> Forecast:
    """As `forecast`, with the diagnostics of each series beside it."""
    period = _check_request(horizon, freq, level)
    ids, starts, tasks = _tasks(_checked(frame), horizon, freq, period)
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
            "unique_id": np.repeat(np.array(ids, dtype=object), horizon),
            "ds": pd.DatetimeIndex(np.concatenate(starts) if starts else [], dtype="datetime64[us]"),
            "yhat": yhat.ravel(),
            "lo": low.ravel(),
            "hi": high.ravel(),
            "method": np.repeat(np.array([fit.method for fit in fits], dtype=object), horizon),
        }
    ).astype({"unique_id": "str", "method": "str"})
    return Forecast(frame_ahead, _diagnostics(ids, fits))


def _check_request(horizon: int, freq: str, level: int) -> int:
    period = _PERIODS.get(freq.split("-")[0])
    if period is None:
        raise ForecastError(
            f"Frequency {freq!r} cannot be forecast. Use 'MS' (months), 'QS' (quarters) or 'W-MON' "
            "(weeks that end on a Monday, or another day)."
        )
    if not 1 <= horizon <= MAX_HORIZON:
        raise ForecastError(f"A horizon of {horizon} periods cannot be forecast. Choose 1 to {MAX_HORIZON}.")
    if not 50 <= level <= 99:
        raise ForecastError(f"An interval of {level} % cannot be made from past errors. Choose 50 to 99.")
    return period


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    """The three columns with their types, sorted; or a ForecastError."""
    missing = sorted(set(_COLUMNS) - set(frame.columns))
    if missing:
        raise ForecastError(
            f"The history lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. "
            "A history has unique_id, ds (date) and y (quantity)."
        )
    history = frame[list(_COLUMNS)].copy()
    if history["unique_id"].isna().any():
        raise ForecastError("The history has rows without unique_id. Name the series of every row.")
    history["unique_id"] = history["unique_id"].astype(str)
    try:
        history["ds"] = pd.to_datetime(history["ds"]).astype("datetime64[us]")
        history["y"] = pd.to_numeric(history["y"]).astype("float64")
    except (ValueError, TypeError) as error:
        raise ForecastError(
            f"The history has a date or quantity that cannot be read: {error}. ds takes dates, "
            "y takes numbers."
        ) from error
    if history["ds"].isna().any():
        ids = _named(history.loc[history["ds"].isna(), "unique_id"])
        raise ForecastError(f"The history has rows without a date ({ids}). Give every row its month.")
    infinite = np.isinf(history["y"].to_numpy())
    if infinite.any():
        raise ForecastError(
            f"The history has infinite quantities ({_named(history.loc[infinite, 'unique_id'])}). "
            "Put numbers there, or leave them empty."
        )
    twice = history.duplicated(["unique_id", "ds"])
    if twice.any():
        first = history[twice].iloc[0]
        raise ForecastError(
            f"The history has more than one row for {first['unique_id']} on {first['ds']:%Y-%m-%d}"
            f" and {int(twice.sum()) - 1} more such. Sum them up first."
        )
    return history.sort_values(["unique_id", "ds"], kind="stable", ignore_index=True)


def _named(ids: Iterable[str]) -> str:
    """The first few distinct names, and how many more there are."""
    names = sorted(set(ids))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _tasks(
    history: pd.DataFrame, horizon: int, freq: str, period: int
) -> tuple[list[str], list[Dates], list[SeriesTask]]:
    """Series names, future dates and tasks, in the order of the names."""
    known = history.dropna(subset="y")
    silent = sorted(set(history["unique_id"]) - set(known["unique_id"]))
    if silent:
        raise ForecastError(
            f"There is no quantity at all for {_named(silent)}. Remove it, or give it a value."
        )
    # Plain arrays from here: one frame operation per series would take longer than some of the fits.
    names = known["unique_id"].to_numpy(dtype=object)
    dates = known["ds"].to_numpy()
    values = known["y"].to_numpy()
    starts = np.flatnonzero(np.r_[True, names[1:] != names[:-1]]) if len(names) else np.empty(0, dtype=int)
    ends = np.r_[starts[1:], len(names)]
    calendars: dict[tuple[np.datetime64, np.datetime64], Dates] = {}
    ids: list[str] = []
    ahead: list[Dates] = []
    tasks: list[SeriesTask] = []
    for start, end in zip(starts, ends, strict=False):
        span = (dates[start], dates[end - 1])
        if span not in calendars:
            calendars[span] = _calendar(*span, horizon, freq)
        calendar = calendars[span]
        past = calendar[: len(calendar) - horizon]
        at = np.searchsorted(past, dates[start:end])
        on_grid = (
            past[np.minimum(at, len(past) - 1)] == dates[start:end] if len(past) else np.zeros(1, dtype=bool)
        )
        if not on_grid.all():
            wrong = pd.Timestamp(dates[start + int(on_grid.argmin())])
            unit = _UNITS[period]
            raise ForecastError(
                f"Series {names[start]} has a date, {wrong:%Y-%m-%d}, that does not begin a {unit} of "
                f"frequency {freq}. Sum the quantities by {unit} first."
            )
        y = np.full(len(past), np.nan)
        y[at] = values[start:end]
        ids.append(str(names[start]))
        ahead.append(calendar[len(past) :])
        tasks.append(SeriesTask((calendar - np.datetime64("1970-01-01")) / np.timedelta64(1, "D"), y))
    return ids, ahead, tasks


def _calendar(first: np.datetime64, last: np.datetime64, horizon: int, freq: str) -> Dates:
    """Dates from `first` to `last` and `horizon` more; only the latter where `last` is not on the grid."""
    past = pd.date_range(first, last, freq=freq)
    ahead = pd.date_range(last, periods=horizon + 1, freq=freq)[-horizon:]
    return np.concatenate([past.to_numpy(), ahead.to_numpy()]).astype("datetime64[us]")


def _diagnostics(ids: list[str], fits: list[SeriesFit]) -> pd.DataFrame:
    rows = [
        {
            "unique_id": name,
            "method": fit.method,
            "champion": min(fit.member_mae, key=lambda member: fit.member_mae[member])
            if fit.member_mae
            else "",
            "mae": float(np.abs(fit.errors).mean()) if fit.errors.size else np.nan,
            "naive_mae": fit.naive_mae if fit.naive_mae is not None else np.nan,
            "bias": fit.bias if fit.bias is not None else np.nan,
            "origins": fit.errors.shape[0],
            "weights": fit.weights,
            "member_mae": fit.member_mae,
            "reason": _reason(fit),
        }
        for name, fit in zip(ids, fits, strict=True)
    ]
    return pd.DataFrame(
        rows,
        columns=[
            "unique_id",
            "method",
            "champion",
            "mae",
            "naive_mae",
            "bias",
            "origins",
            "weights",
            "member_mae",
            "reason",
        ],
    )


def _reason(fit: SeriesFit) -> str:
    """Why this method, in one sentence that a planner can read."""
    if fit.kind == "zero":
        return f"Zero: {fit.reason}."
    if fit.kind == "constant":
        return f"The same value goes on: {fit.reason}."
    if len(fit.weights) < 2:
        return f"Mean of the last months: {fit.reason}."
    shares = ", ".join(f"{name} {share:.0%}" for name, share in fit.weights.items())
    tested = (
        "weighted by how well each forecast the past"
        if fit.member_mae
        else "equally weighted, too short to test"
    )
    compared = ""
    if fit.errors.size and fit.naive_mae:
        gain = 1.0 - float(np.abs(fit.errors).mean()) / fit.naive_mae
        word = "smaller" if gain >= 0 else "larger"
        compared = f"; past errors {abs(gain):.0%} {word} than repeating the past"
    return f"Mean of {shares}, {tested}{compared}: {fit.reason}."


def prophet_reference(
    known: Array, y: Array, ahead: Array, spec: ProphetSpec, algorithm: str = "BFGS"
) -> Array:
    """Forecast of one series by the Prophet package, by Stan's `algorithm`, at the dates `ahead`.

    known, ahead: days since 1970-01-01; y: (len(known),) in its own units. The reference for prophet_map, and
    100 times slower. Raises ForecastError when Stan finds no estimate.
    """
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
        uncertainty_samples=0,
    )
    with warnings.catch_warnings():
        # Prophet 1.5 still drops columns in place, which pandas 3.1 deprecates.
        warnings.filterwarnings("ignore", category=pd.errors.Pandas4Warning, module="prophet")
        try:
            model.fit(pd.DataFrame({"ds": _dates(known), "y": y}), algorithm=algorithm)
        except RuntimeError as error:
            raise ForecastError(
                "Prophet found no estimate for a series. Use the setting prophet='map'."
            ) from error
        predicted = model.predict(pd.DataFrame({"ds": _dates(ahead)}))
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
