"""Single months far from what is usual, for a planner to look at: found where they are visible, never certain.

Looked for in item totals, then in an item's regions. What counts is a month that stands out against the months
before and after it and against its own season, by more than the series' own scatter and by a size that matters.
A change that stays, a ramp, a season, an intermittent series and a month that something known explains are none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_label, month_part
from sop_core.demand.corrections import Ledger, leaf_expected, spread_excess
from sop_core.demand.usual import TWO_YEARS, Usual, typical_month, usual
from sop_core.inputs import Bools, Floats
from sop_core.schema import ALL
from sop_core.snapshot import Snapshot, rows_of

#: Times the usual scatter, at least, of an item and of one of its regions.
_FAR, _FAR_REGION = 4.0, 5.0
#: Log ratio to what is usual, at least: a third more, or a quarter less.
_RATIO = 0.29
#: Part of the series' usual month, at least.
_SIZE = 0.3
#: Part of the item's usual month, at least, for an outlier of one region.
_SIZE_REGION = 0.2
#: More than this part of the months without sales: intermittent, anything goes.
_ZEROS = 0.1
#: Outliers in a series, at most: one, and one more for every this many months.
_ONE_IN = 24


@dataclass(frozen=True, slots=True)
class _Found:
    """Outliers [n, h], and what is usual for the series without them."""

    where: Bools
    normal: Usual


def flag_outliers(snapshot: Snapshot, cleaned: Floats, ledger: Ledger) -> None:
    """Proposes what is usual for months that stand out; they act once accepted."""
    axes = ledger.axes
    if cleaned.shape[-1] < TWO_YEARS:
        return
    explained = ledger.explained | _events(snapshot, ledger)
    totals = cleaned.sum(axis=(1, 2))
    items = find_outliers(totals, axes.months, explained, _FAR)
    after = cleaned.copy()
    words: dict[tuple[int, int], str] = {}
    names = (axes.regions, axes.segments)
    for i, h in np.argwhere(items.where).tolist():
        expected = items.normal.expected[i, h]
        own = leaf_expected(cleaned, i, h, ~items.where[i], expected)
        after[i, :, :, h] = spread_excess(cleaned[i, :, :, h], own, expected)
        words[i, h] = _words(totals, items, i, h, axes.months) + _mostly(
            cleaned[i, :, :, h] - after[i, :, :, h], names
        )
    if len(axes.regions) > 1:
        _in_regions(cleaned, after, words, items, explained, ledger)
    ledger.propose(cleaned, after, "outlier", lambda i, r, m, h: words[i, h])


def find_outliers(series: Floats, months: MonthArray, explained: Bools, far: float) -> _Found:
    """Outliers of series [n, h], the clearest of each series first, each judged without those found before.

    Months `explained` [n, h] are never outliers.
    """
    where = np.zeros(series.shape, dtype=bool)
    normal = usual(series, months, ~where)
    zeros = (series <= 0).sum(axis=1) - (series.shape[1] - normal.months)
    fit = (normal.months >= TWO_YEARS) & (zeros <= _ZEROS * normal.months)
    most = 1 + normal.months // _ONE_IN
    typical = typical_month(series)
    while True:
        times = _times(series, normal, typical, far)
        times[explained | where | ~fit[:, None]] = 0.0
        best = times.argmax(axis=1)
        rows = np.flatnonzero((times.max(axis=1, initial=0.0) > 0) & (where.sum(axis=1) < most))
        if not len(rows):
            break
        where[rows, best[rows]] = True
        # Only the series that changed are looked at again.
        fit &= np.isin(np.arange(len(series)), rows)
        normal = _updated(normal, rows, usual(series[rows], months, ~where[rows]))
    # With all others left out, each must still stand out.
    kept = where & (_times(series, normal, typical, far) > 0)
    return _Found(kept, normal)


def _updated(normal: Usual, rows: np.ndarray, new: Usual) -> Usual:
    parts = {}
    for name in ("expected", "deviation", "scatter", "seasonal", "months"):
        values = getattr(normal, name).copy()
        values[rows] = getattr(new, name)
        parts[name] = values
    return Usual(**parts)


def _times(series: Floats, normal: Usual, typical: Floats, far: float) -> Floats:
    """[n, h] how many times the usual scatter a month lies away, where that and its size are enough; else 0."""
    size = np.abs(series - normal.expected)
    away = np.abs(normal.deviation)
    scatter = np.maximum(normal.scatter, 0.05)[:, None]
    enough = (away >= _RATIO) & (size >= _SIZE * typical[:, None]) & (away >= far * scatter)
    return np.where(np.nan_to_num(enough), away / scatter, 0.0)


def _in_regions(
    cleaned: Floats,
    after: Floats,
    words: dict[tuple[int, int], str],
    items: _Found,
    explained: Bools,
    ledger: Ledger,
) -> None:
    """Outliers of single regions in months in which the item's total is inconspicuous; written into `after`."""
    axes = ledger.axes
    count, regions = len(axes.items.names), len(axes.regions)
    leaves = cleaned.sum(axis=2).reshape(count * regions, -1)
    known = np.repeat(explained | items.where, regions, axis=0)
    found = find_outliers(leaves, axes.months, known, _FAR_REGION)
    typical = np.repeat(typical_month(cleaned.sum(axis=(1, 2))), regions)
    matters = np.abs(leaves - found.normal.expected) >= _SIZE_REGION * typical[:, None]
    for n, h in np.argwhere(found.where & np.nan_to_num(matters)).tolist():
        i, r = divmod(n, regions)
        if (i, h) in words:
            continue  # the clearest region of the month speaks for it
        expected = found.normal.expected[n, h]
        part = cleaned[:, r : r + 1]
        own = leaf_expected(part, i, h, ~found.where[n], expected)
        after[i, r : r + 1, :, h] = spread_excess(part[i, :, :, h], own, expected)
        moved = part[i, :, :, h] - after[i, r : r + 1, :, h]
        words[i, h] = (
            f"{axes.regions[r]}: "
            + _words(leaves, found, n, h, axes.months)
            + _mostly(moved, ((axes.regions[r],), axes.segments))
        )


def _words(series: Floats, found: _Found, n: int, h: int, months: MonthArray) -> str:
    """`6,474 where 2,960 is usual for a Sep: 2.2 times as much, 8 times the usual scatter`."""
    value, expected = float(series[n, h]), float(found.normal.expected[n, h])
    times = abs(float(found.normal.deviation[n, h])) / max(float(found.normal.scatter[n]), 0.05)
    when = f"in {month_label(months[h])[:3]}" if found.normal.seasonal[n] else "around that month"
    ratio = value / expected if expected > 0 else float("inf")
    said = f"{ratio:.1f} times as much" if ratio >= 1.5 else f"{(ratio - 1) * 100:+.0f} %"
    return (
        f"{value:,.0f} where {expected:,.0f} is usual {when}: {said}, {times:.0f} times the usual scatter"
    ).replace("-", "\N{MINUS SIGN}")


def _mostly(moved: Floats, names: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    """`; mostly DACH, DIY chains`, where one region or segment bears most of it; else nothing."""
    total = float(np.abs(moved).sum())
    if total <= 0:
        return ""
    said = []
    for axis, known in ((1, names[0]), (0, names[1])):
        parts = np.abs(moved).sum(axis=axis)
        if len(known) > 1 and parts.max() >= 0.7 * total:
            said.append(known[int(parts.argmax())])
    return f"; mostly {', '.join(said)}" if said else ""


def _events(snapshot: Snapshot, ledger: Ledger) -> Bools:
    """[i, h] months of items for which the company has noted an event."""
    axes = ledger.axes
    items = axes.items
    out = np.zeros((axes.shape[0], axes.shape[3]), dtype=bool)
    for row in rows_of(snapshot.table("events")):
        end = row.end if row.end == row.end else row.start  # a blank end is the day it starts
        during = month_part(axes.months, row.start, end) > 0
        scope = str(row.scope)
        if scope == ALL or scope in axes.regions:
            out |= during
            continue
        named = np.array([scope in (f, c) for f, c in zip(items.family, items.category, strict=True)])
        if scope in items.position:
            named[items.position[scope]] = True
        out |= named[:, None] & during
    return out
