"""Screens: one module for each step of the S&OP month. They read state, call the core and render."""

from __future__ import annotations

import traceback
from pathlib import Path


def _hand_over() -> None:
    """Gives a page that runs without app.py back to it.

    Streamlit takes the files of a folder called `pages` for an app's pages until `st.navigation` has been called
    once in a server's life. So whoever follows a link to a page as the first visitor after a start would see it
    without navigation and theme. This package is imported for the first time in just that run: navigation is
    declared, and the run starts again, from app.py.
    """
    page = _running_page()
    if page is not None:
        import streamlit as st

        # Two pages, because an only one would be the default and lose its own address.
        st.navigation([st.Page(_nothing, default=True), st.Page(page)])
        st.rerun()


def _nothing() -> None:
    """Stands in for the default page while a run is handed over."""


def _running_page() -> Path | None:
    """The file of a page that is being run as a script with no app.py around it."""
    here, found = Path(__file__).resolve().parent, None
    for frame, _ in traceback.walk_stack(None):
        if frame.f_globals.get("__name__") == "__main__":
            path = Path(frame.f_globals.get("__file__", "")).resolve()
            if path == here.parent / "app.py":
                return None
            found = path if path.parent == here else found
    return found


_hand_over()
