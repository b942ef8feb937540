"""Assumptions behind the demand plan: what is assumed, of what, how much, by whom, until when.

An assumption is data: frozen, checked when it is built, written as JSON. Whether it came true is worked out in
`scoring.py`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from sop_core.calendar import MonthArray, month_label, months_from, to_month
from sop_core.changes import Change, Scope
from sop_core.changes.scope import DEMAND_AXES, EVERYTHING
from sop_core.changes.text import number, percent
from sop_core.cycle import written
from sop_core.cycle.written import LONGEST_NAME, LONGEST_NOTE
from sop_core.errors import ReviewError, ScenarioError

#: Version of the JSON form.
FORMAT: Final = 1
LONGEST_DRIVER: Final = 200
MOST_LINKS: Final = 50

UNITS, GROWTH, PRICE, LAUNCH, JUDGED = "units", "growth", "price", "launch", "judged"

#: What can be assumed, and how it is measured.
MEASURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        UNITS: "Demand, units a month",
        GROWTH: "Demand against the year before",
        PRICE: "Price against the year before",
        LAUNCH: "Launch month",
        JUDGED: "Own words, judged by hand",
    }
)

#: How each measure is worked out once its months are closed.
FORMULAS: Final[Mapping[str, str]] = MappingProxyType(
    {
        UNITS: "demand of the scope in its closed months / number of those months, units a month",
        GROWTH: "demand of the scope in its closed months / demand in the same months a year before − 1",
        PRICE: "revenue in the closed months / (units of those months × each product's realised price in the same "
        "months a year before) − 1, by product, region and segment, so that the mix does not count",
        LAUNCH: "first month in which the product was sold in the scope",
        JUDGED: "a person records what happened",
    }
)

OPEN, CONFIRMED, BROKEN, RETIRED = "open", "confirmed", "broken", "retired"
STATUSES: Final = (OPEN, CONFIRMED, BROKEN, RETIRED)

_MEMBERS = (
    "driver", "measure", "scope", "value", "low", "high", "unit", "owner", "valid_from", "valid_until",
    "links", "status", "note", "event", "outcome",
)  # fmt: skip
_FRACTIONS = (GROWTH, PRICE)
#: A launch's number stands for a month before January 2200.
_LAST_MONTH = 230 * 12


@dataclass(frozen=True, slots=True)
class Link:
    """A Change that an assumption stands behind, and the scenario it is in."""

    scenario: str
    change: Change


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened with an assumption in own words: the number that came, and what there is to say."""

    value: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is assumed. Raises ReviewError on bad values.

    `value`, `low`, `high`: units a month; a fraction for growth and price (0.03 = 3 %); for a launch the month,
    counted from January 1970; for own words a number in `unit`. `valid_until`: the day by which it must be looked
    at again. The months it is about are those of its scope, open ends taken from the two days.
    """

    driver: str
    measure: str
    value: float
    low: float
    high: float
    valid_from: dt.date
    valid_until: dt.date
    scope: Scope = EVERYTHING
    unit: str = ""
    owner: str = ""
    links: tuple[Link, ...] = ()
    status: str = OPEN
    note: str = ""
    event: str = ""  #: name of the event of the table `events` it was adopted from
    outcome: Outcome | None = None

    def __post_init__(self) -> None:
        for name, longest in (
            ("driver", LONGEST_DRIVER),
            ("unit", 40),
            ("owner", LONGEST_NAME),
            ("note", LONGEST_NOTE),
            ("event", LONGEST_DRIVER),
        ):
            object.__setattr__(self, name, written.text(getattr(self, name), name, longest))
        if not self.driver:
            raise ReviewError("Say what is assumed: an assumption needs a `driver`.")
        written.one_of(self.measure, "measure", tuple(MEASURES))
        written.one_of(self.status, "status", STATUSES)
        if not isinstance(self.scope, Scope):
            raise ReviewError(f"`scope` must be a Scope, not {self.scope!r:.60}.")
        for axis in self.scope.used:
            if axis not in (*DEMAND_AXES, "months"):
                raise ReviewError(f"An assumption about demand cannot be limited to {axis}.")
        for name in ("value", "low", "high"):
            object.__setattr__(self, name, written.number(getattr(self, name), name))
        if not self.low <= self.value <= self.high:
            raise ReviewError("The value must lie within its range: low ≤ value ≤ high.")
        self._check_measure()
        for name in ("valid_from", "valid_until"):
            if not isinstance(getattr(self, name), dt.date) or isinstance(getattr(self, name), dt.datetime):
                raise ReviewError(f"`{name}` must be a day such as 2027-03-15.")
        if self.valid_until < self.valid_from:
            raise ReviewError("`valid_until` lies before `valid_from`: swap them.")
        object.__setattr__(self, "links", tuple(self.links))
        if len(self.links) > MOST_LINKS:
            raise ReviewError(f"An assumption can be linked to {MOST_LINKS} Changes at most.")
        if not all(isinstance(link, Link) for link in self.links):
            raise ReviewError("`links` must hold Links.")
        if self.outcome is not None and self.measure != JUDGED:
            raise ReviewError("An outcome is recorded by hand only where an assumption is in own words.")

    def _check_measure(self) -> None:
        if self.measure == LAUNCH:
            if len(self.scope.products) != 1 or self.scope.families or self.scope.categories:
                raise ReviewError("A launch month is assumed of one product: choose it in the scope.")
            if any(v != round(v) or not 0 <= v < _LAST_MONTH for v in (self.value, self.low, self.high)):
                raise ReviewError("A launch month must be a whole month from 1970 to 2199.")
        elif self.measure in _FRACTIONS and self.low <= -1.0:
            raise ReviewError("A fall of 100 % or more leaves nothing to measure: give a smaller one.")
        elif self.measure == UNITS and self.low < 0:
            raise ReviewError("Demand in units cannot be negative.")
        if self.measure != JUDGED:
            object.__setattr__(self, "unit", "")
        elif not self.unit:
            raise ReviewError("Say what the number is in: an assumption in own words needs a `unit`.")

    # -- reading ------------------------------------------------------------------------------------------

    @property
    def months(self) -> MonthArray:
        """Months it is about, datetime64[M]."""
        first = to_month(self.scope.first or self.valid_from)
        last = to_month(self.scope.last or self.valid_until)
        return months_from(first, max(int((last - first).astype(int)) + 1, 0))

    def place(self) -> str:
        """`East, Retail`; `Company` where nothing is left out."""
        return replace(self.scope, first=None, last=None).place("Company")

    def said(self, value: float) -> str:
        """A number of this assumption as people write it: `+3 %`, `1,200 units a month`, `Mar 27`."""
        return amount(self.measure, value, self.unit)

    def about(self, value: float) -> str:
        """A number that was worked out, as people write it: percentages with one decimal."""
        return self.said(round(value, 3) if self.measure in _FRACTIONS else value)

    @property
    def range(self) -> str:
        """`+1 % to +5 %`, `8,000 to 10,000 units a month`."""
        unit = {UNITS: " units a month", JUDGED: f" {self.unit}"}.get(self.measure, "")
        return f"{self.said(self.low).removesuffix(unit)} to {self.said(self.high)}"

    def sentence(self) -> str:
        """`Polish listing (East): demand +3 % against the year before, range +1 % to +5 %`."""
        what = {
            UNITS: f"demand of {self.said(self.value)}",
            GROWTH: f"demand {self.said(self.value)} against the year before",
            PRICE: f"price {self.said(self.value)} against the year before",
            LAUNCH: f"on sale from {self.said(self.value)}",
            JUDGED: self.said(self.value),
        }[self.measure]
        spread = "" if self.low == self.high else f", range {self.range}"
        return f"{self.driver} ({self.place()}): {what}{spread}"

    def overdue(self, day: dt.date) -> bool:
        """Whether it should have been looked at again before that day."""
        return self.status == OPEN and self.valid_until < day

    # -- JSON ---------------------------------------------------------------------------------------------

    def to_json(self) -> str:
        """The canonical JSON form: every value written, sorted, one assumption one text."""
        outcome = None if self.outcome is None else {"value": self.outcome.value, "text": self.outcome.text}
        body = {
            "format": FORMAT,
            "driver": self.driver,
            "measure": self.measure,
            "scope": self.scope.to_dict(),
            "value": self._written(self.value),
            "low": self._written(self.low),
            "high": self._written(self.high),
            "unit": self.unit,
            "owner": self.owner,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "links": [{"scenario": link.scenario, "change": link.change.to_dict()} for link in self.links],
            "status": self.status,
            "note": self.note,
            "event": self.event,
            "outcome": outcome,
        }
        return json.dumps(body, sort_keys=True, ensure_ascii=False, allow_nan=False)

    def _written(self, value: float) -> float | str:
        return month_text(value) if self.measure == LAUNCH else value

    @classmethod
    def from_json(cls, text: str) -> Assumption:
        """The inverse of `to_json`, strict. Raises ReviewError naming the field and what is allowed."""
        required = ("driver", "measure", "value", "low", "high", "valid_from", "valid_until")
        given = written.parsed(text, "assumption", FORMAT, _MEMBERS, required)
        for name in ("value", "low", "high"):
            given[name] = _read_value(given["measure"], given[name], name)
        for name in ("valid_from", "valid_until"):
            given[name] = written.day_from(given[name], name)
        try:
            if "scope" in given:
                given["scope"] = Scope.from_dict(given["scope"])
            if "links" in given:
                given["links"] = _links(given["links"])
        except ScenarioError as error:  # of a scope or a Change
            raise ReviewError(str(error)) from error
        if "outcome" in given:
            given["outcome"] = _outcome(given["outcome"])
        return cls(**given)


def amount(measure: str, value: float, unit: str = "") -> str:
    """A number of a measure as people write it."""
    if measure in _FRACTIONS:
        return percent(round(value, 4)).replace("-", "\N{MINUS SIGN}")
    if measure == LAUNCH:
        return month_label(month_of(value))
    if measure == UNITS:
        return f"{number(round(value, 1 if abs(value) < 100 else 0))} units a month"
    shown = round(value, 4)
    return f"{number(shown, signed='%' in unit and shown != 0)} {unit}".replace("-", "\N{MINUS SIGN}")


def month_of(value: float) -> np.datetime64:
    """The month that a launch's number stands for."""
    return np.datetime64(int(value), "M")


def month_value(month: Any) -> float:
    """The number that stands for a month."""
    return float(to_month(month).astype(int))


def month_text(value: float) -> str:
    """`2027-03` for a launch's number."""
    return str(month_of(value))


def differences(before: Assumption, after: Assumption) -> tuple[str, ...]:
    """What an edit changed, one short sentence a field."""
    out = []
    for field in fields(Assumption):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new:
            continue
        if field.name == "links":
            out.append(
                f"linked Changes: {len(old)} → {len(new)}" if len(old) != len(new) else "linked Changes"
            )
        elif field.name == "outcome":
            out.append("what happened: " + (after.said(new.value) if new is not None else "taken back"))
        elif field.name == "scope":
            out.append(f"scope: {_scope_text(old)} → {_scope_text(new)}")
        elif field.name in ("value", "low", "high"):
            out.append(f"{field.name}: {before.said(old)} → {after.said(new)}")
        else:
            out.append(f"{field.name.replace('_', ' ')}: {str(old) or 'blank'} → {str(new) or 'blank'}")
    return tuple(out)


def _scope_text(scope: Scope) -> str:
    return ", ".join(part for part in (scope.place("Company"), scope.when()) if part)


# -- reading JSON and checking values ---------------------------------------------------------------------


def _read_value(measure: Any, value: Any, name: str) -> Any:
    if measure != LAUNCH:
        return value
    try:
        return month_value(value)
    except ValueError as error:
        raise ReviewError(
            f"`{name}` of a launch must be a month such as 2027-03, not {value!r:.60}."
        ) from error


def _links(value: Any) -> tuple[Link, ...]:
    if not isinstance(value, list):
        raise ReviewError(f"`links` must be a list, not {value!r:.60}.")
    out = []
    for position, entry in enumerate(value, start=1):
        if not isinstance(entry, dict) or set(entry) != {"scenario", "change"}:
            raise ReviewError(f"link {position} must hold `scenario` and `change`, and nothing else.")
        name = written.text(entry["scenario"], "scenario", LONGEST_NAME)
        out.append(Link(name, Change.from_dict(entry["change"], f"link {position}")))
    return tuple(out)


def _outcome(value: Any) -> Outcome:
    if not isinstance(value, dict) or not {"value"} <= set(value) <= {"value", "text"}:
        raise ReviewError("`outcome` must hold `value` and `text`, and nothing else.")
    return Outcome(
        written.number(value["value"], "outcome"),
        written.text(value.get("text", ""), "outcome", LONGEST_NOTE),
    )
