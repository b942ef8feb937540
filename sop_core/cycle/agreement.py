"""The agreement on the unconstrained demand: which months, which Changes, on which data, by whom, and when.

An agreement is never edited. It keeps its scenario's text and its numbers (an estimate of kind `agreed`), so it
can be read and compared whatever happens to the scenario, the data or the cleansing afterwards.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from sop_core.calendar import MonthArray, month_label, span_label, timestamps
from sop_core.changes.text import listing
from sop_core.cycle.estimate import Estimate
from sop_core.errors import ReviewError
from sop_core.inputs import Floats
from sop_core.plan import Unconstrained
from sop_core.scenario import LONGEST_NAME, Scenario

#: Digits to which units are rounded before they are hashed, as `Plan.fingerprint` does.
_HASH_DECIMALS: Final = 4
#: Differences below this part of a unit are rounding.
_HALF: Final = 0.5
LONGEST_ROLE: Final = 120
MOST_VOICES: Final = 100


@dataclass(frozen=True, slots=True)
class Voice:
    """One who agrees. `at` is None until it is stored. Raises ReviewError without a name."""

    name: str
    role: str = ""
    at: dt.datetime | None = None

    def __post_init__(self) -> None:
        for field in ("name", "role"):
            value = " ".join(getattr(self, field).split())
            if len(value) > LONGEST_ROLE:
                raise ReviewError(f"The {field} of a person is longer than {LONGEST_ROLE} characters.")
            object.__setattr__(self, field, value)
        if not self.name:
            raise ReviewError("Somebody who agrees needs a name.")

    def said(self) -> str:
        """`Ada (Sales)`."""
        return f"{self.name} ({self.role})" if self.role else self.name


@dataclass(frozen=True, slots=True)
class Reopening:
    """Who opened the cycle again, when (UTC), and why."""

    who: str
    at: dt.datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreed version of a cycle's demand. `estimate` is the id of the numbers; times are UTC."""

    id: int
    cycle: np.datetime64  #: first month of the plan it was made in
    version: int  #: within the cycle, from 1
    scenario: str
    scenario_json: str
    data_version: int
    review_revision: int  #: of the verdicts on the cleansing of history
    first_month: np.datetime64
    last_month: np.datetime64
    estimate: int
    fingerprint: str
    who: str
    at: dt.datetime
    note: str
    voices: tuple[Voice, ...]
    reopened: Reopening | None = None

    @property
    def in_force(self) -> bool:
        """Whether it holds: it was not reopened."""
        return self.reopened is None

    @property
    def name(self) -> str:
        """`Nov 26 (v1)`."""
        return f"{month_label(self.cycle)} (v{self.version})"

    def sentence(self) -> str:
        """`demand agreed on 12 Nov by 4 people (v1)`; for the context bar and other pages."""
        count = len(self.voices)
        people = "1 person" if count == 1 else f"{count} people"
        return f"demand agreed on {self.at.day} {self.at:%b} by {people} (v{self.version})"

    def minutes(self) -> str:
        """`Demand for Nov 26-Apr 28 agreed on 12 Nov 2026 by Ada (Sales) and Ben; locked as "Demand Nov 26 v1".`"""
        months = span_label(self.first_month, self.last_month)
        people = listing([voice.said() for voice in self.voices], most=8)
        said = (
            f"Demand for {months} agreed on {self.at.day} {self.at:%b %Y} by {people}: "
            f"version {self.version} of the cycle {month_label(self.cycle)}, “{self.scenario}”."
        )
        if self.reopened is not None:
            back = self.reopened
            said += f" Reopened on {back.at.day} {back.at:%b %Y} by {back.who}: {back.reason}."
        return said


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be agreed, as it was looked at. The store takes it whole or not at all.

    `expected` is the stored revision of the scenario that was opened: it is locked as it stands; 0 where the
    scenario is to be saved as a new one under `scenario.name` first.
    """

    scenario: Scenario
    expected: int
    version: int
    first_month: np.datetime64
    last_month: np.datetime64
    estimate: Estimate
    note: str = ""

    def __post_init__(self) -> None:
        months = self.estimate.months
        if not months[0] <= self.first_month <= self.last_month <= months[-1]:
            raise ReviewError(
                f"Choose months within the plan, {span_label(months[0], months[-1])}, first to last."
            )

    @property
    def fingerprint(self) -> str:
        """See `fingerprint`."""
        return fingerprint(self.estimate, self.first_month, self.last_month)


def fingerprint(estimate: Estimate, first: np.datetime64, last: np.datetime64) -> str:
    """SHA-256 over the agreed units of those months, rounded as Plan.fingerprint does, with their names."""
    use = (estimate.months >= first) & (estimate.months <= last)
    units = np.ascontiguousarray(estimate.consensus[..., use])
    digest = hashlib.sha256()
    digest.update(str(units.shape).encode())
    # Adding zero turns -0.0 into 0.0, which hashes alike.
    digest.update((np.round(units, _HASH_DECIMALS) + 0.0).tobytes())
    names = [estimate.items, estimate.regions, estimate.segments, [str(m) for m in estimate.months[use]]]
    digest.update(json.dumps(names, ensure_ascii=False).encode())
    return digest.hexdigest()


def clear_name(cycle: np.datetime64, version: int, taken: Iterable[str]) -> str:
    """`Demand Nov 26 v1`: the name under which a what-if is agreed; with a number behind it where it is taken."""
    used = {name.casefold() for name in taken}
    name, number = f"Demand {month_label(cycle)} v{version}", 1
    candidate = name
    while candidate.casefold() in used:
        number += 1
        candidate = f"{name} ({number})"
    return candidate


def branch_name(name: str) -> str:
    """`What-if on Demand Nov 26 v1`: what edits of a locked scenario are called until they are saved."""
    return f"What-if on {name}"[:LONGEST_NAME]


def to_agree(
    scenario: Scenario, stored: str, revision: int, changed: bool, locked: bool, name: str, owner: str
) -> tuple[Scenario, int]:
    """(scenario to be agreed, stored revision to be locked; 0: it is saved under `name` first).

    A stored scenario without unsaved changes is agreed as it is. The base, a what-if, unsaved changes and what is
    locked already are agreed under a name of their own, with what they come from as their parent.
    """
    if revision and not changed and not locked:
        return scenario, revision
    parent = stored if revision else ""
    return replace(scenario, name=name, owner=owner, parent=parent), 0


# -- beside each other ------------------------------------------------------------------------------------


def on_axes(
    estimate: Estimate, months: MonthArray, items: Sequence[str], regions: Sequence[str], segments: Sequence[str],
    values: Floats | None = None,
) -> Floats:  # fmt: skip
    """[i, r, m, t] an estimate's agreed units (or `values` of its shape) on other axes, by name; nan in months that
    it does not hold, 0 for names that it does not know.
    """
    source = estimate.consensus if values is None else values
    out = np.zeros((len(items), len(regions), len(segments), len(months)))
    places = []
    for names, known in ((items, estimate.items), (regions, estimate.regions), (segments, estimate.segments)):
        position = {name: n for n, name in enumerate(known)}
        there = [n for n, name in enumerate(names) if name in position]
        here = [position[names[n]] for n in there]
        places.append((np.array(there, dtype=np.int64), np.array(here, dtype=np.int64)))
    at = (months - estimate.months[0]).astype(int)
    inside = (at >= 0) & (at < len(estimate.months))
    (i, from_i), (r, from_r), (m, from_m) = places
    source = source[np.ix_(from_i, from_r, from_m, at[inside])]
    out[np.ix_(i, r, m, np.flatnonzero(inside))] = source
    out[..., ~inside] = np.nan
    return out


def version_differences(
    before: Estimate, after: Estimate, first: np.datetime64, last: np.datetime64
) -> pd.DataFrame:
    """Where two versions differ, line by line and month by month: item, region, segment, month, before, after,
    difference (after − before), units; largest first. Only months that both hold.
    """
    columns = ["item", "region", "segment", "month", "before", "after", "difference"]
    months = after.months[(after.months >= first) & (after.months <= last)]
    months = months[np.isin(months, before.months)]
    items, regions, segments = (
        tuple(dict.fromkeys((*getattr(after, axis), *getattr(before, axis))))
        for axis in ("items", "regions", "segments")
    )
    old, new = (on_axes(e, months, items, regions, segments) for e in (before, after))
    gap = new - old
    i, r, m, t = np.nonzero(np.abs(gap) >= _HALF)
    stamps = timestamps(months)
    frame = pd.DataFrame(
        {
            "item": np.array(items, dtype=object)[i],
            "region": np.array(regions, dtype=object)[r],
            "segment": np.array(segments, dtype=object)[m],
            "month": stamps[t],
            "before": old[i, r, m, t],
            "after": new[i, r, m, t],
            "difference": gap[i, r, m, t],
        },
        columns=columns,
    )
    order = frame["difference"].abs().sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the agreed demand has moved since, over the agreed months that are still planned: units, and revenue
    at the prices of then and now (nan where no price was kept).
    """

    agreed: float
    now: float
    months: int
    agreed_revenue: float = float("nan")
    now_revenue: float = float("nan")

    @property
    def share(self) -> float:
        """Now / agreed − 1; 0 where nothing was agreed."""
        return self.now / self.agreed - 1.0 if self.agreed else 0.0

    @property
    def revenue_share(self) -> float:
        """Revenue now / agreed − 1; 0 where none was agreed or no price was kept."""
        known = np.isfinite(self.agreed_revenue) and self.agreed_revenue
        return self.now_revenue / self.agreed_revenue - 1.0 if known else 0.0


def drift(agreement: Agreement, estimate: Estimate, wanted: Unconstrained) -> Drift:
    """The agreed units beside what the same Changes give on the company as it is now."""
    months = wanted.inputs.months
    use = (
        (months >= agreement.first_month)
        & (months <= agreement.last_month)
        & np.isin(months, estimate.months)
    )
    kept = np.isin(estimate.months, months[use])
    units, demand = estimate.consensus[..., kept], wanted.demand
    worth = float("nan") if estimate.price is None else float((units * estimate.price[..., kept]).sum())
    total = demand.total[..., use]
    now_worth = float((total * demand.price[..., use]).sum())
    return Drift(float(units.sum()), float(total.sum()), int(use.sum()), worth, now_worth)


def drift_sentence(agreement: Agreement, version: int, review: int, moved: Drift) -> str:
    """What changed under an agreement, empty where nothing did: `Agreed on data version 3, now 4; the same Changes
    give 1.2 % less demand.`
    """
    parts = []
    if version != agreement.data_version:
        parts.append(f"data version {agreement.data_version}, now {version}")
    if review != agreement.review_revision:
        parts.append(f"cleansing revision {agreement.review_revision}, now {review}")
    if not parts:
        return ""
    if not moved.months:
        return f"Agreed on {' and '.join(parts)}; none of its months is planned any more."
    units, worth = round(moved.share * 100, 1), round(moved.revenue_share * 100, 1)
    gap = f"{_more(units)} demand" if units else "the same demand"
    money = "" if units == worth else f", with {_more(worth)} revenue" if worth else ", with the same revenue"
    return f"Agreed on {' and '.join(parts)}; the same Changes give {gap}{money}."


def _more(percent: float) -> str:
    return f"{abs(percent):.1f} % {'more' if percent > 0 else 'less'}"
