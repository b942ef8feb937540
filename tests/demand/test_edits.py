"""Typed demand spread down: the total is the number typed, the mix stays, nothing else moves."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.changes import Change, DemandEdit, DemandGrowth, DemandOverride, PromotionAdd, SalesInput, Scope
from sop_core.demand.layers import DemandPlan, demand_plan
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs
from sop_core.scenario import MOST_CHANGES, Scenario, diff
from tests.changes.factory import assert_same, make_inputs

MONTHS = ("2027-01", "2027-02", "2027-03", "2027-04", "2027-05", "2027-06")
SCOPES = (
    Scope(),
    Scope(families=("Trail",)),
    Scope(products=("Road 100",), regions=("South",)),
    Scope(categories=("Bikes",), segments=("Retail",)),
    Scope(products=("Trail 900",), regions=("North",), segments=("Key accounts",)),
)


def planned(company: Inputs, *changes: Change) -> DemandPlan:
    scenario = Scenario("x")
    for change in changes:
        scenario = scenario.add(change)
    return demand_plan(scenario.apply(company))


def units(company: Inputs, plan: DemandPlan, scope: Scope) -> np.ndarray:
    """[t] demand of a scope."""
    found: np.ndarray = (plan.total * scope.cells(company)).sum(axis=(0, 1, 2))
    return found


numbers = st.floats(0, 1e7) | st.integers(0, 10**6).map(float)
monthly = st.dictionaries(st.sampled_from(MONTHS), numbers, min_size=1)


@given(values=monthly, scope=st.sampled_from(SCOPES), zeros=st.booleans(), seed=st.integers(0, 9))
def test_the_total_of_the_scope_is_the_number_typed(
    values: dict[str, float], scope: Scope, zeros: bool, seed: int
) -> None:
    """Also on top of promotions, launches and growth, and where there was no demand at all; other cells and other
    months keep theirs, and no cell falls below zero."""
    company = make_inputs(seed=seed)
    if zeros:
        company.demand.growth[:] = 0.0
    before = demand_plan(company)
    after = planned(company, DemandEdit(scope=scope, values=values))
    wanted = units(company, before, scope)
    for month, value in values.items():
        wanted[MONTHS.index(month)] = value
    np.testing.assert_allclose(units(company, after, scope), wanted, rtol=1e-12, atol=1e-9)
    assert (after.total >= 0).all()
    touched = (scope.cells(company) > 0) & np.array([month in values for month in MONTHS])
    np.testing.assert_array_equal(after.total[~touched], before.total[~touched])
    np.testing.assert_allclose(after.base + sum(after.layers.values()), after.total, rtol=1e-9, atol=1e-6)


@given(values=st.dictionaries(st.sampled_from(MONTHS), st.floats(-1e5, 1e5), min_size=1))
def test_added_units_come_on_top_and_never_go_below_zero(values: dict[str, float]) -> None:
    company, scope = make_inputs(), Scope(families=("Road",))
    before = units(company, demand_plan(company), scope)
    plan = planned(company, DemandEdit(scope=scope, mode="add", values=values))
    added = np.array([values.get(month, 0.0) for month in MONTHS])
    np.testing.assert_allclose(
        units(company, plan, scope), np.maximum(before + added, 0), rtol=1e-12, atol=1e-9
    )
    assert not plan.layers["overrides"].any()
    np.testing.assert_allclose(
        plan.layers["sales_input"].sum(axis=(0, 1, 2)), np.maximum(added, -before), rtol=1e-9, atol=1e-6
    )


@given(pct=st.floats(-1, 10))
def test_a_percentage_moves_every_cell_alike(pct: float) -> None:
    company = make_inputs()
    before = demand_plan(company)
    after = planned(company, DemandEdit(mode="percent", values={"2027-02": pct}))
    np.testing.assert_allclose(after.total[..., 1], before.total[..., 1] * (1 + pct), rtol=1e-9, atol=1e-9)


def test_the_mix_is_that_of_the_whole_demand_not_of_the_baseline() -> None:
    """A promotion doubles one product in its month: it gets the doubled share of the family's new total."""
    company = make_inputs()
    push = PromotionAdd.from_dict(
        {
            "kind": "promotion_add",
            "name": "Sale",
            "scope": {"products": ["Road 100"]},
            "start": "2027-03-01",
            "end": "2027-03-31",
            "uplift": 1.0,
        }
    )
    before = planned(company, push).total[2:4, ..., 2]
    after = planned(
        company, push, DemandEdit(scope=Scope(families=("Road",)), values={"2027-03": 3000.0})
    ).total
    np.testing.assert_allclose(after[2:4, ..., 2], before * 3000 / before.sum(), rtol=1e-12)


def test_without_demand_the_baseline_tells_the_mix_then_what_is_on_sale() -> None:
    company, scope = make_inputs(), Scope(families=("Trail",))
    none = DemandEdit(scope=scope, values=dict.fromkeys(MONTHS, 0.0))
    some = DemandEdit(scope=scope, values=dict.fromkeys(MONTHS, 600.0))
    by_base = planned(company, none, some).total[:2]
    base = company.demand.base[:2]
    np.testing.assert_allclose(by_base, 600 * base / base.sum(axis=(0, 1, 2)), rtol=1e-12)

    company.demand.base[:2] = 0.0
    company.demand.launches.clear()
    company.demand.running[0] = 0.0
    spread = planned(company, some).total
    assert not spread[0].any()
    np.testing.assert_array_equal(spread[1], np.full((2, 2, 6), 150.0))

    company.demand.running[1] = 0.0
    np.testing.assert_array_equal(planned(company, some).total[:2], np.full((2, 2, 2, 6), 75.0))


def test_the_later_edit_counts_on_its_cells() -> None:
    company = make_inputs()
    family, product = Scope(families=("Road",)), Scope(products=("Road 100",))
    set_family = DemandEdit(scope=family, values={"2027-04": 1000.0})
    set_product = DemandEdit(scope=product, values={"2027-04": 300.0})
    late_family = planned(company, set_product, set_family)
    before = planned(company, set_product).total[2:4, ..., 3]
    np.testing.assert_allclose(late_family.total[2:4, ..., 3], before * 1000 / before.sum(), rtol=1e-12)
    late_product = planned(company, set_family, set_product)
    assert units(company, late_product, product)[3] == pytest.approx(300)
    other = planned(company, set_family).total[3, ..., 3]
    np.testing.assert_array_equal(late_product.total[3, ..., 3], other)


def test_an_override_after_an_edit_counts_and_before_it_does_not() -> None:
    company, scope = make_inputs(), Scope(families=("Road",))
    edit = DemandEdit(scope=scope, values={"2027-04": 1000.0})
    override = DemandOverride(scope=scope, units=700.0)
    assert units(company, planned(company, edit, override), scope)[3] == pytest.approx(700)
    assert units(company, planned(company, override, edit), scope)[3] == pytest.approx(1000)
    assert units(company, planned(company, override, edit), scope)[2] == pytest.approx(700)


def test_growth_and_sales_input_act_before_a_typed_total_wherever_they_stand() -> None:
    company, edit = make_inputs(), DemandEdit(values={"2027-04": 1000.0})
    for other in (DemandGrowth(pct=0.5), SalesInput(units=50.0)):
        for order in ((edit, other), (other, edit)):
            assert units(company, planned(company, *order), Scope())[3] == pytest.approx(1000)


def test_a_product_that_is_a_part_of_its_family_leaves_the_rest_alone() -> None:
    company = make_inputs("family")
    before = demand_plan(company).total[1, ..., 3].sum()
    after = planned(company, DemandEdit(scope=Scope(products=("Road 100",)), values={"2027-04": 500.0}))
    assert after.total[1, ..., 3].sum() == pytest.approx(before * 0.6 + 500)


def test_a_paste_of_36_lines_and_18_months_fits_many_times() -> None:
    """One line of the grid is one change, however many months of it were typed."""
    lines = 36
    scenario = Scenario("x")
    for _ in range(MOST_CHANGES // lines):
        for n in range(lines):
            scope = Scope(products=(f"P{n}",))
            scenario = scenario.add(
                DemandEdit(scope=scope, values={f"2027-{m:02d}": 1.0 for m in range(1, 13)})
            )
    assert Scenario.from_json(scenario.to_json()) == scenario


# -- the Change itself --------------------------------------------------------------------------------------


def test_one_form_whatever_the_order_and_the_way_months_are_written() -> None:
    one = DemandEdit(values={"2027-04": 2, "2027-03-01": 1.0}, owner="  ")
    other = DemandEdit(values=(("2027-03", 1), ("2027-04", 2.0)))
    assert one == other
    assert one.owner is None
    assert json.dumps(one.to_dict()["values"]) == '{"2027-03": 1.0, "2027-04": 2.0}'


def test_who_and_why_are_told_but_do_not_act() -> None:
    plain = DemandEdit(values={"2027-03": 1.0})
    told = DemandEdit(values={"2027-03": 1.0}, owner="A. Rossi", note="dealer listing")
    a, b = Scenario("a").add(plain), Scenario("b").add(told)
    assert a.fingerprint() == b.fingerprint()
    assert diff(a, b) == ()
    assert told.to_dict()["owner"] == "A. Rossi"
    assert plain.lever != told.lever


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"values": {"2027-03": 1200, "2027-04": 1350}, "owner": "A. Rossi", "note": "dealer listing"},
            "All products: demand set to 1,200 in Mar 27, 1,350 in Apr 27 (dealer listing, A. Rossi)",
        ),
        (
            {"scope": {"families": ["Road"], "regions": ["South"]}, "values": dict.fromkeys(MONTHS, 900)},
            "Road, South: demand set to 900 a month in Jan-Jun 27",
        ),
        ({"mode": "add", "values": {"2027-03": -40}}, "All products: -40 units in Mar 27"),
        ({"mode": "percent", "values": {"2027-03": 0.05}}, "All products: demand +5 % in Mar 27"),
        (
            {"values": {month: float(n) for n, month in enumerate(MONTHS)}},
            "All products: demand set in 6 months, Jan 27 to Jun 27, 15 units in all",
        ),
        (
            {"mode": "percent", "values": {month: n / 100 for n, month in enumerate(MONTHS)}},
            "All products: demand +0 % to +5 % in 6 months, Jan 27 to Jun 27",
        ),
    ],
)
def test_sentences(change: dict[str, object], sentence: str) -> None:
    assert Change.from_dict({"kind": "demand_edit", **change}).sentence() == sentence


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "demand_edit needs `values`"),
        ({"values": {}}, "`values` is empty: give at least one month"),
        ({"values": [1, 2]}, 'must be an object of months and numbers such as {"2027-03": 1200}'),
        ({"values": {"March": 1}}, "must hold a month such as 2027-03, not 'March'"),
        ({"values": {"2027-03": "1,200"}}, r"`values\[2027-03\]` must be a number, not '1,200'"),
        ({"values": {"2027-03": True}}, r"`values\[2027-03\]` must be a number"),
        ({"values": {"2027-03": 1, "2027-03-01": 2}}, "holds 2027-03 twice"),
        ({"values": {"2027-03": -1}}, r"`values\[2027-03\]` is -1: with mode set it must be at least 0"),
        ({"mode": "percent", "values": {"2027-03": 50}}, "with mode percent it must be from -1 to 10"),
        ({"mode": "put", "values": {"2027-03": 1}}, "Allowed: set, add, percent"),
        (
            {"values": {f"{y}-{m:02d}": 1 for y in range(2027, 2038) for m in range(1, 13)}},
            "120 are the most",
        ),
        ({"scope": {"first": "2027-03"}, "values": {"2027-03": 1}}, "cannot be limited to months"),
    ],
)
def test_what_cannot_be_is_refused_in_words(change: dict[str, object], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        Change.from_dict({"kind": "demand_edit", **change})


def test_months_outside_the_plan_are_left_alone_and_only_those_are_refused() -> None:
    company = make_inputs()
    partly = DemandEdit(values={"2026-12": 5.0, "2027-01": 7.0})
    partly.check(company)
    assert units(company, planned(company, partly), Scope())[0] == pytest.approx(7)
    with pytest.raises(ScenarioError, match="choose months in Jan-Jun 27"):
        DemandEdit(values={"2026-12": 5.0}).check(company)


def test_other_scenarios_and_the_company_stay_as_they_are() -> None:
    company = make_inputs()
    edited = Scenario("a").add(DemandEdit(values={"2027-01": 7.0})).apply(company)
    assert len(edited.demand.edits) == 1
    assert_same(company, make_inputs())
    assert_same(Scenario("b").apply(edited).demand.edits, edited.demand.edits)
