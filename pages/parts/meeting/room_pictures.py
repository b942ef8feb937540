"""The two pictures of a topic: its demand against supply, and what holds it: a resource's load, or its stock."""

from __future__ import annotations

import numpy as np

from pages.parts import format as fmt
from sop_core.charts import live
from sop_core.charts.live import Option
from sop_core.charts.roles import Palette
from sop_core.charts.room import enlarged, resource_load
from sop_core.cycle.meeting import Topic
from sop_core.explain.words import unit_of
from sop_core.inputs import Bools, Floats
from sop_core.kpis import utilisation
from sop_core.plan import Plan


def pictures(plan: Plan, base: Plan, topic: Topic | None, palette: Palette) -> list[tuple[Option, str]]:
    """Two options for a projector, each with its sentence in words."""
    inputs = plan.inputs
    months, items = fmt.months(inputs.months), _items(plan, topic)
    unit = _unit(plan, items)
    demand, served, before = _units(plan.demand.total, items), _served(plan, items), _served(base, items)
    first = live.demand_supply(months, demand, served, before, palette, unit)
    found = [(enlarged(first), live.demand_sentence(months, demand, served, unit))]
    if topic is not None and topic.resource in inputs.resource_names:
        q = inputs.resource_names.index(topic.resource)
        load, before = utilisation(plan.facts)[q], utilisation(base.facts)[q]
        picture = resource_load(months, topic.resource, load, before, palette)
        said = live.load_sentence(months, [topic.resource], load[None, :])
    else:
        stock, target = _stock(plan.solution.stock, items), _stock(inputs.stock_target, items)
        picture = live.stock_target(months, stock, target, _stock(base.solution.stock, items), palette, unit)
        said = live.stock_sentence(months, stock, target, unit)
    return [*found, (enlarged(picture), said)]


def about(plan: Plan, topic: Topic | None) -> str:
    """What the pictures show, in words: `Battery mower 37 cm and 4 more`, `All products`."""
    inputs = plan.inputs
    known = [name for name in (topic.items if topic else ()) if name in inputs.items]
    if not known or len(known) == len(inputs.items):
        return "All products"
    titles = dict(zip(inputs.items, inputs.item_title or inputs.items, strict=True))
    if len(known) <= 3:
        return ", ".join(titles[name] for name in known)
    return f"{titles[known[0]]} and {len(known) - 1} more"


def _items(plan: Plan, topic: Topic | None) -> Bools:
    """[i] the topic's planning items; all where it is about all, or names none of them."""
    chosen = np.isin(
        np.asarray(plan.inputs.items, dtype=str), np.asarray(topic.items if topic else (), dtype=str)
    )
    return chosen if chosen.any() else np.ones(len(chosen), dtype=bool)


def _units(values: Floats, items: Bools) -> Floats:
    total: Floats = values[items].sum(axis=(0, 1, 2))
    return total


def _served(plan: Plan, items: Bools) -> Floats:
    return _units(plan.solution.served, items)


def _stock(values: Floats, items: Bools) -> Floats:
    total: Floats = values[items].sum(axis=(0, 1))
    return total


def _unit(plan: Plan, items: Bools) -> str:
    """What the items are counted in, in the plural; `units` where they are counted in different things."""
    units = {unit_of(plan.inputs, i) for i in np.flatnonzero(items).tolist()}
    return units.pop() if len(units) == 1 else "units"
