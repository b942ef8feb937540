"""What the command line says: results on stdout, progress and messages on stderr."""

from __future__ import annotations

import argparse
import io
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sop_core.errors import DataError
from sop_core.export.tables import safe_csv, write_whole
from sop_core.store.report import SHOWN, Finding, ImportReport

#: So many findings of an import are printed; `--report` writes all.
PRINTED = 50


def failed(wanted: argparse.Namespace, message: str, findings: Sequence[Any] = ()) -> int:
    """Says why a command did not do its job; returns its exit code."""
    if wanted.json:
        print_json({"error": message, "findings": [finding_json(finding) for finding in findings[:SHOWN]]})
    say(message)
    return 1


def listed(error: DataError, report: Path | None) -> DataError:
    """The same error with its findings spelled out, as a terminal shows them."""
    errors = [finding for finding in error.findings if finding.severity == "error"]
    if not errors:
        return error
    lines = [f"Nothing was imported: {len(errors):,} error{'s' if len(errors) > 1 else ''}."]
    lines += [f"- {finding.sentence()}" for finding in errors[:PRINTED]]
    if len(errors) > PRINTED:
        rest = f"all are in {report}" if report is not None else "--report FILE writes all"
        lines.append(f"- and {len(errors) - PRINTED:,} more; {rest}")
    return DataError("\n".join(lines), error.findings)


def report_json(report: ImportReport) -> dict[str, Any]:
    """An import report for machines."""
    tables = {
        name: {
            "rows": t.rows,
            "added": t.added,
            "changed": t.changed,
            "unchanged": t.unchanged,
            "removed": t.removed,
        }
        for name, t in report.tables.items()
    }
    return {
        "version": report.version,
        "dry_run": report.dry_run,
        "tables": tables,
        "files": [{"name": file.name, "sha256": file.sha256, "size": file.size} for file in report.files],
        "findings": [finding_json(finding) for finding in report.shown],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding for machines."""
    names = ("severity", "file", "sheet", "table", "row", "column", "value", "message", "remedy")
    return {name: getattr(finding, name) for name in names}


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Writes a frame as CSV, whole or not at all."""
    write_whole(path, safe_csv(frame, for_excel=False))


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Writes a frame as Parquet where the file is called so, else as CSV; whole or not at all."""
    if path.suffix.lower() != ".parquet":
        return write_csv(path, frame)
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return write_whole(path, buffer.getvalue())


def print_result(wanted: argparse.Namespace, body: dict[str, Any], lines: Sequence[str]) -> None:
    """Prints what a command did: one JSON object, or lines."""
    if wanted.json:
        print_json(body)
    else:
        _write("\n".join(lines))


def print_json(body: dict[str, Any]) -> None:
    """Prints one JSON object."""
    _write(json_text(body))


def json_text(body: Any) -> str:
    """JSON text; numbers that are none become null."""
    return json.dumps(_plain(body), ensure_ascii=False, indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    """Values as JSON knows them: numpy's scalars as Python's, what is not a number as null."""
    if isinstance(value, dict):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


class Progress:
    """Progress on stderr: one line that rewrites itself on a terminal, one line a step elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self._quiet, self._terminal = quiet, sys.stderr.isatty()
        self._last = ""

    def share(self, fraction: float, text: str) -> None:
        """Progress from 0 to 1."""
        self._show(text, f"{fraction:.0%} {text}")

    def step(self, text: str, done: int, total: int) -> None:
        """Progress as done of total."""
        self._show(text, f"{text}: {done} of {total}" if total else text)

    def _show(self, step: str, line: str) -> None:
        if self._quiet:
            return
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
            self._last = line
        elif step != self._last:
            say(step)
            self._last = step

    def done(self) -> None:
        """Ends the line."""
        if self._terminal and self._last and not self._quiet:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        self._last = ""


def say(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
