"""What an import found and did: findings, counts per table, and the report that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Literal

import pandas as pd

Severity = Literal["error", "warning", "change"]

#: So many findings are shown; all of them are in `ImportReport.to_frame`.
SHOWN = 1_000
#: So many findings are kept; a file that is wrong in every cell needs no longer list.
KEPT = 100_000

_VALUE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an import found: where, what, and how to put it right.

    `severity` is `error` (nothing is taken), `warning` (taken, but look at it) or `change` (done on the way:
    trimmed, parsed, summed). `row` counts as the spreadsheet does (1 = first line of the file), None where a
    finding is about more than one row.
    """

    severity: Severity
    message: str
    remedy: str = ""
    file: str = ""
    sheet: str = ""
    table: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""

    @property
    def where(self) -> str:
        """`sales.xlsx, sheet Sales, row 12, column quantity`; empty where there is no place."""
        parts = [self.file or self.table]
        if self.sheet:
            parts.append(f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"row {self.row:,}")
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(part for part in parts if part)

    def sentence(self) -> str:
        """The finding as it is read: place, message, remedy."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        text = text if text.endswith((".", "?")) else f"{text}."
        return f"{text} {self.remedy}".strip()


def shorten(value: object) -> str:
    """A found value as it is quoted in a message."""
    text = str(value)
    return text if len(text) <= _VALUE_LENGTH else f"{text[: _VALUE_LENGTH - 3]}..."


class Findings:
    """Collects findings; keeps the first `KEPT` and counts them all."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self.count = 0
        self.error_count = 0

    def add(self, finding: Finding) -> None:
        """Adds one finding. An error is always kept, so that a refusal is never without its reason."""
        self.count += 1
        self.error_count += finding.severity == "error"
        if len(self._kept) < KEPT or (finding.severity == "error" and self.error_count == 1):
            self._kept.append(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Adds several."""
        for finding in findings:
            self.add(finding)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.all())

    def all(self) -> tuple[Finding, ...]:
        """Errors first, then warnings, then changes, each in the order found."""
        rank = {"error": 0, "warning": 1, "change": 2}
        ordered = sorted(self._kept, key=lambda f: rank[f.severity])
        left = self.count - len(self._kept)
        if left:
            severity: Severity = "error" if self.error_count else "warning"
            ordered.append(
                Finding(
                    severity,
                    f"{left:,} more findings are not listed",
                    "Put the first ones right and import again.",
                )
            )
        return tuple(ordered)


@dataclass(frozen=True, slots=True)
class TableReport:
    """What an import did to one table. `rows_in` were read, `rows` remain after gathering by key, of which
    `added` are new, `changed` replace other values, `unchanged` say what the store already had; `removed`
    rows of the store were not in the import (only where the import replaces whole tables).
    """

    table: str
    rows_in: int
    rows: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class FileRead:
    """One file that was read."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import took and found. `version` is the new data version, None after a dry run."""

    version: int | None
    tables: Mapping[str, TableReport]
    files: tuple[FileRead, ...] = ()
    findings: tuple[Finding, ...] = ()
    dry_run: bool = False
    mapping: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings for which nothing is taken."""
        return tuple(f for f in self.findings if f.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings to look at; the rows were taken."""
        return tuple(f for f in self.findings if f.severity == "warning")

    @property
    def changes(self) -> tuple[Finding, ...]:
        """What was changed on the way: trimmed, parsed, summed, renamed."""
        return tuple(f for f in self.findings if f.severity == "change")

    @property
    def shown(self) -> tuple[Finding, ...]:
        """The first 1,000 findings, errors first."""
        return self.findings[:SHOWN]

    @property
    def rows(self) -> int:
        """Rows taken, all tables together."""
        return sum(table.rows for table in self.tables.values())

    def summary(self) -> str:
        """One sentence: rows, tables, version, warnings."""
        what = "Checked" if self.dry_run else "Took"
        text = f"{what} {self.rows:,} rows in {_count(len(self.tables), 'table')}"
        if self.version is not None:
            text += f" as data version {self.version}"
        if self.warnings:
            text += f", with {_count(len(self.warnings), 'warning')}"
        return f"{text}."

    def to_frame(self) -> pd.DataFrame:
        """All findings, for download: severity, file, sheet, table, row, column, value, message, remedy."""
        return findings_frame(self.findings)


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a frame, one row each, in the given order."""
    order = ("severity", "file", "sheet", "table", "row", "column", "value", "message", "remedy")
    assert set(order) == {f.name for f in fields(Finding)}
    rows = [[getattr(finding, name) for name in order] for finding in findings]
    frame = pd.DataFrame(rows, columns=list(order))
    frame["row"] = frame["row"].astype("Int64")
    return frame


def refusal(findings: tuple[Finding, ...]) -> str:
    """The sentence with which an import is refused: the count and the first three errors."""
    errors = [f for f in findings if f.severity == "error"]
    head = f"Nothing was imported: {_count(len(errors), 'error')}."
    lines = [f"- {finding.sentence()}" for finding in errors[:3]]
    if len(errors) > 3:
        lines.append(f"- and {len(errors) - 3:,} more")
    return "\n".join([head, *lines])


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
