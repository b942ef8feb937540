"""The portfolio in one picture: what an hour (or a unit) earns across, how much up, stock as the size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sop_core.charts.roles import Palette, fade
from sop_core.charts.template import figure
from sop_core.charts.timeline import Floats, Picture

#: Largest and smallest bubble, pixels across.
_LARGE, _SMALL = 46.0, 7.0
#: Names written beside bubbles, at most.
_LABELS: Final = 14
#: Size of a character of a label and of its line, pixels; the plot as it stands at 1440 x 900.
_CHARACTER, _LINE, _WIDE = 6.3, 15.0, 640.0
#: Left, bottom, right, top of a label, pixels.
_Box = tuple[float, float, float, float]
_SYMBOL = {"X": "circle", "Y": "diamond", "Z": "triangle-up"}
#: Values further apart than this (largest over median) are shown on a scale of powers of ten.
_WIDE_RANGE: Final = 12.0


@dataclass(frozen=True, slots=True)
class Bubbles:
    """One entry an item. `across` is nan where the item uses no hour of the bottleneck: it stands in a strip of
    its own. `stock` is money; `mark` are positions that are named whatever else is."""

    names: Sequence[str]
    across: Floats
    up: Floats
    stock: Floats
    abc: Sequence[str]
    xyz: Sequence[str]
    notes: Sequence[str]  #: what a hover tells
    across_title: str  #: "Margin per hour of its bottleneck, EUR"
    up_title: str
    average: float  #: of `across`, weighted; nan = no line
    strip: str  #: what the strip is called; "" = items without a value across are left out
    mark: frozenset[int] = frozenset()
    faded: frozenset[int] = frozenset()  #: positions that are not in the chosen class


#: (left, upper) -> what to do with items there.
QUADRANTS: Final = {
    (False, True): "Grow",
    (True, True): "Reprice or make cheaper",
    (False, False): "Sell more",
    (True, False): "Question",
}


def portfolio_chart(palette: Palette, data: Bubbles, height: int = 430) -> Picture:
    """Bubbles by class: colour is A, B or C, the shape X, Y or Z, the size the stock's value."""
    chart = figure(palette, "", height)
    known = np.isfinite(data.across)
    span = _span(data.across[known])
    gap = (span[1] - span[0]) or 1.0
    strip = bool(data.strip) and bool((~known).any())
    edge = span[1] + 0.10 * gap
    x = np.where(known, data.across, _spread_out(~known, edge, 0.26 * gap))
    powers = _powers(data.up)
    y = np.sign(data.up) * np.log10(1 + np.abs(data.up)) if powers else data.up
    size = _sizes(data.stock)
    shown = known | strip
    there = [int(n) for n in np.flatnonzero(shown)]
    colour = {"A": palette.demand, "B": palette.stock, "C": palette.muted}
    for first in "ABC":
        for second in "XYZ":
            rows = [n for n in there if data.abc[n] == first and data.xyz[n] == second]
            if not rows:
                continue
            chart.add_scatter(
                x=x[rows].tolist(), y=y[rows].tolist(), mode="markers", name=f"{first}{second}",
                customdata=[data.notes[n] for n in rows], hovertemplate="%{customdata}<extra></extra>",
                marker={
                    "size": size[rows].tolist(), "symbol": _SYMBOL[second],
                    "color": [fade(colour[first], 0.12 if n in data.faded else 0.62) for n in rows],
                    "line": {
                        "width": [2.0 if n in data.mark and n not in data.faded else 0.8 for n in rows],
                        "color": [
                            fade(palette.muted, 0.3) if n in data.faded
                            else palette.shortage if n in data.mark else colour[first] for n in rows
                        ],
                    },
                },
            )  # fmt: skip
    right = edge + 0.34 * gap if strip else span[1] + 0.08 * gap
    left = span[0] - 0.06 * gap
    low, high = _limits(y[shown])
    _quadrants(chart, palette, data, (left, edge - 0.04 * gap if strip else right), (low, high), y, known)
    if strip:
        chart.add_shape(
            type="rect", x0=edge - 0.03 * gap, x1=right, y0=0, y1=1, yref="paper", layer="below",
            fillcolor=palette.frozen, line={"width": 0},
        )  # fmt: skip
        _word(chart, palette, (edge + right) / 2 - 0.015 * gap, 1.0, data.strip, "center", "bottom")
    _label(chart, palette, data, x, y, size, (left, right), (low, high), height, shown)
    ticks = _tick_values(data.up[shown]) if powers else None
    chart.update_layout(
        hovermode="closest",
        hoverlabel={"align": "left"},
        margin={"l": 8, "r": 8, "t": 22, "b": 8},
        xaxis={
            "title": {"text": data.across_title, "standoff": 4}, "range": [left, right], "showgrid": True,
            "zeroline": left < 0, "tickformat": "~s",
            **({"tickvals": _nice(span), "ticktext": [_si(v) for v in _nice(span)]} if strip else {}),
        },
        yaxis={
            "title": {"text": data.up_title, "standoff": 4}, "range": [low, high], "rangemode": "normal",
            "zeroline": low < 0,
            **({} if ticks is None else {"tickvals": [_power(v) for v in ticks], "ticktext": [_si(v) for v in ticks]}),
        },
    )  # fmt: skip
    return Picture(chart, _sentence(data, known))


def _span(values: Floats) -> tuple[float, float]:
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    low = min(low, 0.0) if low < 0.1 * high else low
    return (low, high) if high > low else (low - 0.5 * abs(low) - 0.5, high + 0.5 * abs(high) + 0.5)


def _spread_out(rows: np.ndarray, start: float, width: float) -> Floats:
    """Positions for items without a value across: side by side in their strip."""
    out = np.full(len(rows), np.nan)
    count = int(rows.sum())
    # Neighbours in the list are put far apart, so that names have room.
    steps = (np.arange(count) * 0.618034) % 1.0
    out[rows] = start + 0.02 * width + steps * width
    return out


def _powers(values: Floats) -> bool:
    positive = np.abs(values[values != 0])
    return bool(len(positive) > 3 and positive.max() > _WIDE_RANGE * np.median(positive))


def _power(value: float) -> float:
    return math.copysign(math.log10(1 + abs(value)), value) if value else 0.0


def _tick_values(values: Floats) -> list[float]:
    high, low = float(values.max(initial=0.0)), float(values.min(initial=0.0))
    ends = max(int(math.log10(max(high, 1.0))), 1)
    smallest = max(ends - 4, 0)
    ticks = [0.0, *(10.0**n for n in range(smallest, ends + 1))]
    if low < 0:
        ticks += [-(10.0**n) for n in range(smallest, int(math.log10(max(-low, 1.0))) + 1)]
    return sorted(ticks)


def _nice(span: tuple[float, float]) -> list[float]:
    """Some five round numbers within a span."""
    width = span[1] - span[0]
    step = 10 ** math.floor(math.log10(width / 4))
    step *= next((m for m in (1, 2, 5, 10) if width / (m * step) <= 6), 10)
    first = math.ceil(span[0] / step - 1e-9)
    return [n * step for n in range(first, math.floor(span[1] / step + 1e-9) + 1)]


def _si(value: float) -> str:
    size = abs(value)
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= scale:
            return f"{value / scale:g}{letter}".replace("-", "\N{MINUS SIGN}")
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _sizes(stock: Floats) -> Floats:
    """Diameters: the area follows the value."""
    value = np.where(np.isfinite(stock), np.maximum(stock, 0.0), 0.0)
    most = value.max(initial=0.0)
    scaled = np.sqrt(value / most) if most > 0 else np.zeros(len(value))
    result: Floats = _SMALL + (_LARGE - _SMALL) * scaled if most > 0 else np.full(len(value), 2 * _SMALL)
    return result


def _limits(values: Floats) -> tuple[float, float]:
    high, low = float(values.max(initial=0.0)), float(values.min(initial=0.0))
    width = (high - low) or 1.0
    return (low - 0.08 * width if low < 0 else -0.05 * width), high + 0.12 * width


def _quadrants(
    chart: object,
    palette: Palette,
    data: Bubbles,
    across: tuple[float, float],
    up: tuple[float, float],
    y: Floats,
    known: np.ndarray,
) -> None:
    """The average across and the middle item up as thin lines, and a word in each corner."""
    if not np.isfinite(data.average) or not across[0] < data.average < across[1] or known.sum() < 4:
        return
    middle = float(np.median(y[known]))
    line = {"color": palette.muted, "width": 1, "dash": "dot"}
    add = chart.add_shape  # type: ignore[attr-defined]
    add(type="line", x0=data.average, x1=data.average, y0=up[0], y1=up[1], layer="below", line=line)
    add(type="line", x0=across[0], x1=across[1], y0=middle, y1=middle, layer="below", line=line)
    for (left, upper), said in QUADRANTS.items():
        _word(
            chart, palette, across[0] if left else across[1], 0.99 if upper else 0.015, said,
            "left" if left else "right", "top" if upper else "bottom",
        )  # fmt: skip


def _word(chart: object, palette: Palette, x: float, y: float, said: str, side: str, height: str) -> None:
    chart.add_annotation(  # type: ignore[attr-defined]
        x=x, y=y, yref="paper", text=said, showarrow=False, xanchor=side, yanchor=height,
        font={"size": 12, "color": palette.muted},
    )  # fmt: skip


def _label(
    chart: object,
    palette: Palette,
    data: Bubbles,
    x: Floats,
    y: Floats,
    size: Floats,
    across: tuple[float, float],
    up: tuple[float, float],
    height: int,
    shown: np.ndarray,
) -> None:
    """Names the items that matter, where there is room: those marked, then the largest up and in stock."""
    order: list[int] = [n for n in sorted(data.mark) if shown[n]]
    ranks = np.argsort(-np.abs(data.up), kind="stable"), np.argsort(-data.stock, kind="stable")
    ends = [int(np.argmin(np.where(shown, x, np.inf))), int(np.argmax(np.where(shown, x, -np.inf)))]
    order += ends + [int(n) for pair in zip(*ranks, strict=True) for n in pair]
    tall = height - 75.0
    px = (x - across[0]) / (across[1] - across[0]) * _WIDE
    py = (y - up[0]) / (up[1] - up[0]) * tall
    # The words in the corners keep their room.
    taken: list[_Box] = [
        (0.0, tall - 24, 150.0, tall), (0.0, 0.0, 70.0, 24.0),
    ]  # fmt: skip
    discs = [
        (px[n] - size[n] / 2, py[n] - size[n] / 2, px[n] + size[n] / 2, py[n] + size[n] / 2)
        for n in np.flatnonzero(shown)
    ]
    written = 0
    for n in dict.fromkeys(order):
        if written >= _LABELS or not shown[n] or n in data.faded:
            continue
        said = data.names[n] if len(data.names[n]) <= 26 else data.names[n][:25] + "…"
        wide, reach = _CHARACTER * len(said), size[n] / 2 + 3
        places = (
            ("left", px[n] + reach, py[n] - _LINE / 2), ("right", px[n] - reach - wide, py[n] - _LINE / 2),
            ("center", px[n] - wide / 2, py[n] + reach), ("center", px[n] - wide / 2, py[n] - reach - _LINE),
        )  # fmt: skip
        free = [
            (_covered(box, discs), -rank, side, box)
            for rank, (side, left, low) in enumerate(reversed(places))
            if _free(box := (left, low, left + wide, low + _LINE), taken, tall)
        ]
        if not free:
            continue
        _, _, side, box = min(free)
        taken.append(box)
        written += 1
        chart.add_annotation(  # type: ignore[attr-defined]
            x=x[n], y=y[n], text=_safe(said), showarrow=False, xanchor=side, yanchor="middle",
            xshift=reach if side == "left" else -reach if side == "right" else 0,
            yshift=0 if side != "center" else (box[1] + _LINE / 2 - py[n]),
            font={"size": 11, "color": palette.unfavourable if n in data.mark else palette.ink},
        )  # fmt: skip


def _covered(box: _Box, discs: list[_Box]) -> float:
    """Area of bubbles under a label, in square pixels."""
    return sum(
        max(min(box[2], d[2]) - max(box[0], d[0]), 0.0) * max(min(box[3], d[3]) - max(box[1], d[1]), 0.0)
        for d in discs
    )


def _free(box: _Box, taken: list[_Box], tall: float) -> bool:
    """Whether a label fits into the plot and covers no other."""
    inside = box[0] > 0 and box[2] < _WIDE and box[1] > 0 and box[3] < tall
    return inside and not any(
        box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken
    )


def _safe(name: str) -> str:
    """Text from data: Plotly reads a few tags and entities in annotations."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _sentence(data: Bubbles, known: np.ndarray) -> str:
    if not len(data.names):
        return "No items."
    if not known.any():
        return f"{len(data.names)} items; none has a value across."
    rows = np.flatnonzero(known)
    best, worst = rows[np.argmax(data.across[rows])], rows[np.argmin(data.across[rows])]
    top = int(np.argmax(data.up))
    return (
        f"{len(data.names)} items by {data.across_title.lower()} and {data.up_title.lower()}: "
        f"{data.names[best]} is highest across with {data.across[best]:,.4g}, {data.names[worst]} lowest with "
        f"{data.across[worst]:,.4g}; {data.names[top]} is highest up with {data.up[top]:,.4g}."
    )
