"""A raw table into typed rows of the contract, with every finding on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from sop_core.errors import DataError
from sop_core.schema import TABLES, Column, Table
from sop_core.store.cells import Parsed, parse_column, texts_of
from sop_core.store.naming import Match, close, header_matches, plain
from sop_core.store.raw import Limits, RawTable
from sop_core.store.report import Finding, shorten
from sop_core.store.text_files import ENCODINGS
from sop_core.store.values import DateOrder, Decimals, Style, date_order_of, decimals_of

ROW = "_row"  #: row number in the file
PART = "_part"  #: position of the RawTable among those of the import
DAY = "_day"  #: the date itself, where the contract keeps the month

_EXAMPLES = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}


Place = tuple[str, str]  #: file, sheet ("" where the file is one table)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a person said about one file or sheet; None where it is to be found out.

    `table` "" leaves it out; `encoding` is one of text_files.ENCODINGS; `header_row` counts from 1.
    """

    table: str | None = None
    separator: str | None = None
    encoding: str | None = None
    header_row: int | None = None
    date_order: DateOrder | None = None
    decimals: Decimals | None = None


def file_key(name: str) -> str:
    """A file's name without what changes from month to month: `Umsatz_2026-03.csv` and `umsatz 04.csv` are one."""
    stem, dot, suffix = name.rpartition(".")
    stem, suffix = (stem, suffix.casefold()) if dot else (name, "")
    undated = re.sub(r"[\W_]*\d[\d\W_]*$", "", stem)
    return f"{plain(undated) or plain(stem)}.{suffix}"


def checked_hints(hints: Mapping[Place, Hint] | None) -> dict[Place, Hint]:
    """Hints with their names checked. Raises DataError."""
    for (file, _), hint in (hints or {}).items():
        if hint.table and hint.table not in TABLES:
            raise DataError(f"{file}: there is no table '{hint.table}'. The tables are {', '.join(TABLES)}.")
        if hint.encoding is not None and hint.encoding not in ENCODINGS:
            raise DataError(
                f"{file}: encoding '{hint.encoding}' is not known. Choose one of {', '.join(ENCODINGS)}."
            )
        if hint.separator is not None and len(hint.separator) != 1:
            raise DataError(f"{file}: the separator '{hint.separator}' is not one character.")
    return dict(hints or {})


@dataclass(frozen=True, slots=True)
class Options:
    """What the person said about the files; None where they are to be found out.

    `hints` are said now, file by file, and go first; `kept` were said at an earlier import (by `file_key`).
    """

    date_order: DateOrder | None = None
    decimals: Decimals | None = None
    limits: Limits = field(default_factory=Limits)
    hints: Mapping[Place, Hint] = field(default_factory=lambda: MappingProxyType({}))
    kept: Mapping[Place, Hint] = field(default_factory=lambda: MappingProxyType({}))

    def with_kept(self, kept: Mapping[Place, Hint]) -> Options:
        """The same with what was said at earlier imports."""
        return replace(self, kept=kept)

    def hint(self, file: str, sheet: str) -> Hint:
        """What is said about a place: now, for all files, else before. Date order and decimal mark of before are
        left to `remembered`, since a file that decides them itself is believed."""
        now, before = self.hints.get((file, sheet), Hint()), self.remembered(file, sheet)
        return Hint(
            before.table if now.table is None else now.table,
            now.separator or before.separator,
            now.encoding or before.encoding,
            now.header_row or before.header_row,
            now.date_order or self.date_order,
            now.decimals or self.decimals,
        )

    def remembered(self, file: str, sheet: str) -> Hint:
        """What was said about a place at an earlier import."""
        return self.kept.get((file_key(file), sheet), Hint())


def understand(
    raw: RawTable, part: int, mapping: Mapping[str, str], options: Options
) -> tuple[pd.DataFrame, list[Finding]]:
    """Typed rows (contract columns, `_row`, `_part`, `_day`) and findings. Cells with errors are blank."""
    findings = list(raw.findings)
    table = raw.table
    matches = list(header_matches(table, raw.header, mapping))
    findings += _heading_findings(raw, matches, mapping)
    columns = {match.column: match.position for match in matches}
    style, asked = _style(raw, columns, options)
    findings += asked
    out: dict[str, pd.Series] = {}
    for column in table.columns:
        if column.name not in columns:
            out[column.name] = _blank(column, len(raw.rows))
            continue
        position = columns[column.name]
        parsed = parse_column(raw.columns[position], column, style, options.limits.cell_characters)
        findings += _cell_findings(raw, raw.header[position], parsed, skip_dates=bool(asked))
        out[column.name] = parsed.typed
    frame = pd.DataFrame(out)
    frame[ROW], frame[PART] = raw.rows, part
    findings += _row_findings(raw, frame, table)
    if "month" in table.names and len(frame):
        frame[DAY] = frame["month"]
        frame["month"] = _first_of_month(frame["month"])
    return frame, findings


def _first_of_month(dates: pd.Series) -> pd.Series:
    months = dates.to_numpy().astype("datetime64[M]").astype("datetime64[us]")
    return pd.Series(months, index=dates.index)


def _blank(column: Column, rows: int) -> pd.Series:
    dtype: Any = {"number": "float64", "integer": "float64", "bool": "object", "text": "str"}.get(
        column.kind, "datetime64[us]"
    )
    return (
        pd.Series([None] * rows, dtype="object").astype(dtype)
        if dtype != "object"
        else pd.Series([None] * rows, dtype=object)
    )


def _heading_findings(raw: RawTable, matches: list[Match], mapping: Mapping[str, str]) -> Iterator[Finding]:
    left_out = {plain(theirs) for theirs, ours in mapping.items() if not ours}
    table, used = raw.table, {match.position for match in matches}
    by_column: dict[str, list[str]] = {}
    for match in matches:
        heading = raw.header[match.position]
        by_column.setdefault(match.column, []).append(heading)
        if match.how in ("alias", "mapping"):
            yield raw.finding("change", f"column '{heading}' was taken as {match.column}", column=heading)
    for column, headings in by_column.items():
        if len(headings) > 1:
            yield raw.finding(
                "error",
                f"columns {', '.join(repr(h) for h in headings)} all mean {column}",
                "Keep one of them, or rename the others.",
            )
    for position, heading in enumerate(raw.header):
        if position in used or (heading and plain(heading) in left_out):
            continue
        if heading:
            near = close(heading.casefold(), [name for name in table.names if name not in by_column])
            hint = f"If it is {near}, rename it to that." if near else ""
            yield raw.finding(
                "warning",
                f"column '{heading}' is not part of {table.name} and was left out",
                hint,
                column=heading,
            )
        elif any(text for text in texts_of(raw.columns[position])):
            yield raw.finding(
                "warning", f"column {position + 1} has no name and was left out", "Give it a name."
            )
    missing = sorted(name for name in table.required if name not in by_column)
    if missing:
        have = ", ".join(heading for heading in raw.header if heading) or "none"
        noun = "column" if len(missing) == 1 else "columns"
        yield raw.finding(
            "error",
            f"the required {noun} {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            f"Add {'it' if len(missing) == 1 else 'them'}, or say which column it is; found: {have}.",
        )
    if not len(raw.rows):
        yield raw.finding(
            "error",
            "it has column names but no rows",
            "Add a row for each record, or leave the file out of the import.",
        )


@dataclass(frozen=True, slots=True)
class Manner:
    """How a table writes numbers and dates. `open_number`, `open_date`: a cell that reads in more than one way
    where no other cell and no person decides; `orders`: the date orders that fit."""

    decimals: Decimals = "."
    order: DateOrder | None = None
    open_number: str = ""
    open_date: str = ""
    orders: tuple[DateOrder, ...] = ()


def manner(raw: RawTable, columns: Mapping[str, int], options: Options) -> Manner:
    """How a table writes numbers and dates: what was said, else what its cells say, else what was said before.

    `columns`: our column -> its position in the table.
    """
    kinds = {name: raw.table.column(name).kind for name in columns}
    said, before = options.hint(raw.file, raw.sheet), options.remembered(raw.file, raw.sheet)
    decimals, open_number = said.decimals, ""
    if decimals is None:
        numbers = (
            text
            for n, at in columns.items()
            if kinds[n] in ("number", "integer")
            for text in texts_of(raw.columns[at])
        )
        found = decimals_of(numbers, raw.separator)
        if found == ".":
            decimals = "."
        elif found == ",":
            decimals = ","
        elif before.decimals is not None:
            decimals = before.decimals
        else:
            open_number = found
    order = said.date_order
    if order is not None:
        return Manner(decimals or ".", order, open_number)
    dates = [
        text
        for n, at in columns.items()
        if kinds[n] in ("date", "month")
        for text in texts_of(raw.columns[at])
    ]
    reading = date_order_of(dates)
    if reading.open_cell and before.date_order not in reading.orders:
        return Manner(decimals or ".", None, open_number, reading.open_cell, reading.orders)
    return Manner(decimals or ".", before.date_order if reading.open_cell else reading.order, open_number)


def _style(raw: RawTable, columns: Mapping[str, int], options: Options) -> tuple[Style, list[Finding]]:
    """How this file writes numbers and dates; a question (an error) where its cells leave that open."""
    read = manner(raw, columns, options)
    findings = []
    if read.open_number:
        findings.append(
            raw.finding(
                "error",
                f"'{read.open_number}' can be read as a whole number or as a fraction, and no cell of the file "
                "says which",
                "Say which decimal mark the file uses (--decimal . or --decimal ,).",
                value=read.open_number,
            )
        )
    if read.open_date:
        ways = " or ".join(f"{o} ({_EXAMPLES[o]})" for o in read.orders)
        findings.append(
            raw.finding(
                "error",
                f"the date '{read.open_date}' can be read in more than one way, and no date of the file decides",
                f"Say which date order the file uses: {ways} (--date-order).",
                value=read.open_date,
            )
        )
    return Style(read.decimals, read.order), findings


_DONE = {
    "trimmed": "blanks around the text were removed in {rows}, first {example}",
    "rewritten": "{rows} were rewritten, first {example}",
    "read": "{rows} were read, first {example}",
}


def _cell_findings(raw: RawTable, heading: str, parsed: Parsed, *, skip_dates: bool) -> Iterator[Finding]:
    for at, cell, bad in parsed.bad:
        if skip_dates and "order of day and month" in bad.message:
            continue  # the file is asked once, not for every row
        quoted = f"'{shorten(cell)}': {bad.message}" if cell else bad.message
        yield raw.finding(
            "error", quoted, bad.remedy, row=int(raw.rows[at]), column=heading, value=shorten(cell)
        )
    for what, (count, first, example) in parsed.changes.items():
        rows = "1 cell" if count == 1 else f"{count:,} cells"
        yield raw.finding(
            "change", _DONE[what].format(rows=rows, example=example), row=int(raw.rows[first]), column=heading
        )


def _row_findings(raw: RawTable, frame: pd.DataFrame, table: Table) -> Iterator[Finding]:
    if table.any_of:
        lacking = frame[list(table.any_of)].isna().all(axis=1).to_numpy()
        for at in np.flatnonzero(lacking):
            yield raw.finding(
                "error",
                f"each row needs one of {', '.join(table.any_of)}",
                "Fill one of them.",
                row=int(raw.rows[at]),
            )
    for low, high in table.ascending:
        a, b = frame[low].to_numpy(), frame[high].to_numpy()
        for at in np.flatnonzero(a > b):
            shown = f"{_plain(a[at])} and {_plain(b[at])}"
            yield raw.finding(
                "error",
                f"{low} and {high} are {shown}: {low} lies beyond {high}",
                "Correct one of them.",
                row=int(raw.rows[at]),
                column=low,
                value=_plain(a[at]),
            )
    if table.name == "lanes":
        for at in np.flatnonzero((frame["origin"] == frame["destination"]).to_numpy()):
            yield raw.finding(
                "error",
                f"the lane leaves from and goes to '{frame['origin'].iloc[at]}'",
                "Correct one of them, or remove the row.",
                row=int(raw.rows[at]),
                column="destination",
            )


def _plain(value: object) -> str:
    return str(value)[:10] if isinstance(value, np.datetime64) else f"{value:g}"
