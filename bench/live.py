"""The live page: from moving a lever to the last chart repainted, in a real browser, on the demo company.

A lever is moved thirty times to values not asked for before, so an exact re-plan is inside; then thirty times
between values whose plans are in memory: the same page with an empty planner. The raw solver time is that of the
same thirty plans made without a page.
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
from bench._browser import move, scenarios_page
from sop_core.changes import DemandGrowth
from sop_core.planner import Planner, prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store

LEVER = "demand_growth"
_STEPS = (1, 8, 3, 12, 5, 15, 2, 10, 6, 14, 4, 9, 7, 13, 11)
#: Fifteen steps to either side, small and large ones mixed; none is asked twice, and each is a thumb's width away.
VALUES = tuple(side * step * (-1) ** n for side in (1, -1) for n, step in enumerate(_STEPS))
#: Goal of the design, milliseconds on two cores: half of all moves, and 95 in 100.
MEDIAN, P95 = 200.0, 400.0
ROOT = Path(__file__).resolve().parent.parent


def run() -> Iterable[Row]:
    """Rows of the table: the live page against its goal, the empty planner and the solver."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "demo.duckdb"
        tell("building the demo company")
        subprocess.run(
            [sys.executable, "-m", "sop_core", "demo", "--store", str(store)],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        tell("the same plans without a page")
        solver, whole = plans(store)
        tell("thirty moves in a browser, then thirty with the plans in memory")
        with scenarios_page(store, Path(folder) / "server.log") as page:
            move(page, LEVER, 20)  # the first answer also warms the second planner's caches and the browser
            live, whole_page = zip(*(move(page, LEVER, value) for value in VALUES), strict=True)
            known = [move(page, LEVER, (VALUES[-1], VALUES[-2])[n % 2])[0] for n in range(1, 31)]
    half, most = float(np.median(live)), float(np.percentile(live, 95))
    tell(f"live: median {half:.0f} ms, 95 % within {most:.0f} ms; goal {MEDIAN:.0f} and {P95:.0f} ms")
    yield Row("lever to last repaint, median", half, "goal of the design", MEDIAN, goal=1.0)
    yield Row("lever to last repaint, 95 %", most, "goal of the design", P95, goal=1.0)
    yield Row(
        "lever to last word, median", float(np.median(whole_page)), "lever to last repaint, median", half
    )
    empty = float(np.median(known))
    yield Row("lever to last repaint, median", half, "plan already in memory", empty)
    yield Row("lever to last repaint, median", half, "raw solver, median", float(np.median(solver)))
    yield Row(
        "make the plan, median", float(np.median(whole)), "raw solver, median", float(np.median(solver))
    )


def plans(store: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of the raw solver call and of the whole plan with its KPIs, for each of the thirty values."""
    with Store.open(store) as opened:
        version = opened.latest_version()
        company = prepare(Snapshot.from_tables(opened.tables(version), version), cache=opened.forecasts)
    planner = Planner(company)
    _ = planner.base
    solver, whole = [], []
    for value in (20, *VALUES):
        began = time.perf_counter()
        plan = planner.plan(Scenario.base().add(DemandGrowth(pct=value / 100)))
        _ = plan.kpis
        whole.append((time.perf_counter() - began) * 1000)
        solver.append(plan.solution.solver.seconds * 1000)
    return solver[1:], whole[1:]


def tell(text: str) -> None:
    """Says on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)
