"""The option finder: what it finds is known by hand, its numbers are those of fresh plans, it stops when told."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sop_core.changes import (
    LaneVolume,
    MaterialVolume,
    OvertimeChange,
    PromotionCancel,
    PromotionMove,
    SafetyStockCover,
    Scope,
    SourceVolume,
)
from sop_core.kpis import KPIS
from sop_core.options import Found, Rules, find_options, pains
from sop_core.options.candidates import candidates
from sop_core.options.option import Bench
from sop_core.planner import Company, Planner
from sop_core.scenario import Scenario
from tests import published
from tests.options import small

BASE = Scenario.base()


def test_a_full_line_wants_exactly_the_overtime_that_is_missing() -> None:
    found = find_options(small.planner(small.full_line()), BASE)
    best = found.options[0]
    assert best.changes == (
        OvertimeChange(scope=Scope.of(resource="Line", first="2027-03", last="2027-03"), hours=15.0),
    )
    assert best.worth == pytest.approx(15 * (10 - 4 - 3))
    assert best.margin == pytest.approx(45.0)
    assert best.service == pytest.approx(15 / 315)
    assert best.helps == ("margin", "service_level")
    assert found.message == "15 units late or lost, Mar 27: Line is full Jan-Mar 27."


def test_a_contract_at_its_maximum_wants_what_is_missing_and_no_more() -> None:
    best = find_options(small.planner(small.contract()), BASE).options[0]
    assert best.changes == (
        SourceVolume(scope=Scope.of(source="buy", first="2027-03", last="2027-03"), pct=0.3),
    )
    assert best.worth == pytest.approx(30 * (10 - 4))


def test_a_scarce_material_wants_what_is_missing_of_it() -> None:
    found = find_options(small.planner(small.scarce_material()), BASE)
    assert found.pains[0].kind == "material"
    best = found.options[0]
    # 60 tubes in all: as tubes may lie for nothing, in March alone or a part in every month.
    change = best.changes[0]
    assert isinstance(change, MaterialVolume)
    assert change.scope.materials == ("Tube",)
    assert change.scope.suppliers == ("Mill",)
    assert change.pct == pytest.approx(0.1 if change.scope.first == "2027-01" else 0.3)
    assert best.worth == pytest.approx(30 * (10 - 4))


def test_a_narrow_lane_wants_what_is_missing_on_it() -> None:
    planner = small.planner(small.narrow_lane())
    found = find_options(planner, BASE)
    name = planner.company.inputs.lane_name(0)
    assert found.pains[0].kind == "lane"
    assert found.options[0].changes == (
        LaneVolume(scope=Scope.of(lane=name, first="2027-03", last="2027-03"), pct=0.3),
    )
    assert found.options[0].worth == pytest.approx(30 * (10 - 4))


def test_a_promotion_that_sells_what_is_short_is_cancelled() -> None:
    """It gives 1 a unit away on 100 units that would be sold anyway, and costs 20."""
    found = find_options(small.planner(small.promoted()), BASE)
    assert found.options[0].changes == (PromotionCancel(promotion="Push"),)
    assert found.options[0].worth == pytest.approx(100 * 1 + 20)
    demand_left = find_options(small.planner(small.promoted()), BASE, Rules.without(["Demand"]))
    assert all(change.group != "Demand" for option in demand_left.options for change in option.changes)
    assert all(row.change.group != "Demand" for row in demand_left.tried)


def test_hours_that_cost_more_than_they_earn_do_not_pay() -> None:
    """At 7 an hour a unit loses 1: it serves, and is told apart. At 100 the plan does not take the hours at all."""
    tables = small.full_line()
    tables["resources"]["overtime_cost"] = 7.0
    dear = find_options(small.planner(tables), BASE)
    assert dear.options[0].worth == pytest.approx(-15.0)
    assert dear.options[0].helps == ("service_level",)
    tables["resources"]["overtime_cost"] = 100.0
    dearest = find_options(small.planner(tables), BASE)
    overtime = [row for row in dearest.tried if row.change.kind == "overtime"]
    assert overtime
    assert {row.outcome for row in overtime} == {"changes nothing"}
    assert not any(change.kind == "overtime" for option in dearest.options for change in option.changes)


def test_nothing_short_is_said_and_nothing_is_made_up() -> None:
    found = find_options(small.planner(small.full_line((90.0, 90.0, 90.0))), BASE)
    assert found.message == "All demand is served on time."
    assert found.options == ()
    assert found.tried == ()


def test_what_the_scenario_has_or_has_decided_about_is_left_alone(demo_planner: Planner) -> None:
    moved = PromotionMove(promotion="Mower Weeks 2027", months=2)
    first = find_options(small.planner(small.full_line()), BASE).options[0]
    taken = first.scenario(BASE, "Taken")
    again = find_options(small.planner(small.full_line()), taken)
    assert again.message == "All demand is served on time."
    assert first.changes[0] not in [row.change for row in again.tried]
    plan = demo_planner.plan(BASE.add(moved))
    offered = candidates(plan, demo_planner.company, pains(plan), Rules(most=500))
    assert not any(getattr(one.change, "promotion", "") == "Mower Weeks 2027" for one in offered)
    assert any(one.change.kind == "promotion_move" for one in offered)


def test_frozen_months_and_running_promotions_are_not_touched(demo_planner: Planner) -> None:
    plan = demo_planner.base
    opens = str(plan.inputs.months[plan.inputs.policy.frozen_months])
    offered = candidates(plan, demo_planner.company, pains(plan), Rules(most=500))
    assert len(offered) > 40
    for one in offered:
        assert one.change.scope.first is None or one.change.scope.first >= opens
        one.change.check(plan.inputs)  # valid for the company
        assert not one.change.is_neutral
    acting = [one.change.acting() for one in offered]
    assert all(acting.count(one) == 1 for one in acting)


# -- on the demo company --


@pytest.fixture(scope="module")
def found(demo_planner: Planner) -> Found:
    return find_options(demo_planner, BASE)


def test_the_demo_is_tried_on_all_sides(found: Found) -> None:
    assert len(found.tried) >= 40
    assert {"overtime", "workforce", "source_volume", "safety_stock", "price_change", "promotion_move"} <= {
        row.change.kind for row in found.tried
    }
    assert "plans made" in found.sentence
    assert not found.stopped


def test_options_are_ranked_and_each_is_what_a_fresh_plan_says(found: Found, demo_company: Company) -> None:
    worth = [round(option.worth, 2) for option in found.options]
    assert worth == sorted(worth, reverse=True)
    assert all(option.helps for option in found.options)
    fresh = Planner(demo_company)
    for option in (*found.options[:3], found.options[-1]):
        plan = fresh.plan(option.scenario(BASE))
        for name in KPIS:
            assert option.kpis[name] == pytest.approx(plan.kpis[name], rel=1e-9, abs=1e-9), name
        closing = plan.money.stock_value[-1] - fresh.base.money.stock_value[-1]
        margin = plan.kpis["margin"] - fresh.base.kpis["margin"]
        assert option.worth == pytest.approx(margin + closing, abs=0.01)


def test_a_combination_beats_each_of_its_members(found: Found, demo_planner: Planner) -> None:
    best = found.options[0]
    assert len(best.changes) > 1
    for change in best.changes:
        alone = demo_planner.plan(BASE.add(change)).kpis["margin"] - found.before["margin"]
        assert best.margin > alone
    places = [change.lever for change in best.changes]
    assert len(set(places)) == len(places)


def test_stock_run_down_by_the_end_is_not_called_earned(found: Found) -> None:
    cuts = [row for row in found.tried if isinstance(row.change, SafetyStockCover)]
    assert cuts
    assert all(row.worth < row.margin for row in cuts)
    proposed = [o for o in found.options if any(isinstance(c, SafetyStockCover) for c in o.changes)]
    assert all("risk" in option.caution for option in proposed)
    assert all(len(option.changes) == 1 for option in proposed)  # never hidden in a combination


def test_a_stop_gives_what_there_is(demo_planner: Planner) -> None:
    asked: list[int] = []
    said: list[tuple[str, int, int]] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 6

    part = find_options(
        demo_planner, BASE, progress=lambda what, done, total: said.append((what, done, total)), stop=stop
    )
    assert part.stopped
    assert "stopped" in part.sentence
    assert 1 <= part.plans <= 7
    assert len(part.tried) == part.plans
    done = [count for _, count, _ in said]
    assert all(after >= before for before, after in pairwise(done))
    assert all(total == 0 or count <= total for _, count, total in said)


def test_the_same_question_gets_the_same_answer() -> None:
    one, other = (find_options(small.planner(small.promoted()), BASE) for _ in range(2))
    assert one.tried == other.tried
    assert [option.changes for option in one.options] == [option.changes for option in other.options]
    assert [option.worth for option in one.options] == [option.worth for option in other.options]
    assert one.plans == other.plans


def test_service_first_ranks_by_service() -> None:
    tables = small.full_line((100.0, 100.0, 130.0), objective="service")
    found = find_options(small.planner(tables), BASE)
    assert found.objective == "service"
    service = [round(option.service, 6) for option in found.options]
    assert service == sorted(service, reverse=True)


def test_a_published_plan_without_shortages_is_only_made_cheaper(shared_dir) -> None:  # type: ignore[no-untyped-def]
    import json

    case = json.loads((shared_dir / "cases" / "winston_sailco.json").read_text())
    planner = small.planner(published.sailco(case))
    found = find_options(planner, BASE)
    assert found.message == "All demand is served on time."
    for option in found.options:
        assert option.worth > 0
        assert planner.plan(option.scenario(BASE)).kpis["margin"] == pytest.approx(option.kpis["margin"])


def test_an_answer_is_planned_once() -> None:
    bench = Bench(small.planner(small.full_line()), BASE)
    change = OvertimeChange(scope=Scope.of(resource="Line"), hours=10.0)
    assert bench.ask((change,)) is bench.ask((change,))
    assert bench.plans == 1
    nonsense = OvertimeChange(scope=Scope.of(resource="Nowhere"), hours=10.0)
    refused = bench.ask((nonsense,))
    assert isinstance(refused, str)
    assert "Nowhere" in refused
