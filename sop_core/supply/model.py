"""The supply model: a structure, its scales, and the linear program for any numbers of that shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.inputs import Floats, Inputs
from sop_core.supply.numbers import Numbers, numbers_of
from sop_core.supply.program import Program
from sop_core.supply.shape import Shape, shape_of
from sop_core.supply.structure import Structure


@dataclass(frozen=True, slots=True)
class Nudge:
    """A shift of row limits for a what-if re-solve: `amount` natural units more in rows of the model."""

    rows: np.ndarray
    amount: np.ndarray


class SupplyModel:
    """Structure plus scales, chosen from base numbers; makes programs for all numbers that its shape covers."""

    def __init__(self, inputs: Inputs, demand: Floats, price: Floats, shape: Shape | None = None) -> None:
        self.shape = shape_of(inputs, demand, price) if shape is None else shape
        self.structure = Structure(inputs, self.shape)
        self._base, self.scales = numbers_of(self.structure, inputs, demand, price)

    def numbers(self, inputs: Inputs, demand: Floats, price: Floats) -> Numbers:
        """Costs, limits and coefficients for these numbers in this model's scale."""
        return numbers_of(self.structure, inputs, demand, price, self.scales)[0]

    def base_numbers(self) -> Numbers:
        """The numbers the model was made with."""
        return self._base

    def program(self, numbers: Numbers, nudge: Nudge | None = None) -> Program:
        """The money program."""
        row_lower, row_upper = numbers.row_lower, numbers.row_upper
        if nudge is not None:
            shift = np.zeros(len(row_lower))
            np.add.at(shift, nudge.rows, nudge.amount / self.scales.row[nudge.rows])
            row_lower, row_upper = row_lower + shift, row_upper + shift
        structure = self.structure
        return Program(
            cost=numbers.cost,
            lower=numbers.lower,
            upper=numbers.upper,
            row_lower=row_lower,
            row_upper=row_upper,
            values=numbers.values,
            col_start=structure.col_start,
            row_index=structure.row_index,
            coef_row=structure.coef_row,
            coef_col=structure.coef_col,
        )
