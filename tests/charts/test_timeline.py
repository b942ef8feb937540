"""The months axis and labels that charts share."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sop_core.calendar import months_from
from sop_core.charts.roles import palette
from sop_core.charts.template import figure
from sop_core.charts.timeline import ceiling, end_labels, mark_zones, month_axis, points, spread

START = np.datetime64("2026-11", "M")


@given(st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=6), st.floats(0.5, 8))
def test_labels_are_moved_apart_and_keep_their_order(values: list[float], gap: float) -> None:
    """No two labels are nearer than one line, and the higher series keeps the higher label."""
    found = spread(sorted(values), gap, 100.0)
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(found))
    assert max(found) <= 100.0 + 1e-9


def test_labels_that_have_room_stay_at_their_values() -> None:
    assert spread([10.0, 50.0, 90.0], 5.0, 100.0) == [10.0, 50.0, 90.0]


def test_gaps_in_data_are_gaps_in_the_line() -> None:
    assert points(np.array([1.0, np.nan, np.inf])) == [1.0, None, None]


def test_axis_of_zeros_still_has_a_height() -> None:
    assert ceiling(np.zeros(3), None) == 1.0
    assert ceiling(np.array([np.nan])) == 1.0


def test_long_spans_label_the_quarters() -> None:
    chart = figure(palette(), "x")
    month_axis(chart, months_from(START, 24))
    assert chart.layout.xaxis.ticktext[:2] == ("Jan 27", "Apr 27")


def test_short_spans_label_every_month() -> None:
    chart = figure(palette(), "x")
    month_axis(chart, months_from(START, 12))
    assert len(chart.layout.xaxis.ticktext) == 12


def test_the_start_of_the_plan_is_named_and_the_frozen_months_are_shaded() -> None:
    chart = figure(palette(), "x")
    mark_zones(chart, palette(), START, frozen=2, past=12, horizon=18)
    rectangle, line = chart.layout.shapes
    assert (rectangle.x0, rectangle.x1) == ("2026-10-17", "2026-12-17")
    assert line.type == "line"
    assert [note.text for note in chart.layout.annotations] == ["actuals", "frozen, then plan"]


def test_without_a_past_nothing_is_called_actuals() -> None:
    chart = figure(palette(), "x")
    mark_zones(chart, palette(), START, frozen=0, past=0, horizon=18)
    assert not chart.layout.shapes
    assert not chart.layout.annotations


def test_a_series_without_values_gets_no_label() -> None:
    chart = figure(palette(), "x")
    end_labels(chart, [("known", 5.0, "#000000"), ("unknown", float("nan"), "#000000")], 10.0, 200)
    assert [note.text for note in chart.layout.annotations] == ["known"]
