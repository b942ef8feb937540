"""What pays: levers tried one by one and together, ranked by what they are worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.tables import download, listing
from pages.parts.tradeoffs.options_kept import (
    PLANS,
    UNASKED,
    Question,
    answer,
    earlier,
    seconds,
    take,
    unasked,
    under_way,
)
from sop_core.kpis import KPIS, favourable
from sop_core.options import EFFORT_RULE, Found, Option, find_options, pains

NAME = "options"
#: Rows of the table seen without scrolling in it.
_ROWS, _LINE = 9, 32
#: Lines of what hurts, and what their money is.
_PAINS = 14
_AT_STAKE = (
    "Decides what is looked at first. Orders late or lost: their revenue. Overtime, shifts: what they cost. Contracts: "
    "what a tenth more would be worth, or what holding the minimum costs. Stock: what holding it costs over the plan."
)
#: column -> KPI whose difference it shows; worth is no KPI and more is better.
_COLUMNS = {
    "Worth": "",
    "Margin": "margin",
    "Service": "service_level",
    "Stock": "stock_value",
    "Cash": "cash",
}


def render(view: View, question: Question) -> None:
    """The section."""
    by_itself = unasked(NAME, question)
    start = st.button(
        "Find options", icon=":material/search:", type="primary", key="options_start",
        help="Tries the levers that could help where this plan hurts, re-plans each exactly, combines the best. "
        "It runs beside the screen and can be stopped. Where plans are quick it starts by itself, once a scenario.",
    )  # fmt: skip
    found: Found | None = answer(
        NAME,
        question.key,
        question,
        lambda planner, tell, stopped: find_options(
            planner, question.plan.scenario, question.rules, tell, stopped
        ),
        start or by_itself,
    )
    if found is None:
        if under_way(NAME, question.key):
            _pains(question, view)
            return
        found = earlier(NAME, question)
        if found is None:
            about = seconds(question)
            long = f" The search makes some {PLANS} plans, about {_time(about)}." if about > UNASKED else ""
            st.html(f'<p class="sop-quiet">Nothing tried yet for this scenario.{long}</p>')
            _pains(question, view)
            return
        st.info(
            "The scenario, its data or what is left alone has changed since: these options were found for the plan "
            "before. Find options again for numbers against the plan as it stands.",
            icon=":material/history:",
        )
    else:
        question.say(f"{question.hurts} {_best(found, view.currency)}")
    if found.options:
        _table(view, found)
    elif not found.stopped:
        st.html(
            '<p class="sop-said">Options come from what the company can move: overtime, heads, suppliers and contracts, '
            "prices, promotions, launches, stock targets. What is not in the data cannot be tried.</p>"
        )
        st.page_link(
            "pages/data.py", label="Bring more of the company's files", icon=":material/upload_file:"
        )
    _tried(found, view)


def _time(seconds: float) -> str:
    return (
        f"{max(round(seconds / 10) * 10, 10)} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"
    )


def _pains(question: Question, view: View) -> None:
    """Where the plan hurts: what the search looks at, before there is an answer."""
    listed = pains(question.plan)
    if not listed:
        return
    rows = "".join(
        f'<tr><td style="white-space:normal">{fmt.safe(pain.sentence[:1].upper() + pain.sentence[1:])}</td>'
        f'<td title="{pain.value:,.0f}">{fmt.short(pain.value)}</td></tr>'
        for pain in listed[:_PAINS]
    )
    more = len(listed) - _PAINS
    rest = f'<p class="sop-quiet">{more} smaller ones.</p>' if more > 0 else ""
    st.html(
        '<table class="sop-table"><thead><tr><th>Where this plan hurts, and what the search looks at</th>'
        f'<th title="{_AT_STAKE}">At stake, {fmt.safe(view.currency)}</th></tr></thead><tbody>{rows}</tbody></table>'
        f"{rest}"
    )


def _best(found: Found, currency: str) -> str:
    paying = [option for option in found.options if option.worth > 0]
    if not paying:
        return "No lever tried pays." if not found.stopped else "Nothing that pays was found before the stop."
    best = paying[0]
    service = (
        f", service {fmt.percent(best.service, 1, signed=True)[:-2]} pp" if abs(best.service) >= 5e-4 else ""
    )
    together = f"{len(best.changes)} changes together" if len(best.changes) > 1 else best.title
    return f"Best found: {together}, worth {fmt.money(best.worth, currency, signed=True)}{service}."


def _frame(found: Found) -> pd.DataFrame:
    rows = [
        {
            "Option": option.title,
            "Worth": option.worth,
            "Margin": option.margin,
            "Service": option.service * 100,
            "Stock": option.stock,
            "Cash": option.cash,
            "Effort": f"{option.effort.word} ({option.effort.points})",
        }
        for option in found.options
    ]
    return pd.DataFrame(rows)


def _table(view: View, found: Found) -> None:
    frame = _frame(found)
    good, bad = view.palette.favourable, view.palette.unfavourable

    def look(kpi: str) -> Callable[[Any], str]:
        def colour(value: Any) -> str:
            better = (value > 0) if not kpi else favourable(kpi, value, 5e-3)
            return "" if better is None or not value else f"color: {good if better else bad}"

        return colour

    styled = frame.style
    for column, kpi in _COLUMNS.items():
        styled = styled.map(look(kpi), subset=[column])
        styled = styled.format(_pp if kpi == "service_level" else _money, subset=[column])
    event = st.dataframe(
        styled, key="options_table", hide_index=True, row_height=_LINE,
        height=36 + _LINE * min(len(frame), _ROWS), column_config=_config(view.currency), on_select="rerun",
        selection_mode="single-row", placeholder=fmt.DASH,
    )  # fmt: skip
    rows = [int(n) for n in event.get("selection", {}).get("rows", []) if int(n) < len(found.options)]
    at = rows[0] if rows else 0
    _detail(view, found, found.options[at], at, bool(rows))


def _money(value: Any) -> str:
    return fmt.short(float(value), signed=True)


def _pp(value: Any) -> str:
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}") if abs(value) >= 0.05 else fmt.DASH


def _config(currency: str) -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    meaning = {
        name: f"{KPIS[kpi].title} against the plan. {KPIS[kpi].formula}."
        for name, kpi in _COLUMNS.items()
        if kpi
    }
    return {
        "Option": text("Option", width=560, help="The changes, planned together on top of the scenario"),
        "Worth": number(
            f"Worth, {currency}", width=95,
            help="Margin gained, plus the change of the stock value left at the end of the plan. Ranks the list.",
        ),
        "Margin": number(f"Margin, {currency}", width=95, help=meaning["Margin"]),
        "Service": number("Service, pp", width=85, help=meaning["Service"]),
        "Stock": number(f"Stock, {currency}", width=95, help=meaning["Stock"]),
        "Cash": number(f"Cash, {currency}", width=95, help=meaning["Cash"]),
        "Effort": text("Effort", width=95, help=EFFORT_RULE),
    }  # fmt: skip


def _detail(view: View, found: Found, option: Option, at: int, picked: bool) -> None:
    with st.container(border=True, gap="xsmall", key="option_detail"):
        which = f"Option {at + 1} of {len(found.options)}" + ("" if picked else ", pick a row for another")
        st.html(f'<div class="sop-group">{which}</div>')
        take(view, option.changes, "option", option.title)
        said = [f"Effort: {option.effort.sentence(view.currency)}.", option.caution]
        if option.aim:
            said.insert(0, f"Meant for: {option.aim}.")
        st.html(f'<p class="sop-quiet">{fmt.safe(" ".join(part for part in said if part))}</p>')


def _tried(found: Found, view: View) -> None:
    with st.expander(f"What was tried: {found.sentence}"):
        frame = pd.DataFrame(
            [
                {
                    "Change": row.sentence,
                    "Lever": row.lever,
                    "Outcome": f"{row.outcome}: {row.note}" if row.note else row.outcome,
                    f"Worth, {view.currency}": round(row.worth),
                    f"Margin, {view.currency}": round(row.margin),
                    "Service, pp": round(row.service * 100, 2),
                    "Meant for": row.aim,
                }
                for row in found.tried
            ]
        )
        if not len(frame):
            st.html(
                '<p class="sop-quiet">No lever of this company fits what hurts here, or all are left alone.</p>'
            )
            return
        listing(frame, "options_tried", height=330)
        download("Download", frame, "options_tried.csv", "options_download", quiet=True)
