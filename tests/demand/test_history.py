"""Demand history: what customers wanted, with every correction listed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core.demand.history import History, build_history, month_part
from sop_core.planning_level import planning_items
from sop_core.snapshot import Snapshot

STAMPS = pd.date_range("2024-01-01", periods=24, freq="MS")


def sales(values: list[float], segment: str = "All", product: str = "P") -> pd.DataFrame:
    return pd.DataFrame({"month": STAMPS, "product": product, "segment": segment, "quantity": values})


def history(tables: dict[str, pd.DataFrame]) -> History:
    snapshot = Snapshot.from_tables(tables)
    built = build_history(snapshot, planning_items(snapshot))
    assert built is not None
    return built


def test_orders_are_the_signal_where_they_cover_the_month() -> None:
    due = STAMPS[-6:]
    orders = pd.DataFrame(
        {
            "order": [f"O{n}" for n in range(6)],
            "ordered_on": due,
            "due_on": due,
            "product": "P",
            "quantity": 130.0,
            "shipped_quantity": 100.0,
        }
    )
    built = history({"sales": sales([100.0] * 24), "orders": orders})
    assert built.signal == ("sales",) * 18 + ("orders",) * 6
    assert built.actual[0, 0, 0].tolist() == [100.0] * 18 + [130.0] * 6


def test_a_few_stray_orders_do_not_replace_sales() -> None:
    orders = pd.DataFrame(
        {
            "order": ["O"],
            "ordered_on": [STAMPS[3]],
            "due_on": [STAMPS[3]],
            "product": ["P"],
            "quantity": [5.0],
        }
    )
    assert set(history({"sales": sales([100.0] * 24), "orders": orders}).signal) == {"sales"}


def test_stock_out_months_are_filled_and_listed() -> None:
    values = [100.0] * 24
    values[10] = 0.0
    stock = pd.DataFrame({"month": STAMPS, "product": "P", "site": "S", "quantity": 50.0})
    stock.loc[10, "quantity"] = 0.0
    built = history({"sales": sales(values), "inventory": stock})
    assert built.actual[0, 0, 0, 10] == 0.0
    assert built.cleaned[0, 0, 0, 10] == pytest.approx(100.0)
    assert [(c.kind, c.before, c.after) for c in built.corrections] == [("stock-out", 0.0, 100.0)]


def test_zero_sales_with_stock_are_real() -> None:
    values = [100.0] * 24
    values[10] = 0.0
    stock = pd.DataFrame({"month": STAMPS, "product": "P", "site": "S", "quantity": 50.0})
    built = history({"sales": sales(values), "inventory": stock})
    assert built.cleaned[0, 0, 0, 10] == 0.0
    assert built.corrections == ()


def test_a_channel_that_did_not_report_is_filled() -> None:
    shop = [60.0] * 24
    shop[5] = 0.0
    built = history({"sales": pd.concat([sales([100.0] * 24, "Web"), sales(shop, "Shop")])})
    assert built.cleaned[..., 5].sum() == pytest.approx(160.0)
    assert {c.kind for c in built.corrections} == {"missing channel"}


def test_returns_never_make_demand_negative() -> None:
    values = [100.0] * 24
    values[7] = -20.0
    built = history({"sales": sales(values)})
    assert built.cleaned[0, 0, 0, 7] == 0.0
    assert built.actual[0, 0, 0, 7] == -20.0


def test_known_uplift_is_taken_out_of_past_promotions() -> None:
    values = [100.0] * 24
    values[4] = 150.0
    promotion = pd.DataFrame(
        {
            "promotion": ["May"],
            "product": ["P"],
            "start": [STAMPS[4]],
            "end": [STAMPS[5] - pd.Timedelta(days=1)],
            "uplift": [0.5],
        }
    )
    built = history({"sales": sales(values), "promotions": promotion})
    assert built.cleaned[0, 0, 0, 4] == pytest.approx(100.0)


def test_partial_first_month_is_left_out() -> None:
    built = history({"sales": sales([10.0] + [100.0] * 23)})
    assert built.months[0] == np.datetime64("2024-02")


def test_past_only_the_plan_never_edits_actuals() -> None:
    tables = {
        "sales": sales([100.0] * 24),
        "settings": pd.DataFrame({"setting": ["plan_start"], "value": ["2025-07-01"]}),
    }
    assert history(tables).months[-1] == np.datetime64("2025-06")


def test_month_part_counts_days() -> None:
    months = np.arange("2026-01", "2026-04", dtype="datetime64[M]")
    part = month_part(months, pd.Timestamp("2026-01-17"), pd.Timestamp("2026-02-14"))
    assert part == pytest.approx([15 / 31, 14 / 28, 0.0])
