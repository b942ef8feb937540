"""Pictures of the Supply review: load by resource and month, stock against target, supply by source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from sop_core.calendar import MonthArray, month_label
from sop_core.charts.roles import Palette, fade
from sop_core.charts.template import figure
from sop_core.charts.timeline import (
    Floats,
    Picture,
    ceiling,
    end_labels,
    last_known,
    mark_zones,
    month_axis,
    points,
    quantity,
    stamps,
)

#: Load from which a cell has the strongest heat colour, on which text changes sides.
_STRONG = 0.8
_ROW = 26


def load_map(
    palette: Palette,
    months: MonthArray,
    resources: Sequence[str],
    used: Floats,
    overtime: Floats,
    height: int | None = None,
) -> Picture:
    """Load of each resource and month in % of its regular hours. Over 100 % the cell is hatched; the strip at
    its foot is the part of the hours that is overtime or extra shifts.

    used: [q, t] hours needed / regular hours (nan: no limit, inf: no hours at all); overtime: [q, t] part of
    the hours needed that lies beyond regular hours, 0..1. Rows keep the given order, first on top.
    """
    rows = len(resources)
    chart = figure(palette, "Load, % of regular hours", height or 64 + _ROW * max(rows, 1))
    shown = np.where(np.isfinite(used), used, np.where(np.isnan(used), np.nan, 9.99))
    cells = [(q, t) for q in range(rows) for t in range(len(months)) if np.isfinite(shown[q, t])]
    base = [float(rows - 1 - q) - 0.46 for q, _ in cells]
    x = [month_label(months[t]) for _, t in cells]
    values = np.array([shown[q, t] for q, t in cells])
    over = values > 1.0 + 1e-6
    text = ["no hours" if not np.isfinite(used[q, t]) else f"{shown[q, t] * 100:.0f}" for q, t in cells]
    chart.add_bar(
        x=x,
        y=[0.92] * len(cells),
        base=base,
        text=text,
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"size": 12, "color": [_ink(palette, v) for v in values]},
        marker={
            "color": [_heat(palette, v) for v in values],
            "line": {"width": 0},
            "pattern": {
                "shape": ["/" if hot else "" for hot in over],
                "fgcolor": fade(palette.surface, 0.55),
                "size": 7,
                "solidity": 0.16,
                "fillmode": "overlay",
            },
        },
        customdata=[[resources[q], f"{overtime[q, t] * 100:.0f}"] for q, t in cells],
        hovertemplate="%{customdata[0]}, %{x}<br>%{text} % of regular hours"
        "<br>%{customdata[1]} % of them overtime or shifts<extra></extra>",
    )
    extra = [(n, float(overtime[q, t])) for n, (q, t) in enumerate(cells) if overtime[q, t] > 0.005]
    chart.add_bar(
        x=[x[n] for n, _ in extra],
        y=[0.1] * len(extra),
        base=[base[n] for n, _ in extra],
        width=[0.96 * part for _, part in extra],
        marker={"color": palette.ink},
        hoverinfo="skip",
    )
    chart.update_layout(
        title={"xref": "container", "x": 0.006},
        barmode="overlay",
        bargap=0.04,
        hovermode="closest",
        margin={"t": 40, "r": 8},
        xaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [month_label(m) for m in months],
            "tickangle": 0,
        },
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(rows - 1, -1, -1)),
            "ticktext": list(resources),
            "range": [-0.5, rows - 0.5],
            "showgrid": False,
            "zeroline": False,
            "tickfont": {"color": palette.ink, "size": 12},
        },
    )
    return Picture(chart, load_sentence(months, resources, used))


def load_sentence(months: MonthArray, resources: Sequence[str], used: Floats) -> str:
    """The fullest resource, its month, and how many cells are over 100 %."""
    known = np.where(np.isfinite(used), used, np.where(np.isnan(used), -1.0, 9.99))
    if not known.size or known.max() < 0:
        return "No resource has hours that could limit the plan."
    q, t = divmod(int(known.argmax()), known.shape[1])
    peak = f"{known[q, t] * 100:.0f} %" if np.isfinite(used[q, t]) else "load without any hours"
    over = [name for name, row in zip(resources, known, strict=True) if (row > 1.0 + 1e-6).any()]
    named = f"; over 100 % at some time: {', '.join(over)}" if over else "; none is over 100 %"
    return f"{resources[q]} is fullest, {peak} in {month_label(months[t])}{named}."


def _heat(palette: Palette, value: float) -> str:
    if value > 1.0 + 1e-6:
        return palette.over
    step = min(int(value * len(palette.heat)), len(palette.heat) - 1)
    return palette.heat[max(step, 0)]


def _ink(palette: Palette, value: float) -> str:
    if palette.dark:
        return palette.surface if value >= _STRONG else palette.ink
    return "#FFFFFF" if value >= _STRONG else palette.ink


def stock_chart(
    palette: Palette,
    past_months: MonthArray,
    past_stock: Floats,
    months: MonthArray,
    stock: Floats,
    target: Floats,
    unit: str,
    frozen: int,
    height: int = 300,
) -> Picture:
    """Stock at month end as bars, past and planned, against its target as a thin line; months below target
    are marked with a ring. Past [h], the rest [t]."""
    chart = figure(palette, f"Stock at month end against target, {unit}", height)
    hover = f"%{{y:,.0f}} {unit}"
    every = np.concatenate([past_months, months])
    held = np.concatenate([past_stock, stock])
    strength = [fade(palette.stock, 0.95)] * len(past_months) + [fade(palette.stock, 0.65)] * len(months)
    chart.add_bar(
        x=stamps(every), y=points(held), name="Stock", marker={"color": strength}, hovertemplate=hover
    )
    has_target = target.max(initial=0.0) > 0
    if has_target:
        chart.add_scatter(
            x=stamps(months),
            y=points(target),
            mode="lines",
            name="Target",
            line={"color": palette.ink, "width": 1.3, "shape": "hvh"},
            hovertemplate=hover,
        )
    below = stock < target * (1 - 1e-3) - 0.5
    if below.any():
        chart.add_scatter(
            x=stamps(months[below]),
            y=points(stock[below]),
            mode="markers",
            name="Below target",
            hovertemplate=hover,
            marker={"symbol": "circle-open", "size": 9, "color": palette.shortage, "line": {"width": 2}},
        )
    top = ceiling(held, target)
    month_axis(chart, every)
    chart.update_layout(yaxis={"range": [0, top], "nticks": 5}, margin={"t": 52, "r": 76})
    mark_zones(chart, palette, months[0], frozen, len(past_months), len(months))
    labels = [("Stock", last_known(held), palette.stock)]
    if has_target:
        labels.append(("Target", float(target[-1]), palette.ink))
    end_labels(chart, labels, top, height - 80)
    said = f"Stock of {quantity(stock.mean())} {unit} on average, {quantity(stock[-1])} at the end"
    if has_target:
        count = int(below.sum())
        said += f"; below target in {count} of {len(months)} months" if count else "; never below target"
    return Picture(chart, f"{said}.")


def cover_chart(
    palette: Palette,
    months: MonthArray,
    days: Floats,
    target: Floats,
    frozen: int,
    past: int,
    height: int = 300,
) -> Picture:
    """Days of supply by month against the days the target covers; arrays [n], `past` actuals first."""
    chart = figure(palette, "Days of supply", height)
    x, hover = stamps(months), "%{y:,.0f} days"
    chart.add_scatter(
        x=x,
        y=points(days),
        mode="lines",
        name="Days of supply",
        line={"color": palette.stock, "width": 2.2},
        hovertemplate=hover,
    )
    if np.isfinite(target).any() and np.nanmax(target) > 0:
        chart.add_scatter(
            x=x,
            y=points(target),
            mode="lines",
            name="Target",
            line={"color": palette.ink, "width": 1.2},
            hovertemplate=hover,
        )
    top = ceiling(days, target)
    month_axis(chart, months)
    chart.update_layout(yaxis={"range": [0, top], "nticks": 5}, margin={"t": 52, "r": 76})
    mark_zones(chart, palette, months[past], frozen, past, len(months) - past)
    end_labels(
        chart,
        [("Cover", last_known(days), palette.stock), ("Target", last_known(target), palette.ink)],
        top,
        height - 80,
    )
    ahead = days[past:]
    known = ahead[np.isfinite(ahead)]
    said = (
        f"Days of supply between {known.min():,.0f} and {known.max():,.0f}"
        if len(known)
        else "No demand to cover"
    )
    return Picture(chart, f"{said} over the horizon.")


def source_chart(
    palette: Palette,
    months: MonthArray,
    by_source: Mapping[str, Floats],
    unit: str,
    frozen: int,
    height: int = 300,
) -> Picture:
    """What arrives from each source by month, stacked; above six the smallest are gathered as Other."""
    chart = figure(palette, f"Supply by source, {unit}", height)
    ranked = sorted(by_source.items(), key=lambda pair: -float(pair[1].sum()))
    shown = (
        ranked if len(ranked) <= 6 else [*ranked[:5], ("Other", np.sum([v for _, v in ranked[5:]], axis=0))]
    )
    colours = (palette.supply, palette.demand, palette.stock, "#CC79A7", "#56B4E9", palette.budget)
    patterns = ("", "/", "x", "\\", ".", "-")
    for (name, values), colour, pattern in zip(shown, colours, patterns, strict=False):
        chart.add_bar(
            x=stamps(months),
            y=points(values),
            name=name,
            hovertemplate=f"%{{y:,.0f}} {unit}",
            marker={
                "color": fade(colour, 0.75),
                "pattern": {
                    "shape": pattern,
                    "fgcolor": palette.surface,
                    "size": 5,
                    "solidity": 0.2,
                    "fillmode": "overlay",
                },
            },
        )
    month_axis(chart, months)
    chart.update_layout(
        barmode="stack",
        showlegend=len(shown) > 1,
        margin={"t": 40, "r": 8},
        legend={"orientation": "h", "y": -0.12, "x": 0, "traceorder": "normal"},
    )
    mark_zones(chart, palette, months[0], frozen, 0, len(months))
    total = float(sum(v.sum() for _, v in ranked))
    parts = [f"{name} {float(v.sum()) / total * 100:.0f} %" for name, v in shown if total > 0]
    return Picture(
        chart, f"Supply of {quantity(total)} {unit}: {', '.join(parts)}." if parts else "Nothing is supplied."
    )


def staffing_chart(
    palette: Palette, months: MonthArray, heads: Mapping[str, Floats], frozen: int, height: int = 260
) -> Picture:
    """Headcount by resource and month as steps, labelled at the end."""
    chart: go.Figure = figure(palette, "Headcount", height)
    labels = []
    for (name, values), colour in zip(
        heads.items(),
        (palette.supply, palette.demand, palette.stock, "#CC79A7", *palette.series()),
        strict=False,
    ):
        chart.add_scatter(
            x=stamps(months),
            y=points(values),
            mode="lines",
            name=name,
            line={"color": colour, "width": 2, "shape": "hvh"},
            hovertemplate="%{y:,.0f} heads",
        )
        labels.append((name, float(values[-1]), colour))
    top = ceiling(*heads.values())
    month_axis(chart, months)
    direct = len(heads) <= 4
    chart.update_layout(
        yaxis={"range": [0, top], "nticks": 5},
        margin={"t": 40, "r": 120 if direct else 8},
        showlegend=not direct,
        legend={"orientation": "h", "y": -0.15},
    )
    mark_zones(chart, palette, months[0], frozen, 0, len(months))
    if direct:
        end_labels(chart, labels, top, height - 70)
    total = sum(heads.values(), np.zeros(len(months)))
    return Picture(
        chart,
        f"Headcount goes from {quantity(total[0])} to {quantity(total[-1])}, "
        f"at most {quantity(total.max())}.",
    )
