"""A register with revisions: rows of (id, revision, action, who, when, JSON) are added, never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import duckdb

from sop_core.errors import StoreError
from sop_core.store.connection import Connection
from sop_core.store.ddl import as_utc, first_row, utc_now

_COLUMNS = "id, revision, action, who, made_at, json"


class Kept(Protocol):
    """What a register keeps: something with a title, a state and a JSON form."""

    @property
    def title(self) -> str: ...
    @property
    def state(self) -> str: ...
    def to_json(self) -> str:
        """One value, one text."""


Value = TypeVar("Value", bound=Kept)


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody did with an entry, and when (UTC)."""

    action: str
    who: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Revision(Generic[Value]):
    """One revision of an entry. `action`: added, changed, or the state it was given; times are UTC."""

    id: int
    revision: int
    action: str
    who: str
    at: dt.datetime
    value: Value


class Register(Generic[Value]):
    """The entries of one kind ("decision", "issue"), with every revision."""

    def __init__(self, connection: Connection, kind: str, read: Callable[[str], Value]) -> None:
        self._connection, self._kind, self._read = connection, kind, read

    def list(self) -> tuple[Revision[Value], ...]:
        """The newest revision of every entry, in the order in which they were added."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM {self._kind}_revision"
                " QUALIFY row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1 ORDER BY id"
            ).fetchall()
        return tuple(self._record(row) for row in rows)

    def get(self, id: int) -> Revision[Value]:
        """The newest revision of one entry. Raises StoreError where there is none of that number."""
        with self._connection.cursor() as cursor:
            return self._newest(cursor, id)

    def history(self, id: int) -> tuple[Revision[Value], ...]:
        """Every revision of one entry, newest first. Raises StoreError where there is none of that number."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM {self._kind}_revision WHERE id = ? ORDER BY revision DESC", [id]
            ).fetchall()
        if not rows:
            raise self._missing(id)
        return tuple(self._record(row) for row in rows)

    def trail(self) -> dict[int, tuple[Step, ...]]:
        """What was done with every entry, oldest first, without its contents."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT id, action, who, made_at FROM {self._kind}_revision ORDER BY id, revision"
            ).fetchall()
        found: dict[int, tuple[Step, ...]] = {}
        for number, action, who, at in rows:
            found[number] = (*found.get(number, ()), Step(str(action), str(who), as_utc(at)))
        return found

    def stamp(self) -> int:
        """How many revisions there are in all: it moves on with every write, so a screen knows when to read again."""
        with self._connection.cursor() as cursor:
            row = first_row(cursor, f"SELECT count(*) FROM {self._kind}_revision")
        assert row is not None
        return int(row[0])

    def add(self, value: Value, who: str) -> Revision[Value]:
        """Adds an entry."""
        with self._connection.write() as cursor:
            row = first_row(cursor, f"SELECT nextval('{self._kind}_id')")
            assert row is not None
            return self._write(cursor, int(row[0]), 1, "added", who, value)

    def change(self, id: int, value: Value, who: str, expected: int) -> Revision[Value]:
        """Writes the next revision. `expected` is the revision that was opened. Raises StoreError where somebody
        changed it in between, or where it does not exist. The same value again is no revision.
        """
        with self._connection.write() as cursor:
            known = self._newest(cursor, id)
            if known.revision != expected:
                raise StoreError(
                    f"{known.who} changed '{known.value.title}' at {known.at:%Y-%m-%d %H:%M} UTC, after you "
                    f"opened it (revision {known.revision}, yours is {expected}). Look at theirs, then change it again."
                )
            if known.value == value:
                return known
            action = "changed" if known.value.state == value.state else value.state
            return self._write(cursor, id, known.revision + 1, action, who, value)

    def _newest(self, cursor: duckdb.DuckDBPyConnection, id: int) -> Revision[Value]:
        row = first_row(
            cursor,
            f"SELECT {_COLUMNS} FROM {self._kind}_revision WHERE id = ? ORDER BY revision DESC LIMIT 1",
            [id],
        )
        if row is None:
            raise self._missing(id)
        return self._record(row)

    def _missing(self, id: int) -> StoreError:
        return StoreError(f"There is no {self._kind} number {id}. Choose one from the list.")

    def _write(
        self, cursor: duckdb.DuckDBPyConnection, id: int, revision: int, action: str, who: str, value: Value
    ) -> Revision[Value]:
        now = utc_now()
        cursor.execute(
            f"INSERT INTO {self._kind}_revision VALUES (?, ?, ?, ?, ?, ?)",
            [id, revision, action, who, now, value.to_json()],
        )
        return Revision(id, revision, action, who, as_utc(now), value)

    def _record(self, row: tuple[object, ...]) -> Revision[Value]:
        number, revision, action, who, at, text = row
        assert isinstance(number, int)
        assert isinstance(revision, int)
        assert isinstance(at, dt.datetime)
        return Revision(number, revision, str(action), str(who), as_utc(at), self._read(str(text)))
