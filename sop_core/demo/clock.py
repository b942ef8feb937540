"""Where the demo company stands in time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, months_from, to_month

HISTORY = 60  #: closed months of sales
AHEAD = 36  #: months for which expected demand is drawn: enough for two budget years after the running one


@dataclass(frozen=True)
class Clock:
    """The months of history and ahead. Position t counts from the first month of history; `today` = HISTORY
    is the first month of the plan. `season` is the year of the spring that the story is about."""

    months: MonthArray
    season: int

    @classmethod
    def ending(cls, last_closed: dt.date) -> Clock:
        """The clock whose last closed month holds that date."""
        last = to_month(last_closed)
        months = months_from(last - (HISTORY - 1), HISTORY + AHEAD)
        # The next March that leaves at least four months to act.
        earliest = last + 4
        year = 1970 + int(earliest.astype(int)) // 12
        return cls(months, year if earliest <= np.datetime64(f"{year}-03", "M") else year + 1)

    @property
    def today(self) -> int:
        """Position of the first month of the plan."""
        return HISTORY

    @property
    def last_closed(self) -> np.datetime64:
        """The last closed month."""
        month: np.datetime64 = self.months[HISTORY - 1]
        return month

    @property
    def plan_start(self) -> np.datetime64:
        """The first month of the plan."""
        month: np.datetime64 = self.months[HISTORY]
        return month

    @property
    def history(self) -> MonthArray:
        """The closed months."""
        return self.months[:HISTORY]

    @property
    def month_of_year(self) -> np.ndarray:
        """0 = January .. 11 for every position."""
        return self.months.astype(int) % 12

    def in_season(self, month: int, years: int = 0) -> np.datetime64:
        """Calendar month 1..12 of the season's year, `years` later (negative: earlier)."""
        return np.datetime64(f"{self.season + years}-{month:02d}", "M")

    def at(self, month: np.datetime64) -> int:
        """Position of a month; negative or beyond the end where it lies outside."""
        return int((month - self.months[0]).astype(int))
