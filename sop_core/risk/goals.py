"""Targets and budget as lines that a path keeps or misses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sop_core.calendar import month_column
from sop_core.inputs import Floats
from sop_core.kpis import KPIS
from sop_core.planner import Company
from sop_core.risk.result import SIMULATED, Risk

Bools = NDArray[np.bool_]

#: KPIs with a budget.
_BUDGETED = ("revenue", "margin")
#: A target to be near to is missed this far off where the company gave no tolerance, part of it.
_NEAR = 0.02


@dataclass(frozen=True)
class Goal:
    """A target (over the horizon) or the budget (over the months that have one) of a simulated KPI."""

    kpi: str
    kind: str  #: target or budget
    value: float
    tolerance: float
    direction: str  #: up, down or level
    months: Bools  #: [t] months that count

    @property
    def line(self) -> float:
        """Where missing begins: the value less the tolerance, or more where less is better."""
        sign = {"up": -1.0, "down": 1.0, "level": 0.0}[self.direction]
        return self.value + sign * self.tolerance

    def missed(self, values: Floats) -> Bools:
        """Which of some values of the KPI miss it; what is unknown does not."""
        with np.errstate(invalid="ignore"):
            if self.direction == "level":
                return np.asarray(np.abs(values - self.value) > self.tolerance, dtype=bool)
            gap = values - self.line if self.direction == "up" else self.line - values
            # What is equal in every digit shown keeps the promise.
            return np.asarray(gap < -1e-9 * max(abs(self.line), 1e-9), dtype=bool)

    def of_paths(self, risk: Risk) -> Bools:
        """[p] paths that miss it."""
        if self.kind == "budget":
            return self.missed(risk.by_month[self.kpi][:, self.months].sum(axis=1))
        return self.missed(risk.kpis[self.kpi])

    def of_plan(self, risk: Risk) -> bool:
        """Whether the plan itself misses it."""
        if self.kind == "budget":
            value = float(risk.planned_by_month[self.kpi][self.months].sum())
        else:
            value = risk.planned[self.kpi]
        return bool(self.missed(np.array([value]))[0])


@dataclass(frozen=True)
class Miss:
    """How likely a goal is missed."""

    goal: Goal
    probability: float
    planned: bool  #: the plan misses it without any error


def targets(company: Company) -> list[Goal]:
    """Every target that the company brought for a KPI, over the horizon, in the order of its table."""
    every = np.ones(len(company.inputs.months), dtype=bool)
    out = []
    for row in company.snapshot.table("targets").to_dict("records"):
        kpi = str(row["kpi"])
        if kpi not in KPIS:
            continue
        given = row["direction"]
        direction = given if isinstance(given, str) and given else KPIS[kpi].direction
        tolerance = float(row["tolerance"])
        if direction == "level":
            tolerance = max(tolerance, _NEAR * abs(float(row["target"])))
        out.append(Goal(kpi, "target", float(row["target"]), tolerance, direction, every))
    return out


def goals(company: Company) -> list[Goal]:
    """The company's targets of KPIs that demand moves, and its budget; service and margin first."""
    months = company.inputs.months
    out = [goal for goal in targets(company) if goal.kpi in SIMULATED]
    table = company.snapshot.table("budget")
    for kpi in _BUDGETED:
        rows = table[table[kpi].notna()] if len(table) else table
        if not len(rows):
            continue
        given_months = month_column(rows["month"])
        inside = np.isin(given_months, months)
        if inside.any():
            value = float(rows[kpi].to_numpy(dtype=float)[inside].sum())
            out.append(Goal(kpi, "budget", value, 0.0, "up", np.isin(months, given_months[inside])))
    place = {name: n for n, name in enumerate(("service_level", "fill_rate", "margin", "revenue", "cash"))}
    return sorted(out, key=lambda goal: (place.get(goal.kpi, len(place)), goal.kind != "target"))


def misses(risk: Risk, found: list[Goal]) -> list[Miss]:
    """Each goal with the part of the paths that miss it."""
    return [Miss(goal, float(goal.of_paths(risk).mean()), goal.of_plan(risk)) for goal in found]
