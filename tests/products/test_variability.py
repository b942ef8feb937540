"""Steadiness, intervals and sizes of demand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.products.variability import interval, pattern, size_variation, unsteadiness

MONTHS = np.arange(48)
SEASON = 100.0 * (1 + 0.5 * np.sin(2 * np.pi * MONTHS / 12))


def one(series: np.ndarray) -> float:
    return float(unsteadiness(series[None, :])[0])


def test_season_and_trend_are_no_unsteadiness() -> None:
    assert one(SEASON) == pytest.approx(0.0, abs=1e-9)
    assert one(SEASON + 2.0 * MONTHS) == pytest.approx(0.0, abs=1e-9)


def test_noise_is_measured_at_its_size() -> None:
    noise = np.random.default_rng(3).normal(0, 20, (200, 48))
    assert float(unsteadiness(SEASON + noise).mean()) == pytest.approx(0.20, abs=0.01)


def test_too_little_history_shows_nothing() -> None:
    assert np.isnan(one(np.concatenate([np.zeros(43), [9.0, 10.0, 11.0, 9.0, 10.0]])))
    assert np.isnan(one(np.zeros(48)))
    assert np.isnan(one(np.full(48, -3.0)))
    assert np.isnan(unsteadiness(np.zeros((1, 0)))[0])


def test_months_before_the_first_demand_do_not_count() -> None:
    young = np.concatenate([np.zeros(30), np.full(18, 50.0)])
    assert one(young) == 0.0
    assert interval(young[None])[0] == 1.0


def test_interval_and_sizes() -> None:
    every_third = np.where(MONTHS % 3 == 0, 12.0, 0.0)
    assert interval(every_third[None])[0] == pytest.approx(3.0)
    assert size_variation(every_third[None])[0] == 0.0
    assert np.isnan(interval(np.zeros((1, 48)))[0])
    assert np.isnan(size_variation(np.eye(1, 48))[0])


@pytest.mark.parametrize(
    ("adi", "cv2", "said"),
    [
        (1.0, 0.1, "smooth"),
        (1.31, 0.49, "erratic"),
        (1.32, 0.48, "intermittent"),
        (4.0, 0.6, "lumpy"),
        (4.0, np.nan, "intermittent"),
        (np.nan, np.nan, "no demand"),
    ],
)
def test_quadrants_of_syntetos_boylan_and_croston(adi: float, cv2: float, said: str) -> None:
    assert pattern(adi, cv2) == said


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=0, max_size=60), last=st.integers(1, 12))
def test_measures_are_known_and_not_negative_or_unknown(values: list[float], last: int) -> None:
    row = np.array(values)[None, :]
    for found in (unsteadiness(row, last), interval(row), size_variation(row)):
        assert not np.isinf(found).any()
        assert (np.isnan(found) | (found >= 0)).all()


@given(factor=st.floats(0.01, 1e5), seed=st.integers(0, 99))
def test_unsteadiness_has_no_unit(factor: float, seed: int) -> None:
    series = SEASON + np.random.default_rng(seed).normal(0, 15, 48)
    assert one(series * factor) == pytest.approx(one(series), rel=1e-6)
