"""Ways out of the shortage in hand: each rounded to what a room would say, planned as rounded, offered as a button."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages.parts import format as fmt
from pages.parts.desk import Desk
from pages.parts.meeting.hub import Room
from pages.parts.meeting.room_head import act
from sop_core.changes import Change
from sop_core.cycle.meeting import Topic
from sop_core.errors import SopError
from sop_core.plan import Plan

#: Ways out that are offered as buttons.
MOST = 3
#: Fields that are said in whole hours, units, heads and shifts; rounded up, so that a way out stays one.
_WHOLE = MappingProxyType(
    {
        "overtime": ("hours",),
        "capacity": ("hours",),
        "extra_shift": ("shifts",),
        "workforce": ("max_headcount",),
        "source_volume": ("maximum", "minimum"),
    }
)


@dataclass(frozen=True, slots=True)
class RoundWay:
    """A way out in round numbers, with what the plan makes of exactly that: units no longer late or lost, margin."""

    change: Change
    relieved: float
    gain: float


def draw(room: Room, seat: str, topic: Topic, desk: Desk, plan: Plan, holds: bool) -> None:
    """The priced ways out of the topic's worst cell, asked for by a button: some ten re-plans."""
    asked: set[tuple[str, str]] = st.session_state.setdefault("_room_ways", set())
    mark = (topic.key, plan.scenario.fingerprint())
    if mark not in asked:
        if st.button("Find ways out", key="room_find", icon=":material/travel_explore:", width="stretch"):
            asked.clear()
            asked.add(mark)
            st.rerun()
        return
    cell = _worst(plan, topic)
    if cell is None:
        st.html('<div class="room-said">Nothing of this shortage is left in the plan on the table.</div>')
        return
    ways = ways_out(room, desk, plan, cell)
    if not ways:
        st.html('<div class="room-said">No single lever relieves it.</div>')
    for n, way in enumerate(ways):
        st.button(
            _said(way, plan), key=f"room_way_{n}", width="stretch", disabled=not holds,
            help=fmt.plain(way.change.sentence(plan.inputs)), on_click=act,
            args=(room.id, lambda now, change=way.change: now.set_lever(seat, change)),
        )  # fmt: skip


def ways_out(room: Room, desk: Desk, plan: Plan, cell: tuple[int, int]) -> list[RoundWay]:
    """The best ways out of a shortage (item, month) that a scenario can take, best margin first. Raises PlanError."""
    found: list[RoundWay] = []
    for way in desk.ways_out(plan, *cell):
        if way.change is None or len(found) == MOST:
            continue
        change = rounded(way.change)
        try:
            after = room.plan(desk, plan.scenario.set_lever(change))
        except SopError:  # rounded beyond what the company allows: as it was found
            change = way.change
            after = room.plan(desk, plan.scenario.set_lever(change))
        relieved = float(plan.shortages["quantity"].sum() - after.shortages["quantity"].sum())
        gain = after.kpis["margin"] - plan.kpis["margin"]
        found.append(RoundWay(change, relieved, gain))
    return sorted(found, key=lambda way: -way.gain)


def rounded(change: Change) -> Change:
    """A Change with hours, units, heads and shifts as whole numbers, rounded up."""
    values: dict[str, Any] = {}
    for name in _WHOLE.get(change.kind, ()):
        value = getattr(change, name, None)
        if isinstance(value, float) and math.isfinite(value):
            values[name] = float(math.ceil(value - 1e-6))
    return dataclasses.replace(change, **values) if values else change


def _said(way: RoundWay, plan: Plan) -> str:
    gain = fmt.money(way.gain, plan.inputs.currency, signed=True)
    units = (
        f"{way.relieved:,.0f} units on time" if way.relieved >= 0 else f"{-way.relieved:,.0f} more units late"
    )
    return f"{fmt.plain(way.change.sentence(plan.inputs))}: **{units}**, margin {gain}"


def _worst(plan: Plan, topic: Topic) -> tuple[int, int] | None:
    """(item, month) of the topic's cell that weighs most in the plan on the table; None where it is served."""
    short = plan.shortages
    rows = short[short["item"].isin(topic.items)]
    if not len(rows):
        return None
    cells = rows.groupby(["item", "month"], as_index=False, sort=False)["value"].sum()
    worst = cells.loc[cells["value"].idxmax()]
    return plan.inputs.items.index(worst["item"]), list(plan.stamps).index(worst["month"])
