"""From a Snapshot and its demand baseline to `Inputs`: the company's arrays at the planning level.

Products roll up to planning items by their share of the item's volume (planning_level.py). What the rollup
takes for granted, and every stand-in for missing data, is listed in `Built.notes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sop_core.calendar import month_column, months_from
from sop_core.demand.history import month_part
from sop_core.inputs import (
    Bools,
    Demand,
    Floats,
    Inputs,
    Items,
    Launch,
    Policy,
    Promotion,
    Sites,
    Sources,
    Stock,
)
from sop_core.planning_level import PlanningItems
from sop_core.schema import ALL
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
    names = Names(items, site_names, tuple(snapshot.table("resources")["resource"]), regions)
    blended = _item_values(products, items)
    source, source_names = sources(snapshot, names, months, notes)
    item = Items(
        unit_cost=blended["unit_cost"],
        holding_cost=blended["holding_cost"],
        backorder_cost=blended["backorder_cost"],
        lost_sale_cost=blended["lost_sale_cost"],
        service_level=blended["service_level"],
        make_to_order=_make_to_order(products, items),
    )
    lane = lanes(snapshot, names, months, notes)
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
        resource_names=names.resources,
        source_names=source_names,
        material_names=tuple(dict.fromkeys(snapshot.table("materials")["material"])),
        segment_priority=segments["priority"].to_numpy(dtype=float).astype(np.int64),
        segment_waits=segments["backorders"].to_numpy().astype(bool),
        demand=_demand(snapshot, items, months, base, price, names),
        item=item,
        site=Sites(
            capacity=site_table["storage_capacity"].fillna(np.inf).to_numpy(dtype=float),
            storage_cost=site_table["storage_cost"].to_numpy(dtype=float),
            is_plant=(site_table["kind"] == "plant").to_numpy(),
            region=names.at(site_table["region"], regions),
        ),
        resource=resources(snapshot, names, months, notes),
        source=source,
        lane=lane,
        stock=_stock(snapshot, names, months, base, sigma, source, item, notes),
        material=materials(snapshot, names, months, source, source_names),
        policy=_policy(snapshot, item),
        currency=settings.currency,
        item_title=items.title,
    )
    return Built(inputs, tuple(notes))


@dataclass(frozen=True, slots=True)
class Names:
    """Positions of names on the axes."""

    items: PlanningItems
    sites: tuple[str, ...]
    resources: tuple[str, ...]
    regions: tuple[str, ...]

    @staticmethod
    def at(values: pd.Series, axis: tuple[str, ...]) -> np.ndarray:
        """[n] position of each value on the axis; -1 where it is not there or blank."""
        places = pd.Series(np.arange(len(axis)), index=list(axis), dtype="float64")
        return values.map(places).fillna(-1).to_numpy(dtype=float).astype(np.int64)

    def item_at(self, products: pd.Series) -> np.ndarray:
        """[n] position of each product's planning item."""
        places = products.map(pd.Series(self.items.position, dtype="float64"))
        return places.fillna(-1).to_numpy().astype(np.int64)

    def share_of(self, products: pd.Series) -> Floats:
        """[n] part of its item that each product is."""
        shares = products.map(pd.Series(self.items.share, dtype="float64"))
        part: Floats = shares.fillna(0.0).to_numpy(dtype=np.float64)
        return part


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


def _demand(
    snapshot: Snapshot,
    items: PlanningItems,
    months: np.ndarray,
    base: Floats,
    price: Floats | None,
    names: Names,
) -> Demand:
    segments = tuple(snapshot.table("segments")["segment"])
    shape = base.shape
    return Demand(
        base=base,
        price=list_price(snapshot, items, months, base) if price is None else price,
        growth=np.ones(shape),
        price_factor=np.ones(shape),
        elasticity_factor=np.ones(shape),
        added=np.zeros(shape),
        override=np.full(shape, np.nan),
        event_factor=_events(snapshot, items, months, shape, names.regions),
        running=_running(snapshot, items, months),
        opening_backlog=_opening_backlog(snapshot, names, segments),
        promotions=_promotions(snapshot, items, months, names.regions, segments),
        launches=_launches(snapshot, items, names.regions),
    )


def list_price(snapshot: Snapshot, items: PlanningItems, months: np.ndarray, base: Floats) -> Floats:
    """[i, r, m, t] list price: the price list's latest row up to the month, else the product's price."""
    regions = tuple(snapshot.table("regions")["region"])
    products = snapshot.table("products").set_index("product")["price"]
    out = np.zeros((len(items.names), len(regions), len(months)))
    listed = snapshot.table("prices").sort_values("month", kind="stable")
    by_product = {str(p): part for p, part in listed.groupby("product", sort=False)}
    for product, i in items.position.items():
        values = np.full((len(regions), len(months)), float(products[product]))
        part = by_product.get(product)
        if part is not None:
            # Rows for every region first, so that a region's own row has the last word.
            part = part.assign(own=part["region"] != ALL).sort_values(["own", "month"], kind="stable")
            starts = month_column(part["month"])
            for start, region, value in zip(starts, part["region"], part["price"], strict=True):
                rows = slice(None) if region == ALL else regions.index(region) if region in regions else None
                if rows is not None:
                    values[rows, months >= start] = value
        out[i] += items.share[product] * values
    return np.repeat(out[:, :, None, :], base.shape[2], axis=2)


def _running(snapshot: Snapshot, items: PlanningItems, months: np.ndarray) -> Floats:
    """[i, t] part of the item that is on sale; a product with a launch row starts through that row instead."""
    products = snapshot.table("products").set_index("product")
    launched = set(snapshot.table("launches")["product"])
    out = np.zeros((len(items.names), len(months)))
    for product, i in items.position.items():
        launch: Any = products.at[product, "launch"]
        end: Any = products.at[product, "end"]
        part = np.ones(len(months))
        if (
            pd.notna(launch)
            and product not in launched
            and launch > pd.Timestamp(months[0].astype("datetime64[us]"))
        ):
            part = part * month_part(months, launch, pd.Timestamp("2200-01-01"))
        if pd.notna(end):
            part = part * month_part(months, pd.Timestamp("1900-01-01"), end)
        out[i] += items.share[product] * part
    return out


def _events(
    snapshot: Snapshot,
    items: PlanningItems,
    months: np.ndarray,
    shape: tuple[int, ...],
    regions: tuple[str, ...],
) -> Floats:
    factor = np.ones(shape)
    for row in rows_of(snapshot.table("events")):
        if not row.impact:
            continue
        end = row.end if pd.notna(row.end) else row.start
        effect = month_part(months, row.start, end) * row.impact
        share = _scope_share(items, str(row.scope))
        if row.scope in regions:
            factor[:, regions.index(row.scope)] *= 1.0 + effect
        elif row.scope == ALL:
            factor *= 1.0 + effect
        elif share.any():
            factor *= 1.0 + (share[:, None] * effect)[:, None, None, :]
    return factor


def _scope_share(items: PlanningItems, name: str) -> Floats:
    """[i] part of each item that a product, family or category name covers."""
    share = np.zeros(len(items.names))
    if name in items.position:
        share[items.position[name]] = items.share[name]
        return share
    return np.array([float(name in (f, c)) for f, c in zip(items.family, items.category, strict=True)])


def _opening_backlog(snapshot: Snapshot, names: Names, segments: tuple[str, ...]) -> Floats:
    orders = snapshot.table("orders")
    out = np.zeros((len(names.items.names), len(names.regions), len(segments)))
    if len(orders):
        late = (orders["due_on"].to_numpy().astype("datetime64[M]") < snapshot.settings.plan_start) & (
            orders["quantity"] > orders["shipped_quantity"]
        ).to_numpy()
        open_lines = orders[late]
        i = names.item_at(open_lines["product"])
        r = names.at(open_lines["region"], names.regions)
        m = names.at(open_lines["segment"], segments)
        # Orders of a segment that does not wait were lost when they were late.
        waits = snapshot.table("segments")["backorders"].to_numpy().astype(bool)
        ok = (i >= 0) & (r >= 0) & (m >= 0) & waits[m]
        units = (open_lines["quantity"] - open_lines["shipped_quantity"]).to_numpy(dtype=float)
        np.add.at(out, (i[ok], r[ok], m[ok]), units[ok])
    return out


def _promotions(
    snapshot: Snapshot,
    items: PlanningItems,
    months: np.ndarray,
    regions: tuple[str, ...],
    segments: tuple[str, ...],
) -> list[Promotion]:
    """Promotions that still touch the horizon. Rows of one name and the same terms become one."""
    table = snapshot.table("promotions")
    out: dict[tuple[object, ...], Promotion] = {}
    for row in rows_of(table):
        start = np.datetime64(row.start.to_datetime64(), "D")
        end = np.datetime64(row.end.to_datetime64(), "D")
        if (
            end.astype("datetime64[M]") + int(row.pull_months) < months[0]
            or start.astype("datetime64[M]") > months[-1]
        ):
            continue
        # A price cut that has run for long is already in the prices realised, and in the demand.
        if start.astype("datetime64[M]") < months[0] - 3 and not row.uplift and not row.pull_forward:
            continue
        share = _scope_share(items, row.product if isinstance(row.product, str) else row.family)
        key = (
            row.promotion,
            row.region,
            row.segment,
            start,
            end,
            row.uplift,
            row.pull_forward,
            row.price_change,
        )
        if key in out:
            previous = out[key]
            out[key] = Promotion(
                previous.name,
                np.minimum(previous.share + share, 1.0),
                previous.regions,
                previous.segments,
                start,
                end,
                previous.uplift,
                previous.pull_forward,
                previous.pull_months,
                previous.price_change,
                previous.cost + float(row.cost),
            )
            continue
        out[key] = Promotion(
            name=row.promotion,
            share=share,
            regions=np.array([row.region in (ALL, name) for name in regions]),
            segments=np.array([row.segment in (ALL, name) for name in segments]),
            start=start,
            end=end,
            uplift=float(row.uplift),
            pull_forward=float(row.pull_forward),
            pull_months=int(row.pull_months),
            price_change=float(row.price_change),
            cost=float(row.cost),
        )
    return list(out.values())


def _launches(snapshot: Snapshot, items: PlanningItems, regions: tuple[str, ...]) -> list[Launch]:
    out = []
    for row in rows_of(snapshot.table("launches")):
        like = row.like_product if isinstance(row.like_product, str) else ""
        loses = row.cannibalises if isinstance(row.cannibalises, str) else ""
        out.append(
            Launch(
                name=row.product,
                item=items.position[row.product],
                regions=np.array([row.region in (ALL, name) for name in regions]),
                month=np.datetime64(row.month.to_datetime64(), "M"),
                like_item=items.position.get(like, -1),
                like_share=items.share.get(like, 0.0),
                scale=float(row.scale),
                ramp_months=int(row.ramp_months),
                probability=float(row.probability),
                cannibalised=items.position.get(loses, -1),
                cannibal_rate=float(row.cannibal_rate),
            )
        )
    return out


def _stock(
    snapshot: Snapshot,
    names: Names,
    months: np.ndarray,
    base: Floats,
    sigma: Floats | None,
    source: Sources,
    item: Items,
    notes: list[DefaultUsed],
) -> Stock:
    shape = (len(names.items.names), len(names.sites))
    opening = _opening(snapshot, names, shape, notes)
    receipts, committed = _committed(snapshot, names, months, shape, source)
    target, minimum, own = _targets(snapshot, names, months, base, shape)
    if sigma is not None:
        _safety_stocks(snapshot, names, target, own, sigma, source, item, base, notes)
    return Stock(
        opening=opening,
        target=target,
        end_minimum=minimum,
        receipts=receipts,
        committed=committed,
        cover_factor=np.ones(shape[0]),
    )


def _opening(snapshot: Snapshot, names: Names, shape: tuple[int, int], notes: list[DefaultUsed]) -> Floats:
    """The last inventory month before the plan, per site (a site that stopped reporting keeps its last)."""
    out = np.zeros(shape)
    inventory = snapshot.table("inventory")
    month = month_column(inventory["month"]) if len(inventory) else np.array([], dtype="datetime64[M]")
    past = inventory[month < snapshot.settings.plan_start]
    if not len(past):
        notes.append(DefaultUsed("inventory", "", "0", 1, "no stock before the plan: it starts empty"))
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
    i, s = names.item_at(rows["product"]), names.at(rows["site"], names.sites)
    np.add.at(out, (i, s), rows["quantity"].clip(lower=0.0).to_numpy(dtype=float))
    return out


def _committed(
    snapshot: Snapshot, names: Names, months: np.ndarray, shape: tuple[int, int], source: Sources
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
    i, s = names.item_at(rows["product"]), names.at(rows["site"], names.sites)
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
    snapshot: Snapshot, names: Names, months: np.ndarray, base: Floats, shape: tuple[int, int]
) -> tuple[Floats, Floats, Bools]:
    """(target [i, s, t], end minimum [i, s], own [i]) from stock_targets; `own` items have targets of their own."""
    horizon = len(months)
    target, minimum = np.zeros((*shape, horizon)), np.zeros(shape)
    own = np.zeros(shape[0], dtype=bool)
    demand = base.sum(axis=(1, 2))
    weight = stock_weight(names, snapshot, base)
    for row in rows_of(snapshot.table("stock_targets")):
        i = names.items.position[row.product]
        s = names.sites.index(row.site) if row.site in names.sites else -1
        spread = np.eye(shape[1])[s] if s >= 0 else weight[i]
        when = slice(None)
        if pd.notna(row.month):
            at = int((np.datetime64(row.month.to_datetime64(), "M") - months[0]).astype(int))
            if not 0 <= at < horizon:
                continue
            when = slice(at, at + 1)
        if pd.notna(row.target) or pd.notna(row.days):
            ahead = np.concatenate([demand[i, 1:], demand[i, -1:]]) * names.items.share[row.product]
            part = weight[i, s] if s >= 0 else 1.0
            units = (
                np.full(horizon, row.target) if pd.notna(row.target) else row.days * ahead / 30.4375 * part
            )
            target[i, :, when] += spread[:, None] * units[None, when]
            own[i] = True
        if pd.notna(row.minimum):
            minimum[i] += spread * row.minimum
    return target, minimum, own


def stock_weight(names: Names, snapshot: Snapshot, base: Floats) -> Floats:
    """[i, s] where an item's stock belongs: on warehouses that serve its demand, else on the sites that get it.

    Sites that reach regions by lane share the demand of those regions evenly; without lanes the sites that
    hold a source of the item share it.
    """
    shape = (len(names.items.names), len(names.sites))
    weight = np.zeros(shape)
    lane_table = snapshot.table("lanes")
    destination = (
        names.at(lane_table["destination"], names.regions) if len(lane_table) else np.array([], dtype=int)
    )
    to_region = destination >= 0
    kinds = snapshot.table("sites")["kind"].to_numpy()
    if to_region.any():
        origin = names.at(lane_table["origin"], names.sites)[to_region]
        served = np.zeros((len(names.regions), len(names.sites)))
        served[destination[to_region], origin] = 1.0
        warehouses = served * (kinds == "warehouse")
        served = np.where(warehouses.sum(axis=1, keepdims=True) > 0, warehouses, served)
        total = served.sum(axis=1, keepdims=True)
        served = np.divide(served, total, out=np.zeros_like(served), where=total > 0)
        weight = np.einsum("ir,rs->is", base.sum(axis=(2, 3)), served)
    table = snapshot.table("sources")
    if len(table):
        has_source = np.zeros(shape)
        i, s = names.item_at(table["product"]), names.at(table["site"], names.sites)
        has_source[i[i >= 0], s[i >= 0]] = 1.0
        weight = np.where(weight.sum(axis=1, keepdims=True) > 0, weight, has_source)
    first = np.zeros(shape)
    first[:, 0] = 1.0
    weight = np.where(weight.sum(axis=1, keepdims=True) > 0, weight, first)
    spread: Floats = weight / weight.sum(axis=1, keepdims=True)
    return spread


def _safety_stocks(
    snapshot: Snapshot,
    names: Names,
    target: Floats,
    own: Bools,
    sigma: Floats,
    source: Sources,
    item: Items,
    base: Floats,
    notes: list[DefaultUsed],
) -> None:
    """Fills targets of items without stock_targets from forecast error, lead time and service level."""
    lead = np.full(len(names.items.names), np.inf)
    np.minimum.at(lead, source.item, source.lead)
    lead = np.where(np.isinf(lead), 0.0, lead)
    units = safety_stock(sigma[:, :1], lead[:, None], item.service_level[:, None])
    units = np.where(item.make_to_order[:, None], 0.0, units)
    derived = ~own & (units[:, 0] > 0)
    weight = stock_weight(names, snapshot, base)
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
