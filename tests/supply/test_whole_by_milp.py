"""Random companies in lots and with setups, against a mixed-integer program written from their tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from sop_core.planner import make_plan
from sop_core.snapshot import Snapshot
from tests import published

Tables = dict[str, pd.DataFrame]
MONTHS, BIG = 4, 1e3


def company(seed: int, waits: bool) -> Tables:
    """Two products, two plants, two regions: sources with setups, lots, a maximum or a lead time on lines of their own
    and a paint shop that two share."""
    rng = np.random.default_rng(seed)
    products, sites, regions = ["A", "B"], ["Lyon", "Milan"], ["North", "South"]
    sources = [(f"{p} {s}", p, s) for p in products for s in sites][: 3 + seed % 2]
    count = len(sources)
    grid = pd.MultiIndex.from_product(
        [published.months(MONTHS), products, regions], names=["month", "product", "region"]
    )
    made = pd.DataFrame(sources, columns=["source", "product", "site"])
    lines = made[["source"]].assign(
        resource="Line " + made["site"], hours_per_unit=rng.uniform(0.5, 1.5, count).round(2)
    )
    shared = pd.DataFrame({"source": made["source"][:2], "resource": "Paint", "hours_per_unit": [0.4, 0.6]})
    return {
        "products": pd.DataFrame(
            {
                "product": products,
                "price": rng.uniform(20, 60, 2).round(2),
                "unit_cost": 0.0,
                "holding_cost": rng.uniform(0.2, 2, 2).round(2),
                "backorder_cost": rng.uniform(0.5, 4, 2).round(2),
                "lost_sale_cost": rng.uniform(0, 8, 2).round(2),
            }
        ),
        "sites": pd.DataFrame({"site": sites}),
        "regions": pd.DataFrame({"region": regions}),
        "segments": pd.DataFrame({"segment": ["All"], "backorders": [waits]}),
        "demand_plan": grid.to_frame(index=False).assign(
            segment="All", quantity=rng.integers(0, 50, len(grid)).astype(float)
        ),
        "sources": made.assign(
            unit_cost=rng.uniform(2, 10, count).round(2),
            lead_months=[0, 1, 0, 0][:count],
            setup_cost=rng.integers(20, 150, count).astype(float),
            setup_hours=rng.integers(0, 15, count).astype(float),
            lot_size=[0.0, 0.0, 12.0, 7.0][:count],
            max_quantity=[np.nan, 60.0, np.nan, 80.0][:count],
        ),
        "resources": pd.DataFrame(
            {
                "resource": ["Line Lyon", "Line Milan", "Paint"],
                "site": ["Lyon", "Milan", "Lyon"],
                "hours": rng.integers(50, 90, 3).astype(float),
                "overtime_hours": [15.0, 5.0, 0.0],
                "overtime_cost": [4.0, 2.0, 0.0],
            }
        ),
        "routings": pd.concat([lines, shared], ignore_index=True),
        "lanes": pd.DataFrame(
            [(s, r, float(np.round(rng.uniform(0.2, 3), 2))) for s in sites for r in regions],
            columns=["origin", "destination", "unit_cost"],
        ),
        "stock_targets": pd.DataFrame(
            [(p, s, 0.0) for p in products for s in sites], columns=["product", "site", "safety_stock"]
        ),
        "inventory": pd.concat([published.opening(8.0, s, p) for p in products for s in sites]),
        "settings": published.settings(
            MONTHS, lot_sizing="true", objective="margin", planning_level="product", frozen_months=0
        ),
    }


class Written:
    """A mixed-integer program, column by column and row by row under names."""

    def __init__(self) -> None:
        self.at: dict[Any, int] = {}
        self.columns: list[tuple[float, float, int]] = []  #: cost, most, whole
        self.rows: list[tuple[Mapping[Any, float], float, float]] = []

    def column(self, name: Any, cost: float = 0.0, most: float = np.inf, whole: int = 0) -> None:
        self.at[name] = len(self.columns)
        self.columns.append((cost, most, whole))

    def row(self, terms: Mapping[Any, float], low: float, high: float) -> None:
        self.rows.append((terms, low, high))

    def least(self) -> float:
        matrix = sp.lil_matrix((len(self.rows), len(self.columns)))
        for n, (terms, _, _) in enumerate(self.rows):
            for name, value in terms.items():
                matrix[n, self.at[name]] = value
        cost, most, whole = (np.array(part) for part in zip(*self.columns, strict=True))
        limits = LinearConstraint(matrix.tocsc(), [r[1] for r in self.rows], [r[2] for r in self.rows])
        found = milp(cost, integrality=whole, bounds=Bounds(0, most), constraints=limits)
        assert found.success
        return float(found.fun)


def best_margin(tables: Tables, waits: bool) -> float:
    product = tables["products"].set_index("product")
    asked = tables["demand_plan"].set_index(["product", "region", "month"])["quantity"]
    months, sources = published.months(MONTHS), list(tables["sources"].itertuples())
    lanes = tables["lanes"].set_index(["origin", "destination"])["unit_cost"]
    sites, regions = list(tables["sites"]["site"]), list(tables["regions"]["region"])
    made = Written()
    for t in range(MONTHS):
        for s in sources:
            most = BIG if np.isnan(s.max_quantity) else s.max_quantity
            made.column(("start", s.source, t), s.unit_cost, most)
            made.column(("setup", s.source, t), s.setup_cost, 1, 1)
            made.row({("start", s.source, t): 1.0, ("setup", s.source, t): -BIG}, -np.inf, 0.0)
            if s.lot_size:
                made.column(("lots", s.source, t), 0.0, BIG, 1)
                made.row({("start", s.source, t): 1.0, ("lots", s.source, t): -s.lot_size}, 0.0, 0.0)
        for p, of in product.iterrows():
            for site in sites:
                made.column(("stock", p, site, t), of["holding_cost"])
                for r in regions:
                    made.column(("send", p, site, r, t), lanes[site, r])
            missed = of["price"] + of["lost_sale_cost"]
            for r in regions:
                made.column(("lost", p, r, t), missed, 0.0 if waits else np.inf)
                last = missed if t == MONTHS - 1 else 0.0
                made.column(("late", p, r, t), of["backorder_cost"] + last, np.inf if waits else 0.0)
    for t in range(MONTHS):
        for p in product.index:
            for site in sites:
                terms = {("stock", p, site, t): -1.0} | {("send", p, site, r, t): -1.0 for r in regions}
                if t:
                    terms["stock", p, site, t - 1] = 1.0
                for s in sources:
                    if (s.product, s.site) == (p, site) and t >= s.lead_months:
                        terms["start", s.source, t - s.lead_months] = 1.0
                there = -8.0 if t == 0 else 0.0
                made.row(terms, there, there)
            for r in regions:
                terms = {("late", p, r, t): 1.0, ("lost", p, r, t): 1.0}
                terms |= {("send", p, site, r, t): 1.0 for site in sites}
                if t:
                    terms["late", p, r, t - 1] = -1.0
                made.row(terms, asked[p, r, months[t]], asked[p, r, months[t]])
        for q in tables["resources"].itertuples():
            made.column(("over", q.resource, t), q.overtime_cost, q.overtime_hours)
            terms = {("over", q.resource, t): -1.0}
            for step in tables["routings"].query("resource == @q.resource").itertuples():
                terms["start", step.source, t] = step.hours_per_unit
                terms["setup", step.source, t] = next(
                    s for s in sources if s.source == step.source
                ).setup_hours
            made.row(terms, -np.inf, q.hours)
    revenue = sum(units * product.at[p, "price"] for (p, _, _), units in asked.items())
    return float(revenue) - made.least()


@pytest.mark.parametrize(("seed", "waits"), [(1, True), (2, False), (3, True), (4, False)])
def test_as_a_mixed_integer_program_from_the_tables(seed: int, waits: bool) -> None:
    tables = company(seed, waits)
    plan = make_plan(Snapshot.from_tables(tables))
    best = best_margin(tables, waits)
    assert plan.solution.setups.sum() > 0
    # Both searches stop at a relative distance of 1e-4 to the optimum.
    assert plan.kpis["margin"] == pytest.approx(best, abs=3e-4 * max(abs(best), plan.kpis["cost"]))
    for k, lot in enumerate(tables["sources"]["lot_size"]):
        if lot:
            assert plan.solution.started[k] / lot == pytest.approx(
                np.rint(plan.solution.started[k] / lot), abs=1e-6
            )
