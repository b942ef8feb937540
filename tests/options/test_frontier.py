"""The frontier: every point is a plan that is made again by its Changes, and no point on it is beaten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.changes import OvertimeChange, SafetyStockCover, Scope
from sop_core.charts.options import Spot, frontier_chart
from sop_core.charts.roles import DARK, LIGHT
from sop_core.kpis import KPIS
from sop_core.options import ACROSS, Frontier, Rules, frontier, pareto
from sop_core.options.frontier import UP, WORTH
from sop_core.planner import Company, Planner
from sop_core.scenario import Scenario
from tests.options import small

MORE = Scenario("Overtime").add(
    OvertimeChange(scope=Scope.of(resource="Mower Line", first="2027-03", last="2027-05"), hours=200.0)
)


@pytest.fixture(scope="module")
def drawn(demo_planner: Planner) -> Frontier:
    return frontier(demo_planner, MORE, Rules(most=12))


def test_points_replay(drawn: Frontier, demo_company: Company) -> None:
    fresh = Planner(demo_company)
    assert len(drawn.points) > 20
    for at in {0, 1, *drawn.best(WORTH), *drawn.best("stock_value")}:
        point = drawn.points[at]
        plan = fresh.plan(point.scenario(MORE))
        for name in KPIS:
            assert point.kpis[name] == pytest.approx(plan.kpis[name], rel=1e-9, abs=1e-9), (point.name, name)


def test_this_plan_and_the_base_are_among_them(drawn: Frontier) -> None:
    assert drawn.points[0].changes == ()
    assert drawn.points[0].worth == 0.0
    assert drawn.points[1].base
    assert drawn.points[1].scenario(MORE) == Scenario.base()


@pytest.mark.parametrize("across", ACROSS)
def test_no_point_on_the_frontier_is_beaten(drawn: Frontier, across: str) -> None:
    sign = 1.0 if across == WORTH else -1.0
    shown = drawn.shown(across)
    assert set(drawn.best(across)) <= set(shown)
    for at in drawn.best(across):
        own = drawn.points[at]
        for n in shown:
            other = drawn.points[n]
            better = sign * other.value(across) > sign * own.value(across) + 1e-9
            assert not (better and other.kpis[UP] > own.kpis[UP] + 1e-9)
    assert drawn.sentence(across).endswith(".")


def test_safety_stock_is_not_given_up_for_worth(drawn: Frontier) -> None:
    for n in drawn.shown(WORTH):
        assert not any(isinstance(change, SafetyStockCover) for change in drawn.points[n].changes)
    assert len(drawn.shown("stock_value")) == len(drawn.points)


def test_a_stop_gives_a_smaller_frontier() -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    found = frontier(small.planner(small.full_line()), Scenario.base(), stop=stop)
    assert found.stopped
    assert found.points[0].name == "Base"


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=30))
def test_pareto_by_brute_force(values: list[tuple[int, int]]) -> None:
    points = [(float(x), float(y)) for x, y in values]
    best = pareto(points)
    wanted = {
        point
        for point in points
        if not any(o[0] >= point[0] and o[1] >= point[1] and o != point for o in points)
    }
    assert {points[n] for n in best} == wanted
    assert len(best) == len(wanted)


def test_the_picture_names_its_plans_and_gives_their_keys_back() -> None:
    spots = [
        Spot(0.0, 0.9, "this", False, "This plan", 0),
        Spot(10.0, 0.95, "one", True, key=4),
        Spot(-5.0, 0.99, "two", True, key=7),
    ]
    for palette in (LIGHT, DARK):
        picture = frontier_chart(palette, spots, "Worth, EUR", "Service level", "Two plans.", chosen=4)
        keys = [
            key for trace in picture.figure.data if trace.customdata is not None for key in trace.customdata
        ]
        assert sorted(keys) == [0, 4, 7]
        assert "This plan" in [note.text for note in picture.figure.layout.annotations]
        assert picture.alt.startswith("Two plans. 3 plans, 2 of them on the frontier.")
        assert picture.figure.data[0].line.shape == "hv"  # nothing between two plans
