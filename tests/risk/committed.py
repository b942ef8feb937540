"""Plans straight from small companies, and forecast errors to try them with."""

from __future__ import annotations

from typing import Any

import numpy as np

from sop_core.demand.layers import DemandPlan
from sop_core.inputs import LAYERS, Floats, Inputs
from sop_core.money import build_money
from sop_core.plan import Plan
from sop_core.risk import Uncertainty
from sop_core.scenario import Scenario
from sop_core.supply.result import Solution
from sop_core.supply.solve import SupplySolver


def planned(company: tuple[Inputs, Floats, Floats], solution: Solution | None = None) -> Plan:
    """The optimal plan of (inputs, demand, price); or that one around a given solution."""
    inputs, units, price = company
    found = solution or SupplySolver(inputs, units, price).solve(inputs, units, price)
    demand = DemandPlan(
        units, {name: np.zeros_like(units) for name in LAYERS}, units, price, np.zeros(inputs.horizon)
    )
    return Plan(
        scenario=Scenario.base(),
        inputs=inputs,
        demand=demand,
        solution=found,
        money=build_money(inputs, demand, found),
        data_version=1,
        notes=(),
        forecast_bias=float("nan"),
    )


def doubt(plan: Plan, spread: Any = 0.3, **more: Any) -> Uncertainty:
    """A forecast error for a plan: the same everywhere, independent, unless said otherwise."""
    inputs = plan.inputs
    shape = (len(inputs.items), len(inputs.regions), inputs.horizon)
    values: dict[str, Any] = {
        "between": np.eye(shape[0]), "regional": np.zeros(shape[0]), "level": 0.0, "carry": 0.0,
        "shrinkage": 1.0, "observed": 0, "bias": float("nan"), "source": "for a test",
        "assumed": np.zeros(shape[0], dtype=bool),
    }  # fmt: skip
    return Uncertainty(
        items=inputs.items,
        regions=inputs.regions,
        months=inputs.months,
        spread=np.broadcast_to(np.asarray(spread, dtype=float), shape).copy(),
        **(values | more),
    )
