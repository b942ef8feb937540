"""Reading text files: encodings, separators, headings, numbers and dates as companies write them."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.schema import TABLES
from sop_core.store import Store
from sop_core.store.naming import header_matches, table_for
from sop_core.store.values import Bad, date, date_order_of, decimals_of, number


def one(store: Store, path, table: str, **options) -> dict[str, object]:
    store.import_files(path, "tester", **options)
    frame = store.tables()[table]
    assert len(frame) == 1
    return frame.iloc[0].to_dict()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_recognised(store: Store, write, encoding: str, separator: str) -> None:
    lines = [("product", "name", "price"), ("Ä-1", "Säge, groß", "12.5")]
    quoted = "\r\n".join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    row = one(store, write("products.csv", quoted, encoding), "products")
    assert (row["product"], row["name"], row["price"]) == ("Ä-1", "Säge, groß", 12.5)


def test_a_heading_that_is_not_in_the_first_row(store: Store, write) -> None:
    path = write("sales.csv", "Sales report\n\nfrom the ERP;;\nMonth;Product;Quantity\n\n2026-01;A;3\n")
    row = one(store, path, "sales")
    assert row["quantity"] == 3


@pytest.mark.parametrize(
    "heading", ["MONTH,PRODUCT,QUANTITY", "Month, Product ,quantity", "Period,SKU,Qty", "date,Item,Units"]
)
def test_headings_in_other_spellings(store: Store, write, heading: str) -> None:
    row = one(store, write("sales.csv", f"{heading}\n2026-01-15,A,3\n"), "sales")
    assert (row["month"], row["product"], row["quantity"]) == (pd.Timestamp("2026-01-01"), "A", 3)


def test_a_mapping_is_used_and_kept(store: Store, write) -> None:
    path = write("sales.csv", "Monat;Artikel;Menge;Notiz\n2026-01;A;3;x\n")
    mapping = {"sales": {"Monat": "month", "Artikel": "product", "Menge": "quantity", "Notiz": ""}}
    report = store.import_files(path, "anna", mapping=mapping)
    assert not report.warnings
    assert store.mapping() == mapping
    path.write_text("Monat;Artikel;Menge\n2026-01;A;4\n")
    store.import_files(path, "ben")
    assert store.tables()["sales"]["quantity"].tolist() == [4]


def test_a_mapping_with_wrong_names_is_refused(store: Store, write) -> None:
    path = write("sales.csv", "month,product,quantity\n2026-01,A,3\n")
    for mapping in ({"sales": {"Menge": "quantitiy"}}, {"saless1": {"Menge": "quantity"}}):
        with pytest.raises(Exception, match="Did you mean"):
            store.import_files(path, "anna", mapping=mapping)
    assert store.latest_version() == 0


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("sales", "sales"), ("Sales", "sales"), ("Demand Plan", "demand_plan"), ("demand-plan", "demand_plan"),
        ("SALES_2025", "sales"), ("sales (2)", "sales"), ("Bills of materials", "bom"), ("stocktargets", "stock_targets"),
        ("product", "products"), ("prodcuts", None), ("as_exported", None),
    ],
)  # fmt: skip
def test_table_names(name: str, table: str | None) -> None:
    found = table_for(name)
    assert (found.name if found else None) == table


def test_every_column_is_known_by_its_own_name() -> None:
    for table in TABLES.values():
        matches = header_matches(table, table.names, {})
        assert [match.column for match in matches] == list(table.names)
        assert {match.how for match in matches} == {"exact"}


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,234.50", "2"], [1234.5, 2]),
        (["1.234,50", "2"], [1234.5, 2]),
        (["1.234.567", "0"], [1234567, 0]),
        (["0,125", "3"], [0.125, 3]),
        (["1 234,5", "2"], [1234.5, 2]),
        (["1\u00a0234,5", "(3,5)"], [1234.5, -3.5]),
        (["12,5-", "€ 3,0"], [-12.5, 3]),
        (["1e3", "-.5"], [1000, -0.5]),
        (["1'234.50", "7"], [1234.5, 7]),
    ],
)
def test_numbers_as_companies_write_them(store: Store, write, cells: list[str], values: list[float]) -> None:
    rows = "".join(f"2026-01;P{at};{cell}\n" for at, cell in enumerate(cells))
    store.import_files(write("sales.csv", f"month;product;quantity\n{rows}"), "tester")
    assert store.tables()["sales"]["quantity"].tolist() == values


def test_an_open_decimal_mark_is_asked_for(store: Store, write, refused) -> None:
    path = write("sales.csv", "month;product;quantity\n2026-01;A;1.234\n2026-01;B;2\n")
    (error,) = refused(path)
    assert "1.234" in error.message
    assert "--decimal" in error.remedy
    store.import_files(path, "tester", decimal=",")
    assert store.tables()["sales"]["quantity"].tolist() == [1234, 2]
    store.import_files(path, "tester", decimal=".")
    assert store.tables()["sales"]["quantity"].tolist() == [1.234, 2]


def test_a_comma_separated_file_writes_points(store: Store, write) -> None:
    store.import_files(
        write("sales.csv", 'month,product,quantity\n2026-01,A,1.234\n2026-01,B,"1,234"\n'), "tester"
    )
    assert store.tables()["sales"]["quantity"].tolist() == [1.234, 1234]


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["2026-03-31"], ["2026-03-31"]),
        (["2026/3/1", "20260302"], ["2026-03-01", "2026-03-02"]),
        (["31.12.2025", "01.02.2026"], ["2025-12-31", "2026-02-01"]),
        (["12/31/2025", "2/1/2026"], ["2025-12-31", "2026-02-01"]),
        (["31-Mar-2026", "Mar 5, 2026"], ["2026-03-31", "2026-03-05"]),
        (["2026-03-31 00:00:00.000", "2026-03-30T12:00:00Z"], ["2026-03-31", "2026-03-30"]),
        (["99-12-31", "26-01-30"], ["1999-12-31", "2026-01-30"]),
        (["5/5/2026"], ["2026-05-05"]),
    ],
)
def test_dates_as_companies_write_them(store: Store, write, cells: list[str], days: list[str]) -> None:
    rows = "".join(f"E{at};internal;{cell}\n" for at, cell in enumerate(cells))
    store.import_files(write("events.csv", f"event;kind;start\n{rows}"), "tester")
    assert store.tables()["events"]["start"].dt.strftime("%Y-%m-%d").tolist() == days


@pytest.mark.parametrize(
    "cell", ["2026-03", "03/2026", "Mar 2026", "Mar 26", "March-2026", "202603", "2026-03-17"]
)
def test_months_in_any_form(store: Store, write, cell: str) -> None:
    row = one(store, write("sales.csv", f"month,product,quantity\n{cell},A,1\n"), "sales")
    assert row["month"] == pd.Timestamp("2026-03-01")


def test_an_open_date_order_is_asked_for_once(store: Store, write, refused) -> None:
    path = write("sales.csv", "month,product,quantity\n01/02/2026,A,1\n03/04/2026,A,2\n")
    (error,) = refused(path)
    assert "01/02/2026" in error.message
    assert "dmy" in error.remedy
    assert "mdy" in error.remedy
    store.import_files(path, "tester", date_order="dmy")
    assert store.tables()["sales"]["month"].dt.month.tolist() == [2, 4]
    store.import_files(path, "tester", date_order="mdy", replace=True)
    assert store.tables()["sales"]["month"].dt.month.tolist() == [1, 3]


def test_dates_that_fit_no_common_order_are_errors(write, refused) -> None:
    errors = refused(
        write("sales.csv", "month,product,quantity\n13/01/2026,A,1\n15/02/2026,A,1\n01/14/2026,A,2\n")
    )
    assert [error.row for error in errors] == [4]


@given(
    st.dates(dt.date(1970, 1, 1), dt.date(2069, 12, 31)),
    st.sampled_from(["dmy", "mdy", "ymd"]),
    st.sampled_from("/-. "),
)
def test_a_date_reads_back_in_its_order(day: dt.date, order: str, sign: str) -> None:
    parts = {
        "d": f"{day.day:02d}",
        "m": f"{day.month:02d}",
        "y": f"{day.year % 100:02d}" if order == "ymd" else str(day.year),
    }
    text = sign.join(parts[letter] for letter in order)
    assert date(text, order) == day  # type: ignore[arg-type]
    reading = date_order_of([text])
    if reading.order is not None:
        assert date(text, reading.order) == day
    else:
        assert reading.open_cell == text


@given(st.floats(-1e9, 1e9).map(lambda x: round(x, 4)), st.sampled_from([".", ","]))
def test_a_number_reads_back_in_its_style(value: float, mark: str) -> None:
    text = f"{value:,.4f}"
    if mark == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    assert number(text, mark) == pytest.approx(value, abs=1e-9)  # type: ignore[arg-type]
    assert decimals_of([text], ";") == mark


@given(st.text(max_size=12))
def test_no_text_breaks_the_readers(text: str) -> None:
    for mark in (".", ","):
        assert isinstance(number(text, mark), float | Bad)  # type: ignore[arg-type]
    for order in ("dmy", "mdy", "ymd", None):
        assert isinstance(date(text, order), dt.date | Bad)  # type: ignore[arg-type]
    date_order_of([text])
    decimals_of([text], ";")


def test_what_was_done_on_the_way_is_listed(store: Store, write) -> None:
    path = write("products.csv", "sku;price;launch;policy\n A ;1.234,5;31.12.2025;mts\n")
    report = store.import_files(path, "tester")
    said = " | ".join(f.sentence() for f in report.changes)
    for expected in (
        "taken as product",
        "blanks around",
        "1234.5",
        "2025-12-31",
        "separated by ';'",
        "'MTS'",
    ):
        assert expected in said
    assert not report.warnings
    frame = report.to_frame()
    assert list(frame.columns)[:3] == ["severity", "file", "sheet"]
    assert len(frame) == len(report.findings)


def test_totals_of_flows_are_kept_when_days_become_months(store: Store, write) -> None:
    rows = "".join(f"2026-01-{day:02d},A,{day}\n" for day in range(1, 32))
    report = store.import_files(write("sales.csv", f"month,product,quantity\n{rows}"), "tester")
    assert store.tables()["sales"]["quantity"].tolist() == [sum(range(1, 32))]
    assert (report.tables["sales"].rows_in, report.tables["sales"].rows) == (31, 1)
    assert any("31 rows were summed into 1" in f.message for f in report.changes)


def test_stocks_take_the_latest_date_of_the_month(store: Store, write) -> None:
    path = write(
        "inventory.csv", "month,product,site,quantity\n2026-01-31,A,S,7\n2026-01-15,A,S,9\n2026-02-03,A,S,1\n"
    )
    store.import_files(path, "tester")
    assert store.tables()["inventory"]["quantity"].tolist() == [7, 1]


def test_blank_amounts_among_given_ones_are_warned_of(store: Store, write) -> None:
    path = write(
        "sales.csv", "month,product,quantity,revenue\n2026-01-01,A,1,10\n2026-01-02,A,1,\n2026-02-01,A,1,\n"
    )
    report = store.import_files(path, "tester")
    assert [f.column for f in report.warnings] == ["revenue"]
    sales = store.tables()["sales"]
    assert sales["revenue"].iloc[0] == 10
    assert pd.isna(sales["revenue"].iloc[1])
