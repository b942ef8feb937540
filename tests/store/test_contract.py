"""The contract's page and templates come from the declarations; safe files for spreadsheets."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.errors import SopError
from sop_core.export.tables import FORMULA_STARTS, safe_csv, write_whole
from sop_core.schema import SETTINGS, TABLES
from sop_core.store.contract import reference_page, template_csv


def test_the_page_is_what_the_declarations_say(root: Path) -> None:
    """After a change: python -m sop_core.store.contract"""
    assert (root / "docs" / "data-contract.md").read_text(encoding="utf-8") == reference_page()


def test_the_templates_are_what_the_declarations_say(root: Path) -> None:
    folder = root / "data" / "templates"
    assert {path.name for path in folder.iterdir()} == {f"{name}.csv" for name in TABLES}
    for table in TABLES.values():
        assert (folder / f"{table.name}.csv").read_bytes() == template_csv(table)


def test_the_page_names_every_table_column_and_setting() -> None:
    page = reference_page()
    for table in TABLES.values():
        section = page.split(f"## {table.name}\n")[1].split("\n## ")[0]
        for column in table.columns:
            assert f"| **{column.name}** |" in section if column.required else f"| {column.name} |" in section
    for name in SETTINGS:
        assert f"| {name} |" in page.split("## The settings")[1]


@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=8), min_size=1
    )
)
def test_no_text_cell_can_be_taken_for_a_formula(texts: list[str]) -> None:
    content = safe_csv(pd.DataFrame({"x": pd.Series(texts, dtype="str"), "=y": 1})).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows[0] == ["x", "'=y"]
    for text, row in zip(texts, rows[1:], strict=True):
        assert not row[0].startswith(FORMULA_STARTS)
        assert row[0].removeprefix("'") == text.removeprefix("'")


def test_numbers_dates_and_blanks_in_csv() -> None:
    frame = pd.DataFrame(
        {
            "n": [-1.5, np.nan],
            "d": pd.to_datetime(["2026-03-01", None]),
            "b": pd.Series([True, None], dtype=object),
            "t": pd.Series(["-1", None], dtype="str"),
        }
    )
    assert safe_csv(frame, for_excel=False).decode() == "n,d,b,t\n-1.5,2026-03-01,true,'-1\n,,,\n"
    assert safe_csv(frame).startswith(b"\xef\xbb\xbf")


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.csv"
    write_whole(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SopError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(SopError, match="cannot be written"):
        write_whole(tmp_path / "nowhere" / "x", b"")
