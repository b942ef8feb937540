"""Levers of demand and policy for a pain: prices where the elasticity is known, promotions, launches, priorities."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sop_core.changes import (
    Change,
    EndBacklog,
    LaunchMove,
    Objective,
    PriceChange,
    PromotionCancel,
    PromotionMove,
    Scope,
    SegmentPriority,
)
from sop_core.changes.promotion import move_day
from sop_core.demand.price_response import NONE
from sop_core.inputs import Floats, Inputs
from sop_core.options.pains import Pain, first_open
from sop_core.options.supply_levers import items_scope
from sop_core.plan import Plan
from sop_core.planner import Company

#: Prices are proposed up or down by these parts: what a price list can bear within a season.
PRICE_UP, PRICE_DOWN = (0.03, 0.05), (-0.05,)
#: Below this size an elasticity says that price does not move demand.
_LEAST_ELASTICITY = 0.05
#: Months by which promotions and launches are moved.
_MOVES, _LAUNCH_MOVES = (2, 1, -1, 3, -2), (1, 2, 3)
_MOST_PROMOTIONS = 6


def for_shortage(plan: Plan, company: Company, pain: Pain) -> Iterator[Change]:
    """Less asked for where and when it is short, or asked for at a better time."""
    yield from promotions(plan, pain)
    yield from prices(plan, company, pain, PRICE_UP)
    yield from launches(plan, pain)


def cheaper(plan: Plan, company: Company, pain: Pain) -> Iterator[Change]:
    """A lower price sells stock, where demand answers to price."""
    yield from prices(plan, company, pain, PRICE_DOWN, least=1.0)


def prices(
    plan: Plan, company: Company, pain: Pain, steps: tuple[float, ...], least: float = _LEAST_ELASTICITY
) -> Iterator[Change]:
    """Another price of a pain's items in the months of its orders, family by family, at the elasticity known."""
    inputs = plan.inputs
    known = elasticities(company, inputs)
    first = max(pain.wanted[0], first_open(inputs))
    if first > pain.wanted[1]:
        return
    span = {"first": inputs.months[first], "last": inputs.months[pain.wanted[1]]}
    weight = plan.demand.total[..., first : pain.wanted[1] + 1].sum(axis=(1, 2, 3))
    for part in steps:
        for family in dict.fromkeys(inputs.item_family[i] for i in pain.items):
            own = [i for i in pain.items if inputs.item_family[i] == family and np.isfinite(known[i])]
            own = [i for i in own if abs(known[i]) >= least and plan.demand.price[i].max() > 0]
            total = float(weight[own].sum())
            if not own or total <= 0:
                continue
            answer = round(float((known[own] * weight[own]).sum() / total), 2)
            chosen = items_scope(inputs, tuple(own))
            scope = Scope(
                products=chosen.products,
                families=chosen.families,
                first=str(span["first"]),
                last=str(span["last"]),
            )
            yield PriceChange(scope=scope, pct=part, elasticity=max(answer, -10.0))


def elasticities(company: Company, inputs: Inputs) -> Floats:
    """[i] elasticity of each planning item, given or told by history; nan where nothing is known."""
    out = np.full(len(inputs.items), np.nan)
    response = company.price_response
    if response is None:
        table = company.snapshot.table("products").set_index("product")["elasticity"]
        for i, members in enumerate(inputs.item_products):
            parts = [(float(table[p]), inputs.product_share[p][1]) for p in members if p in table.index]
            parts = [(value, part) for value, part in parts if np.isfinite(value)]
            weight = sum(part for _, part in parts)
            if weight > 0:
                out[i] = sum(value * part for value, part in parts) / weight
        return out
    share = {product: part for product, (_, part) in inputs.product_share.items()}
    for i, members in enumerate(inputs.item_products):
        asked = tuple(p for p in members if p in response.products and p in share)
        found = response.of_item(asked, share)
        if found.source != NONE:
            out[i] = found.value
    return out


def promotions(plan: Plan, pain: Pain | None) -> Iterator[Change]:
    """Promotions of a pain's items (None: all) moved or cancelled; only those that have not begun."""
    inputs = plan.inputs
    opens = inputs.months[first_open(inputs)].astype("datetime64[D]")
    ends = (inputs.months[-1] + 1).astype("datetime64[D]")
    names: dict[str, list[int]] = {}
    for at, promotion in enumerate(inputs.demand.promotions):
        touches = pain is None or bool((promotion.share[list(pain.items)] > 0).any())
        if touches and opens <= promotion.start < ends:
            names.setdefault(promotion.name, []).append(at)
    for name, rows in list(names.items())[:_MOST_PROMOTIONS]:
        yield PromotionCancel(promotion=name)
        for months in _MOVES:
            moved = [move_day(inputs.demand.promotions[at].start, months) for at in rows]
            last = [move_day(inputs.demand.promotions[at].end, months) for at in rows]
            if min(moved) >= opens and max(last) < ends:
                yield PromotionMove(promotion=name, months=months)


def launches(plan: Plan, pain: Pain) -> Iterator[Change]:
    """Launches of a pain's items, or that need its full resource, somewhat later."""
    inputs = plan.inputs
    items = set(pain.items)
    opens = inputs.months[first_open(inputs)]
    for name in dict.fromkeys(
        launch.name
        for launch in inputs.demand.launches
        if launch.item in items and opens < launch.month <= inputs.months[pain.wanted[1]]
    ):
        for months in _LAUNCH_MOVES:
            yield LaunchMove(product=name, months=months)


def policy(plan: Plan) -> Iterator[Change]:
    """The objective, the order of segments, the end of the plan; only where something is short."""
    inputs = plan.inputs
    other = "service" if inputs.policy.objective == "margin" else "margin"
    if not len(plan.shortages):
        if other == "margin":
            yield Objective(objective="margin")
        return
    yield Objective(objective=other)
    short = plan.shortages.groupby("segment", sort=True)["value"].sum()
    first = int(inputs.segment_priority.min())
    if len(inputs.segments) > 1:
        for name in short.sort_values(ascending=False, kind="stable").index:
            at = inputs.segments.index(str(name))
            if int(inputs.segment_priority[at]) > first:
                yield SegmentPriority(scope=Scope.of(segment=str(name)), priority=first)
    if inputs.policy.end_backlog == "lost" and plan.solution.backlog[..., -1].sum() > 1e-6:
        yield EndBacklog(end_backlog="forbidden")
