"""Why orders are late or lost: the chain, what was built ahead and why no more, and the arithmetic of a unit."""

from __future__ import annotations

import numpy as np

from sop_core.explain import route, words
from sop_core.explain.explanation import Binding, Explanation, Term
from sop_core.explain.route import Cell
from sop_core.explain.subject import Subject, cells, how, shortage_findings, shortage_thing
from sop_core.inputs import Inputs
from sop_core.plan import Plan
from sop_core.supply import causes
from sop_core.supply.priced import Lever


def explain_shortage(plan: Plan, subject: Subject) -> Explanation | None:
    """The explanation of the orders of an item and month; without them, of those that weigh most in money. None
    where the plan has no such shortage."""
    inputs = plan.inputs
    found = cells(plan, subject)
    if subject.item:
        found = found[found["item"] == subject.item]
    if subject.month:
        found = found[found["month"] == subject.month]
    if not len(found):
        return None
    worst = found.iloc[0]
    item, month = inputs.items.index(worst["item"]), [str(m) for m in inputs.months].index(worst["month"])
    region = _region(plan, subject, item, month)
    cell = route.cell_of(plan, item, region, month)
    units, lost = float(worst["quantity"]), float(worst["lost"])
    late, never = causes.late_and_lost(inputs, plan.demand.total, plan.solution)
    here = float((late + never)[item, region, :, month].sum())
    unit = words.unit_of(inputs, item)
    cause, title = _cause(plan, subject, item, month)
    links = list(route.chain(plan, cell, here))
    built = route.ahead(plan, cell)
    if built is not None and cell.kind not in (causes.LEAD, causes.MISSING):
        links.append(built)
    terms, verdict = _arithmetic(plan, cell, here, float(never[item, region, :, month].sum()))
    return Explanation(
        subject=Subject(subject.kind, subject.thing, subject.cause, inputs.items[item], str(inputs.months[month])),
        title=title,
        sentence=f"{words.month(inputs, month)}: {words.units(units, unit)} of {inputs.title(item)} "
        f"{how(units, lost)} because {cause}.",
        chain=tuple(links),
        reasons=_reasons(plan, cell, here),
        arithmetic=terms,
        verdict=verdict,
        binding=binding_of(inputs, cell, plan),
        units=units,
        currency=inputs.currency,
        objective=inputs.policy.objective,
        profile=route.profile(plan, cell),
    )  # fmt: skip


def _region(plan: Plan, subject: Subject, item: int, month: int) -> int:
    """The region of the orders in which this cause takes most money."""
    table = plan.shortages
    own = table[(table["item"] == plan.inputs.items[item]) & (table["month"] == plan.stamps[month])]
    own = own[own["cause_kind"] == subject.cause]
    own = own[
        [shortage_thing(plan, subject.cause, binding) == subject.thing for binding in own["binding"].tolist()]
    ]
    value = own.groupby("region", sort=False)["value"].sum()
    return plan.inputs.regions.index(str(value.idxmax()))


def _cause(plan: Plan, subject: Subject, item: int, month: int) -> tuple[str, str]:
    """(the end of the sentence, the title of the exception as all lists say it)."""
    table = plan.shortages
    own = table[
        (table["item"] == plan.inputs.items[item])
        & (table["month"] == plan.stamps[month])
        & (table["cause_kind"] == subject.cause)
    ]
    title = next(
        (
            one.title
            for one in shortage_findings(plan)
            if (one.subject.thing, one.subject.cause) == (subject.thing, subject.cause)
        ),
        "",
    )
    return str(own["cause"].iloc[0]), title


# -- built ahead, and why no more -------------------------------------------------------------------------------


def waited(plan: Plan, item: int, region: int, month: int) -> float:
    """Months that a late unit of these orders waits on average, oldest order served first; 0 where none is late."""
    demand = plan.demand.total[item, region].copy()
    demand[:, 0] += plan.inputs.demand.opening_backlog[item, region]
    backlog = plan.solution.backlog[item, region]
    after = np.cumsum(demand, axis=1) - np.cumsum(demand, axis=1)[:, month : month + 1]
    waiting = np.clip(backlog - np.maximum(after, 0.0), 0.0, demand[:, month : month + 1])[:, month:]
    late = float(waiting[:, 0].sum())
    return float(waiting.sum() / late) if late > 1e-9 else 0.0


def _reasons(plan: Plan, cell: Cell, short: float) -> tuple[str, ...]:
    inputs = plan.inputs
    if cell.kind == causes.LEAD:
        return (_lead(plan, cell),)
    if cell.kind == causes.FROZEN:
        name, after = inputs.source_names[cell.source], inputs.policy.frozen_months
        return (
            f"The first {after} months of the plan are frozen: {name} makes what was committed. The frozen zone ends "
            f"before {words.month(inputs, after)}.",
        )
    if cell.kind == causes.MISSING:
        return (
            f"No source and lane lead {inputs.title(cell.item)} to {inputs.regions[cell.region]}: bring the missing "
            "row in the table sources or lanes.",
        )
    said = [_no_more(plan, cell)] if cell.kind != causes.POLICY else []
    wait = waited(plan, cell.item, cell.region, cell.month)
    if wait > 0:
        said.append(f"Late units wait {wait:.1f} months on average.")
    return tuple(part for part in said if part)


def first_reachable(plan: Plan, item: int, region: int) -> int | None:
    """First month in which an order could be served by a start within the plan, by any source; None where none leads
    there."""
    inputs = plan.inputs
    months = []
    for k in np.flatnonzero(inputs.source.item == item).tolist():
        site = int(inputs.source.site[k])
        way = route.lanes_back(inputs, site, region)
        if not inputs.lane.everywhere and not way:
            continue
        months.append(int(inputs.source.lead[k]) + int(sum(inputs.lane.lead[lane] for lane in way)))
    return min(months) if months else None


def _lead(plan: Plan, cell: Cell) -> str:
    """Order earlier, buy spot, or which month is the first that can still be served."""
    inputs = plan.inputs
    name, start = inputs.source_names[cell.source], words.month(inputs, cell.start)
    first = first_reachable(plan, cell.item, cell.region)
    said = f"{name} would have had to start in {start}, before the plan begins."
    if first is not None and first < inputs.horizon:
        said += f" {words.month(inputs, first)} is the first month that an order placed now can still serve"
    elif first is not None:
        said += " No order placed now arrives within the plan"
    return f"{said}; earlier needs stock from elsewhere or a spot purchase."


def _no_more(plan: Plan, cell: Cell) -> str:
    """Why nothing more was built before the run in which the binding thing is full."""
    inputs, first = plan.inputs, cell.first
    item = cell.item
    if cell.kind in (causes.LANE, causes.STORAGE):
        return ""
    thing = _thing(inputs, cell)
    if inputs.item.make_to_order[item]:
        return f"{inputs.title(item)} is made to order, so nothing is built ahead."
    if first == 0:
        return f"{thing} is full from the first month of the plan, so no more could be built ahead."
    if first < 0:
        return ""
    before = first - 1
    months = cell.month - before
    hold = _hold(inputs, item, int(inputs.source.site[cell.source])) * months
    saves = _value_on_time(plan, cell)
    room = words.month(inputs, before)
    if hold > saves:
        return (
            f"{thing} has room in {room}, but holding a unit until {words.month(inputs, cell.month)} costs "
            f"{words.rate_text(hold, inputs.currency)}, more than the {words.rate_text(saves, inputs.currency)} that "
            "it saves to be on time."
        )
    site = int(inputs.source.site[cell.source])
    if not np.isnan(inputs.stock.committed[item, site, min(before, inputs.horizon - 1)]):
        return f"Output of {room}, the month before, is frozen."
    return (
        f"{thing} has room in {room}; holding a unit from there until {words.month(inputs, cell.month)} costs "
        f"{words.rate_text(hold, inputs.currency)}, before what else its way needs."
    )


def _thing(inputs: Inputs, cell: Cell) -> str:
    names = {
        causes.RESOURCE: inputs.resource_names, causes.SUPPLIER: inputs.source_names,
        causes.MATERIAL: inputs.material_names,
    }.get(cell.kind)  # fmt: skip
    return names[cell.binding] if names is not None and cell.binding >= 0 else "It"


def _hold(inputs: Inputs, item: int, site: int) -> float:
    """Money for holding a unit at a site for a month."""
    return float(inputs.item.holding_cost[item] + inputs.site.storage_cost[site])


def _value_on_time(plan: Plan, cell: Cell) -> float:
    """Money that one short unit on time is worth: its price and lost-sale cost where it would be lost, else the
    backlog cost of its wait."""
    return sum(term.amount for term in _worth_terms(plan, cell))


# -- the arithmetic of a unit ------------------------------------------------------------------------------------


def _worth_terms(plan: Plan, cell: Cell) -> list[Term]:
    inputs, solution = plan.inputs, plan.solution
    late, lost = causes.late_and_lost(inputs, plan.demand.total, solution)
    late, lost = late[cell.item, cell.region, :, cell.month], lost[cell.item, cell.region, :, cell.month]
    if lost.sum() > late.sum():
        price = float(plan.demand.price[cell.item, cell.region, int(lost.argmax()), cell.month])
        own = float(inputs.item.lost_sale_cost[cell.item])
        terms = [Term("Price", price)]
        return terms + ([Term("Lost-sale cost avoided", own)] if own else [])
    wait = waited(plan, cell.item, cell.region, cell.month)
    rate = float(np.nan_to_num(inputs.item.backorder_cost[cell.item]))
    return [Term(f"Backlog cost of {wait:.1f} months of waiting avoided", rate * wait)]


def _making_terms(plan: Plan, k: int, start: int) -> list[Term]:
    """What a unit of a source costs from that start, at the hours that are left."""
    inputs, solution = plan.inputs, plan.solution
    source, resource = inputs.source, inputs.resource
    terms = [Term(f"Unit cost, {inputs.source_names[k]}", -float(source.unit_cost[k, start]))]
    full, no_regular = causes.resource_full(inputs, solution)
    rows = np.flatnonzero(source.routing_source == k)
    for row in rows.tolist():
        q, hours = int(source.routing_resource[row]), float(source.routing_hours[row])
        name = inputs.resource_names[q]
        if not no_regular[q, start]:
            rate = 0.0 if resource.people[q] else float(resource.hour_cost[q])
            kind = "regular hours"
        else:
            rates = []
            allowed = resource.overtime_hours[q, start] * (1 - resource.outage[q, start])
            if solution.overtime[q, start] < allowed - 1e-6:
                rates.append((float(resource.overtime_cost[q]), "overtime"))
            if (
                resource.shift_hours[q] > 0
                and solution.shifts[q, start] < resource.max_shifts[q, start] - 1e-9
            ):
                rates.append((float(resource.shift_cost[q] / resource.shift_hours[q]), "extra shift"))
            if full[q, start] or not rates:
                continue
            rate, kind = min(rates)
        if rate:
            terms.append(Term(f"{words.count(hours)} {kind} at {name}", -rate * hours))
    return terms


def _moving_terms(plan: Plan, k: int, region: int, month: int) -> list[Term]:
    """What it costs to bring a unit from a source's site to a region by that month."""
    inputs = plan.inputs
    way = route.lanes_back(inputs, int(inputs.source.site[k]), region)
    costs = [
        (lane, float(inputs.lane.unit_cost[lane, min(max(at, 0), inputs.horizon - 1)]))
        for lane, at in zip(way, route.departures(inputs, way, month), strict=True)
    ]
    return [Term(f"Transport {inputs.lane_name(lane)}", -cost) for lane, cost in costs if cost]


def _later(plan: Plan, cell: Cell) -> tuple[float, str]:
    """(money a unit, where from) at which the late units are made after all: the cheapest source at work then."""
    inputs = plan.inputs
    wait = max(round(waited(plan, cell.item, cell.region, cell.month)), 1)
    month = min(cell.month + wait, inputs.horizon - 1)
    found = []
    for k in np.flatnonzero(inputs.source.item == cell.item).tolist():
        way = route.lanes_back(inputs, int(inputs.source.site[k]), cell.region)
        if not inputs.lane.everywhere and not way:
            continue
        leaves = route.departures(inputs, way, month)[0] if way else month
        start = leaves - int(inputs.source.lead[k])
        if start < 0:
            continue
        at_work = plan.solution.started[k, start] > 1e-6
        terms = [*_making_terms(plan, k, start), *_moving_terms(plan, k, cell.region, month)]
        found.append((not at_work, -sum(term.amount for term in terms), inputs.source_names[k]))
    _, cost, name = min(found)
    return cost, f"{name} in {words.month(inputs, month)}"


def _arithmetic(plan: Plan, cell: Cell, short: float, lost: float) -> tuple[tuple[Term, ...], str]:
    """Of an order that the plan could have served and did not: price - cost to serve, or delay saved - dearer hours."""
    inputs = plan.inputs
    if cell.kind != causes.POLICY or cell.source < 0 or cell.start < 0:
        return (), ""
    terms = _worth_terms(plan, cell) + _making_terms(plan, cell.source, cell.start)
    terms += _moving_terms(plan, cell.source, cell.region, cell.month)
    if lost <= short - lost:
        # A late unit is made all the same: only what it costs more to have it in time speaks against it.
        spared, where = _later(plan, cell)
        terms.append(Term(f"Cost of the late unit from {where}, spared", spared))
    total = sum(term.amount for term in terms)
    currency = inputs.currency
    if total < -0.005:
        less = words.rate_text(-total, currency)
        verdict = f"A unit on time would bring {less} less than it costs, so the plan leaves it."
    else:
        verdict = (
            f"By its own costs a unit on time would bring {words.rate_text(total, currency)} more; what it would take "
            "from other orders, stock or people weighs more."
        )
        if inputs.policy.objective == "service":
            verdict = "Service comes first: the orders served instead rank higher or count more units."
    return tuple(terms), verdict


# -- what one more step of can be priced ------------------------------------------------------------------------


def binding_of(inputs: Inputs, cell: Cell, plan: Plan) -> Binding | None:
    """The levers of what binds; None where nothing can be moved."""
    start = max(cell.start, 0)
    kind, what = cell.kind, cell.binding
    if kind == causes.RESOURCE:
        return resource_binding(plan, what, start)
    if kind == causes.SUPPLIER:
        name = f"unit of the maximum for {inputs.source_names[what]} in {words.month(inputs, start)}"
        return Binding((Lever("source", (what,), start),), name, "unit")
    if kind == causes.MATERIAL:
        for line in np.flatnonzero(inputs.material.material == what).tolist():
            month = start - int(inputs.material.lead[line])
            if month >= 0 and np.isfinite(inputs.material.max_quantity[line, month]):
                name = f"unit of {inputs.material_names[what]} sent in {words.month(inputs, month)}"
                return Binding((Lever("material", (line,), month),), name, "unit")
        return None
    if kind == causes.LANE:
        month = max(cell.month - int(inputs.lane.lead[what]), 0)
        name = f"unit on {inputs.lane_name(what)} in {words.month(inputs, month)}"
        return Binding((Lever("lane", (what,), month),), name, "unit")
    if kind == causes.STORAGE:
        return Binding((Lever("storage", (what,), 0),), f"unit of room at {inputs.site_names[what]}", "unit")
    if cell.source < 0:
        return None
    site = int(inputs.source.site[cell.source])
    way = route.lanes_back(inputs, site, cell.region)
    arrives = max(route.departures(inputs, way, cell.month)[0] if way else cell.month, 0)
    name = (
        f"unit of {inputs.title(cell.item)} that arrives at {inputs.site_names[site]} in "
        f"{words.month(inputs, arrives)} for nothing"
    )
    cost = float("nan")
    if kind == causes.POLICY and 0 <= cell.start < inputs.horizon:
        cost = -sum(term.amount for term in _making_terms(plan, cell.source, cell.start))
    return Binding((Lever("receipt", (cell.item, site), arrives),), name, "unit", cost=cost)


def resource_binding(plan: Plan, q: int, month: int) -> Binding:
    """An hour of a resource: of people and machine together where both limit it, with each alone beside the pair."""
    inputs, resource = plan.inputs, plan.inputs.resource
    when, name = words.month(inputs, month), inputs.resource_names[q]
    pair = Binding((Lever("resource", (q,), month),), f"hour of {name} in {when}", "hour")
    if not resource.people[q] or not np.isfinite(resource.hours[q, month]):
        return pair
    people = float(plan.solution.headcount[q, month] * resource.hours_per_head[q, month])
    machine = float(resource.hours[q, month])
    slack = 1e-6 * max(machine, 1.0)
    if people < machine - slack:
        return Binding((Lever("people", (q,), month),), f"hour of the people at {name} in {when}", "hour")
    if machine < people - slack:
        return Binding((Lever("machine", (q,), month),), f"machine hour of {name} in {when}", "hour")
    return Binding(
        (Lever("resource", (q,), month),),
        f"hour of {name} in {when}, people and machine together,",
        "hour",
        (("people alone", Lever("people", (q,), month)), ("machine alone", Lever("machine", (q,), month))),
    )
