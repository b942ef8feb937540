"""What is typed into the demand grid: reading numbers, periods, and how typed cells become changes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.demand import typed
from pages.parts.demand.edit import units
from pages.parts.demand.typed import ADD, MARK, PERCENT, UNITS, Cell, Pending, Typed, Unreadable
from sop_core.calendar import months_from
from sop_core.changes import Change, DemandEdit, DemandGrowth, Scope
from sop_core.demand.layers import demand_plan
from sop_core.scenario import Scenario
from tests.changes.factory import make_inputs

ROAD, BIKE = Scope(families=("Road",)), Scope(products=("Road 100",))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1200", 1200),
        ("1,200", 1200),
        ("1 200", 1200),
        ("1\N{NARROW NO-BREAK SPACE}200", 1200),
        ("1'200", 1200),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("12,5", 12.5),
        ("12.5", 12.5),
        (".5", 0.5),
        ("–", 0),
        ("0", 0),
        (f"{MARK}1,500", 1500),
        ("  ", None),
        ("", None),
    ],
)
def test_units_as_people_write_them(text: str, value: float | None) -> None:
    assert typed.read_number(text, UNITS) == value


@pytest.mark.parametrize(
    ("text", "measure", "value"),
    [
        ("5", PERCENT, 0.05),
        ("5%", PERCENT, 0.05),
        ("+5 %", PERCENT, 0.05),
        ("\N{MINUS SIGN}2.5 %", PERCENT, -0.025),
        ("(3)", PERCENT, -0.03),
        ("2,125", PERCENT, 0.02125),
        ("-40", ADD, -40),
        ("(1,200)", ADD, -1200),
        ("+1,200", ADD, 1200),
    ],
)
def test_percentages_and_units_on_top(text: str, measure: str, value: float) -> None:
    assert typed.read_number(text, measure) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "measure", "why"),
    [
        ("1.234", UNITS, "may mean 1234 or 1.234"),
        ("abc", UNITS, "is not a number"),
        ("12 pieces", UNITS, "is not a number"),
        ("1,23,4", UNITS, "is not a number"),
        ("1.2.3,4", UNITS, "is not a number"),
        ("1e5", UNITS, "is not a number"),
        ("nan", UNITS, "is not a number"),
        ("5 %", UNITS, "choose “Change in %”"),
        ("-5", UNITS, "below zero"),
        ("+5", UNITS, "reads as an addition"),
        ("-101", PERCENT, "out of range"),
        ("5000 %", PERCENT, "out of range"),
    ],
)
def test_what_could_mean_two_things_is_not_guessed(text: str, measure: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        typed.read_number(text, measure)


@given(st.text(max_size=12), st.sampled_from(sorted(typed.MODES)))
def test_any_text_is_a_finite_number_blank_or_a_sentence(text: str, measure: str) -> None:
    try:
        value = typed.read_number(text, measure)
    except Unreadable:
        return
    assert value is None or np.isfinite(value)


@given(st.floats(0, 1e9))
def test_what_the_grid_shows_it_reads_again(value: float) -> None:
    read = typed.read_number(units(value), UNITS)
    assert read is not None
    assert abs(read - value) <= 0.5 + 1e-6


@given(
    total=st.integers(-(10**9), 10**9).map(float) | st.floats(-1e9, 1e9),
    weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=12),
)
def test_the_parts_of_a_quarter_add_up_to_it(total: float, weights: list[float]) -> None:
    parts = typed.apportion(total, np.array(weights))
    assert parts.sum() == pytest.approx(total, rel=1e-12, abs=1e-9)
    if total == round(total):
        np.testing.assert_array_equal(parts, np.round(parts))


def test_periods_say_what_they_hold() -> None:
    months = months_from(np.datetime64("2026-11", "M"), 18)
    assert [p.label for p in typed.periods(months, typed.MONTH)][:2] == ["Nov 26", "Dec 26"]
    quarters = typed.periods(months, typed.QUARTER)
    assert [p.label for p in quarters][:2] == ["Q4 26 (Nov-Dec 26)", "Q1 27"]
    assert quarters[1].months == (2, 3, 4)
    years = [p.label for p in typed.periods(months, typed.YEAR, 7)]
    assert years == ["FY2027 (Nov 26-Jun 27)", "FY2028 (Jul 27-Apr 28)"]


# -- from cells to changes ------------------------------------------------------------------------------------


def cells(*entries: tuple[Scope, str, str, str]) -> Pending:
    """(scope, measure, month or months with spaces, text) in the order of typing."""
    return {Cell(s, m, tuple(months.split())): Typed(text, "line", months) for s, m, months, text in entries}


def drafted(scenario: Scenario, pending: Pending, note: str = "why", owner: str = "Ada") -> typed.Draft:
    company = make_inputs()
    total = demand_plan(scenario.apply(company)).total
    return typed.draft(scenario, pending, company, total, note, owner)


def test_one_line_of_many_months_is_one_change_with_reason_and_owner() -> None:
    pending = cells(*((ROAD, UNITS, f"2027-0{m}", f"{m},000") for m in range(1, 7)))
    found = drafted(Scenario("x"), pending)
    (change,) = found.scenario.active
    assert change == DemandEdit(
        scope=ROAD, values={f"2027-0{m}": 1000.0 * m for m in range(1, 7)}, note="why", owner="Ada"
    )


def test_what_cannot_be_read_waits_and_the_rest_goes() -> None:
    pending = cells(
        (ROAD, UNITS, "2027-01", "ten"), (ROAD, UNITS, "2027-02", "10"), (BIKE, UNITS, "2029-01", "1")
    )
    found = drafted(Scenario("x"), pending)
    assert [cell.months for cell in found.taken] == [("2027-02",)]
    assert [reason[:9] for reason in found.refused.values()] == ["“ten” is ", "2029-01 l"]


def test_a_quarter_is_parted_by_the_demand_of_its_months() -> None:
    company = make_inputs()
    found = drafted(Scenario("x"), cells((ROAD, UNITS, "2027-01 2027-02 2027-03", "9,001")))
    (change,) = found.scenario.active
    assert isinstance(change, DemandEdit)
    before = typed.demand_of(ROAD, company, demand_plan(company).total)[:3]
    values = np.array([value for _, value in change.values])
    assert values.sum() == 9001
    np.testing.assert_allclose(values, 9001 * before / before.sum(), atol=1)


def test_a_percentage_of_a_quarter_is_that_of_each_month() -> None:
    found = drafted(Scenario("x"), cells((ROAD, PERCENT, "2027-01 2027-02", "5 %")))
    assert found.scenario.active[0].to_dict()["values"] == {"2027-01": 0.05, "2027-02": 0.05}


def test_typing_again_replaces_and_a_blank_takes_away() -> None:
    first = drafted(
        Scenario("x"), cells((ROAD, UNITS, "2027-01", "10"), (ROAD, UNITS, "2027-02", "20"))
    ).scenario
    second = drafted(first, cells((ROAD, UNITS, "2027-01", "11"))).scenario
    assert [c.to_dict()["values"] for c in second.active] == [{"2027-01": 11.0, "2027-02": 20.0}]
    third = drafted(second, cells((ROAD, UNITS, "2027-01", ""), (ROAD, UNITS, "2027-02", ""))).scenario
    assert third.steps == ()
    nothing = drafted(third, cells((ROAD, UNITS, "2027-01", "")))
    assert "none was typed here before" in next(iter(nothing.refused.values()))


def test_another_reason_or_owner_is_another_change_and_takes_the_month_over() -> None:
    first = drafted(
        Scenario("x"), cells((ROAD, UNITS, "2027-01", "10"), (ROAD, UNITS, "2027-02", "20"))
    ).scenario
    second = drafted(
        first, cells((ROAD, UNITS, "2027-02", "25")), note="call of the dealer", owner="Bob"
    ).scenario
    assert [(c.to_dict()["values"], c.note) for c in second.active] == [
        ({"2027-01": 10.0}, "why"),
        ({"2027-02": 25.0}, "call of the dealer"),
    ]


@pytest.mark.parametrize("measure", [UNITS, ADD, PERCENT])
def test_the_number_typed_last_is_what_the_plan_says(measure: str) -> None:
    """Also after the family of a product was typed in between, where the typed total stands at the end."""
    company = make_inputs()
    scenario = drafted(Scenario("x"), cells((BIKE, measure, "2027-02", "50"))).scenario
    scenario = drafted(scenario, cells((ROAD, UNITS, "2027-02", "1000"))).scenario
    again = drafted(scenario, cells((BIKE, measure, "2027-02", "70"))).scenario
    total = demand_plan(again.apply(company)).total
    bike, road = (typed.demand_of(scope, company, total)[1] for scope in (BIKE, ROAD))
    if measure == UNITS:
        assert bike == pytest.approx(70)
    else:  # what is on top keeps its place: the family's total was typed after it and stays
        assert road == pytest.approx(1000)
        assert len(again.active) == 2
    assert typed.present(again, BIKE, measure)["2027-02"] == pytest.approx(0.7 if measure == PERCENT else 70)


def test_lines_that_share_cells_count_in_the_order_of_typing_month_by_month() -> None:
    company = make_inputs()
    pending = cells(
        (BIKE, UNITS, "2027-01", "50"),
        (ROAD, UNITS, "2027-01", "1000"),
        (ROAD, UNITS, "2027-02", "1000"),
        (BIKE, UNITS, "2027-02", "50"),
    )
    total = demand_plan(drafted(Scenario("x"), pending).scenario.apply(company)).total
    bike, road = (typed.demand_of(scope, company, total) for scope in (BIKE, ROAD))
    assert road[0] == pytest.approx(1000)
    assert bike[1] == pytest.approx(50)


@given(order=st.permutations(range(6)))
def test_lines_apart_give_one_change_each_in_any_order_of_typing(order: list[int]) -> None:
    places = [(scope, f"2027-0{m}") for scope in (ROAD, Scope(families=("Trail",))) for m in (1, 2, 3)]
    pending = cells(*((places[n][0], UNITS, places[n][1], f"{n + 1}00") for n in order))
    found = drafted(Scenario("x"), pending).scenario
    assert len(found.steps) == 2
    company = make_inputs()
    total = demand_plan(found.apply(company)).total
    for n, (scope, month) in enumerate(places):
        assert typed.demand_of(scope, company, total)[int(month[-1]) - 1] == pytest.approx(100 * (n + 1))


def test_other_changes_and_muted_ones_stay_as_they_are() -> None:
    growth: Change = DemandGrowth(pct=0.1)
    old = DemandEdit(scope=ROAD, values={"2027-01": 5.0}, note="why", owner="Ada")
    scenario = Scenario("x").add(growth).add(old).mute(1)
    found = drafted(scenario, cells((ROAD, UNITS, "2027-01", "10"))).scenario
    assert found.steps[:2] == scenario.steps
    assert found.steps[2].change == dataclasses.replace(old, values={"2027-01": 10.0})
    assert typed.present(scenario, ROAD, UNITS) == {}
