"""Pictures of the product review: ramps, stock run-down, elasticity, the promotion calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_label
from sop_core.charts.roles import Palette
from sop_core.charts.template import figure
from sop_core.charts.timeline import (
    Floats,
    Picture,
    ceiling,
    end_labels,
    last_known,
    month_axis,
    points,
    quantity,
    stamps,
)

#: Titles begin at the picture's edge, as on charts over months.
_LEFT = {"xref": "container", "x": 0.006}


def launch_chart(
    palette: Palette,
    months: MonthArray,
    launched: Floats,
    like: Floats,
    names: tuple[str, str],
    unit: str,
    height: int = 260,
) -> Picture:
    """Full volume of a launch [t] beside the demand of its like product [t]. `names`: of the two."""
    chart = figure(palette, f"If it takes place, {unit} a month", height)
    at = stamps(months)
    hover = f"%{{y:,.0f}} {unit}"
    chart.add_scatter(
        x=at, y=points(like), mode="lines", name=names[1], hovertemplate=hover,
        line={"color": palette.base, "width": 1.6, "dash": "dot"},
    )  # fmt: skip
    chart.add_scatter(
        x=at, y=points(launched), mode="lines", name=names[0], hovertemplate=hover,
        line={"color": palette.demand, "width": 2.4},
    )  # fmt: skip
    top = ceiling(launched, like)
    month_axis(chart, months)
    labels = [(names[0], last_known(launched), palette.demand), (names[1], last_known(like), palette.muted)]
    end_labels(chart, labels, top, height - 60)
    chart.update_layout(yaxis={"range": [0, top]}, margin={"r": 130})
    first = int(np.argmax(launched > 0)) if (launched > 0).any() else -1
    said = (
        f"{names[0]} starts in {month_label(months[first])} and sells {quantity(launched.sum())} {unit} "
        f"over the horizon, {quantity(like.sum())} of {names[1]}."
        if first >= 0
        else f"{names[0]} has no volume in the horizon."
    )
    return Picture(chart, said)


def ramp_chart(
    palette: Palette, assumed: Floats, real: Sequence[tuple[str, Floats]], height: int = 260
) -> Picture:
    """The assumed ramp [k] beside real ones (name, [k]) of past launches; percent of full volume."""
    chart = figure(palette, "Ramp, % of full volume by month of sale", height)
    colours = (palette.actual, palette.supply, palette.stock, palette.shortage)
    labels = [("assumed", 100 * float(assumed[-1]), palette.demand)]
    for (name, part), colour in zip(real[: len(colours)], colours, strict=False):
        chart.add_scatter(
            x=list(range(1, len(part) + 1)), y=points(100 * part), mode="lines+markers", name=name,
            line={"color": colour, "width": 1.6}, marker={"size": 5}, hovertemplate="%{y:.0f} %",
        )  # fmt: skip
        labels.append((name, 100 * last_known(part), colour))
    chart.add_scatter(
        x=list(range(1, len(assumed) + 1)), y=points(100 * assumed), mode="lines", name="assumed",
        line={"color": palette.demand, "width": 2.4}, hovertemplate="%{y:.0f} %",
    )  # fmt: skip
    top = ceiling(100 * assumed, *(100 * part for _, part in real))
    end_labels(chart, labels, top, height - 60)
    chart.update_layout(
        xaxis={"title": {"text": "month of sale"}, "dtick": 1, "range": [0.8, len(assumed) + 0.2]},
        yaxis={"range": [0, top]},
        margin={"r": 130},
    )
    chart.update_layout(title=_LEFT)
    full = int(np.argmax(assumed >= 1)) + 1
    said = f"Assumed: full volume in month {full}."
    return Picture(chart, said)


def run_down_chart(
    palette: Palette,
    months: MonthArray,
    demand: Floats,
    committed: Floats,
    stock: Floats,
    unit: str,
    height: int = 260,
) -> Picture:
    """A product that ends [t]: demand as bars, stock at month end as a line, committed production marked."""
    chart = figure(palette, f"Stock run-down, {unit}", height)
    at = stamps(months)
    hover = f"%{{y:,.0f}} {unit}"
    chart.add_bar(
        x=at,
        y=points(demand),
        name="Demand until the end",
        marker={"color": palette.demand},
        hovertemplate=hover,
    )
    if (committed > 0).any():
        chart.add_bar(
            x=at, y=points(committed), name="Committed production", hovertemplate=hover,
            marker={"color": palette.supply},
        )  # fmt: skip
    chart.add_scatter(
        x=at, y=points(stock), mode="lines+markers", name="Stock at month end", hovertemplate=hover,
        line={"color": palette.stock, "width": 2.4}, marker={"size": 5},
    )  # fmt: skip
    month_axis(chart, months)
    chart.update_layout(
        showlegend=True,
        barmode="group",
        legend={"orientation": "h", "y": -0.14, "x": 0, "font": {"size": 12}},
        margin={"r": 8},
    )
    said = (
        f"Stock goes from {quantity(stock[0])} {unit} in {month_label(months[0])} to {quantity(stock[-1])}."
    )
    return Picture(chart, said)


def elasticity_chart(
    palette: Palette,
    price: Floats,
    demand: Floats,
    line: tuple[float, float, float],
    sentence: str,
    height: int = 300,
) -> Picture:
    """What an elasticity was estimated from: log price and log demand without season and trend [n] as percent of
    their means, with the estimate `line` (value, low, high) through the middle."""
    chart = figure(palette, "Demand without season and trend against list price, % of mean", height)
    x, y = 100 * np.exp(price), 100 * np.exp(demand - demand.mean())
    chart.add_scatter(
        x=points(x), y=points(y), mode="markers", name="month",
        marker={"color": palette.actual, "size": 6, "opacity": 0.65},
        hovertemplate="price %{x:.1f}, demand %{y:.0f}<extra></extra>",
    )  # fmt: skip
    ends = np.linspace(float(price.min()), float(price.max()), 20)
    for value, width, dash in ((line[1], 1, "dot"), (line[2], 1, "dot"), (line[0], 2.4, "solid")):
        chart.add_scatter(
            x=points(100 * np.exp(ends)), y=points(100 * np.exp(value * ends)), mode="lines", hoverinfo="skip",
            line={"color": palette.demand, "width": width, "dash": dash},
        )  # fmt: skip
    chart.update_layout(
        title=_LEFT,
        hovermode="closest",
        xaxis={"title": {"text": "list price, % of its mean"}},
        yaxis={"rangemode": "normal"},
        margin={"r": 12},
    )
    return Picture(chart, sentence)


@dataclass(frozen=True, slots=True)
class CalendarBar:
    """One promotion on the calendar. `row` gathers its runs, `text` stands on the bar, `hover` explains."""

    row: str
    start: np.datetime64
    end: np.datetime64
    text: str
    hover: str
    kind: str  #: past or planned


def calendar_chart(
    palette: Palette,
    bars: Sequence[CalendarBar],
    plan_start: np.datetime64,
    first: np.datetime64,
    last: np.datetime64,
) -> Picture:
    """Promotions by day, one line a promotion, past and planned; `first` and `last` are the days shown."""
    rows = list(dict.fromkeys(bar.row for bar in bars))
    chart = figure(palette, "Promotions, days on which they run", 90 + 30 * max(len(rows), 2))
    for kind, colour in (("past", palette.base), ("planned", palette.demand)):
        own = [bar for bar in bars if bar.kind == kind]
        if not own:
            continue
        days = [int((bar.end - bar.start).astype("timedelta64[D]").astype(int)) + 1 for bar in own]
        chart.add_bar(
            y=[bar.row for bar in own],
            x=[day * 86_400_000 for day in days],
            base=[str(bar.start.astype("datetime64[D]")) for bar in own],
            orientation="h",
            name=kind,
            marker={"color": colour},
            text=[bar.text for bar in own],
            textposition="outside",
            cliponaxis=False,
            textfont={"size": 11, "color": palette.ink},
            hovertext=[bar.hover for bar in own],
            hovertemplate="%{hovertext}<extra></extra>",
            width=0.55,
        )
    chart.add_vline(
        x=str(plan_start.astype("datetime64[D]")), line={"color": palette.muted, "width": 1, "dash": "dot"}
    )
    chart.update_layout(
        title=_LEFT,
        hovermode="closest",
        barmode="overlay",
        xaxis={"type": "date", "range": [str(first), str(last)], "tickformat": "%b %y", "showgrid": True},
        yaxis={"autorange": "reversed", "tickformat": "", "type": "category", "categoryarray": rows},
        margin={"r": 20, "b": 30},
        legend={"orientation": "h", "y": 1.12, "x": 1, "xanchor": "right"},
        showlegend=True,
    )
    planned = sum(bar.kind == "planned" for bar in bars)
    said = f"{len(bars) - planned} past and {planned} planned runs of {len(rows)} promotions."
    return Picture(chart, said)


def uplift_chart(
    palette: Palette, months: MonthArray, actual: Floats, expected: Floats, unit: str, height: int = 240
) -> Picture:
    """A past promotion [n]: what was asked for, and what would have been without it."""
    chart = figure(palette, f"With it and without it, {unit} a month", height)
    at = [month_label(month) for month in months]
    hover = f"%{{y:,.0f}} {unit}"
    chart.add_bar(
        x=at, y=points(expected), name="without it", marker={"color": palette.base}, hovertemplate=hover
    )
    chart.add_bar(
        x=at, y=points(actual), name="as it was", marker={"color": palette.demand}, hovertemplate=hover
    )
    chart.update_layout(
        title=_LEFT, barmode="group", showlegend=True, legend={"orientation": "h", "y": -0.16, "x": 0}, margin={"r": 8},
        xaxis={"type": "category"},
    )  # fmt: skip
    said = f"{quantity(actual.sum())} {unit} against {quantity(expected.sum())} expected without it."
    return Picture(chart, said)
