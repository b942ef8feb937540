"""The live pictures are plain options that say what the arrays say."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.charts import live
from sop_core.charts.roles import DARK, LIGHT

MONTHS = ["Nov 26", "Dec 26", "Jan 27"]
DEMAND = np.array([100.0, 120.0, 90.0])
SERVED = np.array([100.0, 95.0, 110.0])


def series(option: live.Option, name: str) -> list[float]:
    return next(one["data"] for one in option["series"] if one.get("name") == name)


def words(option: live.Option) -> str:
    return " ".join(title["text"] for title in option["title"])


def test_the_gap_lies_between_delivered_and_demand() -> None:
    option = live.demand_supply(MONTHS, DEMAND, SERVED, SERVED, LIGHT, "piece")
    gap, floor = np.array(series(option, "Not served")), np.array(series(option, "floor"))
    assert gap.tolist() == [0.0, 25.0, 0.0]  # January catches up: nothing is filled
    np.testing.assert_allclose((floor + gap)[1], DEMAND[1])
    assert "Not served" in words(option)
    assert "Demand and deliveries, piece" in words(option)


def test_without_a_gap_the_legend_does_not_speak_of_one() -> None:
    option = live.demand_supply(MONTHS, DEMAND, DEMAND, DEMAND, LIGHT, "piece")
    assert "Not served" not in words(option)
    assert "in full" in live.demand_sentence(MONTHS, DEMAND, DEMAND, "piece")


def test_months_below_target_carry_a_ring() -> None:
    stock, target = np.array([10.0, 4.0, 0.0]), np.array([5.0, 5.0, 0.0])
    option = live.stock_target(MONTHS, stock, target, stock, LIGHT, "piece")
    rings = option["series"][1]["markPoint"]["data"]
    assert [ring["coord"] for ring in rings] == [[1, 4.0]]
    assert "below target in Dec 26" in live.stock_sentence(MONTHS, stock, target, "piece")


def test_load_above_regular_hours_is_numbered_and_rows_keep_their_place() -> None:
    base = np.array([[0.5, 0.5, 0.5], [0.9, 0.9, 0.9], [np.nan] * 3])
    load = np.array([[1.2, 0.5, np.inf], [0.9, 0.9, 0.9], [np.nan] * 3])
    option = live.load_heat(MONTHS, ["A", "B", "C"], load, base, LIGHT)
    assert option["yAxis"]["data"] == ["A", "B"]  # C has no limit; B is fuller in the base and stays on top
    marked = [cell["value"] for cell in option["series"][0]["data"] if isinstance(cell, dict)]
    assert marked == [[0, 0, 120], [2, 0, 999]]
    assert "A in Nov 26, Jan 27" in live.load_sentence(MONTHS, ["A", "B", "C"], load)


def test_only_the_fullest_resources_are_shown_and_the_title_says_so() -> None:
    load = np.linspace(0.1, 1.0, 12)[:, None] * np.ones(3)
    option = live.load_heat(MONTHS, [f"R{n}" for n in range(12)], load, load, LIGHT)
    assert option["yAxis"]["data"][-1] == "R11"
    assert f"fullest {live.MOST_RESOURCES} of 12" in words(option)


def test_nothing_moved_is_said() -> None:
    option = live.bridge([("Revenue", 0.0), ("Material", 0.0)], LIGHT, "EUR")
    assert option["graphic"]["style"]["text"] == "The same as the base"
    assert option["series"] == []


amounts = st.lists(st.floats(-1e7, 1e7).map(lambda x: round(x)), min_size=1, max_size=14)


@given(amounts)
def test_the_bridge_ends_at_the_whole_difference(values: list[float]) -> None:
    """Up and down parts of every bar span its two ends, and the last bar is the sum of all steps."""
    steps = [(f"step {n}", float(value)) for n, value in enumerate(values)]
    option = live.bridge(steps, LIGHT, "EUR")
    if not option["series"]:
        assert all(value == 0 for value in values)
        return
    assert len(option["yAxis"]["data"]) <= live.MOST_STEPS + 2
    parts = {one["name"]: one["data"] for one in option["series"]}
    nothing = [{"value": 0.0}] * len(option["yAxis"]["data"])
    up, down = parts.get("up", nothing), parts.get("down", nothing)
    total = up[-1]["value"] + down[-1]["value"]
    assert total == pytest.approx(sum(values), rel=1e-4, abs=1)
    spans = [abs(u["value"]) + abs(d["value"]) for u, d in zip(up, down, strict=True)]
    assert sum(spans[:-1]) >= abs(total) * (1 - 1e-3)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
def test_options_are_plain_json_without_animation(palette: live.Palette) -> None:
    load = np.array([[0.5, 1.1, np.inf]])
    options = [
        live.demand_supply(MONTHS, DEMAND, SERVED, SERVED, palette, "piece"),
        live.stock_target(MONTHS, DEMAND, SERVED, SERVED, palette, "piece"),
        live.load_heat(MONTHS, ["A"], load, load, palette),
        live.bridge([("Revenue", 12.0), ("Material", -5.0)], palette, "EUR"),
    ]
    for option in options:
        assert json.loads(json.dumps(option, allow_nan=False)) == option
        assert option["animation"] is False
        assert all(one["animation"] is False for one in option["series"])


def test_small_multiples_share_a_round_scale() -> None:
    option = live.demand_supply(MONTHS, DEMAND, SERVED, SERVED, LIGHT, "piece")
    assert live.same_scale(option, 121.0)["yAxis"]["max"] == 150.0
    assert "max" not in option["yAxis"]
    assert live.same_scale(option, 0.0)["yAxis"]["max"] == 1.0


@pytest.mark.parametrize(
    ("value", "said"), [(312_000.0, "+312 k"), (-1_240_000.0, "−1.24 M"), (0.2, "–"), (-7.0, "−7")]
)
def test_amounts_fit_a_label(value: float, said: str) -> None:
    assert live.short(value) == said
