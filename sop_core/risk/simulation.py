"""The simulation itself: draw a block of paths, walk the plan along it, put the blocks together."""

from __future__ import annotations

from collections.abc import Callable

from sop_core.errors import PlanError
from sop_core.plan import Plan
from sop_core.risk.commitments import commitments
from sop_core.risk.follow import Follower, Walk
from sop_core.risk.paths import BLOCK, PATHS, SEED, Draws
from sop_core.risk.result import Risk, collect
from sop_core.risk.uncertainty import Uncertainty

Progress = Callable[[str, int, int], None]


def simulate(
    plan: Plan,
    doubt: Uncertainty,
    paths: int = PATHS,
    seed: int = SEED,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Risk:
    """A committed plan on `paths` demand paths. The same company, seed and number give the same paths whatever the
    plan is; a run that was stopped holds the paths done by then.

    Memory: about 40 arrays of items x regions x segments x BLOCK doubles and one of items x regions x months x BLOCK
    singles, whatever the number of paths. Raises PlanError for a plan of other items, regions or months, and where it
    was stopped before its first paths.
    """
    inputs = plan.inputs
    if (inputs.items, inputs.regions) != (doubt.items, doubt.regions) or inputs.horizon != len(doubt.months):
        raise PlanError(
            "The plan and the forecast error are not of the same company. Plan again, then simulate."
        )
    draws = Draws.of(doubt, paths, seed)
    follower = Follower(commitments(plan))
    walks: list[Walk] = []
    for block in range(draws.blocks):
        if stop is not None and stop():
            break
        walks.append(follower.walk(draws.block(block)))
        if progress is not None:
            progress("Demand paths", min((block + 1) * BLOCK, paths), paths)
    if not walks:
        raise PlanError("The simulation was stopped before its first paths. Start it again.")
    return collect(plan, walks, seed)
