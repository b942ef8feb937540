"""The waterfall: every bar begins where the one before it ended, and the last is the whole."""

from __future__ import annotations

import pytest

from sop_core.charts.bridge import MOST_BARS, Bar, gathered, short_label, waterfall
from sop_core.charts.roles import DARK, LIGHT


def written(value: float) -> str:
    return f"{value:+.0f}"


def bars(*amounts: float) -> list[Bar]:
    return [Bar(f"Step {n}", value, written(value), value > 0) for n, value in enumerate(amounts)]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_bars_follow_each_other_and_the_last_is_their_sum(palette: object) -> None:
    steps, total = bars(100.0, -250.0, 30.0), Bar("Difference", -120.0, "-120", False)
    picture = waterfall(palette, "Margin, EUR", steps, total, "Said.", written)  # type: ignore[arg-type]
    (trace,) = picture.figure.data
    assert list(trace.base) == [0.0, 100.0, -150.0, 0.0]
    assert list(trace.x) == [100.0, -250.0, 30.0, -120.0]
    assert picture.alt == "Said."
    texts = [note.text for note in picture.figure.layout.annotations]
    assert texts == ["+100", "-250", "+30", "<b>-120</b>"]


def test_colour_is_favourable_or_not_and_the_sign_is_written() -> None:
    steps = [*bars(5.0, -5.0), Bar("Level", 1.0, "+1", None)]
    picture = waterfall(LIGHT, "", steps, Bar("Difference", 1.0, "+1", None), "", written)
    colours = list(picture.figure.data[0].marker.color)
    assert colours == [LIGHT.favourable, LIGHT.unfavourable, LIGHT.budget, LIGHT.budget]


def test_many_bars_keep_the_largest_in_order_and_the_sum() -> None:
    many = bars(*[float((-1) ** n * (n + 1)) for n in range(30)])
    shown = gathered(many, written)
    assert len(shown) == MOST_BARS
    assert shown[-1].label == "17 smaller ones"
    assert sum(bar.amount for bar in shown) == pytest.approx(sum(bar.amount for bar in many))
    assert [bar.label for bar in shown[:-1]] == [f"Step {n}" for n in range(17, 30)]
    assert shown[-1].text == written(shown[-1].amount)


def test_names_take_three_lines_before_they_are_cut_at_a_word_and_are_never_markup() -> None:
    assert short_label("Short") == "Short"
    two = short_label("Mower Weeks 2027: promotion 2 months later (line 1)")
    assert two == "Mower Weeks 2027: promotion 2<br>months later (line 1)"
    long = short_label(
        "A very long sentence about line 2 in Milan, hours and months, and a second one behind it, much longer still"
    )
    assert long.endswith("…")
    assert long.count("<br>") == 2
    assert short_label("Padana Plast: maximum volume +10 %, from January") == (
        "Padana Plast: maximum volume<br>+10\N{NO-BREAK SPACE}%, from January"
    )
    assert all(len(part) <= 34 for part in long.split("<br>"))
    assert short_label("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"


def test_few_bars_fill_a_picture_and_wrapped_names_have_room() -> None:
    total = Bar("Difference", 1.0, "+1", None)
    few = waterfall(LIGHT, "", bars(1.0), total, "", written).figure.layout.height
    many = waterfall(LIGHT, "", bars(*[1.0] * 13), total, "", written).figure.layout.height
    wrapped = [Bar("A name that is longer than one line is", 1.0, "+1", None)] * 13
    assert 150 <= few < many
    assert waterfall(LIGHT, "", wrapped, total, "", written).figure.layout.height > many
