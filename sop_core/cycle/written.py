"""Checks of what people write down: texts, numbers, days, names, and the strict JSON objects that hold them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sop_core.changes import Change, strict_json
from sop_core.errors import ReviewError, ScenarioError

LONGEST_TITLE: Final = 200
LONGEST_NAME: Final = 120
LONGEST_NOTE: Final = 5_000


def text(value: Any, name: str, longest: int) -> str:
    """The text without blanks around it. Raises ReviewError where it is none or too long."""
    if not isinstance(value, str):
        raise ReviewError(f"`{name}` must be a text, not {value!r:.60}.")
    if len(value.strip()) > longest:
        raise ReviewError(f"`{name}` is longer than {longest} characters: shorten it.")
    return value.strip()


def number(value: Any, name: str) -> float:
    """A finite number of ordinary size. Raises ReviewError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ReviewError(f"`{name}` must be a number, not {value!r:.60}.")
    if abs(value) > 1e15 or not math.isfinite(value):  # a whole number may be larger than any float
        raise ReviewError(f"`{name}` must be a number of ordinary size, not {value!r:.60}.")
    return float(value) + 0.0  # -0.0 becomes 0.0


def one_of(value: Any, name: str, allowed: Sequence[str]) -> str:
    """One of the allowed words. Raises ReviewError naming them."""
    if not isinstance(value, str) or value not in allowed:
        raise ReviewError(f"`{name}` cannot be {value!r:.60}. Allowed: {', '.join(allowed)}.")
    return value


def whole(value: Any, name: str) -> int | None:
    """The number under which something is kept, from 1; None: none. Raises ReviewError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**53:
        raise ReviewError(f"`{name}` must be a number from 1 on, not {value!r:.60}.")
    return value


def due_day(value: Any, name: str) -> dt.date | None:
    """A day, or None. Raises ReviewError."""
    if value is None:
        return None
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise ReviewError(f"`{name}` must be a day such as 2027-03-15, not {value!r:.60}.")
    return value


def day_from(value: Any, name: str) -> dt.date | None:
    """A day as JSON holds it. Raises ReviewError."""
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ReviewError(f"`{name}` must be a day such as 2027-03-15, not {value!r:.60}.") from error


def changes_from(value: Any, name: str) -> tuple[Change, ...]:
    """Changes as JSON holds them. Raises ReviewError naming the position."""
    if not isinstance(value, list):
        raise ReviewError(f"`{name}` must be a list, not {value!r:.60}.")
    try:
        return tuple(Change.from_dict(entry, f"change {n}") for n, entry in enumerate(value, start=1))
    except ScenarioError as error:
        raise ReviewError(str(error)) from error


def members(value: Any, what: str, allowed: Sequence[str], needed: Sequence[str] = ()) -> dict[str, Any]:
    """An object with these fields and no others. Raises ReviewError naming the field."""
    if not isinstance(value, dict):
        raise ReviewError(f"{what} must be one JSON object, not {value!r:.60}.")
    for name in value:
        if name not in allowed:
            raise ReviewError(f"{what} has no field '{name}'. Allowed: {', '.join(allowed)}.")
    for name in needed:
        if value.get(name) is None:
            raise ReviewError(f"{what} needs `{name}`.")
    return value


def parsed(
    body: str, what: str, format: int, allowed: Sequence[str], needed: Sequence[str]
) -> dict[str, Any]:
    """The fields of a JSON text, its `format` checked and left out. Raises ReviewError."""
    found = members(
        strict_json.read(body, what, ReviewError), f"{_article(what)} {what}", ("format", *allowed), needed
    )
    version = found.get("format", format)
    if isinstance(version, bool) or version != format:
        raise ReviewError(
            f"`format` of {_article(what).lower()} {what} must be {format}, not {version!r:.60}."
        )
    return {name: value for name, value in found.items() if name != "format" and value is not None}


def said(value: object) -> str:
    """A value of a field in a sentence about an edit; `blank` where there is none."""
    if isinstance(value, dt.date):
        return f"{value:%d %b %Y}"
    if isinstance(value, tuple):
        return ", ".join(str(entry) for entry in value) or "blank"
    return str(value) if value not in (None, "") else "blank"


def plain(changes: Sequence[Change]) -> list[Mapping[str, Any]]:
    """Changes as JSON holds them."""
    return [change.to_dict() for change in changes]


def _article(what: str) -> str:
    return "An" if what[0] in "aeiou" else "A"
