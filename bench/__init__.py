"""What the planner costs, always as a ratio to something measured in the same minute on the same machine.

A bench is a module in this folder with a function `run() -> Iterable[Row]`. It may tell on stderr what it is
doing. A module without `run` may print ratios of its own in `main`. `python -m bench` finds them all, runs
each in a process of its own, and prints one table.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `measured` / `reference`, both in `unit`.

    Seconds by themselves say little on a machine that others use too, so there is no row without a reference.
    `goal` is the ratio not to be exceeded, where there is one; `note` says what a reader needs to judge it.
    """

    what: str
    measured: float
    against: str
    reference: float
    unit: str = "ms"
    goal: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not self.reference > 0 or not self.measured >= 0:
            raise ValueError(
                f"{self.what}: a ratio needs a measured value of 0 or more and a positive reference; "
                f"got {self.measured} {self.unit} against {self.reference} {self.unit}"
            )

    @property
    def ratio(self) -> float:
        """`measured` / `reference`."""
        return self.measured / self.reference

    @property
    def met(self) -> bool | None:
        """True if the goal is met, None without a goal."""
        return None if self.goal is None else self.ratio <= self.goal
