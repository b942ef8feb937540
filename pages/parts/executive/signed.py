"""A signed plan opened again: which one the address names, its pack and rows as signed, and the banner that says so."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from sop_core.errors import SopError
from sop_core.pack.value import Pack
from sop_core.signoff.record import Signoff
from sop_core.store import Store

#: The address's parameter.
SIGNOFF = "signoff"


def opened() -> Signoff | None:
    """The sign-off that the address asks for; None where it asks for none, or for one that cannot be opened (that is
    said where this is called)."""
    asked = st.query_params.get(SIGNOFF, "")
    if not asked:
        return None
    try:
        if not asked.isdecimal():
            raise SopError(f"“{asked[:20]}” is no number of a sign-off. Choose one from the list.")
        return state.store().signoffs.get(int(asked))
    except SopError as error:
        st.warning(
            f"{fmt.plain(str(error))} What you see is the plan as it stands.", icon=":material/link_off:"
        )
        del st.query_params[SIGNOFF]
        return None


def pack_of(signed: Signoff) -> Pack:
    """The pack as it was signed. Raises StoreError where it cannot be read."""
    return _pack(str(state.store_path()), signed.number, signed.digest, state.store())


def frames_of(signed: Signoff) -> dict[str, pd.DataFrame]:
    """The plan's frames as they were signed. Raises StoreError where they are not."""
    return state.store().signoffs.frames(signed.number)


@st.cache_resource(max_entries=8, show_spinner=False)
def _pack(path: str, number: int, digest: str, _store: Store) -> Pack:
    return _store.signoffs.pack(number)


def show(number: int) -> None:
    """Opens a sign-off from the next run on; for callbacks."""
    st.query_params[SIGNOFF] = str(number)


def close() -> None:
    """Goes back to the plan as it stands; for callbacks."""
    st.query_params.pop(SIGNOFF, None)


def banner(signed: Signoff) -> None:
    """Who signed what is shown, when, whether it is still in force, and the way back."""
    after = state.store().signoffs.superseded(signed.number)
    said = f"<b>Signed: {fmt.safe(signed.scenario)}</b>, sign-off {signed.number} for {fmt.safe(signed.cycle_title)}. "
    said += f"{fmt.safe(signed.signer())}, {fmt.safe(when(signed))}. "
    if after is None:
        said += "In force. This is what was signed; it is read-only."
    else:
        said += f"Superseded by sign-off {after.number} ({fmt.safe(after.reason)}). It is read-only."
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", gap="small", key="signed_banner"
    ):
        st.html(f'<div role="status">{said}</div>')
        if after is not None:
            st.button(
                f"Open sign-off {after.number}",
                key="signed_after",
                on_click=show,
                args=(after.number,),
                type="tertiary",
            )
        st.button("Back to the live plan", icon=":material/arrow_back:", key="signed_back", on_click=close)


def when(signed: Signoff) -> str:
    """`2026-11-22 14:05 UTC`."""
    return f"{signed.at.replace('T', ' ')[:16]} UTC"
