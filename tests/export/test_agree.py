"""The three files of one pack say the same: each number is read back and is the pack's, written as the page writes it."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import openpyxl
import pytest
from pptx import Presentation
from pypdf import PdfReader

from sop_core.export.deck import deck
from sop_core.export.one_pager import one_pager
from sop_core.export.workbook import workbook
from sop_core.pack.value import Pack
from sop_core.wording import kpi_value, percent, short
from tests import packs
from tests.export.test_deck import signed
from tests.export.test_workbook import kpi_rows, small_frames

#: What a meeting looks at first.
MAIN = ("margin", "service_level", "stock_value")


@cache
def pack() -> Pack:
    return packs.example()


@cache
def slides() -> dict[str, Any]:
    """Table name -> rows of words, of every slide; and `words`, all that is said."""
    made = Presentation(io.BytesIO(deck(pack(), signed(pack()))))
    found: dict[str, Any] = {"words": ""}
    for slide in made.slides:
        for shape in slide.shapes:
            if shape.has_table:
                found[shape.name] = [[cell.text for cell in row.cells] for row in shape.table.rows]
                found["words"] += "\n".join(" ".join(row) for row in found[shape.name]) + "\n"
            elif shape.has_text_frame:
                found["words"] += shape.text_frame.text + "\n"
    return found


@cache
def page() -> str:
    reader = PdfReader(io.BytesIO(one_pager(pack(), signed=signed(pack()))))
    return " ".join(reader.pages[0].extract_text().split())


@cache
def book() -> Any:
    made = workbook(pack(), small_frames(("A",)), signed(pack()))
    return openpyxl.load_workbook(io.BytesIO(made), data_only=True)


@pytest.mark.parametrize("name", MAIN)
def test_a_kpi_is_the_same_in_all_three(name: str) -> None:
    line = pack().kpi(name)
    assert line is not None
    assert line.value is not None
    shown = kpi_value(name, line.value, pack().currency)
    row = next(row for row in slides()["KPIs"] if row[0].startswith(line.title))
    assert row[1] == shown
    assert shown in page()
    proposed = kpi_rows(book())[line.title][3]
    assert proposed == pytest.approx(line.value, rel=1e-12)
    assert kpi_value(name, proposed, pack().currency) == shown


@pytest.mark.parametrize("name", MAIN)
def test_its_yardsticks_are_the_same_in_all_three(name: str) -> None:
    line = pack().kpi(name)
    assert line is not None
    assert line.against
    table = next(row for row in slides()["KPIs"] if row[0].startswith(line.title))
    written = [row for row in book()["Summary"].iter_rows(values_only=True) if row[0] == line.title]
    for one in line.against:
        shown = percent(one.amount) if line.unit == "fraction" else short(one.amount)
        assert any(cell.split(" ")[0] == shown.split(" ")[0] for cell in table[2:]), (shown, table)
        assert shown in page()
        assert any(row[3] == pytest.approx(one.amount, rel=1e-12) for row in written), one


def test_the_proposal_stands_in_all_three() -> None:
    assert pack().proposal in slides()["words"]
    assert pack().proposal in page()
    assert pack().proposal in {row[0] for row in book()["Summary"].iter_rows(values_only=True)}


def test_a_signature_stands_in_full_in_all_three() -> None:
    """Whoever holds a file can hold the whole digest against the store's: see docs/verify.md."""
    record = signed(pack())
    cells = {str(cell) for row in book()["Summary"].iter_rows(values_only=True) for cell in row}
    summary = " ".join(cells)
    for text in (slides()["words"], page(), summary):
        for part in (record.digest, record.who, record.role, "14:05", "UTC"):
            assert part in text, part
