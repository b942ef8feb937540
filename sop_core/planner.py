"""The straight line: snapshot -> baseline -> demand -> supply -> money -> plan.

`make_plan` is a pure function of a Snapshot and a Scenario. `Planner` is the same line with the parts that do
not depend on the scenario (history, baseline, base arrays, base solution) worked out once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import month_column
from sop_core.demand.cleansing import NO_VERDICTS, Verdicts
from sop_core.demand.drivers import forecast_settings
from sop_core.demand.fleet import ForecastCache
from sop_core.demand.history import History, build_history
from sop_core.demand.layers import demand_plan
from sop_core.demand.price import list_price, net_price
from sop_core.demand.price_response import PriceResponse, price_response
from sop_core.demand.statistical import Baseline, build_baseline
from sop_core.errors import DataError
from sop_core.inputs import Floats, Inputs
from sop_core.money import build_money
from sop_core.plan import Plan, Unconstrained
from sop_core.planning_level import PlanningItems, planning_items
from sop_core.scenario import Scenario
from sop_core.snapshot import DefaultUsed, Snapshot
from sop_core.supply.network import build_inputs
from sop_core.supply.preview import Previewer
from sop_core.supply.priced import WayOut, ways_out
from sop_core.supply.result import Solution
from sop_core.supply.solve import Stop, SupplySolver

Progress = Callable[[str, int, int], None]


def make_plan(
    snapshot: Snapshot,
    scenario: Scenario | None = None,
    *,
    verdicts: Verdicts = NO_VERDICTS,
    cache: ForecastCache | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Plan:
    """The plan of a scenario for a company; same inputs give the same plan. Raises any SopError."""
    company = prepare(snapshot, verdicts=verdicts, cache=cache, executor=executor, progress=progress)
    return Planner(company).plan(scenario or Scenario.base())


@dataclass(frozen=True, slots=True)
class Company:
    """All that scenarios of one data version share. Never edited; safe to hand to many sessions."""

    snapshot: Snapshot
    items: PlanningItems
    history: History | None
    baseline: Baseline | None
    inputs: Inputs
    notes: tuple[DefaultUsed, ...]
    forecast_bias: float
    verdicts: Verdicts = NO_VERDICTS
    price_response: PriceResponse | None = None  #: elasticities and planned prices; None without a forecast

    @property
    def defaults_used(self) -> tuple[DefaultUsed, ...]:
        """Every default and stand-in that a plan of this company rests on."""
        return self.snapshot.defaults_used + self.notes


def unconstrained(company: Company, scenario: Scenario) -> Unconstrained:
    """A scenario's demand, without planning supply: some milliseconds. Raises ScenarioError."""
    inputs = scenario.apply(company.inputs) if scenario.active else company.inputs
    return Unconstrained(scenario, inputs, demand_plan(inputs))


def prepare(
    snapshot: Snapshot,
    *,
    verdicts: Verdicts = NO_VERDICTS,
    cache: ForecastCache | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Company:
    """History, baseline forecast and base arrays of a company. `verdicts`: what was decided about the
    cleansing of its history. Raises DataError, ForecastError."""
    items = planning_items(snapshot)
    settings = snapshot.settings
    regions = tuple(snapshot.table("regions")["region"])
    history = build_history(snapshot, items, verdicts)
    baseline = None
    if settings.demand == "forecast":
        if history is None:
            raise DataError(
                f"There is no history before plan_start {settings.plan_start}: bring older sales, move plan_start, "
                "or set demand to demand_plan."
            )
        baseline = build_baseline(
            history,
            items,
            regions,
            tuple(snapshot.table("segments")["segment"]),
            settings.horizon_months,
            cache=cache,
            executor=executor,
            progress=progress,
            settings=forecast_settings(snapshot),
        )
    base = baseline.units if baseline is not None else planned_demand(snapshot, items)
    price = _net_price(snapshot, items, base, history)
    built = build_inputs(snapshot, items, base, None if baseline is None else baseline.sigma, price)
    # Planned list prices act on a forecast; a demand plan was made knowing them.
    response = price_response(snapshot, items, history) if baseline is not None and history else None
    if response is not None:
        built.inputs.demand.elasticity_factor *= response.factor[:, :, None, :]
    return Company(
        snapshot=snapshot,
        items=items,
        history=history,
        baseline=baseline,
        inputs=built.inputs,
        notes=built.notes + (response.notes if response is not None else ()),
        forecast_bias=_bias(baseline),
        verdicts=verdicts,
        price_response=response,
    )


class Planner:
    """Answers scenarios of one company, one at a time; each session has its own (it keeps a solver's basis)."""

    def __init__(self, company: Company, base: Plan | None = None, engine: str = "auto") -> None:
        """`engine`: see supply.solve.make_engine; `base` must come from the same one."""
        self.company = company
        self._engine = engine
        self._solver: SupplySolver | None = None
        self._base = base

    @property
    def base(self) -> Plan:
        """The plan without any Change."""
        if self._base is None:
            self._base = self._solve(Scenario.base())
        return self._base

    def plan(self, scenario: Scenario, stop: Stop | None = None, *, like: Plan | None = None) -> Plan:
        """The plan of a scenario. `stop` is asked now and then. Raises ScenarioError, PlanError; Interrupted where
        it was told to stop. `like`: its plan by another engine; of plans that are worth the same the one that stands
        where it does is given.

        Always solved from the base plan's optimum, so the answer depends on the scenario alone, never on what
        was asked before.
        """
        if not scenario.active and like is None:
            return dataclasses.replace(self.base, scenario=scenario)
        return self._solve(scenario, stop, like)

    def ways_out(self, plan: Plan, item: int, month: int, region: int | None = None) -> tuple[WayOut, ...]:
        """Levers that would relieve a shortage of that item (and region) asked for in that month, best first.

        Each is re-planned exactly: some ten solves. Positions as in `plan.inputs`.
        """
        demand = plan.demand
        return ways_out(
            self.solver, plan.solution, item, region, month, plan.inputs, demand.total, demand.price
        )

    @property
    def solver(self) -> SupplySolver:
        """The solver behind the plans, for what-ifs that need no whole plan; its base case is the base plan's."""
        if self._solver is None:
            base = demand_plan(self.company.inputs)
            self._solver = SupplySolver(self.company.inputs, base.total, base.price, self._engine)
        return self._solver

    def twin(self) -> Planner:
        """Another planner for another thread, at once: nothing is solved for it. Not while this one is at work."""
        other = Planner(self.company, base=self.base, engine=self._engine)
        other._solver = self.solver.twin()
        return other

    def _solve(self, scenario: Scenario, stop: Stop | None = None, like: Plan | None = None) -> Plan:
        wanted = unconstrained(self.company, scenario)
        inputs, demand = wanted.inputs, wanted.demand
        other = None if like is None else like.solution
        solution = self.solver.solve(inputs, demand.total, demand.price, stop, other)
        return _plan_of(self.company, wanted, solution)


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known of a scenario's plan before it is solved. Money with promotions, as the KPI has it."""

    plan: Plan  #: one that can be carried out, in all likelihood not the best
    lowest: float  #: margin of the best plan at least
    highest: float  #: and at most
    seconds: float  #: what the estimate took


def preview(company: Company, known: Previewer, scenario: Scenario) -> Preview | None:
    """An estimate of a scenario's plan from plans solved so far, without solving; None where there is none (see
    supply/preview.py). Raises ScenarioError, and PlanError where the numbers cannot be planned."""
    wanted = unconstrained(company, scenario)
    demand = wanted.demand
    found = known.estimate(wanted.inputs, demand.total, demand.price)
    if found is None:
        return None
    promotions = float(demand.promotion_cost.sum())
    plan = _plan_of(company, wanted, found.solution)
    return Preview(plan, found.lowest - promotions, found.highest - promotions, found.seconds)


def _plan_of(company: Company, wanted: Unconstrained, solution: Solution) -> Plan:
    return Plan(
        scenario=wanted.scenario,
        inputs=wanted.inputs,
        demand=wanted.demand,
        solution=solution,
        money=build_money(wanted.inputs, wanted.demand, solution),
        data_version=company.snapshot.version,
        notes=company.defaults_used,
        forecast_bias=company.forecast_bias,
        review=company.verdicts.revision,
    )


def planned_demand(snapshot: Snapshot, items: PlanningItems) -> Floats:
    """[i, r, m, t] the company's own demand plan over the horizon, units; zero where it says nothing."""
    regions = tuple(snapshot.table("regions")["region"])
    segments = tuple(snapshot.table("segments")["segment"])
    settings = snapshot.settings
    table = snapshot.table("demand_plan")
    out = np.zeros((len(items.names), len(regions), len(segments), settings.horizon_months))
    at = (month_column(table["month"]) - settings.plan_start).astype(int)
    i = table["product"].map(items.position).to_numpy(dtype=float)
    r = table["region"].map({name: n for n, name in enumerate(regions)}).to_numpy(dtype=float)
    m = table["segment"].map({name: n for n, name in enumerate(segments)}).to_numpy(dtype=float)
    ok = ~(np.isnan(i) | np.isnan(r) | np.isnan(m)) & (at >= 0) & (at < settings.horizon_months)
    units = table["quantity"].to_numpy(dtype=float)
    np.add.at(out, (i[ok].astype(int), r[ok].astype(int), m[ok].astype(int), at[ok]), units[ok])
    return out


def _net_price(snapshot: Snapshot, items: PlanningItems, base: Floats, history: History | None) -> Floats:
    start, horizon = snapshot.settings.plan_start, snapshot.settings.horizon_months
    listed = list_price(snapshot, items, np.arange(start, start + horizon), base)
    invoiced = bool(snapshot.table("sales")["revenue"].notna().any())
    before = list_price(snapshot, items, history.months, base) if history is not None and invoiced else None
    return net_price(listed, history, before, invoiced)


def _bias(baseline: Baseline | None) -> float:
    """Bias of the company series' backtests; nan without a forecast, or with too short a history to test."""
    if baseline is None:
        return float("nan")
    rows = baseline.details[baseline.details["level"] == "company"]
    return float(rows["bias"].iloc[0]) if len(rows) else float("nan")
