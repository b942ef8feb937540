"""Lots, setups and whole heads: the whole numbers of a plan, found by a mixed-integer program.

The linear model stays as it is. Beside its columns stand, per source and month, whether it is set up (0 or 1) and
how many lots it starts, and its heads must be whole. Once these numbers are chosen they are written into the limits
of the linear program, which is then solved as always: so the plan, its money, its self-check and its shadow prices
(those of a plan with these setups) come from the same place as any other plan's.

    x[k,t] <= most[k,t] setup[k,t]      a source starts only where it is set up
    x[k,t]  = lot[k] lots[k,t]          and in whole lots
    hours   + setup_hours[k] setup[k,t] on every resource of its routing
    cost    + setup_cost[k] setup[k,t]

Slow by nature: seconds to minutes, never for a lever that is held.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from sop_core.errors import Infeasible, PlanError, TimedOut
from sop_core.inputs import Bools, Floats, Inputs, Ints
from sop_core.supply.model import SupplyModel
from sop_core.supply.numbers import Numbers
from sop_core.supply.result import hours_at_hand

#: Relative distance to the best possible plan at which the search ends.
GAP = 1e-4
#: Heads where there is no most.
_MANY = 1e9
#: Part of a service stage's optimum by which the next stage may miss it: above the solver's own tolerance.
_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Whole:
    """Numbers held to the whole numbers chosen, and how good the choice is."""

    numbers: Numbers
    gap: float  #: relative distance to the best possible; above GAP where time was up
    seconds: float


def needs_whole(inputs: Inputs) -> bool:
    """Whether a plan of these inputs needs whole numbers."""
    lots = inputs.source.lots
    heads = inputs.policy.integer_headcount and bool(inputs.resource.people.any())
    return heads or (lots is not None and lots.any)


def settle_whole(
    model: SupplyModel, inputs: Inputs, numbers: Numbers, time_limit: float = 60.0, gap: float = GAP
) -> Whole:
    """Chooses setups, lots and heads for these numbers. Raises TimedOut where none were found within `time_limit`
    seconds, Infeasible and PlanError as any solve does."""
    began = time.perf_counter()
    found = _Extended(model, inputs, numbers)
    answer, reached = np.zeros(0), 0.0
    for cost, is_stage in (*((stage, True) for stage in numbers.stages), (numbers.cost, False)):
        left = max(time_limit - (time.perf_counter() - began), 1.0)
        answer, reached = found.solve(found.cost(cost, money=not is_stage), left, gap)
        if is_stage:
            found.keep(cost, float(cost @ answer[: len(cost)]))
    return Whole(found.held(answer), reached, time.perf_counter() - began)


class _Extended:
    """The linear program with the columns and rows that whole numbers add, in the solver's scale."""

    def __init__(self, model: SupplyModel, inputs: Inputs, numbers: Numbers) -> None:
        self.model, self.inputs, self.numbers = model, inputs, numbers
        structure, scales = model.structure, model.scales
        program = model.program(numbers)
        self.months, self.n_cols = structure.horizon, structure.n_cols
        lots = inputs.source.lots
        none: Ints = np.zeros(0, dtype=np.int64)
        self.set_up: Ints = (
            none if lots is None else np.flatnonzero((lots.setup_cost > 0) | (lots.setup_hours > 0))
        )
        self.lotted: Ints = none if lots is None else np.flatnonzero(lots.lot_size > 0)
        self.n_set, self.n_lot = len(self.set_up) * self.months, len(self.lotted) * self.months
        start, month = structure.cols["start"], np.arange(self.months)
        self.set_cols = start.at(self.set_up[:, None], month).ravel()
        self.lot_cols = start.at(self.lotted[:, None], month).ravel()
        size = np.zeros(0) if lots is None else np.repeat(lots.lot_size[self.lotted], self.months)
        most = most_useful(inputs, model, numbers)
        per_unit = np.concatenate([most[self.set_up].ravel(), size])
        cols = np.concatenate([self.set_cols, self.lot_cols])
        base = program.matrix
        wide = sp.hstack([base, self._setup_hours(base.shape[0]), sp.csc_matrix((base.shape[0], self.n_lot))])
        links = sp.hstack([_pick(cols, self.n_cols), sp.diags(-per_unit / scales.col[cols])])
        self.matrix = sp.csc_matrix(sp.vstack([wide, links]) if len(cols) else base)
        self.row_lower = np.concatenate(
            [program.row_lower, np.full(self.n_set, -np.inf), np.zeros(self.n_lot)]
        )
        self.row_upper = np.concatenate([program.row_upper, np.zeros(len(cols))])
        most_lots = np.floor(most[self.lotted].ravel() / np.maximum(size, 1e-300) + 1e-9)
        self.lower = np.concatenate([program.lower, np.zeros(len(cols))])
        self.upper = np.concatenate([program.upper, np.ones(self.n_set), most_lots])
        self.whole: Bools = np.zeros(len(self.lower), dtype=np.bool_)
        self.whole[self.n_cols :] = True
        if inputs.policy.integer_headcount:
            self._whole_heads()

    def _setup_hours(self, n_rows: int) -> sp.csc_matrix:
        """[row, setup]: what a setup takes of the resource rows."""
        lots, source = self.inputs.source.lots, self.inputs.source
        if lots is None or not self.n_set:
            return sp.csc_matrix((n_rows, self.n_set))
        line = np.full(len(source.item), -1)
        line[self.set_up] = np.arange(len(self.set_up))
        used = np.flatnonzero(line[source.routing_source] >= 0)
        month = np.arange(self.months)
        rows = self.model.structure.rows["resource"].at(source.routing_resource[used][:, None], month)
        cols = line[source.routing_source[used]][:, None] * self.months + month
        hours = np.broadcast_to(lots.setup_hours[source.routing_source[used]][:, None], rows.shape)
        values = hours / self.model.scales.row[rows]
        return sp.csc_matrix((values.ravel(), (rows.ravel(), cols.ravel())), shape=(n_rows, self.n_set))

    def _whole_heads(self) -> None:
        """Heads in units of one: their column is scaled by a power of two, so it is scaled back to be whole."""
        block = self.model.structure.cols["heads"]
        scale = self.model.scales.col[block.slice]
        self.matrix = sp.csc_matrix(self.matrix @ sp.diags(_at(len(self.lower), block.slice, 1.0 / scale)))
        self.lower[block.slice] = np.ceil(self.lower[block.slice] * scale - 1e-9)
        self.upper[block.slice] = np.floor(self.upper[block.slice] * scale + 1e-9)
        self.whole[block.slice] = True

    def cost(self, cost: Floats, money: bool) -> Floats:
        """A cost of the linear program on all columns; setups cost money only."""
        scales, lots = self.model.scales, self.inputs.source.lots
        own = np.zeros(self.n_set + self.n_lot)
        if money and lots is not None and self.n_set:
            own[: self.n_set] = np.repeat(lots.setup_cost[self.set_up], self.months) / scales.money
        return np.concatenate([self._heads_scaled(cost), own])

    def _heads_scaled(self, cost: Floats) -> Floats:
        if not self.inputs.policy.integer_headcount:
            return cost
        block = self.model.structure.cols["heads"]
        out = cost.copy()
        out[block.slice] = out[block.slice] / self.model.scales.col[block.slice]
        return out

    def keep(self, cost: Floats, optimum: float) -> None:
        """Holds a stage to its optimum, give or take the solver's tolerance."""
        row = np.concatenate([self._heads_scaled(cost), np.zeros(self.n_set + self.n_lot)])
        self.matrix = sp.csc_matrix(sp.vstack([self.matrix, sp.csc_matrix(row)]))
        self.row_lower = np.append(self.row_lower, -np.inf)
        self.row_upper = np.append(self.row_upper, optimum + _SLACK * max(abs(optimum), 1.0))

    def solve(self, cost: Floats, time_limit: float, gap: float) -> tuple[Floats, float]:
        """(columns in the linear program's scale first, relative gap)."""
        result = milp(
            cost,
            integrality=self.whole.astype(int),
            bounds=Bounds(self.lower, self.upper),
            constraints=LinearConstraint(self.matrix, self.row_lower, self.row_upper),
            options={"time_limit": time_limit, "mip_rel_gap": gap},
        )
        if result.x is None:
            if result.status == 1:
                raise TimedOut(
                    f"No plan in whole lots and heads within {time_limit:.0f} seconds. Shorten the horizon (settings: "
                    "horizon_months), or set lot_sizing and integer_headcount to false."
                )
            if result.status == 2:
                raise Infeasible(
                    "No supply plan keeps every hard rule in whole lots and heads. Check lot_size and setup_hours of "
                    "the sources, headcount limits of the workforce, and committed output that is not a whole lot."
                )
            raise PlanError(f"The search for whole numbers stopped: {result.message}")
        return result.x, float(result.mip_gap or 0.0)

    def held(self, answer: Floats) -> Numbers:
        """The linear program's numbers, held to the setups, lots and heads of an answer."""
        numbers, scales, structure = self.numbers, self.model.scales, self.model.structure
        lower, upper, row_upper = numbers.lower.copy(), numbers.upper.copy(), numbers.row_upper.copy()
        setups = np.zeros((structure.cols["start"].lines, self.months))
        constant = numbers.constant
        lots = self.inputs.source.lots
        if lots is not None and self.n_set:
            chosen = np.rint(answer[self.n_cols : self.n_cols + self.n_set])
            setups[self.set_up] = chosen.reshape(-1, self.months)
            upper[self.set_cols] = np.where(chosen > 0, upper[self.set_cols], 0.0)
            row_upper -= self._setup_hours(len(row_upper)) @ chosen
            constant += float(lots.setup_cost @ setups.sum(axis=1))
        if lots is not None and self.n_lot:
            size = np.repeat(lots.lot_size[self.lotted], self.months)
            amount = np.rint(answer[self.n_cols + self.n_set :]) * size / scales.col[self.lot_cols]
            lower[self.lot_cols] = upper[self.lot_cols] = amount
        if self.inputs.policy.integer_headcount:
            block = structure.cols["heads"].slice
            heads = np.rint(answer[block]) / scales.col[block]
            lower[block] = upper[block] = heads
        return replace(
            numbers, lower=lower, upper=upper, row_upper=row_upper, constant=constant, setups=setups
        )


def most_useful(inputs: Inputs, model: SupplyModel, numbers: Numbers) -> Floats:
    """[k, t] the most that a start of a source can be good for, units: its own limits, what its resources can make
    in the month, and all that may still be asked of the item. A tight number makes the search short."""
    source, structure = inputs.source, model.structure
    limit = np.maximum(source.max_quantity, 0.0).copy()
    start = structure.cols["start"]
    limit = np.minimum(limit, start.of(numbers.upper) * start.of(model.scales.col))
    heads = np.where(np.isfinite(inputs.resource.max_headcount), inputs.resource.max_headcount, _MANY)
    hours = np.sum(hours_at_hand(inputs, heads), axis=0)
    for j, (k, q) in enumerate(zip(source.routing_source, source.routing_resource, strict=True)):
        limit[k] = np.minimum(limit[k], hours[q] / source.routing_hours[j])
    asked_for = np.zeros((len(inputs.items), structure.horizon))
    sums = numbers.demand
    np.add.at(asked_for, structure.wait_item, sums.wait)
    np.add.at(asked_for, structure.lost_item, sums.lost)
    ahead = asked_for[:, ::-1].cumsum(axis=1)[:, ::-1]
    # Orders that wait may be served by a later start.
    waits = np.zeros(len(inputs.items))
    np.add.at(waits, structure.wait_item, sums.wait.sum(axis=1) + sums.wait_opening)
    late = np.zeros_like(ahead)
    np.add.at(late, structure.wait_item, sums.wait)
    ahead = ahead + (late.cumsum(axis=1) - late) + np.where(waits > 0, _opening(inputs), 0.0)[:, None]
    stock = inputs.stock_target.max(axis=2, initial=0.0).sum(axis=1) + np.nan_to_num(
        inputs.stock.end_minimum
    ).sum(axis=1)
    committed = np.nansum(inputs.stock.committed, axis=(1, 2))
    need = ahead + (stock + committed)[:, None]
    at_least = np.maximum(source.min_quantity, 0.0)
    lots = source.lots
    one = np.zeros(len(source.item)) if lots is None else lots.lot_size
    return np.minimum(limit, np.maximum(need[source.item], at_least) + one[:, None])


def _opening(inputs: Inputs) -> Floats:
    """[i] orders that wait at the start."""
    return np.asarray(inputs.demand.opening_backlog.sum(axis=(1, 2)))


def _pick(cols: Ints, width: int) -> sp.csc_matrix:
    """[row, column] one for each of the columns, in a row of its own."""
    return sp.csc_matrix((np.ones(len(cols)), (np.arange(len(cols)), cols)), shape=(len(cols), width))


def _at(size: int, where: slice, values: Floats) -> Floats:
    """Ones, but for those at `where`."""
    out = np.ones(size)
    out[where] = values
    return out
