"""What `make_plan` costs beside the solver's own call: 100 items, 3 plants, 4 regions, 18 months, from tables.

    python -m bench planner

The whole line counts (items, network, demand layers, model, result, self-check, money, KPIs) and is set against the
HiGHS call inside it; the demand comes as a plan, so no forecast is in it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from bench import Row
from sop_core.planner import make_plan
from sop_core.snapshot import Snapshot

_ITEMS, _PLANTS, _REGIONS, _SEGMENTS, _MONTHS, _RUNS = 100, 3, 4, 3, 18, 3
_START = "2027-01-01"


def tables(items: int = _ITEMS, seed: int = 11) -> dict[str, pd.DataFrame]:
    """Contract tables of a company with people and machines at each plant, short in spring."""
    draw = np.random.default_rng(seed)
    names = [f"P{n:03d}" for n in range(items)]
    plants, regions = [f"Plant {p}" for p in range(_PLANTS)], [f"Region {r}" for r in range(_REGIONS)]
    segments = [f"Segment {s}" for s in range(_SEGMENTS)]
    level, cost = draw.lognormal(6.0, 0.8, items), draw.uniform(20, 120, items)
    season = 1.0 + 0.35 * np.sin(2 * np.pi * (np.arange(_MONTHS) - 1) / 12)
    cells = pd.MultiIndex.from_product(
        [pd.date_range(_START, periods=_MONTHS, freq="MS"), names, regions, segments],
        names=["month", "product", "region", "segment"],
    )
    units = season[:, None, None, None] * level[None, :, None, None] / (_REGIONS * _SEGMENTS)
    units = units * draw.uniform(0.8, 1.2, (_MONTHS, items, _REGIONS, _SEGMENTS))
    home = draw.integers(0, _PLANTS, items)
    second = np.flatnonzero(draw.random(items) < 0.4)
    hours = draw.uniform(0.05, 0.3, items)
    load = np.bincount(home, hours * level, minlength=_PLANTS)
    sources = pd.concat(
        [
            pd.DataFrame(
                {
                    "source": names,
                    "product": names,
                    "site": [plants[p] for p in home],
                    "unit_cost": 0.6 * cost,
                }
            ),
            pd.DataFrame(
                {
                    "source": [f"{names[n]} too" for n in second],
                    "product": [names[n] for n in second],
                    "site": [plants[(home[n] + 1) % _PLANTS] for n in second],
                    "unit_cost": 0.65 * cost[second],
                }
            ),
        ],
        ignore_index=True,
    )
    per_unit = np.concatenate([hours, hours[second]])
    routings = pd.concat(
        [
            pd.DataFrame(
                {
                    "source": sources["source"],
                    "resource": "Line " + sources["site"],
                    "hours_per_unit": per_unit,
                }
            ),
            pd.DataFrame(
                {
                    "source": sources["source"],
                    "resource": "Packing " + sources["site"],
                    "hours_per_unit": 0.4 * per_unit,
                }
            ),
        ]
    )
    return {
        "products": pd.DataFrame(
            {"product": names, "price": 1.9 * cost, "unit_cost": cost, "backorder_cost": 0.05 * cost}
        ),
        "regions": pd.DataFrame({"region": regions}),
        "segments": pd.DataFrame({"segment": segments, "priority": [1, 2, 3], "backorders": [True, True, False]}),
        "sites": pd.DataFrame({"site": plants}),
        "demand_plan": pd.Series(units.ravel(), index=cells, name="quantity").reset_index(),
        "sources": sources,
        "routings": routings,
        "resources": pd.DataFrame(
            {
                "resource": [f"Line {p}" for p in plants] + [f"Packing {p}" for p in plants],
                "site": plants * 2,
                "hours": [None] * _PLANTS + list(0.45 * load),
                "overtime_hours": [None] * _PLANTS + list(0.06 * load),
                "hour_cost": [24.0] * _PLANTS + [20.0] * _PLANTS,
            }
        ),
        "workforce": pd.DataFrame(
            {
                "resource": [f"Line {p}" for p in plants], "headcount": load / 160, "hours_per_head": 150.0,
                "overtime_per_head": 15.0, "hire_cost": 4000.0, "release_cost": 6000.0, "max_headcount": 1.1 * load / 160,
            }
        ),
        "lanes": pd.DataFrame(
            [(p, r, float(draw.uniform(0.5, 4))) for p in plants for r in regions],
            columns=["origin", "destination", "unit_cost"],
        ),
        "inventory": pd.DataFrame(
            {"month": pd.Timestamp(_START) - pd.DateOffset(months=1), "product": names,
             "site": [plants[p] for p in home], "quantity": 0.5 * level}
        ),
        "stock_targets": pd.DataFrame({"product": names, "site": [plants[p] for p in home], "days": 12.0}),
        "settings": pd.DataFrame(
            {"setting": ["plan_start", "horizon_months", "planning_level", "demand"],
             "value": [_START, str(_MONTHS), "product", "demand_plan"]}
        ),
    }  # fmt: skip


def run() -> Iterator[Row]:
    """One row: everything but the solver's call, as a part of that call."""
    company = tables()
    total, call, size = [], [], ""
    for _ in range(_RUNS):
        snapshot = Snapshot.from_tables(company)
        began = time.perf_counter()
        plan = make_plan(snapshot)
        assert plan.kpis
        total.append(time.perf_counter() - began)
        solver = plan.solution.solver
        call.append(max(solver.seconds, solver.base_seconds))
        size = f"{solver.n_variables:,} variables, {solver.n_rows:,} rows"
    around = statistics.median(t - c for t, c in zip(total, call, strict=True))
    yield Row(
        "make_plan without its solver call, 100 items",
        1000 * around,
        "the raw HiGHS call",
        1000 * statistics.median(call),
        goal=0.25,
        note=size,
    )
