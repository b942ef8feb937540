"""Numbers, months and differences as they are written on every screen and in every export.

Zero is an en dash, large numbers are short (1.24 M) with the exact value in a tooltip, negative numbers have a
real minus sign, and a difference says in a word whether it is favourable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sop_core.calendar import MonthArray, month_label
from sop_core.kpis import KPIS, favourable

DASH = "–"
_SCALES = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _digits(size: float) -> int:
    return 0 if size >= 99.95 else 1 if size >= 9.995 else 2


def short(value: float | None, signed: bool = False) -> str:
    """`1.24 M`, `312 k`, `4,210`, `0.25`; zero and unknown as an en dash. Below 10,000 nothing is shortened."""
    if value is None or not _known(value) or value == 0:
        return DASH
    sign = "+" if signed else ""
    size = abs(value)
    if size >= 9_999.5:
        for scale, letter in _SCALES:
            if size >= scale * 0.9995:
                return _minus(f"{value / scale:{sign},.{_digits(size / scale)}f} {letter}")
    if size >= 99.5:
        return _minus(f"{value:{sign},.0f}")
    text = f"{value:{sign},.{_digits(size)}f}"
    return _minus(text.rstrip("0").rstrip(".") if "." in text else text)


def exact(value: float | None, decimals: int = 0, signed: bool = False) -> str:
    """`1,239,871`; zero and unknown as an en dash."""
    if value is None or not _known(value) or round(value, decimals) == 0:
        return DASH
    return _minus(f"{value:{'+' if signed else ''},.{decimals}f}")


def percent(fraction: float | None, decimals: int = 1, signed: bool = False) -> str:
    """`96.4 %` for 0.964; unknown as an en dash."""
    if fraction is None or not _known(fraction):
        return DASH
    return _minus(f"{fraction * 100:{'+' if signed else ''},.{decimals}f} %")


def money(value: float | None, currency: str, signed: bool = False) -> str:
    """`1.24 M EUR`."""
    text = short(value, signed)
    return text if text == DASH else f"{text} {currency}"


def unit_label(unit: str, currency: str = "") -> str:
    """What stands behind a KPI's number or in a column's header."""
    return {"money": currency, "fraction": "%", "turns": "a year"}.get(unit, unit)


def kpi_value(name: str, value: float, currency: str = "") -> str:
    """A KPI's value with its unit, short."""
    unit = KPIS[name].unit
    if unit == "fraction":
        return percent(value)
    text = short(value)
    label = unit_label(unit, currency)
    return f"{text} {label}" if label and text != DASH else text


def kpi_exact(name: str, value: float, currency: str = "") -> str:
    """A KPI's value in full, for tooltips."""
    unit = KPIS[name].unit
    if unit == "fraction":
        return percent(value, 3)
    small = math.isfinite(value) and abs(value) < 100
    text = exact(value, 2 if small else 0)
    return f"{text} {unit_label(unit, currency)}".strip()


@dataclass(frozen=True, slots=True)
class Delta:
    """A difference, ready to be shown. `good` is None where it is neither favourable nor unfavourable."""

    text: str  #: `+12 k`; an en dash where nothing differs
    arrow: str  #: ▲, ▼ or empty
    word: str  #: favourable, unfavourable or empty
    good: bool | None


def kpi_delta(name: str, value: float, against: float) -> Delta:
    """How a KPI differs from another plan's. Fractions differ in percentage points."""
    difference = value - against
    fraction = KPIS[name].unit == "fraction"
    shown = round(difference * 100, 1) if fraction else difference
    # Differences far below what is shown are the solver's noise, not news.
    noise = 0.0 if fraction else 1e-7 * max(abs(value), abs(against), 1.0)
    if not math.isfinite(difference) or abs(shown) <= noise:
        return Delta(DASH, "", "", None)
    text = _minus(f"{shown:+.1f} pp") if fraction else short(difference, signed=True)
    good = favourable(name, difference)
    word = "" if good is None else "favourable" if good else "unfavourable"
    return Delta(text, "▲" if difference > 0 else "▼", word, good)


def months(values: MonthArray) -> list[str]:
    """`Mar 26` for every month."""
    return [month_label(value) for value in values]
