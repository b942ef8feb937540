"""Marks name the rows that changed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.schema import TABLES
from sop_core.signoff.marks import compare, marks, table_digest, table_digests
from sop_core.store import Store


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    with Store.open(tmp_path_factory.mktemp("marks") / "a.duckdb") as store:
        months = pd.date_range("2024-01-01", periods=24, freq="MS")
        sales = pd.DataFrame(
            [
                {"month": m, "product": p, "region": r, "quantity": 10.0 + n}
                for n, m in enumerate(months)
                for p in ("P1", "P2")
                for r in ("North", None)
            ]
        )
        store.import_tables({"sales": sales, "products": pd.DataFrame({"product": ["P1", "P2"]})}, "test")
        return store.tables()


def test_a_mark_a_row_for_every_table_that_has_rows(tables: dict[str, pd.DataFrame]) -> None:
    found = marks(tables)
    assert {name: len(mark) for name, mark in found.items()} == {"products": 2 * 16, "sales": 96 * 16}
    assert set(table_digests(tables)) == {"products", "sales"}
    assert compare("sales", found["sales"], tables["sales"]) == []


def test_marks_are_those_written_down_once(tables: dict[str, pd.DataFrame]) -> None:
    """They are kept in stores for years: no version of a library, and no edit of ours, may change them."""
    frame = pd.DataFrame({name: [None] for name in TABLES["products"].names})
    frame = frame.assign(product="P1", price=12.5, launch=pd.Timestamp("2026-03-01"))
    for column in TABLES["products"].columns:
        kind = {"number": "float64", "integer": "float64", "text": "str", "date": "datetime64[us]"}.get(
            column.kind
        )
        if kind:
            frame[column.name] = frame[column.name].astype(kind)
    assert marks({"products": frame})["products"].hex() == "d65cca1972796db552353f338ebaa755"


CHANGES: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "changed": (
        lambda f: f.assign(quantity=f["quantity"].where(np.arange(len(f)) != 6, 99.0)),
        "sales, Feb 24, product P2: its values differ from those that were signed.",
    ),
    "missing": (lambda f: f.drop(index=6), "sales: 1 row that was signed is missing."),
    "added": (
        lambda f: pd.concat([f, f.tail(1).assign(product="P9")], ignore_index=True),
        "sales, Dec 25, product P9, region North: was not there when the plan was signed.",
    ),
    "twice": (
        lambda f: pd.concat([f, f.tail(1)], ignore_index=True),
        "sales: 97 rows where 96 were signed; some stand there twice.",
    ),
    "emptied": (lambda f: f.iloc[:0], "sales: 96 rows that were signed are missing."),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_happened_is_named(case: str, tables: dict[str, pd.DataFrame]) -> None:
    change, sentence = CHANGES[case]
    assert compare("sales", marks(tables)["sales"], change(tables["sales"])) == [sentence]
    assert table_digest("sales", change(tables["sales"])) != table_digest("sales", tables["sales"])


def test_many_are_counted_after_the_first_twenty(tables: dict[str, pd.DataFrame]) -> None:
    found = compare("sales", marks(tables)["sales"], tables["sales"].assign(quantity=1.0))
    assert len(found) == 21
    assert found[-1] == "and 76 more."


def test_a_column_that_the_contract_gains_changes_no_mark(
    tables: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column without values is as if it were not there, wherever it stands."""
    import dataclasses

    before = marks(tables)
    old = TABLES["sales"]
    gained = dataclasses.replace(old.columns[-1], name="new_column", kind="text", key=False)
    table = dataclasses.replace(old, columns=(old.columns[0], gained, *old.columns[1:]))
    monkeypatch.setattr("sop_core.signoff.marks.TABLES", {**TABLES, "sales": table})
    assert marks({**tables, "sales": tables["sales"].assign(new_column=pd.Series(dtype="str"))}) == before


def test_a_blank_key_is_its_default(tables: dict[str, pd.DataFrame]) -> None:
    """Then the row is the same one, with other values: its region is said now."""
    named = tables["sales"].assign(region=tables["sales"]["region"].fillna("All"))
    found = compare("sales", marks(tables)["sales"], named)
    assert len(found) == 21
    assert found[0] == "sales, Jan 24, product P1, region All: its values differ from those that were signed."


def test_what_is_no_mark_is_refused(tables: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ValueError, match="not marks"):
        compare("sales", b"1234567", tables["sales"])


@given(at=st.integers(0, 95), column=st.sampled_from(["quantity", "revenue"]), value=st.floats(-1e9, 1e9))
def test_any_other_number_in_any_row_is_found(
    at: int, column: str, value: float, tables: dict[str, pd.DataFrame]
) -> None:
    frame = tables["sales"].copy()
    before = frame.loc[at, column]
    frame.loc[at, column] = value
    found = compare("sales", marks(tables)["sales"], frame)
    assert len(found) == (0 if value == before else 1)
