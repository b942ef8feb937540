"""What would it take: a KPI at a number, and the cheapest way there found."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.tables import listing
from pages.parts.tradeoffs.options_kept import Question, answer, take, under_way
from sop_core.kpis import KPIS
from sop_core.options import Goal, Way, seek
from sop_core.options.finder import targets_of
from sop_core.options.sizing import tidy

NAME = "goal"
#: KPIs with a goal that people ask for, in the order in which they do.
GOALS = (
    "service_level", "fill_rate", "margin", "cash", "stock_value", "working_capital", "overtime_hours",
    "peak_utilisation", "lost_sales",
)  # fmt: skip


def render(view: View, question: Question) -> None:
    """The section."""
    plan = question.plan
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="goal_bar"):
        known = [kpi for kpi in GOALS if math.isfinite(plan.kpis[kpi])]
        kpi = st.selectbox(
            "KPI", known, key="goal_kpi", width=190, format_func=lambda name: KPIS[name].title,
            help="Definitions: " + "; ".join(f"{KPIS[name].title} = {KPIS[name].formula}" for name in known),
        )  # fmt: skip
        fraction = KPIS[kpi].unit == "fraction"
        scale = 100.0 if fraction else 1.0
        unit = fmt.unit_label(KPIS[kpi].unit, view.currency)
        word = "At least" if Goal(kpi, 0.0).sense == ">=" else "At most"
        number: float | None = st.number_input(
            f"{word}, {unit}", value=_start(view, question, kpi) * scale, key=f"goal_{kpi}", width=190,
            format="%.2f" if fraction else "%.0f", step=0.5 if fraction else None,
            help=f"The plan stands at {fmt.kpi_exact(kpi, plan.kpis[kpi], view.currency)}",
        )  # fmt: skip
        start = st.button(
            "Find the cheapest way", icon=":material/flag:", type="primary", key="goal_start",
            help="Takes the cheapest step after the other until the goal is reached, drops what is not needed, and "
            "brings sizes down until it is just reached. Every step is re-planned exactly.",
        )  # fmt: skip
    if number is None:
        st.html('<p class="sop-quiet">Give the number to reach.</p>')
        return
    goal = Goal(kpi, float(number) / scale)
    key = (*question.key, goal)
    way: Way | None = answer(
        NAME,
        key,
        question,
        lambda planner, tell, stopped: seek(planner, plan.scenario, goal, question.rules, tell, stopped),
        start,
    )
    if way is None and under_way(NAME, key):
        return
    if way is None:
        st.html(
            f'<p class="sop-quiet">{fmt.safe(KPIS[kpi].title)} stands at '
            f"{fmt.safe(fmt.kpi_value(kpi, plan.kpis[kpi], view.currency))} in this plan.</p>"
        )
        st.html(_standing(view, question, known))
        return
    question.say(way.sentence)
    if way.option is not None:
        with st.container(border=True, gap="xsmall", key="goal_detail"):
            _numbers(way, view)
            take(
                view,
                way.option.changes,
                "goal",
                f"{KPIS[kpi].title} {fmt.kpi_value(kpi, way.value, view.currency)}",
            )
            said = f"Effort: {way.option.effort.sentence(view.currency)}. {way.option.caution}"
            st.html(f'<p class="sop-quiet">{fmt.safe(said)}</p>')
    _steps(way, view)


def _standing(view: View, question: Question, names: list[str]) -> str:
    """Where the plan stands in what can be asked for, beside the targets and the base, as HTML."""
    plan, base = question.plan, view.base
    table = view.company.snapshot.table("targets")
    asked = targets_of(view.company)
    body = ""
    for name in names:
        rows = table[table["kpi"] == name]
        target, look, word = "", "", ""
        if len(rows) and name in asked:
            aim = float(rows["target"].iloc[0])
            target = fmt.kpi_value(name, aim, "").strip()
            late = Goal(name, aim).gap(plan.kpis) > 0
            look, word = ("sop-bad", "missed") if late else ("sop-good", "reached")
        value, before = (fmt.kpi_value(name, one.kpis[name], "").strip() for one in (plan, base))
        unit = fmt.unit_label(KPIS[name].unit, view.currency)
        body += (
            f'<tr><td title="{fmt.safe(KPIS[name].formula)}">{fmt.safe(KPIS[name].title)}, {fmt.safe(unit)}</td>'
            f"<td>{fmt.safe(value)}</td><td>{fmt.safe(before)}</td><td>{fmt.safe(target)}</td>"
            f'<td class="{look}">{word}</td></tr>'
        )
    return (
        '<table class="sop-table"><thead><tr><th>What can be asked for</th><th>This plan</th><th>Base</th>'
        f"<th>Target</th><th></th></tr></thead><tbody>{body}</tbody></table>"
    )


def _start(view: View, question: Question, kpi: str) -> float:
    """A goal to begin with: the company's target where the plan misses it, else somewhat better than the plan."""
    value = question.plan.kpis[kpi]
    table = view.company.snapshot.table("targets")
    rows = table[table["kpi"] == kpi]
    if len(rows) and kpi in targets_of(view.company):
        target = float(rows["target"].iloc[0])
        if Goal(kpi, target).gap(question.plan.kpis) > 0:
            return target
    if KPIS[kpi].unit == "fraction":
        better = value + 0.5 * (1 - value) if Goal(kpi, 0.0).sense == ">=" else max(1.0, 0.95 * value)
        return math.floor(better * 1000) / 1000
    return tidy(value * 1.01, 4) if Goal(kpi, 0.0).sense == ">=" else tidy(value * 0.9, 2)


def _numbers(way: Way, view: View) -> None:
    option = way.option
    assert option is not None
    cells = []
    for name in dict.fromkeys((way.goal.kpi, "margin", "service_level", "stock_value", "cash")):
        delta = fmt.kpi_delta(name, option.kpis[name], option.before[name])
        look = {True: "sop-good", False: "sop-bad", None: ""}[delta.good]
        cells.append(
            f'<div class="sop-kpi" role="listitem" title="{fmt.safe(KPIS[name].formula)}">'
            f"<b>{fmt.safe(KPIS[name].title)}</b>"
            f"<strong>{fmt.safe(fmt.kpi_value(name, option.kpis[name], view.currency))}</strong>"
            f'<span class="{look}">{fmt.safe(f"{delta.arrow} {delta.text} {delta.word}".strip())}</span></div>'
        )
    st.html(f'<div class="sop-strip" role="list">{"".join(cells)}</div>')


def _steps(way: Way, view: View) -> None:
    said = f"{way.tried} candidates tried, {way.plans} plans made in {way.seconds:.1f} s."
    if not way.steps:
        st.html(f'<p class="sop-quiet">{fmt.safe(said)}</p>')
        return
    title = KPIS[way.goal.kpi].title
    with st.expander(f"How the way was found: {said}"):
        frame = pd.DataFrame(
            [
                {
                    "Step": at,
                    "Change, before it was trimmed": sentence,
                    title: fmt.kpi_exact(way.goal.kpi, value, view.currency),
                    f"Worth so far, {view.currency}": round(worth),
                }
                for at, (sentence, value, worth) in enumerate(way.steps, start=1)
            ]
        )
        listing(frame, "goal_steps")
