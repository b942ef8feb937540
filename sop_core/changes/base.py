"""Change: one thing that is planned differently. Adding a lever to the product = adding one Change class.

A Change says what, where, when and how much. It checks itself against a company, applies itself to a copy
of its `Inputs`, and says itself as a sentence. Its class declares its axes and fields, from which the lever
panel, the JSON form and the reference page are generated.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, Self, TypeVar

import numpy as np

from sop_core.changes import text
from sop_core.changes.fields import LONGEST_TEXT, NO_NEUTRAL, FieldSpec
from sop_core.changes.scope import AXES, EVERYTHING, Scope
from sop_core.errors import ScenarioError
from sop_core.inputs import Bools, Floats, Inputs

Group = Literal["Demand", "Supply", "Money & policy"]
GROUPS: Final[tuple[Group, ...]] = ("Demand", "Supply", "Money & policy")

_REGISTRY: dict[str, type[Change]] = {}

#: Every Change by its `kind`, in the order of the lever panel. Filled while the package is imported.
REGISTRY: Final[Mapping[str, type[Change]]] = MappingProxyType(_REGISTRY)

C = TypeVar("C", bound="type[Change]")


def register(cls: C) -> C:
    """Class decorator, outermost: makes a Change known by its `kind`."""
    known = _REGISTRY.get(cls.kind)
    if not cls.kind or (known is not None and known.__qualname__ != cls.__qualname__):
        raise TypeError(f"{cls.__name__} needs a `kind` of its own, not {cls.kind!r}")
    _REGISTRY[cls.kind] = cls
    return cls


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Base of all Changes. `note` says why and never acts. Raises ScenarioError on bad values."""

    kind: ClassVar[str] = ""  #: stable name in JSON
    group: ClassVar[Group] = "Demand"
    title: ClassVar[str] = ""  #: on the lever
    axes: ClassVar[tuple[str, ...]] = ()  #: axes of Scope that this Change understands
    example: ClassVar[Mapping[str, Any]] = MappingProxyType({})  #: JSON form, for the reference page

    scope: Scope = EVERYTHING
    note: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.scope, Scope):
            raise ScenarioError(f"{self.title}: `scope` must be a Scope, not {self.scope!r:.60}.")
        for axis in self.scope.used:
            if axis not in self.axes:
                allowed = ", ".join(self.axes) or "nothing"
                raise ScenarioError(f"{self.title} cannot be limited to {axis}; `scope` may hold {allowed}.")
        if not isinstance(self.note, str) or len(self.note) > LONGEST_TEXT:
            raise ScenarioError(f"{self.title}: `note` must be a text of at most {LONGEST_TEXT} characters.")
        object.__setattr__(self, "note", self.note.strip())
        for spec in self.specs():
            try:
                object.__setattr__(self, spec.name, spec.clean(getattr(self, spec.name)))
            except ScenarioError as error:
                raise ScenarioError(f"{self.title}: {error}") from error
        self._validate()

    # -- what a Change class fills in ---------------------------------------------------------------------

    def _validate(self) -> None:
        """Fields against each other; raises ScenarioError."""

    def _check(self, inputs: Inputs) -> None:
        """What this Change needs of the company beyond its scope; raises ScenarioError."""

    def apply(self, inputs: Inputs) -> None:
        """Edits the given Inputs in place: pass a copy. Call `check` first."""
        raise NotImplementedError

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        raise NotImplementedError

    def _why(self) -> str:
        """What stands in brackets behind the sentence."""
        return self.note

    # -- what every Change can do -------------------------------------------------------------------------

    def check(self, inputs: Inputs) -> None:
        """Raises ScenarioError saying what does not exist or cannot be, and how to put it right."""
        try:
            self.scope.check(inputs)
            self._check(inputs)
        except ScenarioError as error:
            raise ScenarioError(f"{self.title}: {error}") from error

    def sentence(self, inputs: Inputs | None = None) -> str:
        """As in minutes of a meeting: `Line 2, Milan: -20 % hours, Mar-May 27 (press overhaul)`."""
        parts = [self._what(inputs), self.scope.when()]
        said = f"{self._subject(inputs)}: {', '.join(part for part in parts if part)}"
        why = self._why()
        return f"{said} ({why})" if why else said

    @classmethod
    def specs(cls) -> tuple[FieldSpec, ...]:
        """The fields of this Change, scope and note aside, for forms and docs."""
        return _specs(cls)  # type: ignore[arg-type]  # classes are hashable, whatever their instances are

    @property
    def is_neutral(self) -> bool:
        """True where no field changes anything: a slider back at zero."""
        acting = [spec for spec in self.specs() if spec.neutral is not NO_NEUTRAL]
        return bool(acting) and all(getattr(self, spec.name) == spec.neutral for spec in acting)

    @property
    def lever(self) -> tuple[Any, ...]:
        """What is changed, without by how much: two Changes of one lever replace each other."""
        keys = tuple(getattr(self, spec.name) for spec in self.specs() if spec.key)
        return (self.kind, self.scope, *keys)

    def noted(self, note: str) -> Self:
        """The same Change with that note."""
        return dataclasses.replace(self, note=note)

    def acting(self) -> dict[str, Any]:
        """The JSON form without the note and what else does not act on the plan."""
        data: dict[str, Any] = {"kind": self.kind}
        if self.scope != EVERYTHING:
            data["scope"] = self.scope.to_dict()
        return data | self._plain(acts=True)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form. Every value is written, defaults too, so that a file keeps its meaning."""
        return self.acting() | self._plain(acts=False) | ({"note": self.note} if self.note else {})

    def _plain(self, *, acts: bool) -> dict[str, Any]:
        """The fields that act on the plan, or those that do not, as JSON holds them."""
        given = [(spec, getattr(self, spec.name)) for spec in self.specs() if spec.acts == acts]
        return {spec.name: spec.plain(value) for spec, value in given if value is not None}

    @staticmethod
    def from_dict(data: Any, where: str = "change") -> Change:
        """The inverse of `to_dict`, strict. `where` names the position in messages, e.g. "change 3"."""
        try:
            return _from_dict(data)
        except ScenarioError as error:
            raise ScenarioError(f"{where}: {error}") from error


@functools.cache
def _specs(cls: Any) -> tuple[FieldSpec, ...]:
    """Declarations do not change while the program runs, and a long scenario asks for them all the time."""
    own = [field for field in dataclasses.fields(cls) if "spec" in field.metadata]
    return tuple(dataclasses.replace(field.metadata["spec"], name=field.name) for field in own)


def _from_dict(data: Any) -> Change:
    if not isinstance(data, dict):
        raise ScenarioError(f'it must be an object such as {{"kind": "demand_growth"}}, not {data!r:.60}.')
    if "kind" not in data:
        raise ScenarioError(f"`kind` is missing. Allowed: {', '.join(sorted(REGISTRY))}.")
    kind = data["kind"]
    if not isinstance(kind, str) or kind not in REGISTRY:
        hint = text.near(str(kind), REGISTRY)
        meant = f" Did you mean '{hint}'?" if hint else ""
        raise ScenarioError(f"there is no kind {kind!r:.60}.{meant} Allowed: {', '.join(sorted(REGISTRY))}.")
    cls = REGISTRY[kind]
    specs = {spec.name: spec for spec in cls.specs()}
    allowed = ["kind", *(["scope"] if cls.axes else []), *specs, "note"]
    for name in data:
        if name not in allowed:
            hint = text.near(str(name), allowed)
            meant = f" Did you mean '{hint}'?" if hint else ""
            raise ScenarioError(f"{kind} has no field '{name}'.{meant} Allowed: {', '.join(allowed)}.")
    missing = [name for name, spec in specs.items() if spec.required and name not in data]
    if missing:
        raise ScenarioError(f"{kind} needs `{missing[0]}` ({specs[missing[0]].label.lower()}).")
    given = {name: value for name, value in data.items() if name != "kind"}
    if "scope" in given:
        given["scope"] = Scope.from_dict(given["scope"])
    return cls(**given)


# -- shared arithmetic ------------------------------------------------------------------------------------


def scale(array: Floats, factor: Floats) -> None:
    """Multiplies in place; no limit (inf) and not given (nan) stay what they are."""
    np.multiply(array, factor, out=array, where=np.isfinite(array))


def add(array: Floats, amount: Floats) -> None:
    """Adds in place, never below zero; no limit (inf) and not given (nan) stay what they are."""
    np.maximum(np.add(array, amount), 0.0, out=array, where=np.isfinite(array) & (amount != 0))


def grid(rows: Floats | Bools, months: Bools) -> Floats:
    """[row, t] weight of rows in the months of a scope."""
    weight: Floats = rows[:, None] * months[None, :].astype(float)
    return weight


def need(there: Any, message: str) -> None:
    """Raises ScenarioError with that message unless something is there."""
    if not np.any(there):
        raise ScenarioError(message)


def options(inputs: Inputs, kind: str) -> tuple[str, ...]:
    """The names that a form offers for a scope axis ("families"), a "promotion" or a "launch"."""
    if kind == "promotion":
        return tuple(dict.fromkeys(promotion.name for promotion in inputs.demand.promotions))
    if kind == "launch":
        return tuple(dict.fromkeys(launch.name for launch in inputs.demand.launches))
    return AXES[kind].names(inputs)
