"""A PDF page that is filled from top to bottom, or only measured: the same code lays it out and draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4

from sop_core.charts.roles import LIGHT
from sop_core.export import pdf_text as text

#: Points: the edges of what is written on the A4 page.
LEFT: Final = 28.0
RIGHT: Final = A4[0] - LEFT
TOP: Final = A4[1] - 24.0
BOTTOM: Final = 20.0
#: Sizes of small print, text and the titles of parts; distance of lines as part of their size.
SMALL: Final = 6.6
BODY: Final = 7.4
HEAD: Final = 8.2
LEAD: Final = 1.28


class Sheet:
    """A page that is drawn from top to bottom, or only measured where there is no canvas."""

    def __init__(self, canvas: Any, left: float = LEFT, right: float = RIGHT, y: float = TOP) -> None:
        self.canvas, self.left, self.right, self.y = canvas, left, right, y
        self.lost, self.out, self.spare = text.Lost(), list[str](), 0.0
        self.reader = False

    @property
    def room(self) -> float:
        return self.right - self.left

    def part(self, left: float, right: float) -> Sheet:
        """A column of it, from the same height on; what it loses is the sheet's."""
        part = Sheet(self.canvas, left, right, self.y)
        part.lost, part.out = self.lost, self.out
        return part

    def write(
        self, x: float, words: str, size: float = BODY, colour: str = LIGHT.ink, bold: bool = False,
        align: str = "left", room: float = 1e9,
    ) -> None:  # fmt: skip
        """One line at the height of the cursor, cut to the room that it has."""
        self._put(x, text.fitted(words, room, size, bold, self.lost), words, size, colour, bold, align)

    def number(
        self, x: float, words: str, room: float, size: float = BODY, colour: str = LIGHT.ink, bold: bool = False
    ) -> None:  # fmt: skip
        """A number that ends at x. It is never cut: one that is too long for its room is written smaller."""
        wide = text.width(words, size, bold)
        smaller = size if wide <= room else size * room / wide
        self._put(x, text.clean(words), words, smaller, colour, bold, "right")

    def _put(
        self, x: float, shown: str, words: str, size: float, colour: str, bold: bool, align: str
    ) -> None:  # fmt: skip
        self.lost.unknown |= text.unknown(words, bold)
        self.reader = self.reader or text.by_reader(words)
        if self.canvas is not None:
            text.draw(self.canvas, x, self.y, shown, size, colour, bold, align)

    def paragraph(
        self, words: str, most: int, size: float = BODY, colour: str = LIGHT.ink, bold: bool = False, indent: float = 0.0
    ) -> None:  # fmt: skip
        """Lines below the cursor, at most so many; it ends below the last."""
        if most <= 0 or not words:
            return
        for line in text.wrapped(words, self.room - indent, size, bold, most, self.lost):
            self.down(size * LEAD)
            self.write(self.left + indent, line, size, colour, bold)

    def down(self, points: float) -> None:
        self.y -= points

    def rule(self, colour: str = LIGHT.grid, thick: float = 0.6) -> None:
        if self.canvas is not None:
            self.canvas.setStrokeColor(HexColor(colour))
            self.canvas.setLineWidth(thick)
            self.canvas.line(self.left, self.y, self.right, self.y)

    def shade(self, below: float, above: float, colour: str) -> None:
        if self.canvas is not None:
            self.canvas.setFillColor(HexColor(colour))
            self.canvas.rect(self.left - 3, self.y - below, self.room + 6, below + above, stroke=0, fill=1)

    def head(self, title: str, note: str = "") -> None:
        """The title of a part, with what it is about in grey behind it."""
        self.down(8.0)
        self.rule()
        self.down(HEAD + 2.5)
        self.write(self.left, title, HEAD, LIGHT.accent, bold=True)
        if note:
            at = self.left + text.width(title, HEAD, True) + 6
            self.write(at, note, SMALL, LIGHT.muted, room=self.right - at)

    def rows(self, wanted: Sequence[Any], most: int, what: str) -> Sequence[Any]:
        """The first so many; what is left out is remembered."""
        if len(wanted) > most:
            self.out.append(f"{len(wanted) - most} of {len(wanted)} {what}")
        return wanted[:most]

    def left_out(self) -> str:
        """What one page does not hold; empty where it holds all."""
        said = []
        if self.out:
            *before, last = self.out
            parts = f"{', '.join(before)} and {last}" if before else last
            said.append(f"Not on this page: {parts}; slides and workbook have them.")
        if self.lost.cut:
            are = "text is" if self.lost.cut == 1 else "texts are"
            said.append(f"{self.lost.cut} {are} cut at “{text.ELLIPSIS}”.")
        if self.lost.unknown:
            said.append(f"{len(self.lost.unknown)} characters that no font at hand has stand as “?”.")
        if self.reader:
            said.append("Chinese, Japanese and Korean characters are drawn by the reader's own fonts.")
        return " ".join(said)
