"""Published problems stated as arrays: optimum, plan and shadow prices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sop_core.inputs import Floats, Inputs
from sop_core.supply.solve import SupplySolver
from tests.supply.factory import INF, make_inputs

ENGINES = ("highspy", "linprog")
Company = tuple[Inputs, Floats, Floats]


def known(shared_dir: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared_dir / "cases" / f"{name}.json").read_text())
    return loaded


def red_tomato(case: dict[str, Any], demand: list[float]) -> Company:
    given, cost = case["inputs"], case["inputs"]["cost"]
    hours = given["days_per_month"] * given["hours_per_day"]
    price = np.full(len(demand), float(given["price"]))
    if "promo" in given:
        price[given["promo"]["month_index"]] -= given["promo"]["discount"]
    return make_inputs(
        len(demand),
        demand=demand,
        price=price,
        resources=("Workshop",),
        sources=[
            {"kind": "make", "unit_cost": cost["material"]},
            {"kind": "subcontract", "unit_cost": cost["subcontract_unit"]},
        ],
        routings=[(0, 0, given["hours_per_unit"])],
        item={"holding_cost": cost["holding"], "backorder_cost": cost["backlog"]},
        resource={
            "people": True, "overtime_hours": INF, "overtime_cost": cost["overtime_hour"],
            "headcount": given["initial_workforce"], "hours_per_head": hours,
            "overtime_per_head": given["overtime_hours_per_worker_month"], "wage": cost["regular_hour"] * hours,
            "hire_cost": cost["hire"], "release_cost": cost["layoff"],
        },
        stock={"opening": given["initial_inventory"], "end_minimum": given["ending_inventory_min"]},
        segment_end="forbidden",
    )  # fmt: skip


def sailco(case: dict[str, Any]) -> Company:
    given = case["inputs"]
    return make_inputs(
        len(given["demand"]),
        demand=given["demand"],
        waits=False,
        resources=("Yard",),
        sources=[{"kind": "make"}],
        routings=[(0, 0, 1.0)],
        item={"holding_cost": given["holding"]},
        resource={
            "hours": given["regular_cap"], "overtime_hours": INF, "hour_cost": given["regular_cost"],
            "overtime_cost": given["overtime_cost"],
        },
        stock={"opening": given["initial_inventory"]},
        policy={"objective": "service"},
    )  # fmt: skip


def densepack(case: dict[str, Any]) -> Company:
    """The textbook's people never idle. Here they may, so an idle hour is made dear: a wage, given back by output."""
    given = case["inputs"]
    per_head = np.round(given["units_per_worker_day"] * np.array(given["days"]), 3)
    wage = 2_000.0
    return make_inputs(
        len(given["demand"]),
        demand=given["demand"],
        waits=False,
        resources=("Line",),
        sources=[{"kind": "make", "unit_cost": -wage / per_head}],
        routings=[(0, 0, 1.0)],
        item={"holding_cost": given["holding"]},
        resource={
            "people": True, "headcount": given["initial_workforce"], "hours_per_head": per_head[None, :],
            "hire_cost": given["hire"], "release_cost": given["fire"], "wage": wage,
        },
        stock={"opening": given["initial_inventory"], "end_minimum": given["final_inventory_min"]},
        policy={"objective": "service"},
    )  # fmt: skip


def transport(case: dict[str, Any]) -> Company:
    given = case["inputs"]
    sites, regions = len(given["supply"]), len(given["demand"])
    return make_inputs(
        1,
        demand=np.array(given["demand"], dtype=float).reshape(1, regions, 1, 1),
        waits=False,
        regions=[f"R{r}" for r in range(regions)],
        sites=[f"S{s}" for s in range(sites)],
        sources=[{"kind": "buy", "site": s, "max_quantity": given["supply"][s]} for s in range(sites)],
        lanes=[
            {"origin": s, "region": r, "unit_cost": given["cost"][s][r]}
            for s in range(sites)
            for r in range(regions)
        ],
        policy={"objective": "service"},
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_red_tomato_costs_as_published(shared_dir: Path, engine: str) -> None:
    case = known(shared_dir, "red_tomato_base")
    plan = SupplySolver(*red_tomato(case, case["inputs"]["demand"]), engine=engine).solve()
    assert plan.cost == pytest.approx(case["expected_objective"], rel=1e-9)
    assert plan.revenue.sum() == pytest.approx(case["expected"]["revenue"])
    assert plan.headcount[0, 0] == pytest.approx(case["expected"]["workforce_lp"], abs=1e-3)
    assert plan.objective == pytest.approx(plan.margin)
    assert not plan.promises


@pytest.mark.parametrize("engine", ENGINES)
def test_red_tomato_promotion_earns_as_published(shared_dir: Path, engine: str) -> None:
    case = known(shared_dir, "red_tomato_promo_jan")
    plan = SupplySolver(*red_tomato(case, case["inputs"]["demand_after_promo"]), engine=engine).solve()
    assert plan.margin == pytest.approx(case["expected"]["profit"], rel=1e-9)
    assert plan.cost == pytest.approx(case["expected"]["cost"], rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_sailco_plan_and_shadow_prices_as_published(shared_dir: Path, engine: str) -> None:
    case = known(shared_dir, "winston_sailco")
    plan = SupplySolver(*sailco(case), engine=engine).solve()
    assert plan.cost == pytest.approx(case["expected_objective"], rel=1e-9)
    assert plan.regular[0] == pytest.approx(case["expected"]["regular"])
    assert plan.overtime[0] == pytest.approx(case["expected"]["overtime"])
    assert plan.stock[0, 0] == pytest.approx(case["expected"]["ending_inventory"])
    assert plan.duals["demand"][0, 0] == pytest.approx(case["expected"]["demand_duals"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("nahmias_densepack", densepack),
        ("winston_powerco", transport),
        ("dantzig_gams_trnsport", transport),
    ],
)
def test_cost_is_the_published_one(shared_dir: Path, name: str, build: Any, engine: str) -> None:
    case = known(shared_dir, name)
    inputs, demand, price = build(case)
    plan = SupplySolver(inputs, demand, price, engine=engine).solve()
    assert plan.cost == pytest.approx(case["expected_objective"], rel=1e-7)
    assert plan.lost.sum() == 0
    assert not plan.promises


def test_densepack_s_people_never_idle(shared_dir: Path) -> None:
    """Stated the textbook's own way: output is what the people make, to the published workforce."""
    case = known(shared_dir, "nahmias_densepack")
    inputs, demand, price = densepack(case)
    inputs.source.unit_cost[:] = 0.0
    inputs.resource.wage[:] = 0.0
    idle = SupplySolver(inputs, demand, price).solve()
    inputs.policy.idle_time = False
    busy = SupplySolver(inputs, demand, price).solve()
    assert busy.cost == pytest.approx(case["expected"]["lp"], rel=1e-9)
    assert busy.headcount[0] == pytest.approx(case["expected"]["workforce_lp"])
    assert busy.load == pytest.approx(busy.regular)
    assert idle.cost < busy.cost
