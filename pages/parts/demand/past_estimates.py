"""What is remembered of past cycles, read once per data version and shared by all sessions; never edited."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.parts import context, state
from sop_core.cycle.estimate import Estimate, EstimateHead, final_by_cycle
from sop_core.cycle.expected import MOST_CYCLES, Expected, brought_cycles, expected, record
from sop_core.demand.accuracy import EVERY, Comparison, Forecasts, Record, compare, whole_price
from sop_core.inputs import Bools, Floats
from sop_core.planner import Company
from sop_core.store import Store


@dataclass(frozen=True, slots=True)
class Memory:
    """Past forecasts of a company. `compared` holds those of closed months in which all `steps` of the ladder are
    known, `left_out` is the number of the others; `price` [i, r + 1, m + 1] turns units into money; `record` is None
    without history."""

    expected: Expected
    compared: Comparison | None
    steps: tuple[int, ...]
    left_out: int
    record: Record | None
    price: Floats
    heads: tuple[EstimateHead, ...]


@st.cache_resource(max_entries=2, show_spinner=False)
def _memory(
    path: str, version: int, review: int, fingerprint: str, newest: int, _company: Company, _store: Store
) -> Memory:
    return read_memory(_store, _company)


def memory(view: context.View) -> Memory:
    """The memory of the company in view, up to the estimate kept last."""
    snapshot, store = view.company.snapshot, state.store()
    return _memory(
        str(state.store_path()), snapshot.version, view.company.verdicts.revision, snapshot.fingerprint,
        store.estimates.newest(), view.company, store,
    )  # fmt: skip


def read_memory(store: Store, company: Company) -> Memory:
    """Reads the final estimate of each cycle and the forecasts that the company brought. Raises StoreError."""
    start = company.inputs.months[0]
    heads = tuple(head for head in store.estimates.list() if head.cycle <= start)
    brought = brought_cycles(company)
    finals = [h for h in final_by_cycle(heads).values() if h.kind != "opened" or h.cycle not in brought]
    loaded: list[Estimate] = [store.estimates.load(head.id) for head in finals[-MOST_CYCLES:]]
    found, happened = expected(company, loaded), record(company)
    price: Floats = company.inputs.demand.price[..., 0]
    volume = company.inputs.demand.base.sum(axis=-1) if happened is None else happened.values.sum(axis=-1)
    compared: Comparison | None = None
    steps: list[int] = []
    left_out = 0
    if happened is not None:
        every = compare(found.rows, happened, price)
        steps = every.rows.steps()
        compared = every.take(every.rows.complete(steps))
        left_out = len(every) - len(compared)
    return Memory(
        expected=found,
        compared=compared,
        steps=tuple(steps),
        left_out=left_out,
        record=happened,
        price=whole_price(price, volume),
        heads=heads,
    )


def rows_in_view(view: context.View, rows: Forecasts) -> Bools:
    """[n] rows of what is in view. A forecast for all regions (or segments) together belongs to no single one."""
    keep = view.items[rows.item]
    for places, chosen in ((rows.region, view.regions), (rows.segment, view.segments)):
        keep = keep & np.where(places == EVERY, bool(chosen.all()), chosen[places])
    return np.asarray(keep, dtype=bool)


def actual_in_view(view: context.View, record: Record, rows: Forecasts, price: Floats | None) -> Floats:
    """[h] what happened in view, of the items that the rows forecast; money at `price` [i, r + 1, m + 1]."""
    forecast = np.zeros(len(view.items), dtype=bool)
    forecast[np.unique(rows.item)] = True
    values = record.values if price is None else record.values * price[:, :-1, :-1, None]
    picked = values[np.ix_(view.items & forecast, view.regions, view.segments)]
    total: Floats = picked.sum(axis=(0, 1, 2))
    return total
