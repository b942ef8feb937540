"""The agenda of a pre-S&OP meeting: a plan's exceptions in money order, then what is open in the month's registers.

Sentences, money and what each is about (items, resource, months: they choose its pictures and levers) are those of
`headline.attention`, so that the room reads what the overview says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np

from sop_core.calendar import month_label
from sop_core.cycle.agreement import Agreement
from sop_core.cycle.assumption import Assumption
from sop_core.cycle.issue import OPEN, Issue
from sop_core.cycle.meeting import MOST_TOPICS, Topic
from sop_core.headline import Card, attention
from sop_core.inputs import Inputs
from sop_core.plan import Plan
from sop_core.planner import Company

#: Kinds of topics that come from a register.
AGREEMENT, ASSUMPTION, ISSUE = "agreement", "assumption", "issue"


def exceptions(plan: Plan, company: Company) -> tuple[Topic, ...]:
    """What needs a decision in a plan, largest money first."""
    return tuple(_topic(card) for card in attention(plan, company))


def agenda(
    plan: Plan,
    company: Company,
    *,
    day: dt.date,
    agreement: Agreement | None,
    assumptions: Iterable[tuple[int, Assumption]] = (),
    issues: Iterable[tuple[int, Issue]] = (),
) -> tuple[Topic, ...]:
    """Exceptions in money order, then the agreement where it is missing, assumptions past their day (`day` is today),
    and open issues, the earliest due first. `assumptions`, `issues`: (number in the register, entry)."""
    inputs = company.inputs
    found = [*exceptions(plan, company)]
    if agreement is None or not agreement.in_force:
        found.append(
            Topic(
                key=AGREEMENT,
                title="Demand is not agreed",
                sentence=f"The demand of the cycle {month_label(inputs.months[0])} has not been agreed on; the plan "
                "stands on the working forecast.",
                kind=AGREEMENT,
            )
        )
    late = [(entry.valid_until, at, entry) for at, entry in assumptions if entry.overdue(day)]
    for _, at, entry in sorted(late, key=lambda row: row[:2]):
        found.append(
            Topic(
                key=f"{ASSUMPTION}|{at}",
                title=f"Assumption past its day: {entry.driver}",
                sentence=f"{entry.sentence()}. To be looked at again by {entry.valid_until:%d %b %Y}"
                + (f"; owner {entry.owner}." if entry.owner else "."),
                kind=ASSUMPTION,
                items=_assumed(entry, inputs),
            )
        )
    still = [(issue.due or dt.date.max, at, issue) for at, issue in issues if issue.state == OPEN]
    for _, at, issue in sorted(still, key=lambda row: row[:2]):
        overdue = " It is overdue." if issue.overdue(day) else ""
        found.append(
            Topic(
                key=f"{ISSUE}|{at}",
                title=f"Open issue: {issue.title}",
                sentence=f"{issue.sentence()}.{overdue}",
                kind=ISSUE,
            )
        )
    return tuple(found[:MOST_TOPICS])


def _topic(card: Card) -> Topic:
    first, last = card.months
    return Topic(
        key=card.key,
        title=card.title,
        sentence=card.sentence,
        money=card.money,
        kind=card.kind,
        items=card.items,
        resource=card.resource,
        source=card.source,
        promotion=card.promotion,
        first=first,
        last=last,
    )


def _assumed(entry: Assumption, inputs: Inputs) -> tuple[str, ...]:
    """The planning items that an assumption is about; none = all of them."""
    scope = entry.scope
    if not (scope.products or scope.families or scope.categories):
        return ()
    chosen = np.zeros(len(inputs.items), dtype=bool)
    for names, wanted in (
        (inputs.items, scope.products),
        (inputs.item_family, (*scope.families, *scope.products)),
        (inputs.item_category, scope.categories),
    ):
        chosen |= np.isin(np.asarray(names, dtype=str), np.asarray(wanted, dtype=str))
    return tuple(name for name, mine in zip(inputs.items, chosen.tolist(), strict=True) if mine)
