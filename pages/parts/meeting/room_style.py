"""The look of the room: no sidebar, large type, heights that follow the projector."""

from __future__ import annotations

import streamlit as st


def apply() -> None:
    """Adds the room's styles to this run's page."""
    st.html(f"<style>{_STYLES}</style>")


_STYLES = """
[data-testid=stSidebar],[data-testid=stSidebarCollapsedControl],[data-testid=stExpandSidebarButton]{display:none}
[data-testid=stHeader]{display:none}
.stMainBlockContainer{padding:.6rem 1.4rem .4rem;max-width:none}
/* A projector's picture is far away: everything grows with it. */
@media (min-width:1700px){html{font-size:18.5px!important}}
.room-head{display:flex;align-items:baseline;gap:1.4rem;white-space:nowrap;overflow:hidden;line-height:1.5}
.room-head b{font-size:1.15rem;font-weight:650;color:var(--sop-ink);overflow:hidden;text-overflow:ellipsis}
.room-head span{font-size:1rem;color:var(--sop-muted)}
.room-head .room-pen{color:var(--sop-accent);font-weight:650}
.room-head .room-away{opacity:.55}
/* Names give way, clocks never do. */
.room-names{display:flex;gap:1.2rem;flex:1 1 auto;min-width:0;overflow:hidden;align-items:baseline}
.room-names span{overflow:hidden;text-overflow:ellipsis;flex:0 1 auto;min-width:2.5rem}
.room-names .room-pen{flex:none}
.room-clocks{display:flex;gap:1.2rem;flex:none;align-items:baseline}
.room-head b{flex:0 1 auto;min-width:8rem}
.room-head .room-clock{font-size:1.15rem;color:var(--sop-ink)}
.room-head .room-over{color:var(--sop-bad);font-weight:650}
[data-testid=stLayoutWrapper]:has(>.st-key-room_join){margin:14vh auto 0}
.room-title{font-size:1.9rem;font-weight:650;line-height:1.15;margin:0;color:var(--sop-ink)}
.room-text{font-size:1.25rem;line-height:1.35;margin:.15rem 0 0;color:var(--sop-ink)}
.room-now{font-size:1.15rem;line-height:1.3;margin:.1rem 0 0;color:var(--sop-muted);font-weight:600}
.room-label{font-size:.95rem;font-weight:600;color:var(--sop-muted);margin:.1rem 0}
.room-said{font-size:1.02rem;line-height:1.25;color:var(--sop-ink)}
.room-said.sop-muted{color:var(--sop-muted);text-decoration:line-through}
/* Room for what may come: two lines of text, two on what became of it; so the pictures never jump. */
.st-key-room_topic{min-height:9rem}
.st-key-room_strip .sop-kpi{height:6.6rem;padding:.4rem .8rem}
.st-key-room_strip .sop-kpi b{font-size:1rem}
.st-key-room_strip .sop-kpi strong{font-size:1.85rem}
.st-key-room_strip .sop-kpi span{font-size:.98rem}
.st-key-room_strip .sop-kpi img{display:none}
.st-key-room_rail button{justify-content:flex-start;text-align:left;min-height:2rem;padding:.3rem .5rem;
 border-radius:6px}
.st-key-room_rail button>div{width:100%;justify-content:flex-start}
.st-key-room_rail button p{font-size:1.02rem;line-height:1.25;white-space:normal;text-align:left}
.st-key-room_side [data-baseweb=tab] p,.st-key-room_side [role=tab] p{font-size:1.1rem;font-weight:600}
.st-key-room_side .stSlider label p{font-size:1.05rem;font-weight:600}
.st-key-room_side .stSlider [data-testid=stSliderThumbValue]{font-size:1.05rem;font-weight:650}
.st-key-room_side [data-testid=stSliderTickBar]{display:none}
.st-key-room_side .stSlider{margin-bottom:-.7rem}
.st-key-room_side .stSlider label{margin-bottom:.45rem}
/* Who follows reads the levers too, though they do not move. */
.st-key-room_side .stSlider label p,.st-key-room_side [data-testid=stSliderThumbValue]{color:var(--sop-ink)!important}
.st-key-room_side form{padding:0}
.st-key-room_side [class*=st-key-room_way_] button p{font-size:1rem;line-height:1.25}
.st-key-room_table_more button p{font-size:1rem}
.st-key-room_foot{margin-top:.6rem;border-top:1px solid var(--sop-line);padding-top:.3rem}
.st-key-room_foot button p,.st-key-room_foot a p{font-size:.95rem!important;color:var(--sop-muted)}
.st-key-room_steps button p{font-size:1.1rem;font-weight:600}
/* The pictures take what the rest leaves of the screen, one half each. */
.st-key-room_pictures [data-testid=stElementContainer],.st-key-room_pictures [data-testid=stFullScreenFrame],
.st-key-room_pictures [data-testid=stFullScreenFrame] div:has([data-testid=stEChartsChart]),
.st-key-room_pictures [data-testid=stEChartsChart]{
 height:max(11rem,calc((100vh - 27.2rem)/2))!important;min-height:0!important}
"""
