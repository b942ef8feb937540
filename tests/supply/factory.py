"""Small companies as `Inputs`, straight from arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sop_core.calendar import months_from
from sop_core.inputs import (
    Demand,
    Floats,
    Inputs,
    Items,
    Lanes,
    Materials,
    Policy,
    Resources,
    Sites,
    Sources,
    Stock,
)

INF = np.inf
NAN = np.nan


def spread(values: Any, *shape: int) -> Floats:
    """A float array of that shape; lower dimensions are filled from the left: [q] gives [q, t]."""
    array = np.asarray(values, dtype=float)
    while array.ndim < len(shape):
        array = array[..., None]
    return np.broadcast_to(array, shape).copy()


def make_inputs(
    months: int,
    *,
    demand: Any,
    price: Any = 0.0,
    items: Sequence[str] = ("A",),
    regions: Sequence[str] = ("All",),
    segments: Sequence[str] = ("All",),
    sites: Sequence[str] = ("Plant",),
    resources: Sequence[str] = (),
    waits: Any = True,
    priority: Any = 1,
    sources: Sequence[dict[str, Any]] = (),
    routings: Sequence[tuple[int, int, float]] = (),
    lanes: Sequence[dict[str, Any]] | None = None,
    materials: Sequence[dict[str, Any]] = (),
    usage: Sequence[tuple[int, int, float]] = (),
    item: dict[str, Any] | None = None,
    site: dict[str, Any] | None = None,
    resource: dict[str, Any] | None = None,
    stock: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
    opening_backlog: Any = 0.0,
    segment_end: str = "lost",
) -> tuple[Inputs, Floats, Floats]:
    """(inputs, demand, price) of a company; every array may be given by a scalar or a lower dimension."""
    ni, nr, nm, ns, nq = len(items), len(regions), len(segments), len(sites), len(resources)
    cube = (ni, nr, nm, months)
    units = _cube(demand, cube)
    money = _cube(price, cube)
    extra: dict[str, dict[str, Any]] = {"item": {}, "site": {}, "resource": {}, "stock": {}, "policy": {}}
    for name, given in (
        ("item", item), ("site", site), ("resource", resource), ("stock", stock), ("policy", policy),
    ):  # fmt: skip
        extra[name] = dict(given or {})
    policies: dict[str, Any] = {
        "objective": "margin", "late_is_priced": True, "end_backlog": segment_end, "frozen_months": 0,
        "holding_rate": 0.2, "receivable_days": 45.0, "payable_days": 45.0, "discount_rate": 0.08,
    } | extra["policy"]  # fmt: skip
    inputs = Inputs(
        months=months_from(np.datetime64("2026-01", "M"), months),
        items=tuple(items),
        item_family=tuple(items),
        item_category=("All",) * ni,
        item_unit=("unit",) * ni,
        item_products=tuple((name,) for name in items),
        product_share={name: (n, 1.0) for n, name in enumerate(items)},
        level="product",
        regions=tuple(regions),
        segments=tuple(segments),
        site_names=tuple(sites),
        resource_names=tuple(resources),
        source_names=tuple(str(s.get("name", f"source {n}")) for n, s in enumerate(sources)),
        material_names=tuple(dict.fromkeys(str(m["material"]) for m in materials)),
        segment_priority=np.broadcast_to(np.asarray(priority, dtype=np.int64), (nm,)).copy(),
        segment_waits=np.broadcast_to(np.asarray(waits, dtype=bool), (nm,)).copy(),
        demand=Demand(
            base=units.copy(), price=money.copy(), growth=np.ones(cube), price_factor=np.ones(cube),
            elasticity_factor=np.ones(cube), added=np.zeros(cube), override=np.full(cube, NAN),
            event_factor=np.ones(cube), running=np.ones((ni, months)),
            opening_backlog=np.broadcast_to(np.asarray(opening_backlog, dtype=float), (ni, nr, nm)).copy(),
        ),
        item=_items(ni, extra["item"]),
        site=_sites(ns, extra["site"]),
        resource=_resources(nq, months, extra["resource"]),
        source=_sources(sources, routings, months),
        lane=_lanes(lanes, months),
        stock=_stock(ni, ns, months, extra["stock"]),
        material=_materials(materials, usage, months),
        policy=Policy(**policies),
    )  # fmt: skip
    return inputs, units, money


def _cube(values: Any, shape: tuple[int, ...]) -> Floats:
    """[t], [i, t] or anything that broadcasts to [i, r, m, t]."""
    array = np.asarray(values, dtype=float)
    if array.ndim == 2:
        array = array[:, None, None, :]
    return np.broadcast_to(array, shape).copy()


def _items(n: int, given: dict[str, Any]) -> Items:
    values = {
        "unit_cost": 0.0,
        "holding_cost": 0.0,
        "backorder_cost": 0.0,
        "lost_sale_cost": 0.0,
        "service_level": 0.95,
    }
    arrays = {name: spread(given.get(name, value), n) for name, value in values.items()}
    to_order = np.broadcast_to(np.asarray(given.get("make_to_order", False), dtype=bool), (n,)).copy()
    return Items(make_to_order=to_order, **arrays)


def _sites(n: int, given: dict[str, Any]) -> Sites:
    return Sites(
        capacity=spread(given.get("capacity", INF), n),
        storage_cost=spread(given.get("storage_cost", 0.0), n),
        is_plant=np.ones(n, dtype=bool),
        region=np.full(n, -1, dtype=np.int64),
    )


def _resources(n: int, months: int, given: dict[str, Any]) -> Resources:
    monthly = {
        "hours": INF, "overtime_hours": 0.0, "max_shifts": 0.0, "outage": 0.0, "hours_per_head": 0.0, "wage": 0.0,
        "overtime_per_head": NAN, "min_headcount": 0.0, "max_headcount": INF,
    }  # fmt: skip
    single = {
        "hour_cost": 0.0, "overtime_cost": 0.0, "shift_hours": 0.0, "shift_cost": 0.0, "headcount": 0.0,
        "hire_cost": 0.0, "release_cost": 0.0,
    }  # fmt: skip
    flags = {name: np.asarray(given.get(name, True), dtype=bool) for name in ("can_hire", "can_release")}
    arrays: dict[str, Any] = {
        name: spread(given.get(name, value), n, months) for name, value in monthly.items()
    }
    arrays |= {name: spread(given.get(name, value), n) for name, value in single.items()}
    arrays |= {name: np.broadcast_to(flag, (n, months)).copy() for name, flag in flags.items()}
    return Resources(
        site=np.asarray(given.get("site", np.zeros(n)), dtype=np.int64),
        people=np.broadcast_to(np.asarray(given.get("people", False), dtype=bool), (n,)).copy(),
        **arrays,
    )


def _sources(
    rows: Sequence[dict[str, Any]], routings: Sequence[tuple[int, int, float]], months: int
) -> Sources:
    def monthly(name: str, default: float) -> Floats:
        return np.array([spread(row.get(name, default), months) for row in rows]).reshape(len(rows), months)

    def whole(name: str) -> Any:
        return np.array([row.get(name, 0) for row in rows], dtype=np.int64)

    return Sources(
        item=whole("item"),
        site=whole("site"),
        kind=tuple(str(row.get("kind", "make")) for row in rows),
        supplier=tuple(str(row.get("supplier", "")) for row in rows),
        lead=whole("lead"),
        unit_cost=monthly("unit_cost", 0.0),
        min_quantity=monthly("min_quantity", 0.0),
        max_quantity=monthly("max_quantity", INF),
        routing_source=np.array([r[0] for r in routings], dtype=np.int64),
        routing_resource=np.array([r[1] for r in routings], dtype=np.int64),
        routing_hours=np.array([r[2] for r in routings], dtype=float),
        assumed=np.zeros(len(rows), dtype=bool),
    )


def _lanes(rows: Sequence[dict[str, Any]] | None, months: int) -> Lanes:
    given = list(rows or ())

    def monthly(name: str, default: float) -> Floats:
        return np.array([spread(row.get(name, default), months) for row in given]).reshape(len(given), months)

    return Lanes(
        origin=np.array([row["origin"] for row in given], dtype=np.int64),
        to_site=np.array([row.get("site", -1) for row in given], dtype=np.int64),
        to_region=np.array([row.get("region", -1) for row in given], dtype=np.int64),
        lead=np.array([row.get("lead", 0) for row in given], dtype=np.int64),
        unit_cost=monthly("unit_cost", 0.0),
        max_quantity=monthly("max_quantity", INF),
        everywhere=rows is None,
    )


def _stock(ni: int, ns: int, months: int, given: dict[str, Any]) -> Stock:
    return Stock(
        opening=spread(given.get("opening", 0.0), ni, ns),
        target=spread(given.get("target", 0.0), ni, ns, months),
        end_minimum=spread(given.get("end_minimum", 0.0), ni, ns),
        receipts=spread(given.get("receipts", 0.0), ni, ns, months),
        committed=spread(given.get("committed", NAN), ni, ns, months),
        cover_factor=spread(given.get("cover_factor", 1.0), ni),
    )


def _materials(
    rows: Sequence[dict[str, Any]], usage: Sequence[tuple[int, int, float]], months: int
) -> Materials:
    names = list(dict.fromkeys(str(row["material"]) for row in rows))

    def monthly(name: str, default: float) -> Floats:
        return np.array([spread(row.get(name, default), months) for row in rows]).reshape(len(rows), months)

    on_hand = np.zeros(len(names))
    for row in rows:
        on_hand[names.index(str(row["material"]))] += row.get("on_hand", 0.0)
    return Materials(
        material=np.array([names.index(str(row["material"])) for row in rows], dtype=np.int64),
        supplier=tuple(str(row.get("supplier", "")) for row in rows),
        lead=np.array([row.get("lead", 0) for row in rows], dtype=np.int64),
        unit_cost=np.array([row.get("unit_cost", 0.0) for row in rows], dtype=float),
        min_quantity=monthly("min_quantity", 0.0),
        max_quantity=monthly("max_quantity", INF),
        on_hand=on_hand,
        usage_source=np.array([u[0] for u in usage], dtype=np.int64),
        usage_material=np.array([u[1] for u in usage], dtype=np.int64),
        usage_quantity=np.array([u[2] for u in usage], dtype=float),
    )
