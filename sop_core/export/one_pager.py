"""The board pack's page: one proposal on one A4 page, as PDF.

The page draws a Pack and works nothing out. It is laid out before it is drawn: with everything first, then with shorter
texts and fewer rows until it fits, and what was left out is said at its foot. The same Pack gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from sop_core.calendar import month_label, span_label, to_month
from sop_core.charts.roles import LIGHT
from sop_core.errors import SopError
from sop_core.export import pdf_charts as charts
from sop_core.export import pdf_text as text
from sop_core.export.pdf_sheet import BODY, BOTTOM, HEAD, LEAD, SMALL, Sheet
from sop_core.kpis import KPIS
from sop_core.pack.value import LAST, YARDSTICKS, Against, DecisionCard, KpiLine, Number, Pack
from sop_core.signoff.record import Signoff
from sop_core.wording import DASH, kpi_delta, kpi_value, money, percent, short, unit_label

Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]

_WIDE, _HIGH = A4
#: Height of the pictures: at least, and at most where the page has room.
_PLOT: Final = (66.0, 150.0)
#: Part of a yardstick's columns that its amount takes; the difference has the rest.
_SPLIT: Final = 0.39
#: KPIs across a table of scenarios, as far as the Pack shows them.
_COMPARED: Final = ("margin", "service_level", "revenue", "stock_value", "working_capital", "cash")


@dataclass(frozen=True, slots=True)
class _Limits:
    """How much of each part is shown; lines of text and rows."""

    proposal: int = 6
    sentences: int = 5
    kpis: int = 12
    caption: int = 3
    scenarios: int = 4
    told: int = 2  #: lines of each scenario's sentence
    risks: int = 5
    threats: int = 3
    threat: int = 3  #: lines of each threat's sentence
    decisions: int = 10
    decision: int = 4  #: lines below each decision's title
    definitions: int = 6


#: From everything to what always fits.
_STEPS: Final = (
    _Limits(),
    _Limits(decision=3, definitions=3, sentences=4),
    _Limits(5, 3, 10, 2, 4, 1, 4, 3, 2, 8, 2, 3),
    _Limits(4, 2, 9, 2, 4, 1, 4, 3, 2, 6, 2, 2),
    _Limits(4, 1, 8, 2, 4, 1, 3, 3, 1, 5, 1, 2),
    _Limits(3, 1, 7, 1, 4, 0, 3, 3, 1, 4, 1, 1),
    _Limits(2, 0, 6, 1, 3, 0, 2, 2, 1, 3, 1, 1),
)


#: What is given back first, and how often around; the pictures keep at least that height meanwhile.
_GIVEN_BACK: Final = (
    "decisions", "threats", "decision", "threat", "caption", "sentences", "proposal", "risks", "kpis", "told",
    "scenarios", "definitions",
)  # fmt: skip
_ROUNDS: Final = 6
_COMFORT: Final = 84.0


def one_pager(
    pack: Pack,
    progress: Progress | None = None,
    stop: Stop | None = None,
    *,
    signed: Signoff | None = None,
) -> bytes:
    """The page as PDF. `signed`: the sign-off of that Pack, shown in the block of signatures.

    Raises SopError where `stop` said so: there is no half a page.
    """

    def tell(what: str, done: int) -> None:
        if stop is not None and stop():
            raise SopError("The one-pager was stopped before it was finished.")
        if progress is not None:
            progress(what, done, 3)

    tell("One-pager: fitting the page", 0)
    limits, spare = _fitting(pack, signed)
    tell("One-pager: drawing", 1)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1, pageCompression=1, lang="en")
    canvas.setTitle(f"{pack.title}: executive review {_cycle(pack)}")
    canvas.setAuthor(text.clean(pack.company) or "S&OP")
    canvas.setSubject(text.clean(pack.proposal))
    canvas.setKeywords([f"plan {pack.basis.plan_fingerprint}", f"data version {pack.basis.data_version}"])
    canvas.setCreator(f"S&OP {pack.basis.code_version}")
    sheet = Sheet(canvas)
    _page(sheet, pack, signed, limits, min(_PLOT[0] + spare, _PLOT[1]))
    canvas.showPage()
    tell("One-pager: writing", 2)
    canvas.save()
    tell("One-pager", 3)
    return target.getvalue()


def _fitting(pack: Pack, signed: Signoff | None) -> tuple[_Limits, float]:
    """The most that the page holds, and the points that stay free for the pictures."""

    def spare(limits: _Limits, plot: float) -> float:
        sheet = Sheet(None)
        _page(sheet, pack, signed, limits, plot)
        return sheet.spare

    limits = next((one for one in _STEPS if spare(one, _PLOT[0]) >= 0), _STEPS[-1])
    # A step takes from every part at once: what still fits is given back, line by line.
    for _ in range(_ROUNDS):
        before = limits
        for name in _GIVEN_BACK:
            more = replace(limits, **{name: min(getattr(limits, name) + 1, getattr(_STEPS[0], name))})
            if more != limits and spare(more, _COMFORT) >= 0:
                limits = more
        if limits == before:
            break
    return limits, max(spare(limits, _PLOT[0]), 0.0)


def _page(sheet: Sheet, pack: Pack, signed: Signoff | None, limits: _Limits, plot: float) -> None:
    _header(sheet, pack, signed, limits)
    _kpis(sheet, pack, limits)
    _pictures(sheet, pack, limits, plot)
    _scenarios(sheet, pack, limits)
    _risks(sheet, pack, limits)
    _decisions(sheet, pack, limits)
    _signature(sheet, signed)
    _footer(sheet, pack, limits)


# -- what is proposed ---------------------------------------------------------------------------------------


def _header(sheet: Sheet, pack: Pack, signed: Signoff | None, limits: _Limits) -> None:
    if sheet.canvas is not None:
        sheet.canvas.setFillColor(HexColor(LIGHT.accent))
        sheet.canvas.rect(0, _HIGH - 5, _WIDE, 5, stroke=0, fill=1)
    sheet.down(BODY)
    words, colour = ("Signed", LIGHT.favourable) if signed is not None else ("Not signed", LIGHT.muted)
    span = span_label(to_month(pack.months[pack.closed]), to_month(pack.months[-1]))
    about = f"Executive review {_cycle(pack)} · plan {span} · {pack.currency}"
    sheet.write(sheet.right, words, BODY, colour, bold=True, align="right")
    room = sheet.room - 60
    company = text.fitted(pack.company or "S&OP plan", room * 0.55, BODY, True, sheet.lost)
    sheet.write(sheet.left, company, BODY, LIGHT.ink, bold=True)
    at = sheet.left + text.width(company, BODY, True) + 8
    sheet.write(at, about, BODY, LIGHT.muted, room=sheet.left + room - at)
    sheet.down(19)
    sheet.write(sheet.left, pack.title, 16, LIGHT.ink, bold=True, room=sheet.room)
    sheet.down(2.5)
    sheet.paragraph(pack.proposal, limits.proposal, 9.2, LIGHT.ink)
    sheet.down(1.5)
    for sentence in sheet.rows(pack.sentences, limits.sentences, "remarks"):
        sheet.paragraph(f"· {sentence}", 2, BODY, LIGHT.muted)


def _kpis(sheet: Sheet, pack: Pack, limits: _Limits) -> None:
    lines = sheet.rows(pack.kpis, limits.kpis, "KPIs")
    kinds = [kind for kind in YARDSTICKS if any(one.kind == kind for line in lines for one in line.against)]
    sheet.head(
        "KPIs", "over the planned months; differences are plan less yardstick over the months that both have"
    )
    name, plan = 92.0, 62.0
    wide = min((sheet.room - name - plan) / max(len(kinds), 1), 120.0)
    sheet.down(SMALL * 1.5)
    sheet.write(sheet.left + name + plan, "Plan", SMALL, LIGHT.muted, align="right")
    for n, kind in enumerate(kinds):
        x = sheet.left + name + plan + wide * n
        sheet.write(
            x + wide * _SPLIT, YARDSTICKS[kind], SMALL, LIGHT.muted, align="right", room=wide * _SPLIT
        )
        sheet.write(x + wide, "difference", SMALL, LIGHT.muted, align="right", room=wide * 0.5)
    for line in lines:
        sheet.down(BODY * 1.42)
        sheet.write(sheet.left, line.title, BODY, LIGHT.ink, room=name - 4)
        value = _value(line, line.value, pack.currency)
        sheet.number(sheet.left + name + plan, value, plan - 2, bold=True)
        for n, kind in enumerate(kinds):
            found = next((one for one in line.against if one.kind == kind), None)
            if found is not None:
                _against(sheet, line, found, sheet.left + name + plan + wide * n, wide)
    if not kinds:
        sheet.paragraph(
            "No target, budget, last LE or other plan to hold these against yet.", 1, SMALL, LIGHT.muted
        )
    sheet.down(1.5)
    notes = dict.fromkeys(
        _note(one) for line in lines for one in line.against if one.months or one.kind == LAST
    )
    said = ("fav.: favourable, unfav.: unfavourable." if kinds else "") + "".join(
        f" {note}" for note in notes
    )
    sheet.paragraph(said, 2, SMALL, LIGHT.muted)
    if pack.year is not None:
        sheet.paragraph(pack.year.sentence, 2, BODY, LIGHT.ink)


def _against(sheet: Sheet, line: KpiLine, one: Against, x: float, wide: float) -> None:
    amount = percent(one.amount) if line.unit == "fraction" else short(one.amount)
    sheet.number(x + wide * _SPLIT, amount, wide * _SPLIT - 2, colour=LIGHT.muted)
    word = {True: " fav.", False: " unfav.", None: ""}[one.good]
    colour = {True: LIGHT.favourable, False: LIGHT.unfavourable, None: LIGHT.muted}[one.good]
    said = f"{kpi_delta(line.name, one.value, one.amount).text}{word}"
    sheet.number(x + wide, said, wide * (1 - _SPLIT) - 2, colour=colour)


def _note(one: Against) -> str:
    said = ", ".join(part for part in (one.months, one.note) if part)
    return f"{YARDSTICKS[one.kind]}: {said}." if said else ""


def _pictures(sheet: Sheet, pack: Pack, limits: _Limits, plot: float) -> None:
    shown = [found for found in (pack.picture(name) for name in ("demand", "supply", "stock")) if found]
    if not shown:
        return
    sheet.down(8.0)
    sheet.rule()
    gap = 12.0
    wide = (sheet.room - gap * (len(shown) - 1)) / len(shown)
    parts = []
    for n, picture in enumerate(shown):
        left = sheet.left + (wide + gap) * n
        part = sheet.part(left, left + wide)
        part.down(HEAD + 2.5)
        unit = unit_label(picture.unit, pack.currency)
        title = text.fitted(picture.title, wide - 40.0, HEAD, True, part.lost)
        part.write(part.left, title, HEAD, LIGHT.accent, bold=True)
        at = part.left + text.width(title, HEAD, True) + 5
        part.write(at, unit, SMALL, LIGHT.muted, room=part.right - at)
        part.paragraph(picture.sentence, limits.caption, SMALL, LIGHT.ink)
        parts.append(part)
    sheet.y = min(part.y for part in parts) - 4.0 - plot
    if sheet.canvas is not None:
        for part, picture in zip(parts, shown, strict=True):
            box = charts.Box(part.left, sheet.y, wide, plot)
            charts.draw(sheet.canvas, box, picture, pack.months, pack.closed)


# -- what else was looked at, and what may go wrong -----------------------------------------------------------


def _scenarios(sheet: Sheet, pack: Pack, limits: _Limits) -> None:
    lines = sheet.rows(pack.scenarios, limits.scenarios, "scenarios")
    if not lines:
        return
    names = [name for name in _COMPARED if pack.kpi(name) is not None]
    risks = {line.name: line.title for line in pack.risk.lines} if pack.risk is not None else {}
    missed = [name for name in risks if any(name in line.misses for line in lines)][:2]
    sheet.head("Scenarios", "the recommended one is shaded; miss: chance that demand makes the plan miss it")
    first = 168.0
    wide = (sheet.room - first) / max(len(names) + len(missed), 1)
    titles = [*(KPIS[name].title for name in names), *(f"miss {risks[name].lower()}" for name in missed)]
    heads = [text.wrapped(title, wide - 4, SMALL, False, 2, sheet.lost) for title in titles]
    sheet.down(1.5)
    for row in range(max((len(head) for head in heads), default=0), 0, -1):
        sheet.down(SMALL * (LEAD if row == 1 else 1.4))
        for n, head in enumerate(heads):
            if len(head) >= row:
                x = sheet.left + first + wide * (n + 1)
                sheet.write(x, head[-row], SMALL, LIGHT.muted, align="right")
    for line in lines:
        told = line.sentence if limits.told else ""
        count = len(text.wrapped(told, sheet.room - 6, SMALL, False, limits.told)) if told else 0
        sheet.down(BODY * 1.5)
        if line.recommended:
            sheet.shade(2.8 + count * SMALL * LEAD, BODY, LIGHT.heat[0])
        mark = " (recommended)" if line.recommended else ""
        room = first - 6 - text.width(mark, BODY, True)
        name = text.fitted(line.name, room, BODY, line.recommended, sheet.lost)
        sheet.write(sheet.left, name + mark, BODY, LIGHT.ink, bold=line.recommended)
        for n, kpi in enumerate(names):
            value = line.kpis.get(kpi)
            shown = percent(value) if KPIS[kpi].unit == "fraction" else short(value)
            x = sheet.left + first + wide * (n + 1)
            sheet.number(x, shown, wide - 4, bold=line.recommended)
        for n, miss in enumerate(missed):
            x = sheet.left + first + wide * (len(names) + n + 1)
            shown = percent(line.misses.get(miss), 0)
            sheet.number(x, shown, wide - 4, bold=line.recommended)
        sheet.paragraph(told, limits.told, SMALL, LIGHT.muted, indent=6)


def _risks(sheet: Sheet, pack: Pack, limits: _Limits) -> None:
    middle = sheet.left + sheet.room * 0.54
    left, right = sheet.part(sheet.left, middle - 9), sheet.part(middle + 9, sheet.right)
    _risk(left, pack, limits)
    _threats(right, pack, limits)
    sheet.y = min(left.y, right.y)


def _risk(sheet: Sheet, pack: Pack, limits: _Limits) -> None:
    risk = pack.risk
    sheet.head("Risk", f"{risk.paths:,} paths of demand" if risk is not None else "")
    if risk is None:
        sheet.paragraph("What demand may do to the plan has not been simulated.", 2, BODY, LIGHT.muted)
        return
    sheet.paragraph(risk.sentence, 2, BODY)
    titles = ("P10", "P50", "P90", "plan", "to reach", "miss")
    first = 90.0
    wide = (sheet.room - first) / len(titles)
    sheet.down(SMALL * 1.6)
    for n, title in enumerate(titles):
        sheet.write(sheet.left + first + wide * (n + 1), title, SMALL, LIGHT.muted, align="right")
    for line in sheet.rows(risk.lines, limits.risks, "risks"):
        sheet.down(BODY * 1.4)
        sheet.write(sheet.left, line.title, BODY, LIGHT.ink, room=first - 2)
        for n, value in enumerate((line.p10, line.p50, line.p90, line.plan, line.target)):
            shown = percent(value) if line.unit == "fraction" else short(value)
            x = sheet.left + first + wide * (n + 1)
            sheet.number(x, shown, wide - 3)
        sheet.number(sheet.right, percent(line.miss, 0), wide - 3, bold=True)
    sheet.paragraph(risk.holds, min(limits.told + 1, 2), SMALL, LIGHT.muted)


def _threats(sheet: Sheet, pack: Pack, limits: _Limits) -> None:
    sheet.head("Most likely to break the plan")
    if not pack.threats:
        sheet.paragraph("Nothing stands out.", 1, BODY, LIGHT.muted)
    for n, threat in enumerate(sheet.rows(pack.threats, limits.threats, "threats"), 1):
        stake = money(threat.amount, pack.currency) if threat.amount is not None else ""
        chance = f"chance {percent(threat.chance, 0)}" if threat.chance is not None else ""
        behind = ", ".join(part for part in (stake, chance) if part)
        sheet.down(BODY * 1.45)
        most = sheet.room * 0.6
        sheet.number(sheet.right, behind, most, colour=LIGHT.unfavourable)
        room = sheet.room - min(text.width(behind, BODY), most) - 6
        sheet.write(sheet.left, f"{n}  {threat.title}", BODY, LIGHT.ink, bold=True, room=room)
        sheet.paragraph(threat.sentence, limits.threat, SMALL, LIGHT.ink, indent=9)


# -- decisions and signatures ----------------------------------------------------------------------------------


def _decisions(sheet: Sheet, pack: Pack, limits: _Limits) -> None:
    if not pack.decisions:
        sheet.head("Decisions")
        sheet.paragraph("No decision waits for this meeting.", 1, BODY, LIGHT.muted)
        return
    open_ = sum(card.open for card in pack.decisions)
    sheet.head("Decisions", f"{len(pack.decisions)}, of which {open_} to be taken" if open_ else "")
    for card in sheet.rows(pack.decisions, limits.decisions, "decisions"):
        sheet.down(BODY * 1.5)
        state = card.state.capitalize()
        colour = {"approved": LIGHT.favourable, "done": LIGHT.favourable, "rejected": LIGHT.unfavourable}
        sheet.write(sheet.right, state, BODY, colour.get(card.state, LIGHT.accent), True, "right")
        by = ", ".join(part for part in (card.owner, f"by {_day(card.due)}" if card.due else "") if part)
        by = text.fitted(by, sheet.room * 0.34, SMALL, False, sheet.lost)
        x = sheet.right - max(text.width(state, BODY, True), 40.0) - 10
        sheet.write(x, by, SMALL, LIGHT.muted, align="right")
        room = x - text.width(by, SMALL) - 10 - sheet.left
        sheet.write(sheet.left, f"{card.id}  {card.title}", BODY, LIGHT.ink, bold=True, room=room)
        sheet.paragraph(_told(card), limits.decision, SMALL, LIGHT.ink, indent=9)


def _told(card: DecisionCard) -> str:
    """Why, what was considered, what waiting costs, and what was said."""
    parts = [card.why]
    if card.options:
        parts.append(
            f"Considered: {'; '.join(_option(option.title, option.kpis, option.recommended) for option in card.options)}."
        )
    if card.waiting:
        parts.append(card.waiting)
    if card.comment:
        parts.append(f"Comment: {card.comment}")
    return " ".join(part for part in parts if part)


def _option(title: str, kpis: Any, recommended: bool) -> str:
    numbers = [
        f"{name} {percent(kpis[name]) if name == 'service' else short(kpis[name])}"
        for name in ("margin", "service")
        if kpis.get(name) is not None
    ]
    mark = " (recommended)" if recommended else ""
    return f"{title}{mark}: {', '.join(numbers)}" if numbers else f"{title}{mark}"


def _signature(sheet: Sheet, signed: Signoff | None) -> None:
    sheet.head("Signature")
    if signed is None:
        sheet.down(20.0)
        third = sheet.room / 3
        for n, label in enumerate(("Name", "Role", "Date and signature")):
            part = sheet.part(sheet.left + third * n, sheet.left + third * (n + 1) - 14)
            part.rule(LIGHT.muted)
            part.down(SMALL * 1.3)
            part.write(part.left, label, SMALL, LIGHT.muted)
        sheet.down(SMALL * 1.3)
        return
    sheet.down(HEAD * 1.5)
    who = f"{signed.who}, {signed.role}" if signed.role else signed.who
    when = f"{_moment(signed.at)} · sign-off {signed.number}"
    wide = text.width(when, BODY)
    sheet.write(sheet.right, when, BODY, LIGHT.ink, align="right")
    sheet.write(sheet.left, who, HEAD, LIGHT.ink, bold=True, room=sheet.room - wide - 10)
    if signed.supersedes is not None:
        reason = f": {signed.reason}" if signed.reason else ""
        sheet.paragraph(f"Takes the place of sign-off {signed.supersedes}{reason}", 1, SMALL)
    if signed.comment:
        sheet.paragraph(f"Comment: {signed.comment}", 2, SMALL)
    sheet.paragraph(f"Fingerprint of the signature (SHA-256): {signed.digest}", 1, SMALL, LIGHT.muted)


# -- what it rests on ------------------------------------------------------------------------------------------


def _footer(sheet: Sheet, pack: Pack, limits: _Limits) -> None:
    """Definitions and the basis at the foot of the page; measures what is left above them."""
    foot = sheet.part(sheet.left, sheet.right)
    foot.y = 0.0
    basis = pack.basis
    size = 6.0
    names = {line.title for line in pack.kpis[: limits.kpis]}
    shown = [one for one in pack.definitions if one.title in names or not names]
    said = " ".join(f"{one.title}: {one.formula.rstrip('.')}." for one in shown)
    rests = (
        f"Data version {basis.data_version}{f' of {_day(basis.imported)}' if basis.imported else ''} · scenario "
        f"{basis.scenario}{f', revision {basis.scenario_revision}' if basis.scenario_revision else ''} · plan "
        f"{basis.plan_fingerprint[:16]} · {basis.engine}, {basis.status}"
        f"{f' · {basis.agreement}' if basis.agreement else ''}"
    )

    def write(into: Sheet) -> None:
        into.rule()
        into.down(2.0)
        into.paragraph(said, limits.definitions, size, LIGHT.muted)
        into.paragraph(rests, 2, size, LIGHT.muted)

    cut = foot.lost.cut
    write(_measured(foot))
    remark = sheet.left_out()
    measured = _measured(foot)
    write(measured)
    measured.paragraph(remark, 2, size, LIGHT.unfavourable)
    foot.lost.cut = cut
    high = -measured.y + size * 0.3
    sheet.spare = sheet.y - 6.0 - (BOTTOM + high)
    foot.y = BOTTOM + high
    write(foot)
    foot.paragraph(remark, 2, size, LIGHT.unfavourable)


def _measured(sheet: Sheet) -> Sheet:
    """The same sheet, from zero on, without drawing."""
    out = Sheet(None, sheet.left, sheet.right, 0.0)
    out.lost = sheet.lost
    return out


# -- words -----------------------------------------------------------------------------------------------------


def _value(line: KpiLine, value: Number, currency: str) -> str:
    if value is None:
        return DASH
    return kpi_value(line.name, value, currency)


def _cycle(pack: Pack) -> str:
    return month_label(to_month(pack.cycle))


def _day(iso: str) -> str:
    """`15 Dec 2026`; as it is where it is no date."""
    try:
        return f"{dt.date.fromisoformat(iso[:10]):%d %b %Y}".lstrip("0")
    except ValueError:
        return iso


def _moment(at: str) -> str:
    """`22 Nov 2026, 14:05 UTC`."""
    try:
        return f"{dt.datetime.fromisoformat(at):%d %b %Y, %H:%M} UTC".lstrip("0")
    except ValueError:
        return at
