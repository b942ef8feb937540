"""Plans side by side: KPIs, differences, and the margin bridge by component."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sop_core.kpis import KPIS, favourable
from sop_core.plan import Plan

#: Cost components as people say them, in the order of the bridge.
COST_TITLES = {
    "material": "Material",
    "purchase": "Purchases",
    "subcontract": "Subcontracting",
    "regular_labour": "Regular hours",
    "wages": "Wages",
    "overtime": "Overtime",
    "shifts": "Extra shifts",
    "hiring": "Hiring",
    "release": "Releases",
    "transport": "Transport",
    "storage": "Storage",
    "holding": "Holding stock",
    "backlog": "Late orders",
    "lost_sales": "Lost sales",
    "promotions": "Promotions",
}


def kpi_table(plans: Sequence[Plan]) -> pd.DataFrame:
    """One row a KPI: title, unit, direction, a column a plan (by scenario name), and the last plan's difference
    to the first with `favourable` (True, False, None)."""
    rows = []
    for name, kpi in KPIS.items():
        values = [plan.kpis[name] for plan in plans]
        delta = values[-1] - values[0]
        row: dict[str, object] = {
            "kpi": name,
            "title": kpi.title,
            "unit": kpi.unit,
            "direction": kpi.direction,
        }
        row |= {f"plan_{n}": value for n, value in enumerate(values)}
        row |= {"delta": delta, "favourable": favourable(name, delta, 1e-9 * max(abs(values[0]), 1.0))}
        rows.append(row)
    return pd.DataFrame(rows)


def margin_bridge(base: Plan, plan: Plan, least: float = 0.0) -> list[tuple[str, float]]:
    """Steps from the base's margin to the plan's, money: revenue, then each cost component (a rise of cost is
    negative). Sums exactly to the difference; components below `least` are gathered as `Other`."""
    steps = [("Revenue", float(plan.money.revenue.sum() - base.money.revenue.sum()))]
    for name in dict.fromkeys([*COST_TITLES, *plan.money.costs, *base.money.costs]):
        before = float(base.money.costs[name].sum()) if name in base.money.costs else 0.0
        after = float(plan.money.costs[name].sum()) if name in plan.money.costs else 0.0
        steps.append((COST_TITLES.get(name, name.replace("_", " ").capitalize()), before - after))
    shown = [step for step in steps if abs(step[1]) > least]
    rest = sum(amount for label, amount in steps if abs(amount) <= least)
    return shown + ([("Other", rest)] if rest and least else [])
