"""Order intake: what is on the books for the running month, where it usually stands by now, where it will end."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context, filters, state
from pages.parts import format as fmt
from pages.parts.demand.accuracy_lines import start_level
from pages.parts.tables import download, listing
from sop_core.calendar import month_label
from sop_core.charts.book import BookView, book_chart
from sop_core.cycle.intake import LEAST_MONTHS, Book, Intake, filling, intake, order_book
from sop_core.inputs import Bools, Floats
from sop_core.planner import Company
from sop_core.schema import TABLES
from sop_core.store.contract import template_csv

#: Planned months whose book can be looked at.
_MONTHS = 3
#: Height of the picture, pixels.
_HEIGHT = 300
_STANDING = {"ahead": "ahead of usual", "behind": "behind usual", "usual": "as usual", "": ""}


@st.cache_resource(max_entries=2, show_spinner=False)
def _book(path: str, version: int, review: int, fingerprint: str, _company: Company) -> Book | None:
    return order_book(_company)


def render(view: context.View) -> None:
    """The section; without orders, what to bring."""
    snapshot = view.company.snapshot
    book = _book(
        str(state.store_path()),
        snapshot.version,
        view.company.verdicts.revision,
        snapshot.fingerprint,
        view.company,
    )
    if book is None:
        _empty(view)
        return
    top = st.container(gap="small")
    months = view.inputs.months[:_MONTHS]
    labels = fmt.months(months)
    label = st.segmented_control(
        "Month", labels, default=labels[0], key="intake_month", required=True, label_visibility="collapsed"
    )
    t = labels.index(label or labels[0])
    seen = _in_view(view, book)
    found = _intake(view, book, t, seen, view.items)
    top.html(f'<p class="sop-headline">{fmt.safe(headline(found, filters.unit(view)))}</p>')
    st.html(f'<p class="sop-quiet">{fmt.safe(_how(found))}</p>')
    st.html(_strip(found, filters.unit(view)))
    _chart(view, book, found, seen)
    _table(view, book, t)


def _in_view(view: context.View, book: Book) -> Bools:
    """[n] order lines of what is in view."""
    return np.asarray(
        view.items[book.item] & view.regions[book.region] & view.segments[book.segment], dtype=bool
    )


def _intake(
    view: context.View, book: Book, t: int, lines: Bools, items: Bools, regions: Bools | None = None
) -> Intake:
    """The book of the planned month at position t for a part of what is in view."""
    month = view.inputs.months[t]
    money = view.show == context.MONEY
    where = np.ix_(items, view.regions if regions is None else regions, view.segments)
    demand = view.unconstrained.demand
    expected = demand.total[..., t] * (demand.price[..., t] if money else 1.0)
    return intake(
        book,
        month,
        lines,
        float(expected[where].sum()),
        _last_year(view, month, where, money),
        money=money,
    )


def _last_year(view: context.View, month: np.datetime64, where: tuple[np.ndarray, ...], money: bool) -> float:
    history = view.company.history
    at = -1 if history is None else int((month - 12 - history.months[0]).astype(int))
    if history is None or not 0 <= at < len(history.months):
        return float("nan")
    values: Floats = history.actual[..., at] * (view.inputs.demand.price[..., 0] if money else 1.0)
    return float(values[where].sum())


def headline(found: Intake, unit: str) -> str:
    """`Nov 26, as of 15 Nov 26: 46,374 units on the books, 90 % of the estimate where 92 to 98 % is usual. It will end
    at 48,331 units if it fills as usual, 6.7 % below the estimate.`"""
    month, day = month_label(found.month), _day(found.as_of)
    said = f"{month}, as of {day}: {fmt.exact(found.booked)} {unit} on the books"
    if np.isfinite(found.progress):
        said += f", {fmt.percent(found.progress, 0)} of the estimate"
    low, _, high = found.usual
    if np.isfinite(low) and np.isfinite(found.progress):
        said += f" where {low * 100:.0f} to {high * 100:.0f} % is usual"
    said += "."
    if np.isfinite(found.middle):
        said += f" It will end at {fmt.exact(found.middle)} {unit} if it fills as usual"
        if found.expected > 0:
            gap = found.middle / found.expected - 1.0
            word = "above" if gap > 0 else "below"
            said += (
                f", {fmt.percent(abs(gap))} {word} the estimate" if abs(gap) >= 0.0005 else ", as estimated"
            )
        said += "."
    return said


def _day(day: np.datetime64) -> str:
    stamp = pd.Timestamp(day)
    return f"{stamp.day} {month_label(stamp)}"


def _how(found: Intake) -> str:
    """How the projection is made, or why there is none."""
    count = len(found.shares)
    if count < LEAST_MONTHS:
        return (
            f"No projection: only {count} closed months have complete orders, {LEAST_MONTHS} are needed. Bring the "
            "orders of the last twelve months with the day on which each was placed (ordered_on)."
        )
    when = (
        f"{1 - found.days} days before the month" if found.days <= 0 else f"on day {found.days} of the month"
    )
    if not np.isfinite(found.middle):
        return f"No projection: {when} the book usually holds too little of the month to say how it will end."
    return (
        f"Projection = on the books / part of a month that was on the books {when} in the last {count} closed months; "
        "its range is P10 to P90 of those months. As of the newest order placed. Each line is projected "
        "by its own past, so lines need not add up to the whole."
    )


def _strip(found: Intake, unit: str) -> str:
    low, _, high = found.usual
    gap = found.middle - found.expected
    year = found.middle / found.last_year - 1.0 if found.last_year > 0 else float("nan")
    look = {"ahead": "sop-good", "behind": "sop-bad"}.get(found.standing, "")
    word = {"ahead": ", favourable", "behind": ", unfavourable"}.get(found.standing, "")
    cards = [
        ("On the books", fmt.short(found.booked), f"{_STANDING[found.standing]}{word}" or "no comparison", look,
         f"Quantity of orders due in the month, shipped or not: {fmt.exact(found.booked)} {unit}."),
        ("Of the estimate", fmt.percent(found.progress, 0),
         f"usual {low * 100:.0f} to {high * 100:.0f} %" if np.isfinite(low) else "usual part not known",
         "", "On the books / latest estimate of the month; usual = P10 to P90 of closed "
         "months at the same day."),
        ("Projected month end", fmt.short(found.middle), f"{fmt.short(found.low)} to {fmt.short(found.high)}"
         if np.isfinite(found.middle) else "too little to project", "",
         f"P50: {fmt.exact(found.middle)} {unit}; P10 {fmt.exact(found.low)}, P90 {fmt.exact(found.high)}."),
        ("Latest estimate", fmt.short(found.expected), f"projection {fmt.short(gap, signed=True)}"
         if np.isfinite(gap) else "", "sop-good" if gap > 0 else "sop-bad" if gap < 0 else "",
         f"Unconstrained demand of the month in the scenario shown: {fmt.exact(found.expected)} {unit}."),
        ("Same month last year", fmt.short(found.last_year), f"projection {fmt.percent(year, signed=True)}"
         if np.isfinite(year) else "", "", f"Actual demand as recorded: {fmt.exact(found.last_year)} {unit}."),
    ]  # fmt: skip
    html = "".join(
        f'<div class="sop-kpi" role="listitem" title="{fmt.safe(tip)}"><b>{fmt.safe(title)}</b>'
        f'<strong>{fmt.safe(value)}</strong><span class="{style}">{fmt.safe(said)}</span></div>'
        for title, value, said, style, tip in cards
    )
    flat = "<style>.sop-flat .sop-kpi{height:4.9rem}</style>"
    return f'{flat}<div class="sop-strip sop-flat" role="list">{html}</div>'


def _chart(view: context.View, book: Book, found: Intake, lines: Bools) -> None:
    curve = filling(book, found.month, lines, money=view.show == context.MONEY)
    if curve is None or found.expected <= 0:
        return
    drawn = book_chart(
        view.palette,
        BookView(
            month=found.month,
            days=curve.days.astype(float),
            booked=curve.booked,
            low=curve.low * found.expected,
            middle=curve.middle * found.expected,
            high=curve.high * found.expected,
            last_year=curve.last_year,
            estimate=found.expected,
            as_of=book.as_of,
            unit=filters.unit(view),
        ),
    )
    st.echarts_chart(drawn.option, height=_HEIGHT, theme=None, key="intake_chart", alt=drawn.alt)


def lines_frame(view: context.View, book: Book, t: int, by: str = "") -> pd.DataFrame:
    """One row a line: on the books, part of the estimate, usual part, projection, estimate, last year, standing.
    `by`: a level, or Region; blank: the view's."""
    seen = _in_view(view, book)
    parts: list[tuple[str, Bools, Bools, Bools]] = []
    if by == "Region":
        for r, name in enumerate(view.inputs.regions):
            own = np.arange(len(view.inputs.regions)) == r
            if view.regions[r]:
                parts.append((name, seen & (book.region == r), view.items, own))
    else:
        for group in filters.split(view.inputs, by or start_level(view), view.items):
            parts.append((group.name, seen & group.items[book.item], group.items, view.regions))
    rows = []
    for name, lines, items, regions in parts:
        found = _intake(view, book, t, lines, items, regions)
        low, middle, high = found.usual
        rows.append(
            {
                "Line": name,
                "On the books": found.booked,
                "Estimate": found.expected,
                "Booked": 100 * found.progress,
                "Usual": f"{low * 100:.0f} to {high * 100:.0f}" if np.isfinite(middle) else "",
                "Projection": found.middle,
                "P10": found.low,
                "P90": found.high,
                "Gap": found.middle - found.expected,
                "Last year": found.last_year,
                "Standing": _STANDING[found.standing],
            }
        )
    return pd.DataFrame(rows)


#: Quantities, shown as whole numbers.
_WHOLE = ["On the books", "Estimate", "Projection", "P10", "P90", "Gap", "Last year"]


def _table(view: context.View, book: Book, t: int) -> None:
    unit = filters.unit(view)
    levels = [level for level in context.levels(view.inputs) if level != context.COMPANY] or [context.COMPANY]
    if len(view.inputs.regions) > 1:
        levels.append("Region")
    start = start_level(view)
    by = st.segmented_control(
        "Lines by", levels, default=start if start in levels else levels[0], key="intake_lines", required=True
    )
    frame = lines_frame(view, book, t, by or "")
    apart = [
        f"{line} {standing}"
        for line, standing in zip(frame["Line"], frame["Standing"], strict=True)
        if standing and standing != _STANDING["usual"]
    ]
    if apart:
        more = f" and {len(apart) - 8} more" if len(apart) > 8 else ""
        st.html(f'<p class="sop-quiet">Outside the usual spread: {fmt.safe(", ".join(apart[:8]))}{more}.</p>')
    number = st.column_config.NumberColumn
    listing(
        frame.round(dict.fromkeys(_WHOLE, 0)),
        "intake_table",
        height=330,
        config={
            "On the books": number(
                f"On the books, {unit}", format="localized", help="Orders due in the month"
            ),
            "Estimate": number(
                f"Estimate, {unit}", format="localized", help="Unconstrained demand of the month"
            ),
            "Booked": number("Booked, %", format="%.0f", help="On the books / estimate"),
            "Usual": st.column_config.TextColumn(
                "Usual, %", help="P10 to P90 of closed months at the same day"
            ),
            "Projection": number(
                f"Projection, {unit}", format="localized", help="On the books / usual part (P50)"
            ),
            "Gap": number(f"Projection − estimate, {unit}", format="localized"),
            "P10": number(format="localized"),
            "P90": number(format="localized"),
            "Last year": number(f"Last year, {unit}", format="localized", help="The month as it ended"),
        },
    )
    download("Order intake", frame, "order_intake.csv", "intake_csv")


def _empty(view: context.View) -> None:
    month = month_label(view.inputs.months[0])
    st.html(
        f'<p class="sop-headline">No orders are known, so nothing tells how {fmt.safe(month)} is filling.</p>'
        '<p class="sop-quiet">Bring <b>orders.csv</b>: order, ordered_on, due_on, product, quantity. With the orders '
        "of the last twelve months, today's book is projected to the month's end.</p>"
    )
    with st.container(horizontal=True):
        st.download_button(
            "orders.csv", lambda: template_csv(TABLES["orders"]), file_name="orders.csv", mime="text/csv",
            key="orders_template", on_click="ignore", icon=":material/download:",
            help="An empty template with the table's columns",
        )  # fmt: skip
        st.page_link("pages/data.py", label="Bring orders", icon=":material/upload_file:")
