"""Changes of materials, lanes, storage, lead times and machines: their arithmetic and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from sop_core.changes import (
    Change,
    EndStock,
    HoldingCost,
    HoursPerUnit,
    LaneVolume,
    LeadTime,
    MachineHours,
    MaterialVolume,
    Outage,
    Scope,
    StorageCapacity,
    StorageCost,
)
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs
from sop_core.scenario import Scenario
from tests.changes.factory import make_inputs

TUBE, DEPOT = Scope(materials=("Tube",)), Scope(sites=("Depot",))
MARCH = {"first": "2027-03", "last": "2027-03"}


def applied(change: Change, level: str = "product") -> Inputs:
    return Scenario("x").add(change).apply(make_inputs(level))


def refused(change: Change, message: str, level: str = "product") -> None:
    with pytest.raises(ScenarioError, match=message):
        change.check(make_inputs(level))


# -- materials ---------------------------------------------------------------------------------------------


def test_a_material_gets_more_volume_in_its_months() -> None:
    most = applied(MaterialVolume(scope=Scope(materials=("Tube",), **MARCH), pct=0.25)).material.max_quantity
    assert most[0].tolist() == [400, 400, 500, 400, 400, 400]
    assert np.isinf(most[1:]).all()


def test_one_supplier_of_a_material_is_told_from_another() -> None:
    scope = Scope(materials=("Tube",), suppliers=("Iberia Steel",))
    change = MaterialVolume(scope=scope, maximum=70, minimum=30)
    material = applied(change).material
    assert (material.max_quantity[1] == 70).all()
    assert (material.min_quantity[1] == 30).all()
    assert (material.max_quantity[0] == 400).all()
    assert np.isinf(material.max_quantity[2]).all()
    assert change.sentence() == ("Iberia Steel, Tube: maximum 70 units a month and minimum 30 units a month")


def test_a_minimum_comes_down_with_the_maximum() -> None:
    material = applied(MaterialVolume(scope=TUBE, maximum=20)).material
    assert (material.min_quantity[0] == 20).all()
    assert (material.min_quantity[1] == 0).all()


def test_a_material_without_a_limit_has_none_to_change_in_percent() -> None:
    refused(
        MaterialVolume(scope=Scope(materials=("Foam",)), pct=0.1), "give `maximum` here, or `max_quantity`"
    )
    refused(
        MaterialVolume(scope=Scope(materials=("Foam",), suppliers=("Kunshan Frames",)), maximum=5),
        "no material fits Kunshan Frames, Foam: choose fewer limits",
    )


def test_two_maxima_contradict_each_other() -> None:
    with pytest.raises(ScenarioError, match="give `pct` or `maximum`, not both"):
        MaterialVolume(pct=0.1, maximum=5)
    with pytest.raises(ScenarioError, match="is above `maximum`"):
        MaterialVolume(minimum=6, maximum=5)
    with pytest.raises(ScenarioError, match="give `pct` or `maximum`, not both"):
        LaneVolume(pct=0.1, maximum=5)
    with pytest.raises(ScenarioError, match="give `pct` or `capacity`, not both"):
        StorageCapacity(pct=0.1, capacity=5)
    with pytest.raises(ScenarioError, match="give `pct` or `units`, not both"):
        EndStock(pct=0.1, units=5)


def test_a_supplier_that_fails_sends_neither_items_nor_materials() -> None:
    inputs = applied(Outage(scope=Scope(suppliers=("Kunshan Frames",), **MARCH)))
    assert inputs.source.max_quantity[-1].tolist() == [500, 500, 0, 500, 500, 500]
    assert inputs.material.max_quantity[0].tolist() == [400, 400, 0, 400, 400, 400]
    assert inputs.material.min_quantity[0, 2] == 0


def test_a_material_alone_may_fail_in_part() -> None:
    change = Outage(scope=TUBE, part=0.5)
    inputs = applied(change)
    assert (inputs.material.max_quantity[0] == 200).all()
    assert (inputs.source.max_quantity[-1] == 500).all()
    assert change.sentence() == "Tube: 50 % lost"
    assert Outage(scope=TUBE).sentence() == "Tube: no supply"
    refused(Outage(scope=Scope(materials=("Foam",)), part=0.5), "`max_quantity` in the table `materials`")


# -- lanes and storage ---------------------------------------------------------------------------------------


def test_a_lane_is_closed_opened_and_widened() -> None:
    lane = Scope(lanes=("Lyon to Depot",))
    assert (applied(LaneVolume(scope=lane, pct=0.5)).lane.max_quantity[0] == 1200).all()
    closed = LaneVolume(scope=lane, maximum=0)
    assert (applied(closed).lane.max_quantity[0] == 0).all()
    assert closed.sentence() == "Lyon to Depot: closed"
    again = Scenario("x").add(closed).add(LaneVolume(scope=lane, maximum=300)).apply(make_inputs())
    assert (again.lane.max_quantity[0] == 300).all()
    with pytest.raises(ScenarioError, match="no maximum that a percentage could change"):
        Scenario("x").add(closed).add(LaneVolume(scope=lane, pct=0.5)).apply(make_inputs())


def test_a_company_without_lanes_or_materials_says_so() -> None:
    inputs = make_inputs()
    inputs.lane.origin = inputs.lane.to_site = inputs.lane.to_region = np.zeros(0, dtype=np.int64)
    with pytest.raises(ScenarioError, match="Bring the table `lanes`"):
        LaneVolume(maximum=10).check(inputs)
    inputs.material_names = ()
    with pytest.raises(ScenarioError, match="bring the tables `materials` and `bom`"):
        MaterialVolume(maximum=10).check(inputs)


def test_storage_changes_in_percent_only_where_there_is_a_limit() -> None:
    assert applied(StorageCapacity(pct=0.5)).site.capacity[2] == 1350
    assert applied(StorageCapacity(scope=Scope(sites=("Lyon",)), capacity=70)).site.capacity[0] == 70
    refused(StorageCapacity(scope=Scope(sites=("Lyon",)), pct=0.1), "`storage_capacity` in the table `sites`")


def test_least_stock_at_the_end_is_split_as_the_targets_are() -> None:
    least = applied(EndStock(scope=Scope(products=("Bell",)), units=90)).stock.end_minimum
    np.testing.assert_allclose(least[4], [30, 30, 30])
    np.testing.assert_allclose(least[:4], [[0, 0, 20]] * 4)
    one = applied(EndStock(scope=Scope(products=("Bell",), sites=("Lyon",)), units=90)).stock.end_minimum
    np.testing.assert_allclose(one[4], [90, 0, 20])
    np.testing.assert_allclose(applied(EndStock(pct=0.5)).stock.end_minimum[:, 2], 30)


def test_least_stock_of_a_part_of_a_family_changes_in_percent_only() -> None:
    part = Scope(products=("Trail 500",))
    np.testing.assert_allclose(applied(EndStock(scope=part, pct=1.0), "family").stock.end_minimum[0, 2], 35)
    refused(EndStock(scope=part, units=5), "planned as a part of Trail, which has one stock", "family")


def test_made_to_order_keeps_no_stock_at_the_end() -> None:
    inputs = make_inputs()
    inputs.item.make_to_order[:] = True
    with pytest.raises(ScenarioError, match="nothing there is made to stock"):
        EndStock(units=5).check(inputs)


# -- lead times ----------------------------------------------------------------------------------------------


def test_a_late_supplier_is_late_with_items_and_materials() -> None:
    change = LeadTime(scope=Scope(suppliers=("Kunshan Frames",)), months=1)
    inputs = applied(change)
    assert inputs.source.lead.tolist() == [0, 0, 0, 0, 0, 1]
    assert inputs.material.lead.tolist() == [2, 0, 0]
    assert not inputs.lane.lead.any()
    assert change.sentence() == "Kunshan Frames: lead time 1 month longer"


def test_a_lead_time_never_falls_below_none() -> None:
    change = LeadTime(scope=TUBE, months=-3)
    assert applied(change).material.lead.tolist() == [0, 0, 0]
    assert change.sentence() == "Tube: lead time 3 months shorter"
    assert LeadTime(scope=TUBE).is_neutral


def test_lanes_and_sites_have_lead_times() -> None:
    assert applied(LeadTime(scope=Scope(lanes=("Depot to North",)), months=2)).lane.lead.tolist() == [
        0,
        0,
        2,
        0,
    ]
    assert applied(LeadTime(scope=DEPOT, months=1)).source.lead.tolist() == [0, 0, 0, 0, 0, 1]
    refused(
        LeadTime(scope=Scope(materials=("Foam",), suppliers=("Kunshan Frames",)), months=1),
        "choose fewer limits, so that Foam has a lead time to change",
    )


def test_committed_output_that_cannot_be_there_any_more_is_not_expected() -> None:
    inputs = make_inputs()
    inputs.stock.committed[0, 2, :2] = 40.0  # bought for the depot: the first month can no longer be reached
    inputs.stock.committed[0, 0, 0] = 50.0
    changed = Scenario("x").add(LeadTime(scope=DEPOT, months=1)).apply(inputs)
    assert np.isnan(changed.stock.committed[0, 2, 0])
    assert changed.stock.committed[0, 2, 1] == 40
    assert changed.stock.committed[0, 0, 0] == 50


@pytest.mark.parametrize("change", [LeadTime, Outage])
def test_no_part_of_a_scope_is_passed_over(change: type[Change]) -> None:
    """A name that limits nothing would be read as if it did."""
    refused(change(scope=Scope(materials=("Tube",), sites=("Lyon",))), "so that Lyon has")
    refused(
        change(scope=Scope(lanes=("Depot to North",), suppliers=("Iberia Steel",), sites=("Lyon",))),
        "nothing fits",
    )
    both = applied(
        Change.from_dict(
            {
                "kind": change.kind,
                "scope": {"lanes": ["Depot to North"], "suppliers": ["Kunshan Frames"]},
                **({"months": 1} if change is LeadTime else {}),
            }
        )
    )
    company = make_inputs()
    assert (both.lane.lead != company.lane.lead).any() or (both.lane.max_quantity[2] == 0).all()
    assert (both.source.lead != company.source.lead).any() or (both.source.max_quantity[-1] == 0).all()


# -- machines and costs ----------------------------------------------------------------------------------------


def test_machine_hours_leave_the_people_alone() -> None:
    company = make_inputs()
    company.resource.hours[1] = 1500.0
    change = MachineHours(scope=Scope(resources=("Line 2",)), pct=0.1, hours=50)
    resource = Scenario("x").add(change).apply(company).resource
    np.testing.assert_allclose(resource.hours[1], 1700)
    np.testing.assert_allclose(resource.hours_per_head[1], 160)
    assert change.sentence() == "Line 2: +10 % machine hours and +50 h of the machine a month"
    refused(change, "the machine itself has no limit of hours for Line 2")


def test_hours_per_unit_change_by_resource_item_and_part() -> None:
    line = Scope(resources=("Line 1",))
    np.testing.assert_allclose(
        applied(HoursPerUnit(scope=line, pct=-0.1)).source.routing_hours, [0.45, 0.5, 0.45, 0.5, 0.45]
    )
    part = HoursPerUnit(scope=Scope(products=("Trail 500",)), pct=-0.2)
    np.testing.assert_allclose(applied(part, "family").source.routing_hours, [0.5 * 0.85, 0.5, 0.5])
    refused(
        HoursPerUnit(scope=Scope(resources=("Paint",)), pct=0.1),
        "no unit takes hours for Paint: choose fewer",
    )


def test_holding_and_storage_cost() -> None:
    np.testing.assert_allclose(applied(HoldingCost(pct=0.5)).item.holding_cost, 0.15)
    np.testing.assert_allclose(applied(StorageCost(scope=DEPOT, pct=0.5)).site.storage_cost, [0, 0.1, 0.3])
    np.testing.assert_allclose(applied(StorageCost(value=1.0)).site.storage_cost, 1.0)
    refused(StorageCost(scope=Scope(sites=("Lyon",)), pct=0.5), "storing costs nothing for Lyon")
