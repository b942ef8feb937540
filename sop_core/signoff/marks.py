"""Marks: a few bytes for each row of the data that a sign-off rests on, by which a row that changed is named.

A digest of a table says that something changed; marks say which row. Each row has sixteen bytes: a hash of its key and
a hash of all of it. Values are hashed in a form that no library version changes, blanks and columns without values do
not count, and a key left blank is its default, as in the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_core.calendar import month_label
from sop_core.schema import TABLES, Column, Table

#: Bytes of one hash.
SIZE: Final = 8
#: Rows named before the rest is counted.
NAMED: Final = 20

_WORD: Final = np.dtype("<u8")
_Words: TypeAlias = NDArray[np.uint64]


def marks(tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """The marks of every contract table that has rows, sixteen bytes a row in the given order (the store's: by key)."""
    return {
        name: _marks(TABLES[name], tables[name]).tobytes() for name in sorted(TABLES) if _rows(tables, name)
    }


def table_digest(table: str, frame: pd.DataFrame) -> str:
    """SHA-256 (hex) of a contract table's content, by the rules of the content fingerprint."""
    from sop_core.store.fingerprint import content_fingerprint

    return content_fingerprint({table: frame})


def table_digests(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """The digest of every contract table that has rows."""
    return {name: table_digest(name, tables[name]) for name in sorted(TABLES) if _rows(tables, name)}


def compare(table: str, then: bytes, now: pd.DataFrame) -> list[str]:
    """Sentences on rows of a table that changed, were added or are missing since its marks were taken: the first
    twenty by name, then how many more. Missing rows can only be counted: a mark does not tell its key. Empty: nothing
    differs. Raises ValueError where `then` is not made of marks."""
    if len(then) % (2 * SIZE):
        raise ValueError(f"{len(then)} bytes are not marks of {2 * SIZE} bytes a row.")
    old, new = np.frombuffer(then, dtype=_WORD).reshape(-1, 2), _marks(TABLES[table], now)
    before = dict(zip(old[:, 0].tolist(), old[:, 1].tolist(), strict=True))
    found: list[str] = []
    for at, (key, row) in enumerate(new.tolist()):
        if key not in before:
            found.append(f"{row_name(table, now, at)}: was not there when the plan was signed.")
        elif before[key] != row:
            found.append(f"{row_name(table, now, at)}: its values differ from those that were signed.")
    missing = len(set(before) - set(new[:, 0].tolist()))
    if missing:
        rows = "1 row that was signed is" if missing == 1 else f"{missing:,} rows that were signed are"
        found.insert(0, f"{table}: {rows} missing.")
    if not found and len(old) != len(new):
        found.append(f"{table}: {len(new):,} rows where {len(old):,} were signed; some stand there twice.")
    return first_of(found)


def first_of(sentences: Sequence[str], most: int = NAMED) -> list[str]:
    """The first of many sentences, and how many more there are."""
    more = len(sentences) - most
    return [*sentences[:most], f"and {more:,} more."] if more > 0 else list(sentences)


def row_name(table: str, frame: pd.DataFrame, at: int) -> str:
    """`sales, Mar 26, P1, North`: a row by its table and the key columns that it has a value in."""
    contract = TABLES[table]
    return ", ".join([table, *_shown(frame.iloc[at], [contract.column(key) for key in contract.keys])])


def _shown(row: Any, columns: Iterable[Column]) -> list[str]:
    shown = []
    for column in columns:
        value = row[column.name]
        if pd.isna(value):
            continue
        if column.kind == "month":
            shown.append(month_label(value))
        elif column.kind == "date":
            shown.append(f"{value:%d %b %Y}")
        else:
            number = column.kind in ("number", "integer")
            shown.append(f"{column.name} {value:g}" if number else f"{column.name} {value}")
    return shown


def _rows(tables: Mapping[str, pd.DataFrame], name: str) -> bool:
    return name in tables and len(tables[name]) > 0


def _marks(table: Table, frame: pd.DataFrame) -> _Words:
    """[row, 2]: the hash of its key, and of all of it."""
    if not len(frame):
        return np.empty((0, 2), dtype=_WORD)
    cells = {column.name: _cells(frame[column.name], column.kind) for column in table.columns}
    blank = {column.name: frame[column.name].isna().to_numpy() for column in table.columns}
    key_cells, key_blank = dict(cells), dict(blank)
    for name in table.keys:
        column = table.column(name)
        if column.default is not None and blank[name].any():
            key_cells[name] = _cells(frame[name].where(~blank[name], column.default), column.kind)
            key_blank[name] = np.zeros(len(frame), dtype=bool)
    return np.column_stack(
        [_hashes(table.keys or table.names, key_cells, key_blank), _hashes(table.names, cells, blank)]
    )


def _hashes(
    names: Sequence[str], cells: Mapping[str, _Words], blank: Mapping[str, NDArray[np.bool_]]
) -> _Words:
    """A hash of each row over those of the columns that it has a value in."""
    matrix = np.column_stack([cells[name] for name in names])
    empty = np.column_stack([blank[name] for name in names])
    out = np.empty(len(matrix), dtype=_WORD)
    # Rows that leave the same cells blank (a few kinds in any table) are hashed together.
    kinds, kind = np.unique(np.packbits(empty, axis=1), axis=0, return_inverse=True)
    for n in range(len(kinds)):
        rows = np.flatnonzero(kind.ravel() == n)
        there = np.flatnonzero(~empty[rows[0]])
        head = ",".join(names[at] for at in there.tolist()).encode() + b"\n"
        body, width = matrix[np.ix_(rows, there)].tobytes(), max(SIZE * len(there), 1)
        digests = [_hash(head + body[at : at + width]) for at in range(0, width * len(rows), width)]
        out[rows] = np.frombuffer(b"".join(digests), dtype=_WORD)
    return out


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=SIZE).digest()


def _cells(values: pd.Series, kind: str) -> _Words:
    """Eight bytes a cell that stand for its value; blanks are whatever they are."""
    if kind in ("number", "integer"):
        return (values.to_numpy(dtype="<f8") + 0.0).view(_WORD)  # + 0.0: minus zero is zero
    if kind == "bool":
        return np.array([value is not None and bool(value) for value in values], dtype=_WORD)
    if kind in ("date", "month"):
        return values.to_numpy().astype("datetime64[D]").astype("<i8").view(_WORD)
    codes, texts = pd.factorize(values)
    hashes = np.frombuffer(b"".join(_hash(str(text).encode()) for text in texts), dtype=_WORD)
    return np.append(hashes, np.zeros(1, dtype=_WORD))[codes]  # code -1: blank
