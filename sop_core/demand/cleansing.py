"""What planners decided about the cleansing of history: verdicts on single corrections or on whole kinds.

The cleansing itself is in history.py; it proposes, and these verdicts say which proposals act.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np

from sop_core.inputs import Bools

#: Kinds of correction, in the order in which they are made, and what each one says.
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "partial month": "The first month is far below the months after it: records begin within it. Left out.",
        "partial last month": (
            "The last month is far below what was to be expected: it is still running. The plan starts with it; "
            "set plan_start to a later month to take it in."
        ),
        "missing channel": (
            "A segment of weight shows nothing at all for a month in which others sold: it did not report. "
            "Filled between its neighbours."
        ),
        "stock-out": (
            "No stock and no sales in the month: demand was there, goods were not. Filled with what is usual; "
            "late deliveries that follow count in the month in which they were wanted."
        ),
        "short supply": (
            "Stock ran out and sales stayed far below what is usual, or both have ended: demand may have been "
            "lost. Raised to what is usual once accepted."
        ),
        "returns": "More came back than was sold in the month: counted as no demand.",
        "promotion": (
            "The known effect of a past promotion: its uplift is taken out, what it pulled forward is given back."
        ),
        "outlier": (
            "A single month far from what is usual, before and after: no season, no lasting change, nothing known "
            "explains it. Replaced by what is usual once accepted."
        ),
    }
)
#: Kinds of correction that act unless they are rejected; the others act only once they are accepted.
ACT_BY_THEMSELVES: Final = (
    "partial month",
    "partial last month",
    "missing channel",
    "stock-out",
    "returns",
    "promotion",
)
#: Kinds that no verdict reaches: another setting decides.
FIXED: Final = ("partial last month",)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which corrections are meant: a kind, and names or a month (`YYYY-MM`) where it is narrower; blank = any.

    `cause` is what brought the correction about, by name: a promotion.
    """

    kind: str
    item: str = ""
    region: str = ""
    segment: str = ""
    month: str = ""
    cause: str = ""

    @property
    def narrow(self) -> int:
        """How many names and months it is narrowed by."""
        return sum(map(bool, (self.item, self.region, self.segment, self.month, self.cause)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision on the corrections that a rule means."""

    rule: Rule
    accept: bool


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All decisions in force, in the order in which they were taken: of those that mean a correction the
    narrowest counts, and of equally narrow ones the last. `revision` numbers the state in the store."""

    all: tuple[Verdict, ...] = ()
    revision: int = 0
    #: By kind, in rising force.
    _ranked: Mapping[str, tuple[Verdict, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ranked: dict[str, list[Verdict]] = {}
        for verdict in self.all:
            ranked.setdefault(verdict.rule.kind, []).append(verdict)
        object.__setattr__(
            self,
            "_ranked",
            {kind: tuple(sorted(found, key=lambda v: v.rule.narrow)) for kind, found in ranked.items()},
        )

    def accepts(self, kind: str, item: str, region: str, segment: str, month: str, cause: str = "") -> bool:
        """Whether that correction acts."""
        found = self.deciding(kind, item, region, segment, month, cause)
        return kind in ACT_BY_THEMSELVES if found is None else found.accept

    def deciding(
        self, kind: str, item: str, region: str, segment: str, month: str, cause: str = ""
    ) -> Verdict | None:
        """The verdict that counts for that correction; None where nobody decided."""
        if kind in FIXED:
            return None
        for verdict in reversed(self._ranked.get(kind, ())):
            rule = verdict.rule
            if (
                rule.item in ("", item)
                and rule.region in ("", region)
                and rule.segment in ("", segment)
                and rule.month in ("", month)
                and rule.cause in ("", cause)
            ):
                return verdict
        return None

    def mask(
        self,
        kind: str,
        items: Sequence[str],
        regions: Sequence[str],
        segments: Sequence[str],
        months: Sequence[str],
        cause: str = "",
    ) -> Bools:
        """[i, r, m, h] whether corrections of that kind (and cause) act, for all names and months at once."""
        axes = (items, regions, segments, months)
        out = np.full(tuple(map(len, axes)), kind in ACT_BY_THEMSELVES)
        if kind in FIXED or kind not in self._ranked:
            return out
        positions = [{name: at for at, name in enumerate(axis)} for axis in axes]
        for verdict in self._ranked[kind]:
            rule = verdict.rule
            if rule.cause not in ("", cause):
                continue
            wanted = (rule.item, rule.region, rule.segment, rule.month)
            if any(name and name not in known for name, known in zip(wanted, positions, strict=True)):
                continue  # a name or month that these data do not have
            at = tuple(
                known[name] if name else slice(None) for name, known in zip(wanted, positions, strict=True)
            )
            out[at] = verdict.accept
        return out

    def fingerprint(self) -> str:
        """SHA-256 over the decisions."""
        body = json.dumps([[asdict(v.rule), v.accept] for v in self.all], sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()


#: No decisions: every kind acts as it does by itself.
NO_VERDICTS: Final = Verdicts()
