"""The look that Streamlit's theme cannot say: tabular figures, the KPI strip, dense levers, no jumps."""

from __future__ import annotations

import streamlit as st

from sop_core.charts.roles import Palette, palette


def is_dark() -> bool:
    """Whether this session's surface is dark; light until the browser has told."""
    return st.context.theme.type == "dark"


def colours() -> Palette:
    """This session's palette."""
    return palette(is_dark())


def apply() -> None:
    """Adds the styles to the page; call once a run, before anything else is drawn."""
    p = colours()
    st.html(f"<style>{_variables(p)}{_STYLES}</style>")


def _variables(p: Palette) -> str:
    return (
        f":root{{--sop-surface:{p.surface};--sop-raised:{p.raised};--sop-ink:{p.ink};--sop-muted:{p.muted};"
        f"--sop-line:{p.grid};--sop-accent:{p.accent};--sop-good:{p.favourable};--sop-bad:{p.unfavourable};"
        f"--sop-shortage:{p.shortage};--sop-base:{p.base}}}"
    )


_STYLES = """
.stApp{font-variant-numeric:tabular-nums lining-nums}
/* Screens for planners are wide: the room beside the page belongs to it. */
.stMainBlockContainer{padding-left:1.5rem;padding-right:1.5rem;max-width:1880px}
/* The first visitor after a start would get a wider sidebar than all others. */
[data-testid="stSidebar"]{max-width:200px!important}
/* Numbers stay and dim while a plan is worked out; they never flash. */
[data-stale="true"]{opacity:.55;transition:opacity .15s ease .25s}
.sop-headline{font-size:1.05rem;font-weight:600;line-height:1.35;margin:0;color:var(--sop-ink)}
.sop-quiet{color:var(--sop-muted);font-size:.8rem;line-height:1.35}
.sop-strip{display:grid;grid-auto-flow:column;grid-auto-columns:1fr;gap:.5rem}
.sop-kpi{background:var(--sop-raised);border:1px solid var(--sop-line);border-radius:6px;padding:.4rem .65rem;
 height:6.1rem;overflow:hidden;display:flex;flex-direction:column;justify-content:space-between;position:relative}
.sop-kpi b{font-weight:500;font-size:.76rem;color:var(--sop-muted);white-space:nowrap;overflow:hidden;
 text-overflow:ellipsis}
.sop-kpi strong{font-size:1.22rem;font-weight:600;line-height:1.15;white-space:nowrap;color:var(--sop-ink)}
.sop-kpi span{font-size:.74rem;color:var(--sop-muted);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.sop-kpi img{width:100%;height:14px}
.sop-good{color:var(--sop-good)!important}
.sop-bad{color:var(--sop-bad)!important}
.sop-table{border-collapse:collapse;width:100%;font-size:.8rem}
.sop-table th{font-weight:500;color:var(--sop-muted);text-align:right;padding:.25rem .5rem;
 border-bottom:1px solid var(--sop-line)}
.sop-table td{text-align:right;padding:.25rem .5rem;border-bottom:1px solid var(--sop-line);white-space:nowrap}
.sop-table th:first-child,.sop-table td:first-child{text-align:left}
.sop-group{font-size:.72rem;font-weight:600;letter-spacing:.04em;text-transform:uppercase;color:var(--sop-muted);
 padding-top:.35rem;white-space:nowrap}
/* Twelve rows of levers must fit a laptop's screen. */
.st-key-levers .stSlider{margin-bottom:-.6rem}
.st-key-levers .stSlider label{margin-bottom:-.15rem}
.st-key-levers [data-testid=stSliderTickBar]{display:none}
.st-key-levers .stSlider label p{font-size:.8rem}
.st-key-levers button{min-height:1.75rem;padding-top:0;padding-bottom:0}
.st-key-changes button{min-height:1.4rem;padding:0 .1rem}
.sop-said{font-size:.82rem;line-height:1.3}
.sop-said.sop-muted{color:var(--sop-muted);text-decoration:line-through}
.sop-short{font-size:.82rem;line-height:1.35}
.sop-short li{font-size:.82rem}
.sop-short ol{margin:.1rem 0 0;padding-left:1.2rem}
.sop-context{font-size:.78rem;color:var(--sop-muted);line-height:1.3;padding-top:.15rem}
.sop-context b{color:var(--sop-ink);font-weight:600}
"""
