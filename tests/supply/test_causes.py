"""Shortages: what, when, how much money, and what held it back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from sop_core.inputs import Floats, Inputs
from sop_core.supply.causes import COLUMNS, KINDS, late_and_lost, short_orders, shortages
from sop_core.supply.result import Solution
from sop_core.supply.solve import SupplySolver
from tests.supply.factory import NAN, make_inputs
from tests.supply.test_invariants import companies

MAKE = {"kind": "make", "unit_cost": 10.0}
BUY = {"kind": "buy", "unit_cost": 10.0}
LINE: dict[str, Any] = {"resources": ("Assembly",), "routings": [(0, 0, 1.0)]}


def listed(inputs: Inputs, demand: Floats, solution: Solution) -> pd.DataFrame:
    return shortages(inputs, short_orders(inputs, demand, solution))


def shortage_list(*args: Any, **kwargs: Any) -> pd.DataFrame:
    company = make_inputs(*args, **kwargs)
    return listed(company[0], company[1], SupplySolver(*company).solve())


def only(table: pd.DataFrame) -> pd.Series:
    assert len(table) == 1
    return table.iloc[0]


def test_no_shortage_gives_an_empty_table_with_its_columns() -> None:
    table = shortage_list(2, demand=[1, 1], price=20.0, sources=[BUY])
    assert tuple(table.columns) == COLUMNS
    assert not len(table)
    assert table["quantity"].dtype == float


def test_full_resource_is_named_with_its_months() -> None:
    table = shortage_list(
        4, demand=[2, 10, 13, 10], price=50.0, sources=[MAKE], waits=False, **LINE,
        resource={"hours": [[10.0, 10.0, 10.0, 10.0]]}, item={"make_to_order": True},
    )  # fmt: skip
    row = only(table)
    assert (row["kind"], row["cause_kind"], row["binding"]) == ("lost", "resource", "Assembly")
    assert row["quantity"] == pytest.approx(3)
    assert row["value"] == pytest.approx(150)
    assert row["cause"] == "Assembly is full Feb-Apr 26"
    assert row["full_from"] == pd.Timestamp("2026-02-01")
    assert row["full_to"] == pd.Timestamp("2026-04-01")
    assert row["month"] == pd.Timestamp("2026-03-01")


def test_late_and_lost_units_of_one_month_are_two_rows() -> None:
    """Twelve asked, four made a month: four at once, four late, four left at the end."""
    table = shortage_list(
        2,
        demand=[12, 0],
        price=50.0,
        sources=[MAKE],
        **LINE,
        resource={"hours": 4.0},
        item={"backorder_cost": 1.0},
    )
    assert dict(zip(table["kind"], table["quantity"], strict=True)) == pytest.approx({"late": 4, "lost": 4})


def test_supplier_maximum_is_named_with_the_supplier() -> None:
    row = only(
        shortage_list(
            1,
            demand=[10],
            price=50.0,
            waits=False,
            sources=[BUY | {"max_quantity": 6.0, "supplier": "Acme", "name": "buy-A"}],
        )
    )
    assert row["cause_kind"] == "supplier contract"
    assert row["cause"] == "the maximum of Acme for buy-A is used up Jan 26"


def test_material_that_cannot_be_had_is_named() -> None:
    row = only(
        shortage_list(
            1, demand=[10], price=50.0, waits=False, sources=[MAKE],
            materials=[{"material": "steel", "max_quantity": 8.0}], usage=[(0, 0, 2.0)],
        )
    )  # fmt: skip
    assert (row["cause_kind"], row["binding"], row["quantity"]) == ("material", "steel", pytest.approx(6))


def test_lane_that_is_full_is_named() -> None:
    row = only(
        shortage_list(
            1, demand=[10], price=50.0, waits=False, sources=[BUY], regions=("North",),
            lanes=[{"origin": 0, "region": 0, "max_quantity": 7.0}],
        )
    )  # fmt: skip
    assert (row["cause_kind"], row["binding"]) == ("lane", "Plant to North")


def test_lead_time_that_is_too_long_is_named() -> None:
    table = shortage_list(
        2, demand=[10, 10], price=50.0, waits=False, sources=[BUY | {"lead": 1, "name": "import"}]
    )
    row = only(table)
    assert (row["cause_kind"], row["binding"]) == ("lead time", "import")
    assert row["month"] == pd.Timestamp("2026-01-01")


def test_frozen_months_are_named() -> None:
    committed = np.full((1, 1, 2), NAN)
    committed[0, 0, 0] = 4.0
    row = only(
        shortage_list(
            2, demand=[10, 10], price=50.0, waits=False, sources=[BUY], stock={"committed": committed}
        )
    )
    assert row["cause_kind"] == "frozen months"


def test_storage_that_keeps_stock_from_being_built_ahead_is_named() -> None:
    row = only(
        shortage_list(
            2, demand=[0, 15], price=50.0, waits=False, sources=[MAKE], **LINE, resource={"hours": [[10.0, 5.0]]},
            site={"capacity": 4.0},
        )
    )  # fmt: skip
    assert (row["cause_kind"], row["binding"]) == ("storage", "Plant")
    assert row["quantity"] == pytest.approx(6)


def test_what_does_not_pay_is_said_to_be_a_choice() -> None:
    row = only(shortage_list(1, demand=[10], price=6.0, waits=False, sources=[BUY]))
    assert row["cause_kind"] == "policy"
    assert row["cause"] == "serving it costs more than it earns"


def test_dear_overtime_is_a_choice_and_names_the_resource() -> None:
    row = only(
        shortage_list(
            2, demand=[12, 0], price=50.0, sources=[MAKE], **LINE, item={"backorder_cost": 1.0},
            resource={"hours": 10.0, "overtime_hours": 10.0, "overtime_cost": 500.0},
        )
    )  # fmt: skip
    assert (row["cause_kind"], row["binding"], row["kind"]) == ("policy", "Assembly", "late")
    assert "no regular hour left Jan 26" in row["cause"]


def test_item_that_nothing_leads_to_is_said_so() -> None:
    row = only(shortage_list(1, demand=[10], price=50.0, waits=False))
    assert row["cause_kind"] == "no source"


def test_largest_money_comes_first() -> None:
    table = shortage_list(
        1, demand=np.array([[10.0], [10.0]]), price=np.array([[20.0], [90.0]]), items=("Cheap", "Dear"), waits=False,
        sources=[BUY | {"item": n, "max_quantity": 4.0} for n in range(2)],
    )  # fmt: skip
    assert list(table["item"]) == ["Dear", "Cheap"]
    assert list(table["value"]) == pytest.approx([540, 120])


@settings(max_examples=40)
@given(companies())
def test_every_unit_not_served_on_time_is_listed_once_with_a_known_cause(company: Any) -> None:
    inputs, demand, _ = company
    plan = SupplySolver(*company).solve()
    late, lost = late_and_lost(inputs, demand, plan)
    table = listed(inputs, demand, plan)
    size = 1 + demand.sum()
    # Lost for ever: what was lost at once and what is left at the end, each unit in the month it was asked for.
    assert lost.sum() == pytest.approx(plan.lost.sum() + plan.end_lost.sum(), abs=1e-6 * size)
    assert np.all(late >= -1e-6 * size)
    assert table["quantity"].sum() == pytest.approx(late.sum() + lost.sum(), abs=1e-5 * size)
    assert set(table["cause_kind"]) <= set(KINDS)
    assert (table["cause"] != "").all()
    assert not table.duplicated(["month", "item", "region", "segment", "kind"]).any()
    assert table["value"].is_monotonic_decreasing
