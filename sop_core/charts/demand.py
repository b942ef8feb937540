"""Pictures of the Demand review: history with forecast and interval, and the layers of demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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

#: Layers of demand as people say them, in the order in which they are applied (inputs.LAYERS).
LAYER_TITLES = {
    "base": "Baseline",
    "promotions": "Promotions",
    "price": "Price",
    "launches": "Launches",
    "run_down": "Phase-outs",
    "events": "Events",
    "growth": "Growth",
    "sales_input": "Sales input",
    "overrides": "Overrides",
    "total": "Unconstrained demand",
}

#: What each layer is, for tooltips.
LAYER_HELP = {
    "base": "Statistical forecast of the cleansed history, or the company's own demand plan",
    "promotions": "Uplift of promotions, less what is bought earlier because of them",
    "price": "Demand that follows from price changes, by elasticity",
    "launches": "New products by their ramp and probability, less what they take from others",
    "run_down": "What ends with products that are phased out",
    "events": "Known events: fairs, new customers, closures",
    "growth": "Growth in percent typed as a change",
    "sales_input": "Units and percentages that sales put on top",
    "overrides": "Totals that were typed: what they changed",
    "total": "Baseline and all layers: what the market is expected to ask for, before supply",
}


@dataclass(frozen=True, slots=True)
class DemandView:
    """One series of demand. [h] past, [t] ahead; `low` and `high` bound the 80 % interval of the baseline
    (None: no statistical forecast); `budget` [t] (None: none)."""

    past_months: MonthArray
    actual: Floats
    cleaned: Floats
    months: MonthArray
    baseline: Floats
    total: Floats
    low: Floats | None
    high: Floats | None
    budget: Floats | None
    frozen: int
    unit: str
    baseline_name: str = "Baseline"


def demand_chart(palette: Palette, data: DemandView, height: int = 360) -> Picture:
    """Actuals and cleansed history, the baseline with its 80 % interval and the demand plan over it."""
    chart = figure(palette, f"Demand, {data.unit}", height)
    before, ahead = stamps(data.past_months), stamps(data.months)
    hover = f"%{{y:,.0f}} {data.unit}"
    if data.low is not None and data.high is not None:
        chart.add_scatter(
            x=ahead,
            y=points(data.low),
            mode="lines",
            line={"width": 0},
            name="Low (80 %)",
            hovertemplate=hover,
        )
        chart.add_scatter(
            x=ahead,
            y=points(data.high),
            mode="lines",
            line={"width": 0},
            fill="tonexty",
            fillcolor=fade(palette.demand, 0.15),
            name="High (80 %)",
            hovertemplate=hover,
        )
    changed = np.abs(data.cleaned - data.actual) > 0.5
    if changed.any():
        chart.add_scatter(
            x=before,
            y=points(data.cleaned),
            mode="lines",
            name="Cleansed",
            line={"color": palette.actual, "width": 1.2, "dash": "dot"},
            hovertemplate=hover,
        )
    chart.add_scatter(
        x=before,
        y=points(data.actual),
        mode="lines",
        name="Actual",
        line={"color": palette.actual, "width": 2},
        hovertemplate=hover,
    )
    if data.budget is not None and np.isfinite(data.budget).any():
        chart.add_scatter(
            x=ahead,
            y=points(data.budget),
            mode="lines",
            name="Budget",
            line={"color": palette.budget, "width": 1.5, "dash": "dash"},
            hovertemplate=hover,
        )
    # A layer that could not be told from the baseline on the picture gets no line of its own.
    least = max(0.5, 0.005 * float(data.baseline.max(initial=0.0)))
    differs = np.abs(data.total - data.baseline).max(initial=0.0) > least
    chart.add_scatter(
        x=ahead,
        y=points(data.baseline),
        mode="lines",
        name=data.baseline_name,
        hovertemplate=hover,
        line={
            "color": palette.demand,
            "width": 1.2 if differs else 2.2,
            "dash": "dot" if differs else "solid",
        },
    )
    if differs:
        chart.add_scatter(
            x=ahead,
            y=points(data.total),
            mode="lines",
            name="Demand plan",
            line={"color": palette.demand, "width": 2.2},
            hovertemplate=hover,
        )
    top = ceiling(data.actual, data.cleaned, data.total, data.high, data.budget)
    month_axis(chart, np.concatenate([data.past_months, data.months]))
    chart.update_layout(yaxis={"range": [0, top], "nticks": 6}, margin={"t": 52, "r": 92})
    mark_zones(chart, palette, data.months[0], data.frozen, len(before), len(ahead))
    labels = [("Demand plan" if differs else data.baseline_name, last_known(data.total), palette.demand)]
    if differs:
        labels.append((data.baseline_name, last_known(data.baseline), palette.demand))
    if data.budget is not None:
        labels.append(("Budget", last_known(data.budget), palette.budget))
    if data.high is not None:
        labels.append(("80 % interval", last_known(data.high), palette.muted))
    end_labels(chart, labels, top, height - 80)
    return Picture(chart, demand_sentence(data))


def demand_sentence(data: DemandView) -> str:
    """What the picture shows: the coming year beside the last, the peak and the interval's width."""
    year = data.total[:12]
    said = f"Demand of {quantity(year.sum())} {data.unit} over the next {len(year)} months"
    known = data.actual[np.isfinite(data.actual)]
    if len(known) >= 12 and len(year) == 12 and known[-12:].sum() > 0:
        change = year.sum() / known[-12:].sum() - 1.0
        said += f", {abs(change) * 100:.1f} % {'above' if change >= 0 else 'below'} the last twelve"
    said += f"; highest in {month_label(data.months[int(np.argmax(data.total))])}"
    if data.low is not None and data.high is not None and data.baseline[0] > 0:
        said += (
            f"; the 80 % interval of the first month is {quantity(data.low[0])} to {quantity(data.high[0])}"
        )
    return f"{said}."


@dataclass(frozen=True, slots=True)
class LayersView:
    """Demand by layer [t]: the baseline, the layers that do something, and what the total is compared with."""

    months: MonthArray
    base: Floats
    layers: Mapping[str, Floats]
    unit: str
    budget: Floats | None = None
    estimate: Floats | None = None  #: the last cycle's latest estimate
    estimate_name: str = "Last LE"


#: Layers that are named on the picture itself; with more a legend names them.
_NAMED = 5
#: Part of the picture's height below which a layer cannot be seen, so is not named on it.
_TOLD = 0.005


def layers_chart(palette: Palette, data: LayersView, height: int = 320) -> Picture:
    """Demand by layer and month: what adds stands on the baseline, what takes away hangs below zero, and the
    line is their sum. Layers without any effect are left out."""
    chart = figure(palette, f"Demand by layer, {data.unit}", height)
    x, hover = stamps(data.months), f"%{{y:+,.0f}} {data.unit}"
    acting = {n: v for n, v in data.layers.items() if np.abs(v).max(initial=0.0) > 0.5}
    chart.add_bar(
        x=x,
        y=points(data.base),
        name=LAYER_TITLES["base"],
        marker={"color": fade(palette.demand, 0.45)},
        hovertemplate=f"%{{y:,.0f}} {data.unit}",
    )
    colours = _layer_colours(palette)
    for name, values in acting.items():
        chart.add_bar(
            x=x,
            y=points(values),
            name=LAYER_TITLES.get(name, name),
            hovertemplate=hover,
            marker=_marker(palette, *colours.get(name, (palette.actual, ""))),
        )
    total = data.base + sum(acting.values(), np.zeros_like(data.base))
    lines = [("Demand plan", total, palette.demand, "solid", 2.0)]
    if data.estimate is not None and np.isfinite(data.estimate).any():
        lines.append((data.estimate_name, data.estimate, palette.last_estimate, "dot", 1.8))
    if data.budget is not None and np.isfinite(data.budget).any():
        lines.append(("Budget", data.budget, palette.budget, "dash", 1.5))
    for name, values, colour, dash, width in lines[::-1]:
        chart.add_scatter(
            x=x,
            y=points(values),
            mode="lines",
            name=name,
            line={"color": colour, "width": width, "dash": dash},
            hovertemplate=f"%{{y:,.0f}} {data.unit}",
        )
    stacked = data.base + sum((np.maximum(v, 0.0) for v in acting.values()), np.zeros_like(data.base))
    low = sum((np.minimum(v, 0.0) for v in acting.values()), np.zeros_like(data.base))
    top = ceiling(stacked, *(values for _, values, _, _, _ in lines))
    month_axis(chart, data.months)
    told = {n: v for n, v in acting.items() if np.abs(v).max() >= _TOLD * top}
    named = len(told) <= _NAMED
    below = sum(1 for values in told.values() if values[np.argmax(np.abs(values))] < 0) if named else 0
    bottom = float(low.min(initial=0.0)) * 1.15 - 0.06 * top * below
    chart.update_layout(
        barmode="relative",
        showlegend=not named,
        yaxis={"range": [bottom, top * (1.12 if named and told else 1.0)], "nticks": 6},
        margin={"t": 40, "r": 92},
        legend={"orientation": "h", "y": -0.12, "x": 0, "font": {"size": 12}},
    )
    if named:
        _name_layers(chart, palette, data.months, told, colours, stacked, low)
    room = (height - 80) * top / (top - bottom)
    end_labels(chart, [(name, last_known(values), colour) for name, values, colour, _, _ in lines], top, room)
    return Picture(chart, layers_sentence(data.base, acting, data.unit))


def _layer_colours(palette: Palette) -> dict[str, tuple[str, str]]:
    """Colour and pattern of each layer, the same whichever of them act."""
    return {
        "promotions": (palette.supply, ""),
        "price": (palette.stock, "/"),
        "launches": ("#CC79A7", "x"),
        "run_down": (palette.shortage, "\\"),
        "events": ("#56B4E9", "."),
        "growth": ("#8C6BB1", "-"),
        "sales_input": ("#A3A33F", "+"),
        "overrides": (palette.actual, "|"),
    }


def _marker(palette: Palette, colour: str, shape: str) -> dict[str, object]:
    pattern = {
        "shape": shape,
        "fgcolor": palette.surface,
        "size": 5,
        "solidity": 0.25,
        "fillmode": "overlay",
    }
    return {"color": colour, "pattern": pattern}


def _name_layers(
    chart: go.Figure,
    palette: Palette,
    months: MonthArray,
    acting: Mapping[str, Floats],
    colours: Mapping[str, tuple[str, str]],
    stacked: Floats,
    low: Floats,
) -> None:
    """Writes each layer's name where it is largest, moved up (or down) where another stands there already."""
    taken: list[tuple[int, bool]] = []
    for name, values in sorted(acting.items(), key=lambda pair: -float(np.abs(pair[1]).max())):
        at = int(np.argmax(np.abs(values)))
        above = bool(values[at] > 0)
        step = sum(1 for other, side in taken if side == above and abs(other - at) <= 3)
        taken.append((at, above))
        edge = at in (0, len(months) - 1)
        chart.add_annotation(
            x=stamps(months)[at],
            y=float(stacked[at] if above else low[at]),
            yshift=(9 + 14 * step) * (1 if above else -1),
            xanchor=("left" if at == 0 else "right") if edge else "center",
            text=f'<span style="color:{colours[name][0]}">■</span> {LAYER_TITLES.get(name, name)}',
            showarrow=False,
            font={"size": 12, "color": palette.ink},
        )


def layers_sentence(base: Floats, layers: Mapping[str, Floats], unit: str) -> str:
    """The layers in order of size: `Baseline 120,000 units; promotions +4,200, launches +900.`"""
    sums = {name: float(values.sum()) for name, values in layers.items()}
    said = [
        f"{LAYER_TITLES.get(name, name).lower()} {_signed(value)}"
        for name, value in sorted(sums.items(), key=lambda pair: -abs(pair[1]))
    ]
    rest = ", ".join(said) if said else "no layer adds or takes anything"
    return f"Baseline {quantity(base.sum())} {unit}; {rest}."


def _signed(value: float) -> str:
    return f"{value:+,.0f}".replace("-", "\N{MINUS SIGN}")
