"""The difference between two plans by driver, from the two plans alone: margin, revenue, cash, service and stock.

`margin_drivers` holds the formulas of margin and revenue. *Cash*: the margin's steps that are paid, and what customers
and suppliers pay later. *Service level*: each family's own service at the new mix of demand, and the mix of demand.
*Stock value*: up to target, above target, standard cost. The steps sum to the difference by construction.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sop_core.bridge.margin_drivers import (
    DUST,
    Step,
    by_item,
    item_step,
    lines_of,
    margin_steps,
    revenue_steps,
)
from sop_core.errors import PlanError
from sop_core.kpis import on_time
from sop_core.money import MONTH_DAYS
from sop_core.plan import Plan

#: KPIs that can be told by driver from two plans; the others only by Change.
BY_DRIVER: Final = ("margin", "revenue", "cash", "service_level", "stock_value")


def by_driver(a: Plan, b: Plan, kpi: str) -> tuple[Step, ...]:
    """What moves a KPI of BY_DRIVER from plan A to plan B of one company, in the order in which it is told. Steps that
    move nothing are left out. Raises PlanError for plans of different companies, ValueError for other KPIs."""
    if a.inputs.items != b.inputs.items or len(a.inputs.months) != len(b.inputs.months):
        raise PlanError("Two plans can be bridged where they are of one company and one horizon.")
    steps = _ALL[kpi](a, b) if kpi in _ALL else None
    if steps is None:
        raise ValueError(f"No drivers are known for {kpi}; there are: {', '.join(BY_DRIVER)}")
    least = DUST * max(abs(a.kpis[kpi]), abs(b.kpis[kpi]), 1e-6)
    shown = [step for step in steps if abs(step.amount) > least]
    rest = (b.kpis[kpi] - a.kpis[kpi]) - sum(step.amount for step in shown)
    if abs(rest) > max(least * len(steps), 1e-9):
        shown.append(Step("other", "Other", "What no other driver explains", rest))
    return tuple(shown)


def _cash(a: Plan, b: Plan) -> list[Step]:
    """The margin's steps that are paid, and what customers and suppliers pay later."""
    kept = [
        s for s in margin_steps(a, b) if s.key not in ("holding", "backlog", "lost_sales", "unhappy_rates")
    ]
    steps = [_storage_rates(a, b) if step.key == "holding_rates" else step for step in kept]
    owed = [
        p.money.receivables[-1] - p.money.revenue[0] * p.inputs.policy.receivable_days / MONTH_DAYS
        for p in (a, b)
    ]
    customers = float(owed[0] - owed[1])
    growth = [float(p.money.margin.sum() - p.money.cash_flow.sum() + _not_paid(p)) for p in (a, b)]
    # Cash = paid margin less growth of receivables plus growth of payables: what is left are the suppliers.
    suppliers = (growth[0] - growth[1]) - customers
    return [
        *steps,
        Step(
            "customers",
            "Customers' terms",
            "Growth of receivables from plan start to horizon end, less of it is more cash",
            customers,
        ),
        Step(
            "suppliers",
            "Suppliers' terms",
            "Growth of payables from plan start to horizon end",
            float(suppliers),
        ),
    ]


def _not_paid(plan: Plan) -> float:
    return float(sum(plan.money.costs[name].sum() for name in ("backlog", "lost_sales", "holding")))


def _storage_rates(a: Plan, b: Plan) -> Step:
    rise = b.inputs.site.storage_cost - a.inputs.site.storage_cost
    amounts = -np.einsum("ist,s->i", b.solution.stock, rise)
    text = "Units in stock in the new plan x the rise of storage cost"
    return item_step(a, "storage_rates", "Storage rates", text, amounts)


def _service(a: Plan, b: Plan) -> list[Step]:
    """Each family's own service at the new mix of demand, and the mix of demand. Fractions."""
    names = np.array(a.inputs.item_family, dtype=object)
    families = tuple(dict.fromkeys(a.inputs.item_family))
    on_a, on_b = by_item(a, on_time(a.facts)), by_item(b, on_time(b.facts))
    asked_a, asked_b = by_item(a, a.demand.total), by_item(b, b.demand.total)
    whole_a, whole_b = asked_a.sum(), asked_b.sum()
    if min(whole_a, whole_b) <= DUST:
        text = "One of the plans has no demand"
        return [Step("demand", "Demand", text, b.kpis["service_level"] - a.kpis["service_level"])]
    total = on_a.sum() / whole_a
    steps, mix = [], []
    for family in families:
        mine = names == family
        old = on_a[mine].sum() / asked_a[mine].sum() if asked_a[mine].sum() > 0 else total
        served, weight = on_b[mine].sum(), asked_b[mine].sum() / whole_b
        late = float((asked_b - on_b)[mine].sum() - (asked_a - on_a)[mine].sum())
        moved = np.where(mine, (on_b - asked_b * old) / whole_b, 0.0)
        steps.append(
            Step(
                f"family {family}",
                family,
                "Share of this family in the new demand x the rise of its own service level",
                float(served / whole_b - weight * old),
                "item",
                lines_of(a.inputs.items, moved),
                late,
                "units late",
            )
        )
        mix.append((family, float((weight - asked_a[mine].sum() / whole_a) * (old - total))))
    text = "More or less of the demand in families whose service differs from the company's"
    steps.append(Step("mix", "Mix of demand", text, sum(v for _, v in mix), "family", tuple(mix)))
    return steps


def _stock_value(a: Plan, b: Plan) -> list[Step]:
    """Average stock at month end up to target, above target, and the standard cost. Money."""
    months = a.inputs.horizon
    old, new = a.inputs.item.unit_cost, b.inputs.item.unit_cost
    target_a, target_b = a.inputs.stock_target, b.inputs.stock_target
    to_a, to_b = (by_item(p, np.minimum(p.solution.stock, p.inputs.stock_target)) for p in (a, b))
    all_a, all_b = by_item(a, a.solution.stock), by_item(b, b.solution.stock)
    wanted = float((target_b - target_a).sum()) / months
    above = (all_b - to_b) - (all_a - to_a)
    return [
        item_step(
            a,
            "to_target",
            "Stock up to target",
            f"Units in stock below or at their target, more or fewer, x standard cost; the target moves by "
            f"{wanted:+,.0f} units a month",
            (to_b - to_a) * old / months,
            float((to_b - to_a).sum()) / months,
        ),
        item_step(
            a,
            "above_target",
            "Stock above target",
            "Units in stock above their target (made ahead, or left over), more or fewer, x standard cost",
            above * old / months,
            float(above.sum()) / months,
        ),
        item_step(
            a,
            "standard_cost",
            "Standard cost",
            "Units in stock in the new plan x the rise of their standard cost",
            all_b * (new - old) / months,
        ),
    ]


_ALL: Final = {
    "margin": margin_steps,
    "revenue": revenue_steps,
    "cash": _cash,
    "service_level": _service,
    "stock_value": _stock_value,
}
