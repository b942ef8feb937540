"""Small multiples: one chart, one grid a plan, series that stay in their own picture."""

from __future__ import annotations

import numpy as np
import pytest

from sop_core.charts import live
from sop_core.charts.compare import side_by_side
from sop_core.charts.roles import DARK, LIGHT, Palette

MONTHS = ["Jan 27", "Feb 27", "Mar 27"]
ASKED, SERVED = np.array([10.0, 20.0, 30.0]), np.array([10.0, 15.0, 30.0])


def picture(palette: Palette = LIGHT, served: np.ndarray = SERVED) -> live.Option:
    return live.same_scale(live.demand_supply(MONTHS, ASKED, served, ASKED, palette, "units"), 30.0)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_plan_has_its_own_picture_on_the_same_scale(palette: Palette, count: int) -> None:
    merged = side_by_side([picture(palette)] * count, [f"Plan {n}" for n in range(count)])
    assert len(merged["grid"]) == len(merged["xAxis"]) == len(merged["yAxis"]) == count
    assert len({axis["max"] for axis in merged["yAxis"]}) == 1
    assert [axis["gridIndex"] for axis in merged["yAxis"]] == list(range(count))
    names = [title["text"] for title in merged["title"]]
    assert [name for name in names if name.startswith("Plan")] == [f"Plan {n}" for n in range(count)]
    per = len(merged["series"]) // count
    for at, series in enumerate(merged["series"]):
        assert series["xAxisIndex"] == series["yAxisIndex"] == at // per
    stacks = [series["stack"] for series in merged["series"] if "stack" in series]
    assert len(set(stacks)) == count


def test_the_legend_stands_once_and_says_all_that_is_drawn() -> None:
    merged = side_by_side([picture(served=ASKED), picture()], ["A", "B"])
    legends = [title["text"] for title in merged["title"] if "Demand" in title["text"]]
    assert len(legends) == 1
    assert "Not served" in legends[0]


def test_heat_maps_keep_their_colours_apart() -> None:
    load = np.array([[0.5, 1.2, 0.9]])
    heat = live.load_heat(MONTHS, ["Line"], load, load, LIGHT, numbers=False)
    merged = side_by_side([heat, heat], ["A", "B"])
    assert [scale["seriesIndex"] for scale in merged["visualMap"]] == [[0], [1]]


def test_names_and_pictures_must_match() -> None:
    with pytest.raises(ValueError, match="names"):
        side_by_side([picture()], ["A", "B"])
    with pytest.raises(ValueError, match="0 pictures"):
        side_by_side([], [])
