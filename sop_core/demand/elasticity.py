"""Price elasticity from history, with its uncertainty, and only where past price moves can tell it.

log(demand) = level + trend + season + elasticity x log(list price) + error, where the level may wander, the trend
bend and the error carry over from month to month, each as far as the restricted likelihood says. Demand is the
cleansed history. An item's estimate is drawn towards its group's (family, or category where families are planned)
as far as the items of the group cannot be told apart (DerSimonian & Laird 1986). Errors of items and group are
taken as fully correlated, since they share their market: intervals are rather too wide than too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from sop_core.calendar import MonthArray
from sop_core.changes.demand import DEFAULT_ELASTICITY
from sop_core.demand.error_kinds import whiteners
from sop_core.inputs import Bools, Floats

#: What history must offer: months with demand, price moves of at least `LEAST_MOVE` that held `HELD` months.
LEAST_MONTHS = 30
LEAST_MOVES = 2
LEAST_MOVE = 0.02
HELD = 4
#: Part of the months in which something must have been sold.
LEAST_SOLD = 0.9
#: Estimates below this are no market's: something else happened at the price moves.
LOWEST = -6.0
#: Spread of elasticities about the default before history is asked.
PRIOR_SPREAD = 1.0
#: Spread between a product that history says nothing of and its group, in points of elasticity.
_STRANGER = 0.3


@dataclass(frozen=True, slots=True)
class Elasticity:
    """What history says of one item's elasticity. `why` is empty where it was estimated.

    `price` and `demand` [n] are the points behind it: log price against its mean, and log demand without
    level, trend and season.
    """

    name: str
    value: float
    error: float  #: standard error
    freedom: float  #: degrees of freedom
    moves: int  #: price moves of at least LEAST_MOVE
    months: int  #: months with demand
    r2: float  #: part of the variance, season and trend left aside, that price explains
    pooled: str  #: group that it leans on; empty = its own history alone
    why: str
    price: Floats
    demand: Floats

    def interval(self, level: float) -> tuple[float, float]:
        """(low, high) of the estimate at that level, 0..1; nan where there is none."""
        if self.why:
            return math.nan, math.nan
        half = float(stdtrit(self.freedom, 0.5 + level / 2.0)) * self.error
        return self.value - half, self.value + half

    @property
    def clear(self) -> bool:
        """Whether history tells it: an estimate whose 95 % interval lies below zero, and within what markets do."""
        return not self.why and self.value >= LOWEST and self.interval(0.95)[1] < 0

    @property
    def cautious(self) -> float:
        """What to plan with: the estimate drawn towards the default by its error. Estimates that were let
        through because they are clear are too large on average (the winner's curse)."""
        if self.why:
            return math.nan
        own, prior = 1.0 / self.error**2, 1.0 / PRIOR_SPREAD**2
        return (own * self.value + prior * DEFAULT_ELASTICITY) / (own + prior)

    def verdict(self) -> str:
        """`-1.6, between -2.3 and -0.9 (95 %), from 3 price moves`, or why history cannot tell."""
        if self.why:
            return f"history cannot tell: {self.why}"
        low, high = self.interval(0.95)
        moves = f"{self.moves} price moves" if self.moves else "the price moves of others"
        said = f"{self.value:.1f}, between {low:.1f} and {high:.1f} (95 %), from {moves}"
        said += f", leaning on {self.pooled}" if self.pooled else ""
        said = said.replace("-", "\N{MINUS SIGN}")
        if self.clear:
            return said
        return f"history cannot tell: {said}" + (
            ", below what any market does" if self.value < LOWEST else ", which includes none at all"
        )


def price_moves(price: Floats, known: Bools) -> int:
    """How often a list price [h] moved by at least `LEAST_MOVE` and stayed at its new level for `HELD` months;
    the last level counts where it held as long. Only months `known` count."""
    values = price[known]
    if not len(values):
        return 0
    moves, level = 0, float(values[0])
    for t in range(1, len(values)):
        if abs(math.log(values[t] / level)) < math.log1p(LEAST_MOVE) - 1e-9:
            continue
        stays = values[t : t + HELD]
        if len(stays) == HELD and np.all(np.abs(np.log(stays / values[t])) < LEAST_MOVE / 2):
            moves, level = moves + 1, float(values[t])
    return moves


def estimate(name: str, months: MonthArray, units: Floats, price: Floats) -> Elasticity:
    """The elasticity of one series [h] from its own history."""
    known = (units > 0) & (price > 0) & np.isfinite(price)
    started = np.flatnonzero(known)
    moves = price_moves(price, known)
    why = _too_little(known, started, moves, price)
    if why:
        return _untold(name, why, moves, int(known.sum()))
    at = np.flatnonzero(known)
    y, x = np.log(units[at]), np.log(price[at])
    x = x - x.mean()
    others = _controls(months, at)
    design = np.column_stack([others, x])
    fit = _gls(y, design, at)
    if not np.isfinite(fit.error) or fit.error <= 0:
        return _untold(name, "the price only moved with the season or the trend", moves, len(at))
    cleaned = y - others @ fit.coefficients[:-1]
    spread = float(np.var(cleaned))
    left = float(np.var(cleaned - fit.coefficients[-1] * x))
    return Elasticity(
        name=name,
        value=float(fit.coefficients[-1]),
        error=fit.error,
        freedom=fit.freedom,
        moves=moves,
        months=len(at),
        r2=max(1.0 - left / spread, 0.0) if spread > 0 else 0.0,
        pooled="",
        why="",
        price=x,
        demand=cleaned,
    )


def _untold(name: str, why: str, moves: int, months: int) -> Elasticity:
    none = np.zeros(0)
    return Elasticity(name, math.nan, math.nan, math.nan, moves, months, 0.0, "", why, none, none)


def _too_little(known: Bools, started: np.ndarray, moves: int, price: Floats) -> str:
    if len(started) < LEAST_MONTHS:
        return f"{len(started)} months with demand and price, {LEAST_MONTHS} are needed"
    if len(started) < LEAST_SOLD * (started[-1] - started[0] + 1):
        return "too many months without demand"
    if moves >= LEAST_MOVES:
        return ""
    least = f"{LEAST_MOVES} moves of at least {LEAST_MOVE:.0%}, each held {HELD} months, are needed".replace(
        "%", " %"
    )
    steps = np.abs(np.diff(np.log(price[known])))
    steps = steps[steps > 1e-4]
    if not len(steps):
        return f"its price never moved; {least}"
    times = "once" if len(steps) == 1 else f"{len(steps)} times"
    return f"its price moved {times}, by at most {100 * np.expm1(steps.max()):.1f} %; {least}"


def _controls(months: MonthArray, at: np.ndarray) -> Floats:
    """[n, k] level, linear trend, and season: a level a calendar month from four years on, else three waves."""
    years = at / 12.0
    month = months[at].astype(int) % 12
    columns = [np.ones(len(at)), years - years.mean()]
    if len(at) >= 48:
        columns += [(month == m).astype(float) for m in range(1, 12)]
    else:
        angle = 2 * np.pi * month / 12
        columns += [wave(k * angle) for k in (1, 2, 3) for wave in (np.sin, np.cos)]
    return np.column_stack(columns)


@dataclass(frozen=True, slots=True)
class _Fit:
    coefficients: Floats
    error: float  #: standard error of the last coefficient
    freedom: float


def _gls(y: Floats, design: Floats, at: np.ndarray) -> _Fit:
    """Generalised least squares over months `at` (gaps allowed). What the error may be like (white, carried
    over, a wandering level, a bending trend) is averaged by restricted likelihood, so that not knowing it
    widens the interval."""
    n, k = design.shape
    if n - k < 6 or np.linalg.matrix_rank(design) < k:
        return _Fit(np.zeros(k), math.nan, 1.0)
    found = [_known_error(y, design, error) for error in whiteners(tuple((at - at[0]).tolist()))]
    score = np.array([likelihood for _, _, likelihood in found])
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    coefficients = np.sum([w * c for w, (c, _, _) in zip(weight, found, strict=True)], axis=0)
    slopes = np.array([c[-1] for c, _, _ in found])
    within = np.array([v for _, v, _ in found])
    variance = float(weight @ (within + (slopes - coefficients[-1]) ** 2))
    return _Fit(coefficients, math.sqrt(variance), max((n - k) / 2.0, 4.0))


def _known_error(y: Floats, design: Floats, error: tuple[Floats, float]) -> tuple[Floats, float, float]:
    """(coefficients, variance of the last one, restricted log-likelihood) under one covariance."""
    whiten, log_determinant = error
    n, k = design.shape
    x, target = whiten @ design, whiten @ y
    inverse = np.linalg.inv(x.T @ x)
    coefficients: Floats = inverse @ (x.T @ target)
    rest = target - x @ coefficients
    sigma2 = max(float(rest @ rest) / (n - k), 1e-12)
    _, log_information = np.linalg.slogdet(x.T @ x)
    likelihood = -0.5 * (log_determinant + log_information + (n - k) * math.log(sigma2))
    return coefficients, sigma2 * float(inverse[-1, -1]), float(likelihood)


def pooled(items: list[Elasticity], group: Elasticity, group_name: str) -> list[Elasticity]:
    """Each item's estimate drawn towards its group's by how far the items can be told apart. Items without an
    estimate of their own take the group's with a wider interval; without a group they stay as they are."""
    if group.why or len(items) < 2:
        return items
    told = [item for item in items if not item.why]
    between = _between(told)
    out = []
    for item in items:
        if item.why:
            # Its own history says nothing: nearly the group's, less sure.
            error = math.hypot(group.error, max(math.sqrt(between), _STRANGER))
            out.append(
                replace(
                    item,
                    value=group.value,
                    error=error,
                    freedom=group.freedom,
                    moves=0,
                    pooled=group_name,
                    why="",
                )
            )
            continue
        own = between / (between + item.error**2) if between > 0 else 0.0
        value = own * item.value + (1 - own) * group.value
        error = math.hypot(own * item.error + (1 - own) * group.error, (1 - own) * math.sqrt(between))
        freedom = own * item.freedom + (1 - own) * group.freedom
        out.append(replace(item, value=value, error=error, freedom=freedom, pooled=group_name))
    return out


def _between(items: list[Elasticity]) -> float:
    """Variance between items beyond their errors (DerSimonian & Laird 1986), at least 0."""
    if len(items) < 2:
        return 0.0
    value = np.array([item.value for item in items])
    weight = np.array([1.0 / item.error**2 for item in items])
    mean = float(weight @ value / weight.sum())
    q = float(weight @ (value - mean) ** 2)
    room = float(weight.sum() - (weight**2).sum() / weight.sum())
    return max((q - (len(items) - 1)) / room, 0.0) if room > 0 else 0.0
