"""Forecast accuracy: what was expected of closed months, cycle by cycle and step by step, beside what happened.

Conventions: error E = forecast F - actual A; bias positive = over-forecast; forecast value added (FVA) = error of
the previous step - error of this one, positive = helped. Lag = month - cycle + 1, so a cycle's own first month is
lag 1. Errors depend on the level at which units are added up before the error is taken: the level is always given.

Sources: Hyndman & Koehler 2006, Another look at measures of forecast accuracy (MASE); Brown 1963 and Trigg 1964
(tracking signal on the mean absolute deviation); Gilliland 2010, The Business Forecasting Deal (FVA); Kolassa &
Schuetz 2007 (WMAPE = MAD / mean ratio).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sop_core.calendar import MonthArray
from sop_core.inputs import Bools, Floats, Ints

#: The ladder of the demand review, in the order in which one step builds on the one before it.
STEPS: Final = ("naive", "statistical", "market", "sales_input", "consensus")
#: Position of "all regions" or "all segments together".
EVERY: Final = -1
#: A tracking signal beyond this is taken as a bias and not as chance (4 MAD, about 3.2 standard deviations).
TRACKING_LIMIT: Final = 4.0
_SEASON = 12


# -- measures: plain arrays -------------------------------------------------------------------------------


def wmape(forecast: Floats, actual: Floats) -> float:
    """Sum of |F - A| / sum of A; nan where the actuals add up to nothing."""
    return _part(float(np.abs(forecast - actual).sum()), float(actual.sum()))


def bias(forecast: Floats, actual: Floats) -> float:
    """Sum of (F - A) / sum of A, positive = over-forecast; nan where the actuals add up to nothing."""
    return _part(float((forecast - actual).sum()), float(actual.sum()))


def mase(forecast: Floats, actual: Floats, past: Floats, season: int = _SEASON) -> float:
    """Mean |F - A| / mean |y(t) - y(t - season)| of the past; below 1 = better than repeating last year was.

    A past of `season` months or fewer is scaled by its month to month changes (season 1). nan without a scale.
    """
    return _part(float(np.abs(forecast - actual).mean()), naive_scale(past, season))


def naive_scale(past: Floats, season: int = _SEASON) -> float:
    """Mean absolute change of a series [h] from season to season; month to month where it is too short; nan where
    there is no change to take a mean of.
    """
    if len(past) <= season:
        season = 1
    return float(np.abs(past[season:] - past[:-season]).mean()) if len(past) > season else float("nan")


def tracking_signal(errors: Floats) -> Floats:
    """[n] running sum of E / running mean of |E|, oldest first; 0 while there was no error. Positive =
    over-forecast; beyond +-4 the forecast is biased.
    """
    deviation = np.cumsum(np.abs(errors)) / np.arange(1, len(errors) + 1)
    return np.divide(np.cumsum(errors), deviation, out=np.zeros(len(errors)), where=deviation > 0)


def fva(errors: Floats) -> Floats:
    """[s - 1] forecast value added by each step after the first: error of the step before - its own. Adds up to
    the first step's error - the last one's.
    """
    return errors[:-1] - errors[1:]


def _part(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")


# -- forecasts and what came of them ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What was expected, one row a cycle, month and cell, at the level at which it was made: positions on the
    planning axes, EVERY where regions or segments were forecast together. nan: the step was not known.
    """

    cycle: MonthArray  #: [n] first planned month of the cycle
    month: MonthArray  #: [n] month that is forecast
    item: Ints  #: [n]
    region: Ints  #: [n]
    segment: Ints  #: [n]
    units: Floats  #: [n, s] by step, units a month
    owner: Ints  #: [n, s] who answers for it, position in `owners`; -1 = nobody named
    owners: tuple[str, ...]

    @property
    def lag(self) -> Ints:
        """[n] months ahead, 1 = the cycle's own first month."""
        return (self.month - self.cycle).astype(np.int64) + 1

    def __len__(self) -> int:
        return len(self.cycle)

    def take(self, keep: Bools) -> Forecasts:
        """The rows of a mask."""
        if keep.all():
            return self
        return Forecasts(
            self.cycle[keep], self.month[keep], self.item[keep], self.region[keep], self.segment[keep],
            self.units[keep], self.owner[keep], self.owners,
        )  # fmt: skip

    @staticmethod
    def joined(parts: Sequence[Forecasts]) -> Forecasts:
        """The rows of several, in their order."""
        owners = tuple(dict.fromkeys(name for part in parts for name in part.owners))
        place = {name: n for n, name in enumerate(owners)}

        def moved(part: Forecasts) -> Ints:
            # The last place stands for -1, nobody named.
            return np.array([*(place[name] for name in part.owners), -1], dtype=np.int64)[part.owner]

        return Forecasts(
            np.concatenate([p.cycle for p in parts]).astype("datetime64[M]"),
            np.concatenate([p.month for p in parts]).astype("datetime64[M]"),
            np.concatenate([p.item for p in parts]),
            np.concatenate([p.region for p in parts]),
            np.concatenate([p.segment for p in parts]),
            np.concatenate([p.units for p in parts]),
            np.concatenate([moved(p) for p in parts]),
            owners,
        )

    def steps(self, least: float = 0.5) -> list[int]:
        """Positions of the steps that are known in at least that part of the rows: the ladder."""
        if not len(self):
            return []
        known = np.isfinite(self.units).mean(axis=0)
        return [s for s in range(len(STEPS)) if known[s] > 0 and known[s] >= least]

    def complete(self, steps: list[int]) -> Bools:
        """[n] rows in which all of these steps are known."""
        return np.asarray(np.isfinite(self.units[:, steps]).all(axis=1), dtype=bool)


@dataclass(frozen=True, slots=True)
class Record:
    """Actual demand as it was recorded [i, r, m, h], months oldest first: units, or money where it is `valued`."""

    months: MonthArray
    values: Floats

    @property
    def whole(self) -> Floats:
        """[i, r + 1, m + 1, h] with the sums over regions and segments in the last places, which EVERY points to."""
        summed = np.concatenate([self.values, self.values.sum(axis=1, keepdims=True)], axis=1)
        return np.concatenate([summed, summed.sum(axis=2, keepdims=True)], axis=2)

    def of(self, item: Ints, region: Ints, segment: Ints) -> Floats:
        """[n, h] the record of cells; EVERY adds up regions or segments."""
        return np.asarray(self.whole[item, region, segment], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Forecasts of closed months with what happened [n], and the price that turns both into money [n]."""

    rows: Forecasts
    actual: Floats
    price: Floats
    record: Record

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, keep: Bools) -> Comparison:
        """The rows of a mask."""
        if keep.all():
            return self
        return Comparison(self.rows.take(keep), self.actual[keep], self.price[keep], self.record)


def compare(rows: Forecasts, record: Record, price: Floats) -> Comparison:
    """Puts forecasts beside the record of the months that are closed; forecasts of other months are left out.

    `price` [i, r, m], money/unit: what a unit is worth, the same for all months, so that a change of price is not
    taken for an error.
    """
    if not len(record.months):
        keep = np.zeros(len(rows), dtype=bool)
    else:
        keep = (rows.month >= record.months[0]) & (rows.month <= record.months[-1]) & (rows.lag >= 1)
    kept = rows.take(keep)
    if not len(kept):
        return Comparison(kept, np.zeros(0), np.zeros(0), record)
    at = (kept.month - record.months[0]).astype(np.int64)
    actual = record.whole[kept.item, kept.region, kept.segment, at]
    worth = whole_price(price, record.values.sum(axis=-1))[kept.item, kept.region, kept.segment]
    return Comparison(kept, actual, worth, record)


def whole_price(price: Floats, volume: Floats) -> Floats:
    """[i, r + 1, m + 1] price of cells, money/unit; in the last places, which EVERY points to, the mean over regions
    and segments, weighted by `volume` [i, r, m].
    """

    def summed(values: Floats) -> Floats:
        regions = np.concatenate([values, values.sum(axis=1, keepdims=True)], axis=1)
        return np.concatenate([regions, regions.sum(axis=2, keepdims=True)], axis=2)

    # A little of each, so that what was never sold has the plain mean of its prices.
    weight = np.maximum(volume, 0.0) + 1e-9
    return summed(weight * price) / summed(weight)


# -- errors at a level --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scored:
    """Units added up to the level at which errors are taken: one row a line, group, cycle and month [k].

    A line is what a table shows; groups are parts of it whose errors do not cancel.
    """

    line: Ints
    group: Ints
    cycle: MonthArray
    month: MonthArray
    forecast: Floats  #: [k, s] by step of the ladder
    actual: Floats
    scale: (
        Floats  #: [k] mean change of the group from year to year before the months compared; nan = not known
    )
    steps: tuple[int, ...]  #: positions in STEPS

    @property
    def error(self) -> Floats:
        """[k, s] F - A."""
        return self.forecast - self.actual[:, None]

    @property
    def lag(self) -> Ints:
        """[k] months ahead."""
        return (self.month - self.cycle).astype(np.int64) + 1

    def take(self, keep: Bools) -> Scored:
        """The rows of a mask."""
        return Scored(
            self.line[keep], self.group[keep], self.cycle[keep], self.month[keep], self.forecast[keep],
            self.actual[keep], self.scale[keep], self.steps,
        )  # fmt: skip


def score(compared: Comparison, line: Ints, group: Ints, steps: list[int], *, money: bool = False) -> Scored:
    """Adds up the rows of each line [n], group [n], cycle and month. Rows in which one of `steps` is not known must
    have been left out (`Forecasts.complete`). With `money`, units at their price.
    """
    rows = compared.rows
    weight = compared.price if money else np.ones(len(rows))
    _, part = _codes(line, group)
    cycle = rows.cycle.astype(np.int64)
    month = rows.month.astype(np.int64)
    first, back = _codes(part, cycle, month)
    count = len(first)
    scales = _scales(compared, part, weight)
    return Scored(
        line=line[first],
        group=part[first],
        cycle=rows.cycle[first],
        month=rows.month[first],
        forecast=np.stack([_sums(back, rows.units[:, s] * weight, count) for s in steps], axis=-1),
        actual=_sums(back, compared.actual * weight, count),
        scale=scales[part[first]] if count else np.zeros(0),
        steps=tuple(steps),
    )


def _sums(code: Ints, values: Floats, count: int) -> Floats:
    """[count] sum of the values of each code."""
    return np.bincount(code, values, count).astype(np.float64)


def _codes(*keys: Ints) -> tuple[Ints, Ints]:
    """(position of the first row of each distinct key, code of each row), keys in ascending order."""
    if not len(keys[0]):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        low = int(key.min())
        code = code * (int(key.max()) - low + 1) + (key - low)
    _, first, back = np.unique(code, return_index=True, return_inverse=True)
    return first.astype(np.int64), back.astype(np.int64)


def _scales(compared: Comparison, part: Ints, weight: Floats) -> Floats:
    """[g] in-sample mean absolute change from year to year of each group, before the first month compared."""
    if not len(part):
        return np.zeros(0)
    rows, record = compared.rows, compared.record
    before = int((rows.month.min() - record.months[0]).astype(np.int64))
    first, _ = _codes(part, rows.item, rows.region, rows.segment)
    series = np.zeros((int(part.max()) + 1, before))
    past = Record(record.months[:before], record.values[..., :before])
    cells = past.of(rows.item[first], rows.region[first], rows.segment[first])
    np.add.at(series, part[first], cells * weight[first, None])
    return np.array([naive_scale(row) for row in series])


@dataclass(frozen=True, slots=True)
class Line:
    """Accuracy of one line. Arrays are [s] by step of the ladder; errors in the measure that was scored."""

    line: int
    actual: float
    absolute: Floats  #: sum of |E|
    signed: Floats  #: sum of E
    wmape: Floats
    bias: Floats
    mase: Floats
    tracking: Floats  #: tracking signal after the last month
    months: int
    steps: tuple[int, ...]  #: positions in STEPS

    @property
    def fva(self) -> Floats:
        """[s - 1] value added by each step after the first, in WMAPE (a fraction)."""
        return fva(self.wmape)


def lines(scored: Scored) -> list[Line]:
    """Measures of every line, in ascending order of line."""
    return [_line(int(name), scored.take(scored.line == name)) for name in np.unique(scored.line)]


def whole(scored: Scored) -> Line:
    """Measures of all lines together; errors of different groups do not cancel."""
    return _line(EVERY, scored)


def _line(name: int, part: Scored) -> Line:
    error = part.error
    actual = float(part.actual.sum())
    absolute, signed = np.abs(error).sum(axis=0), error.sum(axis=0)
    scaled = np.isfinite(part.scale) & (part.scale > 0)
    below = float(part.scale[scaled].sum())
    blank = np.full(len(part.steps), np.nan)
    months = np.unique(part.month)
    by_month = monthly(part)
    return Line(
        line=name,
        actual=actual,
        absolute=absolute,
        signed=signed,
        wmape=absolute / actual if actual > 0 else blank,
        bias=signed / actual if actual > 0 else blank,
        # Volume-weighted: groups count by the size of their usual changes, so that a tiny one cannot rule it.
        mase=np.abs(error[scaled]).sum(axis=0) / below if below > 0 else blank,
        tracking=np.array([tracking_signal(row)[-1] if len(row) else np.nan for row in by_month.T]),
        months=len(months),
        steps=part.steps,
    )


def monthly(scored: Scored) -> Floats:
    """[h, s] sum of E by month, oldest first, over the months that were compared."""
    months, back = np.unique(scored.month.astype(np.int64), return_inverse=True)
    out = np.zeros((len(months), len(scored.steps)))
    np.add.at(out, back.reshape(-1), scored.error)
    return out


def over_time(scored: Scored, step: int, lag: int | None = None) -> tuple[MonthArray, Floats]:
    """(months, WMAPE [h]) of one step of the ladder (position in `scored.steps`), month by month; one lag, or
    all together.
    """
    part = scored if lag is None else scored.take(scored.lag == lag)
    months, back = np.unique(part.month, return_inverse=True)
    absolute = _sums(back.reshape(-1), np.abs(part.error[:, step]), len(months))
    actual = _sums(back.reshape(-1), part.actual, len(months))
    return months, np.divide(absolute, actual, out=np.full(len(months), np.nan), where=actual > 0)
