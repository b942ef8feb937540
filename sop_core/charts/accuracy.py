"""Pictures of forecast accuracy, of how an estimate moved and of the order book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_label
from sop_core.charts.roles import Palette, fade
from sop_core.charts.template import figure
from sop_core.charts.timeline import (
    Floats,
    Picture,
    ceiling,
    end_labels,
    last_known,
    month_axis,
    points,
    quantity,
    stamps,
)

#: Steps of the ladder as people say them.
STEP_TITLES: Mapping[str, str] = {
    "naive": "Naive",
    "statistical": "Statistical",
    "market": "Market",
    "sales_input": "Sales input",
    "consensus": "Consensus",
    "actuals": "Actuals",
}
_MINUS = "\N{MINUS SIGN}"


def _signed(value: float, digits: int = 0) -> str:
    return f"{value:+,.{digits}f}".replace("-", _MINUS)


def _percent(fraction: float, digits: int = 1) -> str:
    return f"{fraction * 100:.{digits}f} %".replace("-", _MINUS)


def ladder_chart(
    palette: Palette, steps: Sequence[str], wmape: Floats, chosen: str, height: int = 260
) -> Picture:
    """WMAPE by step of the review; what each step adds or costs stands between the bars (FVA, points of WMAPE)."""
    chart = figure(palette, "Error by step (WMAPE, % of demand)", height)
    titles = [STEP_TITLES[step] for step in steps]
    chart.add_bar(
        x=titles,
        y=points(wmape * 100),
        text=[_percent(float(v)) for v in wmape],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{x}: %{y:.2f} %<extra></extra>",
        marker={"color": [palette.demand if s == chosen else fade(palette.demand, 0.45) for s in steps]},
    )
    top = ceiling(wmape * 100) * 1.32
    for n in range(1, len(steps)):
        gain = float(wmape[n - 1] - wmape[n]) * 100
        if not np.isfinite(gain):
            continue
        some = abs(gain) >= 0.05
        word = ("helped" if gain > 0 else "hurt") if some else "no change"
        colour = (palette.favourable if gain > 0 else palette.unfavourable) if some else palette.muted
        text = f"{_signed(gain, 1)} pp<br>{word}" if some else word
        chart.add_annotation(
            x=n - 0.5,
            y=top,
            yanchor="top",
            text=text,
            showarrow=False,
            font={"size": 12, "color": colour},
        )
    chart.update_layout(
        yaxis={"range": [0, top], "nticks": 5, "tickformat": ",.0f"},
        xaxis={"type": "category"},
        hovermode="closest",
        margin={"r": 12, "t": 40},
    )
    return Picture(chart, ladder_sentence(steps, wmape))


def ladder_sentence(steps: Sequence[str], wmape: Floats) -> str:
    """`Error 12.6 % naive, 7.8 % statistical, 7.9 % consensus; the review takes off 4.7 points.`"""
    said = ", ".join(
        f"{_percent(float(v))} {STEP_TITLES[s].lower()}" for s, v in zip(steps, wmape, strict=True)
    )
    if len(steps) < 2 or not np.isfinite(wmape[[0, -1]]).all():
        return f"Error {said}."
    gain = float(wmape[0] - wmape[-1]) * 100
    verb = "take off" if gain >= 0 else "add"
    return f"Error {said}; all steps together {verb} {abs(gain):.1f} points."


def lags_chart(
    palette: Palette, months: MonthArray, by_lag: Mapping[int, Floats], height: int = 260
) -> Picture:
    """Accuracy (1 - WMAPE, not below zero) by month, a line a lag."""
    chart = figure(palette, "Accuracy by month (1 \N{MINUS SIGN} WMAPE, %)", height)
    looks = ((palette.demand, "solid", 2.2), (palette.supply, "solid", 1.6), (palette.stock, "dot", 1.6))
    labels = []
    low = _accuracy_floor(by_lag)
    for (lag, wmape), (colour, dash, width) in zip(by_lag.items(), looks, strict=False):
        shown = np.maximum(1.0 - wmape, 0.0) * 100
        chart.add_scatter(
            x=stamps(months),
            y=points(shown),
            mode="lines+markers",
            name=f"Lag {lag}",
            line={"color": colour, "dash": dash, "width": width},
            marker={"size": 5},
            customdata=points((1.0 - wmape) * 100),
            hovertemplate="%{customdata:.1f} %",
        )
        labels.append((f"Lag {lag}", last_known(shown), colour))
    month_axis(chart, months)
    chart.update_layout(
        yaxis={"range": [low, 104], "nticks": 6, "tickformat": ",.0f", "rangemode": "normal"},
        margin={"t": 40},
    )
    end_labels(chart, [(name, value - low, colour) for name, value, colour in labels], 104 - low, height - 70)
    for note in chart.layout.annotations:  # they are spread out from zero, where most axes start
        note.y += low
    return Picture(chart, _lags_sentence(months, by_lag))


def _accuracy_floor(by_lag: Mapping[int, Floats]) -> float:
    """Where the axis starts, percent: the quarter, or from 80 the tenth, below the lowest accuracy. These are lines,
    so it need not be zero, and 92 and 88 would look the same if it were."""
    known = [float(1.0 - np.nanmax(v)) * 100 for v in by_lag.values() if np.isfinite(v).any()]
    lowest = max(min(known, default=0.0), 0.0)
    step = 10.0 if lowest >= 80 else 25.0
    return max(step * np.floor((lowest - 1.0) / step), 0.0)


def _lags_sentence(months: MonthArray, by_lag: Mapping[int, Floats]) -> str:
    parts = []
    for lag, wmape in by_lag.items():
        known = np.flatnonzero(np.isfinite(wmape))
        if len(known):
            worst = known[int(np.argmax(wmape[known]))]
            low = max(1.0 - float(wmape[worst]), 0.0)
            parts.append(f"lag {lag} lowest in {month_label(months[worst])} at {_percent(low, 0)}")
    return (
        f"Accuracy by month: {', '.join(parts)}." if parts else "Accuracy by month: nothing to compare yet."
    )


@dataclass(frozen=True, slots=True)
class Fall:
    """A waterfall: standing levels with the changes between them. `kind`: level, step or actual."""

    label: str
    kind: str
    value: float  #: the level, or the change
    part: str = ""  #: step of the ladder that a change belongs to


def waterfall_chart(
    palette: Palette, falls: Sequence[Fall], title: str, unit: str, height: int = 300
) -> Picture:
    """How an estimate moved: a mark where it stood in each cycle, floating bars for what moved it in between. Only the
    changes are bars, so that the axis need not start at zero.
    """
    chart = figure(palette, f"{title}, {unit}", height)
    running = 0.0
    steps: list[tuple[int, float, float, Fall]] = []
    levels: list[tuple[int, Fall]] = []
    reached: list[float] = []
    for n, fall in enumerate(falls):
        if fall.kind == "step":
            steps.append((n, running, fall.value, fall))
            running += fall.value
        else:
            levels.append((n, fall))
            running = fall.value
        reached.append(running)
    chart.add_bar(
        x=[n for n, *_ in steps],
        y=[value for _, _, value, _ in steps],
        base=[start for _, start, _, _ in steps],
        marker={
            "color": [palette.supply if value >= 0 else palette.shortage for _, _, value, _ in steps],
            "pattern": {
                "shape": ["" if value >= 0 else "/" for _, _, value, _ in steps],
                "fgcolor": palette.surface,
                "size": 5,
                "solidity": 0.25,
                "fillmode": "overlay",
            },
        },
        customdata=[
            f"{STEP_TITLES.get(f.part, f.part)}: {_signed(value)} {unit}" for _, _, value, f in steps
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    looks = [palette.actual if fall.kind == "actual" else palette.demand for _, fall in levels]
    chart.add_scatter(
        x=[n for n, _ in levels],
        y=[fall.value for _, fall in levels],
        mode="markers",
        marker={"symbol": "diamond", "size": 11, "color": looks},
        customdata=[f"{quantity(fall.value)} {unit}" for _, fall in levels],
        hovertemplate="%{customdata}<extra></extra>",
    )
    low, high = min(reached), max(reached)
    room = max(high - low, 0.01 * abs(high), 1.0)
    notes = []
    for n, fall in enumerate(falls):
        level = fall.kind != "step"
        at = max(reached[n], reached[n] - fall.value) if not level else fall.value
        notes.append(
            {
                "x": n, "y": at, "yshift": 14 if level else 10, "showarrow": False,
                "text": quantity(fall.value) if level else _signed(fall.value),
                "font": {"size": 12 if level else 11, "color": palette.ink if level else palette.muted},
            }
        )  # fmt: skip
    # All at once: Plotly checks all of them again for each that is added.
    chart.update_layout(
        annotations=notes,
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(len(falls))),
            "ticktext": [f.label for f in falls],
        },
        yaxis={
            "range": [low - 0.15 * room, high + 0.25 * room],
            "rangemode": "normal",
            "nticks": 5,
            "tickformat": ",.0f",
        },
        hovermode="closest",
        margin={"r": 12, "t": 40},
        bargap=0.3,
    )
    return Picture(chart, _fall_sentence(falls, unit))


def _fall_sentence(falls: Sequence[Fall], unit: str) -> str:
    levels = [fall for fall in falls if fall.kind != "step"]
    if not levels:
        return "Nothing to show yet."
    first, last = levels[0], levels[-1]
    named = "actual" if last.kind == "actual" else f"estimate of {last.label.replace('<br>', ' ')}"
    sums: dict[str, float] = {}
    for fall in falls:
        if fall.kind == "step":
            sums[fall.part] = sums.get(fall.part, 0.0) + fall.value
    said = ", ".join(
        f"{STEP_TITLES.get(part, part).lower()} {_signed(value)}"
        for part, value in sorted(sums.items(), key=lambda pair: -abs(pair[1]))
        if abs(value) >= 0.5
    )
    return (
        f"From {quantity(first.value)} {unit} ({first.label.replace('<br>', ' ')}) to {quantity(last.value)} ({named})"
        f"{f': {said}' if said else ''}."
    )
