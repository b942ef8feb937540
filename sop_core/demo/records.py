"""What happened, as the contract's tables: sales, inventory, production, capacity and working days."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, timestamps
from sop_core.demo import company, happenings
from sop_core.demo.clock import HISTORY, Clock
from sop_core.demo.market import (
    FAMILY,
    MTO,
    PRODUCTS,
    REGIONS,
    SEGMENTS,
    Floats,
    Ints,
    Market,
    day,
    part_of_month,
    promotion_scope,
)
from sop_core.demo.plants import RESOURCES, Plants, working_days

_CALENDAR_AHEAD = 24
_NAMES = {
    "product": np.array(PRODUCTS, dtype=object),
    "region": np.array(REGIONS, dtype=object),
    "segment": np.array(SEGMENTS, dtype=object),
}
SITES = tuple(company.SITES["site"])
HOME = dict(zip(company.FAMILIES["family"], company.FAMILIES["home"], strict=True))


def stamps(months: MonthArray, at: Ints) -> pd.DatetimeIndex:
    """First of the months at the positions `at`."""
    return timestamps(months[at])


def sales(clock: Clock, market: Market, plants: Plants) -> pd.DataFrame:
    """Deliveries less returns, invoiced at the list price of the month, as each segment realises it."""
    units = plants.delivered.sum(axis=0) - plants.returned
    p, r, m, t = np.nonzero(units)
    realised = company.SEGMENT_MIX.set_index("segment").loc[list(SEGMENTS), "realised"].to_numpy(dtype=float)
    price = market.price[p, t] * realised[m] * _promotion_price(clock)[p, r, m, t]
    quantity = units[p, r, m, t].astype(float)
    return pd.DataFrame(
        {
            "month": stamps(clock.months, t),
            "product": _NAMES["product"][p],
            "region": _NAMES["region"][r],
            "segment": _NAMES["segment"][m],
            "quantity": quantity,
            "revenue": np.round(quantity * price, 2),
        }
    ).sort_values(["month", "product", "region", "segment"], kind="stable", ignore_index=True)


def _promotion_price(clock: Clock) -> Floats:
    """[p, r, m, HISTORY] factor on price while promotions ran."""
    out = np.ones((len(PRODUCTS), len(REGIONS), len(SEGMENTS), HISTORY))
    for _, row in happenings.PROMOTIONS.iterrows():
        years = int(row["years"])
        part = part_of_month(clock.history, day(clock, years, row["from"]), day(clock, years, row["to"]))
        out += np.einsum("p,r,m,t->prmt", *promotion_scope(row), part * row["price"])
    return out


def inventory(clock: Clock, plants: Plants, unit_cost: Floats) -> pd.DataFrame:
    """Stock per site at each month's end, of products made to stock, since they exist."""
    spread = _site_weights()
    exact = plants.stock[:, None, :] * spread[:, :, None]
    units = np.floor(exact).astype(np.int64)
    # What rounding leaves stays at the product's biggest site.
    biggest = spread.argmax(axis=1)
    units[np.arange(len(PRODUCTS)), biggest] += plants.stock - units.sum(axis=1)
    alive = np.cumsum(plants.stock + plants.made, axis=1) > 0
    p, s, t = np.nonzero((spread > 0)[:, :, None] & alive[:, None, :] & ~MTO[:, None, None])
    quantity = units[p, s, t].astype(float)
    return pd.DataFrame(
        {
            "month": stamps(clock.months, t),
            "product": _NAMES["product"][p],
            "site": np.array(SITES, dtype=object)[s],
            "quantity": quantity,
            "value": np.round(quantity * unit_cost[p], 2),
        }
    ).sort_values(["month", "product", "site"], kind="stable", ignore_index=True)


def _site_weights() -> Floats:
    """[p, s] part of a product's stock at each site: its plant, then warehouses as they serve the regions."""
    mix = company.REGION_MIX.set_index("region").loc[list(REGIONS)]
    out = np.zeros((len(PRODUCTS), len(SITES)))
    for p, family in enumerate(FAMILY):
        plant = HOME[family]
        kept = company.PLANT_PART[plant]
        out[p, SITES.index(plant)] = kept
        parts = mix[family] / mix[family].sum()
        for region, part in parts.items():
            out[p, SITES.index(company.SERVED_FROM[str(region)])] += (1 - kept) * part
    return out


def production(clock: Clock, plants: Plants) -> pd.DataFrame:
    """What was made or received against plan, and what is committed for the first month ahead."""
    ahead = plants.planned.shape[1] - HISTORY
    made = np.concatenate([plants.made.astype(float), np.full((len(PRODUCTS), ahead), np.nan)], axis=1)
    p, t = np.nonzero((plants.planned > 0) | (np.nan_to_num(made) > 0))
    return pd.DataFrame(
        {
            "month": stamps(clock.months, t),
            "product": _NAMES["product"][p],
            "site": np.array([HOME[family] for family in FAMILY], dtype=object)[p],
            "quantity": made[p, t],
            "planned_quantity": plants.planned[p, t].astype(float),
        }
    ).sort_values(["month", "product", "site"], kind="stable", ignore_index=True)


def capacity(clock: Clock, plants: Plants) -> pd.DataFrame:
    """Hours worked in the past; ahead only the months that differ: closings and the changeover."""
    usual = company.RESOURCES.set_index("resource")["hours"]
    rows: list[tuple[np.datetime64, str, float | None, float | None, float | None]] = [
        (clock.months[t], name, None, None, round(float(plants.hours[q, t]), 1))
        for t in range(HISTORY)
        for q, name in enumerate(RESOURCES)
    ]
    for t in range(HISTORY, HISTORY + _CALENDAR_AHEAD):
        month, number = clock.months[t], int(clock.month_of_year[t]) + 1
        rows += [
            (month, name, round(float(usual[name]) * parts[number], 1), None, None)
            for name, parts in happenings.CLOSINGS.items()
            if number in parts
        ]
        left = {clock.in_season(n, years): hours for (years, n), hours in happenings.CHANGEOVER.items()}
        if month in left:
            rows.append((month, "Mower Line", *left[month], None))
    frame = pd.DataFrame(rows, columns=["month", "resource", "hours", "overtime_hours", "worked_hours"])
    frame["month"] = timestamps(frame["month"].to_numpy().astype("datetime64[M]"))
    return frame.astype({"hours": "float64", "overtime_hours": "float64", "worked_hours": "float64"})


def working_calendar(clock: Clock) -> pd.DataFrame:
    """Working days of both plants, past and ahead."""
    months = clock.months[: HISTORY + _CALENDAR_AHEAD]
    return pd.concat(
        [
            pd.DataFrame({"month": timestamps(months), "site": s, "working_days": working_days(s, months)})
            for s in company.DAYS_OFF
        ],
        ignore_index=True,
    )
