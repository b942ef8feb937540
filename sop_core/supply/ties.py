"""Plans of equal worth: all that are optimal, and the choice of one of them.

Where several plans are worth exactly the same, an engine gives the one it comes to first, and another engine another
one. To hold two engines against each other, the second is asked for its own optimum first, then, among all plans of
that worth, for the one that stands at the limits at which the first engine's stands. It can only give that plan if by
its own arithmetic none is better.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sop_core.inputs import Floats
from sop_core.supply.program import Answer, Program

#: A reduced cost above this is one; below, the solver's tolerance.
_PRICED = 1e-7
#: Solver-scale distance at which a value stands at its limit.
_AT = 1e-8


def optimal_face(program: Program, answer: Answer) -> Program:
    """The same program held to the optimal face of its cost: whatever has a price stays at its limit.

    Exact (complementary slackness), and unlike one long row for the earlier optimum it keeps the matrix sparse and
    the last basis feasible.
    """
    price, row_price = answer.col_dual, answer.row_dual
    upper = np.where(price > _PRICED, program.lower, program.upper)
    lower = np.where((price < -_PRICED) & np.isfinite(program.upper), program.upper, program.lower)
    at_lower = (row_price > _PRICED) & np.isfinite(program.row_lower)
    at_upper = (row_price < -_PRICED) & np.isfinite(program.row_upper)
    return replace(
        program,
        lower=lower,
        upper=upper,
        row_upper=np.where(at_lower, program.row_lower, program.row_upper),
        row_lower=np.where(at_upper, program.row_upper, program.row_lower),
    )


def toward(program: Program, columns: Floats) -> Floats:
    """The cost whose minimum is that solution, where it keeps the program's limits: one for every column and row away
    from the limit at which it stands there. Such limits fix a basic solution, so no other has that minimum.

    columns: values in solver scale.
    """
    matrix = program.matrix
    rows = matrix @ columns
    away = _side(rows, program.row_lower, program.row_upper)
    cost: Floats = _side(columns, program.lower, program.upper) + matrix.T @ away
    return cost


def _side(values: Floats, lower: Floats, upper: Floats) -> Floats:
    """1 where a value stands at its lower limit, -1 at its upper one, 0 between them or where both are the same."""
    near = _AT * np.maximum(1.0, np.abs(values))
    at_lower, at_upper = np.abs(values - lower) <= near, np.abs(values - upper) <= near
    return at_lower.astype(np.float64) - at_upper.astype(np.float64)
