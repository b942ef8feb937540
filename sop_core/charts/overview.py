"""The picture of the Overview: demand, supply and stock over the past months and the horizon."""

from __future__ import annotations

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

_UPPER = (0.36, 1.0)
_LOWER = (0.0, 0.27)


@dataclass(frozen=True, slots=True)
class Balance:
    """Demand, supply and stock. `past` arrays are [h], the others [t]; nan where unknown; one unit."""

    past_months: MonthArray
    past_sales: Floats
    past_supply: Floats
    past_stock: Floats
    months: MonthArray
    demand: Floats
    served: Floats
    supply: Floats
    stock: Floats
    target: Floats
    frozen: int
    unit: str


def balance_chart(palette: Palette, data: Balance, height: int = 330, base: Balance | None = None) -> Picture:
    """Demand against supply above, stock against target below, on one month axis. What is asked for and not
    served in its month is filled. `base`: the base plan behind a scenario, as thin lines."""
    chart = figure(palette, f"Demand, supply and stock, {data.unit}", height)
    months = np.concatenate([data.past_months, data.months])
    before, ahead, every = stamps(data.past_months), stamps(data.months), stamps(months)
    hover = f"%{{y:,.0f}} {data.unit}"
    supply = np.concatenate([data.past_supply, data.supply])
    stock = np.concatenate([data.past_stock, data.stock])
    chart.add_bar(
        x=every,
        y=points(supply),
        name="Supply",
        marker={"color": fade(palette.supply, 0.55)},
        hovertemplate=hover,
    )
    if base is not None:
        thin = {"color": palette.base, "width": 1}
        chart.add_scatter(
            x=ahead, y=points(base.demand), mode="lines", line=thin, name="Base demand", hovertemplate=hover
        )
        chart.add_scatter(
            x=ahead,
            y=points(base.stock),
            mode="lines",
            line=thin,
            name="Base stock",
            yaxis="y2",
            hovertemplate=hover,
        )
    chart.add_scatter(
        x=before,
        y=points(data.past_sales),
        mode="lines",
        name="Sales",
        line={"color": palette.actual, "width": 2},
        hovertemplate=hover,
    )
    short = data.demand - data.served > 0.5
    if short.any():
        chart.add_scatter(
            x=ahead,
            y=points(data.served),
            mode="lines",
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            name="",
        )
        chart.add_scatter(
            x=ahead,
            y=points(data.demand),
            mode="lines",
            line={"width": 0},
            fill="tonexty",
            fillcolor=fade(palette.shortage, 0.45),
            hoverinfo="skip",
            name="",
        )
    # The line is joined to the last actual month, so that the eye can follow demand across the plan's start.
    joined = len(before) > 0 and np.isfinite(data.past_sales[-1])
    x = ([before[-1]] if joined else []) + ahead
    y = np.concatenate([data.past_sales[-1:] if joined else data.demand[:0], data.demand])
    chart.add_scatter(
        x=x,
        y=points(y),
        mode="lines",
        name="Demand",
        line={"color": palette.demand, "width": 2},
        hovertemplate=hover,
    )
    chart.add_bar(
        x=every,
        y=points(stock),
        name="Stock",
        marker={"color": fade(palette.stock, 0.7)},
        yaxis="y2",
        hovertemplate=hover,
    )
    if data.target.max(initial=0.0) > 0:
        chart.add_scatter(
            x=ahead,
            y=points(data.target),
            mode="lines",
            name="Stock target",
            yaxis="y2",
            line={"color": palette.ink, "width": 1.2, "shape": "hvh"},
            hovertemplate=hover,
        )
    top, top2 = ceiling(supply, data.demand, data.past_sales), ceiling(stock, data.target)
    month_axis(chart, months, anchor="y2")
    chart.update_layout(
        yaxis={"domain": list(_UPPER), "range": [0, top], "nticks": 5},
        yaxis2={
            "domain": list(_LOWER),
            "range": [0, top2],
            "nticks": 3,
            "tickformat": "~s",
            "gridcolor": palette.grid,
            "tickfont": {"color": palette.muted, "size": 12},
            "anchor": "x",
            "automargin": True,
            "zerolinecolor": palette.grid,
        },
        margin={"t": 52, "r": 84},
    )
    mark_zones(chart, palette, data.months[0], data.frozen, len(before), len(ahead))
    plot = height - 80
    labels = [
        ("Demand", float(data.demand[-1]), palette.demand),
        ("Supply", last_known(supply), palette.supply),
    ]
    end_labels(chart, labels, top, plot * (_UPPER[1] - _UPPER[0]))
    below = [("Stock", last_known(stock), palette.stock)]
    if data.target.max(initial=0.0) > 0:
        below.append(("Target", float(data.target[-1]), palette.ink))
    end_labels(chart, below, top2, plot * (_LOWER[1] - _LOWER[0]), "y2")
    return Picture(chart, balance_sentence(data))


def balance_sentence(data: Balance) -> str:
    """What the picture shows: demand, what is not served in time and when most, where stock goes."""
    span = f"{month_label(data.months[0])} to {month_label(data.months[-1])}"
    said = f"Demand of {quantity(data.demand.sum())} {data.unit} from {span}"
    short = np.maximum(data.demand - data.served, 0.0)
    if short.sum() > 0.5:
        worst = month_label(data.months[int(short.argmax())])
        said += f", {quantity(short.sum())} of it not served in its month, most in {worst}"
    else:
        said += ", all served in its month"
    opening = last_known(data.past_stock)
    start = opening if np.isfinite(opening) else float(data.stock[0])
    return f"{said}. Stock goes from {quantity(start)} to {quantity(float(data.stock[-1]))}."
