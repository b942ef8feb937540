"""The months of a pack: a few closed ones with what happened, then those of the plan; and how values are laid on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sop_core.calendar import MonthArray, month_column, months_from
from sop_core.inputs import Floats
from sop_core.pack.value import Monthly
from sop_core.plan import Plan
from sop_core.planner import Company

#: Closed months shown before the plan, where the history reaches that far.
MOST_CLOSED: Final = 6


@dataclass(frozen=True, slots=True)
class Closed:
    """What happened in the closed months [n] by item [i, n]; None where it is not known."""

    months: MonthArray
    demand: Floats | None
    served: Floats | None
    revenue: Floats | None
    stock: Floats | None  #: units at month end; nan in months without a count
    margin: Floats | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.months)


def closed_months(company: Company) -> Closed:
    """The last closed months; none where the history does not reach up to the plan."""
    history, start = company.history, company.inputs.months[0]
    if history is None or not len(history.months) or history.months[-1] != start - 1:
        return Closed(months_from(start, 0), None, None, None, None)
    count = min(MOST_CLOSED, len(history.months))
    months = history.months[-count:]
    invoiced = company.snapshot.has("sales") and bool(
        company.snapshot.table("sales")["revenue"].notna().any()
    )

    def recent(values: Floats) -> Floats:
        found: Floats = values[..., -count:].sum(axis=(1, 2))
        return found

    return Closed(
        months,
        recent(history.actual),
        recent(history.sold),
        recent(history.revenue) if invoiced else None,
        _counted(company, months),
    )


def _counted(company: Company, months: MonthArray) -> Floats | None:
    """[i, n] units in stock at the end of closed months, nan in months without a count; None where none was brought."""
    table = company.snapshot.table("inventory")
    if not len(table):
        return None
    at = (month_column(table["month"]) - months[0]).astype(int)
    item = table["product"].map(company.items.position).to_numpy(dtype=float)
    keep = (at >= 0) & (at < len(months)) & np.isfinite(item)
    out = np.zeros((len(company.inputs.items), len(months)))
    np.add.at(out, (item[keep].astype(int), at[keep]), table["quantity"].to_numpy(dtype=float)[keep])
    out[:, np.setdiff1d(np.arange(len(months)), at[keep])] = np.nan
    return out if np.isfinite(out).any() else None


def monthly(values: Floats, before: Floats | None = None, closed: int = 0) -> Monthly:
    """Values of closed months [n] (None: not known) and of planned ones [t] as a pack holds them."""
    ahead = np.asarray(values, dtype=float)
    past = np.full(closed, np.nan) if before is None else np.asarray(before, dtype=float)
    return tuple(float(x) + 0.0 if np.isfinite(x) else None for x in np.concatenate([past, ahead]).tolist())


def labels(closed: Closed, plan: Plan) -> tuple[str, ...]:
    """`2026-11` for every month of the pack."""
    return tuple(str(month) for month in np.concatenate([closed.months, plan.inputs.months]))
