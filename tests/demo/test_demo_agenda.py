"""What the demo company's executives have to decide: every number of it is that of a plan."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sop_core import demo
from sop_core.cli import commands, main
from sop_core.cycle.waiting import cost_of_waiting
from sop_core.demo.agenda import Agenda
from sop_core.demo.proposals import CREW, PROPOSAL
from sop_core.planner import Company, Planner
from sop_core.store import Store
from tests.pages.companies import sales_only


@pytest.fixture(scope="module")
def agenda(demo_company: Company, demo_planner: Planner) -> Agenda:
    return demo.agenda(demo_company, demo_planner.plan)


def test_every_option_has_the_numbers_of_its_plan(agenda: Agenda, demo_planner: Planner) -> None:
    known = {one.name: one for one in demo.proposals()}
    proposed = demo_planner.plan(known[PROPOSAL])
    for decision in agenda.decisions:
        chosen = decision.recommended
        assert chosen is not None
        assert (decision.scenario, chosen.kpis.margin) == (PROPOSAL, proposed.kpis["margin"])
        assert set(decision.changes) <= set(known[PROPOSAL].active)
        # What is recommended earns more than any other option.
        assert all(
            (option.kpis.margin or 0.0) < (chosen.kpis.margin or 0.0) for option in decision.options[1:]
        )
    crew = next(o for d in agenda.decisions for o in d.options if o.scenario == CREW)
    assert crew.kpis.service == demo_planner.plan(known[CREW]).kpis["service_level"]


def test_the_cost_of_waiting_is_computed_where_the_plan_can_tell_it(
    agenda: Agenda, demo_planner: Planner
) -> None:
    known = {one.name: one for one in demo.proposals()}
    told = [decision for decision in agenda.decisions if decision.cost_of_waiting]
    assert 0 < len(told) < len(agenda.decisions)
    decision = told[0]
    months = demo_planner.company.inputs.months
    again = cost_of_waiting(demo_planner.plan, known[PROPOSAL], decision.changes, months).cost
    assert decision.cost_of_waiting == again
    assert again.amount > 0


def test_something_is_decided_assumed_and_open(agenda: Agenda, demo_company: Company) -> None:
    assert {decision.state for decision in agenda.decisions} == {"proposed", "approved"}
    assert all(one.low <= one.value <= one.high for one in agenda.assumptions)
    start: dt.date = demo_company.inputs.months[0].astype("datetime64[D]").item()
    assert all(decision.due and decision.due >= start for decision in agenda.decisions)
    assert [issue.state for issue in agenda.issues] == ["open"]


def test_the_command_writes_it_into_the_store(
    agenda: Agenda, demo_company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Building, forecasting and planning are told by others; here, that all of it is written down."""
    monkeypatch.setattr(commands, "build", lambda _: sales_only())
    monkeypatch.setattr(commands, "prepare", lambda *_, **__: demo_company)
    monkeypatch.setattr(commands, "agenda", lambda *_: agenda)
    path = tmp_path / "sop.duckdb"
    assert main(["demo", "--store", str(path)]) == 0
    with Store.open(path) as store:
        assert tuple(record.value for record in store.decisions.list()) == agenda.decisions
        assert [record.who for record in store.decisions.list()] == [one.owner for one in agenda.decisions]
        assert tuple(record.assumption for record in store.assumptions.list()) == agenda.assumptions
        assert tuple(record.value for record in store.issues.list()) == agenda.issues
        assert {one.scenario for one in agenda.decisions} <= {one.name for one in store.scenarios()}
