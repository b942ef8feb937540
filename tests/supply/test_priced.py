"""What a step is worth on both sides, how far that holds, and the ways out of a shortage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sop_core.supply.priced import Lever, ways_out, worth
from sop_core.supply.solve import SupplySolver
from tests.supply.factory import INF, make_inputs
from tests.supply.test_published_inputs import sailco

MAKE = {"kind": "make", "unit_cost": 10.0}
LINE: dict[str, Any] = {"resources": ("Assembly",), "routings": [(0, 0, 1.0)]}


def test_worth_of_demand_is_the_published_shadow_price(shared_dir: Path) -> None:
    """Winston's Sailco: one more boat asked for costs 430, 450, 450, 400."""
    case = json.loads((shared_dir / "cases" / "winston_sailco.json").read_text())
    solver = SupplySolver(*sailco(case))
    costs = [-worth(solver, Lever("demand", (0, 0, 0), month)).up for month in range(4)]
    assert costs == pytest.approx(case["expected"]["demand_duals"])


def test_both_sides_of_a_kink_differ() -> None:
    """Exactly enough hours: one more is worth nothing, one less loses a sale with a margin of 40."""
    company = make_inputs(
        1, demand=[10], price=50.0, waits=False, sources=[MAKE], **LINE, resource={"hours": 10.0}
    )
    found = worth(SupplySolver(*company), Lever("resource", (0,), 0))
    assert found.up == pytest.approx(0, abs=1e-9)
    assert found.down == pytest.approx(40)
    assert found.served_down == pytest.approx(1)
    assert found.holds_down >= 8


def test_worth_holds_as_far_as_it_was_seen_to() -> None:
    """Six units short: an hour more is worth 40 for six hours; doublings of one reach four."""
    company = make_inputs(
        1, demand=[16], price=50.0, waits=False, sources=[MAKE], **LINE, resource={"hours": 10.0}
    )
    found = worth(SupplySolver(*company), Lever("resource", (0,), 0))
    assert found.up == pytest.approx(40)
    assert found.holds_up == 4
    assert found.served_up == pytest.approx(1)


def test_hour_is_charged_at_its_regular_cost() -> None:
    company = make_inputs(
        1,
        demand=[16],
        price=50.0,
        waits=False,
        sources=[MAKE],
        **LINE,
        resource={"hours": 10.0, "hour_cost": 15.0},
    )
    found = worth(SupplySolver(*company), Lever("resource", (0,), 0), reach=False)
    assert [found.up, found.down] == pytest.approx([25, 25])


def test_people_and_machine_that_bind_together_are_worth_something_only_together() -> None:
    company = make_inputs(
        1, demand=[30], price=50.0, waits=False, sources=[MAKE], **LINE,
        resource={
            "people": True, "hours": 20.0, "headcount": 2.0, "hours_per_head": 10.0, "can_hire": False,
            "can_release": False, "wage": 50.0,
        },
    )  # fmt: skip
    solver = SupplySolver(*company)
    people, machine = Lever("people", (0,), 0), Lever("machine", (0,), 0)
    assert worth(solver, people, reach=False).up == pytest.approx(0, abs=1e-9)
    assert worth(solver, machine, reach=False).up == pytest.approx(0, abs=1e-9)
    assert worth(solver, [people, machine], reach=False).up == pytest.approx(40)
    assert worth(solver, Lever("resource", (0,), 0), reach=False).up == pytest.approx(40)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("source", {"sources": [MAKE | {"max_quantity": 6.0}]}),
        ("storage", {"sources": [MAKE | {"max_quantity": [20.0, 0.0]}], "site": {"capacity": 6.0}}),
        (
            "lane",
            {"sources": [MAKE], "lanes": [{"origin": 0, "region": 0, "max_quantity": [50.0, 6.0]}]},
        ),
        (
            "material",
            {
                "sources": [MAKE],
                "materials": [{"material": "m", "max_quantity": [0.0, 6.0]}],
                "usage": [(0, 0, 1.0)],
            },
        ),
    ],
)
def test_worth_of_a_unit_of_each_limit(kind: str, more: dict[str, Any]) -> None:
    """Ten wanted in February, six possible: the seventh is worth its margin, the sixth too."""
    company = make_inputs(2, demand=[0, 10], price=50.0, waits=False, **more)
    month = {"source": 1}.get(kind, 1)
    found = worth(SupplySolver(*company), Lever(kind, (0,), month), reach=False)
    if kind == "source":  # January's six are there as well: nothing is short
        assert found.up == pytest.approx(0, abs=1e-6)
    else:
        assert [found.up, found.down] == pytest.approx([40, 40], rel=1e-3)


def test_no_step_below_nothing() -> None:
    company = make_inputs(1, demand=[10], price=50.0, waits=False, sources=[MAKE | {"max_quantity": 0.0}])
    found = worth(SupplySolver(*company), Lever("source", (0,), 0))
    assert found.up == pytest.approx(40)
    assert np.isnan(found.down)
    assert found.holds_down == 0


def test_unknown_lever_is_refused() -> None:
    solver = SupplySolver(*make_inputs(1, demand=[1], sources=[MAKE]))
    with pytest.raises(ValueError, match="moon"):
        worth(solver, Lever("moon", (0,), 0))


def test_worth_leaves_the_plan_alone() -> None:
    solver = SupplySolver(
        *make_inputs(2, demand=[16, 4], price=50.0, sources=[MAKE], **LINE, resource={"hours": 10.0})
    )
    before = solver.solve()
    worth(solver, Lever("resource", (0,), 0))
    np.testing.assert_array_equal(solver.solve().started, before.started)


def test_ways_out_are_priced_exactly_and_ranked() -> None:
    """Four units lost in February at a margin of 40: overtime at 5 an hour, a shift at 100, a dearer supplier."""
    company = make_inputs(
        2, demand=[10, 14], price=50.0, waits=False,
        sources=[MAKE, {"kind": "subcontract", "unit_cost": 30.0, "max_quantity": 0.0, "name": "outside"}],
        **LINE, item={"holding_cost": 0.5},
        resource={"hours": 10.0, "overtime_cost": 5.0, "shift_hours": 8.0, "shift_cost": 100.0, "max_shifts": 0.0},
    )  # fmt: skip
    solver = SupplySolver(*company)
    ways = ways_out(solver, solver.solve(), 0, 0, 1)
    assert [way.lever for way in ways] == ["machine hours", "overtime", "shift", "source"]
    overtime = ways[1]
    assert overtime.amount == pytest.approx(4)
    assert [overtime.relieved, overtime.relieved_here] == pytest.approx([4, 4])
    assert overtime.spent == pytest.approx(20)
    assert overtime.gain == pytest.approx(4 * (50 - 10 - 5))
    assert overtime.cost == pytest.approx(4 * 15)
    assert str(overtime.month) in ("2026-01", "2026-02")
    shift = ways[2]
    assert shift.unit == "shifts"
    assert [shift.amount, shift.gain] == pytest.approx([0.5, 4 * 40 - 50])
    outside = ways[3]
    assert outside.name == "outside"
    assert outside.gain == pytest.approx(4 * 20)


def test_hiring_is_offered_where_people_are_the_limit() -> None:
    company = make_inputs(
        1, demand=[30], price=50.0, waits=False, sources=[MAKE], **LINE,
        resource={
            "people": True, "hours": INF, "headcount": 2.0, "max_headcount": 2.0, "hours_per_head": 10.0, "wage": 50.0,
            "hire_cost": 20.0, "overtime_hours": 0.0, "overtime_per_head": 0.0, "overtime_cost": 30.0,
        },
    )  # fmt: skip
    solver = SupplySolver(*company)
    best = ways_out(solver, solver.solve(), 0, 0, 0)
    assert [way.lever for way in best] == ["hire", "overtime"]
    assert best[0].amount == pytest.approx(1)
    assert best[0].gain == pytest.approx(10 * 40 - 70)
    assert best[1].gain == pytest.approx(10 * 10)


def test_no_way_out_where_nothing_is_short_or_serving_does_not_pay() -> None:
    for price, demand in ((50.0, 5.0), (6.0, 5.0)):
        solver = SupplySolver(*make_inputs(1, demand=[demand], price=price, waits=False, sources=[MAKE]))
        assert ways_out(solver, solver.solve(), 0, 0, 0) == ()
