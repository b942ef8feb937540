"""The live what-if: move a lever, see the plan answer."""

from __future__ import annotations

import streamlit as st

from pages.parts import change_form, levers, scenario_menu, state
from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.scenario_menu import Lock
from pages.parts.scenarios import by_month, waiting
from pages.parts.state import Work
from sop_core.changes import REGISTRY
from sop_core.charts import live as charts
from sop_core.charts.quartet import GAP, quartet
from sop_core.compare import margin_bridge
from sop_core.explain import Finding, shortage_findings
from sop_core.kpis import utilisation
from sop_core.plan import Plan

#: Height in pixels of the list of sentences and of the shortage line: longer ones scroll in place, nothing jumps.
SENTENCES, SHORTAGES = 116, 94
#: Height in pixels that the line about a lock takes from the list of sentences.
LOCKED = 62
MOST_SHORTAGES = 3
#: A shortage's line fits the width of the pictures, or goes on in a second one: never cut.
_STYLE = """<style>.st-key-shortages a p{font-size:.78rem}
.st-key-shortages a,.st-key-shortages a *{white-space:normal!important}</style>"""
#: The two ways to move months.
LEVERS, BY_MONTH = "Levers", "By month"


def render(view: View) -> None:
    """The section."""
    live(view, state.work(view.scenario_name), scenario_menu.lock_of(view.scenario_name))


@st.fragment
def live(view: View, work: Work, lock: Lock | None = None) -> None:
    """Levers and pictures. All that a lever needs runs in here: no file, no forecast, no store."""
    with st.container(horizontal=True, gap="medium", key="live"):
        panel = st.container(width=320, gap="xxsmall", key="levers")
        pictures = st.container(gap="xsmall", key="pictures")
    # The pictures go out first: the browser repaints them while the levers, which stand where they are, follow.
    with pictures:
        plan = _pictures(view, work)
    with panel:
        _toolbar(view, work, lock)
        picked = levers.choose_scope(view.inputs, view.desk.label)
        if _by_month():
            by_month.draw(view, work, plan, picked)
        else:
            levers.draw(
                work, view.inputs, picked, lambda group: st.html(f'<div class="sop-group">{group}</div>')
            )
        _find(view, work, picked)
        _sentences(view, work, lock)
    waiting.drawn()


def _by_month() -> bool:
    """The switch between sliders and the grid of months."""
    chosen = st.segmented_control(
        "Levers or months", [LEVERS, BY_MONTH], default=LEVERS, key="lever_mode", required=True, width="stretch",
        label_visibility="collapsed", persist_state="session",
        help="Levers move the months chosen above; By month takes a number for each month. A click on a month in the "
        "pictures moves the levers there, the same click again moves them back.",
    )  # fmt: skip
    return chosen == BY_MONTH


def _find(view: View, work: Work, picked: levers.Picked) -> None:
    """Any other lever by its name: opens its form, with the products, regions, resource and months picked above."""
    st.selectbox(
        "Find a lever", list(REGISTRY), index=None, key="lever_find", on_change=_found,
        format_func=change_form.found_as, label_visibility="collapsed",
        placeholder="Find a lever: shift, outage, hire, supplier", width="stretch",
    )  # fmt: skip
    kind = st.session_state.pop("_lever_found", None)
    if kind is not None:
        change_form.dialog(work, view.inputs, kind=kind, scope=picked.of(REGISTRY[kind]))


def _found() -> None:
    st.session_state["_lever_found"] = st.session_state["lever_find"]
    st.session_state["lever_find"] = None


def _toolbar(view: View, work: Work, lock: Lock | None) -> None:
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center", key="toolbar"):
        scenario_menu.undo_redo(work, keys=("Z", "Y"))
        st.button(
            "Base", icon=":material/compare_arrows:", shortcut="B", key="flip_button", on_click=_flip,
            type="primary" if st.session_state.get("flip") else "tertiary",
            help="Show the base plan, and back",
        )  # fmt: skip
        offered = scenario_menu.choices(view.scenario_name, work, lock)
        chosen = st.menu_button(
            "Save", offered or [scenario_menu.SAVE_AS], key="scenario_menu", disabled=not offered, type="tertiary",
            icon=":material/save:" if lock is None else ":material/lock:",
        )  # fmt: skip
    if chosen:
        with state.explained():
            scenario_menu.act(chosen, view.scenario_name, work)


def _flip() -> None:
    st.session_state["flip"] = not st.session_state.get("flip", False)


def _sentences(view: View, work: Work, lock: Lock | None) -> None:
    """The scenario in words, each Change with edit, mute and remove; why it is locked, where it is."""
    scenario = work.history.present
    count = len(scenario.steps)
    if lock is not None:
        what = f"This is {work.scenario.name}" if work.changed else "What you move is a what-if on it"
        st.caption(f":material/lock: {fmt.plain(f'{lock.sentence}. {what}; save it as a branch.')}")
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", key="changes_head"):
        unsaved = " · not saved" if work.changed else ""
        st.html(f'{_STYLE}<div class="sop-group">Changes ({count}){unsaved}</div>')
        if st.button("Add a change", icon=":material/add:", key="add_change", type="tertiary"):
            change_form.dialog(work, view.inputs)
    height = SENTENCES if lock is None else SENTENCES - LOCKED
    with st.container(height=height, border=False, gap="xxsmall", key="changes"):
        if not scenario.steps:
            st.html('<div class="sop-quiet">None yet: this is the base. Move a lever, or add a change.</div>')
        for at, (said, step) in enumerate(zip(scenario.sentences(view.inputs), scenario.steps, strict=True)):
            with st.container(
                horizontal=True, wrap=False, vertical_alignment="center", gap=None, key=f"change_{at}"
            ):
                look = "sop-said sop-muted" if step.muted else "sop-said"
                st.html(f'<div class="{look}">{fmt.safe(said)}</div>')
                if st.button("", icon=":material/edit:", key=f"edit_{at}", type="tertiary", help="Edit"):
                    change_form.dialog(work, view.inputs, at)
                st.button(
                    "", icon=":material/visibility_off:" if step.muted else ":material/visibility:",
                    key=f"mute_{at}", type="tertiary", on_click=_mute, args=(work, at),
                    help="Let it act again" if step.muted else "Mute",
                )  # fmt: skip
                st.button(
                    "", icon=":material/close:", key=f"remove_{at}", type="tertiary", on_click=_remove,
                    args=(work, at), help="Remove",
                )  # fmt: skip


def _mute(work: Work, at: int) -> None:
    work.history = work.history.push(work.history.present.mute(at))


def _remove(work: Work, at: int) -> None:
    work.history = work.history.push(work.history.present.remove(at))


def _pictures(view: View, work: Work) -> Plan:
    now = waiting.shown(view, work)
    plan, problem = now.plan, now.problem
    base, months, palette, unit = view.base, view.months, view.palette, view.unit
    waiting.strip(view, now)
    demand, served, stock, target = (
        view.demand(plan),
        view.served(plan),
        view.stock(plan),
        view.stock_target(plan),
    )
    load, base_load, steps = utilisation(plan.facts), utilisation(base.facts), margin_bridge(base, plan)
    names = view.inputs.resource_names
    pictures = [
        charts.demand_supply(
            months,
            demand,
            served,
            view.served(base),
            palette,
            unit,
            pick=True,
            chosen=by_month.chosen_months(view),
        ),
        charts.stock_target(months, stock, target, view.stock(base), palette, unit),
        charts.load_heat(months, names, load, base_load, palette, pick=True),
        charts.bridge(steps, palette, view.currency),
    ]
    said = [
        charts.demand_sentence(months, demand, served, unit),
        charts.stock_sentence(months, stock, target, unit),
        charts.load_sentence(months, names, load),
        charts.bridge_sentence(steps, view.currency),
    ]
    # One chart, not four: each chart costs the browser a layout and a paint of its own at every lever.
    height = 2 * charts.HEIGHT + GAP
    st.echarts_chart(
        quartet(pictures, height), height=height, theme=None, key="pictures_chart", alt=" ".join(said),
        on_select=by_month.on_click(
            [str(month) for month in view.inputs.months], [names[q] for q in charts.heat_rows(load, base_load)]
        ),
    )  # fmt: skip
    with st.container(height=SHORTAGES, border=False, gap=None, key="shortages"):
        if problem:
            st.html(_problem(problem))
        else:
            _shortages(plan, view.scenario_name)
    return plan


def _problem(text: str) -> str:
    return (
        f'<div class="sop-bad" role="alert"><b>This cannot be planned.</b> {fmt.safe(text)} '
        "The numbers above are those of the last plan. Undo (Z) goes back.</div>"
    )


def _shortages(plan: Plan, name: str) -> None:
    """The three largest shortages, each a link to why; how full it is where there is none."""
    found = shortage_findings(plan)
    if not found:
        peak = fmt.percent(plan.kpis["peak_utilisation"], 0)
        st.html(f'<div class="sop-quiet">All demand is served on time. Fullest resource: {peak}.</div>')
    for one in found[:MOST_SHORTAGES]:
        address = {"tradeoffs_view": "Why", "why": one.subject.key}
        address |= {} if name == state.BASE else {"scenario": name}
        st.page_link(
            "pages/tradeoffs.py", label=fmt.plain(shortage_line(one)), icon=":material/help:",
            query_params=address, help="Why, what one more step is worth, and the ways out",
        )  # fmt: skip


def shortage_line(found: Finding) -> str:
    """A shortage in the words of the headline and of Why."""
    return f"{found.title}: {found.sentence}"
