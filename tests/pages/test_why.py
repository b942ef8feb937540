"""Why on the Trade-offs page: the list, the answer, its address, ways out taken, and nothing to explain."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages import tradeoffs
from pages.parts.context import ALL
from pages.parts.tradeoffs import why, why_known
from sop_core.changes import DemandGrowth, Scope
from sop_core.explain import Explanation, Subject
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One line, short in March, with a saved scenario that fits no company."""
    path = companies.build(tmp_path_factory.mktemp("why") / "line.duckdb", companies.full_line())
    alien = Scenario("Alien").add(DemandGrowth(scope=Scope.of(family="Bicycles"), pct=0.1))
    with Store.open(path) as store:
        store.save_scenario(alien.name, alien.to_json(), "Ada", 0)
    return path


def opened(store: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("SOP_STORE", str(store))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/tradeoffs.py").run()


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def picks(app: AppTest) -> list[Any]:
    return [button for button in app.button if (button.key or "").startswith("why_pick_")]


def test_the_largest_exception_is_answered_at_once(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    assert not app.exception
    text = said(app)
    assert "because Forge is full" in text
    assert "Chain from the customer back to the limit" in text
    assert "· binds" in text
    assert "One hour more" in text
    assert "One hour less" in text
    assert "Ways out, each re-planned exactly" in text
    assert picks(app)[0].proto.type == "secondary"


def test_an_exception_has_an_address(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, why="overload~Forge")
    assert "works" in said(app)
    assert "overtime hours" in said(app)
    assert "Without these hours" in said(app)
    other = opened(line, monkeypatch, why="overload~No such line")
    assert not other.exception
    assert any("no exception of this plan" in note.value for note in other.caption)


def test_a_way_out_is_taken_into_the_scenario_and_undone(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    before = said(app)
    app.button(key="why_add_0").click().run()
    assert not app.exception
    assert "Added: " in said(app)
    assert "1 change, not saved" in said(app)
    assert said(app) != before
    app.button(key="why_undo").click().run()
    assert "0 changes" in said(app)
    assert "because Forge is full" in said(app)


def test_a_kind_can_be_chosen(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    app.selectbox(key="why_kind").set_value("overload").run()
    assert not app.exception
    assert len(picks(app)) == 1
    assert "overtime hours" in said(app)


def test_nothing_to_explain_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = companies.full_line()
    tables["demand_plan"] = tables["demand_plan"].assign(quantity=1.0)
    tables["inventory"] = tables["inventory"].assign(quantity=0.0)
    tables["products"] = tables["products"].assign(policy="MTO")
    app = opened(companies.build(tmp_path / "calm.duckdb", tables), monkeypatch)
    assert not app.exception
    assert "Nothing to explain" in said(app)
    assert not picks(app)


def test_a_plan_that_cannot_be_made_says_so(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, scenario="Alien")
    assert not app.exception
    assert any("There is no family" in error.value for error in app.error)


def test_without_data_the_page_says_what_to_bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(tmp_path / "empty.duckdb", monkeypatch)
    assert not app.exception
    assert "There is no plan to weigh yet" in said(app)


def test_a_long_list_is_cut_and_says_how_to_see_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty products without stock and with targets: every one is below target."""
    tables = many(50)
    app = opened(companies.build(tmp_path / "many.duckdb", tables), monkeypatch)
    assert not app.exception
    assert "51 exceptions; the largest in money: Orders fall within the lead time" in said(app)
    assert len(picks(app)) <= 6 * why.FEW
    app.button(key="why_all_below").click().run()
    assert not app.exception
    assert app.selectbox(key="why_kind").value == "below"
    assert len(picks(app)) == why.MOST
    assert "10 smaller ones" in said(app)


def many(count: int) -> dict[str, pd.DataFrame]:
    """Products that are bought with a lead time longer than the plan, with stock targets that nothing can reach."""
    names = [f"P{n:02d}" for n in range(count)]
    months = pd.date_range("2026-01-01", periods=3, freq="MS")
    settings = {"plan_start": "2026-01-01", "horizon_months": "3", "demand": "demand_plan"}
    return {
        "products": pd.DataFrame(
            {"product": names, "family": "All", "price": 10.0, "unit_cost": 4.0, "policy": "MTS"}
        ),
        "demand_plan": pd.DataFrame(
            [{"month": m, "product": p, "quantity": 5.0} for m in months for p in names]
        ),
        "sources": pd.DataFrame(
            {"source": [f"buy {p}" for p in names], "product": names, "site": "Works", "kind": "buy",
             "lead_time_months": 6.0}
        ),
        "stock_targets": pd.DataFrame(
            [{"month": m, "product": p, "site": "Works", "target": 20.0} for m in months for p in names]
        ),
        "settings": pd.DataFrame({"setting": list(settings), "value": list(settings.values())}),
    }  # fmt: skip


def test_a_slow_model_is_priced_when_asked(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why, "_AT_ONCE", -1.0)
    why_known.memory().__init__()  # type: ignore[misc]
    app = opened(line, monkeypatch)
    assert "because Forge is full" in said(app)
    assert "One hour more" not in said(app)
    app.button(key="why_work_out").click().run()
    job = app.session_state["_jobs"]["why"]
    assert job.wait(60)
    app.run()
    assert "One hour more" in said(app)


def test_memory_is_bounded_and_keeps_the_latest() -> None:
    known = why_known.Known(most=2)
    for n in range(3):
        known.put((str(n), "", "", ""), ())
    assert len(known) == 2
    assert known.get(("0", "", "", "")) is None
    assert known.get(("2", "", "", "")) == ()


def test_the_link_of_a_shortage_leads_to_its_answer(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = Subject("shortage", "Forge", "resource").key
    app = opened(line, monkeypatch, why=key)
    assert "because Forge is full" in said(app)
    kept = why_known.memory()
    assert any(isinstance(one, Explanation) and one.priced for one in kept._kept.values())


@pytest.mark.parametrize(
    ("section", "filters", "said_of"),
    [
        ("Why", {}, ""),
        ("Why", {"region": "North"}, "North is not singled out"),
        ("Why", {"item": "Iron"}, ""),
        ("Options", {"item": "Iron", "segment": "Retail"}, "Iron, Retail is not singled out"),
        ("Risk", {"region": "North"}, ""),
    ],
)
def test_a_filter_that_does_not_act_in_a_section_is_named(
    section: str, filters: dict[str, str], said_of: str
) -> None:
    view = SimpleNamespace(**({"item": ALL, "region": ALL, "segment": ALL} | filters))
    found = tradeoffs.unused(section, view)  # type: ignore[arg-type]
    assert said_of in found
    assert bool(found) is bool(said_of)
