"""Bridges as waterfalls of native stacked columns: what carries a step floats, its colour says what is favourable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sop_core.export.slides.common import Brief, cut
from sop_core.export.slides.figure import COLUMN, LETTERS, LINE, Data, Spec, heights, scale
from sop_core.export.slides.frame import Run
from sop_core.export.slides.text import shorten
from sop_core.pack.value import Bridge, Monthly
from sop_core.wording import DASH, short

#: Where the steps take less than this part of the ends, only the difference is drawn: still from zero, and legible.
_SMALL: Final = 0.4
#: More steps than that are not told apart.
_MOST: Final = 14


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from one height to another."""

    label: str
    bottom: float
    top: float
    amount: float  #: as the pack has it
    text: str
    kind: str  #: end, good, bad or plain


def differences(bridge: Bridge) -> bool:
    """Whether the waterfall shows the difference alone, since its steps would not be seen beside the ends."""
    level, reach = 0.0, [0.0]
    for step in bridge.steps:
        level += step.amount
        reach.append(level)
    ends = min(abs(bridge.start_value), abs(bridge.end_value))
    return max(reach) - min(reach) < _SMALL * ends


def bars(bridge: Bridge, most: int = _MOST) -> list[Bar]:
    """The bars, from left to right. Steps beyond the most that can be told apart are added up as `Others`."""
    steps = list(bridge.steps)
    shown = steps if len(steps) <= most else steps[: most - 1]
    level = 0.0 if differences(bridge) else bridge.start_value
    found = [] if differences(bridge) else [Bar(bridge.start, 0.0, level, level, short(level), "end")]
    for step in shown:
        kind = {True: "good", False: "bad", None: "plain"}[step.good]
        found.append(Bar(step.label, level, level + step.amount, step.amount, short(step.amount, True), kind))
        level += step.amount
    if len(shown) < len(steps):
        rest = sum(step.amount for step in steps[len(shown) :])
        found.append(
            Bar(f"{len(steps) - len(shown)} others", level, level + rest, rest, short(rest, True), "plain")
        )
    if differences(bridge):
        gap = bridge.end_value - bridge.start_value
        found.append(Bar("Difference", 0.0, gap, gap, short(gap, True) if gap else DASH, "end"))
    else:
        found.append(Bar(bridge.end, 0.0, bridge.end_value, bridge.end_value, short(bridge.end_value), "end"))
    return found


_KINDS: Final = (
    ("end", "Ends", "actual"),
    ("good", "Favourable", "favourable"),
    ("bad", "Unfavourable", "unfavourable"),
    ("plain", "Neither", "budget"),
)


def waterfall(brief: Brief, bridge: Bridge, room: float, most: int = _MOST) -> Spec:
    """The chart of a bridge, for a drawing of that width."""
    found = bars(bridge, most)
    series = []
    carried = [_carried(bar) for bar in found]
    if any(carried):
        series.append(Data("Carried", tuple(carried), COLUMN, "surface", share=0.0))
    for kind, name, colour in _KINDS:
        above = _part(found, kind, positive=True)
        below = _part(found, kind, positive=False)
        if above is not None:
            series.append(Data(name, above, COLUMN, colour))
        if below is not None:
            series.append(Data(f"{name}, below zero", below, COLUMN, colour))
    tops = tuple(max(bar.bottom, bar.top, 0.0) for bar in found)
    colours = {kind: colour for kind, _, colour in _KINDS}
    texts = tuple(
        (at, bar.text, colours[bar.kind] if bar.kind != "plain" else "muted") for at, bar in enumerate(found)
    )
    series.append(Data("Label", tops, LINE, "surface", share=0.0, texts=texts))
    unit = brief.unit(bridge.unit)
    title = (
        f"{cut(bridge.title, 44)}, {unit}: {short(bridge.start_value)} to {short(bridge.end_value)}"
        if differences(bridge)
        else f"{cut(bridge.title, 70)}, {unit}"
    )
    runs = (Run(title),)
    slot = 0.8 * room / len(found)
    names = tuple(shorten(bar.label, slot, LETTERS, lines=2) for bar in found)
    spec = Spec(runs, names, tuple(series), gap=35, values_axis=False)
    axis = scale(heights(spec))
    # Room above the highest bar for what is written on it.
    return Spec(
        runs, names, tuple(series), gap=35, values_axis=False, high=max(tops) + 0.12 * (axis.high - axis.low)
    )


def _carried(bar: Bar) -> float | None:
    """What lies between zero and the bar, where it does not touch or cross zero."""
    if bar.kind == "end" or bar.bottom * bar.top <= 0:
        return None
    return min(bar.bottom, bar.top) if bar.bottom > 0 else max(bar.bottom, bar.top)


def _part(found: list[Bar], kind: str, positive: bool) -> Monthly | None:
    """The parts of that kind's bars above (or below) zero; None where there is no bar of it."""
    values = [_size(bar, positive) if bar.kind == kind else None for bar in found]
    return tuple(values) if any(values) else None


def _size(bar: Bar, positive: bool) -> float | None:
    low, high = min(bar.bottom, bar.top), max(bar.bottom, bar.top)
    if low < 0 < high:
        return high if positive else low
    if positive:
        return abs(bar.amount) if low >= 0 else None
    return -abs(bar.amount) if low < 0 else None
