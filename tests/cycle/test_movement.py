"""How an estimate moves from cycle to cycle: by hand, and that its parts always add up."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.calendar import months_from
from sop_core.cycle.movement import ACTUALS, movers, standings, valued
from sop_core.demand.accuracy import STEPS, Forecasts

MAY = np.datetime64("2026-05", "M")


def forecasts(rows: list[tuple[str, str, int, tuple[float, ...]]]) -> Forecasts:
    """(cycle, month, item, units by step) as forecasts of one region."""
    zero = np.zeros(len(rows), dtype=np.int64)
    return Forecasts(
        cycle=np.array([c for c, *_ in rows], dtype="datetime64[M]"),
        month=np.array([m for _, m, *_ in rows], dtype="datetime64[M]"),
        item=np.array([i for *_, i, _ in rows], dtype=np.int64),
        region=zero,
        segment=zero,
        units=np.array([u for *_, u in rows], dtype=float),
        owner=np.full((len(rows), len(STEPS)), -1),
        owners=(),
    )


def test_a_month_by_hand() -> None:
    """May is expected at 105 in April (base 90, promotion +10, sales +5), at 118 in May (100, +10, +10, -2); it ends
    at 111."""
    rows = forecasts(
        [
            ("2026-04", "2026-05", 0, (80, 90, 100, 105, 105)),
            ("2026-05", "2026-05", 0, (80, 100, 110, 120, 118)),
        ]
    )
    first, second, end = standings(rows, np.array([MAY]), months_from(MAY - 1, 2), np.array([70.0, 111.0]))
    assert (first.value, first.parts) == (105, {})
    assert second.value == 118
    assert second.parts == {"statistical": 10, "market": 0, "sales_input": 5, "consensus": -2}
    assert (end.cycle, end.value, end.parts) == (None, 111, {ACTUALS: -7})


def test_months_that_close_in_between_count_with_what_happened() -> None:
    same = (0, 100, 100, 100, 100)
    rows = forecasts(
        [
            ("2026-05", "2026-05", 0, same),
            ("2026-05", "2026-06", 0, same),
            ("2026-06", "2026-06", 0, (0, 100, 100, 100, 120)),
        ]
    )
    stood = standings(rows, months_from(MAY, 2), months_from(MAY, 1), np.array([90.0]))
    assert [s.value for s in stood] == [200, 210]
    assert stood[1].parts == {"statistical": 0, "market": 0, "sales_input": 0, "consensus": 20, ACTUALS: -10}


def test_a_step_that_one_cycle_does_not_know_goes_into_the_next_one() -> None:
    nan = float("nan")
    rows = forecasts(
        [
            ("2026-04", "2026-05", 0, (nan, nan, nan, 100, 105)),
            ("2026-05", "2026-05", 0, (80, 90, 95, 110, 120)),
        ]
    )
    stood = standings(rows, np.array([MAY]), months_from(MAY - 1, 1), np.array([0.0]))
    assert stood[1].parts == {"sales_input": 10, "consensus": 5}


def test_a_cycle_that_does_not_reach_the_whole_span_is_left_out() -> None:
    rows = forecasts([("2026-04", "2026-05", 0, (1,) * 5), ("2026-05", "2026-05", 0, (1,) * 5)])
    assert standings(rows, months_from(MAY, 12), months_from(MAY, 0), np.zeros(0)) == []


def test_movers_are_largest_first_and_compare_shared_months() -> None:
    rows = forecasts(
        [
            ("2026-04", "2026-05", 0, (0, 10, 10, 10, 10)),
            ("2026-04", "2026-05", 1, (0, 50, 50, 50, 50)),
            ("2026-05", "2026-05", 0, (0, 12, 12, 12, 12)),
            ("2026-05", "2026-05", 1, (0, 50, 30, 30, 30)),
            ("2026-05", "2026-06", 1, (0, 99, 99, 99, 99)),
        ]
    )
    found, months = movers(rows, rows.item, MAY - 1, MAY)
    assert months.tolist() == np.array([MAY]).tolist()
    assert [(m.line, m.change) for m in found] == [(1, -20), (0, 2)]
    assert found[0].parts == {"statistical": 0, "market": -20, "sales_input": 0, "consensus": 0}


def test_money_is_units_at_the_price_of_their_cell() -> None:
    rows = forecasts([("2026-05", "2026-05", 0, (1, 2, 3, 4, 5))])
    price = np.full((1, 2, 2), 3.0)
    assert valued(rows, price).units.tolist() == [[3, 6, 9, 12, 15]]


@st.composite
def histories(draw: st.DrawFn) -> tuple[Forecasts, np.ndarray, int]:
    """Cycles that each forecast all open months of a span, and how many of its months are closed in the end."""
    span, cycles = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rows = []
    for n in range(cycles):
        for m in range(n, max(span, n)):
            units = tuple(draw(st.floats(0, 1000)) for _ in STEPS)
            rows.append((str(MAY + n), str(MAY + m), 0, units))
    actual = np.array([draw(st.floats(0, 1000)) for _ in range(span)])
    return forecasts(rows), actual, span


@given(histories())
def test_parts_of_every_change_add_up_exactly(case: tuple[Forecasts, np.ndarray, int]) -> None:
    rows, actual, span = case
    stood = standings(rows, months_from(MAY, span), months_from(MAY, span), actual)
    for before, after in itertools.pairwise(stood):
        assert after.value - before.value == pytest.approx(after.change, abs=1e-6)
    assert stood[-1].cycle is None
    assert stood[-1].value == pytest.approx(actual.sum())
