"""Scenarios side by side, and risk: ranges, the chance to miss, and what could break the plan."""

from __future__ import annotations

from typing import Final

from sop_core.export.slides.chart import add_chart
from sop_core.export.slides.common import FULL, GUTTER, ROOM, Brief, cut, heading, missing, plural, sentence
from sop_core.export.slides.figure import COLUMN, Data, Spec
from sop_core.export.slides.frame import Page, Para, Run
from sop_core.export.slides.table import Cell, Column, Look, Row, add_table, fit_rows, roomy
from sop_core.export.slides.template import BOTTOM, MARGIN, TOP
from sop_core.export.slides.text import WIDE
from sop_core.pack.value import RiskLine, RiskPart, ScenarioLine, Threat
from sop_core.wording import DASH, money, percent

_MOST: Final = 4
#: KPIs and chances that a table of scenarios has room for beside the Changes; the notes have them all.
_KPIS: Final = 8
_CHANCES: Final = 3
_PICK: Final = "#E3EFF8"


def scenarios(brief: Brief, with_bridge: bool = False) -> None:
    """Slide 8. `with_bridge`: it also speaks for the bridge, where there is none."""
    lines = brief.pack.scenarios
    page = brief.page("Scenarios" if not with_bridge else "Scenarios and bridge", _headline(lines))
    shown = _chosen(lines)
    notes = [_headline(lines)]
    for line in lines:
        mark = " (recommended)" if line.recommended else ""
        notes.append(
            f"{line.name}{mark}: {sentence(line.sentence)} "
            f"{sentence('; '.join(line.changes)) or 'No Changes.'} {sentence(line.note)} {_figures(brief, line)}"
        )
    page.notes(notes)
    if not shown:
        missing(page, MARGIN, TOP, FULL, 130.0, "There is no scenario to compare.", [_BRING])
        return
    columns, rows = _table(brief, shown)
    look = Look(11.0, 4.0, 7.0)
    # A row may become a line higher where letters are wider than measured.
    room = ROOM - (96.0 if len(lines) < 2 else 12.0)
    rows = fit_rows(columns, rows[:2], rows[2:], room, look, lambda n: f"and {plural(n, 'more line')}")
    look = roomy(columns, rows, room, look)
    names = ", ".join(line.name for line in shown)
    end = add_table(
        page,
        MARGIN,
        TOP,
        columns,
        rows,
        name="Scenarios",
        alt=f"{_headline(lines)} Compared: {names}.",
        look=look,
    )
    if len(lines) < 2:
        what = (
            "Nothing to compare it with."
            if not with_bridge
            else "Nothing to compare it with, and so no bridge."
        )
        missing(page, MARGIN, min(end + 16.0, BOTTOM - 84.0), FULL, 84.0, what, [_BRING])


_BRING: Final = (
    "Options are found and priced in the pre-S&OP room; those saved as scenarios stand here side by side."
)


def _chosen(lines: tuple[ScenarioLine, ...]) -> list[ScenarioLine]:
    """The base, the recommended one and what else there is, four in all, in their order."""
    ranked = sorted(range(len(lines)), key=lambda at: (not lines[at].recommended, not lines[at].base, at))
    return [lines[at] for at in sorted(ranked[:_MOST])]


def _headline(lines: tuple[ScenarioLine, ...]) -> str:
    if not lines:
        return "No scenario was compared."
    best = next((line for line in lines if line.recommended), None)
    if len(lines) < 2:
        return f"Only {cut(lines[0].name)} was looked at; there is nothing to choose from yet."
    if best is None:
        return f"{len(lines)} scenarios stand side by side; none is recommended."
    why = sentence(best.sentence)
    return f"{cut(best.name)} is recommended of {len(lines)} scenarios{f': {why[0].lower()}{why[1:]}' if why else '.'}"


def _table(brief: Brief, shown: list[ScenarioLine]) -> tuple[list[Column], list[Row]]:
    name = 182.0
    wide = min((FULL - name) / len(shown), 300.0)
    columns = [Column(name), *(Column(wide) for _ in shown)]

    def row(title: str, texts: list[str], bold: bool = False, lines: int = 2, size: float = 0.0) -> Row:
        cells = [
            Cell(
                text,
                bold and line.recommended,
                "ink",
                _PICK if line.recommended else "",
                size=size,
                lines=lines,
            )
            for text, line in zip(texts, shown, strict=True)
        ]
        return [Cell(title, colour="muted", lines=2), *cells]

    head = [Cell("")]
    for line in shown:
        tag = "Recommended" if line.recommended else "Base" if line.base else ""
        runs = (
            (Run(cut(line.name, 60), bold=True), Run(f"  {tag.lower()}", bold=False))
            if tag and tag != line.name
            else ()
        )
        picked = line.recommended
        head.append(
            Cell(
                cut(line.name, 60),
                True,
                "surface" if picked else "ink",
                "accent" if picked else "raised",
                lines=3,
                runs=runs,
            )
        )
    rows: list[Row] = [
        head,
        row("What sets it apart", [sentence(line.sentence) for line in shown], lines=3, size=10.0),
    ]
    compared = [kpi for kpi in brief.pack.kpis if any(line.kpis.get(kpi.name) is not None for line in shown)]
    for kpi in compared[:_KPIS]:
        values = [brief.figure(kpi.unit, line.kpis.get(kpi.name)) for line in shown]
        rows.append(row(kpi.title, values, bold=True, lines=1))
    titles = {line.name: line.title for line in brief.pack.risk.lines} if brief.pack.risk else {}
    titles |= {kpi.name: kpi.title for kpi in brief.pack.kpis if kpi.name not in titles}
    measures = dict.fromkeys(name for line in shown for name in line.misses)
    for measure in list(measures)[:_CHANCES]:
        title = titles.get(measure, measure.replace("_", " "))
        rows.append(
            row(
                f"Chance to miss: {cut(title).lower()}",
                [percent(line.misses.get(measure), 0) for line in shown],
            )
        )
    rows.append(row("Changes", [_changes(line) for line in shown], lines=4, size=10.0))
    return columns, rows


def _figures(brief: Brief, line: ScenarioLine) -> str:
    """All KPIs and chances of a scenario, for the notes."""
    kpis = ", ".join(
        f"{kpi.title} {brief.figure(kpi.unit, line.kpis[kpi.name])}"
        for kpi in brief.pack.kpis
        if line.kpis.get(kpi.name) is not None
    )
    chances = ", ".join(
        f"{name.replace('_', ' ')} {percent(chance, 0)}"
        for name, chance in line.misses.items()
        if chance is not None
    )
    return f"{sentence(kpis)}{f' Chance to miss: {chances}.' if chances else ''}"


def _changes(line: ScenarioLine) -> str:
    if not line.changes:
        return "None: the company as it is."
    text = "; ".join(cut(change, 70) for change in line.changes[:2])
    return f"{text}; and {len(line.changes) - 2} more." if len(line.changes) > 2 else sentence(text)


def risk(brief: Brief) -> None:
    """Slide 9."""
    part, threats = brief.pack.risk, brief.pack.threats
    text = (
        part.sentence
        if part
        else (
            f"The largest threat: {cut(threats[0].title, 90)}." if threats else "Risk has not been simulated."
        )
    )
    page = brief.page(f"Risk, {brief.planned}", text or "What demand may do to the plan.")
    left = FULL * 0.60
    if part and part.lines:
        _ranges(brief, page, part, left)
    else:
        missing(
            page,
            MARGIN,
            TOP,
            left,
            150.0,
            "Risk has not been simulated.",
            [
                "The chance to miss a target comes from a thousand paths of demand: it needs a forecast "
                "with its errors, and "
                "targets or a budget (tables targets and budget).",
            ],
        )
    _threats(brief, page, MARGIN + left + GUTTER, FULL - left - GUTTER, threats)
    notes = [text]
    if part:
        notes += [
            f"{part.paths:,} paths of demand, seed {part.seed}.",
            sentence(part.holds),
            *(sentence(line.sentence) for line in part.lines),
        ]
        if part.carriers:
            shares = ", ".join(f"{name} {percent(share, 0)}" for name, share in part.carriers)
            notes.append(f"Families that carry the risk of service: {shares}.")
    notes += [f"{threat.title}: {sentence(threat.sentence)} {_stake(brief, threat)}" for threat in threats]
    page.notes(notes)


def _ranges(brief: Brief, page: Page, part: RiskPart, wide: float) -> None:
    top = heading(
        page, MARGIN, TOP, wide, "Ranges", f"{part.paths:,} paths of demand; P10: one path in ten is lower"
    )
    columns = (Column(wide - 372.0), *(Column(62.0, "r") for _ in range(6)))
    heads = ("", "P10", "P50", "P90", "Plan", "Target", "Missed by")
    rows: list[Row] = [_range(brief, line) for line in part.lines]
    look = Look(10.5, 3.0, 4.0)
    judged = [line for line in part.lines if line.miss is not None]
    chart = 30.0 + 20.0 * min(len(judged), 6) if judged else 0.0
    head: Row = [Cell(text, True, "muted", lines=1) for text in heads]
    shown = fit_rows(
        columns,
        [head],
        rows,
        BOTTOM - top - chart - 48.0,
        look,
        lambda n: f"and {plural(n, 'more line')} in the notes",
    )
    alt = f"{part.sentence} P10, P50 and P90 of each KPI beside plan and target."
    end = add_table(page, MARGIN, top, columns, shown, name="Ranges", alt=alt, look=look)
    if judged:
        _misses(page, judged[:6], wide, end + 16.0, chart)
        end += chart + 16.0
    said = [part.holds]
    if part.carriers:
        said.append(
            "Carried by "
            + ", ".join(f"{cut(name, 30)} {percent(share, 0)}" for name, share in part.carriers[:3])
            + "."
        )
    if BOTTOM - end > 30.0:
        page.text(
            MARGIN,
            end + 10.0,
            wide,
            BOTTOM - end - 10.0,
            Para(" ".join(sentence(one) for one in said if one), 10.0, "muted", lines=3),
            name="What is held",
        )


def _range(brief: Brief, line: RiskLine) -> Row:
    def write(value: float | None) -> str:
        return brief.number(line.unit, value)

    colour = "muted" if line.miss is None else "unfavourable" if line.miss > 0.5 else "ink"
    return [
        Cell(f"{line.title}{f', {brief.unit(line.unit)}' if line.unit != 'fraction' else ''}", True),
        *(Cell(write(value), lines=1) for value in (line.p10, line.p50, line.p90)),
        Cell(write(line.plan), True, lines=1),
        Cell(write(line.target), lines=1),
        Cell(percent(line.miss, 0) if line.miss is not None else DASH, True, colour, lines=1),
    ]


def _misses(page: Page, judged: list[RiskLine], wide: float, top: float, tall: float) -> None:
    values = tuple(line.miss for line in judged)
    colours = tuple((at, "unfavourable") for at, line in enumerate(judged) if (line.miss or 0.0) > 0.5)
    bars = Data("Chance to miss", values, COLUMN, "demand", colours=colours, format="0 %")
    spec = Spec(
        (Run("Chance to miss the target or budget, % of paths"),),
        tuple(cut(line.title, 34) for line in judged),
        (bars,),
        stacked=False,
        sideways=True,
        gap=55,
        values_axis=False,
        fraction=True,
        high=1.0,
    )
    words = "; ".join(f"{line.title} {percent(line.miss, 0)}" for line in judged)
    add_chart(page, MARGIN, top, wide, tall, spec, name="Chance to miss", alt=f"Chance to miss: {words}.")


def _stake(brief: Brief, threat: Threat) -> str:
    parts = []
    if threat.amount is not None:
        parts.append(f"{money(threat.amount, brief.currency)} at stake")
    if threat.chance is not None:
        parts.append(f"chance {percent(threat.chance, 0)}")
    return ", ".join(parts)


def _threats(brief: Brief, page: Page, x: float, wide: float, threats: tuple[Threat, ...]) -> None:
    top = heading(page, x, TOP, wide, "Most likely to break the plan")
    if not threats:
        page.text(
            x,
            top + 4.0,
            wide,
            60.0,
            Para("Nothing stands out that would break the plan.", 11.0, "muted", lines=3),
            name="Threats",
        )
        return
    room = wide - 32.0
    for large in (13.5, 12.5, 11.5, 10.5):
        cards = [_card(brief, at, threat, room, large) for at, threat in enumerate(threats[:3], start=1)]
        if sum(tall for _, _, tall in cards) + 12.0 * (len(cards) - 1) <= BOTTOM - top:
            break
    most = (BOTTOM - top - 12.0 * (len(cards) - 1)) / len(cards)
    y = top
    for at, (paras, foot, tall) in enumerate(cards, start=1):
        tall = min(tall, most)
        page.panel(x, y, wide, tall)
        page.panel(x, y, 3.0, tall, "shortage", name="Mark")
        page.text(x + 18.0, y + 12.0, room, tall - 24.0 - foot, paras, name=f"Threat {at}")
        if foot:
            stake = Para(_stake(brief, threats[at - 1]), 11.0, "unfavourable", True, lines=1)
            page.text(x + 18.0, y + tall - 27.0, room, 15.0, stake, name=f"At stake {at}")
        y += tall + 12.0


def _card(
    brief: Brief, at: int, threat: Threat, room: float, large: float
) -> tuple[list[Para], float, float]:
    """A threat's paragraphs, the room its stake takes below them, and how high its card is."""
    paras = [
        Para(f"{at}. {threat.title}", large, "ink", True, lines=2),
        Para(sentence(threat.sentence), large - 1.0, "ink", before=4.0, lines=4),
    ]
    foot = 21.0 if _stake(brief, threat) else 0.0
    # As high as wide letters need, so that the stake stays below the sentence.
    return paras, foot, sum(para.tall(room / WIDE) for para in paras) + foot + 24.0
