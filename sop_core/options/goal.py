"""What would it take: the cheapest way to a KPI goal, as a list of Changes, verified by its own plan.

Greedy: of all candidates the one that costs least worth per unit of progress, re-planned on top of those taken
before, until the goal is reached. Then what is not needed is dropped and sizes are brought down by bisection until
the goal is just reached. Greedy is not proven to be cheapest; the answer is a plan that reaches the goal, or says why
not and how far one gets.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from sop_core.calendar import span_label
from sop_core.changes import Change
from sop_core.errors import PlanError
from sop_core.kpis import KPIS
from sop_core.options.candidates import Candidate, Rules, candidates
from sop_core.options.finder import clash
from sop_core.options.option import Bench, Facts, Option, Progress, Stop, least
from sop_core.options.pains import pains
from sop_core.options.sizing import resized
from sop_core.planner import Planner
from sop_core.scenario import Scenario

AT_LEAST, AT_MOST = ">=", "<="
#: Steps of a bisection: sizes are exact to 1/64.
_HALVINGS = 6
#: Candidates re-planned again after each step, best of the step before first; progress that counts, of the gap.
_AGAIN, _STEP = 12, 0.01
#: Changes that an answer may have.
_MOST = 8
#: Relative slack within which a goal counts as reached: the solver's own accuracy.
_SLACK = 1e-7

REACHED, ALREADY, SHORT, STOPPED = "reached", "already reached", "not reached", "stopped"


@dataclass(frozen=True, slots=True)
class Goal:
    """A KPI at a value or better. `sense`: at least (">=") or at most ("<="); by default the KPI's good direction,
    at most for those without one. Raises PlanError for an unknown KPI or a target that is no number."""

    kpi: str
    target: float
    sense: str = ""

    def __post_init__(self) -> None:
        if self.kpi not in KPIS:
            raise PlanError(f"There is no KPI '{self.kpi}'. Known: {', '.join(sorted(KPIS))}.")
        if not abs(self.target) < float("inf"):
            raise PlanError(f"The goal for {KPIS[self.kpi].title} must be a number.")
        sense = self.sense or (AT_LEAST if KPIS[self.kpi].direction == "up" else AT_MOST)
        if sense not in (AT_LEAST, AT_MOST):
            raise PlanError(f"A goal is at least ({AT_LEAST}) or at most ({AT_MOST}), not {sense!r}.")
        object.__setattr__(self, "sense", sense)

    def gap(self, kpis: Mapping[str, float]) -> float:
        """What is missing, in the KPI's unit; 0 where the goal is reached."""
        value = kpis[self.kpi]
        missing = self.target - value if self.sense == AT_LEAST else value - self.target
        slack = _SLACK * max(abs(self.target), abs(value), 1e-3)
        # A KPI without a value (no resources, no stock) is neither short nor over.
        return 0.0 if not missing > slack else float(missing)


@dataclass(frozen=True, slots=True)
class Way:
    """The answer to a goal. `option` holds the Changes and what they do, None where none are needed or none help.

    `status`: reached, already reached, not reached (then `option` is as far as one gets), stopped. `cost`: worth given
    up (negative = gained), see Option.worth. `steps`: progress of each Change as it was taken, before trimming.
    """

    goal: Goal
    scenario: Scenario
    status: str
    before: float
    value: float
    option: Option | None
    steps: tuple[tuple[str, float, float], ...]  #: sentence, KPI after it, worth after it
    tried: int
    plans: int
    sentence: str
    seconds: float = field(compare=False)

    @property
    def cost(self) -> float:
        """Worth given up for it, money; negative = it pays."""
        return -self.option.worth if self.option is not None else 0.0


def seek(
    planner: Planner,
    scenario: Scenario,
    goal: Goal,
    rules: Rules | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Way:
    """The cheapest way found from a scenario's plan to a goal. Raises ScenarioError, PlanError where the scenario
    itself cannot be planned."""
    began = time.perf_counter()
    bench = Bench(planner, scenario, progress, stop)
    rules = replace(rules or Rules(), prefer=goal.kpi)
    search = Search(bench, goal)
    before = bench.before.kpis[goal.kpi]
    asked: tuple[Candidate, ...] = ()
    if goal.gap(bench.before.kpis) > 0:
        asked = candidates(bench.plan, planner.company, pains(bench.plan), rules)
        search.climb(asked)
        if search.reached:
            search.drop()
            search.trim()
    option = bench.option(search.chosen, "", {}) if search.chosen else None
    status = _status(bench, goal, search)
    value = option.kpis[goal.kpi] if option is not None else before
    return Way(
        goal=goal,
        scenario=scenario,
        status=status,
        before=before,
        value=value,
        option=option,
        steps=tuple(search.steps),
        tried=len(asked),
        plans=bench.plans,
        sentence=_sentence(goal, status, bench, option, len(asked), search),
        seconds=time.perf_counter() - began,
    )


@dataclass(slots=True)
class Search:
    """The Changes taken so far on the way to a goal, and the facts of the plan with them."""

    bench: Bench
    goal: Goal
    chosen: tuple[Change, ...] = ()
    now: Facts = field(init=False)
    steps: list[tuple[str, float, float]] = field(default_factory=list)
    exhausted: bool = False  #: nothing tried brings it nearer

    def __post_init__(self) -> None:
        self.now = self.bench.before

    @property
    def gap(self) -> float:
        return self.goal.gap(self.now.kpis)

    @property
    def reached(self) -> bool:
        return self.gap == 0.0

    def worth(self, facts: Facts) -> float:
        """Worth against the scenario's plan."""
        return facts.worth(self.bench.before)

    # -- up to the goal --

    def climb(self, asked: tuple[Candidate, ...]) -> None:
        """Takes the cheapest step after the other until the goal is reached or nothing brings it nearer."""
        bench = self.bench
        order = [candidate.change for candidate in asked]
        for step in range(_MOST):
            if self.reached or bench.stopped:
                return
            looked = order if step == 0 else order[:_AGAIN]
            bench.tell(f"Looking for step {step + 1}", len(looked))
            rated = [rate for change in looked if (rate := self._rate(change)) is not None]
            if not rated and step:
                # What did not help alone may help now: one more look at all of them.
                bench.tell(f"Looking for step {step + 1}", len(order))
                rated = [rate for change in order[_AGAIN:] if (rate := self._rate(change)) is not None]
            if not rated:
                self.exhausted = not bench.stopped
                return
            rated.sort(key=lambda rate: rate[0])
            _, change, facts = rated[0]
            rest = {id(other) for _, other, _ in rated}
            order = [other for _, other, _ in rated[1:]] + [c for c in order if id(c) not in rest]
            self.chosen, self.now = self._with(change), facts
            self.steps.append((change.sentence(bench.inputs), facts.kpis[self.goal.kpi], self.worth(facts)))

    def _rate(self, change: Change) -> tuple[tuple[float, ...], Change, Facts] | None:
        """(rank, Change, facts): those that pay by progress, then the others by cost per unit of progress."""
        if self.bench.stopped or change in self.chosen:
            return None
        facts = self.bench.ask(self._with(change))
        if isinstance(facts, str):
            return None
        done = self.gap - self.goal.gap(facts.kpis)
        if done <= max(_STEP * self.gap, _SLACK):
            return None
        cost = self.worth(self.now) - self.worth(facts)
        if cost <= least("margin", self.bench.before):
            return (0.0, -round(done, 9), round(cost, 2)), change, facts
        return (1.0, round(cost / done, 6), -round(done, 9)), change, facts

    def _with(self, change: Change) -> tuple[Change, ...]:
        """The Changes taken, with one more; it takes the place of what decides about the same thing."""
        return (*(other for other in self.chosen if not clash((other,), (change,))), change)

    # -- no more than is needed --

    def drop(self) -> None:
        """Drops what the goal does not need: the least worth first."""
        bench = self.bench
        bench.tell("Leaving out what is not needed", len(self.chosen) ** 2)
        while len(self.chosen) > 1 and not bench.stopped:
            fewer = [tuple(other for other in self.chosen if other is not change) for change in self.chosen]
            reached = [pair for changes in fewer if (pair := self._reaches(changes)) is not None]
            if not reached:
                return
            self.chosen, self.now = max(reached, key=lambda pair: round(self.worth(pair[1]), 2))

    def trim(self) -> None:
        """Brings each Change, the last first, down to the smallest size with which the goal is just reached."""
        bench = self.bench
        bench.tell("Finding the smallest sizes", _HALVINGS * len(self.chosen))
        for at in range(len(self.chosen) - 1, -1, -1):
            full = self.chosen[at]
            low, high = 0.0, 1.0
            for _ in range(_HALVINGS):
                if bench.stopped:
                    return
                middle = (low + high) / 2
                smaller = resized(full, middle, bench.inputs)
                found = None
                if smaller is not None:  # else whole steps only: the next finer size is none at all
                    found = self._reaches((*self.chosen[:at], smaller, *self.chosen[at + 1 :]))
                if found is None:
                    low = middle
                else:
                    high, (self.chosen, self.now) = middle, found

    def _reaches(self, changes: tuple[Change, ...]) -> tuple[tuple[Change, ...], Facts] | None:
        """These Changes and their facts if they reach the goal."""
        facts = self.bench.ask(changes)
        return None if isinstance(facts, str) or self.goal.gap(facts.kpis) > 0 else (changes, facts)


def _status(bench: Bench, goal: Goal, search: Search) -> str:
    if search.reached:
        return REACHED if search.chosen else ALREADY
    return STOPPED if bench.stopped else SHORT


def value_text(kpi: str, value: float, currency: str) -> str:
    """`97.2 %`, `3,480,000 EUR`, `1,200 hours`: a KPI's value in words."""
    unit = KPIS[kpi].unit
    if unit == "fraction":
        return f"{100 * value:.2f} %"
    label = currency if unit == "money" else unit
    return f"{value:,.0f} {label}" if abs(value) >= 100 else f"{value:,.2f} {label}"


def _sentence(
    goal: Goal, status: str, bench: Bench, option: Option | None, tried: int, search: Search
) -> str:
    currency, before = bench.inputs.currency, bench.before.kpis[goal.kpi]
    start = value_text(goal.kpi, before, currency)
    words = "at least" if goal.sense == AT_LEAST else "at most"
    wanted = f"{KPIS[goal.kpi].title} of {words} {value_text(goal.kpi, goal.target, currency)}"
    if status == ALREADY:
        return f"{wanted} is reached already: the plan stands at {start}."
    if option is None:
        if status == STOPPED:
            return f"{wanted}: the search was stopped before a way was found from {start}."
        why = f"none of {tried} candidates brings it nearer" if tried else "no lever of this company moves it"
        return f"{wanted} cannot be reached from {start}: {why}.{_frozen(goal, bench)}"
    count = f"{len(option.changes)} change{'s' if len(option.changes) > 1 else ''}"
    money = f"at a cost of {-option.worth:,.0f}" if option.worth < 0 else f"gaining {option.worth:,.0f}"
    money += f" {currency}"
    if status == REACHED:
        return f"{wanted} takes {count}, {money}."
    far = value_text(goal.kpi, option.kpis[goal.kpi], currency)
    if status == STOPPED:
        return f"{wanted}: stopped at {far}, with {count}."
    why = (
        f"none of {tried} candidates brings it nearer"
        if search.exhausted
        else f"an answer holds {_MOST} changes at the most"
    )
    leads = "leads" if len(option.changes) == 1 else "lead"
    return (
        f"{wanted} cannot be reached: {count} {leads} from {start} to {far}, {money}; {why}."
        f"{_frozen(goal, bench)}"
    )


def _frozen(goal: Goal, bench: Bench) -> str:
    """A sentence where the worst month is one that is fixed."""
    fixed = bench.inputs.policy.frozen_months
    series = KPIS[goal.kpi].series(bench.plan.facts)
    if goal.kpi != "peak_utilisation" or not fixed or not np.isfinite(series[:fixed]).any():
        return ""
    worst = float(np.nanmax(series[:fixed]))
    if goal.gap({goal.kpi: worst}) <= 0:
        return ""
    at = span_label(bench.inputs.months[0], bench.inputs.months[fixed - 1])
    return f" {at} is frozen and stands at {value_text(goal.kpi, worst, bench.inputs.currency)}."
