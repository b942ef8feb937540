"""A small company with a stored scenario, a decision and an assumption, and the proposal to sign it, for tests."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from sop_core.changes import DemandGrowth
from sop_core.cycle.assumption import GROWTH, Assumption
from sop_core.cycle.decision import APPROVED, Decision
from sop_core.pack.build import build as build_pack
from sop_core.pack.gather import gather
from sop_core.pack.value import Pack
from sop_core.plan import Plan
from sop_core.planner import Planner, prepare
from sop_core.scenario import Scenario
from sop_core.signoff.freeze import draw_up
from sop_core.signoff.proposal import Proposal
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests.pages import companies

GROWN = Scenario("Grown", owner="Ada").add(DemandGrowth(pct=0.05))


def fill(path: Path) -> Path:
    """One data version, the scenario, an approved decision, an assumption."""
    companies.build(path, companies.full_line())
    with Store.open(path) as store:
        store.save_scenario(GROWN.name, GROWN.to_json(), "Ada", 0)
        store.decisions.add(Decision("Second shift", scenario=GROWN.name, owner="Ben", state=APPROVED), "Ada")
        store.assumptions.add(
            Assumption(
                "New listing", GROWTH, 0.05, 0.0, 0.1, dt.date(2026, 1, 1), dt.date(2026, 6, 30), owner="Cy"
            ),
            "Cy",
        )
    return path


def planner(store: Store, version: int | None = None) -> Planner:
    """Plans the company at a data version (None: the latest), cleansed as decided last."""
    number = store.latest_version() if version is None else version
    snapshot = Snapshot.from_tables(store.tables(number), number)
    return Planner(prepare(snapshot, verdicts=store.cleansing.verdicts()))


@dataclass(frozen=True)
class Drawn:
    """A plan, what is shown of it, and what is to be signed."""

    plan: Plan
    pack: Pack
    proposal: Proposal


def drawn(store: Store, name: str = GROWN.name, by: Planner | None = None) -> Drawn:
    """The proposal of a stored scenario, or of the base, without its risk."""
    evidence = gather(store, by or planner(store), name, paths=0)
    pack = build_pack(evidence)
    return Drawn(evidence.plan, pack, draw_up(store, evidence.plan, pack))
