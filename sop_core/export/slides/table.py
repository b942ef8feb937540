"""Native tables whose rows are as high as their text is: measured, shortened, and never cut off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pptx.oxml import parse_xml

from sop_core.export.slides import template as t
from sop_core.export.slides.frame import Page, Para, Run, ink, letters
from sop_core.export.slides.text import height, wrap

_A: Final = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell. `lines`: how many lines its text may take; `size` 0: the table's; `align` empty: the column's."""

    text: str = ""
    bold: bool = False
    colour: str = "ink"
    fill: str = ""
    size: float = 0.0
    align: str = ""
    lines: int = 2
    runs: tuple[Run, ...] = ()
    span: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column's width in points and how its text stands: l, ctr or r."""

    width: float
    align: str = "l"


Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Look:
    """A table's letters and air. `rules`: a thin line under each row."""

    size: float = 10.5
    pad: float = 4.0
    side: float = 5.0
    rules: bool = True
    least: float = 0.0  #: no row is lower


def _width(columns: Sequence[Column], at: int, span: int, look: Look) -> float:
    # The outer sides of a table stand flush with the text around it.
    return sum(column.width for column in columns[at : at + span]) - 2 * look.side


def row_height(columns: Sequence[Column], row: Row, look: Look) -> float:
    """How high a row is with its text in it, in points."""
    tall, at = look.least, 0
    for cell in row:
        size = cell.size or look.size
        whole = "".join(run.text for run in cell.runs) or cell.text
        bold = cell.bold or any(run.bold for run in cell.runs)
        count = min(len(wrap(whole, _width(columns, at, cell.span, look), size, bold)), cell.lines)
        tall = max(tall, height(count, size) + 2 * look.pad)
        at += cell.span
    return tall


def fit_rows(
    columns: Sequence[Column],
    head: Sequence[Row],
    rows: Sequence[Row],
    room: float,
    look: Look,
    more: Callable[[int], str],
) -> list[Row]:
    """Head and as many rows as there is room for; the last then says how many more there are."""
    top = sum(row_height(columns, row, look) for row in head)
    tall = [row_height(columns, row, look) for row in rows]
    if top + sum(tall) <= room + 1e-6:
        return [*head, *rows]
    foot_height = height(1, look.size) + 2 * look.pad
    count, used = 0, top + max(foot_height, look.least)
    while count < len(rows) and used + tall[count] <= room + 1e-6:
        used += tall[count]
        count += 1
    foot = [Cell(more(len(rows) - count), colour="muted", lines=1, span=len(columns), align="l")]
    return [*head, *rows[:count], foot]


def roomy(columns: Sequence[Column], rows: Sequence[Row], room: float, look: Look) -> Look:
    """The look, with larger letters and more air where few rows leave room for them."""
    for factor in (1.25, 1.2, 1.15, 1.1, 1.05):
        grown = replace(look, size=look.size * factor, pad=look.pad * factor**3, least=look.least * factor)
        if sum(row_height(columns, row, grown) for row in rows) <= room:
            return grown
    return look


def add_table(
    page: Page,
    x: float,
    y: float,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    name: str,
    alt: str,
    look: Look | None = None,
    heads: int = 1,
) -> float:
    """A native table at that place; gives where it ends."""
    look = look or Look()
    tall = [row_height(columns, row, look) for row in rows]
    total = sum(column.width for column in columns)
    frame = page.slide.shapes.add_table(
        len(rows), len(columns), t.emu(x), t.emu(y), t.emu(total), t.emu(sum(tall))
    )
    page.describe(frame, name, alt)
    table = frame.table
    # The styles that come with PowerPoint: off, but for what a reader of the file is told about the first row.
    properties = table._tbl.tblPr
    for child in list(properties):
        properties.remove(child)
    properties.set("bandRow", "0")
    properties.set("firstRow", "1" if heads else "0")
    style = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
    properties.append(parse_xml(f"<a:tableStyleId {_A}>{style}</a:tableStyleId>"))
    for at, column in enumerate(columns):
        table.columns[at].width = t.emu(column.width)
    for at, (row, high) in enumerate(zip(rows, tall, strict=True)):
        table.rows[at].height = t.emu(high)
        _draw_row(table, at, row, columns, look, head=at < heads)
    return y + sum(tall)


def _draw_row(table: Any, at: int, row: Row, columns: Sequence[Column], look: Look, head: bool) -> None:
    where = 0
    for cell in row:
        target = table.cell(at, where)
        if cell.span > 1:
            target.merge(table.cell(at, where + cell.span - 1))
        room = _width(columns, where, cell.span, look)
        para = Para(
            cell.text,
            cell.size or look.size,
            cell.colour,
            cell.bold,
            cell.align or columns[where].align,
            lines=cell.lines,
            runs=cell.runs,
        )
        _write(target._tc, para, cell, room, look, head)
        for hidden in range(where + 1, where + cell.span):
            _write(table.cell(at, hidden)._tc, Para("", para.size), Cell(fill=cell.fill), room, look, head)
        where += cell.span


def _write(tc: Any, para: Para, cell: Cell, room: float, look: Look, head: bool) -> None:
    body = f'<a:txBody {_A}><a:bodyPr wrap="square"/><a:lstStyle/>{letters([para], room)}</a:txBody>'
    for child in list(tc):
        tc.remove(child)
    tc.append(parse_xml(body))
    none = "".join(f'<a:{side} w="0"><a:noFill/></a:{side}>' for side in ("lnL", "lnR", "lnT"))
    rule = (
        f'<a:lnB w="{9525 if head else 6350}" cap="flat">{ink("budget" if head else "grid")}</a:lnB>'
        if look.rules
        else '<a:lnB w="0"><a:noFill/></a:lnB>'
    )
    fill = ink(cell.fill) if cell.fill else "<a:noFill/>"
    tc.append(
        parse_xml(
            f'<a:tcPr {_A} marL="{t.emu(look.side)}" marR="{t.emu(look.side)}" marT="{t.emu(look.pad)}" '
            f'marB="{t.emu(look.pad)}" anchor="ctr">{none}{rule}{fill}</a:tcPr>'
        )
    )
