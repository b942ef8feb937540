"""Tables of the store on disk: DDL from the data contract, and migrations, forward only.

Data tables hold every version: a row is valid from `from_version` on, up to but not including `to_version`
(null = still valid). Rows are never deleted, so that any data version reads back exactly.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from sop_core.errors import StoreVersionError
from sop_core.schema import TABLES, Kind, Table

#: Written into every store; a DuckDB file without it is not ours.
APPLICATION = "sop-store"

SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "number": "DOUBLE",
    "integer": "BIGINT",
    "bool": "BOOLEAN",
    "date": "DATE",
    "month": "DATE",
}

Migration = Callable[[duckdb.DuckDBPyConnection], None]


def utc_now() -> dt.datetime:
    """Now in UTC without a zone, as times are kept in the store."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def as_utc(at: dt.datetime) -> dt.datetime:
    """A moment as the store keeps it (UTC, unmarked), marked as UTC."""
    return at.replace(tzinfo=dt.UTC)


def first_row(
    cursor: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()
) -> tuple[Any, ...] | None:
    """The first row of a query, None where it has none. Reads to the end: DuckDB holds a cursor busy until
    then.
    """
    rows = cursor.execute(query, list(parameters)).fetchall()
    return rows[0] if rows else None


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def data_table(name: str) -> str:
    """The SQL name of a contract table in the store."""
    return f"data.{quoted(name)}"


def create_data_table(table: Table) -> str:
    """The DDL of one contract table, with its validity columns."""
    columns = [f"{quoted(c.name)} {SQL_TYPES[c.kind]}" for c in table.columns]
    columns += ["from_version INTEGER NOT NULL", "to_version INTEGER"]
    return f"CREATE TABLE IF NOT EXISTS {data_table(table.name)} ({', '.join(columns)})"


def _first(con: duckdb.DuckDBPyConnection) -> None:
    """Versions, scenarios, forecasts. Uniqueness is kept by the one writer, not by indexes, since DuckDB
    checks those before the end of a transaction.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS data")
    con.execute("CREATE TABLE application (name VARCHAR NOT NULL)")
    con.execute("INSERT INTO application VALUES (?)", [APPLICATION])
    con.execute(
        "CREATE TABLE data_version (version INTEGER NOT NULL, who VARCHAR NOT NULL, made_at TIMESTAMP "
        "NOT NULL,"
        " note VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL)"
    )
    con.execute(
        "CREATE TABLE import_file (version INTEGER NOT NULL, name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL,"
        " size BIGINT NOT NULL)"
    )
    con.execute(
        "CREATE TABLE import_table (version INTEGER NOT NULL, table_name VARCHAR NOT NULL, rows_in "
        "BIGINT NOT NULL,"
        " rows BIGINT NOT NULL, added BIGINT NOT NULL, changed BIGINT NOT NULL, unchanged BIGINT NOT NULL,"
        " removed BIGINT NOT NULL)"
    )
    con.execute(
        "CREATE TABLE column_mapping (table_name VARCHAR NOT NULL, theirs VARCHAR NOT NULL, ours VARCHAR "
        "NOT NULL)"
    )
    con.execute("CREATE SEQUENCE scenario_id")
    con.execute(
        "CREATE TABLE scenario (id BIGINT NOT NULL, name VARCHAR NOT NULL, owner VARCHAR NOT NULL, "
        "parent VARCHAR,"
        " json VARCHAR NOT NULL, created TIMESTAMP NOT NULL, updated TIMESTAMP NOT NULL, revision "
        "INTEGER NOT NULL)"
    )
    con.execute(
        "CREATE TABLE scenario_revision (id BIGINT NOT NULL, revision INTEGER NOT NULL, action VARCHAR "
        "NOT NULL,"
        " name VARCHAR NOT NULL, who VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, json VARCHAR NOT NULL)"
    )
    con.execute("CREATE TABLE scenario_use (id BIGINT NOT NULL, used_by VARCHAR NOT NULL)")
    con.execute(
        "CREATE TABLE forecast (key VARCHAR NOT NULL, payload BLOB NOT NULL, made_at TIMESTAMP NOT NULL)"
    )


def _second(con: duckdb.DuckDBPyConnection) -> None:
    """How a person said that a file is to be read, kept for the next file of that name; NULL: not said."""
    con.execute(
        "CREATE TABLE file_reading (file VARCHAR NOT NULL, sheet VARCHAR NOT NULL, table_name VARCHAR,"
        " separator VARCHAR, encoding VARCHAR, header_row INTEGER, date_order VARCHAR, decimals VARCHAR)"
    )


def _third(con: duckdb.DuckDBPyConnection) -> None:
    """The demand review's memory: what was decided about cleansing, every latest estimate, assumptions with
    their revisions, agreements, and locks on scenarios. Rows are added, never changed.
    """
    con.execute(
        "CREATE TABLE cleansing_verdict (revision INTEGER NOT NULL, rule VARCHAR NOT NULL, verdict VARCHAR NOT NULL,"
        " who VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, note VARCHAR NOT NULL)"
    )
    con.execute("CREATE SEQUENCE estimate_id")
    # An estimate's names stand once, in `axes` (JSON); its cells hold positions on them, a column a step.
    con.execute(
        "CREATE TABLE estimate (id BIGINT NOT NULL, cycle DATE NOT NULL, kind VARCHAR NOT NULL, owner VARCHAR NOT NULL,"
        " who VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, data_version INTEGER NOT NULL,"
        " review_revision INTEGER NOT NULL, scenario VARCHAR NOT NULL, note VARCHAR NOT NULL, axes VARCHAR NOT NULL)"
    )
    con.execute(
        "CREATE TABLE estimate_value (id BIGINT NOT NULL, item INTEGER NOT NULL, region INTEGER NOT NULL,"
        " segment INTEGER NOT NULL, t INTEGER NOT NULL, naive DOUBLE, statistical DOUBLE, market DOUBLE,"
        " sales_input DOUBLE, consensus DOUBLE, price DOUBLE)"
    )
    con.execute("CREATE SEQUENCE assumption_id")
    con.execute(
        "CREATE TABLE assumption_revision (id BIGINT NOT NULL, revision INTEGER NOT NULL, action VARCHAR NOT NULL,"
        " who VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, json VARCHAR NOT NULL)"
    )
    con.execute("CREATE SEQUENCE agreement_id")
    con.execute(
        "CREATE TABLE agreement (id BIGINT NOT NULL, cycle DATE NOT NULL, version INTEGER NOT NULL,"
        " scenario_id BIGINT NOT NULL, scenario VARCHAR NOT NULL, scenario_json VARCHAR NOT NULL,"
        " data_version INTEGER NOT NULL,"
        " review_revision INTEGER NOT NULL, first_month DATE NOT NULL, last_month DATE NOT NULL,"
        " estimate BIGINT NOT NULL, fingerprint VARCHAR NOT NULL, who VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL,"
        " note VARCHAR NOT NULL)"
    )
    con.execute(
        "CREATE TABLE agreement_voice (agreement BIGINT NOT NULL, name VARCHAR NOT NULL, role VARCHAR NOT NULL,"
        " made_at TIMESTAMP NOT NULL)"
    )
    con.execute(
        "CREATE TABLE agreement_reopened (agreement BIGINT NOT NULL, who VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL,"
        " reason VARCHAR NOT NULL)"
    )
    con.execute(
        "CREATE TABLE scenario_lock (id BIGINT NOT NULL, number INTEGER NOT NULL, locked BOOLEAN NOT NULL,"
        " who VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, reason VARCHAR NOT NULL, agreement BIGINT)"
    )


def _fourth(con: duckdb.DuckDBPyConnection) -> None:
    """The pre-S&OP meeting's memory: archived scenarios and what went into which, decisions and open issues with
    their revisions, meetings with every state they went through. Rows are added, never changed; drafts alone are
    written over and go when they are saved or old.
    """
    con.execute(
        "CREATE TABLE scenario_archive (id BIGINT NOT NULL, number INTEGER NOT NULL, archived BOOLEAN NOT NULL,"
        " who VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, reason VARCHAR NOT NULL)"
    )
    # Revision `revision` of scenario `id` has taken in revision `source_revision` of scenario `source`.
    con.execute(
        "CREATE TABLE scenario_source (id BIGINT NOT NULL, revision INTEGER NOT NULL, source BIGINT NOT NULL,"
        " source_revision INTEGER NOT NULL)"
    )
    con.execute(
        "CREATE TABLE scenario_draft (token VARCHAR NOT NULL, name VARCHAR NOT NULL, who VARCHAR NOT NULL,"
        " revision INTEGER NOT NULL, saved VARCHAR NOT NULL, json VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL,"
        " taken_at TIMESTAMP)"
    )
    for kind in ("decision", "issue"):
        con.execute(f"CREATE SEQUENCE {kind}_id")
        con.execute(
            f"CREATE TABLE {kind}_revision (id BIGINT NOT NULL, revision INTEGER NOT NULL, action VARCHAR NOT NULL,"
            " who VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, json VARCHAR NOT NULL)"
        )
    con.execute("CREATE SEQUENCE meeting_id")
    con.execute(
        "CREATE TABLE meeting (id BIGINT NOT NULL, cycle DATE NOT NULL, title VARCHAR NOT NULL, who VARCHAR NOT NULL,"
        " made_at TIMESTAMP NOT NULL)"
    )
    con.execute(
        "CREATE TABLE meeting_state (meeting BIGINT NOT NULL, number BIGINT NOT NULL, who VARCHAR NOT NULL,"
        " made_at TIMESTAMP NOT NULL, json VARCHAR NOT NULL)"
    )


def _fifth(con: duckdb.DuckDBPyConnection) -> None:
    """Sign-offs: the record of each, the pack and the plan's rows as signed, marks of the data rows it rests on, and
    the chain's head. Rows are added, never changed; the head alone moves on.
    """
    con.execute(
        "CREATE TABLE signoff (number BIGINT NOT NULL, digest VARCHAR NOT NULL, json VARCHAR NOT NULL,"
        " pack VARCHAR NOT NULL)"
    )
    con.execute(
        "CREATE TABLE signoff_row (signoff BIGINT NOT NULL, frame VARCHAR NOT NULL, row INTEGER NOT NULL,"
        " json VARCHAR NOT NULL)"
    )
    con.execute(
        'CREATE TABLE signoff_mark (signoff BIGINT NOT NULL, "table" VARCHAR NOT NULL, marks BLOB NOT NULL)'
    )
    con.execute("CREATE TABLE signoff_head (number BIGINT NOT NULL, digest VARCHAR NOT NULL)")
    # A lock that a sign-off put on is never taken off.
    con.execute("ALTER TABLE scenario_lock ADD COLUMN signoff BIGINT")


#: In order, numbered from 1; a released one is never edited, a new one is added at the end.
MIGRATIONS: tuple[Migration, ...] = (_first, _second, _third, _fourth, _fifth)


def migrate(con: duckdb.DuckDBPyConnection, path: str, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Brings an open store to this release's layout, in one transaction, and the data tables to its contract.

    Raises StoreVersionError where the file is not a store of this product, or one of a newer release.
    """
    version = _layout_version(con, path)
    if version > len(migrations):
        raise StoreVersionError(
            f"{path} was written by a newer release (store layout {version}, this release knows "
            f"{len(migrations)}). "
            "Update the program, or open another store."
        )
    con.begin()
    try:
        if version == 0:
            con.execute("CREATE TABLE store_layout (version INTEGER NOT NULL, made_at TIMESTAMP NOT NULL)")
        for number, migration in enumerate(migrations[version:], start=version + 1):
            migration(con)
            con.execute("INSERT INTO store_layout VALUES (?, ?)", [number, utc_now()])
        _fit_contract(con)
    except BaseException:
        con.rollback()
        raise
    con.commit()


def _layout_version(con: duckdb.DuckDBPyConnection, path: str) -> int:
    """Number of migrations the file has seen; 0 for a new file."""
    names = {
        row[0]
        for row in con.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables"
        ).fetchall()
    }
    if not names:
        return 0
    foreign = StoreVersionError(
        f"{path} is a DuckDB file, but not a store of this product. Choose another path for the store."
    )
    if not {"main.application", "main.store_layout"} <= names:
        raise foreign
    if con.execute("SELECT name FROM application").fetchall() != [(APPLICATION,)]:
        raise foreign
    row = first_row(con, "SELECT coalesce(max(version), 0) FROM store_layout")
    assert row is not None
    return int(row[0])


def _fit_contract(con: duckdb.DuckDBPyConnection) -> None:
    """Adds tables and columns that the contract has gained; older versions read blank in them."""
    present: dict[str, set[str]] = {}
    for table, column in con.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'data'"
    ).fetchall():
        present.setdefault(table, set()).add(column)
    for name, table in TABLES.items():
        if name not in present:
            con.execute(create_data_table(table))
            continue
        for column in table.columns:
            if column.name not in present[name]:
                con.execute(
                    f"ALTER TABLE {data_table(name)} ADD COLUMN {quoted(column.name)} "
                    f"{SQL_TYPES[column.kind]}"
                )
