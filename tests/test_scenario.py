"""Scenarios: editing, applying, JSON, fingerprints, differences, undo and redo."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from sop_core.changes import (
    CapacityChange,
    Change,
    DemandGrowth,
    Objective,
    PriceChange,
    PromotionMove,
    Scope,
)
from sop_core.errors import ScenarioError
from sop_core.scenario import FORMAT, MOST_CHANGES, History, Scenario, Step, diff
from tests.changes.factory import assert_same, make_inputs
from tests.changes.strategies import TEXTS, changes, scenarios

draws = settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])

GROW = DemandGrowth(scope=Scope(families=("Trail",)), pct=0.05)
CUT = CapacityChange(scope=Scope(resources=("Line 2",)), pct=-0.2)
PRICE = PriceChange(pct=0.03)


def named(*steps: Change | Step) -> Scenario:
    return Scenario("x", steps=tuple(s if isinstance(s, Step) else Step(s) for s in steps))


# -- editing ----------------------------------------------------------------------------------------------


def test_the_base_has_no_changes() -> None:
    base = Scenario.base()
    assert not base.steps
    assert not base.active
    assert not base.sentences()
    assert_same(base.apply(make_inputs()), make_inputs())


def test_edits_give_new_scenarios_and_leave_the_old_one() -> None:
    old = named(GROW, CUT)
    assert old.add(PRICE).active == (GROW, CUT, PRICE)
    assert old.remove(0).active == (CUT,)
    assert old.replace(1, PRICE).active == (GROW, PRICE)
    assert old.mute(0).active == (CUT,)
    assert old.mute(0).mute(0) == old
    assert old.mute(0, True).mute(0, True) == old.mute(0)
    assert old.mute(0).replace(0, PRICE).steps[0] == Step(PRICE, True)
    assert old.add(PRICE).move(2, 0).active == (PRICE, GROW, CUT)
    assert old.add(PRICE).move(0, 2).active == (CUT, PRICE, GROW)
    assert old.rename("y").name == "y"
    child = old.derive("z", "Anna")
    assert (child.name, child.owner, child.parent, child.steps) == ("z", "Anna", "x", old.steps)
    assert old == named(GROW, CUT)


def test_several_are_moved_as_a_block_that_stops_at_the_end() -> None:
    old = named(GROW, CUT, PRICE)
    assert old.shift([1, 2], -1) == (named(CUT, PRICE, GROW), (0, 1))
    assert old.shift([0, 1], -1) == (old, (0, 1))
    assert old.shift([0, 2], 1) == (named(CUT, GROW, PRICE), (1, 2))
    assert old.shift([0], 1) == (named(CUT, GROW, PRICE), (1,))
    assert old.shift([], 1) == (old, ())


def test_several_are_duplicated_left_out_and_put_in() -> None:
    old = named(GROW, CUT)
    assert old.duplicate([0]).steps == (Step(GROW), Step(GROW, True), Step(CUT))
    assert old.duplicate([0, 1]).fingerprint() == old.fingerprint()
    assert old.without([0]).active == (CUT,)
    assert old.without([]) == old
    assert old.extend([Step(PRICE), Step(CUT), Step(CUT, True)]).steps == (
        Step(GROW),
        Step(CUT),
        Step(PRICE),
        Step(CUT, True),
    )


@pytest.mark.parametrize("position", [-1, 2, 99])
def test_a_step_that_is_not_there_is_named(position: int) -> None:
    scenario = named(GROW, CUT)
    edits = (
        scenario.remove,
        scenario.mute,
        lambda p: scenario.replace(p, PRICE),
        lambda p: scenario.move(0, p),
    )
    for edit in edits:
        with pytest.raises(ScenarioError, match=f"There is no change {position + 1}: scenario 'x' has 2"):
            edit(position)


def test_setting_a_lever_replaces_it_and_removes_it_at_zero() -> None:
    scope = Scope(families=("Trail",))
    first = named(CUT).set_lever(DemandGrowth(scope=scope, pct=0.05, note="dealer"))
    moved = first.set_lever(DemandGrowth(scope=scope, pct=0.08))
    assert moved.active == (CUT, DemandGrowth(scope=scope, pct=0.08, note="dealer"))
    assert (
        moved.set_lever(DemandGrowth(scope=scope, pct=0.08, note="two dealers")).active[1].note
        == "two dealers"
    )
    assert moved.set_lever(DemandGrowth(scope=scope)).active == (CUT,)
    assert moved.set_lever(DemandGrowth(pct=0.08)).active == (*moved.active, DemandGrowth(pct=0.08))
    assert named(CUT).set_lever(DemandGrowth()) == named(CUT)


def test_levers_of_different_promotions_are_different_levers() -> None:
    scenario = named(PromotionMove(promotion="Spring push", months=1))
    both = scenario.set_lever(PromotionMove(promotion="Autumn sale", months=1))
    assert len(both.active) == 2
    assert both.set_lever(PromotionMove(promotion="Spring push", months=0)).active == both.active[1:]


def test_a_muted_step_is_no_lever() -> None:
    muted = named(Step(GROW, True))
    assert muted.set_lever(GROW).steps == (Step(GROW, True), Step(GROW))


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_names_must_be_names(name: str) -> None:
    with pytest.raises(ScenarioError):
        Scenario(name)
    with pytest.raises(ScenarioError):
        Scenario("x").rename(name)


def test_there_is_a_most() -> None:
    full = Scenario("x", steps=(Step(GROW),) * MOST_CHANGES)
    with pytest.raises(ScenarioError, match=f"{MOST_CHANGES} are the most"):
        full.add(GROW)


# -- applying ---------------------------------------------------------------------------------------------


@draws
@given(data=st.data())
def test_scenarios_do_not_leak_into_each_other(data: st.DataObject) -> None:
    company = make_inputs()
    one, two = data.draw(scenarios(company)), data.draw(scenarios(company))
    try:
        alone, other = one.apply(company), two.apply(company)
    except ScenarioError:
        reject()  # Changes that fit alone may contradict each other
    assert_same(one.apply(company), alone)
    assert_same(two.apply(company), other)
    assert_same(company, make_inputs())


def test_changes_are_checked_where_they_stand() -> None:
    company = make_inputs()
    add = Change.from_dict(
        {"kind": "promotion_add", "name": "Sale", "start": "2027-02-01", "end": "2027-02-28"}
    )
    move = PromotionMove(promotion="Sale", months=1)
    named(add, move).check(company)
    with pytest.raises(
        ScenarioError, match=r"Scenario 'x', change 1: Move promotion: There is no promotion 'Sale'"
    ):
        named(move, add).check(company)


def test_what_does_not_exist_is_named_with_its_position_and_only_where_it_acts() -> None:
    lost = DemandGrowth(scope=Scope(families=("Trial",)), pct=0.1)
    with pytest.raises(
        ScenarioError, match=r"change 2: Demand growth: There is no family 'Trial'\. Did you mean 'Trail'\?"
    ):
        named(GROW, lost).apply(make_inputs())
    assert_same(named(GROW, Step(lost, True)).apply(make_inputs()), named(GROW).apply(make_inputs()))


# -- JSON -------------------------------------------------------------------------------------------------


@draws
@given(scenario=scenarios())
def test_json_gives_the_same_scenario_back(scenario: Scenario) -> None:
    text = scenario.to_json()
    back = Scenario.from_json(text)
    assert back == scenario
    assert back.to_json() == text
    assert back.fingerprint() == scenario.fingerprint()
    body = json.loads(text)
    assert body["format"] == FORMAT
    assert list(body) == sorted(body)


def body(*changes: Any, **more: Any) -> str:
    return json.dumps({"name": "x", "changes": list(changes)} | more)


GOOD = {"kind": "demand_growth", "pct": 0.05}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON: Expecting value in line 1, column 1"),
        ('{"name": "x",\n "changes": [}', "in line 2, column 14"),
        ("[]", "must hold one object"),
        ('{"name": "x", "name": "y"}', "The field 'name' stands twice"),
        ('{"name": NaN}', "NaN is not a number that this scenario may hold"),
        ('{"name": "\\ud800"}', "no text"),
        ("[" * 100_000, "nested too deeply|not valid JSON"),
        ('{"name": 1' + "0" * 5000 + "}", "not valid JSON"),
        ("{}", "needs a `name`"),
        ('{"name": null}', "needs a `name`"),
        ('{"name": 5}', "`name` of a scenario must be a text"),
        (body(colour="red"), "no field 'colour'. Allowed: format, name"),
        (body(format=FORMAT + 1), "newer release"),
        (body(format="one"), "`format` must be the number 1"),
        (body(format=True), "`format` must be the number 1"),
        ('{"name": "x", "changes": {}}', "`changes` must be a list"),
        (body("grow"), "change 1: it must be an object"),
        (body(GOOD, {"pct": 1}), "change 2: `kind` is missing. Allowed: backlog_cost"),
        (
            body(GOOD, GOOD, {"kind": "demand_grwth"}),
            "change 3: there is no kind 'demand_grwth'. Did you mean 'demand_growth'",
        ),
        (body({"kind": ["a"]}), "change 1: there is no kind"),
        (body({**GOOD, "percent": 1}), "change 1: demand_growth has no field 'percent'. Did you mean 'pct'"),
        (
            body({**GOOD, "pct": "5 %"}),
            "change 1: Demand growth: `pct` must be a number, as a fraction: 0.05 is 5 %, not '5 %'",
        ),
        (body({**GOOD, "pct": True}), "`pct` must be a number"),
        (body({**GOOD, "pct": None}), "`pct` must be a number"),
        (body({**GOOD, "pct": 50}), "`pct` is 50: it must be from -1 to 10"),
        (body({**GOOD, "pct": -2}), "it must be from -1 to 10"),
        (body({**GOOD, "scope": "Trail"}), "`scope` must be an object"),
        (body({**GOOD, "scope": {"familys": []}}), "`scope` has no field 'familys'. Did you mean 'families'"),
        (body({**GOOD, "scope": {"families": "Trail"}}), "`scope.families` must be a list of names"),
        (body({**GOOD, "scope": {"families": [1]}}), "`families` must hold names only"),
        (body({**GOOD, "scope": {"first": 202703}}), "`scope.first` must be a month"),
        (body({**GOOD, "scope": {"first": "soon"}}), "`first` must be a month such as 2027-03"),
        (body({**GOOD, "scope": {"lanes": ["a"]}}), "cannot be limited to lanes"),
        (body({**GOOD, "note": 5}), "`note` must be a text"),
        (body({**GOOD, "muted": "yes"}), "change 1: `muted` must be true or false"),
        (
            body({"kind": "objective", "objective": "profit"}),
            "`objective` cannot be 'profit'. Allowed: margin, service",
        ),
        (body({"kind": "objective", "objective": 1}), "`objective` must be a text"),
        (body({"kind": "objective", "scope": {}, "objective": "margin"}), "objective has no field 'scope'"),
        (
            body({"kind": "promotion_move", "promotion": "a", "months": 1.5}),
            "`months` must be a whole number",
        ),
        (body({"kind": "promotion_cancel", "promotion": " "}), "`promotion` is empty"),
        (body({"kind": "promotion_cancel", "promotion": "a" * 501}), "`promotion` is longer than 500"),
        (body({"kind": "promotion_cancel"}), "promotion_cancel needs `promotion`"),
        (
            body({"kind": "promotion_add", "name": "a", "start": "1 March", "end": "2027-03-02"}),
            "`start` must be a date such as 2027-03-15, not '1 March'",
        ),
        (body(*[GOOD] * (MOST_CHANGES + 1)), f"{MOST_CHANGES} are the most"),
    ],
)
def test_a_bad_file_says_where_what_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message.replace("(", r"\(").replace(")", r"\)")):
        Scenario.from_json(text)


@draws
@given(
    junk=st.recursive(
        st.none() | st.booleans() | st.floats() | TEXTS, lambda x: st.lists(x) | st.dictionaries(TEXTS, x)
    )
)
def test_junk_is_refused_with_a_message_and_nothing_else(junk: Any) -> None:
    texts = [
        json.dumps(junk),
        json.dumps({"name": "x", "changes": [junk]}),
        json.dumps({**GOOD, "scope": junk}),
    ]
    texts.append(json.dumps({"name": "x", "changes": [{**GOOD, "pct": junk}]}))
    for text in texts:
        try:
            name = Scenario.from_json(text).name
        except ScenarioError as error:
            message = str(error)
        else:
            message = f"taken as {name}"
        assert message


def test_what_is_left_out_takes_its_default_and_is_written() -> None:
    scenario = Scenario.from_json(body({"kind": "price_change", "pct": 0.1}))
    assert json.loads(scenario.to_json())["changes"] == [
        {"kind": "price_change", "pct": 0.1, "elasticity": -1.2}
    ]


# -- fingerprints and differences -------------------------------------------------------------------------


def test_the_fingerprint_holds_what_acts() -> None:
    one = named(GROW, CUT)
    assert len(one.fingerprint()) == 64
    assert one.rename("other").fingerprint() == one.fingerprint()
    assert one.add(PRICE).mute(2).fingerprint() == one.fingerprint()
    assert named(GROW.noted("why"), CUT).fingerprint() == one.fingerprint()
    assert named(DemandGrowth(scope=GROW.scope, pct=0.06), CUT).fingerprint() != one.fingerprint()
    assert named(CUT, GROW).fingerprint() != one.fingerprint()
    assert named(DemandGrowth(pct=-0.0)).fingerprint() == named(DemandGrowth(pct=0)).fingerprint()


def test_differences_say_what_was_added_removed_and_changed() -> None:
    grown = DemandGrowth(scope=GROW.scope, pct=0.07)
    found = diff(named(GROW, CUT), named(grown, PRICE))
    assert [(d.status, d.before, d.after) for d in found] == [
        ("changed", GROW, grown),
        ("removed", CUT, None),
        ("added", None, PRICE),
    ]
    assert found[0].sentence() == "Changed: Trail: demand +7 %. Before: Trail: demand +5 %"
    assert found[1].sentence() == "Removed: Line 2: -20 % hours"
    assert found[2].sentence() == "Added: All products: price +3 % at elasticity -1.2"
    assert [d.status for d in diff(named(GROW, CUT), named(CUT, GROW))] == ["order"]


@draws
@given(pool=st.lists(changes(), min_size=1, max_size=3), data=st.data())
def test_there_is_a_difference_exactly_where_fingerprints_differ(
    pool: list[Change], data: st.DataObject
) -> None:
    steps = st.lists(st.tuples(st.sampled_from(pool), st.booleans()), max_size=4)
    a, b = (Scenario("s", steps=tuple(Step(*s) for s in data.draw(steps))) for _ in range(2))
    assert bool(diff(a, b)) == (a.fingerprint() != b.fingerprint())
    assert len([d for d in diff(a, b) if d.status == "added"]) == len(
        [d for d in diff(b, a) if d.status == "removed"]
    )


# -- undo and redo ----------------------------------------------------------------------------------------


def test_undo_and_redo_walk_back_and_forth() -> None:
    a, b, c = named(), named(GROW), named(GROW, CUT)
    history = History(a).push(b).push(c)
    assert history.undo().present == b
    assert history.undo().undo().present == a
    assert history.undo().undo().undo().present == a
    assert history.undo().undo().redo().redo().redo().present == c
    assert not history.undo().push(a).can_redo
    assert history.push(c) is history
    assert (History(a).can_undo, history.can_undo, history.undo().can_redo) == (False, True, True)


def test_dragging_one_lever_is_one_step() -> None:
    history = History(named(CUT))
    for pct in (0.01, 0.02, 0.03):
        history = history.set_lever(DemandGrowth(pct=pct))
    history = history.set_lever(PRICE)
    assert history.undo().present.active == (CUT, DemandGrowth(pct=0.03))
    assert history.undo().undo().present.active == (CUT,)
    back = History(named(CUT)).set_lever(DemandGrowth(pct=0.01)).set_lever(DemandGrowth(pct=0))
    assert back.present == named(CUT)
    assert not back.can_undo


def test_an_undo_ends_the_drag() -> None:
    history = (
        History(named()).set_lever(DemandGrowth(pct=0.01)).undo().redo().set_lever(DemandGrowth(pct=0.02))
    )
    assert history.undo().present.active == (DemandGrowth(pct=0.01),)


def test_the_history_is_bounded() -> None:
    history = History(named(), limit=3)
    for n in range(10):
        history = history.push(named().rename(str(n)))
    assert [s.name for s in history.past] == ["6", "7", "8"]


def test_scenarios_are_values() -> None:
    assert {named(GROW), named(GROW)} == {named(GROW)}
    assert named(GROW) != named(Objective(objective="margin"))
    assert Scenario(" x ") == Scenario("x")
