"""Merging two scenarios that come from one: three ways, step by step, conflicts named instead of guessed.

    found = merge(mine, theirs, ancestor)
    [conflict.sentence() for conflict in found.conflicts]
    merged = found.resolve(["mine", "both"])      # one choice a conflict

A step is followed by its lever (`Change.lever`) and by the canonical text of what acts. What only one side changed
is taken; what both changed alike is taken once; what both changed differently, or one removed and the other
changed, is a conflict. The value, the note and the muting of a step are merged each for itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from sop_core.changes import Change
from sop_core.changes.fields import LONGEST_TEXT
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs
from sop_core.scenario import LONGEST_NOTE, Scenario, Step

Choice = Literal["mine", "theirs", "both"]
MINE: Final[Choice] = "mine"
THEIRS: Final[Choice] = "theirs"
BOTH: Final[Choice] = "both"


@dataclass(frozen=True, slots=True)
class Conflict:
    """What cannot be merged without asking. "changed": both changed a step; "added": both added the same lever with
    another value; "removed": one removed what the other changed; "note": both wrote another note on the scenario;
    "order": both put the steps into another order. Steps are None where a side has none.
    """

    kind: Literal["changed", "added", "removed", "note", "order"]
    before: Step | None = None
    mine: Step | None = None
    theirs: Step | None = None
    notes: tuple[str, str] = ("", "")

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The ways to settle it. Both is no third way where one side already says it all."""
        if self.kind in ("removed", "order"):
            return (MINE, THEIRS)
        if self.kind != "note" and self.both in ([self.mine], [self.theirs]):
            return (MINE, THEIRS)
        return (MINE, THEIRS, BOTH)

    @property
    def both(self) -> list[Step | None]:
        """What stands there when both sides are kept: two steps, or one with both notes where they act alike, so that
        nothing acts twice."""
        one, other = self.mine, self.theirs
        if one is None or other is None or _acting(one) != _acting(other):
            return [one, other]
        notes = list(dict.fromkeys(note for note in (one.change.note, other.change.note) if note))
        muted = other.muted if self.before is not None and one.muted == self.before.muted else one.muted
        return [Step(one.change.noted("; ".join(notes)[:LONGEST_TEXT]), muted)]

    def sentence(self, inputs: Inputs | None = None, mine: str = "mine", theirs: str = "theirs") -> str:
        """Names it: what stood there, what each side made of it. `mine`, `theirs`: what the sides are called."""
        if self.kind == "order":
            return f"Both put the changes into another order, {mine} and {theirs}"
        if self.kind == "note":
            return f"Both wrote another note on the scenario, {mine} and {theirs}"
        if self.kind == "removed":
            gone, kept = (mine, theirs) if self.mine is None else (theirs, mine)
            assert self.before is not None
            return f"Removed in {gone}, changed in {kept}: {said(self.before, inputs)}"
        if self.before is None:
            assert self.mine is not None
            return f"The same lever was added on both sides: {self.mine.change.title}"
        return f"Both changed: {said(self.before, inputs)}"

    def side(self, choice: Choice, inputs: Inputs | None = None) -> str:
        """What stands there after that choice, in words."""
        if self.kind == "order":
            return "this order"
        if self.kind == "note":
            texts = self.notes if choice == BOTH else (self.notes[0 if choice == MINE else 1],)
            return " / ".join(text or "no note" for text in texts)
        steps = {MINE: [self.mine], THEIRS: [self.theirs], BOTH: self.both}[choice]
        return "; ".join("removed" if step is None else said(step, inputs) for step in steps)


def said(step: Step, inputs: Inputs | None = None) -> str:
    """A step as a sentence; a muted one says so."""
    return step.change.sentence(inputs) + (" [muted]" if step.muted else "")


@dataclass(slots=True)
class _Slot:
    """One step as the ancestor and the two sides have it, with its position on each side."""

    before: Step | None = None
    mine: Step | None = None
    theirs: Step | None = None
    at: dict[str, int] = field(default_factory=dict)

    def put(self, side: str, position: int, step: Step) -> None:
        setattr(self, side, step)
        self.at[side] = position


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge as far as it goes by itself. `conflicts` are settled by `resolve`."""

    mine: Scenario
    conflicts: tuple[Conflict, ...]
    _slots: tuple[tuple[_Slot, Step | Conflict | None], ...]
    _note: str | Conflict
    _backbone: Choice | Conflict

    def resolve(self, choices: Sequence[Choice] = ()) -> Scenario:
        """The merged scenario, under the name, owner and parent of mine; one choice for each conflict, in order.
        Raises ScenarioError where a choice is missing or not open, or the result is too long."""
        if len(choices) != len(self.conflicts):
            raise ScenarioError(
                f"{len(self.conflicts)} conflicts need a decision each; {len(choices)} are decided."
            )
        chosen = {id(conflict): choice for conflict, choice in zip(self.conflicts, choices, strict=True)}
        for conflict, choice in zip(self.conflicts, choices, strict=True):
            if choice not in conflict.choices:
                raise ScenarioError(f"{conflict.sentence()}: choose {' or '.join(conflict.choices)}.")
        emitted = [(slot, _outcome(outcome, chosen)) for slot, outcome in self._slots]
        backbone = chosen[id(self._backbone)] if isinstance(self._backbone, Conflict) else self._backbone
        note = self._note
        if isinstance(note, Conflict):
            first, second = note.notes
            both = f"{first}\n{second}"[:LONGEST_NOTE]
            note = {MINE: first, THEIRS: second, BOTH: both}[chosen[id(note)]]
        steps = _arranged([(slot, out) for slot, out in emitted if out], backbone)
        return replace(self.mine, note=note, steps=tuple(steps))


def merge(mine: Scenario, theirs: Scenario, ancestor: Scenario | None = None, *, notes: bool = True) -> Merge:
    """Merges theirs into mine against what both come from; without a known ancestor all counts as added.

    With `notes` the scenario's own note is merged too (two versions of one scenario); else mine keeps its own.
    """
    origin = ancestor.steps if ancestor is not None else ()
    slots = _matched(origin, mine.steps, theirs.steps)
    settled = tuple((slot, _settle(slot)) for slot in slots)
    conflicts = [outcome for _, outcome in settled if isinstance(outcome, Conflict)]
    backbone = _backbone([slot for slot, _ in settled])
    if isinstance(backbone, Conflict):
        conflicts.append(backbone)
    note: str | Conflict = mine.note
    if notes:
        old = ancestor.note if ancestor is not None else ""
        if mine.note == old:
            note = theirs.note
        elif theirs.note not in (old, mine.note):
            note = Conflict("note", notes=(mine.note, theirs.note))
            conflicts.append(note)
    return Merge(mine, tuple(conflicts), settled, note, backbone)


def retold(before: Scenario, after: Scenario, inputs: Inputs | None = None) -> tuple[str, ...]:
    """What somebody did between two revisions of a scenario, in sentences, what does not act on the plan too."""
    out = [f"Renamed from “{before.name}”"] if before.name != after.name else []
    slots = _matched(before.steps, after.steps, before.steps)
    for slot in slots:
        old, new = slot.before, slot.mine
        if old is None and new is not None:
            out.append(f"Added: {said(new, inputs)}")
        elif old is not None and new is None:
            out.append(f"Removed: {said(old, inputs)}")
        elif old is not None and new is not None and old != new:
            out += _edited(old, new, inputs)
    kept = [slot for slot in slots if slot.before is not None and slot.mine is not None]
    if _order(kept, "before") != _order(kept, "mine"):
        out.append("Order of the changes changed")
    if before.note != after.note:
        out.append(f"Note: {after.note}" if after.note else "Note removed")
    return tuple(out)


def _edited(old: Step, new: Step, inputs: Inputs | None) -> list[str]:
    out = []
    if _acting(old) != _acting(new):
        out.append(f"Changed: {new.change.sentence(inputs)}. Before: {old.change.sentence(inputs)}")
    elif old.change != new.change:
        out.append(f"Reworded: {new.change.sentence(inputs)}")
    if old.muted != new.muted:
        out.append(f"{'Muted' if new.muted else 'Acts again'}: {new.change.sentence(inputs)}")
    return out


# -- which steps are one ----------------------------------------------------------------------------------


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _whole(step: Step) -> Hashable:
    return _text(step.change.to_dict()), step.muted


def _acting(step: Step) -> Hashable:
    return _text(step.change.acting())


def _lever(step: Step) -> Hashable:
    return step.change.lever


_Left = dict[int, Step]


def _matched(origin: Sequence[Step], mine: Sequence[Step], theirs: Sequence[Step]) -> list[_Slot]:
    """Every step of the three sides in one slot: the same step first, then the same effect, then the same lever,
    each in order."""
    left: dict[str, _Left] = {
        "before": dict(enumerate(origin)),
        "mine": dict(enumerate(mine)),
        "theirs": dict(enumerate(theirs)),
    }
    slots: list[_Slot] = []
    slots += _together(left, ("before", "mine", "theirs"), _whole)
    # What both sides have alike belongs together, whatever it was before.
    alike = _together(left, ("mine", "theirs"), _whole)
    slots += alike
    own = [_new(left, "before", at) for at in list(left["before"])]
    for key in (_whole, _acting):
        for side in ("mine", "theirs"):
            _fill([slot for slot in own if getattr(slot, side) is None], left[side], side, key)
    untouched = [slot for slot in own if slot.mine is None and slot.theirs is None]
    for slot in alike:
        assert slot.mine is not None
        twin = next((s for s in untouched if s.before and _lever(s.before) == _lever(slot.mine)), None)
        if twin is not None and twin.before is not None:
            slot.put("before", twin.at["before"], twin.before)
            untouched.remove(twin)
            own.remove(twin)
    for side in ("mine", "theirs"):
        _fill([slot for slot in own if getattr(slot, side) is None], left[side], side, _lever)
    slots += own
    for key in (_acting, _lever):
        slots += _together(left, ("mine", "theirs"), key)
    slots += [_new(left, side, at) for side in ("mine", "theirs") for at in list(left[side])]
    return slots


def _new(left: dict[str, _Left], side: str, at: int) -> _Slot:
    slot = _Slot()
    slot.put(side, at, left[side].pop(at))
    return slot


def _together(left: dict[str, _Left], sides: Sequence[str], key: Callable[[Step], Hashable]) -> list[_Slot]:
    """Slots of the steps that all those sides have with the same key, taken out of what is left."""
    groups: list[dict[Hashable, list[int]]] = []
    for side in sides:
        found: dict[Hashable, list[int]] = {}
        for at, step in left[side].items():
            found.setdefault(key(step), []).append(at)
        groups.append(found)
    slots = []
    for name, first in groups[0].items():
        for places in zip(first, *(group.get(name, []) for group in groups[1:]), strict=False):
            slot = _Slot()
            for side, at in zip(sides, places, strict=True):
                slot.put(side, at, left[side].pop(at))
            slots.append(slot)
    return slots


def _fill(slots: list[_Slot], left: _Left, side: str, key: Callable[[Step], Hashable]) -> None:
    """Puts what is left of a side into the slots whose ancestor has the same key, in order."""
    found: dict[Hashable, list[int]] = {}
    for at, step in left.items():
        found.setdefault(key(step), []).append(at)
    for slot in slots:
        assert slot.before is not None
        places = found.get(key(slot.before))
        if places:
            at = places.pop(0)
            slot.put(side, at, left.pop(at))


# -- what becomes of a step -------------------------------------------------------------------------------


def _settle(slot: _Slot) -> Step | Conflict | None:
    """The step that both sides lead to (None: none), or the conflict between them."""
    before, mine, theirs = slot.before, slot.mine, slot.theirs
    if mine == theirs or theirs == before:
        return mine
    if mine == before:
        return theirs
    if mine is None or theirs is None:
        return Conflict("removed", before, mine, theirs)
    joined = _joined(before, mine, theirs)
    if joined is not None:
        return joined
    return Conflict("changed" if before is not None else "added", before, mine, theirs)


def _joined(before: Step | None, mine: Step, theirs: Step) -> Step | None:
    """Value, other words, note and muting, each from the side that changed it; None where both changed one."""
    parts = [_parts(step) if step is not None else None for step in (before, mine, theirs)]
    out: list[Any] = []
    for n in range(len(_PARTS)):
        old = parts[0][n] if parts[0] is not None else _ABSENT
        own, other = parts[1][n], parts[2][n]  # type: ignore[index]  # mine and theirs are steps
        if own == other or other == old:
            out.append(own)
        elif own == old:
            out.append(other)
        elif before is None and n == _NOTE and not (own and other):
            out.append(own or other)
        else:
            return None
    acting, words, note, muted = out
    return Step(Change.from_dict(acting | words | ({"note": note} if note else {})), muted)


_ABSENT: Final = object()
_PARTS: Final = ("acting", "words", "note", "muted")
_NOTE: Final = _PARTS.index("note")


def _parts(step: Step) -> tuple[dict[str, Any], dict[str, Any], str, bool]:
    """(what acts, what else is written, note, muted) of a step."""
    acting = step.change.acting()
    words = {name: value for name, value in step.change.to_dict().items() if name not in acting}
    words.pop("note", None)
    return acting, words, step.change.note, step.muted


def _outcome(outcome: Step | Conflict | None, chosen: dict[int, Choice]) -> list[Step]:
    if not isinstance(outcome, Conflict):
        return [] if outcome is None else [outcome]
    sides = {MINE: [outcome.mine], THEIRS: [outcome.theirs], BOTH: outcome.both}
    return [step for step in sides[chosen[id(outcome)]] if step is not None]


# -- in which order ---------------------------------------------------------------------------------------


def _order(slots: Sequence[_Slot], side: str) -> list[int]:
    return [id(slot) for slot in sorted(slots, key=lambda slot: slot.at[side])]


def _backbone(slots: list[_Slot]) -> Choice | Conflict:
    """The side whose order holds: the one that moved steps; a conflict where both moved them differently."""
    common = [slot for slot in slots if slot.mine is not None and slot.theirs is not None]
    if _order(common, "mine") == _order(common, "theirs"):
        return MINE
    old = [slot for slot in common if slot.before is not None]
    was = _order(old, "before")
    moved_mine, moved_theirs = _order(old, "mine") != was, _order(old, "theirs") != was
    if moved_mine != moved_theirs:
        return MINE if moved_mine else THEIRS
    return Conflict("order")


def _arranged(emitted: list[tuple[_Slot, list[Step]]], backbone: Choice) -> list[Step]:
    """Steps in the backbone's order; what only the other side has stands where it stands there: behind the step
    that it follows, and behind what the backbone added in the same place."""
    side, other = ("mine", "theirs") if backbone == MINE else ("theirs", "mine")
    placed = sorted((e for e in emitted if side in e[0].at), key=lambda e: e[0].at[side])
    rest = sorted((e for e in emitted if other in e[0].at), key=lambda e: e[0].at[other])
    for n, entry in enumerate(rest):
        if side in entry[0].at:
            continue
        spots = {id(slot): at for at, (slot, _) in enumerate(placed)}
        ahead = [spots[id(slot)] for slot, _ in rest[:n] if id(slot) in spots]
        behind = [spots[id(slot)] for slot, _ in rest[n + 1 :] if id(slot) in spots]
        if ahead:
            at = ahead[-1] + 1
            while at < len(placed) and other not in placed[at][0].at:
                at += 1
        else:
            at = behind[0] if behind else len(placed)
        placed.insert(at, entry)
    return [step for _, steps in placed for step in steps]
