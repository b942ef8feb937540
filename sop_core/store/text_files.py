"""Text files: encoding, separator, rows."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping

from sop_core.errors import DataError
from sop_core.schema import Table
from sop_core.store.naming import header_matches
from sop_core.store.raw import HEADER_ROWS, Limits, Row

SEPARATORS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


#: Encodings that a person can choose, where the letters were taken for others.
ENCODINGS = {
    "UTF-8": "utf-8-sig",
    "UTF-16": "utf-16",
    "Windows-1252": "cp1252",
    "Windows-1250": "cp1250",
    "ISO-8859-15": "iso8859_15",
    "Mac Roman": "mac_roman",
    "Shift-JIS": "cp932",
    "GB18030": "gb18030",
}
#: So many rows from the top tell which table a file holds.
PROPOSING_ROWS = 8


def decode(content: bytes, file: str, encoding: str | None = None) -> tuple[str, str]:
    """Text and name of the encoding: the one that was said (of ENCODINGS), else a byte order mark, UTF-16 without
    one, UTF-8, else Windows-1252.

    Raises DataError where the file is not text, or not in the encoding that was said.
    """
    if encoding is not None:
        try:
            return content.decode(ENCODINGS[encoding]), encoding
        except UnicodeDecodeError as error:
            raise _not_text(file, f"byte {error.start:,} does not fit {encoding}") from None
    for mark, name in _BOMS:
        if content.startswith(mark):
            try:
                return content.decode(name), "UTF-8" if name == "utf-8-sig" else name.upper()
            except UnicodeDecodeError as error:
                raise _not_text(
                    file, f"it starts as {name.upper()} but byte {error.start:,} does not fit"
                ) from None
    start = content[:4096]
    if b"\0" in start:
        for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[0::2])):
            if zeros and zeros.count(0) > 0.6 * len(zeros):
                try:
                    return content.decode(name), "UTF-16"
                except UnicodeDecodeError:
                    continue
        raise _not_text(file, "it holds binary data")
    if b"\0" in content:
        raise _not_text(file, "it holds zero bytes")
    for name, label in (("utf-8", "UTF-8"), ("cp1252", "Windows-1252")):
        try:
            return content.decode(name), label
        except UnicodeDecodeError:
            continue
    raise _not_text(file, "its letters are neither UTF-8 nor Windows-1252")


def _not_text(file: str, why: str) -> DataError:
    return DataError(
        f"{file}: it cannot be read as a text file: {why}. Save it as CSV in UTF-8, or as .xlsx."
    )


def tops_of(text: str, separator: str | None) -> list[list[list[str]]]:
    """The first rows of the file under each separator (or the one that was said)."""
    sample = "\n".join(text[:200_000].splitlines()[:PROPOSING_ROWS])
    tops = []
    for mark in (separator,) if separator else SEPARATORS:
        try:
            tops.append([row for row in csv.reader(io.StringIO(sample), delimiter=mark) if any(row)])
        except csv.Error:
            continue
    return tops


def separator_of(text: str, table: Table, mapping: Mapping[str, str]) -> str:
    """The separator under which the top of the file reads best as `table`; a comma where all read alike."""
    lines = text[:200_000].splitlines()[: HEADER_ROWS + 20]
    sample = "\n".join(lines)
    return max(SEPARATORS, key=lambda sep: (_score(sample, sep, table, mapping), -SEPARATORS.index(sep)))


def _score(sample: str, separator: str, table: Table, mapping: Mapping[str, str]) -> tuple[int, float]:
    try:
        rows = [
            row for row in csv.reader(io.StringIO(sample), delimiter=separator) if any(c.strip() for c in row)
        ]
    except csv.Error:
        return 0, 0.0
    if not rows:
        return 0, 0.0
    matches = max(len(header_matches(table, row, mapping)) for row in rows[:HEADER_ROWS])
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=widths.count)
    return matches, widths.count(usual) / len(widths) if usual > 1 else 0.0


def rows_of(text: str, separator: str, file: str, limits: Limits) -> Iterator[Row]:
    """Numbered rows of cells. Raises DataError on broken quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    try:
        for cells in reader:
            yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        if "field larger than" in str(error) or "unexpected end" in str(error):
            problem = "a quotation mark is opened and not closed"
        elif "expected after" in str(error):
            problem = "a quotation mark stands inside a quoted cell"
        else:
            problem = str(error)
        raise DataError(
            f'{file}, row {number:,}: {problem}. Double a quotation mark that belongs to the text (5"" '
            "pipe), or remove it."
        ) from None
