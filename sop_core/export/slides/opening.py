"""The first slide: the proposal in one sentence, what is asked, and the decisions with their state."""

from __future__ import annotations

from typing import Final

from sop_core.calendar import month_label, to_month
from sop_core.export.slides.common import Brief, bullets, cut, day, heading, plural, sentence
from sop_core.export.slides.frame import Page, Para, Run, add_page
from sop_core.export.slides.table import Cell, Column, Look, Row, add_table, fit_rows, roomy
from sop_core.export.slides.template import BOTTOM, MARGIN, PANEL, WIDTH
from sop_core.export.slides.text import clean
from sop_core.pack.value import YARDSTICKS, DecisionCard
from sop_core.wording import DASH, money, percent

_LEFT: Final = PANEL + 28.0
_ROOM: Final = WIDTH - MARGIN - _LEFT
_STATES: Final = {
    "proposed": "accent",
    "approved": "favourable",
    "rejected": "unfavourable",
    "deferred": "#8A6414",
    "done": "muted",
}
_FIRST: Final = ("margin", "service_level", "stock_value", "cash")
#: Where the figures at the foot begin.
_FIGURES: Final = BOTTOM - 84.0
_SENTENCES: Final = 3
_DECISIONS: Final = (Column(214.0), Column(96.0, "r"), Column(126.0), Column(84.0))


def opening(brief: Brief) -> None:
    """Slide 1."""
    pack = brief.pack
    company = cut(pack.company or "Company without a name", 60)
    kicker = f"{company}\nExecutive S&OP, cycle {month_label(to_month(pack.cycle))}"
    page = add_page(brief.deck, kicker, pack.proposal, brief.foot, opening=True)
    inner = PANEL - 2 * MARGIN + 8.0
    page.text(
        MARGIN,
        390.0,
        inner,
        110.0,
        [Para("What is asked", 11.0, "#CFE3F1", True), Para(_ask(brief), 14.0, "surface", True, before=4.0)],
        name="Ask",
    )
    end = _decisions(brief, page) if pack.decisions else _none(brief, page)
    texts = bullets(pack.sentences[:_SENTENCES], 11.0, 2)
    if texts:
        top = heading(page, _LEFT, end + 18.0, _ROOM, "What else to know")
        page.text(_LEFT, top, _ROOM, _FIGURES - top - 8.0, texts, name="Sentences")
    _figures(brief, page)
    page.notes(
        [
            pack.proposal,
            _ask(brief),
            *(sentence(text) for text in pack.sentences),
            *(_in_full(card, brief.currency) for card in pack.decisions),
        ]
    )


def _ask(brief: Brief) -> str:
    if brief.signed is not None:
        signed = brief.signed
        at = signed.at.replace("T", " ").replace("Z", " UTC")
        role = f", {cut(signed.role)}" if signed.role else ""
        return f"Nothing more: signed by {cut(signed.who)}{role}, {at}, as no. {signed.number}."
    waiting = sum(card.open for card in brief.pack.decisions)
    plan = f"sign the plan for {brief.planned}" if brief.planned else "sign the plan"
    return (
        f"Decide {plural(waiting, 'open decision')} and {plan}."
        if waiting
        else f"{plan[0].upper()}{plan[1:]}."
    )


def _decisions(brief: Brief, page: Page) -> float:
    cards = brief.pack.decisions
    waiting = sum(card.open for card in cards)
    top = heading(page, _LEFT, 44.0, _ROOM, "Decisions", f"{len(cards)} in all, {waiting or 'none'} open")
    head: Row = [
        Cell("Decision and recommendation", True, "muted"),
        Cell("A month of waiting", True, "muted"),
        Cell("Owner, by when", True, "muted"),
        Cell("State", True, "muted"),
    ]
    rows = [_row(card, brief.currency) for card in cards]
    look = Look(10.5, 4.5, 5.0)
    texts = bullets(brief.pack.sentences[:_SENTENCES], 11.0, 2)
    spare = sum(para.tall(_ROOM) for para in texts) + 50.0 if texts else 12.0
    room = _FIGURES - top - spare
    shown = fit_rows(_DECISIONS, [head], rows, room, look, _more)
    look = roomy(_DECISIONS, shown, room, look)
    words = "; ".join(f"{card.title}: {card.state}" for card in cards)
    return add_table(
        page,
        _LEFT,
        top,
        _DECISIONS,
        shown,
        name="Decisions",
        alt=f"{len(cards)} decisions. {words}.",
        look=look,
    )


def _more(count: int) -> str:
    return f"and {plural(count, 'more decision')}: all are in the notes of this slide"


def _row(card: DecisionCard, currency: str) -> Row:
    advice = clean(card.recommendation)
    others = len(card.options)
    beside = f", of {others} options" if others > 1 else ""
    more = f" {advice}{beside}." if advice else f" {sentence(card.why)}"
    # A long title leaves its recommendation to the notes rather than pushing it out of sight.
    title = clean(card.title)
    runs = (Run(sentence(title), bold=True), Run(more, "muted", False)) if len(title) <= 90 else ()
    waiting = money(card.waiting_amount, currency) if card.waiting_amount is not None else DASH
    owner = clean(card.owner) or "No owner"
    return [
        Cell(title, not runs, lines=3, runs=runs),
        Cell(waiting, lines=2),
        Cell(f"{owner}, {day(card.due)}" if card.due else f"{owner}, no day set", lines=3),
        Cell(card.state.capitalize(), True, _STATES.get(card.state, "ink"), lines=1),
    ]


def _none(brief: Brief, page: Page) -> float:
    """Where nothing is to be decided: where decisions come from."""
    top = heading(page, _LEFT, 44.0, _ROOM, "Decisions", "none written down")
    text = (
        "Options and their price are put together in the pre-S&OP room; each that is put to the "
        "executives becomes a row "
        "here, with what a month of waiting costs and who answers for it."
    )
    page.text(_LEFT, top + 4.0, _ROOM, 48.0, Para(text, 12.0, "muted", lines=3), name="Decisions")
    return top + 56.0


def _figures(brief: Brief, page: Page) -> None:
    """The four figures that a meeting begins with, at the foot of the slide."""
    known = [line for line in brief.pack.kpis if line.value is not None]
    shown = sorted((line for line in known if line.name in _FIRST), key=lambda line: _FIRST.index(line.name))
    shown = [*shown, *(line for line in known if line not in shown)][:4]
    if not shown:
        return
    page.panel(_LEFT, _FIGURES, _ROOM, BOTTOM - _FIGURES - 4.0)
    wide = (_ROOM - 24.0) / 4
    for at, line in enumerate(shown):
        paras = [
            Para(line.title, 10.0, "muted", lines=1),
            Para(brief.figure(line.unit, line.value), 17.0, "ink", True, before=2.0, lines=1),
        ]
        if line.against:
            one = line.against[0]
            text, word, colour = brief.delta(line.name, one.value, one.amount, one.good)
            kind = YARDSTICKS.get(one.kind, one.kind)
            said = f"{text} to {kind[0].lower()}{kind[1:]}"
            paras.append(Para(f"{said}, {word}" if word else said, 9.0, colour, before=3.0, lines=2))
        page.text(
            _LEFT + 14.0 + at * wide, _FIGURES + 10.0, wide - 10.0, 62.0, paras, name=f"Figure {at + 1}"
        )


def _in_full(card: DecisionCard, currency: str) -> str:
    parts = [f"Decision {card.id}, {card.state}: {sentence(card.title)}", sentence(card.why)]
    parts.append(f"Owner: {card.owner or 'nobody'}; by {day(card.due) or 'no day'}.")
    for option in card.options:
        kpis = ", ".join(
            f"{name} {percent(value) if name == 'service' else money(value, currency)}"
            for name, value in option.kpis.items()
            if value is not None
        )
        parts.append(
            f"Option{' (recommended)' if option.recommended else ''}: "
            f"{option.title}{f' ({kpis})' if kpis else ''}."
        )
    if card.recommendation:
        parts.append(f"Recommended: {sentence(card.recommendation)}")
    parts += [sentence(card.waiting), f"Comment: {sentence(card.comment)}" if card.comment else ""]
    return " ".join(part for part in parts if part)
