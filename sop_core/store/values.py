"""Cells into values: numbers, dates, truth values, texts; and how a file writes its numbers and dates.

Nothing is guessed: where the cells of a file leave two readings open, the caller is told so and asks.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Decimals = Literal[".", ","]
DateOrder = Literal["dmy", "mdy", "ymd"]
DATE_ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")

FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2200, 12, 31)
LARGEST = 1e15

_SPACES = "\u00a0\u202f\u2009\u2007"
_TO_PLAIN = str.maketrans(dict.fromkeys(_SPACES, " ") | {"\u2212": "-", "\u2019": "'"})
_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?(?:Z| ?[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})(?:[-/. ](\d{1,2})" + _TIME + ")?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_TRIPLE = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4}|\d{2})" + _TIME)
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/. ](\d{4})")
_NAMED = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[-/. ]+)?([A-Za-z]{3,9})\.?(?:[-/. "
    r",']+(\d{1,2})(?:st|nd|rd|th)?,)?[-/. ,']+(\d{4}|\d{2})"
)
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_CURRENCY = re.compile(r"^[€$£¥]\s*|\s*[€$£¥]$")
_NUMBERS = {
    ".": re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:[, ']\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"),
    ",": re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:[. ']\d{3})+(?:,\d*)?|\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?"),
}
_TRUE = frozenset({"true", "yes", "y", "1", "t", "x"})
_FALSE = frozenset({"false", "no", "n", "0", "f"})
_EXCEL_ERRORS = ("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell that cannot be taken, and how to put it right."""

    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes numbers and dates. `order` None: no date of it needs an order."""

    decimals: Decimals = "."
    order: DateOrder | None = None


def excel_error(text: str) -> Bad | None:
    """Excel's own error values are data of nobody."""
    if text in _EXCEL_ERRORS:
        return Bad("it is an error that Excel shows", "Repair the formula, or leave the cell blank.")
    return None


def number(text: str, decimals: Decimals, fraction: bool = False) -> float | Bad:
    """A number from text. `fraction`: percentages are meant, so `5 %` is 0.05."""
    core, sign, scale = _core(text)
    if scale != 1.0 and not fraction:
        return Bad("a percentage stands where an amount is wanted", "Write the amount.")
    if not _NUMBERS[decimals].fullmatch(core):
        return excel_error(text) or Bad(
            "it is not a number", "Write a number, or leave the cell blank where it may be."
        )
    thousands = "," if decimals == "." else "."
    plain = core.replace(thousands, "").replace(" ", "").replace("'", "").replace(decimals, ".")
    value = sign * float(plain) * scale
    return bounded(value)


def bounded(value: float) -> float | Bad:
    """Refuses infinity, not-a-number and sizes beyond any company."""
    if value != value or value in (float("inf"), float("-inf")):
        return Bad("it is not a finite number", "Write a number, or leave the cell blank where it may be.")
    if abs(value) > LARGEST:
        return Bad(f"it is larger than {LARGEST:g}", "Check the number and its unit.")
    return value


def _core(text: str) -> tuple[str, float, float]:
    """Text without currency, percent sign and accountants' minus; the sign and the scale that these say."""
    core, sign, scale = text.translate(_TO_PLAIN).strip(), 1.0, 1.0
    if core.startswith("(") and core.endswith(")"):
        core, sign = core[1:-1].strip(), -1.0
    core = _CURRENCY.sub("", core)
    if core.endswith("%"):
        core, scale = core[:-1].strip(), 0.01
    if core.endswith("-") and len(core) > 1 and core[0] not in "+-":
        core, sign = core[:-1].strip(), -sign
    return core, sign, scale


def decimals_of(texts: Iterable[str], separator: str) -> Decimals | str:
    """The decimal mark of a file's number cells, or a cell that leaves it open (then ask).

    A cell such as `1.234` reads both ways; it counts as open unless another cell decides, or the file is
    separated by commas, where the decimal mark is the point.
    """
    open_cell, votes = "", {".": 0, ",": 0}
    for text in texts:
        core = _core(text)[0]
        if "." not in core and "," not in core:
            continue
        fits = [mark for mark in (".", ",") if _NUMBERS[mark].fullmatch(core)]
        if len(fits) == 1:
            votes[fits[0]] += 1
            if votes[fits[0]] > 1_000 and not votes["," if fits[0] == "." else "."]:
                break
        elif fits and not open_cell and number(text, ".", True) != number(text, ",", True):
            open_cell = text
    if votes["."] or votes[","]:
        return "." if votes["."] >= votes[","] else ","
    return open_cell if open_cell and separator not in ("", ",") else "."


def date(text: str, order: DateOrder | None) -> dt.date | Bad:
    """A date from text. A month alone is its first day; a time of day is left out.

    `order` says how to read `03/04/2026`; None refuses such cells.
    """
    clean = text.translate(_TO_PLAIN).strip()
    if found := _YEAR_FIRST.fullmatch(clean) or _COMPACT.fullmatch(clean):
        return _made(int(found[1]), int(found[2]), int(found[3] or 1))
    if found := _TRIPLE.fullmatch(clean):
        parts = [found[1], found[2], found[3]]
        return _ordered(parts, order) if order else Bad("the order of day and month is not known", _ORDER)
    if found := _MONTH_YEAR.fullmatch(clean):
        return _made(int(found[2]), int(found[1]), 1)
    if found := _NAMED.fullmatch(clean):
        name = found[2].lower()
        months = [
            at
            for at, month in enumerate(_MONTHS, start=1)
            if month.startswith(name[:3]) and (name == "sept" or month.startswith(name))
        ]
        if months and not (found[1] and found[3]):
            return _made(_year(found[4]), months[0], int(found[1] or found[3] or 1))
    return excel_error(text) or _not_a_date(clean)


_ORDER = "Say the date order: dmy, mdy or ymd (--date-order)."


def _not_a_date(text: str) -> Bad:
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(float(text)))
        return Bad("it is a number", f"If Excel's number of {day} is meant, format the column as a date.")
    return Bad("it is not a date", "Write dates as 2026-03-31 and months as 2026-03.")


def _made(year: int, month: int, day: int) -> dt.date | Bad:
    try:
        value = dt.date(year, month, day)
    except ValueError:
        return Bad("there is no such day", "Write dates as 2026-03-31 and months as 2026-03.")
    return in_range(value)


def in_range(value: dt.date) -> dt.date | Bad:
    """Refuses dates before 1900 and after 2200, which are slips or stand-ins for none."""
    if not FIRST_DAY <= value <= LAST_DAY:
        return Bad(
            "the date lies outside 1900 to 2200", "Correct the year; leave the cell blank for no date."
        )
    return value


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text) if int(text) < 70 else 1900 + int(text)


def _ordered(parts: list[str], order: DateOrder) -> dt.date | Bad:
    if order == "ymd":
        if len(parts[2]) == 4:
            return Bad("its year is not in front", "Check the date order.")
        return _made(_year(parts[0].zfill(2)), int(parts[1]), int(parts[2]))
    day, month = (parts[0], parts[1]) if order == "dmy" else (parts[1], parts[0])
    return _made(_year(parts[2]), int(month), int(day))


@dataclass(frozen=True, slots=True)
class DateReading:
    """How the dates of a file can be read. `order` None with an empty `open_cell`: no order is needed;
    `open_cell`: a date that reads in more than one way, `orders` are those that fit.
    """

    order: DateOrder | None
    open_cell: str = ""
    orders: tuple[DateOrder, ...] = ()


def date_order_of(texts: Iterable[str]) -> DateReading:
    """The order of day, month and year in a file's dates, decided by cells that allow one reading only."""
    counts = dict.fromkeys(DATE_ORDERS, 0)
    readings: list[tuple[str, dict[DateOrder, dt.date]]] = []
    for text in texts:
        found = _TRIPLE.fullmatch(text.translate(_TO_PLAIN).strip())
        if not found:
            continue
        parts = [found[1], found[2], found[3]]
        fits = {order: value for order in DATE_ORDERS if isinstance(value := _ordered(parts, order), dt.date)}
        if fits:
            readings.append((text, fits))
            for order in fits:
                counts[order] += 1
    if not readings:
        return DateReading(None)
    best = max(counts.values())
    orders = tuple(order for order in DATE_ORDERS if counts[order] == best)
    if len(orders) == 1:
        return DateReading(orders[0])
    for text, fits in readings:
        if len({fits[order] for order in orders if order in fits}) > 1:
            return DateReading(None, text, orders)
    return DateReading(orders[0])


def truth(text: str) -> bool | Bad:
    """True or false from text."""
    key = text.strip().casefold()
    if key in _TRUE:
        return True
    if key in _FALSE:
        return False
    return excel_error(text) or Bad("it is neither true nor false", "Write true or false.")


def typed_number(value: Any) -> float | Bad:
    """A number from a typed cell (Excel, Parquet, frames)."""
    if isinstance(value, bool):
        return Bad("it is true or false, not a number", "Write a number.")
    if isinstance(value, int | float | Decimal):
        return bounded(float(value))
    return Bad("it is a date or another thing, not a number", "Format the column as numbers.")


def typed_date(value: Any) -> dt.date | Bad:
    """A date from a typed cell."""
    if isinstance(value, dt.datetime):
        return in_range(value.date())
    if isinstance(value, dt.date):
        return in_range(value)
    if isinstance(value, int) and not isinstance(value, bool) and len(str(value)) in (6, 8):
        return date(str(value), None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _not_a_date(f"{value:g}" if isinstance(value, float) else str(value))
    return Bad("it is not a date", "Format the column as dates.")


def typed_truth(value: Any) -> bool | Bad:
    """True or false from a typed cell."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    return Bad("it is neither true nor false", "Write true or false.")


def typed_text(value: Any) -> str:
    """A typed cell as text: whole numbers without a point, dates as 2026-03-31, truth as true or false."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return str(value)
