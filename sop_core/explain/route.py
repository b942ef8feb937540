"""The way of a short order back from its region to what binds, with what was used at each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.explain import words
from sop_core.explain.explanation import Link
from sop_core.inputs import Floats, Inputs
from sop_core.plan import Plan
from sop_core.supply import causes
from sop_core.supply.result import hours_at_hand


@dataclass(frozen=True, slots=True)
class Cell:
    """A short order: item, region and month in which it was placed, with its cause. Positions as in Inputs."""

    item: int
    region: int
    month: int
    kind: str  #: of causes.KINDS
    binding: int
    source: int
    start: int  #: month of the start that would have been in time; negative = before the plan
    first: int  #: unbroken run in which the binding thing is full; -1 = none
    last: int


def cell_of(plan: Plan, item: int, region: int, month: int) -> Cell:
    """The cause of one cell, as `causes.find_causes` finds it."""
    short = np.zeros((len(plan.inputs.items), len(plan.inputs.regions), plan.inputs.horizon), dtype=np.bool_)
    short[item, region, month] = True
    found = causes.find_causes(plan.inputs, plan.solution, short)
    return Cell(
        item, region, month, causes.KINDS[int(found.kind[0])], int(found.binding[0]), int(found.source[0]),
        int(found.start[0]), int(found.first[0]), int(found.last[0]),
    )  # fmt: skip


def lanes_back(inputs: Inputs, site: int, region: int) -> tuple[int, ...]:
    """Lanes from a site to a region on the way with the least lead time, in the order of travel; () where none."""
    lane = inputs.lane
    if lane.everywhere:
        return ()
    entry = causes.entry_lanes(inputs)[site, region]
    if entry < 0:
        return ()
    if lane.origin[entry] == site:
        return (int(entry),)
    return (*between(inputs, site, int(lane.origin[entry])), int(entry))


def between(inputs: Inputs, origin: int, target: int) -> tuple[int, ...]:
    """Lanes from site to site with the least lead time, then cost."""
    lane, n_sites = inputs.lane, len(inputs.site_names)
    cost = lane.unit_cost.mean(axis=1)
    best: dict[int, tuple[int, float, tuple[int, ...]]] = {origin: (0, 0.0, ())}
    for _ in range(n_sites):
        for one in np.flatnonzero(lane.to_site >= 0).tolist():
            if int(lane.origin[one]) not in best:
                continue
            lead, spent, way = best[int(lane.origin[one])]
            new = (lead + int(lane.lead[one]), spent + float(cost[one]), (*way, one))
            known = best.get(int(lane.to_site[one]))
            if known is None or new[:2] < known[:2]:
                best[int(lane.to_site[one])] = new
    return best[target][2] if target in best else ()


def departures(inputs: Inputs, way: tuple[int, ...], month: int) -> tuple[int, ...]:
    """Month in which the units would leave on each lane to arrive in `month`; may lie before the plan."""
    out, at = [], month
    for lane in reversed(way):
        at -= int(inputs.lane.lead[lane])
        out.append(at)
    return tuple(reversed(out))


def chain(plan: Plan, cell: Cell, short: float) -> tuple[Link, ...]:
    """Customer <- lane <- site <- source <- resource or material, with months and how full each is."""
    inputs = plan.inputs
    links = [_customer(plan, cell, short)]
    if cell.source < 0:
        return tuple(links)
    source = inputs.source
    site = int(source.site[cell.source])
    way = lanes_back(inputs, site, cell.region)
    for lane, at in reversed(list(zip(way, departures(inputs, way, cell.month), strict=True))):
        links.append(_lane(plan, cell, lane, at))
        if inputs.lane.origin[lane] != site:
            links.append(_site(plan, cell, int(inputs.lane.origin[lane]), at))
    arrives = departures(inputs, way, cell.month)[0] if way else cell.month
    links.append(_site(plan, cell, site, arrives))
    links += supply_links(plan, cell, arrives - int(source.lead[cell.source]))
    return tuple(links)


def supply_links(plan: Plan, cell: Cell, start: int) -> list[Link]:
    """The source and what stands behind it, in the month in which it would have to start."""
    inputs, solution, source = plan.inputs, plan.solution, plan.inputs.source
    unit = words.unit_of(inputs, cell.item)
    most = source.max_quantity[cell.source, start] if start >= 0 else np.inf
    made = solution.started[cell.source, start] if start >= 0 else 0.0
    lead = int(source.lead[cell.source])
    limit = f" of at most {words.count(most)}" if np.isfinite(most) else ""
    takes = f"; {lead} {'month' if lead == 1 else 'months'} to stock" if lead else ""
    early = f"before the plan begins{takes}"
    link = Link(
        "Source", inputs.source_names[cell.source], words.month(inputs, start),
        _part(made, most), f"{words.units(made, unit)} started{limit}{takes}" if start >= 0 else early,
        cell.kind in (causes.SUPPLIER, causes.LEAD, causes.FROZEN),
    )  # fmt: skip
    return [link, *(_behind(plan, cell, start) if start >= 0 else [])]


def _customer(plan: Plan, cell: Cell, short: float) -> Link:
    inputs = plan.inputs
    placed = plan.demand.total[cell.item, cell.region, :, cell.month].sum()
    placed += inputs.demand.opening_backlog[cell.item, cell.region].sum() if cell.month == 0 else 0.0
    unit = words.unit_of(inputs, cell.item)
    text = f"{words.units(placed, unit)} asked for, {words.count(short)} not on time"
    on_time = 1 - short / placed if placed > 0 else 1.0
    return Link(
        "Customer", inputs.regions[cell.region], words.month(inputs, cell.month), float(max(on_time, 0.0)),
        text, cell.kind == causes.MISSING,
    )  # fmt: skip


def _lane(plan: Plan, cell: Cell, lane: int, at: int) -> Link:
    inputs = plan.inputs
    binding = cell.kind == causes.LANE and cell.binding == lane
    if at < 0:
        return Link("Lane", inputs.lane_name(lane), words.month(inputs, at), np.nan, "before the plan begins")
    sent, limit = float(plan.solution.flow[:, lane, at].sum()), float(inputs.lane.max_quantity[lane, at])
    text = f"{words.count(sent)} units of all items" + (
        f" of at most {words.count(limit)}" if np.isfinite(limit) else ", no limit"
    )
    when = _when(inputs, cell, at) if binding else words.month(inputs, at)
    return Link("Lane", inputs.lane_name(lane), when, _part(sent, limit), text, binding)


def _site(plan: Plan, cell: Cell, site: int, at: int) -> Link:
    inputs, month = plan.inputs, max(at, 0)
    own = float(plan.solution.stock[cell.item, site, month])
    target = float(inputs.stock_target[cell.item, site, month])
    held, room = float(plan.solution.stock[:, site, month].sum()), float(inputs.site.capacity[site])
    text = f"{words.count(own)} {words.unit_of(inputs, cell.item)} in stock at month end"
    text += f", target {words.count(target)}" if target > 0 else ""
    binding = cell.kind == causes.STORAGE and cell.binding == site
    return Link("Site", inputs.site_names[site], words.month(inputs, at), _part(held, room), text, binding)


def _behind(plan: Plan, cell: Cell, start: int) -> list[Link]:
    """Resources and materials that the source takes, the one that binds last."""
    inputs, solution = plan.inputs, plan.solution
    source, material = inputs.source, inputs.material
    links = []
    resources = source.routing_resource[source.routing_source == cell.source]
    full, _ = causes.resource_full(inputs, solution)
    for q in dict.fromkeys(resources.tolist()):
        binding = cell.kind == causes.RESOURCE and cell.binding == q
        load, hours = float(solution.load[q, start]), float(solution.capacity[q, start])
        limit = f" of {words.count(hours)} hours at hand" if np.isfinite(hours) else " hours, no limit"
        text = f"{words.count(load)}{limit}"
        when = _when(inputs, cell, start) if binding else words.month(inputs, start)
        if not binding and not full[q, start]:
            continue  # what has room does not hold anything back
        if not binding:
            text += ", full as well"
        links.append(Link("Resource", inputs.resource_names[q], when, _part(load, hours), text, binding))
    for n in dict.fromkeys(material.usage_material[material.usage_source == cell.source].tolist()):
        binding = cell.kind == causes.MATERIAL and cell.binding == n
        if not binding:
            continue
        left = float(solution.material_stock[n, start])
        when = _when(inputs, cell, start)
        text = f"{words.count(left)} units left at month end"
        links.append(Link("Material", inputs.material_names[n], when, 1.0, text, True))
    return sorted(links, key=lambda link: link.binding)


def _when(inputs: Inputs, cell: Cell, at: int) -> str:
    """Months in which the binding thing is full."""
    return words.span(inputs, cell.first, cell.last) if cell.first >= 0 else words.month(inputs, at)


def _part(used: float, limit: float) -> float:
    return float(used / limit) if np.isfinite(limit) and limit > 0 else 1.0 if limit == 0 else float("nan")


def profile(plan: Plan, cell: Cell) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """([t] part of its limit used, [t] the part of that beyond regular hours) of what binds; empty where no limit."""
    inputs, solution = plan.inputs, plan.solution
    none: tuple[float, ...] = ()
    if cell.binding < 0:
        return none, none
    if cell.kind in (causes.RESOURCE, causes.POLICY):
        return resource_profile(plan, cell.binding)
    if cell.kind == causes.SUPPLIER:
        used, limit = solution.started[cell.binding], inputs.source.max_quantity[cell.binding]
    elif cell.kind == causes.LANE:
        used, limit = solution.flow[:, cell.binding].sum(axis=0), inputs.lane.max_quantity[cell.binding]
    elif cell.kind == causes.STORAGE:
        used = solution.stock[:, cell.binding].sum(axis=0)
        limit = np.full(inputs.horizon, inputs.site.capacity[cell.binding])
    else:
        return none, none
    parts = np.divide(used, limit, out=np.zeros_like(used), where=np.isfinite(limit) & (limit > 0))
    return tuple(parts.tolist()), (0.0,) * inputs.horizon


def resource_profile(plan: Plan, q: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """([t] regular load, [t] overtime and shifts), both as parts of regular hours; empty where there is no limit."""
    regular: Floats = hours_at_hand(plan.inputs, plan.solution.headcount)[0][q]
    if not np.isfinite(regular).all():
        return (), ()
    load = plan.solution.load[q]
    beyond = (plan.solution.overtime + plan.solution.shift_hours_used)[q]
    beyond = np.minimum(beyond, load)

    def part(hours: Floats) -> tuple[float, ...]:
        values = np.divide(hours, regular, out=np.zeros_like(hours), where=regular > 0)
        return tuple(values.tolist())

    return part(load - beyond), part(beyond)


def ahead(plan: Plan, cell: Cell) -> Link | None:
    """What was built ahead of the month: units above target at the end of the month before; None for the first."""
    inputs = plan.inputs
    if cell.month == 0 or inputs.item.make_to_order[cell.item]:
        return None
    before = cell.month - 1
    stock = float(plan.solution.stock[cell.item, :, before].sum())
    target = float(inputs.stock_target[cell.item, :, before].sum())
    above = max(stock - target, 0.0)
    unit = words.unit_of(inputs, cell.item)
    return Link(
        "Built ahead", inputs.title(cell.item), words.month(inputs, before), float("nan"),
        f"{words.units(above, unit)} above target at month end, {words.count(stock)} in stock", False,
    )  # fmt: skip
