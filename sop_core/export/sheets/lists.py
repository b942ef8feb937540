"""The sheets drawn from the pack's lists: decisions, assumptions, actions, scenarios, the financial year, definitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from sop_core.export.sheets.months import kind_of
from sop_core.export.sheets.sheet import Column, Formula, Sheet, a_day
from sop_core.kpis import KPIS
from sop_core.pack.value import FinancialYear, Number, Pack, YearRow
from sop_core.wording import unit_label

_HEAD = 3
_OPTION_KPIS = (
    ("margin", "Margin", "money"),
    ("service", "Service level", "fraction"),
    ("stock", "Stock value", "money"),
    ("cash", "Cash flow", "money"),
)


def write_decisions(sheet: Sheet, pack: Pack) -> None:
    """Each decision as it stands, then the options that it considered."""
    sheet.open("Decisions", _decisions_said(pack), 9)
    columns = (
        ("id", Column("No.", "count", width=6)),
        ("title", Column("Decision", "wrapped", width=30)),
        ("state", Column("State", width=12)),
        ("why", Column("Why", "wrapped", width=44)),
        ("recommendation", Column("Recommendation", "wrapped", width=24)),
        ("waiting", Column("Cost of waiting", "wrapped", width=30)),
        ("amount", Column("A month of waiting", "money", pack.currency, width=13)),
        ("owner", Column("Owner", "wrapped", width=20)),
        ("due", Column("Due", "day")),
        ("changes", Column("Changes", "wrapped", width=44)),
        ("comment", Column("Comment", "wrapped", width=30)),
        ("scenario", Column("Scenario", "wrapped", width=22)),
        ("revision", Column("Revision", "count", width=10)),
    )
    rows = [
        (
            card.id, card.title, card.state, card.why, card.recommendation, card.waiting,
            card.waiting_amount, card.owner, a_day(card.due), "\n".join(card.changes), card.comment, card.scenario,
            card.revision,
        )
        for card in pack.decisions
    ]  # fmt: skip
    table = sheet.table(_HEAD, columns, rows, filtered=bool(rows), frozen=2)
    options = [
        (card.id, option.title, "recommended" if option.recommended else "",
         *(option.kpis.get(name) for name, _, _ in _OPTION_KPIS), option.data_version or None)
        for card in pack.decisions
        for option in card.options
    ]  # fmt: skip
    if options:
        row = table.last + 2
        sheet.text(row, 0, "Options considered", sheet.style.block)
        sheet.text(
            row + 1, 0, "Numbers as they were when the option was written down, at the data version beside them.",
            sheet.style.of(font_color=sheet.style.palette.muted),
        )  # fmt: skip
        heads = ("No.", "Option", "", *(f"{t} ({pack.currency})" if k == "money" else t for _, t, k in _OPTION_KPIS),
                 "Data version")  # fmt: skip
        for at, text in enumerate(heads):
            sheet.text(row + 2, at, text, sheet.style.head(at not in (1, 2)))
        sheet.raw.set_row(row + 2, 32)
        for n, values in enumerate(options, start=row + 3):
            kinds = ("count", "wrapped", "text", *(kind for _, _, kind in _OPTION_KPIS), "count")
            for at, (value, kind) in enumerate(zip(values, kinds, strict=True)):
                form = sheet.style.judged(True) if at == 2 and value else None
                sheet.value(n, at, value, kind, form)


def _decisions_said(pack: Pack) -> str:
    if not pack.decisions:
        return "No decision is asked for."
    waiting = sum(card.open for card in pack.decisions)
    said = "1 of them waits" if waiting == 1 else f"{waiting or 'none'} of them wait"
    return f"{len(pack.decisions)} decisions; {said} for a verdict."


def write_assumptions(sheet: Sheet, pack: Pack) -> None:
    """What the plan rests on."""
    sheet.open(
        "Assumptions",
        "What the plan takes for granted, who owns it and until when it holds."
        if pack.assumptions
        else "No assumption was written down for this plan.",
        6,
    )
    columns = (
        ("driver", Column("What drives it", "wrapped", width=30)),
        ("value", Column("Assumed", width=14)),
        ("band", Column("Band", width=18)),
        ("owner", Column("Owner", width=22)),
        ("until", Column("Holds until", "day")),
        ("status", Column("Status", width=14)),
        ("sentence", Column("In words", "wrapped", width=60)),
    )
    rows = [
        (a.driver, a.value, a.band, a.owner, a_day(a.until), a.status, a.sentence) for a in pack.assumptions
    ]
    sheet.table(_HEAD, columns, rows, filtered=bool(rows), frozen=1)


def write_actions(sheet: Sheet, pack: Pack) -> None:
    """Who does what by when."""
    sheet.open(
        "Actions",
        "From approved decisions and open issues: who does what by when."
        if pack.actions
        else "There is no action yet: no decision is approved and no issue is open.",
        5,
    )
    columns = (
        ("what", Column("What", "wrapped", width=54)),
        ("owner", Column("Owner", width=26)),
        ("due", Column("Due", "day")),
        ("state", Column("State", width=14)),
        ("source", Column("From", width=16)),
    )
    rows = [(a.what, a.owner, a_day(a.due), a.state, a.source) for a in pack.actions]
    sheet.table(_HEAD, columns, rows, filtered=bool(rows), frozen=1)


def write_scenarios(sheet: Sheet, pack: Pack) -> None:
    """KPIs of each scenario with its live difference to the base, what it changes, and how likely targets are missed."""
    sheet.open(
        "Scenarios", "What else was looked at: every KPI over the plan, and its difference to the base.", 9
    )
    style = sheet.style
    base = next((n for n, line in enumerate(pack.scenarios) if line.base), None)
    sheet.widths((26, 10))
    sheet.text(_HEAD, 0, "KPI", style.head())
    sheet.text(_HEAD, 1, "Unit", style.head())
    at: list[int] = []
    column = 2
    for n, line in enumerate(pack.scenarios):
        mark = "\nrecommended" if line.recommended else ""
        sheet.text(
            _HEAD,
            column,
            f"{line.name}{mark}",
            style.head(True, font_color=style.palette.accent) if line.recommended else style.head(True),
        )
        sheet.width(column, 18)
        at.append(column)
        column += 1
        if base is not None and n != base:
            sheet.text(_HEAD, column, "less base", style.head(True))
            sheet.width(column, 13)
            column += 1
    sheet.raw.set_row(_HEAD, 44)
    sheet.raw.freeze_panes(_HEAD + 1, 2)
    row = _HEAD
    for kpi in pack.kpis:
        row += 1
        sheet.text(row, 0, kpi.title)
        sheet.text(row, 1, unit_label(kpi.unit, pack.currency))
        kind = kind_of(kpi.unit)
        for n, line in enumerate(pack.scenarios):
            value = line.kpis.get(kpi.name)
            sheet.value(row, at[n], value, kind, style.number(kind, bold=line.recommended))
            if base is None or n == base:
                continue
            other = pack.scenarios[base].kpis.get(kpi.name)
            if value is not None and other is not None:
                own, its = (f"{xl_col_to_name(at[k])}{row + 1}" for k in (n, base))
                sheet.value(
                    row,
                    at[n] + 1,
                    Formula(f"={own}-{its}", value - other),
                    f"{kind}_gap" if kind != "number" else kind,
                )
    missed = sorted({name for line in pack.scenarios for name in line.misses})
    titles = {line.name: line.title for line in pack.risk.lines} if pack.risk is not None else {}
    if missed:
        row += 2
        sheet.text(row, 0, "Chance to miss", style.block)
        for name in missed:
            row += 1
            sheet.text(row, 0, titles.get(name) or _title(name))
            sheet.text(row, 1, "%")
            for n, line in enumerate(pack.scenarios):
                sheet.value(row, at[n], line.misses.get(name), "fraction")
    row += 2
    sheet.text(row, 0, "In words", style.block)
    for line in pack.scenarios:
        row += 1
        sheet.text(row, 0, line.name, style.of(bold=True, text_wrap=True))
        said = [*filter(None, (line.sentence, line.note)), *line.changes] or ["The company as it is."]
        sheet.raw.merge_range(row, 1, row, 8, "", style.wrapped)
        sheet.text(row, 1, "\n".join(said), style.wrapped)
        sheet.raw.set_row(row, 14 * min(sum(1 + len(text) // 110 for text in said) + 1, 28))


def _title(name: str) -> str:
    plain = name.removesuffix("_budget")
    title = KPIS[plain].title if plain in KPIS else plain
    return f"{title}, budget" if plain != name else title


def write_year(sheet: Sheet, pack: Pack) -> None:
    """Plan, budget and last LE by fiscal quarter and year; the differences are live."""
    year = pack.year
    if year is None:
        sheet.open("Financial year", "The financial year is not known: the plan has no months of one.", 6)
        return
    last = year.last_name or "last LE"
    sheet.open(
        "Financial year", " ".join([year.sentence, f"Last LE: {last}." if year.last_name else "There is no last LE.",
                                    *year.remarks]), 9,
    )  # fmt: skip
    style = sheet.style
    sheet.widths((28, 16, 10))
    for at, text in enumerate(("Line", "", "Unit")):
        sheet.text(_HEAD, at, text, style.head())
    for n, period in enumerate(year.periods):
        note = "" if year.whole[n] else "\nnot whole"
        note = f"{note}\n{year.closed[n]} closed" if year.closed[n] else note
        sheet.text(_HEAD, 3 + n, f"{period}{note}", style.head(True))
        sheet.width(3 + n, 14)
    sheet.raw.set_row(_HEAD, 46)
    sheet.raw.freeze_panes(_HEAD + 1, 3)
    sheet.raw.repeat_rows(_HEAD)
    row = _HEAD + 1
    for line in year.rows:
        row = _year_line(sheet, pack, year, line, row)
    sheet.text(row + 1, 0, "Lines", style.block)
    for line in year.rows:
        row += 1
        sheet.text(row + 1, 0, line.title)
        kind = "of the period" if line.kind == "flow" else "at the period's end"
        sheet.text(row + 1, 1, f"{line.formula}; {kind}", style.text)


def _year_line(sheet: Sheet, pack: Pack, year: FinancialYear, line: YearRow, row: int) -> int:
    """The rows of one line; gives the row behind them."""
    style = sheet.style
    rows: list[tuple[str, tuple[Number, ...]]] = [("Plan", line.plan)]
    for name, values in (("Budget", line.budget), ("Last LE", line.last)):
        if any(value is not None for value in values):
            rows.append((name, values))
    plan_row = row
    for name, values in rows:
        sheet.text(row, 0, line.title if name == "Plan" else "", style.of(bold=True, align="left", indent=1))
        sheet.text(row, 1, name)
        sheet.text(row, 2, pack.currency)
        for n, value in enumerate(values):
            bold = {"bold": name == "Plan"}
            shade = {"bg_color": style.palette.raised} if year.years[n] else {}
            form = style.of(**shade) if value is None else style.number("money", **bold, **shade)
            sheet.value(row, 3 + n, value, "money", form)
        row += 1
        if name == "Plan":
            continue
        sheet.text(
            row,
            1,
            f"Plan less {name if name != 'Budget' else 'budget'}",
            style.of(font_color=style.palette.muted),
        )
        for n, value in enumerate(values):
            plan = line.plan[n]
            if value is None or plan is None:
                continue
            letter = xl_col_to_name(3 + n)
            gap = plan - value
            good = (
                None
                if line.direction == "level" or abs(gap) < 0.005
                else (gap > 0) == (line.direction == "up")
            )
            shade = {"bg_color": style.palette.raised} if year.years[n] else {}
            form = style.number("money_gap", **shade, font_color=_colour(sheet, good))
            sheet.value(row, 3 + n, Formula(f"={letter}{plan_row + 1}-{letter}{row}", gap), "money_gap", form)
        row += 1
    return row


def _colour(sheet: Sheet, good: bool | None) -> str:
    palette = sheet.style.palette
    return palette.muted if good is None else palette.favourable if good else palette.unfavourable


def write_definitions(sheet: Sheet, pack: Pack, sheets: Sequence[tuple[str, str]]) -> None:
    """What every number means, what every sheet holds, and the defaults that the plan rests on."""
    sheet.open("Definitions", "What each number means and how it is worked out, as on the screens.", 3)
    columns = (
        ("title", Column("Number", "wrapped", width=30)),
        ("unit", Column("Unit", width=14)),
        ("formula", Column("How it is worked out", "wrapped", width=60)),
    )
    rows: list[tuple[Any, ...]] = [
        (d.title, unit_label(d.unit, pack.currency), d.formula) for d in pack.definitions
    ]
    row = sheet.table(_HEAD, columns, rows, frozen=1).last + 2
    row = _listed(sheet, row, "Sheets", [(name, said) for name, said in sheets])
    row = _listed(sheet, row, "How to read them", _READING)
    _listed(
        sheet, row, "Defaults that the plan rests on", [("Default", text) for text in pack.basis.defaults]
    )


_READING = (
    ("Live", "A number that is worked out in this workbook: change a row of a detail sheet and it follows."),
    (
        "Favourable",
        "The difference goes the way that is wanted for that number; unfavourable: the other way.",
    ),
    ("–", "Zero. A blank cell is not known; in the long sheets, which say so, it is zero."),
    (
        "Balances",
        "Stock, backlog, heads and working capital are as at month end; over the plan they are averages.",
    ),
)


def _listed(sheet: Sheet, row: int, title: str, lines: Sequence[tuple[str, str]]) -> int:
    if not lines:
        return row
    sheet.text(row, 0, title, sheet.style.block)
    for name, text in lines:
        row += 1
        sheet.text(row, 0, name, sheet.style.wrapped)
        sheet.raw.merge_range(row, 1, row, 2, "", sheet.style.wrapped)
        sheet.text(row, 1, text, sheet.style.wrapped)
        sheet.raw.set_row(row, 14 * (1 + len(text) // 80))
    return row + 2
