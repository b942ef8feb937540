"""The pictures of risk say in words what they show."""

from __future__ import annotations

import numpy as np
import pytest

from sop_core.calendar import months_from
from sop_core.charts.risk import carriers_chart, fan_chart, fan_sentence
from sop_core.charts.roles import palette

MONTHS = months_from(np.datetime64("2026-11", "M"), 3)
BANDS = np.array([[0.95, 0.84, 0.9], [0.98, 0.9, 0.93], [1.0, 0.96, 0.97]])
PLAN = np.array([1.0, 0.97, 1.0])


@pytest.mark.parametrize("dark", [False, True])
def test_a_fan_holds_its_bands_plan_and_target(dark: bool) -> None:
    picture = fan_chart(palette(dark), MONTHS, BANDS, PLAN, "Service level", "%", 0.98)
    lines = {trace.name: list(trace.y) for trace in picture.figure.data}
    assert lines["P10"] == pytest.approx([95.0, 84.0, 90.0])
    assert lines["P50"] == pytest.approx([98.0, 90.0, 93.0])
    assert lines["P90"] == pytest.approx([100.0, 96.0, 97.0])
    assert lines["Plan"] == pytest.approx([100.0, 97.0, 100.0])
    assert picture.figure.layout.shapes[0].y0 == pytest.approx(98.0)
    low, high = picture.figure.layout.yaxis.range
    assert low < 84 < 100 < high
    labels = {note.text: note.y for note in picture.figure.layout.annotations}
    assert set(labels) == {"P10", "P50", "P90", "Plan", "Target"}
    assert all(low <= y <= high for y in labels.values())


def test_the_sentence_names_the_least_certain_month() -> None:
    assert fan_sentence(MONTHS, BANDS, PLAN, "Service level", "%") == (
        "Service level is least certain in Dec 26: 84.0 % to 96.0 % in eight of ten paths, 97.0 % planned."
    )
    money = fan_sentence(MONTHS, 2e6 * BANDS, 2e6 * PLAN, "Stock value", "EUR")
    assert "1.68 M EUR to 1.92 M EUR" in money
    still = np.broadcast_to(PLAN, (3, 3))
    assert fan_sentence(MONTHS, still, PLAN, "Stock", "EUR") == "Stock does not move with demand."


def test_money_starts_at_zero_and_nil_is_drawn() -> None:
    money = fan_chart(palette(), MONTHS, 1e6 * BANDS, 1e6 * PLAN, "Stock value", "EUR")
    assert money.figure.layout.yaxis.range[0] == 0
    nil = fan_chart(palette(), MONTHS, np.zeros((3, 3)), np.zeros(3), "Stock value", "EUR")
    assert nil.alt == "Stock value does not move with demand."


def test_carriers_are_the_largest_first_and_the_rest_together() -> None:
    parts = np.array([0.1, 0.5, -0.2, 0.35, 0.25])
    picture = carriers_chart(palette(), list("abcde"), parts, "Part, %", most=3)
    bars = picture.figure.data[0]
    assert list(bars.customdata) == ["b", "d", "e", "2 others"]
    assert sum(bars.x) == pytest.approx(100.0)
    assert picture.alt == "b carries 50 % of it."
    every = carriers_chart(palette(), list("abcde"), parts, "Part, %")
    assert list(every.figure.data[0].customdata) == ["b", "d", "e", "a", "c"]
    colours = every.figure.data[0].marker.color
    assert colours[-1] != colours[0]
