"""The data contract: every table and column that a company can bring, declared once.

DuckDB DDL, import checks, templates, the reference page (docs/data-contract.md) and the defaults all
come from these declarations. A column is required, or it has a default; a default is either a literal
(`default=`) or a rule told in words (`rule=`) and carried out in `snapshot.py`. An empty cell in an
optional column means the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["text", "number", "integer", "bool", "date", "month"]
Gather = Literal["sum", "last", "replace"]

ALL = "All"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the contract.

    `choices` limits texts; `minimum` and `maximum` limit numbers; `refers` names the tables in one of which
    its value must be found (checked only where they have rows; `lenient`: an unknown value is a warning, and
    this is what becomes of the row);
    `key` columns identify a row.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    key: bool = False
    default: Any = None
    rule: str = ""
    unit: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    refers: tuple[str, ...] = ()
    lenient: str = ""

    @property
    def default_text(self) -> str:
        """The default as people read it; empty for required columns and for columns left blank."""
        if self.required:
            return ""
        if self.rule:
            return self.rule
        if isinstance(self.default, bool):
            return str(self.default).lower()
        return "" if self.default is None else f"{self.default}"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the contract. `gather`: how rows of one month and key become one (flows are summed,
    stocks take the latest date, master data are replaced); `any_of`: of these columns each row needs one;
    `ascending`: pairs of columns of which the first may not exceed the second."""

    name: str
    title: str
    meaning: str
    columns: tuple[Column, ...]
    gather: Gather = "replace"
    any_of: tuple[str, ...] = ()
    ascending: tuple[tuple[str, str], ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key columns."""
        return tuple(c.name for c in self.columns if c.key)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be present."""
        return tuple(c.name for c in self.columns if c.required)

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """All column names, in order."""
        return tuple(c.name for c in self.columns)


def _key(name: str, kind: Kind, meaning: str, **more: Any) -> Column:
    return Column(name, kind, meaning, required=True, key=True, **more)


def _scope(name: str, table: str, meaning: str, *, lenient: str = "") -> Column:
    return Column(name, "text", meaning, key=True, default=ALL, refers=(table,), lenient=lenient)


_MONTH = _key("month", "month", "calendar month; any date is kept as the first of its month")
_PRODUCT = _key("product", "text", "identifier of the product", refers=("products",))
_REGION = _scope("region", "regions", "sales region; All = every region")
_SEGMENT = _scope("segment", "segments", "customer segment; All = every segment")
_RESOURCE = _key("resource", "text", "identifier of the resource", refers=("resources",))

_TABLES = (
    Table(
        "products",
        "Products",
        "What is sold: one row a product.",
        (
            _key("product", "text", "identifier"),
            Column("name", "text", "name on screens", rule="the identifier"),
            Column("category", "text", "group of families", default=ALL),
            Column("family", "text", "level at which S&OP decides", default=ALL),
            Column("unit", "text", "unit of measure of its quantities", default="unit"),
            Column("price", "number", "list price", default=0.0, unit="money/unit", minimum=0),
            Column(
                "unit_cost",
                "number",
                "variable cost, material included",
                rule="the bill of materials at the materials' unit costs, else 0",
                unit="money/unit",
                minimum=0,
            ),
            Column("policy", "text", "production mode", default="MTS", choices=("MTS", "MTO", "ATO")),
            Column("launch", "date", "first day of sale"),
            Column("end", "date", "last day of sale"),
            Column(
                "service_level",
                "number",
                "cycle service level",
                rule="setting service_level",
                unit="fraction",
                minimum=0,
                maximum=0.9999,
            ),
            Column(
                "backorder_cost",
                "number",
                "cost of one unit waiting one month",
                rule="setting backorder_cost",
                unit="money/unit/month",
                minimum=0,
            ),
            Column(
                "lost_sale_cost",
                "number",
                "cost of one unit lost, on top of its margin",
                rule="setting lost_sale_cost",
                unit="money/unit",
                minimum=0,
            ),
            Column(
                "holding_cost",
                "number",
                "cost of one unit in stock at the end of a month",
                rule="holding_rate x unit_cost / 12",
                unit="money/unit/month",
                minimum=0,
            ),
            Column("uom_per_pallet", "number", "units on a pallet", unit="unit/pallet", minimum=0),
            Column(
                "elasticity",
                "number",
                "percent of demand that one percent of price moves",
                rule="estimated from past price changes where they tell it; else planned prices leave demand alone",
                minimum=-20,
                maximum=0,
            ),
        ),
        ascending=(("launch", "end"),),
    ),
    Table(
        "regions",
        "Regions",
        "Where it is sold.",
        (
            _key("region", "text", "identifier"),
            Column("name", "text", "name on screens", rule="the identifier"),
            Column("country", "text", "country"),
            Column("group", "text", "group of regions"),
        ),
    ),
    Table(
        "segments",
        "Customer segments",
        "To whom it is sold.",
        (
            _key("segment", "text", "identifier"),
            Column("name", "text", "name on screens", rule="the identifier"),
            Column("priority", "integer", "1 = served first", default=1, minimum=1),
            Column("backorders", "bool", "true: orders may wait; false: lost when late", default=True),
        ),
    ),
    Table(
        "sales",
        "Sales",
        "What was delivered and invoiced.",
        (
            _MONTH,
            _PRODUCT,
            _REGION,
            _SEGMENT,
            Column("quantity", "number", "units sold; returns are negative", required=True, unit="unit"),
            Column("revenue", "number", "net revenue", rule="quantity x price", unit="money"),
        ),
        gather="sum",
    ),
    Table(
        "orders",
        "Orders",
        "What customers asked for, line by line.",
        (
            _key("order", "text", "order number"),
            Column("line", "integer", "order line", key=True, default=1),
            Column("ordered_on", "date", "date of the order", required=True),
            Column("due_on", "date", "date the customer asked for", required=True),
            Column("product", "text", "identifier of the product", required=True, refers=("products",)),
            Column("region", "text", "sales region", default=ALL, refers=("regions",)),
            Column("segment", "text", "customer segment", default=ALL, refers=("segments",)),
            Column("quantity", "number", "units ordered", required=True, unit="unit"),
            Column("shipped_quantity", "number", "units shipped so far", default=0.0, unit="unit"),
            Column("shipped_on", "date", "date of the last shipment"),
        ),
    ),
    Table(
        "demand_plan",
        "Demand plan",
        "A forecast the company already has.",
        (
            _MONTH,
            _PRODUCT,
            _REGION,
            _SEGMENT,
            Column("quantity", "number", "units of demand", required=True, unit="unit", minimum=0),
        ),
        gather="sum",
    ),
    Table(
        "prices",
        "Prices",
        "Price list over time, past and planned; holds from its month on.",
        (
            _MONTH,
            _PRODUCT,
            _REGION,
            Column("price", "number", "list price", required=True, unit="money/unit", minimum=0),
        ),
        gather="last",
    ),
    Table(
        "promotions",
        "Promotions",
        "Past and planned promotions.",
        (
            _key("promotion", "text", "name of the promotion"),
            Column(
                "product",
                "text",
                "identifier of the product",
                key=True,
                refers=("products",),
                lenient="the promotion does nothing for it",
            ),
            Column("family", "text", "a whole family, instead of a product", key=True),
            _REGION,
            _SEGMENT,
            Column("start", "date", "first day", required=True),
            Column("end", "date", "last day", required=True),
            Column("uplift", "number", "more demand while it runs", default=0.0, unit="fraction", minimum=-1),
            Column(
                "pull_forward",
                "number",
                "part of the following months' demand that is bought early",
                default=0.0,
                unit="fraction",
                minimum=0,
                maximum=1,
            ),
            Column(
                "pull_months",
                "integer",
                "months after the end that it draws on",
                default=1,
                unit="months",
                minimum=0,
            ),
            Column(
                "price_change",
                "number",
                "change of price while it runs",
                default=0.0,
                unit="fraction",
                minimum=-1,
            ),
            Column(
                "cost",
                "number",
                "cost of running it, booked in its first month",
                default=0.0,
                unit="money",
                minimum=0,
            ),
        ),
        any_of=("product", "family"),
        ascending=(("start", "end"),),
    ),
    Table(
        "launches",
        "Launches",
        "New products ahead.",
        (
            _key("product", "text", "identifier of the new product", refers=("products",)),
            _REGION,
            Column("like_product", "text", "product whose demand it resembles", refers=("products",)),
            Column("month", "month", "first month of sale", required=True),
            Column(
                "scale",
                "number",
                "demand at full ramp, as a part of the like product's",
                default=1.0,
                minimum=0,
            ),
            Column("ramp_months", "integer", "months to full demand", default=6, unit="months", minimum=0),
            Column(
                "probability",
                "number",
                "chance that it happens",
                default=1.0,
                unit="fraction",
                minimum=0,
                maximum=1,
            ),
            Column("cannibalises", "text", "product that loses demand to it", refers=("products",)),
            Column(
                "cannibal_rate",
                "number",
                "units lost there for each unit sold here",
                default=0.0,
                unit="fraction",
                minimum=0,
            ),
            Column(
                "stage",
                "text",
                "how far it has come",
                choices=("idea", "concept", "development", "ready"),
            ),
        ),
    ),
    Table(
        "past_forecasts",
        "Past forecasts",
        "What was expected of a month, cycle by cycle: for accuracy and for the value of each step.",
        (
            _key("cycle", "month", "first month planned in that cycle; its own month is lag 1"),
            _key("month", "month", "month that the forecast is of"),
            _key(
                "product",
                "text",
                "identifier of the product",
                refers=("products",),
                lenient="its forecasts are left out",
            ),
            _REGION,
            _SEGMENT,
            Column(
                "step",
                "text",
                "step of the demand review that gave it",
                key=True,
                default="consensus",
                choices=("naive", "statistical", "market", "sales_input", "consensus"),
            ),
            Column("quantity", "number", "units expected", required=True, unit="unit/month"),
            Column("owner", "text", "who answers for it"),
        ),
    ),
    Table(
        "events",
        "Events",
        "What moves the business from inside or outside.",
        (
            _key("event", "text", "what happens"),
            Column("kind", "text", "where it comes from", required=True, choices=("internal", "external")),
            Column("start", "date", "first day", required=True),
            Column("end", "date", "last day"),
            Column("scope", "text", "product, family, region or All", default=ALL),
            Column(
                "impact",
                "number",
                "change of demand while it lasts",
                default=0.0,
                unit="fraction",
                minimum=-1,
            ),
            Column("owner", "text", "who watches it"),
            Column("note", "text", "note"),
        ),
        ascending=(("start", "end"),),
    ),
    Table(
        "budget",
        "Budget",
        "The year's budget, by month.",
        (
            _MONTH,
            Column("product", "text", "identifier of the product", key=True, refers=("products",)),
            Column("family", "text", "a whole family, instead of a product", key=True),
            _scope(
                "region",
                "regions",
                "sales region; All = every region",
                lenient="it counts in the company's total only",
            ),
            _scope(
                "segment",
                "segments",
                "customer segment; All = every segment",
                lenient="it counts in the company's total only",
            ),
            Column("quantity", "number", "units", unit="unit"),
            Column("revenue", "number", "net revenue", required=True, unit="money"),
            Column("margin", "number", "contribution margin", unit="money"),
        ),
        gather="sum",
    ),
    Table(
        "sites",
        "Sites",
        "Plants and warehouses.",
        (
            _key("site", "text", "identifier"),
            Column("name", "text", "name on screens", rule="the identifier"),
            Column("kind", "text", "plant or warehouse", default="plant", choices=("plant", "warehouse")),
            Column("region", "text", "region it lies in", refers=("regions",)),
            Column("storage_capacity", "number", "room; blank = no limit", unit="unit", minimum=0),
            Column("storage_cost", "number", "cost of room", default=0.0, unit="money/unit/month", minimum=0),
        ),
    ),
    Table(
        "resources",
        "Resources",
        "Lines, cells and machines that limit what can be made.",
        (
            _key("resource", "text", "identifier"),
            Column("site", "text", "site it stands at", required=True, refers=("sites",)),
            Column("name", "text", "name on screens", rule="the identifier"),
            Column(
                "hours",
                "number",
                "regular hours a month; blank = no limit of its own",
                unit="h/month",
                minimum=0,
            ),
            Column(
                "overtime_hours",
                "number",
                "overtime hours a month",
                rule="0; no limit of its own where a workforce has overtime_per_head",
                unit="h/month",
                minimum=0,
            ),
            Column(
                "hour_cost", "number", "cost of a regular hour used", default=0.0, unit="money/h", minimum=0
            ),
            Column(
                "overtime_cost",
                "number",
                "cost of an overtime hour",
                rule="1.5 x hour_cost",
                unit="money/h",
                minimum=0,
            ),
            Column(
                "shift_hours",
                "number",
                "hours that one more shift adds",
                default=0.0,
                unit="h/month",
                minimum=0,
            ),
            Column(
                "shift_cost", "number", "cost of one more shift", default=0.0, unit="money/month", minimum=0
            ),
        ),
    ),
    Table(
        "capacity",
        "Capacity",
        "What differs from a resource's usual month, past and planned.",
        (
            _MONTH,
            _RESOURCE,
            Column("hours", "number", "regular hours", rule="the resource's hours", unit="h", minimum=0),
            Column(
                "overtime_hours",
                "number",
                "overtime hours",
                rule="the resource's overtime_hours",
                unit="h",
                minimum=0,
            ),
            Column("worked_hours", "number", "hours worked (actuals)", unit="h", minimum=0),
        ),
        gather="sum",
    ),
    Table(
        "sources",
        "Sources",
        "A way to get a product at a site: make, subcontract or buy.",
        (
            _key("source", "text", "identifier"),
            Column("product", "text", "product it gives", required=True, refers=("products",)),
            Column("site", "text", "site where it arrives", required=True, refers=("sites",)),
            Column("kind", "text", "how", default="make", choices=("make", "subcontract", "buy")),
            Column("supplier", "text", "supplier", refers=("suppliers",)),
            Column(
                "unit_cost",
                "number",
                "variable cost, material included",
                rule="the product's unit_cost",
                unit="money/unit",
                minimum=0,
            ),
            Column(
                "lead_months", "integer", "months from start to stock", default=0, unit="months", minimum=0
            ),
            Column("min_quantity", "number", "contractual minimum", unit="unit/month", minimum=0),
            Column("max_quantity", "number", "contractual maximum", unit="unit/month", minimum=0),
            Column(
                "lot_size",
                "number",
                "starts are whole multiples of it; counts with the setting lot_sizing",
                default=0.0,
                unit="unit",
                minimum=0,
            ),
            Column(
                "setup_hours",
                "number",
                "hours of each resource of the routing in a month with a start; with lot_sizing",
                default=0.0,
                unit="h",
                minimum=0,
            ),
            Column(
                "setup_cost",
                "number",
                "cost in a month with a start; with lot_sizing",
                default=0.0,
                unit="money",
                minimum=0,
            ),
            Column("active", "bool", "in use", default=True),
        ),
        ascending=(("min_quantity", "max_quantity"),),
    ),
    Table(
        "routings",
        "Routings",
        "Hours of each resource that a source needs.",
        (
            _key("source", "text", "identifier of the source", refers=("sources",)),
            _RESOURCE,
            Column("hours_per_unit", "number", "hours for one unit", required=True, unit="h/unit", minimum=0),
        ),
    ),
    Table(
        "calendar",
        "Working days",
        "Working days where they differ from Mondays to Fridays.",
        (
            _MONTH,
            Column("site", "text", "site; All = every site", key=True, default=ALL, refers=("sites",)),
            Column(
                "working_days",
                "number",
                "days",
                rule="Mondays to Fridays of the month",
                unit="days",
                minimum=0,
            ),
        ),
        gather="last",
    ),
    Table(
        "workforce",
        "Workforce",
        "People behind a resource; present = its hours come from people and the plan may hire and release.",
        (
            _key("resource", "text", "identifier of the resource", refers=("resources",)),
            Column(
                "headcount",
                "number",
                "heads at the start of the plan",
                required=True,
                unit="heads",
                minimum=0,
            ),
            Column(
                "hours_per_head",
                "number",
                "regular hours a month of one head",
                rule="hours_per_day x working days; 8 hours a day where both are missing",
                unit="h/head/month",
                minimum=0,
            ),
            Column(
                "hours_per_day",
                "number",
                "regular hours a day of one head, where hours_per_head is blank",
                unit="h/head/day",
                minimum=0,
            ),
            Column(
                "wage",
                "number",
                "wage of one head a month; covers its regular hours",
                rule="the resource's hour_cost x its regular hours",
                unit="money/head/month",
                minimum=0,
            ),
            Column(
                "overtime_per_head",
                "number",
                "overtime hours a month of one head; blank = the resource's overtime_hours alone",
                unit="h/head/month",
                minimum=0,
            ),
            Column("hire_cost", "number", "cost to hire one head", default=0.0, unit="money/head", minimum=0),
            Column(
                "release_cost",
                "number",
                "cost to release one head",
                default=0.0,
                unit="money/head",
                minimum=0,
            ),
            Column("min_headcount", "number", "fewest heads", default=0.0, unit="heads", minimum=0),
            Column("max_headcount", "number", "most heads; blank = no limit", unit="heads", minimum=0),
        ),
        ascending=(("min_headcount", "max_headcount"),),
    ),
    Table(
        "lanes",
        "Lanes",
        "Transport from a site to a site or a region.",
        (
            _key("origin", "text", "site it leaves from", refers=("sites",)),
            _key("destination", "text", "site or region it goes to", refers=("sites", "regions")),
            Column("unit_cost", "number", "transport cost", default=0.0, unit="money/unit", minimum=0),
            Column("lead_months", "integer", "months under way", default=0, unit="months", minimum=0),
            Column(
                "max_quantity", "number", "most units a month; blank = no limit", unit="unit/month", minimum=0
            ),
        ),
    ),
    Table(
        "inventory",
        "Inventory",
        "Stock at the end of each month.",
        (
            _MONTH,
            _PRODUCT,
            _key("site", "text", "site that holds it", refers=("sites",)),
            Column("quantity", "number", "units in stock", required=True, unit="unit"),
            Column("value", "number", "value in the books", rule="quantity x unit_cost", unit="money"),
        ),
        gather="last",
    ),
    Table(
        "stock_targets",
        "Stock targets",
        "Safety stock per product, where the company sets it.",
        (
            _PRODUCT,
            Column(
                "site", "text", "site; All = the product as a whole", key=True, default=ALL, refers=("sites",)
            ),
            Column("month", "month", "month it holds for; blank = every month", key=True),
            Column("target", "number", "units wanted at the end of the month", unit="unit", minimum=0),
            Column(
                "days", "number", "days of the coming demand wanted, instead of units", unit="days", minimum=0
            ),
            Column("minimum", "number", "hard minimum at the horizon's end", unit="unit", minimum=0),
        ),
        any_of=("target", "days", "minimum"),
    ),
    Table(
        "production",
        "Production",
        "What was made or received, and what is committed ahead.",
        (
            _MONTH,
            _PRODUCT,
            _key("site", "text", "site", refers=("sites",)),
            Column(
                "quantity", "number", "units made or received; blank for months ahead", rule="0", unit="unit"
            ),
            Column("planned_quantity", "number", "units planned or committed", unit="unit", minimum=0),
        ),
        gather="sum",
    ),
    Table(
        "suppliers",
        "Suppliers",
        "Who supplies.",
        (
            _key("supplier", "text", "identifier"),
            Column("name", "text", "name on screens", rule="the identifier"),
            Column(
                "lead_months", "integer", "months from order to receipt", default=0, unit="months", minimum=0
            ),
            Column(
                "reliability",
                "number",
                "part of orders that arrive on time",
                default=1.0,
                unit="fraction",
                minimum=0,
                maximum=1,
            ),
        ),
    ),
    Table(
        "materials",
        "Materials",
        "What is bought to make products.",
        (
            _key("material", "text", "identifier"),
            _key("supplier", "text", "supplier", refers=("suppliers",)),
            Column("unit", "text", "unit of measure", default="unit"),
            Column("unit_cost", "number", "purchase price", default=0.0, unit="money/unit", minimum=0),
            Column(
                "lead_months",
                "integer",
                "months from order to receipt",
                rule="the supplier's lead_months, else 0",
                unit="months",
                minimum=0,
            ),
            Column("min_quantity", "number", "contractual minimum", unit="unit/month", minimum=0),
            Column(
                "max_quantity",
                "number",
                "contractual maximum; blank = no limit",
                unit="unit/month",
                minimum=0,
            ),
            Column(
                "on_hand",
                "number",
                "units in stock at the start of the plan",
                default=0.0,
                unit="unit",
                minimum=0,
            ),
        ),
        ascending=(("min_quantity", "max_quantity"),),
    ),
    Table(
        "bom",
        "Bills of materials",
        "Materials that one unit of a product takes when it is made.",
        (
            _PRODUCT,
            _key("material", "text", "identifier of the material", refers=("materials",)),
            Column(
                "quantity_per",
                "number",
                "units of the material in one unit",
                required=True,
                unit="unit/unit",
                minimum=0,
            ),
            Column("site", "text", "site; All = every site", key=True, default=ALL, refers=("sites",)),
        ),
    ),
    Table(
        "settings",
        "Settings",
        "The company's settings; docs/data-contract.md lists them.",
        (
            _key("setting", "text", "name of the setting"),
            Column("value", "text", "its value", required=True),
        ),
    ),
    Table(
        "targets",
        "Targets",
        "What the company aims at, per KPI.",
        (
            _key("kpi", "text", "name of the KPI"),
            Column("target", "number", "value aimed at", required=True),
            Column("direction", "text", "which way is better", rule="the KPI's own", choices=("up", "down")),
            Column("tolerance", "number", "distance that is still well", default=0.0, minimum=0),
        ),
    ),
)

TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _TABLES})


@dataclass(frozen=True, slots=True)
class Setting:
    """One company setting: its kind, default (or rule in words) and meaning."""

    name: str
    kind: Kind
    meaning: str
    default: Any = None
    rule: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


_SETTINGS = (
    Setting("company", "text", "name on screens", default="Company"),
    Setting("currency", "text", "the company's one currency", default="EUR"),
    Setting(
        "fiscal_year_start",
        "integer",
        "month in which the fiscal year starts",
        default=1,
        minimum=1,
        maximum=12,
    ),
    Setting(
        "plan_start",
        "month",
        "first month of the plan",
        rule="the month after the last closed month of sales",
    ),
    Setting(
        "horizon_months",
        "integer",
        "months planned",
        rule="18; where demand is a demand_plan that ends earlier, the months it covers",
        minimum=1,
        maximum=60,
    ),
    Setting(
        "frozen_months",
        "integer",
        "months at the start in which committed production is fixed",
        default=1,
        minimum=0,
        maximum=12,
    ),
    Setting(
        "planning_level",
        "text",
        "item that is planned",
        default="auto",
        choices=("auto", "product", "family"),
    ),
    Setting(
        "demand",
        "text",
        "where demand comes from",
        rule="forecast; demand_plan where there are no sales but a demand plan",
        choices=("forecast", "demand_plan"),
    ),
    Setting(
        "objective",
        "text",
        "what the plan reaches for",
        rule="margin; service where there are no prices",
        choices=("margin", "service"),
    ),
    Setting(
        "end_backlog", "text", "backlog at the horizon's end", default="lost", choices=("lost", "forbidden")
    ),
    Setting("integer_headcount", "bool", "whole heads only: plans take seconds to a minute", default=False),
    Setting(
        "lot_sizing", "bool", "lot sizes and setups count: plans take seconds to a minute", default=False
    ),
    Setting(
        "idle_time",
        "bool",
        "people may be paid for hours they do not work; false: every paid regular hour is worked",
        default=True,
    ),
    Setting(
        "service_level",
        "number",
        "cycle service level for safety stock",
        default=0.95,
        minimum=0.5,
        maximum=0.9999,
    ),
    Setting(
        "holding_rate",
        "number",
        "cost of holding stock, a year, as a part of its value",
        default=0.20,
        minimum=0,
        maximum=5,
    ),
    Setting(
        "backorder_cost",
        "number",
        "cost of one unit waiting one month",
        rule="none declared: orders are served as early as can be, at no booked cost",
        minimum=0,
    ),
    Setting(
        "lost_sale_cost", "number", "cost of one unit lost, on top of its margin", default=0.0, minimum=0
    ),
    Setting("receivable_days", "number", "days until customers pay", default=45.0, minimum=0, maximum=365),
    Setting("payable_days", "number", "days until suppliers are paid", default=45.0, minimum=0, maximum=365),
    Setting("discount_rate", "number", "discount rate a year", default=0.08, minimum=0, maximum=1),
    Setting("forecast_working_days", "bool", "the forecast follows the months' working days", default=False),
    Setting(
        "holiday_country",
        "text",
        "country whose public holidays are no working days, as DE or DE-BY",
        rule="none: working days are Mondays to Fridays",
    ),
)

SETTINGS: Mapping[str, Setting] = MappingProxyType({setting.name: setting for setting in _SETTINGS})
