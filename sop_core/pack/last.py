"""What the cycle before expected, where no plan of it was signed and no estimate kept: the forecasts brought."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType

import numpy as np
import pandas as pd

from sop_core.axes import Axes
from sop_core.calendar import month_column
from sop_core.cycle.estimate import STEPS, Estimate
from sop_core.demand.accuracy import EVERY
from sop_core.inputs import Ints
from sop_core.planner import Company
from sop_core.schema import ALL


def brought_estimate(company: Company) -> Estimate | None:
    """The last step of the last cycle before this plan that the table past_forecasts holds, over the plan's months
    that it forecast, at today's prices; None without one.

    What was forecast for all regions or segments together is spread by today's baseline.
    """
    inputs = company.inputs
    months = inputs.months
    table = company.snapshot.table("past_forecasts")
    cycles = month_column(table["cycle"])
    before = cycles[cycles < months[0]]
    if not len(before):
        return None
    cycle = before.max()
    table = table[(cycles == cycle) & np.isin(month_column(table["month"]), months)]
    step = next((name for name in reversed(STEPS) if (table["step"] == name).any()), None)
    table = table[table["step"] == step]
    item = Axes(company.items, (), (), inputs.regions).item_at(table["product"])
    region, segment = (
        _place(table[name], names)
        for name, names in (("region", inputs.regions), ("segment", inputs.segments))
    )
    known = (item >= 0) & (region >= EVERY) & (segment >= EVERY)
    if not known.any():
        return None
    t = (month_column(table["month"]) - months[0]).astype(int)[known]
    base = inputs.demand.base
    units = np.zeros(base.shape)
    place = np.array([item[known], region[known], segment[known], t]).T
    worth = np.nan_to_num(table["quantity"].to_numpy(dtype=float)[known])
    for (i, r, m, at), amount in zip(place.tolist(), worth.tolist(), strict=True):
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


def _place(values: pd.Series, names: tuple[str, ...]) -> Ints:
    """[n] position of each name; EVERY for all of them together, less for names that are not planned."""
    places = {ALL: EVERY if len(names) > 1 else 0} | {name: n for n, name in enumerate(names)}
    return values.map(places).fillna(EVERY - 1).to_numpy(dtype=float).astype(np.int64)
