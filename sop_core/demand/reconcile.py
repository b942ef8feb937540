"""Forecasts that add up: reconciliation of the series of a hierarchy or of crossed groups.

Every node of a structure, the company as much as one product in one region, has a forecast of its own, and they
do not add up. Reconciliation finds the leaves b whose sums lie nearest to all of them:

    min  (y - S b)' W^-1 (y - S b),   b >= 0          b = (S'W^-1 S)^-1 S'W^-1 y where no bound holds

(weighted least squares: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., ch. 11;
Wickramasuriya, Athanasopoulos & Hyndman 2019; never negative: Wickramasuriya, Turlach & Hyndman 2020).

W is diagonal and structural: a node is as uncertain as the sum of its leaves, W = diag(S v). With v = 1 that is
the rule of the books, which splits a difference into equal numbers of units: right where leaves are of one size,
absurd where one leaf sells ten and the next ten thousand. The default counts in units instead, v = the leaf's own
forecast of the month, so that a difference moves every leaf in proportion, and a leaf forecast at zero stays there.

The bounds are exact. With A the upper rows of S, U their part of W and V = diag(v), the solution is
b = max(y + V A'm, 0), and m minimises a convex function of one variable per upper node; Newton's steps on it are
solves with U + A_F V_F A_F', F = the leaves above zero. Nothing of the size leaves x leaves is ever formed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import linalg, sparse
from scipy.sparse.linalg import splu

from sop_core.errors import ForecastError
from sop_core.inputs import Floats

Weights = Literal["units", "series"]

_STEPS = 100  # Newton steps at most; a handful is usual
_DENSE_UP_TO = 800  # upper nodes up to which a full matrix is faster than a sparse one


@dataclass(frozen=True, slots=True)
class Structure:
    """Which leaves each upper node is the sum of. Names are sorted, so their order in the data changes no digit.

    summing: sparse [nodes, leaves] of 0 and 1, the upper rows of the summing matrix S.
    """

    leaves: tuple[str, ...]
    nodes: tuple[str, ...]
    summing: sparse.csr_array

    @classmethod
    def of(cls, members: Mapping[str, Iterable[str]], leaves: Iterable[str] = ()) -> Structure:
        """From the leaves of each upper node; any groups, nested or crossed. `leaves`: such as stand in no
        node, or all. Raises ForecastError where a node is itself a member or has none."""
        sets = {node: sorted(set(members[node])) for node in sorted(members)}
        names = tuple(sorted(set(leaves).union(*sets.values())))
        both = sorted(set(names) & set(sets))
        if both:
            raise ForecastError(
                f"{both[0]} is both a sum and a member of a sum. Name the lowest series of each sum as its members."
            )
        empty = [node for node, found in sets.items() if not found]
        if empty:
            raise ForecastError(
                f"{empty[0]} has no members. Leave it out, or name the series it is the sum of."
            )
        position = {name: n for n, name in enumerate(names)}
        columns = [position[name] for found in sets.values() for name in found]
        ends = np.cumsum([0, *(len(found) for found in sets.values())])
        summing = sparse.csr_array((np.ones(len(columns)), columns, ends), shape=(len(sets), len(names)))
        return cls(names, tuple(sets), summing)

    @classmethod
    def by(cls, labels: pd.DataFrame, levels: Sequence[Sequence[str]] | None = None) -> Structure:
        """From a frame with `unique_id` and columns such as region and family: a node for each value of each
        column, named `region=North`, and `Total`. `levels`: other combinations of columns instead of the single
        ones, such as [("region",), ("region", "family")]; their nodes are named `region=North/family=Food`."""
        columns = [name for name in labels.columns if name != "unique_id"]
        wanted = [(name,) for name in columns] if levels is None else [tuple(level) for level in levels]
        names = labels["unique_id"].astype(str).tolist()
        members: dict[str, list[str]] = {"Total": names}
        for level in wanted:
            values = [labels[name].astype(str).tolist() for name in level]
            for name, *found in zip(names, *values, strict=True):
                key = "/".join(f"{column}={value}" for column, value in zip(level, found, strict=True))
                members.setdefault(key, []).append(name)
        return cls.of(members)


def reconcile(
    frame: pd.DataFrame,
    structure: Structure | Mapping[str, Iterable[str]],
    *,
    weights: Weights = "units",
    non_negative: bool | None = None,
) -> pd.DataFrame:
    """Coherent forecasts from a long frame `unique_id, ds, yhat` (and `lo, hi`, other columns are dropped).

    structure: the leaves of each upper node, or a Structure. Every leaf needs a forecast; a node without one
    becomes the sum of its leaves. All series cover the same dates. Returns the same columns for every leaf and
    node, sorted by unique_id and ds; an interval keeps its width and moves with its forecast.
    non_negative: whether leaves stay at or above zero; None = where no forecast given is below it.
    Raises ForecastError for a frame that does not fit the structure.
    """
    shape = structure if isinstance(structure, Structure) else Structure.of(structure)
    columns = [name for name in ("yhat", "lo", "hi") if name in frame.columns]
    missing = sorted({"unique_id", "ds", "yhat"} - set(frame.columns))
    if missing:
        raise ForecastError(f"The forecast lacks the column {missing[0]}. It has unique_id, ds and yhat.")
    wide = {name: frame.pivot(index="unique_id", columns="ds", values=name) for name in columns}
    given = wide["yhat"]
    known = set(given.index)
    absent = [name for name in shape.leaves if name not in known]
    if absent:
        raise ForecastError(
            f"There is no forecast of {absent[0]}" + (f" and {len(absent) - 1} more" if len(absent) > 1 else "")
            + ", of which others are sums. Forecast every lowest series."
        )  # fmt: skip
    used = given.loc[[name for name in (*shape.leaves, *shape.nodes) if name in known]]
    if not np.isfinite(used.to_numpy()).all():
        bad = used.index[~np.isfinite(used.to_numpy()).all(axis=1)][0]
        raise ForecastError(
            f"The forecast of {bad} does not cover all dates. Give all series the same dates."
        )
    floor = bool(used.to_numpy().min(initial=0.0) >= 0.0) if non_negative is None else non_negative
    leaf = given.loc[list(shape.leaves)].to_numpy(dtype=np.float64)
    upper = given.reindex(list(shape.nodes)).to_numpy(dtype=np.float64)
    found = reconcile_arrays(shape, leaf, upper, weights=weights, non_negative=floor)
    names = np.array([*shape.leaves, *shape.nodes], dtype=object)
    order = np.argsort(names)
    values = np.vstack([found, shape.summing @ found])[order]
    out = pd.DataFrame(
        {
            "unique_id": np.repeat(names[order], len(given.columns)),
            "ds": np.tile(given.columns.to_numpy(), len(names)),
            "yhat": values.ravel(),
        }
    ).astype({"unique_id": "str"})
    base = given.reindex(names[order]).to_numpy(dtype=np.float64)
    for name in columns[1:]:
        edge = values + (wide[name].reindex(names[order]).to_numpy(dtype=np.float64) - base)
        out[name] = (np.maximum(edge, 0.0) if floor else edge).ravel()
    return out


def reconcile_arrays(
    structure: Structure,
    leaf: Floats,
    upper: Floats,
    *,
    weights: Weights = "units",
    non_negative: bool = True,
) -> Floats:
    """[n, t] reconciled leaves from forecasts of the leaves [n, t] and of the upper nodes [u, t], in the order
    of `structure`. A node is then `structure.summing @ leaves`.

    upper: a row of NaN is a node without a forecast of its own. Nodes with the same leaves are one node, whose
    forecast is their mean, and so is a node of a single leaf: counted twice, a series would weigh twice. A leaf
    that is forecast at zero throughout stays at zero.
    """
    base = np.maximum(leaf, 0.0) if non_negative else np.array(leaf, dtype=np.float64)
    base, summing, aim = _distinct(structure.summing, base, np.asarray(upper, dtype=np.float64))
    alive = np.abs(base).max(axis=1, initial=0.0) > 0.0
    out: Floats = base.copy()
    if not summing.shape[0]:
        return out
    for t in range(base.shape[1]):
        variance = np.abs(base[:, t]) if weights == "units" else alive.astype(np.float64)
        out[:, t] = _column(summing, base[:, t], aim[:, t], variance, non_negative)
    return out


def _distinct(
    summing: sparse.csr_array, base: Floats, upper: Floats
) -> tuple[Floats, sparse.csr_array, Floats]:
    """(leaves' forecasts, summing, upper forecasts) with every set of leaves once."""
    groups: dict[bytes, list[int]] = {}
    for row in np.flatnonzero(np.isfinite(upper).all(axis=1)).tolist():
        leaves = summing.indices[summing.indptr[row] : summing.indptr[row + 1]]
        groups.setdefault(leaves.tobytes(), []).append(row)
    single: dict[int, list[int]] = {}
    rows: list[list[int]] = []
    for found in groups.values():
        first = found[0]
        if summing.indptr[first + 1] - summing.indptr[first] == 1:
            single[int(summing.indices[summing.indptr[first]])] = found
        else:
            rows.append(found)
    if single:
        base = base.copy()
        for at, found in single.items():
            base[at] = np.vstack([base[at], upper[found]]).mean(axis=0)
    kept = [found[0] for found in rows]
    aim = np.array([upper[found].mean(axis=0) for found in rows]).reshape(len(rows), base.shape[1])
    return base, summing[kept], aim


def _column(
    summing: sparse.csr_array, base: Floats, aim: Floats, variance: Floats, non_negative: bool
) -> Floats:
    """Reconciled leaves [n] of one month."""
    node = summing @ variance
    rows = np.flatnonzero(node > 0.0)  # a node all of whose leaves stay where they are cannot be moved
    if len(rows) < summing.shape[0]:
        summing, node, aim = summing[rows], node[rows], aim[rows]
    if not len(rows):
        return base
    multiplier = np.zeros(len(node))
    value = base  # base + V A'm: the leaves before the bound
    free = np.ones(len(base), dtype=bool)
    for step in range(_STEPS):
        leaves = np.maximum(value, 0.0) if non_negative else value
        slope = node * multiplier + summing @ leaves - aim
        free = (value > 0.0) | (variance == 0.0) if non_negative else free
        if step and np.abs(slope).max() <= 1e-12 * max(float(np.abs(aim).max()), float(leaves.sum()), 1e-300):
            break
        change = -_solve(summing, node, variance * free, slope)
        length = 1.0
        if non_negative and step:
            length = _line(summing, node, aim, base, variance, multiplier, change, float(slope @ change))
        multiplier = multiplier + length * change
        value = base + variance * (summing.T @ multiplier)
    result: Floats = np.maximum(value, 0.0) if non_negative else value
    return result


def _line(
    summing: sparse.csr_array,
    node: Floats,
    aim: Floats,
    base: Floats,
    variance: Floats,
    at: Floats,
    change: Floats,
    slope: float,
) -> float:
    """How far to go along a Newton step so that the convex function falls enough (Armijo); 1 nearly always."""
    spread = np.where(variance > 0.0, variance, 1.0)

    def height(multiplier: Floats) -> float:
        leaves = np.maximum(base + variance * (summing.T @ multiplier), 0.0)
        curve = np.where(variance > 0.0, leaves * leaves / spread, 2.0 * base * (summing.T @ multiplier))
        return float(0.5 * (node * multiplier) @ multiplier + 0.5 * curve.sum() - aim @ multiplier)

    here = height(at)
    length = 1.0
    slack = 1e-13 * max(abs(here), 1.0)
    while length > 1e-6 and height(at + length * change) > here + 1e-4 * length * slope + slack:
        length *= 0.5
    return length


def _solve(summing: sparse.csr_array, node: Floats, variance: Floats, slope: Floats) -> Floats:
    """(U + A V A')^-1 slope; the matrix is scaled to a diagonal of one, since nodes differ by magnitudes."""
    weighted = summing @ sparse.diags_array(np.sqrt(variance))
    matrix = (weighted @ weighted.T).tocsc()
    scale = 1.0 / np.sqrt(matrix.diagonal() + node)
    shrink = sparse.diags_array(scale)
    matrix = shrink @ (matrix + sparse.diags_array(node)) @ shrink
    if len(node) <= _DENSE_UP_TO:
        found = linalg.solve(matrix.toarray(), scale * slope, assume_a="pos")
    else:
        found = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0).solve(scale * slope)
    out: Floats = scale * found
    return out
