"""Why: the chain of what binds, worth on both sides against brute force, ways out that can be replayed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core import headline
from sop_core.changes import CapacityChange, Change, Scope, SourceVolume
from sop_core.demand.layers import demand_plan
from sop_core.explain import Explanation, Subject, explain, findings, price, shortage_findings
from sop_core.inputs import Floats, Inputs
from sop_core.money import build_money
from sop_core.plan import Plan
from sop_core.planner import Planner, prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.supply.solve import SupplySolver
from tests.pages import companies
from tests.supply.factory import make_inputs

MAKE: dict[str, Any] = {"kind": "make", "unit_cost": 10.0, "name": "make A"}
LINE: dict[str, Any] = {"resources": ("Assembly",), "routings": [(0, 0, 1.0)]}


def planned(*args: Any, **kwargs: Any) -> tuple[Planner, Plan]:
    """A small company's plan, and what `price` needs of a planner: its solver."""
    inputs, _, _ = make_inputs(*args, **kwargs)
    demand = demand_plan(inputs)
    solver = SupplySolver(inputs, demand.total, demand.price)
    solution = solver.solve()
    money = build_money(inputs, demand, solution)
    plan = Plan(Scenario.base(), inputs, demand, solution, money, 1, (), float("nan"))
    return cast(Planner, SimpleNamespace(solver=solver)), plan


def only(planner: Planner, plan: Plan, kind: str = "shortage") -> Explanation:
    found = [one for one in findings(plan) if one.subject.kind == kind]
    assert len(found) == 1
    told = explain(plan, found[0].subject)
    assert told is not None
    return price(planner, plan, told)


@pytest.fixture(scope="module")
def line() -> tuple[Planner, Plan]:
    """One line of 70 hours, short in March, from ordinary tables."""
    planner = Planner(prepare(Snapshot.from_tables(companies.full_line(), 1)))
    return planner, planner.base


# -- what is said -----------------------------------------------------------------------------------------------


def test_a_full_line_is_named_with_its_chain_and_months() -> None:
    planner, plan = planned(
        3, demand=[2, 10, 13], price=50.0, waits=False, sources=[MAKE], **LINE,
        resource={"hours": 10.0, "overtime_cost": 5.0}, item={"make_to_order": True},
    )  # fmt: skip
    told = only(planner, plan)
    assert told.sentence == "Mar 26: 3 units of A lost because Assembly is full Feb-Mar 26."
    assert [link.step for link in told.chain] == ["Customer", "Site", "Source", "Resource"]
    (binding,) = [link for link in told.chain if link.binding]
    assert (binding.name, binding.when, binding.fill) == ("Assembly", "Feb-Mar 26", pytest.approx(1.0))
    assert told.chain[0].fill == pytest.approx(10 / 13)
    assert told.reasons == ("A is made to order, so nothing is built ahead.",)
    assert told.worth is not None
    assert [told.worth.worth.up, told.worth.worth.down] == pytest.approx([40, 40])
    assert told.worth_sentence.startswith("One hour of Assembly in Mar 26 more or less is worth 40 EUR")
    assert told.sentence in told.whole
    assert told.worth_sentence in told.whole


def test_a_line_full_from_the_start_could_not_build_ahead() -> None:
    planner, plan = planned(
        2, demand=[10, 13], price=50.0, waits=False, sources=[MAKE], **LINE,
        resource={"hours": 10.0}, item={"holding_cost": 0.1},
    )  # fmt: skip
    told = only(planner, plan)
    assert (
        "Assembly is full from the first month of the plan, so no more could be built ahead." in told.reasons
    )
    assert told.chain[-1].step == "Built ahead"


def test_holding_that_costs_more_than_it_saves_is_said_with_both_numbers() -> None:
    """Late by a month costs 1; built in January and held two months costs 4."""
    planner, plan = planned(
        4, demand=[0, 10, 13, 0], price=50.0, sources=[MAKE], **LINE, resource={"hours": 10.0},
        item={"holding_cost": 2.0, "backorder_cost": 1.0},
    )  # fmt: skip
    told = only(planner, plan)
    assert "late" in told.sentence
    assert any(
        "has room in Jan 26, but holding a unit until Mar 26 costs 4 EUR, more than the 1 EUR" in reason
        for reason in told.reasons
    )
    assert "Late units wait 1.0 months on average." in told.reasons


def test_a_lead_time_names_the_first_month_that_can_be_served_and_what_a_spot_unit_is_worth() -> None:
    planner, plan = planned(
        4, demand=[5, 5, 5, 5], price=50.0, waits=False, sources=[MAKE | {"kind": "buy", "lead": 2}]
    )
    told = only(planner, plan)
    assert "cannot deliver that early" in told.sentence
    (said,) = told.reasons
    assert "before the plan begins" in said
    assert "Mar 26 is the first month that an order placed now can still serve" in said
    assert "spot purchase" in said
    assert told.worth is not None
    assert told.worth.worth.up == pytest.approx(50)
    assert told.worth.worth.holds_up >= 4
    assert "arrives at Plant" in told.worth_sentence
    assert told.ways_out == ()


def test_orders_not_worth_serving_show_their_arithmetic() -> None:
    planner, plan = planned(1, demand=[5], price=6.0, waits=False, sources=[MAKE])
    told = only(planner, plan)
    assert told.subject.cause == "policy"
    before = explain(plan, told.subject)
    assert before is not None
    assert [term.amount for term in before.arithmetic] == pytest.approx([6, -10])
    assert before.verdict == "A unit on time would bring 4 EUR less than it costs, so the plan leaves it."
    assert "worth 6 EUR; to have it costs 10 EUR" in told.verdict
    assert sum(term.amount for term in told.arithmetic) == pytest.approx(-4)


def test_people_and_machine_that_bind_together_are_offered_as_a_pair() -> None:
    planner, plan = planned(
        1, demand=[30], price=50.0, waits=False, sources=[MAKE], **LINE,
        resource={
            "people": True, "hours": 20.0, "headcount": 2.0, "hours_per_head": 10.0, "can_hire": False,
            "can_release": False, "wage": 50.0,
        },
    )  # fmt: skip
    told = only(planner, plan)
    assert told.worth is not None
    assert told.worth.worth.up == pytest.approx(40)
    assert dict(told.worth.alone) == pytest.approx({"people alone": 0.0, "machine alone": 0.0}, abs=1e-9)
    assert "people and machine together" in told.worth.name


def test_overtime_says_whose_orders_need_it_and_what_would_be_late_without_it() -> None:
    planner, plan = planned(
        2, demand=[[8, 8], [4, 4]], items=("A", "B"), price=50.0, waits=False,
        sources=[MAKE, MAKE | {"item": 1, "name": "make B"}], resources=("Assembly",),
        routings=[(0, 0, 1.0), (1, 0, 1.0)],
        resource={"hours": 10.0, "overtime_hours": 4.0, "overtime_cost": 5.0},
    )  # fmt: skip
    told = only(planner, plan, "overload")
    assert "works 2 overtime hours" in told.sentence
    assert "A 67%, B 33%" in told.sentence
    assert told.without is not None
    assert told.without.short == pytest.approx(4)
    assert told.without.saved == pytest.approx(20)
    assert told.without.margin == pytest.approx(-4 * 40 + 20)
    assert "the margin would be 140 EUR lower" in told.without.sentence("EUR")
    assert told.worth is not None
    assert told.worth.worth.down == pytest.approx(35)  # the last hour worked: 40 less its 5


def test_a_contract_missed_names_what_keeps_it_from_being_taken() -> None:
    planner, plan = planned(
        2, demand=[2, 2], price=50.0, waits=False, sources=[MAKE | {"min_quantity": 8.0}], **LINE,
        resource={"hours": 5.0},
    )  # fmt: skip
    told = only(planner, plan, "contract")
    assert (
        "3 units of the contract minimum with make A are not taken because Assembly is full" in told.sentence
    )
    (way,) = told.ways_out
    assert way.change is not None
    assert "minimum 5 units a month" in way.change.sentence()


def test_stock_below_target_names_the_limit_and_above_the_reason() -> None:
    _planner, plan = planned(
        3, demand=[4, 4, 12], price=50.0, sources=[MAKE], **LINE, resource={"hours": 7.0},
        item={"holding_cost": 0.1, "unit_cost": 10.0, "backorder_cost": 5.0}, stock={"target": 4.0},
    )  # fmt: skip
    kinds = {one.subject.kind for one in findings(plan)}
    assert "below" in kinds
    below = next(one for one in findings(plan) if one.subject.kind == "below")
    told = explain(plan, below.subject)
    assert told is not None
    assert "missing to the target at Plant because Assembly is full" in told.sentence
    assert any(link.binding for link in told.chain)


def test_stock_from_before_the_plan_says_so() -> None:
    planner, plan = planned(
        2, demand=[1, 1], price=50.0, sources=[MAKE], stock={"opening": 50.0}, item={"unit_cost": 10.0}
    )
    above = next(one for one in findings(plan) if one.subject.kind == "above")
    told = explain(plan, above.subject)
    assert told is not None
    assert "in stock before the plan began and nothing was added" in told.sentence
    assert price(planner, plan, told).ways_out == ()


def test_nothing_to_explain_where_all_is_well() -> None:
    _, plan = planned(2, demand=[5, 5], price=50.0, sources=[MAKE], item={"make_to_order": True})
    assert findings(plan) == ()
    assert explain(plan, Subject("shortage", "Assembly", "resource")) is None
    assert explain(plan, Subject("overload", "no such line")) is None


@pytest.mark.parametrize(
    "subject",
    [
        Subject("shortage", "50 % ~ more", "resource", "A ~ B", "2026-03"),
        Subject("above", "", "", "A"),
        Subject("promise", "Stock: 3 % over"),
    ],
)
def test_a_key_gives_its_subject_back(subject: Subject) -> None:
    assert Subject.from_key(subject.key) == subject


@pytest.mark.parametrize("key", ["", "moon~x", "shortage~a~b~c~d~e"])
def test_a_strange_key_gives_nothing(key: str) -> None:
    assert Subject.from_key(key) is None


# -- one source for headline, list and answer ---------------------------------------------------------------------


def test_headline_list_and_answer_say_the_same(line: tuple[Planner, Plan]) -> None:
    planner, plan = line
    worst = shortage_findings(plan)[0]
    told = explain(plan, worst.subject)
    cell = headline.worst_cell(plan)
    assert told is not None
    assert cell is not None
    assert (plan.inputs.items.index(told.subject.item), str(plan.inputs.months[cell[1]])) == (
        cell[0], told.subject.month,
    )  # fmt: skip
    said = headline.way_out(planner.ways_out(plan, *cell), "EUR")
    sentence = headline.overview(plan, plan, planner.company, said)
    assert sentence.text.startswith(f"{worst.title}: {worst.sentence}")
    assert sentence.why == worst.subject.key
    answer = price(planner, plan, told)
    assert told.title == worst.title
    assert said == f"Best way out: {answer.ways_out[0].text}."


# -- worth against brute force --------------------------------------------------------------------------------------


def test_worth_equals_the_plan_with_a_change_of_one_hour(line: tuple[Planner, Plan]) -> None:
    """Through ordinary tables and Changes: one hour more and one less in the month that binds."""
    planner, plan = line
    told = explain(plan, shortage_findings(plan)[0].subject)
    assert told is not None
    assert told.binding is not None
    found = price(planner, plan, told).worth
    assert found is not None
    (lever,) = told.binding.levers
    month = str(plan.inputs.months[lever.month])
    scope = Scope.of(resource="Forge", first=month, last=month)
    for hours, worth in ((1.0, found.worth.up), (-1.0, found.worth.down)):
        other = planner.plan(Scenario.base().add(CapacityChange(scope=scope, hours=hours)))
        assert worth == pytest.approx((other.objective - plan.objective) * hours, abs=1e-6)
        far = found.worth.holds_up if hours > 0 else found.worth.holds_down
        there = planner.plan(Scenario.base().add(CapacityChange(scope=scope, hours=hours * far)))
        average = (there.objective - plan.objective) * hours / far
        assert average == pytest.approx(worth, rel=0.02, abs=1e-6)


def test_every_way_out_can_be_replayed_to_the_last_digit(line: tuple[Planner, Plan]) -> None:
    planner, plan = line
    told = explain(plan, shortage_findings(plan)[0].subject)
    assert told is not None
    ways = price(planner, plan, told).ways_out
    assert ways
    for way in ways:
        assert way.change is not None
        again = planner.plan(plan.scenario.add(way.change))
        for name, value in (
            ("margin", way.margin),
            ("service_level", way.service),
            ("stock_value", way.stock),
        ):
            assert again.kpis[name] - plan.kpis[name] == pytest.approx(value, abs=1e-9, rel=1e-9)


@st.composite
def small(draw: st.DrawFn) -> dict[str, Any]:
    """A company of two items on one line and a supplier with a maximum, over four months."""
    units = st.integers(0, 30).map(float)
    return {
        "demand": [[draw(units) for _ in range(4)] for _ in range(2)],
        "waits": draw(st.booleans()),
        "hours": [draw(st.integers(5, 30).map(float)) for _ in range(4)],
        "overtime": draw(st.integers(0, 8).map(float)),
        "most": draw(st.integers(0, 12).map(float)),
        "backorder": draw(st.sampled_from([0.5, 3.0, 9.0])),
        "holding": draw(st.sampled_from([0.1, 1.0])),
    }


def build(given_: dict[str, Any]) -> tuple[Planner, Plan]:
    return planned(
        4, demand=given_["demand"], items=("A", "B"), price=[[50.0] * 4, [30.0] * 4], waits=given_["waits"],
        sources=[
            MAKE, MAKE | {"item": 1, "name": "make B"},
            {"kind": "buy", "unit_cost": 22.0, "max_quantity": given_["most"], "name": "buy A", "lead": 1},
        ],
        resources=("Assembly",), routings=[(0, 0, 1.0), (1, 0, 0.5)],
        resource={"hours": [given_["hours"]], "overtime_hours": given_["overtime"], "overtime_cost": 7.0},
        item={"holding_cost": given_["holding"], "backorder_cost": given_["backorder"], "unit_cost": 10.0},
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(small())
def test_two_sided_worth_equals_a_cold_solve_with_the_step_as_a_change(given_: dict[str, Any]) -> None:
    planner, plan = build(given_)
    for one in shortage_findings(plan):
        told = explain(plan, one.subject)
        assert told is not None
        assert told.units == pytest.approx(_short(plan, told), rel=1e-6)
        if told.binding is None or told.binding.levers[0].kind not in ("resource", "source"):
            continue
        found = price(planner, plan, told).worth
        assert found is not None
        for sign, worth in ((1.0, found.worth.up), (-1.0, found.worth.down)):
            if not np.isnan(worth):
                assert worth == pytest.approx(sign * _brute(plan, told, sign), abs=1e-5)


def _short(plan: Plan, told: Explanation) -> float:
    """Units of the orders asked about that are late or lost for this cause, from the shortage list."""
    table = plan.shortages
    own = table[(table["item"] == told.subject.item) & (table["cause_kind"] == told.subject.cause)]
    own = own[own["month"] == pd.Timestamp(f"{told.subject.month}-01")]
    return float(own["quantity"].sum())


def _brute(plan: Plan, told: Explanation, step: float) -> float:
    """What the optimum gains by the step, both plans solved from nothing."""
    assert told.binding is not None
    (lever,) = told.binding.levers
    month = str(plan.inputs.months[lever.month])
    change: Change
    if lever.kind == "resource":
        name = plan.inputs.resource_names[lever.where[0]]
        change = CapacityChange(scope=Scope.of(resource=name, first=month, last=month), hours=step)
    else:
        name = plan.inputs.source_names[lever.where[0]]
        most = float(plan.inputs.source.max_quantity[lever.where[0], lever.month]) + step
        change = SourceVolume(scope=Scope.of(source=name, first=month, last=month), maximum=most)
    other = Scenario.base().add(change).apply(plan.inputs)
    return _optimum(other, plan) - _optimum(plan.inputs, plan)


def _optimum(inputs: Inputs, plan: Plan) -> float:
    demand: Floats = plan.demand.total
    return SupplySolver(inputs, demand, plan.demand.price, engine="linprog").solve().objective


@settings(max_examples=25, deadline=None)
@given(small())
def test_every_exception_of_any_plan_has_an_explanation(given_: dict[str, Any]) -> None:
    _, plan = build(given_)
    found = findings(plan)
    assert [one.money for one in found] == sorted((one.money for one in found), reverse=True)
    total = sum(one.money for one in found if one.subject.kind == "shortage")
    assert total == pytest.approx(plan.shortages["value"].sum())
    for one in found:
        told = explain(plan, one.subject)
        assert told is not None
        assert told.title == one.title
        assert told.sentence.endswith(".")
        assert told.chain
        again = explain(plan, told.subject)
        assert repr(again) == repr(told)


def test_a_stop_gives_what_is_known_by_then(line: tuple[Planner, Plan]) -> None:
    planner, plan = line
    told = explain(plan, shortage_findings(plan)[0].subject)
    assert told is not None
    steps: list[str] = []
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    found = price(planner, plan, told, lambda what, done, total: steps.append(what), stop)
    assert not found.complete
    assert len(found.ways_out) <= 1
    assert found.worth is None
    assert steps[0] == "Looking for ways out"
