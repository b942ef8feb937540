"""Trade-offs, Bridge: by change and by driver, adding up by eye; empty, same twice, not plannable, stopped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.tradeoffs import bridge as section
from pages.parts.tradeoffs import bridge_tables
from sop_core import bridge
from sop_core.changes import CapacityChange, DemandGrowth, OvertimeChange, PriceChange, Scope
from sop_core.planner import Planner
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = companies.build(tmp_path_factory.mktemp("bridge") / "line.duckdb", companies.full_line())
    forge = Scope.of(resource="Forge")
    more = Scenario("More hours").add(CapacityChange(scope=forge, pct=0.5)).add(DemandGrowth(pct=0.1))
    alien = Scenario("Alien").add(DemandGrowth(scope=Scope.of(family="Bicycles"), pct=0.1))
    many = more
    for n, month in enumerate(("2026-02", "2026-03", "2026-04")):
        many = many.add(PriceChange(scope=Scope.of(first=month, last=month), pct=0.01 * (n + 1)))
    many = many.add(OvertimeChange(scope=forge, pct=0.5)).rename("Many")
    with Store.open(path) as store:
        for scenario in (more, alien, many):
            store.save_scenario(scenario.name, scenario.to_json(), "Ada", 0)
        store.save_scenario(
            "More hours", more.add(PriceChange(pct=0.02)).to_json(), "Ben", 1
        )  # a second revision
    return path


def opened(store: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("SOP_STORE", str(store))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["tradeoffs_view"] = "Bridge"
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/tradeoffs.py").run()


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def numbers(app: AppTest) -> list[float]:
    """The column of amounts as it is read: start, steps, difference, end."""
    table = next(block.proto.body for block in app.get("html") if "sop-steps" in block.proto.body)
    cells = re.findall(r"<tr><td[^>]*>.*?</td><td[^>]*>(?:<b>)?([^<]+)", table)
    return [
        0.0 if cell == "–" else float(cell.replace(",", "").replace("\N{MINUS SIGN}", "-")) for cell in cells
    ]


def adds_up(read: list[float]) -> bool:
    start, *steps, difference, end = read
    return abs(sum(steps) - difference) < 1e-9 and abs(start + difference - end) < 1e-9


def test_where_the_base_is_shown_the_scenario_saved_last_is_set_against_it(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch)
    assert not app.exception
    assert app.selectbox(key="bridge_to_base").value == "More hours"
    assert "From Base to More hours" in said(app)
    assert adds_up(numbers(app))


def test_without_a_scenario_the_base_has_nothing_to_bridge_and_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(companies.build(tmp_path / "line.duckdb", companies.full_line()), monkeypatch)
    assert not app.exception
    assert "nothing to bridge" in said(app)
    assert {"Make a scenario", "Find options"} <= {link.proto.label for link in app.get("page_link")}


def test_every_part_is_told_in_every_measure(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, scenario="More hours")
    table = next(block.proto.body for block in app.get("html") if "<th>Part</th>" in block.proto.body)
    assert "Service level, pp" in table
    rows = [re.findall(r">([^<>]*)</td>", row) for row in re.findall(r"<tr>.*?</tr>", table)[1:]]
    total = re.findall(r">([^<>]*)</td>", table[table.index("font-weight:600") :])
    margins = [
        float(row[1].replace(",", "").replace("\N{MINUS SIGN}", "-").replace("–", "0")) for row in rows
    ]
    assert len(rows) == 3
    assert sum(margins) == float(total[1].replace(",", "").replace("\N{MINUS SIGN}", "-"))


@pytest.mark.parametrize("kpi", ["margin", "service_level", "stock_value", "cash", "turns"])
def test_by_change_the_numbers_that_are_read_add_up(
    line: Path, monkeypatch: pytest.MonkeyPatch, kpi: str
) -> None:
    app = opened(line, monkeypatch, scenario="More hours")
    app.selectbox(key="bridge_kpi").select(kpi).run()
    assert not app.exception
    assert "From Base to More hours" in said(app)
    assert "Forge: +50 % hours" in said(app)
    assert adds_up(numbers(app))
    assert any("mean effect over all 6 orders" in caption.value for caption in app.caption)


def test_by_driver_the_numbers_add_up_and_families_are_told(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(line, monkeypatch, scenario="More hours")
    app.segmented_control(key="bridge_by").set_value(section.DRIVER).run()
    assert not app.exception
    assert "Volume: " in said(app)
    assert adds_up(numbers(app))
    assert "<td>Iron</td>" in said(app)
    app.selectbox(key="bridge_kpi").select("turns").run()
    assert any("told by change only" in caption.value for caption in app.caption)
    assert adds_up(numbers(app))


def test_in_order_says_so(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, scenario="More hours")
    app.segmented_control(key="bridge_rule").set_value(section.ORDERED).run()
    assert any(caption.value.startswith("In order") for caption in app.caption)
    assert adds_up(numbers(app))


def test_the_same_plan_twice_is_said(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, scenario="More hours")
    app.selectbox(key="bridge_from").select("More hours").run()
    assert not app.exception
    assert "plan the same" in said(app)


def test_what_cannot_be_planned_is_named(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, scenario="Alien")
    assert not app.exception
    assert any("“Alien” cannot be planned" in warning.value for warning in app.warning)


def test_an_earlier_revision_can_be_bridged(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, scenario="More hours")
    app.selectbox(key="bridge_from").select("More hours, revision 1 (Ada)").run()
    assert not app.exception
    assert "price +2 %" in said(app)
    assert adds_up(numbers(app))


def test_many_plans_are_made_beside_the_screen(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, scenario="Many")
    job = app.session_state["_jobs"]["bridge"]
    assert job.wait(60)
    app.run()
    assert not app.exception
    assert "From Base to Many" in said(app)
    assert adds_up(numbers(app))


def test_stopped_it_offers_to_plan_on(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, scenario="Many")
    job = app.session_state["_jobs"]["bridge"]
    assert job.wait(60)
    job.stop()
    job.result = None
    app.run()
    assert any("Stopped before" in info.value for info in app.info)
    app.button(key="bridge_again").click().run()
    assert app.session_state["_jobs"]["bridge"].wait(60)
    app.run()
    assert adds_up(numbers(app))


# -- the parts, without a page --


def test_shown_amounts_are_rounded_so_that_they_add_up() -> None:
    shown = bridge_tables.stepped("margin", [0.4, 0.4, 0.4], (10.0, 11.2))
    assert sum(shown) == 1.0
    assert all(value == round(value) for value in shown)
    points = bridge_tables.stepped("service_level", [0.00004, 0.00004], (0.9, 0.90008))
    assert sum(points) == pytest.approx(0.0001)


def test_matrix_of_families_sums_to_the_steps_and_products_to_their_family(demo_planner: Planner) -> None:
    base = demo_planner.base
    plan = demo_planner.plan(Scenario("x").add(DemandGrowth(pct=0.05)))
    steps = bridge.by_driver(base, plan, "margin")
    whole = bridge_tables.matrix(steps, base.inputs)
    for step in steps:
        assert whole.loc["Total", step.title] == pytest.approx(step.amount, abs=0.005)
    family = base.inputs.item_family[0]
    products = bridge_tables.matrix(steps, base.inputs, family)
    assert products.loc["Total", "Total"] == pytest.approx(whole.loc[family, "Total"], abs=0.005)
    assert "Total" in bridge_tables.matrix_html(whole, "margin", "EUR", "Family")


def test_the_memory_is_bounded() -> None:
    memory = section.Memory()
    for n in range(section.KEPT + 5):
        memory.put(str(n), {"margin": float(n)})
    assert len(memory.known) == section.KEPT
    assert memory.get("0") is None
    assert memory.get(str(section.KEPT)) == {"margin": float(section.KEPT)}
