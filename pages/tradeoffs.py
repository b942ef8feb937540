"""Trade-offs: why the plan is as it is, what moves it from plan to plan, what could be done, what could go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from pages.parts import context, state
from pages.parts import format as fmt
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
    section = context.section(list(SECTIONS), "tradeoffs_view")
    if said := unused(section, view):
        st.html(f'<p class="sop-quiet">{fmt.safe(said)}</p>')
    SECTIONS[section](view)


def unused(section: str, view: context.View) -> str:
    """What to say where a filter that is set does not act in a section; "" where all that are set act."""
    places = [name for name in (view.region, view.segment) if name != context.ALL]
    items = [view.item] if view.item != context.ALL and section == "Options" else []
    if section == "Risk" or not (places or items):
        return ""  # the risk says it beside its headline
    chosen = ", ".join(items + places)
    return f"Supply is shared, so this is answered for all of the company: {chosen} is not singled out."


if __name__ == "__main__":
    render()
