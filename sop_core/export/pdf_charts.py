"""Small pictures over months on a PDF page: lines, bars and a band in the product's colours, each named at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from reportlab.lib.colors import HexColor

from sop_core.calendar import month_label, to_month
from sop_core.charts.roles import LIGHT
from sop_core.export import pdf_text as text
from sop_core.pack.value import Monthly, Picture, Series
from sop_core.wording import short

#: Series that are drawn as a band, as bars, and not at all (the small picture would drown in them).
_BAND, _BARS, _LEFT_OUT = ("low", "high"), ("late", "lost"), ("output",)
_SIZE, _GAP, _LABELS, _TICKS, _MONTHS = 6.2, 7.2, 68.0, 22.0, 9.0
#: Width and dash of a line by role; others are thin.
_LOOKS: Final = {
    "actual": (1.3, ()),
    "demand": (1.5, ()),
    "supply": (1.5, ()),
    "stock": (1.5, ()),
    "budget": (1.0, (3, 2)),
    "last_le": (1.0, (1, 1.6)),
    "target": (1.0, (3, 2)),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page, points; x and y of its lower left corner."""

    x: float
    y: float
    wide: float
    high: float


def ticks(values: Sequence[float]) -> tuple[float, ...]:
    """Zero and one or two round values below the highest (and one below zero, where values are)."""
    top, low = max([*values, 0.0]), min([*values, 0.0])
    reach = max(top, -low)
    if reach <= 0:
        return (0.0,)
    step = _round(reach / 2)
    up = [step * n for n in range(int(top / step) + 1)]
    down = [-step * n for n in range(1, int(-low / step) + 1)]
    return (*reversed(down), *up)


def _round(value: float) -> float:
    """The largest of 1, 2, 2.5 or 5 times a power of ten that is not above the value."""
    scale = 10.0 ** math.floor(math.log10(value))
    return max(step for step in (1.0, 2.0, 2.5, 5.0) if step * scale <= value * (1 + 1e-9)) * scale


def draw(canvas: Any, box: Box, picture: Picture, months: Sequence[str], closed: int) -> None:
    """Draws the lines of a picture over the months of its Pack. A value that is not known is a gap."""
    shown = [line for line in picture.series if line.name not in _LEFT_OUT and _worth(line)]
    values = [value for line in shown for value in _known(line.values)]
    marks = ticks(values)
    low, high = min([*values, 0.0]), max([*values, 0.0])
    high = high if high > low else low + 1.0
    names = _named(shown)
    labels = min(max((text.width(line.title, _SIZE) for line in names), default=0.0) + 14.0, _LABELS)
    plot = Box(
        box.x + _TICKS,
        box.y + _MONTHS,
        max(box.wide - _TICKS - labels, 20.0),
        max(box.high - _MONTHS - 3.0, 10.0),
    )
    place = _Place(plot, len(months), low, high)
    for value in marks:
        canvas.setStrokeColor(HexColor(LIGHT.muted if value == 0 else LIGHT.grid))
        canvas.setLineWidth(0.5)
        canvas.line(plot.x, place.y(value), plot.x + plot.wide, place.y(value))
        label = "0" if value == 0 else short(value)
        size = min(_SIZE, _SIZE * (_TICKS - 4) / text.width(label, _SIZE))  # a long number is written smaller
        text.draw(canvas, plot.x - 3, place.y(value) - 2, label, size, LIGHT.muted, align="right")
    _months(canvas, place, months, closed)
    _band(canvas, place, shown)
    for line in shown:
        if line.name in _BARS:
            _bars(canvas, place, line)
    for line in shown:
        if line.name not in (*_BAND, *_BARS):
            _line(canvas, place, line)
    canvas.setDash()
    _names(canvas, place, box, names)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where months and values lie."""

    plot: Box
    count: int
    low: float
    high: float

    def x(self, at: int) -> float:
        return self.plot.x + self.plot.wide * (at + 0.5) / max(self.count, 1)

    def y(self, value: float) -> float:
        return self.plot.y + self.plot.high * (value - self.low) / (self.high - self.low)


def _worth(line: Series) -> bool:
    """Whether a line is drawn: bars of nothing are not."""
    return any(line.values) if line.name in _BARS else bool(_known(line.values))


def _known(values: Monthly) -> list[float]:
    return [value for value in values if value is not None]


def colour(line: Series) -> str:
    """The colour of a line by its role; the late and lost are one role."""
    roles = {
        "actual": LIGHT.actual, "demand": LIGHT.demand, "supply": LIGHT.supply, "stock": LIGHT.stock,
        "shortage": LIGHT.shortage, "budget": LIGHT.budget, "last_le": LIGHT.last_estimate,
        "target": LIGHT.budget,
    }  # fmt: skip
    return roles.get(line.role or line.name, LIGHT.muted)


def _months(canvas: Any, place: _Place, months: Sequence[str], closed: int) -> None:
    """The first month and every third one below; a dotted line where the plan starts."""
    room = 24.0
    last = -room
    for at, month in enumerate(months):
        wanted = (at - closed) % 3 == 0
        if (
            wanted
            and place.x(at) - last >= room
            and place.x(at) + room / 2 < place.plot.x + place.plot.wide + 12
        ):
            label = month_label(to_month(month))
            text.draw(canvas, place.x(at), place.plot.y - 7.5, label, _SIZE, LIGHT.muted, align="middle")
            last = place.x(at)
    if 0 < closed < len(months):
        x = (place.x(closed - 1) + place.x(closed)) / 2
        canvas.setStrokeColor(HexColor(LIGHT.muted))
        canvas.setLineWidth(0.5)
        canvas.setDash(1, 1.5)
        canvas.line(x, place.plot.y, x, place.plot.y + place.plot.high)
        canvas.setDash()


def _band(canvas: Any, place: _Place, shown: Sequence[Series]) -> None:
    lines = {line.name: line.values for line in shown}
    if not {"low", "high"} <= set(lines):
        return
    at = [
        n
        for n, (a, b) in enumerate(zip(lines["low"], lines["high"], strict=True))
        if a is not None and b is not None
    ]
    if len(at) < 2:
        return
    path = canvas.beginPath()
    for step, n in enumerate(at):
        point = (place.x(n), place.y(lines["high"][n] or 0.0))
        path.moveTo(*point) if step == 0 else path.lineTo(*point)
    for n in reversed(at):
        path.lineTo(place.x(n), place.y(lines["low"][n] or 0.0))
    path.close()
    canvas.setFillColor(HexColor(_pale(LIGHT.demand, 0.16)))
    canvas.drawPath(path, stroke=0, fill=1)


def _pale(hexed: str, share: float) -> str:
    """A colour on white with that opacity: nothing on the page is transparent, so every printer shows it alike."""
    parts = (int(hexed[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (part - 255) * share):02X}" for part in parts)


def _bars(canvas: Any, place: _Place, line: Series) -> None:
    canvas.setFillColor(HexColor(colour(line)))
    wide = place.plot.wide / max(place.count, 1) * 0.55
    for at, value in enumerate(line.values):
        if value:
            low, high = sorted((place.y(0.0), place.y(value)))
            canvas.rect(place.x(at) - wide / 2, low, wide, high - low, stroke=0, fill=1)


def _look(canvas: Any, line: Series) -> None:
    thick, dash = _LOOKS.get(line.role or line.name, (0.9, ()))
    canvas.setStrokeColor(HexColor(colour(line)))
    canvas.setLineWidth(thick)
    canvas.setLineJoin(1)
    canvas.setDash(*([list(dash)] if dash else []))


def _line(canvas: Any, place: _Place, line: Series) -> None:
    _look(canvas, line)
    path, open_ = canvas.beginPath(), False
    for at, value in enumerate(line.values):
        if value is None:
            open_ = False
            continue
        point = (place.x(at), place.y(value))
        path.lineTo(*point) if open_ else path.moveTo(*point)
        alone = (at == 0 or line.values[at - 1] is None) and (
            at + 1 == len(line.values) or line.values[at + 1] is None
        )
        if alone:
            path.lineTo(point[0] + 1.5, point[1])
        open_ = True
    canvas.drawPath(path, stroke=1, fill=0)
    canvas.setDash()


def _named(shown: Sequence[Series]) -> list[Series]:
    """The lines that have a name at their end; a band is one."""
    named = [line for line in shown if line.name not in _BAND]
    if {"low", "high"} <= {line.name for line in shown}:
        named.append(Series("band", "P10 to P90", "", next(s.values for s in shown if s.name == "high")))
    return named


def _names(canvas: Any, place: _Place, box: Box, named: list[Series]) -> None:
    """Names at the right, at the height at which a line ends, moved apart; each behind a piece of its line."""
    if not named:
        return
    named.sort(key=lambda line: _known(line.values)[-1])
    wanted = [place.y(_known(line.values)[-1]) - 2 for line in named]
    at = spread(wanted, _GAP, place.plot.y - 2, place.plot.y + place.plot.high - 2)
    x = place.plot.x + place.plot.wide + 4
    for line, y in zip(named, at, strict=True):
        if line.name == "band" or line.name in _BARS:
            canvas.setFillColor(HexColor(_pale(LIGHT.demand, 0.16) if line.name == "band" else colour(line)))
            canvas.rect(x, y, 6, 4.2, stroke=0, fill=1)
        else:
            _look(canvas, line)
            canvas.line(x, y + 2.1, x + 6, y + 2.1)
            canvas.setDash()
        room = box.x + box.wide - x - 8.5
        text.draw(canvas, x + 8.5, y, text.fitted(line.title, room, _SIZE), _SIZE, LIGHT.ink)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Ascending heights at least `gap` apart within low..high, near to the ascending ones that are wanted."""
    at = list(wanted)
    for n, value in enumerate(at):
        at[n] = max(value, low if n == 0 else at[n - 1] + gap)
    limit = high
    for n in range(len(at) - 1, -1, -1):
        at[n] = min(at[n], limit)
        limit = at[n] - gap
    return at
