"""Pictures of the Demand review: history with forecast and interval, and the layers of demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

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
    "run_down": "Run-downs",
    "events": "Events",
    "growth": "Growth",
    "sales_input": "Sales input",
    "overrides": "Overrides",
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


def layers_chart(
    palette: Palette,
    months: MonthArray,
    base: Floats,
    layers: Mapping[str, Floats],
    unit: str,
    frozen: int,
    height: int = 320,
) -> Picture:
    """Demand by layer and month: what adds stands on the baseline, what takes away hangs below zero, and the
    line is their sum. Layers without any effect are left out."""
    chart = figure(palette, f"Demand by layer, {unit}", height)
    x, hover = stamps(months), f"%{{y:+,.0f}} {unit}"
    acting = {name: values for name, values in layers.items() if np.abs(values).max(initial=0.0) > 0.5}
    chart.add_bar(
        x=x,
        y=points(base),
        name=LAYER_TITLES["base"],
        marker={"color": fade(palette.demand, 0.45)},
        hovertemplate=hover,
    )
    colours = (
        palette.supply,
        palette.stock,
        "#CC79A7",
        palette.shortage,
        "#56B4E9",
        "#8C6BB1",
        "#A3A33F",
        palette.actual,
    )
    patterns = ("", "/", "x", "\\", ".", "-", "+", "|")
    for (name, values), colour, pattern in zip(acting.items(), colours, patterns, strict=False):
        chart.add_bar(
            x=x,
            y=points(values),
            name=LAYER_TITLES.get(name, name),
            hovertemplate=hover,
            marker={
                "color": colour,
                "pattern": {
                    "shape": pattern,
                    "fgcolor": palette.surface,
                    "size": 5,
                    "solidity": 0.25,
                    "fillmode": "overlay",
                },
            },
        )
    total = base + sum(acting.values(), np.zeros_like(base))
    chart.add_scatter(
        x=x,
        y=points(total),
        mode="lines",
        name="Demand plan",
        line={"color": palette.demand, "width": 2},
        hovertemplate=f"%{{y:,.0f}} {unit}",
    )
    month_axis(chart, months)
    chart.update_layout(
        barmode="relative",
        showlegend=len(acting) > 0,
        margin={"t": 40, "r": 8},
        legend={"orientation": "h", "y": -0.12, "x": 0, "font": {"size": 12}},
    )
    mark_zones(chart, palette, months[0], frozen, 0, len(months))
    return Picture(chart, layers_sentence(base, acting, unit))


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
