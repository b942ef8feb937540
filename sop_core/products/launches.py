"""Launches in the product review: the funnel by stage, each launch's volume and money, and real ramps beside
the assumed one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.demand.layers import launch_units
from sop_core.demand.signal import Signal
from sop_core.inputs import Floats, Inputs, Launch
from sop_core.plan import Unconstrained
from sop_core.schema import TABLES
from sop_core.snapshot import Snapshot, rows_of

#: Stages in the order in which an idea comes nearer; what has no stage comes last.
STAGES = TABLES["launches"].column("stage").choices
NOT_STAGED = "not staged"

#: A product counts as launched within the history where it has no demand in at least this many months before.
QUIET_BEFORE = 3
#: Months of a past launch that are shown, and needed a year later to compare them with.
RAMP_SHOWN = 12


@dataclass(frozen=True, slots=True)
class LaunchLine:
    """One launch over the horizon. `full_*`: if it takes place; `weighted_*`: times its probability.

    Units, money at the plan's net price; margin = money less standard cost. Taken units are those that the
    cannibalised product loses, counted positive; net = own less taken.
    """

    launch: Launch
    stage: str
    where: str  #: regions, or All
    like: str  #: product it resembles; empty = none
    takes_from: str  #: product that loses to it; empty = none
    units: Floats  #: [t] full own units
    taken: Floats  #: [t] full units taken from the cannibalised product
    revenue: Floats  #: [t] full own revenue
    margin: Floats  #: [t] full own margin
    lost_revenue: Floats  #: [t] full revenue that the cannibalised product loses
    lost_margin: Floats  #: [t] full margin that it loses

    @property
    def full_units(self) -> float:
        """Own units over the horizon if it takes place."""
        return float(self.units.sum())

    @property
    def full_taken(self) -> float:
        """Units taken from the cannibalised product if it takes place."""
        return float(self.taken.sum())

    @property
    def weighted_net_units(self) -> float:
        """Expected change of the company's demand, units."""
        return self.launch.probability * (self.full_units - self.full_taken)

    @property
    def weighted_net_revenue(self) -> float:
        """Expected change of the company's revenue before supply, money."""
        return self.launch.probability * float((self.revenue - self.lost_revenue).sum())

    @property
    def weighted_net_margin(self) -> float:
        """Expected change of the company's margin at standard cost before supply, money."""
        return self.launch.probability * float((self.margin - self.lost_margin).sum())

    def missing(self, inputs: Inputs) -> str:
        """Why it has no volume, as a sentence; empty where it has."""
        if not self.like:
            return "No like-product: no volume. Bring like_product in the table launches."
        if self.full_units > 0:
            return ""
        if self.launch.month > inputs.months[-1]:
            return "Launched after the horizon."
        if not self.launch.regions.any():
            return "Its region is not one of the company's."
        if self.launch.scale <= 0:
            return "Scale is 0: no volume."
        return f"{self.like} has no demand ahead to resemble."


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of the funnel: launches counted by product, volume and money over the horizon."""

    stage: str
    count: int
    full_units: float
    weighted_net_units: float
    full_revenue: float
    weighted_net_revenue: float


def launch_lines(snapshot: Snapshot, wanted: Unconstrained) -> list[LaunchLine]:
    """Every launch of a scenario (as its Changes left it), in the order of the table."""
    inputs, demand = wanted.inputs, wanted.demand
    current = demand.base + demand.layers["promotions"] + demand.layers["price"]
    told = {(str(row.product), str(row.region)): row for row in rows_of(snapshot.table("launches"))}
    by_product = {product: row for (product, _), row in reversed(told.items())}
    lines = []
    for launch in inputs.demand.launches:
        row = by_product[launch.name]
        units = launch_units(inputs, launch, current)
        price, cost = demand.price, inputs.item.unit_cost
        taken = units * (launch.cannibal_rate if launch.cannibalised >= 0 else 0.0)
        loser = max(launch.cannibalised, 0)
        lines.append(
            LaunchLine(
                launch=launch,
                stage=row.stage if isinstance(row.stage, str) else NOT_STAGED,
                where=_where(launch, inputs),
                like=row.like_product if isinstance(row.like_product, str) else "",
                takes_from=row.cannibalises if isinstance(row.cannibalises, str) else "",
                units=units.sum(axis=(0, 1)),
                taken=taken.sum(axis=(0, 1)),
                revenue=(units * price[launch.item]).sum(axis=(0, 1)),
                margin=(units * (price[launch.item] - cost[launch.item])).sum(axis=(0, 1)),
                lost_revenue=(taken * price[loser]).sum(axis=(0, 1)),
                lost_margin=(taken * (price[loser] - cost[loser])).sum(axis=(0, 1)),
            )
        )
    return lines


def _where(launch: Launch, inputs: Inputs) -> str:
    if launch.regions.all():
        return "All"
    return ", ".join(name for name, here in zip(inputs.regions, launch.regions, strict=True) if here)


def funnel(lines: list[LaunchLine]) -> list[StageLine]:
    """The stages in order, those without launches too; launches without a stage last, where there are any."""
    found = []
    for stage in (*STAGES, NOT_STAGED):
        own = [line for line in lines if line.stage == stage]
        if stage == NOT_STAGED and not own:
            continue
        found.append(
            StageLine(
                stage=stage,
                count=len({line.launch.name for line in own}),
                full_units=sum(line.full_units for line in own),
                weighted_net_units=sum(line.weighted_net_units for line in own),
                full_revenue=float(sum(line.revenue.sum() for line in own)),
                weighted_net_revenue=sum(line.weighted_net_revenue for line in own),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class PastRamp:
    """How a past launch came up. `part` [k]: units of its month k + 1 as a part of the same month a year later
    (so that season drops out); nan where that month sold nothing."""

    product: str
    first: np.datetime64
    part: Floats

    @property
    def months_to_full(self) -> int:
        """First month (1 = the launch month) from which on nine tenths are reached in two months running;
        0 where that never happens in what is shown."""
        reached = np.nan_to_num(self.part) >= 0.9
        for k in range(len(reached) - 1):
            if reached[k] and reached[k + 1]:
                return k + 1
        return 0


def past_ramp(signal: Signal, product: str) -> PastRamp | None:
    """The real ramp of a product that was launched within the history; None where the history does not show
    it: it was sold from the start, or less than a year and a half ago."""
    if product not in signal.position:
        return None
    units = signal.series([product])
    sold = np.flatnonzero(units > 0)
    if not len(sold) or sold[0] < QUIET_BEFORE:
        return None
    first = int(sold[0])
    shown = min(RAMP_SHOWN, len(units) - first - 12)
    if shown < 6:
        return None
    own, later = units[first : first + shown], units[first + 12 : first + 12 + shown]
    part = np.divide(own, later, out=np.full(shown, np.nan), where=later > 0)
    return PastRamp(product, signal.months[first], part)


def comparable_ramps(signal: Signal, snapshot: Snapshot, like: str) -> list[PastRamp]:
    """The like product's own ramp where the history shows it, then those of its family, then its category."""
    products = snapshot.table("products").set_index("product")
    if like not in products.index:
        return []
    family, category = products["family"], products["category"]
    near = [str(name) for name in products.index[family == family[like]] if name != like]
    wider = (category == category[like]) & (family != family[like])
    found = [past_ramp(signal, name) for name in [like, *near, *map(str, products.index[wider])]]
    return [ramp for ramp in found if ramp is not None]


def assumed_ramp(ramp_months: int, months: int) -> Floats:
    """[k] part of the full volume reached in each month from the launch on: linear, then 1."""
    return np.minimum((np.arange(months) + 1) / max(ramp_months, 1), 1.0)
