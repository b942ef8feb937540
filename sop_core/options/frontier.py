"""The frontier: feasible plans of which no other is better in one KPI without being worse in another.

Every point is a plan that was made, with its Changes, and is made again by them; nothing between two points is
interpolated. Points come from steps towards full service (cheapest first), the best combinations of options, and
other stock targets on top of each.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sop_core.changes import Change, Objective, SafetyStockCover
from sop_core.kpis import KPIS
from sop_core.options.candidates import Candidate, Rules
from sop_core.options.finder import Found, find_options
from sop_core.options.goal import Goal, Search
from sop_core.options.option import Bench, Facts, Progress, Stop, facts_of, title
from sop_core.options.sizing import resized
from sop_core.planner import Planner
from sop_core.scenario import Scenario

#: What service is drawn against: worth (margin gained or given up, see Option.worth), or a KPI.
WORTH = "worth"
ACROSS: tuple[str, ...] = (WORTH, "stock_value")
UP = "service_level"
#: Stock targets tried on top of everything.
COVERS = (-0.75, -0.5, -0.25, 0.25, 0.5)
#: Levers that the way to full service chooses from.
_STEPS = 24
#: Options whose Changes are points of their own.
_OPTIONS = 8

PLAN, BASE = "This plan", "Base"


@dataclass(frozen=True, slots=True)
class Point:
    """A plan: the scenario's Changes plus these. `name`: what it is; `worth`: against the scenario's plan, money;
    `base`: the plan without any Change at all."""

    name: str
    changes: tuple[Change, ...]
    kpis: Mapping[str, float]
    worth: float
    base: bool = False

    def value(self, axis: str) -> float:
        """The point's place on an axis: `worth` or a KPI."""
        return self.worth if axis == WORTH else self.kpis[axis]

    def scenario(self, scenario: Scenario) -> Scenario:
        """The scenario whose plan this point is."""
        if self.base:
            return Scenario.base()
        for change in self.changes:
            scenario = scenario.add(change)
        return scenario


@dataclass(frozen=True, slots=True)
class Frontier:
    """Points of a scenario: first the plan itself, then the base (where it is another plan), then the others."""

    scenario: Scenario
    data_version: int
    points: tuple[Point, ...]
    plans: int
    stopped: bool
    seconds: float = field(compare=False)

    def shown(self, across: str) -> tuple[int, ...]:
        """Positions of the points that may be compared on an axis. Against worth, stock targets stay as they are: a
        plan meets its forecast exactly, so giving up safety stock would look like money earned."""
        if across != WORTH:
            return tuple(range(len(self.points)))
        return tuple(
            n
            for n, point in enumerate(self.points)
            if not any(isinstance(change, SafetyStockCover) for change in point.changes)
        )

    def best(self, across: str) -> tuple[int, ...]:
        """Positions of the points that no other beats in service and on that axis, from the left of the axis."""
        shown = self.shown(across)
        found = pareto([(_good(across, self.points[n]), _good(UP, self.points[n])) for n in shown])
        return tuple(sorted((shown[n] for n in found), key=lambda n: (self.points[n].value(across), n)))

    def better(self, across: str) -> tuple[int, ...]:
        """Positions on the frontier of plans that are better than the scenario's in one and worse in none."""
        plan = self.points[0]
        return tuple(
            n
            for n in self.best(across)
            if n and all(_good(axis, self.points[n]) >= _good(axis, plan) - 1e-9 for axis in (across, UP))
        )

    def sentence(self, across: str) -> str:
        """Whether the plan lies on the frontier, and how much lies beyond it at no loss."""
        what = "worth" if across == WORTH else KPIS[across].title.lower()
        better = self.better(across)
        if not better:
            return f"No plan found serves better without being worse in {what}."
        top = self.points[max(better, key=lambda n: (self.points[n].kpis[UP], -n))]
        place = f"{100 * top.kpis[UP]:.2f} % instead of {100 * self.points[0].kpis[UP]:.2f} %"
        plans = "One plan serves" if len(better) == 1 else f"{len(better)} plans serve"
        worse = f"{'is' if len(better) == 1 else 'are'} no worse in {what}"
        return f"{plans} at least as well as this one and {worse}; the best serves {place} on time."


def pareto(values: Iterable[tuple[float, float]]) -> tuple[int, ...]:
    """Positions that no other beats: larger is better in both, equal ones count once (the first). By the first."""
    order = sorted(((-x, -y, n) for n, (x, y) in enumerate(values) if x == x and y == y))
    out, top = [], float("inf")
    for _, y, n in order:
        if y < top - 1e-12:
            out.append(n)
            top = y
    return tuple(reversed(out))


def _good(axis: str, point: Point) -> float:
    """The place on an axis such that more is better."""
    up = axis == WORTH or KPIS[axis].direction == "up"
    return point.value(axis) if up else -point.value(axis)


def frontier(
    planner: Planner,
    scenario: Scenario,
    rules: Rules | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    found: Found | None = None,
) -> Frontier:
    """Feasible plans around a scenario's. `found`: the options of the same scenario and rules, where they are known
    already. `stop` ends it after the present re-plan with what there is. Raises ScenarioError, PlanError."""
    began = time.perf_counter()
    rules = rules or Rules()
    known = found is not None
    if found is None:
        found = find_options(planner, scenario, rules, progress, stop)
    bench = Bench(planner, scenario, progress, stop)
    points = _Points(bench, rules)
    for option in found.options[:_OPTIONS]:
        points.add(option.title, option.changes)
    chains = points.towards_service(found)
    best = next((option.changes for option in found.options if len(option.changes) > 1), ())
    # Stock targets on top of nothing, of some steps on the way, and of the best combination.
    for chain in dict.fromkeys([(), *chains[:: max(len(chains) // 2, 1)], *chains[-1:], best]):
        points.variants(chain)
    if scenario.active:
        base = facts_of(planner.base)
        points.points.insert(1, Point(BASE, (), base.kpis, base.worth(bench.before), base=True))
    return Frontier(
        scenario=scenario,
        data_version=bench.plan.data_version,
        points=tuple(points.points),
        plans=bench.plans + (0 if known else found.plans),
        stopped=bench.stopped or found.stopped,
        seconds=time.perf_counter() - began,
    )


class _Points:
    """Collects plans, each once."""

    def __init__(self, bench: Bench, rules: Rules) -> None:
        self.bench, self.rules = bench, rules
        name = BASE if not bench.scenario.active else PLAN
        self.points = [Point(name, (), bench.before.kpis, 0.0)]
        self._seen: set[frozenset[Change]] = {frozenset()}

    def add(self, name: str, changes: tuple[Change, ...]) -> None:
        """The plan of these Changes, where there is one."""
        if frozenset(changes) in self._seen or self.bench.stopped:
            return
        self._seen.add(frozenset(changes))
        facts: Facts | str = self.bench.ask(changes)
        if not isinstance(facts, str):
            self.points.append(Point(name, changes, facts.kpis, facts.worth(self.bench.before)))

    def towards_service(self, found: Found) -> list[tuple[Change, ...]]:
        """The cheapest steps towards full service, of the levers that raised it by themselves; each is a point."""
        search = Search(self.bench, Goal(UP, 1.0))
        raised = [row for row in found.tried if row.service > 0]
        raised.sort(key=lambda row: (round(-row.worth / row.service, 2), row.sentence))
        search.climb(tuple(Candidate(row.change, row.aim) for row in raised[:_STEPS]))
        chains = [search.chosen[: n + 1] for n in range(len(search.chosen))]
        for chain in chains:
            self.add(title(chain, self.bench.inputs), chain)
            smaller = resized(chain[-1], 0.5, self.bench.inputs)
            if smaller is not None:
                half = (*chain[:-1], smaller)
                self.add(title(half, self.bench.inputs), half)
        return chains

    def variants(self, chain: tuple[Change, ...]) -> None:
        """Other stock targets, and service first, on top of a chain of Changes."""
        inputs = self.bench.inputs
        wanted: list[Change] = []
        if inputs.stock_target.any():
            wanted += [SafetyStockCover(pct=part) for part in COVERS]
        if inputs.policy.objective == "margin":
            wanted.append(Objective(objective="service"))
        wanted = [change for change in wanted if change.kind not in self.rules.leave]
        self.bench.tell("Other stock targets and service first", len(wanted))
        for change in wanted:
            if all(change.lever != other.lever for other in chain):
                changes = (*chain, change)
                self.add(title(changes, inputs), changes)
