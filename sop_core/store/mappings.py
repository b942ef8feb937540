"""What is kept from import to import: which of their columns is ours, and how a file is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sop_core.store.connection import Connection
from sop_core.store.understand import Hint, Place, file_key

Mapped = Mapping[str, Mapping[str, str]]  #: table -> their column -> ours, "" = leave out


def stored_mapping(connection: Connection) -> dict[str, dict[str, str]]:
    """Column mappings kept from earlier imports: {table: {their column: ours}}."""
    out: dict[str, dict[str, str]] = {}
    with connection.cursor() as cursor:
        for table, theirs, ours in cursor.execute(
            "SELECT table_name, theirs, ours FROM column_mapping ORDER BY ALL"
        ).fetchall():
            out.setdefault(table, {})[theirs] = ours
    return out


def store_mapping(cursor: Any, mapping: Mapped) -> None:
    """Keeps column mappings; the same column of theirs is overwritten."""
    for table, columns in mapping.items():
        for theirs, ours in columns.items():
            cursor.execute("DELETE FROM column_mapping WHERE table_name = ? AND theirs = ?", [table, theirs])
            cursor.execute("INSERT INTO column_mapping VALUES (?, ?, ?)", [table, theirs, ours])


def stored_hints(connection: Connection) -> dict[Place, Hint]:
    """How files were read before where a person had to say so, by file (without its date) and sheet."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT file, sheet, table_name, separator, encoding, header_row, date_order, decimals "
            "FROM file_reading ORDER BY ALL"
        ).fetchall()
    return {(file, sheet): Hint(*said) for file, sheet, *said in rows}


def store_hints(cursor: Any, hints: Mapping[Place, Hint]) -> None:
    """Keeps what a person said about files; a file of the same name (but for its date) is overwritten."""
    for (file, sheet), hint in hints.items():
        if hint == Hint():
            continue
        key = [file_key(file), sheet]
        cursor.execute("DELETE FROM file_reading WHERE file = ? AND sheet = ?", key)
        said = [hint.table, hint.separator, hint.encoding, hint.header_row, hint.date_order, hint.decimals]
        cursor.execute("INSERT INTO file_reading VALUES (?, ?, ?, ?, ?, ?, ?, ?)", key + said)


def merged(kept: Mapped, given: Mapped) -> dict[str, dict[str, str]]:
    """Column mappings of old with those of now, which go first."""
    return {name: {**kept.get(name, {}), **given.get(name, {})} for name in {*kept, *given}}
