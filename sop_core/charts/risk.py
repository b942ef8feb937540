"""Pictures of risk: fans over the months, and the items that carry it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sop_core.calendar import MonthArray, month_label
from sop_core.charts.roles import Palette, fade
from sop_core.charts.template import figure
from sop_core.charts.timeline import Floats, Picture, end_labels, month_axis, points, stamps

_PERCENT = "%"


def fan_chart(
    palette: Palette,
    months: MonthArray,
    bands: Floats,
    planned: Floats,
    title: str,
    unit: str,
    goal: float = float("nan"),
    height: int = 300,
) -> Picture:
    """P10, P50 and P90 [3, t] by month as a fan, the plan as a thin line, a target as a dotted one. `unit`: % for
    values in fractions."""
    percent = unit == _PERCENT
    scale = 100.0 if percent else 1.0
    low, middle, high = scale * bands
    own, aim = scale * planned, scale * goal
    colour = palette.supply if percent else palette.stock
    hover = f"%{{y:.1f}} {unit}" if percent else f"%{{y:,.3s}} {unit}"
    chart = figure(palette, f"{title}, {unit}", height)
    at = stamps(months)
    for name, values, fill in (("P90", high, None), ("P10", low, "tonexty")):
        chart.add_scatter(
            x=at, y=points(values), mode="lines", name=name, hovertemplate=hover, fill=fill,
            fillcolor=fade(colour, 0.22), line={"color": fade(colour, 0.5), "width": 1},
        )  # fmt: skip
    chart.add_scatter(
        x=at, y=points(middle), mode="lines", name="P50", hovertemplate=hover,
        line={"color": colour, "width": 2.4},
    )  # fmt: skip
    chart.add_scatter(
        x=at, y=points(own), mode="lines", name="Plan", hovertemplate=hover,
        line={"color": palette.base, "width": 1.4, "dash": "dash"},
    )  # fmt: skip
    bottom, top = _range(np.concatenate([low, high, own, np.array([aim])]), percent)
    if np.isfinite(aim):
        chart.add_hline(y=aim, line={"color": palette.budget, "width": 1, "dash": "dot"})
    month_axis(chart, months)
    labels = [
        ("P90", float(high[-1]) - bottom, palette.muted),
        ("P50", float(middle[-1]) - bottom, palette.ink),
        ("P10", float(low[-1]) - bottom, palette.muted),
        ("Plan", float(own[-1]) - bottom, palette.muted),
    ]
    if np.isfinite(aim):
        labels.append(("Target", aim - bottom, palette.budget))
    end_labels(chart, labels, top - bottom, height - 70)
    for note in chart.layout.annotations:
        note.y += bottom
    tick = {"tickformat": ".0f"} if percent else {}
    chart.update_layout(yaxis={"range": [bottom, top], "rangemode": "normal", **tick})
    return Picture(chart, fan_sentence(months, bands, planned, title, unit))


def _range(values: Floats, percent: bool) -> tuple[float, float]:
    """Money and units from zero; a percentage from a little below its lowest value to 100."""
    known = values[np.isfinite(values)]
    if not percent:
        return min(0.0, float(known.min()) * 1.05), float(known.max()) * 1.08 if known.max() > 0 else 1.0
    room = max(100.0 - float(known.min()), 1.0)
    return max(0.0, 100.0 - 1.1 * room), 100.0 + 0.06 * room


def fan_sentence(months: MonthArray, bands: Floats, planned: Floats, title: str, unit: str) -> str:
    """The month in which the range is widest, in words."""
    width = bands[2] - bands[0]
    if not np.isfinite(width).any() or float(np.nanmax(width)) <= 1e-9 * max(
        float(np.nanmax(np.abs(bands))), 1e-9
    ):
        return f"{title} does not move with demand."
    at = int(np.nanargmax(width))

    def said(value: float) -> str:
        if unit == _PERCENT:
            return f"{value * 100:.1f} %"
        return f"{value / 1e6:,.2f} M {unit}" if abs(value) >= 1e6 else f"{value:,.0f} {unit}"

    return (
        f"{title} is least certain in {month_label(months[at])}: {said(bands[0, at])} to {said(bands[2, at])} in "
        f"eight of ten paths, {said(planned[at])} planned."
    )


def carriers_chart(
    palette: Palette, names: Sequence[str], parts: Floats, title: str, most: int = 10, height: int = 300
) -> Picture:
    """Items (or families) by their part of the risk, 1 = all of it; the largest first, the rest as one bar."""
    order = np.argsort(-np.abs(parts), kind="stable")
    shown, rest = order[:most], order[most:]
    shown = shown[np.argsort(-parts[shown], kind="stable")]
    labels = [names[n] for n in shown]
    values = [100 * float(parts[n]) for n in shown]
    if len(rest):
        labels.append(f"{len(rest)} others")
        values.append(100 * float(parts[rest].sum()))
    chart = figure(palette, title, height)
    chart.add_bar(
        # A bar is told by its place: two items may have the same name.
        y=list(range(len(labels))), x=values, orientation="h", marker={"color": [
            palette.shortage if value >= 0 else palette.favourable for value in values
        ]}, text=[f"{value:.0f} %" for value in values], textposition="outside", cliponaxis=False,
        textfont={"size": 12, "color": palette.ink}, customdata=labels,
        hovertemplate="%{customdata}: %{x:.1f} %<extra></extra>",
    )  # fmt: skip
    high, low = max([*values, 1.0]), min([*values, 0.0])
    chart.update_layout(
        title={"xref": "container", "x": 0.006},
        hovermode="closest",
        bargap=0.35,
        margin={"r": 16, "b": 4},
        xaxis={"range": [low * 1.25, high * 1.15], "visible": False},
        yaxis={
            "autorange": "reversed", "tickmode": "array", "tickvals": list(range(len(labels))),
            "ticktext": labels, "tickformat": "", "rangemode": "normal", "tickfont": {"color": palette.ink},
        },
    )  # fmt: skip
    said = (
        f"{labels[0]} carries {values[0]:.0f} % of it." if values and values[0] > 0 else "Nothing carries it."
    )
    return Picture(chart, said)
