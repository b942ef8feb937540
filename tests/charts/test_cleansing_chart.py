"""Picture of the cleansing review: recorded, cleansed, proposed, and the months in question."""

from __future__ import annotations

import numpy as np
import pytest

from sop_core.charts.cleansing import CleansedView, cleansing_chart
from sop_core.charts.roles import palette

MONTHS = np.arange("2023-01", "2026-01", dtype="datetime64[M]")


def view(cleansed: float = 100.0, proposed: float = np.nan, marked: tuple[int, ...] = ()) -> CleansedView:
    recorded = np.full(36, 100.0)
    used, idea = recorded.copy(), np.full(36, np.nan)
    if marked:
        used[marked[0]], idea[marked[0]] = cleansed, proposed
    return CleansedView("Anvil", MONTHS, recorded, used, idea, marked, "pieces")


def names(data: CleansedView) -> list[str]:
    return [trace.name for trace in cleansing_chart(palette(), data).figure.data]


def test_untouched_history_is_one_line_and_says_so() -> None:
    assert names(view()) == ["Recorded"]
    assert cleansing_chart(palette(), view()).alt == "Anvil: history is used as it was recorded."


def test_what_acts_is_a_line_and_what_is_proposed_a_circle() -> None:
    assert names(view(cleansed=50.0, marked=(4,))) == ["Recorded", "Cleansed"]
    drawn = cleansing_chart(palette(dark=True), view(proposed=60.0, marked=(4,)))
    assert [t.name for t in drawn.figure.data] == ["Recorded", "Proposed"]
    assert drawn.alt == "Anvil: May 23 100 recorded, 60 proposed."
    assert len(drawn.figure.layout.shapes) == 1


@pytest.mark.parametrize("count", [1, 30, 240])
def test_histories_of_any_length_and_sign_can_be_drawn(count: int) -> None:
    months = np.arange("2006-01", "2026-01", dtype="datetime64[M]")[:count]
    recorded = np.linspace(-50.0, 10.0, count)
    data = CleansedView(
        "Anvil", months, recorded, np.maximum(recorded, 0), np.full(count, np.nan), (0,), "pieces"
    )
    chart = cleansing_chart(palette(), data).figure
    assert chart.layout.yaxis.range[0] < -50.0
    assert len(chart.layout.xaxis.tickvals) <= 21
