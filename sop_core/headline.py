"""The sentence on top of a screen, and what needs a decision: computed from the plan, never written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.calendar import month_part, span_label
from sop_core.explain.pricing import way_text
from sop_core.explain.subject import (
    Finding,
    contract_findings,
    promise_findings,
    shortage_findings,
    shortage_thing,
)
from sop_core.explain.words import money_text as money_text
from sop_core.explain.words import titles
from sop_core.kpis import utilisation
from sop_core.plan import Plan
from sop_core.planner import Company
from sop_core.supply.priced import WayOut

#: Stock is in excess where it covers the target and this many months of demand, for this part of a family's stock.
_COVER_MONTHS, _EXCESS_SHARE = 4, 0.2


@dataclass(frozen=True, slots=True)
class Sentence:
    """A computed sentence and the page that shows its cause ("" = none)."""

    text: str
    link: str = ""
    why: str = ""  #: key of its explanation (explain.Subject.key), "" = none


@dataclass(frozen=True, slots=True)
class Card:
    """Something to decide: `money` at stake orders the cards; `kind` groups them; `key` tells it apart.

    What it is about: planning `items`, the heaviest first; `resource`, `source` (a source's or supplier's name) and
    `promotion`, blank where it is not about one; `months`, first and last (2027-03) in which something can be done
    about it, blanks where it is about all of them.
    """

    title: str
    sentence: str
    money: float
    kind: str
    link: str = ""
    why: str = ""  #: key of its explanation (explain.Subject.key), "" = none
    key: str = ""
    items: tuple[str, ...] = ()
    resource: str = ""
    source: str = ""
    promotion: str = ""
    months: tuple[str, str] = ("", "")


def overview(plan: Plan, base: Plan, company: Company, way_out: str = "") -> Sentence:
    """What the room must know first: the largest shortage with place, size and way out, or the tightest margin.

    `way_out`: a sentence part from supply.priced, where one was worked out.
    """
    cards = [card for card in attention(plan, company) if card.kind == "shortage"]
    if cards:
        worst = cards[0]
        rest = sum(card.money for card in cards[1:])
        more = (
            f" Other shortages: {money_text(rest, plan.inputs.currency)}."
            if rest > 0.05 * worst.money
            else ""
        )
        out = f" {way_out}" if way_out else ""
        return Sentence(f"{worst.title}: {worst.sentence}{out}{more}", worst.link, worst.why)
    return Sentence(f"All demand is served on time. {_tightest(plan)}", "supply")


def worst_cell(plan: Plan) -> tuple[int, int] | None:
    """(item, month) positions of the shortage that weighs most, over all regions; None where nothing is short."""
    short = plan.shortages
    if not len(short):
        return None
    cells = short.groupby(["item", "month"], as_index=False, sort=False)["value"].sum()
    worst = cells.loc[cells["value"].idxmax()]
    return plan.inputs.items.index(worst["item"]), list(plan.stamps).index(worst["month"])


def way_out(ways: Sequence[WayOut], currency: str) -> str:
    """The best way out of a shortage as a sentence; "" where none was found (see Planner.ways_out)."""
    if not ways:
        return ""
    return f"Best way out: {way_text(ways[0], currency)}."


def _tightest(plan: Plan) -> str:
    values = utilisation(plan.facts)
    if not np.isfinite(values).any():
        return "No resource limits the plan."
    q, t = np.unravel_index(np.nanargmax(values), values.shape)
    month = span_label(plan.inputs.months[t], plan.inputs.months[t])
    return f"The tightest spot is {plan.inputs.resource_names[q]} in {month} at {values[q, t]:.0%} of its regular hours."


def attention(plan: Plan, company: Company) -> list[Card]:
    """What needs a decision, largest money first."""
    cards = _shortages(plan) + _promotions(plan) + _excess(plan) + _contracts(plan) + _promises(plan)
    return sorted(cards, key=lambda card: -card.money)


def _shortages(plan: Plan) -> list[Card]:
    """One card for each thing that holds demand back, in the words of every list of exceptions."""
    return [_found(plan, found, "shortage", _full(plan, found)) for found in shortage_findings(plan)]


def _found(plan: Plan, found: Finding, kind: str, months: tuple[str, str]) -> Card:
    """The card of an exception that Why explains."""
    subject, inputs = found.subject, plan.inputs
    resource = subject.thing if kind == "shortage" and subject.cause == "resource" else ""
    source = subject.thing if kind == "contract" or subject.cause == "supplier contract" else ""
    return Card(
        title=found.title,
        sentence=found.sentence,
        money=found.money,
        kind=kind,
        link="supply",
        why=subject.key,
        key=subject.key,
        items=found.items,
        resource=resource if resource in inputs.resource_names else "",
        source=source,
        months=months,
    )


def _full(plan: Plan, found: Finding) -> tuple[str, str]:
    """First and last month in which what holds a shortage back is full; without such, those of its orders."""
    short, subject = plan.shortages, found.subject
    ends: list[tuple[str, str]] = []
    columns = ("cause_kind", "binding", "full_from", "full_to")
    for cause, binding, begin, end in zip(*(short[name].tolist() for name in columns), strict=True):
        if cause != subject.cause or begin is pd.NaT:
            continue
        if shortage_thing(plan, cause, binding) == subject.thing:
            ends.append((f"{begin:%Y-%m}", f"{end:%Y-%m}"))
    if not ends:
        return _ends(found.months)
    return min(first for first, _ in ends), max(last for _, last in ends)


def _ends(months: Sequence[str]) -> tuple[str, str]:
    return (months[0], months[-1]) if months else ("", "")


def _promotions(plan: Plan) -> list[Card]:
    """Planned promotions that sell what is short in their months."""
    short = plan.shortages
    cards: list[Card] = []
    if not len(short):
        return cards
    for promotion in plan.inputs.demand.promotions:
        months = plan.stamps[month_part(plan.inputs.months, promotion.start, promotion.end) > 0]
        items = [name for name, share in zip(plan.inputs.items, promotion.share, strict=True) if share > 0]
        hit = short[short["month"].isin(months) & short["item"].isin(items)]
        if promotion.uplift <= 0 or not len(hit):
            continue
        value, units = float(hit["value"].sum()), float(hit["quantity"].sum())
        names = titles(plan, list(dict.fromkeys(hit["item"])))
        cards.append(
            Card(
                title=f"Promotion {promotion.name} sells what is short",
                sentence=f"It runs in {span_label(months[0], months[-1])}, when {units:,.0f} units of {names} are "
                "not served on time; try moving it.",
                money=value,
                kind="promotion",
                link="scenarios",
                key=f"promotion~{promotion.name}",
                items=tuple(items),
                promotion=promotion.name,
                months=(f"{months[0]:%Y-%m}", f"{months[-1]:%Y-%m}"),
            )
        )
    return cards


def _excess(plan: Plan) -> list[Card]:
    """Families whose stock at the start covers more than the target and the months that any pre-build needs."""
    inputs = plan.inputs
    target = inputs.stock_target.sum(axis=1)
    need = plan.demand.total.sum(axis=(1, 2))[:, :_COVER_MONTHS]
    opening = inputs.stock.opening.sum(axis=1)
    unit_cost = inputs.item.unit_cost
    over = np.maximum(opening - target[:, 0] - need.sum(axis=1), 0.0) * unit_cost
    cards = []
    families = np.array(inputs.item_family)
    for family in dict.fromkeys(inputs.item_family):
        rows = families == family
        held, excess = float(opening[rows] @ unit_cost[rows]), float(over[rows].sum())
        if excess <= _EXCESS_SHARE * held or excess < 0.01 * plan.money.opening_stock_value:
            continue
        monthly = float(need[rows].mean(axis=1) @ unit_cost[rows])
        cover = f"{held / monthly:.1f} months of its coming demand" if monthly > 0 else "no demand at all"
        cards.append(
            Card(
                title=f"{family}: too much stock",
                sentence=f"{money_text(held, inputs.currency)} in stock, {cover}; {money_text(excess, inputs.currency)} "
                f"of it is above target and will not be needed for {_COVER_MONTHS} months.",
                money=excess,
                kind="excess",
                link="supply",
                key=f"excess~{family}",
                items=tuple(name for name, own in zip(inputs.items, rows.tolist(), strict=True) if own),
            )
        )
    return cards


def _contracts(plan: Plan) -> list[Card]:
    """Contract minima that the plan does not take."""
    return [_found(plan, found, "contract", _ends(found.months)) for found in contract_findings(plan)]


def _promises(plan: Plan) -> list[Card]:
    """Hard rules that could not be kept."""
    return [_found(plan, found, "promise", _ends(found.months)) for found in promise_findings(plan)]
