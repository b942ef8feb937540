"""What the best plan can earn at most: weak duality with the prices of a plan that was solved already.

For `min c x, row_lower <= A x <= row_upper, lower <= x <= upper` and any row prices y,

    c x >= sum over rows of y b (the lower limit where y > 0, the upper where y < 0)
           + sum over columns of (c - A'y) x, at its least within the column's limits

holds for every x that keeps the rows, whatever y is; so y may come from other numbers than c, A and the limits do.
Where a limit that is needed is infinite, a price on a row is set to nil, and a column is held to a limit that some
best plan keeps anyway (see `implied_limits`).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from sop_core.inputs import Floats, Inputs
from sop_core.supply.numbers import ClassDemand, Numbers, Scales
from sop_core.supply.structure import Structure


def admissible(row_dual: Floats, row_lower: Floats, row_upper: Floats) -> Floats:
    """Row prices without those whose limit is infinite."""
    free = np.where(row_dual > 0, np.isinf(row_lower), np.isinf(row_upper))
    return np.where(free, 0.0, row_dual)


def rows_worth(row_dual: Floats, row_lower: Floats, row_upper: Floats) -> float:
    """The rows' part of the bound; prices as `admissible` gives them."""
    limit = np.where(row_dual > 0, row_lower, row_upper)
    return float(row_dual @ np.where(row_dual != 0, limit, 0.0))


def columns_worth(reduced: Floats, lower: Floats, upper: Floats) -> float:
    """The columns' part: reduced cost x the limit that makes it least. `upper` finite where it is needed."""
    return float(reduced @ np.where(reduced > 0, lower, np.where(reduced < 0, upper, 0.0)))


def reduced_costs(matrix: sp.csc_matrix, cost: Floats, row_dual: Floats) -> Floats:
    """c - A'y"""
    result: Floats = cost - matrix.T @ row_dual
    return result


def implied_limits(
    structure: Structure, inputs: Inputs, sums: ClassDemand, numbers: Numbers, scales: Scales
) -> Floats | None:
    """[column] upper limits, solver scale: the columns' own, and where those are infinite what some best plan keeps.

    As nothing is paid for making, moving or holding more, some best plan makes no more of an item over the horizon
    than everything that may be asked for: demand, opening backlog, stock targets, minima, contracts and committed
    output; ships no more than that and what was there before; lets wait no more than was ordered; works and hires
    for no more than that. None where a cost is negative, or people have to produce (no such limit exists then).
    """
    if not inputs.policy.idle_time or _pays(structure, numbers):
        return None
    limit = np.full(structure.n_cols, np.inf)
    months, source, stock = structure.horizon, inputs.source, inputs.stock
    made, there = _per_item(structure, inputs, sums)
    around = made + there
    cols = structure.cols

    def put(name: str, values: Floats) -> None:
        cols[name].of(limit)[:] = values

    put("start", made[source.item][:, None])
    put("contract_short", np.maximum(source.min_quantity, 0.0)[structure.contracts])
    put("flow", around[structure.flow_item][:, None])
    put("above", around[structure.point_item][:, None])
    placed = sums.wait.cumsum(axis=1) + sums.wait_opening[:, None]
    put("backlog", placed)
    put("old", placed[:, -1:])
    put("lost", sums.lost)
    hours = np.zeros(len(inputs.resource_names))
    np.add.at(hours, source.routing_resource, source.routing_hours * made[source.item[source.routing_source]])
    resource = inputs.resource
    put("regular", hours[:, None])
    put("overtime", hours[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        shifts = np.where(resource.shift_hours > 0, hours / resource.shift_hours, 0.0)
        heads = np.where(resource.hours_per_head > 0, hours[:, None] / resource.hours_per_head, 0.0)
    put("shifts", shifts[:, None])
    staffed = structure.staffed
    # Heads may also be kept because releasing costs: never more than there are, are needed or are demanded.
    most = np.maximum.reduce(
        [heads.max(axis=1, initial=0.0), resource.headcount, resource.min_headcount.max(axis=1, initial=0.0)]
    )[staffed]
    put("heads", most[:, None])
    for name in ("hired", "released", "forced_in", "forced_out"):
        put(name, 2.0 * most[:, None])
    material = inputs.material
    used = np.zeros(len(inputs.material_names))
    np.add.at(
        used, material.usage_material, material.usage_quantity * made[source.item[material.usage_source]]
    )
    least = np.zeros_like(used)
    np.add.at(least, material.material, np.maximum(material.min_quantity, 0.0).sum(axis=1))
    put("bought", (used + least)[material.material][:, None])
    put("held", (used + least + material.on_hand)[:, None])
    put("material_short", np.maximum(material.min_quantity, 0.0)[structure.material_contracts])
    put("overfull", np.full((len(structure.limited_sites), months), around.sum()))
    of_committed = structure.committed_item
    fixed = np.nan_to_num(stock.committed[of_committed, structure.committed_site, structure.committed_month])
    put("under", np.maximum(fixed, 0.0)[:, None])
    put("over", made[of_committed][:, None])
    ends = structure.end_points
    put("end_short", stock.end_minimum[structure.point_item[ends], structure.point_site[ends]][:, None])
    # Where a layer or a class has an own limit, that one holds; the smaller of both is kept where both are given.
    return np.minimum(limit / scales.col, numbers.upper)


def _per_item(structure: Structure, inputs: Inputs, sums: ClassDemand) -> tuple[Floats, Floats]:
    """([i] most that a best plan makes over the horizon, [i] units at hand or under way at the start)."""
    made = np.zeros(len(inputs.items))
    np.add.at(made, structure.wait_item, sums.wait.sum(axis=1) + sums.wait_opening)
    np.add.at(made, structure.lost_item, sums.lost.sum(axis=1))
    stock = inputs.stock
    # A target may be met, left and met again: each rise may be made once more.
    target = inputs.stock_target
    rises = np.maximum(np.diff(target, axis=2, prepend=0.0), 0.0).sum(axis=(1, 2))
    made += rises + stock.end_minimum.sum(axis=1) + np.nansum(np.maximum(stock.committed, 0.0), axis=(1, 2))
    np.add.at(made, inputs.source.item, np.maximum(inputs.source.min_quantity, 0.0).sum(axis=1))
    return made, stock.opening.sum(axis=1) + stock.receipts.sum(axis=(1, 2))


def _pays(structure: Structure, numbers: Numbers) -> bool:
    """Whether doing more for nothing would earn: a negative cost on anything but stock up to its target."""
    paid = numbers.cost < 0
    paid[structure.cols["to_target"].slice] = False
    return bool(paid.any())


def penalty_weights(
    structure: Structure, inputs: Inputs, numbers: Numbers, scales: Scales
) -> tuple[float, Floats]:
    """(constant, [column]) penalties of a plan as constant + weights @ x, in the solver's scale of x and money."""
    weights, months = numbers.weights, structure.horizon
    out = np.zeros(structure.n_cols)
    cols, item, lost_item = structure.cols, structure.wait_item, structure.lost_item
    points = structure.layered
    target = inputs.stock_target[structure.point_item[points], structure.point_site[points]]
    cols["to_target"].of(out)[:] = -weights.target
    to_order = np.where(inputs.item.make_to_order, weights.promise, 0.0)
    cols["above"].of(out)[:] = to_order[structure.point_item][:, None]
    rank = weights.priority[item, structure.wait_class]
    forbidden = weights.promise[item] if inputs.policy.end_backlog == "forbidden" else np.zeros(len(item))
    at_end = weights.lateness[item] + rank + forbidden
    late = cols["backlog"].of(out)
    late[:] = (weights.lateness[item] + rank / months)[:, None]
    late[:, -1] = at_end
    cols["old"].of(out)[:, 0] = at_end
    cols["lost"].of(out)[:] = weights.priority[lost_item, structure.lost_class][:, None]
    for name, weight in (
        ("contract_short", weights.contract[:, None]),
        ("material_short", weights.material_contract[:, None]),
        ("bought", weights.material_bought[:, None]),
        ("held", weights.material_held[:, None]),
        ("overfull", weights.storage),
        ("forced_in", weights.heads[:, None]),
        ("forced_out", weights.heads[:, None]),
        ("under", weights.promise[structure.committed_item][:, None]),
        ("over", weights.promise[structure.committed_item][:, None]),
        ("end_short", weights.promise[structure.point_item[structure.end_points]][:, None]),
    ):
        cols[name].of(out)[:] = weight
    constant = float((weights.target * target).sum())
    return constant / scales.money, out * scales.col / scales.money
