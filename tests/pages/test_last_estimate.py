"""The last estimate beside today's demand: matched by name and month, whatever else has changed since."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from pages.parts.demand.last_estimate import aligned, on_axes
from sop_core.calendar import months_from
from sop_core.cycle.estimate import Estimate
from sop_core.inputs import Floats, Inputs
from sop_core.planner import prepare
from sop_core.snapshot import Snapshot
from tests.pages.companies import full_line

START = np.datetime64("2026-01", "M")  # of the company's plan, six months of Anvil and Order


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return prepare(Snapshot.from_tables(full_line(), 1)).inputs


def estimate(inputs: Inputs, consensus: Floats, items: tuple[str, ...], shift: int = 0) -> Estimate:
    """[i, t] units of these items in months that begin `shift` months after the plan does."""
    return Estimate(
        cycle=START + shift,
        months=months_from(START + shift, consensus.shape[1]),
        items=items,
        regions=inputs.regions,
        segments=inputs.segments,
        steps={"consensus": consensus[:, None, None, :]},
        price=None,
        kind="agreed",
        owner="",
        who="Planner",
        at=dt.datetime(2025, 12, 5, tzinfo=dt.UTC),
        data_version=1,
        review_revision=0,
        scenario="Base",
    )


def test_items_are_matched_by_name_not_by_place(inputs: Inputs) -> None:
    values = np.arange(12.0).reshape(2, 6)
    got = aligned(estimate(inputs, values, ("Order", "Anvil")), inputs).units
    np.testing.assert_array_equal(got[inputs.items.index("Order"), 0, 0], values[0])
    np.testing.assert_array_equal(got[inputs.items.index("Anvil"), 0, 0], values[1])


def test_months_are_matched_by_date_and_unplanned_ones_are_unknown(inputs: Inputs) -> None:
    got = aligned(estimate(inputs, np.arange(12.0).reshape(2, 6), inputs.items, shift=-1), inputs).units
    np.testing.assert_array_equal(got[0, 0, 0, :5], [1.0, 2.0, 3.0, 4.0, 5.0])  # its December is over
    assert np.isnan(got[..., 5]).all()  # June was beyond its horizon


def test_names_that_it_did_not_know_are_zero_and_ended_ones_are_left_out(inputs: Inputs) -> None:
    got = aligned(estimate(inputs, np.full((2, 6), 7.0), ("Anvil", "Gone")), inputs).units
    assert (got[inputs.items.index("Order")] == 0.0).all()
    assert got.sum() == 42.0


def test_money_is_known_only_with_prices(inputs: Inputs) -> None:
    plain = estimate(inputs, np.full((2, 6), 3.0), inputs.items[::-1])
    assert aligned(plain, inputs).money is None
    price = np.array([2.0, 5.0])[:, None, None, None] * np.ones((2, 1, 1, 6))
    got = aligned(dataclasses.replace(plain, price=price), inputs).money
    assert got is not None
    np.testing.assert_array_equal(got[:, 0, 0, 0], [15.0, 6.0])


def test_regions_are_matched_by_name_too(inputs: Inputs) -> None:
    one = estimate(inputs, np.full((2, 6), 3.0), inputs.items)
    elsewhere = dataclasses.replace(one, regions=("Somewhere else",))
    assert on_axes(one.consensus, one, inputs).sum() == 36.0
    assert on_axes(elsewhere.consensus, elsewhere, inputs).sum() == 0.0
