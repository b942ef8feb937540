"""The form for any Change, made from its class: scope by its axes, fields by their declarations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts.state import Work
from sop_core.changes import AXES, GROUPS, REGISTRY, Change, FieldSpec, Scope, options
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs

#: Choices as people say them; what is not here is said as it stands, without underscores.
_CHOICES: Mapping[str, str] = MappingProxyType(
    {
        "margin": "Best margin",
        "service": "Service first",
        "set": "The whole demand, units",
        "add": "Units on top",
        "percent": "Change in percent",
    }
)
_FROM_START, _TO_END = "from the start", "to the end"


@st.dialog("Change", width="medium")
def dialog(
    work: Work, inputs: Inputs, position: int | None = None, kind: str = "", scope: Scope | None = None
) -> None:
    """Asks for a new Change, or edits the one at `position`; checks it against the company before taking it.

    `kind` opens the form of that Change, with `scope` as it stands elsewhere on the screen.
    """
    old = None if position is None else work.history.present.steps[position].change
    cls = type(old) if old is not None else REGISTRY[kind] if kind else _kind()
    if kind and old is None:
        st.markdown(f"**{cls.title}**")
    if cls.__doc__:
        st.caption(cls.__doc__.strip().replace("\n    ", "\n"))
    scope = _scope(cls, inputs, old.scope if old else scope or Scope())
    values = {spec.name: _field(cls, spec, inputs, old) for spec in cls.specs()}
    note = st.text_input("Why", value=old.note if old else "", placeholder="for the minutes", key="form_note")
    if st.button("Take the change" if old else "Add the change", type="primary", width="stretch"):
        try:
            change = cls(scope=scope, note=note, **values)
            _take(work, change, inputs, position)
        except ScenarioError as error:
            st.error(str(error))
        else:
            st.rerun()


#: Words that planners use for a lever and that its title does not say.
_ALSO: Mapping[str, str] = MappingProxyType(
    {
        "capacity": "hours, machine, line",
        "overtime": "hours, weekend work",
        "extra_shift": "night, weekend, Saturday shift",
        "outage": "breakdown, strike, maintenance, lane closed",
        "workforce": "hire, release, headcount, level",
        "source_volume": "supplier, contract, subcontract, minimum, maximum",
        "source_cost": "purchase price, supplier price",
        "safety_stock": "stock target, cover, service level",
        "demand_edit": "units by month, typed",
        "demand_override": "replace the forecast",
        "sales_input": "new customer, tender, units on top",
        "segment_priority": "allocation, who is served first",
        "objective": "service first, margin first",
        "transport_cost": "freight, lane",
        "production_mode": "make to order, make to stock",
        "phase_out": "end of life, run down",
    }
)


def found_as(kind: str) -> str:
    """A kind of Change as the search shows and finds it: its title, its subject and other words for it."""
    cls = REGISTRY[kind]
    also = _ALSO.get(kind, "")
    return f"{cls.title} · {cls.group}" + (f" · {also}" if also else "")


def _take(work: Work, change: Change, inputs: Inputs, position: int | None) -> None:
    """Puts the Change into the scenario. Raises ScenarioError where it does not fit."""
    present = work.history.present
    edited = present.add(change) if position is None else present.replace(position, change)
    edited.check(inputs)
    work.history = work.history.push(edited)


def _kind() -> type[Change]:
    group = st.segmented_control(
        "Subject", list(GROUPS), default=GROUPS[0], required=True, key="form_group", width="stretch"
    )
    kinds = [kind for kind, cls in REGISTRY.items() if cls.group == group]
    kind = st.selectbox(
        "Change", kinds, format_func=lambda name: REGISTRY[name].title, key=f"form_kind_{group}"
    )
    return REGISTRY[kind]


def _scope(cls: type[Change], inputs: Inputs, before: Scope) -> Scope:
    """Pickers for the axes that the Change understands and that have something to choose."""
    chosen: dict[str, Any] = {}
    axes = [axis for axis in cls.axes if axis != "months" and len(options(inputs, axis)) > 1]
    places = st.columns(2) if axes else []
    for n, axis in enumerate(axes):
        known = options(inputs, axis)
        picked = places[n % 2].multiselect(
            AXES[axis].many.capitalize(), known, default=[name for name in getattr(before, axis) if name in known],
            placeholder=f"All {AXES[axis].many}", key=f"form_{cls.kind}_{axis}",
        )  # fmt: skip
        chosen[axis] = tuple(picked)
    if "months" in cls.axes:
        chosen |= _month_span(cls, inputs, before)
    return Scope(**chosen)


def _month_span(cls: type[Change], inputs: Inputs, before: Scope) -> dict[str, str | None]:
    labels = dict(zip([str(m) for m in inputs.months], fmt.months(inputs.months), strict=True))
    left, right = st.columns(2)
    picked: dict[str, str] = {}
    for place, name, label, blank in ((left, "first", "From", _FROM_START), (right, "last", "To", _TO_END)):
        names = ["", *labels]
        value = getattr(before, name) or ""
        picked[name] = place.selectbox(
            label, names, index=names.index(value) if value in names else 0, key=f"form_{cls.kind}_{name}",
            format_func=_or(labels, blank),
        )  # fmt: skip
    return {name: value or None for name, value in picked.items()}


def _or(labels: Mapping[str, str], blank: str) -> Callable[[str], str]:
    return lambda month: labels.get(month, blank)


def _field(cls: type[Change], spec: FieldSpec, inputs: Inputs, old: Change | None) -> Any:
    key = f"form_{cls.kind}_{spec.name}"
    value = getattr(old, spec.name) if old else spec.default
    label = f"{spec.label}, {_unit(spec, inputs)}" if _unit(spec, inputs) else spec.label
    if spec.kind in ("percent", "number", "integer"):
        return _number(spec, label, key, value)
    if spec.kind == "months":
        return _months(spec, label, key, value, inputs)
    if spec.kind == "choice":
        return st.selectbox(
            label, spec.choices, index=spec.choices.index(value) if value in spec.choices else 0, key=key,
            help=spec.help, format_func=lambda name: _CHOICES.get(name, name.replace("_", " ").capitalize()),
        )  # fmt: skip
    if spec.kind == "date":
        return st.date_input(label, value=value or _first_day(inputs), key=key, help=spec.help or None)
    if spec.kind in ("promotion", "launch"):
        known = options(inputs, spec.kind)
        if not known:
            st.info(f"The company has no {spec.kind} ahead. Bring one in the table `{_table(spec.kind)}`.")
            return ""
        return st.selectbox(label, known, index=known.index(value) if value in known else 0, key=key)
    return st.text_input(label, value=value or "", key=key, help=spec.help)


def _months(spec: FieldSpec, label: str, key: str, value: Any, inputs: Inputs) -> dict[str, float]:
    """A number a month over the horizon; months that are given and lie outside it stay as they are."""
    known = dict(value or ())
    months = [str(month) for month in inputs.months]
    frame = pd.DataFrame(
        {"Month": fmt.months(inputs.months), "Value": [known.get(month, np.nan) for month in months]}
    )
    st.caption(
        f"{label}. {spec.help[:1].upper()}{spec.help[1:]}; a percentage as a fraction, 0.05 is 5 % more."
    )
    given = st.data_editor(
        frame, key=key, hide_index=True, num_rows="fixed", height=230, disabled=["Month"],
        column_config={"Value": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip
    outside = {month: number for month, number in known.items() if month not in months}
    typed = dict(zip(months, given["Value"].tolist(), strict=True))
    return outside | {
        month: number for month, number in typed.items() if number is not None and number == number
    }


def _number(spec: FieldSpec, label: str, key: str, value: Any) -> Any:
    """A number; percentages are asked in percent and kept as fractions, blank stays None where it may."""
    scale = 100.0 if spec.kind == "percent" else 1.0
    whole = spec.kind == "integer"
    shown = None if value is None else round(float(value) * scale, 6)
    if shown is None and not spec.optional:
        shown = max(0.0, spec.lowest * scale)
    given = st.number_input(
        label,
        min_value=_bound(spec.lowest, scale, whole),
        max_value=_bound(spec.highest, scale, whole),
        value=int(shown) if whole and shown is not None else shown,
        step=1 if whole else float(spec.step * scale) if spec.step else None,
        format=None if whole else "%0.10g",
        key=key,
        help=spec.help,
    )
    if given is None:
        return None
    return int(given) if whole else round(given / scale, 9)


def _bound(limit: float, scale: float, whole: bool) -> Any:
    # Streamlit's number input takes what a browser's numbers hold; no limit is said as None.
    if abs(limit) > 1e12:
        return None
    return int(limit) if whole else limit * scale


def _unit(spec: FieldSpec, inputs: Inputs) -> str:
    return spec.unit.replace("money", inputs.currency)


def _table(kind: str) -> str:
    return {"promotion": "promotions", "launch": "launches"}[kind]


def _first_day(inputs: Inputs) -> dt.date:
    day: dt.date = inputs.months[0].astype("datetime64[D]").item()
    return day
