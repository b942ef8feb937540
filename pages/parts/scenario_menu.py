"""What can be done with a scenario as a whole: save, save as, rename, duplicate, note, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from pages.parts import context, state
from pages.parts.state import BASE, Work
from sop_core.errors import SopError
from sop_core.scenario import History, Scenario

SAVE, SAVE_AS, RENAME, DUPLICATE, NOTE, DISCARD, DELETE = (
    "Save",
    "Save as",
    "Rename",
    "Duplicate",
    "Note",
    "Discard changes",
    "Delete",
)


def choices(name: str, work: Work) -> list[str]:
    """What the menu offers: the base is never saved over, renamed or deleted."""
    stored = name != BASE
    found = [SAVE] if stored and work.changed else []
    found += [SAVE_AS] if work.history.present.steps or stored else []
    found += [RENAME, DUPLICATE, NOTE] if stored else []
    found += [DISCARD] if work.changed else []
    return [*found, DELETE] if stored else found


def act(choice: str, name: str, work: Work) -> None:
    """Does what was chosen, or opens its dialog. Raises StoreError where the store refuses."""
    if choice == SAVE:
        save(name, work)
        st.rerun()
    elif choice == DISCARD:
        work.history = History(work.saved)
        st.rerun()
    else:
        {SAVE_AS: _save_as, RENAME: _rename, DUPLICATE: _duplicate, NOTE: _note, DELETE: _delete}[choice](
            name, work
        )


def save(name: str, work: Work) -> None:
    """Saves the working scenario over its stored revision. Raises StoreError where somebody saved in between."""
    scenario = replace(work.history.present, name=name)
    record = state.store().save_scenario(name, scenario.to_json(), state.who(), work.revision)
    work.saved, work.revision = scenario, record.revision
    work.history = replace(work.history, present=scenario)


def save_as(name: str, work: Work, new_name: str) -> None:
    """Saves the working scenario under a new name and takes it up; the old one is as the store has it."""
    parent = name if name != BASE else ""
    scenario: Scenario = replace(work.history.present, name=new_name, owner=state.who(), parent=parent)
    state.store().save_scenario(scenario.name, scenario.to_json(), state.who(), 0)
    state.forget(name)
    context.go_to(scenario.name)


def _try(what: Callable[[], object]) -> None:
    """Does it and closes the dialog, or says why not."""
    try:
        what()
    except SopError as error:
        st.error(str(error))
    else:
        st.rerun()


def _named(label: str, value: str) -> tuple[str, bool]:
    given = st.text_input("Name", value=value, max_chars=100, key=f"menu_name_{label}")
    pressed = st.button(label, type="primary", width="stretch", disabled=not given.strip())
    return given.strip(), pressed


@st.dialog("Save the scenario under a name")
def _save_as(name: str, work: Work) -> None:
    given, pressed = _named("Save", "" if name == BASE else f"{name} 2")
    if pressed:
        _try(lambda: save_as(name, work, given))


@st.dialog("Rename the scenario")
def _rename(name: str, work: Work) -> None:
    given, pressed = _named("Rename", name)
    if pressed:
        _try(lambda: rename(name, work, given))


def rename(name: str, work: Work, new_name: str) -> None:
    """Renames it in the store; unsaved changes go along."""
    record = state.store().rename_scenario(name, new_name, state.who())
    history = replace(work.history, present=work.history.present.rename(record.name))
    state.adopt(record.name, Work(history, Scenario.from_json(record.json), record.revision))
    state.forget(name)
    context.go_to(record.name)


@st.dialog("Duplicate the scenario")
def _duplicate(name: str, work: Work) -> None:
    if work.changed:
        st.caption("The copy is of what is saved; the unsaved changes stay here.")
    given, pressed = _named("Duplicate", f"{name} copy")
    if pressed:
        _try(lambda: _copied(name, given))


def _copied(name: str, new_name: str) -> None:
    context.go_to(state.store().duplicate_scenario(name, new_name, state.who()).name)


@st.dialog("Note on the scenario")
def _note(name: str, work: Work) -> None:
    given = st.text_area("Note", value=work.history.present.note, height=160, key="menu_note")
    if st.button("Keep the note", type="primary", width="stretch"):
        _try(lambda: _noted(work, given))


def _noted(work: Work, note: str) -> None:
    work.history = work.history.push(replace(work.history.present, note=note))


@st.dialog("Delete the scenario")
def _delete(name: str, work: Work) -> None:
    st.write(f"“{name}” is taken from the list. Its history stays in the store.")
    if st.button("Delete", type="primary", width="stretch"):
        _try(lambda: _deleted(name))


def _deleted(name: str) -> None:
    state.store().delete_scenario(name, state.who())
    state.forget(name)
    context.go_to(BASE)
