"""The option finder on the demo company: candidates re-planned, and its time beside the same number of cold solves.

A cold solve is what a tool without a warm solver would pay for each candidate: the plan of the base case with a
planner of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bench import Row
from sop_core.options import Goal, find_options, frontier, seek
from sop_core.planner import Company, Planner, prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store

#: Goals of the design: candidates that must be re-planned, seconds that they may take.
LEAST, SECONDS = 40, 15.0
ROOT = Path(__file__).resolve().parent.parent


def run() -> Iterable[Row]:
    """Rows of the table: candidates against the goal, the finder, a goal and the frontier against cold solves."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "demo.duckdb"
        tell("building the demo company")
        subprocess.run(
            [sys.executable, "-m", "sop_core", "demo", "--store", str(store)],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        company = _company(store)
    cold = float(np.median([_cold(company) for _ in range(3)]))
    tell(f"a cold solve takes {cold * 1000:.0f} ms")
    base = Scenario.base()
    planner = Planner(company)
    _ = planner.base
    found = find_options(planner, base)
    tell(found.sentence)
    reached = SECONDS * found.plans / found.seconds
    yield Row(
        "least candidates to re-plan in 15 s", LEAST, "re-plans that 15 s hold", reached, "plans", goal=1.0,
        note=f"{len(found.tried)} candidates, {found.plans} plans, {len(found.options)} options",
    )  # fmt: skip
    yield Row(
        "find options",
        found.seconds * 1000,
        f"{found.plans} cold solves",
        found.plans * cold * 1000,
        goal=1.0,
    )
    way = seek(planner, base, Goal("service_level", 0.99))
    tell(way.sentence)
    yield Row(
        "service of 99 %: what it takes",
        way.seconds * 1000,
        f"{way.plans} cold solves",
        way.plans * cold * 1000,
    )
    drawn = frontier(planner, base, found=found)
    yield Row(
        "draw the frontier", drawn.seconds * 1000, f"{drawn.plans} cold solves", drawn.plans * cold * 1000,
        note=f"{len(drawn.points)} feasible plans",
    )  # fmt: skip


def _company(store: Path) -> Company:
    with Store.open(store) as opened:
        version = opened.latest_version()
        return prepare(Snapshot.from_tables(opened.tables(version), version), cache=opened.forecasts)


def _cold(company: Company) -> float:
    began = time.perf_counter()
    _ = Planner(company).base.kpis
    return time.perf_counter() - began


def tell(what: str) -> None:
    """Progress, beside the table."""
    print(what, file=sys.stderr, flush=True)
