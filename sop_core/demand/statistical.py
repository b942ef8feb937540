"""The baseline at planning level: the forecast of every series, made to add up.

The series of all levels (planning_series.py) are forecast on their own. What has no series of its own is its
parent's forecast by its share of the last twelve months. All of that is then reconciled in the space of the cells
item x region x segment (reconcile.py), so that every level is the sum of its cells, to the last unit.

A cell without demand in the last twelve months is forecast at zero and stays there: what has stopped selling is
given nothing by what still sells. Products that are on sale now and end within the plan are taken out by the
run-down layer, after the baseline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sop_core.calendar import MonthArray, months_from, timestamps
from sop_core.demand import bands
from sop_core.demand.baseline import forecast_with_diagnostics
from sop_core.demand.fleet import ForecastCache
from sop_core.demand.forecast_series import ForecastSettings
from sop_core.demand.history import History
from sop_core.demand.planning_series import (
    CATEGORY,
    FAMILY,
    ITEM,
    ITEM_REGION,
    YEAR,
    Axes,
    PlanningSeries,
    history_frame,
    joined,
    leaf_id,
    planned_series,
)
from sop_core.demand.reconcile import Structure, reconcile_arrays
from sop_core.inputs import Bools, Floats
from sop_core.planning_level import PlanningItems

__all__ = ["Baseline", "build_baseline", "leaf_id"]

Progress = Callable[[str, int, int], None]
Positions = npt.NDArray[np.intp]

_DEFAULTS = ForecastSettings()

#: z of the 80 % interval, to read a standard deviation off its width.
Z80 = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Baseline:
    """The statistical forecast, units a month; intervals as half-widths of the 80 % interval, units.

    details: one row a forecast series, top level first: level, name, group, item, region, segment ("" where it
    sums over them), unique_id, the forecaster's diagnostics (see baseline.Forecast), `own` and `reconciled` (units
    a month over the horizon, before and after reconciliation), `moved` (reconciled / own - 1; nan where own is 0).
    """

    months: MonthArray
    units: Floats  #: [i, r, m, t] reconciled
    sigma: Floats  #: [i, t] standard deviation of an item's forecast error, units
    leaf_width: Floats  #: [i, r, t] of an item x region
    cell_width: Floats  #: [i, r, m, t] of a cell
    own: Mapping[str, Floats]  #: unique_id -> [t] a series' own forecast, before reconciliation
    node_width: Mapping[str, Floats]  #: unique_id -> [t] of a series
    within: float  #: correlation between the errors of an item's cells
    across: float  #: between those of different items
    details: pd.DataFrame
    nodes: Mapping[bytes, str]  #: see `series_of`

    def series_of(self, items: Bools, regions: Bools, segments: Bools) -> str | None:
        """unique_id of the series that is the sum of these cells, by masks [i], [r], [m]; None if none is."""
        return self.nodes.get(_mask_key(items, regions, segments))

    def half_width(
        self, items: Bools, regions: Bools, segments: Bools, price: Floats | None = None
    ) -> Floats:
        """[t] half-width for a sum of cells in units, or with `price` [i, r, m, t] in money.

        That of the sum's own series where it has one, else its cells' added up with the correlations of their
        errors; in money a cell counts at its price. Never more than the widths of its cells together.
        """
        at = np.ix_(items, regions, segments)
        units = bands.summed_width(self.cell_width[at], self.within, self.across)
        known = self.series_of(items, regions, segments)
        own = units if known is None else self.node_width[known]
        if price is None:
            return own
        worth = self.cell_width[at] * price[at]
        scale = np.divide(own, units, out=np.ones_like(own), where=units > 0)
        width: Floats = bands.summed_width(worth, self.within, self.across) * scale
        return np.minimum(width, worth.sum(axis=(0, 1, 2)))


def build_baseline(
    history: History,
    items: PlanningItems,
    regions: tuple[str, ...],
    segments: tuple[str, ...],
    horizon: int,
    *,
    cache: ForecastCache | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    settings: ForecastSettings = _DEFAULTS,
) -> Baseline:
    """Forecasts every series of a company for `horizon` months after its history. Raises ForecastError."""
    to, back, axes = _sorted_axes(items, regions, segments)
    cleaned = history.cleaned[np.ix_(*to)]
    series = planned_series(cleaned, axes)
    found = forecast_with_diagnostics(
        history_frame(series, history.months),
        horizon,
        "MS",
        80,
        executor=executor,
        cache=cache,
        progress=None if progress is None else lambda done, total: progress("Forecasting", done, total),
        settings=settings,
        parents={one.unique_id: one.parent for one in series if one.parent},
    )
    means, widths = _by_series(found.frame, series, horizon)
    base, shared_out = _cells(series, means, cleaned, horizon)
    units = _reconciled(series, means, base, shared_out).reshape(*axes.shape, horizon)
    cell_width = bands.cell_widths(series, widths, base.reshape(units.shape))
    node_width = bands.node_widths(series, widths, cell_width)
    within, across = bands.correlations(cell_width, node_width, axes)
    nothing = np.zeros(horizon)
    own = np.array([widths.get(joined(ITEM, name), nothing) for name in items.names])
    return Baseline(
        months=months_from(history.months[-1] + 1, horizon),
        units=units[np.ix_(*back)],
        sigma=own.reshape(len(items.names), horizon) / Z80,
        leaf_width=bands.region_widths(cell_width, node_width, axes, within)[np.ix_(*back[:2])],
        cell_width=cell_width[np.ix_(*back)],
        own=means,
        node_width=node_width,
        within=within,
        across=across,
        details=_details(found.diagnostics, series, means, units),
        nodes=_masks(series, axes, back),
    )


def items_by_region(baseline: Baseline, items: PlanningItems, regions: Sequence[str]) -> pd.DataFrame:
    """The forecast of every item and region, long: month, item, region, quantity, lo, hi (units; 80 % interval)."""
    units = baseline.units.sum(axis=2)
    item, region, month = (axis.ravel() for axis in np.indices(units.shape))
    return pd.DataFrame(
        {
            "month": timestamps(baseline.months)[month],
            "item": np.array(items.names, dtype=object)[item],
            "region": np.array(regions, dtype=object)[region],
            "quantity": units.ravel(),
            "lo": np.maximum(units - baseline.leaf_width, 0.0).ravel(),
            "hi": (units + baseline.leaf_width).ravel(),
        }
    )


def every_level(
    baseline: Baseline, items: PlanningItems, regions: Sequence[str], segments: Sequence[str]
) -> pd.DataFrame:
    """The forecast of every level, company first, long: level, group (category or family), item, region, segment
    ("" where it sums over them), month, quantity, lo, hi (units; 80 % interval). Levels add up."""
    names = {
        "item": np.array(items.names, dtype=object),
        "region": np.array(regions, dtype=object),
        "segment": np.array(segments, dtype=object),
    }
    group = {CATEGORY: np.array(items.category, dtype=object), FAMILY: np.array(items.family, dtype=object)}
    columns = ["level", "group", "item", "region", "segment", "month", "quantity", "lo", "hi"]
    stamps = timestamps(baseline.months)
    parts = []
    for row in baseline.details[baseline.details["level"] != ITEM_REGION].to_dict("records"):
        masks = [
            known == row[axis] if row[axis] else np.ones(len(known), dtype=bool)
            for axis, known in names.items()
        ]
        if row["level"] in group:
            masks[0] = group[row["level"]] == row["group"]
        units = baseline.units[np.ix_(*masks)].sum(axis=(0, 1, 2))
        width = baseline.node_width[row["unique_id"]]
        said = {name: row[name] for name in columns[:5]}
        parts.append(
            pd.DataFrame(
                said
                | {
                    "month": stamps,
                    "quantity": units,
                    "lo": np.maximum(units - width, 0.0),
                    "hi": units + width,
                }
            )
        )
    below = items_by_region(baseline, items, regions).assign(level=ITEM_REGION, group="", segment="")
    return pd.concat([*parts, below], ignore_index=True)[columns]


def _sorted_axes(
    items: PlanningItems, regions: tuple[str, ...], segments: tuple[str, ...]
) -> tuple[list[Positions], list[Positions], Axes]:
    """(positions that sort each axis by name, positions that put it back, the sorted names): sums of floating
    numbers depend on their order, and the forecast must not depend on that of the data."""
    to = [
        np.array(sorted(range(len(n)), key=n.__getitem__), dtype=np.intp)
        for n in (items.names, regions, segments)
    ]
    axes = Axes(
        items=tuple(items.names[i] for i in to[0]),
        family=tuple(items.family[i] for i in to[0]),
        category=tuple(items.category[i] for i in to[0]),
        regions=tuple(regions[r] for r in to[1]),
        segments=tuple(segments[m] for m in to[2]),
    )
    return to, [np.argsort(order) for order in to], axes


def _by_series(
    frame: pd.DataFrame, series: Sequence[PlanningSeries], horizon: int
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """(means, half-widths) [t] of the series."""
    names = frame["unique_id"].to_numpy(dtype=object)[::horizon]  # the forecast has `horizon` rows a series
    mean = frame["yhat"].to_numpy(dtype=np.float64).reshape(-1, horizon)
    width = frame["hi"].to_numpy(dtype=np.float64).reshape(-1, horizon) - mean  # `lo` is cut at zero
    at = {str(name): n for n, name in enumerate(names)}
    return (
        {one.unique_id: np.maximum(mean[at[one.unique_id]], 0.0) for one in series},
        {one.unique_id: width[at[one.unique_id]] for one in series},
    )


def _cells(
    series: Sequence[PlanningSeries], means: Mapping[str, Floats], cleaned: Floats, horizon: int
) -> tuple[Floats, set[str]]:
    """(forecast of every cell [n, t] before reconciliation, series that are nothing but shared out to them).

    A cell has its share of the forecast of its item x region, or else of its item.
    """
    recent = cleaned[..., -YEAR:].sum(axis=-1).ravel()
    out = np.zeros((len(recent), horizon))
    taken = np.zeros(len(recent), dtype=bool)
    shared_out = set()
    for level in (ITEM_REGION, ITEM):
        for one in series:
            if one.level != level:
                continue
            rest = one.cells[~taken[one.cells]]
            if len(rest) == len(one.cells):
                shared_out.add(one.unique_id)
            total = recent[one.cells].sum()
            if total > 0:
                out[rest] = (recent[rest] / total)[:, None] * means[one.unique_id]
            taken[one.cells] = True
    return out, shared_out


def _reconciled(
    series: Sequence[PlanningSeries], means: Mapping[str, Floats], base: Floats, shared_out: set[str]
) -> Floats:
    """[n, t] cells that add up.

    A series that is only shared out to its cells says nothing that they do not say already; as an upper node its
    forecast would count twice.
    """
    names = [f"{n:08d}" for n in range(len(base))]
    upper = {one.unique_id: one for one in series if one.unique_id not in shared_out}
    structure = Structure.of({key: [names[n] for n in one.cells] for key, one in upper.items()}, names)
    aim = np.array([means[key] for key in structure.nodes]).reshape(-1, base.shape[1])
    return reconcile_arrays(structure, base, aim)


def _mask_key(*masks: Bools) -> bytes:
    return b"|".join(np.packbits(np.asarray(mask, dtype=bool)).tobytes() for mask in masks)


def _masks(series: Sequence[PlanningSeries], axes: Axes, back: list[Positions]) -> dict[bytes, str]:
    """Series by the cells that they sum, as masks in the order of the data; the upper one where two are the same
    (a family of one item)."""
    out: dict[bytes, str] = {}
    for one in reversed(series):
        masks = []
        for size, at, order in zip(axes.shape, np.unravel_index(one.cells, axes.shape), back, strict=True):
            mask = np.zeros(size, dtype=bool)
            mask[at] = True
            masks.append(mask[order])
        out[_mask_key(*masks)] = one.unique_id
    return out


def _details(
    diagnostics: pd.DataFrame, series: Sequence[PlanningSeries], means: Mapping[str, Floats], units: Floats
) -> pd.DataFrame:
    flat = units.reshape(-1, units.shape[-1])
    own = np.array([means[one.unique_id].mean() for one in series])
    after = np.array([flat[one.cells].sum(axis=0).mean() for one in series])
    said = [
        {
            "level": one.level,
            "name": one.name,
            "group": one.group,
            "item": one.item,
            "region": one.region,
            "segment": one.segment,
            "unique_id": one.unique_id,
        }
        for one in series
    ]
    out = pd.DataFrame(said).merge(diagnostics, on="unique_id", how="left", validate="one_to_one")
    out["own"], out["reconciled"] = own, after
    out["moved"] = np.divide(after, own, out=np.full(len(own), np.nan), where=own > 0) - 1.0
    return out
