"""The small company of tests/changes as something that can be planned."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import reject

from sop_core.demand.layers import demand_plan
from sop_core.errors import PlanError, ScenarioError
from sop_core.inputs import Inputs
from sop_core.money import build_money
from sop_core.plan import Plan
from sop_core.scenario import Scenario
from sop_core.supply.solve import SupplySolver


def planned(inputs: Inputs) -> Callable[[Scenario], Plan]:
    """Plans scenarios of that company. Every plan starts from the base's optimum, as the planner's do."""
    base = demand_plan(inputs)
    solver = SupplySolver(inputs, base.total, base.price)

    def plan(scenario: Scenario) -> Plan:
        edited = scenario.apply(inputs)
        demand = demand_plan(edited)
        solution = solver.solve(edited, demand.total, demand.price)
        money = build_money(edited, demand, solution)
        return Plan(scenario, edited, demand, solution, money, 1, (), float("nan"))

    return plan


def or_reject(plan: Callable[[Scenario], Plan], scenario: Scenario) -> Plan:
    """The plan, for tests over random Changes: what cannot be planned is another test's subject."""
    try:
        return plan(scenario)
    except (ScenarioError, PlanError):
        reject()
