"""The price plan in the product review: list and net price ahead, planned changes, and what they do to demand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sop_core.demand.price import ListPrices, list_prices
from sop_core.demand.price_response import LEAST_CHANGE, ProductElasticity
from sop_core.inputs import Bools, Floats, Inputs
from sop_core.plan import Unconstrained
from sop_core.planner import Company


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A list-price change ahead of one product, in one region or in all alike. `units` and `revenue` over the
    horizon are what it does to the forecast at the product's elasticity; nan where none is known."""

    product: str
    region: str  #: All where every region changes alike
    month: np.datetime64
    before: float
    after: float
    elasticity: ProductElasticity
    units: float
    revenue: float

    @property
    def part(self) -> float:
        """The change as a fraction of the price before."""
        return self.after / self.before - 1


def planned_changes(company: Company, wanted: Unconstrained) -> list[PlannedChange]:
    """The list-price changes ahead, by month, then product. Effects rest on the scenario's demand without the
    scenario's own price changes."""
    inputs = wanted.inputs
    prices = ahead(company)
    known = company.price_response.products if company.price_response is not None else {}
    out = []
    for p, product in enumerate(company.items.position):
        own = prices.price[p]
        step = np.divide(own[:, 1:], own[:, :-1], out=np.ones_like(own[:, 1:]), where=own[:, :-1] > 0) - 1
        for t in np.flatnonzero((np.abs(step) >= LEAST_CHANGE).any(axis=0)):
            elasticity = known.get(product, ProductElasticity(0.0, "none"))
            alike = bool(np.ptp(own[:, t : t + 2], axis=0).max() < 1e-9)
            for r in [0] if alike else np.flatnonzero(np.abs(step[:, t]) >= LEAST_CHANGE):
                where = np.ones(own.shape[0], dtype=bool) if alike else np.arange(own.shape[0]) == r
                units, revenue = _effect(
                    company, wanted, product, where, int(t), float(step[r, t]), elasticity
                )
                out.append(
                    PlannedChange(
                        product=product,
                        region="All" if alike else inputs.regions[r],
                        month=inputs.months[t],
                        before=float(own[r, t]),
                        after=float(own[r, t + 1]),
                        elasticity=elasticity,
                        units=units,
                        revenue=revenue,
                    )
                )
    return sorted(out, key=lambda change: (change.month, change.product, change.region))


def ahead(company: Company) -> ListPrices:
    """List prices from the month before the plan to the end of the horizon."""
    inputs = company.inputs
    months = np.concatenate([inputs.months[:1] - 1, inputs.months])
    return list_prices(company.snapshot, company.items, months)


def _effect(
    company: Company,
    wanted: Unconstrained,
    product: str,
    where: Bools,
    t: int,
    part: float,
    elasticity: ProductElasticity,
) -> tuple[float, float]:
    """(units, revenue) that the change brings from month t on: demand as it is against demand and price
    without the step."""
    if elasticity.source == "none":
        return math.nan, math.nan
    i, share = company.inputs.product_share[product]
    with_it = wanted.demand.total[i][where][..., t:] * share
    price = wanted.demand.price[i][where][..., t:]
    factor = (1 + part) ** elasticity.value
    without = with_it / factor
    units = float((with_it - without).sum())
    revenue = float((with_it * price - without * price / (1 + part)).sum())
    return units, revenue


def mean_prices(
    company: Company, wanted: Unconstrained, items: Bools, regions: Bools
) -> tuple[Floats, Floats]:
    """([t] list price, [t] net price) of a choice of items and regions, weighted by the demand of the whole
    horizon so that a change of mix moves neither. nan where nothing is sold."""
    inputs: Inputs = wanted.inputs
    listed = ahead(company).by_item(company.items)[..., 1:]
    chosen = np.ix_(items, regions)
    weight = wanted.demand.total[chosen].sum(axis=(2, 3))
    total = weight.sum()
    nothing = np.full(inputs.horizon, np.nan)
    if total <= 0:
        return nothing, nothing
    by_segment = wanted.demand.total[chosen].sum(axis=3)
    segment = np.divide(
        by_segment, weight[..., None], out=np.zeros_like(by_segment), where=weight[..., None] > 0
    )
    net = np.einsum("irm,irmt->irt", segment, wanted.demand.price[chosen])
    return (
        np.einsum("ir,irt->t", weight, listed[chosen]) / total,
        np.einsum("ir,irt->t", weight, net) / total,
    )
