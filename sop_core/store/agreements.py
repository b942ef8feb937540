"""Agreements on the unconstrained demand: what was agreed, by whom, when, and what was reopened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np

from sop_core.calendar import iso_month, month_label, to_month
from sop_core.cycle.agreement import MOST_VOICES, Agreement, Proposal, Reopening, Voice
from sop_core.errors import StoreError
from sop_core.store import estimates, scenarios
from sop_core.store.connection import Connection
from sop_core.store.ddl import as_utc, first_row, utc_now

_COLUMNS = (
    "id, cycle, version, scenario, scenario_json, data_version, review_revision, first_month, last_month, estimate,"
    " fingerprint, who, made_at, note, scenario_id"
)


class Agreements:
    """Agreements on the unconstrained demand: what was agreed, by whom, when, and what was reopened."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, cycle: np.datetime64 | None = None) -> tuple[Agreement, ...]:
        """All agreements (of a cycle), newest first."""
        return self._connection.remembered(("agreements", cycle), lambda cursor: _read(cursor, cycle))

    def current(self, cycle: np.datetime64) -> Agreement | None:
        """The agreement in force for a cycle (first month of its plan); None while it is open."""
        found = self.list(cycle)
        return found[0] if found and found[0].in_force else None

    def agree(self, proposal: Proposal, voices: Sequence[Voice], who: str) -> Agreement:
        """Agrees on a proposal in one transaction: keeps its numbers as an estimate, saves its scenario where it is
        new, locks it, and writes the agreement with its voices.

        Raises StoreError where somebody agreed, or changed the scenario, in between; nothing is written then.
        """
        voices = _distinct(voices)
        if not voices:
            raise StoreError("Name at least one person who agrees.")
        estimate, scenario = proposal.estimate, proposal.scenario
        with self._connection.write() as cursor:
            _refuse_outdated(_read(cursor, estimate.cycle), proposal)
            if not proposal.expected:
                text = scenario.to_json()
                scenarios.save(cursor, scenario.name, text, who, 0, scenario.parent or None)
            stored = scenarios.get(cursor, scenario.name)
            if proposal.expected and stored.revision != proposal.expected:
                raise StoreError(
                    f"Scenario '{scenario.name}' was saved again since you opened it (revision {stored.revision}, "
                    f"yours is {proposal.expected}). Look at it again, then agree."
                )
            row = first_row(cursor, "SELECT nextval('agreement_id')")
            assert row is not None
            number = int(row[0])
            reason = f"Demand agreed for {month_label(estimate.cycle)} (v{proposal.version})"
            kept = estimates.insert(cursor, estimate)
            scenario_id = scenarios.lock(cursor, scenario.name, who, reason, number)
            scenarios.mark_used(
                cursor, scenario.name, f"the agreement {month_label(estimate.cycle)} v{proposal.version}"
            )
            now = utc_now()
            cursor.execute(
                f"INSERT INTO agreement ({_COLUMNS}) VALUES ({', '.join('?' * 15)})",
                [
                    number, iso_month(estimate.cycle), proposal.version, scenario.name, stored.json,
                    estimate.data_version, estimate.review_revision, iso_month(proposal.first_month),
                    iso_month(proposal.last_month), kept, proposal.fingerprint, who, now, proposal.note.strip(),
                    scenario_id,
                ],
            )  # fmt: skip
            _add_voices(cursor, number, voices, now)
            return _found(cursor, number)

    def add_voices(self, id: int, voices: Sequence[Voice]) -> Agreement:
        """Lets more people join an agreement in force; who is on it already is not added twice."""
        with self._connection.write() as cursor:
            agreement = _found(cursor, id)
            _refuse_reopened(agreement)
            known = {voice.name.casefold() for voice in agreement.voices}
            fresh = [voice for voice in _distinct(voices) if voice.name.casefold() not in known]
            if not fresh:
                raise StoreError("Everybody named has agreed already. Name somebody else.")
            if len(known) + len(fresh) > MOST_VOICES:
                raise StoreError(f"At most {MOST_VOICES} people can be on one agreement.")
            _add_voices(cursor, id, fresh, utc_now())
            return _found(cursor, id)

    def reopen(self, id: int, who: str, reason: str) -> Agreement:
        """Opens the cycle again: the agreement stays as it is in the list, its lock goes, the next one is a new
        version. Raises StoreError without a reason, or where it was reopened already.
        """
        if not who.strip():
            raise StoreError("Say who reopens the agreement.")
        if not reason.strip():
            raise StoreError("Say why the agreement is reopened: the reason is kept with it.")
        with self._connection.write() as cursor:
            agreement = _found(cursor, id)
            _refuse_reopened(agreement)
            said = reason.strip().rstrip(".")
            cursor.execute(
                "INSERT INTO agreement_reopened VALUES (?, ?, ?, ?)", [id, who.strip(), utc_now(), said]
            )
            row = first_row(cursor, "SELECT scenario_id FROM agreement WHERE id = ?", [id])
            assert row is not None
            scenarios.release(cursor, int(row[0]), who.strip(), f"Agreement {agreement.name} reopened", id)
            return _found(cursor, id)


def _refuse_outdated(known: tuple[Agreement, ...], proposal: Proposal) -> None:
    """The next version must be the proposed one, and no agreement may be in force."""
    if known and known[0].in_force:
        held = known[0]
        raise StoreError(
            f"{held.who} agreed demand for {held.name} at {held.at:%Y-%m-%d %H:%M} UTC, while you were looking. Add "
            "your name to it, or reopen it to agree on something else."
        )
    due = known[0].version + 1 if known else 1
    if proposal.version != due:
        raise StoreError(
            f"Version {due - 1} of {month_label(proposal.estimate.cycle)} was agreed and reopened while you were "
            f"looking. Look at it, then agree on version {due}."
        )


def _refuse_reopened(agreement: Agreement) -> None:
    if agreement.reopened is not None:
        back = agreement.reopened
        raise StoreError(
            f"{back.who} reopened {agreement.name} on {back.at:%Y-%m-%d %H:%M} UTC ({back.reason}). Agree on the next "
            "version instead."
        )


def _distinct(voices: Sequence[Voice]) -> list[Voice]:
    """The voices, each person once."""
    found: dict[str, Voice] = {}
    for voice in voices:
        found.setdefault(voice.name.casefold(), voice)
    if len(found) > MOST_VOICES:
        raise StoreError(f"At most {MOST_VOICES} people can be on one agreement.")
    return list(found.values())


def _add_voices(
    cursor: duckdb.DuckDBPyConnection, id: int, voices: Sequence[Voice], now: dt.datetime
) -> None:
    for voice in voices:
        cursor.execute("INSERT INTO agreement_voice VALUES (?, ?, ?, ?)", [id, voice.name, voice.role, now])


def _found(cursor: duckdb.DuckDBPyConnection, id: int) -> Agreement:
    for agreement in _read(cursor, None):
        if agreement.id == id:
            return agreement
    raise StoreError(f"There is no agreement number {id}. Choose one from the list.")


def _read(cursor: duckdb.DuckDBPyConnection, cycle: np.datetime64 | None) -> tuple[Agreement, ...]:
    """Agreements newest first, with their voices in the order in which they joined."""
    where, given = ("", []) if cycle is None else (" WHERE cycle = ?", [iso_month(cycle)])
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM agreement{where} ORDER BY cycle DESC, version DESC", given
    ).fetchall()
    voices: dict[int, list[Voice]] = {}
    for number, name, role, at in cursor.execute(
        "SELECT agreement, name, role, made_at FROM agreement_voice ORDER BY agreement, made_at, rowid"
    ).fetchall():
        voices.setdefault(number, []).append(Voice(name, role, as_utc(at)))
    back = {
        number: Reopening(who, as_utc(at), reason)
        for number, who, at, reason in cursor.execute(
            "SELECT agreement, who, made_at, reason FROM agreement_reopened"
        ).fetchall()
    }
    return tuple(_agreement(row, tuple(voices.get(row[0], ())), back.get(row[0])) for row in rows)


def _agreement(row: tuple[Any, ...], voices: tuple[Voice, ...], reopened: Reopening | None) -> Agreement:
    number, cycle, version, scenario, text, data, review, first, last, estimate, mark, who, at, note, _ = row
    return Agreement(
        id=number,
        cycle=to_month(cycle),
        version=version,
        scenario=scenario,
        scenario_json=text,
        data_version=data,
        review_revision=review,
        first_month=to_month(first),
        last_month=to_month(last),
        estimate=estimate,
        fingerprint=mark,
        who=who,
        at=as_utc(at),
        note=note,
        voices=voices,
        reopened=reopened,
    )
