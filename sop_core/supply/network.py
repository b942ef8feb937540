"""From a Snapshot and its demand baseline to `Inputs`: the company's arrays at the planning level.

Products roll up to planning items by their share of the item's volume (planning_level.py). What the rollup
takes for granted, and every stand-in for missing data, is listed in `Built.notes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.axes import Axes
from sop_core.calendar import month_column, month_label, months_from
from sop_core.demand.planned import demand_inputs
from sop_core.inputs import (
    Bools,
    Floats,
    Inputs,
    Items,
    Policy,
    Sites,
    Sources,
    Stock,
)
from sop_core.planning_level import PlanningItems
from sop_core.snapshot import DefaultUsed, Snapshot, rows_of
from sop_core.supply.network_supply import lanes, materials, resources, sources
from sop_core.supply.policy import safety_stock


@dataclass(frozen=True, slots=True)
class Built:
    """Inputs and the notes on what stands in for missing data."""

    inputs: Inputs
    notes: tuple[DefaultUsed, ...]


def build_inputs(
    snapshot: Snapshot, items: PlanningItems, base: Floats, sigma: Floats | None, price: Floats | None = None
) -> Built:
    """The company's arrays. `base`: baseline or demand plan [i, r, m, t], units; `sigma`: [i, t] standard
    deviation of the forecast error (None: no forecast, so no safety stock of its own); `price`: [i, r, m, t]
    net price, else list prices are used."""
    notes: list[DefaultUsed] = []
    settings = snapshot.settings
    months = months_from(settings.plan_start, settings.horizon_months)
    regions = tuple(snapshot.table("regions")["region"])
    segments = snapshot.table("segments")
    products = snapshot.table("products").set_index("product")
    site_table = snapshot.table("sites")
    site_names = tuple(site_table["site"])
    axes = Axes(items, site_names, tuple(snapshot.table("resources")["resource"]), regions)
    blended = _item_values(products, items)
    source, source_names = sources(snapshot, axes, months, notes)
    item = Items(
        unit_cost=blended["unit_cost"],
        holding_cost=blended["holding_cost"],
        backorder_cost=blended["backorder_cost"],
        lost_sale_cost=blended["lost_sale_cost"],
        service_level=blended["service_level"],
        make_to_order=_make_to_order(products, items),
    )
    lane = lanes(snapshot, axes, months, notes)
    _note_demand(snapshot, notes)
    inputs = Inputs(
        months=months,
        items=items.names,
        item_family=items.family,
        item_category=items.category,
        item_unit=items.unit,
        item_products=items.products,
        product_share={p: (items.position[p], items.share[p]) for p in items.position},
        level=items.level,
        regions=regions,
        segments=tuple(segments["segment"]),
        site_names=site_names,
        resource_names=axes.resources,
        source_names=source_names,
        material_names=tuple(dict.fromkeys(snapshot.table("materials")["material"])),
        segment_priority=segments["priority"].to_numpy(dtype=float).astype(np.int64),
        segment_waits=segments["backorders"].to_numpy().astype(bool),
        demand=demand_inputs(snapshot, items, months, base, price, axes),
        item=item,
        site=Sites(
            capacity=site_table["storage_capacity"].fillna(np.inf).to_numpy(dtype=float),
            storage_cost=site_table["storage_cost"].to_numpy(dtype=float),
            is_plant=(site_table["kind"] == "plant").to_numpy(),
            region=axes.at(site_table["region"], regions),
        ),
        resource=resources(snapshot, axes, months, notes),
        source=source,
        lane=lane,
        stock=_stock(snapshot, axes, months, base, sigma, source, item, notes),
        material=materials(snapshot, axes, months, source, source_names),
        policy=_policy(snapshot, item),
        currency=settings.currency,
        item_title=items.title,
    )
    return Built(inputs, tuple(notes))


def _note_demand(snapshot: Snapshot, notes: list[DefaultUsed]) -> None:
    """What the demand side takes for granted that a planner would not expect."""
    launches = snapshot.table("launches")
    alone = launches.loc[launches["like_product"].isna(), "product"]
    if len(alone):
        notes.append(
            DefaultUsed(
                "launches",
                "like_product",
                "no demand",
                len(alone),
                f"no like_product ({_shown(alone)}): the launch brings no demand of its own",
            )
        )
    _note_months(snapshot, notes)
    products = snapshot.table("products")
    listed = snapshot.table("prices")
    priced = set(listed.loc[listed["price"] > 0, "product"])
    sales = snapshot.table("sales")
    priced |= set(sales.loc[sales["revenue"] > 0, "product"])
    free = products.loc[(products["price"] <= 0) & ~products["product"].isin(priced), "product"]
    if snapshot.settings.objective == "margin" and len(free):
        notes.append(
            DefaultUsed(
                "products",
                "price",
                "0",
                len(free),
                f"sold for nothing ({_shown(free)}): under the objective margin, serving it earns nothing",
            )
        )


def _note_months(snapshot: Snapshot, notes: list[DefaultUsed]) -> None:
    """Months of the company's own demand plan that the plan does not cover, and the other way round."""
    settings, table = snapshot.settings, snapshot.table("demand_plan")
    if settings.demand != "demand_plan":
        return
    months = months_from(settings.plan_start, settings.horizon_months)
    given = month_column(table["month"])
    outside = ~np.isin(given, months)
    if outside.any():
        notes.append(
            DefaultUsed(
                "demand_plan",
                "month",
                "left out",
                int(outside.sum()),
                f"outside the plan's months, {month_label(months[0])} to {month_label(months[-1])} "
                "(settings plan_start and horizon_months)",
            )
        )
    empty = months[~np.isin(months, given)]
    if len(empty):
        span = month_label(empty[0]) + (f" to {month_label(empty[-1])}" if len(empty) > 1 else "")
        notes.append(
            DefaultUsed(
                "demand_plan",
                "quantity",
                "0",
                len(empty),
                f"months of the plan without a row of demand ({span}) count as none",
            )
        )


def _shown(names: pd.Series) -> str:
    distinct = list(dict.fromkeys(names))
    return ", ".join(distinct[:3]) + (f" and {len(distinct) - 3} more" if len(distinct) > 3 else "")


def _item_values(products: pd.DataFrame, items: PlanningItems) -> Mapping[str, Floats]:
    """Products' values blended to items by share; backorder_cost is nan where no product of the item has one."""
    order = [p for members in items.products for p in members]
    at = np.array([items.position[p] for p in order])
    share = np.array([items.share[p] for p in order])
    out = {}
    for column in ("unit_cost", "holding_cost", "backorder_cost", "lost_sale_cost", "service_level"):
        values = products[column].reindex(order).to_numpy(dtype=float)
        blended = np.bincount(at, np.nan_to_num(values) * share, minlength=len(items.names))
        given = np.bincount(at, ~np.isnan(values), minlength=len(items.names)) > 0
        out[column] = np.where(given, blended, np.nan)
    return out


def _make_to_order(products: pd.DataFrame, items: PlanningItems) -> Bools:
    """An item is made to order when most of its volume is (ATO holds no stock of the finished product either)."""
    to_order = products["policy"].isin(["MTO", "ATO"])
    parts = [sum(items.share[p] for p in members if to_order[p]) for members in items.products]
    return np.array(parts) > 0.5


def _policy(snapshot: Snapshot, item: Items) -> Policy:
    settings = snapshot.settings
    declared = bool(np.any(~np.isnan(item.backorder_cost)))
    # Where nobody chose an objective (no prices) and a backorder cost is declared, waiting is weighed in
    # money; a company that asks for service gets it on time first.
    priced = declared and not (settings.objective == "service" and "objective" in settings.given)
    return Policy(
        objective=settings.objective,
        late_is_priced=priced,
        end_backlog=settings.end_backlog,
        frozen_months=settings.frozen_months,
        holding_rate=settings.holding_rate,
        receivable_days=settings.receivable_days,
        payable_days=settings.payable_days,
        discount_rate=settings.discount_rate,
        integer_headcount=settings.integer_headcount,
        lot_sizing=settings.lot_sizing,
        idle_time=settings.idle_time,
    )


def _stock(
    snapshot: Snapshot,
    axes: Axes,
    months: np.ndarray,
    base: Floats,
    sigma: Floats | None,
    source: Sources,
    item: Items,
    notes: list[DefaultUsed],
) -> Stock:
    shape = (len(axes.items.names), len(axes.sites))
    opening = _opening(snapshot, axes, shape, notes)
    receipts, committed = _committed(snapshot, axes, months, shape, source)
    target, minimum, own = _targets(snapshot, axes, months, base, shape)
    if sigma is not None:
        _safety_stocks(snapshot, axes, target, own, sigma, source, item, base, notes)
    return Stock(
        opening=opening,
        target=target,
        end_minimum=minimum,
        receipts=receipts,
        committed=committed,
        cover_factor=np.ones(shape[0]),
    )


def _opening(snapshot: Snapshot, axes: Axes, shape: tuple[int, int], notes: list[DefaultUsed]) -> Floats:
    """The last inventory month before the plan, per site (a site that stopped reporting keeps its last)."""
    out = np.zeros(shape)
    inventory = snapshot.table("inventory")
    month = month_column(inventory["month"]) if len(inventory) else np.array([], dtype="datetime64[M]")
    past = inventory[month < snapshot.settings.plan_start]
    if not len(past):
        why = "no stock before the plan: it starts empty"
        if len(month):
            why = (
                f"all its months ({month_label(month.min())} on) lie within the plan, which starts with the stock "
                f"at the end of {month_label(snapshot.settings.plan_start - 1)}: it starts empty"
            )
        notes.append(DefaultUsed("inventory", "", "0", max(len(month), 1), why))
        return out
    last = past.groupby("site")["month"].transform("max")
    rows = past[past["month"] == last]
    negative = rows["quantity"] < 0
    if negative.any():
        shown = ", ".join(rows.loc[negative, "product"].head(3))
        notes.append(
            DefaultUsed(
                "inventory",
                "quantity",
                "0",
                int(negative.sum()),
                f"negative book stock ({shown}) counts as none",
            )
        )
    i, s = axes.item_at(rows["product"]), axes.at(rows["site"], axes.sites)
    np.add.at(out, (i, s), rows["quantity"].clip(lower=0.0).to_numpy(dtype=float))
    return out


def _committed(
    snapshot: Snapshot, axes: Axes, months: np.ndarray, shape: tuple[int, int], source: Sources
) -> tuple[Floats, Floats]:
    """(receipts, committed) from production.planned_quantity of the months ahead.

    In frozen months a site's output of an item is fixed to what is committed. Beyond them, quantities still
    count as receipts where the item's every source there has a lead time that reaches back before the plan.
    """
    horizon = len(months)
    receipts, committed = np.zeros((*shape, horizon)), np.full((*shape, horizon), np.nan)
    table = snapshot.table("production")
    ahead = table[table["planned_quantity"].notna()]
    at = (month_column(ahead["month"]) - months[0]).astype(int) if len(ahead) else np.array([], dtype=int)
    inside = (at >= 0) & (at < horizon)
    rows, at = ahead[inside], at[inside]
    i, s = axes.item_at(rows["product"]), axes.at(rows["site"], axes.sites)
    units = np.zeros((*shape, horizon))
    np.add.at(units, (i, s, at), rows["planned_quantity"].to_numpy(dtype=float))
    given = np.zeros((*shape, horizon), dtype=bool)
    given[i, s, at] = True
    lead = np.full(shape, np.iinfo(np.int64).max)
    np.minimum.at(lead, (source.item, source.site), source.lead)
    lead = np.where(lead == np.iinfo(np.int64).max, 0, lead)
    position = np.arange(horizon)
    before_lead = position[None, None, :] < lead[:, :, None]
    receipts = np.where(given & before_lead, units, 0.0)
    frozen = position[None, None, :] < snapshot.settings.frozen_months
    committed = np.where(given & frozen & ~before_lead, units, np.nan)
    return receipts, committed


def _targets(
    snapshot: Snapshot, axes: Axes, months: np.ndarray, base: Floats, shape: tuple[int, int]
) -> tuple[Floats, Floats, Bools]:
    """(target [i, s, t], end minimum [i, s], own [i]) from stock_targets; `own` items have targets of their own."""
    horizon = len(months)
    target, minimum = np.zeros((*shape, horizon)), np.zeros(shape)
    own = np.zeros(shape[0], dtype=bool)
    demand = base.sum(axis=(1, 2))
    weight = stock_weight(axes, snapshot, base)
    for row in rows_of(snapshot.table("stock_targets")):
        if row.product not in axes.items.position:
            continue
        i = axes.items.position[row.product]
        s = axes.sites.index(row.site) if row.site in axes.sites else -1
        spread = np.eye(shape[1])[s] if s >= 0 else weight[i]
        when = slice(None)
        if pd.notna(row.month):
            at = int((np.datetime64(row.month.to_datetime64(), "M") - months[0]).astype(int))
            if not 0 <= at < horizon:
                continue
            when = slice(at, at + 1)
        if pd.notna(row.target) or pd.notna(row.days):
            ahead = np.concatenate([demand[i, 1:], demand[i, -1:]]) * axes.items.share[row.product]
            part = weight[i, s] if s >= 0 else 1.0
            units = (
                np.full(horizon, row.target) if pd.notna(row.target) else row.days * ahead / 30.4375 * part
            )
            target[i, :, when] += spread[:, None] * units[None, when]
            own[i] = True
        if pd.notna(row.minimum):
            minimum[i] += spread * row.minimum
    return target, minimum, own


def stock_weight(axes: Axes, snapshot: Snapshot, base: Floats) -> Floats:
    """[i, s] where an item's stock belongs: on warehouses that serve its demand, else on the sites that get it.

    Sites that reach regions by lane share the demand of those regions evenly; without lanes the sites that
    hold a source of the item share it.
    """
    shape = (len(axes.items.names), len(axes.sites))
    weight = np.zeros(shape)
    lane_table = snapshot.table("lanes")
    destination = (
        axes.at(lane_table["destination"], axes.regions) if len(lane_table) else np.array([], dtype=int)
    )
    to_region = destination >= 0
    kinds = snapshot.table("sites")["kind"].to_numpy()
    if to_region.any():
        origin = axes.at(lane_table["origin"], axes.sites)[to_region]
        served = np.zeros((len(axes.regions), len(axes.sites)))
        served[destination[to_region], origin] = 1.0
        warehouses = served * (kinds == "warehouse")
        served = np.where(warehouses.sum(axis=1, keepdims=True) > 0, warehouses, served)
        total = served.sum(axis=1, keepdims=True)
        served = np.divide(served, total, out=np.zeros_like(served), where=total > 0)
        weight = np.einsum("ir,rs->is", base.sum(axis=(2, 3)), served)
    table = snapshot.table("sources")
    if len(table):
        has_source = np.zeros(shape)
        i, s = axes.item_at(table["product"]), axes.at(table["site"], axes.sites)
        has_source[i[i >= 0], s[i >= 0]] = 1.0
        weight = np.where(weight.sum(axis=1, keepdims=True) > 0, weight, has_source)
    first = np.zeros(shape)
    first[:, 0] = 1.0
    weight = np.where(weight.sum(axis=1, keepdims=True) > 0, weight, first)
    spread: Floats = weight / weight.sum(axis=1, keepdims=True)
    return spread


def _safety_stocks(
    snapshot: Snapshot,
    axes: Axes,
    target: Floats,
    own: Bools,
    sigma: Floats,
    source: Sources,
    item: Items,
    base: Floats,
    notes: list[DefaultUsed],
) -> None:
    """Fills targets of items without stock_targets from forecast error, lead time and service level."""
    lead = np.full(len(axes.items.names), np.inf)
    np.minimum.at(lead, source.item, source.lead)
    lead = np.where(np.isinf(lead), 0.0, lead)
    units = safety_stock(sigma[:, :1], lead[:, None], item.service_level[:, None])
    units = np.where(item.make_to_order[:, None], 0.0, units)
    derived = ~own & (units[:, 0] > 0)
    weight = stock_weight(axes, snapshot, base)
    target[derived] += weight[derived][:, :, None] * units[derived][:, :, None]
    if derived.any():
        notes.append(
            DefaultUsed(
                "stock_targets",
                "target",
                "safety stock",
                int(derived.sum()),
                "from the forecast's error, the lead time and the service level",
            )
        )
