"""Every latest estimate that was kept: by cycle, step by step."""

from __future__ import annotations

from sop_core.store.connection import Connection


class Estimates:
    """Every latest estimate that was kept: by cycle, step by step."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
