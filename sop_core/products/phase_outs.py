"""Phase-outs in the product review: demand until the end, stock and committed production against it, what is
left over, and a later end where that sells it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_column, month_part
from sop_core.inputs import Floats
from sop_core.plan import Unconstrained
from sop_core.snapshot import Snapshot

#: Months by which a later end is tried.
MOST_LATER = 6
#: A later end is suggested where it sells at least this part of what would be left.
WORTH_IT = 0.25


@dataclass(frozen=True, slots=True)
class LaterEnd:
    """An end that sells more of what would be left over."""

    end: dt.date  #: last day of sale
    sold: float  #: units of the leftover that are sold by then


@dataclass(frozen=True, slots=True)
class PhaseOutLine:
    """One product that ends. Units; arrays over the horizon [t]. `stock` runs down by demand and up by
    committed production alone: no other production is assumed, and unmet demand takes nothing."""

    product: str
    end: dt.date  #: last day of sale
    demand: Floats
    committed: Floats
    stock: Floats  #: at month end
    opening: float
    unit_cost: float
    run_out: int  #: month in which stock and committed production are used up, -1 = not before the end
    left: float  #: units left after the last day of sale
    still_to_make: float  #: units of demand until the end beyond stock and committed production
    usual_stock: float  #: stock target at the end, units: what may be sold off instead of made
    stop_before: int  #: months before the end month after which nothing needs to be started
    later: LaterEnd | None

    @property
    def left_value(self) -> float:
        """What is left over at standard cost, money."""
        return self.left * self.unit_cost

    @property
    def demand_until_end(self) -> float:
        """Units from the start of the plan to the last day of sale."""
        return float(self.demand.sum())


def stock_on_hand(snapshot: Snapshot) -> dict[str, float]:
    """Product -> units in the last inventory month before the plan of each site, all sites together; negative
    book stock counts as none."""
    inventory = snapshot.table("inventory")
    past = (
        inventory[month_column(inventory["month"]) < snapshot.settings.plan_start] if len(inventory) else None
    )
    if past is None or not len(past):
        return {}
    rows = past[past["month"] == past.groupby("site")["month"].transform("max")]
    units = rows["quantity"].clip(lower=0.0).groupby(rows["product"]).sum()
    return {str(name): float(value) for name, value in units.items()}


def committed_units(snapshot: Snapshot, months: MonthArray) -> dict[str, Floats]:
    """Product -> [t] planned production (production.planned_quantity) of the months ahead."""
    table = snapshot.table("production")
    out: dict[str, Floats] = {}
    if not len(table):
        return out
    ahead = table[table["planned_quantity"].notna()]
    at = (month_column(ahead["month"]) - months[0]).astype(int)
    inside = (at >= 0) & (at < len(months))
    units = ahead["planned_quantity"].to_numpy(dtype=float)
    for product, t, value in zip(ahead["product"][inside], at[inside], units[inside], strict=True):
        out.setdefault(str(product), np.zeros(len(months)))[t] += value
    return out


def phase_outs(snapshot: Snapshot, wanted: Unconstrained) -> list[PhaseOutLine]:
    """Products whose last day of sale lies within the horizon, and those that ended before it with stock left;
    by their end, earliest first."""
    inputs = wanted.inputs
    stock, committed = stock_on_hand(snapshot), committed_units(snapshot, inputs.months)
    cost = snapshot.table("products").set_index("product")["unit_cost"]
    lead = _lead_months(wanted)
    after = (inputs.months[-1] + 1).astype("datetime64[D]")
    lines = []
    for product, (_, last) in inputs.demand.sale_days.items():
        opening = stock.get(product, 0.0)
        ended = last < inputs.months[0].astype("datetime64[D]")
        if np.isnat(last) or last >= after or (ended and opening <= 0):
            continue
        coming = committed.get(product, np.zeros(inputs.horizon))
        lines.append(_line(wanted, product, last, opening, coming, float(cost[product]), lead))
    return sorted(lines, key=lambda line: (line.end, line.product))


def _line(
    wanted: Unconstrained,
    product: str,
    last: np.datetime64,
    opening: float,
    committed: Floats,
    unit_cost: float,
    lead: Floats,
) -> PhaseOutLine:
    inputs = wanted.inputs
    i, share = inputs.product_share[product]
    demand, unlimited = product_demand(wanted, product)
    end_month = int((last.astype("datetime64[M]") - inputs.months[0]).astype(int))
    level, run_out, short = opening, -1, 0.0
    stock = np.zeros(inputs.horizon)
    for t in range(inputs.horizon):
        level += committed[t] - demand[t]
        if level <= 1e-9 and t <= end_month:
            # Unmet demand takes nothing from later committed production.
            short += max(-level, 0.0)
            run_out = t if run_out < 0 else run_out
        level = max(level, 0.0)
        stock[t] = level
    left = float(stock[-1])
    # Stock that stands at the target when production stops is sold in the last months.
    at = min(max(end_month, 0), inputs.horizon - 1)
    target = float(inputs.stock.target[i, :, at].sum() * inputs.stock.cover_factor[i] * share)
    return PhaseOutLine(
        product=product,
        end=last.astype("datetime64[D]").item(),
        demand=demand,
        committed=committed,
        stock=stock,
        opening=opening,
        unit_cost=unit_cost,
        run_out=run_out,
        left=left,
        still_to_make=short,
        usual_stock=target,
        stop_before=_stop_before(demand, end_month, target, int(lead[i])),
        later=_later(wanted, unlimited, last, left),
    )


def product_demand(wanted: Unconstrained, product: str) -> tuple[Floats, Floats]:
    """([t] demand of one product before supply, [t] what it would be were the product on sale in every month).

    Where a family is planned, by the product's part of it.
    """
    inputs, demand = wanted.inputs, wanted.demand
    i, share = inputs.product_share[product]
    first, last = inputs.demand.sale_days.get(product, (np.datetime64("NaT"), np.datetime64("NaT")))
    own = share * month_part(inputs.months, first, last)
    running = inputs.demand.running[i]
    part = np.divide(own, running, out=np.zeros(inputs.horizon), where=running > 0)
    total = demand.total[i].sum(axis=(0, 1))
    before = demand.base[i] + sum(demand.layers[name][i] for name in ("promotions", "price", "launches"))
    always = before * inputs.demand.event_factor[i] * inputs.demand.growth[i] * share
    return total * part, always.sum(axis=(0, 1))


def _lead_months(wanted: Unconstrained) -> Floats:
    """[i] shortest time from start to stock of each item, months."""
    source = wanted.inputs.source
    lead = np.full(len(wanted.inputs.items), np.inf)
    np.minimum.at(lead, source.item, source.lead)
    return np.where(np.isfinite(lead), lead, 0.0)


def _stop_before(demand: Floats, end_month: int, usual_stock: float, lead: int) -> int:
    """Months before the end month in which the last production starts: as many last months as the usual
    stock covers, and the lead time."""
    covered, left = 0, usual_stock
    for t in range(min(end_month, len(demand) - 1), -1, -1):
        if demand[t] > left + 1e-9 or demand[t] <= 0:
            break
        left -= demand[t]
        covered += 1
    return covered + lead


def _later(wanted: Unconstrained, always: Floats, last: np.datetime64, left: float) -> LaterEnd | None:
    """The earliest month end, up to six months later, that sells all that would be left; else the one of them
    that sells the most, where that is worth it."""
    if left < 1:
        return None
    months = wanted.inputs.months
    best: LaterEnd | None = None
    for later in range(MOST_LATER + 1):
        month = max(last.astype("datetime64[M]"), months[0] - 1) + later
        if month > months[-1]:
            break
        end = (month + 1).astype("datetime64[D]") - 1
        if end <= last or month < months[0]:
            continue
        sold = min(float((always * month_part(months, last + 1, end)).sum()), left)
        if best is None or sold > best.sold + 1e-9:
            best = LaterEnd(end.item(), sold)
        if sold >= left - 1e-9:
            break
    return best if best is not None and best.sold >= WORTH_IT * left else None
