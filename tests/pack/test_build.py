"""A pack says what its plans say: sums, bridges, yardsticks, sentences, threats, on companies of every kind."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.changes import Scope
from sop_core.cycle.assumption import BROKEN, GROWTH, Assumption
from sop_core.cycle.decision import APPROVED, CostOfWaiting, Decision, OptionConsidered
from sop_core.cycle.issue import Issue
from sop_core.kpis import KPIS
from sop_core.pack import value as v
from sop_core.pack.build import build
from sop_core.pack.codec import from_json, to_json
from sop_core.pack.evidence import Evidence, Kept
from sop_core.planner import Planner
from tests.pack.companies import LESS, MORE, company_of, evidence, scenario, two_families, usual
from tests.pages import companies, odd


def _usual(*changes: Any, **more: Any) -> Evidence:
    company, planner = usual()
    return evidence(company, planner, scenario("Proposal", *changes) if changes else None, **more)


def _sum(values: v.Monthly, closed: int) -> float:
    return float(sum(x for x in values[closed:] if x is not None))


def _adds_up(pack: v.Pack, found: Evidence) -> None:
    plan, closed = found.plan, pack.closed
    for name, of_plan in (("revenue", plan.money.revenue), ("stock_value", plan.money.stock_value)):
        lines = [getattr(family, name)[closed:] for family in pack.families]
        assert np.allclose(np.sum(np.array(lines, dtype=float), axis=0), of_plan, rtol=1e-9, atol=0.004), name
    for name, kpi in (("demand", "demand"), ("served", "served")):
        whole = sum(_sum(getattr(family, name), closed) for family in pack.families)
        assert whole == pytest.approx(plan.kpis[kpi], rel=1e-9, abs=1e-6)
    for line in pack.kpis:
        own = plan.kpis[line.name]
        assert line.value == (own if np.isfinite(own) else None)
        assert len(line.by_month) == len(pack.months)
        assert line.by_month[:closed] == (None,) * closed
    picture = {line.name: line.values for line in pack.pictures[3].series}  # noqa: PD011
    assert _sum(picture["margin"], closed) == pytest.approx(plan.kpis["margin"], rel=1e-9, abs=1e-6)
    assert picture["cash"][-1] == pytest.approx(plan.kpis["cash"], rel=1e-9, abs=1e-6)
    if pack.bridge is not None:
        assert pack.bridge.start_value == found.base.kpis["margin"]
        assert pack.bridge.end_value == plan.kpis["margin"]
        reached = pack.bridge.start_value + sum(step.amount for step in pack.bridge.steps)
        assert reached == pytest.approx(pack.bridge.end_value, rel=1e-12, abs=1e-6)
    assert from_json(v.Pack, to_json(pack)) == pack


@settings(max_examples=5)
@given(
    need=st.lists(st.integers(0, 200), min_size=6, max_size=6),
    hours=st.integers(20, 200),
    price=st.integers(0, 30),
    extra=st.integers(-30, 60),
)
def test_families_kpis_and_bridges_add_up(need: list[int], hours: int, price: int, extra: int) -> None:
    company = company_of(two_families([float(n) for n in need], float(hours), float(price)))
    change = dataclasses.replace(MORE, hours=float(extra)) if extra else LESS
    found = evidence(company, Planner(company), scenario("Proposal", change), paths=0)
    _adds_up(build(found), found)


def test_the_same_evidence_gives_the_same_bytes() -> None:
    assert to_json(build(_usual(MORE))) == to_json(build(_usual(MORE)))


# -- the sentence ---------------------------------------------------------------------------------------------


def test_a_proposal_says_what_it_brings_and_what_is_open() -> None:
    planner = usual()[1]
    plan = planner.plan(scenario("Proposal", MORE))
    decision = Decision("More hours", options=(OptionConsidered.of(plan, "More"),), scenario="Proposal")
    kept = (Kept(1, 1, decision), Kept(2, 1, dataclasses.replace(decision, title="Other", state=APPROVED)))
    pack = build(_usual(MORE, decisions=kept))
    gain = plan.kpis["service_level"] - planner.base.kpis["service_level"]
    assert gain > 0
    assert pack.proposal.startswith("Proposal brings ")
    assert (pack.sentences[0], pack.foremost) == ("1 Change: Forge: +40 h overtime a month.", 2)
    assert f"{100 * gain:.1f} points more service than the base" in pack.proposal
    assert "of its target" not in pack.proposal
    assert "service on target" in pack.proposal
    assert pack.proposal.endswith("; 1 of 2 decisions is open.")
    assert pack.actions[0].what == "Other"
    assert len(pack.sentences) == len(set(pack.sentences))


def test_the_base_may_be_proposed_and_what_improves_nothing_says_so() -> None:
    base = build(_usual())
    assert base.proposal.startswith("The base is proposed, the company without any Change")
    assert base.bridge is None
    assert [line.recommended for line in base.scenarios] == [True]
    worse = build(_usual(dataclasses.replace(MORE, hours=-9.0)))
    assert "improves neither margin nor service" in worse.proposal
    assert [(line.base, line.recommended) for line in worse.scenarios] == [(True, False), (False, True)]


# -- yardsticks -----------------------------------------------------------------------------------------------


def _against(pack: v.Pack, name: str, kind: str) -> v.Against | None:
    line = pack.kpi(name)
    assert line is not None
    return next((one for one in line.against if one.kind == kind), None)


def test_targets_budget_and_base_are_held_against() -> None:
    found = _usual(MORE)
    pack = build(found)
    service = _against(pack, "service_level", v.TARGET)
    assert service is not None
    assert (service.amount, service.good) == (0.99, found.plan.kpis["service_level"] >= 0.99)
    margin = _against(pack, "margin", v.BUDGET)
    assert margin is not None
    assert (margin.amount, margin.value, margin.months) == (1800.0, found.plan.kpis["margin"], "")
    rate = _against(pack, "margin_rate", v.BUDGET)
    assert rate is not None
    assert rate.amount == pytest.approx(300 / 700)
    base = _against(pack, "stock_value", v.BASE)
    assert base is not None
    assert base.amount == found.base.kpis["stock_value"]
    assert _against(pack, "stock_value", v.BUDGET) is None


def test_a_budget_of_some_months_is_held_against_those() -> None:
    tables = two_families()
    tables["budget"] = tables["budget"][tables["budget"]["month"] < pd.Timestamp("2026-03-01")]
    company = company_of(tables)
    found = evidence(company, Planner(company))
    budget = _against(build(found), "revenue", v.BUDGET)
    assert budget is not None
    assert (budget.amount, budget.months) == (1400.0, "Jan-Feb 26")
    assert budget.value == pytest.approx(float(found.plan.money.revenue[:2].sum()))


def test_the_last_signed_plan_is_held_against_over_the_months_that_both_plan() -> None:
    before = build(_usual())
    line = before.kpi("revenue")
    assert line is not None
    months = tuple(str(np.datetime64(month, "M") - 2) for month in before.months)
    last = dataclasses.replace(before, months=months, cycle="2025-11")
    pack = build(_usual(MORE, last=last, last_name="signed plan of Nov 25"))
    found = _against(pack, "revenue", v.LAST)
    assert found is not None
    assert (found.months, found.note) == ("Jan-Apr 26", "signed plan of Nov 25")
    assert found.amount == pytest.approx(sum(x or 0.0 for x in line.by_month[-4:]))
    stock, service = _against(pack, "stock_value", v.LAST), _against(pack, "service_level", v.LAST)
    assert stock is not None
    assert service is not None
    old = before.kpi("stock_value")
    assert old is not None
    assert stock.amount == pytest.approx(np.mean([x or 0.0 for x in old.by_month[-4:]]))
    # Service of several months is weighed by what was asked for in them.
    level, asked = before.kpi("service_level"), before.kpi("demand")
    assert level is not None
    assert asked is not None
    weights = np.array(asked.by_month[-4:], dtype=float)
    assert service.amount == pytest.approx(
        np.average(np.array(level.by_month[-4:], dtype=float), weights=weights)
    )
    assert pack.picture("demand") is not None


# -- risk and threats -----------------------------------------------------------------------------------------


def test_risk_gives_a_chance_to_every_goal_and_scenarios_share_its_paths() -> None:
    planner = usual()[1]
    other = planner.plan(scenario("Other", LESS))
    pack = build(_usual(MORE, others=(other,)))
    assert pack.risk is not None
    names = [line.name for line in pack.risk.lines]
    assert {"service_level", "margin_budget", "revenue_budget", "stock_value"} <= set(names)
    assert all(line.p10 <= line.p50 <= line.p90 for line in pack.risk.lines)
    own = next(line for line in pack.scenarios if line.recommended)
    chances = {line.name: line.miss for line in pack.risk.lines if line.miss is not None}
    assert dict(own.misses) == chances
    assert all(set(line.misses) == set(chances) for line in pack.scenarios)
    assert [line.name for line in pack.scenarios] == ["Base", "Proposal", "Other"]
    assert sum(part for _, part in pack.risk.carriers) <= 1.0 + 1e-9


def test_no_simulation_is_said() -> None:
    found = dataclasses.replace(_usual(MORE, paths=0), without_risk="Demand paths were not drawn.")
    pack = build(found)
    assert pack.risk is None
    assert "Demand paths were not drawn." in pack.sentences
    assert all(not line.misses for line in pack.scenarios)


def _assumption(**changes: Any) -> Assumption:
    given: dict[str, Any] = {
        "driver": "Large orders", "measure": GROWTH, "value": 0.5, "low": -0.4, "high": 0.6,
        "valid_from": dt.date(2026, 1, 1), "valid_until": dt.date(2026, 2, 28),
        "scope": Scope(families=("Iron",), first="2026-01", last="2026-06"),
    }  # fmt: skip
    return Assumption(**(given | changes))


def test_threats_are_at_most_three_and_each_says_why() -> None:
    found = _usual(assumptions=(_assumption(),))
    pack = build(found)
    assert 1 <= len(pack.threats) <= 3
    (mine,) = (threat for threat in pack.threats if threat.kind == "assumption")
    # Iron earns (10 - 4) on 440 units asked for; at -40 % instead of +50 % it loses 0.9 / 1.5 of it.
    assert mine.amount == pytest.approx(440 * 6 * 0.9 / 1.5)
    assert "valid until Feb 26 only" in mine.sentence
    capacity = [threat for threat in pack.threats if threat.kind == "capacity"]
    assert all("Forge" in threat.title for threat in capacity)


def test_a_broken_assumption_counts_in_full() -> None:
    mild = _assumption(value=0.05, low=-0.02)
    scores = []
    for status in ("open", BROKEN):
        pack = build(_usual(assumptions=(dataclasses.replace(mild, status=status),)))
        scores.append([threat.kind for threat in pack.threats].index("assumption"))
    assert scores[1] <= scores[0]
    gone = build(
        _usual(
            assumptions=(_assumption(scope=Scope(families=("Sold off",), first="2026-01", last="2026-06")),)
        )
    )
    assert all(threat.kind != "assumption" for threat in gone.threats)


def test_a_broken_rule_stands_first() -> None:
    tables = two_families()
    tables["stock_targets"] = pd.DataFrame({"product": ["Anvil"], "site": ["Works"], "minimum": [5000.0]})
    company = company_of(tables)
    found = evidence(company, Planner(company))
    assert found.plan.solution.promises
    pack = build(found)
    assert (pack.threats[0].kind, pack.threats[0].amount) == ("promise", None)
    assert pack.sentences[0].startswith("Cannot be kept: ")


def test_shortages_carry_the_margin_of_what_is_late() -> None:
    found = _usual()
    pack = build(found)
    short = found.plan.shortages
    margin = float((short["value"] - 4.0 * short["quantity"]).sum())
    assert margin > 0
    assert sum(amount for _, amount in pack.shortages) == pytest.approx(margin)


# -- lists ----------------------------------------------------------------------------------------------------


def test_decisions_stand_by_what_waiting_costs_and_actions_by_day() -> None:
    cheap = Decision("Cheap", cost_of_waiting=CostOfWaiting(10.0, "by hand"))
    dear = Decision(
        "Dear", cost_of_waiting=CostOfWaiting(24_600.0, "two plans", service=0.004, computed=True)
    )
    done = Decision("Done already", state=APPROVED, owner="Ada", due=dt.date(2026, 3, 1))
    issue = Issue("Who trains", resolver="Ben", due=dt.date(2026, 2, 1))
    found = _usual(decisions=(Kept(1, 1, done), Kept(2, 3, cheap), Kept(3, 1, dear)), issues=((4, issue),))
    pack = build(found)
    assert [card.title for card in pack.decisions] == ["Dear", "Cheap", "Done already"]
    assert pack.decisions[0].waiting == (
        "A month of waiting costs 24.6 k EUR of margin and 0.4 points of service, computed from two plans."
    )
    assert pack.decisions[1].waiting.endswith("(by hand).")
    assert [(a.what, a.source) for a in pack.actions] == [
        ("Who trains", "Issue 4"),
        ("Done already", "Decision 1"),
    ]
    assert "2 of 3 decisions are open" in pack.proposal


def test_everything_shown_is_defined_once() -> None:
    pack = build(_usual(MORE, assumptions=(_assumption(),)))
    titles = [definition.title for definition in pack.definitions]
    assert len(titles) == len(set(titles))
    assert {line.title for line in pack.kpis} | {
        "Target",
        "Budget",
        "Last LE",
        "Base",
        "Cost of waiting",
    } <= set(titles)
    formulas = {definition.title: definition.formula for definition in pack.definitions}
    assert all(formulas[KPIS[line.name].title] == KPIS[line.name].formula for line in pack.kpis)
    assert pack.basis.plan_fingerprint
    assert pack.basis.defaults


# -- companies of every kind ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sales_only", "demand_plan_only", "full_line"])
def test_a_newcomer_gets_an_honest_pack(kind: str) -> None:
    company = company_of(getattr(companies, kind)())
    found = evidence(company, Planner(company), paths=20)
    pack = build(found)
    _adds_up(pack, found)
    assert pack.proposal.endswith("; no decision is put to the executives.")
    if kind != "full_line":
        assert "No targets were brought, so KPIs are held against none." in pack.sentences
        assert any(said.startswith("No prices were brought") for said in pack.sentences)
        assert pack.resources == ()
        assert all(not line.against for line in pack.kpis)
    assert "nan" not in to_json(pack)


@pytest.mark.parametrize("kind", ["without_price_or_cost", "one_month_alone", "past_forecasts_elsewhere"])
def test_an_odd_company_gets_a_pack(kind: str) -> None:
    company = company_of(odd.ODD[kind]())
    found = evidence(company, Planner(company), paths=0)
    _adds_up(build(found), found)
