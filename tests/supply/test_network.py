"""From tables to arrays: what the contract says is what the model gets, and stand-ins are noted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core.inputs import Inputs
from sop_core.planner import Company, prepare
from sop_core.snapshot import Snapshot
from tests import published


def company(**tables: pd.DataFrame) -> Company:
    base: dict[str, pd.DataFrame] = {
        "products": pd.DataFrame({"product": ["P"], "price": [10.0], "unit_cost": [6.0]}),
        "sites": pd.DataFrame({"site": ["Plant", "Depot"], "kind": ["plant", "warehouse"]}),
        "demand_plan": published.demand([100.0] * 4),
        "settings": published.settings(4),
    }
    return prepare(Snapshot.from_tables(base | tables))


def inputs(**tables: pd.DataFrame) -> Inputs:
    return company(**tables).inputs


def told(found: Company) -> str:
    return "\n".join(note.sentence() for note in found.defaults_used)


def test_a_product_without_a_source_is_bought_and_said_to_be() -> None:
    found = company()
    assert found.inputs.source.assumed.all()
    assert found.inputs.source.unit_cost[0, 0] == 6.0
    assert "bought without limit" in told(found)
    assert "no lanes" in told(found)
    assert found.inputs.lane.everywhere


def test_capacity_rows_replace_the_usual_month_only_where_given() -> None:
    found = inputs(
        resources=pd.DataFrame(
            {"resource": ["Line"], "site": ["Plant"], "hours": [160.0], "overtime_hours": [20.0]}
        ),
        capacity=pd.DataFrame({"month": published.months(4)[1:2], "resource": ["Line"], "hours": [80.0]}),
    )
    assert found.resource.hours[0].tolist() == [160, 80, 160, 160]
    assert found.resource.overtime_hours[0].tolist() == [20, 20, 20, 20]


def test_hours_of_a_head_follow_the_working_days_of_its_site() -> None:
    found = inputs(
        resources=pd.DataFrame({"resource": ["Line"], "site": ["Plant"], "hour_cost": [10.0]}),
        workforce=pd.DataFrame({"resource": ["Line"], "headcount": [5.0], "hours_per_day": [7.5]}),
        calendar=pd.DataFrame({"month": published.months(4)[:1], "site": ["Plant"], "working_days": [10.0]}),
    )
    # January by the calendar row; February and March 2027 have 20 and 23 weekdays.
    assert found.resource.hours_per_head[0].tolist() == [75.0, 150.0, 172.5, 165.0]
    assert np.isinf(found.resource.hours[0]).all()
    assert found.resource.wage[0].tolist() == [750, 1500, 1725, 1650]


def test_overtime_is_limited_by_people_where_only_they_say_so() -> None:
    resources = pd.DataFrame({"resource": ["Line"], "site": ["Plant"]})
    people = pd.DataFrame({"resource": ["Line"], "headcount": [5.0], "overtime_per_head": [10.0]})
    assert np.isinf(inputs(resources=resources, workforce=people).resource.overtime_hours).all()
    assert (inputs(resources=resources).resource.overtime_hours == 0).all()


def test_lanes_between_sites_only_let_warehouses_deliver() -> None:
    found = company(lanes=pd.DataFrame({"origin": ["Plant"], "destination": ["Depot"], "unit_cost": [1.0]}))
    assert [found.inputs.lane_name(n) for n in range(2)] == ["Plant to Depot", "Depot to All"]
    assert "every warehouse delivers" in told(found)


def test_committed_output_is_fixed_only_in_frozen_months_and_receipts_only_within_the_lead_time() -> None:
    production = pd.DataFrame(
        {
            "month": published.months(4)[:3],
            "product": "P",
            "site": "Plant",
            "planned_quantity": [40.0, 50.0, 60.0],
        }
    )
    made = pd.DataFrame({"source": ["make"], "product": ["P"], "site": ["Plant"]})
    found = inputs(production=production, sources=made)
    assert found.stock.committed[0, 0, 0] == 40.0
    assert np.isnan(found.stock.committed[0, 0, 1:]).all()
    assert (found.stock.receipts == 0).all()
    bought = made.assign(kind="buy", lead_months=2)
    late = inputs(production=production, sources=bought)
    assert late.stock.receipts[0, 0].tolist() == [40.0, 50.0, 0.0, 0.0]
    assert np.isnan(late.stock.committed).all()


def test_open_orders_past_due_are_the_opening_backlog() -> None:
    orders = pd.DataFrame(
        {
            "order": ["A", "B", "C"],
            "product": "P",
            "quantity": [10.0, 20.0, 30.0],
            "shipped_quantity": [4.0, 20.0, 0.0],
            "ordered_on": pd.to_datetime(["2026-11-02"] * 3),
            "due_on": pd.to_datetime(["2026-12-01", "2026-12-01", "2027-02-01"]),
        }
    )
    assert inputs(orders=orders).demand.opening_backlog.sum() == 6.0


def test_negative_book_stock_counts_as_none_and_is_said() -> None:
    found = company(inventory=published.opening(-5.0))
    assert found.inputs.stock.opening.sum() == 0.0
    assert "negative book stock" in told(found)


def test_targets_in_days_follow_the_coming_demand() -> None:
    targets = pd.DataFrame({"product": ["P"], "site": ["Depot"], "days": [30.4375]})
    lanes = pd.DataFrame({"origin": ["Depot"], "destination": ["All"]})
    found = inputs(stock_targets=targets, lanes=lanes)
    assert found.stock.target[0, 1].tolist() == pytest.approx([100.0] * 4)


def test_families_roll_up_by_share() -> None:
    found = inputs(
        products=pd.DataFrame(
            {"product": ["P", "Q"], "family": ["F", "F"], "unit_cost": [6.0, 10.0], "price": [10.0, 20.0]}
        ),
        demand_plan=pd.concat([published.demand([75.0] * 4), published.demand([25.0] * 4, product="Q")]),
        sources=pd.DataFrame(
            {
                "source": ["p", "q"],
                "product": ["P", "Q"],
                "site": ["Plant", "Plant"],
                "max_quantity": [60.0, 40.0],
            }
        ),
        resources=pd.DataFrame({"resource": ["Line"], "site": ["Plant"], "hours": [100.0]}),
        routings=pd.DataFrame(
            {"source": ["p", "q"], "resource": ["Line", "Line"], "hours_per_unit": [1.0, 2.0]}
        ),
        settings=published.settings(4, planning_level="family"),
    )
    assert found.items == ("F",)
    assert found.item.unit_cost.tolist() == [7.0]
    assert found.source.unit_cost[0, 0] == 7.0
    assert found.source.max_quantity[0, 0] == 100.0
    assert found.source.routing_hours.tolist() == [1.25]
    assert found.demand.price[0, 0, 0, 0] == 12.5
    assert found.demand.base.sum() == 400.0


def test_materials_limit_what_is_made_not_what_is_bought() -> None:
    found = inputs(
        sources=pd.DataFrame(
            {"source": ["make", "buy"], "product": "P", "site": "Plant", "kind": ["make", "buy"]}
        ),
        materials=pd.DataFrame(
            {"material": ["steel"], "supplier": ["Mill"], "max_quantity": [50.0], "on_hand": [5.0]}
        ),
        bom=pd.DataFrame({"product": ["P"], "material": ["steel"], "quantity_per": [2.0]}),
    )
    assert found.material.usage_source.tolist() == [0]
    assert found.material.usage_quantity.tolist() == [2.0]
    assert found.material.on_hand.tolist() == [5.0]


def notes_of(**tables: pd.DataFrame) -> list[str]:
    given = {
        "demand_plan": published.demand([10.0, 12.0]),
        "products": pd.DataFrame({"product": ["P"], "price": [5.0]}),
        "settings": published.settings(2),
    }
    return [note.sentence() for note in prepare(Snapshot.from_tables(given | tables)).notes]


def test_months_of_the_demand_plan_that_do_not_meet_the_horizon_are_told() -> None:
    told = " ".join(notes_of(settings=published.settings(3, plan_start="2027-02-01")))
    assert "left out - outside the plan's months, Feb 27 to Apr 27" in told
    assert "months of the plan without a row of demand (Mar 27 to Apr 27) count as none" in told
    assert "demand_plan" not in " ".join(notes_of())


def test_a_launch_that_resembles_nothing_is_told() -> None:
    launch = pd.DataFrame({"product": ["P"], "month": [published.months(1)[0]]})
    assert any("the launch brings no demand of its own" in note for note in notes_of(launches=launch))


def test_products_sold_for_nothing_are_told_where_margin_decides() -> None:
    products = pd.DataFrame({"product": ["P", "Q"], "price": [5.0, 0.0]})
    assert any("sold for nothing (Q)" in note for note in notes_of(products=products))
    assert not any("sold for nothing" in note for note in notes_of())


def test_stock_that_is_dated_within_the_plan_is_told_not_to_open_it() -> None:
    stock = published.opening(30.0).assign(month=published.months(1))
    assert any(
        "lie within the plan, which starts with the stock at the end of Dec 26" in n
        for n in notes_of(inventory=stock)
    )


def test_people_and_hours_of_an_unknown_resource_are_told() -> None:
    told = " ".join(notes_of(workforce=pd.DataFrame({"resource": ["Line"], "headcount": [5.0]})))
    assert "workforce.resource: left out - not in resources (Line)" in told
