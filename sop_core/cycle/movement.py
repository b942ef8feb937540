"""How the latest estimate of a month, or of a span of months, moved from cycle to cycle, and which step moved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sop_core.calendar import MonthArray
from sop_core.demand.accuracy import STEPS, Forecasts
from sop_core.inputs import Bools, Floats, Ints

#: Part of a change that months closed in between explain: what happened less what was expected of them.
ACTUALS: Final = "actuals"
_CONSENSUS = STEPS.index("consensus")
_FIRST = STEPS.index("statistical")  # the naive step is a yardstick, nothing is built on it


@dataclass(frozen=True, slots=True)
class Standing:
    """The estimate of a span in one cycle: actuals of months closed by then, the cycle's forecast of the others.

    `parts`: the change since the standing before, by step (how much the step's own contribution changed) and
    ACTUALS; they add up to it exactly. Empty in the first cycle. `cycle` None: the span is over, `value` is what
    happened.
    """

    cycle: np.datetime64 | None
    value: float
    parts: dict[str, float]

    @property
    def change(self) -> float:
        """Since the standing before."""
        return sum(self.parts.values())


def standings(rows: Forecasts, span: MonthArray, actual_months: MonthArray, actual: Floats) -> list[Standing]:
    """How the estimate of a span [s of months] stood in each cycle that forecast all of its open months, oldest
    first, and at last what happened, where all of the span is closed.

    `rows`: one part of the company, units or money. `actual` [h]: what happened there in `actual_months`, oldest first.
    Where a step is not known in one of two cycles, its part is in the next step that is known in both.
    """
    known = dict(zip(actual_months.astype(np.int64).tolist(), actual.tolist(), strict=True))
    wanted = span.astype("datetime64[M]").astype(np.int64)
    summed = _by_cycle(rows, wanted)
    out: list[Standing] = []
    before: Floats | None = None
    last_open: Bools = np.ones(len(wanted), dtype=bool)
    for cycle, steps in summed:
        number = int(cycle.astype(np.int64))
        opened = wanted >= number
        closed = [int(m) for m in wanted[~opened]]
        if (
            not opened.any()
            or np.isnan(steps[opened, _CONSENSUS]).any()
            or any(m not in known for m in closed)
        ):
            continue
        value = float(steps[opened, _CONSENSUS].sum()) + sum(known[m] for m in closed)
        parts: dict[str, float] = {}
        if before is not None:
            parts = _steps_apart(before[opened], steps[opened])
            gone = last_open & ~opened
            if gone.any():
                happened = sum(known[int(m)] for m in wanted[gone])
                parts[ACTUALS] = happened - float(before[gone, _CONSENSUS].sum())
        out.append(Standing(cycle, value, parts))
        before, last_open = steps, opened
    if out and before is not None and all(int(m) in known for m in wanted):
        gone_units = float(before[last_open, _CONSENSUS].sum())
        happened = sum(known[int(m)] for m in wanted[last_open])
        out.append(Standing(None, sum(known[int(m)] for m in wanted), {ACTUALS: happened - gone_units}))
    return out


def _by_cycle(rows: Forecasts, wanted: Ints) -> list[tuple[np.datetime64, Floats]]:
    """(cycle, [s, steps] its forecast of each month of the span), oldest first; nan where it has none."""
    month = rows.month.astype(np.int64)
    inside = np.isin(month, wanted)
    cycles = np.unique(rows.cycle[inside])
    out = np.full((len(cycles), len(wanted), len(STEPS)), np.nan)
    if not len(cycles):
        return []
    at = np.searchsorted(cycles, rows.cycle[inside]) * len(wanted)
    order = np.argsort(wanted)
    at = at + order[np.searchsorted(wanted[order], month[inside])]
    count = len(cycles) * len(wanted)
    for s in range(len(STEPS)):
        values = rows.units[inside, s]
        some = np.isfinite(values)
        # A step counts where it is known for every cell of the month: a part of it is not the step.
        unknown = np.bincount(at, ~some, count) > 0
        seen = np.bincount(at, minlength=count) > 0
        total = np.bincount(at, np.where(some, values, 0.0), count)
        out[:, :, s] = np.where(seen & ~unknown, total, np.nan).reshape(len(cycles), len(wanted))
    return [(cycle, out[n]) for n, cycle in enumerate(cycles)]


def _steps_apart(before: Floats, after: Floats) -> dict[str, float]:
    """The change of the consensus over months [s, steps], by step: the change of what each step added to the one
    before it."""
    one, two = before.sum(axis=0), after.sum(axis=0)
    both = [s for s in range(_FIRST, len(STEPS)) if np.isfinite(one[s]) and np.isfinite(two[s])]
    parts: dict[str, float] = {}
    moved = 0.0
    for s in both:
        change = float(two[s] - one[s])
        parts[STEPS[s]] = change - moved
        moved = change
    return parts


@dataclass(frozen=True, slots=True)
class Mover:
    """What one line's estimate changed by since an earlier cycle, over months that both forecast."""

    line: int
    before: float
    after: float
    parts: dict[str, float]  #: by step; adds up to the change

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before


def movers(
    rows: Forecasts, line: Ints, old: np.datetime64, new: np.datetime64
) -> tuple[list[Mover], MonthArray]:
    """(what each line [n of rows] changed by between two cycles, largest change first; the months compared)."""
    first, second = rows.cycle == old, rows.cycle == new
    months = np.intersect1d(rows.month[first], rows.month[second])
    found = []
    inside = np.isin(rows.month, months)
    for name in np.unique(line[inside & (first | second)]):
        own = inside & (line == name)
        before = rows.units[own & first].sum(axis=0)
        after = rows.units[own & second].sum(axis=0)
        # A line that one of the two cycles does not have stood at nothing there.
        if not (own & first).any():
            before = np.zeros(len(STEPS))
        if not (own & second).any():
            after = np.zeros(len(STEPS))
        if np.isnan(before[_CONSENSUS]) or np.isnan(after[_CONSENSUS]):
            continue
        parts = _steps_apart(before[None], after[None])
        found.append(Mover(int(name), float(before[_CONSENSUS]), float(after[_CONSENSUS]), parts))
    return sorted(found, key=lambda mover: -abs(mover.change)), months


def valued(rows: Forecasts, price: Floats) -> Forecasts:
    """The same in money: units at the price [i, r + 1, m + 1] of their cell, see accuracy.whole_price."""
    worth = price[rows.item, rows.region, rows.segment]
    return Forecasts(
        rows.cycle, rows.month, rows.item, rows.region, rows.segment, rows.units * worth[:, None],
        rows.owner, rows.owners,
    )  # fmt: skip
