"""How wrong demand may turn out: its spread by item, region and month, and which errors come together.

Spread: where the company has a forecast, the standard deviation behind its 80 % bands (forecast_intervals.py), item
by item and region by region, so it grows with the months ahead as the bands do. A company with a demand plan of its
own: what its past forecasts (table past_forecasts) got wrong; else an assumption, said so.

Together: errors of the past, about zero, so that a level that was wrong counts as an error.
- Items: correlation over the months tried, shrunk towards the mean correlation of pairs in one family and of other
  pairs. The weight of that target is the sampling variance of the correlations over their squared distance to it
  (Schaefer & Strimmer 2005, "A shrinkage approach to large-scale covariance matrix estimation"); months count for
  less where errors carry over (Bartlett 1935).
- Months: a part that never fades (the level was wrong) and a part that fades by the same factor each month, read
  off the errors' autocorrelation.
- Regions of an item: the correlation for which their spreads add up to the item's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sop_core.calendar import MonthArray
from sop_core.demand.planning_series import ITEM
from sop_core.demand.statistical import Z80, Baseline
from sop_core.inputs import Bools, Floats
from sop_core.planner import Company
from sop_core.risk.past import Trial, past_trials

#: Standard deviation over demand that an item in a region is given where nothing is known of its error, at lag 1.
DEFAULT_SPREAD: Final = 0.25
#: The same for demand without a history of its own: launches, and what people add on top.
NEW_SPREAD: Final = 0.5
#: Errors wider than demand itself are cut to it: a band of some pieces around a month of none is no risk.
MOST_SPREAD: Final = 1.0
#: Errors grow with the fourth root of the months ahead where no band tells (as in forecast_intervals.py).
GROWTH: Final = 0.25
#: Spread of a part: standard deviation ~ volume^0.75 (as in bands.py).
_PART: Final = 0.75
#: Correlations where no errors tell: pairs in a family, other pairs, regions of an item.
_IN_FAMILY, _ELSEWHERE, _REGIONS = 0.4, 0.15, 0.3
#: Part of the error that never fades and what the rest keeps from month to month, where no errors tell.
_LEVEL, _CARRY = 0.2, 0.3
#: Months that two items must share for a correlation of their own.
_LEAST_MONTHS = 6


@dataclass(frozen=True)
class Uncertainty:
    """What paths are drawn from. Belongs to the company, never to a scenario, so all scenarios share their paths."""

    items: tuple[str, ...]
    regions: tuple[str, ...]
    months: MonthArray
    spread: Floats  #: [i, r, t] standard deviation of demand / its mean
    between: Floats  #: [i, i] correlation between the errors of items
    regional: Floats  #: [i] correlation between the errors of an item's regions
    level: float  #: part of the error's variance that never fades
    carry: float  #: part of the rest that carries over to the next month
    shrinkage: float  #: weight of the family means in `between`; 1 = nothing else
    observed: int  #: months of errors behind `between`
    bias: float  #: of the history, sum of (F - A) / sum of A; nan where unknown. Stated, not corrected
    source: str  #: where the spread comes from, in words
    assumed: Bools  #: [i] items whose spread is an assumption

    @property
    def over_time(self) -> Floats:
        """[t, t] correlation of an error with itself from month to month."""
        apart = np.abs(np.subtract.outer(np.arange(len(self.months)), np.arange(len(self.months))))
        result: Floats = self.level + (1.0 - self.level) * self.carry**apart
        return result

    def none(self) -> Uncertainty:
        """The same without any error: every path is the plan's own demand."""
        return replace(self, spread=np.zeros_like(self.spread))


def uncertainty(company: Company) -> Uncertainty:
    """What is known of a company's forecast error, or assumed and said so."""
    inputs, baseline = company.inputs, company.baseline
    if baseline is not None:
        trials = _backtests(baseline, inputs.items)
        spread, regional, assumed = _of_bands(baseline)
        source = "The spread behind the forecast's 80 % bands, by item, region and months ahead."
        bias = company.forecast_bias
    else:
        trials, typical, bias = past_trials(company)
        spread, regional, assumed = _of_past(company, typical)
        known = int((~assumed).sum())
        source = (
            f"What the past forecasts that were brought got wrong ({known} of {len(inputs.items)} items)."
            if known
            else f"No forecast error is known: a standard deviation of {DEFAULT_SPREAD:.0%} of a month's demand by item "
            "and region is assumed, more for later months. Bring past_forecasts and sales to have it measured."
        )
    if not trials:
        level, carry = _LEVEL, _CARRY
    else:
        level, carry = fading(trials)
    between, shrinkage, observed = correlations(trials, inputs.item_family, inputs.items, level, carry)
    return Uncertainty(
        items=inputs.items,
        regions=inputs.regions,
        months=inputs.months,
        spread=spread,
        between=between,
        regional=regional,
        level=level,
        carry=carry,
        shrinkage=shrinkage,
        observed=observed,
        bias=bias,
        source=source,
        assumed=assumed,
    )


# -- spread -----------------------------------------------------------------------------------------------


def _of_bands(baseline: Baseline) -> tuple[Floats, Floats, Bools]:
    """(spread, regional, assumed) from the forecast's bands; demand beyond the forecast errs as new demand does."""
    units = baseline.units.sum(axis=2)
    deviation = baseline.leaf_width / Z80
    months = units.shape[-1]
    spread = np.broadcast_to(NEW_SPREAD * _growing(months), units.shape).copy()
    np.divide(deviation, units, out=spread, where=units > 0)
    regional = np.array(
        [
            common_correlation(own, whole) if len(own) > 1 else 1.0
            for own, whole in zip(deviation, baseline.sigma, strict=True)
        ]
    )
    assumed = ~(units > 0).any(axis=(1, 2))
    return np.minimum(spread, MOST_SPREAD), regional, np.asarray(assumed, dtype=bool)


def _of_past(company: Company, typical: Floats) -> tuple[Floats, Floats, Bools]:
    """The same from the relative error of items [i] at lag 1; nan = unknown."""
    base = company.inputs.demand.base.sum(axis=2)
    months, regions = base.shape[-1], base.shape[1]
    assumed = np.isnan(typical)
    volume = base.mean(axis=-1)
    whole = volume.sum(axis=1, keepdims=True)
    share = np.divide(volume, whole, out=np.ones_like(volume), where=(whole > 0) & (volume > 0))
    first = np.where(assumed[:, None], DEFAULT_SPREAD, typical[:, None] * share ** (_PART - 1.0))
    spread = np.minimum(first[:, :, None] * _growing(months), MOST_SPREAD)
    regional = np.full(len(base), _REGIONS if regions > 1 else 1.0)
    for i in np.flatnonzero(~assumed):
        regional[i] = common_correlation(
            (typical[i] * share[i] ** _PART)[:, None] * (volume[i] > 0)[:, None], typical[i : i + 1]
        )
    return spread, regional, assumed


def _growing(months: int) -> Floats:
    """[t] how errors grow with the months ahead, 1 at first."""
    result: Floats = np.arange(1.0, months + 1.0) ** GROWTH
    return result


def common_correlation(parts: Floats, whole: Floats) -> float:
    """The correlation, 0 to 1, for which standard deviations [n, t] add up to `whole` [t]; the stand-in where only
    one part is left."""
    together, squares = parts.sum(axis=0) ** 2, (parts**2).sum(axis=0)
    room = together - squares
    ok = room > 1e-9 * together
    if not ok.any():
        return _REGIONS
    return float(np.clip(np.median((whole[ok] ** 2 - squares[ok]) / room[ok]), 0.0, 1.0))


# -- what errs together -----------------------------------------------------------------------------------


def _backtests(baseline: Baseline, items: tuple[str, ...]) -> list[Trial]:
    """Errors of the items' own series, origin by origin (steps lie as in forecast_series.backtest_cuts)."""
    rows = baseline.details[baseline.details["level"] == ITEM]
    place = {name: n for n, name in enumerate(items)}
    out = []
    for name, errors in zip(rows["item"], rows["errors"], strict=True):
        if not errors.size or not np.any(errors):
            continue
        size = float(np.sqrt(np.mean(errors**2)))
        ahead = errors.shape[1]
        step = max(1, ahead // 2)
        for origin, values in enumerate(errors):
            out.append(Trial(place[name], -(ahead + origin * step), values / size))
    return out


def fading(trials: Sequence[Trial]) -> tuple[float, float]:
    """(part of the variance that never fades, what the rest keeps from a month to the next), from the errors'
    autocorrelation over the months of a trial, pooled over items and trials."""
    longest = max(len(trial.values) for trial in trials)
    if longest < 6:
        return _LEVEL, _CARRY
    by_lag = np.array([_autocorrelation(trials, lag) for lag in range(1, longest - 2)])
    late = by_lag[longest // 2 - 1 :]
    level = float(np.clip(np.nanmean(late), 0.0, 0.9)) if np.isfinite(late).any() else _LEVEL
    first = by_lag[0] if np.isfinite(by_lag[0]) else level
    return level, float(np.clip((first - level) / (1.0 - level), 0.0, 0.95))


def _autocorrelation(trials: Sequence[Trial], lag: int) -> float:
    """Of errors about zero, `lag` months apart; nan where none are."""
    above = first = second = 0.0
    for trial in trials:
        if len(trial.values) > lag:
            one, other = trial.values[:-lag], trial.values[lag:]
            both = np.isfinite(one) & np.isfinite(other)
            above += float((one[both] * other[both]).sum())
            first += float((one[both] ** 2).sum())
            second += float((other[both] ** 2).sum())
    return above / np.sqrt(first * second) if first > 0 and second > 0 else float("nan")


def correlations(
    trials: Sequence[Trial], family: Sequence[str], items: Sequence[str], level: float, carry: float
) -> tuple[Floats, float, int]:
    """([i, i] shrunk correlation between items, weight of its target, months behind it)."""
    count = len(items)
    codes = {name: n for n, name in enumerate(dict.fromkeys(family))}
    code = np.array([codes[name] for name in family], dtype=np.int64)
    same = code[:, None] == code[None, :]
    found, months = _observed(trials, count)
    known = np.isfinite(found) & ~np.eye(count, dtype=bool)
    target = np.where(same, _IN_FAMILY, _ELSEWHERE)
    if known.any():
        elsewhere = _mean(found, known & ~same, _mean(found, known, _ELSEWHERE))
        in_family = max(_mean(found, known & same, elsewhere), elsewhere)
        target = np.where(same, in_family, elsewhere)
    np.fill_diagonal(target, 1.0)
    weight = 1.0
    if known.any():
        first = level + (1.0 - level) * carry
        effective = max(months * (1.0 - first**2) / (1.0 + first**2), 3.0)
        noise = ((1.0 - found[known] ** 2) ** 2).sum() / effective
        distance = ((found[known] - target[known]) ** 2).sum()
        weight = float(np.clip(noise / distance, 0.0, 1.0)) if distance > 0 else 1.0
    mixed = np.where(known, weight * target + (1.0 - weight) * np.nan_to_num(found), target)
    return _proper(mixed), weight, months


def _observed(trials: Sequence[Trial], count: int) -> tuple[Floats, int]:
    """([i, i] correlation of errors about zero in the months that two items share, nan where too few; months)."""
    if not trials:
        return np.full((count, count), np.nan), 0
    first = min(trial.start for trial in trials)
    last = max(trial.start + len(trial.values) for trial in trials)
    errors = np.full((count, last - first), np.nan)
    # A month tried several times counts by its shortest lead: later starts come last.
    for trial in sorted(trials, key=lambda one: one.start):
        at = trial.start - first
        inside = errors[trial.item, at : at + len(trial.values)]
        inside[:] = np.where(np.isfinite(trial.values), trial.values, inside)
    there = np.isfinite(errors).astype(float)
    values = np.nan_to_num(errors)
    above = values @ values.T
    squares = (values**2) @ there.T
    shared = there @ there.T
    below = np.sqrt(squares * squares.T)
    out = np.divide(
        above, below, out=np.full_like(above, np.nan), where=(below > 0) & (shared >= _LEAST_MONTHS)
    )
    return out, int(there.any(axis=0).sum())


def _mean(values: Floats, where: Bools, empty: float) -> float:
    return float(np.clip(values[where].mean(), 0.0, 0.95)) if where.any() else empty


def _proper(values: Floats) -> Floats:
    """The matrix with negative eigenvalues cut, and ones on its diagonal."""
    low, axes = np.linalg.eigh((values + values.T) / 2.0)
    fixed = (axes * np.maximum(low, 1e-6)) @ axes.T
    size = np.sqrt(np.diag(fixed))
    result: Floats = fixed / np.outer(size, size)
    return result
