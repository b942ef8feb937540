"""Other lead times, and limits of every kind, against models built anew: the answer is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.changes import REGISTRY, Change, DemandOverride, LeadTime, Scope
from sop_core.demand.layers import demand_plan
from sop_core.scenario import Scenario
from sop_core.supply.preview import Previewer
from sop_core.supply.priced import ways_out
from sop_core.supply.solve import SupplySolver
from tests.changes.factory import make_inputs as company_of_changes
from tests.changes.strategies import changes
from tests.supply.factory import make_inputs
from tests.supply.test_preview import holds, without_materials
from tests.supply.test_priced import LINE

MAKE = {"unit_cost": 10.0, "name": "make"}
BUY = {"kind": "buy", "supplier": "Kunshan", "unit_cost": 10.0, "name": "buy"}
LIMITS = ("material_volume", "lane_volume", "storage_capacity", "end_stock", "lead_time", "machine_hours")


def test_a_supplier_a_month_late_leaves_the_first_month_unserved() -> None:
    inputs, demand, price = make_inputs(3, demand=[10, 10, 10], price=50.0, waits=False, sources=[BUY])
    solver = SupplySolver(inputs, demand, price)
    late = Scenario("x").add(LeadTime(scope=Scope(suppliers=("Kunshan",)), months=1)).apply(inputs)
    before, after = solver.solve(), solver.solve(late, demand, price)
    assert before.served.sum() == pytest.approx(30)
    assert after.served.sum(axis=(0, 1, 2)).tolist() == pytest.approx([0, 10, 10])
    assert after.started.sum(axis=0).tolist() == pytest.approx([10, 10, 0])
    assert before.margin - after.margin == pytest.approx(10 * 40)
    assert not after.solver.warm
    assert solver.solve().margin == before.margin


def test_a_lane_a_month_slower_arrives_a_month_later() -> None:
    company = make_inputs(
        3, demand=[10, 10, 10], price=50.0, waits=False, sources=[MAKE], lanes=[{"origin": 0, "region": 0}]
    )
    solver = SupplySolver(*company)
    name = company[0].lane_name(0)
    slow = Scenario("x").add(LeadTime(scope=Scope(lanes=(name,)), months=1)).apply(company[0])
    assert solver.solve(slow, *company[1:]).served.sum(axis=(0, 1, 2)).tolist() == pytest.approx([0, 10, 10])


@pytest.mark.parametrize("kinds", [LIMITS, tuple(REGISTRY)], ids=["limits", "all"])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_change_is_planned_as_by_a_model_of_its_own(kinds: tuple[str, ...], data: st.DataObject) -> None:
    """Warm, with more rows or from the beginning: the optimum is that of a solver that knows nothing else."""
    inputs = company_of_changes()
    change = data.draw(changes(inputs, kinds))
    base = demand_plan(inputs)
    changed = Scenario("x").add(change).apply(inputs)
    asked = demand_plan(changed)
    found = SupplySolver(inputs, base.total, base.price).solve(changed, asked.total, asked.price)
    anew = SupplySolver(changed, asked.total, asked.price).solve()
    size = abs(anew.revenue.sum()) + sum(map(abs, anew.costs.values())) + sum(anew.penalties.values())
    assert found.objective == pytest.approx(anew.objective, abs=1e-6 * (size + 1.0))


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_an_estimate_of_any_change_keeps_its_promise_or_is_not_given(data: st.DataObject) -> None:
    full = company_of_changes()
    change: Change = data.draw(changes(full))
    if change.scope.materials or change.scope.suppliers or change.kind == "material_volume":
        return  # a company without materials has none of these names
    inputs = without_materials((full, *(np.zeros(0),) * 2))[0]
    base = demand_plan(inputs)
    solver = SupplySolver(inputs, base.total, base.price)
    known = Previewer.of(inputs, base.total, solver.solve())
    assert known is not None
    changed = Scenario("x").add(change).apply(inputs)
    asked = demand_plan(changed)
    found = known.estimate(changed, asked.total, asked.price)
    late = any((getattr(changed, of).lead != getattr(inputs, of).lead).any() for of in ("source", "lane"))
    assert found is None or not late
    if found is not None:
        holds(found, (changed, asked.total, asked.price), solver.solve(changed, asked.total, asked.price))


CASES: list[tuple[str, dict[str, Any]]] = [
    ("storage_capacity", {"sources": [MAKE | {"max_quantity": [20.0, 0.0]}], "site": {"capacity": 6.0}}),
    ("lane_volume", {"sources": [MAKE], "lanes": [{"origin": 0, "region": 0, "max_quantity": [50.0, 6.0]}]}),
    (
        "material_volume",
        {
            "sources": [MAKE],
            "materials": [{"material": "m", "supplier": "mill", "max_quantity": [0.0, 6.0]}],
            "usage": [(0, 0, 1.0)],
        },
    ),
    (
        "machine_hours",
        {
            "sources": [MAKE],
            **LINE,
            "resource": {
                "people": True, "hours": [[0.0, 6.0]], "headcount": 10.0, "hours_per_head": 10.0, "wage": 50.0,
            },
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "more"), CASES, ids=[kind for kind, _ in CASES])
def test_a_way_out_of_each_limit_is_a_change_that_gives_its_plan(kind: str, more: dict[str, Any]) -> None:
    """Ten wanted in February, six possible: the limit raised by four serves all, and a scenario can take it."""
    company = make_inputs(2, demand=[0, 10], price=50.0, waits=False, **more)
    solver = SupplySolver(*company)
    before = solver.solve()
    way = next(way for way in ways_out(solver, before, 0, 0, 1) if way.change.kind == kind)
    assert way.relieved == pytest.approx(4)
    scenario = Scenario("x").add(Change.from_dict(way.change.to_dict()))
    again = SupplySolver(scenario.apply(company[0]), *company[1:]).solve()
    assert again.margin - before.margin == pytest.approx(way.gain)
    assert again.served.sum() == pytest.approx(10)


@pytest.mark.parametrize("units", [2e-311, 1e-9])
def test_demand_of_next_to_nothing_does_not_spoil_the_rest(units: float) -> None:
    inputs = company_of_changes()

    def objective(units: float) -> float:
        change = DemandOverride(scope=Scope(products=("Trail 500",)), units=units)
        changed = Scenario("x").add(change).apply(inputs)
        asked = demand_plan(changed)
        return SupplySolver(changed, asked.total, asked.price).solve().objective

    assert objective(units) == pytest.approx(objective(1e-3), rel=1e-5)
