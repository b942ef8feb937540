"""What to look at before a plan is signed: each check with its grade, its sentence and the way to its place."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Final

import streamlit as st

from pages.parts import context, state
from pages.parts import format as fmt
from pages.parts.executive.source import Shown
from pages.parts.state import Work
from sop_core.cycle.assumption import OPEN
from sop_core.cycle.issue import OPEN as ISSUE_OPEN
from sop_core.cycle.scoring import review_day
from sop_core.signoff.record import Signoff

FINE, LOOK, STOP = "fine", "look", "stop"
_MARKS: Final = {FINE: "✓", LOOK: "!", STOP: "✕"}
_WORDS: Final = {FINE: "in order", LOOK: "look at this", STOP: "forbids signing"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at. `page` and `query`, or `section` of this page: where it is put right; `label`: what the
    link says."""

    grade: str
    sentence: str
    label: str = ""
    page: str = ""
    query: dict[str, Any] = field(default_factory=dict)
    section: str = ""


def checks(view: context.View, shown: Shown, work: Work, held: Signoff | None) -> list[Check]:
    """All checks, those that forbid signing first."""
    found = [
        _saved(view, work), *_risk(shown), _data(view), _agreed(shown), _decisions(shown), *_assumptions(view),
        *_issues(), *_solver(shown), _chain(held),
    ]  # fmt: skip
    order = {STOP: 0, LOOK: 1, FINE: 2}
    return sorted(found, key=lambda check: order[check.grade])


def draw(found: list[Check]) -> None:
    """The checks as a list, each with its link."""
    st.html('<div class="sop-group">Before signing</div>')
    with st.container(key="sign_checks", gap="xsmall"):
        for at, check in enumerate(found):
            said, way = st.columns([6, 1], vertical_alignment="center")
            look = {FINE: "sop-good", LOOK: "", STOP: "sop-bad"}[check.grade]
            said.html(
                f'<div class="sop-said" role="listitem"><b class="{look}" aria-label="{_WORDS[check.grade]}" '
                f'title="{_WORDS[check.grade]}">{_MARKS[check.grade]}</b>&ensp;{fmt.safe(check.sentence)}</div>'
            )
            if check.section:
                way.button(
                    check.label, key=f"sign_check_{at}", type="tertiary", on_click=_go, args=(check.section,)
                )
            elif check.label:
                way.page_link(check.page, label=check.label, query_params=check.query)


def _go(section: str) -> None:
    st.session_state["executive_view"] = section


def _saved(view: context.View, work: Work) -> Check:
    if work.archived:
        return Check(STOP, f"“{view.scenario_name}” is archived: bring it back first.", "Studio", _SCENARIOS)
    if work.changed:
        return Check(
            STOP,
            f"“{view.scenario.name}” has changes that are not saved, and what is signed must be saved: save them as a "
            "branch, or discard them.",
            "What-if", _SCENARIOS,
        )  # fmt: skip
    if view.scenario_name == state.BASE:
        return Check(FINE, "The base is saved as a scenario of its own, and that is signed and locked.")
    count = len(view.scenario.active)
    said = f"{count} Change{'' if count == 1 else 's'}, revision {work.revision}, nothing unsaved"
    return Check(FINE, f"“{view.scenario_name}”: {said}.", "Changes", _SCENARIOS)


_SCENARIOS: Final = "pages/scenarios.py"


def _risk(shown: Shown) -> list[Check]:
    if shown.waiting is not None:
        return [Check(STOP, "The chances to miss a target are still being worked out: they are part of what is signed.",
                      "Proposal", section="Proposal")]  # fmt: skip
    if shown.pack.risk is None:
        why = shown.stopped or (shown.evidence.without_risk if shown.evidence is not None else "")
        return [Check(LOOK, f"The plan is signed without its risk. {why}".strip())]
    return []


def _data(view: context.View) -> Check:
    latest = state.store().latest_version()
    if view.desk.version != latest:
        return Check(
            STOP, f"The plan rests on data version {view.desk.version}; version {latest} is there by now. Open the page "
            "again to plan on it.", "Data", "pages/data.py",
        )  # fmt: skip
    review = view.company.verdicts.revision
    said = (
        f"The plan rests on the latest data, version {latest}, and revision {review} of the cleansing review."
    )
    return Check(FINE, said, "Data", "pages/data.py")


def _agreed(shown: Shown) -> Check:
    query = {"demand_view": "Agreement"}
    evidence = shown.evidence
    if evidence is None or evidence.agreement is None:
        return Check(
            LOOK, "The demand of this cycle is not agreed yet.", "Agreement", "pages/demand.py", query
        )
    said = evidence.agreement.sentence()
    said = said[:1].upper() + said[1:]
    if evidence.agreed_otherwise:
        return Check(LOOK, f"{said}. {evidence.agreed_otherwise}", "Agreement", "pages/demand.py", query)
    return Check(FINE, f"{said}, and the plan rests on it.", "Agreement", "pages/demand.py", query)


def _decisions(shown: Shown) -> Check:
    cards = shown.pack.decisions
    waiting = [card for card in cards if card.open]
    if waiting:
        said = "1 decision is" if len(waiting) == 1 else f"{len(waiting)} decisions are"
        names = ", ".join(f"“{card.title}”" for card in waiting[:3]) + (
            " and more" if len(waiting) > 3 else ""
        )
        return Check(LOOK, f"{said} open: {names}.", "Decide", section="Proposal")
    if not cards:
        return Check(FINE, "No decision is put to the executives.")
    words = [card.state for card in cards]
    said = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    return Check(FINE, f"No decision is open: {said}.", "Decisions", section="Proposal")


def _assumptions(view: context.View) -> list[Check]:
    known = [r.assumption for r in state.store().assumptions.list() if r.assumption.status == OPEN]
    if not known:
        return []
    late = sum(one.overdue(review_day(view.company, dt.date.today())) for one in known)
    query = {"demand_view": "Assumptions"}
    if late:
        return [Check(LOOK, f"{late} of {len(known)} open assumptions should have been looked at again by now.",
                      "Assumptions", "pages/demand.py", query)]  # fmt: skip
    return [
        Check(FINE, f"Open assumptions: {len(known)}, none overdue.", "Assumptions", "pages/demand.py", query)
    ]


def _issues() -> list[Check]:
    count = sum(record.value.state == ISSUE_OPEN for record in state.store().issues.list())
    if not count:
        return []
    said = "1 issue is" if count == 1 else f"{count} issues are"
    return [Check(LOOK, f"{said} still open.", "Issues", "pages/meeting.py", {"meeting_view": "Issues"})]


def _solver(shown: Shown) -> list[Check]:
    basis = shown.pack.basis
    if basis.gap > 0:
        return [
            Check(
                LOOK,
                f"The plan in whole lots and heads may be {fmt.percent(basis.gap, 2)} from the best one.",
            )
        ]
    return []


def _chain(held: Signoff | None) -> Check:
    if held is None:
        return Check(FINE, "Nothing is signed for this cycle yet.")
    return Check(LOOK, f"{held.sentence()}, is in force: signing again supersedes it, with a reason.")
