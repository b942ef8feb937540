"""One column of raw cells into one column of typed values, with what was wrong and what was changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_core.schema import ALL, Column
from sop_core.store import values
from sop_core.store.values import Bad, Style
from sop_core.store.workbooks import NOT_CALCULATED

_PLAIN_NUMBER = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
_ISO_DATE = r"\d{4}-\d{2}(?:-\d{2})?"
_NOT_CALCULATED = Bad(
    "its formula was never calculated", "Open the workbook in Excel, save it, and import it again."
)
_EXTRA_BLANKS = "\ufeff\u200b"


@dataclass(slots=True)
class Parsed:
    """A typed column. `bad` holds (position, cell, what is wrong); `changes` what was done, with a count, the
    first position and an example.
    """

    typed: pd.Series
    blank: NDArray[np.bool_]
    bad: list[tuple[int, str, Bad]] = field(default_factory=list)
    changes: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def change(self, what: str, where: NDArray[np.bool_], example: str) -> None:
        """Notes a change on the rows of a mask."""
        if where.any():
            self.changes[what] = (int(where.sum()), int(np.argmax(where)), example)


def texts_of(raw: pd.Series) -> list[str]:
    """The distinct texts among raw cells, stripped; cells of another type are left out."""
    if raw.dtype == object:
        return list(dict.fromkeys(cell.strip() for cell in raw if isinstance(cell, str) and cell.strip()))
    if pd.api.types.is_string_dtype(raw.dtype):
        return [text for cell in pd.unique(raw.dropna()) if (text := str(cell).strip())]
    return []


def parse_column(raw: pd.Series, column: Column, style: Style, longest: int) -> Parsed:
    """Types the cells of one column and checks each against the contract's limits."""
    if (
        column.kind in ("number", "integer")
        and pd.api.types.is_numeric_dtype(raw.dtype)
        and raw.dtype != bool
    ):
        parsed = _numeric(raw)
    elif column.kind in ("date", "month") and pd.api.types.is_datetime64_any_dtype(raw.dtype):
        parsed = _stamps(raw)
    elif raw.dtype != object and pd.api.types.is_string_dtype(raw.dtype):
        parsed = _texts(raw, column, style, longest)
    else:
        parsed = _objects(raw, column, style, longest)
    _check_limits(parsed, column)
    return parsed


def _numeric(raw: pd.Series) -> Parsed:
    numbers = pd.Series(raw.to_numpy(dtype="float64", na_value=np.nan))
    parsed = Parsed(numbers, numbers.isna().to_numpy())
    for at in np.flatnonzero(np.abs(numbers.to_numpy()) > values.LARGEST):
        verdict = values.bounded(float(numbers.iloc[at]))
        assert isinstance(verdict, Bad)
        parsed.bad.append((int(at), str(numbers.iloc[at]), verdict))
    return parsed


def _stamps(raw: pd.Series) -> Parsed:
    stamps = raw.dt.tz_localize(None) if raw.dt.tz is not None else raw
    days = stamps.to_numpy().astype("datetime64[D]")
    blank = np.isnat(days)
    low, high = np.datetime64(values.FIRST_DAY), np.datetime64(values.LAST_DAY)
    outside = ~blank & ((days < low) | (days > high))
    parsed = Parsed(_dates(np.where(outside, np.datetime64("NaT"), days)), blank)
    for at in np.flatnonzero(outside):
        parsed.bad.append(
            (int(at), str(days[at]), Bad("the date lies outside 1900 to 2200", "Correct the year."))
        )
    return parsed


def _dates(days: NDArray[np.datetime64]) -> pd.Series:
    return pd.Series(pd.DatetimeIndex(days.astype("datetime64[us]")))


def _texts(raw: pd.Series, column: Column, style: Style, longest: int) -> Parsed:
    """Text cells, each distinct text once."""
    codes, distinct = pd.factorize(raw.reset_index(drop=True))
    cells = [str(cell) for cell in distinct]
    results = _quick_numbers(cells, column, style)
    for at, cell in enumerate(cells):
        if results[at] is _OPEN:
            results[at] = _one(cell, column, style, longest)
    return _assemble(codes.astype(np.int64), cells, results, column)


def _objects(raw: pd.Series, column: Column, style: Style, longest: int) -> Parsed:
    """Cells of any type, one by one; equal cells of different type (1 and True) stay apart."""
    seen: dict[tuple[type, Any], int] = {}
    codes = np.full(len(raw), -1, dtype=np.int64)
    cells: list[Any] = []
    results: list[Any] = []
    for position, cell in enumerate(raw.tolist()):
        cell = cell.item() if isinstance(cell, np.generic) else cell
        if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and cell != cell):
            continue
        if isinstance(cell, list | dict | set | tuple | bytes):
            cell = repr(cell)
        key = (type(cell), cell)
        if key not in seen:
            seen[key] = len(cells)
            cells.append(cell)
            results.append(_one(cell, column, style, longest))
        codes[position] = seen[key]
    return _assemble(codes, [str(cell) for cell in cells], results, column)


_OPEN = object()


def _quick_numbers(cells: list[str], column: Column, style: Style) -> list[Any]:
    """Numbers in plain form all at once; everything else stays open."""
    results: list[Any] = [_OPEN] * len(cells)
    if column.kind not in ("number", "integer") or style.decimals != "." or not cells:
        return results
    series = pd.Series(cells, dtype="str")
    plain = np.flatnonzero(_fits(cells, _PLAIN_NUMBER))
    for at, value in zip(plain, series.iloc[plain].astype("float64"), strict=True):
        results[at] = values.bounded(value)
    return results


def _one(cell: Any, column: Column, style: Style, longest: int) -> Any:
    """The value of one cell: None when blank, Bad when it cannot be taken."""
    if isinstance(cell, str):
        text = cell.strip().strip(_EXTRA_BLANKS).strip()
        if not text:
            return None
        if text == NOT_CALCULATED:
            return _NOT_CALCULATED
        if len(text) > longest:
            return Bad(f"it has {len(text):,} characters; at most {longest:,} are kept", "Shorten the text.")
        return _from_text(text, column, style)
    if column.kind in ("number", "integer"):
        return values.typed_number(cell)
    if column.kind in ("date", "month"):
        return values.typed_date(cell)
    if column.kind == "bool":
        return values.typed_truth(cell)
    return _from_text(values.typed_text(cell), column, style)


def _from_text(text: str, column: Column, style: Style) -> Any:
    if column.kind in ("number", "integer"):
        return values.number(text, style.decimals, fraction=column.unit == "fraction")
    if column.kind in ("date", "month"):
        return values.date(text, style.order)
    if column.kind == "bool":
        return values.truth(text)
    if "\0" in text:
        return Bad("it holds a zero byte", "Remove it.")
    if bad := values.excel_error(text):
        return bad
    if column.choices:
        for choice in column.choices:
            if text.casefold() == choice.casefold():
                return choice
        return Bad(
            "it is not one of the values that this column knows", f"Write {' or '.join(column.choices)}."
        )
    if column.default == ALL and text.casefold() == ALL.casefold():
        return ALL
    return _without_guard(text)


def _without_guard(text: str) -> str:
    """Takes off the apostrophe that exports put before texts which a spreadsheet would take for a formula."""
    return text[1:] if text[0] == "'" and len(text) > 1 and text[1] in "=+-@" else text


def _assemble(codes: NDArray[np.int64], cells: list[str], results: list[Any], column: Column) -> Parsed:
    """Spreads the results of distinct cells over the rows."""
    good = [None if isinstance(result, Bad) else result for result in results]
    missing = np.array([value is None for value in good] + [True])
    empty = np.array([result is None for result in results] + [True])
    typed = _column_of(good, column)
    parsed = Parsed(typed.iloc[np.where(codes < 0, len(good), codes)].reset_index(drop=True), empty[codes])
    wrong = missing & ~empty
    for at in np.flatnonzero(wrong[codes]):
        result = results[codes[at]]
        parsed.bad.append((int(at), cells[codes[at]], result))
    _note_changes(parsed, codes, cells, good, column)
    return parsed


def _column_of(good: list[Any], column: Column) -> pd.Series:
    """Distinct values as a typed column, with one blank at the end for blank cells."""
    padded = [*good, None]
    if column.kind in ("number", "integer"):
        return pd.Series(np.array([np.nan if v is None else v for v in padded], dtype="float64"))
    if column.kind in ("date", "month"):
        return _dates(
            np.array(
                [np.datetime64("NaT") if v is None else np.datetime64(v) for v in padded],
                dtype="datetime64[D]",
            )
        )
    if column.kind == "bool":
        return pd.Series(padded, dtype=object)
    return pd.Series(padded, dtype="str")


def _note_changes(
    parsed: Parsed, codes: NDArray[np.int64], cells: list[str], good: list[Any], column: Column
) -> None:
    """What reading made of the cells, where that is more than taking them as they stand."""
    said: dict[str, Callable[[int], bool]] = {}
    if column.kind == "text":
        said["trimmed"] = lambda at: cells[at] != good[at] and cells[at].strip() == good[at]
        said["rewritten"] = lambda at: (
            cells[at].strip() != good[at] and not cells[at].replace(".", "").isdigit()
        )
    elif column.kind in ("number", "integer"):
        plain = _fits(cells, _PLAIN_NUMBER)
        said["read"] = lambda at: not plain[at]
    elif column.kind in ("date", "month"):
        iso = _fits(cells, _ISO_DATE + r".*")
        said["read"] = lambda at: not iso[at]
    for what, test in said.items():
        marks = np.array([good[at] is not None and test(at) for at in range(len(cells))] + [False])
        rows = marks[codes]
        if rows.any():
            first = codes[int(np.argmax(rows))]
            parsed.change(what, rows, f"'{cells[first]}' as {_shown(good[first])}")


def _fits(cells: list[str], pattern: str) -> NDArray[np.bool_]:
    """Which texts are of a form."""
    if not cells:
        return np.zeros(0, dtype=bool)
    return pd.Series(cells, dtype="str").str.fullmatch(pattern).to_numpy(dtype=bool)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e6 else f"{value:.2f}"
    return value.isoformat() if isinstance(value, dt.date) else f"'{value}'"


def _check_limits(parsed: Parsed, column: Column) -> None:
    """Required, whole, at least, at most."""
    if column.required:
        for at in np.flatnonzero(parsed.blank):
            parsed.bad.append(
                (int(at), "", Bad("it is blank, but every row needs it", "Fill the cell, or remove the row."))
            )
    if column.kind not in ("number", "integer"):
        return
    numbers = parsed.typed.to_numpy()
    checks: list[tuple[NDArray[np.bool_], Bad]] = []
    if column.kind == "integer":
        checks.append((numbers % 1 != 0, Bad("it is not a whole number", "Write a whole number.")))
    if column.minimum is not None:
        checks.append(
            (
                numbers < column.minimum,
                Bad(f"it is less than {column.minimum:g}", f"Write {column.minimum:g} or more."),
            )
        )
    if column.maximum is not None:
        remedy = f"Write {column.maximum:g} or less" + (
            "; 95 % is 0.95." if column.unit == "fraction" else "."
        )
        checks.append((numbers > column.maximum, Bad(f"it is more than {column.maximum:g}", remedy)))
    for mask, bad in checks:
        for at in np.flatnonzero(mask & np.isfinite(numbers)):
            parsed.bad.append((int(at), f"{numbers[at]:g}", bad))
