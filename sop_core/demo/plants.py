"""How the plants met demand in the past: output, stock, deliveries, late and lost orders, hours worked.

One month after the other: plan output from the cover wanted, cut it to the hours there are, make it, deliver
oldest orders first and segments by priority. Orders of segments that wait are delivered later, those of the
others are lost. Every quantity is a whole number, so the books close to the unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, weekdays
from sop_core.demo import company, happenings
from sop_core.demo.clock import HISTORY, Clock
from sop_core.demo.literal import rows
from sop_core.demo.market import FAMILY, MTO, PRODUCTS, REGIONS, SEGMENTS, Floats, Ints, Market

RESOURCES = tuple(company.RESOURCES["resource"])
WAITS = (company.SEGMENTS["backorders"] == "true").to_numpy()
AGES = 6  #: months an order may have waited
_BATCH = 10
_WORK_AHEAD = 3  # months of demand that cover is counted in


@dataclass(frozen=True)
class Plants:
    """The past, and what is committed for the first month ahead.

    `stock` [p, t], `planned` and `made` [p, t] in units (`planned` has one month more); `delivered`
    [age, p, r, m, t]: delivered in t of what was due `age` months before; `lost` and `pending` [p, r, m, t]:
    never delivered, and still waiting, of what was due in t; `returned` [p, r, m, t]; `hours` [q, t] worked.
    """

    stock: Ints
    planned: Ints
    made: Ints
    delivered: Ints
    lost: Ints
    pending: Ints
    returned: Ints
    hours: Floats


def hours_per_unit() -> Floats:
    """[p, q] hours one unit takes at each resource, made where its family is at home."""
    hours = company.ROUTINGS.set_index("product").reindex(PRODUCTS)[list(RESOURCES)]
    return hours.fillna(0.0).to_numpy(dtype=float)


def working_days(site: str, months: MonthArray) -> Floats:
    """[t] Mondays to Fridays less the site's days off."""
    days: Floats = weekdays(months) - np.array(company.DAYS_OFF[site], dtype=float)[months.astype(int) % 12]
    return days


def regular_hours(clock: Clock) -> tuple[Floats, Floats]:
    """([q, t] regular, [q, t] overtime) hours at today's headcount, with closings and the changeover."""
    months = clock.months
    people = company.WORKFORCE.set_index("resource")
    regular, overtime = [], []
    for row in rows(company.RESOURCES):
        hours, over = np.full(len(months), np.inf), np.full(len(months), float(row.overtime))
        if not np.isnan(row.hours):
            hours[:] = row.hours
        for month, part in happenings.CLOSINGS.get(row.resource, {}).items():
            hours[clock.month_of_year == month - 1] *= part
        if row.resource == "Mower Line":
            for (years, month), (left, over_left) in happenings.CHANGEOVER.items():
                at = months == clock.in_season(month, years)
                hours[at], over[at] = left, over_left
        if row.resource in people.index:
            heads = people.loc[row.resource]
            days = working_days(row.site, months)
            hours = np.minimum(hours, heads["heads"] * heads["hours_per_day"] * days)
            over = np.minimum(over, heads["heads"] * heads["overtime"])
        regular.append(hours)
        overtime.append(over)
    return np.array(regular), np.array(overtime)


def contract_limits(expected: Floats) -> tuple[Floats, Floats]:
    """([p], [p]) contractual minimum and maximum a month of bought products; nan for the others.

    Parts of the mean month of the calendar year ahead, in steps of 50 units. `expected` is [p, 12].
    """
    bought = FAMILY == "Irrigation"
    mean = expected.mean(axis=1)
    low = np.where(bought, np.round(company.CONTRACT_MINIMUM * mean / 50) * 50, np.nan)
    high = np.where(bought, np.round(company.CONTRACT_MAXIMUM * mean / 50) * 50, np.nan)
    return low, high


def run_plants(clock: Clock, market: Market, most: Floats, rng: np.random.Generator) -> Plants:
    """The plants' past against `market`; `most` [p] is today's contractual maximum (nan = none)."""
    count = len(PRODUCTS)
    shape = (count, len(REGIONS), len(SEGMENTS))
    expected = market.with_promotions.sum(axis=(1, 2))
    target = _stock_target(clock, expected)
    regular, overtime = regular_hours(clock)
    usage = hours_per_unit()
    part = _trouble(clock)
    returned = _returns(clock, shape)
    efficiency = rng.uniform(1.0, 1.025, (len(RESOURCES), HISTORY))
    # Enough to start the first month as the policy wants it.
    stock = np.where(MTO, 0, np.round(target[:, 0])).astype(np.int64)
    waiting = np.zeros((AGES, *shape), dtype=np.int64)
    stocks, made_all = np.zeros((count, HISTORY), dtype=np.int64), np.zeros((count, HISTORY), dtype=np.int64)
    planned = np.zeros((count, HISTORY + 1), dtype=np.int64)
    delivered = np.zeros((AGES + 1, *shape, HISTORY), dtype=np.int64)
    lost = np.zeros((*shape, HISTORY), dtype=np.int64)
    for t in range(HISTORY + 1):
        demand = market.demand[..., t] if t < HISTORY else np.zeros(shape, dtype=np.int64)
        late = waiting.sum(axis=(0, 2, 3))
        # What is made to order is known when the month is planned; the rest follows expectation.
        known = market.coming[..., 0] * happenings.KNOWN_AHEAD
        wanted = (demand if t < HISTORY else known).sum(axis=(1, 2))
        need = np.where(MTO, wanted + late, target[:, t] + expected[:, t] + late - stock)
        limit = most * (company.FORMER_MAXIMUM / company.CONTRACT_MAXIMUM if t < HISTORY else 1.0)
        plan = np.minimum(np.maximum(need, 0.0), np.where(np.isnan(limit), np.inf, limit))
        plan = _fit(plan, usage, (regular[:, t] + overtime[:, t]) / 1.03)
        planned[:, t] = np.where(MTO, np.floor(plan), np.floor(plan / _BATCH) * _BATCH)
        if t == HISTORY:
            break
        drawn = np.where(MTO, 1.0, np.clip(rng.normal(0.985, 0.02, count), 0.93, 1.02))
        made = np.floor(planned[:, t] * drawn * part[:, t]).astype(np.int64)
        ready = stock + made + returned[..., t].sum(axis=(1, 2))
        given, short = _deliver(ready, waiting, demand)
        delivered[..., t] = given
        lost[..., t] = np.where(WAITS[None, None, :], 0, short[0])
        waiting = np.where(WAITS[None, None, None, :], short, 0)[:AGES]
        stock = ready - given.sum(axis=(0, 2, 3))
        stocks[:, t], made_all[:, t] = stock, made
    still = np.zeros((*shape, HISTORY), dtype=np.int64)
    for age in range(AGES):
        still[..., HISTORY - 1 - age] = waiting[age]
    hours = np.minimum(usage.T @ made_all * efficiency, (regular + overtime)[:, :HISTORY])
    return Plants(stocks, planned, made_all, delivered, lost, still, returned, hours)


def _stock_target(clock: Clock, expected: Floats) -> Floats:
    """[p, t] stock wanted at month end: cover x mean of the coming months' demand; none for make to order."""
    cover = company.COVER.set_index("family").loc[FAMILY].to_numpy(dtype=float)[:, clock.month_of_year]
    span = range(HISTORY + 1)
    ahead = np.stack([expected[:, t + 1 : t + 1 + _WORK_AHEAD].mean(axis=1) for t in span], axis=1)
    normal = cover[:, : HISTORY + 1] * ahead
    # Slow movers come in bursts: twice the cover.
    normal[[PRODUCTS.index(product) for product in company.INTERMITTENT]] *= 2
    # Overstock is counted against the mean month: it does not follow the season.
    year = np.stack([expected[:, max(t - 11, 0) : t + 1].mean(axis=1) for t in span], axis=1)
    begin = HISTORY - 1 - happenings.OVERSTOCK_MONTHS
    ramp = np.clip((np.arange(HISTORY + 1) - begin) / happenings.OVERSTOCK_MONTHS, 0, 1)
    heavy = np.where(ramp > 0, (normal + (happenings.OVERSTOCK_COVER * year - normal) * ramp), normal)
    heavy = np.maximum(heavy, normal)
    own = (FAMILY == happenings.OVERSTOCK_FAMILY)[:, None]
    return np.where(MTO[:, None], 0.0, np.where(own, heavy, normal))


def _fit(plan: Floats, usage: Floats, hours: Floats) -> Floats:
    """`plan` cut in proportion to what each resource has; what is made to order goes first."""
    for q in range(usage.shape[1]):
        promised = float(plan[MTO] @ usage[MTO, q])
        load = float(plan[~MTO] @ usage[~MTO, q])
        if promised + load > hours[q]:
            plan = np.where((usage[:, q] > 0) & ~MTO, plan * max(hours[q] - promised, 0.0) / load, plan)
    return plan


def _trouble(clock: Clock) -> Floats:
    """[p, t] part of the planned output that arrived."""
    part = np.ones((len(PRODUCTS), HISTORY))
    for row in rows(happenings.TROUBLE):
        at = clock.at(clock.in_season(int(row.month), int(row.years)))
        if 0 <= at < HISTORY:
            part[PRODUCTS.index(row.product), at] = row.part
    for product, last_two in happenings.LATE_NOW.items():
        part[PRODUCTS.index(product), HISTORY - 2 :] = last_two
    return part


def _returns(clock: Clock, shape: tuple[int, int, int]) -> Ints:
    """[p, r, m, t] units sent back; they go back into stock."""
    out = np.zeros((*shape, HISTORY), dtype=np.int64)
    for row in rows(happenings.RETURNS):
        at = clock.at(clock.in_season(int(row.month), int(row.years)))
        if 0 <= at < HISTORY:
            cell = PRODUCTS.index(row.product), REGIONS.index(row.region), SEGMENTS.index(row.segment)
            out[(*cell, at)] = row.quantity
    return out


def _deliver(ready: Ints, waiting: Ints, demand: Ints) -> tuple[Ints, Ints]:
    """(given, short), each [age, p, r, m]: oldest orders first, then this month's by segment priority.

    Given at age 0 is on time. Short at age 0 is this month's rest; short at age a waits since a months.
    """
    ages = len(waiting)
    given = np.zeros((ages + 1, *demand.shape), dtype=np.int64)
    short = np.zeros_like(given)
    left = ready.copy()
    for age in range(ages, 0, -1):
        for m in range(demand.shape[2]):
            given[age, :, :, m], left = _share(left, waiting[age - 1, :, :, m])
        short[age] = waiting[age - 1] - given[age]
    for m in np.argsort(company.SEGMENTS["priority"].to_numpy(dtype=float), kind="stable"):
        given[0, :, :, m], left = _share(left, demand[:, :, m])
    short[0] = demand - given[0]
    return given, short


def _share(left: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """(given [p, r], what is left [p]): all that is wanted, or what there is in proportion."""
    total = wanted.sum(axis=1)
    given = wanted.copy()
    for p in np.flatnonzero(total > left):
        given[p] = split(int(left[p]), wanted[p].astype(float))
    return given, left - given.sum(axis=1)


def split(total: int, weights: Floats) -> Ints:
    """`total` in whole parts close to `weights` (largest remainder); zero weights get nothing."""
    if total <= 0 or weights.sum() <= 0:
        return np.zeros(len(weights), dtype=np.int64)
    exact = total * weights / weights.sum()
    parts: Ints = np.floor(exact).astype(np.int64)
    rest = total - int(parts.sum())
    parts[np.argsort(parts - exact, kind="stable")[:rest]] += 1
    return parts
