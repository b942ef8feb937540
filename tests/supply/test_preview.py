"""A preview's promise: the exact optimum lies between its bounds, and its plan can be carried out."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.planner import tables
from sop_core.demand.layers import demand_plan
from sop_core.inputs import Floats, Inputs, Materials
from sop_core.planner import prepare
from sop_core.snapshot import Snapshot
from sop_core.supply.bounds import penalty_weights
from sop_core.supply.check import self_check
from sop_core.supply.numbers import numbers_of
from sop_core.supply.preview import Estimate, Previewer
from sop_core.supply.result import Solution
from sop_core.supply.solve import Interrupted, SupplySolver
from tests.supply.factory import make_inputs
from tests.supply.test_invariants import companies

Company = tuple[Inputs, Floats, Floats]


def plants(seed: int) -> Company:
    """24 items at three plants with people and machines, four regions, orders that wait and that do not."""
    inputs = prepare(Snapshot.from_tables(tables(24, seed))).inputs
    wanted = demand_plan(inputs)
    return inputs, wanted.total, wanted.price


def without_materials(company: Company) -> Company:
    inputs, demand, price = company
    empty = make_inputs(inputs.horizon, demand=0.0)[0].material
    assert isinstance(empty, Materials)
    plain = dataclasses.replace(inputs.copy(), material=empty, material_names=())
    return plain, demand, price


def moved(company: Company, dice: np.random.Generator, most: float) -> Company:
    """The company after a change of everything that a lever may move, each by up to that part."""
    inputs, demand, price = company[0].copy(), company[1].copy(), company[2].copy()

    def factor(*shape: int) -> Floats:
        return dice.uniform(1 - most, 1 + most, shape)

    which = dice.random(9) < 0.5
    if which[0]:
        demand *= factor(len(inputs.items), 1, 1, 1)
    if which[1]:
        inputs.resource.hours *= factor(len(inputs.resource_names), 1)
        inputs.resource.overtime_hours *= factor(len(inputs.resource_names), 1)
    if which[2]:
        price *= factor(len(inputs.items), 1, 1, 1)
    if which[3]:
        inputs.lane.unit_cost *= factor(*inputs.lane.unit_cost.shape)
    if which[4]:
        inputs.source.unit_cost *= factor(*inputs.source.unit_cost.shape)
    if which[5]:
        inputs.stock.target *= factor(len(inputs.items), 1, 1)
    if which[6]:
        inputs.resource.wage *= factor(len(inputs.resource_names), 1)
        inputs.resource.overtime_cost *= factor(len(inputs.resource_names))
    if which[7]:
        inputs.source.routing_hours *= factor(len(inputs.source.routing_hours))
        inputs.resource.outage[:] = np.where(
            dice.random(inputs.resource.outage.shape) < 0.1, most, inputs.resource.outage
        )
    if which[8]:
        inputs.resource.hours_per_head *= factor(len(inputs.resource_names), 1)
        inputs.stock.opening *= factor(*inputs.stock.opening.shape)
    return inputs, demand, price


def size_of(plan: Solution) -> float:
    return (
        float(np.abs(plan.revenue).sum() + sum(map(abs, plan.costs.values())) + sum(plan.penalties.values()))
        + 1.0
    )


def holds(found: Estimate, company: Company, exact: Solution) -> None:
    inputs, demand, _ = company
    near = 1e-6 * size_of(exact)
    assert found.objective_lowest - near <= exact.objective <= found.objective_highest + near
    assert found.lowest - near <= exact.margin <= found.highest + near
    self_check(inputs, demand, found.solution)
    assert found.solution.objective == pytest.approx(found.objective_lowest, abs=near)
    assert found.solution.solver.status == "estimate"


@given(companies("margin"), st.integers(0, 2**31), st.sampled_from([0.02, 0.1, 0.5]))
@settings(max_examples=60, deadline=None)
def test_the_best_plan_lies_between_the_bounds(company: Company, seed: int, most: float) -> None:
    company = without_materials(company)
    solver = SupplySolver(*company)
    known = Previewer.of(company[0], company[1], solver.solve())
    assert known is not None
    dice = np.random.default_rng(seed)
    for _ in range(2):
        asked = moved(company, dice, most)
        found = known.estimate(*asked)
        exact = solver.solve(*asked)
        if found is not None:
            holds(found, asked, exact)
        known.learn(asked[0], asked[1], exact)
        again = known.estimate(*asked)
        if again is not None:
            holds(again, asked, exact)


@pytest.fixture(scope="module")
def plant() -> tuple[Company, SupplySolver, Previewer]:
    company = plants(11)
    solver = SupplySolver(*company)
    known = Previewer.of(company[0], company[1], solver.solve())
    assert known is not None
    return company, solver, known


@pytest.mark.parametrize(
    ("demand", "hours", "price"), [(1.05, 1, 1), (0.95, 1, 1), (1, 0.9, 1), (1, 1, 1.05)]
)
def test_a_lever_of_a_network_is_answered_closely(
    plant: Any, demand: float, hours: float, price: float
) -> None:
    company, solver, known = plant
    inputs = company[0].copy()
    inputs.resource.hours *= hours
    asked = inputs, company[1] * demand, company[2] * price
    found, exact = known.estimate(*asked), solver.solve(*asked)
    assert found is not None
    holds(found, asked, exact)
    assert found.objective_highest - found.objective_lowest < 0.03 * exact.objective


def test_nothing_changed_gives_the_plan_itself(plant: Any) -> None:
    company, solver, known = plant
    found, exact = known.estimate(*company), solver.solve()
    assert found is not None
    assert found.objective_lowest == pytest.approx(exact.objective, rel=1e-9)
    assert found.objective_highest == pytest.approx(exact.objective, rel=1e-6)


def test_a_plan_that_was_learned_is_known_exactly() -> None:
    company = plants(8)
    solver = SupplySolver(*company)
    known = Previewer.of(company[0], company[1], solver.solve())
    assert known is not None
    asked = company[0], company[1] * 1.08, company[2]
    before, exact = known.estimate(*asked), solver.solve(*asked)
    assert known.learn(asked[0], asked[1], exact)
    after = known.estimate(*asked)
    assert before is not None
    assert after is not None
    assert after.objective_lowest == pytest.approx(exact.objective, rel=1e-8)
    assert (
        after.objective_highest - after.objective_lowest < before.objective_highest - before.objective_lowest
    )


def test_no_estimate_where_none_can_be_had(plant: Any) -> None:
    (inputs, demand, price), solver, known = plant
    service = inputs.copy()
    service.policy.objective = "service"
    assert known.estimate(service, demand, price) is None
    assert not known.learn(service, demand, solver.solve(service, demand, price))
    forced = inputs.copy()
    forced.policy.idle_time = False
    assert known.estimate(forced, demand, price) is None
    another = inputs.copy()
    another.source.lead = another.source.lead + 1
    assert known.estimate(another, demand, price) is None


def test_penalties_are_the_plan_s_own(plant: Any) -> None:
    company, solver, known = plant
    exact = solver.solve()
    numbers = numbers_of(known.structure, *company, known.scales)[0]
    constant, weights = penalty_weights(known.structure, company[0], numbers, known.scales)
    total = known.scales.money * (constant + float(weights @ exact.behind[2].x))
    assert total == pytest.approx(sum(exact.penalties.values()), rel=1e-9)


def test_a_twin_answers_alike_without_solving_the_base(plant: Any) -> None:
    company, solver, _ = plant
    asked = company[0], company[1] * 1.03, company[2]
    own, other = solver.solve(*asked), solver.twin().solve(*asked)
    assert own.solver.iterations == other.solver.iterations
    np.testing.assert_array_equal(own.started, other.started)
    np.testing.assert_array_equal(own.flow, other.flow)


def test_a_solve_can_be_stopped_and_the_next_one_is_as_if_nothing_had_been(plant: Any) -> None:
    company, solver, _ = plant
    asked = company[0], company[1] * 1.1, company[2]
    whole = solver.solve(*asked, stop=lambda: False)
    looks = iter(range(100_000))
    with pytest.raises(Interrupted):
        solver.solve(*asked, stop=lambda: next(looks) >= 3)
    again = solver.solve(*asked, stop=lambda: False)
    np.testing.assert_array_equal(again.started, whole.started)
    np.testing.assert_array_equal(solver.solve(*asked).started, whole.started)
