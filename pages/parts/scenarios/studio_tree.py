"""All scenarios as a tree: who made it, what it comes from, how far it is; a branch from any of them at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from pages.parts.moments import moment
from pages.parts.scenarios import studio_files
from pages.parts.state import BASE
from sop_core.errors import SopError
from sop_core.scenario import LONGEST_NAME, Scenario
from sop_core.store import StoredScenario

#: Scenarios drawn at once; the search finds the rest.
MOST = 40
#: Rows that stand on the screen without scrolling in place.
ROWS = 13
#: From this many on there is a field to search by name, owner and note.
MANY = 8
_REFUSED = "_studio_tree_refused"


@dataclass(frozen=True, slots=True)
class Line:
    """A scenario in the tree; `depth` counts its parents."""

    record: StoredScenario
    depth: int


def lines(records: Sequence[StoredScenario], *, archived: bool = False, search: str = "") -> list[Line]:
    """The tree in the order in which it is read: each scenario, then its branches by name. With `search` only what
    bears it in its name, owner or note. A branch of an archived scenario stands where its parent would."""
    children: dict[str | None, list[StoredScenario]] = {}
    known = {record.name for record in records}
    for record in records:
        parent = record.parent if record.parent in known and record.parent != BASE else None
        children.setdefault(parent, []).append(record)
    out: list[Line] = []

    def walk(parent: str | None, depth: int) -> None:
        for record in children.get(parent, []):
            shown = archived or record.archived is None
            if shown:
                out.append(Line(record, depth))
            walk(record.name, depth + shown)

    walk(None, 0)
    wanted = search.strip().casefold()
    return [line for line in out if wanted in _searched(line.record)] if wanted else out


def _searched(record: StoredScenario) -> str:
    return f"{record.name}\n{record.owner}\n{_body(record).get('note') or ''}".casefold()


def _body(record: StoredScenario) -> dict[str, object]:
    body: dict[str, object] = json.loads(record.json)
    return body


def free_name(name: str, taken: Iterable[str]) -> str:
    """`Peak 2`, `Peak 3` ...: the next name that nobody has."""
    used = {one.casefold() for one in taken}
    stem, number = name, 2
    head, _, tail = name.rpartition(" ")
    if head and tail.isdigit() and len(tail) < 4:
        stem, number = head, int(tail) + 1
    while True:
        candidate = f"{stem[: LONGEST_NAME - 6]} {number}"
        if candidate.casefold() not in used:
            return candidate
        number += 1


def branch(name: str) -> str:
    """Stores a new scenario with the same changes and that one as its parent, and shows it; its name. Raises
    StoreError."""
    taken = state.scenario_names(archived=True)
    record = state.stored(name)
    if record is None:
        scenario, source = Scenario(free_name("What-if 0", taken), state.who()), None
    else:
        old = Scenario.from_json(record.json)
        scenario = replace(old.derive(free_name(name, taken), state.who()), note="")
        source = (name, record.revision)
    state.store().save_scenario(scenario.name, scenario.to_json(), state.who(), 0, source=source)
    state.go_to(scenario.name)
    return scenario.name


def draw(chosen: str, height: int) -> None:
    """The tree, with `chosen` marked."""
    records = state.store().scenarios()
    put_away = sum(record.archived is not None for record in records)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(f'<div class="sop-group">Scenarios ({len(records) - put_away})</div>')
        if st.button("From a file", icon=":material/upload:", key="studio_import", type="tertiary"):
            studio_files.dialog()
        archived = put_away > 0 and st.toggle(
            f"Archived too ({put_away})", key="studio_archived", persist_state="session"
        )
    search = ""
    if len(records) >= MANY:
        search = st.text_input(
            "Search", key="studio_search", placeholder="Name, owner or note", label_visibility="collapsed",
            icon=":material/search:",
        )  # fmt: skip
    refused = st.session_state.pop(_REFUSED, "")
    if refused:
        st.error(refused)
    found = lines(records, archived=archived, search=search)
    long = len(found) > ROWS
    with st.container(
        height=height if long else "content", border=False, gap=None if long else "xxsmall", key="studio_rows"
    ):
        _row(BASE, 0, "The company as it is, without changes", chosen, -1)
        for at, line in enumerate(found[:MOST]):
            _row(line.record.name, line.depth + 1, _meta(line.record), chosen, at)
        if len(found) > MOST:
            st.caption(f"{len(found) - MOST} more: search by name, owner or note.")
        if search and not found:
            st.caption("None bears that.")
    _size(records)


def _row(name: str, depth: int, meta: str, chosen: str, at: int) -> None:
    with st.container(
        horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall", key=f"tree_{at}"
    ):
        label = "\u2003" * max(depth - 1, 0) + ("└ " if depth else "") + name
        st.button(
            fmt.plain(label), key=f"tree_choose_{at}", width=170, on_click=state.go_to, args=(name,),
            type="secondary" if name == chosen else "tertiary", help=None if len(label) < 24 else fmt.plain(name),
        )  # fmt: skip
        unsaved = name in state.working() and state.working()[name].changed
        tag = '<span class="sop-tag sop-bad">not saved</span> ' if unsaved else ""
        st.html(f'<div class="sop-meta"><div>{tag}{meta}</div></div>')
        st.button(
            "", icon=":material/fork_right:", key=f"tree_branch_{at}", type="tertiary", on_click=_branch, args=(name,),
            help=f"New branch from {fmt.plain(name)} as it is saved",
        )  # fmt: skip


def _branch(name: str) -> None:
    try:
        branch(name)
    except SopError as error:
        st.session_state[_REFUSED] = str(error)


def _meta(record: StoredScenario) -> str:
    """Two lines of HTML that close and open a block in between: facts with tags, then the note."""
    body = _body(record)
    changes = body.get("changes")
    count = len(changes) if isinstance(changes, list) else 0
    counted = f"{count} {'change' if count == 1 else 'changes'}"
    facts = f"revision {record.revision}, saved by {record.by} on {moment(record.updated)}, made by {record.owner}"
    tags = [("locked" if record.signed is None else "signed", record.locked), ("archived", record.archived)]
    tags += [("in use", f"Used by {', '.join(record.used_by)}" if record.used_by else None)]
    said = "".join(
        f'<span class="sop-tag" title="{fmt.safe(why)}">{tag}</span> ' for tag, why in tags if why is not None
    )
    said += (
        f'<span title="{fmt.safe(facts)}"><b>{counted}</b> · rev {record.revision} · {fmt.safe(record.by)}'
    )
    said += f"{'' if record.owner == record.by else f' (of {fmt.safe(record.owner)})'}"
    said += f", {fmt.safe(moment(record.updated))}</span>"
    note = str(body.get("note") or "")
    return said + (f'</div><div title="{fmt.safe(note)}">{fmt.safe(_short(note))}' if note else "")


def _short(text: str, most: int = 70) -> str:
    first = " ".join(text.split())
    return first if len(first) <= most else first[: most - 1] + "…"


def _size(records: Sequence[StoredScenario]) -> None:
    size = sum(len(record.json.encode()) for record in records)
    said = f"{size / 1000:,.0f} kB" if size >= 1000 else f"{size} bytes"
    st.caption(
        f"A scenario is a list of sentences over the same data, never a copy: {len(records)} take {said} in all."
    )
