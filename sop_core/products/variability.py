"""How a product is asked for: how steady around its season and trend, how often, in what sizes."""

from __future__ import annotations

from typing import Final

import numpy as np

from sop_core.inputs import Floats

#: Months looked at, the latest; older ones say little about today.
WINDOW: Final = 36
#: Fewer months than this since the first demand show nothing.
LEAST: Final = 6
#: From this many months on a season of its own is taken out.
SEASONAL: Final = 24
#: Syntetos, Boylan & Croston (2005), "On the categorization of demand patterns": mean months between demands,
#: and squared coefficient of variation of the demands' sizes.
ADI_LIMIT: Final = 1.32
CV2_LIMIT: Final = 0.49


def unsteadiness(history: Floats, last_month: int = 12) -> Floats:
    """[n] coefficient of variation of monthly demand around its trend and season, of [n, h] units a month.

    Residual standard deviation of a least-squares line, from 24 months on with a level for each calendar month,
    over the mean; with the degrees of freedom that this leaves. The latest 36 months since the first demand; nan
    with fewer than 6 or without demand. Zero is a clock. `last_month`: calendar month (1..12) of the last column.
    The measure behind XYZ classes (Silver, Pyke & Thomas 2017, ch. 2), without what can be foreseen.
    """
    return np.array([_one(row, last_month) for row in history], dtype=float)


def _one(row: Floats, last_month: int) -> float:
    series = _since_first(row)[-WINDOW:]
    mean = float(series.mean()) if len(series) else 0.0
    if len(series) < LEAST or mean <= 0:
        return float("nan")
    count = len(series)
    columns = [np.ones(count), np.linspace(-1.0, 1.0, count)]
    if count >= SEASONAL:
        month = (last_month - 1 - np.arange(count)[::-1]) % 12
        columns += [np.asarray(month == n, dtype=float) - (month == 11) for n in range(11)]
    design = np.stack(columns, axis=1)
    fitted = design @ np.linalg.lstsq(design, series, rcond=None)[0]
    spread = float(np.sqrt(np.sum((series - fitted) ** 2) / max(count - design.shape[1], 1)))
    # What is left of the arithmetic in a series without any variation is not variation.
    return spread / mean if spread > 1e-9 * mean else 0.0


def _since_first(row: Floats) -> Floats:
    """The series from its first month with demand on; unknown months count as none."""
    known = np.nan_to_num(row, nan=0.0, posinf=0.0, neginf=0.0)
    there = np.flatnonzero(known > 0)
    return known[there[0] :] if len(there) else known[:0]


def interval(history: Floats) -> Floats:
    """[n] mean months between months with demand (ADI), 1 = every month; nan without demand."""
    out = np.full(len(history), np.nan)
    for n, row in enumerate(history):
        series = _since_first(row)[-WINDOW:]
        if (series > 0).any():
            out[n] = len(series) / float((series > 0).sum())
    return out


def size_variation(history: Floats) -> Floats:
    """[n] squared coefficient of variation of the months with demand (CV2); nan with fewer than two of them."""
    out = np.full(len(history), np.nan)
    for n, row in enumerate(history):
        sizes = _since_first(row)[-WINDOW:]
        sizes = sizes[sizes > 0]
        if len(sizes) > 1:
            out[n] = float((sizes.std(ddof=1) / sizes.mean()) ** 2)
    return out


def pattern(adi: float, cv2: float) -> str:
    """smooth, erratic, intermittent or lumpy; `no demand` where nothing was asked for."""
    if not np.isfinite(adi):
        return "no demand"
    uneven = np.isfinite(cv2) and cv2 >= CV2_LIMIT
    if adi >= ADI_LIMIT:
        return "lumpy" if uneven else "intermittent"
    return "erratic" if uneven else "smooth"
