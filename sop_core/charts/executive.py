"""Pictures of the year for the executives: demand, supply, stock and money of a Pack, by month.

All are of one size, so that a page can scale them as a whole: type and lines keep their proportion on a projector and on
paper. Nothing needs a hover: lines are named at their ends, closed and frozen months are marked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import plotly.graph_objects as go

from sop_core import wording
from sop_core.calendar import MonthArray, month_label
from sop_core.charts.roles import Palette, fade
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
from sop_core.pack import value as pack

#: Size of a picture in pixels, before it is scaled.
WIDTH, HEIGHT = 480, 210
#: Room above the plot for the names of the zones, below it for the months, and right of it for the names of lines.
_ABOVE, _BELOW, _RIGHT = 20, 24, 92
_WIDE = 2.4


def year_chart(palette: Palette, shown: pack.Pack, name: str) -> Picture | None:
    """One of pack.PICTURES as a figure of WIDTH x HEIGHT, its sentence as alt text; None where nothing of it is known.

    Raises KeyError for another name.
    """
    draw = _DRAWN[name]
    picture = shown.picture(name)
    if picture is None:
        return None
    lines = {series.name: _values(series.values, len(shown.months)) for series in picture.series}
    if not any(np.isfinite(values).any() for values in lines.values()):
        return None
    months = np.array(shown.months, dtype="datetime64[M]")
    chart = figure(palette, "", HEIGHT)
    high, low, labels = draw(chart, palette, lines, months, shown.closed)
    _axes(chart, months, low, high)
    if shown.closed < len(months):
        ahead = len(months) - shown.closed
        mark_zones(chart, palette, months[shown.closed], shown.frozen, shown.closed, ahead)
    plot = (HEIGHT - _ABOVE - _BELOW) * high / (high - low)
    end_labels(chart, [label for label in labels if np.isfinite(label[1])], high, plot)
    return Picture(chart, picture.sentence)


Labels = list[tuple[str, float, str]]
Lines = Mapping[str, Floats]
#: Draws the lines; gives highest and lowest value of the axis, and what is written at the lines' ends.
Drawing = Callable[[go.Figure, Palette, Lines, MonthArray, int], tuple[float, float, Labels]]


def _values(values: pack.Monthly, count: int) -> Floats:
    out = np.full(count, np.nan)
    known = [np.nan if value is None else float(value) for value in values[:count]]
    out[: len(known)] = known
    return out


def _axes(chart: go.Figure, months: MonthArray, low: float, high: float) -> None:
    month_axis(chart, months)
    # A third of the names that a wide chart has room for: in step with the quarters.
    quarter = months[(months.astype(int) % 3) == 0] if len(months) > 6 else months
    chart.update_layout(
        width=WIDTH,
        height=HEIGHT,
        autosize=False,
        margin={"l": 4, "r": _RIGHT, "t": _ABOVE, "b": 4, "autoexpand": True},
        xaxis={"tickvals": stamps(quarter), "ticktext": [month_label(month) for month in quarter]},
        yaxis={"range": [low, high], "rangemode": "normal", "nticks": 4},
        hoverlabel={"namelength": -1},
    )


def _span(*series: Floats | None) -> tuple[float, float]:
    """Highest and lowest value of an axis that holds zero and all of the series, with a little air."""
    known = [s[np.isfinite(s)] for s in series if s is not None]
    flat = np.concatenate([*known, np.zeros(1)])
    high, low = float(flat.max()), float(flat.min())
    air = 0.08 * ((high - low) or 1.0)
    return high + air, (low - air if low < 0 else 0.0)


def _line(
    chart: go.Figure, months: MonthArray, values: Floats, name: str, colour: str, width: float = _WIDE,
    dash: str = "solid",
) -> None:  # fmt: skip
    chart.add_scatter(
        x=stamps(months), y=points(values), mode="lines", name=name, hovertemplate="%{y:,.0f}",
        line={"color": colour, "width": width, "dash": dash},
    )  # fmt: skip


def _bars(
    chart: go.Figure, months: MonthArray, values: Floats, name: str, colour: str, past: str, closed: int
) -> None:
    """Bars from zero; those of closed months in a colour of their own."""
    looks = [past if t < closed else colour for t in range(len(months))]
    chart.add_bar(
        x=stamps(months), y=points(values), name=name, marker={"color": looks}, hovertemplate="%{y:,.0f}"
    )


def _compared(
    chart: go.Figure, palette: Palette, lines: Lines, months: MonthArray, budget: str, last: str = ""
) -> Labels:
    """The budget dashed and the last latest estimate dotted, where they are known."""
    labels: Labels = []
    for name, title, dash, colour in (
        (budget, "Budget", "dash", palette.budget),
        (last, "Last LE", "dot", palette.last_estimate),
    ):
        values = lines.get(name)
        if values is not None and np.isfinite(values).any():
            _line(chart, months, values, title, colour, 2.0, dash)
            labels.append((title, last_known(values), palette.muted))
    return labels


def _demand(
    chart: go.Figure, palette: Palette, lines: Lines, months: MonthArray, closed: int
) -> tuple[float, float, Labels]:
    low, high = lines.get("low"), lines.get("high")
    if low is not None and high is not None and np.isfinite(high).any():
        for values, fill in ((low, None), (high, "tonexty")):
            chart.add_scatter(
                x=stamps(months), y=points(values), mode="lines", line={"width": 0}, fill=fill, hoverinfo="skip",
                fillcolor=fade(palette.demand, 0.15), name="",
            )  # fmt: skip
    labels = _compared(chart, palette, lines, months, "budget", "last_le")
    actual, demand = lines.get("actual"), lines.get("demand")
    if demand is not None:
        joined = demand.copy()
        if actual is not None and 0 < closed < len(months) and not np.isfinite(joined[closed - 1]):
            joined[closed - 1] = actual[
                closed - 1
            ]  # so that the eye can follow demand across the plan's start
        _line(chart, months, joined, "Demand", palette.demand)
        labels.append(("Demand", last_known(demand), palette.demand))
    if actual is not None:
        _line(chart, months, actual, "Actual", palette.actual)
    return *_span(*lines.values()), labels


def _supply(
    chart: go.Figure, palette: Palette, lines: Lines, months: MonthArray, closed: int
) -> tuple[float, float, Labels]:
    demand = lines.get("demand")
    made = next((n for n in ("output", "served") if n in lines and np.isfinite(lines[n]).any()), "")
    labels: Labels = []
    if made:
        title = "Output" if made == "output" else "Served"
        past = fade(palette.actual, 0.55)
        _bars(chart, months, lines[made], title, fade(palette.supply, 0.55), past, closed)
        labels.append((title, last_known(lines[made]), palette.supply))
    short = np.nansum([lines.get(name, np.zeros(len(months))) for name in ("late", "lost")], axis=0)
    high, low = _span(demand, lines.get(made), short)
    if demand is not None:
        _line(chart, months, demand, "Demand", palette.demand)
        labels.append(("Demand", last_known(demand), palette.demand))
    if short.max(initial=0.0) > 0:
        chart.add_scatter(
            x=stamps(months), y=points(short), mode="lines", fill="tozeroy", name="Late or lost",
            line={"color": palette.shortage, "width": 0}, fillcolor=fade(palette.shortage, 0.75),
            hovertemplate="%{y:,.0f}",
        )  # fmt: skip
        worst = int(short.argmax())
        late, lost = (bool(np.nansum(lines.get(name, np.zeros(1))) > 0) for name in ("late", "lost"))
        word = "late or lost" if late and lost else "late" if late else "lost"
        chart.add_annotation(
            x=stamps(months)[worst], y=float(short[worst]), yanchor="bottom", showarrow=False,
            xanchor="center" if 1 < worst < len(months) - 2 else "left" if worst <= 1 else "right",
            text=f"<b>{wording.short(float(short[worst]))} {word}</b>", bgcolor=fade(palette.surface, 0.8), borderpad=1,
            font={"size": 12, "color": palette.unfavourable},
        )  # fmt: skip
    return high, low, labels


def _stock(
    chart: go.Figure, palette: Palette, lines: Lines, months: MonthArray, closed: int
) -> tuple[float, float, Labels]:
    stock, target = lines.get("stock"), lines.get("target")
    labels: Labels = []
    if stock is not None:
        past = fade(palette.actual, 0.55)
        _bars(chart, months, stock, "Stock", fade(palette.stock, 0.8), past, closed)
        labels.append(("Stock", last_known(stock), palette.ink))
    if target is not None and np.nansum(target) > 0:
        _line(chart, months, target, "Stock target", palette.ink, 1.4)
        labels.append(("Target", last_known(target), palette.ink))
    return *_span(stock, target), labels


def _money(
    chart: go.Figure, palette: Palette, lines: Lines, months: MonthArray, closed: int
) -> tuple[float, float, Labels]:
    """Revenue and margin; cash and capital at work, sums of another size, are told by their KPIs."""
    revenue, margin, budget = (lines.get(name) for name in ("revenue", "margin", "budget_margin"))
    labels: Labels = []
    if revenue is not None:
        past = fade(palette.actual, 0.55)
        _bars(chart, months, revenue, "Revenue", fade(palette.demand, 0.35), past, closed)
        labels.append(("Revenue", last_known(revenue), palette.demand))
    labels += [
        ("Margin budget", value, colour)
        for _, value, colour in _compared(chart, palette, lines, months, "budget_margin")
    ]
    if margin is not None:
        _line(chart, months, margin, "Margin", palette.supply)
        labels.append(("Margin", last_known(margin), palette.supply))
    return *_span(revenue, margin, budget), labels


_DRAWN: Final[Mapping[str, Drawing]] = MappingProxyType(
    dict(zip(pack.PICTURES, (_demand, _supply, _stock, _money), strict=True))
)
