"""Prediction intervals from past forecast errors, pooled over series (conformal prediction).

Prophet's own 80 % band covered about half of the actuals on public data, because it knows only the doubt
about the trend. Here the band is as wide as the method's errors were when it forecast the past:

    half width(series, h) = width(series) * q(h)
    width(series) = half its own backtest MAE + half the pool's typical MAE for a series of its scale
    q(h)          = the `level` quantile, over all series and origins, of |error at h| / width,
                    made non-decreasing in h

A series alone, or a small fleet, has too few errors per h for quantiles: all horizons are then pooled, with
errors assumed to grow with the fourth root of h.
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

    Series that are constant or zero have none. `fits` must come in an order that does not depend on
    the caller's, since sums are taken over them.
    """
    certain = np.array([fit.kind in ("none", "zero", "constant") for fit in fits], dtype=bool)
    ratios = [
        float(np.abs(fit.errors).mean()) / fit.scale for fit in fits if fit.errors.size and fit.scale > 0.0
    ]
    pool = float(np.median(ratios)) if ratios else _UNKNOWN_RATIO
    width = np.array([_width(fit, pool, None) for fit in fits])
    quantiles = _quantiles(fits, pool, horizon, level / 100.0)
    half: Array = width[:, None] * quantiles[None, :]
    half[certain] = 0.0
    return half


def _width(fit: SeriesFit, pool: float, without: int | None) -> float:
    """Width of a series; without the errors of one origin when that origin is what is being judged."""
    errors = fit.errors if without is None else np.delete(fit.errors, without, axis=0)
    typical = pool * fit.scale
    if errors.size == 0:
        return typical
    return _OWN_SHARE * float(np.abs(errors).mean()) + (1.0 - _OWN_SHARE) * typical


def _quantiles(fits: Sequence[SeriesFit], pool: float, horizon: int, level: float) -> Array:
    """Quantile of |error| / width for each step ahead: (horizon,), non-decreasing."""
    by_step: list[list[float]] = [[] for _ in range(horizon)]
    for fit in fits:
        for origin in range(fit.errors.shape[0]):
            width = _width(fit, pool, origin)
            if width <= 0.0:
                continue
            for h, error in enumerate(np.abs(fit.errors[origin, :horizon])):
                by_step[h].append(float(error) / width)
    growth: Array = np.arange(1.0, horizon + 1.0) ** _GROWTH
    everything = np.array([r / growth[h] for h, found in enumerate(by_step) for r in found])
    if everything.size == 0:
        # Nothing was ever tried: 1.6 MAE is the 80 % half width of a normal error (1.28 / 0.80).
        return 1.6 * growth
    together = _conformal(everything, level) * growth
    known = [h for h, found in enumerate(by_step) if len(found) >= _LEAST_PER_STEP]
    if not known:
        return together
    out = np.empty(horizon)
    for h in range(horizon):
        if h in known:
            out[h] = _conformal(np.array(by_step[h]), level)
        else:
            out[h] = out[h - 1] * growth[h] / growth[h - 1] if h else together[h]
    smooth = np.convolve(np.pad(out, 1, mode="edge"), np.full(3, 1.0 / 3.0), mode="valid")
    growing: Array = np.maximum.accumulate(smooth)
    return growing


def _conformal(scores: Array, level: float) -> float:
    """Finite-sample conformal quantile: rank ceil((n + 1) level) of n scores, the largest if beyond."""
    rank = min(int(np.ceil((scores.size + 1) * level)), scores.size)
    return float(np.partition(scores, rank - 1)[rank - 1])
