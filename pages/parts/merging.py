"""The dialogs in which two versions of a scenario, or two scenarios, become one: what comes in, conflicts by name."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from pages.parts.moments import moment
from pages.parts.state import Work
from sop_core.errors import SopError
from sop_core.inputs import Inputs
from sop_core.merge import BOTH, MINE, THEIRS, Choice, Conflict, Merge, merge, retold
from sop_core.scenario import Scenario

#: Sentences shown at once of what a merge brings.
_MOST = 30


@st.dialog("Saved in between: merge", width="large")
def after_save(name: str, work: Work) -> None:
    """Somebody saved the scenario after this session opened it: both versions become one, by the version that both
    started from, and are saved."""
    record = state.stored(name)
    if record is None:
        st.warning(
            f"“{fmt.plain(name)}” was renamed or deleted meanwhile. Close this; your changes are kept."
        )
        return
    inputs = _inputs()
    theirs = Scenario.from_json(record.json)
    st.caption(
        f"{fmt.plain(record.by)} saved revision {record.revision} on {fmt.plain(moment(record.updated))}; you started "
        f"from revision {work.revision}. Both sets of changes go into one scenario."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _list("Yours", retold(work.saved, work.history.present, inputs))
    with right:
        _list(f"Saved by {record.by}", retold(work.saved, theirs, inputs))
    found = merge(work.history.present, theirs, work.saved)
    merged = _settled(found, inputs, "yours", "theirs", f"{name}_{record.revision}")
    if st.button(
        "Save the merge", type="primary", width="stretch", disabled=merged is None, key="merge_save",
        help="Decide every conflict first" if merged is None else None,
    ) and merged is not None:  # fmt: skip
        try:
            merged = replace(merged, name=name, parent=theirs.parent)
            stored = state.store().save_scenario(name, merged.to_json(), state.who(), record.revision)
        except SopError as error:
            st.error(str(error))
        else:
            keep(work, merged, stored.revision)
            st.rerun()


def keep(work: Work, scenario: Scenario, revision: int) -> None:
    """The working copy after it was saved as that revision; undo still leads back."""
    work.history = work.history.push(scenario)
    work.saved, work.revision = scenario, revision


@st.dialog("Merge another scenario into this one", width="large")
def scenarios(name: str, work: Work, sources: list[str]) -> None:
    """Merges another stored scenario into this one against what both come from, and saves it."""
    source = st.selectbox("Merge in", sources, key="merge_source")
    record = None if source is None else state.stored(source)
    if source is None or record is None:
        st.info("Choose the scenario whose changes are to come in.")
        return
    inputs = _inputs()
    theirs = Scenario.from_json(record.json)
    ancestor = state.store().common_ancestor(name, source)
    origin = None if ancestor is None else Scenario.from_json(ancestor.json)
    st.caption(
        f"Both come from “{fmt.plain(ancestor.name)}”, revision {ancestor.revision} of {fmt.plain(moment(ancestor.at))}: "
        "what changed since is put together."
        if ancestor is not None
        else "They have only the base in common: every change counts as added on its side."
    )
    found = merge(work.history.present, theirs, origin, notes=False)
    merged = _settled(found, inputs, fmt.plain(name), fmt.plain(source), f"{name}_{source}_{record.revision}")
    if merged is not None:
        _list(f"What comes into “{name}”", retold(work.history.present, merged, inputs))
    if work.changed:
        st.caption("Your unsaved changes are part of it and are saved along.")
    if st.button(
        "Merge and save", type="primary", width="stretch", key="merge_save",
        disabled=merged is None or (merged == work.history.present and not work.changed),
    ) and merged is not None:  # fmt: skip
        try:
            stored = state.store().save_scenario(
                name, merged.to_json(), state.who(), work.revision, source=(source, record.revision)
            )
        except SopError as error:
            st.error(str(error))
        else:
            keep(work, merged, stored.revision)
            st.rerun()


def _settled(found: Merge, inputs: Inputs | None, mine: str, theirs: str, key: str) -> Scenario | None:
    """Asks for every conflict; the merged scenario, None while something is open or it cannot be made."""
    if not found.conflicts:
        st.success("No conflict: nobody touched what the other changed.", icon=":material/check:")
    chosen: list[Choice] = []
    for number, conflict in enumerate(found.conflicts):
        choice = _ask(conflict, inputs, mine, theirs, f"merge_{key}_{number}")
        if choice is not None:
            chosen.append(choice)
    if len(chosen) < len(found.conflicts):
        return None
    try:
        return found.resolve(chosen)
    except SopError as error:
        st.error(str(error))
        return None


def _ask(conflict: Conflict, inputs: Inputs | None, mine: str, theirs: str, key: str) -> Choice | None:
    words = {MINE: mine.capitalize() if mine == "yours" else mine, BOTH: "Both"}
    words[THEIRS] = theirs.capitalize() if theirs == "theirs" else theirs
    with st.container(border=True):
        st.markdown(f"**{fmt.plain(conflict.sentence(inputs, mine, theirs))}**")
        picked: Choice | None = st.radio(
            "Keep", conflict.choices, index=None, key=key, label_visibility="collapsed",
            format_func=lambda choice: f"{words[choice]}: {fmt.plain(conflict.side(choice, inputs))}",
        )  # fmt: skip
    return picked


def _list(title: str, lines: tuple[str, ...]) -> None:
    shown = "".join(f"<li>{fmt.safe(line)}</li>" for line in lines[:_MOST])
    more = f"<li>and {len(lines) - _MOST} more</li>" if len(lines) > _MOST else ""
    body = f'<ul class="sop-said">{shown}{more}</ul>' if lines else '<div class="sop-quiet">No changes.</div>'
    st.html(f'<div class="sop-group">{fmt.safe(title)}</div>{body}')


def _inputs() -> Inputs | None:
    return state.desk(planned=False).company.inputs
