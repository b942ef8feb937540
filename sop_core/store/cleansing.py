"""Verdicts on the cleansing of history, as planners gave them; kept across imports, never overwritten."""

from __future__ import annotations

from sop_core.demand.cleansing import NO_VERDICTS, Verdicts
from sop_core.store.connection import Connection
from sop_core.store.ddl import first_row


class CleansingVerdicts:
    """Verdicts in force and their history. Each change is a new revision; an older one can be read again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def revision(self) -> int:
        """The newest revision; 0 where nothing was decided yet."""
        with self._connection.cursor() as cursor:
            row = first_row(cursor, "SELECT coalesce(max(revision), 0) FROM cleansing_verdict")
        assert row is not None
        return int(row[0])

    def verdicts(self, revision: int | None = None) -> Verdicts:
        """The verdicts in force at a revision (None: the newest)."""
        return NO_VERDICTS
