"""Native charts in the house's look: colours by role, titles with the unit, quiet grids, lines named in a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.chart import Chart

from sop_core.export.sheets.style import FONT, Style, clean

#: Colours of lines without a role of their own.
_DASHES: Final = {"budget": "dash", "last_le": "round_dot", "last_estimate": "round_dot", "target": "dash"}
#: Pixels of a chart: two of them fill the width of a page.
WIDE, HIGH = 620, 300


@dataclass(frozen=True, slots=True)
class Line:
    """A series: where its name and values stand, its role, and whether it is drawn as a column or an area."""

    name: str
    values: str
    role: str
    columns: bool = False
    fill: str = ""  #: a colour for what has no role; `none`: not drawn


def colour(style: Style, role: str) -> str:
    """A role's colour."""
    palette = style.palette
    known = {
        "demand": palette.demand, "supply": palette.supply, "stock": palette.stock, "shortage": palette.shortage,
        "budget": palette.budget, "last_le": palette.last_estimate, "last_estimate": palette.last_estimate,
        "actual": palette.actual, "base": palette.base, "target": palette.muted, "good": palette.favourable,
        "bad": palette.unfavourable, "total": palette.accent, "low": palette.muted, "high": palette.muted,
    }  # fmt: skip
    return known.get(role, palette.muted)


def months(
    book: Workbook,
    style: Style,
    title: str,
    categories: str,
    lines: Sequence[Line],
    kind: str = "units",
    most: float = 0.0,
    count: int = 12,
) -> Chart | None:
    """Lines and columns over `count` months, `most` the largest value; None where there is nothing to draw."""
    bars = [line for line in lines if line.columns]
    curves = [line for line in lines if not line.columns]
    if not lines:
        return None
    chart = book.add_chart({"type": "column", "subtype": "clustered"} if bars else {"type": "line"})
    for line in bars or curves:
        chart.add_series(_series(style, line, categories))
    if bars and curves:
        over = book.add_chart({"type": "line"})
        for line in curves:
            over.add_series(_series(style, line, categories))
        chart.combine(over)
    frame(chart, style, title)
    step = {"interval_unit": 1 + (count - 1) // 9}
    chart.set_x_axis(_axis(style, num_format="mmm yy", text_axis=True, label_position="low", **step))
    chart.set_y_axis(_axis(style, num_format=_ticks(kind, most), major_gridlines=_grid(style)))
    return chart


def frame(chart: Chart, style: Style, title: str, size: tuple[int, int] = (WIDE, HIGH)) -> None:
    """Title, legend, size and surfaces."""
    chart.set_title(
        {
            "name": named(title)[:200],
            "overlay": False,
            "name_font": {"name": FONT, "size": 11, "bold": True, "color": style.palette.ink},
        }
    )
    chart.set_legend({"position": "bottom", "font": {"name": FONT, "size": 9, "color": style.palette.muted}})
    chart.set_size({"width": size[0], "height": size[1]})
    chart.set_chartarea({"border": {"color": style.palette.grid}, "fill": {"color": style.palette.surface}})
    chart.set_plotarea({"fill": {"none": True}})
    chart.show_blanks_as("gap")


def stacked(
    book: Workbook,
    style: Style,
    title: str,
    categories: str,
    lines: Sequence[Line],
    *,
    bars: bool = False,
    kind: str = "money",
    least: float | None = None,
    size: tuple[int, int] = (WIDE, HIGH),
    legend: Sequence[int] | None = (),
    most: float = 0.0,
) -> Chart:
    """Stacked columns, or bars from top to bottom; `least` is where the axis begins, `most` the largest
    value, `legend` the lines left out of it (None: no legend)."""
    chart = book.add_chart({"type": "bar" if bars else "column", "subtype": "stacked"})
    for line in lines:
        chart.add_series(_series(style, line, categories) | {"gap": 60})
    frame(chart, style, title, size)
    values: dict[str, Any] = {"major_gridlines": _grid(style), "num_format": _ticks(kind, most)}
    if least is not None:
        values["min"] = least
    names = {"label_position": "low"} | ({"reverse": True} if bars else {})
    if bars:  # XlsxWriter's x is what lies flat
        names, values = values, names
    chart.set_x_axis(_axis(style, **names))
    chart.set_y_axis(_axis(style, **values))
    if legend is None:
        chart.set_legend({"none": True})
    elif legend:
        chart.set_legend(
            {"position": "bottom", "delete_series": list(legend),
             "font": {"name": FONT, "size": 9, "color": style.palette.muted}}
        )  # fmt: skip
    return chart


def named(text: str) -> str:
    """A name in a chart: XlsxWriter would take one that begins with = for a reference."""
    text = clean(text)
    return f" {text}" if text.startswith("=") else text


def _series(style: Style, line: Line, categories: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": named(line.name),
        "categories": f"={categories}",
        "values": f"={line.values}",
    }
    if line.columns:
        if line.fill == "none":
            made |= {"fill": {"none": True}, "border": {"none": True}}
        else:
            made |= {
                "fill": {"color": line.fill or colour(style, line.role)},
                "border": {"none": True},
                "gap": 60,
            }
    else:
        pen: dict[str, Any] = {"color": line.fill or colour(style, line.role), "width": 2.25}
        if line.role in _DASHES:
            pen |= {"dash_type": _DASHES[line.role], "width": 1.5}
        if line.role in ("low", "high"):
            pen |= {"dash_type": "round_dot", "width": 1.0}
        made |= {"line": pen, "marker": {"type": "none"}}
    return made


def _axis(style: Style, **more: Any) -> dict[str, Any]:
    font = {"name": FONT, "size": 9, "color": style.palette.muted}
    return {
        "num_font": font,
        "line": {"color": style.palette.grid},
        "major_tick_mark": "none",
        "minor_tick_mark": "none",
    } | more


def _grid(style: Style) -> dict[str, Any]:
    return {"visible": True, "line": {"color": style.palette.grid, "width": 0.75}}


def _ticks(kind: str, most: float) -> str:
    """Short numbers on an axis: 2.5 M, 250 k."""
    if kind == "fraction":
        return "0%"
    return '0.0,," M"' if most >= 2e6 else '#,##0," k"' if most >= 2e4 else "#,##0"
