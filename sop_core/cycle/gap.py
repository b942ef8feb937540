"""The latest estimate beside the budget. Gap = LE - budget: above zero the estimate is above the budget."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, fiscal_year, month_column
from sop_core.demand.accuracy import EVERY
from sop_core.inputs import Bools, Floats, Ints
from sop_core.planner import Company
from sop_core.schema import ALL


def budget_cells(company: Company, months: MonthArray, column: str) -> Floats | None:
    """[i, r + 1, m + 1, n] the budget's `column` (quantity in units, revenue in money) at planning level; in the last
    places stands what was budgeted for all regions or segments together. nan in months without any budget; None
    without a budget of that column.

    A family's budget is spread over its items, and a budget without product and family over all items, by their
    part of the planned demand (in money for the revenue).
    """
    frame = company.snapshot.table("budget")
    frame = frame[frame[column].notna()]
    at = (
        (month_column(frame["month"]) - months[0]).astype(np.int64)
        if len(months)
        else np.zeros(0, dtype=np.int64)
    )
    frame, at = frame[(at >= 0) & (at < len(months))], at[(at >= 0) & (at < len(months))]
    if not len(frame):
        return None
    inputs, items = company.inputs, company.items
    region = _place(frame["region"], inputs.regions)
    segment = _place(frame["segment"], inputs.segments)
    demand = inputs.demand
    weight = demand.base * demand.price if column == "revenue" else demand.base
    share, row_share = _shares(frame, items.position, items.family, weight.sum(axis=(1, 2, 3)) + 1e-9)
    shape = (len(items.names), len(inputs.regions) + 1, len(inputs.segments) + 1, len(months))
    grouped = np.zeros((len(share), *shape[1:]))
    np.add.at(grouped, (row_share, region, segment, at), frame[column].to_numpy(dtype=float))
    out: Floats = np.tensordot(share.T, grouped, axes=1)
    out[..., np.setdiff1d(np.arange(len(months)), at)] = np.nan
    return out


def _place(values: pd.Series, names: tuple[str, ...]) -> Ints:
    """[n] position of names; EVERY for All and for names that the company does not know (they count in totals)."""
    places = {ALL: EVERY if len(names) > 1 else 0} | {name: n for n, name in enumerate(names)}
    return values.map(places).fillna(EVERY).to_numpy(dtype=float).astype(np.int64)


def _shares(
    frame: pd.DataFrame, position: dict[str, int], family: tuple[str, ...], weight: Floats
) -> tuple[Floats, Ints]:
    """([g, i] how each kind of row is spread over items, [n] kind of each row)."""
    product = frame["product"].where(frame["product"].notna(), "").astype(str)
    of_family = frame["family"].where(frame["family"].notna(), "").astype(str)
    keys = pd.MultiIndex.from_arrays([product, of_family])
    codes, kinds = pd.factorize(keys)
    families = np.array(family, dtype=object)
    shares = []
    for name, group in kinds:
        if name in position:
            mask = np.arange(len(families)) == position[name]
        else:
            mask = families == group if group else np.ones(len(families), dtype=bool)
        # A family that is planned no more still counts in the company's total.
        mask = mask if mask.any() else np.ones(len(families), dtype=bool)
        shares.append(np.where(mask, weight, 0.0) / weight[mask].sum())
    return np.array(shares), codes.astype(np.int64)


def in_view(cells: Floats, items: Bools, regions: Bools, segments: Bools) -> Floats | None:
    """[n] what was budgeted for a part of the company, by masks [i], [r], [m]; None where it was not budgeted at that
    level: what stands for all regions (or segments) together has no part in one of them.
    """
    chosen_regions, chosen_segments = _with_every(regions), _with_every(segments)
    picked = cells[np.ix_(items, chosen_regions, chosen_segments)]
    blank = np.isnan(picked).all(axis=(0, 1, 2))
    total = np.where(blank, np.nan, np.nansum(picked, axis=(0, 1, 2)))
    return total if np.nansum(np.abs(total)) > 0 else None


def _with_every(chosen: Bools) -> Bools:
    """A mask with the place of EVERY, which belongs to the whole alone."""
    return np.append(chosen, bool(chosen.all()))


def by_fiscal_year(months: MonthArray, first_month: int) -> list[tuple[int, Ints]]:
    """(fiscal year, positions of its months), in order."""
    years = np.array([fiscal_year(m, first_month) for m in months])
    return [(int(year), np.flatnonzero(years == year)) for year in np.unique(years)]
