"""The difference by driver: adds up within a cent, family = sum of its products, and each driver means what it says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from sop_core import bridge
from sop_core.changes import (
    CapacityChange,
    DemandGrowth,
    LostSaleCost,
    OvertimeChange,
    PriceChange,
    Scope,
    SourceCost,
    TransportCost,
    WageChange,
)
from sop_core.errors import PlanError
from sop_core.planner import Planner
from sop_core.scenario import Scenario, Step
from tests.bridge.company import or_reject, planned
from tests.changes.factory import make_inputs
from tests.changes.strategies import scenarios

COMPANY = make_inputs()
PLAN = planned(COMPANY)
BASE = PLAN(Scenario.base())


def of(*changes: object) -> Scenario:
    return Scenario("x", steps=tuple(Step(change) for change in changes))  # type: ignore[arg-type]


def steps(*changes: object, kpi: str = "margin") -> dict[str, bridge.Step]:
    return {step.key: step for step in bridge.by_driver(BASE, PLAN(of(*changes)), kpi)}


@pytest.mark.parametrize("kpi", bridge.BY_DRIVER)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(scenarios(COMPANY, most=3), scenarios(COMPANY, most=3))
def test_drivers_sum_to_the_difference_without_a_rest(kpi: str, a: Scenario, b: Scenario) -> None:
    one, two = or_reject(PLAN, a), or_reject(PLAN, b)
    found = bridge.by_driver(one, two, kpi)
    assert sum(step.amount for step in found) == pytest.approx(two.kpis[kpi] - one.kpis[kpi], abs=0.005)
    assert not any(step.key == "other" for step in found)
    for step in found:
        if step.lines:
            assert sum(amount for _, amount in step.lines) == pytest.approx(step.amount, abs=0.005)


def test_demo_bridge_adds_up_for_every_kpi(demo_planner: Planner) -> None:
    base = demo_planner.base
    name = base.inputs.resource_names[0]
    plan = demo_planner.plan(
        of(
            CapacityChange(scope=Scope.of(resource=name), pct=-0.2),
            PriceChange(pct=0.02),
            WageChange(pct=0.03),
        )
    )
    for kpi in bridge.BY_DRIVER:
        found = bridge.by_driver(base, plan, kpi)
        assert sum(step.amount for step in found) == pytest.approx(plan.kpis[kpi] - base.kpis[kpi], abs=0.005)


def test_the_same_plan_has_no_drivers() -> None:
    assert all(bridge.by_driver(BASE, BASE, kpi) == () for kpi in bridge.BY_DRIVER)


def test_a_rate_that_rises_on_unchanged_quantities_is_that_rate_alone() -> None:
    plan = PLAN(of(WageChange(pct=0.1)))
    found = {step.key: step for step in bridge.by_driver(BASE, plan, "margin")}
    wages = (plan.solution.headcount * (plan.inputs.resource.wage - BASE.inputs.resource.wage)).sum()
    hours = (plan.solution.overtime.sum(axis=1)
             * (plan.inputs.resource.overtime_cost - BASE.inputs.resource.overtime_cost)).sum()  # fmt: skip
    assert found["people_rates"].amount <= -wages + 1e-6
    assert found["people_rates"].amount == pytest.approx(
        -wages
        - hours
        - (
            plan.solution.shifts.sum(axis=1)
            * (plan.inputs.resource.shift_cost - BASE.inputs.resource.shift_cost)
        ).sum()
        - (
            plan.solution.regular.sum(axis=1)
            * ~BASE.inputs.resource.people
            * (plan.inputs.resource.hour_cost - BASE.inputs.resource.hour_cost)
        ).sum()
        - (plan.solution.hired.sum(axis=1)
           * (plan.inputs.resource.hire_cost - BASE.inputs.resource.hire_cost)).sum()
        - (plan.solution.released.sum(axis=1)
           * (plan.inputs.resource.release_cost - BASE.inputs.resource.release_cost)).sum()
    )  # fmt: skip


def test_prices_alone_move_price_and_a_plan_without_price_changes_has_no_price_step() -> None:
    dearer = PriceChange(pct=0.1, elasticity=0.0)
    revenue = PLAN(of(dearer)).kpis["revenue"]
    assert steps(dearer)["price"].amount == pytest.approx(0.1 / 1.1 * revenue)
    assert "price" not in steps(CapacityChange(scope=Scope.of(resource="Line 1"), pct=-0.5))


def test_growth_of_everything_alike_is_volume_not_mix() -> None:
    found = steps(DemandGrowth(pct=0.05), kpi="revenue")
    assert found["volume"].amount == pytest.approx(0.05 * BASE.kpis["revenue"], rel=1e-6)
    assert abs(found["mix"].amount if "mix" in found else 0.0) < 1e-6 * BASE.kpis["revenue"]


def test_material_and_transport_rates_have_their_own_steps() -> None:
    dearer = steps(SourceCost(pct=0.1))
    assert dearer["source_rates"].amount < 0
    assert dearer["source_rates"].axis == "item"
    assert steps(TransportCost(pct=0.1))["transport_rates"].amount < 0


def test_a_dearer_lost_sale_is_a_rate_of_late_and_lost() -> None:
    dearer = LostSaleCost(pct=0.5)
    plan = PLAN(of(dearer))
    units = (plan.solution.lost.sum(axis=(1, 2, 3)) + plan.solution.end_lost.sum(axis=(1, 2))).sum()
    assert steps(dearer)["unhappy_rates"].amount == pytest.approx(-units * 2.0 * 0.5)


def test_overtime_tells_its_hours() -> None:
    found = steps(
        CapacityChange(scope=Scope.of(resource="Line 1"), pct=-0.97),
        OvertimeChange(scope=Scope.of(resource="Line 1"), pct=2.0),
    )
    step = found["overtime"]
    assert step.quantity * 30.0 == pytest.approx(-step.amount)
    families = dict(zip(COMPANY.items, COMPANY.item_family, strict=True))
    said = bridge.step_sentence(step, "margin", "EUR", families, {})
    assert "hours more" in said
    assert "at Line 1" in said


def test_only_known_kpis_and_one_company() -> None:
    with pytest.raises(ValueError, match="margin"):
        bridge.by_driver(BASE, BASE, "turns")
    other = planned(make_inputs("family"))(Scenario.base())
    with pytest.raises(PlanError, match="one company"):
        bridge.by_driver(BASE, other, "margin")


def test_the_whole_in_one_sentence() -> None:
    parts = [("Growth", 8_000.0), ("Line 2", -320_000.0)]
    said = bridge.whole_sentence("margin", 1_000_000.0, 688_000.0, ("Base", "Overhaul"), parts, "EUR")
    assert said == (
        "From Base to Overhaul, margin falls by 312 k EUR to 688 k EUR, unfavourable. "
        "Largest part: Line 2, −320 k EUR."
    )
    assert "stays as it is" in bridge.whole_sentence("margin", 5.0, 5.0, ("A", "B"), [], "EUR")
    assert "rises by 1.2 points to 97.2 %, favourable" in bridge.whole_sentence(
        "service_level", 0.96, 0.972, ("A", "B"), [], "EUR"
    )
