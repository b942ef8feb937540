"""Demand paths: factors on the plan's unconstrained demand, the same for every scenario of a company.

A path's demand is the plan's x a factor by item, region and month. Factors are lognormal: never negative, mean 1,
standard deviation as `Uncertainty.spread` says. Their normal variables are correlated over items, months and regions;
what hits an item in one region hits the items that err with it in the same region.

Paths are drawn in blocks of BLOCK, each from its own stream (seed, block), so memory stays bounded and the first
paths are the same however many are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sop_core.inputs import Floats
from sop_core.risk.uncertainty import Uncertainty

PATHS: Final = 1000
SEED: Final = 1
#: Paths worked on at once. Part of what a seed means: another size draws other paths.
BLOCK: Final = 250

#: Single precision: seven digits of a random factor are plenty, at half the memory. What is worked out is double.
Factors = NDArray[np.float32]


@dataclass(frozen=True)
class Draws:
    """Paths of one company and seed; `block(n)` draws the n-th block."""

    seed: int
    paths: int
    log_spread: Factors  #: [t, r, i] standard deviation of the factor's logarithm
    items: Factors  #: [i, i] lower Cholesky factor of the correlation between items
    months: Factors  #: [t, t] the same between months
    shared: Factors  #: [i] part of the variable that an item's regions share
    own: Factors  #: [i] part of it that is each region's own; squares add up to 1

    @staticmethod
    def of(doubt: Uncertainty, paths: int = PATHS, seed: int = SEED) -> Draws:
        """Ready to draw. Raises ValueError for fewer than two paths."""
        if paths < 2:
            raise ValueError("a simulation needs at least two paths")
        return Draws(
            seed=seed,
            paths=paths,
            log_spread=np.ascontiguousarray(
                np.sqrt(np.log1p(doubt.spread**2)).transpose(2, 1, 0), dtype=np.float32
            ),
            items=_factor(doubt.between),
            months=_factor(doubt.over_time),
            shared=np.sqrt(doubt.regional).astype(np.float32),
            own=np.sqrt(1.0 - doubt.regional).astype(np.float32),
        )

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return -(-self.paths // BLOCK)

    def size(self, block: int) -> int:
        """Paths in a block."""
        return min(BLOCK, self.paths - block * BLOCK)

    def block(self, number: int) -> Factors:
        """[t, r, i, p] factors on demand of the paths of a block."""
        months, regions, items = self.log_spread.shape
        stream = np.random.default_rng([self.seed, number])
        normal = stream.standard_normal((months, 1 + regions, items, BLOCK), dtype=np.float32)
        normal = np.matmul(self.items, normal)
        normal = (self.months @ normal.reshape(months, -1)).reshape(normal.shape)
        out: Factors = normal[:, 1:]
        out *= self.own[:, None]
        out += self.shared[:, None] * normal[:, :1]
        spread = self.log_spread[..., None]
        out *= spread
        out -= spread**2 / 2
        np.exp(out, out=out)
        return out[..., : self.size(number)]


def _factor(correlation: Floats) -> Factors:
    """Lower Cholesky factor; a matrix of ones (an error that never fades) has none without a trace of its own noise."""
    noise = 1e-7 * np.eye(len(correlation))
    return np.linalg.cholesky((correlation + noise) / (1.0 + 1e-7)).astype(np.float32)
