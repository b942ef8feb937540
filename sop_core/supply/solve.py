"""Engines that solve the linear program: HiGHS kept warm through highspy, and scipy's HiGHS as reference.

The only module that imports a solver. Both engines minimise `cost @ x` over `lower <= x <= upper`,
`row_lower <= A x <= row_upper`, everything in solver scale.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp

from sop_core.errors import Infeasible, PlanError, TimedOut, Unbounded
from sop_core.inputs import Bools, Floats, Inputs, Ints
from sop_core.supply.check import self_check
from sop_core.supply.model import Nudge, SupplyModel
from sop_core.supply.numbers import Numbers
from sop_core.supply.program import Answer, Program
from sop_core.supply.result import Solution, SolverInfo, build_solution
from sop_core.supply.shape import Shape, shape_of
from sop_core.supply.ties import optimal_face, toward
from sop_core.supply.whole import needs_whole, settle_whole

highspy: Any
try:
    import highspy
except ImportError:  # pragma: no cover - the reference engine serves then
    highspy = None

#: Seconds in which lots, setups and whole heads are searched; the best found by then is taken, and its gap told.
WHOLE_SECONDS = 60.0
_FEW = 2_000  #: coefficients changed one by one up to this number, else the whole model is passed again
#: Structures kept solved beside the base's own.
_SLOTS = 4
_TABLES = (
    "Check sources (unit_cost, max_quantity), lanes (unit_cost), resources and products (holding_cost) "
    "for negative costs."
)


#: Asked while a solver works: whether to stop.
Stop = Callable[[], bool]


class Interrupted(Exception):
    """A solve was told to stop: nothing is wrong, nobody waits for its answer any more."""


class Engine(Protocol):
    """What the planner asks of a solver. `load` first; then `change`, `run`, `basis`, in any order."""

    name: str
    warm: bool  #: whether a basis means anything to it

    def load(self, program: Program) -> None:
        """Takes a program of any structure."""

    def change(self, program: Program) -> None:
        """Takes other numbers for the structure loaded."""

    def run(self, basis: Any = None, time_limit: float = np.inf, stop: Stop | None = None) -> Answer:
        """Solves, from a basis where given. `stop` is asked now and then, where the engine can be stopped.

        Raises Infeasible, Unbounded, TimedOut or PlanError; Interrupted where it was told to stop."""

    def basis(self) -> Any:
        """The basis of the last run, None where the engine keeps none."""


def make_engine(name: str = "auto") -> Engine:
    """`highspy` (warm), `linprog` (reference), or `auto`: highspy where installed.

    Raises PlanError for another name, or where the engine asked for is not installed.
    """
    if name == "auto":
        return HighsEngine() if highspy is not None else LinprogEngine()
    if name == "linprog":
        return LinprogEngine()
    if name == "highspy":
        if highspy is None:
            raise PlanError(
                "The engine highspy is not installed: pip install highspy, or use engine linprog."
            )
        return HighsEngine()
    raise PlanError(f"There is no solver engine {name!r}: use highspy or linprog.")


class HighsEngine:
    """One HiGHS instance; numbers are changed in place and a basis is set before each run."""

    name = "highspy"
    warm = True

    def __init__(self) -> None:
        self._highs = highspy.Highs()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("parallel", "off"),
            ("random_seed", 0),
            ("solver", "simplex"),
            # The model has little to presolve: without it a cold solve took a quarter less, and its basis is final.
            ("presolve", "off"),
            ("simplex_scale_strategy", 4),
        ):
            self._highs.setOptionValue(option, value)
        self._program: Program | None = None

    def load(self, program: Program) -> None:
        n_cols, n_rows = len(program.cost), len(program.row_lower)
        status = self._highs.passModel(
            n_cols, n_rows, len(program.values),
            int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize), 0.0,
            program.cost, program.lower, program.upper, program.row_lower, program.row_upper,
            program.col_start, program.row_index, program.values, np.zeros(n_cols, dtype=np.int32),
        )  # fmt: skip
        if status == highspy.HighsStatus.kError:
            raise PlanError("The solver did not take the model: a cost, limit or rate is not a number.")
        self._program = program

    def change(self, program: Program) -> None:
        old = self._program
        assert old is not None, "load a program first"
        changed = np.flatnonzero(old.values != program.values)
        if len(changed) > _FEW:
            self.load(program)
            return
        rows, cols = program.coef_row[changed].tolist(), program.coef_col[changed].tolist()
        for row, col, value in zip(rows, cols, program.values[changed].tolist(), strict=True):
            self._highs.changeCoeff(row, col, value)
        cols = np.flatnonzero(old.cost != program.cost).astype(np.int32)
        if len(cols):
            self._highs.changeColsCost(len(cols), cols, program.cost[cols])
        cols = np.flatnonzero((old.lower != program.lower) | (old.upper != program.upper)).astype(np.int32)
        if len(cols):
            self._highs.changeColsBounds(len(cols), cols, program.lower[cols], program.upper[cols])
        differ = (old.row_lower != program.row_lower) | (old.row_upper != program.row_upper)
        rows = np.flatnonzero(differ).astype(np.int32)
        if len(rows):
            self._highs.changeRowsBounds(len(rows), rows, program.row_lower[rows], program.row_upper[rows])
        self._program = program

    def run(self, basis: Any = None, time_limit: float = np.inf, stop: Stop | None = None) -> Answer:
        highs = self._highs
        # Nothing of an earlier run may steer this one: the answer depends on the basis given, not on the past.
        highs.clearSolver()
        if basis is not None:
            highs.setBasis(basis)
        highs.setOptionValue("time_limit", highs.getRunTime() + time_limit)
        began = time.perf_counter()
        if stop is None:
            highs.run()
        else:
            self._run_until(stop)
        seconds = time.perf_counter() - began
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInterrupt:
            raise Interrupted("The solve was stopped.")
        if status != highspy.HighsModelStatus.kOptimal:
            _explain(str(status).rpartition(".k")[2], time_limit)
        solution, info = highs.getSolution(), highs.getInfo()
        x = np.array(solution.col_value)
        return Answer(
            x, info.objective_function_value, max(info.simplex_iteration_count, 0), seconds, solution
        )

    def _run_until(self, stop: Stop) -> None:
        """Runs, asking between the simplex's steps; the way to the optimum is the same as without."""

        def look(event: Any) -> None:
            # Said each time: HiGHS keeps the last answer, and an earlier run's "stop" would stop this one too.
            event.interrupt(stop())

        asked = self._highs.cbSimplexInterrupt
        asked.subscribe(look)
        try:
            self._highs.run()
        finally:
            asked.unsubscribe(look)

    def basis(self) -> Any:
        return self._highs.getBasis()


class LinprogEngine:
    """`scipy.optimize.linprog(method="highs-ds")`: cold every time, the reference the tests compare with."""

    name = "linprog"
    warm = False

    def __init__(self) -> None:
        self._program: Program | None = None

    def load(self, program: Program) -> None:
        self._program = program

    change = load

    def run(self, basis: Any = None, time_limit: float = np.inf, stop: Stop | None = None) -> Answer:
        from scipy.optimize import linprog

        program = self._program
        assert program is not None, "load a program first"
        matrix = program.matrix.tocsr()
        equal, below, above = _kinds(program)
        upper_rows = sp.vstack([matrix[below], -matrix[above]]).tocsr()
        options = {} if np.isinf(time_limit) else {"time_limit": time_limit}
        began = time.perf_counter()
        result = linprog(
            program.cost,
            A_ub=upper_rows,
            b_ub=np.concatenate([program.row_upper[below], -program.row_lower[above]]),
            A_eq=matrix[equal],
            b_eq=program.row_lower[equal],
            bounds=np.stack([program.lower, program.upper], axis=1),
            method="highs-ds",
            options=options,
        )
        seconds = time.perf_counter() - began
        if result.status != 0:
            _explain(
                {1: "TimeLimit", 2: "Infeasible", 3: "Unbounded"}.get(result.status, result.message),
                time_limit,
            )
        row_dual = np.zeros(len(program.row_lower))
        row_dual[equal] = result.eqlin.marginals
        row_dual[below] = result.ineqlin.marginals[: len(below)]
        row_dual[above] -= result.ineqlin.marginals[len(below) :]
        duals = (row_dual, result.lower.marginals + result.upper.marginals)
        return Answer(result.x, float(result.fun), int(result.nit), seconds, None, duals)

    def basis(self) -> Any:
        return None


def solve_once(
    matrix: sp.csc_matrix, cost: Floats, lower: Floats, upper: Floats, row_lower: Floats, row_upper: Floats
) -> Floats:
    """The optimal columns of a small program, from a cold start. Raises as `Engine.run` does."""
    matrix.sort_indices()
    places = matrix.tocoo()
    engine = make_engine()
    engine.load(
        Program(
            cost, lower, upper, row_lower, row_upper, matrix.data, matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32), places.row, places.col,
        )
    )  # fmt: skip
    return engine.run().x


def _kinds(program: Program) -> tuple[Ints, Ints, Ints]:
    """Rows that are equations, that have an upper limit, that have a lower limit."""
    equal = program.row_lower == program.row_upper
    below: Bools = ~equal & np.isfinite(program.row_upper)
    above: Bools = ~equal & np.isfinite(program.row_lower)
    return np.flatnonzero(equal), np.flatnonzero(below), np.flatnonzero(above)


def _explain(status: str, time_limit: float) -> None:
    if status == "Infeasible":
        raise Infeasible(
            "No supply plan keeps every hard rule at once. Check resources and capacity (negative hours), "
            "sources (max_quantity), inventory and stock_targets for values that contradict each other."
        )
    if status in ("Unbounded", "UnboundedOrInfeasible"):
        raise Unbounded(f"The plan would earn money without limit. {_TABLES}")
    if status in ("TimeLimit", "IterationLimit", "Interrupt"):
        raise TimedOut(
            f"No optimal supply plan within {time_limit:g} seconds. Allow more time, plan by family "
            "(settings: planning_level) or shorten the horizon (settings: horizon_months)."
        )
    raise PlanError(f"The solver stopped with status {status}. {_TABLES}")


@dataclass(frozen=True, slots=True)
class Value:
    """What a what-if re-solve is worth, without the labelled plan."""

    objective: float  #: margin less penalties
    not_served: float  #: units lost, and left at the horizon's end
    waiting: float  #: units x months of backlog
    unserved: tuple[float, ...]  #: measure per priority, under `service`


@dataclass(slots=True)
class _Slot:
    """One structure with the base numbers solved in it."""

    model: SupplyModel
    engine: Engine
    bases: list[Any] = field(default_factory=list)  #: of the service stages, then money
    seconds: float = 0.0


class SupplySolver:
    """Plans for numbers near a base case: the base is solved cold once, all else from its optimal basis.

    Every solve starts from the base basis, so an answer depends on base and numbers only, never on what was asked
    before. Numbers that need other rows (an outage of a lane without a limit, a first contract minimum) get a model
    of their own, in which the base is solved first; other lead times or routings are solved cold.
    Not for use from two threads at once.
    """

    def __init__(
        self, inputs: Inputs, demand: Floats, price: Floats, engine: str = "auto", time_limit: float = 300.0
    ) -> None:
        self._base = (inputs.copy(), demand.copy(), price.copy())
        self._shape = shape_of(*self._base)
        self._engine = engine
        self._time_limit = time_limit
        self._slots: dict[str, _Slot] = {}

    @property
    def base(self) -> tuple[Inputs, Floats, Floats]:
        """Inputs, demand and price of the base case; not to be edited."""
        return self._base

    def solve(
        self,
        inputs: Inputs | None = None,
        demand: Floats | None = None,
        price: Floats | None = None,
        stop: Stop | None = None,
        like: Solution | None = None,
    ) -> Solution:
        """The optimal plan, self-checked. Without arguments: the base case.

        demand: unconstrained demand [i, r, m, t], units. price: net price of an order asked in t [i, r, m, t].
        stop: asked now and then by engines that can be stopped. With lots or whole heads the search for them comes
        first: seconds to a minute. like: another engine's plan of the same numbers; of plans that are worth the same
        the one that stands where it does is given (see ties.py).
        Raises Infeasible, Unbounded, TimedOut, SelfCheckFailed or PlanError; Interrupted where stopped.
        """
        numbers_in = self._or_base(inputs, demand, price)
        slot, own = self._slot_for(*numbers_in, stop)
        numbers = slot.model.base_numbers() if own else slot.model.numbers(*numbers_in)
        model, chosen = slot.model, None
        if needs_whole(numbers_in[0]):
            chosen = settle_whole(model, numbers_in[0], numbers, min(self._time_limit, WHOLE_SECONDS))
            numbers = chosen.numbers
        answer, info, _ = self._run(slot, numbers, [] if own else slot.bases, stop=stop, like=like)
        if chosen is not None:
            info = replace(info, gap=chosen.gap, seconds=info.seconds + chosen.seconds)
        solution = build_solution(model.structure, model.scales, numbers, *numbers_in, answer, info)
        self_check(numbers_in[0], numbers_in[1], solution)
        return solution

    def value(
        self,
        inputs: Inputs | None = None,
        demand: Floats | None = None,
        price: Floats | None = None,
        nudges: Sequence[tuple[str, int, int, float]] = (),
    ) -> Value:
        """Only the optimum, for what-ifs, without lots, setups and whole heads. A nudge (block of rows, line,
        month, amount) shifts a row's limits by that many natural units. Raises as `solve` does."""
        numbers_in = self._or_base(inputs, demand, price)
        slot, own = self._slot_for(*numbers_in)
        numbers = slot.model.base_numbers() if own else slot.model.numbers(*numbers_in)
        structure, scales = slot.model.structure, slot.model.scales
        shift = None
        if nudges:
            rows = [structure.rows[block].at(line, month) for block, line, month, _ in nudges]
            shift = Nudge(np.array(rows, dtype=np.int64), np.array([amount for *_, amount in nudges]))
        answer, info, _ = self._run(slot, numbers, [] if own else slot.bases, shift)
        x = answer.x * scales.col
        backlog, old = structure.cols["backlog"].of(x), structure.cols["old"].of(x)
        return Value(
            objective=-(numbers.constant + scales.money * answer.objective),
            not_served=float(structure.cols["lost"].of(x).sum() + backlog[:, -1].sum() + old.sum()),
            waiting=float(backlog.sum() + old.sum()),
            unserved=info.unserved,
        )

    def twin(self) -> SupplySolver:
        """Another solver of the same base case, for another thread: it starts from this one's optimum, so that it
        gives the same answers and solves no base case. Call it while nobody solves with this one."""
        twin = copy.copy(self)
        twin._slots = {}
        token = self._shape.token()
        if (slot := self._slots.get(token)) is not None:
            engine = make_engine(self._engine)
            engine.load(slot.model.program(slot.model.base_numbers()))
            twin._slots[token] = replace(slot, engine=engine)
        return twin

    def _or_base(
        self, inputs: Inputs | None, demand: Floats | None, price: Floats | None
    ) -> tuple[Inputs, Floats, Floats]:
        base = self._base
        return (
            base[0] if inputs is None else inputs,
            base[1] if demand is None else demand,
            base[2] if price is None else price,
        )

    def _slot_for(
        self, inputs: Inputs, demand: Floats, price: Floats, stop: Stop | None = None
    ) -> tuple[_Slot, bool]:
        """The model for these numbers, and whether it was made from them (then there is no basis)."""
        shape = (
            self._shape
            if inputs is self._base[0] and demand is self._base[1]
            else shape_of(inputs, demand, price)
        )
        if shape.key != self._shape.key:
            model = SupplyModel(inputs, demand, price, shape)
            slot = _Slot(model, make_engine(self._engine))
            slot.engine.load(model.program(model.base_numbers()))
            return slot, True
        wanted: Shape = self._shape if self._shape.covers(shape) else self._shape.union(shape)
        token = wanted.token()
        slot_or_none = self._slots.pop(token, None)
        slot = self._base_solved(wanted, stop) if slot_or_none is None else slot_or_none
        self._slots[token] = slot
        if len(self._slots) > _SLOTS:
            own_token = self._shape.token()
            oldest = next(name for name in self._slots if name != own_token)
            del self._slots[oldest]
        return slot, False

    def _base_solved(self, shape: Shape, stop: Stop | None = None) -> _Slot:
        model = SupplyModel(*self._base, shape=shape)
        slot = _Slot(model, make_engine(self._engine))
        numbers = model.base_numbers()
        slot.engine.load(model.program(numbers))
        answer, _, slot.bases = self._run(slot, numbers, [], stop=stop)
        slot.seconds = answer.seconds
        return slot

    def _run(
        self,
        slot: _Slot,
        numbers: Numbers,
        bases: list[Any],
        nudge: Nudge | None = None,
        stop: Stop | None = None,
        like: Solution | None = None,
    ) -> tuple[Answer, SolverInfo, list[Any]]:
        """Service stages in order of priority, each kept to its optimum by the next; then money."""
        engine, program = slot.engine, slot.model.program(numbers, nudge)
        left, seconds, iterations = self._time_limit, 0.0, 0
        unserved: list[float] = []
        kept: list[Any] = []
        costs = [*numbers.stages, numbers.cost]
        scale = slot.model.scales.quantity * slot.model.structure.horizon
        for stage, cost in enumerate(costs):
            program = replace(program, cost=cost)
            engine.change(program)
            basis = bases[min(stage, len(bases) - 1) if len(bases) == len(costs) else -1] if bases else None
            if basis is None and kept:
                basis = kept[-1]
            answer = engine.run(basis, max(left - seconds, 1e-3), stop)
            seconds += answer.seconds
            iterations += answer.iterations
            kept.append(engine.basis())
            if stage < len(costs) - 1:
                unserved.append(answer.objective * scale)
                program = optimal_face(program, answer)
        if like is not None:
            answer = self._nearest(engine, program, answer, like, max(left - seconds, 1e-3), stop)
        structure = slot.model.structure
        info = SolverInfo(
            engine=engine.name,
            status="optimal",
            seconds=seconds,
            iterations=iterations,
            warm=engine.warm and bool(bases),
            n_variables=structure.n_cols,
            n_rows=structure.n_rows,
            base_seconds=slot.seconds,
            stages=len(costs),
            unserved=tuple(unserved),
        )
        answer.seconds = seconds
        answer.basis = kept[-1]
        return answer, info, kept

    def _nearest(
        self,
        engine: Engine,
        program: Program,
        best: Answer,
        like: Solution,
        time_limit: float,
        stop: Stop | None,
    ) -> Answer:
        """Of the plans of that worth the one that stands where `like` does; with the duals of the optimum."""
        columns = like.behind[2].x
        if len(columns) != len(program.cost):
            raise PlanError("Plans of different structure cannot be held against each other.")
        engine.change(replace(optimal_face(program, best), cost=toward(program, columns)))
        found = engine.run(engine.basis(), time_limit, stop)
        return replace(best, x=found.x, objective=float(program.cost @ found.x))
