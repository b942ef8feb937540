"""Where two plans differ most, as sentences: volume, load, stock and cash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sop_core.calendar import month_label, span_label
from sop_core.compare.months import REST, cash_by_item
from sop_core.headline import money_text
from sop_core.inputs import Bools, Floats
from sop_core.kpis import utilisation
from sop_core.plan import Plan

#: Lines told for each subject.
MOST: Final = 3
#: A difference below this part of the whole is not worth a line.
_LEAST: Final = 0.001
#: Load above its regular hours, with room for the solver's last digit.
_FULL: Final = 1.0 + 1e-6


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `size` orders the lines of a subject; `place` is the family or resource that it is about."""

    subject: str  #: Volume, Load, Stock or Cash
    sentence: str
    size: float
    place: str


def findings(a: Plan, b: Plan, most: int = MOST) -> tuple[Finding, ...]:
    """What plan B holds otherwise than plan A, largest first in each subject; nothing where nothing differs."""
    return (*_volume(a, b)[:most], *_load(a, b)[:most], *_stock(a, b)[:most], *_cash(a, b)[:most])


def _families(plan: Plan) -> dict[str, Bools]:
    names = np.array(plan.inputs.item_family, dtype=object)
    return {str(name): names == name for name in dict.fromkeys(plan.inputs.item_family)}


def _ranked(found: Sequence[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: -finding.size)


def _months(plan: Plan, difference: Floats) -> str:
    """The months in which half of a difference lies, closest together: `most in Apr-May 27`."""
    size = np.abs(difference)
    half = 0.5 * size.sum()
    best = (0, len(size) - 1)
    for first in range(len(size)):
        reached = np.flatnonzero(np.cumsum(size[first:]) >= half)
        if len(reached) and reached[0] < best[1] - best[0]:
            best = (first, first + int(reached[0]))
    return f"most in {span_label(plan.inputs.months[best[0]], plan.inputs.months[best[1]])}"


def _volume(a: Plan, b: Plan) -> list[Finding]:
    units_a, units_b = (p.solution.served.sum(axis=(1, 2)) for p in (a, b))
    money = (b.solution.revenue - a.solution.revenue).sum(axis=(1, 2, 3))
    least = _LEAST * max(float(a.money.revenue.sum()), 1.0)
    out = []
    for family, mine in _families(a).items():
        worth = float(money[mine].sum())
        difference = (units_b - units_a)[mine].sum(axis=0)
        units = float(difference.sum())
        shifted = float(np.abs(difference).sum())
        if abs(worth) < least and shifted < _LEAST * max(float(units_a.sum()), 1.0):
            continue
        unit = _unit(a, mine)
        if abs(units) >= 0.5:
            what = f"{abs(units):,.0f} {unit} {'more' if units > 0 else 'fewer'} delivered"
        else:
            what = f"{shifted / 2:,.0f} {unit} delivered in other months"
        price = f"revenue {_signed(worth, a.inputs.currency)}" if abs(worth) >= 0.5 else ""
        said = ", ".join(part for part in (what, price, _months(a, difference)) if part)
        out.append(Finding("Volume", f"{family}: {said}.", abs(worth) + least * (shifted > 0), family))
    return _ranked(out)


def _unit(plan: Plan, mine: Bools) -> str:
    units = {u for u, take in zip(plan.inputs.item_unit, mine, strict=True) if take}
    name = units.pop() if len(units) == 1 else "units"
    return {"unit": "units", "piece": "pieces"}.get(name, name)


def _signed(value: float, currency: str) -> str:
    sign = "+" if value > 0 else "\N{MINUS SIGN}"
    return f"{sign}{money_text(abs(value), currency)}"


def _load(a: Plan, b: Plan) -> list[Finding]:
    hours = b.solution.load - a.solution.load
    used = [utilisation(plan.facts) for plan in (a, b)]
    out = []
    for q, name in enumerate(a.inputs.resource_names):
        whole = float(a.solution.load[q].sum())
        over = [int((row[q] > _FULL).sum()) for row in used]
        peaks = [_peak(row[q]) for row in used]
        moved = float(np.abs(hours[q]).sum())
        raised = abs(peaks[1] - peaks[0]) >= 0.005 if np.isfinite(peaks).all() else peaks[0] != peaks[1]
        if moved < max(_LEAST * whole, 0.5) and not raised:
            continue
        total = float(hours[q].sum())
        parts = []
        if abs(total) >= 0.5:
            parts.append(f"{abs(total):,.0f} hours {'more' if total > 0 else 'less'}")
        elif moved >= 1.0:
            parts.append(f"{moved / 2:,.0f} hours in other months")
        if over[0] != over[1]:
            parts.append(f"over its regular hours in {over[1]} months instead of {over[0]}")
        if np.isfinite(peaks[1]) and raised:
            at = int(np.nanargmax(used[1][q]))
            parts.append(
                f"fullest {month_label(a.inputs.months[at])} at {peaks[1]:.0%}, was {_share(peaks[0])}"
            )
        if parts:
            out.append(Finding("Load", f"{name}: {', '.join(parts)}.", moved, name))
    return _ranked(out)


def _peak(row: Floats) -> float:
    return float(np.nanmax(row)) if not np.isnan(row).all() else 0.0


def _share(value: float) -> str:
    return f"{value:.0%}" if np.isfinite(value) else "without hours"


def _stock(a: Plan, b: Plan) -> list[Finding]:
    values = [p.solution.stock.sum(axis=1) * p.inputs.item.unit_cost[:, None] for p in (a, b)]
    difference = values[1] - values[0]
    least = _LEAST * max(float(values[0].sum()) / a.inputs.horizon, 1.0)
    out = []
    for family, mine in _families(a).items():
        months = difference[mine].sum(axis=0)
        mean = float(months.mean())
        if abs(mean) < least and float(np.abs(months).max()) < 10 * least:
            continue
        at = int(np.abs(months).argmax())
        peak = f"{_signed(float(months[at]), a.inputs.currency)} in {month_label(a.inputs.months[at])}"
        said = f"{_signed(mean, a.inputs.currency)} on average" if abs(mean) >= 0.5 else "the same on average"
        out.append(Finding("Stock", f"{family}: {said}, most {peak}.", abs(mean), family))
    return _ranked(out)


def _cash(a: Plan, b: Plan) -> list[Finding]:
    """The whole first: its lowest month is what a treasurer asks for; then families."""
    rows = cash_by_item(b) - cash_by_item(a)
    currency = a.inputs.currency
    least = _LEAST * max(abs(float(a.money.cash_flow.sum())), 1.0)
    total = rows.sum(axis=0)
    running = total.cumsum()
    out = []
    for name, mine in [*_families(a).items(), (REST, np.zeros(len(rows) - 1, dtype=bool))]:
        own = rows[-1] if name == REST else rows[:-1][mine].sum(axis=0)
        worth = float(own.sum())
        if abs(worth) >= least:
            said = f"{name}: {_signed(worth, currency)} over the horizon, {_months(a, own)}."
            out.append(Finding("Cash", said, abs(worth), "" if name == REST else name))
    ranked = _ranked(out)
    if float(np.abs(running).max(initial=0.0)) < least:
        return ranked
    low = int(running.argmin() if running[-1] <= 0 or running.min() < -least else running.argmax())
    word = "lowest" if running[low] < 0 else "highest"
    end, extreme = (_signed(float(v), currency) for v in (running[-1], running[low]))
    at = month_label(a.inputs.months[low])
    whole = f"Cash at the end of the horizon {end}, {word} at the end of {at} ({extreme})."
    return [Finding("Cash", whole, float("inf"), ""), *ranked]
