"""Changes of demand, price, promotions and launches: their arithmetic."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.changes import (
    DEFAULT_ELASTICITY,
    Change,
    DemandGrowth,
    DemandOverride,
    LaunchMove,
    LaunchProbability,
    PriceChange,
    PromotionAdd,
    PromotionCancel,
    PromotionMove,
    SalesInput,
    Scope,
)
from sop_core.changes.promotion import move_day
from sop_core.demand.layers import demand_plan
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs
from sop_core.scenario import Scenario
from tests.changes.factory import make_inputs


def applied(company: Inputs, *changes: Change) -> Inputs:
    scenario = Scenario("x")
    for change in changes:
        scenario = scenario.add(change)
    return scenario.apply(company)


def test_growth_multiplies_in_its_cells_only() -> None:
    company = make_inputs()
    scope = Scope.of(family="Trail", region="North", first="2027-02", last="2027-03")
    growth = applied(
        company, DemandGrowth(scope=scope, pct=0.1), DemandGrowth(scope=scope, pct=0.2)
    ).demand.growth
    expected = np.ones_like(growth)
    expected[:2, 0, :, 1:3] = 1.1 * 1.2
    np.testing.assert_allclose(growth, expected, rtol=1e-15)


@given(pct=st.floats(-1, 10))
def test_a_products_growth_moves_its_family_by_its_share(pct: float) -> None:
    """Planned by family or by product, the same growth of a product is the same number of units."""
    scope = Scope(products=("Trail 900",))
    by_family = make_inputs("family")
    before = by_family.demand.base[0]
    after = before * applied(by_family, DemandGrowth(scope=scope, pct=pct)).demand.growth[0]
    np.testing.assert_allclose(after - before, before * 0.25 * pct, atol=1e-9)


@pytest.mark.parametrize("level", ["product", "family"])
@given(units=st.floats(-1e6, 1e6))
def test_sales_input_adds_its_units_in_each_month_by_base(level: str, units: float) -> None:
    company = make_inputs(level)
    scope = Scope(families=("Trail",), products=("Road 200",), segments=("Retail",), first="2027-03")
    added = applied(company, SalesInput(scope=scope, units=units)).demand.added
    np.testing.assert_allclose(
        added.sum(axis=(0, 1, 2)), [0, 0, units, units, units, units], rtol=1e-12, atol=1e-9
    )
    cells = scope.cells(company) > 0
    assert not added[~cells].any()
    month = 3
    ratio = added[..., month] / company.demand.base[..., month]
    trail = ratio[0][cells[0, :, :, month]]
    np.testing.assert_allclose(trail, trail[0], rtol=1e-12)


def test_what_has_no_base_is_spread_evenly() -> None:
    company = make_inputs()
    company.demand.base[4] = 0.0
    added = applied(company, SalesInput(scope=Scope(products=("Bell",)), units=100)).demand.added
    np.testing.assert_array_equal(added[4], np.full((2, 2, 6), 25.0))


def test_an_override_sets_the_total_of_its_scope() -> None:
    company = make_inputs()
    scope = Scope(families=("Road",), regions=("South",), first="2027-04", last="2027-04")
    edited = applied(company, DemandGrowth(pct=0.5), DemandOverride(scope=scope, units=1234))
    total = demand_plan(edited).total
    assert total[2:4, 1, :, 3].sum() == pytest.approx(1234)
    assert np.isnan(edited.demand.override).sum() == edited.demand.override.size - 4


def test_a_later_override_counts() -> None:
    company, scope = make_inputs(), Scope(families=("Road",))
    edited = applied(company, DemandOverride(scope=scope, units=50), DemandOverride(scope=scope, units=80))
    np.testing.assert_allclose(demand_plan(edited).total[2:4].sum(axis=(0, 1, 2)), 80)


def test_an_override_of_a_product_replaces_its_part_of_the_family() -> None:
    company = make_inputs("family")
    company.demand.promotions, company.demand.launches = [], []
    growth = DemandGrowth(pct=0.2)
    before = demand_plan(applied(company, growth)).total
    after = demand_plan(
        applied(company, growth, DemandOverride(scope=Scope(products=("Road 100",)), units=500))
    ).total
    np.testing.assert_allclose(after[1].sum(axis=(0, 1)), before[1].sum(axis=(0, 1)) * 0.6 + 500)
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])


def test_an_override_of_a_product_changes_its_part_of_a_family_already_set() -> None:
    company = make_inputs("family")
    family = DemandOverride(scope=Scope(families=("Road",)), units=1000)
    product = DemandOverride(scope=Scope(products=("Road 100",)), units=100)
    np.testing.assert_allclose(demand_plan(applied(company, family, product)).total[1].sum(axis=(0, 1)), 700)


def test_a_price_change_moves_price_and_demand() -> None:
    company = make_inputs()
    scope = Scope(products=("Bell",), first="2027-02")
    demand = applied(company, PriceChange(scope=scope, pct=0.1, elasticity=-2.0)).demand
    np.testing.assert_allclose(demand.price_factor[4, ..., 1:], 1.1, rtol=1e-15)
    np.testing.assert_allclose(demand.elasticity_factor[4, ..., 1:], 1.1**-2, rtol=1e-15)
    assert (demand.price_factor[:4] == 1).all()
    assert (demand.price_factor[4, ..., 0] == 1).all()
    assert PriceChange(pct=0.1).elasticity == DEFAULT_ELASTICITY == -1.2


@given(pct=st.floats(-0.9, 3), elasticity=st.floats(-4, 0))
def test_a_products_price_in_its_family_is_the_mean_over_units(pct: float, elasticity: float) -> None:
    """Units and revenue of the family agree with its products reckoned one by one."""
    company = make_inputs("family")
    edited = applied(
        company, PriceChange(scope=Scope(products=("Road 100",)), pct=pct, elasticity=elasticity)
    ).demand
    base, price = company.demand.base[1], company.demand.price[1]
    other, own = 0.6 * base, 0.4 * base * (1 + pct) ** elasticity
    units = base * edited.elasticity_factor[1]
    np.testing.assert_allclose(units, other + own, rtol=1e-9)
    revenue = units * price * edited.price_factor[1]
    np.testing.assert_allclose(revenue, other * price + own * price * (1 + pct), rtol=1e-9)


def test_a_price_that_does_not_exist_cannot_change() -> None:
    company = make_inputs()
    company.demand.price[:] = 0
    with pytest.raises(ScenarioError, match="there is no price to change here"):
        PriceChange(pct=0.1).check(company)


def test_a_product_without_a_part_in_its_family_cannot_grow() -> None:
    company = make_inputs("family")
    company.product_share["Trail 900"] = (0, 0.0)
    with pytest.raises(ScenarioError, match="Trail 900 has no part in the demand of its family"):
        DemandGrowth(scope=Scope(products=("Trail 900",)), pct=0.1).check(company)


# -- promotions -------------------------------------------------------------------------------------------


def promotion(**more: Any) -> PromotionAdd:
    given: dict[str, Any] = {
        "name": "Sale",
        "start": dt.date(2027, 3, 1),
        "end": dt.date(2027, 3, 31),
        "uplift": 0.5,
    }
    return PromotionAdd(**(given | more))


def test_an_added_promotion_lifts_its_scope() -> None:
    company = make_inputs("family")
    scope = Scope(products=("Trail 500",), regions=("South",))
    edited = applied(company, promotion(scope=scope, price_change=-0.1, cost=700))
    before, after = demand_plan(company), demand_plan(edited)
    lift = after.layers["promotions"] - before.layers["promotions"]
    np.testing.assert_allclose(lift[0, 1, :, 2], company.demand.base[0, 1, :, 2] * 0.75 * 0.5)
    assert np.count_nonzero(np.abs(lift) > 1e-9) == 2
    assert after.promotion_cost[2] - before.promotion_cost[2] == 700
    np.testing.assert_allclose(after.price[0, 1, :, 2] / before.price[0, 1, :, 2], 1 - 0.075)


def test_a_promotion_outside_the_plan_or_of_a_taken_name_is_refused() -> None:
    company = make_inputs()
    with pytest.raises(ScenarioError, match="outside the plan: choose a day from 2027-01-01 to 2027-06-30"):
        promotion(start=dt.date(2027, 7, 1), end=dt.date(2027, 7, 2)).check(company)
    with pytest.raises(ScenarioError, match="a promotion 'Spring push' already"):
        promotion(name="Spring push").check(company)
    with pytest.raises(ScenarioError, match="lies before `start`"):
        promotion(end=dt.date(2027, 2, 1))


def test_cancelling_takes_effect_and_cost_away() -> None:
    company = make_inputs()
    before, after = (
        demand_plan(company),
        demand_plan(applied(company, PromotionCancel(promotion="Spring push"))),
    )
    assert before.layers["promotions"][2, ..., 1].sum() > 0
    assert after.layers["promotions"][2, ..., 1].sum() == 0
    assert before.promotion_cost[1] - after.promotion_cost[1] == 900


def test_a_promotion_added_before_can_be_moved_after() -> None:
    edited = applied(make_inputs(), promotion(), PromotionMove(promotion="Sale", months=2))
    moved = edited.demand.promotions[-1]
    assert (moved.start, moved.end) == (np.datetime64("2027-05-01"), np.datetime64("2027-05-31"))


def test_moving_keeps_all_but_the_dates() -> None:
    company = make_inputs()
    edited = applied(company, PromotionMove(promotion="Spring push", months=-1))
    spring, autumn = edited.demand.promotions
    assert (spring.start, spring.end) == (np.datetime64("2027-01-01"), np.datetime64("2027-01-31"))
    assert spring.uplift == company.demand.promotions[0].uplift
    assert autumn is company.demand.promotions[1]


@pytest.mark.parametrize(
    ("day", "months", "moved"),
    [
        ("2027-01-31", 1, "2027-02-28"),
        ("2027-02-28", 1, "2027-03-31"),
        ("2028-02-28", 12, "2029-02-28"),
        ("2027-01-30", 1, "2027-02-28"),
        ("2027-01-15", -2, "2026-11-15"),
        ("2027-03-01", 10, "2028-01-01"),
    ],
)
def test_days_move_by_months(day: str, months: int, moved: str) -> None:
    assert move_day(np.datetime64(day), months) == np.datetime64(moved)


# -- launches ---------------------------------------------------------------------------------------------


def test_a_launch_moved_later_sells_later() -> None:
    company = make_inputs()
    before = demand_plan(company).layers["launches"][1].sum(axis=(0, 1))
    after = (
        demand_plan(applied(company, LaunchMove(product="Trail 900", months=2)))
        .layers["launches"][1]
        .sum(axis=(0, 1))
    )
    assert np.flatnonzero(before)[0] == 2
    assert np.flatnonzero(after)[0] == 4


def test_a_launch_counts_by_its_probability() -> None:
    company = make_inputs()
    before = demand_plan(company).layers["launches"]
    after = demand_plan(applied(company, LaunchProbability(product="Trail 900", probability=0.4))).layers[
        "launches"
    ]
    np.testing.assert_allclose(after, before * 0.4)
