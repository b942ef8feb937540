"""Promotions: the calendar, what past ones did and earned, what planned ones are worth, and their levers."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.products import promotion_edit, working
from pages.parts.tables import download, listing
from sop_core.calendar import month_label
from sop_core.charts.products import CalendarBar, calendar_chart, uplift_chart
from sop_core.charts.template import CONFIG
from sop_core.demand.uplift import Measured, measure, past_promotions
from sop_core.planner import Company
from sop_core.products.promotions import (
    PlannedPromotion,
    planned_promotions,
    same_promotion,
    suggestions,
)

_number = st.column_config.NumberColumn
#: Years of the past that the calendar shows at first.
_YEARS = 3
_MOST_ROWS = 25


@st.cache_resource(max_entries=2, show_spinner=False)
def _measured(version: int, fingerprint: str, verdicts: str, _company: Company) -> list[Measured]:
    signal = working.signal(_company)
    if signal is None:
        return []
    products = _company.snapshot.table("products")
    cost = dict(zip(products["product"].astype(str), products["unit_cost"].astype(float), strict=True))
    return measure(signal, past_promotions(_company.snapshot), cost)


def measured(company: Company) -> list[Measured]:
    """What past promotions did, worked out once per data version."""
    snapshot = company.snapshot
    return _measured(snapshot.version, snapshot.fingerprint, company.verdicts.fingerprint(), company)


def render(view: View) -> None:
    """The section."""
    past, planned = measured(view.company), planned_promotions(view.unconstrained)
    if not past and not planned:
        st.html('<p class="sop-headline">There are no promotions, past or planned.</p>')
        st.info(
            "Bring the table `promotions` (promotion, product or family, start, end, uplift, price_change, cost): "
            "past ones are measured against what would have sold without them, planned ones act on demand."
        )
        st.page_link("pages/data.py", label="Bring promotions", icon=":material/upload_file:")
        working.strip(view)
        promotion_edit.add(view)
        return
    past, planned = in_view(view, past, planned)
    if not past and not planned:
        st.html('<p class="sop-headline">No promotion, past or planned, is in what is chosen above.</p>')
        working.strip(view)
        promotion_edit.add(view)
        return
    st.html(f'<p class="sop-headline">{fmt.safe(headline(view, past, planned))}</p>')
    working.strip(view)
    _suggest(view, past, planned)
    _calendar(view, past, planned)
    _planned(view, planned)
    promotion_edit.add(view)
    _past(view, past)


def in_view(
    view: View, past: list[Measured], planned: list[PlannedPromotion]
) -> tuple[list[Measured], list[PlannedPromotion]]:
    """Those that touch an item and a region in view; each is shown whole."""
    names = {
        one.name
        for one in view.unconstrained.inputs.demand.promotions
        if (view.items & (one.share > 0)).any() and (view.regions & one.regions).any()
    }
    position, regions = view.company.items.position, view.inputs.regions
    items = set(np.flatnonzero(view.items).tolist())
    shown = {name for name, chosen in zip(regions, view.regions, strict=True) if chosen}

    def seen(found: Measured) -> bool:
        one = found.promotion
        return bool(items & {position.get(product) for product in one.products}) and (
            one.region not in regions or one.region in shown
        )

    return [one for one in past if seen(one)], [one for one in planned if one.name in names]


def signed(part: float) -> str:
    """`+38 %`."""
    return fmt.percent(part, 0, signed=True)


def days(start: np.datetime64, end: np.datetime64) -> str:
    """`16 Jun 25 to 15 Jul 25`."""
    first: dt.date = start.astype("datetime64[D]").item()
    last: dt.date = end.astype("datetime64[D]").item()
    return f"{first.day} {month_label(first)} to {last.day} {month_label(last)}"


def sentence(found: Measured, currency: str) -> str:
    """`Mower Weeks 2025: +38 % measured (80 %: +31 % to +45 %) against +40 % planned, earned 41 k EUR after 36 k
    EUR of cost (80 %: 20 k to 62 k EUR).`"""
    name, terms = found.promotion.name, found.promotion
    if found.why:
        return f"{name} cannot be measured: {found.why}."
    low, high = found.interval()
    said = (
        f"{name}: {signed(found.rise)} measured (80 %: {signed(low)} to {signed(high)}) against "
        f"{signed(found.planned_rise)} planned"
    )
    if math.isfinite(found.earned):
        word = "earned" if found.earned >= 0 else "lost"
        least, most = found.earned_interval()
        said += f", {word} {fmt.money(abs(found.earned), currency)}"
        said += f" after {fmt.money(terms.cost, currency)} of cost" if terms.cost else ""
        said += f" (80 %: {fmt.short(least)} to {fmt.money(most, currency)})"
    if found.together:
        said += f"; measured together with {', '.join(found.together)}"
    return said + "."


def headline(view: View, past: list[Measured], planned: list[PlannedPromotion]) -> str:
    """What is planned and what it is worth; else the last past one that was measured."""
    if planned:
        earned = sum(line.earned for line in planned)
        count = "1 promotion is" if len(planned) == 1 else f"{len(planned)} promotions are"
        word = "earn" if earned >= 0 else "lose"
        told = [found for found in past if found.telling]
        last = f" {sentence(told[-1], view.currency)}" if told else ""
        return f"{count} planned: by their terms they {word} {fmt.money(abs(earned), view.currency)} before supply.{last}"
    told = [found for found in past if found.telling]
    if told:
        return sentence(told[-1], view.currency)
    return f"{len(past)} past promotions, none of which can be measured closely; none is planned."


def _suggest(view: View, past: list[Measured], planned: list[PlannedPromotion]) -> None:
    for n, found in enumerate(suggestions(planned, past)):
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            runs = ", ".join(found.past)
            st.markdown(
                fmt.plain(
                    f"{found.promotion} is planned with {signed(found.planned)}; {runs} measured "
                    f"{signed(found.measured)} (80 %: {signed(found.low)} to {signed(found.high)})."
                )
            )
            st.button(
                f"Plan it with {signed(found.measured)}", key=f"promotion_suggest_{n}", on_click=promotion_edit.terms,
                args=(view, found.promotion, round(found.measured, 2), f"as measured in {runs}"),
            )  # fmt: skip


# -- calendar --


def _calendar(view: View, past: list[Measured], planned: list[PlannedPromotion]) -> None:
    start = view.inputs.months[0].astype("datetime64[D]")
    first = (view.inputs.months[0] - 12 * _YEARS).astype("datetime64[D]")
    last = (view.inputs.months[-1] + 1).astype("datetime64[D]")
    titles: dict[str, str] = {}
    bars = []
    for found in past:
        own = found.promotion
        if own.end < first:
            continue
        row = titles.setdefault(same_promotion(own.name), _title(own.name))
        text = signed(found.rise) if not found.why else ""
        bars.append(
            CalendarBar(
                row, max(own.start, first), own.end, text, fmt.safe(sentence(found, view.currency)), "past"
            )
        )
    for line in planned:
        row = titles.setdefault(same_promotion(line.name), _title(line.name))
        hover = f"{line.name}, {days(line.start, line.end)}: {signed(line.uplift)} planned"
        bars.append(
            CalendarBar(row, line.start, min(line.end, last), signed(line.uplift), fmt.safe(hover), "planned")
        )
    rows = list(dict.fromkeys(bar.row for bar in bars))
    if not rows:
        return
    shown = [bar for bar in bars if bar.row in rows[-_MOST_ROWS:]]
    drawn = calendar_chart(view.palette, shown, start, first, last)
    st.plotly_chart(drawn.figure, key="promotion_calendar", theme=None, config=CONFIG, alt=drawn.alt)
    if len(rows) > _MOST_ROWS:
        st.caption(
            f"{_MOST_ROWS} of {len(rows)} promotions shown, those that come last; the lists have them all."
        )


def _title(name: str) -> str:
    bare = same_promotion(name)
    at = name.casefold().find(bare)
    return fmt.safe(name[at : at + len(bare)] if at >= 0 else name)


# -- planned --


def planned_frame(view: View, planned: list[PlannedPromotion]) -> pd.DataFrame:
    """One line a planned promotion, as listed and downloaded."""
    return pd.DataFrame(
        [
            {
                "Promotion": line.name,
                "What": line.what,
                "Where": line.where,
                "First day": pd.Timestamp(line.start.astype("datetime64[us]")),
                "Last day": pd.Timestamp(line.end.astype("datetime64[us]")),
                "Uplift %": 100 * line.uplift,
                "Bought early %": 100 * line.pull_forward,
                "Price %": 100 * line.price_change,
                "Sells anyway": round(line.base),
                "Extra units": round(line.extra),
                "Bought early": round(line.pulled),
                "Cost": round(line.cost),
                "Earned": round(line.earned),
            }
            for line in planned
        ]
    )


def _planned(view: View, planned: list[PlannedPromotion]) -> None:
    st.html('<div class="sop-group">Planned</div>')
    if not planned:
        st.caption("No promotion is planned.")
        return
    frame = planned_frame(view, planned)
    date = st.column_config.DateColumn(format="D MMM YY")
    listing(
        frame,
        "promotions_planned",
        config={
            "First day": date,
            "Last day": date,
            "Uplift %": _number(format="%+.0f", help="More demand while it runs"),
            "Bought early %": _number(format="%.0f", help="Part of the following months bought early"),
            "Price %": _number(format="%+.0f", help="Change of price while it runs"),
            "Sells anyway": _number(format="localized", help="Units on its days without it"),
            "Extra units": _number(format="localized", help="Units that it adds by its uplift"),
            "Bought early": _number(format="localized", help="Units that are bought early by its terms"),
            "Cost": _number(format="localized", help=f"{view.currency}: cost of running it"),
            "Earned": _number(
                format="localized",
                help=f"{view.currency}, before supply: margin on extra units less price given away on what sells "
                "anyway or is bought early, less cost",
            ),
        },
    )
    download("Planned promotions", frame, "promotions_planned.csv", "promotions_planned_csv", quiet=True)
    promotion_edit.levers(view, planned)


# -- past --


def past_frame(past: list[Measured]) -> pd.DataFrame:
    """One line a past promotion, latest first, as listed and downloaded."""
    rows = []
    for found in reversed(past):
        own = found.promotion
        low, high = found.interval() if not found.why else (math.nan, math.nan)
        least, most = found.earned_interval() if not found.why else (math.nan, math.nan)
        paid = {True: "paid back", False: "did not pay back", None: "cannot tell"}[found.paid]
        rows.append(
            {
                "Promotion": own.name,
                "What": own.what,
                "Where": " · ".join(name for name in (own.region, own.segment) if name != "All")
                or "everywhere",
                "First day": pd.Timestamp(own.start.astype("datetime64[us]")),
                "Last day": pd.Timestamp(own.end.astype("datetime64[us]")),
                "Verdict": f"cannot be measured: {found.why}" if found.why else paid,
                "Planned %": 100 * found.planned_rise,
                "Measured %": 100 * found.rise,
                "Low %": 100 * low,
                "High %": 100 * high,
                "Earned": np.round(found.earned),
                "Earned low": np.round(least),
                "Earned high": np.round(most),
                "Extra units": np.round(found.extra),
                "Bought early": np.round(found.dip),
                "± early": np.round(1.2816 * found.dip_error),
                "Cost": round(own.cost),
                "Chance it paid %": 100 * found.chance,
            }
        )
    return pd.DataFrame(rows)


def _past(view: View, past: list[Measured]) -> None:
    st.html('<div class="sop-group">Past, measured</div>')
    if not past:
        st.caption("No past promotion lies within the data; those that come are measured once they are over.")
        return
    frame = past_frame(past)
    date = st.column_config.DateColumn(format="D MMM YY")
    money = (
        f"{view.currency}: margin on extra units less price given away, margin on units bought early and cost"
    )
    listing(
        frame,
        "promotions_past",
        config={
            "First day": date,
            "Last day": date,
            "Planned %": _number(
                format="%+.0f", help="Rise while it ran by its terms: uplift, and what was to be bought early"
            ),
            "Measured %": _number(
                format="%+.0f",
                help="Units above what would have sold without it, over what would have on its days",
            ),
            "Low %": _number(format="%+.0f", help="Lower end of the 80 % interval"),
            "High %": _number(format="%+.0f", help="Upper end of the 80 % interval"),
            "Extra units": _number(format="localized", help="Units above the counterfactual while it ran"),
            "Bought early": _number(
                format="localized",
                help="Units below the counterfactual in the months after; negative = above",
            ),
            "± early": _number(
                format="localized", help="Half of the 80 % interval of the units bought early"
            ),
            "Cost": _number(format="localized", help=f"{view.currency}: cost of running it"),
            "Earned": _number(format="localized", help=money),
            "Earned low": _number(format="localized", help="Lower end of the 80 % interval"),
            "Earned high": _number(format="localized", help="Upper end of the 80 % interval"),
            "Chance it paid %": _number(format="%.0f", help="Chance that it earned more than it cost"),
        },
    )
    download("Past promotions", frame, "promotions_past.csv", "promotions_past_csv", quiet=True)
    told = [found for found in reversed(past) if not found.why]
    if not told:
        return
    names = [f"{found.promotion.name}, {days(found.promotion.start, found.promotion.end)}" for found in told]
    left, right = st.columns([1, 1], gap="medium")
    chosen = left.selectbox(
        "Past promotion", range(len(told)), format_func=names.__getitem__, key="promotion_past"
    )
    found = told[chosen]
    left.markdown(fmt.plain(sentence(found, view.currency)))
    left.caption(
        fmt.plain(
            f"Without it: from {found.yardstick}. Net price {found.price:,.2f} and standard cost "
            f"{found.unit_cost:,.2f} {view.currency} a unit. Intervals hold what is not known of season, trend and "
            "chance, not errors in its cost."
        )
    )
    drawn = uplift_chart(view.palette, found.months, found.actual, found.expected, "units")
    right.plotly_chart(drawn.figure, key="uplift_chart", theme=None, config=CONFIG, alt=drawn.alt)
