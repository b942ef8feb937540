"""Open issues: conflicts between functions, who resolves them by when, and how they were resolved."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, fields
from typing import Any, Final

from sop_core.cycle import written
from sop_core.cycle.written import LONGEST_NAME, LONGEST_NOTE, LONGEST_TITLE
from sop_core.errors import ReviewError

#: Version of the JSON form.
FORMAT: Final = 1
MOST_FUNCTIONS: Final = 8

OPEN, RESOLVED, DROPPED = "open", "resolved", "dropped"
STATES: Final = (OPEN, RESOLVED, DROPPED)

#: Functions that a form offers; others may be written as well.
FUNCTIONS: Final = (
    "Sales", "Marketing", "Product management", "Demand planning", "Supply planning", "Production", "Purchasing",
    "Logistics", "Quality", "Finance", "Human resources", "General management",
)  # fmt: skip

_MEMBERS = ("title", "between", "resolver", "due", "state", "decision", "note", "outcome", "meeting")


@dataclass(frozen=True, slots=True)
class Issue:
    """A conflict that somebody must resolve. Raises ReviewError on bad values.

    `between`: the functions in conflict, in the order given. `resolver`: who resolves it. `decision`: number of the
    decision that settles it. `note`: what it is about; `outcome`: how it was resolved, or why it was dropped (needed
    then). `meeting`: number of the meeting in which it came up.
    """

    title: str
    between: tuple[str, ...] = ()
    resolver: str = ""
    due: dt.date | None = None
    state: str = OPEN
    decision: int | None = None
    note: str = ""
    outcome: str = ""
    meeting: int | None = None

    def __post_init__(self) -> None:
        for name, longest in (
            ("title", LONGEST_TITLE),
            ("resolver", LONGEST_NAME),
            ("note", LONGEST_NOTE),
            ("outcome", LONGEST_NOTE),
        ):
            object.__setattr__(self, name, written.text(getattr(self, name), name, longest))
        if not self.title:
            raise ReviewError("Say what the conflict is: an issue needs a `title`.")
        given: object = self.between
        if not isinstance(given, tuple | list):
            raise ReviewError(f"`between` must be a list of functions, not {given!r:.60}.")
        names = tuple(written.text(name, "between", LONGEST_NAME) for name in given)
        if not all(names):
            raise ReviewError("`between` holds a function without a name: name it, or leave it out.")
        object.__setattr__(self, "between", tuple(dict.fromkeys(names)))
        if len(self.between) > MOST_FUNCTIONS:
            raise ReviewError(f"An issue can lie between {MOST_FUNCTIONS} functions at most.")
        object.__setattr__(self, "due", written.due_day(self.due, "due"))
        written.one_of(self.state, "state", STATES)
        if self.state != OPEN and not self.outcome:
            raise ReviewError(f"Say how the issue was {self.state}: it needs an `outcome`.")
        for name in ("decision", "meeting"):
            object.__setattr__(self, name, written.whole(getattr(self, name), name))

    # -- reading ------------------------------------------------------------------------------------------

    def overdue(self, day: dt.date) -> bool:
        """Whether it is still open after the day by which it should have been resolved."""
        return self.state == OPEN and self.due is not None and self.due < day

    def conflict(self) -> str:
        """`Sales against Production`; blank where nobody is named."""
        return " against ".join(self.between)

    def sentence(self) -> str:
        """`Extra shift in March (Sales against Production): Anna resolves it by 15 Mar 2027`."""
        who = self.conflict()
        between = f" ({who})" if who else ""
        if self.state != OPEN:
            return f"{self.title}{between}: {self.state}; {self.outcome}"
        by = f" by {self.due:%d %b %Y}" if self.due else ""
        return f"{self.title}{between}: {self.resolver or 'nobody yet'} resolves it{by}"

    # -- JSON ---------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, every field written."""
        body = {name: getattr(self, name) for name in _MEMBERS}
        due = self.due.isoformat() if self.due else None
        return body | {"format": FORMAT, "between": list(self.between), "due": due}

    def to_json(self) -> str:
        """The canonical JSON form: sorted, one issue one text."""
        return json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Issue:
        """The inverse of `to_json`, strict. Raises ReviewError naming the field and what is allowed."""
        given = written.parsed(text, "issue", FORMAT, _MEMBERS, ("title",))
        given["due"] = written.day_from(given.get("due"), "due")
        return cls(**given)


def differences(before: Issue, after: Issue) -> tuple[str, ...]:
    """What an edit changed, one short sentence a field."""
    changed = [
        (field.name, getattr(before, field.name), getattr(after, field.name)) for field in fields(Issue)
    ]
    return tuple(
        f"{name}: {written.said(old)} → {written.said(new)}" for name, old, new in changed if old != new
    )
