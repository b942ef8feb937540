"""The picture of the Overview says in words what it shows, and shows what is short."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from sop_core.calendar import months_from
from sop_core.charts.overview import Balance, balance_chart, balance_sentence
from sop_core.charts.roles import palette

START = np.datetime64("2026-11", "M")


@pytest.fixture
def balance() -> Balance:
    demand = np.array([100.0, 120.0, 150.0, 90.0])
    return Balance(
        past_months=months_from(START - 3, 3),
        past_sales=np.array([80.0, 90.0, 95.0]),
        past_supply=np.array([85.0, 90.0, 90.0]),
        past_stock=np.array([40.0, 40.0, 35.0]),
        months=months_from(START, 4),
        demand=demand,
        served=np.minimum(demand, 130.0),
        supply=np.array([110.0, 130.0, 130.0, 90.0]),
        stock=np.array([45.0, 55.0, 35.0, 35.0]),
        target=np.full(4, 40.0),
        frozen=1,
        unit="pieces",
    )


def test_sentence_names_size_shortage_and_worst_month(balance: Balance) -> None:
    assert balance_sentence(balance) == (
        "Demand of 460 pieces from Nov 26 to Feb 27, 20 of it not served in its month, most in Jan 27. "
        "Stock goes from 35 to 35."
    )


def test_sentence_says_when_all_is_served(balance: Balance) -> None:
    calm = dataclasses.replace(balance, served=balance.demand)
    assert ", all served in its month." in balance_sentence(calm)


def _filled(chart: Any) -> int:
    return sum(trace.type == "scatter" and trace.fill == "tonexty" for trace in chart.data)


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_short_is_filled_and_nothing_else(balance: Balance, dark: bool) -> None:
    short = balance_chart(palette(dark), balance).figure
    calm = balance_chart(palette(dark), dataclasses.replace(balance, served=balance.demand)).figure
    assert _filled(short) == 1
    assert _filled(calm) == 0


def test_bars_begin_at_zero_and_the_unit_is_in_the_title(balance: Balance) -> None:
    chart = balance_chart(palette(), balance).figure
    assert chart.layout.yaxis.range[0] == 0
    assert chart.layout.yaxis2.range[0] == 0
    assert chart.layout.title.text.endswith("pieces")


def test_a_company_without_a_past_or_target_is_drawn(balance: Balance) -> None:
    """A company that brought only a demand plan."""
    empty = np.zeros(0)
    bare = dataclasses.replace(
        balance,
        past_months=balance.past_months[:0],
        past_sales=empty,
        past_supply=empty,
        past_stock=empty,
        target=np.zeros(4),
    )
    picture = balance_chart(palette(), bare)
    assert "Target" not in [note.text for note in picture.figure.layout.annotations]
    assert picture.alt.startswith("Demand of 460 pieces")


def test_the_base_plan_lies_behind_a_scenario(balance: Balance) -> None:
    names = [t.name for t in balance_chart(palette(), balance, base=balance).figure.data]
    assert "Base demand" in names
    assert "Base stock" in names
