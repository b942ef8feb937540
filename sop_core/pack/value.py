"""The board pack: everything that the executives are shown of one proposal, as plain values.

The executive page, the slides, the PDF and the workbook's summary all draw a Pack and work nothing out themselves, so
they cannot disagree; a sign-off keeps the Pack, so that what was signed can be shown again exactly as it looked, in
any later release. Numbers are raw (money in the currency, fractions as 0.96, units, hours), None where not known;
texts are whole sentences. A Pack says nothing of when or by whom it was made: the same plan gives the same Pack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

#: Version of the JSON form.
FORMAT: Final = 1

Number = float | None
#: One value a month of `Pack.months`; None where it is not known.
Monthly = tuple[Number, ...]

TARGET, BUDGET, LAST, BASE = "target", "budget", "last", "base"
#: What a KPI can be held against, in the order in which it is shown, with its title.
YARDSTICKS: Final[Mapping[str, str]] = MappingProxyType(
    {TARGET: "Target", BUDGET: "Budget", LAST: "Last LE", BASE: "Base"}
)


@dataclass(frozen=True, slots=True)
class Against:
    """A KPI beside a yardstick, over the months that both have."""

    kind: str  #: one of YARDSTICKS
    amount: float  #: the yardstick's value
    value: float  #: the plan's value over the same months
    months: str = ""  #: `Jan-Dec 27` where those are not the whole horizon
    good: bool | None = None  #: favourable; None: neither, or within the tolerance
    note: str = ""  #: what it rests on, e.g. "signed plan of Oct 26"

    @property
    def gap(self) -> float:
        """Plan less yardstick."""
        return self.value - self.amount


@dataclass(frozen=True, slots=True)
class KpiLine:
    """A KPI over the horizon. `unit` and `direction` as in kpis.KPIS."""

    name: str
    title: str
    unit: str
    direction: str
    formula: str
    value: Number
    by_month: Monthly = ()  #: over Pack.months, None in closed ones
    against: tuple[Against, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """A line by month, over Pack.months. `unit`: money, units, hours or fraction."""

    name: str
    title: str
    unit: str
    values: Monthly
    role: str = ""  #: its colour's role, see charts/roles.py: demand, supply, stock, shortage, budget, last_le, actual


@dataclass(frozen=True, slots=True)
class Picture:
    """What one picture of the year shows: its sentence and its lines, see PICTURES for their names."""

    name: str
    title: str
    sentence: str
    unit: str
    series: tuple[Series, ...]


#: The pictures of a Pack. demand: actual, demand, budget, last_le, low, high (80 % band). supply: demand, served, late
#: (backlog at month end), lost, output. stock: stock, target (both at standard cost). money: revenue, margin,
#: budget_margin, cash (cumulative), working_capital.
PICTURES: Final = ("demand", "supply", "stock", "money")


@dataclass(frozen=True, slots=True)
class ResourceLine:
    """Hours that a resource needs and has, by month; `available` None: no limit."""

    name: str
    title: str
    site: str
    needed: Monthly
    available: Monthly  #: regular hours
    overtime: Monthly  #: overtime hours planned


@dataclass(frozen=True, slots=True)
class FamilyLine:
    """A family by month: units, and money for revenue and stock. Families add up to the company."""

    name: str
    unit: str
    demand: Monthly
    served: Monthly
    stock: Monthly  #: units at month end
    stock_value: Monthly
    revenue: Monthly


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """A scenario in the table of up to four: the base, the proposal and what else was looked at."""

    name: str
    changes: tuple[str, ...]  #: sentences of its active Changes; empty: the base
    kpis: Mapping[str, Number]  #: by KPI name: those of Pack.kpis
    recommended: bool = False
    base: bool = False
    sentence: str = ""  #: what sets it apart, in one sentence
    misses: Mapping[str, Number] = field(
        default_factory=dict
    )  #: chance to miss a target or budget, by RiskLine.name
    note: str = ""


@dataclass(frozen=True, slots=True)
class RiskLine:
    """A KPI over the demand paths. `name`: the KPI, with `_budget` behind it where it is held against the budget."""

    name: str
    kpi: str
    title: str
    unit: str
    p10: float
    p50: float
    p90: float
    plan: float
    target: Number = None
    miss: Number = None  #: chance to miss the target, fraction
    good: bool | None = None  #: whether the plan itself keeps it
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class RiskPart:
    """What demand may do to the plan."""

    paths: int
    seed: int
    sentence: str
    lines: tuple[RiskLine, ...]
    carriers: tuple[tuple[str, float], ...] = ()  #: families that carry the risk of service, part of it
    holds: str = ""  #: what is held while demand goes its own way


@dataclass(frozen=True, slots=True)
class Threat:
    """One of the things most likely to break the plan."""

    title: str
    sentence: str
    amount: Number = None  #: money at stake, positive
    chance: Number = None  #: fraction, where it is known
    kind: str = ""  #: shortage, capacity, demand, supplier, assumption, promise, target


@dataclass(frozen=True, slots=True)
class OptionLine:
    """An option that a decision considered; numbers as they were when it was written down."""

    title: str
    kpis: Mapping[str, Number]  #: margin, service, stock, cash
    recommended: bool = False
    data_version: int = 0


@dataclass(frozen=True, slots=True)
class DecisionCard:
    """A decision to approve, reject or defer."""

    id: int
    revision: int
    title: str
    why: str
    owner: str
    due: str  #: `2026-12-15`, empty: no day
    scenario: str
    changes: tuple[str, ...]
    options: tuple[OptionLine, ...]
    recommendation: str
    waiting: str  #: what a month of waiting costs, a sentence; empty: not known
    waiting_amount: Number
    state: str  #: as in cycle/decision.py
    comment: str

    @property
    def open(self) -> bool:
        """Whether nobody has said anything to it yet. What is deferred was decided: it comes back on purpose."""
        return self.state == "proposed"


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a bridge."""

    label: str
    amount: float
    good: bool | None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Bridge:
    """From one value to another; the steps add up to the difference."""

    title: str
    unit: str
    start: str
    start_value: float
    end: str
    end_value: float
    steps: tuple[Step, ...]
    sentence: str
    rule: str = ""  #: how it is shared out


@dataclass(frozen=True, slots=True)
class YearRow:
    """A line of the financial year over its periods; None where the yardstick does not know it."""

    name: str
    title: str
    kind: str  #: flow or balance
    direction: str  #: up, down or level: what is favourable
    formula: str
    plan: tuple[Number, ...]
    budget: tuple[Number, ...]
    last: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class FinancialYear:
    """The plan by quarter and fiscal year, to contribution margin, working capital and cash."""

    periods: tuple[str, ...]  #: `FY 27 Q1` ... `FY 27`, in time, each year behind its quarters
    whole: tuple[bool, ...]  #: whether all months of the period are there
    years: tuple[bool, ...]  #: whether it is a year
    closed: tuple[int, ...]  #: months of the period that are closed, taken from actuals
    rows: tuple[YearRow, ...]
    main: str  #: the year that the sentence is about
    sentence: str
    variance: Bridge | None  #: budget to plan by volume, price, mix and cost
    last_name: str  #: what the last LE is, empty: none
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AssumptionLine:
    """An assumption that the plan rests on."""

    driver: str
    value: str
    band: str
    owner: str
    until: str
    status: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ActionLine:
    """Somebody does something by a day: from an approved decision or an open issue."""

    what: str
    owner: str
    due: str
    state: str
    source: str  #: `Decision 3`, `Issue 2`


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number means."""

    title: str
    unit: str
    formula: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What the pack rests on, and how its plan was obtained."""

    data_version: int
    data_fingerprint: str
    imported: str  #: `2026-11-20`
    review: int  #: revision of the cleansing verdicts
    scenario: str
    scenario_revision: int  #: 0: not saved
    scenario_json: str
    plan_fingerprint: str
    engine: str
    status: str
    gap: float  #: distance to the best plan in whole numbers; 0: none left
    code_version: str
    packages: Mapping[str, str]
    agreement: str  #: the agreement on demand, a sentence; empty: none
    defaults: tuple[str, ...]  #: every default that the plan rests on


@dataclass(frozen=True, slots=True)
class Pack:
    """See the module. `closed` leading months are actuals, the next `frozen` ones are frozen."""

    company: str
    currency: str
    cycle: str  #: `2026-11`, first month of the plan
    months: tuple[str, ...]  #: `2026-11`, closed ones first
    closed: int
    frozen: int
    title: str
    proposal: str  #: in one sentence
    sentences: tuple[str, ...]  #: what else must be said: gaps, promises broken, stale agreement
    kpis: tuple[KpiLine, ...]
    pictures: tuple[Picture, ...]
    resources: tuple[ResourceLine, ...]
    families: tuple[FamilyLine, ...]
    scenarios: tuple[ScenarioLine, ...]
    risk: RiskPart | None
    threats: tuple[Threat, ...]
    decisions: tuple[DecisionCard, ...]
    bridge: Bridge | None
    year: FinancialYear | None
    assumptions: tuple[AssumptionLine, ...]
    actions: tuple[ActionLine, ...]
    shortages: tuple[tuple[str, float], ...]  #: sentence and margin at stake, largest first
    definitions: tuple[Definition, ...]
    basis: Basis
    format: int = FORMAT
    foremost: int = 5  #: so many of `sentences` are told before the numbers; the rest are notes for the foot

    def kpi(self, name: str) -> KpiLine | None:
        """The KPI of that name, where it is shown."""
        return next((line for line in self.kpis if line.name == name), None)

    def picture(self, name: str) -> Picture | None:
        """The picture of that name, where there is one."""
        return next((picture for picture in self.pictures if picture.name == name), None)
