"""The simulation worked out a second time, path by path and month by month, for one product in one region."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sop_core.plan import Plan
from sop_core.planner import Planner, prepare
from sop_core.risk import Draws, goals, misses, simulate, uncertainty
from sop_core.snapshot import Snapshot
from tests import published

ROOT = Path(__file__).resolve().parents[2]
PATHS, SEED, OPENING, PRICE, COST = 200, 5, 30.0, 50.0, 10.0
HOLDING, WAITING, LOST = 1.0, 3.0, 2.0
MOVING = ("transport", "storage", "holding", "backlog", "lost_sales")


def company(waits: bool) -> Planner:
    """Bought at 10, sold at 50, at most 52 a month; orders wait, or are lost."""
    asked = [45.0, 70.0, 62.0, 30.0, 80.0, 55.0]
    tables = {
        "products": pd.DataFrame(
            {
                "product": ["P"],
                "price": [PRICE],
                "unit_cost": [COST],
                "holding_cost": [HOLDING],
                "backorder_cost": [WAITING],
                "lost_sale_cost": [LOST],
            }
        ),
        "sites": pd.DataFrame({"site": ["Plant"]}),
        "segments": pd.DataFrame({"segment": ["All"], "backorders": [waits]}),
        "demand_plan": published.demand(asked, segment="All"),
        "inventory": published.opening(OPENING),
        "stock_targets": pd.DataFrame({"product": ["P"], "site": ["Plant"], "safety_stock": [12.0]}),
        "sources": pd.DataFrame(
            {
                "source": ["make"],
                "product": ["P"],
                "site": ["Plant"],
                "unit_cost": [COST],
                "max_quantity": [52.0],
            }
        ),
        "targets": pd.DataFrame({"kpi": ["service_level", "margin"], "target": [0.9, 12_000.0]}),
        "settings": published.settings(len(asked), objective="margin", frozen_months=0),
    }
    return Planner(prepare(Snapshot.from_tables(tables, 1)))


def one_path(plan: Plan, demand: np.ndarray, waits: bool) -> tuple[float, float, float]:
    """(service level, margin, average stock value): first what the plan would serve from all stock there is, then the
    orders that it leaves too from what lies above its own stock; oldest orders first."""
    solution, months = plan.solution, len(demand)
    arrive, own = solution.received[0], solution.stock[0, 0]
    leaves = (solution.backlog + solution.lost)[0, 0, 0]
    committed = sum(float(v.sum()) for name, v in plan.money.costs.items() if name not in MOVING)
    stock, late, money, worth = OPENING, 0.0, -committed, []
    queue: deque[float] = deque()
    for t in range(months):
        stock += arrive[t]
        queue.append(demand[t])
        need = sum(queue)
        first = min(stock, max(need - leaves[t], 0.0))
        stock -= first
        extra = min(max(stock - own[t], 0.0), need - first)
        stock -= extra
        give = first + extra
        money += give * PRICE
        while queue and give > 0:
            taken = min(give, queue[0])
            give -= taken
            queue[0] -= taken
            if queue[0] <= 1e-12:
                queue.popleft()
        left = sum(queue)
        late += min(left, demand[t])
        money -= stock * HOLDING + left * (WAITING if waits else LOST)
        if not waits:
            queue.clear()
        worth.append(stock * COST)
    if waits:
        money -= sum(queue) * LOST  # what waits at the end counts as lost
    return 1 - late / demand.sum(), money, float(np.mean(worth))


@pytest.mark.parametrize("waits", [True, False])
def test_every_path_as_by_hand(waits: bool) -> None:
    planner = company(waits)
    plan, doubt = planner.base, uncertainty(planner.company)
    risk = simulate(plan, doubt, PATHS, SEED)
    draws = Draws.of(doubt, PATHS, SEED)
    factors = np.concatenate([draws.block(n) for n in range(draws.blocks)], axis=3)[:, 0, 0]
    asked = plan.demand.total[0, 0, 0][:, None] * factors.astype(float)
    own = np.array([one_path(plan, asked[:, p], waits) for p in range(PATHS)])
    for at, kpi in enumerate(("service_level", "margin", "stock_value")):
        assert risk.kpis[kpi] == pytest.approx(own[:, at], rel=1e-9)
        assert risk.bands(kpi) == pytest.approx(np.quantile(own[:, at], [0.1, 0.5, 0.9]).tolist())
    counted = {"service_level": (own[:, 0] < 0.9).mean(), "margin": (own[:, 1] < 12_000.0).mean()}
    found = {miss.goal.kpi: miss.probability for miss in misses(risk, goals(planner.company))}
    assert found == pytest.approx(counted)
    assert all(0 < probability < 1 for probability in counted.values())


_DRAWN = """
from tests.risk.test_by_hand import PATHS, SEED, company
from sop_core.risk import simulate, uncertainty
planner = company(True)
print(repr(simulate(planner.base, uncertainty(planner.company), PATHS, SEED).kpis["margin"].tolist()))
"""


def test_a_seed_draws_the_same_paths_in_another_process() -> None:
    planner = company(True)
    here = simulate(planner.base, uncertainty(planner.company), PATHS, SEED).kpis["margin"]
    there = subprocess.run(
        [sys.executable, "-c", _DRAWN], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert there.stdout.strip() == repr(here.tolist())
