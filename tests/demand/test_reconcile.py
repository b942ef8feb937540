"""Reconciliation: everything adds up, nothing falls below zero, and the result is the nearest there is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.demand.reconcile import Structure, Weights, reconcile, reconcile_arrays
from sop_core.errors import ForecastError
from sop_core.inputs import Floats

DATES = pd.date_range("2026-01-01", periods=3, freq="MS")
LEAVES = [f"{region}/{family}" for region in "NSW" for family in ("Food", "Iron")]


def crossed() -> Structure:
    """Three regions by two families, with totals."""
    labels = pd.DataFrame(
        {
            "unique_id": LEAVES,
            "region": [name[0] for name in LEAVES],
            "family": [name[2:] for name in LEAVES],
        }
    )
    return Structure.by(labels)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Structure, Floats, Floats]:
    """Groups over up to eight leaves, and forecasts that do not add up, over magnitudes, with zeros."""
    count = draw(st.integers(2, 8))
    leaves = [f"leaf {n}" for n in range(count)]
    groups = draw(
        st.lists(st.sets(st.sampled_from(leaves), min_size=1), min_size=1, max_size=6, unique_by=frozenset)
    )
    structure = Structure.of({f"node {n}": group for n, group in enumerate(groups)}, leaves)
    amount = st.one_of(st.just(0.0), st.floats(0.01, 1e5))
    rows = count + len(structure.nodes)
    values = draw(st.lists(st.lists(amount, min_size=2, max_size=2), min_size=rows, max_size=rows))
    found = np.array(values)
    return structure, found[:count], found[count:]


@given(problems(), st.sampled_from(["units", "series"]))
@settings(max_examples=200, deadline=None)
def test_it_is_the_nearest_that_adds_up_and_is_not_negative(
    problem: tuple[Structure, Floats, Floats], weights: Weights
) -> None:
    """The optimality conditions of the bounded problem, which is convex: the gradient of the weighted squares,
    (b - y) / v + A'((A b - u) / (A v)), is zero where a leaf is above zero, and not negative where it is not."""
    structure, leaf, upper = problem
    alone = structure.summing.sum(axis=1) == 1  # a sum of one leaf is that leaf, see below
    found = reconcile_arrays(structure, leaf, np.where(alone[:, None], np.nan, upper), weights=weights)
    assert (found >= 0.0).all()
    alive = leaf.max(axis=1) > 0
    summing = structure.summing[np.flatnonzero(~alone)].toarray()
    for t in range(leaf.shape[1]):
        variance = leaf[:, t] if weights == "units" else alive.astype(float)
        node, aim = summing @ variance, upper[~alone, t]
        there = node > 0
        gap = (summing[there] @ found[:, t] - aim[there]) / node[there]
        gradient = found[:, t] - leaf[:, t] + variance * (summing[there].T @ gap)
        tolerance = 1e-8 * max(1.0, leaf[:, t].max(), aim.max(initial=0.0))
        assert (gradient >= -tolerance).all()
        assert np.abs(gradient[found[:, t] > tolerance]).max(initial=0.0) <= tolerance


@given(problems())
@settings(max_examples=100, deadline=None)
def test_what_adds_up_already_stays_as_it_is(problem: tuple[Structure, Floats, Floats]) -> None:
    structure, leaf, _ = problem
    assert reconcile_arrays(structure, leaf, structure.summing @ leaf) == pytest.approx(leaf, rel=1e-9)


@given(problems(), st.floats(0.001, 1000.0), st.sampled_from(["units", "series"]))
@settings(max_examples=100, deadline=None)
def test_the_unit_of_the_quantities_does_not_matter(
    problem: tuple[Structure, Floats, Floats], factor: float, weights: Weights
) -> None:
    structure, leaf, upper = problem
    once = reconcile_arrays(structure, leaf, upper, weights=weights)
    scaled = reconcile_arrays(structure, leaf * factor, upper * factor, weights=weights)
    assert scaled == pytest.approx(
        once * factor, rel=1e-6, abs=1e-6 * factor * max(upper.max(), leaf.max(), 1e-9)
    )


@given(problems())
@settings(max_examples=100, deadline=None)
def test_what_is_forecast_at_zero_is_given_nothing(problem: tuple[Structure, Floats, Floats]) -> None:
    structure, leaf, upper = problem
    alone = structure.summing.sum(axis=1) == 1
    found = reconcile_arrays(structure, leaf, np.where(alone[:, None], np.nan, upper))
    assert (found[leaf == 0.0] == 0.0).all()


def frame(values: dict[str, float], factor: float = 1.0) -> pd.DataFrame:
    """A flat forecast of each series, with an interval of a fifth of it."""
    rows = [
        {"unique_id": name, "ds": date, "yhat": value * factor, "lo": value * 0.8, "hi": value * 1.2}
        for name, value in values.items()
        for date in DATES
    ]
    return pd.DataFrame(rows)


def rough() -> pd.DataFrame:
    """Own forecasts of the crossed groups that do not add up."""
    rng = np.random.default_rng(3)
    structure = crossed()
    leaf = {name: float(rng.lognormal(4.0, 1.5)) for name in structure.leaves}
    sums = structure.summing @ np.array([leaf[name] for name in structure.leaves])
    upper = dict(zip(structure.nodes, sums * rng.lognormal(0.0, 0.2, len(sums)), strict=True))
    return frame(leaf | upper)


def test_every_level_is_the_sum_of_its_leaves() -> None:
    structure = crossed()
    wide = reconcile(rough(), structure).pivot(index="unique_id", columns="ds", values="yhat")
    leaf = wide.loc[list(structure.leaves)].to_numpy()
    upper = wide.loc[list(structure.nodes)].to_numpy()
    assert upper == pytest.approx(structure.summing @ leaf, rel=1e-12)
    regions = [name for name in structure.nodes if name.startswith("region=")]
    assert wide.loc[regions].sum().to_numpy() == pytest.approx(wide.loc["Total"].to_numpy(), rel=1e-9)


def test_the_order_of_rows_and_nodes_changes_no_digit() -> None:
    base, structure = rough(), crossed()
    members = {
        node: [structure.leaves[at] for at in structure.summing[[row]].indices]
        for row, node in enumerate(structure.nodes)
    }
    turned = {node: members[node][::-1] for node in reversed(list(members))}
    shuffled = base.sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(reconcile(base, members), reconcile(shuffled, turned), check_exact=True)


def test_by_series_it_is_the_formula_of_the_books() -> None:
    """P = (S'W^-1 S)^-1 S'W^-1 with W = diag(S 1), where no bound holds (FPP3, section 11.3)."""
    structure, base = crossed(), rough()
    summing = np.vstack([np.eye(len(structure.leaves)), structure.summing.toarray()])
    weight = np.diag(1.0 / summing.sum(axis=1))
    own = base.pivot(index="unique_id", columns="ds", values="yhat").loc[
        [*structure.leaves, *structure.nodes]
    ]
    expected = np.linalg.solve(summing.T @ weight @ summing, summing.T @ weight @ own.to_numpy())
    found = reconcile(base, structure, weights="series", non_negative=False)
    wide = found.pivot(index="unique_id", columns="ds", values="yhat").loc[list(structure.leaves)]
    assert wide.to_numpy() == pytest.approx(expected, rel=1e-9)


def test_units_move_leaves_in_proportion_where_series_move_them_by_the_same_number() -> None:
    members = {"Total": ["large", "small"]}
    base = frame({"large": 1000.0, "small": 10.0, "Total": 1210.0})
    by_units = reconcile(base, members).set_index("unique_id")["yhat"]
    assert by_units["small"].iloc[0] / 10.0 == pytest.approx(by_units["large"].iloc[0] / 1000.0)
    by_series = reconcile(base, members, weights="series").set_index("unique_id")["yhat"]
    assert by_series["small"].iloc[0] - 10.0 == pytest.approx(by_series["large"].iloc[0] - 1000.0)


def test_a_series_that_stands_in_two_levels_counts_once() -> None:
    """A family of one product: its forecast is the product's, twice; the total must not lean towards it."""
    once = {"Total": ["a", "b"]}
    base = {"a": 100.0, "b": 100.0, "Total": 260.0}
    twice = once | {"Family": ["a"], "Line": ["a", "b"]}
    first = reconcile(frame(base), once).set_index("unique_id")["yhat"]
    second = reconcile(frame(base | {"Family": 100.0, "Line": 260.0}), twice).set_index("unique_id")["yhat"]
    assert second["b"].iloc[0] == pytest.approx(first["b"].iloc[0])


def test_an_interval_keeps_its_width_and_stays_above_zero() -> None:
    base = rough()
    found = reconcile(base, crossed())
    before = base.set_index(["unique_id", "ds"]).sort_index()
    after = found.set_index(["unique_id", "ds"]).sort_index()
    assert (after["hi"] - after["yhat"]).to_numpy() == pytest.approx(
        (before["hi"] - before["yhat"]).reindex(after.index).to_numpy()
    )
    assert (after["lo"] >= 0.0).all()


def test_a_node_without_a_forecast_is_the_sum() -> None:
    base = frame({"a": 3.0, "b": 4.0})
    found = reconcile(base.drop(columns=["lo", "hi"]), {"Total": ["a", "b"]})
    assert found.loc[found["unique_id"] == "Total", "yhat"].tolist() == pytest.approx([7.0] * 3)


def test_negative_forecasts_may_stay_negative() -> None:
    """Net returns: where a forecast is below zero to begin with, nothing is cut."""
    found = reconcile(frame({"a": -5.0, "b": 4.0, "Total": 0.0}), {"Total": ["a", "b"]})
    wide = found.set_index("unique_id")["yhat"]
    assert wide["a"].iloc[0] < 0.0
    assert wide["Total"].iloc[0] == pytest.approx(wide["a"].iloc[0] + wide["b"].iloc[0])


@pytest.mark.parametrize(
    ("base", "members", "said"),
    [
        ({"a": 1.0}, {"Total": ["a", "b"]}, "no forecast of b"),
        ({"a": 1.0, "b": 1.0}, {"Total": ["a", "b"], "a": ["b"]}, "a is both a sum and a member"),
        ({"a": 1.0}, {"Total": []}, "Total has no members"),
    ],
)
def test_what_does_not_fit_is_told(base: dict[str, float], members: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ForecastError, match=said):
        reconcile(frame(base), members)


def test_dates_that_differ_are_told() -> None:
    base = frame({"a": 1.0, "b": 1.0}).iloc[:-1]
    with pytest.raises(ForecastError, match="forecast of b does not cover all dates"):
        reconcile(base, {"Total": ["a", "b"]})
    with pytest.raises(ForecastError, match="lacks the column yhat"):
        reconcile(base.drop(columns="yhat"), {"Total": ["a", "b"]})


def test_a_large_company_is_solved_like_a_small_one() -> None:
    """900 item x region nodes over 1,800 cells take the sparse way; the equations of the books still hold."""
    rng = np.random.default_rng(5)
    labels = pd.DataFrame(
        [(f"{i}/{r}/{m}", f"{i}", f"{r}", f"{m}") for i in range(90) for r in range(10) for m in range(2)],
        columns=["unique_id", "item", "region", "segment"],
    )
    structure = Structure.by(labels, [("item",), ("region",), ("segment",), ("item", "region")])
    assert len(structure.nodes) > 800
    leaf = rng.lognormal(3.0, 1.0, (1800, 1))
    upper = (structure.summing @ leaf) * rng.lognormal(0.0, 0.1, (len(structure.nodes), 1))
    found = reconcile_arrays(structure, leaf, upper)
    assert (found > 0).all()
    # Gradient of the weighted squares: (b - y) / v + A' ((A b - u) / (A v)) = 0.
    node = structure.summing @ leaf
    gradient = (found - leaf) / leaf + structure.summing.T @ ((structure.summing @ found - upper) / node)
    assert np.abs(gradient).max() < 1e-8
