"""The scenarios of the demo company: they fit its tables, and each does what its owner says."""

from __future__ import annotations

import datetime as dt

import pytest

from sop_core import demo
from sop_core.demo.proposals import CREW, JULY, PROPOSAL, STRONG, TALKS
from sop_core.plan import Plan
from sop_core.planner import Planner


@pytest.fixture(scope="module")
def plans(demo_planner: Planner) -> dict[str, Plan]:
    return {"Base": demo_planner.base} | {one.name: demo_planner.plan(one) for one in demo.proposals()}


def test_each_does_what_its_owner_says(plans: dict[str, Plan]) -> None:
    kpis = {name: plan.kpis for name, plan in plans.items()}
    base = kpis["Base"]
    for name in (JULY, CREW, TALKS):
        assert kpis[name]["margin"] > base["margin"], name
        assert kpis[name]["service_level"] > base["service_level"], name
    assert kpis[CREW]["headcount"] > base["headcount"]
    assert kpis[STRONG]["revenue_at_risk"] > 3 * base["revenue_at_risk"]
    best = max(kpis, key=lambda name: kpis[name]["service_level"])
    assert best == PROPOSAL
    assert kpis[PROPOSAL]["margin"] > kpis[JULY]["margin"]


@pytest.mark.parametrize("month", range(1, 13))
def test_they_fit_the_tables_of_any_month(month: int) -> None:
    """Months and the promotion's name follow the clock; parents come before their children."""
    closed = dt.date(2027, month, 1)
    names = set(demo.build(last_closed=closed)["promotions"]["promotion"])
    seen: set[str] = set()
    for scenario in demo.proposals(closed):
        assert not scenario.parent or scenario.parent in seen
        seen.add(scenario.name)
        for change in scenario.active:
            assert getattr(change, "promotion", next(iter(names))) in names
