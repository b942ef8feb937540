"""The four pictures of the year: closed months marked, budget dashed, last estimate dotted, what is short filled."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from sop_core.charts.executive import HEIGHT, WIDTH, year_chart
from sop_core.charts.roles import DARK, LIGHT, fade, palette
from sop_core.pack import value as v
from tests import packs


def drawn(name: str, pack: v.Pack, dark: bool = False) -> Any:
    found = year_chart(palette(dark), pack, name)
    assert found is not None
    return found.figure


def line(chart: Any, name: str) -> Any:
    return next(trace for trace in chart.data if trace.name == name)


def texts(chart: Any) -> list[str]:
    return [note.text for note in chart.layout.annotations]


@pytest.mark.parametrize("name", v.PICTURES)
@pytest.mark.parametrize("dark", [False, True])
def test_every_picture_has_one_size_marks_what_is_closed_and_says_its_sentence(name: str, dark: bool) -> None:
    pack = packs.example()
    found = year_chart(palette(dark), pack, name)
    assert found is not None
    layout = found.figure.layout
    assert (layout.width, layout.height, layout.autosize) == (WIDTH, HEIGHT, False)
    assert {"actuals", "frozen, then plan"} <= set(texts(found.figure))
    assert found.alt == pack.picture(name).sentence  # type: ignore[union-attr]


def test_demand_goes_on_from_the_last_actual_month_beside_budget_and_last_estimate() -> None:
    chart = drawn("demand", packs.example())
    assert line(chart, "Budget").line.dash == "dash"
    assert line(chart, "Last LE").line.dash == "dot"
    demand, actual = line(chart, "Demand"), line(chart, "Actual")
    assert demand.y[packs.CLOSED - 1] == actual.y[packs.CLOSED - 1]
    assert demand.y[0] is None
    assert {"Demand", "Budget", "Last LE"} <= set(texts(chart))
    assert any(trace.fillcolor == fade(LIGHT.demand, 0.15) for trace in chart.data), "P10 to P90"


def test_what_is_late_is_filled_and_named_where_it_is_most() -> None:
    chart = drawn("supply", packs.example(), dark=True)
    late = line(chart, "Late or lost")
    assert (late.fill, late.fillcolor) == ("tozeroy", fade(DARK.shortage, 0.75))
    assert "<b>330 late</b>" in texts(chart)


def test_nothing_late_fills_nothing() -> None:
    pack = packs.example()
    supply = pack.picture("supply")
    assert supply is not None
    calm = tuple(
        dataclasses.replace(one, values=tuple(None if x is None else 0.0 for x in one.values))
        if one.name in ("late", "lost")
        else one
        for one in supply.series
    )
    others = tuple(one for one in pack.pictures if one.name != "supply")
    chart = drawn("supply", packs.example(pictures=(*others, dataclasses.replace(supply, series=calm))))
    assert "Late or lost" not in [trace.name for trace in chart.data]


def test_closed_months_are_told_apart_and_losses_stay_in_the_picture() -> None:
    pack = packs.example()
    money = pack.picture("money")
    assert money is not None
    below = tuple(
        dataclasses.replace(one, values=(*one.values[:-1], -80_000.0)) if one.name == "margin" else one
        for one in money.series
    )
    others = tuple(one for one in pack.pictures if one.name != "money")
    chart = drawn("money", packs.example(pictures=(*others, dataclasses.replace(money, series=below))))
    looks = line(chart, "Revenue").marker.color
    assert len(set(looks[: packs.CLOSED])) == 1
    assert looks[0] != looks[packs.CLOSED]
    low, high = chart.layout.yaxis.range
    assert low < -80_000.0 < 0 < high


@pytest.mark.parametrize("name", v.PICTURES)
def test_a_newcomers_pack_is_drawn_without_what_it_does_not_know(name: str) -> None:
    chart = drawn(name, packs.bare())
    assert not {"Budget", "Last LE", "Margin budget", "Target"} & set(texts(chart))


def test_a_picture_without_any_value_is_none_and_an_unknown_one_a_defect() -> None:
    empty = v.Picture(
        "money", "Money", "No prices.", "money", (v.Series("margin", "Margin", "money", (None,) * 14),)
    )
    assert year_chart(LIGHT, packs.example(pictures=(empty,)), "money") is None
    assert year_chart(LIGHT, packs.example(pictures=()), "demand") is None
    with pytest.raises(KeyError):
        year_chart(LIGHT, packs.example(), "weather")


def test_a_pack_of_one_month_has_a_label_for_it() -> None:
    one = v.Picture("demand", "Demand", "One.", "units", (v.Series("demand", "Demand", "units", (5.0,)),))
    chart = drawn("demand", packs.example(months=("2026-11",), closed=0, frozen=0, pictures=(one,)))
    assert list(chart.layout.xaxis.ticktext) == ["Nov 26"]
    assert np.isfinite(chart.layout.yaxis.range).all()
