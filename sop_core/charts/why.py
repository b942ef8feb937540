"""What binds, month by month: how much of its limit is used, and what goes beyond regular hours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sop_core.charts.roles import FONT, Palette

#: Height of the picture in pixels.
HEIGHT = 190


def fill_chart(
    months: Sequence[str],
    used: Sequence[float],
    beyond: Sequence[float],
    marked: int,
    palette: Palette,
    name: str,
) -> dict[str, Any]:
    """Bars of the part of a limit used by month, %, what goes beyond it on top; a line at 100 %. `marked`: the month
    that the explanation is about, -1 = none."""
    over = any(part > 0 for part in beyond)
    words = f"{{a|█}} within its limit{'   {b|█} overtime and shifts' if over else ''}"
    top = [_round(a + b) for a, b in zip(used, beyond, strict=True)]

    def bars(values: Sequence[float], colour: str, label: str) -> dict[str, Any]:
        return {
            "type": "bar", "name": label, "stack": "fill", "animation": False, "barWidth": "68%",
            "data": [
                {
                    "value": _round(value),
                    "itemStyle": {"color": colour, "opacity": 1.0 if t == marked or marked < 0 else 0.62},
                }
                for t, value in enumerate(values)
            ],
            "emphasis": {"disabled": True},
        }  # fmt: skip

    line = {
        "silent": True, "animation": False, "symbol": "none", "label": {"show": False},
        "lineStyle": {"color": palette.ink, "width": 1, "type": "dashed"}, "data": [{"yAxis": 100}],
    }  # fmt: skip
    series = [bars(used, palette.supply, "Within its limit") | {"markLine": line}]
    if over:
        series.append(bars(beyond, palette.shortage, "Overtime and shifts"))
    rich = {"a": {"color": palette.supply, "fontSize": 11}, "b": {"color": palette.shortage, "fontSize": 11}}
    return {
        "animation": False,
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": FONT},
        "title": [
            {"text": f"{name}, % of its limit", "left": 0, "top": 0,
             "textStyle": {"fontSize": 13, "fontWeight": 600, "color": palette.ink, "fontFamily": FONT}},
            {"text": words, "left": 0, "top": 20,
             "textStyle": {"fontSize": 11, "fontWeight": "normal", "color": palette.muted, "rich": rich}},
        ],
        "grid": {"left": 4, "right": 8, "top": 46, "bottom": 2, "containLabel": True},
        "xAxis": {
            "type": "category", "data": list(months), "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": palette.grid}},
            "axisLabel": {"color": palette.muted, "fontSize": 11, "hideOverlap": True},
        },
        "yAxis": {
            "type": "value", "min": 0, "max": max(120, 10 * (int(max(top, default=0.0)) // 10 + 1)),
            "splitNumber": 3, "axisLabel": {"color": palette.muted, "fontSize": 11},
            "splitLine": {"lineStyle": {"color": palette.grid}},
        },
        "tooltip": {
            "trigger": "axis", "confine": True, "transitionDuration": 0, "valueFormatter": "%.0f %%",
            "backgroundColor": palette.raised, "borderColor": palette.grid,
            "textStyle": {"color": palette.ink, "fontSize": 12, "fontFamily": FONT},
        },
        "series": series,
    }  # fmt: skip


def fill_sentence(months: Sequence[str], used: Sequence[float], beyond: Sequence[float], name: str) -> str:
    """The picture in words."""
    total = [a + b for a, b in zip(used, beyond, strict=True)]
    full = [month for month, part in zip(months, total, strict=True) if part > 0.995]
    worst = max(range(len(total)), key=lambda t: total[t])
    peak = f"most in {months[worst]} at {total[worst]:.0%}"
    return f"{name} is full in {len(full)} of {len(months)} months, {peak}." if full else f"{name}: {peak}."


def _round(part: float) -> float:
    return float(f"{100 * part:.4g}")
