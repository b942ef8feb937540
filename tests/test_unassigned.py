"""Demand without a region or segment, in a company that lists several, is shared out and never lost."""

from __future__ import annotations

import pandas as pd
import pytest

from sop_core.planner import make_plan
from sop_core.snapshot import Snapshot
from tests import published

REGIONS = pd.DataFrame({"region": ["North", "South"]})


def company(**tables: pd.DataFrame) -> Snapshot:
    return Snapshot.from_tables(tables)


def units(snapshot: Snapshot, table: str, column: str) -> dict[str, float]:
    frame = snapshot.table(table)
    return {str(k): float(v) for k, v in frame.groupby(column)["quantity"].sum().items()}


def told(snapshot: Snapshot, table: str, column: str) -> list[str]:
    return [d.meaning for d in snapshot.defaults_used if (d.table, d.column) == (table, column)]


def test_the_only_segment_takes_all_demand_and_its_rule_holds() -> None:
    """Orders of a segment that may not wait are lost, though no row of demand names the segment."""
    tables = {
        "products": pd.DataFrame({"product": ["P"], "price": [10.0], "unit_cost": [4.0]}),
        "segments": pd.DataFrame({"segment": ["Shop"], "backorders": [False]}),
        "sources": pd.DataFrame({"source": ["k"], "product": ["P"], "site": ["S"], "max_quantity": [60.0]}),
        "demand_plan": published.demand([100.0]),
        "settings": published.settings(1, objective="margin"),
    }
    plan = make_plan(Snapshot.from_tables(tables))
    assert plan.summary()["margin"] == pytest.approx(60 * (10 - 4))
    assert plan.solution.lost.sum() == pytest.approx(40)
    assert plan.solution.backlog.sum() == 0


def test_blank_regions_follow_the_rows_of_the_same_product_that_name_one() -> None:
    plan = pd.concat(
        [
            published.demand([30.0], region="North"),
            published.demand([10.0], region="South"),
            published.demand([40.0]),
        ]
    )
    snapshot = company(regions=REGIONS, demand_plan=plan)
    assert units(snapshot, "demand_plan", "region") == pytest.approx({"North": 60, "South": 20})
    assert "as the rows of demand_plan" in told(snapshot, "demand_plan", "region")[-1]


def test_a_product_without_named_rows_follows_all_products() -> None:
    plan = pd.concat(
        [
            published.demand([30.0], region="North"),
            published.demand([10.0], region="South"),
            published.demand([8.0], product="Q"),
        ]
    )
    snapshot = company(regions=REGIONS, demand_plan=plan)
    other = snapshot.table("demand_plan").query("product == 'Q'").set_index("region")["quantity"]
    assert other.to_dict() == pytest.approx({"North": 6, "South": 2})


def test_where_nothing_names_a_region_the_shares_are_even_and_lanes_reach_the_demand() -> None:
    lanes = pd.DataFrame({"origin": "S", "destination": ["North", "South"], "unit_cost": [1.0, 3.0]})
    source = pd.DataFrame({"source": ["k"], "product": ["P"], "site": ["S"]})
    snapshot = company(
        regions=REGIONS,
        lanes=lanes,
        sources=source,
        demand_plan=published.demand([50.0]),
        settings=published.settings(1),
    )
    assert units(snapshot, "demand_plan", "region") == pytest.approx({"North": 25, "South": 25})
    assert "evenly" in told(snapshot, "demand_plan", "region")[-1]
    assert make_plan(snapshot).summary()["costs"]["transport"] == pytest.approx(25 * 1 + 25 * 3)


def test_revenue_and_shipments_are_shared_with_the_units() -> None:
    sales = published.demand([10.0] * 14).assign(revenue=200.0)
    orders = pd.DataFrame(
        {
            "order": ["1"],
            "ordered_on": [pd.Timestamp("2027-01-05")],
            "due_on": [pd.Timestamp("2027-02-05")],
            "product": ["P"],
            "quantity": [8.0],
            "shipped_quantity": [2.0],
        }
    )
    snapshot = company(regions=REGIONS, sales=sales, orders=orders)
    assert snapshot.table("sales")["revenue"].sum() == pytest.approx(14 * 200)
    assert snapshot.table("orders")["shipped_quantity"].tolist() == [1, 1]


def test_a_region_that_is_called_all_is_meant_by_it() -> None:
    snapshot = company(
        regions=pd.DataFrame({"region": ["All", "North"]}), demand_plan=published.demand([5.0])
    )
    assert units(snapshot, "demand_plan", "region") == {"All": 5.0}
    assert not told(snapshot, "demand_plan", "region")[1:]
