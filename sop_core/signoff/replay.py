"""A signed plan made again from its own data version, cleansing verdicts and Changes, and held against what was signed.

The forecast is made afresh: the store's cache may have been changed as well, so it is never trusted here, only compared
with what comes out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from sop_core.calendar import month_label
from sop_core.demand.cleansing import Verdicts
from sop_core.demand.fleet import ForecastCache
from sop_core.errors import PlanError
from sop_core.plan import Plan
from sop_core.planner import Company, Planner, prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.supply.solve import Stop, make_engine

Progress = Callable[[str, int, int], None]

#: Relative difference that another engine, or other versions of packages, may make.
CLOSE: Final = 1e-6
#: Relative difference of sums that the same code adds up on another machine.
SAME: Final = 1e-9

#: Columns that name a row of a frame; where they do not tell rows apart, the position does.
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "demand": ("item", "region", "segment", "month"),
    "production": ("source", "month"),
    "stock": ("item", "site", "month"),
    "backlog": ("item", "region", "segment", "month"),
    "shipments": ("item", "origin", "destination", "month"),
    "staffing": ("resource", "month"),
    "load": ("resource", "month"),
    "materials": ("material", "month"),
    "money": ("month",),
    "shortages": ("item", "region", "segment", "month", "kind"),
}
#: Columns whose values need no word in front of them.
_PLAIN: Final = frozenset({"month", "kind"})


class _Fresh:
    """A cache that knows nothing and remembers what it was given: forecasts are made afresh, then compared."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {}

    def put_many(self, items: Mapping[str, bytes]) -> None:
        self.made.update(items)


def company_of(
    tables: Mapping[str, pd.DataFrame], version: int, verdicts: Verdicts, progress: Progress | None = None
) -> tuple[Company, dict[str, bytes]]:
    """The company as a plan of that data version rested on it, and its forecasts, made afresh, by cache key. Raises
    any SopError."""
    fresh = _Fresh()
    snapshot = Snapshot.from_tables(tables, version=version)
    return prepare(snapshot, verdicts=verdicts, cache=fresh, progress=progress), fresh.made


def cache_differs(made: Mapping[str, bytes], cache: ForecastCache) -> int:
    """How many of the forecasts that the cache keeps are not those made afresh."""
    kept = cache.get_many(list(made))
    return sum(not _same_fit(payload, made[key]) for key, payload in kept.items())


def _same_fit(one: bytes, other: bytes) -> bool:
    """Whether two payloads (a line of JSON, then doubles) say the same, but for the last digits of another machine."""
    if one == other:
        return True
    try:
        heads = [json.loads(payload[: payload.index(b"\n")]) for payload in (one, other)]
        tails = [np.frombuffer(payload[payload.index(b"\n") + 1 :], dtype="<f8") for payload in (one, other)]
    except ValueError:
        return False
    same = len(tails[0]) == len(tails[1]) and np.allclose(
        tails[0], tails[1], rtol=CLOSE, atol=CLOSE, equal_nan=True
    )
    return bool(same) and _alike(*heads)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)
    return bool(one == other)


def plan_again(company: Company, scenario_json: str, engine: str, stop: Stop | None = None) -> Plan:
    """The plan of the signed Changes by that engine; by the one at hand where it is not installed. Raises any
    SopError; Interrupted where it was told to stop."""
    try:
        make_engine(engine)
    except PlanError:
        engine = "auto"
    return Planner(company, engine=engine).plan(Scenario.from_json(scenario_json), stop)


def plan_otherwise(plan: Plan, company: Company, engine: str, stop: Stop | None = None) -> Plan:
    """The same scenario's plan by another engine: its own optimum, and of the plans worth the same the one that stands
    where `plan` does (see supply/ties.py). Raises any SopError; Interrupted."""
    return Planner(company, engine=engine).plan(plan.scenario, stop, like=plan)


def numbers_differ(
    now: Mapping[str, float | None], then: Mapping[str, float | None], tolerance: float
) -> dict[str, tuple[float | None, float | None]]:
    """(now, then) of each number that differs by more than that, relative (near zero: absolute), or that one side alone
    knows."""
    found = {}
    for name in {**then, **now}:
        one, other = now.get(name), then.get(name)
        if one is None or other is None:
            if one is not other:
                found[name] = (one, other)
        elif not math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance):
            found[name] = (one, other)
    return found


def rows_differ(
    frame: str, then: Sequence[str], now: Sequence[str], tolerance: float = 0.0, when: str = ""
) -> list[str]:
    """Sentences on rows of a frame, as lines (see rows.py), that are not those signed: `production, source make Anvil,
    Mar 26: started 120 where 118 was signed.` `then` can be read; `when` stands behind the present value."""
    if not then or not now:
        return [] if list(then) == list(now) else [f"{frame}: all of its rows are missing."]
    found: list[str] = []
    if now[0] != then[0]:
        found.append(f"{frame}: the names or types of its columns are not those that were signed.")
    names = [name for name, _ in json.loads(then[0])]
    signed, present = _by_key(frame, names, then[1:]), _by_key(frame, names, now[1:])
    for key, row in signed.items():
        other = present.get(key)
        if other is None:
            found.append(f"{_name(frame, key)}: this row was signed and is missing.")
            continue
        parts = [
            f"{name} {_shown(name, b, a)}{when} where {_shown(name, a, b)} was signed"
            for name, a, b in zip(names, row, other, strict=True)
            if not _equal(a, b, tolerance)
        ]
        if parts:
            found.append(f"{_name(frame, key)}: {', '.join(parts)}.")
    for key in present.keys() - signed.keys():
        readable = (
            "was not signed" if key[0][0] != "row" or len(key) > 1 else "cannot be read, or was not signed"
        )
        found.append(f"{_name(frame, key)}: this row {readable}.")
    if not found and list(then) != list(now) and not tolerance:
        found.append(f"{frame}: its rows stand in another order, or are written otherwise, than when signed.")
    return found


_Key = tuple[tuple[str, str], ...]


def _by_key(frame: str, names: Sequence[str], lines: Sequence[str]) -> dict[_Key, list[Any]]:
    """Rows by the values of their key columns; those that cannot be read, or are there twice, by position."""
    places = [names.index(name) for name in _KEYS.get(frame, ()) if name in names]
    found: dict[_Key, list[Any]] = {}
    for at, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, list) or len(row) != len(names):
            found[(("row", f"{at:,}"),)] = [None] * len(names)
            continue
        key: _Key = tuple((names[place], str(row[place])) for place in places) or (("row", f"{at:,}"),)
        if key in found:
            key = (*key, ("row", f"{at:,}"))
        found[key] = row
    return found


def _name(frame: str, key: _Key) -> str:
    return ", ".join(
        [frame, *(_shown(name, value) if name in _PLAIN else f"{name} {value}" for name, value in key)]
    )


def _shown(name: str, value: Any, beside: Any = None) -> str:
    """A value in a sentence; in full where it would read like the one beside it."""
    if value is None:
        return "nothing"
    if isinstance(value, int | float) and not isinstance(value, bool):
        short = f"{value:,.6g}"
        same = isinstance(beside, int | float) and f"{beside:,.6g}" == short
        return repr(value) if same else short
    text = str(value)
    try:
        return month_label(np.datetime64(text, "M")) if name == "month" else text
    except ValueError:
        return text


def _equal(one: Any, other: Any, tolerance: float) -> bool:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
    if numbers and tolerance:
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    return type(one) is type(other) and bool(one == other)
