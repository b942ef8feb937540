"""What the reading pages work out once per data version, shared by all sessions and never edited."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import state
from pages.parts.grid import Past, past_facts
from sop_core.planner import Company
from sop_core.schema import TABLES

#: Months of the past that charts may show.
PAST_MONTHS = 36


@st.cache_resource(max_entries=2, show_spinner=False)
def _past(version: int, fingerprint: str, _company: Company) -> Past:
    return past_facts(_company, PAST_MONTHS)


def past(company: Company) -> Past:
    """Sales, production and stock of the last three years before the plan."""
    return _past(company.snapshot.version, company.snapshot.fingerprint, company)


@st.cache_resource(max_entries=2, show_spinner=False)
def _freshness(path: str, version: int) -> pd.DataFrame:
    return freshness_frame(state.store().tables(version))


def freshness(version: int) -> pd.DataFrame:
    """Rows and first and last month of every table at a data version; read once."""
    return _freshness(str(state.store_path()), version)


def freshness_frame(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a contract table: table, title, rows, first, last (NaT where it has no dates), meaning."""
    rows = []
    for name, table in TABLES.items():
        frame = tables.get(name, pd.DataFrame())
        dated = [c.name for c in table.columns if c.kind in ("date", "month") and c.required]
        dates = frame[dated[0]].dropna() if dated and len(frame) else pd.Series(dtype="datetime64[us]")
        first, last = (dates.min(), dates.max()) if len(dates) else (pd.NaT, pd.NaT)
        rows.append((name, table.title, len(frame), first, last, table.meaning))
    return pd.DataFrame(rows, columns=["table", "title", "rows", "first", "last", "meaning"])
