"""Verifies signed plans: the chain of signatures, what was signed, the data it rests on, and the plan made again.

    report = verify(store)                      # all of them; number=2: that one
    report.ok, report.lines(), report.as_dict()

Nothing is taken on trust: digests are worked out from what the file holds, the forecast is made without the cache, and
the plan is solved again, on request by a second engine as well.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from sop_core.errors import SopError, StoreError
from sop_core.plan import Plan
from sop_core.planner import Company
from sop_core.signoff import chain, replay
from sop_core.signoff.differences import (
    environment,
    frame_differs,
    kpis_named,
    listing,
    members_differ,
    pack_hint,
    tables_differ,
)
from sop_core.signoff.freeze import assumption_text, decision_text, demand_digest, kpis_of, verdicts_digest
from sop_core.signoff.marks import first_of
from sop_core.signoff.record import Signoff, bytes_digest, digest
from sop_core.signoff.report import Checked, Finding, Report
from sop_core.signoff.rows import lines_digest, lines_of
from sop_core.store import Store
from sop_core.store.fingerprint import content_fingerprint
from sop_core.supply.solve import Interrupted, make_engine

Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]

#: Steps told of for each sign-off.
_STEPS: Final = 5
_DATA: Final = (
    "Bring back a copy of the store, or import the files of that data version again and sign the plan anew."
)
_REGISTER: Final = (
    "Bring back a copy of the store; a decision is changed by a new revision, never by editing one."
)
_AGAIN: Final = (
    "See what differs between now and then (data, code, packages) above; if nothing does, report a defect."
)
_CACHE: Final = (
    "No signed plan is touched by it, but a plan made now may be: let the store forget its forecasts "
    "(store.forecasts.clear()); they are made again when needed."
)


@dataclass(frozen=True, slots=True)
class _Truth:
    """A plan made again, and whether data and verdicts were those that were signed."""

    plan: Plan
    company: Company
    lines: Mapping[str, tuple[str, ...]]


class _Notes:
    """Findings and remarks of one sign-off as they come up."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.found: list[Finding] = []
        self.remarks: list[str] = []

    def say(self, kind: str, sentences: str | Sequence[str], remedy: str) -> None:
        for sentence in [sentences] if isinstance(sentences, str) else sentences:
            self.found.append(Finding(kind, f"Sign-off {self.number}", sentence, remedy, self.number))

    def has(self, *kinds: str) -> bool:
        return any(finding.kind in kinds for finding in self.found)


class _Verifier:
    """One verification: what several sign-offs share is worked out once."""

    def __init__(self, store: Store, engine: str, again: bool, tell: Progress, stop: Stop | None) -> None:
        self.store, self.engine, self.again, self.tell, self.stop = store, engine, again, tell, stop
        self.tables: tuple[int, dict[str, pd.DataFrame], str] | None = None
        self.company: tuple[tuple[int, int], Company] | None = None
        self.cache: dict[str, bytes] = {}

    def check(self, signed: Signoff, done: int, total: int) -> tuple[Checked, list[Finding]]:
        """All of one sign-off whose record is sound. Raises Interrupted."""
        notes = _Notes(signed.number)
        checked = Checked(signed.number, signed.sentence(), signed.digest)
        place = f"Sign-off {signed.number}"

        def step(what: str, n: int) -> None:
            if self.stop is not None and self.stop():
                raise Interrupted("The verification was stopped.")
            self.tell(f"{place}: {what}", done * _STEPS + n, total * _STEPS)

        step("data", 0)
        tables = self._data(signed, notes)
        self._verdicts(signed, notes)
        step("decisions and scenario", 1)
        self._scenario(signed, notes)
        self._register(signed, notes)
        lines = self.store.signoffs.lines(signed.number)
        truth = None
        if self.again and tables is not None:
            step("planning again", 2)
            truth = self._replay(signed, tables, notes)
        step("contents", 3)
        self._contents(signed, lines, truth, notes)
        if truth is not None:
            checked = self._compare(signed, lines, truth, checked, notes)
            if self.engine and self.engine != truth.plan.solution.solver.engine:
                step(f"planning with {self.engine}", 4)
                checked = self._second(signed, truth, checked, notes)
        checked = replace(
            checked,
            plan_rows=sum(len(rows) - 1 for rows in lines.values()),
            data_rows=sum(len(frame) for frame in (tables or {}).values()),
            tables=len(signed.tables),
            decisions=len(signed.decisions),
            assumptions=len(signed.assumptions),
            remarks=tuple(notes.remarks),
        )
        return checked, notes.found

    # -- data --

    def _data(self, signed: Signoff, notes: _Notes) -> dict[str, pd.DataFrame] | None:
        version = signed.data_version
        try:
            if self.tables is None or self.tables[0] != version:
                read = self.store.tables(version)
                self.tables = (version, read, content_fingerprint(read))
            _, tables, mark = self.tables
            noted = self.store.content_fingerprint(version)
        except StoreError as error:
            notes.say("data", f"data version {version} cannot be read: {error}", _DATA)
            return None
        marks = self._marks(signed, notes)
        if mark != signed.data_fingerprint:
            named = tables_differ(signed, tables, marks) or ["its content is not the one that was signed."]
            notes.say("data", [f"data version {version}, {sentence}" for sentence in named], _DATA)
        if noted != signed.data_fingerprint:
            notes.say("data", f"the fingerprint noted beside data version {version} is another one.", _DATA)
        return tables

    def _marks(self, signed: Signoff, notes: _Notes) -> dict[str, bytes]:
        """The row marks that are as signed; the others name nothing."""
        marks = self.store.signoffs.marks(signed.number)
        for table in sorted({*marks, *signed.marks}):
            if bytes_digest(marks.get(table, b"")) != signed.marks.get(table):
                marks.pop(table, None)
                notes.say(
                    "contents",
                    f"the row marks of table {table}, by which a changed row is named, are not those that were "
                    "signed.",
                    chain.RESTORE,
                )
        return marks

    def _verdicts(self, signed: Signoff, notes: _Notes) -> None:
        try:
            now = verdicts_digest(self.store.cleansing.verdicts(signed.review))
        except (SopError, ValueError, KeyError) as error:
            notes.say(
                "data", f"the cleansing verdicts at revision {signed.review} cannot be read: {error}", _DATA
            )
            return
        if now != signed.verdicts:
            notes.say(
                "data",
                f"the verdicts on the cleansing of history at revision {signed.review} are not those that were signed: "
                "one was changed, added or removed.",
                _DATA,
            )

    # -- scenario, decisions, assumptions --

    def _scenario(self, signed: Signoff, notes: _Notes) -> None:
        name = signed.scenario
        try:
            stored = self.store.load_scenario(name)
            history = self.store.scenario_history(name)
        except StoreError as error:
            notes.say(
                "decisions", f"the signed scenario is not in the store any more: {error}", chain.RESTORE
            )
            return
        kept = next((r for r in history if r.revision == signed.scenario_revision), None)
        if stored.json != signed.scenario_json or stored.revision != signed.scenario_revision:
            notes.say(
                "decisions",
                f"scenario '{name}' is not as it was signed: its changes were edited in spite of its lock.",
                chain.RESTORE,
            )
        elif kept is None or kept.json != signed.scenario_json:
            notes.say(
                "decisions",
                f"revision {signed.scenario_revision} in the history of scenario '{name}' is not as it was signed.",
                chain.RESTORE,
            )

    def _register(self, signed: Signoff, notes: _Notes) -> None:
        for kind, texts in (("decision", signed.decisions), ("assumption", signed.assumptions)):
            for text in texts:
                then = json.loads(text)
                number, revision = then["id"], then["revision"]
                where = f"{kind} {number}, revision {revision}"
                if title := then["value"].get("title"):
                    where += f" (“{title}”)"
                try:
                    now = self._revision(kind, number, revision)
                except (SopError, ValueError, KeyError, TypeError) as error:
                    notes.say("decisions", f"{where}: it cannot be read any more: {error}", _REGISTER)
                    continue
                if now is None:
                    notes.say("decisions", f"{where}: it was signed and is missing.", _REGISTER)
                elif now != text:
                    notes.say("decisions", f"{where}: {members_differ(then, json.loads(now))}", _REGISTER)

    def _revision(self, kind: str, number: int, revision: int) -> str | None:
        """A decision's or assumption's revision as it now stands."""
        if kind == "decision":
            decisions = self.store.decisions.history(number)
            return next((decision_text(r) for r in decisions if r.revision == revision), None)
        assumptions = self.store.assumptions.history(number)
        return next((assumption_text(r) for r in assumptions if r.revision == revision), None)

    # -- what was signed --

    def _contents(
        self, signed: Signoff, lines: Mapping[str, Sequence[str]], truth: _Truth | None, notes: _Notes
    ) -> None:
        text = self.store.signoffs.pack_text(signed.number)
        if digest(text) != signed.pack:
            others = [one for one in self.store.signoffs.list() if one.pack == digest(text)]
            said = (
                f"the pack that stands here is that of sign-off {others[0].number}."
                if others
                else f"the pack that was shown was edited: {pack_hint(signed, text)}"
            )
            notes.say("contents", said, chain.RESTORE)
        # A plan made again of other data tells nothing about the rows that were signed.
        same = truth is not None and truth.plan.fingerprint == signed.plan_fingerprint
        signed_lines = truth.lines if truth is not None and same else None
        for frame in sorted({*lines, *signed.frames}):
            now = lines.get(frame, ())
            if frame not in signed.frames:
                notes.say("contents", f"{frame}: these rows were not signed.", chain.RESTORE)
            elif lines_digest(now) != signed.frames[frame]:
                notes.say(
                    "contents",
                    frame_differs(signed, frame, now, signed_lines),
                    chain.RESTORE,
                )

    # -- the plan made again --

    def _replay(self, signed: Signoff, tables: dict[str, pd.DataFrame], notes: _Notes) -> _Truth | None:
        place = (signed.data_version, signed.review)
        try:
            if self.company is None or self.company[0] != place:
                verdicts = self.store.cleansing.verdicts(signed.review)
                company, made = replay.company_of(tables, signed.data_version, verdicts, self._forecasting)
                self.company = (place, company)
                self.cache.update(made)
            company = self.company[1]
            plan = replay.plan_again(company, signed.scenario_json, signed.engine, self.stop)
        except (SopError, ValueError, KeyError) as error:
            notes.say("replay", f"the plan cannot be made again: {error}", _AGAIN)
            return None
        frames = plan.frames()
        return _Truth(plan, company, {name: tuple(lines_of(frame)) for name, frame in frames.items()})

    def _forecasting(self, what: str, done: int, total: int) -> None:
        if self.stop is not None and self.stop():
            raise Interrupted("The verification was stopped.")

    def _compare(
        self,
        signed: Signoff,
        lines: Mapping[str, Sequence[str]],
        truth: _Truth,
        checked: Checked,
        notes: _Notes,
    ) -> Checked:
        plan, solver = truth.plan, truth.plan.solution.solver
        others = environment(signed, solver.engine)
        if others:
            notes.remarks.append(
                f"Signed with {listing(then for _, then, _ in others)}; planned again with "
                f"{listing(now for _, _, now in others)}: numbers are compared to a millionth."
            )
        checked = replace(checked, kpis=len(signed.kpis), engine=solver.engine, same_environment=not others)
        same, now = plan.fingerprint == signed.plan_fingerprint, kpis_of(plan)
        tolerance = replay.CLOSE if others else replay.SAME
        differ = replay.numbers_differ(now, signed.kpis, tolerance)
        # Rows that were edited in the store say nothing about the plan made again, nor do other data.
        rows = [] if notes.has("data", "contents") else _rows_again(signed, lines, truth, tolerance)
        if differ or not (same or others):
            because = " (the data changed, see above)" if notes.has("data") else ""
            if demand_digest(plan) != signed.demand_fingerprint:
                demand = "the unconstrained demand made again is not the one that was signed"
                notes.say("replay", f"{demand}{because}.", _AGAIN)
            said = kpis_named(differ) if differ else "its KPIs are the same, its fingerprint is not"
            notes.say(
                "replay", f"the plan made again is not the one that was signed{because}: {said}.", _AGAIN
            )
            notes.say("replay", first_of(rows), _AGAIN)
        elif rows and others:
            notes.remarks.append(
                f"The KPIs are the same; of the rows {len(rows):,} come out otherwise: {rows[0]}"
            )
        elif rows:
            notes.say("replay", first_of(rows), _AGAIN)
        elif not same or replay.numbers_differ(now, signed.kpis, 0.0):
            notes.remarks.append(
                f"KPIs and rows are the same to {tolerance:g}, relative, not to the last digit."
            )
        return checked

    def _second(self, signed: Signoff, truth: _Truth, checked: Checked, notes: _Notes) -> Checked:
        try:
            other = replay.plan_otherwise(truth.plan, truth.company, self.engine, self.stop)
        except SopError as error:
            notes.say("engine", f"{self.engine} finds no plan: {error}", _AGAIN)
            return checked
        worth = replay.numbers_differ(
            {"objective": other.objective}, {"objective": truth.plan.objective}, replay.CLOSE
        )
        if worth:
            notes.say(
                "engine",
                f"the best plan by {self.engine} is worth {other.objective:,.2f} (margin less penalties), the one made "
                f"again {truth.plan.objective:,.2f}.",
                _AGAIN,
            )
        differ = replay.numbers_differ(kpis_of(other), signed.kpis, replay.CLOSE)
        if differ:
            notes.say("engine", f"{self.engine} comes to other KPIs: {kpis_named(differ)}.", _AGAIN)
        return replace(checked, second=self.engine)


def verify(
    store: Store,
    number: int | None = None,
    *,
    engine: str = "",
    replay: bool = True,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Report:
    """Verifies all sign-offs of a store, or the one of that number (the chain is checked as a whole).

    engine: a second solver engine, `linprog`, by which each plan is made once more; KPIs must agree to 1e-6, relative.
    replay: whether the plans are made again; without it the check takes a second, and rows of a plan are not named.
    progress(what, done, total); stop is asked now and then: the report then tells what was checked by then.
    Raises StoreError for a number that no sign-off has, PlanError for an engine that is not there.
    """
    began = time.perf_counter()
    if engine:
        make_engine(engine)
    records = chain.read(store.signoffs.raw())
    if number is not None and all(record.number != number for record in records):
        have = f"the store has 1 to {max(r.number for r in records)}" if records else "nothing is signed yet"
        raise StoreError(f"There is no sign-off number {number}: {have}.")
    findings = list(chain.check(records, store.signoffs.head(), _locks(store)))
    broken = {finding.number for finding in findings}
    wanted = [r for r in records if number is None or r.number == number]
    verifier = _Verifier(store, engine, replay, progress or _silent, stop)
    checked: list[Checked] = []
    stopped = False
    for done, record in enumerate(wanted):
        # A record that is not the one that was signed says nothing about what it rests on.
        if record.signed is None or (record.number in broken and record.digest != record.stored):
            continue
        try:
            one, found = verifier.check(record.signed, done, len(wanted))
        except Interrupted:
            stopped = True
            break
        checked.append(one)
        findings += found
    findings += _cache(store, verifier.cache)
    return Report(
        tuple(checked), tuple(findings), len(records), engine, replay, stopped, time.perf_counter() - began
    )


def _rows_again(
    signed: Signoff, lines: Mapping[str, Sequence[str]], truth: _Truth, tolerance: float
) -> list[str]:
    """Rows of the plan made again that are not those that were signed."""
    return [
        sentence
        for frame in signed.frames
        if lines_digest(truth.lines.get(frame, ())) != signed.frames[frame]
        for sentence in replay.rows_differ(
            frame, lines.get(frame, ()), truth.lines.get(frame, ()), tolerance, " when planned again,"
        )
    ]


def _locks(store: Store) -> dict[int, str]:
    """Scenarios that are locked by a sign-off, by its number."""
    return {
        lock.signoff: scenario.name
        for scenario in store.scenarios()
        for lock in store.scenario_locks(scenario.name)
        if lock.signoff is not None
    }


def _cache(store: Store, made: Mapping[str, bytes]) -> list[Finding]:
    wrong = replay.cache_differs(made, store.forecasts) if made else 0
    if not wrong:
        return []
    some = "1 forecast is" if wrong == 1 else f"{wrong:,} forecasts are"
    return [
        Finding(
            "cache", "Forecasts kept in the store", f"{some} not what comes out when made afresh.", _CACHE
        )
    ]


def _silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""
