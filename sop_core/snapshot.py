"""Snapshot: the company's tables at one data version, complete and frozen.

Raw tables hold what the company brought; a Snapshot holds the same tables with every default applied, and
the list of defaults that were used, so that nobody mistakes a default for a fact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from sop_core.calendar import month_column, timestamps, to_month
from sop_core.errors import DataError
from sop_core.schema import ALL, SETTINGS, TABLES, Column, Table
from sop_core.unassigned import share_out

#: Months planned where the company says nothing.
HORIZON = 18
#: A last (or first) month below this part of what was to be expected is taken as partial.
PARTIAL = 0.55

_DTYPES = {
    "text": "str",
    "number": "float64",
    "integer": "float64",
    "bool": "object",
    "date": "datetime64[us]",
    "month": "datetime64[us]",
}


@dataclass(frozen=True, slots=True)
class DefaultUsed:
    """One default that stands in for missing data: where, what, on how many rows."""

    table: str
    column: str
    value: str
    rows: int
    meaning: str

    def sentence(self) -> str:
        """As listed on the Data screen."""
        where = f"{self.table}.{self.column}" if self.column else self.table
        count = f" ({self.rows:,} rows)" if self.rows > 1 else ""
        return f"{where}: {self.value}{count} - {self.meaning}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The company's settings, typed, with defaults applied. `given` names those the company set."""

    company: str
    currency: str
    fiscal_year_start: int
    plan_start: np.datetime64
    horizon_months: int
    frozen_months: int
    planning_level: str
    demand: str
    objective: str
    end_backlog: str
    integer_headcount: bool
    lot_sizing: bool
    idle_time: bool
    service_level: float
    holding_rate: float
    backorder_cost: float  #: nan = none declared
    lost_sale_cost: float
    receivable_days: float
    payable_days: float
    discount_rate: float
    forecast_working_days: bool
    holiday_country: str  #: "" = none
    given: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A company at one data version. `tables` are complete (all contract columns, defaults applied)."""

    version: int
    tables: Mapping[str, pd.DataFrame]
    settings: Settings
    defaults_used: tuple[DefaultUsed, ...]
    fingerprint: str  #: SHA-256 of the raw content
    last_actual: np.datetime64 | None  #: last month with any actuals

    @classmethod
    def from_tables(cls, tables: Mapping[str, pd.DataFrame], version: int = 0) -> Snapshot:
        """Completes raw contract tables. Raises DataError when there is nothing to plan."""
        return _complete(tables, version)

    def table(self, name: str) -> pd.DataFrame:
        """The completed table of that name; empty where the company brought none."""
        return self.tables[name]

    def has(self, name: str) -> bool:
        """Whether the company brought rows of that table."""
        return len(self.tables[name]) > 0


class _Defaults:
    """Collects defaults as they are applied."""

    def __init__(self) -> None:
        self.used: list[DefaultUsed] = []

    def note(self, table: str, column: str, value: str, rows: int, meaning: str) -> None:
        if rows:
            self.used.append(DefaultUsed(table, column, value, rows, meaning))

    def fill(
        self, frame: pd.DataFrame, table: str, column: Column, values: Any, value: str | None = None
    ) -> None:
        """Fills the blanks of a column with a scalar or an aligned array and notes it."""
        blank = frame[column.name].isna().to_numpy()
        if not blank.any():
            return
        filled = np.broadcast_to(np.asarray(values, dtype=object), blank.shape)[blank]
        series: Any = frame[column.name].astype(object)
        series[blank] = filled
        frame[column.name] = series.astype(_DTYPES[column.kind])
        self.note(table, column.name, value or column.default_text, int(blank.sum()), column.meaning)


def fingerprint(tables: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 over the raw content, independent of the order of tables."""
    digest = hashlib.sha256()
    for name in sorted(tables):
        frame = tables[name]
        if len(frame):
            digest.update(name.encode())
            digest.update(",".join(map(str, frame.columns)).encode())
            digest.update(
                pd.util.hash_pandas_object(frame.reset_index(drop=True), index=False).to_numpy().tobytes()
            )
    return digest.hexdigest()


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows as named tuples of plain values."""
    return frame.itertuples(index=False)


def empty_table(table: Table) -> pd.DataFrame:
    """A frame of no rows with the contract's columns and types."""
    return pd.DataFrame({c.name: pd.Series(dtype=_DTYPES[c.kind]) for c in table.columns})


def _typed(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    out: dict[str, Any] = {}
    for column in table.columns:
        values = (
            frame[column.name]
            if column.name in frame.columns
            else pd.Series([None] * len(frame), dtype=object)
        )
        values = values.reset_index(drop=True)
        if column.kind == "month":
            stamps = pd.to_datetime(values)
            out[column.name] = pd.Series(timestamps(month_column(stamps)) if len(stamps) else stamps)
        elif column.kind == "date":
            out[column.name] = pd.to_datetime(values)
        elif column.kind == "bool":
            out[column.name] = values.astype(object)
        elif column.kind == "text":
            out[column.name] = values.astype("str")
        else:
            out[column.name] = pd.to_numeric(values).astype("float64")
    typed = pd.DataFrame(out)
    for column in table.columns:
        if column.kind in ("date", "month"):
            typed[column.name] = typed[column.name].astype("datetime64[us]")
    return typed


def _complete(raw: Mapping[str, pd.DataFrame], version: int) -> Snapshot:
    unknown = sorted(set(raw) - set(TABLES))
    if unknown:
        raise DataError(f"Unknown tables {', '.join(unknown)}: the contract has {', '.join(TABLES)}.")
    defaults = _Defaults()
    tables = {
        name: _typed(table, raw[name]) if name in raw and len(raw[name]) else empty_table(table)
        for name, table in TABLES.items()
    }
    if not (len(tables["sales"]) or len(tables["orders"]) or len(tables["demand_plan"])):
        raise DataError(
            "There is no demand to plan: bring sales.csv (month, product, quantity), orders.csv or demand_plan.csv."
        )
    _literal_defaults(tables, defaults)
    _add_missing_masters(tables, defaults)
    share_out(tables, defaults.note)
    settings = _settings(tables, defaults)
    _rule_defaults(tables, settings, defaults)
    actual = [
        month_column(tables[name]["month"]).max() for name in ("sales", "inventory") if len(tables[name])
    ]
    return Snapshot(
        version=version,
        tables=MappingProxyType(tables),
        settings=settings,
        defaults_used=tuple(defaults.used),
        fingerprint=fingerprint(raw),
        last_actual=max(actual) if actual else None,
    )


def _literal_defaults(tables: dict[str, pd.DataFrame], defaults: _Defaults) -> None:
    for name, table in TABLES.items():
        frame = tables[name]
        for column in table.columns:
            if len(frame) and column.default is not None:
                defaults.fill(frame, name, column, column.default)


def _add_missing_masters(tables: dict[str, pd.DataFrame], defaults: _Defaults) -> None:
    """Products, regions, segments and sites that other tables name but no master list holds."""
    # A product that only a promotion, a price list or a budget names is not sold: those rows say nothing.
    bearing = ("sales", "orders", "demand_plan", "inventory", "production", "sources", "launches")
    products = _named(tables, "product", only=bearing)
    _extend(tables, defaults, "products", "product", products, "taken from the other tables")
    for table, key in (("regions", "region"), ("segments", "segment")):
        named = _named(tables, key, only=("sales", "orders", "demand_plan")) - (
            {ALL} if len(tables[table]) else set()
        )
        _extend(tables, defaults, table, key, named, "taken from sales, orders and the demand plan")
        if not len(tables[table]):
            _extend(tables, defaults, table, key, {ALL}, f"no {table}: one called {ALL}")
    _add_routed_resources(tables, defaults)
    sites = _named(tables, "site", only=("inventory", "sources", "resources", "production")) - {ALL}
    # A warehouse that goods only pass through may stand nowhere but in the lanes.
    sites |= set(tables["lanes"]["origin"].dropna())
    _extend(tables, defaults, "sites", "site", sites, "taken from the other tables")
    if not len(tables["sites"]):
        _extend(tables, defaults, "sites", "site", {ALL}, f"no sites: one called {ALL}")


def _add_routed_resources(tables: dict[str, pd.DataFrame], defaults: _Defaults) -> None:
    """Resources that only routings name stand at the site of their first source, without a limit of hours."""
    sites = tables["sources"].drop_duplicates("source").set_index("source")["site"]
    routed = tables["routings"].assign(site=tables["routings"]["source"].map(sites))
    first = routed.dropna(subset="site").drop_duplicates("resource").set_index("resource")["site"]
    missing = sorted(set(first.index) - set(tables["resources"]["resource"]))
    _extend(tables, defaults, "resources", "resource", set(missing), "taken from routings, no limit of hours")
    if missing:
        resources = tables["resources"]
        resources["site"] = resources["site"].fillna(resources["resource"].map(first)).astype("str")


def _named(tables: Mapping[str, pd.DataFrame], key: str, only: tuple[str, ...] | None = None) -> set[str]:
    names: set[str] = set()
    for name, frame in tables.items():
        if key in frame.columns and (only is None or name in only):
            names |= set(frame[key].dropna().unique())
    return names


def _extend(
    tables: dict[str, pd.DataFrame], defaults: _Defaults, table: str, key: str, names: set[str], why: str
) -> None:
    known = set(tables[table][key])
    missing = sorted(names - known)
    if not missing:
        return
    rows = _typed(TABLES[table], pd.DataFrame({key: missing}))
    own = _Defaults()
    for column in TABLES[table].columns:
        if column.default is not None:
            own.fill(rows, table, column, column.default)
    tables[table] = pd.concat([tables[table], rows], ignore_index=True) if len(tables[table]) else rows
    shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    defaults.note(table, "", shown, len(missing), why)


def _settings(tables: dict[str, pd.DataFrame], defaults: _Defaults) -> Settings:
    frame = tables["settings"]
    given = dict(zip(frame["setting"], frame["value"], strict=True))
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        if name in given:
            values[name] = _parse_setting(name, given[name])
        elif setting.rule == "":
            values[name] = setting.default
            defaults.note("settings", name, f"{setting.default}", 1, setting.meaning)
    if "demand" not in values:
        # Orders beside a demand plan are what is open; a forecast needs a history of sales, or nothing else.
        planned = len(tables["demand_plan"]) and not len(tables["sales"])
        values["demand"] = "demand_plan" if planned else "forecast"
        defaults.note("settings", "demand", values["demand"], 1, SETTINGS["demand"].rule)
    if values["demand"] == "demand_plan" and not len(tables["demand_plan"]):
        raise DataError(
            "Setting demand is demand_plan, but there is no demand_plan table: bring demand_plan.csv "
            "(month, product, quantity) or set demand to forecast."
        )
    if values["demand"] == "forecast" and not (len(tables["sales"]) or len(tables["orders"])):
        raise DataError(
            "Setting demand is forecast, but there are no sales or orders to forecast from: bring sales.csv."
        )
    if "plan_start" not in values:
        values["plan_start"] = _plan_start(tables, values["demand"])
        defaults.note("settings", "plan_start", str(values["plan_start"]), 1, SETTINGS["plan_start"].rule)
    if "horizon_months" not in values:
        values["horizon_months"] = _horizon(tables, values["demand"], values["plan_start"])
        defaults.note(
            "settings", "horizon_months", f"{values['horizon_months']}", 1, SETTINGS["horizon_months"].rule
        )
    if "objective" not in values:
        priced = (tables["products"]["price"] > 0).any() or (tables["prices"]["price"] > 0).any()
        priced = priced or (tables["sales"]["revenue"].fillna(0) > 0).any()
        values["objective"] = "margin" if priced else "service"
        defaults.note("settings", "objective", values["objective"], 1, SETTINGS["objective"].rule)
    if "backorder_cost" not in values:
        values["backorder_cost"] = float("nan")
    values.setdefault("holiday_country", "")
    return Settings(**values, given=frozenset(given))


def _parse_setting(name: str, text: str) -> Any:
    setting = SETTINGS[name]
    problem = f"settings: {name} is '{text}'"
    try:
        value: Any
        if setting.kind == "bool":
            lowered = str(text).strip().lower()
            if lowered not in ("true", "false", "1", "0", "yes", "no"):
                raise ValueError
            value = lowered in ("true", "1", "yes")
        elif setting.kind == "integer":
            value = int(float(text))
        elif setting.kind == "number":
            value = float(text)
        elif setting.kind == "month":
            value = to_month(text)
        else:
            value = str(text).strip()
    except ValueError:
        raise DataError(f"{problem}, which is not a {setting.kind}: {setting.meaning}.") from None
    if setting.choices and value not in setting.choices:
        raise DataError(f"{problem}: write one of {', '.join(setting.choices)}.")
    if setting.minimum is not None and value < setting.minimum:
        raise DataError(f"{problem}: it must be at least {setting.minimum:g}.")
    if setting.maximum is not None and value > setting.maximum:
        raise DataError(f"{problem}: it must be at most {setting.maximum:g}.")
    return value


def _horizon(tables: Mapping[str, pd.DataFrame], demand: str, start: np.datetime64) -> int:
    """18 months, or the months of a demand plan that ends earlier: no demand told is not a demand of none."""
    if demand != "demand_plan":
        return HORIZON
    covered = int((month_column(tables["demand_plan"]["month"]) - start).astype(int).max()) + 1
    return min(covered, HORIZON) if covered >= 1 else HORIZON


def _plan_start(tables: Mapping[str, pd.DataFrame], demand: str) -> np.datetime64:
    """The month after the last closed month of sales, or the first month of the demand plan."""
    if demand == "demand_plan" and not len(tables["sales"]):
        first = month_column(tables["demand_plan"]["month"]).min()
        return np.datetime64(first, "M")
    return last_closed_month(tables["sales"], tables["orders"]) + 1


def last_closed_month(sales: pd.DataFrame, orders: pd.DataFrame) -> np.datetime64:
    """The last month that can be taken as closed. Raises DataError without any history.

    Files carry months, not days, so a last month that is far below expectation (the same month a year ago
    scaled by the recent trend, else the median of the three months before) is taken as still running.
    """
    if len(sales):
        frame = pd.Series(sales["quantity"].to_numpy(dtype=float), index=month_column(sales["month"]))
    elif len(orders):
        due = orders["due_on"].to_numpy().astype("datetime64[M]")
        frame = pd.Series(orders["quantity"].to_numpy(dtype=float), index=due)
        frame = frame[due <= orders["ordered_on"].to_numpy().astype("datetime64[M]").max()]
    else:
        raise DataError("There is no history: bring sales.csv or orders.csv, or set plan_start.")
    totals = frame.groupby(level=0).sum()
    months = totals.index.to_numpy().astype("datetime64[M]").astype(int)
    values = dict(zip(months.tolist(), totals.tolist(), strict=True))
    last = max(values)
    expected = _expected(values, last)
    return np.datetime64(
        last - 1 if expected is not None and values[last] < PARTIAL * expected else last, "M"
    )


def _expected(values: Mapping[int, float], at: int) -> float | None:
    """What the month `at` was to bring, from the months before; None where too little is known."""
    before = [values.get(at - k, 0.0) for k in (1, 2, 3)]
    if min(before) <= 0:
        return None
    year_ago = [values.get(at - 12 - k, 0.0) for k in (0, 1, 2, 3)]
    if min(year_ago) <= 0:
        return float(np.median(before))
    return year_ago[0] * min(sum(before) / sum(year_ago[1:]), 1.0)


def _rule_defaults(tables: dict[str, pd.DataFrame], settings: Settings, defaults: _Defaults) -> None:
    """Defaults that follow from other values; the contract tells each rule in words."""
    for table in ("products", "regions", "segments", "sites", "resources", "suppliers"):
        frame, key = tables[table], TABLES[table].keys[0]
        frame["name"] = frame["name"].where(frame["name"].notna(), frame[key])
    products = tables["products"]
    contract = TABLES["products"]
    rolled = _bom_cost(tables).reindex(products["product"]).to_numpy(dtype=float)
    defaults.fill(products, "products", contract.column("unit_cost"), np.where(np.isnan(rolled), 0.0, rolled))
    defaults.fill(
        products,
        "products",
        contract.column("service_level"),
        settings.service_level,
        f"{settings.service_level:g}",
    )
    if not np.isnan(settings.backorder_cost):
        defaults.fill(products, "products", contract.column("backorder_cost"), settings.backorder_cost)
    defaults.fill(
        products,
        "products",
        contract.column("lost_sale_cost"),
        settings.lost_sale_cost,
        f"{settings.lost_sale_cost:g}",
    )
    holding = settings.holding_rate * products["unit_cost"].to_numpy(dtype=float) / 12
    defaults.fill(products, "products", contract.column("holding_cost"), holding)
    resources = tables["resources"]
    if len(resources):
        column = TABLES["resources"].column("overtime_cost")
        defaults.fill(resources, "resources", column, 1.5 * resources["hour_cost"].to_numpy(dtype=float))
    sources = tables["sources"]
    if len(sources):
        cost = products.set_index("product")["unit_cost"].reindex(sources["product"]).to_numpy(dtype=float)
        defaults.fill(sources, "sources", TABLES["sources"].column("unit_cost"), cost)
        sources["supplier"] = sources["supplier"].fillna("")
    if len(tables["materials"]):
        leads = (
            tables["suppliers"].set_index("supplier")["lead_months"]
            if len(tables["suppliers"])
            else pd.Series(dtype=float)
        )
        lead = leads.reindex(tables["materials"]["supplier"]).fillna(0.0).to_numpy(dtype=float)
        defaults.fill(tables["materials"], "materials", TABLES["materials"].column("lead_months"), lead)
    inventory = tables["inventory"]
    if len(inventory):
        cost = products.set_index("product")["unit_cost"].reindex(inventory["product"]).to_numpy(dtype=float)
        defaults.fill(
            inventory,
            "inventory",
            TABLES["inventory"].column("value"),
            cost * inventory["quantity"].to_numpy(),
        )


def _bom_cost(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Material cost of one unit by product: sum of quantity_per x the cheapest supplier's unit_cost."""
    bom, materials = tables["bom"], tables["materials"]
    if not len(bom) or not len(materials):
        return pd.Series(dtype=float)
    price = materials.groupby("material")["unit_cost"].min()
    cost = bom["quantity_per"] * bom["material"].map(price).fillna(0.0)
    per_site = cost.groupby([bom["product"], bom["site"]]).sum()
    return per_site.groupby(level=0).mean()
