"""From history to a demand signal: what customers wanted, month by month, cleansed in visible steps.

Each correction is listed with before, after and reason (`History.corrections`); nothing is silent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, iso_month, month_column, month_label, months_from
from sop_core.demand.cleansing import NO_VERDICTS, Verdicts
from sop_core.demand.corrections import Axes, Correction, Ledger
from sop_core.demand.outliers import flag_outliers
from sop_core.demand.past_promotions import take_out_promotions
from sop_core.demand.recording_gaps import fill_missing_channels, fill_stock_outs, net_returns
from sop_core.inputs import Floats
from sop_core.planning_level import PlanningItems
from sop_core.snapshot import PARTIAL, Snapshot

__all__ = ["ORDERS_COVER", "Correction", "History", "build_history", "invoiced_revenue"]

#: Orders are taken as the demand signal of a month when they reach this part of its sales.
ORDERS_COVER = 0.9

_COLUMNS = (
    "month",
    "item",
    "region",
    "segment",
    "kind",
    "cause",
    "before",
    "after",
    "accepted",
    "reason",
)


@dataclass(frozen=True, slots=True)
class History:
    """Demand history at planning level, [i, r, m, h], months oldest first, ending before the plan."""

    months: MonthArray
    actual: Floats  #: units as recorded (orders where they cover the month, else sales)
    cleaned: Floats  #: units after the corrections that act: what the forecast is fitted to
    sold: Floats  #: units invoiced
    revenue: Floats  #: net revenue as invoiced, money
    signal: tuple[str, ...]  #: [h] `orders` or `sales`
    corrections: tuple[Correction, ...]  #: all proposals, in the order of the steps, acting or not

    def corrections_frame(self) -> pd.DataFrame:
        """All proposals as a tidy frame: month, item, region, segment, kind, cause, before, after (units),
        accepted (whether it acts), reason."""
        rows = [
            (
                iso_month(c.month),
                c.item,
                c.region,
                c.segment,
                c.kind,
                c.cause,
                c.before,
                c.after,
                c.accepted,
                c.reason,
            )
            for c in self.corrections
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS))


def build_history(
    snapshot: Snapshot, items: PlanningItems, verdicts: Verdicts = NO_VERDICTS
) -> History | None:
    """The cleansed history before `plan_start`; None where the company brought neither sales nor orders.

    Each step starts from what the accepted proposals of the steps before have left. `verdicts` decide which
    proposals act.
    """
    regions = tuple(snapshot.table("regions")["region"])
    segments = tuple(snapshot.table("segments")["segment"])
    sales = snapshot.table("sales")
    orders = snapshot.table("orders")
    end = snapshot.settings.plan_start
    sold_in = month_column(sales["month"])
    due_in = orders["due_on"].to_numpy().astype("datetime64[M]")
    starts = [sold_in.min()] if len(sales) else []
    if not len(sales) and len(orders):
        starts.append(due_in.min())
    if not starts or starts[0] >= end:
        return None
    months = months_from(np.datetime64(starts[0], "M"), int((end - starts[0]).astype(int)))
    axes = Axes(items, regions, segments, months)
    cells = axes.cells(sales, sold_in)
    sold = axes.add_up(cells, sales["quantity"].to_numpy(dtype=float))
    revenue = axes.add_up(cells, invoiced_revenue(snapshot).to_numpy(dtype=float))
    asked = axes.add_up(axes.cells(orders, due_in), orders["quantity"].to_numpy(dtype=float))
    covered = _orders_cover(asked, sold)
    actual = np.where(covered, asked, sold)
    start = Ledger(axes, verdicts)
    first = _cut_first_month(actual, start)
    ledger = Ledger(axes.after(first), verdicts)
    ledger.rows.extend(start.rows)
    cleaned = actual[..., first:].copy()
    fill_missing_channels(cleaned, ledger)
    fill_stock_outs(snapshot, cleaned, ~covered[first:], ledger)
    net_returns(cleaned, ledger)
    take_out_promotions(snapshot, cleaned, ledger)
    flag_outliers(snapshot, cleaned, ledger)
    _note_last_month(snapshot, cleaned, sold_in if len(sales) else due_in, ledger)
    return History(
        months=months[first:],
        actual=actual[..., first:],
        cleaned=cleaned,
        sold=sold[..., first:],
        revenue=revenue[..., first:],
        signal=tuple("orders" if c else "sales" for c in covered[first:]),
        corrections=tuple(ledger.rows),
    )


def invoiced_revenue(snapshot: Snapshot) -> pd.Series:
    """Revenue of every row of sales, money: as invoiced, else quantity x the product's own price."""
    sales = snapshot.table("sales")
    price = (
        snapshot.table("products")
        .set_index("product")["price"]
        .reindex(sales["product"])
        .to_numpy(dtype=float)
    )
    return sales["revenue"].where(
        sales["revenue"].notna(), sales["quantity"].to_numpy() * np.nan_to_num(price)
    )


def _orders_cover(asked: Floats, sold: Floats) -> np.ndarray:
    """[h] whether orders are the signal of the month: they reach most of its sales, and all months after do."""
    ordered, delivered = asked.sum(axis=(0, 1, 2)), sold.sum(axis=(0, 1, 2))
    enough = (ordered > 0) & (ordered >= ORDERS_COVER * delivered)
    covered: np.ndarray = np.logical_and.accumulate(enough[::-1])[::-1]
    return covered


def _cut_first_month(actual: Floats, ledger: Ledger) -> int:
    """Position of the first month that counts: one far below the next ones is partial and left out."""
    totals = actual.sum(axis=(0, 1, 2))
    if len(totals) < 7:
        return 0
    usual = max(float(np.median(totals[1:4])), float(np.median(totals[1:13])))
    if totals[0] >= PARTIAL * np.median(totals[1:4]) or totals[0] >= PARTIAL * np.median(totals[1:13]):
        return 0
    month = ledger.axes.months[0]
    reason = (
        f"{month_label(month)} has {totals[0]:,.0f} units where the months after it have some {usual:,.0f}: "
        "taken as partial and left out"
    )
    return int(ledger.company(month, "partial month", float(totals[0]), reason))


def _note_last_month(snapshot: Snapshot, cleaned: Floats, months: MonthArray, ledger: Ledger) -> None:
    """Lists a last month that was left out because it is still running (see snapshot.last_closed_month)."""
    settings = snapshot.settings
    if "plan_start" in settings.given or settings.demand != "forecast":
        return
    table = snapshot.table("sales") if snapshot.has("sales") else snapshot.table("orders")
    late = months == settings.plan_start
    if not late.any() or not snapshot.has("sales"):
        return
    total = float(table["quantity"].to_numpy(dtype=float)[late].sum())
    recent = float(np.median(cleaned.sum(axis=(0, 1, 2))[-3:]))
    reason = (
        f"{month_label(settings.plan_start)} has {total:,.0f} units so far where the three months before had some "
        f"{recent:,.0f}: taken as still running, so the plan starts with it. To take it in, set plan_start later"
    )
    ledger.company(settings.plan_start, "partial last month", total, reason)
