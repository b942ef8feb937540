"""Random Changes that fit the company of factory.py, drawn from the Changes' own declarations."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from sop_core.changes import REGISTRY, Change, Scope, options
from sop_core.changes.fields import FieldSpec
from sop_core.changes.scope import AXES
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs
from sop_core.scenario import Scenario, Step
from tests.changes.factory import make_inputs

MONTHS = st.sampled_from([None, "2026-11", "2027-01", "2027-03", "2027-05", "2027-09"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)


def values(spec: FieldSpec, inputs: Inputs) -> st.SearchStrategy[Any]:
    """Values that the field takes."""
    if spec.kind in ("promotion", "launch"):
        drawn: st.SearchStrategy[Any] = st.sampled_from(options(inputs, spec.kind))
    elif spec.kind == "choice":
        drawn = st.sampled_from(spec.choices)
    elif spec.kind == "text":
        drawn = TEXTS.filter(str.strip)
    elif spec.kind == "months":
        month = st.sampled_from(["2026-12", "2027-01", "2027-02", "2027-04", "2027-06", "2027-09"])
        drawn = st.dictionaries(month, st.floats(-5e3, 5e3, allow_nan=False) | st.floats(-1, 1), min_size=1)
    elif spec.kind == "date":
        drawn = st.dates(dt.date(2027, 1, 1), dt.date(2027, 6, 30))
    elif spec.kind == "integer":
        drawn = st.integers(int(spec.lowest), int(spec.highest))
    else:
        drawn = st.floats(max(spec.lowest, -5e3), min(spec.highest, 5e3), allow_nan=False)
    return st.none() | drawn if spec.optional else drawn


@st.composite
def scopes(draw: st.DrawFn, axes: tuple[str, ...], inputs: Inputs) -> Scope:
    chosen: dict[str, Any] = {}
    for axis in axes:
        if axis == "months":
            ends = draw(st.tuples(MONTHS, MONTHS))
            chosen |= dict(zip(("first", "last"), ends, strict=True))
        elif draw(st.booleans()):
            known = [name for name in AXES[axis].names(inputs) if name]
            chosen[axis] = draw(st.lists(st.sampled_from(known), max_size=2))
    if chosen.get("first") and chosen.get("last") and chosen["first"] > chosen["last"]:
        chosen["first"], chosen["last"] = chosen["last"], chosen["first"]
    return Scope(**chosen)


@st.composite
def changes(draw: st.DrawFn, inputs: Inputs | None = None, kinds: tuple[str, ...] = ()) -> Change:
    """A Change that passes its check against the company."""
    company = inputs or make_inputs()
    cls = REGISTRY[draw(st.sampled_from(kinds or tuple(REGISTRY)))]
    given_fields = {spec.name: draw(values(spec, company)) for spec in cls.specs()}
    try:
        change = cls(scope=draw(scopes(cls.axes, company)), note=draw(TEXTS), **given_fields)
        change.check(company)
    except ScenarioError:
        # The same refusals that a person meets; tests of messages look at those.
        reject()
    return change


@st.composite
def scenarios(draw: st.DrawFn, inputs: Inputs | None = None, most: int = 4) -> Scenario:
    steps = draw(st.lists(st.tuples(changes(inputs), st.booleans()), max_size=most))
    name = draw(TEXTS.filter(str.strip))
    return Scenario(name, draw(TEXTS), draw(TEXTS), draw(TEXTS), tuple(Step(*step) for step in steps))
