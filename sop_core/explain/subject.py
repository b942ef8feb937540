"""What of a plan needs an explanation: shortages, hours over regular, contracts, stock off its target, broken rules.

Every list that names a plan's exceptions (headline, What-if, Why, the meeting) takes them from here, so that all say
the same thing in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote

import numpy as np
import pandas as pd

from sop_core.calendar import iso_month
from sop_core.explain import words
from sop_core.inputs import Bools, Floats, Inputs
from sop_core.kpis import utilisation
from sop_core.plan import Plan
from sop_core.supply.causes import cause_words

SHORTAGE, OVERLOAD, CONTRACT, BELOW, ABOVE, PROMISE = (
    "shortage", "overload", "contract", "below", "above", "promise",
)  # fmt: skip
#: Kinds of exceptions as a screen calls them, in the order of the meeting.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        SHORTAGE: "Late and lost orders",
        OVERLOAD: "Overload and overtime",
        CONTRACT: "Contracts missed",
        BELOW: "Stock below target",
        ABOVE: "Stock above target",
        PROMISE: "Rules not kept",
    }
)
#: What the money of each kind is.
MONEY: Mapping[str, str] = MappingProxyType(
    {
        SHORTAGE: "Revenue of the units late or lost",
        OVERLOAD: "What overtime and extra shifts cost",
        CONTRACT: "Units below the contract's minimum x unit cost",
        BELOW: "Units missing to the target in the worst month x standard cost",
        ABOVE: "What it costs to hold the units above target",
        PROMISE: "No money: a rule of the company could not be kept",
    }
)

_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "resource": "{thing} is full",
        "supplier contract": "{thing} is at its contract's maximum",
        "material": "{thing} is not to be had",
        "lane": "{thing} carries all it can",
        "storage": "{thing} has no room",
        "lead time": "Orders fall within the lead time",
        "frozen months": "The frozen plan holds {thing}",
        "no source": "Nothing supplies {thing}",
        "policy": "{thing} on time costs more than it earns",
    }
)
#: Part of a stock target, and units, below which a deviation is not worth a line.
_STOCK_SHARE, _STOCK_UNITS = 0.01, 0.5


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about. Blank fields = all of it, and the explanation takes the one that weighs most.

    shortage: `cause` (causes.KINDS), `thing` that binds, `item`, `month` in which the orders were placed ·
    overload: resource as `thing`, `month` · contract: source as `thing` · below: `item`, site as `thing` ·
    above: `item` · promise: its text as `thing`. Months as YYYY-MM.
    """

    kind: str
    thing: str = ""
    cause: str = ""
    item: str = ""
    month: str = ""

    @property
    def key(self) -> str:
        """One word for addresses and caches; `from_key` reads it."""
        parts = (self.kind, self.thing, self.cause, self.item, self.month)
        return "~".join(part.replace("%", "%25").replace("~", "%7E") for part in parts).rstrip("~")

    @staticmethod
    def from_key(key: str) -> Subject | None:
        """The subject of a key; None where it is none (an old or mistyped address)."""
        parts = [unquote(part) for part in key.split("~")]
        if parts[0] not in KINDS or len(parts) > 5:
            return None
        return Subject(*parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """An exception of a plan in one line. `money` orders them, see MONEY; months [YYYY-MM] in which it shows."""

    subject: Subject
    title: str
    sentence: str
    money: float
    months: tuple[str, ...]
    items: tuple[str, ...]  #: planning items concerned; () = not tied to items


def findings(plan: Plan) -> tuple[Finding, ...]:
    """All exceptions of a plan, largest money first within the meeting's order of kinds mixed by money."""
    found = [
        *shortage_findings(plan),
        *overload_findings(plan),
        *contract_findings(plan),
        *_below(plan),
        *_above(plan),
        *promise_findings(plan),
    ]
    return tuple(sorted(found, key=lambda one: -one.money))


# -- shortages ------------------------------------------------------------------------------------------------


def shortage_thing(plan: Plan, cause: str, binding: str) -> str:
    """What a shortage is gathered by: a supplier's maxima are one talk with the supplier, lead times one decision."""
    if cause == "lead time":
        return ""
    if cause == "supplier contract" and binding in plan.inputs.source_names:
        return plan.inputs.source.supplier[plan.inputs.source_names.index(binding)] or binding
    return binding


def shortage_findings(plan: Plan) -> list[Finding]:
    """One line for each thing that holds demand back, largest revenue first."""
    orders, inputs = plan.short_orders, plan.inputs
    index, said = cause_words(inputs, orders.causes)
    groups: dict[tuple[str, str], int] = {}
    group = [
        groups.setdefault((one.kind, shortage_thing(plan, one.kind, one.binding)), len(groups))
        for one in said
    ]
    of = np.array(group, dtype=np.int64)[index[orders.cause]]
    shape = (len(groups), len(inputs.items))
    per_item = np.bincount(of * shape[1] + orders.item, orders.value, shape[0] * shape[1]).reshape(shape)
    concerned = np.bincount(of * shape[1] + orders.item, minlength=shape[0] * shape[1]).reshape(shape) > 0
    units = np.bincount(of, orders.units, shape[0])
    lost = np.bincount(of, orders.units * orders.lost, shape[0])
    value = np.bincount(of, orders.value, shape[0])
    months = np.zeros((shape[0], inputs.horizon), dtype=bool)
    months[of, orders.month] = True
    full = np.zeros_like(months)
    for ends in (orders.causes.first[orders.cause], orders.causes.last[orders.cause]):
        full[of[ends >= 0], ends[ends >= 0]] = True
    found = []
    for (cause, thing), g in groups.items():
        if not months[g].any():
            continue
        by_value = np.argsort(-per_item[g], kind="stable")
        items = [inputs.items[i] for i in by_value[concerned[g, by_value]]]
        named = thing if thing and cause != "policy" else words.titles(plan, items)
        title = _TITLES[cause].format(thing=named)
        if full[g].any():
            title = f"{title}, {_span(inputs, full[g])}"
        found.append(
            Finding(
                Subject(SHORTAGE, thing, cause),
                title,
                f"{units[g]:,.0f} units of {words.titles(plan, items)} {how(units[g], lost[g])} in "
                f"{_span(inputs, months[g])}, {words.money_text(value[g], inputs.currency)} of revenue.",
                float(value[g]),
                tuple(iso_month(inputs.months[t])[:7] for t in np.flatnonzero(months[g])),
                tuple(items),
            )
        )
    return sorted(found, key=lambda one: -one.money)


def _span(inputs: Inputs, months: Bools) -> str:
    """From the first to the last of [t] months: `Mar-May 26`."""
    at = np.flatnonzero(months)
    return words.span(inputs, int(at[0]), int(at[-1]))


def how(units: float, lost: float) -> str:
    """`late`, `lost`, or `late or lost (310 lost)`."""
    return "late" if lost <= 0 else "lost" if lost >= units - 1e-6 else f"late or lost ({lost:,.0f} lost)"


def cells(plan: Plan, subject: Subject) -> pd.DataFrame:
    """The orders behind a shortage by item and month: item, month [YYYY-MM], units, lost, value, largest first."""
    table = plan.shortages
    binding = [
        shortage_thing(plan, cause, name)
        for cause, name in zip(table["cause_kind"].tolist(), table["binding"].tolist(), strict=True)
    ]
    keep = np.array([name == subject.thing for name in binding], dtype=bool)
    keep &= (table["cause_kind"] == subject.cause).to_numpy()
    own = table.loc[keep, ["item", "month", "quantity", "value", "kind"]].copy()
    own["lost"] = own["quantity"].where(own["kind"] == "lost", 0.0)
    gathered = own.groupby(["item", "month"], as_index=False, sort=False)[["quantity", "lost", "value"]].sum()
    gathered["month"] = [iso_month(month)[:7] for month in gathered["month"]]
    return gathered.sort_values("value", ascending=False, ignore_index=True, kind="stable")


# -- the rest -------------------------------------------------------------------------------------------------


def over_regular(plan: Plan) -> Floats:
    """[q, t] hours of load beyond regular hours: overtime and extra shifts worked; 0 where there is no limit."""
    used = utilisation(plan.facts)
    beyond = plan.solution.overtime + plan.solution.shift_hours_used
    return np.where(np.nan_to_num(used, nan=0.0, posinf=9.99) > 1 + 1e-6, beyond, 0.0)


def overload_findings(plan: Plan) -> list[Finding]:
    """One line for each resource that is needed beyond its regular hours."""
    inputs, solution = plan.inputs, plan.solution
    hours = over_regular(plan)
    cost = inputs.resource.overtime_cost[:, None] * solution.overtime
    cost = cost + inputs.resource.shift_cost[:, None] * solution.shifts
    used = utilisation(plan.facts)
    found = []
    for q in np.flatnonzero(hours.sum(axis=1) > 1e-6):
        months = np.flatnonzero(hours[q] > 1e-6)
        over, shift = float(solution.overtime[q].sum()), float(solution.shifts[q].sum())
        parts = [f"{over:,.0f} overtime hours"] if over > 0.5 else []
        parts += [f"{words.count(shift)} extra shifts"] if shift > 1e-6 else []
        when = words.span(inputs, months[0], months[-1])
        amount = float(cost[q, months].sum())
        peak = int(months[np.argmax(used[q, months])])
        found.append(
            Finding(
                Subject(OVERLOAD, inputs.resource_names[q]),
                f"{inputs.resource_names[q]} is over its regular hours, {when}",
                f"{' and '.join(parts) or f'{hours[q].sum():,.0f} hours beyond regular'} for "
                f"{words.money_text(amount, inputs.currency)}; fullest in {words.month(inputs, peak)} at "
                f"{used[q, peak]:.0%} of regular hours.",
                amount,
                tuple(iso_month(inputs.months[t])[:7] for t in months),
                (),
            )
        )
    return found


def contract_findings(plan: Plan) -> list[Finding]:
    """One line for each source whose contract minimum the plan does not take."""
    inputs, short = plan.inputs, plan.solution.contract_shortfall
    found = []
    for k in np.flatnonzero(short.sum(axis=1) > 1e-6):
        months = np.flatnonzero(short[k] > 1e-6)
        found.append(
            Finding(
                Subject(CONTRACT, inputs.source_names[k]),
                f"{inputs.source_names[k]}: contract minimum not taken",
                f"{short[k].sum():,.0f} units less than promised in "
                f"{words.span(inputs, months[0], months[-1])}.",
                float((short[k] * inputs.source.unit_cost[k]).sum()),
                tuple(iso_month(inputs.months[t])[:7] for t in months),
                (inputs.items[int(inputs.source.item[k])],),
            )
        )
    return found


def _below(plan: Plan) -> list[Finding]:
    inputs, missing = plan.inputs, plan.solution.short_target
    target = inputs.stock_target
    floor = np.maximum(_STOCK_SHARE * target, _STOCK_UNITS)
    found = []
    for i, s in np.argwhere((missing > floor).any(axis=2)).tolist():
        months = np.flatnonzero(missing[i, s] > floor[i, s])
        worst = int(months[np.argmax(missing[i, s, months])])
        unit = words.unit_of(inputs, i)
        found.append(
            Finding(
                Subject(BELOW, inputs.site_names[s], "", inputs.items[i]),
                f"{inputs.title(i)} at {inputs.site_names[s]}: below target, "
                f"{words.span(inputs, months[0], months[-1])}",
                f"Most in {words.month(inputs, worst)}: {words.units(missing[i, s, worst], unit)} missing to "
                f"a target of {words.count(target[i, s, worst])}.",
                float(missing[i, s, worst] * inputs.item.unit_cost[i]),
                tuple(iso_month(inputs.months[t])[:7] for t in months),
                (inputs.items[i],),
            )
        )
    return found


def above_target(plan: Plan) -> Floats:
    """[i, t] units at month end above the item's stock targets, all sites together."""
    stock, target = plan.solution.stock.sum(axis=1), plan.inputs.stock_target.sum(axis=1)
    excess = np.maximum(stock - target, 0.0)
    excess[excess <= np.maximum(_STOCK_SHARE * target, _STOCK_UNITS)] = 0.0
    return excess


def _above(plan: Plan) -> list[Finding]:
    inputs, excess = plan.inputs, above_target(plan)
    found = []
    for i in np.flatnonzero(excess.any(axis=1)).tolist():
        months = np.flatnonzero(excess[i] > 0)
        worst = int(np.argmax(excess[i]))
        cost = float(excess[i].sum() * inputs.item.holding_cost[i])
        found.append(
            Finding(
                Subject(ABOVE, "", "", inputs.items[i]),
                f"{inputs.title(i)}: above target, {words.span(inputs, months[0], months[-1])}",
                f"Most in {words.month(inputs, worst)}: "
                f"{words.units(excess[i, worst], words.unit_of(inputs, i))} more than its targets, "
                f"{words.money_text(excess[i, worst] * inputs.item.unit_cost[i], inputs.currency)} at standard "
                "cost.",
                cost,
                tuple(iso_month(inputs.months[t])[:7] for t in months),
                (inputs.items[i],),
            )
        )
    return found


def promise_findings(plan: Plan) -> list[Finding]:
    """One line for each hard rule that could not be kept."""
    return [
        Finding(
            Subject(PROMISE, str(promise)),
            "A rule could not be kept",
            f"{promise}.",
            0.0,
            (iso_month(promise.month)[:7],),
            (),
        )
        for promise in plan.solution.promises
    ]
