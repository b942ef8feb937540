"""The solved plan in labelled arrays, un-merged to regions and segments, with its money.

Everything here is worked out from the columns' values and `Inputs` alone, so that `check.self_check` can hold it
against the solver's own objective.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sop_core.calendar import month_label
from sop_core.inputs import Floats, Inputs, Ints
from sop_core.supply.numbers import Numbers, Scales, shrunk
from sop_core.supply.program import Answer
from sop_core.supply.structure import Structure

#: Below this part of a column's typical size a value is the solver's dust.
_DUST = 1e-9


@dataclass(frozen=True, slots=True)
class SolverInfo:
    """How a plan was obtained. `seconds` is the solver's call alone, for this solve."""

    engine: str
    status: str
    seconds: float
    iterations: int
    warm: bool
    n_variables: int
    n_rows: int
    base_seconds: float = 0.0  #: the cold solve of the base plan whose basis was used
    stages: int = 1  #: linear programs solved: service priorities, then money
    gap: float = 0.0  #: relative distance to the best possible plan in whole lots and heads; 0 = none left
    unserved: tuple[float, ...] = ()  #: per priority under `service`: the measure reached

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for reports."""
        return asdict(self) | {"unserved": list(self.unserved)}


@dataclass(frozen=True, slots=True)
class Promise:
    """A hard rule that could not be kept, and by how much."""

    rule: str  #: end_minimum, committed, storage, make_to_order, headcount, end_backlog
    where: str
    month: np.datetime64
    amount: float
    unit: str

    def __str__(self) -> str:
        what = {
            "end_minimum": "minimum stock at the end is not reached",
            "committed": "committed output differs",
            "storage": "stock is above the storage capacity",
            "make_to_order": "a make-to-order item is held in stock",
            "headcount": "headcount limits are broken",
            "end_backlog": "backlog is left at the end",
        }[self.rule]
        return f"{month_label(self.month)}, {self.where}: {what} by {self.amount:,.4g} {self.unit}"


@dataclass(frozen=True)
class Solution:
    """An optimal supply plan. Axes as in `Inputs`; q covers all resources, staffed or not."""

    started: Floats  #: [k, t]
    setups: Floats  #: [k, t] 1 where a source was set up; 0 where setups do not count
    received: Floats  #: [k, t] arrivals in stock from starts within the horizon
    flow: Floats  #: [i, l, t] sent in t; empty where no lanes are given
    delivered: Floats  #: [i, s, r, t] sent from a site for a region in t
    stock: Floats  #: [i, s, t] at month end
    short_target: Floats  #: [i, s, t] stock target not reached
    served: Floats  #: [i, r, m, t]
    backlog: Floats  #: [i, r, m, t] waiting at month end
    lost: Floats  #: [i, r, m, t] of segments that cannot wait
    end_lost: Floats  #: [i, r, m] backlog at the horizon's end, also in backlog[..., -1], not in lost
    revenue: (
        Floats  #: [i, r, m, t] in the month of serving, at the price of the month of asking, oldest first
    )
    price: Floats  #: [i, r, m, t] net price of an order asked for in the month
    regular: Floats  #: [q, t] hours used
    overtime: Floats  #: [q, t] hours used
    shifts: Floats  #: [q, t] extra shifts
    shift_hours_used: Floats  #: [q, t]
    load: Floats  #: [q, t] hours that the starts and setups need
    capacity: Floats  #: [q, t] hours at hand: regular, overtime and shifts; inf = no limit
    headcount: Floats  #: [q, t], 0 where no people
    hired: Floats  #: [q, t]
    released: Floats  #: [q, t]
    bought: Floats  #: [n, t] materials
    material_stock: Floats  #: [material, t]
    contract_shortfall: Floats  #: [k, t] below the contract minimum
    material_shortfall: Floats  #: [n, t]
    promises: tuple[Promise, ...]
    costs: dict[str, float]
    cost_by_month: dict[str, Floats]  #: component -> [t]
    penalties: dict[str, float]
    solver: SolverInfo
    solver_objective: float  #: the solver's own maximum, natural money; `objective` agrees with it to 1e-6
    _behind: tuple[Structure, Scales, Answer] = field(repr=False, compare=False)

    @property
    def cost(self) -> float:
        """Sum of the components."""
        return float(sum(self.costs.values()))

    @property
    def margin(self) -> float:
        """Revenue less cost, before promotions' cost."""
        return float(self.revenue.sum()) - self.cost

    @property
    def objective(self) -> float:
        """Margin less penalties: what was maximised."""
        return self.margin - float(sum(self.penalties.values()))

    @property
    def behind(self) -> tuple[Structure, Scales, Answer]:
        """The model's structure and scales, and the solver's answer in them."""
        return self._behind

    @cached_property
    def duals(self) -> dict[str, Floats]:
        """What one more unit of a limit changes, money, from the solver; 0 where nothing binds. One solution of many.

        demand [i, r, t]: cost of serving one more unit asked for · resource [q, t]: worth of one more hour ·
        source [k, t]: of one more unit of max_quantity · stock [i, s, t]: of one unit more in stock ·
        lane [l, t], storage [s, t], material [material, t]: of one more unit.
        """
        structure, scales, answer = self._behind
        rows = answer.row_dual * (scales.money / scales.row)
        cols = answer.col_dual * (scales.money / scales.col)
        months, shape = structure.horizon, structure.shape
        demand = np.zeros((shape.sold.shape[0], structure.n_zones, months))
        demand[structure.zone_item, structure.zone_zone] = structure.rows["zone"].of(rows)
        stock = np.zeros((*shape.stocked.shape, months))
        stock[structure.point_item, structure.point_site] = -structure.rows["stock"].of(rows)
        lane = np.zeros((len(shape.lane_limit), months))
        lane[structure.limited_lanes] = -structure.rows["lane"].of(rows)
        storage = np.zeros((len(shape.storage_limit), months))
        storage[structure.limited_sites] = -structure.rows["storage"].of(rows)
        return {
            "demand": demand[:, shape.zone],
            "resource": -structure.rows["resource"].of(rows),
            "source": np.maximum(-structure.cols["start"].of(cols), 0.0),
            "stock": stock,
            "lane": lane,
            "storage": storage,
            "material": -structure.rows["material"].of(rows),
        }


def build_solution(
    structure: Structure,
    scales: Scales,
    numbers: Numbers,
    inputs: Inputs,
    demand: Floats,
    price: Floats,
    answer: Answer,
    info: SolverInfo,
) -> Solution:
    """Labelled arrays from an answer of the solver to `numbers` in that structure."""
    dust = np.abs(answer.x) < _DUST
    x = np.where(dust, 0.0, np.clip(answer.x, numbers.lower, numbers.upper)) * scales.col
    take = {name: block.of(x) for name, block in structure.cols.items()}
    months = structure.horizon
    started = take["start"]
    flow, delivered, by_zone = _flows(structure, inputs, take["flow"])
    stock = np.zeros((*structure.shape.stocked.shape, months))
    held = take["above"].copy()
    held[structure.layered] += take["to_target"]
    stock[structure.point_item, structure.point_site] = held
    target = inputs.stock_target
    short_target = np.maximum(target - stock, 0.0)
    short_target[short_target < _DUST * np.maximum(target, 1.0)] = 0.0
    customers = _customers(structure, numbers, inputs, demand, take)
    if inputs.lane.everywhere:
        delivered = _split_zones(structure, by_zone, customers["served"])
    staffed = structure.staffed
    resource = inputs.resource
    heads, hired, released = (np.zeros(resource.hours.shape) for _ in range(3))
    heads[staffed] = take["heads"]
    hired[staffed] = take["hired"] + take["forced_in"]
    released[staffed] = take["released"] + take["forced_out"]
    load = np.zeros(resource.hours.shape)
    source = inputs.source
    np.add.at(load, source.routing_resource, source.routing_hours[:, None] * started[source.routing_source])
    setups = np.zeros(started.shape) if numbers.setups is None else numbers.setups
    if source.lots is not None:
        taken = (source.lots.setup_hours[:, None] * setups)[source.routing_source]
        np.add.at(load, source.routing_resource, taken)
    contract, material_contract = np.zeros(started.shape), np.zeros(take["bought"].shape)
    contract[structure.contracts] = take["contract_short"]
    material_contract[structure.material_contracts] = take["material_short"]
    shift_hours = resource.shift_hours[:, None] * (1.0 - resource.outage)
    quantities: dict[str, Any] = {
        "started": started,
        "setups": setups,
        "received": delayed(started, source.lead),
        "flow": flow,
        "delivered": delivered,
        "stock": stock,
        "short_target": short_target,
        **customers,
        "price": price,
        "regular": take["regular"],
        "overtime": take["overtime"],
        "shifts": take["shifts"],
        "shift_hours_used": take["shifts"] * shift_hours,
        "load": load,
        "capacity": np.sum(hours_at_hand(inputs, heads), axis=0),
        "headcount": heads,
        "hired": hired,
        "released": released,
        "bought": take["bought"],
        "material_stock": take["held"],
        "contract_shortfall": contract,
        "material_shortfall": material_contract,
    }
    by_month = _costs(inputs, quantities)
    return Solution(
        **quantities,
        promises=_promises(structure, inputs, take),
        costs={name: float(values.sum()) for name, values in by_month.items()},
        cost_by_month=by_month,
        penalties=_penalties(structure, numbers, inputs, take),
        solver=info,
        solver_objective=-(numbers.constant + scales.money * answer.objective),
        _behind=(structure, scales, answer),
    )


def delayed(quantity: Floats, lead: Ints) -> Floats:
    """[x, t] shifted later by each line's lead time; what falls behind the horizon is left out."""
    months = quantity.shape[1]
    out = np.zeros_like(quantity)
    for months_late in np.unique(lead):
        lines = lead == months_late
        if months_late < months:
            out[lines, months_late:] = quantity[lines, : months - months_late]
    return out


def _flows(structure: Structure, inputs: Inputs, flows: Floats) -> tuple[Floats, Floats, Floats]:
    """Flows by given lane, deliveries by site and region, and (without lanes) by site and zone."""
    n_items, n_sites, months = len(inputs.items), len(inputs.site_names), structure.horizon
    flow = np.zeros((n_items, len(inputs.lane.origin), months))
    delivered = np.zeros((n_items, n_sites, len(inputs.regions), months))
    by_zone = np.zeros((n_items, n_sites, structure.n_zones, months))
    item, lane = structure.flow_item, structure.flow_lane
    if inputs.lane.everywhere:
        by_zone[item, structure.lane_origin[lane], structure.lane_zone[lane]] = flows
        return flow, delivered, by_zone
    flow[item, lane] = flows
    regional = inputs.lane.to_region[lane] >= 0
    where = item[regional], inputs.lane.origin[lane[regional]], inputs.lane.to_region[lane[regional]]
    np.add.at(delivered, where, flows[regional])
    return flow, delivered, by_zone


def _split_zones(structure: Structure, by_zone: Floats, served: Floats) -> Floats:
    """[i, s, r, t]: a zone's deliveries shared out over its regions as they are served."""
    zone = structure.shape.zone
    by_region = served.sum(axis=2)
    in_zone = (zone[:, None] == np.arange(structure.n_zones)).astype(float)
    whole = np.einsum("irt,rz->izt", by_region, in_zone)[:, zone]
    share = np.divide(by_region, whole, out=np.zeros_like(by_region), where=whole > 0)
    result: Floats = by_zone[:, :, zone] * share[:, None]
    return result


def _customers(
    structure: Structure, numbers: Numbers, inputs: Inputs, demand: Floats, take: dict[str, Floats]
) -> dict[str, Floats]:
    """Served, backlog, lost and revenue by region and segment.

    A class is served to the same part for all its members: of what each had waiting plus its new demand.
    """
    sums, shape, months = numbers.demand, structure.shape, structure.horizon
    backlog = take["backlog"].copy()
    backlog[:, -1] += take["old"][:, 0]
    before = np.concatenate([sums.wait_opening[:, None], backlog[:, :-1]], axis=1)
    asked = sums.wait + before
    worth = _revenue_of_waiting(sums.wait, sums.wait_opening, sums.wait_price, backlog)
    worth[:, -1] -= take["backlog"][:, -1] * sums.wait_price[:, -1] + take["old"][:, 0] * sums.old_price
    left = np.zeros((shape.sold.shape[0], structure.n_zones, structure.n_classes, months))
    value = np.zeros_like(left)
    wait = (structure.wait_item, structure.wait_zone, structure.wait_class)
    lost = (structure.lost_item, structure.lost_zone, structure.lost_class)
    left[wait] = _part(backlog, asked)
    value[wait] = _part(worth, asked)
    left[lost] = _part(take["lost"], sums.lost)
    value[lost] = _part((sums.lost - take["lost"]) * sums.lost_price, sums.lost)
    left, value = (part[:, shape.zone][:, :, shape.class_] for part in (left, value))
    waits = inputs.segment_waits[None, None, :]
    opening = inputs.demand.opening_backlog
    pending = demand.copy()
    pending[..., 0] += opening
    late = np.zeros_like(demand)
    for month in range(months):
        if month:
            pending[..., month] += late[..., month - 1]
        late[..., month] = np.where(waits, pending[..., month] * left[..., month], 0.0)
    not_served = pending * left
    return {
        "served": np.maximum(pending - not_served, 0.0),  # pending x (1 - 1) may leave dust
        "backlog": late,
        "lost": np.where(waits[..., None], 0.0, not_served),
        "end_lost": late[..., -1].copy(),
        "revenue": pending * value,
    }


def _revenue_of_waiting(asked: Floats, opening: Floats, price: Floats, backlog: Floats) -> Floats:
    """[line, t] value served in each month, oldest order first; the last month without its end backlog's value."""
    placed = asked.copy()
    placed[:, 0] += opening
    waiting = backlog * price
    deep = np.flatnonzero((backlog[:, :-1] > placed[:, :-1] * (1 + 1e-12)).any(axis=1))
    if len(deep):
        # Value of what waits at the end of t: the newest orders, taken back from t on.
        upto = placed[deep].cumsum(axis=1)
        served = np.maximum(upto - backlog[deep], 0.0)
        begin = upto - placed[deep]
        waits = np.clip(upto[:, None, :] - np.maximum(begin[:, None, :], served[:, :, None]), 0.0, None)
        waits *= np.tri(asked.shape[1], dtype=bool)[None]
        waiting[deep] = np.einsum("wtu,wu->wt", waits, price[deep])
    waiting[:, -1] = 0.0
    before = np.concatenate([np.zeros((len(asked), 1)), waiting[:, :-1]], axis=1)
    result: Floats = placed * price + before - waiting
    return result


def _part(some: Floats, whole: Floats) -> Floats:
    return np.divide(some, whole, out=np.zeros_like(whole), where=whole > 0)


def hours_at_hand(inputs: Inputs, heads: Floats) -> tuple[Floats, Floats, Floats]:
    """[q, t] regular, overtime and extra-shift hours at hand with these heads; inf = no limit."""
    resource = inputs.resource
    running = 1.0 - resource.outage
    people = resource.people[:, None]
    regular = np.minimum(resource.hours, np.where(people, heads * resource.hours_per_head, np.inf))
    by_head = people & ~np.isnan(resource.overtime_per_head)
    extra = np.where(by_head, heads * np.nan_to_num(resource.overtime_per_head), np.inf)
    overtime = np.minimum(resource.overtime_hours, extra)
    per_shift = resource.shift_hours[:, None]
    shifts = np.where(per_shift > 0, resource.max_shifts * per_shift, 0.0)
    return shrunk(regular, running), shrunk(overtime, running), shrunk(shifts, running)


def _costs(inputs: Inputs, quantity: dict[str, Any]) -> dict[str, Floats]:
    """Cost components by month: what a controller would book, and the declared backlog and lost-sale costs."""
    source, resource, item = inputs.source, inputs.resource, inputs.item
    spent = quantity["started"] * source.unit_cost
    kind = np.array(source.kind, dtype=object)
    people = resource.people[:, None]
    lost = quantity["lost"].copy()
    lost[..., -1] += quantity["end_lost"]
    late_cost = np.nan_to_num(item.backorder_cost, nan=0.0)
    setup = {} if source.lots is None else {"setup": source.lots.setup_cost @ quantity["setups"]}
    return {
        "material": spent[kind == "make"].sum(axis=0),
        "purchase": spent[kind == "buy"].sum(axis=0),
        "subcontract": spent[kind == "subcontract"].sum(axis=0),
        "regular_labour": (np.where(people, 0.0, quantity["regular"]) * resource.hour_cost[:, None]).sum(
            axis=0
        ),
        "wages": (resource.wage * quantity["headcount"]).sum(axis=0),
        "overtime": resource.overtime_cost @ quantity["overtime"],
        "shifts": resource.shift_cost @ quantity["shifts"],
        **setup,
        "hiring": resource.hire_cost @ quantity["hired"],
        "release": resource.release_cost @ quantity["released"],
        "transport": (quantity["flow"].sum(axis=0) * inputs.lane.unit_cost).sum(axis=0),
        "storage": inputs.site.storage_cost @ quantity["stock"].sum(axis=0),
        "holding": item.holding_cost @ quantity["stock"].sum(axis=1),
        "backlog": late_cost @ quantity["backlog"].sum(axis=(1, 2)),
        "lost_sales": item.lost_sale_cost @ lost.sum(axis=(1, 2)),
    }


def _penalties(
    structure: Structure, numbers: Numbers, inputs: Inputs, take: dict[str, Floats]
) -> dict[str, float]:
    weights, months = numbers.weights, structure.horizon
    points = structure.layered
    where = structure.point_item[points], structure.point_site[points]
    target = inputs.stock_target[where]
    waiting = take["backlog"].copy()
    waiting[:, -1] += take["old"][:, 0]
    item, lost_item = structure.wait_item, structure.lost_item
    rank = weights.priority[item, structure.wait_class]
    months_waited = waiting[:, :-1].sum(axis=1) / months + waiting[:, -1]
    made_to_order = np.where(inputs.item.make_to_order, weights.promise, 0.0)[structure.point_item]
    promise = weights.promise
    broken = (
        made_to_order @ take["above"].sum(axis=1)
        + promise[structure.committed_item] @ (take["under"] + take["over"])[:, 0]
        + promise[structure.point_item[structure.end_points]] @ take["end_short"][:, 0]
        + weights.storage * take["overfull"].sum()
        + weights.heads @ (take["forced_in"] + take["forced_out"]).sum(axis=1)
    )
    if inputs.policy.end_backlog == "forbidden":
        broken += promise[item] @ waiting[:, -1]
    return {
        "stock_targets": float((weights.target * (target - take["to_target"])).sum()),
        "contracts": float(
            weights.contract @ take["contract_short"].sum(axis=1)
            + weights.material_contract @ take["material_short"].sum(axis=1)
        ),
        "promises": float(broken),
        "lateness": float(weights.lateness[item] @ waiting.sum(axis=1)),
        "priority": float(
            rank @ months_waited
            + weights.priority[lost_item, structure.lost_class] @ take["lost"].sum(axis=1)
        ),
        "purchasing": float(
            weights.material_bought @ take["bought"].sum(axis=1)
            + weights.material_held @ take["held"].sum(axis=1)
        ),
    }


def _promises(structure: Structure, inputs: Inputs, take: dict[str, Floats]) -> tuple[Promise, ...]:
    """Every way out that was taken, for more than dust."""
    found: list[Promise] = []
    items, sites, units = inputs.items, inputs.site_names, inputs.item_unit
    ends, points = structure.end_points, structure.point_item

    def at(item: int, site: int) -> str:
        return f"{items[item]} at {sites[site]}"

    def report(rule: str, amount: Floats, month: int, where: str, unit: str) -> None:
        found.append(Promise(rule, where, inputs.months[month], float(amount), unit))

    for line in np.flatnonzero(take["end_short"][:, 0] > 0):
        item = points[ends[line]]
        site = structure.point_site[ends[line]]
        report("end_minimum", take["end_short"][line, 0], -1, at(item, site), units[item])
    differs = (take["under"] + take["over"])[:, 0]
    for line in np.flatnonzero(differs > 0):
        item, site = structure.committed_item[line], structure.committed_site[line]
        report("committed", differs[line], structure.committed_month[line], at(item, site), units[item])
    for line, month in np.argwhere(take["overfull"] > 0):
        report("storage", take["overfull"][line, month], month, sites[structure.limited_sites[line]], "units")
    to_order = inputs.item.make_to_order[points]
    for line, month in np.argwhere((take["above"] > 0) & to_order[:, None]):
        where = at(points[line], structure.point_site[line])
        report("make_to_order", take["above"][line, month], month, where, units[points[line]])
    forced = take["forced_in"] + take["forced_out"]
    for line, month in np.argwhere(forced > 0):
        report(
            "headcount", forced[line, month], month, inputs.resource_names[structure.staffed[line]], "heads"
        )
    if inputs.policy.end_backlog == "forbidden":
        left = np.zeros(len(items))
        np.add.at(left, structure.wait_item, take["backlog"][:, -1] + take["old"][:, 0])
        for item in np.flatnonzero(left > 0):
            report("end_backlog", left[item], -1, items[item], units[item])
    return tuple(found)
