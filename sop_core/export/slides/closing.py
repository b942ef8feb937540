"""The last slides: assumptions and actions, definitions, and what the pack rests on with its signature."""

from __future__ import annotations

from typing import Final

from sop_core.export.slides.common import FULL, GUTTER, Brief, cut, day, heading, plural, sentence
from sop_core.export.slides.frame import Page, Para
from sop_core.export.slides.table import Cell, Column, Look, Row, add_table, fit_rows, roomy, row_height
from sop_core.export.slides.template import BOTTOM, MARGIN, TOP
from sop_core.pack.value import ActionLine, AssumptionLine
from sop_core.wording import percent

_LOOK: Final = Look(10.5, 4.0, 4.0)
_SMALL: Final = Look(9.5, 2.6, 4.0)
_NONE: Final = (
    "No assumption and no action is written down: assumptions come from the demand review, actions "
    "from approved "
    "decisions and open issues of the pre-S&OP room."
)


def has_agenda(brief: Brief) -> bool:
    """Whether there are assumptions or actions to fill a slide."""
    return bool(brief.pack.assumptions or brief.pack.actions)


def agenda(brief: Brief) -> None:
    """Slide 11: what the plan assumes, and who does what by when."""
    assumptions, actions = brief.pack.assumptions, brief.pack.actions
    text = _headline(assumptions, actions)
    page = brief.page("Assumptions and actions", text)
    half = (FULL - GUTTER) / 2
    left = right = None
    top = heading(page, MARGIN, TOP, half, "Assumptions", plural(len(assumptions), "in all", "in all"))
    if assumptions:
        columns = (Column(half - 190.0), Column(110.0), Column(80.0))
        head: Row = [
            Cell(one, True, "muted", lines=1) for one in ("What is assumed", "Owner, until", "State")
        ]
        rows: list[Row] = [
            [
                Cell(sentence(line.sentence or f"{line.driver}: {line.value} ({line.band})"), lines=3),
                Cell(_joined(line.owner, day(line.until)), lines=3),
                Cell(line.status.capitalize(), True, lines=2),
            ]
            for line in assumptions
        ]
        left = (columns, fit_rows(columns, [head], rows, BOTTOM - top, _LOOK, _more))
    else:
        words = "No assumption is written down: they come from the demand review."
        page.text(MARGIN, top + 4.0, half, 40.0, Para(words, 11.0, "muted", lines=3), name="Assumptions")
    x = MARGIN + half + GUTTER
    top = heading(page, x, TOP, half, "Actions", plural(len(actions), "in all", "in all"))
    if actions:
        columns = (Column(half - 200.0), Column(124.0), Column(76.0))
        head = [Cell(one, True, "muted", lines=1) for one in ("What", "Owner, by when", "From")]
        rows = [
            [
                Cell(line.what, True, lines=3),
                Cell(_joined(line.owner, day(line.due) or "no day set"), lines=3),
                Cell(f"{line.source}, {line.state}", colour="muted", lines=2),
            ]
            for line in actions
        ]
        right = (columns, fit_rows(columns, [head], rows, BOTTOM - top, _LOOK, _more))
    else:
        words = "No action yet: they come from approved decisions and open issues."
        page.text(x, top + 4.0, half, 40.0, Para(words, 11.0, "muted", lines=3), name="Actions")
    # Both tables in the same letters.
    look = min((roomy(*one, BOTTOM - top, _LOOK) for one in (left, right) if one), key=lambda one: one.size)
    if left:
        add_table(
            page,
            MARGIN,
            top,
            *left,
            name="Assumptions",
            alt=_said("Assumptions", [line.driver for line in assumptions]),
            look=look,
        )
    if right:
        add_table(
            page,
            x,
            top,
            *right,
            name="Actions",
            alt=_said("Actions", [line.what for line in actions]),
            look=look,
        )
    page.notes(
        [
            text,
            *(
                f"{line.driver}, {line.value} (range {line.band}); {line.owner or 'no owner'}, until "
                f"{day(line.until) or 'no day'}; "
                f"{line.status}. {sentence(line.sentence)}"
                for line in assumptions
            ),
            *(
                f"{line.what}: {line.owner or 'no owner'}, {day(line.due) or 'no day set'}, "
                f"{line.state} ({line.source})."
                for line in actions
            ),
        ]
    )


def _more(count: int) -> str:
    return f"and {count} more in the notes of this slide"


def _said(what: str, names: list[str]) -> str:
    """Alt text of a list: how many there are, and the first of them."""
    first = "; ".join(cut(name) for name in names[:5])
    return f"{what}, {len(names)} in all: {first}{'; and more' if len(names) > 5 else ''}."


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _headline(assumptions: tuple[AssumptionLine, ...], actions: tuple[ActionLine, ...]) -> str:
    parts = []
    if assumptions:
        parts.append(f"the plan rests on {plural(len(assumptions), 'assumption')}")
        ends = sorted(line.until for line in assumptions if line.until)
        if ends:
            parts[-1] += f", the first until {day(ends[0])}"
    if actions:
        parts.append(f"{plural(len(actions), 'action')} {'is' if len(actions) == 1 else 'are'} under way")
        days = sorted((line.due, line.owner) for line in actions if line.due)
        if days:
            parts[-1] += f", the next by {day(days[0][0])}{f' ({cut(days[0][1], 40)})' if days[0][1] else ''}"
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def basis(brief: Brief, alone: bool) -> None:
    """Slide 12: what the numbers mean and rest on. `alone`: it also speaks for assumptions and actions."""
    pack = brief.pack
    signed = f"signed as no. {brief.signed.number}" if brief.signed else "not signed yet"
    plan = pack.basis.plan_fingerprint[:8]
    text = f"Every number follows from data version {pack.basis.data_version}, plan {plan}, {signed}."
    page = brief.page("Definitions and basis", text)
    left = FULL * 0.54
    spare = 44.0 if alone else 0.0
    top = heading(page, MARGIN, TOP, left, "Definitions")
    if pack.definitions:
        columns = (Column(130.0), Column(56.0), Column(left - 186.0))
        head: Row = [Cell(one, True, "muted", lines=1) for one in ("Number", "Unit", "How it is worked out")]
        rows: list[Row] = [
            [
                Cell(one.title, True),
                Cell(cut(brief.unit(one.unit), 20), colour="muted", lines=1),
                Cell(one.formula, lines=2),
            ]
            for one in pack.definitions
        ]
        shown = fit_rows(columns, [head], rows, BOTTOM - top - spare, _SMALL, _more)
        look = roomy(columns, shown, BOTTOM - top - spare, _SMALL)
        add_table(
            page, MARGIN, top, columns, shown, name="Definitions", alt="What each number means.", look=look
        )
    if alone:
        page.text(
            MARGIN,
            BOTTOM - 34.0,
            left,
            34.0,
            Para(_NONE, 10.0, "muted", lines=2),
            name="Assumptions and actions",
        )
    _facts(brief, page, MARGIN + left + GUTTER, FULL - left - GUTTER)
    page.notes(
        [
            text,
            *(
                f"{one.title}{f' ({brief.unit(one.unit)})' if one.unit else ''}: {sentence(one.formula)}"
                for one in pack.definitions
            ),
            *(f"Default: {sentence(one)}" for one in pack.basis.defaults),
            f"Data fingerprint {pack.basis.data_fingerprint}.",
            f"Plan fingerprint {pack.basis.plan_fingerprint}.",
            "Packages: "
            f"{', '.join(f'{name} {version}' for name, version in sorted(pack.basis.packages.items()))}.",
            f"Sign-off {brief.signed.number}, SHA-256 {brief.signed.digest}; before it "
            f"{brief.signed.previous}."
            if brief.signed
            else "",
            f"Comment: {sentence(brief.signed.comment)}" if brief.signed and brief.signed.comment else "",
        ]
    )


def _facts(brief: Brief, page: Page, x: float, wide: float) -> None:
    one = brief.pack.basis
    gap = "nothing left to gain" if one.gap == 0 else f"at most {percent(one.gap, 2)} from the best plan"
    rows = [
        ("Company", brief.pack.company or "Without a name"),
        (
            "Scenario",
            f"{one.scenario}{f', revision {one.scenario_revision}' if one.scenario_revision else ', not saved'}",
        ),
        (
            "Data",
            f"Version {one.data_version}, brought {day(one.imported) or 'on an unknown day'}, "
            f"{one.data_fingerprint[:12]}",
        ),
        ("Cleansing", f"Verdicts of revision {one.review}" if one.review else "No verdicts"),
        ("Demand", one.agreement or "No agreement on demand in force"),
        ("Plan", f"{one.plan_fingerprint[:16]}, {one.status}, {gap}"),
        ("Engine", f"{one.engine}; code {one.code_version}"),
        ("Defaults", "; ".join(one.defaults) if one.defaults else "None: everything was brought"),
    ]
    top = heading(page, x, TOP, wide, "Basis")
    columns = (Column(78.0), Column(wide - 78.0))
    table: list[Row] = [[Cell(name, colour="muted"), Cell(text, lines=3)] for name, text in rows]
    end = top + sum(row_height(columns, row, _SMALL) for row in table)
    block = 112.0
    if end > BOTTOM - block:
        table = fit_rows(
            columns,
            [],
            table,
            BOTTOM - block - top,
            _SMALL,
            lambda n: "The rest is in the notes of this slide",
        )
    end = add_table(
        page, x, top, columns, table, name="Basis", alt="What the numbers rest on.", look=_SMALL, heads=0
    )
    _signature(brief, page, x, max(end + 14.0, BOTTOM - block + 14.0), wide)


def _signature(brief: Brief, page: Page, x: float, y: float, wide: float) -> None:
    tall = BOTTOM - y
    page.panel(x, y, wide, tall)
    inner = wide - 32.0
    signed = brief.signed
    if signed is not None:
        at = signed.at.replace("T", " ").replace("Z", " UTC")
        paras = [
            Para(f"Signed as no. {signed.number}", 12.0, "favourable", True, lines=1),
            Para(
                f"{signed.who}{f', {signed.role}' if signed.role else ''}, {at}",
                11.0,
                "ink",
                before=3.0,
                lines=2,
            ),
            Para(f"SHA-256 {signed.digest}", 9.0, "muted", before=3.0, lines=3),
        ]
        page.text(x + 16.0, y + 12.0, inner, tall - 20.0, paras, name="Signature")
        return
    page.text(
        x + 16.0, y + 12.0, inner, 16.0, Para("Signature", 12.0, "ink", True, lines=1), name="Signature"
    )
    third = (inner - 32.0) / 3
    for place, word in enumerate(("Name", "Role", "Day")):
        left = x + 16.0 + place * (third + 16.0)
        page.panel(left, y + tall - 30.0, third, 0.75, "budget", name="Line")
        page.text(left, y + tall - 25.0, third, 12.0, Para(word, 9.0, "muted", lines=1), name=word)
