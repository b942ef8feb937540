"""Words and numbers of the sentences in which Changes are said."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Sequence

from sop_core.calendar import month_label, span_label, to_month


def number(value: float, signed: bool = False) -> str:
    """`1,200`, `0.25` or, signed, `+1,200`: at most two decimals, three digits where it is smaller."""
    sign = "+" if signed else ""
    if value != 0 and abs(value) < 0.01:
        return f"{value:{sign}.3g}"
    text = f"{value:{sign},.2f}"
    return text.rstrip("0").rstrip(".")


def percent(fraction: float, signed: bool = True) -> str:
    """`+5 %` for 0.05."""
    return f"{number(fraction * 100, signed)} %"


def listing(names: Sequence[str], most: int = 3) -> str:
    """`A`, `A and B`, `A, B and C`, `A, B, C and 4 more`."""
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    if len(names) > 1:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return names[0] if names else ""


def count(value: float, one: str, many: str = "") -> str:
    """`1 month`, `2 months`; never with a sign."""
    size = abs(value)
    return f"{number(size)} {one if size == 1 else many or one + 's'}"


def shift(months: int) -> str:
    """`2 months later`, `1 month earlier`."""
    return f"{count(months, 'month')} {'later' if months > 0 else 'earlier'}"


def span(first: str | None, last: str | None) -> str:
    """`Mar-May 27`, `from Mar 27`, `until May 27`; empty where both ends are open."""
    if first and last:
        return span_label(first, last)
    if first:
        return f"from {month_label(first)}"
    return f"until {month_label(last)}" if last else ""


def dates(first: dt.date, last: dt.date) -> str:
    """Whole months as `Jun 27` or `Jun-Jul 27`, other days as `10 Jun 27 to 5 Jul 27`."""
    after = last + dt.timedelta(days=1)
    if first.day == 1 and after.day == 1:
        return span_label(to_month(first), to_month(last))
    return f"{first.day} {month_label(first)} to {last.day} {month_label(last)}"


def near(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, or an empty text."""
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.strip().casefold(), candidate)
    match = difflib.get_close_matches(name.strip().casefold(), list(folded), n=1, cutoff=0.6)
    return folded[match[0]] if match else ""


def not_found(one: str, many: str, name: str, known: Sequence[str], remedy: str = "") -> str:
    """The message for a name that does not exist: what, the near miss, what there is, how to put it right."""
    hint = near(name, known)
    parts = [f"There is no {one} '{name}'."]
    if hint:
        parts.append(f"Did you mean '{hint}'?")
    parts.append(f"{many.capitalize()}: {listing(list(known), 8)}." if known else f"There are no {many}.")
    if remedy:
        parts.append(remedy)
    return " ".join(parts)
