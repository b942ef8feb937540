"""What is typed into the demand grid: numbers as people write them, periods, and what becomes of them as changes.

Nothing here draws. A planner's typing is kept as text until it is applied, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sop_core.calendar import MonthArray, fiscal_year, month_label, span_label
from sop_core.changes import Change, DemandEdit, DemandOverride, Scope
from sop_core.inputs import Bools, Floats, Inputs
from sop_core.scenario import Scenario, Step

UNITS, PERCENT, ADD = "Units a month", "Change in %", "Units on top"
#: What a measure is called in a change.
MODES: Mapping[str, str] = {UNITS: "set", PERCENT: "percent", ADD: "add"}
MONTH, QUARTER, YEAR = "Month", "Quarter", "Year"

#: Before a number that was typed and is not applied yet.
MARK = "✎ "

_GROUPED = re.compile(r"\d{1,3}(?:([,.])\d{3})(?:\1\d{3})*")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?|[.,]\d+")


class Unreadable(ValueError):
    """What was typed is no number that the cell takes; the message says why and what to write."""


def read_number(text: str, measure: str) -> float | None:
    """The number that a cell's text means, a fraction where the measure is a percentage; None where it is blank.

    Takes thousands separators (1,200 · 1 200 · 1'200), decimals with a point or a comma, a percent sign, real and
    accountants' minus signs, and a dash for zero. Raises Unreadable where a number could be meant in two ways.
    """
    plain = text.replace(MARK.strip(), "").replace("\N{MINUS SIGN}", "-")
    plain = re.sub(r"[\s'\N{RIGHT SINGLE QUOTATION MARK}]", "", plain)
    if not plain:
        return None
    if plain in ("-", "–", "—"):
        return 0.0
    negative = plain.startswith("-") or (plain.startswith("(") and plain.endswith(")"))
    signed = plain[0] in "+-("
    bare = plain.strip("()").lstrip("+-")
    if bare.endswith("%") and measure != PERCENT:
        raise Unreadable(f"“{text}” is a percentage: choose “{PERCENT}” above to type it.")
    if signed and measure == UNITS:
        if negative:
            raise Unreadable(f"“{text}” is below zero: demand cannot be. To take units away choose “{ADD}”.")
        raise Unreadable(f"“{text}” reads as an addition: choose “{ADD}” above, or leave the + out.")
    value = _value(bare.rstrip("%"), text, measure)
    value = -value if negative else value
    if measure != PERCENT:
        return value
    if not -100 <= value <= 1000:
        raise Unreadable(f"“{text}” is out of range: a change is from -100 % to +1,000 %.")
    return value / 100


def _value(bare: str, text: str, measure: str) -> float:
    if "," in bare and "." in bare:
        # The last of the two is the decimal sign; the other must part thousands.
        decimal = max(",.", key=bare.rfind)
        whole, _, rest = bare.rpartition(decimal)
        if rest.isdigit() and _GROUPED.fullmatch(whole):
            return float(f"{re.sub('[,.]', '', whole)}.{rest}")
        raise Unreadable(f"“{text}” is not a number: write it as 1200, 1,200 or 1200.5.")
    grouped = _GROUPED.fullmatch(bare)
    if grouped and measure != PERCENT:
        several = len(re.findall(r"[,.]", bare)) > 1
        if grouped.group(1) == "." and not several:
            raise Unreadable(
                f"“{text}” may mean {bare.replace('.', '')} or {bare.rstrip('0')}: write it without the point."
            )
        return float(re.sub("[,.]", "", bare))
    if _PLAIN.fullmatch(bare) and bare.isascii():
        return float(bare.replace(",", "."))
    raise Unreadable(f"“{text}” is not a number: write it as 1200, 1,200 or 1200.5.")


# -- periods ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Period:
    """A column of the grid: its header and the months [t] of the horizon that it holds."""

    label: str
    months: tuple[int, ...]


def periods(months: MonthArray, kind: str, fiscal_start: int = 1) -> list[Period]:
    """The horizon by month, quarter or year of the company's fiscal calendar. A period that the plan covers only
    in part says which months it holds."""
    if kind == MONTH:
        return [Period(month_label(m), (t,)) for t, m in enumerate(months)]
    gathered: dict[tuple[int, int], list[int]] = {}
    for t, month in enumerate(months):
        place = (int(month.astype(int)) - (fiscal_start - 1)) % 12
        quarter = place // 3 + 1 if kind == QUARTER else 0
        gathered.setdefault((fiscal_year(month, fiscal_start), quarter), []).append(t)
    prefix = "" if fiscal_start == 1 else "FY"
    out = []
    for (year, quarter), found in gathered.items():
        name = f"Q{quarter} {prefix}{year % 100:02d}" if quarter else f"{prefix}{year}"
        full = len(found) == (3 if quarter else 12)
        span = "" if full else f" ({span_label(months[found[0]], months[found[-1]])})"
        out.append(Period(f"{name}{span}", tuple(found)))
    return out


def apportion(total: float, weights: Floats) -> Floats:
    """The total over some months in proportion to weights, evenly where all are zero. A whole number is parted in
    whole numbers (largest remainders); the parts add up to the total exactly."""
    weight = np.maximum(weights, 0.0)
    share = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1.0 / len(weight))
    exact = total * share
    if total != round(total) or abs(total) > 2**52:
        exact[int(np.argmax(share))] += total - exact.sum()
        return exact
    floor = np.floor(exact)
    missing = round(total - floor.sum())
    for at in np.argsort(-(exact - floor), kind="stable")[:missing]:
        floor[at] += 1
    return floor


# -- typed and not applied yet --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """Where something was typed: a scope, a measure and the months [YYYY-MM] of one column."""

    scope: Scope
    measure: str
    months: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into a cell, with the names of its line and column."""

    text: str
    line: str
    column: str


Pending = dict[Cell, Typed]


@dataclass(frozen=True, slots=True)
class Draft:
    """Pending typing as it would be applied: the scenario with it, and what could not be read, by cell."""

    scenario: Scenario
    taken: tuple[Cell, ...]
    refused: Mapping[Cell, str]


@dataclass(slots=True)
class _Batch:
    scope: Scope
    measure: str
    values: dict[str, float | None]


def draft(
    scenario: Scenario, pending: Pending, inputs: Inputs, total: Floats, note: str = "", owner: str = ""
) -> Draft:
    """The scenario with everything that can be read applied, in the order in which it was typed. One line typed in
    one measure is one change, however many months of it were typed; it becomes two only where a line that shares
    cells with it was typed in between.

    `total` [i, r, m, t]: demand before, by which a quarter or year is parted into months. Raises ScenarioError
    where the scenario grows too long.
    """
    taken: list[Cell] = []
    refused: dict[Cell, str] = {}
    batches: list[_Batch] = []
    prints: dict[Scope, Sequence[Bools]] = {}
    place = {str(month): t for t, month in enumerate(inputs.months)}
    for cell, typed in pending.items():
        try:
            value = read_number(typed.text, cell.measure)
        except Unreadable as error:
            refused[cell] = str(error)
            continue
        known = [month for month in cell.months if month in place]
        if not known:
            refused[cell] = f"{typed.column} lies no longer in the plan."
            continue
        if value is None and not present_in(scenario, cell):
            refused[cell] = "Blank takes a typed number away, and none was typed here before."
            continue
        values: dict[str, float | None]
        if value is None or cell.measure == PERCENT or len(known) == 1:
            values = dict.fromkeys(known, value)
        else:
            weights = demand_of(cell.scope, inputs, total)[[place[month] for month in known]]
            values = dict(zip(known, apportion(value, weights).tolist(), strict=True))
        _batch(batches, cell, prints, inputs, values).values.update(values)
        taken.append(cell)
    for batch in batches:
        scenario = edited(scenario, inputs, batch.scope, MODES[batch.measure], batch.values, note, owner)
    return Draft(scenario, tuple(taken), refused)


def _batch(
    batches: list[_Batch],
    cell: Cell,
    prints: dict[Scope, Sequence[Bools]],
    inputs: Inputs,
    months: Iterable[str],
) -> _Batch:
    """The batch that takes a cell: its line's last one, unless what was typed after that meets the cell."""
    for batch in reversed(batches):
        if (batch.scope, batch.measure) == (cell.scope, cell.measure):
            return batch
        if any(month in batch.values for month in months) and _share_cells(
            *(prints.setdefault(scope, _footprint(scope, inputs)) for scope in (batch.scope, cell.scope))
        ):
            break
    batches.append(_Batch(cell.scope, cell.measure, {}))
    return batches[-1]


def demand_of(scope: Scope, inputs: Inputs, total: Floats) -> Floats:
    """[t] units of a scope in an [i, r, m, t] array of demand."""
    share, regions, segments = scope.item_share(inputs), *_footprint(scope, inputs)[1:]
    items = np.flatnonzero(share)
    found = total[np.ix_(items, np.flatnonzero(regions), np.flatnonzero(segments))]
    summed: Floats = share[items] @ found.sum(axis=(1, 2))
    return summed


def edited(
    scenario: Scenario,
    inputs: Inputs,
    scope: Scope,
    mode: str,
    values: Mapping[str, float | None],
    note: str = "",
    owner: str = "",
) -> Scenario:
    """The scenario with typed months of one line in it; None takes away what was typed in a month before.

    An earlier edit of the same line and mode gives up those months, and an edit of the same owner and reason takes
    them up, so that one line stays one change. A total that later changes of other lines have moved is typed anew
    at the end: the last word is what counts.
    """
    steps = list(scenario.steps)
    new = {month: value for month, value in values.items() if value is not None}
    place: int | None = None
    housed = False
    for at in range(len(steps) - 1, -1, -1):
        change = steps[at].change
        if not _same_line(change, scope, mode) or steps[at].muted:
            continue
        assert isinstance(change, DemandEdit)
        later = [step.change for step in steps[at + 1 :] if not step.muted]
        moved = mode == "set" and any(_meet(change, other, inputs, new) for other in later)
        given_up = {month for month in values if not moved or month not in new}
        kept = tuple(pair for pair in change.values if pair[0] not in given_up)
        mine = (change.note, change.owner or "") == (note.strip(), owner.strip())
        if new and not housed and not moved and mine:
            steps[at] = Step(replace(change, values=(*kept, *new.items())))
            housed, place = True, at + 1
        elif kept:
            steps[at] = Step(replace(change, values=kept))
            place = at + 1
        else:
            del steps[at]
            place = at
    if new and not housed:
        change = DemandEdit(scope=scope, mode=mode, values=tuple(new.items()), owner=owner or None, note=note)
        # Units and percentages on top keep their place, so that totals typed after them stay what they are.
        steps.insert(len(steps) if place is None or mode == "set" else place, Step(change))
    return replace(scenario, steps=tuple(steps))


def present(scenario: Scenario, scope: Scope, measure: str) -> dict[str, float]:
    """What was typed and applied on a line in a measure, by month: units added up, percentages compounded, of
    totals the last."""
    found: dict[str, float] = {}
    for change in scenario.active:
        if _same_line(change, scope, MODES[measure]):
            assert isinstance(change, DemandEdit)
            for month, value in change.values:
                if measure == UNITS or month not in found:
                    found[month] = value
                elif measure == ADD:
                    found[month] += value
                else:
                    found[month] = (1 + found[month]) * (1 + value) - 1
    return found


def present_in(scenario: Scenario, cell: Cell) -> bool:
    """Whether something was typed into the cell and applied before."""
    return bool(set(cell.months) & set(present(scenario, cell.scope, cell.measure)))


def _same_line(change: Change, scope: Scope, mode: str) -> bool:
    return isinstance(change, DemandEdit) and change.mode == mode and change.scope == scope


def _meet(change: DemandEdit, other: Change, inputs: Inputs, months: Iterable[str]) -> bool:
    """Whether a later change of typed demand touches the same cells in one of these months."""
    if not isinstance(other, DemandEdit | DemandOverride) or other.scope == change.scope:
        return False
    if isinstance(other, DemandEdit) and not set(months) & {month for month, _ in other.values}:
        return False
    return _share_cells(_footprint(change.scope, inputs), _footprint(other.scope, inputs))


def _share_cells(one: Sequence[Bools], other: Sequence[Bools]) -> bool:
    return all(bool((a & b).any()) for a, b in zip(one, other, strict=True))


def _footprint(scope: Scope, inputs: Inputs) -> Sequence[Bools]:
    return (scope.item_share(inputs) > 0, scope.region_mask(inputs), scope.segment_mask(inputs))
