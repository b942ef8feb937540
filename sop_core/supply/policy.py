"""Stock policy: safety stock, reorder point, economic lot and their kin. Pure formulas, sources in each docstring."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from sop_core.inputs import Floats


def safety_stock(sigma: Floats, lead_months: Floats, service_level: Floats) -> Floats:
    """Units: z x sigma x sqrt(lead + 1 review month). Silver, Pyke & Thomas (2017), periodic review.

    `sigma`: standard deviation of one month's forecast error, units; arrays broadcast.
    """
    stock: Floats = ndtri(service_level) * sigma * np.sqrt(np.asarray(lead_months, dtype=float) + 1.0)
    return np.maximum(stock, 0.0)


def reorder_point(mean: Floats, sigma: Floats, lead_months: Floats, service_level: Floats) -> Floats:
    """Units: demand over the lead time plus z x sigma x sqrt(lead) (continuous review; Snyder & Shen, ch. 5)."""
    lead = np.asarray(lead_months, dtype=float)
    point: Floats = mean * lead + ndtri(service_level) * sigma * np.sqrt(lead)
    return point


def economic_lot(setup_cost: float, holding_cost: float, demand: float) -> tuple[float, float]:
    """(lot in units, cost per period): Q = sqrt(2 K d / h), cost = sqrt(2 K d h) (Harris 1913; Snyder & Shen 3.2)."""
    return math.sqrt(2 * setup_cost * demand / holding_cost), math.sqrt(
        2 * setup_cost * demand * holding_cost
    )


def kanban_size(demand: float, replenishment_time: float, safety: float, container: float) -> int:
    """Containers: demand x replenishment time x (1 + safety) / container, rounded up (Monden)."""
    return math.ceil(demand * replenishment_time * (1 + safety) / container - 1e-9)
