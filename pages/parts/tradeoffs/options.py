"""Options: what could be done about the plan, what a goal would take, where the frontier lies. One question at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from pages.parts import context, state
from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.tradeoffs import options_find, options_frontier, options_goal
from pages.parts.tradeoffs.options_kept import Question
from sop_core.changes import GROUPS
from sop_core.errors import SopError

#: The three questions, in the order of the meeting.
QUESTIONS: Mapping[str, Callable[[View, Question], None]] = MappingProxyType(
    {
        "What pays": options_find.render,
        "What would it take": options_goal.render,
        "Frontier": options_frontier.render,
    }
)


def render(view: View) -> None:
    """The section."""
    message = st.empty()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="options_bar"):
        asked = context.section(list(QUESTIONS), "options_view")
        agreed = state.store().agreements.current(view.inputs.months[0]) is not None
        leave = st.pills(
            "Leave alone", list(GROUPS), selection_mode="multi", default=["Demand"] if agreed else [],
            key="options_leave",
            help="Groups of levers that are not proposed. Where this cycle's demand is agreed, demand is left alone "
            "unless you say otherwise. Frozen months, promotions under way and what the scenario has decided about "
            "are always left alone.",
        )  # fmt: skip
    try:
        with st.spinner("Planning the scenario"):
            question = Question.of(view, tuple(leave or ()), message)
    except SopError as error:
        st.error(f"This scenario cannot be planned, so nothing can be tried on it: {error}")
        return
    question.say(question.hurts)
    QUESTIONS[asked](view, question)
    st.caption(
        "**Worth** is the margin gained over the plan's months plus the change of the stock value left at the end: "
        f"stock run down by then is money moved, not earned. All against {fmt.plain(view.scenario.name)} as it stands."
    )
