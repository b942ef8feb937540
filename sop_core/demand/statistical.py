"""The baseline at planning level: which series are forecast, and how they add up.

Leaves are item x region (segments follow their share of the last year). Every item, family, category,
region and the company are forecast as series of their own too: an item's total is the mean of its own
forecast and the sum of its leaves, and the upper series give the intervals at their level.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, months_from, timestamps
from sop_core.demand.baseline import forecast_with_diagnostics
from sop_core.demand.fleet import ForecastCache
from sop_core.demand.forecast_series import ForecastSettings
from sop_core.demand.history import History
from sop_core.errors import ForecastError
from sop_core.inputs import Floats
from sop_core.planning_level import PlanningItems

Progress = Callable[[str, int, int], None]

_DEFAULTS = ForecastSettings()

#: z of the 80 % interval, to read a standard deviation off its width.
Z80 = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Baseline:
    """The statistical forecast. `units` [i, r, m, t]; interval half-widths are relative to the forecast."""

    months: MonthArray
    units: Floats
    sigma: Floats  #: [i, t] standard deviation of an item's forecast error, units
    leaf_width: Floats  #: [i, r, t] half-width of the 80 % interval, units
    correlation: float  #: between leaves' errors, so that sums of leaves have the width of their own series
    details: pd.DataFrame  #: one row a series: node, name, method, why, backtest error


def leaf_id(item: str, region: str) -> str:
    """Identifier of a leaf series."""
    return f"item|{item}|{region}"


def series_frame(history: History, items: PlanningItems, regions: tuple[str, ...]) -> pd.DataFrame:
    """All series to forecast, long: unique_id, ds, y. Leaves without any demand are left out."""
    leaves = history.cleaned.sum(axis=2)
    own = leaves.sum(axis=1)
    blocks: list[tuple[str, Floats]] = []
    for i, name in enumerate(items.names):
        blocks.append((f"item|{name}", own[i]))
        if len(regions) > 1:
            blocks += [(leaf_id(name, region), leaves[i, r]) for r, region in enumerate(regions)]
    for level, labels in (("family", items.family), ("category", items.category)):
        blocks += [
            (f"{level}|{label}", own[np.array(labels) == label].sum(axis=0))
            for label in dict.fromkeys(labels)
        ]
    if len(regions) > 1:
        blocks += [(f"region|{region}", leaves[:, r].sum(axis=0)) for r, region in enumerate(regions)]
    blocks.append(("company|All", own.sum(axis=0)))
    stamps = timestamps(history.months)
    frames = []
    for name, values in blocks:
        first = np.flatnonzero(values != 0)
        if len(first):
            frames.append(
                pd.DataFrame({"unique_id": name, "ds": stamps[first[0] :], "y": values[first[0] :]})
            )
    if not frames:
        raise ForecastError("The history holds no demand at all: check sales.csv (quantity) and plan_start.")
    return pd.concat(frames, ignore_index=True)


def build_baseline(
    history: History,
    items: PlanningItems,
    regions: tuple[str, ...],
    horizon: int,
    *,
    cache: ForecastCache | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    settings: ForecastSettings = _DEFAULTS,
) -> Baseline:
    """Forecasts every series of a company for `horizon` months after its history. Raises ForecastError."""
    frame = series_frame(history, items, regions)
    tell = None if progress is None else lambda done, total: progress("Forecasting", done, total)
    found = forecast_with_diagnostics(
        frame, horizon, "MS", 80, executor=executor, cache=cache, progress=tell, settings=settings
    )
    result, details = found.frame, found.diagnostics
    months = months_from(history.months[-1] + 1, horizon)
    names = [f"item|{name}" for name in items.names]
    item_mean, item_width = _block(result, names, horizon)
    if len(regions) > 1:
        leaf_names = [leaf_id(name, region) for name in items.names for region in regions]
        shape = (len(names), len(regions), horizon)
        leaf_mean, leaf_width = (block.reshape(shape) for block in _block(result, leaf_names, horizon))
    else:
        leaf_mean, leaf_width = item_mean[:, None, :].copy(), item_width[:, None, :].copy()
    summed = leaf_mean.sum(axis=1)
    total = np.where(summed > 0, (summed + item_mean) / 2.0, item_mean)
    scale = np.divide(total, summed, out=np.zeros_like(total), where=summed > 0)
    spread = _share(history.cleaned.sum(axis=2))
    leaf = np.where(
        summed[:, None, :] > 0, leaf_mean * scale[:, None, :], spread[..., None] * total[:, None, :]
    )
    segment = _segment_share(history.cleaned)
    _, company_width = _block(result, ["company|All"], horizon)
    return Baseline(
        months=months,
        units=leaf[:, :, None, :] * segment[..., None],
        sigma=item_width / Z80,
        leaf_width=leaf_width,
        correlation=_correlation(leaf_width, company_width[0]),
        details=_details(details),
    )


def _block(result: pd.DataFrame, names: list[str], horizon: int) -> tuple[Floats, Floats]:
    """(mean, half-width) [n, t] of the named series; zeros for series that were left out."""
    mean, width = np.zeros((len(names), horizon)), np.zeros((len(names), horizon))
    grouped = {str(key): part for key, part in result.groupby("unique_id", sort=False)}
    for n, name in enumerate(names):
        part = grouped.get(name)
        if part is not None:
            mean[n] = part["yhat"].to_numpy(dtype=float)
            width[n] = (part["hi"].to_numpy(dtype=float) - part["lo"].to_numpy(dtype=float)) / 2.0
    return np.maximum(mean, 0.0), width


def _share(units: Floats) -> Floats:
    """[i, r] share of each region over the last twelve months; even where there was no demand."""
    recent = units[..., -12:].sum(axis=-1)
    total = recent.sum(axis=-1, keepdims=True)
    even = np.full_like(recent, 1.0 / recent.shape[-1])
    return np.divide(recent, total, out=even, where=total > 0)


def _segment_share(units: Floats) -> Floats:
    """[i, r, m] share of each segment over the last twelve months, from the item's own where a region has none."""
    recent = units[..., -12:].sum(axis=-1)
    own = recent.sum(axis=1, keepdims=True)
    company = recent.sum(axis=(0, 1), keepdims=True)
    fallback = np.where(own.sum(axis=2, keepdims=True) > 0, own, company + (company.sum() <= 0))
    values = np.where(recent.sum(axis=2, keepdims=True) > 0, recent, fallback)
    return values / values.sum(axis=2, keepdims=True)


def _correlation(leaf_width: Floats, company_width: Floats) -> float:
    """Common correlation rho for which leaves' widths add up to the company's own: width of a sum is
    sqrt(rho (sum w)^2 + (1 - rho) sum w^2)."""
    flat = leaf_width.reshape(-1, leaf_width.shape[-1])
    linear, squares = flat.sum(axis=0) ** 2, (flat**2).sum(axis=0)
    room = linear - squares
    ok = room > 1e-12
    if not ok.any():
        return 1.0
    return float(np.clip(np.median((company_width[ok] ** 2 - squares[ok]) / room[ok]), 0.0, 1.0))


def summed_width(leaf_width: Floats, correlation: float) -> Floats:
    """Half-width [t] of the 80 % interval of a sum of leaves [n, t], see `_correlation`."""
    flat = leaf_width.reshape(-1, leaf_width.shape[-1])
    width: Floats = np.sqrt(correlation * flat.sum(axis=0) ** 2 + (1.0 - correlation) * (flat**2).sum(axis=0))
    return width


def _details(details: pd.DataFrame) -> pd.DataFrame:
    out = details.copy()
    out.insert(0, "level", out["unique_id"].str.split("|").str[0])
    out.insert(1, "name", out["unique_id"].str.split("|", n=1).str[1].str.replace("|", " · "))
    return out
