"""The demand signal by product: what the planning level adds up, kept apart for questions about one product.

Units are as recorded (orders by requested month where they cover it, else sales), before any cleansing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, month_column
from sop_core.demand.history import History, invoiced_revenue
from sop_core.inputs import Bools, Floats
from sop_core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Signal:
    """[p, r, m, h] units asked for, units invoiced and their revenue, by product over the history's months.
    Revenue is quantity x list price where the invoices carry none."""

    months: MonthArray
    position: dict[str, int]  #: product -> place on the first axis
    regions: tuple[str, ...]
    segments: tuple[str, ...]
    units: Floats
    sold: Floats
    revenue: Floats

    def rows(self, products: Iterable[str]) -> list[int]:
        """Places of the products that there are."""
        return [self.position[name] for name in products if name in self.position]

    def series(
        self, products: Iterable[str], regions: Bools | None = None, segments: Bools | None = None
    ) -> Floats:
        """[h] units of the products in the regions and segments given (None: all)."""
        out: Floats = self.cells(self.units, products, regions, segments).sum(axis=(0, 1, 2))
        return out

    def cells(
        self,
        values: Floats,
        products: Iterable[str],
        regions: Bools | None = None,
        segments: Bools | None = None,
    ) -> Floats:
        """[p', r', m', h] part of an array of this signal's shape."""
        r = np.ones(len(self.regions), dtype=bool) if regions is None else regions
        m = np.ones(len(self.segments), dtype=bool) if segments is None else segments
        out: Floats = values[np.ix_(np.array(self.rows(products), dtype=int), r, m)]
        return out


def product_signal(snapshot: Snapshot, history: History) -> Signal:
    """The signal of a company over the months of its history."""
    products = {str(name): n for n, name in enumerate(snapshot.table("products")["product"])}
    regions = tuple(snapshot.table("regions")["region"])
    segments = tuple(snapshot.table("segments")["segment"])
    shape = (len(products), len(regions), len(segments), len(history.months))
    places = tuple(
        pd.Series(np.arange(len(names), dtype=float), index=list(names))
        for names in (products, regions, segments)
    )
    sales, orders = snapshot.table("sales"), snapshot.table("orders")

    def gathered(frame: pd.DataFrame, month: MonthArray, values: pd.Series) -> Floats:
        out = np.zeros(shape)
        if not len(frame):
            return out
        p, r, m = (
            frame[name].map(place).to_numpy(dtype=float)
            for name, place in zip(("product", "region", "segment"), places, strict=True)
        )
        at = (month - history.months[0]).astype(int)
        known = ~(np.isnan(p) | np.isnan(r) | np.isnan(m)) & (at >= 0) & (at < shape[3])
        index = (p[known].astype(int), r[known].astype(int), m[known].astype(int), at[known])
        np.add.at(out, index, values.to_numpy(dtype=float)[known])
        return out

    sold = gathered(sales, month_column(sales["month"]), sales["quantity"])
    asked = gathered(orders, orders["due_on"].to_numpy().astype("datetime64[M]"), orders["quantity"])
    from_orders = np.array(history.signal) == "orders"
    revenue = gathered(sales, month_column(sales["month"]), invoiced_revenue(snapshot))
    return Signal(
        months=history.months,
        position=products,
        regions=regions,
        segments=segments,
        units=np.where(from_orders, asked, sold),
        sold=sold,
        revenue=revenue,
    )
