"""Pictures of the gap of the latest estimate."""

from __future__ import annotations

import numpy as np

from sop_core.calendar import months_from
from sop_core.charts.gap import GapView, gap_chart, gap_lines_chart
from sop_core.charts.roles import palette

OCT = np.datetime64("2026-10", "M")


def view(*gap: float, past: int = 1) -> GapView:
    return GapView(months_from(OCT, len(gap)), np.array(gap), past, "budget", "pieces")


def test_gap_sentence_names_the_worst_and_the_best_month() -> None:
    said = gap_chart(palette(), view(-10.0, 4.0, np.nan, -30.0)).alt
    assert said == (
        "Gap to budget by month: 2 of 3 months are below it, lowest in Jan 27 at −30, highest in Nov 26 at +4 pieces."
    )


def test_gap_has_zero_on_its_axis_and_a_pattern_beside_the_colour() -> None:
    drawn = gap_chart(palette(), view(-10.0, -4.0)).figure
    low, high = drawn.layout.yaxis.range
    assert low < -10 < 0 < high
    assert list(drawn.data[0].marker.pattern.shape) == ["/", "/"]
    assert drawn.data[0].marker.color[0] != drawn.data[0].marker.color[1]  # a closed month is paler


def test_months_that_are_not_known_are_not_drawn() -> None:
    assert gap_chart(palette(), view(np.nan, np.nan)).alt == "No month is known of budget."
    assert gap_chart(palette(), view(np.nan, 3.0)).figure.data[0].y[0] is None


def test_lines_are_named_with_their_gap() -> None:
    drawn = gap_lines_chart(
        palette(), ["Mowers", "Grills"], np.array([-20.0, 0.2]), "Gap by family", "pieces"
    )
    assert drawn.alt == "Gap by family: Mowers −20, Grills +0."
    assert list(drawn.figure.data[0].text) == ["−20", "–"]
    assert drawn.figure.data[0].customdata[1].endswith("as planned")
