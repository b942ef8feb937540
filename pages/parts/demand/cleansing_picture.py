"""Picture of the cleansing review: the history of the selected line, or of all in view."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.parts import context, filters
from pages.parts import format as fmt
from pages.parts.grid import unit_of
from sop_core.charts.cleansing import CleansedView, cleansing_chart
from sop_core.charts.template import CONFIG
from sop_core.demand.cleansing_review import Line
from sop_core.demand.history import History
from sop_core.inputs import Bools, Floats


def show(view: context.View, history: History, picked: Sequence[Line], height: int) -> None:
    """Draws the picture and says under it why the first selected line is corrected."""
    data, reason = cleansed_view(view, history, picked)
    drawn = cleansing_chart(view.palette, data, height=height)
    st.plotly_chart(drawn.figure, key="cleansing_chart", theme=None, config=CONFIG, alt=drawn.alt)
    st.html(f'<p class="sop-quiet sop-review">{fmt.safe(reason or drawn.alt)}</p>')


def cleansed_view(view: context.View, history: History, picked: Sequence[Line]) -> tuple[CleansedView, str]:
    """(the history of the first selected line's series, or of all in view; why it is corrected)."""
    items, regions, segments = view.items, view.regions, view.segments
    name = filters.title(view)
    line = picked[0] if picked else None
    if line is not None and line.item != context.ALL:
        items = np.array([own == line.item for own in view.inputs.items])
        name = view.inputs.title(int(np.flatnonzero(items)[0]))
    if line is not None:
        regions = _narrowed(regions, view.inputs.regions, line.region)
        segments = _narrowed(segments, view.inputs.segments, line.segment)
        names = [n for n in (line.region, line.segment) if n not in ("", context.ALL)]
        name = ", ".join([name, *names])

    def total(values: Floats) -> Floats:
        summed: Floats = values[np.ix_(items, regions, segments)].sum(axis=(0, 1, 2))
        return summed

    recorded, cleansed = total(history.actual), total(history.cleaned)
    proposed, marked = np.full(len(recorded), np.nan), []
    if line is not None:
        at = [int((month - history.months[0]).astype(int)) for month in line.months]
        marked = [h for h in at if 0 <= h < len(recorded)]
        idle = _idle(history, line)
        for h in marked:
            if abs(idle.get(h, 0.0)) > 1e-9:
                proposed[h] = cleansed[h] + idle[h]
    unit = unit_of(view.inputs.item_unit, items)
    data = CleansedView(name, history.months, recorded, cleansed, proposed, tuple(marked), unit)
    if line is None:
        return data, ""
    more = f" (the first of {len(picked)} selected)" if len(picked) > 1 else ""
    return data, f"{line.kind[:1].upper()}{line.kind[1:]}, {line.when}{more}: {line.reason}."


def _narrowed(mask: Bools, names: Sequence[str], name: str) -> Bools:
    return mask & (np.asarray(names) == name) if name in names else mask


def _idle(history: History, line: Line) -> dict[int, float]:
    """Units by month that the line's corrections would add if those that do not act did."""
    out: dict[int, float] = {}
    for c in history.corrections:
        if c.accepted or c.kind != line.kind or (line.item not in (context.ALL, c.item)):
            continue
        if (line.rule.cause and c.cause != line.cause) or c.month not in line.months:
            continue
        if line.region not in ("", c.region) or line.segment not in ("", c.segment):
            continue
        h = int((c.month - history.months[0]).astype(int))
        out[h] = out.get(h, 0.0) + c.after - c.before
    return out
