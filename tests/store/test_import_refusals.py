"""What an import refuses: each time a clear message with its place, and the store as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from sop_core.errors import DataError
from sop_core.store import Limits, Store, Upload

BASICS = {
    "products": pd.DataFrame({"product": ["A", "Bike 1"], "family": ["F", "G"]}),
    "regions": pd.DataFrame({"region": ["North", "South"]}),
    "sites": pd.DataFrame({"site": ["P1", "W1"]}),
    "resources": pd.DataFrame({"resource": ["Line"], "site": ["P1"]}),
    "sources": pd.DataFrame({"source": ["make A"], "product": ["A"], "site": ["P1"]}),
    "suppliers": pd.DataFrame({"supplier": ["Sup"]}),
    "materials": pd.DataFrame({"material": ["Steel"], "supplier": ["Sup"]}),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "company.duckdb"
    with Store.open(path) as store:
        store.import_tables(BASICS, "anna")
    return path


@pytest.fixture
def store(template: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store of its own; for tests that ask for `company`, with the basic lists in it."""
    path = tmp_path / "company.duckdb"
    if "company" in request.fixturenames:
        shutil.copy(template, path)
    with Store.open(path) as opened:
        yield opened


@pytest.fixture
def company(store: Store) -> Store:
    return store


CASES = [
    # file, content, row, words of the message, words of the remedy
    ("sales.csv", "month,quantity\n2026-01,1\n", None, "required column product is missing", "found: month, quantity"),
    ("sales.csv", "month\n2026-01\n", None, "required columns product, quantity are missing", "Add them"),
    ("sales.csv", "month,product,quantity\n2026-01,Z,1\n", 2, "product 'Z' is not in products", "Add it to products"),
    ("sales.csv", "month,product,quantity\n2026-01,bike1,1\n", 2, "'bike1'", "'Bike 1', which differs by case or blanks"),
    ("sales.csv", "month,product,quantity\n2026-01,A,many\n", 2, "'many': it is not a number", "Write a number"),
    ("sales.csv", "month,product,quantity\n2026-01,A,1\n2026-02,A,inf\n", 3, "not a number", "Write a number"),
    ("sales.csv", "month,product,quantity\n2026-01,A,nan\n", 2, "not a number", "leave the cell blank"),
    ("sales.csv", "month,product,quantity\n2026-01,A,1e300\n", 2, "larger than", "unit"),
    ("sales.csv", "month,product,quantity\n2026-01,A,\n", 2, "blank, but every row needs it", "Fill the cell"),
    ("sales.csv", "month,product,quantity\nsoon,A,1\n", 2, "'soon': it is not a date", "2026-03-31"),
    ("sales.csv", "month,product,quantity\n2026-13,A,1\n", 2, "no such day", "2026-03"),
    ("sales.csv", "month,product,quantity\n1026-01,A,1\n", 2, "outside 1900 to 2200", "year"),
    ("sales.csv", "month,product,quantity\n45292,A,1\n", 2, "it is a number", "2024-01-01"),
    ("sales.csv", "month,product,quantity\n2026-01,A,5 %\n", 2, "percentage", "amount"),
    ("sales.csv", "month,product,quantity,region\n2026-01,A,1,West\n", 2, "region 'West' is not in regions", "Add it"),
    ("sales.csv", "month,product,quantity\n2026-01,A,1,9\n", 2, "beyond the last column", "quotes"),
    ("sales.csv", "month,product,quantity\n", None, "no rows", "Add a row"),
    ("sales.csv", "", None, "it is empty", "Export it again"),
    ("sales.csv", "\n \n", None, "it is empty", "column names"),
    ("sales.csv", 'month,product,quantity\n2026-01,"A,1\n', None, "opened and not closed", "Double a quotation mark"),
    ("sales.csv", "date,period,product,quantity\n2026-01,2026-01,A,1\n", None, "all mean month", "Keep one"),
    ("products.csv", "product,price\nA,1\nA,2\n", 3, "product 'A' stands there already in row 2", "Keep one"),
    ("products.csv", "product,price\nA,-1\n", 2, "less than 0", "0 or more"),
    ("products.csv", "product,policy\nA,JIT\n", 2, "not one of the values", "MTS or MTO or ATO"),
    ("products.csv", "product,service_level\nA,95\n", 2, "more than 0.9999", "95 % is 0.95"),
    ("products.csv", "product,launch,end\nA,2026-05-01,2026-04-01\n", 2, "launch lies beyond end", "Correct"),
    ("products.csv", f"product,name\nA,{'x' * 3000}\n", 2, "3,000 characters", "Shorten"),
    ("segments.csv", "segment,priority\nx,1.5\n", 2, "not a whole number", "whole number"),
    ("segments.csv", "segment,backorders\nx,perhaps\n", 2, "neither true nor false", "true or false"),
    ("inventory.csv", "month,product,site,quantity\n2026-01-31,A,P1,1\n2026-01-31,A,P1,1\n", 3, "already in", "Keep"),
    ("resources.csv", "resource,site\nL2,P9\n", 2, "site 'P9' is not in sites", "Add it"),
    ("routings.csv", "source,resource,hours_per_unit\nmake Z,Line,1\n", 2, "source 'make Z'", "Add it"),
    ("routings.csv", "source,resource,hours_per_unit\nmake A,Lin,1\n", 2, "resource 'Lin'", "'Line'"),
    ("sources.csv", "source,product,site,supplier\nb,A,P1,Nobody\n", 2, "supplier 'Nobody'", "Add it"),
    ("sources.csv", "source,product,site,min_quantity,max_quantity\nb,A,P1,5,4\n", 2, "lies beyond", "Correct"),
    ("bom.csv", "product,material,quantity_per\nA,Gold,1\n", 2, "material 'Gold'", "Add it"),
    ("stock_targets.csv", "product\nA\n", 2, "one of target, days, minimum", "Fill one"),
    ("promotions.csv", "promotion,family,start,end\nx,H,2026-01-01,2026-02-01\n", 2, "family 'H'", "products"),
    ("lanes.csv", "origin,destination\nP1,P1\n", 2, "leaves from and goes to 'P1'", "Correct"),
    ("lanes.csv", "origin,destination\nP1,Nowhere\n", 2, "destination 'Nowhere' is not in sites or regions", "Add it"),
    ("settings.csv", "setting,value\nhorizont,12\n", 2, "'horizont' is not a setting", "Did you mean horizon_months"),
    ("settings.csv", "setting,value\nhorizon_months,0\n", 2, "less than 1", "1 or more"),
    ("settings.csv", "setting,value\nhorizon_months,12.5\n", 2, "whole number", "whole number"),
    ("settings.csv", "setting,value\nobjective,profit\n", 2, "objective is 'profit'", "margin or service"),
    ("settings.csv", "setting,value\nplan_start,soon\n", 2, "plan_start is 'soon'", "2026-03"),
    ("settings.csv", "setting,value\nlot_sizing,maybe\n", 2, "neither true nor false", "true or false"),
    ("targets.csv", "kpi,target\nhappiness,1\n", 2, "'happiness' is not a KPI", "The KPIs are"),
    ("prodcuts.csv", "product\nA\n", None, "'prodcuts' is not the name of a table", "Did you mean products?"),
    ("sales.pdf", "month,product,quantity\n2026-01,A,1\n", None, "files of type '.pdf' are not read", ".csv"),
    ("sales.csv", b"PK\x03\x04rest of a zip", None, "not a text file", "right ending"),
    ("sales.csv", b"month\x00\x01\x02,product", None, "binary data", "UTF-8"),
    ("sales.xlsx", "month,product,quantity\n2026-01,A,1\n", None, "not an Excel workbook", ".xlsx or .csv"),
    ("sales.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None, "old Excel file", "Save it as .xlsx"),
    ("sales.parquet", "month,product,quantity\n", None, "not a Parquet file", "CSV"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "row", "message", "remedy"), CASES, ids=range(len(CASES)))
def test_refused_with_place_and_remedy(
    company: Store,
    write,
    refused,
    name: str,
    content: str | bytes,
    row: int | None,
    message: str,
    remedy: str,
) -> None:
    errors = refused(write(name, content))
    hits = [e for e in errors if message in e.sentence() and remedy in e.sentence()]
    assert hits, [e.sentence() for e in errors]
    assert hits[0].row == row
    assert hits[0].file == name


def test_one_error_refuses_the_whole_folder(company: Store, write, refused) -> None:
    write("regions.csv", "region\nEast\n")
    path = write("sales.csv", "month,product,quantity\n2026-01,A,x\n")
    refused(path.parent)
    assert "East" not in set(company.tables()["regions"]["region"])


def test_all_errors_are_told_at_once(company: Store, write, refused) -> None:
    write("products.csv", "product,price\nC,x\nC,1\n")
    path = write("sales.csv", "month,product,quantity\nx,Z,y\n2026-01,A,-\n")
    errors = refused(path.parent)
    assert {(e.file, e.row, e.column) for e in errors} >= {
        ("products.csv", 2, "price"),
        ("products.csv", 3, "product"),
        ("sales.csv", 2, "month"),
        ("sales.csv", 2, "quantity"),
        ("sales.csv", 3, "quantity"),
    }


def test_a_place_that_is_site_and_region_is_refused_in_any_order(store: Store) -> None:
    """Whichever of the three tables comes last, the double meaning is found."""
    tables = {
        "sites": pd.DataFrame({"site": ["P1", "Milan"]}),
        "regions": pd.DataFrame({"region": ["Milan"]}),
        "lanes": pd.DataFrame({"origin": ["P1"], "destination": ["Milan"]}),
    }
    for last in tables:
        with pytest.raises(DataError, match="both a site and a region"):
            store.import_tables(tables, "anna", replace=True)
        store.import_tables(
            {k: v for k, v in tables.items() if k not in (last, "lanes")}, "anna", replace=True
        )
    with pytest.raises(DataError, match="another identifier"):
        store.import_tables(
            {"lanes": tables["lanes"], "regions": tables["regions"], "sites": tables["sites"]}, "anna"
        )


def test_a_list_brought_later_must_hold_what_is_in_use(store: Store) -> None:
    store.import_tables(
        {"sales": pd.DataFrame({"month": ["2026-01"], "product": ["A"], "quantity": [1]})}, "anna"
    )
    with pytest.raises(DataError, match="the store's sales hold product 'A'"):
        store.import_tables({"products": pd.DataFrame({"product": ["B"]})}, "anna")
    store.import_tables({"products": pd.DataFrame({"product": ["A", "B"]})}, "anna")


def test_lenient_references_are_taken_with_a_warning(company: Store) -> None:
    report = company.import_tables(
        {
            "budget": pd.DataFrame({"month": ["2026-01"], "region": ["Mars"], "revenue": [5]}),
            "promotions": pd.DataFrame(
                {"promotion": ["x"], "product": ["Z"], "start": ["2026-01-01"], "end": ["2026-01-31"]}
            ),
        },
        "anna",
    )
    assert len(report.warnings) == 2
    assert any("company's total only" in f.sentence() for f in report.warnings)
    assert company.tables()["budget"]["region"].tolist() == ["Mars"]


def test_identifiers_that_nearly_agree_are_warned_of(company: Store) -> None:
    report = company.import_tables({"products": pd.DataFrame({"product": ["a", "Bike  1"]})}, "anna")
    assert sorted(f.value for f in report.warnings) == ["Bike  1", "a"]


def test_settings_are_kept_in_the_contracts_spelling(store: Store, write) -> None:
    path = write(
        "settings.csv",
        "Setting;Value\nPlan Start;31.12.2026\nservice_level;95 "
        "%\nLOT_SIZING;Yes\nobjective;Service\nholding_rate;0,25\n",
    )
    store.import_files(path, "tester")
    frame = store.tables()["settings"]
    assert dict(zip(frame["setting"], frame["value"], strict=True)) == {
        "plan_start": "2026-12-01",
        "service_level": "0.95",
        "lot_sizing": "true",
        "objective": "service",
        "holding_rate": "0.25",
    }


def test_unknown_columns_are_left_out_with_a_warning(store: Store, write) -> None:
    report = store.import_files(
        write("sales.csv", "month,product,quantity,color\n2026-01,A,1,red\n"), "tester"
    )
    assert [f.column for f in report.warnings] == ["color"]


def test_a_folder_takes_what_it_knows(store: Store, write) -> None:
    write("readme.md", "hello")
    write("whatever.csv", "a,b\n1,2\n")
    write("regions.csv", "region,name,country,group\n")
    write(".hidden.csv", "x")
    path = write("sales_2025.csv", "month,product,quantity\n2025-01,A,1\n")
    write("sales_2026.csv", "month,product,quantity\n2026-01,A,2\n")
    report = store.import_files(path.parent, "tester")
    assert store.tables()["sales"]["quantity"].tolist() == [1, 2]
    assert len(report.warnings) == 4
    assert {f.file for f in report.warnings if f.file} == {"readme.md", "whatever.csv", "regions.csv"}


def test_paths_that_lead_nowhere(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file or folder"):
        store.import_files(tmp_path / "nope", "tester")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="nothing to import"):
        store.import_files(tmp_path / "empty", "tester")
    with pytest.raises(DataError, match="nothing to import"):
        store.import_tables({"sales": pd.DataFrame()}, "tester")
    with pytest.raises(DataError, match="Did you mean sales"):
        store.import_tables({"salse": pd.DataFrame()}, "tester")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(file_bytes=20), "MB are read"),
        (Limits(rows=2), "more than 2 rows"),
        (Limits(columns=2), "at most 2 are read"),
        (Limits(cell_characters=1), "at most 1 are kept"),
    ],
)
def test_limits_are_named(store: Store, write, refused, limits: Limits, words: str) -> None:
    path = write("sales.csv", "month,product,quantity\n" + "".join(f"2026-0{n},AA,1\n" for n in range(1, 5)))
    errors = refused(path, limits=limits)
    assert any(words in error.sentence() for error in errors)


def test_too_many_files(store: Store, write) -> None:
    path = write("sales.csv", "month,product,quantity\n2026-01,A,1\n")
    write("products.csv", "product\nA\n")
    with pytest.raises(DataError, match="at most 1"):
        store.import_files(path.parent, "tester", limits=Limits(files=1))


def test_uploads_from_memory(store: Store) -> None:
    upload = Upload("C:/fakepath/../sales.csv", b"month,product,quantity\n2026-01,A,1\n")
    report = store.import_files([upload], "tester")
    assert report.files[0].name == "sales.csv"
    assert report.rows == 1


def test_many_errors_stay_readable(store: Store, write) -> None:
    rows = "2026-01,A,x\n" * 1200
    with pytest.raises(DataError, match=r"1,200 errors") as caught:
        store.import_files(write("sales.csv", "month,product,quantity\n" + rows), "tester")
    assert sum(f.severity == "error" for f in caught.value.findings) == 1200
    assert len(str(caught.value).splitlines()) == 5


def test_adventureworks_loads_as_it_is(store: Store, shared_dir: Path) -> None:
    folder = shared_dir / "data" / "adventureworks"
    report = store.import_files(folder, "tester")
    assert not report.errors
    tables = store.tables()
    for name, frame in tables.items():
        path = folder / f"{name}.csv"
        rows = len(pd.read_csv(path)) if path.exists() else 0
        assert report.tables[name].rows_in == rows if rows else name not in report.tables
        assert len(frame) == rows
    source = pd.read_csv(folder / "sales.csv")
    assert tables["sales"]["quantity"].sum() == source["quantity"].sum()
    assert tables["sales"]["revenue"].sum() == pytest.approx(source["revenue"].sum(), rel=1e-12)
    assert {f.table for f in report.warnings} == {"promotions", "budget"}
