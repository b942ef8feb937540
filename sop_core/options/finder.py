"""The option finder: tries the levers that could help, re-plans each exactly, combines the best, ranks.

    found = find_options(planner, scenario)
    found.options[0].title, found.options[0].margin, found.options[0].changes

Each candidate is planned on top of the scenario by itself, at more than one size where it has one. Combinations are
built greedily and re-planned at every step, never summed; members that no longer pay are dropped.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sop_core.changes import Change
from sop_core.kpis import favourable
from sop_core.options.candidates import Candidate, Rules, candidates
from sop_core.options.option import LESS_SAFE, Bench, Facts, Option, Progress, Stop, least, missed
from sop_core.options.pains import Pain, pains, sentence
from sop_core.options.sizing import resized
from sop_core.planner import Company, Planner
from sop_core.scenario import Scenario

#: Options that are tried smaller, by what factors, and the part of the worth that a smaller one must keep.
_RESIZED, _FACTORS, _KEEPS = 8, (0.75, 0.5, 0.25), 0.98
#: Single options that a combination chooses from.
_POOL = 10
_RESTS = ("Demand", "Supply")

PAYS, HELPS, COSTS, SAME, FITS_NOT = (
    "pays",
    "helps, but does not pay",
    "costs more than it brings",
    "changes nothing",
    "cannot be planned",
)


@dataclass(frozen=True, slots=True)
class Tried:
    """One re-plan of a single Change: what it was for, how it ended, and its worth, margin and service."""

    change: Change
    sentence: str
    lever: str  #: title of the Change's kind
    aim: str
    outcome: str
    worth: float
    margin: float
    service: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What the finder has found for a scenario, best first. `seconds` is the time it took, not part of the answer."""

    scenario: Scenario
    data_version: int
    objective: str  #: margin or service: what ranks the list
    pains: tuple[Pain, ...]
    message: str  #: where it hurts, one sentence
    targets: Mapping[str, float]  #: KPI targets that the plan misses
    before: Mapping[str, float]
    options: tuple[Option, ...]
    tried: tuple[Tried, ...]
    plans: int
    stopped: bool
    seconds: float = field(compare=False)

    @property
    def sentence(self) -> str:
        """What was tried and how long it took."""
        kinds = len({row.lever for row in self.tried})
        said = (
            f"{len(self.tried)} {'candidate' if len(self.tried) == 1 else 'candidates'} of {kinds} "
            f"{'kind' if kinds == 1 else 'kinds'} of levers tried, {self.plans} plans made in {self.seconds:.1f} s"
        )
        return f"{said}, stopped before the end." if self.stopped else f"{said}."


def find_options(
    planner: Planner,
    scenario: Scenario,
    rules: Rules | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Found:
    """Options on top of a scenario, best first: by worth, or by service and then worth under `service`.

    Kept are those that pay, raise service, or bring a missed KPI target nearer. The same question gets the same
    answer. `stop` ends it after the present re-plan with what there is. Raises ScenarioError, PlanError where the
    scenario itself cannot be planned.
    """
    rules = rules or Rules()
    began = time.perf_counter()
    if progress is not None:
        progress("Looking where it hurts", 0, 0)
    bench = Bench(planner, scenario, progress, stop)
    plan = bench.plan
    hurts = pains(plan)
    targets = missed(plan, targets_of(planner.company))
    asked = candidates(plan, planner.company, hurts, rules)
    singles, tried = _singles(bench, asked, targets)
    service = plan.inputs.policy.objective == "service"
    ranked = rank(singles, service)
    combined = _combinations(bench, ranked, targets, rules, service)
    return Found(
        scenario=scenario,
        data_version=plan.data_version,
        objective=plan.inputs.policy.objective,
        pains=hurts,
        message=sentence(plan, hurts),
        targets=targets,
        before=bench.before.kpis,
        options=rank([*combined, *ranked], service),
        tried=tuple(tried),
        plans=bench.plans,
        stopped=bench.stopped,
        seconds=time.perf_counter() - began,
    )


def targets_of(company: Company) -> dict[str, tuple[float, str]]:
    """KPI -> (target, direction) of the company's targets that say which way is better; tolerance counts as reached."""
    out: dict[str, tuple[float, str]] = {}
    table = company.snapshot.table("targets")
    for kpi, target, direction, tolerance in zip(
        *(table[name] for name in ("kpi", "target", "direction", "tolerance")), strict=True
    ):
        if direction in ("up", "down"):
            slack = float(tolerance) if tolerance == tolerance else 0.0
            out[str(kpi)] = (float(target) - slack if direction == "up" else float(target) + slack, direction)
    return out


def rank(options: list[Option] | tuple[Option, ...], service: bool) -> tuple[Option, ...]:
    """Best first: what the objective counts, then the other, then the smaller effort; equal ones by their title."""

    def key(option: Option) -> tuple[float, ...]:
        worth, served = round(option.worth, 2), round(option.service, 6)
        first = (-served, -worth) if service else (-worth, -served)
        return (*first, float(option.effort.points), float(len(option.changes)))

    return tuple(sorted(options, key=lambda option: (key(option), option.title)))


# -- one by one -------------------------------------------------------------------------------------------


def _singles(
    bench: Bench, asked: tuple[Candidate, ...], targets: Mapping[str, float]
) -> tuple[list[Option], list[Tried]]:
    """Every candidate by itself; those that help, at the smallest size that keeps what they are worth."""
    bench.tell("Trying levers one by one", len(asked) + len(_FACTORS) * _RESIZED)
    kept: list[Option] = []
    tried: list[Tried] = []
    for candidate in asked:
        if bench.stopped:
            break
        option = _keep(bench, candidate.change, candidate.aim, targets, tried)
        if option is not None:
            kept.append(option)
    options = _best_of_each(_distinct(kept))
    for at, option in enumerate(options[:_RESIZED]):
        for factor in _FACTORS:
            change = resized(option.changes[0], factor, bench.inputs)
            if bench.stopped or change is None or option.worth <= 0:
                break
            smaller = _keep(bench, change, option.aim, targets, tried)
            if smaller is None or smaller.worth < _KEEPS * option.worth:
                break
            options[at] = smaller
    return _undominated(options), tried


def _best_of_each(options: list[Option]) -> list[Option]:
    """The best of the sizes and spans of months that decide about the same thing; the others stay in what was tried.
    Of those that do not pay, the best is the one that serves most."""

    def order(option: Option) -> tuple[float, float, float, str]:
        pays = "margin" in option.helps
        first = -round(option.worth, 2) if pays else -round(option.service, 6)
        return (float(not pays), first, float(option.effort.points), option.title)

    out: list[Option] = []
    for option in sorted(options, key=order):
        if not any(clash(option.changes, other.changes) for other in out):
            out.append(option)
    return out


def _undominated(options: list[Option]) -> list[Option]:
    """Those that pay, and of the rest those that no other one beats in every KPI they help."""

    def beaten(one: Option) -> bool:
        return any(
            other is not one and other.worth > one.worth and all(
                favourable(kpi, other.kpis[kpi] - one.kpis[kpi]) is not False for kpi in one.helps
            )
            for other in options
        )  # fmt: skip

    return [option for option in options if "margin" in option.helps or not beaten(option)]


def _distinct(options: list[Option]) -> list[Option]:
    """Of options that have the same effect to the last digit shown, the one with the least effort."""
    seen: dict[tuple[float, ...], Option] = {}
    for option in sorted(options, key=lambda o: (o.effort.points, len(o.changes), o.title)):
        effect = tuple(
            round(option.difference(kpi), 1) for kpi in ("margin", "cash", "stock_value", "revenue")
        )
        seen.setdefault((*effect, round(option.service, 6)), option)
    chosen = {id(option) for option in seen.values()}
    return [option for option in options if id(option) in chosen]


def _keep(
    bench: Bench, change: Change, aim: str, targets: Mapping[str, float], tried: list[Tried]
) -> Option | None:
    """Re-plans one Change and notes how it ended; the option where it helps."""
    facts = bench.ask((change,))
    said = change.sentence(bench.inputs)
    if isinstance(facts, str):
        tried.append(Tried(change, said, change.title, aim, FITS_NOT, 0.0, 0.0, 0.0, facts))
        return None
    margin = facts.kpis["margin"] - bench.before.kpis["margin"]
    service = facts.kpis["service_level"] - bench.before.kpis["service_level"]
    option = bench.option((change,), aim, targets)
    assert option is not None
    outcome = PAYS if "margin" in option.helps else HELPS if option.helps else COSTS
    if outcome == COSTS and _nothing(facts, bench.before):
        outcome = SAME
    tried.append(Tried(change, said, change.title, aim, outcome, option.worth, margin, service))
    return option if option.helps else None


def _nothing(facts: Facts, before: Facts) -> bool:
    names = ("margin", "revenue", "stock_value", "service_level")
    return all(abs(facts.kpis[name] - before.kpis[name]) <= least(name, before) for name in names)


# -- together ---------------------------------------------------------------------------------------------


def _combinations(
    bench: Bench, ranked: tuple[Option, ...], targets: Mapping[str, float], rules: Rules, service: bool
) -> list[Option]:
    """The best few together: of all levers, of demand alone, of supply alone. Safety stock is left alone: giving
    it up is a decision of its own, see `Option.caution`."""
    ranked = tuple(option for option in ranked if option.caution != LESS_SAFE)
    pools = [ranked] + [
        tuple(option for option in ranked if all(change.group == group for change in option.changes))
        for group in _RESTS
    ]
    bench.tell("Combining the best", sum(min(len(pool), _POOL) for pool in pools) + 2 * rules.together)
    out: dict[frozenset[Change], Option] = {}
    for pool in pools:
        combined = combine(bench, pool[:_POOL], targets, rules, service)
        if combined is not None:
            out.setdefault(frozenset(combined.changes), combined)
    return list(out.values())


def combine(
    bench: Bench, pool: tuple[Option, ...], targets: Mapping[str, float], rules: Rules, service: bool
) -> Option | None:
    """Greedy: the best, then each next one where the whole is better with it; None where one alone is best.

    After the last, members that no longer pay are dropped.
    """
    chosen: tuple[Change, ...] = ()
    aims: list[str] = []
    best = score(bench.before, bench.before, service)
    for option in pool:
        if bench.stopped or len(chosen) >= rules.together:
            break
        if clash(chosen, option.changes):
            continue
        facts = bench.ask((*chosen, *option.changes))
        if not isinstance(facts, str) and _better(score(facts, bench.before, service), best, bench):
            chosen, best = (*chosen, *option.changes), score(facts, bench.before, service)
            aims.append(option.aim)
    for change in chosen[:-1]:
        if bench.stopped or len(chosen) <= 2:
            break
        fewer = tuple(other for other in chosen if other != change)
        facts = bench.ask(fewer)
        if not isinstance(facts, str) and not _better(best, score(facts, bench.before, service), bench):
            chosen, best = fewer, score(facts, bench.before, service)
    if len(chosen) < 2:
        return None
    return bench.option(chosen, "; ".join(dict.fromkeys(aims)), targets)


def score(facts: Facts, before: Facts, service: bool) -> tuple[float, float]:
    """What the objective counts first, then the other: worth and service level."""
    worth, served = facts.worth(before), facts.kpis["service_level"]
    return (served, worth) if service else (worth, served)


def _better(one: tuple[float, float], other: tuple[float, float], bench: Bench) -> bool:
    service = bench.inputs.policy.objective == "service"
    first, second = ("service_level", "margin") if service else ("margin", "service_level")
    if abs(one[0] - other[0]) > least(first, bench.before):
        return one[0] > other[0]
    return one[1] > other[1] + least(second, bench.before)


def clash(chosen: tuple[Change, ...], more: tuple[Change, ...]) -> bool:
    """Whether two Changes decide about the same thing: one kind on overlapping places, or one promotion twice."""
    return any(_same_place(a, b) for a in chosen for b in more)


def _same_place(a: Change, b: Change) -> bool:
    if a.lever == b.lever:
        return True
    for name in ("promotion", "product"):
        if getattr(a, name, None) is not None and getattr(a, name, None) == getattr(b, name, None):
            return True
    if a.kind != b.kind:
        return False
    # The same kind on the same names in other months is the same decision at another size.
    axes = [axis for axis in a.scope.used if axis != "months"]
    return bool(axes) and all(set(getattr(a.scope, axis)) & set(getattr(b.scope, axis)) for axis in axes)
