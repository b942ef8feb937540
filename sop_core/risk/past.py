"""What a company's own past forecasts got wrong, by item: for companies that bring a demand plan, not a forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.cycle.expected import expected, record
from sop_core.demand.accuracy import compare
from sop_core.inputs import Floats
from sop_core.planner import Company

#: Lags that tell an item's typical error; later ones are fewer and grow as GROWTH says.
_NEAR = 3
#: Months of errors that an item needs for an error of its own.
_LEAST = 6
#: Part of an item's own error in what it is given; the rest is the company's typical one (as in forecast_intervals.py).
_OWN = 0.5


@dataclass(frozen=True, slots=True)
class Trial:
    """Relative errors of one item in consecutive months, forecast at one time."""

    item: int
    start: int  #: first month, counted from the plan's start (negative = before it)
    values: Floats  #: [h] error / the item's typical error; nan = not known


def past_trials(company: Company) -> tuple[list[Trial], Floats, float]:
    """(trials, [i] standard deviation of error / demand at lag 1 to 3 (nan = unknown), bias): the last step of the
    review that was brought, summed to items. Nothing known where no forecasts of closed months were brought."""
    count = len(company.inputs.items)
    unknown = np.full(count, np.nan)
    actual = record(company)
    rows = expected(company, ()).rows
    steps = rows.steps()
    if actual is None or not len(rows) or not steps:
        return [], unknown, float("nan")
    prices = np.ones(company.inputs.demand.opening_backlog.shape)
    seen = compare(rows.take(rows.complete(steps[-1:])), actual, prices)
    if not len(seen):
        return [], unknown, float("nan")
    frame = pd.DataFrame(
        {
            "item": seen.rows.item,
            "cycle": seen.rows.cycle.astype(np.int64),
            "month": seen.rows.month.astype(np.int64),
            "forecast": seen.rows.units[:, steps[-1]],
            "actual": seen.actual,
        }
    )
    frame = frame.groupby(["item", "cycle", "month"], as_index=False).sum()
    frame["error"] = frame["forecast"] - frame["actual"]
    near = frame[frame["month"] - frame["cycle"] < _NEAR]
    relative = unknown.copy()
    for _, own in near.groupby("item"):
        item, mean = int(own["item"].iloc[0]), float(own["actual"].mean())
        if len(own) >= _LEAST and mean > 0:
            relative[item] = float(np.sqrt((own["error"] ** 2).mean())) / mean
    if np.isfinite(relative).any():
        relative = _OWN * relative + (1.0 - _OWN) * float(np.nanmedian(relative))
    start = company.inputs.months[0].astype("datetime64[M]").astype(np.int64)
    bias = float(frame["error"].sum() / frame["actual"].sum()) if frame["actual"].sum() > 0 else float("nan")
    return _trials(frame, int(start)), relative, bias


def _trials(frame: pd.DataFrame, start: int) -> list[Trial]:
    """One trial an item and cycle."""
    size = np.sqrt((frame["error"] ** 2).groupby(frame["item"]).transform("mean"))
    frame = frame.assign(error=frame["error"] / size.where(size > 0))
    out = []
    for _, own in frame.groupby(["item", "cycle"]):
        months = own["month"].to_numpy(dtype=np.int64)
        values = np.full(int(months.max() - months.min()) + 1, np.nan)
        values[months - months.min()] = own["error"].to_numpy(dtype=float)
        if np.isfinite(values).any():
            out.append(Trial(int(own["item"].iloc[0]), int(months.min()) - start, values))
    return out
