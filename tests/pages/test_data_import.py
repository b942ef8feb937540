"""Bringing files on the Data page: taken, checked, refused, asked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]

GOOD = b"month,product,quantity\n" + b"".join(
    f"{2024 + n // 12}-{n % 12 + 1:02d}-01,Anvil,{100 + n}\n".encode() for n in range(24)
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store that the app opens."""
    path = companies.build(tmp_path / "sop.duckdb", {})
    monkeypatch.setenv("SOP_STORE", str(path))
    return path


@pytest.fixture
def page(store: Path) -> AppTest:
    """The Data page on the empty store."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).switch_page("pages/data.py").run()
    assert not app.exception
    return app


def bring(app: AppTest, *files: tuple[str, bytes], button: str = "import_take") -> AppTest:
    """Drops files and presses a button."""
    app.file_uploader[0].set_value([(name, content, "text/csv") for name, content in files]).run()
    app.button(key=button).click().run()
    assert not app.exception
    return app


def findings(app: AppTest) -> pd.DataFrame:
    """The list of findings on the page."""
    return next(d.value for d in app.dataframe if "remedy" in d.value)


def readings(app: AppTest) -> pd.DataFrame:
    """What the files were understood as."""
    return next(d.value for d in app.dataframe if "Columns taken" in d.value)


def choose(app: AppTest, label: str, value: str) -> AppTest:
    """Makes a choice by the label of its selector."""
    box = next(box for box in app.selectbox if plain(box.label) == label)
    app = box.set_value(value).run()
    assert not app.exception
    return app


def plain(text: str) -> str:
    """Text without the marks that keep Markdown away."""
    return text.replace("\\", "")


def version_of(path: Path) -> int:
    """The store's latest version, as a second visitor of this process sees it."""
    with Store.open(path) as store:
        return store.latest_version()


def test_files_are_taken_and_the_company_is_planned(page: AppTest, store: Path) -> None:
    app = bring(page, ("sales.csv", GOOD))
    assert "Took 24 rows in 1 table as data version 1" in app.success[0].value
    assert version_of(store) == 1
    # What was taken cannot be taken twice by a second click.
    assert app.button(key="import_take").disabled
    assert not app.switch_page("pages/overview.py").run().exception


def test_a_check_writes_nothing(page: AppTest, store: Path) -> None:
    app = bring(page, ("sales.csv", GOOD), button="import_check")
    assert "Nothing was written" in app.success[0].value
    assert version_of(store) == 0


def test_errors_are_listed_with_place_and_remedy_and_nothing_is_written(page: AppTest, store: Path) -> None:
    bad = GOOD + b"2026-01-01,Anvil,many\n2026-02-01,Anvil,few\n"
    app = bring(page, ("sales.csv", bad))
    assert "Nothing was imported" in app.error[0].value
    found = findings(app)
    errors = found[found["severity"] == "error"]
    assert list(errors["row"]) == [26, 27]
    assert set(errors["file"]) == {"sales.csv"}
    assert set(errors["column"]) == {"quantity"}
    assert list(errors["value"]) == ["many", "few"]
    assert (errors["remedy"].str.len() > 0).all()
    assert version_of(store) == 0


def test_an_ambiguous_date_order_is_asked_and_the_answer_taken(page: AppTest, store: Path) -> None:
    rows = b"".join(f"0{n}/0{n + 1}/2025,Anvil,10\n".encode() for n in range(1, 8))
    file = ("sales.csv", b"month,product,quantity\n" + rows)
    app = bring(page, file)
    assert any("Which date order is '01/02/2025'?" in plain(warning.value) for warning in app.warning)
    assert version_of(store) == 0
    assert "--date-order" not in " ".join(findings(app)["remedy"])
    choose(app, "Date order", "dmy")
    app.button(key="import_take").click().run()
    assert not app.exception
    assert "as data version 1" in app.success[0].value
    with Store.open(store) as opened:
        months = opened.tables()["sales"]["month"]
    assert sorted(months.dt.month) == [2, 3, 4, 5, 6, 7, 8]


def test_data_that_give_no_plan_can_be_put_right_here(page: AppTest, store: Path) -> None:
    """Products alone cannot be planned: the page says so and still takes the sales."""
    app = bring(page, ("products.csv", b"product,price\nAnvil,10\n"))
    assert "There is no demand to plan" in " ".join(error.value for error in app.error)
    app = bring(app, ("sales.csv", GOOD))
    assert not app.error
    assert version_of(store) == 2


GERMAN = "Umsatzliste Werk Süd;;;\r\nMonat;Artikel;Menge;Bemerkung\r\n" + "".join(
    f"01.{n % 12 + 1:02d}.{2024 + n // 12};Amboß;1.{100 + n},5;-\r\n" for n in range(24)
)


def test_a_file_of_other_names_is_put_right_on_screen_and_remembered(page: AppTest, store: Path) -> None:
    """German columns, separator, encoding, dates and numbers, under a name that is no table."""
    content = GERMAN.encode("cp1252")
    page.file_uploader[0].set_value([("umsatz_2025.csv", content, "text/csv")]).run()
    assert not page.exception
    assert list(readings(page)["Table"]) == ["?"]
    assert version_of(store) == 0
    choose(page, "Table", "sales")
    page.number_input[0].set_value(2).run()
    for theirs, ours in (("Monat", "month"), ("Artikel", "product"), ("Menge", "quantity")):
        choose(page, theirs, ours)
    assert "Which date order is '01.02.2024'?" in readings(page)["To be said"].iloc[0]
    choose(page, "Date order", "dmy")
    row = readings(page).iloc[0]
    assert (row["Separator"], row["Encoding"], row["Names in row"]) == ("Semicolon", "Windows-1252", 2)
    assert (row["Dates"], row["Decimal mark"]) == ("31/12/2026", "Comma")
    assert (row["Columns taken"], row["To be said"]) == ("3 of 4", "")
    page.button(key="import_take").click().run()
    assert not page.exception
    assert "Took 24 rows in 1 table as data version 1" in page.success[0].value
    with Store.open(store) as opened:
        sales = opened.tables()["sales"]
        assert opened.mapping() == {"sales": {"Monat": "month", "Artikel": "product", "Menge": "quantity"}}
    assert set(sales["product"]) == {"Amboß"}
    assert sales["quantity"].iloc[0] == 1100.5
    # The next file of that name needs nothing to be said.
    page.file_uploader[0].set_value([("umsatz_2026.csv", content, "text/csv")]).run()
    row = readings(page).iloc[0]
    assert (row["Table"], row["Columns taken"], row["To be said"]) == ("sales", "3 of 4", "")


def test_a_table_is_proposed_by_its_columns_and_taken_when_left_standing(page: AppTest, store: Path) -> None:
    content = GOOD.replace(b"quantity", b"qty")
    page.file_uploader[0].set_value([("history_of_things.csv", content, "text/csv")]).run()
    assert list(readings(page)["Table"]) == ["sales (proposed)"]
    page.button(key="import_take").click().run()
    assert "Took 24 rows in 1 table" in page.success[0].value


def test_a_file_can_be_left_out(page: AppTest, store: Path) -> None:
    files = [("sales.csv", GOOD, "text/csv"), ("regions.csv", b"region\nNorth\n", "text/csv")]
    page.file_uploader[0].set_value(files).run()
    next(box for box in page.selectbox if box.label == "File to look at").set_value(1).run()
    choose(page, "Table", "")
    assert list(readings(page)["Table"]) == ["sales", "Leave out"]
    page.button(key="import_take").click().run()
    with Store.open(store) as opened:
        assert not len(opened.tables()["regions"])
        assert len(opened.tables()["sales"]) == 24


def test_a_column_that_was_taken_wrongly_is_left_out(page: AppTest, store: Path) -> None:
    content = b"month,product,quantity,turnover\n2026-01,Anvil,5,7\n2026-02,Anvil,6,8\n"
    page.file_uploader[0].set_value([("sales.csv", content, "text/csv")]).run()
    assert readings(page)["Columns taken"].iloc[0] == "4 of 4"
    choose(page, "turnover", "")
    assert readings(page)["Columns taken"].iloc[0] == "3 of 4"
    page.button(key="import_take").click().run()
    with Store.open(store) as opened:
        assert opened.tables()["sales"]["revenue"].isna().all()
