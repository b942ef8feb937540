"""Pictures of the gap between the latest estimate and the budget, or the estimate before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_label
from sop_core.charts.roles import Palette, fade
from sop_core.charts.template import figure
from sop_core.charts.timeline import Floats, Picture, mark_zones, month_axis, points, stamps


def _signed(value: float) -> str:
    return f"{value:+,.0f}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True, slots=True)
class GapView:
    """By how much the estimate is above (+) or below (-) something else, by month [t]; nan where one of the two is not
    known. The first `past` months are closed: there it is the actuals that are held against it."""

    months: MonthArray
    gap: Floats
    past: int
    against: str  #: `budget`, `LE of Oct 26`
    unit: str


def gap_chart(palette: Palette, data: GapView, height: int = 250) -> Picture:
    """Gap by month as bars from zero; those of closed months are paler."""
    chart = figure(palette, f"Gap to {data.against} by month, {data.unit}", height)
    months, gap = data.months, data.gap
    fill = [
        fade(colour, 0.5) if n < data.past else colour
        for n, colour in enumerate(_looks(palette, gap.tolist()))
    ]
    chart.add_bar(
        x=stamps(months),
        y=points(gap),
        marker={"color": fill, "pattern": _hatched(palette, gap.tolist())},
        customdata=[f"{_signed(v)} {data.unit}, {_word(v)}" for v in np.nan_to_num(gap).tolist()],
        hovertemplate="%{customdata}<extra></extra>",
    )
    month_axis(chart, months)
    chart.update_layout(
        yaxis={"range": _around_zero(gap), "nticks": 6, "rangemode": "normal", "zeroline": True,
               "zerolinecolor": palette.muted, "zerolinewidth": 1},
        margin={"t": 52, "r": 12},
        bargap=0.25,
    )  # fmt: skip
    mark_zones(chart, palette, months[min(data.past, len(months) - 1)], 0, data.past, len(months) - data.past)
    return Picture(chart, _gap_sentence(data))


def gap_lines_chart(
    palette: Palette, names: Sequence[str], gap: Floats, title: str, unit: str, height: int = 250
) -> Picture:
    """Gap of each line as bars across, the first on top."""
    chart = figure(palette, title, height)
    values = gap.tolist()
    chart.add_bar(
        x=values,
        y=list(range(len(values))),
        orientation="h",
        marker={"color": _looks(palette, values), "pattern": _hatched(palette, values)},
        text=[_signed(v) if abs(v) >= 0.5 else "\N{EN DASH}" for v in values],
        textposition="outside",
        cliponaxis=False,
        customdata=[
            f"{name}: {_signed(v)} {unit}, {_word(v)}" for name, v in zip(names, values, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    low, high = _around_zero(gap, 0.3)
    chart.update_layout(
        title={"xref": "container", "x": 0.006},
        xaxis={"range": [low, high], "nticks": 4, "tickformat": "~s", "zeroline": True,
               "zerolinecolor": palette.muted, "zerolinewidth": 1},
        yaxis={"tickmode": "array", "tickvals": list(range(len(values))), "ticktext": list(names),
               "autorange": "reversed", "showgrid": False, "rangemode": "normal"},
        hovermode="closest",
        margin={"t": 40, "r": 12},
        bargap=0.3,
    )  # fmt: skip
    chart.update_yaxes(automargin=True)
    said = ", ".join(f"{name} {_signed(v)}" for name, v in zip(names, values, strict=True))
    return Picture(chart, f"{title}: {said}.")


def _looks(palette: Palette, values: Sequence[float]) -> list[str]:
    return [palette.favourable if v >= 0 else palette.unfavourable for v in values]


def _hatched(palette: Palette, values: Sequence[float]) -> dict[str, object]:
    """Bars below zero are hatched as well: colour alone tells nothing."""
    return {
        "shape": ["" if v >= 0 else "/" for v in values],
        "fgcolor": palette.surface,
        "size": 5,
        "solidity": 0.25,
        "fillmode": "overlay",
    }


def _word(value: float) -> str:
    return "as planned" if abs(value) < 0.5 else "favourable" if value > 0 else "unfavourable"


def _around_zero(values: Floats, air: float = 0.12) -> list[float]:
    """An axis that has zero in it, with some air at the ends that are used."""
    known = values[np.isfinite(values)]
    low, high = min(float(known.min(initial=0.0)), 0.0), max(float(known.max(initial=0.0)), 0.0)
    room = max(high - low, 1.0) * air
    return [low - room if low < 0 else -room / 3, high + room if high > 0 else room / 3]


def _gap_sentence(data: GapView) -> str:
    known = np.flatnonzero(np.isfinite(data.gap))
    if not len(known):
        return f"No month is known of {data.against}."
    worst, best = known[int(np.argmin(data.gap[known]))], known[int(np.argmax(data.gap[known]))]
    said = f"Gap to {data.against} by month"
    below = int((data.gap[known] < -0.5).sum())
    parts = [f"{below} of {len(known)} months are below it"]
    if data.gap[worst] < -0.5:
        parts.append(f"lowest in {month_label(data.months[worst])} at {_signed(float(data.gap[worst]))}")
    if data.gap[best] > 0.5:
        parts.append(f"highest in {month_label(data.months[best])} at {_signed(float(data.gap[best]))}")
    return f"{said}: {', '.join(parts)} {data.unit}."
