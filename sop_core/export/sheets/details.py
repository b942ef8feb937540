"""The detail sheets: one row a fact of the plan, from its frames, with units, filters and totals of what is visible."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from sop_core.export.sheets.sheet import Column, Formula, Sheet, Table
from sop_core.pack.value import Pack

#: Rows of a detail sheet; longer results are added up over their finest labels. Excel's own limit is 1,048,576.
MOST_ROWS: Final = 150_000
#: Rows above the heading: title, sentence, totals.
HEAD: Final = 3
#: Keys by which a result that is too long is added up, the first one first.
_COARSER: Final = ("segment", "region", "site", "origin", "destination", "item", "source", "material")
_LAYERS: Final[Mapping[str, str]] = MappingProxyType(
    {"layer_sales_input": "Sales input", "layer_run_down": "Run-down"}
)


@dataclass(frozen=True, slots=True)
class Detail:
    """A detail sheet as it was written: where its columns stand, what is in them, and whether rows were added up."""

    table: Table
    frame: pd.DataFrame
    coarse: bool

    def range(self, column: str) -> str:
        """The cells of a column, for formulas."""
        return self.table.range(column)

    def total(self, column: str) -> float:
        """The column added up; what is not known counts as nothing."""
        return float(np.nansum(self.frame[column].to_numpy(dtype=float))) if len(self.frame) else 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """How one frame becomes a sheet. `ready` brings the frame into its columns' order."""

    name: str
    sheet: str
    sentence: str
    ready: Callable[[Mapping[str, pd.DataFrame], Pack], pd.DataFrame]
    keys: tuple[str, ...]
    columns: Callable[[pd.DataFrame, str], list[tuple[str, Column]]]
    live: Callable[[pd.DataFrame, Table, bool], dict[str, Iterator[Formula]]] | None = None
    sparse: bool = False  #: long sheets leave zeros blank: they are most of the cells and say nothing


def write(sheet: Sheet, result: Result, frames: Mapping[str, pd.DataFrame], pack: Pack) -> Detail:
    """The frame on its sheet."""
    frame = result.ready(frames, pack)
    fine = len(frame)
    frame = _coarser(frame, result.keys)
    coarse = len(frame) < fine
    columns = result.columns(frame, pack.currency)
    sentence = result.sentence
    if coarse:
        left = [key for key in result.keys if key in frame]
        sentence += (
            f" Its {fine:,} rows are more than a sheet holds well, so they are added up by {', '.join(left)}; the "
            "command `plan` writes every row as CSV."
        )
    if result.sparse and len(frame):
        sentence += " A blank number is zero."
    if not len(frame):
        sentence += " There is nothing of this in the plan."
    sheet.open(result.sheet, sentence, min(max(len(columns), 6), 9))
    table = Table(
        sheet.name,
        HEAD + 1,
        HEAD + max(len(frame), 1),
        {key: at for at, (key, _) in enumerate(columns)},
    )
    live = {} if result.live is None else result.live(frame, table, coarse)
    cells = [live.get(key) or _cells(frame[key], result.sparse) for key, _ in columns]
    rows: Iterable[Sequence[Any]] = zip(*cells, strict=True) if len(frame) else ()
    keys = sum(key in result.keys for key, _ in columns)
    sheet.table(HEAD, columns, rows, filtered=True, frozen=keys)
    sheet.text(2, 0, "Total of what is shown", sheet.style.said)
    for key, column in columns:
        if column.total:
            at = table.columns[key]
            known = float(np.nansum(frame[key].to_numpy(dtype=float))) if len(frame) else 0.0
            formula = Formula(f"=SUBTOTAL(109,{table.range(key).split('!')[1]})", known)
            sheet.value(2, at, formula, column.kind, sheet.style.number(column.kind, bold=True))
    return Detail(table, frame, coarse)


def _cells(values: pd.Series, sparse: bool) -> Iterator[Any]:
    """A column's values as a sheet takes them: dates, numbers, texts, None where nothing is known."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        # Many rows share a few months, so each is turned into a day once.
        days = {stamp: None if pd.isna(stamp) else stamp.date() for stamp in values.unique()}
        return iter([days.get(stamp) for stamp in values])
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.astype(float).tolist()
        return iter([None if not math.isfinite(v) or (sparse and v == 0.0) else v for v in numbers])
    return iter(["" if pd.isna(value) else str(value) for value in values.tolist()])


def _coarser(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The frame, added up over its finest labels until it fits. What cannot be added up (price) goes."""
    left = list(keys)
    for key in _COARSER:
        if len(frame) <= MOST_ROWS:
            break
        if key in left and len(left) > 1:
            left.remove(key)
            sums = [c for c in frame.columns if c not in keys and c not in ("price", "utilisation")
                    and pd.api.types.is_numeric_dtype(frame[c].dtype)]  # fmt: skip
            frame = frame.groupby(left, sort=False, as_index=False, observed=True)[sums].sum()
    return frame


def _labels(frame: pd.DataFrame, keys: Sequence[str]) -> list[tuple[str, Column]]:
    titles = {
        "item": Column("Item", width=24),
        "family": Column("Family", width=18),
        "region": Column("Region", width=14),
        "segment": Column("Segment", width=16),
        "month": Column("Month", "month"),
        "source": Column("Source", width=26),
        "kind": Column("Kind", width=12),
        "site": Column("Site", width=16),
        "origin": Column("From", width=18),
        "destination": Column("To", width=18),
        "resource": Column("Resource", width=22),
        "material": Column("Material", width=34),
    }
    return [(key, titles[key]) for key in keys if key in frame]


def _numbers(frame: pd.DataFrame, columns: Mapping[str, Column]) -> list[tuple[str, Column]]:
    return [(key, column) for key, column in columns.items() if key in frame]


# Demand ---------------------------------------------------------------------------------------------------------


_FOUR: Final = ("item", "family", "region", "segment", "month")


def _demand(frames: Mapping[str, pd.DataFrame], _: Pack) -> pd.DataFrame:
    return frames["demand"]


def _demand_columns(frame: pd.DataFrame, currency: str) -> list[tuple[str, Column]]:
    layers = {
        key: Column(_LAYERS.get(key, key.removeprefix("layer_").replace("_", " ").capitalize()), "units", "units",
                    total=True)
        for key in frame.columns if key.startswith("layer_")
    }  # fmt: skip
    numbers = {"baseline": Column("Baseline", "units", "units", total=True)} | layers
    numbers["unconstrained"] = Column("Unconstrained demand", "units", "units", total=True)
    numbers["price"] = Column("Price", "price", f"{currency} a unit")
    return _labels(frame, _FOUR) + _numbers(frame, numbers)


# Backlog --------------------------------------------------------------------------------------------------------


def _backlog(frames: Mapping[str, pd.DataFrame], _: Pack) -> pd.DataFrame:
    """Asked for, on time, served, waiting and lost side by side, so that service can be followed row by row."""
    asked = frames["demand"][[*_FOUR, "unconstrained", "price"]].rename(columns={"unconstrained": "asked"})
    both = asked.merge(frames["backlog"], on=list(_FOUR), how="outer")
    for name in ("asked", "served", "backlog", "lost", "revenue"):
        both[name] = both[name].fillna(0.0)
    both["on_time"] = both["asked"] - np.minimum(both["asked"], both["backlog"] + both["lost"])
    order = [*_FOUR, "asked", "on_time", "served", "backlog", "lost", "price", "revenue"]
    return both[order].sort_values(list(_FOUR), kind="stable", ignore_index=True)


def _backlog_columns(frame: pd.DataFrame, currency: str) -> list[tuple[str, Column]]:
    return _labels(frame, _FOUR) + _numbers(
        frame,
        {
            "asked": Column("Asked for", "units", "units", total=True),
            "on_time": Column("Served on time", "units", "units", total=True),
            "served": Column("Served, on time or late", "units", "units", total=True),
            "backlog": Column("Waiting at month end", "units", "units"),
            "lost": Column("Lost", "units", "units", total=True),
            "price": Column("Price", "price", f"{currency} a unit"),
            "revenue": Column("Revenue", "money", currency, total=True),
        },
    )


def _on_time(frame: pd.DataFrame, table: Table, coarse: bool) -> dict[str, Iterator[Formula]]:
    if coarse:
        return {}  # the least of two sums is not the sum of the leasts
    asked, waiting, lost = (_letter(table, name) for name in ("asked", "backlog", "lost"))
    first = table.first + 1
    return {
        "on_time": (
            Formula(f"={asked}{row}-MIN({asked}{row},{waiting}{row}+{lost}{row})", value)
            for row, value in enumerate(frame["on_time"].tolist(), start=first)
        )
    }


def _letter(table: Table, column: str) -> str:
    return table.range(column).split("!")[1].split("$")[1]


# The others -----------------------------------------------------------------------------------------------------


def _frame(name: str, order: Sequence[str]) -> Callable[[Mapping[str, pd.DataFrame], Pack], pd.DataFrame]:
    def ready(frames: Mapping[str, pd.DataFrame], _: Pack) -> pd.DataFrame:
        frame = frames[name]
        return frame[[column for column in order if column in frame]]

    return ready


def _columns(
    keys: Sequence[str], numbers: Mapping[str, tuple[str, str, str, bool]]
) -> Callable[[pd.DataFrame, str], list[tuple[str, Column]]]:
    """`numbers`: column -> title, kind, unit (`money` stands for the currency), whether it is a flow."""

    def made(frame: pd.DataFrame, currency: str) -> list[tuple[str, Column]]:
        return _labels(frame, keys) + _numbers(
            frame,
            {
                key: Column(title, kind, currency if unit == "money" else unit, total=total)
                for key, (title, kind, unit, total) in numbers.items()
            },
        )

    return made


_MADE: Final = ("source", "kind", "item", "site", "month")
_STOCK: Final = ("item", "family", "site", "month")
_WAY: Final = ("item", "origin", "destination", "month")
_PLACE: Final = ("resource", "month")


def _load(frames: Mapping[str, pd.DataFrame], pack: Pack) -> pd.DataFrame:
    """Load with the regular hours at hand beside it, where the pack knows them, and the part of them that is used."""
    frame = frames["load"].copy()
    known = {
        (line.name, pd.Timestamp(f"{month}-01")): hours
        for line in pack.resources
        for month, hours in zip(pack.months, line.available, strict=True)
        if hours is not None
    }
    at = zip(frame["resource"], frame["month"], strict=True)
    frame["available"] = np.array([known.get(key, np.nan) for key in at], dtype=float)
    hours, load = frame["available"].to_numpy(), frame["load"].to_numpy()
    frame["utilisation"] = np.divide(load, hours, out=np.full(len(frame), np.nan), where=hours > 0)
    order = [
        "resource",
        "month",
        "load",
        "available",
        "utilisation",
        "regular",
        "overtime",
        "shifts",
        "capacity",
    ]
    return frame[[column for column in order if column in frame]]


def _utilised(frame: pd.DataFrame, table: Table, coarse: bool) -> dict[str, Iterator[Formula]]:
    load, hours = _letter(table, "load"), _letter(table, "available")
    return {
        "utilisation": (
            Formula(f'=IF(N({hours}{row})>0,{load}{row}/{hours}{row},"")', value)
            for row, value in enumerate(frame["utilisation"].tolist(), start=table.first + 1)
        )
    }


#: The detail sheets in the order of the plan: what is wanted, what is made, what lies, what waits, what moves.
RESULTS: Final[tuple[Result, ...]] = (
    Result(
        "demand", "Demand",
        "What the market wants before supply has its say, layer by layer: a row for each item, region, segment and "
        "month. The layers add up to the unconstrained demand.",
        _demand, _FOUR, _demand_columns, sparse=True,
    ),
    Result(
        "production", "Production",
        "Units started and received from each source (make, buy, subcontract) by month, and the cost of what is "
        "started.",
        _frame("production", [*_MADE, "started", "received", "cost", "contract_shortfall"]), _MADE,
        _columns(_MADE, {
            "started": ("Started", "units", "units", True),
            "received": ("Received", "units", "units", True),
            "cost": ("Cost of what is started", "money", "money", True),
            "contract_shortfall": ("Below the contract's minimum", "units", "units", True),
        }),
    ),
    Result(
        "stock", "Stock",
        "Stock at month end with its target, by item and site; its value is at standard cost. Balances: they are not "
        "added up over months.",
        _frame("stock", [*_STOCK, "stock", "target", "below_target", "value"]), _STOCK,
        _columns(_STOCK, {
            "stock": ("Stock at month end", "units", "units", False),
            "target": ("Target", "units", "units", False),
            "below_target": ("Below target", "units", "units", False),
            "value": ("Stock value", "money", "money", False),
        }), sparse=True,
    ),
    Result(
        "backlog", "Backlog",
        "What is asked for and what becomes of it. Served on time = asked for less what waits or is lost, at most all "
        "of it: the oldest order is served first.",
        _backlog, _FOUR, _backlog_columns, _on_time, sparse=True,
    ),
    Result(
        "shipments", "Shipments",
        "Units that leave by lane and month, and the cost of transport.",
        _frame("shipments", [*_WAY, "quantity", "cost"]), _WAY,
        _columns(_WAY, {
            "quantity": ("Shipped", "units", "units", True),
            "cost": ("Transport cost", "money", "money", True),
        }), sparse=True,
    ),
    Result(
        "load", "Capacity load",
        "Hours needed and at hand by resource and month. Utilisation = hours needed / regular hours at hand; a resource "
        "without a limit has none.",
        _load, _PLACE,
        _columns(_PLACE, {
            "load": ("Needed", "hours", "hours", True),
            "available": ("Regular hours at hand", "hours", "hours", True),
            "utilisation": ("Utilisation", "fraction", "", False),
            "regular": ("Regular hours used", "hours", "hours", True),
            "overtime": ("Overtime", "hours", "hours", True),
            "shifts": ("Extra shifts", "hours", "hours", True),
            "capacity": ("Capacity with overtime and shifts", "hours", "hours", True),
        }), _utilised,
    ),
    Result(
        "staffing", "Staffing",
        "Heads behind each resource, hired and released, by month. Resources with people only.",
        _frame("staffing", [*_PLACE, "headcount", "hired", "released"]), _PLACE,
        _columns(_PLACE, {
            "headcount": ("Heads", "heads", "heads", False),
            "hired": ("Hired", "heads", "heads", True),
            "released": ("Released", "heads", "heads", True),
        }),
    ),
    Result(
        "materials", "Materials",
        "Units of each material bought, by supplier and month.",
        _frame("materials", ["material", "month", "bought"]), ("material", "month"),
        _columns(("material", "month"), {"bought": ("Bought", "units", "units", True)}),
    ),
)  # fmt: skip
