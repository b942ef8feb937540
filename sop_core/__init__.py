"""Sales and operations planning: from a company's tables to a forecast and a feasible, explained plan.

from sop_core import Scenario, Snapshot, make_plan
plan = make_plan(Snapshot.from_tables(tables), Scenario.base())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sop_core.demand.baseline import forecast as forecast
    from sop_core.demand.reconcile import reconcile as reconcile
    from sop_core.plan import Plan as Plan
    from sop_core.planner import make_plan as make_plan
    from sop_core.scenario import Scenario as Scenario
    from sop_core.snapshot import Snapshot as Snapshot

__all__ = ["Plan", "Scenario", "Snapshot", "forecast", "make_plan", "reconcile"]

_HOME = {
    "Plan": "sop_core.plan",
    "Scenario": "sop_core.scenario",
    "Snapshot": "sop_core.snapshot",
    "forecast": "sop_core.demand.baseline",
    "make_plan": "sop_core.planner",
    "reconcile": "sop_core.demand.reconcile",
}


def __getattr__(name: str) -> Any:
    # Lazily, so that a job that needs one room (a forecast worker, the command line's help) does not load the house.
    if name not in _HOME:
        raise AttributeError(f"module 'sop_core' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
