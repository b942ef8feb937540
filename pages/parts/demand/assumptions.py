"""The register of demand assumptions: what is assumed, what the plan says, what happened; worst first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context, filters, state
from pages.parts import format as fmt
from pages.parts.demand import assumption_form
from pages.parts.tables import download
from sop_core.cycle.assumption import BROKEN, CONFIRMED, JUDGED, MEASURES, OPEN, RETIRED, Assumption, Link
from sop_core.cycle.scoring import Score, adopted, attention, change_for, in_plan, review_day, score
from sop_core.errors import SopError
from sop_core.plan import Unconstrained
from sop_core.planner import Company
from sop_core.snapshot import rows_of
from sop_core.store.assumptions import AssumptionRecord

EDIT, ADD_CHANGE, LINK, OUTCOME, HISTORY = (
    "Edit",
    "Add its Change",
    "Link a Change",
    "Record what happened",
    "History",
)
_MARK = {CONFIRMED: "Mark as confirmed", BROKEN: "Mark as broken", RETIRED: "Retire", OPEN: "Take up again"}
#: Assumptions and events drawn at once; the rest is in the download, or comes with a narrower view.
_MOST = 40
_MOST_EVENTS = 8

_STYLES = """<style>
.sop-as{display:grid;grid-template-columns:8.5rem minmax(16rem,1fr) 6.5rem 6.5rem 6.5rem 11rem;gap:.15rem .8rem;
 font-size:.82rem;line-height:1.35;align-items:baseline;border-top:1px solid var(--sop-line);padding-top:.35rem}
.sop-as.head{color:var(--sop-muted);font-size:.74rem;border:0;padding:0 3.2rem 0 0}
.sop-as i{font-style:normal;text-align:right}.sop-as em{font-style:normal;color:var(--sop-muted);grid-column:2/-1}
.sop-as u{text-decoration:none;font-size:.74rem;border:1px solid currentColor;border-radius:999px;padding:0 .5rem;
 justify-self:start;white-space:nowrap}
</style>"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the register."""

    record: AssumptionRecord
    score: Score
    planned: float | None
    rank: int
    word: str

    @property
    def assumption(self) -> Assumption:
        """What is assumed."""
        return self.record.assumption


@st.cache_resource(max_entries=1000, show_spinner=False)
def _score(path: str, version: int, review: int, fingerprint: str, text: str, _company: Company) -> Score:
    return score(Assumption.from_json(text), _company)


@st.cache_resource(max_entries=1000, show_spinner=False)
def _planned(
    path: str, version: int, review: int, fingerprint: str, scenario: str, text: str, _company: Company,
    _wanted: Unconstrained,
) -> float | None:  # fmt: skip
    return in_plan(Assumption.from_json(text), _company, _wanted)


def entries(view: context.View, records: Sequence[AssumptionRecord]) -> list[Entry]:
    """The register as it is shown: what needs attention first, then by the day on which it is looked at again."""
    snapshot = view.company.snapshot
    key = (str(state.store_path()), snapshot.version, view.company.verdicts.revision, snapshot.fingerprint)
    day = review_day(view.company, dt.date.today())
    found = []
    for record in records:
        text = record.assumption.to_json()
        scored = _score(*key, text, view.company)
        planned = _planned(*key, view.scenario.fingerprint(), text, view.company, view.unconstrained)
        rank, word = attention(record.assumption, scored, day)
        found.append(Entry(record, scored, planned, rank, word))
    return sorted(found, key=lambda e: (e.rank, e.assumption.valid_until, e.record.id))


def touches(view: context.View, assumption: Assumption) -> bool:
    """Whether an assumption is about something in view; names that are gone are always shown."""
    inputs, scope = view.inputs, replace(assumption.scope, first=None, last=None)
    try:
        scope.check(inputs)
    except SopError:
        return True
    share = scope.item_share(inputs) > 0
    # A product that is not planned yet, such as a launch, has no share of any item.
    items = bool((share & view.items).any()) or not share.any()
    regions = bool((scope.region_mask(inputs) & view.regions).any())
    return items and regions and bool((scope.segment_mask(inputs) & view.segments).any())


def render(view: context.View) -> None:
    """The section."""
    _section(view)


@st.fragment
def _section(view: context.View) -> None:
    records = state.store().assumptions.list()
    shown = [record for record in records if touches(view, record.assumption)]
    top = st.container(gap="small")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Add an assumption", icon=":material/add:", key="as_add", type="primary"):
            assumption_form.edit(view, None, assumption_form.example(view.inputs), blank=True)
        retired = st.toggle("Retired too", key="as_retired")
    if not records:
        with top:
            _nothing_yet(view)
    else:
        listed = entries(view, shown)
        top.html(f'<p class="sop-headline">{fmt.safe(summary(listed))}</p>')
        if len(shown) < len(records):
            rest = len(records) - len(shown)
            st.html(
                f'<p class="sop-quiet">Shown: {fmt.safe(filters.title(view))}. {rest} more elsewhere in the company.</p>'
            )
        current = [e for e in listed if retired or e.assumption.status != RETIRED]
        _lines(view, current[:_MOST])
        if len(current) > _MOST:
            st.caption(f"{_MOST} of {len(current)} shown: choose a narrower view, or take the download.")
        download("The register", lambda: frame(listed), "assumptions.csv", "assumptions_csv", quiet=True)
    _events(view, records)


def summary(listed: Sequence[Entry]) -> str:
    """`7 assumptions: 1 overdue, 1 outside its range, 5 open.`"""
    counted = Counter(entry.word for entry in listed if entry.assumption.status != RETIRED)
    if not counted:
        return "No assumption is in force here."
    total = sum(counted.values())
    parts = ", ".join(f"{count} {word}" for word, count in counted.items())
    return f"{total} assumption{'s' if total != 1 else ''}: {parts}."


def frame(listed: Sequence[Entry]) -> pd.DataFrame:
    """The register as it is downloaded; growth and price as fractions, launches as months."""
    rows = []
    for e in listed:
        a = e.assumption
        numbers = [
            None if v is None or not np.isfinite(v) else a.about(v)
            for v in (a.value, a.low, a.high, e.planned, e.score.actual)
        ]
        rows.append(
            (
                e.record.id, a.driver, MEASURES[a.measure], a.place(), a.scope.when(), *numbers, e.word,
                e.score.sentence, a.owner, a.valid_from.isoformat(), a.valid_until.isoformat(), a.status, a.note,
                "; ".join(f"{link.scenario}: {link.change.sentence()}" for link in a.links), e.record.revision,
                e.record.who,
            )
        )  # fmt: skip
    columns = [
        "number", "driver", "measure", "scope", "months", "value", "low", "high", "in the plan", "actual", "attention",
        "score", "owner", "valid from", "look again by", "status", "note", "linked Changes", "revision", "changed by",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _lines(view: context.View, listed: Sequence[Entry]) -> None:
    titles = {
        "Attention": "overdue, then broken, then without an outcome, then open, confirmed, retired",
        "Assumption": "what is assumed, of what, and its range",
        "Assumed": "the value assumed",
        "In the plan": "what the scenario in view says itself, over those of its months that are planned",
        "So far": "what happened in its closed months; own words: what a person recorded",
        "Owner, look again": "who answers for it, and by when it must be looked at again",
    }
    head = "".join(
        f'<{"i" if n in (2, 3, 4) else "span"} title="{tip}">{name}</{"i" if n in (2, 3, 4) else "span"}>'
        for n, (name, tip) in enumerate(titles.items())
    )
    st.html(f'{_STYLES}<div class="sop-as head">{head}</div>')
    for entry in listed:
        with st.container(
            horizontal=True, wrap=False, vertical_alignment="top", gap="small", key=f"as_{entry.record.id}"
        ):
            st.html(line(view, entry))
            chosen = st.menu_button(
                "", actions(entry), icon=":material/more_vert:", key=f"as_menu_{entry.record.id}", type="tertiary",
                help="Edit, link, record, retire",
            )  # fmt: skip
        if chosen:
            with state.explained():
                _act(view, entry, chosen)


def line(view: context.View, entry: Entry) -> str:
    """One assumption as HTML."""
    a, scored = entry.assumption, entry.score
    style = (
        "sop-bad"
        if entry.rank <= 1
        else "sop-good"
        if entry.word in ("inside its range", "confirmed")
        else ""
    )
    actual = _figure(a, scored.actual) if np.isfinite(scored.actual) else fmt.DASH
    planned = fmt.DASH if entry.planned is None else _figure(a, entry.planned)
    mark = {True: "sop-good", False: "sop-bad"}.get(scored.inside, "")  # type: ignore[arg-type]
    links = "".join(f"<em>{fmt.safe(said)}</em>" for said in link_lines(view, a))
    note = f"<em>{fmt.safe(a.note)}</em>" if a.note else ""
    return (
        f'<div class="sop-as"><u class="{style}">{fmt.safe(entry.word)}</u>'
        f"<span><b>{fmt.safe(a.driver)}</b> {fmt.safe(a.sentence().removeprefix(a.driver).strip())}</span>"
        f"<i>{fmt.safe(_figure(a, a.value))}</i><i>{fmt.safe(planned)}</i>"
        f'<i class="{mark}">{fmt.safe(actual)}</i>'
        f"<span>{fmt.safe(a.owner or 'nobody')}, {a.valid_until:%d %b %y}</span>"
        f"<em>{fmt.safe(scored.sentence)}</em>{note}{links}</div>"
    )


def _figure(assumption: Assumption, value: float) -> str:
    """A number for a column: the unit stands in the sentence beside it."""
    unit = assumption.unit.removeprefix("%").strip() if assumption.measure == JUDGED else "units a month"
    return assumption.about(value).removesuffix(f" {unit}")


def link_lines(view: context.View, assumption: Assumption) -> list[str]:
    """Linked Changes as sentences, and whether the scenario in view has them."""
    acting = [(step.change.acting(), step.muted) for step in view.scenario.steps]
    out = []
    for link in assumption.links:
        found = [muted for text, muted in acting if text == link.change.acting()]
        where = (
            "not in the scenario in view"
            if not found
            else "muted"
            if all(found)
            else "in the scenario in view"
        )
        out.append(f"Linked ({link.scenario}): {link.change.sentence(view.inputs)} · {where}")
    return out


def actions(entry: Entry) -> list[str]:
    """What can be done with an assumption."""
    a = entry.assumption
    if a.status == RETIRED:
        return [_MARK[OPEN], HISTORY]
    found = [EDIT] + ([OUTCOME] if a.measure == JUDGED else [ADD_CHANGE])
    found += [LINK] + [_MARK[status] for status in (CONFIRMED, BROKEN) if status != a.status]
    return [*found, _MARK[RETIRED], HISTORY]


def _act(view: context.View, entry: Entry, chosen: str) -> None:
    record = entry.record
    if chosen == EDIT:
        assumption_form.edit(view, record, record.assumption)
    elif chosen == OUTCOME:
        assumption_form.outcome(record)
    elif chosen == LINK:
        assumption_form.link(view, record)
    elif chosen == HISTORY:
        assumption_form.history(record)
    elif chosen == ADD_CHANGE:
        add_change(view, record)
        st.rerun()
    else:
        status = next(status for status, label in _MARK.items() if label == chosen)
        made = replace(record.assumption, status=status)
        state.store().assumptions.change(record.id, made, state.who(), record.revision)
        st.rerun()


def add_change(view: context.View, record: AssumptionRecord) -> None:
    """Adds the assumption's Change to the scenario in view and links it. Raises ScenarioError where none follows
    from it, StoreError where the assumption was changed in between.
    """
    work = state.work(view.scenario_name)
    change = change_for(record.assumption, view.company, view.unconstrained)
    edited = work.history.present.add(change)
    edited.check(view.inputs)
    before = work.history
    work.history = work.history.push(edited)
    made = assumption_form.linked(record.assumption, Link(work.scenario.name, change))
    try:
        state.store().assumptions.change(record.id, made, state.who(), record.revision)
    except SopError:
        work.history = before
        raise


def _nothing_yet(view: context.View) -> None:
    start = assumption_form.example(view.inputs)
    st.html(
        '<p class="sop-headline">No assumption is written down yet.</p><p class="sop-quiet">The plan rests on things '
        "that people believe: a listing, a price rise, a launch date. Each gets a number, a range, an owner and a day "
        "on which it is looked at again; when its months close it is scored against what happened.</p>"
        f'<p class="sop-quiet">For example: <b>{fmt.safe(start.sentence())}</b>; owner {fmt.safe(start.owner)}, look '
        f"again by {start.valid_until:%d %b %Y}.</p>"
    )
    if st.button("Start from the example", icon=":material/edit_note:", key="as_example"):
        assumption_form.edit(view, None, start)


def _events(view: context.View, records: Sequence[AssumptionRecord]) -> None:
    """Events that the company brought and that nobody has adopted yet."""
    snapshot = view.company.snapshot
    taken = {record.assumption.event for record in records}
    events = [row for row in rows_of(snapshot.table("events")) if row.event not in taken]
    if not events:
        return
    st.html('<div class="sop-group">Events that nobody has taken into the register</div>')
    products, inputs = snapshot.table("products"), view.inputs
    for at, row in enumerate(events[:_MOST_EVENTS]):
        made = adopted(
            row._asdict(),
            set(products["family"]),
            set(products["product"]),
            inputs.regions,
            inputs.months[0].item(),
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            when = f"from {made.valid_from:%d %b %Y}"
            said = made.said(made.value) if made.value else "its effect is not put in numbers"
            st.html(
                f'<div class="sop-said"><b>{fmt.safe(made.driver)}</b> ({fmt.safe(made.place())}), {when}: '
                f"{fmt.safe(said)}; {fmt.safe(made.owner or 'nobody')}. {fmt.safe(made.note)}</div>"
            )
            if st.button("Adopt", key=f"as_event_{at}", icon=":material/playlist_add:", type="tertiary"):
                with state.explained():
                    state.store().assumptions.add(made, state.who())
                    st.rerun()
    if len(events) > _MOST_EVENTS:
        st.caption(f"{_MOST_EVENTS} of {len(events)} shown; the next ones come up as these are adopted.")
