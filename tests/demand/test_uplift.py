"""Measured uplift: what was planted is found within its interval, by days, and its money adds up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core.calendar import month_part
from sop_core.demand.history import build_history
from sop_core.demand.signal import product_signal
from sop_core.demand.uplift import Measured, measure, past_promotions
from sop_core.planning_level import planning_items
from sop_core.snapshot import Snapshot

MONTHS = pd.date_range("2022-01-01", "2026-12-01", freq="MS")


def measured(
    uplift: float,
    seed: int = 0,
    *,
    start: str = "2025-06-16",
    end: str = "2025-07-15",
    noise: float = 0.04,
    dip: float = 0.0,
    region: str = "All",
    shock: float = 0.0,
    weather: float = 0.0,
    price: float = -0.1,
    cost: float = 1000.0,
) -> Measured:
    """Five years in two regions; `weather` moves the whole market, `shock` while the promotion runs."""
    rng = np.random.default_rng(seed)
    at = np.arange(len(MONTHS))
    months = MONTHS.to_numpy().astype("datetime64[M]")
    part = month_part(months, np.datetime64(start), np.datetime64(end))
    after = months == np.datetime64(end, "M") + 1
    common = rng.normal(0, weather, len(at)) + shock * (part > 0)
    rows = []
    for name, level in (("North", 600.0), ("South", 400.0)):
        effect = uplift * part - dip * after if region in ("All", name) else 0.0
        market = np.exp(0.03 * at / 12 + 0.4 * np.sin(2 * np.pi * at / 12) + common)
        units = level * market * (1 + effect) * np.exp(rng.normal(0, noise, len(at)))
        rows.append(
            pd.DataFrame(
                {"month": MONTHS, "product": "P", "region": name, "quantity": units, "revenue": units * 20.0}
            )
        )
    promotions = pd.DataFrame(
        {
            "promotion": ["Sale 2025"],
            "product": ["P"],
            "region": [region],
            "start": pd.to_datetime([start]),
            "end": pd.to_datetime([end]),
            "uplift": [0.4],
            "price_change": [price],
            "cost": [cost],
        }
    )
    products = pd.DataFrame({"product": ["P"], "price": [20.0], "unit_cost": [8.0]})
    snapshot = Snapshot.from_tables(
        {"sales": pd.concat(rows), "promotions": promotions, "products": products}
    )
    history = build_history(snapshot, planning_items(snapshot))
    assert history is not None
    (found,) = measure(product_signal(snapshot, history), past_promotions(snapshot), {"P": 8.0})
    return found


@pytest.mark.parametrize("uplift", [0.0, 0.25, 0.6])
def test_a_planted_uplift_lies_in_its_interval(uplift: float) -> None:
    found = [measured(uplift, seed) for seed in range(30)]
    inside = [low <= uplift <= high for low, high in (f.interval(0.8) for f in found)]
    assert np.mean(inside) >= 0.65
    assert np.mean([f.rise for f in found]) == pytest.approx(uplift, abs=0.06)
    assert np.median([f.rise_error for f in found]) < 0.2


def test_without_noise_uplift_dip_and_money_are_exact() -> None:
    """Half of June and July at +60 %, a tenth of August bought early."""
    found = measured(0.6, noise=0.0, dip=0.1, start="2025-06-01", end="2025-06-30")
    base, august = found.expected
    assert found.rise == pytest.approx(0.6, rel=0.02)
    assert found.extra == pytest.approx(0.6 * base, rel=0.02)
    assert found.dip == pytest.approx(0.1 * august, rel=0.1)
    earned = found.extra * (18 - 8) - base * 2 - found.dip * (20 - 8) - 1000
    assert found.earned == pytest.approx(earned, rel=1e-6)


def test_part_of_a_month_counts_by_days() -> None:
    found = measured(0.5, noise=0.0)
    assert found.part.tolist() == pytest.approx([15 / 30, 15 / 31, 0.0])
    assert found.rise == pytest.approx(0.5, rel=0.03)


def test_a_market_that_moved_as_a_whole_is_no_uplift() -> None:
    """Both regions rise by a third while it runs in the North alone: the South tells it apart."""
    found = [measured(0.3, seed, region="North", shock=0.3, weather=0.12) for seed in range(10)]
    assert {f.yardstick for f in found} == {"the same products where it did not run"}
    assert np.mean([f.rise for f in found]) == pytest.approx(0.3, abs=0.06)


def test_pay_back_has_a_sign_only_where_it_is_sure() -> None:
    assert measured(1.0, noise=0.03).paid is True
    assert measured(0.0, noise=0.03, cost=9000.0).paid is False
    nearly = [measured(0.3, seed, noise=0.15, cost=500.0).paid for seed in range(10)]
    assert nearly.count(None) >= 5


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2024-01-01", "2025-06-30", "too long"),
        ("2021-05-01", "2021-06-30", "before the history"),
    ],
)
def test_what_cannot_be_measured_says_why(start: str, end: str, said: str) -> None:
    found = measured(0.3, start=start, end=end)
    assert said in found.why
    assert found.paid is None
