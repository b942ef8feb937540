"""An option: Changes that were re-planned together, and what the whole plan makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sop_core.changes import Change
from sop_core.changes.text import count, listing
from sop_core.errors import Infeasible, ScenarioError, TimedOut, Unbounded
from sop_core.inputs import Inputs
from sop_core.kpis import KPIS, favourable
from sop_core.money import NOT_CASH
from sop_core.options.candidates import months_ahead
from sop_core.plan import Plan
from sop_core.planner import Planner
from sop_core.scenario import MOST_CHANGES, Scenario

Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]

#: KPIs of which a missed target is something to reach for.
REACHABLE = (
    "service_level",
    "fill_rate",
    "margin",
    "stock_value",
    "working_capital",
    "turns",
    "cash",
    "revenue",
)
#: Money out up to these parts of the plan's cost is little, and some.
_LITTLE, _SOME = 0.001, 0.01
_WORDS = ("low", "medium", "high")
LESS_SAFE = "A plan meets its forecast exactly, so safety stock looks idle in it: look at the risk before giving it up."
FULL_PRICE = "The answer of demand to the price is an estimate; customers and competitors decide."
#: How effort is told, for tooltips and docs.
EFFORT_RULE = (
    "Points from 3 to 9: places touched (1 = one, 2 = two or three, 3 = more), time left until the first of them acts "
    "(1 = three months or more, 2 = one or two, 3 = at once), money to spend more than in the plan (1 = up to 0.1 % of "
    "its cost, 2 = up to 1 %, 3 = more). 3-4 low, 5-6 medium, 7-9 high."
)


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard it is to do, by EFFORT_RULE. `money`: paid more than in the plan, 0 where less is paid."""

    places: int
    months: int  #: until the first Change acts
    money: float
    points: int

    @property
    def word(self) -> str:
        """low, medium or high."""
        return _WORDS[0 if self.points <= 4 else 1 if self.points <= 6 else 2]

    def sentence(self, currency: str) -> str:
        """`medium (5 of 9): 2 places, acts in 2 months, 12,000 EUR more to spend`."""
        when = f"acts in {count(self.months, 'month')}" if self.months else "acts at once"
        out = f"{self.money:,.0f} {currency} more to spend" if self.money >= 0.5 else "nothing more to spend"
        return f"{self.word} ({self.points} of 9): {count(self.places, 'place')}, {when}, {out}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept of a plan: its KPIs, the target missed by each, what it pays out."""

    kpis: Mapping[str, float]
    paid: float  #: cost without what is not paid in cash (holding, backlog and lost-sale costs)
    cost: float
    closing: float  #: stock value at the end of the horizon

    def worth(self, before: Facts) -> float:
        """Margin more than in another plan, without what comes only from less stock being left at the end."""
        return self.kpis["margin"] - before.kpis["margin"] + self.closing - before.closing


@dataclass(frozen=True, slots=True)
class Option:
    """Changes on top of a scenario, re-planned together. Differences are against the plan of that scenario.

    `aim`: the pain it is meant for. `helps`: what is better, in KPI names; `margin` where it pays, that is where its
    `worth` is positive: margin gained plus the change of the closing stock's value, for stock run down by the end of
    the plan is money moved, not earned.
    """

    changes: tuple[Change, ...]
    title: str
    aim: str
    kpis: Mapping[str, float]
    before: Mapping[str, float]
    effort: Effort
    worth: float
    helps: tuple[str, ...] = field(default=())

    def difference(self, kpi: str) -> float:
        """What the option changes of a KPI over the horizon, in the KPI's unit."""
        return self.kpis[kpi] - self.before[kpi]

    @property
    def margin(self) -> float:
        """Margin gained over the horizon, money."""
        return self.difference("margin")

    @property
    def caution(self) -> str:
        """What the numbers do not see; blank where there is nothing."""
        if any(change.kind == "safety_stock" and getattr(change, "pct", 0.0) < 0 for change in self.changes):
            return LESS_SAFE
        return FULL_PRICE if any(change.kind == "price_change" for change in self.changes) else ""

    @property
    def service(self) -> float:
        """Service level gained, fraction."""
        return self.difference("service_level")

    @property
    def stock(self) -> float:
        """Stock value more, money, average of the month ends."""
        return self.difference("stock_value")

    @property
    def cash(self) -> float:
        """Cash flow gained over the horizon, money."""
        return self.difference("cash")

    def scenario(self, scenario: Scenario, name: str = "") -> Scenario:
        """The scenario with the option's Changes at its end, under a name where one is given."""
        return with_changes(scenario.rename(name) if name else scenario, self.changes)


def with_changes(scenario: Scenario, changes: Iterable[Change]) -> Scenario:
    """The scenario with these Changes at its end."""
    for change in changes:
        scenario = scenario.add(change)
    return scenario


def facts_of(plan: Plan) -> Facts:
    """KPIs and money of a plan."""
    unpaid = sum(float(plan.money.costs[name].sum()) for name in NOT_CASH if name in plan.money.costs)
    cost = float(plan.money.cost.sum())
    return Facts(MappingProxyType(dict(plan.kpis)), cost - unpaid, cost, float(plan.money.stock_value[-1]))


class Bench:
    """Re-plans Changes on top of one scenario, remembers every answer, and counts. Not for two threads at once."""

    def __init__(
        self, planner: Planner, scenario: Scenario, progress: Progress | None = None, stop: Stop | None = None
    ) -> None:
        self.planner = planner
        self.scenario = scenario
        self.plan = planner.plan(scenario)
        self.before = facts_of(self.plan)
        self.plans = 0  #: re-plans made, the scenario's own not counted
        self.expected = 0  #: how many there may be, for the progress
        self.said = "Re-planning"
        self._progress, self._stop = progress, stop
        self._known: dict[str, Facts | str] = {}
        self._promises = {(p.rule, p.where, p.month): p.amount for p in self.plan.solution.promises}

    @property
    def inputs(self) -> Inputs:
        """The company as the scenario leaves it."""
        return self.plan.inputs

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stop is not None and self._stop()

    def tell(self, said: str, more: int) -> None:
        """Announces `more` re-plans to come."""
        self.said, self.expected = said, self.plans + more

    def ask(self, changes: tuple[Change, ...]) -> Facts | str:
        """The facts of the scenario with these Changes, or why there is no such plan. Raises SelfCheckFailed."""
        if len(self.scenario.steps) + len(changes) > MOST_CHANGES:
            return f"a scenario holds {MOST_CHANGES} changes at the most"
        scenario = with_changes(self.scenario, changes)
        key = scenario.fingerprint()
        known = self._known.get(key)
        if known is None:
            self.plans += 1
            if self._progress is not None:
                self._progress(self.said, self.plans, max(self.expected, self.plans))
            try:
                plan = self.planner.plan(scenario)
                known = self._broken(plan) or facts_of(plan)
            except (ScenarioError, Infeasible, Unbounded, TimedOut) as error:
                known = str(error)
            self._known[key] = known
        return known

    def _broken(self, plan: Plan) -> str:
        """The first hard rule that this plan breaks and the scenario's own does not, or less; blank where none."""
        for promise in plan.solution.promises:
            before = self._promises.get((promise.rule, promise.where, promise.month), 0.0)
            if promise.amount > before * (1 + 1e-6) + 1e-6:
                return f"a hard rule would be broken: {promise}"
        return ""

    def option(self, changes: tuple[Change, ...], aim: str, targets: Mapping[str, float]) -> Option | None:
        """The option of these Changes, None where they have no plan."""
        facts = self.ask(changes)
        if isinstance(facts, str):
            return None
        return Option(
            changes=changes,
            title=title(changes, self.inputs),
            aim=aim,
            kpis=facts.kpis,
            before=self.before.kpis,
            effort=effort(changes, self.inputs, facts, self.before),
            worth=facts.worth(self.before),
            helps=helps(facts, self.before, targets),
        )


def helps(facts: Facts, before: Facts, targets: Mapping[str, float]) -> tuple[str, ...]:
    """KPIs that are better: margin where it pays, service where it rises, and what has a target that was missed."""
    out = ["margin"] if facts.worth(before) > least("margin", before) else []
    for name in ("service_level", *(target for target in targets if target != "margin")):
        difference = facts.kpis[name] - before.kpis[name]
        if name not in out and favourable(name, difference, least(name, before)):
            out.append(name)
    return tuple(out)


def least(kpi: str, before: Facts) -> float:
    """Differences of a KPI up to this size are not worth a line: 1e-5 of its size, 0.0001 for fractions."""
    return 1e-4 if KPIS[kpi].unit == "fraction" else max(1e-5 * abs(before.kpis[kpi]), 1e-6)


def effort(changes: tuple[Change, ...], inputs: Inputs, facts: Facts, before: Facts) -> Effort:
    """The effort of Changes, by EFFORT_RULE."""
    places = len({place for change in changes for place in _places(change, inputs)})
    months = min((months_ahead(change, inputs) for change in changes), default=0)
    money = max(facts.paid - before.paid, 0.0)
    part = money / before.cost if before.cost > 0 else 0.0
    points = 1 if places <= 1 else 2 if places <= 3 else 3
    points += 1 if months >= 3 else 2 if months >= 1 else 3
    points += 1 if part <= _LITTLE else 2 if part <= _SOME else 3
    return Effort(places, months, money, points)


def _places(change: Change, inputs: Inputs) -> list[tuple[str, str]]:
    """What a Change touches: each resource, source, supplier, family, product, segment, promotion or launch."""
    scope = change.scope
    named = [(axis, name) for axis in scope.used if axis != "months" for name in getattr(scope, axis)]
    for field_name in ("promotion", "product"):
        if getattr(change, field_name, None):
            named.append((field_name, str(getattr(change, field_name))))
    return named or [("plan", change.kind)]


def title(changes: tuple[Change, ...], inputs: Inputs) -> str:
    """One or two Changes in full; of more what is moved where: `5 together: overtime Mower Line, move promotion ...`."""
    if len(changes) <= 2:
        return "; ".join(change.sentence(inputs) for change in changes)
    said = [f"{change.title.lower()} {_first_place(change, inputs)}".strip() for change in changes]
    return f"{len(changes)} together: {listing(list(dict.fromkeys(said)), most=5)}"


def _first_place(change: Change, inputs: Inputs) -> str:
    places = _places(change, inputs)
    if places[0][0] == "plan":
        return ""
    return places[0][1] + (f" and {len(places) - 1} more" if len(places) > 1 else "")


def missed(plan: Plan, targets: Mapping[str, tuple[float, str]]) -> dict[str, float]:
    """KPI -> target, of the targets (value, direction) that the plan does not reach. Only what levers can move."""
    out = {}
    for name, (value, direction) in targets.items():
        if name not in REACHABLE:
            continue
        gap = plan.kpis[name] - value
        if (direction == "up" and gap < 0) or (direction == "down" and gap > 0):
            out[name] = value
    return out
