"""Every error this package raises on purpose, in one tree.

    SopError                    anything the product can explain to a person
    ├── DataError               the company's files or tables; carries the list of findings
    ├── StoreError              the store on disk
    │   ├── StoreBusy           another process has the file open
    │   └── StoreVersionError   written by a newer release, or not one of our stores
    ├── ScenarioError           a scenario or Change that does not fit the company
    ├── ReviewError             what people write down in the demand review: assumptions, agreements, who agrees
    ├── ForecastError           a history that cannot be forecast
    └── PlanError               the supply plan
        ├── Infeasible          hard rules contradict each other; names the rule and the tables
        ├── Unbounded           something earns money without limit; names the tables
        ├── TimedOut            the solver's time limit was reached
        └── SelfCheckFailed     the solved plan does not pass its own arithmetic

Every message says what is wrong, where, and how to put it right; it is shown to people as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class SopError(Exception):
    """Base of all errors that the product explains to a person."""


class DataError(SopError):
    """The company's data were not taken. `findings` lists every finding (see store.report.Finding)."""

    def __init__(self, message: str, findings: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class StoreError(SopError):
    """The store on disk cannot be used as asked."""


class StoreBusy(StoreError):
    """Another process has the store open."""


class StoreVersionError(StoreError):
    """The file is not a store of this product, or one of a newer release."""


class ScenarioError(SopError):
    """A scenario or one of its Changes does not fit the company."""


class ReviewError(SopError):
    """Something written down in the demand review (an assumption, an agreement, a name) cannot be kept as it is."""


class ForecastError(SopError):
    """A history that cannot be forecast."""


class PlanError(SopError):
    """The supply plan could not be made."""


class Infeasible(PlanError):
    """Hard rules contradict each other."""


class Unbounded(PlanError):
    """Something in the tables earns money without limit."""


class TimedOut(PlanError):
    """The solver's time limit was reached before the optimum."""


class SelfCheckFailed(PlanError):
    """The solved plan does not pass the check by its own arithmetic."""
