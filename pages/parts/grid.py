"""Months across: past facts and the plan gathered at one selection, and the family grid.

Nothing here draws. A `MonthGrid` is months, the zone each month lies in (actuals, frozen, plan) and blocks of
rows; `tables.month_table` writes it as HTML and `MonthGrid.frame` as the table that is downloaded.

The family grid follows Wallace & Stahl, Sales & Operations Planning: The How-To Handbook: blocks for sales,
production and inventory (make to stock) or backlog (make to order), each with plan, actual, difference and
cumulative difference; a few past months, then the horizon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, iso_month, month_column, months_from
from sop_core.inputs import Bools, Floats
from sop_core.kpis import on_time
from sop_core.money import MONTH_DAYS
from sop_core.plan import Plan
from sop_core.planner import Company

ACTUALS, FROZEN, PLAN = "actuals", "frozen", "plan"

#: Units that read better in the plural; others (kg, l, m) stay as the company writes them.
_PLURAL = {
    "unit": "units",
    "piece": "pieces",
    "pallet": "pallets",
    "box": "boxes",
    "case": "cases",
    "set": "sets",
}

#: A difference of stock smaller than this part of a unit is rounding.
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a grid. `kind` names its look: plain, plan, actual, total, part, difference, cumulative,
    share. `favourable`: +1 where a positive value is good, -1 where it is bad, 0 where neither is."""

    label: str
    amounts: Floats  #: [n], nan = nothing to say in that month
    unit: str
    kind: str = "plain"
    favourable: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows under one title."""

    title: str
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class MonthGrid:
    """A grid with months across. `zones` [n] is actuals, frozen or plan."""

    months: MonthArray
    zones: tuple[str, ...]
    blocks: tuple[Block, ...]
    group: str = ""

    def frame(self) -> pd.DataFrame:
        """The grid as it is downloaded: group, block, row, unit, then a column a month (YYYY-MM-01)."""
        columns = [iso_month(m) for m in self.months]
        rows = [
            {"group": self.group, "block": block.title, "row": row.label, "unit": row.unit}
            | {c: (float(v) if np.isfinite(v) else np.nan) for c, v in zip(columns, row.amounts, strict=True)}
            for block in self.blocks
            for row in block.rows
        ]
        return pd.DataFrame(rows, columns=["group", "block", "row", "unit", *columns])


@dataclass(frozen=True, slots=True)
class Past:
    """What happened before the plan, by item and month [i, h]; nan where the company brought nothing."""

    months: MonthArray
    sold: Floats  #: units invoiced (ordered, where there are no sales)
    revenue: Floats  #: money
    planned_sales: Floats  #: units of the budget, else of the company's demand plan
    planned_name: str  #: "budget", "demand plan" or ""
    made: Floats  #: units made or received
    planned_made: Floats
    stock: Floats  #: units at month end, all sites

    def window(self, count: int) -> Past:
        """The last `count` months."""
        keep = slice(max(len(self.months) - count, 0), None)
        return Past(
            self.months[keep],
            self.sold[:, keep],
            self.revenue[:, keep],
            self.planned_sales[:, keep],
            self.planned_name,
            self.made[:, keep],
            self.planned_made[:, keep],
            self.stock[:, keep],
        )

    def valued(self, value: Floats) -> Past:
        """Units at `value` [i] money a unit; revenue stays as it was invoiced."""
        v = value[:, None]
        return Past(
            self.months,
            self.sold * v,
            self.revenue,
            self.planned_sales * v,
            self.planned_name,
            self.made * v,
            self.planned_made * v,
            self.stock * v,
        )


def past_facts(company: Company, count: int = 24) -> Past:
    """The `count` months before the plan. Months before the company's own data are left out."""
    snapshot, items = company.snapshot, company.items
    start = snapshot.settings.plan_start
    firsts = [
        month_column(snapshot.table(n)["month"]).min()
        for n in ("sales", "inventory", "production")
        if snapshot.has(n)
    ]
    if company.history is not None:
        firsts.append(company.history.months[0])
    known = int((start - min(firsts)).astype(int)) if firsts else 0
    count = int(np.clip(known, 0, count))
    months = months_from(start - count, count)
    place = _Place(items.position, len(items.names), months)
    sold = revenue = np.full((len(items.names), count), np.nan)
    if company.history is not None:
        at = (company.history.months - months[0]).astype(int) if count else np.zeros(0, dtype=int)
        inside = (at >= 0) & (at < count)
        signal = company.history.sold if snapshot.has("sales") else company.history.actual
        sold, revenue = np.full_like(sold, np.nan), np.full_like(sold, np.nan)
        sold[:, at[inside]] = signal.sum(axis=(1, 2))[:, inside]
        revenue[:, at[inside]] = company.history.revenue.sum(axis=(1, 2))[:, inside]
    planned, name = _planned_sales(company, place)
    production = snapshot.table("production")
    return Past(
        months,
        sold,
        revenue,
        planned,
        name,
        place.sum(production, "quantity"),
        place.sum(production, "planned_quantity"),
        place.sum(snapshot.table("inventory"), "quantity"),
    )


class _Place:
    """Puts rows of a contract table on [i, h]."""

    def __init__(self, position: dict[str, int], items: int, months: MonthArray) -> None:
        self.position, self.items, self.months = pd.Series(position, dtype="float64"), items, months

    def sum(self, frame: pd.DataFrame, column: str) -> Floats:
        """[i, h] sums; nan in months without any value, 0 for the other items of a month that has some."""
        out = np.full((self.items, len(self.months)), np.nan)
        if not len(frame) or not len(self.months):
            return out
        h = (month_column(frame["month"]) - self.months[0]).astype(int)
        i = frame["product"].map(self.position).to_numpy(dtype=float)
        values = frame[column].to_numpy(dtype=float)
        ok = (h >= 0) & (h < len(self.months)) & ~np.isnan(i) & ~np.isnan(values)
        out[:, np.unique(h[ok])] = 0.0
        np.add.at(out, (i[ok].astype(int), h[ok]), values[ok])
        return out


def _planned_sales(company: Company, place: _Place) -> tuple[Floats, str]:
    """Units that were planned to be sold: the budget's, else the company's own demand plan's."""
    budget = company.snapshot.table("budget")
    budget = budget[budget["quantity"].notna()]
    if len(budget):
        return budget_units(company, place.months), "budget"
    plan = company.snapshot.table("demand_plan")
    if len(plan):
        return place.sum(plan, "quantity"), "demand plan"
    return np.full((place.items, len(place.months)), np.nan), ""


def budget_units(company: Company, months: MonthArray) -> Floats:
    """[i, n] budgeted units; nan in months without any budget. A family's budget is spread over its items by
    their part of the family's planned demand; rows with neither product nor family are spread over all."""
    items, inputs = company.items, company.inputs
    frame = company.snapshot.table("budget")
    frame = frame[frame["quantity"].notna()]
    out = np.full((len(items.names), len(months)), np.nan)
    if not len(frame) or not len(months):
        return out
    h = (month_column(frame["month"]) - months[0]).astype(int)
    inside = (h >= 0) & (h < len(months))
    frame, h = frame[inside], h[inside]
    out[:, np.unique(h)] = 0.0
    weight = inputs.demand.base.sum(axis=(1, 2, 3)) + 1e-9
    families = np.array(items.family)
    for column, value, part in _budget_groups(frame, h):
        if column == "product" and value in items.position:
            mask = np.arange(len(items.names)) == items.position[value]
        elif column == "family":
            mask = families == value
        else:
            mask = np.ones(len(families), dtype=bool)
        if mask.any():
            spread = np.where(mask, weight, 0.0) / weight[mask].sum()
            for month, units in part.items():
                out[:, int(month)] += spread * units
    return out


def _budget_groups(frame: pd.DataFrame, h: np.ndarray) -> list[tuple[str, str, dict[int, float]]]:
    """Budget rows gathered by product, family or neither: (column, value, {month position: units})."""
    kind = np.where(frame["product"].notna(), "product", np.where(frame["family"].notna(), "family", ""))
    value = (
        frame["product"].where(frame["product"].notna(), frame["family"]).fillna("").to_numpy(dtype=object)
    )
    gathered: dict[tuple[str, str], dict[int, float]] = {}
    for k, v, month, units in zip(kind, value, h, frame["quantity"].to_numpy(dtype=float), strict=True):
        months = gathered.setdefault((str(k), str(v)), {})
        months[int(month)] = months.get(int(month), 0.0) + float(units)
    return [(k, v, months) for (k, v), months in gathered.items()]


# -- the plan, gathered -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flows:
    """The plan's units of one group of items by month [t], in transit between sites and regions included."""

    demand: Floats
    served: Floats
    on_time: Floats
    lost: Floats
    backlog: Floats
    opening_backlog: float
    received: Floats  #: from all sources, committed receipts included
    stock: Floats  #: at sites
    transit: Floats  #: under way on lanes
    opening_stock: float
    target: Floats
    below_target: Floats


def flows(plan: Plan, mask: Bools, value: Floats | None = None) -> Flows:
    """Sums the plan over the items of `mask`, in units or in money at `value` [i] (standard cost).

    Balance: opening + received - served = stock + transit.
    """
    inputs, solution = plan.inputs, plan.solution
    weight = np.where(mask, 1.0 if value is None else value, 0.0)
    stock = inputs.stock

    def total(values: Floats) -> Floats:
        """[t] weighted sum over the first axis (items) and all others but the last."""
        flat: Floats = np.tensordot(weight, values, axes=1)
        return flat.reshape(-1, values.shape[-1]).sum(axis=0)

    target = inputs.stock_target
    arriving = stock.receipts.sum(axis=1)
    np.add.at(arriving, inputs.source.item, solution.received)
    opening = inputs.demand.opening_backlog.sum(axis=(1, 2))
    return Flows(
        demand=total(plan.demand.total),
        served=total(solution.served),
        on_time=total(on_time(plan.facts)),
        lost=total(solution.lost),
        backlog=total(solution.backlog),
        opening_backlog=float(weight @ opening),
        received=total(arriving),
        stock=total(solution.stock),
        transit=in_transit(plan, weight),
        opening_stock=float(weight @ stock.opening.sum(axis=1)),
        target=total(target),
        below_target=total(solution.short_target),
    )


def in_transit(plan: Plan, weight: Floats) -> Floats:
    """[t] what is under way on lanes at month end, items weighted by `weight` [i]."""
    lane, flow = plan.inputs.lane, plan.solution.flow
    out = np.zeros(plan.inputs.horizon)
    if not len(lane.origin):
        return out
    left: Floats = np.tensordot(weight, flow, axes=1)
    for lead in np.unique(lane.lead):
        if lead > 0:
            total = left[lane.lead == lead].sum(axis=0)
            arrived = np.concatenate([np.zeros(lead), total])[: len(total)]
            out += np.cumsum(total - arrived)
    return out


def zones(past: int, frozen: int, horizon: int) -> tuple[str, ...]:
    """The zone of each month: `past` months of actuals, then frozen, then free ones."""
    frozen = min(frozen, horizon)
    return (ACTUALS,) * past + (FROZEN,) * frozen + (PLAN,) * (horizon - frozen)


def family_grid(
    plan: Plan, past: Past, mask: Bools, group: str, *, shown: int = 3, money: bool = False
) -> MonthGrid:
    """Sales, production, inventory or backlog of the items in `mask`; `shown` past months, then the horizon.

    In the items' unit, or in money at standard cost, so that the balances hold in both.
    """
    inputs = plan.inputs
    value = inputs.item.unit_cost if money else None
    now = flows(plan, mask, value)
    unit = inputs.currency if money else unit_of(inputs.item_unit, mask)
    if value is not None:
        past = past.valued(value)
    earlier = _sum(past.stock, mask)[: max(len(past.months) - shown, 0)][-1:]
    past = past.window(shown)
    h = len(past.months)
    to_order = inputs.item.make_to_order & mask
    build = _Builder(h, inputs.horizon, unit)
    blocks = [_sales(build, past, now, mask), _production(build, past, now, mask)]
    if (mask & ~inputs.item.make_to_order).any():
        blocks.append(_inventory(build, past, now, mask, earlier))
    if to_order.any() or now.backlog.max(initial=0.0) > _HALF or now.lost.max(initial=0.0) > _HALF:
        blocks.append(_backlog(build, now))
    return MonthGrid(
        months=np.concatenate([past.months, inputs.months]),
        zones=zones(h, inputs.policy.frozen_months, inputs.horizon),
        blocks=tuple(blocks),
        group=group,
    )


def unit_of(units: Sequence[str], mask: Bools) -> str:
    """The unit that the items of a mask share, else `units`."""
    found = sorted({unit for unit, take in zip(units, mask, strict=True) if take})
    return _PLURAL.get(found[0], found[0]) if len(found) == 1 else "units"


@dataclass(frozen=True, slots=True)
class _Builder:
    """Joins past and plan into rows of one length."""

    past: int
    horizon: int
    unit: str
    blank: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "blank", np.full(self.past + self.horizon, np.nan))

    def join(self, before: Floats | None, after: Floats | None) -> Floats:
        first = np.full(self.past, np.nan) if before is None else before
        second = np.full(self.horizon, np.nan) if after is None else after
        return np.concatenate([first, second])

    def row(
        self, label: str, before: Floats | None, after: Floats | None, kind: str = "plain", **more: object
    ) -> Row:
        return Row(label, self.join(before, after), self.unit, kind, **more)  # type: ignore[arg-type]

    def against(self, plan: Floats, actual: Floats, favourable: int) -> list[Row]:
        """Actual, difference (actual - plan) and its running sum over the past months."""
        if not np.isfinite(actual).any():
            return []
        rows = [self.row("Actual", actual, None, "actual")]
        difference = actual - plan
        if np.isfinite(difference).any():
            running = np.where(np.isfinite(difference), np.nancumsum(difference), np.nan)
            rows.append(self.row("Difference", difference, None, "difference", favourable=favourable))
            rows.append(self.row("Cumulative difference", running, None, "cumulative", favourable=favourable))
        return rows


def _sum(values: Floats, mask: Bools) -> Floats:
    """[h] over items; nan where no item has a value."""
    part = values[mask]
    empty = np.isnan(part).all(axis=0)
    return np.where(empty, np.nan, np.nansum(part, axis=0))


def _sales(build: _Builder, past: Past, now: Flows, mask: Bools) -> Block:
    planned, sold = _sum(past.planned_sales, mask), _sum(past.sold, mask)
    rows = [
        build.row("Unconstrained demand", None, now.demand, "part"),
        build.row("Plan", planned, now.served, "plan", note="deliveries of the plan, on time or late"),
        *build.against(planned, sold, +1),
    ]
    short = now.demand - now.on_time
    if short.max(initial=0.0) > _HALF:
        rows.insert(2, build.row("Not served on time", None, short, "difference", favourable=-1))
    note = f"Past plan: {past.planned_name}" if past.planned_name and build.past else ""
    return Block("Sales", tuple(rows), note)


def _production(build: _Builder, past: Past, now: Flows, mask: Bools) -> Block:
    planned, made = _sum(past.planned_made, mask), _sum(past.made, mask)
    rows = [
        build.row("Plan", planned, now.received, "plan", note="received from all sources"),
        *build.against(planned, made, 0),
    ]
    return Block("Production and purchases", tuple(rows))


def _inventory(build: _Builder, past: Past, now: Flows, mask: Bools, earlier: Floats) -> Block:
    """Start + in - out = end, for every month in which all four are known. `earlier`: the stock before the
    first month, [] where it is not known."""
    stock, made, sold = _sum(past.stock, mask), _sum(past.made, mask), _sum(past.sold, mask)
    held = now.stock + now.transit
    last = stock[-1] if len(stock) and np.isfinite(stock[-1]) else now.opening_stock
    first = earlier if len(earlier) else np.array([np.nan])
    start_past = np.concatenate([first, stock[:-1]]) if len(stock) else stock
    start = np.concatenate([[now.opening_stock], held[:-1]])
    other = stock - (start_past + made - sold)
    rows = [
        build.row("Start", start_past, start, "part"),
        build.row("In", made, now.received, "part", note="production and purchases"),
        build.row("Out", -sold, -now.served, "part", note="deliveries"),
    ]
    corrected = abs(last - now.opening_stock) > _HALF
    if np.nanmax(np.abs(other), initial=0.0) > _HALF:
        rows.append(
            build.row(
                "Other movements",
                other,
                np.zeros(build.horizon),
                "part",
                note="counting differences, scrap, transfers",
            )
        )
    rows.append(build.row("End", stock, held, "total", note="start + in - out"))
    if now.transit.max(initial=0.0) > _HALF:
        rows.append(build.row("of which under way", None, now.transit, "part"))
    rows.append(build.row("Target", None, now.target, "plan"))
    rows.append(build.row("Below target", None, now.below_target, "difference", favourable=-1))
    cover = days_of_supply(build.join(stock, held), build.join(sold, now.demand))
    rows.append(Row("Days of supply", cover, "days", "share"))
    note = "The plan starts from the stock in the books, negative stock counted as zero." if corrected else ""
    return Block("Inventory", tuple(rows), note)


def _backlog(build: _Builder, now: Flows) -> Block:
    start = np.concatenate([[now.opening_backlog], now.backlog[:-1]])
    rows = [
        build.row("Start", None, start, "part"),
        build.row("Orders", None, now.demand, "part", note="unconstrained demand"),
        build.row("Deliveries", None, -now.served, "part"),
    ]
    if now.lost.max(initial=0.0) > _HALF:
        rows.append(build.row("Lost", None, -now.lost, "part"))
    rows.append(build.row("End", None, now.backlog, "total", note="start + orders - deliveries - lost"))
    return Block("Backlog", tuple(rows))


def days_of_supply(stock: Floats, demand: Floats) -> Floats:
    """[n] stock / the next month's demand x 30.4 days; the last month uses its own demand."""
    if not len(stock):
        return stock
    ahead = np.concatenate([demand[1:], demand[-1:]])
    out: Floats = np.divide(stock, ahead, out=np.full(len(stock), np.nan), where=ahead > 0) * MONTH_DAYS
    return out
