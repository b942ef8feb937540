"""Accuracy, intervals and speed of the forecaster on public data.

    python -m bench forecast

Accuracy is OWA by the rules of the M4 competition: the mean of sMAPE and MASE, each relative to Naive2's, on the
sample series of one data set; below 1 beats Naive2. Beside it, in the same run, exponential smoothing chosen by
AICc (_ets.py), the seasonal naive forecast, the best of the methods published with M3, each member alone, and
default Prophet, which is slow, on every few series (both sides on the same ones). Intervals: share of the actuals
inside the 80 % band. Speed: a fleet of generated series beside the plain loop of default Prophet fits that it
replaces. The public samples are read from ../shared/data/forecast; without them only the speed is measured.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench import Row
from bench._ets import auto_ets
from sop_core.demand import methods
from sop_core.demand.baseline import forecast
from sop_core.demand.fleet import MemoryCache
from sop_core.demand.forecast_prophet import prophet_pair
from sop_core.demand.forecast_season import Array
from sop_core.demand.methods import Batch
from sop_core.demand.prophet_map import fit_map

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "forecast"
PERIOD = 12
LEVEL = 80
#: Data set, months ahead, goal for the OWA of the forecast. Australian retail: the last ten years, no goal.
SETS = (("m3", 18, 0.79), ("tourism", 24, 0.78), ("hospital", 12, 0.90), ("aus_retail", 18, None))
#: An 80 % band should hold between 75 and 87 % of what comes: within 6 points of the middle.
CORRIDOR = (75.0, 87.0)
PROPHET_SERIES = 24  # series of a set, evenly spread, on which default Prophet is compared
FLEET, FIRST_START, MONTHS, HORIZON = 500, 200, 60, 18
LOOP_SAMPLE = 8  # default Prophet fits that stand for the loop over the fleet


@dataclass(frozen=True)
class Sample:
    """Histories and what came after, series by series in the order of their names."""

    ids: list[str]
    past: pd.DataFrame
    train: list[Array]
    test: Array


def run() -> Iterator[Row]:
    """All rows: accuracy and intervals by data set, then speed."""
    warnings.simplefilter("ignore", pd.errors.Pandas4Warning)  # raised inside Prophet 1.5
    if DATA.is_dir():
        for name, horizon, goal in SETS:
            print(f"forecast: {name}", file=sys.stderr, flush=True)
            yield from _accuracy(name, read_sample(name, horizon), horizon, goal)
    else:
        print(f"forecast: no samples in {DATA}, accuracy is left out", file=sys.stderr)
    print("forecast: speed", file=sys.stderr, flush=True)
    yield from _speed()


def read_sample(name: str, horizon: int) -> Sample:
    """A data set, its last `horizon` months held back."""
    suffix = "_monthly.parquet" if name == "aus_retail" else "_monthly_sample.parquet"
    frame = pd.read_parquet(DATA / f"{name}{suffix}").sort_values(["unique_id", "ds"], ignore_index=True)
    if name == "aus_retail":
        frame = frame.groupby("unique_id").tail(120 + horizon)
        long_enough = frame.groupby("unique_id")["y"].transform("size") == 120 + horizon
        frame = frame[long_enough]
    left = frame.groupby("unique_id").cumcount(ascending=False)
    past, ahead = frame[left >= horizon], frame[left < horizon]
    ids = sorted(past["unique_id"].unique())
    values = {key: part.to_numpy(dtype=np.float64) for key, part in past.groupby("unique_id")["y"]}
    test = ahead["y"].to_numpy(dtype=np.float64).reshape(len(ids), horizon)
    return Sample(ids, past[["unique_id", "ds", "y"]], [values[key] for key in ids], test)


def errors(sample: Sample, yhat: Array) -> tuple[float, float]:
    """Mean sMAPE and mean MASE (scaled by the seasonal naive errors of the history)."""
    gap = np.abs(sample.test - yhat)
    both = np.maximum(np.abs(sample.test) + np.abs(yhat), 1e-9)
    scale = np.array([np.abs(y[PERIOD:] - y[:-PERIOD]).mean() for y in sample.train])
    return float((2.0 * gap / both).mean()), float((gap.mean(axis=1) / scale).mean())


def owa(sample: Sample, yhat: Array, naive2: Array) -> float:
    """Overall weighted average of the M4 competition, relative to Naive2."""
    ours, theirs = errors(sample, yhat), errors(sample, naive2)
    return 0.5 * (ours[0] / theirs[0] + ours[1] / theirs[1])


def _accuracy(name: str, sample: Sample, horizon: int, goal: float | None) -> Iterator[Row]:
    found = forecast(sample.past, horizon, level=LEVEL)
    yhat, low, high = (
        found[column].to_numpy(dtype=np.float64).reshape(-1, horizon) for column in ("yhat", "lo", "hi")
    )
    batch = Batch.of(sample.train, PERIOD)
    naive2 = methods.naive2(batch, horizon)

    def row(what: str, value: float, limit: float | None = None, note: str = "") -> Row:
        return Row(f"{name}: {what}", value, "Naive2", 1.0, "OWA", limit, note)

    ours = owa(sample, yhat, naive2)

    def against(what: str, theirs: float, note: str = "") -> Row:
        return Row(f"{name}: forecast", ours, what, theirs, "OWA", None if goal is None else 1.0, note)

    yield row("forecast", ours, goal, f"{len(sample.ids)} series")
    if name == "m3":
        published = _published(sample, horizon, naive2)
        best = min(published, key=lambda entrant: published[entrant])
        yield against(f"best of {len(published)} published entrants ({best})", published[best])
    smoothing, _ = auto_ets(sample.train, PERIOD, horizon)
    yield against("exponential smoothing by AICc", owa(sample, smoothing, naive2))
    yield against("seasonal naive", owa(sample, methods.seasonal_naive(batch, horizon), naive2))
    few = _some(sample, PROPHET_SERIES)
    default = owa(_part(sample, few), _default_prophet(_part(sample, few), horizon), naive2[few])
    yield Row(
        f"{name}: forecast, {len(few)} of the series",
        owa(_part(sample, few), yhat[few], naive2[few]),
        "default Prophet",
        default,
        "OWA",
        None if goal is None else 1.0,
    )
    yield row("Prophet pair alone", owa(sample, _prophet(sample, horizon), naive2))
    for label, method in (
        ("Theta alone", methods.theta),
        ("damped Holt-Winters alone", methods.damped_holt_winters),
    ):
        yield row(label, owa(sample, method(batch, horizon), naive2))
    inside = 100.0 * float(((low <= sample.test) & (sample.test <= high)).mean())
    middle, half = sum(CORRIDOR) / 2.0, (CORRIDOR[1] - CORRIDOR[0]) / 2.0
    yield Row(
        f"{name}: the {LEVEL} % band holds {inside:.1f} %, off the middle of {CORRIDOR[0]:.0f} to {CORRIDOR[1]:.0f}",
        abs(inside - middle),
        "half of that corridor",
        half,
        "points",
        None if goal is None else 1.0,
    )


def _some(sample: Sample, count: int) -> list[int]:
    """Positions of `count` series, evenly spread over the names."""
    return np.unique(np.linspace(0, len(sample.ids) - 1, count).astype(int)).tolist()


def _part(sample: Sample, chosen: list[int]) -> Sample:
    ids = [sample.ids[i] for i in chosen]
    past = sample.past[sample.past["unique_id"].isin(ids)]
    return Sample(ids, past, [sample.train[i] for i in chosen], sample.test[chosen])


def _default_prophet(sample: Sample, horizon: int) -> Array:
    """What default Prophet forecasts, series by series."""
    from prophet import Prophet

    _quiet()
    out = np.empty((len(sample.ids), horizon))
    for i, name in enumerate(sample.ids):
        model = Prophet()
        model.fit(sample.past.loc[sample.past["unique_id"] == name, ["ds", "y"]])
        ahead = model.make_future_dataframe(horizon, freq="MS", include_history=False)
        out[i] = model.predict(ahead)["yhat"].to_numpy()
    return out


def _prophet(sample: Sample, horizon: int) -> Array:
    """The Prophet member alone, from the parts that the forecaster uses."""
    out = np.empty((len(sample.ids), horizon))
    starts = sample.past.groupby("unique_id")["ds"].min()
    for i, (key, y) in enumerate(zip(sample.ids, sample.train, strict=True)):
        dates = pd.date_range(starts[key], periods=y.size + horizon, freq="MS").to_numpy()
        days = (dates - np.datetime64("1970-01-01")) / np.timedelta64(1, "D")
        known, ahead = days[: y.size], days[y.size :]
        on_log, multiplicative = prophet_pair(6, y.size / PERIOD)
        second = fit_map(known, y, multiplicative).predict(ahead)[0]
        if y.min() > 0.0:
            first = (
                np.exp(fit_map(known, np.log(100.0 * y / y.max()), on_log).predict(ahead)[0])
                * y.max()
                / 100.0
            )
        else:
            first = fit_map(known, y, on_log).predict(ahead)[0]
        out[i] = np.maximum(0.5 * (first + second), 0.0)
    return out


def _published(sample: Sample, horizon: int, naive2: Array) -> dict[str, float]:
    """OWA of each method published with the M3 competition, on the sample's series."""
    frame = pd.read_parquet(DATA / "m3_monthly_sample_published_forecasts.parquet")
    frame = frame.sort_values(["unique_id", "h"])
    out = {}
    for name, part in frame.groupby("method", observed=True):
        if set(part["unique_id"]) == set(sample.ids):
            out[str(name)] = owa(sample, part["yhat"].to_numpy(dtype=np.float64).reshape(-1, horizon), naive2)
    return out


def generated_fleet(count: int) -> pd.DataFrame:
    """`count` monthly series with trend, season and noise, from a seed."""
    rng = np.random.default_rng(0)
    t = np.arange(MONTHS)
    dates = pd.date_range("2019-01-01", periods=MONTHS, freq="MS")
    parts = []
    for i in range(count):
        trend = 1.0 + rng.normal(0.0, 0.01) * t
        season = 1.0 + 0.3 * np.sin(2.0 * np.pi * (t + rng.integers(12)) / 12.0)
        y = rng.lognormal(5.0, 1.0) * np.maximum(trend, 0.1) * season * rng.lognormal(0.0, 0.15, MONTHS)
        parts.append(pd.DataFrame({"unique_id": f"series {i:03d}", "ds": dates, "y": y}))
    return pd.concat(parts, ignore_index=True)


def _speed() -> Iterator[Row]:
    fleet = generated_fleet(FLEET)
    loop = _default_prophet_seconds(fleet)
    against = "loop of default Prophet fits"
    told = f"with backtest and intervals; the loop, without, is {LOOP_SAMPLE} fits times the fleet"
    cache = MemoryCache()
    cold = _seconds(lambda: forecast(fleet, HORIZON, cache=cache))
    yield Row(f"{FLEET} series x {MONTHS} months", cold, against, loop * FLEET, "s", 0.1, told)
    few = fleet[fleet["unique_id"] < f"series {FIRST_START:03d}"]
    first = _seconds(lambda: forecast(few, HORIZON))
    yield Row(f"{FIRST_START} series, a first start", first, against, loop * FIRST_START, "s", 0.1)
    warm = _seconds(lambda: forecast(fleet, HORIZON, cache=cache))
    yield Row(
        f"{FLEET} series again, all in the cache",
        warm,
        "1/200 of the loop of default Prophet fits",
        loop * FLEET / 200,
        "s",
        1.0,
    )
    changed = fleet.assign(y=fleet["y"].where(fleet["unique_id"] != "series 000", fleet["y"] + 1.0))
    refit = _seconds(lambda: forecast(changed, HORIZON, cache=cache))
    yield Row("one series changed, the others in the cache", refit, "the first time", cold, "s", 0.1)
    alone = _seconds(lambda: forecast(fleet, HORIZON, workers=1))
    note = "includes starting the workers"
    yield Row(f"{FLEET} series, processes", cold, "one process", alone, "s", None, note)


def _default_prophet_seconds(fleet: pd.DataFrame) -> float:
    """Seconds of one default fit and predict, import and first fit not counted."""
    from prophet import Prophet

    _quiet()

    def fit(name: str) -> None:
        model = Prophet()
        model.fit(fleet.loc[fleet["unique_id"] == name, ["ds", "y"]])
        model.predict(model.make_future_dataframe(HORIZON, freq="MS"))

    names = sorted(fleet["unique_id"].unique())
    fit(names[0])
    start = time.perf_counter()
    for name in names[1 : 1 + LOOP_SAMPLE]:
        fit(name)
    return (time.perf_counter() - start) / LOOP_SAMPLE


def _quiet() -> None:
    for logger in (logging.getLogger("cmdstanpy"), logging.getLogger("prophet")):
        logger.addHandler(logging.NullHandler())  # or CmdStanPy adds one that prints each fit
        logger.setLevel(logging.ERROR)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
