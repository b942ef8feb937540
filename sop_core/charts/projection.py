"""Pictures of the financial projection: a flow by month against what it is held against, and cash beside capital."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sop_core.calendar import MonthArray, span_label
from sop_core.charts.roles import DASH, Palette, fade
from sop_core.charts.template import figure
from sop_core.charts.timeline import (
    Floats,
    Picture,
    end_labels,
    last_known,
    mark_zones,
    month_axis,
    points,
    stamps,
)

_HEIGHT = 235


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow by month [n]; the first `closed` months are actuals. The others [n] are nan where they are not known, and
    None where there is nothing to compare with."""

    title: str  #: `Revenue`
    unit: str
    months: MonthArray
    amounts: Floats
    closed: int = 0
    budget: Floats | None = None
    last_estimate: Floats | None = None
    base: Floats | None = None


@dataclass(frozen=True, slots=True)
class Cash:
    """Cumulative cash and working capital at month end [t], of the plan and of the base behind it."""

    unit: str
    months: MonthArray
    cumulative: Floats
    capital: Floats
    base_cumulative: Floats | None = None
    base_capital: Floats | None = None
    lines: tuple[str, str] = field(default=("Cumulative cash", "Working capital"))


def flow_chart(palette: Palette, data: Flow, height: int = _HEIGHT) -> Picture:
    """Bars by month from zero, closed months dark; budget dashed, last estimate dotted, base as a thin line."""
    chart = figure(palette, f"{data.title} by month, {data.unit}", height)
    x = stamps(data.months)
    looks = [
        palette.actual if n < data.closed else fade(palette.demand, 0.75) for n in range(len(data.months))
    ]
    hover = f"%{{y:,.0f}} {data.unit}"
    chart.add_bar(x=x, y=points(data.amounts), name=data.title, marker={"color": looks}, hovertemplate=hover)
    labels = []
    for name, values, colour, dash, width in (
        ("Budget", data.budget, palette.budget, DASH["budget"], 2.0),
        ("Last LE", data.last_estimate, palette.last_estimate, DASH["last_estimate"], 2.0),
        ("Base", data.base, palette.base, DASH["base"], 1.0),
    ):
        if values is None:
            continue
        style = {"solid": "solid", "dashed": "dash", "dotted": "dot"}[dash]
        chart.add_scatter(
            x=x, y=points(values), mode="lines", name=name, hovertemplate=hover,
            line={"color": colour, "dash": style, "width": width, "shape": "linear"},
        )  # fmt: skip
        labels.append((name, last_known(values), palette.muted))
    month_axis(chart, data.months)
    low, high = _range(data.amounts, data.budget, data.last_estimate, data.base)
    chart.update_layout(yaxis={"range": [low, high], "rangemode": "normal", "nticks": 5}, margin={"t": 52})
    mark_zones(
        chart,
        palette,
        data.months[min(data.closed, len(data.months) - 1)],
        0,
        data.closed,
        len(data.months) - data.closed,
    )
    end_labels(chart, labels, high, (height - 80) * _above(low, high))
    return Picture(chart, _flow_sentence(data))


def cash_chart(palette: Palette, data: Cash, height: int = _HEIGHT) -> Picture:
    """Two lines from zero: cash since the plan's start, and capital at work at month end; the base behind, thin."""
    chart = figure(palette, f"Cash and working capital, {data.unit}", height)
    x, hover = stamps(data.months), f"%{{y:,.0f}} {data.unit}"
    labels = []
    for name, values, colour in zip(
        data.lines, (data.cumulative, data.capital), (palette.supply, palette.stock), strict=True
    ):
        chart.add_scatter(
            x=x,
            y=points(values),
            mode="lines",
            name=name,
            hovertemplate=hover,
            line={"color": colour, "width": 2.5},
        )
        labels.append((name.replace(" ", "<br>"), last_known(values), palette.ink))
    for name, behind in zip(data.lines, (data.base_cumulative, data.base_capital), strict=True):
        if behind is not None:
            chart.add_scatter(
                x=x, y=points(behind), mode="lines", name=f"{name}, base", hovertemplate=hover,
                line={"color": palette.base, "width": 1},
            )  # fmt: skip
    month_axis(chart, data.months)
    low, high = _range(data.cumulative, data.capital, data.base_cumulative, data.base_capital)
    chart.update_layout(
        yaxis={"range": [low, high], "rangemode": "normal", "nticks": 5, "zeroline": True},
        margin={"t": 40, "r": 84},
    )
    # Two lines of text each, so they keep twice the distance.
    end_labels(chart, labels, high, (height - 70) / 2 * _above(low, high))
    worst = int(np.argmin(data.cumulative))
    said = (
        f"Cumulative cash ends at {data.cumulative[-1]:,.0f} {data.unit}, lowest {data.cumulative[worst]:,.0f} in "
        f"{span_label(data.months[worst], data.months[worst])}; working capital ends at {data.capital[-1]:,.0f}."
    )
    return Picture(chart, said)


def _range(*series: Floats | None) -> tuple[float, float]:
    """From zero, or from the lowest value with air, to the highest with air."""
    known = np.concatenate([s[np.isfinite(s)] for s in series if s is not None] or [np.zeros(1)])
    low, high = float(min(known.min(initial=0.0), 0.0)), float(max(known.max(initial=0.0), 0.0))
    room = (high - low) or 1.0
    return (low - 0.08 * room if low < 0 else 0.0), high + 0.08 * room


def _above(low: float, high: float) -> float:
    """Part of the plot's height that lies above zero: what `end_labels` takes for the whole."""
    return high / (high - low)


def _flow_sentence(data: Flow) -> str:
    ahead = data.amounts[data.closed :]
    months = data.months[data.closed :]
    said = f"{data.title} {span_label(months[0], months[-1])}: {np.nansum(ahead):,.0f} {data.unit}"
    for name, values in (
        ("budget", data.budget),
        ("last latest estimate", data.last_estimate),
        ("base", data.base),
    ):
        if values is None:
            continue
        other = values[data.closed :]
        both = np.isfinite(other) & np.isfinite(ahead)
        if both.any():
            gap = float((ahead - other)[both].sum())
            side = "above" if gap >= 0 else "below"
            said += f", {abs(gap):,.0f} {side} {name}"
    return f"{said}."
