"""Native charts, editable in PowerPoint: drawn by their own XML, with the numbers in the workbook inside.

python-pptx draws one kind of chart at a time and in PowerPoint's look; here columns and lines stand on the same axes,
lines are labelled at their ends, columns by coloured words in the title, and nothing needs a legend.
"""

from __future__ import annotations

import datetime as dt
import io
from typing import Any, Final

import xlsxwriter
from pptx.enum.chart import XL_CHART_TYPE

from sop_core.export.slides import template as t
from sop_core.export.slides.drawing import drawing
from sop_core.export.slides.figure import Spec
from sop_core.export.slides.frame import Page
from sop_core.export.slides.text import clean

#: Days do not change what is drawn: all workbooks are of the same.
_DAY: Final = dt.datetime(2000, 1, 1)


class _Native:
    """What python-pptx asks of chart data."""

    def __init__(self, xml: bytes, book: bytes) -> None:
        self._xml, self.xlsx_blob = xml, book

    def xml_bytes(self, kind: Any) -> bytes:
        return self._xml


def add_chart(page: Page, x: float, y: float, w: float, h: float, spec: Spec, *, name: str, alt: str) -> None:
    """A native chart at that place."""
    data = _Native(drawing(spec, w, h).encode(), _book(spec))
    frame = page.slide.shapes.add_chart(XL_CHART_TYPE.LINE, t.emu(x), t.emu(y), t.emu(w), t.emu(h), data)
    page.describe(frame, name, alt)


def _book(spec: Spec) -> bytes:
    """Categories and series as a sheet; texts stay texts, whatever they begin with."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"created": _DAY})
    sheet = book.add_worksheet("Sheet1")
    bold = book.add_format({"bold": True})
    number = book.add_format({"num_format": "0.0 %" if spec.fraction else "#,##0.00"})
    depth = 2 if spec.groups else 1
    for at, group in enumerate(spec.groups):
        if at == 0 or spec.groups[at - 1] != group:
            sheet.write_string(at + 1, 0, clean(group))
    for at, category in enumerate(spec.categories):
        sheet.write_string(at + 1, depth - 1, clean(category))
    for at, one in enumerate(spec.series):
        sheet.write_string(0, depth + at, clean(one.name), bold)
        for row, value in enumerate(one.values, start=1):
            if value is not None:
                sheet.write_number(row, depth + at, value, number)
    sheet.set_column(0, depth + len(spec.series), 14)
    sheet.freeze_panes(1, depth)
    book.close()
    return buffer.getvalue()
