"""Master data in the contract's columns, from the tables in `company`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sop_core.demo import company, happenings
from sop_core.demo.ahead import FISCAL_YEAR_START, launch_months
from sop_core.demo.clock import HISTORY, Clock
from sop_core.demo.market import FAMILY, PRODUCTS, Floats, day_stamps
from sop_core.demo.plants import RESOURCES, hours_per_unit

_WAITING = 0.10  # part of the price that a month of waiting costs: expediting, penalties
_LOSING = 0.05  # part of the price that a lost sale costs on top of its margin


def unit_costs() -> Floats:
    """[p] standard cost: material, and each hour at its rate."""
    rates = np.array([company.HOUR_RATES[name] for name in RESOURCES], dtype=float)
    cost: Floats = np.round(company.PRODUCTS["material"].to_numpy(dtype=float) + hours_per_unit() @ rates, 2)
    return cost


def products(clock: Clock) -> pd.DataFrame:
    """Products with price, standard cost, policy, launch and end."""
    table = company.PRODUCTS
    families = company.FAMILIES.set_index("family")
    launch = {product: clock.months[HISTORY - age] for product, age in company.YOUNG.items()}
    launch |= launch_months(clock)
    last = (clock.in_season(happenings.PHASE_OUT.month) + 1).astype("datetime64[D]") - 1
    ends = {happenings.PHASE_OUT.product: last}
    return pd.DataFrame(
        {
            "product": table["product"],
            "name": table["name"],
            "category": families.loc[FAMILY, "category"].to_numpy(),
            "family": table["family"],
            "unit": "piece",
            "price": table["price"],
            "unit_cost": unit_costs(),
            "policy": table["policy"],
            "launch": day_stamps([launch.get(product) for product in PRODUCTS]),
            "end": day_stamps([ends.get(product) for product in PRODUCTS]),
            "service_level": families.loc[FAMILY, "service"].to_numpy(),
            "backorder_cost": np.round(table["price"] * _WAITING, 2),
            "lost_sale_cost": np.round(table["price"] * _LOSING, 2),
            "uom_per_pallet": table["pallet"],
            # Only irrigation has been studied; for the rest the price list's own history must tell.
            "elasticity": np.where(FAMILY == "Irrigation", families.loc[FAMILY, "elasticity"], np.nan),
        }
    )


def segments() -> pd.DataFrame:
    """Segments with priority as a whole number and backorders as true or false."""
    out = company.SEGMENTS.copy()
    out["priority"] = out["priority"].astype(int)
    out["backorders"] = out["backorders"] == "true"
    return out


def sources(minimum: Floats, maximum: Floats) -> pd.DataFrame:
    """The usual source of every product, and the alternatives. [p] contract limits; nan = none."""
    home = company.FAMILIES.set_index("family").loc[FAMILY, "home"].to_numpy()
    bought = ~np.isnan(maximum)
    givers = np.where(bought, company.CONTRACT_SUPPLIER, home)
    lead = company.SUPPLIERS.set_index("supplier")["lead_months"]
    usual = pd.DataFrame(
        {
            "source": [f"{product} {giver}" for product, giver in zip(PRODUCTS, givers, strict=True)],
            "product": PRODUCTS,
            "site": np.where(bought, company.CONTRACT_SITE, home),
            "kind": np.where(bought, "buy", "make"),
            "supplier": [company.CONTRACT_SUPPLIER if b else None for b in bought],
            "unit_cost": company.PRODUCTS["material"],
            "lead_months": np.where(bought, int(lead[company.CONTRACT_SUPPLIER]), 0),
            "min_quantity": minimum,
            "max_quantity": maximum,
        }
    )
    table = company.ALTERNATIVES
    material = company.PRODUCTS.set_index("product")["material"]
    other = pd.DataFrame(
        {
            "source": table["source"],
            "product": table["product"],
            "site": table["site"],
            "kind": table["kind"],
            "supplier": table["supplier"],
            "unit_cost": material.loc[table["product"]].to_numpy() + table["extra"],
            "lead_months": table["lead"].astype(int),
            "min_quantity": np.nan,
            "max_quantity": table["most"],
        }
    )
    return pd.concat([usual, other], ignore_index=True)


def routings(sources_table: pd.DataFrame) -> pd.DataFrame:
    """Hours of each made product at home, and of the alternatives that use a line of ours."""
    hours = hours_per_unit()
    rows = []
    usual = sources_table.iloc[: len(PRODUCTS)]["source"]
    for p, source in enumerate(usual):
        rows += [(source, RESOURCES[q], float(hours[p, q])) for q in np.flatnonzero(hours[p] > 0)]
    own = company.ALTERNATIVES[company.ALTERNATIVES["resource"].notna()]
    rows += list(zip(own["source"], own["resource"], own["hours"], strict=True))
    return pd.DataFrame(rows, columns=["source", "resource", "hours_per_unit"])


def bom() -> pd.DataFrame:
    """Materials per unit, in long form."""
    long = company.BOM.melt(id_vars="product", var_name="material", value_name="quantity_per")
    out = long[long["quantity_per"].notna()].sort_values(["product", "material"], ignore_index=True)
    out["site"] = "All"
    return out


def resources() -> pd.DataFrame:
    """Resources under the contract's column names."""
    return company.RESOURCES.rename(columns={"overtime": "overtime_hours", "shift": "shift_hours"})


def workforce() -> pd.DataFrame:
    """People behind the lines under the contract's column names."""
    names = {
        "heads": "headcount",
        "overtime": "overtime_per_head",
        "fewest": "min_headcount",
        "most": "max_headcount",
    }
    return company.WORKFORCE.rename(columns=names)


def whole(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A copy in which these columns are whole numbers."""
    return frame.astype(dict.fromkeys(columns, "int64"))


def settings(clock: Clock) -> pd.DataFrame:
    """The company's settings."""
    values = {
        "company": company.NAME,
        "currency": "EUR",
        "fiscal_year_start": str(FISCAL_YEAR_START),
        "plan_start": f"{clock.plan_start}-01",
        "horizon_months": "18",
        "frozen_months": "1",
        "planning_level": "auto",
        "demand": "forecast",
        "objective": "margin",
        "end_backlog": "lost",
        "service_level": "0.95",
        "holding_rate": "0.20",
        "backorder_cost": "2",
        "lost_sale_cost": "3",
        "receivable_days": "55",
        "payable_days": "45",
        "discount_rate": "0.08",
    }
    return pd.DataFrame({"setting": list(values), "value": list(values.values())})
