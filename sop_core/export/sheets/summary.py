"""The first sheet: what is proposed, the KPIs live over the detail sheets, what they are held against, the signature."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sop_core.calendar import month_label
from sop_core.export.sheets import live
from sop_core.export.sheets.details import Detail
from sop_core.export.sheets.months import kind_of
from sop_core.export.sheets.sheet import Formula, Sheet, a_day, month_day
from sop_core.export.sheets.style import verdict
from sop_core.pack.value import YARDSTICKS, KpiLine, Pack
from sop_core.signoff.record import Signoff
from sop_core.wording import unit_label

_ACROSS = 9
_KPI_HEADS = (
    "KPI",
    "Unit",
    "This plan",
    "As proposed",
    "Check",
    "Source",
    "",
    "How it is worked out",
    "",
)
_GAP_HEADS = ("KPI", "Unit", "This plan", "Against", "", "Plan less that", "", "Months", "Rests on")


def write_summary(
    sheet: Sheet, pack: Pack, details: Mapping[str, Detail], signed: Signoff | None
) -> tuple[int, int]:
    """The sheet; gives how many KPIs are live and how many of those differ from what was shown."""
    style = sheet.style
    sheet.widths((27, 12, 17, 17, 14, 17, 15, 24, 42))
    sheet.open(pack.company or "Sales and operations plan", _what(pack), _ACROSS)
    row = 3
    sheet.text(row, 0, "Proposal", style.block)
    _sentence(sheet, row + 1, pack.proposal, style.of(font_size=12, text_wrap=True), 95)
    row += 2
    for said in pack.sentences:
        _sentence(sheet, row, said, style.wrapped, 130)
        row += 1
    row, counted = _kpis(sheet, pack, details, row + 1)
    row = _gaps(sheet, pack, row + 1)
    row = _shortages(sheet, pack, row + 1)
    if signed is not None:
        row = _pairs(sheet, row + 1, "Signature", _signature(signed))
    else:
        row = _pairs(sheet, row + 1, "Signature", [("Signed", "Not signed: this is a proposal.")])
    _pairs(sheet, row + 1, "What it rests on", _basis(pack))
    sheet.one_page(upright=True)
    sheet.raw.freeze_panes(2, 0)
    return counted


def _what(pack: Pack) -> str:
    first, last = pack.months[pack.closed], pack.months[-1]
    said = f"{pack.title}. Plan of {_month(first)} to {_month(last)}; cycle {_month(pack.cycle)}."
    if pack.currency:
        said += f" Money in {pack.currency}."
    return f"{said} Numbers marked live are worked out from the sheets behind."


def _month(month: str) -> str:
    return month_label(np.datetime64(month, "M"))


def _sentence(sheet: Sheet, row: int, text: str, form: Any, letters: int) -> None:
    sheet.raw.merge_range(row, 0, row, _ACROSS - 1, "", form)
    sheet.text(row, 0, text, form)
    sheet.raw.set_row(row, 16 * min(max(1, math.ceil(len(text) / letters)), 12))


def _heads(sheet: Sheet, row: int, heads: tuple[str, ...], right: tuple[int, ...]) -> None:
    for at, text in enumerate(heads):
        sheet.text(row, at, text, sheet.style.head(at in right))


def _kpis(sheet: Sheet, pack: Pack, details: Mapping[str, Detail], row: int) -> tuple[int, tuple[int, int]]:
    """KPI, live, as proposed, and whether the two agree."""
    style = sheet.style
    sheet.text(row, 0, "KPIs over the plan", style.block)
    head = row + 1
    _heads(sheet, head, _KPI_HEADS, (2, 3))
    row, differ, counted = head, 0, 0
    for line in pack.kpis:
        row += 1
        kind = kind_of(line.unit)
        made = live.live(line.name, pack, details)
        sheet.text(row, 0, line.title, style.of(bold=True, align="left", indent=1))
        sheet.text(row, 1, unit_label(line.unit, pack.currency))
        sheet.value(row, 2, made.formula or line.value, kind, style.number(kind, bold=True))
        sheet.value(row, 3, line.value, kind)
        if made.formula is not None and line.value is not None:
            counted += 1
            same = live.agrees(made.formula.value, line.value)
            differ += not same
            check = Formula(live.check_text(f"C{row + 1}", f"D{row + 1}"), "agrees" if same else "differs")
            sheet.value(row, 4, check, "text", style.text)
        sheet.text(row, 5, made.says, style.quiet)
        sheet.text(row, 7, line.formula, style.quiet)
    bad = style.of(font_color=style.palette.unfavourable, bold=True)
    sheet.raw.conditional_format(head + 1, 4, max(row, head + 1), 4, {
        "type": "cell", "criteria": "==", "value": '"differs"', "format": bad})  # fmt: skip
    row += 1
    if counted:
        cells = f"E{head + 2}:E{row}"
        text = (
            f'=IF(COUNTIF({cells},"differs")=0,"All "&COUNTIF({cells},"agrees")&" live KPIs agree with what was '
            f'proposed.",COUNTIF({cells},"differs")&" of "&COUNTA({cells})&" live KPIs differ from what was proposed.")'
        )
        # COUNTA would count cells that are blank by formula; there are none: what is not live has no check.
        said = (
            f"All {counted} live KPIs agree with what was proposed."
            if not differ
            else f"{differ} of {counted} live KPIs differ from what was proposed."
        )
        sheet.value(row, 4, Formula(text, said), "text", style.quiet)
    return row + 1, (counted, differ)


def _gaps(sheet: Sheet, pack: Pack, row: int) -> int:
    """Each KPI beside what it is held against; the differences are live."""
    style = sheet.style
    lines = list(_against(pack))
    sheet.text(row, 0, "Against target, budget, last LE and base", style.block)
    if not lines:
        sheet.text(row + 1, 0, "There is nothing to hold the plan against: no target, no budget, no last LE.")
        return row + 2
    row += 1
    _heads(sheet, row, _GAP_HEADS, (2, 3, 5))
    for line, one in lines:
        row += 1
        kind = kind_of(line.unit)
        gap = f"{kind}_gap" if kind != "number" else kind
        sheet.text(row, 0, line.title)
        sheet.text(row, 1, unit_label(line.unit, pack.currency))
        sheet.value(row, 2, one.value, kind)
        sheet.value(row, 3, one.amount, kind)
        sheet.text(row, 4, YARDSTICKS.get(one.kind, one.kind))
        form = style.number(gap, font_color=_tone(sheet, one.good))
        sheet.value(row, 5, Formula(f"=C{row + 1}-D{row + 1}", one.gap), gap, form)
        sheet.text(row, 6, verdict(one.good), style.judged(one.good))
        sheet.text(row, 7, one.months or "the whole plan")
        sheet.text(row, 8, one.note)
    return row + 1


def _against(pack: Pack) -> Iterator[tuple[KpiLine, Any]]:
    for line in pack.kpis:
        for one in line.against:
            yield line, one


def _tone(sheet: Sheet, good: bool | None) -> str:
    palette = sheet.style.palette
    return palette.ink if good is None else palette.favourable if good else palette.unfavourable


def _shortages(sheet: Sheet, pack: Pack, row: int) -> int:
    if not pack.shortages:
        return row - 1
    style = sheet.style
    sheet.text(row, 0, f"What is late or lost, most money first ({pack.currency})", style.block)
    for said, amount in pack.shortages:
        row += 1
        sheet.raw.merge_range(row, 0, row, 4, "", style.wrapped)
        sheet.text(row, 0, said, style.wrapped)
        sheet.raw.set_row(row, 14 * max(1, math.ceil(len(said) / 90)))
        sheet.value(row, 5, amount, "money")
    return row + 1


def _signature(signed: Signoff) -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = [
        ("Sign-off", f"Number {signed.number}"),
        ("Signed by", f"{signed.who}, {signed.role}" if signed.role else signed.who),
        ("Signed at", f"{signed.at.replace('T', ' ').rstrip('Z')} UTC"),
        ("Comment", signed.comment),
    ]
    if signed.supersedes is not None:
        lines.append(("Supersedes", f"Number {signed.supersedes}: {signed.reason}"))
    return [
        *lines,
        ("Digest", signed.digest),
        ("Digest of the one before", signed.previous if signed.number > 1 else "It is the first."),
    ]


def _basis(pack: Pack) -> list[tuple[str, Any]]:
    basis = pack.basis
    gap = f", {basis.gap:.2%} from the best plan in whole numbers" if basis.gap else ""
    revision = f", revision {basis.scenario_revision}" if basis.scenario_revision else ", not saved"
    return [
        ("Scenario", basis.scenario + ("" if basis.scenario == "Base" else revision)),
        ("Data version", f"{basis.data_version}"),
        ("Data of", a_day(basis.imported)),
        ("Cleansing verdicts", f"Revision {basis.review}"),
        ("Agreement on demand", basis.agreement or "There is none."),
        ("Solver", f"{basis.engine}: {basis.status}{gap}"),
        ("Program", basis.code_version),
        ("Packages", ", ".join(f"{name} {version}" for name, version in sorted(basis.packages.items()))),
        ("Fingerprint of the plan", basis.plan_fingerprint),
        ("Fingerprint of the data", basis.data_fingerprint),
    ]


def _pairs(sheet: Sheet, row: int, title: str, pairs: list[tuple[str, Any]]) -> int:
    style = sheet.style
    sheet.text(row, 0, title, style.block)
    for name, value in pairs:
        if value == "":
            continue
        row += 1
        sheet.text(row, 0, name, style.quiet)
        form = style.number("day") if isinstance(value, dt.date) else style.wrapped
        sheet.raw.merge_range(row, 2, row, _ACROSS - 1, "", form)
        sheet.value(row, 2, value, "day" if isinstance(value, dt.date) else "wrapped", form)
        if isinstance(value, str):
            sheet.raw.set_row(row, 14 * min(max(1, math.ceil(len(value) / 120)), 12))
    return row + 1


def created(pack: Pack, signed: Signoff | None) -> dt.datetime:
    """The file's date, from what it holds: when it was signed, else the data's day, else the plan's first month."""
    if signed is not None:
        return dt.datetime.fromisoformat(signed.at.replace("Z", "+00:00")).replace(tzinfo=None)
    day = a_day(pack.basis.imported)
    if not isinstance(day, dt.date):
        day = month_day(pack.cycle)
    return dt.datetime(day.year, day.month, day.day)
