"""A company as large as the live budget is promised for: 300 products in 10 regions, planned by product."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from tests.pages.companies import build

SEGMENTS = ("Retail", "Trade")


def tables(
    products: int = 300, regions: int = 10, months: int = 48, *, demand: str = "forecast", seed: int = 3
) -> dict[str, pd.DataFrame]:
    """Products of 30 families in 6 categories, sold in every region to two segments, seasonal, with a trend.

    `demand`: forecast, or demand_plan for a company that is ready without a forecast.
    """
    rng = np.random.default_rng(seed)
    names = [f"P{n:03d}" for n in range(products)]
    places = [f"Region {n + 1}" for n in range(regions)]
    start = pd.Timestamp("2027-01-01")
    past = pd.date_range(end=start - pd.DateOffset(months=1), periods=months, freq="MS")
    ahead = pd.date_range(start, periods=18, freq="MS")
    level = rng.lognormal(3.0, 0.7, (products, regions, len(SEGMENTS)))
    phase = rng.uniform(0, 12, products)

    def units(stamps: pd.DatetimeIndex, since: int) -> np.ndarray:
        t = np.arange(len(stamps)) + since
        season = 1 + 0.3 * np.sin(2 * np.pi * (t[None, :] + phase[:, None]) / 12)
        noise = rng.lognormal(0, 0.1, (*level.shape, len(stamps)))
        values: np.ndarray = np.round(level[..., None] * (season * (1 + 0.002 * t))[:, None, None, :] * noise)
        return values

    def long(stamps: pd.DatetimeIndex, since: int) -> pd.DataFrame:
        index = pd.MultiIndex.from_product(
            [names, places, SEGMENTS, stamps], names=["product", "region", "segment", "month"]
        )
        return pd.DataFrame({"quantity": units(stamps, since).ravel()}, index=index).reset_index()

    family = [f"Family {n // 10 + 1:02d}" for n in range(products)]
    found = {
        "products": pd.DataFrame(
            {
                "product": names,
                "name": [f"Product {n}" for n in range(products)],
                "family": family,
                "category": [f"Category {n // 50 + 1}" for n in range(products)],
                "price": rng.uniform(20, 200, products).round(2),
                "unit_cost": rng.uniform(5, 15, products).round(2),
            }
        ),
        "regions": pd.DataFrame({"region": places}),
        "segments": pd.DataFrame({"segment": SEGMENTS}),
        "sales": long(past, 0),
        "settings": pd.DataFrame(
            {
                "setting": ["plan_start", "horizon_months", "planning_level", "demand"],
                "value": [f"{start:%Y-%m-%d}", "18", "product", demand],
            }
        ),
    }
    if demand == "demand_plan":
        found["demand_plan"] = long(ahead, months)
    return found


if __name__ == "__main__":
    build(Path(sys.argv[1]), tables(demand=sys.argv[2] if len(sys.argv) > 2 else "forecast"))
