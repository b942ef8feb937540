"""A bridge in sentences: one a bar, as in minutes of a meeting, and one for the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sop_core.bridge.change_effects import LATE, Part
from sop_core.bridge.margin_drivers import Step
from sop_core.headline import money_text
from sop_core.kpis import KPIS, favourable

#: An effect on another KPI is worth telling from this part of that KPI's size at the start.
_TELLING = 0.002
#: The same for revenue and cost, as a part of the effect that they explain.
_WEIGHS = 0.1
#: What an effect is explained with, in the order in which it is told.
_WHY = ("revenue", "cost", LATE, "overtime_hours", "stock_value")
#: KPIs that say the same as one another: no reason for each other.
_SAME = {
    "revenue": ("revenue", "cost"),
    "cost": ("revenue", "cost"),
    "service_level": (LATE,),
    "stock_value": ("stock_value",),
    "stock_units": ("stock_value",),
    "days_of_supply": ("stock_value",),
    "working_capital": ("stock_value",),
    "overtime_hours": ("overtime_hours",),
}


def amount(kpi: str, value: float, currency: str, signed: bool = False) -> str:
    """`312 k EUR`, `1.24 points`, `4,210 units`: a difference in a KPI, in its unit."""
    if not np.isfinite(value):
        return "not known"
    unit = "units" if kpi == LATE else KPIS[kpi].unit
    sign = "+" if signed and value > 0 else "\N{MINUS SIGN}" if signed and value < 0 else ""
    size = abs(value)
    if unit == "money":
        return sign + money_text(size, currency)
    if unit == "fraction":
        points = f"{100 * size:,.1f}" if size >= 0.0095 else f"{100 * size:,.2g}" if size else "0"
        return f"{sign}{points} points"
    text = f"{size:,.0f}" if size >= 100 else f"{size:,.3g}"
    return f"{sign}{text} {'a year' if unit == 'turns' else unit}"


def change_sentence(part: Part, kpi: str, start: Mapping[str, float], currency: str) -> str:
    """`Line 2: -20 % hours costs 312 k EUR of margin: revenue -520 k EUR, 4,210 units more late.`"""
    effect = part.effects[kpi]
    what = _title(kpi)
    subject = part.group.label
    if not np.isfinite(effect):
        return f"{subject}: {what} has no value on the way, so it cannot be shared out."
    if _nothing(effect, start[kpi]):
        return f"{subject} changes nothing of {what}."
    said = f"{subject} {_verb(kpi, effect)} {amount(kpi, effect, currency)} of {what}"
    why = _why(part.effects, kpi, start, currency)
    return f"{said}: {', '.join(why)}." if why else f"{said}."


def _why(effects: Mapping[str, float], kpi: str, start: Mapping[str, float], currency: str) -> list[str]:
    """Up to three other effects that are worth telling."""
    out = []
    for name in _WHY:
        if name == kpi or name in _SAME.get(kpi, ()):
            continue
        effect = effects[name]
        size = abs(start["demand"] if name == LATE else start[name])
        # Overtime and late units may start from none: then any whole unit is worth telling.
        least = max((10 if name == "overtime_hours" else 1) * _TELLING * size, 0.5)
        if name in ("revenue", "cost") and KPIS[kpi].unit == "money":
            # Revenue and cost are what a margin is made of: told wherever they weigh in this effect.
            least = min(least, _WEIGHS * abs(effects[kpi]))
        if not np.isfinite(effect) or abs(effect) < least:
            continue
        if name == LATE:
            out.append(f"{abs(effect):,.0f} units {'more' if effect > 0 else 'fewer'} late")
        elif name == "overtime_hours":
            out.append(f"{abs(effect):,.0f} overtime hours {'more' if effect > 0 else 'less'}")
        else:
            out.append(f"{_title(name)} {amount(name, effect, currency, signed=True)}")
    return out[:3]


def step_sentence(
    step: Step, kpi: str, currency: str, families: Mapping[str, str], titles: Mapping[str, str]
) -> str:
    """`Volume: −312 k EUR of margin, 4,210 units fewer, most of it in Mowers.` `families`: item -> family,
    `titles`: item -> name for people."""
    parts = [f"{step.title}: {amount(kpi, step.amount, currency, signed=True)} of {_title(kpi)}"]
    if abs(step.quantity) >= 0.5:
        more = "more" if step.quantity > 0 else "fewer"
        late = step.unit == "units late"
        unit = "units" if late else step.unit
        parts.append(f"{abs(step.quantity):,.0f} {unit} {more}{' late' if late else ''}")
    if most := most_of(step, families, titles):
        parts.append(most)
    return f"{', '.join(parts)}."


def most_of(step: Step, families: Mapping[str, str], titles: Mapping[str, str]) -> str:
    """`most of it in Mowers`: where a step lies, if it is made of several lines in one direction."""
    gathered: dict[str, float] = {}
    of_family = step.axis == "item" and not step.key.startswith("family ")
    for name, value in step.lines:
        key = families.get(name, name) if of_family else titles.get(name, name)
        gathered[key] = gathered.get(key, 0.0) + value
    if len(gathered) < 2:
        return next((f"all of it {_at(step)} {name}" for name in gathered), "")
    name, value = max(gathered.items(), key=lambda pair: pair[1] * np.sign(step.amount))
    share = value / step.amount if step.amount else 0.0
    if share > 1.0:
        return f"{_at(step)} {name}, partly made up elsewhere"
    return f"{'most of it' if share >= 0.5 else 'first of all'} {_at(step)} {name}"


def _at(step: Step) -> str:
    return "at" if step.axis == "resource" else "in"


def whole_sentence(
    kpi: str,
    before: float,
    after: float,
    names: tuple[str, str],
    parts: Sequence[tuple[str, float]],
    currency: str,
) -> str:
    """`From Base to Overhaul, margin falls by 312 k EUR to 12.1 M EUR, unfavourable. Largest part: ...`. `parts`: what
    the bridge is made of, (label, amount)."""
    effect, what = after - before, _title(kpi)
    unit = KPIS[kpi].unit
    if not np.isfinite(effect):
        return f"From {names[0]} to {names[1]}, {what} has no value."
    if _nothing(effect, before):
        return f"From {names[0]} to {names[1]}, {what} stays as it is."
    level = (
        money_text(after, currency)
        if unit == "money"
        else f"{100 * after:,.1f} %"
        if unit == "fraction"
        else f"{after:,.1f}"
    )
    good = favourable(kpi, effect)
    word = "" if good is None else ", favourable" if good else ", unfavourable"
    known = [part for part in parts if np.isfinite(part[1])]
    label, most = max(known, key=lambda part: abs(part[1]), default=("", 0.0))
    through = f" Largest part: {label}, {amount(kpi, most, currency, signed=True)}." if len(known) > 1 else ""
    move = "rises" if effect > 0 else "falls"
    said = (
        f"From {names[0]} to {names[1]}, {what} {move} by {amount(kpi, effect, currency)} to {level}{word}."
    )
    return said + through


def _nothing(effect: float, level: float) -> bool:
    return abs(effect) <= 1e-7 * max(abs(level), 1e-3) if np.isfinite(level) else effect == 0.0


def _title(kpi: str) -> str:
    title = KPIS[kpi].title
    return title[:1].lower() + title[1:]


def _verb(kpi: str, effect: float) -> str:
    good = favourable(kpi, effect)
    if KPIS[kpi].direction == "up":
        return "brings" if good else "costs"
    return "adds" if effect > 0 else "takes off"
