"""Trade-offs: why the plan is as it is, what moves it from plan to plan, what could be done, what could go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from pages.parts import context, state
from pages.parts.tradeoffs import bridge, options, risk, why

#: The parts of the page, in the order of the meeting.
SECTIONS: Mapping[str, Callable[[context.View], None]] = MappingProxyType(
    {
        "Why": why.render,
        "Bridge": bridge.render,
        "Options": options.render,
        "Risk": risk.render,
    }
)


def render() -> None:
    """The page."""
    if not state.has_data():
        st.html('<p class="sop-headline">There is no plan to weigh yet.</p>')
        st.page_link("pages/data.py", label="Bring the company's files", icon=":material/upload_file:")
        return
    view = context.bar()
    SECTIONS[context.section(list(SECTIONS), "tradeoffs_view")](view)


if __name__ == "__main__":
    render()
