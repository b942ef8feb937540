"""Rows of one key into one row: flows are summed, stocks take the latest date, master data must be unique."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from sop_core.schema import Table
from sop_core.store.raw import RawTable
from sop_core.store.report import Finding
from sop_core.store.understand import DAY, PART, ROW


def key_frame(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The key columns with blanks as their default, so that blank and default are one key."""
    out = frame[list(table.keys)].copy()
    for name in table.keys:
        default = table.column(name).default
        if default is not None:
            out[name] = out[name].fillna(default)
    return out


def gather(
    table: Table, frame: pd.DataFrame, parts: Sequence[RawTable]
) -> tuple[pd.DataFrame, list[Finding]]:
    """One row for each key. Rows that lack a required key are dropped; they were reported before."""
    needed = [name for name in table.keys if table.column(name).required]
    frame = frame[frame[needed].notna().all(axis=1)].reset_index(drop=True)
    keys = key_frame(table, frame)
    repeated = keys.duplicated(keep=False)
    if not repeated.any():
        return frame, []
    if table.gather == "sum":
        return _summed(table, frame, keys, parts)
    if table.gather == "last":
        return _latest(table, frame, keys, parts)
    return frame, list(_duplicates(table, frame, keys, parts))


def _summed(
    table: Table, frame: pd.DataFrame, keys: pd.DataFrame, parts: Sequence[RawTable]
) -> tuple[pd.DataFrame, list[Finding]]:
    amounts = [c.name for c in table.columns if not c.key]
    groups = keys.groupby(list(table.keys), dropna=False, sort=False).ngroup().to_numpy()
    grouped = frame[amounts].groupby(groups, sort=False)
    first = pd.Series(np.arange(len(frame))).groupby(groups, sort=False).first().to_numpy()
    out = frame.iloc[first].reset_index(drop=True)
    out[amounts] = grouped.sum(min_count=1).to_numpy()
    findings = [
        _at(
            parts,
            frame,
            int(first[0]),
            "change",
            f"{len(frame):,} rows were summed into {len(out):,}, one for each {', '.join(table.keys)}",
            row=False,
        )
    ]
    for name in amounts:
        given = grouped[name].count().to_numpy()
        mixed = (given > 0) & (given < grouped.size().to_numpy())
        if mixed.any():
            findings.append(
                _at(
                    parts,
                    frame,
                    int(first[np.argmax(mixed)]),
                    "warning",
                    f"in {int(mixed.sum()):,} groups of rows that were summed, {name} is blank in some "
                    "rows and given in others; "
                    "the blanks counted as nothing",
                    "Fill the blank cells, or leave the whole column out.",
                    column=name,
                )
            )
    return out, findings


def _latest(
    table: Table, frame: pd.DataFrame, keys: pd.DataFrame, parts: Sequence[RawTable]
) -> tuple[pd.DataFrame, list[Finding]]:
    dated = keys.assign(**{DAY: frame[DAY]})
    if dated.duplicated().any():
        return frame, list(_duplicates(table, frame, dated, parts))
    order = np.argsort(frame[DAY].to_numpy(), kind="stable")
    kept = np.sort(order[~keys.iloc[order].duplicated(keep="last").to_numpy()])
    out = frame.iloc[kept].reset_index(drop=True)
    message = f"of {len(frame):,} rows the latest of each month was kept, {len(out):,} rows"
    return out, [_at(parts, frame, int(kept[0]), "change", message, row=False)]


def _duplicates(
    table: Table, frame: pd.DataFrame, keys: pd.DataFrame, parts: Sequence[RawTable]
) -> Iterator[Finding]:
    groups = keys.groupby(list(keys.columns), dropna=False, sort=False).ngroup().to_numpy()
    firsts = pd.Series(np.arange(len(frame))).groupby(groups, sort=False).transform("first").to_numpy()
    for at in np.flatnonzero(keys.duplicated().to_numpy()):
        key = ", ".join(
            f"{name} '{_shown(keys[name].iloc[at])}'" for name in table.keys if pd.notna(keys[name].iloc[at])
        )
        first = _at(parts, frame, int(firsts[at]), "error", "")
        where = f"row {first.row:,}" if first.file == parts[int(frame[PART].iloc[at])].file else first.where
        if first.sheet and first.sheet != parts[int(frame[PART].iloc[at])].sheet:
            where = first.where
        yield _at(
            parts,
            frame,
            int(at),
            "error",
            f"{key} stands there already in {where}",
            "Keep one of the two rows.",
            column=table.keys[0],
            value=_shown(keys[table.keys[0]].iloc[at]),
        )


def _shown(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _at(
    parts: Sequence[RawTable],
    frame: pd.DataFrame,
    at: int,
    severity: str,
    message: str,
    remedy: str = "",
    *,
    row: bool = True,
    column: str = "",
    value: str = "",
) -> Finding:
    part = parts[int(frame[PART].iloc[at])]
    number = int(frame[ROW].iloc[at]) if row else None
    return part.finding(severity, message, remedy, row=number, column=column, value=value)
