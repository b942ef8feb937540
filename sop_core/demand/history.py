"""From history to a demand signal: what customers wanted, month by month, cleansed in visible steps.

Each correction is listed with before, after and reason (`History.corrections`); nothing is silent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, days_in, iso_month, month_column, month_label, months_from
from sop_core.demand.cleansing import NO_VERDICTS, Verdicts
from sop_core.inputs import Floats
from sop_core.planning_level import PlanningItems
from sop_core.snapshot import PARTIAL, Snapshot, rows_of

#: Orders are taken as the demand signal of a month when they reach this part of its sales.
ORDERS_COVER = 0.9
#: A segment of at least this part of the company's volume that shows nothing for a month did not report.
CHANNEL = 0.05


@dataclass(frozen=True, slots=True)
class Correction:
    """One cleansing step on one series and month, in units."""

    month: np.datetime64
    item: str
    region: str
    segment: str
    kind: str  #: partial month, missing channel, stock-out, returns, promotion
    before: float
    after: float
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """Demand history at planning level, [i, r, m, h], months oldest first, ending before the plan."""

    months: MonthArray
    actual: Floats  #: units as recorded (orders where they cover the month, else sales)
    cleaned: Floats  #: units after cleansing: what the forecast is fitted to
    sold: Floats  #: units invoiced
    revenue: Floats  #: net revenue as invoiced, money
    signal: tuple[str, ...]  #: [h] `orders` or `sales`
    corrections: tuple[Correction, ...]

    def corrections_frame(self) -> pd.DataFrame:
        """All corrections as a tidy frame."""
        columns = ["month", "item", "region", "segment", "kind", "before", "after", "reason"]
        rows = [
            (iso_month(c.month), c.item, c.region, c.segment, c.kind, c.before, c.after, c.reason)
            for c in self.corrections
        ]
        return pd.DataFrame(rows, columns=columns)


def build_history(
    snapshot: Snapshot, items: PlanningItems, verdicts: Verdicts = NO_VERDICTS
) -> History | None:
    """The cleansed history before `plan_start`; None where the company brought neither sales nor orders."""
    regions = tuple(snapshot.table("regions")["region"])
    segments = tuple(snapshot.table("segments")["segment"])
    sales = snapshot.table("sales")
    orders = snapshot.table("orders")
    end = snapshot.settings.plan_start
    starts = [month_column(sales["month"]).min()] if len(sales) else []
    if not len(sales) and len(orders):
        starts.append(orders["due_on"].to_numpy().astype("datetime64[M]").min())
    if not starts or starts[0] >= end:
        return None
    months = months_from(np.datetime64(starts[0], "M"), int((end - starts[0]).astype(int)))
    shape = (len(items.names), len(regions), len(segments), len(months))
    axes = _Axes(items, regions, segments, months)
    sold = axes.pivot(sales, month_column(sales["month"]), sales["quantity"], shape)
    revenue = axes.pivot(sales, month_column(sales["month"]), _revenue(snapshot), shape)
    asked = axes.pivot(orders, orders["due_on"].to_numpy().astype("datetime64[M]"), orders["quantity"], shape)
    covered = _orders_cover(asked, sold)
    actual = np.where(covered, asked, sold)
    corrections: list[Correction] = []
    cleaned = actual.copy()
    axes_note = _Noter(axes, corrections)
    first = _cut_first_month(cleaned, axes_note)
    _fill_missing_channels(cleaned, first, axes_note)
    _fill_stock_outs(snapshot, cleaned, first, axes_note)
    _net_returns(cleaned, axes_note)
    _take_out_promotions(snapshot, cleaned, axes_note)
    keep = slice(first, None)
    return History(
        months=months[keep],
        actual=actual[..., keep],
        cleaned=cleaned[..., keep],
        sold=sold[..., keep],
        revenue=revenue[..., keep],
        signal=tuple("orders" if c else "sales" for c in covered[keep]),
        corrections=tuple(corrections),
    )


class _Axes:
    """Positions of names on the axes of the history."""

    def __init__(
        self, items: PlanningItems, regions: tuple[str, ...], segments: tuple[str, ...], months: MonthArray
    ) -> None:
        self.items, self.regions, self.segments, self.months = items, regions, segments, months
        self._item = pd.Series(items.position, dtype="int64")
        self._region = pd.Series(np.arange(len(regions)), index=list(regions))
        self._segment = pd.Series(np.arange(len(segments)), index=list(segments))

    def pivot(
        self, frame: pd.DataFrame, month: MonthArray, values: pd.Series, shape: tuple[int, ...]
    ) -> Floats:
        out = np.zeros(shape)
        if not len(frame):
            return out
        at = (month - self.months[0]).astype(int)
        i = frame["product"].map(self._item).to_numpy(dtype=float)
        r = frame["region"].map(self._region).to_numpy(dtype=float)
        m = frame["segment"].map(self._segment).to_numpy(dtype=float)
        known = ~(np.isnan(i) | np.isnan(r) | np.isnan(m)) & (at >= 0) & (at < shape[3])
        index = (i[known].astype(int), r[known].astype(int), m[known].astype(int), at[known])
        np.add.at(out, index, values.to_numpy(dtype=float)[known])
        return out


class _Noter:
    """Writes corrections down; series that do not change are not noted."""

    def __init__(self, axes: _Axes, into: list[Correction]) -> None:
        self.axes, self.into = axes, into

    def all_changes(self, before: Floats, after: Floats, kind: str, reason: str) -> None:
        for i, r, m, h in np.argwhere(np.abs(before - after) > 1e-9):
            self.into.append(
                Correction(
                    self.axes.months[h],
                    self.axes.items.names[i],
                    self.axes.regions[r],
                    self.axes.segments[m],
                    kind,
                    float(before[i, r, m, h]),
                    float(after[i, r, m, h]),
                    reason,
                )
            )


def _revenue(snapshot: Snapshot) -> pd.Series:
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


def _cut_first_month(cleaned: Floats, note: _Noter) -> int:
    """Position of the first whole month: a first month far below the next ones is partial and cut."""
    totals = cleaned.sum(axis=(0, 1, 2))
    if len(totals) < 7:
        return 0
    if totals[0] < PARTIAL * np.median(totals[1:4]) and totals[0] < PARTIAL * np.median(totals[1:13]):
        before = totals[0]
        note.into.append(
            Correction(
                note.axes.months[0],
                "All",
                "All",
                "All",
                "partial month",
                float(before),
                0.0,
                f"{month_label(note.axes.months[0])} is far below the months after it: taken as partial and left out",
            )
        )
        return 1
    return 0


def _neighbours(series: Floats, bad: np.ndarray) -> Floats:
    """Linear interpolation over the last axis where `bad`; ends take the nearest good value."""
    positions = np.arange(series.shape[-1])
    good = ~bad
    if not good.any():
        return series
    flat = series.reshape(-1, series.shape[-1])
    filled = np.array([np.interp(positions[bad], positions[good], row[good]) for row in flat])
    out = series.copy()
    out[..., bad] = filled.reshape(*series.shape[:-1], int(bad.sum()))
    return out


def _fill_missing_channels(cleaned: Floats, first: int, note: _Noter) -> None:
    """A segment that is usually there and shows nothing at all for a month did not report."""
    totals = cleaned.sum(axis=(0, 1))
    company = totals.sum(axis=0)
    for m in range(cleaned.shape[2]):
        active = np.flatnonzero(totals[m] > 0)
        if len(active) < 6 or totals[m].sum() < CHANNEL * company.sum():
            continue
        inside = np.zeros(len(company), dtype=bool)
        inside[max(active[0], first) : active[-1] + 1] = True
        gap = inside & (totals[m] <= 0)
        gap &= company - totals[m] > 0  # where nobody sold, it was not the channel
        # More than one month in five without sales is a way of trading, not a gap in the data.
        if not gap.any() or gap.sum() > 0.2 * inside.sum():
            continue
        before = cleaned[:, :, m : m + 1, :].copy()
        bad = gap | (np.arange(len(company)) < first)
        filled = _neighbours(before, bad)
        filled[..., :first] = before[..., :first]
        after = cleaned.copy()
        after[:, :, m : m + 1, :] = filled
        note.all_changes(
            cleaned,
            after,
            "missing channel",
            f"{note.axes.segments[m]} shows no sales at all in the month: filled",
        )
        cleaned[:] = after


def _fill_stock_outs(snapshot: Snapshot, cleaned: Floats, first: int, note: _Noter) -> None:
    """Months of an item without stock and without demand recorded are filled from their neighbours."""
    inventory = snapshot.table("inventory")
    if not len(inventory):
        return
    axes = note.axes
    month = month_column(inventory["month"])
    at = (month - axes.months[0]).astype(int)
    i = inventory["product"].map(pd.Series(axes.items.position, dtype="int64")).to_numpy(dtype=float)
    ok = ~np.isnan(i) & (at >= 0) & (at < len(axes.months))
    stock = np.full((len(axes.items.names), len(axes.months)), np.nan)
    for row, h, quantity in zip(
        i[ok].astype(int), at[ok], inventory["quantity"].to_numpy(dtype=float)[ok], strict=True
    ):
        stock[row, h] = np.nansum([stock[row, h], max(quantity, 0.0)])
    totals = cleaned.sum(axis=(1, 2))
    for item in range(len(stock)):
        active = np.flatnonzero(totals[item] > 0)
        if len(active) < 6:
            continue
        inside = np.zeros(len(axes.months), dtype=bool)
        inside[max(active[0], first) : active[-1] + 1] = True
        out = inside & (stock[item] <= 0) & (totals[item] <= 0)
        if not out.any() or out.sum() > 0.2 * inside.sum():
            continue
        before = cleaned[item]
        bad = out | (np.arange(len(axes.months)) < active[0])
        filled = _neighbours(before, bad)
        filled[..., : active[0]] = before[..., : active[0]]
        after = cleaned.copy()
        after[item] = filled
        note.all_changes(
            cleaned, after, "stock-out", "no stock and no demand recorded: filled from its neighbours"
        )
        cleaned[:] = after


def _net_returns(cleaned: Floats, note: _Noter) -> None:
    """Months in which returns exceed sales count as no demand."""
    after = np.maximum(cleaned, 0.0)
    note.all_changes(cleaned, after, "returns", "returns exceed sales in the month: counted as no demand")
    cleaned[:] = after


def _take_out_promotions(snapshot: Snapshot, cleaned: Floats, note: _Noter) -> None:
    """Divides known uplifts out of past promotion months, so that the baseline is a baseline."""
    promotions = snapshot.table("promotions")
    if not len(promotions):
        return
    axes = note.axes
    products = snapshot.table("products")
    factor = np.ones_like(cleaned)
    for row in rows_of(promotions):
        if not row.uplift:
            continue
        part = month_part(axes.months, row.start, row.end)
        if not part.any():
            continue
        members = (
            [row.product]
            if isinstance(row.product, str)
            else list(products.loc[products["family"] == row.family, "product"])
        )
        share = np.zeros(len(axes.items.names))
        for product in members:
            if product in axes.items.position:
                share[axes.items.position[product]] += axes.items.share[product]
        region = np.array([row.region in ("All", name) for name in axes.regions])
        segment = np.array([row.segment in ("All", name) for name in axes.segments])
        factor += np.einsum(
            "i,r,m,h->irmh", np.minimum(share, 1.0), region * 1.0, segment * 1.0, part * row.uplift
        )
    after = cleaned / np.maximum(factor, 0.05)
    note.all_changes(cleaned, after, "promotion", "known uplift of a past promotion taken out")
    cleaned[:] = after


def month_part(
    months: MonthArray, start: pd.Timestamp | np.datetime64, end: pd.Timestamp | np.datetime64
) -> Floats:
    """[t] the part of each month's days that lies within start..end, both included."""
    first = months.astype("datetime64[D]")
    last = (months + 1).astype("datetime64[D]")
    begin = _day(start)
    stop = _day(end) + 1
    overlap = np.minimum(last, stop).astype(int) - np.maximum(first, begin).astype(int)
    return np.clip(overlap, 0, None) / days_in(months)


def _day(value: pd.Timestamp | np.datetime64) -> np.datetime64:
    day: np.datetime64 = pd.Timestamp(value).to_datetime64().astype("datetime64[D]")
    return day
