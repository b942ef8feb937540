"""The demo company: a garden equipment maker, generated from a seed into the data contract's own tables."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from sop_core.demo import ahead, company, estimates, masters, orders, records
from sop_core.demo.agenda import agenda
from sop_core.demo.clock import Clock
from sop_core.demo.company import NAME
from sop_core.demo.market import Floats, build_market
from sop_core.demo.plants import contract_limits, run_plants
from sop_core.demo.proposals import proposals
from sop_core.demo.story import story

__all__ = ["NAME", "agenda", "build", "proposals", "story"]


def build(seed: int = 7, last_closed: dt.date = dt.date(2026, 10, 1)) -> dict[str, pd.DataFrame]:
    """The company's tables, by name, in the contract's columns; the same seed gives the same digits.

    `last_closed` lies in the last of 60 closed months of sales; the plan starts in the month after it.
    Months are first-of-month timestamps; blank cells take the contract's defaults.
    """
    clock = Clock.ending(last_closed)
    rng = np.random.default_rng(seed)
    market = build_market(clock, rng)
    minimum, maximum = contract_limits(_year_ahead(clock, market.expected))
    plants = run_plants(clock, market, maximum, rng)
    sources = masters.sources(minimum, maximum)
    return {
        "products": masters.products(clock),
        "regions": company.REGIONS.copy(),
        "segments": masters.segments(),
        "sales": records.sales(clock, market, plants),
        "orders": orders.order_lines(clock, market, plants, rng),
        "prices": ahead.prices(clock, market),
        "promotions": ahead.promotions(clock),
        "launches": ahead.launches(clock),
        "past_forecasts": estimates.past_forecasts(clock, market, np.random.default_rng([seed, 1])),
        "events": ahead.events(clock),
        "budget": ahead.budget(clock, market),
        "sites": company.SITES.copy(),
        "resources": masters.resources(),
        "capacity": records.capacity(clock, plants),
        "sources": sources,
        "routings": masters.routings(sources),
        "calendar": records.working_calendar(clock),
        "workforce": masters.workforce(),
        "lanes": masters.whole(company.LANES, "lead_months"),
        "inventory": records.inventory(clock, plants, masters.unit_costs()),
        "stock_targets": ahead.stock_targets(),
        "production": records.production(clock, plants),
        "suppliers": masters.whole(company.SUPPLIERS, "lead_months"),
        "materials": masters.whole(company.MATERIALS, "lead_months"),
        "bom": masters.bom(),
        "settings": masters.settings(clock),
        "targets": company.TARGETS.copy(),
    }


def _year_ahead(clock: Clock, expected: Floats) -> Floats:
    """[p, 12] expected demand of the season's calendar year, for which contracts are made."""
    first = clock.at(clock.in_season(1))
    total: Floats = expected.sum(axis=(1, 2))[:, first : first + 12]
    return total
