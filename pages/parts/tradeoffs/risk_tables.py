"""Tables and words of the risk section."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pages.parts import format as fmt
from sop_core.inputs import Bools, Floats
from sop_core.kpis import KPIS
from sop_core.risk import SIMULATED, Goal, Miss, Risk, Uncertainty, beats, misses

#: Rows of the tables, in the order in which they are talked about.
ROWS = (
    "service_level",
    "fill_rate",
    "revenue",
    "margin",
    "stock_value",
    "cash",
    "lost_sales",
    "revenue_at_risk",
)
#: Further KPIs, shown where the company has a target for them.
WITH_TARGET = ("days_of_supply", "turns", "working_capital", "margin_rate", "cost", "target_reached")
#: The words of the section for somebody who has never seen it.
GLOSSARY = (
    "A path is one way in which demand may turn out, drawn from what past forecasts got wrong. P10: one path in ten ends "
    "lower; P50: half of them do; P90: nine in ten do."
)
_QUANTILES = {
    "P10": "One in ten paths lies below",
    "P50": "Half of the paths lie below",
    "P90": "Nine in ten paths lie below",
}


def ranges(risk: Risk, goals: list[Goal], currency: str) -> str:
    """Plan, P10, P50, P90 and how likely each goal is missed, as HTML."""
    found = misses(risk, goals)
    aimed = {miss.goal.kpi for miss in found}
    rows = [name for name in (*ROWS, *WITH_TARGET) if name in ROWS or name in aimed]
    head = "".join(f'<th title="{tip}">{name}</th>' for name, tip in _QUANTILES.items())
    body = ""
    for name in rows:
        kpi = KPIS[name]
        cells = "".join(_cell(name, value, currency) for value in (risk.planned[name], *risk.bands(name)))
        held = [miss for miss in found if miss.goal.kpi == name]
        said = "<br>".join(_missed(miss, currency) for miss in held)
        unit = fmt.unit_label(kpi.unit, currency)
        body += (
            f'<tr><td title="{fmt.safe(kpi.formula)}">{fmt.safe(kpi.title)}, {fmt.safe(unit)}</td>{cells}'
            f"<td>{said}</td></tr>"
        )
    tip = "Part of the paths that miss the target by more than its tolerance, or the budget in the months that have one"
    return (
        '<table class="sop-table"><thead><tr><th>Over the horizon</th><th title="Without any forecast error">Plan</th>'
        f'{head}<th title="{tip}">Misses its target</th></tr></thead><tbody>{body}</tbody></table>'
    )


def _cell(name: str, value: float, currency: str) -> str:
    text = fmt.percent(value) if KPIS[name].unit == "fraction" else fmt.short(value)
    return f'<td title="{fmt.safe(fmt.kpi_exact(name, value, currency))}">{text}</td>'


def _missed(miss: Miss, currency: str) -> str:
    """`24 % of paths (target 98.5 %)`."""
    goal = miss.goal
    aim = fmt.kpi_value(goal.kpi, goal.value, "")
    tip = f"{goal.kind.capitalize()} {fmt.kpi_exact(goal.kpi, goal.value, currency)}"
    if goal.tolerance:
        by = (
            f"{goal.tolerance * 100:.3g} points"
            if KPIS[goal.kpi].unit == "fraction"
            else fmt.short(goal.tolerance)
        )
        tip += f", missed by more than {by}"
    tip += "; the plan itself misses it" if miss.planned else "; the plan keeps it"
    look = "sop-bad" if miss.probability >= 0.5 else "sop-good" if miss.probability <= 0.1 else ""
    return (
        f'<span class="{look}" title="{fmt.safe(tip)}">{chance(miss.probability)}</span> '
        f'<span class="sop-quiet">{goal.kind} {fmt.safe(aim.strip())}</span>'
    )


def chance(part: float) -> str:
    """A probability: `24 %`, `< 1 %`, `never` where no path does, `always` where all do."""
    if part in (0.0, 1.0):
        return "always" if part else "never"
    if part < 0.01 or part > 0.99:
        return "&lt; 1 %" if part < 0.5 else "&gt; 99 %"
    return fmt.percent(part, 0)


def compared(found: dict[str, Risk], goals: list[Goal], currency: str) -> str:
    """P50 with P10 to P90, misses, and how often each scenario beats the first, as HTML; same paths for all."""
    first = next(iter(found))
    head = "".join(
        f'<th title="P50, and P10 to P90 below it">{fmt.safe(name)}</th>'
        + (
            f'<th title="Part of the paths on which it is better than {fmt.safe(first)}">better than '
            f"{fmt.safe(first)}</th>"
            if name != first
            else ""
        )
        for name in found
    )
    body = ""
    for name in ("service_level", "margin", "stock_value", "cash"):
        kpi = KPIS[name]
        cells = "".join(
            _banded(name, risk, currency) + (_better(risk, found[first], name) if scenario != first else "")
            for scenario, risk in found.items()
        )
        unit = fmt.unit_label(kpi.unit, currency)
        body += f'<tr><td title="{fmt.safe(kpi.formula)}">{fmt.safe(kpi.title)}, {fmt.safe(unit)}</td>{cells}</tr>'
    for goal in goals:
        cells = ""
        for scenario, risk in found.items():
            part = float(goal.of_paths(risk).mean())
            cells += f"<td>{chance(part)}</td>{'' if scenario == first else '<td></td>'}"
        aim = fmt.kpi_value(goal.kpi, goal.value, currency)
        body += f"<tr><td>Misses {goal.kind}: {fmt.safe(KPIS[goal.kpi].title.lower())} {fmt.safe(aim)}</td>{cells}</tr>"
    return f'<table class="sop-table"><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>'


def _banded(name: str, risk: Risk, currency: str) -> str:
    show = fmt.percent if KPIS[name].unit == "fraction" else fmt.short
    low, middle, high = risk.bands(name)
    tip = " · ".join(
        f"{said} {fmt.kpi_exact(name, value, currency)}"
        for said, value in zip(_QUANTILES, (low, middle, high), strict=True)
    )
    return f'<td title="{fmt.safe(tip)}">{show(middle)} <span class="sop-quiet">{show(low)} to {show(high)}</span></td>'


def _better(risk: Risk, first: Risk, name: str) -> str:
    part = beats(risk, first, name)
    worse = beats(first, risk, name)
    if part == worse == 0.0:
        return '<td class="sop-quiet">no difference</td>'
    look = "sop-good" if part > 0.5 else "sop-bad" if worse > 0.5 else ""
    word = "favourable" if part > 0.5 else "unfavourable" if worse > 0.5 else "open"
    return f'<td class="{look}" title="{word}">{chance(part)}</td>'


def paths_frame(found: dict[str, Risk]) -> pd.DataFrame:
    """Every simulated KPI on every path: one row a scenario and path."""
    parts = []
    for name, risk in found.items():
        frame = pd.DataFrame({kpi: risk.kpis[kpi] for kpi in SIMULATED})
        frame.insert(0, "path", np.arange(1, risk.paths + 1))
        frame.insert(0, "seed", risk.seed)
        frame.insert(0, "scenario", name)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def carried_sentence(names: Sequence[str], parts: Floats, measure: str, missed: Bools | None) -> str:
    """`Mowers and Riders carry 71 % of the units late or lost in the paths that miss the target.`"""
    order = np.argsort(-parts, kind="stable")[:2]
    order = order[parts[order] > 0]
    who = " and ".join(names[n] for n in order)
    part = fmt.percent(float(parts[order].sum()), 0)
    if measure == "service_level":
        where = (
            "in the paths that miss the target" if missed is not None and missed.any() else "over all paths"
        )
        return f"{who}: {part} of the units late or lost {where}."
    what = "margin" if measure == "margin" else "stock value"
    return f"{who}: {part} of the swing in {what}; an item with a negative part offsets the others."


def method(doubt: Uncertainty, risk: Risk) -> str:
    """The method in plain words, with its numbers; Markdown."""
    spread = doubt.spread[doubt.spread > 0]
    low, high = (float(v) for v in np.quantile(spread, (0.1, 0.9))) if len(spread) else (0.0, 0.0)
    off = ~np.eye(len(doubt.items), dtype=bool)
    mean = float(doubt.between[off].mean()) if off.any() else 1.0
    # Which way history was wrong is told, because paths are drawn around the plan as it is.
    bias = (
        "Its bias is not known."
        if not np.isfinite(doubt.bias)
        else f"History was {'over' if doubt.bias > 0 else 'under'}-forecast by {abs(doubt.bias) * 100:.1f} %; paths "
        "are drawn around the plan's demand as it stands, without taking that out."
    )
    assumed = int(doubt.assumed.sum())
    new = (
        f" {assumed} items have no error of their own; theirs is an assumption."
        if 0 < assumed < len(doubt.items)
        else ""
    )
    source = (
        f"from {doubt.observed} months of past errors, drawn {doubt.shrinkage * 100:.0f} % of the way to the means "
        "within and between families, because few months say little about single pairs"
        if doubt.observed
        else "assumed: no past errors to read it from"
    )
    return f"""
**Demand.** {fmt.plain(doubt.source)}{new} The standard deviation is {low * 100:.0f} to {high * 100:.0f} % of a month's
demand for most items and regions. {bias} On average over all paths demand is the plan's; it is never negative.

**What errs together.** Months: {doubt.level * 100:.0f} % of the error never fades (a level that is wrong stays wrong),
{doubt.carry * 100:.0f} % of the rest carries over to the next month. Items: mean correlation {mean:.2f}, {source}.
Regions of an item: so that together they err as the item does.

**The plan is held.** Production, purchases, transfers between sites, people and overtime stay as planned to the last
month; nobody reacts, and storage limits are not checked. So early months tell what the plan risks, late months what
it would cost never to plan anew. Costs that follow demand move: transport, storage, holding, backlog, lost sales.

**Who gets what.** Regions are served from their planned sites first, then from any stock that reaches them within the
month, the nearest first. Orders that the plan itself leaves waiting or loses are served only from stock above plan.
Priorities come first; regions that want more of a site than it has share it in proportion. The oldest orders go first
and keep their price. Without any error the simulation gives the plan's own numbers.

**Paths.** {risk.paths:,} paths from seed {risk.seed}. Every scenario meets the same paths, scaled by its own demand.
"""
