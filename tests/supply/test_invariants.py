"""What holds for every company: balances, limits, signs, money, and that an answer depends on its question alone."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.errors import SelfCheckFailed
from sop_core.inputs import Floats, Inputs
from sop_core.supply.check import self_check
from sop_core.supply.result import Solution
from sop_core.supply.solve import SupplySolver
from tests.supply.factory import INF, NAN, make_inputs

Company = tuple[Inputs, Floats, Floats]

ARRAYS = [
    f.name for f in dataclasses.fields(Solution)
    if f.name not in ("promises", "costs", "cost_by_month", "penalties", "solver", "solver_objective", "_behind")
]  # fmt: skip


@st.composite
def companies(draw: Any, objective: str | None = None) -> Company:
    """Two or three items, two plants, a depot, lanes with lead times, people, contracts, materials, targets."""
    months = draw(st.integers(1, 6))
    items = draw(st.integers(1, 3))
    dice = np.random.default_rng(draw(st.integers(0, 2**31)))
    segments = draw(st.integers(1, 3))
    with_lanes = draw(st.booleans())
    same_price = draw(st.booleans())
    people = draw(st.booleans())
    late_priced = draw(st.booleans())
    size = 10.0 ** draw(st.integers(0, 4))
    regions, sites = 2, 3

    def cube(low: float, high: float) -> Floats:
        return dice.uniform(low, high, (items, regions, segments, months))

    demand = np.where(dice.random((items, regions, segments, months)) < 0.2, 0.0, cube(0, 10)) * size
    price = (
        np.broadcast_to(dice.uniform(15, 30, (items, 1, 1, 1)), demand.shape) if same_price else cube(5, 40)
    )
    sources: list[dict[str, Any]] = []
    for item in range(items):
        sources.append({"item": item, "site": int(dice.integers(0, 2)), "unit_cost": dice.uniform(3, 12)})
        sources.append(
            {
                "item": item, "site": int(dice.integers(0, 3)), "kind": "buy", "unit_cost": dice.uniform(8, 20),
                "lead": int(dice.integers(0, 3)), "max_quantity": dice.uniform(0, 20) * size,
                "min_quantity": dice.choice([0.0, 3.0]) * size,
            }
        )  # fmt: skip
    lanes = [
        {"origin": o, "site": 2, "lead": int(dice.integers(0, 2)), "unit_cost": dice.uniform(0, 2)}
        for o in (0, 1)
    ]
    lanes += [
        {"origin": o, "region": r, "unit_cost": dice.uniform(0, 3), "lead": int(dice.integers(0, 2)),
         "max_quantity": dice.choice([INF, 25.0 * size])}
        for o in (1, 2) for r in range(regions)
    ]  # fmt: skip
    committed = np.full((items, sites, months), NAN)
    if draw(st.booleans()):
        committed[0, 0, 0] = 4.0 * size
    return make_inputs(
        months,
        demand=demand,
        price=price,
        items=[f"I{n}" for n in range(items)],
        regions=[f"R{n}" for n in range(regions)],
        segments=[f"S{n}" for n in range(segments)],
        sites=[f"P{n}" for n in range(sites)],
        priority=dice.integers(1, 3, segments),
        waits=dice.random(segments) < 0.6,
        sources=sources,
        routings=[(2 * n, int(dice.integers(0, 2)), dice.uniform(0.2, 2.0)) for n in range(items)],
        resources=("Q0", "Q1"),
        resource={
            "people": [people, False],
            "hours": [INF if people else 30.0 * size, 20.0 * size],
            "overtime_hours": [INF if people else 5.0 * size, 4.0 * size],
            "overtime_per_head": [20.0, NAN], "hours_per_head": [150.0, 0.0], "headcount": [size * 0.3, 0.0],
            "wage": [600.0, 0.0], "hire_cost": [300.0, 0.0], "release_cost": [500.0, 0.0],
            "hour_cost": [0.0, 2.0], "overtime_cost": [8.0, 4.0], "shift_hours": [0.0, 5.0 * size],
            "shift_cost": [0.0, 40.0 * size], "max_shifts": 1.0,
            "outage": dice.choice([0.0, 0.5, 1.0], p=[0.8, 0.15, 0.05], size=(2, months)),
        },
        lanes=lanes if with_lanes else None,
        materials=[
            {"material": "m", "unit_cost": 1.0, "lead": 1, "max_quantity": 40.0 * size, "on_hand": 20.0 * size},
            {"material": "m", "unit_cost": 3.0, "max_quantity": 10.0 * size, "min_quantity": 1.0 * size},
        ],
        usage=[(0, 0, 2.0)],
        item={
            "unit_cost": dice.uniform(5, 15, items), "holding_cost": dice.uniform(0.05, 0.3, items),
            "backorder_cost": dice.uniform(0.1, 3, items) if late_priced else NAN,
            "lost_sale_cost": dice.uniform(0, 3, items), "make_to_order": dice.random(items) < 0.25,
        },
        site={"capacity": [INF, INF, 60.0 * size], "storage_cost": [0.0, 0.1, 0.05]},
        stock={
            "opening": dice.uniform(0, 6, (items, sites)) * size,
            "target": dice.uniform(0, 6, (items, sites, months)) * (dice.random((items, sites, 1)) < 0.6) * size,
            "end_minimum": dice.uniform(0, 4, (items, sites)) * (dice.random((items, sites)) < 0.2) * size,
            "receipts": dice.uniform(0, 3, (items, sites, months)) * (np.arange(months) < 1) * size,
            "committed": committed,
        },
        opening_backlog=dice.uniform(0, 4, (items, regions, segments)) * (dice.random() < 0.4) * size,
        segment_end=draw(st.sampled_from(["lost", "forbidden"])),
        policy={
            "objective": objective or draw(st.sampled_from(["margin", "service"])), "late_is_priced": late_priced,
        },
    )  # fmt: skip


def close(first: float, second: float, size: float, rel: float = 1e-7) -> None:
    assert abs(first - second) <= rel * max(abs(size), 1.0), (first, second)


def turnover(plan: Solution) -> float:
    return float(plan.revenue.sum()) + plan.cost + sum(plan.penalties.values())


@settings(max_examples=60)
@given(companies())
def test_every_plan_passes_its_own_arithmetic_and_both_engines_agree(company: Company) -> None:
    """`solve` checks balances, limits, signs and money itself; here the identity is stated once more."""
    plan = SupplySolver(*company).solve()
    assert plan.cost == pytest.approx(sum(plan.costs.values()))
    assert plan.margin == pytest.approx(float(plan.revenue.sum()) - plan.cost)
    close(plan.objective, plan.solver_objective, turnover(plan), 1e-6)
    assert all(value >= -1e-6 * max(turnover(plan), 1.0) for value in plan.penalties.values())
    for name, months in plan.cost_by_month.items():
        assert plan.costs[name] == pytest.approx(months.sum())
    reference = SupplySolver(*company, engine="linprog").solve()
    for reached, expected in zip(plan.solver.unserved, reference.solver.unserved, strict=True):
        close(reached, expected, 1.0 + float(company[1].sum()) * company[0].horizon)
    # Under `service` each stage is held to the last one's optimum within the solver's own tolerance.
    close(plan.objective, reference.objective, turnover(plan), 1e-7 if not plan.solver.unserved else 1e-5)


@settings(max_examples=40)
@given(companies())
def test_make_to_order_items_only_use_up_what_they_start_with(company: Company) -> None:
    plan = SupplySolver(*company).solve()
    if any(p.rule == "make_to_order" for p in plan.promises):
        return
    to_order = company[0].item.make_to_order
    held = np.concatenate([company[0].stock.opening[to_order][:, :, None], plan.stock[to_order]], axis=2)
    assert np.all(np.diff(held, axis=2) <= 1e-6 * (1 + held[:, :, :-1]))


@settings(max_examples=40)
@given(companies(objective="margin"), st.integers(0, 3))
def test_more_of_something_scarce_never_lowers_the_optimum(company: Company, what: int) -> None:
    inputs, demand, price = company
    more = inputs.copy()
    if what == 0:
        more.resource.hours *= 1.2
        more.resource.overtime_hours *= 1.2
    elif what == 1:
        more.source.max_quantity *= 1.2
    elif what == 2:
        more.site.capacity *= 1.2
    else:
        more.lane.max_quantity *= 1.2
    solver = SupplySolver(*company)
    base, relaxed = solver.solve(), solver.solve(more, demand, price)
    assert relaxed.objective >= base.objective - 1e-7 * turnover(base)


def changed(company: Company) -> Company:
    """The same company after a handful of Changes to numbers."""
    inputs, demand, price = company
    other = inputs.copy()
    other.resource.outage[:] = np.minimum(other.resource.outage + 0.1, 1.0)
    other.source.unit_cost *= 1.07
    other.source.routing_hours *= 1.05
    other.stock.cover_factor *= 0.8
    return other, demand * 1.1, price * 0.98


@settings(max_examples=40)
@given(companies())
def test_answer_depends_on_the_question_not_on_what_was_asked_before(company: Company) -> None:
    """A change applied and taken back gives the same plan to the last digit; so does asking twice."""
    solver = SupplySolver(*company)
    base = solver.solve()
    there = solver.solve(*changed(company))
    back = solver.solve()
    again = solver.solve(*changed(company))
    fresh = SupplySolver(*company).solve(*changed(company))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(base, name), getattr(back, name), err_msg=name)
        np.testing.assert_array_equal(getattr(there, name), getattr(again, name), err_msg=name)
        np.testing.assert_array_equal(getattr(there, name), getattr(fresh, name), err_msg=name)


@settings(max_examples=40)
@given(companies())
def test_warm_and_cold_reach_the_same_optimum(company: Company) -> None:
    warm = SupplySolver(*company).solve(*changed(company))
    cold = SupplySolver(*changed(company)).solve()
    close(warm.objective, cold.objective, turnover(cold), 1e-7 if not cold.solver.unserved else 1e-5)


@settings(max_examples=25)
@given(companies(), st.integers(0, 6))
def test_changes_that_need_another_structure_are_answered_exactly(company: Company, what: int) -> None:
    """New limits, lead times, segments told apart, the other objective: warm answer = an answer from scratch."""
    inputs, demand, price = company
    other, price = inputs.copy(), price.copy()
    if what == 0:
        other.lane.max_quantity[:] = 30.0
    elif what == 1:
        other.source.lead[-1] += 1
    elif what == 2:
        price[:, 0] *= 0.9
    elif what == 3:
        other.policy.objective = "service" if inputs.policy.objective == "margin" else "margin"
    elif what == 4:
        other.source.min_quantity[:] = 1.0
    elif what == 5:
        other.stock.target[:] = 2.0
    else:
        other.policy.end_backlog = "forbidden" if inputs.policy.end_backlog == "lost" else "lost"
    solver = SupplySolver(*company)
    base = solver.solve()
    warm, cold = solver.solve(other, demand, price), SupplySolver(other, demand, price).solve()
    close(warm.objective, cold.objective, turnover(cold), 1e-7 if not cold.solver.unserved else 1e-5)
    np.testing.assert_array_equal(solver.solve().started, base.started)


@settings(max_examples=25)
@given(companies())
def test_value_is_the_plan_s_objective(company: Company) -> None:
    solver = SupplySolver(*company)
    close(solver.value().objective, solver.solve().objective, turnover(solver.solve()), 1e-6)


@settings(max_examples=15)
@given(companies())
def test_inputs_are_not_edited_and_a_plan_survives_pickling(company: Company) -> None:
    before = pickle.dumps(company)
    solver = SupplySolver(*company)
    plan = solver.solve()
    plan.duals  # noqa: B018 - evaluated for its effects
    assert pickle.dumps(company) == before
    copy = pickle.loads(pickle.dumps(plan))
    np.testing.assert_array_equal(copy.served, plan.served)
    np.testing.assert_array_equal(copy.duals["demand"], plan.duals["demand"])


SPOILT = (
    "started",
    "flow",
    "stock",
    "served",
    "backlog",
    "headcount",
    "bought",
    "material_stock",
    "regular",
    "revenue",
)


@pytest.mark.parametrize("name", SPOILT)
def test_self_check_notices_a_plan_that_does_not_add_up(name: str) -> None:
    company = make_inputs(
        3, demand=[5, 9, 5], price=50.0, sources=[{"kind": "make", "unit_cost": 4.0}],
        lanes=[{"origin": 0, "region": 0, "unit_cost": 1.0}], resources=("Crew", "Line"),
        routings=[(0, 0, 1.0), (0, 1, 1.0)],
        resource={
            "people": [True, False], "hours": [INF, 7.0], "headcount": [1.0, 0.0], "hours_per_head": [8.0, 0.0],
            "wage": [10.0, 0.0],
        },
        materials=[{"material": "m"}], usage=[(0, 0, 1.0)], item={"holding_cost": 0.5},
    )  # fmt: skip
    plan = SupplySolver(*company).solve()
    self_check(company[0], company[1], plan)
    spoilt = np.array(getattr(plan, name))
    changes: dict[str, Any] = {name: spoilt}
    spoilt.reshape(-1)[1] += 1.0
    with pytest.raises(SelfCheckFailed):
        self_check(company[0], company[1], dataclasses.replace(plan, **changes))
    spoilt.reshape(-1)[1] = -1.0
    with pytest.raises(SelfCheckFailed):
        self_check(company[0], company[1], dataclasses.replace(plan, **changes))
