"""Import: read everything, check everything, then write once, as one new data version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sop_core.errors import DataError
from sop_core.schema import TABLES
from sop_core.store import checks
from sop_core.store.connection import Connection
from sop_core.store.gather import gather
from sop_core.store.mappings import Mapped, merged, store_hints, store_mapping, stored_hints, stored_mapping
from sop_core.store.naming import checked_mapping, header_matches, table_hint
from sop_core.store.raw import RawTable
from sop_core.store.reader import Reader, Upload, find_inputs, from_frame
from sop_core.store.report import FileRead, Finding, Findings, ImportReport, TableReport, refusal
from sop_core.store.understand import DAY, PART, Options, understand
from sop_core.store.versions import latest_version, record_version, write_table

Progress = Callable[[float, str], None]


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
    mapping = merged(stored_mapping(connection), given)
    job = replace(job, options=job.options.with_kept(stored_hints(connection)))
    reader = Reader(mapping, job.options)
    reader.findings.extend(findings)
    frames: dict[str, list[pd.DataFrame]] = {}
    parts: list[RawTable] = []
    for at, item in enumerate(inputs):
        job.tell(0.7 * at / len(inputs), f"Reading {item.name}")
        for raw in reader.read(item):
            _take(raw, parts, frames, mapping, job.options, reader.findings)
    return _finish(connection, frames, parts, reader.findings, reader.files, given, mapping, job)


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
    return _finish(connection, frames, parts, findings, [], {}, {}, job)


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
        findings.extend(checks.normalise_settings(frame, raw, options.hint(raw.file, raw.sheet).date_order))
    raw.columns = []  # the cells are no longer needed; large files need the room
    parts.append(raw)
    frames.setdefault(raw.table.name, []).append(frame)


def _finish(
    connection: Connection,
    frames: Mapping[str, list[pd.DataFrame]],
    parts: Sequence[RawTable],
    findings: Findings,
    files: Sequence[FileRead],
    given: dict[str, dict[str, str]],
    mapping: Mapped,
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
        headings = _headings(parts, mapping)
        for at, (name, frame) in enumerate(gathered.items()):
            job.tell(0.8 + 0.2 * at / len(gathered), f"Writing {name}")
            absent = [column for column in TABLES[name].names if column not in headings.get(name, set())]
            rows = frame.drop(columns=[DAY], errors="ignore")
            reports[name], lost = write_table(
                cursor, TABLES[name], rows, version, rows_in[name], job.whole, absent
            )
            findings.extend(_lost(name, lost))
        record_version(cursor, version, job.who, job.note, files, reports)
        store_mapping(cursor, given)
        store_hints(cursor, job.options.hints)
    job.tell(1.0, "Done")
    return ImportReport(
        version=None if job.dry_run else version,
        tables=reports,
        files=tuple(files),
        findings=findings.all(),
        dry_run=job.dry_run,
        mapping=given,
    )


def _headings(parts: Sequence[RawTable], mapping: Mapped) -> dict[str, set[str]]:
    """The columns that the import brought for each table."""
    out: dict[str, set[str]] = {}
    for raw in parts:
        given = mapping.get(raw.table.name, {})
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
