"""A scenario: a name and an ordered list of Changes over a base company. Scenarios are values, not objects.

    scenario = Scenario.base().rename("Overhaul").add(CapacityChange(scope=..., pct=-0.2))
    edited = scenario.apply(inputs)      # a copy; the company's own inputs never change

`docs/scenario-file.md` describes the JSON form. `History` is undo and redo over such values.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from sop_core.changes import Change, strict_json
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs

#: Version of the JSON form that this release writes; older ones are read.
FORMAT: Final = 1

#: Limits that keep a file readable and a plan explainable.
MOST_CHANGES: Final = 500
LONGEST_NAME: Final = 120
LONGEST_NOTE: Final = 5_000

_MEMBERS = ("format", "name", "owner", "parent", "note", "changes")


class Step(NamedTuple):
    """One Change of a scenario; muted = kept, but without effect."""

    change: Change
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """Name, owner, parent (name of the scenario it comes from), note, steps. Raises ScenarioError when built
    from bad values. Positions are counted from 0 in the code and from 1 in messages."""

    name: str
    owner: str = ""
    parent: str = ""
    note: str = ""
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        for field, longest in (
            ("name", LONGEST_NAME),
            ("owner", LONGEST_NAME),
            ("parent", LONGEST_NAME),
            ("note", LONGEST_NOTE),
        ):
            value = getattr(self, field)
            if not isinstance(value, str):
                raise ScenarioError(f"`{field}` of a scenario must be a text, not {value!r:.60}.")
            if len(value.strip()) > longest:
                raise ScenarioError(f"`{field}` of a scenario is longer than {longest} characters.")
            object.__setattr__(self, field, value.strip())
        if not self.name:
            raise ScenarioError("A scenario needs a name.")
        if len(self.steps) > MOST_CHANGES:
            raise ScenarioError(
                f"Scenario '{self.name}' has {len(self.steps)} changes; {MOST_CHANGES} are the most. "
                "Wider scopes, or a new data version, say the same in fewer."
            )
        object.__setattr__(self, "steps", tuple(Step(*step) for step in self.steps))

    @classmethod
    def base(cls) -> Scenario:
        """The company as it is: no changes."""
        return cls("Base")

    # -- reading ------------------------------------------------------------------------------------------

    @property
    def active(self) -> tuple[Change, ...]:
        """The Changes that act, in order."""
        return tuple(step.change for step in self.steps if not step.muted)

    def sentences(self, inputs: Inputs | None = None) -> tuple[str, ...]:
        """One sentence a step, muted ones too, in order."""
        return tuple(step.change.sentence(inputs) for step in self.steps)

    def fingerprint(self) -> str:
        """SHA-256 over what acts on the plan: active Changes in order, no names or notes."""
        return hashlib.sha256(_canonical([change.acting() for change in self.active]).encode()).hexdigest()

    # -- acting -------------------------------------------------------------------------------------------

    def apply(self, inputs: Inputs) -> Inputs:
        """A copy of the company with the active Changes in it, in order; the given Inputs stay as they are.

        Each Change is checked against the company as the Changes before it left it. Raises ScenarioError
        with the position of the Change that does not fit.
        """
        edited = inputs.copy()
        for position, (change, muted) in enumerate(self.steps, start=1):
            if muted:
                continue
            try:
                change.check(edited)
            except ScenarioError as error:
                raise ScenarioError(f"Scenario '{self.name}', change {position}: {error}") from error
            change.apply(edited)
        return edited

    def check(self, inputs: Inputs) -> None:
        """Raises ScenarioError where an active Change does not fit the company."""
        self.apply(inputs)

    # -- editing: each gives a new scenario ---------------------------------------------------------------

    def add(self, change: Change) -> Scenario:
        """With the Change at the end."""
        return replace(self, steps=(*self.steps, Step(change)))

    def remove(self, position: int) -> Scenario:
        """Without the Change at that position."""
        self._step(position)
        return replace(self, steps=self.steps[:position] + self.steps[position + 1 :])

    def replace(self, position: int, change: Change) -> Scenario:
        """With another Change at that position; muted stays muted."""
        return self._with(position, Step(change, self._step(position).muted))

    def mute(self, position: int, muted: bool | None = None) -> Scenario:
        """With the Change at that position muted or not; None turns it over."""
        step = self._step(position)
        return self._with(position, step._replace(muted=not step.muted if muted is None else muted))

    def move(self, position: int, to: int) -> Scenario:
        """With the Change at `position` standing at `to`."""
        step = self._step(position)
        self._step(to)
        rest = self.steps[:position] + self.steps[position + 1 :]
        return replace(self, steps=(*rest[:to], step, *rest[to:]))

    def shift(self, positions: Iterable[int], by: Literal[-1, 1]) -> tuple[Scenario, tuple[int, ...]]:
        """With those Changes one place up (-1) or down (1), as a block that stops at the end; and where they are
        then."""
        picked = set(positions)
        steps = [(self._step(at), at in picked) for at in range(len(self.steps))]
        order = range(len(steps)) if by < 0 else range(len(steps) - 1, -1, -1)
        for at in order:
            to = at + by
            if steps[at][1] and 0 <= to < len(steps) and not steps[to][1]:
                steps[at], steps[to] = steps[to], steps[at]
        moved = replace(self, steps=tuple(step for step, _ in steps))
        return moved, tuple(at for at, (_, mine) in enumerate(steps) if mine)

    def duplicate(self, positions: Iterable[int]) -> Scenario:
        """With a muted copy behind each of those Changes: the plan stays until the copy is edited and acts."""
        picked = set(positions)
        out: list[Step] = []
        for at, step in enumerate(self.steps):
            out += [step, step._replace(muted=True)] if at in picked else [step]
        return replace(self, steps=tuple(out))

    def without(self, positions: Iterable[int]) -> Scenario:
        """Without the Changes at those positions."""
        picked = set(positions)
        return replace(self, steps=tuple(step for at, step in enumerate(self.steps) if at not in picked))

    def extend(self, steps: Iterable[Step]) -> Scenario:
        """With those steps at the end; one that stands there already, to the letter, is not added again."""
        out = list(self.steps)
        out += [step for step in steps if step not in out]
        return replace(self, steps=tuple(out))

    def rename(self, name: str) -> Scenario:
        """Under another name."""
        return replace(self, name=name)

    def derive(self, name: str, owner: str = "") -> Scenario:
        """A scenario of the same Changes under a new name, with this one as its parent."""
        return replace(self, name=name, owner=owner or self.owner, parent=self.name)

    def find(self, lever: tuple[Any, ...]) -> int | None:
        """Position of the last active Change of that lever (`Change.lever`); None where there is none."""
        for position in range(len(self.steps) - 1, -1, -1):
            step = self.steps[position]
            if not step.muted and step.change.lever == lever:
                return position
        return None

    def set_lever(self, change: Change) -> Scenario:
        """With the lever at the Change's value: replaces the active Change of the same lever in its place,
        removes it where the new value changes nothing, and adds it where there was none. Keeps the old note
        where the new Change has none."""
        position = self.find(change.lever)
        if position is None:
            return self if change.is_neutral else self.add(change)
        if change.is_neutral:
            return self.remove(position)
        old = self.steps[position].change
        return self.replace(position, change if change.note else change.noted(old.note))

    def _step(self, position: int) -> Step:
        if not 0 <= position < len(self.steps):
            raise ScenarioError(
                f"There is no change {position + 1}: scenario '{self.name}' has {len(self.steps)}."
            )
        return self.steps[position]

    def _with(self, position: int, step: Step) -> Scenario:
        return replace(self, steps=(*self.steps[:position], step, *self.steps[position + 1 :]))

    # -- JSON ---------------------------------------------------------------------------------------------

    def to_json(self) -> str:
        """The canonical JSON form: sorted keys, every value written, one scenario one text."""
        changes = [step.change.to_dict() | ({"muted": True} if step.muted else {}) for step in self.steps]
        texts = {"name": self.name, "owner": self.owner, "parent": self.parent, "note": self.note}
        body = {"format": FORMAT, **texts, "changes": changes}
        return json.dumps(body, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Scenario:
        """The inverse of `to_json`, strict. Raises ScenarioError naming position, field, allowed values."""
        body = _parsed(text)
        for member in body:
            if member not in _MEMBERS:
                raise ScenarioError(f"A scenario has no field '{member}'. Allowed: {', '.join(_MEMBERS)}.")
        version = body.get("format", FORMAT)
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise ScenarioError(f"`format` must be the number {FORMAT}, not {version!r:.60}.")
        if version > FORMAT:
            raise ScenarioError(
                f"The scenario was written by a newer release (format {version}; this one reads up to "
                f"{FORMAT}). Update the planner, or save the scenario in the older form."
            )
        if body.get("name") is None:
            raise ScenarioError("A scenario needs a `name`.")
        changes = body.get("changes", [])
        if not isinstance(changes, list):
            raise ScenarioError(f"`changes` must be a list, not {changes!r:.60}.")
        if len(changes) > MOST_CHANGES:
            raise ScenarioError(f"`changes` holds {len(changes)} changes; {MOST_CHANGES} are the most.")
        texts = {
            name: body[name] for name in ("name", "owner", "parent", "note") if body.get(name) is not None
        }
        return cls(**texts, steps=tuple(_step(data, n) for n, data in enumerate(changes, start=1)))


def _step(data: Any, position: int) -> Step:
    where = f"change {position}"
    muted = False
    if isinstance(data, dict) and "muted" in data:
        muted = data["muted"]
        data = {name: value for name, value in data.items() if name != "muted"}
    if not isinstance(muted, bool):
        raise ScenarioError(f"{where}: `muted` must be true or false, not {muted!r:.60}.")
    return Step(Change.from_dict(data, where), muted)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _parsed(text: str) -> dict[str, Any]:
    body = strict_json.read(text, "scenario", ScenarioError)
    if not isinstance(body, dict):
        raise ScenarioError('A scenario file must hold one object: {"name": ..., "changes": [...]}.')
    return body


# -- differences ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which two scenarios differ in what they plan. "order": same Changes, another order."""

    status: Literal["added", "removed", "changed", "order"]
    before: Change | None = None
    after: Change | None = None

    def sentence(self, inputs: Inputs | None = None) -> str:
        """`Added: ...`, `Removed: ...`, `Changed: ... Before: ...`."""
        if self.status == "order":
            return "Order of changes differs"
        shown = self.after if self.after is not None else self.before
        assert shown is not None
        said = f"{self.status.capitalize()}: {shown.sentence(inputs)}"
        if self.status == "changed" and self.before is not None:
            said += f". Before: {self.before.sentence(inputs)}"
        return said


def diff(a: Scenario, b: Scenario) -> tuple[Difference, ...]:
    """What makes scenario b another plan than a: muted Changes and notes do not count.

    A Change of the same lever with another value is "changed"; empty exactly where fingerprints agree.
    """
    before = [(_canonical(change.acting()), change) for change in a.active]
    after = [(_canonical(change.acting()), change) for change in b.active]
    common = Counter(text for text, _ in before) & Counter(text for text, _ in after)
    kept_a, gone = _divide(before, common)
    kept_b, new = _divide(after, common)
    out = []
    for change in gone:
        twin = next((other for other in new if other.lever == change.lever), None)
        if twin is not None:
            new.remove(twin)
        out.append(Difference("changed" if twin is not None else "removed", change, twin))
    out += [Difference("added", None, change) for change in new]
    if not out and kept_a != kept_b:
        out.append(Difference("order"))
    return tuple(out)


def _divide(changes: list[tuple[str, Change]], common: Counter[str]) -> tuple[list[str], list[Change]]:
    """The texts that both scenarios have, in order, and the Changes that only this one has."""
    left, kept, own = Counter(common), [], []
    for text, change in changes:
        if left[text]:
            left[text] -= 1
            kept.append(text)
        else:
            own.append(change)
    return kept, own


# -- undo and redo ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """Undo and redo over scenarios; the newest `limit` steps back are kept.

    `lever` is what the last push edited: pushes of the same lever in a row are one step, so that a slider
    that is dragged is undone at once.
    """

    present: Scenario
    past: tuple[Scenario, ...] = ()
    future: tuple[Scenario, ...] = ()
    limit: int = 100
    lever: Hashable = None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back."""
        return bool(self.past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step forward."""
        return bool(self.future)

    def push(self, scenario: Scenario, lever: Hashable = None) -> History:
        """With the scenario as the present, and nothing to redo. The same scenario again is no step."""
        if scenario == self.present:
            return self
        merged = lever is not None and lever == self.lever and self.can_undo
        if merged and scenario == self.past[-1]:
            return replace(self, present=scenario, past=self.past[:-1], future=(), lever=None)
        past = self.past if merged else (*self.past, self.present)[-self.limit :]
        return replace(self, present=scenario, past=past, future=(), lever=lever)

    def set_lever(self, change: Change) -> History:
        """Sets a lever (`Scenario.set_lever`); edits of one lever in a row are one step."""
        return self.push(self.present.set_lever(change), change.lever)

    def undo(self) -> History:
        """One step back; the same history where there is none."""
        if not self.past:
            return self
        future = (self.present, *self.future)
        return replace(self, present=self.past[-1], past=self.past[:-1], future=future, lever=None)

    def redo(self) -> History:
        """One step forward; the same history where there is none."""
        if not self.future:
            return self
        past = (*self.past, self.present)[-self.limit :]
        return replace(self, present=self.future[0], past=past, future=self.future[1:], lever=None)
