"""The latest estimate (LE): what a cycle expects of every month ahead, step by step of the demand review.

An estimate keeps names, not positions, so that it can be read beside data that came later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import numpy as np

from sop_core.calendar import MonthArray
from sop_core.demand.accuracy import STEPS
from sop_core.inputs import LAYERS, Floats
from sop_core.plan import Unconstrained

if TYPE_CHECKING:
    from sop_core.demand.history import History
    from sop_core.planner import Company

__all__ = [
    "KINDS",
    "MARKET_LAYERS",
    "STEPS",
    "Estimate",
    "EstimateHead",
    "estimate_of",
    "final_by_cycle",
    "repeated_past",
    "steps_of",
]

#: How an estimate came to be kept: by itself when the cycle was opened, by agreement, or on somebody's wish.
KINDS: Final = ("opened", "agreed", "kept")

#: Layers of demand that belong to the market step: what marketing and product management know.
MARKET_LAYERS: Final = LAYERS[: LAYERS.index("sales_input")]

_SEASON = 12


@dataclass(frozen=True, slots=True)
class Estimate:
    """One latest estimate. `steps` [i, r, m, t], units a month, holds the steps that were known: without history
    there is no naive one, without a statistical forecast no statistical one; consensus is always there.
    """

    cycle: np.datetime64  #: first planned month, datetime64[M]
    months: MonthArray  #: [t]
    items: tuple[str, ...]
    regions: tuple[str, ...]
    segments: tuple[str, ...]
    steps: Mapping[str, Floats]
    price: Floats | None  #: [i, r, m, t] net price, money/unit; None: not known
    kind: str  #: opened, agreed or kept
    owner: str  #: who answers for it; blank: nobody named
    who: str  #: who kept it
    at: dt.datetime  #: when, UTC
    data_version: int
    review_revision: int  #: of the verdicts on the cleansing of history
    scenario: str
    note: str = ""
    id: int = 0  #: 0 until it is stored

    @property
    def consensus(self) -> Floats:
        """[i, r, m, t] what was expected in the end, units a month."""
        return self.steps["consensus"]


@dataclass(frozen=True, slots=True)
class EstimateHead:
    """An estimate in the list of those kept: everything but its numbers."""

    id: int
    cycle: np.datetime64
    kind: str
    owner: str
    who: str
    at: dt.datetime
    data_version: int
    review_revision: int
    scenario: str
    note: str


class _Kept(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def cycle(self) -> np.datetime64: ...
    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> dt.datetime: ...


Kept = TypeVar("Kept", bound=_Kept)


def estimate_of(
    company: Company, wanted: Unconstrained, *, kind: str, who: str, owner: str = "", note: str = ""
) -> Estimate:
    """The estimate that a scenario's demand is, with every step on the way to it.

    naive: the cleansed history repeated, last year's month; statistical: the baseline forecast; market: with
    promotions, price, launches, run-downs, events and growth; sales_input: with the sales input on top; consensus:
    the unconstrained demand. Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not a kind of estimate: one of {', '.join(KINDS)}")
    inputs, demand = wanted.inputs, wanted.demand
    return Estimate(
        cycle=np.datetime64(inputs.months[0], "M"),
        months=inputs.months,
        items=inputs.items,
        regions=inputs.regions,
        segments=inputs.segments,
        steps=steps_of(company, wanted),
        price=demand.price,
        kind=kind,
        owner=owner,
        who=who,
        at=dt.datetime.now(dt.UTC),
        data_version=company.snapshot.version,
        review_revision=company.verdicts.revision,
        scenario=wanted.scenario.name,
        note=note,
    )


def steps_of(company: Company, wanted: Unconstrained) -> Mapping[str, Floats]:
    """Steps of the ladder [i, r, m, t] of a scenario's demand, units a month; those that are not known are absent."""
    demand = wanted.demand
    steps: dict[str, Floats] = {}
    if company.history is not None and len(company.history.months):
        steps["naive"] = repeated_past(company.history, wanted.inputs.horizon)
    if company.baseline is not None:
        steps["statistical"] = demand.base
    market = demand.base + sum((demand.layers[name] for name in MARKET_LAYERS), np.zeros_like(demand.base))
    steps["market"] = market
    steps["sales_input"] = market + demand.layers["sales_input"]
    steps["consensus"] = demand.total
    return MappingProxyType(steps)


def repeated_past(history: History, horizon: int) -> Floats:
    """[i, r, m, t] the seasonal naive forecast: the cleansed demand of the same month of the last year; the last
    month's where the history is shorter than a year.
    """
    cleaned = history.cleaned
    count = cleaned.shape[-1]
    if count < _SEASON:
        return np.repeat(cleaned[..., -1:], horizon, axis=-1)
    return cleaned[..., count - _SEASON + np.arange(horizon) % _SEASON]


def final_by_cycle(kept: Iterable[Kept]) -> dict[np.datetime64, Kept]:
    """The estimate that a cycle ended with, by cycle, oldest first: the last agreed one, else the last that
    somebody kept, else the last that was kept by itself.
    """
    rank = {"opened": 0, "kept": 1, "agreed": 2}
    best: dict[np.datetime64, Kept] = {}
    for head in kept:
        known = best.get(head.cycle)
        if known is None or (rank[head.kind], head.at, head.id) > (rank[known.kind], known.at, known.id):
            best[head.cycle] = head
    return {cycle: best[cycle] for cycle in sorted(best)}
