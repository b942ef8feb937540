"""What planners decided about the cleansing of history: verdicts on single corrections or on whole kinds.

The cleansing itself is in history.py; it proposes, and these verdicts say which proposals act.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final

#: Kinds of correction that act unless they are rejected; the others act only once they are accepted.
ACT_BY_THEMSELVES: Final = ("partial month", "missing channel", "stock-out", "returns", "promotion")


@dataclass(frozen=True, slots=True)
class Rule:
    """Which corrections are meant: a kind, and names or a month (`YYYY-MM`) where it is narrower; blank = any."""

    kind: str
    item: str = ""
    region: str = ""
    segment: str = ""
    month: str = ""


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

    def accepts(self, kind: str, item: str, region: str, segment: str, month: str) -> bool:
        """Whether that correction acts."""
        best, accept = -1, kind in ACT_BY_THEMSELVES
        for verdict in self.all:
            rule = verdict.rule
            pairs = ((rule.item, item), (rule.region, region), (rule.segment, segment), (rule.month, month))
            if rule.kind != kind or any(wanted and wanted != has for wanted, has in pairs):
                continue
            narrow = sum(bool(wanted) for wanted, _ in pairs)
            if narrow >= best:
                best, accept = narrow, verdict.accept
        return accept

    def fingerprint(self) -> str:
        """SHA-256 over the decisions."""
        body = json.dumps([asdict(verdict) for verdict in self.all], sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()


#: No decisions: every kind acts as it does by itself.
NO_VERDICTS: Final = Verdicts()
