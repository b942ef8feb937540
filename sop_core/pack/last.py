"""What the cycle before expected, where no plan of it was signed and no estimate kept: the forecasts brought."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType

import numpy as np

from sop_core.cycle.estimate import STEPS, Estimate
from sop_core.cycle.expected import expected
from sop_core.demand.accuracy import EVERY
from sop_core.planner import Company


def brought_estimate(company: Company) -> Estimate | None:
    """The last step of the last cycle before this plan that the table past_forecasts holds, over the plan's months
    that it forecast, at today's prices; None without one.

    What was forecast for all regions or segments together is spread by today's baseline.
    """
    inputs = company.inputs
    months = inputs.months
    if not len(company.snapshot.table("past_forecasts")):
        return None
    rows = expected(company, ()).rows
    rows = rows.take(rows.cycle < months[0])
    if not len(rows):
        return None
    cycle = rows.cycle.max()
    rows = rows.take((rows.cycle == cycle) & np.isin(rows.month, months))
    step = next((s for s in reversed(range(len(STEPS))) if np.isfinite(rows.units[:, s]).any()), None)
    if not len(rows) or step is None:
        return None
    base = inputs.demand.base
    units = np.zeros(base.shape)
    t = (rows.month - months[0]).astype(int)
    worth = np.nan_to_num(rows.units[:, step])
    place = np.array([rows.item, rows.region, rows.segment, t]).T
    for (i, r, m, at), amount in zip(place.tolist(), worth.tolist(), strict=True):
        if amount == 0.0:
            continue
        some_r = slice(None) if r == EVERY else slice(r, r + 1)
        some_m = slice(None) if m == EVERY else slice(m, m + 1)
        weight = base[i, some_r, some_m, at]
        total = weight.sum()
        units[i, some_r, some_m, at] += amount * (weight / total if total > 0 else 1.0 / weight.size)
    last = int(t.max()) + 1
    return Estimate(
        cycle=np.datetime64(cycle, "M"),
        months=months[:last],
        items=inputs.items,
        regions=inputs.regions,
        segments=inputs.segments,
        steps=MappingProxyType({"consensus": units[..., :last]}),
        price=inputs.demand.price[..., :last],
        kind="kept",
        owner="",
        who="past_forecasts",
        at=dt.datetime.combine(np.datetime64(cycle, "D").item(), dt.time(), dt.UTC),
        data_version=company.snapshot.version,
        review_revision=company.verdicts.revision,
        scenario="",
    )
