"""KPIs against target, budget, last LE and base."""

from __future__ import annotations

from collections.abc import Sequence

from sop_core.export.slides.common import FULL, ROOM, Brief, cut, missing, plural, sentence
from sop_core.export.slides.frame import Para, Run
from sop_core.export.slides.table import Cell, Column, Look, Row, add_table, fit_rows, roomy, row_height
from sop_core.export.slides.template import BOTTOM, MARGIN, TOP
from sop_core.pack.value import BUDGET, TARGET, YARDSTICKS, Against, KpiLine
from sop_core.wording import DASH, kpi_delta

_PAIR = 160.0


def kpis(brief: Brief) -> None:
    """Slide 2."""
    lines = brief.pack.kpis
    page = brief.page(f"KPIs over the plan, {brief.planned}", headline(brief))
    kinds = [kind for kind in YARDSTICKS if any(_against(line, kind) for line in lines)]
    page.notes(
        [
            headline(brief),
            *(
                f"{line.title}: {brief.figure(line.unit, line.value)}. {sentence(line.formula)}"
                for line in lines
            ),
            *_rests_on(lines),
        ]
    )
    if not lines:
        missing(
            page,
            MARGIN,
            TOP,
            FULL,
            120.0,
            "This pack has no KPIs.",
            ["Plan the scenario again and export it then."],
        )
        return
    ranked = _ranked(lines)
    columns, rows = _rows(brief, ranked, kinds)
    remarks = _rests_on(lines)
    if not kinds:
        remarks = [
            "Nothing to hold the plan against was brought: targets and a budget come in with the "
            "tables targets and "
            "budget; the last LE is the plan signed before, or an estimate kept in the demand review."
        ]
    foot = 15.0 * min(len(remarks), 3) + (12.0 if remarks else 0.0)
    look = Look(11.5, 5.0, 6.0, least=36.0)
    if sum(row_height(columns, row, look) for row in rows) > ROOM - foot:
        # Many KPIs: one line each.
        columns, rows = _rows(brief, ranked, kinds, dense=True)
        look = Look(10.5, 3.0, 6.0, least=19.0)
    shown = fit_rows(
        columns,
        rows[:1],
        rows[1:],
        ROOM - foot,
        look,
        lambda n: f"and {plural(n, 'more KPI')} in the notes of this slide",
    )
    # Wide letters may make a row higher: what is left over for that is not shared out.
    look = roomy(columns, shown, ROOM - foot - 14.0, look)
    alt = (
        headline(brief)
        + " Table of KPIs: "
        + "; ".join(f"{line.title} {brief.figure(line.unit, line.value)}" for line in lines)
    )
    end = add_table(page, MARGIN, TOP, columns, shown, name="KPIs", alt=alt, look=look)
    if remarks:
        page.text(
            MARGIN,
            end + 10.0,
            FULL,
            BOTTOM - end - 10.0,
            [Para(text, 10.0, "muted", lines=2, before=2.0) for text in remarks],
            name="What it rests on",
        )


def headline(brief: Brief) -> str:
    """How many targets are kept, which is missed by most words, and where the budget stands."""
    lines = brief.pack.kpis
    targets = [(line, one) for line in lines if (one := _against(line, TARGET))]
    budgets = [(line, one) for line in lines if (one := _against(line, BUDGET))]
    parts = []
    if targets:
        missed = [(line, one) for line, one in targets if one.good is False]
        if not missed:
            parts.append(
                "The target is kept" if len(targets) == 1 else f"All {len(targets)} targets are kept"
            )
        else:
            gaps = " and ".join(
                f"{cut(line.title).lower()} by {_size(line, one, brief.currency)}" for line, one in missed[:2]
            )
            kept = len(targets) - len(missed)
            parts.append(
                f"{kept} of {len(targets)} targets {'is' if kept == 1 else 'are'} kept; missed: {gaps}"
                + (f" and {len(missed) - 2} more" if len(missed) > 2 else "")
            )
    for line, one in [(line, one) for line, one in budgets if line.name == "margin"] or budgets[:1]:
        delta = kpi_delta(line.name, one.value, one.amount)
        if delta.text == DASH:
            parts.append(f"{cut(line.title).lower()} is at budget")
        else:
            side = "above" if one.gap > 0 else "below"
            parts.append(f"{cut(line.title).lower()} is {_size(line, one, brief.currency)} {side} budget")
    if not parts:
        main = [
            f"{cut(line.title).lower()} {brief.figure(line.unit, line.value)}"
            for line in lines
            if line.value is not None
        ]
        if not main:
            return "No KPI of this plan is known."
        return f"The plan brings {', '.join(main[:3])}; no target or budget was brought to hold it against."
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _size(line: KpiLine, one: Against, currency: str = "") -> str:
    text = kpi_delta(line.name, one.value, one.amount).text.lstrip("+\N{MINUS SIGN}")
    return f"{text} {currency}" if line.unit == "money" and currency else text


def _against(line: KpiLine, kind: str) -> Against | None:
    return next((one for one in line.against if one.kind == kind), None)


def _ranked(lines: Sequence[KpiLine]) -> list[KpiLine]:
    """Those with a target first, then those with a budget, each in the pack's order."""
    return sorted(lines, key=lambda line: (not _against(line, TARGET), not _against(line, BUDGET)))


def _rows(
    brief: Brief, lines: Sequence[KpiLine], kinds: Sequence[str], dense: bool = False
) -> tuple[list[Column], list[Row]]:
    spare = FULL - _PAIR * len(kinds)
    formulas = len(kinds) <= 2
    name, plan = (190.0, 110.0) if formulas else (spare * 0.6, spare * 0.4)
    columns = [Column(name), Column(plan, "r")]
    head = [Cell("KPI", True, "muted"), Cell("Plan", True, "muted")]
    for kind in kinds:
        amount = 60.0 if dense else 70.0
        columns += [Column(amount, "r"), Column(_PAIR - amount, "r")]
        head += [Cell(YARDSTICKS[kind], True, "muted"), Cell("Plan less it", True, "muted")]
    if formulas:
        columns.append(Column(spare - name - plan))
        head.append(Cell("How it is worked out", True, "muted"))
    rows: list[Row] = [head]
    for line in lines:
        large = 11.0 if dense else 13.0
        row = [
            Cell(line.title, True, lines=1 if dense else 2),
            Cell(brief.figure(line.unit, line.value), True, size=large, lines=1),
        ]
        for kind in kinds:
            row += _pair(brief, line, _against(line, kind), dense)
        if formulas:
            row.append(Cell(line.formula, colour="muted", size=10.0, lines=1 if dense else 2))
        rows.append(row)
    return columns, rows


def _pair(brief: Brief, line: KpiLine, one: Against | None, dense: bool) -> list[Cell]:
    if one is None:
        return [Cell(DASH, colour="muted"), Cell("", colour="muted")]
    text, word, colour = brief.delta(line.name, one.value, one.amount, one.good)
    said = word.replace("favourable", "fav.") if dense else word
    runs = (Run(text, colour, True), Run(f" {said}", colour, False)) if word else ()
    amount = brief.number(line.unit, one.amount)
    return [
        Cell(amount, lines=1, size=9.5 if dense else 10.5),
        Cell(text, False, colour, runs=runs, size=9.0 if dense else 10.5, lines=1 if dense else 2),
    ]


def _rests_on(lines: Sequence[KpiLine]) -> list[str]:
    """What yardsticks rest on and over which months, said once for all KPIs of which it is true."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for line in lines:
        for one in line.against:
            if one.months or one.note:
                found.setdefault((one.kind, one.months, one.note), []).append(line.title)
    texts = []
    # What was signed or budgeted before says more than the tolerance of a target.
    for (kind, months, note), titles in sorted(found.items(), key=lambda item: item[0][0] == TARGET):
        whole = len(titles) == sum(any(one.kind == kind for one in line.against) for line in lines)
        who = "" if whole else f", {', '.join(cut(title).lower() for title in titles)}"
        over = f"over {months}" if months else "over the plan"
        texts.append(f"{YARDSTICKS.get(kind, kind)}{who}: {f'{note}, ' if note else ''}{over}.")
    return texts
