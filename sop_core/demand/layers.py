"""Layers of unconstrained demand: what each assumption adds to the baseline, and the price that goes with it.

Pure array arithmetic on `Inputs`, a few milliseconds at the demo's size; runs on every lever move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_part, months_from
from sop_core.demand.edits import apply_edit
from sop_core.inputs import LAYERS, Floats, Inputs, Launch, Promotion


@dataclass(frozen=True, slots=True)
class DemandPlan:
    """Unconstrained demand by layer. Arrays are [i, r, m, t]; units a month and money/unit."""

    base: Floats
    layers: dict[str, Floats]  #: units that each layer adds (may be negative), in the order of LAYERS
    total: Floats  #: base + sum of layers, never negative
    price: Floats  #: net price of an order asked for in the month
    promotion_cost: Floats  #: [t] money


def demand_plan(inputs: Inputs) -> DemandPlan:
    """Applies the layers in the order of `LAYERS`; each layer's units are what it changes when it is applied.

    The total never falls below zero: what would is cut in the layer that caused it. Typed demand (`edits`) comes
    last, one edit after the other: what sets a total is booked with the overrides, what adds with sales input.
    """
    demand = inputs.demand
    running = demand.base.copy()
    layers: dict[str, Floats] = {}

    def step(name: str, after: Floats | None) -> None:
        """Books what the layer changes; None: nothing, which is most of them and costs nothing."""
        nonlocal running
        if after is None:
            layers[name] = np.zeros_like(running)
            return
        after = np.maximum(after, 0.0)
        layers[name] = after - running
        running = after

    def times(factor: Floats) -> Floats | None:
        return None if (factor == 1.0).all() else running * factor

    price = demand.price * demand.price_factor
    promoted, price, cost = _promotions(inputs, running, price)
    step("promotions", promoted if demand.promotions or (running < 0).any() else None)
    step("price", times(demand.elasticity_factor))
    step("launches", running + _launches(inputs, running) if demand.launches else None)
    step("run_down", times(demand.running[:, None, None, :]))
    step("events", times(demand.event_factor))
    step("growth", times(demand.growth))
    step("sales_input", running + demand.added if demand.added.any() else None)
    replaced = np.isfinite(demand.override)
    step("overrides", np.where(replaced, demand.override, running) if replaced.any() else None)
    assert tuple(layers) == LAYERS
    for edit in demand.edits:
        booked = layers["overrides" if edit.mode == "set" else "sales_input"]
        apply_edit(edit, running, demand.base, demand.running, booked)
    return DemandPlan(demand.base, layers, running, price, cost)


def promotion_effect(months: MonthArray, promotion: Promotion) -> tuple[Floats, Floats, Floats]:
    """(gain, loss, price) of a promotion, per month [t].

    `gain`: part of the month's own base demand that comes on top (uplift). `loss`: part of the month's base
    demand that is bought earlier. `price`: relative change of price. A promotion that covers only part of
    a month has that part of the effect. Forward buying: the given part of each of the `pull_months` months
    after the end moves into the promotion's months (Chopra & Meindl, Sales and Operations Planning).
    """
    part = month_part(months, promotion.start, promotion.end)
    last = promotion.end.astype("datetime64[M]")
    after = (months > last) & (months <= last + int(promotion.pull_months))
    return part * promotion.uplift, after * promotion.pull_forward, part * promotion.price_change


def _promotions(inputs: Inputs, base: Floats, price: Floats) -> tuple[Floats, Floats, Floats]:
    out, cost = base.copy(), np.zeros(inputs.horizon)
    price = price.copy()
    for promotion in inputs.demand.promotions:
        gain, loss, change = promotion_effect(inputs.months, promotion)
        items = np.flatnonzero(promotion.share)
        at = np.ix_(items, np.flatnonzero(promotion.regions), np.flatnonzero(promotion.segments))
        scope = promotion.share[items][:, None, None, None]
        affected = base[at] * scope
        pulled = (affected * loss).sum(axis=-1, keepdims=True)
        # What is bought early is bought while the promotion runs, at its price; the part of a promotion
        # that lies before the plan has already sold its share.
        part = month_part(inputs.months, promotion.start, promotion.end)
        out[at] += affected * (gain - loss) + pulled * (part / _months_long(promotion))
        price[at] *= 1.0 + scope * change
        begin = int((promotion.start.astype("datetime64[M]") - inputs.months[0]).astype(int))
        if 0 <= begin < inputs.horizon:
            cost[begin] += promotion.cost
    return out, price, cost


def _months_long(promotion: Promotion) -> float:
    """Length of a promotion in months, by days."""
    first, last = promotion.start.astype("datetime64[M]"), promotion.end.astype("datetime64[M]")
    whole = months_from(np.datetime64(first, "M"), int((last - first).astype(int)) + 1)
    return float(month_part(whole, promotion.start, promotion.end).sum())


def launch_units(inputs: Inputs, launch: Launch, current: Floats) -> Floats:
    """[r, m, t] units of a launch that takes place: the like product's demand x scale x ramp, its probability
    left aside. `current` [i, r, m, t]: demand after promotions and price, which the like product's is read from."""
    if launch.like_item < 0:
        return np.zeros(current.shape[1:])
    since = (inputs.months - launch.month).astype(int)
    ramp = np.where(since < 0, 0.0, np.minimum((since + 1) / max(launch.ramp_months, 1), 1.0))
    like = current[launch.like_item] * launch.like_share
    units: Floats = like * launch.regions[:, None, None] * ramp * launch.scale
    return units


def _launches(inputs: Inputs, current: Floats) -> Floats:
    """Units that launches add, and that they take from what they cannibalise, each by its probability."""
    added = np.zeros_like(current)
    for launch in inputs.demand.launches:
        units = launch_units(inputs, launch, current) * launch.probability
        added[launch.item] += units
        if launch.cannibalised >= 0:
            added[launch.cannibalised] -= units * launch.cannibal_rate
    return added
