"""Scenarios as the store keeps them: a name, an owner, a parent and JSON text, with every revision.

The store does not interpret a scenario. It knows two members of its JSON object, `name` and `parent`, and
keeps them in step when a scenario is renamed or duplicated.

A locked scenario stays as it is: it can be read and duplicated, and others may have it as their parent. An
archived one is out of the lists until it is brought back (lineage.py).
"""

from __future__ import annotations

import datetime as dt
import json as jsonlib
from dataclasses import dataclass
from typing import Any

import duckdb

from sop_core.errors import StoreError
from sop_core.store.ddl import as_utc, first_row, utc_now

#: The scenario that every company has: no changes, never stored. It may be a parent.
BASE = "Base"
NAME_LENGTH = 120
JSON_LENGTH = 1_000_000


@dataclass(frozen=True, slots=True)
class StoredScenario:
    """A scenario in the store. `owner` is who saved it first, `by` who saved it last; times are UTC; `used_by` names
    what forbids its deletion (a cycle, a sign-off); `locked` and `archived` say why, by whom and when, None where it
    is not; `signed`: the number of its last sign-off, None where it was never signed.
    """

    name: str
    owner: str
    parent: str | None
    json: str
    created: dt.datetime
    updated: dt.datetime
    revision: int
    used_by: tuple[str, ...] = ()
    locked: str | None = None
    archived: str | None = None
    by: str = ""
    signed: int | None = None


@dataclass(frozen=True, slots=True)
class LockRecord:
    """One entry of a scenario's locks: put on (`locked`) or taken off. `agreement`: the id of the agreement that
    did it, `signoff`: the number of the sign-off; both None where a person did. A sign-off's lock never comes off.
    """

    locked: bool
    who: str
    at: dt.datetime
    reason: str
    agreement: int | None
    signoff: int | None = None

    def sentence(self) -> str:
        """`Demand agreed for Nov 26 (v1): locked by Ada on 12 Nov 2026`; of a sign-off `Signed for Nov 26 (sign-off 3) by
        Ada on 12 Nov 2026`.
        """
        when = f"{self.at.day} {self.at:%b %Y}"
        if self.signoff is not None:
            return f"{self.reason} by {self.who} on {when}"
        return f"{self.reason}: {'locked' if self.locked else 'unlocked'} by {self.who} on {when}"


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of a scenario's history. `action`: saved, merged, renamed, duplicated or deleted."""

    revision: int
    action: str
    name: str
    who: str
    at: dt.datetime
    json: str


def list_scenarios(cursor: duckdb.DuckDBPyConnection) -> tuple[StoredScenario, ...]:
    """All scenarios by name."""
    uses: dict[int, list[str]] = {}
    for scenario, used_by in cursor.execute(
        "SELECT id, used_by FROM scenario_use ORDER BY used_by"
    ).fetchall():
        uses.setdefault(scenario, []).append(used_by)
    locks, archives = _locks(cursor), archived(cursor)
    rows = cursor.execute(
        "SELECT s.id, s.name, s.owner, s.parent, s.json, s.created, s.updated, s.revision, r.who FROM scenario s"
        " JOIN scenario_revision r ON r.id = s.id AND r.revision = s.revision ORDER BY lower(s.name), s.name"
    ).fetchall()
    return tuple(
        StoredScenario(
            name,
            owner,
            parent,
            text,
            as_utc(created),
            as_utc(updated),
            revision,
            tuple(uses.get(scenario, ())),
            locks[scenario].sentence() if scenario in locks else None,
            archives.get(scenario),
            by,
            locks[scenario].signoff if scenario in locks else None,
        )
        for scenario, name, owner, parent, text, created, updated, revision, by in rows
    )


def archived(cursor: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """The archived scenarios by id: by whom, when, why."""
    rows = cursor.execute(
        "SELECT id, archived, who, made_at, reason FROM scenario_archive"
        " QUALIFY row_number() OVER (PARTITION BY id ORDER BY number DESC) = 1"
    ).fetchall()
    return {identity: archive_sentence(True, who, at, why) for identity, put, who, at, why in rows if put}


def archive_sentence(put: bool, who: str, at: dt.datetime, reason: str) -> str:
    """`Archived by Ada on 12 Nov 2026: superseded`."""
    said = f"{'Archived' if put else 'Brought back'} by {who} on {at.day} {at:%b %Y}"
    return f"{said}: {reason}" if reason else said


def get(cursor: duckdb.DuckDBPyConnection, name: str) -> StoredScenario:
    """The scenario of that name. Raises StoreError naming those that exist."""
    found = list_scenarios(cursor)
    for scenario in found:
        if scenario.name == name:
            return scenario
    have = ", ".join(f"'{s.name}'" for s in found[:10]) + (" ..." if len(found) > 10 else "")
    raise StoreError(
        f"There is no scenario '{name}'. "
        + (f"The store has {have}." if found else "The store has none yet.")
    )


def save(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    text: str,
    owner: str,
    expected: int | None,
    parent: str | None,
    source: tuple[str, int] | None = None,
) -> None:
    """Inserts or updates a scenario; see Store.save_scenario."""
    name = checked_name(name)
    if name.casefold() == BASE.casefold():
        raise StoreError(
            f"'{BASE}' is the company as it is, without changes. Save the scenario under another name."
        )
    body = _object(name, text)
    if parent is None and isinstance(body.get("parent"), str):
        parent = body["parent"] or None
    row = _row(cursor, name)
    if row is None:
        if expected:
            raise StoreError(
                f"Scenario '{name}' was renamed or deleted by someone else since you opened it. Save it "
                "under a new name."
            )
        _refuse_taken(cursor, name)
        _check_parent(cursor, name, parent)
        _insert(cursor, name, owner, parent, text, "saved", source)
        return
    identity, revision, who, at = row
    _refuse_locked(cursor, identity, name, "saved over")
    if identity in archived(cursor):
        raise StoreError(
            f"Scenario '{name}' is archived ({archived(cursor)[identity]}). Bring it back in the studio, or save yours "
            "under a new name."
        )
    if expected is not None and expected != revision:
        if expected == 0:
            raise StoreError(f"There is already a scenario '{name}'. Choose another name.")
        raise StoreError(
            f"{who} saved scenario '{name}' at {at:%Y-%m-%d %H:%M} UTC, after you opened it (revision "
            f"{revision}, yours is "
            f"{expected}). Load theirs, or save yours under a new name."
        )
    _check_parent(cursor, name, parent)
    cursor.execute(
        "UPDATE scenario SET json = ?, parent = ?, updated = ?, revision = ? WHERE id = ?",
        [text, parent, utc_now(), revision + 1, identity],
    )
    _remember(cursor, identity, revision + 1, "saved" if source is None else "merged", name, owner, text)
    _note_source(cursor, identity, revision + 1, source)


def rename(cursor: duckdb.DuckDBPyConnection, name: str, new_name: str, who: str) -> None:
    """Gives a scenario a new name, and its children their parent's new name."""
    new_name = checked_name(new_name)
    current = get(cursor, name)
    if new_name == name:
        return
    identity, revision, _, _ = _found(cursor, name)
    _refuse_locked(cursor, identity, name, "renamed")
    _refuse_taken(cursor, new_name, besides=identity)
    signed = [s.name for s in list_scenarios(cursor) if s.parent == name and s.signed is not None]
    if signed:
        raise StoreError(
            f"Scenario '{name}' cannot be renamed: '{signed[0]}', which is signed, names it as its parent, and what is "
            "signed stays as it is. Duplicate it under the new name."
        )
    text = _with(current.json, name, {"name": new_name})
    cursor.execute(
        "UPDATE scenario SET name = ?, json = ?, updated = ?, revision = ? WHERE id = ?",
        [new_name, text, utc_now(), revision + 1, identity],
    )
    _remember(cursor, identity, revision + 1, "renamed", new_name, who, text)
    for child in list_scenarios(cursor):
        if child.parent == name:
            child_id, child_revision, _, _ = _found(cursor, child.name)
            child_text = _with(child.json, child.name, {"parent": new_name})
            cursor.execute(
                "UPDATE scenario SET parent = ?, json = ?, revision = ? WHERE id = ?",
                [new_name, child_text, child_revision + 1, child_id],
            )
            _remember(cursor, child_id, child_revision + 1, "saved", child.name, who, child_text)


def duplicate(cursor: duckdb.DuckDBPyConnection, name: str, new_name: str, owner: str) -> None:
    """Copies a scenario under a new name; the copy has the same parent."""
    new_name = checked_name(new_name)
    current = get(cursor, name)
    _refuse_taken(cursor, new_name)
    _insert(
        cursor, new_name, owner, current.parent, _with(current.json, name, {"name": new_name}), "duplicated",
        (name, current.revision),
    )  # fmt: skip


def delete(cursor: duckdb.DuckDBPyConnection, name: str, who: str) -> None:
    """Deletes a scenario that nothing uses; its history stays."""
    current = get(cursor, name)
    identity, revision, _, _ = _found(cursor, name)
    _refuse_locked(cursor, identity, name, "deleted")
    children = [s.name for s in list_scenarios(cursor) if s.parent == name]
    if children:
        named = ", ".join(f"'{child}'" for child in children)
        raise StoreError(f"Scenario '{name}' is the parent of {named}. Delete those first, or keep it.")
    if current.used_by:
        raise StoreError(f"Scenario '{name}' is used by {', '.join(current.used_by)}, so it is kept.")
    cursor.execute("DELETE FROM scenario WHERE id = ?", [identity])
    _remember(cursor, identity, revision + 1, "deleted", name, who, current.json)


def mark_used(cursor: duckdb.DuckDBPyConnection, name: str, used_by: str) -> None:
    """Notes that something needs this scenario, so that it cannot be deleted."""
    identity, _, _, _ = _found(cursor, get(cursor, name).name)
    cursor.execute("INSERT INTO scenario_use VALUES (?, ?)", [identity, used_by])


def lock(
    cursor: duckdb.DuckDBPyConnection, name: str, who: str, reason: str, agreement: int | None = None
) -> int:
    """Locks a scenario and returns its id. Raises StoreError where it is locked already, or without a reason."""
    get(cursor, name)
    identity, _, _, _ = _found(cursor, name)
    _refuse_locked(cursor, identity, name, "locked again")
    _note_lock(cursor, identity, True, who, _reason(reason, "locked"), agreement)
    return identity


def lock_for_ever(cursor: duckdb.DuckDBPyConnection, name: str, who: str, why: str, signoff: int) -> None:
    """A sign-off's lock, on top of any other: nothing takes it off."""
    get(cursor, name)
    identity, _, _, _ = _found(cursor, name)
    _note_lock(cursor, identity, True, who, _reason(why, "locked"), None, signoff)


def unlock(cursor: duckdb.DuckDBPyConnection, name: str, who: str, reason: str) -> None:
    """Takes a person's lock off. Raises StoreError where there is none, or where an agreement put it on."""
    get(cursor, name)
    identity, _, _, _ = _found(cursor, name)
    held = _locks(cursor).get(identity)
    if held is None:
        raise StoreError(f"Scenario '{name}' is not locked.")
    if held.signoff is not None:
        raise StoreError(
            f"Scenario '{name}' is part of a signed plan and stays as it is for ever. {held.sentence()}. Derive a new "
            "scenario from it; a later sign-off may supersede this one."
        )
    if held.agreement is not None:
        raise StoreError(
            f"Scenario '{name}' is what was agreed ({held.sentence()}). Reopen the agreement on the Demand page, "
            "or derive a new scenario from it."
        )
    _note_lock(cursor, identity, False, who, _reason(reason, "unlocked"), None)


def release(cursor: duckdb.DuckDBPyConnection, identity: int, who: str, reason: str, agreement: int) -> None:
    """Takes an agreement's own lock off when it is reopened; a lock of somebody else stays."""
    held = _locks(cursor).get(identity)
    if held is not None and held.agreement == agreement:
        _note_lock(cursor, identity, False, who, reason, agreement)


def lock_history(cursor: duckdb.DuckDBPyConnection, name: str) -> tuple[LockRecord, ...]:
    """Every lock put on a scenario and taken off it, newest first."""
    get(cursor, name)
    identity, _, _, _ = _found(cursor, name)
    return tuple(record for number, record in _lock_records(cursor) if number == identity)


def _locks(cursor: duckdb.DuckDBPyConnection) -> dict[int, LockRecord]:
    """The locks in force, by scenario id."""
    newest: dict[int, LockRecord] = {}
    signed: dict[int, LockRecord] = {}
    for identity, record in _lock_records(cursor):
        newest.setdefault(identity, record)
        if record.locked and record.signoff is not None:
            signed.setdefault(identity, record)
    return {identity: record for identity, record in newest.items() if record.locked} | signed


def _lock_records(cursor: duckdb.DuckDBPyConnection) -> list[tuple[int, LockRecord]]:
    rows = cursor.execute(
        "SELECT id, locked, who, made_at, reason, agreement, signoff FROM scenario_lock ORDER BY id, number DESC"
    ).fetchall()
    return [
        (identity, LockRecord(locked, who, as_utc(at), reason, agreement, signoff))
        for identity, locked, who, at, reason, agreement, signoff in rows
    ]


def _refuse_locked(cursor: duckdb.DuckDBPyConnection, identity: int, name: str, verb: str) -> None:
    held = _locks(cursor).get(identity)
    if held is not None:
        raise StoreError(
            f"Scenario '{name}' cannot be {verb}. {held.sentence()}. Derive a new scenario from it (Save as): the "
            "locked one stays as it is."
        )


def _reason(reason: str, verb: str) -> str:
    if reason.strip():
        return reason.strip().rstrip(".")
    raise StoreError(f"Say why the scenario is to be {verb}: the reason is kept with it.")


def _note_lock(
    cursor: duckdb.DuckDBPyConnection, identity: int, locked: bool, who: str, why: str, agreement: int | None,
    signoff: int | None = None,
) -> None:  # fmt: skip
    cursor.execute(
        "INSERT INTO scenario_lock (id, number, locked, who, made_at, reason, agreement, signoff)"
        " SELECT ?, count(*) + 1, ?, ?, ?, ?, ?, ? FROM scenario_lock WHERE id = ?",
        [identity, locked, who, utc_now(), why, agreement, signoff, identity],
    )


def history(cursor: duckdb.DuckDBPyConnection, name: str) -> tuple[Revision, ...]:
    """Every revision of the scenario that bears this name now, or bore it last; newest first."""
    row = first_row(
        cursor,
        "SELECT r.id FROM scenario_revision r LEFT JOIN scenario s ON s.id = r.id AND s.name = r.name"
        " WHERE r.name = ? ORDER BY (s.id IS NOT NULL) DESC, r.made_at DESC, r.id DESC LIMIT 1",
        [name],
    )
    if row is None:
        raise StoreError(f"There is no scenario '{name}', and there never was.")
    rows = cursor.execute(
        "SELECT revision, action, name, who, made_at, json FROM scenario_revision WHERE id = ? ORDER BY "
        "revision DESC",
        [row[0]],
    ).fetchall()
    return tuple(
        Revision(number, action, title, who, as_utc(at), text)
        for number, action, title, who, at, text in rows
    )


def checked_name(name: str) -> str:
    """The name without surrounding blanks. Raises StoreError when it is empty, too long or holds control
    characters.
    """
    name = name.strip()
    if not name:
        raise StoreError("A scenario needs a name.")
    if len(name) > NAME_LENGTH:
        raise StoreError(f"The name '{name[:40]}...' has {len(name)} characters; use at most {NAME_LENGTH}.")
    if not name.isprintable():
        raise StoreError(f"The name {name!r} holds a line break or another control character. Leave it out.")
    return name


def _object(name: str, text: str) -> dict[str, Any]:
    if len(text) > JSON_LENGTH:
        raise StoreError(
            f"Scenario '{name}' has {len(text):,} characters; at most {JSON_LENGTH:,} can be stored."
        )
    try:
        body = jsonlib.loads(text)
    except jsonlib.JSONDecodeError as error:
        raise StoreError(
            f"Scenario '{name}' is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    if not isinstance(body, dict):
        raise StoreError(
            f'Scenario \'{name}\' is not a JSON object: write it as {{"name": ..., "changes": [...]}}.'
        )
    return body


def _with(text: str, name: str, members: dict[str, str]) -> str:
    body = _object(name, text)
    return jsonlib.dumps(
        body | {key: value for key, value in members.items() if key in body}, ensure_ascii=False
    )


def _row(cursor: duckdb.DuckDBPyConnection, name: str) -> tuple[int, int, str, dt.datetime] | None:
    row = first_row(
        cursor,
        "SELECT s.id, s.revision, r.who, s.updated FROM scenario s"
        " JOIN scenario_revision r ON r.id = s.id AND r.revision = s.revision WHERE s.name = ?",
        [name],
    )
    return None if row is None else (int(row[0]), int(row[1]), str(row[2]), row[3])


def _found(cursor: duckdb.DuckDBPyConnection, name: str) -> tuple[int, int, str, dt.datetime]:
    row = _row(cursor, name)
    assert row is not None, name
    return row


def _refuse_taken(cursor: duckdb.DuckDBPyConnection, name: str, besides: int = -1) -> None:
    for identity, other in cursor.execute("SELECT id, name FROM scenario").fetchall():
        if identity != besides and other.casefold() == name.casefold():
            put = " (archived)" if identity in archived(cursor) else ""
            raise StoreError(f"There is already a scenario '{other}'{put}. Choose another name.")


def _check_parent(cursor: duckdb.DuckDBPyConnection, name: str, parent: str | None) -> None:
    """The parent must exist, and no scenario may descend from itself."""
    seen, at = {name}, parent
    while at is not None and at != BASE:
        if at in seen:
            raise StoreError(
                f"Scenario '{name}' would be its own ancestor through parent '{parent}'. Choose another "
                "parent."
            )
        seen.add(at)
        row = first_row(cursor, "SELECT parent FROM scenario WHERE name = ?", [at])
        if row is None:
            raise StoreError(
                f"Scenario '{name}' names the parent '{at}', which does not exist. Save the parent first."
            )
        at = row[0]


def _insert(
    cursor: duckdb.DuckDBPyConnection, name: str, owner: str, parent: str | None, text: str, action: str,
    source: tuple[str, int] | None = None,
) -> None:  # fmt: skip
    now = utc_now()
    row = first_row(cursor, "SELECT nextval('scenario_id')")
    assert row is not None
    cursor.execute(
        "INSERT INTO scenario VALUES (?, ?, ?, ?, ?, ?, ?, 1)", [row[0], name, owner, parent, text, now, now]
    )
    _remember(cursor, int(row[0]), 1, action, name, owner, text)
    _note_source(cursor, int(row[0]), 1, source)


def _note_source(
    cursor: duckdb.DuckDBPyConnection, identity: int, revision: int, source: tuple[str, int] | None
) -> None:
    """Keeps which revision of which scenario went into this one: later merges start from there."""
    row = None if source is None else _row(cursor, source[0])
    if source is not None and row is not None:
        cursor.execute(
            "INSERT INTO scenario_source VALUES (?, ?, ?, ?)", [identity, revision, row[0], source[1]]
        )


def _remember(
    cursor: duckdb.DuckDBPyConnection,
    identity: int,
    revision: int,
    action: str,
    name: str,
    who: str,
    text: str,
) -> None:
    cursor.execute(
        "INSERT INTO scenario_revision VALUES (?, ?, ?, ?, ?, ?, ?)",
        [identity, revision, action, name, who, utc_now(), text],
    )
