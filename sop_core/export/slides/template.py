"""The template: theme colours and fonts, a slide master and three layouts, built from the product's own roles.

Nothing of PowerPoint's defaults is left, and nothing is copied from a file that somebody would have to draw again
when a colour changes: the package is written here and opened by python-pptx.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final
from xml.sax.saxutils import escape

from pptx import Presentation

from sop_core.charts.roles import LIGHT

#: Points. A slide is 13.33 x 7.5 inches.
WIDTH, HEIGHT = 960.0, 540.0
MARGIN: Final = 40.0
#: Where a slide's body begins and ends.
TOP, BOTTOM = 108.0, 498.0
#: Width of the dark panel of the opening slide.
PANEL: Final = 372.0
FONT: Final = "IBM Plex Sans"
#: Layouts by name, in order.
OPENING, HEADLINE, TEXT = "Opening", "Headline", "Headline and text"
#: Indices of placeholders beyond the usual ones.
KICKER_AT, FOOTER_AT, NUMBER_AT, BODY_AT = 10, 11, 12, 13

_EMU = 12_700
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_NS = f'xmlns:a="{_A}" xmlns:r="{_R}" xmlns:p="{_P}"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "application/vnd.openxmlformats-officedocument"
#: Colours of the theme by slot: text and surfaces, then the roles as accents.
THEME: Final = {
    "dk1": LIGHT.ink,
    "lt1": LIGHT.surface,
    "dk2": LIGHT.accent,
    "lt2": LIGHT.raised,
    "accent1": LIGHT.demand,
    "accent2": LIGHT.supply,
    "accent3": LIGHT.stock,
    "accent4": LIGHT.shortage,
    "accent5": LIGHT.budget,
    "accent6": LIGHT.actual,
    "hlink": LIGHT.accent,
    "folHlink": LIGHT.muted,
}


def emu(points: float) -> int:
    """Points as the file counts them."""
    return round(points * _EMU)


def template() -> Any:
    """An empty presentation of that look (pptx.presentation.Presentation)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in _parts().items():
            package.writestr(name, text)
    buffer.seek(0)
    return Presentation(buffer)


def theme() -> str:
    """The theme's XML, for slides and notes alike."""
    colours = "".join(f'<a:{slot}><a:srgbClr val="{hue[1:]}"/></a:{slot}>' for slot, hue in THEME.items())
    # The panose number is what PowerPoint looks for a stand-in by where the font is missing: a sans serif.
    face = (
        f'<a:latin typeface="{FONT}" panose="020B0503050203000203" pitchFamily="34" charset="0"/>'
        '<a:ea typeface=""/><a:cs typeface="Arial"/>'
    )
    plain = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    line = "".join(
        f'<a:ln w="{w}" cap="flat" cmpd="sng" algn="ctr">{plain}<a:prstDash val="solid"/></a:ln>'
        for w in (6350, 9525, 12700)
    )
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>" * 3
    return (
        f'{_HEAD}<a:theme xmlns:a="{_A}" name="S&amp;OP review"><a:themeElements>'
        f'<a:clrScheme name="S&amp;OP roles">{colours}</a:clrScheme>'
        f'<a:fontScheme name="{FONT}"><a:majorFont>{face}</a:majorFont>'
        f"<a:minorFont>{face}</a:minorFont></a:fontScheme>"
        f'<a:fmtScheme name="Flat"><a:fillStyleLst>{plain * 3}</a:fillStyleLst>'
        f"<a:lnStyleLst>{line}</a:lnStyleLst>"
        f"<a:effectStyleLst>{effect}</a:effectStyleLst><a:bgFillStyleLst>{plain * 3}</a:bgFillStyleLst>"
        "</a:fmtScheme></a:themeElements><a:objectDefaults/><a:extraClrSchemeLst/></a:theme>"
    )


def _parts() -> dict[str, str]:
    layouts = (_opening(), _headline(HEADLINE), _headline(TEXT, body=True))
    parts = {
        "[Content_Types].xml": _types(len(layouts)),
        "_rels/.rels": _relations(
            {
                "rId1": (f"{_R}/officeDocument", "ppt/presentation.xml"),
                "rId2": (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
                "rId3": (f"{_R}/extended-properties", "docProps/app.xml"),
            }
        ),
        "docProps/core.xml": f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>',
        "docProps/app.xml": f'{_HEAD}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/'
        'extended-properties"><Application>Open S&amp;OP Planner</Application></Properties>',
        "ppt/presentation.xml": f'{_HEAD}<p:presentation {_NS} saveSubsetFonts="1"><p:sldMasterIdLst>'
        f'<p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst><p:sldSz cx="{emu(WIDTH)}" '
        f'cy="{emu(HEIGHT)}"/><p:notesSz cx="6858000" cy="9144000"/><p:defaultTextStyle><a:lvl1pPr>'
        '<a:defRPr lang="en-GB" sz="1200">'
        f'{_ink("tx1")}<a:latin typeface="+mn-lt"/></a:defRPr></a:lvl1pPr></p:defaultTextStyle>'
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": _relations(
            {
                "rId1": (f"{_R}/slideMaster", "slideMasters/slideMaster1.xml"),
                "rId2": (f"{_R}/theme", "theme/theme1.xml"),
                "rId3": (f"{_R}/tableStyles", "tableStyles.xml"),
            }
        ),
        "ppt/tableStyles.xml": f'{_HEAD}<a:tblStyleLst xmlns:a="{_A}" def="{{2D5ABB26-0587-4C30-8999-92F81FD0307C}}"/>',
        "ppt/theme/theme1.xml": theme(),
        "ppt/slideMasters/slideMaster1.xml": _master(len(layouts)),
        "ppt/slideMasters/_rels/slideMaster1.xml.rels": _relations(
            {
                f"rId{n}": (f"{_R}/slideLayout", f"../slideLayouts/slideLayout{n}.xml")
                for n in range(1, len(layouts) + 1)
            }
            | {"rId9": (f"{_R}/theme", "../theme/theme1.xml")}
        ),
    }
    for n, text in enumerate(layouts, start=1):
        parts[f"ppt/slideLayouts/slideLayout{n}.xml"] = text
        parts[f"ppt/slideLayouts/_rels/slideLayout{n}.xml.rels"] = _relations(
            {"rId1": (f"{_R}/slideMaster", "../slideMasters/slideMaster1.xml")}
        )
    return parts


def _types(layouts: int) -> str:
    part = f"{_OFFICE}.presentationml"
    kinds = {
        "ppt/presentation.xml": f"{part}.presentation.main+xml",
        "ppt/slideMasters/slideMaster1.xml": f"{part}.slideMaster+xml",
        "ppt/theme/theme1.xml": f"{_OFFICE}.theme+xml",
        "ppt/tableStyles.xml": f"{part}.tableStyles+xml",
        "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "docProps/app.xml": f"{_OFFICE}.extended-properties+xml",
    } | {f"ppt/slideLayouts/slideLayout{n}.xml": f"{part}.slideLayout+xml" for n in range(1, layouts + 1)}
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in kinds.items())
        + "</Types>"
    )


def _relations(targets: dict[str, tuple[str, str]]) -> str:
    return (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="{key}" Type="{kind}" Target="{target}"/>'
            for key, (kind, target) in targets.items()
        )
        + "</Relationships>"
    )


def _frame(x: float, y: float, w: float, h: float) -> str:
    return (
        f'<a:xfrm><a:off x="{emu(x)}" y="{emu(y)}"/><a:ext cx="{emu(w)}" cy="{emu(h)}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
    )


def _ink(colour: str) -> str:
    kind = "srgbClr" if colour.startswith("#") else "schemeClr"
    return f'<a:solidFill><a:{kind} val="{colour.lstrip("#")}"/></a:solidFill>'


def _place(
    at: int,
    name: str,
    kind: str,
    where: tuple[float, float, float, float],
    size: float,
    colour: str,
    *,
    index: int | None = None,
    bold: bool = False,
    align: str = "l",
    anchor: str = "t",
    prompt: str = "",
    field: str = "",
) -> str:
    """A placeholder with its place and its letters."""
    number = f' idx="{index}"' if index is not None else ""
    inner = (
        f'<a:fld id="{{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}}" type="{field}"><a:rPr lang="en-GB"/>'
        "<a:t>‹#›</a:t></a:fld>"
        if field
        else f'<a:r><a:rPr lang="en-GB"/><a:t>{escape(prompt)}</a:t></a:r>'
    )
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{at}" name="{name}"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr>'
        f'<p:nvPr><p:ph type="{kind}"{number}/></p:nvPr></p:nvSpPr><p:spPr>{_frame(*where)}</p:spPr><p:txBody>'
        f'<a:bodyPr vert="horz" wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="{anchor}">'
        "<a:noAutofit/></a:bodyPr>"
        f'<a:lstStyle><a:lvl1pPr marL="0" indent="0" algn="{align}"><a:lnSpc><a:spcPct val="100000"/></a:lnSpc>'
        f'<a:spcBef><a:spcPts val="0"/></a:spcBef><a:buNone/>'
        f'<a:defRPr sz="{round(size * 100)}" b="{int(bold)}">{_ink(colour)}<a:latin '
        'typeface="+mn-lt"/></a:defRPr></a:lvl1pPr></a:lstStyle>'
        f"<a:p>{inner}</a:p></p:txBody></p:sp>"
    )


def _shape(at: int, name: str, where: tuple[float, float, float, float], colour: str) -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{at}" name="{name}"/><p:cNvSpPr/><p:nvPr userDrawn="1"/></p:nvSpPr>'
        f"<p:spPr>{_frame(*where)}{_ink(colour)}<a:ln><a:noFill/></a:ln></p:spPr>"
        '<p:txBody><a:bodyPr/><a:lstStyle/><a:p><a:endParaRPr lang="en-GB"/></a:p></p:txBody></p:sp>'
    )


_EMPTY_TREE = (
    '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm>'
    '<a:off x="0" y="0"/>'
    '<a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>'
)
TITLE_BOX: Final = (MARGIN, 42.0, WIDTH - 2 * MARGIN, 58.0)
KICKER_BOX: Final = (MARGIN, 22.0, WIDTH - 2 * MARGIN, 15.0)
FOOTER_BOX: Final = (MARGIN, 514.0, 820.0, 12.0)
NUMBER_BOX: Final = (WIDTH - MARGIN - 40.0, 514.0, 40.0, 12.0)
OPENING_TITLE: Final = (MARGIN, 116.0, PANEL - 2 * MARGIN + 8.0, 250.0)
OPENING_KICKER: Final = (MARGIN, 44.0, PANEL - 2 * MARGIN + 8.0, 40.0)


def _feet(start: int, x: float = MARGIN) -> str:
    footer = (x, FOOTER_BOX[1], FOOTER_BOX[0] + FOOTER_BOX[2] - x, FOOTER_BOX[3])
    return _place(
        start,
        "Footer",
        "ftr",
        footer,
        8.5,
        LIGHT.muted,
        index=FOOTER_AT,
        prompt="Company · scenario · cycle · data version · fingerprint",
    ) + _place(
        start + 1,
        "Slide number",
        "sldNum",
        NUMBER_BOX,
        8.5,
        LIGHT.muted,
        index=NUMBER_AT,
        align="r",
        field="slidenum",
    )


def _master(layouts: int) -> str:
    ids = "".join(f'<p:sldLayoutId id="{2147483648 + n}" r:id="rId{n}"/>' for n in range(1, layouts + 1))

    def level(size: float, bold: bool, indent: float = 0.0) -> str:
        return (
            f'marL="{emu(indent)}" indent="0" algn="l"><a:buNone/>'
            f'<a:defRPr sz="{round(size * 100)}" b="{int(bold)}" kern="1200">'
            f'{_ink("tx1")}<a:latin typeface="+m{"j" if bold else "n"}-lt"/><a:ea typeface="+mn-ea"/>'
            '<a:cs typeface="+mn-cs"/></a:defRPr>'
        )

    body = "".join(f"<a:lvl{n}pPr {level(13 - n, False, 12.0 * (n - 1))}</a:lvl{n}pPr>" for n in range(1, 6))
    other = "".join(f"<a:lvl{n}pPr {level(12, False)}</a:lvl{n}pPr>" for n in range(1, 6))
    return (
        f"{_HEAD}<p:sldMaster {_NS}><p:cSld><p:bg><p:bgPr>{_ink('bg1')}<a:effectLst/></p:bgPr></p:bg>"
        f"<p:spTree>{_EMPTY_TREE}"
        + _shape(2, "Foot line", (MARGIN, 506.0, WIDTH - 2 * MARGIN, 0.75), LIGHT.grid)
        + _place(
            3, "Title", "title", TITLE_BOX, 22, "tx1", bold=True, prompt="The headline as a full sentence"
        )
        + _place(
            4,
            "Text",
            "body",
            (MARGIN, TOP, WIDTH - 2 * MARGIN, BOTTOM - TOP),
            12,
            "tx1",
            index=1,
            prompt="Text",
        )
        + _feet(5)
        + f"</p:spTree></p:cSld>"
        '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" '
        'accent3="accent3" '
        'accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/>'
        f'<p:sldLayoutIdLst>{ids}</p:sldLayoutIdLst><p:hf hdr="0" dt="0"/><p:txStyles>'
        f"<p:titleStyle><a:lvl1pPr {level(22, True)}</a:lvl1pPr></p:titleStyle>"
        f"<p:bodyStyle>{body}</p:bodyStyle>"
        f"<p:otherStyle>{other}</p:otherStyle></p:txStyles></p:sldMaster>"
    )


def _layout(name: str, kind: str, shapes: str, *, own: bool = False) -> str:
    hidden = ' showMasterSp="0"' if own else ""
    return (
        f'{_HEAD}<p:sldLayout {_NS} type="{kind}" preserve="1"{hidden}><p:cSld name="{name}">'
        f"<p:spTree>{_EMPTY_TREE}{shapes}"
        "</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>"
    )


def _headline(name: str, body: bool = False) -> str:
    shapes = (
        _place(2, "Kicker", "body", KICKER_BOX, 10.5, "tx2", index=KICKER_AT, bold=True, prompt="Subject")
        + _place(
            3, "Title", "title", TITLE_BOX, 22, "tx1", bold=True, prompt="The headline as a full sentence"
        )
        + _feet(4)
    )
    if body:
        shapes += _place(
            6,
            "Text",
            "body",
            (MARGIN, TOP, WIDTH - 2 * MARGIN, BOTTOM - TOP),
            14,
            "tx1",
            index=BODY_AT,
            prompt="Text",
        )
    return _layout(name, "titleOnly" if not body else "obj", shapes)


def _opening() -> str:
    return _layout(
        OPENING,
        "title",
        _shape(2, "Panel", (0.0, 0.0, PANEL, HEIGHT), "tx2")
        + _shape(3, "Foot line", (PANEL + 28.0, 506.0, WIDTH - MARGIN - PANEL - 28.0, 0.75), LIGHT.grid)
        + _place(
            4,
            "Kicker",
            "body",
            OPENING_KICKER,
            11,
            "#CFE3F1",
            index=KICKER_AT,
            bold=True,
            prompt="Review and cycle",
        )
        + _place(
            5, "Title", "title", OPENING_TITLE, 26, "bg1", bold=True, prompt="The proposal in one sentence"
        )
        + _feet(6, PANEL + 28.0),
        own=True,
    )
