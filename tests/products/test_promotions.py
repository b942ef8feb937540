"""Planned promotions by the plan's numbers, and other terms as a Change."""

from __future__ import annotations

import pandas as pd
import pytest

from sop_core.changes import PromotionTerms
from sop_core.planner import prepare, unconstrained
from sop_core.products.promotions import planned_promotions, same_promotion
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests import published


def test_a_planned_promotion_earns_what_its_terms_say() -> None:
    """100 a month at 10, cost 6; March +50 %, a fifth of April bought early, price -10 %, 30 to run it:
    50 x 3 earned, 100 x 1 given away, 20 x 1 given away on what is bought early."""
    tables = {
        "products": pd.DataFrame({"product": ["P"], "price": [10.0], "unit_cost": [6.0]}),
        "demand_plan": published.demand([100.0] * 6),
        "settings": published.settings(6),
        "promotions": pd.DataFrame(
            {
                "promotion": ["Spring 2027"],
                "product": ["P"],
                "start": pd.to_datetime(["2027-03-01"]),
                "end": pd.to_datetime(["2027-03-31"]),
                "uplift": [0.5],
                "pull_forward": [0.2],
                "price_change": [-0.1],
                "cost": [30.0],
            }
        ),
    }
    built = prepare(Snapshot.from_tables(tables))
    (line,) = planned_promotions(unconstrained(built, Scenario.base()))
    assert (line.base, line.extra, line.pulled) == (pytest.approx(100), pytest.approx(50), pytest.approx(20))
    assert line.earned == pytest.approx(50 * 3 - 100 * 1 - 20 * 1 - 30)
    terms = PromotionTerms(promotion="Spring 2027", uplift=1.0, cost=0.0)
    (other,) = planned_promotions(unconstrained(built, Scenario.base().add(terms)))
    assert other.earned == pytest.approx(100 * 3 - 100 * 1 - 20 * 1)
    assert other.price_change == pytest.approx(-0.1)


def test_runs_of_one_promotion_share_its_name() -> None:
    assert same_promotion("Mower Weeks 2027") == same_promotion("Mower Weeks 2025")
    assert same_promotion("2026 Leaf Weeks") == same_promotion("Leaf Weeks")
    assert same_promotion("Black Week") != same_promotion("Leaf Weeks")
