"""The numbers of a supply model: bounds, costs and coefficients for a structure, scaled for the solver.

Everything is first written down in natural units (units, hours, money), then scaled by powers of two chosen
once per base model, so that coefficients stay near 1 and a reported number loses no digit by scaling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.errors import Infeasible, PlanError
from sop_core.inputs import Floats, Inputs, Ints
from sop_core.supply.shape import asked_for
from sop_core.supply.structure import Structure
from sop_core.supply.weights import Weights, weights_of


@dataclass(frozen=True, slots=True)
class Scales:
    """natural column value = scaled x `col`; natural row value = scaled x `row`; money = scaled x `money`."""

    col: Floats
    row: Floats
    coef: Floats  #: scaled coefficient = natural coefficient x this, in the structure's (csc) order
    money: float
    quantity: float  #: typical quantity, scales the service stages


@dataclass(frozen=True, slots=True)
class ClassDemand:
    """Demand of the merged classes, with opening backlog of classes that cannot wait in the first month."""

    wait: Floats  #: [wait line, t]
    wait_opening: Floats  #: [wait line]
    wait_price: Floats  #: [wait line, t]
    old_price: Floats  #: [wait line] mean price of orders placed before the last month
    lost: Floats  #: [lost line, t]
    lost_price: Floats  #: [lost line, t]


@dataclass(frozen=True, slots=True)
class Numbers:
    """One linear program, minimised, in solver scale. Rows: lower <= A x <= upper."""

    cost: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    values: Floats  #: coefficients in the structure's (csc) order
    constant: float  #: natural money: objective = constant + money scale x cost @ x
    stages: tuple[Floats, ...]  #: costs of the service stages before money, first priority first
    weights: Weights
    demand: ClassDemand
    setups: Floats | None = None  #: [k, t] 1 where a source is set up; None where setups do not count


def class_demand(structure: Structure, inputs: Inputs, demand: Floats, price: Floats) -> ClassDemand:
    """Sums regions and segments into the model's zones and classes; prices agree inside by construction."""
    shape = structure.shape
    zones, classes = structure.n_zones, structure.n_classes
    in_zone = (shape.zone[:, None] == np.arange(zones)).astype(float)
    in_class = (shape.class_[:, None] == np.arange(classes)).astype(float)
    as_they_are = np.array_equal(in_zone, np.eye(zones)) and np.array_equal(in_class, np.eye(classes))
    total = demand if as_they_are else np.einsum("irmt,rz,mg->izgt", demand, in_zone, in_class, optimize=True)
    opening = np.einsum("irm,rz,mg->izg", inputs.demand.opening_backlog, in_zone, in_class, optimize=True)
    region = np.array([int(np.argmax(shape.zone == z)) for z in range(zones)], dtype=np.int64)
    segment = np.array([int(np.argmax(shape.class_ == g)) for g in range(classes)], dtype=np.int64)
    wait = (structure.wait_item, structure.wait_zone, structure.wait_class)
    lost = (structure.lost_item, structure.lost_zone, structure.lost_class)
    wait_price = price[wait[0], region[wait[1]], segment[wait[2]]]
    wait_demand, wait_opening = total[wait], opening[wait]
    before = wait_demand[:, :-1].sum(axis=1) + wait_opening
    worth = (wait_demand * wait_price)[:, :-1].sum(axis=1) + wait_opening * wait_price[:, 0]
    lost_demand = total[lost]
    lost_demand[:, 0] += opening[lost]
    return ClassDemand(
        wait=wait_demand,
        wait_opening=wait_opening,
        wait_price=wait_price,
        old_price=np.divide(worth, before, out=wait_price[:, -1].copy(), where=before > 0),
        lost=lost_demand,
        lost_price=price[lost[0], region[lost[1]], segment[lost[2]]],
    )


def numbers_of(
    structure: Structure, inputs: Inputs, demand: Floats, price: Floats, scales: Scales | None = None
) -> tuple[Numbers, Scales]:
    """The linear program for these numbers; without `scales` they are chosen from these numbers.

    Raises PlanError for demand that is not a number or negative, Infeasible where a lower limit lies above its
    upper limit.
    """
    if not np.all(np.isfinite(demand)) or np.any(demand < 0):
        item = int(np.argwhere(~np.isfinite(demand) | (demand < 0))[0, 0])
        raise PlanError(
            f"Demand of {inputs.items[item]} is negative or not a number. "
            "Check its layers (sales input, overrides, events) in the demand plan."
        )
    sums = class_demand(structure, inputs, demand, price)
    weights = weights_of(structure, inputs, price, asked_for(inputs, demand))
    if scales is None:
        scales = choose_scales(structure, inputs, sums)
    natural = _Natural(structure, inputs, sums, weights)
    values = _coefficients(structure, inputs)[structure.order]
    values *= scales.coef
    return (
        Numbers(
            cost=natural.cost * scales.col / scales.money,
            lower=natural.lower / scales.col,
            upper=natural.upper / scales.col,
            row_lower=natural.row_lower / scales.row,
            row_upper=natural.row_upper / scales.row,
            values=values,
            constant=natural.constant,
            stages=_stages(structure, inputs, sums, scales),
            weights=weights,
            demand=sums,
        ),
        scales,
    )


def _coefficients(structure: Structure, inputs: Inputs) -> Floats:
    """Coefficients in the order in which the structure wrote them down, natural units."""
    values = structure.values.copy()
    source, resource, months = inputs.source, inputs.resource, inputs.horizon
    running = 1.0 - resource.outage
    staffed = structure.staffed
    extra = np.nan_to_num(resource.overtime_per_head, nan=0.0)
    for name, what in (
        ("hours", np.repeat(source.routing_hours, months)),
        ("shift_hours", -(resource.shift_hours[:, None] * running).ravel()),
        ("head_regular", -(resource.hours_per_head * running)[staffed].ravel()),
        ("head_overtime", -(extra * running)[staffed].ravel()),
        ("usage", np.repeat(inputs.material.usage_quantity, months)),
    ):
        values[structure.segments[name]] = what
    return values


class _Natural:
    """Bounds and costs in natural units, written block by block."""

    def __init__(self, structure: Structure, inputs: Inputs, sums: ClassDemand, weights: Weights) -> None:
        self.structure, self.inputs, self.sums, self.weights = structure, inputs, sums, weights
        self.cost = np.zeros(structure.n_cols)
        self.lower = np.zeros(structure.n_cols)
        self.upper = np.full(structure.n_cols, np.inf)
        self.row_lower = np.full(structure.n_rows, -np.inf)
        self.row_upper = np.zeros(structure.n_rows)
        self.constant = 0.0
        self._sources()
        self._flows()
        self._stock()
        self._demand()
        self._resources()
        self._staff()
        self._materials()
        self._promises()

    def _column(self, name: str) -> tuple[Floats, Floats, Floats]:
        """Cost, lower and upper of a block of columns, as views [line, position]."""
        block = self.structure.cols[name]
        return block.of(self.cost), block.of(self.lower), block.of(self.upper)

    def _row(self, name: str) -> tuple[Floats, Floats]:
        block = self.structure.rows[name]
        return block.of(self.row_lower), block.of(self.row_upper)

    def _equal(self, name: str, value: Floats | float) -> None:
        lower, upper = self._row(name)
        lower[:] = value
        upper[:] = value

    def _sources(self) -> None:
        source, lines = self.inputs.source, self.structure.contracts
        cost, _, upper = self._column("start")
        cost[:] = source.unit_cost
        upper[:] = np.maximum(source.max_quantity, 0.0)
        cost, _, _ = self._column("contract_short")
        cost[:] = self.weights.contract[:, None]
        lower, upper = self._row("contract")
        lower[:] = source.min_quantity[lines]
        upper[:] = np.inf

    def _flows(self) -> None:
        structure, lane = self.structure, self.inputs.lane
        cost, _, upper = self._column("flow")
        given = structure.lane_given[structure.flow_lane]
        if len(lane.origin):
            cost[:] = np.where(given[:, None] >= 0, lane.unit_cost[given], 0.0)
            upper[(given[:, None] >= 0) & (lane.max_quantity[given] <= 0)] = 0.0
        arrival = np.arange(structure.horizon)[None, :] + structure.lane_lead[structure.flow_lane][:, None]
        upper[arrival >= structure.horizon] = 0.0
        _, limit = self._row("lane")
        limit[:] = np.maximum(lane.max_quantity[structure.limited_lanes], 0.0)

    def _stock(self) -> None:
        structure, inputs = self.structure, self.inputs
        item, site = structure.point_item, structure.point_site
        hold = (inputs.item.holding_cost[item] + inputs.site.storage_cost[site])[:, None]
        to_order = inputs.item.make_to_order[item]
        cost, _, _ = self._column("above")
        cost[:] = hold + np.where(to_order, self.weights.promise[item], 0.0)[:, None]
        points = structure.layered
        cost, _, upper = self._column("to_target")
        cost[:] = hold[points] - self.weights.target
        target = inputs.stock_target[item[points], site[points]]
        opening = inputs.stock.opening[item, site]
        upper[:] = np.where(to_order[points][:, None], opening[points][:, None], target)
        self.constant += float((self.weights.target * target).sum())
        supply = inputs.stock.receipts[item, site].copy()
        supply[:, 0] += opening
        self._equal("stock", supply)
        _, limit = self._row("using_up")
        limit[:] = np.where(to_order[structure.leftover], 0.0, np.inf)[:, None]
        _, limit = self._row("storage")
        limit[:] = inputs.site.capacity[structure.limited_sites][:, None]

    def _demand(self) -> None:
        structure, sums, weights = self.structure, self.sums, self.weights
        months = structure.horizon
        item, lost_item = structure.wait_item, structure.lost_item
        lost_cost = self.inputs.item.lost_sale_cost
        late = weights.late_cost[item] + weights.lateness[item]
        rank = weights.priority[item, structure.wait_class]
        forbidden = (
            weights.promise[item] if self.inputs.policy.end_backlog == "forbidden" else np.zeros(len(item))
        )
        at_end = late + lost_cost[item] + rank + forbidden
        cost, _, upper = self._column("backlog")
        cost[:] = (late + rank / months)[:, None]
        cost[:, -1] = at_end + sums.wait_price[:, -1]
        upper[:, 0] = sums.wait[:, 0] + sums.wait_opening
        upper[:, -1] = sums.wait[:, -1]
        cost, _, upper = self._column("old")
        cost[:, 0] = at_end + sums.old_price
        if months == 1:
            upper[:, 0] = sums.wait_opening
        cost, _, upper = self._column("lost")
        rank = weights.priority[lost_item, structure.lost_class]
        cost[:] = sums.lost_price + (lost_cost[lost_item] + rank)[:, None]
        upper[:] = sums.lost
        asked = np.zeros((structure.rows["zone"].lines, months))
        placed = sums.wait.copy()
        placed[:, 0] += sums.wait_opening
        np.add.at(asked, structure.zone_point[item, structure.wait_zone], placed)
        np.add.at(asked, structure.zone_point[lost_item, structure.lost_zone], sums.lost)
        self._equal("zone", asked)
        _, limit = self._row("waiting")
        limit[:] = sums.wait[structure.crowded, 1 : months - 1]
        self.constant -= float((placed * sums.wait_price).sum() + (sums.lost * sums.lost_price).sum())

    def _resources(self) -> None:
        resource = self.inputs.resource
        running = 1.0 - resource.outage
        cost, _, upper = self._column("regular")
        cost[:] = np.where(resource.people, 0.0, resource.hour_cost)[:, None]
        upper[:] = shrunk(resource.hours, running)
        cost, _, upper = self._column("overtime")
        cost[:] = resource.overtime_cost[:, None]
        upper[:] = shrunk(resource.overtime_hours, running)
        cost, _, upper = self._column("shifts")
        cost[:] = resource.shift_cost[:, None]
        upper[:] = np.where(resource.shift_hours[:, None] > 0, np.maximum(resource.max_shifts, 0.0), 0.0)

    def _staff(self) -> None:
        inputs, staffed = self.inputs, self.structure.staffed
        resource = inputs.resource
        cost, lower, upper = self._column("heads")
        cost[:] = resource.wage[staffed]
        lower[:], upper[:] = resource.min_headcount[staffed], resource.max_headcount[staffed]
        clash = np.argwhere(lower > upper)
        if len(clash):
            name, month = inputs.resource_names[staffed[clash[0, 0]]], inputs.months[clash[0, 1]]
            raise Infeasible(
                f"Headcount of {name} in {month}: the minimum lies above the maximum. "
                "Correct min_headcount or max_headcount in the table workforce, or the scenario's workforce policy."
            )
        for name, rate, allowed in (
            ("hired", resource.hire_cost, resource.can_hire),
            ("released", resource.release_cost, resource.can_release),
        ):
            cost, _, upper = self._column(name)
            cost[:] = rate[staffed, None]
            upper[:] = np.where(allowed[staffed], np.inf, 0.0)
        for name, rate in (("forced_in", resource.hire_cost), ("forced_out", resource.release_cost)):
            cost, _, _ = self._column(name)
            cost[:] = (rate[staffed] + self.weights.heads)[:, None]
        _, limit = self._row("staff_overtime")
        limit[:] = np.where(np.isnan(resource.overtime_per_head[staffed]), np.inf, 0.0)
        if not inputs.policy.idle_time:
            # People always produce: every hour they are paid for is an hour of output.
            self._equal("staff_regular", 0.0)
            self._row("resource")[0][staffed] = 0.0
        self._equal("staff", 0.0)
        for side in self._row("staff"):
            side[:, 0] = resource.headcount[staffed]

    def _materials(self) -> None:
        material, lines = self.inputs.material, self.structure.material_contracts
        cost, _, upper = self._column("bought")
        cost[:] = self.weights.material_bought[:, None]
        upper[:] = np.maximum(material.max_quantity, 0.0)
        cost, _, _ = self._column("held")
        cost[:] = self.weights.material_held[:, None]
        self._equal("material", 0.0)
        for side in self._row("material"):
            side[:, 0] = material.on_hand
        cost, _, _ = self._column("material_short")
        cost[:] = self.weights.material_contract[:, None]
        lower, upper = self._row("material_contract")
        lower[:] = material.min_quantity[lines]
        upper[:] = np.inf

    def _promises(self) -> None:
        structure, stock, weights = self.structure, self.inputs.stock, self.weights
        where = structure.committed_item, structure.committed_site, structure.committed_month
        for name in ("under", "over"):
            cost, _, _ = self._column(name)
            cost[:, 0] = weights.promise[where[0]]
        fixed = stock.committed[where] - stock.receipts[where]
        given = ~np.isnan(fixed)
        lower, upper = self._row("committed")
        lower[:, 0] = np.where(given, np.maximum(fixed, 0.0), -np.inf)
        upper[:, 0] = np.where(given, np.maximum(fixed, 0.0), np.inf)
        item, site = structure.point_item[structure.end_points], structure.point_site[structure.end_points]
        cost, _, _ = self._column("end_short")
        cost[:, 0] = weights.promise[item]
        lower, upper = self._row("end")
        lower[:, 0] = stock.end_minimum[item, site]
        upper[:] = np.inf
        cost, _, _ = self._column("overfull")
        cost[:] = weights.storage


def shrunk(hours: Floats, running: Floats) -> Floats:
    """Hours left by an outage; no limit stays no limit unless everything is out."""
    return np.where(running > 0, hours * np.maximum(running, 1e-300), 0.0)


def _stages(structure: Structure, inputs: Inputs, sums: ClassDemand, scales: Scales) -> tuple[Floats, ...]:
    """Under `service`: per priority, the unserved measure; hard promises cost far more than any service.

    Measure: horizon x (lost + left at the end), and one per unit and month of waiting unless lateness has a price.
    """
    if inputs.policy.objective != "service":
        return ()
    cols, months = structure.cols, float(structure.horizon)
    hard = np.zeros(structure.n_cols)
    per_item = 100.0 * months * _with_ratio(inputs)
    points = cols["above"].of(hard)
    points[:] = np.where(inputs.item.make_to_order, per_item, 0.0)[structure.point_item][:, None]
    for name, item in (
        ("under", structure.committed_item),
        ("over", structure.committed_item),
        ("end_short", structure.point_item[structure.end_points]),
    ):
        cols[name].of(hard)[:] = per_item[item][:, None]
    for name in ("overfull", "forced_in", "forced_out"):
        cols[name].of(hard)[:] = per_item.max(initial=months)
    waiting = np.zeros(len(structure.wait_item))
    if not inputs.policy.late_is_priced:
        waiting = np.isnan(inputs.item.backorder_cost[structure.wait_item]).astype(float)
    stages = []
    for priority in np.unique(structure.class_priority):
        cost = hard.copy()
        own = structure.class_priority[structure.wait_class] == priority
        backlog = cols["backlog"].of(cost)
        backlog[own] = waiting[own, None]
        backlog[own, -1] += months
        cols["old"].of(cost)[own, 0] = months + waiting[own]
        cols["lost"].of(cost)[structure.class_priority[structure.lost_class] == priority] = months
        stages.append(cost * scales.col / (scales.quantity * months))
    return tuple(stages)


def _with_ratio(inputs: Inputs) -> Floats:
    """[i] how many units of the least demanding item the hours of one unit could make, at least 1."""
    source = inputs.source
    least = np.full(len(inputs.resource_names), np.inf)
    hours = np.maximum(source.routing_hours, 1e-12)
    np.minimum.at(least, source.routing_resource, hours)
    ratio = np.ones(len(inputs.items))
    np.maximum.at(ratio, source.item[source.routing_source], hours / least[source.routing_resource])
    return ratio


def choose_scales(structure: Structure, inputs: Inputs, sums: ClassDemand) -> Scales:
    """Powers of two near typical sizes: demand per item, hours per resource, use per material."""
    items = _typical_demand(structure, inputs, sums)
    source, material, resource = inputs.source, inputs.material, inputs.resource
    hours = _typical(
        source.routing_resource,
        source.routing_hours * items[source.item[source.routing_source]],
        resource.site.size,
    )
    used = _typical(
        material.usage_material,
        material.usage_quantity * items[source.item[material.usage_source]],
        len(inputs.material_names),
    )
    quantity = float(np.median(items)) if len(items) else 1.0
    col, row = np.ones(structure.n_cols), np.ones(structure.n_rows)
    per_head = resource.hours_per_head.mean(axis=1)
    heads = _power(np.divide(hours, per_head, out=np.ones_like(hours), where=per_head > 0))[structure.staffed]
    shifts = _power(
        np.divide(hours, resource.shift_hours, out=np.ones_like(hours), where=resource.shift_hours > 0)
    )
    points, ends = structure.point_item, structure.point_item[structure.end_points]
    columns: dict[str, Floats] = {
        "start": items[source.item],
        "contract_short": items[source.item[structure.contracts]],
        "flow": items[structure.flow_item],
        "to_target": items[points[structure.layered]],
        "above": items[points],
        "backlog": items[structure.wait_item],
        "old": items[structure.wait_item],
        "lost": items[structure.lost_item],
        "regular": hours, "overtime": hours, "shifts": shifts,
        "heads": heads, "hired": heads, "released": heads, "forced_in": heads, "forced_out": heads,
        "bought": used[material.material], "held": used,
        "material_short": used[material.material[structure.material_contracts]],
        "overfull": np.full(len(structure.limited_sites), quantity),
        "under": items[structure.committed_item], "over": items[structure.committed_item],
        "end_short": items[ends],
    }  # fmt: skip
    rows: dict[str, Floats] = {
        "stock": items[points],
        "zone": items[structure.zone_item],
        "resource": hours, "staff_regular": hours[structure.staffed], "staff_overtime": hours[structure.staffed],
        "staff": heads,
        "contract": items[source.item[structure.contracts]],
        "material": used,
        "material_contract": used[material.material[structure.material_contracts]],
        "lane": np.full(len(structure.limited_lanes), quantity),
        "storage": np.full(len(structure.limited_sites), quantity),
        "waiting": items[structure.wait_item[structure.crowded]],
        "old": items[structure.wait_item],
        "using_up": items[points[structure.leftover]],
        "committed": items[structure.committed_item],
        "end": items[ends],
    }  # fmt: skip
    for blocks, vector, sizes in ((structure.cols, col, columns), (structure.rows, row, rows)):
        for name, size in sizes.items():
            blocks[name].of(vector)[:] = size[:, None]
    value = np.maximum(sums.wait_price.max(axis=1, initial=0.0), inputs.item.unit_cost[structure.wait_item])
    worth = np.concatenate([value * items[structure.wait_item], inputs.item.unit_cost * items])
    worth = worth[worth > 0]
    return Scales(
        col=col,
        row=row,
        coef=col[structure.coef_col] / row[structure.coef_row],
        money=float(_power(np.median(worth))) if len(worth) else 1.0,
        quantity=quantity,
    )


def _typical_demand(structure: Structure, inputs: Inputs, sums: ClassDemand) -> Floats:
    """[i] power of two near the item's mean monthly demand per demand point; 1 where it has none.

    Never below a thousandth of what is usual: what an item costs would be too little for the solver to see.
    """
    total, count = np.zeros(len(inputs.items)), np.zeros(len(inputs.items))
    for item, quantity in ((structure.wait_item, sums.wait), (structure.lost_item, sums.lost)):
        np.add.at(total, item, quantity.sum(axis=1))
        np.add.at(count, item, (quantity > 0).sum(axis=1))
    items = _power(np.divide(total, count, out=np.ones_like(total), where=count > 0))
    return np.maximum(items, 2.0**-10 * np.median(items)) if len(items) else items


def _typical(where: Ints, size: Floats, n: int) -> Floats:
    total, count = np.zeros(n), np.zeros(n)
    np.add.at(total, where, size)
    np.add.at(count, where, size > 0)
    return _power(np.divide(total, count, out=np.ones(n), where=count > 0))


def _power(size: Floats | np.floating) -> Floats:
    """Nearest power of two, 1 for 0. What is next to nothing is no measure for anything: a millionth at least."""
    size = np.asarray(size, dtype=float)
    return np.exp2(np.round(np.log2(np.maximum(np.where(size > 0, size, 1.0), 1e-6))))
