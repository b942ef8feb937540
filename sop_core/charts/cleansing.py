"""Picture of the cleansing review: history as recorded and as cleansed, with the months in question marked."""

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
    month_axis,
    points,
    quantity,
    stamps,
)


@dataclass(frozen=True, slots=True)
class CleansedView:
    """One series of history [h]. `marked`: positions of months in question; `proposed`: what they would be with
    the correction, where it does not act (nan elsewhere)."""

    name: str
    months: MonthArray
    recorded: Floats
    cleansed: Floats
    proposed: Floats
    marked: tuple[int, ...]
    unit: str


def cleansing_chart(palette: Palette, data: CleansedView, height: int = 300) -> Picture:
    """Recorded as a line, cleansed dotted over it, what is only proposed as open circles."""
    chart = figure(palette, f"{data.name}, {data.unit}", height)
    x, hover = stamps(data.months), f"%{{y:,.0f}} {data.unit}"
    half = np.timedelta64(15, "D")
    for at in data.marked:
        day = data.months[at].astype("datetime64[D]")
        chart.add_shape(
            type="rect",
            x0=str(day - half),
            x1=str(day + half),
            y0=0,
            y1=1,
            yref="paper",
            layer="below",
            fillcolor=fade(palette.stock, 0.25),
            line={"width": 0},
        )
    chart.add_scatter(
        x=x,
        y=points(data.recorded),
        mode="lines",
        name="Recorded",
        line={"color": palette.actual, "width": 1.6},
        hovertemplate=hover,
    )
    changed = bool((np.abs(data.cleansed - data.recorded) > 1e-6).any())
    if changed:
        chart.add_scatter(
            x=x,
            y=points(data.cleansed),
            mode="lines",
            name="Cleansed",
            line={"color": palette.demand, "width": 2, "dash": "dot"},
            hovertemplate=hover,
        )
    if np.isfinite(data.proposed).any():
        chart.add_scatter(
            x=x,
            y=points(data.proposed),
            mode="markers",
            name="Proposed",
            marker={
                "symbol": "circle-open",
                "size": 9,
                "color": palette.demand,
                "line": {"width": 2, "color": palette.demand},
            },
            hovertemplate=hover,
        )
    top = ceiling(data.recorded, data.cleansed, data.proposed)
    low = min(0.0, float(data.recorded.min(initial=0.0)) * 1.08)
    month_axis(chart, data.months)
    every = 3 if len(data.months) <= 24 else 6 if len(data.months) <= 48 else 12
    shown = data.months[(data.months.astype(int) % every) == 0]
    chart.update_layout(
        xaxis={"tickvals": stamps(shown), "ticktext": [month_label(m) for m in shown]},
        yaxis={"range": [low, top], "nticks": 5},
    )
    labels = [("Recorded", last_known(data.recorded), palette.actual)]
    if changed:
        labels.append(("Cleansed", last_known(data.cleansed), palette.demand))
    end_labels(chart, labels, top - low, height - 70)
    return Picture(chart, cleansing_sentence(data))


def cleansing_sentence(data: CleansedView) -> str:
    """What is recorded and used in the marked months, or how much cleansing moved over the whole history."""
    if data.marked:
        said = []
        for at in data.marked[:3]:
            used = data.proposed[at] if np.isfinite(data.proposed[at]) else data.cleansed[at]
            how = "proposed" if np.isfinite(data.proposed[at]) else "used"
            said.append(
                f"{month_label(data.months[at])} {quantity(data.recorded[at])} recorded, {quantity(used)} {how}"
            )
        more = f" and {len(data.marked) - 3} more months" if len(data.marked) > 3 else ""
        return f"{data.name}: {'; '.join(said)}{more}."
    moved = float(np.abs(data.cleansed - data.recorded).sum())
    if moved <= 0.5:
        return f"{data.name}: history is used as it was recorded."
    return f"{data.name}: cleansing moved {quantity(moved)} {data.unit} over {len(data.months)} months."
