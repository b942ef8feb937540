"""List prices by product, region and month, and the net price of an order by item, region, segment and month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_column
from sop_core.demand.history import History
from sop_core.inputs import Bools, Floats
from sop_core.planning_level import PlanningItems
from sop_core.schema import ALL
from sop_core.snapshot import Snapshot, rows_of

#: Months over which the realised price is measured.
WINDOW = 12


@dataclass(frozen=True, slots=True)
class ListPrices:
    """List prices of every product, in the order of `PlanningItems.position`, over some months."""

    months: MonthArray
    price: Floats  #: [p, r, h] money/unit
    listed: Bools  #: [p] whether the price list has rows for it

    def by_item(self, items: PlanningItems) -> Floats:
        """[i, r, h] of planning items: the mean of their products by their part of the item's demand."""
        out = np.zeros((len(items.names), *self.price.shape[1:]))
        for p, (product, i) in enumerate(items.position.items()):
            out[i] += items.share[product] * self.price[p]
        return out


def list_prices(snapshot: Snapshot, items: PlanningItems, months: MonthArray) -> ListPrices:
    """The price list over past and coming months: the latest row up to a month, a region's own before one for All.

    Before the first row stands its price where the row lies before the plan: a list that begins is no price change.
    A first row in the plan is one, from the product's own price, which is today's.
    """
    regions = tuple(snapshot.table("regions")["region"])
    today = snapshot.table("products").set_index("product")["price"]
    start = snapshot.settings.plan_start
    place = {product: n for n, product in enumerate(items.position)}
    own = today.loc[list(place)].to_numpy(dtype=float)
    price = np.empty((len(place), len(regions), len(months)))
    price[:] = own[:, None, None]
    listed = np.zeros(len(place), dtype=bool)
    table = snapshot.table("prices")
    # Rows for every region first, so that a region's own row has the last word.
    table = table.assign(own=table["region"] != ALL).sort_values(["own", "month"], kind="stable")
    seen: set[tuple[int, int | None]] = set()
    for row, month in zip(rows_of(table), month_column(table["month"]), strict=True):
        if row.product not in place or (row.region != ALL and row.region not in regions):
            continue
        p, r = place[row.product], None if row.region == ALL else regions.index(row.region)
        target = price[p] if r is None else price[p, r]
        first = (p, r) not in seen and (p, None) not in seen
        seen.add((p, r))
        begins = first and (month < start or own[p] <= 0)
        target[..., slice(None) if begins else months >= month] = row.price
        listed[p] = True
    return ListPrices(months, price, listed)


def list_price(snapshot: Snapshot, items: PlanningItems, months: MonthArray, base: Floats) -> Floats:
    """[i, r, m, h] list price of items over some months, alike in all segments of `base` [i, r, m, t]."""
    priced = list_prices(snapshot, items, months).by_item(items)
    return np.repeat(priced[:, :, None, :], base.shape[2], axis=2)


def net_price(listed: Floats, history: History | None, list_before: Floats | None, invoiced: bool) -> Floats:
    """[i, r, m, t] list price x the part of it that customers really paid over the last twelve months.

    `listed`: list price ahead; `list_before`: list price [i, r, m, h] of the history's months; `invoiced`: the
    sales carry revenue of their own. Realisation is measured by item and segment over all regions, where at
    least one unit was sold; else the item's, else list price. Free goods and returns cannot push it below 0.
    """
    if history is None or list_before is None or not invoiced:
        return listed
    recent = slice(max(len(history.months) - WINDOW, 0), None)
    paid = np.maximum(history.revenue[..., recent], 0.0).sum(axis=(1, 3))
    units = np.maximum(history.sold[..., recent], 0.0)
    at_list = (units * list_before[..., recent]).sum(axis=(1, 3))
    item = np.divide(
        paid.sum(axis=1), at_list.sum(axis=1), out=np.ones(len(paid)), where=at_list.sum(axis=1) > 0
    )
    share = np.divide(paid, at_list, out=np.repeat(item[:, None], paid.shape[1], axis=1), where=at_list > 0)
    priced: Floats = listed * share[:, None, :, None]
    # Items without a list price are priced at what they brought.
    average = np.divide(
        paid, units.sum(axis=(1, 3)), out=np.zeros_like(paid), where=units.sum(axis=(1, 3)) > 0
    )
    return np.where(listed > 0, priced, average[:, None, :, None])
