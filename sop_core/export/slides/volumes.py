"""Demand with its layers of evidence, supply with what is late or lost, stock against its target."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sop_core.export.slides.chart import add_chart
from sop_core.export.slides.common import (
    FULL,
    MAIN,
    RIGHT,
    ROOM,
    SIDE,
    Brief,
    cut,
    heading,
    known,
    missing,
    plural,
    sentence,
    total,
)
from sop_core.export.slides.figure import COLUMN
from sop_core.export.slides.frame import Page, Para, Run
from sop_core.export.slides.table import Cell, Column, Look, Row, add_table, fit_rows, roomy
from sop_core.export.slides.template import BOTTOM, MARGIN, TOP
from sop_core.export.slides.timeline import alt, band, data, shaded, spec
from sop_core.pack.value import FamilyLine, Picture, Series
from sop_core.wording import exact, money, short

_LOOK = Look(10.5, 4.0, 4.0)


def _shown(picture: Picture) -> dict[str, Series]:
    return {one.name: one for one in picture.series if known(one.values)}


def _note(brief: Brief, picture: Picture) -> list[str]:
    """The sentence, and what each series adds up to over the plan."""
    start = brief.pack.closed
    return [
        picture.sentence,
        *(
            f"{one.title}: {exact(total(one.values[start:]), 0)} {brief.unit(one.unit)} over {brief.planned}."
            for one in picture.series
            if known(one.values[start:])
            and one.name not in ("low", "high", "cash", "late", "stock", "target", "working_capital")
        ),
    ]


def _absent(brief: Brief, kicker: str, subject: str, bring: list[str]) -> None:
    page = brief.page(kicker, f"This pack shows no {subject}.")
    missing(page, MARGIN, TOP, FULL, 130.0, f"There is no {subject} to show.", bring)
    page.notes([f"No {subject} in this pack.", *bring])


def demand(brief: Brief) -> None:
    """Slide 3."""
    picture = brief.pack.picture("demand")
    kicker = f"Demand, {brief.planned}"
    if picture is None or not _shown(picture):
        _absent(
            brief,
            kicker,
            "demand",
            ["Bring the sales history (table sales) and forecast it in the demand review."],
        )
        return
    page = brief.page(kicker, picture.sentence or "Demand by month.")
    shown = _shown(picture)
    drawn = tuple(
        data(one) for name, one in shown.items() if name != "low" and (name != "high" or "low" in shown)
    )
    ranged = "low" in shown and "high" in shown
    title: tuple[Run, ...] = (Run(f"Demand, {brief.unit(picture.unit)} a month{brief.actuals}"),)
    if ranged:
        drawn = (*band(shown["low"], shown["high"]), *drawn)
        title += (
            Run("; shaded: "),
            Run(f"{cut(shown['low'].title)} to {cut(shown['high'].title)}", "demand"),
        )
    families = [one for one in brief.pack.families if known(one.demand)]
    wide = MAIN if families else FULL
    add_chart(
        page,
        MARGIN,
        TOP,
        wide,
        ROOM,
        spec(brief, title, drawn, wide, gap=0),
        name="Demand by month",
        alt=alt(brief, picture),
    )
    if families:
        _by_demand(brief, page, families)
    layers = [name for name in ("budget", "last_le", "low") if name not in shown]
    words = {
        "budget": "No budget was brought (table budget).",
        "last_le": "There is no last LE: no plan was signed before and no estimate kept.",
        "low": "No range: risk has not been simulated.",
    }
    page.notes([*_note(brief, picture), *(words[name] for name in layers)])


def _beside(
    page: Page, top: float, columns: Sequence[Column], head: Row, rows: Sequence[Row], more: Callable[[int], str],
    name: str, alt: str,
) -> None:  # fmt: skip
    """The table right of the picture: as many rows as there is room for, larger where they are few."""
    shown = fit_rows(columns, [head], rows, BOTTOM - top, _LOOK, more)
    look = roomy(columns, shown, BOTTOM - top, _LOOK)
    add_table(page, RIGHT, top, columns, shown, name=name, alt=alt, look=look)


def _families(left: int) -> str:
    return f"and {plural(left, 'more family', 'more families')}"


def _by_demand(brief: Brief, page: Page, families: list[FamilyLine]) -> None:
    start = brief.pack.closed
    top = heading(page, RIGHT, TOP, SIDE, "By family", brief.planned)
    columns = (Column(SIDE - 128.0), Column(72.0, "r"), Column(56.0, "r"))
    ranked = sorted(families, key=lambda one: (-total(one.demand[start:]), one.name))
    rows: list[Row] = []
    for one in ranked:
        plan = one.demand[start:]
        high = max((value or 0.0 for value in plan), default=0.0)
        peak = next(
            (
                brief.labels[start + at]
                for at, value in enumerate(plan)
                if value is not None and value == high
            ),
            "",
        )
        rows.append([Cell(one.name), Cell(short(total(plan)), lines=1), Cell(peak, colour="muted", lines=1)])
    units = {one.unit for one in families}
    unit = next(iter(units)) if len(units) == 1 else "own units"
    head: Row = [
        Cell("Family", True, "muted"),
        Cell(cut(unit, 14), True, "muted", lines=1),
        Cell("Peak", True, "muted"),
    ]
    _beside(
        page,
        top,
        columns,
        head,
        rows,
        _families,
        "Demand by family",
        "Demand by family over the plan, largest first.",
    )


def supply(brief: Brief) -> None:
    """Slide 4."""
    picture = brief.pack.picture("supply")
    kicker = f"Supply, {brief.planned}"
    if picture is None or not _shown(picture):
        _absent(brief, kicker, "supply", ["Bring stocks and sources, and plan the scenario."])
        return
    page = brief.page(kicker, picture.sentence or "Supply by month.")
    shown = _shown(picture)
    unit = brief.unit(picture.unit)
    short_of = {name: shown[name] for name in ("late", "lost") if name in shown}
    losses = any(total(one.values) > 0 for one in short_of.values())
    upper = ROOM * 0.58 if short_of else ROOM
    served = [data(one) for name, one in shown.items() if name not in short_of]
    served.sort(key=lambda one: one.kind != COLUMN)
    title: tuple[Run, ...] = (Run(f"Demand and supply, {unit} a month"),)
    if "served" in shown:
        title += (Run("; columns: "), Run(cut(shown["served"].title).lower(), "supply"))
    add_chart(
        page,
        MARGIN,
        TOP,
        MAIN,
        upper,
        spec(brief, title, tuple(served), MAIN, gutter=64.0),
        name="Demand and supply by month",
        alt=alt(brief, picture),
    )
    if short_of:
        words: tuple[Run, ...] = (Run(f"Not served in time, {unit}: "),)
        for at, (name, one) in enumerate(short_of.items()):
            words += (
                *((Run(", "),) if at else ()),
                Run(cut(one.title).lower(), "shortage" if name == "late" else "#7A3300"),
            )
        add_chart(
            page,
            MARGIN,
            TOP + upper + 10.0,
            MAIN,
            ROOM - upper - 10.0,
            spec(brief, words, tuple(data(one) for one in short_of.values()), MAIN, gutter=64.0),
            name="Late and lost by month",
            alt=f"Late and lost by month in {unit}: {'see the chart' if losses else 'nothing is late or lost'}.",
        )
    _shortages(brief, page)
    page.notes(
        [
            *_note(brief, picture),
            *(
                f"{sentence(text)} {money(amount, brief.currency)} of margin at stake."
                for text, amount in brief.pack.shortages
            ),
        ]
    )


def _shortages(brief: Brief, page: Page) -> None:
    found = brief.pack.shortages
    top = heading(page, RIGHT, TOP, SIDE, "Largest shortages" if found else "Shortages")
    if not found:
        text = "Nothing is short: what is asked for is served in its month."
        picture = brief.pack.picture("supply")
        late = picture and any(
            total(one.values) > 0 for one in picture.series if one.name in ("late", "lost")
        )
        if late:
            text = "The causes of what is late or lost have not been worked out for this pack."
        page.text(RIGHT, top + 4.0, SIDE, 60.0, Para(text, 11.0, "muted", lines=4), name="Shortages")
        return
    columns = (Column(SIDE - 76.0), Column(76.0, "r"))
    head: Row = [
        Cell("What is short and why", True, "muted"),
        Cell(f"At stake, {cut(brief.currency, 6)}", True, "muted"),
    ]
    rows: list[Row] = [
        [Cell(sentence(text), lines=4), Cell(short(amount), True, lines=1)] for text, amount in found
    ]
    _beside(
        page, top, columns, head, rows, lambda n: f"and {n} more in the notes",
        "Shortages", "Largest shortages and the margin at stake.",
    )  # fmt: skip


def stock(brief: Brief) -> None:
    """Slide 6."""
    picture = brief.pack.picture("stock")
    kicker = "Stock at month end"
    if picture is None or not _shown(picture):
        _absent(
            brief,
            kicker,
            "stock",
            ["Bring the stock at hand (table inventory) and the items' standard costs."],
        )
        return
    page = brief.page(kicker, picture.sentence or "Stock by month.")
    shown = _shown(picture)
    drawn = tuple(
        shaded(data(one), brief.pack.closed) if data(one).kind == COLUMN else data(one)
        for one in shown.values()
    )
    families = [one for one in brief.pack.families if known(one.stock_value)]
    wide = MAIN if families else FULL
    title: tuple[Run, ...] = (
        Run(f"Stock at standard cost, {brief.unit(picture.unit)} at month end; columns: "),
        Run("stock", "#8A6414"),
    )
    if brief.pack.closed and "stock" in shown and known(shown["stock"].values[: brief.pack.closed]):
        title += (Run(", dark: actuals"),)
    add_chart(
        page,
        MARGIN,
        TOP,
        wide,
        ROOM,
        spec(brief, title, drawn, wide),
        name="Stock by month",
        alt=alt(brief, picture),
    )
    notes = _note(brief, picture)
    if "target" not in shown:
        notes.append("No stock target was brought: bring inventory targets (table stock_targets).")
    if families:
        _by_stock(brief, page, families)
    page.notes(notes)


def _by_stock(brief: Brief, page: Page, families: list[FamilyLine]) -> None:
    top = heading(page, RIGHT, TOP, SIDE, "By family", brief.currency)
    first = brief.pack.closed if brief.pack.closed < len(brief.labels) else 0
    start = first - 1 if first and any(one.stock_value[first - 1] is not None for one in families) else first
    columns = (Column(SIDE - 138.0), Column(69.0, "r"), Column(69.0, "r"))
    ranked = sorted(families, key=lambda one: (-(one.stock_value[-1] or 0.0), one.name))
    rows: list[Row] = [
        [
            Cell(one.name),
            Cell(short(one.stock_value[start]), lines=1),
            Cell(short(one.stock_value[-1]), True, lines=1),
        ]
        for one in ranked
    ]
    head: Row = [
        Cell("Family", True, "muted"),
        Cell(brief.labels[start], True, "muted", lines=1),
        Cell(brief.labels[-1], True, "muted", lines=1),
    ]
    _beside(page, top, columns, head, rows, _families, "Stock by family", "Stock by family at standard cost.")
