"""Executive: what is proposed, the financial year, and the signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from pages.parts import context, state
from pages.parts.executive import proposal, sign, signed, year

#: The parts of the page, in the order of the meeting.
SECTIONS: Mapping[str, Callable[[context.View], None]] = MappingProxyType(
    {
        "Proposal": proposal.render,
        "Financial year": year.render,
        "Sign-off": sign.render,
    }
)


def render() -> None:
    """The page."""
    if not state.has_data():
        st.html('<p class="sop-headline">There is no plan to decide on yet.</p>')
        st.page_link("pages/data.py", label="Bring the company's files", icon=":material/upload_file:")
        return
    view = context.bar()
    section = SECTIONS[context.section(list(SECTIONS), "executive_view")]
    signoff = signed.opened()
    if signoff is not None:
        signed.banner(signoff)
    section(view)


if __name__ == "__main__":
    render()
