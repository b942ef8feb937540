"""One rule at a time, on companies small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sop_core.errors import Infeasible, PlanError, TimedOut, Unbounded
from sop_core.inputs import Floats, Inputs
from sop_core.supply.result import Solution
from sop_core.supply.solve import SupplySolver, make_engine
from tests.supply.factory import INF, NAN, make_inputs

Company = tuple[Inputs, Floats, Floats]
BUY = {"kind": "buy", "unit_cost": 10.0}


def plan(company: Company, engine: str = "auto") -> Solution:
    return SupplySolver(*company, engine=engine).solve()


def broken(solution: Solution) -> list[tuple[str, float]]:
    return [(p.rule, round(p.amount, 6)) for p in solution.promises]


def machine(hours: float, **more: object) -> dict[str, object]:
    return {"hours": hours, **more}


def test_stock_is_built_ahead_of_a_peak_when_holding_is_cheaper_than_waiting() -> None:
    """Capacity 10 a month, demand 5 then 15: five units are made a month early and held at 1 each."""
    solution = plan(
        make_inputs(
            2,
            demand=[5, 15],
            price=50.0,
            sources=[{"unit_cost": 10.0}],
            resources=("Line",),
            routings=[(0, 0, 1.0)],
            resource=machine(10.0),
            item={"holding_cost": 1.0, "backorder_cost": 5.0},
        )
    )
    assert solution.started[0] == pytest.approx([10, 10])
    assert solution.stock[0, 0] == pytest.approx([5, 0])
    assert solution.costs["holding"] == pytest.approx(5)
    assert solution.margin == pytest.approx(20 * 50 - 20 * 10 - 5)


def test_order_keeps_the_price_of_the_month_it_was_asked_for() -> None:
    """Ten asked at 100 in a month without capacity, served the month after, when the price is 40."""
    solution = plan(
        make_inputs(
            2, demand=[10, 0], price=[100.0, 40.0], sources=[BUY | {"max_quantity": [0.0, 10.0]}],
            item={"backorder_cost": 1.0},
        )
    )  # fmt: skip
    assert solution.revenue.sum(axis=(0, 1, 2)) == pytest.approx([0, 1000])
    assert solution.costs["backlog"] == pytest.approx(10)


def test_oldest_order_is_served_first_at_its_own_price() -> None:
    solution = plan(
        make_inputs(
            3, demand=[10, 10, 0], price=[100.0, 50.0, 20.0], sources=[BUY | {"max_quantity": [4.0, 8.0, 8.0]}],
            item={"backorder_cost": 1.0},
        )
    )  # fmt: skip
    assert solution.revenue.sum(axis=(0, 1, 2)) == pytest.approx([400, 6 * 100 + 2 * 50, 8 * 50])


@pytest.mark.parametrize("price", [[10.0, 20.0, 30.0], [30.0, 20.0, 10.0]])
def test_nothing_served_earns_nothing_whatever_the_prices_do(price: list[float]) -> None:
    solution = plan(make_inputs(3, demand=[4, 5, 6], price=price, sources=[BUY | {"max_quantity": 0.0}]))
    assert solution.served.sum() == 0
    assert solution.revenue.sum() == pytest.approx(0, abs=1e-9)
    assert solution.end_lost.sum() == pytest.approx(15)
    assert solution.backlog[0, 0, 0] == pytest.approx([4, 9, 15])


def test_segment_that_cannot_wait_loses_what_is_late_and_the_other_waits() -> None:
    company = make_inputs(
        2,
        demand=np.array([10.0, 0.0]).reshape(1, 1, 1, 2),
        price=30.0,
        segments=("Shops", "Online"),
        waits=[True, False],
        priority=[1, 1],
        sources=[BUY | {"max_quantity": [5.0, 20.0]}],
        item={"backorder_cost": 1.0},
    )
    solution = plan(company)
    # Five units for twenty orders: the five go to those who would be lost, the others wait.
    assert solution.served[0, 0, :, 0] == pytest.approx([0, 5])
    assert solution.lost[0, 0, :, 0] == pytest.approx([0, 5])
    assert solution.backlog[0, 0, :, 0] == pytest.approx([10, 0])
    assert solution.served[0, 0, :, 1] == pytest.approx([10, 0])


def test_backlog_never_grows_beyond_the_orders_placed() -> None:
    """A waiting segment cannot 'lend' units it never ordered to one that would be lost."""
    company = make_inputs(
        3,
        demand=np.array([[0.0, 0.0, 2.0], [10.0, 0.0, 0.0]]).reshape(1, 1, 2, 3),
        price=100.0,
        segments=("Waits", "Leaves"),
        waits=[True, False],
        sources=[BUY | {"max_quantity": [0.0, 50.0, 50.0]}],
        item={"backorder_cost": 1.0},
    )
    solution = plan(company)
    assert solution.lost[0, 0, 1, 0] == pytest.approx(10)
    assert solution.backlog[0, 0, 0, :2] == pytest.approx([0, 0])


def test_priority_decides_where_money_cannot() -> None:
    company = make_inputs(
        2,
        demand=10.0,
        price=30.0,
        segments=("Second", "First"),
        priority=[2, 1],
        sources=[BUY | {"max_quantity": [10.0, 10.0]}],
    )
    solution = plan(company)
    assert solution.served[0, 0, 1] == pytest.approx([10, 10])
    assert solution.served[0, 0, 0] == pytest.approx([0, 0])


def test_service_serves_first_priority_first_even_when_it_pays_less() -> None:
    company = make_inputs(
        1,
        demand=10.0,
        price=np.array([5.0, 90.0]).reshape(1, 1, 2, 1),
        segments=("First", "Second"),
        priority=[1, 2],
        sources=[BUY | {"max_quantity": 12.0}],
        policy={"objective": "service"},
    )
    solution = plan(company)
    assert solution.served[0, 0, :, 0] == pytest.approx([10, 2])
    # Of one unit and month: horizon x unserved, per priority.
    assert solution.solver.unserved == pytest.approx((0.0, 8.0))
    margin_first = plan((_with_objective(company[0], "margin"), company[1], company[2]))
    assert margin_first.served[0, 0, :, 0] == pytest.approx([0, 10])


def _with_objective(inputs: Inputs, objective: str) -> Inputs:
    other = inputs.copy()
    other.policy.objective = objective
    return other


def test_service_with_unpriced_lateness_is_on_time_even_by_overtime() -> None:
    company = make_inputs(
        2,
        demand=[12, 4],
        price=0.0,
        sources=[{"unit_cost": 1.0}],
        resources=("Line",),
        routings=[(0, 0, 1.0)],
        resource=machine(10.0, overtime_hours=INF, overtime_cost=50.0),
        item={"backorder_cost": NAN},
        policy={"objective": "service", "late_is_priced": False},
    )
    solution = plan(company)
    assert solution.overtime[0] == pytest.approx([2, 0])
    assert solution.penalties["lateness"] == 0


def test_priced_lateness_may_wait_where_waiting_is_cheaper_than_overtime() -> None:
    company = make_inputs(
        2,
        demand=[12, 4],
        price=0.0,
        sources=[{"unit_cost": 1.0}],
        resources=("Line",),
        routings=[(0, 0, 1.0)],
        resource=machine(10.0, overtime_hours=INF, overtime_cost=50.0),
        item={"backorder_cost": 3.0},
        policy={"objective": "service", "late_is_priced": True},
    )
    solution = plan(company)
    assert solution.overtime.sum() == pytest.approx(0)
    assert solution.costs["backlog"] == pytest.approx(6)


def test_undeclared_backorder_cost_is_a_penalty_not_a_cost() -> None:
    company = make_inputs(
        2, demand=[10, 0], price=20.0, sources=[BUY | {"max_quantity": [4.0, 10.0]}], item={"backorder_cost": NAN},
        policy={"late_is_priced": False},
    )  # fmt: skip
    solution = plan(company)
    assert solution.costs["backlog"] == 0
    assert solution.penalties["lateness"] > 0
    assert solution.objective == pytest.approx(solution.margin - solution.penalties["lateness"])


def test_lead_times_of_source_and_lanes_add_up() -> None:
    """Bought with one month's lead, one month to the warehouse: first arrival in the third month."""
    company = make_inputs(
        4,
        demand=[0, 0, 7, 0],
        price=50.0,
        sites=("Port", "Depot"),
        sources=[BUY | {"lead": 1}],
        lanes=[
            {"origin": 0, "site": 1, "lead": 1, "unit_cost": 2.0},
            {"origin": 1, "region": 0, "unit_cost": 3.0},
        ],
        item={"holding_cost": 1.0},
    )
    solution = plan(company)
    assert solution.started[0] == pytest.approx([7, 0, 0, 0])
    assert solution.received[0] == pytest.approx([0, 7, 0, 0])
    assert solution.flow[0] == pytest.approx(np.array([[0, 7, 0, 0], [0, 0, 7, 0]]))
    assert solution.costs["transport"] == pytest.approx(7 * 5)
    assert solution.delivered[0, 1, 0] == pytest.approx([0, 0, 7, 0])


def test_what_arrives_after_the_horizon_is_not_started() -> None:
    solution = plan(make_inputs(2, demand=[0, 5], price=50.0, sources=[BUY | {"lead": 1}]))
    assert solution.started[0] == pytest.approx([5, 0])


def test_lane_limit_counts_all_items_together() -> None:
    company = make_inputs(
        1,
        demand=np.array([[10.0], [10.0]]),
        price=np.array([[50.0], [40.0]]),
        items=("A", "B"),
        waits=False,
        sources=[BUY | {"item": 0}, BUY | {"item": 1}],
        lanes=[{"origin": 0, "region": 0, "max_quantity": 12.0}],
    )
    solution = plan(company)
    assert solution.served[:, 0, 0, 0] == pytest.approx([10, 2])
    assert solution.duals["lane"][0, 0] == pytest.approx(30)


def test_storage_capacity_is_kept_over_all_items() -> None:
    company = make_inputs(
        2,
        demand=np.array([[0.0, 10.0], [0.0, 10.0]]),
        price=np.array([[50.0, 50.0], [40.0, 40.0]]),
        items=("A", "B"),
        waits=False,
        sources=[BUY | {"item": n, "max_quantity": [20.0, 0.0]} for n in range(2)],
        site={"capacity": 12.0},
    )
    solution = plan(company)
    assert solution.stock[:, 0, 0] == pytest.approx([10, 2])
    assert solution.duals["storage"][0, 0] == pytest.approx(30)


def test_opening_stock_above_storage_is_reported_not_refused() -> None:
    company = make_inputs(
        2, demand=[5, 5], price=50.0, sources=[BUY], stock={"opening": 30.0}, site={"capacity": 10.0}
    )
    solution = plan(company)
    assert broken(solution) == [
        ("storage", 15),
        ("storage", 10),
    ]
    assert "Jan 26, Plant" in str(solution.promises[0])
    assert solution.penalties["promises"] > 0


def test_make_to_order_holds_no_stock_and_uses_up_what_is_there() -> None:
    """The peak cannot be built ahead: ten are made, the three from before the plan help, one waits."""
    company = make_inputs(
        4,
        demand=[1, 1, 14, 0],
        price=50.0,
        sources=[{"unit_cost": 10.0}],
        resources=("Line",),
        routings=[(0, 0, 1.0)],
        resource=machine(10.0),
        stock={"opening": 3.0},
        item={"make_to_order": True, "backorder_cost": 1.0, "unit_cost": 10.0},
    )
    solution = plan(company)
    assert solution.stock[0, 0] == pytest.approx([3, 3, 0, 0])
    assert solution.started[0] == pytest.approx([1, 1, 10, 1])
    assert solution.backlog[0, 0, 0] == pytest.approx([0, 0, 1, 0])
    assert not solution.promises


def test_stock_target_is_kept_to_the_end_and_not_run_down() -> None:
    company = make_inputs(
        3, demand=[10, 10, 10], price=50.0, sources=[BUY], stock={"opening": 4.0, "target": 4.0},
        item={"unit_cost": 10.0, "holding_cost": 0.2},
    )  # fmt: skip
    solution = plan(company)
    assert solution.stock[0, 0] == pytest.approx([4, 4, 4])
    assert solution.penalties["stock_targets"] == pytest.approx(0, abs=1e-9)


def test_serving_demand_comes_before_stock_targets() -> None:
    company = make_inputs(
        2, demand=[10, 10], price=12.0, sources=[BUY | {"max_quantity": 8.0}], stock={"opening": 4.0, "target": 4.0},
        item={"unit_cost": 10.0, "holding_cost": 0.2, "backorder_cost": 1.0},
    )  # fmt: skip
    solution = plan(company)
    assert solution.served.sum() == pytest.approx(20)
    assert solution.short_target[0, 0, -1] == pytest.approx(4)
    assert solution.penalties["stock_targets"] > 0


def test_cover_factor_scales_the_targets() -> None:
    company = make_inputs(
        2, demand=[10, 10], price=50.0, sources=[BUY], stock={"target": 4.0, "cover_factor": 1.5},
        item={"unit_cost": 10.0},
    )  # fmt: skip
    assert plan(company).stock[0, 0] == pytest.approx([6, 6])


def test_no_stock_is_wanted_of_what_is_no_longer_sold() -> None:
    company = make_inputs(
        3, demand=[10, 10, 0], price=50.0, sources=[BUY], stock={"target": 4.0}, item={"unit_cost": 10.0}
    )
    company[0].demand.running[0] = [1.0, 0.5, 0.0]
    assert company[0].stock_target[0, 0].tolist() == [2.0, 0.0, 0.0]
    assert plan(company).stock[0, 0] == pytest.approx([2, 0, 0])


def test_end_minimum_is_hard_and_reported_where_it_cannot_be_reached() -> None:
    fine = make_inputs(2, demand=[1, 1], price=20.0, sources=[BUY], stock={"end_minimum": 9.0})
    assert plan(fine).stock[0, 0, -1] == pytest.approx(9)
    tight = make_inputs(
        2, demand=[1, 1], price=20.0, sources=[BUY | {"max_quantity": 2.0}], stock={"end_minimum": 9.0}
    )
    solution = plan(tight)
    assert broken(solution) == [("end_minimum", 5)]


def test_contract_minimum_is_taken_and_a_shortfall_reported() -> None:
    taken = plan(make_inputs(2, demand=[1, 1], price=20.0, sources=[BUY | {"min_quantity": 6.0}]))
    assert taken.started[0] == pytest.approx([6, 6])
    short = plan(
        make_inputs(
            2, demand=[1, 1], price=20.0, sources=[{"kind": "make", "min_quantity": 6.0}],
            resources=("Line",), routings=[(0, 0, 1.0)], resource=machine(4.0),
        )
    )  # fmt: skip
    assert short.contract_shortfall[0] == pytest.approx([2, 2])
    assert short.penalties["contracts"] > 0


def test_cheaper_source_first_up_to_its_contract_maximum() -> None:
    solution = plan(
        make_inputs(
            1, demand=[10], price=50.0, waits=False,
            sources=[{"kind": "buy", "unit_cost": 4.0, "max_quantity": 6.0}, {"kind": "subcontract", "unit_cost": 9.0}],
        )
    )  # fmt: skip
    assert solution.started[:, 0] == pytest.approx([6, 4])
    assert solution.costs["purchase"] == pytest.approx(24)
    assert solution.costs["subcontract"] == pytest.approx(36)
    assert solution.duals["source"][0, 0] == pytest.approx(5)


def test_committed_output_of_frozen_months_is_kept() -> None:
    committed = np.full((1, 1, 3), NAN)
    committed[0, 0, 0] = 8.0
    solution = plan(
        make_inputs(
            3, demand=[2, 2, 2], price=20.0, sources=[BUY], stock={"committed": committed},
            item={"holding_cost": 0.1},
        )
    )  # fmt: skip
    assert solution.started[0] == pytest.approx([8, 0, 0])


def test_committed_output_beyond_capacity_is_reported() -> None:
    committed = np.full((1, 1, 2), NAN)
    committed[0, 0, 0] = 8.0
    solution = plan(
        make_inputs(
            2, demand=[9, 9], price=20.0, sources=[{"kind": "make"}], resources=("Line",), routings=[(0, 0, 1.0)],
            resource=machine(5.0), stock={"committed": committed},
        )
    )  # fmt: skip
    assert broken(solution) == [("committed", 3)]


def test_receipts_under_way_arrive_and_count_towards_the_commitment() -> None:
    committed = np.full((1, 1, 2), NAN)
    committed[0, 0, 0] = 6.0
    receipts = np.zeros((1, 1, 2))
    receipts[0, 0, 0] = 4.0
    solution = plan(
        make_inputs(
            2, demand=[6, 6], price=20.0, sources=[BUY], stock={"committed": committed, "receipts": receipts}
        )
    )
    assert solution.started[0] == pytest.approx([2, 6])


def test_overtime_shift_and_outage_make_the_hours_at_hand() -> None:
    """Half the month is out: 5 regular, 2 overtime, 4 of a shift."""
    solution = plan(
        make_inputs(
            1, demand=[100], price=50.0, waits=False, sources=[{"kind": "make"}], resources=("Line",),
            routings=[(0, 0, 1.0)],
            resource=machine(
                10.0, overtime_hours=4.0, shift_hours=8.0, max_shifts=1.0, outage=0.5, hour_cost=1.0,
                overtime_cost=2.0, shift_cost=8.0,
            ),
        )
    )  # fmt: skip
    assert solution.served.sum() == pytest.approx(11)
    assert solution.capacity[0, 0] == pytest.approx(11)
    assert solution.costs["regular_labour"] == pytest.approx(5)
    assert solution.costs["overtime"] == pytest.approx(4)
    assert solution.costs["shifts"] == pytest.approx(8)


def test_total_outage_stops_even_a_resource_without_limit() -> None:
    company = make_inputs(
        1, demand=[10], price=50.0, waits=False, sources=[{"kind": "make"}], resources=("Line",),
        routings=[(0, 0, 1.0)], resource={"outage": 1.0},
    )  # fmt: skip
    assert plan(company).served.sum() == 0


def test_people_are_hired_paid_and_released() -> None:
    """One head makes ten a month at 100; hiring costs 50, releasing 20: a second head for the peak month only."""
    solution = plan(
        make_inputs(
            3, demand=[10, 20, 10], price=50.0, waits=False, sources=[{"kind": "make"}], resources=("Crew",),
            routings=[(0, 0, 1.0)], item={"holding_cost": 100.0},
            resource={
                "people": True, "headcount": 1.0, "hours_per_head": 10.0, "wage": 100.0, "hire_cost": 50.0,
                "release_cost": 20.0, "hour_cost": 999.0,
            },
        )
    )  # fmt: skip
    assert solution.headcount[0] == pytest.approx([1, 2, 1])
    assert solution.costs["wages"] == pytest.approx(400)
    assert solution.costs["hiring"] == pytest.approx(50)
    assert solution.costs["release"] == pytest.approx(20)
    assert solution.costs["regular_labour"] == 0


def test_overtime_of_people_needs_heads() -> None:
    solution = plan(
        make_inputs(
            1, demand=[100], price=50.0, waits=False, sources=[{"kind": "make"}], resources=("Crew",),
            routings=[(0, 0, 1.0)],
            resource={
                "people": True, "headcount": 2.0, "hours_per_head": 10.0, "overtime_per_head": 3.0,
                "overtime_hours": INF, "overtime_cost": 1.0, "can_hire": False,
            },
        )
    )  # fmt: skip
    assert solution.served.sum() == pytest.approx(26)


def test_headcount_limits_that_contradict_the_start_are_reported() -> None:
    solution = plan(
        make_inputs(
            1, demand=[10], price=50.0, sources=[{"kind": "make"}], resources=("Crew",), routings=[(0, 0, 1.0)],
            resource={"people": True, "headcount": 2.0, "hours_per_head": 10.0, "min_headcount": 5.0, "can_hire": False},
        )
    )  # fmt: skip
    assert broken(solution) == [("headcount", 3)]


def test_materials_limit_production_by_lead_time_and_maximum() -> None:
    """Two on hand; the supplier needs a month and sends at most three: two, then three a month."""
    solution = plan(
        make_inputs(
            3, demand=[10, 10, 10], price=50.0, waits=False, sources=[{"kind": "make", "unit_cost": 1.0}],
            materials=[{"material": "steel", "unit_cost": 2.0, "lead": 1, "max_quantity": 6.0, "on_hand": 4.0}],
            usage=[(0, 0, 2.0)],
        )
    )  # fmt: skip
    assert solution.started[0] == pytest.approx([2, 3, 3])
    assert solution.bought[0, :2] == pytest.approx([6, 6])
    assert solution.costs["material"] == pytest.approx(8)
    assert solution.material_stock[0] == pytest.approx([0, 0, 0])


def test_material_contract_minimum_is_bought_and_cheaper_supplier_first() -> None:
    solution = plan(
        make_inputs(
            2, demand=[5, 5], price=50.0, sources=[{"kind": "make"}],
            materials=[
                {"material": "steel", "unit_cost": 9.0, "min_quantity": 2.0},
                {"material": "steel", "unit_cost": 2.0},
            ],
            usage=[(0, 0, 1.0)],
        )
    )  # fmt: skip
    assert solution.bought[0] == pytest.approx([2, 2])
    assert solution.bought[1] == pytest.approx([3, 3])
    assert solution.material_shortfall.sum() == 0


def test_opening_backlog_is_served_and_cannot_wait_where_segments_cannot() -> None:
    company = make_inputs(
        2, demand=[5, 5], price=50.0, sources=[BUY | {"max_quantity": [6.0, 20.0]}], opening_backlog=4.0,
        item={"backorder_cost": 1.0},
    )  # fmt: skip
    solution = plan(company)
    assert solution.backlog[0, 0, 0] == pytest.approx([3, 0])
    assert solution.served[0, 0, 0] == pytest.approx([6, 8])
    leaving = make_inputs(
        2,
        demand=[5, 5],
        price=50.0,
        sources=[BUY | {"max_quantity": [6.0, 20.0]}],
        opening_backlog=4.0,
        waits=False,
    )
    assert plan(leaving).lost[0, 0, 0] == pytest.approx([3, 0])


def test_forbidden_backlog_that_cannot_be_served_is_a_broken_promise() -> None:
    company = make_inputs(
        2, demand=[5, 5], price=50.0, sources=[BUY | {"max_quantity": 4.0}], segment_end="forbidden"
    )
    solution = plan(company)
    assert broken(solution) == [("end_backlog", 2)]
    assert solution.end_lost.sum() == pytest.approx(2)
    assert solution.revenue.sum() == pytest.approx(8 * 50)


def test_forbidden_backlog_is_served_even_at_a_loss() -> None:
    company = make_inputs(2, demand=[5, 5], price=1.0, sources=[BUY], segment_end="forbidden")
    solution = plan(company)
    assert solution.served.sum() == pytest.approx(10)
    assert solution.margin < 0


def test_lost_sale_costs_are_booked_for_lost_and_left_orders() -> None:
    company = make_inputs(
        1, demand=np.array([10.0, 10.0]).reshape(1, 1, 2, 1), price=50.0, segments=("Waits", "Leaves"),
        waits=[True, False], sources=[BUY | {"max_quantity": 0.0}], item={"lost_sale_cost": 3.0},
    )  # fmt: skip
    assert plan(company).costs["lost_sales"] == pytest.approx(60)


def test_unprofitable_demand_is_left_under_margin() -> None:
    company = make_inputs(1, demand=[10], price=6.0, waits=False, sources=[BUY])
    assert plan(company).served.sum() == 0


def test_regions_and_segments_are_merged_only_where_nothing_tells_them_apart() -> None:
    same = make_inputs(
        2,
        demand=np.ones((1, 3, 2, 2)),
        price=50.0,
        regions=("N", "S", "W"),
        segments=("x", "y"),
        sources=[BUY],
    )
    apart = make_inputs(
        2,
        demand=np.ones((1, 3, 2, 2)),
        price=np.array([50.0, 50.0, 40.0]).reshape(1, 3, 1, 1),
        regions=("N", "S", "W"),
        segments=("x", "y"),
        sources=[BUY],
    )
    small, large = plan(same), plan(apart)
    assert small.solver.n_variables < large.solver.n_variables
    assert large.served.sum() == pytest.approx(12)


def test_merged_members_share_a_shortage_by_what_each_is_owed() -> None:
    """Thirty owed, twenty-four to give: every region gets four fifths in the first month and the rest later."""
    demand = np.zeros((1, 3, 1, 2))
    demand[0, :, 0, 0] = [5, 10, 15]
    solution = plan(
        make_inputs(
            2, demand=demand, price=50.0, regions=("N", "S", "W"), sources=[BUY | {"max_quantity": 24.0}],
            item={"backorder_cost": 1.0},
        )
    )  # fmt: skip
    assert solution.served[0, :, 0, 0] == pytest.approx([4, 8, 12])
    assert solution.served[0, :, 0, 1] == pytest.approx([1, 2, 3])
    assert solution.delivered[0, 0] == pytest.approx(solution.served[0, :, 0])


def test_headcount_minimum_above_maximum_is_infeasible_and_names_the_resource() -> None:
    company = make_inputs(
        1, demand=[1], sources=[{"kind": "make"}], resources=("Crew",), routings=[(0, 0, 1.0)],
        resource={"people": True, "min_headcount": 5.0, "max_headcount": 2.0},
    )  # fmt: skip
    with pytest.raises(Infeasible, match=r"Crew.*workforce"):
        plan(company)


@pytest.mark.parametrize("engine", ["highspy", "linprog"])
def test_money_without_limit_is_told_apart(engine: str) -> None:
    company = make_inputs(1, demand=[1], price=5.0, sources=[{"kind": "buy", "unit_cost": -1.0}])
    with pytest.raises(Unbounded, match="sources"):
        plan(company, engine)


def test_time_limit_is_told_apart() -> None:
    draw = np.random.default_rng(1)
    demand = draw.uniform(1, 9, (40, 4, 1, 18))
    company = make_inputs(
        18,
        demand=demand,
        price=draw.uniform(20, 60, (40, 4, 1, 1)),
        items=[f"I{n}" for n in range(40)],
        regions=("N", "E", "S", "W"),
        sources=[{"item": n, "unit_cost": 5.0} for n in range(40)],
        resources=("Line",),
        routings=[(n, 0, float(h)) for n, h in enumerate(draw.uniform(0.5, 2.0, 40))],
        resource={"hours": 500.0},
    )
    with pytest.raises(TimedOut, match="settings"):
        SupplySolver(*company, time_limit=1e-3).solve()


def test_demand_that_is_not_a_number_is_refused() -> None:
    inputs, demand, price = make_inputs(2, demand=[1, 1], sources=[BUY])
    with pytest.raises(PlanError, match="Demand of A"):
        SupplySolver(inputs, demand * NAN, price).solve()


def test_unknown_engine_is_refused() -> None:
    with pytest.raises(PlanError, match="highspy or linprog"):
        make_engine("abacus")
