"""The editing grid on the page: typed cells wait, survive, are applied with a reason and undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.demand.edit import _Editor
from sop_core.changes import DemandEdit, Scope
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
Edited = dict[int, dict[str, str]]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two products of one family, six months from Jan 26: Anvil 60 (Mar 140), Order 5. One scenario is locked."""
    path = companies.build(tmp_path_factory.mktemp("edit") / "line.duckdb", companies.full_line())
    agreed = Scenario("Agreed").add(DemandEdit(scope=Scope.of(product="Anvil"), values={"2026-02": 70.0}))
    with Store.open(path) as store:
        store.save_scenario("Agreed", agreed.to_json(), "Ada", 0)
        store.lock_scenario("Agreed", "Ada", "Demand of January")
    return path


def opened(store: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("SOP_STORE", str(store))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in ({"level": "Product", "demand_mode": "Edit"} | query).items():
        app.query_params[name] = value
    return app.switch_page("pages/demand.py").run()


def editor(app: AppTest) -> _Editor:
    found: _Editor = app.session_state["_demand_editor"]
    return found


def type_in(app: AppTest, edited: Edited) -> AppTest:
    """What the browser sends when these cells hold this text: the whole state of the grid."""
    app.session_state[editor(app).key] = {"edited_rows": edited, "added_rows": [], "deleted_rows": []}
    return app.run()


def apply(app: AppTest, why: str = "dealer listing", owner: str = "A. Rossi") -> AppTest:
    app.text_input(key="demand_why").set_value(why)
    app.text_input(key="demand_owner").set_value(owner)
    return app.button(key="demand_apply_button").click().run()


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def steps(app: AppTest, name: str = "Base") -> tuple[Any, ...]:
    work = app.session_state["_work"][name]
    changes: tuple[Any, ...] = work.history.present.active
    return changes


def test_typed_cells_wait_with_a_preview_and_change_nothing(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch)
    assert [entry.label for entry in editor(app).lines] == ["Company, total", "Anvil 10 kg", "=HYPERLINK(1)"]
    type_in(app, {1: {"Feb 26": "90"}})
    assert not app.exception
    assert steps(app) == ()
    assert "Anvil 10 kg, Feb 26" in said(app)
    assert ">60<" in said(app)
    assert ">+30<" in said(app)
    assert "1 cell not applied yet" in said(app)


def test_a_reason_is_asked_for_then_one_line_is_one_change(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = type_in(opened(line, monkeypatch), {1: {"Feb 26": "90", "Mar 26": "1,000"}, 2: {"Feb 26": "7"}})
    apply(app, why=" ")
    assert [error.value for error in app.error] == ["Say why first: the reason stands in the minutes."]
    assert steps(app) == ()
    apply(app)
    assert steps(app) == (
        DemandEdit(
            scope=Scope.of(product="Anvil"),
            values={"2026-02": 90.0, "2026-03": 1000.0},
            note="dealer listing",
            owner="A. Rossi",
        ),
        DemandEdit(
            scope=Scope.of(product="Order"), values={"2026-02": 7.0}, note="dealer listing", owner="A. Rossi"
        ),
    )
    assert "Anvil: demand set to 90 in Feb 26, 1,000 in Mar 26 (dealer listing, A. Rossi)" in said(app)
    assert "What-if · not saved" in said(app)
    assert editor(app).clean[0] == ["65", "97", "1,005", "65", "65", "65"]


def test_the_same_grid_goes_on_after_applying_and_takes_what_comes_late(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typing that reaches the server only after the key that applies: it waits, nothing is lost."""
    app = type_in(opened(line, monkeypatch), {1: {"Feb 26": "90"}})
    key = editor(app).key
    apply(app)
    assert editor(app).key == key
    type_in(app, {1: {"Feb 26": "90", "Apr 26": "77"}})
    assert "1 cell not applied yet" in said(app)
    apply(app)
    assert len(steps(app)) == 1
    assert steps(app)[0].to_dict()["values"] == {"2026-02": 90.0, "2026-04": 77.0}


def test_a_total_that_moves_typed_lines_brings_a_new_grid(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = type_in(opened(line, monkeypatch), {1: {"Feb 26": "95"}})
    type_in(app, {1: {"Feb 26": "95"}, 0: {"Feb 26": "200"}})
    key = editor(app).key
    apply(app)
    assert editor(app).key != key
    assert editor(app).clean[0][1] == "200"
    assert editor(app).clean[1][1] == "190"


def test_undo_gives_back_what_was(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = apply(type_in(opened(line, monkeypatch), {1: {"Feb 26": "90"}}))
    app.button(key="demand_undo").click().run()
    assert steps(app) == ()
    assert editor(app).clean[1][1] == "60"
    app.button(key="demand_redo").click().run()
    assert editor(app).clean[1][1] == "90"
    app.button(key="demand_remove_0").click().run()
    assert steps(app) == ()


def test_what_cannot_be_read_stays_and_is_named(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = type_in(opened(line, monkeypatch), {1: {"Feb 26": "ninety", "Mar 26": "150"}})
    assert "“ninety” is not a number" in said(app)
    apply(app)
    assert steps(app)[0].to_dict()["values"] == {"2026-03": 150.0}
    assert "1 cell cannot be read and stays as typed" in said(app)
    apply(app)
    assert "None of the typed cells can be read" in app.error[0].value


def test_pending_cells_survive_filters_and_pages(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = type_in(opened(line, monkeypatch), {1: {"Feb 26": "90"}})
    app.selectbox(key="level").select("Company").run()
    assert "Anvil 10 kg, Feb 26" in said(app)
    app.switch_page("pages/scenarios.py").run()
    app.switch_page("pages/demand.py").run()
    assert "1 typed cell waits" in said(app) or "Anvil 10 kg, Feb 26" in said(app)
    app.selectbox(key="level").select("Product").run()
    app.segmented_control(key="demand_mode").set_value("Edit").run()
    assert editor(app).frame.iloc[1]["Feb 26"] == "✎ 90"
    apply(app)
    assert steps(app)[0].to_dict()["values"] == {"2026-02": 90.0}


def test_cells_that_wait_elsewhere_are_told(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = type_in(opened(line, monkeypatch), {1: {"Feb 26": "90"}})
    app.session_state["_demand_pending"]["Other plan"] = dict(app.session_state["_demand_pending"]["Base"])
    app.run()
    assert any("wait in scenario “Other plan”" in info.value for info in app.info)


def test_discarding_forgets_typing_only(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = apply(type_in(opened(line, monkeypatch), {1: {"Feb 26": "90"}}))
    type_in(app, {1: {"Feb 26": "90", "Mar 26": "1"}})
    app.button(key="demand_discard").click().run()
    assert len(steps(app)) == 1
    assert editor(app).clean[1][1] == "90"
    assert app.session_state["_demand_pending"]["Base"] == {}


def test_percent_and_quarters(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    app.segmented_control(key="demand_measure").set_value("Change in %").run()
    app.segmented_control(key="demand_period").set_value("Quarter").run()
    assert [column.label for column in editor(app).columns] == ["Q1 26", "Q2 26"]
    apply(type_in(app, {0: {"Q2 26": "10 %"}}))
    (change,) = steps(app)
    assert change.to_dict()["values"] == {"2026-04": 0.1, "2026-05": 0.1, "2026-06": 0.1}
    assert editor(app).clean[0][1] == "+10 %"
    app.segmented_control(key="demand_measure").set_value("Units a month").run()
    assert editor(app).clean[0] == ["275", "214"]


def test_a_locked_scenario_cannot_be_edited_and_shows_the_way_out(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch, scenario="Agreed")
    assert any("is locked" in info.value and "branch" in info.value for info in app.info)
    assert "_demand_editor" not in app.session_state
    assert "Anvil: demand set to 70 in Feb 26" in said(app)
    keys = {button.key for button in app.button}
    assert "demand_branch" in keys
    assert not any(str(key).startswith(("demand_mute", "demand_remove")) for key in keys)


def test_sessions_do_not_see_each_others_typing(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = opened(line, monkeypatch), opened(line, monkeypatch)
    apply(type_in(one, {1: {"Feb 26": "90"}}))
    other.run()
    assert steps(other) == ()
    assert editor(other).clean[1][1] == "60"


def test_layers_are_told_by_year_with_their_sign(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = apply(type_in(opened(line, monkeypatch), {1: {"Feb 26": "90"}}))
    app.segmented_control(key="demand_picture").set_value("Layers").run()
    text = said(app)
    assert "overrides +30" in text
    assert ">Overrides<" in text
