"""The scenarios that the demo company brings to its meeting: what sales, production and purchasing propose."""

from __future__ import annotations

import datetime as dt

from sop_core.changes import (
    Change,
    DemandGrowth,
    OvertimeChange,
    PromotionMove,
    SafetyStockCover,
    Scope,
    SourceVolume,
    WorkforcePolicy,
)
from sop_core.demo.clock import Clock
from sop_core.scenario import Scenario, Step

JULY, CREW, TALKS, STRONG, PROPOSAL = (
    "Mower Weeks in July", "Larger mower crew", "More from Padana", "Strong spring", "Planning's proposal",
)  # fmt: skip


def proposals(last_closed: dt.date = dt.date(2026, 10, 1)) -> tuple[Scenario, ...]:
    """Five scenarios for the tables of `demo.build` with the same `last_closed`; parents before their children."""
    clock = Clock.ending(last_closed)
    start, may = str(clock.plan_start), str(clock.in_season(5))
    july = PromotionMove(
        promotion=f"Mower Weeks {clock.season}", months=2, note="the Mower Line is full in May"
    )
    line = ("Mower Line",)
    crew = WorkforcePolicy(
        scope=Scope(resources=line), policy="free", max_headcount=44, note="two cells of three"
    )
    late = OvertimeChange(
        scope=Scope(resources=line, first=start, last=may), hours=300.0, note="works council asked"
    )
    padana = SourceVolume(
        scope=Scope(suppliers=("Padana Plast",), first=str(clock.in_season(1))),
        pct=0.1,
        note="talks in winter",
    )
    tools = SafetyStockCover(scope=Scope(families=("Hand tools",)), pct=-0.5, note="sell what lies there")
    elbtal = SourceVolume(
        scope=Scope(sources=("MOW-33 Elbtal",)), maximum=900.0, note="Elbtal has offered it"
    )
    strong = DemandGrowth(scope=Scope(families=("Mowers",)), pct=0.08, note="a warm spring, as two years ago")
    return (
        _scenario(JULY, "Elena Ricci, Sales", "Sales would lose May's shop windows, and keep the dealers.", july),
        _scenario(CREW, "Marco Ferri, Production", "Six heads and overtime until May; trained by January.", crew, late),
        _scenario(TALKS, "Ines Vogel, Purchasing", "A tenth more a month under the contract of Padana Plast.", padana),
        _scenario(STRONG, "Elena Ricci, Sales", "What if the mowers sell as they did in the last warm spring?", strong),
        _scenario(
            PROPOSAL, "Jonas Keller, Planning", "July for the promotion, more from Padana and Elbtal, fewer hand tools.",
            july, padana, elbtal, tools, parent=JULY,
        ),
    )  # fmt: skip


def _scenario(name: str, owner: str, note: str, *changes: Change, parent: str = "") -> Scenario:
    return Scenario(name, owner, parent, note, tuple(Step(change) for change in changes))
