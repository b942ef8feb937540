"""The agenda of a pre-S&OP meeting: a plan's exceptions in money order, then what is open in the month's registers.

Sentences and money are those of `headline.attention`, so that the room reads what the overview says; what is added
here is what each is about (items, resource, months), which chooses its pictures and levers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from sop_core.calendar import month_label, month_part
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
#: Two amounts of money of one group are the same up to this part.
_SAME = 1e-9


def exceptions(plan: Plan, company: Company) -> tuple[Topic, ...]:
    """What needs a decision in a plan, largest money first."""
    groups = list(_short_groups(plan))
    return tuple(_topic(card, plan, groups) for card in attention(plan, company))


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


def _topic(card: Card, plan: Plan, groups: Sequence[tuple[str, str, pd.DataFrame]]) -> Topic:
    if card.kind == "shortage":
        for cause, thing, rows in groups:
            value = float(rows["value"].sum())
            if abs(value - card.money) <= _SAME * max(abs(value), 1.0):
                return _shortage(card, plan, cause, thing, rows)
    inputs = plan.inputs
    key = f"{card.kind}|{card.title}"
    if card.kind == "promotion":
        for promotion in inputs.demand.promotions:
            if promotion.name in card.title:
                items = tuple(n for n, share in zip(inputs.items, promotion.share, strict=True) if share > 0)
                hit = inputs.months[month_part(inputs.months, promotion.start, promotion.end) > 0]
                first, last = (str(hit[0]), str(hit[-1])) if len(hit) else ("", "")
                return _said(card, key, items=items, promotion=promotion.name, first=first, last=last)
    if card.kind == "excess":
        for family in dict.fromkeys(inputs.item_family):
            if card.title.startswith(f"{family}:"):
                items = tuple(
                    n for n, own in zip(inputs.items, inputs.item_family, strict=True) if own == family
                )
                return _said(card, key, items=items)
    if card.kind == "contract":
        for k, name in enumerate(inputs.source_names):
            if card.title.startswith(f"{name}:"):
                short = inputs.months[plan.solution.contract_shortfall[k] > 1e-6]
                first, last = (str(short[0]), str(short[-1])) if len(short) else ("", "")
                item = inputs.items[int(inputs.source.item[k])]
                return _said(card, key, items=(item,), source=name, first=first, last=last)
    return _said(card, f"{card.kind}|{card.sentence}" if card.kind == "promise" else key)


def _said(card: Card, key: str, **about: object) -> Topic:
    return Topic(key, card.title, card.sentence, card.money, card.kind, **about)  # type: ignore[arg-type]


def _shortage(card: Card, plan: Plan, cause: str, thing: str, rows: pd.DataFrame) -> Topic:
    """A shortage's topic: its items by what they weigh, and the months in which something can be done about it."""
    items = rows.groupby("item")["value"].sum().sort_values(ascending=False).index
    first, last = rows["full_from"].min(), rows["full_to"].max()
    if pd.isna(first):
        first, last = rows["month"].min(), rows["month"].max()
    inputs = plan.inputs
    return Topic(
        key=f"shortage|{cause}|{thing}",
        title=card.title,
        sentence=card.sentence,
        money=card.money,
        kind="shortage",
        items=tuple(str(name) for name in items),
        resource=thing if cause == "resource" and thing in inputs.resource_names else "",
        source=thing if cause == "supplier contract" else "",
        first=f"{first:%Y-%m}",
        last=f"{last:%Y-%m}",
    )


def _short_groups(plan: Plan) -> Iterable[tuple[str, str, pd.DataFrame]]:
    """Shortages by what holds them back, as `headline.attention` gathers them: (kind of cause, thing, rows)."""
    short = plan.shortages
    inputs = plan.inputs
    supplier = {
        name: who or name for name, who in zip(inputs.source_names, inputs.source.supplier, strict=True)
    }
    things = short["binding"].where(short["cause_kind"] != "lead time", "")
    things = things.where(short["cause_kind"] != "supplier contract", things.map(supplier))
    for (cause, thing), rows in short.groupby(["cause_kind", things], sort=False):
        yield str(cause), str(thing), rows


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
