"""Measures of accuracy on examples worked by hand, and what must hold for any forecast."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.calendar import months_from
from sop_core.demand import accuracy
from sop_core.demand.accuracy import EVERY, STEPS, Comparison, Forecasts, Record, compare, lines, score, whole

START = np.datetime64("2025-01", "M")


def test_wmape_and_bias_by_hand() -> None:
    """A = 100, 80, 120; F = 110, 70, 150: |E| = 10 + 10 + 30 = 50 of 300; E = +10 - 10 + 30 = +30 of 300."""
    actual, forecast = np.array([100.0, 80.0, 120.0]), np.array([110.0, 70.0, 150.0])
    assert accuracy.wmape(forecast, actual) == pytest.approx(50 / 300)
    assert accuracy.bias(forecast, actual) == pytest.approx(30 / 300)


def test_without_demand_there_is_no_accuracy() -> None:
    assert np.isnan(accuracy.wmape(np.ones(3), np.zeros(3)))
    assert np.isnan(accuracy.bias(np.ones(3), np.zeros(3)))


def test_mase_scales_by_the_change_from_year_to_year() -> None:
    """Past: a year at 100, a year at 110, so the seasonal naive forecast was off by 10; errors of 5 give 0.5."""
    past = np.concatenate([np.full(12, 100.0), np.full(12, 110.0)])
    assert accuracy.mase(np.array([115.0, 125.0]), np.array([120.0, 120.0]), past) == pytest.approx(0.5)


def test_mase_of_a_short_past_scales_from_month_to_month() -> None:
    """1, 3, 2: changes 2 and 1, mean 1.5; an error of 3 gives 2."""
    assert accuracy.mase(np.array([7.0]), np.array([4.0]), np.array([1.0, 3.0, 2.0])) == pytest.approx(2.0)


def test_tracking_signal_by_hand() -> None:
    """E = +10, -10, +30: sums 10, 0, 30; mean |E| 10, 10, 50/3; signal 1, 0, 1.8."""
    assert accuracy.tracking_signal(np.array([10.0, -10.0, 30.0])) == pytest.approx([1.0, 0.0, 1.8])


def test_a_forecast_that_is_always_over_trips_the_signal() -> None:
    assert accuracy.tracking_signal(np.full(6, 5.0))[-1] == pytest.approx(6.0)
    assert accuracy.TRACKING_LIMIT < 6.0


def test_value_added_is_positive_where_a_step_helps() -> None:
    assert accuracy.fva(np.array([0.30, 0.20, 0.25])) == pytest.approx([0.10, -0.05])


def rows_of(units: np.ndarray, items: int, lag: int = 1) -> Forecasts:
    """Forecasts [item, month, step] of one region, made `lag` months ahead of each month."""
    count = units.shape[1]
    i, h = (axis.reshape(-1) for axis in np.indices((items, count)))
    month = (START + 24 + h).astype("datetime64[M]")
    zero = np.zeros(len(i), dtype=np.int64)
    return Forecasts(
        cycle=month - (lag - 1),
        month=month,
        item=i,
        region=zero,
        segment=zero,
        units=units.reshape(-1, len(STEPS)),
        owner=np.full((len(i), len(STEPS)), -1),
        owners=(),
    )


def compared(units: np.ndarray, actual: np.ndarray) -> Comparison:
    """Forecasts [item, month, step] beside actuals [item, month] that follow two years of 10."""
    items, count = actual.shape
    values = np.concatenate([np.full((items, 24), 10.0), actual], axis=1)[:, None, None, :]
    record = Record(months_from(START, 24 + count), values)
    return compare(rows_of(units, items), record, np.full((items, 1, 1), 2.0))


ALL_STEPS = list(range(len(STEPS)))


def test_errors_of_two_items_cancel_at_the_company_and_not_at_the_item() -> None:
    """A = 100 and 100, F = 120 and 80: 20 % by item, nothing by company."""
    units = np.repeat(np.array([120.0, 80.0])[:, None, None], len(STEPS), axis=2)
    both = compared(units, np.array([[100.0], [100.0]]))
    line = np.zeros(len(both), dtype=np.int64)
    assert whole(score(both, line, both.rows.item, ALL_STEPS)).wmape[-1] == pytest.approx(0.20)
    assert whole(score(both, line, line, ALL_STEPS)).wmape[-1] == 0.0


def test_money_weighs_units_by_their_price() -> None:
    units = np.full((1, 1, len(STEPS)), 120.0)
    one = compared(units, np.array([[100.0]]))
    line = np.zeros(1, dtype=np.int64)
    assert whole(score(one, line, line, ALL_STEPS, money=True)).absolute[-1] == pytest.approx(40.0)


def test_open_months_are_left_out() -> None:
    rows = rows_of(np.full((1, 4, len(STEPS)), 5.0), 1)
    record = Record(months_from(START, 26), np.full((1, 1, 1, 26), 5.0))
    assert len(compare(rows, record, np.ones((1, 1, 1)))) == 2


def test_a_forecast_for_all_regions_meets_their_sum() -> None:
    rows = rows_of(np.full((1, 1, len(STEPS)), 30.0), 1)
    together = Forecasts(
        rows.cycle, rows.month, rows.item, np.array([EVERY]), rows.segment, rows.units, rows.owner, ()
    )
    record = Record(
        months_from(START, 25), np.stack([np.full((1, 25), 10.0), np.full((1, 25), 15.0)], axis=1)[:, :, None]
    )
    found = compare(together, record, np.array([[[1.0], [3.0]]]))
    assert found.actual.tolist() == [25.0]
    assert found.price[0] == pytest.approx((10 * 1 + 15 * 3) / 25)


def test_tracking_and_mase_of_a_line() -> None:
    """The two years before never changed, so there is nothing to scale by; errors +2 in four months add up to 4."""
    units = np.full((1, 4, len(STEPS)), 12.0)
    found = compared(units, np.full((1, 4), 10.0))
    line = whole(score(found, np.zeros(4, dtype=np.int64), np.zeros(4, dtype=np.int64), ALL_STEPS))
    assert line.tracking[-1] == pytest.approx(4.0)
    assert line.months == 4
    assert np.isnan(line.mase).all() or np.isinf(line.mase).all()


amount = st.floats(0.0, 1000.0)


@st.composite
def cases(draw: st.DrawFn) -> Comparison:
    items, months = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    units = draw(st.lists(amount, min_size=items * months * len(STEPS), max_size=items * months * len(STEPS)))
    actual = draw(st.lists(amount, min_size=items * months, max_size=items * months))
    return compared(np.reshape(units, (items, months, len(STEPS))), np.reshape(actual, (items, months)) + 1.0)


@given(cases())
def test_value_added_of_all_steps_is_the_first_error_less_the_last(case: Comparison) -> None:
    line = np.zeros(len(case), dtype=np.int64)
    total = whole(score(case, line, case.rows.item, ALL_STEPS))
    assert total.fva.sum() == pytest.approx(total.wmape[0] - total.wmape[-1], abs=1e-9)


@given(cases())
def test_an_error_taken_at_a_higher_level_is_never_larger(case: Comparison) -> None:
    line = np.zeros(len(case), dtype=np.int64)
    fine = whole(score(case, line, case.rows.item, ALL_STEPS)).wmape
    coarse = whole(score(case, line, line, ALL_STEPS)).wmape
    assert (coarse <= fine + 1e-9).all()


@given(cases())
def test_bias_does_not_depend_on_the_level(case: Comparison) -> None:
    line = np.zeros(len(case), dtype=np.int64)
    fine = whole(score(case, line, case.rows.item, ALL_STEPS)).bias
    assert whole(score(case, line, line, ALL_STEPS)).bias == pytest.approx(fine, abs=1e-9)


@given(cases())
def test_lines_add_up_to_the_whole(case: Comparison) -> None:
    scored = score(case, case.rows.item, case.rows.item, ALL_STEPS)
    parts = lines(scored)
    assert sum(part.actual for part in parts) == pytest.approx(whole(scored).actual)
    assert sum(part.absolute[-1] for part in parts) == pytest.approx(whole(scored).absolute[-1])
