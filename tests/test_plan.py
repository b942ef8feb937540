"""The whole line on the demo company: totals agree to the last cent, the story shows, a scenario is only itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core import changes, compare, headline
from sop_core.kpis import KPIS, favourable, on_time
from sop_core.plan import Plan
from sop_core.planner import Company, Planner, make_plan, prepare
from sop_core.reference import formulas_page
from sop_core.risk import simulate
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests import published
from tests.risk.committed import doubt, planned
from tests.supply.factory import make_inputs

GROWTH = Scenario.base().add(changes.DemandGrowth(pct=0.05)).rename("More")


@pytest.fixture(scope="module")
def base(demo_planner: Planner) -> Plan:
    return demo_planner.base


def test_totals_agree_to_the_last_cent(base: Plan) -> None:
    summary, frames = base.summary(), base.frames()
    assert summary["cost"] == pytest.approx(sum(summary["costs"].values()), abs=0.005)
    assert summary["margin"] == pytest.approx(summary["revenue"] - summary["cost"], abs=0.005)
    assert summary["objective"] == pytest.approx(
        summary["margin"] - sum(summary["penalties"].values()), abs=0.005
    )
    assert frames["backlog"]["revenue"].sum() == pytest.approx(summary["revenue"], abs=0.005)
    by_family = frames["backlog"].groupby("family")["revenue"].sum()
    assert by_family.sum() == pytest.approx(summary["kpis"]["revenue"], abs=0.005)
    assert frames["money"]["margin"].sum() == pytest.approx(summary["margin"], abs=0.005)
    assert frames["shipments"]["cost"].sum() == pytest.approx(summary["costs"]["transport"], abs=0.005)
    assert frames["production"]["cost"].sum() == pytest.approx(
        sum(summary["costs"][name] for name in ("material", "purchase", "subcontract")), abs=0.005
    )
    assert frames["stock"]["value"].sum() / base.inputs.horizon == pytest.approx(
        summary["kpis"]["stock_value"]
    )


def test_units_balance_over_the_horizon(base: Plan) -> None:
    inputs, solution = base.inputs, base.solution
    asked = base.demand.total.sum() + inputs.demand.opening_backlog.sum()
    left = solution.backlog[..., -1].sum()
    assert solution.served.sum() + solution.lost.sum() + left == pytest.approx(asked)
    layers = sum(layer.sum() for layer in base.demand.layers.values())
    assert base.demand.base.sum() + layers == pytest.approx(base.demand.total.sum())


def test_nothing_runs_beyond_its_capacity(base: Plan) -> None:
    solution = base.solution
    assert (solution.load <= solution.capacity * (1 + 1e-6) + 1e-6).all()
    assert (solution.started <= base.inputs.source.max_quantity + 1e-4).all()


def test_the_same_company_and_scenario_give_the_same_plan(
    demo_company: Company, demo_planner: Planner
) -> None:
    demo_planner.plan(Scenario.base().add(changes.DemandGrowth(pct=-0.2)))
    assert demo_planner.plan(GROWTH).fingerprint == Planner(demo_company).plan(GROWTH).fingerprint


def test_a_scenario_never_touches_base_or_company(
    demo_company: Company, demo_planner: Planner, base: Plan
) -> None:
    before, price = base.fingerprint, demo_company.inputs.demand.price.copy()
    plan = demo_planner.plan(GROWTH)
    assert plan.fingerprint != before
    assert demo_planner.plan(Scenario.base()).fingerprint == before
    assert (demo_company.inputs.demand.price == price).all()


def test_a_muted_change_is_no_change(demo_planner: Planner, base: Plan) -> None:
    assert demo_planner.plan(GROWTH.mute(0)).fingerprint == base.fingerprint


def test_more_capacity_never_lowers_the_optimum(demo_planner: Planner, base: Plan) -> None:
    for name in base.inputs.resource_names:
        more = Scenario.base().add(
            changes.OvertimeChange(scope=changes.Scope(resources=(name,)), hours=100.0)
        )
        assert demo_planner.plan(more).objective >= base.objective - 1e-6 * abs(base.objective)


def test_bridge_sums_to_the_difference_in_margin(demo_planner: Planner, base: Plan) -> None:
    plan = demo_planner.plan(GROWTH)
    difference = plan.summary()["margin"] - base.summary()["margin"]
    for least in (0.0, 50_000.0):
        assert sum(amount for _, amount in compare.margin_bridge(base, plan, least)) == pytest.approx(
            difference, abs=0.005
        )


def test_kpi_table_compares_and_judges(demo_planner: Planner, base: Plan) -> None:
    table = compare.kpi_table([base, demo_planner.plan(GROWTH)]).set_index("kpi")
    assert table.loc["revenue", "favourable"] is True
    assert table.loc["cost", "favourable"] is False
    assert table.loc["demand", "delta"] > 0


def test_service_level_counts_units_served_in_the_month_asked(base: Plan) -> None:
    part = on_time(base.facts)
    assert (part >= -1e-9).all()
    assert (part <= base.demand.total + 1e-9).all()
    assert base.kpis["service_level"] == pytest.approx(part.sum() / base.demand.total.sum())
    assert base.kpis["service_level"] <= base.kpis["fill_rate"] + 1e-9


def test_favourable_follows_the_direction_of_the_kpi() -> None:
    assert favourable("margin", 1.0) is True
    assert favourable("cost", 1.0) is False
    assert favourable("utilisation", 1.0) is None
    assert favourable("margin", 0.0) is None


def test_every_kpi_has_a_definition_a_total_and_months(base: Plan) -> None:
    for name, kpi in KPIS.items():
        assert kpi.formula, name
        assert kpi.series(base.facts).shape == (base.inputs.horizon,), name
        assert np.isfinite(base.kpis[name]), name


def test_next_to_no_demand_divides_nothing() -> None:
    """A stock of ten ahead of 1e-300 units: what would overflow has no value, and nothing warns."""
    company = make_inputs(2, demand=[1.0, 1e-300], item={"unit_cost": 1e6}, stock={"opening": 10.0})
    plan = planned(company)
    assert np.isnan(plan.kpis["days_of_supply"])
    assert (KPIS["service_level"].series(plan.facts) == 1.0).all()
    risk = simulate(plan, doubt(plan), paths=2)
    assert np.isnan(risk.kpis["days_of_supply"]).all()
    assert (risk.by_month["service_level"] == 1.0).all()


def test_formulas_page_is_the_tooltips_text(root: object) -> None:
    page = (root / "docs" / "formulas.md").read_text()  # type: ignore[operator]
    assert page == formulas_page()


class TestStory:
    """What there is to decide at the demo company shows on its own."""

    def test_the_mower_line_is_the_headline(self, demo_company: Company, base: Plan) -> None:
        sentence = headline.overview(base, base, demo_company)
        assert sentence.text.startswith("Mower Line is full")
        assert "EUR" in sentence.text

    def test_the_headline_knows_a_way_out_that_pays(
        self, demo_company: Company, demo_planner: Planner, base: Plan
    ) -> None:
        worst = headline.worst_cell(base)
        assert worst is not None
        ways = demo_planner.ways_out(base, *worst)
        told = headline.way_out(ways, "EUR")
        assert ways[0].gain == max(way.gain for way in ways) > 0
        assert "Mower Line" in told
        assert told in headline.overview(base, base, demo_company, told).text
        assert headline.way_out((), "EUR") == ""

    def test_each_tension_has_its_card(self, demo_company: Company, base: Plan) -> None:
        cards = headline.attention(base, demo_company)
        assert [card.money for card in cards] == sorted((card.money for card in cards), reverse=True)
        told = " ".join(card.title for card in cards)
        for what in (
            "Mower Line is full",
            "Padana",
            "Hand tools: too much stock",
            "Promotion Mower Weeks 2027",
        ):
            assert what in told

    def test_the_promotion_pays_only_if_moved(self, demo_planner: Planner, base: Plan) -> None:
        def margin(change: changes.Change) -> float:
            return float(demo_planner.plan(Scenario.base().add(change)).money.margin.sum())

        name = "Mower Weeks 2027"
        without = margin(changes.PromotionCancel(promotion=name))
        moved = margin(changes.PromotionMove(promotion=name, months=2))
        assert float(base.money.margin.sum()) < without < moved


def test_a_calm_company_says_its_tightest_spot() -> None:
    stamps = pd.date_range("2024-01-01", periods=24, freq="MS")
    company = prepare(
        Snapshot.from_tables({"sales": pd.DataFrame({"month": stamps, "product": "P", "quantity": 10.0})})
    )
    plan = Planner(company).base
    assert (
        headline.overview(plan, plan, company).text
        == "All demand is served on time. No resource limits the plan."
    )
    assert headline.attention(plan, company) == []


def _contract(hours: float) -> Plan:
    """Two products on one line; the one that earns little has a contract minimum of ten."""
    tables = {
        "products": pd.DataFrame({"product": ["Rich", "Poor"], "price": [500.0, 6.0]}),
        "segments": pd.DataFrame({"segment": ["Shop"], "backorders": [False]}),
        "sources": pd.DataFrame(
            {
                "source": ["rich", "poor"],
                "product": ["Rich", "Poor"],
                "site": "Plant",
                "unit_cost": [50.0, 5.0],
                "min_quantity": [None, 10.0],
            }
        ),
        "resources": pd.DataFrame({"resource": ["Line"], "site": ["Plant"], "hours": [hours]}),
        "routings": pd.DataFrame(
            {"source": ["rich", "poor"], "resource": "Line", "hours_per_unit": [1.0, 4.0]}
        ),
        "demand_plan": pd.concat(
            [published.demand([100.0], product="Rich"), published.demand([10.0], product="Poor")]
        ),
        "settings": published.settings(1, objective="margin"),
    }
    return make_plan(Snapshot.from_tables(tables))


def test_a_contract_minimum_is_kept_though_its_hours_would_earn_more_elsewhere() -> None:
    plan = _contract(hours=100.0)
    assert plan.summary()["margin"] == pytest.approx(60 * (500 - 50) + 10 * (6 - 5))
    assert plan.summary()["promises_broken"] == []


def test_a_contract_minimum_that_cannot_be_kept_is_told() -> None:
    plan = _contract(hours=20.0)
    assert plan.summary()["promises_broken"] == ["Jan 27, poor: the contract minimum is not reached by 5"]
    made = plan.frames()["production"].set_index("source")
    assert made.loc["poor", "contract_shortfall"] == pytest.approx(5.0)


def test_priority_does_not_outweigh_money_where_margin_decides() -> None:
    """Of two segments, the one that comes second is nearer: with too little to go round, it is served."""
    tables = {
        "products": pd.DataFrame({"product": ["P"], "price": [100.0]}),
        "segments": pd.DataFrame({"segment": ["First", "Second"], "priority": [1, 2], "backorders": False}),
        "sources": pd.DataFrame({"source": ["k"], "product": ["P"], "site": ["S"], "max_quantity": [10.0]}),
        "lanes": pd.DataFrame({"origin": "S", "destination": ["Far", "Near"], "unit_cost": [1.1, 0.9]}),
        "demand_plan": pd.concat(
            [
                published.demand([10.0], region="Far", segment="First"),
                published.demand([10.0], region="Near", segment="Second"),
            ]
        ),
        "settings": published.settings(1, objective="margin"),
    }
    assert make_plan(Snapshot.from_tables(tables)).summary()["margin"] == pytest.approx(10 * (100 - 0.9))
