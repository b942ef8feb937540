"""Where a plan hurts: what is short and why, hours beyond the regular ones, stock, contracts that bind.

Read from the plan alone, without a re-plan. Money first: the larger its `value`, the earlier a pain is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.calendar import span_label, to_month
from sop_core.inputs import Floats, Inputs
from sop_core.plan import Plan
from sop_core.supply import causes

#: Kinds of pain beside the causes of shortages (`supply.causes.KINDS`).
OVERTIME, MAXIMUM, MINIMUM, STOCK = "overtime", "contract maximum", "contract minimum", "stock"

#: Families of which the stock is looked at, sources whose contract is.
_MOST_FAMILIES, _MOST_SOURCES = 4, 3
_NOISE = 1e-6
#: Months whose shortage is worth less than this part of the worst month's do not count.
_WEIGHS = 0.05


@dataclass(frozen=True, slots=True)
class Pain:
    """A place where a plan hurts.

    `binding`: position of the resource, source, lane, site or material, by kind; -1 = none. `items`: positions of
    the items concerned, worst first, with `units` missing of each. `first`, `last`: positions of the months in which
    something could be done about it; `wanted`: those in which the orders were placed. `value`: money at stake.
    """

    kind: str
    name: str
    binding: int
    items: tuple[int, ...]
    units: tuple[float, ...]
    first: int
    last: int
    wanted: tuple[int, int]
    value: float
    sentence: str

    @property
    def months(self) -> int:
        """How many months there are to do something."""
        return self.last - self.first + 1


def pains(plan: Plan) -> tuple[Pain, ...]:
    """Everything that hurts in a plan, largest money first; shortages before the rest."""
    short = sorted(_shortages(plan), key=lambda pain: -pain.value)
    rest = _overtime(plan) + _maxima(plan) + _minima(plan) + _stock(plan)
    return (*short, *sorted(rest, key=lambda pain: (-pain.value, pain.kind, pain.name)))


def first_open(inputs: Inputs) -> int:
    """Position of the first month that is not frozen; the last month where all are."""
    return min(inputs.policy.frozen_months, inputs.horizon - 1)


def _shortages(plan: Plan) -> list[Pain]:
    """One pain per cause and thing that is full."""
    inputs, found = plan.inputs, plan.shortages
    position = {name: i for i, name in enumerate(inputs.items)}
    out = []
    for (kind, name), rows in found.groupby(["cause_kind", "binding"], sort=True, dropna=False):
        by_item = rows.groupby("item", sort=True)[["quantity", "value"]].sum()
        by_item = by_item.sort_values("value", ascending=False, kind="stable")
        # Single late units at the edges do not widen the months that are talked about.
        by_month = rows.groupby("month", sort=True)["value"].sum()
        heavy = by_month.index[by_month >= _WEIGHS * by_month.max()]
        wanted = (_at(inputs, heavy.min()), _at(inputs, heavy.max()))
        full = rows.dropna(subset=["full_from"])
        first = _at(inputs, full["full_from"].min()) if len(full) else wanted[0]
        last = _at(inputs, full["full_to"].max()) if len(full) else wanted[1]
        # Hours after the orders are due help late orders only; a month more lets the backlog be worked off.
        last = max(min(last, wanted[1]), first)
        opens = first_open(inputs)
        units, value = float(rows["quantity"].sum()), float(rows["value"].sum())
        when = span_label(inputs.months[wanted[0]], inputs.months[wanted[1]])
        worst = rows.iloc[int(rows["value"].to_numpy().argmax())]
        out.append(
            Pain(
                kind=str(kind),
                name=str(name),
                binding=_binding(inputs, str(kind), str(name)),
                items=tuple(position[str(item)] for item in by_item.index),
                units=tuple(by_item["quantity"].tolist()),
                first=max(first, opens),
                last=max(last, opens),
                wanted=wanted,
                value=value,
                sentence=f"{units:,.0f} units late or lost, {when}: {worst['cause']}",
            )
        )
    return out


def _at(inputs: Inputs, stamp: pd.Timestamp) -> int:
    first = int(inputs.months[0].astype(int))
    return int(np.clip(int(to_month(stamp).astype(int)) - first, 0, inputs.horizon - 1))


def _binding(inputs: Inputs, kind: str, name: str) -> int:
    """Position of the thing that is full; a cause of policy names a resource or a source."""
    known = {
        causes.RESOURCE: inputs.resource_names,
        causes.POLICY: inputs.resource_names,
        causes.MATERIAL: inputs.material_names,
        causes.STORAGE: inputs.site_names,
        causes.LANE: tuple(inputs.lane_name(lane) for lane in range(len(inputs.lane.origin))),
    }.get(kind, inputs.source_names)
    return known.index(name) if name in known else -1


def _overtime(plan: Plan) -> list[Pain]:
    """Resources that need overtime or extra shifts."""
    inputs, solution = plan.inputs, plan.solution
    out = []
    for q, name in enumerate(inputs.resource_names):
        beyond = solution.overtime[q] + solution.shift_hours_used[q]
        months = np.flatnonzero(beyond > _NOISE * np.maximum(solution.load[q], 1.0))
        months = months[months >= first_open(inputs)]
        if not len(months):
            continue
        value = float(solution.overtime[q].sum() * inputs.resource.overtime_cost[q])
        value += float(solution.shifts[q].sum() * inputs.resource.shift_cost[q])
        first, last = int(months[0]), int(months[-1])
        hours = float(beyond[months].sum())
        when = span_label(inputs.months[first], inputs.months[last])
        out.append(
            Pain(
                OVERTIME, name, q, _users(inputs, q), (), first, last, (first, last), value,
                f"{hours:,.0f} hours beyond the regular ones at {name}, {when}",
            )
        )  # fmt: skip
    return out


def _users(inputs: Inputs, resource: int) -> tuple[int, ...]:
    """Items that need a resource."""
    rows = inputs.source.routing_source[inputs.source.routing_resource == resource]
    return tuple(sorted({int(i) for i in inputs.source.item[rows]}))


def _maxima(plan: Plan) -> list[Pain]:
    """Sources whose maximum costs money though nothing of theirs need be short: dearer ways are taken."""
    inputs, solution = plan.inputs, plan.solution
    worth = np.maximum(solution.duals["source"], 0.0)
    worth = np.where(np.isfinite(inputs.source.max_quantity), worth, 0.0)
    worth[:, : first_open(inputs)] = 0.0
    limit = np.where(np.isfinite(inputs.source.max_quantity), inputs.source.max_quantity, 0.0)
    value = 0.1 * (worth * limit).sum(axis=1)
    out = []
    for k in np.argsort(-value, kind="stable")[:_MOST_SOURCES]:
        if value[k] <= _NOISE:
            break
        months = np.flatnonzero(worth[k] > _NOISE)
        first, last, name = int(months[0]), int(months[-1]), inputs.source_names[int(k)]
        when = span_label(inputs.months[first], inputs.months[last])
        out.append(
            Pain(
                MAXIMUM, name, int(k), (int(inputs.source.item[k]),), (0.1 * float(limit[k, months].sum()),),
                first, last, (first, last), float(value[k]),
                f"the maximum for {name} is taken in full, {when}",
            )
        )  # fmt: skip
    return out


def _minima(plan: Plan) -> list[Pain]:
    """Sources of which no more is taken than the contract demands."""
    inputs, solution = plan.inputs, plan.solution
    low = inputs.source.min_quantity
    # A minimum that weighs is one at which the plan stops.
    stops = (low > 0) & (solution.started <= low * (1 + _NOISE) + _NOISE)
    stops[:, : first_open(inputs)] = False
    # What would arrive after the last month is a cost without its use: an edge of the plan, not a pain.
    stops &= np.arange(inputs.horizon) < inputs.horizon - inputs.source.lead[:, None]
    units = np.where(stops, low, 0.0).sum(axis=1)
    value = units * inputs.source.unit_cost.mean(axis=1) * inputs.policy.holding_rate / 12
    out = []
    for k in np.argsort(-value, kind="stable")[:_MOST_SOURCES]:
        if value[k] <= _NOISE:
            break
        months, name = np.flatnonzero(stops[k]), inputs.source_names[int(k)]
        first, last = int(months[0]), int(months[-1])
        when = span_label(inputs.months[first], inputs.months[last])
        out.append(
            Pain(
                MINIMUM, name, int(k), (int(inputs.source.item[k]),), (float(units[k]),), first, last,
                (first, last), float(value[k]), f"no more than the contract minimum is taken of {name}, {when}",
            )
        )  # fmt: skip
    return out


def _stock(plan: Plan) -> list[Pain]:
    """Families with the most money in stock, by what holding it costs a year."""
    inputs = plan.inputs
    value = stock_by_item(plan) * inputs.policy.holding_rate * inputs.horizon / 12
    names = np.array(inputs.item_family, dtype=object)
    totals = {name: float(value[names == name].sum()) for name in dict.fromkeys(inputs.item_family)}
    out = []
    for name in sorted(totals, key=lambda family: (-totals[family], family))[:_MOST_FAMILIES]:
        if totals[name] <= _NOISE:
            break
        own = [int(i) for i in np.flatnonzero(names == name)]
        own.sort(key=lambda i: -float(value[i]))
        out.append(
            Pain(
                STOCK, name, -1, tuple(own), (), first_open(inputs), inputs.horizon - 1,
                (first_open(inputs), inputs.horizon - 1), totals[name],
                f"stock of {name}: {float(stock_by_item(plan)[own].sum()):,.0f} {inputs.currency} on average",
            )
        )  # fmt: skip
    return out


def stock_by_item(plan: Plan) -> Floats:
    """[i] money in stock at standard cost, average of the month ends."""
    result: Floats = plan.solution.stock.sum(axis=1).mean(axis=1) * plan.inputs.item.unit_cost
    return result


def sentence(plan: Plan, found: tuple[Pain, ...]) -> str:
    """What hurts most, in one sentence; how full it is where nothing is short."""
    short = [pain for pain in found if pain.kind in causes.KINDS]
    if not short:
        return "All demand is served on time."
    said = short[0].sentence[:1].upper() + short[0].sentence[1:]
    more = "" if len(short) == 1 else f", and {len(short) - 1} more place{'s' if len(short) > 2 else ''}"
    return f"{said}{more}."
