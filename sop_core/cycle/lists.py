"""Lists of decisions and issues as tables, for downloads and the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from sop_core.cycle.decision import OPTION_KPIS, Decision
from sop_core.cycle.issue import Issue


class _Record(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def revision(self) -> int: ...
    @property
    def who(self) -> str: ...
    @property
    def at(self) -> dt.datetime: ...


class DecisionRow(_Record, Protocol):
    """A decision with its number, revision, and who wrote it when."""

    @property
    def value(self) -> Decision: ...


class IssueRow(_Record, Protocol):
    """An issue with its number, revision, and who wrote it when."""

    @property
    def value(self) -> Issue: ...


def judged_on(plan_start: np.datetime64, today: dt.date) -> dt.date:
    """The day against which something is overdue: today, but not beyond the first planned month, so that a company with
    older data is judged by its own calendar (as `scoring.review_day` judges assumptions)."""
    last: dt.date = ((plan_start + 1).astype("datetime64[D]") - np.timedelta64(1, "D")).item()
    return min(today, last)


def decisions_frame(records: Sequence[DecisionRow], currency: str, day: dt.date) -> pd.DataFrame:
    """One row an option (one row for a decision without any); what is open after its due day is overdue on `day`.

    Margin, stock, cash and the cost of waiting in money; service as a fraction; times in UTC.
    """
    rows = []
    for record in records:
        d, waiting = record.value, record.value.cost_of_waiting
        head = (
            record.id, d.title, d.why, d.state, "yes" if d.overdue(day) else "no", d.owner,
            d.due.isoformat() if d.due else None, d.scenario, "; ".join(c.sentence() for c in d.changes),
            waiting.amount if waiting else None, waiting.basis if waiting else None,
            (("computed" if waiting.computed else "estimated") if waiting else None), d.comment, d.meeting,
            record.revision, record.who, record.at.isoformat(timespec="seconds"),
        )  # fmt: skip
        for option in d.options or (None,):
            kpis = [getattr(option.kpis, name) if option else None for name in OPTION_KPIS]
            mark = ("yes" if option.title == d.recommendation else "no") if option else None
            version = (option.data_version or None) if option else None
            rows.append((*head, option.title if option else None, mark, *kpis, version))
    unit = dict.fromkeys(OPTION_KPIS, currency) | {"service": "fraction"}
    columns = [
        "number", "decision", "why", "state", "overdue", "owner", "due", "scenario", "Changes",
        f"cost of waiting a month, {currency}", "basis", "computed or estimated", "comment", "meeting", "revision",
        "changed by", "changed at (UTC)", "option", "recommended", *(f"{name}, {unit[name]}" for name in OPTION_KPIS),
        "data version",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def issues_frame(records: Sequence[IssueRow], day: dt.date, decisions: Mapping[int, str]) -> pd.DataFrame:
    """One row an issue. `decisions`: titles by number, of the decisions that settle them; times in UTC."""
    rows = [
        (
            record.id, i.title, " / ".join(i.between), i.resolver, i.due.isoformat() if i.due else None, i.state,
            "yes" if i.overdue(day) else "no", i.note, i.outcome, i.decision, decisions.get(i.decision or 0), i.meeting,
            record.revision, record.who, record.at.isoformat(timespec="seconds"),
        )
        for record in records
        for i in [record.value]
    ]  # fmt: skip
    columns = [
        "number", "issue", "between", "resolved by", "due", "state", "overdue", "note", "outcome", "decision number",
        "decision", "meeting", "revision", "changed by", "changed at (UTC)",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
