"""Money: the financial year by quarter, and what stands between budget and plan; the bridge from base to proposal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sop_core.export.slides.chart import add_chart
from sop_core.export.slides.common import (
    FULL,
    GUTTER,
    ROOM,
    Brief,
    cut,
    known,
    missing,
    plural,
    sentence,
    tone,
)
from sop_core.export.slides.figure import COLUMN, Data, Spec
from sop_core.export.slides.frame import Page, Para, Run
from sop_core.export.slides.table import Cell, Column, Look, Row, add_table, fit_rows, row_height
from sop_core.export.slides.template import BOTTOM, MARGIN, TOP
from sop_core.export.slides.timeline import alt, data, spec
from sop_core.export.slides.waterfall import waterfall
from sop_core.pack.value import Bridge, FinancialYear, Number, Pack, Step, YearRow
from sop_core.wording import DASH, short

#: Rows of the year that are shown first, in the order of a statement.
_ROWS: Final = ("revenue", "contribution", "margin", "working_capital", "cash_flow")
_MOST_PERIODS: Final = 14
_CHART: Final = 150.0
_BRING: Final = (
    "The financial year needs prices and costs (tables products and prices) and, to be held against "
    "something, a "
    "budget in money (table budget)."
)


def money_slide(brief: Brief) -> None:
    """Slide 7."""
    year = brief.pack.year
    picture = brief.pack.picture("money")
    if year is not None and year.rows and year.periods:
        _year(brief, year)
        return
    kicker = f"Money, {brief.planned}"
    if picture is None or not any(known(one.values) for one in picture.series):
        page = brief.page(kicker, "This pack shows no money.")
        missing(page, MARGIN, TOP, FULL, 130.0, "There is no money to show.", [_BRING])
        page.notes([_BRING])
        return
    page = brief.page(kicker, picture.sentence or "Money by month.")
    drawn = tuple(data(one) for one in picture.series if known(one.values))
    add_chart(
        page,
        MARGIN,
        TOP,
        FULL,
        ROOM - 40.0,
        spec(
            brief,
            (Run(f"Money by month, {brief.currency}; cash added up from the first month of the plan"),),
            drawn,
            FULL,
        ),
        name="Money by month",
        alt=alt(brief, picture),
    )
    page.text(MARGIN, BOTTOM - 32.0, FULL, 32.0, Para(_BRING, 11.0, "muted", lines=2), name="What to bring")
    page.notes([picture.sentence, _BRING])


def _year(brief: Brief, year: FinancialYear) -> None:
    page = brief.page(f"Money by financial year, {brief.currency}", year.sentence or f"{year.main} in money.")
    rows = [row for name in _ROWS for row in year.rows if row.name == name] or list(year.rows[:5])
    # Quarters before the plan have nothing in these rows.
    held = [at for at in range(len(year.periods)) if any(row.plan[at] for row in rows)]
    periods = (held or list(range(len(year.periods))))[:_MOST_PERIODS]
    room = ROOM - _CHART - 16.0
    columns, table = _year_rows(year, rows, periods)
    look = Look(10.0, 2.2, 4.0, rules=True)
    # The budget goes before the last LE, and figures of their own before what they are held against.
    for without in ("last", "budget"):
        if sum(row_height(columns, row, look) for row in table) <= room:
            break
        columns, table = _year_rows(year, rows, periods, without)
    shown = fit_rows(
        columns, table[:1], table[1:], room, look, lambda n: f"and {plural(n, 'more line')} in the notes"
    )
    words = ", ".join(
        f"{row.title} {short(row.plan[at])}"
        for row in rows
        for at in periods
        if year.periods[at] == year.main
    )
    alternative = f"{year.sentence} Table by period; {year.main}: {words}."
    end = add_table(page, MARGIN, TOP, columns, shown, name="Financial year", alt=alternative, look=look)
    _below(brief, page, year, rows, periods, end + 14.0)
    partial = [period for period, whole in zip(year.periods, year.whole, strict=True) if not whole]
    page.notes(
        [
            year.sentence,
            *(f"{row.title}: {sentence(row.formula)}" for row in year.rows),
            *(
                f"{row.title}, plan: "
                f"{'; '.join(f'{p} {short(v)}' for p, v in zip(year.periods, row.plan, strict=True))}."
                for row in year.rows
            ),
            f"Last LE: {year.last_name}." if year.last_name else "There is no last LE to hold it against.",
            f"Only some months of the plan lie in {', '.join(partial)}." if partial else "",
            *(sentence(text) for text in year.remarks),
            *(_bridge_notes(brief, year.variance) if year.variance else ()),
        ]
    )


def _year_rows(
    year: FinancialYear, rows: Sequence[YearRow], periods: Sequence[int], without: str = ""
) -> tuple[list[Column], list[Row]]:
    name = 148.0
    wide = min((FULL - name) / len(periods), 130.0)
    columns = [Column(name), *(Column(wide, "r") for _ in periods)]
    size = 10.0 if wide >= 62.0 else 9.0
    table: list[Row] = [
        [
            Cell("", True, "muted"),
            *(
                Cell(
                    f"{year.periods[at]}{'' if year.whole[at] else ', part'}",
                    True,
                    "accent" if year.years[at] else "muted",
                    size=size,
                )
                for at in periods
            ),
        ]
    ]
    for row in rows:
        table.append(
            [
                Cell(row.title, True, lines=1),
                *(
                    Cell(short(row.plan[at]), year.years[at], fill=_shade(year, at), size=size, lines=1)
                    for at in periods
                ),
            ]
        )
        for kind, title, other in (("budget", "less budget", row.budget), ("last", "less last LE", row.last)):
            if known(other) and kind != without and not (without == "budget" and kind == "last"):
                table.append(
                    [
                        Cell(title, colour="muted", size=9.0, lines=1),
                        *(_gap(row, row.plan[at], other[at], _shade(year, at)) for at in periods),
                    ]
                )
    return columns, table


def _shade(year: FinancialYear, at: int) -> str:
    return "raised" if year.years[at] else ""


def _gap(row: YearRow, plan: Number, other: Number, fill: str) -> Cell:
    if plan is None or other is None:
        return Cell(DASH, colour="muted", fill=fill, size=9.0)
    gap = plan - other
    text = short(gap, signed=True) if abs(gap) > 1e-7 * max(abs(plan), abs(other), 1.0) else DASH
    if text == DASH or row.direction not in ("up", "down"):
        return Cell(text, colour="muted", fill=fill, size=9.0, lines=1)
    good = (gap > 0) == (row.direction == "up")
    return Cell(f"{'▲' if gap > 0 else '▼'} {text}", colour=tone(good), fill=fill, size=9.0, lines=1)


def _below(
    brief: Brief, page: Page, year: FinancialYear, rows: Sequence[YearRow], periods: Sequence[int], top: float
) -> None:
    half = (FULL - GUTTER) / 2
    tall = BOTTOM - top
    row = next((one for one in rows if one.name == "margin"), rows[0])
    quarters = [at for at in periods if not year.years[at]] or list(periods)
    quarters = quarters[:12]
    series = [Data("Plan", tuple(row.plan[at] for at in quarters), COLUMN, "supply")]
    title: tuple[Run, ...] = (Run(f"{cut(row.title)} by quarter, {brief.currency}: "), Run("plan", "supply"))
    for name, colour, values in (("budget", "budget", row.budget), ("last LE", "#C9D1D9", row.last)):
        found = tuple(values[at] for at in quarters)
        if known(found):
            series.append(Data(name.capitalize() if name == "budget" else "Last LE", found, COLUMN, colour))
            title += (Run(", "), Run(name, "budget" if name == "budget" else "muted"))
    names = tuple(year.periods[at] for at in quarters)
    words = ", ".join(f"{year.periods[at]} {short(row.plan[at])}" for at in quarters)
    add_chart(
        page,
        MARGIN,
        top,
        half,
        tall,
        Spec(title, names, tuple(series), stacked=False, gap=60),
        name=f"{cut(row.title)} by quarter",
        alt=f"{row.title} by quarter: plan {words}.",
    )
    x = MARGIN + half + GUTTER
    if year.variance is not None and year.variance.steps:
        add_chart(
            page,
            x,
            top,
            half,
            tall,
            waterfall(brief, year.variance, half, most=8),
            name="From budget to plan",
            alt=f"{year.variance.sentence} {_steps(brief, year.variance)}",
        )
    else:
        missing(
            page,
            x,
            top,
            half,
            tall,
            "No bridge from budget to plan.",
            ["It needs a budget in units and money by product (table budget)."],
        )


def _steps(brief: Brief, bridge: Bridge) -> str:
    inner = ", ".join(f"{step.label} {short(step.amount, True)}" for step in bridge.steps)
    start, end = short(bridge.start_value), short(bridge.end_value)
    return f"From {bridge.start} {start} to {bridge.end} {end} {brief.unit(bridge.unit)}: {inner}."


def _bridge_notes(brief: Brief, bridge: Bridge) -> list[str]:
    return [
        bridge.sentence,
        _steps(brief, bridge),
        *(f"{step.label}: {sentence(step.sentence)}" for step in bridge.steps),
        bridge.rule,
    ]


def bridge_slide(brief: Brief) -> None:
    """Slide 10."""
    bridge = brief.pack.bridge
    if bridge is None or not bridge.steps:
        page = brief.page("Bridge", _no_bridge(brief.pack))
        missing(
            page,
            MARGIN,
            TOP,
            FULL,
            130.0,
            "There is no bridge to show.",
            [
                "A bridge leads from the base to the proposal, driver by driver: propose a scenario with "
                "at least one Change.",
            ],
        )
        page.notes([_no_bridge(brief.pack)])
        return
    page = brief.page(
        f"Bridge, {cut(bridge.start, 40)} to {cut(bridge.end, 40)}", bridge.sentence or bridge.title
    )
    columns = (Column(190.0), Column(90.0, "r"), Column(FULL - 280.0))
    head: Row = [
        Cell("Driver", True, "muted"),
        Cell(cut(brief.unit(bridge.unit), 14), True, "muted"),
        Cell("Why", True, "muted"),
    ]
    rows: list[Row] = [
        [
            Cell(step.label, True),
            Cell(short(step.amount, True), True, tone(step.good), lines=1),
            Cell(_why(step), lines=2),
        ]
        for step in bridge.steps
    ]
    room = ROOM - 168.0
    looks = (Look(10.5, 3.5, 4.0), Look(10.0, 2.2, 4.0), Look(9.5, 1.5, 4.0), Look(9.0, 1.0, 4.0))
    whole = [head, *rows]
    fits = (one for one in looks if sum(row_height(columns, row, one) for row in whole) <= room)
    look = next(fits, looks[1])
    shown = fit_rows(
        columns,
        [head],
        rows,
        room,
        look,
        lambda n: f"and {plural(n, 'more driver')} in the notes of this slide",
    )
    table = sum(row_height(columns, row, look) for row in shown)
    chart = ROOM - table - 12.0
    add_chart(
        page,
        MARGIN,
        TOP,
        FULL,
        chart,
        waterfall(brief, bridge, FULL),
        name="From base to proposal",
        alt=f"{bridge.sentence} {_steps(brief, bridge)}",
    )
    add_table(
        page, MARGIN, TOP + chart + 12.0, columns, shown, name="Drivers", alt=_steps(brief, bridge), look=look
    )
    page.notes(_bridge_notes(brief, bridge))


def _why(step: Step) -> str:
    """A step's sentence without its label, which stands beside it."""
    text = sentence(step.sentence).removeprefix(f"{step.label}: ")
    return f"{text[:1].upper()}{text[1:]}"


def _no_bridge(pack: Pack) -> str:
    return (
        "The proposal is the base itself, so there is nothing between them."
        if len(pack.scenarios) < 2
        else "No bridge was worked out for this pack."
    )
