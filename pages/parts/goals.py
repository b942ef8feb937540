"""KPIs beside what was promised: the company's target, else its budget, else the base plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np

from pages.parts import format as fmt
from pages.parts.budget import budget_months
from sop_core.calendar import span_label
from sop_core.charts.roles import Palette
from sop_core.inputs import Floats
from sop_core.kpis import KPIS
from sop_core.plan import Plan
from sop_core.planner import Company

#: KPIs of the Overview: what is earned, promised, tied up, full and left over.
OVERVIEW = ("revenue", "margin", "service_level", "days_of_supply", "peak_utilisation", "cash")

#: KPI -> column of the budget that it is held against.
_BUDGETED = {"revenue": "revenue", "margin": "margin"}


@dataclass(frozen=True, slots=True)
class Goal:
    """What a KPI is held against. `value`: of the plan over the same months as `goal`.

    `good`: favourable, unfavourable or None (neither, or within the tolerance). `span`: the months compared, where
    they are not all of the plan's.
    """

    name: str  #: target, budget or base
    goal: float
    value: float
    good: bool | None
    span: str = ""

    @property
    def gap(self) -> float:
        """Plan less goal."""
        return self.value - self.goal


def goals(company: Company, plan: Plan, base: Plan, kpi: str) -> list[Goal]:
    """Target and budget of a KPI where the company has them; the base plan where the scenario changes it."""
    found = [g for g in (_target(company, plan, kpi), _budget(company, plan, kpi)) if g is not None]
    if plan.scenario.active:
        value, before = plan.kpis[kpi], base.kpis[kpi]
        found.append(Goal("base", before, value, fmt.kpi_delta(kpi, value, before).good))
    return found


def _target(company: Company, plan: Plan, kpi: str) -> Goal | None:
    table = company.snapshot.table("targets")
    rows = table[table["kpi"] == kpi]
    if not len(rows):
        return None
    target, tolerance = float(rows["target"].iloc[0]), float(rows["tolerance"].iloc[0])
    value = plan.kpis[kpi]
    gap = value - target
    if not np.isfinite(gap):
        return None
    wanted = (
        str(rows["direction"].iloc[0]) if isinstance(rows["direction"].iloc[0], str) else KPIS[kpi].direction
    )
    if wanted == "level":
        good = abs(gap) <= max(tolerance, 0.02 * abs(target))
    else:
        good = gap >= -tolerance if wanted == "up" else gap <= tolerance
    return Goal("target", target, value, good)


def _budget(company: Company, plan: Plan, kpi: str) -> Goal | None:
    """The budget over the months of the plan that have one."""
    if kpi not in _BUDGETED:
        return None
    budget = budget_months(company, _BUDGETED[kpi])
    series = KPIS[kpi].series(plan.facts)
    known = [(m, float(v)) for m, v in zip(plan.inputs.months, series, strict=True) if m in budget]
    if not known:
        return None
    goal, value = sum(budget[m] for m, _ in known), sum(v for _, v in known)
    span = "" if len(known) == len(plan.inputs.months) else span_label(known[0][0], known[-1][0])
    return Goal("budget", goal, value, None if abs(value - goal) < 0.001 * abs(goal) else value > goal, span)


def strip(company: Company, plan: Plan, base: Plan, palette: Palette, names: Sequence[str] = OVERVIEW) -> str:
    """The KPI strip against target and budget as HTML: value, gap, sparkline, definition as tooltip."""
    cards = "".join(_card(name, company, plan, base, palette) for name in names)
    return f'<div class="sop-strip" role="list">{cards}</div>'


def _card(name: str, company: Company, plan: Plan, base: Plan, palette: Palette) -> str:
    kpi, currency = KPIS[name], plan.inputs.currency
    value, held = plan.kpis[name], goals(company, plan, base, name)
    tip = [f"{kpi.title} = {kpi.formula}.", f"Plan: {fmt.kpi_exact(name, value, currency)}."]
    tip += [
        f"{g.name.capitalize()}{f' {g.span}' if g.span else ''}: {fmt.kpi_exact(name, g.goal, currency)}"
        f"{f', plan {fmt.kpi_exact(name, g.value, currency)}' if g.span else ''}."
        for g in held
    ]
    said, word, look = ("no target or budget", "", "") if not held else _said(name, held[0])
    # Beside the months of a budget there is no room for the word: colour and sign show it, screen readers say it.
    tail = f'<i style="{_UNSEEN}">{word}</i>' if held and held[0].span else word
    number = fmt.kpi_value(name, value, currency)
    return (
        f'<div class="sop-kpi" role="listitem" title="{fmt.safe(chr(10).join(tip))}">'
        f"<b>{fmt.safe(kpi.title)}</b>"
        f'<strong>{fmt.safe(number)}</strong><span class="{look}">{fmt.safe(said)}{tail}</span>'
        f"{spark(kpi.series(plan.facts), palette)}</div>"
    )


_UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"


def _said(kpi: str, goal: Goal) -> tuple[str, str, str]:
    """(`▼ 1.4 pp to target`, `, unfavourable`, its style)."""
    look = {True: "sop-good", False: "sop-bad", None: ""}[goal.good]
    word = {True: ", favourable", False: ", unfavourable", None: ""}[goal.good]
    if KPIS[kpi].unit == "fraction":
        text = f"{goal.gap * 100:+.1f} pp" if abs(goal.gap) >= 0.0005 else ""
    elif goal.name == "budget" and goal.goal:
        text = (
            fmt.percent(goal.gap / abs(goal.goal), signed=True) if abs(goal.gap / goal.goal) >= 0.0005 else ""
        )
    else:
        text = fmt.short(goal.gap, signed=True) if abs(goal.gap) > 1e-3 * abs(goal.goal) else ""
    text = text.replace("-", "\N{MINUS SIGN}")
    name = f"{goal.name} {goal.span}".strip()
    if not text:
        return f"on {name}", "", look
    return f"{'▲' if goal.gap > 0 else '▼'} {text} to {name}", word, look


def spark(values: Floats, palette: Palette) -> str:
    """The KPI's months as a line of a few hundred bytes; nothing where fewer than two are known."""
    known = np.isfinite(values)
    if known.sum() < 2:
        return ""
    low, high = float(values[known].min()), float(values[known].max())
    span, step = (high - low) or 1.0, 70 / (len(values) - 1)
    path = " ".join(
        f"{1 + n * step:.1f},{20 - 18 * (float(v) - low) / span:.1f}"
        for n, v in enumerate(values)
        if known[n]
    )
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="72" height="22">'
        f'<polyline points="{path}" fill="none" stroke="{palette.muted}" stroke-width="1.3" '
        'stroke-linejoin="round"/></svg>'
    )
    return f'<img alt="" src="data:image/svg+xml,{quote(svg)}">'
