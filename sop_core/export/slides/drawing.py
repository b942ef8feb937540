"""A chart's XML: columns and lines on the same axes, labels at the ends of lines that do not cover each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from sop_core.export.slides import template as t
from sop_core.export.slides.figure import COLUMN, LETTERS, LINE, Data, Scale, Spec, heights, scale
from sop_core.export.slides.frame import Run, ink
from sop_core.export.slides.text import LEADING, WIDE, clean, shorten, width
from sop_core.pack.value import Monthly

#: Sizes of a chart's title: the largest at which it stays on one line.
_TITLES: Final = (11.0, 10.0, 9.0)
_TITLE_ROOM: Final = 24.0
_LABEL_ROOM: Final = 118.0
_QUOTES: Final = {'"': "&quot;"}


def _letter(column: int) -> str:
    return chr(ord("A") + column) if column < 26 else f"{_letter(column // 26 - 1)}{_letter(column % 26)}"


def _letters(size: float, colour: str, bold: bool = False, upright: bool = False) -> str:
    turn = ' rot="0"' if upright else ""
    return (
        f"<c:txPr><a:bodyPr{turn}/><a:lstStyle/><a:p>"
        f'<a:pPr><a:defRPr sz="{round(size * 100)}" b="{int(bold)}">'
        f'{ink(colour)}<a:latin typeface="+mn-lt"/></a:defRPr></a:pPr><a:endParaRPr lang="en-GB"/>'
        "</a:p></c:txPr>"
    )


def _title(runs: Sequence[Run], room: float) -> str:
    whole = "".join(run.text for run in runs)
    size = next((one for one in _TITLES if width(whole, one, True) * WIDE <= room), _TITLES[-1])
    cut = shorten(whole, room, size, True)
    if cut != clean(whole):
        runs = (Run(cut),)
    inner = "".join(
        "<a:r>"
        f'<a:rPr lang="en-GB" sz="{round(size * 100)}" '
        f'b="{int(run.bold is not False)}">{ink(run.colour or "ink")}'
        f'<a:latin typeface="+mn-lt"/></a:rPr><a:t>{escape(run.text)}</a:t></a:r>'
        for run in runs
    )
    return (
        '<c:title><c:tx><c:rich><a:bodyPr/><a:lstStyle/><a:p><a:pPr algn="l"><a:defRPr/></a:pPr>'
        f'{inner}</a:p></c:rich></c:tx><c:layout><c:manualLayout><c:xMode val="edge"/><c:yMode val="edge"/>'
        '<c:x val="0"/><c:y val="0"/></c:manualLayout></c:layout><c:overlay val="0"/></c:title>'
    )


def _points(values: Monthly) -> str:
    inner = "".join(
        f'<c:pt idx="{at}"><c:v>{value!r}</c:v></c:pt>'
        for at, value in enumerate(float(v) if v is not None else None for v in values)
        if value is not None
    )
    return f'<c:formatCode>General</c:formatCode><c:ptCount val="{len(values)}"/>{inner}'


def _categories(spec: Spec) -> str:
    last = len(spec.categories) + 1
    names = "".join(
        f'<c:pt idx="{at}"><c:v>{escape(clean(text))}</c:v></c:pt>' for at, text in enumerate(spec.categories)
    )
    count = f'<c:ptCount val="{len(spec.categories)}"/>'
    if not spec.groups:
        where = f"<c:f>Sheet1!$A$2:$A${last}</c:f>"
        return f"<c:cat><c:strRef>{where}<c:strCache>{count}{names}</c:strCache></c:strRef></c:cat>"
    groups = "".join(
        f'<c:pt idx="{at}"><c:v>{escape(clean(text))}</c:v></c:pt>'
        for at, text in enumerate(spec.groups)
        if at == 0 or spec.groups[at - 1] != text
    )
    return (
        f"<c:cat><c:multiLvlStrRef><c:f>Sheet1!$A$2:$B${last}</c:f><c:multiLvlStrCache>{count}"
        f"<c:lvl>{names}</c:lvl><c:lvl>{groups}</c:lvl></c:multiLvlStrCache></c:multiLvlStrRef></c:cat>"
    )


def _last(values: Monthly) -> int | None:
    return max((at for at, value in enumerate(values) if value is not None), default=None)


_NOTHING_SHOWN = "".join(
    f'<c:{part} val="0"/>'
    for part in ("showLegendKey", "showVal", "showCatName", "showSerName", "showPercent", "showBubbleSize")
)


_VALUE_SHOWN = _NOTHING_SHOWN.replace('showVal val="0"', 'showVal val="1"')
_NAME_SHOWN = _NOTHING_SHOWN.replace('showSerName val="0"', 'showSerName val="1"')
#: Labels that were moved apart need no line to their point: they have its colour.
_NO_LEADERS = (
    '<c:extLst><c:ext uri="{CE6537A1-D6FC-4f65-9D91-7224C49458BB}" '
    'xmlns:c15="http://schemas.microsoft.com/office/drawing/2012/chart">'
    '<c15:showLeaderLines val="0"/></c:ext></c:extLst>'
)


def _labels(one: Data, shift: tuple[float, float], beside: bool, w: float) -> str:
    """Labels of a line: its name at its last point, or written texts above single points."""
    found = ""
    end = _last(one.values)
    if one.label and end is not None:
        if not beside:
            # Above the end of a line that others pass: on the side where the line is not.
            before = [value for value in one.values[:end] if value is not None]
            rises = bool(before) and (one.values[end] or 0.0) > before[-1]
            aside = width(one.label, LETTERS, True) / 2 / w
            shift = (-aside if rises else aside, 0.0)
        moved = (
            f'<c:layout><c:manualLayout><c:x val="{shift[0]:.5f}"/><c:y val="{shift[1]:.5f}"/>'
            "</c:manualLayout></c:layout>"
            if abs(shift[0]) > 1e-4 or abs(shift[1]) > 1e-4
            else "<c:layout/>"
        )
        found += (
            f'<c:dLbl><c:idx val="{end}"/>{moved}<c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>'
            f"{_letters(LETTERS, _word(one.colour), True)}<c:dLblPos "
            f'val="{"r" if beside else "t"}"/>{_NAME_SHOWN}</c:dLbl>'
        )
    for at, text, colour in one.texts:
        found += (
            f'<c:dLbl><c:idx val="{at}"/><c:layout/><c:tx><c:rich><a:bodyPr/><a:lstStyle/><a:p><a:r>'
            '<a:rPr lang="en-GB" '
            f'sz="{round(LETTERS * 100)}" b="1">{ink(colour)}<a:latin typeface="+mn-lt"/></a:rPr>'
            f"<a:t>{escape(text)}</a:t></a:r>"
            '</a:p></c:rich></c:tx><c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr><c:dLblPos val="t"/>'
            f"{_VALUE_SHOWN}</c:dLbl>"
        )
    return f"<c:dLbls>{found}{_NOTHING_SHOWN}{_NO_LEADERS}</c:dLbls>" if found else ""


def _word(colour: str) -> str:
    """The colour of a series' name: light hues are hard to read as letters."""
    return {"stock": "#8A6414", "last_estimate": "muted", "budget": "muted", "base": "muted"}.get(
        colour, colour
    )


def _series(at: int, one: Data, spec: Spec, shift: tuple[float, float], w: float) -> str:
    depth = 2 if spec.groups else 1
    column = _letter(depth + at)
    last = len(spec.categories) + 1
    head = (
        f'<c:ser><c:idx val="{at}"/><c:order val="{at}"/><c:tx><c:strRef><c:f>Sheet1!${column}$1</c:f>'
        "<c:strCache>"
        f'<c:ptCount val="1"/><c:pt idx="0"><c:v>{escape(clean(one.name))}</c:v></c:pt></c:strCache>'
        "</c:strRef></c:tx>"
    )
    values = (
        f"<c:val><c:numRef><c:f>Sheet1!${column}$2:${column}${last}</c:f><c:numCache>{_points(one.values)}"
        "</c:numCache></c:numRef></c:val>"
    )
    if one.kind == LINE:
        beside = _last(one.values) == len(spec.categories) - 1
        stroke = ink(one.colour, one.share) if one.share else "<a:noFill/>"
        return (
            f"{head}<c:spPr>"
            f'<a:ln w="{t.emu(one.weight)}" cap="rnd">{stroke}<a:prstDash val="{one.dash}"/><a:round/></a:ln>'
            '</c:spPr><c:marker><c:symbol val="none"/>'
            f"</c:marker>{_labels(one, shift, beside, w)}{_categories(spec)}{values}"
            '<c:smooth val="0"/></c:ser>'
        )
    fill = ink(one.colour, one.share) if one.share else "<a:noFill/>"
    single = "".join(
        f'<c:dPt><c:idx val="{point}"/><c:invertIfNegative val="0"/><c:bubble3D val="0"/>'
        f"<c:spPr>{ink(colour)}</c:spPr></c:dPt>"
        for point, colour in one.colours
    )
    numbers = ""
    if one.format:
        form = escape(one.format, _QUOTES)
        numbers = (
            f'<c:dLbls><c:numFmt formatCode="{form}" sourceLinked="0"/><c:spPr><a:noFill/>'
            "<a:ln><a:noFill/></a:ln>"
            f'</c:spPr>{_letters(LETTERS, "ink")}<c:dLblPos val="outEnd"/>{_VALUE_SHOWN}</c:dLbls>'
        )
    return (
        f'{head}<c:spPr>{fill}<a:ln><a:noFill/></a:ln></c:spPr><c:invertIfNegative val="0"/>{single}{numbers}'
        f"{_categories(spec)}{values}</c:ser>"
    )


def _spread(spec: Spec, axis: Scale, tall: float, whole: float) -> dict[int, float]:
    """By how much the labels at the lines' ends move so that none covers another, as part of the chart's height."""
    wanted = []
    for at, one in enumerate(spec.series):
        end = _last(one.values)
        if one.label and one.kind == LINE and end == len(spec.categories) - 1:
            value = one.values[end] or 0.0
            wanted.append((tall * (1.0 - (value - axis.low) / (axis.high - axis.low)), at))
    wanted.sort()
    gap = LETTERS * LEADING + 1.0
    places = [y for y, _ in wanted]
    for _ in range(60):
        for k in range(len(places) - 1):
            close = gap - (places[k + 1] - places[k])
            if close > 0:
                places[k] -= close / 2
                places[k + 1] += close / 2
        places = [min(max(y, 4.0), tall - 4.0) for y in places]
    return {at: (place - y) / whole for place, (y, at) in zip(places, wanted, strict=True)}


def drawing(spec: Spec, w: float, h: float) -> str:
    """The XML of a chart of that size in points."""
    axis = scale(heights(spec), spec.fraction, spec.low, spec.high)
    ends = [width(one.label, LETTERS, True) for one in spec.series if one.label and one.kind == LINE]
    right = max(min(max(ends, default=0.0) + 12.0, _LABEL_ROOM) if ends else 8.0, spec.gutter)
    bottom = 0.0 if spec.sideways else 34.0 if spec.groups else _bottom(spec, w - right)
    left = _left(spec, axis)
    plot_w, plot_h = w - left - right, h - _TITLE_ROOM - bottom - 4.0
    shifts = _spread(spec, axis, plot_h, h)
    columns = [(at, one) for at, one in enumerate(spec.series) if one.kind == COLUMN]
    lines = [(at, one) for at, one in enumerate(spec.series) if one.kind == LINE]
    # A line ends in the middle of its month: its label stands clear of the column there.
    aside = plot_w / len(spec.categories) / 2 / w if columns and spec.categories else 0.0
    drawn = ""
    if columns:
        inner = "".join(_series(at, one, spec, (0.0, 0.0), w) for at, one in columns)
        drawn += (
            f'<c:barChart><c:barDir val="{"bar" if spec.sideways else "col"}"/>'
            f'<c:grouping val="{"stacked" if spec.stacked else "clustered"}"/><c:varyColors val="0"/>{inner}'
            f'<c:gapWidth val="{spec.gap}"/><c:overlap val="{100 if spec.stacked else -5}"/>'
            '<c:axId val="11"/><c:axId val="12"/>'
            "</c:barChart>"
        )
    if lines:
        inner = "".join(_series(at, one, spec, (aside, shifts.get(at, 0.0)), w) for at, one in lines)
        drawn += (
            '<c:lineChart><c:grouping val="standard"/>'
            f'<c:varyColors val="0"/>{inner}<c:marker val="1"/><c:axId val="11"/>'
            '<c:axId val="12"/></c:lineChart>'
        )
    layout = (
        '<c:layout><c:manualLayout><c:layoutTarget val="inner"/><c:xMode val="edge"/><c:yMode val="edge"/>'
        f'<c:x val="{left / w:.5f}"/><c:y val="{_TITLE_ROOM / h:.5f}"/><c:w val="{plot_w / w:.5f}"/>'
        f'<c:h val="{plot_h / h:.5f}"/></c:manualLayout></c:layout>'
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><c:chartSpace '
        'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f'<c:date1904 val="0"/><c:roundedCorners val="0"/><c:chart>{_title(spec.title, 0.8 * w)}'
        f'<c:autoTitleDeleted val="0"/><c:plotArea>{layout}{drawn}{_axes(spec, axis)}<c:spPr>'
        "<a:noFill/></c:spPr>"
        '</c:plotArea><c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart><c:spPr>'
        "<a:noFill/><a:ln><a:noFill/>"
        f"</a:ln></c:spPr>{_letters(LETTERS, 'muted')}</c:chartSpace>"
    )


def _left(spec: Spec, axis: Scale) -> float:
    """Room for what stands left of the drawing."""
    if spec.sideways:
        return min(max((width(text, LETTERS) for text in spec.categories), default=0.0) + 14.0, 190.0)
    return 46.0 if spec.values_axis else 6.0


def _bottom(spec: Spec, room: float) -> float:
    """Room for the categories' names, which PowerPoint wraps under their columns."""
    slot = max(room / max(len(spec.categories), 1), 8.0)
    if spec.every > 1:
        return 20.0
    lines = max(
        (math.ceil(width(text, LETTERS) / max(slot - 6.0, 8.0)) for text in spec.categories), default=1
    )
    return 10.0 + min(lines, 3) * LETTERS * LEADING


def _axes(spec: Spec, axis: Scale) -> str:
    turned = '<c:orientation val="maxMin"/>' if spec.sideways else '<c:orientation val="minMax"/>'
    every = (
        f'<c:tickLblSkip val="{spec.every}"/><c:tickMarkSkip val="{spec.every}"/>' if not spec.groups else ""
    )
    lines = (
        f'<c:majorGridlines><c:spPr><a:ln w="6350">{ink("grid")}</a:ln></c:spPr></c:majorGridlines>'
        if spec.values_axis
        else ""
    )
    form = escape(axis.format, _QUOTES)
    return (
        f'<c:catAx><c:axId val="11"/><c:scaling>{turned}</c:scaling><c:delete val="0"/>'
        f'<c:axPos val="{"l" if spec.sideways else "b"}"/><c:numFmt formatCode="General" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/>'
        f'<c:spPr><a:ln w="9525">{ink("budget")}</a:ln></c:spPr>{_letters(LETTERS, "muted", upright=True)}'
        '<c:crossAx val="12"/><c:crosses val="autoZero"/><c:auto val="0"/><c:lblAlgn val="ctr"/>'
        f'<c:lblOffset val="50"/>{every}'
        '<c:noMultiLvlLbl val="0"/></c:catAx>'
        '<c:valAx><c:axId val="12"/><c:scaling><c:orientation val="minMax"/>'
        f'<c:max val="{axis.high!r}"/><c:min val="{axis.low!r}"/>'
        f'</c:scaling><c:delete val="{int(not spec.values_axis)}"/>'
        f'<c:axPos val="{"b" if spec.sideways else "l"}"/>'
        f'{lines}<c:numFmt formatCode="{form}" sourceLinked="0"/><c:majorTickMark val="none"/>'
        '<c:minorTickMark val="none"/>'
        '<c:tickLblPos val="nextTo"/><c:spPr><a:ln><a:noFill/></a:ln>'
        f'</c:spPr>{_letters(LETTERS, "muted")}<c:crossAx val="11"/>'
        f'<c:crosses val="autoZero"/><c:crossBetween val="between"/><c:majorUnit val="{axis.step!r}"/>'
        "</c:valAx>"
    )
