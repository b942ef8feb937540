"""A small company for tests of Changes: something of each kind that a Change can touch."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from sop_core.calendar import months_from
from sop_core.inputs import (
    Demand,
    Inputs,
    Items,
    Lanes,
    Launch,
    Materials,
    Policy,
    Promotion,
    Resources,
    Sites,
    Sources,
    Stock,
)

PRODUCTS: tuple[str, ...] = ("Trail 500", "Trail 900", "Road 100", "Road 200", "Bell")
FAMILY: tuple[str, ...] = ("Trail", "Trail", "Road", "Road", "Accessories")
CATEGORY: tuple[str, ...] = ("Bikes", "Bikes", "Bikes", "Bikes", "Extras")
SHARES = (0.75, 0.25, 0.4, 0.6, 1.0)
MONTHS = 6


def make_inputs(level: str = "product", *, seed: int = 7) -> Inputs:
    """2 regions, 2 segments, 3 sites, 3 resources (Line 2 with people, Paint without limit), Jan-Jun 27."""
    families = tuple(dict.fromkeys(FAMILY))
    if level == "product":
        items, family, category = PRODUCTS, FAMILY, CATEGORY
        share = {name: (i, 1.0) for i, name in enumerate(PRODUCTS)}
        members: tuple[tuple[str, ...], ...] = tuple((name,) for name in PRODUCTS)
    else:
        items, family = families, families
        category = tuple(CATEGORY[FAMILY.index(name)] for name in families)
        share = {p: (families.index(f), s) for p, f, s in zip(PRODUCTS, FAMILY, SHARES, strict=True)}
        members = tuple(
            tuple(p for p, f in zip(PRODUCTS, FAMILY, strict=True) if f == name) for name in families
        )
    return Inputs(
        months=months_from(np.datetime64("2027-01", "M"), MONTHS),
        items=items,
        item_family=family,
        item_category=category,
        item_unit=("unit",) * len(items),
        item_products=members,
        product_share=share,
        level=level,
        regions=("North", "South"),
        segments=("Retail", "Key accounts"),
        site_names=("Lyon", "Milan", "Depot"),
        resource_names=("Line 1", "Line 2", "Paint"),
        source_names=tuple(f"make {name}" for name in items) + ("buy frames",),
        material_names=("Tube", "Foam"),
        segment_priority=np.array([2, 1]),
        segment_waits=np.array([True, False]),
        demand=_demand(len(items), share, seed),
        item=_items(len(items)),
        site=Sites(
            capacity=np.array([np.inf, np.inf, 900.0]),
            storage_cost=np.array([0.0, 0.1, 0.2]),
            is_plant=np.array([True, True, False]),
            region=np.array([0, 1, 0]),
        ),
        resource=_resources(),
        source=_sources(len(items)),
        lane=_lanes(),
        stock=_stock(len(items)),
        material=_materials(),
        policy=Policy("margin", False, "lost", 1, 0.2, 45.0, 45.0, 0.08),
    )


def _demand(count: int, share: dict[str, tuple[int, float]], seed: int) -> Demand:
    shape = (count, 2, 2, MONTHS)
    rng = np.random.default_rng(seed)
    where = np.array([True, True])
    whole = np.zeros(count)
    whole[share["Road 100"][0]] = share["Road 100"][1]
    spring = Promotion(
        "Spring push",
        whole,
        where,
        where,
        np.datetime64("2027-02-01"),
        np.datetime64("2027-02-28"),
        0.3,
        cost=900.0,
    )
    launch = Launch("Trail 900", share["Trail 900"][0], where, np.datetime64("2027-03", "M"), 0, 0.5)
    return Demand(
        base=rng.uniform(50, 150, shape),
        price=rng.uniform(10, 20, shape),
        growth=np.ones(shape),
        price_factor=np.ones(shape),
        elasticity_factor=np.ones(shape),
        added=np.zeros(shape),
        override=np.full(shape, np.nan),
        event_factor=np.ones(shape),
        running=np.ones((count, MONTHS)),
        opening_backlog=np.zeros((count, 2, 2)),
        promotions=[
            spring,
            dataclasses.replace(
                spring, name="Autumn sale", start=np.datetime64("2027-05-10"), end=np.datetime64("2027-05-30")
            ),
        ],
        launches=[launch],
    )


def _items(count: int) -> Items:
    backorder = np.full(count, np.nan)
    backorder[0] = 4.0
    return Items(
        unit_cost=np.full(count, 6.0),
        holding_cost=np.full(count, 0.1),
        backorder_cost=backorder,
        lost_sale_cost=np.full(count, 2.0),
        service_level=np.full(count, 0.95),
        make_to_order=np.zeros(count, dtype=bool),
    )


def _monthly(*values: float) -> np.ndarray:
    return np.repeat(np.array(values, dtype=float)[:, None], MONTHS, axis=1)


def _resources() -> Resources:
    people = np.array([False, True, False])
    return Resources(
        site=np.array([0, 1, 1]),
        hours=_monthly(1000, np.inf, np.inf),
        overtime_hours=_monthly(100, np.inf, 0),
        hour_cost=np.array([20.0, 0.0, 5.0]),
        overtime_cost=np.array([30.0, 33.0, 7.5]),
        shift_hours=np.array([160.0, 0.0, 0.0]),
        shift_cost=np.array([4000.0, 0.0, 0.0]),
        max_shifts=_monthly(1, 0, 0),
        outage=np.zeros((3, MONTHS)),
        people=people,
        headcount=np.array([0.0, 10.0, 0.0]),
        hours_per_head=_monthly(0, 160, 0),
        overtime_per_head=_monthly(np.nan, 20, np.nan),
        wage=_monthly(0, 3000, 0),
        hire_cost=np.array([0.0, 1000.0, 0.0]),
        release_cost=np.array([0.0, 2000.0, 0.0]),
        min_headcount=_monthly(0, 4, 0),
        max_headcount=_monthly(np.inf, 20, np.inf),
        can_hire=np.repeat(people[:, None], MONTHS, axis=1),
        can_release=np.repeat(people[:, None], MONTHS, axis=1),
    )


def _sources(count: int) -> Sources:
    """One make source an item, at Lyon and Milan in turn, without limit; one purchase of the first item."""
    total = count + 1
    return Sources(
        item=np.array([*range(count), 0]),
        site=np.array([i % 2 for i in range(count)] + [2]),
        kind=("make",) * count + ("buy",),
        supplier=("",) * count + ("Kunshan Frames",),
        lead=np.zeros(total, dtype=np.int64),
        unit_cost=np.full((total, MONTHS), 6.0),
        min_quantity=_monthly(*([0] * count), 100),
        max_quantity=_monthly(*([np.inf] * count), 500),
        routing_source=np.arange(count),
        routing_resource=np.array([i % 2 for i in range(count)]),
        routing_hours=np.full(count, 0.5),
        assumed=np.zeros(total, dtype=bool),
    )


def _lanes() -> Lanes:
    return Lanes(
        origin=np.array([0, 1, 2, 2]),
        to_site=np.array([2, 2, -1, -1]),
        to_region=np.array([-1, -1, 0, 1]),
        lead=np.zeros(4, dtype=np.int64),
        unit_cost=_monthly(1, 2, 3, 4),
        max_quantity=_monthly(800, np.inf, np.inf, np.inf),
        everywhere=False,
    )


def _stock(count: int) -> Stock:
    shape = (count, 3)
    return Stock(
        opening=np.zeros(shape),
        target=np.full((*shape, MONTHS), 30.0),
        end_minimum=np.where(np.arange(3) == 2, 20.0, np.zeros(shape)),
        receipts=np.zeros((*shape, MONTHS)),
        committed=np.full((*shape, MONTHS), np.nan),
        cover_factor=np.ones(count),
    )


def _materials() -> Materials:
    """Tube of two suppliers, one of which also sells a product; Foam without any limit. Line 1 takes both."""
    return Materials(
        material=np.array([0, 0, 1]),
        supplier=("Kunshan Frames", "Iberia Steel", "Iberia Steel"),
        lead=np.array([1, 0, 0]),
        unit_cost=np.array([2.0, 2.5, 0.5]),
        min_quantity=_monthly(50, 0, 0),
        max_quantity=_monthly(400, np.inf, np.inf),
        on_hand=np.array([1000.0, 0.0]),
        usage_source=np.array([0, 0]),
        usage_material=np.array([0, 1]),
        usage_quantity=np.array([1.0, 2.0]),
    )


def assert_same(left: Any, right: Any, where: str = "inputs") -> None:
    """Equal to the last bit: arrays (nan equals nan), tuples, dicts, scalars, days, nested dataclasses."""
    assert type(left) is type(right), where
    if dataclasses.is_dataclass(left):
        for field in dataclasses.fields(left):
            assert_same(getattr(left, field.name), getattr(right, field.name), f"{where}.{field.name}")
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype, where
        assert left.tobytes() == right.tobytes(), where
    elif isinstance(left, list | tuple):
        assert len(left) == len(right), where
        for position, (a, b) in enumerate(zip(left, right, strict=True)):
            assert_same(a, b, f"{where}[{position}]")
    elif isinstance(left, dict):
        assert list(left) == list(right), where
        for key in left:
            assert_same(left[key], right[key], f"{where}[{key!r}]")
    elif isinstance(left, np.datetime64) and np.isnat(left):
        assert np.isnat(right), where
    else:
        assert left == right, where
