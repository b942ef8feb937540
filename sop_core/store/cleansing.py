"""Verdicts on the cleansing of history, as planners gave them; kept across imports, never overwritten.

The log holds every decision. What is in force at a revision is the log read up to it, so any older state comes
back exactly, and with it any plan that rested on it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import duckdb

from sop_core.demand.cleansing import FIXED, KINDS, Rule, Verdict, Verdicts
from sop_core.errors import StoreError
from sop_core.store.connection import Connection
from sop_core.store.ddl import as_utc, first_row, utc_now

_WORDS = {True: "accept", False: "reject", None: "take back"}
_MEANINGS = {word: verdict for verdict, word in _WORDS.items()}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_FIELDS = {field.name for field in dataclasses.fields(Rule)}
#: Longest note and name that are kept.
_LONGEST = 2000

Change = tuple[Rule, bool | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """One revision: who decided what and why. A verdict of None took a decision back. `at` is UTC."""

    revision: int
    who: str
    at: dt.datetime
    note: str
    changes: tuple[Change, ...]


class CleansingVerdicts:
    """Verdicts in force and their history. Each call of `decide` is a new revision; an older one can be read
    again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def revision(self) -> int:
        """The newest revision; 0 where nothing was decided yet."""
        return self._connection.remembered("cleansing revision", _newest)

    def verdicts(self, revision: int | None = None) -> Verdicts:
        """The verdicts in force at a revision (None: the newest). Raises StoreError where there is no such
        revision."""
        with self._connection.cursor() as cursor:
            log = _log(cursor)
        newest = log[-1].revision if log else 0
        wanted = newest if revision is None else revision
        if not 0 <= wanted <= newest:
            raise StoreError(
                f"There is no revision {wanted} of the cleansing review: the newest is {newest}. Choose one up to it."
            )
        state = _state(entry for entry in log if entry.revision <= wanted)
        return Verdicts(tuple(Verdict(rule, accept) for rule, accept in state.items()), wanted)

    def decide(self, rules: Sequence[Change], who: str, note: str = "") -> int:
        """Accepts (True), rejects (False) or takes back (None) by rules, all in one revision, whose number it
        returns. Where that changes nothing in force, nothing is written.

        Others' decisions on other rules stand; on the same rule the last one counts. Raises StoreError for a
        rule that cannot be.
        """
        checked = [(_checked(rule), verdict) for rule, verdict in rules]
        with self._connection.write() as cursor:
            return _append(cursor, checked, who, note)

    def take_back(self, revision: int, who: str, note: str = "") -> int:
        """Brings what that revision decided back to what it was before, and returns the new revision's number.
        Rules on which somebody decided again since are left as they are. Raises StoreError where there is no
        such revision."""
        with self._connection.write() as cursor:
            log = _log(cursor)
            decided = next((entry for entry in log if entry.revision == revision), None)
            if decided is None:
                raise StoreError(f"There is no revision {revision} of the cleansing review to take back.")
            since = {rule for entry in _net(log) if entry.revision > revision for rule, _ in entry.changes}
            before = _state(entry for entry in log if entry.revision < revision)
            mine = {rule for rule, _ in decided.changes} - since
            gone = sorted((rule for rule in mine if rule not in before), key=_text)
            changes: list[Change] = [(rule, None) for rule in gone]
            if mine & set(before):
                # Of equally narrow rules the last counts: what comes back keeps its place among its kind.
                kinds = {rule.kind for rule in mine}
                now = _state(log)
                order = [rule for rule in before if rule.kind in kinds and (rule in mine or rule in now)]
                order += [
                    rule for rule in now if rule.kind in kinds and rule not in before and rule not in mine
                ]
                changes += [(rule, before[rule] if rule in mine else now[rule]) for rule in order]
            return _append(cursor, changes, who, note or f"Revision {revision} taken back")

    def history(self) -> tuple[Decision, ...]:
        """Every revision with what it changed, newest first."""
        with self._connection.cursor() as cursor:
            log = _log(cursor)
        return tuple(reversed(_net(log)))


def _checked(rule: Rule) -> Rule:
    if rule.kind not in KINDS:
        raise StoreError(f"There is no correction of kind '{rule.kind}'. Choose one of {', '.join(KINDS)}.")
    if rule.kind in FIXED:
        raise StoreError(f"A {rule.kind} is not decided here: {KINDS[rule.kind]}")
    if rule.month and not _MONTH.fullmatch(rule.month):
        raise StoreError(f"'{rule.month}' is not a month: write it as 2026-03.")
    return rule


def _newest(cursor: duckdb.DuckDBPyConnection) -> int:
    row = first_row(cursor, "SELECT coalesce(max(revision), 0) FROM cleansing_verdict")
    assert row is not None
    return int(row[0])


def _append(cursor: duckdb.DuckDBPyConnection, changes: Sequence[Change], who: str, note: str) -> int:
    log = _log(cursor)
    newest = log[-1].revision if log else 0
    state = _state(log)
    after = dict(state)
    _apply(after, changes)
    if list(after.items()) == list(state.items()):
        return newest
    now = utc_now()
    rows = [
        [newest + 1, _text(rule), _WORDS[verdict], who[:_LONGEST], now, note.strip()[:_LONGEST]]
        for rule, verdict in changes
    ]
    cursor.executemany("INSERT INTO cleansing_verdict VALUES (?, ?, ?, ?, ?, ?)", rows)
    return newest + 1


def _log(cursor: duckdb.DuckDBPyConnection) -> list[Decision]:
    """Every revision as it was written, oldest first. Rows are only ever added, so their ids tell their order."""
    found: dict[int, tuple[str, dt.datetime, str, list[Change]]] = {}
    for revision, rule, verdict, who, at, note in cursor.execute(
        "SELECT revision, rule, verdict, who, made_at, note FROM cleansing_verdict ORDER BY revision, rowid"
    ).fetchall():
        entry = found.setdefault(int(revision), (who, as_utc(at), note, []))
        entry[3].append((_rule(rule), _MEANINGS[verdict]))
    return [Decision(number, who, at, note, tuple(log)) for number, (who, at, note, log) in found.items()]


def _net(log: Iterable[Decision]) -> list[Decision]:
    """The log without verdicts that were only written again to keep their place."""
    found: list[Decision] = []
    state: dict[Rule, bool] = {}
    for entry in log:
        old = dict(state)
        _apply(state, entry.changes)
        net = tuple((rule, verdict) for rule, verdict in entry.changes if old.get(rule) != verdict)
        found.append(dataclasses.replace(entry, changes=net or entry.changes))
    return found


def _state(log: Iterable[Decision]) -> dict[Rule, bool]:
    """Verdicts by rule, in the order in which they were last given."""
    state: dict[Rule, bool] = {}
    for entry in log:
        _apply(state, entry.changes)
    return state


def _apply(state: dict[Rule, bool], changes: Iterable[Change]) -> None:
    for rule, verdict in changes:
        state.pop(rule, None)
        if verdict is not None:
            state[rule] = verdict


def _text(rule: Rule) -> str:
    """The rule as canonical JSON: sorted names, blanks left out."""
    named = {name: value for name, value in asdict(rule).items() if value}
    return json.dumps(named, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _rule(text: str) -> Rule:
    return Rule(**{name: str(value) for name, value in json.loads(text).items() if name in _FIELDS})
