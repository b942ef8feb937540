"""Slides, workbook and one-pager of the demo company together: against ten seconds, and beside a cold plan.

A cold plan is the base case with a planner of its own, measured in the same minute: what a file costs in plans. The
libraries are loaded before, as they are in a server that has made one file.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bench import Row
from sop_core import demo
from sop_core.export import files
from sop_core.export.files import KINDS
from sop_core.pack.build import build
from sop_core.pack.gather import gather
from sop_core.planner import Company, Planner, prepare
from sop_core.snapshot import Snapshot
from sop_core.store import Store

#: What all three together may take.
SECONDS = 10.0
SCENARIO = "Planning's proposal"
PATHS = 200


def run() -> Iterable[Row]:
    """Rows of the table: all three against the goal, each beside a cold plan."""
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "demo.duckdb") as store:
        tell("building the demo company")
        store.import_tables(demo.build(), "bench")
        for scenario in demo.proposals():
            store.save_scenario(scenario.name, scenario.to_json(), scenario.owner, 0)
        company = prepare(Snapshot.from_tables(store.tables(), 1), cache=store.forecasts)
        planner = Planner(company)
        began = time.perf_counter()
        evidence = gather(store, planner, SCENARIO, paths=PATHS)
        pack = build(evidence)
        gathered = time.perf_counter() - began
    cold = float(np.median([_cold(company) for _ in range(3)]))
    tell(f"a cold plan takes {cold * 1000:.0f} ms")
    frames = evidence.plan.frames()
    for kind in KINDS:  # loads its library
        files.make(kind, pack, lambda: {name: frame.head(1) for name, frame in frames.items()})
    taken: dict[str, float] = {}
    rows: list[Row] = []
    for kind in KINDS:
        began = time.perf_counter()
        content = files.make(kind, pack, lambda: frames)
        taken[kind] = time.perf_counter() - began
        tell(f"{KINDS[kind].title}: {taken[kind]:.1f} s, {len(content) / 1e6:.1f} MB")
        rows.append(
            Row(f"make the {KINDS[kind].title.lower()}", taken[kind] * 1000, "a cold plan", cold * 1000,
                note=f"{len(content) / 1e6:.1f} MB")
        )  # fmt: skip
    yield Row(
        "slides, workbook and one-pager together",
        sum(taken.values()) * 1000,
        "ten seconds",
        SECONDS * 1000,
        goal=1.0,
    )
    yield from rows
    yield Row(
        "gather and build the pack", gathered * 1000, "a cold plan", cold * 1000, note=f"{PATHS} paths a plan"
    )


def _cold(company: Company) -> float:
    began = time.perf_counter()
    _ = Planner(company).base.kpis
    return time.perf_counter() - began


def tell(what: str) -> None:
    """Progress, beside the table."""
    print(what, file=sys.stderr, flush=True)
