"""Charts by month out of a pack's series: closed months marked, each series in its role's look."""

from __future__ import annotations

import math
from typing import Final

from sop_core.export.slides.common import Brief, known
from sop_core.export.slides.figure import COLUMN, LETTERS, LINE, Data, Spec
from sop_core.export.slides.frame import Run
from sop_core.export.slides.text import width
from sop_core.pack.value import Monthly, Picture, Series

#: Points a month needs for its three letters.
_SLOT: Final = 19.5
_LETTER: Final = 10.0
_WIDE: Final = 40.0
#: kind, colour, dash, weight by the series' name.
_LOOKS: Final = {
    "actual": (LINE, "actual", "solid", 2.5),
    "demand": (LINE, "demand", "solid", 2.5),
    "budget": (LINE, "budget", "dash", 1.5),
    "last_le": (LINE, "last_estimate", "sysDot", 1.75),
    "high": (LINE, "demand", "solid", 0.5),  # the upper end of the band, which is drawn as a band
    "served": (COLUMN, "supply", "solid", 1.0),
    "late": (COLUMN, "shortage", "solid", 1.0),
    "lost": (COLUMN, "#7A3300", "solid", 1.0),
    "output": (LINE, "base", "solid", 1.25),
    "stock": (COLUMN, "stock", "solid", 1.0),
    "target": (LINE, "ink", "dash", 1.25),
    "revenue": (LINE, "demand", "solid", 2.25),
    "margin": (LINE, "supply", "solid", 2.25),
    "budget_margin": (LINE, "budget", "dash", 1.5),
    "cash": (LINE, "#8C6BB1", "solid", 1.75),
    "working_capital": (LINE, "stock", "solid", 1.75),
}


def data(series: Series) -> Data:
    """A pack's series in the look of its name; unknown names get their role's colour, or the budget's grey."""
    role = {"last_le": "last_estimate"}.get(series.role, series.role) or "budget"
    kind, colour, dash, weight = _LOOKS.get(series.name, (LINE, role, "solid", 1.75))
    share = 0.0 if series.name == "high" else 1.0
    # A few actuals are named by the axis already.
    few = series.name == "actual" and sum(value is not None for value in series.values) < 4
    label = "" if kind != LINE or not share or few else series.title
    return Data(series.title, series.values, kind, colour, dash, weight, share, label)


def months(brief: Brief, room: float) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Categories, the groups under them and a label for each so many, for a drawing of that width.

    Months stand with three letters over their year, or with one where they are many; `Mar 26` every third month or
    less where not even that can be read.
    """
    count = len(brief.pack.months)
    slot = room / max(count, 1)
    if slot >= _LETTER:
        past = (
            "Actuals"
            if brief.pack.closed * slot >= _WIDE
            else "Act."
            if brief.pack.closed * slot >= 20.0
            else "A"
        )
        groups = tuple(
            past if at < brief.pack.closed else month[:4] for at, month in enumerate(brief.pack.months)
        )
        return tuple(label[: 3 if slot >= _SLOT else 1] for label in brief.labels), groups, 1
    # In step with the quarters, as on the screens.
    every = next(step for step in (3, 6, 12, 24, 48, 96) if slot * step >= _WIDE or step == 96)
    return brief.labels, (), every


def shaded(one: Data, closed: int) -> Data:
    """Columns of closed months in the colour of actuals."""
    if not closed or not known(one.values[:closed]):
        return one
    return Data(
        one.name, one.values, one.kind, one.colour, colours=tuple((at, "actual") for at in range(closed))
    )


def band(low: Series, high: Series) -> tuple[Data, Data]:
    """The range as steps behind the lines: nothing up to its lower end, a tint from there to the upper one."""
    width: Monthly = tuple(
        b - a if a is not None and b is not None and math.isfinite(b - a) else None
        for a, b in zip(low.values, high.values, strict=True)
    )
    return (
        Data(low.title, low.values, COLUMN, "demand", share=0.0),
        Data(f"{high.title} less {low.title}", width, COLUMN, "demand", share=0.14),
    )


def spec(
    brief: Brief,
    title: tuple[Run, ...],
    series: tuple[Data, ...],
    wide: float,
    gap: int = 45,
    gutter: float = 0.0,
) -> Spec:
    """A chart by month of that width in points; `gutter`: at least so much of it stays free at the right."""
    labels = [width(one.label, LETTERS, True) + 12.0 for one in series if one.label]
    right = max(gutter, min(max(labels, default=8.0), 118.0))
    names, groups, every = months(brief, wide - right - 46.0)
    return Spec(title, names, series, groups, gap=gap, every=every, gutter=right)


def alt(brief: Brief, picture: Picture) -> str:
    """What a chart says to those who do not see it."""
    span = f"{brief.labels[0]} to {brief.labels[-1]}" if brief.labels else ""
    names = ", ".join(one.title for one in picture.series if known(one.values))
    return f"{picture.sentence} Chart by month, {span}, in {brief.unit(picture.unit)}: {names}."
