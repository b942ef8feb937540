"""A sign-off: what was signed, on what it rests, by whom and when, and its place in the chain of signatures.

Every sign-off holds the digest of the one before it, and its own digest covers all of it, so that a changed byte, a
changed order or a missing sign-off breaks the chain. A sign-off is never edited; a later one may supersede it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sop_core.pack.codec import to_json
from sop_core.pack.value import Number

#: Version of the JSON form.
FORMAT: Final = 1
#: What stands as `previous` in the first sign-off of a store.
FIRST: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Signoff:
    """See the module. Digests are SHA-256 in hex over canonical JSON (see pack/codec.py)."""

    number: int  #: from 1, without gaps
    cycle: str  #: `2026-11`, first month of the plan
    who: str
    role: str
    at: str  #: UTC, `2026-11-22T14:05:31Z`
    comment: str
    supersedes: (
        int | None
    )  #: number of the sign-off that it takes the place of; None: it is the cycle's first
    reason: str  #: why the earlier one is superseded
    scenario: str
    scenario_revision: int  #: 0: the base
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


def digest(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
