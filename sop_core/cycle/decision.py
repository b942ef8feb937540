"""Decisions put to the executives: what, why, who, by when, the options considered, and what waiting costs.

A decision is data: frozen, checked when it is built, written as JSON. It carries the Changes that it stands for, so
that it can be replayed; its options carry the numbers that were on the table when it was written down.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Final

from sop_core.changes import Change
from sop_core.cycle import written
from sop_core.cycle.written import LONGEST_NAME, LONGEST_NOTE, LONGEST_TITLE
from sop_core.errors import ReviewError
from sop_core.plan import Plan
from sop_core.scenario import LONGEST_NAME as LONGEST_SCENARIO
from sop_core.scenario import MOST_CHANGES, Scenario

#: Version of the JSON form.
FORMAT: Final = 1
MOST_OPTIONS: Final = 6

PROPOSED, APPROVED, REJECTED, DEFERRED, DONE = "proposed", "approved", "rejected", "deferred", "done"
STATES: Final = (PROPOSED, APPROVED, REJECTED, DEFERRED, DONE)
#: States in which something is still to be decided or done.
OPEN_STATES: Final = (PROPOSED, DEFERRED, APPROVED)
#: States in which the executives still have to decide.
UNDECIDED: Final = (PROPOSED, DEFERRED)

#: The KPIs of an option by its own names: margin and cash over the horizon, money; service, fraction; stock, average
#: stock value, money.
OPTION_KPIS: Final[Mapping[str, str]] = MappingProxyType(
    {"margin": "margin", "service": "service_level", "stock": "stock_value", "cash": "cash"}
)

_MEMBERS = (
    "title", "why", "owner", "due", "scenario", "changes", "options", "recommendation", "cost_of_waiting", "state",
    "comment", "meeting",
)  # fmt: skip
_OPTION_MEMBERS = ("title", "scenario", "changes", "kpis", "data_version")
_WAITING_MEMBERS = ("amount", "per", "basis", "service", "computed")


@dataclass(frozen=True, slots=True)
class OptionKpis:
    """What an option brings over the horizon: margin and cash flow, money; service level, fraction; average stock
    value, money. None: not known."""

    margin: float | None = None
    service: float | None = None
    stock: float | None = None
    cash: float | None = None

    def __post_init__(self) -> None:
        for name in OPTION_KPIS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, written.number(value, name))

    @classmethod
    def of(cls, plan: Plan) -> OptionKpis:
        """The KPIs of a plan."""
        found = {name: plan.kpis[kpi] for name, kpi in OPTION_KPIS.items()}
        return cls(**{name: value for name, value in found.items() if value == value})

    @property
    def known(self) -> bool:
        """Whether any of them is."""
        return any(getattr(self, name) is not None for name in OPTION_KPIS)


@dataclass(frozen=True, slots=True)
class OptionConsidered:
    """One way out that was on the table: its scenario and Changes, and its KPIs at a data version (0: none said)."""

    title: str
    scenario: str = ""
    changes: tuple[Change, ...] = ()
    kpis: OptionKpis = OptionKpis()
    data_version: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", written.text(self.title, "title", LONGEST_TITLE))
        object.__setattr__(self, "scenario", written.text(self.scenario, "scenario", LONGEST_SCENARIO))
        object.__setattr__(self, "changes", tuple(self.changes))
        if not self.title:
            raise ReviewError("Say what each option is: an option needs a `title`.")
        if len(self.changes) > MOST_CHANGES:
            raise ReviewError(f"An option can hold {MOST_CHANGES} Changes at most.")
        if (
            isinstance(self.data_version, bool)
            or not isinstance(self.data_version, int)
            or self.data_version < 0
        ):
            raise ReviewError(f"`data_version` must be a whole number, not {self.data_version!r:.60}.")

    @classmethod
    def of(cls, plan: Plan, title: str = "") -> OptionConsidered:
        """A plan as an option: called after its scenario where no title is given."""
        scenario = plan.scenario
        return cls(
            title or scenario.name, scenario.name, scenario.active, OptionKpis.of(plan), plan.data_version
        )


@dataclass(frozen=True, slots=True)
class CostOfWaiting:
    """What a month of waiting costs: money, positive = waiting costs; `service`: by how much the service level falls,
    fraction (positive = it falls), None where it is not known. `computed`: by two plans (then `basis` says how), else
    a person's own estimate."""

    amount: float
    basis: str = ""
    per: str = "month"
    service: float | None = None
    computed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", written.number(self.amount, "amount"))
        object.__setattr__(self, "basis", written.text(self.basis, "basis", LONGEST_NOTE))
        written.one_of(self.per, "per", ("month",))
        if self.service is not None:
            object.__setattr__(self, "service", written.number(self.service, "service"))
        if not isinstance(self.computed, bool):
            raise ReviewError(f"`computed` must be true or false, not {self.computed!r:.60}.")
        if self.computed and not self.basis:
            raise ReviewError("A computed cost of waiting needs its `basis`: which plans were compared.")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be decided. Raises ReviewError on bad values.

    `scenario`: name of the scenario that it belongs to, blank: none. `changes`: what it does to the plan; may be empty.
    `recommendation`: the title of one of its options, blank: none is recommended. `meeting`: number of the meeting in
    which it was written down.
    """

    title: str
    why: str = ""
    owner: str = ""
    due: dt.date | None = None
    scenario: str = ""
    changes: tuple[Change, ...] = ()
    options: tuple[OptionConsidered, ...] = ()
    recommendation: str = ""
    cost_of_waiting: CostOfWaiting | None = None
    state: str = PROPOSED
    comment: str = ""  #: what the executives said to it
    meeting: int | None = None

    def __post_init__(self) -> None:
        for name, longest in (
            ("title", LONGEST_TITLE),
            ("why", LONGEST_NOTE),
            ("owner", LONGEST_NAME),
            ("scenario", LONGEST_SCENARIO),
            ("recommendation", LONGEST_TITLE),
            ("comment", LONGEST_NOTE),
        ):
            object.__setattr__(self, name, written.text(getattr(self, name), name, longest))
        if not self.title:
            raise ReviewError("Say what is to be decided: a decision needs a `title`.")
        object.__setattr__(self, "due", written.due_day(self.due, "due"))
        written.one_of(self.state, "state", STATES)
        object.__setattr__(self, "meeting", written.whole(self.meeting, "meeting"))
        for name in ("changes", "options"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if len(self.changes) > MOST_CHANGES:
            raise ReviewError(f"A decision can hold {MOST_CHANGES} Changes at most.")
        titles = [option.title for option in self.options]
        if len(titles) > MOST_OPTIONS:
            raise ReviewError(f"A decision can have {MOST_OPTIONS} options at most: leave the weakest out.")
        if len(set(titles)) < len(titles):
            raise ReviewError("Two options have the same title: give each a name of its own.")
        if self.recommendation and self.recommendation not in titles:
            raise ReviewError(
                f"'{self.recommendation}' is recommended, but it is none of the options: choose one of them."
            )

    # -- reading ------------------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether something is still to be decided or done."""
        return self.state in OPEN_STATES

    @property
    def undecided(self) -> bool:
        """Whether the executives still have to decide."""
        return self.state in UNDECIDED

    @property
    def recommended(self) -> OptionConsidered | None:
        """The option that is recommended."""
        return next((option for option in self.options if option.title == self.recommendation), None)

    def overdue(self, day: dt.date) -> bool:
        """Whether it is still open after its due day."""
        return self.open and self.due is not None and self.due < day

    def sentence(self) -> str:
        """`Overtime in February; Anna by 15 Mar 2027; approved`, for lists and minutes."""
        who = self.owner or "no owner"
        by = f" by {self.due:%d %b %Y}" if self.due else ""
        return f"{self.title}; {who}{by}; {self.state}"

    # -- making -------------------------------------------------------------------------------------------

    @classmethod
    def from_scenario(cls, scenario: Scenario, plan: Plan | None = None, title: str = "") -> Decision:
        """The decision for a scenario: its active Changes become what is decided, its note the why, and with its plan
        the one option, recommended."""
        options = () if plan is None else (OptionConsidered.of(plan, title or scenario.name),)
        return cls(
            title=title or scenario.name,
            why=scenario.note,
            owner=scenario.owner,
            scenario=scenario.name,
            changes=scenario.active,
            options=options,
            recommendation=options[0].title if options else "",
        )

    @classmethod
    def from_plans(cls, title: str, plans: Sequence[Plan], recommended: int = 0) -> Decision:
        """A choice between plans, each an option; the recommended one's Changes are what is decided."""
        options = tuple(OptionConsidered.of(plan) for plan in plans)
        chosen = options[recommended]
        return cls(
            title=title,
            why=plans[recommended].scenario.note,
            scenario=chosen.scenario,
            changes=chosen.changes,
            options=options,
            recommendation=chosen.title,
        )

    def recommend(self, title: str) -> Decision:
        """With that option recommended: its scenario and Changes become what is decided. What waiting costs is then
        another question, so it is taken out where it was computed. Raises ReviewError for an unknown option."""
        option = next((known for known in self.options if known.title == title), None)
        if option is None:
            raise ReviewError(f"There is no option '{title}': choose one of those considered.")
        same = option.changes == self.changes
        computed = self.cost_of_waiting is not None and self.cost_of_waiting.computed
        return replace(
            self,
            recommendation=title,
            scenario=option.scenario or self.scenario,
            changes=option.changes,
            cost_of_waiting=None if computed and not same else self.cost_of_waiting,
        )

    # -- JSON ---------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, every field written."""
        waiting = self.cost_of_waiting
        return {
            "format": FORMAT,
            "title": self.title,
            "why": self.why,
            "owner": self.owner,
            "due": self.due.isoformat() if self.due else None,
            "scenario": self.scenario,
            "changes": written.plain(self.changes),
            "options": [_option_dict(option) for option in self.options],
            "recommendation": self.recommendation,
            "cost_of_waiting": waiting and {name: getattr(waiting, name) for name in _WAITING_MEMBERS},
            "state": self.state,
            "comment": self.comment,
            "meeting": self.meeting,
        }

    def to_json(self) -> str:
        """The canonical JSON form: sorted, one decision one text."""
        return json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Decision:
        """The inverse of `to_json`, strict. Raises ReviewError naming the field and what is allowed."""
        given = written.parsed(text, "decision", FORMAT, _MEMBERS, ("title",))
        given["due"] = written.day_from(given.get("due"), "due")
        if "changes" in given:
            given["changes"] = written.changes_from(given["changes"], "changes")
        if "options" in given:
            if not isinstance(given["options"], list):
                raise ReviewError(f"`options` must be a list, not {given['options']!r:.60}.")
            given["options"] = tuple(_option(entry) for entry in given["options"])
        if "cost_of_waiting" in given:
            waiting = written.members(
                given["cost_of_waiting"], "`cost_of_waiting`", _WAITING_MEMBERS, ("amount",)
            )
            given["cost_of_waiting"] = CostOfWaiting(**waiting)
        return cls(**given)


def _option_dict(option: OptionConsidered) -> dict[str, Any]:
    return {
        "title": option.title,
        "scenario": option.scenario,
        "changes": written.plain(option.changes),
        "kpis": {name: getattr(option.kpis, name) for name in OPTION_KPIS},
        "data_version": option.data_version,
    }


def _option(value: Any) -> OptionConsidered:
    given = dict(written.members(value, "An option", _OPTION_MEMBERS, ("title",)))
    given = {name: entry for name, entry in given.items() if entry is not None}
    if "changes" in given:
        given["changes"] = written.changes_from(given["changes"], "changes")
    if "kpis" in given:
        given["kpis"] = OptionKpis(
            **written.members(given["kpis"], "`kpis` of an option", tuple(OPTION_KPIS))
        )
    return OptionConsidered(**given)


def differences(before: Decision, after: Decision) -> tuple[str, ...]:
    """What an edit changed, one short sentence a field."""
    out = []
    for field in fields(Decision):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new:
            continue
        name = field.name.replace("_", " ")
        if field.name == "changes":
            out.append(f"Changes: {len(old)} → {len(new)}" if len(old) != len(new) else "Changes edited")
        elif field.name == "options":
            titles = ", ".join(option.title for option in new) or "none"
            out.append(f"options: {titles}")
        elif field.name == "cost_of_waiting":
            out.append("cost of waiting: " + (f"{new.amount:,.0f} a month" if new else "taken out"))
        elif field.name in ("why", "comment"):
            out.append(f"{name}: {written.said(new)}")
        else:
            out.append(f"{name}: {written.said(old)} → {written.said(new)}")
    return tuple(out)
