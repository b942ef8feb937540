"""Scope: names, months, shares."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from sop_core.changes import DemandGrowth, Scope, TransportCost
from sop_core.errors import ScenarioError
from tests.changes.factory import MONTHS, make_inputs


def test_equal_scopes_are_equal_however_they_are_written() -> None:
    by_hand = Scope(products=["Road 200", "Road 100", " Road 100"], first=dt.date(2027, 3, 31))  # type: ignore[arg-type]
    assert by_hand == Scope(products=("Road 100", "Road 200"), first="2027-03-01")
    assert hash(by_hand) == hash(Scope(products=("Road 100", "Road 200"), first="2027-03"))
    assert Scope.of(product="Bell", first=np.datetime64("2027-03")) == Scope(
        products=("Bell",), first="2027-03"
    )
    assert Scope.from_dict(by_hand.to_dict()) == by_hand


@pytest.mark.parametrize(
    ("first", "last", "inside"),
    [
        (None, None, [0, 1, 2, 3, 4, 5]),
        ("2027-03", None, [2, 3, 4, 5]),
        (None, "2027-02", [0, 1]),
        ("2027-03", "2027-03", [2]),
        ("2026-06", "2027-02", [0, 1]),
        ("2027-05", "2030-01", [4, 5]),
    ],
)
def test_months_are_inclusive_and_clipped_to_the_plan(
    first: str | None, last: str | None, inside: list[int]
) -> None:
    company = make_inputs()
    scope = Scope(first=first, last=last)
    scope.check(company)
    assert np.flatnonzero(scope.months(company)).tolist() == inside


@pytest.mark.parametrize(("first", "last"), [("2027-07", None), (None, "2026-12"), ("2020-01", "2020-05")])
def test_months_wholly_outside_the_plan_are_refused(first: str | None, last: str | None) -> None:
    with pytest.raises(ScenarioError, match=r"lies outside the plan: choose months in Jan-Jun 27"):
        Scope(first=first, last=last).check(make_inputs())


@pytest.mark.parametrize("bad", ["March", "2027", "2027-13", "27-03", "", "2027-02-30", 5, 2027.0, True])
def test_what_is_no_month_is_refused(bad: object) -> None:
    with pytest.raises(ScenarioError, match="`first` must be a month such as 2027-03"):
        Scope(first=bad)  # type: ignore[arg-type]


def test_months_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ScenarioError, match="lies after `last`"):
        Scope(first="2027-05", last="2027-03")


@pytest.mark.parametrize("bad", [[""], [3], {"Trail": 1}, 7, b"Trail", [None]])
def test_what_is_no_list_of_names_is_refused(bad: object) -> None:
    with pytest.raises(ScenarioError, match="`families` must"):
        Scope(families=bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scope", "shares"),
    [
        (Scope(), [1, 1, 1]),
        (Scope(families=("Road",)), [0, 1, 0]),
        (Scope(categories=("Bikes",)), [1, 1, 0]),
        (Scope(products=("Trail 900",)), [0.25, 0, 0]),
        (Scope(products=("Trail 900", "Road 100")), [0.25, 0.4, 0]),
        (Scope(products=("Road 100", "Road 200")), [0, 1, 0]),
        (Scope(products=("Trail 900",), families=("Trail",)), [1, 0, 0]),
        (Scope(products=("Trail 900",), categories=("Extras",)), [0.25, 0, 1]),
    ],
)
def test_a_product_is_its_share_of_the_family(scope: Scope, shares: list[float]) -> None:
    np.testing.assert_array_equal(scope.item_share(make_inputs("family")), shares)


def test_families_and_categories_reach_products_where_products_are_planned() -> None:
    company = make_inputs("product")
    np.testing.assert_array_equal(Scope(families=("Trail",)).item_share(company), [1, 1, 0, 0, 0])
    np.testing.assert_array_equal(Scope(categories=("Extras",)).item_share(company), [0, 0, 0, 0, 1])
    np.testing.assert_array_equal(Scope(products=("Road 200",)).item_share(company), [0, 0, 0, 1, 0])


def test_a_name_shared_by_a_family_and_a_product_is_looked_up_in_its_own_axis() -> None:
    company = make_inputs("product")
    company.item_family = ("Bell", "Bell", "Road", "Road", "Accessories")
    np.testing.assert_array_equal(Scope(families=("Bell",)).item_share(company), [1, 1, 0, 0, 0])
    np.testing.assert_array_equal(Scope(products=("Bell",)).item_share(company), [0, 0, 0, 0, 1])


def test_axes_narrow_each_other() -> None:
    company = make_inputs()
    cells = Scope.of(product="Bell", region="South", segment="Retail", first="2027-02", last="2027-03").cells(
        company
    )
    assert np.argwhere(cells > 0).tolist() == [[4, 1, 0, 1], [4, 1, 0, 2]]
    assert Scope.of(site="Milan").resource_mask(company).tolist() == [False, True, True]
    assert Scope(sites=("Milan",), resources=("Paint", "Line 1")).resource_mask(company).tolist() == [
        False,
        False,
        True,
    ]
    assert np.flatnonzero(Scope(suppliers=("Kunshan Frames",)).source_weight(company)).tolist() == [5]
    assert np.flatnonzero(Scope(kinds=("make",), sites=("Lyon",)).source_weight(company)).tolist() == [
        0,
        2,
        4,
    ]
    assert np.flatnonzero(Scope(families=("Trail",)).source_weight(company)).tolist() == [0, 1, 5]
    assert Scope(lanes=("Depot to South",)).lane_mask(company).tolist() == [False, False, False, True]
    assert Scope(sites=("Depot",)).lane_mask(company).tolist() == [False, False, True, True]
    assert Scope(regions=("North",)).lane_mask(company).tolist() == [False, False, True, False]
    assert Scope().cells(company).shape == (5, 2, 2, MONTHS)


def test_an_axis_that_a_change_does_not_understand_is_refused() -> None:
    with pytest.raises(
        ScenarioError, match="Demand growth cannot be limited to resources; `scope` may hold products"
    ):
        DemandGrowth(scope=Scope(resources=("Line 1",)), pct=0.1)


def test_what_is_chosen_where_nothing_exists_says_so() -> None:
    company = make_inputs()
    lane = company.lane
    for name in ("origin", "to_site", "to_region", "lead", "unit_cost", "max_quantity"):
        setattr(lane, name, getattr(lane, name)[:0])
    lane.everywhere = True
    with pytest.raises(ScenarioError, match=r"There are no lanes\. .*`lanes`"):
        TransportCost(scope=Scope(lanes=("Depot to South",)), pct=0.1).check(company)
    with pytest.raises(ScenarioError, match="every site serves every region for nothing"):
        TransportCost(pct=0.1).check(company)
