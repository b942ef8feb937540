"""What is to be signed: a plan frozen with all it rests on. The store takes it whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sop_core.pack.value import Number, Pack
from sop_core.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Proposal:
    """See the module. Made by `freeze`; digests as in `Signoff`.

    `expected` is the stored revision of the scenario that was looked at: it is signed as it stands; 0 where the
    scenario (the base) is to be saved under `scenario.name` first.
    """

    cycle: str  #: `2026-11`, first month of the plan
    scenario: Scenario
    expected: int
    scenario_json: str  #: the Changes, as they are stored
    pack: Pack
    pack_text: str  #: its canonical JSON, what `Signoff.pack` is the digest of
    data_version: int
    data_fingerprint: str
    tables: Mapping[str, str]
    review: int
    verdicts: str
    agreement: int | None
    demand_fingerprint: str
    plan_fingerprint: str
    kpis: Mapping[str, Number]
    engine: str
    status: str
    gap: float
    code_version: str
    packages: Mapping[str, str]
    decisions: tuple[str, ...]
    assumptions: tuple[str, ...]
    frames: Mapping[str, tuple[str, ...]]  #: the lines of each frame, see rows.py
    frame_digests: Mapping[str, str]
    marks: Mapping[str, bytes]  #: see marks.py
    mark_digests: Mapping[str, str]
    known_decisions: Mapping[int, int]  #: newest revision of every decision when it was drawn up
    known_assumptions: Mapping[int, int]

    @property
    def undecided(self) -> tuple[str, ...]:
        """Titles of the decisions on which nobody has said anything yet."""
        return tuple(card.title for card in self.pack.decisions if card.open)
