"""Risk on 1,000 demand paths beside one solve of the plan: the demo company, and 300 items in 10 regions.

python -m bench risk
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator

from bench import Row
from sop_core.demo import build
from sop_core.plan import Plan
from sop_core.planner import Company, Planner, prepare
from sop_core.risk import PATHS, simulate, uncertainty
from sop_core.risk.paths import BLOCK
from sop_core.snapshot import Snapshot
from tests.pages import large

_RUNS = 5
#: A cold solve of the demo takes some 0.3 s where the simulation may take 1 s.
_GOAL = 1.0 / 0.3


def run() -> Iterator[Row]:
    """Time against a cold solve of the same company, and memory against that of one path set held whole."""
    demo = prepare(Snapshot.from_tables(build()))
    yield _beside(demo, "demo", _RUNS, _GOAL)
    big = prepare(Snapshot.from_tables(large.tables(demand="demand_plan")))
    yield _beside(big, "300 items x 10 regions", 1, None)
    yield _memory(big)


def _beside(company: Company, name: str, runs: int, goal: float | None) -> Row:
    plan = Planner(company).base
    doubt = uncertainty(company)
    simulated = _median(lambda: simulate(plan, doubt), runs)
    solved = _median(lambda: Planner(company).base, runs)
    return Row(
        f"risk on {PATHS:,} paths, {name}", 1000 * simulated, "one cold solve of its plan", 1000 * solved,
        goal=goal, note=f"{plan.demand.total[..., 0].size:,} cells x {plan.inputs.horizon} months",
    )  # fmt: skip


def _memory(company: Company) -> Row:
    plan: Plan = Planner(company).base
    doubt = uncertainty(company)
    tracemalloc.start()
    simulate(plan, doubt, paths=BLOCK)
    one = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    simulate(plan, doubt, paths=2 * BLOCK)
    two = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Row(
        "risk, most memory with twice the paths", two / 1e6, "with one block of paths", one / 1e6, unit="MB", goal=1.3
    )  # fmt: skip


def _median(work: Callable[[], object], runs: int) -> float:
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
