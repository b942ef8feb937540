"""Plans side by side: KPIs, differences month by month, where they differ most.

kpi_table(plans, reference)          one row a KPI, values and differences
by_month(plan, MEASURES["margin"])   a measure by product (or resource) and month; sums to its KPI
findings(a, b)                       what differs most in volume, load, stock and cash, as sentences
"""

from sop_core.compare.findings import Finding, findings
from sop_core.compare.months import (
    MEASURES,
    REST,
    Measure,
    by_month,
    cash_by_item,
    margin_by_item,
    over_horizon,
)
from sop_core.compare.tables import COST_TITLES, kpi_table, margin_bridge

__all__ = [
    "COST_TITLES",
    "MEASURES",
    "REST",
    "Finding",
    "Measure",
    "by_month",
    "cash_by_item",
    "findings",
    "kpi_table",
    "margin_bridge",
    "margin_by_item",
    "over_horizon",
]
