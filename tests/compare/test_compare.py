"""Plans side by side: rows of every measure sum to its KPI, differences to the KPI's difference, to the cent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from sop_core import compare
from sop_core.changes import CapacityChange, DemandGrowth, PromotionAdd, SafetyStockCover, Scope, WageChange
from sop_core.kpis import KPIS
from sop_core.plan import Plan
from sop_core.planner import Planner
from sop_core.scenario import Scenario
from tests.bridge.company import or_reject, planned
from tests.changes.factory import make_inputs
from tests.changes.strategies import scenarios

COMPANY = make_inputs()
PLAN = planned(COMPANY)


@pytest.fixture(scope="module")
def base(demo_planner: Planner) -> Plan:
    return demo_planner.base


@pytest.fixture(scope="module")
def other(demo_planner: Planner, base: Plan) -> Plan:
    line = base.inputs.resource_names[0]
    return demo_planner.plan(
        Scenario("Tight")
        .add(CapacityChange(scope=Scope.of(resource=line), pct=-0.3))
        .add(DemandGrowth(pct=0.05))
        .add(WageChange(pct=0.02))
        .add(SafetyStockCover(pct=0.2))
    )


def sums_to_its_kpi(plan: Plan) -> None:
    for measure in compare.MEASURES.values():
        for money in (False, True):
            kpi = measure.kpi(money)
            rows = compare.by_month(plan, measure, measure.in_money(money))
            assert rows.shape[1] == plan.inputs.horizon
            if not kpi:
                continue
            series = KPIS[kpi].series(plan.facts)
            assert rows.sum(axis=0) == pytest.approx(series, abs=0.005)
            total = compare.over_horizon(rows, measure).sum()
            assert total == pytest.approx(plan.kpis[kpi], abs=0.005), kpi


def test_rows_of_every_measure_sum_to_its_kpi_on_the_demo(base: Plan, other: Plan) -> None:
    sums_to_its_kpi(base)
    sums_to_its_kpi(other)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(scenarios(COMPANY, most=4))
def test_rows_of_every_measure_sum_to_its_kpi_whatever_the_changes(scenario: Scenario) -> None:
    sums_to_its_kpi(or_reject(PLAN, scenario))


def test_every_measure_but_the_load_has_a_kpi_of_its_own() -> None:
    for measure in compare.MEASURES.values():
        assert measure.name == "load" or measure.kpi(False) or measure.kpi(True)
        assert measure.formula


def test_filters_leave_out_other_regions_and_segments(base: Plan) -> None:
    served = compare.MEASURES["served"]
    regions = np.arange(len(base.inputs.regions)) == 0
    rows = compare.by_month(base, served, regions=regions)
    assert rows == pytest.approx(base.solution.served[:, :1].sum(axis=(1, 2)))
    segments = np.arange(len(base.inputs.segments)) == 0
    rows = compare.by_month(base, served, True, regions, segments)
    assert rows == pytest.approx(base.solution.revenue[:, 0, 0])


def test_people_are_shared_by_hours_and_months_without_work_are_told_apart(base: Plan) -> None:
    rows = compare.margin_by_item(base)
    assert rows.shape == (len(base.inputs.items) + 1, base.inputs.horizon)
    idle = (base.solution.load <= 1e-9) & (base.inputs.resource.wage * base.solution.headcount > 0)
    if not idle.any():
        assert np.abs(rows[-1]).max() < 1.0


def test_a_promotion_costs_the_products_that_it_covers() -> None:
    flash = PromotionAdd(
        scope=Scope.of(family="Road"), name="Flash", start="2027-02-01", end="2027-02-28", uplift=0.0, cost=500.0
    )  # fmt: skip
    before, after = compare.margin_by_item(PLAN(Scenario.base())), compare.margin_by_item(
        PLAN(Scenario("x").add(flash))
    )  # fmt: skip
    difference = (after - before)[:, 1]
    road = np.array([family == "Road" for family in COMPANY.item_family])
    assert difference[:-1][road].sum() == pytest.approx(-500.0)
    assert difference[:-1][~road] == pytest.approx(0.0, abs=1e-9)


def test_kpi_table_sets_every_plan_against_the_reference(base: Plan, other: Plan) -> None:
    table = compare.kpi_table([base, other], reference=1).set_index("kpi")
    assert table.loc["margin", "delta_0"] == pytest.approx(base.kpis["margin"] - other.kpis["margin"])
    assert table.loc["margin", "delta_1"] == 0
    assert table.loc["margin", "favourable_1"] is None
    assert table.loc["margin", "favourable_0"] is (base.kpis["margin"] > other.kpis["margin"])
    assert set(table.index) == set(KPIS)


def test_findings_name_place_size_and_months(base: Plan, other: Plan) -> None:
    found = compare.findings(base, other)
    subjects = [finding.subject for finding in found]
    assert subjects == sorted(subjects, key=["Volume", "Load", "Stock", "Cash"].index)
    assert all(subjects.count(name) <= 3 for name in set(subjects))
    assert {"Volume", "Load", "Stock", "Cash"} <= set(subjects)
    families = set(base.inputs.item_family)
    for finding in found:
        assert finding.sentence.endswith(".")
        if finding.subject in ("Volume", "Stock"):
            assert finding.place in families
    whole = next(finding for finding in found if finding.subject == "Cash")
    assert whole.sentence.startswith("Cash at the end of the horizon")


def test_the_same_plan_has_no_findings(base: Plan) -> None:
    assert compare.findings(base, base) == ()
