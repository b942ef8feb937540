"""The live what-if: move a lever, see the plan answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from pages.parts import change_form, kpi_strip, levers, scenario_menu, state
from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.scenario_menu import Lock
from pages.parts.state import Work
from sop_core.calendar import span_label
from sop_core.charts import live as charts
from sop_core.charts.quartet import GAP, quartet
from sop_core.compare import margin_bridge
from sop_core.errors import SopError
from sop_core.kpis import utilisation
from sop_core.plan import Plan

#: Height in pixels of the list of sentences and of the shortage line: longer ones scroll in place, nothing jumps.
SENTENCES, SHORTAGES = 190, 76
#: Height in pixels that the line about a lock takes from the list of sentences.
LOCKED = 62
MOST_SHORTAGES = 3


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
        _pictures(view, work)
    with panel:
        _toolbar(view, work, lock)
        picked = levers.choose_scope(view.inputs, view.desk.label)
        levers.draw(work, view.inputs, picked, lambda group: st.html(f'<div class="sop-group">{group}</div>'))
        _sentences(view, work, lock)


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
        st.html(f'<div class="sop-group">Changes ({count}){unsaved}</div>')
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


def _planned(view: View, work: Work) -> tuple[Plan, str]:
    """The plan to show, and why it is not the scenario's own where it cannot be made."""
    if st.session_state.get("flip"):
        return view.base, ""
    try:
        plan = view.desk.plan(work.scenario)
    except SopError as error:
        last: Plan | None = st.session_state.get("_last_plan")
        same_data = last is not None and last.data_version == view.desk.version
        return (last if last is not None and same_data else view.base), str(error)
    st.session_state["_last_plan"] = plan
    return plan, ""


def _pictures(view: View, work: Work) -> None:
    plan, problem = _planned(view, work)
    base, months, palette, unit = view.base, view.months, view.palette, view.unit
    kpi_strip.draw(plan, base, palette)
    demand, served, stock, target = (
        view.demand(plan),
        view.served(plan),
        view.stock(plan),
        view.stock_target(plan),
    )
    load, steps = utilisation(plan.facts), margin_bridge(base, plan)
    names = view.inputs.resource_names
    pictures = [
        charts.demand_supply(months, demand, served, view.served(base), palette, unit),
        charts.stock_target(months, stock, target, view.stock(base), palette, unit),
        charts.load_heat(months, names, load, utilisation(base.facts), palette),
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
        quartet(pictures, height), height=height, theme=None, key="pictures_chart", alt=" ".join(said)
    )
    with st.container(height=SHORTAGES, border=False, key="shortages"):
        st.html(_problem(problem) if problem else shortage_lines(plan, view.desk.label))


def _problem(text: str) -> str:
    return (
        f'<div class="sop-bad" role="alert"><b>This cannot be planned.</b> {fmt.safe(text)} '
        "The numbers above are those of the last plan. Undo (Z) goes back.</div>"
    )


def shortage_lines(plan: Plan, label: Callable[[str], str] = str) -> str:
    """The three largest shortages, each with what holds it back, as HTML; how full it is where none is."""
    said = shortage_sentences(plan, label)
    if not said:
        peak = fmt.percent(plan.kpis["peak_utilisation"], 0)
        return f'<div class="sop-quiet">All demand is served on time. Fullest resource: {peak}.</div>'
    lines = "".join(f"<li>{fmt.safe(line)}</li>" for line in said[:MOST_SHORTAGES])
    return f'<div class="sop-short"><ol>{lines}</ol></div>'


def shortage_sentences(plan: Plan, label: Callable[[str], str] = str) -> list[str]:
    """Shortages gathered by what holds them back, largest in money first: which items, when, how much, why."""
    found: pd.DataFrame = plan.shortages
    gathered: dict[tuple[str, str], _Short] = {}
    columns = ("cause", "kind", "item", "month", "quantity", "value")
    # Plain lists: a group-by of pandas costs more here than all the rest of the line.
    for cause, kind, item, month, quantity, value in zip(
        *(found[name].tolist() for name in columns), strict=True
    ):
        short = gathered.setdefault((cause, kind), _Short())
        short.items[item] = short.items.get(item, 0.0) + value
        short.months.add(month)
        short.quantity += quantity
        short.value += value
    ranked = sorted(gathered.items(), key=lambda entry: -entry[1].value)
    return [_shortage(cause, kind, short, plan, label) for (cause, kind), short in ranked]


@dataclass(slots=True)
class _Short:
    items: dict[str, float] = field(default_factory=dict)
    months: set[pd.Timestamp] = field(default_factory=set)
    quantity: float = 0.0
    value: float = 0.0


def _shortage(cause: str, kind: str, short: _Short, plan: Plan, label: Callable[[str], str]) -> str:
    first, *others = sorted(short.items, key=lambda name: -short.items[name])
    named = f"{label(first)} and {len(others)} more" if others else label(first)
    when = span_label(min(short.months), max(short.months))
    much = f"{fmt.short(short.quantity)} {kind}, {fmt.money(short.value, plan.inputs.currency)}"
    return f"{named}, {when}: {much}. {cause[:1].upper()}{cause[1:]}."
