"""Plans in whole lots, with setups, with whole heads: published answers, an answer by hand, and what always holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.bridge import by_driver
from sop_core.changes import DemandGrowth
from sop_core.compare import margin_by_item
from sop_core.plan import Plan
from sop_core.planner import Planner, make_plan, prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests import published

Tables = dict[str, pd.DataFrame]


def lots(demand: Sequence[Sequence[float]], holding: Any, source: dict[str, Any], **more: str) -> Tables:
    """Products made at one plant; every demand in its month, or lost at a price nobody pays."""
    months = len(demand[0])
    names = [f"P{n + 1}" for n in range(len(demand))]
    plan = [
        published.demand(row, product=name, segment="Customers")
        for name, row in zip(names, demand, strict=True)
    ]
    return {
        "products": pd.DataFrame(
            {"product": names, "unit_cost": 0.0, "holding_cost": holding, "lost_sale_cost": 1e5}
        ),
        "sites": pd.DataFrame({"site": ["Plant"]}),
        "segments": pd.DataFrame({"segment": ["Customers"], "backorders": [False]}),
        "demand_plan": pd.concat(plan, ignore_index=True),
        "stock_targets": pd.DataFrame({"product": names, "site": "Plant", "safety_stock": 0.0}),
        "sources": pd.DataFrame({"source": names, "product": names, "site": "Plant", **source}),
        "settings": published.settings(months, lot_sizing="true", **({"objective": "margin"} | more)),
    }


def planned(tables: Tables) -> Plan:
    return make_plan(Snapshot.from_tables(tables))


def known(shared_dir: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared_dir / "cases" / f"{name}.json").read_text())
    return loaded


def test_a_published_lot_size_problem(shared_dir: Path) -> None:
    case = known(shared_dir, "snyder_shen_ex3_9")
    inputs = case["inputs"]
    plan = planned(lots([inputs["demand"]], inputs["holding"], {"setup_cost": inputs["setup"]}))
    assert plan.money.cost.sum() == pytest.approx(case["expected"]["cost"])
    assert (np.flatnonzero(plan.solution.setups[0]) + 1).tolist() == case["expected"]["order_periods"]
    assert plan.solution.costs["setup"] == 2 * inputs["setup"]


@pytest.mark.slow
def test_published_lots_that_share_a_machine(shared_dir: Path) -> None:
    """Setups take hours of a machine that all products share; within the search's own distance to the optimum."""
    case = known(shared_dir, "ttm_F1")
    inputs = case["inputs"]
    tables = lots(inputs["D"], inputs["h"], {"setup_cost": inputs["sc"], "setup_hours": inputs["st"]})
    tables["resources"] = pd.DataFrame({"resource": ["Machine"], "site": ["Plant"], "hours": [inputs["cap"]]})
    tables["routings"] = pd.DataFrame(
        {"source": tables["sources"]["source"], "resource": "Machine", "hours_per_unit": inputs["bi"]}
    )
    plan = planned(tables)
    best = case["expected"]["cost"]
    assert best * (1 - 1e-4) <= plan.money.cost.sum() <= best * (1 + plan.solution.solver.gap + 1e-6)
    assert plan.solution.load.max() <= inputs["cap"] + 1e-6


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, 40), min_size=2, max_size=6).filter(any),
    st.floats(1.0, 200.0),
    st.floats(0.1, 5.0),
)
def test_setups_as_by_dynamic_programming(demand: list[int], setup: float, holding: float) -> None:
    """Wagner & Whitin (1958): best[t] = min over the month j of the last setup of best[j] + setup + holding."""
    best = [0.0]
    for t in range(1, len(demand) + 1):
        ways = []
        for j in range(t):
            kept = sum(holding * (m - j) * demand[m] for m in range(j, t))
            ways.append(best[j] + (setup if sum(demand[j:t]) else 0.0) + kept)
        best.append(min(ways))
    plan = planned(lots([demand], holding, {"setup_cost": setup}))
    assert plan.money.cost.sum() == pytest.approx(best[-1], rel=1e-3)


def test_starts_are_whole_lots_and_a_scenario_keeps_to_them() -> None:
    tables = lots([[70.0, 110.0, 95.0, 40.0]], 1.0, {"lot_size": 25.0})
    planner = Planner(prepare(Snapshot.from_tables(tables)))
    for scenario in (Scenario.base(), Scenario("More").add(DemandGrowth(pct=0.2))):
        started = planner.plan(scenario).solution.started
        assert started / 25.0 == pytest.approx(np.rint(started / 25.0), abs=1e-9)
        assert started.sum() >= planner.plan(scenario).demand.total.sum() - 1e-6


def test_setups_take_hours_of_every_resource_of_the_routing() -> None:
    tables = lots([[50.0, 50.0, 50.0]], 0.01, {"setup_hours": 20.0})
    tables["resources"] = pd.DataFrame({"resource": ["Line"], "site": ["Plant"], "hours": [100.0]})
    tables["routings"] = pd.DataFrame({"source": ["P1"], "resource": ["Line"], "hours_per_unit": [1.0]})
    plan = planned(tables)
    setups = plan.solution.setups[0]
    assert plan.solution.load[0] == pytest.approx(plan.solution.started[0] + 20.0 * setups)
    assert plan.solution.load.max() <= 100.0 + 1e-6
    assert setups.sum() >= 2


def test_service_first_in_whole_lots() -> None:
    """The stages of `service` hold with lots too: all that a full machine can serve is served."""
    tables = lots([[30.0, 90.0, 30.0]], 1.0, {"lot_size": 10.0}, objective="service")
    tables["resources"] = pd.DataFrame({"resource": ["Line"], "site": ["Plant"], "hours": [45.0]})
    tables["routings"] = pd.DataFrame({"source": ["P1"], "resource": ["Line"], "hours_per_unit": [1.0]})
    plan = planned(tables)
    assert plan.solution.served.sum() == pytest.approx(110.0)
    assert plan.solution.lost.sum() == pytest.approx(40.0)


def test_whole_heads(shared_dir: Path) -> None:
    case = known(shared_dir, "red_tomato_base")
    tables = published.red_tomato(case)
    linear = planned(tables)
    rows = tables["settings"]
    rows.loc[len(rows)] = ["integer_headcount", "true"]
    plan = planned(tables)
    heads = plan.solution.headcount[0]
    assert heads == pytest.approx(np.rint(heads), abs=1e-9)
    assert 0 <= plan.money.cost.sum() - linear.money.cost.sum() < 1e-3 * linear.money.cost.sum()


def test_families_have_no_lots_and_the_plan_says_so() -> None:
    tables = lots([[70.0, 110.0]], 1.0, {"lot_size": 25.0}, planning_level="family")
    tables["products"]["family"] = "F"
    plan = planned(tables)
    assert plan.solution.started.sum() == pytest.approx(180.0)
    assert any("lots and setups" in note.meaning for note in plan.notes)


def test_setups_have_their_place_in_bridge_and_comparison() -> None:
    """By driver and by month the rows still sum to the margin, setups among them."""
    tables = lots([[50.0, 60.0, 50.0]], 1.0, {"setup_hours": 20.0, "setup_cost": 30.0})
    tables["resources"] = pd.DataFrame(
        {"resource": ["Line"], "site": ["Plant"], "hours": [100.0], "hour_cost": [2.0]}
    )
    tables["routings"] = pd.DataFrame({"source": ["P1"], "resource": ["Line"], "hours_per_unit": [1.0]})
    planner = Planner(prepare(Snapshot.from_tables(tables)))
    less = planner.plan(Scenario("Less").add(DemandGrowth(pct=-0.45)))
    assert less.solution.setups.sum() < planner.base.solution.setups.sum()
    steps = by_driver(planner.base, less, "margin")
    assert sum(step.amount for step in steps) == pytest.approx(
        less.money.margin.sum() - planner.base.money.margin.sum()
    )
    assert [step.key for step in steps].count("setup") == 1
    for plan in (planner.base, less):
        assert margin_by_item(plan)[:-1].sum(axis=0) == pytest.approx(plan.money.margin)
