"""What happens on a path: goods and orders balance, nothing is negative, more stock never serves less."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.inputs import Floats
from sop_core.plan import Plan
from sop_core.risk import simulate
from sop_core.risk.commitments import commitments
from sop_core.risk.follow import Follower, Walk
from sop_core.risk.paths import Draws
from tests.risk.committed import doubt, planned
from tests.supply.factory import make_inputs
from tests.supply.test_invariants import Company, companies

UNITS = ("demand", "late", "served", "backlog", "lost", "at_risk", "transport", "storage", "holding", "backlog_cost",
         "lost_cost", "stock_units", "stock_value", "short_target")  # fmt: skip


def walked(plan: Plan, spread: float = 0.6, paths: int = 20, seed: int = 5) -> Walk:
    return Follower(commitments(plan)).walk(Draws.of(doubt(plan, spread), paths, seed).block(0))


@settings(max_examples=80)
@given(companies(), st.integers(1, 1000))
def test_orders_and_goods_balance_on_every_path(company: Company, seed: int) -> None:
    plan = planned(company)
    walk = walked(plan, seed=seed)
    inputs = plan.inputs
    orders = walk.demand.sum(axis=0) + inputs.demand.opening_backlog.sum()
    done = walk.served.sum(axis=0) + walk.lost.sum(axis=0) + walk.end_backlog
    size = float(orders.max()) + 1.0
    assert done == pytest.approx(orders, abs=1e-7 * size)
    supply = inputs.stock.opening.sum() + inputs.stock.receipts.sum() + plan.solution.received.sum()
    used = walk.served.sum(axis=0) + walk.stock_units[-1]
    # What is on its way on a lane that takes months is neither in stock nor served.
    if inputs.lane.everywhere or not inputs.lane.lead.any():
        assert used == pytest.approx(float(supply), abs=1e-7 * (size + float(supply)))
    assert (used <= supply + 1e-7 * (size + float(supply))).all()


@settings(max_examples=80)
@given(companies(), st.integers(1, 1000))
def test_nothing_is_negative_and_parts_are_parts(company: Company, seed: int) -> None:
    plan = planned(company)
    walk = walked(plan, seed=seed)
    for name in UNITS:
        assert getattr(walk, name).min() >= -1e-7, name
    assert (walk.late <= walk.demand * (1 + 1e-9) + 1e-9).all()
    risk = simulate(plan, doubt(plan, 0.6), paths=20, seed=seed)
    for name in ("service_level", "fill_rate", "target_reached"):
        assert risk.kpis[name].min() >= -1e-9
        assert risk.kpis[name].max() <= 1 + 1e-9
    assert risk.kpis["margin"] == pytest.approx(risk.kpis["revenue"] - risk.kpis["cost"])
    assert risk.item_demand.sum(axis=1) == pytest.approx(risk.kpis["demand"])


def pooled(dice: np.random.Generator, sites: int, segments: int) -> Company:
    """One region, or several at one site, so that who gets what has one answer."""
    regions = 1 if sites > 1 else int(dice.integers(1, 4))
    shape = (2, regions, segments, 6)
    demand = dice.uniform(0, 10, shape)
    return make_inputs(
        6,
        demand=demand,
        price=dice.uniform(10, 20, shape),
        items=("A", "B"),
        regions=[f"R{n}" for n in range(regions)],
        segments=[f"S{n}" for n in range(segments)],
        sites=[f"P{n}" for n in range(sites)],
        priority=dice.integers(1, 3, segments),
        waits=dice.random(segments) < 0.6,
        sources=[
            {"item": n, "site": int(dice.integers(0, sites)), "unit_cost": 3.0, "max_quantity": 12.0}
            for n in range(2)
        ],
        item={"unit_cost": 4.0, "holding_cost": 0.1, "backorder_cost": 0.4, "lost_sale_cost": 0.5},
        stock={"opening": dice.uniform(0, 15, (2, sites)), "target": 5.0},
    )  # fmt: skip


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 3))
def test_more_stock_never_serves_less_on_the_same_paths(dice: int, sites: int, segments: int) -> None:
    draw = np.random.default_rng(dice)
    plan = planned(pooled(draw, sites, segments))
    block = Draws.of(doubt(plan, 0.5), 40, dice + 1).block(0)
    held = commitments(plan)
    more = dataclasses.replace(held, opening=held.opening + draw.uniform(0, 6, held.opening.shape))
    one, other = Follower(held).walk(block), Follower(more).walk(block)
    unserved = one.backlog + one.lost.cumsum(axis=0)
    assert (other.backlog + other.lost.cumsum(axis=0) <= unserved + 1e-7).all()
    # By item over the horizon, so that no item pays for another's stock.
    assert (other.item_late <= one.item_late + 1e-7).all() or segments > 1
    assert other.late.sum() <= one.late.sum() + 1e-7


def test_extra_orders_take_safety_stock_but_the_plans_own_gaps_do_not() -> None:
    """The plan leaves 4 waiting in the first month although the site holds 10 for a month that pays more: on a path
    with 3 more orders these are served from the 10, the 4 still wait."""
    company = make_inputs(
        2, demand=[14.0, 20.0], price=[5.0, 50.0],
        sources=[{"item": 0, "site": 0, "max_quantity": 10.0, "unit_cost": 1.0}],
        item={"unit_cost": 1.0, "backorder_cost": 0.01}, stock={"opening": 10.0},
    )  # fmt: skip
    plan = planned(company)
    held = commitments(plan)
    planned_left = np.zeros_like(held.left)
    planned_left[0] = 4.0
    door = held.doors[0]
    kept = door.kept.copy()
    kept[0] = 10.0
    forced = dataclasses.replace(
        held, left=planned_left,
        doors=(dataclasses.replace(door, kept=kept, planned=np.array([[[10.0]], [[20.0]]])),),
    )  # fmt: skip
    factors = np.ones((2, 1, 1, 3), dtype=np.float32)
    factors[0, 0, 0] = (1.0, 17 / 14, 11 / 14)
    walk = Follower(forced).walk(factors)
    assert walk.backlog[0] == pytest.approx([4.0, 4.0, 1.0], abs=1e-5)
    assert walk.stock_units[0] == pytest.approx([10.0, 7.0, 10.0], abs=1e-5)


def test_priorities_come_first_in_all_regions_and_regions_share_in_proportion() -> None:
    """30 in stock: first priority 12 and 6 in full; 12 are left for second orders of 24 and 12."""
    demand = np.array([[[[12.0], [24.0]], [[6.0], [12.0]]]])
    company = make_inputs(
        1, demand=demand, price=10.0, regions=("R", "Q"), segments=("first", "second"), priority=[1, 2],
        waits=[True, False], item={"backorder_cost": 1.0}, stock={"opening": 54.0},
    )  # fmt: skip
    held = commitments(planned(company))
    short = dataclasses.replace(held, opening=np.full_like(held.opening, 30.0))
    follower = Follower(short)
    out = follower.walk(np.ones((1, 2, 1, 2), dtype=np.float32))
    assert out.lost[0] == pytest.approx([24.0, 24.0])
    assert out.backlog[0] == pytest.approx([0.0, 0.0], abs=1e-9)


def by_hand(plan: Plan, factors: Floats) -> dict[str, Any]:
    """One item, region and site, one path, order by order: a slow second opinion on rules and prices."""
    inputs, left = plan.inputs, plan.solution.backlog + plan.solution.lost
    order = np.argsort(inputs.segment_priority, kind="stable")
    stock = float(inputs.stock.opening[0, 0])
    book: list[list[list[float]]] = [[] for _ in order]  # per segment: [units, price], oldest first
    for m in order:
        if inputs.demand.opening_backlog[0, 0, m]:
            book[m].append(
                [float(inputs.demand.opening_backlog[0, 0, m]), float(plan.demand.price[0, 0, m, 0])]
            )
    revenue = late = lost = 0.0
    stocks, waits = [], []
    for t in range(inputs.horizon):
        stock += float(plan.solution.received[:, t].sum() + inputs.stock.receipts[0, 0, t])
        asked = [float(factors[t] * plan.demand.total[0, 0, m, t]) for m in range(len(order))]
        for m, units in enumerate(asked):
            book[m].append([units, float(plan.demand.price[0, 0, m, t])])

        def serve(m: int, units: float) -> float:
            nonlocal revenue
            served = units
            for one in book[m]:
                taken = min(one[0], units)
                one[0] -= taken
                units -= taken
                revenue += taken * one[1]
            return served - units

        own = [max(sum(o[0] for o in book[m]) - float(left[0, 0, m, t]), 0.0) for m in range(len(order))]
        for m in order:
            stock -= serve(m, min(own[m], stock))
        for m in order:
            spare = max(stock - float(plan.solution.stock[0, 0, t]), 0.0)
            stock -= serve(m, min(sum(o[0] for o in book[m]), spare))
        for m in range(len(order)):
            open_ = sum(o[0] for o in book[m])
            late += min(asked[m], open_)
            if not inputs.segment_waits[m]:
                lost += open_
                book[m].clear()
        stocks.append(stock)
        waits.append(sum(o[0] for m in range(len(order)) for o in book[m]))
    return {"revenue": revenue, "late": late, "lost": lost, "stock": stocks, "waits": waits}


@settings(max_examples=60)
@given(st.integers(0, 10_000))
def test_a_second_opinion_order_by_order(dice: int) -> None:
    """Priorities, what waits and what is lost, the oldest orders first at their own price."""
    draw = np.random.default_rng(dice)
    shape = (1, 1, 3, 7)
    company = make_inputs(
        7, demand=draw.uniform(0, 10, shape), price=draw.uniform(5, 50, shape), segments=("a", "b", "c"),
        priority=draw.permutation(3) + 1, waits=draw.random(3) < 0.7,
        sources=[
            {"item": 0, "site": 0, "unit_cost": 2.0, "max_quantity": float(draw.uniform(8, 16)),
             "lead": int(draw.integers(0, 2))},
        ],
        item={"unit_cost": 2.0, "holding_cost": 0.1, "backorder_cost": 0.3, "lost_sale_cost": 1.0},
        stock={"opening": float(draw.uniform(0, 20)), "target": 4.0},
        opening_backlog=draw.uniform(0, 3, (1, 1, 3)) * (draw.random() < 0.5),
    )  # fmt: skip
    plan = planned(company)
    factors = draw.lognormal(0.0, 0.5, (7, 1, 1, 4)).astype(np.float32)
    follower = Follower(commitments(plan))
    follower.at_end[:] = 1.0  # the second opinion leaves the newest orders at the end
    walk = follower.walk(factors)
    for path in range(4):
        other = by_hand(plan, factors[:, 0, 0, path].astype(float))
        assert walk.revenue[:, path].sum() == pytest.approx(other["revenue"], rel=1e-6, abs=1e-6)
        assert walk.late[:, path].sum() == pytest.approx(other["late"], rel=1e-6, abs=1e-6)
        assert walk.lost[:, path].sum() == pytest.approx(other["lost"], rel=1e-6, abs=1e-6)
        assert walk.stock_units[:, path] == pytest.approx(other["stock"], rel=1e-6, abs=1e-6)
        assert walk.backlog[:, path] == pytest.approx(other["waits"], rel=1e-6, abs=1e-6)


def test_a_limited_lane_takes_no_more_than_its_limit() -> None:
    """20 planned on a lane that takes 25: of 40 orders 25 leave, though 100 lie in stock."""
    company = make_inputs(
        1, demand=[20.0], price=10.0, lanes=[{"origin": 0, "region": 0, "max_quantity": 25.0, "unit_cost": 2.0}],
        item={"backorder_cost": 1.0}, stock={"opening": 100.0},
    )  # fmt: skip
    plan = planned(company)
    walk = Follower(commitments(plan)).walk(np.full((1, 1, 1, 2), 2.0, dtype=np.float32))
    assert walk.served[0] == pytest.approx([25.0, 25.0])
    assert walk.transport[0] == pytest.approx([50.0, 50.0])


def test_goods_on_a_long_lane_go_as_planned_and_wait_in_the_region() -> None:
    company = make_inputs(
        3, demand=[0.0, 10.0, 10.0], price=10.0, lanes=[{"origin": 0, "region": 0, "lead": 1, "unit_cost": 1.0}],
        item={"backorder_cost": 1.0, "unit_cost": 3.0}, stock={"opening": 20.0},
    )  # fmt: skip
    plan = planned(company)
    factors = np.ones((3, 1, 1, 2), dtype=np.float32)
    factors[1, 0, 0] = (0.5, 1.5)
    walk = Follower(commitments(plan)).walk(factors)
    assert walk.served[1] == pytest.approx([5.0, 10.0])
    assert walk.served[2] == pytest.approx([10.0, 10.0])
    assert walk.stock_units[-1] == pytest.approx([5.0, 0.0])
    assert walk.end_backlog == pytest.approx([0.0, 5.0])
