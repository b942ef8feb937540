"""Prophet's maximum a posteriori estimate, computed in this process for many series at once.

Same model and posterior as Prophet's Stan program (Taylor & Letham 2018, "Forecasting at scale", and
`prophet.stan`), for linear or flat growth with one yearly Fourier seasonality and extra regressors:

    trend(t) = k t + m + sum_j delta_j max(t - c_j, 0)              (t, y scaled as Prophet scales them)
    y ~ N(trend + X beta, sigma)            additive
    y ~ N(trend (1 + X beta), sigma)        multiplicative
    k, m ~ N(0, 5)    delta ~ Laplace(0, tau)    beta ~ N(0, s)    sigma ~ N+(0, 0.5)

Why not Stan: a fit there is a subprocess and two files for a problem of some forty unknowns. Here sigma has
a closed form given the rest, the Laplace prior is handled by iterative reweighting (|d| is majorised by a
parabola through the last |d|), and what is left is one ridge regression, or a Gauss-Newton step where
seasonality multiplies. Each step can only lower the objective, or it is halved.

X holds the Fourier columns and the regressors, standardised as Prophet does; each has its own prior scale s.
Day-level holidays and logistic growth are not here: real Prophet does those (see baseline.py).
Everything is done row by row or by LAPACK on one row's matrix, so that a series' digits do not depend on
which other series share its batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

YEAR_DAYS = 365.25
_SCALE_KM = 5.0  # prior scale of k and m
_SIGMA_PRIOR = 0.5
# With more unknowns than months a perfect fit has unbounded posterior density as sigma goes to 0; a noise of
# a ten-thousandth of the largest value is below anything a plan can use, so it stops there.
_SIGMA_FLOOR = 1e-4
_REWEIGHTED_FIRST = 6  # steps before looking ahead
_DELTA_FLOOR = 1e-10  # a changepoint at exactly 0 could never come back under reweighting


@dataclass(frozen=True)
class ProphetSpec:
    """One Prophet model: the arguments of `Prophet(...)` that matter for monthly data."""

    growth: Literal["linear", "flat", "logistic"] = "linear"
    seasonality_mode: Literal["additive", "multiplicative"] = "additive"
    yearly_order: int = 6
    n_changepoints: int = 25
    changepoint_range: float = 0.8
    changepoint_prior_scale: float = 0.05
    seasonality_prior_scale: float = 10.0
    regressor_prior_scale: float = 10.0


@dataclass(frozen=True)
class MapFit:
    """Fitted parameters of n series that share their dates; all but `y_scale` on Prophet's scale."""

    spec: ProphetSpec
    start: float  # first date, days since 1970-01-01
    span: float  # days from first to last date
    changepoints: Array  # (S,) on the scaled time axis
    y_scale: Array  # (n,) units of y
    theta: Array  # (n, 2 + S + K + R): k, m, delta, beta of the season, beta of the regressors
    sigma: Array  # (n,)
    objective: Array  # (n,) negative log posterior, without constants
    iterations: int
    usual: Array  # (R,) what is taken off each regressor
    unit: Array  # (R,) and what it is divided by

    def predict(self, days: Array, regressors: Array | None = None) -> Array:
        """Forecast at `days` (days since 1970-01-01), in units of y: shape (n, len(days)).

        regressors: (len(days), R), as many as the fit had. Raises ValueError for any other number.
        """
        t = (np.asarray(days, dtype=np.float64) - self.start) / self.span
        trend_basis = _trend_basis(t, self.changepoints, self.spec)
        season = _columns(days, self.spec, self._standard(regressors, t.size))
        n_trend = trend_basis.shape[1]
        trend = _rows_dot(self.theta[:, :n_trend], trend_basis)
        seasonal = _rows_dot(self.theta[:, n_trend:], season)
        scaled = (
            trend * (1.0 + seasonal) if self.spec.seasonality_mode == "multiplicative" else trend + seasonal
        )
        forecast: Array = scaled * self.y_scale[:, None]
        return forecast

    def regressor_effect(self, regressors: Array) -> Array:
        """What the regressors (T, R) add, (n, T): units of y, or a share of the trend where they multiply."""
        standard = self._standard(regressors, len(regressors))
        effect = _rows_dot(self.theta[:, self.theta.shape[1] - self.usual.size :], standard)
        return effect if self.spec.seasonality_mode == "multiplicative" else effect * self.y_scale[:, None]

    def _standard(self, regressors: Array | None, rows: int) -> Array:
        given = np.empty((rows, 0)) if regressors is None else np.asarray(regressors, dtype=np.float64)
        if given.shape != (rows, self.usual.size):
            raise ValueError(
                f"the fit has {self.usual.size} regressors: give one value of each for every date"
            )
        return (given - self.usual) / self.unit


def fourier(days: Array, order: int) -> Array:
    """Prophet's yearly Fourier columns sin, cos, sin 2, cos 2... at `days` since 1970-01-01: (T, 2 order)."""
    days = np.asarray(days, dtype=np.float64)
    angle = 2.0 * np.pi * days[:, None] * (np.arange(1, order + 1) / YEAR_DAYS)
    columns = np.empty((days.size, 2 * order))
    columns[:, 0::2] = np.sin(angle)
    columns[:, 1::2] = np.cos(angle)
    return columns


def changepoint_times(t: Array, n_changepoints: int, changepoint_range: float) -> Array:
    """Prophet's grid of potential changepoints, on the scaled time axis `t` (sorted, 0 to 1)."""
    history = int(np.floor(t.size * changepoint_range))
    count = min(n_changepoints, history - 1)
    if count <= 0:
        return np.zeros(1)  # Prophet's dummy: one extra slope at the start
    positions = np.linspace(0, history - 1, count + 1).round().astype(int)
    points: Array = t[positions[1:]]
    return points


def fit_map(
    days: Array,
    y: Array,
    spec: ProphetSpec,
    *,
    regressors: Array | None = None,
    max_iter: int = 120,
    tol: float = 5e-5,
    of_noise: float = 1e-3,
) -> MapFit:
    """MAP fit of the rows of `y` (n, T), observed at the same `days` (T,) since 1970-01-01, ascending.

    regressors: (T, R), the same for all rows, in any unit.

    `tol` is the largest change of a fitted value, as a share of max|y|, at which a row is finished; where the
    noise is small, `of_noise` of that.
    Raises ValueError if fewer than two dates are given, y or a regressor holds NaN or infinity, or growth is
    logistic.
    """
    if spec.growth == "logistic":
        raise ValueError("fit_map has linear and flat growth; logistic growth is the Prophet package's")
    days = np.asarray(days, dtype=np.float64)
    y = np.atleast_2d(np.asarray(y, dtype=np.float64))
    if days.size < 2 or y.shape[1] != days.size:
        raise ValueError("fit_map needs at least two dates and one value for each of them")
    extra = np.empty((days.size, 0)) if regressors is None else np.asarray(regressors, dtype=np.float64)
    if extra.ndim != 2 or len(extra) != days.size:
        raise ValueError("fit_map needs one value of each regressor for every date")
    if not (np.isfinite(y).all() and np.isfinite(extra).all()):
        raise ValueError("fit_map needs finite values")
    span = float(days[-1] - days[0])
    t = (days - days[0]) / span
    points = changepoint_times(t, spec.n_changepoints, spec.changepoint_range)
    y_scale = np.abs(y).max(axis=1)
    y_scale[y_scale == 0.0] = 1.0
    usual, unit = _standards(extra)
    problem = _Problem(_trend_basis(t, points, spec), _columns(days, spec, (extra - usual) / unit), spec)
    theta, sigma, objective, iterations = _solve(problem, y / y_scale[:, None], max_iter, tol, of_noise)
    return MapFit(
        spec, float(days[0]), span, points, y_scale, theta, sigma, objective, iterations, usual, unit
    )


def _standards(extra: Array) -> tuple[Array, Array]:
    """What Prophet takes off each regressor and divides it by: mean and standard deviation; a column of zeros
    and ones, or one that never changes, stays as it is."""
    usual, unit = np.zeros(extra.shape[1]), np.ones(extra.shape[1])
    for r, column in enumerate(extra.T):
        if not set(np.unique(column)) <= {0.0, 1.0} and np.ptp(column) > 0.0:
            usual[r], unit[r] = column.mean(), column.std(ddof=1)
    return usual, unit


def _columns(days: Array, spec: ProphetSpec, standard: Array) -> Array:
    """Fourier columns and standardised regressors, (T, 2 order + R)."""
    return np.hstack([fourier(days, spec.yearly_order), standard])


def neg_log_posterior(
    days: Array,
    y: Array,
    spec: ProphetSpec,
    k: float,
    m: float,
    delta: Array,
    beta: Array,
    sigma: float,
    regressors: Array | None = None,
) -> float:
    """Prophet's negative log posterior (without constants) of one series at the given parameters."""
    days = np.asarray(days, dtype=np.float64)
    extra = np.empty((days.size, 0)) if regressors is None else np.asarray(regressors, dtype=np.float64)
    usual, unit = _standards(extra)
    t = (days - days[0]) / (days[-1] - days[0])
    points = changepoint_times(t, spec.n_changepoints, spec.changepoint_range)
    problem = _Problem(_trend_basis(t, points, spec), _columns(days, spec, (extra - usual) / unit), spec)
    theta = np.concatenate([[k, m], np.ravel(delta), np.ravel(beta)])[None, :]
    if spec.growth == "flat":
        theta = np.concatenate([[m], np.ravel(beta)])[None, :]
    scale = np.abs(y).max() or 1.0
    ssr = ((y[None, :] / scale - problem.mean(theta)) ** 2).sum(axis=1)
    return float(_neg_log_likelihood(ssr, np.array([sigma]), days.size)[0] + problem.penalty(theta)[0])


class _Problem:
    """Design and priors shared by all rows of a batch."""

    def __init__(self, trend: Array, season: Array, spec: ProphetSpec) -> None:
        self.trend = trend
        self.season = season
        self.n_trend = trend.shape[1]
        self.multiplicative = spec.seasonality_mode == "multiplicative"
        self.tau = spec.changepoint_prior_scale
        n_fixed = 1 if spec.growth == "flat" else 2
        self.laplace = slice(n_fixed, self.n_trend)
        # prior variance of each normal parameter; the Laplace ones are refilled at each step
        self.variance = np.full(self.n_trend + season.shape[1], spec.seasonality_prior_scale**2)
        self.variance[:n_fixed] = _SCALE_KM**2
        self.variance[self.n_trend + 2 * spec.yearly_order :] = spec.regressor_prior_scale**2
        self.design = np.hstack([trend, season])

    def mean(self, theta: Array) -> Array:
        trend = _rows_dot(theta[:, : self.n_trend], self.trend)
        seasonal = _rows_dot(theta[:, self.n_trend :], self.season)
        fitted: Array = trend * (1.0 + seasonal) if self.multiplicative else trend + seasonal
        return fitted

    def penalty(self, theta: Array) -> Array:
        normal = theta**2 / (2.0 * self.variance)
        normal[:, self.laplace] = 0.0
        total: Array = normal.sum(axis=1) + np.abs(theta[:, self.laplace]).sum(axis=1) / self.tau
        return total

    def step(self, y: Array, theta: Array, sigma: Array, touch: Array) -> Array:
        """Minimiser of the objective linearised at theta, noise held, and |delta| replaced by the parabola
        that touches it at `touch` (n, S), positive."""
        n, p = theta.shape
        root = np.broadcast_to(np.sqrt(self.variance), (n, p)).copy()
        root[:, self.laplace] = np.sqrt(self.tau * np.maximum(touch, _DELTA_FLOOR))
        # In units of its prior's and the noise's standard deviations each parameter is N(0, 1): a plain ridge.
        scale = root / sigma[:, None]
        if self.multiplicative:
            trend = _rows_dot(theta[:, : self.n_trend], self.trend)
            seasonal = _rows_dot(theta[:, self.n_trend :], self.season)
            jacobian = np.empty((n, *self.design.shape))
            np.multiply(self.trend, (1.0 + seasonal)[:, :, None], out=jacobian[:, :, : self.n_trend])
            np.multiply(self.season, trend[:, :, None], out=jacobian[:, :, self.n_trend :])
            jacobian *= scale[:, None, :]
            # f(theta) + J (new - theta) = J new - trend * seasonal
            target = (y + trend * seasonal) / sigma[:, None]
        else:
            jacobian = self.design * scale[:, None, :]
            target = y / sigma[:, None]
        transposed = jacobian.transpose(0, 2, 1)
        if self.design.shape[0] < p:
            # Fewer months than parameters: the same ridge by its dual, one equation per month.
            dual = jacobian @ transposed
            dual[:, np.arange(dual.shape[1]), np.arange(dual.shape[1])] += 1.0
            return (transposed @ np.linalg.solve(dual, target[:, :, None]))[:, :, 0] * root
        matrix = transposed @ jacobian
        matrix[:, np.arange(p), np.arange(p)] += 1.0
        solution: Array = np.linalg.solve(matrix, transposed @ target[:, :, None])[:, :, 0] * root
        return solution


def _solve(
    problem: _Problem, y: Array, max_iter: int, tol: float, of_noise: float
) -> tuple[Array, Array, Array, int]:
    n = len(y)
    p = problem.design.shape[1]
    theta = np.zeros((n, p))
    # Start at the level of the series with changepoints free to move as far as their prior expects.
    theta[:, 0 if problem.laplace.start == 1 else 1] = y.mean(axis=1)
    theta[:, problem.laplace] = problem.tau
    sigma = np.maximum(y.std(axis=1), 0.05)
    theta = problem.step(y, theta, sigma, theta[:, problem.laplace])
    first = _evaluate(problem, y, theta)
    fitted, sigma, value = first.fitted, first.sigma, first.value
    size = np.maximum(np.abs(theta[:, problem.laplace]), _DELTA_FLOOR)
    shrink = np.ones_like(size)  # how each |delta| changed in the last step
    active = np.arange(n)
    iterations = 0
    while active.size and iterations < max_iter:
        iterations += 1
        rows = active
        # Reweighting alone takes a changepoint that belongs at 0 there by the same factor in each step.
        # Touching the parabola where two more such steps would lead is several times faster. It may
        # overshoot: hence limits, and the plain step, which goes downhill, for rows that it does not help.
        ahead = shrink[rows] ** 2 if iterations > _REWEIGHTED_FIRST else 1.0
        goal = problem.step(y[rows], theta[rows], sigma[rows], size[rows] * ahead)
        new = _evaluate(problem, y[rows], goal)
        failed = ~(new.value <= value[rows])
        if failed.any():
            plain = rows[failed]
            goal = problem.step(y[plain], theta[plain], sigma[plain], size[plain])
            new.put(failed, _descend(problem, y[plain], theta[plain], goal, value[plain]))
        moved = np.abs(new.fitted - fitted[rows]).max(axis=1)
        theta[rows], fitted[rows], sigma[rows], value[rows] = new.theta, new.fitted, new.sigma, new.value
        reached = np.maximum(np.abs(new.theta[:, problem.laplace]), _DELTA_FLOOR)
        shrink[rows] = np.clip(reached / size[rows], 0.5, 2.0)
        size[rows] = reached
        # A fit with little noise is judged by its noise: there, small moves still change the objective.
        active = rows[moved > np.minimum(tol, of_noise * new.sigma)]
    return theta, sigma, value, iterations


@dataclass
class _State:
    """Parameters of some rows, and what follows from them."""

    theta: Array
    fitted: Array
    sigma: Array
    value: Array

    def put(self, rows: npt.NDArray[np.bool_], other: _State) -> None:
        self.theta[rows], self.fitted[rows] = other.theta, other.fitted
        self.sigma[rows], self.value[rows] = other.sigma, other.value


def _evaluate(problem: _Problem, y: Array, theta: Array) -> _State:
    """The noise that fits best, and the objective, at theta."""
    fitted = problem.mean(theta)
    ssr = ((y - fitted) ** 2).sum(axis=1)
    sigma = _best_sigma(ssr, y.shape[1])
    return _State(theta, fitted, sigma, _neg_log_likelihood(ssr, sigma, y.shape[1]) + problem.penalty(theta))


def _descend(problem: _Problem, y: Array, old: Array, goal: Array, value: Array) -> _State:
    """Walk from `old` towards `goal`, halving the step of each row until its objective does not rise; a row
    for which no step of a four-thousandth or more helps stays where it is."""
    share = np.ones(len(old))
    for _ in range(12):
        new = _evaluate(problem, y, old + share[:, None] * (goal - old))
        worse = ~(new.value <= value + 1e-12 * np.abs(value))
        if not worse.any():
            return new
        share[worse] *= 0.5
    share[worse] = 0.0
    return _evaluate(problem, y, old + share[:, None] * (goal - old))


def _best_sigma(ssr: Array, months: int) -> Array:
    """argmin over sigma of T log(sigma) + ssr / (2 sigma^2) + 2 sigma^2: root of 4 s^4 + T s^2 = ssr."""
    sigma: Array = np.sqrt(2.0 * ssr / (months + np.sqrt(months**2 + 16.0 * ssr)))
    return np.maximum(sigma, _SIGMA_FLOOR)


def _neg_log_likelihood(ssr: Array, sigma: Array, months: int) -> Array:
    value: Array = months * np.log(sigma) + ssr / (2.0 * sigma**2) + sigma**2 / (2.0 * _SIGMA_PRIOR**2)
    return value


def _trend_basis(t: Array, points: Array, spec: ProphetSpec) -> Array:
    if spec.growth == "flat":
        return np.ones((t.size, 1))
    return np.column_stack([t, np.ones(t.size), np.maximum(t[:, None] - points[None, :], 0.0)])


def _rows_dot(rows: Array, matrix: Array) -> Array:
    """rows @ matrix.T, one row at a time: a batched product rounds differently with the batch's size."""
    product: Array = (rows[:, None, :] @ matrix.T[None, :, :])[:, 0, :]
    return product
