"""The budget beside the latest estimate (actuals so far, then the plan), by fiscal year. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pages.parts.grid import Past
from sop_core.calendar import fiscal_year, month_label
from sop_core.inputs import Floats
from sop_core.plan import Plan
from sop_core.planner import Company
from sop_core.projection import budget_by_month


@dataclass(frozen=True, slots=True)
class YearLine:
    """One measure in one fiscal year, over the months for which both sides are known.

    `gap` = latest estimate - budget. `months`: what is compared, e.g. `Jan-Dec 26`.
    """

    year: int
    measure: str  #: revenue, margin or quantity
    budget: float
    estimate: float
    months: str

    @property
    def gap(self) -> float:
        """Latest estimate less budget: positive is above budget."""
        return self.estimate - self.budget


MEASURES = ("revenue", "margin", "quantity")


def budget_months(company: Company, measure: str) -> dict[np.datetime64, float]:
    """The company's budget by month; empty where it brought none for that measure."""
    return budget_by_month(company, measure)


def estimate_months(plan: Plan, past: Past, measure: str) -> dict[np.datetime64, float]:
    """Actuals where they are known, then the plan, by month. The margin of past months is not known."""
    after: Floats = {
        "revenue": plan.money.revenue,
        "margin": plan.money.margin,
        "quantity": plan.solution.served.sum(axis=(0, 1, 2)),
    }[measure]
    before = {"revenue": past.revenue, "quantity": past.sold}.get(measure)
    out: dict[np.datetime64, float] = {}
    if before is not None:
        out |= {
            m: float(np.nansum(before[:, h]))
            for h, m in enumerate(past.months)
            if np.isfinite(before[:, h]).any()
        }
    return out | {m: float(v) for m, v in zip(plan.inputs.months, after, strict=True)}


def by_year(company: Company, plan: Plan, past: Past) -> list[YearLine]:
    """Budget and latest estimate of each fiscal year in which the plan has months, measure by measure."""
    first = company.snapshot.settings.fiscal_year_start
    planned = {fiscal_year(m, first) for m in plan.inputs.months}
    lines = []
    for measure in MEASURES:
        budget, estimate = budget_months(company, measure), estimate_months(plan, past, measure)
        both = sorted(set(budget) & set(estimate))
        for year in sorted({fiscal_year(m, first) for m in both} & planned):
            months = [m for m in both if fiscal_year(m, first) == year]
            lines.append(
                YearLine(
                    year,
                    measure,
                    sum(budget[m] for m in months),
                    sum(estimate[m] for m in months),
                    _span(months),
                )
            )
    return sorted(lines, key=lambda line: (line.year, MEASURES.index(line.measure)))


def _span(months: list[np.datetime64]) -> str:
    first, last = month_label(months[0]), month_label(months[-1])
    return (
        first if len(months) == 1 else f"{first[:3]}-{last}" if first[-2:] == last[-2:] else f"{first}-{last}"
    )
