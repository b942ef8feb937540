"""The Scenarios page: levers are views of the scenario, the plan answers, nothing leaks between sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import kpi_strip
from pages.parts.desk import PLANS, Desk
from pages.parts.levers import QUICK, Picked, at, hindrance, moved
from sop_core.changes import CapacityChange, DemandGrowth, Scope
from sop_core.charts.roles import LIGHT
from sop_core.planner import Company, Planner
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
GROWTH = next(lever for lever in QUICK if lever.kind == "demand_growth")
OVERTIME = next(lever for lever in QUICK if lever.kind == "overtime")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company of one line, with a saved scenario that fits and one that does not."""
    path = companies.build(tmp_path_factory.mktemp("live") / "line.duckdb", companies.full_line())
    fits = Scenario("More hours").add(CapacityChange(scope=Scope.of(resource="Forge"), pct=0.5))
    alien = Scenario("Alien").add(DemandGrowth(scope=Scope.of(family="Bicycles"), pct=0.1))
    with Store.open(path) as store:
        for scenario in (fits, alien):
            store.save_scenario(scenario.name, scenario.to_json(), "Ada", 0)
    return path


def opened(store: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("SOP_STORE", str(store))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/scenarios.py").run()


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def test_the_base_is_shown_with_what_is_short_and_why(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    assert not app.exception
    assert "None yet: this is the base" in said(app)
    assert "as base" in said(app)
    shortages = [link.proto.label for link in app.get("page_link") if "why=" in link.proto.query_string]
    assert "Forge is full" in shortages[0]
    assert "Anvil 10 kg" in shortages[0]
    chart = pictures(app)
    for words in ("are not delivered in their month", "Stock goes from", "regular hours"):
        assert words in chart.alt
    assert chart.alt.endswith("The margin is that of the base.")


def pictures(app: AppTest) -> Any:
    """The one chart that holds all four pictures."""
    (chart,) = app.get("echarts_chart")
    return chart.proto


def test_a_lever_becomes_a_sentence_and_the_numbers_answer(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch)
    app.slider(key="lever_demand_growth").set_value(-20.0).run()
    assert "All products: demand -20 %" in said(app)
    assert "Changes (1) · not saved" in said(app)
    assert "unfavourable" in said(app)  # less revenue
    app.slider(key="lever_demand_growth").set_value(0.0).run()
    assert "None yet" in said(app)
    assert "unfavourable" not in said(app)


def test_undo_and_redo_move_the_lever_itself(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    assert app.button(key="undo").disabled
    app.slider(key="lever_demand_growth").set_value(5.0).run()
    app.slider(key="lever_capacity").set_value(10.0).run()
    app.button(key="undo").click().run()
    assert app.slider(key="lever_capacity").value == 0
    assert app.slider(key="lever_demand_growth").value == 5
    app.button(key="redo").click().run()
    assert app.slider(key="lever_capacity").value == 10
    assert app.button(key="redo").disabled


def test_a_lever_stands_where_the_scenario_says_for_its_scope(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch)
    app.slider(key="lever_demand_growth").set_value(7.0).run()
    app.selectbox(key="lever_what").select(("products", "Anvil")).run()
    assert app.slider(key="lever_demand_growth").value == 0
    app.slider(key="lever_demand_growth").set_value(-3.0).run()
    assert "Anvil: demand -3 %" in said(app)
    assert "All products: demand +7 %" in said(app)
    app.selectbox(key="lever_what").select(("", "")).run()
    assert app.slider(key="lever_demand_growth").value == 7


def test_muting_keeps_the_sentence_and_gives_back_the_base(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch)
    app.slider(key="lever_demand_growth").set_value(-20.0).run()
    app.button(key="mute_0").click().run()
    assert "sop-said sop-muted" in said(app)
    assert "unfavourable" not in said(app)
    app.button(key="mute_0").click().run()
    assert "unfavourable" in said(app)
    app.button(key="remove_0").click().run()
    assert "None yet" in said(app)


def test_b_flips_to_the_base_and_back_without_touching_the_scenario(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch)
    app.slider(key="lever_demand_growth").set_value(-20.0).run()
    app.button(key="flip_button").click().run()
    assert "unfavourable" not in said(app)
    assert "All products: demand -20 %" in said(app)
    app.button(key="flip_button").click().run()
    assert "unfavourable" in said(app)


def test_a_lever_that_can_do_nothing_says_why(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    transport = app.slider(key="lever_transport_cost")
    assert transport.disabled
    assert "lanes" in transport.help


def test_the_objective_is_a_change_only_where_it_differs(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    control = app.segmented_control(key="lever_objective")
    own, other = control.value, next(name for name in ("margin", "service") if name != control.value)
    control.set_value(other).run()
    assert "Changes (1)" in said(app)
    app.segmented_control(key="lever_objective").set_value(own).run()
    assert "Changes (0)" in said(app)


def test_a_saved_scenario_opens_from_its_address(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, scenario="More hours")
    assert "Forge, Works: +50 % hours" in said(app) or "Forge: +50 % hours" in said(app)
    assert "not saved" not in said(app)
    assert "favourable" in said(app)


def test_a_scenario_that_does_not_fit_is_explained_over_the_base_numbers(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch, scenario="Alien")
    assert not app.exception
    assert "This cannot be planned" in said(app)
    assert "There is no family" in said(app)
    assert "as base" in said(app)


def test_sessions_do_not_see_each_others_changes(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = opened(line, monkeypatch), opened(line, monkeypatch)
    one.slider(key="lever_demand_growth").set_value(12.0).run()
    other.run()
    assert other.slider(key="lever_demand_growth").value == 0
    assert "None yet" in said(other)


def test_changes_follow_to_other_pages_and_back(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    app.slider(key="lever_demand_growth").set_value(12.0).run()
    app.switch_page("pages/supply.py").run()
    app.switch_page("pages/scenarios.py").run()
    assert "All products: demand +12 %" in said(app)


def test_comparison_shows_each_scenario_with_its_difference(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch, mode="Compare", compare="Base,More hours")
    assert not app.exception
    text = said(app)
    assert "<th>More hours</th>" in text
    assert "sop-good" in text
    assert "+50 % hours" in text
    assert "None yet" not in text  # no levers here


# -- the parts, without a page --


def test_quick_levers_exist_as_changes_and_know_their_scope() -> None:
    for lever in QUICK:
        assert lever.spec.min is not None
        assert lever.spec.max is not None
        assert lever.spec.step
        picked = Picked(("families", "Iron"), "North", "Forge", "2026-02", "2026-03")
        allowed = {*lever.change.axes}
        assert set(picked.scope(lever).used) <= allowed


def test_moving_a_lever_keeps_note_and_other_fields() -> None:
    scope = Scope.of(resource="Forge")
    noted = CapacityChange(scope=scope, pct=0.1, hours=5.0, note="weekend crew")
    lever = next(lever for lever in QUICK if lever.kind == "capacity")
    change = moved(Scenario("Plan").add(noted), lever, scope, 0.2)
    assert isinstance(change, CapacityChange)
    assert (change.pct, change.hours, change.note) == (0.2, 5.0, "weekend crew")
    assert at(Scenario("Plan"), lever, scope).is_neutral


def test_hindrance_names_the_table_to_bring(demo_company: Company) -> None:
    assert hindrance(GROWTH, Scope(), demo_company.inputs) == ""
    nowhere = hindrance(GROWTH, Scope.of(region="Atlantis"), demo_company.inputs)
    assert "There is no region 'Atlantis'" in nowhere


def test_strip_holds_at_most_six_and_escapes(demo_planner: Planner) -> None:
    base = demo_planner.base
    html = kpi_strip.strip(base, base, LIGHT)
    assert html.count("sop-kpi") == 6
    assert "<script" not in html
    with pytest.raises(ValueError, match="holds 6"):
        kpi_strip.strip(base, base, LIGHT, names=("margin",) * 7)


def test_desk_gives_the_same_plan_again_under_another_name(demo_company: Company) -> None:
    desk = Desk(demo_company)
    change = DemandGrowth(pct=0.03)
    first = desk.plan(Scenario("A").add(change))
    again = desk.plan(Scenario("B").add(change))
    assert again.scenario.name == "B"
    assert again.solution is first.solution
    assert desk.plan(Scenario.base()) is desk.base
    assert desk.plan(Scenario("Empty")).solution is desk.base.solution
    assert PLANS < 100


def test_every_month_of_the_range_is_no_limit(demo_company: Company) -> None:
    assert Picked().scope(GROWTH) == Scope()
    assert Picked(resource="x").scope(GROWTH) == Scope()
    assert Picked(what=("products", "x")).scope(OVERTIME) == Scope()
