"""Forecast accuracy: how far past estimates were off, which step helped, where it went wrong, how an LE moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.parts import context, filters
from pages.parts import format as fmt
from pages.parts.demand import accuracy_before, accuracy_lines, accuracy_lists
from pages.parts.demand.accuracy_lines import Chosen
from pages.parts.demand.past_estimates import Memory, memory, rows_in_view
from sop_core.calendar import MonthArray, span_label
from sop_core.charts.accuracy import STEP_TITLES, ladder_chart, lags_chart
from sop_core.charts.template import CONFIG
from sop_core.demand.accuracy import STEPS, TRACKING_LIMIT, Comparison, Line, Scored, over_time, score, whole
from sop_core.inputs import Ints

_SPANS = {"3 months": 3, "6 months": 6, "12 months": 12, "All months": 0}
_LAGS = ("1", "2", "3", "All")
_CHART_LAGS = (1, 2, 3)
LINES, WORST, MOVED = "By line", "Worst contributors", "How an estimate moved"


def render(view: context.View) -> None:
    """The section. Before there is anything to compare it says what accuracy to expect, and what to bring."""
    found = memory(view)
    compared = found.compared
    if compared is None or not len(compared):
        accuracy_before.render(view, found)
        return
    in_view = compared.take(rows_in_view(view, compared.rows))
    if not len(in_view):
        st.html(f'<p class="sop-quiet">{fmt.safe(_nothing_here(view, compared))}</p>')
        return
    steps = list(found.steps)
    top = st.container(gap="small")  # the headline stands above what it is about, and is known after it
    chosen = _filters(view, in_view, steps)
    rows = in_view.take(chosen.mask(in_view.rows))
    if not len(rows):
        top.html('<p class="sop-headline">No forecast of that lag, span and owner. Choose others.</p>')
        return
    lines = accuracy_lines.lines_of(view, rows.rows, accuracy_lines.start_level(view), chosen)
    scored = score(rows, lines.code, chosen.group(view, rows.rows), steps, money=view.show == context.MONEY)
    total = whole(scored)
    parts = accuracy_lines.by_line(scored)
    said = headline(chosen, total, parts, lines.names, rows)
    hurt = hurting(parts)
    if hurt is not None:
        code, place = hurt
        part = rows.take(lines.code == code)
        owner = worst_owner(part, chosen.group(view, part.rows), steps, place)
        said += f" Most of it: {owner}." if owner else ""
    top.html(f'<p class="sop-headline">{fmt.safe(said)}</p>')
    _caption(view, found, rows, chosen)
    before = _before(view, in_view, chosen, steps)
    st.html(_strip(view, total, before, chosen))
    _charts(view, scored, in_view, chosen, steps)
    table, worst, moved = st.tabs([LINES, WORST, MOVED], key="accuracy_tabs", on_change="rerun")
    if table.open:
        with table:
            accuracy_lines.render(view, rows, chosen, steps)
    elif worst.open:
        with worst:
            accuracy_lists.contributors(view, rows, chosen, steps)
    else:
        with moved:
            accuracy_lists.waterfall(view, found)


def _nothing_here(view: context.View, compared: Comparison) -> str:
    """Why nothing of what was forecast is in view."""
    together = []
    if view.region != context.ALL and (compared.rows.region < 0).all():
        together.append("regions")
    if view.segment != context.ALL and (compared.rows.segment < 0).all():
        together.append("segments")
    if together:
        return (
            f"Past forecasts were made for all {' and '.join(together)} together: choose all of them above."
        )
    return "No past forecast of a closed month is in view. Choose more products, regions or segments above."


# -- what is looked at --


def _filters(view: context.View, compared: Comparison, steps: list[int]) -> Chosen:
    rows = compared.rows
    lags = [lag for lag in _LAGS if lag == "All" or (rows.lag == int(lag)).any()]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        lag = st.segmented_control(
            "Lag", lags, default=lags[0], key="accuracy_lag", required=True, width="content",
            help="Months between the cycle and the month forecast: 1 = the cycle's own first month",
        )  # fmt: skip
        span = st.selectbox("Closed months", list(_SPANS), index=1, key="accuracy_span", width=130)
        names = [STEP_TITLES[STEPS[s]] for s in steps]
        step = st.selectbox(
            "Step", names, index=len(names) - 1, key="accuracy_step", width=140,
            help="Step of the demand review whose forecast is judged",
        )  # fmt: skip
        levels = accuracy_lines.error_levels(view, rows)
        level = st.selectbox(
            "Errors taken by", levels, index=accuracy_lines.usual_level(levels), key="accuracy_level", width=170,
            help="Units are added up to this level before the error is taken: the finer, the less errors cancel",
        )  # fmt: skip
        position = steps[names.index(step)]
        mine = np.unique(rows.owner[:, position])
        owners = [rows.owners[n] for n in mine if n >= 0]
        owner = context.ALL
        if len(owners) > 1:
            owner = st.selectbox(
                "Owner", [context.ALL, *owners], key=f"accuracy_owner_{position}", width=160,
                format_func=lambda name: "All owners" if name == context.ALL else name,
            )  # fmt: skip
    months = np.unique(rows.month)
    count = _SPANS[span]
    return Chosen(
        lag=0 if lag in (None, "All") else int(lag),
        months=months[-count:] if count else months,
        step=position,
        place=steps.index(position),
        level=level,
        owner=-1 if owner == context.ALL else rows.owners.index(owner),
    )


def _before(view: context.View, rows: Comparison, chosen: Chosen, steps: list[int]) -> Line | None:
    """The same over as many months before; None where they are not all there."""
    earlier = np.unique(rows.rows.month)
    earlier = earlier[earlier < chosen.months[0]][-len(chosen.months) :]
    if len(earlier) < len(chosen.months):
        return None
    part = rows.take(chosen.during(earlier).mask(rows.rows))
    if not len(part):
        return None
    group = chosen.group(view, part.rows)
    return whole(
        score(part, np.zeros(len(part), dtype=np.int64), group, steps, money=view.show == context.MONEY)
    )


# -- what is said --


def headline(
    chosen: Chosen, total: Line, parts: dict[int, Line], names: tuple[str, ...], rows: Comparison
) -> str:
    """`Lag 1, last 6 months (May-Oct 26): 92.1 % accurate, 0.4 % over. Sales input made it worse in Blowers by 2.8
    points.`"""
    months = np.unique(rows.rows.month)
    lag = f"Lag {chosen.lag}" if chosen.lag else "All lags"
    count = len(months)
    span = f"last {count} months" if count > 1 else "last month"
    error, off = float(total.wmape[chosen.place]), float(total.bias[chosen.place])
    if not np.isfinite(error):
        return f"{lag}, {span} ({span_label(months[0], months[-1])}): nothing was asked for, so there is no accuracy."
    over = (
        "without bias" if abs(off) < 0.0005 else f"{fmt.percent(abs(off))} {'over' if off > 0 else 'under'}"
    )
    said = f"{lag}, {span} ({span_label(months[0], months[-1])}): {fmt.percent(max(1.0 - error, 0.0))} accurate, {over}."
    if not any(np.isfinite(line.fva).any() for line in parts.values()):
        return said
    hurt = hurting(parts)
    if hurt is not None:
        code, s = hurt
        step = STEP_TITLES[STEPS[total.steps[s + 1]]]
        where = f" in {names[code]}" if len(parts) > 1 else ""
        return f"{said} {step} made it worse{where} by {abs(float(parts[code].fva[s])) * 100:.1f} points."
    gain = float(total.wmape[0] - total.wmape[-1]) * 100
    return f"{said} Every step helped: together {gain:.1f} points."


def hurting(parts: dict[int, Line]) -> tuple[int, int] | None:
    """(line, position in its `fva`) of the step that added most units of error, None where none hurt. The first step
    is left out where there are others: the statistical forecast is no one's opinion."""
    found = [
        (float(line.fva[s]) * line.actual, float(line.fva[s]), code, s)
        for code, line in parts.items()
        for s in range(len(line.fva))
        if (s > 0 or len(line.fva) == 1) and np.isfinite(line.fva[s])
    ]
    if not found:
        return None
    _, points, code, s = min(found)
    return (code, s) if points <= -0.001 else None


def worst_owner(rows: Comparison, group: Ints, steps: list[int], place: int) -> str:
    """The owner whose forecasts of a step added most units of error to those of the step before; blank where nobody
    is named. `group` [n]: where errors are taken; `place`: position in `fva`."""
    owner = rows.rows.owner[:, steps[place + 1]]
    if (owner < 0).all():
        return ""
    added = {
        code: float(line.fva[place]) * line.actual
        for code, line in accuracy_lines.by_line(score(rows, owner, group, steps)).items()
        if code >= 0 and np.isfinite(line.fva[place])
    }
    worst = min(added, key=lambda code: added[code], default=-1)
    return rows.rows.owners[worst] if worst >= 0 and added[worst] < 0 else ""


def _caption(view: context.View, found: Memory, rows: Comparison, chosen: Chosen) -> None:
    """What the numbers rest on, in one quiet line."""
    history = view.company.history
    signals = set(history.signal) if history is not None else set()
    actual = "orders by requested month" if signals == {"orders"} else "sales"
    if signals == {"orders", "sales"}:
        actual = "orders by requested month where they cover it, else sales"
    said = [
        f"{len(rows):,} forecasts of {len(np.unique(rows.rows.cycle))} cycles against actual demand as "
        f"recorded ({actual})",
        f"errors taken by {chosen.level.lower()} and month",
    ]
    if view.show == context.MONEY:
        said.append("units valued at today's net prices")
    if found.left_out:
        said.append(f"{found.left_out:,} of the company in which not all steps are known are left out")
    if found.expected.unknown:
        names = found.expected.unknown
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        said.append(
            f"forecasts of {', '.join(names[:3])}{more} are left out: no longer in the company's data"
        )
    st.html(f'<p class="sop-quiet">{fmt.safe("; ".join(said))}.</p>')


# -- the strip --


@dataclass(frozen=True, slots=True)
class _Card:
    title: str
    value: str
    said: str
    look: str
    tip: str


def _strip(view: context.View, total: Line, before: Line | None, chosen: Chosen) -> str:
    at = chosen.place
    unit = filters.unit(view)
    error, off = float(total.wmape[at]), float(total.bias[at])
    tracking, scaled = float(total.tracking[at]), float(total.mase[at])
    gain = float(total.wmape[0] - total.wmape[-1])
    biased = np.isfinite(tracking) and abs(tracking) > TRACKING_LIMIT
    past = None if before is None else float(before.wmape[at])
    first, last = (STEP_TITLES[STEPS[total.steps[n]]].lower() for n in (0, -1))
    cards = [
        _Card(
            "Accuracy",
            fmt.percent(max(1.0 - error, 0.0)) if np.isfinite(error) else fmt.DASH,
            *_against(past, error),
            f"1 − WMAPE = 1 − Σ|F − A| / ΣA, not shown below 0.\nTrue value {fmt.percent(1.0 - error, 2)}."
            f"{'' if past is None else f' The {len(chosen.months)} months before: {fmt.percent(1.0 - past, 2)}.'}",
        ),
        _Card(
            "Bias",
            fmt.percent(off, signed=True),
            "over-forecast" if off > 0.0005 else "under-forecast" if off < -0.0005 else "balanced",
            "",
            "Σ(F − A) / ΣA; positive = more was forecast than asked for.",
        ),
        _Card(
            "MASE",
            f"{scaled:.2f}" if np.isfinite(scaled) else fmt.DASH,
            "no earlier history"
            if not np.isfinite(scaled)
            else "better than last year's month"
            if scaled < 1
            else "no better than last year's month",
            "" if not np.isfinite(scaled) else "sop-good" if scaled < 1 else "sop-bad",
            "Mean |F − A| / mean change from the same month of the year before, in the history before the months "
            "compared (Hyndman & Koehler 2006).",
        ),
        _Card(
            "Tracking signal",
            f"{tracking:+.1f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(tracking) else fmt.DASH,
            f"beyond ±{TRACKING_LIMIT:.0f}, unfavourable" if biased else f"within ±{TRACKING_LIMIT:.0f}",
            "sop-bad" if biased else "",
            "Running sum of F − A of the whole view / mean |F − A| by month; beyond ±4 the forecast leans to one side "
            "and not by chance.",
        ),
        _Card(
            "Value added",
            f"{gain * 100:+.1f} pp".replace("-", "\N{MINUS SIGN}") if np.isfinite(gain) else fmt.DASH,
            f"{first} to {last}, {'favourable' if gain >= 0 else 'unfavourable'}",
            "sop-good" if gain > 0 else "sop-bad" if gain < 0 else "",
            f"FVA = WMAPE of {first} − WMAPE of {last}, percentage points; positive = the steps helped.",
        ),
        _Card(
            f"Error, {unit}",
            fmt.short(float(total.absolute[at])),
            f"of {fmt.short(total.actual)} asked for",
            "",
            f"Σ|F − A| = {fmt.exact(float(total.absolute[at]))} {unit}; ΣA = {fmt.exact(total.actual)} {unit}.",
        ),
    ]
    html = "".join(
        f'<div class="sop-kpi" role="listitem" title="{fmt.safe(c.tip)}"><b>{fmt.safe(c.title)}</b>'
        f'<strong>{fmt.safe(c.value)}</strong><span class="{c.look}">{fmt.safe(c.said)}</span></div>'
        for c in cards
    )
    return f'{_FLAT}<div class="sop-strip sop-flat" role="list">{html}</div>'


#: Cards without a sparkline need less height.
_FLAT = "<style>.sop-flat .sop-kpi{height:4.9rem}</style>"


def _against(past: float | None, error: float) -> tuple[str, str]:
    """What an error is beside the one of the months before, and its style."""
    if past is None or not np.isfinite(past) or not np.isfinite(error):
        return "no months before to compare", ""
    gain = (past - error) * 100
    if abs(gain) < 0.05:
        return "as in the months before", ""
    text = f"{gain:+.1f} pp".replace("-", "\N{MINUS SIGN}")
    word = "favourable" if gain > 0 else "unfavourable"
    return (
        f"{'▲' if gain > 0 else '▼'} {text}, {word}",
        "sop-good" if gain > 0 else "sop-bad",
    )


# -- the pictures --


def _charts(view: context.View, scored: Scored, rows: Comparison, chosen: Chosen, steps: list[int]) -> None:
    names = [STEPS[s] for s in steps]
    total = whole(scored)
    left, right = st.columns(2)
    with left:
        drawn = ladder_chart(view.palette, names, total.wmape, STEPS[chosen.step])
        st.plotly_chart(drawn.figure, key="accuracy_ladder", theme=None, config=CONFIG, alt=drawn.alt)
    with right:
        months, by_lag = _lags(view, rows, chosen, steps)
        drawn = lags_chart(view.palette, months, by_lag)
        st.plotly_chart(drawn.figure, key="accuracy_lags", theme=None, config=CONFIG, alt=drawn.alt)


def _lags(
    view: context.View, rows: Comparison, chosen: Chosen, steps: list[int]
) -> tuple[MonthArray, dict[int, np.ndarray]]:
    """WMAPE by month of lags 1 to 3, over every month of the choice."""
    part = rows.take(chosen.every_lag().mask(rows.rows))
    group = chosen.group(view, part.rows)
    scored = score(part, np.zeros(len(part), dtype=np.int64), group, steps, money=view.show == context.MONEY)
    months = np.unique(scored.month)
    out = {}
    for lag in _CHART_LAGS:
        own, wmape = over_time(scored, chosen.place, lag)
        if len(own):
            values = np.full(len(months), np.nan)
            values[np.searchsorted(months, own)] = wmape
            out[lag] = values
    return months, out
