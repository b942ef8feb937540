"""Agreements as values: fingerprints, names, versions beside each other, what moved since."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from sop_core.calendar import months_from
from sop_core.changes import DemandGrowth
from sop_core.cycle.agreement import (
    Agreement,
    Drift,
    Voice,
    branch_name,
    clear_name,
    drift,
    drift_sentence,
    fingerprint,
    on_axes,
    to_agree,
    version_differences,
)  # fmt: skip
from sop_core.cycle.estimate import Estimate, estimate_of
from sop_core.errors import ReviewError
from sop_core.planner import Company, unconstrained
from sop_core.scenario import Scenario
from tests.store.agreed import CYCLE, estimate

LAST = CYCLE + 5


def with_units(source: Estimate, units: np.ndarray) -> Estimate:
    return replace(source, steps=MappingProxyType({"consensus": units}))


def agreement(**more: object) -> Agreement:
    given = {
        "id": 1, "cycle": CYCLE, "version": 1, "scenario": "Demand Nov 26 v1", "scenario_json": "{}", "data_version": 3,
        "review_revision": 1, "first_month": CYCLE, "last_month": LAST, "estimate": 1, "fingerprint": "", "who": "Ada",
        "at": dt.datetime(2026, 11, 12, tzinfo=dt.UTC), "note": "",
        "voices": (Voice("Ada"), Voice("Ben"), Voice("Cy"), Voice("Di")),
    } | more  # fmt: skip
    return Agreement(**given)  # type: ignore[arg-type]


def test_sentence_for_other_pages() -> None:
    assert agreement().sentence() == "demand agreed on 12 Nov by 4 people (v1)"
    assert agreement(voices=(Voice("Ada"),)).sentence().endswith("by 1 person (v1)")


@given(some.floats(-3e-5, 3e-5), some.integers(0, 5))
def test_fingerprint_sees_units_and_no_noise(noise: float, month: int) -> None:
    """Noise below the rounding does not count; one unit, another month range or another name does."""
    base = estimate()
    mark = fingerprint(base, CYCLE, LAST)
    units = base.consensus.copy()
    units[0, 0, 0, month] += noise
    assert fingerprint(with_units(base, units), CYCLE, LAST) == mark
    units[1, 0, 0, month] += 1.0
    assert fingerprint(with_units(base, units), CYCLE, LAST) != mark
    assert fingerprint(base, CYCLE, LAST - 1) != mark
    assert fingerprint(replace(base, items=("A", "B")), CYCLE, LAST) != mark


def test_negative_zero_is_zero() -> None:
    base = estimate()
    zeros = np.zeros_like(base.consensus)
    assert fingerprint(with_units(base, zeros), CYCLE, LAST) == fingerprint(
        with_units(base, -zeros), CYCLE, LAST
    )


def test_names_are_clear_and_not_taken() -> None:
    assert clear_name(CYCLE, 2, []) == "Demand Nov 26 v2"
    assert clear_name(CYCLE, 1, ["demand nov 26 V1", "Demand Nov 26 v1 (2)"]) == "Demand Nov 26 v1 (3)"
    assert branch_name("Demand Nov 26 v1") == "What-if on Demand Nov 26 v1"
    Scenario(branch_name("x" * 120))


def test_what_is_agreed_under_which_name() -> None:
    """Saved and unchanged: as it is. Base, what-if, unsaved changes, locked: under a name of its own."""
    mine = Scenario("Consensus", owner="ben")
    assert to_agree(mine, "Consensus", 4, False, False, "New", "ada") == (mine, 4)
    for changed, locked in ((True, False), (False, True), (True, True)):
        got, expected = to_agree(mine, "Consensus", 4, changed, locked, "New", "ada")
        assert (got.name, got.parent, got.owner, expected) == ("New", "Consensus", "ada", 0)
    got, expected = to_agree(Scenario.base(), "Base", 0, False, False, "New", "ada")
    assert (got.name, got.parent, expected) == ("New", "", 0)


def test_voices_are_people() -> None:
    assert Voice("  Ada \n Lovelace ", " Sales").said() == "Ada Lovelace (Sales)"
    with pytest.raises(ReviewError, match="needs a name"):
        Voice("  ")


def test_versions_differ_line_by_line() -> None:
    """Item 0: 10 to 12 in the second month; Item 1: 20 to 15 in the last; noise is none."""
    before, units = estimate(), estimate().consensus.copy()
    units[0, 0, 0, 1], units[1, 0, 0, 5] = 12.0, 15.0
    units[0, 0, 0, 0] += 0.2
    frame = version_differences(before, with_units(before, units), CYCLE, LAST)
    assert frame["item"].tolist() == ["Item 1", "Item 0"]
    assert frame["difference"].tolist() == [-5.0, 2.0]
    assert frame["before"].tolist() == [20.0, 10.0]
    assert len(version_differences(before, with_units(before, units), CYCLE, CYCLE)) == 0
    gone = replace(before, items=("Item 0", "Other"))
    lines = version_differences(before, gone, CYCLE, CYCLE).set_index("item")["difference"]
    assert lines.to_dict() == {"Other": 20.0, "Item 1": -20.0}


def test_an_estimate_is_read_beside_other_axes_by_name() -> None:
    months = months_from(CYCLE - 1, 3)
    got = on_axes(estimate(), months, ("Item 1", "New"), ("All",), ("All",))
    assert got.shape == (2, 1, 1, 3)
    assert np.isnan(got[..., 0]).all()
    assert got[:, 0, 0, 1].tolist() == [20.0, 0.0]


def test_what_moved_since_is_said() -> None:
    assert drift_sentence(agreement(), 3, 1, Drift(100.0, 100.0, 6)) == ""
    assert drift_sentence(agreement(), 4, 1, Drift(1000.0, 988.0, 6, 2000.0, 1976.0)) == (
        "Agreed on data version 3, now 4; the same Changes give 1.2 % less demand."
    )
    dearer = drift_sentence(agreement(), 4, 1, Drift(1000.0, 1000.0, 6, 2000.0, 2010.0))
    assert dearer.endswith("the same Changes give the same demand, with 0.5 % more revenue.")
    assert "1.2 % less demand, with the same revenue" in drift_sentence(
        agreement(), 4, 1, Drift(1000.0, 988.0, 6, 2000.0, 2000.0)
    )
    both = drift_sentence(agreement(), 4, 2, Drift(1000.0, 1000.0, 6, 5.0, 5.0))
    assert both == (
        "Agreed on data version 3, now 4 and cleansing revision 1, now 2; the same Changes give the same demand."
    )
    assert "planned any more" in drift_sentence(agreement(), 4, 1, Drift(0.0, 0.0, 0))


def test_drift_recomputes_the_agreed_changes(demo_company: Company) -> None:
    """The agreed scenario with 10 % more demand gives 10 % more than what was agreed on the base."""
    base = unconstrained(demo_company, Scenario.base())
    kept = estimate_of(demo_company, base, kind="agreed", who="Ada")
    months = base.inputs.months
    agreed = agreement(first_month=months[1], last_month=months[6])
    same = drift(agreed, kept, base)
    assert (same.months, same.share) == (6, pytest.approx(0.0))
    change = DemandGrowth(pct=0.1)
    more = drift(agreed, kept, unconstrained(demo_company, Scenario("A").add(change)))
    assert more.share == pytest.approx(0.1)
    assert more.revenue_share == pytest.approx(0.1)
