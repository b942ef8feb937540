"""Opening a store: what is not one, one process at a time, migrations, and survival of a kill."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from sop_core.errors import StoreBusy, StoreError, StoreVersionError
from sop_core.scenario import Scenario
from sop_core.store import Store, open_store
from sop_core.store.connection import Connection
from sop_core.store.ddl import MIGRATIONS, migrate

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


OPEN = """
import sys
from sop_core.errors import StoreBusy
from sop_core.store import Store
try:
    Store.open(sys.argv[1]).close()
    print("opened")
except StoreBusy as error:
    print("busy:", error)
"""


def test_a_second_process_gets_one_clear_sentence(store: Store) -> None:
    """Also when the holder opens the file twice: looking into an open file would drop its lock."""
    Store.open(store.path).close()
    said = run(OPEN, str(store.path)).stdout.strip()
    assert said.startswith("busy:")
    assert "is open in another process" in said
    assert len(said.splitlines()) == 1
    store.close()
    assert run(OPEN, str(store.path)).stdout.strip() == "opened"


def test_two_stores_of_one_process_share_the_writer(store: Store) -> None:
    with open_store(store.path) as twin:
        twin.import_tables({"regions": pd.DataFrame({"region": ["N"]})}, "anna")
        assert store.latest_version() == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"unique_id,ds,y\na,2020-01-01,1\n", b"{}", b"hello" * 5000],
    ids=["empty", "csv", "json", "text"],
)
def test_other_files_are_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "company.duckdb"
    path.write_bytes(content)
    with pytest.raises(StoreVersionError, match="not a store of this product"):
        Store.open(path)
    assert path.read_bytes() == content


def test_another_duckdb_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE thing (x INTEGER)")
    with pytest.raises(StoreVersionError, match="not a store of this product"):
        Store.open(path)
    with duckdb.connect(str(path)) as con:
        assert con.execute("SELECT count(*) FROM information_schema.tables").fetchall() == [(1,)]


def test_a_store_of_a_newer_release_is_refused(store: Store) -> None:
    path = store.path
    store.close()
    with duckdb.connect(str(path)) as con:
        con.execute("INSERT INTO store_layout VALUES (?, now()::TIMESTAMP)", [len(MIGRATIONS) + 1])
    with pytest.raises(StoreVersionError, match="newer release"):
        Store.open(path)


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        Store.open(tmp_path)
    with pytest.raises(StoreError, match="no folder"):
        Store.open(tmp_path / "nowhere" / "s.duckdb")
    with pytest.raises(StoreError, match="no store at"):
        Store.open(tmp_path / "s.duckdb", create=False)
    with pytest.raises(StoreError, match="named like a data file"):
        Store.open(tmp_path / "sales.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.latest_version()


def test_migrations_run_forward_once_and_in_order(tmp_path: Path) -> None:
    ran: list[str] = []

    def second(con: duckdb.DuckDBPyConnection) -> None:
        ran.append("second")
        con.execute("CREATE TABLE added (x INTEGER)")

    path = tmp_path / "s.duckdb"
    with Store.open(path) as store:
        store.import_tables({"regions": pd.DataFrame({"region": ["N"]})}, "anna")
    for _ in range(2):
        connection = Connection(path, create=False)
        migrate(connection.raw, str(path), (*MIGRATIONS, second))
        connection.close()
    assert ran == ["second"]


def test_a_store_of_the_first_release_opens_with_all_that_it_holds(tmp_path: Path) -> None:
    """The first release knew two migrations, no elasticities and no past forecasts."""
    path = tmp_path / "s.duckdb"
    connection = Connection(path, create=True)
    migrate(connection.raw, str(path), MIGRATIONS[:2])
    connection.raw.execute("ALTER TABLE data.products DROP COLUMN elasticity")
    connection.raw.execute("ALTER TABLE data.launches DROP COLUMN stage")
    connection.raw.execute("DROP TABLE data.past_forecasts")
    connection.raw.execute(
        "INSERT INTO data_version VALUES (1, 'anna', TIMESTAMP '2026-01-05 10:00', 'first', 'mark')"
    )
    connection.raw.execute(
        "INSERT INTO data.products (product, price, from_version) VALUES ('Anvil', 10.0, 1)"
    )
    connection.raw.execute("INSERT INTO forecast VALUES ('key', 'fit'::BLOB, now()::TIMESTAMP)")
    text = Scenario.base().rename("Plan B").to_json()
    connection.raw.execute(
        "INSERT INTO scenario VALUES (nextval('scenario_id'), 'Plan B', 'anna', NULL, ?, now()::TIMESTAMP,"
        " now()::TIMESTAMP, 1)",
        [text],
    )
    connection.raw.execute(
        "INSERT INTO scenario_revision SELECT id, 1, 'saved', name, owner, created, json FROM scenario"
    )
    connection.close()
    for _ in range(2):  # opened again, nothing is left to migrate
        with Store.open(path) as store:
            products = store.tables()["products"]
            assert products["product"].tolist() == ["Anvil"]
            assert products["elasticity"].isna().all()
            assert store.tables()["past_forecasts"].empty
            assert [stored.json for stored in store.scenarios()] == [text]
            assert [stored.locked for stored in store.scenarios()] == [None]
            assert store.forecasts.get_many(["key"]) == {"key": b"fit"}
            assert (store.cleansing.revision(), store.estimates.newest()) == (0, 0)
            assert (store.assumptions.list(), store.agreements.list()) == ((), ())
    with Store.open(path) as store:
        store.lock_scenario("Plan B", "anna", "agreed")
        assert store.scenarios()[0].locked
        store.import_tables({"regions": pd.DataFrame({"region": ["N"]})}, "anna")
        assert store.latest_version() == 2
    with duckdb.connect(str(path)) as con:
        layouts = con.execute("SELECT version FROM store_layout ORDER BY version").fetchall()
    assert layouts == [(n,) for n in range(1, len(MIGRATIONS) + 1)]


def test_a_failed_migration_changes_nothing(tmp_path: Path) -> None:
    def broken(con: duckdb.DuckDBPyConnection) -> None:
        con.execute("CREATE TABLE half (x INTEGER)")
        raise RuntimeError("power cut")

    path = tmp_path / "s.duckdb"
    Store.open(path).close()
    connection = Connection(path, create=False)
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(connection.raw, str(path), (*MIGRATIONS, broken))
    connection.close()
    with duckdb.connect(str(path)) as con:
        assert con.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_name = 'half'"
        ).fetchall() == [(0,)]
    Store.open(path).close()


def test_columns_that_the_contract_gained_are_added(store: Store) -> None:
    """A store of an older release reads on: the new column is blank, and old fingerprints stay."""
    store.import_tables({"regions": pd.DataFrame({"region": ["N"]})}, "anna")
    path, mark = store.path, store.content_fingerprint()
    store.close()
    with duckdb.connect(str(path)) as con:
        con.execute('ALTER TABLE data.regions DROP COLUMN "group"')
        con.execute("DROP TABLE data.targets")
    with Store.open(path) as again:
        assert again.tables()["regions"]["group"].isna().all()
        assert again.content_fingerprint() == mark
        assert len(again.tables()["targets"]) == 0


VICTIM = """
import sys
import pandas as pd
from sop_core.store import Store
store = Store.open(sys.argv[1])
kind = sys.argv[2]
print("ready", flush=True)
n = 1
while True:
    n += 1
    if kind == "import":
        months = pd.date_range("2015-01-01", periods=120, freq="MS")
        rows = [(m, f"P{p}", float(n)) for m in months for p in range(40)]
        store.import_tables({"sales": pd.DataFrame(rows, columns=["month", "product", "quantity"])}, "victim")
    else:
        store.save_scenario("What-if", '{"name": "What-if", "changes": [%d]}' % n + " " * 50_000, "victim")
    print(n, flush=True)
"""


@pytest.mark.parametrize("kind", ["import", "scenario"])
@pytest.mark.parametrize("delay", [0.03, 0.13, 0.29])
def test_a_kill_in_mid_write_leaves_whole_content(tmp_path: Path, kind: str, delay: float) -> None:
    """Killed at an arbitrary moment of a loop of writes, the store opens with one whole write, old or new."""
    path = tmp_path / "s.duckdb"
    Store.open(path).close()
    process = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(path), kind], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    if kind == "import":
        process.stdout.readline()
    time.sleep(delay)
    process.kill()
    told = [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    with Store.open(path) as store:
        if kind == "import":
            sales = store.tables()["sales"]
            assert len(sales) == 40 * 120
            assert sales["quantity"].nunique() == 1
            assert sales["quantity"].iloc[0] == store.latest_version() + 1
            assert store.latest_version() + 1 >= max(told, default=2)
            assert len(store.versions()) == store.latest_version()
            for version in (1, store.latest_version()):
                assert store.tables(version)["sales"]["quantity"].unique().tolist() == [version + 1.0]
        else:
            saved = store.scenarios()
            assert len(saved) <= 1
            for scenario in saved:
                assert scenario.revision + 1 >= max(told, default=0)
                assert f"[{scenario.revision + 1}]" in scenario.json
                assert len(store.scenario_history(scenario.name)) == scenario.revision
        store.import_tables({"regions": pd.DataFrame({"region": ["N"]})}, "after")


def test_busy_is_a_store_error() -> None:
    assert issubclass(StoreBusy, StoreError)
