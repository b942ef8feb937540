"""The list of decisions for the executives, with every revision: who, when, what."""

from __future__ import annotations

from typing import TypeAlias

from sop_core.cycle.decision import Decision
from sop_core.store.connection import Connection
from sop_core.store.revisions import Register, Revision

#: One revision of a decision; `value` is the decision. `action`: added, changed, or the state it was given.
DecisionRecord: TypeAlias = Revision[Decision]


class Decisions(Register[Decision]):
    """The decisions: list, get, history, add, change."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "decision", Decision.from_json)
