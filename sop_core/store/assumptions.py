"""The register of demand assumptions, with every revision: who, when, what. Rows are added, never changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb

from sop_core.cycle.assumption import RETIRED, Assumption
from sop_core.errors import StoreError
from sop_core.store.connection import Connection
from sop_core.store.ddl import as_utc, first_row, utc_now

_COLUMNS = "id, revision, action, who, made_at, json"


@dataclass(frozen=True, slots=True)
class AssumptionRecord:
    """One revision of an assumption. `action`: added, changed, retired or taken up again; times are UTC."""

    id: int
    revision: int
    action: str
    who: str
    at: dt.datetime
    assumption: Assumption


class Assumptions:
    """The register of demand assumptions, with every revision."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> tuple[AssumptionRecord, ...]:
        """The newest revision of every assumption, retired ones too, in the order in which they were added."""
        with self._connection.cursor() as cursor:
            return tuple(_newest(cursor))

    def history(self, id: int) -> tuple[AssumptionRecord, ...]:
        """Every revision of one assumption, newest first. Raises StoreError where there is none of that id."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM assumption_revision WHERE id = ? ORDER BY revision DESC", [id]
            ).fetchall()
        if not rows:
            raise StoreError(f"There is no assumption number {id}. Choose one from the register.")
        return tuple(_record(row) for row in rows)

    def add(self, assumption: Assumption, who: str) -> AssumptionRecord:
        """Adds an assumption. Raises StoreError where its event was adopted already."""
        with self._connection.write() as cursor:
            if assumption.event:
                for record in _newest(cursor):
                    if record.assumption.event == assumption.event:
                        raise StoreError(
                            f"{record.who} has adopted the event '{assumption.event}' already. Edit that assumption."
                        )
            row = first_row(cursor, "SELECT nextval('assumption_id')")
            assert row is not None
            return _write(cursor, int(row[0]), 1, "added", who, assumption)

    def change(self, id: int, assumption: Assumption, who: str, expected: int) -> AssumptionRecord:
        """Writes the next revision. `expected` is the revision that was opened. Raises StoreError where somebody
        changed it in between, or where it does not exist.
        """
        with self._connection.write() as cursor:
            row = first_row(
                cursor,
                f"SELECT {_COLUMNS} FROM assumption_revision WHERE id = ? ORDER BY revision DESC LIMIT 1",
                [id],
            )
            if row is None:
                raise StoreError(f"There is no assumption number {id}. Choose one from the register.")
            known = _record(row)
            if known.revision != expected:
                raise StoreError(
                    f"{known.who} changed '{known.assumption.driver}' at {known.at:%Y-%m-%d %H:%M} UTC, after you "
                    f"opened it (revision {known.revision}, yours is {expected}). Look at theirs, then change it again."
                )
            if known.assumption == assumption:
                return known
            action = "changed"
            if (known.assumption.status == RETIRED) != (assumption.status == RETIRED):
                action = "retired" if assumption.status == RETIRED else "taken up again"
            return _write(cursor, id, known.revision + 1, action, who, assumption)


def _newest(cursor: duckdb.DuckDBPyConnection) -> list[AssumptionRecord]:
    """The newest revision of every assumption, in the order in which they were added."""
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM assumption_revision"
        " QUALIFY row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1 ORDER BY id"
    ).fetchall()
    return [_record(row) for row in rows]


def _write(
    cursor: duckdb.DuckDBPyConnection, id: int, revision: int, action: str, who: str, assumption: Assumption
) -> AssumptionRecord:
    now = utc_now()
    cursor.execute(
        "INSERT INTO assumption_revision VALUES (?, ?, ?, ?, ?, ?)",
        [id, revision, action, who, now, assumption.to_json()],
    )
    return AssumptionRecord(id, revision, action, who, as_utc(now), assumption)


def _record(row: tuple[object, ...]) -> AssumptionRecord:
    number, revision, action, who, at, text = row
    assert isinstance(number, int)
    assert isinstance(revision, int)
    assert isinstance(at, dt.datetime)
    return AssumptionRecord(
        number, revision, str(action), str(who), as_utc(at), Assumption.from_json(str(text))
    )
