"""A simulation in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sop_core.calendar import month_label
from sop_core.kpis import KPIS
from sop_core.risk.goals import Goal
from sop_core.risk.result import CARRIED, Risk, by_family, carriers

#: Parts of the paths in words, with their verb: up to the given part.
_ODDS = (
    (0.005, "Hardly a path misses"),
    (0.035, "One in 40 paths misses"),
    (0.075, "One in 20 paths misses"),
    (0.15, "One in ten paths misses"),
    (0.225, "One in five paths misses"),
    (0.29, "One in four paths misses"),
    (0.415, "One in three paths misses"),
    (0.585, "Every other path misses"),
    (0.71, "Two in three paths miss"),
    (0.775, "Three in four paths miss"),
    (0.85, "Four in five paths miss"),
    (0.925, "Nine in ten paths miss"),
    (0.9999, "Nearly every path misses"),
)

#: A month's service that is nearer than this to its target reaches it.
_NEARLY = 0.005


def odds(part: float) -> str:
    """How many paths miss, in words: `One in four paths misses`."""
    return next((words for most, words in _ODDS if part <= most), "Every path misses")


def amount(kpi: str, value: float) -> str:
    """A KPI's value, short: `98 %`, `45.3 M`, `31.5`."""
    if KPIS[kpi].unit == "fraction":
        return f"{value * 100:.1f}".removesuffix(".0") + " %"
    for scale, letter in ((1e9, " bn"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= scale:
            return f"{value / scale:,.3g}{letter}"
    return f"{value:,.3g}"


def goal_words(goal: Goal) -> str:
    """`98 % service level (target 98.5 %)`, `the budget's 45.3 M margin`, `stock value of at most 3.65 M`."""
    title = KPIS[goal.kpi].title.lower()
    if goal.kind == "budget":
        return f"the budget's {amount(goal.kpi, goal.value)} {title}"
    target = f" (target {amount(goal.kpi, goal.value)})" if goal.tolerance else ""
    if goal.direction == "down":
        return f"a {title} of at most {amount(goal.kpi, goal.line)}{target}"
    if goal.direction == "level":
        low, high = goal.value - goal.tolerance, goal.value + goal.tolerance
        return f"{title} between {amount(goal.kpi, low)} and {amount(goal.kpi, high)}"
    return f"{amount(goal.kpi, goal.line)} {title}{target}"


def headline(risk: Risk, found: Sequence[Goal], family: Sequence[str]) -> str:
    """The sentence on top: how likely the first goal is missed if nobody reacts, and what carries it; without a goal,
    the range of service. `family` [i] of the items."""
    goal = next(iter(found), None)
    if goal is None:
        low, _, high = (amount("service_level", value) for value in risk.bands("service_level"))
        where = f"between {low} and {high}" if low != high else f"at {high}"
        carried = _carried(risk, "service_level", None, family)
        return f"If nobody reacts, service lies {where} in eight of ten paths{carried}."
    missed = goal.of_paths(risk)
    share = float(missed.mean())
    if share == 0.0:
        return f"None of {risk.paths:,} paths misses {goal_words(goal)}, even if nobody reacts."
    already = ", as the plan itself does" if goal.of_plan(risk) else ""
    said = f"{odds(share)} {goal_words(goal)}{already or ' if nobody reacts'}"
    return f"{said}{_carried(risk, goal.kpi, goal, family) if goal.kpi in CARRIED else ''}."


def holds(risk: Risk, found: Sequence[Goal]) -> str:
    """How long the plan holds by itself: the months in which nine in ten paths reach the service target (without one,
    what the plan serves in the month less 1 point); half a point below it still counts as reached."""
    goal = next((one for one in found if one.kpi == "service_level" and one.kind == "target"), None)
    low = risk.month_bands("service_level")[0]
    line = np.full(len(low), goal.line) if goal else risk.planned_by_month["service_level"] - 0.01
    aim = f"{amount('service_level', goal.line)} service" if goal else "the service planned less a point"
    below = np.flatnonzero(low < line - _NEARLY)
    if not len(below):
        return f"In every month nine in ten paths reach {aim} without anybody reacting."
    first = int(below[0])
    if first == 0:
        return f"Already in {month_label(risk.months[0])} fewer than nine in ten paths reach {aim}."
    return (
        f"Up to {month_label(risk.months[first - 1])} nine in ten paths reach {aim} in each month without anybody "
        f"reacting; from {month_label(risk.months[first])} on the plan needs to follow demand."
    )


def _carried(risk: Risk, kpi: str, goal: Goal | None, family: Sequence[str]) -> str:
    parts = by_family(carriers(risk, kpi, None if goal is None else goal.of_paths(risk)), family)
    name, part = next(iter(parts.items()))
    if part <= 0 or len(parts) < 2:
        return ""
    if kpi == "service_level":
        return f"; {part * 100:.0f} % of the units late or lost {'then ' if goal else ''}are {name}"
    return f"; {part * 100:.0f} % of the swing comes from {name}"
