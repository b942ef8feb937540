"""What was expected, cycle by cycle: the forecasts that a company brought and the estimates kept since, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_core.axes import Axes
from sop_core.calendar import month_column
from sop_core.cycle.estimate import Estimate
from sop_core.demand.accuracy import EVERY, STEPS, Forecasts, Record
from sop_core.demand.history import History
from sop_core.inputs import Floats, Ints
from sop_core.planner import Company
from sop_core.schema import ALL

#: Cycles looked back on; older ones say little about today's forecasts.
MOST_CYCLES = 24
_SEASON = 12
_SEVERAL = "Several"
_CELL = ["item", "region", "segment"]


@dataclass(frozen=True, slots=True)
class Expected:
    """Forecasts of past cycles at the level at which each was made. `brought` and `kept`: cycles by where they come
    from. `unknown`: names of items, regions or segments that the company's data no longer know; their forecasts
    are left out.
    """

    rows: Forecasts
    brought: tuple[np.datetime64, ...]
    kept: tuple[np.datetime64, ...]
    unknown: tuple[str, ...]


def brought_cycles(company: Company) -> set[np.datetime64]:
    """Cycles in the table of past forecasts that the company brought."""
    return set(month_column(company.snapshot.table("past_forecasts")["cycle"]))


def expected(company: Company, estimates: Sequence[Estimate]) -> Expected:
    """Forecasts that a company brought (table past_forecasts) and estimates kept, one source a cycle: what was agreed
    or kept by somebody, else what was brought, else what was kept by itself.

    Within a cycle and item, steps are compared at one level: where one of them was made for all regions (or
    segments) together, the others are added up to that. A cell without a row in a step that the cycle has for the
    item was expected to be nothing. Where no naive step was brought, it is the cleansed history repeated.
    """
    table = company.snapshot.table("past_forecasts")
    from_table = brought_cycles(company)
    deliberate = {e.cycle for e in estimates if e.kind != "opened"}
    use = [e for e in estimates if e.kind != "opened" or e.cycle not in from_table]
    cycles = sorted({*from_table} | {e.cycle for e in use})[-MOST_CYCLES:]
    parts: list[Forecasts] = [_NOTHING]
    unknown: set[str] = set()
    if len(table):
        keep = np.isin(month_column(table["cycle"]), [c for c in cycles if c not in deliberate])
        long, missing = _from_table(company, table[keep])
        unknown |= missing
        if len(long):
            parts.append(_whole(long))
    for estimate in use:
        if estimate.cycle in cycles:
            part, missing = _from_estimate(company, estimate)
            parts.append(part)
            unknown |= missing
    return Expected(
        rows=_with_naive(Forecasts.joined(parts), company.history),
        brought=tuple(sorted(c for c in from_table if c not in deliberate and c in cycles)),
        kept=tuple(sorted(e.cycle for e in use if e.cycle in cycles)),
        unknown=tuple(sorted(unknown)),
    )


def with_current(rows: Forecasts, current: Estimate) -> Forecasts:
    """The same with the estimate of the running cycle as its last one; another of that cycle is left out."""
    i, r, m = (np.arange(n) for n in current.consensus.shape[:3])
    return Forecasts.joined([rows.take(rows.cycle != current.cycle), _dense(current, (i, r, m))])


def record(company: Company) -> Record | None:
    """Actual demand of closed months as recorded: ordered quantity by requested month where orders cover the
    month, else sales. None without history. Not cleansed: a forecast is held against what happened.
    """
    if company.history is None:
        return None
    return Record(company.history.months, company.history.actual)


def _from_table(company: Company, table: pd.DataFrame) -> tuple[pd.DataFrame, set[str]]:
    """Long rows with positions, and the names that are not known."""
    axes = Axes(company.items, (), (), company.inputs.regions)
    item = axes.item_at(table["product"])
    region = _place(table["region"], company.inputs.regions)
    segment = _place(table["segment"], company.inputs.segments)
    lost = np.flatnonzero((item < 0) | (region < EVERY) | (segment < EVERY))
    unknown = {
        str(table[column].iloc[n])
        for n in lost
        for column, bad in (
            ("product", item[n] < 0),
            ("region", region[n] < EVERY),
            ("segment", segment[n] < EVERY),
        )
        if bad
    }
    frame = pd.DataFrame(
        {
            "cycle": month_column(table["cycle"]).astype(np.int64),
            "month": month_column(table["month"]).astype(np.int64),
            "item": item,
            "region": region,
            "segment": segment,
            "step": table["step"].map({name: s for s, name in enumerate(STEPS)}).to_numpy(dtype=np.int64),
            "units": table["quantity"].to_numpy(dtype=float),
            "owner": table["owner"].fillna("").to_numpy(dtype=object),
        }
    )
    return frame.drop(index=frame.index[lost]), unknown


def _place(values: pd.Series, names: tuple[str, ...]) -> Ints:
    """[n] position of each name; EVERY for All where several exist (the only one where one does), -2 = unknown."""
    places = {ALL: EVERY if len(names) > 1 else 0} | {name: n for n, name in enumerate(names)}
    return values.map(places).fillna(-2).to_numpy(dtype=float).astype(np.int64)


def _from_estimate(company: Company, estimate: Estimate) -> tuple[Forecasts, set[str]]:
    """A kept estimate's cells by the names that it shares with the company, and the names that are not known."""
    inputs = company.inputs
    unknown: set[str] = set()
    places = []
    for own, names in (
        (estimate.items, inputs.items), (estimate.regions, inputs.regions), (estimate.segments, inputs.segments),
    ):  # fmt: skip
        known = {name: n for n, name in enumerate(names)}
        unknown |= set(own) - set(names)
        places.append(np.array([known.get(name, -1) for name in own], dtype=np.int64))
    return _dense(estimate, (places[0], places[1], places[2])), unknown


def _dense(estimate: Estimate, places: tuple[Ints, Ints, Ints]) -> Forecasts:
    """An estimate's cells whose item, region and segment have a place (-1: none)."""
    i, r, m, t = (axis.reshape(-1) for axis in np.indices(estimate.consensus.shape))
    item, region, segment = places[0][i], places[1][r], places[2][m]
    ok = (item >= 0) & (region >= 0) & (segment >= 0)
    units = np.full((int(ok.sum()), len(STEPS)), np.nan)
    for s, name in enumerate(STEPS):
        if name in estimate.steps:
            units[:, s] = estimate.steps[name].reshape(-1)[ok]
    owner = np.full(units.shape, -1)
    if estimate.owner:
        owner[:, STEPS.index("consensus")] = 0
    return Forecasts(
        cycle=np.full(len(units), estimate.cycle, dtype="datetime64[M]"),
        month=estimate.months[t[ok]],
        item=item[ok],
        region=region[ok],
        segment=segment[ok],
        units=units,
        owner=owner,
        owners=(estimate.owner,) if estimate.owner else (),
    )


_NOTHING = Forecasts(
    cycle=np.zeros(0, dtype="datetime64[M]"),
    month=np.zeros(0, dtype="datetime64[M]"),
    item=np.zeros(0, dtype=np.int64),
    region=np.zeros(0, dtype=np.int64),
    segment=np.zeros(0, dtype=np.int64),
    units=np.zeros((0, len(STEPS))),
    owner=np.zeros((0, len(STEPS)), dtype=np.int64),
    owners=(),
)


def _whole(long: pd.DataFrame) -> Forecasts:
    """Long rows as one wide table: a row a cycle, month and cell, a column a step."""
    # One level a cycle and item: the coarsest at which one of its steps was made.
    for axis in ("region", "segment"):
        coarsest = long.groupby(["cycle", "item"])[axis].transform("min")
        long[axis] = long[axis].where(coarsest != EVERY, EVERY)
    names, long["owner"] = _coded(long["owner"])
    key = ["cycle", "month", *_CELL, "step"]
    long = long.sort_values(key, kind="stable")
    grouped = long.groupby(key, sort=True)
    summed = grouped["units"].sum()
    low, high = grouped["owner"].min().to_numpy(), grouped["owner"].max().to_numpy()
    owners = (*names, _SEVERAL)
    owner = pd.Series(np.where(low == high, low, len(names)), index=summed.index)
    wide = summed.unstack("step").reindex(columns=range(len(STEPS)))
    owned = owner.unstack("step").reindex(columns=range(len(STEPS)))
    return _filled(wide, owned, owners)


def _coded(owner: pd.Series) -> tuple[tuple[str, ...], Ints]:
    """Names in alphabetical order, and the position of each row's; -1 = nobody named."""
    names = tuple(sorted({str(name) for name in owner.unique()} - {""}))
    places = {"": -1} | {name: n for n, name in enumerate(names)}
    return names, owner.map(places).to_numpy(dtype=float).astype(np.int64)


def _filled(wide: pd.DataFrame, owned: pd.DataFrame, owners: tuple[str, ...]) -> Forecasts:
    """Every cell of an item in every month of its cycle; 0 in the steps that the cycle has for the item."""
    index = wide.index.to_frame(index=False)
    cells = index[["cycle", *_CELL]].drop_duplicates()
    months = index[["cycle", "month"]].drop_duplicates()
    every = cells.merge(months, on="cycle").sort_values(["cycle", "month", *_CELL], kind="stable")
    at = pd.MultiIndex.from_frame(every[["cycle", "month", *_CELL]])
    units: Floats = wide.reindex(at).to_numpy(dtype=float, copy=True)
    who = owned.reindex(at).to_numpy(dtype=float, copy=True)
    by_item = every.groupby(["cycle", "item"], sort=False).ngroup().to_numpy()
    for s in range(len(STEPS)):
        has = np.zeros(int(by_item.max()) + 1, dtype=bool)
        has[by_item[np.isfinite(units[:, s])]] = True
        units[:, s] = np.where(np.isnan(units[:, s]) & has[by_item], 0.0, units[:, s])
    whose = np.where(np.isnan(who), -1, who).astype(np.int64)
    columns = {name: every[name].to_numpy(dtype=np.int64) for name in ("cycle", "month", *_CELL)}
    return Forecasts(
        cycle=columns["cycle"].astype("datetime64[M]"),
        month=columns["month"].astype("datetime64[M]"),
        item=columns["item"],
        region=columns["region"],
        segment=columns["segment"],
        units=units,
        owner=_shared(whose, every, units),
        owners=owners,
    )


def _shared(owner: Ints, every: pd.DataFrame, units: Floats) -> Ints:
    """Owners with those of cells that were filled up: whoever answers for the cell's other months in the cycle."""
    cell = every.groupby(["cycle", *_CELL], sort=False).ngroup().to_numpy()
    out = owner.copy()
    for s in range(owner.shape[1]):
        most = np.full(int(cell.max()) + 1, -1)
        np.maximum.at(most, cell, owner[:, s])
        out[:, s] = np.where((owner[:, s] < 0) & np.isfinite(units[:, s]), most[cell], owner[:, s])
    return out


def _with_naive(rows: Forecasts, history: History | None) -> Forecasts:
    """Rows with the naive step where it was not brought: the cleansed demand of the same month of the last year
    that the cycle knew.
    """
    blank = np.isnan(rows.units[:, 0])
    if history is None or not blank.any():
        return rows
    lag = rows.lag[blank]
    source = rows.month[blank] - _SEASON * np.maximum(-(-lag // _SEASON), 1)
    at = (source - history.months[0]).astype(np.int64)
    inside = (at >= 0) & (at < len(history.months))
    past = Record(history.months, history.cleaned).whole
    cell = rows.item[blank], rows.region[blank], rows.segment[blank]
    found = past[(*cell, np.clip(at, 0, len(history.months) - 1))]
    units = rows.units.copy()
    units[blank, 0] = np.where(inside, found, np.nan)
    return Forecasts(
        rows.cycle, rows.month, rows.item, rows.region, rows.segment, units, rows.owner, rows.owners
    )
