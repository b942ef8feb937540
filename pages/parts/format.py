"""Numbers, months and differences as they are written on every screen, and text made harmless inside a page.

How numbers are written is said once, in `sop_core.wording`: exports write them alike.
"""

from __future__ import annotations

import html

from sop_core.wording import (
    DASH,
    Delta,
    exact,
    kpi_delta,
    kpi_exact,
    kpi_value,
    money,
    months,
    percent,
    short,
    unit_label,
)

__all__ = [
    "DASH",
    "Delta",
    "exact",
    "kpi_delta",
    "kpi_exact",
    "kpi_value",
    "money",
    "months",
    "percent",
    "plain",
    "safe",
    "short",
    "unit_label",
]


def safe(text: object) -> str:
    """Text from data, made harmless inside HTML."""
    return html.escape(str(text), quote=True)


def plain(text: object) -> str:
    """Text from data, made harmless inside Markdown: a product called `*A*` stays `*A*`."""
    out = str(text).replace("\\", "\\\\")
    for mark in "`*_{}[]()#+!|~<>$:":
        out = out.replace(mark, "\\" + mark)
    return out
