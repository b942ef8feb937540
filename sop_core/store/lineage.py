"""Where scenarios come from and where they went: common ancestors, what became of a name, the archive.

An archived scenario is kept whole and leaves the lists; it can be read, branched from and brought back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb

from sop_core.errors import StoreError
from sop_core.store.ddl import as_utc, first_row, utc_now
from sop_core.store.scenarios import BASE, Revision, archive_sentence, archived, get


@dataclass(frozen=True, slots=True)
class Trace:
    """What became of a scenario that once bore a name. `now` is its name today, None where it was deleted; `who` and
    `at` (UTC) tell who renamed or deleted it."""

    now: str | None
    who: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """One entry of a scenario's archive: put there (`archived`) or brought back."""

    archived: bool
    who: str
    at: dt.datetime
    reason: str

    def sentence(self) -> str:
        """`Archived by Ada on 12 Nov 2026: superseded`."""
        return archive_sentence(self.archived, self.who, self.at, self.reason)


def archive(cursor: duckdb.DuckDBPyConnection, name: str, put: bool, who: str, reason: str) -> None:
    """Archives a scenario, or brings it back. Raises StoreError where it is so already."""
    get(cursor, name)
    identity = _id(cursor, name)
    if (identity in archived(cursor)) == put:
        raise StoreError(f"Scenario '{name}' is {'archived already' if put else 'not archived'}.")
    cursor.execute(
        "INSERT INTO scenario_archive SELECT ?, count(*) + 1, ?, ?, ?, ? FROM scenario_archive WHERE id = ?",
        [identity, put, who, utc_now(), reason.strip().rstrip("."), identity],
    )


def archive_history(cursor: duckdb.DuckDBPyConnection, name: str) -> tuple[ArchiveRecord, ...]:
    """Every time a scenario was archived or brought back, newest first."""
    get(cursor, name)
    rows = cursor.execute(
        "SELECT archived, who, made_at, reason FROM scenario_archive WHERE id = ? ORDER BY number DESC",
        [_id(cursor, name)],
    ).fetchall()
    return tuple(ArchiveRecord(put, who, as_utc(at), reason) for put, who, at, reason in rows)


def trace(cursor: duckdb.DuckDBPyConnection, name: str) -> Trace | None:
    """What became of the scenario that bore this name last; None where there never was one."""
    row = first_row(
        cursor,
        "SELECT id, revision FROM scenario_revision WHERE name = ? ORDER BY made_at DESC, id DESC LIMIT 1",
        [name],
    )
    if row is None:
        return None
    identity, revision = int(row[0]), int(row[1])
    here = first_row(cursor, "SELECT name FROM scenario WHERE id = ?", [identity])
    told = first_row(
        cursor,
        "SELECT who, made_at FROM scenario_revision WHERE id = ? AND (action = 'deleted' OR revision > ?)"
        " ORDER BY revision LIMIT 1",
        [identity, revision],
    ) or first_row(
        cursor,
        "SELECT who, made_at FROM scenario_revision WHERE id = ? AND revision = ?",
        [identity, revision],
    )
    assert told is not None
    return Trace(None if here is None else str(here[0]), str(told[0]), as_utc(told[1]))


def common_ancestor(cursor: duckdb.DuckDBPyConnection, one: str, other: str) -> Revision | None:
    """The revision that both scenarios come from; None where they have nothing but the base in common.

    That is the last revision that went from one into the other; else the revision of the nearest common parent from
    which the older of the two lines started.
    """
    get(cursor, one), get(cursor, other)
    a, b = _id(cursor, one), _id(cursor, other)
    row = first_row(
        cursor,
        "SELECT s.source, s.source_revision FROM scenario_source s"
        " JOIN scenario_revision r ON r.id = s.id AND r.revision = s.revision"
        " WHERE (s.id = ? AND s.source = ?) OR (s.id = ? AND s.source = ?) ORDER BY r.made_at DESC LIMIT 1",
        [a, b, b, a],
    )
    if row is not None:
        return _revision(cursor, int(row[0]), int(row[1]))
    mine, theirs = _line(cursor, a), _line(cursor, b)
    for at, parent in enumerate(mine):
        if parent in theirs:
            below = [line[n - 1] for line, n in ((mine, at), (theirs, theirs.index(parent))) if n]
            return (
                _revision(cursor, parent, min(_start(cursor, child, parent) for child in below))
                if below
                else None
            )
    return None


def _id(cursor: duckdb.DuckDBPyConnection, name: str) -> int:
    row = first_row(cursor, "SELECT id FROM scenario WHERE name = ?", [name])
    assert row is not None, name
    return int(row[0])


def _line(cursor: duckdb.DuckDBPyConnection, identity: int) -> list[int]:
    """A scenario and its parents, nearest first."""
    line = [identity]
    while True:
        row = first_row(
            cursor, "SELECT p.id FROM scenario s JOIN scenario p ON p.name = s.parent WHERE s.id = ? AND p.name <> ?",
            [line[-1], BASE],
        )  # fmt: skip
        if row is None or int(row[0]) in line:
            return line
        line.append(int(row[0]))


def _start(cursor: duckdb.DuckDBPyConnection, child: int, parent: int) -> int:
    """The revision of the parent that the child has last taken in: as noted, else by the child's first day."""
    noted = first_row(
        cursor,
        "SELECT max(source_revision) FROM scenario_source WHERE id = ? AND source = ?",
        [child, parent],
    )
    if noted is not None and noted[0] is not None:
        return int(noted[0])
    row = first_row(
        cursor,
        "SELECT coalesce(max(r.revision), 1) FROM scenario_revision r JOIN scenario s ON s.id = ?"
        " WHERE r.id = ? AND r.made_at <= s.created",
        [child, parent],
    )
    assert row is not None
    return int(row[0])


def _revision(cursor: duckdb.DuckDBPyConnection, identity: int, revision: int) -> Revision | None:
    row = first_row(
        cursor,
        "SELECT revision, action, name, who, made_at, json FROM scenario_revision WHERE id = ? AND revision = ?",
        [identity, revision],
    )
    return None if row is None else Revision(int(row[0]), row[1], row[2], row[3], as_utc(row[4]), row[5])
