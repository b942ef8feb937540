"""Published planning problems in the shape of the data contract: what a company with that problem would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

Tables = dict[str, pd.DataFrame]

START = "2027-01-01"


def months(count: int, start: str = START) -> list[pd.Timestamp]:
    """`count` months from `start`."""
    return list(pd.date_range(start, periods=count, freq="MS"))


def settings(horizon: int, **more: object) -> pd.DataFrame:
    """A settings table for a plan that starts at START."""
    values = {"plan_start": START, "horizon_months": horizon, "demand": "demand_plan"} | more
    return pd.DataFrame({"setting": list(values), "value": [str(value) for value in values.values()]})


def demand(quantities: Sequence[float], product: str = "P", **more: str) -> pd.DataFrame:
    """A demand plan of one product."""
    frame = pd.DataFrame({"month": months(len(quantities)), "product": product, "quantity": quantities})
    return frame.assign(**more)


def opening(quantity: float, site: str = "Plant", product: str = "P") -> pd.DataFrame:
    """Stock at the end of the month before the plan."""
    before = pd.Timestamp(START) - pd.DateOffset(months=1)
    return pd.DataFrame({"month": [before], "product": [product], "site": [site], "quantity": [quantity]})


def red_tomato(case: Mapping[str, Any]) -> Tables:
    """Chopra & Meindl: one product, a workforce with hire and release, overtime, subcontracting, backlog."""
    given, cost = case["inputs"], case["inputs"]["cost"]
    hours = given["days_per_month"] * given["hours_per_day"]
    tables = {
        "products": pd.DataFrame(
            {
                "product": ["P"],
                "price": [given["price"]],
                "unit_cost": [cost["material"]],
                "holding_cost": [cost["holding"]],
                "backorder_cost": [cost["backlog"]],
            }
        ),
        "sites": pd.DataFrame({"site": ["Plant"], "kind": ["plant"]}),
        "demand_plan": demand(given["demand"]),
        "inventory": opening(given["initial_inventory"]),
        "stock_targets": pd.DataFrame(
            {"product": ["P"], "site": ["Plant"], "minimum": [given["ending_inventory_min"]]}
        ),
        "sources": pd.DataFrame(
            {
                "source": ["make", "subcontract"],
                "product": ["P", "P"],
                "site": ["Plant", "Plant"],
                "kind": ["make", "subcontract"],
                "unit_cost": [cost["material"], cost["subcontract_unit"]],
            }
        ),
        "resources": pd.DataFrame(
            {"resource": ["Line"], "site": ["Plant"], "overtime_cost": [cost["overtime_hour"]]}
        ),
        "routings": pd.DataFrame(
            {"source": ["make"], "resource": ["Line"], "hours_per_unit": [given["hours_per_unit"]]}
        ),
        "workforce": pd.DataFrame(
            {
                "resource": ["Line"],
                "headcount": [given["initial_workforce"]],
                "hours_per_head": [hours],
                "wage": [hours * cost["regular_hour"]],
                "overtime_per_head": [given["overtime_hours_per_worker_month"]],
                "hire_cost": [cost["hire"]],
                "release_cost": [cost["layoff"]],
            }
        ),
        "settings": settings(len(given["demand"]), objective="margin", end_backlog="forbidden"),
    }
    if "promo" in given:
        promo = given["promo"]
        first = pd.Timestamp(START) + pd.DateOffset(months=promo["month_index"])
        tables["promotions"] = pd.DataFrame(
            {
                "promotion": ["January promotion"],
                "product": ["P"],
                "start": [first],
                "end": [first + pd.offsets.MonthEnd(0)],
                "uplift": [promo["consumption_increase"]],
                "pull_forward": [promo["forward_buy_fraction"]],
                "pull_months": [promo["forward_months"]],
                "price_change": [-promo["discount"] / given["price"]],
            }
        )
    return tables


def sailco(case: Mapping[str, Any]) -> Tables:
    """Winston: boats made in regular time or overtime; every demand on time."""
    given = case["inputs"]
    return {
        "products": pd.DataFrame({"product": ["P"], "holding_cost": [given["holding"]]}),
        "sites": pd.DataFrame({"site": ["Plant"]}),
        "demand_plan": demand(given["demand"]),
        "inventory": opening(given["initial_inventory"]),
        "sources": pd.DataFrame(
            {
                "source": ["regular", "overtime"],
                "product": ["P", "P"],
                "site": ["Plant", "Plant"],
                "unit_cost": [given["regular_cost"], given["overtime_cost"]],
                "max_quantity": [given["regular_cap"], None],
            }
        ),
        "settings": settings(len(given["demand"])),
    }


def densepack(case: Mapping[str, Any]) -> Tables:
    """Nahmias: hiring and releasing over months of different working days; a final stock to reach."""
    given = case["inputs"]
    # Units that one head makes in a month, to three decimals as in the book.
    output = [round(days * given["units_per_worker_day"], 3) for days in given["days"]]
    return {
        "products": pd.DataFrame({"product": ["P"], "holding_cost": [given["holding"]]}),
        "sites": pd.DataFrame({"site": ["Plant"]}),
        "demand_plan": demand(given["demand"]),
        "inventory": opening(given["initial_inventory"]),
        "stock_targets": pd.DataFrame(
            {"product": ["P"], "site": ["Plant"], "minimum": [given["final_inventory_min"]]}
        ),
        "sources": pd.DataFrame({"source": ["make"], "product": ["P"], "site": ["Plant"]}),
        "resources": pd.DataFrame({"resource": ["Line"], "site": ["Plant"]}),
        "routings": pd.DataFrame({"source": ["make"], "resource": ["Line"], "hours_per_unit": [1.0]}),
        "workforce": pd.DataFrame(
            {
                "resource": ["Line"],
                "headcount": [given["initial_workforce"]],
                "hours_per_day": [1.0],
                "hire_cost": [given["hire"]],
                "release_cost": [given["fire"]],
            }
        ),
        "calendar": pd.DataFrame({"month": months(len(given["days"])), "working_days": output}),
        # The textbook's people never idle: output is what they make.
        "settings": settings(len(given["demand"]), idle_time="false"),
    }


def transport(case: Mapping[str, Any]) -> Tables:
    """A transportation problem: plants with a limit, regions with a demand, lanes with a cost."""
    given = case["inputs"]
    plants = [f"Plant {n + 1}" for n in range(len(given["supply"]))]
    regions = [f"City {n + 1}" for n in range(len(given["demand"]))]
    return {
        "products": pd.DataFrame({"product": ["P"]}),
        "regions": pd.DataFrame({"region": regions}),
        "sites": pd.DataFrame({"site": plants}),
        "demand_plan": pd.DataFrame(
            {"month": pd.Timestamp(START), "product": "P", "region": regions, "quantity": given["demand"]}
        ),
        "sources": pd.DataFrame(
            {"source": plants, "product": "P", "site": plants, "max_quantity": given["supply"]}
        ),
        "lanes": pd.DataFrame(
            [
                {"origin": plant, "destination": region, "unit_cost": given["cost"][p][r]}
                for p, plant in enumerate(plants)
                for r, region in enumerate(regions)
            ]
        ),
        "settings": settings(1),
    }
