"""Cost of a supply plan beside the solver's bare call on the same matrices, cold and warm, and peak memory.

    python -m bench supply

Everything is a ratio to the raw HiGHS `run()`, since seconds depend on the machine. Networks are generated from a
seed: plants with people and machines, warehouses, lanes, three segments of different priority, prices that differ
by segment (so nothing can be merged), a spring peak beyond capacity.
"""

from __future__ import annotations

import resource as machine
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bench import Row
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
from sop_core.supply.causes import short_orders, shortages
from sop_core.supply.model import SupplyModel
from sop_core.supply.solve import SupplySolver, make_engine

Company = tuple[Inputs, Floats, Floats]


@dataclass(frozen=True)
class Size:
    """A generated network."""

    items: int
    plants: int
    warehouses: int
    regions: int
    segments: int
    months: int
    same_price: bool = False

    def __str__(self) -> str:
        apart = "segments merged" if self.same_price else f"{self.segments} segments"
        return (
            f"{self.items} items, {self.plants} plants, {self.warehouses} warehouses, {self.regions} regions, "
            f"{apart}, {self.months} months"
        )


def network(size: Size, seed: int = 7) -> Company:
    """Inputs, demand and price of a company of that size."""
    draw = np.random.default_rng(seed)
    n, months = size.items, size.months
    season = 1.0 + 0.35 * np.sin(2 * np.pi * (np.arange(months) - 1) / 12)
    level = draw.lognormal(5.0, 0.8, n)
    region_share = draw.dirichlet(np.full(size.regions, 6.0))
    segment_share = draw.dirichlet(np.full(size.segments, 4.0))
    noise = draw.uniform(0.9, 1.1, (n, size.regions, size.segments, months))
    cube = (n, size.regions, size.segments, months)
    demand = np.einsum("i,r,m,t->irmt", level, region_share, segment_share, season) * noise
    unit_cost = draw.uniform(20, 120, n)
    list_price = unit_cost * draw.uniform(1.5, 2.2, n)
    of_segment = np.ones(size.segments) if size.same_price else np.linspace(1.0, 0.88, size.segments)
    price = np.broadcast_to(list_price[:, None, None, None] * of_segment[None, None, :, None], cube).copy()
    priority = np.ones(size.segments) if size.same_price else np.arange(1, size.segments + 1)
    waits = np.ones(size.segments, dtype=bool)
    waits[-1] = size.same_price or size.segments == 1
    source, resource = _supply(size, draw, level * season.mean(), unit_cost)
    sites = size.plants + size.warehouses
    stock = _stock(size, draw, level)
    inputs = Inputs(
        months=months_from(np.datetime64("2026-01", "M"), months),
        items=tuple(f"item {i}" for i in range(n)),
        item_family=("F",) * n,
        item_category=("C",) * n,
        item_unit=("unit",) * n,
        item_products=tuple((f"item {i}",) for i in range(n)),
        product_share={f"item {i}": (i, 1.0) for i in range(n)},
        level="product",
        regions=tuple(f"region {r}" for r in range(size.regions)),
        segments=tuple(f"segment {m}" for m in range(size.segments)),
        site_names=tuple(f"site {s}" for s in range(sites)),
        resource_names=tuple(f"line {q}" for q in range(2 * size.plants)),
        source_names=tuple(f"source {k}" for k in range(len(source.item))),
        material_names=(),
        segment_priority=priority.astype(np.int64),
        segment_waits=waits,
        demand=Demand(
            base=demand.copy(), price=price.copy(), growth=np.ones(cube), price_factor=np.ones(cube),
            elasticity_factor=np.ones(cube), added=np.zeros(cube), override=np.full(cube, np.nan),
            event_factor=np.ones(cube), running=np.ones((n, months)), opening_backlog=np.zeros(cube[:3]),
        ),
        item=Items(
            unit_cost=unit_cost, holding_cost=unit_cost * 0.2 / 12, backorder_cost=unit_cost * 0.06,
            lost_sale_cost=unit_cost * 0.1, service_level=np.full(n, 0.95), make_to_order=np.zeros(n, dtype=bool),
        ),
        site=Sites(
            capacity=np.where(np.arange(sites) < size.plants, level.sum() * 1.5, level.sum() * 2.0),
            storage_cost=np.full(sites, 0.2),
            is_plant=np.arange(sites) < size.plants,
            region=np.full(sites, -1),
        ),
        resource=resource,
        source=source,
        lane=_lanes(size, draw),
        stock=stock,
        material=_no_materials(months),
        policy=Policy(
            objective="margin", late_is_priced=True, end_backlog="lost", frozen_months=0, holding_rate=0.2,
            receivable_days=45, payable_days=45, discount_rate=0.08,
        ),
    )  # fmt: skip
    return inputs, demand, price


def _supply(size: Size, draw: Any, volume: Floats, unit_cost: Floats) -> tuple[Sources, Resources]:
    """Each item made at one or two plants on two lines in a row, a third of them bought in as well."""
    n, months = size.items, size.months
    home = draw.integers(0, size.plants, n)
    second = np.flatnonzero(draw.random(n) < 0.4) if size.plants > 1 else np.array([], dtype=int)
    outside = np.flatnonzero(draw.random(n) < 0.33)
    item = np.concatenate([np.arange(n), second, outside])
    site = np.concatenate([home, (home[second] + 1) % size.plants, home[outside]])
    made = n + len(second)
    kind = ("make",) * made + ("buy",) * len(outside)
    rate = unit_cost[item] * np.concatenate(
        [np.full(n, 0.55), np.full(len(second), 0.6), np.full(len(outside), 0.95)]
    )
    limit = np.where(np.arange(len(item)) < made, np.inf, 0.25 * volume[item])
    hours = draw.uniform(0.05, 0.3, made)
    load = np.zeros(2 * size.plants)
    np.add.at(load, 2 * home, hours[:n] * volume)
    np.add.at(load, 2 * home + 1, 0.5 * hours[:n] * volume)
    lines = 2 * size.plants
    people = np.arange(lines) % 2 == 0
    heads = load * 0.88 / 150
    source = Sources(
        item=item, site=site, kind=kind, supplier=("",) * len(item),
        lead=np.where(np.arange(len(item)) < made, 0, 1),
        unit_cost=np.repeat(rate[:, None], months, axis=1),
        min_quantity=np.zeros((len(item), months)),
        max_quantity=np.repeat(limit[:, None], months, axis=1),
        routing_source=np.repeat(np.arange(made), 2),
        routing_resource=(2 * site[:made, None] + np.array([0, 1])).ravel(),
        routing_hours=(hours[:, None] * np.array([1.0, 0.5])).ravel(),
        assumed=np.zeros(len(item), dtype=bool),
    )  # fmt: skip
    wide = np.ones((lines, months))
    resource = Resources(
        site=np.repeat(np.arange(size.plants), 2),
        hours=wide * np.where(people, np.inf, load * 0.92)[:, None],
        overtime_hours=wide * np.where(people, np.inf, load * 0.12)[:, None],
        hour_cost=np.where(people, 0.0, 30.0),
        overtime_cost=np.where(people, 36.0, 45.0),
        shift_hours=np.where(people, 0.0, load * 0.15),
        shift_cost=np.where(people, 0.0, load * 0.15 * 60),
        max_shifts=wide,
        outage=0.0 * wide,
        people=people,
        headcount=np.where(people, heads, 0.0),
        hours_per_head=wide * np.where(people, 150.0, 0.0)[:, None],
        overtime_per_head=wide * np.where(people, 15.0, np.nan)[:, None],
        wage=wide * np.where(people, 150 * 24.0, 0.0)[:, None],
        hire_cost=np.where(people, 4000.0, 0.0),
        release_cost=np.where(people, 6000.0, 0.0),
        min_headcount=0.0 * wide,
        max_headcount=wide * np.where(people, heads * 1.08, np.inf)[:, None],
        can_hire=wide > 0,
        can_release=wide > 0,
    )
    return source, resource


def _lanes(size: Size, draw: Any) -> Lanes:
    pairs = [(p, size.plants + w, -1) for p in range(size.plants) for w in range(size.warehouses)]
    near = [(size.plants + w, -1, r) for w in range(size.warehouses) for r in range(size.regions)]
    if not size.warehouses:
        near = [(p, -1, r) for p in range(size.plants) for r in range(size.regions)]
    rows = np.array(pairs + near)
    months = size.months
    cost = draw.uniform(0.5, 4.0, len(rows))
    return Lanes(
        origin=rows[:, 0], to_site=rows[:, 1], to_region=rows[:, 2],
        lead=np.where((rows[:, 1] >= 0) & (np.arange(len(rows)) % 3 == 0), 1, 0),
        unit_cost=np.repeat(cost[:, None], months, axis=1),
        max_quantity=np.full((len(rows), months), np.inf),
        everywhere=False,
    )  # fmt: skip


def _stock(size: Size, draw: Any, level: Floats) -> Stock:
    sites = size.plants + size.warehouses
    first, count = (size.plants, size.warehouses) if size.warehouses else (0, size.plants)
    shape = (size.items, sites, size.months)
    target = np.zeros(shape)
    target[:, first:] = (level / count * 0.5)[:, None, None]
    opening = np.zeros(shape[:2])
    opening[:, first:] = draw.uniform(0.2, 0.9, (size.items, count)) * (level / count)[:, None]
    return Stock(
        opening=opening, target=target, end_minimum=np.zeros(shape[:2]), receipts=np.zeros(shape),
        committed=np.full(shape, np.nan), cover_factor=np.ones(size.items),
    )  # fmt: skip


def _no_materials(months: int) -> Materials:
    none, no_rows = np.zeros(0), np.zeros(0, dtype=np.int64)
    return Materials(
        material=no_rows, supplier=(), lead=no_rows, unit_cost=none, min_quantity=np.zeros((0, months)),
        max_quantity=np.zeros((0, months)), on_hand=none, usage_source=no_rows, usage_material=no_rows,
        usage_quantity=none,
    )  # fmt: skip


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Wall time of one call, and what it gave."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def bare(company: Company) -> tuple[float, float]:
    """(cold run() alone, building model and numbers) for the same matrices; best of the repeats."""
    building, model = seconds(lambda: SupplyModel(*company))
    program = model.program(model.base_numbers())
    engine = make_engine("highspy")
    engine.load(program)
    return engine.run().seconds, building


def moves(company: Company, share: float, count: int = 8) -> list[Company]:
    """Small lever moves: one item's demand, one line's hours and everything by a `share`, in turn."""
    inputs, demand, price = company
    made = []
    for number in range(count):
        other, units = inputs.copy(), demand.copy()
        if number % 3 == 0:
            units[number % len(inputs.items)] *= 1 + 5 * share
        elif number % 3 == 1:
            other.resource.hours *= 1 - share
            other.resource.max_headcount *= 1 - share
        else:
            units *= 1 + share
        made.append((other, units, price))
    return made


def rows_of(size: Size) -> Iterator[Row]:
    """The ratios of one network."""
    company = network(size)
    print(f"supply: {size}", file=sys.stderr, flush=True)
    tries = [bare(company) for _ in range(3 if size.items < 100 else 1)]
    raw, building = min(call for call, _ in tries), min(build for _, build in tries)
    solver = SupplySolver(*company)
    total, plan = seconds(solver.solve)
    called = plan.solver.base_seconds + plan.solver.seconds
    note = f"{plan.solver.n_variables:,} variables, {plan.solver.n_rows:,} rows"

    def row(what: str, spent: float, goal: float | None = None, note: str = "") -> Row:
        return Row(f"{size}: {what}", 1000 * spent, "raw run()", 1000 * raw, "ms", goal, note)

    yield row("first plan", total, note=note)
    yield row("first plan without the solver's calls", total - called, 0.25, f"building {building / raw:.1%}")
    for share in (0.02, 0.10):
        every, calls = [], []
        for move in moves(company, share):
            spent, moved = seconds(partial(solver.solve, *move))
            every.append(spent)
            calls.append(moved.solver.seconds)
        yield row(f"re-plan after a move of {share:.0%}", statistics.median(every),
                  note=f"solver's call alone {statistics.median(calls) / raw:.3f}")  # fmt: skip
    spent, listed = seconds(lambda: shortages(company[0], short_orders(company[0], company[1], plan)))
    yield row("shortage list", spent, note=f"{len(listed)} rows; peak memory so far {peak():,.0f} MB")


def peak() -> float:
    """Peak resident memory of this process, MB."""
    return machine.getrusage(machine.RUSAGE_SELF).ru_maxrss / 1024


SIZES = (
    Size(items=30, plants=2, warehouses=3, regions=5, segments=3, months=18),
    Size(items=30, plants=2, warehouses=3, regions=5, segments=3, months=18, same_price=True),
    Size(items=100, plants=3, warehouses=0, regions=4, segments=3, months=18, same_price=True),
    Size(items=100, plants=3, warehouses=0, regions=4, segments=3, months=18),
)


def run() -> Iterator[Row]:
    """All sizes, the smallest first."""
    for size in SIZES:
        yield from rows_of(size)
