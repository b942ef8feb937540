"""Which Changes could help where a plan hurts, sized by what is missing there.

Only levers that have a price in the plan are proposed: overtime, shifts, heads, volumes of sources, materials and
lanes, room where it is short (at the site's storage cost), stock targets, prices where the elasticity is known,
promotions, launches, priorities. Never what would merely be nice to have: regular hours, wages, unit costs or demand
given for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import numpy as np

from sop_core.changes import REGISTRY, Change
from sop_core.inputs import Inputs
from sop_core.options import demand_levers, supply_levers
from sop_core.options.pains import MAXIMUM, MINIMUM, OVERTIME, STOCK, Pain
from sop_core.plan import Plan
from sop_core.planner import Company
from sop_core.scenario import Scenario
from sop_core.supply import causes

#: Changes that may stand twice on the same place in a scenario: the second adds to the first.
_ADDS = frozenset(
    {
        "overtime",
        "extra_shift",
        "source_volume",
        "safety_stock",
        "material_volume",
        "lane_volume",
        "storage_capacity",
    }
)
#: Fields that name a promotion or a launch.
_NAMED = ("promotion", "product")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the finder may do. `leave`: kinds of Changes never proposed (agreed demand, say); `most`: candidates tried
    one by one; `together`: Changes in one combination; `prefer`: KPI whose pains are looked at first."""

    leave: frozenset[str] = frozenset()
    most: int = 64
    together: int = 5
    prefer: str = ""

    @classmethod
    def without(cls, groups: Iterable[str], **more: Any) -> Rules:
        """Rules that leave whole groups of levers alone: "Demand", "Supply", "Money & policy"."""
        wanted = frozenset(groups)
        kinds = frozenset(kind for kind, change in REGISTRY.items() if change.group in wanted)
        return cls(leave=kinds, **more)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A Change that might help, and the pain it is meant for."""

    change: Change
    aim: str = field(compare=False)


#: KPI -> kinds of pain that its goal looks at first.
_TOWARD = {
    "stock_value": (STOCK, MINIMUM),
    "stock_units": (STOCK, MINIMUM),
    "working_capital": (STOCK, MINIMUM),
    "days_of_supply": (STOCK, MINIMUM),
    "turns": (STOCK, MINIMUM),
    "overtime_hours": (OVERTIME,),
    "peak_utilisation": (OVERTIME,),
    "utilisation": (OVERTIME,),
}


def candidates(plan: Plan, company: Company, found: tuple[Pain, ...], rules: Rules) -> tuple[Candidate, ...]:
    """The Changes worth a re-plan, the most promising first, `rules.most` at the most.

    Pains take turns, so that the largest does not crowd out the rest. What the scenario has already, what it has
    decided about, and what lies in frozen months is left out.
    """
    first = _TOWARD.get(rules.prefer, causes.KINDS)
    ordered = sorted(found, key=lambda pain: pain.kind not in first)
    lines = [list(_of_pain(plan, company, pain, rules)) for pain in ordered]
    lines.append(list(_of_plan(plan)))
    taken = _taken(plan.scenario)
    out: dict[str, Candidate] = {}
    for row in zip_longest(*lines):
        for one in row:
            if one is None or one.change.kind in rules.leave or _decided(one.change, taken):
                continue
            out.setdefault(_key(one.change), one)
    return tuple(out.values())[: rules.most]


def _of_pain(plan: Plan, company: Company, pain: Pain, rules: Rules) -> Iterator[Candidate]:
    said = pain.sentence
    for change in _levers(plan, company, pain, rules):
        yield Candidate(change, said)


def _levers(plan: Plan, company: Company, pain: Pain, rules: Rules) -> Iterator[Change]:
    if pain.kind == STOCK:
        yield from supply_levers.less_stock(plan, pain, deep=rules.prefer in _TOWARD)
        yield from demand_levers.cheaper(plan, company, pain)
    elif pain.kind == OVERTIME:
        if rules.prefer in _TOWARD and OVERTIME in _TOWARD[rules.prefer]:
            yield from supply_levers.less_overtime(plan, pain)
        yield from supply_levers.instead_of_overtime(plan, pain)
    elif pain.kind in (MAXIMUM, MINIMUM):
        yield from supply_levers.contract(plan, pain)
    else:
        supply = supply_levers.for_shortage(plan, pain)
        demand = demand_levers.for_shortage(plan, company, pain)
        for pair in zip_longest(supply, demand):
            yield from (change for change in pair if change is not None)


def _of_plan(plan: Plan) -> Iterator[Candidate]:
    """Levers of the plan as a whole: its policy, its promotions."""
    for change in demand_levers.policy(plan):
        yield Candidate(change, "what the plan reaches for, and who is served first")
    for change in demand_levers.promotions(plan, None):
        yield Candidate(change, "what the promotion earns in its month")


# -- what is left alone -----------------------------------------------------------------------------------


def _key(change: Change) -> str:
    return json.dumps(change.acting(), sort_keys=True)


@dataclass(frozen=True, slots=True)
class _Taken:
    keys: frozenset[str]
    levers: frozenset[object]
    names: frozenset[tuple[str, str]]


def _taken(scenario: Scenario) -> _Taken:
    active = scenario.active
    names = {
        (field, str(getattr(change, field)))
        for change in active
        for field in (*_NAMED, "name")
        if getattr(change, field, None)
    }
    return _Taken(
        frozenset(_key(change) for change in active),
        frozenset(change.lever for change in active if change.kind not in _ADDS),
        frozenset(("promotion", value) if field == "name" else (field, value) for field, value in names),
    )


def _decided(change: Change, taken: _Taken) -> bool:
    """Whether the scenario has this Change, or has decided about the same lever, promotion or launch."""
    if change.is_neutral or _key(change) in taken.keys or change.lever in taken.levers:
        return True
    return any((name, str(getattr(change, name, ""))) in taken.names for name in _NAMED)


def months_ahead(change: Change, inputs: Inputs) -> int:
    """Months from the start of the plan until the Change first acts; 0 where it acts at once."""
    named = getattr(change, "promotion", None)
    if named is not None:
        starts = [p.start for p in inputs.demand.promotions if p.name == named]
        ahead = [int((day.astype("datetime64[M]") - inputs.months[0]).astype(int)) for day in starts]
        ahead = [months + min(getattr(change, "months", 0), 0) for months in ahead]
        return max(min(ahead, default=0), 0)
    launched = getattr(change, "product", None)
    if launched is not None:
        days = [launch.month for launch in inputs.demand.launches if launch.name == launched]
        ahead = [int((day.astype("datetime64[M]") - inputs.months[0]).astype(int)) for day in days]
        return max(min(ahead, default=0) + min(getattr(change, "months", 0), 0), 0)
    inside = np.flatnonzero(change.scope.months(inputs))
    return int(inside[0]) if len(inside) else 0
