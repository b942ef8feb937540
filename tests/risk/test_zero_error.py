"""Without any error the simulation is the plan: every KPI, month by month, for every company."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings

from sop_core import changes
from sop_core.plan import Plan
from sop_core.planner import Planner
from sop_core.risk import SIMULATED, Risk, simulate, uncertainty
from sop_core.scenario import Scenario
from tests.risk.committed import doubt, planned
from tests.supply.test_invariants import Company, companies


def sizes(plan: Plan) -> dict[str, float]:
    """What a KPI is compared with: units by all units, money by all money."""
    units = float(
        plan.demand.total.sum() + plan.inputs.demand.opening_backlog.sum() + plan.solution.stock.sum()
    )
    worth = float((plan.demand.total * plan.demand.price).sum())
    money = (
        worth
        + sum(abs(float(v.sum())) for v in plan.money.costs.values())
        + float(plan.money.stock_value.sum())
    )
    small = ("service_level", "fill_rate", "target_reached", "margin_rate", "turns", "days_of_supply")
    in_units = ("demand", "served", "backlog", "lost_sales", "stock_units")
    return {
        name: max(abs(plan.kpis[name]), 1.0)
        if name in small
        else max(units if name in in_units else money, 1.0)
        for name in SIMULATED
    }


def degenerate(plan: Plan, name: str) -> bool:
    """Whether the KPI divides by dust: by revenue, or by stock, of next to nothing."""
    size = sizes(plan)
    below = (
        plan.kpis["revenue"] / size["margin"]
        if name == "margin_rate"
        else plan.kpis["stock_units"] / size["demand"]
    )
    return below < 1e-7


def held(risk: Risk, plan: Plan, rel: float = 1e-6) -> None:
    """Every KPI of every path is the plan's."""
    size = sizes(plan)
    for name in SIMULATED:
        if name in ("margin_rate", "turns") and degenerate(plan, name):
            continue
        own, found = plan.kpis[name], risk.kpis[name]
        if not np.isfinite(own):
            assert not np.isfinite(found).any(), name
            continue
        assert np.abs(found - own).max() <= rel * size[name], (name, own, found[0])
    for name, months in risk.by_month.items():
        own = risk.planned_by_month[name]
        scale = 1.0 if name == "service_level" else size["margin"]
        assert np.nanmax(np.abs(months - own)) <= rel * scale, name


@settings(max_examples=150)
@given(companies())
def test_the_plan_is_found_again_in_every_company(company: Company) -> None:
    plan = planned(company)
    held(simulate(plan, doubt(plan, 0.0), paths=2), plan)


def test_the_demo_plan_and_a_scenario_are_found_again(demo_planner: Planner) -> None:
    error = uncertainty(demo_planner.company).none()
    more = Scenario.base().add(changes.DemandGrowth(pct=0.1)).rename("More")
    for scenario in (Scenario.base(), more):
        plan = demo_planner.plan(scenario)
        held(simulate(plan, error, paths=2), plan)
        for name in ("service_level", "margin", "stock_value", "cash"):
            found = simulate(plan, error, paths=2).kpis[name]
            assert found == pytest.approx(plan.kpis[name], rel=1e-6), name


@pytest.mark.parametrize("days", [0.0, 10.0, 30.4375, 75.0])
def test_terms_of_payment_move_cash_as_in_the_plan(demo_planner: Planner, days: float) -> None:
    from sop_core.money import build_money

    base = demo_planner.base
    inputs = base.inputs.copy()
    inputs.policy = dataclasses.replace(inputs.policy, receivable_days=days, payable_days=2 * days)
    plan = dataclasses.replace(base, inputs=inputs, money=build_money(inputs, base.demand, base.solution))
    risk = simulate(plan, doubt(plan, 0.0), paths=2)
    assert risk.kpis["cash"] == pytest.approx(plan.kpis["cash"], rel=1e-9)
    assert risk.kpis["working_capital"] == pytest.approx(plan.kpis["working_capital"], rel=1e-9)
