"""Demand history: what customers wanted, with every correction listed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core.calendar import month_part
from sop_core.demand.cleansing import Rule, Verdict, Verdicts
from sop_core.demand.history import History, build_history
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
    # Such a month is worth a look, but nothing is made of it unless somebody says so.
    assert [(c.kind, c.accepted) for c in built.corrections] == [("outlier", False)]


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


def test_the_first_month_stays_where_its_cut_is_rejected() -> None:
    snapshot = Snapshot.from_tables({"sales": sales([10.0] + [100.0] * 23)})
    rejected = Verdicts((Verdict(Rule("partial month"), False),), 1)
    built = build_history(snapshot, planning_items(snapshot), rejected)
    assert built is not None
    assert built.months[0] == np.datetime64("2024-01")
    assert [(c.kind, c.item, c.accepted) for c in built.corrections] == [("partial month", "All", False)]


def test_a_last_month_that_is_still_running_is_listed() -> None:
    """The plan starts with it, so it is no history; what was left out is told with its size."""
    built = history({"sales": sales([100.0] * 23 + [20.0])})
    assert built.months[-1] == np.datetime64("2025-11")
    (found,) = built.corrections
    assert (found.kind, found.before, found.after, found.accepted) == ("partial last month", 20.0, 0.0, True)
    assert found.month == np.datetime64("2025-12")
    assert "plan_start" in found.reason


def test_a_plan_start_that_was_set_cuts_nothing() -> None:
    tables = {
        "sales": sales([100.0] * 23 + [20.0]),
        "settings": pd.DataFrame({"setting": ["plan_start"], "value": ["2025-12-01"]}),
    }
    assert history(tables).corrections == ()


# -- data as companies have them --


def weird(**tables: pd.DataFrame) -> History | None:
    snapshot = Snapshot.from_tables(tables)
    return build_history(snapshot, planning_items(snapshot))


def test_nothing_but_returns() -> None:
    built = weird(sales=sales([-5.0] * 24))
    assert built is not None
    assert (built.cleaned == 0).all()
    assert (built.actual <= 0).all()


@pytest.mark.parametrize("months", [1, 2, 6, 13, 23])
def test_short_histories(months: int) -> None:
    frame = sales([100.0] * 24).head(months)
    stock = pd.DataFrame({"month": STAMPS[:months], "product": "P", "site": "S", "quantity": 0.0})
    built = weird(sales=frame, inventory=stock)
    assert built is not None
    assert built.cleaned.sum() == pytest.approx(100.0 * months)


def test_months_that_are_missing_count_as_no_sales() -> None:
    built = weird(sales=sales([100.0] * 24).drop(index=[3, 4, 5, 11]))
    assert built is not None
    assert built.actual[0, 0, 0].tolist() == [100.0] * 3 + [0.0] * 3 + [100.0] * 5 + [0.0] + [100.0] * 12


def test_a_series_of_zeros_beside_one_that_sells() -> None:
    built = weird(sales=pd.concat([sales([0.0] * 24, product="Z"), sales([100.0] * 24)]))
    assert built is not None
    assert built.cleaned.sum() == pytest.approx(2400.0)
    assert built.corrections == ()


def test_orders_that_begin_late_and_returns_at_once() -> None:
    due = STAMPS[20:]
    orders = pd.DataFrame(
        {
            "order": ["A", "B", "C", "D"],
            "ordered_on": due,
            "due_on": due,
            "product": "P",
            "quantity": [120.0, 10.0, 120.0, 120.0],
        }
    )
    built = weird(sales=sales([100.0] * 12 + [-50.0] * 2 + [100.0] * 10), orders=orders)
    assert built is not None
    assert built.signal[-3:] == ("sales", "orders", "orders")
    assert (built.cleaned >= 0).all()


def test_stock_that_names_unknown_products_and_other_months() -> None:
    stock = pd.DataFrame(
        {
            "month": pd.date_range("2030-01-01", periods=3, freq="MS"),
            "product": ["P", "Q", "P"],
            "site": "S",
            "quantity": [0.0, -4.0, 2.0],
        }
    )
    built = weird(sales=sales([100.0] * 24), inventory=stock)
    assert built is not None
    assert built.corrections == ()
