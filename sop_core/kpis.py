"""Every KPI: one definition (formula, unit, direction), used by screens, tooltips, exports and docs alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from sop_core.demand.layers import DemandPlan
from sop_core.inputs import Floats, Inputs
from sop_core.money import MONTH_DAYS, Money
from sop_core.supply.result import Solution


@dataclass(frozen=True, slots=True)
class Facts:
    """What a KPI is worked out from."""

    inputs: Inputs
    demand: DemandPlan
    solution: Solution
    money: Money
    forecast_bias: float  #: of the backtests, nan without a forecast


@dataclass(frozen=True, slots=True)
class Kpi:
    """A KPI. `series` gives its months [t]; `total` its value over the horizon.

    `unit`: money, units, fraction, days, hours, turns. `direction`: up = more is favourable, down = less is,
    level = nearer to its target is.
    """

    name: str
    title: str
    formula: str
    unit: str
    direction: str
    total: Callable[[Facts], float]
    series: Callable[[Facts], Floats]


#: Nothing to divide by: far below any quantity, far above what a division of quantities overflows at.
_NOTHING = 1e-60


def ratio(above: Floats, below: Floats, empty: float = np.nan) -> Floats:
    """`above` / `below`, entry by entry; `empty` where there is nothing to divide by."""
    return np.divide(
        above, below, out=np.full_like(np.asarray(above, dtype=float), empty), where=below > _NOTHING
    )


def _part(above: float, below: float, empty: float = float("nan")) -> float:
    return float(above / below) if below > _NOTHING else empty


def _months(values: Floats) -> Floats:
    """Sums everything but the last axis."""
    return values.reshape(-1, values.shape[-1]).sum(axis=0)


def on_time(facts: Facts) -> Floats:
    """[i, r, m, t] units served in the month they were asked for (the oldest order is served first)."""
    units = facts.demand.total
    result: Floats = units - np.minimum(units, facts.solution.backlog + facts.solution.lost)
    return result


def _unserved(facts: Facts) -> float:
    return float(facts.solution.lost.sum() + facts.solution.backlog[..., -1].sum())


def _regular_capacity(facts: Facts) -> Floats:
    """[q, t] regular hours at hand: machine hours, and heads x hours where people stand behind it."""
    resource, solution = facts.inputs.resource, facts.solution
    here = 1.0 - resource.outage
    people = np.where(resource.people[:, None], solution.headcount * resource.hours_per_head, np.inf)
    result: Floats = np.minimum(resource.hours, people) * here
    return result


def utilisation(facts: Facts) -> Floats:
    """[q, t] load / regular hours; inf without hours but with load, nan where there is no limit."""
    regular = _regular_capacity(facts)
    load = facts.solution.load
    out = np.divide(load, regular, out=np.where(load > 1e-9, np.inf, 0.0), where=regular > _NOTHING)
    result: Floats = np.where(np.isfinite(regular), out, np.nan)
    return result


def _utilisation_total(facts: Facts) -> float:
    regular = _regular_capacity(facts)
    bounded = np.isfinite(regular).all(axis=1)
    return _part(facts.solution.load[bounded].sum(), regular[bounded].sum())


def _utilisation_series(facts: Facts) -> Floats:
    regular = _regular_capacity(facts)
    bounded = np.isfinite(regular).all(axis=1)
    return ratio(facts.solution.load[bounded].sum(axis=0), regular[bounded].sum(axis=0))


def _peak(facts: Facts) -> Floats:
    values = utilisation(facts)
    known = np.isfinite(values).any(axis=1)
    return values[known].max(axis=0) if known.any() else np.full(facts.inputs.horizon, np.nan)


def _cost_of_served(facts: Facts) -> Floats:
    """[t] units served x standard cost."""
    return np.einsum("irmt,i->t", facts.solution.served, facts.inputs.item.unit_cost)


def _days_of_supply(facts: Facts) -> Floats:
    """[t] stock value / the next month's demand at standard cost, in days (the last month uses its own)."""
    need = np.einsum("irmt,i->t", facts.demand.total, facts.inputs.item.unit_cost)
    ahead = np.concatenate([need[1:], need[-1:]])
    return ratio(facts.money.stock_value, ahead) * MONTH_DAYS


def _total(values: Callable[[Facts], Floats]) -> Callable[[Facts], float]:
    return lambda facts: float(values(facts).sum())


def _average(values: Callable[[Facts], Floats]) -> Callable[[Facts], float]:
    def mean(facts: Facts) -> float:
        found = values(facts)
        return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")

    return mean


def _flow(
    name: str, title: str, formula: str, unit: str, direction: str, values: Callable[[Facts], Floats]
) -> Kpi:
    return Kpi(name, title, formula, unit, direction, _total(values), values)


def _balance(
    name: str, title: str, formula: str, unit: str, direction: str, values: Callable[[Facts], Floats]
) -> Kpi:
    return Kpi(name, title, formula, unit, direction, _average(values), values)


_KPIS = (
    _flow(
        "revenue",
        "Revenue",
        "Units served x the price of the month in which they were asked for",
        "money",
        "up",
        lambda f: f.money.revenue,
    ),
    _flow("cost", "Cost", "Sum of all cost components", "money", "down", lambda f: f.money.cost),
    _flow("margin", "Margin", "Revenue - cost", "money", "up", lambda f: f.money.margin),
    Kpi(
        "margin_rate",
        "Margin rate",
        "Margin / revenue",
        "fraction",
        "up",
        lambda f: _part(f.money.margin.sum(), f.money.revenue.sum()),
        lambda f: ratio(f.money.margin, f.money.revenue),
    ),
    Kpi(
        "service_level",
        "Service level",
        "Units served in the month they were asked for / units asked for",
        "fraction",
        "up",
        lambda f: _part(on_time(f).sum(), f.demand.total.sum(), 1.0),
        lambda f: ratio(_months(on_time(f)), _months(f.demand.total), 1.0),
    ),
    Kpi(
        "fill_rate",
        "Fill rate",
        "Units served, on time or late / (units asked for + opening backlog)",
        "fraction",
        "up",
        lambda f: _part(
            f.demand.total.sum() + f.inputs.demand.opening_backlog.sum() - _unserved(f),
            f.demand.total.sum() + f.inputs.demand.opening_backlog.sum(),
            1.0,
        ),
        lambda f: ratio(_months(f.solution.served), _months(f.demand.total), 1.0),
    ),
    _flow(
        "demand",
        "Unconstrained demand",
        "Baseline + promotions + price + launches + run-down + events + input",
        "units",
        "up",
        lambda f: _months(f.demand.total),
    ),
    _flow(
        "served",
        "Served",
        "Units delivered, on time or late",
        "units",
        "up",
        lambda f: _months(f.solution.served),
    ),
    _flow(
        "output",
        "Output",
        "Units received from all sources",
        "units",
        "up",
        lambda f: _months(f.solution.received),
    ),
    _balance(
        "backlog",
        "Backlog",
        "Units asked for and not yet delivered, at month end; average over months",
        "units",
        "down",
        lambda f: _months(f.solution.backlog),
    ),
    _flow(
        "lost_sales",
        "Lost sales",
        "Units that could not wait and were not served",
        "units",
        "down",
        lambda f: _months(f.solution.lost),
    ),
    Kpi(
        "revenue_at_risk",
        "Revenue at risk",
        "(Units lost + backlog left at the end) x price",
        "money",
        "down",
        lambda f: float(
            (f.solution.lost * f.demand.price).sum()
            + (f.solution.backlog[..., -1] * f.demand.price[..., -1]).sum()
        ),
        lambda f: (
            _months(f.solution.lost * f.demand.price)
            + np.eye(f.inputs.horizon)[-1]
            * float((f.solution.backlog[..., -1] * f.demand.price[..., -1]).sum())
        ),
    ),
    _balance(
        "stock_value",
        "Stock value",
        "Units in stock x standard cost, at month end; average over months",
        "money",
        "down",
        lambda f: f.money.stock_value,
    ),
    _balance(
        "stock_units",
        "Stock",
        "Units in stock at month end; average over months",
        "units",
        "down",
        lambda f: _months(f.solution.stock),
    ),
    Kpi(
        "target_reached",
        "Stock target reached",
        "1 - units missing to the stock targets / stock targets",
        "fraction",
        "up",
        lambda f: 1.0 - _part(f.solution.short_target.sum(), _target(f).sum(), 0.0),
        lambda f: 1.0 - ratio(_months(f.solution.short_target), _months(_target(f)), 0.0),
    ),
    Kpi(
        "days_of_supply",
        "Days of supply",
        "Stock value / the next month's demand at standard cost x 30.4",
        "days",
        "level",
        _average(_days_of_supply),
        _days_of_supply,
    ),
    Kpi(
        "turns",
        "Stock turns",
        "Units served at standard cost, a year / average stock value",
        "turns",
        "up",
        lambda f: _part(_cost_of_served(f).sum() * 12 / f.inputs.horizon, float(f.money.stock_value.mean())),
        lambda f: ratio(_cost_of_served(f) * 12, f.money.stock_value),
    ),
    Kpi(
        "utilisation",
        "Utilisation",
        "Hours needed / regular hours at hand, all resources",
        "fraction",
        "level",
        _utilisation_total,
        _utilisation_series,
    ),
    Kpi(
        "peak_utilisation",
        "Peak utilisation",
        "Hours needed / regular hours of the fullest resource",
        "fraction",
        "level",
        lambda f: float(np.nanmax(_peak(f))) if np.isfinite(_peak(f)).any() else float("nan"),
        _peak,
    ),
    _flow(
        "overtime_hours",
        "Overtime",
        "Overtime hours worked",
        "hours",
        "down",
        lambda f: f.solution.overtime.sum(axis=0),
    ),
    _balance(
        "headcount",
        "Headcount",
        "Heads behind the resources; average over months",
        "heads",
        "level",
        lambda f: f.solution.headcount.sum(axis=0),
    ),
    _balance(
        "working_capital",
        "Working capital",
        "Stock value + receivables - payables, at month end; average over months",
        "money",
        "down",
        lambda f: f.money.working_capital,
    ),
    _flow(
        "cash",
        "Cash flow",
        "Margin without holding, backlog and lost-sale costs, less the growth of receivables net of payables",
        "money",
        "up",
        lambda f: f.money.cash_flow,
    ),
    Kpi(
        "forecast_bias",
        "Forecast bias",
        "Sum of (forecast - actual) / sum of actual in the backtests; positive = over-forecast",
        "fraction",
        "level",
        lambda f: f.forecast_bias,
        lambda f: np.full(f.inputs.horizon, np.nan),
    ),
)


def _target(facts: Facts) -> Floats:
    return facts.inputs.stock_target


KPIS: Mapping[str, Kpi] = MappingProxyType({kpi.name: kpi for kpi in _KPIS})


def kpi_values(facts: Facts) -> dict[str, float]:
    """Every KPI over the horizon."""
    return {name: float(kpi.total(facts)) for name, kpi in KPIS.items()}


def favourable(name: str, delta: float, tolerance: float = 0.0) -> bool | None:
    """Whether a change of that KPI is favourable; None where it is neither (no change, or level KPIs)."""
    direction = KPIS[name].direction
    if direction == "level" or abs(delta) <= tolerance or np.isnan(delta):
        return None
    return (delta > 0) == (direction == "up")
