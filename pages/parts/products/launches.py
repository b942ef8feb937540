"""Launches: the funnel by stage, every launch with its volume and money, its ramp, and its levers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.products import working
from pages.parts.tables import download, listing
from sop_core.calendar import month_label
from sop_core.changes import (
    Change,
    LaunchCannibalisation,
    LaunchMove,
    LaunchProbability,
    LaunchRamp,
    LaunchVolume,
)
from sop_core.charts.products import launch_chart, ramp_chart
from sop_core.charts.template import CONFIG
from sop_core.demand.planned import counted_already
from sop_core.inputs import Launch
from sop_core.products.launches import (
    RAMP_SHOWN,
    LaunchLine,
    assumed_ramp,
    comparable_ramps,
    funnel,
    launch_lines,
)

_number = st.column_config.NumberColumn


def render(view: View) -> None:
    """The section."""
    lines = launch_lines(view.company.snapshot, view.unconstrained)
    if not lines:
        st.html('<p class="sop-headline">No launch is planned.</p>')
        _counted(view)
        st.info(
            "Bring the table `launches` (product, month, like_product, scale, ramp_months, probability, "
            "cannibalises, stage): a launch sells like the product it resembles, ramped up and weighted by "
            "its probability."
        )
        st.page_link("pages/data.py", label="Bring launches", icon=":material/upload_file:")
        return
    lines = [
        line for line in lines if view.items[line.launch.item] and (line.launch.regions & view.regions).any()
    ]
    if not lines:
        st.html('<p class="sop-headline">No launch is planned in what is chosen above.</p>')
        _counted(view)
        working.strip(view)
        return
    st.html(f'<p class="sop-headline">{fmt.safe(headline(lines, view))}</p>')
    for line in lines:
        if why := line.missing(view.unconstrained.inputs):
            st.warning(f"{view.desk.label(line.launch.name)}: {why}", icon=":material/help:")
    _counted(view)
    working.strip(view)
    st.html(_funnel_html(lines, view))
    _listing(view, lines)
    _one(view, lines)


def _counted(view: View) -> None:
    """Launches that the demand holds already, and why."""
    for product, why in counted_already(view.company.snapshot, view.inputs.months).items():
        st.html(
            f'<div class="sop-quiet">{fmt.safe(view.desk.label(product))} is not added once more: {why}.</div>'
        )


def headline(lines: list[LaunchLine], view: View) -> str:
    """How much launches bring, weighted, and which is the largest."""
    products = len({line.launch.name for line in lines})
    units = sum(line.weighted_net_units for line in lines)
    revenue = sum(line.weighted_net_revenue for line in lines)
    largest = max(lines, key=lambda line: line.weighted_net_units)
    said = "1 launch" if products == 1 else f"{products} launches"
    money = f" and {fmt.money(revenue, view.currency)} of revenue" if revenue else ""
    text = (
        f"{said}: {fmt.short(units)} units{money} over the horizon, weighted by probability and less what they "
        "take from other products"
    )
    if products > 1 and largest.weighted_net_units > 0:
        text += f"; the largest is {view.desk.label(largest.launch.name)}"
    return text + "."


def _funnel_html(lines: list[LaunchLine], view: View) -> str:
    """The stages as a row of cards, each with count, full and weighted volume and revenue."""
    cards = []
    for stage in funnel(lines):
        quiet = "" if stage.count else " opacity:.55;"
        cards.append(
            f'<div style="flex:1;min-width:9rem;border:1px solid var(--sop-line);border-radius:6px;'
            f'padding:.5rem .7rem;{quiet}"><div class="sop-quiet">{fmt.safe(stage.stage.capitalize())}</div>'
            f"<b>{stage.count or fmt.DASH}</b> "
            f'<span class="sop-quiet">{"launch" if stage.count == 1 else "launches"}</span>'
            f'<div title="{fmt.exact(stage.full_units)} units if all take place">Full '
            f"{fmt.short(stage.full_units)} units</div>"
            f'<div title="{fmt.exact(stage.weighted_net_units)} units x probability, net of cannibalisation">'
            f"Weighted net <b>{fmt.short(stage.weighted_net_units)}</b> units</div>"
            f'<div title="{fmt.exact(stage.weighted_net_revenue)} {fmt.safe(view.currency)}">'
            f"{fmt.money(stage.weighted_net_revenue, fmt.safe(view.currency))} revenue</div></div>"
        )
    return f'<div style="display:flex;gap:.6rem;flex-wrap:wrap;font-size:.85rem">{"".join(cards)}</div>'


def launch_frame(lines: list[LaunchLine], label: Callable[[str], str]) -> pd.DataFrame:
    """One line a launch and region, as listed and downloaded. Fractions in percent."""
    rows = [
        {
            "Product": label(line.launch.name),
            "Where": line.where,
            "Stage": line.stage,
            "Launch": month_label(line.launch.month),
            "Probability %": 100 * line.launch.probability,
            "Full units": round(line.full_units),
            "Taken units": round(line.full_taken),
            "Net units": round(line.full_units - line.full_taken),
            "Weighted net units": round(line.weighted_net_units),
            "Weighted net revenue": round(line.weighted_net_revenue),
            "Weighted net margin": round(line.weighted_net_margin),
            "Like product": label(line.like) if line.like else "",
            "Scale %": 100 * line.launch.scale,
            "Ramp months": line.launch.ramp_months,
            "Takes from": label(line.takes_from) if line.takes_from else "",
            "Rate %": 100 * line.launch.cannibal_rate if line.takes_from else np.nan,
        }
        for line in lines
    ]
    return pd.DataFrame(rows)


def _listing(view: View, lines: list[LaunchLine]) -> None:
    frame = launch_frame(lines, view.desk.label)
    shown = frame if (frame["Where"] != "All").any() else frame.drop(columns="Where")
    money = f"{view.currency}, before supply"
    listing(
        shown,
        "launches",
        config={
            "Probability %": _number(format="%.0f", help="Chance that it takes place"),
            "Scale %": _number(format="%.0f", help="Demand at full ramp as a part of the like product's"),
            "Rate %": _number(
                format="%.0f", help="Units lost by the product it takes from for each unit sold"
            ),
            "Full units": _number(format="localized", help="Units over the horizon if it takes place"),
            "Taken units": _number(
                format="localized", help="Units that the other product loses if it takes place"
            ),
            "Net units": _number(format="localized", help="Full units less units taken"),
            "Weighted net units": _number(format="localized", help="Net units x probability: in the plan"),
            "Weighted net revenue": _number(
                format="localized",
                help=f"{money}: units x net price, less revenue of units taken, x probability",
            ),
            "Weighted net margin": _number(format="localized", help=f"{money}: the same less standard cost"),
        },
    )
    download("Launches", frame, "launches.csv", "launches_csv", quiet=True)


def _one(view: View, lines: list[LaunchLine]) -> None:
    """The chosen launch: levers at the left, its volume and ramp at the right."""
    names = list(dict.fromkeys(line.launch.name for line in lines))
    largest = max(lines, key=lambda line: line.weighted_net_units).launch.name
    chosen = st.selectbox(
        "Launch",
        names,
        index=names.index(largest),
        key="launch_chosen",
        format_func=view.desk.label,
        width=360,
    )
    own = [line for line in lines if line.launch.name == chosen]
    left, right = st.columns([1, 3], gap="medium")
    with left:
        _levers(view, own[0])
        if len(own) > 1:
            st.caption(f"{len(own)} rows by region: a lever sets them all; the first one's values are shown.")
    with right:
        _pictures(view, own)


def _levers(view: View, line: LaunchLine) -> None:
    """Month, probability, ramp, scale and cannibalisation as Changes of the working scenario."""
    name, launch = line.launch.name, line.launch
    base = next(found for found in view.inputs.demand.launches if found.name == name)
    shift = int((launch.month - base.month).astype(int))
    st.html('<div class="sop-group">Levers, in the working scenario</div>')
    _input(view, launch, "Launch later by, months", "shift", shift, -24, 24, _month, base,
           f"From {month_label(base.month)} in the data; negative = earlier")  # fmt: skip
    _input(view, launch, "Probability, %", "probability", round(100 * launch.probability), 0, 100, _probability,
           base, "Chance that it takes place; its demand counts by that part")  # fmt: skip
    _input(view, launch, "Ramp, months", "ramp", launch.ramp_months, 0, 60, _ramp, base,
           "Months from the launch to full demand")  # fmt: skip
    _input(view, launch, "Scale, %", "scale", round(100 * launch.scale), 0, 10_000, _scale, base,
           "Demand at full ramp as a part of the like product's")  # fmt: skip
    if line.takes_from:
        _input(view, launch, "Cannibalisation, %", "rate", round(100 * launch.cannibal_rate), 0, 1000, _rate,
               base, f"Units that {line.takes_from} loses for each 100 units sold")  # fmt: skip


def _month(name: str, value: int) -> Change:
    return LaunchMove(product=name, months=value)


def _probability(name: str, value: int) -> Change:
    return LaunchProbability(product=name, probability=value / 100)


def _ramp(name: str, value: int) -> Change:
    return LaunchRamp(product=name, months=value)


def _scale(name: str, value: int) -> Change:
    return LaunchVolume(product=name, scale=value / 100)


def _rate(name: str, value: int) -> Change:
    return LaunchCannibalisation(product=name, rate=value / 100)


def _input(
    view: View,
    launch: Launch,
    label: str,
    what: str,
    value: int,
    low: int,
    high: int,
    change: Callable[[str, int], Change],
    base: Launch,
    hint: str,
) -> None:
    key = f"launch_{what}_{launch.name}"
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    st.number_input(
        label, min(low, value), max(high, value), step=5 if label.endswith("%") else 1, key=key, help=hint,
        on_change=_moved, args=(view, launch.name, key, change, _said(base, what)),
    )  # fmt: skip


def _said(base: Launch, what: str) -> int:
    """What the company's data say, in the lever's own measure."""
    return {
        "shift": 0,
        "probability": round(100 * base.probability),
        "ramp": base.ramp_months,
        "scale": round(100 * base.scale),
        "rate": round(100 * base.cannibal_rate),
    }[what]


def _moved(view: View, name: str, key: str, change: Callable[[str, int], Change], base: int) -> None:
    value = int(st.session_state[key])
    working.put(view, change(name, value), own=value == base)


def _pictures(view: View, own: list[LaunchLine]) -> None:
    first = own[0]
    launched = np.sum([line.units for line in own], axis=0)
    like = _like_demand(view, first)
    label = view.desk.label
    left, right = st.columns(2, gap="small")
    names = (first.launch.name, first.like or "no like-product")
    drawn = launch_chart(view.palette, view.inputs.months, launched, like, names, "units")
    left.plotly_chart(drawn.figure, key="launch_chart", theme=None, config=CONFIG, alt=drawn.alt)
    signal = working.signal(view.company)
    real = comparable_ramps(signal, view.company.snapshot, first.like) if signal and first.like else []
    assumed = assumed_ramp(first.launch.ramp_months, RAMP_SHOWN)
    ramps = ramp_chart(view.palette, assumed, [(ramp.product, ramp.part) for ramp in real[:3]])
    right.plotly_chart(ramps.figure, key="ramp_chart", theme=None, config=CONFIG, alt=ramps.alt)
    if not real:
        said = (
            "History shows no past launch of the like product, its family or category to check the ramp by."
        )
    else:
        said = " ".join(
            f"{label(ramp.product)}, launched {month_label(ramp.first)}: "
            + (
                f"at full volume from month {ramp.months_to_full}."
                if ramp.months_to_full
                else f"not yet at full volume after {len(ramp.part)} months."
            )
            for ramp in real[:3]
        )
        said += " Each month is measured against the same month a year later, so that season drops out."
    right.caption(fmt.plain(f"Assumed: full volume in month {max(first.launch.ramp_months, 1)}. {said}"))


def _like_demand(view: View, line: LaunchLine) -> np.ndarray:
    """[t] demand ahead of the like product where the launch is to sell."""
    launch, demand = line.launch, view.unconstrained.demand
    if launch.like_item < 0:
        return np.zeros(view.inputs.horizon)
    current = demand.base + demand.layers["promotions"] + demand.layers["price"]
    units = current[launch.like_item] * launch.like_share * launch.regions[:, None, None]
    total: np.ndarray = units.sum(axis=(0, 1))
    return total
