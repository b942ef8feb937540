"""Moments as people say them, in the time zone of whoever looks."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def zone() -> dt.tzinfo:
    """The time zone of the browser; UTC where it says none, or one that this machine does not know."""
    name = st.context.timezone
    if not name:
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return dt.UTC


def moment(at: dt.datetime) -> str:
    """`22 Nov 10:14`, with the year where it is not this one's, and UTC where that is what it is."""
    local = at.astimezone(zone())
    year = "" if local.year == dt.datetime.now(local.tzinfo).year else f" {local.year}"
    utc = " UTC" if local.tzinfo is dt.UTC else ""
    return f"{local.day} {local:%b}{year} {local:%H:%M}{utc}"
