"""Small companies and their evidence, for tests of the pack."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from sop_core import risk
from sop_core.changes import Change, DemandGrowth, OvertimeChange, Scope
from sop_core.pack.evidence import Evidence
from sop_core.plan import Plan
from sop_core.planner import Company, Planner, prepare
from sop_core.scenario import Scenario, Step
from sop_core.snapshot import Snapshot
from tests.pages.companies import full_line

MORE = OvertimeChange(scope=Scope(resources=("Forge",)), hours=40.0)
LESS = DemandGrowth(scope=Scope(families=("Iron",)), pct=-0.3)


def scenario(name: str, *changes: Change) -> Scenario:
    """A scenario of these Changes."""
    return Scenario(name, steps=tuple(Step(change) for change in changes))


def two_families(
    need: Sequence[float] = (60, 60, 140, 60, 60, 60), hours: float = 70.0, price: float = 10.0
) -> dict[str, pd.DataFrame]:
    """`full_line` with a family each for its two products."""
    tables = full_line()
    products = tables["products"].copy()
    products["family"], products["price"] = ["Iron", "To order"], price
    plan = tables["demand_plan"].copy()
    plan.loc[plan["product"] == "Anvil", "quantity"] = list(map(float, need))
    resources = tables["resources"].assign(hours=hours)
    budget = tables["budget"].assign(margin=300.0)
    return tables | {"products": products, "demand_plan": plan, "resources": resources, "budget": budget}


def company_of(tables: dict[str, pd.DataFrame]) -> Company:
    """The company of some tables, as data version 1."""
    return prepare(Snapshot.from_tables(tables, version=1))


@lru_cache(maxsize=1)
def usual() -> tuple[Company, Planner]:
    """The company of `two_families` and its planner; not edited by anybody."""
    company = company_of(two_families())
    return company, Planner(company)


def evidence(
    company: Company, planner: Planner, proposed: Scenario | None = None, paths: int = 60, **more: Any
) -> Evidence:
    """The evidence of a proposal, simulated on a few paths."""
    plan: Plan = planner.plan(proposed or Scenario.base())
    doubt = risk.uncertainty(company)
    plans = {planner.base.scenario.name: planner.base, plan.scenario.name: plan}
    plans |= {other.scenario.name: other for other in more.get("others", ())}
    found = {name: risk.simulate(one, doubt, paths) for name, one in plans.items()} if paths else {}
    return Evidence(company, plan, planner.base, risks=found, doubt=doubt, **more)
