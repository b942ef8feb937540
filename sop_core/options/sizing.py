"""Sizes of Changes: round numbers that people would decide, and the same Change made smaller or larger."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from sop_core.changes import (
    Change,
    ExtraShift,
    LaneVolume,
    MaterialVolume,
    OvertimeChange,
    PriceChange,
    SafetyStockCover,
    SourceVolume,
    StorageCapacity,
    WorkforcePolicy,
)
from sop_core.inputs import Inputs


def tidy(value: float, digits: int = 2) -> float:
    """The next number of that many significant digits that is not smaller: 137.2 -> 140. 0 stays 0."""
    if value <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return float(round(math.ceil(value / step - 1e-9) * step, 9))


def tidy_part(part: float, step: float = 0.05) -> float:
    """A fraction in whole steps, not smaller: 0.13 -> 0.15."""
    return float(round(math.ceil(part / step - 1e-9) * step, 9))


def resized(change: Change, factor: float, inputs: Inputs) -> Change | None:
    """The Change at `factor` times its size (0 < factor), or None where it has none (a cancelled promotion) or where
    rounding leaves it as it is or makes it nothing. `inputs`: the company as it stands before the Change."""
    other = _resized(change, factor, inputs)
    return None if other is None or other.is_neutral or other == change else other


def _resized(change: Change, factor: float, inputs: Inputs) -> Change | None:
    if isinstance(change, OvertimeChange):
        return dataclasses.replace(
            change,
            hours=_scaled(change.hours, factor),
            per_head=_scaled(change.per_head, factor),
            pct=max(_part(change.pct, factor), -1.0),
        )
    if isinstance(change, ExtraShift):
        shifts = math.ceil(abs(change.shifts) * factor - 1e-9)
        return dataclasses.replace(change, shifts=min(math.copysign(shifts, change.shifts), 10.0))
    if isinstance(change, MaterialVolume | LaneVolume | StorageCapacity):
        return dataclasses.replace(change, pct=max(_part(change.pct, factor), -1.0)) if change.pct else None
    if isinstance(change, SourceVolume):
        # A lower minimum has its own size: towards what the company has now.
        return (
            None if change.minimum is not None else dataclasses.replace(change, pct=_part(change.pct, factor))
        )
    if isinstance(change, SafetyStockCover):
        return dataclasses.replace(change, pct=max(_part(change.pct, factor), -1.0))
    if isinstance(change, PriceChange):
        return dataclasses.replace(change, pct=max(_part(change.pct, factor), -0.9))
    if isinstance(change, WorkforcePolicy) and change.max_headcount is not None:
        today = heads_allowed(change, inputs)
        more = math.ceil((change.max_headcount - today) * factor - 1e-9)
        return dataclasses.replace(change, max_headcount=today + more) if more > 0 else None
    return None


def heads_allowed(change: WorkforcePolicy, inputs: Inputs) -> float:
    """Most heads of the resources in scope as the company stands; today's heads where there is no limit."""
    rows = change.scope.resource_mask(inputs) & inputs.resource.people
    block = inputs.resource.max_headcount[np.ix_(rows, change.scope.months(inputs))]
    known = block[np.isfinite(block)]
    return float(known.max()) if len(known) else float(inputs.resource.headcount[rows].max(initial=0.0))


def _scaled(value: float, factor: float) -> float:
    return math.copysign(tidy(abs(value) * factor, 3), value) if value else 0.0


def _part(value: float, factor: float) -> float:
    return math.copysign(tidy_part(abs(value) * factor, 0.001), value) if value else 0.0
