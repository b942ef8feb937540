"""Merging scenarios: what one side did is taken, what both did is asked, and nothing is lost on the way."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sop_core.changes import CapacityChange, Change, DemandGrowth, Objective, PriceChange, Scope
from sop_core.errors import ScenarioError
from sop_core.merge import BOTH, MINE, THEIRS, Choice, Conflict, Merge, merge, retold
from sop_core.scenario import MOST_CHANGES, Scenario, Step
from tests.changes.factory import make_inputs
from tests.changes.strategies import TEXTS, scenarios

draws = settings(max_examples=80, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
slow_draws = settings(
    max_examples=25, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)

TRAIL, ROAD = Scope(families=("Trail",)), Scope(families=("Road",))
GROW = DemandGrowth(scope=TRAIL, pct=0.05)
MORE = DemandGrowth(scope=TRAIL, pct=0.08)
LESS = DemandGrowth(scope=TRAIL, pct=-0.02)
CUT = CapacityChange(scope=Scope(resources=("Line 2",)), pct=-0.2)
PRICE = PriceChange(pct=0.03)
OTHER = PriceChange(scope=ROAD, pct=0.01)


def named(*steps: Change | Step, name: str = "Peak", note: str = "") -> Scenario:
    return Scenario(name, note=note, steps=tuple(s if isinstance(s, Step) else Step(s) for s in steps))


@st.composite
def few(draw: st.DrawFn, name: str = "Peak") -> Scenario:
    """Scenarios of few levers, so that sides collide: the same lever twice, muted, noted, in any order."""
    one = st.builds(
        DemandGrowth,
        scope=st.sampled_from([TRAIL, ROAD, Scope()]),
        pct=st.sampled_from([0.05, 0.08, -0.02]),
        note=st.sampled_from(["", "fair", "chain"]),
    )
    steps = draw(st.lists(st.tuples(one, st.booleans()), max_size=5))
    return Scenario(name, note=draw(st.sampled_from(["", "a", "b"])), steps=tuple(Step(*s) for s in steps))


def all_choices(found: Merge, most: int = 16) -> list[tuple[Choice, ...]]:
    return list(itertools.islice(itertools.product(*(c.choices for c in found.conflicts)), most))


# -- by example -------------------------------------------------------------------------------------------


def test_what_each_side_did_alone_comes_together() -> None:
    old = named(GROW, CUT)
    mine = named(MORE, CUT)  # another value
    theirs = named(GROW, CUT, PRICE)  # one more
    found = merge(mine, theirs, old)
    assert not found.conflicts
    assert found.resolve().active == (MORE, CUT, PRICE)
    assert merge(theirs, mine, old).resolve().active == (MORE, CUT, PRICE)
    assert merge(named(CUT), theirs, old).resolve().active == (CUT, PRICE)


def test_value_note_and_muting_are_merged_each_for_itself() -> None:
    old = named(GROW)
    noted, muted = named(GROW.noted("fair in May")), named(Step(MORE, True))
    found = merge(noted, muted, old)
    assert not found.conflicts
    assert found.resolve().steps == (Step(MORE.noted("fair in May"), True),)


@pytest.mark.parametrize(
    ("choice", "left"), [(MINE, (MORE, CUT)), (THEIRS, (LESS, CUT)), (BOTH, (MORE, LESS, CUT))]
)
def test_the_same_lever_changed_differently_is_asked(choice: Choice, left: tuple[Change, ...]) -> None:
    found = merge(named(MORE, CUT), named(LESS, CUT), named(GROW, CUT))
    (conflict,) = found.conflicts
    assert conflict.sentence() == "Both changed: Trail: demand +5 %"
    assert conflict.side(MINE) == "Trail: demand +8 %"
    assert conflict.side(THEIRS) == "Trail: demand -2 %"
    assert found.resolve([choice]).active == left
    with pytest.raises(ScenarioError, match="1 conflicts need a decision each; 0 are decided"):
        found.resolve()


def test_removed_here_and_changed_there_is_asked_by_name() -> None:
    found = merge(named(CUT), named(MORE, CUT), named(GROW, CUT))
    (conflict,) = found.conflicts
    assert conflict.sentence(mine="yours", theirs="Ben's") == (
        "Removed in yours, changed in Ben's: Trail: demand +5 %"
    )
    assert conflict.choices == (MINE, THEIRS)
    assert (conflict.side(MINE), conflict.side(THEIRS)) == ("removed", "Trail: demand +8 %")
    assert found.resolve([MINE]).active == (CUT,)
    assert found.resolve([THEIRS]).active == (MORE, CUT)
    with pytest.raises(ScenarioError, match="choose mine or theirs"):
        found.resolve([BOTH])


def test_both_notes_of_one_change_stand_in_one_change_that_acts_once() -> None:
    one, other = named(GROW.noted("fair")), named(GROW.noted("chain"))
    for origin in (named(GROW), None):
        found = merge(one, other, origin)
        (conflict,) = found.conflicts
        assert conflict.side(BOTH) == "Trail: demand +5 % (fair; chain)"
        assert found.resolve([BOTH]).active == (GROW.noted("fair; chain"),)
    found = merge(named(GROW), other, named(GROW.noted("old")))
    assert [c.choices for c in found.conflicts] == [(MINE, THEIRS)]


def test_without_a_known_origin_all_counts_as_added() -> None:
    found = merge(named(GROW, PRICE), named(GROW, LESS, OTHER))
    assert not found.conflicts  # LESS stands beside GROW there, so it is one more step
    assert found.resolve().active == (GROW, PRICE, LESS, OTHER)
    (conflict,) = merge(named(GROW), named(MORE)).conflicts
    assert conflict.kind == "added"
    assert "The same lever was added on both sides" in conflict.sentence()


def test_order_is_taken_from_the_side_that_moved_and_asked_where_both_did() -> None:
    old = named(GROW, CUT, PRICE)
    assert merge(named(GROW, CUT, PRICE, OTHER), named(PRICE, GROW, CUT), old).resolve().active == (
        (PRICE, OTHER, GROW, CUT)  # what was added stays behind the step that it follows
    )
    found = merge(named(CUT, GROW, PRICE), named(PRICE, GROW, CUT), old)
    assert [c.kind for c in found.conflicts] == ["order"]
    assert found.resolve([MINE]).active == (CUT, GROW, PRICE)
    assert found.resolve([THEIRS]).active == (PRICE, GROW, CUT)


def test_notes_of_two_versions_are_merged_and_those_of_two_scenarios_are_not() -> None:
    old, mine, theirs = named(note="old"), named(note="mine"), named(note="theirs")
    found = merge(mine, theirs, old)
    assert [found.resolve([choice]).note for choice in (MINE, THEIRS, BOTH)] == [
        "mine",
        "theirs",
        "mine\ntheirs",
    ]
    assert found.conflicts[0].side(BOTH) == "mine / theirs"
    assert merge(old, theirs, old).resolve().note == "theirs"
    assert merge(mine, theirs, old, notes=False).resolve().note == "mine"


def test_name_owner_and_parent_stay_mine() -> None:
    mine = Scenario("A", "Ada", "Base", steps=(Step(GROW),))
    result = merge(mine, Scenario("B", "Ben", "A", steps=(Step(CUT),))).resolve()
    assert (result.name, result.owner, result.parent) == ("A", "Ada", "Base")


def test_a_merge_that_is_too_long_says_so() -> None:
    half = MOST_CHANGES // 2 + 1
    many = [named(*(DemandGrowth(pct=n / 1000 + side) for n in range(half))) for side in (0.0, 1.0)]
    found = merge(named(*many[0].active), Scenario("B", steps=many[1].steps), None)
    with pytest.raises(ScenarioError, match="500 are the most"):
        found.resolve([BOTH] * len(found.conflicts))


# -- always -----------------------------------------------------------------------------------------------


@draws
@given(st.none() | few(), few())
def test_a_merge_with_itself_is_itself(origin: Scenario | None, scenario: Scenario) -> None:
    found = merge(scenario, scenario, origin)
    assert not found.conflicts
    assert found.resolve() == scenario


@draws
@given(few(), few())
def test_where_one_side_did_nothing_the_other_is_the_result(origin: Scenario, edited: Scenario) -> None:
    for found in (merge(edited, origin, origin), merge(origin, edited, origin)):
        assert not found.conflicts
        assert found.resolve() == edited


@slow_draws
@given(scenarios(), scenarios())
def test_the_same_holds_for_every_kind_of_change(origin: Scenario, edited: Scenario) -> None:
    edited = edited.rename(origin.name)
    for found in (merge(edited, origin, origin), merge(origin, edited, origin)):
        assert not found.conflicts
        assert (found.resolve().steps, found.resolve().note) == (edited.steps, edited.note)
    assert merge(edited, edited, origin).resolve() == edited


@draws
@given(few(), few(), few())
def test_merging_again_changes_nothing(origin: Scenario, mine: Scenario, theirs: Scenario) -> None:
    """The second time what was merged in is the origin, as the store keeps it."""
    found = merge(mine, theirs, origin)
    for choices in all_choices(found):
        once = found.resolve(choices)
        again = merge(once, theirs, theirs)
        assert not again.conflicts
        assert again.resolve() == once


@draws
@given(few(), few(), few())
def test_what_neither_side_took_away_is_there_in_full(
    origin: Scenario, mine: Scenario, theirs: Scenario
) -> None:
    """With both sides of every conflict kept, each change that a side has newly written is in the result."""
    found = merge(mine, theirs, origin)
    kept = [BOTH if BOTH in c.choices else (MINE if c.theirs is None else THEIRS) for c in found.conflicts]
    result = found.resolve(kept)
    have = {text(step) for step in result.steps}
    old = {text(step) for step in origin.steps}
    for step in (*mine.steps, *theirs.steps):
        assert text(step) in have | old


@draws
@given(few(), few(), few())
def test_nothing_is_invented(origin: Scenario, mine: Scenario, theirs: Scenario) -> None:
    found = merge(mine, theirs, origin)
    known = {text(step) for scenario in (origin, mine, theirs) for step in scenario.steps}
    for choices in all_choices(found):
        result = found.resolve(choices)
        assert {text(step) for step in result.steps} <= known
        assert Counter(text(s) for s in result.steps) <= sum(
            (Counter(text(s) for s in scenario.steps) for scenario in (mine, theirs)), Counter()
        )


@draws
@given(few(), few(), few())
def test_sides_are_treated_alike(origin: Scenario, mine: Scenario, theirs: Scenario) -> None:
    """Turned round, the merge has the same conflicts, with the sides turned round, and the same steps."""
    one, other = merge(mine, theirs, origin), merge(theirs, mine, origin)
    assert Counter(c.kind for c in one.conflicts) == Counter(c.kind for c in other.conflicts)
    if not one.conflicts:
        assert Counter(one.resolve().steps) == Counter(other.resolve().steps)


@draws
@given(few(), few(), few())
def test_every_conflict_is_named_with_its_sides(origin: Scenario, mine: Scenario, theirs: Scenario) -> None:
    for conflict in merge(mine, theirs, origin).conflicts:
        assert conflict.sentence(mine="yours", theirs="Ben's")
        sides = [conflict.side(choice) for choice in conflict.choices]
        assert all(sides)
        if conflict.kind != "order":
            assert len(set(sides)) == len(sides)


def text(step: Step) -> tuple[str, float]:
    change = step.change
    assert isinstance(change, DemandGrowth)
    return str(change.scope), change.pct


# -- a history in sentences -------------------------------------------------------------------------------


def test_a_revision_is_retold_as_what_was_done() -> None:
    before = named(GROW, CUT, PRICE, name="Peak")
    after = named(Step(CUT.noted("press overhaul"), True), MORE, OTHER, name="Spring", note="For the board")
    assert retold(before, after) == (
        "Renamed from “Peak”",
        "Changed: Trail: demand +8 %. Before: Trail: demand +5 %",
        "Reworded: Line 2: -20 % hours (press overhaul)",
        "Muted: Line 2: -20 % hours (press overhaul)",
        "Removed: All products: price +3 % at elasticity -1.2",
        "Added: Road: price +1 % at elasticity -1.2",
        "Order of the changes changed",
        "Note: For the board",
    )
    assert retold(after, named(*after.steps, name="Spring")) == ("Note removed",)
    assert retold(named(Step(CUT, True)), named(CUT)) == ("Acts again: Line 2: -20 % hours",)
    assert retold(before, before) == ()


@draws
@given(few(), few())
def test_a_history_is_silent_only_where_nothing_was_done(before: Scenario, after: Scenario) -> None:
    assert (retold(before, after) == ()) == (before == after)


@slow_draws
@given(scenarios(), TEXTS)
def test_sentences_take_the_company_for_its_names(scenario: Scenario, note: str) -> None:
    inputs = make_inputs()
    said = retold(Scenario(scenario.name), scenario, inputs)
    assert len(said) == len(scenario.steps) + bool(scenario.note)


def test_a_conflict_of_the_objective_is_said_in_words() -> None:
    found = merge(named(Objective(objective="service")), named(Objective(objective="margin")))
    (conflict,) = found.conflicts
    assert isinstance(conflict, Conflict)
    assert conflict.side(THEIRS) == "Objective: best margin"
