"""What all slides share: the pack with its signature, months and numbers as they are written, and empty states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sop_core.calendar import month_label, span_label, to_month
from sop_core.export.slides.frame import Page, Para, Run, add_page
from sop_core.export.slides.template import BOTTOM, MARGIN, TOP, WIDTH
from sop_core.export.slides.text import clean
from sop_core.pack.value import Monthly, Number, Pack
from sop_core.signoff.record import Signoff
from sop_core.wording import DASH, kpi_delta, percent, short, unit_label

#: Points between the drawing and the column beside it, and that column's width.
GUTTER: Final = 28.0
SIDE: Final = 262.0
MAIN: Final = WIDTH - 2 * MARGIN - SIDE - GUTTER
RIGHT: Final = MARGIN + MAIN + GUTTER
FULL: Final = WIDTH - 2 * MARGIN
ROOM: Final = BOTTOM - TOP
#: A name is shortened to so many signs within a sentence of the deck's own.
_NAME: Final = 48


@dataclass(frozen=True, slots=True)
class Brief:
    """The pack, its signature if it has one, and the presentation that is being made."""

    pack: Pack
    signed: Signoff | None
    deck: Any

    @property
    def currency(self) -> str:
        """The company's currency."""
        return self.pack.currency

    @property
    def labels(self) -> tuple[str, ...]:
        """`Mar 26` for each month."""
        return tuple(month_label(to_month(month)) for month in self.pack.months)

    @property
    def planned(self) -> str:
        """`Nov 26–Oct 27`, the months of the plan."""
        months = self.pack.months[self.pack.closed :]
        return span_label(to_month(months[0]), to_month(months[-1])).replace("-", "–") if months else ""

    @property
    def actuals(self) -> str:
        """What a chart's title says of closed months; empty where there are none."""
        return f", actuals to {self.labels[self.pack.closed - 1]}" if self.pack.closed else ""

    @property
    def foot(self) -> str:
        """Company, scenario, cycle, data version and fingerprint; whether it is signed."""
        basis = self.pack.basis
        parts = [
            cut(self.pack.company or "Company without a name"),
            cut(self.pack.title or basis.scenario),
            f"cycle {month_label(to_month(self.pack.cycle))}",
            f"data version {basis.data_version}",
            f"plan {basis.plan_fingerprint[:8]}",
            f"signed as no. {self.signed.number}" if self.signed else "not signed",
        ]
        return " · ".join(part for part in parts if part)

    def page(self, kicker: str, headline: str) -> Page:
        """A new slide of that subject."""
        return add_page(self.deck, kicker, headline, self.foot)

    def unit(self, unit: str) -> str:
        """A unit as it stands in a title."""
        return unit_label(unit, self.currency)

    def figure(self, unit: str, value: Number, signed: bool = False) -> str:
        """A value with its unit, as wording.kpi_value writes it."""
        if value is None:
            return DASH
        if unit == "fraction":
            return percent(value, signed=signed)
        text, label = short(value, signed), self.unit(unit)
        return f"{text} {label}" if label and text != DASH else text

    def number(self, unit: str, value: Number) -> str:
        """A value whose unit stands elsewhere in its row: fractions keep their sign."""
        return percent(value) if unit == "fraction" else short(value)

    def delta(self, name: str, value: float, against: float, good: bool | None) -> tuple[str, str, str]:
        """A KPI's difference: text, word and colour. What is favourable is said by the pack, not here."""
        delta = kpi_delta(name, value, against)
        if delta.text == DASH:
            return DASH, "", "muted"
        word = {True: "favourable", False: "unfavourable", None: ""}[good]
        return f"{delta.arrow} {delta.text}", word, tone(good)


def tone(good: bool | None) -> str:
    """The colour of a difference."""
    return {True: "favourable", False: "unfavourable", None: "muted"}[good]


def cut(text: str, most: int = _NAME) -> str:
    """A name within a sentence, shortened."""
    whole = clean(text)
    return whole if len(whole) <= most else f"{whole[: most - 1].rstrip()}…"


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends with one."""
    whole = clean(text)
    return whole if not whole or whole[-1] in ".?:;…" else f"{whole}."


def day(text: str) -> str:
    """`15 Dec 2026` for 2026-12-15; anything else as it is."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return clean(text)
    return f"{found.day} {month_label(to_month(text[:7]))[:3]} {found.year}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 decision`, `3 decisions`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def total(values: Monthly) -> float:
    """Sum of the months that are known."""
    return sum(value for value in values if value is not None)


def known(values: Monthly) -> bool:
    """Whether any month is known."""
    return any(value is not None for value in values)


def heading(page: Page, x: float, y: float, w: float, text: str, more: str = "") -> float:
    """A small heading over a table or list; gives where its content begins."""
    runs = (Run(text, bold=True), Run(f"  {more}", "muted", False)) if more else ()
    page.text(x, y, w, 15.0, Para(text, 11.0, "ink", True, lines=1, runs=runs), name="Heading")
    return y + 19.0


def missing(page: Page, x: float, y: float, w: float, h: float, title: str, bring: Sequence[str]) -> None:
    """An empty state: what is not there and what to bring, on a quiet panel."""
    room = w - 48.0
    items = [Para(title, 14.0, "ink", True, lines=3)]
    items += [Para(text, 12.0, "muted", before=8.0, lines=4) for text in bring]
    tall = min(h, sum(para.tall(room) for para in items) + 44.0)
    page.panel(x, y, w, tall)
    page.text(x + 24.0, y + 22.0, room, tall - 40.0, items, name="What to bring")


def bullets(texts: Sequence[str], size: float = 11.0, lines: int = 4) -> list[Para]:
    """Sentences, one under the other."""
    return [Para(sentence(text), size, "ink", before=6.0, lines=lines) for text in texts if clean(text)]
