"""One sheet: a title, a sentence, tables with headings and units, and where their columns stand, for formulas."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from sop_core.export.sheets.style import Style, clean

#: Day 0 of Excel's dates.
_DAY_ZERO: Final = dt.date(1899, 12, 30)
#: Letters that the widest column shows.
WIDEST: Final = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it is called, its kind (text, wrapped, or one of style.NUMBERS) and its unit."""

    title: str
    kind: str = "text"
    unit: str = ""
    width: float = 0.0  #: letters; 0: as wide as it needs
    total: bool = False  #: a flow: the visible rows are added up above the heading

    @property
    def heading(self) -> str:
        """`Demand (units)`."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


@dataclass(frozen=True, slots=True)
class Formula:
    """A live formula (with its =) and the value that viewers which do not calculate show."""

    text: str
    value: float | str | None


@dataclass(frozen=True, slots=True)
class Table:
    """Where a table came to stand: rows from 0, columns by their key."""

    sheet: str
    first: int
    last: int  #: the last row with data; of an empty table the blank row below the heading
    columns: dict[str, int]

    def range(self, column: str) -> str:
        """`'Money'!$B$6:$B$23`, the column's cells."""
        letter = xl_col_to_name(self.columns[column], True)
        return f"'{self.sheet}'!${letter.lstrip('$')}${self.first + 1}:${letter.lstrip('$')}${self.last + 1}"

    def cell(self, column: str, row: int) -> str:
        """`$B7`: a cell of the sheet itself, row from 0 within the table."""
        return xl_rowcol_to_cell(self.first + row, self.columns[column], col_abs=True)


class Sheet:
    """A worksheet in the house's look. Rows and columns from 0."""

    def __init__(self, book: Workbook, style: Style, name: str, tab: str) -> None:
        self.name, self.style = name, style
        self.raw: Worksheet = book.add_worksheet(name)
        self.raw.hide_gridlines(2)
        self.raw.set_tab_color(tab)
        self.raw.set_landscape()
        self.raw.set_paper(9)
        self.raw.set_margins(0.4, 0.4, 0.5, 0.6)
        self.raw.fit_to_pages(1, 0)
        self._widths: dict[int, float] = {}

    def open(self, title: str, sentence: str, across: int = 8) -> None:
        """Title in row 0, the sentence in row 1 over `across` columns."""
        self.raw.set_row(0, 26)
        self.raw.write_string(0, 0, clean(title), self.style.title)
        self.note(1, sentence, across)

    def note(self, row: int, sentence: str, across: int = 8) -> None:
        """A sentence over several columns; the row is as high as it needs about 110 letters a line."""
        text = clean(sentence)
        if across > 1:
            self.raw.merge_range(row, 0, row, across - 1, "", self.style.said)
        self.raw.write_string(row, 0, text, self.style.said)
        self.raw.set_row(row, 14 * min(max(1, math.ceil(len(text) / 120)), 20) + 2)

    def text(self, row: int, column: int, value: object, form: Format | None = None) -> None:
        """A text, which stays a text whatever it begins with."""
        text = clean(str(value))
        if text:
            self.raw.write_string(row, column, text, form or self.style.text)
        elif form is not None:
            self.raw.write_blank(row, column, None, form)

    def value(self, row: int, column: int, value: Any, kind: str, form: Format | None = None) -> None:
        """A value of that kind; what is not known stays blank."""
        if isinstance(value, Formula):
            form = form or self.style.number(kind)
            known = value.value
            if isinstance(known, float) and not math.isfinite(known):
                known = None
            self.raw.write_formula(row, column, value.text, form, "" if known is None else known)
        elif value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
            if form is not None:
                self.raw.write_blank(row, column, None, form)
        elif isinstance(value, str):
            self.text(row, column, value, form or (self.style.wrapped if kind == "wrapped" else None))
        elif isinstance(value, dt.date):
            self.raw.write_number(row, column, day_number(value), form or self.style.number(kind))
        else:
            self.raw.write_number(row, column, float(value), form or self.style.number(kind))

    def width(self, column: int, letters: float) -> None:
        """At least that wide."""
        self._widths[column] = max(self._widths.get(column, 0.0), min(letters, WIDEST))

    def widths(self, letters: Iterable[float]) -> None:
        """The first columns' widths."""
        for column, wide in enumerate(letters):
            self.width(column, wide)

    def one_page(self, upright: bool = False) -> None:
        """Prints on one page, `upright` where it is higher than wide."""
        self.raw.fit_to_pages(1, 1)
        if upright:
            self.raw.set_portrait()

    def close(self, footer: str) -> None:
        """Column widths and what stands under each printed page."""
        for column, letters in self._widths.items():
            self.raw.set_column(column, column, letters)
        # An ampersand begins a code in a footer, and the blank keeps digits of a name apart from the size.
        said = " ".join(clean(footer).split())[:100].replace("&", "&&")
        self.raw.set_footer(f"&L&8 {said}&C&8 &A&R&8 &P / &N")

    def _heights(
        self, row: int, columns: Sequence[tuple[str, Column]], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Rows with sentences are as high as their longest cell; offices differ in doing that by themselves."""
        wrapped = [(n, c.width or _needed(c)) for n, (_, c) in enumerate(columns) if c.kind == "wrapped"]
        for at, values in enumerate(rows if wrapped else (), start=row):
            lines = max(lines_of(str(values[n] or ""), wide) for n, wide in wrapped)
            self.raw.set_row(at, 13.5 * min(lines, 30) + 4)

    def _column(self, row: int, column: int, values: Sequence[Any], kind: str) -> None:
        """Values one below the other. Long columns hold one type each, so it is looked at once."""
        style = self.style
        form = style.wrapped if kind == "wrapped" else style.text if kind == "text" else style.number(kind)
        if _plain_numbers(values):
            write = self.raw.write_number
            for at, value in enumerate(values, start=row):
                if value is not None:
                    write(at, column, value, form)
        elif kind == "text" and all(type(value) is str for value in values):
            cleaned = {text: clean(text) for text in set(values)}
            for at, value in enumerate(values, start=row):
                if cleaned[value]:
                    self.raw.write_string(at, column, cleaned[value], form)
        elif kind == "month" and all(isinstance(value, dt.date) for value in values):
            days = {day: day_number(day) for day in set(values)}
            for at, value in enumerate(values, start=row):
                self.raw.write_number(at, column, days[value], form)
        else:
            for at, value in enumerate(values, start=row):
                self.value(at, column, value, kind, form)

    def table(
        self,
        row: int,
        columns: Sequence[tuple[str, Column]],
        rows: Iterable[Sequence[Any]],
        *,
        start: int = 0,
        filtered: bool = False,
        frozen: int | None = None,
    ) -> Table:
        """A table whose heading stands in `row`. `filtered`: with filter buttons, and totals of the visible rows in the
        row above; `frozen`: so many leading columns stay, with everything above the first row."""
        head = self.style.head
        for at, (_, column) in enumerate(columns, start=start):
            right = column.kind not in ("text", "wrapped", "month", "day")
            self.text(row, at, column.heading, head(right))
            self.width(at, column.width or _needed(column))
        self.raw.set_row(row, 14 * max(_lines(c) for _, c in columns) + 4)
        listed = list(rows)
        self._heights(row + 1, columns, listed)
        cells = list(zip(*listed, strict=True)) or [()] * len(columns)
        for n, values in enumerate(cells):
            self._column(row + 1, start + n, values, columns[n][1].kind)
        last = row + max(len(cells[0]), 1) if cells else row + 1
        placed = Table(self.name, row + 1, last, {key: start + n for n, (key, _) in enumerate(columns)})
        if filtered:
            self.raw.autofilter(row, start, last, start + len(columns) - 1)
        if frozen is not None:
            self.raw.freeze_panes(row + 1, start + frozen)
            self.raw.repeat_rows(row)
        return placed


def lines_of(text: str, wide: float) -> int:
    """Lines that a text takes in a column of so many letters."""
    return sum(max(1, math.ceil(len(part) * 1.06 / max(wide - 2, 1))) for part in text.split("\n"))


def _plain_numbers(values: Sequence[Any]) -> bool:
    return all(type(value) is float or value is None for value in values)


def day_number(day: dt.date) -> int:
    """A day as Excel counts it."""
    return (dt.date(day.year, day.month, day.day) - _DAY_ZERO).days


def month_day(month: str) -> dt.date:
    """`2026-11` as its first day."""
    return dt.date(int(month[:4]), int(month[5:7]), 1)


def a_day(text: str) -> dt.date | str:
    """`2026-12-15` as a day; any other text as it is."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return text


def _needed(column: Column) -> float:
    least = {"text": 14.0, "wrapped": 40.0, "month": 9.0, "day": 13.0}.get(column.kind, 12.0)
    words = column.heading.split()
    return max(least, max((len(word) for word in words), default=0) + 4.0)


def _lines(column: Column) -> int:
    wide = column.width or _needed(column)
    return max(1, math.ceil((len(column.heading) + 3) / max(wide - 2, 1)))
