"""What a person must know about the scenario in view before going on, below the context bar of every page.

A scenario in the address that is gone; unsaved work from before a reload; somebody else's save in between; drafts
that cannot be kept. Each says what happened and offers the way on. Nothing stands here otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from pages.parts import format as fmt
from pages.parts import merging, state
from pages.parts.moments import moment
from pages.parts.state import BASE, Work
from sop_core.errors import SopError
from sop_core.merge import retold
from sop_core.scenario import History, Scenario
from sop_core.store import StoredScenario
from sop_core.store.drafts import Draft
from sop_core.store.lineage import Trace

_LOST, _OFFERED, _REFUSED = "_lost_scenario", "_offered_draft", "_notice_refused"
#: Sentences of a draft that are shown before it is taken up.
_MOST = 4


def note_lost(name: str) -> None:
    """A scenario that was asked for does not exist: the notice stays until it is answered."""
    st.session_state[_LOST] = name


def draw(name: str | None, record: StoredScenario | None = None, work: Work | None = None) -> None:
    """The notices, where there are any. `name`: the scenario in view, None on pages that show none; `record`: what
    the store has of it; `work`: what this session has."""
    _arrive()
    refused = st.session_state.pop(_REFUSED, "")
    if refused:
        st.error(refused, icon=":material/error:")
    if name is not None:
        _lost(name)
    _offer()
    if record is not None and work is not None and name is not None:
        _overtaken(record, work)
    if state.keeper().trouble:
        st.warning(f"Unsaved changes are not being kept at the moment: {state.keeper().trouble}")
    _address()


def _arrive() -> None:
    """On a session's first run: whose drafts the address names. What is still on its way to the store is written."""
    if _OFFERED not in st.session_state:
        st.session_state[_OFFERED] = st.query_params.get(state.DRAFT, "")
        if st.session_state[_OFFERED]:
            state.keeper().flush()


def _address() -> None:
    """The address names this session's drafts while there are unsaved changes, so that a reload finds them."""
    token, there = state.draft_token(), st.query_params.get(state.DRAFT)
    if any(work.changed for work in state.working().values()):
        if there != token:
            st.query_params[state.DRAFT] = token
    elif there is not None and not st.session_state[_OFFERED]:
        del st.query_params[state.DRAFT]


def _try(what: Callable[[], None]) -> None:
    try:
        what()
    except SopError as error:
        st.session_state[_REFUSED] = str(error)


# -- a scenario that is gone --


def _lost(shown: str) -> None:
    name = st.session_state.get(_LOST)
    if name is None:
        return
    if shown != BASE or state.stored(name) is not None:
        del st.session_state[_LOST]
        return
    trace = state.store().trace_scenario(name)
    mine = state.working().get(name)
    unsaved = mine is not None and mine.changed
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="lost_scenario"):
        st.warning(fmt.plain(_fate(name, trace, unsaved)), icon=":material/link_off:")
        if trace is not None and trace.now is not None:
            st.button(
                f"Open “{fmt.plain(trace.now)}”", key="lost_open", type="primary", on_click=_follow,
                args=(name, trace.now),
            )  # fmt: skip
        elif trace is not None:
            word = "Bring it back with my changes" if unsaved else "Bring it back"
            st.button(word, key="lost_restore", type="primary", on_click=_bring_back, args=(name,))
        st.button("Stay with the base", key="lost_stay", on_click=_stay)


def _fate(name: str, trace: Trace | None, unsaved: bool) -> str:
    if trace is None:
        return f"There is no scenario “{name}”, and there never was one. What you see is the base."
    what = "was deleted" if trace.now is None else f"is now called “{trace.now}”: renamed"
    said = f"“{name}” {what} by {trace.who} on {moment(trace.at)}. What you see is the base."
    return f"{said} Your unsaved changes on it are kept." if unsaved else said


def _stay() -> None:
    st.session_state.pop(_LOST, None)


def _follow(name: str, now: str) -> None:
    """Opens a scenario under its new name; unsaved changes go along."""
    mine = state.working().pop(name, None)
    if mine is not None and mine.changed:
        history = replace(mine.history, present=mine.history.present.rename(now))
        state.forget(name)
        state.adopt(now, Work(history, mine.saved.rename(now), mine.revision))
    _stay()
    state.go_to(now)


def _bring_back(name: str) -> None:
    """Stores a deleted scenario again, as it was last or as this session has it."""

    def restored() -> None:
        mine = state.working().get(name)
        if mine is not None and mine.changed:
            scenario = mine.history.present
        else:
            scenario = Scenario.from_json(state.store().scenario_history(name)[0].json)
        known = scenario.parent in ("", *state.scenario_names(archived=True))
        scenario = replace(scenario, name=name, parent=scenario.parent if known else "")
        state.store().save_scenario(name, scenario.to_json(), state.who(), 0)
        state.forget(name)
        _stay()
        state.go_to(name)

    _try(restored)


# -- unsaved work from before --


def offered() -> tuple[Draft, ...]:
    """The drafts that the address names, written by the same person in another session and not taken up yet."""
    token = st.session_state.get(_OFFERED, "")
    if not token or token == state.draft_token():
        return ()
    return tuple(d for d in state.store().drafts.of(token) if d.who == state.who() and d.taken is None)


def _offer() -> None:
    drafts = offered()
    if not drafts:
        st.session_state[_OFFERED] = ""
        return
    last = max(draft.at for draft in drafts if draft.at is not None)
    lines = "".join(f'<div class="sop-quiet">{fmt.safe(summary(draft))}</div>' for draft in drafts)
    with st.container(
        border=True, horizontal=True, gap="small", vertical_alignment="center", key="offered_draft"
    ):
        st.html(f"<b>Unsaved changes from {fmt.safe(moment(last))} are kept</b>{lines}")
        st.button(
            "Take up where you left off", key="draft_take", type="primary", on_click=_take, args=(drafts,)
        )
        st.button(
            "Leave them", key="draft_leave", on_click=_leave,
            help="They stay under Unsaved drafts in the studio for two weeks",
        )  # fmt: skip


def titled(draft: Draft) -> str:
    """The scenario that a draft is on, or what it is."""
    return state.UNNAMED if draft.name == BASE else draft.name


def summary(draft: Draft) -> str:
    """What a draft changes in what was saved, in short; or why it cannot be read."""
    try:
        done = retold(Scenario.from_json(draft.saved), Scenario.from_json(draft.json))
    except SopError as error:
        return f"{titled(draft)}: cannot be read. {error}"
    more = f" and {len(done) - _MOST} more" if len(done) > _MOST else ""
    return f"{titled(draft)}: {'; '.join(done[:_MOST])}{more}"


def _leave() -> None:
    st.session_state[_OFFERED] = ""


def _take(drafts: tuple[Draft, ...]) -> None:
    def taken() -> None:
        for draft in drafts:
            take_up(draft)
        _leave()

    _try(taken)


def take_up(draft: Draft) -> None:
    """Makes a draft this session's own work and shows it. What this session had unsaved there comes back by undo.
    Raises ScenarioError where the draft cannot be read."""
    saved, present = Scenario.from_json(draft.saved), Scenario.from_json(draft.json)
    name, revision = draft.name, draft.revision
    if name != BASE and state.stored(name) is None:
        trace = state.store().trace_scenario(name)
        if trace is not None and trace.now is not None:
            name, saved, present = trace.now, saved.rename(trace.now), present.rename(trace.now)
        else:
            # Its scenario is gone: the changes go on as a what-if.
            name, saved, revision = BASE, Scenario.base(), 0
            present = Scenario(BASE, note=present.note, steps=present.steps)
    own = state.working().get(name)
    history = own.history if own is not None and own.changed else History(saved)
    state.adopt(name, Work(history.push(present), saved, revision))
    state.store().drafts.take(draft.token, draft.name)
    state.go_to(name)


# -- somebody saved in between --


def _overtaken(record: StoredScenario, work: Work) -> None:
    if not work.changed or record.revision == work.revision:
        return
    with st.container(
        border=True, horizontal=True, gap="small", vertical_alignment="center", key="overtaken"
    ):
        said = f"{record.by} saved “{record.name}” on {moment(record.updated)}, after you opened it"
        st.markdown(f":material/merge: {fmt.plain(said)}. Yours is not saved yet; nothing is lost.")
        if st.button("See both and merge", key="overtaken_merge", type="primary"):
            merging.after_save(record.name, work)
