"""Prediction intervals from past forecast errors, pooled over series (conformal prediction).

Prophet's own 80 % band covered about half of the actuals on public data, because it knows only the doubt
about the trend. Here the band is as wide as the method's errors were when it forecast the past:

    half width(series, h) = width(series) * q(h)
    width(series) = half its own backtest MAE + half the pool's typical MAE for a series of its scale
    q(h)          = the `level` quantile, over all series and origins, of |error at h| / width,
                    made non-decreasing in h

Non-decreasing by averaging what is out of order (isotonic regression): taking the largest so far instead makes
the band too wide wherever one step happened to be hard. A series alone, or a small fleet, has too few errors per
h for quantiles: all horizons are then pooled, with errors assumed to grow with the fourth root of h.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sop_core.demand.forecast_season import Array
from sop_core.demand.forecast_series import SeriesFit

_OWN_SHARE = 0.5  # of a series' own backtest MAE in its width
_LEAST_PER_STEP = 30  # errors needed at one horizon for a quantile of its own
_GROWTH = 0.25
_UNKNOWN_RATIO = 3.0  # MAE / typical change assumed where no series of the fleet has a backtest


def half_widths(fits: Sequence[SeriesFit], horizon: int, level: int) -> Array:
    """Half width of the `level` % interval for each fit and step ahead, units of y: (n, horizon).

    Series that are constant or zero, or without any quantity, have none. `fits` must come in an order that does
    not depend on the caller's, since sums are taken over them.
    """
    if not fits:
        return np.empty((0, horizon))
    errors = _stacked(fits)
    scale = np.array([fit.scale for fit in fits])
    certain = np.array([fit.kind in ("none", "zero", "constant") for fit in fits], dtype=bool)
    # Sums of |error| by origin, and how many there are: a series' MAE with or without one of them.
    sums, counts = np.nansum(errors, axis=2), np.isfinite(errors).sum(axis=2)
    total, count = sums.sum(axis=1), counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (total / count) / scale
    ratios = ratios[(count > 0) & (scale > 0.0)]
    pool = float(np.median(ratios)) if ratios.size else _UNKNOWN_RATIO
    width = _width(total, count, pool * scale)
    # What judges an origin is the width that the other origins make.
    judged = _width(total[:, None] - sums, count[:, None] - counts, (pool * scale)[:, None])
    usable = np.isfinite(errors) & (judged > 0.0)[:, :, None]
    ratio = np.divide(errors, judged[:, :, None], out=np.full_like(errors, np.nan), where=usable)
    steps = [ratio[:, :, h][usable[:, :, h]] for h in range(min(horizon, errors.shape[2]))]
    half: Array = width[:, None] * _quantiles(steps, horizon, level / 100.0)[None, :]
    half[certain] = 0.0
    return half


def _stacked(fits: Sequence[SeriesFit]) -> Array:
    """|errors| of all fits (n, origins, steps), NaN where a fit has fewer."""
    origins = max(fit.errors.shape[0] for fit in fits)
    ahead = max(fit.errors.shape[1] for fit in fits)
    out = np.full((len(fits), origins, ahead), np.nan)
    for n, fit in enumerate(fits):
        own = fit.errors
        out[n, : own.shape[0], : own.shape[1]] = np.abs(own)
    return out


def _width(total: Array, count: Array, typical: Array) -> Array:
    """Half the own MAE (total / count) and half the typical one; the typical one alone without errors."""
    own = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return np.where(count > 0, _OWN_SHARE * own + (1.0 - _OWN_SHARE) * typical, typical)


def _quantiles(steps: Sequence[Array], horizon: int, level: float) -> Array:
    """Quantile of |error| / width for each step ahead: (horizon,), non-decreasing."""
    growth: Array = np.arange(1.0, horizon + 1.0) ** _GROWTH
    found = [scores / growth[h] for h, scores in enumerate(steps) if scores.size]
    if not found:
        # Nothing was ever tried: 1.6 MAE is the 80 % half width of a normal error (1.28 / 0.80).
        return 1.6 * growth
    together = _conformal(np.concatenate(found), level) * growth
    enough = [h for h, scores in enumerate(steps) if scores.size >= _LEAST_PER_STEP]
    if not enough:
        return together
    out = np.empty(horizon)
    weight = np.ones(horizon)
    for h in range(horizon):
        if h in enough:
            out[h], weight[h] = _conformal(steps[h], level), steps[h].size
        else:
            out[h] = out[h - 1] * growth[h] / growth[h - 1] if h else together[h]
    return _non_decreasing(out, weight)


def _non_decreasing(values: Array, weight: Array) -> Array:
    """The non-decreasing sequence closest in weighted squares (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, length
    for value, w in zip(values.tolist(), weight.tolist(), strict=True):
        mean, heavy, length = value, w, 1
        while blocks and blocks[-1][0] > mean:
            before, more, longer = blocks.pop()
            mean = (before * more + mean * heavy) / (more + heavy)
            heavy, length = heavy + more, length + longer
        blocks.append((mean, heavy, length))
    out: Array = np.repeat([b[0] for b in blocks], [b[2] for b in blocks])
    return out


def _conformal(scores: Array, level: float) -> float:
    """Finite-sample conformal quantile: rank ceil((n + 1) level) of n scores, the largest if beyond."""
    rank = min(int(np.ceil((scores.size + 1) * level)), scores.size)
    return float(np.partition(scores, rank - 1)[rank - 1])
