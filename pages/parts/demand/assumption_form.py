"""Dialogs of the assumption register: add or edit, record an outcome, link a Change, history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from pages.parts import context, state
from pages.parts import format as fmt
from sop_core.calendar import month_label
from sop_core.changes import AXES, Scope, options
from sop_core.cycle.assumption import (
    FORMULAS,
    GROWTH,
    JUDGED,
    LAUNCH,
    MEASURES,
    PRICE,
    STATUSES,
    UNITS,
    Assumption,
    Link,
    Outcome,
    differences,
    month_of,
    month_value,
)  # fmt: skip
from sop_core.errors import SopError
from sop_core.inputs import Inputs
from sop_core.store.assumptions import AssumptionRecord

_AXES = ("families", "products", "categories", "regions", "segments")
_FROM_VALID, _TO_VALID = "from “valid from”", "to “look again by”"
#: Months before the plan that a form offers, so that something already running can be written down.
_BEFORE = 12


def _try(what: Callable[[], object]) -> None:
    """Does it and closes the dialog, or says why not."""
    try:
        what()
    except SopError as error:
        st.error(str(error))
    else:
        st.rerun()


def example(inputs: Inputs) -> Assumption:
    """A worked example on the company's own names: growth of one region over half a year."""
    start = inputs.months[0]
    first: dt.date = start.astype("datetime64[D]").item()
    last: dt.date = ((start + 6).astype("datetime64[D]") - np.timedelta64(1, "D")).item()
    region = inputs.regions[0] if len(inputs.regions) > 1 else ""
    return Assumption(
        driver="New retail listing",
        measure=GROWTH,
        value=0.03,
        low=0.01,
        high=0.05,
        scope=Scope.of(region=region) if region else Scope(),
        valid_from=first,
        valid_until=last,
        owner="Sales",
        note="140 stores from the first month on; listing signed.",
    )


@st.dialog("Assumption", width="large")
def edit(view: context.View, record: AssumptionRecord | None, start: Assumption, blank: bool = False) -> None:
    """Asks for a new assumption (`record` None), or edits one. `blank`: the texts of `start` are not taken over."""
    inputs, tag = view.inputs, _tag(record, blank)
    driver = st.text_input(
        "What is assumed", value="" if blank else start.driver, max_chars=200, key=f"as_driver_{tag}"
    )
    measure = st.selectbox(
        "Measured as", list(MEASURES), index=list(MEASURES).index(start.measure), format_func=MEASURES.__getitem__,
        key=f"as_measure_{tag}",
    )  # fmt: skip
    st.caption(f"Scored as: {FORMULAS[measure]}.")
    scope = _scope(inputs, measure, start, tag)
    unit = ""
    if measure == JUDGED:
        unit = st.text_input(
            "The number is in",
            value=start.unit,
            max_chars=40,
            key=f"as_unit_{tag}",
            placeholder="% of demand",
        )
    value, low, high = _numbers(inputs, measure, start, tag)
    left, middle, right = st.columns(3)
    owner = left.text_input("Owner", value="" if blank else start.owner, max_chars=120, key=f"as_owner_{tag}")
    since = middle.date_input("Valid from", value=start.valid_from, key=f"as_from_{tag}")
    until = right.date_input(
        "Look again by",
        value=start.valid_until,
        key=f"as_until_{tag}",
        help="After this day it is marked overdue",
    )
    status = start.status
    if record is not None:
        status = st.segmented_control(
            "Status",
            list(STATUSES),
            default=start.status,
            format_func=str.capitalize,
            key=f"as_status_{tag}",
            required=True,
        )
    note = st.text_area("Note", value="" if blank else start.note, height=80, key=f"as_note_{tag}")
    if not st.button("Keep the assumption", type="primary", width="stretch"):
        return

    def keep() -> None:
        given: dict[str, Any] = {
            "driver": driver, "measure": measure, "value": value, "low": low, "high": high, "unit": unit,
            "scope": scope, "owner": owner, "valid_from": since, "valid_until": until, "note": note, "status": status,
        }  # fmt: skip
        if measure != JUDGED:
            given["outcome"] = None
        made = replace(start, **given)
        register = state.store().assumptions
        if record is None:
            register.add(made, state.who())
        else:
            register.change(record.id, made, state.who(), record.revision)

    _try(keep)


def _tag(record: AssumptionRecord | None, blank: bool = False) -> str:
    """Marks the widgets of one revision: a dialog that was closed leaves its values behind under their keys."""
    if record is None:
        return "new" if blank else "example"
    return f"{record.id}_{record.revision}"


def _scope(inputs: Inputs, measure: str, start: Assumption, tag: str) -> Scope:
    """Pickers for what, where and when."""
    chosen: dict[str, Any] = {}
    places = st.columns(2)
    if measure == LAUNCH:
        known = list(dict.fromkeys((*options(inputs, "launch"), *options(inputs, "products"))))
        before = start.scope.products[0] if start.scope.products else ""
        picked = places[0].selectbox(
            "Product", known, index=known.index(before) if before in known else 0, key=f"as_launch_{tag}"
        )
        chosen["products"] = (picked,) if picked else ()
    axes = [
        a
        for a in _AXES
        if len(options(inputs, a)) > 1 and (measure != LAUNCH or a in ("regions", "segments"))
    ]
    for n, axis in enumerate(axes, start=int(measure == LAUNCH)):
        names = options(inputs, axis)
        chosen[axis] = tuple(
            places[n % 2].multiselect(
                AXES[axis].many.capitalize(), names, placeholder=f"All {AXES[axis].many}", key=f"as_{axis}_{tag}",
                default=[name for name in getattr(start.scope, axis) if name in names],
            )
        )  # fmt: skip
    if measure == LAUNCH:
        return Scope(**chosen)
    labels = _month_labels(inputs)
    since, until = st.columns(2)  # a row of their own: side by side however many pickers stand above
    for place, name, blank in ((since, "first", _FROM_VALID), (until, "last", _TO_VALID)):
        months = ["", *labels]
        value = getattr(start.scope, name) or ""
        picked = place.selectbox(
            "First month" if name == "first" else "Last month", months, key=f"as_{name}_{tag}",
            index=months.index(value) if value in months else 0, format_func=_or(labels, blank),
        )  # fmt: skip
        chosen[name] = picked or None
    return Scope(**chosen)


def _month_labels(inputs: Inputs) -> dict[str, str]:
    months = np.arange(inputs.months[0] - _BEFORE, inputs.months[-1] + 1)
    return {str(m): month_label(m) for m in months}


def _or(labels: Mapping[str, str], blank: str) -> Callable[[str], str]:
    return lambda month: labels.get(month, blank)


def _numbers(inputs: Inputs, measure: str, start: Assumption, tag: str) -> tuple[float, float, float]:
    """Value and range, in what people write: percent, units a month, months."""
    same = measure == start.measure
    places = st.columns(3)
    out = []
    for place, name, label in zip(
        places, ("value", "low", "high"), ("Value", "Range from", "to"), strict=True
    ):
        key = f"as_{measure}_{name}_{tag}"
        if measure == LAUNCH:
            labels = _month_labels(inputs)
            names = list(labels)
            month = str(month_of(getattr(start, name))) if same else str(inputs.months[0])
            at = names.index(month) if month in names else 0
            out.append(
                month_value(place.selectbox(label, names, index=at, format_func=labels.__getitem__, key=key))
            )
            continue
        scale = 100.0 if measure in (GROWTH, PRICE) else 1.0
        shown = round(getattr(start, name) * scale, 6) if same else 0.0
        said = {GROWTH: ", %", PRICE: ", %", UNITS: ", units a month"}.get(measure, "")
        given = place.number_input(f"{label}{said}", value=float(shown), key=key, format="%0.10g")
        out.append(round(float(given) / scale, 9))
    return out[0], out[1], out[2]


@st.dialog("What happened")
def outcome(record: AssumptionRecord) -> None:
    """Records the outcome of an assumption in own words."""
    known = record.assumption
    st.caption(fmt.plain(known.sentence()))
    value = st.number_input(
        f"What came, {known.unit}",
        value=known.outcome.value if known.outcome else known.value,
        key=f"as_outcome_{_tag(record)}",
    )
    text = st.text_area(
        "In words", value=known.outcome.text if known.outcome else "", key=f"as_outcome_text_{_tag(record)}"
    )
    if st.button("Record it", type="primary", width="stretch"):
        made = replace(known, outcome=Outcome(float(value), text.strip()))
        _try(lambda: state.store().assumptions.change(record.id, made, state.who(), record.revision))


@st.dialog("Link a Change")
def link(view: context.View, record: AssumptionRecord) -> None:
    """Links a Change of the scenario in view."""
    steps = view.scenario.steps
    if not steps:
        st.info(
            "The scenario in view has no Changes. Choose one that has, or add the assumption's own Change."
        )
        return
    said = view.scenario.sentences(view.inputs)
    at = st.selectbox(
        "Change of the scenario in view", range(len(steps)), format_func=said.__getitem__, key="as_link"
    )
    if st.button("Link it", type="primary", width="stretch"):
        made = linked(record.assumption, Link(view.scenario.name, steps[at].change))
        _try(lambda: state.store().assumptions.change(record.id, made, state.who(), record.revision))


def linked(assumption: Assumption, new: Link) -> Assumption:
    """With that link, once."""
    return assumption if new in assumption.links else replace(assumption, links=(*assumption.links, new))


@st.dialog("History", width="large")
def history(record: AssumptionRecord) -> None:
    """Every revision: who, when, what changed."""
    revisions = state.store().assumptions.history(record.id)
    lines = []
    for new, old in zip(revisions, (*revisions[1:], None), strict=True):
        what = "; ".join(differences(old.assumption, new.assumption)) if old else new.assumption.sentence()
        lines.append(
            f"<li><b>{fmt.safe(new.action.capitalize())}</b> by {fmt.safe(new.who)}, {new.at:%d %b %Y %H:%M} UTC: "
            f"{fmt.safe(what)}</li>"
        )
    st.html(f'<div class="sop-short"><ol reversed>{"".join(lines)}</ol></div>')
