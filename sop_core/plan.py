"""Plan: the whole answer to one scenario, in labelled arrays and tidy frames, and how it was obtained."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sop_core.calendar import month_label, timestamps
from sop_core.demand.layers import DemandPlan
from sop_core.inputs import Floats, Inputs
from sop_core.kpis import Facts, kpi_values
from sop_core.money import Money
from sop_core.scenario import Scenario
from sop_core.snapshot import DefaultUsed
from sop_core.supply.causes import ShortOrders, short_orders, shortages
from sop_core.supply.result import Solution

#: Digits to which results are rounded before they are hashed: finer than anything shown, coarser than noise.
_HASH_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Unconstrained:
    """What a scenario wants before supply has its say: all that the demand and product reviews need."""

    scenario: Scenario
    inputs: Inputs
    demand: DemandPlan

    @property
    def stamps(self) -> pd.DatetimeIndex:
        """Months of the horizon as timestamps."""
        return timestamps(self.inputs.months)


@dataclass(frozen=True)
class Plan:
    """One scenario's plan. `notes` are the stand-ins for missing data that it rests on."""

    scenario: Scenario
    inputs: Inputs
    demand: DemandPlan
    solution: Solution
    money: Money
    data_version: int
    notes: tuple[DefaultUsed, ...]
    forecast_bias: float
    review: int = 0  #: revision of the cleansing verdicts that its history was cleansed by

    @cached_property
    def facts(self) -> Facts:
        """What KPIs are worked out from."""
        return Facts(self.inputs, self.demand, self.solution, self.money, self.forecast_bias)

    @cached_property
    def kpis(self) -> dict[str, float]:
        """Every KPI over the horizon, see kpis.KPIS."""
        return kpi_values(self.facts)

    @cached_property
    def short_orders(self) -> ShortOrders:
        """What is not served on time, when, and what held it back, as arrays; largest in money first."""
        return short_orders(self.inputs, self.demand.total, self.solution)

    @cached_property
    def shortages(self) -> pd.DataFrame:
        """The same as a table."""
        return shortages(self.inputs, self.short_orders)

    @property
    def objective(self) -> float:
        """Margin less penalties, money: what the solver maximised (promotion costs included)."""
        return float(self.money.margin.sum()) - sum(self.solution.penalties.values())

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the demand, the plan and the money, rounded; the same store and scenario give the same."""
        digest = hashlib.sha256()
        solution = self.solution
        parts: list[Floats] = [
            self.demand.total,
            self.demand.price,
            solution.started,
            solution.flow,
            solution.stock,
            solution.served,
            solution.backlog,
            solution.lost,
            solution.headcount,
            solution.overtime,
            self.money.revenue,
            self.money.cost,
        ]
        for values in parts:
            digest.update(str(values.shape).encode())
            # Adding zero turns -0.0 into 0.0, which hashes alike.
            digest.update((np.round(values, _HASH_DECIMALS) + 0.0).tobytes())
        digest.update(json.dumps([str(m) for m in self.inputs.months]).encode())
        return digest.hexdigest()

    def summary(self) -> dict[str, Any]:
        """The plan in one small dictionary of plain values (None where a KPI has no value)."""
        costs = {name: float(values.sum()) for name, values in self.money.costs.items()}
        revenue, cost = float(self.money.revenue.sum()), float(sum(costs.values()))
        return {
            "scenario": self.scenario.name,
            "objective": self.objective,
            "revenue": revenue,
            "cost": cost,
            "margin": revenue - cost,
            "costs": costs,
            "penalties": {name: float(value) for name, value in self.solution.penalties.items()},
            "kpis": {name: (value if np.isfinite(value) else None) for name, value in self.kpis.items()},
            "defaults_used": [note.sentence() for note in self.notes],
            "promises_broken": [str(promise) for promise in self.solution.promises]
            + self._contracts_missed(),
            "solver": self.solution.solver.as_dict(),
            "months": [f"{m}-01" for m in self.inputs.months],
            "planning_level": self.inputs.level,
            "data_version": self.data_version,
            "cleansing_revision": self.review,
            "fingerprint": self.fingerprint,
        }

    def _contracts_missed(self) -> list[str]:
        """Contract minima of sources and materials that are not reached, as sentences."""
        inputs, solution = self.inputs, self.solution
        materials = [
            f"{inputs.material_names[n]} from {supplier}"
            for n, supplier in zip(inputs.material.material, inputs.material.supplier, strict=True)
        ]
        return [
            f"{month_label(inputs.months[month])}, {names[line]}: the contract minimum is not reached "
            f"by {missing[line, month]:,.4g}"
            for names, missing in (
                (inputs.source_names, solution.contract_shortfall),
                (materials, solution.material_shortfall),
            )
            for line, month in np.argwhere(missing > 0)
        ]

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tidy frames of every result, months as the first of the month, zeros left out where they say nothing."""
        from sop_core.frames import plan_frames

        return plan_frames(self)

    @property
    def stamps(self) -> pd.DatetimeIndex:
        """The horizon's months as timestamps."""
        return timestamps(self.inputs.months)
