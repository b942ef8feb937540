"""Data versions: writing a new one by key, reading any of them back."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from sop_core.errors import StoreError
from sop_core.schema import TABLES, Column, Table
from sop_core.store.ddl import SQL_TYPES, as_utc, data_table, first_row, quoted, utc_now
from sop_core.store.fingerprint import content_fingerprint
from sop_core.store.report import FileRead, TableReport


@dataclass(frozen=True, slots=True)
class DataVersion:
    """One import: its number, who, when (UTC), note, files, and what it did to each table."""

    version: int
    who: str
    at: dt.datetime
    note: str
    fingerprint: str
    files: tuple[FileRead, ...]
    tables: Mapping[str, TableReport]


def latest_version(cursor: duckdb.DuckDBPyConnection) -> int:
    """The newest data version; 0 where nothing was imported yet."""
    row = first_row(cursor, "SELECT coalesce(max(version), 0) FROM data_version")
    assert row is not None
    return int(row[0])


def check_version(cursor: duckdb.DuckDBPyConnection, version: int | None) -> int:
    """The version asked for, None meaning the latest. Raises StoreError where there is no such version."""
    latest = latest_version(cursor)
    if version is None:
        return latest
    if not 0 <= version <= latest:
        have = f"the store has versions 1 to {latest}" if latest else "the store has no data yet"
        raise StoreError(f"There is no data version {version}: {have}.")
    return version


def read_tables(cursor: duckdb.DuckDBPyConnection, version: int) -> dict[str, pd.DataFrame]:
    """All contract tables as they were at `version`, sorted by key."""
    question = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {data_table(name)})" for name in TABLES
    )
    filled = {row[0] for row in cursor.execute(question).fetchall()}  # most companies use half of the tables
    return {
        name: read_table(cursor, table, version) if name in filled else _no_rows(name).copy()
        for name, table in TABLES.items()
    }


def read_table(cursor: duckdb.DuckDBPyConnection, table: Table, version: int) -> pd.DataFrame:
    """One contract table at `version`: contract columns only, sorted by key, blank = null.

    Types: text `str`, number and integer `float64`, bool `object` (True, False, None), date and month
    `datetime64[us]`.
    """
    names = ", ".join(quoted(name) for name in table.names)
    order = ", ".join(f"{_canonical(table.column(key))} NULLS FIRST" for key in table.keys)
    frame = cursor.execute(
        f"SELECT {names} FROM {data_table(table.name)} WHERE from_version <= ? AND (to_version IS NULL "
        "OR to_version > ?)"
        f" ORDER BY {order}",
        [version, version],
    ).df()
    return pd.DataFrame({c.name: _typed(frame[c.name], c) for c in table.columns})


@functools.cache
def _no_rows(table: str) -> pd.DataFrame:
    """A table without rows; shared, so hand out copies only."""
    return pd.DataFrame({c.name: _typed(pd.Series(dtype=object), c) for c in TABLES[table].columns})


def _typed(values: pd.Series, column: Column) -> pd.Series:
    if column.kind in ("number", "integer"):
        return values.astype("float64")
    if column.kind == "text":
        return values.astype("str")
    if column.kind == "bool":
        return values.astype("object").where(values.notna(), None)
    return values.astype("datetime64[us]")


def _canonical(column: Column, prefix: str = "") -> str:
    """SQL for a key column in which blank and its default are the same key."""
    name = prefix + quoted(column.name)
    if column.default is None:
        return name
    literal = str(column.default).replace("'", "''")
    return f"coalesce({name}, CAST('{literal}' AS {SQL_TYPES[column.kind]}))"


def write_table(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    frame: pd.DataFrame,
    version: int,
    rows_in: int,
    whole: bool,
    absent: Sequence[str] = (),
) -> tuple[TableReport, dict[str, int]]:
    """Makes the rows of `frame` (contract columns, keys unique) the current ones, as part of `version`.

    Rows that say what the store already has stay as they are; others with the same key end at `version`. With
    `whole`, current rows whose key is not in `frame` end too. Must run inside a transaction.

    Returns the counts, and for each of the `absent` columns the rows in which a value is replaced by blank.
    """
    target, names = data_table(table.name), [quoted(name) for name in table.names]
    columns = ", ".join(
        f"CAST({quoted(c.name)} AS {SQL_TYPES[c.kind]}) AS {quoted(c.name)}" for c in table.columns
    )
    cursor.register("incoming_frame", frame[list(table.names)])
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT {columns} FROM incoming_frame")
    cursor.unregister("incoming_frame")
    keys = [table.column(key) for key in table.keys]
    same_key = " AND ".join(f"{_canonical(k, 't.')} IS NOT DISTINCT FROM {_canonical(k, 'i.')}" for k in keys)
    same = " AND ".join([same_key, *(f"t.{n} IS NOT DISTINCT FROM i.{n}" for n in names)])
    match = f"EXISTS (SELECT 1 FROM incoming i WHERE {same_key})"
    before = _count(cursor, f"SELECT count(*) FROM {target} t WHERE to_version IS NULL AND {match}")
    unchanged = _count(
        cursor,
        f"SELECT count(*) FROM incoming i WHERE EXISTS (SELECT 1 FROM {target} t WHERE t.to_version IS "
        f"NULL AND {same})",
    )
    lost = {
        name: _count(
            cursor,
            f"SELECT count(*) FROM {target} t WHERE to_version IS NULL AND {quoted(name)} IS NOT NULL "
            f"AND {match}",
        )
        for name in absent
    }
    cursor.execute(
        f"UPDATE {target} t SET to_version = ? WHERE to_version IS NULL AND {match}"
        f" AND NOT EXISTS (SELECT 1 FROM incoming i WHERE {same})",
        [version],
    )
    removed = 0
    if whole:
        gone = f"to_version IS NULL AND NOT {match}"
        removed = _count(cursor, f"SELECT count(*) FROM {target} t WHERE {gone}")
        cursor.execute(f"UPDATE {target} t SET to_version = ? WHERE {gone}", [version])
    cursor.execute(
        f"INSERT INTO {target} SELECT {', '.join(f'i.{n}' for n in names)}, ?, NULL FROM incoming i"
        f" WHERE NOT EXISTS (SELECT 1 FROM {target} t WHERE t.to_version IS NULL AND {same_key})",
        [version],
    )
    cursor.execute("DROP TABLE incoming")
    report = TableReport(
        table.name,
        rows_in,
        len(frame),
        added=len(frame) - before,
        changed=before - unchanged,
        unchanged=unchanged,
        removed=removed,
    )
    return report, {name: rows for name, rows in lost.items() if rows}


def _count(cursor: duckdb.DuckDBPyConnection, query: str) -> int:
    row = first_row(cursor, query)
    assert row is not None
    return int(row[0])


def record_version(
    cursor: duckdb.DuckDBPyConnection,
    version: int,
    who: str,
    note: str,
    files: Sequence[FileRead],
    tables: Mapping[str, TableReport],
) -> None:
    """Writes the row of a new data version, its files, counts and fingerprint."""
    fingerprint = content_fingerprint(read_tables(cursor, version))
    cursor.execute(
        "INSERT INTO data_version VALUES (?, ?, ?, ?, ?)", [version, who, utc_now(), note, fingerprint]
    )
    for file in files:
        cursor.execute(
            "INSERT INTO import_file VALUES (?, ?, ?, ?)", [version, file.name, file.sha256, file.size]
        )
    for t in tables.values():
        cursor.execute(
            "INSERT INTO import_table VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [version, t.table, t.rows_in, t.rows, t.added, t.changed, t.unchanged, t.removed],
        )


def list_versions(cursor: duckdb.DuckDBPyConnection) -> tuple[DataVersion, ...]:
    """All data versions, newest first."""
    files: dict[int, list[FileRead]] = {}
    for version, *rest in cursor.execute(
        "SELECT version, name, sha256, size FROM import_file ORDER BY version, name"
    ).fetchall():
        files.setdefault(version, []).append(FileRead(*rest))
    tables: dict[int, dict[str, TableReport]] = {}
    for version, *rest in cursor.execute("SELECT * FROM import_table").fetchall():
        tables.setdefault(version, {})[rest[0]] = TableReport(*rest)
    rows = cursor.execute(
        "SELECT version, who, made_at, note, fingerprint FROM data_version ORDER BY version DESC"
    ).fetchall()
    return tuple(
        DataVersion(v, who, as_utc(at), note, mark, tuple(files.get(v, ())), tables.get(v, {}))
        for v, who, at, note, mark in rows
    )
