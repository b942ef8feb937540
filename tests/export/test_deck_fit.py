"""Nothing on a slide is cut, covered or beyond its edges, however much or little there is to say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx import Presentation

from sop_core.export.deck import deck
from sop_core.export.slides.text import LEADING, WIDE, clean, fitted, height, shorten, width, wrap
from tests import packs
from tests.export.extreme import LONG, ODD, WORD, empty, extreme

_POINT = 12_700
PACKS = {"example": packs.example, "bare": packs.bare, "extreme": extreme, "empty": empty}


@cache
def slides(name: str) -> list[Any]:
    return list(Presentation(io.BytesIO(deck(PACKS[name]()))).slides)


def box(shape: Any) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in points."""
    left, top = shape.left / _POINT, shape.top / _POINT
    return left, top, left + shape.width / _POINT, top + shape.height / _POINT


def speaking(slide: Any) -> list[Any]:
    """Shapes that show something to read."""
    return [
        shape
        for shape in slide.shapes
        if shape.has_chart or shape.has_table or (shape.has_text_frame and shape.text_frame.text.strip())
    ]


def paragraphs(frame: Any) -> Iterator[tuple[str, float, bool, float]]:
    """Text, size, boldness and room above of each paragraph, in points."""
    for at, one in enumerate(frame.paragraphs):
        sizes = [run.font.size.pt for run in one.runs if run.font.size]
        if sizes:
            before = one.space_before.pt if one.space_before and at else 0.0
            yield (
                "".join(run.text for run in one.runs),
                max(sizes),
                any(run.font.bold for run in one.runs),
                before,
            )


def taken(frame: Any, room: float) -> float:
    """Points that a frame's text takes in a column of that width."""
    return sum(
        before + height(len(wrap(text, room, size, bold)), size)
        for text, size, bold, before in paragraphs(frame)
    )


@pytest.mark.parametrize("name", PACKS)
def test_ten_to_twelve_slides(name: str) -> None:
    assert 10 <= len(slides(name)) <= 12


@pytest.mark.parametrize("name", PACKS)
def test_nothing_lies_beyond_the_edges(name: str) -> None:
    for number, slide in enumerate(slides(name), start=1):
        for shape in slide.shapes:
            left, top, right, bottom = box(shape)
            assert left >= 0, (number, shape.name)
            assert top >= 0, (number, shape.name)
            assert right <= 960.01, (number, shape.name)
            assert bottom <= 540.01, (number, shape.name)


@pytest.mark.parametrize("name", PACKS)
def test_no_two_things_to_read_cover_each_other(name: str) -> None:
    for number, slide in enumerate(slides(name), start=1):
        for one, other in combinations(speaking(slide), 2):
            a, b = box(one), box(other)
            apart = a[2] <= b[0] + 0.1 or b[2] <= a[0] + 0.1 or a[3] <= b[1] + 0.1 or b[3] <= a[1] + 0.1
            assert apart, (number, one.name, a, other.name, b)


@pytest.mark.parametrize("name", PACKS)
def test_texts_fit_in_their_boxes(name: str) -> None:
    for number, slide in enumerate(slides(name), start=1):
        for shape in slide.shapes:
            if shape.has_text_frame and shape.text_frame.text.strip():
                left, top, right, bottom = box(shape)
                used = taken(shape.text_frame, right - left)
                assert used <= bottom - top + 0.5, (number, shape.name, shape.text_frame.text[:60])


@pytest.mark.parametrize("name", PACKS)
def test_headlines_fit_in_wide_letters_too(name: str) -> None:
    """Where neither our font nor Arial is at hand, letters are wider by WIDE: a headline stays above the table."""
    for number, slide in enumerate(slides(name), start=1):
        title = slide.shapes.title
        left, top, right, bottom = box(title)
        used = taken(title.text_frame, (right - left) / WIDE)
        assert used <= bottom - top + 0.5, (number, title.text_frame.text)
        foot = next(shape for shape in slide.placeholders if shape.name == "Footer")
        left, _, right, _ = box(foot)
        ((text, size, bold, _),) = paragraphs(foot.text_frame)
        assert width(text, size, bold) * WIDE <= right - left + 0.1, (number, text)


@pytest.mark.parametrize("name", PACKS)
def test_rows_are_as_high_as_their_text(name: str) -> None:
    for number, slide in enumerate(slides(name), start=1):
        for shape in slide.shapes:
            if not shape.has_table:
                continue
            table = shape.table
            assert sum(row.height for row in table.rows) == pytest.approx(shape.height, abs=200)
            for row in table.rows:
                for at, cell in enumerate(row.cells):
                    if cell.is_spanned:
                        continue
                    span = cell.span_width if cell.is_merge_origin else 1
                    room = (
                        sum(table.columns[k].width for k in range(at, at + span))
                        - cell.margin_left
                        - cell.margin_right
                    )
                    used = (
                        taken(cell.text_frame, room / _POINT)
                        + (cell.margin_top + cell.margin_bottom) / _POINT
                    )
                    assert used <= row.height / _POINT + 0.1, (number, shape.name, cell.text[:60])


@pytest.mark.parametrize("name", PACKS)
def test_charts_are_large_enough_to_read(name: str) -> None:
    for slide in slides(name):
        for shape in slide.shapes:
            if shape.has_chart:
                assert shape.height / _POINT >= 80
                assert shape.width / _POINT >= 300


@pytest.mark.parametrize("name", PACKS)
def test_no_slide_is_left_without_a_word(name: str) -> None:
    for slide in slides(name):
        assert slide.shapes.title.text_frame.text.strip()
        assert len(speaking(slide)) >= 4  # kicker, title, feet, and something between them


def test_a_newcomer_is_told_what_to_bring() -> None:
    text = "\n".join(
        shape.text_frame.text for slide in slides("bare") for shape in slide.shapes if shape.has_text_frame
    )
    for table in ("targets", "budget", "resources"):
        assert table in text
    assert "nothing to choose from" in text


def test_what_is_left_out_stands_in_the_notes() -> None:
    pack = extreme()
    opening = slides("extreme")[0]
    table = next(shape.table for shape in opening.shapes if shape.has_table)
    assert "more decisions: all are in the notes" in table.rows[len(table.rows) - 1].cells[0].text
    notes = opening.notes_slide.notes_text_frame.text
    for card in pack.decisions:
        assert f"Decision {card.id}, {card.state}: {clean(card.title)}" in notes


def test_texts_like_formulas_stay_texts_in_the_workbooks() -> None:
    for slide in slides("extreme"):
        for shape in slide.shapes:
            if shape.has_chart:
                blob = shape.chart.part.chart_workbook.xlsx_part.blob
                for row in openpyxl.load_workbook(io.BytesIO(blob)).worksheets[0].iter_rows():
                    assert all(cell.data_type != "f" for cell in row)


@pytest.mark.parametrize(
    "without",
    [
        ("year", "pictures", "threats"),
        ("bridge", "kpis", "decisions", "pictures"),
        ("risk", "resources", "assumptions"),
    ],
)
def test_a_pack_may_lack_any_of_its_parts(without: tuple[str, ...]) -> None:
    changes = {part: None if part in ("year", "bridge", "risk") else () for part in without}
    made = Presentation(io.BytesIO(deck(packs.example(**changes))))
    assert 10 <= len(made.slides) <= 12


@settings(max_examples=60)
@given(
    text=st.one_of(st.sampled_from([LONG, WORD, ODD, ""]), st.text(max_size=120)),
    room=st.floats(20, 600),
    size=st.sampled_from([7.0, 9.5, 12.0, 26.0]),
    lines=st.integers(1, 5),
    bold=st.booleans(),
)
def test_shortened_text_keeps_to_its_lines(
    text: str, room: float, size: float, lines: int, bold: bool
) -> None:
    short = shorten(text, room, size, bold, lines)
    rows = wrap(short, room, size, bold)
    assert len(rows) <= lines
    assert all(width(row, size, bold) <= room or len(row) == 1 for row in rows)
    if len(wrap(text, room, size, bold)) <= lines:
        assert short == clean(text)
    else:
        assert short.endswith("…")


@settings(max_examples=40)
@given(text=st.text(max_size=200), room=st.floats(30, 400), tall=st.floats(15, 200))
def test_fitted_text_is_no_higher_than_its_room(text: str, room: float, tall: float) -> None:
    shown, size = fitted(text, room, tall, (24.0, 18.0, 12.0))
    assert height(len(wrap(shown, room, size)), size) <= max(tall, 12.0 * LEADING) + 1e-6
