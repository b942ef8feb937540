"""Plans of equal worth: another engine is asked for the same one, and never gives up worth for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from sop_core.errors import PlanError
from sop_core.inputs import Floats, Inputs
from sop_core.supply.solve import SupplySolver
from tests.supply.factory import make_inputs
from tests.supply.test_invariants import companies

Company = tuple[Inputs, Floats, Floats]
ENGINES = ("highspy", "linprog")


def two_ways(first: float, second: float) -> Company:
    """Ten units a month from either of two sources."""
    return make_inputs(
        3,
        demand=[10.0, 10.0, 10.0],
        price=20.0,
        sources=[{"kind": "buy", "unit_cost": first}, {"kind": "buy", "unit_cost": second}],
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("costs", [(9.0, 10.0), (10.0, 9.0)])
def test_of_equal_plans_the_one_like_another_is_given(engine: str, costs: tuple[float, float]) -> None:
    like = SupplySolver(*two_ways(*costs)).solve()
    plan = SupplySolver(*two_ways(10.0, 10.0), engine=engine).solve(like=like)
    np.testing.assert_allclose(plan.started, like.started, atol=1e-9)
    assert plan.solver.engine == engine


@pytest.mark.parametrize("engine", ENGINES)
def test_worth_is_never_given_up_for_likeness(engine: str) -> None:
    like = SupplySolver(*two_ways(9.0, 10.0)).solve()
    company = two_ways(11.0, 10.0)
    plan = SupplySolver(*company, engine=engine).solve(like=like)
    np.testing.assert_allclose(plan.started, [[0.0] * 3, [10.0] * 3], atol=1e-9)
    assert plan.objective == pytest.approx(SupplySolver(*company).solve().objective, rel=1e-9)


def test_plans_of_another_structure_are_refused() -> None:
    like = SupplySolver(*make_inputs(2, demand=[1.0, 1.0])).solve()
    with pytest.raises(PlanError, match="different structure"):
        SupplySolver(*two_ways(1.0, 1.0)).solve(like=like)


@settings(max_examples=30)
@given(companies(objective="margin"))
def test_the_second_engine_comes_to_the_same_plan(company: Company) -> None:
    plan = SupplySolver(*company).solve()
    other = SupplySolver(*company, engine="linprog").solve(like=plan)
    for name in ("started", "stock", "served", "backlog", "lost", "headcount", "overtime"):
        mine, theirs = getattr(plan, name), getattr(other, name)
        np.testing.assert_allclose(
            theirs, mine, atol=1e-5 * (1.0 + np.abs(mine).max(initial=0.0)), err_msg=name
        )
