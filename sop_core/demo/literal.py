"""Small tables written as text, so that master data can be read at a glance."""

from __future__ import annotations

from typing import Any

import pandas as pd


def table(text: str) -> pd.DataFrame:
    """A frame from lines of cells parted by `|`; the first line names the columns.

    A column whose filled cells are all numbers becomes float64 (blank = nan); any other stays text
    (blank = None). Raises ValueError when a line has another number of cells than the heading.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    heading, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    for row in rows:
        if len(row) != len(heading):
            raise ValueError(f"{len(row)} cells instead of {len(heading)} in the line: {' | '.join(row)}")
    columns = {name: [row[i] or None for row in rows] for i, name in enumerate(heading)}
    return pd.DataFrame({name: _typed(cells) for name, cells in columns.items()})


def _typed(cells: list[str | None]) -> pd.Series:
    """Cells as float64 where every filled one is a number, else as text."""
    try:
        return pd.Series([float("nan") if cell is None else float(cell) for cell in cells], dtype="float64")
    except ValueError:
        return pd.Series(cells, dtype="object")


def rows(frame: pd.DataFrame) -> list[Any]:
    """The frame's rows, with columns as attributes."""
    return list(frame.itertuples(index=False))
