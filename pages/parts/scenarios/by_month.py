"""Single months by hand: a click on a month in a picture moves the levers there, and a grid takes numbers by key.

A number typed here is a Change of the scenario like any other: it has its sentence, can be muted, removed and undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts import levers
from pages.parts.context import View
from pages.parts.levers import MONTHS, QUICK, Picked, QuickLever
from pages.parts.state import Work
from sop_core.changes import Change, DemandEdit, Scope
from sop_core.charts.live import PICK_LOAD, PICK_MONTH
from sop_core.errors import ScenarioError
from sop_core.inputs import Floats
from sop_core.kpis import utilisation
from sop_core.plan import Plan
from sop_core.scenario import Scenario

#: Height of the grid: it stands where the sliders stand, so that nothing moves.
HEIGHT = 424
#: What is typed in units, and the levers that take a percentage by month.
UNITS = "units"
MONTHLY: tuple[QuickLever, ...] = tuple(lever for lever in QUICK if MONTHS in lever.picks)
_PICTURES, _RESOURCE = "pictures_chart", "lever_resource"


# -- a click on a picture ---------------------------------------------------------------------------------------


def chosen_months(view: View) -> tuple[int, int] | None:
    """First and last month that the levers act on, as positions; None where they act on the whole horizon."""
    names = [str(month) for month in view.inputs.months]
    picked = levers.months_chosen(names)
    first, last = names.index(picked[0]), names.index(picked[1])
    return None if (first, last) == (0, len(names) - 1) else (first, last)


def on_click(months: Sequence[str], resources: Sequence[str]) -> Callable[[], None]:
    """What a click on a month or on a cell of the load does: the levers act on that month, and on that resource.

    The same one again lets them act on all months. `resources` are the rows of the heat map, from the bottom.
    """

    def follow() -> None:
        now = _selected()
        before: dict[str, int] = st.session_state.get("_pictures_before", {})
        st.session_state["_pictures_before"] = now
        if now.get(PICK_LOAD) != before.get(PICK_LOAD):
            at = now.get(PICK_LOAD)
            name = resources[at // len(months)] if at is not None and resources else ""
            st.session_state[_RESOURCE] = name
            _move_levers(months, None if at is None else at % len(months))
        elif now.get(PICK_MONTH) != before.get(PICK_MONTH):
            _move_levers(months, now.get(PICK_MONTH))

    return follow


def _selected() -> dict[str, int]:
    """The month and the cell that are selected in the pictures, by the id of their series."""
    event: Any = st.session_state.get(_PICTURES)
    groups = event["selection"]["selected"] if event else []
    return {
        group["series_id"]: int(group["data_indices"][0])
        for group in groups
        if group["series_id"] in (PICK_MONTH, PICK_LOAD) and group["data_indices"]
    }


def _move_levers(months: Sequence[str], at: int | None) -> None:
    first, last = (0, -1) if at is None else (at, at)
    levers.move_months(months[first], months[last])


# -- a grid of months -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """What can be typed by month: for which scope, what stands there now, and the Change that a number makes."""

    title: str
    unit: str
    base: Floats  #: [t] for orientation: the base's number
    base_title: str
    now: Floats  #: [t] as the scenario says
    help: str
    change: Callable[[Scenario, int, float | None], Change]


def choices(view: View) -> Mapping[str, str]:
    """What can be typed by month, by key."""
    return {UNITS: f"Demand, {view.unit if view.show != 'Money' else 'units'}"} | {
        lever.kind: f"{lever.change.title}, %" for lever in MONTHLY
    }


def column(view: View, work: Work, plan: Plan, picked: Picked, kind: str) -> Column:
    """The numbers of a kind for the scope that the pickers choose."""
    months = [str(month) for month in view.inputs.months]
    present = work.history.present
    if kind == UNITS:
        what, name = picked.what
        scope = Scope(**({what: (name,)} if name else {}), regions=(picked.where,) if picked.where else ())  # type: ignore[arg-type]
        cells = scope.cells(view.inputs)
        base = (view.base.demand.total * cells).sum(axis=(0, 1, 2))
        now = (view.desk.unconstrained(work.scenario).demand.total * cells).sum(axis=(0, 1, 2))
        return Column(
            "Demand", "units", base, "Base", now,
            "Units asked for in the month, of the products and regions picked above. Blank goes back.",
            lambda scenario, t, value: _typed_demand(scenario, scope, months[t], value),
        )  # fmt: skip
    lever = next(one for one in MONTHLY if one.kind == kind)

    def at(t: int) -> Scope:
        own = Picked(picked.what, picked.where, picked.resource, months[t], months[t])
        return own.scope(lever)

    now = np.array(
        [float(getattr(levers.at(present, lever, at(t)), lever.field)) * 100 for t in range(len(months))]
    )
    shown, title = _beside(view, plan, picked, kind)
    return Column(
        lever.change.title, "%", shown, title, now,
        f"{lever.spec.label} in that month alone, in percent, on top of changes over longer spans.",
        lambda scenario, t, value: levers.moved(scenario, lever, at(t), (value or 0.0) / 100),
    )  # fmt: skip


def _beside(view: View, plan: Plan, picked: Picked, kind: str) -> tuple[Floats, str]:
    """What stands beside the percentages: the load of the resource, or the demand in view."""
    if kind in ("capacity", "overtime"):
        load = utilisation(plan.facts) * 100
        names = view.inputs.resource_names
        rows = load[[names.index(picked.resource)]] if picked.resource in names else load
        known = np.where(np.isfinite(rows), rows, 0.0)
        return known.max(axis=0, initial=0.0), "Load, %" if picked.resource else "Top load, %"
    return view.demand(plan), "Demand"


def _typed_demand(scenario: Scenario, scope: Scope, month: str, value: float | None) -> Change:
    """Demand of a scope with one month typed, or taken back where it is blank."""
    fresh = DemandEdit(scope=scope, values=((month, 0.0),))
    position = scenario.find(fresh.lever)
    known = dict(scenario.steps[position].change.values) if position is not None else {}  # type: ignore[attr-defined]
    if value is None:
        known.pop(month, None)
    else:
        known[month] = float(value)
    return DemandEdit(scope=scope, values=tuple(sorted(known.items())))


def draw(view: View, work: Work, plan: Plan, picked: Picked) -> None:
    """The grid: choose what, type months; every number is taken at once."""
    known = choices(view)
    kind = st.selectbox(
        "What to type", list(known), key="month_kind", format_func=known.__getitem__,
        label_visibility="collapsed", help="What the numbers below are", persist_state="session",
    )  # fmt: skip
    try:
        shown = column(view, work, plan, picked, kind)
    except ScenarioError:  # the pictures say why; there is nothing to type on until it is undone
        st.html(
            '<div class="sop-quiet">The scenario does not fit the company: undo, or remove a change.</div>'
        )
        return
    frame = pd.DataFrame(
        {
            "month": view.months,
            "base": np.round(shown.base, _digits(shown.base)),
            "now": np.round(shown.now, 2 if shown.unit == "%" else _digits(shown.now)),
        }
    )
    key = _grid_key(work, (kind, picked.what, picked.where, picked.resource))
    number = st.column_config.NumberColumn
    st.data_editor(
        frame, key=key, hide_index=True, num_rows="fixed", height=HEIGHT, row_height=26,
        disabled=["month", "base"], on_change=_take, args=(view, work, shown, key),
        column_config={
            "month": st.column_config.TextColumn("Month", width=72),
            "base": number(shown.base_title, format="localized", width=92),
            "now": number(f"{shown.title}, {shown.unit}", format="localized", help=shown.help, width=112),
        },
    )  # fmt: skip
    problem = st.session_state.pop("_month_refused", "")
    if problem:
        st.html(f'<div class="sop-bad sop-quiet" role="alert">{fmt.safe(problem)}</div>')


def _digits(values: Floats) -> int:
    """Decimals that help: none where the numbers are large."""
    return 0 if float(np.abs(values).max(initial=0.0)) >= 100 else 1


def _grid_key(work: Work, about: tuple[object, ...]) -> str:
    """The grid's key: another one where something else than its own typing changed the scenario, so that it never
    shows what was typed before an undo."""
    kept: dict[str, Any] = st.session_state.setdefault(
        "_month_grid", {"about": None, "left": None, "nonce": 0}
    )
    if kept["about"] != about or kept["left"] != work.history.present:
        kept["nonce"] += 1
        kept["seen"] = {}
    kept["about"], kept["left"] = about, work.history.present
    return f"month_grid_{kept['nonce']}"


def _take(view: View, work: Work, shown: Column, key: str) -> None:
    """Takes what was typed since the last time: one step of the history for each edit."""
    kept = st.session_state["_month_grid"]
    edited = {
        int(row): cells["now"]
        for row, cells in st.session_state[key]["edited_rows"].items()
        if "now" in cells
    }
    scenario = work.history.present
    for t, value in edited.items():
        if kept["seen"].get(t, _UNSEEN) == value:
            continue
        change = shown.change(scenario, t, value)
        changed = _with(scenario, change)
        try:
            changed.check(view.inputs)
        except ScenarioError as error:
            st.session_state["_month_refused"] = str(error)
            kept["left"] = None  # the grid goes back to what stands
            continue
        scenario = changed
    kept["seen"] = edited
    if scenario != work.history.present:
        work.history = work.history.push(scenario)
    if kept["left"] is not None:
        kept["left"] = work.history.present


_UNSEEN = object()


def _with(scenario: Scenario, change: Change) -> Scenario:
    """The scenario with the Change in place of the one of the same lever; an edit without months is taken out."""
    if isinstance(change, DemandEdit) and not dict(change.values):
        position = scenario.find(change.lever)
        return scenario if position is None else scenario.remove(position)
    return scenario.set_lever(change)
