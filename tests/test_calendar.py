"""Months: labels, spans, fiscal years, working days."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sop_core import calendar as cal


@pytest.mark.parametrize(
    "value", ["2026-03", "2026-03-31", dt.date(2026, 3, 7), pd.Timestamp("2026-03-09 12:00")]
)
def test_any_date_is_kept_as_its_month(value: object) -> None:
    assert cal.to_month(value) == np.datetime64("2026-03")
    assert cal.iso_month(value) == "2026-03-01"
    assert cal.month_label(value) == "Mar 26"


@pytest.mark.parametrize("value", ["", "March", "2026-13", 7, None, pd.NaT])
def test_what_is_not_a_month_says_how_to_write_one(value: object) -> None:
    with pytest.raises(ValueError, match="write it as"):
        cal.to_month(value)


def test_spans_read_like_minutes() -> None:
    assert cal.span_label("2026-03", "2026-03") == "Mar 26"
    assert cal.span_label("2026-03", "2026-05") == "Mar-May 26"
    assert cal.span_label("2026-11", "2027-02") == "Nov 26-Feb 27"


def test_fiscal_year_is_named_after_the_year_in_which_it_ends() -> None:
    assert cal.fiscal_year("2026-03") == 2026
    assert cal.fiscal_year("2026-03", first_month=4) == 2026
    assert cal.fiscal_year("2026-04", first_month=4) == 2027


def test_weekdays_and_days_of_months() -> None:
    months = cal.months_from(np.datetime64("2024-02"), 3)
    assert cal.weekdays(months).tolist() == [21, 21, 22]
    assert cal.days_in(months).tolist() == [29, 31, 30]
