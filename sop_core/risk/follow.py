"""A committed plan month by month along demand paths, all paths of a block at once. No optimiser, no look ahead.

In each month, and for each item on its own:
1. What was started, bought and sent before arrives. Transfers between sites go as planned, cut in proportion where
   the site has less.
2. Orders, this month's and those that wait, are served from stock (share.py).
3. What is not served waits, or is lost where it may not wait; the oldest orders are served first and keep their price.

Nobody reacts: production, purchases, people and transfers stay as planned to the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.inputs import Floats
from sop_core.risk.commitments import Commitments
from sop_core.risk.paths import Factors
from sop_core.risk.share import Left, part, share_out

#: Below this part of a month's orders what is left of them is rounding.
_DUST = 1e-10


@dataclass
class Walk:
    """What happened on the paths of a block. By month [t, p] unless said otherwise; units or money."""

    demand: Floats
    late: Floats  #: units not served in the month they were asked for
    served: Floats
    served_cost: Floats  #: served x standard cost
    need_cost: Floats  #: demand x standard cost
    backlog: Floats  #: units waiting at month end
    lost: Floats
    at_risk: Floats  #: money, see kpis.revenue_at_risk
    revenue: Floats
    transport: Floats
    storage: Floats
    holding: Floats
    backlog_cost: Floats
    lost_cost: Floats
    stock_units: Floats
    stock_value: Floats
    short_target: Floats  #: units missing to the stock targets
    item_demand: Floats  #: [i, p] over the horizon
    item_late: Floats  #: [i, p]
    item_margin: Floats  #: [i, p] revenue less the costs that demand moves
    item_stock: Floats  #: [i, p] stock value, average over months
    end_backlog: Floats  #: [p] units

    @staticmethod
    def empty(months: int, items: int, paths: int) -> Walk:
        """All nil."""
        by_month = [np.zeros((months, paths)) for _ in range(17)]
        by_item = [np.zeros((items, paths)) for _ in range(4)]
        end: list[Floats] = [np.zeros(paths)]
        return Walk(*by_month, *by_item, *end)


class Follower:
    """Rolls one plan forward along blocks of paths. Holds nothing of a path between blocks."""

    def __init__(self, plan: Commitments) -> None:
        self.plan = plan
        inputs = plan.inputs
        self.unit_cost = inputs.item.unit_cost[:, None]
        self.holding = inputs.item.holding_cost[:, None]
        self.late_cost = np.nan_to_num(inputs.item.backorder_cost, nan=0.0)[:, None]
        self.lost_cost = inputs.item.lost_sale_cost[:, None]
        self.worth = (plan.demand * plan.price).sum(axis=2)  # [t, r, i] of what is asked for
        self.at_end = self._at_end()

    def walk(self, factors: Factors) -> Walk:
        """The paths of a block; `factors` [t, r, i, p] on unconstrained demand."""
        plan = self.plan
        months, regions, items, paths = factors.shape
        out = Walk.empty(months, items, paths)
        stock = np.repeat(plan.opening[:, :, None], paths, axis=2)  # [s, i, p]
        backlog: Floats | None = None  # [r, m, i, p]
        if plan.backlog.any():
            backlog = np.repeat(plan.backlog[..., None], paths, axis=3)
        waiting = np.zeros((items, paths))  # the backlog at the prices of its orders
        under_way: dict[int, list[tuple[int, int, Floats]]] = {}
        there: Floats | None = None  # [r, i, p] arrived in a region and not asked for yet
        for month in range(months):
            stock += plan.arrivals[month][..., None]
            for site, region, units in under_way.pop(month, ()):
                if site >= 0:
                    stock[site] += units
                else:
                    there = np.zeros((regions, items, paths)) if there is None else there
                    there[region] += units
            spent = self._transfers(month, stock, under_way)
            factor = factors[month].astype(np.float64)
            left = share_out(plan, month, factor, backlog, stock, there, spent)
            waits, lost = self._split(left)
            value = self._value(month, waits, left, factors)
            if month == months - 1:
                value *= self.at_end
            revenue = (factor * self.worth[month][..., None]).sum(axis=0) + waiting - value
            if month == 0 and backlog is not None:
                revenue += (plan.backlog * plan.price[0]).sum(axis=(0, 1))[:, None]
            if left.any:
                priced = lost * plan.price[month][:, :, left.cells[0]]
                revenue[left.cells] -= priced.sum(axis=(0, 1))
                out.at_risk[month] = np.bincount(left.cells[1], priced.sum(axis=(0, 1)), paths)
            orders = (factor * plan.demand[month].sum(axis=1)[..., None]).sum(axis=0)
            before = 0.0 if backlog is None else backlog.sum(axis=(0, 1))
            self._book(out, month, orders, before, left, waits, lost, stock, there, revenue, spent)
            waiting = value
            backlog = self._backlog(waits, left, (regions, plan.demand.shape[2], items, paths))
        self._end(out, backlog)
        out.item_stock /= months
        return out

    def _transfers(
        self, month: int, stock: Floats, under_way: dict[int, list[tuple[int, int, Floats]]]
    ) -> Floats:
        """Sends what the plan sends between sites and on lanes that take months; [i, p] transport, money."""
        spent = np.zeros(stock.shape[1:])
        for origin in self.plan.sites:
            lanes = [one for one in self.plan.transfers.get(origin, ()) if one.units[month].any()]
            if not lanes:
                continue
            wanted = np.sum([one.units[month] for one in lanes], axis=0)[:, None]
            fits = part(stock[origin], wanted)
            for one in lanes:
                units = fits * one.units[month][:, None]
                spent += units * one.rate[month]
                if one.lead:
                    under_way.setdefault(month + one.lead, []).append((one.site, one.region, units))
                else:
                    stock[one.site] += units
            stock[origin] -= fits * wanted
            np.maximum(stock[origin], 0.0, out=stock[origin])
        return spent

    # -- orders left over -----------------------------------------------------------------------------------

    def _split(self, left: Left) -> tuple[Floats, Floats]:
        """([r, m, n] that waits, [r, m, n] that is lost) of what is left."""
        may = self.plan.inputs.segment_waits[None, :, None]
        return np.where(may, left.units, 0.0), np.where(may, 0.0, left.units)

    def _backlog(self, waits: Floats, left: Left, shape: tuple[int, ...]) -> Floats | None:
        """[r, m, i, p] the same for all cells; None where nothing waits."""
        if not left.any or not waits.any():
            return None
        out = np.zeros(shape)
        out[:, :, left.cells[0], left.cells[1]] = waits
        return out

    def _value(self, month: int, waits: Floats, left: Left, factors: Factors) -> Floats:
        """[i, p] what waits at the prices of its orders: the newest ones, since the oldest are served first."""
        plan = self.plan
        out = np.zeros((factors.shape[2], factors.shape[3]))
        if not left.any or not waits.any():
            return out
        placed = left.asked if month else left.asked + plan.backlog[:, :, left.cells[0]]
        newest = np.minimum(waits, placed)
        out[left.cells] = (newest * plan.price[month][:, :, left.cells[0]]).sum(axis=(0, 1))
        older = waits - newest
        deep = older > _DUST * placed
        region, segment, cell = (np.argwhere(deep)[:, axis] for axis in range(3))
        item, path = (values[cell] for values in left.cells)
        units = older[deep]
        for earlier in range(month - 1, -1, -1):
            if not len(units):
                break
            orders = plan.demand[earlier, region, segment, item] * factors[earlier, region, item, path]
            if earlier == 0:
                orders = orders + plan.backlog[region, segment, item]
            taken = np.minimum(units, orders)
            worth = taken * plan.price[earlier, region, segment, item]
            out += np.bincount(item * out.shape[1] + path, worth, out.size).reshape(out.shape)
            more = units - taken > _DUST * orders
            units = (units - taken)[more]
            region, segment, item, path = region[more], segment[more], item[more], path[more]
        return out

    def _at_end(self) -> Floats:
        """[i, 1] value of the orders that the plan leaves at the horizon's end / that of the newest orders.

        Which orders are left then is the solver's choice, not always the newest; paths follow it, so that without
        any error their revenue is the plan's.
        """
        plan, last = self.plan, self.plan.inputs.horizon - 1
        out = np.ones((len(plan.inputs.items), 1))
        waits = np.where(plan.inputs.segment_waits[None, :, None], plan.left[last], 0.0)
        if not waits.any():
            return out
        every = np.arange(len(plan.inputs.items))
        left = Left((every, np.zeros_like(every)), plan.demand[last], plan.left[last])
        newest = self._value(
            last, waits, left, np.ones((last + 1, len(waits), len(every), 1), dtype=np.float32)
        )
        np.divide(plan.end_value[:, None], newest, out=out, where=newest > 0)
        return out

    # -- the books ------------------------------------------------------------------------------------------

    def _book(
        self,
        out: Walk,
        month: int,
        orders: Floats,
        before: Floats | float,
        left: Left,
        waits: Floats,
        lost: Floats,
        stock: Floats,
        there: Floats | None,
        revenue: Floats,
        spent: Floats,
    ) -> None:
        """Adds a month to what happened. `orders` [i, p] of the month, `before` [i, p] what waited."""
        late, waiting, gone = (np.zeros(orders.shape) for _ in range(3))
        if left.any:
            late[left.cells] = np.minimum(left.asked, left.units).sum(axis=(0, 1))
            waiting[left.cells] = waits.sum(axis=(0, 1))
            gone[left.cells] = lost.sum(axis=(0, 1))
        served = orders + before - waiting - gone
        held = stock.sum(axis=0)
        if there is not None:
            held += there.sum(axis=0)
        worth = held * self.unit_cost
        costs = {
            "transport": spent,
            "storage": np.tensordot(self.plan.inputs.site.storage_cost, stock, axes=1),
            "holding": held * self.holding,
            "backlog_cost": waiting * self.late_cost,
            "lost_cost": gone * self.lost_cost,
        }
        facts = {
            "demand": orders,
            "late": late,
            "served": served,
            "served_cost": served * self.unit_cost,
            "need_cost": orders * self.unit_cost,
            "backlog": waiting,
            "lost": gone,
            "revenue": revenue,
            "stock_units": held,
            "stock_value": worth,
        }
        for name, values in (facts | costs).items():
            getattr(out, name)[month] = values.sum(axis=0)
        missing = np.maximum(self.plan.target[month][..., None] - stock, 0.0)
        out.short_target[month] = missing.sum(axis=(0, 1))
        out.item_demand += orders
        out.item_late += late
        out.item_stock += worth
        out.item_margin += revenue
        for values in costs.values():
            out.item_margin -= values

    def _end(self, out: Walk, backlog: Floats | None) -> None:
        """Orders that wait at the end count as lost; their revenue is not booked."""
        if backlog is None:
            return
        ended = backlog.sum(axis=(0, 1))
        cost = self.lost_cost * ended
        out.lost_cost[-1] += cost.sum(axis=0)
        out.item_margin -= cost
        out.at_risk[-1] += (backlog * self.plan.price[-1][..., None]).sum(axis=(0, 1, 2))
        out.end_backlog[:] = ended.sum(axis=0)
