"""How wide the interval of a sum is: the forecaster's own width where the sum is a series, else its parts added up.

Widths are half-widths of the 80 % interval, in units. A sum is never less sure than its parts together: its width
is at most the sum of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sop_core.demand.planning_series import (
    CATEGORY,
    COMPANY,
    FAMILY,
    ITEM,
    ITEM_REGION,
    LEVELS,
    TOP,
    Axes,
    PlanningSeries,
    joined,
    leaf_id,
)
from sop_core.inputs import Floats

#: Errors of the parts of a series grow less than their volume: standard deviation ~ volume^0.75, between that of
#: parts that err independently (0.5) and of parts that err together (1).
_SPREAD = 0.75


def cell_widths(series: Sequence[PlanningSeries], widths: Mapping[str, Floats], base: Floats) -> Floats:
    """[i, r, m, t] widths of cells, from the item x region or item that they are a share of.

    `widths` by series; `base` [i, r, m, t] the forecast of the cells, which tells the shares.
    """
    volume = base.mean(axis=-1).ravel()
    out = np.zeros((len(volume), base.shape[-1]))
    taken = np.zeros(len(volume), dtype=bool)
    for level in (ITEM_REGION, ITEM):
        for one in series:
            if one.level != level:
                continue
            rest = one.cells[~taken[one.cells]]
            total = volume[one.cells].sum()
            if total > 0:
                out[rest] = ((volume[rest] / total) ** _SPREAD)[:, None] * widths[one.unique_id]
            taken[one.cells] = True
    return out.reshape(base.shape)


def node_widths(
    series: Sequence[PlanningSeries], widths: Mapping[str, Floats], cells: Floats
) -> dict[str, Floats]:
    """[t] width of every series: its own, but at most that of its parts together, level by level upwards."""
    flat = cells.reshape(-1, cells.shape[-1])
    live = np.asarray((flat > 0.0).any(axis=1))
    out: dict[str, Floats] = {}
    for level in reversed(LEVELS):
        finer = {COMPANY: CATEGORY, CATEGORY: FAMILY, FAMILY: ITEM, ITEM: ITEM_REGION}.get(level)
        parts = [part for part in series if part.level == finer]
        for one in series:
            if one.level != level:
                continue
            most = flat[one.cells].sum(axis=0)
            inside = np.isin(np.array([part.cells[0] for part in parts], dtype=np.intp), one.cells)
            within = [part for part, found in zip(parts, inside, strict=True) if found]
            left = live.copy()
            for part in within:
                left[part.cells] = False
            # Parts that leave out a living cell are not all of it.
            if within and not left[one.cells].any():
                together = np.array([out[part.unique_id] for part in within]).sum(axis=0)
                most = np.minimum(most, together)
            out[one.unique_id] = np.minimum(widths[one.unique_id], most)
    return out


def region_widths(cells: Floats, nodes: Mapping[str, Floats], axes: Axes, within: float) -> Floats:
    """[i, r, t] width of each item x region: of its own series, else its cells added up."""
    out = np.zeros((*cells.shape[:2], cells.shape[3]))
    for i, name in enumerate(axes.items):
        out[i] = added(cells[i], within)
        for r, region in enumerate(axes.regions):
            own = nodes.get(leaf_id(name, region) if len(axes.regions) > 1 else joined(ITEM, name))
            if own is not None:
                out[i, r] = own
    return out


def summed_width(cells: Floats, within: float, across: float) -> Floats:
    """[t] width of a sum of cells [i, r, m, t]: the cells of each item first, then the items."""
    items = added(cells.reshape(cells.shape[0], -1, cells.shape[-1]), within)
    return added(items[None], across)[0]


def added(widths: Floats, correlation: float) -> Floats:
    """[g, t] widths of sums over the second axis of [g, n, t]: sqrt(c (sum w)^2 + (1 - c) sum w^2), c = the
    common correlation of the errors."""
    together, squares = widths.sum(axis=1) ** 2, (widths**2).sum(axis=1)
    total: Floats = np.sqrt(correlation * together + (1.0 - correlation) * squares)
    return total


def correlations(cells: Floats, nodes: Mapping[str, Floats], axes: Axes) -> tuple[float, float]:
    """(within, across): the correlation for which the widths of cells add up to their item's (median over
    items), and that for which the items' add up to the company's."""
    horizon = cells.shape[-1]
    by_item = cells.reshape(len(axes.items), -1, horizon)
    found = []
    for i, name in enumerate(axes.items):
        own = nodes.get(joined(ITEM, name))
        correlation = None if own is None else _correlation(by_item[i], own)
        if correlation is not None:
            found.append(correlation)
    within = float(np.median(found)) if found else 1.0
    across = _correlation(added(by_item, within), nodes[TOP])
    return within, 1.0 if across is None else across


def _correlation(parts: Floats, own: Floats) -> float | None:
    """The correlation, 0 to 1, for which widths [n, t] add up to `own` [t]; None where there is one part."""
    together, squares = parts.sum(axis=0) ** 2, (parts**2).sum(axis=0)
    room = together - squares
    ok = room > 1e-9 * together
    if not ok.any():
        return None
    return float(np.clip(np.median((own[ok] ** 2 - squares[ok]) / room[ok]), 0.0, 1.0))
