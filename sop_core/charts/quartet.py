"""Four pictures as one chart of 2 x 2 grids: the browser lays out and paints one chart instead of four.

Pixels at the outer edges stay pixels; at the middle they become parts of the width, because an option knows no
sum of both. Each picture keeps its axes, colours and tooltip, in a grid of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Option = dict[str, Any]

#: Pixels between the rows, and part of the width in % between the columns.
GAP, MIDDLE = 8, 1.8
#: Width in pixels at which the distances from the middle are those of the single pictures.
WIDTH = 870

_SHARED = ("animation", "backgroundColor", "textStyle")
_MERGED = ("title", "grid", "xAxis", "yAxis", "visualMap", "graphic", "series")


def quartet(options: Sequence[Option], height: int) -> Option:
    """One option of the four `options`, laid row by row in a chart of `height` pixels.

    Each has one grid placed by left, right, top and bottom in pixels, one x and one y axis, titles placed by left
    and top, and may have a visualMap and one graphic in its middle. What they share (font, animation, tooltip) is
    the first one's; a tooltip that differs goes with its grid and series. The options themselves stay as they are.
    Raises ValueError where there are not four, or one holds a part that cannot be moved.
    """
    if len(options) != 4:
        raise ValueError(f"A quartet has 4 pictures, not {len(options)}.")
    row = (height - GAP) / 2
    first = options[0]
    merged: Option = {name: first[name] for name in _SHARED if name in first}
    merged |= {name: [] for name in _MERGED} | {"tooltip": first["tooltip"]}
    for n, option in enumerate(options):
        if strange := sorted(set(option) - {*_SHARED, *_MERGED, "tooltip"}):
            raise ValueError(f"Picture {n + 1} holds {', '.join(strange)}, which a quartet cannot move.")
        top = n // 2 * (row + GAP)
        own = _differing(option["tooltip"], first["tooltip"])
        merged["title"] += [
            title | {"left": _left(title["left"], n), "top": top + title["top"]} for title in option["title"]
        ]
        merged["grid"].append(_grid(option["grid"], n, top, row) | _trigger(own))
        merged["xAxis"].append(option["xAxis"] | {"gridIndex": n})
        merged["yAxis"].append(option["yAxis"] | {"gridIndex": n})
        if "graphic" in option:
            merged["graphic"].append(_centred(option["graphic"], n, top + row / 2))
        placed = [_series(one, n, own) for one in option["series"]]
        if "visualMap" in option:
            begin = len(merged["series"])
            merged["visualMap"].append(
                option["visualMap"] | {"seriesIndex": list(range(begin, begin + len(placed)))}
            )
        merged["series"] += placed
    return {name: value for name, value in merged.items() if value != []}


def _left(pixels: float, n: int) -> float | str:
    """So many pixels from the left edge of the column of picture `n`."""
    return f"{50 + MIDDLE / 2 + 100 * pixels / WIDTH:.2f}%" if n % 2 else pixels


def _right(pixels: float, n: int) -> float | str:
    """So many pixels from the right edge of the column of picture `n`, counted from the right of the chart."""
    return pixels if n % 2 else f"{50 + MIDDLE / 2 + 100 * pixels / WIDTH:.2f}%"


def _grid(grid: Mapping[str, Any], n: int, top: float, row: float) -> Option:
    kept = {name: value for name, value in grid.items() if name != "bottom"}
    return kept | {
        "left": _left(grid["left"], n),
        "right": _right(grid["right"], n),
        "top": top + grid["top"],
        "height": row - grid["top"] - grid["bottom"],
    }


def _differing(tooltip: Mapping[str, Any], shared: Mapping[str, Any]) -> Option:
    """What a picture's tooltip says otherwise than the shared one."""
    return {name: value for name, value in tooltip.items() if shared.get(name) != value}


def _trigger(own: Mapping[str, Any]) -> Option:
    """A grid decides whether its axis opens a tooltip; how that reads is with the series."""
    kept = {name: own[name] for name in ("show", "trigger") if name in own}
    return {"tooltip": kept} if kept else {}


def _series(series: Mapping[str, Any], n: int, own: Mapping[str, Any]) -> Option:
    placed = dict(series) | {"xAxisIndex": n, "yAxisIndex": n}
    if "stack" in series:  # stacks are known by name over the whole chart
        placed["stack"] = f"{series['stack']} {n}"
    tooltip = {**own, **series.get("tooltip", {})}
    return placed | ({"tooltip": tooltip} if tooltip else {})


def _centred(graphic: Mapping[str, Any], n: int, middle: float) -> Option:
    """A text in the middle of its quarter: a group without extent stands there, the text is centred on it."""
    if graphic.get("type") != "text" or (graphic.get("left"), graphic.get("top")) != ("center", "middle"):
        raise ValueError(f"Picture {n + 1} holds a graphic that is not a text in its middle.")
    style = {**graphic["style"], "textAlign": "center", "textVerticalAlign": "middle"}
    text = {name: value for name, value in graphic.items() if name not in ("left", "top")} | {"style": style}
    half = (50 - MIDDLE / 2) / 2
    return {
        "type": "group",
        "bounding": "raw",
        "width": 0,
        "height": 0,
        "left": f"{100 - half if n % 2 else half:.2f}%",
        "top": middle,
        "children": [text],
    }
