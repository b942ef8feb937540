"""Options: what could be done about a plan, what a goal would take, and where the frontier lies.

find_options(planner, scenario)             ranked options, each re-planned exactly
seek(planner, scenario, Goal("service_level", 0.97))   the cheapest way to a goal, as Changes
frontier(planner, scenario)                 feasible plans that no other one beats, each with its Changes
"""

from sop_core.options.candidates import Rules
from sop_core.options.finder import Found, Tried, find_options
from sop_core.options.frontier import ACROSS, Frontier, Point, frontier, pareto
from sop_core.options.goal import Goal, Way, seek
from sop_core.options.option import EFFORT_RULE, Effort, Option, with_changes
from sop_core.options.pains import Pain, pains

__all__ = [
    "ACROSS",
    "EFFORT_RULE",
    "Effort",
    "Found",
    "Frontier",
    "Goal",
    "Option",
    "Pain",
    "Point",
    "Rules",
    "Tried",
    "Way",
    "find_options",
    "frontier",
    "pains",
    "pareto",
    "seek",
    "with_changes",
]
