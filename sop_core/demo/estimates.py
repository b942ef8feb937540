"""What was expected of each month in the cycles before: step by step, by the people who answer for a region."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sop_core.calendar import timestamps
from sop_core.demo import happenings
from sop_core.demo.clock import HISTORY, Clock
from sop_core.demo.literal import rows
from sop_core.demo.market import FAMILY, PRODUCTS, REGIONS, Floats, Market

CYCLES = 12  #: cycles before the running one
LAGS = 4  #: months ahead kept of each; of the last cycle the whole horizon
HORIZON = 18
#: Standard deviation of the statistical forecast's error one month ahead, by product and region, and how it grows.
_ERROR, _GROWS = 0.075, 0.12


def past_forecasts(clock: Clock, market: Market, rng: np.random.Generator) -> pd.DataFrame:
    """The `past_forecasts` table, by product and region: naive, statistical, with market activity, with the
    sales input of the region's owner, and the consensus."""
    wanted = market.demand.sum(axis=2).astype(float)
    plain, promoted = market.expected.sum(axis=2), market.with_promotions.sum(axis=2)
    blocks = []
    for cycle in range(HISTORY - CYCLES, HISTORY):
        ahead = HORIZON if cycle == HISTORY - 1 else LAGS
        at = np.arange(cycle, cycle + ahead)
        # One miss of level a cycle and what each month adds: errors of one cycle hang together.
        level = rng.normal(0.0, 0.6 * _ERROR, (len(PRODUCTS), len(REGIONS), 1))
        month = rng.normal(0.0, _ERROR, (len(PRODUCTS), len(REGIONS), ahead))
        miss = np.exp((level + month) * (1 + _GROWS * np.arange(ahead)))
        statistical = plain[..., at] * miss
        activity = statistical * promoted[..., at] / np.maximum(plain[..., at], 1e-9)
        sales = activity * _judgement(ahead, rng)
        consensus = 0.5 * activity + 0.5 * sales
        # The year before; what is not known yet in the cycle is taken from two years before.
        naive = np.stack([wanted[..., t - 12 if t - 12 < cycle else t - 24] for t in at], axis=-1)
        steps = {
            "naive": naive,
            "statistical": statistical,
            "market": activity,
            "sales_input": sales,
            "consensus": consensus,
        }
        blocks += [_rows(clock, cycle, at, name, units) for name, units in steps.items()]
    return pd.concat(blocks, ignore_index=True)


def _judgement(ahead: int, rng: np.random.Generator) -> Floats:
    """[p, r, ahead] factor of the sales input: each owner's habit, and a hand that is not always right."""
    factor = np.exp(rng.normal(0.0, 0.03, (len(PRODUCTS), len(REGIONS), ahead)))
    for row in rows(happenings.SALES_HABITS):
        chosen = (row.family == FAMILY) if row.family else np.ones(len(PRODUCTS), dtype=bool)
        factor[chosen, REGIONS.index(row.region)] *= row.factor
    return factor


def _rows(clock: Clock, cycle: int, at: np.ndarray, step: str, units: Floats) -> pd.DataFrame:
    whole = np.round(units)
    p, r, t = np.nonzero(whole > 0)
    owner = happenings.OWNERS.set_index("region")["owner"]
    sales = np.array([owner[region] for region in REGIONS], dtype=object)[r]
    return pd.DataFrame(
        {
            "cycle": timestamps(clock.months[[cycle]])[0],
            "month": timestamps(clock.months[at])[t],
            "product": np.array(PRODUCTS, dtype=object)[p],
            "region": np.array(REGIONS, dtype=object)[r],
            "segment": "All",
            "step": step,
            "quantity": whole[p, r, t],
            "owner": sales
            if step == "sales_input"
            else {"consensus": "Demand manager"}.get(step, "Planning"),
        }
    )
