"""What each item of the portfolio earns, what it takes, and which class it is in.

    bottlenecks(plan)                 the resources that limit the plan
    of_items(plan, history)           one row a planning item
    of_products(plan, signal, ...)    one row a product, where families are planned

Money is contribution: net price less standard unit cost ("variable cost, material included"). Where a resource
limits the company, the contribution per hour of that resource ranks what to sell (contribution per unit of the
limiting factor: Horngren, Datar & Rajan, Cost Accounting, ch. 12; Goldratt's throughput per constraint unit).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sop_core.calendar import month_column
from sop_core.demand.history import History
from sop_core.demand.signal import Signal
from sop_core.inputs import Floats, Inputs, Ints
from sop_core.kpis import utilisation
from sop_core.plan import Plan
from sop_core.products.variability import unsteadiness
from sop_core.snapshot import Snapshot

#: What items are ranked by, in order of preference, and how it is said.
BASIS: Final[Mapping[str, str]] = {"margin": "margin", "revenue": "revenue", "units": "volume"}
_DUST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds. ABC: A up to `a` of the cumulative margin, B up to `b`. XYZ: X below `x`, Y below `y`."""

    a: float = 0.80
    b: float = 0.95
    x: float = 0.25
    y: float = 0.50
    full: float = 0.95  #: load / regular hours from which on a month counts as full
    slow: float = 6.0  #: months of cover from which on stock counts as slow
    months: int = 12  #: months of the plan, and of the past, that are looked at


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A resource that limits the plan: its position, name, fullest month and the months in which it is full."""

    resource: int
    name: str
    peak: float  #: load / regular hours of the fullest month; inf where there are no hours at all
    months_full: int
    months: int

    @property
    def is_full(self) -> bool:
        """False for the fullest resource of a plan in which nothing is full."""
        return self.months_full > 0


@dataclass(frozen=True)
class Portfolio:
    """One row an item or product, in `frame`:

    item, title, family, category, unit · units_past, revenue_past (last months) · units, revenue, price, unit_cost,
    margin_unit, margin, margin_rate, margin_share (plan) · bottleneck, hours_unit, hours, margin_hour,
    hours_share, hours_margin_share · stock_now, stock, stock_share (money at standard cost; average over the plan),
    turns (a year), cover (months) · slow, idle (bool) · cv, abc, xyz · sources_kind · position (planning item).

    nan = not known. margin_share, stock_share sum to 1 over all rows, hours_share and hours_margin_share over the
    rows of one bottleneck, where there is anything to share.
    """

    frame: pd.DataFrame
    basis: str  #: margin, revenue or units
    bottlenecks: tuple[Bottleneck, ...]
    months: int  #: months of the plan that are looked at
    history: bool  #: whether there is a past to judge variability by
    uncosted: int  #: rows with demand whose unit cost is not known: their margin is their price
    rules: Rules


@dataclass(frozen=True, slots=True)
class _Measures:
    """What classes and shares are worked out from; arrays [n]."""

    units: Floats
    asked: Floats
    revenue: Floats
    units_past: Floats
    revenue_past: Floats
    unit_cost: Floats
    listed: Floats  #: price that stands in where nothing is sold
    stock_now: Floats  #: units
    stock: Floats  #: units, average over the plan
    hours_unit: Floats  #: hours of its bottleneck, nan where it uses none
    hours: Floats
    bottleneck: Ints  #: position of the resource, -1 = none
    cv: Floats


def bottlenecks(plan: Plan, full: float = 0.95) -> tuple[Bottleneck, ...]:
    """The resources that are full in some month of the plan, most limiting first; where none is full the fullest
    alone; none where no resource has a limit."""
    used = utilisation(plan.facts)
    found = [
        Bottleneck(
            q, plan.inputs.resource_names[q], float(np.nanmax(row)), int((row >= full).sum()), len(row)
        )
        for q, row in enumerate(used)
        if not np.isnan(row).all() and float(np.nanmax(row)) > 0
    ]
    found.sort(key=lambda b: (-b.months_full, -b.peak, b.resource))
    limiting = tuple(b for b in found if b.is_full)
    return limiting or tuple(sorted(found, key=lambda b: (-b.peak, b.resource))[:1])


def of_items(
    plan: Plan, history: History | None, rules: Rules | None = None, resource: int | None = None
) -> Portfolio:
    """The planning items of a plan. `resource`: hours of that resource alone, instead of each item's own
    bottleneck (the most limiting one that it uses)."""
    chosen = rules or Rules()
    limits = bottlenecks(plan, chosen.full)
    inputs, solution = plan.inputs, plan.solution
    span = min(chosen.months, inputs.horizon)
    hours_unit, hours, at = _hours(plan, span, _order(limits, resource))
    count = len(inputs.items)
    if history is None:
        past, revenue_past, cv = np.full(count, np.nan), np.full(count, np.nan), np.full(count, np.nan)
    else:
        past = history.sold[..., -chosen.months :].sum(axis=(1, 2, 3))
        revenue_past = history.revenue[..., -chosen.months :].sum(axis=(1, 2, 3))
        cv = unsteadiness(history.cleaned.sum(axis=(1, 2)), _calendar_month(history.months[-1]))
    price = plan.demand.price[..., :span]
    measures = _Measures(
        units=solution.served[..., :span].sum(axis=(1, 2, 3)),
        asked=plan.demand.total.sum(axis=(1, 2, 3)) * span / inputs.horizon,
        revenue=solution.revenue[..., :span].sum(axis=(1, 2, 3)),
        units_past=past,
        revenue_past=revenue_past,
        unit_cost=inputs.item.unit_cost,
        listed=price.mean(axis=(1, 2, 3)),
        stock_now=inputs.stock.opening.sum(axis=1),
        stock=solution.stock[..., :span].sum(axis=1).mean(axis=1),
        hours_unit=hours_unit,
        hours=hours,
        bottleneck=at,
        cv=cv,
    )
    labels = pd.DataFrame(
        {
            "item": inputs.items,
            "title": [inputs.title(i) for i in range(count)],
            "family": inputs.item_family,
            "category": inputs.item_category,
            "unit": inputs.item_unit,
            "position": np.arange(count),
        }
    )
    return _classified(labels, measures, inputs, limits, span, history is not None, chosen)


def of_products(
    plan: Plan,
    snapshot: Snapshot,
    signal: Signal | None,
    rules: Rules | None = None,
    resource: int | None = None,
) -> Portfolio:
    """The products behind the planning items of a plan.

    A product takes its part of its item's planned units, hours and stock by its share of recent sales; its own are
    its unit cost, its net price (invoiced in the last months, else listed), its stock now and its variability.
    """
    chosen = rules or Rules()
    limits = bottlenecks(plan, chosen.full)
    inputs, solution = plan.inputs, plan.solution
    span = min(chosen.months, inputs.horizon)
    names = list(inputs.product_share)
    at = np.array([inputs.product_share[name][0] for name in names], dtype=np.int64)
    share = np.array([inputs.product_share[name][1] for name in names])
    hours_unit, hours, where = _hours(plan, span, _order(limits, resource))
    table = snapshot.table("products").set_index("product").reindex(names)
    listed = np.nan_to_num(table["price"].to_numpy(dtype=float))
    item_price = plan.demand.price[..., :span].mean(axis=(1, 2, 3))
    listed = np.where(listed > 0, listed, item_price[at])
    count = len(names)
    past = revenue_past = cv = np.full(count, np.nan)
    price = listed
    if signal is not None:
        rows = signal.rows(names)
        latest = slice(-chosen.months, None)
        past = signal.sold[rows][..., latest].sum(axis=(1, 2, 3))
        revenue_past = signal.revenue[rows][..., latest].sum(axis=(1, 2, 3))
        cv = unsteadiness(signal.units[rows].sum(axis=(1, 2)), _calendar_month(signal.months[-1]))
        invoiced = np.divide(revenue_past, past, out=np.zeros(count), where=past > 0)
        price = np.where(invoiced > 0, invoiced, listed)
    units = solution.served[..., :span].sum(axis=(1, 2, 3))[at] * share
    stock_now = _stock_now(snapshot, names)
    held = np.bincount(at, stock_now, minlength=len(inputs.items))
    # Planned stock follows the stock that is there, else the sales.
    part = np.where(held[at] > 0, stock_now / np.maximum(held[at], _DUST), share)
    measures = _Measures(
        units=units,
        asked=plan.demand.total.sum(axis=(1, 2, 3))[at] * share * span / inputs.horizon,
        revenue=units * price,
        units_past=past,
        revenue_past=revenue_past,
        unit_cost=np.nan_to_num(table["unit_cost"].to_numpy(dtype=float)),
        listed=price,
        stock_now=stock_now,
        stock=solution.stock[..., :span].sum(axis=1).mean(axis=1)[at] * part,
        hours_unit=hours_unit[at],
        hours=hours[at] * share,
        bottleneck=where[at],
        cv=cv,
    )
    title = table["name"].fillna(pd.Series(names, index=table.index)).astype(str)
    labels = pd.DataFrame(
        {
            "item": names,
            "title": [f"{n} ({p})" if n != p else n for n, p in zip(title, names, strict=True)],
            "family": table["family"].astype(str).to_numpy(),
            "category": table["category"].astype(str).to_numpy(),
            "unit": table["unit"].astype(str).to_numpy(),
            "position": at,
        }
    )
    return _classified(labels, measures, inputs, limits, span, signal is not None, chosen)


def abc(worth: Floats, rules: Rules | None = None) -> list[str]:
    """A, B or C by cumulative worth, largest first; what earns nothing is C.

    An item is in the class in which its share begins, so that the item which crosses a threshold still belongs to
    the class before it (Silver, Pyke & Thomas 2017, ch. 2).
    """
    chosen = rules or Rules()
    positive = np.where(np.isfinite(worth), np.maximum(worth, 0.0), 0.0)
    total = positive.sum()
    order = np.argsort(-positive, kind="stable")
    before = np.empty(len(worth))
    before[order] = np.concatenate([[0.0], positive[order].cumsum()[:-1]]) if len(worth) else []
    # A sum of many parts misses the threshold by the last digit of a float.
    begin = before / total + _DUST if total > 0 else before
    return [
        "C" if value <= 0 else "A" if at < chosen.a else "B" if at < chosen.b else "C"
        for value, at in zip(positive, begin, strict=True)
    ]


def xyz(cv: Floats, rules: Rules | None = None) -> list[str]:
    """X steady, Y variable, Z hard to foresee; too little history is Z, since nothing shows it to be steady."""
    chosen = rules or Rules()
    return ["X" if v < chosen.x else "Y" if v < chosen.y else "Z" for v in cv]


def matrix(portfolio: Portfolio) -> pd.DataFrame:
    """The nine classes: abc, xyz, items, share (of the basis), stock_share. Every row of the portfolio is in one."""
    frame = portfolio.frame
    rows = []
    for first in "ABC":
        for second in "XYZ":
            inside = (frame["abc"] == first) & (frame["xyz"] == second)
            rows.append(
                (
                    first,
                    second,
                    int(inside.sum()),
                    float(frame.loc[inside, "worth_share"].sum()),
                    float(frame.loc[inside, "stock_share"].sum()),
                )
            )
    return pd.DataFrame(rows, columns=["abc", "xyz", "items", "share", "stock_share"])


def _classified(
    labels: pd.DataFrame,
    m: _Measures,
    inputs: Inputs,
    limits: tuple[Bottleneck, ...],
    span: int,
    history: bool,
    rules: Rules,
) -> Portfolio:
    costed, sold = bool((m.unit_cost > 0).any()), bool((m.revenue > 0).any())
    basis = "margin" if costed and sold else "revenue" if sold else "units"
    price = np.divide(m.revenue, m.units, out=m.listed.astype(float).copy(), where=m.units > _DUST)
    margin_unit = price - m.unit_cost if basis == "margin" else np.full(len(price), np.nan)
    margin = margin_unit * m.units
    worth = {"margin": margin, "revenue": m.revenue, "units": m.units}[basis]
    value = np.where(m.unit_cost > 0, m.unit_cost, 0.0) if costed else np.where(sold, price, 1.0)
    stock = m.stock * value
    # Hours of a bottleneck are compared among the items that use it: the others do not compete for them.
    hours_share, hours_margin = np.full(len(price), np.nan), np.full(len(price), np.nan)
    for q in np.unique(m.bottleneck[m.bottleneck >= 0]):
        users = m.bottleneck == q
        hours_share[users], hours_margin[users] = shares(m.hours[users]), shares(worth[users])
    monthly = m.asked / span
    cover = np.divide(m.stock_now, monthly, out=np.full(len(price), np.nan), where=monthly > _DUST)
    turns = np.divide(m.units * 12 / span, m.stock, out=np.full(len(price), np.nan), where=m.stock > 1e-6)
    names = np.array([*inputs.resource_names, ""], dtype=object)
    frame = labels.assign(
        units_past=m.units_past,
        revenue_past=m.revenue_past,
        units=m.units,
        revenue=m.revenue,
        price=price,
        unit_cost=m.unit_cost,
        margin_unit=margin_unit,
        margin=margin,
        margin_rate=np.divide(margin, m.revenue, out=np.full(len(price), np.nan), where=m.revenue > _DUST),
        margin_share=shares(margin),
        worth=worth,
        worth_share=shares(worth),
        bottleneck=names[m.bottleneck],
        hours_unit=m.hours_unit,
        hours=m.hours,
        margin_hour=np.divide(
            margin_unit, m.hours_unit, out=np.full(len(price), np.nan), where=m.hours_unit > _DUST
        ),
        hours_share=hours_share,
        hours_margin_share=hours_margin,
        stock_now=m.stock_now * value,
        stock=stock,
        stock_share=shares(stock),
        turns=turns,
        cover=cover,
        slow=(cover > rules.slow) & (m.stock_now > _DUST),
        idle=(m.asked <= _DUST) & (m.stock_now > _DUST),
        cv=m.cv,
        abc=abc(worth, rules),
        xyz=xyz(m.cv, rules),
    )
    return Portfolio(
        frame=frame,
        basis=basis,
        bottlenecks=limits,
        months=span,
        history=history,
        uncosted=int(((m.unit_cost <= 0) & (m.units > _DUST)).sum()) if basis == "margin" else 0,
        rules=rules,
    )


def shares(values: Floats) -> Floats:
    """Parts of the whole, negative and unknown values as none; all zero where there is nothing to share."""
    positive = np.where(np.isfinite(values), np.maximum(values, 0.0), 0.0)
    total = positive.sum()
    result: Floats = positive / total if total > 0 else np.zeros(len(positive))
    return result


def _order(limits: tuple[Bottleneck, ...], resource: int | None) -> list[int]:
    return [b.resource for b in limits] if resource is None else [resource]


def _hours(plan: Plan, span: int, order: list[int]) -> tuple[Floats, Floats, Ints]:
    """(hours of its bottleneck per unit [i], hours in the months [i], position of the bottleneck [i]).

    Hours per unit as the plan gets the item: over all its sources, bought ones too; where nothing is started, as
    its first source needs them.
    """
    inputs, source = plan.inputs, plan.inputs.source
    count, resources = len(inputs.items), len(inputs.resource_names)
    started = plan.solution.started[:, :span].sum(axis=1)
    load, normal = np.zeros((count, resources)), np.zeros((count, resources))
    rows = source.routing_source
    np.add.at(load, (source.item[rows], source.routing_resource), source.routing_hours * started[rows])
    units = np.bincount(source.item, started, minlength=count)
    first = np.full(count, -1)
    first[source.item[::-1]] = np.arange(len(source.item))[::-1]
    own = rows == first[source.item[rows]]
    np.add.at(normal, (source.item[rows[own]], source.routing_resource[own]), source.routing_hours[own])
    made = units > 1e-6
    each = np.where(made[:, None], load / np.maximum(units, 1e-6)[:, None], normal)
    at = np.full(count, -1, dtype=np.int64)
    for q in reversed(order):
        at[each[:, q] > _DUST] = q
    uses = at >= 0
    per_unit = np.where(uses, each[np.arange(count), np.maximum(at, 0)] if resources else np.nan, np.nan)
    hours = np.where(uses, load[np.arange(count), np.maximum(at, 0)] if resources else 0.0, 0.0)
    return per_unit, hours, at


def _stock_now(snapshot: Snapshot, names: list[str]) -> Floats:
    """[p] units at the last inventory month before the plan, all sites; negative book stock counts as none."""
    table = snapshot.table("inventory")
    if not len(table):
        return np.zeros(len(names))
    past = table[month_column(table["month"]) < snapshot.settings.plan_start]
    last = past[past["month"] == past.groupby("site")["month"].transform("max")]
    units = last["quantity"].clip(lower=0.0).groupby(last["product"]).sum()
    found: Floats = units.reindex(names).fillna(0.0).to_numpy(dtype=float)
    return found


def _calendar_month(month: np.datetime64) -> int:
    return int(month.astype("datetime64[M]").astype(int)) % 12 + 1
