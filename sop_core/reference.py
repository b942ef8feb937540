"""docs/formulas.md, written from the same definitions that the screens show."""

from __future__ import annotations

import sys

from sop_core.kpis import KPIS

_INTRO = """# Formulas

Every number on a screen has one definition. The KPI table below is written from `sop_core/kpis.py`, which also
feeds the tooltips (`python -m sop_core.reference > docs/formulas.md`); a test holds the two together.

## KPIs

Direction: *up* = more is favourable, *down* = less is favourable, *level* = nearer to its target is.

| KPI | name in files | formula | unit | direction |
| --- | --- | --- | --- | --- |
"""

_REST = """
## Signs

- Variance = actual - plan. LE gap = LE - budget. Difference of a scenario = scenario - base.
- Bias = sum of (forecast - actual) / sum of actual; positive = over-forecast.
- Cost is positive; margin = revenue - cost; objective = margin - penalties. Penalties are wishes (stock targets,
  contract minima, promises that could not be held), never money: they are reported beside the cost, not in it.

## Demand

- Unconstrained demand = baseline + promotions + price + launches + run-down + events + growth + sales input +
  overrides; each layer is what it changes when it is applied, in that order.
- Promotion: demand of its months x (1 + uplift x part of the month it covers) + pull_forward x the demand of each of
  the pull_months months after its end, which lose as much (Chopra & Meindl, *Supply Chain Management*, Sales and
  Operations Planning).
- Price: demand x (1 + price change) ^ elasticity (constant elasticity).
- Launch: like product's demand x scale x probability x min((months since launch + 1) / ramp_months, 1); the product it
  cannibalises loses cannibal_rate of that.
- Interval of a sum of series with half-widths w: sqrt(rho (sum w)^2 + (1 - rho) sum w^2), rho such that the company's
  own interval is met.

## Supply

- Stock at month end = stock before + receipts from sources + arrivals by lane - departures - deliveries.
- Demand + backlog before = served + backlog after + lost. Segments that wait have backlog and lose only at the
  horizon's end; segments that do not wait lose what is late.
- Hours needed = sum of hours_per_unit x units started <= regular + overtime + extra shifts.
- With people: regular <= headcount x hours_per_head, overtime <= headcount x overtime_per_head, headcount = headcount
  before + hired - released; the wage covers regular hours, so hour_cost is not charged for them.
- An order keeps the price of the month in which it was asked for; the oldest is served first. What is left waiting at
  the horizon's end is valued at its own price where it was asked for in the last month, older orders at the mean price
  of theirs.

## Stock policy

- Safety stock = z(service level) x sigma x sqrt(lead time + 1), sigma = standard deviation of one month's forecast error,
  months; periodic review (Silver, Pyke & Thomas, *Inventory and Production Management*).
- Reorder point = demand x lead time + z x sigma x sqrt(lead time) (Snyder & Shen, *Fundamentals of Supply Chain Theory*).
- Economic lot = sqrt(2 K d / h), cost = sqrt(2 K d h) (Harris 1913; Snyder & Shen, ch. 3).
- Kanban containers = demand x replenishment time x (1 + safety) / container, rounded up (Monden).

## Money

- Stock value = units x standard cost. Receivables and payables = the last receivable_days or payable_days of revenue or
  of purchases (material, purchased and subcontracted goods). Working capital = stock value + receivables - payables.
- Cash flow = margin without holding, backlog and lost-sale costs (they are not paid to anybody), less the growth of
  receivables net of payables.
"""


def formulas_page() -> str:
    """The whole page as Markdown."""
    rows = [
        f"| {kpi.title} | `{kpi.name}` | {kpi.formula} | {kpi.unit} | {kpi.direction} |"
        for kpi in KPIS.values()
    ]
    return _INTRO + "\n".join(rows) + "\n" + _REST


if __name__ == "__main__":
    sys.stdout.write(formulas_page())
