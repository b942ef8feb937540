"""Sign-offs: the chain of signed plans, each with its pack, its rows and the marks of the data it rests on.

Signing is one transaction: record, pack, rows, marks, the head of the chain, and a lock on the scenario that nothing
takes off. Rows are added, never changed; the head alone moves on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import duckdb
import pandas as pd

from sop_core.errors import ReviewError, StoreError
from sop_core.pack.codec import from_json, to_json
from sop_core.pack.value import Pack
from sop_core.signoff.proposal import Proposal
from sop_core.signoff.record import FIRST, Signoff, bytes_digest, digest
from sop_core.signoff.rows import frame_of, lines_digest
from sop_core.store import scenarios, versions
from sop_core.store.connection import Connection
from sop_core.store.ddl import first_row, utc_now

#: Longest name, role, comment and reason that are kept.
LONGEST: Final[Mapping[str, int]] = {"who": 120, "role": 120, "comment": 2000, "reason": 1000}


class Signoffs:
    """The chain of signed plans. Numbers run from 1 without gaps."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> tuple[Signoff, ...]:
        """All sign-offs that stand as they were signed, newest first; see `broken` for the others."""
        return tuple(one for one in map(_readable, reversed(self.raw())) if one is not None)

    def broken(self) -> tuple[int, ...]:
        """Numbers of the sign-offs whose record cannot be read, or was edited: verify tells what is wrong with them."""
        return tuple(number for number, mark, text in self.raw() if _readable((number, mark, text)) is None)

    def get(self, number: int) -> Signoff:
        """The sign-off of that number. Raises StoreError where there is none, or its record is not as it was signed."""
        found = next((one for one in reversed(self.raw()) if one[0] == number), None)
        if found is None:
            raise _missing(number)
        return _record(*found)

    def latest(self, cycle: str | None = None) -> Signoff | None:
        """The newest sign-off (of a cycle, `2026-11`): the one in force; None where nothing was signed."""
        return next((one for one in self.list() if cycle is None or one.cycle == cycle), None)

    def superseded(self, number: int) -> Signoff | None:
        """The sign-off that took the place of this one; None while it is in force."""
        return next((one for one in reversed(self.list()) if one.supersedes == number), None)

    def pack(self, number: int) -> Pack:
        """What the executives were shown. Raises StoreError where it is not what was signed, or cannot be read."""
        text = self.pack_text(number)
        if digest(text) != self.get(number).pack:
            raise StoreError(f"What sign-off {number} showed was edited after it was signed. {_VERIFY}")
        try:
            return from_json(Pack, text)
        except ReviewError as error:
            raise StoreError(f"What sign-off {number} showed cannot be read: {error} {_VERIFY}") from error

    def pack_text(self, number: int) -> str:
        """The pack's JSON as it was signed."""
        with self._connection.cursor() as cursor:
            row = first_row(cursor, "SELECT pack FROM signoff WHERE number = ?", [number])
        if row is None:
            raise _missing(number)
        return str(row[0])

    def lines(self, number: int) -> dict[str, tuple[str, ...]]:
        """The plan's frames as lines, see signoff/rows.py: by frame, header first."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                'SELECT frame, json FROM signoff_row WHERE signoff = ? ORDER BY frame, "row"', [number]
            ).fetchall()
        found: dict[str, list[str]] = {}
        for frame, text in rows:
            found.setdefault(str(frame), []).append(str(text))
        return {frame: tuple(texts) for frame, texts in found.items()}

    def frames(self, number: int) -> dict[str, pd.DataFrame]:
        """The plan's frames as they were signed, in the order of `plan.frames()`. Raises StoreError where the rows are
        not the ones that were signed.
        """
        signed = self.get(number)
        lines = self.lines(number)
        found: dict[str, pd.DataFrame] = {}
        for name in sorted(signed.frames, key=_place):
            if lines_digest(lines.get(name, ())) != signed.frames[name]:
                raise StoreError(
                    f"The rows '{name}' of sign-off {number} are not those that were signed. {_VERIFY}"
                )
            found[name] = frame_of(lines[name])
        return found

    def marks(self, number: int) -> dict[str, bytes]:
        """The marks of the data rows by table, see signoff/marks.py."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                'SELECT "table", marks FROM signoff_mark WHERE signoff = ? ORDER BY "table"', [number]
            ).fetchall()
        return {str(table): bytes(found) for table, found in rows}

    def raw(self) -> tuple[tuple[int, str, str], ...]:
        """(number, digest, JSON) of every record as it stands in the file, in the order of their numbers: to be
        verified, not to be relied on.
        """
        with self._connection.cursor() as cursor:
            return _raw(cursor)

    def head(self) -> tuple[int, str] | None:
        """Number and digest of the last sign-off, as the chain's head has it; None where nothing was signed."""
        with self._connection.cursor() as cursor:
            row = first_row(cursor, "SELECT number, digest FROM signoff_head ORDER BY number DESC LIMIT 1")
        return None if row is None else (int(row[0]), str(row[1]))

    def sign(
        self,
        proposal: Proposal,
        who: str,
        role: str,
        comment: str = "",
        *,
        supersedes: int | None = None,
        reason: str = "",
        undecided: bool = False,
        old_data: bool = False,
    ) -> Signoff:
        """Signs a proposal in one transaction and locks its scenario for ever.

        `supersedes`: number of the sign-off of the same cycle that is in force, with a `reason`; `undecided`: decisions
        that nobody has taken yet are accepted; `old_data`: so is a plan on an earlier data version or cleansing.
        Raises StoreError, writing nothing, where a name or role is missing or something has moved on meanwhile: the
        scenario, the data, a decision, an assumption, the agreement, or the chain.
        """
        said = _checked(who, role, comment, reason)
        if proposal.undecided and not undecided:
            raise StoreError(
                f"Nobody has decided yet on {_named(proposal.undecided)}. Approve, reject or defer each of them, or "
                "confirm that the plan is signed with them open."
            )
        with self._connection.write() as cursor:
            chain = _read(cursor)
            _refuse_place(chain, proposal, supersedes, said["reason"])
            _refuse_moved(cursor, proposal, old_data)
            stored = _settled(cursor, proposal, said["who"])
            before = chain[0].digest if chain else FIRST
            signed = _signed(proposal, stored, said, supersedes, chain[0].number + 1 if chain else 1, before)
            _write(cursor, signed, proposal)
            title = f"Signed for {signed.cycle_title} (sign-off {signed.number})"
            scenarios.lock_for_ever(cursor, stored.name, signed.signer(), title, signed.number)
            scenarios.mark_used(cursor, stored.name, f"sign-off {signed.number} ({signed.cycle_title})")
            return signed


_VERIFY: Final = "Verify the chain of sign-offs to see what changed, and bring a copy of the store back."
#: Frames in the order of `plan.frames()`.
_FRAMES: Final = (
    "demand", "production", "stock", "backlog", "shipments", "staffing", "load", "materials", "money", "shortages",
)  # fmt: skip


def _place(name: str) -> tuple[int, str]:
    return (_FRAMES.index(name) if name in _FRAMES else len(_FRAMES), name)


def _missing(number: int) -> StoreError:
    return StoreError(f"There is no sign-off number {number}. Choose one from the list.")


def _read(cursor: duckdb.DuckDBPyConnection) -> tuple[Signoff, ...]:
    """The chain, newest first. Raises StoreError where a record is not as it was signed: nothing is signed on top."""
    return tuple(_record(*one) for one in reversed(_raw(cursor)))


def _raw(cursor: duckdb.DuckDBPyConnection) -> tuple[tuple[int, str, str], ...]:
    rows = cursor.execute("SELECT number, digest, json FROM signoff ORDER BY number, rowid").fetchall()
    return tuple((int(number), str(mark), str(text)) for number, mark, text in rows)


def _record(number: int, mark: str, text: str) -> Signoff:
    if digest(text) != mark:
        raise StoreError(f"The record of sign-off {number} was edited after it was signed. {_VERIFY}")
    try:
        return from_json(Signoff, text)
    except (ReviewError, RecursionError) as error:
        raise StoreError(f"The record of sign-off {number} cannot be read: {error} {_VERIFY}") from error


def _readable(one: tuple[int, str, str]) -> Signoff | None:
    try:
        return _record(*one)
    except StoreError:
        return None


def _checked(who: str, role: str, comment: str, reason: str) -> dict[str, str]:
    """What was typed, in one line where it is a name. Raises StoreError where something is missing or too long."""
    said = {
        "who": " ".join(who.split()),
        "role": " ".join(role.split()),
        "comment": comment.strip(),
        "reason": reason.strip(),
    }
    for name, words in (("who", "who signs: a signature needs a name"), ("role", "in which role you sign")):
        if not said[name]:
            raise StoreError(f"Say {words}.")
    for name, longest in LONGEST.items():
        if len(said[name]) > longest:
            title = {"who": "name"}.get(name, name)
            raise StoreError(f"The {title} has {len(said[name]):,} characters; use at most {longest:,}.")
    return said


# -- what forbids a signature --


def _refuse_place(
    chain: tuple[Signoff, ...], proposal: Proposal, supersedes: int | None, reason: str
) -> None:
    """A cycle has one sign-off in force; the next one names it and says why."""
    held = next((one for one in chain if one.cycle == proposal.cycle), None)
    if held is None:
        if supersedes is not None:
            raise StoreError(
                f"Nothing is signed for this cycle yet, so there is no sign-off {supersedes} to supersede. Sign without."
            )
        return
    if supersedes is None:
        raise StoreError(
            f"{held.sentence()} is in force for this cycle. Supersede it, with the reason, or leave it as it is."
        )
    if supersedes != held.number:
        raise StoreError(
            f"{held.sentence()} is the one in force, not sign-off {supersedes}. Look at it, then supersede that one."
        )
    if not reason:
        raise StoreError(
            f"Say why sign-off {held.number} is superseded: the reason is kept with the signature."
        )


def _refuse_moved(cursor: duckdb.DuckDBPyConnection, proposal: Proposal, old_data: bool) -> None:
    """Nothing that the proposal rests on may have moved on since it was drawn up."""
    latest = versions.latest_version(cursor)
    if proposal.data_version != latest and not old_data:
        raise StoreError(
            f"The plan rests on data version {proposal.data_version}; version {latest} is there by now. Plan it again on "
            "the latest data, or say that the plan on the earlier version is to be signed."
        )
    row = first_row(cursor, "SELECT fingerprint FROM data_version WHERE version = ?", [proposal.data_version])
    if row is None or str(row[0]) != proposal.data_fingerprint:
        raise StoreError(
            f"The rows of data version {proposal.data_version} are not those that were imported: their fingerprint "
            "differs. Bring a copy of the store back, or import the data again as a new version, then sign."
        )
    review = first_row(cursor, "SELECT coalesce(max(revision), 0) FROM cleansing_verdict")
    if review is not None and int(review[0]) != proposal.review and not old_data:
        raise StoreError(
            f"The cleansing review moved on to revision {review[0]} since the plan was made (revision "
            f"{proposal.review}). Look at the proposal again, or say that the earlier one is to be signed."
        )
    for kind, known in (
        ("decision", proposal.known_decisions),
        ("assumption", proposal.known_assumptions),
    ):
        now = {
            int(number): (int(revision), str(who))
            for number, revision, who in cursor.execute(
                f"SELECT id, revision, who FROM {kind}_revision"
                " QUALIFY row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1"
            ).fetchall()
        }
        for number, (revision, who) in sorted(now.items()):
            if known.get(number) != revision:
                done = "added" if number not in known else "changed"
                raise StoreError(
                    f"{who} {done} {kind} {number} since the proposal was drawn up. Look at the proposal again, then "
                    "sign."
                )
    agreed = first_row(
        cursor,
        "SELECT max(a.id) FROM agreement a WHERE strftime(a.cycle, '%Y-%m') = ?"
        " AND NOT EXISTS (SELECT 1 FROM agreement_reopened r WHERE r.agreement = a.id)",
        [proposal.cycle],
    )
    current = None if agreed is None or agreed[0] is None else int(agreed[0])
    if current != proposal.agreement:
        raise StoreError(
            "The agreement on demand changed since the proposal was drawn up: it was agreed or reopened. Look at the "
            "proposal again, then sign."
        )


def _settled(cursor: duckdb.DuckDBPyConnection, proposal: Proposal, who: str) -> scenarios.StoredScenario:
    """The scenario as it is stored; the base is saved first."""
    name = proposal.scenario.name
    if not proposal.expected:
        parent = proposal.scenario.parent or None
        scenarios.save(cursor, name, proposal.scenario_json, who, 0, parent)
        return scenarios.get(cursor, name)
    stored = scenarios.get(cursor, name)
    if stored.revision != proposal.expected or stored.json != proposal.scenario_json:
        raise StoreError(
            f"{stored.by} saved scenario '{name}' again since it was looked at (revision {stored.revision}, the "
            f"proposal rests on {proposal.expected}). Look at it again, then sign."
        )
    if stored.archived is not None:
        raise StoreError(
            f"Scenario '{name}' is archived ({stored.archived}). Bring it back first, then sign it."
        )
    return stored


def _named(titles: tuple[str, ...], most: int = 5) -> str:
    said = ", ".join(f"“{title}”" for title in titles[:most])
    return f"{said} and {len(titles) - most} more" if len(titles) > most else said


# -- writing --


def _signed(
    proposal: Proposal,
    stored: scenarios.StoredScenario,
    said: Mapping[str, str],
    supersedes: int | None,
    number: int,
    before: str,
) -> Signoff:
    now = utc_now()
    return Signoff(
        number=number,
        cycle=proposal.cycle,
        who=said["who"],
        role=said["role"],
        at=f"{now.replace(microsecond=0, tzinfo=dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        comment=said["comment"],
        supersedes=supersedes,
        reason=said["reason"] if supersedes is not None else "",
        scenario=stored.name,
        scenario_revision=stored.revision,
        scenario_json=stored.json,
        data_version=proposal.data_version,
        data_fingerprint=proposal.data_fingerprint,
        tables=proposal.tables,
        review=proposal.review,
        verdicts=proposal.verdicts,
        agreement=proposal.agreement,
        demand_fingerprint=proposal.demand_fingerprint,
        plan_fingerprint=proposal.plan_fingerprint,
        kpis=proposal.kpis,
        engine=proposal.engine,
        status=proposal.status,
        gap=proposal.gap,
        code_version=proposal.code_version,
        packages=proposal.packages,
        decisions=proposal.decisions,
        assumptions=proposal.assumptions,
        pack=digest(proposal.pack_text),
        frames={name: lines_digest(lines) for name, lines in proposal.frames.items()},
        marks={name: bytes_digest(found) for name, found in proposal.marks.items()},
        previous=before,
    )


def _write(cursor: duckdb.DuckDBPyConnection, signed: Signoff, proposal: Proposal) -> None:
    number, text = signed.number, to_json(signed)
    cursor.execute(
        "INSERT INTO signoff VALUES (?, ?, ?, ?)", [number, digest(text), text, proposal.pack_text]
    )
    rows = [(name, at, line) for name, lines in proposal.frames.items() for at, line in enumerate(lines)]
    frame = pd.DataFrame(rows, columns=["frame", "place", "json"])
    cursor.register("signed_rows", frame)
    cursor.execute(
        "INSERT INTO signoff_row SELECT ?, frame, place, json FROM signed_rows ORDER BY frame, place",
        [number],
    )
    cursor.unregister("signed_rows")
    for table, found in proposal.marks.items():
        cursor.execute("INSERT INTO signoff_mark VALUES (?, ?, ?)", [number, table, found])
    cursor.execute("DELETE FROM signoff_head")
    cursor.execute("INSERT INTO signoff_head VALUES (?, ?)", [number, digest(text)])
