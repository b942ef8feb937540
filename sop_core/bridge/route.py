"""From one list of Changes to another: what differs, in which order, in how many groups.

The two lists are laid side by side. What both have at the same place stays; every other Change is part of one
`Edit` (added, removed, changed, moved). Any part of the edits gives a scenario that lies between the two, with its
Changes in the order in which the two scenarios apply them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sop_core.changes import Change
from sop_core.inputs import Inputs
from sop_core.scenario import Scenario, Step

#: Groups up to which every order is tried: 2 ** 6 plans.
MOST_GROUPS: Final = 6

#: What a Change is about, by the module in which it is declared; at most as many as there may be groups.
_SUBJECTS: Final = {
    "demand": "Demand volume and prices",
    "demand_edit": "Demand volume and prices",
    "promotion": "Promotions",
    "launch": "Launches and run-downs",
    "phase_out": "Launches and run-downs",
    "capacity": "Capacity and people",
    "policy": "Policy and cost rates",
    "cost": "Policy and cost rates",
    "sourcing": "Sources and stock",
    "mode": "Sources and stock",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """One difference between two lists of Changes. "moved": the same Change, applied at another place."""

    status: Literal["added", "removed", "changed", "moved"]
    before: Change | None = None
    after: Change | None = None

    @property
    def change(self) -> Change:
        """The Change as it stands at the end, or stood at the start where it is gone."""
        found = self.after if self.after is not None else self.before
        assert found is not None
        return found

    def sentence(self, inputs: Inputs | None = None) -> str:
        """As in minutes: the Change, `Without ...`, `... instead of ...`, `... applied at another place`."""
        said = self.change.sentence(inputs)
        if self.status == "removed":
            return f"Without {said}"
        if self.status == "moved":
            return f"{said}, applied at another place"
        if self.status == "changed" and self.before is not None:
            return f"{said}, instead of {_unlike(self.before.sentence(inputs), said)}"
        return said


def _unlike(before: str, after: str) -> str:
    """What a sentence says otherwise than another one about the same thing."""
    subject, _, rest = before.partition(": ")
    return rest if rest and after.startswith(f"{subject}: ") else before


@dataclass(frozen=True, slots=True)
class Group:
    """Edits that are taken as one. `note` says why, where it is not each for itself."""

    label: str
    edits: tuple[int, ...]  #: positions in Route.edits
    note: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Two scenarios of one company and what differs between them. `slots`: every Change of the two lists laid side by
    side, with the edit it belongs to (-1 = both have it) and whether it is there before or after that edit."""

    start: Scenario
    end: Scenario
    edits: tuple[Edit, ...]
    slots: tuple[tuple[Change, int, bool], ...]

    def between(self, made: Iterable[int]) -> Scenario:
        """The scenario in which those edits are made and the others are not. Raises ScenarioError where it would hold
        more Changes than a scenario may."""
        done = frozenset(made)
        steps = [Step(change) for change, edit, after in self.slots if edit < 0 or after == (edit in done)]
        return Scenario(f"Between {self.start.name[:50]} and {self.end.name[:50]}", steps=tuple(steps))


def route(start: Scenario, end: Scenario) -> Route:
    """What leads from one scenario to the other; muted Changes and notes do not count."""
    before, after = start.active, end.active
    text_a, text_b = [_text(change) for change in before], [_text(change) for change in after]
    kept = _common(text_a, text_b)
    gone = [n for n in range(len(before)) if n not in kept]
    new = [n for n in range(len(after)) if n not in kept.values()]
    levers_a, levers_b = [change.lever for change in before], [change.lever for change in after]
    # First the same Change at another place, then the same lever at another value.
    pairs = _pairs(gone, new, text_a, text_b)
    left = [n for n in gone if n not in pairs], [n for n in new if n not in pairs.values()]
    pairs |= _pairs(*left, levers_a, levers_b)
    edits: list[Edit] = []
    of_gone: dict[int, int] = {}
    of_new: dict[int, int] = {}
    for number, (left_at, right_at) in enumerate(_in_order(before, after, kept, pairs)):
        if left_at is not None:
            of_gone[left_at] = number
        if right_at is not None:
            of_new[right_at] = number
        edits.append(_edit(left_at, right_at, before, after, text_a, text_b))
    slots: list[tuple[Change, int, bool]] = []
    at = 0
    for a in range(len(before) + 1):
        # What only the end has stands behind what only the start has, up to the next Change of both.
        if a == len(before) or a in kept:
            until = len(after) if a == len(before) else kept[a]
            slots += [(after[b], of_new[b], True) for b in range(at, until)]
            at = until + 1
            if a < len(before):
                slots.append((after[kept[a]], -1, True))
        else:
            slots.append((before[a], of_gone[a], False))
    return Route(start, end, tuple(edits), tuple(slots))


def groupings(found: Route, inputs: Inputs) -> tuple[Group, ...]:
    """The edits in at most MOST_GROUPS groups: each Change for itself, else by kind and what it touches, else by kind,
    else by subject; the finest of these that is small enough."""
    alone = singles(found, inputs)
    if len(alone) <= MOST_GROUPS:
        return alone
    keys: tuple[Callable[[Change], Hashable], ...] = (
        lambda change: (change.kind, change.scope.place("", inputs)),
        lambda change: change.kind,
        subject,
    )
    groups: tuple[Group, ...] = ()
    for key in keys:
        members: dict[Hashable, list[int]] = {}
        for number, edit in enumerate(found.edits):
            members.setdefault(key(edit.change), []).append(number)
        groups = tuple(_gathered(found, numbers, key is subject, inputs) for numbers in members.values())
        if len(groups) <= MOST_GROUPS:
            break
    return groups


def singles(found: Route, inputs: Inputs) -> tuple[Group, ...]:
    """Every edit for itself, in the order in which the Changes are applied."""
    return tuple(Group(edit.sentence(inputs), (number,)) for number, edit in enumerate(found.edits))


def subject(change: Change) -> str:
    """What a Change is about: one of at most six subjects."""
    module = type(change).__module__.rpartition(".")[2]
    return _SUBJECTS.get(module, "Policy and cost rates")


def joined(one: Group, other: Group, why: str) -> Group:
    """Two groups as one."""
    note = f"“{one.label}” and “{other.label}” are taken together: {why}"
    return Group(f"{one.label}; {other.label}", (*one.edits, *other.edits), note)


def _gathered(found: Route, numbers: list[int], by_subject: bool, inputs: Inputs) -> Group:
    first = found.edits[numbers[0]]
    if len(numbers) == 1:
        return Group(first.sentence(inputs), tuple(numbers))
    places = {found.edits[n].change.scope.place("", inputs) for n in numbers}
    place = places.pop() if len(places) == 1 else ""
    name = subject(first.change) if by_subject else first.change.title
    label = f"{name}, {place}" if place and not by_subject else name
    said = "; ".join(found.edits[n].sentence(inputs) for n in numbers)
    return Group(f"{label} ({len(numbers)} changes)", tuple(numbers), said)


def _pairs(
    gone: Sequence[int], new: Sequence[int], before: Sequence[object], after: Sequence[object]
) -> dict[int, int]:
    """Positions before -> positions after that hold the same, first come first served."""
    pairs: dict[int, int] = {}
    free = list(new)
    for a in gone:
        twin = next((b for b in free if before[a] == after[b]), None)
        if twin is not None:
            free.remove(twin)
            pairs[a] = twin
    return pairs


def _edit(
    a: int | None, b: int | None, before: Sequence[Change], after: Sequence[Change], *texts: Sequence[str]
) -> Edit:
    old, new = (None if a is None else before[a]), (None if b is None else after[b])
    if a is None or b is None:
        return Edit("added" if a is None else "removed", old, new)
    return Edit("moved" if texts[0][a] == texts[1][b] else "changed", old, new)


def _text(change: Change) -> str:
    return json.dumps(change.acting(), sort_keys=True, ensure_ascii=False, allow_nan=False)


def _common(a: list[str], b: list[str]) -> dict[int, int]:
    """Longest common subsequence: position in `a` -> position in `b`."""
    head = 0
    while head < min(len(a), len(b)) and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    n, m = len(a) - head - tail, len(b) - head - tail
    best = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            same = a[head + i] == b[head + j]
            best[i][j] = best[i + 1][j + 1] + 1 if same else max(best[i + 1][j], best[i][j + 1])
    found = {n: n for n in range(head)}
    i = j = 0
    while i < n and j < m:
        if a[head + i] == b[head + j]:
            found[head + i] = head + j
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found | {len(a) - tail + k: len(b) - tail + k for k in range(tail)}


def _in_order(
    before: tuple[Change, ...], after: tuple[Change, ...], kept: dict[int, int], pairs: dict[int, int]
) -> list[tuple[int | None, int | None]]:
    """Edits as (position before, position after), by place: at the start's where it had the Change."""
    partner = {b: a for a, b in pairs.items()}
    out: list[tuple[int | None, int | None]] = []
    at = 0
    for a in range(len(before) + 1):
        if a == len(before) or a in kept:
            until = len(after) if a == len(before) else kept[a]
            out += [(None, b) for b in range(at, until) if b not in partner]
            at = until + 1
        else:
            out.append((a, pairs.get(a)))
    return out
