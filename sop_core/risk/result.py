"""What a simulation found: KPIs by path, month by month, and which items carry the risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sop_core.calendar import MonthArray
from sop_core.inputs import Floats
from sop_core.kpis import KPIS, ratio
from sop_core.money import MONTH_DAYS, ON_TERMS, outstanding
from sop_core.plan import Plan
from sop_core.risk.follow import Walk

#: KPIs that move with demand; the others stay as planned, because the plan is committed.
SIMULATED: Final = (
    "revenue", "cost", "margin", "margin_rate", "service_level", "fill_rate", "demand", "served", "backlog",
    "lost_sales", "revenue_at_risk", "stock_value", "stock_units", "target_reached", "days_of_supply", "turns",
    "working_capital", "cash",
)  # fmt: skip
#: KPIs whose risk is shared out to items.
CARRIED: Final = ("service_level", "margin", "stock_value")
#: P10, P50 and P90.
QUANTILES: Final = (0.1, 0.5, 0.9)
#: Costs that follow demand; the others are committed.
MOVING: Final = ("transport", "storage", "holding", "backlog", "lost_sales")


@dataclass(frozen=True)
class Risk:
    """One plan on many paths. Every path counts the same."""

    name: str  #: of the scenario
    fingerprint: str  #: of the scenario
    seed: int
    months: MonthArray
    items: tuple[str, ...]
    planned: dict[str, float]  #: KPI -> value of the plan
    kpis: dict[str, Floats]  #: KPI -> [p], see SIMULATED
    by_month: dict[str, Floats]  #: service_level, stock_value, cash, margin, revenue -> [p, t]
    planned_by_month: dict[str, Floats]  #: the same of the plan [t]
    item_late: Floats  #: [p, i] units not served in their month
    item_demand: Floats  #: [p, i] units asked for
    item_margin: (
        Floats  #: [p, i] revenue less transport, storage, holding, backlog and lost-sale costs, money
    )
    item_stock: Floats  #: [p, i] stock value, average over months, money

    @property
    def paths(self) -> int:
        """Number of paths."""
        return len(self.item_late)

    def bands(self, kpi: str) -> tuple[float, float, float]:
        """P10, P50 and P90 of a KPI: so many per cent of the paths lie below."""
        low, middle, high = np.quantile(self.kpis[kpi], QUANTILES)
        return float(low), float(middle), float(high)

    def month_bands(self, measure: str) -> Floats:
        """[3, t] P10, P50 and P90 by month; each month by itself."""
        result: Floats = np.quantile(self.by_month[measure], QUANTILES, axis=0)
        return result


def collect(plan: Plan, walks: Sequence[Walk], seed: int) -> Risk:
    """Puts blocks together and works out the KPIs, by the definitions of kpis.py and money.py."""
    inputs = plan.inputs
    month = {
        name: np.concatenate([getattr(walk, name) for walk in walks], axis=1).T
        for name in (
            "demand", "late", "served", "served_cost", "need_cost", "backlog", "lost", "at_risk", "revenue",
            "transport", "storage", "holding", "backlog_cost", "lost_cost", "stock_units", "stock_value",
            "short_target",
        )
    }  # fmt: skip
    end_backlog = np.concatenate([walk.end_backlog for walk in walks])
    committed = np.sum([v for name, v in plan.money.costs.items() if name not in MOVING], axis=0)
    declared = month["holding"] + month["backlog_cost"] + month["lost_cost"]
    cost = committed + month["transport"] + month["storage"] + declared
    revenue, stock = month["revenue"], month["stock_value"]
    bought = np.sum([plan.money.costs[name] for name in ON_TERMS if name in plan.money.costs], axis=0)
    bought = np.broadcast_to(bought, revenue.shape)
    policy = inputs.policy
    receivables = outstanding(revenue, policy.receivable_days)
    payables = outstanding(bought, policy.payable_days)
    terms = receivables - payables
    opening = (revenue[:, :1] * policy.receivable_days - bought[:, :1] * policy.payable_days) / MONTH_DAYS
    cash = revenue - cost + declared - np.diff(np.concatenate([opening, terms], axis=1), axis=1)
    asked = month["demand"].sum(axis=1)
    wanted = asked + float(inputs.demand.opening_backlog.sum())
    target = float(inputs.stock_target.sum())
    ahead = np.concatenate([month["need_cost"][:, 1:], month["need_cost"][:, -1:]], axis=1)
    days = ratio(stock, ahead) * MONTH_DAYS
    kpis = {
        "revenue": revenue.sum(axis=1),
        "cost": cost.sum(axis=1),
        "margin": (revenue - cost).sum(axis=1),
        "margin_rate": ratio((revenue - cost).sum(axis=1), revenue.sum(axis=1)),
        "service_level": 1.0 - ratio(month["late"].sum(axis=1), asked, 0.0),
        "fill_rate": 1.0 - ratio(month["lost"].sum(axis=1) + end_backlog, wanted, 0.0),
        "demand": asked,
        "served": month["served"].sum(axis=1),
        "backlog": month["backlog"].mean(axis=1),
        "lost_sales": month["lost"].sum(axis=1),
        "revenue_at_risk": month["at_risk"].sum(axis=1),
        "stock_value": stock.mean(axis=1),
        "stock_units": month["stock_units"].mean(axis=1),
        "target_reached": 1.0 - month["short_target"].sum(axis=1) / target
        if target > 0
        else np.ones(len(asked)),
        "days_of_supply": _known_mean(days),
        "turns": ratio(month["served_cost"].sum(axis=1) * 12 / inputs.horizon, stock.mean(axis=1)),
        "working_capital": (stock + terms).mean(axis=1),
        "cash": cash.sum(axis=1),
    }
    by_month = {
        "service_level": 1.0 - ratio(month["late"], month["demand"], 0.0),
        "stock_value": stock,
        "cash": cash,
        "margin": revenue - cost,
        "revenue": revenue,
    }
    return Risk(
        name=plan.scenario.name,
        fingerprint=plan.scenario.fingerprint(),
        seed=seed,
        months=inputs.months,
        items=inputs.items,
        planned={name: plan.kpis[name] for name in SIMULATED},
        kpis=kpis,
        by_month=by_month,
        planned_by_month={name: KPIS[name].series(plan.facts) for name in by_month},
        item_late=_by_path(walks, "item_late"),
        item_demand=_by_path(walks, "item_demand"),
        item_margin=_by_path(walks, "item_margin"),
        item_stock=_by_path(walks, "item_stock"),
    )


def _by_path(walks: Sequence[Walk], name: str) -> Floats:
    result: Floats = np.concatenate([getattr(walk, name) for walk in walks], axis=1).T.copy()
    return result


def _known_mean(values: Floats) -> Floats:
    """[p] mean over the months that are known; nan where none is."""
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1).astype(float))


# -- what carries the risk --------------------------------------------------------------------------------


def carriers(risk: Risk, measure: str, missed: NDArray[np.bool_] | None = None) -> Floats:
    """[i] each item's part of the risk in a measure; adds up to 1 (all 0 where there is none).

    service_level: its part of the units late or lost, in the paths that miss the target (`missed` [p]; without it, or
    where none does, in all). margin, stock_value: its covariance with the total over the total's variance, so an item
    that runs against the others lowers it (a negative part). Raises ValueError for another measure.
    """
    if measure == "service_level":
        late = risk.item_late
        if missed is not None and missed.any():
            late = late[missed]
        units = late.sum(axis=0)
        return units / units.sum() if units.sum() > 0 else np.zeros_like(units)
    if measure not in CARRIED:
        raise ValueError(
            f"the risk of {measure} is not shared out to items; choose one of {', '.join(CARRIED)}"
        )
    values = risk.item_margin if measure == "margin" else risk.item_stock
    own = values - values.mean(axis=0)
    total = own.sum(axis=1)
    spread = float(total @ total)
    # A spread that is rounding of the values themselves is none.
    if spread <= 1e-20 * float((values**2).sum()):
        return np.zeros(values.shape[1])
    result: Floats = own.T @ total / spread
    return result


def by_family(parts: Floats, family: Sequence[str]) -> dict[str, float]:
    """Parts of items added up to families, largest first."""
    out: dict[str, float] = {}
    for name, part in zip(family, parts.tolist(), strict=True):
        out[name] = out.get(name, 0.0) + part
    return dict(sorted(out.items(), key=lambda one: -one[1]))


def beats(one: Risk, other: Risk, kpi: str) -> float:
    """Probability that `one` is better than `other` in a KPI on the same path; equal is not better. nan for KPIs of
    which neither more nor less is better. Raises ValueError where the paths are not the same."""
    if (one.seed, one.paths, one.items) != (other.seed, other.paths, other.items):
        raise ValueError("scenarios are compared on the same paths only: same seed, number and company")
    direction = KPIS[kpi].direction
    if direction == "level":
        return float("nan")
    ahead = one.kpis[kpi] - other.kpis[kpi]
    if direction == "down":
        ahead = -ahead
    noise = 1e-9 * np.maximum(np.abs(one.kpis[kpi]), np.abs(other.kpis[kpi]))
    return float((ahead > noise).mean())
