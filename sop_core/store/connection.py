"""The one connection to a store's file: opening, cursors, the write lock, transactions."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast
from weakref import WeakValueDictionary

import duckdb

from sop_core.errors import StoreBusy, StoreError, StoreVersionError

Answer = TypeVar("Answer")

#: The store needs neither extensions nor other files, so DuckDB may reach for none.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


_OTHER_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".parquet", ".xlsx", ".xls")


class _WriteLock:
    """A reentrant lock that can be referred to weakly, and the number of transactions written under it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.written = 0


# DuckDB shares one database instance among all connections of a process to one file, so its write lock is
# shared likewise: one per path for as long as a connection lives. This is the package's only module state.
_LOCKS: WeakValueDictionary[str, _WriteLock] = WeakValueDictionary()
_LOCKS_GUARD = threading.Lock()


class Connection:
    """One DuckDB connection: a cursor per call, one writer at a time."""

    def __init__(self, path: Path, create: bool) -> None:
        self.path = path
        key = str(path.resolve())
        with _LOCKS_GUARD:
            _check_path(path, create)
            # Only a file that this process does not have open may be looked into: closing any handle on it
            # would drop the lock that keeps other processes out (POSIX).
            if key not in _LOCKS and path.exists():
                _refuse_other_files(path)
            self._connection = _connect(path)
            self._writer = _LOCKS.setdefault(key, _WriteLock())
        self._closed = False
        self._known: dict[Hashable, tuple[int, object]] = {}

    def remembered(self, what: Hashable, read: Callable[[duckdb.DuckDBPyConnection], Answer]) -> Answer:
        """What a read gives: from memory where nothing was written since. For small answers that nobody changes and
        that every screen asks for."""
        # Noted before reading: what is written meanwhile makes the answer one of before.
        written = self._writer.written
        known = self._known.get(what)
        if known is not None and known[0] == written and not self._closed:
            return cast(Answer, known[1])
        with self.cursor() as cursor:
            found = read(cursor)
        self._known[what] = (written, found)
        return found

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own for reading. Raises StoreError when the store is closed."""
        if self._closed:
            raise StoreError(f"The store {self.path} is closed. Open it again.")
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def write(self, *, keep: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction under the write lock; rolled back on any exception, and unless `keep`."""
        with self._writer.lock, self.cursor() as cursor:
            cursor.begin()
            try:
                yield cursor
            except duckdb.OperationalError as error:  # the disk or the memory, not the query
                cursor.rollback()
                raise _not_written(error, self.path) from error
            except BaseException:
                cursor.rollback()
                raise
            if keep:
                try:
                    _commit(cursor, self.path)
                finally:
                    self._writer.written += 1
            else:
                cursor.rollback()

    @property
    def raw(self) -> duckdb.DuckDBPyConnection:
        """The connection itself, for migrations while opening."""
        return self._connection

    def close(self) -> None:
        """Waits for a running write, then closes. Closing twice is harmless."""
        with self._writer.lock:
            if not self._closed:
                self._closed = True
                self._connection.close()


def _commit(cursor: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        cursor.commit()
    except duckdb.Error as error:
        raise _not_written(error, path) from error


def _not_written(error: duckdb.Error, path: Path) -> StoreError:
    return StoreError(
        f"The store {path} could not be written: {_first_line(error)}. "
        "Nothing was changed. Check that the disk has room, then try again."
    )


def _check_path(path: Path, create: bool) -> None:
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder. Name a file for the store, for example {path / 'company.duckdb'}."
        )
    if not path.exists():
        if not create:
            raise StoreError(f"There is no store at {path}. Check the path, or load data into it first.")
        if path.suffix.lower() in _OTHER_SUFFIXES:
            raise StoreError(
                f"{path} is named like a data file. Name the store for example {path.stem}.duckdb."
            )
        if not path.parent.is_dir():
            raise StoreError(
                f"There is no folder {path.parent}. Create it, or choose another path for the store."
            )


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), config=_CONFIG)
    except duckdb.Error as error:
        raise _explained(error, path) from error
    except PermissionError as error:
        raise StoreError(f"{path} may not be opened: {error.strerror}. Check who owns the file.") from error


def _refuse_other_files(path: Path) -> None:
    """DuckDB opens a CSV or JSON file as if it were a database; a store is a DuckDB file and nothing else."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError as error:
        raise StoreError(f"{path} may not be read ({error.strerror}). Check who owns the file.") from error
    if start[8:12] != b"DUCK":
        raise StoreVersionError(f"{path} is not a store of this product. Choose another path for the store.")


def _explained(error: duckdb.Error, path: Path) -> StoreError:
    text = str(error)
    if "lock" in text.lower() and "conflicting" in text.lower():
        holder = re.search(r"PID (\d+)", text)
        who = f" (process {holder.group(1)})" if holder else ""
        return StoreBusy(f"{path} is open in another process{who}. Close that one, then try again.")
    if "not a valid duckdb database" in text.lower():
        return StoreVersionError(f"{path} is not a store of this product. Choose another path for the store.")
    if "version" in text.lower() and ("newer" in text.lower() or "storage" in text.lower()):
        return StoreVersionError(
            f"{path} was written by a newer release. Update the program, or open another store. "
            f"({_first_line(error)})"
        )
    if "permission denied" in text.lower() or "read-only" in text.lower():
        return StoreError(f"{path} may not be written. Check who owns the file and its folder.")
    return StoreError(
        f"{path} cannot be opened: {_first_line(error)}. Restore it from a copy if it is damaged."
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
