"""What planned list prices do to the forecast: elasticities given or told by history, and their effect ahead.

The forecast is fitted on a history at past prices, so a month's effect is measured from the price level of the
history's last twelve months: (price / that level) ^ elasticity. A demand plan of the company's own is left alone:
whoever wrote it knew the prices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import months_from
from sop_core.demand.elasticity import Elasticity, estimate, pooled
from sop_core.demand.history import History
from sop_core.demand.price import ListPrices, list_prices
from sop_core.inputs import Floats
from sop_core.planning_level import PlanningItems
from sop_core.snapshot import DefaultUsed, Snapshot

#: Months of history whose price level the forecast rests on.
REFERENCE = 12
#: A planned list price that differs by less from the reference is not called a price change.
LEAST_CHANGE = 0.005
#: A realised price stands for a list price where this part of the months lies on levels held `_STEADY` months.
_ON_LEVEL, _STEADY, _NEAR = 0.9, 6, 0.005

GIVEN, ESTIMATED, NONE = "given", "estimated", "none"


@dataclass(frozen=True, slots=True)
class ProductElasticity:
    """The elasticity that planned prices of one product act with. `source`: given, estimated or none (0)."""

    value: float
    source: str


@dataclass(frozen=True, slots=True)
class PriceResponse:
    """Elasticities of a company and what its planned list prices do to the forecast."""

    items: tuple[Elasticity, ...]  #: [i] what history says of each planning item
    products: dict[str, ProductElasticity]
    factor: Floats  #: [i, r, t] on the forecast
    notes: tuple[DefaultUsed, ...]

    def of_item(self, members: tuple[str, ...], share: dict[str, float]) -> ProductElasticity:
        """The elasticity of a planning item: the mean of its products by volume; `given` where any is."""
        known = [(self.products[p], share[p]) for p in members if self.products[p].source != NONE]
        weight = sum(part for _, part in known)
        if not weight:
            return ProductElasticity(0.0, NONE)
        value = sum(own.value * part for own, part in known) / weight
        given = any(own.source == GIVEN for own, _ in known)
        return ProductElasticity(value, GIVEN if given else ESTIMATED)


def price_response(snapshot: Snapshot, items: PlanningItems, history: History) -> PriceResponse:
    """Elasticities from the history and their effect on the months ahead."""
    start, horizon = snapshot.settings.plan_start, snapshot.settings.horizon_months
    past = len(history.months)
    months = np.concatenate([history.months, months_from(start, horizon)])
    prices = list_prices(snapshot, items, months)
    found = item_elasticities(items, history, prices)
    given = snapshot.table("products").set_index("product")["elasticity"]
    products = {}
    for product, i in items.position.items():
        value = float(given[product])
        if math.isfinite(value):
            products[product] = ProductElasticity(value, GIVEN)
        elif found[i].clear:
            products[product] = ProductElasticity(found[i].cautious, ESTIMATED)
        else:
            products[product] = ProductElasticity(0.0, NONE)
    factor, changed = _factor(items, history, prices, products, past)
    return PriceResponse(found, products, factor, _notes(items, products, changed, found))


def item_elasticities(items: PlanningItems, history: History, prices: ListPrices) -> tuple[Elasticity, ...]:
    """[i] what history says of each planning item, drawn towards its family (or category)."""
    past = len(history.months)
    units = history.cleaned.sum(axis=(1, 2))
    price = _item_price(items, history, prices, past)
    own = [estimate(name, history.months, units[i], price[i]) for i, name in enumerate(items.names)]
    by_family = len(set(items.family)) < len(items.names)
    group_of = items.family if by_family else items.category
    out = list(own)
    for group in dict.fromkeys(group_of):
        members = [i for i, name in enumerate(group_of) if name == group]
        # Products that came or went within the history would move the group's sum by themselves.
        steady = [i for i in members if (units[i] > 0).mean() >= _ON_LEVEL and (price[i] > 0).all()]
        if len(members) < 2 or len(steady) < 2:
            continue
        weight = units[steady].sum(axis=1)
        index = np.exp((weight / weight.sum()) @ np.log(price[steady]))
        whole = estimate(group, history.months, units[steady].sum(axis=0), index)
        better = pooled([own[i] for i in members], whole, group)
        for at, item in zip(members, better, strict=True):
            out[at] = item
    return tuple(out)


def _item_price(items: PlanningItems, history: History, prices: ListPrices, past: int) -> Floats:
    """[i, h] list price index of each item: products by their part of it, regions by their demand; where no
    product is on the price list, the realised price if it moves in steps as a list does."""
    by_region = history.cleaned.sum(axis=(2, 3))
    total = by_region.sum(axis=1, keepdims=True)
    even = np.full_like(by_region, 1.0 / by_region.shape[1])
    weight = np.divide(by_region, total, out=even, where=total > 0)
    log_price = np.full((len(items.names), past), 0.0)
    parts = np.zeros(len(items.names))
    listed = np.zeros(len(items.names), dtype=bool)
    for p, (product, i) in enumerate(items.position.items()):
        own = prices.price[p, :, :past]
        if (own > 0).all():
            log_price[i] += items.share[product] * (weight[i] @ np.log(own))
            parts[i] += items.share[product]
            listed[i] |= bool(prices.listed[p])
    out: Floats = np.exp(np.divide(log_price, parts[:, None], out=log_price, where=parts[:, None] > 0))
    out[parts <= 0] = 0.0
    paid, sold = history.revenue.sum(axis=(1, 2)), history.sold.sum(axis=(1, 2))
    for at in np.flatnonzero(~listed):
        realised = np.divide(paid[at], sold[at], out=np.zeros(past), where=sold[at] > 0)
        steps = stepped(realised)
        if steps is not None:
            out[at] = steps
    return out


def stepped(price: Floats) -> Floats | None:
    """A realised price [h] as the levels it stands on, where it moves in steps as a price list does; None where
    it moves with mix and discounts, which says nothing of elasticity."""
    known = np.flatnonzero(price > 0)
    if len(known) < _STEADY:
        return None
    out, on_level, begin = price.copy(), 0, 0
    values = price[known]
    for n in range(1, len(values) + 1):
        if n < len(values) and abs(values[n] / np.median(values[begin:n]) - 1) < _NEAR:
            continue
        if n - begin >= _STEADY:
            on_level += n - begin
        out[known[begin:n]] = np.median(values[begin:n])
        begin = n
    return out if on_level >= _ON_LEVEL * len(values) else None


def _factor(
    items: PlanningItems,
    history: History,
    prices: ListPrices,
    products: dict[str, ProductElasticity],
    past: int,
) -> tuple[Floats, dict[str, float]]:
    """([i, r, t] factor on the forecast, product -> largest planned change of its price)."""
    recent = history.cleaned[..., -REFERENCE:].sum(axis=2)
    length = recent.shape[-1]
    total = recent.sum(axis=-1, keepdims=True)
    weight = np.divide(recent, total, out=np.full_like(recent, 1.0 / length), where=total > 0)
    horizon = len(prices.months) - past
    factor = np.ones((len(items.names), recent.shape[1], horizon))
    changed: dict[str, float] = {}
    for p, (product, i) in enumerate(items.position.items()):
        own = prices.price[p]
        relative = np.zeros((own.shape[0], horizon))
        if prices.listed[p] and (own > 0).all():
            level = (weight[i] * np.log(own[:, past - length : past])).sum(axis=-1)
            relative = np.log(own[:, past:]) - level[:, None]
            ahead = np.log(own[:, past:] / own[:, past - 1 : past])
            most = float(ahead.flat[np.abs(ahead).argmax()])
            if abs(most) >= LEAST_CHANGE:
                changed[product] = math.expm1(most)
        factor[i] += items.share[product] * np.expm1(products[product].value * relative)
    return factor, changed


def _notes(
    items: PlanningItems,
    products: dict[str, ProductElasticity],
    changed: dict[str, float],
    found: tuple[Elasticity, ...],
) -> tuple[DefaultUsed, ...]:
    """What planned price changes rest on where no elasticity is given."""
    notes = []
    blind = [product for product in changed if products[product].source == NONE]
    if blind:
        notes.append(
            DefaultUsed(
                "products",
                "elasticity",
                "0",
                len(blind),
                "planned list prices leave demand alone: no elasticity is given and history does not tell it",
            )
        )
    told: dict[tuple[float, str], list[str]] = {}
    for product in changed:
        if products[product].source == ESTIMATED:
            own = found[items.position[product]]
            told.setdefault((round(own.cautious, 2), own.pooled or own.name), []).append(product)
    for (value, group), members in told.items():
        verdict = found[items.position[members[0]]].verdict()
        notes.append(
            DefaultUsed(
                "products",
                "elasticity",
                f"{value:.2f} for {group}",
                len(members),
                f"estimated from past price moves ({verdict}), drawn towards the default; acts on planned list prices",
            )
        )
    return tuple(notes)
