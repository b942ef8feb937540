"""What can be done with a scenario as a whole: save, save as, rename, duplicate, note, lock, archive, delete.

A locked scenario stays as it is. Levers may still be moved on it: that is a what-if with a name of its own, which
is saved as a branch (a scenario with the locked one as its parent). A signed one is locked for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from pages.parts import format as fmt
from pages.parts import merging, state
from pages.parts.state import BASE, Work
from sop_core.cycle.agreement import branch_name
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
BRANCH, LOCK, UNLOCK = "Save as a branch", "Lock", "Take the lock off"
ARCHIVE, UNARCHIVE = "Archive", "Bring it back"


@dataclass(frozen=True, slots=True)
class Lock:
    """Why a scenario is locked, by whom and when. `agreed`: by an agreement, which only reopening takes off;
    `signed`: by a sign-off, which nothing takes off."""

    sentence: str
    agreed: bool
    signed: bool = False


def lock_of(name: str) -> Lock | None:
    """The lock on a stored scenario; None where there is none, or for the base."""
    record = None if name == BASE else state.stored(name)
    if record is None or record.locked is None:
        return None
    if record.signed is not None:
        return Lock(
            f"{record.locked}. Nobody changes it any more; derive a new one", agreed=False, signed=True
        )
    return Lock(record.locked, state.store().scenario_locks(name)[0].agreement is not None)


def choices(name: str, work: Work, lock: Lock | None = None) -> list[str]:
    """What the menu offers: the base is never saved over, renamed or deleted, nor is what is locked."""
    stored = name != BASE
    if work.archived:
        return [BRANCH, DUPLICATE] + ([DISCARD] if work.changed else []) + [UNARCHIVE]
    if lock is not None:
        found = [BRANCH, DUPLICATE] + ([DISCARD] if work.changed else [])
        if lock.signed:
            return found if work.changed else [*found, ARCHIVE]
        return found if lock.agreed else [*found, UNLOCK]
    found = [SAVE] if stored and work.changed else []
    found += [SAVE_AS] if work.history.present.steps or stored else []
    found += [RENAME, DUPLICATE, NOTE] if stored else []
    found += [DISCARD] if work.changed else []
    found += [LOCK] if stored and not work.changed else []
    found += [ARCHIVE] if stored and not work.changed else []
    return [*found, DELETE] if stored else found


def undo_redo(work: Work, prefix: str = "", keys: tuple[str, str] | None = None) -> None:
    """The two buttons. `prefix` tells a page's widgets apart; `keys` are its shortcuts, where it has some."""
    history = work.history
    for at, (word, step, there) in enumerate(
        (("Undo", _undo, history.can_undo), ("Redo", _redo, history.can_redo))
    ):
        st.button(
            "", help=f"{word} ({keys[at]})" if keys else word, icon=f":material/{word.lower()}:",
            shortcut=keys[at] if keys else None, key=f"{prefix}{word.lower()}", on_click=step, args=(work,),
            disabled=not there, type="tertiary",
        )  # fmt: skip


def _undo(work: Work) -> None:
    work.history = work.history.undo()


def _redo(work: Work) -> None:
    work.history = work.history.redo()


def act(choice: str, name: str, work: Work) -> None:
    """Does what was chosen, or opens its dialog. Raises StoreError where the store refuses."""
    if choice == SAVE:
        if overtaken(name, work):
            merging.after_save(name, work)
        else:
            save(name, work)
            st.rerun()
    elif choice == DISCARD:
        work.history = History(work.saved)
        st.rerun()
    else:
        {
            SAVE_AS: _save_as,
            BRANCH: _branch,
            RENAME: _rename,
            DUPLICATE: _duplicate,
            NOTE: _note,
            LOCK: _lock,
            UNLOCK: _unlock,
            ARCHIVE: _archive,
            UNARCHIVE: _unarchive,
            DELETE: _delete,
        }[choice](name, work)


def overtaken(name: str, work: Work) -> bool:
    """Whether somebody else has saved the scenario since this session opened it."""
    record = state.stored(name)
    return record is not None and record.revision != work.revision


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
    source = (name, work.revision) if parent else None
    state.store().save_scenario(scenario.name, scenario.to_json(), state.who(), 0, source=source)
    state.forget(name)
    state.go_to(scenario.name)


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


@st.dialog("Save as a branch")
def _branch(name: str, work: Work) -> None:
    st.caption(f"A new scenario with {fmt.plain(name)} as its parent. The locked one stays as it is.")
    given, pressed = _named("Save the branch", branch_name(name))
    if pressed:
        _try(lambda: save_as(name, work, given))


@st.dialog("Lock the scenario")
def _lock(name: str, work: Work) -> None:
    st.caption(
        "Nobody saves over, renames or deletes it until the lock is taken off. Branches and duplicates are free."
    )
    reason = st.text_input("Why", max_chars=200, key="menu_lock_reason", placeholder="shown to the board")
    if st.button("Lock", type="primary", width="stretch", disabled=not reason.strip()):
        _try(lambda: state.store().lock_scenario(name, state.who(), reason))


@st.dialog("Take the lock off")
def _unlock(name: str, work: Work) -> None:
    record = state.stored(name)
    st.caption(f"{fmt.plain(record.locked if record and record.locked else 'Not locked any more')}.")
    reason = st.text_input("Why may it change again", max_chars=200, key="menu_unlock_reason")
    if st.button("Take the lock off", type="primary", width="stretch", disabled=not reason.strip()):
        _try(lambda: state.store().unlock_scenario(name, state.who(), reason))


@st.dialog("Archive the scenario")
def _archive(name: str, work: Work) -> None:
    st.caption(
        "It leaves the lists and stays whole: its address opens it, and the studio brings it back. "
        "Branches of it stay where they are."
    )
    reason = st.text_input("Why", max_chars=200, key="menu_archive_reason", placeholder="may be left blank")
    if st.button("Archive", type="primary", width="stretch"):
        _try(lambda: archived(name, reason))


def archived(name: str, reason: str = "") -> None:
    """Archives it and shows the base."""
    state.store().archive_scenario(name, state.who(), reason)
    state.go_to(BASE)


def _unarchive(name: str, work: Work) -> None:
    state.store().unarchive_scenario(name, state.who())
    st.rerun()


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
    state.go_to(record.name)


@st.dialog("Duplicate the scenario")
def _duplicate(name: str, work: Work) -> None:
    if work.changed:
        st.caption("The copy is of what is saved; the unsaved changes stay here.")
    given, pressed = _named("Duplicate", f"{name} copy")
    if pressed:
        _try(lambda: _copied(name, given))


def _copied(name: str, new_name: str) -> None:
    state.go_to(state.store().duplicate_scenario(name, new_name, state.who()).name)


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
    state.go_to(BASE)
