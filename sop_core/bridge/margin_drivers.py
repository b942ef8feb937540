"""The difference between two plans by driver, from the two plans alone, as a controller breaks down a margin.

A is the plan compared with, B the plan looked at. Margin, per item i, with q units served, X units started, R revenue,
c = A's material, purchase and subcontracting cost per unit started, Q units served of all items in the same unit:

    volume      q_A (Q_B / Q_A - 1) x (price of A - c)            more or less of everything, at A's mix
    mix         (q_B - q_A Q_B / Q_A) x (price of A - c)          of items, regions, segments and months
    price       R_B less R_B at A's prices
    rates       - X_B x (unit cost of B - unit cost of A)         by source and month
    sourcing    - (X_B at A's unit costs - X_B c)                 another source or month than on A's average
    stock build - ((X_B - q_B) - (X_A - q_A)) x c                 made or bought, not served

and for people, transport, stock, late and lost orders: quantity (B - A) at A's rate, and the rates apart (quantity of
B x (rate of B - rate of A)). Sales volume and mix as in Horngren, Datar & Rajan, Cost Accounting, ch. 14. Positive =
more of the KPI. The steps sum to the difference by construction; a family is the sum of its products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sop_core.inputs import Floats
from sop_core.plan import Plan

#: Units below this are none: nothing is divided by them.
DUST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Step:
    """One driver. `lines`: what it is made of by item, resource or family ("axis" says which); they sum to `amount`.
    `quantity`: what moved, in `unit`, where one number says it."""

    key: str
    title: str
    formula: str
    amount: float
    axis: str = ""
    lines: tuple[tuple[str, float], ...] = ()
    quantity: float = 0.0
    unit: str = ""


def by_item(plan: Plan, values: Floats) -> Floats:
    """[i] sum of [i, ...] over all but the items."""
    total: Floats = values.reshape(len(plan.inputs.items), -1).sum(axis=1)
    return total


def lines_of(names: tuple[str, ...], amounts: Floats) -> tuple[tuple[str, float], ...]:
    """What a step is made of, by name, without what is nothing."""
    return tuple((name, float(v)) for name, v in zip(names, amounts, strict=True) if v != 0.0)


def item_step(
    a: Plan, key: str, title: str, formula: str, amounts: Floats, quantity: float = 0.0, unit: str = ""
) -> Step:
    """A step whose lines are items; `quantity` is in `unit`, by default the items' own."""
    own = a.inputs.item_unit[0] if len(set(a.inputs.item_unit)) == 1 else "units"
    unit = unit or ("units" if own in ("unit", "piece") else own)
    lines = lines_of(a.inputs.items, amounts)
    return Step(key, title, formula, float(amounts.sum()), "item", lines, quantity, unit if quantity else "")


# -- revenue ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sales:
    """What is served in both plans, per item [i]; money at A's prices where it says so."""

    units_a: Floats
    units_b: Floats
    revenue_a: Floats
    revenue_b: Floats
    at_old_prices: Floats  #: B's deliveries at A's prices
    growth: Floats  #: units served in B / in A, of all items in the same unit of measure


def _sales(a: Plan, b: Plan) -> _Sales:
    old, new, revenue = a.demand.price, b.demand.price, b.solution.revenue
    # What had no price in B is valued at A's price by its units.
    priced = new > DUST * old
    deflated = np.where(
        new == old,
        revenue,
        np.where(priced, revenue * np.divide(old, new, out=np.ones_like(old), where=priced), 0.0),
    )
    deflated = np.where(~priced & (old > 0), b.solution.served * old, deflated)
    units_a, units_b = by_item(a, a.solution.served), by_item(b, b.solution.served)
    names = np.array(a.inputs.item_unit, dtype=object)
    growth = np.ones(len(units_a))
    for unit in dict.fromkeys(a.inputs.item_unit):
        same = names == unit
        if units_a[same].sum() > DUST:
            growth[same] = units_b[same].sum() / units_a[same].sum()
    return _Sales(
        units_a,
        units_b,
        by_item(a, a.solution.revenue),
        by_item(b, revenue),
        by_item(b, deflated),
        growth,
    )


def _volume_mix_price(a: Plan, sales: _Sales, cost: Floats, worth: str) -> list[Step]:
    """The three steps of sales; `cost` [i] is taken off the price per unit."""
    s = sales
    volume = (s.growth - 1.0) * (s.revenue_a - s.units_a * cost)
    mix = (s.at_old_prices - s.growth * s.revenue_a) - (s.units_b - s.growth * s.units_a) * cost
    more = float(s.units_b.sum() - s.units_a.sum())
    return [
        item_step(
            a,
            "volume",
            "Volume",
            f"Units served at the old mix, more or fewer of all items alike, x the old {worth} per unit",
            volume,
            more,
        ),
        item_step(
            a,
            "mix",
            "Mix",
            f"Another share of items, regions, segments and months, at the old {worth} per unit; what is new is here",
            mix,
        ),
        item_step(
            a,
            "price",
            "Price",
            "Deliveries of the new plan at its net prices less at the old ones",
            s.revenue_b - s.at_old_prices,
        ),
    ]


def revenue_steps(a: Plan, b: Plan) -> list[Step]:
    """Volume, mix and price of revenue."""
    return _volume_mix_price(a, _sales(a, b), np.zeros(len(a.inputs.items)), "price")


# -- margin -----------------------------------------------------------------------------------------------


def margin_steps(a: Plan, b: Plan) -> list[Step]:
    """Every driver of the margin, also those that move nothing."""
    return [
        *_earned(a, b),
        *_sources(a, b),
        *_resources(a, b),
        *_setups(a, b),
        *_moved_and_held(a, b),
        *_unhappy(a, b),
    ]


def _unit_cost(a: Plan) -> Floats:
    """[i] A's material, purchase and subcontracting cost per unit started; the standard cost where none is."""
    source, started = a.inputs.source, a.solution.started
    count = len(a.inputs.items)
    units = np.bincount(source.item, started.sum(axis=1), minlength=count).astype(float)
    spent = np.bincount(source.item, (started * source.unit_cost).sum(axis=1), minlength=count)
    result: Floats = np.divide(
        spent, units, out=a.inputs.item.unit_cost.astype(float).copy(), where=units > 0
    )
    return result


def _earned(a: Plan, b: Plan) -> list[Step]:
    return _volume_mix_price(
        a, _sales(a, b), _unit_cost(a), "price less material, purchase and subcontracting cost"
    )


def _sources(a: Plan, b: Plan) -> list[Step]:
    cost, count = _unit_cost(a), len(a.inputs.items)
    item = a.inputs.source.item
    old, new = a.inputs.source.unit_cost, b.inputs.source.unit_cost
    x_a, x_b = a.solution.started, b.solution.started

    def total(values: Floats) -> Floats:
        return np.bincount(item, values.sum(axis=1), minlength=count).astype(float)

    units_a, units_b = total(x_a), total(x_b)
    built_a = units_a - by_item(a, a.solution.served)
    built_b = units_b - by_item(b, b.solution.served)
    return [
        item_step(
            a,
            "source_rates",
            "Material and purchase rates",
            "Units started in the new plan x the rise of their source's unit cost, by source and month",
            -total(x_b * (new - old)),
        ),
        item_step(
            a,
            "sourcing",
            "Sourcing",
            "Units started at the old unit costs of their sources, less at the old average: own, subcontracted, bought, "
            "earlier or later",
            -(total(x_b * old) - units_b * cost),
        ),
        item_step(
            a,
            "stock_build",
            "Made for stock",
            "Units started and not served within the horizon, more or fewer, x the old unit cost",
            -(built_b - built_a) * cost,
            float((built_b - built_a).sum()),
        ),
    ]


def _resources(a: Plan, b: Plan) -> list[Step]:
    """Rates of people and machines in one step, then their quantities."""
    r_a, r_b, s_a, s_b = a.inputs.resource, b.inputs.resource, a.solution, b.solution
    months, names = np.ones(a.inputs.horizon), a.inputs.resource_names
    people_a, people_b = r_a.people[:, None], r_b.people[:, None]
    kinds: dict[str, list[tuple[Floats, Floats, Floats, Floats]]] = {
        "wages": [
            (
                np.where(people_a, 0.0, s_a.regular),
                np.where(people_b, 0.0, s_b.regular),
                r_a.hour_cost[:, None] * months,
                r_b.hour_cost[:, None] * months,
            ),
            (s_a.headcount, s_b.headcount, r_a.wage, r_b.wage),
        ],
        "overtime": [
            (
                s_a.overtime,
                s_b.overtime,
                r_a.overtime_cost[:, None] * months,
                r_b.overtime_cost[:, None] * months,
            )
        ],
        "shifts": [
            (s_a.shifts, s_b.shifts, r_a.shift_cost[:, None] * months, r_b.shift_cost[:, None] * months)
        ],
        "hiring": [
            (s_a.hired, s_b.hired, r_a.hire_cost[:, None] * months, r_b.hire_cost[:, None] * months),
            (
                s_a.released,
                s_b.released,
                r_a.release_cost[:, None] * months,
                r_b.release_cost[:, None] * months,
            ),
        ],
    }
    rates = np.zeros(len(names))
    steps = []
    for key, parts in kinds.items():
        amounts = np.zeros(len(names))
        for old, new, rate_old, rate_new in parts:
            amounts -= ((new - old) * rate_old).sum(axis=1)
            rates -= (new * (rate_new - rate_old)).sum(axis=1)
        quantity = float((parts[0][1] - parts[0][0]).sum()) if key != "wages" else 0.0
        title, formula, unit = _PEOPLE[key]
        steps.append(
            Step(
                key,
                title,
                formula,
                float(amounts.sum()),
                "resource",
                lines_of(names, amounts),
                quantity,
                unit if quantity else "",
            )
        )
    text = "Hours, heads and shifts of the new plan x the rise of their rates"
    first = Step(
        "people_rates", "Wage and hour rates", text, float(rates.sum()), "resource", lines_of(names, rates)
    )
    return [first, *steps]


_PEOPLE: Final = {
    "wages": (
        "Regular hours and wages",
        "Regular machine hours and heads, more or fewer, x their old rates",
        "",
    ),
    "overtime": ("Overtime", "Overtime hours, more or fewer, x their old rates", "hours"),
    "shifts": ("Extra shifts", "Extra shifts, more or fewer, x their old rates", "shifts"),
    "hiring": ("Hiring and releases", "Heads hired and released, more or fewer, x their old rates", "hires"),
}


def _setups(a: Plan, b: Plan) -> list[Step]:
    """Setups, more or fewer; no step where they do not count. No Change moves what one costs."""
    lots = a.inputs.source.lots
    if lots is None:
        return []
    more = b.solution.setups - a.solution.setups
    cost = np.zeros(len(a.inputs.items))
    np.add.at(cost, a.inputs.source.item, -(more.sum(axis=1) * lots.setup_cost))
    text = "Setups, more or fewer, x their cost"
    return [item_step(a, "setup", "Setups", text, cost, float(more.sum()), "setups")]


def _moved_and_held(a: Plan, b: Plan) -> list[Step]:
    s_a, s_b, x_a, x_b = a.solution, b.solution, a.inputs, b.inputs
    lane_a, lane_b = x_a.lane.unit_cost, x_b.lane.unit_cost
    flow = ((s_b.flow - s_a.flow) * lane_a[None]).sum(axis=(1, 2))
    lane_rates = (s_b.flow * (lane_b - lane_a)[None]).sum(axis=(1, 2))
    room_a, room_b = x_a.site.storage_cost, x_b.site.storage_cost
    hold_a, hold_b = x_a.item.holding_cost, x_b.item.holding_cost
    more = s_b.stock - s_a.stock
    stored = np.einsum("ist,s->i", more, room_a)
    held = more.sum(axis=(1, 2)) * hold_a
    rates = np.einsum("ist,s->i", s_b.stock, room_b - room_a) + s_b.stock.sum(axis=(1, 2)) * (hold_b - hold_a)
    sent = float(s_b.flow.sum() - s_a.flow.sum())
    return [
        item_step(
            a,
            "transport",
            "Transport",
            "Units sent, more or fewer, x the old cost of their lane",
            -flow,
            sent,
        ),
        item_step(
            a,
            "transport_rates",
            "Transport rates",
            "Units sent in the new plan x the rise of their lane's cost",
            -lane_rates,
        ),
        item_step(a, "storage", "Storage", "Units in stock, more or fewer, x the old storage cost", -stored),
        item_step(
            a, "holding", "Holding stock", "Units in stock, more or fewer, x the old holding cost", -held
        ),
        item_step(
            a,
            "holding_rates",
            "Stock cost rates",
            "Units in stock in the new plan x the rise of holding and storage cost",
            -rates,
        ),
    ]


def _unhappy(a: Plan, b: Plan) -> list[Step]:
    late_a, late_b = by_item(a, a.solution.backlog), by_item(b, b.solution.backlog)
    lost_a, lost_b = (by_item(p, p.solution.lost) + by_item(p, p.solution.end_lost) for p in (a, b))
    wait_a, wait_b = (np.nan_to_num(p.inputs.item.backorder_cost, nan=0.0) for p in (a, b))
    miss_a, miss_b = a.inputs.item.lost_sale_cost, b.inputs.item.lost_sale_cost
    promotions = float(a.money.costs["promotions"].sum() - b.money.costs["promotions"].sum())
    return [
        item_step(
            a,
            "backlog",
            "Late orders",
            "Units waiting at month ends, more or fewer, x the old backorder cost",
            -(late_b - late_a) * wait_a,
            float(late_b.sum() - late_a.sum()),
            "unit-months of waiting",
        ),
        item_step(
            a,
            "lost_sales",
            "Lost sales",
            "Units lost or left at the end, more or fewer, x the old lost-sale cost",
            -(lost_b - lost_a) * miss_a,
            float(lost_b.sum() - lost_a.sum()),
        ),
        item_step(
            a,
            "unhappy_rates",
            "Rates of late and lost",
            "Units late or lost in the new plan x the rise of their declared cost",
            -(late_b * (wait_b - wait_a) + lost_b * (miss_b - miss_a)),
        ),
        Step("promotions", "Promotions", "Fixed cost of promotions, in the month they start", promotions),
    ]
