"""The bridge worked out a second time: Shapley values order by order, drivers from the plan's tables."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from sop_core.bridge import attribute, by_driver, values
from sop_core.changes import (
    CapacityChange,
    Change,
    DemandGrowth,
    OvertimeChange,
    PriceChange,
    Scope,
    TransportCost,
)
from sop_core.frames import plan_frames
from sop_core.plan import Plan
from sop_core.scenario import Scenario, Step
from tests.bridge.company import planned
from tests.changes.factory import make_inputs

MADE: tuple[Change, ...] = (
    DemandGrowth(scope=Scope.of(product="Trail 500"), pct=0.35),
    PriceChange(scope=Scope.of(region="North"), pct=0.08),
    CapacityChange(pct=-0.3),
    OvertimeChange(hours=25.0),
)


def scenario(*changes: Change) -> Scenario:
    return Scenario("Made", steps=tuple(Step(change) for change in changes))


TOLD = ("margin", "service_level", "stock_value", "cash", "turns")


def test_order_free_parts_are_the_mean_over_every_order() -> None:
    inputs = make_inputs()
    plan = planned(inputs)
    known: dict[str, dict[str, float]] = {}

    def measure(asked: Scenario) -> dict[str, float]:
        key = asked.fingerprint()
        if key not in known:
            known[key] = values(plan(asked))
        return known[key]

    def with_(made: frozenset[int]) -> np.ndarray:
        measured = measure(scenario(*(change for n, change in enumerate(MADE) if n in made)))
        return np.array([measured[kpi] for kpi in TOLD])

    found = attribute(Scenario.base(), scenario(*MADE), measure, inputs)
    assert found is not None
    assert found.rule == "order-free"
    own = np.zeros((len(MADE), len(TOLD)))
    orders = list(itertools.permutations(range(len(MADE))))
    for order in orders:
        made: frozenset[int] = frozenset()
        for n in order:
            own[n] += (with_(made | {n}) - with_(made)) / len(orders)
            made |= {n}
    assert (np.abs(own).max(axis=0) > 0).all()
    parts = np.array([[part.effects[kpi] for kpi in TOLD] for part in found.parts])
    assert parts == pytest.approx(own, rel=1e-9, abs=1e-9)


def _facts(plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """(per item: served, revenue, started, spent), (sales by cell), (starts by source and month)."""
    frames = plan_frames(plan)
    keys = ["item", "region", "segment", "month"]
    sales = frames["backlog"].merge(frames["demand"][[*keys, "price"]], on=keys, how="left").set_index(keys)
    made = frames["production"].set_index(["source", "month"])
    items = pd.DataFrame(index=list(plan.inputs.items))
    items["served"] = sales.groupby("item")["served"].sum()
    items["revenue"] = sales.groupby("item")["revenue"].sum()
    items["started"] = made.groupby("item")["started"].sum()
    items["spent"] = made.groupby("item")["cost"].sum()
    return items.fillna(0.0), sales, made


def test_margin_drivers_from_the_tables() -> None:
    """Volume, mix, price, sourcing, stock build and transport as a controller would work them out."""
    plan = planned(make_inputs())
    a = plan(Scenario.base())
    b = plan(scenario(*MADE, TransportCost(pct=0.25)))
    (old, _, _), (new, sales, made) = _facts(a), _facts(b)
    cost = (old["spent"] / old["started"]).where(
        old["started"] > 0, pd.Series(a.inputs.item.unit_cost, old.index)
    )
    growth = new["served"].sum() / old["served"].sum()
    assert len(set(a.inputs.item_unit)) == 1
    # Only the price list of North rose, by 8 %; segments and months alike.
    rise = np.where(sales.index.get_level_values("region") == "North", 1.08, 1.0)
    at_old = (sales["revenue"] / rise).groupby("item").sum().reindex(old.index, fill_value=0.0)
    rates = pd.Series(a.inputs.source.unit_cost[:, 0], a.inputs.source_names)
    assert (a.inputs.source.unit_cost == a.inputs.source.unit_cost[:, :1]).all()
    at_old_rates = made["started"] * made.index.get_level_values("source").map(rates)
    lanes = [plan_frames(one)["shipments"]["cost"].sum() for one in (a, b)]
    expected = Counter(
        volume=((growth - 1) * (old["revenue"] - old["served"] * cost)).sum(),
        mix=((at_old - growth * old["revenue"]) - (new["served"] - growth * old["served"]) * cost).sum(),
        price=(new["revenue"] - at_old).sum(),
        sourcing=(new["started"] * cost).sum() - at_old_rates.sum(),
        stock_build=-(((new["started"] - new["served"]) - (old["started"] - old["served"])) * cost).sum(),
        transport=lanes[0] - lanes[1] / 1.25,
        transport_rates=-(lanes[1] - lanes[1] / 1.25),
    )
    steps = {step.key: step.amount for step in by_driver(a, b, "margin")}
    for key, amount in expected.items():
        assert steps.get(key, 0.0) == pytest.approx(amount, rel=1e-6, abs=0.01), key
    assert {"volume", "price"} <= set(steps)
    assert sum(steps.values()) == pytest.approx(b.kpis["margin"] - a.kpis["margin"], abs=0.01)
