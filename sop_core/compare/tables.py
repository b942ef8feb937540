"""KPIs of plans side by side, and the margin by revenue and cost component."""

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
    "setup": "Setups",
    "hiring": "Hiring",
    "release": "Releases",
    "transport": "Transport",
    "storage": "Storage",
    "holding": "Holding stock",
    "backlog": "Late orders",
    "lost_sales": "Lost sales",
    "promotions": "Promotions",
}


def kpi_table(plans: Sequence[Plan], reference: int = 0) -> pd.DataFrame:
    """One row a KPI: kpi, title, unit, direction, formula, then for plan n `plan_n` (its value), `delta_n` (less that of
    the plan at position `reference`) and `favourable_n` (True, False, None); `delta` and `favourable` are the last
    plan's. Fractions differ in fractions: 0.01 is one percentage point."""
    rows = []
    for name, kpi in KPIS.items():
        values = [plan.kpis[name] for plan in plans]
        against = values[reference]
        row: dict[str, object] = {
            "kpi": name,
            "title": kpi.title,
            "unit": kpi.unit,
            "direction": kpi.direction,
            "formula": kpi.formula,
        }
        for n, value in enumerate(values):
            delta = value - against
            noise = 1e-9 * max(abs(against), 1e-3 if kpi.unit == "fraction" else 1.0)
            good = None if n == reference else favourable(name, delta, noise)
            row |= {f"plan_{n}": value, f"delta_{n}": delta, f"favourable_{n}": good}
        last = len(values) - 1
        row |= {"delta": row[f"delta_{last}"], "favourable": row[f"favourable_{last}"]}
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
