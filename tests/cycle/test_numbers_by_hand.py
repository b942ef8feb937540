"""Accuracy, bias, value added and order intake of the demo company, worked out again from its raw tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core.cycle.expected import expected, record
from sop_core.cycle.intake import intake, order_book
from sop_core.demand.accuracy import STEPS, bias, compare, score, whole
from sop_core.planner import Company


@pytest.fixture(scope="module")
def joined(demo_company: Company) -> pd.DataFrame:
    """One row a cycle, month, product and region that was forecast: a column a step, and what was asked for."""
    tables = demo_company.snapshot
    cell = ["product", "region", "month"]
    past = tables.table("past_forecasts")
    assert set(past["segment"]) == {"All"}  # forecast for all segments together
    wide = past.pivot_table(
        index=["cycle", "month", "product", "region"], columns="step", values="quantity", aggfunc="sum"
    ).reset_index()
    orders = tables.table("orders").assign(month=lambda o: o["due_on"].dt.to_period("M").dt.to_timestamp())
    sales = tables.table("sales").groupby(cell)["quantity"].sum()
    history = demo_company.history
    assert history is not None
    covered = {
        pd.Timestamp(str(m)) for m, s in zip(history.months, history.signal, strict=True) if s == "orders"
    }
    assert covered
    asked = orders[orders["month"].isin(covered)].groupby(cell)["quantity"].sum()
    sold = sales[~sales.index.get_level_values("month").isin(covered)]
    actual = pd.concat([asked, sold]).groupby(level=cell).sum()
    closed = pd.Timestamp(str(history.months[-1]))
    keys = wide[cell]
    wide["actual"] = actual.reindex(pd.MultiIndex.from_frame(keys)).fillna(0.0).to_numpy()
    lag = (wide["month"].dt.year - wide["cycle"].dt.year) * 12
    wide["lag"] = lag + wide["month"].dt.month - wide["cycle"].dt.month + 1
    return wide[(wide["month"] <= closed) & (wide["lag"] >= 1)]


@pytest.mark.parametrize("lag", [1, 2, 3])
def test_errors_are_those_of_the_raw_tables(demo_company: Company, joined: pd.DataFrame, lag: int) -> None:
    happened = record(demo_company)
    assert happened is not None
    found = expected(demo_company, [])
    compared = compare(found.rows, happened, demo_company.inputs.demand.price[..., 0])
    steps = [STEPS.index("statistical"), STEPS.index("consensus")]
    compared = compared.take((compared.rows.lag == lag) & compared.rows.complete(steps))
    zero = np.zeros(len(compared), dtype=np.int64)
    line = whole(score(compared, zero, compared.rows.item, steps))

    rows = joined[joined["lag"] == lag].dropna(subset=["statistical", "consensus"])
    by_item = rows.groupby(["product", "cycle", "month"])[["statistical", "consensus", "actual"]].sum()
    for at, step in enumerate(("statistical", "consensus")):
        error = by_item[step] - by_item["actual"]
        assert line.wmape[at] == pytest.approx(error.abs().sum() / by_item["actual"].sum())
        assert line.bias[at] == pytest.approx(error.sum() / by_item["actual"].sum())
        assert line.bias[at] == pytest.approx(bias(by_item[step].to_numpy(), by_item["actual"].to_numpy()))
    assert line.fva[0] == pytest.approx(line.wmape[0] - line.wmape[1])
    assert line.actual == pytest.approx(by_item["actual"].sum())


def test_the_month_on_the_books_is_that_of_the_order_lines(demo_company: Company) -> None:
    book = order_book(demo_company)
    assert book is not None
    running = demo_company.snapshot.settings.plan_start
    found = intake(book, running, np.ones(len(book.due), dtype=bool), 0.0, 0.0)
    orders = demo_company.snapshot.table("orders")
    due = orders["due_on"].dt.to_period("M").dt.to_timestamp()
    first = pd.Timestamp(str(running))
    assert found.booked == pytest.approx(orders.loc[due == first, "quantity"].sum())

    newest = orders["ordered_on"].max()
    assert pd.Timestamp(str(found.as_of)) == newest
    shares = []
    days = (newest - first).days + 1
    for month in found.months:
        begin = pd.Timestamp(str(month))
        own = orders[due == begin]
        # Before a month the same number of days; within it the same part of its days.
        same = round(days * begin.days_in_month / first.days_in_month) if days > 0 else days
        until = begin + pd.Timedelta(days=same)
        shares.append(own.loc[own["ordered_on"] < until, "quantity"].sum() / own["quantity"].sum())
    assert found.shares == pytest.approx(np.array(shares))
    low, middle, high = np.percentile(shares, [10, 50, 90])
    assert (found.low, found.middle, found.high) == pytest.approx(
        (found.booked / high, found.booked / middle, found.booked / low)
    )
