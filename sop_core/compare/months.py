"""What a plan holds by product (or resource) and month, so that two plans can be set against each other cell by cell.

Rows are planning items [i] (resources [q] for the load); margin and cash have one row more for what belongs to no
product. The rows of every measure sum to its KPI, to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from sop_core.calendar import month_part
from sop_core.inputs import Bools, Floats
from sop_core.money import MONTH_DAYS
from sop_core.plan import Plan

#: The last row of margin and cash.
REST: Final = "Not on a product"


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that plans differ in. `kpi_units`, `kpi_money`: the KPI that its rows sum to in units and in money, ""
    where there is none. `balance`: at month end, so that the horizon's value is the mean of its months. `by_order`:
    belongs to regions and segments too."""

    name: str
    title: str
    formula: str
    axis: str  #: item or resource
    kpi_units: str = ""
    kpi_money: str = ""
    balance: bool = False
    by_order: bool = False
    shows: str = "both"  #: units, money or both

    def in_money(self, money: bool) -> bool:
        """Whether it is shown in money where the view asks for money or not."""
        return self.shows == "money" or (money and self.shows == "both")

    def kpi(self, money: bool) -> str:
        """The KPI that its rows sum to in that view; "" = none."""
        return self.kpi_money if self.in_money(money) else self.kpi_units


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        measure.name: measure
        for measure in (
            Measure(
                "demand",
                "Demand",
                "Unconstrained demand; in money at the price of the month",
                "item",
                "demand",
                by_order=True,
            ),
            Measure(
                "served",
                "Served",
                "Units delivered, on time or late; in money the revenue",
                "item",
                "served",
                "revenue",
                by_order=True,
            ),
            Measure(
                "output",
                "Production",
                "Units received from all sources; in money at standard cost",
                "item",
                "output",
            ),
            Measure(
                "stock",
                "Stock",
                "Units in stock at month end; in money at standard cost",
                "item",
                "stock_units",
                "stock_value",
                balance=True,
            ),
            Measure(
                "backlog",
                "Backlog",
                "Units waiting at month end; in money at the price of the month",
                "item",
                "backlog",
                balance=True,
                by_order=True,
            ),
            Measure("load", "Load", "Hours that production needs, by resource", "resource", shows="units"),
            Measure(
                "margin",
                "Margin",
                "Revenue less cost. People and machines are shared by the hours their products take in the month, "
                "promotions by the demand they cover; months without work stand in a line of their own",
                "item",
                kpi_money="margin",
                shows="money",
            ),
            Measure(
                "cash",
                "Cash flow",
                "Margin that is paid, less the growth of receivables net of payables; shared as the margin is",
                "item",
                kpi_money="cash",
                shows="money",
            ),
        )
    }
)


def by_month(
    plan: Plan,
    measure: Measure,
    money: bool = False,
    regions: Bools | None = None,
    segments: Bools | None = None,
) -> Floats:
    """[n, t] the measure's rows, in units (hours for the load) or in money. `regions`, `segments`: masks of what counts
    where the measure belongs to orders (`by_order`)."""
    inputs, solution = plan.inputs, plan.solution
    cost = inputs.item.unit_cost[:, None]

    def cells(values: Floats) -> Floats:
        kept = values if regions is None else values[:, regions]
        kept = kept if segments is None else kept[:, :, segments]
        total: Floats = kept.sum(axis=(1, 2))
        return total

    weight = plan.demand.price if money else np.ones(1)
    match measure.name:
        case "demand":
            return cells(plan.demand.total * weight)
        case "served":
            return cells(solution.revenue if money else solution.served)
        case "backlog":
            return cells(solution.backlog * weight)
        case "output":
            made = np.zeros((len(inputs.items), inputs.horizon))
            np.add.at(made, inputs.source.item, solution.received)
            return made * cost if money else made
        case "stock":
            held = solution.stock.sum(axis=1)
            return held * cost if money else held
        case "load":
            return solution.load
        case "margin":
            return margin_by_item(plan)
        case "cash":
            return cash_by_item(plan)
    raise ValueError(f"There is no measure {measure.name}; there are: {', '.join(MEASURES)}")


def over_horizon(values: Floats, measure: Measure) -> Floats:
    """[n] of [n, t]: the sum of a flow, the mean of a balance."""
    found: Floats = values.mean(axis=-1) if measure.balance else values.sum(axis=-1)
    return found


# -- money by product -------------------------------------------------------------------------------------


def margin_by_item(plan: Plan) -> Floats:
    """[i + 1, t] margin by planning item; the last row is what belongs to none. Columns sum to `money.margin`."""
    parts = _parts(plan)
    rows = parts.revenue - parts.bought - parts.other - parts.unpaid
    return _with_rest(rows, plan.money.margin)


def cash_by_item(plan: Plan) -> Floats:
    """[i + 1, t] cash flow by planning item; the last row is what belongs to none. Columns sum to `money.cash_flow`."""
    parts, policy = _parts(plan), plan.inputs.policy
    terms = _owed(parts.revenue, policy.receivable_days) - _owed(parts.bought, policy.payable_days)
    # The books before the plan: the first month's terms, as in `money`.
    opening = parts.revenue[:, :1] * policy.receivable_days - parts.bought[:, :1] * policy.payable_days
    growth = np.diff(terms, axis=1, prepend=opening / MONTH_DAYS)
    return _with_rest(parts.revenue - parts.bought - parts.other - growth, plan.money.cash_flow)


def _with_rest(rows: Floats, total: Floats) -> Floats:
    """The rows, and what is left to the total."""
    rest = total - rows.sum(axis=0)
    # What is left after a sum of floats is not a row of its own.
    rest[np.abs(rest) < 1e-9 * max(float(np.abs(total).max(initial=0.0)), 1.0)] = 0.0
    return np.concatenate([rows, rest[None, :]])


@dataclass(frozen=True, slots=True)
class _Parts:
    """Money by item and month [i, t]."""

    revenue: Floats
    bought: Floats  #: material, purchases and subcontracting, paid on terms
    other: Floats  #: paid at once: people and machines, transport, storage, promotions
    unpaid: Floats  #: holding, late and lost orders


def _parts(plan: Plan) -> _Parts:
    inputs, solution = plan.inputs, plan.solution
    item, shape = inputs.item, (len(inputs.items), inputs.horizon)
    bought = np.zeros(shape)
    np.add.at(bought, inputs.source.item, solution.started * inputs.source.unit_cost)
    set_up = np.zeros(shape)
    if inputs.source.lots is not None:
        np.add.at(set_up, inputs.source.item, solution.setups * inputs.source.lots.setup_cost[:, None])
    moved = np.einsum("ilt,lt->it", solution.flow, inputs.lane.unit_cost)
    stored = np.einsum("ist,s->it", solution.stock, inputs.site.storage_cost)
    lost = solution.lost.sum(axis=(1, 2))
    lost[:, -1] += solution.end_lost.sum(axis=(1, 2))
    late = np.nan_to_num(item.backorder_cost, nan=0.0)[:, None] * solution.backlog.sum(axis=(1, 2))
    held = item.holding_cost[:, None] * solution.stock.sum(axis=1)
    return _Parts(
        revenue=solution.revenue.sum(axis=(1, 2)),
        bought=bought,
        other=moved + stored + set_up + _work(plan) + _promotions(plan),
        unpaid=held + late + item.lost_sale_cost[:, None] * lost,
    )


def _work(plan: Plan) -> Floats:
    """[i, t] people and machines, each month's cost of a resource shared by the hours that its products take."""
    resource, solution, source = plan.inputs.resource, plan.solution, plan.inputs.source
    regular = np.where(resource.people[:, None], 0.0, solution.regular)
    cost = regular * resource.hour_cost[:, None] + resource.wage * solution.headcount
    cost += resource.overtime_cost[:, None] * solution.overtime
    cost += resource.shift_cost[:, None] * solution.shifts
    cost += resource.hire_cost[:, None] * solution.hired + resource.release_cost[:, None] * solution.released
    load = solution.load
    rate = np.divide(cost, load, out=np.zeros_like(cost), where=load > 1e-9)
    hours = source.routing_hours[:, None] * solution.started[source.routing_source]
    if source.lots is not None:
        hours += (source.lots.setup_hours[:, None] * solution.setups)[source.routing_source]
    out = np.zeros((len(plan.inputs.items), plan.inputs.horizon))
    np.add.at(out, source.item[source.routing_source], hours * rate[source.routing_resource])
    return out


def _promotions(plan: Plan) -> Floats:
    """[i, t] cost of promotions in their first month, by the baseline demand that they cover."""
    inputs = plan.inputs
    out = np.zeros((len(inputs.items), inputs.horizon))
    for promotion in inputs.demand.promotions:
        begin = int((promotion.start.astype("datetime64[M]") - inputs.months[0]).astype(int))
        if not 0 <= begin < inputs.horizon or not promotion.cost:
            continue
        part = month_part(inputs.months, promotion.start, promotion.end)
        covered = inputs.demand.base[:, promotion.regions][:, :, promotion.segments].sum(axis=(1, 2)) @ part
        weight = covered * promotion.share
        if weight.sum() > 0:
            out[:, begin] += promotion.cost * weight / weight.sum()
    return out


def _owed(flow: Floats, days: float) -> Floats:
    """[i, t] balance at month end of flows that are paid `days` later; months before the first are like it."""
    months = days / MONTH_DAYS
    whole = int(months)
    padded = np.concatenate([np.repeat(flow[:, :1], whole + 1, axis=1), flow], axis=1)
    count = flow.shape[1]
    total = np.zeros_like(flow)
    for back in range(whole):
        total += padded[:, whole + 1 - back : whole + 1 - back + count]
    oldest: Floats = total + (months - whole) * padded[:, 1 : 1 + count]
    return oldest
