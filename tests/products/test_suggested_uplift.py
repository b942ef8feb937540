"""Past runs that measured something else than what is planned suggest other terms; those that did not, nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sop_core.demand.uplift import Measured, PastPromotion
from sop_core.products.promotions import PlannedPromotion, suggestions

DAY = "datetime64[D]"


def past(name: str, rise: float, error: float, why: str = "") -> Measured:
    """A past run of +40 % by its terms, nothing of it bought early, that measured `rise`."""
    terms = PastPromotion(
        name=name, products=("P",), what="P", region="All", segment="All", start=np.datetime64("2025-06-01", "D"),
        end=np.datetime64("2025-06-30", "D"), uplift=0.4, pull_forward=0.0, pull_months=1, price_change=0.0, cost=0.0,
    )  # fmt: skip
    none = np.zeros(0)
    return Measured(
        promotion=terms, months=np.zeros(0, dtype="datetime64[M]"), actual=none, expected=none, part=none, rise=rise,
        rise_error=error, planned_rise=0.4, extra=0.0, dip=0.0, dip_error=0.0, earned=math.nan, earned_error=math.nan,
        price=math.nan, unit_cost=0.0, freedom=20.0, yardstick="its own season and trend", together=(), why=why,
    )  # fmt: skip


def planned(uplift: float, name: str = "Sale 2027") -> PlannedPromotion:
    return PlannedPromotion(
        name=name, where="everywhere", what="P", start=np.datetime64("2027-06-01", "D"),
        end=np.datetime64("2027-06-30", "D"), uplift=uplift, pull_forward=0.0, price_change=0.0, cost=0.0, base=100.0,
        extra=100 * uplift, pulled=0.0, earned=0.0,
    )  # fmt: skip


def test_a_clear_difference_is_suggested_with_its_interval() -> None:
    (found,) = suggestions([planned(0.4)], [past("Sale 2025", 0.15, 0.05)])
    assert (found.promotion, found.planned, found.measured) == ("Sale 2027", 0.4, pytest.approx(0.15))
    # 80 % of the normal distribution lies within 1.2816 standard errors.
    assert (found.low, found.high) == (
        pytest.approx(0.15 - 0.0641, abs=1e-4),
        pytest.approx(0.2141, abs=1e-4),
    )
    assert found.past == ("Sale 2025",)


def test_closer_runs_weigh_more() -> None:
    """Weights 1 / 0.05² and 1 / 0.1², four to one."""
    (found,) = suggestions([planned(0.6)], [past("Sale 2024", 0.10, 0.05), past("Sale 2025", 0.20, 0.10)])
    assert found.measured == pytest.approx((4 * 0.10 + 0.20) / 5)


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [past("Sale 2025", 0.38, 0.05)],
        [past("Sale 2025", 0.10, 0.45)],
        [past("Sale 2025", 0.10, 0.05, why="nothing was sold in one of its months")],
        [past("Clearance 2025", 0.10, 0.05)],
        [past("Sale 2024", 0.10, 0.02), past("Sale 2025", 0.60, 0.02)],
    ],
    ids=["none", "as planned", "too loose", "not measured", "another promotion", "runs that disagree"],
)
def test_nothing_is_suggested_where_history_does_not_tell(runs: list[Measured]) -> None:
    assert suggestions([planned(0.4)], runs) == []
