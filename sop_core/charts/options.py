"""The frontier in one picture: every plan that was made, those that no other beats, this plan and the base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sop_core.charts.roles import Palette, fade
from sop_core.charts.template import figure
from sop_core.charts.timeline import Picture

#: Pixels.
HEIGHT = 400


@dataclass(frozen=True, slots=True)
class Spot:
    """A plan in the picture. `note`: what a hover tells, lines parted by <br>."""

    across: float
    up: float  #: fraction
    note: str
    best: bool  #: no other plan beats it
    mark: str = ""  #: "This plan", "Base": named in the picture
    key: int = 0  #: what a click gives back


def frontier_chart(
    palette: Palette, spots: Sequence[Spot], across: str, up: str, sentence: str, chosen: int = -1
) -> Picture:
    """Plans as points; those on the frontier joined by steps, for between two plans there is no third.

    `across`, `up`: titles of the axes with their unit. A point's `customdata` is its key; `chosen` is one.
    """
    chart = figure(palette, "", HEIGHT)
    best = sorted((n for n, spot in enumerate(spots) if spot.best), key=lambda n: spots[n].across)
    chart.add_scatter(
        x=[spots[n].across for n in best], y=[spots[n].up for n in best], mode="lines", hoverinfo="skip",
        line={"color": fade(palette.accent, 0.5), "width": 1.5, "dash": "dot", "shape": "hv"},
    )  # fmt: skip
    rest = [n for n, spot in enumerate(spots) if not spot.best and not spot.mark]
    _dots(chart, spots, rest, fade(palette.muted, 0.45), 8, "circle", palette)
    _dots(chart, spots, [n for n in best if not spots[n].mark], palette.accent, 12, "circle", palette)
    for n, spot in enumerate(spots):
        if spot.mark:
            colour = palette.shortage if spot.mark != "Base" else palette.base
            _dots(chart, spots, [n], colour, 14, "diamond" if spot.mark != "Base" else "square", palette)
            chart.add_annotation(
                x=spot.across, y=spot.up, text=spot.mark, showarrow=False, yshift=-16,
                font={"color": colour, "size": 12},
            )  # fmt: skip
    for spot in spots:
        if spot.key == chosen:
            _ring(chart, spot, palette)
    chart.update_layout(
        hovermode="closest",
        hoverlabel={"align": "left"},
        clickmode="event+select",
        margin={"l": 8, "r": 24, "t": 12, "b": 8},
        xaxis={
            "title": {"text": across, "standoff": 4},
            "showgrid": True,
            "zeroline": True,
            "tickformat": "~s",
        },
        yaxis={"title": {"text": up, "standoff": 4}, "rangemode": "normal", "tickformat": ".1%"},
    )
    return Picture(chart, f"{sentence} {len(spots)} plans, {len(best)} of them on the frontier.")


def _dots(
    chart: object,
    spots: Sequence[Spot],
    rows: list[int],
    colour: str,
    size: int,
    symbol: str,
    palette: Palette,
) -> None:
    if not rows:
        return
    chart.add_scatter(  # type: ignore[attr-defined]
        x=[spots[n].across for n in rows], y=[spots[n].up for n in rows], mode="markers",
        customdata=[spots[n].key for n in rows], text=[spots[n].note for n in rows],
        hovertemplate="%{text}<extra></extra>",
        marker={"size": size, "color": colour, "symbol": symbol, "line": {"width": 1, "color": palette.surface}},
        # A click must not fade the other plans: they are what the one is compared with.
        unselected={"marker": {"opacity": 1.0}},
    )  # fmt: skip


def _ring(chart: object, spot: Spot, palette: Palette) -> None:
    chart.add_scatter(  # type: ignore[attr-defined]
        x=[spot.across], y=[spot.up], mode="markers", hoverinfo="skip",
        marker={"size": 20, "symbol": "circle-open", "color": palette.ink, "line": {"width": 2}},
    )  # fmt: skip
