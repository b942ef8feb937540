"""The last cycle's latest estimate, laid beside today's demand by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.parts import context, state
from sop_core.calendar import MonthArray, month_label
from sop_core.cycle.estimate import Estimate, final_by_cycle
from sop_core.inputs import Floats, Inputs


@dataclass(frozen=True, slots=True)
class LastEstimate:
    """What the cycle before ended with. `units` and `money` [i, r, m, t] on today's axes; nan in months that it did
    not plan, zero for names that it did not know. `money` is None where it kept no price."""

    label: str  #: `LE Nov 26`
    units: Floats
    money: Floats | None


def last_estimate(view: context.View) -> LastEstimate | None:
    """The estimate with which the latest cycle before this plan ended; None where none was kept."""
    first = view.inputs.months[0]
    before = {
        cycle: head for cycle, head in final_by_cycle(state.store().estimates.list()).items() if cycle < first
    }
    if not before:
        return None
    head = before[max(before)]
    return _aligned(str(state.store_path()), head.id, view.desk.version, view.inputs)


@st.cache_resource(max_entries=4, show_spinner=False)
def _aligned(path: str, number: int, version: int, _inputs: Inputs) -> LastEstimate:
    return aligned(state.store().estimates.load(number), _inputs)


def aligned(estimate: Estimate, inputs: Inputs) -> LastEstimate:
    """An estimate on a company's axes."""
    units = on_axes(estimate.consensus, estimate, inputs)
    money = None
    if estimate.price is not None:
        money = on_axes(estimate.consensus * estimate.price, estimate, inputs)
    return LastEstimate(f"LE {month_label(estimate.cycle)}", units, money)


def on_axes(values: Floats, estimate: Estimate, inputs: Inputs) -> Floats:
    """[i, r, m, t] of a company from an array on an estimate's own axes, by name and month."""
    out = np.zeros((len(inputs.items), len(inputs.regions), len(inputs.segments), inputs.horizon))
    pairs = [
        _matched(theirs, ours)
        for theirs, ours in (
            (estimate.items, inputs.items),
            (estimate.regions, inputs.regions),
            (estimate.segments, inputs.segments),
            (_names(estimate.months), _names(inputs.months)),
        )
    ]
    out[np.ix_(*(ours for _, ours in pairs))] = values[np.ix_(*(theirs for theirs, _ in pairs))]
    out[..., ~np.isin(inputs.months, estimate.months)] = np.nan
    return out


def _names(months: MonthArray) -> tuple[str, ...]:
    return tuple(str(month) for month in months)


def _matched(theirs: tuple[str, ...], ours: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Positions in both of the names that both have."""
    place = {name: n for n, name in enumerate(ours)}
    both = [(n, place[name]) for n, name in enumerate(theirs) if name in place]
    return [a for a, _ in both], [b for _, b in both]
