"""Demand paths: reproducible, never negative, right on average, as wide and as correlated as history says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from sop_core import changes
from sop_core.inputs import Inputs
from sop_core.plan import Plan
from sop_core.planner import Company, Planner
from sop_core.risk import Draws, Uncertainty, beats, simulate, uncertainty
from sop_core.risk.past import Trial
from sop_core.risk.paths import BLOCK
from sop_core.risk.uncertainty import common_correlation, correlations, fading
from sop_core.scenario import Scenario
from tests.risk.committed import doubt, planned
from tests.supply.factory import make_inputs


@pytest.fixture(scope="module")
def error(demo_company: Company) -> Uncertainty:
    return uncertainty(demo_company)


def one_item(months: int = 1, **more: object) -> Plan:
    company = make_inputs(
        months, demand=[100.0] * months, price=10.0, stock={"opening": 110.0 * months}, waits=False,
        item={"unit_cost": 4.0, "lost_sale_cost": 1.0, **more},
    )  # fmt: skip
    return planned(company)


def test_the_same_seed_draws_the_same_paths_and_another_one_others(error: Uncertainty) -> None:
    first, again, other = (Draws.of(error, 300, seed).block(1) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert first.shape[-1] == 300 - BLOCK
    assert not np.allclose(first, other)


def test_fewer_paths_are_the_first_of_more(error: Uncertainty) -> None:
    assert np.array_equal(Draws.of(error, 100).block(0), Draws.of(error, 900).block(0)[..., :100])
    with pytest.raises(ValueError, match="two paths"):
        Draws.of(error, 1)


def test_a_scenario_changes_no_draw(demo_planner: Planner, error: Uncertainty) -> None:
    """The paths of a plan are the same whether or not others are simulated, before or after; and a scenario's
    demand is the base's factor on its own demand."""
    more = demo_planner.plan(Scenario.base().add(changes.DemandGrowth(pct=0.1)).rename("More"))
    alone = simulate(demo_planner.base, error, paths=100)
    scaled = simulate(more, error, paths=100)
    after = simulate(demo_planner.base, error, paths=100)
    for name, values in alone.kpis.items():
        assert np.array_equal(values, after.kpis[name]), name
    growth = more.demand.total.sum(axis=(1, 2, 3)) / demo_planner.base.demand.total.sum(axis=(1, 2, 3))
    even = np.isclose(growth, 1.1)
    assert even.sum() > 20
    assert scaled.item_demand[:, even] == pytest.approx(1.1 * alone.item_demand[:, even], rel=1e-9)


def test_factors_are_positive_have_mean_one_and_the_spread_asked_for(error: Uncertainty) -> None:
    draws = Draws.of(error, 2000)
    factors = np.concatenate([draws.block(n) for n in range(draws.blocks)], axis=-1).astype(float)
    assert factors.min() > 0
    spread = error.spread.transpose(2, 1, 0)
    noise = spread / np.sqrt(factors.shape[-1])
    assert (np.abs(factors.mean(axis=-1) - 1.0) <= 6 * noise + 1e-6).all()
    moderate = (spread > 0) & (spread < 0.3)
    assert np.median(factors.std(axis=-1)[moderate] / spread[moderate]) == pytest.approx(1.0, abs=0.02)


def test_correlations_between_items_months_and_regions_are_as_stated() -> None:
    company = make_inputs(
        6, demand=np.full((2, 2, 1, 6), 10.0), items=("A", "B"), regions=("R", "Q"), stock={"opening": 500.0}
    )
    plan = planned(company)
    between = np.array([[1.0, 0.6], [0.6, 1.0]])
    stated = doubt(plan, 0.2, between=between, regional=np.array([0.3, 0.3]), level=0.4, carry=0.5)
    draws = Draws.of(stated, 20_000)
    log = np.log(np.concatenate([draws.block(n) for n in range(draws.blocks)], axis=-1).astype(float))

    def corr(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
        return float(np.corrcoef(log[one], log[other])[0, 1])

    assert corr((0, 0, 0), (0, 0, 1)) == pytest.approx(0.6, abs=0.03)  # items, same region
    assert corr((0, 0, 0), (0, 1, 0)) == pytest.approx(0.3, abs=0.03)  # regions of an item
    assert corr((0, 0, 0), (0, 1, 1)) == pytest.approx(0.18, abs=0.03)
    for apart in (1, 2, 5):
        assert corr((0, 0, 0), (apart, 0, 0)) == pytest.approx(0.4 + 0.6 * 0.5**apart, abs=0.03)


def generated(between: np.ndarray, months: int, level: float, carry: float, seed: int) -> list[Trial]:
    """Errors of items whose correlations are known, in trials of 18 months."""
    dice = np.random.default_rng(seed)
    mixer = np.linalg.cholesky(between)
    out = []
    for trial in range(months // 18):
        apart = np.abs(np.subtract.outer(np.arange(18), np.arange(18)))
        over = np.linalg.cholesky(level + (1 - level) * carry**apart + 1e-9 * np.eye(18))
        errors = mixer @ dice.standard_normal((len(between), 18)) @ over.T
        out += [Trial(i, -18 * (trial + 1), values) for i, values in enumerate(errors)]
    return out


def test_correlation_is_recovered_from_a_long_history_and_shrunk_in_a_short_one() -> None:
    family = ["a"] * 4 + ["b"] * 4
    true = np.full((8, 8), 0.1)
    true[:4, :4] = true[4:, 4:] = 0.7
    true[0, 1] = true[1, 0] = 0.2
    np.fill_diagonal(true, 1.0)
    names = [f"I{n}" for n in range(8)]
    long = generated(true, 3600, 0.0, 0.0, 1)
    found, weight, months = correlations(long, family, names, 0.0, 0.0)
    assert months == 3600
    assert np.abs(found - true).max() < 0.06
    assert weight < 0.2
    short, heavy, months = correlations(generated(true, 36, 0.2, 0.3, 2), family, names, 0.2, 0.3)
    assert months == 36
    assert heavy > 2 * weight
    same = np.array(family)[:, None] == np.array(family)[None, :]
    off = ~np.eye(8, dtype=bool)
    assert short[same & off].mean() > short[~same].mean() + 0.2
    assert np.linalg.eigvalsh(short).min() > 0
    assert np.diag(short) == pytest.approx(np.ones(8))


def test_without_errors_the_correlation_is_the_stated_assumption() -> None:
    found, weight, months = correlations([], ["a", "a", "b"], ["x", "y", "z"], 0.2, 0.3)
    assert (weight, months) == (1.0, 0)
    assert found[0, 1] == pytest.approx(0.4, abs=1e-6)
    assert found[0, 2] == pytest.approx(0.15, abs=1e-6)


@pytest.mark.parametrize(("level", "carry"), [(0.0, 0.0), (0.4, 0.0), (0.3, 0.6)])
def test_what_fades_and_what_stays_is_read_off_the_errors(level: float, carry: float) -> None:
    found = fading(generated(np.eye(40), 18 * 6, level, carry, 3))
    assert found[0] == pytest.approx(level, abs=0.08)
    assert level + (1 - level) * carry == pytest.approx(found[0] + (1 - found[0]) * found[1], abs=0.08)


def test_regions_add_up_to_their_item(error: Uncertainty, demo_company: Company) -> None:
    """The widths of regions with the correlation given have the width of the item, where that can be."""
    parts = np.array([[3.0, 3.0], [4.0, 4.0]])
    for correlation in (0.0, 0.35, 1.0):
        whole = np.sqrt(correlation * 49.0 + (1 - correlation) * 25.0) * np.ones(2)
        assert common_correlation(parts, whole) == pytest.approx(correlation)
    baseline = demo_company.baseline
    assert baseline is not None
    deviation = error.spread * baseline.units.sum(axis=2)
    together = np.sqrt(
        error.regional[:, None] * deviation.sum(axis=1) ** 2
        + (1 - error.regional[:, None]) * (deviation**2).sum(axis=1)
    )
    ratio = together / np.maximum(baseline.sigma, 1e-9)
    free = (error.regional > 0.01) & (error.regional < 0.99) & (error.spread < 1.0).all(axis=(1, 2))
    assert free.sum() > 10
    assert np.median(ratio[free]) == pytest.approx(1.0, abs=0.05)


def test_errors_grow_with_the_months_ahead_as_the_bands_do(error: Uncertainty, demo_company: Company) -> None:
    baseline = demo_company.baseline
    assert baseline is not None
    units = baseline.units.sum(axis=2)
    width = (
        np.divide(baseline.leaf_width, units, out=np.zeros_like(units), where=units > 0) / 1.2815515655446004
    )
    known = (units > 0) & (width < 1.0)
    assert error.spread[known] == pytest.approx(width[known])


# -- against closed forms ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("spread", "stock"), [(0.1, 100.0), (0.25, 110.0), (0.5, 130.0)])
def test_expected_shortfall_of_one_item_is_the_closed_form(spread: float, stock: float) -> None:
    """Newsvendor: E max(D - Q, 0) of a lognormal demand, within four standard errors."""
    plan = one_item()
    inputs = plan.inputs
    held = dataclasses.replace(plan, inputs=_with_stock(inputs, stock))
    risk = simulate(held, doubt(plan, spread), paths=20_000, seed=11)
    lost = risk.kpis["lost_sales"]
    sigma = np.sqrt(np.log1p(spread**2))
    d = (np.log(100.0 / stock) + sigma**2 / 2) / sigma
    expected = 100.0 * norm.cdf(d) - stock * norm.cdf(d - sigma)
    assert lost.mean() == pytest.approx(expected, abs=4 * lost.std() / np.sqrt(len(lost)))


def test_for_a_small_error_the_shortfall_is_the_normal_loss_function() -> None:
    """Silver, Pyke & Peterson 1998: sigma (phi(k) - k (1 - Phi(k))), k = (Q - mean) / sigma."""
    plan = one_item()
    held = dataclasses.replace(plan, inputs=_with_stock(plan.inputs, 102.0))
    lost = simulate(held, doubt(plan, 0.04), paths=20_000, seed=12).kpis["lost_sales"]
    k = 2.0 / 4.0
    expected = 4.0 * (norm.pdf(k) - k * norm.sf(k))
    assert lost.mean() == pytest.approx(expected, abs=4 * lost.std() / np.sqrt(len(lost)) + 0.02)


def test_the_chance_to_run_out_is_that_of_demand_above_stock() -> None:
    plan = one_item()
    risk = simulate(plan, doubt(plan, 0.2), paths=20_000, seed=13)
    sigma = np.sqrt(np.log1p(0.04))
    expected = norm.sf((np.log(110.0 / 100.0) + sigma**2 / 2) / sigma)
    assert float((risk.kpis["service_level"] < 1.0).mean()) == pytest.approx(expected, abs=0.015)


def _with_stock(inputs: Inputs, units: float) -> Inputs:
    stock = dataclasses.replace(inputs.stock, opening=np.full_like(inputs.stock.opening, units))
    return dataclasses.replace(inputs, stock=stock)


def test_scenarios_on_other_paths_are_not_compared() -> None:
    plan = one_item()
    one, other = (simulate(plan, doubt(plan), paths=10, seed=seed) for seed in (1, 2))
    with pytest.raises(ValueError, match="same paths"):
        beats(one, other, "margin")
