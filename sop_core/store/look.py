"""What files were understood as, before anything is checked or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sop_core.store.connection import Connection
from sop_core.store.mappings import Mapped, merged, stored_hints, stored_mapping
from sop_core.store.naming import checked_mapping, header_matches
from sop_core.store.raw import RawTable
from sop_core.store.reader import Reader, Upload, find_inputs
from sop_core.store.report import shorten
from sop_core.store.understand import Manner, Options, manner


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """One of their columns. `ours` "" = left out; `how`: exact, spelling, alias, mapping or "" (not known)."""

    theirs: str
    ours: str
    how: str
    example: str


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file or sheet was understood as. `table` "" = not known; `proposed`: told by its columns, not its name.

    `separator` and `encoding` are "" for workbooks and Parquet. `missing`: required columns that it lacks, or that
    several of its columns claim. `problem`: why it cannot be read at all. `left_out`: a person said so.
    """

    file: str
    sheet: str
    table: str = ""
    proposed: bool = False
    rows: int = 0
    separator: str = ""
    encoding: str = ""
    header_row: int = 1
    manner: Manner = field(default_factory=Manner)
    columns: tuple[ColumnReading, ...] = ()
    missing: tuple[str, ...] = ()
    problem: str = ""
    left_out: bool = False

    @property
    def questions(self) -> tuple[str, ...]:
        """What is still to be said before it can be taken."""
        if self.left_out:
            return ()
        if self.problem:
            return (self.problem,)
        if not self.table:
            return ("Which table does it hold?",)
        found = [f"Which column is {name}?" for name in self.missing]
        if self.manner.open_date:
            found.append(f"Which date order is '{self.manner.open_date}'?")
        if self.manner.open_number:
            found.append(f"Which decimal mark has '{self.manner.open_number}'?")
        return tuple(found)


def look(
    connection: Connection, paths: Sequence[Path | str | Upload], mapping: Mapped | None, options: Options
) -> tuple[FileReading, ...]:
    """See Store.look_at_files."""
    inputs, _ = find_inputs(paths, options.limits)
    together = merged(stored_mapping(connection), checked_mapping(mapping))
    options = options.with_kept(stored_hints(connection))
    readings: list[FileReading] = []
    for item in inputs:
        reader = Reader(together, options, propose=True)
        readings += [_reading(raw, reader, together, options) for raw in reader.read(item)]
        for (file, sheet), header in reader.unknown:
            columns = tuple(ColumnReading(heading, "", "", "") for heading in header)
            readings.append(FileReading(file, sheet, columns=columns))
        readings += [FileReading(file, sheet, left_out=True) for file, sheet in reader.left_out]
        readings += [
            FileReading(found.file, found.sheet, problem=found.message)
            for found in reader.findings
            if found.severity == "error"
        ]
    return tuple(readings)


def _reading(raw: RawTable, reader: Reader, mapping: Mapped, options: Options) -> FileReading:
    given: Mapping[str, str] = mapping.get(raw.table.name, {})
    matches = header_matches(raw.table, raw.header, given)
    by_position = {match.position: match for match in matches}
    claimed: dict[str, int] = {}
    for match in matches:
        claimed[match.column] = claimed.get(match.column, 0) + 1
    columns = []
    for position, heading in enumerate(raw.header):
        found = by_position.get(position)
        columns.append(
            ColumnReading(
                heading,
                found.column if found else "",
                found.how if found else "",
                _example(raw.columns[position]),
            )
        )
    open_columns = [name for name in raw.table.required if name not in claimed]
    open_columns += [name for name, count in claimed.items() if count > 1]
    return FileReading(
        file=raw.file,
        sheet=raw.sheet,
        table=raw.table.name,
        proposed=(raw.file, raw.sheet) in reader.proposed,
        rows=len(raw.rows),
        separator=raw.separator,
        encoding=raw.encoding,
        header_row=raw.header_row,
        manner=manner(raw, {m.column: m.position for m in matches}, options),
        columns=tuple(columns),
        missing=tuple(open_columns),
    )


def _example(values: pd.Series) -> str:
    """The first filled cell as text."""
    filled = values[values.notna() & (values.astype(str).str.strip() != "")]
    if not len(filled):
        return ""
    first = filled.iloc[0]
    return shorten(first.date() if isinstance(first, pd.Timestamp) else first)
