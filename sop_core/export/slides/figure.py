"""What a chart of the deck is: its series, its axis of values and how numbers on it are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sop_core.export.slides.frame import Run
from sop_core.pack.value import Monthly

LINE, COLUMN = "line", "column"
#: Size of what is written in a chart.
LETTERS: Final = 9.5


@dataclass(frozen=True, slots=True)
class Data:
    """A series. `label` at its end (lines), `colours` of single points (columns), `texts` above points (lines)."""

    name: str
    values: Monthly
    kind: str = LINE
    colour: str = "demand"
    dash: str = "solid"  #: solid, dash or sysDot
    weight: float = 2.25
    share: float = 1.0  #: opacity; 0: not drawn
    label: str = ""
    colours: tuple[tuple[int, str], ...] = ()
    texts: tuple[tuple[int, str, str], ...] = ()  #: (point, text, colour)
    format: str = ""  #: numbers on the columns themselves


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis of values: its ends, the step between lines and how numbers are written."""

    low: float
    high: float
    step: float
    format: str


@dataclass(frozen=True, slots=True)
class Spec:
    """A chart. `groups` stand under the categories, one for each run of equal entries."""

    title: tuple[Run, ...]
    categories: tuple[str, ...]
    series: tuple[Data, ...]
    groups: tuple[str, ...] = ()
    stacked: bool = True
    sideways: bool = False
    gap: int = 45
    values_axis: bool = True
    every: int = 1  #: a label for each so many categories
    fraction: bool = False
    low: float | None = None
    high: float | None = None
    gutter: float = 0.0  #: at least so much room at the right, so that charts over each other line up


def scale(
    values: Sequence[float], fraction: bool = False, low: float | None = None, high: float | None = None
) -> Scale:
    """An axis that starts at zero and ends at a round number; it goes below zero only where values do."""
    top = max([high if high is not None else max(values, default=0.0), 0.0])
    bottom = min([low if low is not None else min(values, default=0.0), 0.0])
    span = top - bottom
    if span <= 0 or not math.isfinite(span):
        top, span = 1.0, 1.0 - bottom
    rough = span / 4.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * part for part in (1.0, 2.0, 2.5, 5.0, 10.0) if power * part >= rough * 0.999)
    ends = math.floor(bottom / step + 1e-9) * step, math.ceil(top / step - 1e-9) * step
    return Scale(
        ends[0], ends[1], step, "0 %" if fraction else number_format(max(abs(ends[0]), abs(ends[1])), step)
    )


def number_format(size: float, step: float = 0.0) -> str:
    """How a spreadsheet writes numbers of that size the way the screens do: 1.2 M, 312 k, zero as a dash."""
    for least, commas, letter in ((1e9, ",,,", "bn"), (1e6, ",,", "M"), (1e4, ",", "k")):
        if size >= least:
            shown = _digits(step / {"bn": 1e9, "M": 1e6, "k": 1e3}[letter])
            return f'{shown}{commas}" {letter}";−{shown}{commas}" {letter}";"–"'
    shown = _digits(step)
    return f'{shown};−{shown};"–"'


def _digits(step: float) -> str:
    """As many decimals as the steps of an axis have."""
    for decimals, shown in ((0, "#,##0"), (1, "#,##0.0")):
        if abs(step - round(step, decimals)) < 1e-9 * max(step, 1e-9):
            return shown
    return "#,##0.00"


def heights(spec: Spec) -> list[float]:
    """Every height that is drawn: lines' values, and columns' stacks above and below zero."""
    found = [value for one in spec.series if one.kind == LINE for value in one.values if value is not None]
    columns = [one.values for one in spec.series if one.kind == COLUMN]
    if not spec.stacked:
        return found + [value for values in columns for value in values if value is not None]
    for at in range(len(spec.categories)):
        here = [values[at] or 0.0 for values in columns]
        found += [sum(value for value in here if value > 0), sum(value for value in here if value < 0)]
    return found
