"""A small estimate and proposals on it, for tests of agreements."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType

import numpy as np

from sop_core.calendar import months_from
from sop_core.cycle.agreement import Proposal
from sop_core.cycle.estimate import Estimate
from sop_core.scenario import Scenario

CYCLE = np.datetime64("2026-11", "M")


def estimate(size: int = 2, factor: float = 1.0) -> Estimate:
    """Six months of `size` items in one region and segment: 10, 20, ... a month, times `factor`."""
    units = np.multiply.outer(np.arange(1.0, size + 1) * 10.0 * factor, np.ones(6)).reshape(size, 1, 1, 6)
    return Estimate(
        cycle=CYCLE,
        months=months_from(CYCLE, 6),
        items=tuple(f"Item {n}" for n in range(size)),
        regions=("All",),
        segments=("All",),
        steps=MappingProxyType({"market": units * 0.9, "consensus": units}),
        price=np.full_like(units, 2.0),
        kind="agreed",
        owner="",
        who="Ada",
        at=dt.datetime(2026, 11, 12, 9, 30, tzinfo=dt.UTC),
        data_version=3,
        review_revision=1,
        scenario="Demand Nov 26 v1",
    )


def proposal(
    version: int = 1,
    *,
    scenario: Scenario | None = None,
    expected: int = 0,
    first: np.datetime64 = CYCLE,
    last: np.datetime64 = CYCLE + 5,
    note: str = "",
    size: int = 2,
) -> Proposal:
    """What is to be agreed: all six months of a new scenario, unless said otherwise."""
    return Proposal(
        scenario or Scenario("Demand Nov 26 v1"), expected, version, first, last, estimate(size), note
    )
