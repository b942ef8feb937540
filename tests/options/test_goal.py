"""What would it take: the goal is reached by the plan of the answer, or the answer says why not and how far one gets."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.changes import OvertimeChange, SafetyStockCover, Scope, SourceVolume
from sop_core.errors import PlanError
from sop_core.options import Goal, Rules, seek
from sop_core.options.sizing import resized, tidy, tidy_part
from sop_core.planner import Planner
from sop_core.scenario import Scenario
from tests.options import small

BASE = Scenario.base()


def test_a_goal_is_just_reached() -> None:
    """310 of 315 orders on time need 10 of the 15 hours."""
    planner = small.planner(small.full_line())
    way = seek(planner, BASE, Goal("service_level", 310 / 315))
    assert way.status == "reached"
    assert way.option is not None
    (change,) = way.option.changes
    assert isinstance(change, OvertimeChange)
    assert change.scope == Scope.of(resource="Line", first="2027-03", last="2027-03")
    assert 10.0 <= change.hours <= 10.3  # within a step of the bisection
    plan = planner.plan(way.option.scenario(BASE))
    assert plan.kpis["service_level"] == pytest.approx(way.value)
    assert plan.kpis["service_level"] >= 310 / 315 - 1e-9
    assert way.cost == pytest.approx(-3 * change.hours)


def test_a_goal_that_stands_already_takes_nothing() -> None:
    way = seek(small.planner(small.full_line()), BASE, Goal("service_level", 0.9))
    assert way.status == "already reached"
    assert way.option is None
    assert way.plans == 0
    assert "reached already" in way.sentence


def test_why_not_and_how_far_one_gets() -> None:
    planner = small.planner(small.full_line((100.0, 100.0, 160.0)))
    way = seek(planner, BASE, Goal("service_level", 1.0))
    assert way.status == "not reached"
    assert way.option is not None
    # Overtime of a fifth of the regular hours is the most that is proposed.
    assert way.value == pytest.approx(320 / 360)
    assert "cannot be reached" in way.sentence
    assert "88.89 %" in way.sentence
    alone = seek(
        planner, BASE, Goal("service_level", 1.0), Rules.without(["Supply", "Money & policy", "Demand"])
    )
    assert alone.option is None
    assert "no lever of this company" in alone.sentence


def test_no_overtime_above(demo_planner: Planner) -> None:
    way = seek(demo_planner, BASE, Goal("overtime_hours", 3000.0), Rules(most=24))
    assert way.status == "reached"
    assert way.option is not None
    plan = demo_planner.plan(way.option.scenario(BASE))
    assert plan.kpis["overtime_hours"] <= 3000.0 * (1 + 1e-6)


def test_less_stock_is_reached_and_not_overdone(demo_planner: Planner) -> None:
    target = demo_planner.base.kpis["stock_value"] - 300_000
    way = seek(demo_planner, BASE, Goal("stock_value", target), Rules(most=24))
    assert way.status == "reached"
    assert way.option is not None
    value = demo_planner.plan(way.option.scenario(BASE)).kpis["stock_value"]
    assert value == pytest.approx(way.value)
    assert target - 0.05 * abs(target) <= value <= target * (1 + 1e-6)
    for change in way.option.changes:  # nothing in the answer is without need
        rest = [other for other in way.option.changes if other is not change]
        scenario = BASE
        for other in rest:
            scenario = scenario.add(other)
        assert demo_planner.plan(scenario).kpis["stock_value"] > target


def test_a_stop_says_how_far_it_came(demo_planner: Planner) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 5

    way = seek(demo_planner, BASE, Goal("service_level", 1.0), stop=stop)
    assert way.status == "stopped"
    assert way.plans <= 6
    assert "stopped" in way.sentence


def test_goals_that_mean_nothing_are_refused() -> None:
    with pytest.raises(PlanError, match="no KPI"):
        Goal("happiness", 1.0)
    with pytest.raises(PlanError, match="number"):
        Goal("margin", math.inf)
    with pytest.raises(PlanError, match="at least"):
        Goal("margin", 1.0, "about")
    assert Goal("stock_value", 1.0).sense == "<="
    assert Goal("service_level", 1.0).sense == ">="


@given(st.floats(1e-3, 1e9), st.integers(1, 4))
def test_round_numbers_are_never_smaller(value: float, digits: int) -> None:
    out = tidy(value, digits)
    assert value * (1 - 1e-6) <= out <= value * (1 + 10.0 ** (1 - digits)) * (1 + 1e-6)


@given(st.floats(0.001, 5.0))
def test_parts_come_in_whole_steps(part: float) -> None:
    out = tidy_part(part)
    assert part - 1e-9 <= out < part + 0.05
    assert abs(out / 0.05 - round(out / 0.05)) < 1e-6


LINE = small.planner(small.full_line()).company.inputs


@given(st.floats(0.01, 0.99))
def test_a_smaller_size_is_smaller_and_on_the_same_place(factor: float) -> None:
    for change in (
        OvertimeChange(scope=Scope.of(resource="Line"), hours=500.0),
        SafetyStockCover(pct=-1.0),
        SourceVolume(scope=Scope.of(source="make"), pct=0.8),
    ):
        other = resized(change, factor, LINE)
        assert other is not None
        assert other.lever == change.lever
        size = abs(getattr(other, "hours", 0.0) or getattr(other, "pct", 0.0))
        assert 0 < size <= abs(getattr(change, "hours", 0.0) or getattr(change, "pct", 0.0))
