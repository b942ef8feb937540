"""What a Change's own numbers, texts and choices are: one declaration each for forms, checks and docs."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sop_core.calendar import to_month
from sop_core.changes.text import near
from sop_core.errors import ScenarioError

FieldKind = Literal["percent", "number", "integer", "text", "choice", "date", "promotion", "launch", "months"]

#: A number a month, in the form that a Change keeps: sorted by month, hashable.
Monthly = tuple[tuple[str, float], ...]

#: Longest text that a field takes.
LONGEST_TEXT: Final = 500

#: Most months that a field takes: ten years.
MOST_MONTHS: Final = 120

_WANTED = {
    "percent": "a number, as a fraction: 0.05 is 5 %",
    "number": "a number",
    "integer": "a whole number",
    "text": "a text",
    "choice": "a text",
    "date": "a date such as 2027-03-15",
    "promotion": "the name of a promotion",
    "launch": "the name of a launch",
    "months": 'an object of months and numbers such as {"2027-03": 1200}',
}


class _NoNeutral:
    """Marks a field in which no value means 'nothing changes'."""

    def __repr__(self) -> str:
        return "none"


NO_NEUTRAL: Final = _NoNeutral()

#: As a default: the field must be given.
REQUIRED: Final = dataclasses.MISSING


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a Change.

    `min`, `max`, `step` are the usual range (a slider's); `lowest` and `highest` the limits beyond which a
    value is refused. `neutral` is the value at which the field changes nothing. `key` fields say *what* is
    changed, so that two edits of the same lever are recognised as such. Percentages are fractions.
    """

    name: str
    label: str
    kind: FieldKind
    unit: str
    default: Any
    required: bool
    optional: bool  #: may be None: not given
    min: float | None
    max: float | None
    step: float | None
    lowest: float
    highest: float
    choices: tuple[str, ...]
    neutral: Any
    key: bool
    acts: bool  #: False: it is told, but does nothing to the plan
    help: str

    def clean(self, value: Any) -> Any:
        """The value in its proper type. Raises ScenarioError saying what is allowed."""
        if value is None and self.optional:
            return None
        if self.kind in ("percent", "number", "integer"):
            return self._number(value)
        if self.kind == "date":
            return self._date(value)
        if self.kind == "months":
            return self._months(value)
        if not isinstance(value, str):
            raise self._wrong(value)
        text = value.strip()
        if not text and self.kind == "text" and self.optional:
            return None
        if self.kind == "choice" and text not in self.choices:
            hint = near(text, self.choices)
            meant = f" Did you mean '{hint}'?" if hint else ""
            allowed = ", ".join(self.choices)
            raise ScenarioError(f"`{self.name}` cannot be {text!r:.60}.{meant} Allowed: {allowed}.")
        if not text:
            raise ScenarioError(f"`{self.name}` is empty: give {_WANTED[self.kind]}.")
        if len(text) > LONGEST_TEXT:
            raise ScenarioError(f"`{self.name}` is longer than {LONGEST_TEXT} characters: shorten it.")
        return text

    def _number(self, value: Any) -> float | int:
        if isinstance(value, bool | str) or not hasattr(value, "__float__"):
            raise self._wrong(value)
        try:
            plain = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._wrong(value) from error
        if not math.isfinite(plain):
            raise self._wrong(value)
        if not self.lowest <= plain <= self.highest:
            raise ScenarioError(f"`{self.name}` is {plain:g}: {self.limits}.")
        if self.kind == "integer":
            if plain != int(plain):
                raise self._wrong(value)
            return int(plain)
        return plain + 0.0  # -0.0 becomes 0.0: one value, one fingerprint

    def _months(self, value: Any) -> Monthly:
        if isinstance(value, Mapping):
            pairs = list(value.items())
        elif isinstance(value, list | tuple) and all(
            isinstance(p, list | tuple) and len(p) == 2 for p in value
        ):
            pairs = [(month, number) for month, number in value]
        else:
            raise self._wrong(value)
        if not pairs:
            raise ScenarioError(f"`{self.name}` is empty: give at least one month.")
        if len(pairs) > MOST_MONTHS:
            raise ScenarioError(f"`{self.name}` holds {len(pairs)} months; {MOST_MONTHS} are the most.")
        found: dict[str, float] = {}
        for given, number in pairs:
            try:
                month = str(to_month(given))
            except ValueError as error:
                wanted = "a month such as 2027-03"
                raise ScenarioError(f"`{self.name}` must hold {wanted}, not {given!r:.60}.") from error
            if month in found:
                raise ScenarioError(f"`{self.name}` holds {month} twice: keep one of them.")
            one = dataclasses.replace(self, name=f"{self.name}[{month}]", kind="number")
            found[month] = one._number(number)
        return tuple(sorted(found.items()))

    def plain(self, value: Any) -> Any:
        """A clean value as JSON holds it."""
        if self.kind == "months" and value is not None:
            return dict(value)
        return value.isoformat() if isinstance(value, dt.date) else value

    def _date(self, value: Any) -> dt.date:
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        if not isinstance(value, str):
            raise self._wrong(value)
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError as error:
            raise self._wrong(value) from error

    def _wrong(self, value: Any) -> ScenarioError:
        return ScenarioError(f"`{self.name}` must be {_WANTED[self.kind]}, not {value!r:.60}.")

    @property
    def limits(self) -> str:
        """`from -1 to 10`, `at least 0`; empty where there are none."""
        low, high = math.isfinite(self.lowest), math.isfinite(self.highest)
        if low and high:
            return f"it must be from {self.lowest:g} to {self.highest:g}"
        if low:
            return f"it must be at least {self.lowest:g}"
        return f"it must be at most {self.highest:g}" if high else ""


def _declare(label: str, kind: FieldKind, **more: Any) -> Any:
    known: dict[str, Any] = {
        "unit": "",
        "optional": False,
        "min": None,
        "max": None,
        "step": None,
        "lowest": -math.inf,
        "highest": math.inf,
        "choices": (),
        "neutral": NO_NEUTRAL,
        "key": False,
        "acts": True,
        "help": "",
    }
    default = more.pop("default", REQUIRED)
    spec = FieldSpec(
        name="",
        label=label,
        kind=kind,
        default=None if default is REQUIRED else default,
        required=default is REQUIRED,
        **(known | more),
    )
    return dataclasses.field(default=default, metadata={"spec": spec})


def percent(label: str, hint: str = "", *, lowest: float = -1.0, highest: float = 10.0, **more: Any) -> Any:
    """A change in percent, stored as a fraction; 0 changes nothing."""
    usual = {"default": 0.0, "neutral": 0.0, "min": -0.5, "max": 0.5, "step": 0.01, "unit": "%"}
    return _declare(label, "percent", help=hint, lowest=lowest, highest=highest, **(usual | more))


def part(label: str, hint: str = "", **more: Any) -> Any:
    """A part of a whole, 0 to 1."""
    usual = {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.05, "unit": "%", "lowest": 0.0, "highest": 1.0}
    return _declare(label, "percent", help=hint, **(usual | more))


def number(label: str, unit: str, hint: str = "", **more: Any) -> Any:
    """An amount that is added; 0 changes nothing."""
    usual = {"default": 0.0, "neutral": 0.0, "lowest": -1e12, "highest": 1e12}
    return _declare(label, "number", unit=unit, help=hint, **(usual | more))


def new_value(label: str, unit: str, hint: str = "", **more: Any) -> Any:
    """An amount that replaces another; blank changes nothing."""
    usual = {"default": None, "neutral": None, "optional": True, "lowest": 0.0, "highest": 1e12}
    return _declare(label, "number", unit=unit, help=hint, **(usual | more))


def integer(label: str, unit: str, hint: str = "", **more: Any) -> Any:
    """A whole number; required unless a default is given."""
    return _declare(label, "integer", unit=unit, help=hint, step=1, **more)


def text(label: str, hint: str = "", **more: Any) -> Any:
    """A text that must be given."""
    return _declare(label, "text", help=hint, **more)


def remark(label: str, hint: str = "", **more: Any) -> Any:
    """A text that may be given and does nothing to the plan."""
    return _declare(label, "text", help=hint, **({"default": None, "optional": True, "acts": False} | more))


def monthly(label: str, unit: str, hint: str = "", **more: Any) -> Any:
    """A number a month, for the months that are given; at least one."""
    return _declare(label, "months", unit=unit, help=hint, **({"lowest": -1e12, "highest": 1e12} | more))


def choice(label: str, choices: tuple[str, ...], hint: str = "", **more: Any) -> Any:
    """One of a few words."""
    return _declare(label, "choice", help=hint, choices=choices, **more)


def date(label: str, hint: str = "") -> Any:
    """A day that must be given."""
    return _declare(label, "date", help=hint)


def promotion(label: str = "Promotion") -> Any:
    """The name of a promotion of the company, or of one added by an earlier Change."""
    return _declare(label, "promotion", key=True, help="name of the promotion")


def launch(label: str = "Product") -> Any:
    """The product whose launch is meant."""
    return _declare(label, "launch", key=True, help="product that is launched")
