"""What differs between two lists of Changes, and what lies between them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.bridge import MOST_GROUPS, groupings, route
from sop_core.changes import CapacityChange, DemandGrowth, PriceChange, PromotionAdd, Scope, WageChange
from sop_core.scenario import Scenario, Step
from tests.changes.factory import make_inputs
from tests.changes.strategies import scenarios

COMPANY = make_inputs()
GROW = DemandGrowth(scope=Scope.of(family="Trail"), pct=0.1)
LESS = CapacityChange(scope=Scope.of(resource="Line 1"), pct=-0.2)
PAY = WageChange(pct=0.03)
DEAR = PriceChange(scope=Scope.of(family="Road"), pct=0.05)


def of(*changes: object) -> Scenario:
    return Scenario("x", steps=tuple(Step(change) for change in changes))  # type: ignore[arg-type]


def test_what_both_have_at_the_same_place_is_no_difference() -> None:
    found = route(of(GROW, LESS, PAY), of(GROW, DEAR, PAY))
    assert [(edit.status, edit.change) for edit in found.edits] == [("removed", LESS), ("added", DEAR)]
    assert route(of(GROW, LESS), of(GROW, LESS)).edits == ()


def test_another_value_of_one_lever_is_one_difference_and_notes_are_none() -> None:
    more = DemandGrowth(scope=Scope.of(family="Trail"), pct=0.2)
    (edit,) = route(of(GROW, PAY), of(more, PAY)).edits
    assert (edit.status, edit.before, edit.after) == ("changed", GROW, more)
    assert edit.sentence(COMPANY) == "Trail: demand +20 %, instead of demand +10 %"
    assert route(of(GROW), of(GROW.noted("said in March"))).edits == ()


def test_a_change_at_another_place_is_one_difference() -> None:
    found = route(of(GROW, LESS, PAY), of(LESS, PAY, GROW))
    assert [(edit.status, edit.change) for edit in found.edits] == [("moved", GROW)]
    assert "another place" in found.edits[0].sentence()


def test_muted_changes_are_not_there() -> None:
    assert route(Scenario("a", steps=(Step(GROW, True),)), Scenario("b")).edits == ()


def test_a_promotion_that_goes_says_so() -> None:
    (edit,) = route(of(PAY, GROW), of(PAY)).edits
    assert edit.status == "removed"
    assert edit.sentence(COMPANY).startswith("Without Trail: demand")
    assert PromotionAdd.kind == "promotion_add"


@settings(max_examples=60)
@given(scenarios(COMPANY, most=6), scenarios(COMPANY, most=6), scenarios(COMPANY, most=3))
def test_a_route_leads_from_one_to_the_other_and_each_part_has_its_changes_once(
    a: Scenario, b: Scenario, common: Scenario
) -> None:
    a, b = (Scenario("p", steps=common.steps + part.steps) for part in (a, b))
    found = route(a, b)
    assert found.between([]).fingerprint() == a.fingerprint()
    assert found.between(range(len(found.edits))).fingerprint() == b.fingerprint()
    both = len(found.slots) - sum(edit >= 0 for _, edit, _ in found.slots)
    for number, edit in enumerate(found.edits):
        alone = found.between([number]).active
        assert len(alone) == len(a.active) + (edit.before is None) - (edit.after is None)
    assert both <= min(len(a.active), len(b.active))


@settings(max_examples=60)
@given(scenarios(COMPANY, most=20), scenarios(COMPANY, most=6))
def test_groups_are_few_and_hold_every_difference_once(a: Scenario, b: Scenario) -> None:
    found = route(a, b)
    groups = groupings(found, COMPANY)
    assert len(groups) <= MOST_GROUPS
    assert sorted(edit for group in groups for edit in group.edits) == list(range(len(found.edits)))
    assert all(group.label for group in groups)


@settings(max_examples=30)
@given(st.permutations([GROW, LESS, PAY, DEAR]))
def test_another_order_is_only_moves(order: list[object]) -> None:
    found = route(of(GROW, LESS, PAY, DEAR), of(*order))
    assert {edit.status for edit in found.edits} <= {"moved"}
