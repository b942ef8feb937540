"""What charts over months share: the axis, the zones (actuals, frozen, plan), labels at line ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from sop_core.calendar import MonthArray, iso_month, month_label
from sop_core.charts.roles import Palette

Floats = NDArray[np.float64]

#: Pixels that one line of label text takes.
_LINE = 16
#: Half a month, so that zones begin and end between two bars.
_HALF_MONTH = np.timedelta64(15, "D")


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure and the sentence that says what it shows (its alt text)."""

    figure: go.Figure
    alt: str


def stamps(months: MonthArray) -> list[str]:
    """Months as Plotly wants them, the first of each."""
    return [iso_month(month) for month in months]


def points(values: Floats) -> list[float | None]:
    """Values as JSON holds them; nan and inf as a gap."""
    return [float(v) if np.isfinite(v) else None for v in values]


def month_axis(figure: go.Figure, months: MonthArray, **more: object) -> None:
    """`Mar 26` below the axis: every month up to 14, then every third, in step with the quarters."""
    step = 1 if len(months) <= 14 else 3
    ordinals = months.astype("datetime64[M]").astype(int)
    shown = months[(ordinals % step) == 0]
    edge = np.timedelta64(16, "D")
    first, last = months[0].astype("datetime64[D]") - edge, months[-1].astype("datetime64[D]") + edge
    figure.update_layout(
        title={"xref": "container", "x": 0.006},
        xaxis={
            "type": "date",
            "range": [str(first), str(last)],
            "tickmode": "array",
            "tickvals": stamps(shown),
            "ticktext": [month_label(m) for m in shown],
            "hoverformat": "%b %y",
            **more,
        },
    )


def mark_zones(
    figure: go.Figure, palette: Palette, plan_start: np.datetime64, frozen: int, past: int, horizon: int
) -> None:
    """Shades the frozen months and draws the line at which the plan starts, with its names above the plot."""
    if not horizon:
        return
    start = plan_start.astype("datetime64[M]")
    edge = start.astype("datetime64[D]") - _HALF_MONTH
    if frozen > 0:
        end = (start + min(frozen, horizon)).astype("datetime64[D]") - _HALF_MONTH
        figure.add_shape(
            type="rect",
            x0=str(edge),
            x1=str(end),
            y0=0,
            y1=1,
            yref="paper",
            layer="below",
            fillcolor=palette.frozen,
            line={"width": 0},
        )
    if not past:
        return
    figure.add_shape(
        type="line",
        x0=str(edge),
        x1=str(edge),
        y0=0,
        y1=1,
        yref="paper",
        line={"color": palette.muted, "width": 1, "dash": "dot"},
    )
    named = (("actuals", "right", -4), ("frozen, then plan" if frozen else "plan", "left", 4))
    for text, anchor, shift in named:
        figure.add_annotation(
            x=str(edge),
            y=1,
            yref="paper",
            yanchor="bottom",
            xanchor=anchor,
            xshift=shift,
            text=text,
            showarrow=False,
            font={"size": 11, "color": palette.muted},
        )


def end_labels(
    figure: go.Figure, labels: Sequence[tuple[str, float, str]], top: float, pixels: float, axis: str = "y"
) -> None:
    """Writes (text, value, colour) at the right end, moved apart so that none covers another. `top` is the
    highest value on the axis (which starts at zero) and `pixels` the height of the plot."""
    known = [label for label in labels if np.isfinite(label[1])]
    if not known or top <= 0:
        return
    gap = _LINE * top / pixels
    ordered = sorted(known, key=lambda label: label[1])
    at = spread([value for _, value, _ in ordered], gap, top)
    for (text, _, colour), y in zip(ordered, at, strict=True):
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="left",
            xshift=6,
            y=y,
            yref=axis,
            yanchor="middle",
            text=text,
            showarrow=False,
            align="left",
            font={"size": 12, "color": colour},
        )


def spread(values: Sequence[float], gap: float, top: float) -> list[float]:
    """Ascending positions at least `gap` apart, near to the ascending `values`."""
    at = list(values)
    for n in range(1, len(at)):
        at[n] = max(at[n], at[n - 1] + gap)
    limit = top
    for n in range(len(at) - 1, -1, -1):
        at[n] = min(at[n], limit)
        limit = at[n] - gap
    return at


def ceiling(*series: Floats | None) -> float:
    """The highest finite value with a little air; 1 where all is zero."""
    highest = max(
        (float(np.nanmax(s)) for s in series if s is not None and np.isfinite(s).any()), default=0.0
    )
    return highest * 1.08 if highest > 0 else 1.0


def last_known(values: Floats) -> float:
    """The last finite value; nan without any."""
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else float("nan")


def quantity(value: float) -> str:
    """`12,340`, for sentences."""
    return f"{value:,.0f}"
