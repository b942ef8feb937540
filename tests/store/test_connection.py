"""Reads that are remembered until something is written."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest

from sop_core.errors import StoreError
from sop_core.scenario import Scenario
from sop_core.store import Store
from sop_core.store.connection import Connection

TEXT = Scenario("Plan B").to_json()


class Counted:
    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, cursor: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
        self.reads += 1
        return cursor.execute("SELECT * FROM kept").fetchall()


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    made = Connection(tmp_path / "a.duckdb", create=True)
    with made.write() as cursor:
        cursor.execute("CREATE TABLE kept (n INTEGER)")
    return made


def test_a_read_is_remembered_until_something_is_written(connection: Connection) -> None:
    read = Counted()
    assert connection.remembered("kept", read) == connection.remembered("kept", read) == []
    assert read.reads == 1
    with connection.write() as cursor:
        cursor.execute("INSERT INTO kept VALUES (7)")
        assert connection.remembered("kept", read) == [], "what is not written yet is nobody's business"
    assert connection.remembered("kept", read) == [(7,)]


def test_a_read_during_which_something_is_written_is_not_kept(connection: Connection) -> None:
    def slow(cursor: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
        found = cursor.execute("SELECT * FROM kept").fetchall()
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        return found

    def write() -> None:
        with connection.write() as cursor:
            cursor.execute("INSERT INTO kept VALUES (1)")

    assert connection.remembered("kept", slow) == []
    assert connection.remembered("kept", Counted()) == [(1,)]


def test_two_stores_on_one_file_see_each_others_writes(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as one, Store.open(tmp_path / "a.duckdb") as other:
        assert one.scenarios() == other.scenarios() == ()
        one.save_scenario("Plan B", TEXT, "Ada")
        assert [found.name for found in other.scenarios()] == ["Plan B"]
        other.delete_scenario("Plan B", "Ben")
        assert one.scenarios() == ()


def test_a_closed_store_remembers_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "a.duckdb")
    assert store.latest_version() == 0
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.latest_version()
