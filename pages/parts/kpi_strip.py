"""The KPI strip: at most six cards of the same height in one element, so that a live page redraws one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import streamlit as st

from pages.parts import format as fmt
from sop_core.charts.roles import Palette
from sop_core.inputs import Floats
from sop_core.kpis import KPIS
from sop_core.plan import Plan

#: The cards of the live page: what pays, what is promised, what is tied up, what is full.
LIVE = ("revenue", "margin", "service_level", "revenue_at_risk", "stock_value", "peak_utilisation")
MOST = 6


@dataclass(frozen=True, slots=True)
class Between:
    """What a KPI of the best plan lies between while that plan is not solved yet."""

    low: float
    high: float


def draw(
    plan: Plan, base: Plan, palette: Palette, names: Sequence[str] = LIVE, against: str = "base"
) -> None:
    """The strip of a plan beside another. `against` names the other in words ("base", "budget")."""
    st.html(strip(plan, base, palette, names, against))


def strip(
    plan: Plan,
    base: Plan,
    palette: Palette,
    names: Sequence[str] = LIVE,
    against: str = "base",
    between: Mapping[str, Between] | None = None,
) -> str:
    """The strip as HTML: value, difference with sign and word, sparkline; the definition as the tooltip.

    With `between` the plan is an estimate: the KPIs named in it show what they lie between, all are marked and dim.
    """
    if len(names) > MOST:
        raise ValueError(f"a strip holds {MOST} KPIs, not {len(names)}: the rest belongs in a table")
    if between is None:
        cards = [_card(name, plan, base, palette, against) for name in names]
    else:
        cards = [_estimate(name, plan, base, palette, against, between.get(name)) for name in names]
    look = "sop-strip" if between is None else "sop-strip sop-estimate"
    return f'<div class="{look}" role="list">{"".join(cards)}</div>'


def _estimate(
    name: str, plan: Plan, base: Plan, palette: Palette, against: str, known: Between | None
) -> str:
    """A card of the same height: between two values where that is known, else the estimated plan's own."""
    kpi, currency = KPIS[name], plan.inputs.currency
    value = plan.kpis[name]
    delta = fmt.kpi_delta(name, value, base.kpis[name])
    if known is not None:
        low, high = (fmt.kpi_value(name, end, currency) for end in (known.low, known.high))
        shown = low if low == high else f"{_number(low, high)} – {high}"
        said = "estimate: between" if low != high else "estimate"
        tip = (
            f"{kpi.title} = {kpi.formula}.\nThe best plan's lies between {fmt.kpi_exact(name, known.low, currency)} "
            f"and {fmt.kpi_exact(name, known.high, currency)}: proven from plans solved so far."
        )
    else:
        shown = fmt.kpi_value(name, value, currency)
        said = f"estimate, {delta.arrow} {delta.text}" if delta.arrow else f"estimate, as {against}"
        tip = (
            f"{kpi.title} = {kpi.formula}.\nOf a plan that can be carried out, "
            f"{fmt.kpi_exact(name, value, currency)}; the exact plan follows."
        )
    small = ' class="sop-narrow"' if len(shown) > 12 else ""
    return (
        f'<div class="sop-kpi" role="listitem" title="{fmt.safe(tip)}"><b>{fmt.safe(kpi.title)}</b>'
        f"<strong{small}>{fmt.safe(shown)}</strong><span>{fmt.safe(said)}</span>"
        f"{_spark(kpi.series(plan.facts), palette)}</div>"
    )


def _number(low: str, high: str) -> str:
    """The lower of two values without the unit, where the upper one says it."""
    number, _, unit = low.partition(" ")
    return number if unit and high.endswith(f" {unit}") else low


def _card(name: str, plan: Plan, base: Plan, palette: Palette, against: str) -> str:
    kpi, currency = KPIS[name], plan.inputs.currency
    value, before = plan.kpis[name], base.kpis[name]
    delta = fmt.kpi_delta(name, value, before)
    look = {True: "sop-good", False: "sop-bad", None: ""}[delta.good]
    said = f"{delta.arrow} {delta.text}" if delta.arrow else f"as {against}"
    word = f" {delta.word}" if delta.word else (f" vs {against}" if delta.arrow else "")
    tip = (
        f"{kpi.title} = {kpi.formula}.\n{fmt.kpi_exact(name, value, currency)} "
        f"({against}: {fmt.kpi_exact(name, before, currency)})"
    )
    return (
        f'<div class="sop-kpi" role="listitem" title="{fmt.safe(tip)}"><b>{fmt.safe(kpi.title)}</b>'
        f"<strong>{fmt.safe(fmt.kpi_value(name, value, currency))}</strong>"
        f'<span class="{look}">{fmt.safe(said)}{fmt.safe(word)}</span>'
        f"{_spark(kpi.series(plan.facts), palette)}</div>"
    )


def _spark(values: Floats, palette: Palette) -> str:
    """A sparkline as an image of a few hundred bytes; room is kept where there are no values."""
    known = np.isfinite(values)
    low, high = (float(values[known].min()), float(values[known].max())) if known.any() else (0.0, 0.0)
    span = (high - low) or 1.0
    steps = 98 / max(len(values) - 1, 1)
    points = " ".join(
        f"{1 + n * steps:.1f},{12 - 10 * (value - low) / span:.1f}"
        for n, value in enumerate(values.tolist())
        if known[n]
    )
    line = f'<polyline points="{points}" fill="none" stroke="{palette.muted}" stroke-width="1.2"'
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 14" preserveAspectRatio="none">'
        f'{line} vector-effect="non-scaling-stroke"/></svg>'
    )
    return f'<img alt="" src="data:image/svg+xml,{quote(svg)}">'
