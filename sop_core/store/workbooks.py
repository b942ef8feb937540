"""Excel workbooks: what they unpack to is checked first, formulas give stored values and are never run."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from sop_core.errors import DataError
from sop_core.store.raw import HEADER_ROWS, Limits, Row

#: A cell whose formula has no stored value; reading it as blank would lose data silently.
NOT_CALCULATED = "=formula without a stored value"
_SHEET_ROWS = 1_048_576


def check_workbook(content: bytes, file: str, limits: Limits) -> None:
    """Refuses what is no .xlsx, too large once unpacked, or holds XML entities. Raises DataError."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(
            f"{file}: it is an old Excel file (.xls) or protected by a password. Save it as .xlsx "
            "without a password."
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
    except zipfile.BadZipFile:
        raise DataError(
            f"{file}: it is not an Excel workbook, whatever its name says. Save it as .xlsx or .csv."
        ) from None
    if "xl/workbook.xml" not in {member.filename for member in members}:
        raise DataError(f"{file}: it is not an Excel workbook. Save it as .xlsx or .csv.")
    size = sum(member.file_size for member in members)
    if size > limits.unpacked_bytes:
        raise DataError(
            f"{file}: it unpacks to {size / 1e6:,.0f} MB; at most {limits.unpacked_bytes / 1e6:,.0f} MB "
            "are read. "
            "Delete unused sheets and formats, or save the tables as CSV."
        )
    for member in members:
        if member.flag_bits & 1:
            raise DataError(f"{file}: it is protected by a password. Save it without one.")
        if member.filename.endswith((".xml", ".rels")):
            with archive.open(member) as part:
                if b"<!DOCTYPE" in part.read(65_536).upper():
                    raise DataError(
                        f"{file}: its part {member.filename} holds XML entities, which Excel does not write."
                    )


class Workbook:
    """An opened workbook; `names` are its sheets in order. Raises DataError when it is damaged."""

    def __init__(self, content: bytes, file: str, limits: Limits) -> None:
        check_workbook(content, file, limits)
        self._file, self._content, self._limits = file, content, limits
        self._values = self._open(data_only=True)
        self._formulas: Any = None
        self.names: list[str] = [sheet.title for sheet in self._values.worksheets]
        if len(self.names) > limits.sheets:
            raise DataError(f"{file}: it has {len(self.names)} sheets; at most {limits.sheets} are read.")

    def _open(self, data_only: bool) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # openpyxl warns of styles and validations that do not matter here
                return openpyxl.load_workbook(io.BytesIO(self._content), read_only=True, data_only=data_only)
        except (
            InvalidFileException,
            KeyError,
            ValueError,
            TypeError,
            SyntaxError,
            zipfile.BadZipFile,
            EOFError,
        ) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DataError:
        return DataError(
            f"{self._file}: the workbook is damaged ({error}). Open it in Excel and save it again."
        )

    def rows(self, name: str) -> Iterator[Row]:
        """Numbered rows of typed cells of a sheet. Raises DataError."""
        formulas = self._formula_rows(name)
        filled = 0
        for number, cells in self._rows(self._values, name):
            if formulas is not None:
                written = next(formulas, (0, ()))[1]
                cells = [_stored(cell, formula) for cell, formula in zip_longest(cells, written)]
            if not any(cell is not None for cell in cells):
                continue
            filled += 1
            if filled > self._limits.rows + HEADER_ROWS:
                raise DataError(
                    f"{self._file}, sheet {name}: it has more than {self._limits.rows:,} rows, which is "
                    "the most that one "
                    "sheet may hold. Sum it by month, or split it by year."
                )
            yield number, cells

    def _formula_rows(self, name: str) -> Iterator[Row] | None:
        """The same rows with formulas as text; None where the sheet has no formula."""
        part = self._values[name]._worksheet_path
        with zipfile.ZipFile(io.BytesIO(self._content)) as archive, archive.open(part) as sheet:
            if not _holds_formula(sheet):
                return None
        if self._formulas is None:
            self._formulas = self._open(data_only=False)
        return self._rows(self._formulas, name)

    def _rows(self, workbook: Any, name: str) -> Iterator[Row]:
        sheet = workbook[name]
        sheet.reset_dimensions()  # the size it claims is not trusted: a million blank rows take 20 s
        try:
            for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                if number > _SHEET_ROWS:
                    raise DataError(
                        f"{self._file}, sheet {name}: it claims more rows than a sheet can have. Save it "
                        "again."
                    )
                yield number, cells
        except (
            KeyError,
            ValueError,
            TypeError,
            IndexError,
            SyntaxError,
            zipfile.BadZipFile,
            EOFError,
        ) as error:
            raise self._damaged(error) from error

    def close(self) -> None:
        """Closes the files behind."""
        for workbook in (self._values, self._formulas):
            if workbook is not None:
                workbook.close()


def _holds_formula(sheet: Any) -> bool:
    tail = b""
    while block := sheet.read(1 << 20):
        if re.search(rb"<(?:\w+:)?f[ />]", tail + block):
            return True
        tail = block[-32:]
    return False


def _stored(value: Any, formula: Any) -> Any:
    if value is None and formula is not None and not isinstance(formula, int | float | bool):
        return NOT_CALCULATED
    return value
