"""The financial year of what is proposed: quarters and years against budget and last LE, drawn from the Pack alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context
from pages.parts import format as fmt
from pages.parts.executive import source
from pages.parts.meeting import financials_table as table
from pages.parts.tables import download
from sop_core.charts.projection import Ends, Quarters, ends_chart, quarter_chart, variance_chart
from sop_core.charts.roles import Palette
from sop_core.charts.template import CONFIG
from sop_core.charts.timeline import Picture
from sop_core.inputs import Floats
from sop_core.pack.value import FinancialYear, Number, Pack, YearRow
from sop_core.pack.year import INVOICED, PLANNED
from sop_core.projection import BALANCE

ALL = "All years"
LAST = "Last LE"
_HEIGHT = 250
#: Rows that are read first; between them stand the parts that they add up.
_SUMS = (
    INVOICED,
    "revenue",
    "cost",
    "contribution",
    "margin",
    "working_capital",
    "cumulative_cash",
)
_TERMS = ("stock_value", "receivables", "payables")
_CASH = ("cash_flow", "cumulative_cash")


def render(view: context.View) -> None:
    """The section."""
    pack = source.pack_in_view(view)
    year = pack.year
    if year is None or not year.rows:
        st.html('<p class="sop-headline">This plan has no financial year.</p>')
        st.html(
            '<p class="sop-quiet">It was signed before the financial year was part of what is signed. The plan of today '
            "has one.</p>"
        )
        return
    st.html(f'<p class="sop-headline">{fmt.safe(year.sentence)}</p>')
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = _choice(year)
        parts = st.toggle(
            "Cost components",
            key="exec_year_parts",
            help="Each component of cost as its own line; together they are the line Cost.",
        )
    at = shown_periods(year, chosen)
    _pictures(view.palette, pack.currency, year, at)
    columns = columns_of(year, at)
    blocks = blocks_of(year, at, parts)
    st.html(table.html(blocks, columns, pack.currency, "Financial year"))
    last = f"Last LE: {year.last_name}. " if year.last_name else ""
    st.html(f'<p class="sop-quiet">{fmt.safe(last + " ".join(year.remarks))}</p>')
    download("This financial year", lambda: frame(pack), "financial_year.csv", "exec_year_csv")


def _choice(year: FinancialYear) -> str:
    """The fiscal year in view; nothing to choose where there is one."""
    years = [label for label, flag in zip(year.periods, year.years, strict=True) if flag]
    main = year.main if year.main in years else years[0]
    if len(years) < 2:
        return main
    chosen = st.segmented_control(
        "Fiscal year", [*years, ALL], default=main, key="exec_year", required=True, label_visibility="collapsed",
        help=f"The year of the table and of the pictures by quarter; the sentence above is about {year.main}",
    )  # fmt: skip
    return chosen if chosen in years else ALL if chosen == ALL else main


# -- what is shown --------------------------------------------------------------------------------------------


def shown_periods(year: FinancialYear, chosen: str) -> list[int]:
    """Positions of the periods of that fiscal year, in time; of all with ALL."""
    return [n for n, label in enumerate(year.periods) if chosen == ALL or _year_of(label) == chosen]


def _year_of(label: str) -> str:
    """`FY 27` of `FY 27 Q1`."""
    return label.rsplit(" Q", 1)[0]


def columns_of(year: FinancialYear, at: Sequence[int]) -> list[table.Column]:
    """A column a period; one of which months are missing says so in its name."""
    out = []
    for n in at:
        label, is_year, whole, closed = year.periods[n], year.years[n], year.whole[n], year.closed[n]
        said = [label]
        if closed:
            said.append(f"{closed} of its months closed")
        if not whole:
            said.append("not all of its months are in the plan")
        name = label if is_year else label.removeprefix(f"{_year_of(label)} ")
        gone = closed > 0 and all(row.plan[n] is None for row in year.rows if row.name == "margin")
        out.append(
            table.Column(
                name if whole else f"{name} (part)",
                np.array([n]),
                ", ".join(said),
                sum=is_year,
                closed=gone and not is_year,
            )
        )
    return out


def blocks_of(year: FinancialYear, at: Sequence[int], parts: bool) -> list[table.Block]:
    """Revenue with what was invoiced, contribution margin, working capital, cash; each beside budget and last LE."""
    by_name = {row.name: row for row in year.rows}
    closed = any(year.closed[n] for n in at)
    invoiced = [row for row in year.rows if row.name == INVOICED] if closed else []
    cash = [by_name[name] for name in _CASH if name in by_name]
    capital = [row for row in year.rows if row.kind == BALANCE and row.name not in _CASH]
    taken = {row.name for row in (*cash, *capital)} | {INVOICED}
    income = [row for row in year.rows if row.name not in taken and (parts or _shown(row, year))]
    note = "planned months alone: what closed months cost is not in the tables" if invoiced else ""
    return [
        table.Block(title, tuple(line for row in rows for line in _lines(row, at, closed)), said)
        for title, rows, said in (
            ("Revenue, invoiced and planned", invoiced, ""),
            ("Contribution margin", income, note),
            ("Working capital", capital, "at the end of the period"),
            ("Cash", cash, "cumulative: since the plan's first month"),
        )
        if rows
    ]


def _shown(row: YearRow, year: FinancialYear) -> bool:
    """Whether a line of the P&L is read without its parts; all are, where nothing else is the sum of them."""
    return row.name in _SUMS or not any(other.name == "cost" for other in year.rows)


def _lines(row: YearRow, at: Sequence[int], closed: bool) -> list[table.Row]:
    """A line, and behind it what it is held against, with the difference."""
    plan = _amounts(row.plan, at)
    look = table.TOTAL if row.name in _SUMS else table.PART if row.name in _TERMS else table.PLAIN
    favourable = {"up": 1, "down": -1}.get(row.direction, 0)
    # Where every month in view is planned there is no other revenue to tell it from.
    title = row.title if closed else row.title.removesuffix(PLANNED)
    out = [table.Row(title, plan, look, favourable, row.formula)]
    for name, values in (("Budget", row.budget), (LAST, row.last)):
        theirs = _amounts(values, at)
        if np.isfinite(theirs).any():
            out.append(table.Row(name, theirs, table.PLAIN, 0, f"{title}: {name}"))
            to = name if name == LAST else name.lower()
            out.append(table.Row(f"Difference to {to}", plan - theirs, table.GAP, favourable))
    return out


def _amounts(values: Sequence[Number], at: Sequence[int]) -> Floats:
    return np.array([np.nan if values[n] is None else values[n] for n in at], dtype=float)


# -- pictures -------------------------------------------------------------------------------------------------


def _pictures(palette: Palette, currency: str, year: FinancialYear, at: Sequence[int]) -> None:
    drawn = [
        (margin_picture(palette, currency, year, at), "exec_year_margin"),
        (variance_chart(palette, currency, year.variance, _HEIGHT, narrow=True), "exec_year_variance")
        if year.variance is not None
        else None,
        (capital_picture(palette, currency, year, at), "exec_year_capital"),
    ]
    shown = [(picture, key) for picture, key in filter(None, drawn) if picture is not None]
    if not shown:
        return
    for column, (picture, key) in zip(st.columns(len(shown), gap="medium"), shown, strict=True):
        with column:
            st.plotly_chart(picture.figure, key=key, theme=None, config=CONFIG, alt=picture.alt)


def _quarters(year: FinancialYear, at: Sequence[int]) -> tuple[list[int], tuple[str, ...]]:
    """Positions of quarters, and their names: `Q1`, or `Q1, FY 27` where there are several years."""
    found = [n for n in at if not year.years[n]]
    several = len({_year_of(year.periods[n]) for n in found}) > 1
    names = []
    for n in found:
        of = _year_of(year.periods[n])
        name = year.periods[n].removeprefix(f"{of} ")
        names.append(f"{name}, {of}" if several and (name == "Q1" or n == found[0]) else name)
    return found, tuple(names)


def margin_picture(palette: Palette, currency: str, year: FinancialYear, at: Sequence[int]) -> Picture | None:
    """Margin by quarter against budget and last LE."""
    row = next((row for row in year.rows if row.name == "margin"), None)
    found, names = _quarters(year, at)
    if row is None or not found or not np.isfinite(_amounts(row.plan, found)).any():
        return None
    budget, last = _amounts(row.budget, found), _amounts(row.last, found)
    data = Quarters(
        row.title, currency, names, _amounts(row.plan, found),
        budget if np.isfinite(budget).any() else None, last if np.isfinite(last).any() else None,
    )  # fmt: skip
    return quarter_chart(palette, data, _HEIGHT)


def capital_picture(
    palette: Palette, currency: str, year: FinancialYear, at: Sequence[int]
) -> Picture | None:
    """Working capital and cumulative cash at the end of each quarter."""
    found, names = _quarters(year, at)
    rows = {row.name: row for row in year.rows}
    lines = tuple(
        (title, _amounts(rows[name].plan, found))
        for name, title in (("cumulative_cash", "Cumulative cash"), ("working_capital", "Working capital"))
        if name in rows and np.isfinite(_amounts(rows[name].plan, found)).any()
    )
    if not lines:
        return None
    return ends_chart(
        palette, Ends("Cash and working capital at quarter end", currency, names, lines), _HEIGHT
    )


# -- download ---------------------------------------------------------------------------------------------------


def frame(pack: Pack) -> pd.DataFrame:
    """The financial year as a table: line, title, kind, unit, of (plan, budget, last LE), then a column a period."""
    year = pack.year
    if year is None:
        return pd.DataFrame(columns=["line", "title", "kind", "unit", "of"])
    rows = [
        {"line": row.name, "title": row.title, "kind": row.kind, "unit": pack.currency, "of": of}
        | dict(zip(year.periods, values, strict=True))
        for row in year.rows
        for of, values in (("plan", row.plan), ("budget", row.budget), ("last LE", row.last))
        if of == "plan" or any(value is not None for value in values)
    ]
    return pd.DataFrame(rows, columns=["line", "title", "kind", "unit", "of", *year.periods])
