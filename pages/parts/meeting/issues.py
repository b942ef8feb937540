"""Open issues: conflicts between functions, who resolves them by when, and how they were resolved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import context, state
from pages.parts import format as fmt
from pages.parts.tables import download
from sop_core.cycle.issue import DROPPED, FUNCTIONS, MOST_FUNCTIONS, OPEN, RESOLVED, Issue, differences
from sop_core.cycle.lists import issues_frame
from sop_core.cycle.scoring import review_day
from sop_core.errors import SopError
from sop_core.store.decisions import DecisionRecord
from sop_core.store.issues import IssueRecord

IN_WORK, OVERDUE, CLOSED, EVERY = "Open", "Overdue", "Closed", "All"
SHOWN = (IN_WORK, OVERDUE, CLOSED, EVERY)
EVERYBODY, NOBODY = "Everybody", "Nobody yet"
EDIT, RESOLVE, DROP, REOPEN, HISTORY = "Edit", "Resolve", "Drop", "Open again", "History"
#: Issues drawn at once; the rest is in the download, or comes with a narrower choice.
_MOST = 50

_STYLES = """<style>
.sop-is{display:grid;grid-template-columns:5.6rem minmax(15rem,1.6fr) minmax(10rem,1fr) minmax(8rem,.8fr) 6.5rem;
 gap:.1rem .9rem;font-size:.84rem;line-height:1.4;align-items:baseline;border-top:1px solid var(--sop-line);
 padding-top:.35rem;color:var(--sop-ink)}
.sop-is.head{color:var(--sop-muted);font-size:.74rem;border:0;padding:0 3.2rem 0 0}
.sop-is em{font-style:normal;color:var(--sop-muted);grid-column:2/-1;font-size:.8rem}
.sop-is u{text-decoration:none;font-size:.74rem;border:1px solid currentColor;border-radius:999px;padding:0 .5rem;
 justify-self:start;white-space:nowrap}
</style>"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `decision`: the decision that settles it, where one is linked and still known."""

    record: IssueRecord
    late: bool
    decision: DecisionRecord | None

    @property
    def issue(self) -> Issue:
        """The conflict."""
        return self.record.value


def render(view: context.View) -> None:
    """The section."""
    _section(view)


@st.fragment
def _section(view: context.View) -> None:
    entries = listed(view)
    top = st.container(gap="small")
    chosen, resolver = IN_WORK, EVERYBODY
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Add an issue", icon=":material/add:", key="iss_add", type="primary"):
            edit(None)
        if entries:
            chosen = (
                st.segmented_control(
                    "Shown",
                    SHOWN,
                    default=IN_WORK,
                    key="iss_shown",
                    required=True,
                    label_visibility="collapsed",
                )
                or IN_WORK
            )
            resolver = st.selectbox(
                "Who resolves",
                [EVERYBODY, *resolvers(entries)],
                key="iss_who",
                label_visibility="collapsed",
                width=170,
            )
    if not entries:
        with top:
            _nothing_yet()
        return
    top.html(f'<p class="sop-headline">{fmt.safe(summary(entries))}</p>')
    shown = chosen_of(entries, chosen, resolver)
    if shown:
        _lines(shown[:_MOST])
    else:
        what = {IN_WORK: "open", OVERDUE: "overdue", CLOSED: "closed", EVERY: "there"}[chosen]
        st.html(f'<p class="sop-quiet">No issue is {what}{_of(resolver)}.</p>')
    if len(shown) > _MOST:
        st.caption(f"{_MOST} of {len(shown)} shown: choose who resolves, or take the download.")
    download("The issues", lambda: frame(view, entries), "issues.csv", "issues_csv", quiet=True)


def _of(resolver: str) -> str:
    return "" if resolver == EVERYBODY else f" for {fmt.safe(resolver)}"


def listed(view: context.View) -> list[Entry]:
    """Every issue: overdue ones first, then open ones by the day on which they are due, then closed ones."""
    store, day = state.store(), review_day(view.company, dt.date.today())
    decisions = {record.id: record for record in store.decisions.list()}
    found = [
        Entry(record, record.value.overdue(day), decisions.get(record.value.decision or 0))
        for record in store.issues.list()
    ]
    return sorted(
        found, key=lambda e: (e.issue.state != OPEN, not e.late, e.issue.due or dt.date.max, e.record.id)
    )


def chosen_of(entries: Sequence[Entry], shown: str, resolver: str) -> list[Entry]:
    """The entries that the filters leave."""
    keep: Callable[[Entry], bool] = {
        IN_WORK: lambda e: e.issue.state == OPEN,
        OVERDUE: lambda e: e.late,
        CLOSED: lambda e: e.issue.state != OPEN,
        EVERY: lambda e: True,
    }[shown]
    return [e for e in entries if keep(e) and resolver in (EVERYBODY, e.issue.resolver or NOBODY)]


def resolvers(entries: Sequence[Entry]) -> list[str]:
    """Who resolves something, in the order of the alphabet."""
    return sorted({entry.issue.resolver or NOBODY for entry in entries}, key=str.casefold)


def summary(entries: Sequence[Entry]) -> str:
    """`5 issues: 3 open, 1 of them overdue, 2 closed. Nobody resolves 1.`"""
    still = [entry for entry in entries if entry.issue.state == OPEN]
    late, alone = sum(e.late for e in still), sum(not e.issue.resolver for e in still)
    said = f"{len(entries)} issue{'s' if len(entries) != 1 else ''}: {len(still)} open"
    if late:
        said += f", {late} of them overdue"
    if len(still) < len(entries):
        said += f", {len(entries) - len(still)} closed"
    return said + (f". Nobody resolves {alone} yet." if alone else ".")


def frame(view: context.View, entries: Sequence[Entry]) -> pd.DataFrame:
    """The list as it is downloaded."""
    titles = {e.decision.id: e.decision.value.title for e in entries if e.decision is not None}
    return issues_frame(
        [entry.record for entry in entries], review_day(view.company, dt.date.today()), titles
    )


def _lines(shown: Sequence[Entry]) -> None:
    titles = {
        "State": "open, resolved or dropped; overdue: open after its day",
        "Issue": "what the conflict is",
        "Between": "the functions in conflict",
        "Resolved by": "who resolves it",
        "By": "the day by which it must be resolved",
    }
    head = "".join(f'<span title="{tip}">{name}</span>' for name, tip in titles.items())
    st.html(f'{_STYLES}<div class="sop-is head">{head}</div>')
    for entry in shown:
        number = entry.record.id
        with st.container(
            horizontal=True, wrap=False, vertical_alignment="top", gap="small", key=f"iss_{number}"
        ):
            st.html(line(entry))
            chosen = st.menu_button(
                "", actions(entry.issue), icon=":material/more_vert:", key=f"iss_menu_{number}", type="tertiary",
                help="Edit, resolve, drop, history",
            )  # fmt: skip
        if chosen:
            with state.explained():
                _act(entry.record, chosen)


def line(entry: Entry) -> str:
    """An issue as HTML."""
    i = entry.issue
    word = "overdue" if entry.late else i.state
    look = {"overdue": "sop-bad", RESOLVED: "sop-good"}.get(word, "")
    more = [i.note] if i.note else []
    if i.state != OPEN:
        more.append(f"{i.state.capitalize()}: {i.outcome}")
    if i.decision:
        settled = f": {entry.decision.value.title}, {entry.decision.value.state}" if entry.decision else ""
        more.append(f"Settled by decision {i.decision}{settled}")
    rest = "".join(f"<em>{fmt.safe(text)}</em>" for text in more)
    return (
        f'<div class="sop-is"><u class="{look}">{word}</u><span><b>{fmt.safe(i.title)}</b></span>'
        f"<span>{fmt.safe(i.conflict() or fmt.DASH)}</span><span>{fmt.safe(i.resolver or NOBODY)}</span>"
        f"<span>{f'{i.due:%d %b %Y}' if i.due else fmt.DASH}</span>{rest}</div>"
    )


def actions(issue: Issue) -> list[str]:
    """What can be done with an issue."""
    return [EDIT, RESOLVE, DROP, HISTORY] if issue.state == OPEN else [REOPEN, EDIT, HISTORY]


def _act(record: IssueRecord, chosen: str) -> None:
    if chosen == EDIT:
        edit(record)
    elif chosen == HISTORY:
        history(record)
    elif chosen == REOPEN:
        keep(record, replace(record.value, state=OPEN))
        st.rerun()
    else:
        close(record, RESOLVED if chosen == RESOLVE else DROPPED)


def keep(record: IssueRecord | None, issue: Issue) -> IssueRecord:
    """Writes an issue down, or its next revision. Raises StoreError where somebody edited it in between."""
    register = state.store().issues
    if record is None:
        return register.add(issue, state.who())
    return register.change(record.id, issue, state.who(), record.revision)


def _try(what: Callable[[], object]) -> None:
    """Does it and closes the dialog, or says why not."""
    try:
        what()
    except SopError as error:
        st.error(str(error))
    else:
        st.rerun()


@st.dialog("Issue", width="large")
def edit(record: IssueRecord | None) -> None:
    """Asks for a new issue, or edits one."""
    start = record.value if record is not None else None
    tag = f"{record.id}_{record.revision}" if record is not None else "new"
    title = st.text_input(
        "What the conflict is", value=start.title if start else "", max_chars=200, key=f"iss_title_{tag}",
        placeholder="Sales promised March, the line is full until April",
    )  # fmt: skip
    at_hand = start.between if start else ()
    between = st.multiselect(
        "Between", [*FUNCTIONS, *(name for name in at_hand if name not in FUNCTIONS)], default=list(at_hand),
        key=f"iss_between_{tag}", max_selections=MOST_FUNCTIONS, accept_new_options=True,
        placeholder="Functions in conflict", help="Choose functions, or write others",
    )  # fmt: skip
    left, right = st.columns(2)
    resolver = left.text_input(
        "Who resolves it", value=start.resolver if start else "", max_chars=120, key=f"iss_resolver_{tag}"
    )
    due = right.date_input(
        "By",
        value=start.due if start else None,
        key=f"iss_due_{tag}",
        help="After this day it is marked overdue",
    )
    decisions = {record.id: record.value.title for record in state.store().decisions.list()}
    numbers = [0, *decisions]
    linked = (start.decision or 0) if start else 0
    decision = st.selectbox(
        "Settled by decision", numbers, index=numbers.index(linked) if linked in numbers else 0,
        format_func=lambda n: f"{n}. {decisions[n]}" if n else "None yet", key=f"iss_decision_{tag}",
    )  # fmt: skip
    note = st.text_area(
        "Note", value=start.note if start else "", height=80, max_chars=5000, key=f"iss_note_{tag}"
    )
    if st.button("Keep the issue", type="primary", width="stretch", key=f"iss_keep_{tag}"):
        given: dict[str, Any] = {
            "title": title, "between": tuple(between), "resolver": resolver, "due": due, "decision": decision or None,
            "note": note,
        }  # fmt: skip
        _try(lambda: keep(record, replace(start, **given) if start else Issue(**given)))


@st.dialog("Close the issue")
def close(record: IssueRecord, to: str) -> None:
    """Resolves or drops an issue, with what there is to say."""
    st.html(f'<p class="sop-said">{fmt.safe(record.value.sentence())}</p>')
    label = "How it was resolved" if to == RESOLVED else "Why it is dropped"
    outcome = st.text_area(
        label, value=record.value.outcome, height=90, max_chars=5000, key=f"iss_out_{record.id}_{to}"
    )
    verb = "Resolve it" if to == RESOLVED else "Drop it"
    if st.button(verb, type="primary", width="stretch", key=f"iss_close_{record.id}"):
        _try(lambda: keep(record, replace(record.value, state=to, outcome=outcome)))


@st.dialog("History", width="large")
def history(record: IssueRecord) -> None:
    """Every revision: who, when, what changed."""
    revisions = state.store().issues.history(record.id)
    lines = []
    for new, old in zip(revisions, (*revisions[1:], None), strict=True):
        what = "; ".join(differences(old.value, new.value)) if old else new.value.sentence()
        action = {OPEN: "opened again"}.get(new.action, new.action).capitalize()
        lines.append(
            f"<li><b>{fmt.safe(action)}</b> by {fmt.safe(new.who)}, {new.at:%d %b %Y %H:%M} UTC: {fmt.safe(what)}</li>"
        )
    st.html(f'<div class="sop-short"><ol reversed>{"".join(lines)}</ol></div>')


def _nothing_yet() -> None:
    st.html(
        '<p class="sop-headline">No issue is open.</p><p class="sop-quiet">Where two functions want what cannot both be '
        "had, the conflict stands here until somebody has resolved it: between whom, who resolves it, by when. What the "
        "meeting parks lands here too. For example: <b>Sales promised March, the line is full until April</b>, Sales "
        "against Production, resolved by the supply chain manager before the executive meeting.</p>"
    )
