"""What is not served on time, and what held it back.

The cause is found on the way that the units would have had to take: from the region back over its lanes to the
item's sources, and there in the latest month in which a start could still have been in time. What is full at that
point (a resource, a contract's maximum, a material, a lane) is the cause; where nothing is, the plan had a way and
did not take it because it costs more than it saves. Where several things are full at one source, the one with the
larger shadow price is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.calendar import span_label, timestamps
from sop_core.inputs import Bools, Floats, Inputs, Ints
from sop_core.supply.result import Solution

#: Kinds of causes, as in the column `cause_kind`.
RESOURCE, SUPPLIER, MATERIAL, LANE, STORAGE, LEAD, FROZEN, MISSING, POLICY = (
    "resource", "supplier contract", "material", "lane", "storage", "lead time", "frozen months", "no source", "policy",
)  # fmt: skip
KINDS = (RESOURCE, SUPPLIER, MATERIAL, LANE, STORAGE, LEAD, FROZEN, MISSING, POLICY)
COLUMNS = (
    "month", "item", "region", "segment", "kind", "quantity", "value", "cause", "cause_kind", "binding",
    "full_from", "full_to",
)  # fmt: skip

_FULL = 1e-6
_CODE = {kind: code for code, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Causes:
    """Cause of each short cell (item, region, month). `binding` is a position in the kind's own list, -1 = none."""

    item: Ints
    region: Ints
    month: Ints
    kind: Ints  #: position in KINDS
    binding: Ints  #: resource, source, material, lane or site, by kind; the source for lead time
    source: Ints  #: the source looked at, -1 = none
    start: Ints  #: month in which that source would have had to start, may be negative
    first: Ints  #: first month of the unbroken run in which the binding thing is full; -1 = does not apply
    last: Ints


@dataclass(frozen=True, slots=True)
class ShortOrders:
    """Orders not served on time by item, region, segment, month and kind, largest money first: arrays [order]."""

    item: Ints
    region: Ints
    segment: Ints
    month: Ints  #: when the units were asked for
    lost: Bools  #: never served within the horizon; else served in a later month
    units: Floats  #: of that month's orders
    value: Floats  #: units x price of that month (standard cost where there is no price), money
    cause: Ints  #: position in `causes`
    causes: Causes


def short_orders(inputs: Inputs, demand: Floats, solution: Solution) -> ShortOrders:
    """What is not served on time, and what held it back."""
    late, lost = late_and_lost(inputs, demand, solution)
    quantity = np.stack([late, lost])
    floor = 1e-6 * np.maximum(demand, 1.0)
    which, item, region, segment, month = np.nonzero(quantity > floor)
    units = quantity[which, item, region, segment, month]
    price = solution.price[item, region, segment, month]
    value = units * np.where(price > 0, price, inputs.item.unit_cost[item])
    order = np.lexsort((segment, region, item, month, -units, -value))
    which, item, region, segment, month = (part[order] for part in (which, item, region, segment, month))
    causes = find_causes(inputs, solution, (late + lost).sum(axis=2) > floor.max(axis=2))
    cell = np.full((len(inputs.items), len(inputs.regions), inputs.horizon), -1)
    cell[causes.item, causes.region, causes.month] = np.arange(len(causes.item))
    of = cell[item, region, month]
    return ShortOrders(item, region, segment, month, which == 1, units[order], value[order], of, causes)


def shortages(inputs: Inputs, orders: ShortOrders) -> pd.DataFrame:
    """One row per month, item, region, segment and kind; largest money first.

    month: when the units were asked for. kind: `late` (served in a later month) or `lost` (never within the
    horizon). quantity: units of that month's orders. value: quantity x price of that month (standard cost where
    there is no price), money. cause: the end of a sentence; binding: the thing that is full; full_from, full_to: the
    unbroken months in which it is.
    """
    if not len(orders.item):
        return _frame({name: [] for name in COLUMNS})
    causes, of = orders.causes, orders.cause
    index, said = cause_words(inputs, causes)
    index = index[of]
    stamps = timestamps(inputs.months).to_numpy()
    nat = np.datetime64("NaT", "us")
    first, last = causes.first[of], causes.last[of]
    return _frame(
        {
            "month": stamps[orders.month],
            "item": _pick(inputs.items, orders.item),
            "region": _pick(inputs.regions, orders.region),
            "segment": _pick(inputs.segments, orders.segment),
            "kind": _pick(("late", "lost"), orders.lost.astype(int)),
            "quantity": orders.units,
            "value": orders.value,
            "cause": _pick(tuple(one.text for one in said), index),
            "cause_kind": _pick(KINDS, causes.kind[of]),
            "binding": _pick(tuple(one.binding for one in said), index),
            "full_from": np.where(first >= 0, stamps[np.maximum(first, 0)], nat),
            "full_to": np.where(last >= 0, stamps[np.maximum(last, 0)], nat),
        }
    )


def late_and_lost(inputs: Inputs, demand: Floats, solution: Solution) -> tuple[Floats, Floats]:
    """([i, r, m, t], same): of the orders placed in t, units served later, and units never served.

    The oldest order is served first, so what waits are the newest orders. Opening backlog counts as placed in the
    first month.
    """
    placed = demand.copy()
    placed[..., 0] += inputs.demand.opening_backlog
    waiting = np.minimum(solution.backlog, placed)
    after = np.cumsum(placed[..., ::-1], axis=-1)[..., ::-1] - placed
    never = np.clip(solution.backlog[..., -1:] - after, 0.0, placed)
    never = np.minimum(never, waiting)
    return waiting - never, solution.lost + never


def find_causes(inputs: Inputs, solution: Solution, short: Bools) -> Causes:
    """The cause of each cell [i, r, t] where `short`."""
    item, region, month = np.nonzero(short)
    lead, last_lane = _lead_to_regions(inputs)
    block, thing = _blocked_starts(inputs, solution)
    pair_cell, pair_source = _pairs(item, inputs.source.item)
    source = inputs.source
    way = lead[source.site[pair_source], region[pair_cell]]
    start = np.where(way < _FAR, month[pair_cell] - source.lead[pair_source] - way, -_FAR)
    inside = start >= 0
    at = np.maximum(start, 0)
    kind = np.where(inside, block[pair_source, at], _CODE[LEAD])
    kind = np.where(way >= _FAR, _CODE[MISSING], kind)
    found = np.where(inside, thing[pair_source, at], pair_source)
    # Of several ways the one that was open counts, then the cheapest that could have been in time (its plain cost:
    # with what it lacks priced in, every way to a short cell costs the same).
    cost = source.unit_cost[pair_source, at]
    rank = np.where(way >= _FAR, 3, np.where(~inside, 2, np.where(kind == _CODE[POLICY], 0, 1)))
    best = np.lexsort((cost, rank, pair_cell))
    head = np.unique(pair_cell[best], return_index=True)
    chosen = np.full(len(item), -1)
    chosen[head[0]] = best[head[1]]
    has = chosen >= 0
    pick = np.maximum(chosen, 0)
    if not len(pair_cell):
        empty = np.full(len(item), -1)
        return Causes(
            item, region, month, np.full(len(item), _CODE[MISSING]), empty, empty, empty, empty, empty
        )
    result = _Result(
        kind=np.where(has, kind[pick], _CODE[MISSING]),
        binding=np.where(has, found[pick], -1),
        source=np.where(has, pair_source[pick], -1),
        start=np.where(has, start[pick], -1),
    )
    _open_ways(inputs, solution, result, item, region, month, last_lane)
    first, last = _runs(inputs, solution, result, month)
    _no_room_ahead(inputs, solution, result, item, region, first, last_lane)
    return Causes(item, region, month, result.kind, result.binding, result.source, result.start, first, last)


_FAR = 10_000


@dataclass(slots=True)
class _Result:
    kind: Ints
    binding: Ints
    source: Ints
    start: Ints


def _pairs(item: Ints, source_item: Ints) -> tuple[Ints, Ints]:
    """(cell, source) for every source of each cell's item."""
    order = np.argsort(source_item, kind="stable")
    begin = np.searchsorted(source_item[order], item, side="left")
    end = np.searchsorted(source_item[order], item, side="right")
    count = end - begin
    cell = np.repeat(np.arange(len(item)), count)
    offset = np.arange(len(cell)) - np.repeat(np.cumsum(count) - count, count)
    return cell, order[np.repeat(begin, count) + offset]


def _lead_to_regions(inputs: Inputs) -> tuple[Ints, Ints]:
    """([s, r] least months from site to region, [s, r] the lane that enters the region on that way, -1 = none)."""
    lane, n_sites, n_regions = inputs.lane, len(inputs.site_names), len(inputs.regions)
    if lane.everywhere:
        return np.zeros((n_sites, n_regions), dtype=np.int64), np.full((n_sites, n_regions), -1)
    lead = np.full((n_sites, n_regions), _FAR)
    last = np.full((n_sites, n_regions), -1)
    spent = np.full((n_sites, n_regions), np.inf)
    cost = lane.unit_cost.mean(axis=1)
    for one in np.lexsort((cost, lane.lead)):
        if lane.to_region[one] >= 0 and lane.lead[one] < lead[lane.origin[one], lane.to_region[one]]:
            lead[lane.origin[one], lane.to_region[one]] = lane.lead[one]
            last[lane.origin[one], lane.to_region[one]] = one
            spent[lane.origin[one], lane.to_region[one]] = cost[one]
    between = np.flatnonzero(lane.to_site >= 0)
    # Of ways that take equally long the cheapest counts: it is the one that the plan would use.
    for _ in range(n_sites):
        before = spent.copy()
        for one in between:
            origin, through = lane.origin[one], lane.lead[one] + lead[lane.to_site[one]]
            dearer = cost[one] + spent[lane.to_site[one]]
            better = (through < lead[origin]) | ((through == lead[origin]) & (dearer < spent[origin] - 1e-12))
            better &= through < _FAR
            lead[origin, better], spent[origin, better] = through[better], dearer[better]
            last[origin, better] = last[lane.to_site[one], better]
        if np.array_equal(before, spent):
            break
    return lead, last


def blocked_start(
    inputs: Inputs, solution: Solution, source: int, month: int
) -> tuple[str, int, int, int] | None:
    """(kind, binding thing, first and last month of the run in which it is full) that keeps a source from starting one
    unit more in a month; None where nothing does."""
    block, thing = _blocked_starts(inputs, solution)
    code, what = int(block[source, month]), int(thing[source, month])
    if code == _CODE[POLICY]:
        return None
    one = np.array([0])
    result = _Result(one + code, one + what, one + source, one + month)
    first, last = _runs(inputs, solution, result, one + month)
    return KINDS[code], what, int(first[0]), int(last[0])


def entry_lanes(inputs: Inputs) -> Ints:
    """[s, r] the lane by which units of a site enter a region on their quickest way; -1 = none, or no lanes given."""
    return _lead_to_regions(inputs)[1]


def resource_full(inputs: Inputs, solution: Solution) -> tuple[Bools, Bools]:
    """([q, t] no hour left of any kind, [q, t] no regular hour left)."""
    load, capacity = solution.load, solution.capacity
    resource = inputs.resource
    people = np.where(resource.people[:, None], solution.headcount * resource.hours_per_head, np.inf)
    regular = np.minimum(resource.hours, people) * np.maximum(1.0 - resource.outage, 0.0)
    slack = _FULL * np.maximum(load, 1.0)
    return load >= capacity - slack, load >= regular - slack


def _blocked_starts(inputs: Inputs, solution: Solution) -> tuple[Ints, Ints]:
    """[k, t] what keeps a source from starting one unit more in t: kind (POLICY = nothing) and thing.

    Of several, the one whose shadow price weighs most on a unit.
    """
    source, material, duals = inputs.source, inputs.material, solution.duals
    kind = np.full(solution.started.shape, _CODE[POLICY])
    thing = np.full(solution.started.shape, -1)
    rent = np.zeros(solution.started.shape)

    def offer(lines: Ints, code: str, what: Ints, blocked: Bools, price: Floats) -> None:
        """Takes the offers [row, t] for `lines` of sources where they are blocked and dearer than what stands."""
        for rows in _rounds(lines):
            of = lines[rows]
            better = blocked[rows] & ((kind[of] == _CODE[POLICY]) | (price[rows] > rent[of] + 1e-9))
            kind[of] = np.where(better, _CODE[code], kind[of])
            thing[of] = np.where(better, what[rows, None], thing[of])
            rent[of] = np.where(better, price[rows], rent[of])

    at_most = _at_limit(solution.started, source.max_quantity)
    kind[at_most] = _CODE[SUPPLIER]
    thing[at_most] = np.nonzero(at_most)[0]
    rent[at_most] = duals["source"][at_most]
    full, _ = resource_full(inputs, solution)
    worth = source.routing_hours[:, None] * np.maximum(duals["resource"], 0.0)[source.routing_resource]
    offer(source.routing_source, RESOURCE, source.routing_resource, full[source.routing_resource], worth)
    if len(material.usage_source):
        none_left = _no_material(inputs, solution)[material.usage_material]
        worth = material.usage_quantity[:, None] * np.maximum(duals["material"], 0.0)[material.usage_material]
        offer(material.usage_source, MATERIAL, material.usage_material, none_left, worth)
    return kind, thing


def _rounds(lines: Ints) -> Iterator[Ints]:
    """Rows in rounds in which no line comes twice, each line's rows in their order."""
    order = np.argsort(lines, kind="stable")
    of = lines[order]
    nth = np.arange(len(of)) - np.searchsorted(of, of)
    for turn in range(int(nth.max(initial=-1)) + 1):
        yield order[nth == turn]


def _no_material(inputs: Inputs, solution: Solution) -> Bools:
    """[material, t] nothing left at month end and no supplier could have sent more in time."""
    material = inputs.material
    gone = solution.material_stock <= _FULL * np.maximum(solution.material_stock.max(initial=1.0), 1.0)
    room = solution.bought < material.max_quantity - _FULL * np.maximum(solution.bought, 1.0)
    can = np.zeros(solution.material_stock.shape, dtype=bool)
    for line, owner in enumerate(material.material):
        late = int(material.lead[line])
        if late < inputs.horizon:
            can[owner, late:] |= np.logical_or.accumulate(room[line, : inputs.horizon - late])
    return gone & ~can


def _open_ways(
    inputs: Inputs,
    solution: Solution,
    result: _Result,
    item: Ints,
    region: Ints,
    month: Ints,
    last_lane: Ints,
) -> None:
    """For cells whose source was free: a full lane, a full site, frozen months, or simply not worth it."""
    free = np.flatnonzero(result.kind == _CODE[POLICY])
    if not len(free):
        return
    source, stock = inputs.source, inputs.stock
    at = source.site[result.source[free]]
    start = np.clip(result.start[free], 0, inputs.horizon - 1)
    lane = last_lane[at, region[free]]
    full_lane = lane_full(inputs, solution)
    blocked = np.zeros(len(free), dtype=bool)
    on_lane = lane >= 0
    leaves = (
        np.clip(month[free] - np.where(on_lane, inputs.lane.lead[lane], 0), 0, None)
        if len(full_lane)
        else start
    )
    if len(full_lane):
        blocked = on_lane & full_lane[lane, np.minimum(leaves, inputs.horizon - 1)]
    result.kind[free[blocked]] = _CODE[LANE]
    result.binding[free[blocked]] = lane[blocked]
    arrives = np.minimum(start + source.lead[result.source[free]], inputs.horizon - 1)
    frozen = ~blocked & ~np.isnan(stock.committed[item[free], at, arrives])
    result.kind[free[frozen]] = _CODE[FROZEN]
    result.binding[free[frozen]] = result.source[free[frozen]]
    rest = ~blocked & ~frozen
    # The dearest routing tells which regular hours are used up where overtime or a shift would cost more.
    _, regular = resource_full(inputs, solution)
    names = np.full((len(source.item), inputs.horizon), -1)
    for rows in _rounds(source.routing_source):
        of, resource = source.routing_source[rows], source.routing_resource[rows]
        names[of] = np.where(regular[resource], resource[:, None], names[of])
    result.binding[free[rest]] = names[result.source[free[rest]], start[rest]]


def _no_room_ahead(
    inputs: Inputs,
    solution: Solution,
    result: _Result,
    item: Ints,
    region: Ints,
    first: Ints,
    last_lane: Ints,
) -> None:
    """Where the source had hours before the run that counts, but no site on the way had room for stock: storage."""
    blocked = np.isin(result.kind, (_CODE[RESOURCE], _CODE[SUPPLIER], _CODE[MATERIAL]))
    cells = np.flatnonzero(blocked & (first > 0) & ~inputs.item.make_to_order[item])
    full = site_full(inputs, solution)
    if not len(cells) or not full.any():
        return
    at = inputs.source.site[result.source[cells]]
    lane = last_lane[at, region[cells]]
    ships = np.where(lane >= 0, inputs.lane.origin[lane], at) if len(inputs.lane.origin) else at
    before = first[cells] - 1
    no_room = full[at, before] & full[ships, before]
    result.kind[cells[no_room]] = _CODE[STORAGE]
    result.binding[cells[no_room]] = ships[no_room]


def lane_full(inputs: Inputs, solution: Solution) -> Bools:
    """[l, t] sent as much as the lane takes."""
    return _at_limit(solution.flow.sum(axis=0), inputs.lane.max_quantity)


def site_full(inputs: Inputs, solution: Solution) -> Bools:
    """[s, t] holds as much as the site takes."""
    limit = np.broadcast_to(inputs.site.capacity[:, None], solution.stock.shape[1:])
    return _at_limit(solution.stock.sum(axis=0), limit)


def _at_limit(taken: Floats, limit: Floats) -> Bools:
    known = np.where(np.isfinite(limit), limit, 0.0)
    return np.isfinite(limit) & (taken >= known - _FULL * np.maximum(known, 1.0))


def _runs(inputs: Inputs, solution: Solution, result: _Result, month: Ints) -> tuple[Ints, Ints]:
    """First and last month of the unbroken run in which the binding thing is full, around the month that counts."""
    first, last = np.full(len(month), -1), np.full(len(month), -1)
    full, regular = resource_full(inputs, solution)
    source = inputs.source
    at_most = _at_limit(solution.started, source.max_quantity)
    for code, flags in (
        (RESOURCE, full),
        (POLICY, regular),
        (SUPPLIER, at_most),
        (MATERIAL, _no_material(inputs, solution)),
        (LANE, lane_full(inputs, solution)),
    ):
        own = np.flatnonzero((result.kind == _CODE[code]) & (result.binding >= 0))
        if not len(own):
            continue
        begin, end = _unbroken(flags)
        when = np.clip(result.start[own], 0, inputs.horizon - 1)
        if code == LANE:
            when = np.clip(month[own] - inputs.lane.lead[result.binding[own]], 0, inputs.horizon - 1)
        first[own] = begin[result.binding[own], when]
        last[own] = end[result.binding[own], when]
    return first, last


def _unbroken(flags: Bools) -> tuple[Ints, Ints]:
    """[x, t] first and last position of the run of true values that each position lies in; -1 outside runs."""
    months = flags.shape[1]
    index = np.arange(months)
    begins = flags & ~np.pad(flags, ((0, 0), (1, 0)))[:, :-1]
    first = np.maximum.accumulate(np.where(begins, index, -1), axis=1)
    ends = flags & ~np.pad(flags, ((0, 0), (0, 1)))[:, 1:]
    last = np.minimum.accumulate(np.where(ends, index, months)[:, ::-1], axis=1)[:, ::-1]
    return np.where(flags, first, -1), np.where(flags, last, -1)


@dataclass(frozen=True, slots=True)
class Said:
    """A cause in words."""

    kind: str
    text: str  #: the end of a sentence
    binding: str  #: name of the thing that is full


def cause_words(inputs: Inputs, causes: Causes) -> tuple[Ints, list[Said]]:
    """([cause] position among the causes that are told apart, those in words): each is put in words once."""
    # Who would have supplied it is only said of what lies with the supply itself.
    own = np.isin(causes.kind, [_CODE[kind] for kind in (LEAD, FROZEN, POLICY)])
    source = np.where(own, causes.source, -1)
    parts = (causes.kind, causes.binding, source, causes.first, causes.last)
    key = np.zeros(len(causes.kind), dtype=np.int64)
    for part in parts:
        key = key * (int(part.max(initial=0)) + 2) + part + 1
    _, head, index = np.unique(key, return_index=True, return_inverse=True)
    rows = zip(*(part[head].tolist() for part in parts), strict=True)
    return index, [Said(KINDS[row[0]], *_say(inputs, *row)) for row in rows]


def _say(inputs: Inputs, kind: int, binding: int, source: int, first: int, last: int) -> tuple[str, str]:
    months = inputs.months
    when = f" {span_label(months[first], months[last])}" if first >= 0 else ""
    label = KINDS[kind]
    if label == RESOURCE:
        name = inputs.resource_names[binding]
        return f"{name} is full{when}", name
    if label == SUPPLIER:
        name = inputs.source_names[binding]
        seller = inputs.source.supplier[binding]
        by = f" of {seller}" if seller else ""
        return f"the maximum{by} for {name} is used up{when}", name
    if label == MATERIAL:
        name = inputs.material_names[binding]
        return f"no more {name} can be had{when}", name
    if label == LANE:
        name = inputs.lane_name(binding)
        return f"the lane {name} is full{when}", name
    if label == STORAGE:
        name = inputs.site_names[binding]
        return f"{name} is full, so nothing more can be built ahead of{when}", name
    if label == LEAD:
        name = inputs.source_names[source]
        return f"{name} cannot deliver that early: its lead time is longer", name
    if label == FROZEN:
        name = inputs.source_names[source]
        return "output of the frozen months is fixed", name
    if label == MISSING:
        return "no source and lane leads there", ""
    if binding >= 0:
        name = inputs.resource_names[binding]
        return f"{name} has no regular hour left{when}, and more hours cost more than they save", name
    return "serving it costs more than it earns", inputs.source_names[source] if source >= 0 else ""


def _pick(names: tuple[str, ...], index: Ints) -> np.ndarray:
    return np.array(names, dtype=object)[index]


_DATES, _NUMBERS = ("month", "full_from", "full_to"), ("quantity", "value")


def _frame(columns: dict[str, object]) -> pd.DataFrame:
    def typed(name: str) -> pd.Series:
        kind = "datetime64[us]" if name in _DATES else "float64" if name in _NUMBERS else "str"
        return pd.Series(columns[name], dtype=kind, copy=False)

    return pd.DataFrame({name: typed(name) for name in COLUMNS}, copy=False)
