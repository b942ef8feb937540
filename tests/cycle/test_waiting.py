"""What waiting costs: how each Change waits, and the two plans behind the number."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given

from sop_core.calendar import months_from, to_month
from sop_core.changes import (
    CapacityChange,
    Change,
    DemandGrowth,
    EndBacklog,
    ExtraShift,
    LaunchMove,
    Objective,
    Outage,
    OvertimeChange,
    PhaseOut,
    PromotionAdd,
    PromotionMove,
    SafetyStockCover,
    Scope,
)
from sop_core.cycle.waiting import RULE, a_month_later, cost_of_waiting, scenarios
from sop_core.errors import ReviewError
from sop_core.planner import Planner, prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests.changes.factory import make_inputs
from tests.changes.strategies import changes
from tests.pages.companies import full_line

MONTHS = months_from(to_month("2026-01"), 6)
COMPANY = make_inputs()


def shift(**scope: Any) -> ExtraShift:
    return ExtraShift(scope=Scope(resources=("Forge",), **scope), shifts=1.0)


@pytest.mark.parametrize(
    ("now", "later"),
    [
        ({"first": "2026-03", "last": "2026-04"}, {"first": "2026-04", "last": "2026-05"}),
        ({"first": "2026-03"}, {"first": "2026-04"}),
        ({"last": "2026-04"}, {"first": "2026-02", "last": "2026-05"}),
        ({}, {"first": "2026-02"}),
        ({"first": "2025-06", "last": "2026-02"}, {"first": "2026-02", "last": "2026-03"}),
    ],
)
def test_what_the_company_does_begins_and_ends_one_month_later(now: Any, later: Any) -> None:
    found = a_month_later(shift(**now), MONTHS)
    assert found.moved
    assert found.change == shift(**later)


def test_what_would_begin_in_the_last_month_is_gone_from_the_plan() -> None:
    found = a_month_later(shift(first="2026-06"), MONTHS)
    assert (found.change, found.moved) == (None, True)


def test_a_month_that_ends_on_its_last_day_ends_on_the_next_ones_last_day() -> None:
    promotion = PromotionAdd(name="Sale", start=dt.date(2026, 1, 15), end=dt.date(2026, 2, 28), uplift=0.2)
    found = a_month_later(promotion, MONTHS).change
    assert isinstance(found, PromotionAdd)
    assert (found.start, found.end) == (dt.date(2026, 2, 15), dt.date(2026, 3, 31))
    out = PhaseOut(scope=Scope.of(product="Anvil"), end=dt.date(2026, 1, 31))
    moved = a_month_later(out, MONTHS).change
    assert isinstance(moved, PhaseOut)
    assert moved.end == dt.date(2026, 2, 28)


def test_moves_lose_a_month_only_where_something_is_pulled_forward() -> None:
    earlier = a_month_later(LaunchMove(product="Anvil", months=-3), MONTHS)
    assert earlier.change == LaunchMove(product="Anvil", months=-2)
    assert a_month_later(PromotionMove(promotion="Sale", months=-1), MONTHS).change is None
    put_off = PromotionMove(promotion="Sale", months=2)
    assert (a_month_later(put_off, MONTHS).change, a_month_later(put_off, MONTHS).moved) == (put_off, False)


def test_what_the_market_brings_does_not_wait_and_what_holds_for_the_whole_plan_cannot() -> None:
    for change in (DemandGrowth(pct=0.1), Outage(scope=Scope.of(resource="Forge", first="2026-02"))):
        found = a_month_later(change, MONTHS)
        assert (found.change, found.moved, found.stuck) == (change, False, False)
    for change in (Objective(objective="service"), SafetyStockCover(pct=0.1)):
        assert a_month_later(change, MONTHS).stuck


@given(changes(COMPANY))
def test_every_change_a_month_later_still_fits_the_company(change: Change) -> None:
    """None is left that its own check would refuse, unless it lies outside the plan already."""
    found = a_month_later(change, COMPANY.months)
    assert not (found.moved and found.stuck)
    if found.change is not None:
        found.change.check(COMPANY)
        assert found.moved or found.change == change


def test_the_decision_is_put_into_its_scenario_once() -> None:
    market, extra = DemandGrowth(pct=0.1), shift(first="2026-02", last="2026-03")
    now, later = scenarios(Scenario("Push").add(market).add(extra), (extra,), MONTHS)
    assert now.active == (market, extra)
    assert later.active == (market, shift(first="2026-03", last="2026-04"))
    now, later = scenarios(Scenario("Push").add(market), (extra,), MONTHS)
    assert now.active == (market, extra)
    muted = Scenario("Push").add(extra).mute(0)
    assert scenarios(muted, (extra,), MONTHS)[0].active == (extra,)


def test_where_the_plan_cannot_tell_a_person_is_asked() -> None:
    for none in ((), (Objective(objective="service"),), (DemandGrowth(pct=0.1),)):
        with pytest.raises(ReviewError, match="say"):
            scenarios(Scenario("Push"), none, MONTHS)


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner(prepare(Snapshot.from_tables(full_line(), 1)))


def test_waiting_costs_the_margin_of_the_orders_that_are_served_later(planner: Planner) -> None:
    """The forge is 15 hours short of March's orders: 5 more a month do from January on, but not from February on."""
    months = planner.company.inputs.months

    def more(first: str, last: str) -> CapacityChange:
        return CapacityChange(scope=Scope(resources=("Forge",), first=first, last=last), hours=5.0)

    extra = more("2026-01", "2026-03")
    scenario = Scenario("More hours").add(extra)
    found = cost_of_waiting(planner.plan, scenario, (extra,), months)
    by_hand = planner.plan(Scenario("x").add(more("2026-02", "2026-04")))
    margin = planner.plan(scenario).money.margin.sum() - by_hand.money.margin.sum()
    assert found.cost.amount == pytest.approx(margin, abs=0.005)
    assert found.cost.service == pytest.approx(
        planner.plan(scenario).kpis["service_level"] - by_hand.kpis["service_level"], abs=1e-6
    )
    assert found.cost.service is not None
    assert found.cost.service > 0
    assert found.cost.computed
    assert "'More hours' Jan-Jun 26 with 1 of 1 Changes" in found.cost.basis
    assert "one month later" in RULE


def test_the_basis_names_what_could_not_wait(planner: Planner) -> None:
    changes = (OvertimeChange(scope=Scope.of(resource="Forge"), hours=5.0), EndBacklog(end_backlog="lost"))
    found = cost_of_waiting(planner.plan, Scenario.base(), changes, planner.company.inputs.months)
    assert "Held in both plans" in found.cost.basis
    assert EndBacklog.title in found.cost.basis
