"""Planned list prices act on a forecast where an elasticity is given or history tells it, and never otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core.planner import Company, prepare, unconstrained
from sop_core.products.prices import planned_changes
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests import published

MONTHS = pd.date_range("2022-01-01", "2026-12-01", freq="MS")


def company(elasticity: float | None, *, moves: bool = False, value: float = -2.0) -> Company:
    """Five years of sales; the list price rises by 5 % in the third month of the plan."""
    rng = np.random.default_rng(3)
    at = np.arange(len(MONTHS))
    price = np.full(len(MONTHS), 10.0)
    rows = [("2022-01-01", 10.0)]
    if moves:
        for start, level in ((14, 11.0), (30, 10.2), (44, 11.5)):
            price[start:] = level
            rows.append((str(MONTHS[start].date()), level))
    last = price[-1]
    rows.append(("2027-03-01", last * 1.05))
    units = (
        500 * (price / 10) ** value * np.exp(0.3 * np.sin(2 * np.pi * at / 12) + rng.normal(0, 0.03, len(at)))
    )
    listed = pd.DataFrame(rows, columns=["month", "price"]).assign(product="P")
    listed["month"] = pd.to_datetime(listed["month"])
    products = pd.DataFrame({"product": ["P"], "price": [10.0], "elasticity": [elasticity]})
    sales = pd.DataFrame({"month": MONTHS, "product": "P", "quantity": units, "revenue": units * price})
    settings = pd.DataFrame({"setting": ["horizon_months"], "value": ["6"]})
    return prepare(
        Snapshot.from_tables({"products": products, "sales": sales, "prices": listed, "settings": settings})
    )


def layer(built: Company) -> list[float]:
    demand = unconstrained(built, Scenario.base()).demand
    part = demand.layers["price"].sum(axis=(0, 1, 2)) / demand.base.sum(axis=(0, 1, 2))
    return [float(value) for value in part]


def test_a_given_elasticity_acts_from_the_month_of_the_new_price() -> None:
    built = company(-1.5)
    assert layer(built) == pytest.approx([0, 0, *[1.05**-1.5 - 1] * 4])
    (change,) = planned_changes(built, unconstrained(built, Scenario.base()))
    assert change.part == pytest.approx(0.05)
    assert change.units < 0


def test_without_a_price_move_in_history_demand_is_left_alone_and_it_is_said() -> None:
    built = company(None)
    assert layer(built) == [0.0] * 6
    assert any("leave demand alone" in note.meaning for note in built.notes)
    (change,) = planned_changes(built, unconstrained(built, Scenario.base()))
    assert np.isnan(change.units)


def test_a_measured_elasticity_acts_and_is_said() -> None:
    built = company(None, moves=True)
    assert built.price_response is not None
    assert built.price_response.items[0].clear
    used = built.price_response.products["P"]
    assert used.source == "estimated"
    assert layer(built)[2:] == pytest.approx([1.05**used.value - 1] * 4)
    assert any("estimated from past price moves" in note.meaning for note in built.notes)


def test_a_demand_plan_is_never_touched() -> None:
    tables = {
        "products": pd.DataFrame({"product": ["P"], "price": [10.0], "elasticity": [-3.0]}),
        "prices": pd.DataFrame({"month": [pd.Timestamp("2027-03-01")], "product": ["P"], "price": [20.0]}),
        "demand_plan": published.demand([100.0] * 6),
        "settings": published.settings(6),
    }
    built = prepare(Snapshot.from_tables(tables))
    assert built.price_response is None
    assert layer(built) == [0.0] * 6
