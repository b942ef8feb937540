"""Tables as planners read them: months across with frozen first columns, and plain lists; all downloadable.

`month_table` writes a `MonthGrid` as one HTML element, which costs a page far less than a data grid and is
read by a screen reader as the table it is. Longer lists, which people sort and search, are `st.dataframe`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts.grid import ACTUALS, FROZEN, MonthGrid, Row
from sop_core.calendar import month_label
from sop_core.export.tables import safe_csv
from sop_core.inputs import Floats

#: From this size on numbers are shown in thousands, so that twenty months stay on one screen.
_THOUSANDS = 1_000_000.0

#: Height of a line of a list, pixels.
_LINE = 30

_ZONE = {ACTUALS: "actuals", FROZEN: "frozen", "plan": "plan"}

_STYLES = """<style>
.sop-months{overflow:auto;border:1px solid var(--sop-line);border-radius:6px}
.sop-months table{border-collapse:separate;border-spacing:0;font-size:.8rem;width:100%;color:var(--sop-ink)}
.sop-months th,.sop-months td{padding:.16rem .34rem;text-align:right;white-space:nowrap;
 border-bottom:1px solid var(--sop-line);background:var(--sop-surface);font-weight:400}
.sop-months thead th{color:var(--sop-muted);font-weight:500;position:sticky;top:0;z-index:2;
 background:var(--sop-raised)}
.sop-months thead tr:first-child th{text-align:left;font-size:.72rem;padding-bottom:0;border-bottom:0}
.sop-months thead tr:nth-child(2) th{top:1.35rem}
.sop-months tbody th{position:sticky;left:0;z-index:1;text-align:left;min-width:8.5rem;
 border-right:1px solid var(--sop-line)}
.sop-months thead th:first-child{position:sticky;left:0;z-index:3;text-align:left;
 border-right:1px solid var(--sop-line)}
.sop-months .block th,.sop-months .block td{background:var(--sop-raised);font-weight:600;text-align:left}
.sop-months .block td{font-weight:400;color:var(--sop-muted);white-space:normal}
.sop-months .frozen{background:color-mix(in srgb,var(--sop-muted) 9%,var(--sop-surface))}
.sop-months .starts{border-left:2px solid var(--sop-muted)}
.sop-months .total th,.sop-months .total td{font-weight:600}
.sop-months .part th{padding-left:1.2rem}
.sop-months .part td,.sop-months .part th,.sop-months .share td,.sop-months .share th{color:var(--sop-muted)}
.sop-months .difference th,.sop-months .cumulative th{padding-left:1.2rem}
.sop-months i{font-style:normal;color:var(--sop-muted);font-size:.72rem;margin-left:.4rem}
</style>"""


def month_table(grid: MonthGrid, label: str, height: int | None = None) -> None:
    """Draws a grid: zones and months across, first column frozen. `label` names it to screen readers."""
    st.html(month_html(grid, label, height))


def month_html(grid: MonthGrid, label: str, height: int | None = None) -> str:
    """The grid as HTML with its styles; data are escaped."""
    scale = scale_of([row.amounts for block in grid.blocks for row in block.rows if row.unit != "days"])
    limit = f' style="max-height:{height}px"' if height else ""
    head = _head(grid, scale)
    body = "".join(_block(grid, n, scale) for n in range(len(grid.blocks)))
    return (
        f'{_STYLES}<div class="sop-months" tabindex="0" role="region" aria-label="{fmt.safe(label)}"{limit}>'
        f"<table><caption hidden>{fmt.safe(label)}</caption>{head}<tbody>{body}</tbody></table></div>"
    )


def scale_of(series: Sequence[Floats]) -> float:
    """1, or 1,000 where the largest number would be too wide."""
    highest = max((float(np.nanmax(np.abs(v))) for v in series if np.isfinite(v).any()), default=0.0)
    return 1000.0 if highest >= _THOUSANDS else 1.0


def _head(grid: MonthGrid, scale: float) -> str:
    unit = _main_unit(grid)
    note = fmt.safe(f"thousand {unit}" if scale > 1 else unit)
    zones, at = [], 0
    while at < len(grid.zones):
        end = at
        while end < len(grid.zones) and grid.zones[end] == grid.zones[at]:
            end += 1
        zones.append(f'<th colspan="{end - at}" class="{_starts(grid, at)}">{_ZONE[grid.zones[at]]}</th>')
        at = end
    months = "".join(
        f'<th scope="col" class="{_starts(grid, t)}">{month_label(m)}</th>' for t, m in enumerate(grid.months)
    )
    first = fmt.safe(grid.group)
    return f"<thead><tr><th>{first}</th>{''.join(zones)}</tr><tr><th>{note}</th>{months}</tr></thead>"


def _main_unit(grid: MonthGrid) -> str:
    """The unit of most rows: it stands in the header, and only rows in another one name theirs."""
    units = [row.unit for block in grid.blocks for row in block.rows if row.unit]
    return max(units, key=units.count, default="")


def _starts(grid: MonthGrid, at: int) -> str:
    """Marks the first month after the actuals."""
    return "starts" if at and grid.zones[at - 1] == ACTUALS and grid.zones[at] != ACTUALS else ""


def _block(grid: MonthGrid, number: int, scale: float) -> str:
    block = grid.blocks[number]
    title = ""
    if block.title:
        title = (
            f'<tr class="block"><th scope="rowgroup">{fmt.safe(block.title)}</th>'
            f'<td colspan="{len(grid.months)}">{fmt.safe(block.note)}</td></tr>'
        )
    usual = _main_unit(grid)
    return title + "".join(_line(grid, row, scale, usual) for row in block.rows)


def _line(grid: MonthGrid, row: Row, scale: float, usual: str) -> str:
    by = scale if row.unit not in ("days", "%", "h", "heads") else 1.0
    unit = "" if row.unit == usual else row.unit
    cells = "".join(
        _cell(float(v), row, by, f"{'frozen ' if grid.zones[t] == FROZEN else ''}{_starts(grid, t)}")
        for t, v in enumerate(row.amounts)
    )
    tip = f' title="{fmt.safe(row.note)}"' if row.note else ""
    mark = f"<i>{fmt.safe(unit)}</i>" if unit else ""
    head = f'<th scope="row"{tip}>{fmt.safe(row.label)}{mark}</th>'
    return f'<tr class="{row.kind}">{head}{cells}</tr>'


def _cell(value: float, row: Row, scale: float, style: str) -> str:
    if not np.isfinite(value):
        return f"<td{_class(style)}></td>"
    signed = row.kind in ("difference", "cumulative") and row.favourable >= 0
    text = fmt.exact(value / scale, 0, signed=signed) if row.unit != "%" else fmt.percent(value, 0)
    good = row.favourable * value
    if row.favourable and round(value / scale) != 0:
        style += " sop-good" if good > 0 else " sop-bad"
        word = "favourable" if good > 0 else "unfavourable"
        return f'<td{_class(style)} title="{value:,.1f}, {word}">{text}</td>'
    tip = f' title="{value:,.1f}"' if scale > 1 else ""
    return f"<td{_class(style)}{tip}>{text}</td>"


def _class(style: str) -> str:
    """The attribute where there is one: browsers take hundreds of cells apart at every rerun."""
    return f' class="{style}"' if style else ""


def download(
    label: str, frame: pd.DataFrame | Callable[[], pd.DataFrame], file: str, key: str, *, quiet: bool = False
) -> None:
    """A button that gives the table as CSV. A callable is only called when the button is pressed."""

    def content() -> bytes:
        return safe_csv(frame() if callable(frame) else frame)

    st.download_button(
        label,
        content,
        file_name=file,
        mime="text/csv",
        key=key,
        on_click="ignore",
        icon=":material/download:",
        type="tertiary" if quiet else "secondary",
    )


def listing(
    frame: pd.DataFrame, key: str, height: int | None = None, config: dict[str, Any] | None = None
) -> None:
    """A list to sort and search: one row a fact, without its index."""
    rows = min(len(frame), 12)
    shown = frame.copy(deep=False)
    for name in shown.columns[shown.dtypes.map(pd.api.types.is_numeric_dtype)]:
        # Zero is an en dash here too: a blank number shows the placeholder.
        shown[name] = shown[name].mask(shown[name] == 0)
    numeric = shown.columns[shown.dtypes.map(pd.api.types.is_numeric_dtype)]
    localized = {name: st.column_config.NumberColumn(format="localized") for name in numeric}
    st.dataframe(
        shown,
        key=key,
        hide_index=True,
        height=min(height or 400, 34 + _LINE * max(rows if height is None else len(frame), 1)),
        column_config=localized | (config or {}),
        row_height=_LINE,
        placeholder=fmt.DASH,
    )


def page(label: str, count: int, most: int, key: str, width: int, order: str = "") -> range:
    """Positions to draw of a list of `count`: all where they are at most `most`, else the page that is chosen.
    `order` stands behind the number of entries: `latest first`."""
    if count <= most:
        return range(count)
    tail = f", {order}" if order else ""
    start = st.selectbox(
        label, list(range(0, count, most)), key=key, label_visibility="collapsed", width=width,
        format_func=lambda n: f"{n + 1} to {min(n + most, count)} of {count}{tail}",
    )  # fmt: skip
    first = start if start is not None and start < count else 0
    return range(first, min(first + most, count))
