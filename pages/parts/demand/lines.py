"""The lines of the demand grids: what the view shows line by line, and the scope that each line stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from pages.parts import context, filters
from sop_core.changes import Scope
from sop_core.inputs import Bools, Floats, Inputs

#: Lines that a grid shows at once. More of them cost the browser more than a planner gains.
MOST_LINES = 40


#: Names by axis of a Scope.
_Names = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name on the screen, its items [i], and what a change of it is limited to."""

    label: str
    items: Bools
    scope: Scope


def line_of(view: context.View, group: filters.Group, level: str) -> Line:
    """The line of a group of items at a level, in the view's region and segment."""
    return Line(group.name, group.items, Scope(**_items(view.inputs, group, level), **_where(view)))


def whole_line(view: context.View) -> Line:
    """Everything in view as one line."""
    items: _Names = {}
    if view.item != context.ALL:
        items = _items(view.inputs, filters.Group(view.item, view.items), view.level)
    return Line(f"{filters.title(view)}, total", view.items, Scope(**items, **_where(view)))


def _where(view: context.View) -> _Names:
    found = {"regions": (view.region, view.regions), "segments": (view.segment, view.segments)}
    return {axis: (name,) for axis, (name, mask) in found.items() if name != context.ALL and not mask.all()}


def _items(inputs: Inputs, group: filters.Group, level: str) -> _Names:
    at = np.flatnonzero(group.items)
    if level == context.COMPANY:
        return {} if group.items.all() else {"products": _products(inputs, at)}
    names = {context.CATEGORY: inputs.item_category, context.FAMILY: inputs.item_family}.get(level)
    if names is not None and names[at[0]]:
        return {"categories" if level == context.CATEGORY else "families": (names[at[0]],)}
    if inputs.level == "family" and names is None:
        return {"families": (inputs.items[at[0]],)}
    return {"products": _products(inputs, at)}


def _products(inputs: Inputs, items: np.ndarray) -> tuple[str, ...]:
    return tuple(product for i in items for product in inputs.item_products[i])


def all_lines(view: context.View) -> list[Line]:
    """Every line of the view, in planning order; from memory while the view stays the same."""
    key = (view.desk.version, view.company.verdicts.revision, *filtered(view))
    kept: tuple[object, list[Line]] | None = st.session_state.get("_demand_lines")
    if kept is None or kept[0] != key:
        level = filters.finer(view)
        kept = (key, [line_of(view, group, level) for group in filters.groups(view)])
        st.session_state["_demand_lines"] = kept
    return kept[1]


def filtered(view: context.View) -> tuple[str, ...]:
    """What the context bar chooses, as a key."""
    return (view.level, view.item, view.region, view.segment)


def page_of(count: int) -> slice:
    """Asks which lines are shown where there are more than fit, and says how many there are."""
    if count <= MOST_LINES:
        return slice(0, count)
    starts = list(range(0, count, MOST_LINES))
    start = st.selectbox(
        "Lines",
        starts,
        key="demand_lines",
        format_func=lambda n: f"Lines {n + 1} to {min(n + MOST_LINES, count)} of {count}",
        label_visibility="collapsed",
        width=190,
        help="A family or product chosen above narrows the lines down",
        persist_state="session",
    )
    first = start if start is not None and start < count else 0
    return slice(first, min(first + MOST_LINES, count))


def volumes(view: context.View, values: Floats) -> Floats:
    """[i, t] an [i, r, m, t] array summed over the regions and segments in view."""
    if not (view.regions.all() and view.segments.all()):
        values = values[:, view.regions][:, :, view.segments]
    summed: Floats = values.sum(axis=(1, 2))
    return summed
