"""Which series of a company are forecast, and which cells each is the sum of.

A cell is an item x region x segment. The company, every category, family, region, segment and item is a series of
its own; below the items the largest item x region series are, as far as they sell most months and
`MAX_BELOW_ITEMS` goes. Segments within an item x region are shares of it: on the companies at hand, series of their
own at that depth were forecast no better, and there would be thousands. Everything comes sorted by name, so that
the order of the items in the data changes no digit of a sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sop_core.calendar import MonthArray, timestamps
from sop_core.errors import ForecastError
from sop_core.inputs import Bools, Floats

#: Item x region series that are forecast themselves: some ten milliseconds each, on a newcomer's first start too.
MAX_BELOW_ITEMS = 300
#: An item x region is forecast itself where it sells in this part of its months; else it is its share of the item.
MOST_MONTHS = 0.75
#: Months that tell whether a series sells most months, and months that shares are taken from.
RECENT, YEAR = 24, 12

COMPANY, CATEGORY, FAMILY, REGION = "company", "category", "family", "region"
SEGMENT, ITEM = "segment", "item"
ITEM_REGION = "item x region"
#: Top first; the cells of a series are parts of series of later levels only.
LEVELS = (COMPANY, CATEGORY, FAMILY, REGION, SEGMENT, ITEM, ITEM_REGION)

TOP = f"{COMPANY}|All"


@dataclass(frozen=True, slots=True)
class Axes:
    """Names of items (with their families and categories), regions and segments, each sorted."""

    items: tuple[str, ...]
    family: tuple[str, ...]
    category: tuple[str, ...]
    regions: tuple[str, ...]
    segments: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Items, regions, segments."""
        return len(self.items), len(self.regions), len(self.segments)


@dataclass(frozen=True, slots=True)
class PlanningSeries:
    """One series to forecast. `cells`: positions of what it sums in the flat [i, r, m]; `units`: its history [h];
    `parent`: the series above it; `group`: its category or family; names that it sums over are empty."""

    unique_id: str
    level: str
    cells: npt.NDArray[np.intp]
    units: Floats
    parent: str
    group: str = ""
    item: str = ""
    region: str = ""
    segment: str = ""

    @property
    def name(self) -> str:
        """For people: `Mower · North`; `All` for the company."""
        said = [name for name in (self.group, self.item, self.region, self.segment) if name]
        return " · ".join(said) or "All"


def joined(level: str, *names: str) -> str:
    """An identifier, `item|Mower|North`; a bar within a name is escaped, empty names are left out."""
    return "|".join([level, *(name.replace("\\", "\\\\").replace("|", "\\|") for name in names if name)])


def leaf_id(item: str, region: str) -> str:
    """Identifier of an item x region series."""
    return joined(ITEM, item, region)


def planned_series(cleaned: Floats, axes: Axes) -> list[PlanningSeries]:
    """The series to forecast from the history [i, r, m, h], top level first; those without any demand are left
    out. Raises ForecastError where none has any."""
    flat = cleaned.reshape(-1, cleaned.shape[3])
    at_item, at_region, at_segment = (axis.ravel() for axis in np.indices(axes.shape))

    def one(level: str, name: str, mask: Bools, parent: str) -> PlanningSeries:
        cells = np.flatnonzero(mask)
        field = {REGION: "region", SEGMENT: "segment", ITEM: "item"}.get(level, "group")
        unique_id = joined(level, name or "All")
        return PlanningSeries(unique_id, level, cells, flat[cells].sum(axis=0), parent, **{field: name})

    category, family = np.array(axes.category, dtype=object), np.array(axes.family, dtype=object)
    above = dict(zip(axes.family, axes.category, strict=True))
    out = [one(COMPANY, "", np.ones(len(flat), dtype=bool), "")]
    for name in sorted(set(axes.category)):
        out.append(one(CATEGORY, name, (category == name)[at_item], TOP))
    for name in sorted(set(axes.family)):
        out.append(one(FAMILY, name, (family == name)[at_item], joined(CATEGORY, above[name])))
    if len(axes.regions) > 1:
        out += [one(REGION, name, at_region == r, TOP) for r, name in enumerate(axes.regions)]
    if len(axes.segments) > 1:
        out += [one(SEGMENT, name, at_segment == m, TOP) for m, name in enumerate(axes.segments)]
    for i, name in enumerate(axes.items):
        out.append(one(ITEM, name, at_item == i, joined(FAMILY, axes.family[i])))
    out = [series for series in [*out, *_below_items(cleaned, axes)] if (series.units != 0.0).any()]
    if not out:
        raise ForecastError("The history holds no demand at all: check sales.csv (quantity) and plan_start.")
    return out


def _below_items(cleaned: Floats, axes: Axes) -> list[PlanningSeries]:
    """Item x region series, the largest first, as many as MAX_BELOW_ITEMS."""
    if len(axes.regions) < 2:
        return []
    places = cleaned.sum(axis=2)
    volume = places[..., -YEAR:].sum(axis=-1)
    cell = np.arange(volume.size * len(axes.segments)).reshape(axes.shape)
    largest = sorted(np.ndindex(*volume.shape), key=lambda at: (-volume[at], at))
    chosen = [at for at in largest if sells(places[at])][:MAX_BELOW_ITEMS]
    return [
        PlanningSeries(
            leaf_id(axes.items[i], axes.regions[r]),
            ITEM_REGION,
            cell[i, r],
            places[i, r],
            joined(ITEM, axes.items[i]),
            item=axes.items[i],
            region=axes.regions[r],
        )
        for i, r in chosen
    ]


def sells(values: Floats) -> bool:
    """Whether a history [h] holds demand in most of its recent months, and in the last year."""
    if not values[-YEAR:].any():
        return False
    recent = values[max(len(values) - RECENT, int(np.flatnonzero(values)[0])) :]
    return bool((recent != 0.0).mean() >= MOST_MONTHS)


def history_frame(series: Sequence[PlanningSeries], months: MonthArray) -> pd.DataFrame:
    """The series, long: unique_id, ds, y; each from its first demand on."""
    stamps = timestamps(months)
    first = [int(np.flatnonzero(one.units)[0]) for one in series]
    length = [len(one.units) - at for one, at in zip(series, first, strict=True)]
    # One frame of whole columns: a frame a series would take longer than the fits of a second run.
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.array([one.unique_id for one in series], dtype=object), length),
            "ds": np.concatenate([stamps[at:] for at in first]),
            "y": np.concatenate([one.units[at:] for one, at in zip(series, first, strict=True)]),
        }
    )
