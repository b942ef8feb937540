"""Text that fits: widths without a font at hand, lines, and what gives way when there is too much of it.

A slide is read where nobody may have our font. So a letter counts as wide as in the wider of IBM Plex Sans and Arial
(what stands in for it), and what fits by that measure fits with either.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

#: How much wider the widest usual stand-in (DejaVu Sans) sets bold words than is measured here. Headlines, which stand
#: right above what a slide shows, and the footer's one line keep so much room.
WIDE: Final = 1.19
ELLIPSIS: Final = "…"
#: Height of a line as part of the letters' size.
LEADING: Final = 1.2
#: Bold letters beside regular ones, at most what the widest differ by on average.
_BOLD: Final = 1.06
#: Thousandths of the size, from the blank to the tilde.
_WIDTHS: Final = (
    278, 284, 419, 713, 598, 927, 694, 242, 335, 335, 450, 600, 278, 399, 278, 383, 600, 600, 600, 600,
    600, 600, 600, 600, 600, 600, 292, 292, 600, 600, 600, 556, 1015, 667, 667, 722, 722, 667, 611, 778,
    722, 400, 510, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 317,
    383, 317, 600, 565, 600, 556, 580, 503, 580, 556, 324, 556, 568, 250, 250, 527, 272, 873, 568, 560,
    580, 580, 367, 500, 351, 568, 500, 768, 507, 500, 500, 343, 314, 343, 600,
)  # fmt: skip
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BLANKS = re.compile(r"\s+")


def clean(text: str) -> str:
    """A text without what no slide can hold: control signs go, line ends and runs of blanks become one blank."""
    return _BLANKS.sub(" ", _CONTROLS.sub("", text)).strip()


@lru_cache(maxsize=4096)
def _letter(sign: str) -> float:
    at = ord(sign) - 32
    if 0 <= at < len(_WIDTHS):
        return _WIDTHS[at] / 1000.0
    if unicodedata.combining(sign):
        return 0.0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    base = unicodedata.normalize("NFD", sign)[0]
    if base != sign and 0 <= ord(base) - 32 < len(_WIDTHS):
        return _WIDTHS[ord(base) - 32] / 1000.0
    return 1.0 if sign in "—…▲▼" else 0.7 if unicodedata.category(sign) != "Lu" else 0.85


def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is on one line, in points."""
    return sum(map(_letter, text)) * size * (_BOLD if bold else 1.0)


def wrap(text: str, room: float, size: float, bold: bool = False) -> list[str]:
    """The lines of a text in a column of that width; words wider than it are broken."""
    return list(_lines(text, room, size, bold))


@lru_cache(maxsize=2048)
def _lines(text: str, room: float, size: float, bold: bool) -> tuple[str, ...]:
    """As `wrap`; a table measures each of its texts many times."""
    lines: list[str] = []
    line = ""
    for word in clean(text).split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width(line, size, bold) > room and len(line) > 1:
            cut = _most(line, room, size, bold)
            lines.append(line[:cut])
            line = line[cut:]
    return (*lines, line)


def _most(text: str, room: float, size: float, bold: bool) -> int:
    """How many leading letters fit, at least one."""
    used, count = 0.0, 0
    factor = size * (_BOLD if bold else 1.0)
    for sign in text:
        used += _letter(sign) * factor
        if used > room:
            break
        count += 1
    return max(count, 1)


def shorten(text: str, room: float, size: float, bold: bool = False, lines: int = 1) -> str:
    """The text, ended by an ellipsis where it takes more than so many lines."""
    whole = clean(text)
    rows = wrap(whole, room, size, bold)
    if len(rows) <= lines:
        return whole
    last = rows[lines - 1]
    while last and width(last + ELLIPSIS, size, bold) > room:
        last = last[:-1]
    # Broken words come back without the blank that was never there.
    kept = _joined(whole, rows[: lines - 1])
    return f"{kept}{last.rstrip(' ,;:.')}{ELLIPSIS}"


def _joined(whole: str, rows: Sequence[str]) -> str:
    at = 0
    for row in rows:
        at = whole.index(row, at) + len(row)
        at += whole[at : at + 1] == " "
    return whole[:at]


def height(lines: int, size: float) -> float:
    """Points that so many lines take."""
    return lines * size * LEADING


def fitted(
    text: str, room: float, tall: float, sizes: Sequence[float], bold: bool = False
) -> tuple[str, float]:
    """The text and the largest of the sizes (largest first) at which it fits; cut at the smallest if need be."""
    for size in sizes:
        if height(len(wrap(text, room, size, bold)), size) <= tall + 1e-6:
            return clean(text), size
    size = sizes[-1]
    return shorten(text, room, size, bold, max(int((tall + 1e-6) // (size * LEADING)), 1)), size
