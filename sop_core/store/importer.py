"""Import: read everything, check everything, then write once, as one new data version."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sop_core.errors import DataError
from sop_core.schema import TABLES, Table
from sop_core.store import checks
from sop_core.store.connection import Connection
from sop_core.store.gather import gather
from sop_core.store.naming import checked_mapping, header_matches, table_for, table_hint
from sop_core.store.raw import Limits, RawTable, Sheet, to_raw_table
from sop_core.store.report import FileRead, Finding, Findings, ImportReport, Severity, TableReport, refusal
from sop_core.store.text_files import decode, rows_of, separator_of
from sop_core.store.understand import DAY, PART, Options, understand
from sop_core.store.versions import latest_version, record_version, write_table
from sop_core.store.workbooks import Workbook

Progress = Callable[[float, str], None]
Mapped = Mapping[str, Mapping[str, str]]

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
class _Input:
    """A file to read. `named`: a person named it, rather than the folder it lies in."""

    name: str
    source: Path | bytes
    named: bool


class _Reader:
    """Reads files one after the other into raw tables, gathering findings rather than stopping at one."""

    def __init__(self, mapping: Mapped, options: Options) -> None:
        self.mapping, self.options = mapping, options
        self.findings = Findings()
        self.files: list[FileRead] = []

    def read(self, item: _Input) -> Iterator[RawTable]:
        """The tables of one file."""
        try:
            content = self._content(item)
            self.files.append(FileRead(item.name, hashlib.sha256(content).hexdigest(), len(content)))
            yield from self._tables(item, content)
        except DataError as error:
            self.findings.add(Finding("error", str(error).removeprefix(f"{item.name}: "), file=item.name))

    def _content(self, item: _Input) -> bytes:
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

    def _tables(self, item: _Input, content: bytes) -> Iterator[RawTable]:
        suffix = Path(item.name).suffix.lower()
        if suffix in BOOK_SUFFIXES:
            yield from self._workbook(item, content)
            return
        if suffix not in SUFFIXES:
            raise DataError(
                f"{item.name}: files of type '{suffix}' are not read. Bring .csv, .xlsx or .parquet."
            )
        table = table_for(Path(item.name).stem)
        if table is None:
            self._unknown(item, "", Path(item.name).stem, strict=item.named)
            return
        if suffix == ".parquet":
            yield _parquet(item.name, content, table, self.options.limits)
            return
        if content.startswith((b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b"%PDF")):
            raise DataError(
                f"{item.name}: it is not a text file, whatever its name says. Give it its right ending, "
                "or save it as CSV."
            )
        text, encoding = decode(content, item.name)
        mapping = self.mapping.get(table.name, {})
        separator = separator_of(text, table, mapping)
        rows = rows_of(text, separator, item.name, self.options.limits)
        raw = to_raw_table(Sheet(item.name, "", table, rows, separator, True, mapping), self.options.limits)
        if encoding != "UTF-8":
            raw.findings.append(raw.finding("change", f"read as {encoding}"))
        if separator != ",":
            shown = "tab" if separator == "\t" else f"'{separator}'"
            raw.findings.append(raw.finding("change", f"its columns are separated by {shown}"))
        yield from self._unless_bare(raw, item.named)

    def _workbook(self, item: _Input, content: bytes) -> Iterator[RawTable]:
        book = Workbook(content, item.name, self.options.limits)
        try:
            names = [name for name in book.names if name.casefold() not in EXPLAINING_SHEETS]
            for name in names:
                table = table_for(name)
                if table is None and len(names) == 1:
                    table = table_for(Path(item.name).stem)
                if table is None:
                    self._unknown(item, name, name, strict=len(names) == 1)
                    continue
                rows = list(book.rows(name))
                if not rows and len(names) > 1:
                    continue
                sheet = Sheet(item.name, name, table, rows, "", False, self.mapping.get(table.name, {}))
                yield from self._unless_bare(to_raw_table(sheet, self.options.limits), len(names) == 1)
        finally:
            book.close()

    def _unless_bare(self, raw: RawTable, named: bool) -> Iterator[RawTable]:
        """Leaves out templates that nobody filled, unless the file was named on purpose."""
        if len(raw.rows) or named or not header_matches(raw.table, raw.header, {}):
            yield raw
        else:
            self.findings.add(raw.finding("warning", "it has column names but no rows and was left out"))

    def _unknown(self, item: _Input, sheet: str, name: str, *, strict: bool) -> None:
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


def _parquet(name: str, content: bytes, table: Table, limits: Limits) -> RawTable:
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
    return from_frame(read.to_pandas(ignore_metadata=True), name, table)


def from_frame(frame: pd.DataFrame, name: str, table: Table) -> RawTable:
    """A frame as a raw table; rows count from 1."""
    columns = [_uncategorised(frame.iloc[:, at]) for at in range(frame.shape[1])]
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    return RawTable(name, "", table, [str(column) for column in frame.columns], columns, rows)


def _uncategorised(values: pd.Series) -> pd.Series:
    plain = values.reset_index(drop=True)
    return plain.astype(object) if isinstance(plain.dtype, pd.CategoricalDtype) else plain


def find_inputs(paths: Sequence[Path | str | Upload], limits: Limits) -> tuple[list[_Input], list[Finding]]:
    """Files to read, folders opened one level deep. Raises DataError where a path leads nowhere."""
    inputs: list[_Input] = []
    findings: list[Finding] = []
    for item in paths:
        if isinstance(item, Upload):
            inputs.append(_Input(Path(item.name).name, item.content, True))
            continue
        path = Path(item)
        if path.is_dir():
            for child in sorted(path.iterdir()):
                if child.name.startswith((".", "~$")) or not child.is_file():
                    continue
                if child.suffix.lower() in SUFFIXES:
                    inputs.append(_Input(child.name, child, False))
                else:
                    findings.append(
                        Finding("warning", f"files of type '{child.suffix}' are not read", file=child.name)
                    )
        elif path.is_file():
            inputs.append(_Input(path.name, path, True))
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


@dataclass(frozen=True, slots=True)
class Job:
    """What one import is to do besides its files; see Store.import_files."""

    who: str
    note: str
    mapping: Mapped | None
    options: Options
    whole: bool
    dry_run: bool
    progress: Progress | None

    def tell(self, fraction: float, text: str) -> None:
        """Reports progress, 0 to 1."""
        if self.progress is not None:
            self.progress(fraction, text)


def import_files(connection: Connection, paths: Sequence[Path | str | Upload], job: Job) -> ImportReport:
    """See Store.import_files."""
    inputs, findings = find_inputs(paths, job.options.limits)
    given = checked_mapping(job.mapping)
    mapping = _merged(stored_mapping(connection), given)
    reader = _Reader(mapping, job.options)
    reader.findings.extend(findings)
    frames: dict[str, list[pd.DataFrame]] = {}
    parts: list[RawTable] = []
    for at, item in enumerate(inputs):
        job.tell(0.7 * at / len(inputs), f"Reading {item.name}")
        for raw in reader.read(item):
            _take(raw, parts, frames, mapping, job.options, reader.findings)
    return _finish(connection, frames, parts, reader.findings, reader.files, given, job)


def import_frames(connection: Connection, tables: Mapping[str, pd.DataFrame], job: Job) -> ImportReport:
    """See Store.import_tables."""
    frames: dict[str, list[pd.DataFrame]] = {}
    parts: list[RawTable] = []
    findings = Findings()
    for name, frame in tables.items():
        if name not in TABLES:
            raise DataError(f"There is no table '{name}'. {table_hint(name)}")
        if len(frame):
            _take(from_frame(frame, "", TABLES[name]), parts, frames, {}, job.options, findings)
    if not parts:
        raise DataError("There is nothing to import: all tables are empty.")
    return _finish(connection, frames, parts, findings, [], {}, job)


def _take(
    raw: RawTable,
    parts: list[RawTable],
    frames: dict[str, list[pd.DataFrame]],
    mapping: Mapped,
    options: Options,
    findings: Findings,
) -> None:
    frame, found = understand(raw, len(parts), mapping.get(raw.table.name, {}), options)
    findings.extend(found)
    if raw.table.name == "settings":
        findings.extend(checks.normalise_settings(frame, raw, options.date_order))
    raw.columns = []  # the cells are no longer needed; large files need the room
    parts.append(raw)
    frames.setdefault(raw.table.name, []).append(frame)


def _finish(
    connection: Connection,
    frames: Mapping[str, list[pd.DataFrame]],
    parts: Sequence[RawTable],
    findings: Findings,
    files: Sequence[FileRead],
    mapping: dict[str, dict[str, str]],
    job: Job,
) -> ImportReport:
    """Gathers by key, checks across tables, writes. Raises DataError with all findings, or nothing is
    written.
    """
    job.tell(0.7, "Checking")
    rows_in = {name: sum(len(frame) for frame in pieces) for name, pieces in frames.items()}
    gathered: dict[str, pd.DataFrame] = {}
    for name, pieces in frames.items():
        if len(pieces) > 1:
            several = ", ".join(dict.fromkeys(parts[int(p[PART].iloc[0])].file for p in pieces if len(p)))
            findings.add(
                Finding(
                    "warning",
                    f"{name} comes from {len(pieces)} places ({several})",
                    "Check that no row counts twice.",
                    table=name,
                )
            )
        together = pd.concat(pieces, ignore_index=True) if len(pieces) > 1 else pieces[0]
        gathered[name], found = gather(TABLES[name], together, parts)
        findings.extend(found)
    if not gathered and not findings.error_count:
        findings.add(
            Finding(
                "error",
                "no file held a table with rows",
                "Fill in the templates, or name the files after their tables.",
            )
        )
    with connection.write(keep=not job.dry_run) as cursor:
        stored = checks.stored_values(cursor)
        findings.extend(checks.check_identifiers(gathered, parts, stored, job.whole))
        findings.extend(checks.check_references(gathered, parts, stored, job.whole))
        if "targets" in gathered:
            findings.extend(checks.check_kpis(gathered["targets"], parts))
        if findings.error_count:
            raise DataError(refusal(findings.all()), findings.all())
        version = latest_version(cursor) + 1
        reports: dict[str, TableReport] = {}
        headings = _headings(parts, job)
        for at, (name, frame) in enumerate(gathered.items()):
            job.tell(0.8 + 0.2 * at / len(gathered), f"Writing {name}")
            absent = [column for column in TABLES[name].names if column not in headings.get(name, set())]
            rows = frame.drop(columns=[DAY], errors="ignore")
            reports[name], lost = write_table(
                cursor, TABLES[name], rows, version, rows_in[name], job.whole, absent
            )
            findings.extend(_lost(name, lost))
        record_version(cursor, version, job.who, job.note, files, reports)
        _store_mapping(cursor, mapping)
    job.tell(1.0, "Done")
    return ImportReport(
        version=None if job.dry_run else version,
        tables=reports,
        files=tuple(files),
        findings=findings.all(),
        dry_run=job.dry_run,
        mapping=mapping,
    )


def _headings(parts: Sequence[RawTable], job: Job) -> dict[str, set[str]]:
    """The columns that the import brought for each table."""
    out: dict[str, set[str]] = {}
    for raw in parts:
        given = (job.mapping or {}).get(raw.table.name, {})
        out.setdefault(raw.table.name, set()).update(
            m.column for m in header_matches(raw.table, raw.header, given)
        )
    return out


def _lost(name: str, lost: Mapping[str, int]) -> Iterator[Finding]:
    for column, rows in lost.items():
        yield Finding(
            "warning",
            f"the import has no column {column}, which {rows:,} of the replaced rows had filled; it is "
            "blank there now",
            "Import again with the column if that was not meant.",
            table=name,
            column=column,
        )


def stored_mapping(connection: Connection) -> dict[str, dict[str, str]]:
    """Column mappings kept from earlier imports: {table: {their column: ours}}."""
    out: dict[str, dict[str, str]] = {}
    with connection.cursor() as cursor:
        for table, theirs, ours in cursor.execute(
            "SELECT table_name, theirs, ours FROM column_mapping ORDER BY ALL"
        ).fetchall():
            out.setdefault(table, {})[theirs] = ours
    return out


def _store_mapping(cursor: Any, mapping: Mapped) -> None:
    for table, columns in mapping.items():
        for theirs, ours in columns.items():
            cursor.execute("DELETE FROM column_mapping WHERE table_name = ? AND theirs = ?", [table, theirs])
            cursor.execute("INSERT INTO column_mapping VALUES (?, ?, ?)", [table, theirs, ours])


def _merged(kept: Mapped, given: Mapped) -> dict[str, dict[str, str]]:
    return {name: {**kept.get(name, {}), **given.get(name, {})} for name in {*kept, *given}}
