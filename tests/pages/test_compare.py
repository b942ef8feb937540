"""Scenarios, Compare: table, reference, findings, grid and pictures; empty, alone, same twice, not plannable."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.context import ALL, COMPANY, FAMILY, MONEY, UNITS, View
from pages.parts.desk import Desk
from pages.parts.scenarios import compare as section
from pages.parts.scenarios import compare_grid
from sop_core import compare
from sop_core.changes import CapacityChange, DemandGrowth, Scope
from sop_core.charts.roles import LIGHT
from sop_core.kpis import KPIS
from sop_core.planner import Company
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = companies.build(tmp_path_factory.mktemp("compare") / "line.duckdb", companies.full_line())
    forge = Scope.of(resource="Forge")
    scenarios = (
        Scenario("More hours").add(CapacityChange(scope=forge, pct=0.5)),
        Scenario("Twin").add(CapacityChange(scope=forge, pct=0.5)),
        Scenario("Alien").add(DemandGrowth(scope=Scope.of(family="Bicycles"), pct=0.1)),
    )
    with Store.open(path) as store:
        for scenario in scenarios:
            store.save_scenario(scenario.name, scenario.to_json(), "Ada", 0)
    return path


def opened(store: Path, monkeypatch: pytest.MonkeyPatch, *chosen: str) -> AppTest:
    monkeypatch.setenv("SOP_STORE", str(store))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["mode"] = "Compare"
    app.switch_page("pages/scenarios.py").run()
    return app.multiselect(key="compare").set_value(list(chosen)).run() if chosen else app


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def test_what_cannot_be_planned_is_named_and_left_out(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    assert not app.exception
    assert any("“Alien” cannot be planned" in warning.value for warning in app.warning)
    assert "<th>More hours</th>" in said(app)


def test_nothing_chosen_says_what_to_do(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch)
    app.multiselect(key="compare").set_value([]).run()
    assert not app.exception
    assert any("Choose up to four" in info.value for info in app.info)


def test_one_alone_has_its_table_and_no_differences(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, "More hours")
    assert not app.exception
    assert "by itself" in said(app)
    assert "sop-diff" not in said(app)


def test_two_have_table_findings_grid_and_pictures(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, "Base", "More hours")
    assert not app.exception
    html = said(app)
    assert "<th>vs Base</th>" in html
    assert "More hours has the best" in html
    assert "Volume" in html
    assert "Iron: " in html
    assert "sop-diff" in html
    pictures = [chart.proto.alt for chart in app.get("echarts_chart")]
    assert len(pictures) == 3
    assert all("Base: " in alt and "More hours: " in alt for alt in pictures)


@pytest.mark.parametrize("measure", list(compare.MEASURES))
def test_every_measure_has_a_grid_or_says_that_nothing_differs(
    line: Path, monkeypatch: pytest.MonkeyPatch, measure: str
) -> None:
    app = opened(line, monkeypatch, "Base", "More hours")
    app.segmented_control(key="compare_measure").set_value(measure).run()
    assert not app.exception
    title = compare.MEASURES[measure].title.lower()
    none = any(f"No difference in {title}" in caption.value for caption in app.caption)
    assert none == (measure == "demand")
    assert ("sop-diff" in said(app)) != none


def test_another_reference_turns_the_signs(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, "Base", "More hours")
    before = re.search(r"Margin, EUR.*?(▲|▼)", said(app))
    app.selectbox(key="compare_reference_Base|More hours").select("More hours").run()
    after = re.search(r"Margin, EUR.*?(▲|▼)", said(app))
    assert before is not None
    assert after is not None
    assert before.group(1) != after.group(1)
    assert "<th>vs More hours</th>" in said(app)


def test_the_same_plan_twice_is_said(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(line, monkeypatch, "More hours", "Twin")
    assert not app.exception
    assert "come to the same margin" in said(app)
    assert any("plans the same" in caption.value for caption in app.caption)


# -- the parts, without a page --


@pytest.fixture(scope="module")
def desk(demo_company: Company) -> Desk:
    return Desk(demo_company)


TIGHT = Scenario("Tight").add(DemandGrowth(pct=0.05)).add(CapacityChange(pct=-0.2))


def view_of(desk: Desk, show: str = UNITS, level: str = COMPANY, item: str = ALL, region: str = ALL) -> View:
    return View(desk, TIGHT, "Tight", show, level, item, region, ALL, LIGHT)


@pytest.mark.parametrize("show", [UNITS, MONEY])
@pytest.mark.parametrize("by_product", [False, True])
def test_totals_of_the_grid_are_the_difference_of_the_kpi(desk: Desk, show: str, by_product: bool) -> None:
    view = view_of(desk, show)
    a, b = desk.base, desk.plan(TIGHT)
    for measure in compare.MEASURES.values():
        grid = compare_grid.difference(view, a, b, measure, by_product=by_product)
        assert grid.amounts[:-1].sum(axis=0) == pytest.approx(grid.amounts[-1], abs=0.005)
        assert grid.totals[:-1].sum() == pytest.approx(grid.totals[-1], abs=0.005)
        if grid.kpi:
            whole = b.kpis[grid.kpi] - a.kpis[grid.kpi]
            assert grid.totals[-1] == pytest.approx(whole, abs=0.005), measure.name
            months = KPIS[grid.kpi].series(b.facts) - KPIS[grid.kpi].series(a.facts)
            assert grid.amounts[-1] == pytest.approx(months, abs=0.005)
            assert KPIS[grid.kpi].title.lower() in compare_grid.sentence(grid, a, b, ("Base", "Tight"))


def test_products_sum_to_their_family(desk: Desk) -> None:
    a, b = desk.base, desk.plan(TIGHT)
    family = desk.company.inputs.item_family[0]
    for measure in compare.MEASURES.values():
        if measure.axis == "resource":
            continue
        families = compare_grid.difference(view_of(desk, MONEY), a, b, measure, every=True)
        inside = compare_grid.difference(view_of(desk, MONEY, FAMILY, family), a, b, measure, every=True)
        assert inside.label == "Product"
        row = families.rows.index(family)
        assert inside.amounts[-1] == pytest.approx(families.amounts[row], abs=0.005)


def test_a_filtered_grid_claims_no_kpi(desk: Desk) -> None:
    a, b = desk.base, desk.plan(TIGHT)
    region = desk.company.inputs.regions[0]
    served = compare.MEASURES["served"]
    grid = compare_grid.difference(view_of(desk, region=region), a, b, served)
    assert grid.kpi == ""
    whole = compare_grid.difference(view_of(desk), a, b, served)
    assert not np.allclose(grid.amounts[-1], whole.amounts[-1])
    assert (
        compare_grid.difference(view_of(desk, region=region), a, b, compare.MEASURES["output"]).kpi
        == "output"
    )


def test_the_grid_is_escaped_and_downloads_every_row(desk: Desk) -> None:
    view = view_of(desk)
    grid = compare_grid.difference(
        view, desk.base, desk.plan(TIGHT), compare.MEASURES["stock"], by_product=True, every=True
    )
    frame = compare_grid.frame(grid, view.inputs.months)
    assert len(frame) == len(view.inputs.items) + 1
    assert frame["total"].iloc[-1] == pytest.approx(grid.totals[-1])
    odd = compare_grid.Grid(
        grid.measure, ("<b>", "Total"), grid.amounts[-2:], grid.totals[-2:], "units", "", "P"
    )
    assert "&lt;b&gt;" in compare_grid.html(odd, view.months)
    assert "favourable" in compare_grid.html(grid, view.months)


def test_the_table_shows_values_in_full_on_hover_and_differences_to_the_reference(desk: Desk) -> None:
    base, tight = desk.base, desk.plan(TIGHT)
    html = section.table({"<Base>": base, "Tight": tight}, "<Base>")
    assert "&lt;Base&gt;" in html
    assert html.count("vs &lt;Base&gt;") == 1
    assert f"{base.kpis['revenue']:,.0f}" in html
    frame = section.kpi_frame({"Base": base, "Tight": tight}, "Base").set_index("kpi")
    assert frame.loc["margin", "Base"] == pytest.approx(base.kpis["margin"])
    whole = tight.kpis["margin"] - base.kpis["margin"]
    assert frame.loc["margin", "Tight less Base"] == pytest.approx(whole)
