"""Checks across rows and tables: references, identifiers that nearly agree, settings, KPI names, lanes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import duckdb
import pandas as pd

from sop_core.kpis import KPIS
from sop_core.schema import ALL, SETTINGS, TABLES, Column, Setting, Table
from sop_core.store import values
from sop_core.store.ddl import data_table, quoted
from sop_core.store.naming import close, plain
from sop_core.store.raw import RawTable
from sop_core.store.report import Finding, Severity, shorten
from sop_core.store.understand import PART, ROW
from sop_core.store.values import Bad, DateOrder

Frames = Mapping[str, pd.DataFrame]
StoredValues = Callable[[str, str], set[str]]


def stored_values(cursor: duckdb.DuckDBPyConnection) -> StoredValues:
    """A function (table, column) -> the distinct current values in the store."""
    cache: dict[tuple[str, str], set[str]] = {}

    def look(table: str, column: str) -> set[str]:
        if (table, column) not in cache:
            rows = cursor.execute(
                f"SELECT DISTINCT {quoted(column)} FROM {data_table(table)}"
                f" WHERE to_version IS NULL AND {quoted(column)} IS NOT NULL"
            ).fetchall()
            cache[table, column] = {row[0] for row in rows}
        return cache[table, column]

    return look


def normalise_settings(frame: pd.DataFrame, raw: RawTable, order: DateOrder | None) -> list[Finding]:
    """Checks names and values of settings, and writes both in the contract's spelling, in place."""
    findings: list[Finding] = []
    known = {plain(name): name for name in SETTINGS}
    names, texts = list(frame["setting"]), list(frame["value"])
    for at, (name, text) in enumerate(zip(names, texts, strict=True)):
        if pd.isna(name) or pd.isna(text):
            continue
        row = int(frame[ROW].iloc[at])
        if plain(name) not in known:
            near = close(plain(name), known, cutoff=0.6)
            remedy = f"Did you mean {near}?" if near else f"The settings are {', '.join(SETTINGS)}."
            findings.append(
                raw.finding(
                    "error",
                    f"'{shorten(name)}' is not a setting",
                    remedy,
                    row=row,
                    column="setting",
                    value=shorten(name),
                )
            )
            continue
        names[at] = known[plain(name)]
        value = _setting_text(SETTINGS[names[at]], str(text), order)
        if isinstance(value, Bad):
            findings.append(
                raw.finding(
                    "error",
                    f"{names[at]} is '{shorten(text)}': {value.message}",
                    value.remedy,
                    row=row,
                    column="value",
                    value=shorten(text),
                )
            )
        else:
            texts[at] = value
    frame["setting"], frame["value"] = pd.Series(names, dtype="str"), pd.Series(texts, dtype="str")
    return findings


def _setting_text(setting: Setting, text: str, order: DateOrder | None) -> str | Bad:
    """A setting's value in the form in which it is kept."""
    if setting.kind == "month":
        day = values.date(text, order or values.date_order_of([text]).order)
        return day if isinstance(day, Bad) else day.replace(day=1).isoformat()
    if setting.kind == "bool":
        truth = values.truth(text)
        return truth if isinstance(truth, Bad) else str(truth).lower()
    if setting.kind in ("number", "integer"):
        return _setting_number(setting, text)
    for choice in setting.choices:
        if choice.casefold() == text.casefold():
            return choice
    if setting.choices:
        return Bad(
            "it is not one of the values that this setting knows", f"Write {' or '.join(setting.choices)}."
        )
    return text


def _setting_number(setting: Setting, text: str) -> str | Bad:
    number = values.number(text, ".", fraction=True)
    if isinstance(number, Bad) and "," in text:
        number = values.number(text, ",", fraction=True)
    if isinstance(number, Bad):
        return number
    if setting.kind == "integer" and not number.is_integer():
        return Bad("it is not a whole number", "Write a whole number.")
    if setting.minimum is not None and number < setting.minimum:
        return Bad(f"it is less than {setting.minimum:g}", f"Write {setting.minimum:g} or more.")
    if setting.maximum is not None and number > setting.maximum:
        return Bad(f"it is more than {setting.maximum:g}", f"Write {setting.maximum:g} or less.")
    return f"{number:.15g}"


def check_kpis(frame: pd.DataFrame, parts: Sequence[RawTable]) -> Iterator[Finding]:
    """Targets must name KPIs that exist."""
    known = {plain(name): name for name in KPIS}
    for at, name in enumerate(frame["kpi"]):
        if pd.isna(name) or name in KPIS:
            continue
        near = known.get(plain(name)) or close(plain(name), known, cutoff=0.6)
        remedy = f"Did you mean {near}?" if near else f"The KPIs are {', '.join(KPIS)}."
        part = parts[int(frame[PART].iloc[at])]
        yield part.finding(
            "error", f"'{name}' is not a KPI", remedy, row=int(frame[ROW].iloc[at]), column="kpi", value=name
        )


def check_identifiers(
    frames: Frames, parts: Sequence[RawTable], stored: StoredValues, whole: bool
) -> Iterator[Finding]:
    """Identifiers of one table that differ by case or blanks only are probably one, written twice."""
    for name, frame in frames.items():
        column = TABLES[name].columns[0]
        if column.kind != "text" or column.refers or name == "settings":
            continue
        seen: dict[str, str] = {}
        if not whole:
            seen = {_fold(value): value for value in sorted(stored(name, column.name))}
        for at, value in enumerate(frame[column.name]):
            other = seen.setdefault(_fold(value), value)
            if other != value:
                part = parts[int(frame[PART].iloc[at])]
                yield part.finding(
                    "warning",
                    f"'{value}' and '{other}' differ by case or blanks only and are taken as two",
                    "Write both alike if they are one.",
                    row=int(frame[ROW].iloc[at]),
                    column=column.name,
                    value=shorten(value),
                )
                seen[_fold(value)] = value


def check_references(
    frames: Frames, parts: Sequence[RawTable], stored: StoredValues, whole: bool
) -> Iterator[Finding]:
    """Every reference must be found among what the store has and what is being imported."""

    def ids(table: str) -> set[str]:
        own = set(frames[table][TABLES[table].columns[0].name].dropna()) if table in frames else set()
        return own if whole and table in frames else own | stored(table, TABLES[table].columns[0].name)

    known = {
        name: ids(name)
        for name in {target for t in TABLES.values() for c in t.columns for target in c.refers}
    }
    newly = {
        name for name in known if name in frames and (whole or not stored(name, TABLES[name].columns[0].name))
    }
    for name, table in TABLES.items():
        for column in table.columns:
            if not column.refers or not any(known[target] for target in column.refers):
                continue
            severity: Severity = "error"
            if column.lenient or not all(known[target] for target in column.refers):
                severity = "warning"
            found = set().union(*(known[target] for target in column.refers))
            allowed = found | ({ALL} if column.default == ALL or "regions" in column.refers else set())
            if name in frames:
                yield from _unknown(frames[name], parts, table, column, allowed, severity)
            if newly & set(column.refers) and not (whole and name in frames):
                yield from _stored_unknown(table, column, stored(name, column.name) - allowed, severity)
    yield from _ambiguous_lanes(frames, known, stored, whole)
    yield from _unknown_families(frames, parts, stored, whole)


def _unknown(
    frame: pd.DataFrame,
    parts: Sequence[RawTable],
    table: Table,
    column: Column,
    allowed: set[str],
    severity: Severity,
) -> Iterator[Finding]:
    cells = frame[column.name]
    unknown = cells.notna() & ~cells.isin(allowed)
    if not unknown.any():
        return
    folded = {_fold(value): value for value in allowed}
    wrong = frame[unknown]
    for value, rows in wrong.groupby(column.name, sort=False):
        part, first = parts[int(rows[PART].iloc[0])], int(rows[ROW].iloc[0])
        count = f" ({len(rows):,} rows)" if len(rows) > 1 else ""
        lists = " or ".join(column.refers)
        remedy = f"Add it to {lists}, or correct it here."
        near = folded.get(_fold(str(value)))
        if near:
            remedy = f"{lists} has '{near}', which differs by case or blanks only: write both alike."
        elif len(allowed) <= 5_000 and (near := close(str(value), allowed, 0.85)):
            remedy = f"Did you mean '{near}'? Else add it to {lists}."
        if severity == "warning":
            follows = column.lenient or "it could not be checked"
            remedy = f"{follows[0].upper()}{follows[1:]}. {remedy}"
        yield part.finding(
            severity,
            f"{column.name} '{shorten(value)}'{count} is not in {lists}",
            remedy,
            row=first,
            column=column.name,
            value=shorten(value),
        )


def _stored_unknown(table: Table, column: Column, values_: set[str], severity: Severity) -> Iterator[Finding]:
    for value in sorted(values_)[:100]:
        lists = " or ".join(column.refers)
        yield Finding(
            severity,
            f"the store's {table.name} hold {column.name} '{shorten(value)}', which the new {lists} lack",
            f"Add it to {lists}.",
            table=table.name,
            column=column.name,
            value=shorten(value),
        )


def _ambiguous_lanes(
    frames: Frames, known: Mapping[str, set[str]], stored: StoredValues, whole: bool
) -> Iterator[Finding]:
    """A lane must say whether it goes to a site or to a region."""
    if not {"lanes", "sites", "regions"} & set(frames):
        return
    destinations = set(frames["lanes"]["destination"].dropna()) if "lanes" in frames else set()
    if "lanes" not in frames or not whole:
        destinations |= stored("lanes", "destination")
    for name in sorted(destinations & known["sites"] & known["regions"]):
        yield Finding(
            "error",
            f"lanes go to '{name}', which is both a site and a region, so the plan cannot tell which is "
            "meant",
            f"Give the site or the region another identifier (for example '{name} DC') in every table.",
            table="lanes",
            column="destination",
            value=shorten(name),
        )


def _unknown_families(
    frames: Frames, parts: Sequence[RawTable], stored: StoredValues, whole: bool
) -> Iterator[Finding]:
    """A promotion or budget line for a family that no product has would do nothing."""
    families = set(frames["products"]["family"].dropna()) if "products" in frames else set()
    if "products" not in frames or not whole:
        families |= stored("products", "family")
    has_products = "products" in frames or bool(stored("products", "product"))
    for name in ("promotions", "budget"):
        if name not in frames or not has_products:
            continue
        column = Column(
            "family",
            "text",
            "",
            refers=("products",),
            lenient="it counts in the company's total only" if name == "budget" else "",
        )
        severity: Severity = "warning" if column.lenient else "error"
        yield from _unknown(frames[name], parts, TABLES[name], column, families | {ALL}, severity)


def _fold(text: str) -> str:
    return re.sub(r"\s+", "", str(text)).casefold()
