"""What is planned: budget, price list, promotions, launch, events, stock targets, company targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sop_core.calendar import fiscal_year, timestamps
from sop_core.demo import company, happenings
from sop_core.demo.clock import AHEAD, HISTORY, Clock
from sop_core.demo.literal import rows
from sop_core.demo.market import FAMILY, MTO, PRODUCTS, REGIONS, Floats, Ints, Market, day, day_stamps

_BUDGET_YEARS = 3  # the running fiscal year and the coming two
FISCAL_YEAR_START = 1


def prices(clock: Clock, market: Market) -> pd.DataFrame:
    """Price list: the first month on sale, and each month in which a price changes."""
    changes: list[tuple[np.datetime64, str, float]] = []
    coming = launch_months(clock)
    for p, product in enumerate(PRODUCTS):
        first = HISTORY - company.YOUNG[product] if product in company.YOUNG else 0
        if product in coming:
            first = max(clock.at(coming[product]), 0)
        level = market.price[p]
        moves = [t for t in range(first + 1, HISTORY + AHEAD) if level[t] != level[t - 1]]
        changes += [(clock.months[t], product, float(level[t])) for t in [first, *moves]]
    frame = pd.DataFrame(changes, columns=["month", "product", "price"])
    frame["month"] = timestamps(frame["month"].to_numpy().astype("datetime64[M]"))
    frame.insert(2, "region", "All")
    return frame.sort_values(["month", "product"], kind="stable", ignore_index=True)


def promotions(clock: Clock) -> pd.DataFrame:
    """Promotions, named with their year."""
    table = happenings.PROMOTIONS
    years = table["years"].astype(int)
    return pd.DataFrame(
        {
            "promotion": [f"{name} {clock.season + y}" for name, y in zip(table["name"], years, strict=True)],
            "product": table["product"],
            "family": table["family"],
            "region": table["region"],
            "segment": table["segment"],
            "start": _days(clock, years, table["from"]),
            "end": _days(clock, years, table["to"]),
            "uplift": table["uplift"],
            "pull_forward": table["pull"],
            "pull_months": 1,
            "price_change": table["price"],
            "cost": table["cost"],
        }
    )


def _days(clock: Clock, years: pd.Series, month_days: pd.Series) -> pd.DatetimeIndex:
    """Timestamps of `MM-DD` in each row's year; blank stays blank."""
    pairs = zip(years, month_days, strict=True)
    return day_stamps([day(clock, int(year), text) if text else None for year, text in pairs])


def launch_months(clock: Clock) -> dict[str, np.datetime64]:
    """The first month of sale of each product ahead."""
    table = rows(happenings.LAUNCHES)
    return {row.product: clock.in_season(int(row.month), int(row.years)) for row in table}


def launches(clock: Clock) -> pd.DataFrame:
    """The launches ahead."""
    table = happenings.LAUNCHES
    frame = table[["product", "like_product", "scale", "probability", "cannibalises", "stage"]].copy()
    months = launch_months(clock)
    frame["month"] = timestamps(np.array([months[product] for product in frame["product"]]))
    frame["ramp_months"] = table["ramp"].astype(int)
    frame["cannibal_rate"] = table["rate"]
    frame.insert(1, "region", "All")
    return frame


def events(clock: Clock) -> pd.DataFrame:
    """What moves the business from inside or outside."""
    table = happenings.EVENTS
    out = table[["event", "kind"]].copy()
    out["start"] = _days(clock, table["years"], table["from"])
    # An event that ends in an earlier month than it began ends in the next year.
    turns = table["to"].fillna("99") < table["from"]
    out["end"] = _days(clock, table["years"] + turns, table["to"])
    out[["scope", "impact", "owner"]] = table[["scope", "impact", "owner"]]
    out["note"] = [happenings.EVENT_NOTES[event] for event in table["event"]]
    return out


def budget(clock: Clock, market: Market) -> pd.DataFrame:
    """The running fiscal year and the coming two, by family and region: units, revenue, margin."""
    first = fiscal_year(clock.plan_start, FISCAL_YEAR_START)
    years = np.array([fiscal_year(month, FISCAL_YEAR_START) for month in clock.months])
    inside: Ints = np.flatnonzero((years >= first) & (years < first + _BUDGET_YEARS))
    by_region = (market.expected + launch_demand(clock, market)).sum(axis=2)[..., inside]
    money = by_region * market.price[:, None, inside]
    blocks = []
    for row in rows(happenings.BUDGET):
        own = row.family == FAMILY
        units = by_region[own].sum(axis=0) * row.stretch
        revenue = money[own].sum(axis=0) * row.stretch
        for r, region in enumerate(REGIONS):
            block = pd.DataFrame({"month": timestamps(clock.months[inside])})
            block["family"], block["region"] = row.family, region
            block["quantity"] = np.round(units[r])
            block["revenue"] = np.round(revenue[r], -1)
            block["margin"] = np.round(revenue[r] * row.margin, -1)
            blocks.append(block)
    whole = pd.concat(blocks, ignore_index=True)
    return whole.sort_values(["month", "family", "region"], kind="stable", ignore_index=True)


def launch_demand(clock: Clock, market: Market) -> Floats:
    """[p, r, m, t] launches at their ramps, less what they take from the products they resemble."""
    out = np.zeros_like(market.expected)
    months = launch_months(clock)
    for row in rows(happenings.LAUNCHES):
        ramp = np.clip((np.arange(HISTORY + AHEAD) - clock.at(months[row.product]) + 1) / row.ramp, 0, 1)
        sold = market.expected[PRODUCTS.index(row.like_product)] * ramp * row.scale * row.probability
        out[PRODUCTS.index(row.product)] += sold
        out[PRODUCTS.index(row.cannibalises)] -= sold * row.rate
    return out


def stock_targets() -> pd.DataFrame:
    """Safety stock in days of the coming demand; slow movers in units. Nothing is held of make-to-order."""
    days = company.FAMILIES.set_index("family")["target_days"]
    slow = {"DIG-15": 450.0}
    wanted = [
        (product, "All", slow.get(product), None if product in slow else float(days[FAMILY[p]]))
        for p, product in enumerate(PRODUCTS)
        if not MTO[p]
    ]
    frame = pd.DataFrame(wanted, columns=["product", "site", "target", "days"])
    return frame.astype({"target": "float64", "days": "float64"})
