"""Reads files one after the other into raw tables: what each is, which table it holds."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sop_core.errors import DataError
from sop_core.schema import TABLES, Table
from sop_core.store.mappings import Mapped
from sop_core.store.naming import header_matches, proposed_table, table_for, table_hint
from sop_core.store.raw import Limits, RawTable, Sheet, to_raw_table
from sop_core.store.report import FileRead, Finding, Findings, Severity
from sop_core.store.text_files import PROPOSING_ROWS, decode, rows_of, separator_of, tops_of
from sop_core.store.understand import Options, Place
from sop_core.store.workbooks import Workbook

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
BOOK_SUFFIXES = (".xlsx", ".xlsm")
SUFFIXES = (*TEXT_SUFFIXES, *BOOK_SUFFIXES, ".parquet")

#: Sheets of the template workbook that explain and hold no data.
EXPLAINING_SHEETS = ("meanings",)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is already in memory, such as one dropped on a screen."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read. `named`: a person named it, rather than the folder it lies in."""

    name: str
    source: Path | bytes
    named: bool


class Reader:
    """Reads files one after the other into raw tables, gathering findings rather than stopping at one."""

    def __init__(self, mapping: Mapped, options: Options, propose: bool = False) -> None:
        """`propose`: what no name tells is given the table whose columns it has, instead of an error."""
        self.mapping, self.options, self.propose = mapping, options, propose
        self.findings = Findings()
        self.files: list[FileRead] = []
        self.proposed: set[Place] = set()
        self.left_out: list[Place] = []
        self.unknown: list[tuple[Place, list[str]]] = []  #: places without a table, and their fullest row

    def read(self, item: Input) -> Iterator[RawTable]:
        """The tables of one file."""
        try:
            content = self._content(item)
            self.files.append(FileRead(item.name, hashlib.sha256(content).hexdigest(), len(content)))
            yield from self._tables(item, content)
        except DataError as error:
            self.findings.add(Finding("error", str(error).removeprefix(f"{item.name}: "), file=item.name))

    def _content(self, item: Input) -> bytes:
        limit = self.options.limits.file_bytes
        size = item.source.stat().st_size if isinstance(item.source, Path) else len(item.source)
        if size > limit:
            raise DataError(
                f"{item.name}: it has {size / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} MB are read. "
                "Split it by year, or sum it by month."
            )
        if size == 0:
            raise DataError(f"{item.name}: it is empty. Export it again, or leave it out.")
        try:
            return item.source.read_bytes() if isinstance(item.source, Path) else item.source
        except OSError as error:
            raise DataError(
                f"{item.name}: it cannot be read ({error.strerror}). Check who owns the file."
            ) from error

    def _tables(self, item: Input, content: bytes) -> Iterator[RawTable]:
        suffix = Path(item.name).suffix.lower()
        if suffix in BOOK_SUFFIXES:
            yield from self._workbook(item, content)
            return
        if suffix not in SUFFIXES:
            raise DataError(
                f"{item.name}: files of type '{suffix}' are not read. Bring .csv, .xlsx or .parquet."
            )
        hint = self.options.hint(item.name, "")
        if hint.table == "":
            self._left_out(item, "")
            return
        table = TABLES[hint.table] if hint.table else table_for(Path(item.name).stem)
        if suffix == ".parquet":
            frame = _parquet(item.name, content, self.options.limits)
            table = table or self._proposal(item, "", [list(frame.columns)])
            if table is None:
                self._unknown(item, "", Path(item.name).stem, strict=item.named)
            else:
                yield from_frame(frame, item.name, table)
            return
        if content.startswith((b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b"%PDF")):
            raise DataError(
                f"{item.name}: it is not a text file, whatever its name says. Give it its right ending, "
                "or save it as CSV."
            )
        text, encoding = decode(content, item.name, hint.encoding)
        if table is None and self.propose:
            table = self._proposal(item, "", *tops_of(text, hint.separator))
        if table is None:
            self._unknown(item, "", Path(item.name).stem, strict=item.named)
            return
        mapping = self.mapping.get(table.name, {})
        separator = hint.separator or separator_of(text, table, mapping)
        rows = rows_of(text, separator, item.name, self.options.limits)
        sheet = Sheet(item.name, "", table, rows, separator, True, mapping, hint.header_row)
        raw = to_raw_table(sheet, self.options.limits)
        raw.encoding = encoding
        if encoding != "UTF-8":
            raw.findings.append(raw.finding("change", f"read as {encoding}"))
        if separator != ",":
            shown = "tab" if separator == "\t" else f"'{separator}'"
            raw.findings.append(raw.finding("change", f"its columns are separated by {shown}"))
        yield from self._unless_bare(raw, item.named)

    def _workbook(self, item: Input, content: bytes) -> Iterator[RawTable]:
        book = Workbook(content, item.name, self.options.limits)
        try:
            names = [name for name in book.names if name.casefold() not in EXPLAINING_SHEETS]
            for name in names:
                yield from self._sheet(item, book, name, len(names) == 1)
        finally:
            book.close()

    def _sheet(self, item: Input, book: Workbook, name: str, only: bool) -> Iterator[RawTable]:
        hint = self.options.hint(item.name, name)
        if hint.table == "":
            self._left_out(item, name)
            return
        table = TABLES[hint.table] if hint.table else table_for(name)
        if table is None and only:
            table = table_for(Path(item.name).stem)
        if table is None and self.propose:
            top = [list(cells) for _, cells in islice(book.rows(name), PROPOSING_ROWS)]
            table = self._proposal(item, name, top) if top else None
        if table is None:
            self._unknown(item, name, name, strict=only)
            return
        rows = list(book.rows(name))
        if not rows and not only:
            return
        mapping = self.mapping.get(table.name, {})
        sheet = Sheet(item.name, name, table, rows, "", False, mapping, hint.header_row)
        yield from self._unless_bare(to_raw_table(sheet, self.options.limits), only)

    def _proposal(self, item: Input, sheet: str, *tops: list[list[Any]]) -> Table | None:
        """The table that the place seems to hold, where one is to be proposed. `tops`: readings of its first rows."""
        if not self.propose:
            return None
        found = proposed_table(sheet or Path(item.name).stem, tops, self.mapping)
        if found is None:
            widest = max((row for top in tops for row in top), key=_filled, default=[])
            self.unknown.append(((item.name, sheet), [str(cell) for cell in widest if cell is not None]))
        else:
            self.proposed.add((item.name, sheet))
        return found

    def _left_out(self, item: Input, sheet: str) -> None:
        self.left_out.append((item.name, sheet))
        self.findings.add(Finding("change", "it was left out, as chosen", file=item.name, sheet=sheet))

    def _unless_bare(self, raw: RawTable, named: bool) -> Iterator[RawTable]:
        """Leaves out templates that nobody filled, unless the file was named on purpose."""
        if len(raw.rows) or named or not header_matches(raw.table, raw.header, {}):
            yield raw
        else:
            self.findings.add(raw.finding("warning", "it has column names but no rows and was left out"))

    def _unknown(self, item: Input, sheet: str, name: str, *, strict: bool) -> None:
        if self.propose:
            return
        hint = table_hint(name)
        severity: Severity = "error" if strict or hint.startswith("Did you mean") else "warning"
        what = "sheet" if sheet else "file"
        message = f"'{name}' is not the name of a table, so it cannot be told what the {what} holds"
        if severity == "warning":
            message = f"'{name}' is not the name of a table; the {what} was left out"
        self.findings.add(
            Finding(
                severity, message, f"Name the {what} after its table. {hint}", file=item.name, sheet=sheet
            )
        )


def _filled(row: Sequence[Any]) -> int:
    return sum(cell is not None and bool(str(cell).strip()) for cell in row)


def _parquet(name: str, content: bytes, limits: Limits) -> pd.DataFrame:
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        meta = file.metadata
        unpacked = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        for have, most, what in (
            (meta.num_rows, limits.rows, "rows"),
            (meta.num_columns, limits.columns, "columns"),
            (unpacked, limits.unpacked_bytes, "bytes when unpacked"),
        ):
            if have > most:
                raise DataError(
                    f"{name}: it has {have:,} {what}; at most {most:,} are read. Sum it by month, or "
                    "split it by year."
                )
        read = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"{name}: it is not a Parquet file, or it is damaged. Save it again, or bring CSV."
        ) from error
    nested = [field.name for field in read.schema if pa.types.is_nested(field.type)]
    if nested:
        raise DataError(
            f"{name}: columns {', '.join(nested)} hold lists or structures. Bring one value in each cell."
        )
    frame: pd.DataFrame = read.to_pandas(ignore_metadata=True)
    return frame


def from_frame(frame: pd.DataFrame, name: str, table: Table) -> RawTable:
    """A frame as a raw table; rows count from 1."""
    columns = [_uncategorised(frame.iloc[:, at]) for at in range(frame.shape[1])]
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    return RawTable(name, "", table, [str(column) for column in frame.columns], columns, rows)


def _uncategorised(values: pd.Series) -> pd.Series:
    plain = values.reset_index(drop=True)
    return plain.astype(object) if isinstance(plain.dtype, pd.CategoricalDtype) else plain


def find_inputs(paths: Sequence[Path | str | Upload], limits: Limits) -> tuple[list[Input], list[Finding]]:
    """Files to read, folders opened one level deep. Raises DataError where a path leads nowhere."""
    inputs: list[Input] = []
    findings: list[Finding] = []
    for item in paths:
        if isinstance(item, Upload):
            inputs.append(Input(Path(item.name).name, item.content, True))
            continue
        path = Path(item)
        if path.is_dir():
            for child in sorted(path.iterdir()):
                if child.name.startswith((".", "~$")) or not child.is_file():
                    continue
                if child.suffix.lower() in SUFFIXES:
                    inputs.append(Input(child.name, child, False))
                else:
                    findings.append(
                        Finding("warning", f"files of type '{child.suffix}' are not read", file=child.name)
                    )
        elif path.is_file():
            inputs.append(Input(path.name, path, True))
        else:
            raise DataError(f"There is no file or folder {path}. Check the path.")
    if not inputs:
        raise DataError(
            "There is nothing to import: bring .csv, .xlsx or .parquet files named after their tables, "
            "such as sales.csv."
        )
    if len(inputs) > limits.files:
        raise DataError(
            f"These are {len(inputs)} files; at most {limits.files} are read at once. Import them in parts."
        )
    return inputs, findings
