"""Reconciliation against the textbook's algebra: dense weighted least squares, and SciPy's non-negative solver."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from sop_core import reconcile


def problem(seed: int) -> tuple[list[str], dict[str, list[str]], np.ndarray, pd.DataFrame]:
    """Names, members of the nodes, the summing matrix and random forecasts of up to eight leaves in crossed sets."""
    rng = np.random.default_rng(seed)
    leaves = [f"leaf {n}" for n in range(rng.integers(3, 9))]
    sets: dict[frozenset[str], str] = {frozenset(leaves): "Total"}
    for n in range(int(rng.integers(1, 6))):
        drawn = frozenset(rng.choice(leaves, size=rng.integers(2, len(leaves) + 1), replace=False).tolist())
        sets.setdefault(drawn, f"node {n}")
    members = {name: sorted(drawn) for drawn, name in sets.items()}
    names = [*leaves, *members]
    upper = [[float(leaf in members[node]) for leaf in leaves] for node in members]
    summing = np.vstack([np.eye(len(leaves)), upper])
    months = pd.date_range("2027-01-01", periods=2, freq="MS")
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(names, 2),
            "ds": np.tile(months, len(names)),
            "yhat": rng.lognormal(2.0, 1.5, 2 * len(names)),
        }
    )
    return names, members, summing, frame


@pytest.mark.parametrize("weights", ["units", "series"])
@pytest.mark.parametrize("seed", range(25))
def test_the_answer_is_that_of_dense_algebra(seed: int, weights: str) -> None:
    names, members, summing, frame = problem(seed)
    given = frame.pivot(index="unique_id", columns="ds", values="yhat").loc[names].to_numpy()
    leaves = summing.shape[1]
    for non_negative in (False, True):
        out = reconcile(
            frame.sample(frac=1.0, random_state=seed), members, weights=weights, non_negative=non_negative
        )
        found = out.pivot(index="unique_id", columns="ds", values="yhat").loc[names].to_numpy()
        assert found == pytest.approx(summing @ found[:leaves], rel=1e-12)
        for month in range(2):
            size = given[:leaves, month] if weights == "units" else np.ones(leaves)
            scale = 1.0 / np.sqrt(summing @ size)
            matrix, aim = scale[:, None] * summing, scale * given[:, month]
            best = nnls(matrix, aim)[0] if non_negative else np.linalg.lstsq(matrix, aim, rcond=None)[0]
            assert found[:leaves, month] == pytest.approx(best, rel=1e-8, abs=1e-8 * given.max())
