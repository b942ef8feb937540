"""Every cycle's estimate is kept by itself when its company is opened, so that accuracy has a memory."""

from __future__ import annotations

from sop_core.cycle.estimate import estimate_of
from sop_core.errors import SopError
from sop_core.planner import Company, unconstrained
from sop_core.scenario import Scenario
from sop_core.store import Store

#: Who kept an estimate that nobody asked for.
BY_ITSELF = "by itself"


def keep_opening_estimate(store: Store, company: Company) -> str:
    """Keeps the base's estimate once per cycle, data version and review revision: some ten milliseconds the first
    time, one after. Returns blank, or a sentence to show where it could not be kept; the company opens all the same.
    """
    cycle = company.inputs.months[0]
    try:
        if store.estimates.has_opening(cycle, company.snapshot.version, company.verdicts.revision):
            return ""
        wanted = unconstrained(company, Scenario.base())
        store.estimates.keep_opening(estimate_of(company, wanted, kind="opened", who=BY_ITSELF))
    except SopError as error:
        return f"This cycle's opening estimate was not kept, so later accuracy will lack it. {error}"
    return ""
