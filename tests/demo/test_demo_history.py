"""The demo company's past closes like books: nothing appears, nothing vanishes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core import demo

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module", params=[7, 21])
def tables(request: pytest.FixtureRequest) -> Tables:
    return demo.build(request.param)


def by_month(frame: pd.DataFrame, column: str = "quantity") -> pd.DataFrame:
    """[month, product] sums, zero where there is no row."""
    return frame.pivot_table(index="month", columns="product", values=column, aggfunc="sum").fillna(0.0)


def test_stock_at_the_end_is_stock_at_the_start_plus_output_less_sales(tables: Tables) -> None:
    stock, sold = by_month(tables["inventory"]), by_month(tables["sales"])
    made = by_month(tables["production"][tables["production"]["quantity"].notna()])
    months = stock.index
    products = stock.columns
    flow = made.reindex(index=months, columns=products, fill_value=0.0)
    flow = flow - sold.reindex(index=months, columns=products, fill_value=0.0)
    pd.testing.assert_frame_equal(
        stock.diff().iloc[1:], flow.iloc[1:], check_names=False, check_freq=False, check_exact=True
    )


def test_stock_is_never_negative_and_whole(tables: Tables) -> None:
    quantity = tables["inventory"]["quantity"]
    assert (quantity >= 0).all()
    assert (quantity == quantity.round()).all()


def test_no_site_holds_more_than_it_has_room_for(tables: Tables) -> None:
    held = tables["inventory"].groupby(["site", "month"])["quantity"].sum().groupby("site").max()
    room = tables["sites"].set_index("site")["storage_capacity"]
    assert (held < room.reindex(held.index)).all()


def test_made_to_order_output_is_what_was_delivered(tables: Tables) -> None:
    made, sold = by_month(tables["production"]), by_month(tables["sales"])
    for product in ("RID-92", "BLW-80"):
        months = sold.index
        pd.testing.assert_series_equal(
            made[product].reindex(months).fillna(0.0), sold[product], check_exact=True, check_freq=False
        )


def test_order_lines_delivered_in_a_month_are_its_sales(tables: Tables) -> None:
    orders, sales = tables["orders"], tables["sales"]
    shipped = orders[orders["shipped_on"].notna()]
    month = shipped["shipped_on"].dt.to_period("M").dt.to_timestamp()
    keys = ["product", "region", "segment"]
    delivered = shipped.assign(month=month).groupby(["month", *keys])["shipped_quantity"].sum()
    # The first month also delivers what was due before the orders at hand.
    first = orders["due_on"].min().to_period("M").to_timestamp()
    covered = sales[sales["month"] > first]
    invoiced = covered.set_index(["month", *keys])["quantity"]
    both = delivered[delivered.index.get_level_values("month") > first]
    both, invoiced = both.sort_index(), invoiced.sort_index()
    pd.testing.assert_series_equal(both, invoiced, check_names=False, check_exact=True)


def test_order_lines_run_from_order_to_due_date_to_delivery(tables: Tables) -> None:
    orders = tables["orders"]
    assert (orders["ordered_on"] < orders["due_on"]).all()
    assert (orders["quantity"] > 0).all()
    shipped = orders["shipped_on"].notna()
    assert (orders.loc[shipped, "shipped_on"] >= orders.loc[shipped, "due_on"]).all()
    assert (orders["shipped_quantity"] == np.where(shipped, orders["quantity"], 0.0)).all()
    assert orders["shipped_on"].max() < pd.Timestamp("2026-11-01")
    assert orders["ordered_on"].max() == pd.Timestamp("2026-11-15")


def test_orders_cover_a_closed_year_and_two_months_ahead_in_part(tables: Tables) -> None:
    orders, sales = tables["orders"], tables["sales"]
    asked = orders.groupby(orders["due_on"].dt.to_period("M").dt.to_timestamp())["quantity"].sum()
    assert asked.index.min() == pd.Timestamp("2025-11-01")
    assert asked.index.max() == pd.Timestamp("2026-12-01")
    sold = sales.groupby("month")["quantity"].sum()
    closed = asked[asked.index <= "2026-10-01"]
    assert (closed >= 0.93 * sold.reindex(closed.index)).all()
    # In the middle of November most of its orders are in, and those placed early for December.
    assert 0.8 * sold["2025-11-01"] < asked["2026-11-01"] < 1.05 * sold["2025-11-01"]
    assert 0.15 * sold["2025-12-01"] < asked["2026-12-01"] < 0.45 * sold["2025-12-01"]


def test_the_books_fill_as_they_did_in_the_months_before(tables: Tables) -> None:
    """What is known of the running month is the part of it that was known on that day of earlier months."""
    orders = tables["orders"]
    month = orders["due_on"].dt.to_period("M")
    known = {}
    for period in pd.period_range("2025-12", "2026-10", freq="M"):
        own = orders[month == period]
        by_then = own["ordered_on"] <= period.start_time + pd.Timedelta(days=14)
        known[period] = own.loc[by_then, "quantity"].sum() / own["quantity"].sum()
    assert 0.85 < min(known.values()) <= max(known.values()) < 1.0


def test_the_last_cycles_are_remembered_step_by_step(tables: Tables) -> None:
    past = tables["past_forecasts"]
    assert past["cycle"].nunique() == 12
    assert set(past["step"]) == {"naive", "statistical", "market", "sales_input", "consensus"}
    last = past[past["cycle"] == past["cycle"].max()]
    assert last["month"].nunique() == 18
    sold = (
        tables["orders"]
        .groupby(["product", "region", tables["orders"]["due_on"].dt.to_period("M").dt.to_timestamp()])[
            "quantity"
        ]
        .sum()
    )
    first = past[(past["cycle"] == past["month"]) & (past["month"] >= "2025-11-01")]
    actual = (
        sold.reindex(pd.MultiIndex.from_frame(first[["product", "region", "month"]])).fillna(0).to_numpy()
    )
    error = (first["quantity"] - actual).abs().groupby(first["step"]).sum() / (
        pd.Series(actual, index=first.index).groupby(first["step"]).sum()
    )
    assert error["market"] < error["statistical"] < error["naive"]
    # One owner asks for too much of one family, month after month.
    dach = first[(first["region"] == "DACH") & first["product"].isin(["BLW-18", "BLW-36", "VAC-30"])]
    by_step = dach.groupby("step")["quantity"].sum()
    assert by_step["sales_input"] > 1.1 * by_step["market"]


def test_a_tender_stands_out(tables: Tables) -> None:
    orders = tables["sales"][
        (tables["sales"]["product"] == "HDG-60") & (tables["sales"]["region"] == "Nordics")
    ]
    month = orders[orders["segment"] == "Dealers"].set_index("month")["quantity"]
    assert month["2025-09-01":"2025-11-01"].sum() > 4 * month.median() * 3


def test_a_stock_out_shows_as_orders_beyond_sales(tables: Tables) -> None:
    orders, sales, stock = tables["orders"], tables["sales"], by_month(tables["inventory"])
    may = pd.Timestamp("2026-05-01")
    asked = orders[(orders["product"] == "MOW-37") & (orders["due_on"].dt.to_period("M") == "2026-05")]
    sold = sales[(sales["product"] == "MOW-37") & (sales["month"] == may)]["quantity"].sum()
    assert stock.loc[may, "MOW-37"] == 0
    assert asked["quantity"].sum() > 1.2 * sold
    lost = asked[asked["shipped_on"].isna()]
    assert set(lost["segment"]) == {"Online"}
    assert (asked["shipped_on"] >= "2026-06-01").any()


def test_a_whole_month_without_stock_shows_no_sales(tables: Tables) -> None:
    stock, sold = by_month(tables["inventory"]), by_month(tables["sales"])
    august = pd.Timestamp("2024-08-01")
    assert stock.loc[august, "TRM-30"] == 0
    assert sold.loc[august, "TRM-30"] == 0
    assert sold["TRM-30"].median() > 1000


def test_one_month_of_returns_is_negative(tables: Tables) -> None:
    negative = tables["sales"][tables["sales"]["quantity"] < 0]
    assert len(negative) == 1
    row = negative.iloc[0]
    assert (row["product"], row["region"], row["segment"]) == ("MOW-33", "DACH", "DIY chains")
    assert row["revenue"] < 0


def test_some_orders_are_late_when_the_plan_starts(tables: Tables) -> None:
    orders, segments = tables["orders"], tables["segments"].set_index("segment")
    october = orders["due_on"].dt.to_period("M") == "2026-10"
    waits = segments["backorders"].reindex(orders["segment"]).to_numpy()
    open_lines = orders[orders["shipped_on"].isna() & (orders["due_on"] < "2026-11-01") & waits]
    assert 200 < open_lines["quantity"].sum() < 5000
    assert open_lines.index.isin(orders.index[october]).all()


def test_hours_worked_are_the_output_and_within_the_hours_there_were(tables: Tables) -> None:
    past = tables["capacity"].dropna(subset="worked_hours")
    worked = past.pivot(index="month", columns="resource", values="worked_hours")
    routing = tables["routings"].merge(tables["sources"], on="source")
    made = tables["production"].merge(routing, on=["product", "site"])
    made["needed"] = made["quantity"] * made["hours_per_unit"]
    needed = made.pivot_table(index="month", columns="resource", values="needed", aggfunc="sum")
    needed = needed.reindex(worked.index)[worked.columns].fillna(0.0)
    ratio = worked / needed
    assert ratio.min().min() > 0.999
    assert ratio.max().max() < 1.03


def test_output_is_planned_and_the_first_month_ahead_is_committed(tables: Tables) -> None:
    production = tables["production"]
    assert production["planned_quantity"].notna().all()
    ahead = production[production["month"] > "2026-10-01"]
    assert set(ahead["month"]) == {pd.Timestamp("2026-11-01")}
    assert ahead["quantity"].isna().all()
    past = production[production["month"] <= "2026-10-01"]
    kept = past["quantity"].sum() / past["planned_quantity"].sum()
    assert 0.95 < kept < 1.0


def test_demand_has_its_season_and_its_trend(tables: Tables) -> None:
    sales = tables["sales"].merge(tables["products"][["product", "family"]], on="product")
    family = sales.pivot_table(index="month", columns="family", values="quantity", aggfunc="sum")
    month = family.index.month
    means = family.groupby(month).mean()
    assert means["Mowers"].idxmax() in (4, 5)
    assert means["Blowers"].idxmax() in (10, 11)
    assert means["Irrigation"].idxmax() in (5, 6, 7)
    years = family.groupby(np.arange(len(family)) // 12).sum()
    assert years["Mowers"].iloc[-1] > 1.1 * years["Mowers"].iloc[0]
    assert years["Hand tools"].iloc[-1] < 0.95 * years["Hand tools"].iloc[0]


def test_some_products_are_young_or_rarely_asked_for(tables: Tables) -> None:
    sold = by_month(tables["sales"])
    assert (sold["GRL-P60"] > 0).sum() == 8
    assert (sold["ROB-800"] > 0).sum() == 20
    assert 15 < (sold["BLW-80"] > 0).sum() < 50
    assert "MOW-40" not in sold.columns
