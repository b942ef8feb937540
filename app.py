"""The planner: navigation by the month, page setup, and the frame around every page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts import state, theme

ICON = Path(__file__).parent / "static" / "icon.svg"
PAGES = {
    "This month": [
        st.Page("pages/overview.py", title="Overview", icon=":material/monitoring:", default=True),
    ],
    "Review": [
        st.Page("pages/data.py", title="Data", icon=":material/database:"),
        st.Page("pages/products.py", title="Products", icon=":material/category:"),
        st.Page("pages/demand.py", title="Demand", icon=":material/trending_up:"),
        st.Page("pages/supply.py", title="Supply", icon=":material/factory:"),
    ],
    "Decide": [
        st.Page("pages/scenarios.py", title="Scenarios", icon=":material/tune:"),
        st.Page("pages/tradeoffs.py", title="Trade-offs", icon=":material/balance:"),
        st.Page("pages/meeting.py", title="Pre-S&OP", icon=":material/groups:"),
        st.Page("pages/executive.py", title="Executive", icon=":material/approval:"),
    ],
}

st.set_page_config(page_title="S&OP", page_icon=str(ICON), layout="wide", initial_sidebar_state=200)
page = st.navigation(PAGES, position="sidebar", expanded=True)
theme.apply()
st.session_state["_page"] = page.url_path
with state.explained():
    page.run()
