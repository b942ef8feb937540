"""Frames as CSV and XLSX, safe to open in a spreadsheet; and files that are whole or not there."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from sop_core.errors import SopError

#: A text that starts with one of these is taken for a formula by spreadsheets that open a CSV.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SHEET_SIGNS = re.compile(r"[\[\]:*?/\\]")
_WIDEST = 60


def safe_csv(frame: pd.DataFrame, *, for_excel: bool = True) -> bytes:
    """A frame as CSV: UTF-8, `for_excel` with the byte order mark by which Excel knows it.

    Texts that a spreadsheet would run as a formula get an apostrophe in front; import takes it off again.
    Dates are written as 2026-03-01, numbers with all their digits, blanks as nothing.
    """
    out = pd.DataFrame(
        {at: _csv_column(frame.iloc[:, at]) for at in range(frame.shape[1])}, index=frame.index
    )
    out.columns = pd.Index([_guarded(str(name)) for name in frame.columns])
    return out.to_csv(index=False, lineterminator="\n").encode("utf-8-sig" if for_excel else "utf-8")


def safe_xlsx(sheets: Mapping[str, pd.DataFrame]) -> bytes:
    """Frames as one workbook, a sheet each. Texts stay texts, whatever they start with; headings stay."""
    book = openpyxl.Workbook(write_only=True)
    taken: set[str] = set()
    for name, frame in sheets.items():
        sheet = book.create_sheet(_sheet_name(name, taken))
        sheet.freeze_panes = "A2"
        for at, width in enumerate(_widths(frame), start=1):
            sheet.column_dimensions[get_column_letter(at)].width = width
        heading = [_cell(sheet, str(column)) for column in frame.columns]
        for cell in heading:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(vertical="top")
        sheet.append(heading)
        for row in zip(*(_xlsx_values(frame.iloc[:, at]) for at in range(frame.shape[1])), strict=True):
            sheet.append([_cell(sheet, value) for value in row])
    if not sheets:
        book.create_sheet("Empty")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that it is there completely or not at all: to a sibling first, then renamed.

    Raises SopError when the folder cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SopError(f"{path} cannot be written: {error.strerror}. Choose another place for it.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _csv_column(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        days: pd.Series = values.dt.strftime("%Y-%m-%d")
        return days
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return values
    return values.map(_csv_cell).astype(object)


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return _guarded(value)
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return value.date().isoformat() if isinstance(value, pd.Timestamp) and not pd.isna(value) else value


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _xlsx_values(values: pd.Series) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return [None if pd.isna(value) else value.date() for value in values]
    return [None if _blank(value) else value for value in values.tolist()]


def _blank(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and not np.isfinite(value)


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, _CONTROLS.sub("", value)[:32_767])
        cell.data_type = "s"  # openpyxl would make a formula of "=..." and an error of "#N/A"
        return cell
    if value is not None and not isinstance(value, int | float | bool) and not hasattr(value, "isoformat"):
        return _cell(sheet, str(value))
    return WriteOnlyCell(sheet, value)


def _widths(frame: pd.DataFrame) -> list[int]:
    head = frame.head(200)
    return [
        min(max([len(str(name)), *(len(str(value)) for value in head.iloc[:, at])], default=8) + 2, _WIDEST)
        for at, name in enumerate(frame.columns)
    ]


def _sheet_name(name: str, taken: set[str]) -> str:
    clean = _SHEET_SIGNS.sub(" ", name).strip(" '")[:31] or "Sheet"
    unique, number = clean, 2
    while unique.casefold() in taken:
        unique = f"{clean[:27]} {number}"
        number += 1
    taken.add(unique.casefold())
    return unique
