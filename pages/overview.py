"""Overview: where the company stands this month, and what needs a decision."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts import budget, cached, context, filters, goals, state
from pages.parts import format as fmt
from pages.parts.grid import Past, flows, unit_of
from sop_core import headline
from sop_core.charts.overview import Balance, balance_chart
from sop_core.charts.template import CONFIG
from sop_core.inputs import Floats
from sop_core.plan import Plan

#: Past months beside the horizon in the picture.
_PAST = 12
#: What a card's link says, by the page it leads to.
_WAYS = {"supply": "See it on Supply", "demand": "See it on Demand", "scenarios": "Try a change in Scenarios"}

_STYLES = """<style>
.sop-card{border:1px solid var(--sop-line);border-left:3px solid var(--sop-bad);border-radius:6px;
 padding:.45rem .7rem;background:var(--sop-raised);color:var(--sop-ink)}
.sop-card.calm{border-left-color:var(--sop-good)}
.sop-card b{font-size:.84rem;font-weight:600;line-height:1.3;display:block}
.sop-card em{float:right;line-height:1.3;font-style:normal;font-weight:600;font-size:.84rem;margin-left:.6rem}
.sop-card p{margin:.1rem 0 0;font-size:.8rem;line-height:1.35;color:var(--sop-ink)}
[class*="st-key-attention_"] a{padding:0 .2rem;min-height:1.3rem}
[class*="st-key-attention_"] a *{font-size:.78rem!important;color:var(--sop-accent)}
/* The link stands behind the headline's last word, as it would in a text. */
.st-key-headline,.st-key-headline div,.st-key-headline p.sop-headline{display:inline!important;width:auto!important}
.st-key-headline a{display:inline-flex!important;width:auto!important;padding:0 .3rem;min-height:1.3rem;
 vertical-align:baseline}
.st-key-headline a *{font-size:.86rem!important;color:var(--sop-accent)}
.sop-part{font-size:.9rem;font-weight:600;margin:.1rem 0 .35rem;color:var(--sop-ink)}
</style>"""


def render() -> None:
    """The page."""
    if not state.has_data():
        empty()
        return
    view = context.bar()
    plan, base, company = view.plan, view.base, view.company
    st.html(_STYLES)
    sentence = headline.overview(plan, base, company, way_out=way_out(plan))
    with st.container(key="headline", gap=None):
        st.html(f'<p class="sop-headline">{fmt.safe(sentence.text)}</p>')
        _link(sentence.link, "See why", sentence.why)
    st.html(goals.strip(company, plan, base, view.palette))
    picture, cards = st.columns([2, 1], gap="medium")
    with picture:
        _picture(view)
    with cards:
        _cards(view)
    _budget(view)


def way_out(plan: Plan) -> str:
    """The best way out of the largest shortage as a sentence; "" where nothing is short or nothing helps."""
    cell = headline.worst_cell(plan)
    if cell is None:
        return ""
    return headline.way_out(state.ways_out(plan, *cell), plan.inputs.currency)


def empty() -> None:
    """What a newcomer sees: what to bring, and the way there."""
    st.html('<p class="sop-headline">There is no company here yet.</p>')
    st.markdown(
        "Bring one file to begin: **sales** with month, product and quantity gives a forecast and a demand "
        "review. Resources, sources and routings add the supply plan; prices and costs add the money."
    )
    st.page_link("pages/data.py", label="Bring your files", icon=":material/upload_file:")


def _link(page: str, label: str, why: str = "") -> None:
    """A link to another page of the app, which keeps the session and what the context bar has chosen: to the
    explanation where there is one."""
    if why:
        asked = {"tradeoffs_view": "Why", "why": why}
        st.page_link("pages/tradeoffs.py", label="See why", icon="", width="content", query_params=asked)
    elif page:
        st.page_link(f"pages/{page}.py", label=label, icon="", width="content")


def balance(view: context.View, plan: Plan, past: Past) -> Balance:
    """Demand, supply and stock of the items in view, everywhere, in units or at standard cost."""
    money = view.show == context.MONEY
    value: Floats | None = view.inputs.item.unit_cost if money else None
    window = past.window(_PAST) if value is None else past.window(_PAST).valued(value)
    now = flows(plan, view.items, value)

    def total(values: Floats) -> Floats:
        part = values[view.items]
        empty_months = np.isnan(part).all(axis=0)
        return np.where(empty_months, np.nan, np.nansum(part, axis=0))

    return Balance(
        past_months=window.months,
        past_sales=total(window.sold),
        past_supply=total(window.made),
        past_stock=total(window.stock),
        months=plan.inputs.months,
        demand=now.demand,
        served=now.on_time,
        supply=now.received,
        stock=now.stock + now.transit,
        target=now.target,
        frozen=plan.inputs.policy.frozen_months,
        unit=f"{view.currency} at standard cost" if money else unit_of(view.inputs.item_unit, view.items),
    )


def _picture(view: context.View) -> None:
    past = cached.past(view.company)
    data = balance(view, view.plan, past)
    behind = balance(view, view.base, past) if view.plan.scenario.active else None
    picture = balance_chart(view.palette, data, height=430, base=behind)
    if filters.everywhere(view):
        st.html(f'<p class="sop-quiet">{filters.everywhere(view)}</p>')
    st.plotly_chart(picture.figure, key="balance", theme=None, config=CONFIG, alt=picture.alt)


def _cards(view: context.View) -> None:
    cards = headline.attention(view.plan, view.company)
    st.html('<div class="sop-part">What needs a decision</div>')
    if not cards:
        st.html('<div class="sop-card calm"><b>Nothing is short, full or off its target.</b></div>')
        return
    with st.container(height=397, border=False):
        for n, card in enumerate(cards):
            with st.container(key=f"attention_{n}", gap=None):
                st.html(_card(card, view.currency))
                _link(card.link, _WAYS.get(card.link, "See it"), card.why)


def _card(card: headline.Card, currency: str) -> str:
    amount = f"<em>{fmt.safe(fmt.money(card.money, currency))}</em>" if card.money else ""
    return (
        f'<div class="sop-card">{amount}<b>{fmt.safe(card.title)}</b><p>{fmt.safe(card.sentence)}</p></div>'
    )


_TITLES = {"revenue": "Revenue", "margin": "Margin", "quantity": "Units"}


def _budget(view: context.View) -> None:
    lines = budget.by_year(view.company, view.plan, cached.past(view.company))
    if not lines:
        st.html(
            '<p class="sop-quiet">No budget to compare with: bring <b>budget</b> (month, product or family, '
            "revenue) on the Data page.</p>"
        )
        return
    st.html(budget_html(lines, view.currency))


def budget_html(lines: list[budget.YearLine], currency: str) -> str:
    """Budget, latest estimate and gap by fiscal year, as a small table."""
    years = sorted({line.year for line in lines})
    found = {(line.year, line.measure): line for line in lines}
    measures = [m for m in budget.MEASURES if any((year, m) in found for year in years)]
    tops = "".join(
        f'<th colspan="4" scope="colgroup" style="text-align:center">FY {year % 100:02d}</th>'
        for year in years
    )
    subs = "<th>Budget</th><th>Estimate</th><th>Gap</th><th></th>" * len(years)
    body = ""
    for measure in measures:
        unit = currency if measure != "quantity" else ""
        cells = "".join(_year_cells(found.get((year, measure))) for year in years)
        head = f'<th scope="row" style="text-align:left">{_TITLES[measure]} {fmt.safe(unit)}</th>'
        body += f"<tr>{head}{cells}</tr>"
    return (
        f'<table class="sop-table" style="width:{min(34 * len(years), 100)}%">'
        "<caption hidden>Budget and latest estimate by fiscal year</caption><thead>"
        f'<tr><th style="text-align:left">Budget and latest estimate</th>{tops}</tr>'
        f"<tr><th></th>{subs}</tr></thead><tbody>{body}</tbody></table>"
    )


def _year_cells(line: budget.YearLine | None) -> str:
    if line is None:
        return "<td></td><td></td><td></td><td></td>"
    part = line.gap / abs(line.budget) if line.budget else float("nan")
    style = "" if abs(part) < 0.0005 else "sop-good" if line.gap > 0 else "sop-bad"
    word = {"": "on budget", "sop-good": "favourable", "sop-bad": "unfavourable"}[style]
    return (
        f'<td title="{line.budget:,.0f}">{fmt.short(line.budget)}</td>'
        f'<td title="{line.estimate:,.0f}">{fmt.short(line.estimate)}</td>'
        f'<td class="{style}" title="{line.gap:,.0f}, {word}">{fmt.short(line.gap, signed=True)} '
        f"({fmt.percent(part, signed=True)})</td>"
        f'<td class="sop-quiet">{fmt.safe(line.months)}</td>'
    )


if __name__ == "__main__":
    render()
