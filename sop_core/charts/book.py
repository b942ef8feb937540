"""How an order book fills by day: an ECharts option like the picture of demand, because it is drawn at every change of
the filters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.calendar import month_label
from sop_core.charts.demand import (
    DemandPicture,
    drawn_band,
    drawn_line,
    even_scale,
    legend_of,
    marks_at,
    over_time,
)
from sop_core.charts.roles import Palette
from sop_core.charts.timeline import Floats, ceiling, last_known, quantity

_USUAL = "Usual, P10 to P90"


@dataclass(frozen=True, slots=True)
class BookView:
    """How a month's order book fills [d], days from its first. `low`, `middle`, `high`: what the book usually holds of
    the estimate by then; `booked` nan after today; `last_year` nan where it is not known."""

    month: np.datetime64
    days: Floats
    booked: Floats
    low: Floats
    middle: Floats
    high: Floats
    last_year: Floats
    estimate: float
    as_of: np.datetime64
    unit: str


def book_chart(palette: Palette, data: BookView) -> DemandPicture:
    """The order book by day: what is booked, where the estimate would have it by now, the estimate itself."""
    label = month_label(data.month)
    first = data.month.astype("datetime64[D]")
    days = [first + int(day) for day in data.days]
    estimate = np.full(len(days), data.estimate)
    lines = [
        ("On the books", data.booked, palette.actual, 2.6, "solid"),
        ("Latest estimate", estimate, palette.demand, 1.2, "dashed"),
        ("Usual for the estimate", data.middle, palette.demand, 1.2, "dotted"),
    ]
    if np.isfinite(data.last_year).any():
        lines.insert(2, ("Last year", data.last_year, palette.last_estimate, 1.5, "dotted"))
    band = drawn_band(palette.demand, _USUAL, data.low, data.high, ("Usual, P10", "Usual, P90"))
    series = [*band, *(drawn_line(*line) for line in lines[::-1])]
    marks = [
        (said, int((day - days[0]).astype(int)))
        for said, day in ((f"{label} begins", first), (f"as of {_day(data.as_of)}", data.as_of + 1))
        if days[0] <= day <= days[-1]
    ]
    if marks:
        series[-1]["markLine"] = marks_at(palette, marks)
    legend = legend_of(palette, [line[0] for line in lines])
    legend["data"].append({"name": _USUAL, "icon": "rect"})
    top = ceiling(data.booked, data.high, data.last_year, estimate)
    title = f"Orders due in {label}, on the books by day, {data.unit}"
    names = [_day(day).rpartition(" ")[0] for day in days]
    option = over_time(palette, title, names, series, legend, even_scale(0.0, top))
    booked = last_known(data.booked)
    said = f"{quantity(booked)} {data.unit} on the books for {label} as of {_day(data.as_of)}"
    if data.estimate > 0 and np.isfinite(booked):
        said += f", {100 * booked / data.estimate:.0f} % of the latest estimate of {quantity(data.estimate)}"
    return DemandPicture(option, f"{said}.")


def _day(day: np.datetime64) -> str:
    """`15 Nov 26`."""
    number = int((day - day.astype("datetime64[M]").astype("datetime64[D]")).astype(int)) + 1
    return f"{number} {month_label(day)}"
