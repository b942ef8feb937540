"""The list of open issues, with every revision: who, when, what."""

from __future__ import annotations

from typing import TypeAlias

from sop_core.cycle.issue import Issue
from sop_core.store.connection import Connection
from sop_core.store.revisions import Register, Revision

#: One revision of an issue; `value` is the issue. `action`: added, changed, or the state it was given.
IssueRecord: TypeAlias = Revision[Issue]


class Issues(Register[Issue]):
    """The issues: list, get, history, add, change."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "issue", Issue.from_json)
