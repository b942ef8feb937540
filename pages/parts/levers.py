"""The quick levers: sliders over the registered Changes, each a view of the scenario that is being edited.

A lever stands at what the scenario says for its scope, so undo, a saved scenario and the list of sentences always
agree with it. Labels, ranges, steps and help come from the Changes' own field declarations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages.parts import format as fmt
from pages.parts.state import Work
from sop_core.changes import REGISTRY, Change, FieldSpec, Objective, Scope
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs
from sop_core.scenario import Scenario

#: What the scope pickers choose, and the axes of Scope that each stands for.
WHAT, WHERE, RESOURCE, MONTHS = "what", "where", "resource", "months"
_PICKS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        WHAT: frozenset({"products", "families"}),
        WHERE: frozenset({"regions"}),
        RESOURCE: frozenset({"resources"}),
        MONTHS: frozenset({"months"}),
    }
)
ALL = ""
_FAMILY, _PRODUCT = "families", "products"


@dataclass(frozen=True, slots=True)
class QuickLever:
    """One slider: a field of a Change, and which pickers limit it."""

    kind: str
    field: str
    picks: tuple[str, ...]

    @property
    def change(self) -> type[Change]:
        """The Change class that it moves."""
        return REGISTRY[self.kind]

    @property
    def spec(self) -> FieldSpec:
        """The declaration of its field."""
        return next(spec for spec in self.change.specs() if spec.name == self.field)

    @property
    def key(self) -> str:
        """Key of its widget."""
        return f"lever_{self.kind}"


QUICK: tuple[QuickLever, ...] = (
    QuickLever("demand_growth", "pct", (WHAT, WHERE, MONTHS)),
    QuickLever("price_change", "pct", (WHAT, WHERE, MONTHS)),
    QuickLever("capacity", "pct", (RESOURCE, MONTHS)),
    QuickLever("overtime", "pct", (RESOURCE, MONTHS)),
    QuickLever("safety_stock", "pct", (WHAT,)),
    QuickLever("wages", "pct", (RESOURCE,)),
    QuickLever("transport_cost", "pct", (MONTHS,)),
)


@dataclass(frozen=True, slots=True)
class Picked:
    """What the scope pickers say; an empty text or None = all of it."""

    what: tuple[str, str] = (ALL, ALL)  #: ("families" or "products", name)
    where: str = ALL
    resource: str = ALL
    first: str | None = None  #: YYYY-MM
    last: str | None = None

    def scope(self, lever: QuickLever) -> Scope:
        """The scope for a lever: only what it understands."""
        chosen: dict[str, Any] = {}
        axis, name = self.what
        if WHAT in lever.picks and name:
            chosen[axis] = (name,)
        if WHERE in lever.picks and self.where:
            chosen["regions"] = (self.where,)
        if RESOURCE in lever.picks and self.resource:
            chosen["resources"] = (self.resource,)
        if MONTHS in lever.picks:
            chosen |= {"first": self.first, "last": self.last}
        return Scope(**chosen)

    def of(self, change: type[Change]) -> Scope:
        """The scope for any Change: only what it understands."""
        axis, name = self.what
        chosen: dict[str, Any] = {axis: (name,)} if name and axis in change.axes else {}
        if self.where and "regions" in change.axes:
            chosen["regions"] = (self.where,)
        if self.resource and "resources" in change.axes:
            chosen["resources"] = (self.resource,)
        if "months" in change.axes:
            chosen |= {"first": self.first, "last": self.last}
        return Scope(**chosen)


def at(scenario: Scenario, lever: QuickLever, scope: Scope) -> Change:
    """The Change that stands behind a lever at a scope: the scenario's own, or one that changes nothing."""
    neutral = lever.change(scope=scope)
    position = scenario.find(neutral.lever)
    return neutral if position is None else scenario.steps[position].change


def moved(scenario: Scenario, lever: QuickLever, scope: Scope, value: Any) -> Change:
    """The Change after the lever was set to a value; its other fields and its note stay."""
    return dataclasses.replace(at(scenario, lever, scope), **{lever.field: value})


def hindrance(lever: QuickLever, scope: Scope, inputs: Inputs) -> str:
    """Why the lever can do nothing at this scope, as a sentence; empty where it can."""
    try:
        moved(Scenario.base(), lever, scope, lever.spec.step).check(inputs)
    except ScenarioError as error:
        return str(error)
    return ""


def choose_scope(inputs: Inputs, label: Callable[[str], str]) -> Picked:
    """Draws the pickers: what, where, resource, months. Choices with one name only are not asked.

    `label` says a product as people call it.
    """
    families = list(dict.fromkeys(inputs.item_family))
    products = list(inputs.product_share)
    options: list[tuple[str, str]] = [(ALL, ALL)]
    options += [(_FAMILY, name) for name in families] if len(families) > 1 else []
    options += [(_PRODUCT, name) for name in products] if len(products) > 1 else []
    what = st.selectbox(
        "What", options, key="lever_what", label_visibility="collapsed",
        format_func=lambda option: _what_label(option, label),
        help="Products that the levers of demand, price and safety stock move", persist_state="session",
    )  # fmt: skip
    left, right = st.columns(2, gap="small")
    where = _name(left, "regions", "All regions", inputs.regions, "lever_where")
    resource = _name(right, "resources", "All resources", inputs.resource_names, "lever_resource")
    first, last = _months(inputs)
    return Picked(what, where, resource, first, last)


def _what_label(option: tuple[str, str], label: Callable[[str], str]) -> str:
    axis, name = option
    if not name:
        return "All products"
    return f"{name} (family)" if axis == _FAMILY else label(name)


def _name(place: Any, label: str, everything: str, names: Sequence[str], key: str) -> str:
    if len(names) < 2:
        return ALL
    return place.selectbox(
        label, [ALL, *names], key=key, label_visibility="collapsed", persist_state="session",
        format_func=lambda name: name or everything,
    )  # fmt: skip


def _months_key() -> str:
    """A slider that has a value of its own is given another one by another key."""
    moves = st.session_state.get("_lever_months_moves", 0)
    return f"lever_months_{moves}" if moves else "lever_months"


def months_chosen(names: Sequence[str]) -> tuple[str, str]:
    """First and last month [YYYY-MM] that the levers act on; `names` are the months of the horizon."""
    picked = st.session_state.get(_months_key(), st.session_state.get("_lever_months_wanted"))
    if picked and picked[0] in names and picked[1] in names:
        return picked[0], picked[1]
    return names[0], names[-1]


def move_months(first: str, last: str) -> None:
    """Makes the levers act on these months. For callbacks."""
    st.session_state["_lever_months_wanted"] = (first, last)
    st.session_state["_lever_months_moves"] = st.session_state.get("_lever_months_moves", 0) + 1


def _months(inputs: Inputs) -> tuple[str | None, str | None]:
    """First and last month of the range; None where it reaches the horizon's end."""
    labels = dict(zip([str(m) for m in inputs.months], fmt.months(inputs.months), strict=True))
    names = list(labels)
    if len(names) < 2:
        return None, None
    chosen = months_chosen(names)
    first, last = st.select_slider(
        "Months", names, value=chosen, key=_months_key(), format_func=labels.__getitem__,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    return (None if first == names[0] else first, None if last == names[-1] else last)


def draw(work: Work, inputs: Inputs, picked: Picked, groups: Callable[[str], object]) -> None:
    """Draws the quick levers under their groups' names; `groups` draws a heading."""
    heading = ""
    for lever in QUICK:
        if lever.change.group != heading:
            heading = lever.change.group
            groups(heading)
        _slider(work, inputs, lever, picked.scope(lever))
    _objective(work, inputs)


def _slider(work: Work, inputs: Inputs, lever: QuickLever, scope: Scope) -> None:
    spec, change = lever.spec, at(work.history.present, lever, scope)
    why_not = hindrance(lever, scope, inputs)
    scale = 100 if spec.kind == "percent" else 1
    step = (spec.step or 0.01) * scale
    value = round(float(getattr(change, lever.field)) * scale, 3)
    # A value given by a form may lie beyond the usual range: the slider stretches rather than bending it.
    low, high = (
        min(round((spec.min or 0.0) * scale, 3), value),
        max(round((spec.max or 1.0) * scale, 3), value),
    )
    if st.session_state.get(lever.key) != value:
        st.session_state[lever.key] = value
    decimals = 0 if step >= 1 else 1
    st.slider(
        lever.change.title, low, high, value, step=step, key=lever.key, format=f"%+.{decimals}f %%",
        disabled=bool(why_not), help=why_not or f"{spec.label}: {spec.help}",
        on_change=_on_slider, args=(work, lever, scope, scale),
    )  # fmt: skip


def _on_slider(work: Work, lever: QuickLever, scope: Scope, scale: int) -> None:
    value = round(float(st.session_state[lever.key]) / scale, 6)
    work.history = work.history.set_lever(moved(work.history.present, lever, scope, value))


def _objective(work: Work, inputs: Inputs) -> None:
    spec = Objective.specs()[0]
    present = work.history.present
    position = present.find(Objective(objective=inputs.policy.objective).lever)
    chosen = (
        inputs.policy.objective if position is None else getattr(present.steps[position].change, spec.name)
    )
    if st.session_state.get("lever_objective") != chosen:
        st.session_state["lever_objective"] = chosen
    st.segmented_control(
        spec.label, list(spec.choices), key="lever_objective", help=spec.help, required=True, width="stretch",
        format_func=lambda name: {"margin": "Best margin", "service": "Service first"}.get(name, name),
        label_visibility="collapsed", on_change=_on_objective, args=(work, inputs.policy.objective),
    )  # fmt: skip


def _on_objective(work: Work, own: str) -> None:
    chosen = st.session_state["lever_objective"]
    change = Objective(objective=chosen)
    present = work.history.present
    position = present.find(change.lever)
    if chosen == own:
        changed = present if position is None else present.remove(position)
    else:
        changed = present.add(change) if position is None else present.replace(position, change)
    work.history = work.history.push(changed)
