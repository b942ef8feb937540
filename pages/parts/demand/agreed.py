"""What the agreement section shows, as data: a proposal beside what was agreed, budgeted and expected before.

Nothing here draws. Gap = proposal less the other: above zero the proposal is higher.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pages.parts import context
from pages.parts.grid import Block, MonthGrid, Row, unit_of, zones
from sop_core.calendar import MonthArray, fiscal_year, month_label
from sop_core.cycle.agreement import Agreement, Voice, on_axes
from sop_core.cycle.estimate import Estimate
from sop_core.cycle.gap import budget_cells, in_view
from sop_core.demand.accuracy import STEPS, Forecasts
from sop_core.inputs import Bools, Floats, Ints
from sop_core.plan import Unconstrained

MONTH, QUARTER, YEAR = "Month", "Quarter", "Year"
PERIODS = (MONTH, QUARTER, YEAR)
_CONSENSUS = STEPS.index("consensus")


@dataclass(frozen=True, slots=True)
class Pair:
    """Units and revenue [t] of what is in view; nan in months in which it says nothing."""

    units: Floats
    revenue: Floats


def of_demand(view: context.View, wanted: Unconstrained) -> Pair:
    """A scenario's demand."""
    total, price = wanted.demand.total, wanted.demand.price
    return Pair(_summed(view, total), _summed(view, total * price))


def of_estimate(view: context.View, estimate: Estimate, first: np.datetime64, last: np.datetime64) -> Pair:
    """An estimate's demand by name, in those of its months that were agreed; revenue at its own prices."""
    inputs = view.inputs
    blank = (inputs.months < first) | (inputs.months > last)
    found = []
    worth = None if estimate.price is None else estimate.consensus * estimate.price
    for values in (None, worth):
        cells = on_axes(estimate, inputs.months, inputs.items, inputs.regions, inputs.segments, values)
        total = _summed(view, cells)
        found.append(np.where(blank, np.nan, total))
    units, revenue = found
    return Pair(units, revenue if worth is not None else np.full(len(units), np.nan))


def of_budget(view: context.View) -> Pair:
    """The budget at the level in view; nan where it was not budgeted at that level."""
    months = view.inputs.months
    found = []
    for column in ("quantity", "revenue"):
        cells = budget_cells(view.company, months, column)
        shown = None if cells is None else in_view(cells, view.items, view.regions, view.segments)
        found.append(np.full(len(months), np.nan) if shown is None else shown)
    return Pair(*found)


def last_cycle(rows: Forecasts, cycle: np.datetime64) -> np.datetime64 | None:
    """The newest cycle before this one of which forecasts are known."""
    before = rows.cycle[rows.cycle < cycle]
    return np.datetime64(before.max(), "M") if len(before) else None


def of_forecasts(months: MonthArray, rows: Forecasts, keep: Bools, price: Floats) -> Pair:
    """The consensus of those rows of one cycle, at today's prices [i, r + 1, m + 1]."""
    units, revenue = np.full(len(months), np.nan), np.full(len(months), np.nan)
    part = rows.take(keep)
    at = (part.month - months[0]).astype(np.int64)
    value = part.units[:, _CONSENSUS]
    known = (at >= 0) & (at < len(months)) & np.isfinite(value)
    worth = value * price[part.item, part.region, part.segment]
    for t in np.unique(at[known]):
        here = known & (at == t)
        units[t], revenue[t] = value[here].sum(), worth[here].sum()
    return Pair(units, revenue)


def _summed(view: context.View, values: Floats) -> Floats:
    total: Floats = view.cells(values).sum(axis=(0, 1, 2))
    return total


def standing(view: context.View, name: str, main: Pair, others: Mapping[str, Pair], use: Bools) -> MonthGrid:
    """Months across: the proposal (or what was agreed), then each other with its gap; units, then revenue."""
    unit = unit_of(view.inputs.item_unit, view.items)
    blocks = []
    for title, mark, field in (("Units", unit, "units"), ("Revenue", view.currency, "revenue")):
        values = getattr(main, field)[use]
        rows = [Row(name, values, mark, "total")]
        for label, other in others.items():
            against = getattr(other, field)[use]
            if np.isfinite(against).any():
                rows.append(Row(label, against, mark))
                rows.append(
                    Row(f"Gap to {label[:1].lower()}{label[1:]}", values - against, mark, "difference", 1)
                )
        blocks.append(Block(title, tuple(rows), mark))
    months = view.inputs.months[use]
    return MonthGrid(months, zones(0, 0, len(months)), tuple(blocks), "")


def spans(months: MonthArray, by: str, first_month: int) -> list[tuple[str, Ints]]:
    """(label, positions) of the periods that the months fall into: fiscal quarters or years, by their first month."""
    out: dict[str, list[int]] = {}
    for t, month in enumerate(months):
        year = fiscal_year(month, first_month)
        number = int(month.astype(int)) % 12 + 1
        quarter = (number - first_month) % 12 // 3 + 1
        fiscal = "FY" if first_month > 1 else ""
        label = {
            MONTH: month_label(month),
            QUARTER: f"Q{quarter} {fiscal}{year % 100:02d}",
            YEAR: f"{fiscal}{year}",
        }[by]
        out.setdefault(label, []).append(t)
    return [(label, np.array(places, dtype=np.int64)) for label, places in out.items()]


@dataclass(frozen=True, slots=True)
class Cell:
    """A row's sum over one period; `known` of `of` months are known, the gap counts those alone."""

    value: float
    known: int
    of: int


def gathered(row: Row, places: Ints) -> Cell:
    """Sum of a row over a period; nan where no month is known."""
    values = row.amounts[places]
    known = np.isfinite(values)
    return Cell(float(values[known].sum()) if known.any() else float("nan"), int(known.sum()), len(places))


def read_voices(text: str) -> list[Voice]:
    """People from lines of `name, role`. Raises ScenarioError for a line that names nobody."""
    lines = [line.strip() for line in text.replace(";", ",").replace("\t", ",").splitlines()]
    voices = []
    for line in lines:
        if line:
            name, _, role = line.partition(",")
            voices.append(Voice(name, role))
    return voices


def versions_frame(agreements: tuple[Agreement, ...]) -> pd.DataFrame:
    """All agreed versions, newest first, one a row."""
    rows = [
        (
            month_label(a.cycle), a.version, "in force" if a.in_force else "reopened", f"{a.at:%Y-%m-%d %H:%M}",
            ", ".join(voice.said() for voice in a.voices), a.scenario,
            f"{month_label(a.first_month)} to {month_label(a.last_month)}", a.data_version, a.review_revision,
            a.note, "" if a.reopened is None else f"{a.reopened.who}: {a.reopened.reason}", a.fingerprint[:12],
        )
        for a in agreements
    ]  # fmt: skip
    columns = [
        "Cycle", "Version", "State", "Agreed (UTC)", "By", "Scenario", "Months", "Data version", "Cleansing revision",
        "Note", "Reopened by", "Fingerprint",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
