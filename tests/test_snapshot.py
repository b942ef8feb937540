"""Snapshot: every default is applied and listed; nothing is silent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core.errors import DataError
from sop_core.planner import make_plan
from sop_core.planning_level import AUTO_LIMIT, planning_items
from sop_core.schema import TABLES
from sop_core.snapshot import Snapshot
from tests import published


def monthly(values: list[float], start: str = "2024-01-01", product: str = "P") -> pd.DataFrame:
    stamps = pd.date_range(start, periods=len(values), freq="MS")
    return pd.DataFrame({"month": stamps, "product": product, "quantity": values})


def test_sales_alone_make_a_company_and_say_what_was_assumed() -> None:
    snapshot = Snapshot.from_tables({"sales": monthly([100.0] * 24)})
    assert list(snapshot.table("products")["product"]) == ["P"]
    assert list(snapshot.table("regions")["region"]) == ["All"]
    assert snapshot.settings.plan_start == np.datetime64("2026-01")
    assert snapshot.settings.objective == "service"
    told = {(d.table, d.column) for d in snapshot.defaults_used}
    assert {("products", ""), ("settings", "plan_start"), ("settings", "objective")} <= told


def test_every_table_has_every_column() -> None:
    snapshot = Snapshot.from_tables({"sales": monthly([100.0] * 24)})
    for name, table in TABLES.items():
        assert tuple(snapshot.table(name).columns) == table.names


def test_partial_last_month_is_not_closed() -> None:
    assert Snapshot.from_tables(
        {"sales": monthly([100.0] * 24 + [12.0])}
    ).settings.plan_start == np.datetime64("2026-01")


def test_a_seasonal_low_is_not_a_partial_month() -> None:
    year = [100.0] * 11 + [20.0]
    assert Snapshot.from_tables({"sales": monthly(year * 3)}).settings.plan_start == np.datetime64("2027-01")


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("horizon_months", "many", "not a integer"),
        ("objective", "profit", "margin"),
        ("service_level", "7", "at most"),
    ],
)
def test_settings_that_do_not_hold_say_what_does(setting: str, value: str, told: str) -> None:
    tables = {
        "sales": monthly([1.0] * 12),
        "settings": pd.DataFrame({"setting": [setting], "value": [value]}),
    }
    with pytest.raises(DataError, match=told):
        Snapshot.from_tables(tables)


def test_no_demand_at_all_names_what_to_bring() -> None:
    with pytest.raises(DataError, match=r"sales\.csv"):
        Snapshot.from_tables({"products": pd.DataFrame({"product": ["P"]})})


def test_unit_cost_rolls_up_from_the_bill_of_materials() -> None:
    tables = {
        "demand_plan": published.demand([10.0]),
        "products": pd.DataFrame({"product": ["P"]}),
        "materials": pd.DataFrame(
            {"material": ["steel", "steel"], "supplier": ["A", "B"], "unit_cost": [3.0, 2.5]}
        ),
        "bom": pd.DataFrame({"product": ["P"], "material": ["steel"], "quantity_per": [4.0]}),
    }
    snapshot = Snapshot.from_tables(tables)
    assert snapshot.table("products")["unit_cost"].tolist() == [10.0]
    assert snapshot.table("products")["holding_cost"].tolist() == pytest.approx([0.2 * 10.0 / 12])


def test_same_content_same_fingerprint_whatever_the_order_of_tables() -> None:
    tables = {"sales": monthly([1.0] * 12), "products": pd.DataFrame({"product": ["P"], "price": [2.0]})}
    again = dict(reversed(tables.items()))
    assert Snapshot.from_tables(tables).fingerprint == Snapshot.from_tables(again).fingerprint
    tables["products"] = tables["products"].assign(price=3.0)
    assert Snapshot.from_tables(tables).fingerprint != Snapshot.from_tables(again).fingerprint


def test_many_products_are_planned_as_families_and_ways_stay_apart() -> None:
    names = [f"P{n:03d}" for n in range(AUTO_LIMIT + 1)]
    tables = {
        "products": pd.DataFrame({"product": names, "family": ["F"] * len(names)}),
        "sales": pd.concat([monthly([float(n + 1)] * 14, product=name) for n, name in enumerate(names)]),
        "sites": pd.DataFrame({"site": ["S"]}),
        "sources": pd.DataFrame(
            {
                "source": names,
                "product": names,
                "site": "S",
                "kind": ["make"] * 30 + ["buy"] * (len(names) - 30),
            }
        ),
    }
    items = planning_items(Snapshot.from_tables(tables))
    assert items.names == ("F, made", "F, bought")
    for at in range(2):
        assert sum(items.share[p] for p in items.products[at]) == pytest.approx(1.0)


def test_resources_that_only_routings_name_stand_at_their_source_without_limit() -> None:
    tables = {
        "demand_plan": published.demand([10.0]),
        "sources": pd.DataFrame({"source": ["k"], "product": ["P"], "site": ["Plant"]}),
        "routings": pd.DataFrame(
            {"source": ["k", "gone"], "resource": ["Line", "Press"], "hours_per_unit": 2.0}
        ),
        "settings": published.settings(1),
    }
    snapshot = Snapshot.from_tables(tables)
    assert snapshot.table("resources")[["resource", "site"]].to_numpy().tolist() == [["Line", "Plant"]]
    assert any(d.table == "resources" and "routings" in d.meaning for d in snapshot.defaults_used)
    plan = make_plan(snapshot)
    assert plan.solution.load[0].tolist() == [20.0]
    assert plan.summary()["kpis"]["served"] == 10.0


def test_open_orders_beside_a_demand_plan_are_not_forecast_from() -> None:
    orders = pd.DataFrame(
        {
            "order": ["1"],
            "ordered_on": [pd.Timestamp("2026-10-02")],
            "due_on": [pd.Timestamp("2026-11-20")],
            "product": ["P"],
            "quantity": [7.0],
        }
    )
    snapshot = Snapshot.from_tables({"demand_plan": published.demand([10.0, 10.0]), "orders": orders})
    assert snapshot.settings.demand == "demand_plan"
    assert snapshot.settings.plan_start == np.datetime64("2027-01")
    assert make_plan(snapshot).summary()["kpis"]["served"] == pytest.approx(27.0)


def test_a_warehouse_that_only_lanes_name_is_a_site() -> None:
    tables = {
        "demand_plan": published.demand([10.0], region="North"),
        "sources": pd.DataFrame({"source": ["k"], "product": ["P"], "site": ["Plant"]}),
        "lanes": pd.DataFrame(
            {"origin": ["Plant", "Depot"], "destination": ["Depot", "North"], "unit_cost": [2.0, 1.0]}
        ),
        "settings": published.settings(1),
    }
    snapshot = Snapshot.from_tables(tables)
    assert set(snapshot.table("sites")["site"]) == {"Plant", "Depot"}
    assert make_plan(snapshot).summary()["costs"]["transport"] == pytest.approx(10 * 3)


@pytest.mark.parametrize(("covered", "horizon"), [(6, 6), (30, 18)])
def test_a_demand_plan_that_ends_early_ends_the_horizon(covered: int, horizon: int) -> None:
    snapshot = Snapshot.from_tables({"demand_plan": published.demand([10.0] * covered)})
    assert snapshot.settings.horizon_months == horizon
    assert ("settings", "horizon_months") in {(d.table, d.column) for d in snapshot.defaults_used}


def test_families_without_sources_are_planned() -> None:
    """A family is one item where nobody says how its products are got."""
    months = pd.date_range("2024-01-01", periods=24, freq="MS")
    sales = pd.DataFrame(
        [(m, p, 10.0) for m in months for p in ("A", "B")], columns=["month", "product", "quantity"]
    )
    products = pd.DataFrame({"product": ["A", "B"], "family": ["Tools", "Tools"]})
    settings = pd.DataFrame({"setting": ["planning_level"], "value": ["family"]})
    snapshot = Snapshot.from_tables({"sales": sales, "products": products, "settings": settings})
    assert planning_items(snapshot).names == ("Tools",)
