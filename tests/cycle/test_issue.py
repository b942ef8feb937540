"""Issues as data: what is refused and how it is said, one JSON form, what an edit changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.cycle.issue import DROPPED, OPEN, RESOLVED, STATES, Issue, differences
from sop_core.errors import ReviewError
from tests.changes.strategies import TEXTS

ISSUE = Issue("Extra shift in March", ("Sales", "Production"), "Anna", dt.date(2027, 2, 1), note="Who pays?")
NAMES = TEXTS.filter(str.strip)


@given(
    st.builds(
        Issue, title=NAMES, between=st.lists(NAMES, max_size=4).map(tuple), resolver=TEXTS, due=st.none() | st.dates(),
        state=st.sampled_from(STATES), decision=st.none() | st.integers(1, 999), note=TEXTS, outcome=NAMES,
        meeting=st.none() | st.integers(1, 999),
    )
)  # fmt: skip
def test_json_reads_back_to_the_same_issue(issue: Issue) -> None:
    assert Issue.from_json(issue.to_json()) == issue
    assert Issue.from_json(issue.to_json()).to_json() == issue.to_json()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"title": ""}, "needs a `title`"),
        ({"state": "gone"}, "Allowed: open, resolved, dropped"),
        ({"state": RESOLVED}, "Say how the issue was resolved"),
        ({"state": DROPPED}, "Say how the issue was dropped"),
        ({"between": "Sales"}, "`between` must be a list of functions"),
        ({"between": ("Sales", " ")}, "a function without a name"),
        ({"between": tuple("abcdefghi")}, "8 functions at most"),
        ({"decision": -4}, "`decision` must be a number from 1 on"),
        ({"due": "2027-01-01"}, "`due` must be a day"),
    ],
)
def test_bad_values_are_refused_with_a_reason(bad: dict[str, Any], said: str) -> None:
    with pytest.raises(ReviewError, match=said):
        replace(ISSUE, **bad)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("7", "An issue must be one JSON object"),
        ("{}", "An issue needs `title`"),
        ('{"title": "x", "owner": "y"}', "has no field 'owner'"),
        ('{"title": "x", "format": 9}', "`format` of an issue must be 1"),
        ('{"title": "x", "between": {"a": 1}}', "`between` must be a list"),
        ('{"title": "x", "due": 5}', "`due` must be a day"),
    ],
)
def test_bad_json_is_refused_with_the_field_named(body: str, said: str) -> None:
    with pytest.raises(ReviewError, match=said):
        Issue.from_json(body)


def test_an_issue_as_people_read_it() -> None:
    assert (
        ISSUE.sentence() == "Extra shift in March (Sales against Production): Anna resolves it by 01 Feb 2027"
    )
    assert Issue("Who pays").sentence() == "Who pays: nobody yet resolves it"
    done = replace(ISSUE, state=RESOLVED, outcome="Production pays")
    assert done.sentence() == "Extra shift in March (Sales against Production): resolved; Production pays"
    assert ISSUE.overdue(dt.date(2027, 2, 2))
    assert not ISSUE.overdue(dt.date(2027, 2, 1))
    assert not done.overdue(dt.date(2027, 2, 2))
    assert differences(ISSUE, done) == (f"state: {OPEN} → resolved", "outcome: blank → Production pays")
