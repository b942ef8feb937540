"""A solver's answer is looked at by the screen and by the thread beside it at the same time."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from sop_core.supply.program import Answer


class Engine:
    """The engine's own solution and basis; somebody else looks first, between two readings of it."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] | None = None

    def _interrupted(self) -> None:
        look, self.meanwhile = self.meanwhile, None
        if look is not None:
            look()

    @property
    def row_dual(self) -> list[float]:
        self._interrupted()
        return [1.0, 2.0]

    @property
    def col_dual(self) -> list[float]:
        return [3.0]

    @property
    def col_status(self) -> list[int]:
        self._interrupted()
        return [1]

    @property
    def row_status(self) -> list[int]:
        return [0, 2]


def test_duals_may_be_read_while_somebody_else_reads_them() -> None:
    engine = Engine()
    answer = Answer(np.zeros(1), 0.0, 0, 0.0, engine)
    engine.meanwhile = lambda: answer.row_dual
    np.testing.assert_array_equal(answer.col_dual, [3.0])
    np.testing.assert_array_equal(answer.row_dual, [1.0, 2.0])
    assert answer._lazy is None, "the engine's solution is let go"


def test_the_basis_may_be_read_while_somebody_else_reads_it() -> None:
    engine = Engine()
    answer = Answer(np.zeros(1), 0.0, 0, 0.0, SimpleNamespace(row_dual=[], col_dual=[]), basis=engine)
    engine.meanwhile = lambda: answer.statuses
    found = answer.statuses
    assert found is not None
    np.testing.assert_array_equal(found[0], [1])
    np.testing.assert_array_equal(found[1], [0, 2])
