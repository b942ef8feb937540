"""A slide: its headline, its feet, text boxes, panels and notes. All places in points from the upper left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

from pptx.oxml import parse_xml
from pptx.util import Emu

from sop_core.charts.roles import LIGHT
from sop_core.export.slides import template as t
from sop_core.export.slides.text import LEADING, WIDE, clean, fitted, height, shorten, width, wrap

_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
#: Roles that are colours of the theme; the others are written as they are.
_SLOTS: Final = {
    "ink": "tx1",
    "surface": "bg1",
    "accent": "tx2",
    "raised": "bg2",
    "demand": "accent1",
    "supply": "accent2",
    "stock": "accent3",
    "shortage": "accent4",
    "budget": "accent5",
    "actual": "accent6",
}


def ink(colour: str, share: float = 1.0) -> str:
    """A fill's XML for a role (see charts/roles.py) or `#RRGGBB`, at that opacity."""
    alpha = f'<a:alpha val="{round(share * 100_000)}"/>' if share < 1.0 else ""
    if colour in _SLOTS:
        return f'<a:solidFill><a:schemeClr val="{_SLOTS[colour]}">{alpha}</a:schemeClr></a:solidFill>'
    hue = colour if colour.startswith("#") else getattr(LIGHT, colour)
    return f'<a:solidFill><a:srgbClr val="{hue[1:]}">{alpha}</a:srgbClr></a:solidFill>'


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one look within a paragraph; empty colour: the paragraph's."""

    text: str
    colour: str = ""
    bold: bool | None = None


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph. `lines`: how many it may take before it is shortened; `before`: room above it, in points."""

    text: str
    size: float = 12.0
    colour: str = "ink"
    bold: bool = False
    align: str = "l"
    before: float = 0.0
    lines: int = 99
    runs: tuple[Run, ...] = ()

    def tall(self, room: float) -> float:
        """Points that it takes in a column of that width."""
        return self.before + height(
            min(len(wrap(self.whole, room, self.size, self.thick)), self.lines), self.size
        )

    @property
    def whole(self) -> str:
        """All of its letters."""
        return "".join(run.text for run in self.runs) if self.runs else self.text

    @property
    def thick(self) -> bool:
        """Whether any of it is bold, so that it is measured as such."""
        return self.bold or any(run.bold for run in self.runs)


def letters(paragraphs: Sequence[Para], room: float) -> str:
    """The paragraphs' XML, each shortened to its lines."""
    return "".join(_paragraph(para, room, first=at == 0) for at, para in enumerate(paragraphs))


def _paragraph(para: Para, room: float, first: bool) -> str:
    before = 0.0 if first else para.before
    cut = shorten(para.whole, room, para.size, para.thick, para.lines)
    runs = para.runs if para.runs and cut == clean(para.whole) else (Run(cut),)
    inner = "".join(
        f'<a:r><a:rPr lang="en-GB" sz="{round(para.size * 100)}" '
        f'b="{int(para.bold if run.bold is None else run.bold)}" '
        f'dirty="0">{ink(run.colour or para.colour)}</a:rPr>'
        f"<a:t>{escape(_signs(run.text))}</a:t></a:r>"
        for run in runs
        if run.text
    )
    end = f'<a:endParaRPr lang="en-GB" sz="{round(para.size * 100)}"/>' if not inner else ""
    return (
        f'<a:p><a:pPr algn="{para.align}"><a:lnSpc>'
        f'<a:spcPts val="{round(para.size * LEADING * 100)}"/></a:lnSpc>'
        f'<a:spcBef><a:spcPts val="{round(before * 100)}"/></a:spcBef></a:pPr>{inner}{end}</a:p>'
    )


def _signs(text: str) -> str:
    """A run keeps its outer blanks; everything else as `clean`."""
    inner = clean(text)
    lead = " " if text[:1].isspace() and inner else ""
    tail = " " if text[-1:].isspace() and inner else ""
    return f"{lead}{inner}{tail}"


def body_xml(inner: str, anchor: str = "t") -> str:
    """A text body without insets that neither grows nor shrinks: what is in it has been measured."""
    return (
        f'<p:txBody xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" {_A}>'
        f'<a:bodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="{anchor}"><a:noAutofit/>'
        "</a:bodyPr>"
        f"<a:lstStyle/>{inner or '<a:p/>'}</p:txBody>"
    )


def fit(paragraphs: Sequence[Para], room: float, tall: float) -> list[Para]:
    """As many paragraphs as there is room for; the last is shortened, and what is left out is left out from the end."""
    kept: list[Para] = []
    used = 0.0
    for para in paragraphs:
        before = para.before if kept else 0.0
        left = int((tall - used - before + 1e-6) // (para.size * LEADING))
        if left < 1:
            break
        one = Para(
            para.text, para.size, para.colour, para.bold, para.align, before, min(para.lines, left), para.runs
        )
        kept.append(one)
        used += one.tall(room)
    return kept


@dataclass(slots=True)
class Page:
    """A slide that is being drawn."""

    slide: Any
    alts: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        paragraphs: Sequence[Para] | Para,
        *,
        anchor: str = "t",
        name: str = "Text",
    ) -> None:
        """A text box; what does not fit in it is shortened."""
        items = [paragraphs] if isinstance(paragraphs, Para) else list(paragraphs)
        shown = fit(items, w, h)
        if not any(para.whole for para in shown):
            return
        shape = self.slide.shapes.add_textbox(t.emu(x), t.emu(y), t.emu(w), t.emu(h))
        shape.name = name
        _set_text(shape, letters(shown, w), anchor)

    def panel(
        self, x: float, y: float, w: float, h: float, colour: str = "raised", *, name: str = "Panel"
    ) -> None:
        """A plain surface behind what is drawn on it afterwards."""
        shape = self.slide.shapes.add_shape(1, t.emu(x), t.emu(y), t.emu(w), t.emu(h))
        shape.name = name
        properties = shape._element.spPr
        for child in list(properties):
            if not child.tag.endswith(("}xfrm", "}prstGeom")):
                properties.remove(child)
        properties.append(parse_xml(ink(colour).replace("<a:solidFill>", f"<a:solidFill {_A}>", 1)))
        properties.append(parse_xml(f"<a:ln {_A}><a:noFill/></a:ln>"))
        style = shape._element.find("{http://schemas.openxmlformats.org/presentationml/2006/main}style")
        if style is not None:
            shape._element.remove(style)
        shape._element.nvSpPr.cNvPr.set("descr", "")

    def notes(self, paragraphs: Sequence[str]) -> None:
        """What is said beside the slide, in full."""
        frame = self.slide.notes_slide.notes_text_frame
        frame.text = "\n".join(clean(text) for text in paragraphs if clean(text))

    def describe(self, frame: Any, name: str, alt: str) -> None:
        """Name and alt text of a chart or table."""
        frame.name = name
        frame._element.nvGraphicFramePr.cNvPr.set("descr", clean(alt))


def _set_text(shape: Any, inner: str, anchor: str) -> None:
    old = shape._element.txBody
    old.getparent().replace(old, parse_xml(body_xml(inner, anchor)))


def add_page(deck: Any, kicker: str, headline: str, foot: str, *, opening: bool = False) -> Page:
    """A new slide with its kicker, its headline as large as it can be, footer and number."""
    name = t.OPENING if opening else t.HEADLINE
    layout = next(one for one in deck.slide_layouts if one.name == name)
    slide = deck.slides.add_slide(layout)
    page = Page(slide)
    box = t.OPENING_TITLE if opening else t.TITLE_BOX
    sizes = (26, 24, 22, 20, 18, 16, 14, 12) if opening else (22, 20, 18, 16)
    title, size = fitted(headline, box[2] / WIDE, box[3], sizes, bold=True)
    tone = "surface" if opening else "ink"
    _set_text(slide.shapes.title, letters([Para(title, size, tone, True)], box[2]), "t")
    kick = t.OPENING_KICKER if opening else t.KICKER_BOX
    small = 11.0 if opening else 10.5
    above = [
        Para(line, small, "#CFE3F1" if opening else "accent", True, lines=1) for line in kicker.split("\n")
    ]
    _set_text(slide.placeholders[t.KICKER_AT], letters(above, kick[2]), "t")
    left = t.PANEL + 28.0 if opening else t.MARGIN
    _feet(slide, layout, foot, (t.FOOTER_BOX[0] + t.FOOTER_BOX[2] - left) / WIDE)
    return page


def _feet(slide: Any, layout: Any, foot: str, room: float) -> None:
    """python-pptx leaves footer and number out of a new slide: here they are, as places of the layout."""
    for place in layout.placeholders:
        index = place.placeholder_format.idx
        if index == t.FOOTER_AT:
            text, size = fitted(foot, room, 8.5 * LEADING, (8.5, 8.0, 7.5, 7.0))
            inner = letters([Para(text, size, "muted", lines=1)], room)
            _place(slide, "Footer", "ftr", index, inner)
        elif index == t.NUMBER_AT:
            number = len(slide.part.package.presentation_part.presentation.slides)
            inner = (
                '<a:p><a:fld id="{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}" type="slidenum">'
                '<a:rPr lang="en-GB" sz="850"/>'
                f"<a:t>{number}</a:t></a:fld></a:p>"
            )
            _place(slide, "Slide number", "sldNum", index, inner)


def _place(slide: Any, name: str, kind: str, index: int, inner: str) -> None:
    number = max((shape.shape_id for shape in slide.shapes), default=1) + 1
    slide.shapes._spTree.append(
        parse_xml(
            f'<p:sp xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" {_A}><p:nvSpPr>'
            f'<p:cNvPr id="{number}" name="{name}"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr>'
            f'<p:ph type="{kind}" idx="{index}"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>'
            f"<a:lstStyle/>{inner}"
            "</p:txBody></p:sp>"
        )
    )


def points(value: int | Emu) -> float:
    """The file's lengths as points."""
    return int(value) / 12_700


__all__ = ["Page", "Para", "Run", "add_page", "fit", "ink", "letters", "points", "width"]
