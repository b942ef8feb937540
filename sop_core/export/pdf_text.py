"""Text on a PDF page in the product's type: measured before it is drawn, wrapped, and never a box for a character.

IBM Plex Sans stands in `fonts/` (OFL). What it lacks is drawn in DejaVu Sans, which comes with Prophet's matplotlib
(arrows, Greek, Cyrillic), then in a CJK font of this machine, then in the CJK families that PDF readers bring
themselves (the page says so: `by_reader`); a character that none of them has is written as a question mark, and counted.
"""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from sop_core.errors import SopError

_FOLDER = Path(__file__).parent / "fonts"
_REGULAR, _BOLD = "SopSans", "SopSansBold"
_WIDE_REGULAR, _WIDE_BOLD = "SopWide", "SopWideBold"
_SYSTEM_FACE = "SopSystem"
_CHINESE, _JAPANESE, _KOREAN = "STSong-Light", "HeiseiKakuGo-W5", "HYGothic-Medium"

ELLIPSIS: Final = "…"
#: TrueType fonts with Chinese, Japanese or Korean characters, where systems keep them.
_SYSTEM: Final = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    "C:/Windows/Fonts/msyh.ttc",
)


@dataclass(frozen=True, slots=True)
class _Face:
    """A font that is registered, and the characters it has (None: those of a CJK family)."""

    name: str
    has: frozenset[int] | None
    ranges: tuple[tuple[int, int], ...] = ()

    def covers(self, character: str) -> bool:
        code = ord(character)
        if self.has is not None:
            return code in self.has
        return any(low <= code <= high for low, high in self.ranges)


_HAN = ((0x3000, 0x303F), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xFF00, 0xFFEF))
_KANA = ((0x3040, 0x30FF),)
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF))


@lru_cache(maxsize=2)
def _own(bold: bool) -> _Face:
    """The product's font, registered with reportlab. Raises SopError where it is missing."""
    own = _FOLDER / f"IBMPlexSans-{'SemiBold' if bold else 'Regular'}.ttf"
    if not own.is_file():
        raise SopError(f"The type for PDF pages is missing: {own.name} belongs in {own.parent}.")
    return _registered(_BOLD if bold else _REGULAR, own)


@lru_cache(maxsize=2)
def _faces(bold: bool) -> tuple[_Face, ...]:
    """The fonts that stand in, in the order in which they are asked; read when the first character asks for them."""
    faces: list[_Face] = []
    found = importlib.util.find_spec("matplotlib")
    if found is not None and found.origin is not None:
        wide = Path(found.origin).parent / "mpl-data/fonts/ttf" / f"DejaVuSans{'-Bold' if bold else ''}.ttf"
        if wide.is_file():
            faces.append(_registered(_WIDE_BOLD if bold else _WIDE_REGULAR, wide))
    system = next((Path(path) for path in _SYSTEM if Path(path).is_file()), None)
    if system is not None:
        faces.append(_registered(_SYSTEM_FACE, system))
    for name, ranges in ((_JAPANESE, _KANA), (_KOREAN, _HANGUL), (_CHINESE, _HAN)):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
        faces.append(_Face(name, None, ranges))
    return tuple(faces)


def _registered(name: str, path: Path) -> _Face:
    font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    return _Face(name, frozenset(font.face.charToGlyph))


@lru_cache(maxsize=8192)
def _face_of(character: str, bold: bool) -> str | None:
    own = _own(bold)
    if own.covers(character):
        return own.name
    return next((face.name for face in _faces(bold) if face.covers(character)), None)


@dataclass(slots=True)
class Lost:
    """What could not be shown as it is: texts cut, characters that no font has."""

    cut: int = 0
    unknown: set[str] = field(default_factory=set)


@lru_cache(maxsize=4096)
def runs(text: str, bold: bool = False) -> tuple[tuple[str, str], ...]:
    """(font, text) one behind the other; a character that no font has is a question mark."""
    out: list[list[str]] = []
    for character in clean(text):
        face = _face_of(character, bold)
        shown = character if face is not None else "?"
        face = face or _own(bold).name
        if out and out[-1][0] == face:
            out[-1][1] += shown
        else:
            out.append([face, shown])
    return tuple((face, part) for face, part in out)


@lru_cache(maxsize=8192)
def clean(text: str) -> str:
    """One line of characters that can be drawn: composed, blanks for line breaks and tabs, no control characters."""
    joined = " ".join(text.split())
    if joined.isascii() and joined.isprintable():
        return joined
    composed = unicodedata.normalize("NFC", joined)
    hidden = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return "".join(c for c in composed if unicodedata.category(c) not in hidden)


@lru_cache(maxsize=8192)
def unknown(text: str, bold: bool = False) -> frozenset[str]:
    """Characters of a text that no font has."""
    return frozenset(c for c in set(clean(text)) if _face_of(c, bold) is None)


def by_reader(text: str) -> bool:
    """Whether a text has characters that the PDF reader must bring the font for."""
    return any(face in (_CHINESE, _JAPANESE, _KOREAN) for face, _ in runs(text))


@lru_cache(maxsize=16384)
def width(text: str, size: float, bold: bool = False) -> float:
    """Points that a text takes on one line."""
    return float(sum(pdfmetrics.stringWidth(part, face, size) for face, part in runs(text, bold)))


@lru_cache(maxsize=8192)
def _advance(character: str, size: float, bold: bool) -> float:
    """Points that one character takes, a blank too."""
    face = _face_of(character, bold)
    shown = character if face is not None else "?"
    return float(pdfmetrics.stringWidth(shown, face or _own(bold).name, size))


def fitted(text: str, room: float, size: float, bold: bool = False, lost: Lost | None = None) -> str:
    """A text on one line of that many points, cut with an ellipsis where it is longer."""
    text = clean(text)
    if width(text, size, bold) <= room:
        return text
    if lost is not None:
        lost.cut += 1
    left = room - width(ELLIPSIS, size, bold)
    kept = 0
    for character in text:
        left -= _advance(character, size, bold)
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip() + ELLIPSIS


def wrapped(
    text: str, room: float, size: float, bold: bool = False, most: int = 99, lost: Lost | None = None
) -> tuple[str, ...]:
    """A text on lines of that many points, at most so many; the last is cut with an ellipsis where there is more."""
    lines = _lines(text, room, size, bold)
    if len(lines) <= most:
        return lines
    # More than fits: the last line takes an ellipsis, and gives up what it needs of its end.
    rest = f"{lines[most - 1].rstrip(' .,;:')}{ELLIPSIS}"
    if lost is not None:
        lost.cut += 1
    return (*lines[: most - 1], rest if width(rest, size, bold) <= room else fitted(rest, room, size, bold))


@lru_cache(maxsize=4096)
def _lines(text: str, room: float, size: float, bold: bool) -> tuple[str, ...]:
    lines: list[str] = []
    line = ""
    for word in _words(_UNITS.sub(_KEPT, clean(text)), room, size, bold):
        joined = f"{line} {word}" if line and not word.startswith(_JOIN) else line + word.lstrip(_JOIN)
        if line and width(joined, size, bold) > room:
            lines.append(line)
            line = word.lstrip(_JOIN)
        else:
            line = joined
    if line:
        lines.append(line)
    return tuple(one.replace(_KEPT, " ") for one in lines)


#: A number and its unit stay on one line.
_UNITS: Final = re.compile(r"(?<=\d) (?=(?:%|(?:k|M|bn|pp)\b))")
_KEPT: Final = "\N{NO-BREAK SPACE}"
#: Marks a piece of a word that is broken: it follows without a blank.
_JOIN = "\x00"


def _words(text: str, room: float, size: float, bold: bool) -> Iterator[str]:
    """Words; those longer than a line (and runs of Chinese, which has no blanks) in pieces that fit."""
    for word in text.split(" "):
        if width(word, size, bold) <= room:
            yield word
            continue
        piece, first, left = "", True, room
        for character in word:
            wide = _advance(character, size, bold)
            if piece and wide > left:
                yield piece if first else _JOIN + piece
                piece, first, left = "", False, room
            piece += character
            left -= wide
        if piece:
            yield piece if first else _JOIN + piece


def draw(
    canvas: Any,
    x: float,
    y: float,
    text: str,
    size: float,
    colour: str,
    bold: bool = False,
    align: str = "left",
) -> float:
    """Draws one line with its baseline at y; x is its left end, its right end or its middle. Its width in points."""
    wide = width(text, size, bold)
    at = x - (wide if align == "right" else wide / 2 if align == "middle" else 0.0)
    canvas.setFillColor(HexColor(colour))
    for face, part in runs(text, bold):
        canvas.setFont(face, size)
        canvas.drawString(at, y, part)
        at += pdfmetrics.stringWidth(part, face, size)
    return wide
