"""What the tests of the studio share: a small company with scenarios, and a page opened on one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from streamlit.testing.v1 import AppTest

from sop_core.changes import CapacityChange, DemandGrowth, PriceChange, Scope
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
HOURS = CapacityChange(scope=Scope.of(resource="Forge"), pct=0.5)
GROW = DemandGrowth(pct=0.05)
PRICE = PriceChange(pct=0.02)
ODD = "Ünï & <b>50 %</b> #1 'x' = a+b/c?"


def keep(store: Store, scenario: Scenario, who: str = "Ada", revision: int | None = None) -> None:
    """Saves a scenario over whatever is there."""
    store.save_scenario(scenario.name, scenario.to_json(), who, revision)


def build(folder: Path) -> Path:
    """A company with a scenario in two revisions, a branch of it, an odd name, and one in the archive."""
    path = companies.build(folder / "line.duckdb", companies.full_line())
    peak = Scenario("Peak", "Ada", note="Options for March").add(HOURS)
    with Store.open(path) as store:
        keep(store, peak)
        keep(store, peak.add(GROW), "Ben")
        keep(store, replace(peak.add(GROW).derive("Branch", "Cy"), note="").add(PRICE), "Cy")
        keep(store, Scenario(ODD).add(PRICE))
        keep(store, Scenario("Old"))
        store.archive_scenario("Old", "Ada", "superseded")
    return path


def page(name: str = "Peak", where: str = "scenarios", **query: str) -> AppTest:
    """The page on a scenario, in the studio where the page is Scenarios; `query` adds to the address."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    query = {"mode": "Studio", "scenario": name} | query
    for key, value in query.items():
        if value:
            app.query_params[key] = value
    app = app.switch_page(f"pages/{where}.py").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All that stands there as HTML."""
    return "\n".join(block.proto.body for block in app.get("html"))


def sentences(app: AppTest) -> list[str]:
    """The scenario's sentences."""
    return [box.label for box in app.checkbox if str(box.key).startswith("studio_pick_")]


def press(app: AppTest, key: str) -> AppTest:
    """Presses a button."""
    app.button(key=key).click().run()
    assert not app.exception
    return app


def tick(app: AppTest, *positions: int) -> None:
    """Ticks sentences."""
    for at in positions:
        app.checkbox(key=f"studio_pick_{at}").check()
    app.run()


def row(app: AppTest, name: str) -> int:
    """The place of a scenario in the tree."""
    found = [b.key for b in app.button if str(b.key).startswith("tree_choose_") and b.label.endswith(name)]
    return int(str(found[0]).rpartition("_")[2])
