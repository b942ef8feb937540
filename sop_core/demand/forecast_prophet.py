"""The Prophet member of the forecast: the mean of two Prophet models, for many histories at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sop_core.demand.forecast_season import Array
from sop_core.demand.prophet_map import ProphetSpec, fit_map

if TYPE_CHECKING:
    from sop_core.demand.forecast_series import ForecastSettings

#: What working days may do, as a share of the largest value and one standard deviation of the days: a tenth.
_REGRESSOR_PRIOR = 0.1
_LARGEST_EFFECT = 2.0
#: Weights and past errors are known to a few percent at best: the last digits of a backtest's fit tell nothing.
#: Measured on public series: a third fewer steps, forecasts within 0.2 % of the largest value for nine of ten.
_ROUGH, _EXACT = (2e-4, 4e-3), (5e-5, 1e-3)


@dataclass(frozen=True)
class Span:
    """Dates of one history and of what is to be forecast, days since 1970-01-01, and what is known of them.

    regressors: (len(known) + len(ahead), K), or None. backtest: whether it only serves to weigh the methods.
    """

    known: Array
    ahead: Array
    regressors: Array | None = None
    backtest: bool = False

    @property
    def key(self) -> tuple[bytes, bytes, bytes, bool]:
        """Histories with the same key are fitted together."""
        columns = b"" if self.regressors is None else self.regressors.tobytes()
        return self.known.tobytes(), self.ahead.tobytes(), columns, self.backtest


def prophet_pair(order: int, cycles: float) -> tuple[ProphetSpec, ProphetSpec]:
    """The two Prophet models whose mean is one member: on log y, and multiplicative.

    Prophet's default lets the trend bend only in the first 80 % of the history, which loses to naive methods
    on monthly data. Its freedom to bend, `changepoint_prior_scale`, is stated per length of history, whatever
    that is, for 25 points. The same freedom per month, as a random walk of the slope, grows with length^1.5:
    below five years it is reduced accordingly, or two years could bend as much as five.
    """
    share = min(1.0, cycles / 5.0) ** 1.5
    return (
        ProphetSpec(
            yearly_order=order,
            changepoint_range=0.95,
            changepoint_prior_scale=0.05 * share,
            regressor_prior_scale=_REGRESSOR_PRIOR,
        ),
        ProphetSpec(
            yearly_order=order,
            changepoint_range=1.0,
            changepoint_prior_scale=0.2 * share,
            seasonality_mode="multiplicative",
            regressor_prior_scale=_REGRESSOR_PRIOR,
        ),
    )


def prophet_member(
    histories: Sequence[Array], spans: Sequence[Span], period: int, settings: ForecastSettings
) -> tuple[list[Array], list[Array | None]]:
    """Forecast of each history; and by what factor its regressors move each period, past and future.

    Histories with the same dates are fitted together, without any effect on each other.
    """
    order = 6 if period == 12 else max(1, period // 2)
    out: list[Array] = [np.empty(0)] * len(histories)
    effects: list[Array | None] = [None] * len(histories)
    groups: dict[tuple[bytes, bytes, bytes, bool], list[int]] = {}
    for j, span in enumerate(spans):
        groups.setdefault(span.key, []).append(j)
    for members in groups.values():
        span = spans[members[0]]
        y = np.array([histories[j] for j in members])
        pair = _logistic if settings.growth == "logistic" else _pair
        forecast, effect = pair(y, span, order, period, settings)
        for position, j in enumerate(members):
            out[j] = forecast[position]
            effects[j] = None if effect is None else effect[position]
    return out, effects


def _pair(
    y: Array, span: Span, order: int, period: int, settings: ForecastSettings
) -> tuple[Array, Array | None]:
    on_log, multiplicative = prophet_pair(order, span.known.size / period)
    # Prophet's priors see log y on its own scale: in percent of the largest value, the unit of y does not
    # matter. A history that touches zero has no logarithm: its first model is fitted to y itself.
    peak = np.abs(y).max(axis=1, keepdims=True)
    percent = 100.0 * y / np.where(peak > 0.0, peak, 1.0)
    logged = (y.min(axis=1) > 0.0)[:, None]
    inner = np.where(logged, np.log(np.where(logged, percent, 1.0)), percent)
    first, first_effect = _fit(inner, span, on_log, settings)
    # e^700 is about the largest number there is; the bounds of within_reason are far below
    first = np.where(logged, np.exp(np.minimum(first, 700.0)), first) * peak / 100.0
    second, second_effect = _fit(y, span, multiplicative, settings)
    forecast = np.empty_like(first)
    for row, history in enumerate(y):
        low = bool(history.min() >= 0.0)
        forecast[row] = 0.5 * (
            within_reason(first[row], history, low, period) + within_reason(second[row], history, low, period)
        )
    if first_effect is None or second_effect is None:
        return forecast, None
    on_plain = 1.0 + second_effect
    factor = np.where(logged, np.exp(np.clip(first_effect, -1.0, 1.0)), on_plain)
    return forecast, np.clip(factor, 1.0 / _LARGEST_EFFECT, _LARGEST_EFFECT)


def _fit(y: Array, span: Span, spec: ProphetSpec, settings: ForecastSettings) -> tuple[Array, Array | None]:
    """Forecast (n, ahead), and the regressors' part of the fit, past and future: in units of y, or as a share of
    the trend where the model is multiplicative."""
    known, columns = span.known, span.regressors
    past, future = (None, None) if columns is None else (columns[: known.size], columns[known.size :])
    effect = None
    if settings.prophet == "map" or columns is not None:
        tol, of_noise = _ROUGH if span.backtest else _EXACT
        fit = fit_map(known, y, spec, regressors=past, tol=tol, of_noise=of_noise)
        if columns is not None:
            effect = fit.regressor_effect(columns)
        if settings.prophet == "map":
            return fit.predict(span.ahead, future), effect
    # Imported here: baseline.py, the one module that may import prophet, itself imports this one.
    from sop_core.demand.baseline import prophet_reference

    rows = [prophet_reference(known, row, span.ahead, spec, regressors=columns) for row in y]
    return np.array(rows), effect


def _logistic(
    y: Array, span: Span, order: int, period: int, settings: ForecastSettings
) -> tuple[Array, Array | None]:
    """One Prophet model of growth that saturates, by the Prophet package."""
    from sop_core.demand.baseline import prophet_reference

    spec = ProphetSpec(
        growth="logistic",
        yearly_order=order,
        changepoint_range=0.95,
        seasonality_mode="multiplicative",
        regressor_prior_scale=_REGRESSOR_PRIOR,
    )
    forecast = np.empty((len(y), span.ahead.size))
    for row, history in enumerate(y):
        low = float(history.min())
        found = prophet_reference(
            span.known,
            history,
            span.ahead,
            spec,
            regressors=span.regressors,
            cap=settings.cap * float(np.abs(history).max()),
            floor=settings.cap * low if low < 0.0 else 0.0,
        )
        forecast[row] = within_reason(found, history, low >= 0.0, period)
    if span.regressors is None:
        return forecast, None
    plain = prophet_pair(order, span.known.size / period)[1]
    fit = fit_map(span.known, y, plain, regressors=span.regressors[: span.known.size])
    factor = 1.0 + fit.regressor_effect(span.regressors)
    return forecast, np.clip(factor, 1.0 / _LARGEST_EFFECT, _LARGEST_EFFECT)


def within_reason(forecast: Array, history: Array, non_negative: bool, period: int) -> Array:
    """A member may leave the range of the history by its width, not more: an exponential trend that runs
    away must not carry the mean with it. In the third year only a quarter of that upwards: from two cycles, a
    step in the level (a range launched, a channel won) cannot be told from a season that will come again."""
    low, high = float(history.min()), float(history.max())
    width = max(high - low, 0.5 * max(abs(low), abs(high)))
    above = 0.25 if 2 * period <= history.size < 3 * period else 1.0
    floor = 0.0 if non_negative else low - width
    bounded: Array = np.clip(forecast, max(floor, low - width), high + above * width)
    return bounded
