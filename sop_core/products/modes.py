"""Production mode: to stock, to order or assembled to order; what demand and customers suggest, and what it frees.

The place where an item's own production meets the customer's order (the decoupling point; Hoekstra & Romme 1992,
Olhager 2003): to order where customers wait at least as long as making takes and demand is too uneven to be
foreseen; assembled to order where materials are shared and only assembly fits into the wait; else to stock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sop_core.changes import MODES, ProductionMode, Scope
from sop_core.demand.history import History
from sop_core.inputs import Floats, Inputs
from sop_core.plan import Plan
from sop_core.products.dead_weight import item_scope
from sop_core.products.variability import ADI_LIMIT, interval, pattern, size_variation, unsteadiness
from sop_core.snapshot import Snapshot
from sop_core.supply.policy import safety_stock

MONTH_DAYS: Final = 365.25 / 12


@dataclass(frozen=True, slots=True)
class ModeRules:
    """Thresholds of the suggestion."""

    make_days: float = 15.0  #: time for an order that is made within the month, half a month on average
    waits: float = 0.50  #: part of the ordered units that must leave enough time; half = the median
    steady: float = 0.25  #: variation below which a little safety stock covers an item
    uneven: float = 0.50  #: variation from which on it cannot be foreseen
    ahead: float = 0.25  #: months of demand in stock beyond target and old stock: built ahead of a peak
    months: int = 12  #: months of the plan looked at


@dataclass(frozen=True, slots=True)
class ModeLine:
    """One planning item. Days are calendar days; money at standard cost; nan = not known."""

    item: int
    title: str
    today: str  #: MTS, MTO, ATO
    suggested: str
    why: str  #: one sentence
    pattern: str  #: smooth, erratic, intermittent, lumpy, no demand
    variation: float  #: around trend and season, fraction
    interval: float  #: mean months between demands
    lines: float  #: order lines a month, last year of orders
    wait: float  #: days between order and due date that half of the ordered units leave or exceed
    make_days: float  #: to make and ship, from materials at hand
    full_days: float  #: with the materials' lead time
    stock_now: float  #: money
    held: float  #: money: safety stock (the target) and half a month's cycle stock, with today's mode
    after: float  #: money: the same with the suggested mode; materials instead of goods under ATO
    holding: float  #: money a year that the difference costs or saves; positive = saved
    service: str  #: what the suggested mode means to customers; "" where nothing changes

    @property
    def freed(self) -> float:
        """Money that the suggested mode frees; negative = needs."""
        return self.held - self.after

    @property
    def changes(self) -> bool:
        """Whether another mode than today's is suggested."""
        return self.suggested != self.today


@dataclass(frozen=True, slots=True)
class _Facts:
    """Per item [i], what suggestion and effect rest on."""

    variation: Floats
    adi: Floats
    cv2: Floats
    lines: Floats
    wait: Floats
    notices: tuple[tuple[Floats, Floats], ...]  #: (days, units) of every order line
    make_days: Floats
    full_days: Floats
    shared: np.ndarray
    material_value: Floats  #: money of materials in a unit, from the bill of materials
    ahead: np.ndarray
    monthly: Floats  #: mean demand a month, units
    safety: Floats  #: units held when made to stock


def today_modes(snapshot: Snapshot, inputs: Inputs) -> list[str]:
    """MTS, MTO or ATO of each item in `inputs` (a scenario's): what most of its volume is made to, as the plan
    takes it; among orders, ATO where most of that is assembled."""
    policy = snapshot.table("products").set_index("product")["policy"].to_dict()
    out = []
    for i, members in enumerate(inputs.item_products):
        parts = dict.fromkeys(MODES, 0.0)
        for product in members:
            parts[policy.get(product, "MTS")] += inputs.product_share[product][1]
        ordered = "ATO" if parts["ATO"] > parts["MTO"] else "MTO"
        out.append(ordered if inputs.item.make_to_order[i] else "MTS")
    return out


def mode_lines(
    plan: Plan,
    snapshot: Snapshot,
    history: History | None,
    sigma: Floats | None,
    rules: ModeRules | None = None,
) -> tuple[ModeLine, ...]:
    """A suggestion for every planning item, in planning order. `sigma`: [i] standard deviation of a month's
    forecast error, units (None: the variation of demand stands in)."""
    chosen = rules or ModeRules()
    facts = _facts(plan, snapshot, history, sigma, chosen)
    inputs = plan.inputs
    today = today_modes(snapshot, inputs)
    out = []
    for i in range(len(inputs.items)):
        mode, why = suggest(facts, i, today[i], chosen)
        held, after = _stock_of(facts, inputs, i, today[i]), _stock_of(facts, inputs, i, mode)
        cost = float(inputs.item.unit_cost[i])
        rate = 12 * float(inputs.item.holding_cost[i]) / cost if cost > 0 else 0.0
        out.append(
            ModeLine(
                item=i,
                title=inputs.title(i),
                today=today[i],
                suggested=mode,
                why=why,
                pattern=pattern(float(facts.adi[i]), _sizes(facts, i)),
                variation=float(facts.variation[i]),
                interval=float(facts.adi[i]),
                lines=float(facts.lines[i]),
                wait=float(facts.wait[i]),
                make_days=float(facts.make_days[i]),
                full_days=float(facts.full_days[i]),
                stock_now=float(inputs.stock.opening[i].sum()) * cost,
                held=held,
                after=after,
                holding=(held - after) * rate,
                service=_service(facts, i, today[i], mode),
            )
        )
    return tuple(out)


def suggest(facts: _Facts, i: int, today: str, rules: ModeRules) -> tuple[str, str]:
    """(mode, one sentence why) for an item. The first rule that fits decides; they stand in this order."""
    vary, adi, wait = float(facts.variation[i]), float(facts.adi[i]), float(facts.wait[i])
    make, full = float(facts.make_days[i]), float(facts.full_days[i])
    lumpy = adi >= ADI_LIMIT
    uneven = lumpy or vary >= rules.uneven
    varies = f"demand varies by {100 * vary:.0f} %" if np.isfinite(vary) else "demand is seldom"
    if lumpy:
        varies = f"it is asked for every {adi:.1f} months"
    if not np.isfinite(adi) or not (np.isfinite(vary) or lumpy):
        return today, "Too little history to suggest another mode."
    if not np.isfinite(wait):
        if today == "MTS" and uneven:
            return (
                today,
                f"No orders tell how long customers wait; {varies}: to order if they wait {make:.0f} days.",
            )
        return today, "No orders tell how long customers wait: bring orders with order and due dates."
    waits = f"ustomers wait {wait:.0f} days"
    if wait < make:
        return "MTS", f"C{waits}; making and shipping takes {make:.0f}."
    if today != "MTS":
        return today, f"It works: c{waits}; making and shipping takes {make:.0f}."
    if facts.ahead[i]:
        return (
            "MTS",
            "Built ahead of a peak that capacity does not cover: to order, the peak would come late.",
        )
    if not uneven:
        how = "steady" if vary < rules.steady else "fairly steady"
        return "MTS", f"Demand is {how} (varies by {100 * vary:.0f} %): a little safety stock covers it."
    if wait >= full:
        return "MTO", f"C{waits}, {full:.0f} are needed, and {varies}: stock would be a guess."
    if facts.shared[i]:
        return "ATO", (
            f"C{waits}: enough to assemble it ({make:.0f}), not for its shared materials ({full:.0f}); {varies}."
        )
    return "MTS", f"Its own materials take {full:.0f} days; c{waits}."


def changes_to(
    plan: Plan, lines: tuple[ModeLine, ...], modes: Mapping[int, str], days: Mapping[int, float]
) -> list[ProductionMode]:
    """Changes that bring the items (by position) to these modes, one a mode where they need nothing of their own.

    `days`: stock target in days of demand for items that go to stock without a target of their own.
    """
    gathered: dict[tuple[str, float | None], list[Scope]] = {}
    for i, mode in modes.items():
        cover = days.get(i) if mode == "MTS" else None
        gathered.setdefault((mode, cover), []).append(item_scope(plan.inputs, i))
    return [
        ProductionMode(
            scope=Scope(
                products=tuple(p for s in scopes for p in s.products),
                families=tuple(f for s in scopes for f in s.families),
            ),
            mode=mode,
            cover_days=cover,
        )
        for (mode, cover), scopes in gathered.items()
    ]


def cover_days(plan: Plan, sigma: Floats | None, history: History | None) -> dict[int, float]:
    """Days of demand that the safety stock of each item without a stock target is worth, whole days."""
    inputs = plan.inputs
    monthly = inputs.demand.base.sum(axis=(1, 2)).mean(axis=1)
    without = inputs.stock.target.sum(axis=(1, 2)) <= 0
    units = _safety(inputs, sigma, history, monthly)
    return {
        int(i): float(max(round(units[i] / monthly[i] * MONTH_DAYS), 1))
        for i in np.flatnonzero(without & (monthly > 0) & (units > 0))
    }


# -- facts ------------------------------------------------------------------------------------------------


def _facts(
    plan: Plan, snapshot: Snapshot, history: History | None, sigma: Floats | None, rules: ModeRules
) -> _Facts:
    inputs = plan.inputs
    count = len(inputs.items)
    if history is None:
        variation = adi = cv2 = np.full(count, np.nan)
    else:
        demand = history.cleaned.sum(axis=(1, 2))
        last = int(history.months[-1].astype("datetime64[M]").astype(int)) % 12 + 1
        variation, adi, cv2 = unsteadiness(demand, last), interval(demand), size_variation(demand)
    lines, notices = _orders(snapshot, inputs)
    wait = np.array([_notice(days, units, 1 - rules.waits) for days, units in notices])
    lead = _lead_months(inputs)
    material, shared, value = _materials(inputs)
    monthly = plan.demand.total.sum(axis=(1, 2)).mean(axis=1)
    targets = (inputs.stock.target * inputs.stock.cover_factor[:, None, None]).sum(axis=1).mean(axis=1)
    safety = np.where(targets > 0, targets, _safety(inputs, sigma, history, monthly))
    return _Facts(
        variation=variation,
        adi=adi,
        cv2=cv2,
        lines=lines,
        wait=wait,
        notices=notices,
        make_days=lead * MONTH_DAYS + rules.make_days,
        full_days=(lead + material) * MONTH_DAYS + rules.make_days,
        shared=shared,
        material_value=value,
        ahead=_built_ahead(plan, rules),
        monthly=monthly,
        safety=safety,
    )


def _orders(snapshot: Snapshot, inputs: Inputs) -> tuple[Floats, tuple[tuple[Floats, Floats], ...]]:
    """Order lines a month over the last year of orders, and (days from order to due date, units) of every line."""
    count = len(inputs.items)
    orders = snapshot.table("orders")
    nothing = (np.zeros(0), np.zeros(0))
    if not len(orders):
        return np.full(count, np.nan), (nothing,) * count
    last = orders["ordered_on"].max()
    recent = orders[orders["ordered_on"] > last - pd.DateOffset(years=1)]
    months = max((last - recent["ordered_on"].min()).days / MONTH_DAYS, 1.0)
    place = {product: at for product, (at, _) in inputs.product_share.items()}
    item = recent["product"].map(place).to_numpy(dtype=float)
    days = (recent["due_on"] - recent["ordered_on"]).dt.days.to_numpy(dtype=float)
    units = recent["quantity"].to_numpy(dtype=float)
    good = ~np.isnan(item) & ~np.isnan(days) & (units > 0)
    lines = np.bincount(item[good].astype(int), minlength=count) / months
    # A due date before the order is a slip of the pen: nobody waited.
    days = np.maximum(days, 0.0)
    return lines, tuple((days[good & (item == i)], units[good & (item == i)]) for i in range(count))


def _notice(days: Floats, units: Floats, part: float) -> float:
    """The days that all but `part` of the units leave between order and due date; nan without orders."""
    if not len(days):
        return float("nan")
    order = np.argsort(days, kind="stable")
    upto = units[order].cumsum() / units.sum()
    return float(days[order][min(int(np.searchsorted(upto, part)), len(days) - 1)])


def _lead_months(inputs: Inputs) -> Floats:
    """[i] months from start to the customer by the quickest source: its lead time and the transport's, mean over
    the regions that ask; 0 where the item has no source."""
    lane, count = inputs.lane, len(inputs.items)
    reach = np.full((len(inputs.site_names), len(inputs.regions)), np.inf)
    if lane.everywhere:
        reach[:] = 0.0
    ends = np.flatnonzero(lane.to_region >= 0)
    np.minimum.at(reach, (lane.origin[ends], lane.to_region[ends]), lane.lead[ends].astype(float))
    between = np.flatnonzero(lane.to_site >= 0)
    for _ in inputs.site_names:
        onward = reach[lane.to_site[between]] + lane.lead[between][:, None]
        np.minimum.at(reach, lane.origin[between], onward)
    demand = inputs.demand.base.sum(axis=(2, 3))
    out = np.full(count, np.inf)
    for k, (i, s) in enumerate(zip(inputs.source.item, inputs.source.site, strict=True)):
        open_ = np.isfinite(reach[s])
        weight = demand[i] * open_
        moved = float(np.average(reach[s][open_], weights=weight[open_])) if weight.sum() > 0 else 0.0
        out[i] = min(out[i], float(inputs.source.lead[k]) + moved)
    return np.where(np.isfinite(out), out, 0.0)


def _materials(inputs: Inputs) -> tuple[Floats, np.ndarray, Floats]:
    """(months of the slowest material [i], whether another item uses one of its materials [i], money of materials
    in a unit [i])."""
    material, count, names = inputs.material, len(inputs.items), len(inputs.material_names)
    lead, cost = np.full(names, np.inf), np.full(names, np.inf)
    np.minimum.at(lead, material.material, material.lead.astype(float))
    np.minimum.at(cost, material.material, material.unit_cost)
    uses = np.zeros((count, names))
    np.maximum.at(
        uses,
        (inputs.source.item[material.usage_source], material.usage_material),
        material.usage_quantity,
    )
    lead, cost = np.where(np.isfinite(lead), lead, 0.0), np.where(np.isfinite(cost), cost, 0.0)
    used = uses > 0
    common = used.sum(axis=0) > 1
    slowest = np.where(used, lead[None, :], 0.0).max(axis=1, initial=0.0)
    return slowest, (used & common[None, :]).any(axis=1), uses @ cost


def _built_ahead(plan: Plan, rules: ModeRules) -> np.ndarray:
    """[i] whether the plan holds stock beyond the target and what is left of today's stock: made for a peak."""
    inputs, span = plan.inputs, min(rules.months, plan.inputs.horizon)
    demand = plan.demand.total.sum(axis=(1, 2))[:, :span]
    target = inputs.stock_target.sum(axis=1)[:, :span]
    old = np.maximum(inputs.stock.opening.sum(axis=1)[:, None] - demand.cumsum(axis=1), 0.0)
    beyond = np.maximum(plan.solution.stock.sum(axis=1)[:, :span] - target - old, 0.0).mean(axis=1)
    monthly = demand.mean(axis=1)
    return np.asarray((monthly > 0) & (beyond > rules.ahead * monthly), dtype=bool)


def _safety(inputs: Inputs, sigma: Floats | None, history: History | None, monthly: Floats) -> Floats:
    """[i] units of safety stock by the product's own policy; from the variation of demand without a forecast."""
    spread = sigma
    if spread is None:
        known = np.full(len(inputs.items), np.nan)
        if history is not None:
            last = int(history.months[-1].astype("datetime64[M]").astype(int)) % 12 + 1
            known = unsteadiness(history.cleaned.sum(axis=(1, 2)), last)
        spread = np.nan_to_num(known) * monthly
    lead = np.full(len(inputs.items), np.inf)
    np.minimum.at(lead, inputs.source.item, inputs.source.lead.astype(float))
    lead = np.where(np.isfinite(lead), lead, 0.0)
    units = safety_stock(np.nan_to_num(spread), lead, inputs.item.service_level)
    return np.where(np.isfinite(units), units, 0.0)


def _stock_of(facts: _Facts, inputs: Inputs, i: int, mode: str) -> float:
    """Money that a mode holds: safety stock and, on average, half of what a month's supply brings; under ATO the
    safety stock as materials."""
    cost = float(inputs.item.unit_cost[i])
    if mode == "MTS":
        return (float(facts.safety[i]) + 0.5 * float(facts.monthly[i])) * cost
    return float(facts.safety[i]) * float(facts.material_value[i]) if mode == "ATO" else 0.0


def _sizes(facts: _Facts, i: int) -> float:
    """CV2 for the pattern: around trend and season where demand is regular, else of the sizes as they are."""
    regular = facts.adi[i] < ADI_LIMIT
    return float(facts.variation[i] ** 2 if regular else facts.cv2[i])


def _service(facts: _Facts, i: int, today: str, mode: str) -> str:
    if mode == today:
        return ""
    if mode == "MTS":
        return "Served from stock at once."
    days, units = facts.notices[i]
    needed = float(facts.make_days[i] if mode == "ATO" else facts.full_days[i])
    late = float(units[days < needed].sum() / units.sum()) if len(days) else 0.0
    if late <= 0.0:
        return f"Customers wait {needed:.0f} days; all orders leave that much time."
    return f"Customers wait {needed:.0f} days; {100 * late:.0f} % of units are wanted sooner and would come late."
