"""Pictures of the financial projection: a flow by month against what it is held against, and cash beside capital."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go

from sop_core.calendar import MonthArray, span_label
from sop_core.charts.bridge import Bar, waterfall
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
from sop_core.pack.value import Bridge
from sop_core.wording import short

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


@dataclass(frozen=True, slots=True)
class Quarters:
    """A flow by fiscal quarter [n], nan where it is not known; the others None where there is nothing to compare with."""

    title: str  #: `Contribution margin`
    unit: str
    labels: tuple[str, ...]
    amounts: Floats
    budget: Floats | None = None
    last_estimate: Floats | None = None


def quarter_chart(palette: Palette, data: Quarters, height: int = _HEIGHT) -> Picture:
    """Bars by quarter from zero with their amounts; budget as a dash across the bar, last estimate as a dotted one."""
    chart = figure(palette, f"{data.title} by quarter, {data.unit}", height)
    x = list(range(len(data.labels)))
    hover = f"%{{y:,.0f}} {data.unit}"
    chart.add_bar(
        x=x, y=points(data.amounts), name=data.title, hovertemplate=hover,
        marker={"color": fade(palette.demand, 0.75)}, text=_written(data.amounts), textposition="inside",
        insidetextanchor="end", textangle=0, textfont={"size": 11, "color": palette.surface}, constraintext="none",
    )  # fmt: skip
    labels, said = [], [f"{data.title} by quarter, {data.unit}: {_listed(data.labels, data.amounts)}"]
    for name, values, colour, dash in (
        ("Budget", data.budget, palette.ink, "dash"),
        ("Last LE", data.last_estimate, palette.unfavourable, "dot"),
    ):
        if values is None or not np.isfinite(values).any():
            continue
        across_x: list[float | None] = []
        across_y: list[float | None] = []
        for at, value in enumerate(points(values)):
            across_x += [at - 0.42, at, at + 0.42, None]
            across_y += [value, value, value, None]
        chart.add_scatter(
            x=across_x, y=across_y, mode="lines", name=name, hovertemplate=hover,
            line={"color": colour, "width": 2, "dash": dash},
        )  # fmt: skip
        labels.append((name, last_known(values), palette.muted))
        said.append(f"{name.lower() if name == 'Budget' else name}: {_listed(data.labels, values)}")
    low, high = _range(data.amounts, data.budget, data.last_estimate)
    _category_axis(chart, data.labels)
    chart.update_layout(
        yaxis={"range": [low, high], "rangemode": "normal", "nticks": 5}, margin={"t": 40, "r": 62}
    )
    end_labels(chart, labels, high, (height - 80) * _above(low, high))
    return Picture(chart, "; ".join(said) + ".")


@dataclass(frozen=True, slots=True)
class Ends:
    """Balances at the end of fiscal quarters [n], nan where they are not known."""

    title: str
    unit: str
    labels: tuple[str, ...]
    lines: tuple[tuple[str, Floats], ...]  #: name and values; at most three


def ends_chart(palette: Palette, data: Ends, height: int = _HEIGHT) -> Picture:
    """Lines with a point at the end of each quarter, named where they end."""
    chart = figure(palette, f"{data.title}, {data.unit}", height)
    x = list(range(len(data.labels)))
    labels, said = [], []
    for (name, values), colour in zip(
        data.lines, (palette.supply, palette.stock, palette.demand), strict=False
    ):
        chart.add_scatter(
            x=x, y=points(values), mode="lines+markers", name=name, hovertemplate=f"%{{y:,.0f}} {data.unit}",
            line={"color": colour, "width": 2.5}, marker={"size": 7},
        )  # fmt: skip
        labels.append((name.replace(" ", "<br>"), last_known(values), palette.ink))
        said.append(f"{name}: {_listed(data.labels, values)}")
    low, high = _range(*(values for _, values in data.lines))
    _category_axis(chart, data.labels)
    chart.update_layout(
        yaxis={"range": [low, high], "rangemode": "normal", "nticks": 5, "zeroline": True},
        margin={"t": 40, "r": 84},
    )
    end_labels(chart, labels, high, (height - 70) / 2 * _above(low, high))
    return Picture(chart, f"{data.title}, {data.unit}. {'; '.join(said)}.")


def variance_chart(
    palette: Palette, currency: str, bridge: Bridge, height: int = _HEIGHT, narrow: bool = False
) -> Picture:
    """From the budget to the plan by volume, mix, price and cost, in money of that currency. `narrow`: for a third of
    the page, with more room for the amounts beside the bars."""

    def bar(label: str, amount: float, good: bool | None, said: str = "") -> Bar:
        word = {True: ", favourable", False: ", unfavourable", None: ""}[good]
        hover = f"{label}: {amount:,.0f} {currency}{word}" + (f"<br>{_plain(said)}" if said else "")
        return Bar(label, amount, short(amount, signed=True), good, hover)

    gap = bridge.end_value - bridge.start_value
    bars = [bar(step.label, step.amount, step.good, step.sentence) for step in bridge.steps]
    total = bar("Plan less budget", gap, None if round(gap) == 0 else gap > 0)
    title = f"{bridge.title}, {currency}"
    alt = (
        f"{title}: plan {bridge.end_value:,.0f}, budget {bridge.start_value:,.0f}, difference {gap:+,.0f}. "
        f"{bridge.sentence}"
    )
    picture = waterfall(palette, title, bars, total, alt, lambda amount: short(amount, signed=True), height)
    if narrow:
        ends = np.cumsum([0.0, *(step.amount for step in bridge.steps)])
        low, high = float(min(ends.min(), 0.0)), float(max(ends.max(), 0.0))
        room = 0.38 * ((high - low) or 1.0)
        picture.figure.update_layout(xaxis={"range": [low - room, high + room]})
    return picture


def _plain(text: str) -> str:
    """What looks like markup is shown as it is, on lines that fit a tooltip."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "<br>".join(textwrap.wrap(safe, 90))


def _category_axis(chart: go.Figure, labels: Sequence[str]) -> None:
    chart.update_layout(
        title={"xref": "container", "x": 0.006},
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(len(labels))),
            "ticktext": [label.replace(", ", "<br>") for label in labels],
            "range": [-0.6, len(labels) - 0.4],
            "showgrid": False,
        },
    )


def _written(values: Floats) -> list[str]:
    return [short(float(value)) if np.isfinite(value) else "" for value in values]


def _listed(labels: Sequence[str], values: Floats) -> str:
    return ", ".join(
        f"{label} {value:,.0f}"
        for label, value in zip(labels, values.tolist(), strict=True)
        if np.isfinite(value)
    )


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
