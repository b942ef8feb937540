"""Money by month: revenue, cost components, margin, stock value, working capital, cash.

`cost` is the sum of its components and `margin` is revenue less cost, to the cent, by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.demand.layers import DemandPlan
from sop_core.inputs import Floats, Inputs
from sop_core.supply.result import Solution

#: Average days in a month, for receivable and payable days.
MONTH_DAYS = 365.25 / 12

#: Cost components that are paid to suppliers on terms; wages, transport and the like are paid at once.
ON_TERMS = ("material", "purchase", "subcontract")
#: Declared costs of unhappiness and of capital: counted in the margin as the company asks, but not paid in cash.
NOT_CASH = ("backlog", "lost_sales", "holding")


@dataclass(frozen=True, slots=True)
class Money:
    """All in money; arrays [t] unless said otherwise, flows in the month, balances at its end."""

    revenue: Floats
    costs: dict[str, Floats]  #: component -> [t]
    cost: Floats
    margin: Floats
    stock_value: Floats  #: stock x standard cost
    receivables: Floats
    payables: Floats
    working_capital: Floats  #: stock value + receivables - payables
    cash_flow: Floats  #: margin without non-cash costs, less the growth of working capital
    opening_stock_value: float


def build_money(inputs: Inputs, demand: DemandPlan, solution: Solution) -> Money:
    """The financial projection of a solved plan."""
    revenue = solution.revenue.sum(axis=(0, 1, 2))
    costs = {name: np.asarray(values, dtype=float) for name, values in solution.cost_by_month.items()}
    costs["promotions"] = demand.promotion_cost
    cost = np.sum(list(costs.values()), axis=0)
    unit_cost = inputs.item.unit_cost
    stock_value = np.einsum("i,ist->t", unit_cost, solution.stock)
    opening_value = float(unit_cost @ inputs.stock.opening.sum(axis=1))
    receivables = outstanding(revenue, inputs.policy.receivable_days)
    bought = np.sum([costs[name] for name in ON_TERMS if name in costs], axis=0) + np.zeros_like(revenue)
    payables = outstanding(bought, inputs.policy.payable_days)
    working = stock_value + receivables - payables
    # The books before the plan: the first month's terms, so that the first month shows no leap.
    opening_terms = _steady(revenue, inputs.policy.receivable_days) - _steady(
        bought, inputs.policy.payable_days
    )
    cash_margin = revenue - cost + np.sum([costs[name] for name in NOT_CASH if name in costs], axis=0)
    # Units in stock were paid for when they were made, so their value is already in the margin's costs:
    # only the terms of customers and suppliers move cash apart from it.
    terms = receivables - payables
    cash = cash_margin - np.diff(np.concatenate([[opening_terms], terms]))
    return Money(
        revenue=revenue,
        costs=costs,
        cost=cost,
        margin=revenue - cost,
        stock_value=stock_value,
        receivables=receivables,
        payables=payables,
        working_capital=working,
        cash_flow=cash,
        opening_stock_value=opening_value,
    )


def outstanding(flow: Floats, days: float) -> Floats:
    """[..., t] balance at each month's end when a flow [..., t] is paid `days` later, money; months before the first
    are like it."""
    months, horizon = days / MONTH_DAYS, flow.shape[-1]
    whole = int(months)
    padded = np.concatenate([np.repeat(flow[..., :1], whole + 1, axis=-1), flow], axis=-1)
    out = np.zeros_like(flow)
    for k in range(whole):
        out += padded[..., whole + 1 - k : whole + 1 - k + horizon]
    out += (months - whole) * padded[..., 1 : horizon + 1]
    return out


def _steady(flow: Floats, days: float) -> float:
    return float(flow[0] * days / MONTH_DAYS) if len(flow) else 0.0
