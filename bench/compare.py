"""Ten scenarios of the demo company compared: ten plans and the table of their KPIs, beside ten cold solves.

    python -m bench compare

The company is prepared (its forecast is in memory, its base plan is not): what a meeting waits for that opens the
comparison for the first time. The cold solves are those of the same ten linear programs by scipy's HiGHS, without any
model building. The bridge's 62 plans between two scenarios of six Changes are set against as many such solves.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from bench import Row
from sop_core import bridge, compare, demo
from sop_core.changes import CapacityChange, DemandGrowth, PriceChange, SafetyStockCover, Scope, WageChange
from sop_core.changes.base import Change
from sop_core.demand.layers import demand_plan
from sop_core.planner import Company, Planner, prepare
from sop_core.scenario import Scenario, Step
from sop_core.snapshot import Snapshot
from sop_core.supply.solve import SupplySolver

#: The goal of the design for ten scenarios, milliseconds on two cores.
GOAL = 2_000.0
TEN = 10


def run() -> Iterable[Row]:
    """Rows of the table: ten scenarios and one bridge, each against cold solves and its goal."""
    tell("preparing the demo company")
    company = prepare(Snapshot.from_tables(demo.build(), version=1))
    scenarios = ten(company)
    tell("ten scenarios, from a planner that has planned nothing yet")
    began = time.perf_counter()
    planner = Planner(company)
    table = compare.kpi_table([planner.base, *(planner.plan(scenario) for scenario in scenarios)])
    whole = 1000 * (time.perf_counter() - began)
    assert len(table)
    tell("ten cold solves")
    cold = sum(cold_solve(company, scenario) for scenario in scenarios)
    yield Row("ten scenarios planned and compared, cold", whole, "goal of the design", GOAL, goal=1.0)
    yield Row("ten scenarios planned and compared, cold", whole, "ten cold linprog calls", cold)
    tell("the bridge between two scenarios of six Changes")
    end = Scenario("Six", steps=tuple(Step(change) for change in six(company)))
    began = time.perf_counter()
    found = bridge.attribute(
        Scenario.base(), end, lambda scenario: bridge.values(planner.plan(scenario)), company.inputs
    )
    took = 1000 * (time.perf_counter() - began)
    assert found is not None
    yield Row(
        f"bridge over six Changes, {found.plans} plans between",
        took,
        "as many cold linprog calls",
        cold / TEN * found.plans,
    )
    began = time.perf_counter()
    steps = bridge.by_driver(planner.base, planner.plan(end), "margin")
    by_driver = 1000 * (time.perf_counter() - began)
    assert steps
    yield Row("plan and bridge by driver", by_driver, "one cold linprog call", cold / TEN)


def ten(company: Company) -> list[Scenario]:
    """Ten scenarios that differ in demand, prices and capacity."""
    inputs = company.inputs
    found = []
    for n in range(TEN):
        line = inputs.resource_names[n % len(inputs.resource_names)]
        found.append(
            Scenario(f"Scenario {n + 1}")
            .add(DemandGrowth(pct=0.01 * (n - 4.5)))
            .add(CapacityChange(scope=Scope.of(resource=line), pct=-0.05 * (1 + n % 3)))
        )
    return found


def six(company: Company) -> list[Change]:
    """Six Changes of different kinds."""
    inputs = company.inputs
    return [
        DemandGrowth(scope=Scope.of(region=inputs.regions[0]), pct=0.05),
        PriceChange(scope=Scope.of(family=inputs.item_family[0]), pct=0.03),
        CapacityChange(scope=Scope.of(resource=inputs.resource_names[0]), pct=-0.1),
        CapacityChange(scope=Scope.of(resource=inputs.resource_names[1]), pct=-0.1),
        WageChange(pct=0.02),
        SafetyStockCover(pct=0.2),
    ]


def cold_solve(company: Company, scenario: Scenario) -> float:
    """Milliseconds of scipy's call alone for that scenario's linear program, without a basis."""
    inputs = scenario.apply(company.inputs)
    demand = demand_plan(inputs)
    solver = SupplySolver(inputs, demand.total, demand.price, engine="linprog")
    return 1000 * solver.solve().solver.seconds


def tell(text: str) -> None:
    """Says on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)
