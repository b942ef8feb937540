"""The small methods: known answers, and a row's digits do not depend on its neighbours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sop_core.demand import methods
from sop_core.demand.forecast_profile import examine, typical_change
from sop_core.demand.forecast_season import decompose, is_seasonal, is_strongly_seasonal, no_season
from sop_core.demand.methods import Batch

ALL = [
    methods.naive,
    methods.seasonal_naive,
    methods.naive2,
    methods.level,
    methods.theta,
    methods.simple_smoothing,
    methods.damped_holt,
    methods.damped_holt_winters,
    methods.croston_sba,
    methods.tsb,
]
histories = st.integers(1, 60).flatmap(
    lambda n: arrays.arrays(np.float64, n, elements=st.floats(-1e6, 1e6, allow_subnormal=False))
)


def one(method, y, horizon=6, period=12):
    return method(Batch.of([np.asarray(y, dtype=float)], period), horizon)[0]


@pytest.mark.parametrize("method", ALL)
@settings(max_examples=30, deadline=None)
@given(rows=st.lists(histories, min_size=1, max_size=5))
def test_a_row_is_forecast_as_if_alone(method, rows):
    together = method(Batch.of(rows, 12), 5)
    assert together.shape == (len(rows), 5)
    assert np.isfinite(together).all()
    for i, y in enumerate(rows):
        np.testing.assert_array_equal(together[i], one(method, y, 5))


@pytest.mark.parametrize("method", ALL[:-2])
def test_a_constant_goes_on(method):
    assert one(method, np.full(40, 7.0)) == pytest.approx(np.full(6, 7.0))


def test_naive_methods():
    y = np.arange(1.0, 31.0)
    assert one(methods.naive, y).tolist() == [30.0] * 6
    assert one(methods.seasonal_naive, y, 14).tolist() == [*range(19, 31), 19, 20]
    assert one(methods.seasonal_naive, y[:5]).tolist() == [5.0] * 6
    assert one(methods.level, y).tolist() == [27.5] * 6


def test_theta_continues_half_the_slope_of_a_line():
    """Theta = smoothing with a drift of half the slope (Hyndman & Billah 2003)."""
    found = one(methods.theta, 5.0 + 2.0 * np.arange(40))
    assert np.diff(found) == pytest.approx(np.full(5, 1.0))


def test_theta_agrees_with_a_direct_computation():
    rng = np.random.default_rng(0)
    y = 50 + np.cumsum(rng.normal(0, 2, 30))
    slope, intercept = np.polyfit(np.arange(30), y, 1)
    doubled = 2 * y - (intercept + slope * np.arange(30))
    best = None
    for alpha in np.linspace(0.02, 0.98, 49):
        design, target = [], []
        # level_t is linear in the start: run it for a start of 0 and of 1
        zero, unit = 0.0, 1.0
        for value in doubled:
            design.append(unit)
            target.append(value - zero)
            zero, unit = zero + alpha * (value - zero), unit * (1 - alpha)
        design, target = np.array(design), np.array(target)
        start = (design * target).sum() / (design**2).sum()
        ssr = ((target - start * design) ** 2).sum()
        if best is None or ssr < best[0]:
            best = ssr, zero + start * unit
    expected = 0.5 * (intercept + slope * np.arange(30, 36)) + 0.5 * best[1]
    assert one(methods.theta, y) == pytest.approx(expected, rel=1e-9)


def test_holt_winters_continues_trend_and_season():
    t = np.arange(84)
    season = 1 + 0.4 * np.sin(2 * np.pi * t / 12)
    y = (100 + 0.8 * t) * season
    found = one(methods.damped_holt_winters, y[:72], 12)
    assert found == pytest.approx(y[72:], rel=0.06)
    assert one(methods.damped_holt, 100 + 3.0 * t[:40], 3) == pytest.approx(
        100 + 3.0 * np.arange(40, 43), rel=0.02
    )


def test_holt_winters_fits_better_than_its_middle_parameters():
    """The search must earn its time: one-step errors fall against the centre of the box."""
    rng = np.random.default_rng(4)
    y = 100 + np.cumsum(rng.normal(0, 5, 60))
    start = np.array([[y[0], 0.0]])
    flat = np.zeros((1, 1, 1))
    alive = np.ones(60, dtype=np.int64)

    def ssr(candidates):
        run = methods._Recursion(candidates, start, flat, multiplicative=False)
        run.over(y[None, :], alive)
        return run.ssr

    middle = 0.5 * (methods._LOW + methods._HIGH)
    cube = methods._LOW + methods._quasi_random(48) * (methods._HIGH - methods._LOW)
    assert ssr(cube[None]).min() < ssr(middle[None, None])[0, 0]


def test_intermittent_methods_estimate_the_mean_rate():
    y = np.tile([0.0, 0.0, 0.0, 8.0], 30)
    assert one(methods.croston_sba, y)[0] == pytest.approx(0.95 * 2.0, rel=0.01)
    assert one(methods.tsb, y)[0] == pytest.approx(2.0, rel=0.2)


def test_tsb_fades_when_demand_stops_and_croston_does_not():
    y = np.r_[np.tile([0.0, 6.0], 20), np.zeros(20)]
    assert one(methods.tsb, y)[0] < 0.15 * one(methods.croston_sba, y)[0]
    assert (one(methods.tsb, np.zeros(9)) == 0.0).all()
    assert (one(methods.croston_sba, np.zeros(9)) == 0.0).all()


def test_seasonality_is_found_where_it_is_and_not_in_noise():
    rng = np.random.default_rng(1)
    t = np.arange(60)
    assert is_seasonal(100 + 20 * np.sin(2 * np.pi * t / 12) + rng.normal(0, 5, 60), 12)
    found = [is_seasonal(rng.normal(0, 1, 60), 12) for _ in range(200)]
    assert np.mean(found) < 0.25
    assert not is_seasonal(100 + 20 * np.sin(2 * np.pi * t[:30] / 12), 12)
    assert not is_seasonal(np.full(60, 3.0), 12)


def test_a_plain_season_is_seen_where_the_autocorrelation_test_fails() -> None:
    rng = np.random.default_rng(4)
    swing = 100 * np.exp(0.7 * np.sin(2 * np.pi * np.arange(30) / 12)) * rng.normal(1, 0.02, 30)
    assert not is_seasonal(swing, 12)
    assert is_strongly_seasonal(swing, 12)
    for length in (24, 30, 48):
        assert not any(is_strongly_seasonal(rng.normal(0, 1, length), 12) for _ in range(200))
        assert not any(is_strongly_seasonal(rng.normal(0, 1, length).cumsum(), 12) for _ in range(200))
    assert not is_strongly_seasonal(np.full(60, 3.0), 12)


@pytest.mark.parametrize("multiplicative", [True, False])
@pytest.mark.parametrize("period", [4, 5, 12])
def test_decomposition_recovers_the_indices(multiplicative, period):
    rng = np.random.default_rng(2)
    t = np.arange(5 * period)
    if multiplicative:
        indices = rng.uniform(0.5, 1.5, period)
        indices /= indices.mean()
        y = np.full(t.size, 200.0) * indices[t % period]
    else:
        indices = rng.normal(0, 20, period)
        indices -= indices.mean()
        y = 200.0 + 0.7 * t + indices[t % period]
    season = decompose(y, period, multiplicative)
    assert season.indices == pytest.approx(indices, abs=1e-9)
    level = season.remove(y)
    assert np.diff(level, 2) == pytest.approx(np.zeros(t.size - 2), abs=1e-9)
    assert season.put_back(level[:period], 0) == pytest.approx(y[:period])


def test_no_season_changes_nothing_and_one_cycle_is_too_little():
    y = np.arange(5.0)
    assert no_season(12).remove(y).tolist() == y.tolist()
    with pytest.raises(ValueError, match="two full cycles"):
        decompose(np.ones(20), 12, multiplicative=False)


def test_a_profile_says_what_was_done():
    nan = np.nan
    seen = examine(np.array([nan, 0, 0, 4, nan, 6, 5, 7, 5, 6, nan]), 12, "interpolate")
    assert seen.values.tolist() == [4, 5, 6, 5, 7, 5, 6]
    assert seen.first == 3
    assert seen.kind == "short"
    assert "1 period missing and filled between their neighbours" in seen.sentence()
    assert "2 periods before the first demand left out" in seen.sentence()
    assert examine(np.array([3, nan, 5, 1.0]), 12, "zero").values.tolist() == [3, 0, 5, 1]
    mostly = examine(np.array([3, nan, nan, nan, 5, nan, nan, 1.0]), 12, "interpolate")
    assert mostly.values.sum() == 9.0
    nothing = examine(np.full(3, nan), 12, "interpolate")
    assert nothing.kind == "none"
    assert "nothing to forecast from" in nothing.sentence()


def test_typical_change():
    assert typical_change(np.tile(np.arange(12.0), 3) + np.repeat([0, 1, 2], 12), 12) == 1.0
    assert typical_change(np.array([1.0, 3, 2]), 12) == 1.5
    assert typical_change(np.full(30, 8.0), 12) == pytest.approx(0.8)
    assert typical_change(np.zeros(5), 12) == 0.0
