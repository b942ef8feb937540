"""Excel workbooks and Parquet: typed cells, several sheets, formulas, bombs."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sop_core.errors import DataError
from sop_core.export.tables import safe_xlsx
from sop_core.schema import TABLES
from sop_core.store import Limits, Store
from sop_core.store.contract import template_workbook


def book(path: Path, **sheets: list[list[object]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


def rewritten(path: Path, member: str, change) -> Path:
    """A copy of a workbook in which one part was changed."""
    out = path.with_name(f"changed-{path.name}")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            content = source.read(item)
            target.writestr(item.filename, change(content) if item.filename == member else content)
    out.replace(path)
    return path


def test_sheets_are_tables_and_cells_keep_their_types(store: Store, tmp_path: Path) -> None:
    path = book(
        tmp_path / "company.xlsx",
        Products=[["Product", "Price", "Launch"], [1001, 2, dt.datetime(2026, 3, 4)], ["A", 2.5, None]],
        sales=[["Report"], [], ["month", "product", "quantity"], [dt.date(2026, 1, 31), 1001.0, 3]],
        settings=[
            ["setting", "value"],
            ["horizon_months", 18],
            ["lot_sizing", False],
            ["plan_start", dt.date(2026, 2, 1)],
        ],
        Notes=[["anything"]],
    )
    report = store.import_files(path, "tester")
    tables = store.tables()
    assert tables["products"]["product"].tolist() == ["1001", "A"]
    assert tables["products"]["launch"].iloc[0] == pd.Timestamp("2026-03-04")
    assert tables["sales"].iloc[0][["product", "quantity"]].tolist() == ["1001", 3.0]
    settings = dict(zip(tables["settings"]["setting"], tables["settings"]["value"], strict=True))
    assert settings == {"horizon_months": "18", "lot_sizing": "false", "plan_start": "2026-02-01"}
    assert [(f.sheet, f.severity) for f in report.warnings] == [("Notes", "warning")]


def test_a_single_sheet_takes_the_name_of_its_file(store: Store, tmp_path: Path) -> None:
    store.import_files(book(tmp_path / "regions.xlsx", Sheet1=[["region"], ["N"]]), "tester")
    assert store.tables()["regions"]["region"].tolist() == ["N"]


def test_errors_name_the_sheet_and_its_row(store: Store, tmp_path: Path, refused) -> None:
    path = book(
        tmp_path / "c.xlsx",
        sales=[[None], ["month", "product", "quantity"], ["2026-01", "A", "#N/A"], [7, "A", True]],
    )
    errors = refused(path)
    assert {(e.sheet, e.row, e.column) for e in errors} == {
        ("sales", 3, "quantity"),
        ("sales", 4, "month"),
        ("sales", 4, "quantity"),
    }


def test_formulas_give_their_stored_value_and_are_never_run(store: Store, tmp_path: Path, refused) -> None:
    path = book(tmp_path / "regions.xlsx", regions=[["region", "name"], ["N", "=1+1"]])
    (error,) = refused(path)
    assert "never calculated" in error.message
    assert "save it" in error.remedy
    formula = re.compile(rb"<f>1\+1</f>\s*<v\s*(?:/>|></v>)")
    rewritten(path, "xl/worksheets/sheet1.xml", lambda xml: formula.sub(b"<f>1+1</f><v>7</v>", xml))
    store.import_files(path, "tester")
    assert store.tables()["regions"]["name"].tolist() == ["7"]


def test_a_sheet_that_claims_a_million_rows_is_read_by_what_it_holds(store: Store, tmp_path: Path) -> None:
    path = book(tmp_path / "regions.xlsx", regions=[["region"], ["N"]])
    rewritten(
        path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"')
    )
    assert store.import_files(path, "tester").rows == 1


def test_bombs_are_refused_before_they_are_unpacked(store: Store, tmp_path: Path, refused) -> None:
    path = book(tmp_path / "regions.xlsx", regions=[["region"], ["N"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", b"\0" * 5_000_000)
    (error,) = refused(path, limits=Limits(unpacked_bytes=1_000_000))
    assert "unpacks to" in error.message


def test_xml_entities_are_refused(tmp_path: Path, refused) -> None:
    path = book(tmp_path / "regions.xlsx", regions=[["region"], ["N"]])
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
    rewritten(path, "xl/worksheets/sheet1.xml", lambda xml: bomb + xml[xml.index(b"<worksheet") :])
    (error,) = refused(path)
    assert "entities" in error.message


def test_a_zip_that_is_no_workbook_and_a_cut_one(tmp_path: Path, refused) -> None:
    other = tmp_path / "sales.xlsx"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "not an Excel workbook" in refused(other)[0].message
    path = book(tmp_path / "regions.xlsx", regions=[["region"], ["N"]])
    path.write_bytes(path.read_bytes()[:-400])
    assert "Save it as" in refused(path)[0].message
    broken = rewritten(
        book(tmp_path / "sites.xlsx", sites=[["site"], ["N"]]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml[:200],
    )
    assert "damaged" in refused(broken)[0].message


def test_too_many_sheets(tmp_path: Path, refused) -> None:
    path = book(tmp_path / "c.xlsx", **{f"s{n}": [["x"]] for n in range(4)})
    assert "at most 3" in refused(path, limits=Limits(sheets=3))[0].message


def test_the_template_workbook_can_be_filled_and_loaded(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    path.write_bytes(template_workbook())
    workbook = openpyxl.load_workbook(path)
    assert workbook.sheetnames == ["Meanings", *TABLES]
    workbook["regions"].append(["N", "North"])
    workbook.save(path)
    report = store.import_files(path, "tester")
    assert list(report.tables) == ["regions"]
    assert all("no rows" in f.message for f in report.warnings)


def test_an_exported_company_imports_to_the_same_content(store: Store, tmp_path: Path) -> None:
    """Texts that look like formulas, errors or numbers survive the way out and in."""
    store.import_tables(
        {
            "products": pd.DataFrame(
                {"product": ["=1+1", "+A", "007", "1e5", "-", "'x"], "price": [1, 2.25, None, 4, 5, 6]}
            ),
            "sales": pd.DataFrame({"month": ["2026-01"], "product": ["007"], "quantity": [-1 / 3]}),
            "segments": pd.DataFrame({"segment": ["s"], "backorders": [False]}),
        },
        "anna",
    )
    sheets = {name: frame for name, frame in store.tables().items() if len(frame)}
    path = tmp_path / "export.xlsx"
    path.write_bytes(safe_xlsx(sheets))
    with Store.open(tmp_path / "twin.duckdb") as twin:
        twin.import_files(path, "ben")
        assert twin.content_fingerprint() == store.content_fingerprint()


def test_parquet_of_many_types(store: Store, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "event": pd.Categorical(["a", "b"]),
            "kind": ["internal", "external"],
            "start": [dt.date(2026, 1, 2), dt.date(2026, 1, 3)],
            "end": pd.to_datetime(["2026-02-01", None]).tz_localize("UTC"),
            "impact": [Decimal("0.25"), None],
        }
    )
    path = tmp_path / "events.parquet"
    frame.to_parquet(path)
    store.import_files(path, "tester")
    events = store.tables()["events"]
    assert events["impact"].tolist()[0] == 0.25
    assert events["start"].tolist() == [pd.Timestamp("2026-01-02"), pd.Timestamp("2026-01-03")]
    assert events["end"].tolist()[0] == pd.Timestamp("2026-02-01")


def test_parquet_limits_and_nested_columns(tmp_path: Path, refused) -> None:
    path = tmp_path / "regions.parquet"
    pd.DataFrame({"region": list("abc")}).to_parquet(path)
    assert "at most 2" in refused(path, limits=Limits(rows=2))[0].message
    pd.DataFrame({"region": [["a"], ["b"]]}).to_parquet(path)
    assert "lists or structures" in refused(path)[0].message


@pytest.mark.parametrize("value", [float("inf"), 1e300, "text", object()])
def test_frames_are_checked_like_files(store: Store, value: object) -> None:
    frame = pd.DataFrame({"month": ["2026-01"], "product": ["A"], "quantity": [value]})
    with pytest.raises(DataError, match="column quantity"):
        store.import_tables({"sales": frame}, "anna")


def test_workbook_bytes_are_a_workbook() -> None:
    workbook = openpyxl.load_workbook(
        io.BytesIO(safe_xlsx({"a/b": pd.DataFrame({"x": ["=1", "#N/A", None]}), "A b": pd.DataFrame()}))
    )
    assert workbook.sheetnames == ["a b", "A b 2"]
    assert [cell.data_type for cell in workbook["a b"]["A"][1:3]] == ["s", "s"]
