"""What past promotions did: demand with them against what it would have been without, and how sure that is.

The counterfactual is the promotion's own series (products, regions and segments in its scope), fitted on the
months that no promotion touched: log(demand) = level + trend + season + error, the error's kind averaged by
restricted likelihood as in elasticity.py, and carried into the promotion's months from their neighbours. Where
the same products sold in regions or segments without it, demand relative to theirs is fitted as well, and the one
of the two that predicts more closely is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from sop_core.calendar import MonthArray, month_part
from sop_core.demand.error_kinds import covariances
from sop_core.demand.signal import Signal
from sop_core.inputs import Bools, Floats
from sop_core.schema import ALL
from sop_core.snapshot import Snapshot, rows_of

#: Longer promotions cannot be told from a change of level.
LONGEST_MONTHS = 6
#: Months without any promotion that a counterfactual needs; from `SEASONED` on each month has its own season.
LEAST_MONTHS, SEASONED = 24, 36
#: Another promotion touches a scope from this part of its volume on.
_TOUCHES = 0.02
#: What is sold outside the scope is a yardstick from this part of the scope's own volume on.
_YARDSTICK = 0.2


@dataclass(frozen=True, slots=True)
class PastPromotion:
    """The rows of one promotion with the same place and days, as one. `products` are identifiers."""

    name: str
    products: tuple[str, ...]
    what: str  #: the family, or the products
    region: str
    segment: str
    start: np.datetime64
    end: np.datetime64
    uplift: float
    pull_forward: float
    pull_months: int
    price_change: float
    cost: float

    def parts(self, months: MonthArray) -> Floats:
        """[h] part of each month's days on which it ran."""
        return month_part(months, self.start, self.end)

    def after(self, months: MonthArray) -> Bools:
        """[h] months after its end in which forward buying would show: the planned ones, at least one."""
        last = self.end.astype("datetime64[M]")
        following: Bools = (months > last) & (months <= last + max(self.pull_months, 1))
        return following

    def masks(self, signal: Signal) -> tuple[Bools, Bools]:
        """([r], [m]) where it ran."""
        regions = np.array([self.region in (ALL, name) for name in signal.regions])
        segments = np.array([self.segment in (ALL, name) for name in signal.segments])
        return regions, segments


@dataclass(frozen=True, slots=True)
class Measured:
    """What one promotion did. Units unless said otherwise; `why` tells what could not be measured.

    `rise` = units above the counterfactual while it ran / what would have been sold on its days, forward buying
    included; `planned_rise` the same by its terms. `earned`: see `economics`; nan without prices.
    """

    promotion: PastPromotion
    months: MonthArray  #: [n] its months and those after it
    actual: Floats  #: [n]
    expected: Floats  #: [n] counterfactual
    part: Floats  #: [n] part of each month's days on which it ran
    rise: float
    rise_error: float  #: standard error
    planned_rise: float
    extra: float  #: units above the counterfactual while it ran
    dip: float  #: units below the counterfactual in the months after (positive = bought early)
    dip_error: float
    earned: float  #: money, after everything
    earned_error: float
    price: float  #: net price without the promotion, money/unit
    unit_cost: float
    freedom: float
    yardstick: str  #: what the counterfactual was taken from
    together: tuple[str, ...]  #: promotions that ran on part of the same demand at the same time
    why: str

    def interval(self, level: float = 0.8) -> tuple[float, float]:
        """(low, high) of the rise; nobody buys less than nothing, so it ends at -100 %."""
        half = float(stdtrit(self.freedom, 0.5 + level / 2)) * self.rise_error
        return max(self.rise - half, -1.0), self.rise + half

    @property
    def telling(self) -> bool:
        """Whether it was measured closely enough to learn from: half of the 80 % interval within 50 points."""
        return not self.why and float(stdtrit(self.freedom, 0.9)) * self.rise_error <= 0.5

    def earned_interval(self, level: float = 0.8) -> tuple[float, float]:
        """(low, high) of what it earned."""
        half = float(stdtrit(self.freedom, 0.5 + level / 2)) * self.earned_error
        return self.earned - half, self.earned + half

    @property
    def paid(self) -> bool | None:
        """True where it earned more than it cost for sure (80 % interval), False where less, None in between."""
        if self.why or not math.isfinite(self.earned):
            return None
        low, high = self.earned_interval()
        return True if low > 0 else False if high < 0 else None

    @property
    def chance(self) -> float:
        """Chance that it earned more than it cost; nan where it was not measured."""
        if self.why or not math.isfinite(self.earned) or self.earned_error <= 0:
            return math.nan
        return float(stdtr(self.freedom, self.earned / self.earned_error))

    @property
    def own_uplift(self) -> float:
        """The rise less what was bought early by its terms: what stands in the terms as uplift."""
        return self.rise - (self.planned_rise - self.promotion.uplift)


def past_promotions(snapshot: Snapshot) -> list[PastPromotion]:
    """Promotions that ended before the plan, earliest first; rows that differ in product alone are one."""
    products = snapshot.table("products")
    of_family = {str(f): tuple(part["product"].astype(str)) for f, part in products.groupby("family")}
    start = snapshot.settings.plan_start.astype("datetime64[D]")
    gathered: dict[tuple[object, ...], list[tuple[object, tuple[str, ...], str]]] = {}
    for row in rows_of(snapshot.table("promotions")):
        end = np.datetime64(row.end.to_datetime64(), "D")
        if end >= start:
            continue
        single = isinstance(row.product, str)
        members = (row.product,) if single else of_family.get(row.family, ())
        begin = np.datetime64(row.start.to_datetime64(), "D")
        key = (begin, end, row.promotion, row.region, row.segment)
        gathered.setdefault(key, []).append((row, members, row.product if single else row.family))
    out = []
    for (first, last, name, region, segment), rows in sorted(gathered.items(), key=lambda item: str(item[0])):
        terms: list[object] = [row for row, _, _ in rows]
        names = list(dict.fromkeys(what for _, _, what in rows))
        out.append(
            PastPromotion(
                name=str(name),
                products=tuple(dict.fromkeys(p for _, members, _ in rows for p in members)),
                what=names[0] if len(names) == 1 else f"{len(names)} products",
                region=str(region),
                segment=str(segment),
                start=np.datetime64(first, "D"),  # type: ignore[call-overload]
                end=np.datetime64(last, "D"),  # type: ignore[call-overload]
                uplift=_mean(terms, "uplift"),
                pull_forward=_mean(terms, "pull_forward"),
                pull_months=int(max(row.pull_months for row in terms)),  # type: ignore[attr-defined]
                price_change=_mean(terms, "price_change"),
                cost=float(sum(row.cost for row in terms)),  # type: ignore[attr-defined]
            )
        )
    return out


def _mean(rows: Sequence[object], name: str) -> float:
    return float(np.mean([getattr(row, name) for row in rows]))


def measure(
    signal: Signal, promotions: Sequence[PastPromotion], unit_cost: dict[str, float]
) -> list[Measured]:
    """What each past promotion did. `unit_cost`: standard cost by product."""
    return [_measured(signal, promotion, promotions, unit_cost) for promotion in promotions]


def _measured(
    signal: Signal, promotion: PastPromotion, others: Sequence[PastPromotion], unit_cost: dict[str, float]
) -> Measured:
    months = signal.months
    part, after = promotion.parts(months), promotion.after(months)
    regions, segments = promotion.masks(signal)
    own = signal.cells(signal.units, promotion.products, regions, segments)
    units = own.sum(axis=(0, 1, 2))
    inside = np.flatnonzero((part > 0) | after)
    touched, together = _touched(signal, promotion, others, own)
    why = _unmeasurable(promotion, months, part, units)
    if why:
        return _unmeasured(promotion, why, together)
    free = ~touched & (part <= 0) & ~after & (units > 0)
    found = [
        _Try(
            "its own season and trend",
            *_counterfactual(months, np.log(np.maximum(units, 1e-9)), free, inside),
        )
    ]
    yardstick = _outside(signal, promotion, regions, segments)
    if yardstick is not None and yardstick[free | np.isin(np.arange(len(months)), inside)].min() > 0:
        elsewhere_free = free & ~_elsewhere_touched(signal, promotion, others, regions, segments)
        relative = np.log(np.maximum(units, 1e-9) / np.maximum(yardstick, 1e-9))
        mean, cover, freedom, problem = _counterfactual(months, relative, elsewhere_free, inside)
        if not problem:
            mean = mean + np.log(yardstick[inside])
        found.append(_Try("the same products where it did not run", mean, cover, freedom, problem))
    usable = [tried for tried in found if not tried.problem]
    if not usable:
        return _unmeasured(promotion, found[0].problem, together)
    best = min(usable, key=lambda tried: float(np.trace(tried.cover[part[inside] > 0][:, part[inside] > 0])))
    prices = _prices(signal, promotion, regions, segments, part > 0, unit_cost)
    return _economics(promotion, months[inside], units[inside], part[inside], best, prices, together)


@dataclass(frozen=True, slots=True)
class _Try:
    """One counterfactual: log mean [n] and its covariance [n, n] in the months asked for."""

    yardstick: str
    mean: Floats
    cover: Floats
    freedom: float
    problem: str


def _unmeasurable(promotion: PastPromotion, months: MonthArray, part: Floats, units: Floats) -> str:
    if not promotion.products:
        return "none of its products is known"
    if not part.any() or promotion.start.astype("datetime64[M]") < months[0]:
        return "it began before the history"
    if part.sum() > LONGEST_MONTHS:
        return f"it ran {part.sum():.0f} months: too long to be told from a change of level"
    if (units[part > 0] <= 0).any():
        return "nothing was sold in one of its months"
    return ""


def _touched(
    signal: Signal, promotion: PastPromotion, others: Sequence[PastPromotion], own: Floats
) -> tuple[Bools, tuple[str, ...]]:
    """([h] months in which another promotion acted on part of the same demand, names of those at its time)."""
    return _acting(signal, promotion, others, promotion.masks(signal), own.sum())


def _acting(
    signal: Signal,
    promotion: PastPromotion,
    others: Sequence[PastPromotion],
    where: tuple[Bools, Bools],
    volume: float,
) -> tuple[Bools, tuple[str, ...]]:
    months = signal.months
    touched, together = np.zeros(len(months), dtype=bool), []
    part = promotion.parts(months)
    for other in others:
        if other is promotion or other.parts(months).sum() > LONGEST_MONTHS:
            continue
        shared = [product for product in other.products if product in promotion.products]
        regions, segments = other.masks(signal)
        common = signal.cells(signal.units, shared, where[0] & regions, where[1] & segments).sum()
        if common < _TOUCHES * max(volume, 1e-9):
            continue
        acts = (other.parts(months) > 0) | other.after(months)
        touched |= acts
        if (acts & (part > 0)).any():
            together.append(other.name)
    return touched, tuple(together)


def _outside(signal: Signal, promotion: PastPromotion, regions: Bools, segments: Bools) -> Floats | None:
    """[h] units of the same products where it did not run; None where that is too little to compare with."""
    everywhere = signal.series(promotion.products)
    inside = signal.series(promotion.products, regions, segments)
    rest = everywhere - inside
    return rest if rest.sum() >= _YARDSTICK * inside.sum() > 0 else None


def _elsewhere_touched(
    signal: Signal,
    promotion: PastPromotion,
    others: Sequence[PastPromotion],
    regions: Bools,
    segments: Bools,
) -> Bools:
    every = np.ones_like(regions), np.ones_like(segments)
    volume = (
        signal.series(promotion.products).sum() - signal.series(promotion.products, regions, segments).sum()
    )
    touched, _ = _acting(signal, promotion, others, every, volume)
    return touched


def _counterfactual(
    months: MonthArray, y: Floats, free: Bools, wanted: np.ndarray
) -> tuple[Floats, Floats, float, str]:
    """(log mean [n], covariance [n, n], degrees of freedom, problem) of the months `wanted`, fitted on the
    months `free`."""
    fit = np.flatnonzero(free)
    none = np.zeros(0), np.zeros((0, 0)), 1.0
    if len(fit) < LEAST_MONTHS:
        return *none, f"{len(fit)} months without any promotion on this demand, {LEAST_MONTHS} are needed"
    season = months.astype(int) % 12
    missing = sorted(set(season[wanted]) - set(season[fit]))
    if missing:
        return *none, "there is no such calendar month without a promotion to compare with"
    design = _design(np.arange(len(months)) / 12.0, season, season[fit] if len(fit) >= SEASONED else None)
    if np.linalg.matrix_rank(design[fit]) < design.shape[1]:
        return *none, "the months without any promotion do not tell its season"
    asked = np.concatenate([fit, wanted])
    n, k = len(fit), design.shape[1]
    means, covers, scores = [], [], []
    for whole in covariances(tuple(asked.tolist())):
        mean, cover, score = _predicted(y[fit], design[fit], design[wanted], whole, n, k)
        means.append(mean)
        covers.append(cover)
        scores.append(score)
    weight = np.exp(np.array(scores) - max(scores))
    weight /= weight.sum()
    mean = np.einsum("c,cn->n", weight, np.array(means))
    apart = np.array(means) - mean
    cover = np.einsum("c,cnm->nm", weight, np.array(covers)) + np.einsum("c,cn,cm->nm", weight, apart, apart)
    return mean, cover, max((n - k) / 2.0, 4.0), ""


def _design(years: Floats, season: np.ndarray, known: np.ndarray | None) -> Floats:
    """[h, k] level, trend and season: a level a calendar month among the `known` ones, else two waves."""
    columns = [np.ones(len(years)), years - years.mean()]
    if known is not None:
        columns += [(season == month).astype(float) for month in sorted(set(known.tolist()))[1:]]
    else:
        angle = 2 * np.pi * season / 12
        columns += [wave(j * angle) for j in (1, 2) for wave in (np.sin, np.cos)]
    return np.column_stack(columns)


def _predicted(
    y: Floats, x: Floats, x_wanted: Floats, whole: Floats, n: int, k: int
) -> tuple[Floats, Floats, float]:
    """(mean, covariance, restricted log-likelihood) of the wanted months under one covariance of the error."""
    factor = np.linalg.cholesky(whole[:n, :n])
    white_x, white_y = np.linalg.solve(factor, x), np.linalg.solve(factor, y)
    across = np.linalg.solve(factor, whole[:n, n:])
    inverse = np.linalg.inv(white_x.T @ white_x)
    beta = inverse @ (white_x.T @ white_y)
    rest = white_y - white_x @ beta
    sigma2 = max(float(rest @ rest) / (n - k), 1e-12)
    mean = x_wanted @ beta + across.T @ rest
    lever = x_wanted - across.T @ white_x
    cover = sigma2 * (whole[n:, n:] - across.T @ across + lever @ inverse @ lever.T)
    _, log_information = np.linalg.slogdet(white_x.T @ white_x)
    log_determinant = 2.0 * np.log(np.diag(factor)).sum()
    return mean, cover, float(-0.5 * (log_determinant + log_information + (n - k) * math.log(sigma2)))


def _prices(
    signal: Signal,
    promotion: PastPromotion,
    regions: Bools,
    segments: Bools,
    running: Bools,
    unit_cost: dict[str, float],
) -> tuple[float, float]:
    """(net price of the scope in the year before it, standard cost of what was sold while it ran)."""
    first = int(np.flatnonzero(running)[0])
    before = slice(max(first - 12, 0), first)
    sold = signal.cells(signal.sold, promotion.products, regions, segments)
    paid = signal.cells(signal.revenue, promotion.products, regions, segments)
    units, revenue = sold[..., before].sum(), paid[..., before].sum()
    mix = np.maximum(sold[..., running].sum(axis=(1, 2, 3)), 0.0)
    known = [name for name in promotion.products if name in signal.position]
    costs = np.array([unit_cost.get(name, 0.0) for name in known])
    cost = float(mix @ costs / mix.sum()) if mix.sum() > 0 else float(costs.mean())
    return (float(revenue / units) if units > 0 and revenue > 0 else math.nan), cost


def _economics(
    promotion: PastPromotion,
    months: MonthArray,
    actual: Floats,
    part: Floats,
    tried: _Try,
    prices: tuple[float, float],
    together: tuple[str, ...],
) -> Measured:
    """Units and money of a promotion against its counterfactual.

    Earned = extra units x (promotion's price - unit cost) - price given away on what would have been sold anyway
    - margin on units that were only bought earlier - cost of running it.
    """
    expected = np.exp(tried.mean)
    cover = tried.cover * np.outer(expected, expected)  # of the expected units, by the delta method
    running: Floats = (part > 0).astype(float)
    base = float((expected * part).sum())
    above = actual - expected
    extra, dip = float(above @ running), float(-above @ (1 - running))
    rise = extra / base
    # Both numerator and denominator move with the counterfactual.
    to_rise: Floats = -running / base - extra / base**2 * part
    to_dip: Floats = 1.0 - running
    price, cost = prices
    promoted = price * (1 + promotion.price_change)
    given = -price * promotion.price_change
    earned = extra * (promoted - cost) - base * given - dip * (price - cost) - promotion.cost
    to_earned: Floats = -running * (promoted - cost) - part * given - to_dip * (price - cost)
    pulled = promotion.pull_forward * float(expected @ (1 - running)) if promotion.pull_months else 0.0
    return Measured(
        promotion=promotion,
        months=months,
        actual=actual,
        expected=expected,
        part=part,
        rise=rise,
        rise_error=_error(to_rise, cover),
        planned_rise=promotion.uplift + pulled / base,
        extra=extra,
        dip=dip,
        dip_error=_error(to_dip, cover),
        earned=earned,
        earned_error=_error(to_earned, cover) if math.isfinite(earned) else math.nan,
        price=price,
        unit_cost=cost,
        freedom=tried.freedom,
        yardstick=tried.yardstick,
        together=together,
        why="",
    )


def _error(slope: Floats, cover: Floats) -> float:
    return math.sqrt(max(float(slope @ cover @ slope), 0.0))


def _unmeasured(promotion: PastPromotion, why: str, together: tuple[str, ...]) -> Measured:
    none, nan = np.zeros(0), math.nan
    return Measured(
        promotion, np.zeros(0, dtype="datetime64[M]"), none, none, none, nan, nan, promotion.uplift, nan, nan,
        nan, nan, nan, nan, nan, nan, "", together, why,
    )  # fmt: skip
