"""The scenario studio: all scenarios as a tree, the one in view as a list of sentences that can be worked on."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from pages.parts import context, merging, scenario_menu, state
from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.scenario_menu import Lock
from pages.parts.scenarios import studio_files, studio_history, studio_steps, studio_tree
from pages.parts.state import BASE, Work
from sop_core.scenario import Scenario, diff

CHANGES, DIFFERENCE, HISTORY, DRAFTS = "Changes", "Difference", "History", "Unsaved drafts"
TOLD = "_studio_told"
#: Height in pixels in which the list of scenarios scrolls.
TREE = 640

_STYLES = """<style>
.st-key-studio_tree button,.st-key-studio_steps button{min-height:1.7rem;padding-top:0;padding-bottom:0}
[class*=st-key-tree_choose_] button{justify-content:flex-start;padding-left:.4rem}
[class*=st-key-tree_choose_] button p{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;text-align:left}
[class*=st-key-tree_choose_] button>div{min-width:0;justify-content:flex-start}
.sop-meta{font-size:.78rem;color:var(--sop-muted);line-height:1.3}
.sop-meta div{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.sop-meta b{font-weight:500;color:var(--sop-ink)}
.sop-tag{border:1px solid currentColor;border-radius:999px;padding:0 .4rem;font-size:.7rem;white-space:nowrap}
.st-key-studio_list label p{font-size:.86rem;line-height:1.35}
.st-key-studio_steps ul{margin:.1rem 0 .3rem;padding-left:1.2rem}.st-key-studio_steps li{font-size:.82rem}
</style>"""


def render(view: View) -> None:
    """The section."""
    name = view.scenario_name
    work, lock = state.work(name), scenario_menu.lock_of(name)
    st.html(_STYLES)
    told = st.session_state.pop(TOLD, "")
    if told:
        st.toast(fmt.plain(told))
    with st.container(horizontal=True, gap="medium", key="studio"):
        with st.container(width=460, gap="xsmall", key="studio_tree"):
            studio_tree.draw(name, TREE)
        with st.container(gap="xsmall", key="studio_steps"):
            _head(view, name, work, lock)
            section = context.section((CHANGES, DIFFERENCE, HISTORY, DRAFTS), "studio_view")
            if section == DIFFERENCE:
                _difference(view, name, work)
            elif section == HISTORY:
                studio_history.draw(view, name, work)
            elif section == DRAFTS:
                studio_history.drafts()
            else:
                studio_steps.draw(view, name, work, lock)


def _head(view: View, name: str, work: Work, lock: Lock | None) -> None:
    scenario = work.scenario
    unsaved = '<span class="sop-tag sop-bad">not saved</span>' if work.changed else ""
    note = f'<div class="sop-quiet">{fmt.safe(scenario.note)}</div>' if scenario.note else ""
    st.html(f'<p class="sop-headline">{fmt.safe(scenario.name)} {unsaved}</p>{note}')
    record = state.stored(name)
    if lock is not None:
        st.caption(f":material/lock: {fmt.plain(lock.sentence)}. What you change is a what-if on it.")
    if record is not None and record.archived is not None:
        st.caption(f":material/archive: {fmt.plain(record.archived)}. Bring it back to work on it.")
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="studio_toolbar"):
        scenario_menu.undo_redo(work, "studio_", ("Alt+Z", "Alt+Y"))
        offered = scenario_menu.choices(name, work, lock)
        chosen = st.menu_button(
            "Save", offered or [scenario_menu.SAVE_AS], key="studio_menu", disabled=not offered, type="tertiary",
            icon=":material/save:" if lock is None else ":material/lock:",
        )  # fmt: skip
        merge_in(name, work, lock)
        with st.popover("Copy link", icon=":material/link:", type="tertiary", key="studio_link"):
            st.caption("Opens this scenario on any page; unsaved changes stay with you.")
            for words in ({}, {"mode": "Studio"}):
                st.code(link(st.context.url or "", name, **words), language=None, wrap_lines=True)
        st.download_button(
            "Download", scenario.to_json(), studio_files.file_name(scenario), "application/json",
            icon=":material/download:", on_click="ignore", type="tertiary", key="studio_download",
            help="The scenario as a file: its sentences as data, none of the company's numbers",
        )  # fmt: skip
    if chosen:
        with state.explained():
            scenario_menu.act(chosen, name, work)


def link(page: str, name: str, **more: str) -> str:
    """The address of a scenario; the base needs no name."""
    words = {} if name == BASE else {"scenario": name}
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in (words | more).items())
    return f"{page}?{query}" if query else page


def merge_in(name: str, work: Work, lock: Lock | None) -> None:
    """The button that merges another scenario into this one, and why it cannot."""
    others = [other for other in state.scenario_names() if other not in (BASE, name)]
    why = "Merge the changes of another scenario into this one; conflicts are named"
    if name == BASE:
        why = "The base takes no changes: choose or save a scenario first"
    elif lock is not None or work.archived:
        why = "A locked or archived scenario stays as it is: branch from it, then merge into the branch"
    elif not others:
        why = "There is no other scenario to merge in"
    possible = bool(others) and name != BASE and lock is None and not work.archived
    if st.button(
        "Merge in",
        icon=":material/merge:",
        key="studio_merge",
        type="tertiary",
        disabled=not possible,
        help=why,
    ):
        if scenario_menu.overtaken(name, work):
            merging.after_save(name, work)
        else:
            merging.scenarios(name, work, others)


def _difference(view: View, name: str, work: Work) -> None:
    """What the scenario in view plans otherwise than another, as sentences."""
    others = [other for other in state.scenario_names() if other != name]
    if not others:
        st.info("There is only the base so far. Branch from it to have something to compare.")
        return
    parent = work.scenario.parent
    start = others.index(parent) if parent in others else 0
    other = st.selectbox("Against", others, index=start, key=f"studio_against_{name}", width=320)
    before = Scenario.base() if other == BASE else state.work(other).scenario
    found = diff(before, work.scenario)
    if not found:
        st.html(
            f'<div class="sop-quiet">They plan the same: nothing that acts differs from “{fmt.safe(other)}”.</div>'
        )
        return
    lines = "".join(f"<li>{fmt.safe(one.sentence(view.inputs))}</li>" for one in found)
    head = f"From “{fmt.safe(other)}” to “{fmt.safe(name)}”: {len(found)} differences"
    st.html(f'<div class="sop-group">{head}</div><ul class="sop-said">{lines}</ul>')
    st.caption("Muted changes and notes do not act on the plan and do not count.")
