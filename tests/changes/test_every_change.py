"""What holds for each Change, drawn at random from its own declarations."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sop_core.changes import AXES, GROUPS, REGISTRY, Change, options
from sop_core.changes.fields import NO_NEUTRAL
from sop_core.changes.reference import MARK, axes_table, reference
from sop_core.errors import ScenarioError
from sop_core.scenario import Scenario
from tests.changes.factory import assert_same, make_inputs
from tests.changes.strategies import changes

KINDS = sorted(REGISTRY)
LEVELS = {level: make_inputs(level) for level in ("product", "family")}

draws = settings(max_examples=100, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


@pytest.mark.parametrize("level", LEVELS)
@draws
@given(data=st.data())
def test_a_change_leaves_the_company_and_its_arrays_alone(level: str, data: st.DataObject) -> None:
    company = make_inputs(level)
    change = data.draw(changes(company))
    Scenario("x").add(change).apply(company)
    assert_same(company, make_inputs(level))


@draws
@given(change=changes())
def test_a_change_removed_again_restores_the_company_to_the_bit(change: Change) -> None:
    company = make_inputs()
    with_change = Scenario("x").add(change)
    assert_same(with_change.remove(0).apply(company), company)
    assert_same(with_change.mute(0).apply(company), company)


@draws
@given(change=changes())
def test_a_neutral_change_changes_nothing(change: Change) -> None:
    acting = {spec.name: spec.neutral for spec in change.specs() if spec.neutral is not NO_NEUTRAL}
    if not acting or change.kind == "workforce":
        return
    neutral = dataclasses.replace(change, **acting)
    assert neutral.is_neutral
    company = make_inputs()
    assert_same(Scenario("x").add(neutral).apply(company), company)


@draws
@given(change=changes())
def test_the_json_form_gives_the_same_change_back(change: Change) -> None:
    back = Change.from_dict(json.loads(json.dumps(change.to_dict())))
    assert back == change
    assert hash(back) == hash(change)
    assert pickle.loads(pickle.dumps(change)) == change


@draws
@given(change=changes())
def test_every_change_says_itself_in_one_line(change: Change) -> None:
    for sentence in (change.sentence(), change.sentence(make_inputs())):
        assert ": " in sentence
        assert not sentence.startswith(":")
        assert "nan" not in sentence
        assert "None" not in sentence
        assert "\n" not in sentence
        if change.note:
            owner = getattr(change, "owner", None)
            assert sentence.endswith(f"({change.note}, {owner})" if owner else f"({change.note})")


@pytest.mark.parametrize("level", LEVELS)
@draws
@given(data=st.data())
def test_numbers_stay_numbers_and_limits_stay_limits(level: str, data: st.DataObject) -> None:
    """No Change makes a nan, a negative quantity or lost part, or a limit out of no limit by a percentage."""
    company = make_inputs(level)
    edited = Scenario("x").add(data.draw(changes(company))).apply(company)
    demand, resource, source = edited.demand, edited.resource, edited.source
    for array in (demand.growth, demand.price_factor, demand.elasticity_factor, edited.stock.cover_factor):
        assert np.isfinite(array).all()
        assert (array >= -1e-12).all()
    assert np.isfinite(demand.added).all()
    limits = (resource.hours, resource.overtime_hours, resource.max_shifts, source.min_quantity)
    material, item = edited.material, edited.item
    more = (material.min_quantity, material.max_quantity, edited.site.capacity, edited.stock.end_minimum)
    costs = (item.holding_cost, edited.site.storage_cost)
    for array in (*limits, source.max_quantity, edited.lane.max_quantity, *more, *costs):
        assert (array >= 0).all()  # false for nan, too
    assert (source.routing_hours > 0).all()
    for lead in (source.lead, material.lead, edited.lane.lead):
        assert lead.dtype == np.int64
        assert (lead >= 0).all()
    assert ((resource.outage >= 0) & (resource.outage <= 1)).all()
    changed = source.min_quantity != company.source.min_quantity
    assert (source.min_quantity <= source.max_quantity)[changed].all()
    changed = material.min_quantity != company.material.min_quantity
    assert (material.min_quantity <= material.max_quantity)[changed].all()


FACTORS = (
    "demand_growth",
    "price_change",
    "safety_stock",
    "source_cost",
    "transport_cost",
    "wages",
    "outage",
    "hours_per_unit",
)


@draws
@given(pair=st.lists(changes(kinds=FACTORS), min_size=2, max_size=4), data=st.data())
def test_factors_may_come_in_any_order(pair: list[Change], data: st.DataObject) -> None:
    # After a cut of all of something there is nothing left for the next Change to move: it says so, and refuses.
    assume(all(getattr(change, "pct", 0.0) > -1.0 for change in pair))
    company = make_inputs()
    other = data.draw(st.permutations(pair))
    one, two = company, company
    for change in pair:
        one = Scenario("a").add(change).apply(one)
    for change in other:
        two = Scenario("b").add(change).apply(two)
    for part in ("demand", "resource", "source", "lane", "stock", "material"):
        for field in dataclasses.fields(getattr(one, part)):
            left, right = getattr(getattr(one, part), field.name), getattr(getattr(two, part), field.name)
            if isinstance(left, np.ndarray) and left.dtype == float:
                np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12)


# -- declarations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_declarations_are_complete(kind: str) -> None:
    cls = REGISTRY[kind]
    assert cls.kind == kind
    assert cls.group in GROUPS
    assert cls.title
    assert cls.__doc__
    assert set(cls.axes) <= {*AXES, "months"}
    for spec in cls.specs():
        assert spec.label
        assert spec.required or spec.default is None or spec.clean(spec.default) == spec.default
        if spec.neutral is not NO_NEUTRAL:
            assert spec.clean(spec.neutral) == spec.neutral
        if spec.min is not None and spec.max is not None:
            assert spec.lowest <= spec.min < spec.max <= spec.highest


def test_titles_are_not_shared() -> None:
    titles = [cls.title for cls in REGISTRY.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_object_of_the_kind_is_taken_or_says_what_is_missing(kind: str) -> None:
    required = [spec.name for spec in REGISTRY[kind].specs() if spec.required]
    if required:
        with pytest.raises(ScenarioError, match=f"{kind} needs `{required[0]}`"):
            Change.from_dict({"kind": kind})
    elif kind in ("outage", "lead_time"):
        with pytest.raises(ScenarioError, match="say in `scope` what"):
            Change.from_dict({"kind": kind})
    else:
        assert Change.from_dict({"kind": kind}).kind == kind


@pytest.mark.parametrize("axis", AXES)
def test_a_name_that_does_not_exist_is_named_with_its_near_miss(axis: str) -> None:
    company = make_inputs()
    cls = next(cls for cls in REGISTRY.values() if axis in cls.axes)
    known = next(name for name in AXES[axis].names(company) if name)
    wrong = known.swapcase()
    change = Change.from_dict({**cls.example, "scope": {axis: [wrong]}})
    with pytest.raises(ScenarioError) as refused:
        change.check(company)
    assert f"'{wrong}'" in str(refused.value)
    assert f"Did you mean '{known}'?" in str(refused.value)
    assert AXES[axis].table in str(refused.value)


@pytest.mark.parametrize(
    "kind",
    [
        "promotion_cancel",
        "promotion_move",
        "promotion_terms",
        "launch_move",
        "launch_probability",
        "launch_volume",
        "launch_ramp",
        "launch_cannibalisation",
    ],
)
def test_a_promotion_or_launch_that_does_not_exist_is_named(kind: str) -> None:
    company, cls = make_inputs(), REGISTRY[kind]
    key = next(spec for spec in cls.specs() if spec.key)
    known = options(company, key.kind)[0]
    change = Change.from_dict({**cls.example, key.name: known.lower()})
    with pytest.raises(ScenarioError) as refused:
        change.check(company)
    assert f"Did you mean '{known}'?" in str(refused.value)


# -- the reference page -----------------------------------------------------------------------------------


def test_the_page_is_what_the_declarations_say(root: Path) -> None:
    """Renew with: python -m sop_core.changes.reference docs/scenario-file.md"""
    page = (root / "docs" / "scenario-file.md").read_text(encoding="utf-8")
    assert axes_table() in page
    assert page[page.index(MARK) :] == reference()


def test_each_example_on_the_page_parses(root: Path) -> None:
    page = (root / "docs" / "scenario-file.md").read_text(encoding="utf-8")
    blocks = [block.split("```", 1)[0] for block in page.split("```json\n")[1:]]
    seen = set()
    for block in blocks:
        body = json.loads(block)
        if "kind" in body:
            seen.add(Change.from_dict(body).kind)
        else:
            assert len(Scenario.from_json(block).steps) == len(body["changes"]) > 0
    assert seen == set(REGISTRY)
