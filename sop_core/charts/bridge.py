"""The waterfall from one plan to another: one bar a driver or Change, from nothing to the whole difference."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from sop_core.charts.roles import Palette
from sop_core.charts.template import figure
from sop_core.charts.timeline import Floats, Picture

#: Bars that a reader can tell apart; the smallest beyond are gathered in one.
MOST_BARS = 14
#: Letters of a line of a bar's name, and lines: three hold nearly every Change; the whole name stands in the table.
_LETTERS, _LINES = 34, 3
#: Height in pixels of a bar, by the lines of the longest name; of one where there are few; of the frame and the usual
#: picture.
_BARS, _BAR_MOST, _FRAME, _PICTURE = (30, 36, 50), 64, 78, 430


@dataclass(frozen=True, slots=True)
class Bar:
    """One step. `good`: favourable, unfavourable or neither; `text` is the amount with its sign."""

    label: str
    amount: float
    text: str
    good: bool | None
    hover: str = ""


def waterfall(
    palette: Palette,
    title: str,
    bars: Sequence[Bar],
    total: Bar,
    alt: str,
    written: Callable[[float], str],
    height: int | None = None,
) -> Picture:
    """Bars from top to bottom, each from where the one before it ended; the last from zero, the whole difference.

    `title` says what, from where to where, and the unit. Amounts stand beside the bars, with their sign; `written`
    writes that of the smallest bars together, where there are more than MOST_BARS.
    """
    shown = gathered(bars, written)
    ends = np.cumsum([0.0, *(bar.amount for bar in shown)])
    starts = [*ends[:-1].tolist(), 0.0]
    rows = [*shown, total]
    labels = [short_label(bar.label) for bar in rows]
    chart = figure(palette, title, height or _height(labels))
    colour = {True: palette.favourable, False: palette.unfavourable, None: palette.budget}
    positions = list(range(len(rows)))
    chart.add_bar(
        y=positions,
        x=[bar.amount for bar in rows],
        base=starts,
        orientation="h",
        marker={
            "color": [colour[bar.good] for bar in rows],
            "opacity": [0.8] * len(shown) + [1.0],
        },
        width=0.62,
        hovertext=[bar.hover or f"{bar.label}: {bar.text}" for bar in rows],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    _links(chart, palette, ends)
    low, high = float(min(ends.min(), 0.0)), float(max(ends.max(), 0.0))
    reach = (high - low) or 1.0
    for at, (bar, start) in enumerate(zip(rows, starts, strict=True)):
        right = bar.amount >= 0
        chart.add_annotation(
            x=start + bar.amount,
            y=at,
            text=f"<b>{bar.text}</b>" if at == len(shown) else bar.text,
            showarrow=False,
            xanchor="left" if right else "right",
            xshift=4 if right else -4,
            font={"size": 12, "color": palette.ink},
        )
    chart.update_layout(
        hovermode="closest",
        title={"xref": "container", "x": 0.006},
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        xaxis={
            # Room for the amounts beside the bars, on the sides on which there are some.
            "range": [
                low - reach * (0.2 if any(bar.amount < 0 for bar in rows) else 0.01),
                high + reach * (0.2 if any(bar.amount >= 0 for bar in rows) else 0.01),
            ],
            "showticklabels": False,
            "zeroline": True,
            "zerolinecolor": palette.muted,
            "showgrid": False,
        },
        yaxis={
            "autorange": "reversed",
            "tickmode": "array",
            "tickvals": positions,
            "ticktext": [f"<b>{label}</b>" if at == len(shown) else label for at, label in enumerate(labels)],
            "tickfont": {"color": palette.ink, "size": 12},
            "showgrid": False,
            "tickformat": "",
        },
    )
    return Picture(chart, alt)


def _links(chart: go.Figure, palette: Palette, ends: Floats) -> None:
    """Thin lines from the end of a bar to the beginning of the next one."""
    for at, end in enumerate(ends[1:].tolist()):
        chart.add_shape(
            type="line",
            x0=end,
            x1=end,
            y0=at - 0.31,
            y1=at + 1.31,
            layer="below",
            line={"color": palette.muted, "width": 1, "dash": "dot"},
        )


def gathered(bars: Sequence[Bar], written: Callable[[float], str], most: int = MOST_BARS) -> list[Bar]:
    """The largest bars in their own order; the others as one, so that the sum stays."""
    if len(bars) <= most:
        return list(bars)
    ranked = sorted(range(len(bars)), key=lambda n: -abs(bars[n].amount))
    kept, rest = set(ranked[: most - 1]), ranked[most - 1 :]
    total = sum(bars[n].amount for n in rest)
    name = f"{len(rest)} smaller ones"
    others = Bar(name, total, written(total), None, f"{name}: {written(total)}, see the table")
    return [bar for n, bar in enumerate(bars) if n in kept] + [others]


def _height(labels: Sequence[str]) -> int:
    """Room for every name; few bars share a picture of a usual height."""
    least = _BARS[max(label.count("<br>") for label in labels)]
    return _FRAME + len(labels) * min(max(least, (_PICTURE - _FRAME) // len(labels)), _BAR_MOST)


def short_label(text: str) -> str:
    """A name beside a bar, on up to three lines; cut at a word beyond them."""
    lines = textwrap.wrap(
        text.replace(" %", "\N{NO-BREAK SPACE}%"),
        _LETTERS,
        max_lines=_LINES,
        placeholder="…",
        break_long_words=True,
        break_on_hyphens=False,
    )
    return "<br>".join(_plain(line) for line in lines)


def _plain(text: str) -> str:
    """Names come from data: what looks like markup is shown as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
