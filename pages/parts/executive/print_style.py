"""The look of the proposal: one screen for a projector, two pages of A4 on paper, the same HTML on both.

Type grows with the width of the screen. The pictures are drawn in one size and scaled as a whole by CSS alone, so they
fit any screen and, without another drawing, the paper; on paper everything is on white, whatever the screen is.
"""

from __future__ import annotations

import streamlit as st

from sop_core.charts.executive import HEIGHT, WIDTH
from sop_core.charts.roles import LIGHT, Palette


def apply(palette: Palette) -> None:
    """Adds the styles of the page and of its print to this run."""
    st.html(f"<style>{_SCREEN}{_PICTURES}{_PRINT}{_PAPER if palette.dark else ''}</style>")


_SCREEN = """
.stMain{--ex:clamp(13px,.4vw + 7.6px,16px)}
.ex{font-size:var(--ex);line-height:1.4;color:var(--sop-ink)}
.ex p{margin:0;font-size:inherit;line-height:inherit}
.ex ul,.ex ol,.ex dl{font-size:inherit!important}
.ex h3{font-size:1.02em;font-weight:650;margin:0 0 .2em;padding:0;line-height:1.3}
.ex h3 i{font-style:normal;font-weight:400;color:var(--sop-muted)}
.ex .quiet,.ex.quiet{color:var(--sop-muted)}.ex .quiet{font-size:.88em}
.ex.quiet{font-size:calc(.88*var(--ex))}
.ex .sop-good,.ex .sop-bad{font-weight:600}
.ex-top{font-size:.88em;color:var(--sop-muted)}
.ex-said{font-size:1.42em!important;font-weight:650;line-height:1.28!important;max-width:78em;text-wrap:pretty}
.ex-more{margin:.35em 0 0;padding-left:1.15em}.ex .ex-more li{font-size:1em!important;line-height:1.4;margin:0}
.ex-kpis{display:grid;gap:.5em;grid-template-columns:repeat(var(--half),minmax(0,1fr));margin-top:.8em}
.ex-targets{font-size:.93em!important;margin-top:.4em!important}.ex-targets b{font-weight:600}
.ex-kpi{background:var(--sop-raised);border:1px solid var(--sop-line);border-radius:6px;padding:.45em .75em .5em}
.ex-kpi b{display:block;font-weight:500;font-size:.92em;color:var(--sop-muted)}
.ex-kpi strong{display:block;font-size:1.55em;font-weight:650;line-height:1.2}
.ex .ex-kpi dl{margin:.2em 0 0;padding:0}
.ex-kpi dl div{display:flex;flex-wrap:wrap;gap:0 .6em;justify-content:space-between;border-top:1px solid var(--sop-line);
 padding:.12em 0;font-size:.86em}
.ex-kpi dt{font-weight:400;color:var(--sop-muted)}.ex-kpi dt em{font-style:normal;color:var(--sop-ink)}
.ex-kpi dd{margin:0;white-space:nowrap}
.ex table{border-collapse:collapse;width:100%;font-size:.93em}
.ex th{font-weight:500;color:var(--sop-muted);text-align:right;padding:.2em .45em;border-bottom:1px solid var(--sop-line);
 vertical-align:bottom;font-size:.92em}
.ex td{text-align:right;padding:.22em .45em;border-bottom:1px solid var(--sop-line);white-space:nowrap;
 vertical-align:top}
.ex th:first-child,.ex td:first-child{text-align:left;white-space:normal;padding-left:.2em;overflow-wrap:anywhere}
.ex tr.chosen td{background:color-mix(in srgb,var(--sop-accent) 9%,var(--sop-surface));font-weight:600}
.ex tr.said td{padding-top:0;white-space:normal;text-align:left;font-weight:400;color:var(--sop-muted);font-size:.92em;
 line-height:1.35}
.ex tr:has(+.said) td{border-bottom:0;padding-bottom:.05em}
.ex td small{display:block;font-size:.88em;font-weight:400;color:var(--sop-muted);line-height:1.3}
.ex td small.sop-good,.ex td small.sop-bad{font-weight:400}
.ex-chip{font-size:.8em;font-weight:600;border:1px solid currentColor;border-radius:999px;padding:0 .55em;
 white-space:nowrap;display:inline-block;line-height:1.45}
.ex-chip.pick{color:var(--sop-accent)}
.ex .ex-threats{margin:0;padding:0;list-style:none;counter-reset:n}
.ex .ex-threats li{counter-increment:n;position:relative;padding:.15em 0 .3em 1.9em;font-size:1em!important;margin:0;
 line-height:1.4}
.ex-threats li::before{content:counter(n);position:absolute;left:0;top:.25em;width:1.35em;height:1.35em;
 line-height:1.35em;
 text-align:center;border-radius:50%;background:var(--sop-bad);color:var(--sop-surface);font-weight:650;font-size:.86em}
.ex-threats b{font-weight:650}.ex-threats em{font-style:normal;font-weight:650;float:right;margin-left:1em}
.ex-card h4{font-size:1.08em;font-weight:650;margin:0 0 .1em;padding:0;display:flex;gap:.55em;align-items:baseline;
 flex-wrap:wrap;line-height:1.3;overflow-wrap:anywhere}
.ex-card ul{margin:.15em 0;padding-left:1.1em}.ex-card li{font-size:.95em!important;line-height:1.35;margin:0}
.ex-card{display:flex;flex-direction:column;gap:.3em}
.ex-card .waits{font-weight:650}
.ex-card blockquote{margin:.1em 0 0;padding:0 0 0 .7em;border-left:3px solid var(--sop-line);font-style:normal}
.ex-empty{border:1px dashed var(--sop-line);border-radius:6px;padding:.7em .9em;color:var(--sop-muted)}
.st-key-exec_body{display:grid!important;grid-template-columns:minmax(0,1.6fr) minmax(0,1fr);gap:1rem 1.6rem;
 grid-template-areas:"year scenarios" "year risk" "threats risk";grid-template-rows:auto auto 1fr}
.st-key-exec_body>:has(.st-key-exec_pictures){grid-area:year}
.st-key-exec_body>:has(.st-key-exec_scenarios){grid-area:scenarios}
.st-key-exec_body>:has(.st-key-exec_risk){grid-area:risk}
.st-key-exec_body>:has(.st-key-exec_threats){grid-area:threats}
.st-key-exec_risk{min-height:15rem}
.st-key-exec_cards{display:grid!important;grid-template-columns:repeat(2,minmax(0,1fr));gap:.8rem;align-items:start}
.st-key-exec_cards form,.st-key-exec_cards [data-testid=stForm]{padding:0;border:0}
.ex-print{display:none}
@media (min-width:1280px){.ex-kpis{grid-template-columns:repeat(var(--all),minmax(0,1fr))}}
@media (max-width:1279px){.st-key-exec_body{grid-template-columns:minmax(0,1fr);grid-template-rows:none;
 grid-template-areas:"year" "scenarios" "risk" "threats"}}
@media (max-width:899px){.st-key-exec_cards,.st-key-exec_pictures{grid-template-columns:minmax(0,1fr)!important}
 .ex-kpis{grid-template-columns:repeat(2,minmax(0,1fr))}}
"""

#: A length over a length is a plain number only since lately; the tangent of its arc has been one for years.
_PICTURES = f"""
.st-key-exec_pictures{{display:grid!important;grid-template-columns:repeat(2,minmax(0,1fr));gap:.8rem 1.4rem;
 align-content:start}}
[class*=st-key-exec_pic_]{{container-type:inline-size;gap:.1rem!important}}
[class*=st-key-exec_pic_] [data-testid=stElementContainer]:has([data-testid=stPlotlyChart]){{
 height:calc(100cqw*{HEIGHT}/{WIDTH})!important;flex:none!important;width:100%!important;overflow:hidden}}
/* Streamlit measures this box and draws the picture in its size; what is in it is scaled. */
[class*=st-key-exec_pic_] [data-testid=stFullScreenFrame],
[class*=st-key-exec_pic_] [data-testid=stPlotlyChart]{{width:{WIDTH}px!important;min-width:{WIDTH}px!important;
 height:{HEIGHT}px!important}}
[class*=st-key-exec_pic_] .js-plotly-plot{{transform-origin:0 0;transform:scale(tan(atan2(100cqw,{WIDTH}px)))}}
[class*=st-key-exec_pic_] [data-testid=stElementToolbar]{{display:none}}
"""

_PRINT = """
@page{size:A4 portrait;margin:11mm 12mm}
@media print{
 html,body,#root,.stApp,[data-testid=stAppViewContainer],.stMain,.stMainBlockContainer{position:static!important;
  display:block!important;height:auto!important;min-height:0!important;overflow:visible!important;inset:auto!important}
 .stApp,body{background:#fff!important}
 .stMainBlockContainer{padding:0!important;max-width:none!important}
 .stMain{--ex:8pt;width:auto!important}
 *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
 [data-testid=stSidebar],[data-testid=stHeader],[data-testid=stToolbar],[data-testid=stStatusWidget],
 [data-testid=stDecoration],[data-testid=stBottom],.st-key-context_bar,.st-key-executive_view,
 [data-testid=stElementContainer]:has([data-testid=stButtonGroup]),.st-key-exec_choose,.st-key-exec_foot,
 [data-testid=stLayoutWrapper]:has(>.st-key-exec_foot),
 .st-key-exec_cards [data-testid=stForm],.stButton,.stDownloadButton,.stPageLink,.stExpander,.stAlert,iframe{
  display:none!important}
 .ex-print{display:inline}.ex-screen{display:none!important}
 .stMain [data-testid=stVerticalBlock]{gap:.7em!important}
 .ex-said{font-size:1.3em!important}
 .ex-kpis{grid-template-columns:repeat(var(--half),minmax(0,1fr));margin-top:.5em;gap:.4em}
 .ex-kpi{padding:.25em .6em .3em}
 .ex .ex-kpi dl div{padding:.02em 0}
 .ex-kpi strong{font-size:1.4em}
 .st-key-exec_body{display:block!important}
 .st-key-exec_pictures{grid-template-columns:repeat(2,minmax(0,1fr))!important;gap:.6em 1.4em!important;
  margin-bottom:.8em}
 .st-key-exec_body>*{margin-bottom:.5em}
 .ex-block,.ex-kpi,.ex-card,.ex tr,.ex-threats li,[class*=st-key-exec_pic_],[class*=st-key-exec_card_]{
  break-inside:avoid}
 [data-testid=stElementContainer]:has(.ex-heading){break-after:avoid}
 .stMain [class*=st-key-exec_pic_][data-testid=stVerticalBlock]{gap:0!important}
 .st-key-exec_cards{grid-template-columns:repeat(2,minmax(0,1fr))!important;gap:.8em!important}
 [class*=st-key-exec_card_]{padding:.5em .7em!important}
 .ex-many ul,.ex-many .ex-small{display:none}
}
"""


def _paper() -> str:
    """On paper the surface is white: the colours of the light page, and pictures with their lightness turned over."""
    p = LIGHT
    return (
        f"@media print{{:root{{--sop-surface:{p.surface};--sop-raised:{p.raised};--sop-ink:{p.ink};--sop-muted:{p.muted};"
        f"--sop-line:{p.grid};--sop-accent:{p.accent};--sop-good:{p.favourable};--sop-bad:{p.unfavourable};"
        f"--sop-shortage:{p.shortage};--sop-base:{p.base}}}"
        "[class*=st-key-exec_pic_] .js-plotly-plot{filter:invert(1) hue-rotate(180deg)}}"
    )


_PAPER = _paper()
