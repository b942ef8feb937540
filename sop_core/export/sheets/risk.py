"""Risk ranges and bridges, each with a native chart whose helper columns are live formulas."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter import Workbook

from sop_core.export.sheets import charts
from sop_core.export.sheets.months import kind_of
from sop_core.export.sheets.sheet import Formula, Sheet, lines_of
from sop_core.export.sheets.style import verdict
from sop_core.pack.value import Bridge, Pack, RiskLine, Step
from sop_core.wording import unit_label

_HEAD = 3


def write_risk(book: Workbook, sheet: Sheet, pack: Pack) -> None:
    """P10, P50 and P90 of each KPI, the chance to miss its target, what carries the risk, what may break the plan."""
    style, risk = sheet.style, pack.risk
    if risk is None:
        sheet.open("Risk", "Demand was not simulated for this plan: there is no risk to show.", 8)
        _threats(sheet, pack, _HEAD)
        return
    said = f"{risk.sentence} {risk.paths:,} paths of demand, seed {risk.seed}. {risk.holds}"
    sheet.open("Risk", said, 9)
    sheet.widths((30, 10, 14, 14, 14, 14, 14, 12, 44))
    sheet.one_page(upright=True)
    heads = ("KPI", "Unit", "P10", "P50", "P90", "Plan", "Target or budget", "Chance to miss", "In words")
    for at, text in enumerate(heads):
        sheet.text(_HEAD, at, text, style.head(2 <= at <= 7))
    sheet.raw.set_row(_HEAD, 32)
    sheet.raw.freeze_panes(_HEAD + 1, 1)
    for n, line in enumerate(risk.lines):
        row, kind = _HEAD + 1 + n, kind_of(line.unit)
        sheet.text(row, 0, line.title)
        sheet.text(row, 1, unit_label(line.unit, pack.currency))
        for at, value in enumerate((line.p10, line.p50, line.p90, line.plan, line.target), start=2):
            sheet.value(row, at, value, kind)
        sheet.value(
            row, 7, line.miss, "fraction", style.number("fraction", bold=True, font_color=_ink(sheet, line))
        )
        sheet.text(row, 8, line.sentence, style.wrapped)
        sheet.raw.set_row(row, 13.5 * max(lines_of(line.sentence, 44), lines_of(line.title, 30)) + 4)
    row = _HEAD + 2 + len(risk.lines)
    row = _ranges(book, sheet, risk.lines, row)
    if risk.carriers:
        sheet.text(row, 0, "Who carries the risk of service", style.block)
        for name, part in risk.carriers:
            row += 1
            sheet.text(row, 0, name)
            sheet.value(row, 2, part, "fraction")
        row += 2
    _threats(sheet, pack, row)


def _ink(sheet: Sheet, line: RiskLine) -> str:
    palette = sheet.style.palette
    return palette.ink if line.miss is None or line.miss < 0.5 else palette.unfavourable


def _ranges(book: Workbook, sheet: Sheet, lines: Sequence[RiskLine], row: int) -> int:
    """The ranges as parts of the plan (plan = 100), so that money and percent stand on one axis; the chart beside."""
    known = [(n, line) for n, line in enumerate(lines) if line.plan > 0 and line.p10 >= 0]
    if not known:
        return row
    style = sheet.style
    sheet.text(row, 0, "Ranges beside the plan (plan = 100)", style.block)
    for at, text in enumerate(("KPI", "", "P10", "P10 to P50", "P50 to P90"), start=0):
        sheet.text(row + 1, at, text, style.head(at > 1))
    first = row + 2
    for k, (n, line) in enumerate(known):
        at, source = first + k, _HEAD + 2 + n
        sheet.value(at, 0, Formula(f"=A{source}", line.title), "text", style.text)
        for column, formula, value in (
            (2, f"=C{source}/F{source}*100", line.p10 / line.plan * 100),
            (3, f"=(D{source}-C{source})/F{source}*100", (line.p50 - line.p10) / line.plan * 100),
            (4, f"=(E{source}-D{source})/F{source}*100", (line.p90 - line.p50) / line.plan * 100),
        ):
            sheet.value(at, column, Formula(formula, value), "heads")
    last = first + len(known) - 1
    name = f"'{sheet.name}'"
    span = {c: f"{name}!${c}${first + 1}:${c}${last + 1}" for c in "ACDE"}
    least = min(line.p10 / line.plan for _, line in known) * 100
    palette = style.palette
    chart = charts.stacked(
        book, style, "P10 to P90 of each KPI (plan = 100; light: P10 to P50, dark: P50 to P90)", span["A"],
        (
            charts.Line("P10", span["C"], "", columns=True, fill="none"),
            charts.Line("P10 to P50", span["D"], "", columns=True, fill=palette.heat[2]),
            charts.Line("P50 to P90", span["E"], "", columns=True, fill=palette.demand),
        ),
        bars=True, kind="units", legend=None, least=float(max(0, 5 * int((least - 5) // 5))),
        size=(760, 90 + 46 * len(known)),
    )  # fmt: skip
    sheet.raw.insert_chart(last + 2, 0, chart, {"x_offset": 4, "y_offset": 4})
    return last + 4 + (90 + 46 * len(known)) // 18


def _threats(sheet: Sheet, pack: Pack, row: int) -> None:
    style = sheet.style
    sheet.text(row, 0, "What could break the plan", style.block)
    if not pack.threats:
        sheet.text(row + 1, 0, "Nothing stands out.")
        return
    heads = ("What", "", f"At stake ({pack.currency})", "Chance", "In words")
    for at, text in enumerate(heads):
        sheet.text(row + 1, at, text, style.head(at in (2, 3)))
    sheet.raw.set_row(row + 1, 32)
    for n, threat in enumerate(pack.threats, start=row + 2):
        sheet.text(n, 0, threat.title, style.wrapped)
        sheet.value(n, 2, threat.amount, "money")
        sheet.value(n, 3, threat.chance, "fraction")
        sheet.raw.merge_range(n, 4, n, 8, "", style.wrapped)
        sheet.text(n, 4, threat.sentence, style.wrapped)
        sheet.raw.set_row(n, 14 * max(1 + len(threat.title) // 28, 1 + len(threat.sentence) // 90))


def write_bridge(book: Workbook, sheet: Sheet, pack: Pack) -> None:
    """From base to proposal, and from budget to plan of the financial year where it is known."""
    bridges = [
        b for b in (pack.bridge, pack.year.variance if pack.year is not None else None) if b is not None
    ]
    sheet.open(
        "Bridge",
        "From one value to another, step by step: the steps add up to the difference."
        if bridges
        else "There is nothing to bridge: the base itself is proposed, and no budget is known.",
        9,
    )
    sheet.widths((34, 15, 14, 15, 48))
    sheet.one_page(upright=True)
    row = _HEAD
    for bridge in bridges:
        row = _bridge(book, sheet, pack, bridge, row)


#: Helper columns of the chart, from column G on: the invisible foot, then what is drawn above and below zero.
_PARTS = ("Foot", "Value", "Favourable", "Unfavourable", "Neither")


def _bridge(book: Workbook, sheet: Sheet, pack: Pack, bridge: Bridge, row: int) -> int:
    """One bridge with its chart; gives the row for the next."""
    style, kind = sheet.style, kind_of(bridge.unit)
    unit = unit_label(bridge.unit, pack.currency) or bridge.unit
    sheet.text(row, 0, bridge.title, style.block)
    sheet.note(row + 1, " ".join(filter(None, (bridge.sentence, bridge.rule))), 5)
    sheet.raw.print_area(0, 0, row + 30 + len(bridge.steps), 4)
    head = row + 2
    for at, text in enumerate(("Step", f"Amount ({unit})", "", f"Running ({unit})", "In words")):
        sheet.text(head, at, text, style.head(at in (1, 3)))
    for n, part in enumerate(_PARTS):
        sheet.text(head, 6 + n, part, style.head(True, font_color=style.palette.muted))
        sheet.text(
            head, 6 + len(_PARTS) + n, f"{part}, below zero", style.head(True, font_color=style.palette.muted)
        )
    for n in range(2 * len(_PARTS)):
        sheet.width(6 + n, 13)
    sheet.raw.set_row(head, 32)
    steps = [
        Step(bridge.start, bridge.start_value, None),
        *bridge.steps,
        Step(bridge.end, bridge.end_value, None),
    ]
    first, last = head + 1, head + len(steps)
    running = 0.0
    for n, step in enumerate(steps):
        at = first + n
        ends = n in (0, len(steps) - 1)
        before = 0.0 if ends else running
        running = step.amount if ends else running + step.amount
        sheet.text(at, 0, step.label, style.of(bold=ends, text_wrap=True, align="left"))
        amount: float | Formula = step.amount
        if n == len(steps) - 1:
            # The end is the start and all steps: live, and the same as the proposal's own value.
            amount = Formula(f"=SUM(B{first + 1}:B{at})", step.amount)
        tone = {} if ends else {"font_color": _tone(sheet, step.good)}
        sheet.value(
            at,
            1,
            amount,
            kind,
            style.number(kind if ends else f"{kind}_gap" if kind != "number" else kind, bold=ends, **tone),
        )
        sheet.text(at, 2, "" if ends else verdict(step.good), style.judged(step.good))
        total = f"=B{at + 1}" if ends else f"=D{at}+B{at + 1}"
        sheet.value(at, 3, Formula(total, running), kind)
        sheet.text(at, 4, step.sentence, style.wrapped)
        sheet.raw.set_row(at, 13.5 * max(lines_of(step.sentence, 48), lines_of(step.label, 34)) + 4)
        _helpers(sheet, at, n in (0, len(steps) - 1), step.good, before, running)
    _waterfall(
        book,
        sheet,
        f"{bridge.title} ({unit})",
        first,
        last,
        (bridge.start_value, bridge.end_value, steps),
        kind,
    )
    return last + 22


def _tone(sheet: Sheet, good: bool | None) -> str:
    palette = sheet.style.palette
    return palette.ink if good is None else palette.favourable if good else palette.unfavourable


def _helpers(sheet: Sheet, row: int, ends: bool, good: bool | None, before: float, after: float) -> None:
    """Foot and drawn parts above and below zero, live from the running total."""
    r = row + 1
    low, high = (f"MIN(0,D{r})", f"MAX(0,D{r})") if ends else (f"MIN(D{r - 1},D{r})", f"MAX(D{r - 1},D{r})")
    least, most = min(before, after), max(before, after)
    style = sheet.style.number("money", font_color=sheet.style.palette.muted)
    kind = 1 if ends else _part_of(Step("", 0.0, good))
    for side, column in ((1, 6), (-1, 6 + len(_PARTS))):
        foot = f"MAX(0,{low})" if side > 0 else f"MIN(0,{high})"
        drawn = f"MAX(0,{high})-MAX(0,{low})" if side > 0 else f"MIN(0,{low})-MIN(0,{high})"
        foot_value = max(0.0, least) if side > 0 else min(0.0, most)
        drawn_value = max(0.0, most) - max(0.0, least) if side > 0 else min(0.0, least) - min(0.0, most)
        sheet.value(row, column, Formula(f"={foot}", foot_value), "money", style)
        sheet.value(row, column + kind, Formula(f"={drawn}", drawn_value), "money", style)


def _waterfall(
    book: Workbook,
    sheet: Sheet,
    title: str,
    first: int,
    last: int,
    ends: tuple[float, float, Sequence[Step]],
    kind: str,
) -> None:
    palette = sheet.style.palette
    fills = ("none", palette.accent, palette.favourable, palette.unfavourable, palette.budget)

    def span(column: int) -> str:
        letter = chr(ord("A") + column)
        return f"'{sheet.name}'!${letter}${first + 1}:${letter}${last + 1}"

    running, low, high = ends[0], min(ends[:2]), max(ends[:2])
    for step in ends[2][1:-1]:
        running += step.amount
        low, high = min(low, running), max(high, running)
    used = {1} | {_part_of(s) for s in ends[2][1:-1]}
    lines = [
        charts.Line(name, span(6 + n), "", columns=True, fill=fills[n])
        for n, name in enumerate(_PARTS) if n == 0 or n in used
    ]  # fmt: skip
    hidden = [0]
    if low < 0:
        below = len(_PARTS)
        for n, name in enumerate(_PARTS):
            if n == 0 or n in used:
                hidden.append(len(lines))
                lines.append(charts.Line(name, span(6 + below + n), "", columns=True, fill=fills[n]))
    least = _least(low, high)
    said = title if not least else f"{title}; the axis begins at {least:,.0f}"
    chart = charts.stacked(
        book,
        sheet.style,
        said,
        span(0),
        lines,
        kind=kind,
        least=least or None,
        size=(900, 340),
        legend=hidden,
        most=max(abs(low), abs(high)),
    )
    sheet.raw.insert_chart(last + 2, 0, chart, {"x_offset": 4, "y_offset": 4})


def _part_of(step: Step) -> int:
    """Which helper column draws a step, see _PARTS."""
    return 4 if step.good is None else 2 if step.good else 3


def _least(low: float, high: float) -> float:
    """Where the axis begins: 0, unless the steps would be too small to be seen from there."""
    spread = high - low
    if low <= 0 or spread > 0.25 * high:
        return 0.0
    unit = 10.0 ** max(len(str(int(spread))) - 1, 0)
    return max(0.0, (low - 0.5 * spread) // unit * unit)
