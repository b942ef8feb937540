"""The few levers that matter for a topic: which Change each moves, where, and how far."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sop_core.changes import REGISTRY, Change, FieldSpec, Scope
from sop_core.changes.scope import EVERYTHING
from sop_core.cycle.meeting import Topic
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs
from sop_core.scenario import Scenario

#: Levers of one topic: more is clutter on a projector.
MOST = 4


@dataclass(frozen=True, slots=True)
class RoomLever:
    """One slider: a Change that does nothing yet, the field that the slider moves, and what it says."""

    neutral: Change
    field: str
    label: str

    @property
    def spec(self) -> FieldSpec:
        """The declaration of its field."""
        return next(spec for spec in self.neutral.specs() if spec.name == self.field)

    @property
    def scale(self) -> int:
        """What one unit of the slider is of the field: percent for fractions."""
        return 100 if self.spec.kind == "percent" else 1

    @property
    def range(self) -> tuple[float, float, float]:
        """Lowest, highest and step of the slider."""
        spec = self.spec
        low, high, step = spec.min, spec.max, spec.step
        assert low is not None and high is not None and step is not None  # noqa: PT018  # as `levers_for` chose
        return low * self.scale, high * self.scale, step * self.scale

    @property
    def unit(self) -> str:
        """What stands behind the slider's number."""
        return "%" if self.scale == 100 else self.spec.unit

    def value(self, scenario: Scenario) -> float:
        """Where the scenario has the lever, in the slider's units."""
        position = scenario.find(self.neutral.lever)
        change = self.neutral if position is None else scenario.steps[position].change
        return round(float(getattr(change, self.field)) * self.scale, 3)

    def at(self, scenario: Scenario, value: float) -> Change:
        """The Change with the lever at a value of the slider; its other fields and its note stay."""
        position = scenario.find(self.neutral.lever)
        change = self.neutral if position is None else scenario.steps[position].change
        plain = round(value / self.scale, 6)
        moved: dict[str, Any] = {self.field: int(plain) if self.spec.kind == "integer" else plain}
        return dataclasses.replace(change, **moved)


def levers_for(topic: Topic | None, inputs: Inputs) -> tuple[RoomLever, ...]:
    """The levers of a topic that can do something in this company, at most `MOST`; without a topic, those of the whole
    company."""
    found = [lever for lever in _wanted(topic, inputs) if _moves(lever, inputs)]
    return tuple(found[:MOST])


def _wanted(topic: Topic | None, inputs: Inputs) -> Iterator[RoomLever]:
    what = _items(topic.items if topic else (), inputs)
    when = topic.months if topic else EVERYTHING
    there = dataclasses.replace(what, first=when.first, last=when.last)
    named = _name(topic.items if topic else (), inputs)
    kind = topic.kind if topic else ""
    if topic is not None and topic.resource:
        on = dataclasses.replace(when, resources=(topic.resource,))
        yield _lever("extra_shift", "shifts", on, f"Extra shifts, {topic.resource}")
        yield _lever("overtime", "pct", on, f"Overtime allowed, {topic.resource}")
        yield _lever("capacity", "pct", on, f"Regular hours, {topic.resource}")
    if topic is not None and topic.source:
        axis = "sources" if topic.source in inputs.source_names else "suppliers"
        named_so: dict[str, Any] = {axis: (topic.source,)}
        on = dataclasses.replace(when, **named_so)
        yield _lever("source_volume", "pct", on, f"Volume from {topic.source}")
    if topic is not None and topic.promotion:
        yield _lever(
            "promotion_move",
            "months",
            EVERYTHING,
            f"Move {topic.promotion}",
            promotion=topic.promotion,
            months=0,
        )
    if kind == "excess":
        yield _lever("price_change", "pct", what, f"Price of {named}")
        yield _lever("safety_stock", "pct", what, f"Safety stock of {named}")
    yield _lever("demand_growth", "pct", there, f"Demand of {named}")
    if kind != "excess":
        yield _lever("price_change", "pct", there, f"Price of {named}")
        yield _lever("safety_stock", "pct", what, f"Safety stock of {named}")
    if topic is None or not topic.items:
        yield _lever("capacity", "pct", EVERYTHING, "Regular hours, all resources")


def _lever(kind: str, field: str, scope: Scope, label: str, **given: Any) -> RoomLever:
    return RoomLever(REGISTRY[kind](scope=scope, **given), field, label)


def _items(names: tuple[str, ...], inputs: Inputs) -> Scope:
    """Planning items as the axis of scopes that they are on."""
    if not names or len(names) == len(inputs.items):
        return EVERYTHING
    families = set(inputs.item_family)
    whole = {family for family in families if _all_in(family, names, inputs)}
    if whole and {inputs.item_family[inputs.items.index(name)] for name in names} == whole:
        return Scope(families=tuple(sorted(whole)))
    return Scope(families=names) if inputs.level == "family" else Scope(products=names)


def _all_in(family: str, names: tuple[str, ...], inputs: Inputs) -> bool:
    return all(
        item in names for item, own in zip(inputs.items, inputs.item_family, strict=True) if own == family
    )


def _name(names: tuple[str, ...], inputs: Inputs) -> str:
    """The items as a lever's label has room for: their family, the first and how many more, or all."""
    scope = _items(names, inputs)
    if scope == EVERYTHING:
        return "all products"
    if scope.families and len(scope.families) == 1:
        return scope.families[0]
    title = dict(zip(inputs.items, inputs.item_title or inputs.items, strict=True))[names[0]]
    return title if len(names) == 1 else f"{title} and {len(names) - 1} more"


def _moves(lever: RoomLever, inputs: Inputs) -> bool:
    """Whether the lever can be moved in this company at all."""
    try:
        lever.at(Scenario.base(), lever.range[2]).check(inputs)
    except ScenarioError:  # nothing there to be moved: the lever is left out
        return False
    return True
