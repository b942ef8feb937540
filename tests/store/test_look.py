"""Looking at files before anything is written: what they are understood as, hints, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sop_core.errors import DataError
from sop_core.store import FileReading, Hint, Store, Upload
from sop_core.store.understand import file_key

ROWS = "".join(f"2025-{n:02d}-15,Anvil,{n}\n" for n in range(1, 13))
OPEN = "month;product;quantity\n01/02/2025;Anvil;1.234\n"


def look(store: Store, name: str, text: str | bytes, **said: object) -> FileReading:
    """The one reading of one file."""
    content = text.encode() if isinstance(text, str) else text
    (reading,) = store.look_at_files([Upload(name, content)], **said)  # type: ignore[arg-type]
    return reading


def test_a_file_is_told_with_all_that_was_detected(store: Store) -> None:
    text = "Report of May;;;\n;;;\nMonat;Product;Qty;Note\n31.05.2025;Anvil;1.234,5;ok\n"
    found = look(store, "sales.csv", text.encode("utf-16"), mapping={"sales": {"Monat": "month"}})
    assert (found.table, found.proposed, found.rows) == ("sales", False, 1)
    assert (found.separator, found.encoding, found.header_row) == (";", "UTF-16", 3)
    assert (found.manner.order, found.manner.decimals) == ("dmy", ",")
    assert [(c.theirs, c.ours, c.how, c.example) for c in found.columns] == [
        ("Monat", "month", "mapping", "31.05.2025"),
        ("Product", "product", "spelling", "Anvil"),
        ("Qty", "quantity", "alias", "1.234,5"),
        ("Note", "", "", "ok"),
    ]
    assert found.questions == ()
    assert store.latest_version() == 0
    assert store.mapping() == {}


def test_what_is_open_is_asked(store: Store) -> None:
    found = look(store, "sales.csv", OPEN)
    assert found.manner.open_date == "01/02/2025"
    assert found.manner.open_number == "1.234"
    assert len(found.questions) == 2
    said = {("sales.csv", ""): Hint(date_order="mdy", decimals=",")}
    assert look(store, "sales.csv", OPEN, hints=said).questions == ()


def test_missing_and_double_columns_are_asked(store: Store) -> None:
    found = look(store, "sales.csv", "month,item,sku\n2025-01,Anvil,A1\n")
    assert set(found.missing) == {"product", "quantity"}


def test_a_name_that_is_no_table_is_proposed_in_a_look_and_refused_in_an_import(store: Store) -> None:
    upload = Upload("dump 7.csv", f"month,product,qty\n{ROWS}".encode())
    (found,) = store.look_at_files([upload])
    assert (found.table, found.proposed) == ("sales", True)
    with pytest.raises(DataError, match="not the name of a table"):
        store.import_files([upload], "anna")
    said = {("dump 7.csv", ""): Hint(table="sales")}
    assert store.import_files([upload], "anna", hints=said).rows == 12


@pytest.mark.parametrize(
    ("name", "header", "table"),
    [
        (
            "inventory_history.csv",
            "month_end,product,units_in,on_hand",
            "inventory",
        ),  # not sales, with its quantity
        ("Budget monthly.csv", "month,region,revenue_budget", "budget"),
        ("history.csv", "product,valid_from,valid_to,value", ""),  # a product alone makes no list of products
        ("export.csv", "month,product,qty,a,b,c,d", ""),  # most of it is something else
        ("export.csv", "month,product,qty,a", "sales"),
        ("export.csv", "month,product,plant,qty", "inventory"),
    ],
)
def test_only_what_is_clear_is_proposed(store: Store, name: str, header: str, table: str) -> None:
    assert look(store, name, f"{header}\n" + ",".join("1" for _ in header.split(",")) + "\n").table == table


def test_a_file_like_no_table_asks_for_one(store: Store) -> None:
    found = look(store, "list.csv", "Report\nMonat;Artikel;Menge\n1;2;3\n")
    assert found.questions == ("Which table does it hold?",)
    assert [column.theirs for column in found.columns] == ["Monat", "Artikel", "Menge"]


def test_what_was_said_is_kept_for_the_next_file_of_that_name(store: Store) -> None:
    first, second = Upload("umsatz_2025.csv", OPEN.encode()), Upload("Umsatz 2026-01.csv", OPEN.encode())
    said = {("umsatz_2025.csv", ""): Hint(table="sales", date_order="dmy", decimals=",")}
    store.import_files([first], "anna", hints=said)
    (found,) = store.look_at_files([second])
    assert (found.table, found.questions) == ("sales", ())
    store.import_files([second], "ben", replace=True)
    row = store.tables()["sales"].iloc[0]
    assert (row["month"].month, row["quantity"]) == (2, 1234.0)


def test_a_kept_answer_gives_way_to_a_file_that_decides(store: Store) -> None:
    said = {("sales.csv", ""): Hint(date_order="dmy", decimals=",")}
    store.import_files([Upload("sales.csv", OPEN.encode())], "anna", hints=said)
    found = look(store, "sales.csv", "month;product;quantity\n01/31/2025;Anvil;1,234.5\n")
    assert (found.manner.order, found.manner.decimals) == ("mdy", ".")


def test_a_check_and_a_refusal_keep_nothing(store: Store) -> None:
    upload, said = (
        Upload("umsatz.csv", OPEN.encode()),
        {("umsatz.csv", ""): Hint(table="sales", decimals=",")},
    )
    with pytest.raises(DataError):
        store.import_files([upload], "anna", hints=said)
    more = {("umsatz.csv", ""): Hint(table="sales", decimals=",", date_order="dmy")}
    store.import_files([upload], "anna", dry_run=True, hints=more)
    (found,) = store.look_at_files([upload])
    assert found.proposed
    assert len(found.questions) == 2


def test_separator_header_row_and_encoding_can_be_said(store: Store) -> None:
    text = "month,product,quantity\nmonth|product|quantity\n2025-01|Süd|3\n"
    said = {("sales.csv", ""): Hint(separator="|", header_row=2, encoding="Windows-1250")}
    found = look(store, "sales.csv", text.encode("cp1250"), hints=said)
    assert (found.separator, found.header_row, found.encoding, found.rows) == ("|", 2, "Windows-1250", 1)
    assert found.columns[1].example == "Süd"


def test_a_header_row_that_is_not_there_is_a_problem_of_that_file(store: Store) -> None:
    said = {("sales.csv", ""): Hint(header_row=99)}
    found = look(store, "sales.csv", f"month,product,quantity\n{ROWS}", hints=said)
    assert "row 99" in found.problem
    assert found.questions == (found.problem,)


def test_left_out_files_and_sheets_are_shown_and_not_taken(store: Store, write: Callable[..., Path]) -> None:
    sales, regions = (
        write("sales.csv", f"month,product,quantity\n{ROWS}"),
        write("regions.csv", "region\nN\n"),
    )
    said = {("regions.csv", ""): Hint(table="")}
    readings = store.look_at_files([sales, regions], hints=said)
    assert [(r.table, r.left_out) for r in readings] == [("sales", False), ("", True)]
    report = store.import_files([sales, regions], "anna", hints=said)
    assert set(report.tables) == {"sales"}
    assert any("left out, as chosen" in change.message for change in report.changes)


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (Hint(table="sale"), "no table 'sale'"),
        (Hint(encoding="ebcdic"), "encoding 'ebcdic'"),
        (Hint(separator="::"), "not one character"),
    ],
)
def test_hints_are_checked(store: Store, hint: Hint, said: str) -> None:
    with pytest.raises(DataError, match=said):
        store.look_at_files([Upload("sales.csv", OPEN.encode())], hints={("sales.csv", ""): hint})


def test_columns_known_from_a_kept_mapping_are_not_reported_as_lost(store: Store) -> None:
    text = "month,product,quantity,Umsatz\n2025-01,Anvil,3,30\n"
    upload = Upload("sales.csv", text.encode())
    store.import_files([upload], "anna", mapping={"sales": {"Umsatz": "revenue"}})
    report = store.import_files([upload], "ben")
    assert not [w for w in report.warnings if w.column == "revenue"]
    assert store.tables()["sales"]["revenue"].iloc[0] == 30.0


@pytest.mark.parametrize("name", ["Umsatz_2026-03.csv", "umsatz 04.CSV", "umsatz.csv", "UMSATZ (2).csv"])
def test_the_same_file_of_another_month_has_the_same_key(name: str) -> None:
    assert file_key(name) == "umsatz.csv"
