"""Meetings: what each is called, and its state, written again and again while it is on.

A state is numbered by the moves before it and written whole in one transaction; the newest is what counts. A short
tail of older ones is kept, so that a slip of the hand just before a crash can be looked at.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np

from sop_core.cycle.meeting import Meeting
from sop_core.errors import StoreError
from sop_core.store.connection import Connection
from sop_core.store.ddl import as_utc, first_row, utc_now

#: States kept of each meeting.
TAIL: Final = 20


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """A meeting as the store has it: its newest state with its number, who wrote it and when (UTC)."""

    id: int
    cycle: np.datetime64  #: first month of the plan it is about
    who: str  #: who opened it
    made: dt.datetime
    number: int
    at: dt.datetime
    meeting: Meeting


class Meetings:
    """The register of meetings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, meeting: Meeting, cycle: np.datetime64, who: str) -> MeetingRecord:
        """Adds a meeting with its first state, number 1."""
        now = utc_now()
        month = cycle.astype("datetime64[M]").astype("datetime64[D]").item()
        with self._connection.write() as cursor:
            row = first_row(cursor, "SELECT nextval('meeting_id')")
            assert row is not None
            number = int(row[0])
            cursor.execute(
                "INSERT INTO meeting VALUES (?, ?, ?, ?, ?)", [number, month, meeting.title, who, now]
            )
            cursor.execute(
                "INSERT INTO meeting_state VALUES (?, ?, ?, ?, ?)", [number, 1, who, now, meeting.to_json()]
            )
        return MeetingRecord(number, cycle.astype("datetime64[M]"), who, as_utc(now), 1, as_utc(now), meeting)

    def list(self, most: int = 50) -> tuple[MeetingRecord, ...]:
        """The last meetings with their newest states, newest first."""
        with self._connection.cursor() as cursor:
            return tuple(_read(cursor, "TRUE", [], most))

    def get(self, id: int) -> MeetingRecord:
        """A meeting with its newest state. Raises StoreError where there is none of that number."""
        with self._connection.cursor() as cursor:
            found = _read(cursor, "meeting.id = ?", [id], 1)
        if not found:
            raise StoreError(f"There is no meeting number {id}. Choose one from the list, or open a new one.")
        return found[0]

    def write(self, id: int, number: int, meeting: Meeting, who: str) -> None:
        """Writes a state. Raises StoreError where a later one is there already, or no such meeting."""
        with self._connection.write() as cursor:
            row = first_row(cursor, "SELECT max(number) FROM meeting_state WHERE meeting = ?", [id])
            newest = row[0] if row is not None else None
            if newest is None:
                raise StoreError(f"There is no meeting number {id}: its state cannot be kept.")
            if newest >= number:
                raise StoreError(
                    f"Meeting {id} went on elsewhere (state {newest}, this one is {number}). Join it again."
                )
            cursor.execute(
                "INSERT INTO meeting_state VALUES (?, ?, ?, ?, ?)",
                [id, number, who, utc_now(), meeting.to_json()],
            )
            cursor.execute(
                "DELETE FROM meeting_state WHERE meeting = ? AND number <= (SELECT min(number) FROM (SELECT number"
                " FROM meeting_state WHERE meeting = ? ORDER BY number DESC LIMIT ?)) - 1",
                [id, id, TAIL],
            )


def _read(
    cursor: duckdb.DuckDBPyConnection, where: str, given: list[object], most: int
) -> list[MeetingRecord]:
    rows = cursor.execute(
        "SELECT meeting.id, meeting.cycle, meeting.who, meeting.made_at, state.number, state.made_at, state.json"
        " FROM meeting JOIN meeting_state AS state ON state.meeting = meeting.id"
        f" WHERE {where} QUALIFY row_number() OVER (PARTITION BY meeting.id ORDER BY state.number DESC) = 1"
        " ORDER BY meeting.id DESC LIMIT ?",
        [*given, most],
    ).fetchall()
    return [
        MeetingRecord(
            int(key), np.datetime64(cycle, "M"), str(who), as_utc(made), int(number), as_utc(at),
            Meeting.from_json(str(text)),
        )
        for key, cycle, who, made, number, at, text in rows
    ]  # fmt: skip
