"""The live pictures as ECharts options: plain dictionaries, no animation, rounded numbers, one axis each.

They answer a lever within a blink, so they carry as little as says it: lines without symbols, colours worked
out here, tooltips from the library's own templates. Arrays are [t] over the horizon unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sop_core.charts.roles import FONT, Palette, fade
from sop_core.inputs import Floats

Option = dict[str, Any]

#: Height of each picture in pixels: two rows of them fit a screen of 900 with everything else.
HEIGHT = 304
#: Rows of the heat map and of the bridge; the rest is gathered or counted.
MOST_RESOURCES = 8
MOST_STEPS = 7
#: Ids of the series that take a click: a month of demand, a cell of the load.
PICK_MONTH, PICK_LOAD = "pick_month", "pick_load"


def demand_supply(
    months: Sequence[str],
    demand: Floats,
    served: Floats,
    base: Floats,
    palette: Palette,
    unit: str,
    *,
    pick: bool = False,
    chosen: tuple[int, int] | None = None,
) -> Option:
    """Demand as a line, deliveries as a line, what is missing filled between them; the base's deliveries thin.

    A month can deliver more than its demand where late orders are caught up; nothing is filled then. With `pick` a
    click selects a month (series PICK_MONTH); `chosen` are first and last month that are shaded.
    """
    gap = np.maximum(demand - served, 0.0)
    gap[gap < 1e-6 * max(float(demand.max(initial=0.0)), 1.0)] = 0.0
    short = bool(gap.any())
    legend = [
        ("━", "Demand", palette.demand),
        ("━", "Delivered", palette.supply),
        *([("█", "Not served", palette.shortage)] if short else []),
        ("─", "Base", palette.base),
    ]
    series = [
        _line("Delivered in base", base, palette.base, 1.0, z=1),
        # The fill stands on an invisible line; together they reach from what is delivered up to demand.
        _line("floor", np.minimum(served, demand), palette.supply, 0.0, stack="gap", z=1) | _SILENT,
        _line("Not served", gap, palette.shortage, 0.0, stack="gap", z=1)
        | {"areaStyle": {"color": fade(palette.shortage, 0.55), "origin": "start"}},
        _line("Demand", demand, palette.demand, 2.2, z=3),
        _line("Delivered", served, palette.supply, 2.2, z=2),
    ]
    if pick:
        top = max(float(demand.max(initial=0.0)), float(served.max(initial=0.0)), 1.0)
        series.append(_months_to_pick(top, chosen, len(months), palette))
    return _over_months(f"Demand and deliveries, {unit}", legend, months, series, palette)


def _months_to_pick(top: float, chosen: tuple[int, int] | None, months: int, palette: Palette) -> Option:
    """Bars behind the lines that nobody sees until they are chosen: a click anywhere in a month hits its bar."""
    shade = {"value": _round(top), "itemStyle": {"color": fade(palette.accent, 0.14)}}
    first, last = chosen if chosen is not None else (1, 0)
    return {
        "type": "bar",
        "id": PICK_MONTH,
        "name": "Month",
        "data": [shade if first <= t <= last else _round(top) for t in range(months)],
        "itemStyle": {"color": "transparent"},
        "select": {"itemStyle": {"borderWidth": 0}},
        "selectedMode": "single",
        "barCategoryGap": "0%",
        "animation": False,
        "emphasis": {"disabled": True},
        "tooltip": {"show": False},
        "z": 0,
    }


def stock_target(
    months: Sequence[str], stock: Floats, target: Floats, base: Floats, palette: Palette, unit: str
) -> Option:
    """Stock at month end filled to zero, its target as a dashed line, the base's stock thin; a ring where the
    target is missed."""
    missed = stock < target - 1e-6 * max(float(target.max(initial=0.0)), 1.0)
    rings = [
        {"coord": [n, _round(stock[n])], "symbol": "circle", "symbolSize": 6}
        for n in np.flatnonzero(missed).tolist()
    ]
    legend = [
        ("█", "Stock", palette.stock),
        ("┅", "Target", palette.ink),
        *([("○", "Below target", palette.shortage)] if rings else []),
        ("─", "Base", palette.base),
    ]
    marked = {
        "silent": True,
        "animation": False,
        "label": {"show": False},
        "itemStyle": {"color": palette.surface, "borderColor": palette.shortage, "borderWidth": 1.5},
        "data": rings,
    }
    series = [
        _line("Base", base, palette.base, 1.0, z=2),
        _line("Stock", stock, palette.stock, 2.2, z=1)
        | {"areaStyle": {"color": fade(palette.stock, 0.3), "origin": "start"}, "markPoint": marked},
        _line("Target", target, palette.ink, 1.2, dash="dashed", z=3),
    ]
    return _over_months(f"Stock and target at month end, {unit}", legend, months, series, palette)


def load_heat(
    months: Sequence[str],
    resources: Sequence[str],
    load: Floats,
    base: Floats,
    palette: Palette,
    *,
    numbers: bool = True,
    pick: bool = False,
) -> Option:
    """Load by resource and month as a part of regular hours. `load`, `base` [q, t]; nan = no limit, left out.

    Cells above 100 % carry their number on vermilion, or a dot where there is no room for `numbers`; the fullest
    resources are shown where there are many. With `pick` a click selects a cell (series PICK_LOAD).
    """
    known, rows = _heat_rows(load, base)
    values = np.minimum(np.nan_to_num(load[rows], nan=0.0, posinf=9.99), 9.99)
    percent = np.round(values * 100).astype(int)
    over = percent > 100
    marked = {"label": {"show": True}}
    cells: list[Any] = []
    for q, row in enumerate(percent.tolist()):
        for t, value in enumerate(row):
            cells.append({"value": [t, q, value]} | marked if over[q, t] else [t, q, value])
    hidden = len(known) - len(rows)
    title = "Load, % of regular hours" + (f" · fullest {len(rows)} of {len(known)}" if hidden else "")
    full = palette.heat
    pieces = [
        {"lt": 40, "color": full[0]},
        {"gte": 40, "lt": 65, "color": full[1]},
        {"gte": 65, "lt": 85, "color": full[2]},
        {"gte": 85, "lt": 95, "color": full[3]},
        {"gte": 95, "lte": 100, "color": full[4]},
        {"gt": 100, "color": palette.over},
    ]
    legend = [("█", "under 65", full[1]), ("█", "65-95", full[3]), ("█", "to 100", full[4])]
    legend.append(("█", "over 100" if numbers else "• over 100", palette.over))
    option = _frame(title, legend, palette)
    option |= {
        "grid": {"left": 8, "right": 8, "top": 50, "bottom": 4, "containLabel": True},
        "xAxis": _month_axis(months, palette) | {"splitArea": {"show": False}, "boundaryGap": True},
        "yAxis": {
            "type": "category",
            "data": [resources[q] for q in rows],
            "axisLabel": {"color": palette.ink, "fontSize": 11, "width": 120, "overflow": "truncate"},
            "axisLine": {"show": False},
            "axisTick": {"show": False},
        },
        "visualMap": {"show": False, "type": "piecewise", "pieces": pieces, "dimension": 2},
        "tooltip": _tooltip(palette) | {"trigger": "item", "formatter": "{@[2]} % of regular hours"},
        "series": [
            {
                "type": "heatmap",
                # A few hundred cells are drawn at once; in portions they would take more than one frame.
                "progressive": 0,
                "data": cells,
                "animation": False,
                "itemStyle": {"borderColor": palette.surface, "borderWidth": 1},
                "label": {
                    "show": False,
                    "formatter": "{@[2]}" if numbers else "•",
                    "color": "#FFFFFF" if not palette.dark else "#12181F",
                    "fontSize": 8.5,
                    "fontWeight": 600,
                },
                "emphasis": {"disabled": True},
            }
        ],
    }
    if pick:
        border = {"borderColor": palette.ink, "borderWidth": 2}
        option["series"][0] |= {"id": PICK_LOAD, "selectedMode": "single", "select": {"itemStyle": border}}
    return option


def heat_rows(load: Floats, base: Floats) -> list[int]:
    """Positions of the resources in the rows of the heat map, from the bottom."""
    return [int(q) for q in _heat_rows(load, base)[1]]


def _heat_rows(load: Floats, base: Floats) -> tuple[np.ndarray, np.ndarray]:
    """(resources with a limit, those shown from the bottom up)."""
    known = np.flatnonzero(np.isfinite(load).all(axis=1) | np.isinf(load).any(axis=1))
    peak = np.nan_to_num(base[known], nan=0.0, posinf=9.99).max(axis=1, initial=0.0)
    # Ranked by the base, so that rows keep their place while a lever moves.
    return known, known[np.argsort(-peak, kind="stable")][:MOST_RESOURCES][::-1]


def bridge(steps: Sequence[tuple[str, float]], palette: Palette, currency: str) -> Option:
    """What moves the margin from the base's to the plan's, as a waterfall from zero to the whole difference.

    `steps` in money, positive = more margin; the largest are shown in their own order, the rest as Other.
    """
    total = sum(amount for _, amount in steps)
    moving = [(label, amount) for label, amount in steps if abs(amount) > 0.5]
    kept = sorted(moving, key=lambda step: -abs(step[1]))[:MOST_STEPS]
    shown = [step for step in moving if step in kept]
    rest = total - sum(amount for _, amount in shown)
    if len(moving) > len(shown):
        shown.append(("Other", rest))
    legend = [("█", "adds", palette.favourable), ("█", "takes", palette.unfavourable)]
    option = _frame(f"Margin against base, {currency}", legend if shown else [], palette)
    if not shown:
        option["graphic"] = {
            "type": "text",
            "left": "center",
            "top": "middle",
            "silent": True,
            "style": {"text": "The same as the base", "fill": palette.muted, "font": f"13px {FONT}"},
        }
        shown = []
    labels = [label for label, _ in shown] + (["Margin"] if shown else [])
    ends = np.cumsum([0.0, *(amount for _, amount in shown)])
    starts = [*ends[:-1].tolist(), 0.0]
    amounts = [amount for _, amount in shown] + [total]
    bars = [
        _bar(start, amount, palette, n == len(shown))
        for n, (start, amount) in enumerate(zip(starts, amounts, strict=True))
    ]
    reach = float(max(np.abs(ends).max(initial=0.0), 1.0))
    low, high = float(ends.min(initial=0.0)), float(ends.max(initial=0.0))
    option |= {
        "grid": {"left": 8, "right": 8, "top": 50, "bottom": 4, "containLabel": True},
        "xAxis": {
            "type": "value",
            # Room for the amounts beside the bars.
            "min": low - 0.28 * reach if low < 0 else 0,
            "max": high + 0.28 * reach if high > 0 else 0.28 * reach,
            "show": False,
        },
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": labels,
            "axisLabel": {"color": palette.ink, "fontSize": 11},
            "axisLine": {"show": False},
            "axisTick": {"show": False},
        },
        "tooltip": _tooltip(palette) | {"show": False},
        # A bar may lie on either side of zero and away from it, so each is drawn between its two ends.
        "series": _waterfall(bars, palette) if shown else [],
    }
    return option


def same_scale(option: Option, top: float) -> Option:
    """The picture over months with its value axis up to `top`, for small multiples side by side."""
    return option | {"yAxis": option["yAxis"] | {"max": _ceiling(top)}}


def _ceiling(value: float) -> float:
    """The next round number above: 1 to 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(
        next(step * power for step in (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0) if step * power >= value)
    )


def _bar(start: float, amount: float, palette: Palette, whole: bool) -> dict[str, Any]:
    colour = palette.favourable if amount >= 0 else palette.unfavourable
    return {"from": start, "to": start + amount, "amount": amount, "colour": colour, "whole": whole}


def _waterfall(bars: Sequence[dict[str, Any]], palette: Palette) -> list[Option]:
    """Stacked bars: below zero and above zero, each with an invisible part up to the nearer end."""
    parts: dict[str, list[Any]] = {name: [] for name in ("skip_up", "up", "skip_down", "down")}
    for bar in bars:
        low, high = sorted((bar["from"], bar["to"]))
        label = {
            "show": True,
            "position": "right" if bar["amount"] >= 0 else "left",
            "formatter": short(bar["amount"]),
            "color": palette.ink,
            "fontSize": 11,
            "fontWeight": 700 if bar["whole"] else 400,
        }
        style = {"color": bar["colour"], "opacity": 1.0 if bar["whole"] else 0.75}
        up, down = max(high, 0.0) - max(low, 0.0), min(low, 0.0) - min(high, 0.0)
        on_up = bar["to"] > 0 or (bar["to"] == 0 and up > 0)
        parts["skip_up"].append(_round(max(low, 0.0)))
        parts["up"].append({"value": _round(up), "itemStyle": style, "label": label if on_up else _NO_LABEL})
        parts["skip_down"].append(_round(min(high, 0.0)))
        parts["down"].append(
            {"value": _round(down), "itemStyle": style, "label": _NO_LABEL if on_up else label}
        )
    common = {"type": "bar", "stack": "bridge", "animation": False, "barWidth": "62%", "silent": True}
    clear = {"itemStyle": {"color": "transparent"}}
    series: list[Option] = [
        common | {"name": "skip up", "data": parts["skip_up"]} | clear,
        common | {"name": "up", "data": parts["up"]},
        common | {"name": "skip down", "data": parts["skip_down"]} | clear,
        common | {"name": "down", "data": parts["down"]},
    ]
    # What draws nothing need not be sent: mostly all bars lie on one side of zero.
    return [one for one in series if any(_height(value) for value in one["data"])]


def _height(value: Any) -> float:
    return float(value["value"] if isinstance(value, dict) else value)


_NO_LABEL = {"show": False}
_SILENT = {"silent": True, "tooltip": {"show": False}}


def short(value: float) -> str:
    """`+312 k`, `−1.24 M`: an amount in the space of a label."""
    size = abs(value)
    for scale, letter in ((1e9, " bn"), (1e6, " M"), (1e3, " k")):
        if size >= scale * 0.9995:
            digits = 0 if size >= 100 * scale else 1 if size >= 10 * scale else 2
            return f"{value / scale:+.{digits}f}{letter}".replace("-", "\N{MINUS SIGN}")
    return f"{value:+.0f}".replace("-", "\N{MINUS SIGN}") if round(value) else "–"


def _round(value: float) -> float:
    """Enough digits for a pixel and for a tooltip: five significant ones make short messages."""
    return float(f"{value:.5g}")


def _line(
    name: str, values: Floats, colour: str, width: float, *, dash: str = "solid", stack: str = "", z: int = 2
) -> Option:
    line: Option = {
        "type": "line",
        "name": name,
        "data": [_round(value) for value in values.tolist()],
        "showSymbol": False,
        "animation": False,
        "z": z,
        "lineStyle": {"color": colour, "width": width, "type": dash},
        "itemStyle": {"color": colour},
        "emphasis": {"disabled": True},
    }
    return line | ({"stack": stack} if stack else {})


def _frame(title: str, legend: Sequence[tuple[str, str, str]], palette: Palette) -> Option:
    """Title with its unit, and below it the words for the marks in their colours."""
    words = {f"w{n}": {"color": colour, "fontSize": 11} for n, (_, _, colour) in enumerate(legend)}
    said = "   ".join(f"{{w{n}|{mark}}} {name}" for n, (mark, name, _) in enumerate(legend))
    return {
        "animation": False,
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": FONT},
        "title": [
            {
                "text": title,
                "left": 0,
                "top": 0,
                "textStyle": {"fontSize": 13, "fontWeight": 600, "color": palette.ink, "fontFamily": FONT},
            },
            {
                "text": said,
                "left": 0,
                "top": 21,
                "textStyle": {
                    "fontSize": 11,
                    "fontWeight": "normal",
                    "color": palette.muted,
                    "fontFamily": FONT,
                    "rich": words,
                },
            },
        ],
    }


def _over_months(
    title: str,
    legend: Sequence[tuple[str, str, str]],
    months: Sequence[str],
    series: list[Option],
    palette: Palette,
) -> Option:
    option = _frame(title, legend, palette)
    option |= {
        "grid": {"left": 8, "right": 12, "top": 50, "bottom": 4, "containLabel": True},
        "xAxis": _month_axis(months, palette),
        "yAxis": {
            "type": "value",
            "min": 0,
            "splitNumber": 4,
            "axisLabel": {"color": palette.muted, "fontSize": 11},
            "splitLine": {"lineStyle": {"color": palette.grid}},
        },
        "tooltip": _tooltip(palette) | {"trigger": "axis", "valueFormatter": "%,.0f"},
        "series": series,
    }
    return option


def _month_axis(months: Sequence[str], palette: Palette) -> Option:
    return {
        "type": "category",
        "data": list(months),
        "boundaryGap": False,
        "axisLabel": {"color": palette.muted, "fontSize": 11, "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": palette.grid}},
        "axisTick": {"show": False},
    }


def _tooltip(palette: Palette) -> Option:
    return {
        "confine": True,
        "transitionDuration": 0,
        "backgroundColor": palette.raised,
        "borderColor": palette.grid,
        "textStyle": {"color": palette.ink, "fontSize": 12, "fontFamily": FONT},
        "axisPointer": {"type": "line", "animation": False, "lineStyle": {"color": palette.base}},
    }


def demand_sentence(months: Sequence[str], demand: Floats, served: Floats, unit: str) -> str:
    """The picture in words, for those who do not see it."""
    gap = np.maximum(demand - served, 0.0)
    if gap.sum() < 1e-6 * max(float(demand.sum()), 1.0):
        return f"Demand is delivered in full in every month from {months[0]} to {months[-1]}."
    worst = int(gap.argmax())
    return (
        f"{gap.sum():,.0f} of {demand.sum():,.0f} {unit} of demand are not delivered in their month; "
        f"most in {months[worst]}, {gap[worst]:,.0f}."
    )


def stock_sentence(months: Sequence[str], stock: Floats, target: Floats, unit: str) -> str:
    """The picture in words."""
    low = stock < target - 1e-6 * max(float(target.max(initial=0.0)), 1.0)
    missed = [month for month, short in zip(months, low.tolist(), strict=True) if short]
    said = f"Stock goes from {stock[0]:,.0f} to {stock[-1]:,.0f} {unit}"
    return f"{said}; below target in {', '.join(missed)}." if missed else f"{said} and is never below target."


def load_sentence(months: Sequence[str], resources: Sequence[str], load: Floats) -> str:
    """The picture in words."""
    over = np.argwhere(np.nan_to_num(load, nan=0.0, posinf=9.99) > 1.005)
    if not len(over):
        return "No resource is needed for more than its regular hours."
    said = {
        resources[q]: [months[t] for p, t in over.tolist() if p == q]
        for q in dict.fromkeys(over[:, 0].tolist())
    }
    return (
        "Over regular hours: "
        + "; ".join(f"{name} in {', '.join(when)}" for name, when in said.items())
        + "."
    )


def bridge_sentence(steps: Sequence[tuple[str, float]], currency: str) -> str:
    """The picture in words."""
    total = sum(amount for _, amount in steps)
    moving = [(label, amount) for label, amount in steps if abs(amount) > 0.5]
    if not moving:
        return "The margin is that of the base."
    said = ", ".join(f"{label} {short(amount)}" for label, amount in moving)
    return f"Margin {short(total)} {currency} against the base: {said}."
