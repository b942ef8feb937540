"""What the pack says by month: the pictures' lines, the KPIs, the load, the families; months across."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.chart import Chart
from xlsxwriter.utility import xl_col_to_name

from sop_core.export.sheets import charts
from sop_core.export.sheets.sheet import Formula, Sheet, month_day
from sop_core.export.sheets.style import Style
from sop_core.pack.value import Monthly, Pack, Series
from sop_core.wording import unit_label

#: Columns before the months: what, unit.
_LEAD = 2
_FIRST_ROW = 4
_KINDS = {
    "money": "money",
    "units": "units",
    "hours": "hours",
    "fraction": "fraction",
    "heads": "heads",
    "days": "days",
    "turns": "turns",
}


def kind_of(unit: str) -> str:
    """The kind of number behind a KPI's or series' unit."""
    return _KINDS.get(unit, "number")


class Across:
    """A sheet with months across, filled block by block; remembers where each line stands."""

    def __init__(
        self, sheet: Sheet, pack: Pack, title: str, sentence: str, lead: Sequence[tuple[str, float]]
    ) -> None:
        self.sheet, self.pack, self._lead = sheet, pack, len(lead)
        self.row = _FIRST_ROW
        self._at: dict[str, int] = {}
        sheet.open(title, sentence, self._lead + 8)
        head, style = _FIRST_ROW - 1, sheet.style
        for at, (name, wide) in enumerate(lead):
            sheet.text(head, at, name, style.head())
            sheet.width(at, wide)
        for t, month in enumerate(pack.months):
            sheet.text(
                head - 1,
                self._lead + t,
                self._zone(t),
                style.of(font_color=style.palette.muted, font_size=9, align="right"),
            )
            sheet.value(
                head, self._lead + t, month_day(month), "month", style.head(True, num_format="mmm yy")
            )
            sheet.width(self._lead + t, 12)
        sheet.raw.freeze_panes(_FIRST_ROW, self._lead)
        sheet.raw.repeat_rows(head)

    def _zone(self, t: int) -> str:
        if t < self.pack.closed:
            return "actual" if t == 0 else ""
        if t < self.pack.closed + self.pack.frozen:
            return "frozen" if t == self.pack.closed else ""
        return "plan" if t == self.pack.closed + self.pack.frozen else ""

    @property
    def end(self) -> int:
        """The column behind the last month."""
        return self._lead + len(self.pack.months)

    @property
    def months(self) -> str:
        """The months' cells, for charts."""
        return self._span(_FIRST_ROW - 1)

    def block(self, title: str, sentence: str = "") -> None:
        """A block's title and its sentence beside it."""
        self.row += 1 if self.row > _FIRST_ROW else 0
        self.sheet.raw.set_row(self.row, 20)
        self.sheet.text(self.row, 0, title, self.sheet.style.block)
        if sentence:
            self.sheet.text(
                self.row,
                self._lead,
                sentence,
                self.sheet.style.of(font_color=self.sheet.style.palette.muted, valign="bottom", align="left"),
            )
        self.row += 1

    def line(
        self, key: str, lead: Sequence[str], values: Sequence[Any], kind: str, bold: bool = False
    ) -> int:
        """A line of values by month; its row, from 0."""
        style = self.sheet.style
        for at, text in enumerate(lead):
            self.sheet.text(self.row, at, text, style.of(bold=bold, align="left"))
        for t, value in enumerate(values):
            shade = {"bg_color": style.palette.raised} if t < self.pack.closed else {}
            form = style.number(kind, bold=bold, **shade)
            if value is None:
                form = style.of(**shade)
            self.sheet.value(self.row, self._lead + t, value, kind, form)
        self._at[key] = self.row
        self.row += 1
        return self.row - 1

    def span(self, key: str) -> str:
        """The cells of a line, for charts and formulas."""
        return self._span(self._at[key])

    def has(self, key: str) -> bool:
        """Whether that line was written."""
        return key in self._at

    def _span(self, row: int) -> str:
        first, last = xl_col_to_name(self._lead), xl_col_to_name(self.end - 1)
        return f"'{self.sheet.name}'!${first}${row + 1}:${last}${row + 1}"


def write_months(sheet: Sheet, pack: Pack) -> Across:
    """The pictures' lines, the KPIs by month and the load of every resource."""
    grid = Across(
        sheet, pack, "By month",
        "Every line behind the charts, the KPIs and the load of the resources. Closed months are actuals and shaded; "
        "frozen months are not changed any more.",
        (("Line", 34), ("Unit", 10)),
    )  # fmt: skip
    for picture in pack.pictures:
        grid.block(picture.title, picture.sentence)
        for line in picture.series:
            grid.line(
                f"{picture.name}.{line.name}",
                (line.title, _unit(line.unit, pack)),
                line.values,
                kind_of(line.unit),
            )
    shown = [line for line in pack.kpis if any(value is not None for value in line.by_month)]
    if shown:
        grid.block("KPIs by month")
    for kpi in shown:
        grid.line(
            f"kpi.{kpi.name}",
            (kpi.title, _unit(kpi.unit, pack)),
            _whole(kpi.by_month, pack),
            kind_of(kpi.unit),
        )
    if pack.resources:
        grid.block("Hours needed and at hand, by resource", "Utilisation is needed / regular hours at hand.")
        first = grid.row
        for place in pack.resources:
            name = f"{place.title}, {place.site}" if place.site else place.title
            needed = grid.line(f"needed.{place.name}", (f"{name}: needed", "hours"), place.needed, "hours")
            if not any(hours for hours in place.available):
                continue
            hours = grid.line(
                f"available.{place.name}", (f"{name}: regular hours", "hours"), place.available, "hours"
            )
            grid.line(f"overtime.{place.name}", (f"{name}: overtime", "hours"), place.overtime, "hours")
            grid.line(
                f"used.{place.name}", (f"{name}: utilisation", "%"), _used(place.needed, place.available, needed, hours),
                "fraction", bold=True,
            )  # fmt: skip
        _over(sheet, [key for key in grid._at if key.startswith("used.")], grid)
        assert grid.row >= first
    return grid


def _over(sheet: Sheet, keys: Sequence[str], grid: Across) -> None:
    """Above 100 % in the colour of shortage; nobody reads it by the colour alone, the number stands there."""
    form = sheet.style.of(font_color=sheet.style.palette.over, bold=True)
    for key in keys:
        cells = grid.span(key).split("!")[1]
        sheet.raw.conditional_format(
            cells.replace("$", ""), {"type": "cell", "criteria": ">", "value": 1.0005, "format": form}
        )


def _used(needed: Monthly, available: Monthly, row: int, below: int) -> list[Any]:
    """Live: needed / regular hours."""
    out: list[Any] = []
    for t, (hours, at_hand) in enumerate(zip(needed, available, strict=True)):
        letter = xl_col_to_name(_LEAD + t)
        known = hours is not None and at_hand
        value = hours / at_hand if hours is not None and at_hand else None
        out.append(Formula(f"={letter}{row + 1}/{letter}{below + 1}", value) if known else None)
    return out


def _whole(values: Monthly, pack: Pack) -> Monthly:
    return values if len(values) == len(pack.months) else (None,) * pack.closed + tuple(values)


def _unit(unit: str, pack: Pack) -> str:
    return unit_label(unit, pack.currency)


def draw(book: Workbook, sheet: Sheet, pack: Pack, grid: Across) -> list[Chart]:
    """The year in pictures: demand, supply, stock, money, load; each native and editable. Two beside each other."""
    style = sheet.style
    sheet.open(
        "Charts",
        "The year in pictures. The lines stand in the sheet By month; a chart follows when they are changed.",
        14,
    )
    sheet.one_page()
    made: list[Chart] = []
    for picture in pack.pictures:
        lines = [
            charts.Line(
                line.title,
                grid.span(f"{picture.name}.{line.name}"),
                _role(line),
                _as_columns(picture.name, line),
            )
            for line in picture.series
            if any(value is not None for value in line.values) and not _unseen(picture.name, line)
        ]
        unit = unit_label(picture.unit, pack.currency) or picture.unit
        chart = charts.months(
            book, style, f"{picture.title} ({unit})", grid.months, lines, kind_of(picture.unit),
            max((abs(v) for line in picture.series for v in line.values if v is not None), default=0.0),
            len(pack.months),
        )  # fmt: skip
        if chart is not None:
            made.append(chart)
    load = _load_chart(book, style, pack, grid)
    if load is not None:
        made.append(load)
    for n, chart in enumerate(made):
        sheet.raw.insert_chart(3 + 16 * (n // 2), 10 * (n % 2), chart, {"x_offset": 6, "y_offset": 4})
    return made


def _role(line: Series) -> str:
    return line.role or line.name


def _as_columns(picture: str, line: Series) -> bool:
    """What is counted at a month's end or added up in a month stands as columns; what it is held against is a line."""
    return (picture, line.name) in (
        ("supply", "served"),
        ("supply", "late"),
        ("stock", "stock"),
        ("money", "revenue"),
    )


def _unseen(picture: str, line: Series) -> bool:
    """Lines that would say nothing: what was never lost, and what stands in another picture."""
    if picture == "money" and line.name in ("working_capital", "cash"):
        return True
    return line.name in ("lost", "late") and not any(line.values)


def _load_chart(book: Workbook, style: Style, pack: Pack, grid: Across) -> Chart | None:
    """Utilisation of the fullest resources, up to four."""
    fullest = sorted(
        (
            (
                max(n / a for n, a in zip(place.needed, place.available, strict=True) if n is not None and a),
                place,
            )
            for place in pack.resources
            if any(n is not None and a for n, a in zip(place.needed, place.available, strict=True))
        ),
        key=lambda entry: -entry[0],
    )
    colours = (style.palette.demand, style.palette.supply, style.palette.stock, "#CC79A7")
    lines = [
        charts.Line(place.title, grid.span(f"used.{place.name}"), "", fill=colours[n])
        for n, (_, place) in enumerate(fullest[:4])
    ]
    more = f", the fullest {len(lines)} of {len(fullest)}" if len(fullest) > len(lines) else ""
    return charts.months(
        book,
        style,
        f"Load (% of regular hours{more})",
        grid.months,
        lines,
        "fraction",
        count=len(pack.months),
    )


def write_families(sheet: Sheet, pack: Pack) -> None:
    """Every family by month in units and money, and the company as their live sum."""
    grid = Across(
        sheet, pack, "Families",
        "Demand, supply and stock of each family by month; what is in money adds up to the company. Closed months are "
        "actuals.",
        (("Family", 24), ("Line", 22), ("Unit", 10)),
    )  # fmt: skip
    end = grid.end
    sheet.text(_FIRST_ROW - 1, end, "Plan months", sheet.style.head(True))
    sheet.width(end, 14)
    first_plan, last = xl_col_to_name(3 + pack.closed), xl_col_to_name(end - 1)
    rows: dict[str, list[int]] = {}
    money = {"revenue", "stock_value"}
    for family in pack.families:
        for key, title in _FAMILY_LINES.items():
            unit = pack.currency if key in money else family.unit
            values: Monthly = getattr(family, key)
            row = grid.line(
                f"{key}.{family.name}",
                (family.name, title, unit),
                values,
                "money" if key in money else "units",
            )
            rows.setdefault(key, []).append(row)
            if key in ("demand", "served", "revenue"):
                total = sum(value or 0.0 for value in values[pack.closed :])
                formula = Formula(f"=SUM({first_plan}{row + 1}:{last}{row + 1})", total)
                sheet.value(row, end, formula, "units", sheet.style.number("units", bold=True))
    if not pack.families:
        sheet.text(_FIRST_ROW, 0, "There are no families in this company.", sheet.style.said)
        return
    grid.row += 1
    same = len({family.unit for family in pack.families}) == 1
    for key, title in _FAMILY_LINES.items():
        if key not in money and not same:
            continue  # pieces and litres do not add up
        unit = pack.currency if key in money else pack.families[0].unit
        sums = [_summed(pack, key, t, rows[key]) for t in range(len(pack.months))]
        grid.line(f"{key}.", ("Company", title, unit), sums, "money" if key in money else "units", bold=True)
    sheet.raw.autofilter(_FIRST_ROW - 1, 0, grid.row - 1, 2)


_FAMILY_LINES = {
    "demand": "Demand",
    "served": "Served",
    "stock": "Stock at month end",
    "stock_value": "Stock value",
    "revenue": "Revenue",
}


def _summed(pack: Pack, key: str, t: int, rows: Sequence[int]) -> Formula | None:
    values = [getattr(family, key)[t] for family in pack.families]
    if all(value is None for value in values):
        return None
    letter = xl_col_to_name(3 + t)
    # SUMIFS over the column of lines: as many families as there are, and no formula too long for a cell.
    span = f"{letter}{rows[0] + 1}:{letter}{rows[-1] + 1}"
    lines = f"$B${rows[0] + 1}:$B${rows[-1] + 1}"
    return Formula(f'=SUMIFS({span},{lines},"{_FAMILY_LINES[key]}")', sum(value or 0.0 for value in values))
