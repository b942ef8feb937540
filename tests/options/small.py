"""Companies so small that the best option is known by hand."""

from __future__ import annotations

import pandas as pd

from sop_core.planner import Planner, prepare
from sop_core.snapshot import Snapshot
from tests import published

Tables = dict[str, pd.DataFrame]


def full_line(demand: tuple[float, ...] = (100.0, 100.0, 115.0), **settings: object) -> Tables:
    """One line of 100 h a month, 1 h a unit, overtime at 3 an hour but none allowed; made to order at 4, sold at 10.

    What is not made in its month is late or lost: an hour of overtime there is worth 10 - 4 - 3.
    """
    return {
        "products": pd.DataFrame(
            {"product": ["P"], "price": [10.0], "unit_cost": [4.0], "policy": ["MTO"], "elasticity": [float("nan")]}
        ),
        "demand_plan": published.demand(demand),
        "sites": pd.DataFrame({"site": ["Plant"], "kind": ["plant"]}),
        "resources": pd.DataFrame(
            {
                "resource": ["Line"],
                "site": ["Plant"],
                "hours": [100.0],
                "overtime_hours": [0.0],
                "hour_cost": [0.0],
                "overtime_cost": [3.0],
            }
        ),
        "sources": pd.DataFrame({"source": ["make"], "product": ["P"], "site": ["Plant"], "unit_cost": [4.0]}),
        "routings": pd.DataFrame({"source": ["make"], "resource": ["Line"], "hours_per_unit": [1.0]}),
        "settings": published.settings(len(demand), frozen_months=0, **settings),
    }  # fmt: skip


def contract() -> Tables:
    """Bought at 4 under a contract of at most 100 a month, sold at 10 to order: 30 are missing in the last month."""
    tables = full_line((100.0, 100.0, 130.0))
    for name in ("resources", "routings"):
        del tables[name]
    tables["sources"] = pd.DataFrame(
        {
            "source": ["buy"],
            "product": ["P"],
            "site": ["Plant"],
            "kind": ["buy"],
            "supplier": ["Seller"],
            "unit_cost": [4.0],
            "max_quantity": [100.0],
        }
    )
    return tables


def scarce_material() -> Tables:
    """Made at 4 to order, sold at 10, of 2 tubes each, of which the mill sends at most 200 a month and nobody holds
    any: 30 units are missing in the last month."""
    tables = full_line((100.0, 100.0, 130.0))
    for name in ("resources", "routings"):
        del tables[name]
    tables["suppliers"] = pd.DataFrame({"supplier": ["Mill"]})
    tables["materials"] = pd.DataFrame({"material": ["Tube"], "supplier": ["Mill"], "max_quantity": [200.0]})
    tables["bom"] = pd.DataFrame({"product": ["P"], "material": ["Tube"], "quantity_per": [2.0]})
    return tables


def narrow_lane() -> Tables:
    """Made at 4 to order, sold at 10, of which the one lane carries 100 a month: 30 are missing in the last month."""
    tables = full_line((100.0, 100.0, 130.0))
    for name in ("resources", "routings"):
        del tables[name]
    tables["regions"] = pd.DataFrame({"region": ["North"]})
    tables["demand_plan"] = tables["demand_plan"].assign(region="North")
    tables["lanes"] = pd.DataFrame({"origin": ["Plant"], "destination": ["North"], "max_quantity": [100.0]})
    return tables


def promoted() -> Tables:
    """The full line with a promotion in February that sells what the line cannot make: nothing may be moved but it."""
    tables = full_line((100.0, 100.0, 100.0))
    tables["segments"] = pd.DataFrame({"segment": ["All"], "priority": [1], "backorders": [False]})
    tables["demand_plan"] = tables["demand_plan"].assign(segment="All")
    tables["promotions"] = pd.DataFrame(
        {
            "promotion": ["Push"],
            "start": [pd.Timestamp("2027-02-01")],
            "end": [pd.Timestamp("2027-02-28")],
            "product": ["P"],
            "uplift": [0.3],
            "price_change": [-0.1],
            "cost": [20.0],
        }
    )
    return tables


def planner(tables: Tables) -> Planner:
    """A planner of a company."""
    return Planner(prepare(Snapshot.from_tables(tables, 1)))
