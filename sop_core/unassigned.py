"""Demand that names no region or segment, in a company that lists several.

Rows of sales, orders and the demand plan may leave region and segment blank (`All`). Where the company lists its
regions or segments, such rows are shared out over them, so that no unit is lost and every unit can be served by
the lanes, priorities and rules of the listed ones. The shares are those of the rows that do name one, of the same
product where it has any, else of all products; where no row names one, the shares are even.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from sop_core.schema import ALL

_DEMAND = ("sales", "orders", "demand_plan")
_AMOUNTS = ("quantity", "revenue", "shipped_quantity")

Note = Callable[[str, str, str, int, str], None]


def share_out(tables: dict[str, pd.DataFrame], note: Note) -> None:
    """Replaces rows of `All` by one row a listed region or segment, in place; notes what it shared.

    `note(table, column, value, rows, meaning)`. A company whose list holds one called All means that one.
    """
    for column, master in (("region", "regions"), ("segment", "segments")):
        listed = list(tables[master][column])
        if ALL in listed:
            continue
        for name in _DEMAND:
            frame = tables[name]
            blank = (frame[column] == ALL).to_numpy()
            if not blank.any():
                continue
            shares, how = _shares(tables, name, column, listed)
            tables[name] = _spread(frame, blank, column, shares)
            value = listed[0] if len(listed) == 1 else "shared out"
            why = f"no {column} named; {f'the only one of {master}' if len(listed) == 1 else how}"
            note(name, column, value, int(blank.sum()), why)


def _shares(
    tables: dict[str, pd.DataFrame], name: str, column: str, listed: list[str]
) -> tuple[pd.DataFrame, str]:
    """(shares by product and listed name, rows sum to 1; the product "" stands for all others; how, in words)."""
    for source in (name, *_DEMAND):
        frame = tables[source]
        named = frame[(frame[column] != ALL) & (frame["quantity"] > 0)]
        if not len(named):
            continue
        units = named.pivot_table(index="product", columns=column, values="quantity", aggfunc="sum")
        units = units.reindex(columns=listed).fillna(0.0)
        units.loc[""] = units.sum()
        if units.loc[""].sum() <= 0:
            continue
        return units[units.sum(axis=1) > 0].pipe(lambda part: part.div(part.sum(axis=1), axis=0)), (
            f"shared over {len(listed)} as the rows of {source} that name one"
        )
    even = pd.DataFrame(1.0 / len(listed), index=[""], columns=listed)
    return even, f"shared evenly over {len(listed)}"


def _spread(frame: pd.DataFrame, blank: np.ndarray, column: str, shares: pd.DataFrame) -> pd.DataFrame:
    rows = frame[blank]
    line = shares.index.get_indexer(pd.Index(rows["product"]))
    others = shares.index.get_indexer(pd.Index([""]))
    line = np.where(line < 0, others, line)
    part = shares.to_numpy(dtype=float)[line]
    at, to = np.nonzero(part > 0)
    spread = rows.iloc[at].copy()
    spread[column] = shares.columns.to_numpy()[to]
    spread[column] = spread[column].astype(frame[column].dtype)
    for amount in _AMOUNTS:
        if amount in spread.columns:
            spread[amount] = spread[amount].to_numpy(dtype=float) * part[at, to]
    return pd.concat([frame[~blank], spread], ignore_index=True)
