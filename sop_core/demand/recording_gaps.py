"""Steps of the cleansing that mend what was recorded: channels that did not report, months without stock,
returns beyond sales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.calendar import month_column, month_label
from sop_core.demand.corrections import Ledger, leaf_expected, spread_excess
from sop_core.demand.usual import Usual, typical_month, usual
from sop_core.inputs import Bools, Floats
from sop_core.snapshot import Snapshot

#: A segment of at least this part of the company's volume that shows nothing for a month did not report.
CHANNEL = 0.05
#: Months of activity from which a gap can be told from a start.
_ACTIVE = 6
#: Above this part of its months, being without sales or stock is a way of trading, not an accident.
_OFTEN = 0.2
#: Sales below this part of what is usual, with the stock run out, are taken as short supply.
_SHORT = 0.6
#: Stock below this part of a usual month is as good as none.
_EMPTY = 0.02
#: An item that is out of stock in a larger part of its months does not live from stock.
_RARE = 0.3
#: Months without stock and sales at the end of the history that may be a shortage rather than the end.
_TAIL = 3


def fill_missing_channels(cleaned: Floats, ledger: Ledger) -> None:
    """A segment that is usually there and shows nothing at all for a month did not report."""
    totals = cleaned.sum(axis=(0, 1))
    company = totals.sum(axis=0)
    after = cleaned.copy()
    for m in range(cleaned.shape[2]):
        active = np.flatnonzero(totals[m] > 0)
        if len(active) < _ACTIVE or totals[m].sum() < CHANNEL * company.sum():
            continue
        inside = np.zeros(len(company), dtype=bool)
        inside[active[0] : active[-1] + 1] = True
        gap = inside & (totals[m] <= 0)
        gap &= company - totals[m] > 0  # where nobody sold, it was not the channel
        if not gap.any() or gap.sum() > _OFTEN * inside.sum():
            continue
        after[:, :, m, :] = _between(cleaned[:, :, m, :], gap)
    segments = ledger.axes.segments

    def why(i: int, r: int, m: int, h: int) -> str:
        return f"{segments[m]} shows no sales at all in the month: filled between its neighbours"

    ledger.propose(cleaned, after, "missing channel", why)


def fill_stock_outs(snapshot: Snapshot, cleaned: Floats, invoiced: Bools, ledger: Ledger) -> None:
    """Months of an item in which goods were missing, where sales are the signal (`invoiced` [h]): orders say what
    was wanted, whether or not there was stock."""
    stock = month_end_stock(snapshot, ledger)
    if stock is None or not invoiced.any():
        return
    totals = cleaned.sum(axis=(1, 2))
    empty = invoiced & (stock <= 0)
    out, tail = _without_goods(totals, empty)
    normal = usual(totals, ledger.axes.months, ~(out | tail))
    filled = _FilledOut(cleaned, totals, out, normal)
    labels = [month_label(month) for month in ledger.axes.months]
    ledger.propose(
        cleaned,
        filled.fill(),
        "stock-out",
        lambda i, r, m, h: "no stock and no demand recorded: filled with what is usual for the item",
    )
    caught, source, gate = filled.catch_up(cleaned, invoiced, ledger)
    ledger.propose(
        cleaned,
        caught,
        "stock-out",
        lambda i, r, m, h: (
            f"more than usual in the month after {labels[source[i, h]]}, which had no stock: "
            "late deliveries, counted when they were wanted"
        ),
        gate=gate,
    )
    _short_supply(cleaned, invoiced, stock, normal, out, tail, ledger)


def net_returns(cleaned: Floats, ledger: Ledger) -> None:
    """Months in which returns exceed sales count as no demand."""
    ledger.propose(
        cleaned,
        np.maximum(cleaned, 0.0),
        "returns",
        lambda i, r, m, h: "returns exceed sales in the month: counted as no demand",
    )


def month_end_stock(snapshot: Snapshot, ledger: Ledger) -> Floats | None:
    """[i, h] stock of an item at month end over all sites, units; nan where it was not recorded, None without any
    record."""
    inventory = snapshot.table("inventory")
    if not len(inventory):
        return None
    axes = ledger.axes
    at = (month_column(inventory["month"]) - axes.months[0]).astype(int)
    i = axes.item_at(inventory["product"])
    ok = (i >= 0) & (at >= 0) & (at < len(axes.months))
    if not ok.any():
        return None
    shape = (axes.shape[0], axes.shape[3])
    flat = np.ravel_multi_index((i[ok], at[ok]), shape)
    held = np.maximum(np.nan_to_num(inventory["quantity"].to_numpy(dtype=float)[ok]), 0.0)
    size = shape[0] * shape[1]
    units = np.bincount(flat, weights=held, minlength=size).reshape(shape)
    seen = np.bincount(flat, minlength=size).reshape(shape) > 0
    return np.where(seen, units, np.nan)


def _without_goods(totals: Floats, empty: Bools) -> tuple[Bools, Bools]:
    """([i, h] months between sales without stock and sales, the same behind the last sale, at most `_TAIL`)."""
    out, tail = np.zeros_like(empty), np.zeros_like(empty)
    count = totals.shape[1]
    for i, row in enumerate(totals):
        active = np.flatnonzero(row > 0)
        if len(active) < _ACTIVE:
            continue
        inside = np.zeros(count, dtype=bool)
        inside[active[0] : active[-1] + 1] = True
        found = inside & empty[i] & (row <= 0)
        if found.sum() <= _OFTEN * inside.sum():
            out[i] = found
        left = np.arange(count) > active[-1]
        if 0 < left.sum() <= _TAIL and empty[i][left].all():
            tail[i] = left
    return out, tail


@dataclass(frozen=True, slots=True)
class _FilledOut:
    """Months without goods of all items, and what is usual for them."""

    cleaned: Floats
    totals: Floats
    out: Bools
    normal: Usual

    def expected(self, i: int) -> Floats:
        """[h] what is usual for the item; between its neighbours where that cannot be said."""
        return np.where(
            np.isfinite(self.normal.expected[i]),
            self.normal.expected[i],
            _between(self.totals[i][None], self.out[i])[0],
        )

    def fill(self) -> Floats:
        """The history with the months filled."""
        after = self.cleaned.copy()
        for i in np.flatnonzero(self.out.any(axis=1)):
            expected = self.expected(int(i))
            for h in np.flatnonzero(self.out[i]):
                after[i, :, :, h] = leaf_expected(self.cleaned, int(i), int(h), ~self.out[i], expected[h])
        return after

    def catch_up(self, cleaned: Floats, invoiced: Bools, ledger: Ledger) -> tuple[Floats, np.ndarray, Bools]:
        """(the history with late deliveries taken out of the month after the gap, [i, h] the month they come
        from, where they may act: leaves whose gap is filled)."""
        after, count = cleaned.copy(), self.totals.shape[1]
        source = np.zeros((len(self.totals), count), dtype=int)
        gate = np.zeros(cleaned.shape, dtype=bool)
        accepted = ledger.accepted("stock-out")
        for i, last in np.argwhere(self.out & ~np.roll(self.out, -1, axis=1)).tolist():
            h = last + 1
            if h >= count or not invoiced[h]:
                continue
            expected, start = self.expected(i), last
            while start > 0 and self.out[i, start - 1]:
                start -= 1
            excess = self.totals[i, h] - expected[h]
            clear = self.normal.deviation[i, h] > 2.0 * self.normal.scatter[i]
            if not clear or excess < 0.25 * expected[h]:
                continue
            moved = min(excess, float(expected[start:h].sum()))
            leaves = cleaned[i, :, :, h]
            own = leaf_expected(cleaned, i, h, ~self.out[i] & (np.arange(count) != h), expected[h])
            after[i, :, :, h] = spread_excess(leaves, own, self.totals[i, h] - moved)
            source[i, h] = last
            gate[i, :, :, h] = accepted[i, :, :, start:h].any(axis=-1)
        return after, source, gate


def _short_supply(
    cleaned: Floats,
    invoiced: Bools,
    stock: Floats,
    normal: Usual,
    out: Bools,
    tail: Bools,
    ledger: Ledger,
) -> None:
    """Months in which stock ran out and sales stayed far below what is usual; and the last months where both have
    ended. It may have been demand that was missing, so nothing acts by itself."""
    totals = cleaned.sum(axis=(1, 2))
    expected = normal.expected
    gone = stock <= _EMPTY * typical_month(totals)[:, None]
    recorded = np.isfinite(stock).sum(axis=1)
    keeps = (recorded > 0) & (gone.sum(axis=1) <= _RARE * recorded)
    below = (normal.deviation < -2.0 * normal.scatter[:, None]) & (totals < _SHORT * expected)
    short = keeps[:, None] & gone & below & invoiced & (totals > 0) & ~ledger.explained
    short |= keeps[:, None] & tail & (expected > 0)
    after = cleaned.copy()
    for i, h in np.argwhere(short).tolist():
        good = ~(out[i] | tail[i] | short[i])
        own = leaf_expected(cleaned, i, h, good, expected[i, h])
        after[i, :, :, h] = spread_excess(cleaned[i, :, :, h], own, expected[i, h])

    def why(i: int, r: int, m: int, h: int) -> str:
        if tail[i, h]:
            return (
                "neither stock nor sales up to the end of the history: a shortage, unless the item has ended"
            )
        return (
            f"stock ran out and the item sold {totals[i, h]:,.0f} where {expected[i, h]:,.0f} is usual: "
            "part of the demand was probably lost"
        )

    ledger.propose(cleaned, after, "short supply", why)


def _between(series: Floats, bad: Bools) -> Floats:
    """Linear interpolation over the last axis where `bad` [h]; ends take the nearest good value."""
    positions, good = np.arange(series.shape[-1]), ~bad
    out = series.copy()
    if not good.any() or not bad.any():
        return out
    flat = series.reshape(-1, series.shape[-1])
    filled = np.array([np.interp(positions[bad], positions[good], row[good]) for row in flat])
    out[..., bad] = filled.reshape(*series.shape[:-1], int(bad.sum()))
    return out
