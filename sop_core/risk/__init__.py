"""Risk: a committed plan against many demand paths drawn from the forecast's error.

    doubt = uncertainty(company)                  how wrong the forecast was, and what errs together
    risk = simulate(plan, doubt, paths=1000)      the plan held while demand goes its own way
    risk.bands("service_level")                   P10, P50, P90
    misses(risk, goals(company))                  how likely each target is missed
    carriers(risk, "service_level", goal)         which items carry it; adds up

The same seed draws the same paths for every scenario of a company, so scenarios differ by their plans alone.
"""

from __future__ import annotations

from sop_core.risk.goals import Goal, Miss, goals, misses, targets
from sop_core.risk.paths import PATHS, SEED, Draws
from sop_core.risk.result import CARRIED, QUANTILES, SIMULATED, Risk, beats, by_family, carriers
from sop_core.risk.simulation import simulate
from sop_core.risk.uncertainty import Uncertainty, uncertainty
from sop_core.risk.words import headline, holds

__all__ = [
    "CARRIED",
    "PATHS",
    "QUANTILES",
    "SEED",
    "SIMULATED",
    "Draws",
    "Goal",
    "Miss",
    "Risk",
    "Uncertainty",
    "beats",
    "by_family",
    "carriers",
    "goals",
    "headline",
    "holds",
    "misses",
    "simulate",
    "targets",
    "uncertainty",
]
