"""Weights that make the plan reach for what is no money: targets, contract minima, promises, priorities.

They steer the plan and are reported as penalties, never booked as cost. Each is tied to the money of the
item it guards, so that it stays in proportion whatever the currency:

- *stock target*: a little above holding a unit for a month, so stock is built as soon as that is cheap,
  but below what a late or lost order costs. In the last month above the full cost of a unit as well, or
  stock would run down merely because the model ends.
- *contract minimum*: above the contract's unit cost and holding the unit to the end, and a promise as below.
- *promise* (end minimum, committed output, storage, make-to-order, headcount limits, forbidden backlog): a
  multiple of the best use of the hours one unit takes; a promise is broken only where nothing else is left.
- *lateness*, only where no backorder cost is declared: a unit's value per month. Where it is declared as nothing,
  a thousandth of that, so that what can be on time for nothing is.
- *priority*, only where money cannot tell two segments apart: a trace of a unit's value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.inputs import Bools, Floats, Inputs
from sop_core.supply.structure import Structure

#: How many times dearer than its best alternative use a broken promise is.
PROMISE_FACTOR = 20.0
#: Part of a unit's value that decides between segments of equal worth; too small to outweigh real money.
PRIORITY_SHARE = 5e-5
#: Part of a unit's value that a month of waiting weighs where the declared backorder cost is nil.
LATE_FOR_NOTHING = 1e-3
#: Part of a material's price that keeps it from being bought early, dear or for nothing.
MATERIAL_SHARE = 1e-3


@dataclass(frozen=True, slots=True)
class Weights:
    """Penalty weights, money per unit (and month where the thing lasts a month)."""

    target: Floats  #: [layered, t] per unit below target at month end; 0 for make-to-order leftovers
    contract: Floats  #: [contract]
    material_contract: Floats  #: [material contract]
    material_bought: Floats  #: [n] per unit bought
    material_held: Floats  #: [material] per unit held at month end
    promise: Floats  #: [i]
    heads: Floats  #: [staffed] per head hired or released against the rules
    storage: float  #: per unit above capacity
    lateness: Floats  #: [i] per unit waiting at month end
    late_cost: Floats  #: [i] declared backorder cost, 0 where none
    priority: (
        Floats  #: [i, class] per unit lost or left at the end; a month of waiting counts a horizon's part
    )


def weights_of(structure: Structure, inputs: Inputs, price: Floats, sold: Bools) -> Weights:
    """All weights for these numbers; `price` is [i, r, m, t], `sold` [i, r, m] where anything is asked for."""
    item, months = inputs.item, inputs.horizon
    holding = item.holding_cost[:, None] + inputs.site.storage_cost[None, :]
    made = _full_cost(inputs)
    best = np.where(sold[..., None], price, 0.0).max(axis=(1, 2, 3), initial=0.0) + item.lost_sale_cost
    cheapest = np.where(sold, price[..., -1], np.inf).min(axis=(1, 2), initial=np.inf) + item.lost_sale_cost
    late_cost = np.nan_to_num(item.backorder_cost, nan=0.0)
    undeclared = np.isnan(item.backorder_cost)
    mean_made = np.where(np.isfinite(made), made, 0.0).max(axis=1, initial=0.0)
    value = np.maximum.reduce([best, item.unit_cost, mean_made])
    value = np.where(value > 0, value, max(float(value.max(initial=0.0)), 1.0))
    lateness = np.where(undeclared, value, np.where(late_cost > 0, 0.0, LATE_FOR_NOTHING * value))
    promise = PROMISE_FACTOR * (_with_hours(inputs, value) + months * late_cost + lateness)
    source, contracts = inputs.source, structure.contracts
    of_contract = source.item[contracts]
    bound = months * holding[of_contract].max(axis=1, initial=0.0)
    contract = 2 * source.unit_cost[contracts].max(axis=1, initial=0.0) + bound + promise[of_contract]
    material = inputs.material
    priced = np.where(material.unit_cost > 0, material.unit_cost, 1.0)
    held = np.zeros(len(inputs.material_names))
    np.maximum.at(held, material.material, MATERIAL_SHARE * priced)
    return Weights(
        target=_target(structure, inputs, holding, made, cheapest, late_cost + lateness),
        contract=contract,
        material_contract=2 * priced[structure.material_contracts],
        material_bought=MATERIAL_SHARE * priced,
        material_held=held,
        promise=promise,
        heads=_heads(structure, inputs, value),
        storage=float(promise.max(initial=1.0)),
        lateness=lateness,
        late_cost=late_cost,
        priority=_priority(structure, inputs, value),
    )


def _target(
    structure: Structure, inputs: Inputs, holding: Floats, made: Floats, cheapest: Floats, late: Floats
) -> Floats:
    """[layered, t]: see the module's text; never above what serving an order instead is worth."""
    points = structure.layered
    item, site = structure.point_item[points], structure.point_site[points]
    unit_cost, hold = inputs.item.unit_cost[item], holding[item, site]
    extra = np.maximum(0.5 * hold, 0.01 * unit_cost)
    extra = np.where(late[item] > 0, np.minimum(extra, 0.5 * late[item]), extra)
    extra = np.where(extra > 0, extra, 1e-3 * np.where(unit_cost > 0, unit_cost, 1.0))
    full = np.where(np.isfinite(made[item, site]), made[item, site], unit_cost)
    last = hold + 1.25 * full + extra
    if inputs.policy.objective == "margin":
        worth = cheapest[item] + hold
        capped = np.where(worth > full + hold, np.minimum(last, 0.5 * (worth + full + hold)), 0.5 * worth)
        last = np.where(np.isfinite(worth) & (cheapest[item] > 0), capped, last)
    weight = np.repeat((hold + extra)[:, None], inputs.horizon, axis=1)
    weight[:, -1] = last
    weight[inputs.item.make_to_order[item]] = 0.0
    return weight


def _hourly(inputs: Inputs) -> Floats:
    """[q] money for a regular hour."""
    resource = inputs.resource
    hours = resource.hours_per_head.mean(axis=1)
    wage = np.divide(resource.wage.mean(axis=1), hours, out=np.zeros_like(hours), where=hours > 0)
    return np.where(resource.people, wage, resource.hour_cost)


def _full_cost(inputs: Inputs) -> Floats:
    """[i, s] least money to have a unit at the site: source, regular hours and transport; inf = no way."""
    source, lane = inputs.source, inputs.lane
    cost = source.unit_cost.mean(axis=1)
    labour = source.routing_hours * _hourly(inputs)[source.routing_resource]
    np.add.at(cost, source.routing_source, labour)
    made = np.full((len(inputs.items), len(inputs.site_names)), np.inf)
    np.minimum.at(made, (source.item, source.site), cost)
    between = lane.to_site >= 0
    origin, to_site, rate = lane.origin[between], lane.to_site[between], lane.unit_cost[between].mean(axis=1)
    for _ in range(len(inputs.site_names)):
        moved = made.copy()
        np.minimum.at(moved.T, to_site, made.T[origin] + rate[:, None])
        if np.array_equal(moved, made):
            break
        made = moved
    return made


def _with_hours(inputs: Inputs, value: Floats) -> Floats:
    """[i] the larger of the item's value and what its hours could earn with the best other item."""
    source = inputs.source
    if not len(source.routing_hours):
        return value
    item = source.item[source.routing_source]
    hours = np.maximum(source.routing_hours, 1e-12)
    per_hour = np.zeros(len(inputs.resource_names))
    np.maximum.at(per_hour, source.routing_resource, value[item] / hours)
    by_source = np.zeros(len(source.item))
    np.add.at(by_source, source.routing_source, hours * per_hour[source.routing_resource])
    by_item = value.copy()
    np.maximum.at(by_item, source.item, by_source)
    return by_item


def _heads(structure: Structure, inputs: Inputs, value: Floats) -> Floats:
    source, resource, staffed = inputs.source, inputs.resource, structure.staffed
    per_hour = np.zeros(len(inputs.resource_names))
    hours = np.maximum(source.routing_hours, 1e-12)
    np.maximum.at(per_hour, source.routing_resource, value[source.item[source.routing_source]] / hours)
    earns = (per_hour[:, None] * resource.hours_per_head).sum(axis=1)[staffed]
    moves = resource.hire_cost + resource.release_cost + resource.wage.sum(axis=1)
    return PROMISE_FACTOR * (earns + moves[staffed] + 1.0)


def _priority(structure: Structure, inputs: Inputs, value: Floats) -> Floats:
    priority = structure.class_priority.astype(float)
    if inputs.policy.objective != "margin" or len(priority) < 2:
        return np.zeros((len(value), len(priority)))
    last = priority.max()
    return PRIORITY_SHARE * value[:, None] * ((last - priority) / max(last, 1.0))[None, :]
