"""A lasting change of level: a range launched, a channel won or lost."""

import numpy as np
import pandas as pd
import pytest

from sop_core.demand.baseline import forecast_with_diagnostics
from sop_core.demand.forecast_profile import level_shift


def season(count: int, seed: int = 0, noise: float = 0.08) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    return 100 * (1 + 0.002 * t) * (1 + 0.3 * np.sin(2 * np.pi * t / 12)) * rng.lognormal(0, noise, count)


def shifted(count: int, last: int, factor: float, seed: int = 0) -> np.ndarray:
    y = season(count, seed)
    y[count - last :] *= factor
    return y


@pytest.mark.parametrize("factor", [10.0, 4.0, 0.2])
@pytest.mark.parametrize("last", [6, 9, 13, 20])
def test_a_lasting_shift_is_forecast_at_its_new_level_with_its_season(factor, last):
    future = season(72)[60:] * factor
    frame = pd.DataFrame(
        {
            "unique_id": "a",
            "ds": pd.date_range("2019-01-01", periods=60, freq="MS"),
            "y": shifted(60, last, factor),
        }
    )
    found = forecast_with_diagnostics(frame, 12)
    ahead = found.frame
    assert np.abs(ahead["yhat"] - future).sum() < 0.2 * future.sum()
    assert (ahead["lo"] <= future).mean() > 0.6
    reason = found.diagnostics["reason"].item()
    assert f"{last} periods before the end and stayed" in reason
    assert ("rose to" in reason) == (factor > 1)


def test_its_place_and_size_are_found():
    since, factor = level_shift(shifted(60, 14, 10.0), 12)
    assert since == 46
    assert factor == pytest.approx(10.0, rel=0.25)
    quarters = np.tile([10.0, 14, 9, 12], 7)
    quarters[-3:] *= 5
    assert level_shift(quarters, 4) == (25, pytest.approx(5.0))


@pytest.mark.parametrize(
    "y",
    [
        season(60),
        np.exp(0.1 * np.arange(60)) * season(60),  # growth that goes on
        np.where(np.arange(60) % 12 < 6, 5.0, 200.0) * season(60),  # a strong season
        np.r_[season(40), season(8) * 6, season(12)],  # a one-off, long over
        shifted(60, 3, 10.0),  # three months prove nothing yet
        np.where(np.arange(60) % 3, shifted(60, 20, 10.0), 0.0),  # a third of the months at zero
        season(60, noise=1.0),  # noise
        shifted(20, 8, 10.0),  # too short to compare with a year before
    ],
)
def test_what_is_no_lasting_shift_is_left_alone(y):
    assert level_shift(y, 12) is None
