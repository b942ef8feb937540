"""How long re-plans of a plan take, so that a section knows what it may do unasked."""

from __future__ import annotations

from sop_core.plan import Plan


def warm_seconds(plan: Plan) -> float:
    """About how long a re-plan takes: warm, it is some eight times faster than the cold one of the base."""
    solver = plan.solution.solver
    cold = solver.base_seconds if solver.warm else solver.seconds
    return min(solver.seconds, cold / 8) if solver.warm and cold else cold / 8
