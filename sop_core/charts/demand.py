"""Pictures of the Demand review: history with forecast and interval, and the layers of demand.

They answer typing into the grid, so they are ECharts options like the live pictures: plain dictionaries without
animation, which a browser repaints in a fraction of the time that a figure of Plotly takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_label
from sop_core.charts.live import Option
from sop_core.charts.roles import FONT, Palette, fade
from sop_core.charts.timeline import Floats, ceiling, quantity

#: Layers of demand as people say them, in the order in which they are applied (inputs.LAYERS).
LAYER_TITLES = {
    "base": "Baseline",
    "promotions": "Promotions",
    "price": "Price",
    "launches": "Launches",
    "run_down": "Phase-outs",
    "events": "Events",
    "growth": "Growth",
    "sales_input": "Sales input",
    "overrides": "Overrides",
    "total": "Unconstrained demand",
}

#: What each layer is, for tooltips.
LAYER_HELP = {
    "base": "Statistical forecast of the cleansed history, or the company's own demand plan",
    "promotions": "Uplift of promotions, less what is bought earlier because of them",
    "price": "Demand that follows from price changes, by elasticity",
    "launches": "New products by their ramp and probability, less what they take from others",
    "run_down": "What ends with products that are phased out",
    "events": "Known events: fairs, new customers, closures",
    "growth": "Growth in percent typed as a change",
    "sales_input": "Units and percentages that sales put on top",
    "overrides": "Totals that were typed: what they changed",
    "total": "Baseline and all layers: what the market is expected to ask for, before supply",
}


@dataclass(frozen=True, slots=True)
class DemandView:
    """One series of demand. [h] past, [t] ahead; `low` and `high` bound the 80 % interval of the baseline
    (None: no statistical forecast); `budget` [t] (None: none)."""

    past_months: MonthArray
    actual: Floats
    cleaned: Floats
    months: MonthArray
    baseline: Floats
    total: Floats
    low: Floats | None
    high: Floats | None
    budget: Floats | None
    frozen: int
    unit: str
    baseline_name: str = "Baseline"


@dataclass(frozen=True, slots=True)
class DemandPicture:
    """An ECharts option and the sentence that says what it shows (its alt text)."""

    option: Option
    alt: str


def demand_chart(palette: Palette, data: DemandView) -> DemandPicture:
    """Actuals and cleansed history, the baseline with its 80 % interval and the demand plan over it."""
    past, ahead = len(data.past_months), len(data.months)
    before, after = np.full(past, np.nan), np.full(ahead, np.nan)
    series: list[Option] = []
    named: list[str] = []

    def line(name: str, values: Floats, colour: str, width: float, dash: str = "solid") -> Option:
        drawn = drawn_line(name, values, colour, width, dash)
        series.append(drawn)
        named.append(name)
        return drawn

    if data.low is not None and data.high is not None:
        low, high = np.concatenate([before, data.low]), np.concatenate([before, data.high])
        series += drawn_band(palette.demand, _INTERVAL, low, high, ("Low (80 %)", "High (80 %)"))
    if (np.abs(data.cleaned - data.actual) > 0.5).any():
        line("Cleansed", np.concatenate([data.cleaned, after]), palette.actual, 1.2, "dotted")
    if past:
        actual = line("Actual", np.concatenate([data.actual, after]), palette.actual, 2.0)
        actual["markLine"] = marks_at(palette, [("plan", past)])
    if data.budget is not None and np.isfinite(data.budget).any():
        line("Budget", np.concatenate([before, data.budget]), palette.budget, 1.5, "dashed")
    # A layer that could not be told from the baseline on the picture gets no line of its own.
    least = max(0.5, 0.005 * float(data.baseline.max(initial=0.0)))
    differs = bool(np.abs(data.total - data.baseline).max(initial=0.0) > least)
    baseline = np.concatenate([before, data.baseline])
    line(
        data.baseline_name,
        baseline,
        palette.demand,
        1.2 if differs else 2.2,
        "dotted" if differs else "solid",
    )
    if differs:
        line("Demand plan", np.concatenate([before, data.total]), palette.demand, 2.2)
    if data.frozen:
        series[-1]["markArea"] = {
            "silent": True,
            "itemStyle": {"color": palette.frozen},
            "data": [[{"xAxis": past}, {"xAxis": past + min(data.frozen, ahead) - 1}]],
        }
    legend = legend_of(palette, named[::-1])
    if data.low is not None:
        legend["data"].append({"name": _INTERVAL, "icon": "rect"})
    months = np.concatenate([data.past_months, data.months])
    top = ceiling(data.actual, data.cleaned, data.total, data.high, data.budget)
    option = _over_months(palette, f"Demand, {data.unit}", months, series, legend, even_scale(0.0, top))
    return DemandPicture(option, demand_sentence(data))


def demand_sentence(data: DemandView) -> str:
    """What the picture shows: the coming year beside the last, its peak and the interval's width."""
    year = data.total[:12]
    said = f"Demand of {quantity(year.sum())} {data.unit} over the next {len(year)} months"
    known = data.actual[np.isfinite(data.actual)]
    if len(known) >= 12 and len(year) == 12 and known[-12:].sum() > 0:
        change = year.sum() / known[-12:].sum() - 1.0
        said += f", {abs(change) * 100:.1f} % {'above' if change >= 0 else 'below'} the last twelve"
    said += f"; highest in {month_label(data.months[int(np.argmax(year))])}"
    if data.low is not None and data.high is not None and data.baseline[0] > 0:
        said += (
            f"; the 80 % interval of the first month is {quantity(data.low[0])} to {quantity(data.high[0])}"
        )
    return f"{said}."


@dataclass(frozen=True, slots=True)
class LayersView:
    """Demand by layer [t]: the baseline, the layers that do something, and what the total is compared with."""

    months: MonthArray
    base: Floats
    layers: Mapping[str, Floats]
    unit: str
    budget: Floats | None = None
    estimate: Floats | None = None  #: the last cycle's latest estimate
    estimate_name: str = "Last LE"


def layers_chart(palette: Palette, data: LayersView) -> DemandPicture:
    """Demand by layer and month: what adds stands on the baseline, what takes away hangs below zero, and the
    line is their sum. Layers without any effect are left out."""
    acting = {n: v for n, v in data.layers.items() if np.abs(v).max(initial=0.0) > 0.5}
    colours = _layer_colours(palette)
    bars = [_bar(LAYER_TITLES["base"], data.base, {"color": fade(palette.demand, 0.45)})]
    for name, values in acting.items():
        style = _fill(palette, *colours.get(name, (palette.actual, "")))
        bars.append(_bar(LAYER_TITLES.get(name, name), values, style))
    total = data.base + sum(acting.values(), np.zeros_like(data.base))
    lines = [("Demand plan", total, palette.demand, 2.0, "solid")]
    if data.estimate is not None and np.isfinite(data.estimate).any():
        lines.append((data.estimate_name, data.estimate, palette.last_estimate, 1.8, "dotted"))
    if data.budget is not None and np.isfinite(data.budget).any():
        lines.append(("Budget", data.budget, palette.budget, 1.5, "dashed"))
    drawn = [drawn_line(*line) | {"z": 3} for line in lines[::-1]]
    stacked = data.base + sum((np.maximum(v, 0.0) for v in acting.values()), np.zeros_like(data.base))
    low = sum((np.minimum(v, 0.0) for v in acting.values()), np.zeros_like(data.base))
    scale = even_scale(float(low.min(initial=0.0)), ceiling(stacked, *(line[1] for line in lines)))
    legend = legend_of(palette, [line[0] for line in lines])
    legend["data"] += [{"name": bar["name"], "icon": "rect"} for bar in bars]
    option = _over_months(
        palette, f"Demand by layer, {data.unit}", data.months, [*bars, *drawn], legend, scale
    )
    option["xAxis"] |= {"boundaryGap": True}
    return DemandPicture(option, layers_sentence(data.base, acting, data.unit))


def _layer_colours(palette: Palette) -> dict[str, tuple[str, str]]:
    """Colour and pattern of each layer, the same whichever of them act."""
    return {
        "promotions": (palette.supply, ""),
        "price": (palette.stock, "/"),
        "launches": ("#CC79A7", "o"),
        "run_down": (palette.shortage, "\\"),
        "events": ("#56B4E9", "."),
        "growth": ("#8C6BB1", "-"),
        "sales_input": ("#A3A33F", "+"),
        "overrides": (palette.actual, "|"),
    }


#: Patterns on top of a colour, so that layers are told apart without it: ECharts decals.
_PATTERNS: Mapping[str, Option] = {
    "/": {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [1.5, 5], "rotation": -0.785},
    "\\": {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [1.5, 5], "rotation": 0.785},
    "-": {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [1.5, 5]},
    "|": {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [1.5, 5], "rotation": 1.571},
    ".": {"symbol": "circle", "dashArrayX": [[6, 6], [0, 6, 6, 0]], "dashArrayY": [6, 0], "symbolSize": 0.5},
    "o": {"symbol": "circle", "dashArrayX": [[8, 8], [0, 8, 8, 0]], "dashArrayY": [8, 0], "symbolSize": 0.8},
    "+": {"symbol": "diamond", "dashArrayX": [[6, 6], [0, 6, 6, 0]], "dashArrayY": [6, 0], "symbolSize": 0.7},
}


def _fill(palette: Palette, colour: str, shape: str) -> Option:
    if not shape:
        return {"color": colour}
    return {"color": colour, "decal": {"color": fade(palette.surface, 0.75), **_PATTERNS[shape]}}


def layers_sentence(base: Floats, layers: Mapping[str, Floats], unit: str) -> str:
    """The layers in order of size: `Baseline 120,000 units; promotions +4,200, launches +900.`"""
    sums = {name: float(values.sum()) for name, values in layers.items()}
    said = [
        f"{LAYER_TITLES.get(name, name).lower()} {_signed(value)}"
        for name, value in sorted(sums.items(), key=lambda pair: -abs(pair[1]))
    ]
    rest = ", ".join(said) if said else "no layer adds or takes anything"
    return f"Baseline {quantity(base.sum())} {unit}; {rest}."


def _signed(value: float) -> str:
    return f"{value:+,.0f}".replace("-", "\N{MINUS SIGN}")


# -- parts of an option ---------------------------------------------------------------------------------------

_INTERVAL = "80 % interval"
_MUTE: Option = {"silent": True, "tooltip": {"show": False}}
#: Steps between two values of the axis, times a power of ten.
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def _points(values: Floats) -> list[float | None]:
    """Whole numbers and five significant digits, which make short messages; a gap where nothing is known."""
    return [
        None if not np.isfinite(v) else float(round(v)) if abs(v) >= 10_000 else float(f"{v:.5g}")
        for v in values.tolist()
    ]


def drawn_line(name: str, values: Floats, colour: str, width: float, dash: str = "solid") -> Option:
    """A line of a picture: no marks, no animation. `dash`: solid, dashed or dotted."""
    return {
        "type": "line",
        "name": name,
        "data": _points(values),
        "symbol": "none",
        "animation": False,
        "lineStyle": {"color": colour, "width": width, "type": dash},
        "itemStyle": {"color": colour},
        "emphasis": {"disabled": True},
    }


def drawn_band(colour: str, name: str, low: Floats, high: Floats, ends: tuple[str, str]) -> list[Option]:
    """A shaded band between two series; the tooltip reads its two ends, which are drawn without width."""
    shade = fade(colour, 0.15)
    # The band stands on an invisible line.
    return [
        drawn_line("floor", low, colour, 0.0) | _MUTE | {"stack": "band"},
        drawn_line(name, high - low, colour, 0.0)
        | _MUTE
        | {"stack": "band", "areaStyle": {"color": shade, "origin": "start"}, "itemStyle": {"color": shade}},
        drawn_line(ends[0], low, colour, 0.0),
        drawn_line(ends[1], high, colour, 0.0),
    ]


def _bar(name: str, values: Floats, style: Option) -> Option:
    return {
        "type": "bar",
        "name": name,
        "stack": "layers",
        "data": _points(values),
        "animation": False,
        "barCategoryGap": "25%",
        "itemStyle": style,
        "emphasis": {"disabled": True},
    }


def marks_at(palette: Palette, marks: Sequence[tuple[str, int]]) -> Option:
    """Upright lines across a picture: what each says above it, and its position on the axis."""
    return {
        "silent": True,
        "symbol": "none",
        "animation": False,
        "lineStyle": {"color": palette.muted, "width": 1, "type": "dotted"},
        "label": {
            "formatter": "{b}",
            "position": "end",
            "distance": 2,
            "color": palette.muted,
            "fontSize": 11,
        },
        "data": [{"name": name, "xAxis": at} for name, at in marks],
    }


def legend_of(palette: Palette, names: Sequence[str]) -> Option:
    """Every line and bar by its mark, in a row under the title: nothing is written over the picture."""
    return {
        "data": [{"name": name, "itemStyle": {"opacity": 0}} for name in names],
        "left": 0,
        "top": 21,
        "itemWidth": 20,
        "itemHeight": 9,
        "itemGap": 14,
        "selectedMode": False,
        "textStyle": {"color": palette.muted, "fontSize": 12, "fontFamily": FONT},
    }


def even_scale(low: float, high: float) -> tuple[float, float, float]:
    """(lowest, highest, step) of an axis with round numbers around zero, five to seven of them."""
    reach = max(high - low, 1e-9)
    power = 10.0 ** np.floor(np.log10(reach / 5))
    step = float(next(s * power for s in _STEPS if s * power >= reach / 5.5))
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step), step


def _over_months(
    palette: Palette,
    title: str,
    months: MonthArray,
    series: list[Option],
    legend: Option,
    scale: tuple[float, float, float],
) -> Option:
    return over_time(palette, title, [month_label(month) for month in months], series, legend, scale)


def over_time(
    palette: Palette,
    title: str,
    labels: Sequence[str],
    series: list[Option],
    legend: Option,
    scale: tuple[float, float, float],
) -> Option:
    """The option of a picture over months or days: a name for each, the series on them, the value axis by `scale`."""
    quiet = {"color": palette.muted, "fontSize": 12, "fontFamily": FONT}
    low, high, step = scale
    return {
        "animation": False,
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": FONT},
        "title": {
            "text": title,
            "left": 0,
            "top": 0,
            "textStyle": {"fontSize": 14, "fontWeight": 600, "color": palette.ink, "fontFamily": FONT},
        },
        "legend": legend,
        "grid": {"left": 8, "right": 24, "top": 62, "bottom": 4, "containLabel": True},
        "xAxis": {
            "type": "category",
            "data": list(labels),
            "boundaryGap": False,
            "axisLabel": quiet | {"hideOverlap": True},
            "axisLine": {"lineStyle": {"color": palette.grid}},
            "axisTick": {"show": False},
        },
        "yAxis": {
            "type": "value",
            "min": low,
            "max": high,
            "interval": step,
            "axisLabel": quiet,
            "splitLine": {"lineStyle": {"color": palette.grid}},
        },
        "tooltip": {
            "trigger": "axis",
            "confine": True,
            "transitionDuration": 0,
            "valueFormatter": "%,.0f",
            "backgroundColor": palette.raised,
            "borderColor": palette.grid,
            "textStyle": {"color": palette.ink, "fontSize": 12, "fontFamily": FONT},
            "axisPointer": {"type": "line", "animation": False, "lineStyle": {"color": palette.base}},
        },
        "series": series,
    }
