"""The chain of signatures: whether every record is the one that was signed, in its place, and none is missing.

Each record holds the digest of the one before it; the head holds the number and digest of the last, and every signed
scenario bears a lock with the number of its sign-off. Whoever edits, exchanges, inserts or removes a record leaves at
least one of these behind.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sop_core.errors import ReviewError
from sop_core.pack.codec import from_json
from sop_core.signoff.record import FIRST, Signoff, digest
from sop_core.signoff.report import Finding

#: How to go on where a record, its pack or its rows are not as signed.
RESTORE: Final = "Bring back a copy of the store from before the change, or sign the plan again."


class Say(Protocol):
    """Writes a finding down; without a number it is about the chain."""

    def __call__(self, number: int | None, sentence: str, remedy: str = RESTORE) -> None: ...


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as it stands in the file. `signed` is None where its text cannot be read."""

    number: int
    stored: str  #: the digest beside it
    text: str
    signed: Signoff | None
    why: str = ""  #: why it cannot be read

    @property
    def digest(self) -> str:
        """Worked out from the text."""
        return digest(self.text)


def read(rows: Sequence[tuple[int, str, str]]) -> tuple[Raw, ...]:
    """Records from (number, digest, JSON)."""
    found = []
    for number, stored, text in rows:
        try:
            found.append(Raw(number, stored, text, _sensible(from_json(Signoff, text))))
        except (ReviewError, ValueError, KeyError, TypeError, RecursionError) as error:
            found.append(Raw(number, stored, text, None, f"{error}."))
    return tuple(found)


def _sensible(signed: Signoff) -> Signoff:
    """A record in which also the texts inside can be read. Raises ValueError, KeyError, TypeError."""
    signed.sentence()
    for text in (*signed.decisions, *signed.assumptions):
        entry = json.loads(text)
        int(entry["id"]), int(entry["revision"]), dict(entry["value"])
    return signed


def check(
    records: Sequence[Raw], head: tuple[int, str] | None, locks: Mapping[int, str]
) -> tuple[Finding, ...]:
    """Findings on the chain. `records` in order of their numbers; `locks`: scenarios locked by sign-offs, by number."""
    found: list[Finding] = []

    def say(number: int | None, sentence: str, remedy: str = RESTORE) -> None:
        where = "Chain of sign-offs" if number is None else f"Sign-off {number}"
        found.append(Finding("chain", where, sentence, remedy, number))

    counts = Counter(record.number for record in records)
    last = max([0, *counts, *(() if head is None else (head[0],)), *locks])
    for number in range(1, last + 1):
        if not counts[number]:
            place = "first" if number == 1 else "last" if number == last else ""
            which = f"the {place} of the chain, " if place else ""
            locked = f", which locked scenario '{locks[number]}'," if number in locks else ""
            say(number, f"it is missing: {which}sign-off {number}{locked} was deleted.")
        elif counts[number] > 1:
            say(number, f"it stands {counts[number]} times in the store: a record was inserted.")
    for number in sorted(number for number in counts if number < 1):
        say(number, "sign-offs are numbered from 1: this record was inserted.")

    trusted = [record for record in records if counts[record.number] == 1]
    sound = {record.number: _record(record, say) for record in trusted}
    for record in trusted:
        if record.signed is None or not sound[record.number]:
            continue
        before = next((one for one in trusted if one.number == record.number - 1), None)
        if record.number == 1:
            if record.signed.previous != FIRST:
                say(
                    1,
                    "it was signed on top of another sign-off, but stands as the first: the order was changed.",
                )
        elif before is not None and sound[before.number] and record.signed.previous != before.digest:
            say(
                before.number,
                f"it is not the record that sign-off {record.number} was signed on top of: it was edited, exchanged or "
                "inserted since, together with its fingerprint.",
            )
    _check_head(trusted, sound, head, say)
    _check_locks(trusted, sound, locks, say)
    return tuple(found)


def _record(record: Raw, say: Say) -> bool:
    """Whether a record is what its own fingerprint says."""
    number = record.number
    if record.digest != record.stored:
        say(
            number,
            "its record (who signed, when, the comment, and what it rests on) was edited after it was signed: the "
            "fingerprint beside it differs.",
        )
        return False
    if record.signed is None:
        say(number, f"its record was edited after it was signed and cannot be read: {record.why}")
        return False
    if record.signed.number != number:
        say(
            number,
            f"the record in its place is that of sign-off {record.signed.number}: the order of signatures was changed.",
        )
        return False
    return True


def _check_head(
    records: Sequence[Raw], sound: Mapping[int, bool], head: tuple[int, str] | None, say: Say
) -> None:
    if head is None:
        if records:
            say(None, "the head, which holds the number and fingerprint of the last sign-off, is missing.")
        return
    last = max((record.number for record in records), default=0)
    if head[0] < last:
        say(
            None,
            f"the head names sign-off {head[0]} as the last, but sign-off {last} is there: the head was edited, or "
            "the record was inserted.",
        )
    named = next((record for record in records if record.number == head[0]), None)
    if named is not None and sound[named.number] and named.digest != head[1]:
        say(
            None,
            f"the head does not bear the fingerprint of sign-off {named.number}: the head was edited, or the record "
            "was exchanged together with its fingerprint.",
        )


def _check_locks(
    records: Sequence[Raw], sound: Mapping[int, bool], locks: Mapping[int, str], say: Say
) -> None:
    for record in records:
        if record.signed is None or not sound[record.number]:
            continue
        name = record.signed.scenario
        if record.number not in locks:
            say(
                record.number,
                f"scenario '{name}' does not bear its lock: the lock was removed, or the record was not written by "
                "signing.",
            )
        elif locks[record.number] != name:
            say(
                record.number,
                f"it signs scenario '{name}', but its lock is on '{locks[record.number]}'.",
            )
