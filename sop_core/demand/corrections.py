"""Corrections of the history: proposals by step, and which of them act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_core.calendar import MonthArray
from sop_core.demand.cleansing import Verdicts
from sop_core.inputs import Bools, Floats
from sop_core.planning_level import PlanningItems
from sop_core.schema import ALL

#: Words for one cell of the history, by its positions (item, region, segment, month).
Reason = Callable[[int, int, int, int], str]


@dataclass(frozen=True, slots=True)
class Correction:
    """One cleansing step on one series and month, in units. Item, region and segment are `All` where the whole
    company's month is meant."""

    month: np.datetime64
    item: str
    region: str
    segment: str
    kind: str  #: one of cleansing.KINDS
    before: float
    after: float
    reason: str
    accepted: bool = True  #: whether it acts; `after` is then what the next step starts from
    cause: str = ""  #: what brought it about, by name: the promotion


class Axes:
    """Positions of names on the axes of the history."""

    def __init__(
        self, items: PlanningItems, regions: tuple[str, ...], segments: tuple[str, ...], months: MonthArray
    ) -> None:
        self.items, self.regions, self.segments, self.months = items, regions, segments, months
        self._region = {name: at for at, name in enumerate(regions)}
        self._segment = {name: at for at, name in enumerate(segments)}

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Items, regions, segments, months."""
        return len(self.items.names), len(self.regions), len(self.segments), len(self.months)

    def after(self, first: int) -> Axes:
        """The same without the first months."""
        return self if not first else Axes(self.items, self.regions, self.segments, self.months[first:])

    def item_at(self, products: pd.Series) -> NDArray[np.int64]:
        """Position of each product's item; -1 for unknown ones."""
        return _positions(products, self.items.position)

    def cells(self, frame: pd.DataFrame, month: MonthArray) -> tuple[np.ndarray, np.ndarray]:
        """(flat position of each row's cell, mask of the rows that have one)."""
        at = (month - self.months[0]).astype(int)
        i = self.item_at(frame["product"])
        r = _positions(frame["region"], self._region)
        m = _positions(frame["segment"], self._segment)
        known = (i >= 0) & (r >= 0) & (m >= 0) & (at >= 0) & (at < len(self.months))
        index = (i[known], r[known], m[known], at[known])
        return np.ravel_multi_index(index, self.shape), known

    def add_up(self, cells: tuple[np.ndarray, np.ndarray], values: Floats) -> Floats:
        """[i, r, m, h] sum of the rows' values by cell."""
        flat, known = cells
        size = int(np.prod(self.shape))
        out: Floats = np.bincount(flat, weights=values[known], minlength=size).astype(float)
        return out.reshape(self.shape)


def _positions(names: pd.Series, known: Mapping[str, int]) -> NDArray[np.int64]:
    """Position of each name, -1 for unknown ones; each different name is looked up once."""
    codes, different = pd.factorize(names)
    found = np.array([known.get(name, -1) for name in different] + [-1], dtype=np.int64)
    return found[codes]  # blanks have the code -1


class Ledger:
    """Takes proposals step by step, lets those act that are accepted, and writes all of them down."""

    def __init__(self, axes: Axes, verdicts: Verdicts) -> None:
        self.axes, self.verdicts = axes, verdicts
        self.rows: list[Correction] = []
        #: [i, h] months of an item that a step has already explained, whether or not it acts.
        self.explained: Bools = np.zeros((axes.shape[0], axes.shape[3]), dtype=bool)
        self._months = [str(month) for month in axes.months.astype("datetime64[M]")]

    def accepted(self, kind: str, cause: str = "") -> Bools:
        """[i, r, m, h] where corrections of that kind act."""
        axes = self.axes
        return self.verdicts.mask(kind, axes.items.names, axes.regions, axes.segments, self._months, cause)

    def company(self, month: np.datetime64, kind: str, before: float, reason: str) -> bool:
        """Notes that a month of the whole company is left out; returns whether it is."""
        acts = self.verdicts.accepts(kind, ALL, ALL, ALL, str(month.astype("datetime64[M]")))
        self.rows.append(Correction(month, ALL, ALL, ALL, kind, before, 0.0, reason, acts))
        return acts

    def propose(
        self, cleaned: Floats, after: Floats, kind: str, reason: Reason, *, gate: Bools | None = None
    ) -> None:
        """Lists where `after` differs from `cleaned` and writes what is accepted into `cleaned`. `gate`
        [i, r, m, h]: where a correction may act at all (it rests on an earlier one)."""
        changed = np.abs(cleaned - after) > 1e-9
        if not changed.any():
            return
        acts = self.accepted(kind)
        if gate is not None:
            acts = acts & gate
        self.note(changed, cleaned, after, acts, kind, reason)
        take = changed & acts
        cleaned[take] = after[take]

    def note(
        self,
        where: Bools,
        before: Floats,
        after: Floats,
        acts: Bools,
        kind: str,
        reason: Reason,
        cause: str = "",
        rows: NDArray[np.int64] | None = None,
    ) -> None:
        """Writes corrections down without applying them. `rows`: the items that the arrays hold (None: all)."""
        axes = self.axes
        self.explained[slice(None) if rows is None else rows] |= where.any(axis=(1, 2))
        cells = np.argwhere(where)
        if rows is not None:
            cells[:, 0] = rows[cells[:, 0]]
        numbers = (before[where].tolist(), after[where].tolist(), acts[where].tolist())
        for (i, r, m, h), old, new, does in zip(cells.tolist(), *numbers, strict=True):
            self.rows.append(
                Correction(
                    axes.months[h],
                    axes.items.names[i],
                    axes.regions[r],
                    axes.segments[m],
                    kind,
                    old,
                    new,
                    reason(i, r, m, h),
                    does,
                    cause,
                )
            )


def spread_excess(leaves: Floats, expected: Floats, total: float) -> Floats:
    """[r, m] leaves of one item and month moved to an item total, where they deviate from what is expected of
    them: leaves on the usual side of their expectation stay as they are.

    Sums to `total`, and no leaf moves further than to its expectation, as long as the total is the sum of
    the expectations.
    """
    gap = float(leaves.sum()) - total
    excess = leaves - expected
    bearing = np.maximum(excess * np.sign(gap), 0.0)
    whole = float(bearing.sum())
    if whole <= 0:
        return leaves
    return leaves - bearing * (gap / whole)


def leaf_expected(cleaned: Floats, item: int, month: int, good: Bools, total: float) -> Floats:
    """[r, m] an item's total for a month over its leaves, as the good months [h] of half a year before and after
    were shared; evenly where there was nothing."""
    near = np.zeros(cleaned.shape[-1], dtype=bool)
    near[max(month - 6, 0) : month + 7] = True
    weights = np.maximum(cleaned[item][..., near & good].sum(axis=-1), 0.0)
    if weights.sum() <= 0:
        weights = np.maximum(cleaned[item][..., good].sum(axis=-1), 0.0)
    if weights.sum() <= 0:
        weights = np.ones_like(weights)
    return total * weights / weights.sum()
