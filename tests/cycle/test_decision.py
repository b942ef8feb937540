"""Decisions as data: what is refused and how it is said, one JSON form, what an edit changed."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.changes import OvertimeChange, Scope
from sop_core.cycle.decision import (
    APPROVED,
    DEFERRED,
    DONE,
    REJECTED,
    STATES,
    CostOfWaiting,
    Decision,
    OptionConsidered,
    OptionKpis,
    differences,
)
from sop_core.errors import ReviewError
from tests.changes.strategies import TEXTS, changes

OVERTIME = OvertimeChange(scope=Scope.of(resource="Line 1", first="2027-02", last="2027-03"), hours=180.0)
DO = OptionConsidered("Overtime", "Overtime", (OVERTIME,), OptionKpis(31e6, 0.97, 4e6, 9e6), 3)
WAIT = OptionConsidered("Do nothing", "Base", (), OptionKpis(30e6, 0.93, 4.2e6, 8e6), 3)
DECISION = Decision(
    title="Overtime on line 1",
    why="Trail is late from February on.",
    owner="Anna",
    due=dt.date(2027, 1, 15),
    scenario="Overtime",
    changes=(OVERTIME,),
    options=(DO, WAIT),
    recommendation="Overtime",
    cost_of_waiting=CostOfWaiting(92_000.0, "Plan now against plan a month later", service=0.004, computed=True),
    meeting=2,
)  # fmt: skip


@st.composite
def kpis(draw: st.DrawFn) -> OptionKpis:
    number = st.none() | st.floats(-1e12, 1e12)
    return OptionKpis(*(draw(number) for _ in range(4)))


@st.composite
def options(draw: st.DrawFn) -> OptionConsidered:
    title = draw(TEXTS.filter(str.strip))
    acting = tuple(draw(st.lists(changes(), max_size=2)))
    return OptionConsidered(title, draw(TEXTS), acting, draw(kpis()), draw(st.integers(0, 99)))


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    listed = draw(st.lists(options(), max_size=3, unique_by=lambda option: option.title))
    waiting = draw(
        st.none()
        | st.builds(
            CostOfWaiting, st.floats(-1e12, 1e12), TEXTS.filter(str.strip), st.just("month"),
            st.none() | st.floats(-1, 1), st.booleans(),
        )
    )  # fmt: skip
    return Decision(
        title=draw(TEXTS.filter(str.strip)),
        why=draw(TEXTS),
        owner=draw(TEXTS),
        due=draw(st.none() | st.dates()),
        scenario=draw(TEXTS),
        changes=tuple(draw(st.lists(changes(), max_size=2))),
        options=tuple(listed),
        recommendation=draw(st.sampled_from(["", *(option.title for option in listed)])),
        cost_of_waiting=waiting,
        state=draw(st.sampled_from(STATES)),
        comment=draw(TEXTS),
        meeting=draw(st.none() | st.integers(1, 10_000)),
    )


@given(decisions())
def test_json_reads_back_to_the_same_decision(decision: Decision) -> None:
    text = decision.to_json()
    assert Decision.from_json(text) == decision
    assert Decision.from_json(text).to_json() == text


def test_a_title_is_enough() -> None:
    assert Decision.from_json('{"title": "Close the Lyon line"}') == Decision("Close the Lyon line")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"title": " "}, "needs a `title`"),
        ({"state": "maybe"}, "`state` cannot be 'maybe'. Allowed: proposed, approved, rejected, deferred, done"),
        ({"due": dt.datetime(2027, 1, 1)}, "`due` must be a day such as"),
        ({"why": 5}, "`why` must be a text"),
        ({"owner": "x" * 121}, "longer than 120 characters"),
        ({"meeting": 0}, "`meeting` must be a number from 1 on"),
        ({"meeting": True}, "`meeting` must be a number from 1 on"),
        ({"options": (DO, DO)}, "Two options have the same title"),
        ({"options": tuple(replace(DO, title=str(n)) for n in range(7)), "recommendation": ""}, "6 options at most"),
        ({"recommendation": "Hire"}, "'Hire' is recommended, but it is none of the options"),
    ],
)  # fmt: skip
def test_bad_values_are_refused_with_a_reason(bad: dict[str, Any], said: str) -> None:
    with pytest.raises(ReviewError, match=said):
        replace(DECISION, **bad)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[]", "A decision must be one JSON object"),
        ("{}", "A decision needs `title`"),
        ('{"title": "x", "who": "y"}', "has no field 'who'. Allowed: format, title"),
        ('{"title": "x", "format": 2}', "`format` of a decision must be 1"),
        ('{"title": "x", "format": true}', "`format` of a decision must be 1"),
        ('{"title": "x", "title": "y"}', "stands twice"),
        ('{"title": "x", "due": "soon"}', "`due` must be a day such as 2027-03-15, not 'soon'"),
        ('{"title": "x", "changes": {}}', "`changes` must be a list"),
        ('{"title": "x", "changes": [{"kind": "magic"}]}', "change 1: there is no kind 'magic'"),
        ('{"title": "x", "options": 3}', "`options` must be a list"),
        ('{"title": "x", "options": [{}]}', "An option needs `title`"),
        ('{"title": "x", "options": [{"title": "a", "kpis": {"profit": 1}}]}', "has no field 'profit'"),
        ('{"title": "x", "options": [{"title": "a", "kpis": {"margin": true}}]}', "`margin` must be a number"),
        ('{"title": "x", "options": [{"title": "a", "data_version": -1}]}', "`data_version` must be a whole number"),
        ('{"title": "x", "cost_of_waiting": {"basis": "b"}}', "`cost_of_waiting` needs `amount`"),
        ('{"title": "x", "cost_of_waiting": {"amount": 1, "per": "week"}}', "`per` cannot be 'week'. Allowed: month"),
        ('{"title": "x", "cost_of_waiting": {"amount": 1, "computed": true}}', "needs its `basis`"),
    ],
)  # fmt: skip
def test_bad_json_is_refused_with_the_field_named(body: str, said: str) -> None:
    with pytest.raises(ReviewError, match=said):
        Decision.from_json(body)


def test_what_is_open_and_what_is_overdue() -> None:
    late, before = dt.date(2027, 1, 16), dt.date(2027, 1, 15)
    assert DECISION.overdue(late)
    assert not DECISION.overdue(before)
    assert replace(DECISION, state=APPROVED).overdue(late)
    for state in (REJECTED, DONE):
        assert not replace(DECISION, state=state).overdue(late)
    assert not replace(DECISION, due=None).overdue(late)
    assert [replace(DECISION, state=state).undecided for state in STATES] == [True, False, False, True, False]
    assert replace(DECISION, state=DEFERRED).open


def test_recommending_another_option_takes_its_changes_and_drops_what_was_computed_for_the_old_ones() -> None:
    other = DECISION.recommend("Do nothing")
    assert (other.changes, other.scenario, other.recommended) == ((), "Base", WAIT)
    assert other.cost_of_waiting is None
    assert DECISION.recommend("Overtime") == DECISION
    typed = replace(DECISION, cost_of_waiting=CostOfWaiting(5.0))
    assert typed.recommend("Do nothing").cost_of_waiting == CostOfWaiting(5.0)
    with pytest.raises(ReviewError, match="no option 'Hire'"):
        DECISION.recommend("Hire")


def test_an_edit_is_told_field_by_field() -> None:
    assert differences(DECISION, DECISION) == ()
    edited = replace(
        DECISION, owner="Ben", due=None, state=APPROVED, comment="From week 6", cost_of_waiting=None
    )
    assert differences(DECISION, edited) == (
        "owner: Anna → Ben",
        "due: 15 Jan 2027 → blank",
        "cost of waiting: taken out",
        "state: proposed → approved",
        "comment: From week 6",
    )


def test_the_json_of_a_decision_holds_every_field() -> None:
    body = json.loads(DECISION.to_json())
    assert body["cost_of_waiting"]["amount"] == 92_000.0
    assert [option["title"] for option in body["options"]] == ["Overtime", "Do nothing"]
    assert body["changes"][0]["kind"] == "overtime"
    assert DECISION.sentence() == "Overtime on line 1; Anna by 15 Jan 2027; proposed"
