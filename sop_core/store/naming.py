"""Which table a file means, and which column a heading means."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sop_core.errors import DataError
from sop_core.schema import TABLES, Table

#: Headings that mean a column of the contract, where the table has no column of that very name.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "product": (
        "sku",
        "item",
        "article",
        "product id",
        "product code",
        "item code",
        "item number",
        "material number",
    ),
    "name": ("description", "title"),
    "quantity": ("qty", "volume", "units", "pieces", "on hand"),
    "revenue": ("net revenue", "turnover", "net sales", "sales value", "revenue budget"),
    "month": ("date", "period", "year month", "month end", "month start", "calendar month"),
    "region": ("territory", "sales region", "market"),
    "segment": ("customer segment", "channel", "sales channel"),
    "price": ("list price", "unit price", "sales price"),
    "unit_cost": ("cost", "standard cost", "cost per unit", "variable cost"),
    "unit": ("uom", "unit of measure"),
    "launch": ("launch date",),
    "end": ("end date", "eol", "eol date", "valid to"),
    "start": ("start date", "valid from"),
    "order": ("order number", "order no", "order id", "sales order"),
    "line": ("order line", "line number", "position"),
    "ordered_on": ("order date", "ordered"),
    "due_on": ("due date", "requested date", "due", "delivery date"),
    "shipped_on": ("ship date", "shipment date"),
    "shipped_quantity": ("shipped qty", "qty shipped", "shipped"),
    "site": ("plant", "warehouse", "location", "facility"),
    "supplier": ("vendor", "supplier id", "vendor id"),
    "resource": ("work center", "work centre", "machine", "line"),
    "hours": ("regular hours", "capacity hours"),
    "hours_per_unit": ("hours per piece", "run hours"),
    "quantity_per": ("qty per", "quantity per unit", "usage"),
    "material": ("component", "raw material"),
    "lead_months": ("lead time months", "lead time in months"),
    "working_days": ("workdays", "days"),
    "headcount": ("heads", "fte"),
    "value": ("stock value", "inventory value"),
    "origin": ("from", "source site"),
    "destination": ("to", "ship to"),
    "target": ("safety stock", "goal"),
    "promotion": ("promotion name", "promo"),
    "kpi": ("metric", "indicator"),
    "setting": ("parameter",),
}

_TABLE_ALIASES: Mapping[str, str] = {
    "boms": "bom",
    "billofmaterials": "bom",
    "stock": "inventory",
    "stocks": "inventory",
    "forecast": "demand_plan",
    "items": "products",
    "capacities": "capacity",
}


@dataclass(frozen=True, slots=True)
class Match:
    """A heading that was understood: its position, the contract's column, and how it was recognised."""

    position: int
    column: str
    how: str  #: exact, spelling, alias or mapping


def plain(text: Any) -> str:
    """A name without case, blanks, signs and bracketed units: `Unit cost (EUR)` becomes `unitcost`."""
    bare = re.sub(r"[(\[].*?[)\]]", "", str(text).casefold())
    return re.sub(r"[\W_]+", "", bare) or re.sub(r"[\W_]+", "", str(text).casefold())


def table_for(name: str) -> Table | None:
    """The table that a file or sheet name means, or None. `Sales 2024` and `demand-plan` are understood."""
    by_name = {plain(t.name): t for t in TABLES.values()}
    by_name |= {plain(t.title): t for t in TABLES.values()} | {
        k: TABLES[v] for k, v in _TABLE_ALIASES.items()
    }
    for candidate in (name, re.sub(r"[\W_]*\d[\d\W_]*$", "", name), re.sub(r"\s*\(\d+\)$", "", name)):
        for spelling in (plain(candidate), f"{plain(candidate)}s"):
            if spelling in by_name:
                return by_name[spelling]
    return None


def proposed_table(
    name: str, tops: Sequence[Sequence[Sequence[Any]]], mapping: Mapping[str, Mapping[str, str]]
) -> Table | None:
    """The table that a file of an unknown name seems to hold, for a person to confirm; None where that is not clear.

    A table named by a word of the file's name (`sales_history`), of several the one with most of its columns there;
    else one that has all its required columns there, three at least, and knows most of the headings. `tops`: the
    first rows as read in one or more ways. Between equals the order of the contract decides.
    """
    rows = [row for top in tops for row in top]
    named = [table for word in re.split(r"[\W\d_]+", name) if word and (table := table_for(word)) is not None]
    known = [_known(table, rows, mapping.get(table.name, {})) for table in named]
    if named:
        return named[max(range(len(named)), key=lambda at: (known[at][0], -at))]
    best, found = 0, None
    for table in TABLES.values():
        count, headings, complete = _known(table, rows, mapping.get(table.name, {}))
        if complete and count > best and count >= _PROPOSED_COLUMNS and count > headings / 2:
            best, found = count, table
    return found


#: So many columns must be known before columns alone tell the table.
_PROPOSED_COLUMNS = 3


def _known(table: Table, rows: Sequence[Sequence[Any]], mapping: Mapping[str, str]) -> tuple[int, int, bool]:
    """(columns of `table` in the row that has most of them, headings of that row, whether none required lacks)."""
    best = (0, 0, False)
    for row in rows:
        columns = {m.column for m in header_matches(table, row, mapping)}
        if len(columns) > best[0]:
            headings = sum(cell is not None and bool(str(cell).strip()) for cell in row)
            best = (len(columns), headings, set(table.required) <= columns)
    return best


def table_hint(name: str) -> str:
    """A sentence that proposes the nearest table name, or lists all."""
    near = close(plain(name), {plain(t): t for t in TABLES})
    return f"Did you mean {near}?" if near else f"The tables are {', '.join(TABLES)}."


def close(text: str, known: Mapping[str, str] | Iterable[str], cutoff: float = 0.75) -> str:
    """The known name that is nearest to `text`, or empty."""
    names = known if isinstance(known, Mapping) else {name: name for name in known}
    found = difflib.get_close_matches(text, list(names)[:5_000], n=1, cutoff=cutoff)
    return names[found[0]] if found else ""


@functools.cache
def _spellings(table: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Plain spellings of a table's column names, and of their aliases: each -> column."""
    names = TABLES[table].names
    spelled = {plain(name): name for name in names}
    alias = {plain(text): ours for ours, texts in ALIASES.items() if ours in names for text in texts}
    return MappingProxyType(spelled), MappingProxyType(
        {key: ours for key, ours in alias.items() if key not in spelled}
    )


def header_matches(table: Table, header: Sequence[Any], mapping: Mapping[str, str]) -> tuple[Match, ...]:
    """The headings of `header` that mean a column of `table`, in order; of each column the surest match.

    `mapping` (their heading -> our column, empty = leave out) goes first, then the column's own name in any
    spelling, then aliases. Several headings of the same rank all appear, so that the caller can object.
    """
    spelled, alias = _spellings(table.name)
    given = {plain(theirs): ours for theirs, ours in mapping.items()}
    found: list[tuple[int, Match]] = []
    for position, heading in enumerate(header):
        if heading is None or not str(heading).strip():
            continue
        key = plain(heading)
        if key in given:
            if given[key]:
                found.append((0, Match(position, given[key], "mapping")))
        elif key in spelled:
            exact = str(heading).strip() == spelled[key]
            found.append((1, Match(position, spelled[key], "exact" if exact else "spelling")))
        elif key in alias:
            found.append((2, Match(position, alias[key], "alias")))
    surest: dict[str, int] = {}
    for rank, match in found:
        surest[match.column] = min(rank, surest.get(match.column, 9))
    return tuple(match for rank, match in found if rank == surest[match.column])


def checked_mapping(mapping: Mapping[str, Mapping[str, str]] | None) -> dict[str, dict[str, str]]:
    """A mapping {table: {their column: our column}} with all names checked. Raises DataError."""
    out: dict[str, dict[str, str]] = {}
    for name, columns in (mapping or {}).items():
        table = table_for(name)
        if table is None:
            raise DataError(f"The column mapping names the table '{name}'. {table_hint(name)}")
        if not isinstance(columns, Mapping):
            raise DataError(
                f"The column mapping of {name} is not a list of columns: write it as {{their column: ours}}."
            )
        for theirs, ours in columns.items():
            if ours and ours not in table.names:
                near = close(str(ours), table.names)
                hint = f"Did you mean {near}?" if near else f"It has {', '.join(table.names)}."
                raise DataError(
                    f"The column mapping sends '{theirs}' to '{ours}', which {table.name} does not have. "
                    f"{hint}"
                )
            out.setdefault(table.name, {})[str(theirs)] = str(ours or "")
    return out
