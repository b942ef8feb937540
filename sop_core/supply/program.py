"""A linear program as arrays, and the answer to it: what the model and the engines exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from sop_core.inputs import Floats, Ints

#: Places of a column or row in a basis.
AT_LOWER, BASIC, AT_UPPER = 0, 1, 2


@dataclass(slots=True)
class Program:
    """A linear program in csc form. Two programs of one model differ in numbers only."""

    cost: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    values: Floats
    col_start: Ints
    row_index: Ints
    coef_row: Ints
    coef_col: Ints

    @property
    def matrix(self) -> sp.csc_matrix:
        """[row, column]"""
        shape = (len(self.row_lower), len(self.cost))
        return sp.csc_matrix((self.values, self.row_index, self.col_start), shape=shape)


@dataclass(slots=True)
class Answer:
    """An optimal basic solution. Duals are what one more unit of a row's (column's) limit adds to the cost."""

    x: Floats
    objective: float
    iterations: int
    seconds: float
    _lazy: Any = field(repr=False, default=None)  #: the engine's own solution, duals not yet converted
    _duals: tuple[Floats, Floats] | None = field(repr=False, default=None)
    #: the engine's basis at the optimum, None where it keeps none; after a first look two arrays, see `statuses`
    basis: Any = field(repr=False, default=None)

    @property
    def statuses(self) -> tuple[Ints, Ints] | None:
        """Where columns and rows stand in the optimal basis: AT_LOWER, BASIC, AT_UPPER, else free at nil."""
        found = self.basis  # looked at once: another thread may take its first look at the same time
        if found is not None and not isinstance(found, tuple):
            found = self.basis = tuple(
                np.array([int(status) for status in side], dtype=np.int8)
                for side in (found.col_status, found.row_status)
            )
        return found

    @property
    def row_dual(self) -> Floats:
        return self._both()[0]

    @property
    def col_dual(self) -> Floats:
        """Reduced costs."""
        return self._both()[1]

    def _both(self) -> tuple[Floats, Floats]:
        # The screen and the thread that keeps plans for estimates may look at the same time. The engine's solution is let
        # go only after the arrays are kept, so whoever finds it gone finds them.
        found, lazy = self._duals, self._lazy
        if found is None and lazy is not None:
            found = self._duals = (np.array(lazy.row_dual), np.array(lazy.col_dual))
            self._lazy = None
        elif found is None:
            found = self._duals
        assert found is not None, "an engine left neither its solution nor duals"
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Pickles arrays only; an engine's own objects stay behind."""
        row_dual, col_dual = self._both()
        return {
            "x": self.x, "objective": self.objective, "iterations": self.iterations, "seconds": self.seconds,
            "_lazy": None, "_duals": (row_dual, col_dual), "basis": self.statuses,
        }  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
