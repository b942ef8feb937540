"""Where forecasts went wrong most, with what is recorded about it, and how an estimate moved from cycle to cycle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context, filters
from pages.parts import format as fmt
from pages.parts.demand.accuracy_lines import Chosen
from pages.parts.demand.past_estimates import Memory, actual_in_view, rows_in_view
from pages.parts.grid import unit_of
from pages.parts.tables import download, listing
from sop_core.calendar import MonthArray, fiscal_year, month_label, months_from
from sop_core.charts.accuracy import STEP_TITLES, Fall, waterfall_chart
from sop_core.charts.template import CONFIG
from sop_core.cycle.causes import known_causes
from sop_core.cycle.estimate import Estimate, estimate_of
from sop_core.cycle.expected import with_current
from sop_core.cycle.movement import ACTUALS, Standing, standings, valued
from sop_core.demand.accuracy import EVERY, STEPS, Comparison, Forecasts, Scored, score
from sop_core.planner import Company

#: Contributors that are listed with what is known about them.
_MOST = 25
#: Standings in a waterfall; older ones are left out.
_STANDINGS = 6
_SHORT = {
    "statistical": "Stat.",
    "market": "Market",
    "sales_input": "Sales",
    "consensus": "Cons.",
    ACTUALS: "Actuals",
}


# -- worst contributors --


def contributors_frame(
    view: context.View, rows: Comparison, chosen: Chosen, steps: list[int]
) -> pd.DataFrame:
    """Products (and regions, where they were forecast apart) by the money of their errors, largest first."""
    wide = len(view.inputs.regions) + 1
    code = rows.rows.item * wide + rows.rows.region + 1
    units = score(rows, code, code, steps)
    money = score(rows, code, code, steps, money=True)
    names, at = np.unique(units.line, return_inverse=True)
    at = at.reshape(-1)
    error = units.error[:, chosen.place]
    size = np.bincount(at, np.abs(error), len(names))
    value = np.bincount(at, np.abs(money.error[:, chosen.place]), len(names))
    net = np.bincount(at, error, len(names))
    actual = np.bincount(at, units.actual, len(names))
    whole = max(float(value.sum()), 1e-9)
    worst = np.argsort(-value if value.sum() > 0 else -size, kind="stable")[:_MOST]
    out = []
    for n in worst:
        if size[n] <= 0:
            continue
        item, region = int(names[n]) // wide, int(names[n]) % wide - 1
        month, miss = _worst_month(units, int(names[n]), chosen.place)
        out.append(
            {
                "Product": view.inputs.title(item),
                "Region": "All" if region == EVERY else view.inputs.regions[region],
                "Demand": float(np.round(actual[n])),
                "Error": float(np.round(size[n])),
                "Over or under": float(np.round(net[n])),
                "Money": float(np.round(value[n])),
                "Part": 100 * float(value[n]) / whole,
                "Worst month": f"{month_label(month)}, {_signed(miss)}",
                "What is recorded": _capital("; ".join(_recorded(view.company, item, region, month))),
            }
        )
    return pd.DataFrame(out)


@st.cache_data(max_entries=4000, show_spinner=False)
def _causes(
    fingerprint: str, review: int, item: int, region: int, month: str, _company: Company
) -> tuple[str, ...]:
    return known_causes(_company, item, region, np.datetime64(month, "M"))


def _recorded(company: Company, item: int, region: int, month: np.datetime64) -> tuple[str, ...]:
    """What is recorded about a month, looked up once per data version."""
    return _causes(company.snapshot.fingerprint, company.verdicts.revision, item, region, str(month), company)


def _worst_month(scored: Scored, code: int, place: int) -> tuple[np.datetime64, float]:
    own = scored.line == code
    months = np.unique(scored.month[own])
    errors = np.zeros(len(months))
    np.add.at(errors, np.searchsorted(months, scored.month[own]), scored.error[own, place])
    worst = int(np.argmax(np.abs(errors)))
    return months[worst], float(errors[worst])


def _signed(value: float) -> str:
    return f"{value:+,.0f}".replace("-", "\N{MINUS SIGN}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def contributors(view: context.View, rows: Comparison, chosen: Chosen, steps: list[int]) -> None:
    """The list."""
    frame = contributors_frame(view, rows, chosen, steps)
    if not len(frame):
        st.html('<p class="sop-quiet">Every forecast of the choice came true to the unit.</p>')
        return
    top = frame.head(5)["Part"].sum()
    st.html(
        f'<p class="sop-quiet">The first {min(5, len(frame))} make up {top:.0f} % of the error in money. Errors are '
        f"those of {fmt.safe(STEP_TITLES[STEPS[chosen.step]].lower())}, by product, region and month; what is "
        "recorded is of the worst month.</p>"
    )
    number, unit = st.column_config.NumberColumn, unit_of(view.inputs.item_unit, view.items)
    listing(
        frame,
        "accuracy_worst",
        height=380,
        config={
            "Demand": number(f"Demand, {unit}", format="localized"),
            "Error": number(f"Error, {unit}", format="localized", help="Σ|F − A| over the months"),
            "Over or under": number(f"Over (+) or under (−), {unit}", format="localized", help="Σ(F − A)"),
            "Money": number(
                f"Error, {view.currency}", format="localized", help="Σ|F − A| × today's net price"
            ),
            "Part": number(
                "Part of all, %", format="%.1f", help="Of the error in money of everything in view"
            ),
            "What is recorded": st.column_config.TextColumn(
                width="large",
                help="Promotions, corrections of the history, launches, ends and events of that month",
            ),
        },
    )
    download("Worst contributors", frame, "worst_contributors.csv", "accuracy_worst_csv")


# -- how an estimate moved --


def waterfall(view: context.View, found: Memory) -> None:
    """How the estimate of a month or fiscal year moved, cycle by cycle, step by step."""
    known = found.expected.rows
    rows = with_current(known.take(rows_in_view(view, known)), current_estimate(view))
    rows = rows.take(rows_in_view(view, rows))
    money = view.show == context.MONEY
    price = found.price if money else None
    if price is not None:
        rows = valued(rows, price)
    spans = _spans(view, rows)
    if not spans or found.record is None:
        st.html('<p class="sop-quiet">No month was estimated in more than one cycle yet.</p>')
        return
    label = st.selectbox(
        "Month or year", list(spans), index=_usual(view, spans), key="waterfall_span", width=190
    )
    happened = actual_in_view(view, found.record, rows, price)
    stood = standings(rows, spans[label], found.record.months, happened)
    if len(stood) < 2:
        st.html(
            '<p class="sop-quiet">No two cycles estimated all of it: it cannot be told how the estimate moved. '
            "Choose a month, or bring past forecasts of the whole horizon.</p>"
        )
        return
    falls = falls_of(stood[-_STANDINGS:])
    drawn = waterfall_chart(
        view.palette, falls, f"Latest estimate of {label}, cycle by cycle", filters.unit(view)
    )
    st.plotly_chart(drawn.figure, key="le_waterfall", theme=None, config=CONFIG, alt=drawn.alt)
    left_out = f" The first {len(stood) - _STANDINGS} cycles are left out." if len(stood) > _STANDINGS else ""
    unpriced = " Units are valued at today's net prices in every cycle." if money else ""
    st.html(f'<p class="sop-quiet">{fmt.safe(drawn.alt)}{left_out}{unpriced}</p>')
    download("How it moved", standings_frame(stood, label), "estimate_moves.csv", "waterfall_csv", quiet=True)


def current_estimate(view: context.View) -> Estimate:
    """The estimate that the scenario in view would be."""
    return estimate_of(view.company, view.unconstrained, kind="kept", who="")


def _spans(view: context.View, rows: Forecasts) -> dict[str, MonthArray]:
    """Months and fiscal years of which there are at least two cycles, oldest first."""
    out: dict[str, MonthArray] = {}
    months, cycles = rows.month.astype(np.int64), rows.cycle.astype(np.int64)
    pairs = np.unique(months * 100_000 + cycles)
    counted, count = np.unique(pairs // 100_000, return_counts=True)
    for month in counted[count > 1].astype("datetime64[M]"):
        out[month_label(month)] = np.array([month], dtype="datetime64[M]")
    if not out:
        return out
    first = view.company.snapshot.settings.fiscal_year_start
    for year in sorted({fiscal_year(m, first) for m in view.inputs.months[[0, -1]]}):
        start = np.datetime64(f"{year - (1 if first > 1 else 0)}-{first:02d}", "M")
        out[f"FY {year}"] = months_from(start, 12)
    return out


def _usual(view: context.View, spans: dict[str, MonthArray]) -> int:
    """The last closed month, else the first one."""
    last = month_label(view.inputs.months[0] - 1)
    return list(spans).index(last) if last in spans else 0


def falls_of(stood: Sequence[Standing]) -> list[Fall]:
    """The standings as bars: where each cycle stood and what moved it there. Parts below half a unit are not drawn."""
    falls: list[Fall] = []
    for n, standing in enumerate(stood):
        if n:
            falls += [
                Fall(_SHORT[part], "step", value, part)
                for part, value in standing.parts.items()
                if abs(value) >= 0.5
            ]
        if standing.cycle is None:
            falls.append(Fall("Actual", "actual", standing.value))
        else:
            falls.append(Fall(f"{month_label(standing.cycle)}<br>LE", "level", standing.value))
    return falls


def standings_frame(stood: Sequence[Standing], span: str) -> pd.DataFrame:
    """The standings with the parts of each change, for download."""
    return pd.DataFrame(
        [
            {
                "span": span,
                "cycle": "actual" if s.cycle is None else f"{s.cycle}-01",
                "estimate": s.value,
                "change": s.change if s.parts else np.nan,
            }
            | {part: s.parts.get(part, np.nan) for part in (*STEPS[1:], ACTUALS)}
            for s in stood
        ]
    )
