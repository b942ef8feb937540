"""Order intake against the estimate: projections worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sop_core.calendar import months_from
from sop_core.cycle.intake import Book, filling, intake, order_book
from sop_core.planner import Company, prepare
from sop_core.snapshot import Snapshot
from tests.pages import companies

NOV = np.datetime64("2026-11", "M")


def book(parts: list[float], booked: float, day: int = 10, price: float = 1.0) -> Book:
    """Closed months of 100 units of which `parts` were ordered on the 1st and the rest on the 25th; of November,
    `booked` is on the books on its `day`."""
    rows: list[tuple[np.datetime64, np.datetime64, float]] = []
    months = months_from(NOV - len(parts), len(parts))
    for month, part in zip(months, parts, strict=True):
        first = month.astype("datetime64[D]")
        rows += [(first, month, 100 * part), (first + 24, month, 100 * (1 - part))]
    rows.append((NOV.astype("datetime64[D]") + day - 1, NOV, booked))
    zero = np.zeros(len(rows), dtype=np.int64)
    return Book(
        ordered=np.array([o for o, _, _ in rows]).astype(np.int64),
        due=np.array([d for _, d, _ in rows], dtype="datetime64[M]"),
        item=zero,
        region=zero,
        segment=zero,
        units=np.array([u for *_, u in rows]),
        price=np.full(len(rows), price),
        as_of=max(o for o, _, _ in rows),
        months=months,
    )


def test_projection_is_the_book_over_its_usual_part() -> None:
    """Half of each month is on the books by the 10th: 40 booked ends at 80."""
    found = intake(book([0.5] * 12, 40.0), NOV, np.ones(25, dtype=bool), 100.0, 90.0)
    assert (found.days, found.booked) == (10, 40.0)
    assert found.usual == pytest.approx((0.5, 0.5, 0.5))
    assert (found.low, found.middle, found.high) == pytest.approx((80.0, 80.0, 80.0))
    assert found.progress == pytest.approx(0.4)
    assert found.standing == "behind"


def test_the_range_comes_from_the_spread_of_past_months() -> None:
    parts = [0.40, 0.45, 0.50, 0.50, 0.55, 0.60]
    found = intake(book(parts, 50.0), NOV, np.ones(13, dtype=bool), 100.0, 90.0)
    low, middle, high = np.percentile(parts, [10, 50, 90])
    assert (found.low, found.middle, found.high) == pytest.approx((50 / high, 50 / middle, 50 / low))
    assert found.standing == "usual"


def test_a_full_book_is_ahead() -> None:
    assert intake(book([0.5] * 12, 80.0), NOV, np.ones(25, dtype=bool), 100.0, 90.0).standing == "ahead"


def test_too_few_closed_months_project_nothing() -> None:
    found = intake(book([0.5] * 3, 40.0), NOV, np.ones(7, dtype=bool), 100.0, 90.0)
    assert np.isnan(found.middle)
    assert found.standing == ""


def test_a_book_that_usually_holds_almost_nothing_projects_nothing() -> None:
    found = intake(book([0.01] * 12, 5.0), NOV, np.ones(25, dtype=bool), 100.0, 90.0)
    assert np.isnan(found.middle)


def test_money_counts_units_at_their_price() -> None:
    found = intake(book([0.5] * 12, 40.0, price=3.0), NOV, np.ones(25, dtype=bool), 300.0, 90.0, money=True)
    assert (found.booked, found.middle) == pytest.approx((120.0, 240.0))


def test_filling_ends_full_and_stops_at_today() -> None:
    curve = filling(book([0.5] * 12, 40.0), NOV, np.ones(25, dtype=bool))
    assert curve is not None
    assert curve.middle[-1] == pytest.approx(1.0)
    assert (np.diff(curve.middle) >= 0).all()
    assert curve.booked[curve.days == 9].tolist() == [40.0]
    assert np.isnan(curve.booked[curve.days == 10]).all()
    assert np.nanmax(curve.last_year) == pytest.approx(100.0)


def test_a_company_without_orders_has_no_book() -> None:
    assert order_book(prepare(Snapshot.from_tables(companies.sales_only(), version=1))) is None


def test_the_demo_book_has_a_year_of_complete_months(demo_company: Company) -> None:
    found = order_book(demo_company)
    assert found is not None
    assert len(found.months) == 12
    assert found.units.sum() == pytest.approx(demo_company.snapshot.table("orders")["quantity"].sum())
