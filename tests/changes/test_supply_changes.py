"""Changes of capacity, sources, stock, cost and policy: their arithmetic and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.changes import (
    BacklogCost,
    CapacityChange,
    Change,
    EndBacklog,
    ExtraShift,
    LostSaleCost,
    Objective,
    Outage,
    OvertimeChange,
    SafetyStockCover,
    Scope,
    SegmentPriority,
    SourceCost,
    SourceVolume,
    TransportCost,
    WageChange,
    WorkforcePolicy,
)
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs
from sop_core.scenario import Scenario
from tests.changes.factory import make_inputs

LINE_1, LINE_2, PAINT = (Scope(resources=(name,)) for name in ("Line 1", "Line 2", "Paint"))
KUNSHAN = Scope(suppliers=("Kunshan Frames",))


def applied(change: Change, level: str = "product") -> Inputs:
    return Scenario("x").add(change).apply(make_inputs(level))


def refused(change: Change, message: str, level: str = "product") -> None:
    with pytest.raises(ScenarioError, match=message):
        change.check(make_inputs(level))


# -- capacity ---------------------------------------------------------------------------------------------


def test_capacity_changes_hours_in_its_months() -> None:
    scope = Scope(resources=("Line 1",), first="2027-02", last="2027-03")
    hours = applied(CapacityChange(scope=scope, pct=-0.2, hours=50)).resource.hours
    assert hours[0].tolist() == [1000, 850, 850, 1000, 1000, 1000]
    assert np.isinf(hours[1:]).all()


def test_capacity_of_people_changes_what_their_heads_give() -> None:
    resource = applied(CapacityChange(scope=LINE_2, pct=-0.25, hours=-200)).resource
    np.testing.assert_allclose(resource.hours_per_head[1], 160 * 0.75 - 20)
    assert (resource.hours_per_head[0] == 0).all()
    assert (resource.wage[1] == 3000).all()


@given(hours=st.floats(-1e6, 0))
def test_capacity_never_falls_below_zero(hours: float) -> None:
    resource = applied(CapacityChange(hours=hours)).resource
    assert (resource.hours >= 0).all()
    assert (resource.hours_per_head >= 0).all()


def test_capacity_without_a_limit_cannot_change() -> None:
    refused(CapacityChange(scope=PAINT, pct=0.1), "no limit of hours to change for Paint: give `hours`")


def test_a_resource_is_looked_for_at_its_site() -> None:
    refused(
        CapacityChange(scope=Scope(resources=("Line 1",), sites=("Milan",)), pct=0.1),
        "Line 1 is not at Milan: leave the site out",
    )
    refused(
        CapacityChange(scope=Scope(sites=("Depot",)), pct=0.1), "no resource is at Depot: choose another site"
    )


def test_overtime_changes_both_limits() -> None:
    one = applied(OvertimeChange(scope=LINE_1, pct=0.5, hours=25)).resource
    np.testing.assert_allclose(one.overtime_hours[0], 175)
    two = applied(OvertimeChange(scope=LINE_2, pct=0.5, hours=30, per_head=2)).resource
    assert np.isinf(two.overtime_hours[1]).all()
    np.testing.assert_allclose(two.overtime_per_head[1], 20 * 1.5 + 3 + 2)
    assert np.isnan(two.overtime_per_head[[0, 2]]).all()


def test_overtime_that_does_not_exist_cannot_change_by_percent() -> None:
    refused(
        OvertimeChange(scope=PAINT, pct=0.1),
        "no overtime that a percentage could change for Paint: give `hours`",
    )
    refused(OvertimeChange(scope=LINE_1, per_head=2), "no overtime limit by head for Line 1")
    assert (applied(OvertimeChange(scope=PAINT, hours=40)).resource.overtime_hours[2] == 40).all()


def test_extra_shifts_come_on_top() -> None:
    assert (applied(ExtraShift(shifts=1)).resource.max_shifts == np.array([[2], [0], [0]])).all()
    assert (applied(ExtraShift(shifts=-3)).resource.max_shifts == 0).all()
    refused(ExtraShift(scope=LINE_2, shifts=1), "one more shift adds no hours for Line 2: give `shift_hours`")


def test_outages_of_a_resource_compound() -> None:
    once = Scenario("x").add(Outage(scope=LINE_1, part=0.5))
    outage = (
        once.add(Outage(scope=Scope(sites=("Lyon",), last="2027-01"), part=0.2))
        .apply(make_inputs())
        .resource.outage
    )
    np.testing.assert_allclose(outage[0], [0.6, 0.5, 0.5, 0.5, 0.5, 0.5])
    assert not outage[1:].any()


def test_an_outage_of_a_supplier_stops_its_contract() -> None:
    scope = Scope(suppliers=("Kunshan Frames",), first="2027-02", last="2027-02")
    half, all_of_it = applied(Outage(scope=scope, part=0.5)).source, applied(Outage(scope=scope)).source
    assert half.max_quantity[5].tolist() == [500, 250, 500, 500, 500, 500]
    assert half.min_quantity[5].tolist() == [100, 50, 100, 100, 100, 100]
    assert all_of_it.max_quantity[5, 1] == all_of_it.min_quantity[5, 1] == 0


def test_all_of_something_without_limit_can_be_lost_but_not_a_part() -> None:
    source, lane = Scope(sources=("make Bell",)), Scope(lanes=("Depot to North",))
    assert (applied(Outage(scope=source)).source.max_quantity[4] == 0).all()
    assert (applied(Outage(scope=lane)).lane.max_quantity[2] == 0).all()
    refused(
        Outage(scope=source, part=0.5),
        "no maximum of which 50 % could be lost: give `max_quantity` in the table `sources`",
    )
    refused(Outage(scope=lane, part=0.5), "`max_quantity` in the table `lanes`")
    assert (
        applied(Outage(scope=Scope(lanes=("Lyon to Depot",)), part=0.5)).lane.max_quantity[0] == 400
    ).all()


def test_an_outage_says_what_fails_and_where() -> None:
    with pytest.raises(ScenarioError, match="say in `scope` what fails"):
        Outage(scope=Scope(first="2027-02"))
    refused(Outage(scope=Scope(sites=("Depot",))), "nothing fits Depot")
    refused(
        Outage(scope=Scope(sites=("Lyon",), suppliers=("Kunshan Frames",))),
        "Kunshan Frames has something to lose",
    )


# -- sources and stock ------------------------------------------------------------------------------------


def test_a_source_gets_a_new_maximum_and_minimum() -> None:
    source = applied(SourceVolume(scope=KUNSHAN, maximum=80)).source
    assert (source.max_quantity[5] == 80).all()
    assert (source.min_quantity[5] == 80).all()  # the contract's 100 cannot be asked for any more
    assert (applied(SourceVolume(scope=KUNSHAN, minimum=40)).source.min_quantity[5] == 40).all()
    assert (applied(SourceVolume(scope=KUNSHAN, pct=0.2)).source.max_quantity[5] == 600).all()
    assert np.isinf(applied(SourceVolume(pct=0.2)).source.max_quantity[:5]).all()


def test_contradictions_of_volume_are_refused() -> None:
    with pytest.raises(ScenarioError, match="`pct` or `maximum`, not both"):
        SourceVolume(pct=0.1, maximum=5)
    with pytest.raises(ScenarioError, match=r"`minimum` \(9\) is above `maximum` \(5\)"):
        SourceVolume(minimum=9, maximum=5)
    refused(
        SourceVolume(scope=Scope(kinds=("make",)), pct=0.1),
        "no maximum that a percentage could change for Own production",
    )
    refused(
        SourceVolume(scope=Scope(suppliers=("Kunshan Frames",), products=("Bell",)), pct=0.1),
        "no source fits Bell",
    )
    refused(
        SourceVolume(scope=Scope(products=("Trail 500",)), maximum=9),
        "planned as a part of its family",
        "family",
    )


def test_source_cost_moves_by_the_share_of_the_product() -> None:
    scope = Scope(products=("Trail 900",), first="2027-06")
    np.testing.assert_allclose(
        applied(SourceCost(scope=scope, pct=0.1), "family").source.unit_cost[0], [6] * 5 + [6 * 1.025]
    )
    assert (applied(SourceCost(scope=scope, pct=0.1), "family").item.unit_cost == 6).all()


def test_safety_stock_is_scaled_by_item() -> None:
    factor = applied(
        SafetyStockCover(scope=Scope(products=("Trail 500",), families=("Road",)), pct=-0.4), "family"
    ).stock
    np.testing.assert_allclose(factor.cover_factor, [0.7, 0.6, 1])


# -- cost -------------------------------------------------------------------------------------------------


def test_wages_move_all_that_work_costs() -> None:
    resource = applied(WageChange(scope=Scope(sites=("Milan",)), pct=0.1)).resource
    np.testing.assert_allclose(resource.wage[:, 0], [0, 3300, 0])
    assert (resource.wage == resource.wage[:, :1]).all()
    np.testing.assert_allclose(resource.hour_cost, [20, 0, 5.5])
    np.testing.assert_allclose(resource.overtime_cost, [30, 36.3, 8.25])


def test_transport_cost_by_origin_and_destination() -> None:
    scope = Scope(sites=("Depot",), regions=("South",), first="2027-06")
    np.testing.assert_allclose(applied(TransportCost(scope=scope, pct=0.5)).lane.unit_cost[3], [4] * 5 + [6])
    np.testing.assert_allclose(applied(TransportCost(scope=scope, pct=0.5)).lane.unit_cost[:3, 5], [1, 2, 3])
    refused(
        TransportCost(scope=Scope(sites=("Lyon",), regions=("South",)), pct=0.1), "no lane fits South, Lyon"
    )


def test_a_percentage_of_nothing_is_refused() -> None:
    company = make_inputs()
    company.lane.unit_cost[:] = 0
    company.source.unit_cost[:] = 0
    company.stock.target[:] = 0
    for cost in (company.resource.wage, company.resource.hour_cost, company.resource.overtime_cost):
        cost[:] = 0
    for change in (
        TransportCost(pct=0.1),
        SourceCost(pct=0.1),
        SafetyStockCover(pct=0.1),
        WageChange(pct=0.1),
    ):
        with pytest.raises(ScenarioError, match=r"`lanes`|`sources`|`stock_targets`|`resources`"):
            change.check(company)


def test_backlog_cost_by_percent_and_by_value() -> None:
    more = applied(BacklogCost(pct=0.5))
    np.testing.assert_array_equal(more.item.backorder_cost, [6, *[np.nan] * 4])
    assert not more.policy.late_is_priced
    new = applied(BacklogCost(value=9))
    assert (new.item.backorder_cost == 9).all()
    assert new.policy.late_is_priced
    part = applied(BacklogCost(scope=Scope(products=("Trail 900",)), value=8), "family")
    np.testing.assert_array_equal(part.item.backorder_cost, [4 * 0.75 + 8 * 0.25, np.nan, np.nan])
    refused(
        BacklogCost(scope=Scope(products=("Bell",)), pct=0.1), "no such cost to change for Bell: give `value`"
    )
    assert (applied(LostSaleCost(pct=1.0)).item.lost_sale_cost == 4).all()
    with pytest.raises(ScenarioError, match="`pct` or `value`, not both"):
        LostSaleCost(pct=0.1, value=3)


# -- policy -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "hire", "release"),
    [("free", True, True), ("no_release", True, False), ("no_hire", False, True), ("level", False, False)],
)
def test_workforce_policies(policy: str, hire: bool, release: bool) -> None:
    scope = Scope(first="2027-03")
    resource = applied(WorkforcePolicy(scope=scope, policy=policy, max_headcount=15)).resource
    assert (resource.can_hire[1, 2:] == hire).all()
    assert (resource.can_release[1, 2:] == release).all()
    assert (resource.max_headcount[1] == [20, 20, 15, 15, 15, 15]).all()
    assert resource.can_hire[1, :2].all()
    assert not resource.can_hire[[0, 2]].any()
    assert np.isinf(resource.max_headcount[[0, 2]]).all()


def test_head_limits_that_cannot_be_are_refused() -> None:
    refused(
        WorkforcePolicy(policy="level", max_headcount=8),
        "below the 10 heads at the start, and nobody may be released",
    )
    refused(WorkforcePolicy(max_headcount=3), r"below the fewest heads wanted \(4\)")
    refused(WorkforcePolicy(scope=LINE_1), "no people stand behind Line 1, Lyon: bring the table `workforce`")
    with pytest.raises(ScenarioError, match="Did you mean 'no_hire'"):
        WorkforcePolicy(policy="no hire")


def test_company_wide_choices() -> None:
    assert applied(Objective(objective="service")).policy.objective == "service"
    assert applied(EndBacklog(end_backlog="forbidden")).policy.end_backlog == "forbidden"
    assert applied(
        SegmentPriority(scope=Scope(segments=("Retail",)), priority=1)
    ).segment_priority.tolist() == [1, 1]
    assert applied(SegmentPriority(priority=3)).segment_priority.tolist() == [3, 3]


# -- sentences --------------------------------------------------------------------------------------------


def test_sentences_read_like_minutes() -> None:
    company = make_inputs()
    spring = Scope(resources=("Line 2",), first="2027-03", last="2027-05")
    overhaul = CapacityChange(scope=spring, pct=-0.2, note="press overhaul")
    assert overhaul.sentence(company) == "Line 2, Milan: -20 % hours, Mar-May 27 (press overhaul)"
    assert overhaul.sentence() == "Line 2: -20 % hours, Mar-May 27 (press overhaul)"
    both = CapacityChange(pct=0.05, hours=-1200)
    assert both.sentence(company) == "All resources: +5 % hours and -1,200 h a month"
    assert (
        OvertimeChange(scope=LINE_1, hours=180).sentence(company) == "Line 1, Lyon: +180 h overtime a month"
    )
    assert Outage(scope=KUNSHAN, part=0.3).sentence(company) == "Kunshan Frames: 30 % lost"
    assert (
        BacklogCost(value=12.5).sentence(company) == "All products: waiting costs 12.5 EUR a unit and month"
    )
    crew = WorkforcePolicy(scope=Scope(sites=("Milan",), first="2027-02"), policy="level", max_headcount=1)
    assert (
        crew.sentence(company)
        == "Milan: level headcount, nobody hired or released, at most 1 head, from Feb 27"
    )
