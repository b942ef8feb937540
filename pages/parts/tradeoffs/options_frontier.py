"""Frontier: plans of which no other is better in one without being worse in the other; pick one, take its changes."""

from __future__ import annotations

import streamlit as st

from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.tradeoffs.options_find import NAME as FIND
from pages.parts.tradeoffs.options_kept import Question, answer, take, unasked, under_way
from sop_core.charts.options import Spot, frontier_chart
from sop_core.charts.template import CONFIG
from sop_core.kpis import KPIS
from sop_core.options import Frontier, Point, frontier
from sop_core.options.frontier import UP, WORTH

NAME = "frontier"
_AXES = {"Service against cost": WORTH, "Service against stock": "stock_value"}


def render(view: View, question: Question) -> None:
    """The section."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="frontier_bar"):
        axis = st.segmented_control(
            "Axis", list(_AXES), default=next(iter(_AXES)), key="frontier_axis", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        start = st.button(
            "Draw the frontier", icon=":material/scatter_plot:", type="primary", key="frontier_start",
            help="Makes plans: options, steps towards full service, and other stock targets on top of them. Each point "
            "is a plan that was made, none is drawn between two.",
        )  # fmt: skip
    by_itself = unasked(NAME, question)
    known = st.session_state.get("_options", {}).get((FIND, *question.key))
    found: Frontier | None = answer(
        NAME,
        question.key,
        question,
        lambda planner, tell, stopped: frontier(
            planner, question.plan.scenario, question.rules, tell, stopped, known
        ),
        start or by_itself,
    )
    if found is None and under_way(NAME, question.key):
        return
    if found is None:
        st.markdown(
            "Not drawn yet for this scenario. It shows what service costs: every point is a plan that was made; "
            "and on the line no other plan is better in one without being worse in the other. Pick a point to see its "
            "changes and take them."
        )
        return
    across = _AXES[axis or next(iter(_AXES))]
    question.say(found.sentence(across))
    _picture(view, found, across)


def _picture(view: View, found: Frontier, across: str) -> None:
    best = found.best(across)
    # A click tells the place of the plan; the list below follows it, and stands for it where there is no mouse.
    shown = found.shown(across)
    choices = list(dict.fromkeys([*best, 0, *(n for n in shown if found.points[n].base)]))
    event = st.session_state.get("frontier_chart")
    clicked = [point.get("customdata") for point in (event or {}).get("selection", {}).get("points", [])]
    clicked = [int(n[0] if isinstance(n, list) else n) for n in clicked if n is not None]
    if clicked and clicked != st.session_state.get("_frontier_click") and clicked[0] in shown:
        st.session_state["_frontier_click"] = clicked
        st.session_state["frontier_point"] = clicked[0]
    if st.session_state.get("frontier_point", shown[0]) not in shown:
        del st.session_state["frontier_point"]
    chosen = st.session_state.get("frontier_point", best[-1] if best else 0)
    spots = [
        Spot(point.value(across), point.kpis[UP], _note(point, view), n in best, _mark(n, point), n)
        for n, point in ((n, found.points[n]) for n in shown)
    ]
    title = (
        f"Worth against this plan, {view.currency} (left: costs, right: pays)"
        if across == WORTH
        else f"{KPIS[across].title}, {view.currency}"
    )
    picture = frontier_chart(view.palette, spots, title, KPIS[UP].title, found.sentence(across), chosen)
    left, right = st.columns([0.62, 0.38], gap="medium")
    with left:
        st.plotly_chart(
            picture.figure, theme=None, config=CONFIG, key="frontier_chart", on_select="rerun",
            selection_mode="points", alt=picture.alt,
        )  # fmt: skip
        said = f"{len(found.points)} plans ({found.plans} re-plans in {found.seconds:.1f} s)"
        said += ", stopped before the end" if found.stopped else ""
        what = (
            "Stock targets stay as they are here; they move against stock."
            if across == WORTH
            else "A plan meets its forecast exactly, so safety stock looks idle: look at the risk before giving it up."
        )
        st.html(
            f'<p class="sop-quiet">{said}. Blue: no other plan is better in one without being worse in the other. '
            f"{what}</p>"
        )
    with right:
        if chosen not in choices:
            choices.append(chosen)
        st.session_state["frontier_point"] = chosen
        at = st.selectbox(
            "Plan", choices, key="frontier_point", format_func=lambda n: _label(found.points[n], across, view),
            help="Plans on the frontier, this plan and the base; a click into the picture chooses any other",
        )  # fmt: skip
        _detail(view, found.points[at], at)


def _mark(n: int, point: Point) -> str:
    if point.base:
        return "Base"
    return "" if n else point.name


def _label(point: Point, across: str, view: View) -> str:
    place = fmt.money(point.value(across), view.currency, signed=across == WORTH)
    return f"{fmt.percent(point.kpis[UP], 2)}, {place}: {point.name}"


def _note(point: Point, view: View) -> str:
    lines = [change.sentence(view.inputs) for change in point.changes] or [point.name]
    lines += [
        f"Service {fmt.percent(point.kpis[UP], 2)}, worth {fmt.money(point.worth, view.currency, signed=True)}, "
        f"stock {fmt.money(point.kpis['stock_value'], view.currency)}"
    ]
    return "<br>".join(fmt.safe(line) for line in lines)


def _detail(view: View, point: Point, at: int) -> None:
    facts = [
        (
            "Worth",
            fmt.money(point.worth, view.currency, signed=True),
            "Margin gained plus the change of closing stock",
        ),
        *(
            (KPIS[name].title, fmt.kpi_value(name, point.kpis[name], view.currency), KPIS[name].formula)
            for name in (UP, "margin", "stock_value", "cash")
        ),
    ]
    rows = "".join(
        f'<tr title="{fmt.safe(tip)}"><td>{fmt.safe(name)}</td><td>{fmt.safe(value)}</td></tr>'
        for name, value, tip in facts
    )
    st.html(f'<table class="sop-table"><tbody>{rows}</tbody></table>')
    if point.changes:
        take(view, point.changes, f"frontier_{at}", point.name)
    else:
        said = (
            "The plan without any change."
            if point.base
            else "This is the plan as it stands: nothing to take."
        )
        st.html(f'<p class="sop-quiet">{said}</p>')
