"""Load of every resource by month as a heat table, and the hours of the fullest one against its limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from sop_core.charts.roles import LIGHT
from sop_core.export.slides.chart import add_chart
from sop_core.export.slides.common import FULL, ROOM, Brief, cut, known, missing, plural
from sop_core.export.slides.figure import COLUMN, LINE, Data, Spec
from sop_core.export.slides.frame import Page, Para, Run
from sop_core.export.slides.table import Cell, Column, Look, Row, add_table, row_height
from sop_core.export.slides.template import BOTTOM, MARGIN, TOP
from sop_core.export.slides.timeline import spec
from sop_core.pack.value import Monthly, Number, ResourceLine
from sop_core.wording import DASH, percent

_NAME: Final = 150.0
_CHART: Final = 150.0
#: A load above that is said to be tight; above one it is over the limit.
_TIGHT: Final = 0.95
#: Loads that differ by less are the solver's noise.
_NOISE: Final = 1e-6
_BRING: Final = (
    "Bring resources, their hours and what a unit takes of them (tables resources, capacity and routings)."
)


@dataclass(frozen=True, slots=True)
class Load:
    """A resource with its load by month; None where there is no limit or the month is closed."""

    line: ResourceLine
    values: Monthly
    peak: float
    at: int


def loads(brief: Brief) -> list[Load]:
    """Resources with a limit, fullest first."""
    found = []
    for line in brief.pack.resources:
        values = tuple(_load(a, b) for a, b in zip(line.needed, line.available, strict=True))
        seen = [(value, -at) for at, value in enumerate(values) if value is not None]
        if seen:
            peak, at = max(seen)
            found.append(Load(line, values, peak, -at))
    return sorted(found, key=lambda load: (-load.peak, load.line.title))


def _load(needed: Number, available: Number) -> Number:
    if needed is None or available is None:
        return None
    if available <= 0:
        return None if needed <= 0 else float("inf")
    return needed / available


def headline(brief: Brief) -> str:
    """The fullest resource, its month, and how often the limit is passed."""
    found = loads(brief)
    if not found:
        return (
            "No resource limits this plan."
            if brief.pack.resources
            else "Nothing limits production: no resources were brought."
        )
    first = found[0]
    who, when = cut(first.line.title), brief.labels[first.at]
    if first.peak == float("inf"):
        return f"{who} has no regular hours in {when} but is needed then."
    over = sum(value is not None and value > 1 + _NOISE for load in found for value in load.values)
    size = percent(first.peak, 0)
    if over:
        many = sum(load.peak > 1 + _NOISE for load in found)
        where = "" if many == 1 else f" on {many} resources"
        full = f"{who} is the fullest: {size} of its regular hours in {when}"
        return f"{full}; {plural(over, 'month')}{where} over the limit."
    tight = sum(load.peak > _TIGHT for load in found)
    more = (
        f"; {plural(tight, 'resource is', 'resources are')} above {percent(_TIGHT, 0)}" if tight > 1 else ""
    )
    return f"No resource is over its regular hours; {who} is the fullest with {size} in {when}{more}."


def capacity(brief: Brief) -> None:
    """Slide 5."""
    page = brief.page(f"Capacity, {brief.planned}", headline(brief))
    found = loads(brief)
    free = [line for line in brief.pack.resources if line not in [load.line for load in found]]
    notes = [
        headline(brief),
        "Load is hours needed / regular hours at hand; above 100 % overtime or a later month makes up for it.",
    ]
    notes += [
        f"{load.line.title}, {load.line.site}: at most {_word(load.peak)} in {brief.labels[load.at]}."
        for load in found
    ]
    notes += [f"{line.title}, {line.site}: no limit." for line in free]
    page.notes(notes)
    if not found:
        why = (
            "None of the resources has a limit."
            if brief.pack.resources
            else "There are no resources to show."
        )
        missing(page, MARGIN, TOP, FULL, 130.0, why, [_BRING])
        return
    end = _heat(brief, page, found, free)
    _hours(brief, page, found[0], end + 14.0)


def _word(load: float) -> str:
    return "over" if load == float("inf") else percent(load, 0)


def _heat(brief: Brief, page: Page, found: list[Load], free: list[ResourceLine]) -> float:
    """The table of loads in percent; gives where it ends."""
    months = len(brief.labels)
    start = 0 if any(known(load.values[: brief.pack.closed]) for load in found) else brief.pack.closed
    wide = (FULL - _NAME) / max(months - start, 1)
    size = 9.5 if wide >= 27.0 else 8.0 if wide >= 22.0 else 7.0
    columns = [Column(_NAME), *(Column(wide, "ctr") for _ in range(start, months))]
    look = Look(10.0, 2.6, 1.0, rules=False)
    head: Row = [
        Cell("Hours needed, % of regular", True, "muted", size=9.5, lines=1),
        *(_month(brief, at, wide, size) for at in range(start, months)),
    ]
    # What is left of the slide below the table is the chart's, and a line says what is not shown.
    room = ROOM - _CHART - 14.0 - 16.0
    rows: list[Row] = [head]
    used = row_height(columns, head, look)
    for load in found:
        row: Row = [
            Cell(load.line.title, lines=1, size=10.0),
            *(_cell(load.values[at], size) for at in range(start, months)),
        ]
        used += row_height(columns, row, look)
        if used > room:
            break
        rows.append(row)
    left = found[len(rows) - 1 :]
    alt = headline(brief) + " Table of load by resource and month in percent of regular hours."
    end = add_table(page, MARGIN, TOP, columns, rows, name="Load by resource and month", alt=alt, look=look)
    said = ["Orange: over the limit, made up for by overtime or a later month."]
    if left:
        said.append(f"{plural(len(left), 'more resource')} with at most {_word(left[0].peak)}.")
    if free:
        said.append(f"{plural(len(free), 'resource has', 'resources have')} no limit.")
    page.text(
        MARGIN, end + 5.0, FULL, 12.0, Para(" ".join(said), 9.0, "muted", lines=1), name="Reading the table"
    )
    return end + 17.0


def _month(brief: Brief, at: int, wide: float, size: float) -> Cell:
    label = brief.labels[at]
    first = at == 0 or brief.pack.months[at].endswith("-01") or at == brief.pack.closed
    # The year stands under the first of its months, where two lines are needed anyway.
    text = label if wide >= 30.0 else label[:3] if not first else label
    return Cell(text, True, "muted", size=size, lines=2)


def _cell(load: Number, size: float) -> Cell:
    if load is None:
        return Cell(DASH, colour="muted", size=size, lines=1)
    if load == float("inf"):
        return Cell("over", True, "surface", "over", size=size, lines=1)
    text = f"{load * 100:.0f}"
    if load > 1 + _NOISE:
        return Cell(text, True, "ink", "#F4A873" if load <= 1.15 else "#E8823F", size=size, lines=1)
    shades = LIGHT.heat
    at = min(int(load * 4), 3)
    return Cell(text, load > _TIGHT, "ink", shades[at], size=size, lines=1)


def _hours(brief: Brief, page: Page, load: Load, top: float) -> None:
    """Hours of the fullest resource: regular and overtime as columns, what it has and what is needed as lines."""
    line = load.line
    overtime = known(line.overtime) and any(value for value in line.overtime)
    series = [Data("Hours needed", line.needed, COLUMN, "demand", share=0.75)]
    if overtime:
        series.append(Data("Overtime planned", line.overtime, COLUMN, "shortage"))
    series.append(Data("Regular hours", line.available, LINE, "ink", "dash", 1.5, label="Regular hours"))
    title: tuple[Run, ...] = (Run(f"{cut(line.title, 40)}, hours a month: "), Run("needed", "demand"))
    if overtime:
        title += (Run(", "), Run("overtime planned", "shortage"))
    # Side by side: overtime is a part of the hours needed, not on top of them.
    chart = spec(brief, title, tuple(series), FULL, gap=60)
    add_chart(
        page,
        MARGIN,
        top,
        FULL,
        BOTTOM - top,
        _beside(chart),
        name=f"Hours of {cut(line.title)}",
        alt=f"Hours needed and at hand by month on {line.title}, at most {_word(load.peak)} in {brief.labels[load.at]}.",
    )


def _beside(chart: Spec) -> Spec:
    return replace(chart, stacked=False)
