"""The store: the company's data in every version, its scenarios, its forecasts, in one DuckDB file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd

from sop_core.store import importer, lineage, look, mappings, scenarios, versions
from sop_core.store.agreements import Agreements
from sop_core.store.assumptions import Assumptions
from sop_core.store.cleansing import CleansingVerdicts
from sop_core.store.connection import Connection
from sop_core.store.ddl import first_row, migrate
from sop_core.store.decisions import Decisions
from sop_core.store.drafts import Drafts
from sop_core.store.estimates import Estimates
from sop_core.store.fingerprint import content_fingerprint
from sop_core.store.forecasts import MAX_AGE, MAX_BYTES, StoredForecasts
from sop_core.store.importer import Job, Progress
from sop_core.store.issues import Issues
from sop_core.store.lineage import ArchiveRecord, Trace
from sop_core.store.look import FileReading
from sop_core.store.meetings import Meetings
from sop_core.store.raw import Limits
from sop_core.store.reader import Upload
from sop_core.store.report import ImportReport
from sop_core.store.scenarios import LockRecord, Revision, StoredScenario
from sop_core.store.signoffs import Signoffs
from sop_core.store.understand import Hint, Options, Place, checked_hints
from sop_core.store.values import DateOrder, Decimals
from sop_core.store.versions import DataVersion


class Store:
    """An open store. Safe to share among threads: each call has its own cursor, and one write runs at a time.

    Use it in a `with` block, or call `close`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: str | Path, create: bool = True) -> Store:
        """Opens the store at `path`, making a new one where there is none and `create` is true.

        Raises StoreBusy when another process has it open, StoreVersionError when the file is not a store of
        this product or one of a newer release, StoreError when it cannot be opened.
        """
        connection = Connection(Path(path), create)
        try:
            migrate(connection.raw, str(path))
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def close(self) -> None:
        """Closes the file; a running write is waited for."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._connection.path

    # Data

    def tables(self, version: int | None = None) -> dict[str, pd.DataFrame]:
        """All contract tables as they were at a data version (None: the latest), blank = null, sorted by key.

        Types: text `str`, number and integer `float64`, bool `object` (True, False, None), date and month
        `datetime64[us]`. Raises StoreError where there is no such version.
        """
        with self._connection.cursor() as cursor:
            cursor.begin()  # one view of the data, whatever is written meanwhile
            try:
                return versions.read_tables(cursor, versions.check_version(cursor, version))
            finally:
                cursor.rollback()

    def versions(self) -> tuple[DataVersion, ...]:
        """All data versions, newest first: who, when (UTC), note, files with SHA-256, rows in and changed per
        table.
        """
        return self._connection.remembered("versions", versions.list_versions)

    def latest_version(self) -> int:
        """The newest data version; 0 where nothing was imported yet."""
        return self._connection.remembered("latest version", versions.latest_version)

    def content_fingerprint(self, version: int | None = None) -> str:
        """SHA-256 of the content at a data version; equal content gives an equal fingerprint."""
        with self._connection.cursor() as cursor:
            number = versions.check_version(cursor, version)
            row = first_row(cursor, "SELECT fingerprint FROM data_version WHERE version = ?", [number])
        return str(row[0]) if row else content_fingerprint({})

    def import_files(
        self,
        paths: Sequence[str | Path | Upload] | str | Path,
        who: str,
        mapping: Mapping[str, Mapping[str, str]] | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        *,
        note: str = "",
        date_order: DateOrder | None = None,
        decimal: Decimals | None = None,
        replace: bool = False,
        limits: Limits | None = None,
        hints: Mapping[Place, Hint] | None = None,
    ) -> ImportReport:
        """Reads and checks files or folders (CSV, XLSX, Parquet), then writes them as one new data version.

        `mapping` {table: {their column: ours, "" = leave out}} is kept for later imports. `date_order` (dmy,
        mdy, ymd) and `decimal` (. or ,) answer what a file leaves open; `hints` {(file name, sheet): Hint} say it,
        and the table, separator, encoding and header row, for one file, and are kept too. Rows replace rows of the same
        key; with `replace` each imported table becomes the whole table. With `dry_run` all is checked and
        counted and nothing is written. `progress(fraction, text)` is told how far it is. Raises DataError with
        all findings; the store is then as it was.
        """
        several = [paths] if isinstance(paths, str | Path) else list(paths)
        options = Options(date_order, decimal, limits or Limits(), checked_hints(hints))
        job = Job(who, note, mapping, options, replace, dry_run, progress)
        return importer.import_files(self._connection, several, job)

    def look_at_files(
        self,
        paths: Sequence[str | Path | Upload] | str | Path,
        mapping: Mapping[str, Mapping[str, str]] | None = None,
        *,
        hints: Mapping[Place, Hint] | None = None,
        date_order: DateOrder | None = None,
        decimal: Decimals | None = None,
        limits: Limits | None = None,
    ) -> tuple[FileReading, ...]:
        """What each file or sheet would be understood as by `import_files`: table, separator, encoding, header
        row, date order, decimal mark and columns. A file whose name is no table has the one that its columns
        look like, as a proposal (to be confirmed by a hint). Nothing is written. Raises DataError where there is
        nothing to read.
        """
        several = [paths] if isinstance(paths, str | Path) else list(paths)
        options = Options(date_order, decimal, limits or Limits(), checked_hints(hints))
        return look.look(self._connection, several, mapping, options)

    def import_tables(
        self,
        tables: Mapping[str, pd.DataFrame],
        who: str,
        note: str = "",
        *,
        dry_run: bool = False,
        replace: bool = False,
    ) -> ImportReport:
        """The same as `import_files` for frames by table name, with the same checks; empty frames are left
        out.
        """
        job = Job(who, note, None, Options(), replace, dry_run, None)
        return importer.import_frames(self._connection, tables, job)

    def mapping(self) -> dict[str, dict[str, str]]:
        """Column mappings kept from imports: {table: {their column: ours}}."""
        return mappings.stored_mapping(self._connection)

    # Forecasts

    @property
    def forecasts(self) -> StoredForecasts:
        """The forecast cache, within the usual bounds of size and age."""
        return self.forecast_cache()

    def forecast_cache(self, max_bytes: int = MAX_BYTES, max_age: dt.timedelta = MAX_AGE) -> StoredForecasts:
        """The forecast cache within bounds of its own."""
        return StoredForecasts(self._connection, max_bytes, max_age)

    # The demand review's memory

    @property
    def cleansing(self) -> CleansingVerdicts:
        """What was decided about the cleansing of history."""
        return CleansingVerdicts(self._connection)

    @property
    def estimates(self) -> Estimates:
        """Every latest estimate that was kept."""
        return Estimates(self._connection)

    @property
    def assumptions(self) -> Assumptions:
        """The register of demand assumptions."""
        return Assumptions(self._connection)

    @property
    def agreements(self) -> Agreements:
        """Agreements on the unconstrained demand."""
        return Agreements(self._connection)

    # The pre-S&OP meeting's memory

    @property
    def decisions(self) -> Decisions:
        """The list of decisions for the executives."""
        return Decisions(self._connection)

    @property
    def issues(self) -> Issues:
        """The list of open issues."""
        return Issues(self._connection)

    @property
    def meetings(self) -> Meetings:
        """Meetings, each with its newest state."""
        return Meetings(self._connection)

    # The executive review's memory

    @property
    def signoffs(self) -> Signoffs:
        """The chain of signed plans."""
        return Signoffs(self._connection)

    # Scenarios

    def scenarios(self) -> tuple[StoredScenario, ...]:
        """All scenarios by name."""
        return self._connection.remembered("scenarios", scenarios.list_scenarios)

    def load_scenario(self, name: str) -> StoredScenario:
        """The scenario of that name. Raises StoreError naming those that exist."""
        with self._connection.cursor() as cursor:
            return scenarios.get(cursor, name)

    def save_scenario(
        self,
        name: str,
        json: str,
        owner: str,
        expected_revision: int | None = None,
        *,
        parent: str | None = None,
        source: tuple[str, int] | None = None,
    ) -> StoredScenario:
        """Saves a scenario's JSON text as a new revision.

        `expected_revision` is the revision that was opened (0: it must be new; None: whatever is there).
        Raises StoreError when someone else saved in between, or the parent does not exist. `parent` defaults
        to the JSON object's own `parent`. `source`: the scenario and its revision that this one branches from
        or has merged in.
        """
        with self._connection.write() as cursor:
            scenarios.save(cursor, name, json, owner, expected_revision, parent, source)
            return scenarios.get(cursor, scenarios.checked_name(name))

    def rename_scenario(self, name: str, new_name: str, who: str) -> StoredScenario:
        """Gives a scenario another name; its children follow."""
        with self._connection.write() as cursor:
            scenarios.rename(cursor, name, new_name, who)
            return scenarios.get(cursor, scenarios.checked_name(new_name))

    def duplicate_scenario(self, name: str, new_name: str, owner: str) -> StoredScenario:
        """Copies a scenario under a new name."""
        with self._connection.write() as cursor:
            scenarios.duplicate(cursor, name, new_name, owner)
            return scenarios.get(cursor, scenarios.checked_name(new_name))

    def delete_scenario(self, name: str, who: str) -> None:
        """Deletes a scenario; its history stays. Raises StoreError while anything uses it."""
        with self._connection.write() as cursor:
            scenarios.delete(cursor, name, who)

    def lock_scenario(self, name: str, who: str, reason: str) -> StoredScenario:
        """Locks a scenario: from now on it is neither saved over, renamed nor deleted; duplicates are free.
        Raises StoreError where it is locked already.
        """
        with self._connection.write() as cursor:
            scenarios.lock(cursor, name, who, reason)
            return scenarios.get(cursor, name)

    def unlock_scenario(self, name: str, who: str, reason: str) -> StoredScenario:
        """Takes a lock off that a person put on; one of an agreement goes by reopening the agreement, one of a sign-off
        never."""
        with self._connection.write() as cursor:
            scenarios.unlock(cursor, name, who, reason)
            return scenarios.get(cursor, name)

    def scenario_locks(self, name: str) -> tuple[LockRecord, ...]:
        """Every lock put on a scenario and taken off it, newest first."""
        with self._connection.cursor() as cursor:
            return scenarios.lock_history(cursor, name)

    def scenario_history(self, name: str) -> tuple[Revision, ...]:
        """Every revision of a scenario, newest first; also of one that was deleted."""
        with self._connection.cursor() as cursor:
            return scenarios.history(cursor, name)

    def archive_scenario(self, name: str, who: str, reason: str = "") -> StoredScenario:
        """Takes a scenario out of the lists; it stays whole. Raises StoreError where it is archived already."""
        return self._archive(name, True, who, reason)

    def unarchive_scenario(self, name: str, who: str, reason: str = "") -> StoredScenario:
        """Brings an archived scenario back. Raises StoreError where it is not archived."""
        return self._archive(name, False, who, reason)

    def _archive(self, name: str, put: bool, who: str, reason: str) -> StoredScenario:
        with self._connection.write() as cursor:
            lineage.archive(cursor, name, put, who, reason)
            return scenarios.get(cursor, name)

    def scenario_archives(self, name: str) -> tuple[ArchiveRecord, ...]:
        """Every time a scenario was archived or brought back, newest first."""
        with self._connection.cursor() as cursor:
            return lineage.archive_history(cursor, name)

    def common_ancestor(self, one: str, other: str) -> Revision | None:
        """The revision that two scenarios come from; None where they have only the base in common."""
        with self._connection.cursor() as cursor:
            return lineage.common_ancestor(cursor, one, other)

    def trace_scenario(self, name: str) -> Trace | None:
        """What became of the scenario that bore this name last; None where there never was one."""
        with self._connection.cursor() as cursor:
            return lineage.trace(cursor, name)

    @property
    def drafts(self) -> Drafts:
        """Unsaved work on scenarios, by session."""
        return Drafts(self._connection)
