"""Tables as read, before their cells are understood; and the limits on what is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_core.errors import DataError
from sop_core.schema import Table
from sop_core.store.naming import header_matches
from sop_core.store.report import Finding

Row = tuple[int, Sequence[Any]]  #: row number as the spreadsheet counts, cells

#: A header is looked for in so many rows from the top.
HEADER_ROWS = 30
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one import may hold; checked before parsing wherever it can be known before."""

    files: int = 200
    file_bytes: int = 200 * 1024 * 1024
    unpacked_bytes: int = 600 * 1024 * 1024
    rows: int = 2_000_000  #: of one file or sheet
    columns: int = 300
    sheets: int = 100
    cell_characters: int = 2_000


@dataclass(slots=True)
class RawTable:
    """One table as read. `columns` hold raw cells (text, or the file's own types), blank = None or NaN;
    `rows` holds each row's number in the file. `separator` and `encoding` are "" unless the file is a text
    file; `header_row` is the number of the row that holds the column names.
    """

    file: str
    sheet: str
    table: Table
    header: list[str]
    columns: list[pd.Series]
    rows: NDArray[np.int64]
    separator: str = ""
    findings: list[Finding] = field(default_factory=list)
    encoding: str = ""
    header_row: int = 1

    def finding(self, severity: Any, message: str, remedy: str = "", **more: Any) -> Finding:
        """A finding at this table."""
        return Finding(
            severity, message, remedy, file=self.file, sheet=self.sheet, table=self.table.name, **more
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of cells that are to become a RawTable, and where they come from."""

    file: str
    sheet: str
    table: Table
    rows: Iterable[Row]
    separator: str = ""
    text: bool = True  #: all cells are text
    mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    header_row: int | None = None  #: number of the row with the column names, where a person said so


def to_raw_table(sheet: Sheet, limits: Limits) -> RawTable:
    """Finds the header row and gathers the cells below it by column. Raises DataError."""
    numbered = ((number, cells) for number, cells in sheet.rows if any(_filled(cell) for cell in cells))
    top = list(islice(numbered, HEADER_ROWS))
    where = Finding("error", "", file=sheet.file, sheet=sheet.sheet).where
    if not top:
        raise DataError(
            f"{where}: it is empty. Bring a first row with column names and one row for each record, or "
            "leave it out."
        )
    best = _header_at(sheet, top, where)
    header = [str(cell).strip() if _filled(cell) else "" for cell in top[best][1]]
    while header and not header[-1]:
        header.pop()
    if len(header) > limits.columns:
        raise DataError(f"{where}: it has {len(header):,} columns; at most {limits.columns} are read.")
    raw = RawTable(
        sheet.file, sheet.sheet, sheet.table, header, [], np.array([], dtype=np.int64), sheet.separator
    )
    raw.header_row = top[best][0]
    if best:
        raw.findings.append(
            raw.finding(
                "change", f"the column names were found in row {top[best][0]}; what stands above was left out"
            )
        )
    parts = list(_chunks(raw, chain(top[best + 1 :], numbered), sheet.text, limits))
    raw.rows = np.concatenate([rows for rows, _ in parts]) if parts else raw.rows
    for at in range(len(header)):
        pieces = [columns[at] for _, columns in parts]
        raw.columns.append(pd.concat(pieces, ignore_index=True) if pieces else pd.Series(dtype="str"))
    return raw


def _header_at(sheet: Sheet, top: list[Row], where: str) -> int:
    """Position in `top` of the row with the column names: the one that was said, else the one that fits best."""
    if sheet.header_row is None:
        return max(
            range(len(top)), key=lambda at: (len(header_matches(sheet.table, top[at][1], sheet.mapping)), -at)
        )
    for at, (number, _) in enumerate(top):
        if number == sheet.header_row:
            return at
    raise DataError(
        f"{where}: row {sheet.header_row} is blank or too far down to hold the column names; they are looked for "
        f"in the first {HEADER_ROWS} rows with content. Choose another row."
    )


def _chunks(
    raw: RawTable, rows: Iterator[Row], text: bool, limits: Limits
) -> Iterator[tuple[NDArray[np.int64], list[pd.Series]]]:
    width, total = len(raw.header), 0
    while chunk := list(islice(rows, _CHUNK)):
        total += len(chunk)
        if total > limits.rows:
            raise DataError(
                f"{raw.finding('error', '').where}: it has more than {limits.rows:,} rows, which is the "
                "most that one file may "
                "hold. Sum it by month, or split it by year."
            )
        cells = []
        for number, row in chunk:
            if len(row) > width and any(_filled(cell) for cell in row[width:]):
                extra = next(cell for cell in row[width:] if _filled(cell))
                raw.findings.append(
                    raw.finding(
                        "error",
                        f"the row has cells beyond the last column name ('{raw.header[-1]}')",
                        "Put the text that holds the separator in quotes, or give the column a name.",
                        row=number,
                        value=str(extra)[:80],
                    )
                )
            cells.append([*row[:width], *([None] * (width - len(row)))])
        numbers = np.array([number for number, _ in chunk], dtype=np.int64)
        columns = list(zip(*cells, strict=True)) if width else []
        yield numbers, [pd.Series(list(column), dtype="str" if text else object) for column in columns]


def _filled(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))
