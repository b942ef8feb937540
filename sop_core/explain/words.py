"""Numbers and names as the explanations say them: short, with their unit, never more digits than help."""

from __future__ import annotations

import numpy as np

from sop_core.calendar import month_label, span_label
from sop_core.inputs import Inputs
from sop_core.plan import Plan


def money_text(amount: float, currency: str) -> str:
    """`312 k EUR`, `1.24 M EUR`: three digits, as people say it."""
    size = abs(amount)
    if size >= 999_500:
        return f"{amount / 1e6:,.3g} M {currency}" if size < 999.5e6 else f"{amount / 1e6:,.0f} M {currency}"
    if size >= 1_000:
        return f"{amount / 1e3:,.0f} k {currency}"
    return f"{amount:,.0f} {currency}"


def rate_text(amount: float, currency: str) -> str:
    """Money per unit or hour: `52 EUR`, `3.40 EUR`, `0.04 EUR`; nothing is `nothing`."""
    size = abs(amount)
    if size < 0.005:
        return "nothing"
    return f"{amount:,.0f} {currency}" if size >= 99.5 else f"{amount:,.3g} {currency}"


def count(quantity: float) -> str:
    """`4,906`, `9.7`, `0.4`."""
    return f"{quantity:,.0f}" if abs(quantity) >= 99.5 else f"{quantity:,.3g}"


def unit_of(inputs: Inputs, item: int) -> str:
    """What a planner counts an item in, in the plural: `pieces`, `units`; short measures (kg) stay as they are."""
    unit = inputs.item_unit[item] or "unit"
    word = len(unit) > 3 and unit.isascii() and unit.isalpha() and not unit.endswith("s")
    return f"{unit}s" if word else unit


def units(quantity: float, unit: str) -> str:
    """`4,906 units`, `1 unit`, `12 kg`; `unit` as `unit_of` gives it."""
    said = count(quantity)
    return f"{said} {unit[:-1]}" if said == "1" and len(unit) > 3 and unit.endswith("s") else f"{said} {unit}"


def month(inputs: Inputs, at: int) -> str:
    """`Mar 26` for a position on the horizon, which may lie before it."""
    return month_label(inputs.months[0] + np.timedelta64(at, "M"))


def span(inputs: Inputs, first: int, last: int) -> str:
    """`Mar-May 26`."""
    return span_label(inputs.months[first], inputs.months[last])


def titles(plan: Plan, items: list[str], most: int = 1) -> str:
    """`Trail 500 and 2 more`: items by their names for screens."""
    known = dict(zip(plan.inputs.items, plan.inputs.item_title or plan.inputs.items, strict=True))
    shown = ", ".join(known[name] for name in items[:most])
    return shown + (f" and {len(items) - most} more" if len(items) > most else "")


def capital(text: str) -> str:
    """With a capital letter in front."""
    return text[:1].upper() + text[1:]
