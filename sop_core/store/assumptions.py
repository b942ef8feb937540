"""The register of demand assumptions, with every revision."""

from __future__ import annotations

from sop_core.store.connection import Connection


class Assumptions:
    """The register of demand assumptions, with every revision."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
