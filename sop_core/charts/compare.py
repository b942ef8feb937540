"""Small multiples: the same picture of several plans side by side, on one scale, as one chart.

The browser lays out one chart for a row of pictures instead of one each. Every picture is an option of
`charts.live`, so a plan looks here as it does where it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sop_core.charts.live import Option

#: Part of the width in % between two pictures.
GAP = 1.2
#: Part of the width in % that stays free beside each picture.
EDGE = 0.5
_MERGED = ("title", "grid", "xAxis", "yAxis", "visualMap", "series")
_SHARED = ("animation", "backgroundColor", "textStyle", "tooltip")


def side_by_side(options: Sequence[Option], names: Sequence[str]) -> Option:
    """One option of pictures of one kind, left to right, each under its plan's name instead of its title.

    Each has one grid and one x and y axis, and may have a visualMap; the legend stands over the first picture that has
    the longest one, so that nothing is said twice. Raises ValueError without a picture, or where names are missing.
    """
    if not options or len(options) != len(names):
        raise ValueError(f"{len(options)} pictures need as many names, not {len(names)}.")
    merged: Option = {name: options[0][name] for name in _SHARED if name in options[0]}
    merged |= {name: [] for name in _MERGED}
    width = (100.0 - GAP * (len(options) - 1)) / len(options)
    said = max(range(len(options)), key=lambda n: len(options[n]["title"][1]["text"]))
    for n, (option, name) in enumerate(zip(options, names, strict=True)):
        left = n * (width + GAP)
        head, legend = option["title"][0], option["title"][1]
        merged["title"].append(head | {"text": name, "left": f"{left:.2f}%"} | _cut(head, width))
        if n == 0:
            merged["title"].append(options[said]["title"][1] | {"left": f"{left:.2f}%", "top": legend["top"]})
        merged["grid"].append(_placed(option["grid"], left, width))
        merged["xAxis"].append(option["xAxis"] | {"gridIndex": n})
        merged["yAxis"].append(option["yAxis"] | {"gridIndex": n})
        begin = len(merged["series"])
        merged["series"] += [_series(series, n) for series in option["series"]]
        if "visualMap" in option:
            indices = list(range(begin, len(merged["series"])))
            merged["visualMap"].append(option["visualMap"] | {"seriesIndex": indices})
    return {name: value for name, value in merged.items() if value != []}


def _cut(title: Mapping[str, Any], width: float) -> Option:
    """Long names end before the next picture begins: at about 10 pixels for each percent of the width."""
    style = title["textStyle"] | {"width": 9 * width, "overflow": "truncate"}
    return {"textStyle": style}


def _placed(grid: Mapping[str, Any], left: float, width: float) -> Option:
    kept = {name: value for name, value in grid.items() if name not in ("left", "right")}
    # The first and the last label of an axis reach beyond its plot by half their length.
    return kept | {"left": f"{left + EDGE:.2f}%", "width": f"{width - 2.5 * EDGE:.2f}%"}


def _series(series: Mapping[str, Any], n: int) -> Option:
    placed = dict(series) | {"xAxisIndex": n, "yAxisIndex": n}
    if "stack" in series:  # stacks are known by name over the whole chart
        placed["stack"] = f"{series['stack']} {n}"
    return placed
