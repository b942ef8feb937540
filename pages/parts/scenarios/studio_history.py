"""A scenario's history in sentences: who did what and when; older revisions opened or restored; unsaved drafts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import streamlit as st

from pages.parts import format as fmt
from pages.parts import notices, state
from pages.parts.context import View
from pages.parts.moments import moment
from pages.parts.scenarios.studio_tree import free_name
from pages.parts.state import BASE, Work
from pages.parts.tables import page
from sop_core.errors import SopError
from sop_core.inputs import Inputs
from sop_core.merge import retold
from sop_core.scenario import Scenario
from sop_core.store import LockRecord, Revision
from sop_core.store.drafts import DAYS, Draft
from sop_core.store.lineage import ArchiveRecord

#: Entries drawn at once, and sentences of one entry.
PAGE, SENTENCES = 12, 12
_REFUSED = "_studio_history_refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did. `revision`: None where it was a lock or the archive."""

    at: dt.datetime
    who: str
    said: tuple[str, ...]
    revision: Revision | None = None


def entries(
    revisions: tuple[Revision, ...],
    locks: tuple[LockRecord, ...],
    archives: tuple[ArchiveRecord, ...],
    inputs: Inputs | None = None,
) -> list[Entry]:
    """The history, newest first: each revision as what was done since the one before."""
    out = [Entry(lock.at, lock.who, (_locked(lock),)) for lock in locks]
    out += [Entry(one.at, one.who, (_archived(one),)) for one in archives]
    before: Scenario | None = None
    for revision in reversed(revisions):
        try:
            scenario = Scenario.from_json(revision.json)
        except SopError as error:
            out.append(Entry(revision.at, revision.who, (f"Cannot be read: {error}",), revision))
            continue
        said = _opening(scenario, revision, inputs) if before is None else retold(before, scenario, inputs)
        if before is not None and before.parent != scenario.parent:
            said = (f"Comes from “{scenario.parent or BASE}” now", *said)
        if revision.action == "merged":
            said = ("Merged another scenario in", *said)
        out.append(Entry(revision.at, revision.who, said or ("Saved without changes",), revision))
        before = scenario
    return sorted(out, key=lambda entry: entry.at, reverse=True)


def _opening(scenario: Scenario, revision: Revision, inputs: Inputs | None) -> tuple[str, ...]:
    """A scenario's first revision."""
    whence = f"from “{scenario.parent}”" if scenario.parent else "from the base"
    made = f"{'Duplicated' if revision.action == 'duplicated' else 'Made'} {whence}"
    return (made, *retold(Scenario(scenario.name), scenario, inputs))


def _locked(lock: LockRecord) -> str:
    return f"{'Locked' if lock.locked else 'Took the lock off'}: {lock.reason}"


def _archived(one: ArchiveRecord) -> str:
    what = "Archived" if one.archived else "Brought back from the archive"
    return f"{what}: {one.reason}" if one.reason else what


def draw(view: View, name: str, work: Work) -> None:
    """The history of the scenario in view."""
    if name == BASE:
        st.html(
            '<div class="sop-quiet">The base has no history of changes: it is the company as it is. The Data page '
            "tells its data versions.</div>"
        )
        return
    refused = st.session_state.pop(_REFUSED, "")
    if refused:
        st.error(refused)
    store = state.store()
    found = entries(
        store.scenario_history(name), store.scenario_locks(name), store.scenario_archives(name), view.inputs
    )
    newest = next((entry.revision for entry in found if entry.revision is not None), None)
    for at in page("Entries shown", len(found), PAGE, "studio_history_page", 260, "newest first"):
        _entry(found[at], name, work, current=newest is not None and found[at].revision is newest)


def _entry(entry: Entry, name: str, work: Work, *, current: bool) -> None:
    number = f" · revision {entry.revision.revision}" if entry.revision is not None else ""
    lines = [f"<li>{fmt.safe(said)}</li>" for said in entry.said[:SENTENCES]]
    if len(entry.said) > SENTENCES:
        lines.append(f"<li>and {len(entry.said) - SENTENCES} more</li>")
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="top"):
        st.html(
            f'<div class="sop-said"><b>{fmt.safe(entry.who)}</b>, {fmt.safe(moment(entry.at))}'
            f'<span class="sop-quiet">{number}{" · as it is saved now" if current else ""}</span>'
            f'<ul style="margin:.1rem 0 .2rem">{"".join(lines)}</ul></div>'
        )
        if entry.revision is None:
            return
        at = entry.revision.revision
        st.button(
            "Branch", icon=":material/fork_right:", key=f"history_branch_{at}", type="tertiary", on_click=_branch,
            args=(name, entry.revision), help="Opens this revision as a new scenario",
        )  # fmt: skip
        st.button(
            "Restore", icon=":material/settings_backup_restore:", key=f"history_restore_{at}", type="tertiary",
            on_click=_restore, args=(name, work, entry.revision), disabled=current and not work.changed,
            help="Puts its changes and note back; save to keep them, undo to go back",
        )  # fmt: skip


def _branch(name: str, revision: Revision) -> None:
    try:
        old = Scenario.from_json(revision.json)
        scenario = old.derive(free_name(name, state.scenario_names(archived=True)), state.who())
        scenario = replace(scenario, parent=name)
        state.store().save_scenario(
            scenario.name, scenario.to_json(), state.who(), 0, source=(name, revision.revision)
        )
    except SopError as error:
        st.session_state[_REFUSED] = str(error)
    else:
        state.go_to(scenario.name)


def _restore(name: str, work: Work, revision: Revision) -> None:
    try:
        old = Scenario.from_json(revision.json)
    except SopError as error:
        st.session_state[_REFUSED] = str(error)
        return
    present = work.history.present
    work.history = work.history.push(replace(present, note=old.note, steps=old.steps))
    st.session_state["_studio_told"] = f"Revision {revision.revision} is back. Save to keep it."


# -- unsaved drafts --


def drafts() -> None:
    """The unsaved work of whoever looks, from sessions that ended without saving."""
    mine = state.draft_token()
    found = [draft for draft in state.store().drafts.by(state.who()) if draft.token != mine]
    st.caption(
        f"Unsaved changes of {fmt.plain(state.who())} from other sessions. Each is kept for {DAYS} days after its "
        "last edit; taking one up makes a copy of it here and leaves the other session alone."
    )
    if not found:
        st.html('<div class="sop-quiet">None: everything was saved, or is in front of you.</div>')
    for at, draft in enumerate(found[:PAGE]):
        _draft(at, draft)
    if len(found) > PAGE:
        st.caption(f"{len(found) - PAGE} older ones come up when these are taken up or thrown away.")
    refused = st.session_state.pop(_REFUSED, "")
    if refused:
        st.error(refused)


def _draft(at: int, draft: Draft) -> None:
    when = moment(draft.at) if draft.at is not None else ""
    taken = f" · taken up {moment(draft.taken)}" if draft.taken is not None else ""
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="top"):
        st.html(
            f'<div class="sop-said"><b>{fmt.safe(draft.who)}</b>, {fmt.safe(when)}'
            f'<span class="sop-quiet">{fmt.safe(taken)}</span><br>{fmt.safe(notices.summary(draft))}</div>'
        )
        st.button("Take up", key=f"draft_take_{at}", type="tertiary", on_click=_take, args=(draft,))
        st.button("Throw away", key=f"draft_drop_{at}", type="tertiary", on_click=_drop, args=(draft,))


def _take(draft: Draft) -> None:
    try:
        notices.take_up(draft)
    except SopError as error:
        st.session_state[_REFUSED] = str(error)


def _drop(draft: Draft) -> None:
    state.store().drafts.drop(draft.token, draft.name)
