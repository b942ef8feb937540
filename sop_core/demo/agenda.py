"""What the demo company's executives have to decide: decisions with options, assumptions and an open issue.

Texts are made up like the company; every number in them is worked out from plans of it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.changes import Change, PromotionMove, SafetyStockCover, Scope, SourceVolume
from sop_core.cycle.assumption import GROWTH, JUDGED, Assumption, Link
from sop_core.cycle.decision import APPROVED, PROPOSED, Decision, OptionConsidered
from sop_core.cycle.issue import Issue
from sop_core.cycle.waiting import cost_of_waiting
from sop_core.demo.clock import Clock
from sop_core.demo.proposals import CREW, PROPOSAL, proposals
from sop_core.plan import Plan
from sop_core.planner import Company
from sop_core.scenario import Scenario

_SALES, _MAKING, _BUYING, _PLANNING = (
    "Elena Ricci, Sales", "Marco Ferri, Production", "Ines Vogel, Purchasing", "Jonas Keller, Planning",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is written down before the executive review, each with who wrote it."""

    decisions: tuple[Decision, ...]
    assumptions: tuple[Assumption, ...]
    issues: tuple[Issue, ...]


def agenda(
    company: Company, plan: Callable[[Scenario], Plan], last_closed: dt.date = dt.date(2026, 10, 1)
) -> Agenda:
    """The agenda of `company`, planned by `plan`; `last_closed` as for `demo.build`. A dozen plans."""
    clock = Clock.ending(last_closed)
    known = {scenario.name: scenario for scenario in proposals(last_closed)}
    proposed = known[PROPOSAL]
    move, padana, elbtal, tools = (_change(proposed, n) for n in range(4))
    assert isinstance(move, PromotionMove)
    assert isinstance(padana, SourceVolume)
    assert isinstance(elbtal, SourceVolume)
    assert isinstance(tools, SafetyStockCover)
    whole = plan(proposed)

    def without(change: Change, title: str) -> OptionConsidered:
        rest = tuple(step for step in proposed.steps if step.change != change)
        return _option(plan(dataclasses.replace(proposed, steps=rest)), title, scenario="")

    def decide(
        title: str, why: str, owner: str, due: dt.date, change: Change, options: Sequence[OptionConsidered],
        *, waits: bool = False, state: str = PROPOSED, comment: str = "",
    ) -> Decision:  # fmt: skip
        cost = cost_of_waiting(plan, proposed, (change,), company.inputs.months).cost if waits else None
        return Decision(
            title=title, why=why, owner=owner, due=due, scenario=PROPOSAL, changes=(change,), options=tuple(options),
            recommendation=options[0].title, cost_of_waiting=cost, state=state, comment=comment,
        )  # fmt: skip

    start = clock.plan_start
    decisions = (
        decide(
            "Move the Mower Weeks to July",
            "In May the Mower Line is full: the promotion gives price away there and brings late orders.",
            _SALES,
            _day(start + 1, 15),
            move,
            (
                _option(whole, "In July", scenario=PROPOSAL),
                without(move, "In May, as planned"),
                _option(plan(known[CREW]), "In May, with a larger mower crew", scenario=CREW),
            ),
        ),
        decide(
            "Take 900 MOW-33 a month from Elbtal",
            "What the Mower Line cannot make by spring can be bought, dearer by the piece.",
            _BUYING,
            _day(start, 28),
            elbtal,
            (_option(whole, "900 a month", scenario=PROPOSAL), without(elbtal, "No more than today")),
            waits=True,
        ),
        decide(
            "Ask Padana Plast for a tenth more from January",
            "The contract allows a little less a month than the summer needs; the rest comes from Eastgrove, dearer.",
            _BUYING,
            _day(start + 1, 20),
            padana,
            (_option(whole, "A tenth more", scenario=PROPOSAL), without(padana, "The contract as it is")),
            waits=True,
        ),
        decide(
            "Sell the hand tools down",
            "Eight months of demand lie in the warehouses since a chain dropped them.",
            _PLANNING,
            _day(start + 1, 10),
            tools,
            (_option(whole, "Half the stock targets", scenario=PROPOSAL), without(tools, "Targets as they are")),
            state=APPROVED,
            comment="Agreed in the pre-S&OP meeting; output of hand tools follows from the next week on.",
        ),
    )  # fmt: skip
    return Agenda(decisions, _assumptions(company, clock, padana), _issues(clock))


def _assumptions(company: Company, clock: Clock, padana: SourceVolume) -> tuple[Assumption, ...]:
    start = clock.plan_start
    march, may = clock.in_season(3), clock.in_season(5)
    growth = round(_growth(company, "Mowers", march, may), 2)
    return (
        Assumption(
            driver="A usual spring",
            measure=GROWTH,
            value=growth,
            low=growth - 0.06,
            high=growth + 0.08,
            valid_from=_day(start, 1),
            valid_until=_day(clock.in_season(2), 28),
            scope=Scope(families=("Mowers",), first=str(march), last=str(may)),
            owner=_SALES,
            note="A late spring costs the mowers what the last warm one brought.",
        ),
        Assumption(
            driver="Padana Plast agrees to a tenth more",
            measure=JUDGED,
            value=10.0,
            low=0.0,
            high=10.0,
            unit="% more a month",
            valid_from=_day(start, 1),
            valid_until=_day(clock.in_season(1), 31),
            scope=Scope(families=("Irrigation",)),
            owner=_BUYING,
            links=(Link(PROPOSAL, padana),),
            note="Talks in December; the contract is made for the calendar year.",
        ),
    )


def _issues(clock: Clock) -> tuple[Issue, ...]:
    return (
        Issue(
            title="Overtime on the Mower Line or six more heads",
            between=("Production", "Finance"),
            resolver=_MAKING,
            due=_day(clock.plan_start + 1, 10),
            note="Overtime costs less this year; heads stay, and need to be trained by January.",
        ),
    )


def _option(plan: Plan, title: str, scenario: str) -> OptionConsidered:
    return dataclasses.replace(OptionConsidered.of(plan, title), scenario=scenario)


def _change(scenario: Scenario, position: int) -> Change:
    return scenario.active[position]


def _day(month: np.datetime64, day: int) -> dt.date:
    first: dt.date = month.astype("datetime64[D]").item()
    return first.replace(day=day)


def _growth(company: Company, family: str, first: np.datetime64, last: np.datetime64) -> float:
    """The forecast of a family in some months against the same months a year before."""
    inputs, history = company.inputs, company.history
    assert history is not None
    mine = np.array(inputs.item_family, dtype=object) == family
    ahead = (inputs.months >= first) & (inputs.months <= last)
    before = (history.months >= first - 12) & (history.months <= last - 12)
    old = float(history.actual[mine][..., before].sum())
    return float(inputs.demand.base[mine][..., ahead].sum()) / old - 1.0 if old else 0.0
