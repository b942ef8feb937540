"""The exponential smoothing that the forecaster is measured against is a fair one."""

from __future__ import annotations

import numpy as np
import pytest

from bench._ets import MODELS, Model, auto_ets
from sop_core.demand import methods
from sop_core.demand.methods import Array, Batch

#: Enough to choose from: without and with a season, additive and multiplicative.
FEW = (Model("M", "N", "N"), Model("A", "N", "A"), Model("M", "D", "M"))


def simulated(kind: str, count: int = 10, size: int = 60) -> list[Array]:
    """Histories from a smoothing model with known states; 12 more months than are shown to the methods."""
    rng = np.random.default_rng(7)
    out = []
    for _ in range(count):
        level, trend, season = 100.0, rng.normal(0.0, 0.8), 1.0 + 0.3 * np.sin(np.arange(12) / 12 * 2 * np.pi)
        y = np.empty(size)
        for t in range(size):
            shock = rng.normal(0.0, 0.05)
            base = level + 0.9 * trend if kind == "season" else level
            factor = season[t % 12] if kind == "season" else 1.0
            y[t] = base * factor * (1.0 + shock)
            level = base * (1.0 + 0.3 * shock)
            trend *= 0.9
        out.append(y)
    return out


def mae(found: Array, histories: list[Array]) -> float:
    """Over the last twelve months."""
    return float(np.mean(np.abs(found - np.array([y[-12:] for y in histories]))))


def test_the_models_are_those_that_r_admits() -> None:
    assert len(MODELS) == 15
    names = {model.name for model in MODELS}
    assert {"ANN", "MAdM", "AAdA", "MNA"} <= names
    assert not names & {"ANM", "AAM", "AAdM"}


@pytest.mark.parametrize("kind", ["level", "season"])
def test_it_chooses_and_forecasts_what_it_models(kind: str) -> None:
    histories = simulated(kind)
    shown = [y[:-12] for y in histories]
    found, chosen = auto_ets(shown, 12, 12, FEW)
    seasonal = sum(name[-1] != "N" for name in chosen)
    assert seasonal == 10 if kind == "season" else seasonal <= 1
    batch = Batch.of(shown, 12)
    assert mae(found, histories) < mae(methods.seasonal_naive(batch, 12), histories)
    assert mae(found, histories) < 1.15 * mae(methods.damped_holt_winters(batch, 12), histories)


def test_what_a_history_does_not_allow_is_not_tried() -> None:
    """No multiplicative model for a history with zeros, no season for one of seven months."""
    lumpy = np.random.default_rng(1).poisson(1.0, 36).astype(float)
    short = np.array([3.0, 4.0, 3.5, 4.2, 3.9, 4.1, 3.7])
    found, chosen = auto_ets([lumpy, short], 12, 4, (Model("A", "N", "N"), *FEW[:2]))
    assert chosen[0][0] == "A"
    assert chosen[1][-1] == "N"
    assert found[1] == pytest.approx(np.full(4, 3.8), rel=0.15)
