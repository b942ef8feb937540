"""Pictures of the Demand review."""

from __future__ import annotations

import dataclasses

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


def test_interval_is_drawn_only_where_there_is_one(view: DemandView) -> None:
    bare = dataclasses.replace(view, low=None, high=None)
    assert [t.fill for t in demand_chart(palette(), view).figure.data].count("tonexty") == 1
    assert [t.fill for t in demand_chart(palette(), bare).figure.data].count("tonexty") == 0


def test_baseline_and_plan_are_one_line_where_no_layer_acts(view: DemandView) -> None:
    same = dataclasses.replace(view, total=view.baseline)
    assert "Demand plan" in [t.name for t in demand_chart(palette(), view).figure.data]
    assert "Demand plan" not in [t.name for t in demand_chart(palette(), same).figure.data]


def test_cleansed_history_shows_only_where_it_differs(view: DemandView) -> None:
    changed = dataclasses.replace(view, cleaned=view.actual + 20)
    assert "Cleansed" not in [t.name for t in demand_chart(palette(), view).figure.data]
    assert "Cleansed" in [t.name for t in demand_chart(palette(), changed).figure.data]


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
    chart = layers_chart(palette(), data).figure
    bars = {t.name: np.array(t.y, dtype=float) for t in chart.data if t.type == "bar"}
    lines = {t.name: np.array(t.y, dtype=float) for t in chart.data if t.type == "scatter"}
    assert set(bars) == {"Baseline", "Promotions", "Phase-outs"}
    assert set(lines) == {"Demand plan", "Budget", "Last LE"}
    np.testing.assert_allclose(sum(bars.values()), lines["Demand plan"])
    written = " ".join(note.text for note in chart.layout.annotations)
    for name in ("Promotions", "Phase-outs", "Demand plan", "Budget", "Last LE"):
        assert name in written
    assert chart.layout.yaxis.range[0] < 0  # what takes away hangs below zero


def test_many_layers_are_named_by_a_legend(view: DemandView) -> None:
    layers = {name: np.full(12, 5.0) for name in LAYERS}
    chart = layers_chart(palette(), LayersView(view.months, view.baseline, layers, "pieces")).figure
    assert chart.layout.showlegend
    assert len({t.marker.color for t in chart.data if t.type == "bar"}) == len(LAYERS) + 1


def test_layers_are_told_by_size(view: DemandView) -> None:
    layers = {"promotions": np.full(12, 1.0), "run_down": np.full(12, -5.0)}
    assert layers_sentence(view.baseline, layers, "pieces") == (
        "Baseline 1,320 pieces; phase-outs \N{MINUS SIGN}60, promotions +12."
    )
