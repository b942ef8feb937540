"""The pack's JSON: canonical, exact to the last bit, and explained where it does not fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.errors import ReviewError
from sop_core.pack import from_json, to_json


@dataclass(frozen=True)
class Inner:
    name: str
    amount: float | None = None


@dataclass(frozen=True)
class Outer:
    count: int
    good: bool | None
    values: tuple[float | None, ...]
    pairs: tuple[tuple[str, float], ...] = ()
    inner: Inner | None = None
    kpis: Mapping[str, float | None] = field(default_factory=dict)


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.builds(
        Outer,
        st.integers(-(10**9), 10**9),
        st.sampled_from([True, False, None]),
        st.lists(st.none() | finite, max_size=5).map(tuple),
        st.lists(st.tuples(st.text(max_size=5), finite), max_size=3).map(tuple),
        st.none() | st.builds(Inner, st.text(max_size=9), st.none() | finite),
        st.dictionaries(st.text(max_size=4), st.none() | finite, max_size=3),
    )
)
def test_a_value_comes_back_as_it_was(value: Outer) -> None:
    text = to_json(value)
    assert from_json(Outer, text) == value
    assert to_json(from_json(Outer, text)) == text


def test_what_is_not_finite_is_not_known() -> None:
    assert from_json(Inner, to_json(Inner("a", math.nan))).amount is None
    assert from_json(Inner, to_json(Inner("a", math.inf))).amount is None


def test_minus_zero_is_written_as_zero() -> None:
    assert to_json(Inner("a", -0.0)) == to_json(Inner("a", 0.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[]", "Inner must be an object"),
        ('{"amount": 1}', "Inner lacks name"),
        ('{"name": "a", "other": 1}', "other"),
        ('{"name": 3}', r"Inner\.name must be of type str"),
        ('{"name": "a", "amount": true}', r"Inner\.amount must be of type float"),
    ],
)
def test_text_that_does_not_fit_is_explained(text: str, said: str) -> None:
    with pytest.raises(ReviewError, match=said):
        from_json(Inner, text)
