"""Layers of unconstrained demand: each is what it changes, and they add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.demand.layers import demand_plan, promotion_effect
from sop_core.inputs import LAYERS, Inputs, Promotion
from sop_core.planner import prepare
from sop_core.snapshot import Snapshot
from tests import published


def company(quantities: list[float] | None = None, **tables: pd.DataFrame) -> Inputs:
    base: dict[str, pd.DataFrame] = {
        "products": pd.DataFrame({"product": ["P", "Q"], "price": [10.0, 20.0], "family": ["F", "F"]}),
        "demand_plan": pd.concat(
            [published.demand(quantities or [100.0] * 6), published.demand([50.0] * 6, product="Q")]
        ),
        "settings": published.settings(6),
    }
    return prepare(Snapshot.from_tables(base | tables)).inputs


PLAIN = company()


def total_of(inputs: Inputs, product: str) -> list[float]:
    found: list[float] = demand_plan(inputs).total[inputs.items.index(product)].sum(axis=(0, 1)).tolist()
    return found


def test_without_assumptions_demand_is_the_baseline() -> None:
    plan = demand_plan(company())
    assert (plan.total == plan.base).all()
    assert set(plan.layers) == set(LAYERS)


def test_promotion_of_a_family_lifts_all_its_products_and_costs_money() -> None:
    promotion = pd.DataFrame(
        {
            "promotion": ["Spring"],
            "family": ["F"],
            "start": ["2027-03-01"],
            "end": ["2027-03-31"],
            "uplift": [0.2],
            "cost": [500.0],
        }
    )
    promotion[["start", "end"]] = promotion[["start", "end"]].apply(pd.to_datetime)
    inputs = company(promotions=promotion)
    assert total_of(inputs, "P") == pytest.approx([100, 100, 120, 100, 100, 100])
    assert total_of(inputs, "Q") == pytest.approx([50, 50, 60, 50, 50, 50])
    assert demand_plan(inputs).promotion_cost.tolist() == [0, 0, 500, 0, 0, 0]


def test_forward_buying_moves_demand_and_keeps_its_sum() -> None:
    promotion = Promotion(
        "P",
        np.array([1.0, 0.0]),
        np.array([True]),
        np.array([True]),
        np.datetime64("2027-02-01"),
        np.datetime64("2027-02-28"),
        0.0,
        pull_forward=0.5,
        pull_months=2,
    )
    inputs = company()
    inputs.demand.promotions.append(promotion)
    assert total_of(inputs, "P") == pytest.approx([100, 200, 50, 50, 100, 100])


@given(first=st.integers(0, 40), length=st.integers(0, 70), pull=st.floats(0, 1), months=st.integers(0, 3))
def test_forward_buying_never_creates_demand(first: int, length: int, pull: float, months: int) -> None:
    start = np.datetime64("2027-01-01") + first
    inputs = PLAIN.copy()
    inputs.demand.promotions.append(
        Promotion(
            "P",
            np.array([1.0, 0.0]),
            np.array([True]),
            np.array([True]),
            start,
            start + length,
            0.0,
            pull,
            months,
        )
    )
    assert sum(total_of(inputs, "P")) == pytest.approx(600.0)


def test_half_a_month_of_promotion_has_half_the_effect() -> None:
    months = np.array(["2027-04"], dtype="datetime64[M]")
    promotion = Promotion(
        "P",
        np.ones(1),
        np.array([True]),
        np.array([True]),
        np.datetime64("2027-04-01"),
        np.datetime64("2027-04-15"),
        0.4,
        price_change=-0.1,
    )
    gain, _, price = promotion_effect(months, promotion)
    assert gain.tolist() == [pytest.approx(0.2)]
    assert price.tolist() == [pytest.approx(-0.05)]


def test_a_launch_ramps_up_like_its_like_product_and_cannibalises() -> None:
    launch: dict[str, Any] = {
        "product": ["N"],
        "like_product": ["P"],
        "month": [pd.Timestamp("2027-02-01")],
        "scale": [0.5],
        "ramp_months": [2],
        "probability": [0.8],
        "cannibalises": ["P"],
        "cannibal_rate": [0.25],
    }
    products = pd.DataFrame(
        {"product": ["P", "Q", "N"], "price": [10.0, 20.0, 12.0], "family": ["F", "F", "F"]}
    )
    inputs = company(launches=pd.DataFrame(launch), products=products)
    assert total_of(inputs, "N") == pytest.approx([0, 20, 40, 40, 40, 40])
    assert total_of(inputs, "P") == pytest.approx([100, 95, 90, 90, 90, 90])


def test_a_product_stops_at_its_end_date() -> None:
    products = pd.DataFrame(
        {
            "product": ["P", "Q"],
            "price": [10.0, 20.0],
            "family": ["F", "F"],
            "end": [pd.Timestamp("2027-03-31"), pd.NaT],
        }
    )
    assert total_of(company(products=products), "P") == pytest.approx([100, 100, 100, 0, 0, 0])


@given(
    growth=st.floats(0, 3),
    price=st.floats(0.1, 3),
    added=st.floats(-500, 500),
    override=st.one_of(st.just(np.nan), st.floats(0, 1000)),
)
def test_layers_always_add_up_and_never_below_zero(
    growth: float, price: float, added: float, override: float
) -> None:
    inputs = PLAIN.copy()
    inputs.demand.growth[:] = growth
    inputs.demand.elasticity_factor[:] = price
    inputs.demand.added[0] = added
    inputs.demand.override[1] = override
    plan = demand_plan(inputs)
    assert plan.base + sum(plan.layers.values()) == pytest.approx(plan.total)
    assert (plan.total >= 0).all()
