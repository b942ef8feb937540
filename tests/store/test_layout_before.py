"""A store written before drafts, meetings, decisions, issues and sign-offs had tables: it opens, and all of them work
in it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sop_core.changes import DemandGrowth
from sop_core.cycle.decision import Decision
from sop_core.cycle.issue import Issue
from sop_core.cycle.meeting import Meeting
from sop_core.scenario import Scenario
from sop_core.store import Store
from sop_core.store.connection import Connection
from sop_core.store.ddl import MIGRATIONS, migrate
from sop_core.store.drafts import Draft

PEAK = Scenario("Peak").add(DemandGrowth(pct=0.05))


def _names(connection: Connection, kind: str) -> set[tuple[str, str]]:
    """(schema, name) of every table or sequence."""
    found = connection.raw.execute(f"SELECT schema_name, {kind}_name FROM duckdb_{kind}s()").fetchall()
    return {(schema, name) for schema, name in found}


def _columns(connection: Connection) -> set[tuple[str, str]]:
    """(table, column) of every table that is not of the data contract."""
    found = connection.raw.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal"
    ).fetchall()
    return {(table, column) for table, column in found}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Three migrations, a data version, a scenario with two revisions and a lock."""
    path = tmp_path / "old.duckdb"
    with Store.open(path) as store:
        store.import_tables({"regions": pd.DataFrame({"region": ["N"]})}, "anna")
        store.save_scenario("Peak", PEAK.to_json(), "anna")
        store.save_scenario("Peak", PEAK.add(DemandGrowth(pct=0.02)).to_json(), "ben", 1)
        store.lock_scenario("Peak", "ben", "agreed")
    fresh = Connection(tmp_path / "three.duckdb", create=True)
    migrate(fresh.raw, str(tmp_path / "three.duckdb"), MIGRATIONS[:3])
    had = {kind: _names(fresh, kind) for kind in ("table", "sequence")}
    columns = _columns(fresh)
    fresh.close()
    connection = Connection(path, create=False)
    for kind, names in had.items():
        for schema, name in _names(connection, kind) - names - {("data", "regions")}:
            connection.raw.execute(f'DROP {kind} "{schema}"."{name}"')
    for table, column in _columns(connection) - columns:
        connection.raw.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
    connection.raw.execute("DELETE FROM store_layout WHERE version > 3")
    connection.close()
    return path


def test_it_opens_with_its_scenarios_and_takes_all_that_is_new(old: Path) -> None:
    with Store.open(old, create=False) as store:
        assert [(s.name, s.revision) for s in store.scenarios()] == [("Peak", 2)]
        assert store.scenario_locks("Peak")[0].who == "ben"
        store.archive_scenario("Peak", "ben", "superseded")
        store.unarchive_scenario("Peak", "ben")
        store.drafts.keep(Draft("token", "Peak", "anna", 2, PEAK.to_json(), PEAK.to_json()))
        record = store.meetings.open(
            Meeting("Pre-S&OP", opened=1.0).join("a", "Ada", 1.0), np.datetime64("2026-11", "M"), "Ada"
        )
        moved = record.meeting.set_lever("a", DemandGrowth(pct=0.02))
        store.meetings.write(record.id, record.number + 1, moved, "Ada")
        store.decisions.add(Decision("Overtime in February", scenario="Peak", owner="Ada"), "Ada")
        store.issues.add(Issue("Who pays the shift", ("Sales", "Production"), "Ada"), "Ada")
    with Store.open(old, create=False) as store:
        assert [(r.revision, r.who) for r in store.scenario_history("Peak")] == [(2, "ben"), (1, "anna")]
        assert len(store.drafts.of("token")) == 1
        assert store.meetings.get(record.id).meeting.to_json() == moved.to_json()
        assert [r.value.title for r in store.decisions.list()] == ["Overtime in February"]
        assert [r.value.title for r in store.issues.list()] == ["Who pays the shift"]
