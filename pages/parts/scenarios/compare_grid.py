"""The month-by-month difference of two plans: measures down to products, months across, totals that agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pages.parts import filters
from pages.parts import format as fmt
from pages.parts.context import ALL, COMPANY, FAMILY, ITEM, MONEY, View
from sop_core import compare
from sop_core.calendar import iso_month
from sop_core.inputs import Bools, Floats
from sop_core.kpis import KPIS, favourable
from sop_core.plan import Plan


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of differences. `amounts` [n, t], `totals` [n] over the horizon (mean of a balance); the last row is the sum
    of those before it. `kpi`: whose difference the last total is, "" where there is none in this view."""

    measure: compare.Measure
    rows: tuple[str, ...]
    amounts: Floats
    totals: Floats
    unit: str
    kpi: str
    label: str  #: what a row is: Family, Product, Resource


def difference(
    view: View, a: Plan, b: Plan, measure: compare.Measure, *, by_product: bool = False, every: bool = False
) -> Grid:
    """B less A by family or product (resource for the load), of what is in view. `every` keeps rows that do not
    differ."""
    money = measure.in_money(view.show == MONEY)
    masks = (view.regions, view.segments) if measure.by_order else (None, None)
    values = compare.by_month(b, measure, money, *masks) - compare.by_month(a, measure, money, *masks)
    whole = view.items.all() and (not measure.by_order or view.whole)
    if measure.axis == "resource":
        names, label = list(view.inputs.resource_names), "Resource"
        rows = [values[q] for q in range(len(names))]
    else:
        level = ITEM if by_product else _level(view)
        label = "Product" if level == ITEM else level
        groups = filters.split(view.inputs, level, view.items)
        names = [group.name for group in groups]
        rows = [_sum(values, group.items) for group in groups]
        if len(values) > len(view.items) and whole:
            names.append(compare.REST)
            rows.append(values[-1])
    amounts = np.array(rows).reshape(len(rows), view.inputs.horizon)
    total = amounts.sum(axis=0)
    if not every:
        dust = 1e-7 * max(float(np.abs(amounts).max(initial=0.0)), 1e-3)
        keep = np.abs(amounts).max(axis=1) > dust
        names = [name for name, kept in zip(names, keep.tolist(), strict=True) if kept]
        amounts = amounts[keep]
    amounts = np.concatenate([amounts, total[None, :]])
    unit = "hours" if measure.axis == "resource" else view.currency if money else filters.unit(view)
    totals = compare.over_horizon(amounts, measure)
    kpi = measure.kpi(view.show == MONEY) if whole else ""
    return Grid(measure, (*names, "Total"), amounts, totals, unit, kpi, label)


def _level(view: View) -> str:
    level = filters.finer(view)
    return FAMILY if level == COMPANY or (level not in (FAMILY, ITEM) and view.item == ALL) else level


def _sum(values: Floats, items: Bools) -> Floats:
    total: Floats = values[: len(items)][items].sum(axis=0)
    return total


def html(grid: Grid, months: list[str]) -> str:
    """The grid with favourable and unfavourable differences marked by sign, colour and word; larger ones on a deeper
    tint."""
    scale = 1_000.0 if np.abs(grid.amounts).max(initial=0.0) >= 1e6 else 1.0
    unit = f"thousand {grid.unit}" if scale > 1 else grid.unit
    total = "Mean" if grid.measure.balance else "Total"
    head = "".join(f'<th scope="col">{fmt.safe(month)}</th>' for month in months)
    parts = grid.amounts[:-1] if len(grid.amounts) > 1 else grid.amounts
    deepest = max(float(np.abs(parts).max(initial=0.0)), 1e-9)
    body = ""
    for name, row, whole in zip(grid.rows, grid.amounts, grid.totals.tolist(), strict=True):
        last = name == grid.rows[-1]
        cells = "".join(_cell(grid, value, scale, 0.0 if last else abs(value) / deepest) for value in row)
        look = ' class="total"' if last else ""
        body += (
            f'<tr{look}><th scope="row" title="{fmt.safe(name)}">{fmt.safe(name)}</th>'
            f"{_cell(grid, whole, scale, 0.0)}{cells}</tr>"
        )
    caption = f"Difference in {grid.measure.title.lower()} by {grid.label.lower()} and month"
    return (
        f'{_STYLE}<div class="sop-diff" tabindex="0" role="region" aria-label="{fmt.safe(caption)}"><table>'
        f"<caption hidden>{fmt.safe(caption)}</caption><thead><tr><th>{fmt.safe(f'{grid.label}, {unit}')}</th>"
        f'<th scope="col">{total}</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


_STYLE = """<style>
.sop-diff{overflow:auto;border:1px solid var(--sop-line);border-radius:6px;max-height:420px}
.sop-diff table{border-collapse:separate;border-spacing:0;font-size:.79rem;width:100%;color:var(--sop-ink)}
.sop-diff th,.sop-diff td{padding:.17rem .36rem;text-align:right;white-space:nowrap;font-weight:400;
 border-bottom:1px solid var(--sop-line)}
.sop-diff thead th{color:var(--sop-muted);position:sticky;top:0;z-index:2;background:var(--sop-raised)}
.sop-diff tbody th,.sop-diff thead th:first-child{position:sticky;left:0;text-align:left;max-width:15rem;
 overflow:hidden;text-overflow:ellipsis;background:var(--sop-surface);border-right:1px solid var(--sop-line)}
.sop-diff thead th:first-child{z-index:3;background:var(--sop-raised)}
.sop-diff td:nth-child(2){font-weight:600;border-right:1px solid var(--sop-line)}
.sop-diff .total th,.sop-diff .total td{font-weight:600;position:sticky;bottom:0;background:var(--sop-raised)}
</style>"""


def good(measure: compare.Measure, value: float) -> bool | None:
    """Whether more of a measure is favourable, as its KPI says; load is neither."""
    kpi = measure.kpi(True) or measure.kpi(False)
    return favourable(kpi, value, 0.5) if kpi else None


def _cell(grid: Grid, value: float, scale: float, depth: float) -> str:
    text = fmt.exact(value / scale, 0, signed=True)
    judged = good(grid.measure, value) if text != fmt.DASH else None
    look = {True: "sop-good", False: "sop-bad", None: ""}[judged]
    word = {True: ", favourable", False: ", unfavourable", None: ""}[judged]
    colour = {True: "good", False: "bad", None: "accent"}[judged]
    tint = ""
    if depth > 0.02 and text != fmt.DASH:
        share = round(4 + 20 * depth)
        tint = f' style="background:color-mix(in srgb,var(--sop-{colour}) {share}%,var(--sop-surface))"'
    return f'<td class="{look}" title="{value:,.2f} {fmt.safe(grid.unit)}{word}"{tint}>{text}</td>'


def sentence(grid: Grid, a: Plan, b: Plan, names: tuple[str, str]) -> str:
    """What the total is, and that it is the KPI's difference where it is."""
    total = float(grid.totals[-1])
    said = f"{names[1]} less {names[0]}: {fmt.exact(total, 0, signed=True)} {grid.unit}"
    said += " on average at month end" if grid.measure.balance else " over the horizon"
    if not grid.kpi:
        return f"{said}."
    title = KPIS[grid.kpi].title
    values = (fmt.kpi_exact(grid.kpi, plan.kpis[grid.kpi], a.inputs.currency) for plan in (b, a))
    return f"{said}, the difference in {title.lower()} ({' less '.join(values)})."


def frame(grid: Grid, months: Floats | np.ndarray) -> pd.DataFrame:
    """The grid as it is downloaded: measure, unit, row, total, a column a month."""
    columns = [iso_month(month) for month in months]
    rows = [
        {"measure": grid.measure.name, "unit": grid.unit, "row": name, "total": float(total)}
        | dict(zip(columns, row.tolist(), strict=True))
        for name, row, total in zip(grid.rows, grid.amounts, grid.totals, strict=True)
    ]
    return pd.DataFrame(rows)
