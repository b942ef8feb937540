"""Product review: what comes, what goes, what it is sold at, what it earns, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from pages.parts import context, state
from pages.parts.products import launches, modes, phase_outs, portfolio, prices, promotions

#: The parts of the page, in the order of the review. A part that needs a supply plan asks for `view.plan` itself,
#: with a spinner; the others show demand alone.
SECTIONS: Mapping[str, Callable[[context.View], None]] = MappingProxyType(
    {
        "Launches": launches.render,
        "Phase-outs": phase_outs.render,
        "Prices": prices.render,
        "Promotions": promotions.render,
        "Portfolio": portfolio.render,
        "Production mode": modes.render,
    }
)


def render() -> None:
    """The page."""
    if not state.has_data():
        st.html('<p class="sop-headline">There are no products to review yet.</p>')
        st.page_link("pages/data.py", label="Bring products and sales", icon=":material/upload_file:")
        return
    view = context.bar(planned=False)
    SECTIONS[context.section(list(SECTIONS), "products_view")](view)


if __name__ == "__main__":
    render()
