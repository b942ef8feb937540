"""The plan as a workbook: one sheet a result, native charts, and the KPIs as live formulas over the detail sheets.

    content = workbook(pack, plan.frames())                       # a proposal
    content = workbook(store.signoffs.pack(3), store.signoffs.frames(3), store.signoffs.get(3))

The Summary and the lists draw the pack; the detail sheets hold the plan's frames, every row. A check beside each live
KPI says whether it still is what the executives were shown. The same pack and frames give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd
from xlsxwriter import Workbook

from sop_core.errors import SopError
from sop_core.export.sheets import details, lists, money, months, risk
from sop_core.export.sheets.sheet import Sheet
from sop_core.export.sheets.style import FONT, Style, clean
from sop_core.export.sheets.summary import created, write_summary
from sop_core.pack.value import Pack
from sop_core.signoff.record import Signoff

Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]

#: The sheets in their order, with what each holds.
SHEETS: Final[tuple[tuple[str, str], ...]] = (
    (
        "Summary",
        "The proposal, the KPIs and what they are held against, the signature and what it all rests on",
    ),
    ("Charts", "The year in pictures: demand, supply, stock, money, load"),
    ("By month", "The lines of the charts, the KPIs and the load by month"),
    ("Decisions", "What is to be decided, with the options considered"),
    ("Financial year", "Quarters and years against budget and last LE"),
    ("Scenarios", "What else was looked at"),
    ("Risk", "What demand may do to the plan, and what could break it"),
    ("Bridge", "From base to proposal and from budget to plan, step by step"),
    ("Families", "Demand, supply, stock and revenue of each family by month"),
    ("Assumptions", "What the plan takes for granted"),
    ("Actions", "Who does what by when"),
    ("Demand", "Unconstrained demand and its layers"),
    ("Production", "What is made, bought and subcontracted"),
    ("Stock", "Stock at month end beside its target"),
    ("Backlog", "What is asked for, served, waiting and lost"),
    ("Shipments", "What moves on which lane"),
    ("Capacity load", "Hours needed and at hand"),
    ("Staffing", "Heads, hired and released"),
    ("Materials", "What is bought of which material"),
    ("Money", "The financial projection by month"),
    ("Shortages", "What is late or lost and what holds it back"),
    ("Definitions", "What every number means"),
)
_FRAMES: Final = (*(result.name for result in details.RESULTS), "money", "shortages")


def workbook(
    pack: Pack,
    frames: Mapping[str, pd.DataFrame],
    signed: Signoff | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> bytes:
    """The workbook as bytes of an .xlsx file. `frames` as of `Plan.frames`, of the plan that the pack shows.

    Raises SopError where a frame is missing, and where `stop` said so: there is no half a workbook.
    """
    missing = [name for name in _FRAMES if name not in frames]
    if missing:
        raise SopError(
            f"The plan lacks its results {', '.join(missing)}; plan again, then make the workbook."
        )
    buffer = io.BytesIO()
    book = Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": FONT, "font_size": 10},
        },
    )
    book.set_properties(
        {
            "title": clean(f"{pack.company}: {pack.title}" if pack.company else pack.title)[:200],
            "subject": f"Sales and operations plan, cycle {pack.cycle}",
            "comments": f"Plan {pack.basis.plan_fingerprint[:16]}",
            "created": created(pack, signed),
        }
    )
    style = Style(book)
    sheets = {name: Sheet(book, style, name, _tab(style, name)) for name, _ in SHEETS}
    _fill(book, sheets, pack, frames, signed, _Steps(progress, stop))
    footer = f"{pack.company or 'Sales and operations plan'}: {pack.title}, {pack.cycle}"
    for sheet in sheets.values():
        sheet.close(footer)
    sheets["Summary"].raw.activate()
    book.close()
    return buffer.getvalue()


class _Steps:
    """Tells how far it is and asks whether to go on, sheet by sheet."""

    def __init__(self, progress: Progress | None, stop: Stop | None) -> None:
        self._progress, self._stop, self._done = progress, stop, 0

    def next(self, sheet: str) -> None:
        """Before a sheet."""
        if self._stop is not None and self._stop():
            raise SopError("The workbook was stopped before its end, so there is none. Start it again.")
        if self._progress is not None:
            self._progress(f"Workbook: {sheet}", self._done, len(SHEETS))
        self._done += 1


def _fill(
    book: Workbook,
    sheets: Mapping[str, Sheet],
    pack: Pack,
    frames: Mapping[str, pd.DataFrame],
    signed: Signoff | None,
    steps: _Steps,
) -> None:
    """The detail sheets first: the formulas of the others point into them."""
    made: dict[str, details.Detail] = {}
    for result in details.RESULTS:
        steps.next(result.sheet)
        made[result.name] = details.write(sheets[result.sheet], result, frames, pack)
    steps.next("Money")
    made["money"] = money.write_money(sheets["Money"], frames["money"], pack, made)
    steps.next("Shortages")
    money.write_shortages(sheets["Shortages"], frames["shortages"], pack)
    steps.next("By month")
    grid = months.write_months(sheets["By month"], pack)
    steps.next("Charts")
    months.draw(book, sheets["Charts"], pack, grid)
    money.draw_money(book, sheets["Money"], pack, made["money"])
    for name, write in (
        ("Decisions", lists.write_decisions), ("Financial year", lists.write_year),
        ("Scenarios", lists.write_scenarios), ("Families", months.write_families),
        ("Assumptions", lists.write_assumptions), ("Actions", lists.write_actions),
    ):  # fmt: skip
        steps.next(name)
        write(sheets[name], pack)
    steps.next("Risk")
    risk.write_risk(book, sheets["Risk"], pack)
    steps.next("Bridge")
    risk.write_bridge(book, sheets["Bridge"], pack)
    steps.next("Definitions")
    lists.write_definitions(sheets["Definitions"], pack, SHEETS)
    steps.next("Summary")
    write_summary(sheets["Summary"], pack, made, signed)


_SAID: Final = frozenset(name for name, _ in SHEETS[:11])


def _tab(style: Style, name: str) -> str:
    """What is read first in the accent's colour, details in that of their role."""
    palette = style.palette
    roles = {
        "Demand": palette.demand, "Production": palette.supply, "Stock": palette.stock, "Backlog": palette.shortage,
        "Shortages": palette.shortage, "Shipments": palette.supply, "Capacity load": palette.supply,
        "Staffing": palette.supply, "Materials": palette.supply, "Money": palette.actual,
    }  # fmt: skip
    return roles.get(name, palette.accent if name in _SAID else palette.muted)
