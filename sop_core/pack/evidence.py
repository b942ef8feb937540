"""What a board pack is made of: plans, simulations and records, read once; `build` makes the pack of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sop_core.cycle.agreement import Agreement
from sop_core.cycle.assumption import Assumption
from sop_core.cycle.decision import Decision
from sop_core.cycle.estimate import Estimate
from sop_core.cycle.issue import Issue
from sop_core.pack.value import Pack
from sop_core.plan import Plan
from sop_core.planner import Company
from sop_core.risk import Risk, Uncertainty


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision of the list, with its number and revision."""

    id: int
    revision: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a pack rests on. Nothing in it depends on the hour at which it is gathered."""

    company: Company
    plan: Plan  #: what is proposed
    base: Plan
    others: tuple[Plan, ...] = ()  #: what else was looked at, at most two
    left_out: tuple[str, ...] = ()  #: scenarios and signed plans that are not shown, and why
    risks: Mapping[str, Risk] = field(default_factory=lambda: MappingProxyType({}))  #: by name of the plan
    doubt: Uncertainty | None = None
    without_risk: str = ""  #: why there is no simulation, a sentence
    decisions: tuple[Kept, ...] = ()
    assumptions: tuple[Assumption, ...] = ()  #: that are not retired
    issues: tuple[tuple[int, Issue], ...] = ()  #: open ones, by number
    agreement: Agreement | None = None
    agreed_otherwise: str = ""  #: how the proposal's demand differs from what was agreed, a sentence
    last: Pack | None = None  #: the signed pack of an earlier cycle
    last_name: str = ""  #: `signed plan of Oct 26`
    estimate: Estimate | None = None  #: without a signed pack: what the cycle before expected
    estimate_note: str = ""
    data_fingerprint: str = ""
    imported: str = ""  #: day of the import, `2026-11-20`
    scenario_revision: int = 0
    scenario_json: str = ""
    code_version: str = ""
    packages: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
