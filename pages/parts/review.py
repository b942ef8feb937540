"""What the Supply review shows, as data: load, shortages, stock, sources, staffing, contracts. Nothing here draws."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pages.parts import context, filters
from pages.parts.filters import Group
from pages.parts.grid import Block, MonthGrid, Row, days_of_supply, flows, unit_of, zones
from sop_core.calendar import iso_month, span_label
from sop_core.explain.subject import SHORTAGE, Subject, shortage_findings, shortage_thing
from sop_core.inputs import Bools, Floats
from sop_core.kpis import utilisation
from sop_core.plan import Plan

_KINDS = {"make": "Made", "subcontract": "Subcontracted", "buy": "Bought"}


def load_parts(plan: Plan) -> tuple[list[str], Floats, Floats]:
    """(resources, load / regular hours [q, t], part of the load beyond regular hours [q, t]), fullest first;
    resources without any limit are left out."""
    used = utilisation(plan.facts)
    load = plan.solution.load
    beyond = plan.solution.overtime + plan.solution.shift_hours_used
    extra = np.divide(beyond, load, out=np.zeros_like(load), where=load > 1e-9)
    keep = [q for q in range(len(used)) if not np.isnan(used[q]).all()]
    keep.sort(key=lambda q: -float(np.nanmax(used[q])))
    return [plan.inputs.resource_names[q] for q in keep], used[keep], np.clip(extra[keep], 0.0, 1.0)


def shortage_rows(plan: Plan, table: pd.DataFrame) -> tuple[pd.DataFrame, list[Subject]]:
    """Shortages of `table` (rows of `Plan.shortages`) gathered as everywhere else, by what holds them back, and by item
    within; largest money first. Beside each row: what Why is asked, with the item's worst month."""
    titles = {one.subject: one.title for one in shortage_findings(plan)}
    names = {name: plan.inputs.title(i) for i, name in enumerate(plan.inputs.items)}
    binding = zip(table["cause_kind"].tolist(), table["binding"].tolist(), strict=True)
    things = [shortage_thing(plan, cause, name) for cause, name in binding]
    found = []
    for (item, cause, thing), part in table.assign(thing=things).groupby(
        ["item", "cause_kind", "thing"], sort=False
    ):
        subject = Subject(SHORTAGE, str(thing), str(cause))
        units, months = part.groupby("kind")["quantity"].sum(), part.groupby("month")["value"].sum()
        row = (
            names[str(item)],
            span_label(part["month"].min(), part["month"].max()),
            float(units.get("late", 0.0)),
            float(units.get("lost", 0.0)),
            float(part["value"].sum()),
            titles[subject],
            "Why",
        )
        worst = iso_month(months.idxmax())[:7]
        found.append((row, Subject(SHORTAGE, str(thing), str(cause), str(item), worst)))
    found.sort(key=lambda one: -one[0][4])
    columns = ["Item", "Asked for in", "Late", "Lost", "Money", "Because", "Ask"]
    return pd.DataFrame([row for row, _ in found], columns=columns), [subject for _, subject in found]


def promises_frame(plan: Plan) -> pd.DataFrame:
    """Hard rules that needed their way out: month, where, what, by how much."""
    rows = [(pd.Timestamp(str(p.month)), p.where, str(p), p.amount, p.unit) for p in plan.solution.promises]
    return pd.DataFrame(rows, columns=["month", "where", "what", "amount", "unit"])


def grid_groups(view: context.View) -> list[Group]:
    """What the family grid can show: the whole view, then each family (or product, where one was chosen)."""
    level = filters.finer(view)
    level = context.FAMILY if level in (context.COMPANY, context.CATEGORY) else level
    parts = filters.split(view.inputs, level, view.items)
    whole = Group(filters.title(view) if view.item != context.ALL else "Company", view.items)
    return [whole, *parts] if len(parts) > 1 else [whole]


def shortest(plan: Plan, choices: list[Group]) -> int:
    """Position of the group with most demand not served in time, in money; the first where none is."""
    price = plan.demand.price
    late = np.minimum(plan.demand.total, plan.solution.backlog + plan.solution.lost) * price
    per_item = late.sum(axis=(1, 2, 3))
    worth = [float(per_item[group.items].sum()) for group in choices[1:]]
    return 1 + int(np.argmax(worth)) if worth and max(worth) > 0.5 else 0


def known(values: Floats, items: Bools) -> Floats:
    """[n] sum over items; nan in months in which none has a value."""
    part = values[items]
    blank = np.isnan(part).all(axis=0)
    return np.where(blank, np.nan, np.nansum(part, axis=0))


def stock_grid(view: context.View, plan: Plan, money: bool) -> MonthGrid:
    """Stock at month end, distance to target and days of supply, line by line."""
    level = filters.finer(view)
    level = context.FAMILY if level == context.COMPANY else level
    shown = filters.split(view.inputs, level, view.items)
    value = view.inputs.item.unit_cost if money else None
    unit = view.currency if money else unit_of(view.inputs.item_unit, view.items)
    found = [(g.name, flows(plan, g.items, value)) for g in shown]
    stock = [Row(name, f.stock + f.transit, "") for name, f in found]
    below = [
        Row(name, -f.below_target, "", "difference", 1)
        for name, f in found
        if f.below_target.max(initial=0.0) > 0.5
    ]
    cover = [Row(name, days_of_supply(f.stock + f.transit, f.demand), "days", "share") for name, f in found]
    everything = flows(plan, view.items, value)
    stock.append(Row("Total", everything.stock + everything.transit, unit, "total"))
    stock.append(Row("Target", everything.target, unit, "plan"))
    blocks = [Block("Stock at month end", tuple(stock), unit)]
    if below:
        blocks.append(Block("Below target", tuple(below), unit))
    blocks.append(Block("Days of supply", tuple(cover)))
    return MonthGrid(
        months=plan.inputs.months,
        zones=zones(0, plan.inputs.policy.frozen_months, plan.inputs.horizon),
        blocks=tuple(blocks),
        group=filters.title(view),
    )


def by_source(view: context.View, plan: Plan) -> dict[str, Floats]:
    """What arrives [t] by kind and site, of the items in view."""
    source, inputs = plan.inputs.source, plan.inputs
    weight = inputs.item.unit_cost if view.show == context.MONEY else np.ones(len(inputs.items))
    out: dict[str, Floats] = {}
    for k in np.flatnonzero(view.items[source.item]):
        name = f"{_KINDS[source.kind[k]]}, {inputs.site_names[source.site[k]]}"
        out[name] = (
            out.get(name, np.zeros(inputs.horizon)) + plan.solution.received[k] * weight[source.item[k]]
        )
    return {name: values for name, values in out.items() if values.sum() > 0.5}


def by_lane(view: context.View, plan: Plan) -> dict[str, Floats]:
    """What leaves [t] on each lane, of the items in view."""
    inputs = plan.inputs
    weight = np.where(view.items, inputs.item.unit_cost if view.show == context.MONEY else 1.0, 0.0)
    flow: Floats = np.tensordot(weight, plan.solution.flow, axes=1)
    lanes = range(len(inputs.lane.origin))
    return {inputs.lane_name(lane): flow[lane] for lane in lanes if flow[lane].sum() > 0.5}


def ranked_block(title: str, rows: dict[str, Floats], unit: str) -> Block:
    """Rows by size with their total."""
    ranked = sorted(rows.items(), key=lambda pair: -float(pair[1].sum()))
    total = np.sum([v for _, v in ranked], axis=0) if ranked else None
    lines = [Row(name, values, "") for name, values in ranked]
    if total is not None and len(ranked) > 1:
        lines.append(Row("Total", total, unit, "total"))
    return Block(title, tuple(lines), unit)


def plan_grid(plan: Plan, blocks: list[Block], group: str) -> MonthGrid:
    """A grid over the horizon alone."""
    return MonthGrid(
        months=plan.inputs.months,
        zones=zones(0, plan.inputs.policy.frozen_months, plan.inputs.horizon),
        blocks=tuple(blocks),
        group=group,
    )


def staffing_grid(plan: Plan) -> MonthGrid:
    """Heads, hires, releases and hours of every staffed resource."""
    inputs, solution = plan.inputs, plan.solution
    blocks = []
    for q in np.flatnonzero(inputs.resource.people):
        rows = [
            Row("Headcount", solution.headcount[q], "heads", "total"),
            Row("Hired", solution.hired[q], "heads", "part"),
            Row("Released", -solution.released[q], "heads", "part"),
            Row("Regular hours used", solution.regular[q], "h", "part"),
            Row("Overtime", solution.overtime[q], "h", "part"),
        ]
        if solution.shift_hours_used[q].max(initial=0.0) > 0.5:
            rows.append(Row("Extra shifts", solution.shift_hours_used[q], "h", "part"))
        blocks.append(
            Block(inputs.resource_names[q], tuple(rows), inputs.site_names[inputs.resource.site[q]])
        )
    return plan_grid(plan, blocks, "Staffing")


def limits_frame(view: context.View, plan: Plan) -> pd.DataFrame:
    """Sources in view that have a contractual minimum or maximum: what is taken against it."""
    inputs, solution = plan.inputs, plan.solution
    source = inputs.source
    rows = []
    for k in np.flatnonzero(view.items[source.item]):
        low, high = source.min_quantity[k], source.max_quantity[k]
        bounded = np.isfinite(high)
        if not (low > 0).any() and not bounded.any():
            continue
        taken = solution.started[k]
        full = int((bounded & (taken >= high - 1e-6 * np.maximum(high, 1.0))).sum())
        rows.append(
            (
                inputs.title(int(source.item[k])),
                inputs.source_names[k],
                _KINDS[source.kind[k]],
                source.supplier[k],
                float(taken.sum()),
                float(low.sum()),
                float(high[bounded].sum()) if bounded.any() else np.nan,
                float(100 * taken[bounded].sum() / high[bounded].sum())
                if high[bounded].sum() > 0
                else np.nan,
                full,
                float(solution.contract_shortfall[k].sum()),
            )
        )
    columns = [
        "Item",
        "Source",
        "How",
        "Supplier",
        "Planned",
        "Minimum",
        "Maximum",
        "Used",
        "Months full",
        "Below minimum",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["Months full", "Used"], ascending=False, ignore_index=True, na_position="last")


def materials_grid(plan: Plan) -> MonthGrid:
    """Materials bought against their contract, by supplier, and what is held."""
    inputs, solution = plan.inputs, plan.solution
    material = inputs.material
    blocks = []
    for at, name in enumerate(inputs.material_names):
        rows = []
        for n in np.flatnonzero(material.material == at):
            supplier = material.supplier[n] or "Supplier"
            rows.append(Row(f"Bought, {supplier}", solution.bought[n], ""))
            if np.isfinite(material.max_quantity[n]).any():
                limit = np.where(np.isfinite(material.max_quantity[n]), material.max_quantity[n], np.nan)
                rows.append(Row(f"Most, {supplier}", limit, "", "share"))
            if (material.min_quantity[n] > 0).any():
                rows.append(Row(f"Least, {supplier}", material.min_quantity[n], "", "share"))
        rows.append(Row("Held at month end", solution.material_stock[at], "", "part"))
        blocks.append(Block(name, tuple(rows)))
    return plan_grid(plan, blocks, "Materials")
