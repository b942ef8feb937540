"""Forecasts that add up: what reconciliation does to accuracy, on Australian retail by region and family.

    python -m bench hierarchy

Every series of four levels (country, region, family, region x family) is forecast from ten years at several
origins. Accuracy is MASE (and RMSSE): the errors of a series relative to those of its seasonal naive forecast in the
history, mean over the series of a level. "Over the levels" is the mean of the four levels' ratios to bottom-up, so
that no level counts more for having more series. Bottom-up adds up the forecasts of region x family, top-down shares
out the country's by the last twelve months.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench import Row
from bench.forecast import DATA, PERIOD
from sop_core.demand.baseline import forecast
from sop_core.demand.forecast_season import Array
from sop_core.demand.reconcile import Structure, reconcile, reconcile_arrays

HORIZON = 18
YEARS = 10
ORIGINS = (0, 12, 24)  # months before the last possible origin
LEVELS = ("country", "region", "family", "region x family")


@dataclass(frozen=True)
class Origin:
    """Histories, what came after and the forecasts of one origin: rows are leaves, then the structure's nodes."""

    past: Array
    ahead: Array
    own: Array


def run() -> Iterator[Row]:
    """Ratios to bottom-up over the levels and by level, then what reconciling costs."""
    if not DATA.is_dir():
        print(f"hierarchy: no samples in {DATA}", file=sys.stderr)
        return
    wide, structure, level = read_retail()
    origins = [_origin(wide, structure, back) for back in ORIGINS]
    scores = {score: _scores(origins, structure, level, score) for score in ("MASE", "RMSSE")}
    for score, found in scores.items():
        base = found["bottom-up"]
        for name, title, goal in (
            ("WLS, units", "reconciled by units (the product's)", 1.0),
            ("WLS, series", "reconciled by number of series", None),
            ("top-down", "top-down by last year's shares", None),
            ("own", "own forecasts, which do not add up", None),
        ):
            ratio = float(np.mean([found[name][at] / base[at] for at in LEVELS]))
            note = f"{len(ORIGINS)} origins; mean over the levels of the ratio" if goal else ""
            yield Row(f"retail: {title}", ratio, "bottom-up", 1.0, score, goal, note)
    for at in LEVELS:
        ours, theirs = scores["MASE"]["WLS, units"][at], scores["MASE"]["bottom-up"][at]
        yield Row(f"retail: reconciled, {at}", ours, "bottom-up", theirs, "MASE")
    yield _cost(wide, structure)


def read_retail() -> tuple[pd.DataFrame, Structure, Array]:
    """(leaves by month, the structure, level of every leaf and node) of the series that reach to the end."""
    frame = pd.read_parquet(DATA / "aus_retail_monthly.parquet")
    wide = frame.pivot(index="ds", columns="unique_id", values="y").sort_index()
    wide = wide.iloc[-(YEARS * 12 + HORIZON + max(ORIGINS)) :].dropna(axis=1)
    labels = frame.drop_duplicates("unique_id").set_index("unique_id").loc[wide.columns, ["region", "family"]]
    structure = Structure.by(labels.reset_index())
    names = {"T": "country", "r": "region", "f": "family"}
    level = np.array([LEVELS[-1]] * len(structure.leaves) + [names[node[0]] for node in structure.nodes])
    return wide[list(structure.leaves)], structure, level


def _frame(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")


def _whole(wide: pd.DataFrame, structure: Structure) -> pd.DataFrame:
    """Leaves and nodes by month."""
    sums = pd.DataFrame(
        wide.to_numpy() @ structure.summing.T.toarray(), index=wide.index, columns=list(structure.nodes)
    )
    return pd.concat([wide, sums], axis=1)


def _origin(wide: pd.DataFrame, structure: Structure, back: int) -> Origin:
    print(f"hierarchy: origin {back} months before the last", file=sys.stderr, flush=True)
    whole = _whole(wide, structure)
    end = len(whole) - HORIZON - back
    past, ahead = whole.iloc[end - YEARS * 12 : end], whole.iloc[end : end + HORIZON]
    found = forecast(_frame(past), HORIZON).pivot(index="ds", columns="unique_id", values="yhat")
    return Origin(past.to_numpy().T, ahead.to_numpy().T, found[whole.columns].to_numpy().T)


def _scores(
    origins: list[Origin], structure: Structure, level: Array, score: str
) -> dict[str, dict[str, float]]:
    """Mean error of every way of adding up, by level."""
    leaves = len(structure.leaves)
    found: dict[str, list[Array]] = {}
    for origin in origins:
        own, upper = origin.own[:leaves], origin.own[leaves:]
        share = origin.past[:leaves, -PERIOD:].sum(axis=1)
        top = upper[structure.nodes.index("Total")]
        ways = {
            "bottom-up": own,
            "WLS, units": reconcile_arrays(structure, own, upper),
            "WLS, series": reconcile_arrays(structure, own, upper, weights="series"),
            "top-down": np.outer(share / share.sum(), top),
        }
        whole = {name: np.vstack([leaf, structure.summing @ leaf]) for name, leaf in ways.items()}
        season = origin.past[:, PERIOD:] - origin.past[:, :-PERIOD]
        for name, values in {**whole, "own": origin.own}.items():
            gap = values - origin.ahead
            if score == "MASE":
                error = np.abs(gap).mean(axis=1) / np.abs(season).mean(axis=1)
            else:
                error = np.sqrt((gap**2).mean(axis=1) / (season**2).mean(axis=1))
            found.setdefault(name, []).append(error)
    return {
        name: {at: float(np.mean([error[level == at].mean() for error in errors])) for at in LEVELS}
        for name, errors in found.items()
    }


def _cost(wide: pd.DataFrame, structure: Structure) -> Row:
    """Seconds to reconcile, beside the forecasts themselves."""
    history = _frame(_whole(wide, structure).iloc[-YEARS * 12 :])
    start = time.perf_counter()
    found = forecast(history, HORIZON)
    middle = time.perf_counter()
    reconcile(found, structure)
    end = time.perf_counter()
    return Row("retail: reconciling", end - middle, "forecasting", middle - start, "s", 0.1)
