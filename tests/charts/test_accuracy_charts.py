"""Pictures of accuracy, of how an estimate moved and of the order book."""

from __future__ import annotations

import numpy as np
import pytest

from sop_core.calendar import months_from
from sop_core.charts.accuracy import (
    Fall,
    ladder_chart,
    ladder_sentence,
    lags_chart,
    waterfall_chart,
)
from sop_core.charts.book import BookView, book_chart
from sop_core.charts.roles import palette
from sop_core.demand.accuracy import STEPS

NOV = np.datetime64("2026-11", "M")


def test_ladder_names_what_each_step_adds() -> None:
    drawn = ladder_chart(palette(), STEPS, np.array([0.13, 0.08, 0.08, 0.09, 0.085]), "consensus")
    texts = [note.text for note in drawn.figure.layout.annotations]
    assert texts == ["+5.0 pp<br>helped", "no change", "−1.0 pp<br>hurt", "+0.5 pp<br>helped"]
    assert drawn.figure.layout.yaxis.range[0] == 0


def test_ladder_sentence_sums_the_steps_up() -> None:
    said = ladder_sentence(("naive", "consensus"), np.array([0.13, 0.085]))
    assert said == "Error 13.0 % naive, 8.5 % consensus; all steps together take off 4.5 points."


def test_accuracy_is_not_drawn_below_zero() -> None:
    drawn = lags_chart(palette(), months_from(NOV, 2), {1: np.array([0.2, 1.5])})
    assert list(drawn.figure.data[0].y) == [80.0, 0.0]
    assert drawn.figure.data[0].customdata[1] == pytest.approx(-50.0)


def test_accuracy_of_good_forecasts_is_drawn_large_enough_to_read() -> None:
    drawn = lags_chart(
        palette(), months_from(NOV, 2), {1: np.array([0.08, 0.12]), 2: np.array([0.09, np.nan])}
    )
    low, high = drawn.figure.layout.yaxis.range
    assert low == 80.0
    assert all(low <= note.y <= high for note in drawn.figure.layout.annotations)


def test_waterfall_bars_start_where_the_one_before_ended() -> None:
    falls = [
        Fall("Oct", "level", 100.0),
        Fall("Stat.", "step", 20.0, "statistical"),
        Fall("Sales", "step", -5.0, "sales_input"),
        Fall("Nov", "level", 115.0),
        Fall("Actual", "actual", 110.0),
    ]
    drawn = waterfall_chart(palette(), falls, "Estimate of Nov 26", "pieces")
    bars, marks = drawn.figure.data
    assert list(bars.base) == [100.0, 120.0]
    assert list(bars.y) == [20.0, -5.0]
    assert list(marks.y) == [100.0, 115.0, 110.0]
    assert drawn.alt == "From 100 pieces (Oct) to 110 (actual): statistical +20, sales input −5."


def test_book_sentence_names_the_day() -> None:
    days = np.arange(-3.0, 5.0)
    flat = np.ones(8)
    data = BookView(
        month=NOV, days=days, booked=np.where(days <= 1, 40.0, np.nan), low=flat, middle=flat, high=flat,
        last_year=flat * np.nan, estimate=80.0, as_of=np.datetime64("2026-11-02"), unit="pieces",
    )  # fmt: skip
    said = book_chart(palette(), data).alt
    assert said == "40 pieces on the books for Nov 26 as of 2 Nov 26, 50 % of the latest estimate of 80."
