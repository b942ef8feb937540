"""Money by month, its sums live over the detail sheets; and the list of shortages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from sop_core.export.sheets import charts
from sop_core.export.sheets.details import HEAD, MOST_ROWS, Detail
from sop_core.export.sheets.sheet import Column, Formula, Sheet, Table
from sop_core.pack.value import Pack

_BALANCES = {
    "stock_value": "Stock value",
    "receivables": "Receivables",
    "payables": "Payables",
    "working_capital": "Working capital",
}
_PARTS = {"cost_regular_labour": "Regular labour", "cost_lost_sales": "Lost sales", "cost_hiring": "Hiring"}


def write_money(sheet: Sheet, frame: pd.DataFrame, pack: Pack, details: Mapping[str, Detail]) -> Detail:
    """Revenue and stock value are sums over Backlog and Stock, cost the sum of its parts, margin revenue less cost,
    working capital stock and receivables less payables: all live. The parts themselves and the cash are values."""
    parts = [name for name in frame.columns if name.startswith("cost_")]
    flows = {
        "revenue": "Revenue",
        **{
            name: _PARTS.get(name, name.removeprefix("cost_").replace("_", " ").capitalize())
            for name in parts
        },
        "cost": "Cost",
        "margin": "Margin",
    }
    names = {**flows, **_BALANCES, "cash_flow": "Cash flow"}
    columns = [("month", Column("Month", "month"))] + [
        (key, Column(title, "money", pack.currency, width=13, total=key in flows or key == "cash_flow"))
        for key, title in names.items()
        if key in frame
    ]
    sheet.open(
        "Money",
        "The financial projection by month: flows in the month, balances at its end. Revenue is added up from the sheet "
        "Backlog and stock value from Stock; cost, margin and working capital follow from their parts.",
        9,
    )
    at = {key: n for n, (key, _) in enumerate(columns)}
    table = Table(sheet.name, HEAD + 1, HEAD + max(len(frame), 1), at)
    live = _Live(at, parts, details)
    rows = (
        [live.cell(key, record, table.first + n + 1) for key, _ in columns]
        for n, record in enumerate(frame.to_dict("records"))
    )
    sheet.table(HEAD, columns, rows, frozen=1)
    sheet.text(2, 0, "Total", sheet.style.of(bold=True))
    for key, column in columns:
        if column.total:
            total = Formula(f"=SUM({table.range(key).split('!')[1]})", float(frame[key].sum()))
            sheet.value(2, at[key], total, "money", sheet.style.number("money", bold=True))
    return Detail(table, frame, False)


class _Live:
    """The cells of a month: those that follow from other sheets or cells as formulas."""

    def __init__(self, at: Mapping[str, int], parts: list[str], details: Mapping[str, Detail]) -> None:
        self._letter = {key: xl_col_to_name(column) for key, column in at.items()}
        self._parts, self._details = parts, details

    def cell(self, key: str, record: Mapping[Any, Any], row: int) -> Any:
        """The cell of a column in that row (from 1)."""
        value = record[key]
        if key == "month":
            return value.date()
        text = self._formula(key, row)
        return Formula(text, float(value)) if text else float(value)

    def _formula(self, key: str, row: int) -> str:
        def cell(name: str) -> str:
            return f"{self._letter[name]}{row}"

        if key == "revenue":
            return self._summed("backlog", "revenue", row)
        if key == "stock_value":
            return self._summed("stock", "value", row)
        if key == "cost" and self._parts:
            return f"=SUM({cell(self._parts[0])}:{cell(self._parts[-1])})"
        if key == "margin":
            return f"={cell('revenue')}-{cell('cost')}"
        if key == "working_capital":
            return f"={cell('stock_value')}+{cell('receivables')}-{cell('payables')}"
        return ""

    def _summed(self, name: str, column: str, row: int) -> str:
        detail = self._details[name]
        return f"=SUMIFS({detail.range(column)},{detail.range('month')},$A{row})"


def write_shortages(sheet: Sheet, frame: pd.DataFrame, pack: Pack) -> None:
    """What is late or lost, when, and what held it back; the sentences of the pack stand in the Summary."""
    wanted = {
        "month": Column("Month", "month"),
        "item": Column("Item", width=24),
        "region": Column("Region", width=14),
        "segment": Column("Segment", width=16),
        "kind": Column("Late or lost", width=12),
        "quantity": Column("Quantity", "units", "units", total=True),
        "value": Column("At stake", "money", pack.currency, total=True),
        "cause": Column("What holds it back", width=46),
        "cause_kind": Column("Kind of cause", width=14),
        "binding": Column("What is full", width=24),
        "full_from": Column("Full from", "month"),
        "full_to": Column("Full to", "month"),
    }
    columns = [(key, column) for key, column in wanted.items() if key in frame]
    shown = frame.head(MOST_ROWS)
    sentence = "Demand that is not served on time, largest in money first, and what held it back."
    if len(shown) < len(frame):
        sentence += (
            f" The first {len(shown):,} of {len(frame):,}; the command `plan` writes all of them as CSV."
        )
    if not len(frame):
        sentence += " Everything is served on time."
    sheet.open("Shortages", sentence, 9)
    rows = ([_plain(record[key]) for key, _ in columns] for record in shown.to_dict("records"))
    table = sheet.table(HEAD, columns, rows, filtered=True, frozen=2)
    sheet.text(2, 0, "Shown", sheet.style.said)
    for key, column in columns:
        if column.total:
            total = Formula(
                f"=SUBTOTAL(109,{table.range(key).split('!')[1]})",
                float(shown[key].sum()) if len(shown) else 0.0,
            )
            sheet.value(2, table.columns[key], total, column.kind, sheet.style.number(column.kind, bold=True))


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


def draw_money(book: Workbook, sheet: Sheet, pack: Pack, money: Detail) -> None:
    """Below the table: revenue, cost and margin by month; working capital and cash beside it."""
    if not len(money.frame):
        return
    style, unit = sheet.style, f" ({pack.currency})" if pack.currency else ""
    most = float(money.frame["revenue"].abs().max())
    first = (
        charts.Line("Revenue", money.range("revenue"), "demand", columns=True),
        charts.Line("Cost", money.range("cost"), "budget", columns=True, fill=style.palette.budget),
        charts.Line("Margin", money.range("margin"), "supply", fill=style.palette.supply),
    )
    second = (
        charts.Line("Stock value", money.range("stock_value"), "stock", columns=True),
        charts.Line("Working capital", money.range("working_capital"), "", fill=style.palette.actual),
        charts.Line("Cash flow", money.range("cash_flow"), "", fill=style.palette.supply),
    )
    for n, (title, lines) in enumerate(
        (("Revenue, cost and margin", first), ("Stock, working capital and cash", second))
    ):
        chart = charts.months(
            book, style, f"{title}{unit}", money.range("month"), lines, "money", most, len(money.frame)
        )
        if chart is not None:
            sheet.raw.insert_chart(
                money.table.last + 2, 6 * n, chart, {"x_offset": 6 + 60 * n, "y_offset": 4}
            )
