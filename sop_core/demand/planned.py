"""The demand side of `Inputs`: what the tables say about the months ahead, beside the baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sop_core.axes import Axes
from sop_core.calendar import month_column, month_part
from sop_core.demand.price import list_price
from sop_core.inputs import Demand, Floats, Launch, Promotion
from sop_core.planning_level import PlanningItems
from sop_core.schema import ALL
from sop_core.snapshot import Snapshot, rows_of


def demand_inputs(
    snapshot: Snapshot,
    items: PlanningItems,
    months: np.ndarray,
    base: Floats,
    price: Floats | None,
    axes: Axes,
) -> Demand:
    """Promotions, launches, events, run-downs, opening backlog and prices over the baseline `base` [i, r, m, t].

    `price`: net price of the same shape; None: list prices.
    """
    segments = tuple(snapshot.table("segments")["segment"])
    shape = base.shape
    days = sale_days(snapshot, items, months)
    return Demand(
        base=base,
        price=list_price(snapshot, items, months, base) if price is None else price,
        growth=np.ones(shape),
        price_factor=np.ones(shape),
        elasticity_factor=np.ones(shape),
        added=np.zeros(shape),
        override=np.full(shape, np.nan),
        event_factor=_events(snapshot, items, months, shape, axes.regions),
        running=_running(items, months, days),
        sale_days=days,
        opening_backlog=_opening_backlog(snapshot, axes, segments),
        promotions=_promotions(snapshot, items, months, axes.regions, segments),
        launches=_launches(snapshot, items, months, axes.regions),
    )


def sale_days(
    snapshot: Snapshot, items: PlanningItems, months: np.ndarray
) -> dict[str, tuple[np.datetime64, np.datetime64]]:
    """Product -> (first, last) day of sale where one of them is given, NaT where it is open. A product with a
    launch row starts through that row, and one that started before the plan is on sale by its history."""
    products = snapshot.table("products").set_index("product")
    launched = set(snapshot.table("launches")["product"])
    open_end = np.datetime64("NaT", "D")
    out = {}
    for product in items.position:
        launch: Any = products.at[product, "launch"]
        end: Any = products.at[product, "end"]
        starts = (
            pd.notna(launch)
            and product not in launched
            and launch > pd.Timestamp(months[0].astype("datetime64[us]"))
        )
        if starts or pd.notna(end):
            out[product] = (
                np.datetime64(launch.to_datetime64(), "D") if starts else open_end,
                np.datetime64(end.to_datetime64(), "D") if pd.notna(end) else open_end,
            )
    return out


def _running(
    items: PlanningItems, months: np.ndarray, days: dict[str, tuple[np.datetime64, np.datetime64]]
) -> Floats:
    """[i, t] part of the item that is on sale."""
    out = np.zeros((len(items.names), len(months)))
    for product, i in items.position.items():
        part = month_part(months, *days[product]) if product in days else 1.0
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


def _opening_backlog(snapshot: Snapshot, axes: Axes, segments: tuple[str, ...]) -> Floats:
    orders = snapshot.table("orders")
    out = np.zeros((len(axes.items.names), len(axes.regions), len(segments)))
    if len(orders):
        late = (orders["due_on"].to_numpy().astype("datetime64[M]") < snapshot.settings.plan_start) & (
            orders["quantity"] > orders["shipped_quantity"]
        ).to_numpy()
        open_lines = orders[late]
        i = axes.item_at(open_lines["product"])
        r = axes.at(open_lines["region"], axes.regions)
        m = axes.at(open_lines["segment"], segments)
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
            row.pull_months,
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


def _launches(
    snapshot: Snapshot, items: PlanningItems, months: np.ndarray, regions: tuple[str, ...]
) -> list[Launch]:
    """The launches ahead. A region's own row stands before one for every region; a product that the demand
    counts already (see `counted_already`) is not added once more."""
    table = snapshot.table("launches")
    counted = counted_already(snapshot, months)
    own: dict[str, set[str]] = {}
    for row in rows_of(table):
        own.setdefault(row.product, set()).add(row.region)
    out = []
    for row in rows_of(table):
        if row.product in counted:
            continue
        like = row.like_product if isinstance(row.like_product, str) else ""
        loses = row.cannibalises if isinstance(row.cannibalises, str) else ""
        others = own[row.product] - {ALL} if row.region == ALL else set()
        out.append(
            Launch(
                name=row.product,
                item=items.position[row.product],
                regions=np.array([row.region in (ALL, name) and name not in others for name in regions]),
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


def counted_already(snapshot: Snapshot, months: np.ndarray) -> dict[str, str]:
    """Launched products whose demand the plan holds without their launch row, and why, in words: they were
    launched before the plan and have sold, or the demand plan has quantities of their own for them."""
    launches, sales = snapshot.table("launches"), snapshot.table("sales")
    if not len(launches):
        return {}
    given = snapshot.settings.demand == "demand_plan"
    plan = snapshot.table("demand_plan")
    ahead = plan[month_column(plan["month"]) >= months[0]] if len(plan) else plan
    planned = set(ahead.loc[ahead["quantity"] > 0, "product"]) if given else set()
    before = sales[month_column(sales["month"]) < months[0]] if len(sales) else sales
    sold = set() if given else set(before.loc[before["quantity"] > 0, "product"])
    out = {}
    for row in rows_of(launches):
        started = np.datetime64(row.month.to_datetime64(), "M") < months[0]
        if row.product in planned:
            out[row.product] = "the demand plan has its own quantities for it"
        elif started and row.product in sold:
            out[row.product] = "it was launched before the plan and its sales are in the forecast"
    return out
