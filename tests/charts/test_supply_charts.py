"""Pictures of the Supply review."""

from __future__ import annotations

import numpy as np

from sop_core.calendar import months_from
from sop_core.charts.roles import palette
from sop_core.charts.supply import (
    cover_chart,
    load_map,
    load_sentence,
    source_chart,
    staffing_chart,
    stock_chart,
)

MONTHS = months_from(np.datetime64("2027-01", "M"), 3)
USED = np.array([[0.5, 1.2, 0.9], [np.nan, np.nan, np.nan], [np.inf, 0.0, 0.4]])
NAMES = ["Line", "Free", "Closed"]


def test_cells_over_their_hours_are_hatched_and_others_are_not() -> None:
    """Load is never told by colour alone."""
    chart = load_map(palette(), MONTHS, NAMES, USED, np.zeros_like(USED)).figure
    cells = chart.data[0]
    told = dict(zip(cells.text, cells.marker.pattern.shape, strict=True))
    assert told == {"50": "", "120": "/", "90": "", "no hours": "/", "0": "", "40": ""}


def test_a_resource_without_limit_has_no_cells() -> None:
    chart = load_map(palette(), MONTHS, NAMES, USED, np.zeros_like(USED)).figure
    assert len(chart.data[0].x) == 6


def test_overtime_is_marked_where_it_is_worked() -> None:
    overtime = np.zeros_like(USED)
    overtime[0, 1] = 0.25
    chart = load_map(palette(), MONTHS, NAMES, USED, overtime).figure
    assert list(chart.data[1].x) == ["Feb 27"]
    assert chart.data[1].width[0] == 0.96 * 0.25


def test_load_sentence_names_the_fullest_and_all_that_are_over() -> None:
    assert load_sentence(MONTHS, NAMES[:1], USED[:1]) == (
        "Line is fullest, 120 % in Feb 27; over 100 % at some time: Line."
    )
    assert load_sentence(MONTHS, NAMES, USED).startswith(
        "Closed is fullest, load without any hours in Jan 27"
    )
    assert load_sentence(MONTHS, ["Free"], USED[1:2]) == "No resource has hours that could limit the plan."
    assert load_sentence(MONTHS, ["Line"], np.full((1, 3), 0.5)).endswith("none is over 100 %.")


def test_months_below_target_are_ringed_and_counted() -> None:
    stock, target = np.array([50.0, 20.0, 40.0]), np.full(3, 40.0)
    picture = stock_chart(palette(), MONTHS[:0], stock[:0], MONTHS, stock, target, "pieces", 1)
    ring = next(t for t in picture.figure.data if t.name == "Below target")
    assert list(ring.x) == ["2027-02-01"]
    assert picture.alt.endswith("below target in 1 of 3 months.")


def test_stock_without_a_target_claims_none() -> None:
    stock = np.array([50.0, 20.0, 40.0])
    picture = stock_chart(palette(), MONTHS[:0], stock[:0], MONTHS, stock, np.zeros(3), "pieces", 0)
    assert "target" not in picture.alt


def test_cover_of_no_demand_is_said_so() -> None:
    nothing = np.full(3, np.nan)
    assert (
        cover_chart(palette(), MONTHS, nothing, nothing, 0, 0).alt == "No demand to cover over the horizon."
    )


def test_the_smallest_sources_are_gathered() -> None:
    sources = {f"S{n}": np.full(3, float(n + 1)) for n in range(8)}
    picture = source_chart(palette(), MONTHS, sources, "pieces", 0)
    names = [t.name for t in picture.figure.data]
    assert names == ["S7", "S6", "S5", "S4", "S3", "Other"]
    total = sum(np.array(t.y, dtype=float) for t in picture.figure.data)
    np.testing.assert_allclose(total, 36.0)


def test_no_supply_is_said_so() -> None:
    assert source_chart(palette(), MONTHS, {}, "pieces", 0).alt == "Nothing is supplied."


def test_up_to_four_resources_are_labelled_directly_more_get_a_legend() -> None:
    few = {f"R{n}": np.full(3, 10.0 + n) for n in range(3)}
    many = {f"R{n}": np.full(3, 10.0 + n) for n in range(6)}
    assert not staffing_chart(palette(), MONTHS, few, 0).figure.layout.showlegend
    assert staffing_chart(palette(), MONTHS, many, 0).figure.layout.showlegend
    assert staffing_chart(palette(), MONTHS, few, 0).alt == "Headcount goes from 33 to 33, at most 33."
