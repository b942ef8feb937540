"""How much of the difference between two plans each Change, or group of Changes, has brought.

*Order-free*: the contribution of a group is its mean effect over every order in which the groups could be made
(Shapley 1953, "A value for n-person games"): with n groups 2^n plans are looked at. *In order*: the groups are made one
after the other, each has what it changes when its turn comes. Both add up to the whole difference for every KPI,
sums and ratios alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sop_core.bridge.route import Group, Route, groupings, joined, route, singles
from sop_core.errors import PlanError, ScenarioError
from sop_core.inputs import Floats, Inputs
from sop_core.kpis import KPIS, on_time
from sop_core.plan import Plan
from sop_core.scenario import Scenario

Progress = Callable[[str, int, int], None]
Rule = Literal["order-free", "in order"]
RULES: Final[tuple[Rule, ...]] = ("order-free", "in order")

#: What is followed beside the KPIs, for the sentences: units not served in the month they were asked for.
LATE: Final = "late_units"


def values(plan: Plan) -> dict[str, float]:
    """Every KPI of a plan, and the units that are not served in their month."""
    late = float(plan.demand.total.sum() - on_time(plan.facts).sum())
    return {**plan.kpis, LATE: late}


#: What a scenario's plan comes to (see `values`). Raises ScenarioError, PlanError where it cannot be planned.
Measure = Callable[[Scenario], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Part:
    """What a group of Changes brings: KPI (or LATE) -> contribution; nan where the KPI has no value on the way."""

    group: Group
    effects: Mapping[str, float]


@dataclass(frozen=True)
class Attribution:
    """The difference between two plans by Change. For every KPI the parts sum to `end` less `start`."""

    start: Mapping[str, float]
    end: Mapping[str, float]
    parts: tuple[Part, ...]
    rule: Rule
    said: str  #: the rule that was used, in words
    plans: int  #: scenarios that were looked at between the two
    notes: tuple[str, ...] = ()  #: what was taken together because it cannot be planned apart

    def difference(self, kpi: str) -> float:
        """End less start."""
        return self.end[kpi] - self.start[kpi]


def replans(start: Scenario, end: Scenario, inputs: Inputs, rule: Rule = "order-free") -> int:
    """How many scenarios between the two `attribute` will look at, at most."""
    found = route(start, end)
    if rule == "in order":
        return max(len(found.edits) - 1, 0)
    return max(2 ** len(groupings(found, inputs)) - 2, 0)


def attribute(
    start: Scenario,
    end: Scenario,
    measure: Measure,
    inputs: Inputs,
    rule: Rule = "order-free",
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Attribution | None:
    """The difference between two scenarios of one company, by Change. `inputs`: the company's, for names.

    Scenarios on the way that cannot be planned (a Change that needs another one) are made impossible by taking the
    Changes concerned together, which `notes` says. When stopped, the answer falls back on the order of the list if
    enough was planned for that, and is None if not. Raises what `measure` raises for the two scenarios themselves.
    """
    found = route(start, end)
    walk = _Walk(found, measure, stop or _never)
    ends = walk.at(frozenset()), walk.at(frozenset(range(len(found.edits))))
    free = rule == "order-free" and len(found.edits) > 1
    groups = groupings(found, inputs) if free else singles(found, inputs)
    walk.told = _counted(progress, 2 ** len(groups) - 2 if free else len(groups) - 1)
    # The order of the list first: it is part of the table, and what is left if the rest is stopped.
    in_order, steps = _path(walk, groups)
    if steps is None:
        return None
    if free:
        table = _table(walk, groups)
        if table is not None:
            merged, table = _plannable(groups, table, walk.reasons)
            return _answer(ends, merged, _shapley(len(merged), table), "order-free", walk, _free(merged))
    said = _STOPPED if walk.stopped else _ALONE if len(in_order) < 2 else _ORDER
    with np.errstate(invalid="ignore"):  # a KPI without a value on the way has no parts
        effects: Floats = np.diff(steps, axis=0)
    return _answer(ends, in_order, effects, "in order", walk, said)


def _never() -> bool:
    return False


_ALONE: Final = "The two plans differ in one respect, which has the whole difference."
_ORDER: Final = (
    "In order: the Changes are made one after the other, in the order in which the scenarios apply them; each has what "
    "it changes when its turn comes. In another order the parts would differ, their sum would not."
)
_STOPPED: Final = f"Stopped before every order was tried. {_ORDER}"


def _free(groups: tuple[Group, ...]) -> str:
    if len(groups) < 2:
        return _ALONE
    orders = math.factorial(len(groups))
    return (
        f"Order-free: each part is its mean effect over all {orders:,} orders in which the {len(groups)} parts could be "
        "made (Shapley value), so no order is favoured and the parts add up."
    )


def _answer(
    ends: tuple[Floats, Floats],
    groups: tuple[Group, ...],
    effects: Floats,
    rule: Rule,
    walk: _Walk,
    said: str,
) -> Attribution:
    parts = tuple(
        Part(group, dict(zip(_NAMES, row.tolist(), strict=True)))
        for group, row in zip(groups, effects, strict=True)
    )
    start, end = (dict(zip(_NAMES, row.tolist(), strict=True)) for row in ends)
    together = tuple(group.note for group in groups if "taken together" in group.note)
    return Attribution(start, end, parts, rule, said, walk.asked, together)


_NAMES: Final = (*KPIS, LATE)


def _counted(progress: Progress | None, total: int) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if progress is not None and total > 0:
            progress("Planning what lies between", min(done, total), total)

    return tell


class _Walk:
    """The scenarios between the two, each planned once, by the edits that are made in it."""

    def __init__(self, found: Route, measure: Measure, stop: Callable[[], bool]) -> None:
        self.found, self.measure, self.stop = found, measure, stop
        self.known: dict[str, Floats] = {}
        self.reasons: dict[frozenset[int], str] = {}
        self.seen: set[frozenset[int]] = set()
        self.stopped = False
        self.told: Callable[[int], None] = lambda done: None

    def at(self, made: frozenset[int]) -> Floats:
        """[kpi] of the scenario in which these edits are made. Raises ScenarioError, PlanError."""
        if not made:
            scenario = self.found.start
        elif len(made) == len(self.found.edits):
            scenario = self.found.end
        else:
            scenario = self.found.between(made)
        key = scenario.fingerprint()
        known = self.known.get(key)
        if known is None:
            measured = self.measure(scenario)
            known = self.known[key] = np.array([measured[name] for name in _NAMES])
        return known

    def tried(self, made: frozenset[int]) -> Floats | None:
        """The same; None where it cannot be planned (the reason is kept), or where the walk was stopped."""
        if made in self.reasons:
            return None
        if self.stopped or self.stop():
            self.stopped = True
            return None
        try:
            answer = self.at(made)
        except (ScenarioError, PlanError) as error:
            self.reasons[made] = str(error)
            return None
        if made not in self.seen:
            self.seen.add(made)
            self.told(self.asked)
        return answer

    @property
    def asked(self) -> int:
        """Scenarios between the two that were looked at and can be planned."""
        return len(self.seen)


def _edits(groups: tuple[Group, ...]) -> frozenset[int]:
    return frozenset(edit for group in groups for edit in group.edits)


def _path(walk: _Walk, groups: tuple[Group, ...]) -> tuple[tuple[Group, ...], Floats | None]:
    """The groups made one after the other: [n + 1, kpi] values, None where stopped. A group after which nothing can be
    planned is taken together with the next one."""
    whole = walk.at(_edits(groups))
    rows = [walk.at(frozenset())]
    taken: list[Group] = []
    waiting: Group | None = None
    for n, group in enumerate(groups):
        here = group if waiting is None else joined(waiting, group, walk.reasons[_edits((*taken, waiting))])
        waiting = None
        if n == len(groups) - 1:
            taken.append(here)
            rows.append(whole)
            break
        values_here = walk.tried(_edits((*taken, here)))
        if walk.stopped:
            return groups, None
        if values_here is None:
            waiting = here
            continue
        taken.append(here)
        rows.append(values_here)
    return tuple(taken), np.array(rows)


def _table(walk: _Walk, groups: tuple[Group, ...]) -> dict[int, Floats | None] | None:
    """Values by bit mask of the groups made; None for a mask that cannot be planned, None at all where stopped."""
    table: dict[int, Floats | None] = {0: walk.at(frozenset())}
    full = 2 ** len(groups) - 1
    table[full] = walk.at(_edits(groups))
    for mask in range(1, full):
        table[mask] = walk.tried(_edits(_made(groups, mask)))
        if walk.stopped:
            return None
    return table


def _made(groups: tuple[Group, ...], mask: int) -> tuple[Group, ...]:
    return tuple(group for n, group in enumerate(groups) if mask >> n & 1)


def _plannable(
    groups: tuple[Group, ...], table: dict[int, Floats | None], reasons: Mapping[frozenset[int], str]
) -> tuple[tuple[Group, ...], dict[int, Floats | None]]:
    """Groups joined until every scenario between them can be planned, always the pair that leaves fewest that cannot;
    the table of what is left."""
    while any(row is None for row in table.values()):
        pairs = [(g, h) for g in range(len(groups)) for h in range(g + 1, len(groups))]
        g, h = min(pairs, key=lambda pair: (_failing(table, *pair), pair))
        mask = next(m for m, row in table.items() if row is None and m >> g & 1 != m >> h & 1)
        why = reasons[_edits(_made(groups, mask))]
        table = {_without(m, h): row for m, row in table.items() if m >> g & 1 == m >> h & 1}
        both = joined(groups[g], groups[h], why)
        groups = tuple(both if n == g else group for n, group in enumerate(groups) if n != h)
    return groups, table


def _failing(table: Mapping[int, Floats | None], g: int, h: int) -> float:
    """Scenarios that still cannot be planned once two groups are one; a pair that mends nothing comes last."""
    left = sum(row is None for mask, row in table.items() if mask >> g & 1 == mask >> h & 1)
    return left if left < sum(row is None for row in table.values()) else math.inf


def _without(mask: int, bit: int) -> int:
    """The mask with one bit taken out and the higher ones moved down."""
    return (mask & ((1 << bit) - 1)) | (mask >> (bit + 1) << bit)


def _shapley(count: int, table: Mapping[int, Floats | None]) -> Floats:
    """[group, kpi] mean marginal effects over all orders."""
    rows = np.array([table[mask] for mask in range(2**count)])
    out = np.zeros((count, rows.shape[1]))
    with np.errstate(invalid="ignore"):  # a KPI without a value on the way has no parts
        for n in range(count):
            for mask in range(2**count):
                if mask >> n & 1:
                    continue
                size = mask.bit_count()
                weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
                out[n] += weight * (rows[mask | 1 << n] - rows[mask])
    return out
