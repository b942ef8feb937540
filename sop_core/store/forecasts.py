"""The forecast cache in the store: results by content key, bounded by size and age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from sop_core.store.connection import Connection
from sop_core.store.ddl import first_row, utc_now

MAX_BYTES = 256 * 1024 * 1024
MAX_AGE = dt.timedelta(days=400)


class StoredForecasts:
    """Forecasts by content key (series, settings and code version, hashed by the caller).

    A key is never rewritten with another meaning, so entries are dropped by age alone: those older than
    `max_age`, then the oldest until the rest fits in `max_bytes`.
    """

    def __init__(
        self, connection: Connection, max_bytes: int = MAX_BYTES, max_age: dt.timedelta = MAX_AGE
    ) -> None:
        self._connection = connection
        self._max_bytes = max_bytes
        self._max_age = max_age

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The payloads that are there, by key; absent and expired keys are left out."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                "SELECT key, payload FROM forecast WHERE made_at >= ? AND key IN (SELECT unnest(?))",
                [utc_now() - self._max_age, wanted],
            ).fetchall()
        return {key: bytes(payload) for key, payload in rows}

    def put_many(self, items: Mapping[str, bytes]) -> None:
        """Stores payloads in one transaction, then drops what is too old or too much."""
        if not items:
            return
        now = utc_now()
        frame = pd.DataFrame({"key": list(items), "payload": pd.Series(list(items.values()), dtype=object)})
        with self._connection.write() as cursor:
            cursor.register("incoming_forecasts", frame)
            cursor.execute("DELETE FROM forecast WHERE key IN (SELECT key FROM incoming_forecasts)")
            cursor.execute(
                "INSERT INTO forecast SELECT key, CAST(payload AS BLOB), ? FROM incoming_forecasts", [now]
            )
            cursor.unregister("incoming_forecasts")
            cursor.execute("DELETE FROM forecast WHERE made_at < ?", [now - self._max_age])
            cursor.execute(
                "DELETE FROM forecast WHERE key IN (SELECT key FROM (SELECT key, sum(octet_length(payload))"
                " OVER (ORDER BY made_at DESC, key) AS kept FROM forecast) WHERE kept > ?)",
                [self._max_bytes],
            )

    def __len__(self) -> int:
        """Number of forecasts kept."""
        with self._connection.cursor() as cursor:
            row = first_row(cursor, "SELECT count(*) FROM forecast")
        assert row is not None
        return int(row[0])

    def clear(self) -> None:
        """Forgets all forecasts; they are made again when needed."""
        with self._connection.write() as cursor:
            cursor.execute("DELETE FROM forecast")
