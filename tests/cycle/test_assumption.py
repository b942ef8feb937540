"""Assumptions: what can be written down, that it survives JSON, and how it is scored."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from sop_core.changes import DemandGrowth, DemandOverride, PriceChange, Scope
from sop_core.cycle.assumption import (
    BROKEN,
    CONFIRMED,
    GROWTH,
    JUDGED,
    LAUNCH,
    MEASURES,
    PRICE,
    RETIRED,
    STATUSES,
    UNITS,
    Assumption,
    Link,
    Outcome,
    amount,
    differences,
    month_value,
)  # fmt: skip
from sop_core.cycle.scoring import adopted, attention, change_for, in_plan, review_day, score
from sop_core.errors import ReviewError
from sop_core.planner import Company, prepare, unconstrained
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot

FROM, UNTIL = dt.date(2026, 1, 1), dt.date(2026, 6, 30)


def assumed(measure: str = GROWTH, value: float = 0.03, **more: object) -> Assumption:
    given = {"low": value - 0.02, "high": value + 0.02, "valid_from": FROM, "valid_until": UNTIL} | more
    return Assumption(driver="Polish listing", measure=measure, value=value, **given)  # type: ignore[arg-type]


# -- JSON --

_TEXT = some.text(some.characters(exclude_categories=["Cs"]), max_size=30)
_DAYS = some.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))
_NUMBERS = some.floats(-0.9, 1e6, allow_nan=False)
_SCOPES = some.builds(
    Scope,
    families=some.lists(some.sampled_from(["Mowers", "Grills"]), max_size=2).map(tuple),
    regions=some.lists(some.sampled_from(["East", "Italy"]), max_size=2).map(tuple),
    first=some.sampled_from([None, "2026-02"]),
    last=some.sampled_from([None, "2026-05"]),
)
_LINKS = some.builds(
    Link, some.text("abc", min_size=1, max_size=5), some.builds(DemandGrowth, pct=some.floats(-0.5, 0.5))
)


@some.composite
def assumptions(draw: some.DrawFn) -> Assumption:
    measure = draw(some.sampled_from(sorted(MEASURES)))
    low, value, high = sorted(draw(some.lists(_NUMBERS, min_size=3, max_size=3)))
    scope = draw(_SCOPES)
    if measure == LAUNCH:
        low, value, high = sorted(
            float(n) for n in draw(some.lists(some.integers(0, 2759), min_size=3, max_size=3))
        )
        scope = Scope.of(product="MOW-40", first=scope.first)
    elif measure == UNITS:
        low, value, high = (
            abs(low),
            *sorted((max(abs(low), abs(value)), max(abs(low), abs(value), abs(high)))),
        )
    first, last = sorted((draw(_DAYS), draw(_DAYS)))
    outcome = some.none() | some.builds(Outcome, _NUMBERS, _TEXT.map(str.strip))
    return Assumption(
        driver=draw(_TEXT.filter(lambda text: text.strip())),
        measure=measure,
        value=value,
        low=low,
        high=high,
        unit=draw(_TEXT.filter(lambda text: text.strip())),
        valid_from=first,
        valid_until=last,
        scope=scope,
        owner=draw(_TEXT),
        links=tuple(draw(some.lists(_LINKS, max_size=3))),
        status=draw(some.sampled_from(STATUSES)),
        note=draw(_TEXT),
        event=draw(_TEXT),
        outcome=draw(outcome) if measure == JUDGED else None,
    )


@given(assumptions())
def test_an_assumption_survives_its_json(assumption: Assumption) -> None:
    text = assumption.to_json()
    again = Assumption.from_json(text)
    assert again == assumption
    assert again.to_json() == text
    assert differences(assumption, again) == ()
    assert assumption.sentence()


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"colour": "red"}, "no field 'colour'"),
        ({"measure": "mood"}, "Allowed: units, growth"),
        ({"status": "perhaps"}, "Allowed: open"),
        ({"value": "3 %"}, "`value` must be a number"),
        ({"value": True}, "`value` must be a number"),
        ({"value": 10**400}, "ordinary size"),
        ({"low": 0.5}, "within its range"),
        ({"driver": "  "}, "needs a `driver`"),
        ({"driver": None}, "needs `driver`"),
        ({"valid_until": "soon"}, "must be a day"),
        ({"valid_until": "2020-01-01"}, "lies before"),
        ({"scope": {"planets": ["Mars"]}}, "no field 'planets'"),
        ({"scope": {"lanes": ["A to B"]}}, "cannot be limited to lanes"),
        ({"links": [{"scenario": "A"}]}, "link 1"),
        ({"links": [{"scenario": "A", "change": {"kind": "nothing"}}]}, "link 1: there is no kind"),
        ({"outcome": {"value": 1.0}}, "only where an assumption is in own words"),
        ({"format": 2}, "`format`"),
    ],
)
def test_json_that_is_no_assumption_is_explained(members: dict[str, object], said: str) -> None:
    body = json.loads(assumed().to_json()) | members
    with pytest.raises(ReviewError, match=said):
        Assumption.from_json(json.dumps(body))


@pytest.mark.parametrize("text", ["", "[]", "null", '{"driver": "a", "driver": "b"}', '{"value": NaN}'])
def test_text_that_is_no_json_object(text: str) -> None:
    with pytest.raises(ReviewError):
        Assumption.from_json(text)


def test_limits_of_the_measures() -> None:
    with pytest.raises(ReviewError, match="of one product"):
        assumed(LAUNCH, 680.0, low=680.0, high=681.0)
    with pytest.raises(ReviewError, match="whole month"):
        assumed(LAUNCH, 680.5, low=680.0, high=681.0, scope=Scope.of(product="A"))
    with pytest.raises(ReviewError, match="needs a `unit`"):
        assumed(JUDGED)
    with pytest.raises(ReviewError, match="cannot be negative"):
        assumed(UNITS, 5.0, low=-1.0, high=9.0)
    with pytest.raises(ReviewError, match="leaves nothing"):
        assumed(low=-1.0)


def test_numbers_are_said_as_people_write_them() -> None:
    assert amount(GROWTH, -0.035) == "−3.5 %"
    assert amount(UNITS, 1234.4) == "1,234 units a month"
    assert amount(LAUNCH, month_value("2027-03")) == "Mar 27"
    assert assumed(scope=Scope.of(region="East")).sentence() == (
        "Polish listing (East): demand +3 % against the year before, range +1 % to +5 %"
    )


def test_differences_name_what_an_edit_changed() -> None:
    old = assumed()
    new = replace(
        old, value=0.04, owner="Ada", scope=Scope.of(region="East"), links=(Link("A", DemandGrowth(pct=0.1)),)
    )
    assert differences(old, new) == (
        "value: +3 % → +4 %", "scope: Company → East", "owner: blank → Ada", "linked Changes: 0 → 1",
    )  # fmt: skip


# -- scoring: a company of two products, sold at round numbers --


@pytest.fixture(scope="module")
def company() -> Company:
    """Sales of 2025 (100 A at 10, 50 B at 4, East) and of January to April 2026: A 110, 120, 100, 110 at 11; B 50
    at 4. New product C from March 2026. The plan starts in May 2026.
    """
    rows = []
    for month in pd.date_range("2025-01-01", "2025-12-01", freq="MS"):
        rows += [(month, "A", "East", 100.0, 1000.0), (month, "B", "East", 50.0, 200.0)]
    for month, units in zip(
        pd.date_range("2026-01-01", periods=4, freq="MS"), (110, 120, 100, 110), strict=True
    ):
        rows += [(month, "A", "East", float(units), units * 11.0), (month, "B", "East", 50.0, 200.0)]
    rows += [
        (pd.Timestamp("2026-03-01"), "C", "East", 5.0, 50.0),
        (pd.Timestamp("2026-04-01"), "C", "East", 6.0, 60.0),
    ]
    plan = [
        (m, p, "East", q)
        for m in pd.date_range("2026-05-01", periods=6, freq="MS")
        for p, q in (("A", 100.0), ("B", 50.0), ("C", 7.0))
    ]
    tables = {
        "products": pd.DataFrame(
            {"product": ["A", "B", "C"], "family": ["Iron", "Wood", "Iron"], "price": [11.0, 4.0, 10.0]}
        ),
        "regions": pd.DataFrame({"region": ["East", "West"]}),
        "sales": pd.DataFrame(rows, columns=["month", "product", "region", "quantity", "revenue"]),
        "demand_plan": pd.DataFrame(plan, columns=["month", "product", "region", "quantity"]),
        "settings": pd.DataFrame(
            {
                "setting": ["plan_start", "horizon_months", "demand"],
                "value": ["2026-05-01", "6", "demand_plan"],
            }
        ),
    }
    return prepare(Snapshot.from_tables(tables, version=1))


def test_growth_is_counted_over_closed_months_against_the_year_before(company: Company) -> None:
    """A, Jan-Apr 26: 440 units against 400: +10 %."""
    got = score(assumed(scope=Scope.of(product="A"), value=0.08, low=0.05, high=0.12), company)
    assert (got.verdict, got.months, got.of) == ("inside", 4, 6)
    assert got.actual == pytest.approx(0.10)
    assert got.sentence == (
        "Jan-Apr 26 (4 of 6 months): +10 %, assumed +8 %; inside the range +5 % to +12 %."
    )
    above = score(assumed(scope=Scope.of(product="A", first="2026-02", last="2026-02")), company)
    assert (above.verdict, above.of) == ("outside", 1)
    assert above.actual == pytest.approx(0.2)
    assert "above the range" in above.sentence


def test_the_edge_of_a_range_lies_inside(company: Company) -> None:
    assert score(assumed(scope=Scope.of(product="A"), value=0.1, low=0.1, high=0.1), company).inside is True


def test_units_are_a_mean_of_closed_months(company: Company) -> None:
    """Iron, Mar-Apr 26: 105 and 116 units: 110.5 a month."""
    scope = Scope.of(family="Iron", first="2026-03")
    got = score(assumed(UNITS, 100.0, low=90.0, high=105.0, scope=scope), company)
    assert got.actual == pytest.approx(110.5)
    assert got.verdict == "outside"


def test_price_is_weighed_without_the_mix(company: Company) -> None:
    """A rose from 10 to 11 (440 units), B stayed at 4 (200): (4840 + 800) / (4400 + 800) − 1 = 8.46 %. C was not
    sold a year before and does not count.
    """
    got = score(assumed(PRICE, 0.08, low=0.05, high=0.10), company)
    assert got.actual == pytest.approx(5640 / 5200 - 1)
    assert got.inside is True
    assert score(assumed(PRICE, scope=Scope.of(product="C")), company).verdict == "unmeasured"


def test_launch_month_is_the_first_sale(company: Company) -> None:
    scope = Scope.of(product="C")
    value, late = month_value("2026-02"), month_value("2026-03")
    got = score(assumed(LAUNCH, value, low=value, high=late, scope=scope), company)
    assert (got.inside, got.actual) == (True, late)
    assert score(assumed(LAUNCH, value, low=value, high=value, scope=scope), company).inside is False
    west = Scope.of(product="C", region="West")
    missed = score(assumed(LAUNCH, value, low=value, high=late, scope=west), company)
    assert missed.verdict == "outside"
    assert "Not on sale by Apr 26" in missed.sentence
    later = month_value("2026-08")
    assert score(assumed(LAUNCH, value, low=value, high=later, scope=west), company).verdict == "waiting"


def test_what_cannot_be_measured_says_why(company: Company) -> None:
    future = assumed(scope=Scope.of(first="2026-06"))
    assert score(future, company).verdict == "waiting"
    early = assumed(scope=Scope.of(first="2025-03", last="2025-06"))
    assert "a year back" in score(early, company).sentence
    nobody = assumed(scope=Scope.of(product="A", region="West"))
    assert "Nothing was asked for" in score(nobody, company).sentence


def test_own_words_are_scored_by_hand_with_growth_to_go_by(company: Company) -> None:
    words = assumed(
        JUDGED, 3.0, low=1.0, high=5.0, unit="% of demand", scope=Scope.of(product="A", last="2026-04")
    )
    waiting = score(words, company)
    assert waiting.verdict == "unscored"
    assert "+10.0 % against the year before" in waiting.sentence
    assert score(replace(words, scope=Scope.of(product="A")), company).verdict == "waiting"
    told = score(replace(words, outcome=Outcome(6.0, "Two chains listed it.")), company)
    assert (told.verdict, told.actual) == ("outside", 6.0)
    assert told.sentence.endswith("outside its range. Two chains listed it.")


def test_scoring_a_company_without_history_waits() -> None:
    tables = {
        "demand_plan": pd.DataFrame({"month": ["2026-01-01"], "product": ["A"], "quantity": [5.0]}),
        "settings": pd.DataFrame({"setting": ["horizon_months"], "value": ["3"]}),
    }
    bare = prepare(Snapshot.from_tables(tables, version=1))
    for measure in (GROWTH, PRICE, UNITS):
        assert score(assumed(measure), bare).verdict == "waiting"
    launch = assumed(LAUNCH, 680.0, low=680.0, high=681.0, scope=Scope.of(product="A"))
    assert score(launch, bare).verdict == "unmeasured"


# -- what the plan says, and the Change that would carry an assumption --


@pytest.mark.parametrize(
    ("measure", "value", "kind"),
    [(GROWTH, 0.2, DemandGrowth), (PRICE, 0.05, PriceChange), (UNITS, 80.0, DemandOverride)],
)
def test_the_change_brings_the_plan_to_what_is_assumed(
    company: Company, measure: str, value: float, kind: type
) -> None:
    scope = Scope.of(product="A", region="East", first="2026-06", last="2026-09")
    assumption = assumed(measure, value, low=value, high=value, scope=scope)
    base = Scenario.base()
    change = change_for(assumption, company, unconstrained(company, base))
    assert isinstance(change, kind)
    assert change.note == "Polish listing"
    after = unconstrained(company, base.add(change))
    assert in_plan(assumption, company, after) == pytest.approx(value, abs=2e-4)
    with pytest.raises(ReviewError, match="already says") if measure != UNITS else _nothing():
        change_for(assumption, company, after)


def _nothing() -> object:
    from contextlib import nullcontext

    return nullcontext()


def test_growth_in_the_plan_is_against_the_year_before(company: Company) -> None:
    """A is planned at 100 a month, as it was sold in 2025; over a year the plan is compared with itself."""
    wanted = unconstrained(company, Scenario.base())
    assert in_plan(assumed(scope=Scope.of(product="A", last="2026-10")), company, wanted) == pytest.approx(
        0.0
    )
    assert in_plan(assumed(scope=Scope.of(last="2026-02")), company, wanted) is None
    with pytest.raises(ReviewError, match="outside the plan"):
        change_for(assumed(scope=Scope.of(last="2026-02")), company, wanted)


def test_a_launch_change_moves_the_launch(demo_company: Company) -> None:
    wanted = unconstrained(demo_company, Scenario.base())
    launch = wanted.inputs.demand.launches[0]
    value = month_value(launch.month) + 2
    assumption = assumed(LAUNCH, value, low=value - 1, high=value + 1, scope=Scope.of(product=launch.name))
    assert in_plan(assumption, demo_company, wanted) == value - 2
    change = change_for(assumption, demo_company, wanted)
    assert change.to_dict()["months"] == 2
    assert in_plan(assumption, demo_company, unconstrained(demo_company, Scenario("A").add(change))) == value


def test_own_words_follow_no_change(company: Company) -> None:
    with pytest.raises(ReviewError, match="link a Change"):
        change_for(assumed(JUDGED, unit="%"), company, unconstrained(company, Scenario.base()))


# -- order and events --


def test_what_needs_attention_comes_first(company: Company) -> None:
    day = dt.date(2026, 5, 20)
    scope = Scope.of(product="A")
    cases = {
        "overdue": assumed(scope=scope, valid_until=dt.date(2026, 5, 1)),
        "outside its range": assumed(scope=scope),
        "broken": assumed(scope=scope, status=BROKEN),
        "not scored": assumed(JUDGED, unit="%", scope=Scope.of(last="2026-03")),
        "inside its range": assumed(scope=scope, value=0.1, low=0.05, high=0.15),
        "open": assumed(scope=Scope.of(first="2026-06")),
        "confirmed": assumed(scope=scope, status=CONFIRMED),
        "retired": assumed(scope=scope, status=RETIRED, valid_until=dt.date(2026, 2, 1)),
    }
    found = {name: attention(a, score(a, company), day) for name, a in cases.items()}
    assert {name: word for name, (_, word) in found.items()} == {name: name for name in cases}
    ranks = [rank for rank, _ in found.values()]
    assert ranks == sorted(ranks)


def test_the_day_of_review_is_not_beyond_the_first_planned_month(company: Company) -> None:
    assert review_day(company, dt.date(2026, 5, 12)) == dt.date(2026, 5, 12)
    assert review_day(company, dt.date(2031, 1, 1)) == dt.date(2026, 5, 31)


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("A", Scope.of(product="A")),
        ("Iron", Scope.of(family="Iron")),
        ("East", Scope.of(region="East")),
        ("All", Scope()),
    ],
)
def test_an_event_becomes_an_assumption(scope: str, wanted: Scope) -> None:
    event = {
        "event": "Listing", "start": pd.Timestamp("2026-03-01"), "end": pd.NaT, "scope": scope, "impact": 0.03,
        "owner": "Sales East", "note": np.nan,
    }  # fmt: skip
    got = adopted(event, ["Iron"], ["A"], ["East"], dt.date(2026, 5, 1))
    assert (got.scope, got.value, got.low, got.high, got.owner, got.note) == (
        wanted,
        3.0,
        1.5,
        4.5,
        "Sales East",
        "",
    )
    assert (got.valid_from, got.valid_until) == (dt.date(2026, 3, 1), dt.date(2026, 7, 31))
    ended = adopted(
        event | {"end": pd.Timestamp("2026-04-30"), "impact": 0.0}, [], [], [], dt.date(2026, 5, 1)
    )
    assert (ended.valid_until, ended.low, ended.high) == (dt.date(2026, 4, 30), -1.0, 1.0)
