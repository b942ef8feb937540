"""The planning level: which items are planned, and what part of an item each product is.

A planning item is a product, or a family where there are many products (setting planning_level). A family
whose products are got in different ways (made, bought) is planned as one item per way, since a bought
product cannot be made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.calendar import month_column
from sop_core.snapshot import Snapshot

#: `auto` plans families above this number of products (ARCHITECTURE, "Plan at the level...").
AUTO_LIMIT = 60

_WAY = {"make": "made", "buy": "bought", "subcontract": "subcontracted"}


@dataclass(frozen=True, slots=True)
class PlanningItems:
    """Items in order, and the product map. `share` is the part of its item that a product is (sums to 1)."""

    level: str
    names: tuple[str, ...]
    title: tuple[str, ...]  #: for screens; product names where unique
    family: tuple[str, ...]
    category: tuple[str, ...]
    unit: tuple[str, ...]
    products: tuple[tuple[str, ...], ...]
    position: dict[str, int]  #: product -> item position
    share: dict[str, float]  #: product -> part of the item's volume


def planning_items(snapshot: Snapshot, volume: pd.Series | None = None) -> PlanningItems:
    """The planning items of a company. `volume`: recent units by product, for the mix within families."""
    products = snapshot.table("products").sort_values(["category", "family", "product"], kind="stable")
    level = snapshot.settings.planning_level
    if level == "auto":
        level = "family" if len(products) > AUTO_LIMIT else "product"
    single = {str(name): [str(name)] for name in products["product"]}
    groups = single if level == "product" else _families(snapshot, products)
    indexed = products.set_index("product")
    recent = (recent_volume(snapshot) if volume is None else volume).clip(lower=0.0).to_dict()
    position: dict[str, int] = {}
    share: dict[str, float] = {}
    for at, members in enumerate(groups.values()):
        weights = np.array([recent.get(product, 0.0) for product in members], dtype=float)
        total = weights.sum()
        weights = weights / total if total > 0 else np.full(len(members), 1.0 / len(members))
        for product, weight in zip(members, weights, strict=True):
            position[product], share[product] = at, float(weight)
    first = [members[0] for members in groups.values()]
    unit = indexed["unit"].to_dict()
    units = [sorted({unit[product] for product in members}) for members in groups.values()]
    return PlanningItems(
        level=level,
        names=tuple(groups),
        title=_titles(groups, indexed["name"]) if level == "product" else tuple(groups),
        family=tuple(indexed.loc[first, "family"]),
        category=tuple(indexed.loc[first, "category"]),
        unit=tuple(u[0] if len(u) == 1 else "unit" for u in units),
        products=tuple(tuple(members) for members in groups.values()),
        position=position,
        share=share,
    )


def _titles(groups: dict[str, list[str]], names: pd.Series) -> tuple[str, ...]:
    """Product names, with the identifier behind those that occur twice."""
    twice = set(names[names.duplicated(keep=False)])
    said = names.to_dict()
    return tuple(f"{said[p]} ({p})" if said[p] in twice else str(said[p]) for p in groups)


def _families(snapshot: Snapshot, products: pd.DataFrame) -> dict[str, list[str]]:
    sources = snapshot.table("sources")
    active = sources[sources["active"].astype(bool)]
    first_kind = (
        active.sort_values("unit_cost", kind="stable").drop_duplicates("product").set_index("product")["kind"]
    )
    kinds = first_kind.to_dict()  # a Series without rows would not map names
    way = [str(kinds.get(product, "buy")) for product in products["product"]]
    # A family name may occur in two categories; items must stay apart and keep readable names.
    twice = products.groupby("family")["category"].nunique()
    groups: dict[tuple[str, str, str], list[str]] = {}
    for product, family, category, kind in zip(
        products["product"], products["family"], products["category"], way, strict=True
    ):
        groups.setdefault((category, family, kind), []).append(product)
    ways = pd.Series([(c, f) for c, f, _ in groups]).value_counts()
    named: dict[str, list[str]] = {}
    for (category, family, kind), members in groups.items():
        name = f"{family} ({category})" if twice[family] > 1 else family
        if ways[(category, family)] > 1:
            name = f"{name}, {_WAY[kind]}"
        named[name] = members
    return named


def recent_volume(snapshot: Snapshot, months: int = 12) -> pd.Series:
    """Units by product over the last closed months of sales, else of the demand plan's first months."""
    start = snapshot.settings.plan_start
    for table, first, last in (
        ("sales", start - months, start - 1),
        ("demand_plan", start, start + months - 1),
    ):
        frame = snapshot.table(table)
        if not len(frame):
            continue
        month = month_column(frame["month"])
        recent = frame[(month >= first) & (month <= last)]
        if len(recent) and recent["quantity"].sum() > 0:
            return recent.groupby("product")["quantity"].sum()
    return pd.Series(dtype=float)
