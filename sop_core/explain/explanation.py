"""Explanation: the answer to "why", in one structure for screens, the meeting room and exports."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sop_core.changes import Change
from sop_core.explain import words
from sop_core.explain.subject import Subject
from sop_core.supply.priced import Lever, Worth


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the way that the units would have had to take, from the customer back to what binds.

    `fill` is the part used (1 = full), nan where there is no limit; of a region the part served on time.
    """

    step: str  #: Customer, Lane, Site, Source, Resource, Material, Built ahead
    name: str
    when: str  #: `Mar 26` or `Nov 26-Aug 27`
    fill: float
    text: str
    binding: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the arithmetic of a unit: money a unit, positive = speaks for serving it."""

    label: str
    amount: float


@dataclass(frozen=True, slots=True)
class Binding:
    """What one more step of can be priced: the levers that move together, and how they are called."""

    levers: tuple[Lever, ...]
    name: str  #: `an hour of Assembly-Lyon in Jan 26`
    unit: str  #: hour, unit
    #: Where several bind together: each alone, by name. Alone they may be worth nothing.
    alone: tuple[tuple[str, Lever], ...] = ()
    #: Overtime is capped at the hours worked before it is priced, so that the last hour worked is the step.
    capped: tuple[int, ...] = ()
    #: Money to have the unit after all; nan where there is no such way.
    cost: float = float("nan")


@dataclass(frozen=True, slots=True)
class Priced:
    """Two-sided worth of a step of what binds, money a unit."""

    worth: Worth
    name: str
    unit: str
    #: Worth of one more of each alone, where several bind together.
    alone: tuple[tuple[str, float], ...] = ()
    cost: float = float("nan")  #: money to have the unit after all, nan = no such way

    @property
    def known(self) -> bool:
        """Whether a step either way could be taken."""
        return not (np.isnan(self.worth.up) and np.isnan(self.worth.down))


@dataclass(frozen=True, slots=True)
class Way:
    """A way out, re-planned exactly: what it does to the whole plan against the plan explained.

    `change` is what a scenario takes for it.
    """

    text: str
    change: Change
    relieved: float  #: units no longer late or lost, of any item
    relieved_here: float  #: of them, units of the orders asked about
    spent: float  #: money for the lever itself; nan where that is not one rate
    margin: float  #: difference of the KPI over the horizon
    service: float  #: difference of the service level, fraction
    stock: float  #: difference of the average stock value
    remedy: str = ""  #: what else is to be done, beside the Change

    @property
    def pays(self) -> bool:
        """Whether the margin gains."""
        return self.margin > 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something of a plan is as it is. `worth` and `ways_out` are worked out on demand (explain.price)."""

    subject: Subject  #: with item and month filled in
    title: str
    sentence: str  #: for a sales director
    chain: tuple[Link, ...]
    reasons: tuple[str, ...]  #: further sentences: built ahead, why no more, what else
    arithmetic: tuple[Term, ...]  #: of one unit, where cost against worth decides
    verdict: str  #: what the arithmetic says, "" without
    binding: Binding | None
    units: float  #: units asked about (late, lost, missing, above) or hours
    currency: str
    objective: str  #: margin or service: what the plan reaches for
    worth: Priced | None = None
    ways_out: tuple[Way, ...] = ()
    without: Without | None = None
    priced: bool = False  #: whether worth and ways out were worked out
    complete: bool = True  #: False where that was stopped before its end
    #: Load by month of what binds, as parts of its limit; () without: (regular [t], beyond [t])
    profile: tuple[tuple[float, ...], tuple[float, ...]] = field(default=((), ()))

    @property
    def worth_sentence(self) -> str:
        """`One more hour of Line 2 in Feb 26 is worth 52 EUR, for at least 310 hours; one less costs 61 EUR.`"""
        if self.worth is None or not self.worth.known:
            return ""
        found, name, unit, currency = self.worth.worth, self.worth.name, self.worth.unit, self.currency
        if self.objective == "service":
            return _service_worth(self.worth)
        same = abs(found.up - found.down) <= 0.005 * max(abs(found.up), 0.01)
        if same:
            reach = min(found.holds_up, found.holds_down)
            far = f", for at least {words.count(reach)} {unit}s either way" if reach > found.step else ""
            return f"One {name} more or less is worth {words.rate_text(found.up, currency)}{far}."
        up = _side("One more " + name, found.up, found.holds_up, found.step, unit, currency, gains=True)
        down = _side("one less", found.down, found.holds_down, found.step, unit, currency, gains=False)
        said = "; ".join(part for part in (up, down) if part)
        if found.up < self.worth.cost:
            return ""  # the verdict says it
        if not np.isnan(self.worth.cost):
            said = f"{up}; to have it costs {words.rate_text(self.worth.cost, currency)}"
        return f"{words.capital(said)}." if said else ""

    @property
    def way_sentence(self) -> str:
        """The best way out in a sentence; "" where none was found."""
        return words.capital(self.ways_out[0].text) + "." if self.ways_out else ""

    @property
    def whole(self) -> str:
        """Everything in one paragraph, for minutes and exports."""
        without = self.without.sentence(self.currency) if self.without is not None else ""
        parts = [self.sentence, *self.reasons, self.verdict, without, self.way_sentence, self.worth_sentence]
        return " ".join(part for part in parts if part)


def _side(
    what: str, worth: float, holds: float, step: float, unit: str, currency: str, *, gains: bool
) -> str:
    if np.isnan(worth):
        return f"{what} is not possible" if not gains else ""
    far = f" for at least {words.count(holds)} {unit}s" if holds > step and abs(worth) >= 0.005 else ""
    if gains:
        if worth <= -0.005:
            return f"{what} costs {words.rate_text(-worth, currency)}{far}"
        return f"{what} is worth {words.rate_text(worth, currency)}{far}"
    if worth <= -0.005:
        return f"{what} saves {words.rate_text(-worth, currency)}{far}"
    return f"{what} costs {words.rate_text(worth, currency)}{far}"


def _service_worth(priced: Priced) -> str:
    """Under service first: what a step serves, then what it costs."""
    found = priced.worth
    parts = []
    for what, served, waits in (
        (f"One more {priced.name} serves", found.served_up, found.waits_up),
        ("one less takes away", found.served_down, found.waits_down),
    ):
        if np.isnan(served):
            continue
        said = f"{what} {words.count(max(served, 0.0))} units within the plan"
        if abs(waits) > 1e-6:
            said += f" and {words.count(abs(waits))} months of waiting"
        parts.append(said)
    return words.capital("; ".join(parts)) + "." if parts else ""


@dataclass(frozen=True, slots=True)
class Without:
    """The plan re-made without the overtime and extra shifts of a resource."""

    hours: float  #: overtime and shift hours no longer worked
    saved: float  #: money not paid for them
    margin: float  #: difference of margin; negative = the hours pay
    short: float  #: units more late or lost, all items
    items: tuple[tuple[str, float], ...]  #: (title, units more late or lost), most first

    def sentence(self, currency: str) -> str:
        """What would happen without the hours."""
        saved = words.money_text(self.saved, currency)
        if self.short <= 0.5:
            late = "no more orders would be late"
        else:
            named = ", ".join(f"{words.count(units)} of {title}" for title, units in self.items[:2])
            rest = f" and {len(self.items) - 2} more items" if len(self.items) > 2 else ""
            late = f"{words.count(self.short)} units more would be late or lost ({named}{rest})"
        gain = words.money_text(abs(self.margin), currency)
        return (
            f"Without these hours {saved} are saved and {late}; the margin would be {gain} "
            f"{'lower' if self.margin < 0 else 'higher'}."
        )
