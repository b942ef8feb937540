"""One data version at work, shared by all sessions: the company, its base plan, planners, recent plans.

Nothing here belongs to a session. A planner's answer depends on the scenario alone, so sessions may share a
small pool of them; plans are frozen, so they may share those too.
"""

from __future__ import annotations

import dataclasses
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from pages.parts.beside import Solves, Wish
from pages.parts.demand.opening import keep_opening_estimate
from sop_core.errors import SelfCheckFailed, TimedOut
from sop_core.plan import Plan, Unconstrained
from sop_core.planner import Company, Planner, Preview, prepare, preview, unconstrained
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from sop_core.supply.preview import Previewer
from sop_core.supply.priced import WayOut
from sop_core.supply.solve import Stop
from sop_core.supply.whole import needs_whole

Progress = Callable[[str, int, int], None]
Answer = TypeVar("Answer")

#: Planners at work at once: each keeps a solver with its basis in memory.
PLANNERS = 2
#: Plans kept by scenario; the least recently used go first.
PLANS = 32
#: Demand plans kept by scenario; they are large where there are many products and regions.
DEMANDS = 12
#: Variables of the model from which on a plan takes too long to wait for at a lever. The demo has 22,000 and is planned
#: at every lever; at this size a plan from the base's optimum took 0.1 to 0.4 seconds.
SLOW = 30_000
#: Estimates kept by scenario, for the length of a drag back and forth.
ESTIMATES = 8
#: Data versions kept: the latest, and the one before while somebody still looks at it.
VERSIONS = 2


class Desk:
    """A company, and the demand and plans that were made of it."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.labels = product_labels(company)
        #: What went wrong beside the forecast while the company was opened, as a sentence; blank where nothing did.
        self.trouble = ""
        self._base: Plan | None = None
        self._base_lock = threading.Lock()
        self._pool: queue.LifoQueue[Planner] = queue.LifoQueue()
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._wanted: OrderedDict[str, Unconstrained] = OrderedDict()
        self._ways: OrderedDict[tuple[str, int, int], tuple[WayOut, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self._previewer: Previewer | None = None
        self._estimates: OrderedDict[tuple[str, int], Preview | None] = OrderedDict()
        self._learned = 0
        #: Exact plans made beside the screen, for companies whose plans take long.
        self.beside = Solves(self._solve_beside, self._learn)

    @property
    def slow(self) -> bool:
        """Whether a plan takes so long that screens show an estimate first. Only where the base is planned."""
        return self.planned and (
            self.base.solution.solver.n_variables >= SLOW or needs_whole(self.company.inputs)
        )

    @property
    def planned(self) -> bool:
        """Whether the base plan is there already."""
        return self._base is not None

    @property
    def base(self) -> Plan:
        """The plan without changes; solved when first asked for. Raises PlanError."""
        if self._base is None:
            with self._base_lock:
                if self._base is None:
                    first = Planner(self.company)
                    base = first.base
                    for _ in range(PLANNERS - 1):
                        self._pool.put(first.twin())
                    if base.solution.solver.n_variables >= SLOW:
                        self._previewer = Previewer.of(base.inputs, base.demand.total, base.solution)
                    # Last in, first out: a lone user always meets the planner that is warm.
                    self._pool.put(first)
                    self._base = base
        return self._base

    def label(self, item: str) -> str:
        """A product or planning item as people call it."""
        return self.labels.get(item, item)

    @property
    def version(self) -> int:
        """The data version."""
        return self.company.snapshot.version

    def unconstrained(self, scenario: Scenario) -> Unconstrained:
        """A scenario's demand before supply, from memory where it was made before; supply is not planned for
        it. Raises ScenarioError."""
        key = scenario.fingerprint()
        with self._lock:
            known = self._wanted.get(key)
        if known is None:
            known = unconstrained(self.company, scenario)
        with self._lock:
            self._wanted[key] = known
            self._wanted.move_to_end(key)
            while len(self._wanted) > DEMANDS:
                self._wanted.popitem(last=False)
        return known if known.scenario == scenario else dataclasses.replace(known, scenario=scenario)

    def plan(self, scenario: Scenario) -> Plan:
        """The plan of a scenario, from memory where it was made before. Raises ScenarioError, PlanError."""
        if not scenario.active:
            return self.base if scenario == self.base.scenario else _named(self.base, scenario)
        known = self.known(scenario)
        if known is None:
            known = self._solve(scenario)
            self._keep(scenario, known)
        return _named(known, scenario)

    def known(self, scenario: Scenario) -> Plan | None:
        """The plan of a scenario where it is in memory. Raises PlanError where the base has none."""
        if not scenario.active:
            return self.base if scenario == self.base.scenario else _named(self.base, scenario)
        with self._lock:
            known = self._plans.get(scenario.fingerprint())
            if known is not None:
                self._plans.move_to_end(scenario.fingerprint())
        return None if known is None else _named(known, scenario)

    def _keep(self, scenario: Scenario, plan: Plan) -> None:
        with self._lock:
            self._plans[scenario.fingerprint()] = plan
            while len(self._plans) > PLANS:
                self._plans.popitem(last=False)

    def want(self, session: str, scenario: Scenario, head_start: float = 0.0) -> Wish:
        """Has a scenario's plan made beside the screen; what the session wanted before is dropped. `head_start`: see
        Solves.want."""
        return self.beside.want(session, scenario, head_start)

    def estimate(self, scenario: Scenario) -> Preview | None:
        """What is known of a scenario's plan from the plans solved so far, at once; None where nothing is.

        Raises ScenarioError, and PlanError where its numbers cannot be planned.
        """
        previewer = self._preview()
        if previewer is None:
            return None
        key = (scenario.fingerprint(), self._learned)
        with self._lock:
            if key in self._estimates:
                self._estimates.move_to_end(key)
                return self._estimates[key]
        found = preview(self.company, previewer, scenario)
        with self._lock:
            self._estimates[key] = found
            while len(self._estimates) > ESTIMATES:
                self._estimates.popitem(last=False)
        return found

    def _preview(self) -> Previewer | None:
        base = self.base
        with self._base_lock:
            if self._previewer is None:
                self._previewer = Previewer.of(base.inputs, base.demand.total, base.solution)
        return self._previewer

    def _solve_beside(self, scenario: Scenario, stop: Stop) -> Plan:
        """In the thread beside the screen."""
        known = self.known(scenario)
        if known is not None:
            return known
        plan = self.ask(lambda planner: planner.plan(scenario, stop))
        self._keep(scenario, plan)
        return plan

    def _learn(self, plan: Plan) -> None:
        """Takes a plan up for later estimates."""
        previewer = self._preview()
        if previewer is not None and previewer.learn(plan.inputs, plan.demand.total, plan.solution):
            self._learned += 1

    def ways_out(self, plan: Plan, item: int, month: int) -> tuple[WayOut, ...]:
        """Levers that would relieve a shortage of a plan of this company, best first; see Planner.ways_out."""
        key = (plan.scenario.fingerprint(), item, month)
        with self._lock:
            known = self._ways.get(key)
            if known is not None:
                self._ways.move_to_end(key)
        if known is None:
            known = self.ask(lambda planner: planner.ways_out(plan, item, month))
            with self._lock:
                self._ways[key] = known
                while len(self._ways) > PLANS:
                    self._ways.popitem(last=False)
        return known

    def _solve(self, scenario: Scenario) -> Plan:
        return self.ask(lambda planner: planner.plan(scenario))

    def planner(self) -> Planner:
        """A planner of one's own for a long job, so that the shared ones stay free for the live screens. Raises
        PlanError."""
        return self.ask(lambda planner: planner.twin())

    def ask(self, question: Callable[[Planner], Answer]) -> Answer:
        """Asks one of the shared planners something short. Raises what the question raises."""
        _ = self.base  # fills the pool
        planner = self._pool.get()
        try:
            return question(planner)
        except (SelfCheckFailed, TimedOut):
            # A solver that lost its way is not trusted with the next question.
            planner = Planner(self.company, base=self.base)
            raise
        finally:
            self._pool.put(planner)


def product_labels(company: Company) -> dict[str, str]:
    """Product -> its name, with its code behind it where the two differ."""
    products = company.snapshot.table("products")
    codes, names = products["product"].astype(str), products["name"].fillna("").astype(str)
    return {
        code: f"{name} ({code})" if name and name != code else code
        for code, name in zip(codes, names, strict=True)
    }


def _named(plan: Plan, scenario: Scenario) -> Plan:
    """The same answer under the scenario that was asked for; KPIs worked out so far are kept."""
    if plan.scenario == scenario:
        return plan
    twin = dataclasses.replace(plan, scenario=scenario)
    for name in ("facts", "kpis", "short_orders", "shortages", "fingerprint"):
        if name in vars(plan):
            vars(twin)[name] = vars(plan)[name]
    return twin


class Office:
    """A store and the desks of its latest data versions."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._desks: OrderedDict[tuple[int, int], Desk] = OrderedDict()
        self._lock = threading.Lock()

    def ready(self, version: int, review: int) -> Desk | None:
        """The desk of a data version and a revision of the cleansing verdicts if it is there already."""
        return self._desks.get((version, review))

    def desk(self, version: int, review: int, progress: Progress | None = None) -> Desk:
        """The desk of a data version and a revision of the cleansing verdicts; forecasts where it is not there
        yet. Raises any SopError."""
        with self._lock:
            found = self._desks.get((version, review))
            if found is None:
                if progress is not None:
                    progress("Reading the data", 0, 0)
                snapshot = Snapshot.from_tables(self.store.tables(version), version)
                verdicts = self.store.cleansing.verdicts(review)
                company = prepare(snapshot, verdicts=verdicts, cache=self.store.forecasts, progress=progress)
                found = Desk(company)
                if version == self.store.latest_version():
                    found.trouble = keep_opening_estimate(self.store, company)
                self._desks[version, review] = found
                while len(self._desks) > VERSIONS:
                    self._desks.popitem(last=False)
            return found
