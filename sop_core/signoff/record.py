"""A sign-off: what was signed, on what it rests, by whom and when, and its place in the chain of signatures.

Every sign-off holds the digest of the one before it, and its own digest covers all of it, so that a changed byte, a
changed order or a missing sign-off breaks the chain. A sign-off is never edited; a later one may supersede it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sop_core.calendar import MonthArray, month_label
from sop_core.inputs import Floats
from sop_core.pack.codec import to_json
from sop_core.pack.value import Number

#: Version of the JSON form.
FORMAT: Final = 1
#: What stands as `previous` in the first sign-off of a store.
FIRST: Final = "0" * 64
#: Digits to which units are rounded before they are hashed, as in cycle/agreement.py.
_UNIT_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class Signoff:
    """See the module. Digests are SHA-256 in hex over canonical JSON (see pack/codec.py)."""

    number: int  #: from 1, without gaps
    cycle: str  #: `2026-11`, first month of the plan
    who: str
    role: str
    at: str  #: UTC, `2026-11-22T14:05:31Z`
    comment: str
    #: number of the sign-off that it takes the place of; None: it is the cycle's first
    supersedes: int | None
    reason: str  #: why the earlier one is superseded
    scenario: str
    scenario_revision: int  #: as stored; the base is saved under a name of its own first, so never 0
    scenario_json: str  #: the Changes, as stored
    data_version: int
    data_fingerprint: str  #: store.content_fingerprint of that version
    tables: Mapping[str, str]  #: digest of each table that has rows at that version
    review: int  #: revision of the cleansing verdicts
    verdicts: str  #: digest of the verdicts
    agreement: int | None  #: the agreement on demand in force, by id
    demand_fingerprint: str  #: digest of the unconstrained demand, as in cycle/agreement.fingerprint
    plan_fingerprint: str
    kpis: Mapping[str, Number]
    engine: str
    status: str
    gap: float
    code_version: str
    packages: Mapping[str, str]
    decisions: tuple[str, ...]  #: each decision of the pack as its JSON, with id and revision
    assumptions: tuple[str, ...]
    pack: str  #: digest of the pack's JSON
    frames: Mapping[str, str]  #: digest of each frame of the plan
    marks: Mapping[str, str]  #: digest of the row marks of each table, by which a changed row is named
    previous: str  #: digest of the sign-off before, FIRST for the first
    format: int = FORMAT

    @property
    def digest(self) -> str:
        """SHA-256 over all of it."""
        return digest(to_json(self))

    @property
    def cycle_title(self) -> str:
        """`Nov 26`."""
        return month_label(np.datetime64(self.cycle, "M"))

    @property
    def short(self) -> str:
        """The fingerprint as it is shown: its first twelve digits."""
        return self.digest[:12]

    def signer(self) -> str:
        """`Ada Keller (CEO)`."""
        return f"{self.who} ({self.role})" if self.role else self.who

    def sentence(self) -> str:
        """`Sign-off 3, Nov 26: “Planning's proposal” signed by Ada Keller (CEO) on 2026-11-22 14:05 UTC`."""
        when = self.at.replace("T", " ")[:16]
        return f"Sign-off {self.number}, {self.cycle_title}: “{self.scenario}” signed by {self.signer()} on {when} UTC"


def units_digest(
    units: Floats, items: Sequence[str], regions: Sequence[str], segments: Sequence[str], months: MonthArray
) -> str:
    """SHA-256 over [i, r, m, t] units with their names, as `cycle.agreement.fingerprint` has it."""
    units = np.ascontiguousarray(units)
    found = hashlib.sha256()
    found.update(str(units.shape).encode())
    found.update((np.round(units, _UNIT_DECIMALS) + 0.0).tobytes())  # + 0.0: minus zero is zero
    names = [items, regions, segments, [str(month) for month in months]]
    found.update(json.dumps(names, ensure_ascii=False).encode())
    return found.hexdigest()


def bytes_digest(data: bytes) -> str:
    """SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def digest(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
