"""Every number a plan rests on, as labelled arrays at the planning level.

`Inputs` is the one thing that Changes edit (on a copy) and that the demand layers, the supply model and
the money read. Axes, in this order wherever they occur:

    i item (product or family) · r region · m segment · s site · q resource · k source · l lane
    n material · t month of the horizon

Quantities are in the item's unit, hours are hours, money is the company's currency. `inf` = no limit,
`nan` = not given. Arrays are float64 unless said otherwise.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sop_core.calendar import MonthArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Layers of unconstrained demand on top of the baseline, in the order in which they are applied.
LAYERS = ("promotions", "price", "launches", "run_down", "events", "growth", "sales_input", "overrides")


class _Copies:
    """Gives a dataclass of arrays a deep `copy()`; tuples and scalars are shared."""

    def copy(self) -> Self:
        changes: dict[str, Any] = {}
        for item in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray | _Copies):
                changes[item.name] = value.copy()
            elif isinstance(value, dict):
                changes[item.name] = {
                    k: v.copy() if isinstance(v, np.ndarray) else v for k, v in value.items()
                }
            elif isinstance(value, list):
                changes[item.name] = list(value)
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]


@dataclass(frozen=True, slots=True)
class Promotion:
    """A planned promotion in scope arrays. `share[i]` is the part (0..1) of the item it covers.

    Months are positions on the horizon and may lie outside it; `first_part`..: the part of each month
    covered is worked out from the days `start`..`end` (datetime64[D]).
    """

    name: str
    share: Floats
    regions: Bools
    segments: Bools
    start: np.datetime64
    end: np.datetime64
    uplift: float
    pull_forward: float = 0.0
    pull_months: int = 1
    price_change: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Launch:
    """A product launch ahead. `demand[r, m, t]` is the like product's demand with this item at full ramp.

    `item` is the position of the planning item, `cannibalised` that of the item that loses (-1: none).
    """

    name: str
    item: int
    regions: Bools
    month: np.datetime64
    like_item: int
    like_share: float
    scale: float = 1.0
    ramp_months: int = 6
    probability: float = 1.0
    cannibalised: int = -1
    cannibal_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Edit:
    """Demand typed month by month for a scope, spread over its cells when the layers are applied.

    `share[i]` is the part (0..1) of the item that is meant. `mode`: set (units of the whole scope), add (units
    on top) or percent (a fraction on top).
    """

    share: Floats
    regions: Bools
    segments: Bools
    values: Floats  #: [t]; nan = the month is left as it is
    mode: str


@dataclass(slots=True)
class Demand(_Copies):
    """Unconstrained demand and its price. All of shape [i, r, m, t] unless said otherwise."""

    base: Floats  #: baseline forecast (or demand plan), units a month
    price: Floats  #: net price of an order asked for in month t, money/unit, before promotions
    growth: Floats  #: factor from Changes on all layers before it, 1 = none
    price_factor: Floats  #: factor on the price from Changes, 1 = none
    elasticity_factor: Floats  #: factor on demand that follows from price Changes, 1 = none
    added: Floats  #: units added by sales input
    override: Floats  #: units that replace the total; nan = none
    event_factor: Floats  #: factor on demand from events, 1 = none
    running: Floats  #: [i, t] part of the item on sale (launch and end dates), 0..1
    opening_backlog: Floats  #: [i, r, m] orders due before the plan and not shipped, units
    promotions: list[Promotion] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    #: product -> (first, last) day of sale, NaT = open; products that are always on sale are left out
    sale_days: dict[str, tuple[np.datetime64, np.datetime64]] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)  #: applied last, one after the other


@dataclass(slots=True)
class Items(_Copies):
    """Per item [i]."""

    unit_cost: Floats  #: standard cost, money/unit, values stock
    holding_cost: Floats  #: money per unit and month
    backorder_cost: Floats  #: money per unit waiting and month; nan = not declared
    lost_sale_cost: Floats  #: money per unit lost, on top of margin
    service_level: Floats  #: cycle service level, fraction
    make_to_order: Bools  #: holds no stock


@dataclass(slots=True)
class Sites(_Copies):
    """Per site [s]."""

    capacity: Floats  #: units; inf = no limit
    storage_cost: Floats  #: money per unit and month
    is_plant: Bools
    region: Ints  #: position of the region it lies in; -1 = none


@dataclass(slots=True)
class Resources(_Copies):
    """Per resource [q], or [q, t]. Where `people[q]`, hours come from heads and wages replace hour_cost."""

    site: Ints
    hours: Floats  #: [q, t] regular hours; inf = no limit of its own
    overtime_hours: Floats  #: [q, t]; inf = only limited by heads
    hour_cost: Floats  #: money per regular hour used
    overtime_cost: Floats  #: money per overtime hour
    shift_hours: Floats  #: hours that one more shift adds
    shift_cost: Floats  #: money per shift and month
    max_shifts: Floats  #: [q, t] most extra shifts
    outage: Floats  #: [q, t] part of the month's hours (people's too) that is lost, 0..1
    people: Bools
    headcount: Floats  #: heads at the start
    hours_per_head: Floats  #: [q, t]
    overtime_per_head: Floats  #: [q, t]; nan = not given
    wage: Floats  #: [q, t] money per head and month
    hire_cost: Floats
    release_cost: Floats
    min_headcount: Floats  #: [q, t]
    max_headcount: Floats  #: [q, t]; inf = no limit
    can_hire: Bools  #: [q, t]
    can_release: Bools  #: [q, t]


@dataclass(slots=True)
class Lots(_Copies):
    """Per source [k]: what comes in whole lots, and what starting a source in a month takes. 0 = does not apply."""

    lot_size: Floats  #: units; starts are whole multiples of it
    setup_hours: Floats  #: hours of each resource of the routing, in every month with a start
    setup_cost: Floats  #: money, in every month with a start

    @property
    def any(self) -> bool:
        """Whether there is a lot or setup at all."""
        return bool((self.lot_size > 0).any() or (self.setup_hours > 0).any() or (self.setup_cost > 0).any())

    def and_none(self, count: int) -> Lots:
        """With so many more sources behind, to which nothing applies."""
        more = np.zeros(count)
        return Lots(*(np.concatenate([x, more]) for x in (self.lot_size, self.setup_hours, self.setup_cost)))


@dataclass(slots=True)
class Sources(_Copies):
    """Per source [k], or [k, t]: a way to get one item at one site."""

    item: Ints
    site: Ints
    kind: tuple[str, ...]  #: make, subcontract, buy
    supplier: tuple[str, ...]  #: "" = none
    lead: Ints  #: months from start to stock
    unit_cost: Floats  #: [k, t] money/unit, paid in the month of start
    min_quantity: Floats  #: [k, t] contractual minimum of starts; 0 = none
    max_quantity: Floats  #: [k, t]; inf = no limit
    routing_source: Ints  #: [j] position of the source of each routing row
    routing_resource: Ints  #: [j]
    routing_hours: Floats  #: [j] hours per unit, > 0
    assumed: Bools  #: [k] made up, because the product had no source
    lots: Lots | None = None  #: None where the settings let lots and setups be


@dataclass(slots=True)
class Lanes(_Copies):
    """Per lane [l], or [l, t]. Exactly one of to_site, to_region is >= 0.

    Empty with `everywhere`: no lanes were given, every site serves every region at once and for nothing.
    """

    origin: Ints
    to_site: Ints
    to_region: Ints
    lead: Ints
    unit_cost: Floats  #: [l, t] money/unit, paid in the month of departure
    max_quantity: Floats  #: [l, t] all items together; inf = no limit
    everywhere: bool


@dataclass(slots=True)
class Stock(_Copies):
    """Stock and what is already under way."""

    opening: Floats  #: [i, s] units at the start (negative book stock counts as 0, reported)
    target: Floats  #: [i, s, t] soft target at month end, of an item on sale: see Inputs.stock_target
    end_minimum: Floats  #: [i, s] hard minimum at the horizon's end; 0 = none
    receipts: Floats  #: [i, s, t] committed receipts of earlier starts (lead time), units
    committed: Floats  #: [i, s, t] committed output of the frozen months; nan = not fixed
    cover_factor: Floats  #: [i] factor on targets from Changes


@dataclass(slots=True)
class Materials(_Copies):
    """Per material and supplier [n], or [n, t]; `usage_*` rows say what one unit started takes.

    The price of material is part of a source's unit_cost, so it is not booked again here.
    """

    material: Ints  #: [n] position in `Inputs.material_names` (several suppliers may sell one material)
    supplier: tuple[str, ...]
    lead: Ints
    unit_cost: Floats
    min_quantity: Floats  #: [n, t]
    max_quantity: Floats  #: [n, t]; inf = no limit
    on_hand: Floats  #: [material] units at the start
    usage_source: Ints  #: [j] position of the source (kind make)
    usage_material: Ints  #: [j] position of the material
    usage_quantity: Floats  #: [j] units of material per unit started


@dataclass(slots=True)
class Policy(_Copies):
    """Company-wide choices."""

    objective: str  #: margin or service
    late_is_priced: bool  #: a backorder cost was declared, so waiting is weighed in money
    end_backlog: str  #: lost or forbidden
    frozen_months: int
    holding_rate: float  #: a year
    receivable_days: float
    payable_days: float
    discount_rate: float  #: a year
    integer_headcount: bool = False
    lot_sizing: bool = False
    idle_time: bool = True  #: people may be paid for hours they do not work


@dataclass(slots=True)
class Inputs(_Copies):
    """The whole company at planning level. Build with `network.build_inputs`, edit only through Changes."""

    months: MonthArray  #: [t] datetime64[M]
    items: tuple[str, ...]
    item_family: tuple[str, ...]
    item_category: tuple[str, ...]
    item_unit: tuple[str, ...]
    item_products: tuple[tuple[str, ...], ...]  #: products behind each item
    product_share: dict[str, tuple[int, float]]  #: product -> (item position, part of the item)
    level: str  #: product or family
    regions: tuple[str, ...]
    segments: tuple[str, ...]
    site_names: tuple[str, ...]
    resource_names: tuple[str, ...]
    source_names: tuple[str, ...]
    material_names: tuple[str, ...]
    segment_priority: Ints  #: [m] 1 = first
    segment_waits: Bools  #: [m] orders may wait
    demand: Demand
    item: Items
    site: Sites
    resource: Resources
    source: Sources
    lane: Lanes
    stock: Stock
    material: Materials
    policy: Policy
    currency: str = "EUR"
    item_title: tuple[str, ...] = ()  #: names for screens; `items` are the identifiers

    def title(self, item: int) -> str:
        """The item's name for screens."""
        return self.item_title[item] if self.item_title else self.items[item]

    @property
    def horizon(self) -> int:
        """Number of months planned."""
        return len(self.months)

    @property
    def stock_target(self) -> Floats:
        """[i, s, t] units wanted in stock at month end: the target, as Changes scale it, of the part of the item
        that is still on sale in the month after; none of what is made to order."""
        running = self.demand.running
        after = np.concatenate([running[:, 1:], running[:, -1:]], axis=1)
        part = after * (self.stock.cover_factor * ~self.item.make_to_order)[:, None]
        wanted: Floats = np.maximum(self.stock.target * part[:, None, :], 0.0)
        return wanted

    def lane_name(self, lane: int) -> str:
        """`Lyon to North` for the lane at that position."""
        destination = (
            self.site_names[self.lane.to_site[lane]]
            if self.lane.to_site[lane] >= 0
            else self.regions[self.lane.to_region[lane]]
        )
        return f"{self.site_names[self.lane.origin[lane]]} to {destination}"
