"""Elasticity: planted ones are found within their interval, and nothing is claimed where history is silent."""

from __future__ import annotations

import numpy as np
import pytest

from sop_core.demand.elasticity import Elasticity, estimate, pooled, price_moves
from sop_core.demand.price_response import stepped

MONTHS = np.arange("2021-01", "2026-01", dtype="datetime64[M]")
MOVES = ((12, 0.05), (30, 0.04), (44, -0.05))


def planted(
    value: float,
    seed: int,
    moves: tuple[tuple[int, float], ...] = MOVES,
    noise: float = 0.05,
    wander: float = 0.0,
) -> Elasticity:
    """Five years of demand with season, trend and noise, at prices that moved."""
    rng = np.random.default_rng(seed)
    at = np.arange(len(MONTHS))
    log_price = np.zeros(len(MONTHS))
    for start, move in moves:
        log_price[start:] += np.log1p(move)
    error = rng.normal(0, noise, len(at)) + np.cumsum(rng.normal(0, 1, len(at))) * wander
    demand = np.exp(6 + 0.05 * at / 12 + 0.5 * np.sin(2 * np.pi * at / 12) + value * log_price + error)
    return estimate("P", MONTHS, demand, 10 * np.exp(log_price))


@pytest.mark.parametrize("wander", [0.0, 0.01])
@pytest.mark.parametrize("value", [-0.8, -1.6, -2.5])
def test_a_planted_elasticity_lies_in_its_interval(value: float, wander: float) -> None:
    found = [planted(value, seed, wander=wander) for seed in range(60)]
    inside = [low <= value <= high for low, high in (f.interval(0.95) for f in found)]
    assert np.mean(inside) >= 0.9
    assert np.mean([f.value for f in found]) == pytest.approx(value, abs=0.25)
    # The interval says something, too.
    assert np.median([f.error for f in found]) < 0.7


@pytest.mark.parametrize("wander", [0.0, 0.02])
def test_noise_is_not_taken_for_elasticity(wander: float) -> None:
    claimed = [planted(0.0, seed, wander=wander).clear for seed in range(100)]
    assert np.mean(claimed) <= 0.06


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ((), "its price never moved"),
        (((20, 0.01),), "its price moved once, by at most 1.0 %"),
        (((20, 0.05),), "its price moved once, by at most 5.0 %"),
    ],
)
def test_too_few_price_moves_are_told(moves: tuple[tuple[int, float], ...], said: str) -> None:
    found = planted(-1.5, 1, moves)
    assert not found.clear
    assert said in found.verdict()
    assert found.verdict().startswith("history cannot tell")


def test_a_short_or_patchy_history_is_told() -> None:
    price = np.where(np.arange(60) < 30, 10.0, 11.0)
    assert "months with demand" in estimate("P", MONTHS[:20], np.full(20, 5.0), price[20:40]).verdict()
    patchy = np.where(np.arange(60) % 3 == 0, 0.0, 50.0)
    assert "too many months without demand" in estimate("P", MONTHS, patchy, price).verdict()


def test_a_move_counts_when_it_is_large_and_held() -> None:
    price = np.full(40, 10.0)
    price[10:] = 10.5
    price[20:22] = 9.0  # two months of clearance are no list price
    price[30:] = 10.6  # below two percent
    assert price_moves(price, np.ones(40, dtype=bool)) == 1


def test_alike_products_lean_on_their_family() -> None:
    items = [planted(-1.5, seed, noise=0.12) for seed in range(5)]
    family = planted(-1.5, 9, noise=0.04)
    for own, better in zip(items, pooled(items, family, "F"), strict=True):
        assert better.error <= own.error + family.error
        assert abs(better.value + 1.5) <= abs(own.value + 1.5) + abs(family.value + 1.5)
        assert "leaning on F" in better.verdict()


def test_a_product_without_moves_takes_the_familys_less_surely() -> None:
    silent, family = planted(-1.5, 1, ()), planted(-1.5, 2, noise=0.02)
    own, _ = pooled([silent, planted(-1.5, 3)], family, "F")
    assert own.value == family.value
    assert own.error > family.error


def test_the_plan_uses_a_clear_estimate_with_caution() -> None:
    found = planted(-3.0, 4)
    assert found.clear
    assert found.value < found.cautious < -1.2


def test_a_realised_price_stands_for_a_list_only_where_it_moves_in_steps() -> None:
    rng = np.random.default_rng(0)
    listed = np.repeat([10.0, 10.5, 11.0], 12) * (1 + rng.uniform(-0.001, 0.001, 36))
    steps = stepped(listed)
    assert steps is not None
    assert len(set(steps.tolist())) == 3
    assert stepped(10 * (1 + rng.normal(0, 0.05, 36))) is None
