"""Pre-S&OP: the room, decisions and open issues for the executives, and what the plan does to the money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from pages.parts import context, state
from pages.parts.meeting import decisions, financials, issues, room

#: The parts of the page, in the order of the meeting.
SECTIONS: Mapping[str, Callable[[context.View], None]] = MappingProxyType(
    {
        "Room": room.render,
        "Decisions": decisions.render,
        "Issues": issues.render,
        "Financials": financials.render,
    }
)


def render() -> None:
    """The page."""
    if not state.has_data():
        st.html('<p class="sop-headline">There is no plan to meet on yet.</p>')
        st.page_link("pages/data.py", label="Bring the company's files", icon=":material/upload_file:")
        return
    if room.asked_for():
        room.enter()
        return
    view = context.bar()
    SECTIONS[context.section(list(SECTIONS), "meeting_view")](view)


if __name__ == "__main__":
    render()
