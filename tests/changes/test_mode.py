"""Production mode: what it does to items and stock targets, what it refuses, and what a plan makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.changes import MODES, ProductionMode, Scope
from sop_core.changes.mode import stock_places
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs
from sop_core.planner import Planner
from sop_core.scenario import Scenario
from tests.changes.factory import make_inputs


def applied(change: ProductionMode, company: Inputs | None = None) -> Inputs:
    return Scenario("x").add(change).apply(company if company is not None else make_inputs())


@pytest.mark.parametrize("mode", ["MTO", "ATO"])
def test_to_order_holds_nothing_and_needs_no_minimum_at_the_end(mode: str) -> None:
    company = make_inputs()
    company.stock.end_minimum[:] = 5.0
    edited = applied(ProductionMode(scope=Scope(families=("Trail",)), mode=mode), company)
    assert edited.item.make_to_order.tolist() == [True, True, False, False, False]
    assert (edited.stock.end_minimum[:2] == 0).all()
    assert (edited.stock.end_minimum[2:] == 5.0).all()


def test_back_to_stock_finds_the_targets_that_were_there() -> None:
    scope = Scope(products=("Bell",))
    scenario = Scenario("x").add(ProductionMode(scope=scope, mode="MTO"))
    edited = scenario.add(ProductionMode(scope=scope, mode="MTS")).apply(make_inputs())
    assert not edited.item.make_to_order.any()
    np.testing.assert_array_equal(edited.stock.target, make_inputs().stock.target)


def test_to_stock_with_days_covers_the_coming_demand() -> None:
    company = make_inputs()
    edited = applied(ProductionMode(scope=Scope(products=("Bell",)), mode="MTS", cover_days=365.25 / 12))
    month = company.demand.base[4].sum(axis=(0, 1))
    np.testing.assert_allclose(edited.stock.target[4].sum(axis=0), [*month[1:], month[-1]])
    np.testing.assert_array_equal(edited.stock.target[:4], company.stock.target[:4])


def test_without_targets_stock_goes_to_the_warehouses_that_serve() -> None:
    company = make_inputs()
    company.stock.target[:] = 0.0
    assert stock_places(company)[0].tolist() == [0.0, 0.0, 1.0]  # Depot serves both regions


@given(seed=st.integers(0, 50), empty=st.booleans())
def test_places_of_stock_sum_to_one(seed: int, empty: bool) -> None:
    company = make_inputs(seed=seed)
    company.stock.target[:] *= np.random.default_rng(seed).integers(0, 2, company.stock.target.shape[:2])[
        ..., None
    ]
    if empty:
        company.demand.base[:] = 0.0
    np.testing.assert_allclose(stock_places(company).sum(axis=1), 1.0)


def test_days_go_with_stock_alone() -> None:
    with pytest.raises(ScenarioError, match="`cover_days` goes with MTS"):
        ProductionMode(mode="MTO", cover_days=10.0)


def test_a_part_of_a_family_has_no_mode_of_its_own() -> None:
    change = ProductionMode(scope=Scope(products=("Road 100",)), mode="MTO")
    with pytest.raises(ScenarioError, match="planned as a part of Road, which has one production mode"):
        change.check(make_inputs("family"))


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ScenarioError, match="Allowed: MTS, MTO, ATO"):
        ProductionMode(mode="mto?")


@pytest.mark.parametrize(("mode", "words"), MODES.items())
def test_it_says_itself(mode: str, words: str) -> None:
    assert ProductionMode(scope=Scope(families=("Trail",)), mode=mode).sentence() == f"Trail: {words}"


def test_the_plan_runs_the_stock_down_and_holds_no_more(demo_planner: Planner) -> None:
    """A season's stock is there at the start: it is used up, and from then on none is held."""
    inputs = demo_planner.company.inputs
    item = inputs.items.index("PRN-2")
    plan = demo_planner.plan(Scenario("x").add(ProductionMode(scope=Scope(products=("PRN-2",)), mode="MTO")))
    held, before = plan.solution.stock[item].sum(axis=0), demo_planner.base.solution.stock[item].sum(axis=0)
    gone = int(np.argmax(held < 1e-6))
    assert 0 < gone < 12
    assert held[gone:] == pytest.approx(0.0, abs=1e-6)
    assert (before[gone:] > 1000).all()
    assert plan.solution.short_target[item].sum() == 0.0
