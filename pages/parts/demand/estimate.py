"""The latest estimate beside the budget and the estimate before it, and what moved it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context, filters, state
from pages.parts import format as fmt
from pages.parts.demand.accuracy_lines import lines_of_items, start_level
from pages.parts.demand.accuracy_lists import current_estimate
from pages.parts.demand.past_estimates import Memory, memory, rows_in_view
from pages.parts.grid import Block, MonthGrid, Row, zones
from pages.parts.tables import download, listing, month_table
from sop_core.calendar import MonthArray, month_label, span_label
from sop_core.charts.accuracy import STEP_TITLES
from sop_core.charts.gap import GapView, gap_chart, gap_lines_chart
from sop_core.charts.template import CONFIG
from sop_core.cycle.estimate import estimate_of
from sop_core.cycle.expected import with_current
from sop_core.cycle.gap import budget_cells, by_fiscal_year, in_view
from sop_core.cycle.movement import Mover, movers, valued
from sop_core.demand.accuracy import STEPS, Forecasts
from sop_core.inputs import Bools, Floats

_PAST = 12
_CONSENSUS = STEPS.index("consensus")


@dataclass(frozen=True, slots=True)
class Standpoint:
    """The estimate in view by month, actuals first [h + t]; nan where something is not known."""

    months: MonthArray
    past: int  #: months of actuals
    estimate: Floats  #: actuals, then the estimate
    last: Floats
    budget: Floats
    last_name: str
    last_cycle: np.datetime64 | None


MONTHS, LINES, KEPT = "By month and year", "By line", "Estimates kept"
#: Lines in the picture; the table has all.
_MOST_LINES = 9


def render(view: context.View) -> None:
    """The section."""
    found = memory(view)
    known = found.expected.rows
    rows = with_current(known.take(known.month >= view.inputs.months[0]), current_estimate(view))
    if view.show == context.MONEY:
        rows = valued(rows, found.price)
    own = rows.take(rows_in_view(view, rows))
    point = standpoint(view, own)
    unit = filters.unit(view)
    st.html(f'<p class="sop-headline">{fmt.safe(headline(view, point, unit))}</p>')
    _notes(view, point)
    frame = lines_table(view, own, point, unit)
    _gaps(view, point, frame, unit)
    by_month, by_line, kept = st.tabs([MONTHS, LINES, KEPT], key="estimate_tabs", on_change="rerun")
    if by_month.open:
        with by_month:
            _months(view, point, unit)
    elif by_line.open:
        with by_line:
            _lines(frame, point, unit)
    else:
        with kept:
            _kept(view, found)


# -- numbers --


def standpoint(view: context.View, rows: Forecasts) -> Standpoint:
    """What is in view by month: a year of actuals, then the horizon. `rows`: forecasts in view, in its measure."""
    history, ahead = view.company.history, view.inputs.months
    money = view.show == context.MONEY
    past = ahead[:0]
    actual: Floats = np.zeros(0)
    if history is not None:
        count = min(_first_needed(view), len(history.months))
        past = history.months[-count:]
        actual = view.cells(history.revenue if money else history.actual).sum(axis=(0, 1, 2))[-count:]
    months = np.concatenate([past, ahead]).astype("datetime64[M]")
    estimate = np.concatenate([actual, view.demand(view.unconstrained)])
    cells = budget_cells(view.company, months, "revenue" if money else "quantity")
    budget = None if cells is None else in_view(cells, view.items, view.regions, view.segments)
    cycle, last = _last(view, rows, months)
    return Standpoint(
        months=months,
        past=len(past),
        estimate=estimate,
        last=last,
        budget=np.full(len(months), np.nan) if budget is None else budget,
        last_name="Last LE" if cycle is None else f"LE of {month_label(cycle)}",
        last_cycle=cycle,
    )


def _first_needed(view: context.View) -> int:
    """Closed months that the running fiscal year needs, at least a year's."""
    first = view.company.snapshot.settings.fiscal_year_start
    month = int(view.inputs.months[0].astype(int)) % 12 + 1
    return max(_PAST, (month - first) % 12)


def _last(view: context.View, rows: Forecasts, months: MonthArray) -> tuple[np.datetime64 | None, Floats]:
    """(the cycle before this one that says something of the months ahead, its estimate by month)."""
    blank = np.full(len(months), np.nan)
    start = view.inputs.months[0]
    earlier = (rows.cycle < start) & (rows.month >= start) & np.isfinite(rows.units[:, _CONSENSUS])
    if not earlier.any():
        return None, blank
    cycle = rows.cycle[earlier].max()
    own = earlier & (rows.cycle == cycle)
    at = (rows.month[own] - months[0]).astype(int)
    inside = at < len(months)
    out = np.zeros(len(months))
    np.add.at(out, at[inside], rows.units[own, _CONSENSUS][inside])
    blank[np.unique(at[inside])] = out[np.unique(at[inside])]
    return cycle, blank


def years_frame(view: context.View, point: Standpoint) -> pd.DataFrame:
    """One row a fiscal year that the plan touches: estimate (actuals so far, then the plan), budget, gap = LE - budget
    over the months that both have, last estimate of the open months and the change since."""
    first = view.company.snapshot.settings.fiscal_year_start
    rows = []
    for year, at in by_fiscal_year(point.months, first):
        if at[-1] < point.past:
            continue
        both = at[np.isfinite(point.budget[at])]
        again = at[np.isfinite(point.last[at])]
        budget = float(point.budget[both].sum()) if len(both) else float("nan")
        of_budget = float(point.estimate[both].sum()) if len(both) else float("nan")
        last = float(point.last[again].sum()) if len(again) else float("nan")
        rows.append(
            {
                "Fiscal year": f"FY {year}",
                "Months": span_label(point.months[at[0]], point.months[at[-1]]),
                "Estimate": float(point.estimate[at].sum()),
                "Compared": span_label(point.months[both[0]], point.months[both[-1]]) if len(both) else "",
                "Budget": budget,
                "Gap": of_budget - budget,
                "Gap %": 100 * (of_budget - budget) / budget if len(both) and budget > 0 else float("nan"),
                "Change": float(point.estimate[again].sum()) - last if len(again) else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def month_grid(view: context.View, point: Standpoint, unit: str) -> MonthGrid:
    """Estimate, budget, gap, last estimate and change by month: six closed months, then the horizon."""
    drop = max(point.past - 6, 0)
    past = point.past - drop
    rows = [
        Row("Actual, then LE", point.estimate[drop:], unit, "total", note="actual demand of closed months")
    ]
    if np.isfinite(point.budget).any():
        rows.append(Row("Budget", point.budget[drop:], unit, "plan"))
        gap = (point.estimate - point.budget)[drop:]
        rows.append(
            Row("Gap to budget", gap, unit, "difference", 1, "LE − budget; above the budget is favourable")
        )
    if np.isfinite(point.last).any():
        rows.append(Row(point.last_name, point.last[drop:], unit, "plan"))
        change = (point.estimate - point.last)[drop:]
        rows.append(Row("Change since", change, unit, "difference", 1, f"LE − {point.last_name}"))
    return MonthGrid(
        months=point.months[drop:],
        zones=zones(past, 0, len(point.months) - point.past),
        blocks=(Block("", tuple(rows)),),
        group=filters.title(view),
    )


def why(mover: Mover, unit: str) -> str:
    """`Statistical -420, market +300`: the steps that moved an estimate, largest first, and nothing below a tenth of
    the largest."""
    parts = sorted(mover.parts.items(), key=lambda pair: -abs(pair[1]))
    most = abs(parts[0][1]) if parts else 0.0
    if most < 0.5:
        return "Not moved"
    said = [f"{STEP_TITLES[s].lower()} {fmt.short(v, signed=True)}" for s, v in parts if abs(v) >= 0.1 * most]
    text = ", ".join(said)
    return f"{text[:1].upper()}{text[1:]} {unit}"


def lines_table(view: context.View, rows: Forecasts, point: Standpoint, unit: str) -> pd.DataFrame:
    """One row a line at the level in view: estimate and gap to budget over the months ahead that have one, change since
    the last estimate over the months that both have, and which step moved it."""
    level = start_level(view)
    codes, names = lines_of_items(view, level)
    money = view.show == context.MONEY
    ahead = view.inputs.months
    cells = budget_cells(view.company, ahead, "revenue" if money else "quantity")
    moved: dict[int, Mover] = {}
    if point.last_cycle is not None:
        found, _ = movers(rows, codes[rows.item], point.last_cycle, ahead[0])
        moved = {mover.line: mover for mover in found}
    demand = view.unconstrained.demand
    values = demand.total * demand.price if money else demand.total
    out = []
    for code in dict.fromkeys(codes[view.items].tolist()):
        items: Bools = view.items & (codes == code)
        own = values[np.ix_(items, view.regions, view.segments)].sum(axis=(0, 1, 2))
        budget = None if cells is None else in_view(cells, items, view.regions, view.segments)
        planned = gap = part = float("nan")
        if budget is not None:
            both = np.isfinite(budget)
            planned = float(budget[both].sum())
            gap = float(own[both].sum()) - planned
            part = 100 * gap / planned if planned > 0 else float("nan")
        mover = moved.get(int(code))
        out.append(
            {
                "Line": names[code],
                "Estimate": float(own.sum()),
                "Budget": planned,
                "Gap": gap,
                "Gap %": part,
                "": ""
                if not np.isfinite(gap) or abs(gap) < 0.5
                else "favourable"
                if gap > 0
                else "unfavourable",
                "Change": mover.change if mover else float("nan"),
                "What moved it": why(mover, unit) if mover else "",
            }
        )
    frame = pd.DataFrame(out)
    size = frame["Change"].abs().fillna(0.0) + frame["Gap"].abs().fillna(0.0) * 1e-6
    return frame.loc[size.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


# -- what is said and shown --


def headline(view: context.View, point: Standpoint, unit: str) -> str:
    """`FY 2027: latest estimate 612,340 units, 13,020 below budget (2.1 %), unfavourable; 8,400 above the LE of Oct
    26.`"""
    frame = years_frame(view, point)
    top = frame.iloc[0] if len(frame) == 1 else frame.iloc[int(frame["Budget"].notna().to_numpy().argmax())]
    said = f"{top['Fiscal year']}: latest estimate {fmt.short(float(top['Estimate']))} {unit}"
    gap = float(top["Gap"])
    if np.isfinite(gap):
        word = "above budget, favourable" if gap > 0 else "below budget, unfavourable"
        share = f" ({fmt.percent(abs(gap) / float(top['Budget']))})" if top["Budget"] else ""
        said += f", {fmt.short(abs(gap))}{share} {word}" if abs(gap) >= 0.5 else ", on budget"
        if top["Compared"] != top["Months"]:
            said += f" over {top['Compared']}"
    ahead = np.isfinite(point.last)
    if ahead.any():
        change = float((point.estimate - point.last)[ahead].sum())
        span = span_label(point.months[ahead][0], point.months[ahead][-1])
        direction = "above" if change > 0 else "below"
        same = abs(change) < 0.5
        said += (
            f"; {span} {'as in' if same else f'{fmt.short(abs(change))} {direction}'} the {point.last_name}"
        )
    return f"{said}."


def _notes(view: context.View, point: Standpoint) -> None:
    """What is missing and how to bring it, and how money is counted."""
    said = []
    if not np.isfinite(point.budget).any():
        money = view.show == context.MONEY
        other = budget_cells(view.company, view.inputs.months, "quantity" if money else "revenue")
        if not view.whole:
            said.append("There is no budget at this level: it is kept for all regions or segments together.")
        elif other is None:
            said.append("There is no budget. Bring budget.csv to see the gap.")
        else:
            said.append(
                f"There is no budget in {'money' if money else 'units'}: switch to {'Units' if money else 'Money'} to "
                "see the gap, or bring the other column of budget.csv."
            )
    if point.last_cycle is None:
        said.append(
            "No earlier cycle's estimate is known yet: this one is kept, and the next cycle will be held against it. "
            "Estimates of earlier cycles can be brought as past_forecasts.csv."
        )
    if view.show == context.MONEY:
        said.append(
            "Money: demand at the month's net price ahead, invoiced revenue of closed months; estimates of earlier "
            "cycles at today's net prices."
        )
    if said:
        st.html(f'<p class="sop-quiet">{fmt.safe(" ".join(said))}</p>')
    if not np.isfinite(point.budget).any() or point.last_cycle is None:
        st.page_link("pages/data.py", label="Bring budget or past forecasts", icon=":material/upload_file:")


# -- where the gap is --


def _gaps(view: context.View, point: Standpoint, frame: pd.DataFrame, unit: str) -> None:
    """The gap to the budget, or to the estimate before, by month and by line."""
    against = [
        name
        for name, values in (("Budget", point.budget), (point.last_name, point.last))
        if np.isfinite(values).any()
    ]
    if not against:
        return
    chosen = st.segmented_control(
        "Gap to", against, default=against[0], key="estimate_against", required=True, width="content",
        help="Gap = LE − budget, or LE − the estimate of the cycle before; above zero is favourable. Closed months "
        "hold actual demand against the budget.",
    )  # fmt: skip
    to_budget = (chosen or against[0]) == "Budget"
    data = gap_view(point, to_budget, unit)
    left, right = st.columns([3, 2]) if len(frame) > 1 else (st.container(), None)
    with left:
        drawn = gap_chart(view.palette, data)
        st.plotly_chart(drawn.figure, key="estimate_gap", theme=None, config=CONFIG, alt=drawn.alt)
    if right is None:
        return
    names, values = worst_lines(frame, "Gap" if to_budget else "Change")
    if names:
        span = _ahead(point, to_budget)
        level = start_level(view).lower()
        with right:
            drawn = gap_lines_chart(
                view.palette, names, values, f"Gap to {data.against} by {level}, {span}, {unit}", unit
            )
            st.plotly_chart(drawn.figure, key="estimate_gap_lines", theme=None, config=CONFIG, alt=drawn.alt)


def gap_view(point: Standpoint, to_budget: bool, unit: str) -> GapView:
    """What the picture shows: six closed months and the horizon against the budget, else the months ahead."""
    drop = max(point.past - 6, 0) if to_budget else point.past
    other = point.budget if to_budget else point.last
    gap = (point.estimate - other)[drop:]
    name = "budget" if to_budget else point.last_name
    return GapView(point.months[drop:], gap, point.past - drop, name, unit)


def _ahead(point: Standpoint, to_budget: bool) -> str:
    """The months ahead over which lines are compared."""
    ahead, other = point.months[point.past :], (point.budget if to_budget else point.last)[point.past :]
    both = ahead[np.isfinite(other)]
    return span_label(both[0], both[-1]) if len(both) else span_label(ahead[0], ahead[-1])


def worst_lines(frame: pd.DataFrame, column: str) -> tuple[list[str], Floats]:
    """Lines by the size of their gap, largest first; what does not fit is one bar."""
    known = frame[frame[column].notna()]
    known = known.loc[known[column].abs().sort_values(ascending=False, kind="stable").index]
    names, values = known["Line"].astype(str).tolist(), known[column].to_numpy(dtype=float)
    if len(names) > _MOST_LINES:
        rest = len(names) - _MOST_LINES + 1
        names = [*names[: _MOST_LINES - 1], f"{rest} others"]
        values = np.append(values[: _MOST_LINES - 1], values[_MOST_LINES - 1 :].sum())
    return names, values


def _months(view: context.View, point: Standpoint, unit: str) -> None:
    grid = month_grid(view, point, unit)
    month_table(grid, f"Latest estimate, {filters.title(view)}")
    _years(years_frame(view, point), unit)
    download("Latest estimate by month", grid.frame, "latest_estimate.csv", "estimate_csv")


def _years(frame: pd.DataFrame, unit: str) -> None:
    """The fiscal years as a small table; colour and word say which gaps are favourable."""

    def signed(value: float) -> str:
        if not np.isfinite(value) or abs(value) < 0.5:
            return f"<td>{fmt.DASH}</td>"
        look, word = ("sop-good", "favourable") if value > 0 else ("sop-bad", "unfavourable")
        return f'<td class="{look}" title="{value:,.1f}, {word}">{fmt.exact(value, signed=True)}</td>'

    body = "".join(
        f"<tr><td>{fmt.safe(row['Fiscal year'])} ({fmt.safe(row['Months'])})</td><td>{fmt.exact(row['Estimate'])}</td>"
        f"<td>{fmt.safe(row['Compared']) or fmt.DASH}</td><td>{fmt.exact(row['Budget'])}</td>{signed(row['Gap'])}"
        f"<td>{fmt.percent(row['Gap %'] / 100, signed=True)}</td>{signed(row['Change'])}</tr>"
        for _, row in frame.iterrows()
    )
    heads = (
        "Fiscal year", f"Actual + LE, {unit}", "Compared", f"Budget, {unit}", "Gap (LE − budget)", "Gap, %",
        "Change since last LE",
    )  # fmt: skip
    head = "".join(f'<th scope="col">{fmt.safe(h)}</th>' for h in heads)
    st.html(f'<table class="sop-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>')


def _lines(frame: pd.DataFrame, point: Standpoint, unit: str) -> None:
    number = st.column_config.NumberColumn
    listing(
        frame.round(dict.fromkeys(["Estimate", "Budget", "Gap", "Change"], 0)),
        "estimate_lines",
        height=360,
        config={
            "Estimate": number(f"Estimate, {unit}", format="localized", help="All months of the plan"),
            "Budget": number(f"Budget, {unit}", format="localized", help="Months ahead that have a budget"),
            "Gap": number(f"Gap, {unit}", format="localized", help="LE − budget over those months"),
            "Gap %": number("Gap, %", format="%+.1f"),
            "Change": number(
                f"Change, {unit}",
                format="localized",
                help=f"LE − {point.last_name}, over the months that both have",
            ),
            "What moved it": st.column_config.TextColumn(
                width="large",
                help="Change of what each step of the review adds; together they are the change",
            ),
        },
    )
    download("Estimate by line", frame, "estimate_by_line.csv", "estimate_lines_csv")


_KINDS = {"opened": "by itself at the opening", "kept": "kept", "agreed": "agreed"}


def _kept(view: context.View, found: Memory) -> None:
    with st.form("keep_estimate", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        note = st.text_input(
            "Note", key="estimate_note", placeholder="What this estimate is for", max_chars=200
        )
        pressed = st.form_submit_button("Keep this estimate", icon=":material/bookmark_add:", type="primary")
    if pressed:
        keep(view, note)
        st.rerun()
    if not found.heads:
        st.html('<p class="sop-quiet">No estimate is kept yet.</p>')
        return
    rows = [
        (
            month_label(h.cycle),
            _KINDS[h.kind],
            h.scenario,
            h.who,
            h.owner,
            f"{h.at:%d %b %Y %H:%M}",
            h.data_version,
        )
        + (h.note,)
        for h in found.heads
    ]
    columns = ["Cycle", "How", "Scenario", "By", "Owner", "When (UTC)", "Data version", "Note"]
    listing(pd.DataFrame(rows, columns=columns), "estimates_kept", height=300)


def keep(view: context.View, note: str) -> int:
    """Keeps the estimate of the scenario in view for the running cycle; its id. Raises StoreError."""
    who = state.who()
    estimate = estimate_of(
        view.company, view.unconstrained, kind="kept", who=who, owner=who, note=note.strip()
    )
    return state.store().estimates.keep(estimate)
