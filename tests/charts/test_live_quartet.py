"""Four pictures in one chart: each keeps its own axes, words and tooltip, and nothing is lost on the way."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from sop_core.charts import live
from sop_core.charts.quartet import GAP, quartet
from sop_core.charts.roles import LIGHT

MONTHS = ["Nov 26", "Dec 26", "Jan 27"]
HEIGHT = 2 * live.HEIGHT + GAP


def pictures(margin: float = 12.0) -> list[live.Option]:
    demand, served = np.array([100.0, 120.0, 90.0]), np.array([100.0, 95.0, 110.0])
    load = np.array([[0.5, 1.1, 0.9], [0.4, 0.4, 0.4]])
    return [
        live.demand_supply(MONTHS, demand, served, served, LIGHT, "piece"),
        live.stock_target(MONTHS, demand, served, served, LIGHT, "piece"),
        live.load_heat(MONTHS, ["A", "B"], load, load, LIGHT),
        live.bridge([("Revenue", margin), ("Material", -margin / 2)], LIGHT, "EUR"),
    ]


def test_every_part_of_every_picture_is_there_in_its_own_grid() -> None:
    single = pictures()
    whole = quartet(single, HEIGHT)
    assert [title["text"] for title in whole["title"]] == [t["text"] for one in single for t in one["title"]]
    assert [axis["gridIndex"] for axis in whole["xAxis"]] == [0, 1, 2, 3]
    assert [axis["gridIndex"] for axis in whole["yAxis"]] == [0, 1, 2, 3]
    for n, option in enumerate(single):
        assert option["xAxis"].items() <= whole["xAxis"][n].items()
        assert option["yAxis"].items() <= whole["yAxis"][n].items()
        mine = [one for one in whole["series"] if one["xAxisIndex"] == n]
        assert [one["data"] for one in mine] == [one["data"] for one in option["series"]]
        assert all(one["yAxisIndex"] == n for one in mine)
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole


def test_only_the_heat_map_takes_its_colours_from_the_scale() -> None:
    whole = quartet(pictures(), HEIGHT)
    (scale,) = whole["visualMap"]
    assert [whole["series"][n]["type"] for n in scale["seriesIndex"]] == ["heatmap"]


def test_quarters_do_not_overlap_and_stay_within_the_chart() -> None:
    whole = quartet(pictures(), HEIGHT)
    tops = [grid["top"] for grid in whole["grid"]]
    ends = [grid["top"] + grid["height"] for grid in whole["grid"]]
    assert max(ends[:2]) < min(title["top"] for title in whole["title"][4:])
    assert min(tops[2:]) > max(title["top"] for title in whole["title"][4:])
    assert max(ends) <= HEIGHT
    for n in (0, 2):
        left_ends = 100 - float(whole["grid"][n]["right"].rstrip("%"))
        right_begins = float(whole["title"][2 * n + 2]["left"].rstrip("%"))
        assert left_ends < 50 < right_begins < float(whole["grid"][n + 1]["left"].rstrip("%"))


def test_tooltips_are_those_of_the_single_pictures() -> None:
    """Lines answer along the month, cells one by one, the bridge not at all."""
    single = pictures()
    whole = quartet(single, HEIGHT)
    for n, option in enumerate(single):
        of_grid = whole["tooltip"] | whole["grid"][n].get("tooltip", {})
        assert of_grid.get("show") == option["tooltip"].get("show")
        assert of_grid["trigger"] == option["tooltip"].get("trigger", "axis")
        mine = [one for one in whole["series"] if one["xAxisIndex"] == n]
        for placed, alone in zip(mine, option["series"], strict=True):
            said = whole["tooltip"] | placed.get("tooltip", {})
            assert (option["tooltip"] | alone.get("tooltip", {})).items() <= said.items()


def test_stacks_of_one_name_stay_apart() -> None:
    demand = pictures()[0]
    whole = quartet([demand] * 4, HEIGHT)
    stacks = {(one["xAxisIndex"], one["stack"]) for one in whole["series"] if "stack" in one}
    assert len(stacks) == len({name for _, name in stacks}) == 4


def test_a_word_in_the_middle_moves_to_the_middle_of_its_quarter() -> None:
    whole = quartet(pictures(margin=0.0), HEIGHT)
    (word,) = whole["graphic"]
    assert word["children"][0]["style"]["text"] == "The same as the base"
    assert 74 < float(word["left"].rstrip("%")) < 77
    assert word["top"] == HEIGHT - live.HEIGHT / 2
    assert "graphic" not in quartet(pictures(), HEIGHT)


def test_the_single_pictures_stay_as_they_are() -> None:
    single = pictures()
    before = copy.deepcopy(single)
    quartet(single, HEIGHT)
    assert single == before


def test_what_cannot_be_moved_is_refused() -> None:
    single = pictures()
    with pytest.raises(ValueError, match="4 pictures, not 3"):
        quartet(single[:3], HEIGHT)
    with pytest.raises(ValueError, match="Picture 2 holds dataset"):
        quartet([single[0], single[1] | {"dataset": {}}, *single[2:]], HEIGHT)
    with pytest.raises(ValueError, match="Picture 4 holds a graphic"):
        quartet([*single[:3], single[3] | {"graphic": {"type": "rect"}}], HEIGHT)
