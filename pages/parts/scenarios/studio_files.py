"""A scenario as a file: out as its JSON form, in with every complaint as a sentence."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from sop_core.errors import ScenarioError, SopError
from sop_core.scenario import Scenario
from sop_core.store.scenarios import JSON_LENGTH


def file_name(scenario: Scenario) -> str:
    """A file's name that every system takes."""
    safe = "".join(mark if mark.isalnum() or mark in " -_" else "_" for mark in scenario.name).strip()
    return f"{safe[:80] or 'scenario'}.json"


def read(data: bytes, name: str) -> Scenario:
    """The scenario in a file. Raises ScenarioError saying what is wrong where, and what is allowed."""
    if len(data) > 4 * JSON_LENGTH:
        raise ScenarioError(
            f"{name} has {len(data):,} bytes: no scenario is that long. Choose the file that Download gave."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(
            f"{name} is not a text in UTF-8 (byte {error.start + 1}). Save it as UTF-8, or download the scenario again."
        ) from None
    try:
        return Scenario.from_json(text)
    except ScenarioError as error:
        raise ScenarioError(f"{name}: {error}") from error


def take(scenario: Scenario, name: str) -> tuple[str, str]:
    """Stores a scenario that came as a file, under that name; its name and what was left out. Raises StoreError."""
    known = scenario.parent in ("", *state.scenario_names(archived=True))
    left_out = "" if known else f"Its parent “{scenario.parent}” is not here, so it stands by itself."
    taken = replace(scenario, name=name, parent=scenario.parent if known else "")
    stored = state.store().save_scenario(name, taken.to_json(), state.who(), 0)
    return stored.name, left_out


@st.dialog("A scenario from a file")
def dialog() -> None:
    """Reads a file, shows what is in it, and stores it as a new scenario."""
    st.caption("The JSON form that Download gives, and that the command line reads.")
    given = st.file_uploader("File", type=["json"], key="studio_file", label_visibility="collapsed")
    if given is None:
        return
    try:
        scenario = read(given.getvalue(), given.name)
    except ScenarioError as error:
        st.error(str(error))
        return
    count = len(scenario.steps)
    st.html(
        f'<div class="sop-group">{count} {"change" if count == 1 else "changes"}</div><ul class="sop-said">'
        + "".join(f"<li>{fmt.safe(said)}</li>" for said in scenario.sentences()[:12])
        + (f"<li>and {count - 12} more</li>" if count > 12 else "")
        + "</ul>"
    )
    try:
        scenario.check(state.desk(planned=False).company.inputs)
    except SopError as error:
        st.warning(f"It can be kept, but not be planned with these data: {error}")
    name = st.text_input("Name", value=scenario.name, max_chars=100, key="studio_file_name").strip()
    if st.button("Keep the scenario", type="primary", width="stretch", disabled=not name):
        try:
            stored, left_out = take(scenario, name)
        except SopError as error:
            st.error(str(error))
        else:
            st.session_state["_studio_told"] = f"“{stored}” is in the list. {left_out}".strip()
            state.go_to(stored)
            st.rerun()
