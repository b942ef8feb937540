"""Data versions: written by key, read back exactly, for ever."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sop_core.errors import DataError, StoreError
from sop_core.schema import TABLES
from sop_core.store import Store
from sop_core.store.fingerprint import content_fingerprint


def products(*rows: tuple[str, float]) -> dict[str, pd.DataFrame]:
    return {"products": pd.DataFrame(rows, columns=["product", "price"])}


def test_a_new_store_is_empty_and_has_every_table(store: Store) -> None:
    assert store.latest_version() == 0
    assert store.versions() == ()
    tables = store.tables()
    assert list(tables) == list(TABLES)
    assert all(tuple(tables[name].columns) == TABLES[name].names for name in TABLES)
    assert sum(map(len, tables.values())) == 0


def test_values_come_back_as_they_went_in(store: Store) -> None:
    store.import_tables(
        {
            "products": pd.DataFrame(
                {
                    "product": ["B", "A"],
                    "price": [0.1 + 0.2, None],
                    "launch": [None, pd.Timestamp("2026-02-03")],
                }
            ),
            "segments": pd.DataFrame(
                {"segment": ["x", "y"], "priority": [1, None], "backorders": [False, None]}
            ),
            "sales": pd.DataFrame({"month": ["2026-03-15"], "product": ["A"], "quantity": [-2.5]}),
        },
        who="tester",
    )
    tables = store.tables()
    assert list(tables["products"]["product"]) == ["A", "B"]
    assert tables["products"]["price"].iloc[1] == 0.1 + 0.2
    assert np.isnan(tables["products"]["price"].iloc[0])
    assert tables["products"]["launch"].iloc[0] == pd.Timestamp("2026-02-03")
    assert pd.isna(tables["products"]["launch"].iloc[1])
    assert list(tables["segments"]["backorders"]) == [False, None]
    assert tables["segments"]["priority"].dtype == np.float64
    assert tables["sales"]["month"].iloc[0] == pd.Timestamp("2026-03-01")
    assert str(tables["sales"]["month"].dtype) == "datetime64[us]"
    assert pd.isna(tables["sales"]["region"].iloc[0])


def test_import_replaces_by_key_and_keeps_the_rest(store: Store) -> None:
    store.import_tables(products(("A", 1), ("B", 2), ("C", 3)), "anna", note="first")
    report = store.import_tables(products(("B", 20), ("C", 3), ("D", 4)), "ben")
    counts = report.tables["products"]
    assert (counts.rows_in, counts.added, counts.changed, counts.unchanged) == (3, 1, 1, 1)
    now = store.tables()["products"]
    assert dict(zip(now["product"], now["price"], strict=True)) == {"A": 1, "B": 20, "C": 3, "D": 4}
    then = store.tables(1)["products"]
    assert dict(zip(then["product"], then["price"], strict=True)) == {"A": 1, "B": 2, "C": 3}


def test_replace_makes_the_import_the_whole_table(store: Store) -> None:
    store.import_tables(products(("A", 1), ("B", 2)), "anna")
    report = store.import_tables(products(("B", 2)), "anna", replace=True)
    assert report.tables["products"].removed == 1
    assert list(store.tables()["products"]["product"]) == ["B"]
    assert list(store.tables(1)["products"]["product"]) == ["A", "B"]


def test_replacing_a_list_that_other_rows_need_is_refused(store: Store) -> None:
    store.import_tables(
        products(("A", 1), ("B", 2))
        | {"sales": pd.DataFrame({"month": ["2026-01"], "product": ["A"], "quantity": [1]})},
        "anna",
    )
    with pytest.raises(DataError, match="'A'"):
        store.import_tables(products(("B", 2)), "anna", replace=True)
    assert store.latest_version() == 1


def test_blank_and_default_are_one_key(store: Store) -> None:
    """A blank region means All, so a row for All replaces it."""
    sale = {"month": ["2026-01"], "product": ["A"], "quantity": [1.0]}
    store.import_tables({"sales": pd.DataFrame(sale)}, "anna")
    report = store.import_tables(
        {"sales": pd.DataFrame(sale | {"region": ["All"], "quantity": [2.0]})}, "anna"
    )
    assert report.tables["sales"].changed == 1
    assert list(store.tables()["sales"]["quantity"]) == [2.0]


def test_blank_keys_without_default_match_each_other_only(store: Store) -> None:
    line = {"month": ["2026-01"], "revenue": [1.0]}
    store.import_tables({"budget": pd.DataFrame(line | {"family": ["F"]})}, "anna")
    store.import_tables({"budget": pd.DataFrame(line)}, "anna")
    report = store.import_tables({"budget": pd.DataFrame(line | {"revenue": [5.0]})}, "anna")
    assert report.tables["budget"].changed == 1
    budget = store.tables()["budget"]
    assert sorted(budget["revenue"]) == [1.0, 5.0]


def test_versions_tell_who_when_and_what(store: Store, write, tmp_path: Path) -> None:
    path = write("products.csv", "product,price\nA,1\n")
    store.import_files(path, "anna", note="price list")
    (version,) = store.versions()
    assert (version.version, version.who, version.note) == (1, "anna", "price list")
    assert version.at.tzinfo is not None
    (file,) = version.files
    assert (file.name, len(file.sha256), file.size) == ("products.csv", 64, path.stat().st_size)
    assert version.tables["products"].added == 1
    assert version.fingerprint == store.content_fingerprint(1)


def test_fingerprint_is_of_content_alone(store: Store) -> None:
    store.import_tables(products(("A", 1), ("B", 2)), "anna")
    store.import_tables(products(("B", 2), ("A", 1)), "ben", note="again")
    assert store.content_fingerprint(1) == store.content_fingerprint(2)
    assert store.content_fingerprint(1) == content_fingerprint(store.tables(1))
    store.import_tables(products(("B", 2.0000001)), "ben")
    assert store.content_fingerprint(3) != store.content_fingerprint(2)
    assert store.content_fingerprint(0) == content_fingerprint({})


def test_an_unknown_version_is_told(store: Store) -> None:
    store.import_tables(products(("A", 1)), "anna")
    with pytest.raises(StoreError, match="versions 1 to 1"):
        store.tables(2)
    with pytest.raises(StoreError, match="no data version -1"):
        store.content_fingerprint(-1)


def test_losing_values_by_a_shorter_file_is_warned_of(store: Store) -> None:
    store.import_tables(products(("A", 1), ("B", 2)), "anna")
    report = store.import_tables({"products": pd.DataFrame({"product": ["A"], "name": ["Anvil"]})}, "anna")
    assert [f.column for f in report.warnings] == ["price"]
    assert np.isnan(store.tables()["products"]["price"].iloc[0])


def test_dry_run_counts_and_writes_nothing(store: Store) -> None:
    report = store.import_tables(products(("A", 1)), "anna", dry_run=True)
    assert report.version is None
    assert report.tables["products"].added == 1
    assert store.latest_version() == 0
    assert not len(store.tables()["products"])


imports = st.lists(
    st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=5),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(imports)
def test_every_version_equals_the_imports_up_to_it(tmp_path_factory: pytest.TempPathFactory, batches) -> None:
    """Replayed on a dictionary, each version holds exactly what the imports so far say."""
    with Store.open(tmp_path_factory.mktemp("s") / "s.duckdb") as store:
        expected: list[dict[str, float]] = [{}]
        for batch in batches:
            store.import_tables(products(*batch.items()), "tester")
            expected.append(expected[-1] | batch)
        for version, content in enumerate(expected):
            frame = store.tables(version)["products"]
            assert dict(zip(frame["product"], frame["price"], strict=True)) == content


def test_threads_read_whole_versions_while_one_writes(store: Store) -> None:
    """Readers never see half an import, and writers wait for each other instead of failing."""
    store.import_tables(products(("A", 0), ("B", 0)), "anna")
    problems: list[object] = []

    def write(price: float) -> None:
        try:
            store.import_tables(products(("A", price), ("B", price)), "ben")
        except Exception as error:  # noqa: BLE001 - kept for the assertion below
            problems.append(error)

    def read() -> None:
        try:
            for _ in range(8):
                frame = store.tables()["products"]
                if frame["price"].nunique() != 1 or len(frame) != 2:
                    problems.append(frame)
        except Exception as error:  # noqa: BLE001 - kept for the assertion below
            problems.append(error)

    threads = [threading.Thread(target=write, args=(float(n),)) for n in range(1, 5)]
    threads += [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert store.latest_version() == 5
