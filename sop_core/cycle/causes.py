"""What the company's own data say about a month in which a forecast missed: facts, not guesses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sop_core.calendar import month_label, to_month
from sop_core.demand.accuracy import EVERY
from sop_core.planner import Company
from sop_core.schema import ALL
from sop_core.snapshot import rows_of

#: A launch explains misses of its first months.
_YOUNG = 6
_SEASON = 12


def known_causes(company: Company, item: int, region: int, month: np.datetime64) -> tuple[str, ...]:
    """Sentences on what is recorded about an item (and region; EVERY = all) in a closed month: promotions that ran, or
    ran a year before and not then, corrections of the history, launches and ends of its products, events. Empty
    where nothing is recorded.
    """
    return (
        *_promotions(company, item, region, month),
        *_corrections(company, item, region, month),
        *_lives(company, item, month),
        *_events(company, item, region, month),
    )


def _touches(start: pd.Timestamp, end: pd.Timestamp, month: np.datetime64) -> bool:
    """Whether any day of start..end (both included) lies in the month; an open end is the start."""
    first = to_month(start)
    last = first if pd.isna(end) else to_month(end)
    return bool(first <= month <= last)


def _promotions(company: Company, item: int, region: int, month: np.datetime64) -> list[str]:
    products, family = set(company.inputs.item_products[item]), company.inputs.item_family[item]
    now, before = set(), set()
    table = company.snapshot.table("promotions")
    own = table["product"].isin(products) | (table["product"].isna() & (table["family"] == family))
    for row in rows_of(table[own]):
        if not _same_region(company, str(row.region), region):
            continue
        if _touches(row.start, row.end, month):
            now.add(str(row.promotion))
        if _touches(row.start, row.end, month - _SEASON):
            before.add(str(row.promotion))
    said = [f"promotion {name} ran" for name in sorted(now)]
    said += [
        f"promotion {name} ran in {month_label(month - _SEASON)}, not now" for name in sorted(before - now)
    ]
    return said


def _same_region(company: Company, name: str, region: int) -> bool:
    return name == ALL or region == EVERY or name == company.inputs.regions[region]


def _corrections(company: Company, item: int, region: int, month: np.datetime64) -> list[str]:
    """What the cleansing found, whether or not it acts: stock-outs, outliers, channels that did not report. A
    promotion is told by itself."""
    if company.history is None:
        return []
    name = company.inputs.items[item]
    where = (ALL, "") if region == EVERY else (ALL, "", company.inputs.regions[region])
    kinds = dict.fromkeys(
        c.kind
        for c in company.history.corrections
        if c.month == month
        and c.item in (name, ALL)
        and (region == EVERY or c.region in where)
        and c.kind != "promotion"
    )
    return [f"{kind} in the records" for kind in kinds]


def _lives(company: Company, item: int, month: np.datetime64) -> list[str]:
    """Launches and ends of the item's products around the month."""
    products = company.snapshot.table("products")
    own = products[products["product"].isin(company.inputs.item_products[item])]
    own = own[own["launch"].notna() | own["end"].notna()]
    said = []
    for row in rows_of(own):
        if pd.notna(row.launch):
            launch = to_month(row.launch)
            if 0 <= int((month - launch).astype(int)) < _YOUNG:
                said.append(f"{row.name} launched {month_label(launch)}")
            elif -_YOUNG <= int((month - launch).astype(int)) < 0:
                said.append(f"{row.name} launched later, in {month_label(launch)}")
        if pd.notna(row.end):
            end = to_month(row.end)
            if 0 <= int((month - end).astype(int)) < _YOUNG:
                said.append(f"{row.name} ended {month_label(end)}")
    return said


def _events(company: Company, item: int, region: int, month: np.datetime64) -> list[str]:
    inputs = company.inputs
    names = {ALL, inputs.item_family[item], inputs.item_category[item], *inputs.item_products[item]}
    names |= set(inputs.regions) if region == EVERY else {inputs.regions[region]}
    return [
        f"event: {row.event}"
        for row in rows_of(company.snapshot.table("events"))
        if str(row.scope) in names and _touches(row.start, row.end, month)
    ]
