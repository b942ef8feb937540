"""Agreements on the unconstrained demand: what was agreed, by whom, when, and what was reopened."""

from __future__ import annotations

from sop_core.store.connection import Connection


class Agreements:
    """Agreements on the unconstrained demand: what was agreed, by whom, when, and what was reopened."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
