"""The way in: a subject to its explanation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sop_core.explain.explanation import Explanation
from sop_core.explain.others import (
    explain_above,
    explain_below,
    explain_contract,
    explain_overload,
    explain_promise,
)
from sop_core.explain.shortage import explain_shortage
from sop_core.explain.subject import ABOVE, BELOW, CONTRACT, OVERLOAD, PROMISE, SHORTAGE, Subject
from sop_core.plan import Plan

_BY_KIND: Mapping[str, Callable[[Plan, Subject], Explanation | None]] = MappingProxyType(
    {
        SHORTAGE: explain_shortage,
        OVERLOAD: explain_overload,
        CONTRACT: explain_contract,
        BELOW: explain_below,
        ABOVE: explain_above,
        PROMISE: explain_promise,
    }
)


def explain(plan: Plan, subject: Subject) -> Explanation | None:
    """Why something of a plan is as it is, from the solved plan alone; None where the plan has no such exception."""
    return _BY_KIND[subject.kind](plan, subject)
