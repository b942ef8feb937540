"""What the error of a monthly series may be like: the covariances that estimates from history are averaged over.

White noise, noise that carries over from month to month, a level that wanders and a trend that bends. Which of
them a short series has cannot be known, so an estimate is made under each and weighted by its restricted
likelihood (Patterson & Thompson 1971): an interval then holds what not knowing costs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from sop_core.inputs import Floats

#: Part of a month's error that carries over.
_RHO: Final = (0.3, 0.6, 0.85)
#: Variance of the monthly steps of level and of slope, relative to the month's own noise.
_WALK: Final = (0.0, 0.01, 0.05, 0.2, 1.0)
_BEND: Final = (0.0, 1e-4, 1e-3, 1e-2)


@lru_cache(maxsize=32)
def covariances(at: tuple[int, ...]) -> tuple[Floats, ...]:
    """[n, n] covariances of the error in the months at those positions, in any order, each up to a factor."""
    when = np.array(at, dtype=float) - min(at)
    first, last = np.minimum.outer(when, when), np.maximum.outer(when, when)
    walk, bend = first, first**2 * (3 * last - first) / 6.0
    white = np.eye(len(when)) * (1 + 1e-9)
    carried = [rho ** np.abs(np.subtract.outer(when, when)) + 1e-9 * white for rho in _RHO]
    return (*carried, *(white + level * walk + slope * bend for level in _WALK for slope in _BEND))


@lru_cache(maxsize=32)
def whiteners(at: tuple[int, ...]) -> tuple[tuple[Floats, float], ...]:
    """(inverse Cholesky factor, log determinant) of each of `covariances`."""
    out = []
    for covariance in covariances(at):
        factor = np.linalg.cholesky(covariance)
        out.append((np.linalg.inv(factor), 2.0 * float(np.log(np.diag(factor)).sum())))
    return tuple(out)
