"""What a preview costs and how near it comes: beside the exact plan from the base's optimum, and beside a cold one.

    python -m bench preview [ITEMS...]

The last rows are of a real browser: from moving a lever at 500 items to the estimate on the screen, beside a rerun of a
page that holds one button and one line.

The company is that of the planner's bench. Gaps are parts of the exact plan's margin less penalties, in hundredths of
a per cent; the preview knows the base plan alone, as at a user's first lever.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import Row
from bench._browser import first_answer, scenarios_page
from bench._review import browser
from bench.live import LEVER, VALUES
from bench.planner import tables
from bench.review import empty_page
from sop_core.changes import CapacityChange, Change, DemandGrowth, OvertimeChange, PriceChange
from sop_core.planner import Planner, prepare, preview
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.supply.preview import Previewer
from tests.pages import companies

SIZES = (100, 500)
#: Milliseconds within which the screen answers a lever.
ANSWER = 300.0
#: Values that the lever is moved to in the browser.
MOVES = VALUES[:12]
#: Part of the objective that a lever of five per cent may be off by, in hundredths of a per cent.
GAP = 20.0


def levers() -> dict[str, Change]:
    """The levers that are moved."""
    return {
        "demand +5 %": DemandGrowth(pct=0.05),
        "demand -5 %": DemandGrowth(pct=-0.05),
        "capacity -10 %": CapacityChange(pct=-0.1),
        "price +5 %": PriceChange(pct=0.05),
        "overtime +30 %": OvertimeChange(pct=0.3),
    }


def run() -> Iterator[Row]:
    """Rows for each size: the time of a preview, then for each lever how far its bounds and its plan are off."""
    for items in SIZES:
        yield from rows(items)
    yield from on_screen(SIZES[-1])


def on_screen(items: int) -> Iterator[Row]:
    """The rows of the browser: numbers and pictures of the estimate against the promise and an empty page."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        store = companies.build(place / "large.duckdb", tables(items))
        tell(f"{items} items in a browser: the empty page, then {len(MOVES)} levers")
        with browser() as opened:
            empty = float(np.median(empty_page(opened, store, place)))
        with scenarios_page(store, place / "server.log") as page:
            first_answer(page, LEVER, 20)  # warms the server's caches and the browser
            found = [first_answer(page, LEVER, value) for value in MOVES]
    words, charts = zip(*found, strict=True)
    for what, taken in (("estimate's numbers on screen", words), ("its pictures drawn", charts)):
        half, most = float(np.median(taken)), float(np.percentile(taken, 95))
        yield Row(f"{items} items: lever to {what}, median", half, "promise of the screen", ANSWER, goal=1.0)
        yield Row(f"{items} items: lever to {what}, 95 %", most, "promise of the screen", ANSWER, goal=1.0)
        yield Row(f"{items} items: lever to {what}, median", half, "rerun of an empty page", empty)


def rows(items: int) -> Iterator[Row]:
    """The rows of one size."""
    tell(f"{items} items: the base plan, cold")
    company = prepare(Snapshot.from_tables(tables(items)))
    planner = Planner(company)
    began = time.perf_counter()
    base = planner.base
    cold = 1000 * (time.perf_counter() - began)
    known = Previewer.of(base.inputs, base.demand.total, base.solution)
    assert known is not None, "the engine keeps no basis"
    spent, exact_spent, found_rows = [], [], []
    for name, change in levers().items():
        tell(f"{items} items: {name}")
        scenario = Scenario.base().add(change)
        taken = []
        found = None
        for _ in range(3):
            began = time.perf_counter()
            found = preview(company, known, scenario)
            assert found is not None, f"no preview of {name}"
            assert found.plan.kpis
            taken.append(1000 * (time.perf_counter() - began))
        spent.append(statistics.median(taken))
        began = time.perf_counter()
        exact = planner.plan(scenario)
        assert exact.kpis
        exact_spent.append(1000 * (time.perf_counter() - began))
        assert found is not None
        margin = exact.kpis["margin"]
        within = found.lowest <= margin * (1 + 1e-6) and margin <= found.highest * (1 + 1e-6)
        assert within, f"{name}: {margin} is not between {found.lowest} and {found.highest}"
        part = 1e4 / abs(exact.objective)
        goal = None if change.pct == -0.1 else GAP  # type: ignore[attr-defined]
        middle = 0.5 * (found.lowest + found.highest) - margin
        note = (
            f"margin between {100 * (found.lowest / margin - 1):+.2f} % and {100 * (found.highest / margin - 1):+.2f} %"
            f" of the exact one, their middle off by {100 * middle / margin:+.2f} %"
        )
        off = (exact.objective - found.plan.objective) * part
        found_rows.append(
            Row(
                f"{items} items, {name}: plan shown, below the best",
                max(off, 0.0),
                "1 bp",
                1.0,
                "bp",
                goal,
                note,
            )
        )
    size = f"{base.solution.solver.n_variables:,} variables"
    half = statistics.median(spent)
    yield Row(f"{items} items: preview, median", half, "promise of the screen", ANSWER, goal=1.0, note=size)
    yield Row(f"{items} items: preview, median", half, "exact plan, median", statistics.median(exact_spent))
    yield Row(f"{items} items: preview, median", half, "exact plan, cold", cold)
    yield from found_rows


def tell(text: str) -> None:
    """Says on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)
