"""Planned list prices act on a forecast where an elasticity is given or history tells it, and never otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core.demand.price import list_prices
from sop_core.planner import Company, prepare, unconstrained
from sop_core.planning_level import planning_items
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


def sold_at(listed: list[tuple[str, float]], today: float, paid: float) -> Company:
    """Sales of two years at one price paid; a price list, and the product's own price."""
    months = pd.date_range("2025-01-01", "2026-12-01", freq="MS")
    prices = pd.DataFrame(listed, columns=["month", "price"]).assign(product="P")
    prices["month"] = pd.to_datetime(prices["month"])
    return prepare(
        Snapshot.from_tables(
            {
                "products": pd.DataFrame({"product": ["P"], "price": [today], "elasticity": [-1.0]}),
                "sales": pd.DataFrame(
                    {"month": months, "product": "P", "quantity": 100.0, "revenue": 100 * paid}
                ),
                "prices": prices,
                "settings": pd.DataFrame({"setting": ["horizon_months"], "value": ["4"]}),
            }
        )
    )


def test_before_a_price_list_begins_its_first_price_held() -> None:
    """The list begins within the months over which the realised price is measured: nine tenths of 10 were paid in
    all of them, and today's price of 20 says nothing of them."""
    built = sold_at([("2026-07-01", 10.0)], today=20.0, paid=9.0)
    assert built.inputs.demand.price.ravel() == pytest.approx([9.0] * 4)


def test_a_list_that_begins_in_the_plan_is_a_change_of_todays_price() -> None:
    built = sold_at([("2027-03-01", 12.0)], today=10.0, paid=9.0)
    assert built.inputs.demand.price.ravel() == pytest.approx([9.0, 9.0, 10.8, 10.8])
    assert layer(built) == pytest.approx([0, 0, 10 / 12 - 1, 10 / 12 - 1])
    (change,) = planned_changes(built, unconstrained(built, Scenario.base()))
    assert (change.before, change.after) == (10.0, 12.0)


def test_without_a_price_of_its_own_the_first_listed_one_stands() -> None:
    built = sold_at([("2027-03-01", 12.0)], today=0.0, paid=12.0)
    assert built.inputs.demand.price.ravel() == pytest.approx([12.0] * 4)


def test_a_regions_own_price_comes_before_the_one_for_all() -> None:
    months = np.arange("2026-11", "2027-05", dtype="datetime64[M]")
    rows = [
        ("2026-01-01", "All", 10.0),
        ("2026-12-01", "East", 8.0),
        ("2027-02-01", "All", 11.0),
        ("2027-04-01", "East", 9.0),
    ]
    prices = pd.DataFrame(rows, columns=["month", "region", "price"]).assign(product="P")
    prices["month"] = pd.to_datetime(prices["month"])
    snapshot = Snapshot.from_tables(
        {
            "products": pd.DataFrame({"product": ["P"], "price": [10.0]}),
            "regions": pd.DataFrame({"region": ["East", "West"]}),
            "demand_plan": published.demand([100.0] * 6),
            "prices": prices,
        }
    )
    east, west = list_prices(snapshot, planning_items(snapshot), months).price[0]
    assert east.tolist() == [10, 8, 8, 8, 8, 9]
    assert west.tolist() == [10, 10, 10, 11, 11, 11]
