"""The financial projection as months, quarters or fiscal years across: what is drawn, as data, and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pages.parts import format as fmt
from sop_core import projection as fin
from sop_core.calendar import span_label
from sop_core.inputs import Floats, Ints
from sop_core.projection import FLOW, MONTH, YEAR, FamilyMoney, Projection, Revenue

TOTAL, PART, PLAIN, GAP, RATE = "total", "part", "plain", "gap", "rate"
#: From this size on money is shown in thousands.
_THOUSANDS = 100_000.0

_STYLES = """<style>
.sop-fin{overflow:auto;border:1px solid var(--sop-line);border-radius:6px;max-height:34rem}
.sop-fin table{border-collapse:separate;border-spacing:0;font-size:.8rem;width:100%;color:var(--sop-ink)}
.sop-fin th,.sop-fin td{padding:.16rem .38rem;text-align:right;white-space:nowrap;font-weight:400;
 border-bottom:1px solid var(--sop-line);background:var(--sop-surface)}
.sop-fin thead th{color:var(--sop-muted);font-weight:500;position:sticky;top:0;z-index:2;background:var(--sop-raised)}
.sop-fin tbody th{position:sticky;left:0;z-index:1;text-align:left;min-width:10.5rem;
 border-right:1px solid var(--sop-line)}
.sop-fin thead th.closed{white-space:normal;min-width:5.6rem}
.sop-fin thead th:first-child{left:0;z-index:3;text-align:left;border-right:1px solid var(--sop-line)}
.sop-fin .block th,.sop-fin .block td{background:var(--sop-raised);font-weight:600;text-align:left}
.sop-fin .block td{font-weight:400;color:var(--sop-muted)}
.sop-fin .sum{background:color-mix(in srgb,var(--sop-accent) 7%,var(--sop-surface));font-weight:500}
.sop-fin thead .sum{background:color-mix(in srgb,var(--sop-accent) 12%,var(--sop-raised))}
.sop-fin .closed{background:color-mix(in srgb,var(--sop-muted) 12%,var(--sop-surface))}
.sop-fin tr.total th,.sop-fin tr.total td{font-weight:600}
.sop-fin tr.part th{padding-left:1.2rem}.sop-fin tr.part th,.sop-fin tr.part td{color:var(--sop-muted)}
.sop-fin tr.gap th,.sop-fin tr.rate th{padding-left:1.2rem}.sop-fin tr.rate td{color:var(--sop-muted)}
</style>"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `at`: positions among the closed and planned months together. `sum`: a total of columns before it;
    `closed`: invoiced months alone."""

    label: str
    at: Ints
    tip: str
    sum: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `amounts` [column], nan = not known. `kind` names its look; `favourable`: +1 where more is good."""

    label: str
    amounts: Floats
    kind: str = PLAIN
    favourable: int = 0
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows under a title."""

    title: str
    rows: tuple[Row, ...]
    note: str = ""


def columns(revenue: Revenue, first_month: int, kind: str) -> tuple[Column, ...]:
    """Periods with the total of each fiscal year behind its own, and the whole plan at the end.

    Months: the closed months of the running fiscal year stand in one column.
    """
    months, closed = revenue.months, int(revenue.closed.sum())
    found: list[Column] = []
    years = fin.periods(months, first_month, YEAR)
    for year in years:
        if kind != YEAR:
            parts = [p for p in fin.periods(months, first_month, kind) if p.year == year.year]
            if kind == MONTH and (year.at < closed).any():
                gone = year.at[year.at < closed]
                label = f"Invoiced {span_label(months[gone[0]], months[gone[-1]])}"
                found.append(Column(label, gone, "Closed months of the running fiscal year", closed=True))
                parts = [p for p in parts if p.at[0] >= closed]
            found += [
                Column(
                    p.label.removeprefix(f"FY {p.year % 100:02d} ") if kind != MONTH else p.label,
                    p.at,
                    _tip(p.at, revenue),
                    closed=bool((p.at < closed).all()),
                )
                for p in parts
            ]
        found.append(Column(year.label, year.at, _tip(year.at, revenue), sum=True))
    ahead = np.arange(closed, len(months))
    found.append(Column("Plan", ahead, f"All planned months, {_span(revenue, ahead)}", sum=True))
    return tuple(found)


def _span(revenue: Revenue, at: Ints) -> str:
    return span_label(revenue.months[at[0]], revenue.months[at[-1]])


def _tip(at: Ints, revenue: Revenue) -> str:
    """`Jan-Dec 26, of which Jan-Oct 26 invoiced`."""
    gone = at[revenue.closed[at]]
    said = _span(revenue, at)
    if not len(gone):
        return said
    return (
        f"{said}, invoiced" if len(gone) == len(at) else f"{said}, of which {_span(revenue, gone)} invoiced"
    )


def over_all(values: Floats, shown: Sequence[Column]) -> Floats:
    """[column] sums of a series [n] over closed and planned months; nan where a month of it is not known."""
    return np.array([float(values[column.at].sum()) for column in shown])


def over_plan(values: Floats, shown: Sequence[Column], closed: int, kind: str = FLOW) -> Floats:
    """[column] sums of a flow [t], or last values of a balance, over the planned months of each column alone."""
    out = []
    for column in shown:
        part = values[column.at[column.at >= closed] - closed]
        out.append(np.nan if not len(part) else float(part.sum() if kind == FLOW else part[-1]))
    return np.array(out)


def revenue_block(
    revenue: Revenue, shown: Sequence[Column], others: Sequence[tuple[str, Floats, str]]
) -> Block:
    """Invoiced and planned revenue together, and by how much it differs from others [n], by name with a remark."""
    mine = over_all(revenue.amounts, shown)
    rows = [
        Row("Revenue", mine, TOTAL, 1, "Invoiced in closed months, planned deliveries at their prices ahead")
    ]
    for name, values, remark in others:
        theirs = over_all(values, shown)
        rows += [Row(name, theirs, PLAIN, 0, remark), gap_row(name, mine, theirs, 1)]
    return Block("Revenue, invoiced and planned", tuple(rows))


def gap_row(name: str, mine: Floats, theirs: Floats, favourable: int) -> Row:
    """`Above (+) or below (−) budget`."""
    return Row(
        f"Difference to {name if name.startswith('LE') else name.lower()}", mine - theirs, GAP, favourable
    )


def statement_blocks(
    money: Projection, shown: Sequence[Column], closed: int, budget: Floats | None, base: Projection | None
) -> list[Block]:
    """P&L to contribution margin, working capital, cash: planned months alone."""

    def total(name: str, source: Projection = money) -> Floats:
        return over_plan(source.money[name], shown, closed, fin.line(name).kind)

    def row(name: str, kind: str) -> Row:
        entry = fin.line(name)
        return Row(entry.title, total(name), kind, entry.favourable, entry.formula)

    def against_base(name: str) -> list[Row]:
        if base is None:
            return []
        there = total(name, base)
        return [
            Row(f"{fin.line(name).title}, base", there),
            gap_row("Base", total(name), there, fin.line(name).favourable),
        ]

    margin, revenue = total("margin"), total("revenue")
    rate = np.divide(margin, revenue, out=np.full(len(shown), np.nan), where=revenue > 0)
    rows = [
        row("revenue", PLAIN),
        *(row(name, PART) for name in money.costs),
        row("cost", PLAIN),
        row("margin", TOTAL),
    ]
    rows.append(Row("Margin rate", rate, RATE, 0, "Contribution margin / revenue"))
    if budget is not None:
        theirs = over_plan(budget, shown, closed)
        rows += [
            Row("Budget", theirs, PLAIN, 0, "Margin of the table budget"),
            gap_row("Budget", margin, theirs, 1),
        ]
    rows += against_base("margin")
    note = "planned months alone: what closed months cost is not in the tables" if closed else ""
    capital = [
        row("stock_value", PART),
        row("receivables", PART),
        row("payables", PART),
        row("working_capital", TOTAL),
    ]
    cash = [row("cash_flow", PLAIN), row("cumulative_cash", TOTAL)]
    return [
        Block("Contribution margin", tuple(rows), note),
        Block("Working capital", (*capital, *against_base("working_capital")), "at the end of the period"),
        Block("Cash", (*cash, *against_base("cumulative_cash")), "since the plan's first month"),
    ]


def family_blocks(families: Sequence[FamilyMoney], shown: Sequence[Column], closed: int) -> list[Block]:
    """What belongs to one family exactly: revenue, its average price, and stock; with the company's totals."""
    revenue = [Row(f.family or "No family", over_plan(f.revenue, shown, closed)) for f in families]
    stock = [
        Row(f.family or "No family", over_plan(f.stock_value, shown, closed, fin.BALANCE)) for f in families
    ]
    return [
        Block(title, (*rows, Row("Company", np.sum([row.amounts for row in rows], axis=0), TOTAL)), note)
        for title, rows, note in (
            ("Revenue by family", revenue, "planned months"),
            ("Stock value by family", stock, "at the end of the period, standard cost"),
        )
    ]


# -- HTML ---------------------------------------------------------------------------------------------------


def html(blocks: Sequence[Block], shown: Sequence[Column], currency: str, label: str) -> str:
    """The table with its styles; zero is a dash, what is not known stays blank; data are escaped."""
    amounts = np.concatenate([row.amounts for block in blocks for row in block.rows if row.kind != RATE])
    known = np.abs(amounts[np.isfinite(amounts)])
    scale = 1000.0 if len(known) and known.max() >= _THOUSANDS else 1.0
    unit = f"thousand {currency}" if scale > 1 else currency
    head = "".join(
        f'<th scope="col" class="{_look(c)}" title="{fmt.safe(c.tip)}">{fmt.safe(c.label)}</th>'
        for c in shown
    )
    body = "".join(_block(block, shown, scale) for block in blocks)
    return (
        f'{_STYLES}<div class="sop-fin" tabindex="0" role="region" aria-label="{fmt.safe(label)}"><table>'
        f"<caption hidden>{fmt.safe(label)}</caption><thead><tr><th>{fmt.safe(unit)}</th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _look(column: Column) -> str:
    return "sum" if column.sum else "closed" if column.closed else ""


def _block(block: Block, shown: Sequence[Column], scale: float) -> str:
    title = (
        f'<tr class="block"><th scope="rowgroup">{fmt.safe(block.title)}</th>'
        f'<td colspan="{len(shown)}">{fmt.safe(block.note)}</td></tr>'
    )
    return title + "".join(_line(row, shown, scale) for row in block.rows)


def _line(row: Row, shown: Sequence[Column], scale: float) -> str:
    cells = "".join(_cell(float(v), row, c, scale) for v, c in zip(row.amounts, shown, strict=True))
    tip = f' title="{fmt.safe(row.tip)}"' if row.tip else ""
    return f'<tr class="{row.kind}"><th scope="row"{tip}>{fmt.safe(row.label)}</th>{cells}</tr>'


def _cell(value: float, row: Row, column: Column, scale: float) -> str:
    look = _look(column)
    if not np.isfinite(value):
        return f'<td class="{look}"></td>'
    if row.kind == RATE:
        return f'<td class="{look}">{fmt.percent(value)}</td>'
    signed = row.kind == GAP
    tip = f"{value:,.2f}"
    if signed and round(value / scale):
        good = value * row.favourable > 0
        look += " sop-good" if good else " sop-bad"
        tip += ", favourable" if good else ", unfavourable"
    return f'<td class="{look}" title="{tip}">{fmt.exact(value / scale, 0, signed=signed)}</td>'
