"""What was corrected in the history before it was forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.parts import context
from pages.parts import format as fmt
from pages.parts.demand.methods import titled
from pages.parts.tables import download, listing


def render(view: context.View) -> None:
    """Lists the corrections."""
    history = view.company.history
    if history is None:
        return
    frame = history.corrections_frame()
    if not len(frame):
        st.html('<p class="sop-quiet">The history was taken as it is: nothing to correct was found.</p>')
        return
    kinds = frame["kind"].value_counts()
    said = ", ".join(f"{count:,} x {kind}" for kind, count in kinds.items())
    st.html(
        f'<p class="sop-quiet">{len(frame):,} corrections on the way to the forecast: {fmt.safe(said)}.</p>'
    )
    names: Sequence[str] = [n for n, take in zip(view.inputs.items, view.items, strict=True) if take]
    shown = frame[frame["item"].isin([*names, "All"])].head(1000)
    shown = shown.assign(item=titled(shown["item"], view.inputs))
    listing(shown, "corrections", height=360, config=_QUANTITIES)
    if len(shown) < len(frame):
        st.caption(f"{len(shown):,} of {len(frame):,} shown; the download has them all.")
    download("All corrections", frame, "corrections.csv", "corrections_csv")


_QUANTITIES: dict[str, Any] = {
    "before": st.column_config.NumberColumn(format="localized"),
    "after": st.column_config.NumberColumn(format="localized"),
}
