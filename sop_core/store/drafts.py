"""Drafts: unsaved work on scenarios, kept so that a dropped connection loses nothing.

A draft belongs to the session that wrote it, told by its token, which nobody else knows unless he is given the
session's address. It is written over as the work goes on, and goes when the work is saved, or after two weeks.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sop_core.errors import StoreError
from sop_core.store.connection import Connection
from sop_core.store.ddl import as_utc, utc_now
from sop_core.store.scenarios import JSON_LENGTH

#: Days after which a draft that nobody touched goes.
DAYS = 14
#: Drafts kept in all; the oldest go first.
MOST = 500

_COLUMNS = "token, name, who, revision, saved, json, made_at, taken_at"


@dataclass(frozen=True, slots=True)
class Draft:
    """Unsaved work. `name` is the scenario it is on (Base for a what-if without a name), `saved` and `revision` what
    the store had when the work began, `json` the work. Times are UTC, None until stored; `taken`: when somebody took
    it up."""

    token: str
    name: str
    who: str
    revision: int
    saved: str
    json: str
    at: dt.datetime | None = None
    taken: dt.datetime | None = None


class Drafts:
    """Unsaved work on scenarios, by session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, draft: Draft) -> None:
        """Writes a draft over the one of the same token and scenario; old ones go. Raises StoreError where it is too
        long or cannot be written."""
        if len(draft.json) > JSON_LENGTH or len(draft.saved) > JSON_LENGTH:
            raise StoreError(
                f"The draft of '{draft.name}' is longer than {JSON_LENGTH:,} characters. Save it in parts."
            )
        with self._connection.write() as cursor:
            now = utc_now()
            cursor.execute(
                "DELETE FROM scenario_draft WHERE token = ? AND name = ?", [draft.token, draft.name]
            )
            cursor.execute(
                "INSERT INTO scenario_draft VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                [draft.token, draft.name, draft.who, draft.revision, draft.saved, draft.json, now],
            )
            cursor.execute("DELETE FROM scenario_draft WHERE made_at < ?", [now - dt.timedelta(days=DAYS)])
            cursor.execute(
                "DELETE FROM scenario_draft WHERE made_at < (SELECT min(made_at) FROM"
                f" (SELECT made_at FROM scenario_draft ORDER BY made_at DESC LIMIT {MOST}))"
            )

    def drop(self, token: str, name: str | None = None) -> None:
        """Takes a session's draft of a scenario out, or all of them; none is no error."""
        with self._connection.write() as cursor:
            cursor.execute(
                "DELETE FROM scenario_draft WHERE token = ? AND (name = ? OR ?)", [token, name, name is None]
            )

    def take(self, token: str, name: str) -> None:
        """Notes that a draft was taken up: it stays until its time is over, in case it is wanted again."""
        with self._connection.write() as cursor:
            cursor.execute(
                "UPDATE scenario_draft SET taken_at = ? WHERE token = ? AND name = ?",
                [utc_now(), token, name],
            )

    def of(self, token: str) -> tuple[Draft, ...]:
        """A session's drafts by scenario name."""
        return self._read("WHERE token = ? ORDER BY lower(name), name", [token])

    def by(self, who: str) -> tuple[Draft, ...]:
        """The drafts of one person, newest first."""
        return self._read("WHERE who = ? ORDER BY made_at DESC, name", [who])

    def _read(self, where: str, values: list[object]) -> tuple[Draft, ...]:
        oldest = utc_now() - dt.timedelta(days=DAYS)
        with self._connection.cursor() as cursor:
            rows = cursor.execute(f"SELECT {_COLUMNS} FROM scenario_draft {where}", values).fetchall()
        return tuple(_draft(row) for row in rows if row[6] >= oldest)


def _draft(row: tuple[object, ...]) -> Draft:
    token, name, who, revision, saved, text, at, taken = row
    assert isinstance(revision, int)
    assert isinstance(at, dt.datetime)
    assert taken is None or isinstance(taken, dt.datetime)
    return Draft(
        str(token), str(name), str(who), revision, str(saved), str(text), as_utc(at),
        None if taken is None else as_utc(taken),
    )  # fmt: skip
