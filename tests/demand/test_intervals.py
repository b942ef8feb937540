"""Intervals from past errors: pooled, calibrated, non-decreasing with the horizon."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.demand.forecast_intervals import _non_decreasing, half_widths
from sop_core.demand.forecast_series import SeriesFit


def fit(errors: np.ndarray, scale: float = 1.0, kind: str = "regular") -> SeriesFit:
    return SeriesFit(kind, "method", np.zeros(6), errors, scale)


def test_the_band_holds_the_promised_share_of_new_errors_of_the_same_kind():
    rng = np.random.default_rng(0)
    sizes = rng.lognormal(0, 1, 300)
    growth = np.sqrt(np.arange(1, 7))
    fits = [fit(rng.normal(0, size, (3, 6)) * growth, size) for size in sizes]
    half = half_widths(fits, 6, 80)
    coming = np.abs(rng.normal(0, 1, (300, 6)) * sizes[:, None] * growth)
    inside = coming <= half
    assert 0.77 < inside.mean() < 0.86
    assert (np.abs(inside.mean(axis=0) - 0.81) < 0.07).all()


def test_units_scale_the_band_and_the_order_of_series_does_not():
    rng = np.random.default_rng(1)
    fits = [fit(rng.normal(0, 2, (3, 6))) for _ in range(20)]
    half = half_widths(fits, 6, 80)
    larger = [fit(one.errors * 8, one.scale * 8) for one in fits]
    np.testing.assert_allclose(half_widths(larger, 6, 80), half * 8)
    np.testing.assert_allclose(half_widths(fits[::-1], 6, 80)[::-1], half)


def test_series_without_errors_have_the_typical_width_of_the_others():
    rng = np.random.default_rng(2)
    fits = [fit(rng.normal(0, 2, (3, 4)), 4.0) for _ in range(30)]
    new = fit(np.empty((0, 0)), 4.0)
    half = half_widths([*fits, new], 9, 80)
    assert half[-1] == pytest.approx(half[:-1].mean(axis=0), rel=0.2)
    assert (np.diff(half, axis=1) >= 0).all()
    alone = half_widths([new], 3, 80)
    assert alone[0, 0] == pytest.approx(1.6 * 3 * 4.0)


def test_what_is_certain_has_no_band():
    fits = [
        fit(np.ones((3, 6))),
        *(fit(np.empty((0, 0)), 1.0, kind) for kind in ("zero", "constant", "none")),
    ]
    assert (half_widths(fits, 6, 80)[1:] == 0).all()
    assert half_widths([], 6, 80).shape == (0, 6)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 100)), min_size=1, max_size=20))
def test_pooling_violators_is_the_closest_non_decreasing_sequence(pairs):
    values, weights = np.array(pairs).T
    found = _non_decreasing(values, weights)
    assert (np.diff(found) >= 0).all()
    assert (found * weights).sum() == pytest.approx((values * weights).sum())
    if (np.diff(values) >= 0).all():
        np.testing.assert_array_equal(found, values)
    # no block can be moved closer: within a block the mean is the best level
    for level in np.unique(found):
        block = found == level
        assert level == pytest.approx(np.average(values[block], weights=weights[block]))
