"""Why hours are worked beyond regular, contracts missed, and stock off its target."""

from __future__ import annotations

import numpy as np

from sop_core.explain import route, words
from sop_core.explain.explanation import Binding, Explanation, Link
from sop_core.explain.shortage import binding_of, resource_binding
from sop_core.explain.subject import (
    Subject,
    above_target,
    contract_findings,
    findings,
    over_regular,
    overload_findings,
    promise_findings,
)
from sop_core.inputs import Floats, Inputs
from sop_core.plan import Plan
from sop_core.supply import causes
from sop_core.supply.priced import Lever

#: Items named in a sentence.
_MOST = 3


def _position(names: tuple[str, ...], name: str) -> int | None:
    return names.index(name) if name in names else None


def _month(plan: Plan, subject: Subject, weight: Floats) -> int | None:
    """The month asked about, or the one that weighs most; None where it weighs nothing."""
    months = [str(m) for m in plan.inputs.months]
    at = months.index(subject.month) if subject.month in months else int(np.argmax(weight))
    return at if weight[at] > 0 else None


def explain_overload(plan: Plan, subject: Subject) -> Explanation | None:
    """Why a resource is needed beyond its regular hours: whose orders need it, and what its last hour earns."""
    inputs, solution = plan.inputs, plan.solution
    q = _position(inputs.resource_names, subject.thing)
    if q is None:
        return None
    hours = over_regular(plan)[q]
    month = _month(plan, subject, hours)
    title = next((one.title for one in overload_findings(plan) if one.subject.thing == subject.thing), "")
    if month is None or not title:
        return None
    when, name = words.month(inputs, month), inputs.resource_names[q]
    by_item = _hours_by_item(plan, q, month)
    worked = float(solution.overtime[q, month])
    parts = [f"{words.count(worked)} overtime hours"] if worked > 0.5 else []
    if solution.shifts[q, month] > 1e-6:
        parts.append(f"{words.count(float(solution.shifts[q, month]))} extra shifts")
    need = ", ".join(f"{inputs.title(i)} {by_item[i] / by_item.sum():.0%}" for i in _largest(by_item))
    regular = float(solution.load[q, month] - hours[month])
    links = [
        Link("Resource", name, when, float(solution.load[q, month] / regular) if regular > 0 else float("nan"),
             f"{words.count(float(solution.load[q, month]))} hours needed, {words.count(regular)} regular", True),
    ]  # fmt: skip
    links += _for_whom(plan, q, month, by_item)
    capped = worked > 1e-6
    binding = (
        Binding((Lever("overtime", (q,), month),), f"hour of the overtime worked at {name} in {when}", "hour", (), (q,))
        if capped
        else None
    )  # fmt: skip
    return Explanation(
        subject=Subject(subject.kind, subject.thing, "", "", str(inputs.months[month])),
        title=title,
        sentence=f"{when}: {name} works {' and '.join(parts) or 'beyond its regular hours'} because its load is "
        f"{words.count(float(solution.load[q, month]))} hours against {words.count(regular)} regular ones. "
        f"The load comes from {need}.",
        chain=tuple(links),
        reasons=_ahead_of(plan, q, month),
        arithmetic=(),
        verdict="",
        binding=binding,
        units=float(hours[month]),
        currency=inputs.currency,
        objective=inputs.policy.objective,
        profile=route.resource_profile(plan, q),
    )


def _hours_by_item(plan: Plan, q: int, month: int) -> Floats:
    """[i] hours of a resource that an item's starts of a month take."""
    source = plan.inputs.source
    rows = np.flatnonzero(source.routing_resource == q)
    lines = source.routing_source[rows]
    hours = np.zeros(len(plan.inputs.items))
    np.add.at(hours, source.item[lines], source.routing_hours[rows] * plan.solution.started[lines, month])
    return hours


def _largest(values: Floats) -> list[int]:
    order = np.argsort(-values, kind="stable")[:_MOST]
    return [int(i) for i in order if values[i] > 1e-9]


def _for_whom(plan: Plan, q: int, month: int, by_item: Floats) -> list[Link]:
    """The items that take the hours: what is started, and whether it is for this month's orders or for later ones."""
    inputs, links = plan.inputs, []
    for i in _largest(by_item):
        lines = np.unique(
            inputs.source.routing_source[
                (inputs.source.routing_resource == q)
                & (inputs.source.item[inputs.source.routing_source] == i)
            ]
        )
        made = float(plan.solution.started[lines, month].sum())
        asked = float(plan.demand.total[i, :, :, month].sum())
        unit = words.unit_of(inputs, i)
        links.append(
            Link("Item", inputs.title(i), words.month(inputs, month), float(by_item[i] / by_item.sum()),
                 f"{words.units(made, unit)} started, {words.count(asked)} asked for in the month")
        )  # fmt: skip
    return links


def _ahead_of(plan: Plan, q: int, month: int) -> tuple[str, ...]:
    """Whether the hours serve the month or build ahead of a later one in which the resource is full."""
    inputs = plan.inputs
    source = inputs.source
    items = np.unique(source.item[source.routing_source[source.routing_resource == q]])
    made = plan.solution.received[np.isin(source.item, items)].sum(axis=0)
    asked = plan.demand.total[items].sum(axis=(0, 1, 2))
    if made[month] > asked[month] * 1.02:
        more = asked > made
        later = np.flatnonzero(more[month + 1 :])
        if len(later):
            first = month + 1 + int(later[0])
            ends = np.flatnonzero(~more[first:])
            last = first + int(ends[0]) - 1 if len(ends) else inputs.horizon - 1
            return (
                f"{words.count(float(made[month] - asked[month]))} units more are received than asked for in the month: "
                f"they are built ahead of {words.span(inputs, first, last)}, when more is asked for than made.",
            )
    return ()


def explain_contract(plan: Plan, subject: Subject) -> Explanation | None:
    """Why a contract's minimum is not taken: what keeps the source from starting more."""
    inputs, solution = plan.inputs, plan.solution
    k = _position(inputs.source_names, subject.thing)
    month = None if k is None else _month(plan, subject, solution.contract_shortfall[k])
    if k is None or month is None:
        return None
    item, site = int(inputs.source.item[k]), int(inputs.source.site[k])
    missing, least = float(solution.contract_shortfall[k, month]), float(inputs.source.min_quantity[k, month])
    why, binding, name = _why_not_started(plan, k, month)
    unit, when = words.unit_of(inputs, item), words.month(inputs, month)
    links = [
        Link("Contract", inputs.source_names[k], when, float(1 - missing / least) if least > 0 else 1.0,
             f"{words.count(least - missing)} of {words.count(least)} {unit} taken", not name),
        Link("Site", inputs.site_names[site], when, _full(plan, site, month),
             f"{words.count(float(solution.stock[item, site, month]))} {unit} in stock at month end"),
    ]  # fmt: skip
    if name:
        links.append(Link("Limit", name, when, 1.0, why, True))
    return Explanation(
        subject=Subject(subject.kind, subject.thing, "", "", str(inputs.months[month])),
        title=next(one.title for one in contract_findings(plan) if one.subject.thing == subject.thing),
        sentence=f"{when}: {words.units(missing, unit)} of the contract minimum with {inputs.source_names[k]} are not "
        f"taken because {why}.",
        chain=tuple(links),
        reasons=(),
        arithmetic=(),
        verdict="",
        binding=binding,
        units=missing,
        currency=inputs.currency,
        objective=inputs.policy.objective,
    )  # fmt: skip


def _full(plan: Plan, site: int, month: int) -> float:
    room = float(plan.inputs.site.capacity[site])
    return (
        float(plan.solution.stock[:, site, month].sum() / room)
        if np.isfinite(room) and room > 0
        else float("nan")
    )


def _why_not_started(plan: Plan, k: int, month: int) -> tuple[str, Binding | None, str]:
    """(end of a sentence, what can be priced, name of the limit) of a source that should start more in a month."""
    inputs, solution = plan.inputs, plan.solution
    full, _ = causes.resource_full(inputs, solution)
    for q in inputs.source.routing_resource[inputs.source.routing_source == k].tolist():
        if full[q, month]:
            name = inputs.resource_names[q]
            return f"{name} is full", resource_binding(plan, q, month), name
    if solution.started[k, month] >= inputs.source.max_quantity[k, month] - 1e-6:
        name = inputs.source_names[k]
        said = f"unit of the maximum for {name} in {words.month(inputs, month)}"
        lever = Binding((Lever("source", (k,), month),), said, "unit")
        return "the maximum of the same source is lower", lever, name
    item, site = int(inputs.source.item[k]), int(inputs.source.site[k])
    arrives = month + int(inputs.source.lead[k])
    if arrives >= inputs.horizon:
        return "it would arrive after the end of the plan", None, ""
    if inputs.item.make_to_order[item]:
        return "it is made to order and no more is asked for", None, inputs.title(item)
    if not np.isnan(inputs.stock.committed[item, site, arrives]):
        return "output of the frozen months is fixed", None, inputs.site_names[site]
    if causes.site_full(inputs, solution)[site, arrives:].any():
        name = inputs.site_names[site]
        return (
            f"{name} has no room",
            Binding((Lever("storage", (site,), 0),), f"unit of room at {name}", "unit"),
            name,
        )
    return "a limit behind it (people, material) is used up", None, ""


def explain_below(plan: Plan, subject: Subject) -> Explanation | None:
    """Why stock is below its target: what keeps more from being made or brought there in time."""
    inputs, solution = plan.inputs, plan.solution
    i, s = _position(inputs.items, subject.item), _position(inputs.site_names, subject.thing)
    if i is None or s is None:
        return None
    month = _month(plan, subject, solution.short_target[i, s])
    title = _title(plan, subject)
    if month is None or not title:
        return None
    missing, target = float(solution.short_target[i, s, month]), float(inputs.stock_target[i, s, month])
    k, start, blocked = source_for(plan, i, s, month)
    unit, when = words.unit_of(inputs, i), words.month(inputs, month)
    links = [
        Link("Stock", f"{inputs.title(i)} at {inputs.site_names[s]}", when, float(1 - missing / target),
             f"{words.count(target - missing)} of a target of {words.count(target)} {unit}"),
    ]  # fmt: skip
    why, binding, reasons = "more stock costs more than the target weighs", None, _cheap(plan, i, s)
    if k is None:
        why, reasons = "no source leads there", ()
    elif start < 0:
        why = f"{inputs.source_names[k]} cannot deliver that early: its lead time is longer"
        early = words.month(inputs, start)
        links.append(
            Link("Source", inputs.source_names[k], early, float("nan"), "before the plan begins", True)
        )
        first = words.month(inputs, month - start)
        reasons = (f"An order placed now arrives in {first} at the earliest.",)
    elif blocked is not None:
        cell = route.Cell(i, -1, month, *blocked)
        why = _blocked_text(plan, cell)
        binding = binding_of(inputs, cell, plan)
        links += route.supply_links(plan, cell, start)
        reasons = ("Orders come before stock targets: the plan gives the limit to them.",)
    return Explanation(
        subject=Subject(subject.kind, subject.thing, "", subject.item, str(inputs.months[month])),
        title=title,
        sentence=f"{when}: {words.units(missing, unit)} of {inputs.title(i)} are missing to the target at "
        f"{inputs.site_names[s]} because {why}.",
        chain=tuple(links),
        reasons=reasons,
        arithmetic=(),
        verdict="",
        binding=binding,
        units=missing,
        currency=inputs.currency,
        objective=inputs.policy.objective,
    )


def _title(plan: Plan, subject: Subject) -> str:
    bare = Subject(subject.kind, subject.thing, subject.cause, subject.item)
    return next((one.title for one in findings(plan) if one.subject == bare), "")


def _cheap(plan: Plan, item: int, site: int) -> tuple[str, ...]:
    inputs = plan.inputs
    hold = float(inputs.item.holding_cost[item] + inputs.site.storage_cost[site])
    return (
        f"A target is a wish that weighs little more than holding a unit for a month "
        f"({words.rate_text(hold, inputs.currency)}): dearer hours or purchases are not taken for it.",
    )


#: What blocks a start: kind, binding, source, start, first and last month of the run, as in route.Cell.
Block = tuple[str, int, int, int, int, int]


def source_for(plan: Plan, item: int, site: int, month: int) -> tuple[int | None, int, Block | None]:
    """(cheapest source that could be in time, its start, what blocks it: kind, binding, source, start, first, last)."""
    inputs = plan.inputs
    lines = np.flatnonzero(inputs.source.item == item).tolist()
    found = []
    for k in lines:
        lead = _lead_to_site(inputs, int(inputs.source.site[k]), site)
        if lead is not None:
            start = month - int(inputs.source.lead[k]) - lead
            found.append((start < 0, float(inputs.source.unit_cost[k, max(start, 0)]), k, start))
    if not found:
        return None, -1, None
    _, _, k, start = min(found)
    if start < 0:
        return k, start, None
    blocked = causes.blocked_start(inputs, plan.solution, k, start)
    if blocked is None:
        return k, start, None
    kind, binding, first, last = blocked
    return k, start, (kind, binding, k, start, first, last)


def _lead_to_site(inputs: Inputs, origin: int, site: int) -> int | None:
    if origin == site:
        return 0
    way = route.between(inputs, origin, site)
    return int(sum(inputs.lane.lead[lane] for lane in way)) if way else None


def _blocked_text(plan: Plan, cell: route.Cell) -> str:
    inputs = plan.inputs
    when = f" {words.span(inputs, cell.first, cell.last)}" if cell.first >= 0 else ""
    if cell.kind == causes.RESOURCE:
        return f"{inputs.resource_names[cell.binding]} is full{when}"
    if cell.kind == causes.MATERIAL:
        return f"no more {inputs.material_names[cell.binding]} can be had{when}"
    return f"the maximum for {inputs.source_names[cell.binding]} is used up{when}"


def explain_above(plan: Plan, subject: Subject) -> Explanation | None:
    """Why stock is above its targets: left from before the plan, forced by a contract, or built ahead."""
    inputs, solution = plan.inputs, plan.solution
    i = _position(inputs.items, subject.item)
    title = _title(plan, subject)
    month = None if i is None else _month(plan, subject, above_target(plan)[i])
    if i is None or month is None or not title:
        return None
    excess = float(above_target(plan)[i, month])
    stock = solution.stock[i].sum(axis=0)
    lines = np.flatnonzero(inputs.source.item == i)
    received = solution.received[lines].sum(axis=0) + inputs.stock.receipts[i].sum(axis=0)
    asked = plan.demand.total[i].sum(axis=(0, 1))
    unit, when = words.unit_of(inputs, i), words.month(inputs, month)
    opening = float(inputs.stock.opening[i].sum())
    why, reasons = _why_above(plan, i, month, lines, received, asked, opening)
    hold = excess * float(inputs.item.holding_cost[i])
    links = [
        Link("Opening stock", inputs.title(i), "before " + words.month(inputs, 0), float("nan"),
             f"{words.units(opening, unit)}"),
        Link("Received", inputs.title(i), words.span(inputs, 0, month), float("nan"),
             f"{words.units(float(received[: month + 1].sum()), unit)}, "
             f"{words.count(float(asked[: month + 1].sum()))} asked for"),
        Link("Stock", inputs.title(i), when, float("nan"),
             f"{words.units(float(stock[month]), unit)}, {words.count(excess)} above target", True),
    ]  # fmt: skip
    return Explanation(
        subject=Subject(subject.kind, "", "", subject.item, str(inputs.months[month])),
        title=title,
        sentence=f"{when}: {words.units(excess, unit)} of {inputs.title(i)} are in stock above target because {why}.",
        chain=tuple(links),
        reasons=(*reasons, f"Holding them costs {words.money_text(hold, inputs.currency)} a month."),
        arithmetic=(),
        verdict="",
        binding=None,
        units=excess,
        currency=inputs.currency,
        objective=inputs.policy.objective,
    )  # fmt: skip


def _why_above(
    plan: Plan, i: int, month: int, lines: np.ndarray, received: Floats, asked: Floats, opening: float
) -> tuple[str, tuple[str, ...]]:
    inputs, solution = plan.inputs, plan.solution
    if received[: month + 1].sum() <= 1e-6:
        left = opening - float(asked.sum())
        out = f"{words.units(left, words.unit_of(inputs, i))} of it are not asked for within the plan."
        return "they were in stock before the plan began and nothing was added", (out,) if left > 0.5 else ()
    least = inputs.source.min_quantity[lines, : month + 1]
    forced = (solution.started[lines, : month + 1] <= least + 1e-6) & (least > 0)
    if forced.any() and (solution.started[lines, : month + 1][~forced] <= 1e-6).all():
        names = ", ".join(inputs.source_names[int(k)] for k in lines[forced.any(axis=1)])
        return f"the contract minimum of {names} is taken whether it is needed or not", ()
    full, regular = causes.resource_full(inputs, solution)
    made = solution.started[:, : month + 1].sum(axis=1)
    rows = np.flatnonzero(np.isin(inputs.source.routing_source, lines))
    hours = np.zeros(len(inputs.resource_names))
    np.add.at(
        hours,
        inputs.source.routing_resource[rows],
        inputs.source.routing_hours[rows] * made[inputs.source.routing_source[rows]],
    )
    for q in [int(q) for q in np.argsort(-hours, kind="stable") if hours[q] > 0]:
        tight = np.flatnonzero((full | regular)[q, month + 1 :])
        if len(tight):
            first, last = month + 1 + int(tight[0]), month + 1 + int(tight[-1])
            return (
                f"they are built ahead: {inputs.resource_names[q]} has no regular hour left in "
                f"{words.span(inputs, first, last)}",
                (),
            )
    if asked[month + 1 : month + 2].sum() > asked[month] * 1.05:
        return "they are made ahead of the higher demand that follows", ()
    if month == inputs.horizon - 1:
        return "the plan ends there and more was made than its orders took", ()
    return "making them in this month is cheaper than making them later", ()


def explain_promise(plan: Plan, subject: Subject) -> Explanation | None:
    """A hard rule that could not be kept, with what the data would have to say."""
    found = next((one for one in promise_findings(plan) if one.subject.thing == subject.thing), None)
    if found is None:
        return None
    return Explanation(
        subject=subject,
        title=found.title,
        sentence=found.sentence,
        chain=(),
        reasons=(
            "The plan breaks a rule only where nothing else is left: check the table that holds it, and the months "
            "before, for values that contradict each other.",
        ),
        arithmetic=(),
        verdict="",
        binding=None,
        units=0.0,
        currency=plan.inputs.currency,
        objective=plan.inputs.policy.objective,
    )
