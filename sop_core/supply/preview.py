"""A preview of a plan that is not solved yet: what it can earn at most and at least, from plans that are.

*At most*: weak duality with the row prices of solved plans (`bounds`). It holds for any change of costs, limits,
quantities and coefficients. *At least*: a plan that keeps every rule, made without solving the model: the optimal
basis of a solved plan is carried to the new numbers (`_moved`), evened out item by item (`even`), and walked through
month by month (`repair`). Nothing is taken on trust: the plan is held against every row and limit of the model and
passes the same self-check as a solved one. The exact optimum lies between the two; docs/preview.md.

No preview where people have to produce, where materials have to be balanced, under `service` (the best margin is
not what is sought there), in whole heads or lots, and for numbers that need another structure of the model.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from sop_core.errors import SelfCheckFailed
from sop_core.inputs import Floats, Inputs, Ints
from sop_core.supply.bounds import (
    admissible,
    columns_worth,
    implied_limits,
    penalty_weights,
    reduced_costs,
    rows_worth,
)
from sop_core.supply.check import self_check
from sop_core.supply.even import evened
from sop_core.supply.numbers import Numbers, Scales, numbers_of
from sop_core.supply.program import AT_LOWER, AT_UPPER, BASIC, Answer
from sop_core.supply.repair import Case, Ways, repair
from sop_core.supply.result import Solution, SolverInfo, build_solution
from sop_core.supply.shape import shape_of
from sop_core.supply.solve import solve_once
from sop_core.supply.structure import Structure

#: Solved plans kept beside the base's, the latest ones.
DONORS = 3
#: Groups by value per hour that the items of a line are told apart in.
TIERS = 4
#: Largest miss of a row or limit, relative, that is the arithmetic's own.
_EXACT = 1e-9
#: Part by which a cost may differ and still count as the same.
_SAME = 1e-3
#: How dear a doubt about the objective is made when the penalties are bounded; the best of these is taken.
_DOUBT = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
#: Steps that bring a basis to other coefficients.
_STEPS = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """A plan that can be carried out, and what the best plan's margin lies between; money, before promotions."""

    solution: Solution
    lowest: float  #: margin of the best plan at least
    highest: float  #: and at most
    objective_lowest: float  #: the same for margin less penalties: the first is the estimate's own
    objective_highest: float
    seconds: float


@dataclass(frozen=True, slots=True)
class _Donor:
    """A solved plan: its prices and its basis."""

    row_dual: Floats
    at: Ints  #: columns' places in the basis
    rows_at: Ints
    basic: Ints
    tight: Ints  #: rows that hold with equality
    cost: Floats
    values: Floats
    matrix: sp.csr_matrix  #: with these coefficients
    rows: sp.csr_matrix  #: its tight rows
    factors: Any

    def fits(self, numbers: Numbers) -> bool:
        """Whether the coefficients are as they were, so that matrix and factors hold."""
        return np.array_equal(self.values, numbers.values)


@dataclass
class Previewer:
    """Estimates for scenarios of one company, from its base plan and what was solved since. Safe in many threads."""

    structure: Structure
    scales: Scales
    _donors: tuple[_Donor, ...] = ()
    _ways: Ways | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, inputs: Inputs, demand: Floats, solution: Solution) -> Previewer | None:
        """From the base plan. None where its engine keeps no basis, or where the best margin is not sought."""
        structure, scales, _ = solution.behind
        found = cls(structure, scales, _ways=Ways(structure, inputs))
        return found if found.learn(inputs, demand, solution) else None

    def learn(self, inputs: Inputs, demand: Floats, solution: Solution) -> bool:
        """Takes a solved plan up; whether it could be: an optimum of the same structure."""
        structure, _, answer = solution.behind
        if structure is not self.structure and structure.shape.token() != self.structure.shape.token():
            return False
        statuses = answer.statuses
        if statuses is None or inputs.policy.objective != "margin":
            return False
        numbers = numbers_of(self.structure, inputs, demand, solution.price, self.scales)[0]
        at, rows_at = statuses
        basic, tight = np.flatnonzero(at == BASIC), np.flatnonzero(rows_at != BASIC)
        matrix = _matrix(self.structure, numbers.values).tocsr()
        rows = matrix[tight]
        factors = splu(rows[:, basic].tocsc())
        cost, values = numbers.cost, numbers.values
        donor = _Donor(answer.row_dual, at, rows_at, basic, tight, cost, values, matrix, rows, factors)
        with self._lock:
            base, *rest = (*self._donors, donor)
            self._donors = (base, *rest[-DONORS:])
        return True

    def estimate(self, inputs: Inputs, demand: Floats, price: Floats) -> Estimate | None:
        """The estimate for these numbers (as SupplySolver.solve takes them); None where there is none.

        Raises Infeasible or PlanError where the exact plan would for the numbers' own sake.
        """
        began = time.perf_counter()
        policy = inputs.policy
        if policy.objective != "margin" or inputs.material_names or not policy.idle_time:
            return None
        if policy.integer_headcount or policy.lot_sizing:
            return None  # whole heads and lots are no matter of prices
        if not self.structure.shape.covers(shape_of(inputs, demand, price)):
            return None
        structure, scales = self.structure, self.scales
        numbers = numbers_of(structure, inputs, demand, price, scales)[0]
        limits = implied_limits(structure, inputs, numbers.demand, numbers, scales)
        if limits is None:
            return None
        matrix = _matrix(structure, numbers.values)
        best = self._at_most(numbers, matrix, limits)
        x = self._at_least(inputs, numbers, matrix, best.donor)
        if x is None:
            return None
        value = float(numbers.cost @ x)
        answer = Answer(x, value, 0, 0.0, None, (best.row_dual, best.reduced))
        info = SolverInfo("preview", "estimate", 0.0, 0, True, structure.n_cols, structure.n_rows)
        solution = build_solution(structure, scales, numbers, inputs, demand, price, answer, info)
        try:
            self_check(inputs, demand, solution)
        except SelfCheckFailed:
            return None  # the exact plan is on its way; an estimate that does not add up is no estimate
        low = -(numbers.constant + scales.money * value)
        high = max(-(numbers.constant + scales.money * best.value), low)
        least, most = _penalties(structure, inputs, numbers, scales, best, value, limits)
        return Estimate(solution, low + least, high + most, low, high, time.perf_counter() - began)

    def _at_most(self, numbers: Numbers, matrix: sp.csc_matrix, limits: Floats) -> _Bound:
        """The tightest of the bounds that the donors' prices give, and those of the best one's basis."""
        found: _Bound | None = None
        for donor in self._donors:
            found = _better(found, _bound(donor, donor.row_dual, numbers, matrix, limits))
        assert found is not None, "a previewer is made with the base plan"
        donor = found.donor
        # With the costs as they were, the prices of the basis are the donor's own.
        dearer = ~np.isclose(numbers.cost[donor.basic], donor.cost[donor.basic], rtol=_SAME, atol=0.0)
        if dearer.any() and donor.fits(numbers):
            own = np.zeros(len(donor.row_dual))
            own[donor.tight] = donor.factors.solve(numbers.cost[donor.basic], "T")
            for share in (1.0, 0.5):
                mixed = share * own + (1.0 - share) * donor.row_dual
                found = _better(found, _bound(donor, mixed, numbers, matrix, limits))
        return found

    def _at_least(
        self, inputs: Inputs, numbers: Numbers, matrix: sp.csc_matrix, donor: _Donor
    ) -> Floats | None:
        """[column] a plan that keeps every rule, solver scale; None where none is found."""
        structure, scales = self.structure, self.scales
        by_row = donor.matrix if donor.fits(numbers) else matrix.tocsr()
        moved = _moved(donor, numbers, by_row)
        held = np.clip(moved, numbers.lower, numbers.upper)
        if np.allclose(held, moved) and _keeps(numbers, by_row, held):
            return held
        assert self._ways is not None
        case = Case.of(structure, inputs, numbers, scales)
        even = evened(case, self._ways, moved * scales.col, TIERS, solve_once, by_row)
        whole = repair(case, self._ways, even)
        if whole is None:
            return None
        x = np.clip(whole / scales.col, numbers.lower, numbers.upper)
        return x if _keeps(numbers, by_row, x) else None


@dataclass(frozen=True, slots=True)
class _Bound:
    """A lower bound on the cost, and the prices it comes from; solver scale."""

    donor: _Donor
    row_dual: Floats
    reduced: Floats
    rows: float
    value: float


def _better(one: _Bound | None, other: _Bound) -> _Bound:
    return other if one is None or other.value > one.value else one


def _bound(
    donor: _Donor, row_dual: Floats, numbers: Numbers, matrix: sp.csc_matrix, limits: Floats
) -> _Bound:
    prices = admissible(row_dual, numbers.row_lower, numbers.row_upper)
    reduced = reduced_costs(matrix, numbers.cost, prices)
    rows = rows_worth(prices, numbers.row_lower, numbers.row_upper)
    return _Bound(donor, prices, reduced, rows, rows + columns_worth(reduced, numbers.lower, limits))


def _penalties(
    structure: Structure,
    inputs: Inputs,
    numbers: Numbers,
    scales: Scales,
    bound: _Bound,
    value: float,
    limits: Floats,
) -> tuple[float, float]:
    """Least and most penalties, money, of the best plan, which costs no more than `value`.

    For any doubt m >= 0 the best plan's penalties are at most those plus m (value - its cost), of which the greatest
    over all plans is bounded by the same prices; and at least those less m (value - its cost).
    """
    constant, weights = penalty_weights(structure, inputs, numbers, scales)
    least, most = 0.0, np.inf
    # Columns without a penalty are worth the doubt times the same.
    free = weights == 0
    plain = columns_worth(np.where(free, bound.reduced, 0.0), numbers.lower, limits)
    weighed = np.flatnonzero(~free)
    reduced, weights = bound.reduced[weighed], weights[weighed]
    lower, upper = numbers.lower[weighed], limits[weighed]
    gap = value - bound.rows - plain
    for doubt in _DOUBT:
        up = columns_worth(doubt * reduced - weights, lower, upper)
        down = columns_worth(doubt * reduced + weights, lower, upper)
        most = min(most, constant + doubt * gap - up)
        least = max(least, constant - doubt * gap + down)
    return scales.money * least, scales.money * most


def _moved(donor: _Donor, numbers: Numbers, matrix: sp.csr_matrix) -> Floats:
    """[column] the donor's basis with the new numbers: what is not basic stands at its limit, the rest follows."""
    x = np.where(donor.at == AT_LOWER, numbers.lower, np.where(donor.at == AT_UPPER, numbers.upper, 0.0))
    x[~np.isfinite(x)] = 0.0
    x[donor.basic] = 0.0
    limit = np.where(donor.rows_at == AT_LOWER, numbers.row_lower, numbers.row_upper)[donor.tight]
    limit = np.where(np.isfinite(limit), limit, 0.0)
    same = matrix is donor.matrix
    rows = donor.rows if same else matrix[donor.tight]
    for _ in range(1 if same else _STEPS):
        x[donor.basic] += donor.factors.solve(limit - rows @ x)
    return x


def _keeps(numbers: Numbers, matrix: sp.csr_matrix, x: Floats) -> bool:
    """Whether columns within their limits keep every row."""
    if not np.isfinite(x).all():
        return False
    rows = matrix @ x
    miss = np.maximum(numbers.row_lower - rows, rows - numbers.row_upper)
    off = np.flatnonzero(miss > _EXACT * (1.0 + np.abs(rows)))
    if not len(off):
        return True
    # Where large numbers cancel in a row, its miss is held against those.
    return bool((miss[off] <= _EXACT * (1.0 + abs(matrix[off]) @ np.abs(x))).all())


def _matrix(structure: Structure, values: Floats) -> sp.csc_matrix:
    shape = (structure.n_rows, structure.n_cols)
    return sp.csc_matrix((values, structure.row_index, structure.col_start), shape=shape)
