"""Pictures of the Demand review."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from sop_core.calendar import months_from
from sop_core.charts.demand import (
    DemandView,
    LayersView,
    demand_chart,
    demand_sentence,
    layers_chart,
    layers_sentence,
)
from sop_core.charts.roles import palette
from sop_core.inputs import LAYERS

START = np.datetime64("2027-01", "M")


@pytest.fixture
def view() -> DemandView:
    return DemandView(
        past_months=months_from(START - 12, 12),
        actual=np.full(12, 100.0),
        cleaned=np.full(12, 100.0),
        months=months_from(START, 12),
        baseline=np.full(12, 110.0),
        total=np.where(np.arange(12) == 4, 160.0, 110.0),
        low=np.full(12, 90.0),
        high=np.full(12, 130.0),
        budget=np.full(12, 105.0),
        frozen=0,
        unit="pieces",
    )


def test_sentence_compares_the_coming_year_with_the_last(view: DemandView) -> None:
    assert demand_sentence(view) == (
        "Demand of 1,370 pieces over the next 12 months, 14.2 % above the last twelve; highest in May 27; "
        "the 80 % interval of the first month is 90 to 130."
    )


def test_sentence_of_a_short_history_claims_no_growth(view: DemandView) -> None:
    young = dataclasses.replace(
        view, past_months=view.past_months[-3:], actual=view.actual[-3:], cleaned=view.cleaned[-3:]
    )
    assert "last twelve" not in demand_sentence(young)


def drawn(view: DemandView) -> list[str]:
    return [series["name"] for series in demand_chart(palette(), view).option["series"]]


def test_interval_is_drawn_only_where_there_is_one(view: DemandView) -> None:
    bare = dataclasses.replace(view, low=None, high=None)
    series = {one["name"]: one for one in demand_chart(palette(), view).option["series"]}
    assert series["floor"]["data"][12:] == [90.0] * 12
    assert series["80 % interval"]["data"][12:] == [40.0] * 12  # stands on the floor
    assert series["High (80 %)"]["data"][12:] == [130.0] * 12
    assert not {"floor", "80 % interval"} & set(drawn(bare))


def test_baseline_and_plan_are_one_line_where_no_layer_acts(view: DemandView) -> None:
    same = dataclasses.replace(view, total=view.baseline)
    assert "Demand plan" in drawn(view)
    assert "Demand plan" not in drawn(same)


def test_cleansed_history_shows_only_where_it_differs(view: DemandView) -> None:
    changed = dataclasses.replace(view, cleaned=view.actual + 20)
    assert "Cleansed" not in drawn(view)
    assert "Cleansed" in drawn(changed)


def test_every_line_spans_past_and_plan_and_is_in_the_legend(view: DemandView) -> None:
    option = demand_chart(palette(), view).option
    assert all(len(series["data"]) == len(option["xAxis"]["data"]) == 24 for series in option["series"])
    named = {entry["name"] for entry in option["legend"]["data"]}
    assert named == {"Actual", "Budget", "Baseline", "Demand plan", "80 % interval"}
    json.dumps(option, allow_nan=False)  # gaps are null


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-37.0, 1234.0), (0.0, 999_999.0), (-5.0, 0.1)])
def test_axis_has_round_numbers_with_zero_among_them(view: DemandView, low: float, high: float) -> None:
    layers = {"run_down": np.full(12, low), "promotions": np.full(12, high)}
    data = LayersView(view.months, np.zeros(12), layers, "pieces")
    axis = layers_chart(palette(), data).option["yAxis"]
    values = (
        np.arange(round((axis["max"] - axis["min"]) / axis["interval"]) + 1) * axis["interval"] + axis["min"]
    )
    assert np.abs(values).min() < 1e-9 * axis["interval"] + 1e-12
    assert axis["min"] <= (low if low < -0.5 else 0.0)
    assert axis["max"] >= (high if high > 0.5 else 0.0)
    assert 3 <= len(values) <= 9


def test_a_demand_plan_without_history_is_drawn(view: DemandView) -> None:
    none = np.zeros(0)
    bare = dataclasses.replace(
        view, past_months=view.past_months[:0], actual=none, cleaned=none, low=None, high=None, budget=None
    )
    assert demand_chart(palette(), bare).alt.startswith("Demand of 1,370 pieces")


def test_layers_add_up_to_the_line_and_idle_ones_are_left_out(view: DemandView) -> None:
    layers = {"promotions": view.total - view.baseline, "events": np.zeros(12), "run_down": np.full(12, -5.0)}
    data = LayersView(
        view.months, view.baseline, layers, "pieces", budget=view.total + 7, estimate=view.total - 3
    )
    option = layers_chart(palette(), data).option
    bars = {s["name"]: np.array(s["data"]) for s in option["series"] if s["type"] == "bar"}
    lines = {s["name"]: np.array(s["data"]) for s in option["series"] if s["type"] == "line"}
    assert set(bars) == {"Baseline", "Promotions", "Phase-outs"}
    assert set(lines) == {"Demand plan", "Budget", "Last LE"}
    np.testing.assert_allclose(sum(bars.values()), lines["Demand plan"])
    assert {entry["name"] for entry in option["legend"]["data"]} == set(bars) | set(lines)
    assert option["yAxis"]["min"] < 0  # what takes away hangs below zero


def test_layers_are_told_apart_without_colour(view: DemandView) -> None:
    layers = {name: np.full(12, 5.0) for name in LAYERS}
    option = layers_chart(palette(), LayersView(view.months, view.baseline, layers, "pieces")).option
    styles = [s["itemStyle"] for s in option["series"] if s["type"] == "bar"]
    assert len({style["color"] for style in styles}) == len(LAYERS) + 1
    patterns = [json.dumps(style["decal"]) for style in styles if "decal" in style]
    assert len(set(patterns)) == len(patterns) == len(LAYERS) - 1  # baseline and promotions are plain


def test_layers_are_told_by_size(view: DemandView) -> None:
    layers = {"promotions": np.full(12, 1.0), "run_down": np.full(12, -5.0)}
    assert layers_sentence(view.baseline, layers, "pieces") == (
        "Baseline 1,320 pieces; phase-outs \N{MINUS SIGN}60, promotions +12."
    )
