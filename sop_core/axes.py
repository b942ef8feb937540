"""Positions of the company's names on the axes of `Inputs`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.inputs import Floats
from sop_core.planning_level import PlanningItems


@dataclass(frozen=True, slots=True)
class Axes:
    """Positions of names on the axes."""

    items: PlanningItems
    sites: tuple[str, ...]
    resources: tuple[str, ...]
    regions: tuple[str, ...]

    @staticmethod
    def at(values: pd.Series, axis: tuple[str, ...]) -> np.ndarray:
        """[n] position of each value on the axis; -1 where it is not there or blank."""
        places = pd.Series(np.arange(len(axis)), index=list(axis), dtype="float64")
        return values.map(places).fillna(-1).to_numpy(dtype=float).astype(np.int64)

    def item_at(self, products: pd.Series) -> np.ndarray:
        """[n] position of each product's planning item."""
        places = products.map(pd.Series(self.items.position, dtype="float64"))
        return places.fillna(-1).to_numpy().astype(np.int64)

    def share_of(self, products: pd.Series) -> Floats:
        """[n] part of its item that each product is."""
        shares = products.map(pd.Series(self.items.share, dtype="float64"))
        return np.asarray(shares.fillna(0.0), dtype=np.float64)
