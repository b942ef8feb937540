"""Overview, Data, Demand and Supply on companies that brought everything, one table, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sop_core.demo import build as demo_tables
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("overview", "data", "demand", "supply")

Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A store of each kind, built once; the pages only read them."""
    folder = tmp_path_factory.mktemp("stores")
    made = {
        "sales": companies.sales_only(),
        "plan": companies.demand_plan_only(),
        "line": companies.full_line(),
        "nothing": {},
        "demo": demo_tables(),
    }
    return {name: companies.build(folder / f"{name}.duckdb", tables) for name, tables in made.items()}


@pytest.fixture
def opened(stores: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page of the app on one of the stores: opened("demand", "sales", level="Family")."""

    def open_page(page: str, store: str, **query: str) -> AppTest:
        monkeypatch.setenv("SOP_STORE", str(stores[store]))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run() if page == "overview" else app.switch_page(f"pages/{page}.py").run()

    return open_page


def said(app: AppTest) -> str:
    """All text on the page."""
    return "\n".join(
        str(part.value) for kind in ("markdown", "html", "error", "info") for part in _parts(app, kind)
    )


def _parts(app: AppTest, kind: str) -> list[Any]:
    if kind == "html":
        return [_Html(block) for block in app.get("html")]
    return list(getattr(app, kind))


class _Html:
    def __init__(self, block: object) -> None:
        self.value = block.proto.body  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("store", ["sales", "plan", "line", "nothing", "demo"])
def test_every_page_opens_without_a_stack_trace(opened: Open, page: str, store: str) -> None:
    """Whatever a company brought, its pages show a sentence, never an exception or an error."""
    app = opened(page, store)
    assert not app.exception
    assert not app.error
    assert "sop-headline" in said(app)


def test_a_newcomer_is_told_what_to_bring(opened: Open) -> None:
    assert "There is no company here yet" in said(opened("overview", "nothing"))
    assert "one file of sales is enough" in said(opened("data", "nothing"))


def test_without_resources_supply_says_what_to_bring(opened: Open) -> None:
    app = opened("supply", "sales")
    assert "No resource limits this plan" in said(app)
    assert any("resources" in info.value for info in app.info)


def test_without_history_there_is_no_interval_and_the_page_says_why(opened: Open) -> None:
    text = said(opened("demand", "plan"))
    assert "no statistical forecast" in text
    assert "80 % interval" not in text


def test_shortage_is_told_with_its_cause(opened: Open) -> None:
    """100 hours are needed in March where the forge has 70 and 10 overtime."""
    app = opened("supply", "line")
    assert "Forge is fullest" in said(app)
    assert "not served in their month" in said(app)
    listed = app.dataframe[0].value
    assert list(listed["Item"]) == ["Anvil 10 kg"]
    assert "Forge" in listed["Because"].iloc[0]


def test_the_family_grid_follows_the_blocks_of_the_handbook(opened: Open) -> None:
    text = said(opened("supply", "line", supply_view="Family grid"))
    for block in ("Sales", "Production and purchases", "Inventory", "Backlog"):
        assert f'scope="rowgroup">{block}<' in text
    assert "actuals" in text
    assert "Cumulative difference" in text


@pytest.mark.parametrize(
    "section", ["Family grid", "Stock", "Sources and lanes", "Staffing", "Contracts and materials"]
)
@pytest.mark.parametrize("show", ["Units", "Money"])
def test_sections_of_supply_open_on_the_demo(opened: Open, section: str, show: str) -> None:
    app = opened("supply", "demo", supply_view=section, show=show)
    assert not app.exception
    assert app.get("download_button")


@pytest.mark.parametrize("section", ["By month", "Forecast methods", "Cleansing"])
def test_sections_of_demand_open_on_the_demo(opened: Open, section: str) -> None:
    app = opened("demand", "demo", demand_view=section)
    assert not app.exception
    assert app.get("download_button")


@pytest.mark.parametrize("section", ["Freshness", "Versions", "Defaults used", "Corrections", "Templates"])
@pytest.mark.parametrize("store", ["sales", "demo"])
def test_sections_of_data_open(opened: Open, section: str, store: str) -> None:
    assert not opened("data", store, data_view=section).exception


def test_filters_in_the_link_are_what_is_shown(opened: Open) -> None:
    """A link to a family and a region shows just that, line by line one level further down."""
    text = said(opened("demand", "demo", level="Family", item="Mowers", region="DACH"))
    assert "Mowers, DACH: Demand of" in text
    assert "Demand by product" in text
    assert "Grills" not in text


@pytest.mark.parametrize("page", ["overview", "supply"])
def test_a_page_that_cannot_follow_a_filter_says_so(opened: Open, page: str) -> None:
    assert "shared by all regions" in said(opened(page, "demo", region="DACH"))
    assert "shared by all regions" not in said(opened(page, "demo"))


def test_an_old_link_to_a_family_that_is_gone_shows_the_company(opened: Open) -> None:
    app = opened("demand", "demo", level="Family", item="Sold off")
    assert not app.exception
    assert "Company: Demand of" in said(app)


def test_names_from_files_are_text_not_markup(opened: Open, stores: dict[str, Path], tmp_path: Path) -> None:
    tables = companies.sales_only()
    tables["sales"]["product"] = tables["sales"]["product"].replace("Anvil", "<img src=x onerror=alert(1)>")
    stores["markup"] = companies.build(tmp_path / "markup.duckdb", tables)
    text = said(opened("demand", "markup", level="Product"))
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_adventureworks_opens_on_every_page(
    opened: Open, stores: dict[str, Path], shared_dir: Path, tmp_path: Path
) -> None:
    """The real data set in contract form, where it lies beside the project."""
    folder = shared_dir / "data" / "adventureworks"
    if not folder.is_dir():
        pytest.skip("the AdventureWorks data set is not on this machine")
    from sop_core.store import Store

    with Store.open(tmp_path / "aw.duckdb") as store:
        store.import_files([folder], "test")
    stores["aw"] = tmp_path / "aw.duckdb"
    for page in PAGES:
        app = opened(page, "aw")
        assert not app.exception, page
        assert not app.error, page
    assert "Final Assembly" in said(opened("supply", "aw")) or "Subassembly" in said(opened("supply", "aw"))
