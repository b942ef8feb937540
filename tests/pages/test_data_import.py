"""Bringing files on the Data page: taken, checked, refused, asked."""

from __future__ import annotations

from pathlib import Path

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
    found = app.dataframe[0].value
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
    assert any("Date order" in warning.value for warning in app.warning)
    assert "--date-order" not in " ".join(app.dataframe[0].value["remedy"])
    app.selectbox(key="import_dates").set_value("dmy")
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
